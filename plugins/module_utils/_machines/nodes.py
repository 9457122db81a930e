# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machines behind clusters and instances: who may log in, at which address, and the lines to do it with.

The package ``_machines`` finds machines to log in to: addresses, SSH lines, hosts of the inventory. It may
import ``_kinds`` and ``_core``.

Sources: docs/facts.md a.1 and a.6 (listNodes, sshSettings, connectivityEndpoints, userAccountCredentials); docs/coverage.md N1 to
N6 (the lines), K1 and K2 (SSH is off unless it was asked for at creation), CI18 (the private address on port 22), pains 31 to 34.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import shlex
import typing as t
from dataclasses import dataclass, field

from .._core import redact
from .._core.answers import is_absent
from .._core.arm_id import ArmId
from .._core.client import ReadClient
from .._core.errors import AmlError, ArmError, all_foreseen
from .._core.words import snake_case
from .._kinds.compute import kind_name
from .._kinds.registry import INFO_KINDS, kind_of

Body = dict[str, t.Any]

TYPES = tuple(type_ for type_, kind in INFO_KINDS.items() if kind.ssh is not None)
PREFERENCES = ("auto", "public", "private")
NODE_STATES = ("idle", "leaving", "preempted", "preparing", "running", "unusable")
INSTANCE_STATES = (
    "create_failed", "creating", "deleting", "job_running", "resizing", "restarting", "running", "setting_up", "setup_failed",
    "starting", "stopped", "stopping", "unknown", "unusable", "user_setting_up", "user_setup_failed",
)  # fmt: skip
STATES = tuple(sorted({*NODE_STATES, *INSTANCE_STATES}))

# Inside the network a machine answers on the usual port, whatever the port of its public address (CI18).
PRIVATE_PORT = 22
# A text that is safe in a line of ssh_config, an inventory and a shell, and is not an option of ssh. The service is not trusted: who may write a
# compute target could else write into the files of who connects to it.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,63}")
# Names of the machine that runs Ansible, and of groups that every inventory has (ansible.constants.LOCALHOST, /etc/hosts of the usual systems).
_RESERVED = re.compile(
    r"(?i)all|ungrouped|localhost[46]?|localhost[46]?\..*|ip6-(localhost|loopback)|broadcasthost|127(\.[0-9]+){0,3}|0+(\.0+){0,3}"
)

_ONLY_INSIDE = "The private address answers only inside the virtual network, or over a jump host in it."
_HAND_MADE = "SSH access was not enabled, so only keys that someone added by hand are accepted, and only inside the virtual network."


