# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extensions of Kubernetes clusters of the simulator: docs/facts.md n."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import GROUP, World, refusal

CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks1"
ARC = f"{GROUP}/providers/Microsoft.Kubernetes/connectedClusters/arc1"
EXTENSIONS = "providers/Microsoft.KubernetesConfiguration/extensions"
VERSION = "2025-03-01"
INFERENCE = {
    "enableInference": "True",
    "inferenceRouterServiceType": "LoadBalancer",
    "allowInsecureConnections": "True",
}


@pytest.fixture
def world() -> World:
    made = World()
    made.keep(CLUSTER, agentPoolProfiles=[{"name": "pool1", "count": 3}])
    made.keep(ARC, totalNodeCount=1)
    return made


def body(settings: dict[str, str] | None = None, **properties: Any) -> dict[str, Any]:
    """As azure-cli sends it."""
    own = {"enableTraining": "True"} if settings is None else settings
    return {
        "identity": {"type": "SystemAssigned"},
        "properties": {"extensionType": "Microsoft.AzureML.Kubernetes", "configurationSettings": own, **properties},
    }


def put(world: World, sent: dict[str, Any] | None = None, cluster: str = CLUSTER, version: str = VERSION) -> Any:
    return world.call("PUT", f"{cluster}/{EXTENSIONS}/aml", body() if sent is None else sent, version)


def shown(world: World, cluster: str = CLUSTER) -> dict[str, Any]:
    answer = world.call("GET", f"{cluster}/{EXTENSIONS}/aml", version=VERSION)
    assert answer.status == 200
    return dict(answer.body["properties"])


def test_a_put_answers_as_recorded(world: World) -> None:
    answer = put(world, body(configurationProtectedSettings={"scoringFe.sslKey": "k"}))
    properties = answer.body["properties"]
    assert answer.status == 201 and "Retry-After" not in answer.headers
    assert f"{CLUSTER}/{EXTENSIONS}/aml/operations/" in answer.headers["Azure-AsyncOperation"]
    assert (properties["provisioningState"], properties["statuses"]) == ("Creating", [])
    assert properties["scope"] == {"cluster": {"releaseNamespace": "azureml"}} and "location" not in answer.body
    assert world.status(answer)["status"] == "Creating"
    assert world.final_status(answer, 120)["status"] == "Succeeded"
    after = shown(world)
    assert (after["provisioningState"], after["currentVersion"]) == ("Succeeded", "1.1.73")
    assert after["configurationProtectedSettings"] == {"scoringFe.sslKey": ""}
    assert after["aksAssignedIdentity"]["principalId"]
    listed = world.call("GET", f"{CLUSTER}/{EXTENSIONS}", version=VERSION).body
    assert [doc["name"] for doc in listed["value"]] == ["aml"] and listed["nextLink"] is None


def test_a_patch_adds_settings_and_replaces_protected_ones(world: World) -> None:
    world.final_status(put(world, body(configurationProtectedSettings={"a": "b", "c": "d"})), 120)
    changes = {"configurationSettings": {"installVolcano": "False"}, "releaseTrain": "preview"}
    answer = world.call("PATCH", f"{CLUSTER}/{EXTENSIONS}/aml", {"properties": changes}, VERSION)
    assert answer.status == 202 and world.status(answer)["status"] == "Updating"
    world.final_status(answer, 120)
    after = shown(world)
    assert after["configurationSettings"] == {"enableTraining": "True", "installVolcano": "False"}
    assert (after["releaseTrain"], after["configurationProtectedSettings"]) == ("preview", {"a": "", "c": ""})
    other = {"configurationProtectedSettings": {"a": "x"}}
    world.final_status(world.call("PATCH", f"{CLUSTER}/{EXTENSIONS}/aml", {"properties": other}, VERSION), 120)
    assert shown(world)["configurationProtectedSettings"] == {"a": ""}
    assert world.call("PATCH", f"{CLUSTER}/{EXTENSIONS}/aml", {"properties": {"scope": {}}}, VERSION).status == 501


