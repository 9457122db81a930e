# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workspace connections, as far as creating workspaces uses them (types-2025-12-01.md WorkspaceConnectionPropertiesV2).

Credentials are never shown by GET; `listsecrets` shows them. A project sees its hub's shared ones.
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


class Connections:
    """The handlers of connections."""

    def __init__(self, app: App) -> None:
        self.app = app

    def _find(self, p: dict[str, str]) -> Document:
        workspace = common.find_workspace(self.app, p, f"connections/{p['name']}")
        doc = self.app.store.get(f"{workspace['id']}/connections/{p['name']}")
        if doc is None:
            raise common.not_found(f"workspaces/{p['ws']}/connections/{p['name']}", p["rg"])
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
        return Response(200, {"value": value})

    def put(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.parent_workspace(self.app, p)
        sent = common.mapping(request.json_object.get("properties"), "properties")
        if not sent.get("authType") or not sent.get("category"):
            raise ArmError(400, "ValidationError", "A connection needs 'authType' and 'category'.")
        properties: dict[str, Any] = copy.deepcopy(sent)
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
            Route("GET", many, self.list_all, API_VERSIONS, f"{CONNECTION_TYPE}/read"),
            Route("GET", one, self.get, API_VERSIONS, f"{CONNECTION_TYPE}/read"),
            Route("PUT", one, self.put, API_VERSIONS, f"{CONNECTION_TYPE}/write"),
            Route("DELETE", one, self.delete, API_VERSIONS, f"{CONNECTION_TYPE}/delete"),
            Route("POST", one + "/listsecrets", self.secrets, API_VERSIONS, f"{CONNECTION_TYPE}/listsecrets/action"),
        ]
