# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Batch endpoints of a fleet with their deployments: the default is set when its deployment exists, and moved before that goes."""

from __future__ import annotations

import io
import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, WORKSPACE_ID, Azure

from .test_fleet import FLEET
from .test_fleet_online_deployments import written

Tree = dict[str, t.Any]
BLUE: Tree = {"endpoint_name": "iris-batch", "name": "blue", "model": "azureml:iris:3", "compute": "cpu-cluster"}
GREEN: Tree = {**BLUE, "name": "green", "settings": {"mini_batch_size": 5, "environment_variables": {"LEVEL": "info"}}}


def scored(*deployments: Tree, default: str | None = "blue", **endpoint: t.Any) -> list[Tree]:
    """A workspace with the endpoint iris-batch and deployments of it."""
    named = {"name": "iris-batch", "defaults": {"deployment_name": default}, **endpoint}
    row = {"name": WORKSPACE, "resource_group": GROUP, "batch_endpoints": [named]}
    return [{**row, "batch_deployments": list(deployments)}]


BOTH = scored(BLUE, GREEN)
NOTHING = [{"name": WORKSPACE, "resource_group": GROUP, "batch_endpoints": [], "batch_deployments": []}]


@pytest.fixture
def scoring(azure: Azure) -> Azure:
    azure.run("aml_compute_cluster", name="cpu-cluster", size="Standard_DS3_v2", max_instances=2)
    return azure


def default(azure: Azure) -> str | None:
    (row,) = azure.run("aml_batch_endpoint_info")["endpoints"]
    return t.cast("str | None", row["defaults"]["deployment_name"])


def test_an_endpoint_its_deployments_and_their_default_are_one_run(scoring: Azure) -> None:
    planned = scoring.run(FLEET, check=True, workspaces=BOTH)
    assert scoring.writes == [] and planned["totals"] == {"targets": 3, "failed": 0, "create": 3}
    made = scoring.run(FLEET, name="prod", workspaces=BOTH)
    assert made["totals"] == {"targets": 3, "failed": 0, "create": 3}
    assert written(scoring)[0] == written(scoring)[-1] == "PUT iris-batch"
    assert sorted(written(scoring)[1:-1]) == ["PUT blue", "PUT green"] and default(scoring) == "blue"
    assert scoring.run(FLEET, name="prod", workspaces=BOTH)["changed"] is False
    shown = scoring.run("aml_fleet_info", workspaces=BOTH, batch_endpoints=True, batch_deployments=True)["workspaces"][
        0
    ]
    assert sorted(row["name"] for row in shown["batch_deployments"]) == ["blue", "green"]
    assert shown["batch_endpoints"][0]["defaults"] == {"deployment_name": "blue"}


def test_the_default_moves_before_a_deployment_goes_and_what_others_made_stays(scoring: Azure) -> None:
    scoring.run(FLEET, name="prod", workspaces=BOTH)
    scoring.run("aml_batch_deployment", **{**BLUE, "name": "foreign"})
    scoring.run(FLEET, name="prod", workspaces=scored(GREEN, default="green"), prune="delete")
    assert written(scoring) == ["PUT iris-batch", "DELETE blue"] and default(scoring) == "green"
    report = scoring.run(FLEET, name="prod", workspaces=NOTHING, prune="report")
    assert report["totals"]["undeclared"] == 2 and scoring.writes == []
    one = scoring.run(
        FLEET,
        workspaces=scored({**GREEN, "description": "x"}, default="green", description="y"),
        limit=[f"{WORKSPACE}/batch_deployments/iris-batch/green"],
    )
    assert written(scoring) == ["PUT green"] and one["changed"]


def test_check_mode_knows_the_compute_target_that_the_run_creates(azure: Azure) -> None:
    new = {"type": "amlcompute", "name": "cpu-cluster", "size": "Standard_DS3_v2", "max_instances": 2}
    wanted = [{**BOTH[0], "computes": [new]}]
    planned = azure.run(FLEET, check=True, workspaces=wanted)
    assert (
        planned["totals"] == azure.run(FLEET, workspaces=wanted)["totals"] == {"targets": 4, "failed": 0, "create": 4}
    )


def test_without_a_wait_the_compute_target_of_a_deployment_is_waited_for(azure: Azure) -> None:
    new = {"type": "amlcompute", "size": "Standard_DS3_v2", "max_instances": 2}
    computes = [{**new, "name": "cpu-cluster"}, {**new, "name": "for-jobs"}]
    done = azure.run(FLEET, workspaces=[{**scored(BLUE)[0], "computes": computes}], wait=False, full_result=True)
    assert {row["name"]: "operation" in row for row in done["targets"]} == {
        "cpu-cluster": False,
        "for-jobs": True,
        "iris-batch": False,
        "blue": False,
    }
    assert azure.get(f"{WORKSPACE_ID}/computes/cpu-cluster")["properties"]["provisioningState"] == "Succeeded"


