# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation shows and examples/ contains, run as it stands there, by names of its own: README, guides, example files, CI workflows.

Each ansible-playbook process runs as many playbooks as it can, since a process takes longer than what they do.
"""

from __future__ import annotations

import re
import shlex
import shutil
import textwrap
import typing as t
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT, Player, Run

EXAMPLES = ROOT / "examples"
GUIDES = sorted((ROOT / "docs" / "docsite" / "rst").glob("*.rst"))


def write_all(folder: Path, texts: t.Iterable[str]) -> list[str]:
    """Files with the playbooks, in their order."""
    names = []
    for number, text in enumerate(texts):
        (folder / f"{number}.yml").write_text(text)
        names.append(f"{number}.yml")
    return names


def changes(run: Run) -> list[str]:
    return [name for name, result in run.tasks if result.get("changed")]


def commands(workflow: str) -> list[list[str]]:
    """The ansible-playbook commands of a CI workflow, in the order of its jobs."""
    content = yaml.safe_load((EXAMPLES / "ci" / workflow).read_text())
    steps = [step for job in content["jobs"].values() for step in job["steps"]]
    return [shlex.split(step["run"]) for step in steps if step.get("run", "").startswith("ansible-playbook ")]


@pytest.mark.usefixtures("fresh")
def test_the_use_cases_of_the_readme(player: Player) -> None:
    text = (ROOT / "README.md").read_text()
    cases = [block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if block.startswith("- ")]
    assert len(cases) == 6
    run = player.playbook(*write_all(player.folder, cases))
    made = {"aml_workspace", "aml_compute_cluster", "aml_compute_instance", "aml_fleet", "aml_job_check"}
    assert made <= set(changes(run))
    assert "ci-grace" in run["Show the targets that were not changed"]["msg"]


def test_a_private_team_workspace(player: Player) -> None:
    player.playbook("azureml.compute.provision_workspace", "-e", f"@{EXAMPLES / 'private_workspace.yml'}")
    resources = player.simulator.control("GET", "state")["resources"]
    found = {
        row["id"].split("/ml-private/providers/")[-1].lower(): row["document"]["properties"]
        for row in resources
        if "/ml-private/providers/" in row["id"]
    }
    workspace = "microsoft.machinelearningservices/workspaces/ws-forecasting"
    (connection,) = found["microsoft.network/privateendpoints/ws-forecasting"]["privateLinkServiceConnections"]
    assert connection["properties"]["groupIds"] == ["amlworkspace"]
    assert connection["properties"]["privateLinkServiceId"].lower().endswith(workspace)
    owners = [
        found[f"{workspace}/computes/{name}"]["properties"]["personalComputeInstanceSettings"]["assignedUser"][
            "objectId"
        ]
        for name in ("ci-ada", "ci-grace")
    ]
    assert [owner[-2:] for owner in owners] == ["a1", "a2"]


def test_a_hub_and_its_projects(player: Player) -> None:
    run = player.playbook(str(EXAMPLES / "hub_and_projects.yml"))
    names = [
        "Create the resource group",
        "Create the hub",
        "Create the projects",
        "Create a compute instance in each project",
    ]
    assert list(dict.fromkeys(changes(run))) == names


def test_a_fleet_in_github_actions(player: Player) -> None:
    """The plan of a pull request, the plan and the run of the merge, and the nightly comparison, as the workflows call them."""
    for name in ("ws-genomics", "ws-climate"):
        player.simulator.make_workspace("ml-research", name)
    logs = f"{player.simulator.group_id('ml-research')}/providers/Microsoft.OperationalInsights/workspaces/log-research"
    player.simulator.arm("PUT", logs, "2023-09-01", {"location": "eastus"})
    shutil.copy(EXAMPLES / "fleet.yml", player.folder)
    mark = player.simulator.mark()
    (plan, apply), (drift,) = commands("fleet.yml"), commands("drift.yml")
    shown = player.playbook(*plan[1:])
    assert "cpu-large" in shown.text and player.simulator.writes(mark) == []
    player.playbook(*apply[1:])
    assert player.playbook(*drift[1:]).code == 0
    assert (player.folder / "drift" / "drift.md").exists()


def test_stop_idle_in_github_actions(player: Player) -> None:
    player.simulator.make_workspace("ml-evening", "ws-evening", tags={"stop": "evening"})
    for name in ("stop_idle.yml", "workspaces.aml_compute.yml"):
        shutil.copy(EXAMPLES / name, player.folder)
    cluster = {
        "computeType": "AmlCompute",
        "properties": {"vmSize": "Standard_DS3_v2", "scaleSettings": {"minNodeCount": 1, "maxNodeCount": 2}},
    }
    path = f"{player.simulator.group_id('ml-evening')}/providers/Microsoft.MachineLearningServices/workspaces/ws-evening/computes/cpu"
    player.simulator.arm("PUT", path, body={"location": "eastus", "properties": cluster})
    (stop,) = commands("stop_idle.yml")
    assert changes(player.playbook(*stop[1:])) == ["Scale clusters to zero"]


def snippets(guide: Path) -> list[dict[str, t.Any]]:
    """The plays of a guide: plays as they are, and tasks in a play of their own."""
    plays = []
    for block in re.findall(r"\.\. code-block:: yaml\n\n((?:(?: {3}.*)?\n)+)", guide.read_text()):
        content = yaml.safe_load(textwrap.dedent(block))
        if isinstance(content, list) and "hosts" in content[0]:
            plays += content
        elif isinstance(content, list) and any(key.startswith("azureml.compute.") for key in content[0]):
            plays.append({"hosts": "localhost", "gather_facts": False, "tasks": content})
    return plays


@pytest.mark.usefixtures("fresh")
def test_the_plays_of_the_guides(player: Player) -> None:
    """In one process, over the workspaces that the guides presume: a play over an inventory is run by its own test."""
    plays = [play for guide in GUIDES for play in snippets(guide) if play["hosts"] == "localhost"]
    assert len(plays) >= 6
    # The tests above create workspaces of each kind; here they exist, which saves a minute.
    prod = player.simulator.make_workspace("ml-prod", "ws-prod")
    for group, name in (("ml-far", "ws-far"), ("ml-demo", "ws-demo")):
        player.simulator.make_workspace(group, name)
    # The storage account of an outbound rule, in another group, so that its private endpoint waits for its approval. A workspace with
    # compute targets cannot be isolated any more.
    place = f"{player.simulator.group_id('ml-far')}/providers"
    shared = f"{place}/Microsoft.Storage/storageAccounts/stshared"
    player.simulator.arm("PUT", shared, "2023-01-01", {"location": "eastus", "kind": "StorageV2"})
    rule = {"type": "PrivateEndpoint", "destination": {"serviceResourceId": shared, "subresourceTarget": "blob"}}
    network = {"isolationMode": "AllowInternetOutbound", "outboundRules": {"shared-data": rule}}
    player.simulator.arm("PATCH", prod, body={"properties": {"managedNetwork": network}})
    player.simulator.arm("POST", f"{prod}/provisionManagedNetwork", body={"includeSpark": False})
    hub = player.simulator.make_workspace("ml-hubs", "hub-vision", kind="Hub")
    player.simulator.make_workspace("ml-hubs", "project-defects", kind="Project", properties={"hubResourceId": hub})
    instance = {"computeType": "ComputeInstance", "properties": {"vmSize": "Standard_DS3_v2"}}
    player.simulator.arm("PUT", f"{prod}/computes/ci-ada", body={"location": "eastus", "properties": instance})
    machine = f"{player.simulator.group_id('ml-prod')}/providers/Microsoft.Compute/virtualMachines/vm-lab"
    size = {"hardwareProfile": {"vmSize": "Standard_DS3_v2"}}
    player.simulator.arm("PUT", machine, "2024-07-01", {"location": "eastus", "properties": size})
    # The vault, as the Azure CLI shows it.
    az = player.folder / "bin" / "az"
    az.parent.mkdir()
    az.write_text("#!/bin/sh\necho planted-password\n")
    az.chmod(0o755)
    (player.folder / "site.yml").write_text(yaml.safe_dump(plays, sort_keys=False))
    path = {"PATH": f"{az.parent}:{player.simulator.environment['PATH']}"}
    run = player.playbook("site.yml", "-e", f"vm_id={machine}", env=path)
    assert {
        "Create the hub",
        "Create the project",
        "Manage compute targets of all workspaces",
        "Wait for all operations",
    } <= {name.rpartition(" : ")[2] for name, _host in run.tasks}
    assert "planted-password" not in run.text
    assert any(line.startswith("ws-prod ") and "ci-ada" in line for line in run["Show them as a table"]["msg"])


@pytest.mark.parametrize("name", ["fleet.yml", "drift.yml", "stop_idle.yml"])
def test_the_workflows_use_what_is_there(name: str) -> None:
    content = yaml.safe_load((EXAMPLES / "ci" / name).read_text())
    assert content["permissions"]["id-token"] == "write", "without it there is no token for Azure"
    uses = [step["uses"] for job in content["jobs"].values() for step in job["steps"] if "uses" in step]
    local = {use for use in uses if use.startswith("./")}
    assert local == {"./.github/actions/azureml"} and (EXAMPLES / "ci" / "azureml" / "action.yml").exists()
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", use) for use in uses if use not in local)
    applying = content["jobs"].get("apply", {}).get("env", {}).get("AZURE_CLIENT_ID")
    assert applying != content["env"]["AZURE_CLIENT_ID"], "what a pull request runs must not be what may write"
