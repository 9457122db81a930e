# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of clusters and the compute instances as real SSH servers on the loopback: one port for each.

Which have a listener: nodes that are idle or running and instances that run, with an administrator account, open to remote
login and with a public address (`remoteLoginPortPublicAccess`, `sshSettings`: docs/facts.md a.6; ports from 50000 up).
In Azure each node has an address of its own or a load balancer before it; here all share one address, so the port tells
them apart, and `listNodes` and `sshSettings` show the port that is really open.

Only the server process has listeners. They are reconciled with the store: at a look at a node's port, and five times a
second where something was written or the clock has brought a node's time.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh

from azureml_simulator.providers.machine_learning import nodes as node_states
from azureml_simulator.ssh.peer import peer_user
from azureml_simulator.ssh.session import Account, Commands, Files, SshServer

if TYPE_CHECKING:
    from azureml_simulator.app import App
    from azureml_simulator.http import Request

_LOG = logging.getLogger("azureml_simulator.ssh")
# `any_user`: let in other users of this machine too, who then run commands as the user who started the simulator.
DEFAULTS: dict[str, Any] = {"ssh": {"enabled": True, "any_user": False}}
_PORTS = "ssh.ports"
_LOOPBACK = "127.0.0.1"
_LAST_PORT = 65535
_PERIOD = 0.2
_UP = ("idle", "running")
# Only computes that can have a listener: the rest of a large store is not even parsed.
_CANDIDATES = """
SELECT doc, private FROM resources WHERE type = 'microsoft.machinelearningservices/workspaces/computes' AND (
    json_extract(doc, '$.properties.properties.sshSettings.sshPublicAccess') = 'Enabled'
    OR (json_array_length(private, '$.pool.nodes') > 0 AND json_extract(private, '$.account.adminUserName') <> ''))
"""


@dataclass(frozen=True)
class Machine:
    """A node or an instance that exists. `up`: it answers now."""

    compute: str
    node: str
    account: Account
    up: bool

    @property
    def key(self) -> str:
        return f"{self.compute.lower()}/{self.node.lower()}"

    @property
    def label(self) -> str:
        name = self.compute.rsplit("/", 1)[-1]
        return f"{name}/{self.node}" if self.node else name

    @property
    def folder(self) -> str:
        """Compute names are unique in a workspace only."""
        return f"{self.compute.rsplit('/', 1)[-1].lower()}-{hashlib.sha256(self.key.encode()).hexdigest()[:12]}"


def machines(app: App, compute: str | None = None) -> Iterator[Machine]:
    """All machines that may be entered, or those of one compute."""
    sql, values = _CANDIDATES, []
    if compute is not None:
        sql, values = sql + " AND key = ?", ["/" + compute.strip("/").lower()]
    for doc_text, private_text in app.store.db.execute(sql, values).fetchall():
        doc, private = json.loads(doc_text), json.loads(private_text)
        inner = doc["properties"]["properties"]
        if inner.get("sshSettings"):
            yield from _instance(doc, inner, private)
        else:
            yield from _cluster_nodes(doc, inner, private)


def _cluster_nodes(doc: dict[str, Any], inner: dict[str, Any], private: dict[str, Any]) -> Iterator[Machine]:
    if inner.get("remoteLoginPortPublicAccess") != "Enabled" or not inner.get("enableNodePublicIp", True):
        return
    sent = private["account"]
    account = Account(sent["adminUserName"], sent.get("adminUserSshPublicKey"), sent.get("adminUserPassword"))
    for node in private["pool"]["nodes"]:
        yield Machine(doc["id"], node["id"], account, node["state"] in _UP)


def _instance(doc: dict[str, Any], inner: dict[str, Any], private: dict[str, Any]) -> Iterator[Machine]:
    """An instance's key is in its document or, where that does not show it, in what was sent."""
    settings = inner["sshSettings"]
    account = Account(settings["adminUserName"], settings.get("adminPublicKey") or private["ssh"].get("adminPublicKey"))
    if inner.get("enableNodePublicIp", True):
        yield Machine(doc["id"], "", account, inner["state"] == "Running")


