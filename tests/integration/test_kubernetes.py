# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role aml_kubernetes with examples/serving.yml: cluster, extension, roles and compute target; again without a change."""

from __future__ import annotations

import json
import typing as t
import urllib.parse

import yaml

from .conftest import ROOT, Player

PREFIX = "azureml.compute."
EXAMPLE: dict[str, t.Any] = yaml.safe_load((ROOT / "examples" / "serving.yml").read_text())


def test_the_example_of_serving(player: Player) -> None:
    identifier = player.make_workspace("ws-serving")
    principal = player.simulator.arm("GET", identifier)["identity"]["principalId"]
    variables = {
        **EXAMPLE,
        "aml_resource_group": player.group,
        "aml_location": "eastus",
        "aml_workspace_facts": {"identity": {"principal_id": principal}},
    }
    # Check mode, with the workspace and without the resources to attach.
    machine = {"type": "Microsoft.Compute/virtualMachines", "name": "vm-lab", "api_version": "2024-07-01"}
    vm_id = f"{player.simulator.group_id(player.group)}/providers/{machine['type']}/vm-lab"
    attached = [
        {"name": "vm-lab", "type": "virtualmachine", "resource_id": vm_id, "ssh_settings": {"admin_username": "me", "admin_password": "Wordlike-9"}},
        {"name": "k8s-two", "type": "kubernetes", "resource_id": "{{ aml_kubernetes_id }}", "namespace": "two"},
    ]  # fmt: skip
    declared = {**variables, "aml_resources": [machine], "aml_attached_computes": attached, "aml_computes": []}
    del declared["aml_workspace_facts"]
    (player.folder / "declared.yml").write_text(yaml.safe_dump(declared))
    planned = player.playbook("azureml.compute.provision_workspace", "-e", "@declared.yml", check=True)
    (fleet,) = (result for name, result in planned.tasks if name.endswith("Manage compute targets"))
    assert fleet["table"][-1] == "2 targets: 2 create planned."
    assert planned.text.count("does not exist yet, an earlier task creates it") >= 3
    role = {"name": "Cluster", "ansible.builtin.include_role": {"name": "azureml.compute.aml_kubernetes"}}
    task = {**role, "vars": variables}
    facts = {
        "name": "Facts",
        "ansible.builtin.assert": {
            "that": [
                "aml_kubernetes_id is search('/managedClusters/aks-serving$')",
                "aml_kubernetes_targets | map(attribute='default_instance_type') == ['small']",
                "aml_kubernetes_extensions.extensions | map(attribute='health') == ['healthy']",
            ]
        },
    }
    first = player.play(task, facts)
    # The cluster, its extension, three roles and the compute target.
    assert first.changed == 6
    # An existing cluster without the extension is refused before anything is attached.
    bare = f"{player.simulator.group_id(player.group)}/providers/Microsoft.ContainerService/managedClusters/bare"
    player.simulator.arm("PUT", bare, "2024-09-01", {"location": "eastus", "properties": {}})
    own = ("aml_kubernetes_name", "aml_kubernetes_node_pools", "aml_kubernetes_extension")
    existing = {name: value for name, value in variables.items() if name not in own}
    reported = "ansible_failed_result.msg is search('does not have the Azure Machine Learning extension')"
    refused = {
        "name": "Refusal",
        "block": [{**role, "vars": {**existing, "aml_kubernetes_cluster_id": bare}}],
        "rescue": [{"name": "Cause", "ansible.builtin.assert": {"that": reported}}],
    }
    # Meanwhile, the autoscaler adds nodes to the pool that scales.
    aks = f"{player.simulator.group_id(player.group)}/providers/Microsoft.ContainerService/managedClusters/aks-serving"
    scaled = player.simulator.arm("GET", aks, "2024-09-01")
    pools = {pool["name"]: pool for pool in scaled["properties"]["agentPoolProfiles"]}
    pools["models"]["count"] = 3
    kept = {name: scaled[name] for name in ("location", "identity", "properties", "tags") if name in scaled}
    player.simulator.arm("PUT", aks, "2024-09-01", kept)
    mark = player.simulator.mark()
    again = player.play(task, facts, refused)
    assert again.changed == 0 and player.simulator.writes(mark) == []
    assert "Cause" in again.text


def answers(player: Player, endpoint: str, count: int) -> dict[str, int]:
    """How many of so many requests each deployment answers."""
    uri = urllib.parse.urlsplit(player.simulator.arm("GET", endpoint)["properties"]["scoringUri"])
    key = player.simulator.arm("POST", f"{endpoint}/listKeys")["primaryKey"]
    names = [player.simulator.score(uri.path, key)["deployment"] for _request in range(count)]
    return {name: names.count(name) for name in sorted(set(names))}


def test_from_a_workspace_to_a_served_model_and_back(player: Player) -> None:
    identifier = player.make_workspace("ws-serving")
    variables = {**EXAMPLE, "aml_resource_group": player.group, "aml_location": "eastus"}
    path = player.folder / "serving.yml"
    path.write_text(yaml.safe_dump(variables))
    arguments = ("-e", f"@{path}")
    mark = player.simulator.mark()
    planned = player.playbook(PREFIX + "provision_workspace", *arguments, check=True)
    (endpoints,) = (result for name, result in planned.tasks if name.endswith("Manage endpoints and deployments"))
    assert endpoints["totals"] == {"targets": 5, "failed": 0, "create": 5}
    # The diagnosis of a workspace is a POST.
    assert {row["method"] for row in player.simulator.writes(mark)} <= {"POST"}
    # A compute target that is neither there nor declared is refused, as the run would refuse it.
    misspelt = {
        **variables,
        "aml_batch_deployments": [{**EXAMPLE["aml_batch_deployments"][0], "compute": "aks-servnig"}],
    }
    (player.folder / "misspelt.yml").write_text(yaml.safe_dump(misspelt))
    refused = player.playbook(PREFIX + "provision_workspace", "-e", "@misspelt.yml", check=True, ok=False)
    assert refused.code != 0 and "the compute target 'aks-servnig', because it does not exist" in refused.text
    player.playbook(PREFIX + "provision_workspace", *arguments)
    endpoint = f"{identifier}/onlineEndpoints/iris-serving"
    assert answers(player, endpoint, 100) == {"blue": 90, "green": 10}
    mark = player.simulator.mark()
    again = player.playbook(PREFIX + "provision_workspace", *arguments)
    assert again.changed == 0
    table = next(result["msg"] for name, result in again.tasks if name.startswith("Show the compute targets"))
    (row,) = (line.split() for line in table if line.startswith("iris-serving"))
    assert row[1:4] == ["online_endpoint", "-", "Succeeded"] and row[4].endswith("/iris-serving/score")
    assert player.simulator.writes(mark) == []
    permanently = {"aml_teardown_permanently": True, "aml_teardown_declared": True}
    confirmed = {**permanently, "aml_teardown_confirm": "ws-serving,iris-serving,iris-nightly,aks-serving"}
    player.playbook(PREFIX + "teardown", *arguments, "-e", json.dumps(confirmed))
    deleted = [row["path"].split("/")[-2:] for row in player.simulator.writes(mark) if row["method"] == "DELETE"]
    assert [place.casefold() for place, _name in deleted] == [
        "onlineendpoints",
        "batchendpoints",
        "computes",
        "workspaces",
        "managedclusters",
    ]
