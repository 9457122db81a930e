# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions that azure-cli, the management SDKs and templates need beside this collection's requests, and actions of workspaces by their recordings."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import (
    GROUP,
    STORAGE,
    SUB,
    VAULT,
    WORKSPACE,
    World,
    refusal,
)

ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/sttaken"
GUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("namespace", "name", "wanted"),
    [
        ("Microsoft.Storage", "stfree", {"nameAvailable": True}),
        ("Microsoft.Storage", "STTAKEN", "AccountNameInvalid"),
        ("Microsoft.Storage", "sttaken", "AlreadyExists"),
        ("Microsoft.KeyVault", "Vault-Taken", "AlreadyExists"),
        ("Microsoft.ContainerRegistry", "no-dashes", "Invalid"),
    ],
)
def test_names_that_are_available(world: World, namespace: str, name: str, wanted: Any) -> None:
    world.keep(ACCOUNT)
    world.keep(f"{GROUP}/providers/Microsoft.KeyVault/vaults/vault-taken")
    path = f"{SUB}/providers/{namespace}/checkNameAvailability"
    answer = world.call("POST", path, {"name": name}, "2023-01-01")
    assert answer.status == 200
    assert answer.body == wanted or (answer.body["reason"] == wanted and answer.body["message"])


def test_keys_of_a_storage_account(world: World) -> None:
    first = world.call("POST", f"{STORAGE}/listKeys", version="2023-01-01").body["keys"]
    assert [key["keyName"] for key in first] == ["key1", "key2"] and len({key["value"] for key in first}) == 2
    again = world.call("POST", f"{STORAGE}/regenerateKey", {"keyName": "key2"}, "2023-01-01").body["keys"]
    assert again[0] == first[0] and again[1]["value"] != first[1]["value"]
    assert world.call("POST", f"{STORAGE}/listKeys", version="2023-01-01").body["keys"] == again
    assert world.call("POST", f"{STORAGE}/regenerateKey", {"keyName": "key3"}, "2023-01-01").status == 400
    assert world.call("POST", f"{STORAGE}x/listKeys", version="2023-01-01").status == 404


def test_a_storage_account_has_one_key_wherever_it_is_read() -> None:
    world = World()
    for _time in range(2):
        key = world.call("POST", f"{STORAGE}/listKeys", version="2023-01-01").body["keys"][0]["value"]
        own = world.call("POST", f"{WORKSPACE}/datastores/workspacefilestore/listSecrets").body
        assert own == {"secretsType": "AccountKey", "key": key}
        assert world.call("POST", f"{WORKSPACE}/listKeys").body["userStorageKey"] == key
        assert world.call("POST", f"{WORKSPACE}/listStorageAccountKeys").body == {"userStorageKey": key}
        regenerated = world.call("POST", f"{STORAGE}/regenerateKey", {"keyName": "key1"}, "2023-01-01").body["keys"]
        assert regenerated[0]["value"] != key


def test_access_policies_are_of_one_object_each() -> None:
    world = World()
    vault = f"{GROUP}/providers/Microsoft.KeyVault/vaults/vault-policies"
    body = {"location": "eastus", "properties": {"tenantId": "t", "sku": {"family": "A", "name": "standard"}}}
    assert world.call("PUT", vault, body, "2023-07-01").status == 200

    def change(verb: str, *who: str) -> list[str]:
        policies = [{"objectId": one, "tenantId": "t", "permissions": {"keys": ["get"]}} for one in who]
        sent = {"properties": {"accessPolicies": policies}}
        answer = world.call("PUT", f"{vault}/accessPolicies/{verb}", sent, "2023-07-01")
        assert answer.status == 200
        held = world.call("GET", vault, version="2023-07-01").body["properties"]["accessPolicies"]
        assert held == answer.body["properties"]["accessPolicies"]
        return [policy["objectId"] for policy in held]

    assert change("add", "a", "b") == ["a", "b"]
    assert change("add", "A") == ["b", "A"]
    assert change("remove", "b") == ["A"]
    assert change("replace", "c") == ["c"]
    assert (
        world.call("PUT", f"{vault}/accessPolicies/other", {"properties": {"accessPolicies": []}}, "2023-07-01").status
        == 400
    )


def test_keys_and_secrets_of_a_vault(world: World) -> None:
    key = world.call("PUT", f"{VAULT}/keys/k", {"properties": {"kty": "RSA"}}, "2023-07-01")
    shown = world.call("GET", f"{VAULT}/keys/k", version="2023-07-01").body["properties"]
    assert key.status == 200 and shown["keyUriWithVersion"].startswith(shown["keyUri"] + "/")
    secret = world.call("PUT", f"{VAULT}/secrets/s", {"properties": {"value": "hush"}}, "2023-07-01")
    assert secret.status == 200 and "hush" not in str(secret.body)


