# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of private endpoints: approved, rejected and removed, of a workspace and of the targets of its outbound rules."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._jobs import aml_private_endpoint_connection
from ansible_collections.azureml.compute.tests.support.azure import GROUP_ID, WORKSPACE, WORKSPACE_ID, Azure

MODULE = "aml_private_endpoint_connection"
ENDPOINT = f"{GROUP_ID}/providers/Microsoft.Network/privateEndpoints/pe-one"
API = "2024-05-01"


def endpoint(azure: Azure, name: str = "pe-one", target: str = WORKSPACE_ID) -> str:
    """A private endpoint whose connection waits for its approval."""
    link = {"name": name, "properties": {"privateLinkServiceId": target, "groupIds": ["amlworkspace"]}}
    body = {
        "location": "eastus",
        "properties": {"subnet": {"id": azure.subnet()}, "manualPrivateLinkServiceConnections": [link]},
    }
    identifier = ENDPOINT.replace("pe-one", name)
    azure.arm("PUT", identifier, body, API)
    return identifier


def states(azure: Azure) -> dict[str, str]:
    connections = azure.get(f"{WORKSPACE_ID}/privateEndpointConnections")["value"]
    return {
        one["properties"]["privateEndpoint"]["id"].rpartition("/")[2]: one["properties"][
            "privateLinkServiceConnectionState"
        ]["status"]
        for one in connections
    }


def test_a_connection_is_approved_rejected_and_removed(azure: Azure) -> None:
    endpoint(azure)
    endpoint(azure, "pe-two")
    options = {
        "private_endpoint": ENDPOINT.upper().replace("/SUBSCRIPTIONS", "/subscriptions"),
        "description": "for the hub",
    }
    planned = azure.run(MODULE, check=True, diff=True, **options)
    assert planned["changed"] and azure.writes == []
    done = azure.run(MODULE, diff=True, **options)
    assert (done["plan"], done["diff"], done[MODULE[4:]]) == (planned["plan"], planned["diff"], planned[MODULE[4:]])
    assert done["diff"]["before"] == {"status": "pending", "description": "Awaiting Approval"}
    shown = done["private_endpoint_connection"]
    assert (shown["status"], shown["description"]) == ("approved", "for the hub")
    assert shown["private_endpoint"] == ENDPOINT and shown["resource_id"] == WORKSPACE_ID
    assert states(azure) == {"pe-one": "Approved", "pe-two": "Pending"}
    again = azure.run(MODULE, **options)
    assert not again["changed"] and len(azure.sent) == 1 and azure.tokens == 1
    rejected = azure.run(MODULE, private_endpoint="PE-one", state="rejected")
    # What was not declared stays.
    assert rejected["private_endpoint_connection"]["description"] == "for the hub"
    assert states(azure) == {"pe-one": "Rejected", "pe-two": "Pending"}
    for check in (True, False):
        removed = azure.run(MODULE, check=check, private_endpoint="pe-one", state="absent")
        assert removed["changed"] and removed["private_endpoint_connection"] is None
    assert states(azure) == {"pe-two": "Pending"}
    assert not azure.run(MODULE, private_endpoint="pe-one", state="absent")["changed"] and azure.writes == []


def test_a_cluster_without_public_addresses_needs_an_approved_connection(azure: Azure) -> None:
    endpoint(azure)
    cluster = {"name": "cpu", "size": "Standard_DS2_v2", "max_instances": 1, "enable_node_public_ip": False}
    network = {"network_settings": {"subnet": azure.subnet()}}
    refused = azure.run("aml_compute_cluster", **cluster, ok=False)
    assert refused["failure"]["code"] and azure.writes == []
    azure.run(MODULE, private_endpoint="pe-one")
    azure.run("aml_compute_cluster", **cluster, **network)


