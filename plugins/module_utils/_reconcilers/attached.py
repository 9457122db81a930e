# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attached compute and inference clusters: what only reads can check.

Before an attachment: the target, and who else has it attached (docs/coverage.md 1.6 T8, 1.9 K8-8, 3.5). Before a creation: the
vCPUs of a size that its name does not say (1.5 A8).
"""

from __future__ import annotations

import typing as t

from .._core import canon
from .._core.errors import AmlError, ArmError
from .._core.findings import refuse
from .._engine.kind import Body
from .._engine.plan import Declared
from .._engine.remote import RemoteResource
from .._kinds.attachment import AttachedKind, Other

_ML = "providers/Microsoft.MachineLearningServices"


class TargetMissing(AmlError):
    """The resource to attach does not exist."""

    default_code = "TargetNotFound"


class AttachmentExtension:
    """Reads the target before it is attached, and who else has it."""

    def __init__(self, remote: RemoteResource) -> None:
        self._remote = remote
        self._client = remote.client
        self._kind = t.cast(AttachedKind, remote.kind)

    def before_create(self, complete: Declared, parent: Body | None) -> None:
        if complete.get("resource_id"):
            self._check_target(complete, parent)
            others = self._others(complete["resource_id"], parent)
            refuse(self._kind.check_others(complete, others))
            self._remote.warnings += self._kind.advice_on_others(complete, others)
        elif self._kind.needs_vcpus(complete):
            self._check_cores(complete, parent)

    def _check_target(self, complete: Declared, parent: Body | None) -> None:
        """A missing target is reported immediately, and not after minutes by the service. Without permission to read it, the task continues."""
        resource_id = complete["resource_id"]
        type_ = self._kind.target_type(resource_id)
        if type_ is None:
            return
        try:
            body = self._client.find(resource_id, self._kind.target_types[type_])
        except ArmError as error:
            if error.status not in (401, 403):
                raise
            self._remote.warnings.append(
                f"TargetNotReadable: {resource_id} could not be read before it is attached ({error.code}). Needed: {self._kind.permissions}."
            )
            return
        if body is None and self._is_expected(resource_id, parent):
            workspace = ", nor does the workspace" if parent is None else ", an earlier task creates it"
            self._remote.warnings.append(
                f"TargetNotFound: {resource_id} does not exist yet{workspace}. {self._remote.title} can be attached when it exists."
            )
            return
        if body is None:
            raise TargetMissing(
                f"{self._remote.title} cannot be attached, because {resource_id} does not exist.",
                target=resource_id,
                hint=f"Create it first, or correct the id. A resource that you may not read shows in no list: needed is {self._kind.permissions}.",
            )
        refuse(self._kind.check_attached(body, parent))
        self._remote.warnings += [*self._kind.advice_on_target(body), *self._kind.advice_on_fit(complete, body)]

    def _is_expected(self, resource_id: str, parent: Body | None) -> bool:
        """Whether a missing target may exist in the run: in check mode, what creates the workspace may create the target too."""
        behaviour = self._remote.behaviour
        return parent is None or (behaviour.check_mode and canon.arm_id(resource_id) in behaviour.created_earlier)

    def _others(self, resource_id: str, parent: Body | None) -> list[Other]:
        """The other compute targets with the same resource: in this workspace, and if asked in all others of the subscription."""
        own = self._remote.target.parent_id
        # In check mode, the workspace itself may be still to come.
        others = [] if parent is None else self._same_resource(own, resource_id)
        if self._kind.check_other_workspaces:
            everywhere = f"/subscriptions/{self._remote.target.subscription_id}/{_ML}/workspaces"
            for workspace in self._list(everywhere):
                if workspace["id"].casefold() != own.casefold():
                    others += self._in_other_workspace(workspace["id"], resource_id)
        return others

    def _in_other_workspace(self, workspace_id: str, resource_id: str) -> list[Other]:
        try:
            return self._same_resource(workspace_id, resource_id)
        except ArmError as error:
            if error.status not in (401, 403, 404):
                raise
            self._remote.warnings.append(
                f"WorkspaceNotReadable: {workspace_id} could not be searched for other attachments ({error.code})."
            )
            return []

    def _same_resource(self, workspace_id: str, resource_id: str) -> list[Other]:
        desired = canon.arm_id(resource_id)
        return [
            Other(body)
            for body in self._list(f"{workspace_id}/computes")
            if canon.arm_id((body.get("properties") or {}).get("resourceId")) == desired
            and canon.arm_id(body.get("id")) != canon.arm_id(self._remote.target.id)
        ]

    def _list(self, path: str) -> list[Body]:
        """A list of other resources: one of them that cannot be read does not stop this one."""
        bodies: list[Body] = self._client.list(path, self._kind.api_version, malformed=self._remote.warn_of_malformed)
        return bodies

    def _check_cores(self, complete: Declared, parent: Body | None) -> None:
        """One GET of the region's sizes, for a size whose name does not contain its vCPUs."""
        location = complete.get("location") or (parent or {}).get("location")
        if not location:
            return
        path = f"/subscriptions/{self._remote.target.subscription_id}/{_ML}/locations/{location.replace(' ', '').lower()}/vmSizes"
        sizes = self._client.list(path, self._kind.api_version)
        for entry in sizes:
            if str(entry.get("name")).casefold() == complete["size"].casefold():
                refuse(self._kind.check_cores(complete, entry.get("vCPUs") or 0))
                return
        self._remote.warnings.append(
            f"UnknownSize: {complete['size']} is not among the sizes of {location}; its vCPUs could not be counted."
        )
