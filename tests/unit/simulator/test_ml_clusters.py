# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters: statuses, headers and bodies of docs/facts.md a.1 to a.6, literally, and the life of their nodes."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.azureml.compute.tests.support.world import (
    GROUP,
    IDENTITY,
    LOCATION,
    SUB,
    SUBNET,
    WORKSPACE,
    World,
    cluster_body,
    refusal,
)

CPU = f"{WORKSPACE}/computes/cpu"
# docs/facts.md a.6 [REC R1, R5]: the keys of the 201, and what each of these is.
CREATED: dict[str, Any] = {
    "computeType": "AmlCompute",
    "description": None,
    "resourceId": None,
    "provisioningState": "Creating",
    "provisioningErrors": None,
    "provisioningWarnings": None,
    "isAttachedCompute": False,
    "disableLocalAuth": False,
}
CREATED_INNER: dict[str, Any] = {
    "vmSize": "STANDARD_DS3_V2",
    "vmPriority": None,
    "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 4},
    "subnet": None,
    "currentNodeCount": None,
    "targetNodeCount": None,
    "nodeStateCounts": None,
    "allocationState": None,
    "errors": None,
    "osType": "Linux",
    "virtualMachineImage": None,
    "isolatedNetwork": False,
    "enableNodePublicIp": True,
    "enableBatchPrivateLink": False,
    "remoteLoginPortPublicAccess": "NotSpecified",
}
COUNTS = {f"{state}NodeCount": 0 for state in ("preparing", "running", "idle", "unusable", "leaving", "preempted")}
# What the later GET shows in their place.
READY: dict[str, Any] = CREATED | {
    "provisioningState": "Succeeded",
    "computeLocation": "eastus",
    "provisioningWarnings": {},
}
READY_INNER: dict[str, Any] = CREATED_INNER | {
    "vmPriority": "Dedicated",
    "remoteLoginPortPublicAccess": "Enabled",
    "currentNodeCount": 0,
    "targetNodeCount": 0,
    "nodeStateCounts": COUNTS,
    "allocationState": "Steady",
    "propertyBag": {},
    "userAccountCredentials": None,
    "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT2M"},
}
STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00$")


@pytest.fixture
def world() -> World:
    return World()


def without(properties: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if key not in names}


def test_the_body_of_a_creation_is_the_recorded_one(world: World) -> None:
    """a.6: 201, no computeLocation, tags null, inner nulls, size in upper case, no credentials."""
    account = {"adminUserName": "me", "adminUserPassword": "secret"}
    answer = world.call("PUT", CPU, cluster_body(userAccountCredentials=account))
    assert answer.status == 201
    assert without(answer.body, "properties", "location") == {
        "id": CPU,
        "name": "cpu",
        "type": "Microsoft.MachineLearningServices/workspaces/computes",
        "tags": None,
    }
    properties = answer.body["properties"]
    assert without(properties, "properties", "createdOn", "modifiedOn") == CREATED
    assert properties["properties"] == CREATED_INNER
    assert STAMP.match(properties["createdOn"]) and properties["createdOn"] == properties["modifiedOn"]


def test_the_body_of_a_later_get_is_the_recorded_one(world: World) -> None:
    """a.6: computeLocation, counters, PT2M, tags {}, and never systemData."""
    doc = world.cluster()
    assert doc["tags"] == {} and "systemData" not in doc
    assert without(doc["properties"], "properties", "createdOn", "modifiedOn") == READY
    assert without(doc["properties"]["properties"], "allocationStateTransitionTime") == READY_INNER
    transition = doc["properties"]["properties"]["allocationStateTransitionTime"]
    assert re.search(r"T\d\d:\d\d:\d\d\.\d{3}\+00:00$", transition)


def test_credentials_come_back_without_the_password(world: World) -> None:
    account = {"adminUserName": "me", "adminUserPassword": "secret", "adminUserSshPublicKey": "ssh-rsa A"}
    inner = world.cluster(userAccountCredentials=account)["properties"]["properties"]
    assert inner["userAccountCredentials"] == {**account, "adminUserPassword": None}


