# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PUT, PATCH, GET, LIST and DELETE of one plain resource type from the table in `arm/resource_types`.

Asynchronous styles are those of Resource Manager's documentation of asynchronous operations: 201 with
Azure-AsyncOperation, or 202 with Location, and 204 for the deletion of what is not there.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from azureml_simulator.arm import rules as arm_rules
from azureml_simulator.arm.resource_types import Document, Kind
from azureml_simulator.config import deep_merge
from azureml_simulator.entra.directory import stable_guid
from azureml_simulator.http import ArmError, Request, Response
from azureml_simulator.operations import Operation
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

_TOP_LEVEL = ("tags", "sku", "kind", "identity", "zones", "plan", "managedBy", "extendedLocation")


class Resource:
    """The handlers of one type; `show`, `before_write`, `after_write` and `before_delete` are for types with more."""

    def __init__(self, app: App, kind: Kind) -> None:
        self.app, self.kind = app, kind
        self.namespace, _slash, self._path = kind.type.partition("/")
        self.types = self._path.split("/")
        app.operations.on_done(f"{kind.type}.write", self._written)
        app.operations.on_done(f"{kind.type}.delete", self._deleted)
        self.show: Callable[[Document], Document] = lambda doc: doc
        self.before_write: Callable[[Document, Document | None], None] = lambda doc, existing: None
        self.after_write: Callable[[Document, Request], None] = lambda doc, request: None
        self.before_delete: Callable[[Document], None] = lambda doc: None

    def routes(self) -> list[Route]:
        group = f"/subscriptions/{{sub}}/resourceGroups/{{rg}}/providers/{self.namespace}"
        nested = "".join(f"/{kind}/{{n{level}}}" for level, kind in enumerate(self.types[:-1]))
        collection = f"{group}{nested}/{self.types[-1]}"
        item = f"{collection}/{{name}}"
        right = self.kind.type
        found = [
            Route("GET", collection, self.list, action=f"{right}/read"),
            Route("GET", item, self.get, action=f"{right}/read"),
            Route("PUT", item, self.put, action=f"{right}/write"),
            Route("PATCH", item, self.patch, action=f"{right}/write"),
            Route("DELETE", item, self.delete, action=f"{right}/delete"),
        ]
        if len(self.types) == 1:
            everywhere = f"/subscriptions/{{sub}}/providers/{self.namespace}/{self.types[0]}"
            found.append(Route("GET", everywhere, self.list_all, action=f"{right}/read"))
        return found

    # -- addresses -----------------------------------------------------------------------------------------------

    def _parent_id(self, p: dict[str, str]) -> str:
        path = f"/subscriptions/{p['sub']}/resourceGroups/{p['rg']}"
        if len(self.types) > 1:
            path += f"/providers/{self.namespace}"
        return path + "".join(f"/{kind}/{p[f'n{level}']}" for level, kind in enumerate(self.types[:-1]))

    def resource_id(self, p: dict[str, str]) -> str:
        parent = self._parent_id(p)
        middle = "" if len(self.types) > 1 else f"/providers/{self.namespace}"
        return f"{parent}{middle}/{self.types[-1]}/{p['name']}"

    def _existing(self, p: dict[str, str]) -> Document:
        self.app.resource_group(p["sub"], p["rg"])
        doc = self.app.store.get(self.resource_id(p))
        if doc is None:
            raise arm_rules.not_found(self.resource_id(p))
        return doc

    # -- reads ---------------------------------------------------------------------------------------------------

    def get(self, request: Request, p: dict[str, str]) -> Response:
        shown = self.shown(self._existing(p))
        return Response(200, shown, {"ETag": shown["etag"]} if "etag" in shown else {})

    def shown(self, doc: Document) -> Document:
        """The document with its ETag, which Microsoft.Network has (REST reference: `etag`, "changes whenever the resource is updated")."""
        shown = self.show(doc)
        if self.namespace != "Microsoft.Network":
            return shown
        return {**shown, "etag": f'W/"{stable_guid("etag", json.dumps(shown, sort_keys=True))}"'}

    def _precondition(self, request: Request, existing: Document | None) -> None:
        """If-Match and If-None-Match of the types with ETags; the text of the refusal is that of Microsoft.Network."""
        wanted, unwanted = request.headers.get("If-Match"), request.headers.get("If-None-Match")
        if self.namespace != "Microsoft.Network" or (wanted is None and unwanted is None):
            return
        held = None if existing is None else self.shown(existing)["etag"]
        if wanted is not None and (held is None or wanted not in ("*", held)):
            detail = (
                f"Etag provided in if-match header {wanted} does not match etag {held} of resource in NRP data store."
            )
        elif unwanted == "*" and held is not None:
            detail = "Etag provided in if-none-match header * matches an existing resource in NRP data store."
        else:
            return
        raise ArmError(
            412,
            "PreconditionFailed",
            "Precondition failed.",
            [{"code": "PreconditionFailedEtagMismatch", "message": detail}],
        )

    def list(self, request: Request, p: dict[str, str]) -> Response:
        self.app.resource_group(p["sub"], p["rg"])
        parent = self._parent_id(p)
        if self.app.store.get(parent) is None:
            raise arm_rules.not_found(parent)
        return Response(200, {"value": [self.shown(doc) for doc in self.app.store.children(parent, self.kind.type)]})

    def list_all(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, {"value": [self.shown(doc) for doc in self.app.store.by_type(p["sub"], self.kind.type)]})

    # -- writes --------------------------------------------------------------------------------------------------

    def put(self, request: Request, p: dict[str, str]) -> Response:
        body, resource_id = _shaped(request.json_object), self.resource_id(p)
        self._check_place(p, resource_id)
        existing = self.app.store.get(resource_id)
        self._precondition(request, existing)
        doc: Document = {
            "id": existing["id"] if existing else resource_id,
            "name": existing["name"] if existing else p["name"],
            "type": self.kind.type,
        }
        if self.kind.located:
            doc["location"] = arm_rules.check_location(body, self.kind.type, global_only=self.kind.global_only)
            if existing:
                arm_rules.check_same_location(existing, doc["location"])
        doc |= {key: copy.deepcopy(body[key]) for key in _TOP_LEVEL if body.get(key) is not None}
        doc["properties"] = copy.deepcopy(body.get("properties") or {})
        if existing is None:
            self._check_name(doc)
        return self._write(request, doc, existing)

    def patch(self, request: Request, p: dict[str, str]) -> Response:
        doc = self._existing(p)
        existing, body = copy.deepcopy(doc), _shaped(request.json_object)
        self._check_place(p, doc["id"])
        self._precondition(request, existing)
        doc |= {key: copy.deepcopy(body[key]) for key in _TOP_LEVEL if key in body}
        deep_merge(doc["properties"], body.get("properties") or {})
        return self._write(request, doc, existing)

    def _check_place(self, p: dict[str, str], resource_id: str) -> None:
        arm_rules.check_group_alive(self.app, p["sub"], p["rg"])
        if len(self.types) > 1 and self.app.store.get(self._parent_id(p)) is None:
            raise arm_rules.parent_not_found("/".join(p[f"n{level}"] for level in range(len(self.types) - 1)))
        if self.app.operations.active_for(resource_id) is not None:
            raise ArmError(
                409,
                "AnotherOperationInProgress",
                "Another operation on this or dependent resource is in progress. To retrieve status of the operation "
                f"use uri: {resource_id}.",
            )

    def _check_name(self, doc: Document) -> None:
        name, kind = doc["name"], self.kind
        if kind.name is not None and not kind.name.match(name):
            raise ArmError(400, kind.name_error[0], kind.name_error[1].format(name=name))
        if kind.taken is not None:
            others = self.app.store.by_type(None, kind.type)
            if any(other["name"].lower() == name.lower() for other in others):
                raise ArmError(409, kind.taken[0], kind.taken[1].format(name=name))

    def _write(self, request: Request, doc: Document, existing: Document | None) -> Response:
        if doc.get("identity"):
            doc["identity"] = arm_rules.resolve_identity(self.app, doc["id"], doc["identity"])
        for path in self.kind.write_only:
            _remove(doc["properties"], path.split("."))
        self.before_write(doc, existing)
        if self.kind.derive is not None:
            self.kind.derive(self.app, doc)
        waits = self.kind.style == "async" or (self.kind.style == "location" and existing is None)
        if self.kind.provisions:
            doc["properties"]["provisioningState"] = self.kind.busy_state if waits else "Succeeded"
        self.app.store.put(doc["id"], doc)
        if existing is None:
            self._make_children(doc)
        self.after_write(doc, request)
        status = self.kind.created if existing is None else 200
        if not waits:
            return Response(status, self.shown(doc))
        headers = self._start(request, doc, "write")
        if self.kind.style == "location":
            return Response(202, headers=headers)
        return Response(status, self.shown(doc), headers)

    def _make_children(self, doc: Document) -> None:
        for child in self.kind.children:
            type_name, name = child.split("/")
            full = {"name": name, "type": f"{self.kind.type}/{type_name}", "properties": {}}
            self.app.store.put(f"{doc['id']}/{child}", full)

    def delete(self, request: Request, p: dict[str, str]) -> Response:
        self.app.resource_group(p["sub"], p["rg"])
        doc = self.app.store.get(self.resource_id(p))
        if doc is None:
            return Response(204)
        self._precondition(request, doc)
        self.before_delete(doc)
        if self.kind.delete_style == "sync":
            self.app.store.delete(doc["id"])
            return Response(200)
        doc["properties"]["provisioningState"] = "Deleting"
        self.app.store.put(doc["id"], doc)
        return Response(202, headers=self._start(request, doc, "delete"))

    # -- operations ----------------------------------------------------------------------------------------------

    def _start(self, request: Request, doc: Document, what: str) -> dict[str, str]:
        group = self.app.store.get("/".join(doc["id"].split("/")[:5])) or {}
        location = doc.get("location") or group.get("location", "global")
        subscription = doc["id"].split("/")[2]
        operation = self.app.operations.start(
            f"{self.kind.type}.{what}",
            provider=self.namespace,
            target=doc["id"],
            location=location,
            subscription=subscription,
        )
        base = f"{request.base_url}/subscriptions/{subscription}/providers/{self.namespace}/locations/{location}"
        tail = f"{operation.id}?api-version={request.api_version}"
        headers = {"Retry-After": str(self.app.config["generic"]["retry_after"])}
        style = self.kind.style if what == "write" else self.kind.delete_style
        if style == "async":
            headers["Azure-AsyncOperation"] = f"{base}/operations/{tail}"
        if style == "location" or what == "delete":
            headers["Location"] = f"{base}/operationResults/{tail}"
        return headers

    def _written(self, operation: Operation) -> None:
        doc = self.app.store.get(operation.target)
        if doc is not None and self.kind.provisions:
            doc["properties"]["provisioningState"] = "Succeeded"
            self.app.store.put(doc["id"], doc)

    def _deleted(self, operation: Operation) -> None:
        self.app.store.delete(operation.target)


def _shaped(body: Document) -> Document:
    """A body whose parts have the shape that they have for every type."""
    for name in ("tags", "sku", "identity", "properties"):
        arm_rules.mapping(body.get(name), name)
    return body


def _remove(properties: Document, path: list[str]) -> None:
    for step in path[:-1]:
        properties = properties.get(step) or {}
    properties.pop(path[-1], None)