def test_a_compute_target_goes_after_what_ran_on_it(scoring: Azure) -> None:
    scoring.run(FLEET, workspaces=BOTH)
    scoring.run("aml_compute_cluster", name="gpu-cluster", size="Standard_DS3_v2", max_instances=2)
    moved = scored({**BLUE, "compute": "gpu-cluster"}, {**GREEN, "compute": "gpu-cluster"})
    absent = {"type": "amlcompute", "name": "cpu-cluster", "state": "absent"}
    scoring.run(FLEET, workspaces=[{**moved[0], "computes": [absent]}])
    assert sorted(written(scoring)[:-1]) == ["PUT blue", "PUT green"] and written(scoring)[-1] == "DELETE cpu-cluster"


@pytest.mark.parametrize("named", ["blue", None])
@pytest.mark.parametrize("how", ["pruned", "absent"])
def test_an_endpoint_goes_with_its_default_deployment(scoring: Azure, how: str, named: str | None) -> None:
    """The default cannot be deleted before its endpoint; the others could, and go first where there is none."""
    scoring.run(FLEET, name="prod", workspaces=scored(BLUE, GREEN, default=named))
    gone: Tree = {"name": "prod", "prune": "delete", "workspaces": NOTHING}
    if how == "absent":
        absent = [{"endpoint_name": "iris-batch", "name": row["name"], "state": "absent"} for row in (BLUE, GREEN)]
        endpoint = {"name": "iris-batch", "state": "absent"}
        gone = {"workspaces": [{**NOTHING[0], "batch_endpoints": [endpoint], "batch_deployments": absent}]}
    planned = scoring.run(FLEET, check=True, **gone)
    assert planned["changed"] and scoring.writes == []
    assert "are deleted with the endpoint" in str(planned["warnings"]) or named is None
    scoring.run(FLEET, **gone)
    assert written(scoring)[-1 if named is None else 0] == "DELETE iris-batch"
    assert scoring.run("aml_batch_endpoint_info")["endpoints"] == []
    assert scoring.run(FLEET, **gone)["changed"] is False


def test_what_declared_deployments_need_is_not_pruned(scoring: Azure) -> None:
    """Neither their endpoint, which would be deleted with them, nor the compute target that runs their jobs."""
    computes = [{"type": "amlcompute", "name": "of-fleet", "size": "Standard_DS3_v2", "max_instances": 2}]
    blue = {**BLUE, "compute": "of-fleet"}
    scoring.run(FLEET, name="prod", workspaces=[{**scored(blue)[0], "computes": computes}])
    lists = {"batch_endpoints": [], "computes": []}
    for check in (True, False):
        kept = scoring.run(FLEET, check=check, name="prod", prune="delete", workspaces=[{**scored(blue)[0], **lists}])
        assert not kept["changed"] and scoring.writes == []
        reasons = {row["name"]: row["reason"] for row in kept["undeclared"]}
        assert "declares deployments of it: blue" in reasons["iris-batch"]
        assert "the batch deployment 'blue' runs on it" in reasons["of-fleet"]
        assert sum("InUse: " in text for text in kept["warnings"]) == 2
    # Also where the limit excludes what runs on it.
    one = scoring.run(FLEET, name="prod", prune="delete", workspaces=[{**scored(blue)[0], **lists}], limit=["of-fleet"])
    assert not one["changed"] and "the batch deployment 'blue' runs on it" in one["undeclared"][0]["reason"]
    # Nor is a compute target removed on which the same document has something, be it unchanged.
    absent = {"computes": [{"type": "amlcompute", "name": "of-fleet", "state": "absent"}]}
    for check in (True, False):
        failed = scoring.run(FLEET, check=check, workspaces=[{**scored(blue)[0], **absent}], ok=False)
        assert failed["failure"]["details"][0]["code"] == "InUse" and scoring.writes == []
    # Where it moves to another one, the first is not needed.
    moved = {**scored(BLUE)[0], "computes": []}
    scoring.run(FLEET, name="prod", prune="delete", workspaces=[moved])
    assert written(scoring) == ["PUT blue", "DELETE of-fleet"]
    # Nor is what is declared absent.
    gone = [{**NOTHING[0], "batch_deployments": [{"endpoint_name": "iris-batch", "name": "blue", "state": "absent"}]}]
    scoring.run(FLEET, name="prod", prune="delete", workspaces=gone)
    assert scoring.run("aml_batch_endpoint_info")["endpoints"] == []


def test_check_mode_names_the_deployments_that_go_with_their_endpoint(scoring: Azure) -> None:
    scoring.run(FLEET, workspaces=BOTH)
    gone = [{**NOTHING[0], "batch_endpoints": [{"name": "iris-batch", "state": "absent"}]}]
    for check in (True, False):
        done = scoring.run(FLEET, check=check, workspaces=gone)
        assert "the deployments blue, green are deleted with the endpoint" in str(done["warnings"])
        assert [write.method for write in scoring.writes] == ([] if check else ["DELETE"])


