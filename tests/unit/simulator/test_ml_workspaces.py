# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workspaces: docs/facts.md d.2, d.3 and b.2; kinds, identity, managed network, soft delete, actions, locations."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import (
    GROUP,
    HNS,
    IDENTITY,
    INSIGHTS,
    LOCATION,
    STORAGE,
    SUB,
    VAULT,
    WORKSPACE,
    World,
    cluster_body,
    refusal,
    workspace_body,
)

NEW = WORKSPACE.replace("ws1", "ws2")
# d.2: the fields seen in a GET.
OUTER = "id name type location tags etag kind sku identity systemData properties"
FIELDS = """friendlyName description storageAccount keyVault applicationInsights containerRegistry hbiWorkspace tenantId
imageBuildCompute provisioningState managedNetwork allowRoleAssignmentOnRG v1LegacyMode softDeleteEnabled creationTime
notebookInfo storageHnsEnabled workspaceId linkedModelInventoryArmId privateLinkCount publicNetworkAccess ipAllowlist
networkAcls discoveryUrl mlFlowTrackingUri serverlessComputeSettings EnableSoftwareBillOfMaterials
sdkTelemetryAppInsightsKey enableDataIsolation systemDatastoresAuthMode enableServiceSideCMKEncryption"""
PURGE = "2025-12-01"


@pytest.fixture
def world() -> World:
    return World()


def delete(world: World, workspace: str = WORKSPACE, purge: bool = False) -> Any:
    return world.call("DELETE", f"{workspace}?forceToPurge={str(purge).lower()}", version=PURGE)


def test_a_get_has_the_recorded_fields(world: World) -> None:
    """d.2 [REC R10]."""
    doc = world.get(WORKSPACE)
    properties = doc["properties"]
    assert set(doc) == set(OUTER.split()) and set(properties) == set(FIELDS.split())
    assert (doc["kind"], doc["sku"], doc["etag"]) == ("Default", {"name": "Basic", "tier": "Basic"}, None)
    assert properties["keyVault"] == VAULT.replace("Microsoft.KeyVault", "Microsoft.Keyvault")
    assert properties["discoveryUrl"] == "https://eastus.api.azureml.ms/discovery"
    assert properties["mlFlowTrackingUri"] == f"azureml://eastus.api.azureml.ms/mlflow/v1.0{WORKSPACE}"
    fqdn = f"ml-ws1-eastus-{properties['workspaceId']}.notebooks.azure.net"
    assert properties["notebookInfo"]["fqdn"] == fqdn
    assert properties["managedNetwork"] == {
        "isolationMode": "Disabled",
        "enableNetworkMonitor": False,
        "enableFirewallLog": False,
        "changeableIsolationModes": ["AllowInternetOutbound", "AllowOnlyApprovedOutbound"],
    }


def test_writes_answer_202_with_both_addresses(world: World) -> None:
    """d.2: empty body; Location answers 202 until the operation is over."""
    answer = world.call("PUT", NEW, workspace_body())
    assert (answer.status, answer.body) == (202, None) and "Retry-After" not in answer.headers
    location = answer.headers["Location"]
    assert f"{LOCATION}/workspaceOperationsStatus/" in location and "&type=location" in location
    assert "&type=async" in answer.headers["Azure-AsyncOperation"]
    assert world.status(answer) == {"status": "InProgress"} and world.app.call("GET", location).status == 202
    assert world.get(NEW)["properties"]["provisioningState"] == "Creating"
    world.require_success(answer)
    assert world.app.call("GET", location).status == 200
    assert world.get(NEW)["properties"]["provisioningState"] == "Succeeded"


def test_a_patch_changes_what_was_sent_alone(world: World) -> None:
    """d.2; azure-ai-ml sends merged tags, which replace."""
    before = world.get(WORKSPACE)
    world.require_success(world.call("PATCH", WORKSPACE, {"tags": {"a": "b"}, "properties": {"description": "new"}}))
    after = world.get(WORKSPACE)
    assert after["tags"] == {"a": "b"} and after["properties"] == before["properties"] | {"description": "new"}
    world.require_success(world.call("PATCH", WORKSPACE, {"properties": {"friendlyName": "Ours"}}))
    assert world.get(WORKSPACE)["tags"] == {"a": "b"} and world.get(WORKSPACE)["properties"]["description"] == "new"


