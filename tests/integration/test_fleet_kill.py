# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""aml_fleet killed with SIGKILL at random moments of a run over 100 targets: the next run ends converged, nothing made twice, nothing lost.

AML_KILLS says how many moments (default 2; ``make kill-test`` takes 20), AML_KILL_SEED which. The process that is killed is the module's own.
"""

from __future__ import annotations

import collections
import json
import os
import random
import signal
import subprocess
import sys
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import Simulator

KILLS = int(os.environ.get("AML_KILLS", "2"))
SEED = int(os.environ.get("AML_KILL_SEED", "0")) or random.randrange(1, 10**6)
WORKSPACES, EACH = 5, 20
TARGETS = WORKSPACES * EACH
# Simulated seconds, a second of real time: long enough that most kills find operations running.
CONFIG = {
    "seconds": {"cluster.create": 60.0},
    "quotas": {"*": {"standardDSv2Family": 10**6, "TotalDedicatedCores": 10**6, "TotalClusters": 10**6}},
}
SCRIPT = """
import json, sys
from ansible.module_utils.testing import patch_module_args
from ansible_collections.azureml.compute.plugins.modules import aml_fleet
with patch_module_args(json.load(open(sys.argv[1]))):
    aml_fleet.main()
"""


@dataclass
class Azure:
    """The simulator's Resource Manager, for what the fleet finds and what it leaves."""

    simulator: Simulator

    def workspace(self, group: str, number: int) -> str:
        return f"{self.simulator.group_id(group)}/providers/Microsoft.MachineLearningServices/workspaces/ws-{number}"

    def make_workspaces(self, group: str) -> None:
        for number in range(WORKSPACES):
            self.simulator.make_workspace(group, f"ws-{number}")

    def states(self, group: str) -> dict[str, str]:
        """Each target that exists, by workspace and name, with its state."""
        found = {}
        for number in range(WORKSPACES):
            for one in self.simulator.arm("GET", f"{self.workspace(group, number)}/computes")["value"]:
                found[f"ws-{number}/{one['name']}"] = one["properties"]["provisioningState"]
        return found


@pytest.fixture
def azure(simulator: Simulator) -> t.Iterator[Azure]:
    before = simulator.control("GET", "config")
    simulator.control("PUT", "config", CONFIG)
    yield Azure(simulator)
    simulator.control("PUT", "config", {name: before[name] for name in CONFIG})


def start(azure: Azure, folder: Path, group: str, each: int = EACH) -> subprocess.Popen[str]:
    """A process of the module's, as Ansible would start it on the controller."""
    names = [f"cpu-c{number:02}" for number in range(each)]
    computes = [{"type": "amlcompute", "name": name, "size": "Standard_DS2_v2", "max_instances": 1} for name in names]
    workspaces = [
        {"name": f"ws-{number}", "resource_group": group, "computes": computes} for number in range(WORKSPACES)
    ]
    return start_with(azure, folder, name="killed", workspaces=workspaces, full_result=True)


def start_with(azure: Azure, folder: Path, **arguments: t.Any) -> subprocess.Popen[str]:
    path = folder / "arguments.json"
    path.write_text(json.dumps({"wait_interval": 0.3, "_ansible_remote_tmp": str(folder), **arguments}))
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(path)], env=azure.simulator.environment, stdout=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen[str]) -> dict[str, t.Any]:
    out, _err = process.communicate(timeout=240)
    result: dict[str, t.Any] = json.loads(out.strip().splitlines()[-1])
    assert process.returncode == 0, result
    return result


def accepted(rows: list[dict[str, t.Any]]) -> collections.Counter[str]:
    """How often the service took a PUT for each target."""
    return collections.Counter(
        row["path"].lower()
        for row in rows
        if row["method"] == "PUT" and "/computes/" in row["path"] and row["status"] < 300
    )


class Moment(t.NamedTuple):
    """One kill: when, what had been taken by the service and was running, and what the next run still had to make."""

    after: float
    taken: int
    under_way: int
    made_later: int


