# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lines and branches of plugins/ the fast tests reach (unit, functional, contract), each file and in all.

    python -m scripts.cover                the table; exit code 1 where lines or branches in all are under 95 %
    python -m scripts.cover --write FILE   also as Markdown

The real ansible-playbook of tests/integration is not counted: what only it reaches is not reached here.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import typing as t

from .command import ROOT, add_write, publish
from .environment import own_environment

OUTPUT = ROOT / "tests" / "output" / "coverage"
TESTS = ["tests/unit", "tests/functional", "tests/contract"]
LEAST = 95.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_write(parser)
    options = parser.parse_args()
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    coverage("run", "-m", "pytest", "-q", *TESTS)
    coverage("combine", "-q")
    coverage("json", "-q", "-o", str(OUTPUT / "coverage.json"))
    document = json.loads((OUTPUT / "coverage.json").read_text())
    table, enough = tabulated(document)
    print()
    publish(table, options.write)
    if not enough:
        print(f"\nLines and branches are to be {LEAST:g} % each. What is missing: coverage report -m")
    return 0 if enough else 1


def coverage(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "coverage", *arguments], cwd=ROOT, env=own_environment(), check=False)
    if done.returncode:
        sys.exit(f"coverage {arguments[0]} failed.")


def tabulated(document: dict[str, t.Any]) -> tuple[list[str], bool]:
    rows = ["| file | lines | reached | branches | reached |", "|---|---:|---:|---:|---:|"]
    files = {
        name: entry["summary"]
        for name, entry in sorted(document["files"].items())
        if entry["summary"]["num_statements"]
    }
    for name, summary in {**files, "all": document["totals"]}.items():
        shares = f"{summary['num_statements']} | {shown(line_share(summary))} | {summary['num_branches']} | {shown(branch_share(summary))}"
        rows.append(f"| {name.removeprefix('plugins/')} | {shares} |")
    totals = document["totals"]
    return rows, min(line_share(totals), branch_share(totals)) >= LEAST


def line_share(summary: dict[str, t.Any]) -> float:
    return percent(summary["covered_lines"], summary["num_statements"])


def branch_share(summary: dict[str, t.Any]) -> float:
    return percent(summary["covered_branches"], summary["num_branches"])


def percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 100.0


def shown(share: float) -> str:
    """Never rounded up: 94.96 % is not 95 %."""
    return f"{int(share * 10) / 10:.1f} %"


if __name__ == "__main__":
    sys.exit(main())
