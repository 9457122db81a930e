# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attached computes but AKS: target, right, Detach only, secrets (docs/facts.md a.6, a.7, c.2, c.4)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import GROUP, WORKSPACE, World, message, refusal
from azureml_simulator.entra.directory import TENANT
from azureml_simulator.http import Principal

PROVIDERS = f"{GROUP}/providers"
MACHINE = f"{PROVIDERS}/Microsoft.Compute/virtualMachines/vm1"
CLUSTER = f"{PROVIDERS}/Microsoft.ContainerService/managedClusters/aks1"
SYNAPSE = f"{PROVIDERS}/Microsoft.Synapse/workspaces/syn1"
POOL = f"{SYNAPSE}/bigDataPools/pool1"
ACCOUNT = {"username": "me", "password": "planted-password"}
TARGETS = {
    "VirtualMachine": MACHINE,
    "Kubernetes": CLUSTER,
    "HDInsight": f"{PROVIDERS}/Microsoft.HDInsight/clusters/hdi1",
    "Databricks": f"{PROVIDERS}/Microsoft.Databricks/workspaces/dbx1",
    "DataLakeAnalytics": f"{PROVIDERS}/Microsoft.DataLakeAnalytics/accounts/adla1",
    "DataFactory": f"{PROVIDERS}/Microsoft.DataFactory/factories/adf1",
    "SynapseSpark": POOL,
}
INNER: dict[str, dict[str, Any]] = {
    "VirtualMachine": {"sshPort": 22, "administratorAccount": ACCOUNT},
    "HDInsight": {"sshPort": 22, "administratorAccount": ACCOUNT},
    "Databricks": {"databricksAccessToken": "planted-token"},
    "Kubernetes": {"namespace": "ns"},
}
KINDS = sorted(TARGETS)


@pytest.fixture
def world() -> World:
    return World()


def properties(kind: str, target: str | None = None, **inner: Any) -> dict[str, Any]:
    return {
        "computeType": kind,
        "resourceId": target or TARGETS[kind],
        "properties": {**INNER.get(kind, {}), **inner},
    }


def make_target(world: World, kind: str) -> None:
    if kind == "SynapseSpark":
        world.resource(SYNAPSE, {"defaultDataLakeStorage": {}}, "2021-06-01")
        spark = {"sparkVersion": "3.5", "nodeCount": 3, "nodeSize": "Small", "nodeSizeFamily": "MemoryOptimized"}
        scale = {"enabled": True, "minNodeCount": 3, "maxNodeCount": 9}
        world.resource(POOL, {**spark, "autoScale": scale}, "2021-06-01")
    else:
        world.resource(TARGETS[kind], {"hardwareProfile": {"vmSize": "Standard_DS3_v2"}})


def attach(world: World, kind: str, name: str = "att-one", **inner: Any) -> dict[str, Any]:
    make_target(world, kind)
    answer = world.put(name, properties(kind, **inner))
    assert answer.status == 201, answer.body
    world.wait(200)
    assert world.status(answer) == {"status": "Succeeded", "percentComplete": 100.0}
    return world.get(name)


@pytest.mark.parametrize("kind", KINDS)
def test_attach_show_detach(world: World, kind: str) -> None:
    """a.6: isAttachedCompute true; secrets never in an answer but listKeys; c.2: Detach only; the target stays."""
    document = attach(world, kind)
    assert document["properties"]["isAttachedCompute"] is True and document["properties"]["resourceId"] == TARGETS[kind]
    assert document["properties"]["provisioningState"] == "Succeeded"
    assert "planted" not in json.dumps(document)
    refused = world.delete("att-one", "Delete")
    assert refusal(refused) == (400, "UserError") and "Detach" in message(refused)
    assert world.get("att-one")["properties"]["provisioningState"] == "Succeeded"
    assert world.delete("att-one", "Detach").status == 202
    world.wait()
    assert world.call("GET", f"{WORKSPACE}/computes/att-one").status == 404
    assert world.app.store.get(TARGETS[kind]) is not None


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_target_is_refused(world: World, kind: str) -> None:
    """The status is a guess and configurable."""
    assert refusal(world.put("att-one", properties(kind))) == (400, "UserError")
    world.app.configure({"guesses": {"attach": {"missing": {"status": 404, "code": "ResourceNotFound"}}}})
    assert refusal(world.put("att-one", properties(kind))) == (404, "ResourceNotFound")


@pytest.mark.parametrize("kind", KINDS)
def test_a_target_of_another_type_is_refused(world: World, kind: str) -> None:
    """c.4: the v1 SDK checks segments and provider of an id."""
    other = f"{PROVIDERS}/Microsoft.KeyVault/vaults/aml-vault"
    assert refusal(world.put("att-one", properties(kind, other))) == (400, "UserError")
    assert refusal(world.put("att-one", properties(kind, "aks1"))) == (400, "UserError")


