# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""aml_compute_cluster on a scripted wire: which requests it sends, with which bodies, and what it returns.

Sources: the module's documentation; DESIGN.md (plan, read back); docs/facts.md a (statuses, bodies, operations), b (errors), c.3 (what
can change).
"""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.bodies import FIRST, KEY, SECOND, SUBNET, cluster, workspace
from ansible_collections.azureml.compute.tests.support.module_run import (
    ML,
    SUBSCRIPTION,
    WORKSPACE_ID,
    Printed,
    failed,
    run,
    succeeded,
)
from ansible_collections.azureml.compute.tests.support.wire import HOST, Call

MODULE = "aml_compute_cluster"
SCOPE = {"resource_group": "rg", "workspace": "ws-one", "name": "cpu"}
PATH = f"{WORKSPACE_ID}/computes/cpu"
OPERATION = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/locations/eastus/computeOperationsStatus/op-1"
UNDER_WAY = {"Azure-AsyncOperation": f"{HOST}{OPERATION}?api-version={ML}&service=new"}
NOT_FOUND = {"error": {"code": "ResourceNotFound", "message": "The Resource 'cpu' was not found."}}
SPEED = {"wait_interval": 1.0}


def get(body: t.Any = None) -> Call:
    return Call(
        "GET",
        PATH,
        query={"api-version": ML},
        **({"status": 404, "json": NOT_FOUND} if body is None else {"json": body}),
    )


def get_parent(body: t.Any = None) -> Call:
    return Call("GET", WORKSPACE_ID, json=body or workspace())


def operation(status: str = "Succeeded", **more: t.Any) -> Call:
    return Call("GET", OPERATION, json={"status": status, **more})


def put(body: t.Any = None, **more: t.Any) -> Call:
    answer = cluster(properties={"provisioningState": "Creating"})
    return Call(
        "PUT",
        PATH,
        **{"status": 201, "json": answer, "headers": UNDER_WAY, **({} if body is None else {"body": body}), **more},
    )


def patch(body: t.Any, **more: t.Any) -> Call:
    return Call("PATCH", PATH, **{"status": 202, "headers": UNDER_WAY, "body": body, **more})


def delete(**more: t.Any) -> Call:
    return Call(
        "DELETE", PATH, **{"status": 202, "headers": UNDER_WAY, "query": {"underlyingResourceAction": "Delete"}, **more}
    )


def go(options: dict[str, t.Any], *calls: Call, **more: t.Any) -> Printed:
    return run(MODULE, {**SCOPE, **options}, calls, **more)


def done(options: dict[str, t.Any], *calls: Call, **more: t.Any) -> Printed:
    return succeeded(MODULE, {**SCOPE, **options}, calls, **more)


def refused(code: str, options: dict[str, t.Any], *calls: Call, **more: t.Any) -> Printed:
    return failed(code, MODULE, {**SCOPE, **options}, calls, **more)


def scale(**settings: t.Any) -> dict[str, t.Any]:
    return {"properties": {"properties": {"scaleSettings": settings}}}


# --- create ---

NEW = {"size": "Standard_DS3_v2", "max_instances": 4}
NEW_BODY = {
    "location": "eastus",
    "properties": {
        "computeType": "AmlCompute",
        "disableLocalAuth": True,
        "properties": {"osType": "Linux", "vmSize": "Standard_DS3_v2", "scaleSettings": {"maxNodeCount": 4}},
    },
}


def bare(**changes: t.Any) -> dict[str, t.Any]:
    """The cluster that NEW makes."""
    inner = {"subnet": None, "userAccountCredentials": ..., "propertyBag": {}, **changes.pop("inner", {})}
    outer = {"identity": ..., "tags": {}, **changes.pop("outer", {})}
    return cluster(outer=outer, properties={"description": None, **changes.pop("properties", {})}, inner=inner)


def test_create_sends_only_what_was_declared_and_reads_back() -> None:
    result = done(NEW, get(), get_parent(), get(), put(NEW_BODY), operation("InProgress"), operation(), get(bare()))
    assert result["changed"] is True
    assert result["plan"]["action"] == "create"
    assert result.fields == {"size": (None, "Standard_DS3_v2"), "max_instances": (None, 4)}
    assert result["compute"]["size"] == "STANDARD_DS3_V2"
    assert result["compute"]["provisioning_state"] == "Succeeded"
    assert result["diff"]["before"] == {}
    assert result["diff"]["after"] == NEW


def test_create_with_everything() -> None:
    options = {
        **NEW,
        "location": "westus2",
        "tier": "low_priority",
        "min_instances": 1,
        "idle_time_before_scale_down": 0,
        "ssh_public_access_enabled": True,
        "ssh_settings": {"admin_username": "azureuser", "ssh_key_value": KEY, "admin_password": "Passw0rd-not-shown"},
        "enable_node_public_ip": True,
        "network_settings": {"vnet_name": "vnet", "subnet": "training"},
        "identity": {"type": "user_assigned", "user_assigned_identities": [FIRST, {"resource_id": SECOND}]},
        "tags": {"team": "vision"},
        "description": "for people",
    }
    body = {
        "location": "eastus",
        "tags": {"team": "vision"},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {FIRST: {}, SECOND: {}}},
        "properties": {
            "computeType": "AmlCompute",
            "computeLocation": "westus2",
            "description": "for people",
            "disableLocalAuth": False,
            "properties": {
                "osType": "Linux",
                "vmSize": "Standard_DS3_v2",
                "vmPriority": "LowPriority",
                "scaleSettings": {"minNodeCount": 1, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT0S"},
                "remoteLoginPortPublicAccess": "Enabled",
                "userAccountCredentials": {
                    "adminUserName": "azureuser",
                    "adminUserSshPublicKey": KEY,
                    "adminUserPassword": "Passw0rd-not-shown",
                },
                "enableNodePublicIp": True,
                "subnet": {"id": SUBNET},
            },
        },
    }
    after = cluster(
        outer={
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {SECOND: {}, FIRST: {}}},
            "tags": {"team": "vision"},
        },
        properties={"computeLocation": "westus2"},
        inner={
            "vmPriority": "LowPriority",
            "remoteLoginPortPublicAccess": "Enabled",
            "scaleSettings": {"minNodeCount": 1, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT0S"},
            "currentNodeCount": 1,
            "targetNodeCount": 1,
        },
    )
    result = done(options, get(), get_parent(), get(), put(body), operation(), get(after))
    assert result["changed"] is True
    assert "Passw0rd-not-shown" not in result.text
    warnings = " ".join(str(warning) for warning in result.get("warnings", []))
    assert "CrossRegionCluster" in warnings and "MinimumNodes" in warnings


def test_create_waits_until_the_nodes_are_there() -> None:
    resizing = bare(inner={"allocationState": "Resizing", "targetNodeCount": 1})
    result = done(
        {**NEW, **SPEED}, get(), get_parent(), get(), put(), operation(), get(resizing), get(resizing), get(bare())
    )
    assert result["compute"]["allocation_state"] == "Steady"
    assert result.waited == 2


def test_create_in_check_mode_writes_nothing_and_predicts_the_plan() -> None:
    applied = done(NEW, get(), get_parent(), get(), put(), operation(), get(bare()))
    planned = done(NEW, get(), get_parent(), check=True)
    assert planned.writes == []
    assert planned["changed"] is True
    assert planned["plan"] == applied["plan"]
    assert planned["diff"] == applied["diff"]
    assert planned["compute"]["id"] == PATH
    assert planned["compute"]["max_instances"] == 4


def test_create_without_a_size_says_so_before_any_write() -> None:
    result = refused("RequiredForCreation", {"max_instances": 4}, get(), get_parent())
    assert "size" in result["msg"]
    assert result.writes == []


def test_create_in_a_workspace_that_is_not_there() -> None:
    missing = Call(
        "GET",
        WORKSPACE_ID,
        status=404,
        json={"error": {"code": "ResourceNotFound", "message": "The Resource was not found."}},
    )
    result = refused("ParentResourceNotFound", NEW, get(), missing)
    assert WORKSPACE_ID in result["msg"]
    assert result["changed"] is False


def test_no_wait_returns_the_operation() -> None:
    creating = bare(properties={"provisioningState": "Creating"})
    result = done({**NEW, "wait": False}, get(), get_parent(), get(), put(), get(creating))
    assert result["changed"] is True
    assert result["operation"]["url"].startswith(HOST + OPERATION)
    assert result["compute"]["provisioning_state"] == "Creating"


# --- nothing to do ---


@pytest.mark.parametrize(
    "options",
    [
        {},
        NEW,
        {"size": "standard_ds3_V2", "tier": "dedicated", "location": "East US"},
        {"idle_time_before_scale_down": 120, "min_instances": 0, "max_instances": 4},
        {"tags": {"team": "vision"}},
        {"tags": {"team": "vision", "other": "tool"}, "append_tags": False},
        {"network_settings": {"subnet": SUBNET.upper().replace("/SUBSCRIPTIONS", "/subscriptions")}},
        {"network_settings": {"vnet_name": "VNET", "subnet": "Training", "resource_group": "RG"}},
        {"identity": {"type": "user_assigned", "user_assigned_identities": [FIRST.lower()]}},
        {"ssh_settings": {"admin_username": "azureuser", "ssh_key_value": KEY.rsplit(" ", 1)[0]}},
        {"ssh_settings": {"admin_username": "azureuser", "ssh_key_value": KEY, "admin_password": "never compared"}},
        {"ssh_public_access_enabled": False, "enable_node_public_ip": True, "description": "for people"},
        {"vm_size": "STANDARD_DS3_V2", "vm_priority": "dedicated", "min_nodes": 0, "max_nodes": 4},
    ],
)
def test_no_change_is_exactly_one_get(options: dict[str, t.Any]) -> None:
    result = done(options, get(cluster()))
    assert result["changed"] is False
    assert result["plan"]["action"] == "none"
    assert result["plan"]["changes"] == []
    assert result["diff"]["before"] == result["diff"]["after"]
    assert result.methods == ["GET"]


def test_undeclared_fields_are_in_no_diff() -> None:
    result = done({"max_instances": 4}, get(cluster()))
    assert result["diff"]["before"] == {"max_instances": 4}


# --- updates in place ---

OUTER = {key: cluster()[key] for key in ("location", "tags")}
WRITTEN_INNER = {
    "vmSize": "STANDARD_DS3_V2",
    "vmPriority": "Dedicated",
    "osType": "Linux",
    "scaleSettings": {"maxNodeCount": 4, "minNodeCount": 0, "nodeIdleTimeBeforeScaleDown": "PT2M"},
    "subnet": {"id": SUBNET},
    "remoteLoginPortPublicAccess": "Disabled",
    "enableNodePublicIp": True,
    "isolatedNetwork": False,
    "enableBatchPrivateLink": False,
    "propertyBag": {"unknown": "kept"},
    "virtualMachineImage": None,
    "userAccountCredentials": {"adminUserName": "azureuser", "adminUserSshPublicKey": KEY},
}
WRITTEN = {
    "location": "eastus",
    "tags": {"team": "vision", "other": "tool"},
    "identity": {"type": "UserAssigned", "userAssignedIdentities": {FIRST: {}}},
    "properties": {
        "computeType": "AmlCompute",
        "computeLocation": "eastus",
        "description": "for people",
        "disableLocalAuth": False,
        "properties": WRITTEN_INNER,
    },
}


@pytest.mark.parametrize(
    ("options", "body", "after"),
    [
        ({"max_instances": 8}, scale(maxNodeCount=8), {"maxNodeCount": 8}),
        ({"min_instances": 1}, scale(maxNodeCount=4, minNodeCount=1), {"minNodeCount": 1}),
        (
            {"idle_time_before_scale_down": 0},
            scale(maxNodeCount=4, nodeIdleTimeBeforeScaleDown="PT0S"),
            {"nodeIdleTimeBeforeScaleDown": "PT0S"},
        ),
        (
            {"idle_time_before_scale_down": 1800},
            scale(maxNodeCount=4, nodeIdleTimeBeforeScaleDown="PT1800S"),
            {"nodeIdleTimeBeforeScaleDown": "PT30M"},
        ),
    ],
)
def test_scale_is_patched_alone(options: dict[str, t.Any], body: t.Any, after: dict[str, t.Any]) -> None:
    settings = {**cluster()["properties"]["properties"]["scaleSettings"], **after}
    # A maximum that was not declared goes along: it must be the newest one.
    reads = [get(cluster())] * (1 if "max_instances" in options else 2)
    result = done(options, *reads, patch(body), operation(), get(cluster(inner={"scaleSettings": settings})))
    assert result["changed"] is True
    assert result["plan"]["action"] == "update"
    assert set(result.fields) == set(options)


@pytest.mark.parametrize(
    ("options", "written", "after"),
    [
        ({"tags": {"cost": "42"}}, {"tags": {"team": "vision", "other": "tool", "cost": "42"}}, None),
        ({"tags": {"cost": 42}, "append_tags": False}, {"tags": {"cost": "42"}}, None),
        ({"tags": {"team": None}}, {"tags": {"other": "tool"}}, None),
        ({"tags": {}, "append_tags": False}, {"tags": {}}, None),
        (
            {"identity": {"type": "user_assigned", "user_assigned_identities": [FIRST, SECOND]}},
            {"identity": {"type": "UserAssigned", "userAssignedIdentities": {FIRST: {}, SECOND: {}}}},
            None,
        ),
        ({"identity": {"type": "system_assigned"}}, {"identity": {"type": "SystemAssigned"}}, None),
        ({"identity": {"type": "none"}}, {"identity": {"type": "None"}}, {"identity": ...}),
    ],
)
def test_tags_and_identity_are_put_with_all_that_was_there(
    options: dict[str, t.Any], written: t.Any, after: t.Any
) -> None:
    """The subnet, the SSH account, the size and unknown properties go along as they were read: directly before, since there is no ETag."""
    result = done(
        options,
        get(cluster()),
        get(cluster()),
        put({**copy.deepcopy(WRITTEN), **written}),
        operation(),
        get(cluster(outer=after or written)),
    )
    assert result["plan"]["action"] == "update"
    assert list(result.fields) == [next(iter(options))]


def test_identity_null_takes_it_away() -> None:
    body = {**copy.deepcopy(WRITTEN), "identity": {"type": "None"}}
    result = done(
        {"identity": None},
        get(cluster()),
        get(cluster()),
        put(body),
        operation(),
        get(cluster(outer={"identity": ...})),
    )
    assert result["compute"]["identity"] is None


def test_one_put_for_scale_and_tags() -> None:
    body = copy.deepcopy(WRITTEN)
    body["tags"]["cost"] = "42"
    body["properties"]["properties"]["scaleSettings"]["maxNodeCount"] = 8
    after = cluster(
        outer={"tags": body["tags"]}, inner={"scaleSettings": body["properties"]["properties"]["scaleSettings"]}
    )
    result = done(
        {"tags": {"cost": "42"}, "max_instances": 8}, get(cluster()), get(cluster()), put(body), operation(), get(after)
    )
    assert set(result.fields) == {"tags", "max_instances"}


@pytest.mark.parametrize("options", [{"max_instances": 8}, {"tags": {"cost": "42"}}, {"identity": {"type": "none"}}])
def test_update_in_check_mode(options: dict[str, t.Any]) -> None:
    result = done(options, get(cluster()), check=True)
    assert result["changed"] is True
    assert result.writes == []
    key = next(iter(options))
    expected = {"max_instances": 8, "tags": {"team": "vision", "other": "tool", "cost": "42"}, "identity": None}
    assert result["compute"][key] == expected[key]


def test_minimum_above_the_maximum_that_is_there() -> None:
    result = refused("MinimumAboveMaximum", {"min_instances": 5}, get(cluster()))
    assert "min_instances" in result["msg"] and "max_instances" in result["msg"]


def test_more_minimum_nodes_are_waited_for() -> None:
    settings = {**cluster()["properties"]["properties"]["scaleSettings"], "minNodeCount": 1}
    resizing = cluster(inner={"scaleSettings": settings, "allocationState": "Resizing", "targetNodeCount": 1})
    steady = cluster(inner={"scaleSettings": settings, "currentNodeCount": 1, "targetNodeCount": 1})
    result = done(
        {"min_instances": 1, **SPEED},
        get(cluster()),
        get(cluster()),
        patch(scale(maxNodeCount=4, minNodeCount=1)),
        operation(),
        get(resizing),
        get(steady),
    )
    assert result["compute"]["current_node_count"] == 1


def test_an_update_without_an_operation() -> None:
    """docs/facts.md a.1: a PATCH that changes nothing for the service has no operation."""
    settings = {**cluster()["properties"]["properties"]["scaleSettings"], "maxNodeCount": 8}
    after = cluster(inner={"scaleSettings": settings})
    done(
        {"max_instances": 8},
        get(cluster()),
        patch(scale(maxNodeCount=8), status=200, headers={}, json=after),
        get(after),
    )


def test_stale_reads_after_an_update_are_waited_out() -> None:
    settings = {**cluster()["properties"]["properties"]["scaleSettings"], "maxNodeCount": 8}
    fresh = cluster(inner={"scaleSettings": settings})
    result = done(
        {"max_instances": 8}, get(cluster()), patch(scale(maxNodeCount=8)), operation(), get(cluster()), get(fresh)
    )
    assert result["compute"]["max_instances"] == 8


# --- what is fixed at creation ---

FIXED: list[tuple[dict[str, t.Any], str, str]] = [
    ({"size": "Standard_NC6s_v3"}, "size", "cannot be changed after creation"),
    ({"tier": "low_priority"}, "tier", "cannot be changed after creation"),
    ({"location": "westus2"}, "location", "stays in the region"),
    ({"description": "other"}, "description", "only at creation"),
    ({"description": None}, "description", "only at creation"),
    ({"ssh_public_access_enabled": True}, "ssh_public_access_enabled", "SSH access cannot be changed"),
    (
        {"ssh_settings": {"admin_username": "root2", "ssh_key_value": KEY}},
        "ssh_settings.admin_username",
        "SSH access cannot be changed",
    ),
    ({"enable_node_public_ip": False}, "enable_node_public_ip", "decided at creation"),
    ({"network_settings": {"subnet": SUBNET + "2"}}, "network_settings.subnet", "stays in the subnet"),
    ({"network_settings": None}, "network_settings.subnet", "stays in the subnet"),
]


@pytest.mark.parametrize(("options", "field", "reason"), FIXED)
@pytest.mark.parametrize("check", [False, True])
def test_fixed_fields_fail_with_their_reason(options: dict[str, t.Any], field: str, reason: str, check: bool) -> None:
    result = refused("ImmutableChange", options, get(cluster()), check=check)
    assert field in result["msg"] and reason in result["msg"]
    assert result["changed"] is False
    assert result["plan"]["action"] == "replace"
    assert [detail["field"] for detail in result["failure"]["details"]] == [field]


@pytest.mark.parametrize(("options", "field", "_reason"), FIXED)
def test_fixed_fields_are_left_alone_when_told_so(options: dict[str, t.Any], field: str, _reason: str) -> None:
    result = done({**options, "on_immutable_change": "ignore"}, get(cluster()))
    assert result["changed"] is False
    assert [item["field"] for item in result["plan"]["ignored"]] == [field]
    assert any("ImmutableChangeIgnored" in str(warning) and field in str(warning) for warning in result["warnings"])


def test_ignore_changes_the_others() -> None:
    settings = {**cluster()["properties"]["properties"]["scaleSettings"], "maxNodeCount": 8}
    result = done(
        {"size": "Standard_NC6s_v3", "max_instances": 8, "on_immutable_change": "ignore"},
        get(cluster()),
        patch(scale(maxNodeCount=8)),
        operation(),
        get(cluster(inner={"scaleSettings": settings})),
    )
    assert list(result.fields) == ["max_instances"]


# --- recreate ---

RECREATE = {"size": "Standard_NC6s_v3", "on_immutable_change": "recreate", **SPEED}


def recreated_body() -> dict[str, t.Any]:
    body = copy.deepcopy(WRITTEN)
    body["properties"]["properties"]["vmSize"] = "Standard_NC6s_v3"
    return body


def test_recreate_deletes_waits_creates_with_what_was_there_and_proves_it() -> None:
    deleting = cluster(properties={"provisioningState": "Deleting"})
    result = done(
        RECREATE,
        get(cluster()),
        get_parent(),
        get(cluster()),
        delete(),
        get(deleting),
        operation(),
        get(deleting),
        get(),
        put(recreated_body()),
        operation(),
        get(cluster(inner={"vmSize": "STANDARD_NC6S_V3"})),
    )
    assert result["plan"]["action"] == "replace"
    assert result.fields == {"size": ("STANDARD_DS3_V2", "Standard_NC6s_v3")}
    assert result["compute"]["size"] == "STANDARD_NC6S_V3"


def test_recreate_that_revives_the_old_size_is_a_failure() -> None:
    """azure-rest-api-specs#18889: the answer to PUT has the new size, a GET the old one."""
    stale = [get(cluster()) for _look in range(16)]
    result = refused(
        "NotApplied",
        RECREATE,
        get(cluster()),
        get_parent(),
        get(cluster()),
        delete(),
        get(),
        operation(),
        get(),
        put(),
        operation(),
        *stale,
    )
    assert "STANDARD_DS3_V2" in result["msg"] and "Standard_NC6s_v3" in result["msg"]
    assert "#18889" in result["failure"]["hint"]
    assert result["changed"] is True


