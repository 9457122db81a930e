# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Online endpoints of a workspace: written and deleted in operations, with keys that only `listKeys` shows, and traffic to their deployments.

Shapes, statuses and operations: docs/facts.md o [REC R15 to R20]; types-2026-05-01.md, OnlineEndpointProperties. Guesses: the texts and statuses of all
refusals; that traffic sums to 0 or 100 and names deployments that exist; that 50 % at most are mirrored, to one deployment that gets no other traffic; that
a change of the authentication mode is taken; that an endpoint on Kubernetes has the kind `K8S`. PATCH and the data collector are not simulated.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from azureml_simulator.entra.directory import stable_guid
from azureml_simulator.http import ArmError, Request, Response, not_simulated, refuse_unknown
from azureml_simulator.operations import Operation
from azureml_simulator.providers.machine_learning import common, identity, serving
from azureml_simulator.providers.machine_learning.common import API_VERSIONS, WORKSPACE, Document
from azureml_simulator.providers.machine_learning.online_deployments import DEPLOYMENT_TYPE, Deployments
from azureml_simulator.providers.machine_learning.online_operations import (
    ENDPOINT_TYPE,
    ONE,
    Writes,
    check_name,
    find_endpoint,
    invalid,
)
from azureml_simulator.providers.machine_learning.workspace_body import system_data
from azureml_simulator.routing import Route, routes_below

if TYPE_CHECKING:
    from azureml_simulator.app import App

# With the preview of this date, azure-ai-ml lists endpoints and deployments.
_SINCE = "2022-02-01"
_SENT = {"authMode", "description", "properties", "compute", "traffic", "mirrorTraffic", "publicNetworkAccess", "keys"}
_READ_ONLY = {"provisioningState", "scoringUri", "swaggerUri"}
_MODES = {mode.lower(): mode for mode in ("Key", "AMLToken", "AADToken")}
_ACCESS = {word.lower(): word for word in ("Enabled", "Disabled")}
_LIST_PARAMETERS = {"api-version", "$skip", "count", "name", "computetype"}
# The seconds are short for rehearsals; a deployment was seen to take 5 to 12 minutes.
DEFAULTS: Document = {
    "seconds": {
        "online_endpoint.write": 2.0,
        "online_endpoint.delete": 2.0,
        "online_endpoint.keys": 1.0,
        "online_deployment.write": 5.0,
        "online_deployment.delete": 3.0,
    },
    "page_sizes": {"online_endpoints": 30, "online_deployments": 30},
    **serving.DEFAULTS,
}


