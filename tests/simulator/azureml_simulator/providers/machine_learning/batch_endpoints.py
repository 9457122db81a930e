# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Batch endpoints of a workspace and their deployments, which name a compute target.

Operations: docs/facts.md o.6 [SDK, SPEC]; shapes and defaults: types-2026-05-01.md, BatchEndpointProperties and BatchDeploymentProperties. Guesses: the texts
and statuses of all refusals; what `guesses.batch_endpoint` sets; that a default names a deployment that exists, and goes with it; that
only the region is fixed. Jobs, `listkeys`, PATCH and deployments of pipeline components are not simulated.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from azureml_simulator.http import ArmError, Request, Response, not_simulated, refuse_unknown
from azureml_simulator.operations import Operation, OperationFailure
from azureml_simulator.providers.machine_learning import assets, common
from azureml_simulator.providers.machine_learning.common import API_VERSIONS, WORKSPACE, WORKSPACE_TYPE, Document
from azureml_simulator.providers.machine_learning.online_operations import Writes, check_name, invalid
from azureml_simulator.providers.machine_learning.workspace_body import system_data
from azureml_simulator.routing import Route, routes_below

if TYPE_CHECKING:
    from azureml_simulator.app import App

ENDPOINT_TYPE = f"{WORKSPACE_TYPE}/batchEndpoints"
DEPLOYMENT_TYPE = f"{ENDPOINT_TYPE}/deployments"
ENDPOINT = WORKSPACE + "/batchEndpoints/{endpoint}"
DEPLOYMENT = ENDPOINT + "/deployments/{name}"
_SINCE = "2022-02-01"
# The seconds of Retry-After, which comes with each write, other than with those of an online endpoint [SDK]; and the form of operations.
_GUESS = "batch_endpoint"
DEFAULTS: Document = {
    "guesses": {_GUESS: {"operations": "as_online", "retry_after": 5}},
    "seconds": {"batch_endpoint.write": 2.0, "batch_endpoint.delete": 2.0, "batch_deployment.write": 3.0, "batch_deployment.delete": 2.0},
    "page_sizes": {"batch_endpoints": 30, "batch_deployments": 30},
}  # fmt: skip
_ENDPOINT_SENT = {"authMode", "description", "properties", "defaults"}
_ENDPOINT_READ_ONLY = {"provisioningState", "scoringUri", "swaggerUri"}
# What the types say of a deployment that sends less [SPEC].
_SET: Document = {
    "description": None,
    "codeConfiguration": None,
    "environmentId": None,
    "environmentVariables": {},
    "model": None,
    "compute": None,
    "errorThreshold": -1,
    "loggingLevel": "Info",
    "maxConcurrencyPerInstance": 1,
    "miniBatchSize": 10,
    "outputAction": "AppendRow",
    "outputFileName": "predictions.csv",
    "resources": {"instanceCount": 1, "instanceType": None, "properties": {}},
    "retrySettings": {"maxRetries": 3, "timeout": "PT30S"},
}
_TYPES = ("AmlCompute", "Kubernetes")


