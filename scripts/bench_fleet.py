# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of fleets: unchanged targets beside a bare client, endpoints, creations, the drift report, and exports."""

from __future__ import annotations

import contextlib
import json
import typing as t
from pathlib import Path
from unittest import mock

from .bench_tools import AS_MODULE, IN_PROCESS, ML, PROVIDER, Bench, Cost, NotMeasured, median, spent
from .command import BIN

WORKSPACES = 20
# Each has a resource group: for the figures of unchanged targets, for the drift report, and for creations.
MANY, MOST, REPORTED, CREATED = 1000, 10_000, 600, 200
# Online endpoints, in a resource group of their own.
ENDPOINTS = 1001
AT_ONCE, OPERATION_SECONDS = 50, 10
EXPORTED = 10
DEPENDENTS = {
    "storageAccount": ("Microsoft.Storage/storageAccounts", "amlbench", "2023-05-01"),
    "keyVault": ("Microsoft.KeyVault/vaults", "aml-bench", "2023-07-01"),
    "applicationInsights": ("Microsoft.Insights/components", "aml-bench", "2020-02-02"),
}
# Limits are not what is measured.
CONFIG = {
    "ssh": {"enabled": False},
    "quotas": {"*": {"standardDSv3Family": 10**6, "TotalDedicatedCores": 10**6, "TotalClusters": 10**6}},
}

# The bare client: the same LISTs, as many at once, over the same kind of connection, with a token that it is given. It compares nothing.
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