class Endpoints:
    """The handlers of endpoints."""

    def __init__(self, app: App) -> None:
        self.app, self.writes = app, Writes(app)
        app.operations.on_done("online_endpoint.write", self._written)
        app.operations.on_done("online_endpoint.delete", self._deleted)
        app.operations.on_done("online_endpoint.keys", self._renewed)
        # Keys are no part of the document, whose state is that of its own writes.
        app.operations.on_failed("online_endpoint.keys", lambda operation, error: None)

    # -- reading -----------------------------------------------------------------------------------------------------

    def get(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, find_endpoint(self.app, p))

    def list_all(self, request: Request, p: dict[str, str]) -> Response:
        query = {name.lower(): value for name, value in request.query.items()}
        refuse_unknown(set(query) - _LIST_PARAMETERS, "a list of online endpoints")
        docs = self.app.store.children(common.find_workspace(self.app, p)["id"], ENDPOINT_TYPE)
        docs = [
            doc
            for doc in docs
            if query.get("name", doc["name"]).lower() == doc["name"].lower()
            and query.get("computetype", doc["kind"]).lower() == doc["kind"].lower()
        ]
        return Response(200, common.page(self.app, request, docs, "online_endpoints", most=query.get("count")))

    # -- writing -----------------------------------------------------------------------------------------------------

    def put(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.parent_workspace(self.app, p)
        common.need_succeeded(workspace)
        before = self.app.store.get(ONE.format(**p))
        self.writes.need_idle(before, workspace["location"])
        body = request.json_object
        sent = common.mapping(body.get("properties"), "properties")
        self._check(p["endpoint"], workspace, body, sent, before)
        if before is None:
            doc = self._new(request, p, workspace, body, sent)
        else:
            doc = before
            doc["systemData"] |= {
                name: value
                for name, value in system_data(self.app, request.principal).items()
                if not name.startswith("created")
            }
        doc["properties"]["provisioningState"] = common.CREATING if before is None else common.UPDATING
        wanted = {
            "tags": copy.deepcopy(body.get("tags")) or {},
            "description": sent.get("description"),
            "authMode": _MODES[str(sent.get("authMode")).lower()],
            "publicNetworkAccess": _ACCESS[str(sent.get("publicNetworkAccess") or "Enabled").lower()],
            "traffic": _shares(sent.get("traffic")),
            "mirrorTraffic": _shares(sent.get("mirrorTraffic")),
        }
        if "identity" in body:
            wanted["identity"] = identity.resolve(self.app, doc["id"], body["identity"])
        # Properties can be added, but not removed [SPEC].
        doc["properties"]["properties"] |= common.mapping(sent.get("properties"), "properties")
        headers = self.writes.start(
            request, "online_endpoint.write", "oeidp", workspace, doc, wanted=wanted, base=self.app.base_url(request)
        )
        self.app.store.put(doc["id"], doc, private=self._keys(doc["id"], sent) if before is None else None)
        return Response(201 if before is None else 200, doc, headers=headers)

    def _new(
        self, request: Request, p: dict[str, str], workspace: Document, body: Document, sent: Document
    ) -> Document:
        resource_id = f"{workspace['id']}/onlineEndpoints/{p['endpoint']}"
        return {
            "id": resource_id,
            "name": p["endpoint"],
            "type": ENDPOINT_TYPE,
            "location": common.region(body.get("location"), workspace["location"]),
            "kind": "K8S" if sent.get("compute") else "Managed",
            "identity": identity.resolve(self.app, resource_id, body.get("identity")),
            "tags": copy.deepcopy(body.get("tags")) or {},
            "properties": {
                "description": sent.get("description"),
                "properties": {"azureml.onlineendpointid": resource_id.lower()},
                "scoringUri": None,
                "swaggerUri": None,
                "authMode": _MODES[str(sent.get("authMode")).lower()],
                "compute": sent.get("compute"),
                "traffic": {},
                "mirrorTraffic": {},
                "publicNetworkAccess": "Enabled",
            },
            "systemData": system_data(self.app, request.principal),
        }

    def _check(self, name: str, workspace: Document, body: Document, sent: Document, before: Document | None) -> None:
        where = workspace["location"]
        refuse_unknown(set(sent) - _SENT - _READ_ONLY, "an online endpoint")
        if str(sent.get("authMode")).lower() not in _MODES:
            raise invalid("authMode", f"'{sent.get('authMode')}' is none of {', '.join(_MODES.values())}", where)
        if str(sent.get("publicNetworkAccess") or "enabled").lower() not in _ACCESS:
            raise invalid("publicNetworkAccess", f"'{sent['publicNetworkAccess']}' is not known", where)
        if not body.get("location"):
            raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
        common.tags_of(body)
        if before is None:
            self._check_new(name, workspace, sent)
        else:
            self._check_fixed(before, body, sent)
        self._check_traffic(workspace, sent, before)

    def _check_new(self, name: str, workspace: Document, sent: Document) -> None:
        where = workspace["location"]
        check_name(name, where)
        for other in self.app.store.by_type(None, ENDPOINT_TYPE):
            if other["name"].lower() == name.lower() and other["location"] == where:
                raise invalid("name", f"the name '{name}' is taken in the region '{where}'", where)
        if sent.get("compute"):
            compute = self.app.store.get(str(sent["compute"]))
            kind = compute["properties"]["computeType"] if compute else None
            if kind == "AKS":
                raise invalid("compute", "NotSupported: computes of type AKS are not supported", where)
            if kind != "Kubernetes":
                raise invalid("compute", f"'{sent['compute']}' is not a Kubernetes compute of the workspace", where)
            if compute and compute["properties"]["provisioningState"] == common.FAILED:
                # [DOC how-to-troubleshoot-online-endpoints, InferencingClientCallFailed]
                raise invalid("compute", f"the extension of '{sent['compute']}' cannot be reached", where)

    def _check_fixed(self, before: Document, body: Document, sent: Document) -> None:
        where = before["location"]
        if str(sent.get("compute") or "").lower() != str(before["properties"]["compute"] or "").lower():
            raise invalid("compute", "it cannot change", where)
        if common.region(body["location"], where) != where:
            raise invalid("location", "it cannot change", where)
        asked = identity.resolve(self.app, before["id"], body.get("identity"))
        if (
            "identity" in body and asked != before["identity"]
        ):  # [DOC how-to-access-resources-from-endpoints-managed-identities]
            raise invalid("identity", "the identity of an endpoint cannot change", where)

    def _check_traffic(self, workspace: Document, sent: Document, before: Document | None) -> None:
        where = workspace["location"]
        traffic, mirror = _shares(sent.get("traffic")), _shares(sent.get("mirrorTraffic"))
        known = self.app.store.children(before["id"], DEPLOYMENT_TYPE) if before else []
        names = {doc["name"] for doc in known}
        for option, shares in (("traffic", traffic), ("mirrorTraffic", mirror)):
            missing = sorted({*shares} - names)
            if missing:
                raise invalid(option, f"the endpoint has no deployment '{missing[0]}'", where)
            if any(not isinstance(share, int) or not 0 <= share <= 100 for share in shares.values()):
                raise invalid(option, "each value must be from 0 to 100", where)
        _check_sums(traffic, mirror, where)

    def _written(self, operation: Operation) -> None:
        doc = self.app.store.get(operation.target)
        if doc is None:
            return
        for name, value in operation.data["wanted"].items():
            (doc if name in ("tags", "identity") else doc["properties"])[name] = value
        address = serving.address(operation.data["base"], doc)
        doc["properties"] |= {
            "scoringUri": f"{address}/score",
            "swaggerUri": f"{address}/swagger.json",
            "provisioningState": common.SUCCEEDED,
        }
        self.app.store.put(doc["id"], doc)

    def delete(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.find_workspace(self.app, p)
        doc = self.app.store.get(ONE.format(**p))
        if doc is None:
            return Response(204)
        self.writes.need_idle(doc, workspace["location"])
        deployments = self.app.store.children(doc["id"], DEPLOYMENT_TYPE)
        for one in deployments:
            self.writes.need_idle(one, workspace["location"])
        for one in (doc, *deployments):
            one["properties"]["provisioningState"] = common.DELETING
            self.app.store.put(one["id"], one)
        return self.writes.deletion(request, "online_endpoint.delete", "oeidp", workspace, doc)

    def _deleted(self, operation: Operation) -> None:
        for doc in self.app.store.children(operation.target, DEPLOYMENT_TYPE):
            self.app.store.delete(doc["id"])
        self.app.store.delete(operation.target)

    # -- keys and tokens ---------------------------------------------------------------------------------------------

    def _keys(self, resource_id: str, sent: Document) -> Document:
        given = common.mapping(sent.get("keys"), "keys")
        return {
            name: given.get(name) or _new_key(self.app, resource_id, name) for name in ("primaryKey", "secondaryKey")
        }

    def list_keys(self, request: Request, p: dict[str, str]) -> Response:
        """Null for both in another mode [REC R20]."""
        doc = find_endpoint(self.app, p)
        held = self.app.store.private(doc["id"])
        shown = doc["properties"]["authMode"] == "Key"
        return Response(200, {name: held[name] if shown else None for name in ("primaryKey", "secondaryKey")})

    def regenerate_keys(self, request: Request, p: dict[str, str]) -> Response:
        doc = find_endpoint(self.app, p)
        kinds = {"primary": "primaryKey", "secondary": "secondaryKey"}
        name = kinds.get(str(request.json_object.get("keyType")).lower())
        if name is None:
            raise invalid(
                "keyType", f"'{request.json_object.get('keyType')}' is not Primary or Secondary", doc["location"]
            )
        self.writes.need_idle(doc, doc["location"])
        workspace = common.find_workspace(self.app, p)
        value = request.json_object.get("keyValue") or _new_key(self.app, doc["id"], name)
        return self.writes.action(request, "online_endpoint.keys", "oeidp", workspace, doc, keys={name: value})

    def _renewed(self, operation: Operation) -> None:
        doc = self.app.store.get(operation.target)
        if doc is not None:
            held = self.app.store.private(operation.target)
            self.app.store.put(operation.target, doc, private={**held, **operation.data["keys"]})

    def token(self, request: Request, p: dict[str, str]) -> Response:
        doc = find_endpoint(self.app, p)
        if doc["properties"]["authMode"] != "AMLToken":
            raise not_simulated("The simulator knows tokens of endpoints with the mode AMLToken alone.")
        now = int(self.app.clock.now())
        return Response(
            200,
            {
                "accessToken": serving.token_of(self.app, doc),
                "tokenType": "Bearer",
                "expiryTimeUtc": now + 24 * 3600,
                "refreshAfterTimeUtc": now + 12 * 3600,
            },
        )

    def routes(self) -> list[Route]:
        rows = (
            ("GET", "", self.list_all, "read"),
            ("GET", "/{endpoint}", self.get, "read"),
            ("PUT", "/{endpoint}", self.put, "write"),
            ("DELETE", "/{endpoint}", self.delete, "delete"),
            ("POST", "/{endpoint}/listKeys", self.list_keys, "listKeys/action"),
            ("POST", "/{endpoint}/regenerateKeys", self.regenerate_keys, "regenerateKeys/action"),
            ("POST", "/{endpoint}/token", self.token, "token/action"),
        )
        return routes_below(WORKSPACE + "/onlineEndpoints", rows, API_VERSIONS, ENDPOINT_TYPE, since=_SINCE)


def _new_key(app: App, resource_id: str, name: str) -> str:
    return stable_guid(resource_id, name, str(app.clock.now())).replace("-", "")


def _shares(sent: Any) -> Document:
    return {name: share for name, share in common.mapping(sent, "traffic").items() if share is not None}


def _check_sums(traffic: Document, mirror: Document, where: str) -> None:
    if sum(traffic.values()) not in (0, 100):
        raise invalid("traffic", f"the values sum to {sum(traffic.values())}, and not to 0 or 100", where)
    mirrored = [name for name, share in mirror.items() if share]
    if len(mirrored) > 1 or sum(mirror.values()) > 50 or any(traffic.get(name) for name in mirrored):
        raise invalid("mirrorTraffic", "at most 50 are mirrored, to one deployment without other traffic", where)


def routes(app: App) -> list[Route]:
    return [*Endpoints(app).routes(), *Deployments(app).routes(), *serving.routes(app)]
