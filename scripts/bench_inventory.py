# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figure of the inventory: 1,000 nodes in 20 workspaces with 5 clusters of 10 nodes each, beside a plain file with the same hosts.

The cost is that of the whole of `ansible-inventory --list`, with Ansible's start.
"""

from __future__ import annotations

import json
from pathlib import Path

from .bench_fleet import DEPENDENTS
from .bench_tools import ML, PROVIDER, Bench, Cost, NotMeasured, median, spent
from .command import BIN

WORKSPACES, CLUSTERS, NODES = 20, 5, 10
PLUGIN = "plugin: azureml.compute.aml_compute\n"
# 1,000 nodes of 4 vCPUs. They have no SSH server: a thousand listening ports are not what is measured.
CONFIG = {
    "ssh": {"enabled": False},
    "quotas": {"*": {"standardDSv3Family": 8000, "TotalDedicatedCores": 8000}},
}


def shrink() -> None:
    """A tenth of the workspaces."""
    global WORKSPACES
    WORKSPACES //= 10


def measure(bench: Bench) -> dict[str, Cost]:
    """The costs of ``ours``, the same from the ``cache``, and the ``file``."""
    _fill(bench)
    own, cached = own_file(bench), bench.folder / "cached.aml_compute.yml"
    own.write_text(PLUGIN)
    cached.write_text(
        f"{PLUGIN}cache: true\ncache_plugin: ansible.builtin.jsonfile\ncache_connection: {bench.folder}/cache\n"
    )
    listed(bench, cached)
    cases = {"ours": own, "cache": cached, "file": plain_file(bench.folder, listed(bench, own)[1])}
    costs: dict[str, list[Cost]] = {name: [] for name in cases}
    for _round in range(bench.rounds):
        for name, path in cases.items():
            costs[name].append(listed(bench, path)[0])
    return {name: median(found) for name, found in costs.items()}


def own_file(bench: Bench) -> Path:
    """The inventory file of this collection's plugin."""
    return bench.folder / "aml_compute.yml"


def listed(bench: Bench, path: Path) -> tuple[Cost, str]:
    """The cost and the output of one `ansible-inventory --list`."""
    environment = {**bench.environment, "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
    return spent([BIN / "ansible-inventory", "-i", path, "--list"], environment)


def plain_file(folder: Path, output: str) -> Path:
    """The same hosts, groups and variables as a JSON inventory holds them."""
    found = json.loads(output)
    hosts, expected = len(found["_meta"]["hostvars"]), WORKSPACES * CLUSTERS * NODES
    if hosts != expected:
        raise NotMeasured(f"The inventory has {hosts} hosts, not {expected}.")
    groups = {name: {"hosts": dict.fromkeys(group["hosts"])} for name, group in found.items() if "hosts" in group}
    path = folder / "plain.json"
    path.write_text(json.dumps({"all": {"hosts": found["_meta"]["hostvars"], "children": groups}}))
    return path


def _fill(bench: Bench) -> None:
    bench.control("PUT", "config", CONFIG)
    group = f"/subscriptions/{bench.subscription}/resourceGroups/ml-bench"
    bench.put(group, "2021-04-01", {"location": "eastus"})
    needed = {"tenantId": bench.environment["AZURE_TENANT"], "sku": {"family": "A", "name": "standard"}}
    properties = {}
    for name, (kind, called, version) in DEPENDENTS.items():
        bench.put(f"{group}/providers/{kind}/{called}", version, {"location": "eastus", "properties": needed})
        properties[name] = f"{group}/providers/{kind}/{called}"
    bench.control("PUT", "clock", {"advance": 600})
    body = {"location": "eastus", "identity": {"type": "SystemAssigned"}, "properties": properties}
    workspaces = [f"{group}/providers/{PROVIDER}/workspaces/ws-{number:02}" for number in range(WORKSPACES)]
    for workspace in workspaces:
        bench.put(workspace, ML, body)
    bench.control("PUT", "clock", {"advance": 600})
    scale = {"minNodeCount": NODES, "maxNodeCount": NODES, "nodeIdleTimeBeforeScaleDown": "PT2M"}
    account = {"adminUserName": "mlops", "adminUserPassword": "Never-used-1"}
    inner = {
        "vmSize": "STANDARD_D4S_V3",
        "scaleSettings": scale,
        "userAccountCredentials": account,
        "remoteLoginPortPublicAccess": "Enabled",
    }
    for index, workspace in enumerate(workspaces):
        for number in range(CLUSTERS):
            cluster = {
                "location": "eastus",
                "tags": {"team": f"t{number}"},
                "properties": {"computeType": "AmlCompute", "properties": inner},
            }
            bench.put(f"{workspace}/computes/c{index:02}-{'abcde'[number]}", ML, cluster)
    bench.control("PUT", "clock", {"advance": 1800})
