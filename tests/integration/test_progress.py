# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback aml_progress: on a real terminal, in a pipe, in AWX; and nothing where it is not enabled."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import typing as t
import uuid
from pathlib import Path

import pytest
import yaml
from ansible_collections.azureml.compute.tests.support.terminal import Terminal

from .conftest import BIN, Player, Simulator, module

ON = {"ANSIBLE_CALLBACKS_ENABLED": "report,azureml.compute.aml_progress"}

# Lines that are updated in place.
DEPLOYMENT = r"^  ws-see  create  \d+ s  deployment \w+$"
CLUSTER = r"^  ws-see/cpu-b  create  \d+ s  [A-Z]\w+$"
TOTAL = "^  0 of 2 done, 2 in progress$"


def left_behind(temporary: Path) -> set[Path]:
    return set(temporary.glob("aml-progress-*"))


def cluster(letter: str, **more: t.Any) -> dict[str, t.Any]:
    return {"type": "amlcompute", "name": f"cpu-{letter}", "size": "Standard_DS2_v2", "max_instances": 1, **more}


@pytest.fixture(scope="module")
def home(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Player:
    return Player(simulator, tmp_path_factory.mktemp("progress"), f"rg-{uuid.uuid4().hex[:8]}")


@pytest.fixture(scope="module")
def terminal(home: Player) -> Terminal:
    """A terminal in which a workspace and then a fleet of two clusters were made."""
    group = {
        "type": "Microsoft.Resources/resourceGroups",
        "name": home.group,
        "api_version": "2021-04-01",
        "body": {"location": "eastus"},
    }
    tasks = [
        module("arm_resource", **group),
        module("aml_workspace", name="ws-see", location="eastus", resource_group=home.group),
        module(
            "aml_fleet",
            resource_group=home.group,
            workspaces=[{"name": "ws-see", "computes": [cluster("a"), cluster("b")]}],
        ),
    ]
    path = home.folder / "terminal.yml"
    path.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    temporary = home.folder / "t"  # Its own, since other runs on this machine have theirs in the common one.
    temporary.mkdir()
    quiet = {"NO_COLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false"}
    environment = {
        **home.simulator.environment,
        **quiet,
        "ANSIBLE_CALLBACKS_ENABLED": "azureml.compute.aml_progress",
        "TMPDIR": str(temporary),
    }
    # Each creation goes on until its lines were seen, however long this machine takes to write them.
    awaited = [(DEPLOYMENT,), (CLUSTER, TOTAL)]

    def at(look: list[str]) -> None:
        if awaited and all(re.search(line, "\n".join(look), re.MULTILINE) for line in awaited[0]):
            awaited.pop(0)
            home.simulator.control("PUT", "clock", {"advance": 3600})

    home.simulator.control("PUT", "config", {"seconds": {"workspace.create": 3600, "cluster.create": 3600}})
    made = Terminal([str(BIN / "ansible-playbook"), str(path)], environment)
    made.until_its_end(at)
    home.simulator.control("PUT", "config", {"seconds": {"workspace.create": 5, "cluster.create": 10}})
    assert not left_behind(temporary)
    return made


def test_a_line_for_each_target_that_is_under_way(terminal: Terminal) -> None:
    seen = "\n".join(sorted({line for look in terminal.looks for line in look}))
    for line in (DEPLOYMENT, CLUSTER, TOTAL):
        assert re.search(line, seen, re.MULTILINE), seen


def test_what_is_over_leaves_one_line_before_what_ansible_says_of_it(terminal: Terminal) -> None:
    end = [re.sub(r" \*+$", "", line) for line in terminal.looks[-1]]
    lines = [re.sub(r"\d+ s", "N s", re.sub("cpu-[ab]", "cpu", line)) for line in end if line.startswith("  ")]
    made = "ws-see/cpu: create done after N s"
    assert lines == ["  ws-see: create done after N s", f"  {made} (1 of 2 done)", f"  {made} (2 of 2 done)"]
    for title, number in (("TASK [aml_workspace]", 1), ("TASK [aml_fleet]", 2)):
        first = end.index(title) + 1
        assert [line.startswith("  ws-see") for line in end[first : first + number + 1]] == [True] * number + [False], (
            end
        )
        assert end[first + number] == "changed: [localhost]"
    assert re.search(rb"\x1b\[[\d;]+m", terminal.raw) is None, "no colours"


@pytest.mark.usefixtures("terminal")
def test_plain_lines_in_a_file(home: Player) -> None:
    fleet = module("aml_fleet", workspaces=[{"name": "ws-see", "computes": [cluster("c"), cluster("d")]}])
    text = home.play({**fleet, "check_mode": True}, fleet, fleet, env={**ON, "AML_PROGRESS_INTERVAL": "0.1"}).text
    first, second = (match.start() for match in re.finditer("changed: .localhost", text))
    for letter in "cd":
        assert text.count(f"cpu-{letter}: create ...") == text.count(f"cpu-{letter}: create done after ") == 1, (
            "in check mode nothing is worked on"
        )
        assert (
            first
            < text.index(f"  ws-see/cpu-{letter}: create ...")
            < text.index(f"cpu-{letter}: create done after ")
            < second
        )
    assert "(2 of 2 done)" in text and "(0 of 2 done)" in text and "\x1b" not in text


@pytest.fixture
def slow(tmp_path: Path) -> list[str]:
    """A playbook that is at work on three hosts, which do not wait for each other, until there is a file ``go``."""
    event = {"run": os.getpid(), "event": "start", "target": "{{ inventory_hostname }}", "action": "create"}
    tell = f"import os\nwith open(os.environ['AML_PROGRESS_FILE'], 'a') as file: file.write({json.dumps(json.dumps(event))} + chr(10))"
    tasks = [
        {"ansible.builtin.command": {"argv": ["{{ ansible_playbook_python }}", "-c", tell]}},
        {"ansible.builtin.wait_for": {"path": str(tmp_path / "go"), "timeout": 60}},
    ]
    play = {"hosts": "all", "connection": "local", "strategy": "free", "gather_facts": False, "tasks": tasks}
    play["vars"] = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    (tmp_path / "slow.yml").write_text(yaml.safe_dump([play]))
    return [str(BIN / "ansible-playbook"), "-i", "one,two,three,", str(tmp_path / "slow.yml")]


def test_a_line_in_a_pipe_does_not_wait_for_the_end(simulator: Simulator, slow: list[str], tmp_path: Path) -> None:
    environment = {**simulator.environment, **ON, "AML_TEST_REPORT": str(tmp_path / "report")}
    with subprocess.Popen(slow, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = {line for line in iter(process.stdout.readline, "") if _goes_on(line, tmp_path)}
    assert process.returncode == 0, "what was told at the end only came after the time-out of the task"
    assert {f"  {name}: create ...\n" for name in ("one", "two", "three")} == told


def _goes_on(line: str, folder: Path) -> bool:
    if "create ..." in line:
        with (folder / "told").open("a") as file:
            file.write(line)
        if len((folder / "told").read_text().splitlines()) == 3:
            (folder / "go").touch()
    return "create ..." in line


@pytest.mark.parametrize("awx", [True, False])
def test_awx_has_plain_lines_though_it_gives_ansible_a_terminal(
    simulator: Simulator, slow: list[str], tmp_path: Path, awx: bool
) -> None:
    environment = {**simulator.environment, **ON, **({"AWX_ISOLATED_DATA_DIR": str(tmp_path)} if awx else {})}
    terminal = Terminal(slow, environment)

    def look(lines: list[str]) -> None:
        if sum("create" in line for line in lines) >= 3:
            (tmp_path / "go").touch()

    end = terminal.until_its_end(look)
    assert ("create ..." in "\n".join(end)) is awx
    assert (b"\x1b[J" in terminal.raw) is not awx
    if not awx:
        assert ["  3 in progress"] in [look[-1:] for look in terminal.looks]
        assert max(sum("in progress" in line for line in look) for look in terminal.looks) == 1, (
            "painted over, also between what several hosts say"
        )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_an_interrupted_run_ends_with_one_line(simulator: Simulator, slow: list[str], number: signal.Signals) -> None:
    with subprocess.Popen(slow, env={**simulator.environment, **ON}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines: list[str] = []
        for line in iter(process.stdout.readline, ""):
            lines.append(line)
            if sum("create ..." in line for line in lines) == 3 and "create ..." in line:
                process.send_signal(number)
    assert process.returncode in (99, -number)
    (told,) = [line for line in lines if line.startswith("  Interrupted: ")]
    assert (
        told.startswith("  Interrupted: 0 done, 3 in progress, 0 not started. ")
        and "Run the same command again" in told
    )
