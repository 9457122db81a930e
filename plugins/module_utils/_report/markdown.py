# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift report as Markdown."""

from __future__ import annotations

import re
import typing as t

from .._core import redact
from . import wording
from .rows import DIFFERS, FAILED, UNDECLARED, Report

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")

Lines = t.Iterator[str]


def markdown(report: Report) -> str:
    return "\n".join(_lines(report))


def _lines(report: Report) -> Lines:
    yield f"# Drift report{': ' + escape(report.fleet) if report.fleet else ''}"
    yield from ("", wording.headline(report), "")
    for title, status in (("What differs", DIFFERS), ("Failed", FAILED), ("Not declared", UNDECLARED)):
        yield from _listed(report, title, status)
    yield from _retirements(report)
    yield from _counted(report)
    yield from _exposed(report)
    yield from _quotas(report)


def _listed(report: Report, title: str, status: str) -> Lines:
    own = report.having(status)
    rows = [
        (
            target.workspace,
            target.name,
            target.type,
            wording.action(target),
            wording.what(target),
            wording.age(wording.seconds(target.since, report.generated)),
        )
        for target in own
    ]
    yield from (f"## {title} ({len(own)})", "")
    yield from _table(("Workspace", "Target", "Type", "Action", "Difference", "For"), rows)
    yield ""


def _counted(report: Report) -> Lines:
    heads = wording.count_heads(report)
    workspaces = [
        (workspace.name, *wording.counted(counts, report), workspace.error)
        for workspace, counts in report.counted_workspaces
    ]
    kinds = [(kind, *wording.counted(counts, report)) for kind, counts in report.counted_kinds]
    yield from ("## Workspaces", "", *_table(("Workspace", *heads, "Error"), workspaces), "")
    yield from ("## Types", "", *_table(("Type", *heads), kinds), "")
    if report.priced:
        yield from (wording.COST_NOTE, "")


def _retirements(report: Report) -> Lines:
    rows, more = wording.retirements(report)
    if rows:
        yield from (f"## Retirements ({len(report.retirements)})", "", *_table(wording.RETIREMENT_HEADS, rows), "")
        yield from (more, "") if more else ()


def _exposed(report: Report) -> Lines:
    rows = [(target.workspace, target.name, target.type, target.network) for target in report.exposed]
    yield from (f"## SSH open on a public address ({len(rows)})", "")
    yield from (*_table(("Workspace", "Target", "Type", "Network"), rows), "")
    if wording.without_user(report):
        yield from (wording.without_user(report), "")


def _quotas(report: Report) -> Lines:
    rows = [
        (usage.location, wording.usage_name(usage), usage.current, usage.limit, f"{usage.percent:g} %")
        for usage in wording.used(report)
    ]
    yield from ("## Quota in use", "", *_table(("Region", "Quota", "Used", "Limit", "Share"), rows), "")
    for unread in wording.unread_quotas(report):
        yield f"{escape(unread)}\n"


def _table(heads: t.Sequence[str], rows: t.Iterable[t.Sequence[t.Any]]) -> Lines:
    body = ["| " + " | ".join(escape(cell) for cell in row) + " |" for row in rows]
    if not body:
        yield "None."
        return
    yield "| " + " | ".join(heads) + " |"
    yield "|" + " --- |" * len(heads)
    yield from body


def escape(value: t.Any) -> str:
    """A text of someone else's in a cell: it stays wording."""
    line = redact.printable(" ".join(("" if value is None else str(value)).split()))
    # An entity would be decoded, into whatever character it names.
    entities = _SPECIAL.sub(r"\\\1", line.replace("&", "&amp;"))
    return entities.replace("\\<", "&lt;").replace("\\>", "&gt;")
