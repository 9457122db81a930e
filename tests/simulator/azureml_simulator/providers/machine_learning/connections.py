# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of a workspace (docs/facts.md g.7 to g.9): read, written and deleted in one request, with credentials that only `listsecrets` shows.

Shape and statuses: recordings of azure-ai-ml (2024-04-22, api 2023-08-01-preview) and of azure-powershell (2022-06-05, api 2022-05-01); properties:
types-2026-05-01.md, WorkspaceConnectionPropertiesV2. The pattern for names there, of 33 characters, is not applied: the connections that azure-ai-ml makes
for a feature store have 35 (operations/_feature_store_operations.py). Until 2021-07-01 a connection had its secret as `value`, which a GET showed too
(azure-rest-api-specs, 2021-07-01, WorkspaceConnection/get.json); that shape is not simulated.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from azureml_simulator.http import ArmError, Request, Response, not_simulated, refuse_unknown
from azureml_simulator.providers.machine_learning import common
from azureml_simulator.providers.machine_learning.common import API_VERSIONS, WORKSPACE, WORKSPACE_TYPE, Document
from azureml_simulator.providers.machine_learning.workspace_body import system_data
from azureml_simulator.routing import Route, routes_below

if TYPE_CHECKING:
    from azureml_simulator.app import App

CONNECTION_TYPE = f"{WORKSPACE_TYPE}/connections"
_SINCE = "2022-05-01"
# WorkspaceConnectionPropertiesV2 but for what the service alone sets.
_NAMES = {"authType", "category", "target", "credentials", "metadata", "expiryTime", "isSharedToAll", "sharedUserList"}
_NAMES |= {"useWorkspaceManagedIdentity", "peRequirement"}
_READ_ONLY = {"createdByWorkspaceArmId", "group", "error", "peStatus"}
# By authType, what its credentials have. azure-ai-ml sends an account key as `sas` (entities/_credentials.py, AccountKeyConfiguration).
_CREDENTIALS: dict[str, tuple[str, ...]] = {
    "none": (),
    "aad": (),
    "accesskey": ("accessKeyId", "secretAccessKey"),
    "accountkey": ("key", "sas"),
    "apikey": ("key",),
    "customkeys": ("keys",),
    "managedidentity": ("clientId", "resourceId"),
    "oauth2": (
        "authUrl", "clientId", "clientSecret", "developerToken", "password", "refreshToken", "tenantId", "username",
    ),
    "pat": ("pat",),
    "sas": ("sas",),
    "serviceprincipal": ("clientId", "clientSecret", "tenantId"),
    "usernamepassword": ("password", "securityToken", "username"),
}  # fmt: skip
# What the service shows where nothing was sent [REC R23].
_DEFAULTS: Document = {
    "expiryTime": None,
    "target": None,
    "useWorkspaceManagedIdentity": False,
    "isSharedToAll": False,
    "sharedUserList": [],
    "metadata": None,
}


