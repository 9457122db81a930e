# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restrictions of the service that join several options, the current state, or other resources: check mode refuses with the message of the run.

docs/restrictions.md is the same table in words; a test compares their codes.
"""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.tests.support.azure import GROUP_ID, WORKSPACE, WORKSPACE_ID, Azure

WS, CLUSTER, INSTANCE = "aml_workspace", "aml_compute_cluster", "aml_compute_instance"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "restrictions.md"
IDENTITY = f"{GROUP_ID}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-"
SUBNET = f"{GROUP_ID}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/training"
REGISTRY = f"{GROUP_ID}/providers/Microsoft.ContainerRegistry/registries/crone"
SMALL = {"name": "one-more", "size": "Standard_D2s_v3"}
HOST = {"name": "packages", "type": "fqdn", "destination": "pypi.org"}
TAG = {
    "name": "tagged",
    "type": "service_tag",
    "destination": {"service_tag": "DataFactory", "protocol": "TCP", "port_ranges": "443"},
}
PRIVATE = {
    "name": "vault",
    "type": "private_endpoint",
    "destination": {"service_resource_id": f"{GROUP_ID}/providers/Microsoft.KeyVault/vaults/kv", "subresource_target": "vault"},
}  # fmt: skip


def network(mode: str | None = None, *rules: dict[str, t.Any]) -> dict[str, t.Any]:
    given = {"isolation_mode": mode, "outbound_rules": list(rules)}
    return {"managed_network": {name: value for name, value in given.items() if value}}


OF_WS = {"name": WORKSPACE}
DEPLOYMENT, ENDPOINT = "aml_online_deployment", "aml_online_endpoint"
BATCH, SCORED = "aml_batch_deployment", {"endpoint_name": "nightly", "name": "blue", "model": "azureml:iris:3"}
IN_CLUSTER = {"name": "scoring-one", "compute": "in-cluster"}
BLUE_OF_ONE = {
    "endpoint_name": "scoring-one",
    "name": "blue",
    "model": "azureml:iris:3",
    "instance_type": "Standard_D4s_v3",
    "instance_count": 1,
}
# The longest name of an endpoint, and a deployment for whose name it is too long by one character.
LONG = "e" * 32
LATER = {"endpoint_name": LONG, "name": "d" * 31, "model": "azureml:iris:3", "instance_count": 1}
AKS = {"name": "scoring", "resource_id": f"{GROUP_ID}/providers/Microsoft.ContainerService/managedClusters/aks"}
KEY = {
    "key_vault": f"{GROUP_ID}/providers/Microsoft.KeyVault/vaults/kv-key",
    "key_uri": "https://kv-key.vault.azure.net/keys/one/0123456789abcdef0123456789abcdef",
}
OTHER_KEY = {"customer_managed_key": {**KEY, "key_uri": KEY["key_uri"].replace("kv-key", "kv-other")}}
WITH_KEY = {"name": "ws-two", "location": "eastus", "customer_managed_key": KEY}
NAMESPACE = f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/stnames"


def with_destination(rule: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    return {**rule, "destination": {**rule["destination"], **more}}


def with_rule(rule: dict[str, t.Any]) -> dict[str, t.Any]:
    return {**OF_WS, **network("allow_only_approved_outbound", rule)}


def identity(*names: str, both: bool = False) -> dict[str, t.Any]:
    type_ = "system_assigned,user_assigned" if both else "user_assigned"
    return {"identity": {"type": type_, "user_assigned_identities": [IDENTITY + name for name in names]}}


def internet(azure: Azure) -> None:
    azure.run(WS, name=WORKSPACE, **network("allow_internet_outbound"))


def approved(azure: Azure) -> None:
    azure.run(WS, name=WORKSPACE, **network("allow_only_approved_outbound"))


def network_v2(azure: Azure) -> None:
    azure.run(
        WS, name=WORKSPACE, managed_network={"isolation_mode": "allow_internet_outbound", "managed_network_kind": "v2"}
    )


def cluster(azure: Azure) -> None:
    azure.run(CLUSTER, name="in-the-way", size="Standard_D2s_v3", max_instances=1)


def both_identities(azure: Azure) -> None:
    azure.identity("id-a")
    azure.run(WS, name=WORKSPACE, **identity("a", both=True))


def identities(azure: Azure) -> None:
    primary = {"primary_user_assigned_identity": azure.identity("id-a")}
    azure.identity("id-b")
    azure.run(WS, name=WORKSPACE, **identity("a", both=True), **primary)


def subnet_and_internet(azure: Azure) -> None:
    azure.subnet()
    internet(azure)


def registry(azure: Azure) -> None:
    azure.resource("Microsoft.ContainerRegistry/registries", "crone", {"sku": {"name": "Premium"}}, "2023-07-01")
    azure.run(WS, name=WORKSPACE, container_registry=REGISTRY)


def hub(azure: Azure) -> None:
    azure.make_workspace("hub-one")
    path = WORKSPACE_ID.replace(WORKSPACE, "hub-one")
    document = azure.app.store.get(path)
    azure.app.store.put(path, {**document, "kind": "Hub"})


def own_key(azure: Azure) -> None:
    document = azure.app.store.get(WORKSPACE_ID)
    key = {"keyVaultArmId": KEY["key_vault"], "keyIdentifier": KEY["key_uri"]}
    document["properties"]["encryption"] = {"status": "Enabled", "keyVaultProperties": key}
    azure.app.store.put(WORKSPACE_ID, document)


def vault(azure: Azure, **properties: t.Any) -> None:
    body = {"properties": {"tenantId": "t", "sku": {"family": "A", "name": "standard"}, **properties}}
    azure.resource("Microsoft.KeyVault/vaults", "kv-key", body, "2023-07-01")


def closed_vault(azure: Azure) -> None:
    vault(azure, enablePurgeProtection=True, publicNetworkAccess="Disabled")


def namespace(azure: Azure) -> None:
    body = {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": {"isHnsEnabled": True}}
    azure.resource("Microsoft.Storage/storageAccounts", "stnames", body, "2023-01-01")


def private_and_abroad(azure: Azure) -> None:
    connection = {"name": "ws", "properties": {"privateLinkServiceId": WORKSPACE_ID, "groupIds": ["amlworkspace"]}}
    body = {"properties": {"subnet": {"id": azure.subnet()}, "privateLinkServiceConnections": [connection]}}
    azure.resource("Microsoft.Network/privateEndpoints", "pe", body, "2024-05-01")
    aks(azure, "westus2")


def aks(azure: Azure, location: str = "eastus") -> None:
    pools = [{"name": "nodes", "count": 3, "vmSize": "Standard_D4s_v3", "mode": "System"}]
    body = {"location": location, "properties": {"dnsPrefix": "aks", "agentPoolProfiles": pools}}
    azure.resource("Microsoft.ContainerService/managedClusters", "aks", body, "2024-05-01")


def endpoint(azure: Azure) -> None:
    azure.run("aml_online_endpoint", name="scoring-one", auth_mode="key", wait=False)


def one_model(azure: Azure) -> None:
    endpoint(azure)
    azure.run(DEPLOYMENT, **BLUE_OF_ONE)
    azure.app.configure({"assets": ["models/iris/3"]})


def batch_and_one_model(azure: Azure) -> None:
    batch_and_cluster(azure)
    azure.app.configure({"assets": ["models/iris/3"]})


def on_kubernetes(azure: Azure, name: str) -> None:
    azure.run("aml_online_endpoint", name=name, auth_mode="key")
    path = f"{WORKSPACE_ID}/onlineEndpoints/{name}"
    document = azure.app.store.get(path)
    document["kind"] = "K8S"
    document["properties"]["compute"] = f"{WORKSPACE_ID}/computes/in-cluster"
    azure.app.store.put(path, document)


def kubernetes_endpoint(azure: Azure) -> None:
    """Its deployments run in a cluster of the user."""
    on_kubernetes(azure, "scoring-one")


def long_endpoint(azure: Azure) -> None:
    on_kubernetes(azure, LONG)


def in_cluster(azure: Azure) -> None:
    aks(azure)
    azure.run("aml_attached_compute", **{**AKS, "name": "in-cluster", "type": "kubernetes"})


def failed_in_cluster(azure: Azure) -> None:
    in_cluster(azure)
    document = azure.app.store.get(f"{WORKSPACE_ID}/computes/in-cluster")
    error = {"error": {"code": "ExtensionMissing", "message": "The extension is not installed."}}
    document["properties"] |= {"provisioningState": "Failed", "provisioningErrors": [error]}
    azure.app.store.put(document["id"], document)


def going_in_cluster(azure: Azure) -> None:
    in_cluster(azure)
    document = azure.app.store.get(f"{WORKSPACE_ID}/computes/in-cluster")
    document["properties"]["provisioningState"] = "Deleting"
    azure.app.store.put(document["id"], document)


def inference_cluster(azure: Azure) -> None:
    aks(azure)
    azure.run("aml_inference_cluster", **{**AKS, "name": "in-cluster"})


def batch_and_cluster(azure: Azure) -> None:
    cluster(azure)
    azure.run("aml_batch_endpoint", name="nightly")
    azure.run(BATCH, **{**SCORED, "compute": "in-the-way"})


def batch_and_instance(azure: Azure) -> None:
    azure.run(INSTANCE, **SMALL)
    batch_and_cluster(azure)


def hub_itself(azure: Azure) -> None:
    azure.subnet()
    document = azure.app.store.get(WORKSPACE_ID)
    azure.app.store.put(WORKSPACE_ID, {**document, "kind": "Hub"})


def service_side(azure: Azure) -> None:
    own_key(azure)
    document = azure.app.store.get(WORKSPACE_ID)
    document["properties"]["enableServiceSideCMKEncryption"] = True
    azure.app.store.put(WORKSPACE_ID, document)


def outside(azure: Azure) -> None:
    aks(azure)
    internet(azure)


def quota(limit: int) -> dict[str, t.Any]:
    return {"location": "eastus", "quotas": [{"family": "standardDSv3Family", "limit": limit}]}


def nothing(azure: Azure) -> None:
    """The workspace of the fixture."""


class Case(t.NamedTuple):
    """What exists, the task that the service would refuse, its code, and what its message names."""

    code: str
    exists: t.Callable[[Azure], None]
    module: str
    options: dict[str, t.Any]
    named: str = ""


PROJECT = {
    "name": "project-one",
    "kind": "project",
    "hub_id": WORKSPACE_ID.replace(WORKSPACE, "hub-one"),
}
ADDRESS = {
    **SMALL,
    "setup_scripts": {"creation_script": {"path": "https://st.blob.core.windows.net/s/a.sh?sp=r&sig=SIGNATURE"}},
}
SUBNET_MISSING = {"enable_node_public_ip": False}
FOR_ANOTHER = {
    "create_on_behalf_of": {"user_object_id": "11111111-2222-4000-8000-000000000002", "user_tenant_id": "11111111-3333-4000-8000-000000000003"},
    "setup_scripts": {"creation_script": {"path": "Users/admin/setup.sh"}},
    "enable_sso": True,
}  # fmt: skip
BOTH = {"identity": {"type": "system_assigned", "user_assigned_identities": [IDENTITY + "a"]}}
ABROAD = {"max_instances": 1, "location": "westus2"}
CASES = [
    Case("RuleNeedsApprovedMode", nothing, WS, {**OF_WS, **network("allow_internet_outbound", HOST)}, "packages"),
    Case("RuleNeedsApprovedMode", internet, WS, {**OF_WS, **network(None, TAG)}, "tagged"),
    Case("InvalidRule", nothing, WS, with_rule(with_destination(TAG, protocol="SCTP")), "TCP, UDP, ICMP, *"),
    Case("InvalidRule", nothing, WS, with_rule(with_destination(TAG, port_ranges="80-70")), "80-70"),
    Case("InvalidRule", nothing, WS, with_rule(with_destination(TAG, port="443")), "no port"),
    Case("InvalidRule", nothing, WS, with_rule(with_destination(TAG, address_prefixes="10.0.0.0/8")), "list"),
    Case("InvalidRule", nothing, WS, with_rule(with_destination(PRIVATE, service_resource_id="kv")), "full resource id"),
    Case("InvalidRule", nothing, WS, with_rule(with_destination(PRIVATE, spark_enabled="maybe")), "true or false"),
    Case("InvalidRuleName", nothing, WS, {**OF_WS, **network("allow_only_approved_outbound", {**HOST, "name": "ab"})}, "3 to 33"),
    Case("RuleWithoutNetwork", nothing, WS, {**OF_WS, **network(None, PRIVATE)}, "vault"),
    Case("ManagedNetworkStaysOn", internet, WS, {**OF_WS, **network("disabled")}, "allow_internet_outbound"),
    Case("IsolationModeIsFinal", approved, WS, {**OF_WS, **network("allow_internet_outbound")}, "recreate"),
    Case("FirewallWithoutRules", internet, WS, {**OF_WS, "managed_network": {"firewall_sku": "basic"}}),
    Case("ProvisioningWithoutNetwork", nothing, WS, {**OF_WS, "provision_network": True}, "isolation_mode"),
    Case("ProvisioningWithoutNetwork", internet, WS, {**OF_WS, **network("disabled"), "provision_network": True}),
    Case("SparkWithoutProvisioning", internet, WS, {**OF_WS, "include_spark": True}, "provision_network"),
    Case("NetworkKindIsFinal", network_v2, WS, {**OF_WS, "managed_network": {"managed_network_kind": "v1"}}),
    Case("NotAFeatureStore", nothing, WS, {**OF_WS, "feature_store_settings": {"spark_runtime_version": "3.5"}}),
    Case("NotAFeatureStore", nothing, WS, {"name": "ws-two", "kind": "hub", "grant_materialization_permissions": True}, "grant_materialization_permissions"),
    Case("NotAFeatureStore", nothing, WS, {"name": "ws-two", "kind": "hub", "feature_store_settings": {"spark_runtime_version": "3.5"}}, "hub"),
    Case("KeyVaultRequired", nothing, WS, {"name": "ws-two", "location": "eastus", "key_vault": None}),
    Case("EncryptionWithoutKey", nothing, WS, {"name": "ws-two", "location": "eastus", "enable_service_side_cmk_encryption": True}),
    Case("KeyOfAnotherVault", own_key, WS, {**OF_WS, **OTHER_KEY}, "kv-other"),
    Case("KeyVaultNotProtected", vault, WS, WITH_KEY, "purge protection"),
    Case("KeyVaultNotPublic", closed_vault, WS, {**WITH_KEY, "enable_service_side_cmk_encryption": True}, "kv-key"),
    Case("StorageWithNamespace", namespace, WS, {"name": "ws-two", "location": "eastus", "storage_account": NAMESPACE}, "stnames"),
    Case("CrossRegionPrivateLink", private_and_abroad, "aml_inference_cluster", AKS, "westus2"),
    Case("TooManyIpRules", nothing, WS, {**OF_WS, "network_acls": {"ip_rules": [{"value": f"203.0.113.{n}"} for n in range(201)]}}, "201"),
    Case("InvalidIpRange", nothing, WS, {**OF_WS, "network_acls": {"ip_rules": [{"value": "2001:db8::/32"}]}}, "2001:db8::/32"),
    Case("InvalidIpRange", nothing, WS, {**OF_WS, "network_acls": {"ip_rules": [{"value": "172.31.255.7"}]}}, "private range"),
    Case("InUse", cluster, WS, {**OF_WS, **network("allow_internet_outbound")}, "in-the-way"),
    Case("InUse", endpoint, WS, {**OF_WS, **network("allow_internet_outbound")}, "managed online endpoints: scoring-one"),
    Case("CrossRegionPrivateLink", private_and_abroad, CLUSTER, {**SMALL, **ABROAD}, "westus2"),
    Case("SubnetMissing", nothing, CLUSTER, {**SMALL, "max_instances": 1, **SUBNET_MISSING}, "managed network"),
    Case("SubnetMissing", nothing, INSTANCE, {**SMALL, **SUBNET_MISSING}, "managed network"),
    Case("SsoOfAssignedInstance", nothing, INSTANCE, {**SMALL, **FOR_ANOTHER}, "setup_scripts"),
    Case("IdentityConflict", nothing, CLUSTER, {**SMALL, "max_instances": 1, **BOTH}),
    Case("CrossRegionManagedNetwork", internet, CLUSTER, {**SMALL, "max_instances": 1, "location": "westus2"}, "westus2"),
    Case("CrossRegionInstance", internet, INSTANCE, {**SMALL, "location": "westus2"}, "eastus"),
    Case("SubnetBesideManagedNetwork", subnet_and_internet, CLUSTER, {**SMALL, "max_instances": 1, "network_settings": {"subnet": SUBNET}}),
    Case("SubnetBesideManagedNetwork", subnet_and_internet, INSTANCE, {**SMALL, "network_settings": {"subnet": SUBNET}}),
    Case("PrimaryIdentityMissing", identities, WS, {**OF_WS, **identity("b"), "primary_user_assigned_identity": None}),
    Case("PrimaryIdentityMissing", nothing, WS, {**OF_WS, **identity("a")}),
    Case("PrimaryIdentityNotAssigned", nothing, WS, {**OF_WS, **identity("a"), "primary_user_assigned_identity": IDENTITY + "b"}, "id-b"),
    Case("PrimaryIdentityNotAssigned", identities, WS, {**OF_WS, **identity("b", both=True)}, "id-a"),
    Case("IdentityTypeIsFinal", both_identities, WS, {**OF_WS, "identity": {"type": "system_assigned"}}),
    Case("CannotBeRemoved", registry, WS, {**OF_WS, "container_registry": None}, "crone"),
    Case("TakenFromHub", nothing, WS, {**PROJECT, **network("allow_internet_outbound")}, "managed_network"),
    Case("TakenFromHub", nothing, WS, {**PROJECT, "storage_account": f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/st"}, "storage_account"),
    Case("ProjectRegion", hub, WS, {**PROJECT, "location": "westus2"}, "westus2"),
    Case("HubOfProject", nothing, WS, {**PROJECT, "kind": "default"}),
    Case("InvalidEndpointName", long_endpoint, DEPLOYMENT, LATER, "have 63"),
    Case("InvalidEndpointName", nothing, DEPLOYMENT, {**LATER, "type": "kubernetes"}, "have 63"),
    Case("AssetMissing", one_model, DEPLOYMENT, {**BLUE_OF_ONE, "name": "green", "model": "azureml:iris:4"}, "'ws-test' has no such version"),
    Case("AssetMissing", one_model, DEPLOYMENT, {**BLUE_OF_ONE, "model": "azureml:iris:4"}, "azureml:iris:4 as its model"),
    Case("AssetMissing", one_model, DEPLOYMENT, {**BLUE_OF_ONE, "environment": "azureml:sklearn:1"}, "azureml:sklearn:1 as its environment"),
    Case("AssetMissing", batch_and_one_model, BATCH, {**SCORED, "model": "azureml:iris:4"}, "azureml:iris:4"),
    Case("ComputeMissing", nothing, ENDPOINT, IN_CLUSTER, "'in-cluster', because it does not exist"),
    Case("ComputeMissing", going_in_cluster, ENDPOINT, IN_CLUSTER, "is being deleted"),
    Case("ComputeMissing", endpoint, ENDPOINT, {**IN_CLUSTER, "on_immutable_change": "recreate"}, "does not exist"),
    Case("ComputeMissing", batch_and_cluster, BATCH, {**SCORED, "compute": "nowhere"}, "'nowhere'"),
    Case("ComputeMissing", batch_and_cluster, BATCH, {**SCORED, "name": "green", "compute": "nowhere"}, "'nowhere'"),
    Case("ComputeUnsuitable", cluster, ENDPOINT, {**IN_CLUSTER, "compute": "in-the-way"}, "of type amlcompute"),
    Case("ComputeUnsuitable", inference_cluster, ENDPOINT, IN_CLUSTER, "of type aks"),
    Case("ComputeUnsuitable", failed_in_cluster, ENDPOINT, IN_CLUSTER, "The extension is not installed."),
    Case("ComputeUnsuitable", batch_and_instance, BATCH, {**SCORED, "compute": "one-more"}, "of type computeinstance"),
    Case("DeploymentMissing", endpoint, ENDPOINT, {"name": "scoring-one", "traffic": {"blue": 100}}, "blue"),
    Case("DeploymentMissing", batch_and_cluster, "aml_batch_endpoint", {"name": "nightly", "defaults": {"deployment_name": "pink"}}, "It has blue"),
    Case("InvalidQuotaExceedsSubscriptionLimit", nothing, "aml_quota", quota(101), "101"),
    Case("OutOfRange", nothing, "aml_quota", quota(-1), "-1"),
    Case("ScriptByAddress", nothing, INSTANCE, ADDRESS, "inline"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.module}")
def test_check_mode_refuses_as_the_run_does(azure: Azure, case: Case) -> None:
    case.exists(azure)
    checked = azure.run(case.module, check=True, ok=False, **case.options)
    failed = azure.run(case.module, ok=False, **case.options)
    assert azure.writes == [] and not failed["changed"]
    assert checked["msg"] == failed["msg"] and checked["failure"] == failed["failure"]
    assert failed["failure"]["code"] == case.code and case.named in failed["msg"] and failed["failure"]["hint"]
    assert "SIGNATURE" not in azure.text


ACCEPTED = [
    (internet, WS, {**OF_WS, **network(None, PRIVATE)}),
    (internet, WS, {**OF_WS, **network("allow_only_approved_outbound", HOST, TAG)}),
    (approved, WS, {**OF_WS, **network(None, {**HOST, "destination": "example.org, *.example.org"})}),
    (approved, WS, {**OF_WS, **network(None, with_destination(TAG, port_ranges=443, protocol="tcp", action="deny"))}),
    (approved, WS, {**OF_WS, **network(None, with_destination(TAG, port_ranges=0))}),
    (
        approved,
        WS,
        {
            **OF_WS,
            **network(
                None, {**TAG, "destination": {"address_prefixes": ["10.1.0.0/16"], "protocol": "*", "port_ranges": "*"}}
            ),
        },
    ),
    (approved, WS, {**OF_WS, **network(None, with_destination(PRIVATE, spark_enabled="false"))}),
    (approved, WS, {**OF_WS, **network(None, {"name": "gone", "state": "absent"})}),
    (internet, CLUSTER, {**SMALL, "max_instances": 1, "location": "eastus"}),
    (identities, WS, {**OF_WS, **identity("b", both=True), "primary_user_assigned_identity": IDENTITY + "b"}),
    (nothing, WS, {**OF_WS, "container_registry": None, "primary_user_assigned_identity": None}),
    (nothing, WS, {**OF_WS, "network_acls": {"default_action": "deny", "ip_rules": [{"value": "203.0.113.0/24"}]}}),
    (nothing, WS, {**OF_WS, "provision_network": False, "include_spark": False}),
    (internet, WS, {**OF_WS, "provision_network": True, "include_spark": True}),
    (nothing, WS, {**OF_WS, "tags": {f"hidden-link:{GROUP_ID}/providers/Microsoft.Web/sites/site": "Resource"}}),
    (nothing, INSTANCE, {**SMALL, "setup_scripts": {"creation_script": {"path": "Users/admin/setup.sh"}}}),
    (nothing, INSTANCE, {**SMALL, **FOR_ANOTHER, "enable_sso": False}),
    (nothing, INSTANCE, {**SMALL, "create_on_behalf_of": FOR_ANOTHER["create_on_behalf_of"], "enable_sso": True}),
    (kubernetes_endpoint, WS, {**OF_WS, **network("allow_internet_outbound")}),
    (long_endpoint, DEPLOYMENT, {**LATER, "name": "d" * 30}),
    (in_cluster, ENDPOINT, IN_CLUSTER),
    (batch_and_cluster, BATCH, {**SCORED, "compute": "in-the-way"}),
    (kubernetes_endpoint, DEPLOYMENT, {**LATER, "endpoint_name": "scoring-one", "name": "d" * 32}),
]


@pytest.mark.parametrize(("exists", "module", "options"), ACCEPTED)
def test_what_the_service_takes_is_not_refused(
    azure: Azure, exists: t.Callable[[Azure], None], module: str, options: dict[str, t.Any]
) -> None:
    exists(azure)
    azure.run(module, check=True, **options)
    azure.run(module, **options)
    assert not azure.run(module, **options)["changed"]


NEW_KEY = {"customer_managed_key": {**KEY, "key_uri": KEY["key_uri"].replace("/one/", "/two/")}}
WITH_APPLICATION = {
    "idle_time_before_shutdown_minutes": 30,
    "custom_applications": [{"name": "studio", "image": {"reference": "r:1"}, "endpoints": [{"target": 8787, "published": 8787}]}],
}  # fmt: skip
WARNED = [
    ("OutsideManagedNetwork", outside, "aml_attached_compute", {**AKS, "type": "kubernetes"}),
    ("OutsideManagedNetwork", outside, "aml_attached_compute", {"name": "machine", "type": "virtualmachine", "address": "10.0.0.4"}),
    ("StorageByHostName", internet, WS, {**OF_WS, **network("allow_only_approved_outbound", {**HOST, "destination": "a.org, st.blob.core.windows.net"})}),
    ("NotForHubs", hub_itself, CLUSTER, {**SMALL, "max_instances": 1}),
    ("NotForHubs", hub_itself, INSTANCE, {**SMALL, "network_settings": {"subnet": SUBNET}}),
    ("KeyRotationNotSupported", service_side, WS, {**OF_WS, **NEW_KEY}),
    ("IdleShutdownWithApplications", nothing, INSTANCE, {**SMALL, **WITH_APPLICATION}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "exists", "module", "options"), WARNED, ids=lambda one: str(one)[:24])
def test_what_the_service_takes_and_does_not_support_is_a_warning(
    azure: Azure, code: str, exists: t.Callable[[Azure], None], module: str, options: dict[str, t.Any]
) -> None:
    exists(azure)
    for check in (True, False):
        warnings = azure.run(module, check=check, **options)["warnings"]
        assert [warning.partition(":")[0] for warning in warnings].count(code) == 1
    assert f"`{code}`" in PAGE.read_text()


def test_parts_of_a_rule_that_are_sets_compare_as_sets(azure: Azure) -> None:
    approved(azure)
    prefixes = {
        **TAG,
        "destination": {
            **TAG["destination"],
            "port_ranges": "80, 443",
            "address_prefixes": ["10.0.0.0/24", "10.0.1.0/24"],
        },
    }
    azure.run(WS, **OF_WS, **network(None, {**HOST, "destination": "b.org, A.org"}, prefixes))
    other = {
        **prefixes,
        "destination": {
            **prefixes["destination"],
            "port_ranges": "443,80",
            "address_prefixes": ["10.0.1.0/24", "10.0.0.0/24"],
        },
    }
    assert not azure.run(WS, **OF_WS, **network(None, {**HOST, "destination": "a.org,b.org"}, other))["changed"]
    assert azure.run(WS, **OF_WS, **network(None, {**HOST, "destination": "a.org"}))["changed"]


def test_the_page_has_the_same_codes() -> None:
    written = set(re.findall(r"^\|[^|]*\| `([A-Z]\w+)` \|", PAGE.read_text(), re.MULTILINE))
    assert {case.code for case in CASES} | {row[0] for row in WARNED} == written
