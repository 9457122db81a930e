# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployments of an online endpoint: what it answers with, on how many instances.

Shapes and operations: docs/facts.md o [REC R19, R20]; types-2026-05-01.md, OnlineDeploymentProperties. Registered models, environments and code: assets.py.
Guesses: the texts and statuses of all refusals; that type, region and egress cannot change and all else can, in place; that a deployment
with traffic cannot be deleted; the defaults of Kubernetes; that a data collector is shown as it was sent. PATCH is not simulated.
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

from azureml_simulator.http import ArmError, Request, Response, refuse_unknown
from azureml_simulator.operations import Operation, OperationFailure
from azureml_simulator.providers.machine_learning import assets, common
from azureml_simulator.providers.machine_learning.common import API_VERSIONS, Document
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

DEPLOYMENT_TYPE = f"{ENDPOINT_TYPE}/deployments"
# With the preview of this date, azure-ai-ml lists endpoints and deployments.
_SINCE = "2022-02-01"
_PROBE = {
    "failureThreshold": 30,
    "successThreshold": 1,
    "timeout": "PT2S",
    "period": "PT10S",
    "initialDelay": "PT10S",
}
# What a GET shows where nothing was sent [REC R19].
_DEFAULTS: Document = {
    "description": None,
    "codeConfiguration": None,
    "environmentId": None,
    "environmentVariables": {},
    "scaleSettings": {"scaleType": "Default"},
    "requestSettings": {"maxQueueWait": "PT0S", "requestTimeout": "PT5S", "maxConcurrentRequestsPerInstance": 1},
    "modelMountPath": None,
    "appInsightsEnabled": False,
    "livenessProbe": _PROBE,
    "readinessProbe": _PROBE,
    "startupProbe": None,
    "instanceType": "Standard_F4s_v2",
    "model": None,
    "egressPublicNetworkAccess": "Enabled",
    "dataCollector": None,
}
_OF_KUBERNETES = {"containerResourceRequirements"}
_SENT = {*_DEFAULTS, "endpointComputeType", "properties"}
_OF_COLLECTOR = {"collections", "requestLogging", "rollingRate"}
_OF_COLLECTION = {"clientId", "dataCollectionMode", "dataId", "samplingRate"}
_FIXED = ("endpointComputeType", "egressPublicNetworkAccess")


