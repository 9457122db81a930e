# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated time: real time times a speed, so that an operation of minutes can be over in a second.

Time stamps have the form that the service writes: seven digits and an offset (docs/facts.md a.6 [REC R1]).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class _Bookkeeping(Protocol):
    def kv_get(self, space: str, key: str) -> object: ...

    def kv_put(self, space: str, key: str, value: object) -> None: ...


class Clock:
    """A clock that runs `speed` times as fast as the real one; it never goes back, not even over a restart."""

    speed: float
    _real: float
    _simulated: float

    def __init__(self, speed: float = 1.0, store: _Bookkeeping | None = None) -> None:
        self._store = store
        saved = store.kv_get("clock", "origin") if store is not None else None
        if isinstance(saved, dict):
            self.speed, self._real, self._simulated = saved["speed"], saved["real"], saved["simulated"]
        else:
            self.restart(speed)

    def restart(self, speed: float = 1.0) -> None:
        """Back to real time."""
        self.speed, self._real = speed, time.time()
        self._simulated = self._real
        self._save()

    def now(self) -> float:
        """Seconds of simulated time since the epoch."""
        return self._simulated + (time.time() - self._real) * self.speed

    def set_speed(self, speed: float) -> None:
        self._rebase(0.0)
        self.speed = float(speed)
        self._save()

    def advance(self, seconds: float) -> None:
        """Let simulated time pass at once."""
        self._rebase(max(0.0, float(seconds)))
        self._save()

    def advance_to(self, hour: float) -> None:
        """Let simulated time pass until that hour of a day, UTC."""
        self.advance((hour * 3600 - self.now()) % 86400)

    def iso(self, ts: float | None = None, digits: int = 7) -> str:
        moment = self.now() if ts is None else ts
        ticks = round(moment * 10**7)
        whole, fraction = divmod(ticks, 10**7)
        stamp = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{stamp}.{fraction:07d}"[: len(stamp) + 1 + digits].rstrip(".") + "+00:00"

    def _rebase(self, gained: float) -> None:
        real = time.time()
        self._simulated, self._real = self._simulated + (real - self._real) * self.speed + gained, real

    def _save(self) -> None:
        if self._store is not None:
            origin = {"speed": self.speed, "real": self._real, "simulated": self._simulated}
            self._store.kv_put("clock", "origin", origin)
