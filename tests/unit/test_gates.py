# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates' table (scripts/gates.py): it names all sessions of nox, and tells a failure and a missing Python from a success."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.scripts import gates as _gates

ROOT = Path(__file__).resolve().parents[2]
NOX = Path(sys.executable).parent / "nox"


@pytest.fixture
def gates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    monkeypatch.setattr(_gates, "LOGS", tmp_path)
    monkeypatch.setattr(_gates, "BIN", tmp_path)
    return _gates


@pytest.mark.parametrize(
    ("printed", "code", "result", "looked_at"),
    [
        ("Running sanity test \"pep8\"\nRunning sanity test \"import\" on Python 3.11\n", 0, "passed", "2 tests of ansible-test sanity"),
        ("Versions: Python 3.11.7 azure-core 1.31.0\n10 passed, 2 skipped in 3.2s\n1 passed in 1s\n", 0, "passed",
         "Python 3.11.7 azure-core 1.31.0, 11 tests, 2 skipped"),
        ("10 passed, 1 failed in 3.2s\n", 1, "**failed**", "see build/gates/lowest.log"),
        ("nox > Galaxy importer emitted the following non-fatal errors:\n* No changelog found\n", 0, "**failed**", "see build/gates/lowest.log"),
        ("nox > Session lowest failed: Python interpreter 3.11 not found.\n", 1, "not run", "needs python3.11 on the PATH, or in pyenv"),
        ("Success: no issues found in 166 source files\n", 0, "passed", "166 files, mypy --strict"),
        ("1890 functions, none above complexity 12\n", 0, "passed", "1890 functions, none above complexity 12"),
        ("Created collection for a.b at /tmp/x/a-b-0.1.0.tar.gz\n", 0, "passed", "a-b-0.1.0.tar.gz, as Galaxy takes it"),
        # As a test's own name may have it.
        ("test_a_row[nox > Session lowest failed: Python interpreter 3.11 not found.] FAILED\n", 1, "**failed**", "see build/gates/lowest.log"),
    ],
    # ansible-test units shows these names among its output, in which the command looks for such words.
    ids=["sanity", "tests", "failure", "finding", "interpreter", "types", "complexity", "archive", "interpreter-in-a-name"],
)  # fmt: skip
def test_a_row(gates: types.ModuleType, tmp_path: Path, printed: str, code: int, result: str, looked_at: str) -> None:
    nox = tmp_path / "nox"
    nox.write_text(f"#!{sys.executable}\nimport sys\nprint({printed!r})\nsys.exit({code})\n")
    nox.chmod(0o755)
    row = gates.run("lowest")
    assert (row.gate, row.result, row.looked_at) == ("lowest", result, looked_at)
    assert printed in (tmp_path / "lowest.log").read_text()
    assert gates.table([row])[-1].startswith(f"| `lowest` | {result} | ")


@pytest.mark.skipif(
    not NOX.exists(), reason="missing: nox; requirements-dev.txt has it, ansible-test's environment does not"
)
def test_every_session_is_a_gate(gates: types.ModuleType) -> None:
    listed = subprocess.run([NOX, "--list"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120).stdout
    sessions = {line.split()[1] for line in listed.splitlines() if line.startswith("* ")}
    assert sessions - {"lint"} == set(gates.ORDER), "lint is antsibull-nox's name for a group of sessions"