def test_the_caller_needs_a_right_on_the_target(world: World) -> None:
    """T8 [D]; Resource Manager's text for linked scopes."""
    make_target(world, "VirtualMachine")
    world.app.directory.put({"name": "operator", "app_id": "op", "object_id": "operator-object", "secrets": []})
    world.app.grant("operator-object", "AzureML Compute Operator", WORKSPACE)
    token = world.app.token(Principal("operator-object", "op", TENANT, "operator"))
    body = {"location": "eastus", "properties": properties("VirtualMachine")}
    url = f"{WORKSPACE}/computes/att-one"
    refused = world.call("PUT", url, body, token=token)
    assert refusal(refused) == (403, "LinkedAuthorizationFailed")
    assert message(refused) == (
        "The client 'op' with object id 'operator-object' has permission to perform action "
        f"'Microsoft.MachineLearningServices/workspaces/computes/write' on scope '{url}'; however, it does not have "
        f"permission to perform action(s) 'Microsoft.Compute/virtualMachines/write' on the linked scope(s) '{MACHINE}' "
        "(respectively) or the linked scope(s) are invalid."
    )
    world.app.grant("operator-object", "Contributor", MACHINE)
    assert world.call("PUT", url, body, token=token).status == 201


def test_never_two_attachments_in_one_workspace(world: World) -> None:
    """1.10 [D]; a guess how it is refused."""
    attach(world, "VirtualMachine")
    twice = world.put("att-two", properties("VirtualMachine"))
    assert refusal(twice) == (400, "UserError") and "att-one" in message(twice)
    world.app.configure({"guesses": {"attach": {"twice": "accept"}}})
    assert world.put("att-two", properties("VirtualMachine")).status == 201


# -- keys ------------------------------------------------------------------------------------------------------------


def test_keys_of_a_machine(world: World) -> None:
    """a.6 listKeys (types)."""
    attach(world, "VirtualMachine")
    body = world.post("att-one", "listKeys").body
    assert body == {
        "computeType": "VirtualMachine",
        "administratorAccount": {
            "username": "me",
            "password": "planted-password",
            "publicKeyData": None,
            "privateKeyData": None,
        },
    }


def test_keys_of_databricks(world: World) -> None:
    """a.6 listKeys (types)."""
    document = attach(world, "Databricks")
    assert document["properties"]["properties"]["workspaceUrl"].endswith(".azuredatabricks.net")
    keys = world.post("att-one", "listKeys").body
    assert keys == {"computeType": "Databricks", "databricksAccessToken": "planted-token"}


def test_kinds_without_keys(world: World) -> None:
    """types-2025-12-01.md ComputeSecrets: AKS, Databricks and VirtualMachine only."""
    attach(world, "HDInsight")
    assert message(world.post("att-one", "listKeys")) == "ComputeListKeys with computeType HDInsight is not supported."


# -- updates ---------------------------------------------------------------------------------------------------------


def test_a_put_of_what_a_get_showed_keeps_the_secrets(world: World) -> None:
    document = attach(world, "VirtualMachine")
    document["tags"] = {"a": "b"}
    assert world.call("PUT", f"{WORKSPACE}/computes/att-one", document).status == 201
    world.wait()
    assert world.get("att-one")["tags"] == {"a": "b"}
    account = world.post("att-one", "listKeys").body["administratorAccount"]
    assert account["password"] == "planted-password"


def test_credentials_change_by_put_and_the_target_does_not(world: World) -> None:
    attach(world, "VirtualMachine")
    account = {"username": "you", "password": "planted-second"}
    assert world.put("att-one", properties("VirtualMachine", administratorAccount=account, sshPort=2222)).status == 201
    world.wait()
    inner = world.inner("att-one")
    assert (inner["sshPort"], inner["administratorAccount"]["username"]) == (2222, "you")
    assert world.post("att-one", "listKeys").body["administratorAccount"]["password"] == "planted-second"
    world.resource(MACHINE + "b")
    assert world.put("att-one", properties("VirtualMachine", MACHINE + "b")).status == 400


def test_another_kind_under_the_name_is_refused(world: World) -> None:
    attach(world, "VirtualMachine")
    answer = world.put("att-one", {"computeType": "DataFactory"})
    assert answer.status == 400 and "VirtualMachine" in message(answer)


# -- kinds -----------------------------------------------------------------------------------------------------------


def test_machines_and_hdinsight_by_address(world: World) -> None:
    """c.2, c.4: an address in place of an id; neither is refused."""
    for number, kind in enumerate(("VirtualMachine", "HDInsight")):
        inner = {"address": "203.0.113.7", "administratorAccount": ACCOUNT}
        assert world.put(f"att-{'ab'[number]}", {"computeType": kind, "properties": inner}).status == 201
        assert world.put("att-none", {"computeType": kind, "properties": {}}).status == 400


