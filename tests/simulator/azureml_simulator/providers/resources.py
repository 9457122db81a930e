# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft.Resources: subscriptions, tenants, provider registrations and resource groups.

Resource group deletion is a Location-style operation (ARM asynchronous operations documentation); the texts of the
refusals are docs/facts.md b.2 [ARM] and ARM's own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azureml_simulator.arm import filters, registrations
from azureml_simulator.arm import rules as arm_rules
from azureml_simulator.arm.locations import LOCATIONS, normalise
from azureml_simulator.entra.directory import SUBSCRIPTIONS, TENANT
from azureml_simulator.http import ArmError, Request, Response
from azureml_simulator.operations import Operation
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

RG_TYPE = "Microsoft.Resources/resourceGroups"
_RG_ACTION = "Microsoft.Resources/subscriptions/resourceGroups"
_NAME = re.compile(r"^[-\w._()]{1,89}[-\w_()]$|^[-\w_()]$")
DEFAULTS: dict[str, Any] = {"seconds": {"resource_group.delete": 2.0}}


class ResourceGroups:
    """The handlers of resource groups."""

    def __init__(self, app: App) -> None:
        self.app = app
        app.operations.on_done("resource_group.delete", self._deleted)

    @staticmethod
    def resource_id(p: dict[str, str]) -> str:
        return f"/subscriptions/{p['sub']}/resourceGroups/{p['rg']}"

    def put(self, request: Request, p: dict[str, str]) -> Response:
        body, resource_id = request.json_object, self.resource_id(p)
        if not _NAME.match(p["rg"]):
            raise ArmError(
                400,
                "InvalidResourceGroup",
                f"The provided resource group name '{p['rg']}' has these invalid characters or ends with '.'. The "
                "name can only be a letter, digit, '-', '.', '(', ')' or '_', at most 90 characters.",
            )
        location = self._location(body)
        existing = self.app.store.get(resource_id)
        if existing is not None:
            self._same_place(existing, p["rg"], location)
            self._not_deleting(existing, p["rg"])
        doc = {
            "id": resource_id,
            "name": existing["name"] if existing else p["rg"],
            "type": RG_TYPE,
            "location": location,
            "tags": body.get("tags") or {},
            "properties": {"provisioningState": "Succeeded"},
        }
        if body.get("managedBy"):
            doc["managedBy"] = body["managedBy"]
        self.app.store.put(resource_id, doc)
        return Response(200 if existing else 201, self.app.store.get(resource_id))

    def patch(self, request: Request, p: dict[str, str]) -> Response:
        doc = self.app.resource_group(p["sub"], p["rg"])
        body = request.json_object
        if "tags" in body:
            doc["tags"] = body["tags"] or {}
        if "location" in body:
            self._same_place(doc, p["rg"], self._location(body))
        self.app.store.put(doc["id"], doc)
        return Response(200, doc)

    def get(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, self.app.resource_group(p["sub"], p["rg"]))

    def head(self, request: Request, p: dict[str, str]) -> Response:
        return Response(204 if self.app.store.get(self.resource_id(p)) else 404, gateway=True)

    def list(self, request: Request, p: dict[str, str]) -> Response:
        groups = self.app.store.by_type(p["sub"], RG_TYPE)
        wanted = filters.of_request(request, ("tagname", "tagvalue"))
        groups = [doc for doc in groups if wanted is None or wanted(_tag_rows(doc))]
        assert request.principal is not None
        return Response(200, {"value": [doc for doc in groups if self.app.rbac.sees(request.principal, doc["id"])]})

    def delete(self, request: Request, p: dict[str, str]) -> Response:
        doc = self.app.resource_group(p["sub"], p["rg"])
        operation = self.app.operations.active_for(doc["id"])
        if operation is None:
            doc["properties"]["provisioningState"] = "Deleting"
            self.app.store.put(doc["id"], doc)
            operation = self.app.operations.start(
                "resource_group.delete",
                provider="Microsoft.Resources",
                target=doc["id"],
                location=doc["location"],
                subscription=p["sub"],
            )
        return Response(202, headers=self._poll_headers(request, operation))

    def operation_result(self, request: Request, p: dict[str, str]) -> Response:
        operation = self.app.operations.asked(p["operation"])
        if operation is None:
            raise ArmError(404, "OperationNotFound", f"The operation '{p['operation']}' could not be found.")
        if operation.status == "InProgress":
            return Response(202, headers=self._poll_headers(request, operation))
        if operation.error:
            raise ArmError(409, operation.error["code"], operation.error["message"], operation.error.get("details"))
        return Response(200, operation.data.get("result"))

    def resources(self, request: Request, p: dict[str, str]) -> Response:
        group = self.app.resource_group(p["sub"], p["rg"])
        return self._resources(request, group["id"], f"{_RG_ACTION}/resources/read")

    def all_resources(self, request: Request, p: dict[str, str]) -> Response:
        return self._resources(
            request, f"/subscriptions/{p['sub']}", "Microsoft.Resources/subscriptions/resources/read"
        )

    def _resources(self, request: Request, scope: str, action: str) -> Response:
        """Those that the caller may read [ARM]; that who has no role at, above or below the scope is refused, is a guess."""
        assert request.principal is not None
        if not self.app.rbac.sees(request.principal, scope):
            self.app.rbac.require(request.principal, action, scope)
        found = _listed(self.app.store.children(scope), request)
        may_read = self.app.rbac.allowed
        return Response(
            200, {"value": [doc for doc in found if may_read(request.principal, f"{doc['type']}/read", doc["id"])]}
        )

    def _deleted(self, operation: Operation) -> None:
        self.app.store.delete(operation.target)

    @staticmethod
    def _poll_headers(request: Request, operation: Operation) -> dict[str, str]:
        path = f"/subscriptions/{operation.subscription}/operationresults/{operation.id}"
        return {"Location": f"{request.base_url}{path}?api-version={request.api_version}", "Retry-After": "1"}

    @staticmethod
    def _location(body: dict[str, Any]) -> str:
        location = body.get("location")
        if not location:
            raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
        normal = normalise(location)
        if normal not in LOCATIONS:
            raise ArmError(
                400,
                "LocationNotAvailableForResourceGroup",
                f"The provided location '{location}' is not available for resource group. List of available regions "
                f"is '{','.join(sorted(LOCATIONS))}'.",
            )
        return normal

    @staticmethod
    def _same_place(existing: dict[str, Any], name: str, location: str) -> None:
        if existing["location"] != location:
            raise ArmError(
                409,
                "InvalidResourceGroupLocation",
                f"Invalid resource group location '{location}'. The Resource group already exists in location "
                f"'{existing['location']}'.",
            )

    @staticmethod
    def _not_deleting(existing: dict[str, Any], name: str) -> None:
        if existing["properties"]["provisioningState"] == "Deleting":
            raise ArmError(
                409,
                "ResourceGroupBeingDeleted",
                f"The resource group '{name}' is in deprovisioning state and cannot perform this operation.",
            )


