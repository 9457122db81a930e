# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pre-flight against the simulator: each rule with a world that breaks it and a counterpart that passes.

Rules: docs/facts.md b.2; docs/coverage.md CC1, CC3, CC5, CI1, CI5, 1.11. The creating modules and aml_preflight_info must agree.
"""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.azure import GROUP, GROUP_ID, SUBSCRIPTION, WORKSPACE_ID, Azure

CLUSTER, INSTANCE, LOOK = "aml_compute_cluster", "aml_compute_instance", "aml_preflight_info"
DSV2 = "standardDSv2Family"
CPU: dict[str, t.Any] = {"size": "Standard_DS3_v2", "max_instances": 2}


def look(azure: Azure, *computes: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    """The result, without what is retired: test_retirements.py."""
    found = azure.run(
        LOOK, computes=[{"type": "amlcompute", "name": "cpu-cluster", **compute} for compute in computes], **more
    )
    return {**found, "findings": [finding for finding in found.get("findings", []) if finding["code"] != "Retired"]}


def codes(result: dict[str, t.Any]) -> list[str]:
    return [finding["code"] for finding in result["findings"]]


def agree(azure: Azure, code: str, **options: t.Any) -> dict[str, t.Any]:
    """One error, and the same from both ways in; nothing is written, in check mode or out of it. The finding."""
    found = look(azure, options)
    assert codes(found) == [code] and not found["passed"], found["findings"]
    for check in (True, False):
        failed = azure.run(CLUSTER, name="cpu-cluster", preflight=True, check=check, ok=False, **options)
        assert failed["failure"]["code"] == "PreflightFailed" and failed["changed"] is False
        assert failed["failure"]["details"] == found["findings"] and failed["plan"]["action"] == "create"
        assert azure.writes == []
    (finding,) = found["findings"]
    assert finding["severity"] == "error" and finding["hint"] and finding["url"] and finding["target"] == "cpu-cluster"
    return dict(finding)


def clean(azure: Azure, **options: t.Any) -> None:
    """Nothing to find, and the creation succeeds."""
    assert look(azure, options)["findings"] == []
    assert azure.run(CLUSTER, name="cpu-cluster", preflight=True, **options)["changed"]


def lock(azure: Azure, level: str, scope: str = GROUP_ID) -> None:
    azure.arm(
        "PUT", f"{scope}/providers/Microsoft.Authorization/locks/keep", {"properties": {"level": level}}, "2020-05-01"
    )


def network(
    azure: Azure, prefix: str = "10.0.1.0/24", name: str = "vnet", group: str = GROUP, **properties: t.Any
) -> str:
    subnet = {"name": "training", "properties": {"addressPrefix": prefix, **properties}}
    location = properties.pop("location", "eastus")
    body = {
        "location": location,
        "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [subnet]},
    }
    return azure.resource("Microsoft.Network/virtualNetworks", name, body, "2024-05-01", group) + "/subnets/training"


# --- options of other API versions ---


def test_an_option_that_the_stable_version_does_not_have_needs_no_replacement(azure: Azure) -> None:
    """The list is read at a version that has it."""
    declared = {"type": "computeinstance", "name": "ci-one", "size": "Standard_DS3_v2", "autologger": True}
    azure.run(INSTANCE, **{option: value for option, value in declared.items() if option != "type"})
    assert codes(look(azure, declared)) == []
    assert codes(look(azure, {**declared, "autologger": False})) == ["NeedsReplacement"]


# --- sizes ---


def test_an_unknown_size(azure: Azure) -> None:
    finding = agree(azure, "SizeNotOffered", size="Standard_DS3_v22", max_instances=1)
    assert "Standard_DS3_v2" in finding["hint"] and finding["option"] == "size"
    clean(azure, **CPU)


def test_a_size_that_the_region_lacks(azure: Azure) -> None:
    azure.app.configure({"sizes": {"removed": {"eastus": ["Standard_DS3_v2"]}}})
    assert "eastus" in agree(azure, "SizeNotOffered", **CPU)["message"]
    clean(azure, **{**CPU, "size": "standard_ds2_V2"})


def test_a_size_that_is_not_for_low_priority(azure: Azure) -> None:
    azure.app.configure({"quotas": {"*": {"standardNDSH100v5Family": 200}}})
    size = {"size": "Standard_ND96isr_H100_v5", "max_instances": 1}
    assert agree(azure, "SizeNotLowPriorityCapable", **size, tier="low_priority")["option"] == "tier"
    clean(azure, **size, tier="dedicated")


def test_an_unknown_region(azure: Azure) -> None:
    found = look(azure, {**CPU, "location": "atlantis"})
    assert codes(found) == ["LocationNotOffered"] and "atlantis" in found["findings"][0]["message"]
    assert codes(look(azure, {**CPU, "location": "West US 2"})) == []


# --- quotas ---


def test_the_familys_quota(azure: Azure) -> None:
    azure.app.configure({"quotas": {"*": {DSV2: 3}}})
    # The service asks for one node also where the minimum is 0.
    assert "4 are needed" in agree(azure, "FamilyQuotaExceeded", **CPU)["message"]
    azure.app.configure({"quotas": {"*": {DSV2: 8}}})
    clean(azure, **CPU)


def test_the_service_agrees_about_the_quota(azure: Azure) -> None:
    azure.app.configure({"quotas": {"*": {DSV2: 3}}})
    failed = azure.run(CLUSTER, name="cpu-cluster", **CPU, ok=False)
    assert failed["failure"]["code"] == "ClusterMinNodesExceedCoreQuota" and azure.writes != []


def test_the_quota_is_summed_over_all(azure: Azure) -> None:
    azure.app.configure({"quotas": {"*": {DSV2: 10}}})
    idle = [{"name": f"cluster-{letter}", "size": "Standard_DS3_v2", "max_instances": 1} for letter in "abc"]
    found = look(azure, *idle)
    assert (
        codes(found) == ["QuotaBelowMaximum"]
        and found["passed"]
        and "lower max_instances" in found["findings"][0]["hint"]
    )
    three = [{**row, "min_instances": 1} for row in idle]
    for request in three:
        assert codes(look(azure, request)) == []
    found = look(azure, *three)
    assert (
        codes(found) == ["FamilyQuotaExceeded"] and found["findings"][0]["target"] == "cluster-a, cluster-b, cluster-c"
    )
    assert codes(look(azure, *three[:2])) == []


def test_clusters_and_instances_share_a_family(azure: Azure) -> None:
    azure.app.configure({"quotas": {"*": {DSV2: 7}}})
    instance = {"type": "computeinstance", "name": "ci-ada", "size": "Standard_DS3_v2"}
    assert codes(look(azure, instance)) == []
    small = {"size": "Standard_DS3_v2", "min_instances": 1, "max_instances": 1}
    assert codes(look(azure, instance, small)) == ["FamilyQuotaExceeded"]


def test_what_is_in_use_counts(azure: Azure) -> None:
    azure.app.configure({"quotas": {"*": {DSV2: 10}}})
    azure.run(CLUSTER, name="busy", size="Standard_DS3_v2", min_instances=2, max_instances=2)
    azure.app.clock.advance(600)
    assert "8 are in use" in agree(azure, "FamilyQuotaExceeded", size="Standard_DS3_v2", max_instances=1)["message"]
    clean(azure, size="Standard_DS2_v2", max_instances=1)


def test_what_exists_only_counts_with_its_growth(azure: Azure) -> None:
    azure.app.configure({"quotas": {"*": {DSV2: 10}}})
    there = {"size": "Standard_DS3_v2", "min_instances": 2, "max_instances": 2}
    azure.run(CLUSTER, name="cpu-cluster", **there)
    azure.app.clock.advance(600)
    assert codes(look(azure, there)) == []
    assert codes(look(azure, {"min_instances": 3, "max_instances": 3})) == ["FamilyQuotaExceeded"]


def test_the_maximum_that_can_never_be_reached_is_a_warning(azure: Azure) -> None:
    azure.app.configure({"quotas": {"*": {DSV2: 10}}})
    wide = {"size": "Standard_DS3_v2", "max_instances": 3}
    found = look(azure, wide)
    assert codes(found) == ["QuotaBelowMaximum"] and found["passed"] and found["counts"] == {"error": 0, "warning": 1}
    done = azure.run(CLUSTER, name="cpu-cluster", preflight=True, **wide)
    assert done["changed"] and any(text.startswith("QuotaBelowMaximum: ") for text in done["warnings"])


def test_the_regions_total(azure: Azure) -> None:
    azure.app.configure({"quotas": {"*": {"TotalDedicatedCores": 5}}})
    both = [
        {"name": "cluster-a", "size": "Standard_DS3_v2", "min_instances": 1, "max_instances": 1},
        {"name": "cluster-b", "size": "Standard_D4s_v3", "min_instances": 1, "max_instances": 1},
    ]
    assert codes(look(azure, *both)) == ["RegionalQuotaExceeded"]
    assert codes(look(azure, both[0])) == []


def test_low_priority_counts_against_one_total(azure: Azure) -> None:
    azure.app.configure({"quotas": {"*": {"TotalLowPriorityCores": 3, DSV2: 0}}})
    low = {"size": "Standard_DS3_v2", "max_instances": 1, "tier": "low_priority"}
    agree(azure, "LowPriorityQuotaExceeded", **low)
    azure.app.configure({"quotas": {"*": {"TotalLowPriorityCores": 4}}})
    # The family's own quota of 0 is for dedicated nodes.
    clean(azure, **low)


def test_a_workspaces_own_quota(azure: Azure) -> None:
    azure.run(CLUSTER, name="busy", size="Standard_DS3_v2", min_instances=1, max_instances=1)
    azure.app.clock.advance(600)
    small = {"size": "Standard_DS3_v2", "max_instances": 1}
    azure.run("aml_quota", quotas=[{"family": DSV2, "limit": 7}])
    assert "4 are in use" in agree(azure, "WorkspaceQuotaExceeded", **small)["message"]
    azure.make_workspace("ws-other")
    assert codes(look(azure, small, workspace="ws-other")) == []
    azure.run("aml_quota", quotas=[{"family": DSV2, "limit": 8}])
    clean(azure, **small)


def test_the_number_of_computes(azure: Azure) -> None:
    azure.app.configure({"quotas": {"*": {"TotalClusters": 1}}})
    two = [{"name": f"cluster-{letter}", **CPU} for letter in "ab"]
    assert codes(look(azure, *two)) == ["ComputeCountExceeded"]
    clean(azure, **CPU)


# --- networks ---


def test_a_subnet_that_is_not_there(azure: Azure) -> None:
    settings = {"network_settings": {"vnet_name": "vnet", "subnet": "training"}}
    agree(azure, "SubnetNotFound", **CPU, **settings)
    network(azure)
    agree(azure, "SubnetNotFound", **CPU, network_settings={"vnet_name": "vnet", "subnet": "serving"})
    clean(azure, **CPU, **settings)


def test_a_small_subnet(azure: Azure) -> None:
    """A /29 has eight addresses, of which Azure keeps five."""
    settings = {"network_settings": {"subnet": network(azure, "10.0.1.0/29")}}
    finding = agree(azure, "SubnetTooSmall", **{**CPU, "max_instances": 4}, **settings)
    assert "3 free address" in finding["message"] and finding["option"] == "network_settings.subnet"
    clean(azure, **{**CPU, "max_instances": 3}, **settings)


def test_a_subnet_is_shared_by_all_that_want_it(azure: Azure) -> None:
    settings = {"network_settings": {"subnet": network(azure, "10.0.1.0/29")}}
    two = [{"name": f"cluster-{letter}", **CPU, **settings} for letter in "ab"]
    assert codes(look(azure, *two)) == ["SubnetTooSmall"]
    assert codes(look(azure, two[0])) == []


def test_addresses_in_use_count(azure: Azure) -> None:
    used = [{"id": f"/subscriptions/{SUBSCRIPTION}/nic{number}"} for number in range(2)]
    agree(
        azure,
        "SubnetTooSmall",
        **CPU,
        network_settings={"subnet": network(azure, "10.0.1.0/29", ipConfigurations=used)},
    )
    clean(azure, **CPU, network_settings={"subnet": network(azure, "10.0.1.0/29", ipConfigurations=used[:1])})


def test_a_delegated_subnet(azure: Azure) -> None:
    delegation = [{"name": "other", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}]
    finding = agree(
        azure, "SubnetDelegated", **CPU, network_settings={"subnet": network(azure, delegations=delegation)}
    )
    assert "Microsoft.Web/serverFarms" in finding["message"]
    clean(azure, **CPU, network_settings={"subnet": network(azure, name="other")})


def test_a_network_in_another_region(azure: Azure) -> None:
    settings = {"network_settings": {"subnet": network(azure, location="westeurope")}}
    agree(azure, "NetworkInOtherRegion", **CPU, **settings)
    assert codes(look(azure, {**CPU, **settings, "location": "westeurope"})) == []


def test_no_public_addresses_need_a_private_endpoint(azure: Azure) -> None:
    subnet = network(azure)
    hidden = {**CPU, "enable_node_public_ip": False, "network_settings": {"subnet": subnet}}
    agree(azure, "PrivateEndpointMissing", **hidden)
    connection = {"name": "ws", "properties": {"privateLinkServiceId": WORKSPACE_ID, "groupIds": ["amlworkspace"]}}
    body = {"properties": {"subnet": {"id": subnet}, "privateLinkServiceConnections": [connection]}}
    azure.resource("Microsoft.Network/privateEndpoints", "pe", body, "2024-05-01")
    clean(azure, **hidden)


def test_a_private_subnet_needs_another_way_out(azure: Azure) -> None:
    settings = {**CPU, "enable_node_public_ip": False}
    gateway = azure.resource("Microsoft.Network/natGateways", "nat", {"sku": {"name": "Standard"}}, "2024-05-01")
    route = {"natGateway": {"id": gateway}}
    for properties, warns in (({}, True), (route, False), ({"defaultOutboundAccess": True}, False)):
        subnet = network(azure, **{"defaultOutboundAccess": False, **properties})
        findings = look(azure, {**settings, "network_settings": {"subnet": subnet}})["findings"]
        warnings = [finding for finding in findings if finding["code"] == "OutboundAccessMissing"]
        assert len(warnings) == int(warns) and all(finding["severity"] == "warning" for finding in warnings)
    closed = network(azure, defaultOutboundAccess=False)
    assert "OutboundAccessMissing" not in codes(look(azure, {**CPU, "network_settings": {"subnet": closed}}))


def test_no_public_addresses_in_a_managed_network(azure: Azure) -> None:
    azure.make_workspace("ws-managed", managedNetwork={"isolationMode": "AllowInternetOutbound"})
    assert codes(look(azure, {**CPU, "enable_node_public_ip": False}, workspace="ws-managed")) == []
    assert "PrivateEndpointMissing" in codes(look(azure, {**CPU, "enable_node_public_ip": False}))


def test_another_region_and_a_private_endpoint(azure: Azure) -> None:
    """The kind's own rule, which needs the workspace."""
    abroad = {**CPU, "location": "westus2"}
    assert codes(look(azure, abroad)) == []
    connection = {"name": "ws", "properties": {"privateLinkServiceId": WORKSPACE_ID, "groupIds": ["amlworkspace"]}}
    body = {"properties": {"subnet": {"id": network(azure)}, "privateLinkServiceConnections": [connection]}}
    azure.resource("Microsoft.Network/privateEndpoints", "pe", body, "2024-05-01")
    assert codes(look(azure, abroad)) == ["CrossRegionPrivateLink"]


