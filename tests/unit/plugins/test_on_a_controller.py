# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the tests of the on_controller_*.py beside it in a process that is an Ansible controller.

Importing Ansible's controller side changes for good how modules warn and serialise in the same process (``is_controller`` in ansible-core
2.19's ansible.module_utils._internal), so the tests of modules could not run beside them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ansible.module_utils import _internal

FILES = sorted(Path(__file__).parent.glob("on_controller_*.py"))
ROOT = FILES[0].parents[3]


def test_no_other_test_imports_the_controllers_side() -> None:
    assert not _internal.is_controller


def test_on_a_controller() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", *map(str, FILES)]
    # ansible-test's plugins import collections before a controller could.
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_PLUGINS"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