@dataclass(frozen=True)
class Machine:
    """A node or an instance as the service reports it, before an address is chosen.

    ``refusal`` says why no one is let in at all; ``closed`` why not at the public address, ``closed_inside`` why only
    with a key that someone added by hand at the private one.
    """

    compute: str
    type: str
    state: str
    node_id: str | None = None
    run_id: str | None = None
    user: str | None = None
    public_ip_address: str | None = None
    private_ip_address: str | None = None
    public_port: int | None = None
    refusal: str | None = None
    closed: str | None = None
    closed_inside: str | None = None
    size: str | None = None
    location: str | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Unique in the workspace, and the same as long as the machine exists."""
        return self.compute if self.node_id is None else f"{self.compute}-{self.node_id}"


@dataclass(frozen=True)
class SshPreferences:
    """How the user wants to connect."""

    prefer: str = "auto"
    private_key_file: str | None = None
    scp_file: str = "FILE"
    # The prefix of the target's name. Defaults to the workspace's name and a dash.
    host_prefix: str | None = None


# --- reading ---


def collect(
    client: ReadClient,
    workspace_id: str,
    api_version: str,
    *,
    name: str | None = None,
    types: t.Collection[str] = TYPES,
    malformed: t.Callable[[AmlError], None] | None = None,
) -> tuple[list[Machine], list[str]]:
    """The machines of one compute target or of all of a workspace, in the service's order; and what to warn of.

    ``malformed`` is given the error of each compute target or node whose document cannot be read, and all others stay.
    """
    warnings: list[str] = []
    if name is None:
        bodies = client.list(f"{workspace_id}/computes", api_version, malformed=malformed)
    else:
        compute = client.find(f"{workspace_id}/computes/{name}", api_version)
        bodies = [] if compute is None else [compute]
        if compute is None:
            warnings.append(f"There is no compute target {name!r} in this workspace.")
        elif kind_of(compute).ssh is None:
            warnings.append(f"{name!r} is of type {kind_name(compute)}, whose machines the workspace does not list.")
    # The machines do not have the values, which a tag may repeat.
    redact.hide_variables(bodies)
    machines: list[Machine] = []
    for body in bodies:
        try:
            with all_foreseen():
                machines += _machines(client, workspace_id, api_version, body, types, malformed, warnings.append)
        except AmlError as error:
            # An answer of another shape, or what no one foresaw, is about this one target; any other failure is about all.
            if malformed is None or error.code not in ("UnexpectedAnswer", "InternalError") or error.status is not None:
                raise
            error.target = error.target or f"{workspace_id}/computes/{body.get('name')}"
            malformed(error)
    return machines, warnings


def _machines(
    client: ReadClient,
    workspace_id: str,
    api_version: str,
    body: Body,
    types: t.Collection[str],
    malformed: t.Callable[[AmlError], None] | None,
    warn: t.Callable[[str], None],
) -> list[Machine]:
    """The machines of one compute target. A cluster that was deleted after it was listed has none."""
    kind = kind_of(body)
    if kind.ssh is None or kind_name(body) not in types:
        return []
    if not kind.scales:
        return [instance(body)]
    if not _may_have_nodes(body):
        return []
    path = f"{workspace_id}/computes/{body['name']}"
    try:
        return cluster(body, client.post_list(f"{path}/listNodes", api_version, "nodes", malformed=malformed))
    except ArmError as error:
        if not is_absent(error) or client.find(path, api_version) is not None:
            raise
    warn(f"Compute cluster {body['name']!r} was deleted while its nodes were read, so it has none.")
    return []


def _inner(body: Body) -> Body:
    return (body.get("properties") or {}).get("properties") or {}


def _may_have_nodes(body: Body) -> bool:
    """listNodes counts against the limit of writes (docs/facts.md a.3): it is not asked about a cluster without a node."""
    return bool(_inner(body).get("currentNodeCount"))


def cluster(body: Body, nodes: t.Iterable[Body]) -> list[Machine]:
    """The nodes of a cluster, from its document and the items of listNodes."""
    inner = _inner(body)
    user, refusal = _user((inner.get("userAccountCredentials") or {}).get("adminUserName"))
    if user is None and refusal is None:
        refusal = "The cluster was created without an SSH user, and that cannot be changed."
    closed = None
    if str(inner.get("remoteLoginPortPublicAccess") or "").casefold() == "disabled":
        closed = "The cluster was created with ssh_public_access_enabled: false, so the SSH port of its public address is closed."
    return [
        Machine(
            compute=_named(body["name"]),
            type=kind_name(body),
            state=_state(node.get("nodeState")),
            node_id=_named(node["nodeId"]),
            run_id=node.get("runId") or None,
            user=user,
            public_ip_address=_address(node.get("publicIpAddress")),
            private_ip_address=_address(node.get("privateIpAddress")),
            public_port=_port(node.get("port")),
            refusal=refusal,
            closed=closed,
            **_of_target(body),
        )
        for node in nodes
    ]


def instance(body: Body) -> Machine:
    """An instance is its own only machine."""
    inner = _inner(body)
    settings, ends = inner.get("sshSettings") or {}, inner.get("connectivityEndpoints") or {}
    enabled = str(settings.get("sshPublicAccess") or "").casefold() == "enabled"
    access = kind_of(body).ssh
    user, refusal = _user(settings.get("adminUserName") or (access and access.user))
    closed = None if enabled else "The instance was created with SSH access disabled, and that cannot be changed."
    return Machine(
        compute=_named(body["name"]),
        type=kind_name(body),
        state=_state(inner.get("state")),
        user=user,
        public_ip_address=_address(ends.get("publicIpAddress")),
        private_ip_address=_address(ends.get("privateIpAddress")),
        public_port=_port(settings.get("sshPort")),
        refusal=refusal,
        closed=closed,
        closed_inside=closed,
        **_of_target(body),
    )


def _of_target(body: Body) -> dict[str, t.Any]:
    """What a machine has from its compute target; a cluster may be in another region than its workspace (C3)."""
    properties = body.get("properties") or {}
    return {
        "size": _inner(body).get("vmSize") or None,
        "location": properties.get("computeLocation") or body.get("location") or None,
        "tags": dict(body.get("tags") or {}),
    }


def up(machine: Machine) -> bool:
    """Whether it runs, as far as the service's word for its state goes."""
    access = INFO_KINDS[machine.type].ssh
    return access is not None and machine.state in access.states


