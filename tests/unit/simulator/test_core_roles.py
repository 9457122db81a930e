# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Custom roles, and permissions on what a request names beside its own resource."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from azureml_simulator.app import App
from azureml_simulator.entra.directory import DEFAULT_SUBSCRIPTION
from azureml_simulator.http import Principal

SUB = f"/subscriptions/{DEFAULT_SUBSCRIPTION}"
GROUP = f"{SUB}/resourceGroups/rg"
ROLES = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
VERSION = "?api-version=2022-04-01"


@pytest.fixture
def app() -> App:
    made = App()
    assert made.call("PUT", f"{GROUP}?api-version=2021-04-01", {"location": "eastus"}).status == 201
    return made


def define(app: App, name: str, *actions: str, role: str = "", **more: Any) -> Any:
    properties = {"roleName": name, "assignableScopes": [SUB], "permissions": [{"actions": list(actions)}], **more}
    return app.call("PUT", f"{ROLES}/{role or uuid.uuid4()}{VERSION}", {"properties": properties})


def test_a_custom_role_allows_what_it_says_from_its_next_request_on(app: App) -> None:
    made = define(app, "Looks", "Microsoft.Resources/subscriptions/resourceGroups/read")
    assert made.status == 201 and made.body["properties"]["type"] == "CustomRole"
    who = Principal("o", "a", app.default_principal().tenant, "n")
    token = app.token(who)
    assert app.call("GET", f"{GROUP}?api-version=2021-04-01", token=token).status == 403
    app.grant("o", "Looks", GROUP)
    assert app.call("GET", f"{GROUP}?api-version=2021-04-01", token=token).status == 200
    assert app.call("DELETE", f"{GROUP}?api-version=2021-04-01", token=token).status == 403
    again = define(app, "Looks", "Microsoft.Resources/subscriptions/resourceGroups/delete", role=made.body["name"])
    assert again.status == 200
    assert app.call("GET", f"{GROUP}?api-version=2021-04-01", token=token).status == 403
    listed = app.call("GET", f"{ROLES}{VERSION}&$filter=roleName eq 'looks'").body["value"]
    assert [document["name"] for document in listed] == [made.body["name"]]


def test_a_list_of_resources_has_those_that_the_caller_may_read(app: App) -> None:
    for name in ("id-a", "id-b"):
        path = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}?api-version=2023-01-31"
        assert app.call("PUT", path, {"location": "eastus"}).status in (200, 201)
    one = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a"
    token = app.token(Principal("o", "a", app.default_principal().tenant, "n"))
    lists = [f"{scope}/resources?api-version=2021-04-01" for scope in (SUB, GROUP)]
    assert [app.call("GET", path, token=token).status for path in lists] == [403, 403]
    app.grant("o", "Reader", one)
    for path in lists:
        assert [doc["name"] for doc in app.call("GET", path, token=token).body["value"]] == ["id-a"]
        assert [doc["name"] for doc in app.call("GET", path).body["value"]] == ["id-a", "id-b"]


def test_a_provider_is_registered_by_who_has_its_own_action(app: App) -> None:
    define(app, "Registers", "Microsoft.Storage/register/action")
    app.grant("o", "Registers", SUB)
    token = app.token(Principal("o", "a", app.default_principal().tenant, "n"))
    path = f"{SUB}/providers/{{}}/register?api-version=2021-04-01"
    assert app.call("POST", path.format("microsoft.storage"), token=token).status == 200
    refused = app.call("POST", path.format("Microsoft.Compute"), token=token)
    assert refused.status == 403 and "'Microsoft.Compute/register/action'" in refused.body["error"]["message"]


def test_what_is_refused(app: App) -> None:
    made = define(app, "Looks", "*/read").body
    assert (define(app, "looks", "*/read").status, define(app, "Reader", "*/read").status) == (409, 409)
    assert define(app, "x", "*/read", role="no-guid").body["error"]["code"] == "InvalidRoleDefinitionId"
    assert define(app, "x", "*/read", assignableScopes=["/"]).status == 501
    assert define(app, "x", permissions=[{"actions": [], "dataActions": ["*"]}]).status == 501
    app.grant("o", "Looks", GROUP)
    assert (
        app.call("DELETE", f"{ROLES}/{made['name']}{VERSION}").body["error"]["code"] == "RoleDefinitionHasAssignments"
    )
    assert app.call("DELETE", f"{ROLES}/{uuid.uuid4()}{VERSION}").status == 204
    token = app.token(Principal("o", "a", app.default_principal().tenant, "n"))
    assert app.call("PUT", f"{ROLES}/{uuid.uuid4()}{VERSION}", {"properties": {}}, token=token).status == 403


def test_an_assignment_outside_the_roles_scopes_is_not_guessed(app: App) -> None:
    made = define(app, "Here", "*/read", assignableScopes=[GROUP]).body
    body = {"properties": {"roleDefinitionId": made["id"], "principalId": str(uuid.uuid4())}}
    assignments = "providers/Microsoft.Authorization/roleAssignments"
    assert app.call("PUT", f"{SUB}/{assignments}/{uuid.uuid4()}{VERSION}", body).status == 501
    assert app.call("PUT", f"{GROUP}/{assignments}/{uuid.uuid4()}{VERSION}", body).status == 201


def test_a_subnet_is_joined_by_who_may(app: App) -> None:
    subnets = [{"name": "a", "properties": {"addressPrefix": "10.0.1.0/24"}}]
    network = {
        "location": "eastus",
        "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets},
    }
    assert app.call("PUT", f"{NETWORK}/virtualNetworks/v?api-version=2024-05-01", network).status in (200, 201)
    define(app, "Endpoints", "Microsoft.Network/privateEndpoints/*")
    app.grant("o", "Endpoints", GROUP)
    token = app.token(Principal("o", "a", app.default_principal().tenant, "n"))
    subnet = f"{NETWORK}/virtualNetworks/v/subnets/a"
    body = {"location": "eastus", "properties": {"subnet": {"id": subnet}, "privateLinkServiceConnections": []}}
    refused = app.call("PUT", f"{NETWORK}/privateEndpoints/e?api-version=2024-05-01", body, token=token)
    assert (refused.status, refused.body["error"]["code"]) == (403, "LinkedAuthorizationFailed")
    assert "'Microsoft.Network/virtualNetworks/subnets/join/action'" in refused.body["error"]["message"]
    define(app, "Joins", "Microsoft.Network/virtualNetworks/subnets/join/action")
    app.grant("o", "Joins", subnet)
    again = app.call("PUT", f"{NETWORK}/privateEndpoints/e?api-version=2024-05-01", body, token=token)
    assert again.body.get("error", {}).get("code") != "LinkedAuthorizationFailed"
