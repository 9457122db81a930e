# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datastores of the simulator: docs/facts.md g."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import STORAGE, WORKSPACE, World

PATH = f"{WORKSPACE}/datastores/data"
KEY = {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "planted"}}
BLOB = {
    "tags": {},
    "credentials": KEY,
    "datastoreType": "AzureBlob",
    "accountName": "stdata",
    "containerName": "training",
    "endpoint": "core.windows.net",
    "protocol": "https",
}
NONE = {"credentialsType": "None"}
PRINCIPAL = {"clientId": "11111111-0000-4000-8000-000000000001", "tenantId": "11111111-0000-4000-8000-000000000002"}


@pytest.fixture
def world() -> World:
    return World()


def put(world: World, properties: dict[str, Any], path: str = PATH, version: str = "2026-05-01") -> Any:
    return world.app.call("PUT", f"{path}?api-version={version}&skipValidation=true", {"properties": properties})


def test_a_put_answers_as_recorded(world: World) -> None:
    """g.1, g.2 [REC R21]."""
    answer = put(world, BLOB)
    assert answer.status == 201 and answer.headers["Location"].endswith(
        f"{PATH}?api-version=2026-05-01&skipValidation=true"
    )
    assert "Azure-AsyncOperation" not in answer.headers
    assert world.get(PATH)["properties"] == {
        **BLOB,
        "credentials": {"credentialsType": "AccountKey"},
        "description": None,
        "properties": None,
        "isDefault": False,
        "subscriptionId": None,
        "resourceGroup": None,
        "serviceDataAccessAuthIdentity": "None",
    }
    assert put(world, {**BLOB, "description": "other"}).status == 200
    assert world.get(PATH)["properties"]["description"] == "other"


def test_a_delete_answers_at_once(world: World) -> None:
    put(world, BLOB)
    assert [world.call("DELETE", PATH).status for _time in range(2)] == [200, 204]
    assert world.call("DELETE", f"{WORKSPACE}/datastores/workspaceblobstore").status == 501


@pytest.mark.parametrize(
    ("properties", "name"),
    [
        ({**BLOB, "datastoreType": "Nothing"}, "datastoreType"),
        ({**BLOB, "credentials": {"credentialsType": "AccountKey"}}, "credentials.secrets"),
        ({**BLOB, "credentials": {}}, "credentials.credentialsType"),
        ({**BLOB, "serviceDataAccessAuthIdentity": "Mine"}, "serviceDataAccessAuthIdentity"),
        ({"datastoreType": "AzureFile", "accountName": "st", "credentials": NONE}, "fileShareName"),
        ({"datastoreType": "AzureDataLakeGen1", "credentials": NONE}, "storeName"),
        ({"datastoreType": "AzureDataLakeGen2", "accountName": "st", "credentials": NONE}, "filesystem"),
        ({"datastoreType": "OneLake", "oneLakeWorkspaceName": "w", "credentials": NONE}, "artifact"),
        ({**BLOB, "credentials": {"credentialsType": "Certificate", **PRINCIPAL}}, "thumbprint"),
    ],
)
def test_what_the_types_require(world: World, properties: dict[str, Any], name: str) -> None:
    answer = put(world, properties)
    assert answer.status == 400 and f"'{name}'" in answer.body["error"]["message"]
    assert "error" in world.call("GET", PATH).body


def test_what_is_not_known_is_not_answered(world: World) -> None:
    one_lake = {
        "datastoreType": "OneLake",
        "oneLakeWorkspaceName": "w",
        "artifact": {"artifactName": "a"},
        "credentials": NONE,
    }
    assert put(world, one_lake, version="2024-04-01").status == 201
    assert put(world, one_lake, version="2023-04-01").status == 501
    assert put(world, {**BLOB, "intellectualProperty": {}}).status == 501
    assert world.call("PUT", PATH, {"properties": BLOB}).status == 501
    for query in ("searchText=a", "orderBy=name", "names=a"):
        assert world.app.call("GET", f"{WORKSPACE}/datastores?api-version=2026-05-01&{query}").status == 501


