# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the processes of ``make faults`` do: the cells of one case. A module of its own, so that a process that is no fork finds it."""

from __future__ import annotations

import os
import typing as t

from . import _second_writer
from ._cases import CASES
from ._faults import FAULTS, Fault
from ._matrix import Place, World, cells

# Set for processes in which modules run through their action plugins.
ACTIONS = "AML_TEST_ACTIONS"


class Row(t.NamedTuple):
    """One cell of the matrix as a figure. ``end``: how it ended, which is the same in both ways; ``in_process``: through the action plugin."""

    module: str
    fault: str
    name: str
    survived: bool
    killed: bool
    converged: bool
    duplicated: bool
    wrong: tuple[str, ...]
    end: str
    in_process: bool


class Chosen(t.NamedTuple):
    """A case by its number, and which of its cells; ``one_each``: of each fault only one."""

    case: int
    fault: str
    every: int
    one_each: bool = False


def work_second_writer(chosen: Chosen) -> list[_second_writer.Row]:
    """The cells of one case in which another writer acts."""
    quiet()
    return _second_writer.work(chosen.case, chosen.every)


def work(chosen: Chosen) -> list[Row]:
    """The cells of one case."""
    case = CASES[chosen.case]
    quiet()
    world = World(case)
    faults = [fault for fault in FAULTS if chosen.fault in fault.name]
    places = one_each(world, faults, chosen.case) if chosen.one_each else list(cells(world, faults))
    try:
        found = [world.strike(fault, place) for fault, place in places[chosen.case % chosen.every :: chosen.every]]
    finally:
        world.close()
    return [
        Row(
            case.module,
            item.fault.name,
            item.name,
            item.survived,
            item.killed,
            item.converged,
            item.duplicated,
            tuple(item.wrong),
            item.end,
            chosen.one_each,
        )
        for item in found
    ]


def one_each(world: World, faults: t.Sequence[Fault], turn: int) -> list[tuple[Fault, Place]]:
    """A cell of each fault that strikes the case somewhere; over all cases, all places in turn."""
    found = [list(cells(world, [fault])) for fault in faults]
    return [places[(turn + number) % len(places)] for number, places in enumerate(found) if places]


def quiet() -> None:
    """What azure-ai-ml logs and prints of each deployment is not for a table."""
    import logging

    logging.disable(logging.CRITICAL)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
