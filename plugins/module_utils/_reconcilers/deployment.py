# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The template deployment that creates a workspace with the resources that it depends on (docs/facts.md d.1)."""

from __future__ import annotations

import re
import typing as t

from .._core import shape
from .._core.arm_id import Target
from .._core.errors import ArmError
from .._engine.creation import require_absent
from .._engine.kind import FAILED, Body, provisioning_status
from .._engine.other_writers import changed_meanwhile
from .._engine.plan import Declared
from .._engine.remote import RemoteResource
from .dependents import DEPENDENTS

_API_VERSION = "2021-04-01"
_RUNNING = ("accepted", "running", "creating", "created", "ready", "updating")

# Seconds between two reads of a deployment, unless the task says otherwise.
_BETWEEN_READS = 3.0

# Starts the deployment that creates a workspace.
Submit = t.Callable[[Target, Declared], None]


class Deployments:
    """The deployments of one workspace in its resource group."""

    def __init__(self, remote: RemoteResource, submit: Submit) -> None:
        self._remote = remote
        self._submit = submit

    def create(self, complete: Declared) -> t.Any:
        """Create the workspace. Return the running operation, or None with ``wait``. The deployment of an earlier run is continued."""
        if self._newest(_RUNNING) is None:
            self._start({**self._orphaned_dependents(complete), **complete})
        newest = self._newest()
        if not self._remote.behaviour.wait:
            return DeploymentOperation(newest)
        if newest is not None:
            self._wait_for(newest)
        return None

    def _start(self, complete: Declared) -> None:
        # azure-ai-ml, and with it this, is imported only where a workspace is created.
        from .workspace_sdk import WorkspaceExists

        require_absent(self._remote)
        try:
            self._submit(self._remote.target, complete)
        except WorkspaceExists as error:
            what = "it did not exist at the read, and was created before the deployment"
            raise changed_meanwhile(self._remote, what) from error  # pylint: disable=bad-exception-cause
        except ArmError as error:
            # azure-ai-ml sends a deployment again whose answer was lost: that it is active says that it was taken.
            if error.code != "DeploymentActive":
                self._remote.wrote = self._remote.wrote or error.may_be_accepted
                raise
        self._remote.wrote = True

    def _newest(self, states: t.Collection[str] | None = None) -> Body | None:
        """The newest deployment that azure-ai-ml started for this workspace (named NAME-NUMBER); of those in the states, where some are given."""
        target = self._remote.target
        path = f"{target.parent_id}/providers/Microsoft.Resources/deployments"
        pattern = re.compile(rf"{re.escape(target.name)}-\d+\Z", re.IGNORECASE)
        # The resource group's other deployments are not this task's: one of them that cannot be read stops nothing.
        own = [
            shape.check(body, shape.DEPLOYMENT, body["id"])
            for body in self._remote.client.list(path, _API_VERSION, malformed=self._remote.warn_of_malformed)
            if pattern.match(_name(body))
        ]
        own.sort(key=lambda body: (body.get("properties") or {}).get("timestamp") or "", reverse=True)
        return next((body for body in own if states is None or _state(body) in states), None)

    def _wait_for(self, deployment: Body) -> None:
        remote = self._remote
        while _state(deployment) in _RUNNING:
            remote.wait.pause(
                remote.behaviour.wait_interval or _BETWEEN_READS,
                f"{remote.title} to be created (deployment {deployment['name']})",
                str((deployment.get("properties") or {}).get("provisioningState")),
                "deployment",
            )
            # What was just made may not be seen yet.
            deployment = remote.client.find(deployment["id"], _API_VERSION) or deployment
        if _state(deployment) != "succeeded":
            raise _deployment_error(remote.title, deployment)

    def _orphaned_dependents(self, complete: Declared) -> Declared:
        """Dependents that the last run's failed deployment made and that are not declared: used again, so that no run leaves a second set."""
        newest = self._newest()
        if newest is None or _state(newest) not in ("failed", "canceled"):
            # One that succeeded after a failed one has used the dependents of that. They are not for the successor of its workspace.
            return {}
        dependents: Declared = {}
        for option, identifier, version in self._parameters(newest):
            body = None if complete.get(option) else self._remote.client.find(identifier, version)
            if body is None:
                continue
            if provisioning_status(body).state == FAILED:
                self._remote.warnings.append(
                    f"FailedDependent: {identifier}, which an earlier deployment left, is in a failed state. Another is made; remove that one yourself."
                )
            else:
                dependents[option] = identifier
        return dependents

    def _parameters(self, deployment: Body) -> t.Iterator[tuple[str, str, str]]:
        """Option, id and API version of each dependent that the deployment was to make."""
        parameters = (deployment.get("properties") or {}).get("parameters") or {}
        for option, dependent in DEPENDENTS.items():
            name = (parameters.get(dependent.parameter) or {}).get("value")
            if name and isinstance(name, str) and "/" not in name:
                yield option, f"{self._remote.target.parent_id}/providers/{dependent.type}/{name}", dependent.version


class DeploymentOperation:
    """What a task that does not wait reports of the deployment."""

    def __init__(self, deployment: Body | None) -> None:
        self.deployment = deployment or {}

    def to_dict(self) -> dict[str, t.Any]:
        return {
            "url": self.deployment.get("id"),
            "status": (self.deployment.get("properties") or {}).get("provisioningState"),
        }


def _state(deployment: Body) -> str:
    return str((deployment.get("properties") or {}).get("provisioningState")).casefold()


def _name(deployment: Body) -> str:
    """By its id, which the list's check has seen."""
    return str(deployment["id"]).rsplit("/", 1)[-1]


def _deployment_error(title: str, deployment: Body) -> ArmError:
    """The innermost reason of a failed deployment: what ARM wraps around it says nothing."""
    error = inner = (deployment.get("properties") or {}).get("error") or {}
    while isinstance(inner.get("details"), list) and inner["details"] and isinstance(inner["details"][0], dict):
        inner = inner["details"][0]
    return ArmError(
        f"{title} could not be created: {inner.get('message') or _state(deployment)}",
        code=str(inner.get("code") or "DeploymentFailed"),
        details=error,
        # ARM keeps the text of a conflict, and not its status.
        status=409 if inner.get("code") == "Conflict" else None,
        target=deployment.get("id"),
        hint="Fix the cause and run the same task again: resources that the deployment created are reused.",
    )
