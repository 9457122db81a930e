# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft.MachineLearningServices/workspaces/computes: what all kinds share.

Statuses and headers: docs/facts.md a.1 and a.4; refusals: b.2. A kind is one class in one file, listed in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from azureml_simulator.config import deep_merge
from azureml_simulator.http import ArmError, Request, Response
from azureml_simulator.operations import Operation
from azureml_simulator.providers.machine_learning import common, instance_actions, versions
from azureml_simulator.providers.machine_learning.aks import Aks
from azureml_simulator.providers.machine_learning.amlcompute import AmlCompute
from azureml_simulator.providers.machine_learning.attached_kinds import (
    Databricks,
    DataFactory,
    DataLakeAnalytics,
    HDInsight,
    SynapseSpark,
    VirtualMachine,
)
from azureml_simulator.providers.machine_learning.common import (
    API_VERSIONS,
    COMPUTE_TYPE,
    DELETING,
    WORKSPACE,
    Document,
)
from azureml_simulator.providers.machine_learning.compute_kind import ComputeKind
from azureml_simulator.providers.machine_learning.instance import ComputeInstance
from azureml_simulator.providers.machine_learning.kubernetes import Kubernetes
from azureml_simulator.providers.machine_learning.operation_status import status_of
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

KINDS: tuple[type[ComputeKind], ...] = (
    AmlCompute,
    ComputeInstance,
    Aks,
    Kubernetes,
    VirtualMachine,
    HDInsight,
    Databricks,
    DataLakeAnalytics,
    DataFactory,
    SynapseSpark,
)
# The seconds are short for rehearsals; the service was seen to take 9 to 10 for a creation (docs/facts.md a.4).
DEFAULTS: dict[str, Any] = {
    "seconds": {
        "cluster.create": 3.0,
        "cluster.update": 2.0,
        "cluster.resize": 2.0,
        "compute.remove": 2.0,
        "node.prepare": 5.0,
        "node.leave": 3.0,
    },
    "page_sizes": {"computes": 200, "nodes": 100},
    "nodes": {"public_ip_address": "127.0.0.1", "first_port": 50000},
    "load": {},
    "guesses": {
        "conflict_code": "Conflict",
        "compute_not_found": {"code": "ResourceNotFound"},
        "default_vm_size": "STANDARD_DS3_V2",
        "patch_without_change_status": 200,
        "poll_right": "none",
        "recreate_keeps_old_size": False,
        "region_unique_clusters": False,
        "signed_polls": True,
        "trailing_dash": "accept",
        "unsigned_poll": {
            "status": 401,
            "code": "AuthenticationFailed",
            "message": "The signature of the operation's address is missing or wrong.",
        },
        "subnet": {
            "not_found": "The specified subnet '{id}' was not found.",
            "subscription": "The specified subnet '{id}' is not in the subscription of the workspace.",
            "location": "The specified subnet '{id}' is in location '{network}', not in '{compute}'.",
        },
    },
}
for _kind in KINDS:
    deep_merge(DEFAULTS, _kind.defaults)
deep_merge(DEFAULTS, versions.DEFAULTS)