class Connections:
    """The handlers of connections."""

    def __init__(self, app: App) -> None:
        self.app = app

    def _of_workspace(self, workspace: Document) -> dict[str, Document]:
        """Its own connections, and those that its hub shares with all projects, by their names in lower case."""
        hub = workspace["properties"].get("hubResourceId")
        shared = self.app.store.children(hub, CONNECTION_TYPE) if hub else []
        docs = [doc for doc in shared if doc["properties"]["isSharedToAll"]]
        docs += self.app.store.children(workspace["id"], CONNECTION_TYPE)
        return {doc["name"].lower(): doc for doc in docs}

    def _find(self, p: dict[str, str]) -> Document:
        workspace = common.find_workspace(self.app, p, f"connections/{p['name']}")
        doc = self._of_workspace(workspace).get(p["name"].lower())
        if doc is None:
            raise ArmError(
                404,
                "UserError",
                f"Connection {p['name']} can't be found in this workspace",
                envelope="account",
                location=workspace["location"],
                inner="NotFoundError",
            )
        return doc

    def get(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, self._find(p))

    def list_all(self, request: Request, p: dict[str, str]) -> Response:
        value = list(self._of_workspace(common.find_workspace(self.app, p)).values())
        query = {name.lower(): text for name, text in request.query.items() if name.lower() != "api-version"}
        if common.flag(query.pop("includeall", "")):
            raise not_simulated("The simulator does not know which other connections includeAll shows.")
        for name in ("target", "category"):
            wanted = query.pop(name, None)
            value = [doc for doc in value if wanted is None or _same(doc["properties"].get(name), wanted)]
        if query:
            raise not_simulated(f"The simulator does not have '{min(query)}' of a list of connections.")
        return Response(200, {"value": value})

    def put(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.parent_workspace(self.app, p)
        common.need_succeeded(workspace)
        sent = common.mapping(request.json_object.get("properties"), "properties")
        credentials = _checked(sent)
        properties = _DEFAULTS | {name: copy.deepcopy(sent[name]) for name in _NAMES.intersection(sent)}
        properties |= {"credentials": None, "createdByWorkspaceArmId": workspace["id"]}
        properties["isSharedToAll"] = bool(properties["isSharedToAll"])
        resource_id = f"{workspace['id']}/connections/{p['name']}"
        before = self.app.store.get(resource_id)
        changed = system_data(self.app, request.principal)
        if before is not None:
            resource_id = before["id"]
            changed |= {key: value for key, value in before["systemData"].items() if key.startswith("created")}
        doc: Document = {
            "id": resource_id,
            "name": resource_id.rsplit("/", 1)[-1],
            "type": CONNECTION_TYPE,
            "properties": properties,
            "systemData": changed,
        }
        # A PUT is of the whole: credentials that it does not have are gone (a guess).
        self.app.store.put(resource_id, doc, private={"credentials": credentials})
        return Response(200, doc)

    def secrets(self, request: Request, p: dict[str, str]) -> Response:
        doc = self._find(p)
        doc["properties"]["credentials"] = self.app.store.private(doc["id"])["credentials"]
        return Response(200, doc)

    def delete(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.find_workspace(self.app, p)
        resource_id = f"{workspace['id']}/connections/{p['name']}"
        found = self._of_workspace(workspace).get(p["name"].lower())
        if found is not None and found["id"].lower() != resource_id.lower():
            raise not_simulated("No one has recorded what a DELETE of a hub's connection in a project does.")
        return Response(200 if self.app.store.delete(resource_id) else 204)

    def routes(self) -> list[Route]:
        rows = (
            ("GET", "", self.list_all, "read"),
            ("GET", "/{name}", self.get, "read"),
            ("PUT", "/{name}", self.put, "write"),
            ("DELETE", "/{name}", self.delete, "delete"),
            ("POST", "/{name}/listsecrets", self.secrets, "listsecrets/action"),
        )
        return routes_below(WORKSPACE + "/connections", rows, API_VERSIONS, CONNECTION_TYPE, since=_SINCE)


def _checked(sent: Document) -> Any:
    """The credentials of a PUT, after what the types require. The service does not check that they fit the category [REC R23, R24]."""
    if not sent.get("authType") or not sent.get("category"):
        raise _invalid("A connection needs 'authType' and 'category'.")
    refuse_unknown({name for name in sent if sent[name] is not None} - _NAMES - _READ_ONLY, "a connection")
    names = _CREDENTIALS.get(str(sent["authType"]).lower())
    if names is None:
        raise not_simulated(f"The simulator does not know the authType '{sent['authType']}'.")
    credentials = sent.get("credentials")
    if credentials is None:
        return None
    # azure-ai-ml's template of a feature store writes clientid and resourceid [REC R27].
    spelled = {name.lower(): name for name in names}
    given = {
        spelled.get(name.lower(), name): value for name, value in common.mapping(credentials, "credentials").items()
    }
    other = sorted({*given} - {*names})
    if other:
        raise not_simulated(f"The simulator does not know '{other[0]}' of credentials of type {sent['authType']}.")
    return copy.deepcopy(given)


def _invalid(message: str) -> ArmError:
    return ArmError(400, "ValidationError", message)


def _same(held: Any, wanted: str) -> bool:
    return str(held).lower() == wanted.lower()
