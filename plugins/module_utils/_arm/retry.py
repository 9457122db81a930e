# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a request is sent again, and after which pause: the statuses that pass, what ``Retry-After`` asks for, the number and the time of attempts.

azure-core's RetryPolicy is not used: it has no jitter, never waits before the first retry, repeats any POST that is
answered 500, 503 or 504, sleeps past its own time budget, and its clock cannot be replaced.
"""

from __future__ import annotations

import math
import random
import re
import time
import typing as t
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from . import limits
from .answers import Answer, ConnectionLost

RETRY_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
LONGEST_BACKOFF = 15.0
# Between two attempts that the service asked for, however soon it said.
SHORTEST_PAUSE = 1.0
# A day: what is asked for beyond that is as good as for ever, and sleep() takes no infinity.
LONGEST_RETRY_AFTER = 86400.0


@dataclass(frozen=True)
class Clock:
    """Time and chance, which a test replaces."""

    now: t.Callable[[], float] = time.monotonic
    sleep: t.Callable[[float], None] = time.sleep
    # From 0 to 1.
    rand: t.Callable[[], float] = random.random


@dataclass(frozen=True)
class RetryPolicy:
    """How often a request is repeated, and for how many seconds: the options ``retries`` and ``retry_timeout``."""

    retries: int = 10
    seconds: float = 120.0
    clock: Clock = Clock()

    def attempts(self, until: float = math.inf) -> Attempts:
        """Those of one request. None begins after ``until``, a time of the clock."""
        return Attempts(self.retries, min(until, self.clock.now() + self.seconds), self.clock)

    def polls(self, until: float) -> Attempts:
        """The retries of one poll of an operation: as many as the time allows."""
        return Attempts(None, until, self.clock)


class Attempts:
    """The attempts of one request: a number of retries and a point in time, whichever ends first."""

    def __init__(self, retries: int | None, deadline: float, clock: Clock) -> None:
        self.made = 0
        # Whether one of them may have been taken although it was not answered with success.
        self.unclear = False
        self._retries = retries
        self._deadline = deadline
        self._clock = clock

    @property
    def remaining_seconds(self) -> float:
        return self._deadline - self._clock.now()

    def pause_after(self, outcome: Answer | ConnectionLost, repeatable: bool) -> float | None:
        """Seconds until the next attempt, or None when this outcome is the last one. It is marked as unclear where one of the attempts is."""
        outcome.unclear = self.unclear = self.unclear or _may_be_accepted(outcome)
        if not try_again(outcome, repeatable):
            return None
        return self.pause(retry_after(outcome.headers) if isinstance(outcome, Answer) else None)

    def pause(self, asked: float | None) -> float | None:
        """Seconds until the next attempt, or None when the budget does not reach that far.

        Never less than the service ``asked`` for (Retry-After), plus up to a second, so that many clients do not return at once.
        """
        if self._retries is not None and self.made >= self._retries:
            return None
        if asked is None:
            delay = min(LONGEST_BACKOFF, 2.0 ** min(self.made, 10)) * (0.5 + self._clock.rand() / 2)
        else:
            delay = max(SHORTEST_PAUSE, asked) + self._clock.rand()
        self.made += 1
        return delay if self._clock.now() + delay <= self._deadline else None


def try_again(outcome: Answer | ConnectionLost, repeatable: bool) -> bool:
    """Whether the same request may be sent again.

    A POST action is repeated only when it was surely not taken: throttled, turned away with a time to come back, or not sent.
    """
    if isinstance(outcome, ConnectionLost):
        passing = outcome.code not in ("CertificateNotTrusted", limits.TOO_LARGE)
        return passing and (repeatable or outcome.unsent)
    if outcome.status in RETRY_STATUSES:
        return (
            repeatable or outcome.status == 429 or (outcome.status == 503 and retry_after(outcome.headers) is not None)
        )
    cut_off = not outcome.readable and not outcome.web_page and outcome.refused is None
    return outcome.method == "GET" and outcome.status == 200 and cut_off


def _may_be_accepted(outcome: Answer | ConnectionLost) -> bool:
    if isinstance(outcome, ConnectionLost):
        return not outcome.unsent
    return outcome.status >= 500 or outcome.status == 408


def retry_after(headers: t.Mapping[str, str]) -> float | None:
    """Seconds to wait, from milliseconds, seconds or an HTTP date (counted from the server's own Date). Names of ``headers`` are in lower case."""
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        milliseconds = headers.get(name)
        if milliseconds and re.fullmatch(r"[0-9]{1,12}", milliseconds):
            return min(LONGEST_RETRY_AFTER, int(milliseconds) / 1000.0)
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        seconds: float | None = float(value)
    except ValueError:
        seconds = _seconds_until(value, headers.get("date"))
    return None if seconds is None or math.isnan(seconds) else min(LONGEST_RETRY_AFTER, max(0.0, seconds))


def _seconds_until(date: str, sent: str | None) -> float | None:
    until = _timestamp(date)
    now = _timestamp(sent) if sent else None
    if until is None:
        return None
    return until - (time.time() if now is None else now)


def _timestamp(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
