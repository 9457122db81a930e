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
from urllib.parse import urlencode

from ansible_collections.azureml.compute.plugins.module_utils._core.arm_id import collection_id, target_in
from ansible_collections.azureml.compute.plugins.module_utils._kinds.registry import COLLECTIONS
from azureml_simulator.entra.directory import DEFAULT_SUBSCRIPTION

from .bench_tools import AS_MODULE, IN_PROCESS, ML, PROVIDER, Bench, Cost, NotMeasured, median, spent
from .command import BIN

WORKSPACES = 20
# Each has a resource group: for the figures of unchanged targets, for the drift report, and for creations.
MANY, MOST, REPORTED, CREATED = 1000, 10_000, 600, 200
# Online endpoints, and objects of all kinds, each in a resource group of their own.
ENDPOINTS, MIXED = 1001, 1002
# How many objects of each kind a workspace of the last has: 1,000 in all workspaces together.
MIX = {
    "computes": 15, "datastores": 10, "connections": 10, "diagnostic_settings": 1, "online_endpoints": 4, "role_assignments": 10,
}  # fmt: skip
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
    # The service has some of its own: default datastores, inherited role assignments.
    assert sum(pool.map(listed, sys.argv[2:])) >= int(sys.argv[1])
"""


def shrink() -> None:
    """A tenth of the targets."""
    global MANY, MOST, REPORTED, CREATED, AT_ONCE
    MANY, MOST, REPORTED, CREATED, AT_ONCE = (number // 10 for number in (MANY, MOST, REPORTED, CREATED, AT_ONCE))
    MIX.update({kind: max(1, number // 10) for kind, number in MIX.items()})


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
        f"{url}{_list_address(workspace_id(bench.subscription, group, item['name']), name)}"
        for item in document(group)
        for name in COLLECTIONS
        if name in item
    ]
    return spent([BIN / "python", script, str(_targets(group)), *urls], bench.environment)[0]


def _list_address(workspace: str, collection: str) -> str:
    """What a fleet reads for all resources of a workspace's collection."""
    kind = COLLECTIONS[collection].fallback
    return f"{collection_id(workspace, collection)}?{urlencode({'api-version': kind.api_version, **kind.list_params})}"


def unchanged(bench: Bench, group: int, way: str = IN_PROCESS) -> Cost:
    """The cost of one task: that of a play with three of them less that of a play with one, by two. The memory is that of the largest process."""
    task = fleet_task(written(bench, group), "none", _targets(group))
    once = bench.play(task, way)
    more = bench.play(task * 3, way)
    return more.minus(once, 2)


def arguments_alone(bench: Bench, group: int) -> Cost:
    """The cost of as many tasks that are given the same document, and do nothing."""
    document = f"{{{{ lookup('ansible.builtin.file', '{written(bench, group)}') | from_json }}}}"
    task = f"""    - ansible.builtin.debug: {{msg: "{{{{ document }}}}", verbosity: 5}}
      vars: {{document: "{document}"}}
    - ansible.builtin.assert: {{that: true}}
"""
    return bench.play(task * 3).minus(bench.play(task), 2)


def look(bench: Bench, group: int) -> dict[str, Cost]:
    """The costs of the bare client, of a task for each way to run, and of what ansible-core needs for its arguments; rounds are interleaved."""
    costs: dict[str, list[Cost]] = {}
    for _round in range(bench.rounds):
        costs.setdefault("floor", []).append(floor(bench, group))
        for way in (IN_PROCESS, AS_MODULE):
            costs.setdefault(way, []).append(unchanged(bench, group, way))
        costs.setdefault("debug", []).append(arguments_alone(bench, group))
    return {name: median(found) for name, found in costs.items()}