# --- identities, locks ---


def test_an_identity_that_is_not_there(azure: Azure) -> None:
    there = azure.identity("id-one")
    missing = there.replace("id-one", "id-two")
    finding = agree(
        azure,
        "IdentityNotFound",
        **CPU,
        identity={"type": "user_assigned", "user_assigned_identities": [there, missing]},
    )
    assert "id-two" in finding["message"]
    clean(azure, **CPU, identity={"type": "user_assigned", "user_assigned_identities": [there]})


@pytest.mark.parametrize("level", ["CanNotDelete", "ReadOnly"])
def test_a_locked_group(azure: Azure, level: str) -> None:
    lock(azure, level)
    finding = agree(azure, "ScopeLocked", **CPU)
    assert level in finding["message"] and GROUP in finding["message"]
    azure.arm("DELETE", f"{GROUP_ID}/providers/Microsoft.Authorization/locks/keep", version="2020-05-01")
    clean(azure, **CPU)


def test_a_lock_on_the_networks_group(azure: Azure) -> None:
    other = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-network"
    azure.arm("PUT", other, {"location": "eastus"}, "2021-04-01")
    settings = {"network_settings": {"subnet": network(azure, group="rg-network")}}
    assert codes(look(azure, {**CPU, **settings})) == []
    lock(azure, "CanNotDelete", other)
    assert "rg-network" in agree(azure, "ScopeLocked", **CPU, **settings)["message"]
    # A cluster without that network has nothing to do with it.
    clean(azure, **CPU)


