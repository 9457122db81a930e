# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same desired document gives the same plan: in any order, twice in a row, and after export and re-import; for every kind and all of its options."""

from __future__ import annotations

import random
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, Azure
from ansible_collections.azureml.compute.tests.support.declarations import Declaration, declarations

from .test_fleet import FLEET

Document = list[dict[str, t.Any]]
TYPES = {"aml_compute_cluster": "amlcompute", "aml_compute_instance": "computeinstance", "aml_inference_cluster": "aks"}


def document(rows: t.Iterable[Declaration]) -> Document:
    computes = [{"type": TYPES.get(row.module), **row.options} for row in rows]
    return [{"name": WORKSPACE, "resource_group": GROUP, "computes": computes}]


@pytest.fixture
def world(azure: Azure) -> dict[str, Declaration]:
    """Every declaration of the matrix, made by one run of a fleet."""
    made = declarations(azure)
    done = azure.run(FLEET, workspaces=document(made.values()))
    assert done["totals"] == {"targets": len(made), "failed": 0, "create": len(made)}
    return made


def plan(azure: Azure, wanted: Document) -> dict[str, t.Any]:
    result = azure.run(FLEET, check=True, workspaces=wanted, full_result=True)
    assert azure.writes == []
    return {target["id"]: (target["action"], target["changes"], target["reason"]) for target in result["targets"]}


def shuffled(wanted: Document) -> Document:
    computes = random.Random(7).sample(wanted[0]["computes"], len(wanted[0]["computes"]))
    return [
        {**wanted[0], "computes": [dict(reversed(compute.items())) for compute in computes[::2]]},
        {**wanted[0], "computes": computes[1::2]},
    ]


def exported(azure: Azure) -> Document:
    """What is there as a document, on its way through a file."""
    return t.cast(Document, yaml.safe_load(yaml.safe_dump([azure.run("aml_export_info")["fleet"]])))


def changed(wanted: Document, changes: dict[str, dict[str, t.Any]]) -> Document:
    """The document with something else declared of some targets; tags go over those that are declared."""
    computes = []
    for compute in wanted[0]["computes"]:
        more = dict(changes.get(compute["name"], {}))
        tags = {**(compute.get("tags") or {}), **more.pop("tags", {})}
        computes.append({**compute, **more, **({"tags": tags} if tags else {})})
    return [{**wanted[0], "computes": computes}]


def test_the_same_document_gives_the_same_plan(azure: Azure, world: dict[str, Declaration]) -> None:
    wanted = document(world.values())
    assert {action for action, _changes, _reason in plan(azure, wanted).values()} == {"none"}, "twice in a row"
    back = exported(azure)
    assert {compute["name"] for compute in back[0]["computes"]} == {row.options["name"] for row in world.values()}
    assert plan(azure, back) == plan(azure, wanted), "what was exported declares what is there"

    changes = {row.options["name"]: row.changes[0] for row in world.values() if row.changes}
    first = plan(azure, changed(wanted, changes))
    assert {identifier.rsplit("/", 1)[1] for identifier, (action, *_row) in first.items() if action != "none"} == set(
        changes
    )
    assert plan(azure, changed(wanted, changes)) == first, "twice in a row"
    assert plan(azure, shuffled(changed(wanted, changes))) == first, "in any order"
    assert plan(azure, changed(back, changes)) == first, "after export and re-import"

    done = azure.run(FLEET, workspaces=changed(back, changes), full_result=True)
    assert {
        target["id"]: (target["action"], target["changes"], target["reason"]) for target in done["targets"]
    } == first, "what was planned is what is done"
    assert {action for action, *_row in plan(azure, exported(azure)).values()} == {"none"}


def test_the_files_of_the_cli_as_well(azure: Azure, world: dict[str, Declaration], tmp_path: Path) -> None:
    place = tmp_path / GROUP / WORKSPACE
    place.mkdir(parents=True)
    for name, text in azure.run("aml_export_info")["cli_yaml"].items():
        if name != "workspace.yml":
            (place / name).write_text(text)
    done = azure.run(FLEET, folder=str(tmp_path))
    assert not done["changed"] and done["totals"]["none"] == len(list(place.iterdir())) > 8