def test_recreate_keeps_the_tags_that_were_not_declared() -> None:
    after = cluster(inner={"vmSize": "STANDARD_NC6S_V3"})
    done(
        {**RECREATE, "tags": {"team": "vision"}},
        get(cluster()),
        get_parent(),
        get(cluster()),
        delete(),
        get(),
        operation(),
        get(),
        put(recreated_body()),
        operation(),
        get(after),
    )


def test_a_tag_declared_null_is_not_created() -> None:
    body = {**copy.deepcopy(NEW_BODY), "tags": {"cost": "42"}}
    after = bare(outer={"tags": {"cost": "42"}})
    done({**NEW, "tags": {"cost": 42, "team": None}}, get(), get_parent(), get(), put(body), operation(), get(after))


def test_recreate_in_check_mode_deletes_nothing() -> None:
    result = done(RECREATE, get(cluster()), get_parent(), check=True)
    assert result.writes == []
    assert result["plan"]["action"] == "replace"
    assert result["compute"]["size"] == "Standard_NC6s_v3"


def busy_nodes() -> dict[str, t.Any]:
    counts = {**cluster()["properties"]["properties"]["nodeStateCounts"], "runningNodeCount": 2}
    return cluster(inner={"currentNodeCount": 2, "targetNodeCount": 2, "nodeStateCounts": counts})


