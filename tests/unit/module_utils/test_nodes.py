# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which address is chosen, why a machine cannot be logged in to, and the lines: shlex and OpenSSH read them back.

Sources: docs/coverage.md N1 to N6, K1, K2, CI18, pains 31 to 34; docs/facts.md a.6.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import AmlError
from ansible_collections.azureml.compute.plugins.module_utils._machines import nodes
from ansible_collections.azureml.compute.plugins.module_utils._machines.nodes import Machine, SshPreferences, connection

WS = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/vision"
NODE = {
    "nodeId": "tvm-1_2-p", "privateIpAddress": "10.0.0.4", "publicIpAddress": "20.1.2.3", "port": 50001, "nodeState": "idle", "runId": None,
}  # fmt: skip


def cluster_body(**inner: t.Any) -> dict[str, t.Any]:
    account = {"adminUserName": "boss", "adminUserPassword": None, "adminUserSshPublicKey": "ssh-rsa AAAA"}
    properties = {
        "remoteLoginPortPublicAccess": "Enabled",
        "userAccountCredentials": account,
        "currentNodeCount": 1,
        **inner,
    }
    return {"name": "cpu", "properties": {"computeType": "AmlCompute", "properties": properties}}


def instance_body(ssh: dict[str, t.Any] | None = None, **inner: t.Any) -> dict[str, t.Any]:
    settings = {
        "sshPublicAccess": "Enabled",
        "adminUserName": "azureuser",
        "sshPort": 4001,
        "adminPublicKey": None,
        **(ssh or {}),
    }
    ends = {"publicIpAddress": "20.9.9.9", "privateIpAddress": "10.1.0.5"}
    given = {"state": "Running", "sshSettings": settings, "connectivityEndpoints": ends, **inner}
    return {"name": "laptop", "properties": {"computeType": "ComputeInstance", "properties": given}}


def node(body: dict[str, t.Any] | None = None, **item: t.Any) -> Machine:
    (made,) = nodes.cluster(body or cluster_body(), [{**NODE, **item}])
    return made


def chosen(machine: Machine, prefer: str = "auto") -> tuple[t.Any, t.Any, bool]:
    entry = connection(machine, SshPreferences(prefer), WS)
    assert entry["reachable"] is (entry["reason"] is None) is (entry["ssh"] is not None)
    return entry["address"], entry["port"], entry["reachable"]


CLOSED = cluster_body(remoteLoginPortPublicAccess="Disabled")
OFF = instance_body({"sshPublicAccess": "Disabled"})
HIDDEN = {"publicIpAddress": None, "privateIpAddress": "10.1.0.5"}


@pytest.mark.parametrize(
    ("machine", "prefer", "expected"),
    [
        (node(), "auto", ("20.1.2.3", 50001, True)),
        (node(), "public", ("20.1.2.3", 50001, True)),
        (node(), "private", ("10.0.0.4", 22, True)),
        (node(publicIpAddress=None), "auto", ("10.0.0.4", 22, True)),
        (node(publicIpAddress=None), "public", (None, None, False)),
        (node(publicIpAddress="", privateIpAddress=None), "auto", (None, None, False)),
        (node(port=None), "public", ("20.1.2.3", None, False)),
        (node(CLOSED), "auto", ("10.0.0.4", 22, True)),
        (node(CLOSED), "public", ("20.1.2.3", 50001, False)),
        (node(cluster_body(userAccountCredentials=None)), "private", ("10.0.0.4", 22, False)),
        (node(nodeState="running"), "auto", ("20.1.2.3", 50001, True)),
        *(
            (node(nodeState=state), "auto", ("20.1.2.3", 50001, False))
            for state in ("preparing", "leaving", "unusable", "preempted")
        ),
        (nodes.instance(instance_body()), "auto", ("20.9.9.9", 4001, True)),
        (nodes.instance(instance_body()), "private", ("10.1.0.5", 22, True)),
        (nodes.instance(instance_body(connectivityEndpoints=HIDDEN)), "auto", ("10.1.0.5", 22, True)),
        (nodes.instance(instance_body(state="JobRunning")), "auto", ("20.9.9.9", 4001, True)),
        (nodes.instance(instance_body(state="Stopped")), "auto", ("20.9.9.9", 4001, False)),
        (
            nodes.instance(instance_body(state="Creating", sshSettings=None, connectivityEndpoints=None)),
            "auto",
            (None, None, False),
        ),
        (nodes.instance(OFF), "auto", ("20.9.9.9", 4001, False)),
        (nodes.instance(OFF), "private", ("10.1.0.5", 22, True)),
    ],
)
def test_address(machine: Machine, prefer: str, expected: tuple[t.Any, ...]) -> None:
    assert chosen(machine, prefer) == expected


