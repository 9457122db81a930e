# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What computes are refused for, when and how: docs/facts.md b.1 and b.2."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import (
    GROUP,
    SUBNET,
    VNET,
    WORKSPACE,
    World,
    cluster_body,
    refusal,
)
from azureml_simulator.entra.directory import SUBSCRIPTIONS
from azureml_simulator.http import Principal

CPU = f"{WORKSPACE}/computes/cpu"


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("name", ["1cpu", "ab", "a" * 25, "cpu_1", "cpu-1"])
def test_a_name_is_refused_with_the_services_words(world: World, name: str) -> None:
    """b.2, c.1 [ISS azure-docs#55961]; envelope E2 of b.1."""
    answer = world.call("PUT", f"{WORKSPACE}/computes/{name}", cluster_body())
    assert refusal(answer) == (400, "UserError")
    text = "Compute name is invalid. It can include letters, digits and dashes."
    assert answer.body["error"]["message"].startswith(text)
    assert answer.body["componentName"] == "machinelearningcompute" and answer.body["error"]["innerError"] is None


def test_a_refusal_of_a_workspace_is_of_another_component(world: World) -> None:
    """Envelope E2 of account-rp [REC R26]."""
    answer = world.call("PATCH", WORKSPACE, {"properties": {"managedNetwork": {"isolationMode": "None"}}})
    assert (answer.status, answer.body["componentName"], answer.body["statusCode"]) == (400, "account-rp", 400)


def test_missing_parents_are_404(world: World) -> None:
    """b.2 [REC R11, ARM]: envelope E1."""
    answer = world.call("GET", f"{WORKSPACE}x")
    assert refusal(answer) == (404, "ResourceNotFound")
    path = "Microsoft.MachineLearningServices/workspaces/ws1x"
    message = f"The Resource '{path}' under resource group 'rg' was not found."
    assert answer.body["error"]["message"].startswith(message)
    assert set(answer.body) == {"error"} and answer.headers["x-ms-failure-cause"] == "gateway"
    assert refusal(world.call("PUT", f"{WORKSPACE}x/computes/cpu", cluster_body())) == (404, "ParentResourceNotFound")
    assert refusal(world.call("GET", CPU)) == (404, "ResourceNotFound")
    other = WORKSPACE.replace("resourceGroups/rg", "resourceGroups/none")
    assert refusal(world.call("GET", other)) == (404, "ResourceGroupNotFound")


def test_dedicated_quota_fails_late_and_even_at_min_zero(world: World) -> None:
    """b.2 [ISS]: op Failed, compute Failed with envelope E4; it must be deleted."""
    world.app.configure({"quotas": {"eastus": {"standardDSv2Family": 6}}})
    error = world.require_failure(world.call("PUT", CPU, cluster_body("Standard_DS4_v2")))
    assert error["code"] == "ClusterMinNodesExceedCoreQuota" and error["statusCode"] == 400
    assert (
        "has a Standard DSv2 family vCPU quota of 6 and cannot accomodate for at least 1 requested managed compute "
        "nodes which maps to 8 vCPUs."
    ) in error["message"]
    properties = world.get(CPU)["properties"]
    assert properties["provisioningState"] == "Failed"
    assert properties["provisioningErrors"] == [{"error": {"code": error["code"], "message": error["message"]}}]
    assert world.call("PUT", CPU, cluster_body()).status == 400
    world.require_success(world.call("DELETE", f"{CPU}?underlyingResourceAction=Delete", version="2025-12-01"))


def test_a_minimum_beyond_the_quota_fails_the_update(world: World) -> None:
    """That the operation fails is b.2's; that the cluster lives on with its old scale settings is a guess."""
    before = world.cluster()["properties"]["properties"]["scaleSettings"]
    world.app.configure({"quotas": {"eastus": {"standardDSv2Family": 8}}})
    scale = {"properties": {"properties": {"scaleSettings": {"minNodeCount": 3}}}}
    assert world.require_failure(world.call("PATCH", CPU, scale))["code"] == "ClusterMinNodesExceedCoreQuota"
    properties = world.get(CPU)["properties"]
    assert (properties["provisioningState"], properties["properties"]["scaleSettings"]) == ("Succeeded", before)


def test_low_priority_is_checked_against_the_total_alone(world: World) -> None:
    """b.2, f.23 [ISS]."""
    world.app.configure({"quotas": {"eastus": {"standardDSv2Family": 0, "TotalLowPriorityCores": 4}}})
    world.cluster(vmPriority="LowPriority")
    world.app.configure({"quotas": {"eastus": {"TotalLowPriorityCores": 0}}})
    error = world.require_failure(
        world.call("PUT", f"{WORKSPACE}/computes/two", cluster_body(vmPriority="LowPriority"))
    )
    assert "total vCPU quota of 0" in error["message"]


def test_an_unsupported_size_names_the_supported_ones(world: World) -> None:
    """b.2 [ISS azure-sdk-for-python#14147]."""
    error = world.require_failure(world.call("PUT", CPU, cluster_body("Standard_B2s")))
    assert error["code"] == "InvalidPropertyValue" and "for property Cluster.Properties.VMSize" in error["message"]
    assert error["details"][0]["code"] == "SupportedVMSizes" and "STANDARD_DS3_V2," in error["details"][0]["message"]
    assert world.get(CPU)["properties"]["provisioningErrors"][0]["error"]["details"] == error["details"]


