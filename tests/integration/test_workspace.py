# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workspaces through azure-ai-ml's deployment: creation, replacement, soft delete, a run that was cut off, and its dependents."""

from __future__ import annotations

import pytest

from .conftest import Player, module

WORKSPACE = "aml_workspace"


def dependents(player: Player) -> list[str]:
    """Names of what a workspace stands on, in the group."""
    kinds = ("/microsoft.storage/storageaccounts/", "/microsoft.keyvault/vaults/", "/microsoft.insights/components/")
    identifiers = [resource["id"].lower() for resource in player.simulator.control("GET", "state")["resources"]]
    return sorted(
        identifier
        for identifier in identifiers
        if f"/{player.group}/" in identifier
        and any(kind in identifier for kind in kinds)
        and "/blobservices" not in identifier
    )


@pytest.mark.slow
def test_a_name_that_is_blocked_by_a_soft_deleted_workspace(player: Player, group_task: dict) -> None:
    made = module(WORKSPACE, name="ws-soft", location="eastus", display_name="First")
    gone = module(WORKSPACE, "gone", name="ws-soft", state="absent")
    first = player.play(group_task, made, gone)
    assert first.changed == 3
    failed = player.play(made, ok=False)[WORKSPACE]
    assert failed["failure"]["code"] == "SoftDeletedWorkspace" and "soft_deleted=recover" in failed["msg"]
    left = dependents(player)
    recovered = player.play(
        module(WORKSPACE, name="ws-soft", location="eastus", display_name="First", soft_deleted="recover")
    )[WORKSPACE]
    assert (
        recovered["changed"] and recovered["workspace"]["workspace_id"] == first[WORKSPACE]["workspace"]["workspace_id"]
    )
    player.play(gone)
    purged = player.play(
        module(WORKSPACE, name="ws-soft", location="eastus", display_name="Second", soft_deleted="purge")
    )[WORKSPACE]
    assert purged["changed"] and purged["workspace"]["workspace_id"] != first[WORKSPACE]["workspace"]["workspace_id"]
    # What the refused deployment had made is used, and not made a second time.
    assert dependents(player) == left


@pytest.mark.slow
def test_a_workspace_is_replaced_only_when_asked_and_keeps_what_it_stands_on(player: Player, group_task: dict) -> None:
    first = player.play(group_task, module(WORKSPACE, name="ws-again", location="eastus", tags={"team": "vision"}))[
        WORKSPACE
    ]["workspace"]
    changed = {"name": "ws-again", "hbi_workspace": True}
    failed = player.play(module(WORKSPACE, **changed), ok=False)[WORKSPACE]
    assert failed["failure"]["code"] == "ImmutableChange" and "decided at creation" in failed["msg"]
    done = player.play(module(WORKSPACE, **changed, on_immutable_change="recreate"))[WORKSPACE]
    assert done["plan"]["action"] == "replace" and done["workspace"]["hbi_workspace"] is True
    same = ("storage_account", "key_vault", "application_insights", "location")
    assert {key: done["workspace"][key] for key in same} == {key: first[key] for key in same}
    assert done["workspace"]["tags"]["team"] == "vision"
    assert player.play(module(WORKSPACE, **changed)).changed == 0


def test_a_run_that_did_not_wait_is_continued_and_nothing_is_made_twice(player: Player, group_task: dict) -> None:
    begun = player.play(group_task, module(WORKSPACE, name="ws-slow", location="eastus", wait=False))[WORKSPACE]
    assert begun["changed"] and begun["operation"]["url"]
    mark = player.simulator.mark()
    done = player.play(module(WORKSPACE, name="ws-slow", location="eastus"))[WORKSPACE]
    assert done["workspace"]["provisioning_state"] == "Succeeded"
    assert not [row for row in player.simulator.writes(mark) if "/deployments/" in row["path"]]
    assert len(dependents(player)) == 3


def test_a_hub_and_its_project(player: Player, group_task: dict) -> None:
    hub = module(WORKSPACE, "hub", name="hub-it", kind="hub", location="eastus")
    project = module(WORKSPACE, "project", name="project-it", kind="project", hub_id="{{ hub.workspace.id }}")
    run = player.play(group_task, {**hub, "register": "hub"}, project)
    assert (
        run["hub"]["workspace"]["kind"] == "hub"
        and run["project"]["workspace"]["hub_id"] == run["hub"]["workspace"]["id"]
    )
    assert player.play({**hub, "register": "hub"}, project).changed == 0
