# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet costs: looking at many unchanged targets, beside what cannot be cheaper and beside a loop; and making 200. Prints tables.

    .venv/bin/python -m scripts.bench_fleet [--rounds N]

All in one run on one machine, over TLS to a simulator of its own, which has one of the cores. AML_BENCH_PEER names
the bin folder of an environment that has azure.azcollection with its requirements, if .venv has not. The floor is a script on a bare azure-core pipeline that
does the same LISTs over the same kind of connection (requests' own loads the certificates anew for each, which takes longer than all the rest), as many
at once, with a token that it is given, and looks at nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
import typing as t
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from .bench import ITEMS, looped, play, running_simulator
from .bench import token as bearer
from .command import BIN, ROOT

PEER = Path(os.environ.get("AML_BENCH_PEER", BIN))
SCALES = (100, 300, 1000, 3000)
WORKSPACES = 20
PROVIDER = "Microsoft.MachineLearningServices"
ML = "2025-12-01"
DEPENDENTS = {
    "storageAccount": ("Microsoft.Storage/storageAccounts", "amlbench", "2023-05-01"),
    "keyVault": ("Microsoft.KeyVault/vaults", "aml-bench", "2023-07-01"),
    "applicationInsights": ("Microsoft.Insights/components", "aml-bench", "2020-02-02"),
}
# Room for everything: limits are not what is measured.
CONFIG = {
    "ssh": {"enabled": False},
    "quotas": {"*": {"standardDSv2Family": 10**6, "TotalDedicatedCores": 10**6, "TotalClusters": 10**6}},
}
OPERATION_SECONDS = 10
MADE, MADE_AT_ONCE = 200, 50
THROTTLED = {"kind": "status", "status": 429, "retry_after": 3, "match": {"path": "/computes/"}, "count": 100}

FLOOR_SCRIPT = """
import json, os, sys
from concurrent.futures import ThreadPoolExecutor
from azure.core.pipeline import Pipeline
from azure.core.rest import HttpRequest
from ansible_collections.azureml.compute.plugins.module_utils._arm.connections import transport_for

pipeline = Pipeline(transport_for(os.environ["SSL_CERT_FILE"]))
headers = {"Authorization": "Bearer " + os.environ["BENCH_TOKEN"]}

def listed(url):
    found = 0
    while url:
        answer = pipeline.run(HttpRequest("GET", url, headers=headers)).http_response
        page = json.loads(answer.content)
        found, url = found + len(page["value"]), page.get("nextLink")
    return found

with ThreadPoolExecutor(16) as pool:
    assert sum(pool.map(listed, sys.argv[2:])) == int(sys.argv[1])
"""

# Stands for the module's interpreter, and writes what the module's process took.
WRAPPER = """#!{python}
import json, resource, subprocess, sys, time
started = time.perf_counter()
code = subprocess.call([{python!r}, *sys.argv[1:]])
seconds, peak = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
with open({report!r}, "a") as stream:
    stream.write(json.dumps([seconds, peak]) + chr(10))
sys.exit(code)
"""


class Cost(t.NamedTuple):
    """Of one task: its process, all of ansible-playbook around it, its memory and its requests."""

    seconds: float
    playbook: float
    megabytes: float
    requests: int


@dataclass
class Bench:
    """A running simulator and a folder for what is written."""

    folder: Path
    environment: dict[str, str]

    def control(self, method: str, path: str, body: t.Any = None) -> t.Any:
        import ssl

        context = ssl.create_default_context(cafile=self.environment["SSL_CERT_FILE"])
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.environment['AML_SIMULATOR_CONTROL_TOKEN']}"}
        request = urllib.request.Request(
            f"{self.environment['AML_SIMULATOR_URL']}/_simulator/{path}", data=data, method=method, headers=headers
        )
        with urllib.request.urlopen(request, context=context) as answer:
            return json.loads(answer.read() or b"null")

    def fleet(self, document: list[dict[str, t.Any]], expected: str, **options: t.Any) -> Cost:
        """One run of aml_fleet whose every target has the action ``expected``; anything else ends the benchmark."""
        report, wrapper = self.folder / "report", self.folder / "python"
        report.unlink(missing_ok=True)
        wrapper.write_text(WRAPPER.format(python=str(BIN / "python"), report=str(report)))
        wrapper.chmod(0o755)
        (self.folder / "fleet.json").write_text(json.dumps({"document": document}))
        count = sum(len(one["computes"]) for one in document)
        task = f"""    - ansible.builtin.include_vars: {self.folder / "fleet.json"}
    - azureml.compute.aml_fleet: {json.dumps({"workspaces": "{{ document }}", **options})}
      register: result
    - ansible.builtin.assert: {{that: "result.totals == {{'targets': {count}, 'failed': 0, '{expected}': {count}}}"}}
"""
        self.control("DELETE", "requests")
        seconds = play(str(self.folder), self.environment, task, 1, str(wrapper))
        # The module's process is the longest of them; the others only look for the interpreter.
        own = max(json.loads(line) for line in report.read_text().splitlines())
        return Cost(own[0], seconds, own[1], len(self.control("GET", "requests")))

    def floor(self, document: list[dict[str, t.Any]]) -> tuple[float, float]:
        """Seconds and MB of the bare script."""
        script = self.folder / "floor.py"
        script.write_text(FLOOR_SCRIPT)
        url, subscription = self.environment["AML_SIMULATOR_URL"], self.environment["AZURE_SUBSCRIPTION_ID"]
        urls = [
            f"{url}{workspace_id(subscription, one['resource_group'], one['name'])}/computes?api-version={ML}"
            for one in document
        ]
        count = sum(len(one["computes"]) for one in document)
        started = time.perf_counter()
        process = subprocess.Popen([BIN / "python", script, str(count), *urls], env=self.environment)
        _pid, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit("The floor's script failed.")
        return seconds, usage.ru_maxrss / 1024