@pytest.mark.parametrize("check", [False, True])
def test_recreate_refuses_while_nodes_run(check: bool) -> None:
    result = refused("InUse", RECREATE, get(busy_nodes()), check=check)
    assert "2 node(s)" in result["msg"]
    assert "force" in result["msg"]


def test_recreate_refuses_while_nodes_are_coming() -> None:
    refused(
        "InUse", {**RECREATE, "wait": False}, get(cluster(inner={"allocationState": "Resizing", "targetNodeCount": 2}))
    )


def test_force_interrupts() -> None:
    result = done(
        {**RECREATE, "force": True},
        get(busy_nodes()),
        get_parent(),
        get(busy_nodes()),
        delete(),
        get(),
        operation(),
        get(),
        put(recreated_body()),
        operation(),
        get(cluster(inner={"vmSize": "STANDARD_NC6S_V3"})),
    )
    assert result["changed"] is True


def test_recreate_with_numbers_that_cannot_be_deletes_nothing() -> None:
    """The maximum was not declared: the new cluster would keep the old one's 4."""
    result = refused("MinimumAboveMaximum", {**RECREATE, "min_instances": 5}, get(cluster()), get_parent())
    assert result.writes == []


def test_recreate_of_a_password_that_nobody_knows() -> None:
    user = {"adminUserName": "azureuser", "adminUserPassword": None, "adminUserSshPublicKey": None}
    result = refused("SecretNeeded", RECREATE, get(cluster(inner={"userAccountCredentials": user})))
    assert "ssh_settings.admin_password" in result["msg"]


