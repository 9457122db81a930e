# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The targets in progress, from the events of the modules, and a line for each of them."""

from __future__ import annotations

import json
import typing as t

from .._core.arm_id import ArmId
from .._core.events import Event


class Row(t.NamedTuple):
    """A target in progress; ``run`` is the process of the task, ``began`` a time of the clock that the board is given."""

    run: int
    name: str
    action: str
    state: str
    began: float


def short(target: str) -> str:
    """An id as messages and tables name it: WORKSPACE/COMPUTE, WORKSPACE/COLLECTION/NAME, or the last name in it. Nothing in it can steer a terminal."""
    place = ArmId(target)
    name = place.label if place.workspace != place else target.partition("/workspaces/")[2] or target.rsplit("/", 1)[-1]
    return plain(name)


def plain(text: str) -> str:
    """One line, without what steers a terminal."""
    return "".join(char for char in " ".join(text.split()) if char.isprintable())


class Board:
    """The targets in progress, from the events, and a line for each of them. ``now`` is any clock that does not go back."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, str], Row] = {}
        self._total: dict[int, int] = {}
        self._done: dict[int, int] = {}
        self._failed: dict[int, int] = {}

    @property
    def rows(self) -> list[Row]:
        """The targets in progress, those that started first at the top."""
        return list(self._rows.values())

    def take(self, event: Event, now: float) -> str | None:
        """Note an event; the line that it is worth, or None."""
        run, kind = event["run"], event["event"]
        if kind == "all":
            self._total[run], self._done[run], self._failed[run] = event["total"], 0, 0
            return None
        target, action = event["target"], event["action"]
        name, row = short(target), self._rows.get((run, target))
        if kind == "done":
            self._rows.pop((run, target), None)
            return self._ended(row, event, now)
        self._rows[run, target] = Row(run, name, action, plain(event.get("state") or ""), row.began if row else now)
        return None if row else f"{name}: {action} ..."

    def _ended(self, row: Row | None, event: Event, now: float) -> str:
        run, failure = event["run"], event.get("failure")
        self._done[run] = self._done.get(run, 0) + 1
        self._failed[run] = self._failed.get(run, 0) + bool(failure)
        took = f" after {span(now - row.began)}" if row else ""
        state = f"failed{took}: {plain(failure)}" if failure else f"{event['action']} done{took}"
        return f"{short(event['target'])}: {state}{self._of(run)}"

    def still(self, now: float) -> list[str]:
        """A line for each target in progress."""
        return [
            ", ".join(filter(None, (f"{row.name}: {row.action}", row.state, span(now - row.began)))) + self._of(row.run)
            for row in self.rows
        ]

    def total(self) -> str | None:
        """All targets in progress in one line; None for a single target."""
        runs = {row.run for row in self.rows}
        counted = [run for run in runs if run in self._total]
        total, done, failed = (
            sum(counts.get(run, 0) for run in counted) for counts in (self._total, self._done, self._failed)
        )
        if len(self._rows) < 2 and total < 2:
            return None
        parts = [f"{done} of {total} done"] if total else []
        parts += [f"{failed} failed"] if failed else []
        return ", ".join([*parts, f"{len(self._rows)} in progress"])

    def interrupted(self) -> str | None:
        """What has happened when the tasks in progress are interrupted, in one line; None if there is no such task."""
        runs = {row.run for row in self.rows} | {
            run for run in self._total if self._done.get(run, 0) < self._total[run]
        }
        if not runs:
            return None
        done, total = (sum(counts.get(run, 0) for run in runs) for counts in (self._done, self._total))
        counted = sum(row.run in self._total for row in self.rows)
        parts = [f"{done} done", f"{len(self.rows)} in progress", f"{max(0, total - done - counted)} not started"]
        return f"Interrupted: {', '.join(parts)}. Operations in progress continue in Azure. Run the same command again: it waits for them, and continues."

    def forget(self, alive: t.Callable[[int], bool]) -> None:
        """Drop the targets of processes that no longer exist: a killed process reports no end."""
        for run in {row.run for row in self.rows}:
            if not alive(run):
                self._rows = {key: row for key, row in self._rows.items() if row.run != run}

    def _of(self, run: int) -> str:
        return f" ({self._done.get(run, 0)} of {self._total[run]} done)" if run in self._total else ""


def span(seconds: float) -> str:
    """Seconds up to two minutes, then minutes and seconds."""
    whole = int(seconds + 0.5)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60:02d} s"


_NEEDED: dict[str, dict[str, type]] = {
    "all": {"total": int},
    "start": {"target": str, "action": str},
    "state": {"target": str, "action": str, "state": str},
    "done": {"target": str, "action": str},
}


def parse(text: str) -> Event | None:
    """An event, or None for a line that is none."""
    try:
        event = json.loads(text)
    except ValueError:
        return None
    if not isinstance(event, dict) or not isinstance(event.get("run"), int):
        return None
    needed = _NEEDED.get(str(event.get("event")))
    whole = needed is not None and all(isinstance(event.get(name), kind) for name, kind in needed.items())
    return event if whole else None
