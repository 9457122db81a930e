# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes as SSH servers: OpenSSH's own ssh, scp and sftp against the listeners of an in-process simulator."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import stat
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from azureml_simulator.app import App
from azureml_simulator.entra.directory import DEFAULT_SUBSCRIPTION, TENANT
from azureml_simulator.ssh import listeners
from azureml_simulator.ssh.listeners import SshListeners
from azureml_simulator.ssh.peer import peer_user

VERSION = "api-version=2025-12-01"
GROUP = f"/subscriptions/{DEFAULT_SUBSCRIPTION}/resourceGroups/rg"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws-one"
LONG_ENOUGH = 100_000.0
# Where a node looks for the scp that the old protocol starts there.
NODE_PATH = "/usr/local/bin:/usr/bin:/bin"

pytestmark = pytest.mark.skipif(
    shutil.which("ssh") is None, reason="OpenSSH's client is missing: scripts/system-packages installs it"
)


def free_port() -> int:
    """A port whose successors are probably free as well; the listeners take the next one where they are not."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Place:
    """An app with listeners in the running loop, and a key to enter."""

    app: App
    listeners: SshListeners
    folder: Path
    private: Path
    public: str

    def cluster(self, name: str = "cpu", nodes: int = 1, **inner: Any) -> list[dict[str, Any]]:
        """Make a cluster and wait for its nodes."""
        account = {"adminUserName": "azureuser", "adminUserSshPublicKey": self.public}
        body: dict[str, Any] = {
            "vmSize": "STANDARD_DS3_V2",
            "scaleSettings": {"minNodeCount": nodes, "maxNodeCount": max(nodes, 1)},
            "userAccountCredentials": account,
            "remoteLoginPortPublicAccess": "Enabled",
        }
        outer = {"location": "eastus", "properties": {"computeType": "AmlCompute", "properties": {**body, **inner}}}
        answer = self.app.call("PUT", f"{WORKSPACE}/computes/{name}?{VERSION}", outer)
        assert answer.status == 201, answer.body
        self.app.clock.advance(LONG_ENOUGH)
        return self.nodes(name)

    def nodes(self, name: str = "cpu") -> list[dict[str, Any]]:
        self.app.call("GET", f"{WORKSPACE}/computes/{name}?{VERSION}")
        self.app.clock.advance(LONG_ENOUGH)
        found: list[dict[str, Any]] = self.app.call("POST", f"{WORKSPACE}/computes/{name}/listNodes?{VERSION}").body[
            "nodes"
        ]
        self.listeners.reconcile()
        return found

    async def run(self, *command: str, stdin: bytes = b"") -> tuple[int, str, str]:
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=self.folder)
        out, err = await asyncio.wait_for(child.communicate(stdin), 60)
        return int(child.returncode or 0), out.decode(), err.decode()

    def options(self, port: int, key: Path | None = None, flag: str = "-p") -> list[str]:
        known = self.folder / "known_hosts"
        fixed = [
            "-F",
            "none",
            "-o",
            "BatchMode=yes",
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "StrictHostKeyChecking=accept-new",
            "-o",
            "LogLevel=ERROR",
        ]
        return [*fixed, "-o", f"UserKnownHostsFile={known}", "-i", str(key or self.private), flag, str(port)]

    async def ssh(
        self, node: dict[str, Any], *words: str, user: str = "azureuser", key: Path | None = None, stdin: bytes = b""
    ) -> tuple[int, str, str]:
        return await self.run("ssh", *self.options(node["port"], key), f"{user}@127.0.0.1", *words, stdin=stdin)


def new_key(path: Path, kind: str = "ssh-rsa") -> str:
    key = asyncssh.generate_private_key(kind)
    path.write_bytes(key.export_private_key())
    path.chmod(0o600)
    return key.export_public_key().decode().strip()


@pytest.fixture(scope="module")
def key_pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    path = tmp_path_factory.mktemp("keys") / "id_rsa"
    return path, new_key(path)


@pytest.fixture
def inside(tmp_path: Path, key_pair: tuple[Path, str]) -> Callable[[Callable[[Place], Awaitable[None]]], None]:
    """Runs a test's coroutine with a place in its loop."""

    def play(test: Callable[[Place], Awaitable[None]]) -> None:
        asyncio.run(_with_place(test, tmp_path, *key_pair))

    return play


