# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Online checks before anything is created: pure, over one compute target or many and the facts that were gathered for them.

Rules: docs/facts.md b.2 (sizes, quota: a creation is checked for max(1, minimum) nodes, low priority by one regional total, no public address
without a private endpoint); docs/coverage.md CC1, CC3, CC5, CI1, CI5, CI6 and 1.11 (locks, network, quotas shared by clusters and
instances). ``capacity`` has the sums, ``gather`` the requests, ``run`` brings them
together.
"""

from __future__ import annotations

import difflib
import typing as t

from .._core import canon
from .._core import findings as _findings
from .._core.arm_id import ArmId
from .._core.errors import AmlError
from .._core.findings import ERROR, WARNING, Finding, Findings
from .._engine.kind import Body
from .._kinds import compute
from .._kinds.cluster import private_link_count
from .facts import DesiredTarget, Facts


class PreflightFailed(AmlError):
    """The service would refuse what is declared, or could never run it. Nothing was written."""

    default_code = "PreflightFailed"


def named(desired_targets: t.Sequence[DesiredTarget]) -> str:
    """The targets of a finding."""
    return ", ".join(names(desired_targets))


def names(desired_targets: t.Sequence[DesiredTarget]) -> list[str]:
    """The names of targets, with their workspaces where there are several."""
    several = len({desired.workspace_id for desired in desired_targets}) > 1
    return [
        f"{ArmId(desired.workspace_id).name}/{desired.name}" if several else desired.name for desired in desired_targets
    ]


# --- one target ---


def offline(findings: t.Iterable[_findings.Finding], target: str) -> Findings:
    """The kinds' own rules, as findings of the pre-flight."""
    for found in findings:
        yield Finding(found.code, found.option, found.message, found.source, ERROR, target, f"Correct {found.option}.")


def check_size(desired: DesiredTarget, facts: Facts) -> Findings:
    """The size is offered in the region, for the kind and for the tier."""
    declared_size, region = desired.wanted.get("size"), facts.region(desired)
    offered = facts.get("sizes", region or "")
    if not desired.managed or not declared_size or offered is None:
        return
    size, source = facts.size(desired), "docs/facts.md a.6 (vmSizes), b.2 (unsupported VM size)"
    if size is None:
        close = difflib.get_close_matches(str(declared_size).casefold(), offered, n=3)
        better = ", ".join(offered[name]["name"] for name in close)
        hint = f"Choose another size{f', such as {better}' if better else ''}, or another region; aml_vm_size_info lists them."
        yield Finding(
            "SizeNotOffered",
            "size",
            f"The size {declared_size} is not offered in {region}.",
            source,
            ERROR,
            desired.name,
            hint,
        )
        return
    if size["supported_compute_types"] and desired.type not in size["supported_compute_types"]:
        message = f"The size {size['name']} is offered in {region}, but not for {desired.type} (only for {', '.join(size['supported_compute_types'])})."
        hint = f"Choose another size; aml_vm_size_info with compute_type={desired.type} lists them."
        yield Finding("SizeNotForKind", "size", message, source, ERROR, desired.name, hint)
    if desired.wanted.get("tier") == "low_priority" and size["low_priority_capable"] is False:
        message = f"The size {size['name']} cannot be had for low-priority nodes."
        hint = "Choose tier dedicated or another size; aml_vm_size_info with low_priority=true lists them."
        yield Finding(
            "SizeNotLowPriorityCapable",
            "tier",
            message,
            "docs/facts.md b.2 (UnsupportedVMSizeForLowPriority)",
            ERROR,
            desired.name,
            hint,
        )


def check_subnet(desired: DesiredTarget, facts: Facts) -> Findings:
    """The subnet is there, near enough, and belongs to no one else. How many addresses it has left is a sum."""
    subnet, network_id = desired.subnet, desired.network
    if not subnet or not network_id or not facts.known("network", network_id.casefold()):
        return
    option, source = "network_settings.subnet", "docs/coverage.md 1.11, CI5; docs/facts.md b.2 (subnet not found)"
    network = facts.get("network", network_id.casefold())
    subnet_body = subnet_of(network, subnet)
    if network is None or subnet_body is None:
        missing = f"The virtual network {network_id}" if network is None else f"The subnet {subnet}"
        hint = "Create it first, or correct network_settings (the network's resource group is the workspace's unless it is given)."
        yield Finding("SubnetNotFound", option, f"{missing} does not exist.", source, ERROR, desired.name, hint)
        return
    yield from _unfit_subnet(desired, facts.region(desired), network, subnet_body)


