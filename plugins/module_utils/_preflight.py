# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Online checks before anything is created: pure, over one compute target or many and the facts that were gathered for them.

Rules: docs/facts.md b.2 (sizes, quota: a creation is judged by max(1, minimum) nodes, low priority by one regional total, no public address
without a private endpoint); docs/coverage.md CC1, CC3, CC5, CI1, CI5, CI6 and 1.11 (locks, network, quotas shared by clusters and
instances). ``_preflight_capacity`` has the sums, ``_preflight_facts`` the requests, ``_preflight_job`` brings them
together.
"""
from __future__ import annotations

import difflib
import typing as t
from dataclasses import asdict, dataclass, field

from . import _capacity, _fields, _rules
from ._error_codes import url_of
from ._errors import AmlError, ArmError
from ._kinds import _compute
from ._kinds._base import Body, Target
from ._kinds.cluster import private_link_count
from ._plan import Declared

ERROR, WARNING = "error", "warning"

# The kinds that the service makes of virtual machines of its own: they draw on its sizes, quotas and the user's subnets.
MANAGED = tuple(_capacity.COMPUTE_TYPES)

# A thing that a check needs: what it is and whose, as ("sizes", "eastus") or ("network", "/subscriptions/...").
Key = tuple[str, str]


class PreflightFailed(AmlError):
    """The service would refuse what is declared, or could never run it. Nothing was written."""

    default_code = "PreflightFailed"


@dataclass(frozen=True)
class Finding:
    """One thing that will go wrong (error) or may (warning): what was found, and what to do."""

    code: str
    severity: str
    # The compute target's name; several, joined, where a sum is at fault.
    target: str
    option: str
    message: str
    hint: str
    source: str

    def to_dict(self) -> dict[str, str]:
        """As results show it: the reference of error codes names the official source."""
        shown = {name: value for name, value in asdict(self).items() if name != "source"}
        return {**shown, "url": url_of(self.code)}


Findings = t.Iterator[Finding]


@dataclass(frozen=True)
class Wish:
    """One compute target that is to be there. ``wanted`` is all that it will have, by option; what exists counts as given."""

    type: str
    target: Target
    wanted: Declared
    existing: Body | None = None
    # Whether what exists is to be deleted and made anew.
    replaces: bool = False

    @property
    def name(self) -> str:
        return self.target.name

    @property
    def workspace_id(self) -> str:
        return self.target.parent_id

    @property
    def new(self) -> bool:
        return self.existing is None

    @property
    def managed(self) -> bool:
        return self.type in MANAGED

    @property
    def subnet(self) -> str | None:
        found = self.wanted.get("network_settings.subnet") if self.managed or self.type == "aks" else None
        return str(found) if found else None

    @property
    def network(self) -> str | None:
        return self.subnet.rsplit("/subnets/", 1)[0] if self.subnet else None

    @property
    def identities(self) -> list[str]:
        return list((self.wanted.get("identity") or {}).get("user_assigned_identities") or [])

    @property
    def nodes_there(self) -> int:
        """Nodes that already have an address in the subnet that is wanted."""
        there = _fields.get_path(self.existing or {}, "properties.properties.subnet")
        same = isinstance(there, dict) and _fields.arm_id(there.get("id")) == _fields.arm_id(self.subnet)
        return self.nodes_now if same else 0

    @property
    def nodes_now(self) -> int:
        """Nodes that it holds now; an instance holds its own also while it is stopped (docs/coverage.md CI1)."""
        if self.existing is None:
            return 0
        if self.type == "computeinstance":
            return 1
        count = _fields.get_path(self.existing, "properties.properties.currentNodeCount")
        return count if isinstance(count, int) else 0

    @property
    def least(self) -> int:
        """Nodes that the service asks quota for: at the creation of a cluster, one at the least."""
        if self.type == "computeinstance":
            return 1
        return max(1 if self.new or self.replaces else 0, self.wanted.get("min_instances") or 0)

    @property
    def most(self) -> int:
        return 1 if self.type == "computeinstance" else max(self.least, self.wanted.get("max_instances") or 0)


@dataclass
class Facts:
    """What was read. A value of None was not there; what is in ``unread`` could not be read, and why."""

    read: dict[Key, t.Any] = field(default_factory=dict)
    unread: dict[Key, ArmError] = field(default_factory=dict)

    def get(self, what: str, key: str) -> t.Any:
        return self.read.get((what, key))

    def known(self, what: str, key: str) -> bool:
        return (what, key) in self.read

    def workspace(self, wish: Wish) -> Body | None:
        found: Body | None = self.get("workspace", wish.workspace_id.casefold())
        return found

    def region(self, wish: Wish) -> str | None:
        """Where it is to be: as declared, or where its workspace is."""
        location = wish.wanted.get("location") or (self.workspace(wish) or {}).get("location")
        return str(_fields.region(location)) if location else None

    def size(self, wish: Wish) -> _capacity.Item | None:
        found: _capacity.Item | None = (self.get("sizes", self.region(wish) or "") or {}).get(_fields.caseless(wish.wanted.get("size")))
        return found


def named(wishes: t.Sequence[Wish]) -> str:
    """The targets of a finding."""
    return ", ".join(names(wishes))


def names(wishes: t.Sequence[Wish]) -> list[str]:
    """The names of targets, with their workspaces where there are several."""
    several = len({wish.workspace_id for wish in wishes}) > 1
    return [f"{wish.workspace_id.rsplit('/', 1)[-1]}/{wish.name}" if several else wish.name for wish in wishes]


# --- one target ---


def offline(findings: t.Iterable[_rules.Finding], target: str) -> Findings:
    """The kinds' own rules, as findings of the pre-flight."""
    for found in findings:
        yield Finding(found.code, ERROR, target, found.option, found.message, f"Correct {found.option}.", found.source)


