# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""azure-ai-ml, which we did not write, against the simulator: it reads what we made, and its own calls work there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t

import pytest

from .conftest import ROOT, Player, module

WORKSPACE = "ws-sdk"
# The versions of azure-ai-ml that run their whole surface: ours, and those that `make conformance` has in environments of their own (NAME=PYTHON).
OTHERS = [part.partition("=") for part in os.environ.get("AML_SDK_PYTHONS", "").split(os.pathsep) if part]
PYTHONS = {"installed": sys.executable, **{name: python for name, _equals, python in OTHERS}}
SURFACE = ROOT / "tests" / "conformance" / "sdk_surface.py"

PROLOGUE = """
import json, os, sys
from azure.ai.ml import MLClient
from azure.ai.ml.entities import AmlCompute, Workspace
from azure.identity import ClientSecretCredential
env = os.environ
credential = ClientSecretCredential(env["AZURE_TENANT"], env["AZURE_CLIENT_ID"], env["AZURE_SECRET"],
                                    authority=env["AZURE_AUTHORITY_HOST"], disable_instance_discovery=True)
def client(workspace=None):
    return MLClient(credential, env["AZURE_SUBSCRIPTION_ID"], sys.argv[1], workspace, enable_telemetry=False)
"""


def script(player: Player, body: str) -> t.Any:
    """Run a script of azure-ai-ml's user in a process of its own; what it prints last is its answer."""
    command = [sys.executable, "-c", PROLOGUE + body, player.group]
    done = subprocess.run(
        command, env=player.simulator.environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_the_sdk_reads_what_we_made(player: Player, group_task: dict[str, t.Any]) -> None:
    player.play(
        group_task,
        module("aml_workspace", name=WORKSPACE, location="eastus", display_name="Ours", tags={"team": "vision"}),
        module(
            "aml_compute_cluster",
            workspace=WORKSPACE,
            name="cpu-cluster",
            size="Standard_DS3_v2",
            tier="low_priority",
            min_instances=0,
            max_instances=3,
            idle_time_before_scale_down=300,
            identity={"type": "system_assigned"},
            tags={"stage": "test"},
        ),
    )
    seen = script(
        player,
        f"""
ml = client("{WORKSPACE}")
ws, c = ml.workspaces.get("{WORKSPACE}"), ml.compute.get("cpu-cluster")
print(json.dumps({{"display_name": ws.display_name, "ws_tags": dict(ws.tags), "storage": ws.storage_account, "size": c.size, "tier": c.tier,
    "min": c.min_instances, "max": c.max_instances, "idle": c.idle_time_before_scale_down, "identity": c.identity.type, "tags": dict(c.tags),
    "listed": [one.name for one in ml.compute.list()]}}))
""",
    )
    assert seen["display_name"] == "Ours" and seen["ws_tags"]["team"] == "vision" and seen["storage"]
    assert (seen["size"].upper(), seen["tier"].lower().replace("_", "")) == ("STANDARD_DS3_V2", "lowpriority")
    assert (seen["min"], seen["max"], seen["idle"]) == (0, 3, 300)
    assert (
        seen["identity"] == "system_assigned"
        and seen["tags"] == {"stage": "test"}
        and seen["listed"] == ["cpu-cluster"]
    )


def test_the_sdks_own_calls_work_and_we_read_what_it_made(player: Player, group_task: dict[str, t.Any]) -> None:
    player.play(group_task)
    made = script(
        player,
        """
ml = client()
ws = ml.workspaces.begin_create(Workspace(name="ws-theirs", location="eastus")).result()
ml = client("ws-theirs")
ml.compute.begin_create_or_update(AmlCompute(name="theirs", size="Standard_DS2_v2", min_instances=0, max_instances=2)).result()
c = ml.compute.get("theirs")
c.max_instances = 5
c = ml.compute.begin_update(c).result()
print(json.dumps({"max": c.max_instances, "state": c.provisioning_state, "names": [one.name for one in ml.compute.list()]}))
""",
    )
    assert made == {"max": 5, "state": "Succeeded", "names": ["theirs"]}
    run = player.play(
        module(
            "aml_compute_cluster",
            workspace="ws-theirs",
            name="theirs",
            size="standard_ds2_v2",
            max_instances=5,
            min_instances=0,
        ),
        module("aml_workspace", name="ws-theirs", location="East US"),
    )
    assert run.changed == 0, run.text
    gone = script(
        player,
        """
ml = client("ws-theirs")
ml.compute.begin_delete("theirs").wait()
names = [one.name for one in ml.compute.list()]
ml.workspaces.begin_delete("ws-theirs", delete_dependent_resources=True, permanently_delete=True).wait()
print(json.dumps({"names": names, "workspaces": [one.name for one in ml.workspaces.list()]}))
""",
    )
    assert gone == {"names": [], "workspaces": []}


@pytest.mark.parametrize("python", PYTHONS.values(), ids=PYTHONS)
def test_the_whole_surface(player: Player, python: str) -> None:
    """Every operation on workspaces and compute targets that the version has; what the simulator does not have, it refuses with 501."""
    done = subprocess.run(
        [python, str(SURFACE), player.group],
        env=player.simulator.environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.strip().splitlines()[-1])
    assert told["never"] == [] and {"compute.begin_attach", "compute.list_nodes", "workspaces.begin_diagnose"} <= set(
        told["called"]
    ), told
    # What its own templates do not take is the client's defect (docs/facts.md f.25); Resource Manager refuses it before anything is made.
    refusal = told["seen"].pop("project as the client sends it", "PublicNetworkAccessType.ENABLED")
    assert "PublicNetworkAccessType.ENABLED" in refusal
    assert told["seen"] == SEEN
    assert told["refused"] == dict.fromkeys((f"{group}.list" for group in OUTSIDE), "501 NotSimulated")


# The groups of operations that are not simulated.
OUTSIDE = (
    "models",
    "environments",
    "data",
    "components",
    "schedules",
    "serverless_endpoints",
)


SEEN = {
    "workspace": ["ws-one", "One", "b", True],
    "changed": ["changed", "d", None],
    "project": ["Hub", "Project", True],
    "keys": True,
    "diagnosis": [[], []],
    "network": ["Active", True],
    "workspaces": ["hub-one", "project-one", "ws-one"],
    "rules": ["443", "Active", ["factory", "pypi"], ["pypi"]],
    "connections": ["https://example.org/", None, ["keyed"], "planted", []],
    "datastores": ["changed", "training", "SasTokenConfiguration", "workspaceblobstore", 5, True],
    "feature store": ["Active", "changed", ["store-one"]],
    "cluster": ["Succeeded", "STANDARD_DS3_V2", "dedicated", 1, 2, 300.0],
    "cluster changed": [5, {"c": "d"}],
    "nodes": [["idle", True]],
    "user assigned": ["low_priority", "user_assigned", "id-one"],
    "instance": ["Running", "STANDARD_DS3_V2", 30, "0 18 29 2 *"],
    "states": ["Stopped", "Running", "Running"],
    "start of what runs": "StartComputeInstanceOnlyAllowedInStoppedState",
    "attached": ["me", "Succeeded", "ns", "Succeeded"],
    "usage": ["Count"],
    "sizes": [True, True],
    "listed": {"AMLCompute": 2, "ComputeInstance": 1, "VirtualMachine": 1, "Kubernetes": 1},
    "jobs": [],
    "online endpoints": [],
    "batch endpoints": [],
    "left": [6, [], True],
    "no workspaces": [],
}
