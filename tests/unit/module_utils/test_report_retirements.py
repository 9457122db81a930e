# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retirements in every form of a drift report: the most urgent first, each once, and few of many."""

from __future__ import annotations

import csv
import io
import re
import typing as t
from xml.etree import ElementTree  # noqa: S405  # our own output

from ansible_collections.azureml.compute.plugins.module_utils._report import markdown, page, pipelines
from ansible_collections.azureml.compute.plugins.module_utils._report.document import build, merge
from ansible_collections.azureml.compute.plugins.module_utils._report.rows import Report

from .test_report import body, facts, planned


def retirement(value: str, date: str, status: str = "retired", option: str = "size") -> dict[str, t.Any]:
    return {"option": option, "value": value, "status": status, "date": date, "successor": "something newer"}


LATE, EARLY = (
    retirement("Standard_Late", "2027-05-01", "retiring"),
    retirement("low_priority", "2026-03-31", option="tier"),
)


def report() -> Report:
    declared = [
        # The service spells the same size in capitals.
        planned("both", retirements=[LATE]),
        planned("new", "create", retirements=[EARLY]),
        planned("fine"),
    ]
    existing = [
        body("both", retirements=[{**LATE, "value": "STANDARD_LATE"}]),
        body("fine"),
        body("stray", retirements=[EARLY]),
    ]
    return build(facts(declared, existing))


def titles(text: str) -> list[str]:
    return re.findall(r"(?:retired|retiring): \w+ [\w\\]+", text)


def test_the_most_urgent_is_first_and_each_is_there_once() -> None:
    rows = [(row.value, [target.name for target in targets]) for row, targets in report().retirements]
    assert rows == [("low_priority", ["new", "stray"]), ("Standard_Late", ["both"])]
    assert titles(page.page(report())) == ["retired: tier low_priority", "retiring: size Standard_Late"]
    assert titles(markdown.markdown(report())) == [r"retired: tier low\_priority", r"retiring: size Standard\_Late"]


def test_pipelines_show_it_and_do_not_fail_for_it() -> None:
    cells = {row["target"]: row["retirements"] for row in csv.DictReader(io.StringIO(pipelines.table(report())))}
    assert cells["both"] == "retiring: size Standard_Late, 2027-05-01" and cells["fine"] == ""
    root = ElementTree.fromstring(pipelines.junit(report()))
    cases = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}
    assert cases == {
        "both": ["system-out"],
        "new": ["failure", "system-out"],
        "fine": [],
        "stray": ["skipped", "system-out"],
    }


def test_a_report_without_any_has_no_such_part() -> None:
    made = build(facts([planned("fine")], [body("fine")]))
    assert "Retirements" not in page.page(made) + markdown.markdown(made)


def test_of_many_the_table_has_ten() -> None:
    bodies = [
        body(f"t{n:02}", retirements=[retirement(f"Old_{n % 12:02}", f"2026-01-{n % 12 + 1:02}")]) for n in range(84)
    ]
    for text in (page.page(build(facts([], bodies))), markdown.markdown(build(facts([], bodies))).replace("\\", "")):
        assert [title[-2:] for title in titles(text)] == [f"{n:02}" for n in range(10)]
        assert "And 2 more with later dates" in text and "ws/t48 and 2 more" in text


def test_it_outlives_json_and_reports_of_the_past_have_none() -> None:
    again = merge([Report.from_dict(report().to_dict())])
    assert [row.value for row, _targets in again.retirements] == ["low_priority", "Standard_Late"]
    old = report().to_dict()
    for target in old["targets"]:
        del target["retirements"]
    assert Report.from_dict(old).retirements == []