def test_a_lock_against_deletion_only_warns_an_instance(azure: Azure) -> None:
    lock(azure, "CanNotDelete")
    instance = {"type": "computeinstance", "name": "ci-ada", "size": "Standard_DS3_v2"}
    found = look(azure, instance)
    assert codes(found) == ["ScopeLocked"] and found["passed"]


# --- the list as a whole ---


def test_offline_rules_of_each_entry(azure: Azure) -> None:
    entries = [
        {"name": "gpu-1", **CPU},
        {"name": "few", "size": "Standard_DS3_v2", "min_instances": 3, "max_instances": 1},
        {"name": "text", "size": "Standard_DS3_v2", "max_instances": "many"},
        {"name": "fridge", "type": "fridge"},
        {"name": "incomplete"},
        {"name": "odd", **CPU, "colour": "blue"},
        {"name": "good", **CPU},
        {"name": "GOOD", **CPU},
    ]
    found = look(azure, *entries)
    wrong = {(finding["target"], finding["code"]) for finding in found["findings"]}
    assert wrong == {
        ("gpu-1", "InvalidComputeName"),
        ("few", "MinimumAboveMaximum"),
        ("text", "InvalidOption"),
        ("fridge", "InvalidEntry"),
        ("incomplete", "RequiredForCreation"),
        ("odd", "InvalidOption"),
        ("GOOD", "DuplicateCompute"),
    }


