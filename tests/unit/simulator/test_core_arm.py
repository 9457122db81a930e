# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource Manager's own rules: subscriptions, groups, plain resources, permissions, locks (docs/facts.md a.3, b.2)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from azureml_simulator.app import App
from azureml_simulator.entra.directory import DEFAULT_SUBSCRIPTION, SUBSCRIPTIONS
from azureml_simulator.http import Principal, Response

SUB = f"/subscriptions/{DEFAULT_SUBSCRIPTION}"
GROUP = f"{SUB}/resourceGroups/rg"
VERSION = "?api-version=2023-04-01"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
SKU = {"family": "A", "name": "standard"}
VAULT: dict[str, Any] = {"location": "eastus", "properties": {"tenantId": "t", "sku": SKU}}
BLOBS = "Microsoft.Storage/storageAccounts/none/blobServices/default"
NO_PLACE = "LocationNotAvailableForResourceType"
NETWORK: dict[str, Any] = {
    "location": "eastus",
    "properties": {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [{"name": "a", "properties": {"addressPrefix": "10.0.0.0/24"}}],
    },
}


@pytest.fixture
def app() -> App:
    made = App()
    assert made.call("PUT", GROUP + VERSION, {"location": "East US", "tags": {"a": "b"}}).status == 201
    return made


def at(app: App, method: str, path: str, body: Any = None, **more: Any) -> Response:
    return app.call(method, f"{GROUP}/providers/{path}{VERSION}", body, **more)


def code(answer: Response) -> tuple[int, str]:
    return answer.status, answer.body["error"]["code"]


def make(app: App, path: str, body: Any) -> dict[str, Any]:
    """Create a resource and let its operation end."""
    assert at(app, "PUT", path, body).status in (200, 201, 202)
    app.clock.advance(60)
    return dict(at(app, "GET", path).body)


# -- the gateway -------------------------------------------------------------------------------------------------


def test_common_headers_and_falling_limits(app: App) -> None:
    first, second = (app.call("GET", GROUP + VERSION) for _time in range(2))
    assert first.headers["x-ms-request-id"] == first.headers["x-ms-correlation-request-id"]
    assert first.headers["x-ms-routing-request-id"].endswith(first.headers["x-ms-request-id"])
    name = "x-ms-ratelimit-remaining-subscription-reads"
    assert 0 < int(second.headers[name]) <= int(first.headers[name]) < 250


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        (f"/subscriptions/99999999-0000-4000-8000-000000000009/resourceGroups{VERSION}", (404, "SubscriptionNotFound")),
        (f"{SUB}/resourceGroups/none{VERSION}", (404, "ResourceGroupNotFound")),
        (f"{SUB}/resourceGroups", (400, "MissingApiVersionParameter")),
        (f"{SUB}/resourceGroups?api-version=latest", (400, "NoRegisteredProviderFound")),
        (f"{SUB}/resourceGroups?api-version=2199-01-01", (400, "NoRegisteredProviderFound")),
        (f"{GROUP}/providers/Microsoft.Web/sites/x{VERSION}", (501, "NotSimulated")),
        (f"{GROUP}/providers/Microsoft.KeyVault/vaults/none{VERSION}", (404, "ResourceNotFound")),
    ],
)
def test_refusals(app: App, url: str, wanted: tuple[int, str]) -> None:
    assert code(app.call("GET", url)) == wanted


def test_what_is_not_simulated_is_named(app: App) -> None:
    message = at(app, "PUT", "Microsoft.Web/sites/x", {}).body["error"]["message"]
    assert "PUT of 'Microsoft.Web/sites' with api-version '2023-04-01'" in message


def test_a_method_that_a_path_does_not_have(app: App) -> None:
    answer = at(app, "POST", "Microsoft.KeyVault/vaults/kv1")
    assert code(answer) == (405, "MethodNotAllowed") and "PATCH" in answer.headers["Allow"]


def test_a_body_that_is_not_json(app: App) -> None:
    assert code(app.call("PUT", GROUP + VERSION, b"{oops")) == (400, "InvalidRequestContent")
    assert code(app.call("PUT", GROUP + VERSION, b"[]")) == (400, "InvalidRequestContent")


def test_subscriptions_and_providers(app: App) -> None:
    listed = app.call("GET", f"/subscriptions{VERSION}").body["value"]
    assert [entry["subscriptionId"] for entry in listed] == list(SUBSCRIPTIONS)
    provider = app.call("GET", f"{SUB}/providers/microsoft.machinelearningservices{VERSION}").body
    assert provider["registrationState"] == "Registered"
    assert code(app.call("GET", f"{SUB}/providers/Foo.Bar{VERSION}")) == (404, "InvalidResourceNamespace")


# -- resource groups ---------------------------------------------------------------------------------------------


