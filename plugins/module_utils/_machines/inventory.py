# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workspaces and their machines as hosts: what is read, which of it counts, how it is named, grouped and reached. No Ansible.

Nothing is dropped without a word: what could not be read is returned as a problem, together with what could (docs/coverage.md, pain 64:
an inventory that lost hosts by throttling). Sources: docs/facts.md a.1 (lists, listNodes) and a.3 (limits).
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import re
import shlex
import typing as t
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from .._core.answers import is_absent
from .._core.arm_id import ArmId
from .._core.client import ReadClient
from .._core.errors import AmlError, ArmError, all_foreseen, each
from . import nodes

Body = dict[str, t.Any]
# One workspace as it was read: its own facts under ``workspace``, ``machines`` and ``endpoints``. Plain data, for the cache.
Record = dict[str, t.Any]
T = t.TypeVar("T")

NODES, WORKSPACES = "nodes", "workspaces"
ALL = "all"
# The group of hosts whose workspace has online endpoints.
SERVING = "aml_serving"
SUBSCRIPTIONS_API_VERSION = "2022-12-01"

_ENDPOINTS = "onlineEndpoints"
# What of an online endpoint a host has: names, addresses and numbers, and no texts of others.
_ENDPOINT_FACTS = (
    "name", "id", "type", "compute", "auth_mode", "location", "traffic", "mirror_traffic", "scoring_uri", "openapi_uri", "provisioning_state",
)  # fmt: skip
_PROVIDER = "providers/Microsoft.MachineLearningServices/workspaces"
_ID = re.compile(
    r"/subscriptions/(?P<subscription_id>[^/]+)/resourceGroups/(?P<resource_group>[^/]+)/providers/[^/]+/workspaces/[^/]+",
    re.I,
)
# A subscription in any other state can at least be read.
_CLOSED = ("disabled", "deleted")


@dataclass(frozen=True)
class Scope:
    """What is read from the service; the rest of the options choose from that. Names compare without case, as Azure does it."""

    hosts: str = NODES
    subscriptions: tuple[str, ...] = ()
    resource_groups: tuple[str, ...] = ()
    workspaces: tuple[str, ...] = ()
    workspace_tags: t.Mapping[str, t.Any] | None = None
    types: tuple[str, ...] = nodes.TYPES
    api_version: str = ""
    endpoints: bool = False

    def names(self, workspace: str) -> bool:
        """Whether a workspace of this name is wanted; ``workspaces`` are names or shell patterns."""
        return not self.workspaces or any(
            fnmatch.fnmatchcase(workspace.casefold(), pattern.casefold()) for pattern in self.workspaces
        )

    def fingerprint(self, signed_in: t.Mapping[str, t.Any]) -> str:
        """Checks whether cached data is valid for the current options. ``signed_in``: the identity, without secrets."""
        return hashlib.sha256(
            json.dumps([asdict(self), dict(signed_in)], sort_keys=True, default=str).encode()
        ).hexdigest()


@dataclass(frozen=True)
class Problem:
    """What could not be read, and why."""

    where: str
    error: AmlError

    def __str__(self) -> str:
        hint = f" {self.error.hint}" if self.error.hint else ""
        code = "" if self.error.code in self.error.message else f"{self.error.code}: "
        return f"{self.where}: {code}{self.error.message}{hint}"


# --- reading ---