def test_the_operation_is_polled_at_its_own_address(world: World) -> None:
    """a.4: location scope without a group, service=new, signed; 200 always; no Location and no Retry-After."""
    answer = world.call("PUT", CPU, cluster_body())
    address = urlsplit(answer.headers["Azure-AsyncOperation"])
    query = parse_qs(address.query)
    assert address.path.startswith(f"{LOCATION}/computeOperationsStatus/")
    assert query["service"] == ["new"] and {"t", "c", "s", "h", "api-version"} <= set(query)
    assert not {"Location", "Retry-After"} & set(answer.headers)
    assert world.status(answer) == {"status": "InProgress"}
    world.require_success(answer)
    assert refusal(world.app.call("GET", f"{address.path}?api-version={query['api-version'][0]}"))[0] == 401
    world.app.configure({"guesses": {"signed_polls": False}})
    assert world.app.call("GET", f"{address.path}?api-version=2025-12-01").status == 200


def test_resizing_follows_succeeded_even_from_zero_to_zero(world: World) -> None:
    """a.5."""
    answer = world.call("PUT", CPU, cluster_body())
    world.app.clock.advance(world.app.config.seconds("cluster.create") + 0.1)
    assert world.status(answer)["status"] == "Succeeded"
    assert world.get(CPU)["properties"]["properties"]["allocationState"] == "Resizing"
    world.app.clock.advance(60)
    assert world.get(CPU)["properties"]["properties"]["allocationState"] == "Steady"


def test_put_on_a_cluster_is_201_again_and_keeps_what_cannot_change(world: World) -> None:
    """a.1, b.2 [ISS rest-api-specs#18889]: the echo has the new size, the cluster the old; scale, tags, identity go."""
    world.cluster()
    body = cluster_body("STANDARD_DS4_V2", most=7) | {"tags": {"a": "b"}, "identity": {"type": "SystemAssigned"}}
    answer = world.call("PUT", CPU, body)
    assert answer.status == 201 and answer.body["properties"]["provisioningState"] == "Creating"
    assert answer.body["properties"]["properties"]["vmSize"] == "STANDARD_DS4_V2"
    assert answer.body["properties"]["resourceId"] == f"{GROUP}/providers/Microsoft.BatchAI/workspaces/ws1/clusters/cpu"
    world.require_success(answer)
    doc = world.get(CPU)
    assert doc["properties"]["properties"]["vmSize"] == "STANDARD_DS3_V2" and doc["properties"]["resourceId"] is None
    assert doc["properties"]["properties"]["scaleSettings"]["maxNodeCount"] == 7
    assert doc["tags"] == {"a": "b"} and doc["identity"]["principalId"]
    world.require_success(world.call("PUT", CPU, cluster_body()))
    assert world.get(CPU)["tags"] == {} and "identity" not in world.get(CPU)


def test_patch_merges_the_scale_settings(world: World) -> None:
    """a.6 [REC R5]: 202, Updating, unsent idle null; the GET keeps the minimum and the idle time."""
    world.cluster(least=1)
    sent = {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 8}}}}
    answer = world.call("PATCH", CPU, sent)
    assert answer.status == 202 and answer.body["properties"]["provisioningState"] == "Updating"
    assert "/Microsoft.BatchAI/" in answer.body["properties"]["resourceId"]
    assert answer.body["properties"]["properties"]["scaleSettings"]["nodeIdleTimeBeforeScaleDown"] is None
    world.require_success(answer)
    scale = world.get(CPU)["properties"]["properties"]["scaleSettings"]
    assert scale == {"minNodeCount": 1, "maxNodeCount": 8, "nodeIdleTimeBeforeScaleDown": "PT2M"}
    again = world.call("PATCH", CPU, sent)
    assert again.status == 200 and "Azure-AsyncOperation" not in again.headers


def test_delete_names_its_action_and_has_no_location(world: World) -> None:
    """a.1: 202 without a body, Azure-AsyncOperation only; the action is required."""
    world.cluster()
    assert world.call("DELETE", CPU).status == 400
    assert world.call("DELETE", f"{CPU}?underlyingResourceAction=Drop", version="2025-12-01").status == 400
    answer = world.call("DELETE", f"{CPU}?underlyingResourceAction=Delete", version="2025-12-01")
    assert (answer.status, answer.body) == (202, None) and "Location" not in answer.headers
    assert world.get(CPU)["properties"]["provisioningState"] == "Deleting"
    world.require_success(answer)
    assert refusal(world.call("GET", CPU)) == (404, "ResourceNotFound")


