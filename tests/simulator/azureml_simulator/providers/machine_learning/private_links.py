# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private endpoints as a workspace sees them: privateEndpointConnections and privateLinkResources.

A connection is one entry of a Microsoft.Network/privateEndpoints, which keeps its state. Shape: a recording at 2020-08-01 (docs/facts.md, private link) and
types-2026-05-01.md, PrivateEndpointConnection; statuses: azure-ai-ml's generated client. Group and zones: "Configure a private endpoint for an Azure Machine
Learning workspace". That a deleted connection leaves its endpoint Disconnected: "What is a private endpoint?".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from azureml_simulator.arm import rules as arm_rules
from azureml_simulator.entra.directory import stable_guid
from azureml_simulator.http import ArmError, Request, Response
from azureml_simulator.providers.machine_learning import common
from azureml_simulator.providers.machine_learning.common import API_VERSIONS, WORKSPACE, WORKSPACE_TYPE, Document
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

_TYPE = f"{WORKSPACE_TYPE}/privateEndpointConnections"
_STATE = "privateLinkServiceConnectionState"
_GROUP = "amlworkspace"
_ZONES = ["privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"]


def links_to(app: App, workspace_id: str) -> Iterator[tuple[Document, Document]]:
    """Each private endpoint that leads to the workspace, with its connection."""
    wanted = workspace_id.lower()
    for endpoint in app.store.by_type(None, "Microsoft.Network/privateEndpoints"):
        properties = endpoint.get("properties") or {}
        for name in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
            for connection in properties.get(name) or []:
                inner = connection.get("properties") or {}
                connected = (inner.get(_STATE) or {}).get("status") != "Disconnected"
                if connected and str(inner.get("privateLinkServiceId", "")).lower() == wanted:
                    yield endpoint, connection


class PrivateLinks:
    """The handlers."""

    def __init__(self, app: App) -> None:
        self.app = app

    @staticmethod
    def _shown(workspace: Document, endpoint: Document, connection: Document) -> Document:
        properties = endpoint["properties"]
        name = f"{workspace['name']}.{stable_guid('connection', connection['id'])}"
        return {
            "id": f"{workspace['id']}/privateEndpointConnections/{name}",
            "name": name,
            "type": _TYPE,
            "location": workspace["location"],
            "properties": {
                "provisioningState": "Succeeded",
                "privateEndpoint": {"id": endpoint["id"], "subnetArmId": (properties.get("subnet") or {}).get("id")},
                _STATE: connection["properties"][_STATE],
            },
        }

    def connections_of(self, workspace: Document) -> tuple[Document, ...]:
        return tuple(self._shown(workspace, *link) for link in links_to(self.app, workspace["id"]))

    def _find(self, p: dict[str, str]) -> tuple[Document, Document, Document]:
        workspace = common.find_workspace(self.app, p)
        for endpoint, connection in links_to(self.app, workspace["id"]):
            if self._shown(workspace, endpoint, connection)["name"].lower() == p["name"].lower():
                return workspace, endpoint, connection
        raise arm_rules.not_found(f"{workspace['id']}/privateEndpointConnections/{p['name']}")

    def list_all(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, {"value": list(self.connections_of(common.find_workspace(self.app, p)))})

    def get(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, self._shown(*self._find(p)))

    def put(self, request: Request, p: dict[str, str]) -> Response:
        """Approve or reject a connection."""
        workspace, endpoint, connection = self._find(p)
        sent = common.mapping(request.json_object.get("properties"), "properties")
        state = common.mapping(sent.get(_STATE), _STATE)
        if state.get("status") not in ("Approved", "Rejected", "Pending"):
            text = f"The status '{state.get('status')}' of a private endpoint connection is not valid."
            raise ArmError(400, "BadRequest", text)
        connection["properties"][_STATE] |= {key: state[key] for key in ("status", "description") if key in state}
        self.app.store.put(endpoint["id"], endpoint)
        return Response(200, self._shown(workspace, endpoint, connection))

    def delete(self, request: Request, p: dict[str, str]) -> Response:
        try:
            _workspace, endpoint, connection = self._find(p)
        except ArmError as error:
            if error.code != "ResourceNotFound" or "privateEndpointConnections" not in error.message:
                raise
            return Response(204)
        connection["properties"][_STATE]["status"] = "Disconnected"
        self.app.store.put(endpoint["id"], endpoint)
        return Response(200)

    def resources(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.find_workspace(self.app, p)
        resource = {
            "id": f"{workspace['id']}/privateLinkResources/{_GROUP}",
            "name": _GROUP,
            "type": f"{WORKSPACE_TYPE}/privateLinkResources",
            "location": workspace["location"],
            "properties": {"groupId": _GROUP, "requiredMembers": ["default"], "requiredZoneNames": _ZONES},
        }
        return Response(200, {"value": [resource]})

    def routes(self) -> list[Route]:
        one = f"{WORKSPACE}/privateEndpointConnections/{{name}}"
        links = f"{WORKSPACE}/privateLinkResources"
        return [
            Route("GET", one.rpartition("/")[0], self.list_all, API_VERSIONS, f"{_TYPE}/read"),
            Route("GET", one, self.get, API_VERSIONS, f"{_TYPE}/read"),
            Route("PUT", one, self.put, API_VERSIONS, f"{_TYPE}/write"),
            Route("DELETE", one, self.delete, API_VERSIONS, f"{_TYPE}/delete"),
            Route("GET", links, self.resources, API_VERSIONS, f"{WORKSPACE_TYPE}/privateLinkResources/read"),
        ]