class BatchEndpoints:
    """The handlers of endpoints and of their deployments: one is written, read and deleted as the other."""

    def __init__(self, app: App) -> None:
        self.app, self.writes = app, Writes(app, _GUESS)
        for kind in ("batch_endpoint", "batch_deployment"):
            app.operations.on_done(f"{kind}.write", self._written)
            app.operations.on_failed(f"{kind}.write", self._failed)
            app.operations.on_done(f"{kind}.delete", self._deleted)

    # -- reading -----------------------------------------------------------------------------------------------------

    def _find(self, p: dict[str, str]) -> Document:
        path = DEPLOYMENT if "name" in p else ENDPOINT
        common.find_workspace(self.app, p, f"batchEndpoints/{p['endpoint']}")
        doc = self.app.store.get(path.format(**p))
        if doc is None:
            raise common.not_found(path.format(**p).partition("/Microsoft.MachineLearningServices/")[2], p["rg"])
        return doc

    def get(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, self._find(p))

    def list_endpoints(self, request: Request, p: dict[str, str]) -> Response:
        refuse_unknown(
            {name.lower() for name in request.query} - {"api-version", "$skip", "count"}, "a list of batch endpoints"
        )
        docs = self.app.store.children(common.find_workspace(self.app, p)["id"], ENDPOINT_TYPE)
        return Response(200, common.page(self.app, request, docs, "batch_endpoints", most=request.query.get("count")))

    def list_deployments(self, request: Request, p: dict[str, str]) -> Response:
        refuse_unknown(
            {name.lower() for name in request.query} - {"api-version", "$skip", "$top"}, "a list of batch deployments"
        )
        docs = self.app.store.children(self._find(p)["id"], DEPLOYMENT_TYPE)
        return Response(200, common.page(self.app, request, docs, "batch_deployments", most=request.query.get("$top")))

    # -- writing -----------------------------------------------------------------------------------------------------

    def put_endpoint(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.parent_workspace(self.app, p)
        common.need_succeeded(workspace)
        before = self.app.store.get(ENDPOINT.format(**p))
        sent = common.mapping(request.json_object.get("properties"), "properties")
        where = workspace["location"]
        refuse_unknown(set(sent) - _ENDPOINT_SENT - _ENDPOINT_READ_ONLY, "a batch endpoint")
        if str(sent.get("authMode")).lower() != "aadtoken":
            raise invalid("authMode", f"'{sent.get('authMode')}' is not AADToken", where)
        if before is None:
            self._check_free(p["endpoint"], where)
        default = common.mapping(sent.get("defaults"), "defaults").get("deploymentName")
        if default and (before is None or self.app.store.get(f"{before['id']}/deployments/{default}") is None):
            raise invalid("defaults.deploymentName", f"the endpoint has no deployment '{default}'", where)
        wanted = {
            "description": sent.get("description"),
            "authMode": "AADToken",
            "defaults": {"deploymentName": default},
            "scoringUri": f"{self.app.base_url(request)}/inference/{where}/{p['endpoint']}/jobs",
            "swaggerUri": None,
        }
        return self._write(request, p, "batch_endpoint", ENDPOINT_TYPE, workspace, before, wanted)

    def _check_free(self, name: str, where: str) -> None:
        for other in self.app.store.by_type(None, ENDPOINT_TYPE):
            if other["name"].lower() == name.lower() and other["location"] == where:
                raise invalid("name", f"the name '{name}' is taken in the region '{where}'", where)

    def put_deployment(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.parent_workspace(self.app, p)
        endpoint = self.app.store.get(ENDPOINT.format(**p))
        if endpoint is None:
            message = f"Can not perform requested operation on nested resource. Parent resource '{p['ws']}/{p['endpoint']}' not found."
            raise ArmError(404, "ParentResourceNotFound", message)
        sent = common.mapping(request.json_object.get("properties"), "properties")
        refuse_unknown(set(sent) - {*_SET, "properties", "provisioningState"}, "a batch deployment")
        self.writes.need_idle(endpoint, workspace["location"])
        self._check_deployment(sent, workspace["location"])
        given = {name: value for name, value in sent.items() if name in _SET and value is not None}
        wanted = copy.deepcopy({**_SET, **given})
        for name in ("resources", "retrySettings"):
            wanted[name] = {**_SET[name], **{key: value for key, value in wanted[name].items() if value is not None}}
        before = self.app.store.get(DEPLOYMENT.format(**p))
        return self._write(request, p, "batch_deployment", DEPLOYMENT_TYPE, workspace, before, wanted)

    def _check_deployment(self, sent: Document, where: str) -> None:
        if common.mapping(sent.get("model"), "model").get("referenceType", "Id") != "Id":
            raise not_simulated("The simulator knows references to models by their id alone.")
        code = sent.get("codeConfiguration")
        if code and not common.mapping(code, "codeConfiguration").get("scoringScript"):
            raise invalid("codeConfiguration.scoringScript", "it is required", where)
        compute = self.app.store.get(str(sent.get("compute")))
        kind = compute["properties"]["computeType"] if compute else None
        if kind not in _TYPES:
            raise invalid("compute", f"'{sent.get('compute')}' is none of the workspace's {' or '.join(_TYPES)}", where)
        model = common.mapping(sent.get("model"), "model").get("assetId")
        code = common.mapping(code, "codeConfiguration").get("codeId")
        assets.check_references(self.app, (model, sent.get("environmentId"), code), where)

    def _write(
        self, request: Request, p: dict[str, str], kind: str, type_: str, workspace: Document, before: Document | None, wanted: Document
    ) -> Response:  # fmt: skip
        body, where, name = request.json_object, workspace["location"], p.get("name", p["endpoint"])
        self.writes.need_idle(before, where)
        check_name(name, where)
        if not body.get("location"):
            raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
        region = common.region(body["location"], where)
        if before is not None and region != before["location"]:
            raise invalid("location", "it cannot change", where)
        common.tags_of(body)
        tags = copy.deepcopy(body.get("tags")) or {}
        doc = before or {
            "id": (DEPLOYMENT if "name" in p else ENDPOINT).format(**p),
            "name": name,
            "type": type_,
            "location": region,
            "systemData": system_data(self.app, request.principal),
            "tags": tags,
            "properties": {**copy.deepcopy(wanted), "properties": {}},
        }
        doc["properties"]["provisioningState"] = common.CREATING if before is None else common.UPDATING
        sent = common.mapping(body.get("properties"), "properties")
        doc["properties"]["properties"] |= common.mapping(sent.get("properties"), "properties")
        headers = self.writes.start(request, f"{kind}.write", "be", workspace, doc, wanted=wanted, tags=tags)
        retry_after = self.app.config["guesses"][_GUESS]["retry_after"]
        if retry_after is not None:
            headers["Retry-After"] = str(retry_after)
        self.app.store.put(doc["id"], doc)
        return Response(201 if before is None else 200, doc, headers=headers)

    def _written(self, operation: Operation) -> None:
        doc = self.app.store.get(operation.target)
        if doc is not None:
            doc["tags"] = operation.data["tags"]
            doc["properties"] |= {**operation.data["wanted"], "provisioningState": common.SUCCEEDED}
            self.app.store.put(doc["id"], doc)

    def _failed(self, operation: Operation, error: OperationFailure) -> None:
        doc = self.app.store.get(operation.target)
        if doc is not None:
            doc["properties"]["provisioningState"] = common.FAILED
            self.app.store.put(doc["id"], doc)

    def delete(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.find_workspace(self.app, p)
        path, kind = (DEPLOYMENT, "batch_deployment") if "name" in p else (ENDPOINT, "batch_endpoint")
        doc = self.app.store.get(path.format(**p))
        if doc is None:
            return Response(204)
        for one in (doc, *self.app.store.children(doc["id"], DEPLOYMENT_TYPE)):
            self.writes.need_idle(one, workspace["location"])
            one["properties"]["provisioningState"] = common.DELETING
            self.app.store.put(one["id"], one)
        return self.writes.deletion(request, f"{kind}.delete", "be", workspace, doc)

    def _deleted(self, operation: Operation) -> None:
        for doc in self.app.store.children(operation.target, DEPLOYMENT_TYPE):
            self.app.store.delete(doc["id"])
        endpoint = self.app.store.get(operation.target.rpartition("/deployments/")[0])
        default = endpoint["properties"]["defaults"]["deploymentName"] if endpoint else None
        if endpoint is not None and default and operation.target.lower().endswith(f"/deployments/{default.lower()}"):
            endpoint["properties"]["defaults"] = {"deploymentName": None}
            self.app.store.put(endpoint["id"], endpoint)
        self.app.store.delete(operation.target)

    def routes(self) -> list[Route]:
        def of(path: str, name: str, type_: str, listed: Any, put: Any) -> list[Route]:
            rows = (
                ("GET", "", listed, "read"),
                ("GET", name, self.get, "read"),
                ("PUT", name, put, "write"),
                ("DELETE", name, self.delete, "delete"),
            )
            return routes_below(path, rows, API_VERSIONS, type_, since=_SINCE)

        endpoints = WORKSPACE + "/batchEndpoints"
        return [
            *of(endpoints, "/{endpoint}", ENDPOINT_TYPE, self.list_endpoints, self.put_endpoint),
            *of(ENDPOINT + "/deployments", "/{name}", DEPLOYMENT_TYPE, self.list_deployments, self.put_deployment),
        ]


def routes(app: App) -> list[Route]:
    return BatchEndpoints(app).routes()
