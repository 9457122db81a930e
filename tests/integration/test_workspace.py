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


def test_a_feature_store(player: Player, group_task: dict) -> None:
    options = {"name": "store-it", "kind": "featurestore", "location": "eastus"}
    made = module(WORKSPACE, **options, feature_store_settings={"spark_runtime_version": "3.4"})
    shown = player.play(group_task, made)[WORKSPACE]["workspace"]
    [identity] = shown["identity"]["user_assigned_identities"]
    assert "materialization" in identity, identity
    roles = player.simulator.arm(
        "GET", f"{shown['id']}/providers/Microsoft.Authorization/roleAssignments", "2022-04-01"
    )
    assert any(row["properties"]["scope"] == shown["id"] for row in roles["value"])
    assert shown["kind"] == "featurestore" and shown["feature_store_settings"]["spark_runtime_version"] == "3.4"
    assert shown["feature_store_settings"]["offline_store_connection_name"].startswith("OfflineStoreConnectionName-")
    assert player.play(made).changed == 0
    changed = player.play(module(WORKSPACE, name="store-it", feature_store_settings={"spark_runtime_version": "3.5"}))
    assert changed[WORKSPACE]["workspace"]["feature_store_settings"]["spark_runtime_version"] == "3.5"


def test_what_only_a_creation_sets_is_set_by_the_deployment(player: Player, group_task: dict) -> None:
    """An own key that an identity reads, rules of access from the first moment on, a network that is provisioned at once; a hub without a key vault."""
    identity = {
        "name": "Identity",
        "azureml.compute.arm_resource": {
            "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
            "name": "id-key",
            "resource_group": player.group,
            "api_version": "2023-01-31",
            "body": {"location": "eastus"},
        },
        "register": "identity",
    }
    reader = "{{ identity.resource.id }}"
    made = {
        "name": "ws-key",
        "location": "eastus",
        "identity": {"type": "user_assigned", "user_assigned_identities": [reader]},
        "primary_user_assigned_identity": reader,
        "customer_managed_key": {
            "key_vault": "{{ identity.resource.id.split('/providers/')[0] }}/providers/Microsoft.KeyVault/vaults/kv-key",
            "key_uri": "https://kv-key.vault.azure.net/keys/one/0123456789abcdef0123456789abcdef",
            "user_assigned_identity": reader,
        },
        "enable_service_side_cmk_encryption": True,
        "network_acls": {"default_action": "deny", "ip_rules": [{"value": "203.0.113.0/24"}]},
        "managed_network": {"isolation_mode": "allow_internet_outbound", "enable_network_monitor": True},
        "provision_network": True,
    }
    storage = "{{ identity.resource.id.split('/providers/')[0] }}/providers/Microsoft.Storage/storageAccounts/stfar"
    of_hub = {
        "default_resource_group": "{{ identity.resource.id.split('/providers/')[0] }}",
        "additional_workspace_storage_accounts": [storage],
        "shared_private_link_resources": [{"name": "far", "group_id": "blob", "private_link_resource_id": storage}],
        "soft_delete_retention_in_days": 7,
    }
    hub = module(WORKSPACE, "hub", name="hub-key", kind="hub", location="eastus", key_vault=None, **of_hub)
    mark = player.simulator.mark()
    run = player.play(group_task, identity, module(WORKSPACE, "made", **made), hub)
    shown = run["made"]["workspace"]
    assert shown["customer_managed_key"]["user_assigned_identity"].endswith("/id-key")
    assert shown["enable_service_side_cmk_encryption"] and shown["network_acls"] == made["network_acls"]
    assert shown["managed_network"]["status"] == "Active" and shown["managed_network"]["enable_network_monitor"]
    patched = [
        row for row in player.simulator.writes(mark) if row["method"] == "PATCH" and row["path"].endswith("/ws-key")
    ]
    assert "networkAcls" not in str(patched) and "encryption" not in str(patched)
    shown = run["hub"]["workspace"]
    assert shown["key_vault"] is None and shown["soft_delete_retention_in_days"] == 7
    assert shown["default_resource_group"].endswith(f"/resourceGroups/{player.group}")
    assert [item.rsplit("/", 1)[-1] for item in shown["additional_workspace_storage_accounts"]] == ["stfar"]
    assert [link["name"] for link in shown["shared_private_link_resources"]] == ["far"]
    assert not [name for name in dependents(player) if "/vaults/" in name and "hubkey" in name]
    assert player.play(identity, module(WORKSPACE, "made", **made), hub).changed == 0
