# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random declarations of every kind, and every wrong value of every option, on the simulator in process: what was tried, and whether it held.

    python -m scripts.properties                  the tables; exit code 1 where something did not hold
    python -m scripts.properties --examples 200   more random examples of each kind (60 unless told)
    python -m scripts.properties --write FILE     also as Markdown

The tests of each day try a few examples that are always the same; these here are others every time. A failure prints what makes it happen again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from .command import add_write, publish
from .environment import run_pytest

TESTS = ["tests/functional/test_properties.py", "tests/functional/test_bad_input.py"]
COLUMNS = {
    "properties": ("kind", "options drawn", "examples", "applied", "refused unchanged", "failed"),
    "bad input": ("module", "options", "wrong values", "refused before the first request"),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=60, help="random examples of each kind")
    add_write(parser)
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder, "figures.jsonl")
        figures.touch()
        failed = tests(figures, options.examples)
        table = tabulated([json.loads(line) for line in figures.read_text(encoding="utf-8").splitlines()])
    table += [
        "",
        f"{time.monotonic() - started:.0f} s on {os.cpu_count()} cores."
        + (" Not all held: see above." if failed else " All held."),
    ]
    print()
    publish(table, options.write)
    return failed


def tests(figures: Path, examples: int) -> int:
    return run_pytest(TESTS, PROPERTIES_FIGURES=str(figures), PROPERTIES_EXAMPLES=str(examples))


def tabulated(rows: list[tuple[str, str, dict[str, int]]]) -> list[str]:
    """A table for each kind of row, with its sum; in the order of names, since tests run beside each other."""
    lines: list[str] = []
    for table, columns in COLUMNS.items():
        counted = sorted((name, counts) for title, name, counts in rows if title == table)
        lines += ["", "| " + " | ".join(columns) + " |", "|---|" + "---:|" * (len(columns) - 1)]
        lines += [line(name, counts, columns) for name, counts in counted]
        total = {column: sum(counts[column] for _name, counts in counted) for column in columns[1:]}
        lines.append(line("all", total, columns))
    return lines[1:]


def line(name: str, counts: dict[str, t.Any], columns: tuple[str, ...]) -> str:
    return f"| {name} | " + " | ".join(f"{counts[column]:,}" for column in columns[1:]) + " |"


if __name__ == "__main__":
    sys.exit(main())