def workspace_id(subscription: str, group: str, name: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{PROVIDER}/workspaces/{name}"


def group_of(scale: int | str) -> str:
    return f"ml-bench-{scale}"


def document(scale: int | str, targets: int) -> list[dict[str, t.Any]]:
    """So many clusters, spread over the workspaces of the group of that name."""
    each = targets // WORKSPACES
    cluster = {
        "type": "amlcompute",
        "size": "Standard_DS3_v2",
        "min_instances": 0,
        "max_instances": 4,
        "idle_time_before_scale_down": 120,
    }
    names = [f"c{number:03}-bench" for number in range(each)]
    computes = [{**cluster, "name": name, "tags": {"team": "vision"}} for name in names]
    return [
        {"name": f"ws-{number:02}", "resource_group": group_of(scale), "computes": computes}
        for number in range(WORKSPACES)
    ]


def fill(home: str, stack: contextlib.ExitStack) -> None:
    """What the measured runs find: written through the simulator's own rules, in this process, before it serves."""
    from azureml_simulator.app import App
    from azureml_simulator.entra.directory import DEFAULT_SUBSCRIPTION
    from azureml_simulator.providers.machine_learning import quota as quotas
    from azureml_simulator.state_directory import StateDirectory

    place = StateDirectory(Path(home))
    place.prepare()
    app = App(place.database, key=place.token_key(), secret=place.secret())
    app.configure(CONFIG)
    token = app.token()
    # There is room for all: summing it up anew for each cluster takes minutes.
    for rule in ("check", "too_many"):
        stack.enter_context(mock.patch.object(quotas, rule, return_value=None))

    def put(path: str, version: str, body: t.Any) -> None:
        answer = app.call("PUT", f"{path}?api-version={version}", body, token=token)
        if answer.status >= 300:
            raise SystemExit(f"PUT {path}: {answer.body}")

    for scale in (*SCALES, MADE, "throttled"):
        group = f"/subscriptions/{DEFAULT_SUBSCRIPTION}/resourceGroups/{group_of(scale)}"
        make_workspaces(app, put, group)
        for one in document(scale, scale) if scale in SCALES else ():
            for compute in one["computes"]:
                put(
                    f"{workspace_id(DEFAULT_SUBSCRIPTION, group_of(scale), one['name'])}/computes/{compute['name']}",
                    ML,
                    wire_cluster(),
                )
        app.clock.advance(600)
    app.close()


def make_workspaces(app: t.Any, put: t.Callable[[str, str, t.Any], None], group: str) -> None:
    put(group, "2021-04-01", {"location": "eastus"})
    tag = group.rsplit("-", 1)[-1]
    sku = {"tenantId": "aaaaaaaa-0000-4000-8000-00000000000a", "sku": {"family": "A", "name": "standard"}}
    properties = {}
    for name, (kind, called, version) in DEPENDENTS.items():
        put(f"{group}/providers/{kind}/{called}{tag}", version, {"location": "eastus", "properties": sku})
        properties[name] = f"{group}/providers/{kind}/{called}{tag}"
    app.clock.advance(600)
    for number in range(WORKSPACES):
        body = {"location": "eastus", "identity": {"type": "SystemAssigned"}, "properties": properties}
        put(f"{group}/providers/{PROVIDER}/workspaces/ws-{number:02}", ML, body)
    app.clock.advance(600)


def wire_cluster() -> dict[str, t.Any]:
    scale = {"minNodeCount": 0, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT2M"}
    inner = {"vmSize": "STANDARD_DS3_V2", "scaleSettings": scale}
    return {
        "location": "eastus",
        "tags": {"team": "vision"},
        "properties": {"computeType": "AmlCompute", "properties": inner},
    }


def loop_task() -> str:
    one = document(SCALES[0], SCALES[0])[0]
    options = {**one["computes"][0], "resource_group": one["resource_group"], "workspace": one["name"]}
    options.pop("type")
    return (
        looped("azureml.compute.aml_compute_cluster", f" {json.dumps(options)}\n")
        + '    - ansible.builtin.assert: {that: "not result.changed"}\n'
    )


def peer_task(environment: dict[str, str]) -> str | None:
    """The nearest peer, looking at the same cluster; None where its collection is not installed."""
    asked = subprocess.run(
        [PEER / "ansible-doc", "-t", "module", "azure.azcollection.azure_rm_ml_compute"],
        env=environment,
        capture_output=True,
        check=False,
    )
    if not asked.stdout.strip():
        return None
    one = document(SCALES[0], SCALES[0])[0]
    options = {"name": one["computes"][0]["name"], "resource_group": one["resource_group"], "ml_workspace": one["name"]}
    return looped("azure.azcollection.azure_rm_ml_compute_info", f" {json.dumps(options)}\n")


def per_item(bench: Bench, task: str, rounds: int, place: Path = BIN) -> float:
    """Seconds for one item of a loop of ten, without Ansible's start."""
    found = []
    for _round in range(rounds):
        first, more = (play(str(bench.folder), bench.environment, task, items, place=place) for items in (1, ITEMS + 1))
        found.append((more - first) / ITEMS)
    return statistics.median(found)


def look(bench: Bench, rounds: int) -> list[str]:
    costs: dict[int, list[Cost]] = {scale: [] for scale in SCALES}
    floors: dict[int, list[tuple[float, float]]] = {scale: [] for scale in SCALES}
    for _round in range(rounds):
        for scale in SCALES:  # interleaved, so that what else the machine does hits all alike
            floors[scale].append(bench.floor(document(scale, scale)))
            costs[scale].append(bench.fleet(document(scale, scale), "none"))
    lines = [
        f"### Reading unchanged targets in {WORKSPACES} workspaces\n",
        "| targets | s | ms for each | requests | MB | floor s | floor MB | times the floor | s, all of ansible-playbook |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    medians = {
        scale: Cost(*(statistics.median(column) for column in zip(*costs[scale], strict=True))) for scale in SCALES
    }
    for scale, cost in medians.items():
        floor, small = (statistics.median(column) for column in zip(*floors[scale], strict=True))
        lines.append(
            f"| {scale} | {cost.seconds:.2f} | {cost.seconds / scale * 1000:.2f} | {cost.requests:.0f} | {cost.megabytes:.0f} "
            f"| {floor:.2f} | {small:.0f} | {cost.seconds / floor:.2f} | {cost.playbook:.2f} |"
        )
    kilo, floor = medians[1000], statistics.median(row[0] for row in floors[1000])
    # The growth from the smallest to the middle, and from the middle to the largest, for each target more.
    slope = [
        (medians[more].seconds - medians[less].seconds) / (more - less) * 1000
        for less, more in ((100, 1000), (1000, 3000))
    ]
    lines += [
        f"\nTo hold: 1,000 in at most 3 s (now {kilo.seconds:.2f}) and 150 MB (now {kilo.megabytes:.0f}), at most 3 times the floor (now "
        f"{kilo.seconds / floor:.2f}), linear (each further target {slope[0]:.2f} ms up to 1,000 and {slope[1]:.2f} ms beyond).\n"
    ]
    return lines


def loops(bench: Bench, rounds: int) -> list[str]:
    own = per_item(bench, loop_task(), rounds)
    lines = [
        f"### The same 1,000 targets by a loop, from {ITEMS} items\n",
        "| loop of | s for each | s for 1,000 |\n|---|---:|---:|",
        f"| azureml.compute.aml_compute_cluster | {own:.2f} | {own * 1000:.0f} |",
    ]
    peer = peer_task(bench.environment)
    if peer is None:
        return [*lines, "| azure.azcollection.azure_rm_ml_compute | not installed here, not measured | |\n"]
    each = per_item(bench, peer, rounds, PEER)
    return [*lines, f"| azure.azcollection.azure_rm_ml_compute_info | {each:.2f} | {each * 1000:.0f} |\n"]


def make(bench: Bench) -> list[str]:
    bench.control("PUT", "config", {"seconds": {"cluster.create": OPERATION_SECONDS}})
    rows = []
    for title, place, faults in (
        ("as it is", MADE, []),
        (f"the first {THROTTLED['count']} requests get 429, Retry-After 3", "throttled", [THROTTLED]),
    ):
        bench.control("PUT", "faults", faults)
        wanted = document(place, MADE)
        cost = bench.fleet(wanted, "create", parallelism=MADE_AT_ONCE)
        puts = [row for row in bench.control("GET", "requests") if row["method"] == "PUT"]
        taken = [row["path"] for row in puts if row["status"] < 300]
        refused = sum(row["status"] == 429 for row in bench.control("GET", "requests"))
        if len(taken) != MADE or len(set(taken)) != MADE:
            raise SystemExit(f"{len(taken)} creations were accepted, for {len(set(taken))} targets.")
        bench.fleet(wanted, "none")
        rows.append(
            f"| {title} | {cost.seconds:.1f} | {cost.requests} | {refused} | {len(taken)} | {cost.megabytes:.0f} |"
        )
    return [
        f"### Making {MADE} targets, {MADE_AT_ONCE} at once, each of {OPERATION_SECONDS} s of real time\n",
        "| service | s | requests | refused | creations accepted | MB |\n|---|---:|---:|---:|---:|---:|",
        *rows,
        f"\nTo hold: at most 60 s. It cannot be less than {MADE // MADE_AT_ONCE * OPERATION_SECONDS} s. Each was made once; the next run changed nothing.\n",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    subprocess.run(
        [BIN / "python", "-m", "compileall", "-q", ROOT / ".venv" / "lib", ROOT / "plugins"],
        stdout=subprocess.DEVNULL,
        check=False,
    )
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        home = f"{name}/simulator"
        with contextlib.ExitStack() as filling:
            fill(home, filling)
        bench = Bench(Path(name), stack.enter_context(running_simulator(home)))
        bench.environment["BENCH_TOKEN"] = bearer(bench.environment)
        load = os.getloadavg()[0]
        lines = [
            f"Python {platform.python_version()}, {os.cpu_count()} cores (the simulator uses one of them), {time.strftime('%Y-%m-%d')}, "
            f"median of {options.rounds} rounds, load average {load:.1f} before the first. Seconds and memory are those of the module's process.\n",
            *look(bench, options.rounds),
            *loops(bench, options.rounds),
            *make(bench),
        ]
    print("\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
