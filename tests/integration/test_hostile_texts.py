# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every text that others may write at the service is a template with a command: no playbook runs it, and the export's round trip changes nothing.

Each text would make a marker file of its own in the folder that the playbooks run in.
"""
from __future__ import annotations

import itertools
import typing as t

import pytest

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
        return {self(): self(), "owner": self(), "expression": expression, "lines": f"one\u2028\n{self()}\n", "block": "{% set x = " + expression + " %}"}

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
        script = {"scriptSource": "workspaceStorage", "scriptData": "Users/a/start.sh", "scriptArguments": self(), "timeout": "5m"}
        inner = {
            "vmSize": "STANDARD_DS3_V2",
            "customServices": [application],
            "setupScripts": {"scripts": {"startupScript": script}},
        }
        return {"computeType": "ComputeInstance", "description": self(), "properties": inner}


@pytest.fixture
def hostile(player: Player) -> int:
    """A workspace with a cluster and an instance, made by another client; how many texts it has."""
    texts = Texts()
    workspace = player.make_workspace(WORKSPACE, tags=texts.tags())
    player.simulator.arm("PATCH", workspace, ML, {"properties": {"description": texts(), "friendlyName": texts()}})
    for name, properties in (("cpu", texts.cluster()), ("ci-hostile", texts.instance())):
        player.simulator.arm("PUT", f"{workspace}/computes/{name}", ML, {"location": "eastus", "tags": texts.tags(), "properties": properties})
    return next(texts.numbers)


def test_no_text_of_the_service_is_evaluated(player: Player, hostile: int) -> None:
    exported = player.folder / "exported"
    player.playbook(f"{PREFIX}export_workspace", "-e", f"aml_resource_group={player.group} workspace={WORKSPACE} aml_export_folder={exported}")
    files = {path.name: path.read_text() for path in exported.glob("*.yml")}
    assert set(files) == {"workspace.yml", "fleet.yml"} and "touch marker-" in files["workspace.yml"] and "touch marker-" in files["fleet.yml"]
    mark = player.simulator.mark()
    for playbook, file in (("provision_workspace", "workspace"), ("fleet", "fleet"), ("drift_report", "fleet")):
        arguments = ("-e", f"@{exported / file}.yml", "-e", f"aml_drift_folder={player.folder / 'drift'}")
        run = player.playbook(f"{PREFIX}{playbook}", *arguments, check=playbook != "drift_report")
        changed = [name for name, result in run.tasks if result.get("changed") and name not in ("Create the directory", "Write the files")]
        assert changed == [], (playbook, changed)
    assert player.simulator.writes(mark) == []
    assert hostile > 20 and list(player.folder.rglob("marker-*")) == []


def test_known_hosts_that_cannot_be_read_are_an_error(player: Player) -> None:
    """Taken as empty, they would make each machine a new one, whose key is trusted."""
    known = player.folder / "known_hosts"
    known.mkdir()
    role = {"name": "azureml.compute.aml_nodes", "tasks_from": "host_keys.yml"}
    variables = {"aml_nodes_known_hosts": str(known), "aml_nodes_hosts": []}
    run = player.play({"name": "Host keys", "ansible.builtin.include_role": role, "vars": variables}, ok=False)
    name, result = run.tasks[-1]
    assert run.code != 0 and name == "aml_nodes : Read the known hosts" and str(known) in result["msg"], run.text
    assert known.is_dir()