def test_a_failed_cluster_is_replaced_without_being_asked() -> None:
    """docs/facts.md a.5: a refused create leaves a compute in Failed; it must be deleted."""
    errors = [{"error": {"code": "ClusterMinNodesExceedCoreQuota", "message": "quota of 6"}}]
    broken = bare(properties={"provisioningState": "Failed", "provisioningErrors": errors})
    result = done(
        NEW,
        get(broken),
        get_parent(),
        get(broken),
        delete(),
        get(),
        operation(),
        get(),
        put(),
        operation(),
        get(bare()),
    )
    assert result["plan"]["action"] == "replace"
    assert "ClusterMinNodesExceedCoreQuota" in result["plan"]["reason"]


# --- delete ---


def test_delete() -> None:
    result = done({"state": "absent"}, get(cluster()), delete(), operation(), get())
    assert result["changed"] is True
    assert result["plan"]["action"] == "delete"
    assert result["compute"] is None


def test_delete_waits_for_the_resource_and_not_only_for_the_operation() -> None:
    deleting = cluster(properties={"provisioningState": "Deleting"})
    result = done({"state": "absent", **SPEED}, get(cluster()), delete(), operation(), get(deleting), get())
    assert result.waited == 1


def test_delete_of_what_is_not_there() -> None:
    result = done({"state": "absent"}, get())
    assert result["changed"] is False
    assert result["compute"] is None


