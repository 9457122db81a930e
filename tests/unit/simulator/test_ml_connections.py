# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of the simulator: docs/facts.md g.7 to g.9."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import WORKSPACE, World, refusal

PATH = f"{WORKSPACE}/connections/packages"
FEED = {
    "authType": "PAT",
    "category": "PythonFeed",
    "target": "https://pkgs.example.org",
    "credentials": {"pat": "planted"},
}


@pytest.fixture
def world() -> World:
    return World()


def put(world: World, properties: Any, path: str = PATH) -> Any:
    return world.call("PUT", path, {"properties": properties})


def test_a_put_answers_as_recorded(world: World) -> None:
    """g.7 [REC R23, R24]."""
    for properties in (FEED, {**FEED, "isSharedToAll": True, "metadata": {"team": "vision"}}):
        answer = put(world, properties)
        assert answer.status == 200 and "Azure-AsyncOperation" not in answer.headers
    assert world.get(PATH)["properties"] == {
        "authType": "PAT",
        "category": "PythonFeed",
        "target": "https://pkgs.example.org",
        "credentials": None,
        "expiryTime": None,
        "createdByWorkspaceArmId": WORKSPACE,
        "useWorkspaceManagedIdentity": False,
        "isSharedToAll": True,
        "sharedUserList": [],
        "metadata": {"team": "vision"},
    }
    put(world, {**FEED, "credentials": None})
    assert world.get(PATH)["properties"]["metadata"] is None
    assert world.call("POST", f"{PATH}/listsecrets").body["properties"]["credentials"] is None


def test_a_delete_answers_at_once(world: World) -> None:
    put(world, FEED)
    assert [world.call("DELETE", PATH).status for _round in range(2)] == [200, 204]
    assert world.call("GET", PATH).status == 404


def test_the_service_checks_little(world: World) -> None:
    """The two recorded examples, and what the types require."""
    odd = {"authType": "None", "category": "ContainerRegistry", "target": "www.facebook.com"}
    keys = {"authType": "ApiKey", "category": "CustomKeys", "target": "t", "credentials": {"key": "planted"}}
    new = {"authType": "None", "category": "QuantumFeed"}
    assert [put(world, properties).status for properties in (odd, keys, new)] == [200, 200, 200]
    for lacking in ({"authType": "None"}, {"category": "Git"}, {}):
        assert refusal(put(world, lacking)) == (400, "ValidationError")


@pytest.mark.parametrize(
    ("auth_type", "credentials"),
    [
        ("AccountKey", {"key": "planted"}),
        ("AccountKey", {"sas": "planted"}),
        ("UsernamePassword", {"username": "me", "password": "planted"}),
        ("CustomKeys", {"keys": {"one": "planted"}}),
        ("AAD", None),
    ],
)
def test_credentials_by_their_type(world: World, auth_type: str, credentials: Any) -> None:
    put(world, {**FEED, "authType": auth_type, "credentials": credentials})
    assert world.call("POST", f"{PATH}/listsecrets").body["properties"]["credentials"] == credentials


@pytest.mark.parametrize(
    "properties",
    [
        {**FEED, "value": "planted"},
        {**FEED, "authType": "UserEntraToken"},
        {**FEED, "credentials": {"pat": "planted", "key": "planted"}},
        {**FEED, "authType": "None"},
    ],
)
def test_what_is_not_known_is_refused(world: World, properties: Any) -> None:
    assert refusal(put(world, properties)) == (501, "NotSimulated") and world.call("GET", PATH).status == 404


def test_null_is_not_set(world: World) -> None:
    """Templates of Azure Verified Modules send null for each property without a value, `value` among them."""
    assert put(world, {**FEED, "value": None, "expiryTime": None}).status == 200


def test_credentials_are_shown_by_listsecrets_alone(world: World) -> None:
    put(world, FEED)
    assert "planted" not in str(world.get(PATH)) + str(world.get(f"{WORKSPACE}/connections"))
    assert world.call("POST", f"{PATH}/listsecrets").body["properties"]["credentials"] == {"pat": "planted"}


def test_a_list_of_connections_is_filtered(world: World) -> None:
    for name, category in (("git", "Git"), ("s3", "S3")):
        put(world, {"category": category, "authType": "None", "target": name}, f"{WORKSPACE}/connections/{name}")
    listed = world.get(f"{WORKSPACE}/connections?category=s3")["value"]
    assert [doc["name"] for doc in listed] == ["s3"]
    assert [doc["name"] for doc in world.get(f"{WORKSPACE}/connections?target=git")["value"]] == ["git"]
    assert world.call("GET", f"{WORKSPACE}/connections?includeAll=true").status == 501


def test_a_connection_that_does_not_exist(world: World) -> None:
    """[REC azure-ai-ml test_custom_crud, 2024-04-22]"""
    body = world.call("GET", f"{WORKSPACE}/connections/none").body
    assert (body["componentName"], body["statusCode"]) == ("account-rp", 404)
    assert body["error"]["message"] == "Connection none can't be found in this workspace"
    assert body["error"]["innerError"] == {"code": "NotFoundError", "innerError": None}


def test_a_project_shows_what_its_hub_shares(world: World) -> None:
    """g.9 (a guess). A connection of its own with that name comes first, and what it does not own it does not delete."""
    hub, project = (f"{WORKSPACE.rsplit('/', 1)[0]}/{name}" for name in ("hub", "project"))
    own = world.get(WORKSPACE)["properties"]
    dependents = {name: own[name] for name in ("storageAccount", "keyVault", "applicationInsights")}
    for path, kind, properties in ((hub, "Hub", dependents), (project, "Project", {"hubResourceId": hub})):
        body = {"location": "eastus", "kind": kind, "identity": {"type": "SystemAssigned"}, "properties": properties}
        world.require_success(world.call("PUT", path, body))
        world.wait()
    put(world, {**FEED, "isSharedToAll": True}, f"{hub}/connections/shared")
    put(world, FEED, f"{hub}/connections/hidden")
    assert [doc["id"] for doc in world.get(f"{project}/connections")["value"]] == [f"{hub}/connections/shared"]
    assert world.get(f"{project}/connections/shared")["properties"]["createdByWorkspaceArmId"] == hub
    assert world.call("GET", f"{project}/connections/hidden").status == 404
    assert refusal(world.call("DELETE", f"{project}/connections/shared")) == (501, "NotSimulated")
    put(world, FEED, f"{project}/connections/shared")
    assert [doc["id"] for doc in world.get(f"{project}/connections")["value"]] == [f"{project}/connections/shared"]
    assert world.call("DELETE", f"{project}/connections/shared").status == 200


def test_names_of_credentials_are_taken_in_any_spelling(world: World) -> None:
    """As azure-ai-ml's template of a feature store writes them [REC R27]."""
    credentials = {"clientid": "a", "resourceid": "b"}
    body = {
        "properties": {"category": "Redis", "authType": "ManagedIdentity", "target": "c", "credentials": credentials}
    }
    one = f"{WORKSPACE}/connections/store"
    assert world.call("PUT", one, body).status == 200
    secrets = world.call("POST", f"{one}/listsecrets").body["properties"]["credentials"]
    assert secrets == {"clientId": "a", "resourceId": "b"}