def test_the_targets_of_outbound_rules(azure: Azure) -> None:
    """Those in the workspace's own group are approved by its identity, those elsewhere wait for their owner."""
    azure.app.call("PUT", GROUP_ID.replace("rg-test", "rg-other") + "?api-version=2021-04-01", {"location": "eastus"})
    other = GROUP_ID.replace("rg-test", "rg-other") + "/providers/Microsoft.Storage/storageAccounts/stother"
    azure.arm("PUT", other, {"location": "eastus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}, "2023-04-01")
    rule = {
        "name": "other-blob",
        "type": "private_endpoint",
        "destination": {"service_resource_id": other, "subresource_target": "blob"},
    }
    mode = {"isolation_mode": "allow_only_approved_outbound", "outbound_rules": [rule]}
    target = {"outbound_rule": "other-blob"}
    early = azure.run(MODULE, **target, ok=False)
    assert early["failure"]["code"] == "PrivateEndpointConnectionNotFound" and "no outbound rule" in early["msg"]
    expected = azure.run(MODULE, check=True, **target)
    assert expected["changed"] and expected["private_endpoint_connection"]["status"] == "approved"
    assert [warning.partition(":")[0] for warning in expected["warnings"]] == ["PrivateEndpointConnectionNotFound"]
    azure.run("aml_workspace", name=WORKSPACE, managed_network=mode)
    unprovisioned = azure.run(MODULE, **target, ok=False)
    assert "is not provisioned" in unprovisioned["msg"] and unprovisioned["failure"]["target"] == other
    done = azure.run("aml_workspace", name=WORKSPACE, managed_network=mode, provision_network=True)
    changed = {
        item["name"]: azure.run(MODULE, outbound_rule=item["name"])["changed"]
        for item in done["workspace"]["managed_network"]["outbound_rules"]
        if item["type"] == "private_endpoint"
    }
    assert changed.pop("other-blob") and changed and not any(changed.values())
    again = azure.run(MODULE, **target, resource_id=other.upper().replace("/SUBSCRIPTIONS", "/subscriptions"))
    assert not again["changed"] and [request.method for request in azure.sent] == ["GET", "GET"]
    assert again["private_endpoint_connection"]["resource_id"] == other
    refused = azure.run(MODULE, **target, resource_id=f"{GROUP_ID}/providers/Microsoft.KeyVault/vaults/kv", ok=False)
    assert refused["failure"]["code"] == "OtherTarget" and azure.writes == []


def test_another_endpoint_with_the_name_of_a_rule_is_not_approved(azure: Azure) -> None:
    """Everyone can request a connection under any name: the rule's own private endpoint is in a subscription of the service."""
    azure.app.call("PUT", GROUP_ID.replace("rg-test", "rg-other") + "?api-version=2021-04-01", {"location": "eastus"})
    other = GROUP_ID.replace("rg-test", "rg-other") + "/providers/Microsoft.Storage/storageAccounts/stother"
    azure.arm("PUT", other, {"location": "eastus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}, "2023-04-01")
    destination = {"service_resource_id": other, "subresource_target": "blob"}
    rule = {"name": "shared", "type": "private_endpoint", "destination": destination}
    mode = {"isolation_mode": "allow_only_approved_outbound", "outbound_rules": [rule]}
    imitation = endpoint(azure, "shared", other)
    azure.run("aml_workspace", name=WORKSPACE, managed_network=mode, provision_network=True)
    done = azure.run(MODULE, outbound_rule="Shared")["private_endpoint_connection"]
    assert done["status"] == "approved" and done["private_endpoint"] != imitation
    by_name = azure.run(MODULE, resource_id=other, private_endpoint="shared", ok=False)
    assert by_name["failure"]["code"] == "AmbiguousPrivateEndpoint"
    # The imitation of another customer's subscription cannot be told from it.
    document = azure.app.store.get(imitation)
    strange = imitation.replace(imitation.split("/")[2], "99999999-0000-4000-8000-000000000009")
    links = document["properties"]["manualPrivateLinkServiceConnections"]
    foreign = [{**links[0], "id": links[0]["id"].replace(imitation, strange)}]
    properties = {**document["properties"], "manualPrivateLinkServiceConnections": foreign}
    azure.app.store.put(strange, {**document, "id": strange, "properties": properties})
    unclear = azure.run(MODULE, outbound_rule="shared", ok=False)
    assert unclear["failure"]["code"] == "AmbiguousPrivateEndpoint" and strange in unclear["msg"]
    assert azure.writes == []


def test_two_endpoints_of_one_name_are_told_apart_by_their_ids(azure: Azure) -> None:
    endpoint(azure)
    document = azure.app.store.get(ENDPOINT)
    twin = ENDPOINT.replace("rg-test", "rg-twin")
    connection = document["properties"]["manualPrivateLinkServiceConnections"][0]
    twins = [{**connection, "id": connection["id"].replace("rg-test", "rg-twin")}]
    properties = {**document["properties"], "manualPrivateLinkServiceConnections": twins}
    azure.app.store.put(twin, {**document, "id": twin, "properties": properties})
    failed = azure.run(MODULE, private_endpoint="pe-one", ok=False)
    assert failed["failure"]["code"] == "AmbiguousPrivateEndpoint" and twin in failed["msg"] and azure.writes == []
    assert azure.run(MODULE, private_endpoint=twin)["private_endpoint_connection"]["private_endpoint"] == twin


def test_what_a_deleted_endpoint_left_is_not_taken_for_the_connection_of_its_successor() -> None:
    def connection(name: str, status: str) -> dict[str, t.Any]:
        state = {"privateLinkServiceConnectionState": {"status": status}}
        return {"id": name, "name": name, "properties": {"privateEndpoint": {"id": ENDPOINT}, **state}}

    wanted = aml_private_endpoint_connection.Wanted(ENDPOINT, WORKSPACE_ID)
    left, new = connection("left", "Disconnected"), connection("new", "Pending")
    for bodies, chosen in (([left, new], new), ([new, left], new), ([left], left)):
        assert aml_private_endpoint_connection._chosen(bodies, wanted) is chosen


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"resource_id": "st"}, "InvalidResourceId"),
        ({"private_endpoint": WORKSPACE_ID}, "WrongResourceType"),
        ({"private_endpoint": ".."}, "InvalidName"),
        ({"workspace": None}, "NotNamed"),
        ({"outbound_rule": "a/b"}, "InvalidName"),
        ({"outbound_rule": "a", "resource_id": ENDPOINT, "workspace": None}, "NotNamed"),
        ({"resource_id": f"{GROUP_ID}/providers/Microsoft.Sql/servers/sql"}, "ApiVersionRequired"),
    ],
)
def test_what_cannot_be_is_refused_before_the_first_request(azure: Azure, options: dict[str, t.Any], code: str) -> None:
    named = {} if "outbound_rule" in options else {"private_endpoint": "pe-one"}
    failed = azure.run(MODULE, **named | options, ok=False)
    assert failed["failure"]["code"] == code and azure.sent == []


