# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all compute targets share: identity, tags, network, SSH, the outer document and its states.

Sources: docs/facts.md a.5, a.6 (bodies and states), c.3 (what can change); the ARM types of 2025-12-01.
"""

from __future__ import annotations

import copy
import functools
import typing as t
from dataclasses import dataclass

from .._core import arm_id, canon, paths, redact, shape
from .._core.arm_id import Target
from .._core.errors import AmlError
from .._core.findings import Finding, Findings
from .._engine import kind as _kind
from .._engine import rules, versions
from .._engine.billing import Billing
from .._engine.exported import FILL_IN, NOT_SUCCEEDED, Exported
from .._engine.fields import Field, Option
from .._engine.kind import FAILED, Body, Kind, Status, fixed, frozen, service_errors
from .._engine.plan import Declared
from . import retirements, rows
from .retirements import Notice

# The studio's four tabs (docs/coverage.md G5).
TAB_NAMES = ("instances", "clusters", "inference_clusters", "attached")

_READ_ONLY_PROPERTIES = (
    "provisioningState",
    "provisioningErrors",
    "provisioningWarnings",
    "createdOn",
    "modifiedOn",
    "isAttachedCompute",
)


class KindMismatch(AmlError):
    """The name is taken by a compute target of another kind."""

    default_code = "KindMismatch"


def kind_name(body: Body) -> str:
    """The kind in the CLI's spelling: ``amlcompute``, ``computeinstance``, ``aks``, ..."""
    return str((body.get("properties") or {}).get("computeType") or "unknown").casefold()


# --- identity ---

IDENTITY_TYPES = {
    "system_assigned": "SystemAssigned",
    "user_assigned": "UserAssigned",
    "system_assigned,user_assigned": "SystemAssigned,UserAssigned",
    "none": "None",
}
_IDENTITY_OPTIONS = {arm.casefold(): option for option, arm in IDENTITY_TYPES.items()}


def identity_to_arm(value: dict[str, t.Any]) -> Body:
    kind = value.get("type")
    body: Body = {"type": IDENTITY_TYPES.get(str(kind), kind)}
    if value.get("user_assigned_identities"):
        body["userAssignedIdentities"] = {item: {} for item in value["user_assigned_identities"]}
    return body


def identity_from_arm(value: Body) -> dict[str, t.Any] | None:
    kind = str(value.get("type") or "None").replace(" ", "").casefold()
    if kind == "none":
        return None
    return {
        "type": _IDENTITY_OPTIONS.get(kind, value.get("type")),
        "user_assigned_identities": list(value.get("userAssignedIdentities") or {}),
    }


def identity_ids(value: t.Any) -> list[str]:
    """The ids of what the user gave: ids, or mappings with ``resource_id`` as in CLI YAML."""
    return [canon.full_id(item.get("resource_id") if isinstance(item, dict) else item) for item in value or []]


def plain_identity(value: dict[str, t.Any]) -> dict[str, t.Any]:
    """The declared identity with plain ids."""
    return {"type": value.get("type"), "user_assigned_identities": identity_ids(value.get("user_assigned_identities"))}


def identity_spec(*types: str) -> dict[str, t.Any]:
    """The argument spec of ``identity`` for a kind that takes these types."""
    return {
        "type": "dict",
        "options": {
            "type": {"type": "str", "required": True, "choices": list(types)},
            "user_assigned_identities": {"type": "list", "elements": "raw"},
        },
    }


IDENTITY_SPEC = identity_spec("system_assigned", "user_assigned", "none")
one_identity = functools.partial(rules.identity, both=False)

IDENTITY = Field(
    "identity",
    "identity",
    spec=IDENTITY_SPEC,
    rule=one_identity,
    canon=canon.identity,
    to_arm=identity_to_arm,
    from_arm=identity_from_arm,
    clearable=True,
    # A null is not managed by the service; the type None takes the identity away (docs/facts.md c.4).
    cleared={"type": "None"},
)
LOCATION = fixed(
    "location",
    "properties.computeLocation",
    "a compute target stays in the region it was created in",
    spec={"type": "str"},
    canon=canon.region,
)
DESCRIPTION = frozen(rows.DESCRIPTION, "the service takes a description only at creation")
# In place of a subnet's id.
NETWORK_NAMES = (
    Option("network_settings.vnet_name", spec={"type": "str"}),
    Option("network_settings.resource_group", spec={"type": "str"}),
)


