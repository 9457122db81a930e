# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook provision_workspace, as a user runs it: everything, again, in check mode, and with one number edited."""

from __future__ import annotations

import typing as t

import pytest
import yaml

from .conftest import ROOT, Player

PLAYBOOK = "azureml.compute.provision_workspace"

# The settings that the collection has for a short output. A variable replaces the list of callbacks in the file.
SHORT = {
    "ANSIBLE_CONFIG": str(ROOT / "examples" / "ansible.cfg"),
    "ANSIBLE_CALLBACKS_ENABLED": "report,azureml.compute.aml_progress",
}

# Writes the names of what a module's process imports from azure.ai to a file.
SPY = """
import os, sys
class Spy:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("azure.ai"):
            with open(os.environ["AML_TEST_SPY"], "a") as seen:
                seen.write(name + "\\n")
        return None
sys.meta_path.insert(0, Spy())
"""


@pytest.fixture
def variables(player: Player) -> dict[str, t.Any]:
    declared: dict[str, t.Any] = yaml.safe_load((ROOT / "examples" / "workspace.yml").read_text())
    declared["aml_resource_group"] = player.group
    # One of each: what other kinds do has tests of its own. Nothing of the caller's own SSH is touched.
    declared["aml_computes"] = [
        aml_compute for aml_compute in declared["aml_computes"] if aml_compute["type"] == "amlcompute"
    ]
    for name in ("aml_nodes_ssh_config", "aml_resources"):
        del declared[name]
    declared |= {"aml_ssh_keys_directory": str(player.folder / "keys"), "aml_ssh_keys_bits": 2048}
    return declared


def run(player: Player, variables: dict[str, t.Any], **more: t.Any) -> t.Any:
    path = player.folder / "workspace.yml"
    path.write_text(yaml.safe_dump(variables))
    return player.playbook(PLAYBOOK, "--diff", "-e", f"@{path}", **more)


def test_everything_again_and_one_number(player: Player, variables: dict[str, t.Any]) -> None:
    mark = player.simulator.mark()
    # What the last role would refuse is found before the first one writes.
    cluster = variables["aml_computes"][0]
    refused = run(player, {**variables, "aml_computes": [{**cluster, "size": "Standard_Nothing"}]}, ok=False)
    assert refused.code != 0 and "SizeNotOffered" in refused.text and player.simulator.writes(mark) == []

    planned = run(player, variables, check=True)
    assert planned.changed > 5
    assert player.simulator.writes(mark) == [], "check mode wrote"

    spy = player.folder / "spy"
    (player.folder / "sitecustomize.py").write_text(SPY)
    watched = {"PYTHONPATH": str(player.folder), "AML_TEST_SPY": str(spy)}
    first = run(player, variables, env=watched)
    assert first.changed >= planned.changed
    assert first["aml_workspace : Manage the workspace"]["workspace"]["provisioning_state"] == "Succeeded"
    assert first["aml_workspace : Manage the workspace"]["workspace"]["storage_account"]
    [made] = first["aml_compute : Manage compute targets"]["targets"]
    assert (made["name"], made["action"], made["failure"]) == ("cpu-cluster", "create", None)

    assert "azure.ai.ml" in spy.read_text(), "the spy sees the import that a creation needs"
    spy.unlink()
    mark = player.simulator.mark()
    again = run(player, variables, env={**watched, **SHORT})
    assert again.changed == 0
    lines = again.text.splitlines()
    assert len(lines) <= 20, again.text
    assert "included:" not in again.text
    summary = lines[lines.index(next(line for line in lines if line.startswith("TASK [Show the compute targets"))) :]
    assert [line.split()[0] for line in summary if line] == [
        "TASK",
        "NAME",
        variables["aml_workspace"]["name"],
        "cpu-cluster",
        "check-cpu-cluster-1",
        "PLAY",
        "localhost",
    ]
    assert {row["method"] for row in player.simulator.requests(mark) if not row["path"].endswith("/token")} == {"GET"}
    assert not spy.exists(), f"azure-ai-ml was imported: {spy.read_text()}"

    variables["aml_computes"][0]["max_instances"] = 6
    mark = player.simulator.mark()
    edited = run(player, variables)
    assert edited.changed == 1
    assert edited.text.count("\nTASK [") <= 40, "also with Ansible's own settings"
    (write,) = player.simulator.writes(mark)
    assert write["method"] == "PATCH"
    assert write["body"] == {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 6}}}}
    [target] = edited["aml_compute : Manage compute targets"]["targets"]
    assert [change["field"] for change in target["changes"]] == ["max_instances"]
