# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sums of the pre-flight: cores, computes and addresses of all that is about to be created, against what is left. Pure.

Rules: a dedicated creation is checked for max(1, minimum) nodes against its family, also at minimum 0, where it then holds none; a low-priority one
against the regional total alone (docs/facts.md b.2, f.23 [ISS]). Clusters and instances share the cores and the number of computes (docs/coverage.md CI1,
1.11). One address for each node, and Azure keeps five of a subnet (1.11; Azure Virtual Network, reserved addresses).
"""

from __future__ import annotations

import ipaddress
import typing as t
from collections import defaultdict
from dataclasses import dataclass

from .._capacity import quotas
from .._capacity import usages as _usages
from .._capacity.lists import Item
from .._core import canon
from .._core.arm_id import ArmId
from .._core.findings import ERROR, WARNING, Finding, Findings
from .._engine.kind import Body
from .._kinds.registry import kind_of
from .checks import named, names, subnet_of
from .facts import DesiredTarget, Facts

_SOURCE = "docs/facts.md b.2 (quota), f.23; docs/coverage.md 1.11"
_RAISE = (
    "Request more quota, choose another size or location, or lower min_instances; aml_usage_info shows what is left."
)
_LOWER = (
    "Request more quota, choose another size or location, or lower max_instances; aml_usage_info shows what is left."
)
_RESERVED = 5
# Nodes of a cluster that a subscription is given without asking (docs/coverage.md CC4).
_MANY_NODES = 100


@dataclass(frozen=True)
class Demand:
    """What one target uses of a region: cores at its creation, all the time, and at most, in addition to those of the family that it already uses."""

    desired: DesiredTarget
    region: str
    size: Item
    low_priority: bool
    held: int

    @property
    def family(self) -> str:
        return str(self.size["family"])

    def _cores(self, nodes: int) -> int:
        return max(0, nodes * int(self.size["vcpus"] or 0) - self.held)

    @property
    def cores(self) -> int:
        return self._cores(self.desired.least)

    @property
    def kept(self) -> int:
        return self._cores(self.desired.kept)

    @property
    def most(self) -> int:
        return self._cores(self.desired.most)


def demands(desired_targets: t.Sequence[DesiredTarget], facts: Facts) -> list[Demand]:
    """What is managed, of a known size in a known region. What a replacement sets free of another family does not count."""
    rows = []
    for desired in desired_targets:
        size, region = facts.size(desired), facts.region(desired)
        if not desired.managed or size is None or region is None:
            continue
        low = desired.wanted.get("tier") == "low_priority"
        sizes = facts.get("sizes", region)
        held = (
            0
            if desired.existing is None
            else cores_held(desired.existing, str(size["family"]), region, sizes, low_priority=low)
        )
        rows.append(Demand(desired, region, size, low, held))
    return rows


def check_quota(desired_targets: t.Sequence[DesiredTarget], facts: Facts) -> Findings:
    needs = demands(desired_targets, facts)
    by_region: dict[str, list[Demand]] = defaultdict(list)
    for workspace in needs:
        by_region[workspace.region].append(workspace)
    for region, here in by_region.items():
        usages = facts.get("usages", region)
        if usages is not None:
            yield from _regional(region, here, usages)
        yield from _workspace_quotas(region, here, facts)
    yield from _totals(desired_targets, facts)
    for desired in desired_targets:
        if desired.kind.scales and desired.most > _MANY_NODES:
            message = f"max_instances is {desired.most}; without a ticket a cluster grows to {_MANY_NODES} nodes."
            yield Finding(
                "ManyNodes",
                "max_instances",
                message,
                "docs/coverage.md CC4, 1.11",
                WARNING,
                desired.name,
                "Request a higher limit, or lower max_instances.",
            )


def _regional(region: str, here: list[Demand], usages: _usages.Usages) -> Findings:
    families: dict[tuple[str, bool], list[Demand]] = defaultdict(list)
    for demand in here:
        families[demand.family, demand.low_priority].append(demand)
    for (family, low), some in families.items():
        row = usages.find(family, low_priority=low)
        if row is None and not low:
            message = f"The service lists no usage of {family} in {region}, so its quota was not checked."
            yield Finding(
                "QuotaUnknown",
                "size",
                message,
                _SOURCE,
                WARNING,
                named([demand.desired for demand in some]),
                "Check the usages with aml_usage_info.",
            )
        tier = "low-priority" if low else "dedicated"
        yield from _exceeds("FamilyQuotaExceeded", f"{tier} vCPUs of {family} in {region}", some, row)
    for low, code, name in (
        (False, "RegionalQuotaExceeded", _usages.TOTAL_DEDICATED),
        (True, "LowPriorityQuotaExceeded", _usages.TOTAL_LOW_PRIORITY),
    ):
        some = [demand for demand in here if demand.low_priority is low]
        tier = "low-priority" if low else "dedicated"
        yield from _exceeds(code, f"{tier} vCPUs in {region}", some, usages.find(name, low_priority=low))


def _exceeds(code: str, what: str, some: list[Demand], row: Item | None) -> Findings:
    """An error where what must exist at once is not left, or what a single creation needs; a warning where the maximum could never be reached.

    A cluster with a minimum of 0 is created if one node is left, and leaves it to the next one.
    """
    if row is None or row["limit"] is None:
        return
    free = max(0, row["limit"] - row["current"])
    most = sum(demand.most for demand in some)
    state = f"{free} of {row['limit']} {what} are left ({row['current']} are in use)"
    takers = _takers(some, free)
    if takers:
        targets, counts = [desired for desired, _count in takers], [count for _desired, count in takers]
        need = max(sum(demand.kept for demand in some), *counts)
        message = f"{state}, and {need} are needed at once ({_counted(targets, counts)})."
        yield Finding(code, "size", message, _SOURCE, ERROR, named(targets), _RAISE)
    elif most > free:
        message = f"{state}, and {most} would be needed for the maximum number of nodes. Not all clusters can grow to max_instances."
        growers = named([demand.desired for demand in some if demand.most])
        yield Finding("QuotaBelowMaximum", "max_instances", message, _SOURCE, WARNING, growers, _LOWER)


def _takers(some: t.Sequence[Demand], free: int) -> list[tuple[DesiredTarget, int]]:
    """The targets that cannot exist together, or that cannot be created even alone, with the cores that each needs."""
    if sum(demand.kept for demand in some) > free:
        return [(demand.desired, demand.kept) for demand in some if demand.kept]
    return [(demand.desired, demand.cores) for demand in some if demand.cores > free]


def _counted(desired_targets: t.Sequence[DesiredTarget], counts: t.Sequence[int]) -> str:
    """The first five targets, each with what it takes."""
    largest = ", ".join(f"{name}: {count}" for name, count in list(zip(names(desired_targets), counts))[:5])
    return f"{largest} and {len(desired_targets) - 5} more" if len(desired_targets) > 5 else largest


def _workspace_quotas(region: str, here: list[Demand], facts: Facts) -> Findings:
    """A workspace's own limit of a family, against what its targets hold of it."""
    groups: dict[tuple[str, str], list[Demand]] = defaultdict(list)
    for demand in here:
        if not demand.low_priority:
            groups[demand.desired.workspace_id, demand.family].append(demand)
    for (workspace_id, family), some in groups.items():
        limit = own_limit(facts.get("quotas", region), workspace_id, family)
        computes = facts.get("computes", workspace_id.casefold())
        if limit is None or computes is None:
            continue
        held = sum(cores_held(body, family, region, facts.get("sizes", region) or {}) for body in computes)
        row = {"limit": limit, "current": held}
        workspace = ArmId(workspace_id).name
        yield from _exceeds(
            "WorkspaceQuotaExceeded", f"dedicated vCPUs of {family} for the workspace {workspace}", some, row
        )