def test_entries_of_every_kind(azure: Azure, tmp_path: t.Any) -> None:
    provider = f"{GROUP_ID}/providers"
    key = tmp_path / "key"
    key.write_text("-----BEGIN RSA PRIVATE KEY-----\nPlanted\n-----END RSA PRIVATE KEY-----\n")
    ssh = {"admin_username": "me", "admin_password": "a-password"}
    entries: list[dict[str, t.Any]] = [
        {"type": "aks", "size": "Standard_D4s_v3", "agent_count": 3, "cluster_purpose": "fast_prod"},
        {
            "type": "kubernetes",
            "resource_id": f"{provider}/Microsoft.ContainerService/managedClusters/x",
            "namespace": "ns",
        },
        {
            "type": "VirtualMachine",
            "resource_id": f"{provider}/Microsoft.Compute/virtualMachines/x",
            "ssh_settings": ssh,
        },
        {
            "type": "virtualmachine",
            "resource_id": f"{provider}/Microsoft.Compute/virtualMachines/y",
            "ssh_settings": {"admin_username": "me", "ssh_private_key_file": str(key)},
        },
        {
            "type": "databricks",
            "resource_id": f"{provider}/Microsoft.Databricks/workspaces/x",
            "access_token": "a-token",
        },
        {"type": "datalakeanalytics", "resource_id": f"{provider}/Microsoft.DataLakeAnalytics/accounts/x"},
        {
            "type": "hdinsight",
            "resource_id": f"{provider}/Microsoft.HDInsight/clusters/x",
            "address": "x.azurehdinsight.net",
            "ssh_settings": ssh,
        },
        {"type": "synapsespark", "resource_id": f"{provider}/Microsoft.Synapse/workspaces/w/bigDataPools/x"},
        {"type": "datafactory", "resource_id": f"{provider}/Microsoft.DataFactory/factories/x"},
    ]
    named = [{"name": f"target-{chr(97 + index)}", **entry} for index, entry in enumerate(entries)]
    assert look(azure, *named)["findings"] == []
    assert "Planted" not in azure.text
    broken = [
        {**named[0], "agent_count": "two"},
        {**named[0], "name": "few", "agent_count": "1"},
        {**named[1], "resource_id": "x"},
        {**named[3], "ssh_settings": {"admin_username": "me", "ssh_private_key_file": str(tmp_path / "none")}},
        {**named[8], "delete_underlying": True},
    ]
    found = look(azure, *broken)
    assert {(finding["target"], finding["code"]) for finding in found["findings"]} == {
        ("target-a", "InvalidOption"),
        ("few", "NotEnoughCores"),
        ("target-b", "InvalidResourceId"),
        ("target-d", "FileNotReadable"),
        ("target-i", "DeleteNotSupported"),
    }