@pytest.mark.parametrize(
    ("machine", "prefer", "words"),
    [
        (node(cluster_body(userAccountCredentials=None)), "auto", "without an SSH user"),
        (node(cluster_body(userAccountCredentials={"adminUserName": None})), "auto", "without an SSH user"),
        (node(CLOSED), "public", "ssh_public_access_enabled: false"),
        (node(nodeState="preparing"), "auto", "The node is preparing."),
        (node(publicIpAddress=None), "public", "no public address."),
        (node(port=None), "public", "no public address and port."),
        (node(privateIpAddress=None), "private", "no private address."),
        (nodes.instance(OFF), "auto", "SSH access disabled"),
        (nodes.instance(instance_body(state="SettingUp")), "auto", "The instance is setting up."),
    ],
)
def test_reason(machine: Machine, prefer: str, words: str) -> None:
    entry = connection(machine, SshPreferences(prefer), WS)
    assert words in entry["reason"]
    assert (entry["ssh"], entry["scp"], entry["ssh_config"]) == (None, None, None)


def test_notes() -> None:
    """A private address says where it answers; an instance without SSH lets in hand-made keys only (CI18)."""
    assert connection(node(), SshPreferences(), WS)["note"] is None
    assert "virtual network" in connection(node(), SshPreferences("private"), WS)["note"]
    assert "by hand" in connection(nodes.instance(OFF), SshPreferences("private"), WS)["note"]


def test_entry() -> None:
    entry = connection(
        node(nodeState="running", runId="run-7"),
        SshPreferences(private_key_file="~/k.pem", scp_file="data.csv", host_prefix="prod-"),
        WS,
    )
    assert entry == {
        "name": "prod-cpu-tvm-1_2-p",
        "id": f"{WS}/computes/cpu/nodes/tvm-1_2-p",
        "compute": "cpu",
        "type": "amlcompute",
        "node_id": "tvm-1_2-p",
        "state": "running",
        "run_id": "run-7",
        "address": "20.1.2.3",
        "port": 50001,
        "user": "boss",
        "public_ip_address": "20.1.2.3",
        "private_ip_address": "10.0.0.4",
        "reachable": True,
        "reason": None,
        "note": None,
        "ssh": "ssh -i '~/k.pem' -p 50001 boss@20.1.2.3",
        "scp": "scp -i '~/k.pem' -P 50001 data.csv boss@20.1.2.3:~/",
        "ssh_config": "Host prod-cpu-tvm-1_2-p\n    HostName 20.1.2.3\n    Port 50001\n    User boss\n"
        "    IdentityFile ~/k.pem\n    IdentitiesOnly yes\n",
    }


RESERVED = ("localhost", "LocalHost", "localhost.localdomain", "localhost6", "all", "ALL", "ungrouped", "127.0.0.1")


@pytest.mark.parametrize(
    ("compute", "prefix", "name"),
    [
        ("laptop", None, "vision-laptop"),
        ("localhost", None, "vision-localhost"),
        ("laptop", "ada-", "ada-laptop"),
        ("laptop", "", "laptop"),
        *((compute, "", f"vision-{compute}") for compute in RESERVED),
        ("host", "local", "vision-host"),
    ],
)
def test_whoever_names_a_target_does_not_name_a_host(compute: str, prefix: str | None, name: str) -> None:
    machine = nodes.instance({**instance_body(), "name": compute})
    entry = connection(machine, SshPreferences(host_prefix=prefix), WS)
    assert entry["name"] == name and entry["ssh_config"].startswith(f"Host {name}\n")
    assert entry["id"] == f"{WS}/computes/{compute}"