class Computes:
    """The handlers that choose the kind."""

    def __init__(self, app: App) -> None:
        self.app, self.status = app, status_of(app)
        self.kinds = {kind.name.lower(): kind(app) for kind in KINDS}
        app.operations.on_done("compute.remove", self._removed)

    # -- look-ups ----------------------------------------------------------------------------------------------------

    @staticmethod
    def _id(p: dict[str, str]) -> str:
        return f"{common.workspace_id(p)}/computes/{p['name']}"

    def _kind(self, name: Any, workspace: Document) -> ComputeKind:
        found = self.kinds.get(str(name).lower())
        if found is not None:
            return found
        raise common.refuse(f"The computeType '{name}' is not supported.", workspace["location"])

    def _find(self, p: dict[str, str]) -> tuple[Document, Document, ComputeKind]:
        """Workspace, compute and kind; the 404 of a compute has no established body (docs/facts.md b.2)."""
        workspace = common.find_workspace(self.app, p, f"computes/{p['name']}")
        doc = self.app.store.get(self._id(p))
        if doc is None:
            error = common.not_found(f"workspaces/{p['ws']}/computes/{p['name']}", p["rg"])
            guess = self.app.config["guesses"]["compute_not_found"]
            raise ArmError(404, guess["code"], guess.get("message", error.message))
        return workspace, doc, self._kind(doc["properties"]["computeType"], workspace)

    # -- reading -----------------------------------------------------------------------------------------------------

    def get(self, request: Request, p: dict[str, str]) -> Response:
        _workspace, doc, kind = self._find(p)
        return self._shown(request, Response(200, kind.refresh([doc])[0]))

    def list(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.find_workspace(self.app, p)
        body = common.page(self.app, request, self.app.store.children(workspace["id"], COMPUTE_TYPE), "computes")
        for kind in self.kinds.values():
            kind.refresh([doc for doc in body["value"] if doc["properties"]["computeType"] == kind.name])
        body["value"] = [versions.shown_compute(self.app, doc, request.api_version) for doc in body["value"]]
        return Response(200, body)

    def _shown(self, request: Request, response: Response) -> Response:
        """The answer with what its version has of the compute target."""
        return replace(response, body=versions.shown_compute(self.app, response.body, request.api_version))

    # -- writing -----------------------------------------------------------------------------------------------------

    def put(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.parent_workspace(self.app, p)
        body = versions.taken_compute(self.app, request.json_object, request.api_version)
        kind = self._kind(common.mapping(body.get("properties"), "properties").get("computeType"), workspace)
        kind.check_name(p["name"], workspace, body)
        common.need_succeeded(workspace)
        doc = self.app.store.get(self._id(p))
        if doc is None:
            self._need_free_name(workspace, p["name"])
            fresh = {"id": f"{workspace['id']}/computes/{p['name']}", "name": p["name"]}
            return self._shown(request, kind.create(request, workspace, fresh, body))
        common.need_idle(self.app, doc["id"], workspace["location"])
        if doc["properties"]["computeType"] != kind.name:
            raise common.refuse(
                f"The compute '{doc['name']}' has the computeType '{doc['properties']['computeType']}', which cannot "
                "be changed.",
                workspace["location"],
            )
        return self._shown(request, kind.replace(request, workspace, kind.refresh([doc])[0], body))

    def _need_free_name(self, workspace: Document, name: str) -> None:
        """Unique in the region [ISS: seen for instances only], for clusters where the configuration says so."""
        if not self.app.config["guesses"]["region_unique_clusters"]:
            return
        for doc in self.app.store.by_type(workspace["id"].split("/")[2], COMPUTE_TYPE):
            same_place = doc["properties"].get("computeLocation") == workspace["location"]
            if same_place and doc["name"].lower() == name.lower():
                raise common.refuse(
                    f"The specified name {name} is already in use and is therefore unavailable",
                    workspace["location"],
                    code="AlreadyExists",
                )

    def patch(self, request: Request, p: dict[str, str]) -> Response:
        workspace, doc, kind = self._find(p)
        common.need_succeeded(workspace)
        common.need_idle(self.app, doc["id"], workspace["location"])
        return kind.update(request, workspace, kind.refresh([doc])[0], request.json_object)

    def delete(self, request: Request, p: dict[str, str]) -> Response:
        workspace, doc, kind = self._find(p)
        sent = next((value for key, value in request.query.items() if key.lower() == "underlyingresourceaction"), "")
        action = {"delete": "Delete", "detach": "Detach"}.get(sent.lower())
        if action is None:
            raise common.refuse(
                f"The value '{sent}' of the query parameter 'underlyingResourceAction' is not valid; "
                "'Delete' or 'Detach' is required.",
                workspace["location"],
            )
        common.need_idle(self.app, doc["id"], workspace["location"])
        kind.remove(workspace, doc, action)
        doc["properties"]["provisioningState"] = DELETING
        operation = self.app.operations.start(
            "compute.remove",
            provider=common.PROVIDER,
            target=doc["id"],
            location=workspace["location"],
            subscription=p["sub"],
            data={"action": action},
        )
        self.app.store.put(doc["id"], doc)
        return Response(202, headers=self.status.compute_headers(request, operation))

    def _removed(self, operation: Operation) -> None:
        doc = self.app.store.get(operation.target)
        if doc is not None:
            self.kinds[doc["properties"]["computeType"].lower()].removed(doc, operation.data["action"])
            self.app.store.delete(operation.target)

    # -- actions -----------------------------------------------------------------------------------------------------

    def action(self, name: str) -> Callable[[Request, dict[str, str]], Response]:
        """The handler of a POST; `name` is the method of the kind."""

        def handle(request: Request, p: dict[str, str]) -> Response:
            workspace, doc, kind = self._find(p)
            method = getattr(kind, name, None)
            if method is None:
                what = "Compute" + "".join(part.capitalize() for part in name.split("_"))
                raise kind.unsupported(what, workspace)
            response: Response = method(request, workspace, doc)
            return response

        return handle


_ACTIONS = {"listNodes": "list_nodes", "listKeys": "list_keys", "start": "start", "stop": "stop", "restart": "restart"}


def routes(app: App) -> list[Route]:
    handlers = Computes(app)
    many, one = WORKSPACE + "/computes", WORKSPACE + "/computes/{name}"
    actions = [
        Route("POST", f"{one}/{verb}", handlers.action(method), API_VERSIONS, f"{COMPUTE_TYPE}/{verb}/action")
        for verb, method in _ACTIONS.items()
    ]
    return [
        Route("GET", many, handlers.list, API_VERSIONS, f"{COMPUTE_TYPE}/read"),
        Route("GET", one, handlers.get, API_VERSIONS, f"{COMPUTE_TYPE}/read"),
        Route("PUT", one, handlers.put, API_VERSIONS, f"{COMPUTE_TYPE}/write"),
        Route("PATCH", one, handlers.patch, API_VERSIONS, f"{COMPUTE_TYPE}/write"),
        Route("DELETE", one, handlers.delete, API_VERSIONS, f"{COMPUTE_TYPE}/delete"),
        *actions,
        *instance_actions.routes(app, handlers.action),
    ]
