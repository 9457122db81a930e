# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long-running operations: where their state is read, what it says, and how long to wait for it.

Wire facts: docs/facts.md a.4 [REC R1, R3, R5, R13] (status address used verbatim, flat and doubly nested errors), d.2
(both headers), b.3 (a status address that answers 404 must not pass for an absent resource). azure-core's ARMPolling
is not used: it waits 30 s where nothing else is said, takes a status 404 for an absent resource, and its clock is
real.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

from .._core.client import CANCELED, FAILED, RUNNING, SUCCEEDED, Operation, Probe
from .._core.errors import ArmError, WaitTimeout
from .answers import Answer, ConnectionLost, error_of, hint_for, read_error, unreadable
from .retry import RETRY_STATUSES, Clock, retry_after

SHORTEST_STEP, LONGEST_STEP = 1.0, 15.0
# Of what the service asks for: its next word may still come in time.
LONGEST_ASKED = 300.0
# Of the time waited so far: an operation's end is seen at most that much later, and few polls are needed for a long one.
_PATIENCE = 0.15
# Seconds around the usual end of an operation, in which it is polled this often.
_AROUND, _AROUND_STEP = 1.0, 0.5
_TERMINAL = {"succeeded": SUCCEEDED, "failed": FAILED, "canceled": CANCELED, "cancelled": CANCELED}

GIVEN_UP = "The operation failed after the service had accepted the request. Fix the cause and run the same task again."

Poll = t.Callable[[str, float], Answer]


def operation_of(answer: Answer) -> Operation | None:
    """The operation that an answer announces; None if the work is done or the resource itself has its state.

    Location counts with 202 only: with 201 it is the address of what was made.
    """
    url, style = answer.headers.get("azure-asyncoperation"), "async"
    if not url and answer.status == 202:
        url, style = answer.headers.get("location"), "location"
    if not url:
        return None
    result_url = answer.headers.get("location") if answer.status == 202 else None
    return Operation(
        url,
        style,
        answer.method,
        urlsplit(answer.url).path,
        retry_after=retry_after(answer.headers),
        result_url=result_url,
    )


def operation_at(url: str) -> Operation:
    """An operation from the address that an earlier run gave. Its style follows from its first response."""
    return Operation(url, "unknown")


def read_state(operation: Operation, answer: Answer) -> str:
    """The state in an answer of the status address."""
    document = answer.body if isinstance(answer.body, dict) else {}
    status = document.get("status")
    if operation.style != "location" and isinstance(status, str) and status:
        return _TERMINAL.get(status.lower(), status)
    if answer.status == 202:
        return RUNNING
    properties = document.get("properties")
    inner = properties.get("provisioningState") if isinstance(properties, dict) else None
    if operation.style != "location" and isinstance(inner, str) and inner:
        return _TERMINAL.get(inner.lower(), inner)
    return SUCCEEDED


def failure_of(operation: Operation, answer: Answer, what: str) -> ArmError:
    """The error of an operation that ended as Failed or Canceled."""
    code, message, details = read_error(answer.body)
    code = code or f"Operation{operation.status}"
    hint = hint_for(code, message or "", None) or GIVEN_UP
    return ArmError(
        message or f"{what}: the operation ended as {operation.status}, without a reason.",
        code=code,
        details=details,
        status=answer.status,
        request_id=answer.request_id,
        target=f"{operation.method} {operation.target}".strip() or what,
        hint=hint,
    )


@dataclass(frozen=True)
class Patience:
    """The limit of a wait (seconds), the interval of its polls, and its purpose for events."""

    timeout: float
    interval: float | None = None
    what: str = "operation"
    probe: Probe | None = None

    def step(self, asked: float | None, waited: float, usual: float | None = None) -> float:
        """Seconds to the next poll: what the service asks for, else the interval, else by the time waited so far and the ``usual`` one, if it is known."""
        if asked is not None:
            return max(SHORTEST_STEP, min(asked, LONGEST_ASKED))
        if self.interval is not None:
            return max(SHORTEST_STEP, self.interval)
        beyond = waited if usual is None else waited - usual
        if usual is not None and beyond < _AROUND:
            return min(LONGEST_STEP, max(_AROUND_STEP, -beyond - _AROUND))
        return min(LONGEST_STEP, max(SHORTEST_STEP, _PATIENCE * beyond))

    def is_early(self, usual: float | None) -> bool:
        """Whether a poll right after the start would be one too many: the operation usually takes much longer, and no interval was asked for."""
        return self.interval is None and usual is not None and usual > 2 * _AROUND


class Durations:
    """The shortest time in seconds that operations of each kind took, of those that one client waited for: most of a fleet's take as long."""

    def __init__(self) -> None:
        self._shortest: dict[tuple[str, str], float] = {}

    def usual(self, operation: Operation) -> float | None:
        return self._shortest.get(_sort(operation))

    def learn(self, operation: Operation, seconds: float) -> None:
        sort = _sort(operation)
        self._shortest[sort] = min(seconds, self._shortest.get(sort, seconds))


