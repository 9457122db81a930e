# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The compute cluster (AmlCompute): the studio's form, rows C1 to C18, K and M of docs/coverage.md.

What can change in place: scale settings by PATCH (docs/facts.md a.1 [REC R5], ClusterUpdateParameters), identity and tags by a PUT of the
document that was read (c.3: Terraform does the same). All else is fixed at creation, and a PUT that tries is answered 201 and ignored (b.2).
"""

from __future__ import annotations

import typing as t

from .._core import canon, paths, shape
from .._core.arm_id import Target
from .._core.canon import caseless, region
from .._core.findings import Finding, Findings
from .._engine import fields as _fields
from .._engine import rules
from .._engine.cli_schema import CliSchema, one_subnet
from .._engine.fields import WRITE_ONLY, Field, choice, switch
from .._engine.kind import BUSY, FAILED, READY, Body, Request, Status, fixed, service_errors
from .._engine.plan import CREATE, REPLACE, UPDATE, Declared, Plan
from . import compute, rows
from .compute import ComputeKind

_INNER = "properties.properties."
_SCALE = _INNER + "scaleSettings."
_USER = _INNER + "userAccountCredentials."
_SCALE_OPTIONS = ("min_instances", "max_instances", "idle_time_before_scale_down")

_NODE_STATES = ("idle", "running", "preparing", "unusable", "leaving", "preempted")
_WHY_SSH = "SSH access cannot be changed after creation"

# Errors that no waiting and no retry will end: the cluster exists, but can never run a node.
_PERMANENT_ERRORS = ("UnsupportedVMSizeForLowPriority",)

FIELDS = (
    compute.LOCATION,
    rows.TAGS,
    compute.IDENTITY,
    compute.DESCRIPTION,
    fixed(
        "size",
        _INNER + "vmSize",
        "the virtual machine size cannot be changed after creation",
        spec={"type": "str", "aliases": ["vm_size"]},
        canon=caseless,
    ),
    fixed(
        "tier",
        _INNER + "vmPriority",
        "the virtual machine priority cannot be changed after creation",
        spec={"type": "str", "choices": ["dedicated", "low_priority"], "aliases": ["vm_priority"]},
        canon=caseless,
        **choice(dedicated="Dedicated", low_priority="LowPriority"),
    ),
    Field(
        "min_instances",
        _SCALE + "minNodeCount",
        spec={"type": "int", "aliases": ["min_nodes"]},
        rule=rules.at_least(0, "docs/coverage.md C12"),
        shape=shape.NUMBER,
    ),
    Field(
        "max_instances",
        _SCALE + "maxNodeCount",
        spec={"type": "int", "aliases": ["max_nodes"]},
        rule=rules.at_least(1, "docs/coverage.md C13"),
        shape=shape.NUMBER,
    ),
    Field(
        "idle_time_before_scale_down",
        _SCALE + "nodeIdleTimeBeforeScaleDown",
        spec={"type": "int"},
        rule=rules.at_least(0, "docs/coverage.md C14"),
        to_arm=_fields.duration_from_seconds,
        from_arm=_fields.seconds_from_service,
        shape=shape.TEXT,
    ),
    fixed(
        "ssh_public_access_enabled",
        _INNER + "remoteLoginPortPublicAccess",
        _WHY_SSH,
        spec={"type": "bool"},
        **switch(),
    ),
    fixed(
        "ssh_settings.admin_username",
        _USER + "adminUserName",
        _WHY_SSH,
        spec={"type": "str", "required": True},
        clearable=True,
    ),
    fixed(
        "ssh_settings.ssh_key_value",
        _USER + "adminUserSshPublicKey",
        _WHY_SSH,
        spec={"type": "str", "no_log": False},
        canon=compute.same_key,
        shape=shape.TEXT,
        to_arm=rules.openssh_public_key,
        clearable=True,
    ),
    Field(
        "ssh_settings.admin_password",
        _USER + "adminUserPassword",
        WRITE_ONLY,
        spec={"type": "str", "no_log": True},
        clearable=True,
    ),
    fixed(
        "enable_node_public_ip",
        _INNER + "enableNodePublicIp",
        "public addresses of the nodes are decided at creation",
        spec={"type": "bool"},
        canon=canon.boolean_text,
    ),
    fixed(
        "network_settings.subnet",
        _INNER + "subnet",
        "a cluster stays in the subnet it was created in",
        spec={"type": "str"},
        canon=canon.arm_id,
        to_arm=compute.subnet_to_arm,
        from_arm=compute.subnet_from_arm,
        shape=shape.REFERENCE,
        clearable=True,
    ),
)


class ClusterBilling(compute.ComputeBilling):
    def nodes(self, declared: Declared, state: str) -> tuple[int, int] | None:
        most = declared.get("max_instances")
        return None if most is None else (int(declared.get("min_instances") or 0), int(most))


class Cluster(ComputeKind):
    label = "compute cluster"
    release = "Let the jobs end and scale the cluster to zero (min_instances=0)"
    compute_type = "AmlCompute"
    tab, module = "clusters", "aml_compute_cluster"
    is_managed = True
    billing = ClusterBilling()
    runs_jobs = True
    scales = True
    successor = compute.Successor(compute.RECREATE)
    ssh = compute.SshAccess(states=("idle", "running"))
    cli = CliSchema(
        ("amlcompute",),
        "amlCompute.schema.json",
        respell=one_subnet,
        groups_need={"ssh_settings": "admin_username"},
    )
    fields = FIELDS
    options = compute.NETWORK_NAMES
    required_on_create = ("size", "max_instances")
    defaults_of_service: t.ClassVar[dict[str, str]] = {_INNER + "osType": "linux"}
    also: t.ClassVar[dict[str, shape.Shape]] = {
        _INNER + "allocationState": shape.TEXT,
        _INNER + "allocationStateTransitionTime": shape.TEXT,
        _INNER + "currentNodeCount": shape.NUMBER,
        _INNER + "targetNodeCount": shape.NUMBER,
        _INNER + "nodeStateCounts": shape.mapping({f"{name}NodeCount": shape.NUMBER for name in _NODE_STATES}),
        _INNER + "errors": shape.ERRORS,
    }
    read_only_inner = (
        "allocationState",
        "allocationStateTransitionTime",
        "errors",
        "currentNodeCount",
        "targetNodeCount",
        "nodeStateCounts",
    )

    def cannot_run_jobs(self, body: Body) -> tuple[str, str]:
        problem = super().cannot_run_jobs(body)
        if not any(problem) and paths.get_path(body, "properties.properties.scaleSettings.maxNodeCount") == 0:
            return "it can have no nodes", "Set max_instances of the cluster to 1 or more, with aml_compute_cluster."
        return problem

    def declare(self, tree: dict[str, t.Any], target: Target) -> Declared:
        flat = super().declare(tree, target)
        if tree.get("network_settings"):
            flat["network_settings.subnet"] = compute.subnet_id(tree["network_settings"], target)
        return flat

    def read(self, body: Body) -> dict[str, t.Any]:
        current = super().read(body)
        # Not every answer has computeLocation (docs/facts.md a.6: the 201 has none); a cluster without is in its workspace's region.
        current["location"] = current["location"] or body.get("location")
        return current

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        yield from super().check(target, declared, tree)
        yield from compute.check_network(tree.get("network_settings"))
        yield from rules.compute_name(target.name)
        yield from rules.scale(declared.get("min_instances"), declared.get("max_instances"))
        ssh = {
            key: declared[f"ssh_settings.{key}"]
            for key in ("admin_username", "ssh_key_value", "admin_password")
            if f"ssh_settings.{key}" in declared
        }
        if any(value is not None for value in ssh.values()):
            yield from rules.ssh_settings(
                ssh.get("admin_username"), ssh.get("ssh_key_value"), ssh.get("admin_password")
            )

    def check_create(self, declared: Declared, parent: Body | None) -> Findings:
        yield from super().check_create(declared, parent)
        # Once more, because a replacement keeps the numbers that were not declared.
        yield from rules.scale(declared.get("min_instances"), declared.get("max_instances"))
        if declared.get("ssh_public_access_enabled") and not declared.get("ssh_settings.admin_username"):
            message = "ssh_public_access_enabled opens a port that no one can log in to: set ssh_settings too."
            yield Finding("SshUserMissing", "ssh_settings", message, "docs/coverage.md K6, CC9")
        if parent is None:
            return
        if is_cross_region(declared, parent) and private_link_count(parent):
            message = (
                f"location {declared['location']!r} differs from the workspace's ({parent.get('location')}), which a workspace with "
                "a private endpoint does not allow."
            )
            yield Finding("CrossRegionPrivateLink", "location", message, "docs/coverage.md CC1")
        yield from compute.check_managed_network(declared, parent)
        managed = compute.has_managed_network(parent)
        if (
            declared.get("enable_node_public_ip") is False
            and not declared.get("network_settings.subnet")
            and not managed
        ):
            message = (
                "enable_node_public_ip: false needs network_settings.subnet, because the workspace has no managed network "
                "(and the service demands a private endpoint of the workspace)."
            )
            yield Finding(
                "SubnetMissing", "network_settings.subnet", message, "docs/facts.md c.3; docs/coverage.md CC5"
            )

    def check_update(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        desired = {name: declared.get(name, current.get(name)) for name in ("min_instances", "max_instances")}
        yield from rules.scale(desired["min_instances"], desired["max_instances"])

    def advice(self, plan: Plan, declared: Declared, parent: Body | None) -> list[str]:
        warnings = []
        if plan.action in (CREATE, REPLACE) and parent is not None and is_cross_region(declared, parent):
            warnings.append(
                f"CrossRegionCluster: a cluster in {declared['location']} for a workspace in {parent.get('location')} may add network "
                "latency and data transfer costs."
            )
        hub = compute.hub_kind(parent)
        if plan.action in (CREATE, REPLACE) and hub:
            warnings.append(
                f"NotForHubs: a workspace of kind {hub} does not support compute clusters (concept-hub-workspace): use serverless compute, "
                "or a workspace of kind default."
            )
        if (
            plan.action in (CREATE, REPLACE)
            and declared.get("ssh_settings.admin_password")
            and not declared.get("ssh_settings.ssh_key_value")
        ):
            warnings.append(
                "PasswordInsteadOfKey: an SSH key is safer than a password, which can be guessed (how-to-create-attach-compute-studio)."
            )
        if plan.action in (CREATE, REPLACE, UPDATE) and (plan.values().get("min_instances") or 0) > 0:
            warnings.append(
                f"MinimumNodes: min_instances is {plan.values()['min_instances']}, so that many nodes run, and are billed, when no job does."
            )
        return warnings

    def skeleton(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        # SSH is off unless it is asked for (docs/coverage.md K1); azure-ai-ml sends the same switch (docs/facts.md a.7).
        ssh = declared.get("ssh_settings.admin_username") is not None
        body: Body = {
            "properties": {
                "computeType": self.compute_type,
                "disableLocalAuth": not ssh,
                "properties": {"osType": "Linux"},
            }
        }
        if parent is not None:
            body["location"] = parent.get("location")
        return body

    def writable(self, body: Body) -> Body:
        writable = super().writable(body)
        # A cluster that is being updated shows the id of the service's own cluster for a while (docs/facts.md a.6).
        writable["properties"].pop("resourceId", None)
        user = paths.get_path(writable, "properties.properties.userAccountCredentials")
        if isinstance(user, dict) and user.get("adminUserPassword") is None:
            # The service never returns a password; sending null would remove it.
            user.pop("adminUserPassword", None)
        return writable

    def recreate_body(self, body: Body, plan: Plan, declared: Declared, target: Target, parent: Body | None) -> Body:
        new = super().recreate_body(body, plan, declared, target, parent)
        new["properties"]["disableLocalAuth"] = not paths.get_path(new, _USER + "adminUserName")
        if _drops_login(declared):
            paths.remove_path(new, _INNER + "remoteLoginPortPublicAccess")
        return new

    def completed(self, body: Body, plan: Plan, wanted: Declared) -> Declared:
        complete = super().completed(body, plan, wanted)
        if _drops_login(wanted):
            complete.pop("ssh_public_access_enabled", None)
        return complete

    def kept(self, body: Body) -> Declared:
        values = super().kept(body)
        if values.get("ssh_settings.admin_username") is None:
            # The service reports an open port for a cluster that no one can log in to; no one declared that.
            values.pop("ssh_public_access_enabled", None)
        return values

    def updates(self, body: Body, plan: Plan) -> list[Request]:
        values = plan.values()
        if not set(values) <= set(_SCALE_OPTIONS):
            return super().updates(body, plan)
        # ScaleSettings cannot do without maxNodeCount (ARM types of 2025-12-01), so it goes along, unchanged where it was not declared.
        highest = paths.get_path(body, _SCALE + "maxNodeCount")
        base: Body = {}
        if highest is not paths.MISSING:
            paths.set_path(base, _SCALE + "maxNodeCount", highest)
        stale = bool(base) and "max_instances" not in values
        return [Request("PATCH", self.with_values(base, values), carries=stale)]

    def removal(self, options: t.Mapping[str, t.Any]) -> Request:
        # Detach would leave the nodes' cluster behind, which revives its old size under the same name (docs/facts.md f.22).
        return Request("DELETE", None, {"underlyingResourceAction": "Delete"})

    def status(self, body: Body, *, settling: bool = False) -> Status:
        status = super().status(body)
        inner = (body.get("properties") or {}).get("properties") or {}
        if status.state != READY:
            return status
        errors = service_errors(inner.get("errors"))
        if errors and (settling or errors[0]["code"] in _PERMANENT_ERRORS):
            return Status(FAILED, "Succeeded with errors", errors[0]["code"], errors[0]["message"], errors)
        if settling and (inner.get("allocationState") or "Steady").casefold() != "steady" and not _stays_empty(body):
            nodes = f"{inner.get('currentNodeCount')} of {inner.get('targetNodeCount')} nodes"
            return Status(BUSY, f"{inner.get('allocationState')}, {nodes}")
        return status

    def settles_after(self, plan: Plan) -> bool:
        return "min_instances" in plan.values()

    def broken(self, body: Body) -> str | None:
        """A creation that failed leaves a cluster that must be deleted (docs/facts.md a.5); one with nodes is not that."""
        status = super().status(body)
        if status.state == FAILED and not _nodes(body):
            return f"its creation failed ({status.code}: {status.message}), and a failed cluster can only be deleted"
        return None

    def in_use(self, body: Body) -> str | None:
        target = paths.get_path(body, _INNER + "targetNodeCount")
        nodes = _nodes(body) or (0 if self.broken(body) else target or 0)
        counts = paths.get_path(body, _INNER + "nodeStateCounts") or {}
        running = counts.get("runningNodeCount") or 0
        return f"{nodes} node(s) are allocated, {running} of them running jobs" if nodes else None

    def lost_on_recreate(self, body: Body, declared: Declared) -> list[str]:
        user = paths.get_path(body, "properties.properties.userAccountCredentials") or {}
        kept = (
            user.get("adminUserSshPublicKey")
            or declared.get("ssh_settings.admin_password")
            or declared.get("ssh_settings.ssh_key_value")
        )
        dropped = "ssh_settings.admin_username" in declared and declared["ssh_settings.admin_username"] is None
        return ["ssh_settings.admin_password"] if user.get("adminUserName") and not kept and not dropped else []

    def project(self, body: Body) -> dict[str, t.Any]:
        inner = (body.get("properties") or {}).get("properties") or {}
        projected = super().project(body)
        projected["ssh_settings"].pop("admin_password", None)
        counts = inner.get("nodeStateCounts") or {}
        projected.update(
            allocation_state=inner.get("allocationState"),
            allocation_state_transition_time=inner.get("allocationStateTransitionTime"),
            current_node_count=inner.get("currentNodeCount"),
            target_node_count=inner.get("targetNodeCount"),
            node_state_counts={name: counts.get(f"{name}NodeCount") for name in _NODE_STATES},
            errors=service_errors(inner.get("errors")),
        )
        return projected

    def machines(self, result: t.Mapping[str, t.Any]) -> tuple[int | None, int | None]:
        return result.get("current_node_count"), result.get("max_instances")


def _drops_login(declared: Declared) -> bool:
    """Whether SSH access is removed: the port that was open for it goes too, unless it was declared."""
    dropped = "ssh_settings.admin_username" in declared and declared["ssh_settings.admin_username"] is None
    return dropped and "ssh_public_access_enabled" not in declared


def _nodes(body: Body) -> int:
    count = paths.get_path(body, _INNER + "currentNodeCount")
    return count if isinstance(count, int) else 0


def _stays_empty(body: Body) -> bool:
    """Whether a cluster has no nodes and is to have none: it says Resizing for a while, too (docs/facts.md a.5), and nothing comes of it."""
    counts = ("scaleSettings.minNodeCount", "currentNodeCount", "targetNodeCount")
    return all(paths.get_path(body, _INNER + count) == 0 for count in counts)


def is_cross_region(declared: Declared, parent: Body) -> bool:
    desired = declared.get("location")
    return bool(desired) and region(desired) != region(parent.get("location"))


def private_link_count(workspace: Body) -> int:
    """The private endpoints that lead to the workspace; one that waits for its approval carries no traffic."""
    properties = workspace.get("properties") or {}
    connections = properties.get("privateEndpointConnections")
    if not connections:
        return properties.get("privateLinkCount") or 0
    states = (paths.get_path(one, "properties.privateLinkServiceConnectionState.status") for one in connections)
    return sum(caseless(state) == "approved" for state in states)


CLUSTER = Cluster()
