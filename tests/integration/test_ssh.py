# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a cluster that a playbook makes to modules that run on its nodes, over OpenSSH; and the same with an instance.

The nodes are the simulator's: real SSH servers on the loopback. What a person would have answered once, whether the host is the right
one, a configuration answers here; the lines themselves are used as they were printed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from azureml_simulator.variables import CLIENT_SETTINGS

from .conftest import Player, Run, local_play, module

MISSING = [name for name in ("ssh", "scp", "ssh-keygen") if shutil.which(name) is None]
pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"missing: {', '.join(MISSING)}; scripts/system-packages installs OpenSSH's client"
)

WORKSPACE = "ws-ssh"
TWO_UP = "found.ansible_facts.aml_ssh.nodes | selectattr('reachable') | length == 2"
# Nodes come and go on the same ports of one address, so nothing is to be remembered of them.
SSH_ARGUMENTS = (
    "-F none -o ControlMaster=auto -o ControlPersist=5s -o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes"
)


def make_key(path: Path) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-C", "test", "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text().strip()


@dataclass
class Shell:
    """A person's shell: lines are pasted into it."""

    folder: Path
    environment: dict[str, str]

    def paste(self, line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            line,
            shell=True,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """ssh and scp are the real ones, told to accept hosts that they see for the first time."""
    folder, tools = tmp_path / "shell", tmp_path / "tools"
    folder.mkdir()
    tools.mkdir()
    config = tmp_path / "ssh_config"
    config.write_text(
        f'Host *\n    StrictHostKeyChecking accept-new\n    UserKnownHostsFile "{tmp_path}/known_hosts"\n    BatchMode yes\n    LogLevel ERROR\n'
    )
    for name in ("ssh", "scp"):
        (tools / name).write_text(f'#!/bin/sh\nexec {shutil.which(name)} -F "{config}" "$@"\n')
        (tools / name).chmod(0o755)
    return Shell(folder, {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(folder)})


def facts_task(key: Path, **options: t.Any) -> dict[str, t.Any]:
    return module(
        "aml_ssh_facts", "facts", workspace=WORKSPACE, private_key_file=str(key), scp_file="a file", **options
    )


def add_hosts() -> dict[str, t.Any]:
    added = {
        "name": "{{ item.name }}",
        "groups": "aml_nodes",
        "ansible_host": "{{ item.address }}",
        "ansible_port": "{{ item.port }}",
        "ansible_user": "{{ item.user }}",
        "ansible_ssh_private_key_file": "{{ key_file }}",
    }
    return {"name": "add", "ansible.builtin.add_host": added, "loop": "{{ aml_ssh.nodes | selectattr('reachable') }}"}


def play_on_nodes(player: Player, key: Path, *local: dict[str, t.Any]) -> Run:
    """Tasks on the controller that end with hosts in aml_nodes, then ping, setup and copy there."""
    remote = [
        {"name": "ping", "ansible.builtin.ping": {}},
        {"name": "setup", "ansible.builtin.setup": {"gather_subset": ["!all", "!min", "env", "python"]}},
        {
            "name": "copy",
            "ansible.builtin.copy": {"content": "{{ inventory_hostname }}\n", "dest": "made/by-copy", "mode": "0600"},
        },
    ]
    folder = {"name": "folder", "ansible.builtin.file": {"path": "made", "state": "directory"}}
    plays = [
        local_play(player.group, local),
        {"hosts": "aml_nodes", "gather_facts": False, "tasks": [remote[0], remote[1], folder, remote[2]]},
    ]
    path = player.folder / "nodes.yml"
    path.write_text(yaml.safe_dump(plays, sort_keys=False))
    settings = {
        "ANSIBLE_SSH_ARGS": SSH_ARGUMENTS,
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(player.folder / "cp"),
        "ANSIBLE_HOST_KEY_CHECKING": "false",
    }
    return player.playbook(str(path), "-e", json.dumps({"key_file": str(key)}), env=settings)


def check_lines(shell: Shell, entry: dict[str, t.Any]) -> None:
    """The printed lines do what they say, and the block for ~/.ssh/config makes its name known."""
    (shell.folder / "a file").write_text(f"for {entry['name']}\n")
    copied = shell.paste(entry["scp"])
    assert copied.returncode == 0, copied.stderr
    read = shell.paste(f"{entry['ssh']} cat \"'a file'\" made/by-copy")
    assert read.stdout == f"for {entry['name']}\n{entry['name']}\n", read.stderr
    config = shell.folder / "config"
    config.write_text(
        f"{entry['ssh_config']}Host *\n    StrictHostKeyChecking no\n    UserKnownHostsFile /dev/null\n    BatchMode yes\n"
    )
    named = shell.paste(f"{shutil.which('ssh')} -F config {entry['name']} 'env; pwd'")
    assert named.returncode == 0, named.stderr
    assert "AZURE" not in named.stdout and "AML_SIMULATOR_URL" not in named.stdout


def check_wrong_key(player: Player, shell: Shell, entry: dict[str, t.Any], key: Path, other: Path) -> None:
    refused = shell.paste(entry["ssh"].replace(str(key), str(other)) + " true")
    assert refused.returncode == 255 and "Permission denied (publickey)" in refused.stderr
    log = Path(player.simulator.environment["AML_SIMULATOR_LOG"]).with_name("serve.log").read_text()
    assert f"refused '{entry['user']}'" in log and f"accepted '{entry['user']}'" in log


def remote_results(run: Run, name: str) -> list[dict[str, t.Any]]:
    return [result for title, result in run.tasks if title == name]


def test_cluster(player: Player, shell: Shell, tmp_path: Path) -> None:
    key, other = tmp_path / "id rsa", tmp_path / "other"
    public = make_key(key)
    make_key(other)
    cluster = module(
        "aml_compute_cluster",
        workspace=WORKSPACE,
        name="cpu-cluster",
        size="Standard_DS3_v2",
        min_instances=2,
        max_instances=2,
        ssh_public_access_enabled=True,
        ssh_settings={"admin_username": "mlops", "ssh_key_value": public},
    )
    facts_when_up = {
        **facts_task(key, name="cpu-cluster"),
        "register": "found",
        "until": TWO_UP,
        "retries": 100,
        "delay": 0.2,
    }
    player.make_workspace(WORKSPACE)
    run = play_on_nodes(player, key, cluster, facts_when_up, add_hosts())
    facts = run["facts"]["ansible_facts"]["aml_ssh"]
    nodes = facts["nodes"]
    assert len({(node["address"], node["port"]) for node in nodes}) == 2 and {node["user"] for node in nodes} == {
        "mlops"
    }
    assert [result["ping"] for result in remote_results(run, "ping")] == ["pong", "pong"]
    homes = {result["ansible_facts"]["ansible_env"]["HOME"] for result in remote_results(run, "setup")}
    assert len(homes) == 2, "each node has a home of its own"
    seen = {name for result in remote_results(run, "setup") for name in result["ansible_facts"]["ansible_env"]}
    assert {name for name in seen if name.startswith(CLIENT_SETTINGS)} == {"AML_SIMULATOR_NODE_USER"}, (
        "a node has no sign-in"
    )
    assert [result["changed"] for result in remote_results(run, "copy")] == [True, True]
    for node in nodes:
        check_lines(shell, node)
    check_wrong_key(player, shell, nodes[0], key, other)
    assert facts["ssh_config"].count(f"Host {WORKSPACE}-cpu-cluster-") == 2


def test_check_mode_and_a_cluster_without_ssh(player: Player, tmp_path: Path) -> None:
    cluster = module(
        "aml_compute_cluster",
        workspace=WORKSPACE,
        name="closed",
        size="Standard_DS3_v2",
        min_instances=1,
        max_instances=1,
    )
    player.make_workspace(WORKSPACE)
    player.play(cluster)
    wait = {
        "register": "found",
        "until": "found.ansible_facts.aml_ssh.nodes | length == 1",
        "retries": 100,
        "delay": 0.2,
    }
    (node,) = player.play({**facts_task(tmp_path / "k"), **wait}, check=True)["facts"]["ansible_facts"]["aml_ssh"][
        "nodes"
    ]
    assert (node["reachable"], node["ssh"]) == (False, None) and "without an SSH user" in node["reason"]


def test_instance(player: Player, shell: Shell, tmp_path: Path) -> None:
    key, other = tmp_path / "id_rsa", tmp_path / "other"
    public = make_key(key)
    make_key(other)
    inner = {"vmSize": "STANDARD_DS3_V2", "sshSettings": {"sshPublicAccess": "Enabled", "adminPublicKey": public}}
    instance = module(
        "arm_resource",
        "instance",
        type="Microsoft.MachineLearningServices/workspaces/computes",
        name=f"{WORKSPACE}/laptop",
        api_version="2025-12-01",
        body={"location": "eastus", "properties": {"computeType": "ComputeInstance", "properties": inner}},
    )
    player.make_workspace(WORKSPACE)
    run = play_on_nodes(player, key, instance, facts_task(key), add_hosts())
    (entry,) = run["facts"]["ansible_facts"]["aml_ssh"]["nodes"]
    assert (entry["name"], entry["type"], entry["state"], entry["user"]) == (
        f"{WORKSPACE}-laptop",
        "computeinstance",
        "running",
        "azureuser",
    )
    assert [result["ping"] for result in remote_results(run, "ping")] == ["pong"]
    check_lines(shell, entry)
    check_wrong_key(player, shell, entry, key, other)