def test_aks_in_a_subnet_that_is_not_there(azure: Azure) -> None:
    """Its addresses and delegations are AKS's own matter; that the subnet exists is not."""
    inside = {
        "subnet": "training",
        "vnet_name": "vnet",
        "service_cidr": "10.1.0.0/16",
        "dns_service_ip": "10.1.0.10",
        "docker_bridge_cidr": "172.17.0.1/16",
    }
    aks = {"size": "Standard_D4s_v3", "agent_count": 3, "network_settings": inside}
    assert codes(look(azure, {"type": "aks", "name": "scoring", **aks})) == ["SubnetNotFound"]
    failed = azure.run("aml_inference_cluster", name="scoring", preflight=True, ok=False, **aks)
    assert failed["failure"]["code"] == "PreflightFailed" and azure.writes == []
    network(azure, "10.0.1.0/29")
    assert codes(look(azure, {"type": "aks", "name": "scoring", **aks})) == []
    assert azure.run("aml_inference_cluster", name="scoring", preflight=True, **aks)["changed"]


def test_a_name_that_another_kind_has(azure: Azure) -> None:
    azure.run(INSTANCE, name="cpu-cluster", size="Standard_DS3_v2")
    assert codes(look(azure, CPU)) == ["KindMismatch"]
    assert codes(look(azure, {"type": "computeinstance", "size": "Standard_DS3_v2"})) == []


