# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift report as JUnit XML and as CSV: what counts as a failure, and texts of other people in it."""

from __future__ import annotations

import csv
import io
from xml.etree import ElementTree

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._report import pipelines
from ansible_collections.azureml.compute.plugins.module_utils._report.document import build
from ansible_collections.azureml.compute.plugins.module_utils._report.markdown import markdown
from ansible_collections.azureml.compute.plugins.module_utils._report.page import page
from ansible_collections.azureml.compute.plugins.module_utils._report.rows import Report

from .test_report import body, facts, planned


def report(evil: str = "") -> Report:
    change = {"field": "description", "before": evil or "a", "after": "b", "mutability": "updatable", "reason": None}
    rows = [
        planned("kept"),
        planned("moved", "update", changes=[change]),
        planned("broken", failure={"code": "Refused", "message": f"It was refused.{evil}"}),
    ]
    return build(
        facts(
            rows,
            [body("kept"), body("moved"), body("own"), body("other")],
            [planned("own")],
        )
    )


def test_each_target_is_a_test_case() -> None:
    root = ElementTree.fromstring(pipelines.junit(report()))
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5",
        "failures": "2",
        "errors": "1",
        "skipped": "1",
    }
    found = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}
    assert found == {"kept": [], "moved": ["failure"], "broken": ["error"], "own": ["failure"], "other": ["skipped"]}
    (failure,) = root.findall(".//testcase[@name='moved']/failure")
    assert failure.get("message") == "description: a → b" and (failure.text or "").endswith("/computes/moved")


def test_a_line_of_csv_for_each_target() -> None:
    rows = list(csv.DictReader(io.StringIO(pipelines.table(report()))))
    assert [(row["target"], row["status"], row["action"]) for row in rows[:3]] == [
        ("kept", "as declared", ""), ("moved", "differs", "update"), ("broken", "failed", ""),
    ]  # fmt: skip
    assert rows[1]["differences"] == "description: a → b" and len(rows) == 5


def test_texts_of_others_are_texts() -> None:
    evil = "=cmd()\x1b]0;\x00 <b>&\ud800\n,\"'"
    root = ElementTree.fromstring(pipelines.junit(report(evil)))
    assert root.get("tests") == "5" and "<b>&" in str(root.find(".//testcase[@name='broken']/error").get("message"))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "first", ["=", "+", "-", "@", "\t=", "\r+", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\u2212", "\u200b="]
)
def test_a_cell_is_no_formula(first: str) -> None:
    made = build({**facts([planned("x", "update", reason=f"{first}1+1")], [body("x")])})
    (row,) = csv.DictReader(io.StringIO(pipelines.table(made)))
    assert row["differences"] == f"'{first.strip()}1+1"


@pytest.mark.parametrize("first", ["=", "+", "-", "@", " =", "\uff1d", "\u200b=", '"='])
def test_no_part_of_a_cell_is_a_formula_where_semicolons_separate_cells(first: str) -> None:
    made = build({**facts([planned("x", "update", reason=f"a;{first}1+1")], [body("x")])})
    (row,) = csv.DictReader(io.StringIO(pipelines.table(made)))
    assert row["differences"] == f"a;{first[:-1]}'{first[-1]}1+1"


def test_nothing_in_a_report_steers_a_terminal() -> None:
    made = report("\x1b]0;owned\x07\x9b2J\u202eback")
    for text in (pipelines.table(made), pipelines.junit(made), markdown(made), page(made)):
        assert not set(text) & set("\x1b\x07\x9b\u202e") and "x9b2J" in text
    assert "&#x202e;" not in markdown(report("&#x202e;")), "a page that Markdown becomes would have the character"
