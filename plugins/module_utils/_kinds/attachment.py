# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What compute targets share that exist, or can exist, outside the workspace: the target's id, detaching, secrets, advice on permissions.

Sources: docs/coverage.md 1.6 (T1 to T9), 1.9, 1.10, 1.13; docs/facts.md c.2 to c.4. What the service deletes on request is only
what it made itself (c.4: a Delete of an attached compute is rejected).
"""

from __future__ import annotations

import copy
import typing as t
from dataclasses import dataclass

from .._core import canon, paths
from .._core.arm_id import Target
from .._core.errors import AmlError, ArmError, RuleError
from .._core.findings import Finding, Findings
from .._engine import kind as _kind
from .._engine import rules
from .._engine.fields import WRITE_ONLY, Field, Option
from .._engine.kind import FAILED, Body, Request, fixed
from .._engine.plan import DELETE, DETACH, Declared, Plan
from . import compute, retirements
from .compute import ComputeKind

_NOT_PERMITTED = ("LinkedAuthorizationFailed", "AuthorizationFailed", "LinkedAccessCheckFailed")

RESOURCE_ID = fixed(
    "resource_id",
    "properties.resourceId",
    "an attachment stays with the resource it was made for; another one takes another attachment",
    spec={"type": "str"},
    canon=canon.arm_id,
    to_arm=canon.full_id,
)


DELETE_UNDERLYING = Option("delete_underlying", spec={"type": "bool", "default": False})
CHECK_OTHER_WORKSPACES = Option("check_other_workspaces", spec={"type": "bool", "default": False})


class NotDeletable(AmlError):
    """The service does not delete what it did not make."""

    default_code = "UnderlyingNotDeletable"


@dataclass(frozen=True)
class Other:
    """Another compute target with the same underlying resource."""

    body: Body

    @property
    def place(self) -> str:
        return str(self.body.get("id"))


class AttachedKind(ComputeKind):
    """A compute target whose machines may outlive it.

    target_types  ARM types that can be attached, each with the API version for reading it
    permissions   what the caller needs on the target, for the hint of a refusal
    needs         why an attachment may fail after it was accepted, for the hint
    """

    target_types: t.ClassVar[dict[str, str]] = {}
    permissions = "Owner or Contributor on the resource"
    needs = ""
    module = "aml_attached_compute"
    update_option = "update_password"
    check_attachment_source = "docs/coverage.md 1.10 (all kinds)"
    # Options whose undeclared values are those of what was attached, and do not go over to another resource.
    of_target: tuple[str, ...] = ("location",)
    # Whether the network that the service manages for a workspace can reach it.
    is_in_managed_network = True
    # What the attached resource is. A certificate of Microsoft's has a name that the service makes.
    filled_by_service = (
        *ComputeKind.filled_by_service,
        *(
            f"properties.properties.{name}"
            for name in (
                "autoPauseProperties",
                "autoScaleProperties",
                "clusterFqdn",
                "dataLakeStoreAccountName",
                "extensionInstanceReleaseTrain",
                "extensionPrincipalId",
                "nodeCount",
                "nodeSize",
                "nodeSizeFamily",
                "poolName",
                "resourceGroup",
                "sparkVersion",
                "sslConfiguration.cname",
                "subscriptionId",
                "virtualMachineSize",
                "workspaceName",
                "workspaceUrl",
            )
        ),
    )
    removing = False
    delete_underlying = False
    check_other_workspaces = False

    def configured(self, options: t.Mapping[str, t.Any]) -> AttachedKind:
        kind = copy.copy(self)
        kind.removing = options.get("state") == "absent"
        kind.delete_underlying = bool(options.get("delete_underlying"))
        kind.check_other_workspaces = bool(options.get("check_other_workspaces"))
        kind.remove_action = DELETE if kind.delete_underlying else DETACH
        if kind.delete_underlying and not self.creates_underlying:
            raise RuleError(
                f"delete_underlying: the service only detaches a {self.label}; it does not delete the resource behind it.",
                code="DeleteNotSupported",
                hint="Nothing was sent. Omit delete_underlying, and delete the resource where it was created.",
            )
        return kind

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(row.option for row in self.fields if row.mutability == WRITE_ONLY)

    # --- rules ---

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        yield from super().check(target, declared, tree)
        yield from self._check_target(declared)

    def _check_target(self, declared: Declared) -> Findings:
        value = declared.get("resource_id")
        if value is None:
            return
        problems = list(rules.resource_id(value, "resource_id"))
        if not problems and self.target_type(value) is None:
            names = " or a ".join(self.target_types)
            problems.append(
                Finding(
                    "WrongResourceType",
                    "resource_id",
                    f"A {self.label} needs the id of a {names}, which {value!r} is not.",
                    "docs/facts.md c.2, c.4",
                )
            )
        yield from problems

    def target_type(self, resource_id: str) -> str | None:
        """The ARM type of an id, as this kind spells it, where it is one that can be attached."""
        for name in self.target_types:
            if not list(rules.resource_id(resource_id, "resource_id", name)):
                return name
        return None

    def check_others(self, declared: Declared, others: list[Other]) -> Findings:
        """One resource is attached to a workspace once (docs/coverage.md 1.10); a kind may say otherwise."""
        for other in others:
            yield Finding(
                "AlreadyAttached",
                "resource_id",
                f"{declared['resource_id']} is already attached as {compute.kind_name(other.body)} {other.body.get('name')!r} ({other.place}); "
                "attaching one resource twice breaks the first attachment.",
                self.check_attachment_source,
            )

    def needs_vcpus(self, declared: Declared) -> bool:
        """Whether only the service knows the vCPUs of the size of a target that will be created."""
        return False

    def check_cores(self, declared: Declared, vcpus: int) -> Findings:
        """Rules about the vCPUs of all nodes together; ``vcpus`` are those of one."""
        return iter(())

    def check_attached(self, target: Body, workspace: Body | None) -> Findings:
        """Rules about the resource to attach, as it was read, and the workspace."""
        return iter(())

    def target_facts(self, target: Body) -> dict[str, t.Any]:
        """What of the resource to attach may be retired."""
        return {}

    def advice_on_target(self, target: Body) -> list[str]:
        return [notice.text for notice in retirements.notices(self.target_facts(target))]

    def advice_on_fit(self, declared: Declared, target: Body) -> list[str]:
        """Warnings about what was declared and the resource to attach, as it was read."""
        return []

    def advice_on_others(self, declared: Declared, others: list[Other]) -> list[str]:
        return []

    def guard(self, body: Body, target: Target) -> None:
        super().guard(body, target)
        if self.removing and self.delete_underlying and is_attached(body):
            raise NotDeletable(
                f"delete_underlying: {target.name!r} was attached, and the service deletes only what it made itself.",
                hint="Omit delete_underlying to detach it, and delete the resource where it was created.",
                details={"id": body.get("id"), "resource_id": body["properties"].get("resourceId")},
            )

    def advice(self, plan: Plan, declared: Declared, parent: Body | None) -> list[str]:
        return [*self._advice_on_network(parent), *self._advice_on_password(declared)]

    def _advice_on_network(self, parent: Body | None) -> list[str]:
        if self.is_in_managed_network or parent is None or not compute.has_managed_network(parent):
            return []
        return [
            f"OutsideManagedNetwork: the workspace has a managed network, which does not support a {self.label} (how-to-managed-network, limitations)."
        ]

    @staticmethod
    def _advice_on_password(declared: Declared) -> list[str]:
        if not declared.get("ssh_settings.admin_password") or declared.get("ssh_settings.ssh_private_key"):
            return []
        return [
            "PasswordInsteadOfKey: an SSH key is safer than a password, which can be guessed (how-to-create-attach-compute-studio)."
        ]

    def advice_on_update(self, plan: Plan, body: Body) -> list[str]:
        held = self.held_secrets(body)
        if plan.secrets or not held:
            return []
        return [
            f"SecretNotSent: the update goes without {' and '.join(held)}, which the service never returns. No document says whether the service "
            f"keeps what it has: declare it with {self.update_option}=always if the compute target stops working."
        ]

    def explain_refusal(self, error: ArmError, *, created: bool) -> None:
        if error.status == 403 or error.code in _NOT_PERMITTED:
            error.hint = (
                f"Attaching needs {self.permissions}, and permission to write compute targets of the workspace."
            )
        elif created and self.needs:
            error.hint = f"{error.hint or ''} {self.needs}".strip()

    def held_secrets(self, body: Body) -> list[str]:
        """The options whose current values the service knows, but never returns."""
        return []

    def lost_on_recreate(self, body: Body, declared: Declared) -> list[str]:
        held = self.held_secrets(body)
        return [] if any(declared.get(option) for option in self.secrets) else held

    # --- documents ---

    def skeleton(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        body: Body = {"properties": {"computeType": self.compute_type}}
        if parent is not None:
            body["location"] = parent.get("location")
        return body

    def read(self, body: Body) -> dict[str, t.Any]:
        current = super().read(body)
        current["location"] = current.get("location") or body.get("location")
        return current

    def removal(self, options: t.Mapping[str, t.Any]) -> Request:
        return Request("DELETE", None, {"underlyingResourceAction": "Delete" if self.delete_underlying else "Detach"})

    def completed(self, body: Body, plan: Plan, wanted: Declared) -> Declared:
        complete = super().completed(body, plan, wanted)
        if "resource_id" not in plan.values():
            return complete
        # With another resource, what was read of the old one is not taken over.
        return {option: value for option, value in complete.items() if option in wanted or option not in self.of_target}

    def recreate_body(self, body: Body, plan: Plan, declared: Declared, target: Target, parent: Body | None) -> Body:
        if "resource_id" not in plan.values():
            return super().recreate_body(body, plan, declared, target, parent)
        # The document that was read describes another resource: only what people declare goes over to the new one.
        kept = {option: value for option, value in self.kept(body).items() if option not in self.of_target}
        return self._with_all(self.skeleton(target, declared, parent), {**kept, **declared, **plan.values()})

    def writable(self, body: Body) -> Body:
        writable = super().writable(body)
        inner = writable["properties"].get("properties")
        if isinstance(inner, dict):
            # The service returns null for values that it does not show; sending null would remove them.
            writable["properties"]["properties"] = {key: value for key, value in inner.items() if value is not None}
        return writable

    def broken(self, body: Body) -> str | None:
        """An attachment that failed can only be detached (docs/facts.md a.5)."""
        status = _kind.provisioning_status(body)
        if status.state != FAILED:
            return None
        reason = self.status(body)
        return f"it failed ({reason.code}: {reason.message}), and a failed one can only be removed"

    def project(self, body: Body) -> dict[str, t.Any]:
        projected = super().project(body)
        for option in self.secrets:
            head, _dot, last = option.rpartition(".")
            inside = paths.get_path(projected, head) if head else projected
            if isinstance(inside, dict):
                inside.pop(last, None)
        return projected


def is_attached(body: Body) -> bool:
    """Whether it was brought from outside; the service says so, and in old documents an unknown is taken for yes."""
    return (body.get("properties") or {}).get("isAttachedCompute") is not False


def inner(option: str, path: str, **more: t.Any) -> Field:
    return Field(option, f"properties.properties.{path}", **more)


def secret(option: str, path: str, *goes_with: str) -> Field:
    """A value that is sent, and never read back."""
    return Field(
        option, f"properties.properties.{path}", WRITE_ONLY, spec={"type": "str", "no_log": True}, goes_with=goes_with
    )