def check_size(wish: Wish, facts: Facts) -> Findings:
    """The size is offered in the region, for the kind and for the tier."""
    wanted, region = wish.wanted.get("size"), facts.region(wish)
    offered = facts.get("sizes", region or "")
    if not wish.managed or not wanted or offered is None:
        return
    size, source = facts.size(wish), "docs/facts.md a.6 (vmSizes), b.2 (unsupported VM size)"
    if size is None:
        close = difflib.get_close_matches(str(wanted).casefold(), offered, n=3)
        better = ", ".join(offered[name]["name"] for name in close)
        hint = f"Choose another size{f', such as {better}' if better else ''}, or another region; aml_vm_size_info lists them."
        yield Finding("SizeNotOffered", ERROR, wish.name, "size", f"The size {wanted} is not offered in {region}.", hint, source)
        return
    if size["supported_compute_types"] and wish.type not in size["supported_compute_types"]:
        message = f"The size {size['name']} is offered in {region}, but not for {wish.type} (only for {', '.join(size['supported_compute_types'])})."
        hint = f"Choose another size; aml_vm_size_info with compute_type={wish.type} lists them."
        yield Finding("SizeNotForKind", ERROR, wish.name, "size", message, hint, source)
    if wish.wanted.get("tier") == "low_priority" and size["low_priority_capable"] is False:
        message = f"The size {size['name']} cannot be had for low-priority nodes."
        hint = "Choose tier dedicated or another size; aml_vm_size_info with low_priority=true lists them."
        yield Finding("SizeNotLowPriorityCapable", ERROR, wish.name, "tier", message, hint, "docs/facts.md b.2 (UnsupportedVMSizeForLowPriority)")