def test_a_resource_group_lives_and_dies(app: App) -> None:
    assert app.call("HEAD", GROUP + VERSION).status == 204
    shown = app.call("GET", (GROUP + VERSION).lower()).body
    assert (shown["id"], shown["location"], shown["tags"]) == (GROUP, "eastus", {"a": "b"})
    assert app.call("PUT", GROUP + VERSION, {"location": "eastus", "tags": {}}).status == 200
    assert code(app.call("PUT", GROUP + VERSION, {"location": "westus"})) == (409, "InvalidResourceGroupLocation")
    assert app.call("PATCH", GROUP + VERSION, {"tags": {"c": "d"}}).body["tags"] == {"c": "d"}
    make(app, "Microsoft.KeyVault/vaults/kv1", VAULT)
    accepted = app.call("DELETE", GROUP + VERSION)
    assert accepted.status == 202 and "Retry-After" in accepted.headers
    assert app.call("GET", accepted.headers["Location"]).status == 202
    assert code(at(app, "PUT", "Microsoft.KeyVault/vaults/kv2", VAULT)) == (409, "ResourceGroupBeingDeleted")
    app.clock.advance(60)
    assert app.call("GET", accepted.headers["Location"]).status == 200
    assert app.call("HEAD", GROUP + VERSION).status == 404
    assert app.store.children(GROUP) == []


@pytest.mark.parametrize(
    ("name", "body", "wanted"),
    [
        ("ok", {}, (400, "LocationRequired")),
        ("ok", {"location": "atlantis"}, (400, "LocationNotAvailableForResourceGroup")),
        ("ends.", {"location": "eastus"}, (400, "InvalidResourceGroup")),
    ],
)
def test_a_resource_group_that_is_refused(app: App, name: str, body: dict[str, Any], wanted: tuple[int, str]) -> None:
    assert code(app.call("PUT", f"{SUB}/resourceGroups/{name}{VERSION}", body)) == wanted


# -- plain resources ---------------------------------------------------------------------------------------------


def test_a_storage_account_follows_location(app: App) -> None:
    path = "Microsoft.Storage/storageAccounts/store1"
    accepted = at(app, "PUT", path, {"location": "eastus", "sku": {"name": "Premium_LRS"}, "kind": "StorageV2"})
    assert (accepted.status, accepted.body) == (202, None)
    assert app.call("GET", accepted.headers["Location"]).status == 202
    app.clock.advance(60)
    done = app.call("GET", accepted.headers["Location"])
    assert done.status == 200 and done.body["properties"]["provisioningState"] == "Succeeded"
    assert done.body["sku"]["tier"] == "Premium"
    assert done.body["properties"]["primaryEndpoints"]["blob"] == "https://store1.blob.core.windows.net/"
    assert at(app, "GET", f"{path}/blobServices/default").status == 200
    assert at(app, "PUT", f"{path}/blobServices/default/containers/c", {}).status == 201
    assert [at(app, "DELETE", path).status for _time in range(2)] == [200, 204]
    assert at(app, "GET", f"{path}/blobServices/default/containers/c").status == 404


def test_a_registry_follows_azure_async_operation(app: App) -> None:
    path = "Microsoft.ContainerRegistry/registries/registry1"
    created = at(app, "PUT", path, {"location": "eastus", "sku": {"name": "Basic"}})
    assert created.status == 201 and created.body["properties"]["provisioningState"] == "Creating"
    address = created.headers["Azure-AsyncOperation"]
    assert app.call("GET", address).body == {"status": "InProgress"}
    assert code(at(app, "PUT", path, {"location": "eastus"})) == (409, "AnotherOperationInProgress")
    app.clock.advance(60)
    assert app.call("GET", address).body["status"] == "Succeeded"
    assert at(app, "GET", path).body["properties"]["loginServer"] == "registry1.azurecr.io"


@pytest.mark.parametrize(
    ("path", "body", "wanted"),
    [
        ("Microsoft.Storage/storageAccounts/Store_1", {"location": "eastus"}, (400, "AccountNameInvalid")),
        ("Microsoft.KeyVault/vaults/1kv", VAULT, (400, "VaultNameNotValid")),
        ("Microsoft.KeyVault/vaults/kv1", {**VAULT, "location": "atlantis"}, (400, NO_PLACE)),
        ("Microsoft.KeyVault/vaults/kv1", {"properties": {}}, (400, "LocationRequired")),
        (BLOBS, {}, (404, "ParentResourceNotFound")),
        ("Microsoft.Network/privateDnsZones/a.test", {"location": "eastus"}, (400, NO_PLACE)),
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/id1",
            {
                "location": "eastus",
                "identity": {"type": "UserAssigned", "userAssignedIdentities": {f"{GROUP}/none": {}}},
            },
            (400, "FailedIdentityOperation"),
        ),
    ],
)
def test_a_resource_that_is_refused(app: App, path: str, body: dict[str, Any], wanted: tuple[int, str]) -> None:
    assert code(at(app, "PUT", path, body)) == wanted