@pytest.mark.parametrize("action, size", [("Detach", "STANDARD_DS3_V2"), ("Delete", "STANDARD_DS4_V2")])
def test_detach_leaves_the_old_cluster_behind(world: World, action: str, size: str) -> None:
    """f.22: a new PUT of a detached name revives the old size; after Delete it does not."""
    world.cluster()
    world.require_success(world.call("DELETE", f"{CPU}?underlyingResourceAction={action}", version="2025-12-01"))
    answer = world.call("PUT", CPU, cluster_body("Standard_DS4_v2"))
    assert answer.body["properties"]["properties"]["vmSize"] == "STANDARD_DS4_V2"
    world.require_success(answer)
    assert world.get(CPU)["properties"]["properties"]["vmSize"] == size


def test_nodes_follow_the_minimum_the_load_and_the_idle_time(world: World) -> None:
    """a.5, a.6: preparing, idle, running, and back to the minimum after the idle time."""
    inner = world.cluster(least=1)["properties"]["properties"]
    assert inner["nodeStateCounts"] == COUNTS | {"idleNodeCount": 1} and inner["targetNodeCount"] == 1
    world.app.configure({"load": {"cpu": {"running_nodes": 9}}})
    inner = world.get(CPU)["properties"]["properties"]
    assert inner["nodeStateCounts"] == COUNTS | {"runningNodeCount": 1, "preparingNodeCount": 3}
    assert inner["allocationState"] == "Resizing"
    world.app.clock.advance(30)
    inner = world.get(CPU)["properties"]["properties"]
    assert inner["nodeStateCounts"] == COUNTS | {"runningNodeCount": 4} and inner["allocationState"] == "Steady"
    world.app.configure({"load": {"cpu": {"running_nodes": 0}}})
    assert world.get(CPU)["properties"]["properties"]["nodeStateCounts"]["idleNodeCount"] == 4
    world.app.clock.advance(110)
    assert world.get(CPU)["properties"]["properties"]["currentNodeCount"] == 4
    world.app.clock.advance(30)
    inner = world.get(CPU)["properties"]["properties"]
    assert inner["currentNodeCount"] == 1 and inner["allocationState"] == "Steady"


def test_a_lock_stops_scaling_and_deletion(world: World) -> None:
    """CC3: stuck at resizing from 0 to 0; deletion is ARM's ScopeLocked."""
    lock = f"{GROUP}/providers/Microsoft.Authorization/locks/keep"
    assert world.call("PUT", lock, {"properties": {"level": "CanNotDelete"}}, "2016-09-01").status == 201
    world.require_success(world.call("PUT", CPU, cluster_body(least=2)))
    world.app.clock.advance(3600)
    inner = world.get(CPU)["properties"]["properties"]
    assert inner["allocationState"] == "Resizing" and inner["currentNodeCount"] == 0
    answer = world.call("DELETE", f"{CPU}?underlyingResourceAction=Delete", version="2025-12-01")
    assert refusal(answer) == (409, "ScopeLocked")
    assert world.call("DELETE", lock, version="2016-09-01").status == 200
    world.app.clock.advance(60)
    assert world.get(CPU)["properties"]["properties"]["nodeStateCounts"]["idleNodeCount"] == 2


def test_list_nodes_has_addresses_ports_and_pages(world: World) -> None:
    """a.6: ports from 50000, runId only while running, nextLink under `nodes`."""
    world.app.configure({"load": {CPU: {"running_nodes": 2}}, "page_sizes": {"nodes": 2}})
    world.cluster(least=3)
    world.app.clock.advance(60)
    answer = world.call("POST", f"{CPU}/listNodes")
    assert answer.status == 200 and answer.body["computeType"] == "AmlCompute"
    rest = world.app.call("POST", answer.body["nextLink"]).body
    nodes = answer.body["nodes"] + rest["nodes"]
    assert [node["port"] for node in nodes] == [50000, 50001, 50002] and "nextLink" not in rest
    assert {node["publicIpAddress"] for node in nodes} == {"127.0.0.1"}
    assert {(node["nodeState"], bool(node["runId"])) for node in nodes} == {("running", True), ("idle", False)}


