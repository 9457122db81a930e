# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Online endpoints of a fleet: one LIST, limits, pruning that spares traffic, approved plans, YAML of the CLI, and exports."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, WORKSPACE_ID, Azure

from .test_fleet import FLEET, cluster

ENDPOINTS = f"{WORKSPACE_ID}/onlineEndpoints"
BLUE = {"name": "blue", "model": "azureml:iris:3", "instance_type": "Standard_DS3_v2", "instance_count": 1}


def workspace(*endpoints: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    return {"name": WORKSPACE, "resource_group": GROUP, "online_endpoints": list(endpoints), **more}


def names(azure: Azure) -> list[str]:
    return [row["name"] for row in azure.run("aml_online_endpoint_info")["endpoints"]]


def serve(azure: Azure, endpoint: str, traffic: dict[str, int]) -> None:
    azure.run("aml_online_deployment", endpoint_name=endpoint, **BLUE)
    azure.run("aml_online_endpoint", name=endpoint, traffic=traffic)


def test_they_are_made_once_and_traffic_of_others_stays(azure: Azure) -> None:
    wanted = [workspace({"name": "iris-a"}, {"name": "iris-b", "auth_mode": "aml_token"}, computes=[cluster("cpu-c")])]
    planned = azure.run(FLEET, check=True, workspaces=wanted)
    assert azure.writes == [] and planned["totals"]["create"] == 3
    assert azure.run(FLEET, name="prod", workspaces=wanted)["totals"] == {"targets": 3, "failed": 0, "create": 3}
    serve(azure, "iris-a", {"blue": 100})
    assert azure.run(FLEET, name="prod", workspaces=wanted)["changed"] is False
    assert sorted((request.method, request.path) for request in azure.sent) == [
        ("GET", f"{WORKSPACE_ID}/computes"),
        ("GET", ENDPOINTS),
    ]


def test_limits_reports_and_pruning(azure: Azure) -> None:
    azure.run("aml_online_endpoint", name="foreign")
    azure.run(FLEET, name="prod", workspaces=[workspace({"name": "iris-a"}, {"name": "iris-b"})])
    wanted = [workspace({"name": "iris-a", "description": "Iris"})]
    (target,) = azure.run(
        FLEET, check=True, workspaces=wanted, limit=[f"{WORKSPACE}/online_endpoints/iris-a"], full_result=True
    )["targets"]
    assert target["type"] == "online_endpoint" and [row["field"] for row in target["changes"]] == ["description"]
    report = azure.run(FLEET, check=True, name="prod", workspaces=wanted, prune="delete", report=True)["drift"]
    assert report["drifted"] and "online_endpoint  update  description" in str(report["text"])
    serve(azure, "iris-b", {"blue": 100})
    kept = azure.run(FLEET, name="prod", workspaces=wanted, prune="delete")
    assert "get traffic" in str(kept["warnings"]) and sorted(names(azure)) == ["foreign", "iris-a", "iris-b"]
    azure.run("aml_online_endpoint", name="iris-b", traffic={})
    azure.run(FLEET, name="prod", workspaces=wanted, prune="delete")
    assert sorted(names(azure)) == ["foreign", "iris-a"]


def test_an_approved_plan_holds(azure: Azure, tmp_path: Path) -> None:
    wanted, plan = [workspace({"name": "iris-a"})], tmp_path / "plan.json"
    azure.run(FLEET, check=True, name="prod", workspaces=wanted, plan_file=str(plan))
    approved = json.loads(plan.read_text())
    failed = azure.run(FLEET, name="prod", workspaces=[workspace({"name": "iris-b"})], approved_plan=approved, ok=False)
    assert failed["failure"]["code"] == "PlanChanged" and azure.writes == []
    assert azure.run(FLEET, name="prod", workspaces=wanted, approved_plan=approved)["totals"]["create"] == 1


def test_an_endpoint_on_kubernetes_follows_its_compute_target(azure: Azure) -> None:
    cluster_id = azure.resource(
        "Microsoft.ContainerService/managedClusters",
        "aks",
        {
            "properties": {
                "agentPoolProfiles": [{"name": "a", "count": 3, "vmSize": "Standard_D4s_v3", "mode": "System"}]
            }
        },
        "2024-09-01",
    )
    compute = {"type": "kubernetes", "name": "k8s", "resource_id": cluster_id, "namespace": "ml"}
    azure.run(FLEET, name="prod", workspaces=[workspace({"name": "iris-k8s", "compute": "k8s"}, computes=[compute])])
    assert [write.path.rpartition("/")[2] for write in azure.writes if write.method == "PUT"] == ["k8s", "iris-k8s"]
    azure.run(FLEET, name="prod", workspaces=[workspace(computes=[])], prune="delete")
    gone = [write.path.rpartition("/")[2] for write in azure.writes if write.method == "DELETE"]
    assert gone == ["iris-k8s", "k8s"]


def test_compute_targets_of_endpoints_are_checked_before_the_first_write(azure: Azure) -> None:
    """A declared one counts as existing; it must be of a type that endpoints run on. Endpoints that name none need no further request."""
    new = cluster("cpu-c")
    for computes, compute, code, part in (
        ([], "cpu-c", "ComputeMissing", "does not exist"),
        ([new], "cpu-c", "ComputeUnsuitable", "of type amlcompute"),
        ([{"type": "kubernetes", "name": "k8s", "state": "absent"}], "k8s", "ComputeMissing", "declared absent"),
    ):
        wanted = [workspace({"name": "iris-k8s", "compute": compute}, computes=computes)]
        for check in (True, False):
            failed = azure.run(FLEET, check=check, workspaces=wanted, ok=False, full_result=True)
            (target,) = (target for target in failed["targets"] if target["name"] == "iris-k8s")
            assert target["failure"]["code"] == code and part in target["failure"]["message"]
            assert not [write for write in azure.writes if "onlineEndpoints" in write.path]
    expected = [f"{WORKSPACE_ID}/computes/to-come"]
    wanted = [workspace({"name": "iris-k8s", "compute": "to-come"})]
    planned = azure.run(FLEET, check=True, workspaces=wanted, resources_created_earlier=expected)
    assert planned["totals"] == {"targets": 1, "failed": 0, "create": 1}
    azure.run(FLEET, check=True, workspaces=[workspace(*({"name": f"iris-{n}"} for n in range(9)))])
    assert len(azure.sent) == 1


def test_exports_and_folders(azure: Azure, tmp_path: Path) -> None:
    azure.run("aml_online_endpoint", name="iris-a", auth_mode="aml_token", tags={"team": "vision"})
    serve(azure, "iris-a", {"blue": 100})
    exported = azure.run("aml_export_info", online_endpoints=["iris-a"])
    assert azure.writes == []
    (row,) = exported["vars"]["aml_online_endpoints"]
    assert [row] == exported["fleet"]["online_endpoints"] and (row["auth_mode"], "traffic" in row) == (
        "aml_token",
        False,
    )
    assert [gap["option"] for gap in exported["missing"] if gap["name"] == "iris-a"] == ["traffic"]
    assert azure.run("aml_online_endpoint", **row)["changed"] is False
    assert azure.run(FLEET, workspaces=[exported["fleet"]])["changed"] is False
    text = exported["cli_yaml"]["iris-a.yml"]
    assert azure.run("aml_online_endpoint", definition=text)["changed"] is False
    home = tmp_path / GROUP / WORKSPACE
    home.mkdir(parents=True)
    (home / "iris.yml").write_text(text)
    assert azure.run(FLEET, folder=str(tmp_path))["changed"] is False
