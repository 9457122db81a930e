# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals that ask a run to end: they end its pauses, and nothing else."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core.interrupt import Interrupted, Interruption


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_pause_of_every_thread(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    raised: list[Interrupted] = []

    def wait() -> None:
        try:
            interruption.pause(600)
        except Interrupted as error:
            raised.append(error)

    with Interruption() as interruption:
        threads = [threading.Thread(target=wait) for _each in range(3)]
        for thread in threads:
            thread.start()
        os.kill(os.getpid(), number)
        for thread in threads:
            thread.join(60)
        assert interruption.asked and len(raised) == 3 and raised[0].code == "Interrupted"
        with pytest.raises(Interrupted):
            interruption.check()
    assert signal.getsignal(number) is before


def test_without_a_signal_a_pause_is_a_pause() -> None:
    with Interruption() as interruption:
        began = time.monotonic()
        interruption.pause(0.05)
        interruption.check()
    assert time.monotonic() - began >= 0.05