def _sort(operation: Operation) -> tuple[str, str]:
    """The method and the types of the resource: names are every other part of an id."""
    return operation.method, "/".join(operation.target.strip("/").split("/")[::2]).casefold()


class Wait:
    """One wait for one operation. ``on_state`` receives the state before each pause; ``durations`` those of earlier operations."""

    def __init__(
        self,
        operation: Operation,
        patience: Patience,
        poll: Poll,
        on_state: t.Callable[[str], None],
        clock: Clock,
        durations: Durations | None = None,
    ) -> None:
        self.operation, self.patience, self.poll, self.on_state, self.clock = operation, patience, poll, on_state, clock
        self.durations = durations or Durations()
        self.what = patience.what
        self._started = clock.now()
        # The response of the last poll, if it did not contain a state.
        self._strange: ArmError | None = None

    def run(self) -> dict[str, t.Any]:
        """Poll as soon as the service allows and an end is likely, then again until the state is terminal; the last status document."""
        deadline = self._started + self.patience.timeout
        usual = self.durations.usual(self.operation)
        if self.operation.retry_after or self.patience.is_early(usual):
            self._pause(self.patience.step(self.operation.retry_after, 0.0, usual), deadline)
        while True:
            answer = self._ask(deadline)
            if answer is not None:
                self.operation.status = read_state(self.operation, answer)
            if self.operation.status == SUCCEEDED:
                self.durations.learn(self.operation, self.clock.now() - self._started)
                return answer.body if answer is not None and isinstance(answer.body, dict) else {"status": SUCCEEDED}
            if answer is not None and self.operation.status in (FAILED, CANCELED):
                raise failure_of(self.operation, answer, self.what)
            now = self.clock.now()
            if now >= deadline:
                raise self._timed_out(self._strange)
            asked = None if answer is None else retry_after(answer.headers)
            self._pause(self.patience.step(asked, now - self._started, self.durations.usual(self.operation)), deadline)

    def _pause(self, seconds: float, deadline: float) -> None:
        self.on_state(self.operation.status)
        self.clock.sleep(max(0.0, min(seconds, deadline - self.clock.now())))

    def _ask(self, deadline: float) -> Answer | None:
        """Poll once. None if the response had no state, so that the probe was used instead."""
        try:
            answer = self.poll(self.operation.url, deadline)
        except ConnectionLost as lost:
            raise self._timed_out(lost) from lost  # pylint: disable=bad-exception-cause
        if answer.status in RETRY_STATUSES:
            passing = error_of(answer)
            raise self._timed_out(passing) from passing
        if answer.status == 404 and self.operation.style == "location" and self.operation.method == "DELETE":
            return Answer("GET", answer.url, 204, {}, b"")
        if answer.status >= 400:
            self._probe(self._unreadable_state(answer))
            return None
        # A proxy's page, or half a document, says nothing of the operation; the next answer may.
        self._strange = None if answer.readable else unreadable(answer)
        return answer if answer.readable else None

    def _unreadable_state(self, answer: Answer) -> ArmError:
        error = error_of(answer)
        if answer.status == 404:
            error.code = "OperationNotFound"
            error.hint = "The URL of the operation is no longer known; read the resource for its result."
        elif answer.status == 403:
            # The URL is below the subscription, not the resource group (docs/facts.md a.4).
            error.hint = (error.hint or "") + " Operations are read at the scope of the subscription's location."
        elif self.operation.style == "location":
            # Its status is the operation's own end.
            error.hint = error.hint or GIVEN_UP
        return error

    def _probe(self, error: ArmError) -> None:
        """Read the resource if the URL of the operation does not return a state."""
        state = self.patience.probe() if self.patience.probe is not None else None
        if state is None:
            raise error
        self.operation.status = _TERMINAL.get(state.lower(), state)
        if self.operation.status in (FAILED, CANCELED):
            raise ArmError(
                f"{self.what}: the resource is in state {self.operation.status}.",
                code=f"Operation{self.operation.status}",
                target=error.target,
                request_id=error.request_id,
                details={"operation": self.operation.to_dict(), "operation_error": error.failure()},
            )

    def _timed_out(self, cause: ArmError | None = None) -> WaitTimeout:
        hint = "The operation continues in Azure. Run the same task again: it will continue."
        return WaitTimeout.after(
            self.clock.now() - self._started,
            self.what,
            self.operation.status,
            because=f" ({cause.code}: {cause.message})" if cause is not None else "",
            details={
                "operation": self.operation.to_dict(),
                # Why it could not be polled, if that is what took the time.
                "cause": None if cause is None else cause.failure(),
            },
            status=cause.status if cause is not None else None,
            request_id=cause.request_id if cause is not None else None,
            target=f"{self.operation.method} {self.operation.target}".strip() or None,
            hint=f"{hint} Or raise wait_timeout." if cause is None or not cause.hint else f"{hint} {cause.hint}",
        )