@pytest.mark.parametrize(
    "properties, text",
    [
        ({"storageAccount": HNS}, "Cannot use storage with HNS enabled."),
        ({"storageAccount": f"{STORAGE}x"}, "does not exist"),
        ({"applicationInsights": f"{INSIGHTS}x"}, "does not exist"),
        ({"keyVault": None}, "Missing dependent resources"),
    ],
)
def test_unfit_dependents_fail_the_operation(world: World, properties: dict[str, Any], text: str) -> None:
    """b.2 [ISS AzureTRE#1920] for HNS; the other texts are guesses."""
    assert text in world.require_failure(world.call("PUT", NEW, workspace_body(**properties)))["message"]
    assert world.call("GET", NEW).status == 404


@pytest.mark.parametrize("name", ["ab", "a" * 34, "_ws", "w.s.1"])
def test_names(world: World, name: str) -> None:
    """c.1."""
    assert world.call("PUT", WORKSPACE.replace("ws1", name), workspace_body()).status == 400


def test_what_cannot_change_is_refused(world: World) -> None:
    """types-2025-12-01.md, 1.11 [D]; how it is refused is a guess that can be turned off."""
    world.keep(f"{STORAGE}2")
    moved = workspace_body() | {"location": "westus"}
    assert refusal(world.call("PUT", WORKSPACE, moved)) == (409, "InvalidResourceLocation")
    for sent in ({"hbiWorkspace": True}, {"storageAccount": f"{STORAGE}2"}, {"encryption": {"status": "Enabled"}}):
        assert world.call("PATCH", WORKSPACE, {"properties": sent}).status == 400
    world.app.configure({"guesses": {"workspace_immutable": "ignore"}})
    world.require_success(world.call("PATCH", WORKSPACE, {"properties": {"hbiWorkspace": True}}))
    assert world.get(WORKSPACE)["properties"]["hbiWorkspace"] is False


def test_soft_delete_blocks_the_name_until_purge(world: World) -> None:
    """b.2, d.3 [ISS]: 14 days; computes are gone for good."""
    world.cluster()
    world.require_success(delete(world))
    assert world.call("GET", WORKSPACE).status == 404 and world.call("GET", f"{WORKSPACE}/computes/cpu").status == 404
    error = world.require_failure(world.call("PUT", WORKSPACE, workspace_body()))
    text = "Soft-deleted workspace exists. Please purge or recover it. https://aka.ms/wsoftdelete"
    assert (error["code"], error["message"]) == ("BadRequest", text)
    world.require_success(delete(world, purge=True))
    assert refusal(delete(world, purge=True)) == (400, "UserError")
    world.require_success(world.call("PUT", WORKSPACE, workspace_body()))
    assert world.get(WORKSPACE)["tags"] == {}


def test_soft_deletion_ends_after_14_days(world: World) -> None:
    """d.3."""
    world.require_success(delete(world))
    world.app.clock.advance(14 * 86400)
    world.require_success(world.call("PUT", WORKSPACE, workspace_body()))


def test_recovery_brings_the_workspace_back_without_computes(world: World) -> None:
    """types of 2021 to 2023: allowRecoverSoftDeletedWorkspace, as the text that azure-ai-ml's template sends."""
    world.cluster()
    before = world.get(WORKSPACE)["properties"]["workspaceId"]
    world.require_success(delete(world))
    world.require_success(world.call("PUT", WORKSPACE, workspace_body(allowRecoverSoftDeletedWorkspace="true")))
    assert world.get(WORKSPACE)["properties"]["workspaceId"] == before
    assert world.get(f"{WORKSPACE}/computes")["value"] == []


def test_a_purging_delete_leaves_nothing(world: World) -> None:
    world.require_success(delete(world, purge=True))
    world.require_success(world.call("PUT", WORKSPACE, workspace_body()))
    assert delete(world, NEW).status == 204


def test_hub_and_project(world: World) -> None:
    """A project has its hub's dependents; a hub with projects stays."""
    hub, project = WORKSPACE.replace("ws1", "hub"), WORKSPACE.replace("ws1", "project")
    no_hub = {"location": "eastus", "kind": "project", "properties": {"hubResourceId": WORKSPACE}}
    assert world.call("PUT", project, no_hub).status == 400
    world.require_success(world.call("PUT", hub, workspace_body() | {"kind": "hub"}, "2023-08-01-preview"))
    world.require_success(world.call("PUT", project, no_hub | {"properties": {"hubResourceId": hub}}))
    doc = world.get(project)
    assert doc["kind"] == "Project" and doc["properties"]["storageAccount"] == STORAGE
    assert world.get(hub)["properties"]["associatedWorkspaces"] == [project]
    assert delete(world, hub).status == 409
    everywhere = f"{SUB}/providers/Microsoft.MachineLearningServices/workspaces"
    listed = world.app.call("GET", f"{everywhere}?api-version=2025-12-01&kind=hub,project")
    assert [document["name"] for document in listed.body["value"]] == ["hub", "project"]
    world.require_success(delete(world, project, purge=True))
    world.require_success(delete(world, hub))