class SshListener:
    """One listening port, and the connections that came through it."""

    def __init__(self, machine: Machine, listener: socket.socket, folder: Path, any_user: Callable[[], bool]) -> None:
        self.machine, self._listener, self._folder, self._any_user = machine, listener, folder, any_user
        self.port = int(listener.getsockname()[1])
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        asyncio.get_running_loop().add_reader(listener.fileno(), self._accept)

    def update(self, machine: Machine) -> None:
        """A node that goes down, or whose account is another, ends its connections."""
        if not machine.up or machine.account != self.machine.account:
            self._hang_up()
        self.machine = machine

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._listener.fileno())
        self._listener.close()
        self._hang_up()

    def _hang_up(self) -> None:
        for connection in self._connections:
            connection.abort()
        for task in self._tasks:
            task.cancel()

    def _accept(self) -> None:
        try:
            client, _peer = self._listener.accept()
        except OSError as error:
            _LOG.warning("%s: no connection taken: %s", self.machine.label, error)
            return
        client.setblocking(False)
        if not self.machine.up or not self._is_owner(client):
            client.close()
            return
        task = asyncio.get_running_loop().create_task(self._serve(client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _is_owner(self, client: socket.socket) -> bool:
        """Commands run as the user who started the simulator, so only processes of that user may come in."""
        if self._any_user():
            return True
        user = peer_user(client.getpeername(), client.getsockname())
        if user != os.getuid():
            what = "of an unknown user" if user is None else f"of user {user}"
            _LOG.warning(
                "%s: refused a connection %s; only user %d is let in (PUT config ssh.any_user)",
                self.machine.label,
                what,
                os.getuid(),
            )
        return user == os.getuid()

    async def _serve(self, client: socket.socket) -> None:
        machine = self.machine
        home = self._folder / "home"
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            connection = await asyncssh.run_server(
                client,
                config=None,
                server_factory=lambda: SshServer(machine.label, machine.account),
                server_host_keys=[host_key(self._folder)],
                encoding=None,
                line_editor=False,
                login_timeout=60,
                process_factory=Commands(machine.label, machine.account, home).run,
                sftp_factory=lambda chan: Files(chan, home=home),
                allow_scp=False,
            )
        except (OSError, asyncssh.Error) as error:
            _LOG.info("%s: a connection ended before it began: %s", machine.label, error)
            client.close()
            return
        self._connections.add(connection)
        try:
            await connection.wait_closed()
        finally:
            self._connections.discard(connection)


def host_key(folder: Path) -> asyncssh.SSHKey:
    """The node's own key, made at its first connection."""
    path = folder / "ssh_host_ed25519_key"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
        fresh.replace(path)
    return asyncssh.read_private_key(path)


class SshListeners:
    """The listeners of a server; they live in its event loop, which also answers every request."""

    def __init__(self, app: App, folder: Path) -> None:
        self._app, self._folder = app, folder
        self._open: dict[str, SshListener] = {}
        self._seen: tuple[Any, ...] | None = None
        app.config.add_defaults(DEFAULTS)
        app.node_port = self.port
        app.guards.append(self._before)

    def _before(self, request: Request) -> None:
        """An instance's document shows its port, so the port must be known before the document is read."""
        parts = request.path.lower().strip("/").split("/")
        if request.method == "GET" and "computes" in parts[-2:] and self._enabled:
            if parts[-1] == "computes":
                self.reconcile()
            else:
                for machine in machines(self._app, request.path):
                    self._keep(machine)

    def port(self, compute: str, node: str = "") -> int | None:
        """The port of a node, opened now if need be; None for one without a listener."""
        key = f"{compute.lower()}/{node.lower()}"
        if key not in self._open and self._enabled:
            for machine in machines(self._app, compute):
                self._keep(machine)
        opened = self._open.get(key)
        return opened.port if opened else None

    async def watch(self) -> None:
        """Reconcile until cancelled."""
        while True:
            try:
                self._live()
                self.reconcile()
            except Exception:
                _LOG.exception("the listeners of the nodes could not be reconciled")
            await asyncio.sleep(_PERIOD)

    def close(self) -> None:
        self._app.guards.remove(self._before)
        for opened in self._open.values():
            opened.close()
        self._open.clear()

    @property
    def _enabled(self) -> bool:
        return bool(self._app.config["ssh"]["enabled"])

    def _any_user(self) -> bool:
        return self._app.config["ssh"]["any_user"] is True

    def _live(self) -> None:
        """Let clusters whose nodes have something due catch up, as a look would."""
        with self._app.exclusive():
            late = [self._app.store.get(compute) for compute in node_states.due(self._app)]
            node_states.refresh(self._app, [doc for doc in late if doc is not None])

    def reconcile(self) -> None:
        """Open what should be open, close the rest; nothing when nothing was written since."""
        seen = (self._app.store.generation, self._enabled, self._app.config["nodes"]["first_port"])
        if seen == self._seen:
            return
        with self._app.exclusive():
            wanted = {machine.key: machine for machine in machines(self._app)} if self._enabled else {}
            for key in [key for key in self._open if key not in wanted]:
                self._open.pop(key).close()
                self._app.store.kv_delete(_PORTS, key)
            for machine in wanted.values():
                self._keep(machine)
            if self._enabled:
                self._forget_folders({machine.folder for machine in wanted.values()})
        self._seen = seen

    def _keep(self, machine: Machine) -> None:
        opened = self._open.get(machine.key)
        if opened is not None:
            if opened.machine != machine:
                opened.update(machine)
            self._show(opened)
            return
        listener = self._listen(machine.key)
        if listener is None:
            _LOG.warning("%s: no free port", machine.label)
            return
        opened = self._open[machine.key] = SshListener(machine, listener, self._folder / machine.folder, self._any_user)
        self._app.store.kv_put(_PORTS, machine.key, opened.port)
        _LOG.info("%s: listens on %s:%d for %r", machine.label, _LOOPBACK, opened.port, machine.account.user)
        self._show(opened)

    def _show(self, opened: SshListener) -> None:
        """The port in the document of an instance; nodes have theirs in listNodes only."""
        doc = None if opened.machine.node else self._app.store.get(opened.machine.compute)
        if doc is not None and doc["properties"]["properties"]["sshSettings"]["sshPort"] != opened.port:
            doc["properties"]["properties"]["sshSettings"]["sshPort"] = opened.port
            self._app.store.put(doc["id"], doc)

    def _listen(self, key: str) -> socket.socket | None:
        """The port that the node had before, else the first free one."""
        first = int(self._app.config["nodes"]["first_port"])
        own = {opened.port for opened in self._open.values()}
        before = self._app.store.kv_get(_PORTS, key)
        for port in [before, *range(first, _LAST_PORT + 1)]:
            if port is None or port < first or port in own:
                continue
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setblocking(False)
            with contextlib.suppress(OSError):
                listener.bind((_LOOPBACK, port))
                listener.listen(128)
                return listener
            listener.close()
        return None

    def _forget_folders(self, kept: set[str]) -> None:
        """A node's disk goes with the node."""
        if self._folder.is_dir():
            for entry in self._folder.iterdir():
                if entry.name not in kept:
                    shutil.rmtree(entry, ignore_errors=True)
