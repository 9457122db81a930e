# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same tasks as modules and in a fork of Ansible's process: the same results, and the items of a loop share a token.

In playbooks, in jobs of ansible-runner with the free strategy, and as ad-hoc commands; and what a fork that hangs or is killed can break.
"""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import typing as t
from pathlib import Path

import ansible_runner
import pytest
import yaml
from ansible_collections.azureml.compute.plugins.modules import aml_compute_info
from ansible_collections.azureml.compute.plugins.plugin_utils.fork import Fork
from ansible_collections.azureml.compute.tests.support.bad_input import BASES

from .conftest import BIN, Player, Run, local_play, module

CLUSTER: dict[str, t.Any] = {"workspace": "ws-one", "name": "cpu", "size": "Standard_DS3_v2", "max_instances": 1}
TARGET = {"type": "amlcompute", "name": "cpu", "size": "Standard_DS3_v2", "max_instances": 1}
FORK, MODULE = "runs in a fork of Ansible's process", "runs as a module, because"
# As modules, each of the others takes seconds, and a run has 300: on a machine that does something else, too, twenty took longer.
PARTS = 12
# Items of the long loop.
ITEMS = int(os.environ.get("AML_TEST_ITEMS", "10000"))
# Different in each run.
_OF_A_RUN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\d[T ][0-9:.+Z-]+"
    r"|(?<=VALUE_NOT_SHOWN \()[0-9a-f]{12}"
)
_FILE = "{{ lookup('ansible.builtin.file', 'cluster.yml') }}"
_CLOUD = "{{ lookup('env', 'AZURE_CLOUD_ENVIRONMENT') if item else 'nonsense' }}"


def daily() -> list[dict[str, t.Any]]:
    """Tasks that change nothing, each with another way to end or to be run."""
    info: dict[str, t.Any] = {"azureml.compute.aml_compute_info": {"workspace": "ws-one"}}
    return [
        module("aml_compute_info", "found", workspace="ws-one"),
        module("aml_compute_info", "several wrong values", workspace="ws-one", type=["nonsense"], retries="many"),
        module("aml_compute_info", "unknown option", workspace="ws-one", nonsense=1),
        module("aml_compute_info", "not found", workspace="no-such-workspace"),
        {**module("aml_compute_cluster", "check and diff", **CLUSTER | {"max_instances": 3}), "check_mode": True, "diff": True},
        {**module("aml_compute_cluster", "no_log", **CLUSTER), "no_log": True},
        {**module("aml_compute_cluster", "a warning is part of the result", **CLUSTER | {"min_instances": 1}), "check_mode": True, "register": "warned",
         "failed_when": "warned.warnings is defined"},
        {**info, "name": "an environment for each item", "loop": [True, False], "environment": {"AZURE_CLOUD_ENVIRONMENT": _CLOUD}},
        {**info, "name": "until", "register": "read", "until": "read.computes | length > 7", "retries": 1, "delay": 0},
    ]  # fmt: skip


def others() -> list[dict[str, t.Any]]:
    info: dict[str, t.Any] = {"azureml.compute.aml_compute_info": {"workspace": "ws-one"}}
    secret = {"admin_username": "azureuser", "admin_password": "Sup3r-Secret-Passw0rd"}
    return [
        module("aml_compute_info", "of another type", workspace="ws-one", type=["aks"]),
        module("aml_compute_info", "alias", ml_workspace="ws-one"),
        module("aml_compute_info", "null", workspace="ws-one", name=None),
        module("aml_compute_info", "a scalar for a list", workspace="ws-one", type="amlcompute"),
        module("aml_compute_info", "text for a number", workspace="ws-one", retries="3"),
        module("aml_compute_cluster", "unchanged", **CLUSTER),
        {**module("aml_compute_cluster", "tags of other types", **CLUSTER, tags={"a": 1, "b": True, "c": 1.5}), "check_mode": True},
        module("aml_compute_cluster", "null for a tag", **CLUSTER, tags={"a": None}),
        module("aml_compute_cluster", "refused offline", **CLUSTER | {"name": "not a name", "max_instances": -1}),
        module("aml_compute_cluster", "immutable", **CLUSTER | {"size": "Standard_DS2_v2"}),
        module("aml_compute_cluster", "a secret in a refusal", **CLUSTER | {"name": "new", "ssh_settings": secret, "tier": secret["admin_password"]}),
        module("aml_compute_cluster", "neither required option", workspace="ws-one"),
        module("aml_compute_cluster", "empty text", **CLUSTER | {"size": ""}),
        module("aml_compute_cluster", "definition", workspace="ws-one", definition=TARGET),
        module("aml_compute_cluster", "definition in a file beside the playbook", workspace="ws-one", definition=_FILE),
        module("aml_compute_instance", "started, and not there", workspace="ws-one", name="ci-one", state="started"),
        module("aml_workspace_info", "a workspace", name="ws-one"),
        module("aml_usage_info", "usages", location="eastus"),
        module("aml_vm_size_info", "sizes", location="eastus", name="Standard_DS3_v2"),
        module("arm_resource_info", "a resource", type="Microsoft.MachineLearningServices/workspaces", name="ws-one", api_version="2025-12-01"),
        module("aml_fleet", "fleet", workspaces=[{"name": "ws-one", "computes": [TARGET]}]),
        module("aml_fleet", "a fleet with a target that fails", workspaces=[{"name": "ws-one", "computes": [TARGET]}, {"name": "gone", "computes": [TARGET]}]),
        {**module("aml_fleet", "fleet in check mode", workspaces=[{"name": "ws-one", "computes": [TARGET | {"max_instances": 9}]}]),
         "check_mode": True, "diff": True},
        module("aml_fleet", "a wrong document", workspaces=[{"name": "ws-one", "computes": [{"type": "nonsense"}, {"name": 7}]}]),
        module("aml_fleet_info", "fleet info", workspaces=[{"name": "ws-one"}], usages=True),
        module("aml_preflight_info", "preflight", workspace="ws-one", computes=[TARGET]),
        module("aml_operation_info", "an option that it does not have", operations=["https://example.org/operations/1"]),
        module("aml_compute_info", "wrong sign-in", workspace="ws-one", client_id="one", tenant="aaaaaaaa-0000-4000-8000-00000000000a", secret="wrong"),
        module("aml_compute_info", "two ways to sign in", workspace="ws-one", auth_source="cli", secret="wrong"),
        {**info, "name": "register in changed_when", "register": "read", "changed_when": "read.computes | length == 1"},
        {**info, "name": "loop with a label", "loop": [{"a": 1}, {"a": 2}], "loop_control": {"label": "{{ item.a }}", "index_var": "number"}},
        {**info, "name": "delegated", "delegate_to": "127.0.0.1", "vars": {"ansible_connection": "local"}},
        {**info, "name": "run once", "run_once": True},
        {**info, "name": "throttled", "throttle": 1},
        {**info, "name": "a variable that is not defined", "vars": {"x": "{{ nothing }}"}, "environment": {"A": "{{ x }}"}},
        {**info, "name": "an environment of other types", "environment": {"A_NUMBER": 1, "A_TRUTH": True, "NOTHING": None}},
        {**info, "name": "arguments from a variable", "args": "{{ {'type': ['aks']} }}"},
        {"name": "templates are data", "azureml.compute.aml_compute_info": {"workspace": "{{ '{{ nothing }}' | string }}"}},
        *every_module(),
    ]  # fmt: skip


def every_module() -> list[dict[str, t.Any]]:
    """Each module in check mode, with options that its own tests begin with: most of what they name is not there, and says so."""
    everywhere = {"group/azureml.compute.all": {"resource_group": "rg-test", "workspace": "ws-one"}}
    return [
        {**module(name, f"{name} in check mode", **bases[0]), "check_mode": True, "module_defaults": everywhere}
        for name, bases in sorted(BASES.items())
    ]


def comparable(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        # Where a secret is a digit, an id of a request has stars for it.
        return {key: bool(below) if key == "request_id" else comparable(below) for key, below in value.items()}
    if isinstance(value, list):
        return [comparable(below) for below in value]
    return _OF_A_RUN.sub("X", value) if isinstance(value, str) else value


def in_both_ways(player: Player, rows: list[dict[str, t.Any]]) -> dict[str, int]:
    """Run tasks as modules and in forks, which must have the same results; the number of token requests of each."""
    player.make_workspace("ws-one")
    player.play(module("aml_compute_cluster", **CLUSTER))
    (player.folder / "cluster.yml").write_text(json.dumps(TARGET))
    tasks = [{"ignore_errors": True, **row} for row in rows]
    runs: dict[str, Run] = {}
    tokens: dict[str, int] = {}
    for way in ("false", "true"):
        mark = player.simulator.mark()
        runs[way] = player.play(*tasks, env={"AML_IN_PROCESS": way, "ANSIBLE_VERBOSITY": "3"})
        tokens[way] = sum(row["path"].endswith("/token") for row in player.simulator.requests(mark))
    assert FORK not in runs["false"].text and MODULE not in runs["true"].text
    assert [name for name, _result in runs["false"].tasks] == [name for name, _result in runs["true"].tasks] != []
    for (name, theirs), (_name, ours) in zip(runs["false"].tasks, runs["true"].tasks):
        assert comparable(ours) == comparable(theirs), name
    return tokens


@pytest.mark.parametrize("part", range(2))
def test_both_ways_have_the_same_results(player: Player, part: int) -> None:
    rows = daily()[part::2]
    tokens = in_both_ways(player, rows)
    attempts = sum("until" in row for row in rows)
    assert tokens["false"] - tokens["true"] == attempts, "the two attempts of until share a token"


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_other_tasks_have_the_same_results_in_both_ways(player: Player, part: int) -> None:
    in_both_ways(player, others()[part::PARTS])


@pytest.mark.slow
def test_the_memory_of_a_long_loop_is_flat(player: Player) -> None:
    player.make_workspace("ws-one")
    options = {"resource_group": player.group, "workspace": "ws-one", "_ansible_remote_tmp": str(player.folder)}
    arguments = json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode()
    fork = Fork(aml_compute_info.main)
    held: list[tuple[int, int, int]] = []
    mark = player.simulator.mark()
    try:
        for number in range(ITEMS):
            done = fork.run(arguments, player.simulator.environment, str(player.folder))
            assert json.loads(done.stdout)["computes"] == [], done
            if number in (ITEMS // 10, ITEMS - 1):
                held.append(resources(fork.process.pid))
    finally:
        fork.end()
    (kilobytes, threads, files), (later, *others) = held
    assert later - kilobytes < 4096 and others == [threads, files], held
    assert sum(row["path"].endswith("/token") for row in player.simulator.requests(mark)) == 1


def resources(process: int) -> tuple[int, int, int]:
    """Resident memory in kB, threads and open files of a process."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    return int(status["VmRSS"].split()[0]), int(status["Threads"]), len(list(Path(f"/proc/{process}/fd").iterdir()))


