# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module reports while it runs: a line of JSON for each event, at the end of the file that the environment names.

A module has no way to the controller before it ends. On a local connection it has the controller's environment, and there the callback
plugin ``aml_progress`` names a file. Where none is named, or it does not exist, nothing is written; and a failure to write fails nothing.

all     total                   the number of targets that will be processed
start   target, action
state   target, action, state   what the service said last: of the operation, or of the resource
done    target, action, failure (None: it went well)

``target`` is an ARM id, or the path of an operation.
"""

from __future__ import annotations

import json
import os
import threading
import typing as t

VARIABLE = "AML_PROGRESS_FILE"

# What is done to a target on which someone else's work is waited for.
WAIT = "wait"

Event = dict[str, t.Any]
Hide = t.Callable[[str], str]


class Events:
    """Reports the targets that a task processes; each thread works on one at a time, which is the one that ``state`` is about.

    ``hide`` makes a text fit to be shown: events go past what ansible-core does for results.
    """

    def __init__(self, path: str | None = None, hide: Hide = str) -> None:
        path = os.environ.get(VARIABLE) if path is None else path
        self._hide = hide
        self._file: int | None = None
        self._mine = threading.local()
        self._last: dict[str, tuple[str, str]] = {}
        if path:
            try:
                self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
            except OSError:
                return

    def all(self, total: int) -> None:
        self._write({"event": "all", "total": total})

    def about(self, target: str, action: str = WAIT) -> None:
        """From now on this thread's states are of that target. Nothing is reported before there is a state."""
        self._mine.now = (target, action)

    def start(self, target: str, action: str) -> None:
        self.about(target, action)
        self._last[target] = (action, "")
        self._write({"event": "start", "target": target, "action": action})

    def state(self, state: str) -> None:
        """The state of this thread's target. Reported if it is new; the first one also reports the start, if that was not reported."""
        if self._file is None or getattr(self._mine, "now", None) is None:
            return
        target, action = self._mine.now
        if target not in self._last:
            self.start(target, action)
        if self._last[target] != (action, state):
            self._last[target] = (action, state)
            self._write({"event": "state", "target": target, "action": action, "state": self._hide(state)})

    def on_event(self, event: str, facts: t.Mapping[str, t.Any]) -> None:
        """What the ARM client reports."""
        if event == "operation":
            self.state(str(facts["status"]))
        elif event == "conflict":
            self.state("another operation is running")
        elif event == "retry":
            why = {429: "throttled", None: "no answer"}.get(facts["status"], f"HTTP {facts['status']}")
            self.state(f"{why}, again in {facts['pause']:.0f} s")

    def done(self, target: str, failure: str | None = None) -> None:
        """The target's end, if its start was reported."""
        if target in self._last:
            action, _state = self._last.pop(target)
            self._write(
                {
                    "event": "done",
                    "target": target,
                    "action": action,
                    "failure": None if failure is None else self._hide(failure),
                }
            )

    def close(self, failure: str | None = None) -> None:
        """The task ends, and with it what it was at."""
        for target in list(self._last):
            self.done(target, failure)
        self._shut()

    def _write(self, event: Event) -> None:
        """One write to a file opened for appending, so that threads and tasks do not mix their lines."""
        if self._file is None:
            return
        try:
            os.write(self._file, json.dumps({"run": os.getpid(), **event}).encode() + b"\n")
        except OSError:
            self._shut()

    def _shut(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


# For callers without a listener.
SILENT = Events("")
