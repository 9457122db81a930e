# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for pytest, which finds them by the entry point `pytest11` of the installed package."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from azureml_simulator.variables import CLIENT_SETTINGS

if TYPE_CHECKING:
    from azureml_simulator.simulator import Simulator


@pytest.fixture(scope="session")
def azureml_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A running simulator (`azureml_simulator.Simulator`), one for the whole run, or for each worker of pytest-xdist."""
    from azureml_simulator.simulator import Simulator

    with Simulator(tmp_path_factory.mktemp("azureml-simulator")) as simulator:
        yield simulator


@pytest.fixture
def azureml_environment(azureml_simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables of the simulator, set for the duration of one test; those of a real Azure are removed for that time."""
    for name in [name for name in os.environ if name.startswith(CLIENT_SETTINGS)]:
        monkeypatch.delenv(name)
    environment = azureml_simulator.environment
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment
