# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole matrix, and its figures as tables: ``make faults``.

    python -m faults [--write FILE] [--case TEXT] [--fault TEXT] [--every N] [--processes N]

``--case`` and ``--fault`` take those whose name has the text, ``--every`` each so many-th cell. The fault "second writer" has a table of its own. Ends with
1 where a rule was broken.

All cells run as modules. One cell of each fault in each case runs through the module's action plugin as well, as tasks do by default (only that the fork is
the test's own process, which holds the simulated Azure): the same rules hold, and it ends as the module does. Not so fleets, whose threads send their
requests in another order each time, so that a fault strikes another one. With AML_TEST_ACTIONS=1 in the environment, all cells run so, and none as modules.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
import typing as t
from collections import Counter
from datetime import UTC, datetime

from ansible_collections.azureml.compute.scripts.command import add_write, publish
from ansible_collections.azureml.compute.tests.support.processes import each

from . import _second_writer
from ._cases import CASES, Case
from ._faults import FAULTS
from ._shared import table
from ._work import ACTIONS, Chosen, Row, work, work_second_writer

COLUMNS = (
    "tried",
    "survived by itself",
    "failed with a clear message",
    "killed",
    "lost",
    "duplicated",
    "converged on rerun",
    "in process too, with the same end",
)


def figures(all_rows: t.Sequence[Row]) -> tuple[int, ...]:
    """One line of a table."""
    rows = [row for row in all_rows if not row.in_process]
    same = sum(row.in_process and not row.wrong for row in all_rows)
    clean = [row for row in rows if not row.wrong]
    survived, killed = sum(row.survived for row in clean), sum(row.killed for row in clean)
    lost = sum(bool(row.wrong) and not row.duplicated for row in rows)
    duplicated, converged = sum(row.duplicated for row in rows), sum(row.converged for row in rows)
    return len(rows), survived, len(clean) - survived - killed, killed, lost, duplicated, converged, same


# They send several requests at once: which of them is the one that a fault strikes differs from run to run.
_AT_ONCE = ("aml_fleet", "aml_preflight_info")


def compared(rows: t.Sequence[Row]) -> list[Row]:
    """The rows, in which one that ended otherwise in process than as a module is wrong."""
    ends = {row.name: row.end for row in rows if not row.in_process and row.module not in _AT_ONCE}
    return [
        row._replace(wrong=(*row.wrong, f"in process: {row.end}; as a module: {ends[row.name]}"))
        if row.in_process and ends.get(row.name, row.end) != row.end
        else row
        for row in rows
    ]


def report(rows: t.Sequence[Row], seconds: float, every: int) -> str:
    """The tables as Markdown, with where and when they were made."""
    modules = list(dict.fromkeys(case.module for case in CASES))
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    return (
        "\n\n".join(
            [
                f"Made by `make faults` on {datetime.now(UTC):%Y-%m-%d} ({machine}): {sum(not row.in_process for row in rows)} runs under a fault in "
                f"{seconds:.0f} s, each with one or two runs after it, and {sum(row.in_process for row in rows)} through the action plugins"
                + (f"; one of {every} of the whole matrix." if every > 1 else "."),
                table("fault", COLUMNS, rows, lambda row: row.fault, [fault.name for fault in FAULTS], figures),
                table("module", COLUMNS, rows, lambda row: row.module, modules, figures),
                told_apart(rows),
            ]
        )
        + "\n"
    )


def told_apart(rows: t.Sequence[Row]) -> str:
    """What no rerun mends, though no rule is broken."""
    left = Counter(row.name.partition(" | ")[0] for row in rows if not (row.converged or row.wrong or row.in_process))
    cases = ", ".join(f"{name} ({count})" for name, count in sorted(left.items())) or "none"
    return (
        f"Runs that ended as they should and whose rerun does not converge: {cases}. Their modules' documentation says what a "
        "later run cannot know, or must not do unasked; a run that fails says it too, and one that is killed says nothing."
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="faults", description="Every module under every fault.")
    add_write(parser)
    parser.add_argument("--case", default="")
    parser.add_argument("--fault", default="")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    chosen = [
        Chosen(number, options.fault, options.every) for number, case in enumerate(CASES) if options.case in case.name
    ]
    began = time.monotonic()
    rivals = [
        Chosen(number, "", options.every)
        for number, case in enumerate(_second_writer.CASES)
        if options.case in case.name
    ]
    chosen.sort(key=lambda one: _long_first(CASES[one.case]))
    rows: list[Row] = []
    second = _second_writer.Table([])
    if options.fault != "second writer":
        for done in each(work, chosen, options.processes):
            rows += done
    for found in each(work_second_writer, rivals if options.fault in "second writer" else [], options.processes):
        second.rows += found
    if rows and not os.environ.get(ACTIONS):
        os.environ[ACTIONS] = "1"
        # Not forks of this process, which has imported the collection without Ansible's controller.
        for done in each(work, [one._replace(one_each=True) for one in chosen], options.processes, "spawn"):
            rows += done
        rows = compared(rows)
    text = "\n".join(
        [
            *([report(rows, time.monotonic() - began, options.every)] if rows else []),
            *([second.text()] if second.rows else []),
        ]
    )
    publish(text.splitlines(), options.write)
    for row in sorted(row for row in rows if row.wrong):
        print(f"{row.name}\n" + "\n".join(f"    {text}" for text in row.wrong))
    for lost in sorted(second.lost):
        print(f"{lost.name}\n    {lost.why}")
    return 1 if any(row.wrong for row in rows) or second.lost else 0


def _long_first(case: Case) -> int:
    return 0 if case.name.startswith(("fleet", "workspace", "instance")) else 1


if __name__ == "__main__":
    sys.exit(main())