def shrink() -> None:
    """A tenth of the targets."""
    global MANY, MOST, REPORTED, CREATED, AT_ONCE
    MANY, MOST, REPORTED, CREATED, AT_ONCE = (number // 10 for number in (MANY, MOST, REPORTED, CREATED, AT_ONCE))


def fleet_task(document: Path, expected: str, targets: int, **options: t.Any) -> str:
    """One run of aml_fleet; the play fails unless each target has the action ``expected``."""
    given = json.dumps({"workspaces": "{{ document }}", **options})
    totals = f"{{'targets': {targets}, 'failed': 0, '{expected}': {targets}}}"
    return f"""    - azureml.compute.aml_fleet: {given}
      vars: {{document: "{{{{ lookup('ansible.builtin.file', '{document}') | from_json }}}}"}}
      register: result
    - ansible.builtin.assert: {{that: "result.totals == {totals}"}}
"""


def written(bench: Bench, group: int) -> Path:
    path = bench.folder / f"fleet-{group}.json"
    path.write_text(json.dumps(document(group)))
    return path


def floor(bench: Bench, group: int) -> Cost:
    """The cost of the bare client's process."""
    script = bench.folder / "floor.py"
    script.write_text(FLOOR_SCRIPT)
    url = bench.environment["AML_SIMULATOR_URL"]
    urls = [
        f"{url}{workspace_id(bench.subscription, group, item['name'])}/computes?api-version={ML}"
        for item in document(group)
    ]
    return spent([BIN / "python", script, str(group), *urls], bench.environment)[0]


def unchanged(bench: Bench, group: int, way: str) -> Cost:
    """The cost of one task: that of a play with three of them less that of a play with one, by two. The memory is that of the largest process."""
    task = fleet_task(written(bench, group), "none", group)
    once = bench.play(task, way)
    more = bench.play(task * 3, way)
    return more.minus(once, 2)


def look(bench: Bench) -> dict[str, Cost]:
    """The costs of the bare client and of a task, for each number of targets and each way to run; rounds are interleaved."""
    costs: dict[str, list[Cost]] = {}
    for _round in range(bench.rounds):
        costs.setdefault("floor", []).append(floor(bench, MANY))
        for way in (IN_PROCESS, AS_MODULE):
            costs.setdefault(way, []).append(unchanged(bench, MANY, way))
    costs["most"] = [unchanged(bench, MOST, IN_PROCESS)]
    return {name: median(found) for name, found in costs.items()}


def endpoints(bench: Bench) -> Cost:
    """The cost of one task over as many online endpoints as there are compute targets in the other figure."""
    path = bench.folder / "endpoints.json"
    path.write_text(json.dumps(endpoints_document()))
    task = fleet_task(path, "none", MANY)
    return bench.play(task * 3).minus(bench.play(task), 2)


def create(bench: Bench, way: str = IN_PROCESS) -> tuple[Cost, str]:
    """The cost of one task that creates its targets, without Ansible's start, and what it consists of.

    Each is created once, and the next run changes nothing.
    """
    bench.control("PUT", "config", {"seconds": {"cluster.create": OPERATION_SECONDS}})
    path = written(bench, CREATED)
    bench.control("DELETE", "requests")
    limits = {"parallelism": AT_ONCE, "parallelism_per_workspace": AT_ONCE}
    made = bench.play(fleet_task(path, "create", CREATED, **limits), way)
    sent = bench.control("GET", "requests")
    puts = [row for row in sent if row["method"] == "PUT" and row["status"] < 300]
    if len(puts) != CREATED or len({row["path"] for row in puts}) != CREATED:
        raise NotMeasured(f"{len(puts)} creations were accepted, not {CREATED}.")
    polls = sum("operation" in row["path"].casefold() for row in sent)
    note = f"{len(sent)} requests, of which {polls} read the state of an operation"
    return made.minus(bench.play(fleet_task(path, "none", CREATED), way)), note


def export(bench: Bench) -> tuple[Cost, Cost]:
    """The costs of `export_workspace` for each of several workspaces, and for one alone, with Ansible's start; their targets are those of the drift report."""
    hosts = {
        item["name"]: {"aml_resource_group": item["resource_group"], "aml_workspace": {"name": item["name"]}}
        for item in document(REPORTED)[:EXPORTED]
    }
    inventory = bench.folder / "hosts.json"
    inventory.write_text(json.dumps({"all": {"children": {"aml_workspaces": {"hosts": hosts}}}}))

    def played(limit: str, folder: str) -> Cost:
        arguments = ("-i", str(inventory), "--limit", limit, "-f", str(EXPORTED), "-e")
        variables = {"aml_hosts": "aml_workspaces", "aml_export_folder": str(bench.folder / folder)}
        return bench.playbook("export_workspace", *arguments, json.dumps(variables))[0]

    one = median([played(next(iter(hosts)), f"one-{number}") for number in range(bench.rounds)])
    several = median([played("all", f"several-{number}") for number in range(bench.rounds)])
    return several.minus(one, EXPORTED - 1), one


def drift(bench: Bench) -> tuple[Cost, Cost]:
    """The costs of the drift report's playbook, and of the fleet's in check mode, over the same targets."""
    facts = bench.folder / "drift.json"
    facts.write_text(
        json.dumps({"aml_fleet_workspaces": document(REPORTED), "aml_drift_folder": str(bench.folder / "drift")})
    )
    reports, checks = [], []
    for _round in range(bench.rounds):
        checks.append(bench.playbook("fleet", "-e", f"@{facts}", "--check")[0])
        reports.append(bench.playbook("drift_report", "-e", f"@{facts}")[0])
    return median(reports), median(checks)


def workspace_id(subscription: str, group: int, name: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{_group(group)}/providers/{PROVIDER}/workspaces/{name}"


def _group(number: int) -> str:
    return f"ml-bench-{number}"


def document(targets: int) -> list[dict[str, t.Any]]:
    """So many clusters, spread over the workspaces of the group of that number. Every tenth differs from the others in its options."""
    cluster = {"type": "amlcompute", "size": "Standard_D4s_v3", "min_instances": 0, "idle_time_before_scale_down": 120}
    computes = [
        {**cluster, "name": f"c{number:03}-bench", "max_instances": _largest(number), "tags": {"team": "vision"}}
        for number in range(targets // WORKSPACES)
    ]
    return [
        {"name": f"ws-{number:02}", "resource_group": _group(targets), "computes": computes}
        for number in range(WORKSPACES)
    ]


def endpoints_document() -> list[dict[str, t.Any]]:
    """As many online endpoints as the figure of compute targets has of those. Their names are unique in a region."""
    return [
        {
            "name": f"ws-{number:02}",
            "resource_group": _group(ENDPOINTS),
            "online_endpoints": [
                {"name": f"ep-{number:02}-{one:02}", "auth_mode": "key", "tags": {"team": "vision"}}
                for one in range(MANY // WORKSPACES)
            ],
        }
        for number in range(WORKSPACES)
    ]


def _largest(number: int) -> int:
    return 4 + number % 10


def fill(home: Path) -> None:
    """What the measured runs find: written through the simulator's own rules, in this process, before it serves."""
    from azureml_simulator.app import App
    from azureml_simulator.entra.directory import DEFAULT_SUBSCRIPTION
    from azureml_simulator.providers.machine_learning import quota as quotas
    from azureml_simulator.state_directory import StateDirectory

    place = StateDirectory(home)
    place.prepare()
    app = App(place.database, key=place.token_key(), secret=place.secret())
    app.configure(CONFIG)
    token = app.token()

    def put(path: str, version: str, body: t.Any) -> None:
        answer = app.call("PUT", f"{path}?api-version={version}", body, token=token)
        if answer.status >= 300:
            raise SystemExit(f"PUT {path}: {answer.body}")

    with contextlib.ExitStack() as stack:
        # There is room for all: adding it up again for each cluster takes minutes.
        for rule in ("check", "too_many"):
            stack.enter_context(mock.patch.object(quotas, rule, return_value=None))
        for number in (MANY, MOST, REPORTED, CREATED):
            _make_workspaces(app, put, f"/subscriptions/{DEFAULT_SUBSCRIPTION}/resourceGroups/{_group(number)}")
            for one in document(number) if number != CREATED else ():
                workspace = workspace_id(DEFAULT_SUBSCRIPTION, number, one["name"])
                for compute in one["computes"]:
                    put(f"{workspace}/computes/{compute['name']}", ML, _wire_cluster(compute["max_instances"]))
            app.clock.advance(600)
        _make_workspaces(app, put, f"/subscriptions/{DEFAULT_SUBSCRIPTION}/resourceGroups/{_group(ENDPOINTS)}")
        for one in endpoints_document():
            workspace = workspace_id(DEFAULT_SUBSCRIPTION, ENDPOINTS, one["name"])
            for endpoint in one["online_endpoints"]:
                put(f"{workspace}/onlineEndpoints/{endpoint['name']}", ML, _wire_endpoint())
        app.clock.advance(600)
    app.close()


def _make_workspaces(app: t.Any, put: t.Callable[[str, str, t.Any], None], group: str) -> None:
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


def _wire_cluster(largest: int) -> dict[str, t.Any]:
    scale = {"minNodeCount": 0, "maxNodeCount": largest, "nodeIdleTimeBeforeScaleDown": "PT2M"}
    inner = {"vmSize": "STANDARD_D4S_V3", "scaleSettings": scale}
    return {
        "location": "eastus",
        "tags": {"team": "vision"},
        "properties": {"computeType": "AmlCompute", "properties": inner},
    }


def _wire_endpoint() -> dict[str, t.Any]:
    return {
        "location": "eastus",
        "tags": {"team": "vision"},
        "identity": {"type": "SystemAssigned"},
        "properties": {"authMode": "Key"},
    }
