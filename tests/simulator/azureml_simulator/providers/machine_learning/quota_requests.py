# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests for more quota of a subscription: Microsoft.Quota at the scope of a region of Azure Machine Learning (docs/facts.md m).

Shapes: types of Microsoft.Quota 2025-09-01, and the specification's examples for this scope. Who is asked for quota decides by the configuration:
`quota_requests` has for a name (a family, TotalLowPriorityCores) `pending`, or the error with which its requests are refused; all others are granted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from azureml_simulator.arm.rules import mapping
from azureml_simulator.http import ArmError, Request, Response, not_known
from azureml_simulator.operations import Operation, OperationFailure
from azureml_simulator.providers.machine_learning import catalogue, quota
from azureml_simulator.providers.machine_learning.common import LOCATION, Document
from azureml_simulator.providers.machine_learning.locations import location_of
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

PROVIDER = "Microsoft.Quota"
_VERSIONS = ("2021-03-15-preview", "2023-02-01", "2023-06-01-preview", "2025-03-01", "2025-09-01")
_SPACE = "quota requests"
PENDING = "pending"
# Requests took 35 to 95 seconds where they were decided at once; others take people days.
DEFAULTS: Document = {
    "seconds": {"quota.request": 40.0},
    "quota_requests": {},
    # Whether the answer to a request has a body is not known; neither is the status of an unknown name.
    "guesses": {"quota_request": {"body": True, "unknown_name": 404}},
}
_DAYS = 30 * 86400.0
_DEDICATED, _LOW_PRIORITY = "dedicated", "lowPriority"


