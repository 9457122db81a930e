# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Resource Manager accepts and answers beyond what this collection sends: found with azure-cli 2.91.0 and @azure/arm-machinelearning 2.1.1."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import (
    GROUP,
    STORAGE,
    SUB,
    SUBNET,
    WORKSPACE,
    World,
)
from azureml_simulator import relaxed_json

LINKS = f"{WORKSPACE}/privateEndpointConnections"
ENDPOINT = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pe"


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def test_empty_segments_of_an_address_do_not_count(world: World) -> None:
    provider, _slash, name = STORAGE.rpartition("/storageAccounts/")
    answer = world.call("GET", f"{provider}//storageAccounts/{name}//", version="2023-01-01")
    assert (answer.status, answer.body["id"]) == (200, STORAGE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1, b: "x", $c_1: [true, false, null]}', {"a": 1, "b": "x", "$c_1": [True, False, None]}),
        ("{'a': 'it\\'s \"quoted\"'}", {"a": 'it\'s "quoted"'}),
        ('{ // one\n "a": /* "b": 2, */ -1.5e3 }', {"a": -1500.0}),
        ('{"a": "two\nlines", "b": "// none /* of */ these",}', {"a": "two\nlines", "b": "// none /* of */ these"}),
        ('["\\u00e4\\n", [], {}, ]', ["ä\n", [], {}]),
    ],
)
def test_json_with_liberties(text: str, value: Any) -> None:
    assert relaxed_json.loads(text) == relaxed_json.loads(text.encode()) == value


