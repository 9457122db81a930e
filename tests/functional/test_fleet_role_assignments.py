# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role assignments of a fleet, which have no names of their own: those of others count, stay, and are never pruned; and exports of them."""

from __future__ import annotations

import json
import typing as t
import uuid
from pathlib import Path

from ansible_collections.azureml.compute.tests.support.azure import (
    GROUP,
    GROUP_ID,
    SUBSCRIPTION,
    WORKSPACE,
    WORKSPACE_ID,
    Azure,
)

from .test_fleet import FLEET, cluster
from .test_role_assignment import OTHER, TEAM, WHO, assign, assigned, custom_role

ABOUT = f"AzureML Data Scientist for {WHO}"
# In tables.
SHORT = ABOUT[:50]
READER = {"role": "Reader", "principal_id": OTHER}


def workspace(*assignments: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    return {"name": WORKSPACE, "resource_group": GROUP, "role_assignments": list(assignments), **more}


def test_they_are_assigned_once_and_a_second_run_only_lists(azure: Azure) -> None:
    wanted = [workspace(TEAM, READER, computes=[cluster("cpu-c")])]
    planned = azure.run(FLEET, check=True, workspaces=wanted)
    assert azure.writes == [] and planned["totals"]["create"] == 3
    assert any(SHORT in line for line in planned["table"])
    done = azure.run(FLEET, workspaces=wanted)
    assert done["totals"] == {"targets": 3, "failed": 0, "create": 3}
    assert [target["changes"] for target in done["targets"]] == [target["changes"] for target in planned["targets"]]
    # As the module names them.
    again = azure.run("aml_role_assignment", **TEAM)
    assert again["changed"] is False and again["role_assignment"]["id"] in {row["id"] for row in done["targets"]}
    # They have no tags: only the cluster gets that of the fleet.
    named = azure.run(FLEET, workspaces=wanted, name="prod", prune="report")
    assert [row["type"] for row in named["targets"]] == ["amlcompute"]
    assert azure.run(FLEET, workspaces=wanted)["changed"] is False
    assert sorted((request.method, request.path) for request in azure.sent) == [
        ("GET", f"{WORKSPACE_ID}/computes"),
        ("GET", f"{WORKSPACE_ID}/providers/Microsoft.Authorization/roleAssignments"),
    ]


def test_those_of_others_count_and_stay(azure: Azure) -> None:
    path, bystander = assign(azure, str(uuid.uuid4())), assign(azure, str(uuid.uuid4()), principal=OTHER)
    (row,) = azure.run(FLEET, workspaces=[workspace(TEAM)], full_result=True)["targets"]
    assert (row["action"], row["id"]) == ("none", path)
    done = azure.run(FLEET, name="prod", workspaces=[workspace({**TEAM, "description": "ours"})], prune="delete")
    assert [(write.method, write.path) for write in azure.writes] == [("PUT", path)] and done["undeclared"] == []
    removed = azure.run(FLEET, workspaces=[workspace({**TEAM, "state": "absent"})])
    assert [target["reason"] for target in removed["targets"]] == [ABOUT]
    assert [row["id"] for row in assigned(azure)] == [bystander]


def test_what_is_inherited_does_not_count_and_is_not_ours(azure: Azure) -> None:
    inherited = assign(azure, str(uuid.uuid4()), GROUP_ID)
    done = azure.run(FLEET, name="prod", workspaces=[workspace(TEAM)], prune="delete")
    assert done["totals"]["create"] == 1 and done["undeclared"] == []
    (own,) = assigned(azure)
    (home,) = azure.run("aml_fleet_info", workspaces=[workspace()], role_assignments=True)["workspaces"]
    assert [row["id"] for row in home["role_assignments"]] == [own["id"]]
    assert azure.run("aml_export_info")["vars"]["aml_role_assignments"] == [TEAM]
    azure.run(FLEET, workspaces=[workspace({**TEAM, "state": "absent"})])
    assert azure.run(FLEET, workspaces=[workspace({**TEAM, "state": "absent"})])["changed"] is False
    assert inherited in {row["id"] for row in assigned(azure, GROUP_ID)}
    assert "role_assignments" not in azure.run("aml_fleet_info", workspaces=[workspace()])["workspaces"][0]


def test_differences_limits_and_reports(azure: Azure) -> None:
    azure.run(FLEET, workspaces=[workspace(TEAM, READER)])
    third = str(uuid.uuid4())
    assign(azure, str(uuid.uuid4()), principal=third)
    wanted = [workspace({**TEAM, "description": "The vision team"}, {**READER, "state": "absent"})]
    report = azure.run(FLEET, check=True, workspaces=wanted, report=True)["drift"]
    text = str(report["text"])
    assert report["drifted"] and "description" in text
    # By what they are, also those of others.
    for about in (ABOUT, f"Reader for {OTHER}", f"AzureML Data Scientist for {third}"):
        assert f"{about} role_assignment" in " ".join(text.split())
    for pattern in (f"{WORKSPACE}/role_assignments/AzureML*", "&role_assignment", "role_assignments:!*Reader*"):
        rows = azure.run(FLEET, check=True, workspaces=wanted, limit=[pattern], full_result=True)["targets"]
        assert (rows[0]["reason"], rows[0]["changes"][0]["field"]) == (ABOUT, "description")
        assert len(rows) == (2 if pattern[0] == "&" else 1)
    assert [target["action"] for target in azure.run(FLEET, workspaces=wanted)["targets"]] == ["update", "delete"]
    assert len(assigned(azure)) == 2


def test_an_approved_plan_holds(azure: Azure, tmp_path: Path) -> None:
    wanted, plan = [workspace(TEAM)], tmp_path / "plan.json"
    azure.run(FLEET, check=True, name="prod", workspaces=wanted, plan_file=str(plan))
    approved = json.loads(plan.read_text())
    assert SHORT in str(approved["table"])
    changed = [workspace({**TEAM, "role": "Owner"})]
    failed = azure.run(FLEET, name="prod", workspaces=changed, approved_plan=approved, ok=False)
    assert failed["failure"]["code"] == "PlanChanged" and azure.writes == []
    assert azure.run(FLEET, name="prod", workspaces=wanted, approved_plan=approved)["totals"]["create"] == 1


def test_another_writer_between_plan_and_run(azure: Azure) -> None:
    def meanwhile(method: str, path: str) -> None:
        if method == "PUT":
            azure.meanwhile = lambda method, path: None
            assign(azure, str(uuid.uuid4()))

    azure.meanwhile = meanwhile
    done = azure.run(FLEET, workspaces=[workspace(TEAM)], full_result=True)
    assert done["changed"] is False and len(assigned(azure)) == 1


def test_what_is_wrong_is_refused_before_the_first_request(azure: Azure) -> None:
    broken = workspace(
        {**TEAM, "role": "Data/Scientist"},
        {"role": "Reader"},
        {**READER, "name": "mine"},
        {**READER, "role": "Owner", "scope": GROUP_ID},
        TEAM,
        {**TEAM, "role": "f6c7c914-8db3-469d-8ca1-694a8f32e121"},
    )
    failed = azure.run(FLEET, workspaces=[broken], ok=False)
    assert azure.sent == [] and failed["failure"]["code"] == "InvalidDeclaration"
    for text in (
        f"role_assignments/Data/Scientist for {WHO}",
        "role_assignments[1] needs role and principal_id",
        "role_assignments[2]: Unsupported parameters: name",
        "role_assignments[3]: Unsupported parameters: scope",
        f"role_assignments/{ABOUT} is declared twice",
        "ansible-doc azureml.compute.aml_role_assignment",
    ):
        assert text in failed["msg"], text


def test_a_name_that_no_role_has_is_refused_before_a_write(azure: Azure) -> None:
    """Also where it is removed: none would be found, which would pass for removed."""
    wrong = {**TEAM, "role": "AzureML Data Scientists", "state": "absent"}
    other = {**READER, "role": "Our Scientist"}
    for check in (True, False):
        failed = azure.run(FLEET, check=check, workspaces=[workspace(wrong, other, READER)], ok=False)
        assert failed["failure"]["code"] == "UnknownRole" and azure.writes == []
        for text in (
            f"{WORKSPACE}/role_assignments/AzureML Data Scientists for {WHO}: The role 'AzureML Data Scientists' is neither",
            "Did you mean AzureML Data Scientist?",
            f"{WORKSPACE}/role_assignments/Our Scientist for {OTHER}",
            "Nothing was changed.",
        ):
            assert text in failed["msg"], text


def test_custom_roles_by_their_names(azure: Azure) -> None:
    """One read for each name, whatever number of workspaces of the resource group assigns it; messages keep the name."""
    guid = custom_role(azure, "Ada's Scientist")
    azure.make_workspace("ws-two")
    named = {"role": "ada's scientist", "principal_id": WHO}
    wanted = [workspace(named, TEAM), {**workspace(named, {**named, "principal_id": OTHER}), "name": "ws-two"}]
    planned = azure.run(FLEET, check=True, workspaces=wanted, full_result=True)
    assert azure.writes == [] and planned["totals"]["create"] == 4
    done = azure.run(FLEET, workspaces=wanted, full_result=True)
    assert [row["changes"] for row in done["targets"]] == [row["changes"] for row in planned["targets"]]
    assert [row["reason"] for row in done["targets"] if row["changes"]].count(f"ada's scientist for {WHO}") == 2
    assert len([write for write in azure.writes if guid in str(write.body)]) == 3
    again = azure.run(FLEET, workspaces=wanted)
    assert again["changed"] is False
    paths = [request.path.rpartition("/")[2] for request in azure.sent]
    assert (paths.count("roleDefinitions"), paths.count("roleAssignments"), azure.writes) == (1, 2, [])
    # The module has the same one, under the same name; and the same by its GUID is the same twice.
    assert azure.run("aml_role_assignment", **named)["changed"] is False
    failed = azure.run(FLEET, workspaces=[workspace(named, {**named, "role": guid})], ok=False)
    assert failed["failure"]["code"] == "DeclaredTwice" and azure.writes == []
    absent = [workspace({**named, "state": "absent"})]
    assert azure.run(FLEET, workspaces=absent, limit=[f"{WORKSPACE}/role_assignments/ada*"])["totals"]["delete"] == 1
    assert azure.run(FLEET, workspaces=absent)["changed"] is False


def test_custom_roles_that_cannot_be_read_fail_alone(azure: Azure) -> None:
    """Who may not read the roles of one resource group still manages the rest of the fleet."""
    order = {"kind": "status", "status": 403, "code": "AuthorizationFailed", "message": "No permission."}
    azure.app.faults.put([{**order, "match": {"method": "GET", "path": "roleDefinitions"}, "count": 9}])
    wanted = [workspace({"role": "Our Scientist", "principal_id": WHO}, READER, computes=[cluster("cpu-c")])]
    for check in (True, False):
        failed = azure.run(FLEET, check=check, workspaces=wanted, ok=False)
        assert failed["totals"] == {"targets": 3, "failed": 1, "create": 2}
        codes = [row["failure"]["code"] for row in failed["targets"] if row.get("failure")]
        assert codes == ["AuthorizationFailed"]
    azure.app.faults.put([])
    custom_role(azure)
    assert azure.run(FLEET, workspaces=wanted)["totals"]["create"] == 1


def test_a_custom_role_for_a_workspace_that_check_mode_expects(azure: Azure) -> None:
    custom_role(azure, "Our Scientist", f"/subscriptions/{SUBSCRIPTION}")
    new = {**workspace({"role": "Our Scientist", "principal_id": WHO}), "name": "ws-new", "created_earlier": True}
    planned = azure.run(FLEET, check=True, workspaces=[{**new, "resource_group": "rg-new"}])
    assert planned["totals"]["create"] == 1


def test_a_new_principal_is_waited_for(azure: Azure) -> None:
    order = {"kind": "status", "status": 400, "code": "PrincipalNotFound", "message": "It does not exist."}
    azure.app.faults.put([{**order, "match": {"method": "PUT", "path": "roleAssignments"}, "count": 2}])
    assert azure.run(FLEET, workspaces=[workspace({**TEAM, "propagation_timeout": 30})])["totals"]["create"] == 1
    azure.app.faults.put([{**order, "match": {"method": "PUT", "path": "roleAssignments"}, "count": 9}])
    failed = azure.run(FLEET, workspaces=[workspace({**READER, "propagation_timeout": 0})], ok=False)
    assert "PrincipalNotFound" in str(failed["failure"]) and len(azure.writes) == 1


def test_an_export_applied_changes_nothing(azure: Azure) -> None:
    condition = "@Resource[a] StringEquals 'b'"
    wanted = [{**TEAM, "description": "The team"}, {**READER, "principal_type": "user", "condition": condition}]
    azure.run(FLEET, workspaces=[workspace(*wanted)])
    exported = azure.run("aml_export_info")
    assert azure.writes == []
    rows = exported["vars"]["aml_role_assignments"]
    assert rows == exported["fleet"]["role_assignments"] and sorted(rows, key=str) == sorted(wanted, key=str)
    for row in rows:
        assert azure.run("aml_role_assignment", **row)["changed"] is False
    assert azure.run(FLEET, workspaces=[exported["fleet"]])["changed"] is False
    named = azure.run("aml_export_info", role_assignments=[assigned(azure)[0]["name"]])["vars"]
    assert len(named["aml_role_assignments"]) == 1 and "aml_datastores" not in named
    failed = azure.run("aml_export_info", role_assignments=[str(uuid.uuid4())], ok=False)
    assert "role assignment" in failed["msg"]
