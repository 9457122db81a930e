# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of a fleet changes, for people: a table with a line for each target, and a diff for each target. Pure."""

from __future__ import annotations

import typing as t

from .._core import redact
from .._engine.plan import CREATE, DELETE, DETACH, REPLACE, UPDATE, Change
from .cost import Difference, Total
from .entry import Entry

# Lines of the table for single targets; the documentation of the module names the number.
LINES = 30
_ORDER = {
    action: rank for rank, action in enumerate((DELETE, DETACH, REPLACE, "stop", UPDATE, "restart", "start", CREATE))
}
# Characters of a column.
_WIDEST = 60
_WIDEST_VALUE = 24

Diff = list[dict[str, t.Any]]


def ordered(entries: t.Iterable[Entry]) -> list[Entry]:
    """The changed targets: deletions and detachments first, then replacements, creations last."""
    changed = [entry for entry in entries if entry.changed]
    return sorted(changed, key=lambda entry: _ORDER.get(entry.action, len(_ORDER)))


def diffs(entries: t.Iterable[Entry], table: t.Sequence[str]) -> Diff:
    """Ansible's diff of each changed target, then the table."""
    rows: Diff = []
    for entry in ordered(entries):
        header = f"{entry.location} ({entry.action})"
        rows.append({**entry.plan.diff(), "before_header": header, "after_header": header})
    return [*rows, {"prepared": "\n".join([*table, ""])}]


def table(
    entries: t.Sequence[Entry],
    counts: t.Mapping[str, t.Any],
    *,
    check_mode: bool,
    cost: Total | None,
    lines: int | None = LINES,
) -> list[str]:
    """A line for each changed target, and the totals.

    counts  the ``totals`` of the result
    cost    the total cost, None where it was not estimated
    lines   the most lines for single targets; None for all
    """
    changed = ordered(entries)
    visible = changed if lines is None else changed[:lines]
    rows = [_row(entry, priced=cost is not None) for entry in visible]
    more = [f"and {len(changed) - len(visible)} more"] if len(changed) > len(visible) else []
    header = ["TARGET", "ACTION", "FIELDS", "REASON", *(["COST PER MONTH"] if cost is not None else [])]
    body = [*_aligned([header, *rows]), *more] if rows else []
    return [*body, _totals(counts, check_mode=check_mode), *_cost_lines(changed, cost)]


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(entry: Entry, *, priced: bool) -> list[str]:
    reason = f"failed: {entry.error.code}" if entry.error else entry.plan.reason or ""
    cells = [entry.location, entry.action, _fields(entry), reason]
    return [_cell(cell) for cell in cells] + ([_priced(entry.difference)] if priced else [])


def _cell(text: str, widest: int = _WIDEST) -> str:
    """One line of at most so many characters; nothing in it can steer a terminal."""
    plain = redact.printable(" ".join(text.split()))
    return plain if len(plain) <= widest else f"{redact.cut(plain, widest - 3)}..."


def _fields(entry: Entry) -> str:
    """The changed fields; of an existing target also their values, where they are short."""
    if entry.action == CREATE:
        return ", ".join(change.field for change in entry.plan.changes)
    return ", ".join(map(_change, entry.plan.changes))


def _change(change: Change) -> str:
    values = (change.before, change.after)
    if change.before is None or not all(isinstance(value, (str, int, float, bool)) for value in values):
        return change.field
    before, after = (_cell(str(value), _WIDEST_VALUE) for value in values)
    return f"{change.field}: {before} -> {after}"


def _priced(difference: Difference | None) -> str:
    return "unknown" if difference is None else difference.text()


def _totals(counts: t.Mapping[str, t.Any], *, check_mode: bool) -> str:
    """The totals in one sentence."""
    named = [f"{counts[action]} {action}" for action in _ORDER if counts.get(action)]
    verb = "planned" if check_mode else "done"
    changes = f"{', '.join(named)} {verb}" if named else "no changes"
    others = [
        (counts.get("none", 0), "unchanged"),
        (counts["failed"], "failed"),
        (counts.get("interrupted", 0), "interrupted"),
        (counts.get("not_started", 0), "not started"),
    ]
    rest = [f"{number} {name}" for number, name in others if number]
    every = counts["targets"] + counts.get("undeclared", 0)
    return f"{every} targets: {', '.join([changes, *rest])}."


def _cost_lines(changed: t.Sequence[Entry], cost: Total | None) -> list[str]:
    if cost is None:
        return []
    if cost.currency is None:
        return ["Cost per month: unknown."]
    known = [entry.difference for entry in changed if entry.difference]
    least, most = (
        (round(sum(values), 2) for values in zip(*((item.monthly_minimum, item.monthly_maximum) for item in known)))
        if known
        else (0.0, 0.0)
    )
    unknown = len(cost.unknown)
    return [
        f"Cost per month: {cost.monthly_minimum:.2f} to {cost.monthly_maximum:.2f} {cost.currency} ({least:+.2f} to {most:+.2f} by these changes)"
        + (f", without {unknown} targets of unknown price." if unknown else ".")
    ]