def test_names_that_are_unique_in_the_world(app: App) -> None:
    other = f"{SUB}/resourceGroups/other"
    app.call("PUT", other + VERSION, {"location": "westus"})
    make(app, "Microsoft.KeyVault/vaults/kv1", VAULT)
    make(app, "Microsoft.Storage/storageAccounts/store1", {"location": "eastus"})
    taken = app.call("PUT", f"{other}/providers/Microsoft.KeyVault/vaults/KV1{VERSION}", VAULT)
    assert code(taken) == (409, "VaultAlreadyExists")
    second = f"{other}/providers/Microsoft.Storage/storageAccounts/store1{VERSION}"
    taken = app.call("PUT", second, {"location": "westus"})
    assert code(taken) == (409, "StorageAccountAlreadyTaken")
    moved = at(app, "PUT", "Microsoft.KeyVault/vaults/kv1", {**VAULT, "location": "westus"})
    assert code(moved) == (409, "InvalidResourceLocation")


def test_put_replaces_and_patch_merges(app: App) -> None:
    path = "Microsoft.KeyVault/vaults/kv1"
    make(app, path, {**VAULT, "tags": {"a": "b"}})
    patched = at(app, "PATCH", path, {"properties": {"enabledForDeployment": True}}).body
    assert patched["tags"] == {"a": "b"} and patched["properties"]["sku"]["name"] == "standard"
    replaced = at(app, "PUT", path, VAULT).body
    assert "tags" not in replaced and replaced["properties"]["enabledForDeployment"] is False


def test_a_password_is_never_shown(app: App) -> None:
    body = {"location": "eastus", "properties": {"osProfile": {"adminUsername": "u", "adminPassword": "S3cret"}}}
    doc = make(app, "Microsoft.Compute/virtualMachines/vm", body)
    assert doc["properties"]["osProfile"] == {"adminUsername": "u"}


def test_an_operation_that_was_ordered_to_fail(app: App) -> None:
    fault = {"kind": "failed_operation", "match": {"path": "registries/bad"}, "code": "OutOfCapacity", "message": "no"}
    assert app.call("PUT", "/_simulator/faults", [fault]).status == 200
    path = "Microsoft.ContainerRegistry/registries/badone"
    created = at(app, "PUT", path, {"location": "eastus"})
    app.clock.advance(60)
    status = app.call("GET", created.headers["Azure-AsyncOperation"]).body
    assert status == {"status": "Failed", "error": {"code": "OutOfCapacity", "message": "no"}}
    assert at(app, "GET", path).body["properties"]["provisioningState"] == "Failed"


# -- networks ----------------------------------------------------------------------------------------------------


def _subnets(app: App) -> dict[str, str]:
    inline = at(app, "GET", "Microsoft.Network/virtualNetworks/v").body["properties"]["subnets"]
    children = at(app, "GET", "Microsoft.Network/virtualNetworks/v/subnets").body["value"]
    assert inline == children
    return {entry["name"]: entry["properties"]["addressPrefix"] for entry in inline}


def test_inline_and_child_subnets_are_one_truth(app: App) -> None:
    path = "Microsoft.Network/virtualNetworks/v"
    make(app, path, NETWORK)
    make(app, f"{path}/subnets/b", {"properties": {"addressPrefix": "10.0.1.0/24"}})
    assert _subnets(app) == {"a": "10.0.0.0/24", "b": "10.0.1.0/24"}
    make(app, path, NETWORK)
    assert _subnets(app) == {"a": "10.0.0.0/24"}


@pytest.mark.parametrize(
    ("prefix", "wanted"),
    [
        ("10.0.0.128/25", "NetcfgSubnetRangesOverlap"),
        ("10.1.0.0/24", "NetcfgSubnetRangeOutsideVnet"),
        ("10.0.1.1/24", "InvalidCIDRNotation"),
    ],
)
def test_subnets_that_do_not_fit(app: App, prefix: str, wanted: str) -> None:
    make(app, "Microsoft.Network/virtualNetworks/v", NETWORK)
    body = {"properties": {"addressPrefix": prefix}}
    assert code(at(app, "PUT", "Microsoft.Network/virtualNetworks/v/subnets/x", body)) == (400, wanted)
    assert _subnets(app) == {"a": "10.0.0.0/24"}


