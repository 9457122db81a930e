# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of a fleet changes, for people: a table with a line for each target, and a diff for each target. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._core import redact
from .._core.arm_id import ArmId, short_names
from .._engine.plan import CREATE, DELETE, DETACH, REPLACE, UPDATE
from .cost import Total
from .entry import Entry

# Lines of the table for changed targets, and for undeclared ones that stay; the documentation of the module names the numbers.
LINES = 30
LINES_UNDECLARED = 10
_ORDER = {
    action: rank for rank, action in enumerate((DELETE, DETACH, REPLACE, "stop", UPDATE, "restart", "start", CREATE))
}
# Characters of a column.
_WIDEST = 60
_WIDEST_VALUE = 24

Diff = list[dict[str, t.Any]]


def ordered(entries: t.Iterable[Entry]) -> list[Entry]:
    """The changed targets: deletions and detachments first, then replacements, creations last."""
    return sorted((entry for entry in entries if entry.changed), key=lambda entry: _rank(entry.action))


def _rank(action: str) -> int:
    return _ORDER.get(action, len(_ORDER))


def diffs(entries: t.Sequence[Entry], table: t.Sequence[str]) -> Diff:
    """Ansible's diff of each changed target, then the table."""
    rows: Diff = []
    names = workspace_names(entries)
    for entry in ordered(entries):
        header = _line_of(f"{location(entry, names)} ({entry.action})")
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
    names = workspace_names(entries)
    body = aligned([_line(entry, names, priced=cost is not None) for entry in visible])
    more = [f"and {len(changed) - len(visible)} more"] if len(changed) > len(visible) else []
    return [*body, *more, totals_line(counts, check_mode=check_mode), *cost_lines(changed, cost)]


def undeclared_lines(entries: t.Iterable[Entry], names: t.Mapping[str, str], lines: int | None) -> list[str]:
    """A table of the fleet's undeclared targets that stay, with the reason of each. ``lines``: the most of them; None for all."""
    staying = sorted(
        (entry for entry in entries if not entry.changed and not entry.failed),
        key=lambda entry: (entry.type, location(entry, names)),
    )
    visible = staying if lines is None else staying[:lines]
    rows = [
        [_cell(text) for text in (location(entry, names), entry.type, entry.plan.reason or "")] for entry in visible
    ]
    more = [f"and {len(staying) - len(visible)} more"] if len(staying) > len(visible) else []
    return [*(_columns(["UNDECLARED", "TYPE", "REASON"], rows) if rows else []), *more]


@dataclass(frozen=True)
class Line:
    """A changed target. ``changes`` are the fields with their values before and after, ``cost`` the difference in words; None: not estimated."""

    location: str
    action: str
    changes: t.Sequence[tuple[str, t.Any, t.Any]]
    reason: str
    cost: str | None = None

    @property
    def rank(self) -> int:
        return _rank(self.action)

    def cells(self) -> list[str]:
        cells = [self.location, self.action, self._fields(), self.reason]
        return [_cell(cell) for cell in (cells if self.cost is None else [*cells, self.cost])]

    def _fields(self) -> str:
        """The changed fields; of an existing target also their values, where they are short."""
        if self.action == CREATE:
            return ", ".join(field for field, _before, _after in self.changes)
        return ", ".join(_change(*change) for change in self.changes)


def aligned(lines: t.Sequence[Line]) -> list[str]:
    """The lines as a table with a header; nothing without a line."""
    if not lines:
        return []
    header = ["TARGET", "ACTION", "FIELDS", "REASON", *(["COST PER MONTH"] if lines[0].cost is not None else [])]
    return _columns(header, [line.cells() for line in lines])


def _columns(header: list[str], cells: list[list[str]]) -> list[str]:
    rows = [header, *cells]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def workspace_names(entries: t.Iterable[Entry], others: t.Iterable[str] = ()) -> dict[str, str]:
    """Names that are distinct, for the workspaces of the entries and ``others``, by ids in lower case."""
    return short_names([*(entry.workspace for entry in entries), *others])


def location(entry: Entry, names: t.Mapping[str, str]) -> str:
    """The place of a target in the document, with the name of its workspace in ``names``."""
    return ArmId(entry.target.id).labelled(names[entry.workspace.casefold()])


def _line(entry: Entry, names: t.Mapping[str, str], *, priced: bool) -> Line:
    changes = [
        (change.field, change.before, change.after) for change in (change.shown for change in entry.plan.changes)
    ]
    reason = f"failed: {entry.error.code}" if entry.error else entry.plan.reason or ""
    return Line(location(entry, names), entry.action, changes, reason, cost_text(entry) if priced else None)


def _cell(text: str, widest: int = _WIDEST) -> str:
    """One line of at most so many characters; nothing in it can steer a terminal."""
    plain = _line_of(text)
    return plain if len(plain) <= widest else f"{redact.cut(plain, widest - 3)}..."


def _line_of(text: str) -> str:
    return redact.printable(" ".join(text.split()))


def _change(field: str, before: t.Any, after: t.Any) -> str:
    if before is None or not all(isinstance(value, (str, int, float, bool)) for value in (before, after)):
        return field
    return f"{field}: {_cell(str(before), _WIDEST_VALUE)} -> {_cell(str(after), _WIDEST_VALUE)}"


def cost_text(entry: Entry) -> str:
    return "unknown" if entry.difference is None else entry.difference.text()


def totals_line(counts: t.Mapping[str, t.Any], *, check_mode: bool) -> str:
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
    return f"{every} {_targets(every)}: {', '.join([changes, *rest])}."


def _targets(number: int) -> str:
    return "target" if number == 1 else "targets"


def cost_lines(changed: t.Sequence[Entry], cost: Total | None) -> list[str]:
    if cost is None:
        return []
    if cost.currency is None:
        return ["Cost per month: unknown."]
    differences = [entry.difference for entry in changed if entry.difference]
    # As in the total, there is one currency; what costs nothing is of any.
    known = [item for item in differences if item.currency in (None, cost.currency)]
    least, most = (
        (round(sum(values), 2) for values in zip(*((item.monthly_minimum, item.monthly_maximum) for item in known)))
        if known
        else (0.0, 0.0)
    )
    unknown = len(cost.unknown)
    return [
        f"Cost per month: {cost.monthly_minimum:.2f} to {cost.monthly_maximum:.2f} {cost.currency} ({least:+.2f} to {most:+.2f} by these changes)"
        + (f", without {unknown} {_targets(unknown)} of unknown price." if unknown else ".")
    ]