def test_a_missing_resource_has_no_connections(azure: Azure) -> None:
    target = {"resource_id": f"{GROUP_ID}/providers/Microsoft.KeyVault/vaults/kv-none", "private_endpoint": "pe-one"}
    failed = azure.run(MODULE, **target, ok=False)
    assert failed["failure"]["code"] == "PrivateEndpointConnectionNotFound" and "does not exist" in failed["msg"]
    assert not azure.run(MODULE, **target, state="absent")["changed"]


def test_what_another_owner_decides_meanwhile_is_seen(azure: Azure) -> None:
    endpoint(azure)
    seen: list[str] = []
    path = azure.get(f"{WORKSPACE_ID}/privateEndpointConnections")["value"][0]["id"]

    def other(method: str, _path: str) -> None:
        seen.append(method)
        if len(seen) == 2:
            state = {"privateLinkServiceConnectionState": {"status": "Rejected", "description": "theirs"}}
            azure.arm("PUT", path, {"properties": state})

    azure.meanwhile = other
    done = azure.run(MODULE, private_endpoint="pe-one")
    shown = done["private_endpoint_connection"]
    assert (shown["status"], shown["description"]) == ("approved", "theirs")


def test_the_approval_of_a_rejected_connection_says_what_to_do_if_it_is_refused(azure: Azure) -> None:
    """Storage accounts approve one that was rejected, Azure Cosmos DB and Azure SQL do not (azure-docs#86823, #71740)."""
    endpoint(azure)
    azure.run(MODULE, private_endpoint="pe-one", state="rejected")
    assert azure.run(MODULE, private_endpoint="pe-one", state="rejected")["warnings"] == []
    message = "Approving rejected private endpoint connections is not supported."
    match = {"method": "PUT", "path": "privateEndpointConnections"}
    azure.app.faults.put([{"kind": "status", "status": 400, "match": match, "code": "BadRequest", "message": message}])
    planned = azure.run(MODULE, private_endpoint="pe-one", check=True)
    refused = azure.run(MODULE, private_endpoint="pe-one", ok=False)
    for warnings in (planned["warnings"], refused["warnings"]):
        assert [text.partition(":")[0] for text in warnings] == ["ConnectionDecided"] and "state=absent" in warnings[0]
    assert message in refused["msg"] and "state=absent" in refused["failure"]["hint"]
    azure.app.faults.put([])
    assert azure.run(MODULE, private_endpoint="pe-one")["private_endpoint_connection"]["status"] == "approved"