class Deployments:
    """The handlers of deployments."""

    def __init__(self, app: App) -> None:
        self.app, self.writes = app, Writes(app)
        app.operations.on_done("online_deployment.write", self._written)
        app.operations.on_failed("online_deployment.write", self._failed)
        app.operations.on_done("online_deployment.delete", self._deleted)

    # -- reading -----------------------------------------------------------------------------------------------------

    def _find(self, p: dict[str, str]) -> Document:
        doc = self.app.store.get(f"{find_endpoint(self.app, p)['id']}/deployments/{p['name']}")
        if doc is None:
            path = f"workspaces/{p['ws']}/onlineEndpoints/{p['endpoint']}/deployments/{p['name']}"
            raise common.not_found(path, p["rg"])
        return doc

    def get(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, self._find(p))

    def list_all(self, request: Request, p: dict[str, str]) -> Response:
        query = {name.lower() for name in request.query}
        refuse_unknown(query - {"api-version", "$skip", "$top"}, "a list of online deployments")
        docs = self.app.store.children(find_endpoint(self.app, p)["id"], DEPLOYMENT_TYPE)
        return Response(200, common.page(self.app, request, docs, "online_deployments", most=request.query.get("$top")))

    def skus(self, request: Request, p: dict[str, str]) -> Response:
        """As recorded [REC R20], the provider's odd name included."""
        self._find(p)
        capacity = {"minimum": 1, "maximum": 50, "default": 3, "scaleType": "Automatic"}
        row = {
            "resourceType": "Microsoft.MachineLearning.Services/endpoints/deployments",
            "sku": {"name": "default", "tier": "Standard"},
            "capacity": capacity,
        }
        return Response(200, {"value": [row]})

    def logs(self, request: Request, p: dict[str, str]) -> Response:
        doc = self._find(p)
        error = self.app.store.private(doc["id"]).get("error")
        steps = ("SystemSetup", "UserContainerImagePull", "ModelDownload", "UserContainerStart")
        ends = {"UserContainerStart": "Failed"} if error else {}
        status = "\n".join(f"{step}: {ends.get(step, 'Succeeded')}" for step in steps)
        lines = [error["message"]] if error else ["The simulator runs no container."]
        tail = request.json_object.get("tail")
        shown = "\n".join(lines if tail is None else lines[-int(tail) :])
        return Response(200, {"content": f"Instance status:\n{status}\n\nContainer logs:\n{shown}\n"})

    # -- writing -----------------------------------------------------------------------------------------------------

    def put(self, request: Request, p: dict[str, str]) -> Response:
        endpoint = self._parent(p)
        workspace = common.parent_workspace(self.app, p)
        body = request.json_object
        sent = common.mapping(body.get("properties"), "properties")
        resource_id = f"{endpoint['id']}/deployments/{p['name']}"
        before = self.app.store.get(resource_id)
        for doc in (endpoint, before):
            self.writes.need_idle(doc, workspace["location"])
        capacity = self._check(p["name"], endpoint, body, sent, before)
        code = common.mapping(sent.get("codeConfiguration"), "codeConfiguration").get("codeId")
        assets.check_references(self.app, (sent.get("model"), sent.get("environmentId"), code), workspace["location"])
        wanted = self._wanted(sent, before)
        doc = before or {
            "id": resource_id,
            "name": p["name"],
            "type": DEPLOYMENT_TYPE,
            "location": common.region(body.get("location"), workspace["location"]),
            "kind": "Managed" if _managed(sent) else "K8S",
            "systemData": system_data(self.app, request.principal),
            "tags": copy.deepcopy(body.get("tags")) or {},
            "sku": {"name": "Default", "tier": "Standard", "capacity": capacity},
            "properties": {**copy.deepcopy(wanted), "properties": {}},
        }
        doc["properties"]["provisioningState"] = common.CREATING if before is None else common.UPDATING
        doc["properties"]["properties"] |= common.mapping(sent.get("properties"), "properties")
        headers = self.writes.start(
            request,
            "online_deployment.write",
            "odidp",
            workspace,
            doc,
            wanted=wanted,
            tags=copy.deepcopy(body.get("tags")) or {},
            capacity=capacity,
        )
        self.app.store.put(doc["id"], doc, private={})
        return Response(201 if before is None else 200, doc, headers=headers)

    def _parent(self, p: dict[str, str]) -> Document:
        common.parent_workspace(self.app, p)
        doc = self.app.store.get(ONE.format(**p))
        if doc is None:
            raise ArmError(
                404,
                "ParentResourceNotFound",
                f"Can not perform requested operation on nested resource. Parent resource '{p['ws']}/{p['endpoint']}' not found.",
            )
        return doc

    @staticmethod
    def _check(name: str, endpoint: Document, body: Document, sent: Document, before: Document | None) -> int:
        """The number of instances of a PUT that is taken."""
        where = endpoint["location"]
        managed = _managed(sent)
        refuse_unknown(
            set(sent) - _SENT - {"provisioningState"} - (set() if managed else _OF_KUBERNETES), "an online deployment"
        )
        check_name(name, where)
        if endpoint["kind"] == "K8S" and len(endpoint["name"]) + len(name) > 62:  # [DOC how-to-manage-quotas]
            raise invalid("name", "with the name of the endpoint, it has more than 62 characters", where)
        if not body.get("location"):
            raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
        if managed != (endpoint["kind"] == "Managed"):
            raise invalid("endpointComputeType", f"the endpoint is of the kind {endpoint['kind']}", where)
        _check_settings(sent, where)
        if before is not None:
            Deployments._check_fixed(before, body, sent)
        common.tags_of(body)
        return _capacity(body, before, where)

    @staticmethod
    def _check_fixed(before: Document, body: Document, sent: Document) -> None:
        held = before["properties"]
        for name in _FIXED:
            if sent.get(name) and str(sent[name]).lower() != str(held[name]).lower():
                raise invalid(name, "it cannot change", before["location"])
        if common.region(body["location"], before["location"]) != before["location"]:
            raise invalid("location", "it cannot change", before["location"])

    def _wanted(self, sent: Document, before: Document | None) -> Document:
        """All properties as they are when the operation is over: a PUT is of the whole."""
        managed = _managed(sent)
        defaults = dict(_DEFAULTS)
        if not managed:
            # Never null: azure-ai-ml, which reads what is in it, cannot read a deployment without it [SDK].
            resources = {"containerResourceLimits": None, "containerResourceRequests": None}
            defaults |= {"containerResourceRequirements": resources, "instanceType": "defaultinstancetype"}
        given = {name: value for name, value in sent.items() if name in defaults and value is not None}
        wanted = copy.deepcopy({**defaults, **given, "endpointComputeType": "Managed" if managed else "Kubernetes"})
        for name in ("livenessProbe", "readinessProbe", "requestSettings"):
            wanted[name] = {
                **defaults[name],
                **{key: value for key, value in wanted[name].items() if value is not None},
            }
        if before is not None:
            wanted["egressPublicNetworkAccess"] = before["properties"]["egressPublicNetworkAccess"]
        wanted["environmentVariables"] = {**wanted["environmentVariables"], **_added(wanted)}
        return wanted

    def _written(self, operation: Operation) -> None:
        doc = self.app.store.get(operation.target)
        if doc is None:
            return
        doc["tags"] = operation.data["tags"]
        doc["sku"] = {"name": "Default", "tier": "Standard", "capacity": operation.data["capacity"]}
        doc["properties"] |= {**operation.data["wanted"], "provisioningState": common.SUCCEEDED}
        self.app.store.put(doc["id"], doc)

    def _failed(self, operation: Operation, error: OperationFailure) -> None:
        doc = self.app.store.get(operation.target)
        if doc is not None:
            doc["properties"]["provisioningState"] = common.FAILED
            self.app.store.put(doc["id"], doc, private={"error": error})

    def delete(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.find_workspace(self.app, p)
        endpoint = self.app.store.get(ONE.format(**p))
        doc = self.app.store.get(f"{ONE.format(**p)}/deployments/{p['name']}")
        if endpoint is None or doc is None:
            return Response(204)
        for one in (endpoint, doc):
            self.writes.need_idle(one, workspace["location"])
        share = endpoint["properties"]["traffic"].get(doc["name"])
        if share:
            raise invalid("traffic", f"the deployment '{doc['name']}' has {share} % of the traffic", doc["location"])
        doc["properties"]["provisioningState"] = common.DELETING
        self.app.store.put(doc["id"], doc)
        return self.writes.deletion(request, "online_deployment.delete", "odidp", workspace, doc)

    def _deleted(self, operation: Operation) -> None:
        doc, endpoint = (
            self.app.store.get(id_) for id_ in (operation.target, operation.target.rpartition("/deployments/")[0])
        )
        self.app.store.delete(operation.target)
        if doc is not None and endpoint is not None:
            for name in ("traffic", "mirrorTraffic"):
                endpoint["properties"][name].pop(doc["name"], None)
            self.app.store.put(endpoint["id"], endpoint)

    def routes(self) -> list[Route]:
        rows = (
            ("GET", "", self.list_all, "read"),
            ("GET", "/{name}", self.get, "read"),
            ("PUT", "/{name}", self.put, "write"),
            ("DELETE", "/{name}", self.delete, "delete"),
            ("GET", "/{name}/skus", self.skus, "skus/read"),
            ("POST", "/{name}/getLogs", self.logs, "getLogs/action"),
        )
        return routes_below(ONE + "/deployments", rows, API_VERSIONS, DEPLOYMENT_TYPE, since=_SINCE)


def _check_settings(sent: Document, where: str) -> None:
    _check_collector(sent, where)
    code = sent.get("codeConfiguration")
    if code and not common.mapping(code, "codeConfiguration").get("scoringScript"):
        raise invalid("codeConfiguration.scoringScript", "it is required", where)
    scale = common.mapping(sent.get("scaleSettings"), "scaleSettings").get("scaleType", "Default")
    if scale not in (("Default",) if _managed(sent) else ("Default", "TargetUtilization")):
        raise invalid("scaleSettings.scaleType", f"'{scale}' is not supported", where)


def _check_collector(sent: Document, where: str) -> None:
    """Names and required values are those of the types; nothing is collected."""
    collector = common.mapping(sent.get("dataCollector"), "dataCollector")
    if not collector:
        return
    refuse_unknown(set(collector) - _OF_COLLECTOR, "a data collector")
    collections = common.mapping(collector.get("collections"), "dataCollector.collections")
    if not collections:
        raise invalid("dataCollector.collections", "it is required", where)
    for name, row in collections.items():
        refuse_unknown(set(common.mapping(row, name)) - _OF_COLLECTION, "a collection")


def _capacity(body: Document, before: Document | None, where: str) -> int:
    sku = common.mapping(body.get("sku"), "sku")
    capacity = sku.get("capacity", before["sku"]["capacity"] if before else 1)
    if not isinstance(capacity, int) or isinstance(capacity, bool) or not 1 <= capacity <= 50:
        raise invalid("sku.capacity", f"'{capacity}' is not from 1 to 50", where)
    return capacity


def _managed(sent: Document) -> bool:
    return str(sent.get("endpointComputeType")).lower() == "managed"


def _added(properties: Document) -> Document:
    """The variables that the service adds [REC R19]."""
    match = re.search(r"/models/([^/]+)/versions/([^/]+)$", str(properties["model"]))
    added = {"AML_APP_ROOT": "/var/azureml-app"}
    if match:
        added["AZUREML_MODEL_DIR"] = f"/var/azureml-app/azureml-models/{match[1]}/{match[2]}"
    if properties["codeConfiguration"]:
        added["AZUREML_ENTRY_SCRIPT"] = properties["codeConfiguration"]["scoringScript"]
    return added
