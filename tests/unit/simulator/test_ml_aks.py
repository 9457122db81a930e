# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inference clusters: created and attached, size, network, TLS (docs/facts.md a.6, b.1, b.2, c.2, c.4)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import GROUP, WORKSPACE, World, message, refusal
from azureml_simulator.http import Response

CLUSTER_TYPE = "Microsoft.ContainerService/managedClusters"
CLUSTER = f"{GROUP}/providers/{CLUSTER_TYPE}/aks1"
OWN = {"status": "Enabled", "cert": "planted-cert", "key": "planted-key", "cname": "score.example.org"}
NETWORK = {
    "serviceCidr": "10.0.0.0/16",
    "dnsServiceIP": "10.0.0.10",
    "dockerBridgeCidr": "172.17.0.1/16",
}


@pytest.fixture
def world() -> World:
    return World()


def put(world: World, name: str = "aks-one", target: str | None = None, **inner: Any) -> Response:
    properties: dict[str, Any] = {"computeType": "AKS", "properties": inner}
    if target:
        properties["resourceId"] = target
    return world.put(name, properties)


def cluster(world: World, count: int = 3, size: str = "Standard_DS3_v2", resource_id: str = CLUSTER) -> str:
    pools = [{"name": "np", "count": count, "vmSize": size, "mode": "System"}]
    return world.resource(resource_id, {"dnsPrefix": "a", "agentPoolProfiles": pools})


def created(world: World, name: str = "aks-one", **inner: Any) -> dict[str, Any]:
    answer = put(world, name, **inner)
    assert answer.status == 201, answer.body
    world.wait(600)
    assert world.status(answer) == {"status": "Succeeded", "percentComplete": 100.0}
    return world.get(name)


def attached(world: World, name: str = "aks-one", **inner: Any) -> dict[str, Any]:
    answer = put(world, name, cluster(world), **inner)
    assert answer.status == 201, answer.body
    world.wait(300)
    assert world.status(answer)["status"] == "Succeeded"
    return world.get(name)


# -- created by the service ------------------------------------------------------------------------------------------


def test_creation_takes_600_seconds_and_makes_a_cluster(world: World) -> None:
    """K8-14 [D]; the cluster's name as in the official example."""
    answer = put(world, agentCount=3, agentVmSize="Standard_DS3_v2")
    world.wait(599)
    assert world.status(answer)["status"] == "InProgress"
    world.wait(1)
    document = world.get("aks-one")["properties"]
    assert (document["provisioningState"], document["isAttachedCompute"]) == ("Succeeded", False)
    made = world.call("GET", document["resourceId"]).body
    assert made["name"].startswith("aks-one-") and made["properties"]["provisioningState"] == "Succeeded"
    assert made["properties"]["agentPoolProfiles"][0]["count"] == 3
    assert document["properties"]["clusterFqdn"] == made["properties"]["fqdn"]
    assert set(document["properties"]["systemServices"][0]) == {"systemServiceType", "publicIpAddress", "version"}


def test_delete_takes_the_cluster_along_and_detach_leaves_it(world: World) -> None:
    """K8-9 [D]: a Detach does not delete the AKS."""
    for name, action, left in (("aks-one", "Delete", False), ("aks-two", "Detach", True)):
        made = created(world, name)["properties"]["resourceId"]
        assert world.delete(name, action).status == 202
        world.wait()
        assert world.call("GET", f"{WORKSPACE}/computes/{name}").status == 404
        assert (world.app.store.get(made) is not None) is left


