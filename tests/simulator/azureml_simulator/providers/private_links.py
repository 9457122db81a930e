# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private endpoints as the resources see them that they lead to: privateEndpointConnections.

A connection is one entry of a Microsoft.Network/privateEndpoints, which keeps its state. Shapes: REST references of Storage, Key Vault and Container
Registry, "Private Endpoint Connections"; of a workspace a recording at 2020-08-01 (docs/facts.md, private link) and types-2026-05-01.md,
PrivateEndpointConnection; statuses: azure-ai-ml's generated client. That traffic needs an approved connection, and that a deleted connection leaves its
endpoint Disconnected: "What is a private endpoint?". All answers are synchronous, which is a guess for vaults and registries.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any

from azureml_simulator.arm import rules as arm_rules
from azureml_simulator.entra.directory import stable_guid
from azureml_simulator.http import ArmError, Request, Response
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

Document = dict[str, Any]
Link = tuple[Document, Document]

ENDPOINT = "Microsoft.Network/privateEndpoints"
STATE = "privateLinkServiceConnectionState"
_STATUSES = ("Approved", "Rejected", "Pending")
_PLAIN = ("Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults", "Microsoft.ContainerRegistry/registries")


def links_to(app: App, resource_id: str) -> Iterator[Link]:
    """Each private endpoint that leads to the resource, in whatever state, with its connection."""
    wanted = resource_id.lower()
    for endpoint in app.store.by_type(None, ENDPOINT):
        properties = endpoint.get("properties") or {}
        for name in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
            for connection in properties.get(name) or []:
                inner = connection.get("properties") or {}
                connected = (inner.get(STATE) or {}).get("status") != "Disconnected"
                if connected and str(inner.get("privateLinkServiceId", "")).lower() == wanted:
                    yield endpoint, connection


def approved_links(app: App, resource_id: str) -> list[Link]:
    """Those that carry traffic."""
    return [link for link in links_to(app, resource_id) if link[1]["properties"][STATE]["status"] == "Approved"]


class Connections:
    """The connections of the resources of one type. ``find``: the resource of a request, or its 404."""

    def __init__(self, app: App, type_: str, find: Callable[[dict[str, str]], Document]) -> None:
        self.app, self._type, self._find_resource = app, type_, find

    def _shown(self, resource: Document, endpoint: Document, connection: Document) -> Document:
        properties, inner = endpoint["properties"], connection["properties"]
        name = f"{resource['name']}.{stable_guid('connection', connection['id'])}"
        private_endpoint = {"id": endpoint["id"]}
        shown: Document = {
            "id": f"{resource['id']}/privateEndpointConnections/{name}",
            "name": name,
            "type": f"{self._type}/privateEndpointConnections",
            "properties": {
                "provisioningState": "Succeeded",
                "privateEndpoint": private_endpoint,
                STATE: inner[STATE],
            },
        }
        if self._type not in _PLAIN:
            private_endpoint["subnetArmId"] = (properties.get("subnet") or {}).get("id")
            shown["location"] = resource["location"]
        elif self._type == "Microsoft.Storage/storageAccounts":
            shown["properties"]["groupIds"] = inner.get("groupIds") or []
        return shown

    def of(self, resource: Document) -> tuple[Document, ...]:
        return tuple(self._shown(resource, *link) for link in links_to(self.app, resource["id"]))

    def _find(self, p: dict[str, str]) -> tuple[Document, Document, Document]:
        resource = self._find_resource(p)
        for endpoint, connection in links_to(self.app, resource["id"]):
            if self._shown(resource, endpoint, connection)["name"].lower() == p["name"].lower():
                return resource, endpoint, connection
        raise arm_rules.not_found(f"{resource['id']}/privateEndpointConnections/{p['name']}")

    def list_all(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, {"value": list(self.of(self._find_resource(p)))})

    def get(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, self._shown(*self._find(p)))

    def put(self, request: Request, p: dict[str, str]) -> Response:
        """Approve or reject a connection."""
        resource, endpoint, connection = self._find(p)
        sent = arm_rules.mapping(request.json_object.get("properties"), "properties")
        state = arm_rules.mapping(sent.get(STATE), STATE)
        if state.get("status") not in _STATUSES:
            text = f"The status '{state.get('status')}' of a private endpoint connection is not valid."
            raise ArmError(400, "BadRequest", text)
        connection["properties"][STATE] |= {key: state[key] for key in ("status", "description") if key in state}
        self.app.store.put(endpoint["id"], endpoint)
        return Response(200, self._shown(resource, endpoint, connection))

    def delete(self, request: Request, p: dict[str, str]) -> Response:
        try:
            _resource, endpoint, connection = self._find(p)
        except ArmError as error:
            if error.code != "ResourceNotFound" or "privateEndpointConnections" not in error.message:
                raise
            return Response(204)
        connection["properties"][STATE]["status"] = "Disconnected"
        self.app.store.put(endpoint["id"], endpoint)
        return Response(200)

    def routes(self, pattern: str, versions: Collection[str] | None = None) -> list[Route]:
        """``pattern``: the address of a resource of the type."""
        many, action = f"{pattern}/privateEndpointConnections", f"{self._type}/privateEndpointConnections"
        one = many + "/{name}"
        return [
            Route("GET", many, self.list_all, versions, f"{action}/read"),
            Route("GET", one, self.get, versions, f"{action}/read"),
            Route("PUT", one, self.put, versions, f"{action}/write"),
            Route("DELETE", one, self.delete, versions, f"{action}/delete"),
        ]


def _plain_routes(app: App, type_: str) -> list[Route]:
    pattern = f"/subscriptions/{{sub}}/resourceGroups/{{rg}}/providers/{type_}/{{resource}}"

    def find(p: dict[str, str]) -> Document:
        app.resource_group(p["sub"], p["rg"])
        resource_id = pattern.format(**p)
        doc: Document | None = app.store.get(resource_id)
        if doc is None:
            raise arm_rules.not_found(resource_id)
        return doc

    return Connections(app, type_, find).routes(pattern)


def routes(app: App) -> list[Route]:
    return [route for type_ in _PLAIN for route in _plain_routes(app, type_)]
