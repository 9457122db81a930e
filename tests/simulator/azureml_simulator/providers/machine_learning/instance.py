# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ComputeInstance: its life, as docs/facts.md a.1 to a.7, b.2 and c.3 [REC R2, R3, R4; ISS] describe it.

The states of `properties.properties.state` move while provisioningState stays Succeeded (a.5). What changes after
creation changes by actions (c.3; `providers/machine_learning/instance_actions`). A PUT on a living instance answers 201 and keeps what is
fixed, as it does for clusters; that it refuses schedules is seen [ISS azure-quickstart-templates#11830].
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, ClassVar

from azureml_simulator.http import Request, Response
from azureml_simulator.operations import Operation
from azureml_simulator.providers.machine_learning import instance_rules as rules
from azureml_simulator.providers.machine_learning import quota as quotas
from azureml_simulator.providers.machine_learning import schedules as schedule_rules
from azureml_simulator.providers.machine_learning.amlcompute_rules import (
    check_subnet,
    managed_network_on,
    need_private_way,
    unsupported_size,
)
from azureml_simulator.providers.machine_learning.common import (
    CREATING,
    FAILED,
    SUCCEEDED,
    Document,
    mapping,
    need_idle,
    refuse,
)
from azureml_simulator.providers.machine_learning.instance_actions import InstanceActions
from azureml_simulator.providers.machine_learning.instance_body import declared, last_operation, settle
from azureml_simulator.providers.machine_learning.instance_timer import Timer
from azureml_simulator.providers.machine_learning.managed_network import activate

if TYPE_CHECKING:
    from azureml_simulator.app import App

# Action: (state that it needs, state on the way, state after it).
_MOVES = {
    "Start": ("Stopped", "Starting", "Running"),
    "Stop": ("Running", "Stopping", "Stopped"),
    "Restart": ("Running", "Restarting", "Running"),
}
_ONLY = "{action}ComputeInstanceOnlyAllowedIn{state}State"
_TEXT = "{action} Azure ML Compute Instance is only allowed when the instance {name} is in '{state}' state"


class ComputeInstance(InstanceActions):
    """Compute instances."""

    name = "ComputeInstance"
    # Creation, stop and start: docs/facts.md a.4 [REC R3, R4]; the others are guesses.
    defaults: ClassVar[Document] = {
        "seconds": {
            "instance.create": 160.0,
            "instance.setup": 30.0,
            "instance.update": 2.0,
            "instance.start": 95.0,
            "instance.stop": 45.0,
            "instance.restart": 60.0,
            "instance.resize": 60.0,
            "instance.refused": 0.0,
        },
        "guesses": {
            "instance": {
                "name_taken_status": 400,
                "put_schedules": "refuse",
                "detach": "refuse",
                "start_when_running": "fail",
                "stop_when_stopped": "fail",
                "restart_when_stopped": "fail",
                "setup_codes": ["StorageMountError", "SetupFailed"],
                "resize_states": ["Stopped"],
                "update_schedules": "replace",
            },
        },
    }

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self.timer = Timer(app, self._by_itself)
        for kind, done in (("create", self._created), ("update", self._updated), ("refused", self._refused)):
            app.operations.on_done(f"instance.{kind}", done)
        app.operations.on_failed("instance.create", self._broken)
        for action in _MOVES:
            app.operations.on_done(f"instance.{action.lower()}", self._moved)
            app.operations.on_failed(f"instance.{action.lower()}", self._not_moved)

    def check_name(self, name: str, workspace: Document, body: Document) -> None:
        if self.app.store.get(f"{workspace['id']}/computes/{name}") is None:
            rules.check_name(self.app, name, workspace["location"])

    # -- writing -----------------------------------------------------------------------------------------------------

    def create(self, request: Request, workspace: Document, doc: Document, body: Document) -> Response:
        assert request.principal is not None
        shown, private = declared(self.app, workspace, doc, body, request.principal)
        need_private_way(self.app, workspace, shown["properties"])
        seconds = self.app.config.seconds("instance.create")
        stored = copy.deepcopy(shown)
        stored["properties"]["properties"] |= {
            "state": "Creating",
            "lastOperation": last_operation(self.app, "Create", "InProgress", "User"),
        }
        if shown["properties"]["properties"]["setupScripts"]:
            private["setting_up_from"] = self.app.clock.now() + seconds
            seconds += self.app.config.seconds("instance.setup")
        self.app.store.put(doc["id"], stored, private=private)
        operation = self.begin("instance.create", workspace, doc, seconds=seconds)
        shown["properties"].pop("computeLocation")
        return Response(201, shown, self.status.compute_headers(request, operation))

    def replace(self, request: Request, workspace: Document, doc: Document, body: Document) -> Response:
        """201 again; tags and identity are taken, the rest is echoed and kept as it was."""
        assert request.principal is not None
        if doc["properties"]["provisioningState"] == FAILED:
            raise refuse(
                f"The compute '{doc['name']}' is in a failed state. Delete it before you create it again.",
                workspace["location"],
            )
        shown, _private = declared(self.app, workspace, doc, body, request.principal)
        inner = mapping(mapping(body.get("properties"), "properties").get("properties"), "properties.properties")
        self._put_schedules(workspace, doc, inner)
        doc["properties"] |= {"provisioningState": CREATING, "modifiedOn": shown["properties"]["modifiedOn"]}
        doc["tags"] = shown["tags"] or {}
        doc.pop("identity", None)
        if "identity" in shown:
            doc["identity"] = shown["identity"]
        self.app.store.put(doc["id"], doc)
        operation = self.begin("instance.update", workspace, doc)
        shown["properties"]["createdOn"] = doc["properties"]["createdOn"]
        shown["properties"].pop("computeLocation")
        return Response(201, shown, self.status.compute_headers(request, operation))

    def _put_schedules(self, workspace: Document, doc: Document, inner: Document) -> None:
        schedules = mapping(inner.get("schedules"), "schedules")
        how = self.app.config["guesses"]["instance"]["put_schedules"]
        if how == "refuse" and schedules.get("computeStartStop"):
            raise refuse(
                "The schedules of an existing compute instance cannot be changed by this request. Use the "
                "updateSchedules API instead.",
                workspace["location"],
            )
        if how == "take" and "schedules" in inner:
            accepted = schedule_rules.accept(schedules, doc["id"], workspace["location"])
            doc["properties"]["properties"]["schedules"] = accepted

    def update(self, request: Request, workspace: Document, doc: Document, body: Document) -> Response:
        """PATCH is for clusters (docs/coverage.md 1.12)."""
        raise self.unsupported("ComputeUpdate", workspace)

    def remove(self, workspace: Document, doc: Document, action: str) -> None:
        if action == "Detach" and self.app.config["guesses"]["instance"]["detach"] == "refuse":
            raise self.unsupported("ComputeDetach", workspace)
        doc["properties"]["properties"] |= {
            "state": "Deleting",
            "lastOperation": last_operation(self.app, "Delete", "InProgress", "User"),
        }

    # -- the end of the operations -----------------------------------------------------------------------------------

    def _created(self, operation: Operation) -> Document | None:
        doc = self.app.store.get(operation.target)
        if doc is None:
            return None
        error = (
            unsupported_size(self.app, doc)
            or check_subnet(self.app, doc)
            or quotas.too_many(self.app, doc, operation.subscription)
            or rules.over_quota(self.app, doc, operation.subscription)
        )
        if error:
            self._broken(operation, error)
            return error
        private = self.app.store.private(doc["id"])
        settle(self.app, doc, private, operation.due)
        private["idle_since"] = operation.due
        self.app.store.put(doc["id"], doc, private=private)
        self.timer.arm(doc, operation.due)
        workspace = self.app.store.get(doc["id"].rsplit("/computes/", 1)[0])
        if workspace is not None and managed_network_on(workspace):
            activate(self.app, workspace)
        return None

    def _broken(self, operation: Operation, error: Document) -> None:
        """A refused creation leaves the instance in Failed (docs/facts.md a.5); failed scripts in SetupFailed."""
        doc = self.app.store.get(operation.target)
        if doc is None:
            return
        kept = {key: error[key] for key in ("code", "message", "details") if key in error}
        setup = error.get("code") in self.app.config["guesses"]["instance"]["setup_codes"]
        doc["properties"] |= {"provisioningState": FAILED, "provisioningErrors": [{"error": kept}]}
        doc["properties"]["properties"] |= {
            "state": "SetupFailed" if setup else "CreateFailed",
            "lastOperation": last_operation(self.app, "Create", "CreateFailed", "User", operation.due),
            "errors": [{"error": kept}],
        }
        doc["tags"] = doc["tags"] or {}
        self.app.store.put(doc["id"], doc)

    def _updated(self, operation: Operation) -> None:
        doc = self.app.store.get(operation.target)
        if doc is not None:
            doc["properties"] |= {"provisioningState": SUCCEEDED, "modifiedOn": self.app.clock.iso(operation.due)}
            self.app.store.put(doc["id"], doc)
            self.timer.arm(doc, operation.due)

    @staticmethod
    def _refused(operation: Operation) -> Document:
        return dict(operation.data["error"])

    # -- start, stop, restart ----------------------------------------------------------------------------------------

    def start(self, request: Request, workspace: Document, doc: Document) -> Response:
        return self._move(request, workspace, doc, "Start", "start_when_running")

    def stop(self, request: Request, workspace: Document, doc: Document) -> Response:
        return self._move(request, workspace, doc, "Stop", "stop_when_stopped")

    def restart(self, request: Request, workspace: Document, doc: Document) -> Response:
        return self._move(request, workspace, doc, "Restart", "restart_when_stopped")

    def _move(self, request: Request, workspace: Document, doc: Document, action: str, guess: str) -> Response:
        """202 without a body; the wrong state fails the operation, not the request (docs/facts.md b.2 [ISS])."""
        need_idle(self.app, doc["id"], workspace["location"])
        needed = _MOVES[action][0]
        if doc["properties"]["properties"]["state"] == needed:
            operation = self._begin_move(doc, action, "User", self.app.clock.now())
        elif self.app.config["guesses"]["instance"][guess] == "succeed":
            operation = self.begin("instance.update", workspace, doc)
        else:
            code = _ONLY.format(action=action, state=needed)
            message = _TEXT.format(action=action, name=doc["name"], state=needed.lower())
            error = {"code": code, "message": message, "statusCode": 400}
            operation = self.begin("instance.refused", workspace, doc, error=error)
        return Response(202, headers=self.status.compute_headers(request, operation))

    def _by_itself(self, doc: Document, action: str, trigger: str, now: float) -> None:
        self._begin_move(doc, action, trigger, now)

    def _begin_move(self, doc: Document, action: str, trigger: str, now: float) -> Operation:
        inner = doc["properties"]["properties"]
        inner["state"] = _MOVES[action][1]
        inner["lastOperation"] = last_operation(self.app, action, "InProgress", trigger, now)
        self.app.store.put(doc["id"], doc)
        kind = f"instance.{action.lower()}"
        late = self.app.clock.now() - now
        return self.begin(kind, doc, doc, seconds=self.app.config.seconds(kind) - late, action=action, trigger=trigger)

    def _moved(self, operation: Operation) -> None:
        doc = self.app.store.get(operation.target)
        if doc is None:
            return
        action, trigger = operation.data["action"], operation.data["trigger"]
        inner = doc["properties"]["properties"]
        inner["state"] = _MOVES[action][2]
        inner["lastOperation"] = last_operation(self.app, action, "Succeeded", trigger, operation.due)
        self.app.store.put(doc["id"], doc)
        self.timer.active(doc, operation.due)

    def _not_moved(self, operation: Operation, error: Document) -> None:
        """The instance is where it was; the operation of `lastOperation` is marked."""
        doc = self.app.store.get(operation.target)
        if doc is None:
            return
        action = operation.data["action"]
        inner = doc["properties"]["properties"]
        inner["state"] = _MOVES[action][0]
        inner["lastOperation"] = last_operation(
            self.app, action, f"{action}Failed", operation.data["trigger"], operation.due
        )
        inner["errors"] = [{"error": {key: error[key] for key in ("code", "message") if key in error}}]
        self.app.store.put(doc["id"], doc)
        self.timer.arm(doc, operation.due)

    # -- reading -----------------------------------------------------------------------------------------------------

    def refresh(self, docs: list[Document]) -> list[Document]:
        """Scripts run at the end of the creation; the instance is SettingUp meanwhile."""
        for doc in docs:
            inner: dict[str, Any] = doc["properties"]["properties"]
            if inner["state"] == "Creating" and inner["setupScripts"]:
                since = self.app.store.private(doc["id"]).get("setting_up_from")
                if since is not None and since <= self.app.clock.now():
                    inner["state"] = "SettingUp"
        return docs