def test_a_feature_store_takes_hierarchical_storage(world: World) -> None:
    """d.4: azure-ai-ml's template, api-version 2022-12-01-preview, which spells the settings in its own way."""
    settings = {
        "computeruntime": {"SparkRuntimeVersion": "3.4"},
        "offlinestoreconnectionname": "offline",
        "onlinestoreconnectionname": "",
    }
    body = workspace_body(storageAccount=HNS, featureStoreSettings=settings) | {"kind": "featurestore"}
    world.require_success(world.call("PUT", NEW, body, "2022-12-01-preview"))
    doc = world.get(NEW)
    assert doc["kind"] == "FeatureStore" and doc["properties"]["storageHnsEnabled"] is True
    assert doc["properties"]["featureStoreSettings"] == {
        "computeRuntime": {"sparkRuntimeVersion": "3.4"},
        "offlineStoreConnectionName": "offline",
        "onlineStoreConnectionName": None,
    }


def test_identities(world: World) -> None:
    """ManagedServiceIdentity; workspaces may have both (M5). Ids in a PATCH join those that are there."""
    assert (
        world.get(WORKSPACE)["identity"]["type"] == "SystemAssigned" and world.get(WORKSPACE)["identity"]["principalId"]
    )
    both = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    world.require_success(world.call("PATCH", WORKSPACE, {"identity": both}))
    shown = world.get(WORKSPACE)["identity"]
    assert shown["type"] == "SystemAssigned,UserAssigned" and shown["userAssignedIdentities"][IDENTITY]["clientId"]


def test_managed_network_goes_one_way(world: World) -> None:
    """1.11 [D]."""

    def turn(mode: str, **more: Any) -> Any:
        return world.call("PATCH", WORKSPACE, {"properties": {"managedNetwork": {"isolationMode": mode, **more}}})

    world.cluster()
    assert turn("AllowInternetOutbound").status == 400
    world.require_success(
        world.call("DELETE", f"{WORKSPACE}/computes/cpu?underlyingResourceAction=Delete", version=PURGE)
    )
    fqdn = {"pypi": {"type": "FQDN", "destination": "pypi.org"}}
    assert turn("AllowInternetOutbound", outboundRules=fqdn).status == 400
    world.require_success(turn("AllowInternetOutbound"))
    assert turn("Disabled").status == 400
    world.require_success(turn("AllowOnlyApprovedOutbound", outboundRules=fqdn))
    assert turn("AllowInternetOutbound").status == 400
    rules = world.get(WORKSPACE)["properties"]["managedNetwork"]["outboundRules"]
    assert rules["pypi"]["category"] == "UserDefined" and rules["pypi"]["status"] == "Inactive"
    assert any(rule["category"] == "Required" for rule in rules.values())


def test_outbound_rules_are_resources_too(world: World) -> None:
    rule = {"properties": {"type": "FQDN", "destination": "conda.org"}}
    assert world.call("PUT", f"{WORKSPACE}/outboundRules/conda", rule).status == 400
    network = {"managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"}}
    world.require_success(world.call("PATCH", WORKSPACE, {"properties": network}))
    world.require_success(world.call("PUT", f"{WORKSPACE}/outboundRules/conda", rule))
    assert world.get(f"{WORKSPACE}/outboundRules/conda")["properties"]["destination"] == "conda.org"
    provision = world.call("POST", f"{WORKSPACE}/provisionManagedNetwork", {"includeSpark": True})
    world.require_success(provision)
    assert world.app.call("GET", provision.headers["Location"]).body == {"status": "Active", "sparkReady": True}
    assert world.get(f"{WORKSPACE}/outboundRules/conda")["properties"]["status"] == "Active"
    names = {item["name"]: item["properties"]["category"] for item in world.get(f"{WORKSPACE}/outboundRules")["value"]}
    required = next(name for name, category in names.items() if category == "Required")
    assert world.call("DELETE", f"{WORKSPACE}/outboundRules/{required}").status == 400
    world.require_success(world.call("DELETE", f"{WORKSPACE}/outboundRules/conda"))
    assert world.call("GET", f"{WORKSPACE}/outboundRules/conda").status == 404