@pytest.mark.parametrize(
    ("count", "size", "text"),
    [
        (3, "Standard_DS2_v2", "Cluster should have at least 12 cores to operate."),
        (
            2,
            "Standard_DS5_v2",
            "At least 3 machine(s) are required for cluster with purpose 'FastProd'. Available machine(s) : 2",
        ),
    ],
)
def test_a_production_cluster_that_is_too_small(world: World, count: int, size: str, text: str) -> None:
    """b.2 [ISS azure-docs#55597]; b.1 E4, the AKS form [ISS azure-cli-extensions#515]."""
    answer = put(world, agentCount=count, agentVmSize=size)
    assert answer.status == 201
    world.wait(600)
    assert world.status(answer)["status"] == "Failed"
    document = world.get("aks-one")["properties"]
    (entry,) = document["provisioningErrors"]
    assert document["provisioningState"] == "Failed"
    assert (entry["code"], entry["message"], entry["error"]["statusCode"]) == (
        "BadRequest",
        "The request is invalid",
        400,
    )
    assert entry["error"]["details"] == [{"code": "BadRequestFormat", "message": text}]
    assert world.app.store.by_type(None, CLUSTER_TYPE) == []
    small = created(world, "dev-one", agentCount=1, agentVmSize="Standard_DS2_v2", clusterPurpose="DevTest")
    assert small["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.parametrize("count", [0, -1, "3"])
def test_agent_counts_that_are_refused(world: World, count: Any) -> None:
    """c.4: agent_count > 0."""
    assert put(world, agentCount=count).status == 400


@pytest.mark.parametrize(
    ("name", "status"),
    [("ab", 201), ("a", 400), ("a" * 16, 201), ("a" * 17, 400), ("a-1", 400), ("a-b", 201), ("1a", 400), ("ab-", 400)],
)
def test_names_of_new_clusters(world: World, name: str, status: int) -> None:
    """A3 [D]: 2 to 16, and a letter after a dash."""
    assert put(world, name).status == status


def test_names_of_attached_clusters_may_be_longer(world: World) -> None:
    """K8-1 [D]: the documents contradict each other; both lengths are configurable guesses."""
    assert put(world, "a" * 24, cluster(world)).status == 201
    assert put(world, "b" * 25, CLUSTER).status == 400


# -- attached --------------------------------------------------------------------------------------------------------


def test_an_attached_cluster(world: World) -> None:
    """a.6, c.2: isAttachedCompute; a Delete is refused [v1 SDK, c.4]; the target stays."""
    document = attached(world)["properties"]
    assert (document["isAttachedCompute"], document["resourceId"]) == (True, CLUSTER)
    assert (document["properties"]["agentCount"], document["properties"]["agentVmSize"]) == (3, "Standard_DS3_v2")
    assert refusal(world.delete("aks-one", "Delete")) == (400, "UserError")
    world.delete("aks-one", "Detach")
    world.wait()
    assert world.app.store.get(CLUSTER) is not None


def test_an_attached_production_cluster_is_measured_too(world: World) -> None:
    """b.2."""
    answer = put(world, "aks-one", cluster(world, 2))
    world.wait(300)
    error = world.status(answer)["error"]
    assert "Available machine(s) : 2" in error["details"][0]["message"]
    assert put(world, "dev-one", CLUSTER, clusterPurpose="DevTest").status == 400  # The failed one holds it.
    world.delete("aks-one", "Detach")
    world.wait()
    answer = put(world, "dev-one", CLUSTER, clusterPurpose="DevTest")
    world.wait(300)
    assert world.status(answer)["status"] == "Succeeded"


def test_a_missing_cluster(world: World) -> None:
    assert refusal(put(world, "aks-one", CLUSTER)) == (400, "UserError")


def test_the_same_cluster_twice(world: World) -> None:
    """b.2 [ISS azure-docs#41778]: refused, or it fails and breaks the first; configurable."""
    attached(world)
    refused = put(world, "aks-two", CLUSTER)
    assert refusal(refused) == (400, "UserError") and "'aks-one' to the workspace 'ws1'" in message(refused)
    world.app.configure({"guesses": {"aks": {"attached_twice": "corrupt"}}})
    answer = put(world, "aks-two", CLUSTER)
    assert answer.status == 201
    world.wait(300)
    assert world.status(answer)["status"] == "Failed"
    assert world.get("aks-one")["properties"]["provisioningState"] == "Failed"


def test_keys(world: World) -> None:
    """a.6 listKeys [SPEC]."""
    attached(world)
    body = world.post("aks-one", "listKeys").body
    assert set(body) == {"computeType", "userKubeConfig", "adminKubeConfig", "imagePullSecretName"}
    assert body["computeType"] == "AKS" and body["userKubeConfig"] != body["adminKubeConfig"]


# -- TLS, network, load balancer -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ssl",
    [
        {"status": "Enabled"},
        {key: value for key, value in OWN.items() if key != "key"},
        {**OWN, "leafDomainLabel": "x"},
        {"status": "Auto"},
        {"status": "Auto", "leafDomainLabel": "x", "cert": "c", "key": "k", "cname": "n"},
        {"status": "On"},
        {"renew": True},
    ],
)
def test_tls_that_is_refused(world: World, ssl: dict[str, Any]) -> None:
    """c.2, c.4."""
    assert put(world, sslConfiguration=ssl).status == 400


