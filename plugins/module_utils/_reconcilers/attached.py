# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attached compute and inference clusters: what is checked beside the engine's own.

Before an attachment: the target, and who else has it attached (docs/coverage.md 1.6 T8, 1.9 K8-8, 3.5). Before a creation: the
vCPUs of a size that its name does not say (1.5 A8). After a refusal: which permission is missing (1.9 K8-10, 1.10).
"""

from __future__ import annotations

from .._core import canon
from .._core.errors import AmlError, ArmError
from .._core.findings import refuse
from .._engine.kind import Body, Request
from .._engine.plan import UPDATE, Declared, Plan
from .._engine.reconciler import Outcome, Reconciler
from .._kinds.aks import Aks
from .._kinds.attachment import AttachedKind, Other

_ML = "providers/Microsoft.MachineLearningServices"
_NO_RIGHT = ("LinkedAuthorizationFailed", "AuthorizationFailed", "LinkedAccessCheckFailed")


class TargetMissing(AmlError):
    """What was to be attached does not exist."""

    default_code = "TargetNotFound"


class AttachReconciler(Reconciler):
    """Looks at the target before it is attached, and explains what the service refuses."""

    kind: AttachedKind

    def _carry_out(self, plan: Plan, declared: Declared, body: Body | None) -> Outcome:
        if plan.action == UPDATE and body is not None:
            self.warnings += self.kind.advice_on_update(plan, body)
        return super()._carry_out(plan, declared, body)

    def _allow_replacement(self, plan: Plan, declared: Declared, body: Body | None) -> None:
        super()._allow_replacement(plan, declared, body)
        if body is not None and isinstance(self.kind, Aks):
            self.kind.refuse_replacement(body)

    def _complete(self, plan: Plan, declared: Declared, body: Body | None) -> Declared:
        complete = super()._complete(plan, declared, body)
        if body is None or "resource_id" not in plan.values():
            return complete
        # With another resource, what was read of the old one is not taken over.
        return {
            option: value
            for option, value in complete.items()
            if option in declared or option not in self.kind.of_target
        }

    # --- before ---

    def _inspect(self, complete: Declared, parent: Body | None) -> None:
        if complete.get("resource_id"):
            self._look_at_target(complete["resource_id"])
            others = self._others(complete["resource_id"], parent)
            refuse(self.kind.check_others(complete, others))
            self.warnings += self.kind.advice_on_others(complete, others)
        elif isinstance(self.kind, Aks) and self.kind.needs_vcpus(complete):
            self._count_cores(self.kind, complete, parent)

    def _look_at_target(self, resource_id: str) -> None:
        """A target that is not there is told at once, and not after the service's minutes. Who may not read it, goes on without."""
        type_ = self.kind.target_type(resource_id)
        if type_ is None:
            return
        try:
            found = self.client.find(resource_id, self.kind.target_types[type_])
        except ArmError as error:
            if error.status not in (401, 403):
                raise
            self.warnings.append(
                f"TargetNotReadable: {resource_id} could not be read before it is attached ({error.code}). Needed: {self.kind.rights}."
            )
            return
        if found is None:
            raise TargetMissing(
                f"{self._what} cannot be attached, because {resource_id} does not exist.",
                target=resource_id,
                hint=f"Create it first, or correct the id. A resource that you may not read shows in no list: needed is {self.kind.rights}.",
            )

    def _others(self, resource_id: str, parent: Body | None) -> list[Other]:
        """The other compute targets with the same resource: in this workspace, and if asked in all others of the subscription."""
        own = self.target.parent_id
        # In check mode, the workspace itself may be still to come.
        others = [] if parent is None else self._same_resource(own, resource_id)
        if self.kind.check_other_workspaces:
            everywhere = f"/subscriptions/{self.target.subscription_id}/{_ML}/workspaces"
            for workspace in self.client.list(everywhere, self.kind.api_version):
                if workspace["id"].casefold() != own.casefold():
                    others += self._in_other_workspace(workspace["id"], resource_id)
        return others

    def _in_other_workspace(self, workspace_id: str, resource_id: str) -> list[Other]:
        try:
            return self._same_resource(workspace_id, resource_id)
        except ArmError as error:
            if error.status not in (401, 403, 404):
                raise
            self.warnings.append(
                f"WorkspaceNotReadable: {workspace_id} could not be searched for other attachments ({error.code})."
            )
            return []

    def _same_resource(self, workspace_id: str, resource_id: str) -> list[Other]:
        wanted = canon.arm_id(resource_id)
        return [
            Other(body)
            for body in self.client.list(f"{workspace_id}/computes", self.kind.api_version)
            if canon.arm_id((body.get("properties") or {}).get("resourceId")) == wanted
            and canon.arm_id(body.get("id")) != canon.arm_id(self.target.id)
        ]

    def _count_cores(self, kind: Aks, complete: Declared, parent: Body | None) -> None:
        """One GET of the region's sizes, for a size whose name does not tell its vCPUs."""
        location = complete.get("location") or (parent or {}).get("location")
        if not location:
            return
        path = (
            f"/subscriptions/{self.target.subscription_id}/{_ML}/locations/{location.replace(' ', '').lower()}/vmSizes"
        )
        sizes = self.client.list(path, kind.api_version)
        for entry in sizes:
            if str(entry.get("name")).casefold() == complete["size"].casefold():
                refuse(kind.check_cores(complete, entry.get("vCPUs") or 0))
                return
        self.warnings.append(
            f"UnknownSize: {complete['size']} is not among the sizes of {location}; its vCPUs could not be counted."
        )

    # --- after ---

    def _write(self, requests: list[Request], plan: Plan, declared: Declared, *, created: bool) -> Outcome:
        try:
            return super()._write(requests, plan, declared, created=created)
        except ArmError as error:
            if error.status == 403 or error.code in _NO_RIGHT:
                error.hint = (
                    f"Attaching needs {self.kind.rights}, and permission to write compute targets of the workspace."
                )
            elif created and self.kind.needs:
                error.hint = f"{error.hint or ''} {self.kind.needs}".strip()
            raise
