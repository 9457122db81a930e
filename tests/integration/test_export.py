# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A workspace that the playbook made, exported to a vars file of the same playbook: applied again, it changes nothing."""
from __future__ import annotations

import typing as t

import yaml

from .conftest import Player, module

PLAYBOOK = "azureml.compute.provision_workspace"


def test_an_exported_workspace_is_a_vars_file(player: Player) -> None:
    declared: dict[str, t.Any] = {"aml_resource_group": player.group, "aml_location": "eastus", "aml_workspace": {"name": "ws-exported"}}
    declared["aml_clusters"] = [{"name": "cpu-cluster", "size": "Standard_DS3_v2", "max_instances": 4, "identity": {"type": "system_assigned"}}]
    evening = {"action": "stop", "trigger": {"type": "cron", "expression": "0 18 * * *", "time_zone": "UTC"}}
    declared["aml_instances"] = [{"name": "ci-one", "size": "Standard_DS3_v2", "schedules": {"compute_start_stop": [evening]}}]
    declared["aml_inference_clusters"] = [{"name": "scoring", "cluster_purpose": "dev_test", "size": "Standard_DS3_v2", "agent_count": 1}]
    path = player.folder / "vars.yml"
    path.write_text(yaml.safe_dump(declared))
    made = player.playbook(PLAYBOOK, "-e", f"@{path}")
    assert made["aml_compute : Compute instances"]["changed"] and made["aml_compute : Inference clusters"]["changed"]

    content = "{{ exported.vars | to_nice_yaml(sort_keys=false) }}"
    player.play(
        {**module("aml_export_info", workspace="ws-exported"), "register": "exported"},
        {"name": "Keep it", "ansible.builtin.copy": {"content": content, "dest": str(path), "mode": "0644"}},
    )
    exported = yaml.safe_load(path.read_text())
    assert [one["name"] for one in exported["aml_instances"]] == ["ci-one"] and len(exported["aml_clusters"]) == 1
    again = player.playbook(PLAYBOOK, "-e", f"@{path}")
    assert again.changed == 0, [(name, result["plan"]) for name, result in again.tasks if result.get("changed")]
    assert again["aml_compute : Inference clusters"]["compute"]["name"] == "scoring"
