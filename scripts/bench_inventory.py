# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an inventory of 1,000 nodes costs: 20 workspaces with 5 clusters of 10 nodes each, in a simulator of its own. Prints a table.

    .venv/bin/python -m scripts.bench_inventory [ROUNDS]

The time is the whole of `ansible-inventory --list`, with Ansible's start; beside it the same command over a list of the same hosts in a plain file,
which cannot be cheaper, and over the cache. Bytecode is compiled first.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

from .bench import running_simulator
from .bench import token as bearer
from .command import BIN, ROOT

WORKSPACES, CLUSTERS, NODES = 20, 5, 10
GROUP = "ml-bench"
PLUGIN = "plugin: azureml.compute.aml_compute\n"
# 1,000 nodes of 4 vCPUs.
ROOM = {"quotas": {"*": {"standardDSv2Family": 8000, "TotalDedicatedCores": 8000}}}
DEPENDENTS = {
    "storageAccount": ("Microsoft.Storage/storageAccounts", "amlbench", "2023-05-01"),
    "keyVault": ("Microsoft.KeyVault/vaults", "aml-bench", "2023-07-01"),
    "applicationInsights": ("Microsoft.Insights/components", "aml-bench", "2020-02-02"),
}


class Azure:
    """The simulator's Resource Manager and its control API, for filling."""

    def __init__(self, environment: dict[str, str]) -> None:
        import ssl

        self.url = environment["AML_SIMULATOR_URL"]
        self.group = f"/subscriptions/{environment['AZURE_SUBSCRIPTION_ID']}/resourceGroups/{GROUP}"
        self.tenant = environment["AZURE_TENANT"]
        self.token = bearer(environment)
        self.control_token = environment["AML_SIMULATOR_CONTROL_TOKEN"]
        self.context = ssl.create_default_context(cafile=environment["SSL_CERT_FILE"])

    def send(self, method: str, path: str, body: t.Any = None) -> t.Any:
        token = self.control_token if path.startswith("/_simulator/") else self.token
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, context=self.context) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {path}: {error.read().decode()}") from error

    def put(self, path: str, version: str, body: t.Any) -> None:
        self.send("PUT", f"{self.group}{path}?api-version={version}", body)

    def advance(self, seconds: float) -> None:
        self.send("PUT", "/_simulator/clock", {"advance": seconds})


def fill(azure: Azure) -> None:
    """Nodes that have no door: a thousand listening ports are not what is measured."""
    azure.send("PUT", "/_simulator/config", {"ssh": {"enabled": False}, **ROOM})
    azure.put("", "2021-04-01", {"location": "eastus"})
    properties = {}
    needed = {"tenantId": azure.tenant, "sku": {"family": "A", "name": "standard"}}
    for name, (kind, called, version) in DEPENDENTS.items():
        azure.put(f"/providers/{kind}/{called}", version, {"location": "eastus", "properties": needed})
        properties[name] = f"{azure.group}/providers/{kind}/{called}"
    azure.advance(600)
    body = {"location": "eastus", "identity": {"type": "SystemAssigned"}, "properties": properties}
    names = [f"/providers/Microsoft.MachineLearningServices/workspaces/ws-{number:02}" for number in range(WORKSPACES)]
    for name in names:
        azure.put(name, "2025-12-01", body)
    azure.advance(600)
    scale = {"minNodeCount": NODES, "maxNodeCount": NODES, "nodeIdleTimeBeforeScaleDown": "PT2M"}
    account = {"adminUserName": "mlops", "adminUserPassword": "Never-used-1"}
    inner = {
        "vmSize": "STANDARD_DS3_V2",
        "scaleSettings": scale,
        "userAccountCredentials": account,
        "remoteLoginPortPublicAccess": "Enabled",
    }
    for index, name in enumerate(names):
        for number in range(CLUSTERS):
            cluster = {
                "location": "eastus",
                "tags": {"team": f"t{number}"},
                "properties": {"computeType": "AmlCompute", "properties": inner},
            }
            azure.put(f"{name}/computes/c{index:02}-{'abcde'[number]}", "2025-12-01", cluster)
    azure.advance(1800)


def listed(environment: dict[str, str], path: Path, **more: str) -> tuple[float, float, int]:
    """Seconds, MB and hosts of one `ansible-inventory --list`."""
    out = path.with_suffix(".out")
    started = time.perf_counter()
    with out.open("w") as stream:
        process = subprocess.Popen(
            [BIN / "ansible-inventory", "-i", path, "--list"], env={**environment, **more}, stdout=stream
        )
        _pid, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit("ansible-inventory failed.")
    return seconds, usage.ru_maxrss / 1024, len(json.loads(out.read_text())["_meta"]["hostvars"])


def plain_file(folder: Path, found: Path) -> Path:
    """The same hosts, groups and variables as a YAML inventory holds them."""
    told = json.loads(found.read_text())
    groups = {name: {"hosts": dict.fromkeys(group["hosts"])} for name, group in told.items() if "hosts" in group}
    path = folder / "plain.json"
    path.write_text(json.dumps({"all": {"hosts": told["_meta"]["hostvars"], "children": groups}}))
    return path


def main(rounds: int) -> None:
    subprocess.run(
        [BIN / "python", "-m", "compileall", "-q", ROOT / ".venv" / "lib", ROOT / "plugins"],
        stdout=subprocess.DEVNULL,
        check=False,
    )
    with tempfile.TemporaryDirectory() as name, running_simulator(f"{name}/simulator") as environment:
        folder = Path(name)
        fill(Azure(environment))
        environment |= {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
        own = folder / "aml_compute.yml"
        own.write_text(PLUGIN)
        cached = folder / "cached.aml_compute.yml"
        cached.write_text(
            f"{PLUGIN}cache: true\ncache_plugin: ansible.builtin.jsonfile\ncache_connection: {folder}/cache\n"
        )
        listed(environment, own)
        listed(environment, cached)
        plain = plain_file(folder, own.with_suffix(".out"))
        cases = {
            "azureml.compute.aml_compute": own,
            "the same, from the cache": cached,
            "the same hosts in a file": plain,
        }
        measured = {title: [] for title in cases}
        for _round in range(rounds):
            for title, path in cases.items():
                measured[title].append(listed(environment, path))
    table(measured, rounds)


def table(measured: dict[str, list[tuple[float, float, int]]], rounds: int) -> None:
    print(
        f"\n`ansible-inventory --list`, {WORKSPACES} workspaces x {CLUSTERS} clusters x {NODES} nodes, median of {rounds} rounds."
    )
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores (the simulator uses one of them), {time.strftime('%Y-%m-%d')}\n"
    )
    print("| inventory | hosts | s | MB |\n|---|---:|---:|---:|")
    for title, rows in measured.items():
        seconds, memory = (statistics.median(row[index] for row in rows) for index in (0, 1))
        print(f"| {title} | {rows[0][2]} | {seconds:.2f} | {memory:.0f} |")
    ours = statistics.median(row[0] for row in next(iter(measured.values())))
    print(f"\nTo hold: at most 3 s (now {ours:.2f}).")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