def test_what_would_have_to_be_replaced(azure: Azure) -> None:
    azure.run(CLUSTER, name="cpu-cluster", **CPU)
    found = look(azure, {"size": "Standard_DS2_v2"})
    assert codes(found) == ["NeedsReplacement"] and found["passed"]


def test_several_workspaces(azure: Azure) -> None:
    azure.make_workspace("ws-other", "rg-other")
    azure.app.configure({"quotas": {"*": {DSV2: 4}}})
    here = {"name": "same", "size": "Standard_DS3_v2", "min_instances": 1, "max_instances": 1}
    there = {**here, "workspace": "ws-other", "resource_group": "rg-other"}
    found = look(azure, here, there)
    assert codes(found) == ["FamilyQuotaExceeded"] and found["findings"][0]["target"] == "ws-test/same, ws-other/same"
    assert codes(look(azure, there)) == []


def test_an_unknown_workspace(azure: Azure) -> None:
    assert codes(look(azure, CPU, workspace="nowhere")) == ["WorkspaceNotFound"]
    # In check mode, an earlier task of the play may be what creates it.
    planned = azure.run(CLUSTER, check=True, preflight=True, name="cpu-cluster", workspace="nowhere", **CPU)
    assert planned["plan"]["action"] == "create" and any(
        text.startswith("WorkspaceNotFound") for text in planned["warnings"]
    )


def test_fail_on(azure: Azure) -> None:
    azure.app.configure({"quotas": {"*": {DSV2: 10}}})
    warns, fails = {"size": "Standard_DS3_v2", "max_instances": 3}, {"size": "Standard_Nope", "max_instances": 1}
    assert look(azure, warns, fail_on="error")["passed"]
    assert look(azure, warns, fail_on="warning", ok=False)["failure"]["code"] == "PreflightFailed"
    assert look(azure, fails, fail_on="never")["passed"] is False
    failed = look(azure, fails, fail_on="error", ok=False)
    assert [detail["code"] for detail in failed["failure"]["details"]] == ["SizeNotOffered"] and failed[
        "changed"
    ] is False


def test_fifty_clusters_are_read_as_one(azure: Azure) -> None:
    """The number of requests follows the number of places, not of targets."""
    settings = {"network_settings": {"subnet": network(azure, "10.0.0.0/20")}}
    identity = {"identity": {"type": "user_assigned", "user_assigned_identities": [azure.identity("id-one")]}}
    azure.run("aml_quota", quotas=[{"family": DSV2, "limit": 200}])
    entries = [
        {"name": f"cluster-a{number}", "size": "Standard_DS1_v2", "max_instances": 2, **settings, **identity}
        for number in range(50)
    ]
    look(azure, entries[0])
    alone = sorted(request.path for request in azure.sent)
    assert look(azure, *entries)["findings"] == []
    assert sorted(request.path for request in azure.sent) == alone
    assert sorted(path.rsplit("/", 1)[-1] for path in alone) == sorted(
        ["ws-test", "computes", "vmSizes", "usages", "quotas", "vnet", "id-one", "locks"]
    )
    assert {request.method for request in azure.sent} == {"GET"} and azure.tokens == 1


