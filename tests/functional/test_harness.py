# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated Azure of these tests, in a process with several threads, as a fleet has them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ansible_collections.azureml.compute.tests.support.azure import WORKSPACE_ID, Azure


def test_threads_sleep_while_others_ask(azure: Azure) -> None:
    """Python 3.13's sqlite3 refuses what two threads do at once ("bad parameter or other API misuse")."""

    def sleep_and_ask(number: int) -> str:
        azure.sleep(0.25)
        return str(azure.get(WORKSPACE_ID)["name"])

    before = azure.app.clock.now()
    with ThreadPoolExecutor(16) as pool:
        names = set(pool.map(sleep_and_ask, range(300)))
    assert len(names) == 1 and azure.slept == 75.0
    assert azure.app.clock.now() - before >= 75.0
