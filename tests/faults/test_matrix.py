# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The short form of ``make faults``: each fault once, each module once, and every cell in which the whole matrix once found a defect."""

from __future__ import annotations

import random
import time
import typing as t

import pytest

from . import _second_writer
from ._cases import CASES
from ._faults import FAULTS, REQUEST, Fault
from ._matrix import Place, Verdict, World

SEED = 6


class Worlds:
    """One world for each case, made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict[str, World] = {}

    def of(self, name: str) -> World:
        if name not in self._made:
            self._made[name] = World(next(case for case in CASES if case.name == name))
        return self._made[name]

    def close(self) -> None:
        for world in self._made.values():
            world.close()


@pytest.fixture(scope="module")
def worlds() -> t.Iterator[Worlds]:
    made = Worlds()
    yield made
    made.close()


def sample(worlds: Worlds, seed: int) -> t.Iterator[tuple[World, Fault, Place]]:
    """Modules in turn, faults in turn; of each module one case, of each fault one place."""
    chance = random.Random(seed)
    modules = list(dict.fromkeys(case.module for case in CASES))
    turn = [
        chance.choice([case.name for case in CASES if case.module == module])
        for module in chance.sample(modules, len(modules))
    ]
    unused = set(turn)
    for fault in chance.sample(FAULTS, len(FAULTS)):
        for _try in range(len(turn)):
            name = [case.name for case in CASES if case.name.startswith(fault.only)][0] if fault.only else turn[0]
            turn.append(turn.pop(0))
            if places := worlds.of(name).places(fault):
                unused.discard(name)
                yield worlds.of(name), fault, chance.choice(places)
                break
        else:
            raise AssertionError(f"{fault.name} strikes nowhere")
    for name in sorted(unused):
        fault = chance.choice([fault for fault in FAULTS if fault.strikes == REQUEST])
        yield worlds.of(name), fault, chance.choice(worlds.of(name).places(fault))


def complaints(verdicts: t.Iterable[Verdict]) -> list[str]:
    return [f"{verdict.name}: {'; '.join(verdict.wrong)}" for verdict in verdicts if verdict.wrong]


def test_a_world_that_is_put_back_has_its_time_again(worlds: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the runs before took: a later time changes which requests a run sends."""
    world = worlds.of("job check")
    later = time.time() + 500
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: later)
        world.put_back()
        assert world.azure.app.clock.now() == world._time
    world.put_back()


def test_each_fault_and_each_module(worlds: Worlds) -> None:
    verdicts = [world.strike(fault, place) for world, fault, place in sample(worlds, SEED)]
    assert {verdict.fault.name for verdict in verdicts} == {fault.name for fault in FAULTS}
    assert {verdict.case.module for verdict in verdicts} == {case.module for case in CASES}
    assert not complaints(verdicts)
    # A matrix in which nothing breaks a run, or every fault does, strikes nowhere.
    assert 5 < sum(verdict.survived for verdict in verdicts) < len(verdicts) - 5


# Case, fault, and part of the place's name.
FOUND = [
    ("fleet: change, prune", "401 in the middle", "computeOperationsStatus", "a half-done target was not told of"),
    ("instance: resize", "500", "POST laptop/resize", "it stayed stopped, and nobody was told"),
    ("instance: resize", "operation fails", "operation 2", "nothing was said of what to do"),
    ("instance: stop", "500", "computeOperationsStatus", "the cause of a wait's end was not told by its code"),
    (
        "instance: stop",
        "a proxy's page in place of the service",
        "POST laptop/stop",
        "a proxy's page passed for success",
    ),
    ("instance: stop", "connection refused", "POST laptop/stop", "what was surely not sent was reported as a change"),
    (
        "instance: create, mount, stop",
        "Failed though the operation succeeded",
        "operation 2",
        "a stop without effect passed for one",
    ),
    (
        "instance: resize",
        "Failed though the operation succeeded",
        "operation 1",
        "a resize was tried on an instance that had not stopped",
    ),
    (
        "instance: resize",
        "Failed though the operation succeeded",
        "operation 3",
        "it stayed stopped, and nobody was told",
    ),
    (
        "instance: start",
        "Failed though the operation succeeded",
        "operation 1",
        "a start without effect passed for one",
    ),
    (
        "fleet: change, prune",
        "Failed though the operation succeeded",
        "operation 3",
        "a stop without effect passed for one",
    ),
    ("keys read again", "429 without Retry-After", "workspaceOperationsStatus", "the action was not told of"),
    ("quotas", "504", "GET eastus/quotas", "the write was not told of"),
    ("workspace: a soft-deleted name", "502", "PUT deployments", "azure-ai-ml's error had no code"),
    ("workspace: a soft-deleted name", "connection refused", "GET workspaces/ws-soft", "InternalError"),
    ("workspace: a soft-deleted name", "a proxy's page in place of the answer", "request 5", "InternalError"),
    (
        "workspace: purge, create",
        "reset after the request is taken",
        "PUT deployments",
        "its own deployment was taken for another's",
    ),
    (
        "workspace: create",
        "stale reads after a write",
        "2 time(s)",
        "a deployment that is not seen yet was taken for none",
    ),
    (
        "workspace: delete with dependents",
        "401 in the middle",
        "DELETE vaults",
        "what was left was not told, and no later run finds it",
    ),
    (
        "workspace: delete with dependents",
        "truncated body, broken off",
        "DELETE workspaces",
        "its own success was taken for a failure",
    ),
    ("workspace: update", "operation fails", "operation 1", "no later run mended it"),
    ("workspace: create project", "Failed though the operation succeeded", "operation 1", "no later run mended it"),
    ("resource: create", "Failed though the operation succeeded", "operation 1", "the failure had no code"),
]


@pytest.mark.parametrize(
    ("case", "fault", "place", "defect"), FOUND, ids=[f"{row[0]}, {row[1]}, {row[2]}" for row in FOUND]
)
def test_what_the_matrix_found(worlds: Worlds, case: str, fault: str, place: str, defect: str) -> None:
    world, order = worlds.of(case), next(item for item in FAULTS if item.name == fault)
    struck = [item for item in world.places(order) if place in str(item)]
    assert struck
    # The last is the lasting one, where a fault is both.
    assert not complaints([world.strike(order, struck[-1])]), defect


# Cases in which another writer acts, and every how many-th cell is run here.
RIVALS = {"cluster: replace by its description": 1, "instance: replace": 1, "fleet: prune": 5, "fleet: datastores": 3}


@pytest.mark.parametrize("name", RIVALS)
def test_no_change_of_a_second_writer_is_lost(name: str) -> None:
    number = next(number for number, case in enumerate(_second_writer.CASES) if case.name == name)
    rows = _second_writer.work(number, RIVALS[name])
    assert not [f"{row.name}: {row.why}" for row in rows if row.became == _second_writer.LOST]
    # A second writer who can do nothing, or is never in the way, would show nothing.
    assert len({row.act for row in rows}) > 3 and {row.became for row in rows} > {_second_writer.FAILED}
