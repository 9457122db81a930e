# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes on a compute instance after its creation: idle shutdown, SSO, schedules, size, mounts, services.

Addresses, verbs and bodies: docs/facts.md a.1 [SPEC]; Azure's JavaScript client of 2026-03-15-preview has the same.
updateSchedules: the specification of 2022-10-01-preview (Azure/azure-rest-api-specs, example updateSchedules.json: body
`{"computeStartStop": [...]}`, 200), withdrawn from later ones, with the right `computes/updateSchedules/action` in the
documentation [D, docs/coverage.md CI17]; whether it replaces or adds is a guess. The result address of a resize is
a guess: only its header is specified.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azureml_simulator.http import ArmError, Request, Response
from azureml_simulator.operations import Operation
from azureml_simulator.providers.machine_learning import catalogue, common
from azureml_simulator.providers.machine_learning import instance_rules as rules
from azureml_simulator.providers.machine_learning import schedules as schedule_rules
from azureml_simulator.providers.machine_learning.common import (
    API_VERSIONS,
    COMPUTE_TYPE,
    LOCATION,
    WORKSPACE,
    WORKSPACE_TYPE,
    Document,
    mapping,
    need_idle,
    refuse,
)
from azureml_simulator.providers.machine_learning.compute_kind import ComputeKind
from azureml_simulator.providers.machine_learning.instance_body import last_operation
from azureml_simulator.providers.machine_learning.operation_status import COMPUTE, status_of
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App
    from azureml_simulator.providers.machine_learning.instance_timer import Timer

_RESULTS = "computeOperationResults"


class InstanceActions(ComputeKind):
    """The actions of an instance that are not start, stop and restart."""

    timer: Timer

    def __init__(self, app: App) -> None:
        super().__init__(app)
        app.operations.on_done("instance.resize", self._resized)
        app.operations.on_failed("instance.resize", self._not_resized)

    def _need_ready(self, workspace: Document, doc: Document) -> Document:
        """No change during another operation, nor of an instance that was never created."""
        need_idle(self.app, doc["id"], workspace["location"])
        if doc["properties"]["provisioningState"] != common.SUCCEEDED:
            raise refuse(
                f"The compute instance '{doc['name']}' is in provisioning state "
                f"'{doc['properties']['provisioningState']}'.",
                workspace["location"],
                status=409,
                code=self.app.config["guesses"]["conflict_code"],
            )
        inner: Document = doc["properties"]["properties"]
        return inner

    def _keep(self, doc: Document) -> Response:
        doc["properties"]["modifiedOn"] = self.app.clock.iso()
        self.app.store.put(doc["id"], doc)
        return Response(200)

    def enable_sso(self, request: Request, workspace: Document, doc: Document) -> Response:
        wanted = request.json_object.get("enableSSO")
        if not isinstance(wanted, bool):
            raise ArmError(
                400, "InvalidRequestContent", "The request content was invalid: 'enableSSO' must be true or false."
            )
        self._need_ready(workspace, doc)["enableSSO"] = wanted
        return self._keep(doc)

    def update_idle_shutdown_setting(self, request: Request, workspace: Document, doc: Document) -> Response:
        """A change restarts the count [D, CI10, of lowering it]; null turns it off (a guess)."""
        inner, duration = self._need_ready(workspace, doc), request.json_object.get("idleTimeBeforeShutdown")
        if duration is not None:
            rules.idle_seconds(duration, workspace["location"])
        inner["idleTimeBeforeShutdown"] = duration
        answer = self._keep(doc)
        self.timer.active(doc, self.app.clock.now())
        return answer

    def update_schedules(self, request: Request, workspace: Document, doc: Document) -> Response:
        inner = self._need_ready(workspace, doc)
        sent = dict(request.json_object)
        if self.app.config["guesses"]["instance"]["update_schedules"] == "add":
            present = copy.deepcopy(inner["schedules"]["computeStartStop"])
            sent["computeStartStop"] = [*present, *(sent.get("computeStartStop") or [])]
        inner["schedules"] = schedule_rules.accept(sent, doc["id"], workspace["location"])
        answer = self._keep(doc)
        self.timer.arm(doc, self.app.clock.now())
        return answer

    def update_data_mounts(self, request: Request, workspace: Document, doc: Document) -> Response:
        """The body is a bare list; what Unmount leaves in the list is a guess: nothing."""
        inner = self._need_ready(workspace, doc)
        mounts = {mount["mountName"]: mount for mount in inner["dataMounts"] or []}
        for sent in _bare_list(request):
            mount = mapping(sent, "dataMounts")
            name, action = mount.get("mountName"), str(mount.get("mountAction") or "Mount")
            if not name or action not in ("Mount", "Unmount"):
                raise refuse("A data mount needs 'mountName' and a valid 'mountAction'.", workspace["location"])
            if action == "Unmount":
                mounts.pop(name, None)
                continue
            assert request.principal is not None
            mounts[name] = {
                **mount,
                "mountAction": action,
                "mountState": "Mounted",
                "mountedOn": self.app.clock.iso(),
                "createdBy": request.principal.object_id,
                "error": None,
            }
        inner["dataMounts"] = list(mounts.values())
        return self._keep(doc)

    def update_custom_services(self, request: Request, workspace: Document, doc: Document) -> Response:
        """The list is overwritten (Azure's JavaScript client says so)."""
        services = [copy.deepcopy(mapping(service, "customServices")) for service in _bare_list(request)]
        if any(not service.get("name") for service in services):
            raise refuse("A custom service needs a 'name'.", workspace["location"])
        self._need_ready(workspace, doc)["customServices"] = services
        return self._keep(doc)

    # -- size --------------------------------------------------------------------------------------------------------

    def _sizes(self, doc: Document) -> list[catalogue.VmSize]:
        location = doc["properties"]["computeLocation"]
        return catalogue.available(location, self.app.config["sizes"]["removed"].get(location))

    def get_allowed_vm_sizes_for_resize(self, request: Request, workspace: Document, doc: Document) -> Response:
        return Response(200, {"value": [size.wire() for size in self._sizes(doc)]})

    def resize(self, request: Request, workspace: Document, doc: Document) -> Response:
        inner, target = self._need_ready(workspace, doc), str(request.json_object.get("targetVMSize") or "")
        allowed = self.app.config["guesses"]["instance"]["resize_states"]
        if inner["state"] not in allowed:
            raise refuse(
                f"Resize Azure ML Compute Instance is only allowed when the instance {doc['name']} is in one of the "
                f"states {', '.join(allowed)}.",
                workspace["location"],
            )
        if target.lower() not in {size.name.lower() for size in self._sizes(doc)}:
            raise refuse(f"The VM size '{target}' is not allowed for this resize.", workspace["location"])
        before = inner["state"]
        inner |= {"state": "Resizing", "lastOperation": last_operation(self.app, "Resize", "InProgress", "User")}
        self.app.store.put(doc["id"], doc)
        operation = self.begin("instance.resize", workspace, doc, size=target.upper(), before=before)
        address = self.status.compute_headers(request, operation)["Azure-AsyncOperation"]
        return Response(202, headers={"Location": address.replace(f"/{COMPUTE}/", f"/{_RESULTS}/")})

    def _resized(self, operation: Operation) -> Document | None:
        doc = self.app.store.get(operation.target)
        if doc is None:
            return None
        inner = doc["properties"]["properties"]
        old, inner["vmSize"] = inner["vmSize"], operation.data["size"]
        error = rules.over_quota(self.app, doc, operation.subscription)
        if error:
            inner["vmSize"] = old
            self._not_resized(operation, error)
            return error
        self._end_resize(doc, operation, "Succeeded")
        return None

    def _not_resized(self, operation: Operation, error: Document) -> None:
        doc = self.app.store.get(operation.target)
        if doc is not None:
            self._end_resize(doc, operation, "ResizeFailed")

    def _end_resize(self, doc: Document, operation: Operation, status: str) -> None:
        doc["properties"]["properties"] |= {
            "state": operation.data["before"],
            "lastOperation": last_operation(self.app, "Resize", status, "User", operation.due),
        }
        self.app.store.put(doc["id"], doc)
        self.timer.active(doc, operation.due)