class Reader:
    """Reads a scope with at most ``parallelism`` requests at a time. ``project``: an online endpoint in the names of the modules' options."""

    def __init__(
        self, client: ReadClient, scope: Scope, parallelism: int, project: t.Callable[[Body], Body] = dict
    ) -> None:
        self._project = project
        self.client, self.scope, self.api_version, self.parallelism = client, scope, scope.api_version, parallelism
        self.problems: list[Problem] = []
        self.excluded = 0

    def read(self) -> list[Record]:
        """All workspaces of the scope, in the order of their ids; ``problems`` then lists what is missing.

        ``excluded`` is the number of workspaces that exist, if none of them has the tags.
        """
        places = self._places()
        with ThreadPoolExecutor(self.parallelism) as pool:
            lists = list(pool.map(self._list, places))
            workspaces = [workspace for answer in lists if answer for workspace in answer]
            if not self.problems:
                self._check_names(places, lists, workspaces)
            named = [item for item in workspaces if self.scope.names(item["workspace"])]
            selected = [item for item in named if has_tags(item["tags"], self.scope.workspace_tags)]
            self.excluded = 0 if selected else len(named)
            selected.sort(key=lambda one: one["id"].casefold())
            return [record for record in pool.map(self._record, selected) if record is not None]

    def _places(self) -> list[str]:
        """The scopes of the lists. Who may read only some resource groups cannot list a subscription."""
        subscriptions = [f"/subscriptions/{subscription}" for subscription in self.scope.subscriptions]
        if ALL in self.scope.subscriptions:
            bodies = (
                self._try(
                    "the subscriptions",
                    lambda: self.client.list("/subscriptions", SUBSCRIPTIONS_API_VERSION, malformed=self._malformed),
                )
                or []
            )
            subscriptions = [
                f"/subscriptions/{body['subscriptionId']}"
                for body in bodies
                if str(body.get("state")).casefold() not in _CLOSED
            ]
        if not self.scope.resource_groups:
            return subscriptions
        return [
            f"{subscription}/resourceGroups/{group}"
            for subscription in subscriptions
            for group in self.scope.resource_groups
        ]

    def _list(self, place: str) -> list[Body] | None:
        """The workspaces there, or None where the resource group is not."""
        try:
            with all_foreseen():
                return self._facts(
                    self.client.list(f"{place}/{_PROVIDER}", self.api_version, malformed=self._malformed)
                )
        except AmlError as error:
            if isinstance(error, ArmError) and self.scope.resource_groups and is_absent(error):
                return None
            self.problems.append(Problem(place.lstrip("/"), error))
            return []

    def _facts(self, bodies: list[Body]) -> list[Body]:
        """The facts of each workspace; one without an id that names its place is a problem, and the others stay."""
        facts = (self._try("a workspace of the list", lambda body=body: workspace_facts(body)) for body in bodies)  # type: ignore[misc]
        return [fact for fact in facts if fact is not None]

    def _malformed(self, error: AmlError) -> None:
        self.problems.append(Problem((error.target or "an item of a list").lstrip("/"), error))

    def _check_names(self, places: list[str], lists: list[list[Body] | None], found: list[Body]) -> None:
        """A name that nothing has is a mistake in the file, or hosts that are gone: in neither case is it to be passed over."""
        seen = {ArmId(place).name.casefold() for place, answer in zip(places, lists) if answer is not None}
        for group in self.scope.resource_groups:
            if places and group.casefold() not in seen:
                error = AmlError(
                    "The resource group does not exist, or it cannot be read.", code="ResourceGroupNotFound"
                )
                self.problems.append(Problem(f"resource group {group}", error))
        names = {item["workspace"].casefold() for item in found}
        for name in self.scope.workspaces:
            if not set(name) & set("*?[") and name.casefold() not in names:
                error = AmlError(
                    "The workspace does not exist in the scopes that were searched, or it cannot be read.",
                    code="WorkspaceNotFound",
                )
                self.problems.append(Problem(f"workspace {name}", error))

    def _record(self, workspace: Body) -> Record | None:
        return self._try(
            _where(workspace),
            lambda: {
                "workspace": workspace,
                "machines": self._machines(workspace["id"]) if self.scope.hosts == NODES else [],
                "endpoints": self._endpoints(workspace["id"]) if self.scope.endpoints else None,
            },
        )

    def _machines(self, workspace_id: str) -> list[Body]:
        return self._of_existing(workspace_id, lambda: [asdict(machine) for machine in self._collect(workspace_id)])

    def _endpoints(self, workspace_id: str) -> list[Body]:
        def read() -> list[Body]:
            path = f"{workspace_id}/{_ENDPOINTS}"
            bodies = self.client.list(path, self.api_version, malformed=self._malformed)
            return list(each(bodies, self._endpoint_facts, self._malformed))

        return self._of_existing(workspace_id, read)

    def _endpoint_facts(self, body: Body) -> Body:
        projected = self._project(body)
        return {name: projected[name] for name in _ENDPOINT_FACTS}

    def _collect(self, workspace_id: str) -> list[nodes.Machine]:
        return nodes.collect(
            self.client, workspace_id, self.api_version, types=self.scope.types, malformed=self._malformed
        )[0]

    def _of_existing(self, workspace_id: str, read: t.Callable[[], list[Body]]) -> list[Body]:
        """What a workspace contains. One that was deleted after it was listed contains nothing."""
        try:
            return read()
        except ArmError as error:
            if not is_absent(error) or self.client.find(workspace_id, self.api_version) is not None:
                raise
        return []

    def _try(self, where: str, call: t.Callable[[], T]) -> T | None:
        try:
            with all_foreseen():
                return call()
        except AmlError as error:
            self.problems.append(Problem(where, error))
            return None


