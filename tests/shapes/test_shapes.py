# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The short form of ``make shapes``: a sample of each module, and the answers after an accepted write."""

from __future__ import annotations

import random
import typing as t

import pytest
from faults._cases import CASES, Case

from ._fuzz import VALUES, Fuzzed

SEED = 11
CELLS = 4
# One case of each module; a module whose cases differ much in what they read has those.
NAMES = (
    "cluster: update", "instance: stop", "inference cluster: attach", "attached databricks: attach", "workspace: update",
    "connection: update", "datastore: update", "diagnostic setting: update", "role assignment: delete", "role assignments looked at",
    "extension: update", "extensions looked at", "online endpoint: update", "online deployment: update", "online endpoints looked at",
    "batch endpoint: update", "batch endpoints looked at", "batch deployment: update",
    "connections looked at", "datastores looked at", "diagnostic settings looked at",
    "resource: update", "quotas", "job check",
    "registry: update", "registries looked at", "private endpoint connection: approve", "action: provision the network",
    "keys read again", "diagnosis", "fleet: change, prune", "fleet looked at", "operations", "workspaces looked at", "computes looked at",
    "machines looked at", "export", "look ahead", "sizes", "usages", "resource looked at",
)  # fmt: skip
# What each of these reads of its target after its write, and the place in it that then has another shape.
AFTER = {
    "cluster: create": ("computes", ("properties",)),
    "cluster: update": ("computes", ("properties", "properties")),
    "instance: stop": ("computes", ("properties", "properties")),
    "attached virtualmachine: update": ("computes", ("properties",)),
    "workspace: update": ("workspaces", ("properties",)),
    "resource: update": ("virtualNetworks", ("properties",)),
    "quotas": ("quotas", ("value",)),
    "fleet: create": ("computes", ("properties",)),
}


def case_of(name: str) -> Case:
    return next(case for case in CASES if case.name == name)


def test_every_module_has_a_case_here() -> None:
    assert {case_of(name).module for name in NAMES} == {case.module for case in CASES}


@pytest.mark.parametrize("name", NAMES)
def test_a_value_of_another_shape_costs_its_own_target_alone(name: str) -> None:
    fuzzed = Fuzzed(case_of(name))
    try:
        cells = fuzzed.mutations(2, SEED)
        for mutation in random.Random(SEED).sample(cells, min(CELLS, len(cells))):
            cell = fuzzed.strike(mutation)
            assert not cell.wrong, f"{mutation}: {cell.wrong}"
    finally:
        fuzzed.close()


@pytest.mark.parametrize("name", AFTER)
def test_an_answer_of_another_shape_after_an_accepted_write(name: str) -> None:
    last, path = AFTER[name]
    fuzzed = Fuzzed(case_of(name))
    try:
        own = [
            mutation
            for mutation in fuzzed.mutations(len(VALUES))
            if mutation.path == path and f"/{last}" in mutation.address and mutation.value == "number"
        ]
        # What has no read after its write has the write's own answer.
        mutation = next(
            item for item in sorted(own, key=lambda one: not one.after) if item.after or item.method != "GET"
        )
        cell = fuzzed.strike(mutation)
        result = t.cast("dict[str, t.Any]", cell.result)
        assert not cell.wrong and cell.failed and cell.unexpected, (str(mutation), result.get("msg"))
        assert result["changed"] and (result.get("plan") or result.get("targets")), (
            "a handler must run, and the user sees what was planned"
        )
    finally:
        fuzzed.close()