def test_secrets_are_listed_alone(world: World) -> None:
    """g.3 [REC R21, R22]."""
    put(world, BLOB)
    assert "planted" not in str(world.get(PATH)) + str(world.get(f"{WORKSPACE}/datastores"))
    assert world.call("POST", f"{PATH}/listSecrets").body == {"secretsType": "AccountKey", "key": "planted"}
    signed = world.call("POST", f"{PATH}/listSecrets", {"expirableSecret": True, "expireAfterHours": 1}).body
    assert (
        signed["secretsType"] == "Sas" and signed["sasToken"].startswith("?sv=") and "planted" not in signed["sasToken"]
    )
    own = world.call("POST", f"{WORKSPACE}/datastores/workspacefilestore/listSecrets").body
    assert own["secretsType"] == "AccountKey" and own["key"]
    put(world, {**BLOB, "credentials": NONE})
    assert world.call("POST", f"{PATH}/listSecrets").status == 501


def test_a_workspace_has_four_datastores(world: World) -> None:
    """g.4 [REC R21, R22]."""
    guid = world.get(WORKSPACE)["properties"]["workspaceId"]
    put(world, BLOB)
    found = {doc["name"]: doc["properties"] for doc in world.get(f"{WORKSPACE}/datastores")["value"]}
    assert list(found) == [
        "workspaceblobstore",
        "workspacefilestore",
        "workspaceworkingdirectory",
        "workspaceartifactstore",
        "data",
    ]
    blob = found["workspaceblobstore"]
    assert blob["containerName"] == f"azureml-blobstore-{guid}" and blob["accountName"] == STORAGE.rsplit("/", 1)[-1]
    assert [name for name, properties in found.items() if properties["isDefault"]] == ["workspaceblobstore"]
    listed = world.app.call("GET", f"{WORKSPACE}/datastores?api-version=2026-05-01&isDefault=true&count=30")
    assert [doc["name"] for doc in listed.body["value"]] == ["workspaceblobstore"]
    assert put(world, {**BLOB, "accountName": "st"}, f"{WORKSPACE}/datastores/workspaceblobstore").status == 200
    changed = world.get(f"{WORKSPACE}/datastores/workspaceblobstore")
    assert changed["properties"]["isDefault"] is True and changed["properties"]["accountName"] == "st"


def test_a_list_has_as_many_as_the_client_asks_for(world: World) -> None:
    page = world.app.call("GET", f"{WORKSPACE}/datastores?api-version=2026-05-01&count=3&orderByAsc=false").body
    rest = world.app.call("GET", page["nextLink"]).body
    assert [len(body["value"]) for body in (page, rest)] == [3, 1] and "nextLink" not in rest
    assert world.app.call("GET", f"{WORKSPACE}/datastores?api-version=2026-05-01&count=none").status == 400


@pytest.mark.parametrize(("setting", "count"), [("as_default", 4), ("none", 0)])
def test_the_datastores_of_a_hub_are_a_guess(world: World, setting: str, count: int) -> None:
    world.app.configure({"guesses": {"datastore": {"other_kinds": setting}}})
    hub, document = WORKSPACE.rpartition("/")[0] + "/ws-hub", world.get(WORKSPACE)
    names = ("storageAccount", "keyVault", "applicationInsights")
    body = {"location": "eastus", "kind": "Hub", "identity": {"type": "SystemAssigned"}}
    properties = {name: document["properties"][name] for name in names if name in document["properties"]}
    assert world.call("PUT", hub, {**body, "properties": properties}).status in (200, 201, 202)
    world.app.clock.advance(600)
    assert len(world.get(f"{hub}/datastores")["value"]) == count


def test_a_datastore_that_does_not_exist(world: World) -> None:
    """g.6 [GUESS]."""
    answer = world.call("GET", PATH)
    error = answer.body["error"]
    assert (answer.status, error["code"]) == (404, "UserError") and "data" in error["message"]
    (inner,) = [row["info"]["value"] for row in error["additionalInfo"] if row["type"] == "InnerError"]
    assert inner["code"] == "NotFoundError"
