# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command jobs of a workspace: they wait for their compute target, run for a configured time, and end (docs/facts.md j).

Shape and states: types-2026-05-01.md, CommandJob; the times in its property dictionary and the services: recordings of the Azure ML CLI. A cluster starts a
job when it has a node for it; an instance when it is running; what a Kubernetes cluster has free is not known here, so that a job starts at once.
The command is not executed: a fault of the control API makes a job fail.
"""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from azureml_simulator.entra.directory import TENANT
from azureml_simulator.http import ArmError, Request, Response, not_simulated
from azureml_simulator.operations import Operation
from azureml_simulator.providers.machine_learning import common
from azureml_simulator.providers.machine_learning import nodes as node_states
from azureml_simulator.providers.machine_learning.common import (
    API_VERSIONS,
    PROVIDER,
    WORKSPACE,
    WORKSPACE_TYPE,
    Document,
)
from azureml_simulator.providers.machine_learning.durations import seconds_of
from azureml_simulator.providers.machine_learning.workspace_body import system_data
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

JOB_TYPE = f"{WORKSPACE_TYPE}/jobs"
# The first stable version with jobs.
_SINCE = "2022-10-01"
DEFAULTS: dict[str, Any] = {
    "seconds": {"job.prepare": 5.0, "job.run": 20.0, "job.finalize": 3.0},
    "page_sizes": {"jobs": 100},
    # The curated environments of the registry azureml that exist, by name.
    "curated_environments": ["sklearn-1.5", "acpt-pytorch-2.2-cuda12.1"],
}

_BASE = ("description", "tags", "properties", "displayName", "experimentName", "computeId", "componentId", "identity")
_COMMAND = ("codeId", "command", "environmentId", "environmentVariables", "inputs", "outputs", "distribution", "limits")
_NAMES = {*_BASE, *_COMMAND, "jobType", "isArchived", "resources", "queueSettings", "services", "notificationSetting"}
# What azure-ai-ml may send empty, and what would need other parts of the service.
_EMPTY = ("codeId", "componentId", "inputs", "distribution", "identity", "services", "notificationSetting")
_JOB_TYPES = ("AutoML", "Command", "Pipeline", "Spark", "Sweep")
_VIEWS = ("ActiveOnly", "ArchivedOnly", "All")
_TERMINAL = ("Completed", "Failed", "Canceled")
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,255}\Z")
_BAD_NAME = (
    "(RequestInvalid) Resource name is invalid. Resource name can only contain alphanumeric characters, dashes, and underscores, with a limit of "
    "255 characters."
)
_CURATED = re.compile(r"azureml://registries/azureml/environments/(?P<name>[^/]+)/versions/\d+\Z", re.IGNORECASE)
_RUNS_JOBS = ("AmlCompute", "ComputeInstance", "Kubernetes")
# Seconds until a job is tried again whose compute target has nothing to do.
_AGAIN = 60.0


class Jobs:
    """The handlers of jobs."""

    def __init__(self, app: App) -> None:
        self.app = app
        app.operations.on_done("job.run", self._advance)
        app.operations.on_failed("job.run", self._failed)

    # -- reading -----------------------------------------------------------------------------------------------------

    def get(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.find_workspace(self.app, p, f"jobs/{p['name']}")
        doc = self.app.store.get(f"{workspace['id']}/jobs/{p['name']}")
        if doc is None:
            # The text is a guess; the envelope is that of the other resources of this component.
            message = f"Job {p['name']} can't be found in this workspace"
            raise _refuse(message, workspace["location"], status=404, inner="NotFoundError")
        return Response(200, doc)

    def list_all(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.find_workspace(self.app, p)
        docs = self.app.store.children(workspace["id"], JOB_TYPE)
        query = {name.lower(): value for name, value in request.query.items()}
        docs = _viewed(docs, query.pop("listviewtype", _VIEWS[0]))
        kind, tag = query.pop("jobtype", None), query.pop("tag", None)
        if kind is not None:
            docs = [doc for doc in docs if doc["properties"]["jobType"].lower() == kind.lower()]
        if tag is not None:
            docs = [doc for doc in docs if tag in (doc["properties"]["tags"] or {})]
        unknown = sorted({*query} - {"api-version", "$skip"})
        if unknown:
            raise not_simulated(f"The simulator does not have '{unknown[0]}' of a list of jobs.")
        return Response(200, common.page(self.app, request, docs, "jobs"))

    # -- writing -----------------------------------------------------------------------------------------------------

    def put(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.parent_workspace(self.app, p)
        common.need_succeeded(workspace)
        location = workspace["location"]
        if not _NAME.match(p["name"]):
            raise _refuse(_BAD_NAME, location)
        sent = common.mapping(request.json_object.get("properties"), "properties")
        resource_id = f"{workspace['id']}/jobs/{p['name']}"
        properties = self._checked(sent, location)
        compute = self._compute(properties["computeId"], workspace)
        before = self.app.store.get(resource_id)
        if before is not None:
            if self.app.store.private(resource_id).get("sent") == sent:
                # The same request again, as after a lost answer: 200 for what exists [SDK].
                return Response(200, before)
            raise not_simulated("The simulator does not know what a PUT changes of an existing job.")
        number = properties["resources"]["instanceCount"]
        doc: Document = {
            "id": resource_id,
            "name": p["name"],
            "type": JOB_TYPE,
            "properties": {
                **properties,
                "displayName": properties["displayName"] or p["name"],
                "computeId": compute["id"],
                "status": "Starting",
                "services": _services(resource_id, location),
                "properties": {
                    **(properties["properties"] or {}),
                    "_azureml.ComputeTargetType": "amlctrain",
                    "_azureml.ClusterName": compute["name"],
                },
            },
            "systemData": system_data(self.app, request.principal),
        }
        self.app.store.put(resource_id, doc, private={"sent": sent})
        self.app.operations.start(
            "job.run",
            provider=PROVIDER,
            target=resource_id,
            location=location,
            subscription=p["sub"],
            seconds=self.app.config.seconds("job.prepare"),
            data={"phase": "prepare", "compute": compute["id"], "nodes": number},
        )
        return Response(201, doc)

    def _checked(self, sent: Document, location: str) -> Document:
        """The properties of a PUT's body as they are kept, null for what was not sent."""
        _need_command_job(sent, location)
        self._need_environment(str(sent["environmentId"]), location)
        limits = common.mapping(sent.get("limits"), "limits")
        if limits.get("timeout"):
            seconds_of(limits["timeout"])
        kept = {name: copy.deepcopy(sent.get(name)) for name in sorted(_NAMES)}
        return {
            **kept,
            "experimentName": sent.get("experimentName") or "Default",
            "isArchived": common.flag(sent.get("isArchived")),
            "resources": _resources(sent, location),
            "outputs": kept["outputs"] or {},
            "inputs": {},
            "environmentVariables": kept["environmentVariables"] or {},
            "parameters": {},
            "tags": common.tags_of(sent) or {},
        }

    def _need_environment(self, environment: str, location: str) -> None:
        match = _CURATED.match(environment)
        if match is None:
            raise not_simulated(
                f"The simulator has curated environments only; '{environment}' is not one by version.",
            )
        if match["name"] not in self.app.config["curated_environments"]:
            # The text is a guess.
            raise _refuse(f"The environment '{environment}' was not found in the registry azureml.", location)

    def _compute(self, sent: Any, workspace: Document) -> Document:
        """The compute target of a job, by its id or by its name in the workspace; the texts are guesses."""
        if not sent:
            raise not_simulated("The simulator does not have serverless jobs.")
        where = str(sent) if str(sent).startswith("/") else f"{workspace['id']}/computes/{sent}"
        doc = self.app.store.get(where) if where.lower().startswith(f"{workspace['id']}/computes/".lower()) else None
        if doc is None:
            raise _refuse(
                f"The specified compute target '{sent}' was not found in this workspace.", workspace["location"]
            )
        kind = doc["properties"]["computeType"]
        if kind not in _RUNS_JOBS:
            raise _refuse(f"The compute target '{doc['name']}' of type {kind} cannot run jobs.", workspace["location"])
        return doc

    # -- the course of a job -----------------------------------------------------------------------------------------

    def _advance(self, operation: Operation) -> None:
        """The next step of a job. Each is an end of the same operation, which is then due again."""
        doc = self.app.store.get(operation.target)
        if doc is None or doc["properties"]["status"] in _TERMINAL:
            return
        compute = self.app.store.get(operation.data["compute"])
        if compute is None:
            # A guess: a job whose compute target is deleted fails.
            self._end(doc, operation, "Failed")
            return
        step = {"prepare": self._queue, "queue": self._start, "run": self._finish, "finalize": self._complete}
        step[operation.data["phase"]](doc, compute, operation)

    def _queue(self, doc: Document, compute: Document, operation: Operation) -> None:
        self._show(doc, "Queued")
        if compute["properties"]["computeType"] == "AmlCompute":
            node_states.ask(self.app, compute, operation.data["nodes"], operation.due)
        self._go_on(operation, "queue", operation.due, tried=operation.due)

    def _start(self, doc: Document, compute: Document, operation: Operation) -> None:
        at = self._free_since(compute, operation)
        if at is None:
            again = node_states.next_due(self.app, compute["id"]) or self.app.clock.now() + _AGAIN
            self._go_on(operation, "queue", max(again, operation.due + 1.0), tried=operation.due)
            return
        doc["properties"]["properties"]["StartTimeUtc"] = _utc(at)
        self._show(doc, "Running")
        limit = (doc["properties"]["limits"] or {}).get("timeout")
        seconds = self.app.config.seconds("job.run")
        most = seconds if limit is None else min(seconds, seconds_of(limit))
        self._go_on(operation, "run", at + most, too_long=most < seconds)

    def _free_since(self, compute: Document, operation: Operation) -> float | None:
        """When the compute target had what the job needs; None if it does not have it yet."""
        kind, inner = compute["properties"]["computeType"], compute["properties"].get("properties") or {}
        if kind == "ComputeInstance":
            return operation.due if inner.get("state") == "Running" else None
        if kind != "AmlCompute":
            return operation.due
        node_states.refresh(self.app, [compute])
        taken = node_states.load(self.app, compute) + sum(
            other["properties"]["resources"]["instanceCount"]
            for other in self.app.store.children(compute["id"].rsplit("/computes/", 1)[0], JOB_TYPE)
            if other["properties"]["status"] in ("Running", "Finalizing")
            and other["properties"]["computeId"] == compute["id"]
        )
        since = node_states.running_since(self.app, compute)
        needed = taken + operation.data["nodes"]
        return None if len(since) < needed else max(since[needed - 1], operation.data["tried"])

    def _finish(self, doc: Document, compute: Document, operation: Operation) -> None:
        doc["properties"]["properties"]["EndTimeUtc"] = _utc(operation.due)
        if operation.data.get("too_long"):
            self._end(doc, operation, "Canceled")
            return
        self._show(doc, "Finalizing")
        self._go_on(operation, "finalize", operation.due + self.app.config.seconds("job.finalize"))

    def _complete(self, doc: Document, compute: Document, operation: Operation) -> None:
        self._end(doc, operation, "Completed")

    def _failed(self, operation: Operation, error: Document) -> None:
        doc = self.app.store.get(operation.target)
        if doc is not None:
            self._end(doc, operation, "Failed")

    def _end(self, doc: Document, operation: Operation, status: str) -> None:
        self._show(doc, status)
        compute = self.app.store.get(operation.data["compute"])
        clustered = compute is not None and compute["properties"]["computeType"] == "AmlCompute"
        if compute is not None and clustered and operation.data["phase"] != "prepare":
            node_states.ask(self.app, compute, -operation.data["nodes"], operation.due)
            self._call_waiting(compute, operation.due)

    def _call_waiting(self, compute: Document, at: float) -> None:
        """The jobs in the queue of a compute target are tried again."""
        for doc in self.app.store.children(compute["id"].rsplit("/computes/", 1)[0], JOB_TYPE):
            operation = self.app.operations.active_for(doc["id"])
            if (
                operation is not None
                and operation.data["compute"] == compute["id"]
                and operation.data["phase"] == "queue"
            ):
                self._go_on(replace(operation, due=at), "queue", at, tried=at)

    def _show(self, doc: Document, status: str) -> None:
        doc["properties"]["status"] = status
        self.app.store.put(doc["id"], doc)

    def _go_on(self, operation: Operation, phase: str, due: float, **data: Any) -> None:
        self.app.operations.update(
            # Later than this end of it by the least that a number of seconds can be, or it would be over.
            replace(operation, due=max(due, operation.due + 1e-3), data={**operation.data, **data, "phase": phase})
        )

    def routes(self) -> list[Route]:
        many, one = WORKSPACE + "/jobs", WORKSPACE + "/jobs/{name}"
        return [
            Route("GET", many, self.list_all, API_VERSIONS, f"{JOB_TYPE}/read", since=_SINCE),
            Route("GET", one, self.get, API_VERSIONS, f"{JOB_TYPE}/read", since=_SINCE),
            Route("PUT", one, self.put, API_VERSIONS, f"{JOB_TYPE}/write", since=_SINCE),
        ]


