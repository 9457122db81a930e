# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of whole playbooks: a second run of `provision_workspace`, several instances at once, and the commands on a fresh clone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import typing as t
from pathlib import Path

from .bench_tools import Bench, Cost, NotMeasured, spent
from .command import ROOT
from .environment import own_environment

# Seconds of real time that the simulator takes for each kind of operation.
INSTANCE_SECONDS, AKS_SECONDS = 30, 60
_SIZE = "Standard_D4s_v3"


def second_runs(bench: Bench, ways: t.Sequence[str]) -> dict[str, tuple[Cost, int]]:
    """For each way to run, the cost of `provision_workspace` with examples/workspace.yml when nothing is left to do, and the number of tasks shown."""
    bench.control("PUT", "config", {"clock": {"speed": 120}, "load": {"ci-full": {"running_nodes": 1}}})
    arguments = ("-e", f"@{ROOT / 'examples' / 'workspace.yml'}", *_own_files(bench.folder))
    bench.playbook("provision_workspace", *arguments)
    found = {}
    for way in ways:
        cost, output = bench.playbook("provision_workspace", *arguments, way=way)
        if not re.search(r"changed=0 .*failed=0", output):
            raise NotMeasured("The second run changed something.")
        found[way] = cost, len(re.findall(r"^TASK \[", output, re.MULTILINE))
    return found


def together(bench: Bench) -> tuple[Cost, Cost]:
    """The costs of `provision_workspace` with five instances and an AKS cluster, and with the AKS cluster alone, the slowest of them.

    The workspace exists before, and is what a run with no compute target costs less.
    """
    seconds = {"instance.create": INSTANCE_SECONDS, "aks.create": AKS_SECONDS}
    bench.control("PUT", "config", {"clock": {"speed": 1}, "seconds": seconds})
    instances = [{"type": "computeinstance", "name": f"ci-bench-{letter}", "size": _SIZE} for letter in "abcde"]
    costs = []
    for number, computes in enumerate(([_aks("alone")], [*instances, _aks("beside")])):
        path = bench.folder / f"together-{number}.json"
        path.write_text(_variables(number, []))
        bench.playbook("provision_workspace", "-e", f"@{path}")
        path.write_text(_variables(number, computes))
        costs.append(bench.playbook("provision_workspace", "-e", f"@{path}")[0])
    return costs[1], costs[0]


def _aks(name: str) -> dict[str, t.Any]:
    return {"type": "aks", "name": name, "cluster_purpose": "dev_test", "size": _SIZE, "agent_count": 1}


def _variables(number: int, computes: list[dict[str, t.Any]]) -> str:
    variables = {"aml_resource_group": "ml-bench-together", "aml_location": "eastus", "aml_computes": computes}
    return json.dumps({**variables, "aml_workspace": {"name": f"ws-together-{number}"}})


def _own_files(folder: Path) -> tuple[str, ...]:
    own = folder / "controller"
    values = {
        "aml_ssh_keys_directory": own / "keys",
        "aml_nodes_ssh_config": own / "ssh_config",
        "aml_nodes_known_hosts": own / "known_hosts",
    }
    return "-e", " ".join(f"{name}={value}" for name, value in values.items())


# What the Makefile writes when it has installed what a target needs.
_INSTALLED = {"quickstart": ".base", "test": ".installed"}


def fresh_clone(folder: Path, target: str) -> tuple[Cost, str]:
    """The cost of a target of the Makefile in a clone of HEAD without .venv, and how much of it is the installation."""
    clone = folder / f"clone-{target}"
    shutil.rmtree(clone, ignore_errors=True)
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    try:
        started = time.time()
        cost, _output = spent(["make", "-s", target], own_environment(), cwd=clone)
        installed = (clone / ".venv" / _INSTALLED[target]).stat().st_mtime - started
        return cost, f"the installation takes the first {installed:.0f} s"
    finally:
        shutil.rmtree(clone, ignore_errors=True)
