# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A template deployment as a state machine on the simulated clock.

Each resource is a PUT to its own route in the deployer's name, so every provider's rules hold; it starts when all that it
depends on has succeeded, and its long-running operation is polled as a client would. States and error forms:
docs/facts.md d.1 [REC R11], public issues for DeploymentFailed and ResourceDeploymentFailure. After a failure, what
depends on the failed resource is left out and what runs or is independent goes on (a choice; ARM starts such
resources in parallel), and everything that was made stays.
"""

from __future__ import annotations

import json
import random
import traceback
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from azureml_simulator.http import Headers, Principal, Request, Response
from azureml_simulator.operations import Operation, OperationFailure
from azureml_simulator.templates.context import Runtime, Scope
from azureml_simulator.templates.expression import NotSimulatedError, TemplateError
from azureml_simulator.templates.template import Resource, Template

if TYPE_CHECKING:
    from azureml_simulator.app import App

KIND = "deployment"
FAILED_TEXT = (
    "At least one resource deployment operation failed. Please list deployment operations for details. "
    "Please see https://aka.ms/arm-deployment-operations for usage details."
)
_TERMINAL = ("Succeeded", "Failed", "Canceled")
_STATUS_CODES = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    429: "TooManyRequests",
    501: "NotImplemented",
}

State = dict[str, Any]
Entry = dict[str, Any]


@dataclass(frozen=True)
class _Run:
    """One look at a deployment; `moment` is the time for which it was planned, which may lie behind the clock's."""

    state: State
    template: Template
    resources: dict[str, Resource]
    moment: float