def create(bench: Bench, way: str = IN_PROCESS) -> tuple[Cost, str]:
    """The cost of one task that creates its targets, without Ansible's start, and what it consists of.

    Each is created once, and the next run changes nothing. Its simulator has no other targets: it adds up the cores of all whenever one is made.
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


def document(group: int) -> list[dict[str, t.Any]]:
    """The declaration of the workspaces of a group."""
    declared = {ENDPOINTS: _endpoints, MIXED: _objects}.get(group, lambda _workspace: {"computes": _clusters(group)})
    names = (f"ws-{number:02}" for number in range(WORKSPACES))
    return [{"name": name, "resource_group": _group(group), **declared(name)} for name in names]


def _targets(group: int) -> int:
    """How many targets the workspaces of a group have."""
    return sum(len(value) for item in document(group) for value in item.values() if isinstance(value, list))


def _clusters(targets: int) -> list[dict[str, t.Any]]:
    """The clusters of one of the workspaces that have so many together. Every tenth differs from the others in its options."""
    cluster = {"type": "amlcompute", "size": "Standard_D4s_v3", "min_instances": 0, "idle_time_before_scale_down": 120}
    return [
        {**cluster, "name": f"c{number:03}-bench", "max_instances": _largest(number), "tags": {"team": "vision"}}
        for number in range(targets // WORKSPACES)
    ]


def _endpoints(workspace: str, number: int | None = None) -> dict[str, t.Any]:
    """As many online endpoints as the figure of compute targets has of those. Their names are unique in a region."""
    endpoint = {"auth_mode": "key", "tags": {"team": "vision"}}
    names = (f"ep-{workspace}-{one:02}" for one in range(number or MANY // WORKSPACES))
    return {"online_endpoints": [{"name": name, **endpoint} for name in names]}


def _objects(workspace: str) -> dict[str, t.Any]:
    """What a team's workspace has beside its compute targets, too."""
    store = {"type": "azure_blob", "account_name": "stmldemo"}
    models = {"type": "azure_open_ai", "target": "https://oai.openai.azure.com/", "metadata": {"ApiVersion": "2024-10-21"}}  # fmt: skip
    storage = f"/subscriptions/{DEFAULT_SUBSCRIPTION}/resourceGroups/{_group(MIXED)}/providers/Microsoft.Storage/storageAccounts/amlbench{MIXED}"
    logs = {"storage_account_id": storage, "log_categories": ["AmlComputeClusterEvent"]}
    team = {"role": "AzureML Data Scientist", "principal_type": "group"}
    rows: dict[str, t.Callable[[int], dict[str, t.Any]]] = {
        "datastores": lambda number: {**store, "name": f"data{number:02}", "container_name": f"data-{number:02}"},
        "connections": lambda number: {**models, "name": f"models{number:02}"},
        "diagnostic_settings": lambda number: {**logs, "name": f"logs{number:02}"},
        "role_assignments": lambda number: {**team, "principal_id": f"11111111-0000-4000-8000-{number:012}"},
    }
    return {
        "computes": _clusters(WORKSPACES * MIX["computes"]),
        **_endpoints(f"{workspace}-mixed", MIX["online_endpoints"]),
        **{kind: [row(number) for number in range(MIX[kind])] for kind, row in rows.items()},
    }


def _largest(number: int) -> int:
    return 4 + number % 10


def others() -> tuple[int, ...]:
    """The groups of all figures but the creations."""
    return MANY, MOST, REPORTED, ENDPOINTS, MIXED


def fill(home: Path, *groups: int) -> None:
    """What the measured runs find in these groups: written through the simulator's own rules, in this process, before it serves."""
    from azureml_simulator.app import App
    from azureml_simulator.providers.machine_learning import quota as quotas
    from azureml_simulator.state_directory import StateDirectory

    place = StateDirectory(home)
    place.prepare()
    app = App(place.database, key=place.token_key(), secret=place.secret())
    app.configure(CONFIG)
    token = app.token()

    def put(path: str, version: str, body: t.Any, **params: str) -> None:
        query = urlencode({"api-version": version, **params})
        answer = app.call("PUT", f"{path}?{query}", body, token=token)
        if answer.status >= 300:
            raise SystemExit(f"PUT {path}: {answer.body}")

    with contextlib.ExitStack() as stack:
        # There is room for all: adding it up again for each cluster takes minutes.
        for rule in ("check", "too_many"):
            stack.enter_context(mock.patch.object(quotas, rule, return_value=None))
        for number in groups:
            _make_workspaces(app, put, f"/subscriptions/{DEFAULT_SUBSCRIPTION}/resourceGroups/{_group(number)}")
            for one in document(number) if number != CREATED else ():
                workspace = workspace_id(DEFAULT_SUBSCRIPTION, number, one["name"])
                for compute in one.get("computes", ()):
                    put(f"{workspace}/computes/{compute['name']}", ML, _wire_cluster(compute["max_instances"]))
                for name in COLLECTIONS.keys() & one.keys() - {"computes"}:
                    for entry in one[name]:
                        _put_declared(put, workspace, name, entry)
            app.clock.advance(600)
    app.close()


def _put_declared(put: t.Callable[..., None], workspace: str, collection: str, entry: t.Any) -> None:
    """Write a resource as the collection's own modules do."""
    kind = COLLECTIONS[collection].fallback.configured(entry)
    target = target_in(workspace, collection, kind.name_of(entry, workspace))
    body = kind.create_body(target, kind.declare(entry, target), {"location": "eastus"})
    put(target.id, kind.api_version, body, **kind.write_params)


def _make_workspaces(app: t.Any, put: t.Callable[..., None], group: str) -> None:
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
