# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workspaces: created by a template deployment, updated by PATCH, and possibly soft-deleted.

Sources: docs/facts.md d.1 to d.3; docs/coverage.md 1.11; ARM types of workspaces 2022-05-01 (allowRecoverSoftDeletedWorkspace).
"""

from __future__ import annotations

import re
import typing as t

from .._core import shape
from .._core.arm_id import Target
from .._core.canon import arm_id, region
from .._core.client import Client
from .._core.errors import AmlError, ArmError, RuleError
from .._engine import incarnation
from .._engine.behaviour import Behaviour
from .._engine.kind import FAILED, Body, Request, provisioning_status
from .._engine.plan import UPDATE, Declared, Plan
from .._engine.reconciler import InUse, Outcome, ParentMissing, Reconciler
from .._kinds import compute
from .._kinds import workspace as _kind

_DEPLOYMENTS = "2021-04-01"
_RUNNING = ("accepted", "running", "creating", "created", "ready", "updating")
_BLOCKED = "soft-deleted workspace exists"

# The version that has allowRecoverSoftDeletedWorkspace (ARM types of 2022-05-01).
_RECOVERY_VERSION = "2022-05-01"

# Dependents: the option, the type's API version for its deletion (docs/facts.md a.2), and the parameter of azure-ai-ml's template.
_DEPENDENTS = {
    "application_insights": ("2020-02-02", "applicationInsightsName", "Microsoft.Insights/components"),
    "storage_account": ("2023-04-01", "storageAccountName", "Microsoft.Storage/storageAccounts"),
    "key_vault": ("2023-07-01", "keyVaultName", "Microsoft.KeyVault/vaults"),
    "container_registry": ("2023-07-01", "containerRegistryName", "Microsoft.ContainerRegistry/registries"),
}
_LOG_ANALYTICS_VERSION = "2020-08-01"


# Starts the deployment that creates a workspace.
Submit = t.Callable[[Target, Declared], None]


class SoftDeleted(AmlError):
    """The name is blocked by a workspace of that name which was deleted and can still be recovered."""

    default_code = "SoftDeletedWorkspace"


class UnexpectedComputes(AmlError):
    """The workspace has compute targets that are not among those whose deletion was confirmed."""

    default_code = "UnexpectedComputes"


class WorkspaceReconciler(Reconciler):
    """Adds what only workspaces have: creation by deployment, the name that a soft-deleted one blocks, the dependents."""

    kind: _kind.Workspace

    def __init__(
        self,
        client: Client,
        kind: _kind.Workspace,
        target: Target,
        behaviour: Behaviour,
        *,
        soft_deleted: str,
        submit: Submit,
    ) -> None:
        super().__init__(client, kind, target, behaviour)
        # fail, recover or purge: what becomes of a soft-deleted workspace that blocks the name.
        self.soft_deleted = soft_deleted
        self.submit = submit
        # The workspace as it was found last; its dependents are known from it when it is gone.
        self.seen: Body | None = None

    def find(self) -> Body | None:
        body = super().find()
        # Another one that has the name by now stands on other resources.
        if body is not None and (self.seen is None or incarnation.difference(self.seen, body) is None):
            self.seen = body
        return body

    # --- creation ---

    def _create(self, plan: Plan, declared: Declared, complete: Declared, body: Body) -> Outcome:
        """Make it, or get it back; then set what its creation does not know."""
        operation = None
        with self._only_if_absent():
            try:
                # A purge of an earlier run may still be under way.
                operation = self.client.retry_conflict(
                    lambda: self._make(complete), self.deadline.remaining if self.behaviour.wait else 0.0
                )
            except ArmError as error:
                if not _is_blocked(error):
                    raise
                self._unblock(complete, error)
        if not self.behaviour.wait:
            return self._outcome(plan, self.find(), operation)
        return self._finish(plan, declared, complete)

    def _make(self, complete: Declared) -> t.Any:
        """What is under way; with ``wait``, once it is done."""
        if complete.get("kind") == "project" or complete.get("hub_id"):
            return self._put_project(complete)
        # The deployment of an earlier run is joined.
        if self._deployment(lambda state: state in _RUNNING) is None:
            self._submit({**self._left_behind(complete), **complete})
        if not self.behaviour.wait:
            return _DeploymentOperation(self._deployment(lambda state: True))
        self._await_deployment()
        return None

    def _put_project(self, complete: Declared) -> t.Any:
        """A project, by one PUT: it stands on its hub's resources, so that there is nothing to deploy beside it.

        azure-ai-ml cannot: 1.35.2 writes its hub's public network access as ``PublicNetworkAccessType.ENABLED``, which its own template refuses.
        Region and access are the hub's, as there.
        """
        hub = self.client.find(complete["hub_id"], self.kind.api_version)
        if hub is None:
            raise ParentMissing(
                f"{self._what} cannot be created, because its hub {complete['hub_id']} does not exist.",
                target=complete["hub_id"],
                hint="Create the hub first, or correct hub_id.",
            )
        if region(complete.get("location") or hub.get("location")) != region(hub.get("location")):
            raise RuleError(
                f"location {complete['location']!r} is not the hub's ({hub.get('location')}): a project is where its hub is.",
                code="ProjectRegion",
                hint="Omit location, or set the hub's.",
            )
        given = {
            "kind": "project",
            "identity": {"type": "system_assigned"},
            **complete,
            "location": hub.get("location"),
        }
        body = self.kind.create_body(self.target, given, None)
        body["properties"]["publicNetworkAccess"] = (hub.get("properties") or {}).get("publicNetworkAccess")
        self._check_absent(False)
        operation = self._send(Request("PUT", body)).operation
        if operation is not None and self.behaviour.wait:
            self._await(operation, "created")
        return operation

    def _finish(self, plan: Plan, declared: Declared, complete: Declared) -> Outcome:
        body = self._settle(self.find(), settling=False)
        # The template does not take all fields, and sets some that were not declared: the rest is an update.
        wanted = {**declared, **{key: complete[key] for key in plan.values() if key in complete}}
        left = self._plan(wanted, body)
        if left.action == UPDATE and body is not None:
            self._update(left, wanted, body)
        return self._outcome(plan, self._read_back(plan, declared, created=False))

    def _submit(self, complete: Declared) -> None:
        from .workspace_sdk import WorkspaceExists

        self._check_absent(False)
        try:
            self.submit(self.target, complete)
        except WorkspaceExists as error:
            raise self._changed_meanwhile(
                "it did not exist at the read, and was created before the deployment"
            ) from error
        except ArmError as error:
            # azure-ai-ml sends a deployment again whose answer was lost: that it is active says that it was taken.
            if error.code != "DeploymentActive":
                self.wrote = self.wrote or error.may_be_taken
                raise
        self.wrote = True

    def _deployments(self) -> list[Body]:
        """The deployments that azure-ai-ml started for this workspace (named NAME-NUMBER), the newest first."""
        path = f"{self.target.parent_id}/providers/Microsoft.Resources/deployments"
        pattern = re.compile(rf"{re.escape(self.target.name)}-\d+\Z", re.IGNORECASE)
        # The resource group's other deployments are not this task's: one of them that cannot be read stops nothing.
        own = [
            body
            for body in self.client.list(path, _DEPLOYMENTS, malformed=self._strange_deployment)
            if pattern.match(_deployment_name(body))
        ]
        found = [shape.check(body, shape.DEPLOYMENT, body["id"]) for body in own]
        return sorted(found, key=lambda body: (body.get("properties") or {}).get("timestamp") or "", reverse=True)

    def _strange_deployment(self, error: AmlError) -> None:
        warning = f"{error.code}: {error.message} It was not read."
        if warning not in self.warnings:
            self.warnings.append(warning)

    def _deployment(self, wanted: t.Callable[[str], bool]) -> Body | None:
        for body in self._deployments():
            if wanted(_state(body)):
                return body
        return None

    def _await_deployment(self) -> None:
        deployment = self._deployment(lambda state: True)
        if deployment is None:
            return
        while _state(deployment) in _RUNNING:
            if not self.deadline.remaining:
                raise self._timeout(f"{self._what} to be created (deployment {deployment['name']})", _state(deployment))
            self._events.state(f"deployment {deployment['properties'].get('provisioningState')}")
            self._sleep(min(self.behaviour.wait_interval or 3.0, self.deadline.remaining))
            # What was just made may not be seen yet.
            deployment = self.client.find(deployment["id"], _DEPLOYMENTS) or deployment
        if _state(deployment) != "succeeded":
            raise _deployment_error(self._what, deployment)

    def _left_behind(self, complete: Declared) -> Declared:
        """Dependents that a failed deployment of an earlier run made and that are not declared: used again, so that no run leaves a second set."""
        failed = self._deployment(lambda state: state in ("failed", "canceled"))
        found: Declared = {}
        parameters = ((failed or {}).get("properties") or {}).get("parameters") or {}
        for option, (version, parameter, kind) in _DEPENDENTS.items():
            name = (parameters.get(parameter) or {}).get("value")
            if name and isinstance(name, str) and "/" not in name and not complete.get(option):
                identifier = f"{self.target.parent_id}/providers/{kind}/{name}"
                body = self.client.find(identifier, version)
                if body is not None and provisioning_status(body).state == FAILED:
                    self.warnings.append(
                        f"FailedDependent: {identifier}, which an earlier deployment left, is in a failed state. Another is made; remove that one yourself."
                    )
                elif body is not None:
                    found[option] = identifier
        return found

    # --- soft delete ---

    def _unblock(self, complete: Declared, error: ArmError) -> None:
        if self.soft_deleted == "fail":
            raise SoftDeleted(
                f"{self._what} cannot be created, because a soft-deleted workspace of that name blocks it.",
                details=error.failure(),
                target=self.target.id,
                hint="Set soft_deleted=recover to recover it with its history, or soft_deleted=purge to delete it permanently.",
            ) from error
        # What blocks the name may be gone by now, and a workspace of another writer's be there.
        self._check_absent(False)
        if self.soft_deleted == "purge":
            operation = self._send(self.kind.removal({"permanently_delete": True})).operation
            if operation is not None:
                self._await(operation, "purged")
            self._make(complete)
            return
        body = {
            "location": complete.get("location") or self._group_location(),
            "properties": {"allowRecoverSoftDeletedWorkspace": "True"},
        }
        operation = self._send(Request("PUT", body, api_version=_RECOVERY_VERSION)).operation
        if operation is not None:
            self._await(operation, "recovered")
        self.warnings.append(
            f"Recovered: {self.target.name!r} was soft-deleted; its compute targets are gone and must be created again."
        )

    def _group_location(self) -> t.Any:
        return self.client.get(self.target.parent_id, self.kind.parent_api_version).get("location")

    # --- removal ---

    def _allow_replacement(self, plan: Plan, declared: Declared, body: Body | None) -> None:
        super()._allow_replacement(plan, declared, body)
        self._require_no_computes()

    def _require_as_planned(self, body: Body) -> None:
        super()._require_as_planned(body)
        # Another writer may have created one since the plan was made.
        self._require_no_computes()

    def _require_no_computes(self) -> None:
        if self.behaviour.force:
            return
        names = self._compute_names()
        if names:
            raise InUse(
                f"{self._what} was not replaced, because it has compute targets that would be deleted with it: {', '.join(names)}.",
                details={"computes": names},
                hint="Remove them first, or set force=true.",
            )

    def _compute_names(self) -> list[str]:
        """The compute targets that a deletion of the workspace would delete, without those that are being deleted already."""
        computes = self.client.list(f"{self.target.id}/computes", compute.ComputeKind.api_version)
        return sorted(
            body["name"]
            for body in computes
            if str((body.get("properties") or {}).get("provisioningState")).casefold() != "deleting"
        )

    def require_only(self, expected: t.Collection[str]) -> None:
        """The last check before the deletion: no compute target but the ``expected`` ones goes with the workspace."""
        known = {name.casefold() for name in expected}
        unexpected = [name for name in self._compute_names() if name.casefold() not in known]
        if unexpected:
            raise UnexpectedComputes(
                f"{self._what} was not deleted, because it has compute targets that expected_computes does not name: {', '.join(unexpected)}. "
                f"expected_computes names {', '.join(sorted(expected)) or 'none'}.",
                details={"computes": unexpected},
                target=self.target.id,
                hint="Check who uses them. Delete or detach them, or add them to expected_computes, and run the same task again.",
            )

    def tell_what_is_left(self, error: AmlError, removed: list[str]) -> None:
        """Of a workspace that is gone, no later run can tell what it stood on: this one must."""
        read = self.kind.read(self.seen or {})
        gone = [one.casefold() for one in removed]
        left = [read[option] for option in _DEPENDENTS if read.get(option) and read[option].casefold() not in gone]
        if left:
            error.details = {"cause": error.details, "left": left}
            error.hint = (
                f"{error.hint or ''} Once the workspace is gone, a later run does not know what it stood on. Still there may be: {', '.join(left)}; "
                "remove what is with arm_resource, state=absent."
            ).strip()

    def remove_dependents(self, body: Body, removed: list[str]) -> None:
        """Delete what the workspace stood on, once it is gone, and put it into ``removed``. What another workspace uses too is left, with a warning."""
        for option, (version, _parameter, _type) in _DEPENDENTS.items():
            identifier = self.kind.read(body).get(option)
            if not identifier:
                continue
            # Listed again for each: another writer may create a workspace that uses it while the others are deleted.
            if identifier.casefold() in self._used_elsewhere():
                self.warnings.append(
                    f"SharedDependent: {identifier} was not deleted, because another workspace uses it."
                )
                continue
            self._remove_dependent(identifier, version, option, removed)

    def _remove_dependent(self, identifier: str, version: str, option: str, removed: list[str]) -> None:
        logs = self._logs_of(identifier, version) if option == "application_insights" else None
        for one, at in ((identifier, version), (logs, _LOG_ANALYTICS_VERSION)):
            if one:
                try:
                    reply = self.client.delete(one, at)
                except ArmError as error:
                    self.wrote = self.wrote or error.may_be_taken
                    raise
                self.wrote = self.wrote or reply.status != 404
                if reply.operation is not None and self.behaviour.wait:
                    self._await(reply.operation, f"rid of {one}")
                if reply.status != 404:
                    removed.append(one)

    def _logs_of(self, insights: str, version: str) -> str | None:
        """The log analytics that stand behind an insights component, unless another component of the subscription writes there."""
        found = self.client.find(insights, version) or {}
        logs = _logs(found)
        if not logs:
            return None
        path = f"/subscriptions/{self.target.subscription_id}/providers/Microsoft.Insights/components"
        others = [body for body in self.client.list(path, version) if arm_id(body["id"]) != arm_id(insights)]
        if all(arm_id(_logs(body)) != arm_id(logs) for body in others):
            return logs
        self.warnings.append(f"SharedDependent: {logs} was not deleted, because other application insights use it.")
        return None

    def _used_elsewhere(self) -> set[str]:
        path = f"/subscriptions/{self.target.subscription_id}/providers/Microsoft.MachineLearningServices/workspaces"
        others = [body for body in self.client.list(path, self.kind.api_version) if not self._is_the_deleted(body)]
        return {str(self.kind.read(body).get(option)).casefold() for body in others for option in _DEPENDENTS}

    def _is_the_deleted(self, body: Body) -> bool:
        """Without a wait it is still listed. A workspace that another writer has created under its name is another one."""
        return (
            body["id"].casefold() == self.target.id.casefold() and incarnation.difference(self.seen or {}, body) is None
        )


def _logs(insights: Body) -> str | None:
    return (insights.get("properties") or {}).get("WorkspaceResourceId")


class _DeploymentOperation:
    """What a task that does not wait tells of the deployment."""

    def __init__(self, deployment: Body | None) -> None:
        self.deployment = deployment or {}

    def to_dict(self) -> dict[str, t.Any]:
        return {
            "url": self.deployment.get("id"),
            "status": (self.deployment.get("properties") or {}).get("provisioningState"),
        }


def _state(deployment: Body) -> str:
    return str((deployment.get("properties") or {}).get("provisioningState")).casefold()


def _deployment_name(deployment: Body) -> str:
    """By its id, which the list's check has seen."""
    return str(deployment["id"]).rsplit("/", 1)[-1]


def _is_blocked(error: ArmError) -> bool:
    return _BLOCKED in f"{error.message} {error.details}".casefold()


def _deployment_error(what: str, deployment: Body) -> ArmError:
    """The innermost reason of a failed deployment: what ARM wraps around it says nothing."""
    error = inner = (deployment.get("properties") or {}).get("error") or {}
    while isinstance(inner.get("details"), list) and inner["details"] and isinstance(inner["details"][0], dict):
        inner = inner["details"][0]
    return ArmError(
        f"{what} could not be created: {inner.get('message') or _state(deployment)}",
        code=str(inner.get("code") or "DeploymentFailed"),
        details=error,
        # ARM keeps the text of a conflict, and not its status.
        status=409 if inner.get("code") == "Conflict" else None,
        target=deployment.get("id"),
        hint="Fix the cause and run the same task again: resources that the deployment created are reused.",
    )