@pytest.mark.parametrize(
    "text", ["{", "[1 2]", '{"a" 1}', "{a: b}", "{} {}", "{a: 1, , }", "[-]", '"open', "{a: 0x}", "[" * 100000]
)
def test_what_is_not_json_even_so(world: World, text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        relaxed_json.loads(text)
    answer = world.call("PUT", GROUP, text.encode(), "2021-04-01")
    assert (answer.status, answer.body["error"]["code"]) == (400, "InvalidRequestContent")


def test_secure_parameters_of_a_relaxed_body_are_not_logged(world: World) -> None:
    body = b"""{properties: {mode: 'Incremental', parameters: {pin: {value: 'hush-hush'}}, template: {
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#', // a comment
      contentVersion: '1.0.0.0', parameters: {pin: {type: 'securestring'}}, resources: []}}}"""
    path = f"{GROUP}/providers/Microsoft.Resources/deployments/relaxed/validate"
    assert world.call("POST", path, body, "2021-04-01").status == 200
    logged = world.app.log.entries(path="/relaxed/validate")[-1]
    assert "hush-hush" not in str(logged) and logged["body"]["properties"]["mode"] == "Incremental"


def test_no_secure_value_of_a_template_is_logged_or_shown(world: World) -> None:
    """Of a type of the template's own, in another spelling, in a part of an object, by default, or in a nested template."""
    schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
    pin = {"type": "securestring"}
    definitions = {
        "pin": pin,
        "login": {"type": "object", "properties": {"pin": {"$ref": "#/definitions/pin"}, "next": {"$ref": "#/definitions/login", "nullable": True}}},
    }  # fmt: skip
    nested = {"$schema": schema, "parameters": {"inner": {**pin, "defaultValue": "hush-4"}}, "resources": []}
    deployment = {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2021-04-01",
        "name": "within",
        "properties": {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": "inner"},
            "template": nested,
            "parameters": {"inner": {"value": "hush-5"}},
        },
    }
    template = {
        "$schema": schema,
        "languageVersion": "2.0",
        "definitions": definitions,
        "parameters": {
            "first": {"$ref": "#/definitions/pin"},
            "login": {"$ref": "#/definitions/login"},
            "default": {**pin, "defaultValue": "hush-3"},
        },
        "resources": {"within": deployment},
        "outputs": {"login": {"$ref": "#/definitions/login", "value": "[parameters('login')]"}},
    }
    given = {"FIRST": {"value": "hush-1"}, "login": {"value": {"pin": "hush-2", "user": "ada"}}}
    body = {"properties": {"mode": "Incremental", "template": template, "parameters": given}}
    path = f"{GROUP}/providers/Microsoft.Resources/deployments/secure"
    assert world.call("PUT", path, body, "2021-04-01").status == 201
    world.wait(300)
    shown = world.call("GET", path, version="2021-04-01").body["properties"]
    assert shown["provisioningState"] == "Succeeded", shown
    assert shown["parameters"]["login"]["value"] == shown["outputs"]["login"]["value"] == {"user": "ada"}
    within = world.call("GET", path.replace("secure", "within"), version="2021-04-01").body
    assert "hush" not in str([shown, within, world.app.log.entries(path="/deployments/")])


def test_the_secret_of_a_vault_is_not_logged(world: World) -> None:
    vault = world.resource(f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-log")
    body = {"properties": {"value": "hush-hush", "contentType": "text"}}
    assert world.call("PUT", f"{vault}/secrets/s", body, "2023-07-01").status == 200
    [entry] = world.app.log.entries(path="/kv-log/secrets/")
    assert entry["body"]["properties"] == {"value": "***", "contentType": "text"}


@pytest.fixture(scope="module")
def listed() -> World:
    """Two groups, one of them with a tagged account."""
    world = World()
    for name, tags in (("one", {"a": "1", "b": "2"}), ("two", {"a": "2"})):
        group = f"{SUB}/resourceGroups/{name}"
        assert world.call("PUT", group, {"location": "eastus", "tags": tags}, "2021-04-01").status == 201
    vault = f"{SUB}/resourceGroups/one/providers/Microsoft.KeyVault/vaults/vault-one"
    sku = {"family": "A", "name": "standard"}
    body = {"location": "westus2", "tags": {"Team": "Red"}, "properties": {"tenantId": "t", "sku": sku}}
    assert world.call("PUT", vault, body, "2023-07-01").status == 200
    return world


@pytest.mark.parametrize(
    ("collection", "text", "names"),
    [
        ("resourceGroups", "tagname eq 'A' and tagvalue eq '1'", ["one"]),
        ("resourceGroups", "tagName eq 'a'", ["one", "two"]),
        # Name and value are those of one tag.
        ("resourceGroups", "tagName eq 'b' and tagValue eq '1'", []),
        ("resources", "resourceGroup eq 'ONE'", ["vault-one"]),
        ("resources", "ResourceType eq 'microsoft.keyvault/VAULTS' AND location ne 'eastus'", ["vault-one"]),
        ("resources", "substringof('ult-o', name)", ["vault-one"]),
        ("resources", "startswith(tagName, 'te') and tagvalue eq 'Red'", ["vault-one"]),
        ("resources", "tagvalue eq 'red'", []),
        ("resources", "(name eq 'vault-one' or name eq 'it''s') and resourceGroup eq 'one'", ["vault-one"]),
    ],
)
def test_filters_of_lists(listed: World, collection: str, text: str, names: list[str]) -> None:
    answer = listed.call("GET", f"{SUB}/{collection}?$filter={text}", version="2021-04-01")
    assert answer.status == 200 and [doc["name"] for doc in answer.body["value"]] == names


@pytest.mark.parametrize(
    "text", ["plan eq 'x'", "name gt 'x'", "name eq", "name eq 'x' and", "(name eq 'x'", "name 'x"]
)
def test_a_filter_that_is_not_simulated_is_named(listed: World, text: str) -> None:
    answer = listed.call("GET", f"{SUB}/resources?$filter={text}", version="2021-04-01")
    assert answer.status == 501 and repr(text) in answer.body["error"]["message"]


def test_filters_of_roles(listed: World) -> None:
    roles = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions?$filter="
    found = listed.call("GET", roles + "type eq 'BuiltInRole' and rolename eq 'reader'", version="2022-04-01").body
    assert [role["properties"]["roleName"] for role in found["value"]] == ["Reader"]
    assert listed.call("GET", roles + "type eq 'CustomRole'", version="2022-04-01").body == {"value": []}
    held = f"{SUB}/providers/Microsoft.Authorization/roleAssignments?$filter="
    everyone = listed.call("GET", held + "atScope()", version="2022-04-01").body["value"]
    who = everyone[0]["properties"]["principalId"]
    one = listed.call("GET", held + f"atScope() and assignedTo('{who}')", version="2022-04-01").body["value"]
    assert len(everyone) == 2 and one == everyone[:1]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_the_location_of_a_workspaces_write_ends_with_the_workspace(method: str) -> None:
    world = World()
    sent = world.get(WORKSPACE) if method == "PUT" else {"properties": {"description": "updated"}}
    answer = world.call(method, WORKSPACE, sent)
    assert (answer.status, answer.body) == (202, None)
    assert world.app.call("GET", answer.headers["Location"]).status == 202
    world.wait()
    ended = world.app.call("GET", answer.headers["Location"])
    assert (ended.status, ended.body) == (200, world.get(WORKSPACE))


@pytest.mark.parametrize(
    ("kind", "status"),
    [("privateLinkServiceConnections", "Approved"), ("manualPrivateLinkServiceConnections", "Pending")],
)
def test_private_endpoint_connections(kind: str, status: str) -> None:
    world = World()
    assert world.call("GET", LINKS).body == {"value": []} and "privateEndpointConnections" not in str(
        world.get(WORKSPACE)
    )
    link = {"name": "pe", "properties": {"privateLinkServiceId": WORKSPACE, "groupIds": ["amlworkspace"]}}
    body = {"location": "eastus", "properties": {"subnet": {"id": SUBNET}, kind: [link]}}
    assert world.call("PUT", ENDPOINT, body, "2024-05-01").status == 201
    world.wait()
    properties = world.get(WORKSPACE)["properties"]
    [connection] = properties["privateEndpointConnections"]
    # What waits for its approval carries no traffic.
    assert properties["privateLinkCount"] == (status == "Approved") and connection["name"].startswith("ws1.")
    assert connection["properties"]["privateEndpoint"] == {"id": ENDPOINT, "subnetArmId": SUBNET}
    assert connection["properties"]["privateLinkServiceConnectionState"]["status"] == status

    state = {"privateLinkServiceConnectionState": {"status": "Rejected", "description": "no"}}
    assert world.call("PUT", connection["id"], {"properties": state}).status == 200
    # The endpoint says so too, and its own PUT does not change it.
    assert world.call("PUT", ENDPOINT, body, "2024-05-01").status == 200
    shown = world.call("GET", ENDPOINT, version="2024-05-01").body["properties"][kind][0]["properties"]
    assert shown["privateLinkServiceConnectionState"]["status"] == "Rejected"
    assert world.get(connection["id"])["properties"]["privateLinkServiceConnectionState"]["description"] == "no"

    assert [world.call("DELETE", connection["id"]).status for _time in range(2)] == [200, 204]
    assert (
        world.call("GET", connection["id"]).status == 404
        and world.get(WORKSPACE)["properties"]["privateLinkCount"] == 0
    )


def test_connections_of_a_storage_account(world: World) -> None:
    connections = f"{STORAGE}/privateEndpointConnections"
    assert world.call("GET", connections, version="2023-04-01").body == {"value": []}
    link = {"name": "pe", "properties": {"privateLinkServiceId": STORAGE, "groupIds": ["blob"]}}
    body = {
        "location": "eastus",
        "properties": {"subnet": {"id": SUBNET}, "manualPrivateLinkServiceConnections": [link]},
    }
    assert world.call("PUT", ENDPOINT, body, "2024-05-01").status == 201
    [connection] = world.call("GET", connections, version="2023-04-01").body["value"]
    assert connection["properties"]["groupIds"] == ["blob"] and "location" not in connection
    assert connection["type"] == "Microsoft.Storage/storageAccounts/privateEndpointConnections"
    for status, answer in (("Maybe", 400), ("Approved", 200)):
        state = {"properties": {"privateLinkServiceConnectionState": {"status": status}}}
        assert world.call("PUT", connection["id"], state, "2023-04-01").status == answer
    assert (
        world.call("GET", connections.replace("storageAccounts/", "storageAccounts/no"), version="2023-04-01").status
        == 404
    )


def test_private_link_resources(world: World) -> None:
    [resource] = world.get(f"{WORKSPACE}/privateLinkResources")["value"]
    assert resource["properties"]["groupId"] == "amlworkspace"


def test_namespaces_list_their_types(world: World) -> None:
    listed = {entry["namespace"]: entry for entry in world.get(f"{SUB}/providers?api-version=2021-04-01")["value"]}
    types = {
        f"{name}/{kind['resourceType']}": kind["apiVersions"]
        for name in listed
        for kind in listed[name]["resourceTypes"]
    }
    assert all(types.values())
    assert types["Microsoft.MachineLearningServices/workspaces/computes"][:2] == ["2026-09-01", "2026-07-15-preview"]
    # Each version that is listed is accepted.
    for version in types["Microsoft.KeyVault/vaults"]:
        assert world.call("GET", f"{GROUP}/providers/Microsoft.KeyVault/vaults", version=version).status == 200
    assert not [name for name in types if "{" in name or "listKeys" in name]
    one = world.get(f"{SUB}/providers/microsoft.network?api-version=2021-04-01")
    assert one == listed["Microsoft.Network"] and "East US" in one["resourceTypes"][0]["locations"]