def test_sizes_of_virtual_machines(world: World) -> None:
    path = f"{SUB}/providers/Microsoft.Compute/locations/East US/vmSizes"
    sizes = {size["name"]: size for size in world.call("GET", path, version="2024-07-01").body["value"]}
    assert (sizes["Standard_DS3_v2"]["numberOfCores"], sizes["Standard_DS3_v2"]["memoryInMB"]) == (4, 14336)
    unknown = world.call("GET", path.replace("East US", "mars"), version="2024-07-01")
    assert refusal(unknown) == (400, "NoRegisteredProviderFound")


def test_usages_of_virtual_machines_count_virtual_machines_and_no_compute_targets(world: World) -> None:
    path = f"{SUB}/providers/Microsoft.Compute/locations/westus/usages"
    machine = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm"
    world.keep(machine, "westus", hardwareProfile={"vmSize": "Standard_D4s_v3"})
    usages = {row["name"]["value"]: row for row in world.call("GET", path, version="2024-11-01").body["value"]}
    held = {name: row["currentValue"] for name, row in usages.items() if row["currentValue"]}
    assert held == {"cores": 4, "virtualMachines": 1, "standardDSv3Family": 4}
    assert usages["standardDSv3Family"]["name"]["localizedValue"] == "Standard DSv3 Family vCPUs"
    assert (usages["cores"]["limit"], usages["cores"]["unit"]) == (20, "Count")


def test_skus_of_virtual_machines(world: World) -> None:
    path = f"{SUB}/providers/Microsoft.Compute/skus"
    everywhere = world.call("GET", path, version="2021-07-01").body["value"]
    here = world.call("GET", f"{path}?$filter=location eq 'eastus'", version="2021-07-01").body["value"]
    assert {tuple(sku["locations"]) for sku in here} == {("eastus",)} and len(here) < len(everywhere)
    [sku] = [sku for sku in here if sku["name"] == "Standard_NC4as_T4_v3"]
    capabilities = {item["name"]: item["value"] for item in sku["capabilities"]}
    assert (capabilities["vCPUs"], capabilities["MemoryGB"], capabilities["GPUs"]) == ("4", "28", "1")
    assert (sku["resourceType"], sku["restrictions"]) == ("virtualMachines", [])


def test_rules_of_a_security_group_are_one_truth() -> None:
    world = World()
    group = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg"
    inline = {"name": "one", "properties": {"priority": 100}}
    body: dict[str, Any] = {"location": "eastus", "properties": {"securityRules": [inline]}}

    def rules() -> list[str]:
        world.wait()
        listed = world.call("GET", f"{group}/securityRules", version="2024-05-01").body["value"]
        shown = world.call("GET", group, version="2024-05-01").body["properties"]["securityRules"]
        assert listed == shown
        return [rule["name"] for rule in shown]

    assert world.call("PUT", group, body, "2024-05-01").status == 201 and rules() == ["one"]
    assert world.call("PUT", f"{group}/securityRules/two", {"properties": {}}, "2024-05-01").status == 201
    assert rules() == ["one", "two"]
    assert world.call("PATCH", group, {"tags": {"a": "b"}}, "2024-05-01").status == 200 and rules() == ["one", "two"]
    assert world.call("PUT", group, body, "2024-05-01").status == 200 and rules() == ["one"]


def test_resync_keys_has_both_addresses_with_a_guid(world: World) -> None:
    """[REC Sync-AzMLWorkspaceKey]"""
    answer = world.call("POST", f"{WORKSPACE}/resyncKeys")
    assert (answer.status, answer.body) == (202, None)
    for name, kind in (("Location", "location"), ("Azure-AsyncOperation", "async")):
        assert re.search(rf"/workspaceOperationsStatus/{GUID}\?api-version=[^&]+&type={kind}&t=", answer.headers[name])
    assert world.final_status(answer)["status"] == "Succeeded"