def _unfit_subnet(desired: DesiredTarget, region: str | None, network: Body, subnet: Body) -> Findings:
    """What keeps the nodes out of a subnet that exists."""
    option, source = "network_settings.subnet", "docs/coverage.md 1.11, CI5"
    if ArmId(str(desired.network)).subscription_id.casefold() != desired.target.subscription_id.casefold():
        message = f"The network {desired.network} is in another subscription than the workspace."
        yield Finding(
            "NetworkInOtherSubscription",
            option,
            message,
            source,
            ERROR,
            desired.name,
            "Use a network of the workspace's subscription.",
        )
    place = canon.region(network.get("location"))
    if region and place and place != region:
        message = f"The network {network.get('name')} is in {place}, and the nodes would be in {region}."
        yield Finding(
            "NetworkInOtherRegion", option, message, source, ERROR, desired.name, f"Use a network in {region}."
        )
    services = [
        str((delegation.get("properties") or {}).get("serviceName"))
        for delegation in (subnet.get("properties") or {}).get("delegations") or []
    ]
    if services and desired.managed:
        message = (
            f"The subnet {subnet.get('name')} is delegated to {', '.join(services)}, which keeps everything else out."
        )
        yield Finding(
            "SubnetDelegated", option, message, source, ERROR, desired.name, "Use a subnet without delegation."
        )


def subnet_of(network: Body | None, subnet_id: str) -> Body | None:
    name = ArmId(subnet_id).name.casefold()
    subnets = ((network or {}).get("properties") or {}).get("subnets") or []
    return next((subnet for subnet in subnets if str(subnet.get("name")).casefold() == name), None)


def check_identity(desired: DesiredTarget, facts: Facts) -> Findings:
    for identity in desired.identities:
        if facts.known("identity", identity.casefold()) and facts.get("identity", identity.casefold()) is None:
            message = f"The user-assigned identity {identity} does not exist."
            hint = "Create it first, or correct identity.user_assigned_identities."
            source = "docs/coverage.md M2, pain 55"
            yield Finding(
                "IdentityNotFound", "identity.user_assigned_identities", message, source, ERROR, desired.name, hint
            )


def check_private_endpoint(desired: DesiredTarget, facts: Facts) -> Findings:
    """Nodes without public addresses need a private endpoint of the workspace, or its managed network."""
    workspace = facts.workspace(desired)
    if not desired.managed or workspace is None or desired.wanted.get("enable_node_public_ip") is not False:
        return
    mode = ((workspace.get("properties") or {}).get("managedNetwork") or {}).get("isolationMode") or "Disabled"
    if mode.casefold() == "disabled" and not private_link_count(workspace):
        message = f"enable_node_public_ip is false, but the workspace {workspace.get('name')} has neither a private endpoint nor a managed network."
        hint = "Create a private endpoint of the workspace, turn its managed network on, or let the nodes have public addresses."
        source = "docs/coverage.md CC5, CI6; docs/facts.md b.2 (no public IP without PE)"
        yield Finding("PrivateEndpointMissing", "enable_node_public_ip", message, source, ERROR, desired.name, hint)


def check_outbound(desired: DesiredTarget, facts: Facts) -> Findings:
    """Nodes without public addresses in a private subnet need another way out."""
    subnet, network_id = desired.subnet, desired.network
    if not desired.managed or not subnet or not network_id or desired.wanted.get("enable_node_public_ip") is not False:
        return
    properties = (subnet_of(facts.get("network", network_id.casefold()), subnet) or {}).get("properties") or {}
    if properties.get("defaultOutboundAccess") is False and not (
        properties.get("natGateway") or properties.get("routeTable")
    ):
        message = f"The subnet {subnet} has no default outbound access, and neither a NAT gateway nor a route table, and the nodes have no public addresses."
        hint = "Associate a NAT gateway with the subnet, or routes to a firewall (role azureml.compute.aml_network, aml_network_nat_gateway_name)."
        source = "Azure Virtual Network, default outbound access; how-to-access-azureml-behind-firewall"
        yield Finding("OutboundAccessMissing", "network_settings.subnet", message, source, WARNING, desired.name, hint)


def check_workspace(desired: DesiredTarget, facts: Facts, severity: str) -> Findings:
    if facts.known("workspace", desired.workspace_id.casefold()) and facts.workspace(desired) is None:
        message = f"The workspace {desired.workspace_id} does not exist (yet)."
        hint = "Create it first, or correct workspace, resource_group or subscription_id. What hangs on its region was not checked."
        yield Finding(
            "WorkspaceNotFound",
            "workspace",
            message,
            "docs/facts.md b.2 (workspace not found)",
            severity,
            desired.name,
            hint,
        )