def test_hdinsight_has_the_ssh_address_of_its_cluster(world: World) -> None:
    """1.10 [D]: `<name>-ssh.azurehdinsight.net`."""
    assert attach(world, "HDInsight")["properties"]["properties"]["address"] == "hdi1-ssh.azurehdinsight.net"


def test_a_data_factory_needs_nothing(world: World) -> None:
    """c.2: the official example has no resource id, and neither it nor the types have inner properties."""
    answer = world.put("att-one", {"computeType": "DataFactory"})
    assert answer.status == 201 and "properties" not in answer.body["properties"]
    world.wait()
    document = world.get("att-one")
    assert document["properties"]["provisioningState"] == "Succeeded" and "properties" not in document["properties"]
    assert world.call("PUT", document["id"], {**document, "tags": {"a": "b"}}).status == 201


def test_databricks_needs_a_token(world: World) -> None:
    make_target(world, "Databricks")
    body = {"computeType": "Databricks", "resourceId": TARGETS["Databricks"], "properties": {}}
    assert world.put("att-one", body).status == 400


def test_a_retired_kind_is_configurable(world: World) -> None:
    """1.10: Data Lake Analytics, February 2024."""
    world.app.configure({"guesses": {"attach": {"retired": "refuse"}}})
    make_target(world, "DataLakeAnalytics")
    assert "retired" in message(world.put("att-one", properties("DataLakeAnalytics")))


def test_synapse_shows_the_pool(world: World) -> None:
    """f.11: only the id is sent; types-2025-12-01.md SynapseSparkProperties."""
    inner = attach(world, "SynapseSpark")["properties"]["properties"]
    assert (inner["workspaceName"], inner["poolName"], inner["nodeCount"]) == ("syn1", "pool1", 3)
    assert inner["autoScaleProperties"] == {"enabled": True, "minNodeCount": 3, "maxNodeCount": 9}


def test_kubernetes_body(world: World) -> None:
    """a.6 [SPEC], the official example's shape."""
    types = {"small": {"nodeSelector": None, "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "1"}}}}
    inner = attach(world, "Kubernetes", instanceTypes=types)["properties"]["properties"]
    assert inner == {
        "relayConnectionString": None,
        "serviceBusConnectionString": None,
        "extensionPrincipalId": None,
        "extensionInstanceReleaseTrain": "stable",
        "vcName": None,
        "namespace": "ns",
        "defaultInstanceType": "small",
        "instanceTypes": types,
    }


def test_kubernetes_namespaces_and_identity(world: World) -> None:
    """1.10 [D]: multi-attach is allowed, identity is editable; the same namespace twice is a guess."""
    attach(world, "Kubernetes")
    assert refusal(world.put("att-two", properties("Kubernetes"))) == (400, "UserError")
    assert world.put("att-two", properties("Kubernetes", namespace="other")).status == 201
    changed = world.put("att-one", properties("Kubernetes", namespace="new"), identity={"type": "SystemAssigned"})
    assert changed.status == 201
    world.wait()
    assert world.get("att-one")["identity"]["principalId"] and world.inner("att-one")["namespace"] == "ns"
    world.app.configure({"guesses": {"kubernetes": {"same_namespace": "accept"}}})
    assert world.put("att-three", properties("Kubernetes")).status == 201


def test_a_cluster_without_the_extension(world: World) -> None:
    """Whether it counts is a guess; an extension counts when it is installed."""
    world.app.configure({"guesses": {"kubernetes": {"without_extension": "fail"}}})
    make_target(world, "Kubernetes")
    world.put("att-one", properties("Kubernetes"))
    world.wait(200)
    assert world.get("att-one")["properties"]["provisioningState"] == "Failed"
    cluster = properties("Kubernetes")["resourceId"]
    path = f"{cluster}/providers/Microsoft.KubernetesConfiguration/extensions/azureml"
    for state, expected in (("Creating", "Failed"), ("Succeeded", "Succeeded")):
        extension = {"id": path, "name": "azureml", "type": "Microsoft.KubernetesConfiguration/extensions"}
        world.app.store.put(path, {**extension, "properties": {"provisioningState": state}})
        world.put(f"att-{state.lower()}", properties("Kubernetes", namespace=state.lower()))
        world.wait(200)
        assert world.get(f"att-{state.lower()}")["properties"]["provisioningState"] == expected


def test_kubernetes_instance_types_are_checked(world: World) -> None:
    make_target(world, "Kubernetes")
    assert world.put("att-one", properties("Kubernetes", instanceTypes={"a": {"cpu": 1}})).status == 400
    types = {"a": {"resources": {}}}
    assert world.put("att-one", properties("Kubernetes", instanceTypes=types, defaultInstanceType="b")).status == 400


def test_arc(world: World) -> None:
    """1.10: an Arc cluster by its own type."""
    arc = f"{PROVIDERS}/Microsoft.Kubernetes/connectedClusters/arc1"
    world.resource(arc)
    assert world.put("att-one", properties("Kubernetes", arc)).status == 201