def test_a_subnet_in_use_stays(app: App) -> None:
    make(app, "Microsoft.Network/virtualNetworks/v", NETWORK)
    subnet = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v/subnets/a"
    endpoint = {"location": "eastus", "properties": {"subnet": {"id": subnet}}}
    missing = {"location": "eastus", "properties": {"subnet": {"id": subnet + "x"}}}
    path = "Microsoft.Network/privateEndpoints/pe"
    assert code(at(app, "PUT", path, missing)) == (400, "InvalidResourceReference")
    make(app, path, endpoint)
    assert code(app.call("DELETE", subnet + VERSION)) == (400, "InUseSubnetCannotBeDeleted")
    assert code(at(app, "DELETE", "Microsoft.Network/virtualNetworks/v")) == (400, "InUseSubnetCannotBeDeleted")


# -- permissions and locks --------------------------------------------------------------------------------------------


def _person(app: App, role: str, scope: str) -> str:
    order = {"name": f"{role} at {scope}", "roles": [{"role": role, "scope": scope}]}
    entry = app.call("PUT", "/_simulator/principals", order).body[0]
    return app.token(Principal(entry["object_id"], entry["app_id"], entry["tenant"]))


def test_a_reader_reads_and_does_not_write(app: App) -> None:
    token = _person(app, "Reader", GROUP)
    make(app, "Microsoft.KeyVault/vaults/kv1", VAULT)
    assert at(app, "GET", "Microsoft.KeyVault/vaults/kv1", token=token).status == 200
    refused = at(app, "DELETE", "Microsoft.KeyVault/vaults/kv1", token=token)
    assert code(refused) == (403, "AuthorizationFailed")
    scope = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv1"
    assert f"'Microsoft.KeyVault/vaults/delete' over scope '{scope}'" in refused.body["error"]["message"]
    elsewhere = app.call("PUT", f"{SUB}/resourceGroups/rg2{VERSION}", {"location": "eastus"}, token=token)
    assert code(elsewhere) == (403, "AuthorizationFailed")


def test_lists_show_what_the_caller_may_see(app: App) -> None:
    app.call("PUT", f"{SUB}/resourceGroups/hidden{VERSION}", {"location": "eastus"})
    token = _person(app, "Reader", GROUP)
    listed = app.call("GET", f"{SUB}/resourceGroups{VERSION}", token=token).body["value"]
    assert [entry["name"] for entry in listed] == ["rg"]
    assert len(app.call("GET", f"/subscriptions{VERSION}", token=token).body["value"]) == 1


def test_a_contributor_assigns_no_roles_and_an_owner_does(app: App) -> None:
    token = _person(app, "Contributor", GROUP)
    name, principal = str(uuid.uuid4()), str(uuid.uuid4())
    path = f"Microsoft.Authorization/roleAssignments/{name}"
    body = {"properties": {"principalId": principal, "roleDefinitionId": f"{SUB}/x/{CONTRIBUTOR}"}}
    assert code(at(app, "PUT", path, body, token=token)) == (403, "AuthorizationFailed")
    assert [at(app, "PUT", path, body).status for _time in range(2)] == [201, 200]
    again = at(app, "PUT", f"Microsoft.Authorization/roleAssignments/{uuid.uuid4()}", body)
    assert code(again) == (409, "RoleAssignmentExists") and name.replace("-", "") in again.body["error"]["message"]
    assert code(at(app, "PUT", "Microsoft.Authorization/roleAssignments/x", body)) == (400, "InvalidRoleAssignmentId")


def test_an_assignment_gives_the_right_and_its_deletion_takes_it(app: App) -> None:
    entry = app.call("PUT", "/_simulator/principals", {"name": "new"}).body[0]
    token = app.token(Principal(entry["object_id"], entry["app_id"], entry["tenant"]))
    assert app.call("GET", GROUP + VERSION, token=token).status == 403
    path = f"Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    at(app, "PUT", path, {"properties": {"principalId": entry["object_id"], "roleDefinitionId": CONTRIBUTOR}})
    assert app.call("GET", GROUP + VERSION, token=token).status == 200
    at(app, "DELETE", path)
    assert app.call("GET", GROUP + VERSION, token=token).status == 403


def test_a_lock_holds_what_is_below_it(app: App) -> None:
    make(app, "Microsoft.KeyVault/vaults/kv1", VAULT)
    at(app, "PUT", "Microsoft.Authorization/locks/l", {"properties": {"level": "CanNotDelete"}})
    assert code(at(app, "DELETE", "Microsoft.KeyVault/vaults/kv1")) == (409, "ScopeLocked")
    assert code(app.call("DELETE", GROUP + VERSION)) == (409, "ScopeLocked")
    assert at(app, "PUT", "Microsoft.KeyVault/vaults/kv1", VAULT).status == 200
    at(app, "DELETE", "Microsoft.Authorization/locks/l")
    assert at(app, "DELETE", "Microsoft.KeyVault/vaults/kv1").status == 200