def test_delete_in_check_mode_is_the_same_plan() -> None:
    applied = done({"state": "absent"}, get(cluster()), delete(), operation(), get())
    planned = done({"state": "absent"}, get(cluster()), check=True)
    assert planned["plan"] == applied["plan"]
    assert planned["diff"] == applied["diff"]
    assert planned["compute"] is None, "what would be there after the task"
    assert planned.writes == []


def test_delete_that_is_under_way_is_joined() -> None:
    deleting = cluster(properties={"provisioningState": "Deleting"})
    result = done({"state": "absent", **SPEED}, get(deleting), get(deleting), get())
    assert result["changed"] is False


def test_delete_without_waiting() -> None:
    result = done({"state": "absent", "wait": False}, get(cluster()), delete())
    assert result["operation"]["status"] == "InProgress"


def test_delete_that_met_its_own_success() -> None:
    done({"state": "absent"}, get(cluster()), delete(status=404, headers={}, json=NOT_FOUND), get())


def test_delete_of_a_failed_cluster() -> None:
    broken = cluster(properties={"provisioningState": "Failed"})
    assert done({"state": "absent"}, get(broken), delete(), operation(), get())["changed"] is True


# --- refusals ---


@pytest.mark.parametrize("state", ["present", "absent"])
def test_another_kind_of_that_name_is_not_touched(state: str) -> None:
    instance = cluster(properties={"computeType": "ComputeInstance"})
    result = refused("KindMismatch", {"state": state}, get(instance))
    assert result["failure"]["details"]["found"] == "computeinstance"