def _state(value: t.Any) -> str:
    return snake_case(str(value or "unknown"))


def _port(value: t.Any) -> int | None:
    return int(value) if str(value).isascii() and str(value).isdigit() and 0 < int(value) < 65536 else None


def _named(value: t.Any) -> str:
    """The name of a target or a node, which becomes the name of a host."""
    if _NAME.fullmatch(str(value)) is None:
        message = f"The service listed a machine as {str(value)!r}, which cannot be the name of a host."
        raise AmlError(message, code="UnexpectedAnswer", hint="Nothing was written. Check who created it.")
    return str(value)


def _user(value: t.Any) -> tuple[str | None, str | None]:
    """The user, or why that user cannot be shown in a command."""
    if not value:
        return None, None
    if _USER.fullmatch(str(value)) is None:
        return None, f"Its SSH user is {str(value)!r}, which is not put into a command line or a configuration file."
    return str(value), None


def _address(value: t.Any) -> str | None:
    """An IP address without a zone, whose name could be anything; nothing else is passed on to ssh."""
    try:
        return str(ipaddress.ip_address(value)) if isinstance(value, str) and "%" not in value else None
    except ValueError:
        return None


# --- connecting ---


def bad_prefix(prefix: str | None) -> bool:
    """Whether names with this prefix would break a line of ssh_config or an inventory."""
    return bool(prefix) and _NAME.fullmatch(str(prefix)) is None


def is_host_name(name: str) -> bool:
    """Whether this is one word, and not a pattern, an address with a colon or an option."""
    return _NAME.fullmatch(name) is not None


def is_reserved(name: str) -> bool:
    """Whether a host of this name would be the machine that runs Ansible, or a group that every inventory has."""
    return _RESERVED.fullmatch(name) is not None


def host_name(machine: Machine, preferences: SshPreferences, workspace: str) -> str:
    """Return the name of the machine's host. With the target's name alone, people who name targets could choose the names of hosts."""
    chosen = None if preferences.host_prefix is None else preferences.host_prefix + machine.name
    return f"{workspace}-{machine.name}" if chosen is None or is_reserved(chosen) else chosen


def longer_name(name: str, machine_id: str, digits: int = 8) -> str:
    """Return the name with digits of the machine's id after it. It does not depend on which other machines exist, or on their order."""
    return f"{name}-{hashlib.sha256(machine_id.casefold().encode()).hexdigest()[:digits]}"