def test_a_task_that_creates_nothing_looks_at_nothing(azure: Azure) -> None:
    azure.run(CLUSTER, name="cpu-cluster", preflight=True, **CPU)
    assert len(azure.reads) > 5
    azure.run(CLUSTER, name="cpu-cluster", preflight=True, **CPU)
    assert [(request.method, request.path.rsplit("/", 1)[-1]) for request in azure.sent] == [("GET", "cpu-cluster")]
    azure.run(CLUSTER, name="cpu-cluster", preflight=False, state="absent")
    azure.run(CLUSTER, name="cpu-cluster", **CPU)
    assert not any(request.path.endswith("/usages") for request in azure.sent)


def test_a_replacement_is_looked_at_before_anything_is_deleted(azure: Azure) -> None:
    azure.run(CLUSTER, name="cpu-cluster", **CPU)
    replace = {"name": "cpu-cluster", "on_immutable_change": "recreate", "preflight": True}
    failed = azure.run(CLUSTER, size="Standard_Nope", ok=False, **replace)
    assert failed["failure"]["code"] == "PreflightFailed" and azure.writes == []
    assert azure.run(CLUSTER, size="Standard_DS2_v2", **replace)["plan"]["action"] == "replace"


def test_a_cluster_that_grows_is_looked_at(azure: Azure) -> None:
    azure.app.configure({"quotas": {"*": {DSV2: 10}}})
    azure.run(CLUSTER, name="cpu-cluster", **CPU)
    for check in (True, False):
        failed = azure.run(
            CLUSTER, name="cpu-cluster", min_instances=3, max_instances=3, preflight=True, check=check, ok=False
        )
        assert failed["failure"]["details"][0]["code"] == "FamilyQuotaExceeded" and azure.writes == []
    assert azure.run(CLUSTER, name="cpu-cluster", min_instances=2, preflight=True)["changed"]
    # Tags take nothing that could be missing.
    azure.run(CLUSTER, name="cpu-cluster", tags={"team": "vision"}, preflight=True)
    assert not any(request.path.endswith("/usages") for request in azure.sent)


def test_an_instance_has_the_option_too(azure: Azure) -> None:
    failed = azure.run(INSTANCE, name="ci-ada", size="Standard_Nope", preflight=True, ok=False)
    assert failed["failure"]["code"] == "PreflightFailed" and azure.writes == []
    assert azure.run(INSTANCE, name="ci-ada", size="Standard_DS3_v2", preflight=True)["changed"]


def test_what_may_not_be_read_is_left_unchecked_and_says_so(azure: Azure) -> None:
    azure.app.faults.put([{"kind": "status", "status": 403, "match": {"method": "GET", "path": "/locks"}}])
    found = look(azure, CPU)
    assert codes(found) == ["NotChecked"] and found["passed"] and "locks" in found["findings"][0]["message"]


def test_secrets_of_the_entries_are_hidden(azure: Azure) -> None:
    ssh = {"admin_username": "azureuser", "admin_password": "Planted-Secret-1"}
    look(
        azure,
        {**CPU, "ssh_settings": ssh},
        {"type": "databricks", "name": "bricks", "access_token": "Planted-Secret-2"},
    )
    assert "Planted-Secret" not in azure.text and "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" in azure.text


def test_findings_of_a_single_target_are_warnings_where_they_may_not_fail_it(azure: Azure) -> None:
    """An unknown size in check mode, so that the service is not asked to create it."""
    azure.make_workspace()
    options = {"name": "gpu-cluster", "size": "Standard_NC4as_T4_v9", "max_instances": 1, "preflight": True}
    for fail_on in ("error", "warning"):
        failed = azure.run("aml_compute_cluster", check=True, preflight_fail_on=fail_on, ok=False, **options)
        assert failed["failure"]["code"] == "PreflightFailed" and azure.writes == []
    planned = azure.run("aml_compute_cluster", check=True, preflight_fail_on="never", **options)
    assert planned["plan"]["action"] == "create" and azure.writes == []
    assert any(warning.startswith("SizeNotOffered: ") for warning in planned["warnings"])
