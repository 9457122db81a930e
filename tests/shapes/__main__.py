# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All modules on answers of other shapes, as a table: ``make shapes``.

    python -m shapes [--write FILE] [--case TEXT] [--values N] [--every N] [--seed N] [--processes N]

Each kind of place gets ``--values`` of the values, others in each case and with each ``--seed``; ``--every`` takes each so many-th of these only. Ends
with 1 where a rule was broken.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
import typing as t
from datetime import UTC, datetime

from ansible_collections.azureml.compute.scripts.command import add_write, publish
from ansible_collections.azureml.compute.tests.support.processes import each
from faults._cases import CASES
from faults._shared import table
from faults._work import quiet

from ._fuzz import VALUES, Cell, Fuzzed

COLUMNS = (
    "answers changed", "UnexpectedAnswer", "other clear failure", "survived", "internal errors", "other targets lost", "other rules broken",
)  # fmt: skip


class Row(t.NamedTuple):
    """One cell as a figure."""

    module: str
    name: str
    failed: bool
    unexpected: bool
    internal: bool
    lost: bool
    wrong: tuple[str, ...]


class Chosen(t.NamedTuple):
    """A case by its number, and which of its cells."""

    case: int
    values: int
    every: int
    seed: int


def work(chosen: Chosen) -> list[Row]:
    """The cells of one case."""
    quiet()
    case = CASES[chosen.case]
    fuzzed = Fuzzed(case)
    try:
        return [
            row(fuzzed.strike(mutation))
            for mutation in fuzzed.mutations(chosen.values, chosen.seed)[chosen.case % chosen.every :: chosen.every]
        ]
    finally:
        fuzzed.close()


def row(cell: Cell) -> Row:
    return Row(
        cell.case.module,
        f"{cell.case.name} | {cell.mutation}",
        cell.failed,
        cell.unexpected,
        cell.internal,
        cell.lost,
        tuple(cell.wrong),
    )


def figures(rows: t.Sequence[Row]) -> tuple[int, ...]:
    clear = [row for row in rows if row.failed and not row.internal]
    unexpected = sum(row.unexpected for row in clear)
    others = sum(bool(row.wrong) and not row.internal and not row.lost for row in rows)
    survived = sum(not row.failed for row in rows)
    return (
        len(rows),
        unexpected,
        len(clear) - unexpected,
        survived,
        sum(row.internal for row in rows),
        sum(row.lost for row in rows),
        others,
    )


def report(rows: t.Sequence[Row], seconds: float, options: argparse.Namespace) -> str:
    """The table as Markdown, with where and when it was made."""
    modules = list(dict.fromkeys(case.module for case in CASES))
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    command = (
        "make shapes"
        if (options.values, options.every) == (1, 1)
        else f"python -m shapes --values {options.values} --every {options.every}"
    )
    which = "Each kind of place" if options.every == 1 else f"One in {options.every} kinds of place"
    return (
        f"Made by `{command}` on {datetime.now(UTC):%Y-%m-%d} ({machine}): {len(rows)} runs in {seconds:.0f} s. In each, one value of the "
        "service's answers is null, a text, a number, a list, a mapping, a very long text, a boolean, a negative or a huge number, or missing. "
        f"{which} of each document had {options.values} of these {len(VALUES)}, before and after the first write, others in each of a module's cases "
        f"(`--seed {options.seed}`).\n\n"
        + table("module", COLUMNS, rows, lambda one: one.module, modules, figures)
        + "\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="shapes", description="Every module on answers of other shapes.")
    add_write(parser)
    parser.add_argument("--case", default="")
    parser.add_argument("--values", type=int, default=1)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    chosen = [
        Chosen(number, options.values, options.every, options.seed)
        for number, case in enumerate(CASES)
        if options.case in case.name
    ]
    began = time.monotonic()
    rows: list[Row] = []
    for done in each(work, chosen, options.processes):
        rows += done
        for row in (row for row in done if row.wrong):
            print(f"{row.name}\n" + "\n".join(f"    {sentence}" for sentence in row.wrong), flush=True)
    text = report(rows, time.monotonic() - began, options)
    publish(text.splitlines(), options.write)
    return 1 if any(row.wrong for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