def kill_once(azure: Azure, folder: Path, group: str, after: float) -> Moment:
    azure.make_workspaces(group)
    mark = azure.simulator.mark()
    process = start(azure, folder, group)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, "the run was over before it was killed"
    taken = accepted(azure.simulator.requests(mark))
    under_way = sum(state != "Succeeded" for state in azure.states(group).values())
    result = finish(start(azure, folder, group))
    puts = accepted(azure.simulator.requests(mark))
    states = azure.states(group)
    assert result["totals"]["failed"] == 0 and result["totals"]["targets"] == TARGETS
    assert len(states) == TARGETS and set(states.values()) == {"Succeeded"}
    assert len(puts) == TARGETS and set(puts.values()) == {1}, [path for path, count in puts.items() if count > 1]
    assert finish(start(azure, folder, group))["totals"] == {"targets": TARGETS, "failed": 0, "none": TARGETS}
    return Moment(after, taken.total(), under_way, TARGETS - taken.total())


def test_asked_to_end_it_says_what_is_under_way_and_the_next_run_goes_on(azure: Azure, tmp_path: Path) -> None:
    group, each = f"t{SEED}", 5
    azure.make_workspaces(group)
    # Longer than the test: no target is done before the signal, so that there is no room for the last ones.
    azure.simulator.control("PUT", "config", {"seconds": {"cluster.create": 1e5}})
    mark = azure.simulator.mark()
    process = start(azure, tmp_path, group, each)
    while process.poll() is None and not accepted(azure.simulator.requests(mark)):
        pass
    process.send_signal(signal.SIGTERM)
    out, _err = process.communicate(timeout=60)
    result = json.loads(out.strip().splitlines()[-1])
    assert process.returncode == 1 and result["failure"]["code"] == "FleetFailed", "it ended by itself, with a result"
    totals = result["totals"]
    assert totals["failed"] == 0 and totals["interrupted"] + totals["not_started"] == totals["targets"], totals
    assert len(result["msg"].splitlines()) == 1 and result["msg"].endswith("it waits for them, and continues.")
    codes = {target["id"].lower(): target["failure"]["code"] for target in result["targets"]}
    taken = accepted(azure.simulator.requests(mark))
    assert set(codes.values()) == {"Interrupted", "NotStarted"}
    assert {target["id"].lower() for target in result["targets"] if target["changed"]} == set(taken), (
        "what the service has taken is told, and nothing else"
    )
    assert all(codes[row] == "Interrupted" for row in taken)
    azure.simulator.control("PUT", "config", {"seconds": {"cluster.create": 1.0}})
    azure.simulator.control("PUT", "clock", {"advance": 2e5})
    left = each * WORKSPACES - len(taken)
    assert finish(start(azure, tmp_path, group, each))["totals"] == {
        "targets": each * WORKSPACES,
        "failed": 0,
        "none": len(taken),
        "create": left,
    }
    puts = accepted(azure.simulator.requests(mark))
    assert (
        len(puts) == each * WORKSPACES
        and set(puts.values()) == {1}
        and set(azure.states(group).values()) == {"Succeeded"}
    )


@pytest.mark.slow
def test_killed_at_random_moments_the_next_run_ends_converged(azure: Azure, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    group = f"k{SEED}"
    azure.make_workspaces(group)
    began = time.monotonic()
    assert finish(start(azure, tmp_path, group))["totals"]["create"] == TARGETS
    whole = time.monotonic() - began
    # Not the very end: a run that is over cannot be killed.
    moments = [
        kill_once(azure, tmp_path, f"{group}-{number}", chance.uniform(0.02, 0.85) * whole) for number in range(KILLS)
    ]
    table = [
        f"{KILLS} kills of a run over {TARGETS} targets that takes {whole:.1f} s (AML_KILL_SEED={SEED})\n",
        "| killed after s | taken by then | running | made by the next run |\n|---:|---:|---:|---:|",
        *(
            f"| {moment.after:.2f} | {moment.taken} | {moment.under_way} | {moment.made_later} |"
            for moment in sorted(moments)
        ),
        f"\nTargets made twice: 0. Targets lost: 0. Kills that left operations running: {sum(moment.under_way > 0 for moment in moments)}.",
    ]
    print("\n" + "\n".join(table))
    if os.environ.get("AML_KILL_TABLE"):
        Path(os.environ["AML_KILL_TABLE"]).write_text("\n".join(table) + "\n")
    assert any(0 < moment.taken < TARGETS for moment in moments) or KILLS < 5, "no kill fell into the creations"
