# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The compute cluster without a wire: bodies, states, projection.

Sources: docs/facts.md a.5 and a.6 (states, bodies), b.1 E4 (envelopes of errors), c.3; the module's RETURN documentation.
"""

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible_collections.azureml.compute.plugins.module_utils._core.arm_id import Target
from ansible_collections.azureml.compute.plugins.module_utils._engine.kind import BUSY, FAILED, READY, service_errors
from ansible_collections.azureml.compute.plugins.module_utils._engine.plan import plan_present
from ansible_collections.azureml.compute.plugins.module_utils._kinds import compute
from ansible_collections.azureml.compute.plugins.module_utils._kinds.cluster import CLUSTER
from ansible_collections.azureml.compute.plugins.modules import aml_compute_cluster
from ansible_collections.azureml.compute.tests.support.bodies import FIRST, KEY, SECOND, SUBNET, cluster

TARGET = Target("cpu", "/w/computes/cpu", "/subscriptions/s/resourceGroups/rg", "s", "rg")


def writes(declared: dict[str, t.Any], body: dict[str, t.Any] | None = None, **more: t.Any) -> tuple[str, t.Any]:
    body = body or cluster()
    [request] = CLUSTER.updates(body, plan_present(CLUSTER.fields, declared, CLUSTER.read(body), **more))
    return request.method, request.body


# --- declaration ---


@pytest.mark.parametrize(
    ("tree", "flat"),
    [
        ({}, {}),
        ({"min_instances": 0}, {"min_instances": 0}),
        ({"ssh_settings": {"admin_username": "me"}}, {"ssh_settings.admin_username": "me"}),
        (
            {"ssh_settings": None},
            {f"ssh_settings.{key}": None for key in ("admin_username", "ssh_key_value", "admin_password")},
        ),
        ({"network_settings": None}, {"network_settings.subnet": None}),
        ({"network_settings": {"subnet": SUBNET}}, {"network_settings.subnet": SUBNET}),
        (
            {"network_settings": {"subnet": "x", "vnet_name": "v"}},
            {
                "network_settings.subnet": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/x"
            },
        ),
        (
            {"network_settings": {"subnet": "x", "vnet_name": "v", "resource_group": "net"}},
            {
                "network_settings.subnet": "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/x"
            },
        ),
        (
            {"identity": {"type": "system_assigned"}},
            {"identity": {"type": "system_assigned", "user_assigned_identities": []}},
        ),
        (
            {"identity": {"type": "user_assigned", "user_assigned_identities": [{"resource_id": FIRST}, SECOND]}},
            {"identity": {"type": "user_assigned", "user_assigned_identities": [FIRST, SECOND]}},
        ),
        ({"identity": None}, {"identity": None}),
    ],
)
def test_what_was_declared(tree: dict[str, t.Any], flat: dict[str, t.Any]) -> None:
    assert CLUSTER.declare(tree, TARGET) == flat


# --- bodies ---


def test_a_patch_has_only_the_scale() -> None:
    assert writes({"max_instances": 9}) == (
        "PATCH",
        {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 9}}}},
    )


def test_a_put_keeps_what_it_does_not_manage_and_drops_what_is_not_its_own() -> None:
    method, body = writes({"tags": {"cost": "42"}})
    inner = body["properties"]["properties"]
    assert method == "PUT"
    assert inner["subnet"] == {"id": SUBNET}
    assert inner["userAccountCredentials"] == {"adminUserName": "azureuser", "adminUserSshPublicKey": KEY}
    assert inner["propertyBag"] == {"unknown": "kept"}
    assert inner["vmSize"] == "STANDARD_DS3_V2"
    assert body["identity"] == {"type": "UserAssigned", "userAssignedIdentities": {FIRST: {}}}
    assert not {"id", "name", "type", "systemData"} & set(body)
    read_only = {
        "provisioningState",
        "provisioningErrors",
        "provisioningWarnings",
        "createdOn",
        "modifiedOn",
        "isAttachedCompute",
        "resourceId",
    }
    assert not read_only & set(body["properties"])
    assert not {
        "allocationState",
        "errors",
        "currentNodeCount",
        "targetNodeCount",
        "nodeStateCounts",
        "allocationStateTransitionTime",
    } & set(inner)


def test_a_put_drops_the_transient_resource_id() -> None:
    """docs/facts.md a.6: a PUT on an existing cluster answers with the id of a BatchAI cluster."""
    body = cluster(properties={"resourceId": "/subscriptions/s/providers/Microsoft.BatchAI/workspaces/w/clusters/c"})
    assert "resourceId" not in writes({"tags": {"cost": "42"}}, body)[1]["properties"]


def test_an_unknown_property_outside_goes_along() -> None:
    body = cluster(outer={"sku": {"name": "Basic"}}, properties={"newThing": 7})
    written = writes({"tags": {"cost": "42"}}, body)[1]
    assert written["sku"] == {"name": "Basic"}
    assert written["properties"]["newThing"] == 7


def test_the_source_document_is_left_alone() -> None:
    body = cluster()
    writes({"tags": {"cost": "42"}, "max_instances": 9}, body)
    assert body == cluster()


def test_identity_removal_and_change() -> None:
    assert writes({"identity": None})[1]["identity"] == {"type": "None"}
    assert writes({"identity": {"type": "none", "user_assigned_identities": []}})[1]["identity"] == {"type": "None"}
    both = {"type": "user_assigned", "user_assigned_identities": [SECOND, FIRST]}
    assert writes({"identity": both})[1]["identity"] == {
        "type": "UserAssigned",
        "userAssignedIdentities": {SECOND: {}, FIRST: {}},
    }


def test_create_body_has_nothing_that_was_not_declared() -> None:
    body = CLUSTER.create_body(
        TARGET, {"size": "A", "max_instances": 1, "identity": None, "description": None}, {"location": "eastus"}
    )
    inner = {"osType": "Linux", "vmSize": "A", "scaleSettings": {"maxNodeCount": 1}}
    assert body == {
        "location": "eastus",
        "properties": {"computeType": "AmlCompute", "disableLocalAuth": True, "properties": inner},
    }


def test_a_key_is_sent_in_one_line() -> None:
    blob = KEY.split()[1]
    folded = f"---- BEGIN SSH2 PUBLIC KEY ----\n{blob[:20]}\n{blob[20:]}\n---- END SSH2 PUBLIC KEY ----"
    declared = {"ssh_settings.admin_username": "me", "ssh_settings.ssh_key_value": folded}
    body = CLUSTER.create_body(TARGET, declared, None)
    assert body["properties"]["properties"]["userAccountCredentials"] == {
        "adminUserName": "me",
        "adminUserSshPublicKey": f"ssh-rsa {blob}",
    }
    assert body["properties"]["disableLocalAuth"] is False
    assert (
        plan_present(
            CLUSTER.fields, declared, CLUSTER.read(cluster(inner={"userAccountCredentials.adminUserName": "me"}))
        ).action
        == "none"
    )


def test_recreate_body_is_what_was_there_with_what_was_declared() -> None:
    body = cluster()
    declared = {"size": "Standard_NC6", "ssh_settings.admin_password": "new"}
    plan = plan_present(CLUSTER.fields, declared, CLUSTER.read(body), on_immutable_change="recreate")
    new = CLUSTER.recreate_body(body, plan, declared, TARGET, None)
    inner = new["properties"]["properties"]
    assert inner["vmSize"] == "Standard_NC6"
    assert inner["subnet"] == {"id": SUBNET}
    assert inner["userAccountCredentials"]["adminUserPassword"] == "new"
    assert new["tags"] == {"team": "vision", "other": "tool"}
    assert new["properties"]["disableLocalAuth"] is False


def test_recreate_without_ssh_closes_it() -> None:
    declared = {f"ssh_settings.{key}": None for key in ("admin_username", "ssh_key_value", "admin_password")}
    plan = plan_present(CLUSTER.fields, declared, CLUSTER.read(cluster()), on_immutable_change="recreate")
    new = CLUSTER.recreate_body(cluster(), plan, declared, TARGET, None)
    assert new["properties"]["disableLocalAuth"] is True
    assert not any((new["properties"]["properties"].get("userAccountCredentials") or {}).values())


# --- states ---

_RESIZING = {"allocationState": "Resizing"}
_EMPTY = {"scaleSettings.minNodeCount": 0, "currentNodeCount": 0, "targetNodeCount": 0}


@pytest.mark.parametrize(
    ("changes", "settling", "state"),
    [
        ({}, False, READY),
        ({"properties": {"provisioningState": "Creating"}}, False, BUSY),
        ({"properties": {"provisioningState": "Updating"}}, True, BUSY),
        ({"properties": {"provisioningState": "Unknown"}}, False, BUSY),
        ({"properties": {"provisioningState": "Failed"}}, False, FAILED),
        ({"properties": {"provisioningState": "Canceled"}}, False, FAILED),
        ({"inner": _RESIZING | _EMPTY}, True, READY),
        ({"inner": _RESIZING | _EMPTY | {"scaleSettings.minNodeCount": 1}}, True, BUSY),
        ({"inner": _RESIZING | _EMPTY | {"targetNodeCount": 2}}, True, BUSY),
        ({"inner": _RESIZING | _EMPTY | {"currentNodeCount": 2}}, True, BUSY),
        ({"inner": _RESIZING | _EMPTY | {"currentNodeCount": None}}, True, BUSY),
        ({"inner": _RESIZING | _EMPTY | {"targetNodeCount": 2}}, False, READY),
        ({"inner": {"allocationState": None}}, True, READY),
        ({"inner": {"errors": []}}, True, READY),
        ({"inner": {"errors": [{"error": {"code": "OutOfCapacity", "message": "m"}}]}}, True, FAILED),
        ({"inner": {"errors": [{"error": {"code": "OutOfCapacity", "message": "m"}}]}}, False, READY),
        (
            {"inner": {"errors": [{"error": {"code": "UnsupportedVMSizeForLowPriority", "message": "m"}}]}},
            False,
            FAILED,
        ),
        ({"properties": {"properties": None}}, True, READY),
    ],
)
def test_states(changes: dict[str, t.Any], settling: bool, state: str) -> None:
    assert CLUSTER.status(cluster(**changes), settling=settling).state == state


QUOTA = {"code": "Quota", "message": "too much", "details": [{"code": "Inner", "message": "why"}]}


@pytest.mark.parametrize(
    ("errors", "flat"),
    [
        (None, []),
        ([], []),
        ([QUOTA], [QUOTA]),
        ([{"error": QUOTA}], [QUOTA]),
        ([{"code": "Outer", "message": "The r...", "error": QUOTA}], [QUOTA]),
        (
            [{"code": "Outer", "message": "outer", "error": {"statusCode": 400}}],
            [{"code": "Outer", "message": "outer", "details": None}],
        ),
        (
            [{"error": None, "code": "Outer", "message": "outer"}],
            [{"code": "Outer", "message": "outer", "details": None}],
        ),
        (["text"], [{"code": None, "message": "text", "details": None}]),
        ([{}], [{"code": None, "message": None, "details": None}]),
    ],
)
def test_every_envelope_of_provisioning_errors(errors: t.Any, flat: list[dict[str, t.Any]]) -> None:
    assert service_errors(errors) == flat
    status = CLUSTER.status(cluster(properties={"provisioningState": "Failed", "provisioningErrors": errors}))
    assert status.state == FAILED
    assert status.code == ((flat[0]["code"] if flat else None) or "ProvisioningFailed")
    assert status.message


def test_a_failed_cluster_without_nodes_is_broken_and_one_with_nodes_is_not() -> None:
    assert "too much" in str(
        CLUSTER.broken(cluster(properties={"provisioningState": "Failed", "provisioningErrors": [{"error": QUOTA}]}))
    )
    assert CLUSTER.broken(cluster(properties={"provisioningState": "Failed"}, inner={"currentNodeCount": 2})) is None
    assert CLUSTER.broken(cluster()) is None


@pytest.mark.parametrize(
    ("inner", "used"),
    [
        ({}, False),
        ({"currentNodeCount": 1}, True),
        ({"targetNodeCount": 1}, True),
        ({"currentNodeCount": None, "targetNodeCount": None}, False),
    ],
)
def test_in_use(inner: dict[str, t.Any], used: bool) -> None:
    assert bool(CLUSTER.in_use(cluster(inner=inner))) is used


# --- reading and showing ---


def documented(module: t.Any, key: str) -> set[str]:
    return set(yaml.safe_load(module.RETURN)[key]["contains"])


@pytest.mark.parametrize(
    "body",
    [
        cluster(),
        cluster(outer={"identity": ..., "tags": None}, inner={"userAccountCredentials": None, "subnet": None}),
        cluster(properties={"properties": None}),
        cluster(properties={"properties": {}}),
    ],
)
def test_the_result_has_exactly_the_documented_keys(body: dict[str, t.Any]) -> None:
    projected = CLUSTER.project(body)
    assert set(projected) == documented(aml_compute_cluster, "compute")
    assert set(projected["ssh_settings"]) == {"admin_username", "ssh_key_value"}
    assert set(projected["network_settings"]) == {"subnet"}
    assert isinstance(projected["tags"], dict)
    assert set(projected["node_state_counts"]) == {"idle", "running", "preparing", "unusable", "leaving", "preempted"}


def test_values_in_the_options_terms() -> None:
    projected = CLUSTER.project(cluster())
    assert projected["tier"] == "dedicated"
    assert projected["idle_time_before_scale_down"] == 120
    assert projected["ssh_public_access_enabled"] is False
    assert projected["network_settings"] == {"subnet": SUBNET}
    assert projected["identity"]["default"] == {
        "resource_id": FIRST,
        "client_id": "client-of-first",
        "principal_id": "principal-of-first",
    }


@pytest.mark.parametrize(
    ("arm", "option"), [("Enabled", True), ("Disabled", False), ("NotSpecified", None), (None, None)]
)
def test_ssh_access_that_the_service_has_not_decided_is_null(arm: t.Any, option: t.Any) -> None:
    assert CLUSTER.read(cluster(inner={"remoteLoginPortPublicAccess": arm}))["ssh_public_access_enabled"] is option


@pytest.mark.parametrize(
    ("properties", "location"),
    [({}, "eastus"), ({"computeLocation": "westus2"}, "westus2"), ({"computeLocation": None}, "eastus")],
)
def test_location(properties: dict[str, t.Any], location: str) -> None:
    assert CLUSTER.read(cluster(properties=properties))["location"] == location
    assert CLUSTER.project(cluster(properties=properties))["location"] == location


def test_an_odd_duration_of_the_service_does_not_break_the_look_at_it() -> None:
    assert (
        CLUSTER.project(cluster(inner={"scaleSettings": {"nodeIdleTimeBeforeScaleDown": "soon"}}))[
            "idle_time_before_scale_down"
        ]
        == "soon"
    )


def test_the_default_identity_is_the_system_assigned_one_or_the_first() -> None:
    system = {"type": "SystemAssigned", "principalId": "p", "tenantId": "t"}
    projected = compute.projected_identity(cluster(outer={"identity": system}))
    assert projected == {
        "type": "system_assigned",
        "user_assigned_identities": [],
        "principal_id": "p",
        "tenant_id": "t",
        "default": {"resource_id": None, "client_id": None, "principal_id": "p"},
    }
    assert compute.projected_identity({"identity": {"type": "None"}}) is None
    assert compute.projected_identity({}) is None