@pytest.mark.parametrize(
    ("options", "code", "named"),
    [
        ({"name": "gpu-1"}, "InvalidComputeName", "gpu-a1"),
        ({"name": "a"}, "InvalidComputeName", "3 to 24"),
        ({"resource_group": "rg."}, "InvalidResourceGroupName", "resource_group"),
        ({"workspace": "-x"}, "InvalidWorkspaceName", "workspace"),
        ({"subscription_id": "mine"}, "InvalidSubscriptionId", "subscription_id"),
        ({"min_instances": 5, "max_instances": 4}, "MinimumAboveMaximum", "min_instances"),
        ({"min_instances": -1}, "OutOfRange", "min_instances"),
        ({"max_instances": 0}, "OutOfRange", "max_instances"),
        ({"idle_time_before_scale_down": -1}, "OutOfRange", "idle_time_before_scale_down"),
        ({"size": None}, "NullNotAllowed", "size"),
        ({"max_instances": None}, "NullNotAllowed", "max_instances"),
        ({"ssh_settings": {"admin_username": "azureuser"}}, "SshKeyMissing", "ssh_key_value"),
        (
            {"ssh_settings": {"admin_username": "azureuser", "ssh_key_value": "ssh-ed25519 AAAA x"}},
            "InvalidSshKey",
            "ssh_key_value",
        ),
        ({"network_settings": {"subnet": "training"}}, "NetworkMissing", "network_settings.vnet_name"),
        ({"network_settings": {"vnet_name": "vnet"}}, "SubnetMissing", "network_settings"),
        (
            {"network_settings": {"subnet": SUBNET, "vnet_name": "vnet"}},
            "SubnetGivenTwice",
            "network_settings.vnet_name",
        ),
        ({"network_settings": {"subnet": WORKSPACE_ID}}, "WrongResourceType", "network_settings.subnet"),
        ({"identity": {"type": "user_assigned"}}, "IdentityMissing", "identity.user_assigned_identities"),
        (
            {"identity": {"type": "system_assigned", "user_assigned_identities": [FIRST]}},
            "IdentityConflict",
            "user_assigned_identities",
        ),
        (
            {"identity": {"type": "user_assigned", "user_assigned_identities": ["first"]}},
            "InvalidResourceId",
            "user_assigned_identities",
        ),
        ({"tags": {"a/b": "x"}}, "InvalidTag", "tag"),
    ],
)
def test_what_can_be_known_offline_sends_nothing(options: dict[str, t.Any], code: str, named: str) -> None:
    result = refused(code, options)
    assert named in result["msg"]
    assert result.sent == []
    assert result["failure"]["details"][0]["url"].endswith(f"#{result['failure']['details'][0]['code'].lower()}")