PATHS = ["/k", "/with space/k", "/it's/k", '/a"b/k', "/50%/k", "/$HOME;rm -rf x/k", "/back\\slash/k", "/#1"]


@pytest.mark.parametrize("path", PATHS)
def test_key_file_survives_the_shell(path: str) -> None:
    """ssh itself makes one percent sign of two."""
    ssh = shlex.split(nodes.ssh_line("1.2.3.4", 22, "u", path))
    scp = shlex.split(nodes.scp_line("1.2.3.4", 22, "u", path, path))
    assert ssh == ["ssh", "-i", path.replace("%", "%%"), "-p", "22", "u@1.2.3.4"]
    assert scp == ["scp", "-i", path.replace("%", "%%"), "-P", "22", path, "u@1.2.3.4:~/"]


@pytest.mark.skipif(
    shutil.which("ssh") is None, reason="OpenSSH's client is missing: scripts/system-packages installs it"
)
@pytest.mark.parametrize("path", PATHS)
def test_config_is_read_by_openssh(path: str, tmp_path: Path) -> None:
    written = tmp_path / "config"
    written.write_text(nodes.config_block("node-1", "1.2.3.4", 50002, "boss", path))
    shown = subprocess.run(
        ["ssh", "-G", "-F", str(written), "node-1"], capture_output=True, text=True, check=True
    ).stdout
    rows = dict(line.split(" ", 1) for line in shown.splitlines() if " " in line)
    assert (rows["hostname"], rows["port"], rows["user"], rows["identitiesonly"]) == ("1.2.3.4", "50002", "boss", "yes")
    assert rows["identityfile"].replace("%%", "%") == path


@pytest.mark.parametrize(
    ("file", "address", "end"),
    [
        ("FILE", "fd00::1", ["FILE", "u@[fd00::1]:~/"]),
        ("a:b", "1.1.1.1", ["./a:b", "u@1.1.1.1:~/"]),
        ("-r", "1.1.1.1", ["./-r", "u@1.1.1.1:~/"]),
        ("dir/a:b", "1.1.1.1", ["dir/a:b", "u@1.1.1.1:~/"]),
    ],
)
def test_scp_ends(file: str, address: str, end: list[str]) -> None:
    assert shlex.split(nodes.scp_line(address, 22, "u", None, file))[-2:] == end


def test_lines_without_a_key() -> None:
    assert nodes.ssh_line("1.2.3.4", 50000, "azureuser") == "ssh -p 50000 azureuser@1.2.3.4"
    assert "Identity" not in nodes.config_block("n", "1.2.3.4", 50000, "azureuser")


@pytest.mark.parametrize(
    ("prefix", "bad"),
    [("", False), ("prod-", False), ("a.b_c", False), ("-a", True), ("a b", True), ("a*", True), ("a\nHost x", True)],
)
def test_prefix(prefix: str, bad: bool) -> None:
    assert nodes.bad_prefix(prefix) is bad


class Service:
    """A client that remembers what it was asked."""

    def __init__(self, *bodies: dict[str, t.Any]) -> None:
        self.bodies = list(bodies)
        self.asked: list[str] = []

    def find(self, path: str, api_version: str) -> dict[str, t.Any] | None:
        self.asked.append(f"GET {path}")
        return next((body for body in self.bodies if path.endswith(f"/{body['name']}")), None)

    def list(self, path: str, api_version: str, *, malformed: t.Any = None) -> list[dict[str, t.Any]]:
        self.asked.append(f"LIST {path}")
        return self.bodies

    def post_list(
        self, path: str, api_version: str, items: str = "nodes", *, malformed: t.Any = None
    ) -> list[dict[str, t.Any]]:
        self.asked.append(f"POST {path}")
        assert items == "nodes"
        return [NODE, {**NODE, "nodeId": "tvm-2"}]


