# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagnostic settings of a fleet, whose provider and API version are others than those of its compute targets; and exports of them."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.tests.support.azure import GROUP, GROUP_ID, WORKSPACE, WORKSPACE_ID, Azure

from .test_fleet import FLEET, cluster

ANALYTICS = f"{GROUP_ID}/providers/Microsoft.OperationalInsights/workspaces/log-test"
SETTINGS = f"{WORKSPACE_ID}/providers/Microsoft.Insights/diagnosticSettings"
INFO = "aml_diagnostic_setting_info"


@pytest.fixture(autouse=True)
def destination(azure: Azure) -> None:
    azure.resource("Microsoft.OperationalInsights/workspaces", "log-test")


def setting(name: str, *categories: str, **more: t.Any) -> dict[str, t.Any]:
    return {
        "name": name,
        "log_analytics_workspace_id": ANALYTICS,
        "log_categories": list(categories or ("RunEvent",)),
        **more,
    }


def workspace(*settings: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    return {"name": WORKSPACE, "resource_group": GROUP, "diagnostic_settings": list(settings), **more}


def test_they_are_made_once_and_a_second_run_only_lists(azure: Azure) -> None:
    wanted = [workspace(setting("runs"), setting("jobs", "AmlComputeJobEvent"), computes=[cluster("cpu-c")])]
    planned = azure.run(FLEET, check=True, workspaces=wanted)
    assert azure.writes == [] and planned["totals"]["create"] == 3
    done = azure.run(FLEET, workspaces=wanted)
    assert done["totals"] == {"targets": 3, "failed": 0, "create": 3}
    assert [target["changes"] for target in done["targets"]] == [target["changes"] for target in planned["targets"]]
    assert azure.run(FLEET, workspaces=wanted)["changed"] is False
    # The two are listed at the same time.
    assert sorted((request.method, request.path) for request in azure.sent) == [
        ("GET", f"{WORKSPACE_ID}/computes"),
        ("GET", SETTINGS),
    ]
    # They have no tags: only the cluster gets that of the fleet.
    named = azure.run(FLEET, name="prod", workspaces=wanted, check=True, full_result=True)
    assert [(row["name"], row["action"]) for row in named["targets"]] == [
        ("cpu-c", "update"),
        ("runs", "none"),
        ("jobs", "none"),
    ]


def test_differences_limits_and_removals(azure: Azure) -> None:
    azure.run(FLEET, workspaces=[workspace(setting("runs"), setting("jobs", "AmlComputeJobEvent"))])
    wanted = [workspace(setting("runs", metric_categories=["AllMetrics"]), setting("jobs", state="absent"))]
    report = azure.run(FLEET, check=True, workspaces=wanted, report=True)
    assert report["drift"]["drifted"] and "diagnostic_setting  update  metric_categories" in str(
        report["drift"]["text"]
    )
    (target,) = azure.run(
        FLEET, check=True, workspaces=wanted, limit=[f"{WORKSPACE}/diagnostic_settings/runs"], full_result=True
    )["targets"]
    assert target["type"] == "diagnostic_setting" and target["changes"][0]["field"] == "metric_categories"
    done = azure.run(FLEET, workspaces=wanted)
    assert [target["action"] for target in done["targets"]] == ["update", "delete"]
    assert [row["name"] for row in azure.run(INFO)["diagnostic_settings"]] == ["runs"]


def test_nothing_is_pruned(azure: Azure) -> None:
    azure.run(FLEET, name="prod", workspaces=[workspace(setting("runs"))])
    done = azure.run(FLEET, name="prod", workspaces=[workspace()], prune="delete")
    assert done["undeclared"] == [] and azure.writes == []


def test_an_approved_plan_holds(azure: Azure, tmp_path: Path) -> None:
    wanted, plan = [workspace(setting("runs"))], tmp_path / "plan.json"
    azure.run(FLEET, check=True, name="prod", workspaces=wanted, plan_file=str(plan))
    approved = json.loads(plan.read_text())
    changed = [workspace(setting("runs", "RunReadEvent"))]
    failed = azure.run(FLEET, name="prod", workspaces=changed, approved_plan=approved, ok=False)
    assert failed["failure"]["code"] == "PlanChanged" and azure.writes == []
    assert azure.run(FLEET, name="prod", workspaces=wanted, approved_plan=approved)["totals"]["create"] == 1


def test_what_is_wrong_is_refused_before_the_first_request(azure: Azure) -> None:
    broken = workspace(
        setting("runs", log_category_groups=["allLogs"]), setting("jobs", "a b"), {"name": "none", "size": "x"}
    )
    failed = azure.run(FLEET, workspaces=[broken], ok=False)
    assert azure.sent == [] and failed["failure"]["code"] == "InvalidDeclaration"
    for text in ("diagnostic_settings/runs", "diagnostic_settings/jobs", "aml_diagnostic_setting"):
        assert text in failed["msg"]
    failed = azure.run(FLEET, workspaces=[workspace({"name": "runs", "log_categories": ["RunEvent"]})], ok=False)
    assert "DestinationMissing" in str(failed["failure"]) and azure.writes == []


def test_an_export_applied_changes_nothing(azure: Azure) -> None:
    wanted = [
        setting("runs", "RunEvent", "AmlComputeJobEvent", log_analytics_destination_type="dedicated"),
        setting("metrics", metric_categories=["AllMetrics"], log_categories=[]),
    ]
    azure.run(FLEET, workspaces=[workspace(*wanted)])
    exported = azure.run("aml_export_info")
    assert azure.writes == []
    rows = exported["vars"]["aml_diagnostic_settings"]
    assert rows == exported["fleet"]["diagnostic_settings"] and [row["name"] for row in rows] == ["metrics", "runs"]
    assert rows[1] == wanted[0] and "log_categories" not in rows[0]
    for row in rows:
        assert azure.run("aml_diagnostic_setting", **row)["changed"] is False
    assert azure.run(FLEET, workspaces=[exported["fleet"]])["changed"] is False
    one = azure.run("aml_export_info", diagnostic_settings=["metrics"])["vars"]
    assert [row["name"] for row in one["aml_diagnostic_settings"]] == ["metrics"] and "aml_datastores" not in one
    failed = azure.run("aml_export_info", diagnostic_settings=["nothing"], ok=False)
    assert "diagnostic setting nothing" in failed["msg"]


def test_fleet_info_has_them_on_request(azure: Azure) -> None:
    azure.run(FLEET, workspaces=[workspace(setting("runs"))])
    (home,) = azure.run("aml_fleet_info", workspaces=[workspace()], diagnostic_settings=True)["workspaces"]
    assert [row["name"] for row in home["diagnostic_settings"]] == ["runs"]
    (home,) = azure.run("aml_fleet_info", workspaces=[workspace()])["workspaces"]
    assert "diagnostic_settings" not in home