def test_nodes_without_public_addresses(world: World) -> None:
    world.cluster(least=1, enableNodePublicIp=False, subnet={"id": SUBNET})
    world.app.clock.advance(60)
    nodes = world.call("POST", f"{CPU}/listNodes").body["nodes"]
    assert [node["publicIpAddress"] for node in nodes] == [None]
    assert world.get(CPU)["properties"]["properties"]["remoteLoginPortPublicAccess"] == "Disabled"


def test_a_cluster_may_be_in_another_region(world: World) -> None:
    """f.7: the place comes from the top-level location or from computeLocation; the operation is polled at the
    workspace's."""
    body = cluster_body()
    body["location"] = "westus2"
    answer = world.call("PUT", CPU, body)
    assert "/locations/eastus/" in answer.headers["Azure-AsyncOperation"]
    world.require_success(answer)
    assert world.get(CPU)["properties"]["computeLocation"] == "westus2"


def test_identities(world: World) -> None:
    """M5: one system-assigned or several user-assigned; ids must exist."""
    user = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    world.require_success(world.call("PUT", CPU, cluster_body() | {"identity": user}))
    shown = world.get(CPU)["identity"]["userAssignedIdentities"][IDENTITY]
    assert shown["clientId"] and shown["principalId"]
    both = user | {"type": "SystemAssigned,UserAssigned"}
    assert world.call("PUT", f"{WORKSPACE}/computes/two", cluster_body() | {"identity": both}).status == 400
    missing = {"type": "UserAssigned", "userAssignedIdentities": {f"{IDENTITY}x": {}}}
    answer = world.call("PUT", f"{WORKSPACE}/computes/two", cluster_body() | {"identity": missing})
    assert refusal(answer) == (400, "FailedIdentityOperation")


def test_a_list_of_many_asks_the_store_no_more_often_than_a_list_of_few(world: World) -> None:
    statements: list[str] = []
    asked = []
    world.app.store.db.set_trace_callback(statements.append)
    for many in (2, 60):
        for number in range(many):
            world.call("PUT", f"{WORKSPACE}/computes/c{number}x", cluster_body())
        world.app.clock.advance(100)
        world.call("GET", f"{WORKSPACE}/computes")
        statements.clear()
        assert len(world.call("GET", f"{WORKSPACE}/computes").body["value"]) == many
        asked.append(len(statements))
    assert asked[0] == asked[1] > 0, statements


def test_a_list_has_pages(world: World) -> None:
    """a.6: nextLink is absolute with $skip and absent on the last page."""
    for number in range(15):
        assert world.call("PUT", f"{WORKSPACE}/computes/c{number}x", cluster_body()).status == 201
    world.app.configure({"page_sizes": {"computes": 10}})
    first = world.call("GET", f"{WORKSPACE}/computes").body
    assert len(first["value"]) == 10 and "$skip=10" in first["nextLink"] and first["nextLink"].startswith("https://")
    rest = world.app.call("GET", first["nextLink"]).body
    assert len(rest["value"]) == 5 and "nextLink" not in rest
    assert len({doc["name"] for doc in first["value"] + rest["value"]}) == 15


def test_usages_count_what_clusters_hold(world: World) -> None:
    """a.6 [REC R9]."""
    world.cluster(least=2)
    world.app.clock.advance(60)
    usages = {entry["name"]["value"]: entry for entry in reversed(world.get(f"{LOCATION}/usages")["value"])}
    assert usages["TotalClusters"] == {
        "unit": "Count",
        "currentValue": 1,
        "limit": 2500,
        "id": SUB,
        "name": {"value": "TotalClusters", "localizedValue": "Total Clusters"},
        "type": "Microsoft.MachineLearningServices/totalClusters/usages",
    }
    family = usages["standardDSv2Family"]
    assert family["currentValue"] == 8 and family["type"].endswith("/vmFamily/dedicatedCores/usages")
    assert family["id"].endswith("/usages/standardDSv2Family")
    low = [entry for entry in world.get(f"{LOCATION}/usages")["value"] if "lowPriorityCores" in entry["type"]]
    assert low and {entry["limit"] for entry in low} == {-1}