def projected_identity(body: Body) -> dict[str, t.Any] | None:
    """The identity with its ids, and which one code on the nodes uses by default.

    The default is the system-assigned identity or the first user-assigned one (docs/coverage.md M4).
    """
    arm = body.get("identity") or {}
    identity = identity_from_arm(arm)
    if identity is None:
        return None
    users = arm.get("userAssignedIdentities") or {}
    identity["principal_id"] = arm.get("principalId")
    identity["tenant_id"] = arm.get("tenantId")
    first = next(iter(users), None)
    if first is None:
        identity["default"] = {"resource_id": None, "client_id": None, "principal_id": arm.get("principalId")}
    else:
        detail = users[first] or {}
        identity["default"] = {
            "resource_id": first,
            "client_id": detail.get("clientId"),
            "principal_id": detail.get("principalId"),
        }
    return identity


# --- SSH ---


def same_key(value: t.Any) -> t.Any:
    """A public key for comparison: in one line, without its comment, whatever form it was given in."""
    single = rules.openssh_public_key(value) if isinstance(value, str) and "BEGIN " in value else value
    return canon.public_key(single)


# --- network ---


def subnet_id(settings: dict[str, t.Any], target: Target) -> str | None:
    """One subnet id from an id, or from names; the network's group defaults to the workspace's (row C16).

    The network is in the workspace's subscription (docs/coverage.md 1.11).
    """
    subnet, network = settings.get("subnet"), settings.get("vnet_name")
    if not subnet or subnet.startswith("/") or not network:
        return subnet
    group = arm_id.group_id(target.subscription_id, settings.get("resource_group") or target.resource_group)
    return f"{group}/providers/Microsoft.Network/virtualNetworks/{network}/subnets/{subnet}"


def check_network(settings: dict[str, t.Any] | None) -> Findings:
    """Row C16 and CC9: a full subnet id alone, or names of subnet and network."""
    if not settings:
        return
    subnet, network = settings.get("subnet"), settings.get("vnet_name")
    source = "docs/coverage.md C16, CC9"
    if not subnet:
        yield Finding(
            "SubnetMissing", "network_settings.subnet", "network_settings needs subnet (an id, or a name).", source
        )
    elif subnet.startswith("/"):
        yield from rules.resource_id(subnet, "network_settings.subnet", "Microsoft.Network/virtualNetworks/subnets")
        if network or settings.get("resource_group"):
            extra = "network_settings.vnet_name" if network else "network_settings.resource_group"
            message = f"With a full id in network_settings.subnet, omit {extra}: the id already contains it."
            yield Finding("SubnetGivenTwice", extra, message, source)
    elif list(rules.network_name(subnet, "network_settings.subnet", 80)):
        yield from rules.network_name(subnet, "network_settings.subnet", 80)
    elif network:
        yield from rules.network_name(network, "network_settings.vnet_name", 64)
    else:
        message = (
            f"network_settings.subnet is the name {subnet!r}, so network_settings.vnet_name must say in which network."
        )
        yield Finding("NetworkMissing", "network_settings.vnet_name", message, source)


def has_managed_network(workspace: Body) -> bool:
    network = (workspace.get("properties") or {}).get("managedNetwork") or {}
    return (network.get("isolationMode") or "Disabled").casefold() != "disabled"


def hub_kind(parent: Body | None) -> str | None:
    """``hub`` or ``project`` where the workspace is one, which do not support all compute targets (concept-hub-workspace)."""
    kind = canon.caseless((parent or {}).get("kind"))
    return kind if kind in ("hub", "project") else None


def check_managed_network(declared: Declared, workspace: Body) -> Findings:
    """Computes of a workspace with a managed network are in it: in its region, and in no other subnet."""
    if not has_managed_network(workspace):
        return
    source = "how-to-managed-network-compute"
    if declared.get("location") and canon.region(declared["location"]) != canon.region(workspace.get("location")):
        message = (
            f"location {declared['location']!r} differs from the workspace's ({workspace.get('location')}), which a workspace "
            "with a managed network does not allow."
        )
        yield Finding("CrossRegionManagedNetwork", "location", message, source)
    if declared.get("network_settings.subnet"):
        message = (
            "The workspace has a managed network, in which its compute targets are: remove network_settings.subnet."
        )
        yield Finding("SubnetBesideManagedNetwork", "network_settings.subnet", message, source)


def subnet_to_arm(value: str) -> Body:
    return {"id": canon.full_id(value)}