@pytest.mark.parametrize(
    ("cluster", "settings"),
    [
        (ARC, INFERENCE),
        (ARC, {**INFERENCE, "inferenceRouterHA": "false", "internalLoadBalancerProvider": "azure"}),
        (CLUSTER, {**INFERENCE, "allowInsecureConnections": "False"}),
        (CLUSTER, {**INFERENCE, "allowInsecureConnections": "False", "sslCname": "a.org"}),
    ],
)
def test_a_failed_health_check_says_little(world: World, cluster: str, settings: dict[str, str]) -> None:
    answer = put(world, body(settings), cluster)
    status = world.final_status(answer, 120)
    assert (status["status"], status["error"]["code"]) == ("Failed", "ExtensionOperationFailed")
    assert "pod healthcheck failed" in status["error"]["message"] and "E4" not in status["error"]["message"]
    after = shown(world, cluster)
    assert (after["provisioningState"], after["errorInfo"]["code"]) == ("Failed", "ExtensionOperationFailed")
    assert after["statuses"][0]["level"] == "Error"


def test_the_router_of_an_inference_cluster_is_in_the_way(world: World) -> None:
    attached = world.put("aks", {"computeType": "AKS", "resourceId": CLUSTER, "properties": {}})
    assert world.final_status(attached, 600)["status"] == "Succeeded"
    assert world.final_status(put(world, body(INFERENCE)), 120)["status"] == "Failed"
    world.delete("aks", "Detach")
    world.wait(600)
    assert put(world, body(INFERENCE)).status == 200
    world.wait(120)
    assert shown(world)["provisioningState"] == "Succeeded"


def test_a_delete_ends_after_a_while_and_by_force_at_once(world: World) -> None:
    world.final_status(put(world), 120)
    answer = world.call("DELETE", f"{CLUSTER}/{EXTENSIONS}/aml", version=VERSION)
    assert answer.status == 202 and shown(world)["provisioningState"] == "Deleting"
    assert refusal(put(world)) == (409, "Conflict")
    world.final_status(answer, 120)
    assert world.call("GET", f"{CLUSTER}/{EXTENSIONS}/aml", version=VERSION).status == 404
    assert world.call("DELETE", f"{CLUSTER}/{EXTENSIONS}/aml", version=VERSION).status == 204
    put(world)
    forced = world.call("DELETE", f"{CLUSTER}/{EXTENSIONS}/aml?forceDelete=true", version=VERSION)
    assert forced.status == 200 and forced.body["statusCode"] == 200
    world.wait(120)
    assert world.call("GET", f"{CLUSTER}/{EXTENSIONS}", version=VERSION).body["value"] == []


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (body(extensionType="microsoft.flux"), 501),
        (body(bogus=1), 501),
        (body({}), 501),
        (body({"enableInference": "True"}), 501),
        (body(scope={"namespace": {"targetNamespace": "a"}}), 501),
        (body({"enableTraining": True}), 400),
        (body(version="1.1.73"), 400),
        (body(autoUpgradeMinorVersion="no"), 400),
        (body(configurationSettings=[]), 400),
        ({**body(), "identity": {"type": "UserAssigned"}}, 400),
    ],
)
def test_what_is_not_valid_or_not_known(world: World, sent: dict[str, Any], status: int) -> None:
    assert put(world, sent).status == status


def test_versions_clusters_and_a_second_extension(world: World) -> None:
    assert put(world, body(autoUpgradeMode="patch"), version="2023-05-01").status == 501
    assert put(world, body(autoUpgradeMinorVersion=False, version="1.1.60")).status == 201
    older = world.call("GET", f"{CLUSTER}/{EXTENSIONS}/aml", version="2023-05-01").body["properties"]
    assert "autoUpgradeMode" in shown(world) and "autoUpgradeMode" not in older
    world.wait(120)
    assert shown(world)["currentVersion"] == "1.1.60"
    assert world.call("PUT", f"{CLUSTER}/{EXTENSIONS}/other", body(), VERSION).status == 501
    assert put(world, body(scope={"cluster": {"releaseNamespace": "other"}})).status == 501
    assert refusal(put(world, cluster=f"{CLUSTER}x")) == (404, "ResourceNotFound")
    assert world.call("GET", f"{CLUSTER}/{EXTENSIONS}/aml/operations/none", version=VERSION).status == 404
