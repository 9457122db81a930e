# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every text that others may write at the service is a template with a command: no playbook runs it, and the export's round trip changes nothing.

Each text would make a marker file of its own in the folder that the playbooks run in.
"""

from __future__ import annotations

import itertools
import json
import typing as t

import pytest
import yaml
from ansible_collections.azureml.compute.tests.support import awx

from .conftest import ML, Player

WORKSPACE = "ws-hostile"
PREFIX = "azureml.compute."


class Texts:
    """Templates, numbered."""

    def __init__(self) -> None:
        self.numbers = itertools.count()

    def __call__(self) -> str:
        return "{{ " + f"lookup('ansible.builtin.pipe', 'touch marker-{next(self.numbers)}')" + " }}"

    def tags(self) -> dict[str, str]:
        expression = f"lookup('ansible.builtin.pipe', 'touch marker-{next(self.numbers)}')"
        return {
            self(): self(),
            "owner": self(),
            "expression": expression,
            "lines": f"one\u2028\n{self()}\n",
            "block": "{% set x = " + expression + " %}",
        }

    def cluster(self) -> dict[str, t.Any]:
        inner = {"vmSize": "STANDARD_DS3_V2", "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 1}}
        return {"computeType": "AmlCompute", "description": self(), "properties": inner}

    def instance(self) -> dict[str, t.Any]:
        application = {
            "name": "app",
            "type": "docker",
            "image": {"type": "docker", "reference": self()},
            "endpoints": [{"protocol": "tcp", "name": "one", "target": 8787, "published": 8788}],
            "environmentVariables": {"ROOT": {"type": "local", "value": self()}},
            "volumes": [{"type": "bind", "readOnly": False, "source": self(), "target": "/x"}],
        }
        script = {
            "scriptSource": "workspaceStorage",
            "scriptData": "Users/a/start.sh",
            "scriptArguments": self(),
            "timeout": "5m",
        }
        inner = {
            "vmSize": "STANDARD_DS3_V2",
            "customServices": [application],
            "setupScripts": {"scripts": {"startupScript": script}},
        }
        return {"computeType": "ComputeInstance", "description": self(), "properties": inner}


@pytest.fixture
def hostile(player: Player) -> Texts:
    """A workspace with targets of each kind, an identity and what is attached, all made by another client with texts that are templates."""
    texts = Texts()
    workspace = player.make_workspace(WORKSPACE, tags=texts.tags())
    group = player.simulator.group_id(player.group)
    player.simulator.arm("PATCH", workspace, ML, {"properties": {"description": texts(), "friendlyName": texts()}})
    identity = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/trainer"
    player.simulator.arm("PUT", identity, "2023-01-31", {"location": "eastus", "tags": texts.tags()})
    factory = f"{group}/providers/Microsoft.DataFactory/factories/adf-hostile"
    player.simulator.arm("PUT", factory, "2018-06-01", {"location": "eastus", "tags": texts.tags(), "properties": {}})
    attached = {"computeType": "DataFactory", "description": texts(), "resourceId": factory}
    inference = {
        "computeType": "AKS",
        "description": texts(),
        "properties": {"agentCount": 1, "agentVmSize": "Standard_DS3_v2", "clusterPurpose": "DevTest"},
    }
    for name, properties in (
        ("cpu", texts.cluster()),
        ("ci-hostile", texts.instance()),
        ("factory", attached),
        ("scoring", inference),
    ):
        body: dict[str, t.Any] = {"location": "eastus", "tags": texts.tags(), "properties": properties}
        if name == "cpu":
            body["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
        player.simulator.arm("PUT", f"{workspace}/computes/{name}", ML, body)
    return texts


def as_artifact(value: t.Any) -> t.Any:
    """The value with its texts marked, as AWX writes the artifacts of a job for the next one."""
    if isinstance(value, dict):
        return {awx._Unsafe(key): as_artifact(below) for key, below in value.items()}
    if isinstance(value, list):
        return [as_artifact(below) for below in value]
    return awx._Unsafe(value) if isinstance(value, str) else value


def together(player: Player, file: str, *plays: t.Any) -> str:
    """A playbook of several, so that all run in one process; its path."""
    path = player.folder / file
    path.write_text(
        yaml.safe_dump(
            [play if isinstance(play, dict) else {"import_playbook": f"{PREFIX}{play}"} for play in plays],
            sort_keys=False,
        )
    )
    return str(path)


def test_no_text_of_the_service_is_evaluated(player: Player, hostile: Texts) -> None:
    """Each playbook that takes what was exported or read, with progress lines; reports and artifacts; hosts of the inventory. Schedules have no free texts."""
    exported, reports = player.folder / "exported", player.folder / "reports"
    progress = {"ANSIBLE_CALLBACKS_ENABLED": f"report,{PREFIX}aml_progress"}
    player.playbook(
        f"{PREFIX}export_workspace",
        "-e",
        f"aml_resource_group={player.group} workspace={WORKSPACE} aml_export_folder={exported}",
    )
    files = {path.name: path.read_text() for path in exported.glob("*.yml")}
    assert (
        set(files) == {"workspace.yml", "fleet.yml"}
        and "touch marker-" in files["workspace.yml"]
        and "touch marker-" in files["fleet.yml"]
    )
    assert all(
        f"name: {name}\n" in text for name in ("cpu", "ci-hostile", "factory", "scoring") for text in files.values()
    )

    mark = player.simulator.mark()
    path = together(player, "check.yml", "provision_workspace", "fleet", "rotate_keys", "stop_idle", "teardown")
    loaded = ("-e", f"@{exported / 'workspace.yml'}", "-e", f"@{exported / 'fleet.yml'}")
    run = player.playbook(
        path, *loaded, "-e", "aml_teardown_confirm=none aml_rotate_workspace_keys=false", check=True, env=progress
    )
    changed = {name for name, result in run.tasks if result.get("changed")}
    # Only what stops or deletes would change something, and those tasks are of no role.
    assert changed and [name for name in changed if name.startswith("aml_")] == []
    assert [row["path"] for row in player.simulator.writes(mark) if not row["path"].endswith("/listNodes")] == []

    # Another declaration: differences, what is not declared, and a failure whose message is a template, in reports, artifacts and progress lines.
    message = hostile()
    refusal = {
        "kind": "status",
        "status": 400,
        "message": message,
        "code": "Refused",
        "match": {"path": "computes/new"},
        "count": 9,
    }
    player.simulator.control("PUT", "faults", [refusal])
    computes = [
        {"type": "amlcompute", "name": name, "size": "Standard_DS3_v2", "max_instances": 1, "tags": {"owner": "ours"}}
        for name in ("cpu", "new")
    ]
    document = {
        "aml_fleet_name": "own",
        "aml_fleet_workspaces": [{"name": WORKSPACE, "resource_group": player.group, "computes": computes}],
    }
    folders = {"aml_drift_folder": str(reports), "aml_fleet_reports": str(reports), "aml_drift_cost": False}
    path = together(player, "report.yml", "drift_report", "fleet")
    try:
        run = player.playbook(path, "-e", json.dumps({**document, **folders}), ok=False, env=progress)
    finally:
        player.simulator.control("DELETE", "faults")
    assert run.code != 0 and message in run.text
    results = {path.name: path.read_text() for path in reports.iterdir()}
    [result] = [text for name, text in results.items() if name.startswith("fleet-")]
    assert message in json.dumps(json.loads(result), ensure_ascii=False).replace('\\"', '"') and all(
        "touch marker-" in text for text in results.values()
    )

    # As AWX passes the artifacts of one job to the next.
    (player.folder / "artifacts.yml").write_text(
        yaml.dump({"aml_fleet_result_0123abcd": as_artifact(json.loads(result))}, Dumper=awx._Dumper)
    )
    (player.folder / "hostile.aml_compute.yml").write_text(
        yaml.safe_dump({"plugin": f"{PREFIX}aml_compute", "resource_groups": [player.group]})
    )
    hosts = {
        "hosts": "aml_nodes",
        "gather_facts": False,
        "tasks": [{"name": "Facts", "ansible.builtin.debug": {"var": "hostvars[inventory_hostname]"}}],
    }
    path = together(player, "merge.yml", hosts, "merge_reports")
    arguments = ("-i", "hostile.aml_compute.yml", "-e", "@artifacts.yml", "-e", f"aml_reports={reports}")
    run = player.playbook(path, *arguments, ok=False, env=progress)
    assert "touch marker-" in json.dumps([result for name, result in run.tasks if name == "Facts"])
    assert run.code != 0 and "touch marker-" in (reports / "fleet.json").read_text()
    assert next(hostile.numbers) > 40 and list(player.folder.rglob("marker-*")) == []


def test_known_hosts_that_cannot_be_read_are_an_error(player: Player) -> None:
    """Taken as empty, they would make each machine a new one, whose key is trusted."""
    known = player.folder / "known_hosts"
    known.mkdir()
    role = {"name": "azureml.compute.aml_nodes", "tasks_from": "host_keys.yml"}
    variables = {"aml_nodes_known_hosts": str(known), "aml_nodes_hosts": []}
    run = player.play({"name": "Host keys", "ansible.builtin.include_role": role, "vars": variables}, ok=False)
    name, result = run.tasks[-1]
    assert run.code != 0 and name == "aml_nodes : Read the host keys of new machines" and str(known) in result["msg"], (
        run.text
    )
    assert known.is_dir()