def check_kind(desired: DesiredTarget) -> Findings:
    """The name is not taken by another kind."""
    if desired.existing is not None and compute.kind_name(desired.existing) != desired.type:
        message = f"{desired.name!r} exists in this workspace, but as {compute.kind_name(desired.existing)}, not as {desired.type}."
        hint = "Names are unique across all kinds of a workspace: choose another name."
        yield Finding(
            "KindMismatch",
            "name",
            message,
            "docs/facts.md a.1: one collection for all kinds",
            ERROR,
            desired.name,
            hint,
        )
    elif desired.replaces:
        message = f"{desired.name!r} exists with fields that cannot change as declared: it would have to be deleted and created again."
        hint = "Run its module in check mode for the fields. It replaces the compute target only where its task asks for that."
        yield Finding(
            "NeedsReplacement", "on_immutable_change", message, "docs/facts.md c.3", WARNING, desired.name, hint
        )


def check_retired(desired: DesiredTarget) -> Findings:
    """What the service has retired, or will within a year."""
    hint = "Plan the replacement of the target."
    for notice in desired.kind.retirement_notices(desired.wanted, desired.existing):
        yield Finding(notice.code, notice.option, notice.message, "docs/retirements.md", WARNING, desired.name, hint)


# --- what several share ---


def check_duplicates(desired_targets: t.Sequence[DesiredTarget]) -> Findings:
    seen: set[str] = set()
    for desired in desired_targets:
        key = desired.target.id.casefold()
        if key in seen:
            message = (
                f"{desired.name!r} is declared more than once for the workspace {ArmId(desired.workspace_id).name}."
            )
            yield Finding(
                "DuplicateCompute", "name", message, "this collection", ERROR, desired.name, "Give each its own name."
            )
        seen.add(key)


def check_locks(desired_targets: t.Sequence[DesiredTarget], facts: Facts) -> Findings:
    """A lock on the workspace, its group or the network's stops scaling; a read-only one any creation."""
    affected: dict[str, tuple[Body, dict[str, DesiredTarget]]] = {}
    for (what, _group), locks in facts.read.items():
        for lock in (locks or []) if what == "locks" else []:
            scope = ArmId(str(lock.get("id")).casefold()).scope
            for desired in desired_targets:
                places = [desired.workspace_id, *([desired.network] if desired.network else [])]
                if any(f"{place.casefold()}/".startswith(f"{scope}/") for place in places):
                    affected.setdefault(str(lock["id"]), (lock, {}))[1][desired.target.id] = desired
    for lock, group in affected.values():
        yield from _lock_findings(lock, list(group.values()))


def _lock_findings(lock: Body, desired_targets: list[DesiredTarget]) -> Findings:
    level, source = str((lock.get("properties") or {}).get("level")), "docs/coverage.md CC3, 1.11"
    hint = "Remove the lock, or put the workspace and its network into groups that are not locked."
    where = f"The lock {lock.get('name')} ({level}) at {ArmId(lock['id']).scope}"
    if level.casefold() == "readonly":
        yield Finding(
            "ScopeLocked",
            "resource_group",
            f"{where} forbids every write.",
            source,
            ERROR,
            named(desired_targets),
            hint,
        )
        return
    clusters = [desired for desired in desired_targets if desired.kind.scales]
    instances = [desired for desired in desired_targets if desired.managed and not desired.kind.scales]
    if clusters:
        message = (
            f"{where} stops scaling: nodes' network resources can then not be deleted, and clusters stay resizing."
        )
        yield Finding("ScopeLocked", "resource_group", message, source, ERROR, named(clusters), hint)
    if instances:
        message = f"{where} will keep instances and their network resources from being deleted."
        yield Finding("ScopeLocked", "resource_group", message, source, WARNING, named(instances), hint)


def check_unread(facts: Facts, desired_targets: t.Sequence[DesiredTarget]) -> Findings:
    """A region that the service does not know is an error; what the user may not read is left unchecked, and says so."""
    for (what, key), error in facts.unread.items():
        if what in ("sizes", "usages", "quotas") and error.status != 403:
            if what == "sizes":
                affected = [desired for desired in desired_targets if facts.region(desired) == key]
                message = f"Azure Machine Learning is not offered in {key}: {error.message}"
                yield Finding(
                    "LocationNotOffered",
                    "location",
                    message,
                    "docs/facts.md a.6",
                    ERROR,
                    named(affected),
                    "Correct location.",
                )
            continue
        message = f"The {what} of {key} could not be read ({error.code}), so what hangs on it was not checked."
        hint = "Assign a role that may read it, or continue without this check."
        yield Finding("NotChecked", "preflight", message, "this collection", WARNING, "", hint)