def test_both_ways_have_the_same_results_in_a_job_of_ansible_runner_with_the_free_strategy(player: Player) -> None:
    player.make_workspace("ws-one")
    items = {"loop": ["ws-one", "gone"], "ignore_errors": True, "delegate_to": "{{ inventory_hostname }}"}
    common = {**local_play(player.group, [{**module("aml_compute_info", "read", workspace="{{ item }}"), **items}]),
              "hosts": "all", "strategy": "free", "throttle": 1}  # fmt: skip
    ways = {"modules": False, "forks": True}
    interpreter = "{{ ansible_playbook_python }}"
    plays = [
        {**common, "name": name, "vars": {"aml_in_process": way, "ansible_python_interpreter": interpreter}}
        for name, way in ways.items()
    ]
    (player.folder / "play.yml").write_text(yaml.safe_dump(plays, sort_keys=False))
    job = ansible_runner.interface.run(
        private_data_dir=str(player.folder),
        playbook=str(player.folder / "play.yml"),
        cmdline="-i one,two,",
        envvars={**player.simulator.environment, "ANSIBLE_PIPELINING": "true"},
        verbosity=3,
        quiet=True,
        timeout=600,
    )
    text = "".join(event["stdout"] for event in job.events)
    assert job.rc == 0 and (text.count(FORK), text.count(MODULE)) == (4, 4), text
    data = [event["event_data"] for event in job.events if event["event"] in ("runner_on_ok", "runner_on_failed")]
    found = {(row["play"], row["host"]): comparable(row["res"]) for row in data}
    assert len(data) == len(found) == 4
    # Since ansible-core 2.21, what a callback gets does not say "failed".
    assert ["failure" in item for item in found["forks", "one"]["results"]] == [False, True]
    assert [found["forks", host] for host in ("one", "two")] == [found["modules", host] for host in ("one", "two")]


