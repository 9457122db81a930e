# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries of the simulator: docs/facts.md k."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import GROUP, STORAGE, SUB, SUBNET, World

PATH = f"{GROUP}/providers/Microsoft.MachineLearningServices/registries/shared"
ACR = {"systemCreatedAcrAccount": {"acrAccountSku": "Premium"}}
ACCOUNT = {"systemCreatedStorageAccount": {"storageAccountHnsEnabled": False, "storageAccountType": "standard_lrs"}}


def region(name: str, **parts: Any) -> dict[str, Any]:
    return {"location": name, "acrDetails": [ACR], "storageAccountDetails": [ACCOUNT], **parts}


def body(*regions: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """As azure-ai-ml sends it [REC R25]."""
    return {
        "location": "EastUS",
        "tags": {"team": "vision"},
        "identity": {"type": "SystemAssigned"},
        "properties": {"regionDetails": list(regions or (region("EastUS"),)), **properties},
    }


@pytest.fixture
def world() -> World:
    return World()


def test_a_put_answers_as_recorded(world: World) -> None:
    answer = world.call("PUT", PATH, body())
    assert answer.status == 202 and not answer.body and "Retry-After" not in answer.headers
    asynchronous, location = answer.headers["Azure-AsyncOperation"], answer.headers["Location"]
    assert "/locations/EastUS/registryOperationsStatus/" in asynchronous and "type=async" in asynchronous
    assert "type=location" in location and world.app.call("GET", location).status == 202
    assert world.status(answer) == {"status": "InProgress"}
    assert world.final_status(answer) == {"status": "Succeeded", "percentComplete": 100.0}
    doc = world.get(PATH)
    assert world.app.call("GET", location).body == doc
    properties = doc["properties"]
    [found] = properties["regionDetails"]
    made = found["storageAccountDetails"][0]["systemCreatedStorageAccount"]
    group = properties["managedResourceGroup"]["resourceId"]
    assert found["location"] == "eastus" and found["acrDetails"][0]["userCreatedAcrAccount"] is None
    assert made["storageAccountName"].startswith("share") and made["armResourceId"]["resourceId"].startswith(group)
    assert f"{SUB}/resourceGroups/azureml-rg-shared_" in group and properties["publicNetworkAccess"] == "Enabled"
    assert doc["identity"]["type"] == "SystemAssigned" and doc["identity"]["principalId"]


def test_a_registry_shows_the_private_endpoints_that_lead_to_it(world: World) -> None:
    world.final_status(world.call("PUT", PATH, body()))
    assert "registryPrivateEndpointConnections" not in world.get(PATH)["properties"]
    link = {"name": "pe", "properties": {"privateLinkServiceId": PATH, "groupIds": ["amlregistry"]}}
    for kind, status, state in (
        ("privateLinkServiceConnections", "Approved", "Succeeded"),
        ("manualPrivateLinkServiceConnections", "Pending", None),
    ):
        endpoint = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/{status}"
        sent = {"location": "eastus", "properties": {"subnet": {"id": SUBNET}, kind: [link]}}
        assert world.call("PUT", endpoint, sent, "2024-05-01").status == 201
        world.wait()
        (listed,) = world.get(PATH.rpartition("/")[0])["value"]
        assert listed == world.get(PATH)
        (shown,) = listed["properties"]["registryPrivateEndpointConnections"]
        found = shown["properties"]
        assert found["privateEndpoint"] == {"id": endpoint, "subnetArmId": SUBNET}
        assert (found["provisioningState"], found["groupIds"]) == (state, ["amlregistry"])
        assert found["registryPrivateLinkServiceConnectionState"]["status"] == status
        world.call("DELETE", endpoint, version="2024-05-01")
        world.wait()
    assert "registryPrivateEndpointConnections" not in world.get(PATH)["properties"]


def test_a_region_is_added_and_the_others_keep_their_accounts(world: World) -> None:
    world.final_status(world.call("PUT", PATH, body()))
    before = world.get(PATH)["properties"]
    sent = body(*copy.deepcopy(before["regionDetails"]), region("westus"), publicNetworkAccess="Disabled")
    world.final_status(world.call("PUT", PATH, sent))
    after = world.get(PATH)["properties"]
    assert after["regionDetails"][0] == before["regionDetails"][0] and after["publicNetworkAccess"] == "Disabled"
    assert [one["location"] for one in after["regionDetails"]] == ["eastus", "westus"]


def test_what_a_put_does_to_existing_regions_is_not_known(world: World) -> None:
    world.final_status(world.call("PUT", PATH, body(region("eastus"), region("westus"))))
    assert world.call("PUT", PATH, body()).status == 501
    other = region("westus", storageAccountDetails=[ACCOUNT, ACCOUNT])
    assert world.call("PUT", PATH, body(region("eastus"), other)).status == 501
    moved = {**body(region("eastus"), region("westus")), "location": "westus"}
    assert world.call("PUT", PATH, moved).body["error"]["code"] == "InvalidResourceLocation"


def test_a_patch_changes_tags_at_once(world: World) -> None:
    world.final_status(world.call("PUT", PATH, body()))
    assert world.call("PATCH", PATH, {"tags": {"a": "b"}}).status == 200
    assert world.get(PATH)["tags"] == {"a": "b"}
    assert world.call("PATCH", PATH, {"properties": {}}).status == 501


def test_a_delete_ends_after_a_while(world: World) -> None:
    world.final_status(world.call("PUT", PATH, body()))
    answer = world.call("DELETE", PATH)
    assert answer.status == 202 and "/locations/eastus/registryOperationsStatus/" in answer.headers["Location"]
    assert world.call("PUT", PATH, body()).status == 409
    world.final_status(answer)
    assert world.call("GET", PATH).status == 404 and world.call("DELETE", PATH).status == 204


def test_lists_and_names(world: World) -> None:
    world.final_status(world.call("PUT", PATH, body()))
    for scope in (SUB, GROUP):
        listed = world.call("GET", f"{scope}/providers/Microsoft.MachineLearningServices/registries").body["value"]
        assert [doc["name"] for doc in listed] == ["shared"]
    other = PATH.replace("/rg/", "/other/")
    world.call("PUT", GROUP.replace("/rg", "/other"), {"location": "eastus"}, "2021-04-01")
    assert world.call("PUT", other, body()).status == 409
    assert world.call("PUT", PATH.replace("shared", "a.b"), body()).status == 400


@pytest.mark.parametrize(
    ("regions", "words"),
    [
        ([region("westus")], "the location 'eastus' one of them"),
        ([region("eastus"), region("East US")], "must be different"),
        ([region("eastus", acrDetails=[])], "needs acrDetails"),
        ([region("eastus", acrDetails=[{}])], "systemCreatedAcrAccount or userCreatedAcrAccount"),
        ([region("eastus", acrDetails=[{"systemCreatedAcrAccount": {"acrAccountSku": "Basic"}}])], "not Premium"),
        (
            [region("eastus", storageAccountDetails=[{"systemCreatedStorageAccount": {"storageAccountType": "x"}}])],
            "storageAccountType 'x'",
        ),
        (
            [
                region(
                    "eastus",
                    storageAccountDetails=[{"userCreatedStorageAccount": {"armResourceId": {"resourceId": "/x"}}}],
                )
            ],
            "not an existing resource",
        ),
    ],
)
def test_regions_that_are_not_valid(world: World, regions: list[dict[str, Any]], words: str) -> None:
    refused = world.call("PUT", PATH, body(*regions))
    assert refused.status == 400 and words in refused.body["error"]["message"]


def test_given_accounts(world: World) -> None:
    given = {"userCreatedStorageAccount": {"armResourceId": {"resourceId": STORAGE}}}
    world.final_status(world.call("PUT", PATH, body(region("eastus", storageAccountDetails=[given]))))
    [found] = world.get(PATH)["properties"]["regionDetails"]
    assert found["storageAccountDetails"] == [{**given, "systemCreatedStorageAccount": None}]
    assert world.call("PUT", PATH, body(bogus=1)).status == 501