def connection(machine: Machine, preferences: SshPreferences, workspace_id: str) -> dict[str, t.Any]:
    """One entry of the facts: all that is known of the machine, and the lines where one can connect."""
    at = endpoint(machine, preferences.prefer)
    name = host_name(machine, preferences, ArmId(workspace_id).name)
    entry: dict[str, t.Any] = {
        "name": name,
        "id": f"{workspace_id}/computes/{machine.compute}" + (f"/nodes/{machine.node_id}" if machine.node_id else ""),
        "compute": machine.compute,
        "type": machine.type,
        "node_id": machine.node_id,
        "state": machine.state,
        "run_id": machine.run_id,
        "address": at.address,
        "port": at.port,
        "user": machine.user,
        "public_ip_address": machine.public_ip_address,
        "private_ip_address": machine.private_ip_address,
        "reachable": at.reason is None,
        "reason": at.reason,
        "note": at.note,
        "ssh": None,
        "scp": None,
        "ssh_config": None,
    }
    if at.reason is None and at.address and at.port and machine.user:
        login = (at.address, at.port, machine.user, preferences.private_key_file)
        entry["ssh"] = ssh_line(*login)
        entry["scp"] = scp_line(*login, preferences.scp_file)
        entry["ssh_config"] = config_block(name, *login)
    return entry


@dataclass(frozen=True)
class Endpoint:
    """An SSH port of a machine. ``reason`` says why one cannot log in there, None where one can; ``note`` what to know about it."""

    address: str | None
    port: int | None
    reason: str | None
    note: str | None


def endpoint(machine: Machine, prefer: str) -> Endpoint:
    """The one to connect to. Where the public port is closed the private one stays, but an instance without SSH lets in no one that we could know of."""
    only_inside = not machine.public_ip_address or (machine.closed is not None and machine.closed_inside is None)
    if prefer == "private" or (prefer == "auto" and only_inside):
        return _private_endpoint(machine, asked_for=prefer == "private")
    return _endpoint(machine, "public", (machine.public_ip_address, machine.public_port), machine.closed)


def _private_endpoint(machine: Machine, *, asked_for: bool) -> Endpoint:
    note = _HAND_MADE if machine.closed_inside else _ONLY_INSIDE
    closed = None if asked_for else machine.closed_inside
    return _endpoint(machine, "private", (machine.private_ip_address, PRIVATE_PORT), closed, note)


def _endpoint(
    machine: Machine, which: str, place: tuple[str | None, int | None], closed: str | None, note: str | None = None
) -> Endpoint:
    address, port = place
    reason = machine.refusal or closed
    if reason is None and not up(machine):
        reason = f"The {'instance' if machine.node_id is None else 'node'} is {machine.state.replace('_', ' ')}."
    if reason is None and not (address and port):
        reason = f"The service reports no {which} address" + (" and port." if address else ".")
    return Endpoint(address, port if address else None, reason, note if address else None)


def ssh_line(address: str, port: int, user: str, key: str | None = None) -> str:
    """To be pasted into a shell."""
    return shlex.join(["ssh", *_identity(key), "-p", str(port), f"{user}@{address}"])


def scp_line(address: str, port: int, user: str, key: str | None = None, file: str = "FILE") -> str:
    """To be pasted into a shell; the port's letter is a capital one (N6). The tilde is the remote side's business."""
    host = f"[{address}]" if ":" in address else address
    # Before a colon in its first part scp would take a local file for a remote one.
    local = f"./{file}" if file.startswith("-") or ":" in file.split("/", 1)[0] else file
    return shlex.join(["scp", *_identity(key), "-P", str(port), local, f"{user}@{host}"]) + ":~/"


def config_block(name: str, address: str, port: int, user: str, key: str | None = None) -> str:
    """A block for ~/.ssh/config."""
    lines = [f"Host {name}", f"    HostName {address}", f"    Port {port}", f"    User {_config_value(user)}"]
    if key:
        lines += [f"    IdentityFile {_config_value(_identity_path(key))}", "    IdentitiesOnly yes"]
    return "\n".join(lines) + "\n"


def config(entries: t.Iterable[dict[str, t.Any]]) -> str:
    """The blocks of all machines that can be connected to."""
    return "\n".join(entry["ssh_config"] for entry in entries if entry["ssh_config"])


def _identity(key: str | None) -> list[str]:
    return ["-i", _identity_path(key)] if key else []


def _identity_path(key: str) -> str:
    """ssh expands percent signs in the name of a key file, on the command line and in its configuration."""
    return key.replace("%", "%%")


def _config_value(value: str) -> str:
    if re.fullmatch(r"[^\s\"'\\#]+", value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
