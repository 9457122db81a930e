# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all unit tests share: the simulator's package on the path, and an environment that decides nothing."""
from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

# pytest.ini says the same, and ansible-test has a configuration of its own.
for _folder in map(str, Path(__file__).resolve().parents[:2]):
    if _folder not in sys.path:
        sys.path.insert(0, _folder)

# A developer's own sign-in must not decide a test (docs of the options: E(...) in plugins/doc_fragments/auth.py).
_FOREIGN = ("AZURE_", "AZUREML_", "ARM_", "ANSIBLE_AZURE_", "AML_SIMULATOR")


@pytest.fixture(autouse=True)
def no_foreign_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(_FOREIGN):
            monkeypatch.delenv(name)