@pytest.mark.parametrize(
    ("sent", "results"),
    [
        ({"value": {"applicationInsights": {"key1": "x"}}}, ["applicationInsightsResults"]),
        ({}, None),
    ],
)
def test_diagnose_shows_at_its_location_what_was_asked_for(world: World, sent: Any, results: list[str] | None) -> None:
    """[REC R29]"""
    answer = world.call("POST", f"{WORKSPACE}/diagnose", sent)
    assert answer.status == 202 and "Azure-AsyncOperation" not in answer.headers
    assert re.search(rf"/workspaceOperationsStatus/{GUID}\?api-version=[^&]+&type=location", answer.headers["Location"])
    world.wait()
    ended = world.app.call("GET", answer.headers["Location"])
    assert ended.status == 200
    assert list(ended.body["value"]) == (results or list(ended.body["value"])) and len(ended.body["value"]) in (1, 9)


def test_notebooks_keys_and_features_of_a_workspace(world: World) -> None:
    prepared = world.call("POST", f"{WORKSPACE}/prepareNotebook")
    assert (prepared.status, prepared.body) == (200, world.get(WORKSPACE))
    keys = world.call("POST", f"{WORKSPACE}/listKeys").body
    assert world.call("POST", f"{WORKSPACE}/listNotebookKeys").body == keys["notebookAccessKeys"]
    assert world.call("POST", f"{WORKSPACE}/listStorageAccountKeys").body == {"userStorageKey": keys["userStorageKey"]}
    token = world.call("POST", f"{WORKSPACE}/listNotebookAccessToken").body
    assert token["publicDns"] == prepared.body["properties"]["notebookInfo"]["fqdn"]
    assert {"id", "displayName", "description"} == set(world.get(f"{WORKSPACE}/features")["value"][0])


def test_the_hosts_that_a_workspace_calls_are_those_of_the_recording(world: World) -> None:
    listed = world.get(f"{WORKSPACE}/outboundNetworkDependenciesEndpoints")["value"]
    by_category = {row["properties"]["category"]: row["properties"]["endpoints"] for row in listed}
    assert len(by_category) == len(listed) == 9
    assert by_category["Azure Active Directory"] == [
        {"domainName": "login.microsoftonline.com", "endpointDetails": [{"port": 80}, {"port": 443}]}
    ]
    account = world.get(WORKSPACE)["properties"]["storageAccount"].rpartition("/")[2]
    own = [row for row in by_category["Integrated notebook"] if row["domainName"].startswith(f"{account}.")]
    assert [(row["domainName"].split(".")[1], len(row["endpointDetails"])) for row in own] == [
        ("file", 2),
        ("dfs", 1),
        ("blob", 1),
    ]
    missing = world.call("GET", f"{WORKSPACE}-none/outboundNetworkDependenciesEndpoints")
    assert missing.status == 404


@pytest.mark.parametrize(
    "path", ["connections/c", "onlineEndpoints/e", "onlineEndpoints/e/deployments/d", "batchEndpoints/e", "batchEndpoints/e/deployments/d"]
)  # fmt: skip
def test_a_method_that_the_service_has_and_the_simulator_does_not_is_no_405(world: World, path: str) -> None:
    answer = world.call("PATCH", f"{WORKSPACE}/{path}", {"tags": {"a": "b"}})
    assert answer.status == 501 and "PATCH of 'Microsoft.MachineLearningServices/workspaces/" in str(answer.body)
    # There is none of a datastore (docs/facts.md g.1).
    assert world.call("PATCH", f"{WORKSPACE}/datastores/d", {"tags": {"a": "b"}}).status == 405


def test_the_providers_operations(world: World) -> None:
    listed = world.get("/providers/Microsoft.MachineLearningServices/operations")["value"]
    by_name = {entry["name"]: entry["display"]["resource"] for entry in listed}
    assert by_name["Microsoft.MachineLearningServices/workspaces/computes/start/action"] == "workspaces/computes/start"


def test_the_template_of_a_deployment_is_exported(world: World) -> None:
    schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
    template = {"$schema": schema, "contentVersion": "1.0.0.0", "resources": []}
    path = f"{GROUP}/providers/Microsoft.Resources/deployments/exported"
    world.call("PUT", path, {"properties": {"mode": "Incremental", "template": template}}, "2021-04-01")
    assert world.call("POST", f"{path}/exportTemplate", version="2021-04-01").body == {"template": template}


@pytest.mark.parametrize(("version", "shape"), [("2019-05-01", list), ("2020-06-01", list), ("2022-09-01", dict)])
def test_metadata_in_the_shape_of_its_version(world: World, version: str, shape: type) -> None:
    body = world.call("GET", f"/metadata/endpoints?api-version={version}").body
    assert isinstance(body, shape)
    assert (body if isinstance(body, dict) else body[0])["suffixes"]["storage"] == "core.windows.localhost"