def test_all_findings_come_at_once() -> None:
    result = refused("InvalidDeclaration", {"name": "x", "min_instances": -1})
    assert {detail["code"] for detail in result["failure"]["details"]} == {"InvalidComputeName", "OutOfRange"}


def test_no_public_addresses_need_a_subnet_or_a_managed_network() -> None:
    options = {**NEW, "enable_node_public_ip": False}
    refused("SubnetMissing", options, get(), get_parent())
    managed = workspace(properties={"managedNetwork": {"isolationMode": "AllowInternetOutbound"}})
    after = bare(inner={"enableNodePublicIp": False})
    done(options, get(), get_parent(managed), get(), put(), operation(), get(after))


def test_another_region_is_refused_behind_a_private_endpoint() -> None:
    refused(
        "CrossRegionPrivateLink",
        {**NEW, "location": "westus2"},
        get(),
        get_parent(workspace(properties={"privateLinkCount": 1})),
    )


# --- what the service answers ---


def test_another_operation_is_waited_for() -> None:
    busy = {
        "error": {"code": "Conflict", "message": "There is already an active operation submitted for this compute."}
    }
    settings = {**cluster()["properties"]["properties"]["scaleSettings"], "maxNodeCount": 8}
    result = done(
        {"max_instances": 8},
        get(cluster()),
        patch(scale(maxNodeCount=8), status=409, headers={}, json=busy),
        patch(scale(maxNodeCount=8)),
        operation(),
        get(cluster(inner={"scaleSettings": settings})),
    )
    assert result["changed"] is True
    assert result.waited > 0


def test_another_operation_is_not_waited_for_without_wait() -> None:
    busy = {
        "error": {"code": "Conflict", "message": "There is already an active operation submitted for this compute."}
    }
    call = patch(scale(maxNodeCount=8), status=409, headers={}, json=busy)
    result = refused("Conflict", {"max_instances": 8, "wait": False}, get(cluster()), call)
    assert result["failure"]["status"] == 409
    assert result["failure"]["hint"]


def test_throttling_is_waited_out_as_long_as_asked() -> None:
    throttled = Call(
        "GET",
        PATH,
        status=429,
        headers={"Retry-After": "10"},
        json={"error": {"code": "SubscriptionRequestsThrottled"}},
    )
    result = done({}, throttled, get(cluster()))
    assert result.waited >= 10