_FILTERED = (
    "resourcetype",
    "name",
    "location",
    "resourcegroup",
    "identity",
    "identity/principalid",
    "tagname",
    "tagvalue",
)


def _tag_rows(doc: dict[str, Any]) -> list[dict[str, Any]]:
    """What a filter sees of a resource: a row for each of its tags, or one without."""
    identity = doc.get("identity") or {}
    row = {
        "resourcetype": doc["type"],
        "name": doc["name"],
        "location": normalise(doc.get("location", "")),
        "resourcegroup": arm_rules.group_of(doc["id"]),
        "identity": identity.get("type"),
        "identity/principalid": identity.get("principalId"),
    }
    tags = (doc.get("tags") or {}).items() or [("", "")]
    return [{**row, "tagname": name, "tagvalue": value} for name, value in tags]


def _listed(docs: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    """What a list of resources shows: tracked top-level ones, without their properties."""
    wanted = filters.of_request(request, _FILTERED)
    keys = ("id", "name", "type", "location", "tags", "kind", "sku", "identity", "managedBy")
    tracked = [doc for doc in docs if "location" in doc and doc["type"] != RG_TYPE]
    if wanted is not None:
        tracked = [doc for doc in tracked if wanted(_tag_rows(doc))]
    return [{key: doc[key] for key in keys if key in doc} for doc in tracked]


class Subscriptions:
    """Subscriptions, tenants and provider registrations, as far as clients look at them."""

    def __init__(self, app: App) -> None:
        self.app = app

    @staticmethod
    def _doc(subscription: str) -> dict[str, Any]:
        return {
            "id": f"/subscriptions/{subscription}",
            "subscriptionId": subscription,
            "tenantId": TENANT,
            "displayName": SUBSCRIPTIONS[subscription],
            "state": "Enabled",
            "subscriptionPolicies": {"locationPlacementId": "Public_2014-09-01", "spendingLimit": "Off"},
            "authorizationSource": "RoleBased",
        }

    def get(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, self._doc(p["sub"].lower()))

    def list(self, request: Request, p: dict[str, str]) -> Response:
        assert request.principal is not None
        seen = [sub for sub in SUBSCRIPTIONS if self.app.rbac.sees(request.principal, f"/subscriptions/{sub}")]
        return Response(200, {"value": [self._doc(sub) for sub in seen]})

    def tenants(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, {"value": [{"id": f"/tenants/{TENANT}", "tenantId": TENANT}]})

    def locations(self, request: Request, p: dict[str, str]) -> Response:
        prefix = f"/subscriptions/{p['sub']}/locations"
        value = [{"id": f"{prefix}/{name}", "name": name, "displayName": text} for name, text in LOCATIONS.items()]
        return Response(200, {"value": value})

    def _providers(self, sub: str) -> tuple[dict[str, Any], ...]:
        return tuple(
            {
                "id": f"/subscriptions/{sub}/providers/{namespace}",
                "namespace": namespace,
                "registrationPolicy": "RegistrationRequired",
                "registrationState": "Registered",
                "resourceTypes": types,
            }
            for namespace, types in sorted(registrations.resource_types(self.app.routes).items())
        )

    def providers(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, {"value": list(self._providers(p["sub"]))})

    def provider(self, request: Request, p: dict[str, str]) -> Response:
        for provider in self._providers(p["sub"]):
            if provider["namespace"].lower() == p["ns"].lower():
                return Response(200, provider)
        raise ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{p['ns']}' is invalid.")

    def register(self, request: Request, p: dict[str, str]) -> Response:
        """Who may do it has the provider's own action (docs, resource-providers-and-types)."""
        answer = self.provider(request, p)
        assert request.principal is not None
        namespace = answer.body["namespace"]
        self.app.rbac.require(request.principal, f"{namespace}/register/action", f"/subscriptions/{p['sub']}")
        return answer


def routes(app: App) -> list[Route]:
    groups, subscriptions = ResourceGroups(app), Subscriptions(app)
    sub = "/subscriptions/{sub}"
    one = sub + "/resourceGroups/{rg}"
    read = "Microsoft.Resources/subscriptions"
    return [
        Route("GET", "/tenants", subscriptions.tenants),
        Route("GET", "/subscriptions", subscriptions.list),
        Route("GET", sub, subscriptions.get, action=f"{read}/read"),
        Route("GET", sub + "/locations", subscriptions.locations, action=f"{read}/locations/read"),
        Route("GET", sub + "/providers", subscriptions.providers, action=f"{read}/providers/read"),
        Route("GET", sub + "/providers/{ns}", subscriptions.provider, action=f"{read}/providers/read"),
        Route("POST", sub + "/providers/{ns}/register", subscriptions.register),
        Route("GET", sub + "/resources", groups.all_resources),
        Route("GET", sub + "/operationresults/{operation}", groups.operation_result),
        Route("GET", sub + "/resourceGroups", groups.list),
        Route("GET", one, groups.get, action=f"{_RG_ACTION}/read"),
        Route("HEAD", one, groups.head, action=f"{_RG_ACTION}/read"),
        Route("PUT", one, groups.put, action=f"{_RG_ACTION}/write"),
        Route("PATCH", one, groups.patch, action=f"{_RG_ACTION}/write"),
        Route("DELETE", one, groups.delete, action=f"{_RG_ACTION}/delete"),
        Route("GET", one + "/resources", groups.resources),
    ]