def test_an_ad_hoc_command_has_the_same_result_in_both_ways(player: Player) -> None:
    player.make_workspace("ws-one")
    shown = []
    for way, where in (("false", MODULE), ("true", FORK)):
        command = [str(BIN / "ansible"), "localhost", "-vvv", "-e", f"aml_in_process={way}", "-m", "azureml.compute.aml_compute_info"]  # fmt: skip
        done = player.simulator.commands.run(
            [*command, "-a", f"resource_group={player.group} workspace=ws-one"], {}, player.folder, timeout=300
        )
        assert done.returncode == 0 and where in done.stdout, done.stdout + done.stderr
        shown.append(json.loads(done.stdout.partition("SUCCESS => ")[2]))
    assert shown[0]["computes"] == [] and shown[0] == shown[1]


def processes(folder: Path) -> dict[int, int]:
    """The processes whose command lines name a folder, with their parents."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder) in (path / "cmdline").read_text(errors="replace"):
                found[int(path.name)] = int((path / "stat").read_text().rpartition(") ")[2].split()[1])
        except OSError:
            continue
    return found


def kill_what_waits(player: Player, path: str, since: int, over: threading.Event) -> None:
    """Kill the fork that has asked for this path, to which there is no answer."""
    while not over.wait(0.05):
        if any(path in row["path"] for row in player.simulator.requests(since)):
            found = processes(player.folder)
            for fork in set(found) - set(found.values()):
                os.kill(fork, signal.SIGKILL)
            return


def test_a_timeout_or_a_kill_ends_the_item_and_its_process(player: Player) -> None:
    player.make_workspace("ws-one")
    hangs = {"kind": "hang", "seconds": 600, "match": {"path": "workspaces/ws-(hang|kill)"}, "count": 9}
    player.simulator.control("PUT", "faults", [hangs])
    fleet = [{"name": name, "computes": [TARGET]} for name in ("ws-hang", "ws-one")]
    late = {"timeout": 2, "ignore_errors": True, "check_mode": True}
    killed = {"loop": ["ws-kill", "ws-one"], "ignore_errors": True}
    over = threading.Event()
    killer = threading.Thread(
        target=kill_what_waits, args=(player, "workspaces/ws-kill", player.simulator.mark(), over)
    )
    killer.start()
    try:
        run = player.play(
            {**module("aml_fleet", "hanging", workspaces=fleet), **late},
            # Its process lives on until the end of the simulator.
            {**module("aml_fleet", "as a module", workspaces=fleet, retries=0), **late, "vars": {"aml_in_process": False}},
            {**module("aml_compute_info", "killed", workspace="{{ item }}"), **killed},
            module("aml_compute_info", "next", workspace="ws-one"),
            {**module("aml_compute_info", "asynchronous", workspace="ws-one"), "async": 600, "poll": 1},
            env={"ANSIBLE_VERBOSITY": "3"},
        )  # fmt: skip
    finally:
        over.set()
        killer.join()
        player.simulator.control("DELETE", "faults")
    assert run["hanging"]["timedout"]["period"] == run["as a module"]["timedout"]["period"] == 2
    assert run["hanging"]["msg"] == run["as a module"]["msg"]
    items = [result for name, result in run.tasks if name == "killed"]
    assert items[0]["rc"] == -signal.SIGKILL and "exit code -9" in items[0]["module_stderr"]
    assert "failed: [localhost] (item=ws-kill)" in run.text
    assert items[1]["computes"] == run["next"]["computes"] == run["asynchronous"]["computes"] == []
    assert run.text.count(FORK) == 4 and f"{MODULE} it is asynchronous." in run.text
    assert processes(player.folder) == {}


def test_modules_of_ansible_core_run_in_forks_unless_that_is_switched_off(player: Player, tmp_path: Path) -> None:
    """What support/builtin_modules.py does in the commands of tests: the process that runs the module tells them apart, and only that."""
    parent = {"argv": ["sh", "-c", "tr '\\0' ' ' < /proc/$PPID/cmdline"]}
    copies = [
        {"name": name, "ansible.builtin.copy": {"content": "text\n", "dest": str(tmp_path / name), "mode": "0600"}}
        for name in ("first", "second")
    ]
    off = {"vars": {"aml_in_process": False}}
    run = player.play(
        {"name": "fork", "ansible.builtin.command": parent},
        {"name": "module", "ansible.builtin.command": parent, **off},
        copies[0],
        {**copies[1], **off},
        {"name": "missing", "ansible.builtin.command": {"argv": ["/no/such/program"]}, "ignore_errors": True},
    )
    assert "ansible_commands.py" in run["fork"]["stdout"]
    assert "ansible_commands.py" not in run["module"]["stdout"]
    for name in ("first", "second"):
        assert ((tmp_path / name).read_text(), (tmp_path / name).stat().st_mode & 0o777) == ("text\n", 0o600)
    own = {"dest", "src", "invocation"}
    first, second = ({key: run[name][key] for key in run[name].keys() - own} for name in ("first", "second"))
    assert first == second
    assert run["missing"]["rc"] == 2