AKS = {"name": "aks", "properties": {"computeType": "AKS", "properties": None}}


def test_collect_all() -> None:
    """Other kinds are passed over, even those without inner properties; a cluster without nodes costs no request."""
    empty = {**cluster_body(currentNodeCount=0), "name": "none"}
    service = Service(AKS, cluster_body(), empty, instance_body())
    machines, warnings = nodes.collect(service, "/ws", "v")
    assert [machine.name for machine in machines] == ["cpu-tvm-1_2-p", "cpu-tvm-2", "laptop"]
    assert service.asked == ["LIST /ws/computes", "POST /ws/computes/cpu/listNodes"] and not warnings


def test_collect_by_type() -> None:
    service = Service(cluster_body(), instance_body())
    assert [machine.name for machine in nodes.collect(service, "/ws", "v", types=["computeinstance"])[0]] == ["laptop"]
    assert service.asked == ["LIST /ws/computes"]


@pytest.mark.parametrize(("name", "words"), [("nobody", "no compute target 'nobody'"), ("aks", "'aks' is of type aks")])
def test_collect_warns(name: str, words: str) -> None:
    machines, warnings = nodes.collect(Service(AKS), "/ws", "v", name=name)
    assert machines == [] and words in warnings[0]


EVIL_NAMES = [
    "a\nHost *",
    "a b",
    "*",
    "-oProxyCommand=touch${IFS}x",
    "a;id",
    "$(id)",
    "a/b",
    "../a",
    "",
    "a\x1b[2J",
    "!a",
]
EVIL_USERS = [
    "a\n    ProxyCommand touch x",
    "-oProxyCommand=touch${IFS}x",
    "a b",
    "$(id)",
    "`id`",
    "a'b",
    'a"b',
    "a@b",
    "%r",
    "a;id",
    "\u0430dmin",
    "a\x00",
]


@pytest.mark.parametrize("user", EVIL_USERS)
def test_a_user_that_is_more_than_a_name_is_in_no_line(user: str) -> None:
    """Who may create a cluster chooses its SSH user; who connects to it may be somebody else (CVE-2023-51385 is of this kind)."""
    account = {"adminUserName": user}
    for machine in (
        node(cluster_body(userAccountCredentials=account)),
        nodes.instance(instance_body({"adminUserName": user})),
    ):
        for prefer in nodes.PREFERENCES:
            entry = connection(machine, SshPreferences(prefer), WS)
            assert (entry["user"], entry["ssh"], entry["scp"], entry["ssh_config"], entry["reachable"]) == (
                None,
                None,
                None,
                None,
                False,
            )
            assert "which is not put into a command line" in entry["reason"] and "\n" not in entry["reason"]


@pytest.mark.parametrize("name", EVIL_NAMES)
def test_a_machine_that_is_called_something_else_than_a_name_is_refused(name: str) -> None:
    with pytest.raises(AmlError, match="cannot be the name of a host"):
        node(nodeId=name)
    with pytest.raises(AmlError, match="cannot be the name of a host"):
        node({**cluster_body(), "name": name})
    with pytest.raises(AmlError, match="cannot be the name of a host"):
        nodes.instance({**instance_body(), "name": name})


@pytest.mark.parametrize(
    "address",
    ["-oProxyCommand=id", "10.0.0.4 -oX", "a\nb", "evil.example", "10.0.0.4;id", "$(id)", "fe80::1%$(id)", 5, "127.1"],
)
def test_an_address_that_is_none_is_not_connected_to(address: t.Any) -> None:
    assert chosen(node(publicIpAddress=address), "public") == (None, None, False)
    assert chosen(node(publicIpAddress=address, privateIpAddress=address)) == (None, None, False)


@pytest.mark.parametrize("port", ["22 -oProxyCommand=id", "-1", 0, 65536, "\u0662"])
def test_a_port_that_is_none_is_not_connected_to(port: t.Any) -> None:
    assert chosen(node(port=port), "public")[1:] == (None, False)