def test_a_size_without_low_priority_succeeds_with_errors(world: World) -> None:
    """a.5, b.2 [ISS]: the operation succeeds, the failure stands in `errors`, and no node comes."""
    world.app.configure({"quotas": {"eastus": {"TotalLowPriorityCores": 200}}})
    inner = world.cluster(size="Standard_ND96isr_H100_v5", vmPriority="LowPriority")["properties"]["properties"]
    assert inner["errors"][0]["error"]["code"] == "UnsupportedVMSizeForLowPriority"
    assert "STANDARD_ND96ISR_H100_V5 is not allowed for LowPriority" in inner["errors"][0]["error"]["message"]
    world.app.configure({"load": {"cpu": {"running_nodes": 2}}})
    world.app.clock.advance(60)
    assert world.get(CPU)["properties"]["properties"]["currentNodeCount"] == 0


def test_too_many_clusters(world: World) -> None:
    """b.2 [ISS MachineLearningNotebooks#613]."""
    world.app.configure({"quotas": {"eastus": {"TotalClusters": 1}}})
    world.cluster()
    error = world.require_failure(world.call("PUT", f"{WORKSPACE}/computes/two", cluster_body()))
    assert error["message"] == "Operation results in exceeding quota limits of Microsoft.Batchlusters"


def test_no_public_addresses_need_a_private_way(world: World) -> None:
    """b.2 [ISS data-product-analytics#70], c.3: a subnet or a managed network will do."""
    answer = world.call("PUT", CPU, cluster_body(enableNodePublicIp=False))
    assert refusal(answer) == (400, "UserError")
    text = "Provided EnableNodePublicIp 'False' requires workspace private endpoint."
    assert answer.body["error"]["message"] == text
    world.require_success(
        world.call("PATCH", WORKSPACE, {"properties": {"managedNetwork": {"isolationMode": "AllowInternetOutbound"}}})
    )
    world.cluster(enableNodePublicIp=False)
    assert world.get(WORKSPACE)["properties"]["managedNetwork"]["status"]["status"] == "Active"


def _foreign_subnet() -> str:
    first, second = SUBSCRIPTIONS
    return SUBNET.replace(first, second)


@pytest.mark.parametrize("subnet, code", [(f"{VNET}/subnets/none", "SubnetNotFound"), (_foreign_subnet(), "UserError")])
def test_the_subnet_exists_in_the_workspaces_subscription(world: World, subnet: str, code: str) -> None:
    """b.2 [GUESS text and code], 1.11 [D]."""
    if code == "UserError":
        world.keep(subnet)
        world.keep(subnet.partition("/subnets/")[0])
    assert world.require_failure(world.call("PUT", CPU, cluster_body(subnet={"id": subnet})))["code"] == code


def test_one_operation_at_a_time(world: World) -> None:
    """b.2 [SDK]: 409 with the text that the v1 client looks for."""
    world.call("PUT", CPU, cluster_body())
    patch = {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 9}}}}
    for method, path, body in (("PUT", CPU, cluster_body()), ("PATCH", CPU, patch)):
        answer = world.call(method, path, body)
        assert refusal(answer) == (409, "Conflict")
        assert "There is already an active operation submitted" in answer.body["error"]["message"]
    answer = world.call("DELETE", f"{CPU}?underlyingResourceAction=Delete", version="2025-12-01")
    assert answer.status == 409


@pytest.mark.parametrize(
    "scale",
    [
        {"maxNodeCount": 1, "minNodeCount": 2},
        {"minNodeCount": 1},
        {"maxNodeCount": -1},
        {"maxNodeCount": 1, "nodeIdleTimeBeforeScaleDown": "120"},
    ],
)
def test_scale_settings_are_checked(world: World, scale: dict[str, Any]) -> None:
    """types-2025-12-01.md ScaleSettings; C13, C14."""
    assert world.call("PUT", CPU, cluster_body(scaleSettings=scale)).status == 400


def test_a_workspace_that_is_not_ready_takes_no_computes(world: World) -> None:
    world.call("PATCH", WORKSPACE, {"properties": {"description": "busy"}})
    assert refusal(world.call("PUT", CPU, cluster_body())) == (409, "Conflict")


def test_an_ordered_failure_leaves_a_failed_compute(world: World) -> None:
    """a.5: what any refused creation leaves behind, here ordered by the control API."""
    world.app.faults.put([{"kind": "failed_operation", "match": {"path": "computes/cpu"}, "code": "OutOfCapacity"}])
    assert world.require_failure(world.call("PUT", CPU, cluster_body()))["code"] == "OutOfCapacity"
    properties = world.get(CPU)["properties"]
    assert properties["provisioningState"] == "Failed"
    assert properties["provisioningErrors"][0]["error"]["code"] == "OutOfCapacity"


def test_what_the_service_lacks_is_said(world: World) -> None:
    """DESIGN: an action of another kind is refused as the service does; what is not simulated is 501."""
    world.cluster()
    assert world.call("POST", f"{CPU}/listKeys").status == 400
    assert world.call("POST", f"{CPU}/stop").status == 400
    assert refusal(world.call("POST", f"{CPU}/polish")) == (501, "NotSimulated")


def test_a_reader_reads_but_does_not_write(world: World) -> None:
    """b.2: 403 AuthorizationFailed names the action and the scope."""
    world.cluster()
    tenant = world.app.default_principal().tenant
    who = Principal("eeeeeeee-0000-4000-8000-0000000000e0", "eeeeeeee-0000-4000-8000-00000000000e", tenant)
    world.app.grant(who.object_id, "Reader", GROUP)
    token = world.app.token(who)
    assert world.call("GET", CPU, token=token).status == 200
    answer = world.call("PUT", CPU, cluster_body(), token=token)
    assert refusal(answer) == (403, "AuthorizationFailed")
    action = "Microsoft.MachineLearningServices/workspaces/computes/write"
    assert f"perform action '{action}' over scope '{CPU}'" in answer.body["error"]["message"]