def _viewed(docs: list[Document], view: str) -> list[Document]:
    if view not in _VIEWS:
        raise ArmError(400, "InvalidRequestContent", f"The listViewType '{view}' is not valid.")
    return [doc for doc in docs if view == _VIEWS[2] or doc["properties"]["isArchived"] is (view == _VIEWS[1])]


def _need_command_job(sent: Document, location: str) -> None:
    """Refuse what is not a job of the type Command, or has what the simulator does not know."""
    kind = sent.get("jobType")
    if kind not in _JOB_TYPES:
        raise _refuse(f"The jobType '{kind}' is not supported.", location)
    if kind != "Command":
        raise not_simulated(f"The simulator does not have jobs of the type {kind}.")
    unknown = sorted({*sent} - _NAMES - {"status", "parameters"})
    unknown += [name for name in _EMPTY if sent.get(name)]
    if unknown:
        raise not_simulated(f"The simulator does not have '{unknown[0]}' of a job.")
    for name in ("command", "environmentId"):
        if not re.search("[a-zA-Z0-9_]", str(sent.get(name) or "")):
            raise _refuse(f"The property '{name}' of the job is required.", location)


def _resources(sent: Document, location: str) -> Document:
    resources = common.mapping(sent.get("resources"), "resources")
    number = 1 if resources.get("instanceCount") is None else resources["instanceCount"]
    if not isinstance(number, int) or number < 1:
        raise _refuse("The property 'resources.instanceCount' of the job must be 1 or more.", location)
    return {"instanceType": None, "properties": {}, "shmSize": "2g", **resources, "instanceCount": number}


def _services(resource_id: str, location: str) -> Document:
    """Where a person and a client find the job [recordings of the Azure ML CLI]."""
    workspace, name = resource_id.rsplit("/jobs/", 1)
    parts = workspace.split("/")
    place = f"/subscriptions/{parts[2]}/resourcegroups/{parts[4]}/workspaces/{parts[-1]}"
    studio = f"https://ml.azure.com/runs/{name}?wsid={place}&tid={TENANT}"
    tracking = f"azureml://{location}.api.azureml.ms/mlflow/v1.0{workspace}?"
    rest = dict.fromkeys(("port", "status", "errorMessage", "properties", "nodes"))
    return {
        kind: {"jobServiceType": kind, "endpoint": endpoint, **rest}
        for kind, endpoint in (("Tracking", tracking), ("Studio", studio))
    }


def _utc(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _refuse(message: str, location: str, *, status: int = 400, inner: str = "BadArgument") -> ArmError:
    """A refusal of the component that has the jobs: envelope E3 (docs/facts.md b.1)."""
    return ArmError(status, "UserError", message, envelope="mfe", location=location, inner=inner)


def routes(app: App) -> list[Route]:
    return Jobs(app).routes()
