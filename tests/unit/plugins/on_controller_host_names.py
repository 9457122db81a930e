# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter plugins free_host_names and home_path as the role aml_nodes finds them.

Not collected by itself: test_on_a_controller.py runs it in a process of its own.
"""

from __future__ import annotations

import pwd
import re
import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import filter_loader, init_plugin_loader
from ansible.template import Templar

init_plugin_loader()

ROOT = Path(__file__).resolve().parents[3]


def filters(name: str) -> t.Callable[..., t.Any]:
    found: t.Callable[..., t.Any] = filter_loader.get(f"azureml.compute.{name}").j2_function
    return found


def machine(name: str, machine_id: str = "") -> dict[str, str]:
    return {"name": name, "id": machine_id or f"/ids/{name}", "ssh_config": f"Host {name}\n    HostName 192.0.2.1\n"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ws-free", None),
        ("ws-same", None),
        ("localhost", "that name is reserved"),
        ("all", "that name is reserved"),
        ("WS-Host", "the inventory has a host 'ws-host'"),
        ("Databases", "the inventory has a group 'databases'"),
        ("ws-Entry", "config has an entry 'Host ws-entry'"),
    ],
)
def test_a_name_that_means_something_else_is_not_taken(tmp_path: Path, name: str, reason: str | None) -> None:
    config = tmp_path / "config"
    config.write_text(
        "Host ws-entry\nHost *-gpu-*\n# BEGIN azureml.compute rg/ws\nHost ws-free\n# END azureml.compute rg/ws\nHost *\n"
    )
    hosts = {"ws-host": "", "ws-same": "/IDS/ws-same"}
    found = filters("free_host_names")(
        [machine(name)], hosts=hosts, groups=["databases"], ssh_config=str(config), ssh_block="rg/ws"
    )
    if reason is None:
        assert found == {"hosts": [machine(name)], "renamed": [], "refused": []}
    else:
        longer = found["hosts"][0]["name"]
        assert re.fullmatch(f"{name}-[0-9a-f]{{8}}", longer) and found["refused"] == []
        assert found["hosts"] == [
            {"name": longer, "id": f"/ids/{name}", "ssh_config": f"Host {longer}\n    HostName 192.0.2.1\n"}
        ]
        assert len(found["renamed"]) == 1 and all(
            part in found["renamed"][0] for part in (reason, repr(name), repr(longer))
        )


@pytest.mark.parametrize("name", ["ws-gpu-1", "localhost.one", "ws-taken"])
def test_a_machine_without_a_free_name_is_refused(tmp_path: Path, name: str) -> None:
    config = tmp_path / "config"
    config.write_text("Host *-gpu-*\nHost ws-taken*\n")
    found = filters("free_host_names")([machine("ws-a"), machine(name)], hosts={}, groups=[], ssh_config=str(config))
    assert (
        found["hosts"] == [machine("ws-a")]
        and found["renamed"] == []
        and len(found["refused"]) == 1
        and repr(name) in found["refused"][0]
    )


@pytest.mark.parametrize("order", [1, -1])
def test_machines_that_share_a_name_get_longer_ones_in_any_order(order: int) -> None:
    shared = [machine("ws-a", "/ids/one"), machine("ws-A", "/ids/two"), machine("ws-b")][::order]
    found = filters("free_host_names")(shared, hosts={}, groups=[])
    named = {host["id"]: host["name"] for host in found["hosts"]}
    again = filters("free_host_names")(
        shared, hosts={name: machine_id for machine_id, name in named.items()}, groups=[]
    )
    assert again == found and named["/ids/ws-b"] == "ws-b" and len(found["renamed"]) == 2
    assert re.fullmatch("ws-a-[0-9a-f]{8}", named["/ids/one"]) and re.fullmatch("ws-A-[0-9a-f]{8}", named["/ids/two"])
    # A second workspace's machine of that name, in a later run of the role.
    later = filters("free_host_names")([machine("ws-b", "/ids/three")], hosts={"ws-b": "/ids/ws-b"}, groups=[])
    assert later["hosts"][0]["name"].startswith("ws-b-") and "the inventory has a host 'ws-b'" in later["renamed"][0]


def test_a_configuration_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnsibleFilterError, match=f"Cannot read the SSH configuration {tmp_path}: Is a directory"):
        filters("free_host_names")([], hosts={}, groups=[], ssh_config=str(tmp_path))


def test_a_user_without_an_entry_needs_absolute_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_uid: int) -> t.NoReturn:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(AnsibleFilterError, match="Use an absolute path"):
        filters("home_path")("~/x")
    assert filters("home_path")("/x") == "/x" and filters("home_path")("") == ""


def test_a_relative_path_is_of_the_directory_in_which_ansible_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a shell, as AWX starts it, PWD is that of another program."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", "/of/another/program")
    assert filters("home_path")("./drift") == f"{tmp_path}/drift"
    assert filters("home_path")("../x") == f"{tmp_path.parent}/x"


def test_a_directory_that_exists_keeps_its_mode() -> None:
    """A user may name a directory that others use too."""
    files = [
        *(ROOT / "playbooks").glob("*.yml"),
        *(ROOT / "playbooks" / "tasks").glob("*.yml"),
        *(ROOT / "roles").glob("*/tasks/*.yml"),
    ]
    # That one makes .ssh on the machines.
    texts = [path.read_text() for path in files if path.name != "configure_nodes.yml"]
    tasks = [match for text in texts for match in re.findall(r"state: directory\n +mode: (.*)\n", text)]
    assert len(tasks) == 7
    assert [
        mode for mode in tasks if not re.fullmatch(r'"\{\{ omit if .* is ansible.builtin.directory else .* \}\}"', mode)
    ] == []


@pytest.mark.parametrize(
    ("mode", "refused"),
    [
        ("0700", False),
        ("0755", False),
        ("2750", False),
        ("0770", True),
        ("0702", True),
        ("01777", True),
        ("0773", True),
    ],
)
def test_a_directory_of_keys_to_which_others_can_write_is_refused(mode: str, refused: bool) -> None:
    facts = {
        "__aml_ssh_keys_folder": {"mode": mode},
        "__aml_nodes_folders": {"results": [{"path": "/planned"}, {"path": "/shared", "mode": mode}]},
        "aml_ssh_keys_directory": "/shared",
    }
    for file in ("aml_ssh_keys/tasks/create.yml", "aml_nodes/tasks/files.yml"):
        loader = DataLoader()
        tasks = loader.load_from_file(str(ROOT / "roles" / file), trusted_as_template=True)
        (check,) = [task for task in tasks if "no other user can write" in task["name"]]
        templar = Templar(loader, variables={**facts, **check.get("vars", {})})
        assert templar.evaluate_conditional(check["ansible.builtin.assert"]["that"]) is not refused
        if refused:
            message = templar.template(check["ansible.builtin.assert"]["fail_msg"])
            assert message.startswith("Other users can write to /shared, and")


def test_every_role_expands_the_tilde_in_one_way() -> None:
    files = [
        path
        for folder in ("playbooks", "roles")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".yml", ".j2")
    ]
    assert [str(path) for path in files if "expanduser" in path.read_text()] == []
    assert len([path for path in files if "azureml.compute.home_path" in path.read_text()]) >= 4


LEFT_TASKS = "aml_nodes/tasks/left.yml"


@pytest.mark.parametrize(
    ("listed", "least", "outcome"),
    [
        ([], 0, ["cpu-2", "cpu-3"]),
        (["cpu-1"], 1, ["cpu-2", "cpu-3"]),
        (["cpu-1", "cpu-4"], 0, ["cpu-2", "cpu-3"]),
        ([], 2, "aml_nodes_at_least is 2, and 1 of the machines remain. Left before their host keys were read: cpu-2, cpu-3."),
        (["cpu-1", "cpu-2"], 0, "Could not read the host keys of cpu-2, which the workspace still lists as running (Connection refused)."),
        (["cpu-2", "cpu-3"], 0, "Could not read the host keys of cpu-2, cpu-3, which the workspace still lists as running (Connection refused)."),
        (["cpu-3"], 0, "Could not read the host keys of cpu-3, which the workspace still lists as running (No ssh-keyscan)."),
    ],
)  # fmt: skip
def test_a_machine_without_a_host_key_is_omitted_only_if_it_is_no_longer_listed(
    listed: list[str], least: int, outcome: t.Any
) -> None:
    """Whatever the reason is that it left; a machine that is listed but does not run any more counts as one that left."""
    loader = DataLoader()
    shared = loader.load_from_file(str(ROOT / "roles/aml_nodes/vars/main.yml"), trusted_as_template=True)
    hosts = [machine(f"cpu-{number}") for number in (1, 2, 3)]
    answers = [("key", "", ""), ("", "Connection refused\n", "non-zero"), ("", "", "No ssh-keyscan")]
    results = [
        {"item": host, "stdout": stdout, "stderr": stderr, "msg": message}
        for host, (stdout, stderr, message) in zip(hosts, answers)
    ]
    now = [{**machine(name), "reachable": True} for name in listed] + [{**machine("cpu-5"), "reachable": False}]
    facts = {
        "aml_nodes_scanned": {"results": results},
        "aml_nodes_hosts": hosts,
        "aml_nodes_at_least": least,
        "__aml_nodes_silent": shared["__aml_nodes_silent"],
        "__aml_nodes_listed": {"ansible_facts": {"aml_ssh": {"nodes": now}}},
    }
    message = None
    for task in loader.load_from_file(str(ROOT / "roles" / LEFT_TASKS), trusted_as_template=True):
        templar = Templar(loader, variables={**facts, **task.get("vars", {})})
        facts |= templar.template(task.get("ansible.builtin.set_fact", {}))
        check = task.get("ansible.builtin.assert")
        if check and not templar.evaluate_conditional(check["that"]):
            message = templar.template(check["fail_msg"])
            break
    if isinstance(outcome, str):
        assert message is not None and message.startswith(outcome)
    else:
        assert message is None and facts["aml_nodes_left"] == outcome
        assert [host["name"] for host in facts["aml_nodes_hosts"]] == ["cpu-1"]