def test_certificate_and_key_are_write_only(world: World) -> None:
    """c.2; Secrets are never returned by GET (a.6)."""
    answer = put(world, sslConfiguration=OWN)
    assert "planted" not in json.dumps(answer.body)
    world.wait(600)
    document = world.get("aks-one")
    ssl = document["properties"]["properties"]["sslConfiguration"]
    assert (ssl["status"], ssl["cname"]) == ("Enabled", "score.example.org") and "planted" not in json.dumps(document)
    assert "planted" not in json.dumps(world.post("aks-one", "listKeys").body)


def test_a_leaf_domain_label_becomes_a_name(world: World) -> None:
    document = created(world, sslConfiguration={"status": "Auto", "leafDomainLabel": "score"})
    ssl = document["properties"]["properties"]["sslConfiguration"]
    assert ssl["cname"].startswith("score") and ssl["cname"].endswith(".eastus.cloudapp.azure.com")


def test_network_is_all_or_none(world: World) -> None:
    """c.2, c.4; the patterns of types-2025-12-01.md; the subnet exists."""
    vnet = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet"
    subnets = [{"name": "a", "properties": {"addressPrefix": "10.1.0.0/24"}}]
    world.resource(vnet, {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}, "subnets": subnets})
    assert put(world, aksNetworkingConfiguration=NETWORK).status == 400
    full = {**NETWORK, "subnetId": f"{vnet}/subnets/a"}
    assert put(world, aksNetworkingConfiguration={**full, "dnsServiceIP": "10.0.0.256"}).status == 400
    missing = put(world, aksNetworkingConfiguration={**full, "subnetId": f"{vnet}/subnets/b"})
    assert refusal(missing) == (400, "SubnetNotFound")
    inner = created(world, aksNetworkingConfiguration=full)["properties"]["properties"]
    assert inner["aksNetworkingConfiguration"] == full


def test_load_balancer(world: World) -> None:
    """c.2: a subnet only with the internal one, which needs a certificate of one's own (K8-11)."""
    assert put(world, loadBalancerSubnet="a").status == 400
    auto = {"status": "Auto", "leafDomainLabel": "x"}
    assert put(world, loadBalancerType="InternalLoadBalancer", sslConfiguration=auto).status == 400
    inner = created(world, loadBalancerType="InternalLoadBalancer", loadBalancerSubnet="a")["properties"]["properties"]
    assert (inner["loadBalancerType"], inner["loadBalancerSubnet"]) == ("InternalLoadBalancer", "a")


# -- updates ---------------------------------------------------------------------------------------------------------


def test_tls_and_load_balancer_are_updated_and_nothing_else(world: World) -> None:
    """c.4: GET + change + PUT of TLS and load balancer; c.3: the rest is fixed."""
    document = attached(world)
    document["properties"]["properties"] |= {"sslConfiguration": OWN, "agentCount": 9, "clusterPurpose": "DevTest"}
    assert world.call("PUT", f"{WORKSPACE}/computes/aks-one", document).status == 201
    world.wait(60)
    inner = world.inner("aks-one")
    assert inner["sslConfiguration"]["status"] == "Enabled"
    assert (inner["agentCount"], inner["clusterPurpose"]) == (3, "FastProd")
    document = world.get("aks-one")
    document["properties"]["properties"]["loadBalancerType"] = "InternalLoadBalancer"
    assert world.call("PUT", f"{WORKSPACE}/computes/aks-one", document).status == 201
    world.wait(60)
    inner = world.inner("aks-one")
    assert (inner["sslConfiguration"]["status"], inner["loadBalancerType"]) == ("Enabled", "InternalLoadBalancer")
    assert put(world, sslConfiguration={"status": "Disabled"}).status == 201
    world.wait(60)
    assert world.inner("aks-one")["sslConfiguration"]["status"] == "Disabled"


def test_a_microsoft_certificate_is_renewed(world: World) -> None:
    """c.4: the undocumented `renew` needs a leaf domain label."""
    before = created(world, sslConfiguration={"status": "Auto", "leafDomainLabel": "score"})
    assert put(world, sslConfiguration={"renew": True}).status == 201
    world.wait(60)
    after = world.inner("aks-one")["sslConfiguration"]
    assert after == before["properties"]["properties"]["sslConfiguration"]


def test_a_service_made_cluster_is_updated_by_put(world: World) -> None:
    document = created(world)
    assert world.call("PUT", f"{WORKSPACE}/computes/aks-one", {**document, "tags": {"a": "b"}}).status == 201
    world.wait(60)
    after = world.get("aks-one")
    assert (after["tags"], after["properties"]["isAttachedCompute"]) == ({"a": "b"}, False)
