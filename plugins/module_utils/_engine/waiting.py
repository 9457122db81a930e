# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting: for an operation, until a resource is no longer busy, until it is gone. One time budget for all waits of a task."""

from __future__ import annotations

import itertools
import typing as t

from .._core.errors import WaitTimeout
from . import incarnation, refusals
from .kind import BUSY, Body, Status

if t.TYPE_CHECKING:
    from .remote import RemoteResource

# Seconds between two reads of a resource while it changes: grows to the last one and stays there.
_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)


def pauses(interval: float | None) -> t.Iterator[float]:
    """The pauses between the reads of one wait: the interval that was asked for, or growing ones."""
    return itertools.repeat(interval) if interval else itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1]))


# How long a GET may show the old values after the service said that a write is done, in seconds.
_STALE_READS = 30.0


class Deadline:
    """One time budget, on a clock that only goes forward."""

    def __init__(self, seconds: float, clock: t.Callable[[], float]) -> None:
        self._clock = clock
        self._start = clock()
        self.seconds = seconds

    @property
    def elapsed(self) -> float:
        return self._clock() - self._start

    @property
    def remaining(self) -> float:
        return max(0.0, self.seconds - self.elapsed)

    def within(self, seconds: float) -> Deadline:
        """Another deadline that begins now and ends no later than this one."""
        return Deadline(min(seconds, self.remaining), self._clock)


class Waiter:
    """Waits for one resource. ``known_errors``: what the service reported before a change, which is none of the change's."""

    def __init__(self, remote: RemoteResource, deadline: Deadline, sleep: t.Callable[[float], None]) -> None:
        self._remote = remote
        self.deadline = deadline
        self._sleep = sleep
        self.known_errors: t.Any = None

    def for_operation(self, operation: t.Any, done: str) -> None:
        """Wait for the end of a long-running operation, after which the resource is ``done`` ("created")."""
        self._remote.client.wait(
            operation,
            timeout=self.deadline.remaining,
            interval=self._remote.behaviour.wait_interval,
            what=f"{self._remote.title} to be {done}",
        )

    def until_settled(self, body: Body | None, *, settling: bool = False, fail: bool = True) -> Body | None:
        """Read until the resource is no longer busy. ``fail``: a failed state is an error, and not left to the caller."""
        steps = self._pauses()
        while body is not None:
            status = self._remote.kind.status(body, settling=settling)
            if status.state != BUSY:
                if fail:
                    self.check_success(status)
                break
            self.pause(next(steps), f"{self._remote.title} to settle", status.text)
            body = self._remote.read()
        return body

    def wait_until_deleted(self, before: Body) -> Body | None:
        """Wait until the resource that ``before`` shows is gone: None, or the other resource that has its name by then."""
        steps = self._pauses()
        deleting = False
        while (body := self._remote.read()) is not None:
            if incarnation.difference(before, body) or (deleting and is_being_created(body)):
                return body
            deleting = deleting or is_deleting(body)
            self.pause(next(steps), f"{self._remote.title} to be gone", self._remote.kind.status(body).text)
        return None

    def pause(self, seconds: float, what: str, state: str, label: str = "") -> None:
        """Report the state and sleep. WaitTimeout where the time is over.

        what   what is waited for ("The cluster 'a' to settle")
        label  whose state it is, where not the resource's ("deployment")
        """
        if not self.deadline.remaining:
            raise self._timeout(what, state)
        self._remote.behaviour.events.state(f"{label} {state}" if label else state)
        self.sleep(seconds)

    def sleep(self, seconds: float) -> None:
        self._sleep(min(seconds, self.deadline.remaining))

    def stale_read_deadline(self) -> Deadline:
        """How long reads may show what was before a write."""
        return self.deadline.within(_STALE_READS)

    def _pauses(self) -> t.Iterator[float]:
        return pauses(self._remote.behaviour.wait_interval)

    def _timeout(self, what: str, state: str) -> WaitTimeout:
        return WaitTimeout.after(
            self.deadline.elapsed,
            what,
            state,
            details={"operation": None},
            target=self._remote.target.id,
            hint="Nothing was lost: run the same task again to continue waiting, or raise wait_timeout.",
        )

    def check_success(self, status: Status) -> None:
        if not status.details or status.details != self.known_errors:
            refusals.check_success(self._remote.title, status, self._remote.target.id)


def _provisioning_state(body: Body) -> str:
    return str((body.get("properties") or {}).get("provisioningState")).casefold()


def is_deleting(body: Body) -> bool:
    return _provisioning_state(body) == "deleting"


def is_being_created(body: Body) -> bool:
    return _provisioning_state(body) in ("creating", "accepted")
