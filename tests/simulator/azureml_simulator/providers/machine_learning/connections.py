# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workspace connections, as far as creating workspaces uses them (types-2025-12-01.md WorkspaceConnectionPropertiesV2).

Credentials are never shown by GET; `listsecrets` shows them. A project sees its hub's shared ones. Shape and statuses: recordings of azure-ai-ml
(2024-04-22, api 2023-08-01-preview) and of azure-powershell (2022-06-05, api 2022-05-01). Until 2021-07-01 a connection had its secret as
`value`, which a GET showed too (azure-rest-api-specs, 2021-07-01, WorkspaceConnection/get.json); that shape is not simulated.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from azureml_simulator.http import ArmError, Request, Response
from azureml_simulator.providers.machine_learning import common
from azureml_simulator.providers.machine_learning.common import API_VERSIONS, WORKSPACE, WORKSPACE_TYPE, Document
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

CONNECTION_TYPE = f"{WORKSPACE_TYPE}/connections"
_SINCE = "2022-05-01"
# WorkspaceConnectionPropertiesV2 but for what the service alone sets.
_NAMES = {"authType", "category", "target", "credentials", "metadata", "expiryTime", "isSharedToAll", "sharedUserList"}
_NAMES |= {"useWorkspaceManagedIdentity", "peRequirement"}
_READ_ONLY = {"createdByWorkspaceArmId", "group", "error", "peStatus"}


class Connections:
    """The handlers of connections."""

    def __init__(self, app: App) -> None:
        self.app = app

    def _find(self, p: dict[str, str]) -> Document:
        workspace = common.find_workspace(self.app, p, f"connections/{p['name']}")
        doc = self.app.store.get(f"{workspace['id']}/connections/{p['name']}")
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
        workspace = common.find_workspace(self.app, p)
        value = self.app.store.children(workspace["id"], CONNECTION_TYPE)
        hub = workspace["properties"].get("hubResourceId")
        if hub:
            shared = self.app.store.children(hub, CONNECTION_TYPE)
            value += [doc for doc in shared if doc["properties"].get("isSharedToAll")]
        query = {name.lower(): text for name, text in request.query.items() if name.lower() != "api-version"}
        if common.flag(query.pop("includeall", "")):
            raise ArmError(501, "NotSimulated", "The simulator does not know which other connections includeAll shows.")
        for name in ("target", "category"):
            wanted = query.pop(name, None)
            value = [doc for doc in value if wanted is None or _same(doc["properties"].get(name), wanted)]
        if query:
            raise ArmError(501, "NotSimulated", f"The simulator does not have '{min(query)}' of a list of connections.")
        return Response(200, {"value": value})

    def put(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.parent_workspace(self.app, p)
        sent = common.mapping(request.json_object.get("properties"), "properties")
        if not sent.get("authType") or not sent.get("category"):
            raise ArmError(400, "ValidationError", "A connection needs 'authType' and 'category'.")
        unknown = sorted({*sent} - _NAMES - _READ_ONLY)
        if unknown:
            raise ArmError(501, "NotSimulated", f"The simulator does not know '{unknown[0]}' of a connection.")
        properties: dict[str, Any] = {name: copy.deepcopy(sent[name]) for name in sent if name in _NAMES}
        secret = properties.pop("credentials", None)
        properties |= {"credentials": None, "createdByWorkspaceArmId": workspace["id"]}
        properties.setdefault("isSharedToAll", False)
        doc: Document = {
            "id": f"{workspace['id']}/connections/{p['name']}",
            "name": p["name"],
            "type": CONNECTION_TYPE,
            "properties": properties,
        }
        self.app.store.put(doc["id"], doc, private={"credentials": secret})
        return Response(200, self.app.store.get(doc["id"]))

    def secrets(self, request: Request, p: dict[str, str]) -> Response:
        doc = self._find(p)
        doc["properties"]["credentials"] = self.app.store.private(doc["id"])["credentials"]
        return Response(200, doc)

    def delete(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.find_workspace(self.app, p)
        gone = self.app.store.delete(f"{workspace['id']}/connections/{p['name']}")
        return Response(200 if gone else 204)

    def routes(self) -> list[Route]:
        many, one = WORKSPACE + "/connections", WORKSPACE + "/connections/{name}"
        return [
            Route("GET", many, self.list_all, API_VERSIONS, f"{CONNECTION_TYPE}/read", since=_SINCE),
            Route("GET", one, self.get, API_VERSIONS, f"{CONNECTION_TYPE}/read", since=_SINCE),
            Route("PUT", one, self.put, API_VERSIONS, f"{CONNECTION_TYPE}/write", since=_SINCE),
            Route("DELETE", one, self.delete, API_VERSIONS, f"{CONNECTION_TYPE}/delete", since=_SINCE),
            Route(
                "POST",
                one + "/listsecrets",
                self.secrets,
                API_VERSIONS,
                f"{CONNECTION_TYPE}/listsecrets/action",
                since=_SINCE,
            ),
        ]


def _same(held: Any, wanted: str) -> bool:
    return str(held).lower() == wanted.lower()
