# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all unit tests share: the simulator's package on the path, and an environment that decides nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes depends on the machine and on what else it does.
settings.register_profile("collection", deadline=None)
settings.load_profile("collection")

# pytest.ini says the same, and ansible-test has a configuration of its own.
_SIMULATOR = str(Path(__file__).resolve().parents[1] / "simulator")
if _SIMULATOR not in sys.path:
    sys.path.insert(0, _SIMULATOR)
from azureml_simulator.variables import CLIENT_SETTINGS


@pytest.fixture
def python_of_its_own() -> t.Callable[[str], str]:
    """Run a program in a Python of its own that finds the collection; what it prints."""
    root = Path(__file__).resolve().parents[2]
    # ansible-test puts a copy of the collection where its name says, and its own finder of collections into the tests' process alone.
    beside = [str(root.parents[2])] if root.parts[-3:] == ("ansible_collections", "azureml", "compute") else []

    def run(program: str) -> str:
        path = os.pathsep.join([*beside, *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, "PYTHONPATH": path} if path else dict(os.environ)
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(autouse=True)
def no_foreign_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own sign-in must not decide a test (docs of the options: E(...) in plugins/doc_fragments/auth.py)."""
    for name in list(os.environ):
        if name.startswith(CLIENT_SETTINGS):
            monkeypatch.delenv(name)
