# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans that check mode writes, and runs that apply exactly these plans."""

from __future__ import annotations

import copy
import json
import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._fleet import approval
from ansible_collections.azureml.compute.plugins.module_utils._fleet.prune import OWNER_TAG
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, Azure

from .test_fleet import FLEET, cluster, document
from .test_fleet_result import home

Workspaces = list[dict[str, t.Any]]


@pytest.fixture
def wanted(azure: Azure) -> Workspaces:
    """A fleet of four clusters: one is to be created, one changed and one deleted."""
    declared = document(azure, workspaces=2, computes=2)
    azure.run(FLEET, name="prod", workspaces=declared)
    declared[0]["computes"] = [cluster("cpu-c0", max_instances=3), cluster("new")]
    return declared


def planned(azure: Azure, path: Path, wanted: Workspaces, **options: t.Any) -> dict[str, t.Any]:
    """The content of the file that check mode writes."""
    result = azure.run(
        FLEET, check=True, name="prod", workspaces=wanted, prune="delete", plan_file=str(path), **options
    )
    plan: dict[str, t.Any] = json.loads(path.read_text())
    assert azure.writes == [] and result["plan_file"] == str(path) and result["plan_digest"] == plan["digest"]
    return plan


def applied(azure: Azure, wanted: Workspaces, plan: dict[str, t.Any], **options: t.Any) -> dict[str, t.Any]:
    return azure.run(FLEET, name="prod", workspaces=wanted, prune="delete", approved_plan=plan, **options)