class QuotaRequests:
    """The handlers."""

    def __init__(self, app: App) -> None:
        self.app = app
        app.operations.on_done("quota.request", self._decide)
        app.operations.on_failed("quota.request", self._refuse)

    # -- reading -----------------------------------------------------------------------------------------------------

    def _scope(self, p: dict[str, str]) -> str:
        return f"{LOCATION.format(sub=p['sub'], loc=location_of(p))}/providers/{PROVIDER}"

    def _name(self, name: str) -> str:
        """As the service spells it."""
        known = {one.lower(): one for one in (*catalogue.FAMILIES, quota.LOW_PRIORITY)}
        if name.lower() not in known:
            status = self.app.config["guesses"]["quota_request"]["unknown_name"]
            raise ArmError(status, "InvalidResourceName", f"The resource name '{name}' is not valid.")
        return known[name.lower()]

    def _quota(self, p: dict[str, str], name: str) -> Document:
        limit = quota.limit(self.app, p["sub"], location_of(p), name)
        return {
            "id": f"{self._scope(p)}/quotas/{name}",
            "name": name,
            "type": f"{PROVIDER}/quotas",
            "properties": {
                "limit": {"limitObjectType": "LimitValue", "limitType": "Independent", "value": limit},
                "unit": "Count",
                "name": _named(name),
                "resourceType": _type(name),
                "isQuotaApplicable": self.app.config["quota_requests"].get(name) != "not applicable",
                "properties": {},
            },
        }

    def get(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, self._quota(p, self._name(p["name"])))

    def list_all(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, {"value": [self._quota(p, name) for name in (*catalogue.FAMILIES, quota.LOW_PRIORITY)]})

    def list_requests(self, request: Request, p: dict[str, str]) -> Response:
        """The newest first, which is a guess."""
        prefix = self._scope(p).lower() + "/"
        found = [doc for key, doc in self.app.store.kv_items(_SPACE) if key.startswith(prefix)]
        return Response(200, {"value": found[::-1]})

    def get_request(self, request: Request, p: dict[str, str]) -> Response:
        doc = self.app.store.kv_get(_SPACE, f"{self._scope(p)}/quotarequests/{p['id']}".lower())
        if doc is None:
            raise ArmError(404, "NotFound", f"The quota request '{p['id']}' was not found.")
        return Response(200, doc)

    def status(self, request: Request, p: dict[str, str]) -> Response:
        operation = self.app.operations.asked(p["id"])
        if operation is None or operation.kind != "quota.request":
            raise ArmError(404, "NotFound", f"The operation '{p['id']}' was not found.")
        body: Document = {"id": request.path, "name": operation.id, "status": operation.status}
        return Response(200, {**body, "error": operation.error} if operation.error else body)

    # -- writing -----------------------------------------------------------------------------------------------------

    def write(self, request: Request, p: dict[str, str]) -> Response:
        name, scope = self._name(p["name"]), self._scope(p)
        limit = _limit(mapping(request.json_object.get("properties"), "properties"), name)
        current = self._quota(p, name)["properties"]
        if not current["isQuotaApplicable"]:
            raise not_known("how a request for a quota is refused whose isQuotaApplicable is false")
        if limit <= current["limit"]["value"]:
            raise not_known("how a request for no more than the current limit is answered")
        pending = self.app.config["quota_requests"].get(name) == PENDING
        operation = self.app.operations.start(
            "quota.request",
            provider=PROVIDER,
            target=f"{scope}/quotas/{name}",
            location=location_of(p),
            seconds=_DAYS if pending else None,
            subscription=p["sub"],
        )
        doc: Document = {
            "id": f"{scope}/quotaRequests/{operation.id}",
            "name": operation.id,
            "type": f"{PROVIDER}/quotaRequests",
            "properties": {
                "provisioningState": "Accepted",
                "message": "Request submitted.",
                "requestSubmitTime": self.app.clock.iso(),
                "value": [
                    {
                        "name": current["name"],
                        "limit": {"limitObjectType": "LimitValue", "value": limit},
                        "provisioningState": "Accepted",
                        "message": "Request submitted.",
                        "subRequestId": operation.id,
                        "resourceType": current["resourceType"],
                        "unit": "Count",
                    }
                ],
            },
        }
        self._keep(doc)
        address = f"{self.app.base_url(request)}{scope}"
        headers = {
            "Location": f"{address}/quotaRequests/{operation.id}?api-version={request.api_version}",
            "Azure-AsyncOperation": f"{address}/operationsStatus/{operation.id}?api-version={request.api_version}",
        }
        return Response(202, doc if self.app.config["guesses"]["quota_request"]["body"] else None, headers)

    def _keep(self, doc: Document) -> None:
        self.app.store.kv_put(_SPACE, doc["id"].lower(), doc)

    def _request_of(self, operation: Operation) -> Document:
        scope = operation.target.rsplit("/quotas/", 1)[0]
        found: Document = self.app.store.kv_get(_SPACE, f"{scope}/quotaRequests/{operation.id}".lower())
        return found

    def _decide(self, operation: Operation) -> OperationFailure | None:
        doc = self._request_of(operation)
        asked = doc["properties"]["value"][0]
        name = asked["name"]["value"]
        refused = self.app.config["quota_requests"].get(name)
        if isinstance(refused, dict):
            self._refuse(operation, refused)
            return refused
        key = f"{operation.subscription}|{operation.location}|{name}".lower()
        self.app.store.kv_put(quota.GRANTED, key, asked["limit"]["value"])
        self._settle(doc, "Succeeded", "The request was granted.")
        return None

    def _refuse(self, operation: Operation, error: OperationFailure) -> None:
        doc = self._request_of(operation)
        doc["properties"]["error"] = {name: error[name] for name in ("code", "message")}
        self._settle(doc, "Failed", error["message"])

    def _settle(self, doc: Document, state: str, message: str) -> None:
        for part in (doc["properties"], doc["properties"]["value"][0]):
            part.update(provisioningState=state, message=message)
        self._keep(doc)

    def routes(self) -> list[Route]:
        scope = f"{LOCATION}/providers/{PROVIDER}"
        one, read = f"{scope}/quotas/{{name}}", f"{PROVIDER}/quotas/read"
        return [
            Route("GET", f"{scope}/quotas", self.list_all, _VERSIONS, read),
            Route("GET", one, self.get, _VERSIONS, read),
            Route("PUT", one, self.write, _VERSIONS, f"{PROVIDER}/quotas/write"),
            Route("PATCH", one, self.write, _VERSIONS, f"{PROVIDER}/quotas/write"),
            Route("GET", f"{scope}/quotaRequests", self.list_requests, _VERSIONS, f"{PROVIDER}/quotaRequests/read"),
            Route(
                "GET", f"{scope}/quotaRequests/{{id}}", self.get_request, _VERSIONS, f"{PROVIDER}/quotaRequests/read"
            ),
            Route("GET", f"{scope}/operationsStatus/{{id}}", self.status, _VERSIONS, read),
        ]


def _type(name: str) -> str:
    return _LOW_PRIORITY if name == quota.LOW_PRIORITY else _DEDICATED


def _named(name: str) -> Document:
    text = (
        "Total Cluster LowPriority Regional vCPUs"
        if name == quota.LOW_PRIORITY
        else f"{catalogue.localised(name)} Cluster Dedicated vCPUs"
    )
    return {"value": name, "localizedValue": text}


def _limit(sent: Document, name: str) -> int:
    """The limit that a body asks for."""
    for part in sent:
        if part not in ("limit", "name", "resourceType", "unit"):
            raise not_known(f"'{part}' of a quota")
    limit = mapping(sent.get("limit"), "limit")
    value = limit.get("value")
    if limit.get("limitObjectType") != "LimitValue" or isinstance(value, bool) or not isinstance(value, int):
        raise ArmError(400, "InvalidRequestContent", "The limit of a quota must be a LimitValue with a whole number.")
    if str(mapping(sent.get("name"), "name").get("value", name)).lower() != name.lower():
        raise not_known("how a request with another name than its address has is answered")
    if sent.get("resourceType", _type(name)) != _type(name):
        raise not_known(f"'{sent['resourceType']}' as the resourceType of {name}")
    return value


def routes(app: App) -> list[Route]:
    return QuotaRequests(app).routes()