class Engine:
    """Moves deployments on; a deployment's `State` is the hidden part of its document."""

    def __init__(self, app: App) -> None:
        self.app = app
        app.operations.on_done(KIND, self._tick)
        app.operations.on_failed(KIND, self._ordered_fault)

    def template(self, state: State) -> Template:
        """The deployment's template with the parameter values that it began with."""
        principal = Principal(**state["principal"])
        runtime = Runtime(
            lambda target, version: self._reference(state, principal, target, version),
            lambda function, target, version, body: self._ask(
                state, principal, "POST", f"{target}/{function}", version, body
            ),
        )
        return Template(state["template"], None, Scope(**state["scope"]), runtime=runtime, resolved=state["parameters"])

    def start(self, deployment_id: str, state: State) -> Operation:
        """Begin a deployment whose state is complete but for its entries."""
        resources = self.template(state).resources()
        state["entries"] = [self._entry(item) for item in resources]
        state["started"] = self.app.clock.now()
        operation = self.app.operations.start(
            KIND,
            provider="Microsoft.Resources",
            target=deployment_id,
            location=None,
            seconds=self.app.config.seconds("deployment.accept"),
            subscription=deployment_id.split("/")[2],
        )
        state["operation"] = operation.id
        return operation

    def elapsed(self, since: float, until: float | None = None) -> str:
        """A duration as deployments write it."""
        seconds = max(0.0, (self.app.clock.now() if until is None else until) - since)
        minutes, rest = divmod(seconds, 60)
        hours, minutes = divmod(int(minutes), 60)
        lead = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
        return f"PT{lead}{rest:.7f}S"

    def stamp(self, moment: float | None = None) -> str:
        return self.app.clock.iso(moment).replace("+00:00", "Z")

    @staticmethod
    def _entry(item: Resource) -> Entry:
        return {
            "id": item.id,
            "type": item.type,
            "name": item.name,
            "depends_on": list(item.depends_on),
            "state": "Waiting",
            "operation_id": f"{random.getrandbits(64):016X}",
            "tracking_id": str(uuid.uuid4()),
            "api_version": item.api_version,
            "existing": item.existing,
        }

    # The clock's side

    def _tick(self, operation: Operation) -> OperationFailure | None:
        document = self.app.store.get(operation.target)
        state = self.app.store.private(operation.target)
        if document is None or state.get("operation") != operation.id:
            return None
        template = self.template(state)
        run = _Run(state, template, {item.id: item for item in template.resources()}, operation.due)
        while self._advance(run):
            pass
        error = None
        if any(entry["state"] == "Running" for entry in state["entries"]):
            document["properties"]["provisioningState"] = "Running"
            self._reschedule(operation, state)
        else:
            error = self._finish(document, run)
        document["properties"]["timestamp"] = self.stamp(run.moment)
        document["properties"]["duration"] = self.elapsed(state["started"], run.moment)
        self.app.store.put(operation.target, document, private=state)
        return error

    def _ordered_fault(self, operation: Operation, error: OperationFailure) -> None:
        document = self.app.store.get(operation.target)
        if document is not None:
            document["properties"] |= {"provisioningState": "Failed", "error": error}
            self.app.store.put(operation.target, document)

    def _advance(self, run: _Run) -> bool:
        moved = False
        entries = run.state["entries"]
        done = {entry["id"] for entry in entries if entry["state"] == "Succeeded"}
        for entry in entries:
            if entry["state"] == "Running":
                moved |= self._poll(run, entry)
            elif entry["state"] == "Waiting" and done.issuperset(entry["depends_on"]):
                self._begin(run, entry)
                moved = True
        return moved

    def _reschedule(self, operation: Operation, state: State) -> None:
        """Look again when the first running resource is due; where none says when, after one step."""
        again = self.app.operations.get(operation.id)
        assert again is not None
        active = [
            self.app.operations.active_for(entry["id"]) for entry in state["entries"] if entry["state"] == "Running"
        ]
        step = self.app.clock.now() + self.app.config.seconds("deployment.step")
        again.due = max(operation.due, min((item.due if item else step for item in active), default=step)) + 0.001
        self.app.operations.update(again)

    def _finish(self, document: dict[str, Any], run: _Run) -> OperationFailure | None:
        properties, state = document["properties"], run.state
        error = self._error(document["id"], state)
        if error is None:
            try:
                outputs = run.template.outputs()
            except (TemplateError, NotSimulatedError) as problem:
                outputs, error = {}, _outputs_error(problem)
            if outputs:
                properties["outputs"] = outputs
                state["outputs_at"] = run.moment
        if error is None:
            properties["provisioningState"] = "Succeeded"
            properties["outputResources"] = [{"id": entry["id"]} for entry in state["entries"] if not entry["existing"]]
        else:
            properties |= {"provisioningState": "Failed", "error": error}
        return error

    @staticmethod
    def _error(deployment_id: str, state: State) -> OperationFailure | None:
        failed = [entry for entry in state["entries"] if entry["state"] == "Failed"]
        if not failed:
            return None
        details = [{**entry["error"], "target": entry["id"]} for entry in failed]
        return {"code": "DeploymentFailed", "target": deployment_id, "message": FAILED_TEXT, "details": details}

    # One resource

    def _begin(self, run: _Run, entry: Entry) -> None:
        entry |= {"state": "Running", "started": run.moment, "statusCode": "Accepted"}
        item = run.resources[entry["id"]]
        if item.existing:
            self._read(run, entry)
            return
        try:
            body = run.template.body(item)
        except TemplateError as problem:
            message = f"Unable to process template language expressions for resource '{item.id}'. '{problem.message}'"
            self._fail(run, entry, 400, {"code": problem.code, "message": message})
            return
        except NotSimulatedError as problem:
            self._fail(
                run, entry, 501, {"code": "NotSimulated", "message": f"The simulator does not have {problem.what}."}
            )
            return
        began = self.app.clock.now()
        response = self._send(run.state, Principal(**run.state["principal"]), "PUT", item.id, item.api_version, body)
        if response.status >= 400:
            self._fail(run, entry, response.status, _error_of(response))
            return
        self._date_back(item.id, began, run.moment)
        headers = Headers(response.headers)
        entry["poll"] = headers.get("Azure-AsyncOperation")
        entry["location"] = headers.get("Location") if response.status == 202 else None
        entry["accepted"] = response.status
        self._poll(run, entry)

    def _read(self, run: _Run, entry: Entry) -> None:
        """An existing resource is read, so that what refers to it fails early where it is not there."""
        principal = Principal(**run.state["principal"])
        answer = self._send(run.state, principal, "GET", entry["id"], entry["api_version"])
        if answer.status >= 400:
            self._fail(run, entry, answer.status, _error_of(answer))
        else:
            entry |= {"state": "Succeeded", "ended": run.moment, "statusCode": "OK"}

    def _date_back(self, target: str, began: float, moment: float) -> None:
        """Let the operation that a resource has started begin when its turn came, and not when a client looked."""
        active = self.app.operations.active_for(target)
        if active is not None and active.started >= began > moment:
            active.due -= active.started - moment
            self.app.operations.update(active)

    def _poll(self, run: _Run, entry: Entry) -> bool:
        """Look at a running resource; true when it has ended."""
        if entry["poll"] is not None:
            answer = self._send_url(run.state, entry["poll"])
            status = (answer.body or {}).get("status") if answer.status < 400 else "Failed"
            if status not in _TERMINAL:
                return False
            if status != "Succeeded":
                self._fail(run, entry, 409, self._operation_error(entry, status, _error_of(answer)))
                return True
        elif entry["location"] is not None:
            answer = self._send_url(run.state, entry["location"])
            if answer.status == 202:
                return False
            if answer.status >= 400:
                self._fail(run, entry, answer.status, _error_of(answer))
                return True
        return self._settled(run, entry)

    def _settled(self, run: _Run, entry: Entry) -> bool:
        """The resource's own state decides once its operation is over."""
        answer = self._send(run.state, None, "GET", entry["id"], entry["api_version"])
        body = answer.body if answer.status == 200 and isinstance(answer.body, dict) else {}
        provisioning = (body.get("properties") or {}).get("provisioningState", "Succeeded")
        if provisioning not in _TERMINAL:
            return False
        if provisioning == "Succeeded":
            entry |= {
                "state": "Succeeded",
                "ended": run.moment,
                "statusCode": _STATUS_CODES.get(entry["accepted"], "OK") if entry["accepted"] != 202 else "OK",
            }
        else:
            self._fail(run, entry, 409, self._operation_error(entry, provisioning, None))
        return True

    @staticmethod
    def _operation_error(entry: Entry, status: str, inner: dict[str, Any] | None) -> dict[str, Any]:
        if inner is not None and entry["type"].lower() != "microsoft.resources/deployments":
            return inner
        error: dict[str, Any] = {
            "code": "ResourceDeploymentFailure",
            "message": f"The resource operation completed with terminal provisioning state '{status}'.",
        }
        return error if inner is None else {**error, "details": [inner]}

    @staticmethod
    def _fail(run: _Run, entry: Entry, status: int, error: dict[str, Any] | None) -> None:
        known = error or {"code": "InternalServerError", "message": f"The resource answered with the status {status}."}
        entry |= {
            "state": "Failed",
            "ended": run.moment,
            "error": known,
            "statusCode": _STATUS_CODES.get(status, str(status)),
        }

    # Requests inside of the simulator

    def _reference(self, state: State, principal: Principal, target: str, version: str | None) -> dict[str, Any]:
        if version is None:
            known = {entry["id"].lower(): entry["api_version"] for entry in state["entries"]}
            version = known.get(target.lower())
        if version is None:
            raise TemplateError(
                f"The resource '{target}' is not defined in the template and 'reference' has no apiVersion. "
                "Please see https://aka.ms/arm-resource-functions/#reference for usage details."
            )
        document: dict[str, Any] = self._ask(state, principal, "GET", target, version)
        return document

    def _ask(self, state: State, principal: Principal, method: str, path: str, version: str, body: Any = None) -> Any:
        answer = self._send(state, principal, method, path, version, body)
        if answer.status >= 400:
            error = _error_of(answer) or {}
            if error.get("code") == "NotSimulated":
                raise NotSimulatedError(f"{method} {path}")
            raise TemplateError(str(error.get("message")), code=str(error.get("code")))
        return answer.body

    def _send_url(self, state: State, url: str) -> Response:
        """Poll an operation; ARM does so in its own name."""
        parts = urlsplit(url)
        return self._dispatch(state, None, "GET", parts.path, dict(parse_qsl(parts.query)), b"")

    def _send(
        self, state: State, principal: Principal | None, method: str, path: str, version: str, body: Any = None
    ) -> Response:
        data = b"" if body is None else json.dumps(body).encode()
        return self._dispatch(state, principal, method, path, {"api-version": version}, data)

    def _dispatch(
        self, state: State, principal: Principal | None, method: str, path: str, query: dict[str, str], data: bytes
    ) -> Response:
        headers = Headers({"host": state["host"], "content-type": "application/json"})
        try:
            return self.app.dispatch(Request(method, path, query, headers, data, principal))
        except Exception:  # a provider's fault must end this resource and not every later request, which settles first
            traceback.print_exc()
            error = {"code": "InternalServerError", "message": f"The simulator failed in {method} {path}; see its log."}
            return Response(500, {"error": error})


def principal_state(principal: Principal) -> dict[str, Any]:
    return asdict(principal)


def utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def _error_of(response: Response) -> dict[str, Any] | None:
    error = response.body.get("error") if isinstance(response.body, dict) else None
    if not isinstance(error, dict):
        return None
    kept = ("code", "message", "target", "details", "additionalInfo")
    return {key: error[key] for key in kept if error.get(key) not in (None, [])}


def _outputs_error(problem: TemplateError | NotSimulatedError) -> OperationFailure:
    if isinstance(problem, NotSimulatedError):
        return {"code": "NotSimulated", "message": f"The simulator does not have {problem.what}."}
    message = f"Unable to evaluate template outputs. Please see error details. '{problem.message}'"
    return {"code": "DeploymentOutputEvaluationFailed", "message": message}
