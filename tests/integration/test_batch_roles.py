# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles of batch endpoints and their deployments: the play of the README, and the same again."""

from __future__ import annotations

import re
import typing as t

import yaml

from .conftest import ROOT, Player, module


def test_the_play_of_the_readme_and_the_same_again(player: Player) -> None:
    text = (ROOT / "roles" / "aml_batch_endpoint" / "README.md").read_text()
    ((play,),) = map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", text, re.DOTALL))
    identifier = player.make_workspace("ws-prod")
    variables: dict[str, t.Any] = {**play["vars"], "aml_resource_group": player.group}
    cluster = module(
        "aml_compute_cluster", workspace="ws-prod", name="cpu-cluster", size="Standard_DS3_v2", max_instances=2
    )
    tasks = [{**task, "vars": {**variables, **task.get("vars", {})}} for task in play["tasks"]]
    facts = {
        "name": "Facts",
        "ansible.builtin.assert": {
            "that": [
                "aml_batch_endpoint_list | map(attribute='defaults.deployment_name') == ['blue']",
                "aml_batch_deployment_list | map(attribute='resources.instance_count') == [2]",
            ]
        },
    }
    # The cluster, the endpoint, its deployment and its default.
    assert player.play(cluster, *tasks, facts).changed == 4
    endpoint = player.simulator.arm("GET", f"{identifier}/batchEndpoints/scoring-nightly")
    assert endpoint["properties"]["defaults"] == {"deploymentName": "blue"}
    mark = player.simulator.mark()
    assert player.play(cluster, *tasks, facts).changed == 0 and player.simulator.writes(mark) == []