def _where(workspace: Body) -> str:
    return f"workspace {workspace['workspace']} (resource group {workspace['resource_group']}, subscription {workspace['subscription_id']})"


def workspace_facts(body: Body) -> Body:
    """What a host knows of its workspace, in the names of the modules' options."""
    match = _ID.fullmatch(str(body.get("id")))
    if match is None:
        raise AmlError(
            f"The service listed a workspace with the id {body.get('id')!r}, which is none.", code="UnexpectedAnswer"
        )
    return {
        "id": body["id"],
        **match.groupdict(),
        "workspace": str(body["name"]),
        "location": body.get("location"),
        "kind": str(body.get("kind") or "default").casefold(),
        "tags": dict(body.get("tags") or {}),
        "state": str((body.get("properties") or {}).get("provisioningState") or "unknown").casefold(),
    }


# --- choosing ---


@dataclass(frozen=True)
class HostFilter:
    """Which of the machines or workspaces that were read become hosts."""

    tags: t.Mapping[str, t.Any] | None = None
    states: tuple[str, ...] = ()
    include_stopped: bool = False

    def takes(self, machine: nodes.Machine) -> bool:
        if self.states:
            fits = machine.state in self.states
        else:
            fits = self.include_stopped or nodes.up(machine)
        return fits and has_tags(machine.tags, self.tags)


def has_tags(tags: t.Mapping[str, str], wanted: t.Mapping[str, t.Any] | None) -> bool:
    """Each wanted tag is there with that value, one of those values, or any if it is null. Azure's tag names have no case, its values have."""
    present = {str(name).casefold(): value for name, value in tags.items()}
    for name, value in (wanted or {}).items():
        if str(name).casefold() not in present:
            return False
        values = value if isinstance(value, list) else [value]
        if value is not None and not any(_same(present[str(name).casefold()], value) for value in values):
            return False
    return True


def _same(found: t.Any, wanted: t.Any) -> bool:
    # YAML's true is what people write for the text 'true'.
    return str(found).casefold() == str(wanted).casefold() if isinstance(wanted, bool) else str(found) == str(wanted)


# --- hosts ---


@dataclass(frozen=True)
class JumpHost:
    """The host in the virtual network over which private addresses are reached."""

    host: str | None = None
    user: str | None = None
    port: int | None = None

    def arguments(self) -> str | None:
        """For ssh's command line; Ansible splits it as a shell would."""
        if not self.host:
            return None
        address = f"[{self.host}]" if ":" in self.host else self.host
        user, port = f"{self.user}@" if self.user else "", f":{self.port}" if self.port else ""
        return f"-o {shlex.quote(f'ProxyJump={user}{address}{port}')}"