def check_subnet(wish: Wish, facts: Facts) -> Findings:
    """The subnet is there, near enough, and belongs to nobody else. How many addresses it has left is a sum."""
    subnet, network_id = wish.subnet, wish.network
    if not subnet or not network_id or not facts.known("network", network_id.casefold()):
        return
    option, source = "network_settings.subnet", "docs/coverage.md 1.11, CI5; docs/facts.md b.2 (subnet not found)"
    network = facts.get("network", network_id.casefold())
    found = subnet_of(network, subnet)
    if network is None or found is None:
        missing = f"The virtual network {network_id}" if network is None else f"The subnet {subnet}"
        hint = "Create it first, or correct network_settings (the network's resource group is the workspace's unless it is given)."
        yield Finding("SubnetNotFound", ERROR, wish.name, option, f"{missing} does not exist.", hint, source)
        return
    if network_id.split("/")[2].casefold() != wish.target.subscription_id.casefold():
        message = f"The network {network_id} is in another subscription than the workspace."
        yield Finding("NetworkInOtherSubscription", ERROR, wish.name, option, message, "Use a network of the workspace's subscription.", source)
    region, place = facts.region(wish), _fields.region(network.get("location"))
    if region and place and place != region:
        message = f"The network {network.get('name')} is in {place}, and the nodes would be in {region}."
        yield Finding("NetworkInOtherRegion", ERROR, wish.name, option, message, f"Use a network in {region}.", source)
    services = [str((one.get("properties") or {}).get("serviceName")) for one in (found.get("properties") or {}).get("delegations") or []]
    if services and wish.managed:
        message = f"The subnet {found.get('name')} is delegated to {', '.join(services)}, which keeps everything else out."
        yield Finding("SubnetDelegated", ERROR, wish.name, option, message, "Use a subnet without delegation.", source)


def subnet_of(network: Body | None, subnet_id: str) -> Body | None:
    name = subnet_id.rstrip("/").rsplit("/", 1)[-1].casefold()
    subnets = ((network or {}).get("properties") or {}).get("subnets") or []
    return next((one for one in subnets if str(one.get("name")).casefold() == name), None)


def check_identity(wish: Wish, facts: Facts) -> Findings:
    for identity in wish.identities:
        if facts.known("identity", identity.casefold()) and facts.get("identity", identity.casefold()) is None:
            message = f"The user-assigned identity {identity} does not exist."
            hint = "Create it first, or correct identity.user_assigned_identities."
            source = "docs/coverage.md M2, pain 55"
            yield Finding("IdentityNotFound", ERROR, wish.name, "identity.user_assigned_identities", message, hint, source)


def check_private_way(wish: Wish, facts: Facts) -> Findings:
    """Nodes without public addresses need a private endpoint of the workspace, or its managed network."""
    workspace = facts.workspace(wish)
    if not wish.managed or workspace is None or wish.wanted.get("enable_node_public_ip") is not False:
        return
    mode = ((workspace.get("properties") or {}).get("managedNetwork") or {}).get("isolationMode") or "Disabled"
    if mode.casefold() == "disabled" and not private_link_count(workspace):
        message = f"enable_node_public_ip is false, but the workspace {workspace.get('name')} has neither a private endpoint nor a managed network."
        hint = "Create a private endpoint of the workspace, turn its managed network on, or let the nodes have public addresses."
        source = "docs/coverage.md CC5, CI6; docs/facts.md b.2 (no public IP without PE)"
        yield Finding("PrivateEndpointMissing", ERROR, wish.name, "enable_node_public_ip", message, hint, source)


def check_workspace(wish: Wish, facts: Facts, severity: str) -> Findings:
    if facts.known("workspace", wish.workspace_id.casefold()) and facts.workspace(wish) is None:
        message = f"The workspace {wish.workspace_id} does not exist (yet)."
        hint = "Create it first, or correct workspace, resource_group or subscription_id. What hangs on its region was not checked."
        yield Finding("WorkspaceNotFound", severity, wish.name, "workspace", message, hint, "docs/facts.md b.2 (workspace not found)")