def test_throttling_beyond_the_budget_fails_with_its_code() -> None:
    throttled = Call(
        "GET",
        PATH,
        status=429,
        headers={"Retry-After": "600"},
        json={"error": {"code": "SubscriptionRequestsThrottled", "message": "m"}},
    )
    assert refused("SubscriptionRequestsThrottled", {}, throttled)["failure"]["status"] == 429


def test_no_rights() -> None:
    message = (
        "The client 'x' with object id 'y' does not have authorization to perform action "
        f"'Microsoft.MachineLearningServices/workspaces/computes/read' over scope '{PATH}' or the scope is invalid."
    )
    forbidden = Call(
        "GET",
        PATH,
        status=403,
        json={"error": {"code": "AuthorizationFailed", "message": message}},
        headers={"x-ms-request-id": "r-1"},
    )
    result = refused("AuthorizationFailed", {}, forbidden)
    assert result["failure"]["request_id"] == "r-1"
    assert "computes/read" in result["failure"]["hint"]


QUOTA = {
    "code": "ClusterMinNodesExceedCoreQuota",
    "message": "The specified subscription has a quota of 6",
    "details": [],
}


def test_an_operation_that_fails() -> None:
    result = refused(
        "ClusterMinNodesExceedCoreQuota", NEW, get(), get_parent(), get(), put(), operation("Failed", error=QUOTA)
    )
    assert "quota of 6" in result["msg"]
    assert result["changed"] is True, "the request was taken, and left a failed cluster"
    assert result["plan"]["action"] == "create"


def test_an_operation_that_succeeds_for_a_resource_that_failed() -> None:
    """docs/facts.md f.19: azure-ai-ml takes this for a success."""
    body = bare(properties={"provisioningState": "Failed", "provisioningErrors": [{"error": QUOTA}]})
    result = refused("ClusterMinNodesExceedCoreQuota", NEW, get(), get_parent(), get(), put(), operation(), get(body))
    assert "quota of 6" in result["msg"]


def test_a_cluster_that_succeeds_with_errors() -> None:
    """docs/facts.md a.5: low priority; the state is Succeeded, the failure is in the inner errors."""
    errors = [
        {"error": {"code": "UnsupportedVMSizeForLowPriority", "message": "The VM size is not allowed for LowPriority."}}
    ]
    body = bare(inner={"errors": errors, "vmPriority": "LowPriority"})
    result = refused(
        "UnsupportedVMSizeForLowPriority",
        {**NEW, "tier": "low_priority"},
        get(),
        get_parent(),
        get(),
        put(),
        operation(),
        get(body),
    )
    assert "LowPriority" in result["msg"]


def test_a_cluster_that_has_failed_for_good_is_no_success_later() -> None:
    errors = [{"error": {"code": "UnsupportedVMSizeForLowPriority", "message": "not allowed"}}]
    refused("UnsupportedVMSizeForLowPriority", {"max_instances": 4}, get(cluster(inner={"errors": errors})))


# --- waiting ---


def test_a_wait_that_runs_out_says_what_and_where() -> None:
    forever = [operation("InProgress") for _look in range(4)]
    result = refused("WaitTimeout", {**NEW, "wait_timeout": 3, **SPEED}, get(), get_parent(), get(), put(), *forever)
    assert result["failure"]["details"]["state"] == "InProgress"
    assert result["failure"]["details"]["operation"]["url"].startswith(HOST + OPERATION)
    assert "cpu" in result["msg"] and "run the same task again" in result["msg"].lower()
    assert result["changed"] is True


def test_the_next_run_goes_on_waiting() -> None:
    creating = bare(properties={"provisioningState": "Creating"})
    result = done({**NEW, **SPEED}, get(creating), get(creating), get(bare()))
    assert result["changed"] is False
    assert result.writes == []
    assert result.waited == 2


def test_a_run_that_finds_it_being_deleted_creates_it_anew() -> None:
    deleting = bare(properties={"provisioningState": "Deleting"})
    result = done({**NEW, **SPEED}, get(deleting), get(), get_parent(), get(), put(), operation(), get(bare()))
    assert result["plan"]["action"] == "create"


def test_a_settling_that_runs_out() -> None:
    creating = bare(properties={"provisioningState": "Creating"})
    result = refused("WaitTimeout", {**NEW, "wait_timeout": 2, **SPEED}, *[get(creating) for _look in range(3)])
    assert result["failure"]["details"]["state"] == "Creating"


def test_nothing_secret_is_printed() -> None:
    result = done({}, get(cluster()))
    assert "top-secret-value" not in result.text
    assert "Bearer" not in result.text and "credential-1" not in result.text
    assert result["auth"]["client_id"] == "client-one"