def _bare_list(request: Request) -> list[Any]:
    body = request.json
    if not isinstance(body, list):
        raise ArmError(400, "InvalidRequestContent", "The request content was invalid: a list was expected.")
    return body


class _Addresses:
    """The result of a resize, and the check of a name."""

    def __init__(self, app: App) -> None:
        self.app, self.status = app, status_of(app)

    def result(self, request: Request, p: dict[str, str]) -> Response:
        shown = self.status.compute(request, p).body
        operation = self.app.operations.asked(p["operation"])
        assert operation is not None
        if shown["status"] == "InProgress":
            query = "&".join(f"{name}={value}" for name, value in request.query.items())
            return Response(202, headers={"Location": f"{self.app.base_url(request)}{request.path}?{query}"})
        if operation.error:
            error = operation.error
            raise ArmError(int(error.get("statusCode", 400)), error["code"], error["message"], error.get("details"))
        return Response(200, self.app.store.get(operation.target))

    def check_name(self, request: Request, p: dict[str, str]) -> Response:
        """`{nameAvailable, reason, message}` (docs/facts.md a.1 [v1 SDK])."""
        workspace = common.find_workspace(self.app, p)
        body = {key.lower(): value for key, value in request.json_object.items()}
        problem = rules.name_problem(self.app, str(body.get("name") or ""), workspace["location"])
        reason, message = problem or (None, None)
        return Response(200, {"nameAvailable": problem is None, "reason": reason, "message": message})


def _previews(first: str) -> frozenset[str]:
    return frozenset(version for version in API_VERSIONS if version.endswith("-preview") and version >= first)


# Verb: method of the kind, and the first version that has it (docs/coverage.md 1.12; enableSso: azure-ai-ml 1.31
# calls it at 2024-01-01-preview, 1.35 at 2024-04-01-preview, docs/facts.md a.2).
_ACTIONS = {
    "enableSso": ("enable_sso", _previews("2024-01-01")),
    "updateIdleShutdownSetting": ("update_idle_shutdown_setting", _previews("2022-10-01")),
    "updateSchedules": ("update_schedules", API_VERSIONS),
    "updateDataMounts": ("update_data_mounts", _previews("2024-01-01")),
    "customServices": ("update_custom_services", _previews("2022-10-01")),
    "resize": ("resize", _previews("2023-08-01")),
    "getAllowedVmSizesForResize": ("get_allowed_vm_sizes_for_resize", _previews("2023-08-01")),
}


def routes(app: App, action: Callable[[str], Callable[[Request, dict[str, str]], Response]]) -> list[Route]:
    addresses, one = _Addresses(app), WORKSPACE + "/computes/{name}"
    found = [
        Route("POST", f"{one}/{verb}", action(method), versions, f"{COMPUTE_TYPE}/{verb}/action")
        for verb, (method, versions) in _ACTIONS.items()
    ]
    check = "checkComputeNameAvailability"
    return [
        *found,
        Route("GET", LOCATION + f"/{_RESULTS}/{{operation}}", addresses.result, API_VERSIONS),
        Route("POST", f"{WORKSPACE}/{check}", addresses.check_name, API_VERSIONS, f"{WORKSPACE_TYPE}/{check}/action"),
    ]