def check_kind(wish: Wish) -> Findings:
    """The name is not taken by another kind."""
    if wish.existing is not None and _compute.kind_name(wish.existing) != wish.type:
        message = f"{wish.name!r} exists in this workspace, but as {_compute.kind_name(wish.existing)}, not as {wish.type}."
        hint = "Names are unique across all kinds of a workspace: choose another name."
        yield Finding("KindMismatch", ERROR, wish.name, "name", message, hint, "docs/facts.md a.1: one collection for all kinds")
    elif wish.replaces:
        message = f"{wish.name!r} exists with fields that cannot change as declared: it would have to be deleted and created again."
        hint = "Run its module in check mode for the fields; it replaces with on_immutable_change=recreate alone."
        yield Finding("NeedsReplacement", WARNING, wish.name, "on_immutable_change", message, hint, "docs/facts.md c.3")


# --- what several share ---


def check_twice(wishes: t.Sequence[Wish]) -> Findings:
    seen: set[str] = set()
    for wish in wishes:
        key = wish.target.id.casefold()
        if key in seen:
            message = f"{wish.name!r} is declared more than once for the workspace {wish.workspace_id.rsplit('/', 1)[-1]}."
            yield Finding("DuplicateCompute", ERROR, wish.name, "name", message, "Give each its own name.", "this collection")
        seen.add(key)


def check_locks(wishes: t.Sequence[Wish], facts: Facts) -> Findings:
    """A lock on the workspace, its group or the network's stops scaling; a read-only one any creation."""
    affected: dict[str, tuple[Body, dict[str, Wish]]] = {}
    for (what, _group), locks in facts.read.items():
        for lock in (locks or []) if what == "locks" else []:
            scope = str(lock.get("id")).casefold().rsplit("/providers/microsoft.authorization/locks/", 1)[0]
            for wish in wishes:
                places = [wish.workspace_id, *([wish.network] if wish.network else [])]
                if any(f"{place.casefold()}/".startswith(f"{scope}/") for place in places):
                    affected.setdefault(str(lock["id"]), (lock, {}))[1][wish.target.id] = wish
    for lock, found in affected.values():
        yield from _lock_findings(lock, list(found.values()))


def _lock_findings(lock: Body, wishes: list[Wish]) -> Findings:
    level, source = str((lock.get("properties") or {}).get("level")), "docs/coverage.md CC3, 1.11"
    hint = "Remove the lock, or put the workspace and its network into groups that are not locked."
    where = f"The lock {lock.get('name')} ({level}) at {str(lock['id']).rsplit('/providers/Microsoft.Authorization/', 1)[0]}"
    if level.casefold() == "readonly":
        yield Finding("ScopeLocked", ERROR, named(wishes), "resource_group", f"{where} forbids every write.", hint, source)
        return
    clusters = [wish for wish in wishes if wish.type == "amlcompute"]
    instances = [wish for wish in wishes if wish.type == "computeinstance"]
    if clusters:
        message = f"{where} stops scaling: nodes' network resources can then not be deleted, and clusters stay resizing."
        yield Finding("ScopeLocked", ERROR, named(clusters), "resource_group", message, hint, source)
    if instances:
        message = f"{where} will keep instances and their network resources from being deleted."
        yield Finding("ScopeLocked", WARNING, named(instances), "resource_group", message, hint, source)


def check_unread(facts: Facts, wishes: t.Sequence[Wish]) -> Findings:
    """A region that the service does not know is an error; what the user may not read is left unchecked, and says so."""
    for (what, key), error in facts.unread.items():
        if what in ("sizes", "usages", "quotas") and error.status != 403:
            if what == "sizes":
                there = [wish for wish in wishes if facts.region(wish) == key]
                message = f"Azure Machine Learning is not offered in {key}: {error.message}"
                yield Finding("LocationNotOffered", ERROR, named(there), "location", message, "Correct location.", "docs/facts.md a.6")
            continue
        message = f"The {what} of {key} could not be read ({error.code}), so what hangs on it was not checked."
        hint = "Assign a role that may read it, or continue without this check."
        yield Finding("NotChecked", WARNING, "", "preflight", message, hint, "this collection")
