# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resources that a workspace depends on: deleted with it, unless another workspace uses them."""

from __future__ import annotations

import typing as t

from .._core import paths
from .._core.canon import arm_id
from .._core.errors import AmlError, ArmError
from .._engine import incarnation
from .._engine.kind import Body
from .._engine.remote import RemoteResource


class Dependent(t.NamedTuple):
    """``version`` is the API version for its deletion (docs/facts.md a.2), ``parameter`` its name's in azure-ai-ml's template."""

    version: str
    parameter: str
    type: str


# By the workspace's option.
DEPENDENTS = {
    "application_insights": Dependent("2020-02-02", "applicationInsightsName", "Microsoft.Insights/components"),
    "storage_account": Dependent("2023-04-01", "storageAccountName", "Microsoft.Storage/storageAccounts"),
    "key_vault": Dependent("2023-07-01", "keyVaultName", "Microsoft.KeyVault/vaults"),
    "container_registry": Dependent("2023-07-01", "containerRegistryName", "Microsoft.ContainerRegistry/registries"),
}
_LOG_ANALYTICS_VERSION = "2020-08-01"


class Dependents:
    """Removes the dependents of a workspace that is gone. ``removed`` has the ids of those that were there and are deleted."""

    def __init__(self) -> None:
        self.removed: list[str] = []

    def remove(self, remote: RemoteResource, workspace: Body) -> None:
        """Delete what the workspace used. What another workspace uses too stays, with a warning."""
        for option, identifier in _ids(remote, workspace).items():
            # Listed again for each: another writer may create a workspace that uses it while the others are deleted.
            if identifier.casefold() in _used_elsewhere(remote, workspace):
                remote.warnings.append(
                    f"SharedDependent: {identifier} was not deleted, because another workspace uses it."
                )
                continue
            version = DEPENDENTS[option].version
            logs = _logs_of(remote, identifier, version) if option == "application_insights" else None
            self._delete(remote, identifier, version)
            if logs:
                self._delete(remote, logs, _LOG_ANALYTICS_VERSION)

    def report_remaining(self, error: AmlError, remote: RemoteResource) -> None:
        """After a workspace is deleted, no later run can determine its dependent resources, so the error of this run must list them."""
        removed = [identifier.casefold() for identifier in self.removed]
        ids = _ids(remote, remote.seen or {}).values()
        remaining = [identifier for identifier in ids if identifier.casefold() not in removed]
        if remaining:
            error.details = {"cause": error.details, "left": remaining}
            error.hint = (
                f"{error.hint or ''} After the workspace is deleted, a later run cannot determine its dependent resources. "
                f"These may still exist: {', '.join(remaining)}. Delete them with arm_resource, state=absent."
            ).strip()

    def _delete(self, remote: RemoteResource, identifier: str, version: str) -> None:
        try:
            reply = remote.client.delete(identifier, version)
        except ArmError as error:
            remote.wrote = remote.wrote or error.may_be_accepted
            raise
        remote.wrote = remote.wrote or reply.status != 404
        if reply.operation is not None and remote.behaviour.wait:
            remote.wait.for_operation(reply.operation, f"rid of {identifier}")
        if reply.status != 404:
            self.removed.append(identifier)


def _ids(remote: RemoteResource, workspace: Body) -> dict[str, str]:
    """The ids of a workspace's dependents, by option."""
    read = remote.kind.read(workspace)
    return {option: read[option] for option in DEPENDENTS if read.get(option)}


def _logs_of(remote: RemoteResource, insights: str, version: str) -> str | None:
    """The log analytics of an insights component, unless another component of the subscription writes there."""
    logs = _logs(remote.client.find(insights, version) or {})
    if not logs:
        return None
    path = f"/subscriptions/{remote.target.subscription_id}/providers/Microsoft.Insights/components"
    others = [body for body in remote.client.list(path, version) if arm_id(body.get("id")) != arm_id(insights)]
    if all(arm_id(_logs(body)) != arm_id(logs) for body in others):
        return logs
    remote.warnings.append(f"SharedDependent: {logs} was not deleted, because other application insights use it.")
    return None


def _logs(insights: Body) -> str | None:
    logs = paths.get_path(insights, "properties.WorkspaceResourceId")
    return logs if isinstance(logs, str) else None


def _used_elsewhere(remote: RemoteResource, workspace: Body) -> set[str]:
    """The dependents of all other workspaces of the subscription, in lower case."""
    path = f"/subscriptions/{remote.target.subscription_id}/providers/Microsoft.MachineLearningServices/workspaces"
    others = [
        body
        for body in remote.client.list(path, remote.kind.api_version)
        # Without a wait it is still listed. A workspace that another writer has created under its name is another one.
        if body["id"].casefold() != remote.target.id.casefold() or incarnation.difference(workspace, body) is not None
    ]
    return {str(remote.kind.read(body).get(option)).casefold() for body in others for option in DEPENDENTS}