def subnet_from_arm(value: Body) -> str | None:
    return value.get("id")


def writable_identity(identity: Body) -> Body:
    """The service fills in client and principal ids; it takes empty objects (ARM types, ManagedServiceIdentity)."""
    users = identity.get("userAssignedIdentities")
    written: Body = {"type": identity.get("type")}
    if users:
        written["userAssignedIdentities"] = {item: {} for item in users}
    return written


# How a target that uses what is retired gets a successor: with all that it has under its name, by a resize, or by another resource next to it.
RECREATE, RESIZE, BESIDE, BY_HAND = "recreate", "resize", "beside", "by hand"


@dataclass(frozen=True)
class Successor:
    """How a compute target that uses what is retired gets a successor, and the ``steps`` that no playbook can do."""

    way: str
    steps: str = ""


@dataclass(frozen=True)
class SshAccess:
    """How people log in to the machines of a compute target.

    states  those of a machine that runs
    user    whom the service makes if no one was declared
    """

    states: tuple[str, ...]
    user: str | None = None


class ComputeBilling(Billing):
    has_machines = True


class AttachedBilling(ComputeBilling):
    """That of attached resources, which are billed separately."""

    def includes(self, declared: Declared) -> bool:
        return False


class ExportedCompute(Exported):
    kind: ComputeKind

    def complete(self) -> None:
        for secret in self.kind.lost_on_recreate(self.body, {}):
            # Without its secret the group would be half a declaration, which the module refuses.
            self.options.pop(secret.partition(".")[0], None)
            reason = "the service never returns this secret; declare it to create the target again"
            self.miss(secret, reason, FILL_IN)
        status = self.kind.status(self.body)
        if status.state == FAILED:
            reason = f"its state is {status.text}: its declaration is what was requested, and a run replaces it ({status.code}: {status.message})"
            self.miss("", redact.printable(reason), NOT_SUCCEEDED)

    @property
    def list_variable(self) -> str:
        return "aml_attached_computes" if self.kind.tab == "attached" else f"aml_{self.kind.tab}"

    @property
    def file_suffix(self) -> str:
        return self.kind.type_name

    @property
    def tables(self) -> tuple[str, ...]:
        return (self.kind.collection, kind_name(self.body))