def own_limit(entries: t.Any, workspace_id: str, family: str) -> int | None:
    if not entries:
        return None
    return quotas.own_limit(quotas.document(entries, workspace_id), family)


def cores_held(body: Body, family: str, region: str, sizes: dict[str, Item], *, low_priority: bool = False) -> int:
    """Cores of a family and tier that a compute target holds: a cluster's nodes, an instance also while it is stopped."""
    outer = body.get("properties") or {}
    inner = outer.get("properties") or {}
    size = sizes.get(str(inner.get("vmSize")).casefold())
    if size is None or str(size["family"]).casefold() != family.casefold():
        return 0
    if (canon.caseless(inner.get("vmPriority")) == "lowpriority") is not low_priority:
        return 0
    if canon.region(outer.get("computeLocation") or body.get("location")) != region:
        return 0
    return kind_of(body).nodes_now(body) * int(size["vcpus"] or 0)


def _totals(desired_targets: t.Sequence[DesiredTarget], facts: Facts) -> Findings:
    """The number of clusters and instances of a region."""
    new: dict[str, list[DesiredTarget]] = defaultdict(list)
    for desired in desired_targets:
        region = facts.region(desired)
        if desired.managed and desired.new and region:
            new[region].append(desired)
    for region, some in new.items():
        usages = facts.get("usages", region)
        row = usages.find(_usages.TOTAL_CLUSTERS) if usages else None
        if row and row["limit"] is not None and row["current"] + len(some) > row["limit"]:
            message = f"{row['remaining']} of {row['limit']} clusters and instances in {region} are left, and {len(some)} would be created."
            hint = "Delete targets that are not used, request a higher limit, or declare another location."
            yield Finding(
                "ComputeCountExceeded", "name", message, "docs/coverage.md 1.11, pain 53", ERROR, named(some), hint
            )


# --- addresses ---


def check_subnets(desired_targets: t.Sequence[DesiredTarget], facts: Facts) -> Findings:
    """Each subnet has an address for every node that may come."""
    groups: dict[str, list[DesiredTarget]] = defaultdict(list)
    for desired in desired_targets:
        if desired.managed and desired.subnet and desired.network and facts.get("network", desired.network.casefold()):
            groups[desired.subnet.rstrip("/").casefold()].append(desired)
    for some in groups.values():
        subnet = subnet_of(facts.get("network", str(some[0].network).casefold()), str(some[0].subnet))
        free = None if subnet is None else free_addresses(subnet)
        counts = [max(0, desired.most - desired.existing_nodes) for desired in some]
        need = sum(counts)
        if free is not None and need > free:
            message = f"The subnet {some[0].subnet} has {max(0, free)} free address(es), and {need} node(s) may need one each ({_counted(some, counts)})."
            hint = "Use a larger subnet, or declare fewer max_instances."
            source = "docs/coverage.md 1.11 (one address for each node)"
            yield Finding("SubnetTooSmall", "network_settings.subnet", message, source, ERROR, named(some), hint)


def free_addresses(subnet: Body) -> int | None:
    """IPv4 addresses of all prefixes, without those that Azure keeps and those in use; None if a prefix is unknown or unreadable."""
    properties = subnet.get("properties") or {}
    prefixes = properties.get("addressPrefixes") or [properties.get("addressPrefix")]
    try:
        networks = [ipaddress.ip_network(prefix, strict=False) for prefix in prefixes if prefix]
    except ValueError:
        return None
    sizes = [network.num_addresses - _RESERVED for network in networks if network.version == 4]
    return sum(sizes) - len(properties.get("ipConfigurations") or []) if sizes else None