def test_keys_and_diagnosis(world: World) -> None:
    """ListWorkspaceKeysResult, DiagnoseResponseResult."""
    keys = world.call("POST", f"{WORKSPACE}/listKeys").body
    assert keys["userStorageKey"] and keys["notebookAccessKeys"]["primaryAccessKey"]
    assert keys["containerRegistryCredentials"] is None and keys["userStorageArmId"] == STORAGE
    world.app.store.delete(STORAGE)
    answer = world.call("POST", f"{WORKSPACE}/diagnose", {})
    assert "Azure-AsyncOperation" not in answer.headers
    world.wait()
    value = world.app.call("GET", answer.headers["Location"]).body["value"]
    assert value["storageAccountResults"][0]["code"] == "ResourceNotFound" and value["keyVaultResults"] == []


def test_refusals_of_the_managed_network_that_users_quote(world: World) -> None:
    """azapi#564 and the words of a user of 2026-08-24."""
    on = {"properties": {"managedNetwork": {"isolationMode": "AllowInternetOutbound"}}}
    world.cluster()
    refused = world.call("PATCH", WORKSPACE, on).body["error"]["message"]
    assert refused == "Managed network cannot be enabled when active computes exist."
    world.require_success(world.delete("cpu", "Delete"))
    world.require_success(world.call("PATCH", WORKSPACE, on))
    off = world.call("PATCH", WORKSPACE, {"properties": {"managedNetwork": {"isolationMode": "Disabled"}}})
    assert (
        refusal(off) == (400, "ValidationError") and "cannot be disabled once enabled" in off.body["error"]["message"]
    )
    empty = world.call("POST", f"{WORKSPACE}/provisionManagedNetwork")
    assert empty.status == 400 and "Request body could not be read" in empty.body["error"]["message"]


def test_sizes(world: World) -> None:
    """a.6 [REC R9]; the DSv2 figures of the official example."""
    sizes = {size["name"]: size for size in world.get(f"{LOCATION}/vmSizes")["value"]}
    assert set(sizes["Standard_DS3_v2"]) == set(
        "name family vCPUs gpus osVhdSizeMB maxResourceVolumeMB memoryGB lowPriorityCapable premiumIO "
        "estimatedVMPrices supportedComputeTypes generation supportsIB".split()
    )
    figures = {
        name: (sizes[f"Standard_{name}"]["vCPUs"], sizes[f"Standard_{name}"]["memoryGB"])
        for name in ("DS1_v2", "DS2_v2", "DS3_v2", "DS4_v2", "DS5_v2", "DS11_v2", "DS12_v2", "DS13_v2", "DS14_v2")
    }
    assert figures == {
        "DS1_v2": (1, 3.5),
        "DS2_v2": (2, 7),
        "DS3_v2": (4, 14),
        "DS4_v2": (8, 28),
        "DS5_v2": (16, 56),
        "DS11_v2": (2, 14),
        "DS12_v2": (4, 28),
        "DS13_v2": (8, 56),
        "DS14_v2": (16, 112),
    }
    elsewhere = world.get(f"{LOCATION.replace('eastus', 'canadaeast')}/vmSizes")["value"]
    assert (
        len(elsewhere) < len(sizes) and world.call("GET", f"{LOCATION.replace('eastus', 'mars')}/vmSizes").status == 400
    )


@pytest.mark.parametrize(
    "family, limit, status",
    [
        ("standardDSv2Family", 100, "Success"),
        ("standardDSv2Family", 4, "InvalidQuotaBelowClusterMinimum"),
        ("standardDSv2Family", 9999, "InvalidQuotaExceedsSubscriptionLimit"),
        ("standardXYZFamily", 1, "InvalidVMFamilyName"),
    ],
)
def test_workspace_quotas(world: World, family: str, limit: int, status: str) -> None:
    """types-2025-12-01.md UpdateWorkspaceQuotas; what is set is listed and enforced."""
    world.cluster(least=2)
    entry = {"id": f"{WORKSPACE}/quotas/{family}", "type": f"{WORKSPACE}/quotas", "limit": limit, "unit": "Count"}
    answer = world.call("POST", f"{LOCATION}/updateQuotas", {"value": [entry]})
    assert answer.body["value"] == [entry | {"status": status}]
    own = [item for item in world.get(f"{LOCATION}/quotas")["value"] if item["id"].startswith(GROUP)]
    assert [target["limit"] for target in own] == ([limit] if status == "Success" else [])
    if status == "Success":
        error = world.require_failure(
            world.call("PUT", f"{WORKSPACE}/computes/two", cluster_body("Standard_DS14_v2", least=6, most=6))
        )
        assert error["code"] == "ClusterMinNodesExceedCoreQuota" and "quota of 100" in error["message"]