class ComputeKind(Kind):
    """A compute target of a workspace. ``compute_type`` is ARM's spelling of the kind."""

    compute_type = ""
    collection = "computes"
    exported_as = ExportedCompute
    # The studio's tab that shows it.
    tab = "attached"
    # What inner properties only the service writes.
    read_only_inner: tuple[str, ...] = ()
    # What its SSH settings say.
    filled_by_service: tuple[str, ...] = ("properties.computeType", "properties.disableLocalAuth")
    api_version = versions.STABLE
    billing: Billing = AttachedBilling()
    parent_label = "workspace"
    parent_api_version = versions.STABLE
    parent_is_of_provider = True
    # What else than the fields of the table is read of a document, by dotted places.
    also: t.ClassVar[dict[str, shape.Shape]] = {}
    # Whether the service makes its virtual machines: they use the workspace's sizes and quotas.
    is_managed = False
    # Whether command jobs run on it (how-to-train-model: clusters, instances, Kubernetes).
    runs_jobs = False
    # Whether the service makes and deletes its nodes as jobs need them.
    scales = False
    # How people log in to its machines; None where the service shows none.
    ssh: SshAccess | None = None
    successor = Successor(BY_HAND, "Attach its successor under a new name, and detach this one.")
    # Of what is attached, whether the service can also create such a target itself, and then delete it.
    creates_underlying = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.compute_type:
            shape.learn(cls.compute_type, cls.fields, cls.also)

    def declare(self, tree: dict[str, t.Any], target: Target) -> Declared:
        flat = super().declare(tree, target)
        if flat.get("identity"):
            flat["identity"] = plain_identity(flat["identity"])
        return flat

    def retirement_notices(self, declared: Declared, body: Body | None) -> list[Notice]:
        """What of a target is retired or will be, with the declared values in place of the current ones."""
        values = retirements.of_options(self.fields, declared, body)
        return retirements.notices({retirements.TYPE: self.type_name, **values})

    @property
    def type_name(self) -> str:
        return self.compute_type.casefold()

    def is_own(self, body: Body) -> bool:
        """Whether a compute target is of this kind."""
        return kind_name(body) == self.type_name

    def guard(self, body: Body, target: Target) -> None:
        """Refuse to touch a compute target of another kind."""
        if not self.is_own(body):
            raise KindMismatch(
                f"{target.name!r} exists in this workspace, but as {kind_name(body)}, not as {self.type_name}.",
                hint="Names are unique across all kinds of a workspace: choose another name, or use the module for that kind.",
                details={"found": kind_name(body), "asked": self.type_name, "id": body.get("id")},
            )

    def cannot_run_jobs(self, body: Body) -> tuple[str, str]:
        """Why a command job cannot run on it now, and what to do about it; empty texts if it can."""
        properties = body.get("properties") or {}
        state = str(properties.get("provisioningState"))
        if not self.runs_jobs:
            what = f"its type {properties.get('computeType')} does not run command jobs"
            return what, "Check a compute cluster, a compute instance or a Kubernetes cluster."
        if state.casefold() in ("failed", "deleting"):
            return f"its provisioning state is {state}", "Fix the compute target first."
        return "", ""

    def nodes_now(self, body: Body) -> int:
        """How many nodes it has, each with an address and cores of the quota."""
        count = paths.get_path(body, "properties.properties.currentNodeCount")
        return count if isinstance(count, int) else 0

    def nodes_wanted(self, declared: Declared, *, creates: bool) -> tuple[int, int]:
        """The fewest nodes that the service asks quota for, and the most: at a creation, at least one."""
        least = max(1 if creates else 0, declared.get("min_instances") or 0)
        return least, max(least, declared.get("max_instances") or 0)

    def subnet_of(self, declared: Declared) -> str | None:
        """The id of the user's subnet that its machines are in."""
        return str(declared.get("network_settings.subnet") or "") or None if self.is_managed else None

    def writable(self, body: Body) -> Body:
        names = ("location", "tags", "sku", "identity")
        outer = {key: copy.deepcopy(body[key]) for key in names if body.get(key) is not None}
        if outer.get("identity"):
            outer["identity"] = writable_identity(outer["identity"])
        properties = copy.deepcopy(body.get("properties") or {})
        for name in _READ_ONLY_PROPERTIES:
            properties.pop(name, None)
        inner = properties.get("properties")
        if isinstance(inner, dict):
            properties["properties"] = {key: value for key, value in inner.items() if key not in self.read_only_inner}
            if not properties["properties"]:
                # An empty object is not part of the types of kinds without specific properties (DataFactory).
                del properties["properties"]
        outer["properties"] = {key: value for key, value in properties.items() if value is not None}
        return outer

    def status(self, body: Body, *, settling: bool = False) -> Status:
        status = _kind.provisioning_status(body)
        if status.state != FAILED:
            return status
        errors = service_errors(body["properties"].get("provisioningErrors"))
        first = errors[0] if errors else {}
        message = first.get("message") or f"The service gives no reason for the state {status.text}."
        return Status(FAILED, status.text, first.get("code") or "ProvisioningFailed", message, errors)

    def project(self, body: Body) -> dict[str, t.Any]:
        return {**self.read(body), **common_projection(body)}

    def summary(self, result: t.Mapping[str, t.Any]) -> str | None:
        return None if self.is_managed else "attached resource"

    def listed(self, body: Body) -> dict[str, t.Any]:
        """What modules that only read return of it."""
        notices = self.retirement_notices({}, body)
        return {**self.project(body), "retirements": [notice.to_dict() for notice in notices]}


def common_projection(body: Body) -> dict[str, t.Any]:
    """The result keys that every compute target has, of whatever kind."""
    properties = body.get("properties") or {}
    return {
        "id": body.get("id"),
        "name": body.get("name"),
        "type": kind_name(body),
        "location": properties.get("computeLocation") or body.get("location"),
        "description": properties.get("description") or None,
        "provisioning_state": properties.get("provisioningState"),
        "provisioning_errors": service_errors(properties.get("provisioningErrors")),
        "created_on": properties.get("createdOn"),
        "modified_on": properties.get("modifiedOn"),
        "is_attached": bool(properties.get("isAttachedCompute")),
        "resource_id": properties.get("resourceId"),
        "tags": body.get("tags") or {},
        "identity": projected_identity(body),
    }


class _AnyCompute(ComputeKind):
    """A compute target of a kind without a specific table: the fields that all kinds have."""

    label = "compute target"

    def project(self, body: Body) -> dict[str, t.Any]:
        return common_projection(body)


ANY = _AnyCompute()