@dataclass
class Host:
    """``place`` is where it lives, for a name that no other has; the first ``named`` parts of it are in the name by themselves. ``labels`` are what groups
    are made of, in addition to ``groups``."""

    name: str
    place: tuple[str, str, str]
    variables: dict[str, t.Any]
    labels: dict[str, str | None]
    groups: tuple[str, ...]
    named: int = 0

    @property
    def id(self) -> str:
        """What no other host has, whatever its name: the id of the machine, or of the workspace, without regard to case."""
        identifier = (
            self.variables.get("aml_machine_id")
            or self.variables.get("aml_id")
            or "/".join([*reversed(self.place), self.name])
        )
        return str(identifier).casefold()

    def name_with(self, parts: int) -> str:
        """The name with so many parts of the place before it."""
        return "-".join([*reversed(self.place[self.named : self.named + parts]), self.name])

    def all_groups(self, groupings: t.Iterable[str]) -> list[str]:
        """The names as they are, for Ansible to make valid ones of."""
        return [
            *self.groups,
            *(f"{grouping}_{self.labels[grouping]}" for grouping in groupings if self.labels.get(grouping)),
        ]


def hosts_of(
    records: t.Iterable[Record],
    kind: str,
    host_filter: HostFilter,
    preferences: nodes.SshPreferences,
    jump_host: JumpHost,
) -> list[Host]:
    """The hosts of what was read, before their names are unique."""
    hosts: list[Host] = []
    for record in records:
        workspace = record["workspace"]
        found: list[Host] = []
        if kind == WORKSPACES:
            if has_tags(workspace["tags"], host_filter.tags):
                found.append(_workspace_host(workspace, preferences.host_prefix or ""))
        else:
            machines = (nodes.Machine(**machine) for machine in record["machines"])
            found += [
                _machine_host(workspace, machine, preferences, jump_host)
                for machine in machines
                if host_filter.takes(machine)
            ]
        hosts += [_with_endpoints(host, record.get("endpoints")) for host in found]
    return hosts


def _with_endpoints(host: Host, endpoints: list[Body] | None) -> Host:
    """The host with the endpoints of its workspace, where they were asked for."""
    if endpoints is not None:
        host.variables["aml_online_endpoints"] = {str(endpoint["name"]): endpoint for endpoint in endpoints}
        host.groups += (SERVING,) if endpoints else ()
    return host


def _place(workspace: Body) -> tuple[str, str, str]:
    return workspace["workspace"], workspace["resource_group"], workspace["subscription_id"]


def _workspace_host(workspace: Body, prefix: str) -> Host:
    variables = {name: workspace[name] for name in ("subscription_id", "resource_group", "workspace", "location")}
    variables |= {f"aml_{name}": workspace[name] for name in ("id", "kind", "tags", "state")}
    labels = {**_labels(workspace), "location": workspace["location"]}
    return Host(prefix + workspace["workspace"], _place(workspace), variables, labels, ("aml_workspaces",), named=1)


def _labels(workspace: Body) -> dict[str, str | None]:
    return {"resource_group": workspace["resource_group"], "subscription": workspace["subscription_id"]}


# What of an entry of the facts a host has under the same name after "aml_".
_TOLD = ("compute", "type", "node_id", "state", "run_id", "public_ip_address", "private_ip_address", "reachable", "reason", "note")  # fmt: skip


def _machine_host(
    workspace: Body, machine: nodes.Machine, preferences: nodes.SshPreferences, jump_host: JumpHost
) -> Host:
    entry = nodes.connection(machine, preferences, workspace["id"])
    location = machine.location or workspace["location"]
    variables: dict[str, t.Any] = {
        **{name: workspace[name] for name in ("subscription_id", "resource_group", "workspace", "location")},
        "aml_workspace_tags": workspace["tags"],
        "aml_location": location,
        "aml_size": machine.size,
        "aml_tags": machine.tags,
        **{f"aml_{name}": entry[name] for name in _TOLD},
        "aml_machine_id": entry["id"],
        **_ansible_variables(entry, preferences, jump_host),
    }
    labels = {
        **_labels(workspace),
        "workspace": workspace["workspace"],
        "cluster": None if machine.node_id is None else machine.compute,
        "type": machine.type,
        "state": machine.state,
        "size": (machine.size or "").casefold() or None,
        "location": location,
    }
    groups = ("aml_nodes", "aml_reachable") if entry["reachable"] else ("aml_nodes",)
    default = nodes.host_name(machine, nodes.SshPreferences(), workspace["workspace"])
    return Host(entry["name"], _place(workspace), variables, labels, groups, named=1 if entry["name"] == default else 0)