REFUSED: list[tuple[str, list[Tree], str, str]] = [
    ("a name", scored(default="pink"), "DeploymentMissing", "It has blue, green."),
    ("the default goes", scored({**BLUE, "state": "absent"}), "InUse", "is the default of its endpoint"),
    ("a compute target", scored({**BLUE, "compute": "no-cluster"}, GREEN), "ComputeMissing", "'no-cluster', because it does not exist"),
    ("an absent compute target", [{**scored({**BLUE, "compute": "gpu"}, GREEN)[0], "computes": [{"type": "amlcompute", "name": "gpu", "state": "absent"}]}],
     "ComputeMissing", "it is declared absent"),
    ("no endpoint", [{**NOTHING[0], "batch_deployments": [{**BLUE, "endpoint_name": "none-such"}]}], "ParentResourceNotFound", "neither exists"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "code", "part"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_a_run_refuses_check_mode_refuses_too(scoring: Azure, document: list[Tree], code: str, part: str) -> None:
    scoring.run(FLEET, name="prod", workspaces=BOTH)
    for check in (True, False):
        failed = scoring.run(FLEET, name="prod", workspaces=document, check=check, ok=False)
        assert scoring.writes == [] and part in failed["msg"] and code in scoring.text


def test_an_export_is_taken_again_by_modules_folders_and_the_loaders_of_azure_ai_ml(
    scoring: Azure, tmp_path: Path
) -> None:
    from azure.ai.ml import load_batch_endpoint
    from azure.ai.ml.entities._load_functions import load_model_batch_deployment

    scoring.run(FLEET, name="prod", workspaces=BOTH)
    exported = scoring.run("aml_export_info", show_variables=["LEVEL"])
    assert not exported.get("warnings"), exported["warnings"]
    assert exported["vars"]["aml_batch_endpoints"][0]["defaults"] == {"deployment_name": "blue"}
    for module, rows in (
        ("aml_batch_endpoint", "aml_batch_endpoints"),
        ("aml_batch_deployment", "aml_batch_deployments"),
    ):
        for row in exported["vars"][rows]:
            assert scoring.run(module, **row)["changed"] is False
    texts = exported["cli_yaml"]
    green = load_model_batch_deployment(io.StringIO(texts["iris-batch.green.yml"]))
    assert (green.settings.mini_batch_size, green.settings.environment_variables) == (5, {"LEVEL": "info"})
    assert load_batch_endpoint(io.StringIO(texts["iris-batch.yml"])).defaults.deployment_name == "blue"
    assert scoring.run("aml_batch_deployment", definition=texts["iris-batch.green.yml"])["changed"] is False
    place = tmp_path / GROUP / WORKSPACE
    place.mkdir(parents=True)
    for name in ("iris-batch.yml", "iris-batch.blue.yml", "iris-batch.green.yml"):
        (place / name).write_text(texts[name])
    assert scoring.run(FLEET, name="prod", folder=str(tmp_path))["changed"] is False
    some = scoring.run("aml_export_info", batch_endpoints=["iris-batch"], batch_deployments=["iris-batch/green"])
    assert "defaults" not in some["vars"]["aml_batch_endpoints"][0]


def test_an_approved_plan_has_both_steps(scoring: Azure, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    scoring.run(FLEET, check=True, name="prod", workspaces=BOTH, plan_file=str(plan))
    approved = json.loads(plan.read_text())
    assert f"{WORKSPACE}/batch_deployments/iris-batch/blue" in str(approved["table"])
    other = scored(BLUE, GREEN, default="green")
    failed = scoring.run(FLEET, name="prod", workspaces=other, approved_plan=approved, ok=False)
    assert failed["failure"]["code"] == "PlanChanged" and scoring.writes == []
    assert scoring.run(FLEET, name="prod", workspaces=BOTH, approved_plan=approved)["totals"]["create"] == 3
    assert default(scoring) == "blue"


def test_values_of_variables_are_in_no_plan_and_no_result(scoring: Azure, tmp_path: Path) -> None:
    def named(word: str) -> list[Tree]:
        return scored({**BLUE, "settings": {"environment_variables": {"MODE": word}}})

    scoring.run(FLEET, workspaces=named("sesame"))
    path = tmp_path / "plan.json"
    for options in ({"plan_file": str(path)}, {"plan_file": str(path), "full_result": True}):
        planned = scoring.run(FLEET, check=True, diff=True, workspaces=named("poppyseed"), **options)
        for text in (path.read_text(), scoring.text):
            assert "settings.environment_variables" in text and "VALUE_NOT_SHOWN" in text
            assert "sesame" not in text and "poppyseed" not in text
    assert scoring.run(FLEET, workspaces=named("poppyseed"), approved_plan=str(path))["totals"]["update"] == 1
    assert planned["totals"]["update"] == 1
