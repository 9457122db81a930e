# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift report for pipelines and spreadsheets: as JUnit XML, with a test case for each target, and as CSV."""

from __future__ import annotations

import csv
import io
import re
import typing as t
import unicodedata
from xml.etree.ElementTree import Element, SubElement, indent, tostring  # noqa: S405  # nothing is parsed

from .._core import redact
from . import wording
from .rows import AS_DECLARED, DIFFERS, FAILED, UNDECLARED, Report, Target, Workspace

# What XML 1.0 has no place for, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# What a spreadsheet takes for the beginning of a formula.
_FORMULA = frozenset("=+-@\u2212")
_CELL_WITHIN = re.compile(r";[^\w;]*?(?=[=+\-@\u2212\uff1d\uff0b\uff0d\uff20])")


def junit(report: Report) -> str:
    """A suite for each workspace. Of undeclared targets, only those that the fleet created are failures; the others are skipped."""
    report = report.with_distinct_names()
    root = Element("testsuites", name=_xml(report.fleet or "drift"))
    for workspace in report.workspaces:
        _suite(root, workspace, report)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, 0)) for suite in root)))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _suite(root: Element, workspace: Workspace, report: Report) -> None:
    targets = report.by_workspace.get(workspace.key, [])
    cases = [*([_unread(workspace)] if workspace.error else []), *map(_case, targets)]
    kinds = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    counts = {name: str(sum(case.find(tag) is not None for case in cases)) for name, tag in kinds.items()}
    named = {"name": _xml(workspace.name), "tests": str(len(cases)), "timestamp": _xml(report.generated)}
    suite = SubElement(root, "testsuite", {**named, **counts})
    suite.extend(cases)


def _unread(workspace: Workspace) -> Element:
    case = Element("testcase", classname=_xml(workspace.name), name="(workspace)")
    SubElement(case, "error", message=_xml(workspace.error), type="unreadable")
    return case


def _case(target: Target) -> Element:
    case = Element("testcase", classname=_xml(target.workspace), name=_xml(target.label))
    if target.status == DIFFERS or (target.status == UNDECLARED and target.owned):
        SubElement(case, "failure", message=_xml(wording.what(target)), type=target.status).text = _xml(target.id)
    elif target.status == FAILED:
        SubElement(case, "error", message=_xml(wording.what(target)), type=target.status).text = _xml(target.id)
    elif target.status != AS_DECLARED:
        SubElement(case, "skipped", message=_xml(wording.what(target)))
    if target.retirements:
        # Nothing to fail for: what is declared may use it.
        SubElement(case, "system-out").text = _xml(wording.retirements_text(target))
    return case


def _xml(text: t.Any) -> str:
    return _NOT_XML.sub("?", "" if text is None else redact.printable(str(text)))


def table(report: Report) -> str:
    """A line for each target, with the names of the columns in the first line."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(
        [
            "subscription_id",
            "resource_group",
            "workspace",
            "target",
            "type",
            "status",
            "action",
            "differences",
            "since",
            "state",
            "size",
            "nodes",
        ]
        + (["monthly_minimum", "monthly_maximum", "currency"] if report.priced else [])
        + ["retirements"]
    )
    for target in report.targets:
        cells: list[t.Any] = [
            target.subscription_id,
            target.resource_group,
            target.workspace,
            target.name,
            target.type,
            target.status,
            wording.action(target),
        ]
        cells += [
            "" if target.status == AS_DECLARED else wording.what(target),
            target.since,
            target.state,
            target.size,
            target.nodes,
        ]
        if report.priced:
            cells += [target.monthly_minimum, target.monthly_maximum, report.currency]
        cells.append(wording.retirements_text(target))
        writer.writerow([_cell(cell) for cell in cells])
    return written.getvalue()


def _cell(value: t.Any) -> str:
    """One line of text that no spreadsheet takes for a formula."""
    text = redact.printable(" ".join(("" if value is None else str(value)).split()))
    # Where a comma separates decimals, a spreadsheet begins a cell after each semicolon.
    text = _CELL_WITHIN.sub(r"\g<0>'", text)
    # Spreadsheets read full-width signs as the others, and skip characters without a width.
    first = next(
        (sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign)[0] not in "CZ"), ""
    )
    return f"'{text}" if isinstance(value, str) and first in _FORMULA else text