def _ansible_variables(entry: Body, preferences: nodes.SshPreferences, jump_host: JumpHost) -> dict[str, t.Any]:
    """How Ansible connects to the machine, as far as that is known."""
    inside = entry["address"] is not None and entry["address"] == entry["private_ip_address"]
    ways = {
        "ansible_host": entry["address"],
        "ansible_port": entry["port"],
        "ansible_user": entry["user"],
        "ansible_ssh_private_key_file": preferences.private_key_file,
        "ansible_ssh_common_args": jump_host.arguments() if inside else None,
    }
    return {name: value for name, value in ways.items() if value is not None}


def make_names_unique(hosts: list[Host], taken: t.Mapping[str, str] | None = None) -> tuple[list[Host], list[str]]:
    """Return the hosts with unique names, and a message about each host with another name or without a name.

    Hosts that would share a name, and so become one, get the workspace before it; then the resource group; then the subscription; and where that separates
    nothing, because ``a-b`` with ``c`` reads like ``a`` with ``b-c``, digits of their id after it. So do those whose name is reserved or ``taken``, which are
    names in lower case with what has them. The name of one target can therefore never remove the others: at worst there is no host for those that clash.
    """
    others = taken or {}
    # A machine that the service lists twice is one host.
    hosts = list({host.id: host for host in reversed(hosts)}.values())[::-1]
    names = _lengthened(hosts, others)
    shared = _shared(names)
    named: list[Host] = []
    messages: list[str] = []
    for host in hosts:
        name = names[host.id]
        fits = nodes.is_host_name(name) and name not in shared and not _owner(name, others)
        if fits:
            named.append(host)
        if not fits or name != host.name:
            messages.append(_message(host, name, fits, _reason(host, hosts, others)))
    for host in named:
        host.name = names[host.id]
    return named, messages


def _lengthened(hosts: list[Host], taken: t.Mapping[str, str]) -> dict[str, str]:
    """The name of each host by its id, made longer for as long as another has it too."""
    names = {host.id: host.name for host in hosts}
    for longer in _LONGER:
        shared = _shared(names)
        clashing = [host for host in hosts if names[host.id] in shared or _owner(names[host.id], taken)]
        if not clashing:
            break
        names |= {host.id: longer(host) for host in clashing}
    return names


def _message(host: Host, name: str, fits: bool, reason: str) -> str:
    where = f"of workspace {host.place[0]!r}"
    if not nodes.is_host_name(name):
        return f"{name!r} {where} is not a host, because that is not a name for one."
    return f"{host.name!r} {where} {f'is called {name!r}' if fits else 'is not a host'}, because {reason}."


# What makes a name longer, one after the other, for as long as it is not the only one.
_LONGER: tuple[t.Callable[[Host], str], ...] = (
    *(lambda host, parts=parts: host.name_with(parts) for parts in range(1, 4)),
    *(lambda host, digits=digits: nodes.longer_name(host.name, host.id, digits) for digits in (8, 16, 64)),
)


def _shared(names: t.Mapping[str, str]) -> set[str]:
    """The names that more than one host has."""
    counts = Counter(name.casefold() for name in names.values())
    return {name for name in names.values() if counts[name.casefold()] > 1}


def _reason(host: Host, hosts: list[Host], taken: t.Mapping[str, str]) -> str:
    """Why the host cannot have the name that it would have."""
    owner = _owner(host.name, taken)
    if owner is not None:
        return f"that is the name of {owner}"
    same = [other.id for other in hosts if other is not host and other.name.casefold() == host.name.casefold()]
    return f"another machine has that name too: {same[0]}" if same else "other machines are called so too"


def _owner(name: str, taken: t.Mapping[str, str]) -> str | None:
    """What has the name already."""
    return (
        "the machine that runs Ansible, or a group of every inventory"
        if nodes.is_reserved(name)
        else taken.get(name.casefold())
    )
