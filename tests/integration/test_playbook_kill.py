# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""provision_workspace with examples/serving.yml, killed with SIGKILL after one of its writes: the next run completes it, and the one after changes nothing.

AML_PLAYBOOK_KILLS says after how many of the writes, spread over the chain (default 2; ``make kill-test`` takes 6; 0 is all of them). All processes of the
command are killed at once.
"""

from __future__ import annotations

import collections
import contextlib
import os
import re
import signal
import subprocess
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from .conftest import BIN, SETTINGS, Player, Run, Simulator
from .test_kubernetes import EXAMPLE, PREFIX, answers

KILLS = int(os.environ.get("AML_PLAYBOOK_KILLS", "2"))
# What no one chose: the names of role assignments and of a template deployment.
_CHOSEN_BY_NO_ONE = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=deployments/ws-serving-)\d+"


def suffix(group: str) -> str:
    """What makes a name that of a group."""
    return f"-{group.removeprefix('rg-')}"


def playbook_of(player: Player) -> tuple[str, ...]:
    """The command's arguments, with the declaration in the group of the player. The name of an endpoint is unique in its region."""
    path = player.folder / f"{player.group}.yml"
    declared = yaml.safe_dump({**EXAMPLE, "aml_resource_group": player.group, "aml_location": "eastus"})
    for name in ("iris-serving", "iris-nightly"):
        declared = declared.replace(name, f"{name}{suffix(player.group)}")
    path.write_text(declared)
    return PREFIX + "provision_workspace", "-e", f"@{path}"


def taken(player: Player, mark: int) -> list[str]:
    """What the service has taken: PUT, PATCH and DELETE with their paths in the group."""
    rows = [row for row in player.simulator.writes(mark) if row["method"] != "POST" and row["status"] < 400]
    return [f"{row['method']} {short(row['path'], player.group)}" for row in rows]


def short(path: str, group: str) -> str:
    """A path as it is in every group."""
    inside = re.split(rf"resourcegroups/{group}", path, flags=re.IGNORECASE)[-1].replace(suffix(group), "")
    return re.sub(_CHOSEN_BY_NO_ONE, "...", inside.split("/providers/", 1)[-1] or "resource group")


def processes_of(pid: int) -> list[int]:
    """A process and all below it: Ansible's workers are in sessions of their own."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    children: dict[int, list[int]] = {}
    for child, parent in (map(int, line.split()) for line in listed.splitlines()):
        children.setdefault(parent, []).append(child)
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def kill_after(player: Player, writes: int) -> list[str]:
    """A run that is killed as soon as the service has taken so many writes; what it had taken in the end."""
    mark = player.simulator.mark()
    process = subprocess.Popen(
        [str(BIN / "ansible-playbook"), *playbook_of(player)],
        env={**player.simulator.environment, **SETTINGS},
        cwd=player.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while len(taken(player, mark)) < writes:
            try:
                code = process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"the run ended by itself, with {code}, before its write number {writes}")
    finally:
        # The command's own process first stands still, so that it starts no further one.
        process.send_signal(signal.SIGSTOP)
        for pid in processes_of(process.pid):
            # A worker may have ended since.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(60)
    return taken(player, mark)


def spread(count: int, most: int) -> list[int]:
    """At most so many numbers from 1 to ``count``, with the first and the last."""
    if not most or most >= count:
        return list(range(1, count + 1))
    return sorted({1 + round(number * (count - 1) / max(1, most - 1)) for number in range(most)})


def require_complete(player: Player, again: Run) -> None:
    workspace = (
        f"{player.simulator.group_id(player.group)}/providers/Microsoft.MachineLearningServices/workspaces/ws-serving"
    )
    endpoint = f"{workspace}/onlineEndpoints/iris-serving{suffix(player.group)}"
    assert answers(player, endpoint, 100) == {"blue": 90, "green": 10}
    assert again.changed == 0


@pytest.mark.slow
def test_killed_after_any_write_the_next_run_completes_it(fresh: Simulator, player: Player) -> None:
    mark = fresh.mark()
    player.playbook(*playbook_of(player))
    whole = taken(player, mark)
    require_complete(player, player.playbook(*playbook_of(player)))
    assert taken(player, mark) == whole
    table = ["| killed after | the write | made by the next run |", "|---:|---|---:|"]
    for number in spread(len(whole), KILLS):
        one = replace(player, group=f"rg-{uuid.uuid4().hex[:8]}")
        mark = fresh.mark()
        first = kill_after(one, number)
        one.playbook(*playbook_of(one))
        both = taken(one, mark)
        twice = collections.Counter(both) - collections.Counter(whole)
        missing = collections.Counter(whole) - collections.Counter(both)
        assert not twice and not missing, (number, first, twice, missing)
        require_complete(one, one.playbook(*playbook_of(one)))
        assert taken(one, mark) == both
        table.append(f"| {len(first)} of {len(whole)} | {first[-1]} | {len(both) - len(first)} |")
    print("\n" + "\n".join(table))
    if os.environ.get("AML_KILL_TABLE"):
        with Path(os.environ["AML_KILL_TABLE"]).open("a") as file:
            file.write("\n" + "\n".join(table) + "\n")
