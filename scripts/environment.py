# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run tests and benchmarks in the caller's environment without its settings of Azure and of Ansible, which must not decide a result.

eval "$(python -m scripts.environment)"      remove them from a shell
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import typing as t

from azureml_simulator.variables import CLIENT_SETTINGS

from .command import ROOT

# Prefixes of the variables that are removed, in each of the commands and in the integration tests.
FOREIGN = (*CLIENT_SETTINGS, "ANSIBLE_")


def foreign_names() -> list[str]:
    """Return the names of the caller's variables that are removed."""
    return [name for name in os.environ if name.startswith(FOREIGN)]


def own_environment() -> dict[str, str]:
    """Return the caller's environment without them."""
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}


def run_pytest(tests: t.Sequence[str], *options: str, output: t.TextIO | None = None, **variables: str) -> int:
    """Run tests on several workers, with these variables set; return the exit status."""
    workers = os.environ.get("AML_TEST_WORKERS", "2")
    command = [sys.executable, "-m", "pytest", "-q", "-n", workers, *options, *tests]
    return subprocess.run(command, cwd=ROOT, env=own_environment() | variables, stdout=output, check=False).returncode


def shell_line() -> str:
    """Return the command that removes them from a shell."""
    return shlex.join(["unset", *foreign_names()])


if __name__ == "__main__":
    print(shell_line())
