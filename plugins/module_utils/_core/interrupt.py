# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGTERM and SIGINT as a request to end the run: ansible-playbook hands its own on to its modules' processes, and ``podman stop`` or a pod's end
sends them before SIGKILL. Operations that the service has accepted continue; only the waiting ends.
"""

from __future__ import annotations

import signal
import threading
import time
import typing as t

from .errors import AmlError

_SIGNALS = (signal.SIGTERM, signal.SIGINT)

# Seconds after which a pause notices the request. It reads a plain attribute: a lock must not be taken in a signal's handler.
_STEP = 0.2


class Interrupted(AmlError):
    """The process was asked to end while it waited."""

    default_code = "Interrupted"


class Interruption:
    """Whether the process was asked to end."""

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[signal.Signals, t.Any] = {}

    def __enter__(self) -> Interruption:
        # Python gives signals to the main thread alone.
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._ask) for number in _SIGNALS}
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, *_: object) -> None:
        self.asked = True

    def pause(self, seconds: float) -> None:
        """``time.sleep``, which ends with Interrupted."""
        end = time.monotonic() + seconds
        while not self.asked and (remaining := end - time.monotonic()) > 0:
            time.sleep(min(remaining, _STEP))
        self.check()

    def check(self) -> None:
        if self.asked:
            raise Interrupted(
                "The run was interrupted.",
                hint="Operations that the service accepted continue. Run the same task again: it waits for them.",
            )
