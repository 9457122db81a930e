# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The content of a drift report as titles, sentences and tables, which Markdown and text render."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from . import wording
from .rows import DIFFERS, FAILED, UNDECLARED, Report


@dataclass(frozen=True)
class Title:
    text: str
    level: int = 2


@dataclass(frozen=True)
class Table:
    """``rows`` have as many cells as ``heads``; None is an empty cell. There is at least one row."""

    heads: t.Sequence[str]
    rows: t.Sequence[t.Sequence[t.Any]]


# A text is a sentence.
Section: t.TypeAlias = "Title | Table | str"
Sections = t.Iterator[Section]


def sections(report: Report) -> Sections:
    report = report.with_distinct_names()
    yield Title(f"Drift report{': ' + report.fleet if report.fleet else ''}", level=1)
    yield wording.headline(report)
    for title, status in (("What differs", DIFFERS), ("Failed", FAILED), ("Not declared", UNDECLARED)):
        yield from _listed(report, title, status)
    yield from _retirements(report)
    yield from _counted(report)
    yield from _exposed(report)
    yield from _quotas(report)


def _listed(report: Report, title: str, status: str) -> Sections:
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
    yield from _titled(
        f"{title} ({len(own)})", Table(("Workspace", "Target", "Type", "Action", "Difference", "For"), rows)
    )


def _titled(title: str, table: Table, *sentences: str) -> Sections:
    """A title with its table and the sentences behind it; nothing without any content."""
    content: list[Section] = [*([table] if table.rows else []), *filter(None, sentences)]
    if content:
        yield Title(title)
        yield from content


def _counted(report: Report) -> Sections:
    heads = wording.count_heads(report)
    workspaces = [
        (workspace.name, *wording.counted(counts, report), workspace.error)
        for workspace, counts in report.counted_workspaces
    ]
    kinds = [(kind, *wording.counted(counts, report)) for kind, counts in report.counted_kinds]
    yield from _titled("Workspaces", Table(("Workspace", *heads, "Error"), workspaces))
    yield from _titled("Types", Table(("Type", *heads), kinds), wording.COST_NOTE if report.priced else "")


def _retirements(report: Report) -> Sections:
    rows, more = wording.retirements(report)
    yield from _titled(f"Retirements ({len(report.retirements)})", Table(wording.RETIREMENT_HEADS, rows), more)


def _exposed(report: Report) -> Sections:
    rows = [(target.workspace, target.name, target.type, target.network) for target in report.exposed]
    yield from _titled(
        f"SSH open on a public address ({len(rows)})",
        Table(("Workspace", "Target", "Type", "Network"), rows),
        wording.without_user(report),
    )


def _quotas(report: Report) -> Sections:
    rows = [
        (usage.location, wording.usage_name(usage), usage.current, usage.limit, f"{usage.percent:g} %")
        for usage in wording.used(report)
    ]
    yield from _titled(
        "Quota in use", Table(("Region", "Quota", "Used", "Limit", "Share"), rows), *wording.unread_quotas(report)
    )
