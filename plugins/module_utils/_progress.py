# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module tells while it runs: a line of JSON for each event, at the end of the file that the environment names.

A module has no way to the controller before it ends. On a local connection it has the controller's environment, and there the callback
plugin ``aml_progress`` names a file. Where none is named, or it does not exist, nothing is written; and a failure to write fails nothing.
"""
from __future__ import annotations

import json
import os
import typing as t

VARIABLE = "AML_PROGRESS_FILE"

Event = dict[str, t.Any]


class Events:
    """Appends events. Every line is one write to a file opened for appending, so that threads and tasks do not mix theirs."""

    def __init__(self, path: str | None = None) -> None:
        path = os.environ.get(VARIABLE) if path is None else path
        self._file: int | None = None
        if path:
            try:
                self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
            except OSError:
                return

    def tell(self, event: Event) -> None:
        if self._file is None:
            return
        try:
            os.write(self._file, json.dumps({"run": os.getpid(), **event}).encode() + b"\n")
        except OSError:
            self.close()

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class Board:
    """Who is under way, from the events; and what to say of each as a line. ``now`` is any clock that does not go back."""

    def __init__(self) -> None:
        self.under_way: dict[tuple[int, str], tuple[Event, float]] = {}
        self._total: dict[int, int] = {}
        self._done: dict[int, int] = {}

    def take(self, event: Event, now: float) -> str | None:
        """Note an event; the line that it is worth, or None."""
        run, target = int(event["run"]), str(event.get("target"))
        if event["event"] == "all":
            self._total[run], self._done[run] = int(event["total"]), 0
            return None
        if event["event"] == "start":
            self.under_way[run, target] = (event, now)
            return f"{target}: {event['action']} ..."
        began = self.under_way.pop((run, target), None)
        self._done[run] = self._done.get(run, 0) + 1
        took = f" after {now - began[1]:.0f} s" if began else ""
        state = f"failed{took}: {event['failure']}" if event.get("failure") else f"{event['action']} done{took}"
        return f"{target}: {state} ({self._of(run)})"

    def still(self, now: float) -> list[str]:
        """A line for each target that is under way."""
        return [f"{target}: {event['action']}, {now - began:.0f} s ({self._of(run)})" for (run, target), (event, began) in self.under_way.items()]

    def _of(self, run: int) -> str:
        return f"{self._done.get(run, 0)} of {self._total.get(run, '?')} done"


def parse(text: str) -> Event | None:
    """An event, or None for a line that is none."""
    try:
        event = json.loads(text)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event and "run" in event else None