def make_workspace(app: App) -> None:
    dependents = {
        "storageAccount": "Microsoft.Storage/storageAccounts/sa1",
        "keyVault": "Microsoft.KeyVault/vaults/kv1",
    }
    assert app.call("PUT", f"{GROUP}?api-version=2021-04-01", {"location": "eastus"}).status == 201
    bare = {"location": "eastus", "properties": {"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}}}
    for path in dependents.values():
        assert app.call("PUT", f"{GROUP}/providers/{path}?api-version=2023-04-01", bare).status < 300
    app.clock.advance(LONG_ENOUGH)
    properties = {name: f"{GROUP}/providers/{path}" for name, path in dependents.items()}
    body = {"location": "eastus", "identity": {"type": "SystemAssigned"}, "properties": properties}
    assert app.call("PUT", f"{WORKSPACE}?{VERSION}", body).status == 202
    app.clock.advance(LONG_ENOUGH)


async def _with_place(test: Callable[[Place], Awaitable[None]], folder: Path, private: Path, public: str) -> None:
    app = App()
    app.configure({"nodes": {"first_port": free_port()}})
    place = Place(app, SshListeners(app, folder / "nodes"), folder, private, public)
    try:
        make_workspace(app)
        await test(place)
    finally:
        place.listeners.close()
        app.close()


Inside = Callable[[Callable[[Place], Awaitable[None]]], None]


def test_commands(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """Output, error output, input, status and signals pass; of the simulator's own environment nothing does."""
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "planted-secret")
    monkeypatch.setenv("PYTHONPATH", "/planted")

    async def test(place: Place) -> None:
        (node,) = place.cluster()
        home = (await place.ssh(node, "pwd"))[1].strip()
        assert Path(home).is_relative_to(place.folder / "nodes")
        assert await place.ssh(node, "echo $HOME; echo ~azureuser/x ~azureusers a~azureuser") == (
            0,
            f"{home}\n{home}/x ~azureusers a~azureuser\n",
            "",
        )
        assert await place.ssh(node, "cat; echo late >&2; exit 7", stdin=b"in\x00put") == (7, "in\x00put", "late\n")
        assert (await place.ssh(node, "head -c 3000000 /dev/zero | tr '\\0' x"))[1] == "x" * 3_000_000
        assert (await place.ssh(node, "kill -9 $$"))[0] == 255
        code, shown, _err = await place.ssh(node, "env")
        assert code == 0 and "planted" not in shown and "AZURE" not in shown
        assert (await place.ssh(node, stdin=b"echo from a shell\n"))[1] == "from a shell\n"
        code, shown, _err = await place.ssh(node, "-tt", "test -t 0 && tty && stty size")
        assert code == 0 and "/dev/pts/" in shown, shown

    inside(test)


def test_files(inside: Inside) -> None:
    """scp in both protocols and sftp; relative paths start in the home, and ~ is the home."""

    async def test(place: Place) -> None:
        (node,) = place.cluster()
        (place.folder / "a file").write_bytes(os.urandom(200_000))
        scp = ["scp", *place.options(node["port"], flag="-P")]
        assert await place.run(*scp, "-p", "a file", "azureuser@127.0.0.1:~/there") == (0, "", "")
        assert await place.run(*scp, "azureuser@127.0.0.1:there", "back") == (0, "", "")
        assert (place.folder / "back").read_bytes() == (place.folder / "a file").read_bytes()
        if shutil.which("scp", path=NODE_PATH):
            assert await place.run(*scp, "-O", "a file", "azureuser@127.0.0.1:old") == (0, "", "")
            assert (await place.ssh(node, "cmp there old"))[0] == 0
        sftp = ["sftp", *place.options(node["port"], flag="-P"), "-b", "-", "azureuser@127.0.0.1"]
        code, shown, err = await place.run(
            *sftp, stdin=b"mkdir sub\nput back sub/back\nsymlink back sub/link\nls -l sub\npwd\n"
        )
        assert code == 0, err
        home = (await place.ssh(node, "pwd"))[1].strip()
        assert home in shown
        assert (await place.ssh(node, "readlink sub/link"))[1] == "back\n"

    inside(test)


def test_who_is_let_in(inside: Inside, caplog: pytest.LogCaptureFixture) -> None:
    """Exactly the user with exactly the key; each attempt leaves a line in the log."""
    caplog.set_level("INFO", "azureml_simulator.ssh")

    async def test(place: Place) -> None:
        (node,) = place.cluster()
        other = place.folder / "other"
        new_key(other)
        refusals = [await place.ssh(node, "true", key=other), await place.ssh(node, "true", user="root")]
        assert all(code == 255 and "Permission denied (publickey)" in err for code, _out, err in refusals)
        assert (await place.ssh(node, "true"))[0] == 0

    inside(test)
    lines = [record.getMessage() for record in caplog.records if "from 127.0.0.1" in record.getMessage()]
    assert [line.split(": ", 1)[1].split(" from")[0] for line in lines] == [
        "refused 'azureuser'",
        "refused 'root'",
        "accepted 'azureuser'",
    ]


def test_password(inside: Inside, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "azureml_simulator.ssh")

    async def test(place: Place) -> None:
        (node,) = place.cluster(userAccountCredentials={"adminUserName": "boss", "adminUserPassword": "Right-horse-1"})
        options: dict[str, Any] = {"known_hosts": None, "client_keys": None, "config": None, "username": "boss"}
        async with asyncssh.connect("127.0.0.1", node["port"], password="Right-horse-1", **options) as connection:
            assert (await connection.run("echo in")).stdout == "in\n"
        with pytest.raises(asyncssh.PermissionDenied):
            await asyncssh.connect("127.0.0.1", node["port"], password="Wrong-horse-1", **options)

    inside(test)
    assert "horse" not in caplog.text


def test_host_key_is_the_nodes_own_and_stays(inside: Inside) -> None:
    async def test(place: Place) -> None:
        first, second = place.cluster(nodes=2)
        for node in (first, second, first):
            assert (await place.ssh(node, "true"))[0] == 0
        lines = (place.folder / "known_hosts").read_text().splitlines()
        assert len({line.split()[2] for line in lines}) == 2
        place.listeners.close()
        place.listeners = SshListeners(place.app, place.folder / "nodes")
        assert [node["port"] for node in place.nodes()] == [first["port"], second["port"]]
        assert (await place.ssh(first, "true"))[0] == 0
        for path in (place.folder / "nodes").glob("*/ssh_host*"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600

    inside(test)


def test_ports_are_real(inside: Inside) -> None:
    """Each node of each cluster has its own port, from the base on; a taken one is left out."""

    async def test(place: Place) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            base = taken.getsockname()[1]
            place.app.configure({"nodes": {"first_port": base}})
            nodes = [*place.cluster("one", 2), *place.cluster("two", 1)]
            ports = [node["port"] for node in nodes]
            assert base not in ports and len(set(ports)) == 3 and min(ports) > base
            for node in nodes:
                assert (await place.ssh(node, "true"))[0] == 0

    inside(test)


@pytest.mark.parametrize("inner", [{"remoteLoginPortPublicAccess": "Disabled"}, {"userAccountCredentials": None}])
def test_no_listener_without_ssh(inside: Inside, inner: dict[str, Any]) -> None:
    async def test(place: Place) -> None:
        assert len(place.cluster(**inner)) == 1
        assert place.listeners.port(f"{WORKSPACE}/computes/cpu", place.nodes()[0]["nodeId"]) is None

    inside(test)


STRANGER = """
import os, socket, sys
"".encode("idna")
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
with socket.socket(getattr(socket, sys.argv[2])) as client:
    client.settimeout(30)
    client.connect(("::ffff:127.0.0.1" if sys.argv[2] == "AF_INET6" else "127.0.0.1", int(sys.argv[1])))
    try:
        print(client.recv(8).decode())
    except ConnectionResetError:
        print("")
"""


def test_another_user_is_not_even_greeted(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever key or password a compute was created with, commands run as the owner: a process of another user gets no SSH server to talk to."""
    if os.getuid() != 0:
        monkeypatch.setattr(listeners, "peer_user", lambda *ends: (peer_user(*ends) or 0) + 1)

    async def test(place: Place) -> None:
        (node,) = place.cluster()
        for family in ("AF_INET", "AF_INET6"):
            stranger = (sys.executable, "-c", STRANGER, str(node["port"]), family)
            assert (await place.run(*stranger))[:2] == (0, "\n"), family
            place.app.configure({"ssh": {"any_user": True}})
            assert (await place.run(*stranger))[:2] == (0, "SSH-2.0-\n"), family
            place.app.configure({"ssh": {"any_user": False}})
        if os.getuid() == 0:
            assert (await place.ssh(node, "true"))[0] == 0, "the owner is let in"

    inside(test)


def test_listeners_follow_the_nodes(inside: Inside) -> None:
    """A deleted cluster's ports close, its disks go; switched off, all close."""

    async def test(place: Place) -> None:
        (node,) = place.cluster()
        assert (await place.ssh(node, "touch kept"))[0] == 0
        place.app.configure({"ssh": {"enabled": False}})
        place.listeners.reconcile()
        assert (await place.ssh(node, "true"))[0] == 255
        place.app.configure({"ssh": {"enabled": True}})
        place.listeners.reconcile()
        assert (await place.ssh(place.nodes()[0], "test -e kept"))[0] == 0
        assert (
            place.app.call("DELETE", f"{WORKSPACE}/computes/cpu?{VERSION}&underlyingResourceAction=Delete").status
            == 202
        )
        place.app.clock.advance(LONG_ENOUGH)
        place.app.call("GET", f"{WORKSPACE}?{VERSION}")
        place.listeners.reconcile()
        code, _out, err = await place.ssh(node, "true")
        assert code == 255 and "refused" in err
        assert list((place.folder / "nodes").iterdir()) == []

    inside(test)


def test_a_dropped_connection_ends_its_command(inside: Inside) -> None:
    async def test(place: Place) -> None:
        (node,) = place.cluster()
        await place.ssh(node, "mkfifo gone")
        child = await asyncio.create_subprocess_exec(
            "ssh",
            *place.options(node["port"]),
            "azureuser@127.0.0.1",
            "echo $$; exec sleep 600",
            stdout=asyncio.subprocess.PIPE,
        )
        assert child.stdout is not None
        pid = int(await child.stdout.readline())
        child.kill()
        await child.wait()
        async with asyncio.timeout(30):
            while Path(f"/proc/{pid}").exists():
                await asyncio.sleep(0.02)

    inside(test)


def test_two_hundred_nodes(inside: Inside) -> None:
    async def test(place: Place) -> None:
        place.app.configure(
            {
                "page_sizes": {"nodes": 1000},
                "quotas": {"*": {"standardDSv2Family": 10_000, "TotalDedicatedCores": 10_000}},
            }
        )
        nodes = place.cluster(nodes=200)
        assert len({node["port"] for node in nodes}) == 200
        assert (await place.ssh(nodes[0], "true"))[0] == (await place.ssh(nodes[-1], "true"))[0] == 0

    inside(test)


def test_instance(inside: Inside) -> None:
    """A running instance lets its key in at the port that its document shows; a stopped one nobody, and its disk stays."""

    async def test(place: Place) -> None:
        place.cluster()
        path = f"{WORKSPACE}/computes/laptop"
        settings = {"sshPublicAccess": "Enabled", "adminPublicKey": place.public}
        inner = {"vmSize": "STANDARD_DS3_V2", "sshSettings": settings}
        body = {"location": "eastus", "properties": {"computeType": "ComputeInstance", "properties": inner}}
        assert place.app.call("PUT", f"{path}?{VERSION}", body).status == 201
        place.app.clock.advance(LONG_ENOUGH)
        shown = place.app.call("GET", f"{path}?{VERSION}").body["properties"]["properties"]
        shown_port = {"port": shown["sshSettings"]["sshPort"]}
        assert shown["connectivityEndpoints"]["publicIpAddress"] == "127.0.0.1"
        assert shown_port["port"] != place.nodes()[0]["port"]
        assert (await place.ssh(shown_port, "touch kept"))[0] == 0
        for verb, status in (("stop", 255), ("start", 0)):
            assert place.app.call("POST", f"{path}/{verb}?{VERSION}").status == 202
            place.app.clock.advance(LONG_ENOUGH)
            assert (
                place.app.call("GET", f"{path}?{VERSION}").body["properties"]["properties"]["sshSettings"]["sshPort"]
                == shown_port["port"]
            )
            assert (await place.ssh(shown_port, "test -e kept"))[0] == status

    inside(test)