def test_what_was_approved_is_applied(azure: Azure, wanted: Workspaces, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    plan = planned(azure, path, wanted)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [(target["id"].rpartition("/")[2], target["action"]) for target in plan["targets"]] == [
        ("cpu-c0", "update"), ("cpu-c1", "delete"), ("new", "create"),
    ]  # fmt: skip
    assert plan["targets"][0]["changes"] == [{"field": "max_instances", "before": 2, "after": 3}]
    assert [line.split()[:2] for line in plan["table"][1:-1]] == [
        ["ws-0/cpu-c1", "delete"], ["ws-0/cpu-c0", "update"], ["ws-0/new", "create"],
    ] and plan["table"][-1] == "3 targets: 1 delete, 1 update, 1 create planned."  # fmt: skip
    assert planned(azure, path, wanted) == plan, "the same plan has the same file"
    assert not applied(azure, wanted, plan, check=True).get("failed") and azure.writes == []
    done = applied(azure, wanted, plan)
    assert done["totals"] == {
        "targets": 4,
        "failed": 0,
        "undeclared": 1,
        "update": 1,
        "create": 1,
        "delete": 1,
        "none": 2,
    }
    refused = applied(azure, wanted, plan, ok=False)
    assert (
        refused["failure"]["code"] == "PlanChanged"
        and "ws-0/new: approved is create" in refused["msg"]
        and azure.writes == []
    )


@pytest.mark.parametrize("check", [True, False])
def test_another_declaration_is_refused(azure: Azure, wanted: Workspaces, tmp_path: Path, check: bool) -> None:
    plan = planned(azure, tmp_path / "plan.json", wanted)
    moved = copy.deepcopy(wanted)
    moved[0]["computes"][0]["max_instances"] = 9
    moved[1]["computes"][0]["min_instances"] = 1
    refused = applied(azure, moved, plan, check=check, ok=False)
    assert refused["failure"]["code"] == "PlanChanged" and azure.writes == []
    assert (
        "ws-0/cpu-c0: approved is update (max_instances: 2 -> 3), and now it is update (max_instances: 2 -> 9)"
        in refused["msg"]
    )
    assert "ws-1/cpu-c0: approved is no change, and now it is update (min_instances: " in refused["msg"]
    assert [detail["target"].rpartition("/")[2] for detail in refused["failure"]["details"]] == ["cpu-c0", "cpu-c0"]


def test_another_state_is_refused(azure: Azure, wanted: Workspaces, tmp_path: Path) -> None:
    plan = planned(azure, tmp_path / "plan.json", wanted)
    azure.run("aml_compute_cluster", workspace="ws-0", name="cpu-c0", max_instances=7)
    refused = applied(azure, wanted, plan, ok=False)
    assert refused["failure"]["code"] == "PlanChanged" and azure.writes == []
    assert "approved is update (max_instances: 2 -> 3), and now it is update (max_instances: 7 -> 3)" in refused["msg"]


def test_what_is_not_set_is_said_in_words(azure: Azure, wanted: Workspaces, tmp_path: Path) -> None:
    plan = planned(azure, tmp_path / "plan.json", wanted)
    azure.run("aml_compute_cluster", workspace="ws-0", name="cpu-c0", state="absent")
    refused = applied(azure, wanted, plan, ok=False)
    assert "now it is create (" in refused["msg"] and "max_instances: not set -> 3" in refused["msg"]
    unnamed = azure.run(FLEET, workspaces=wanted, approved_plan=plan, ok=False)
    assert "the name of the fleet was 'prod', and now it is not set" in unnamed["msg"]
    assert "None" not in refused["msg"] + unnamed["msg"]


def test_another_target_of_that_name_is_refused(azure: Azure, wanted: Workspaces, tmp_path: Path) -> None:
    """What was approved is the deletion of one target, not of what someone creates in its place, however alike the two are."""
    plan = planned(azure, tmp_path / "plan.json", wanted)
    again = {"size": "Standard_DS2_v2", "max_instances": 2, "tags": {OWNER_TAG: "prod"}}
    azure.run("aml_compute_cluster", workspace="ws-0", name="cpu-c1", state="absent")
    azure.run("aml_compute_cluster", workspace="ws-0", name="cpu-c1", **again)
    after = planned(azure, tmp_path / "after.json", wanted)
    assert [{**row, "created": None} for row in after["targets"]] == [
        {**row, "created": None} for row in plan["targets"]
    ]
    refused = applied(azure, wanted, plan, ok=False)
    assert refused["failure"]["code"] == "PlanChanged" and azure.writes == []
    assert "ws-0/cpu-c1: approved is delete of the one that was created at" in refused["msg"]


def test_a_state_that_moves_during_the_run_is_not_touched(azure: Azure, wanted: Workspaces, tmp_path: Path) -> None:
    """The plan is compared with the list; directly before the write the target is read again."""
    plan = planned(azure, tmp_path / "plan.json", wanted)
    body = azure.get(f"{home('ws-0')}/computes/cpu-c0")

    def meanwhile(method: str, path: str) -> None:
        if method == "GET" and path.endswith("/computes/cpu-c0"):
            azure.meanwhile = lambda method, path: None
            scale = {"scaleSettings": {"minNodeCount": 1, "maxNodeCount": 7}}
            azure.arm("PATCH", body["id"], {"properties": {"properties": scale}}, wait=30)

    azure.meanwhile = meanwhile
    done = applied(azure, wanted, plan, ok=False)
    (failed,) = done["targets"]
    assert (
        failed["failure"]["code"] == "ChangedMeanwhile"
        and "now it would be update (max_instances: 7 -> 3)" in done["msg"]
    )
    assert done["totals"] == {"targets": 4, "failed": 1, "undeclared": 1, "create": 1, "delete": 1, "none": 2}
    assert (
        azure.get(f"{home('ws-0')}/computes/cpu-c0")["properties"]["properties"]["scaleSettings"]["maxNodeCount"] == 7
    )


def test_a_second_attempt_creates_what_the_first_one_has_deleted(azure: Azure, tmp_path: Path) -> None:
    """An approved replacement whose creation breaks must not end as a deletion, nor as a target that was not processed."""
    azure.make_workspace()
    wanted = [{"name": WORKSPACE, "resource_group": GROUP, "computes": [cluster("cpu")]}]
    azure.run(FLEET, workspaces=wanted)
    wanted[0]["computes"] = [cluster("cpu", size="Standard_DS3_v2", on_immutable_change="recreate")]
    azure.run(FLEET, check=True, workspaces=wanted, plan_file=str(tmp_path / "plan.json"))
    plan = json.loads((tmp_path / "plan.json").read_text())
    broken = {"kind": "status", "status": 500, "match": {"path": "computes/cpu", "method": "PUT"}, "code": "Broken"}
    azure.app.faults.put([{**broken, "message": "No.", "count": 1}])
    done = azure.run(FLEET, workspaces=wanted, approved_plan=plan, attempts=2, retries=0)
    assert done["targets"][0]["attempts"] == 2 and done["totals"] == {"targets": 1, "failed": 0, "create": 1}
    assert azure.compute("cpu")["properties"]["properties"]["vmSize"].casefold() == "standard_ds3_v2"


@pytest.mark.parametrize("again", [False, True], ids=["the old digest", "a digest of the edited plan"])
@pytest.mark.parametrize("edit", ["action", "version", "table", "cost"])
def test_an_edited_plan_is_refused(azure: Azure, wanted: Workspaces, tmp_path: Path, edit: str, again: bool) -> None:
    """Also what people read of it. That a digest without a key can be computed again changes only what a cost was said to be."""
    plan = planned(azure, tmp_path / "plan.json", wanted, estimate_cost=True)
    if edit == "action":
        plan["targets"][0]["action"] = "delete"
    elif edit == "version":
        plan["version"] = 2
    elif edit == "table":
        plan["table"] = [line for line in plan["table"] if "delete" not in line]
    else:
        plan["cost"]["targets"][plan["targets"][0]["id"]] = "none"
    if again:
        plan["digest"] = approval.digest(plan)
    if again and edit == "action":
        plan["table"] = approval.table(plan)
        assert applied(azure, wanted, plan, ok=False)["failure"]["code"] == "PlanChanged" and azure.writes == []
        return
    for given in (plan, {"targets": "text"}):
        assert applied(azure, wanted, given, ok=False)["failure"]["code"] == "PlanNotReadable" and azure.sent == []


def test_a_plan_is_read_from_its_file(azure: Azure, wanted: Workspaces, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    planned(azure, path, wanted)
    assert applied(azure, wanted, t.cast(t.Any, str(path)))["totals"]["create"] == 1


# What was given, and what the message says of it. PATH is the file with the content.
NO_PLANS: dict[str, tuple[t.Any, str]] = {
    "no file": (None, "PATH cannot be read: No such file or directory."),
    "not JSON": ("{", "PATH is not valid JSON (Expecting"),
    "too deep": ("[" * 100_000, "PATH is not valid JSON (maximum recursion"),
    "not text": (b"\xff", "PATH cannot be read: it is not text."),
    "a list": ("[]", "PATH is a list, and not the content of a plan."),
    "another file": (
        '{"aml_fleet_workspaces": []}',
        "PATH is not a plan of this version of the collection, or it was edited.",
    ),
}


@pytest.mark.parametrize("case", NO_PLANS)
def test_a_file_that_is_no_plan_is_named(azure: Azure, tmp_path: Path, case: str) -> None:
    content, message = NO_PLANS[case]
    path = tmp_path / "plan.json"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    refused = azure.run(FLEET, workspaces=[], approved_plan=str(path), ok=False)
    assert refused["failure"]["code"] == "PlanNotReadable" and azure.sent == []
    assert message.replace("PATH", str(path)) in refused["msg"] and "aml_fleet_approved_plan" in refused["msg"]


@pytest.mark.parametrize("given", [[], 7, True, "", "/", "[]"], ids=repr)
def test_what_is_neither_a_plan_nor_its_path_is_refused(azure: Azure, given: t.Any) -> None:
    refused = azure.run(FLEET, workspaces=[], approved_plan=given, ok=False)
    assert refused["failure"]["code"] == ("EmptyText" if given == "" else "PlanNotReadable") and azure.sent == []


def test_secrets_are_not_in_the_file_and_their_changes_are_refused(azure: Azure, tmp_path: Path) -> None:
    def declared(value: str) -> Workspaces:
        app = {
            "name": "app",
            "image": {"reference": "registry.example/app"},
            "endpoints": [{"target": 8787, "published": 8787}],
            "environment_variables": {"SALT": value},
        }
        instance = {
            "type": "computeinstance",
            "name": "ci-plan-one",
            "size": "Standard_DS2_v2",
            "custom_applications": [app],
        }
        return [{"name": WORKSPACE, "resource_group": GROUP, "computes": [instance]}]

    path = tmp_path / "plan.json"
    plan = planned(azure, path, declared("correct horse battery"))
    assert "correct horse" not in path.read_text() and "VALUE_NOT_SHOWN" in path.read_text()
    assert planned(azure, path, declared("correct horse battery"))["digest"] == plan["digest"]
    refused = applied(azure, declared("another value"), plan, ok=False)
    assert refused["failure"]["code"] == "PlanChanged" and azure.writes == []
    assert "values that the plan does not show are different" in refused["msg"]
    assert applied(azure, declared("correct horse battery"), plan)["totals"]["create"] == 1


def test_a_file_that_cannot_be_written(azure: Azure, wanted: Workspaces, tmp_path: Path) -> None:
    other = tmp_path / "fleet.yml"
    other.write_text("aml_fleet_workspaces: []\n")
    for path in (tmp_path / "none" / "plan.json", tmp_path, other):
        for option in ("plan_file", "table_file"):
            refused = azure.run(FLEET, check=True, workspaces=wanted, ok=False, **{option: str(path)})
            assert refused["failure"]["code"] == "FileNotWritable" and str(path) in refused["msg"] and azure.sent == []
    assert other.read_text() == "aml_fleet_workspaces: []\n", "a file of the user is never overwritten"


def test_two_files_at_one_path(azure: Azure, wanted: Workspaces, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    (tmp_path / "link").symlink_to(tmp_path)
    same = {"plan_file": str(path), "table_file": str(tmp_path / "link" / "plan.json")}
    for check in (True, False):
        refused = azure.run(FLEET, check=check, workspaces=wanted, ok=False, **same)
        assert "table_file and plan_file are the same file" in refused["msg"] and azure.sent == []


@pytest.mark.parametrize("broken", [{"parallelism": 0}, {"limit": ["nothing"]}, {"max_monthly_cost": 1}, {}])
def test_a_check_that_fails_leaves_no_earlier_plan(
    azure: Azure, wanted: Workspaces, tmp_path: Path, broken: dict[str, t.Any]
) -> None:
    """It could be approved in the place of the one that could not be made."""
    path = tmp_path / "plan.json"
    planned(azure, path, wanted)
    if not broken:
        wanted[0]["computes"][0]["size"] = "Standard_DS3_v2"
    failed = azure.run(FLEET, check=True, name="prod", workspaces=wanted, plan_file=str(path), ok=False, **broken)
    assert "plan_file" not in failed
    assert not path.exists()


def test_the_whole_table_is_written_by_every_run(azure: Azure, tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    declared = document(azure, workspaces=2, computes=20)
    for options, last in (
        ({"check": True}, "40 targets: 40 create planned."), ({}, "40 targets: 40 create done."), ({}, "40 targets: no changes, 40 unchanged."),
    ):  # fmt: skip
        done = azure.run(FLEET, workspaces=declared, table_file=str(path), preflight=False, **options)
        lines = path.read_text().splitlines()
        assert done["table_file"] == str(path) and lines[-1] == last == done["table"][-1]
        assert len(lines) == (42 if "create" in last else 1) and stat.S_IMODE(path.stat().st_mode) == 0o600
    declared[0]["computes"][0]["size"] = "Standard_DS3_v2"
    failed = azure.run(FLEET, workspaces=declared, table_file=str(path), ok=False)
    assert path.read_text().splitlines()[-1] == "40 targets: no changes, 39 unchanged, 1 failed." and failed[
        "table_file"
    ] == str(path)
