# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole result of one run of a fleet: what was created, what is as declared, what failed, what was pruned, what it costs. Every key, in its order."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from ansible_collections.azureml.compute.tests.support.azure import GROUP, SUBSCRIPTION, WORKSPACE, Azure

from .test_fleet import FLEET, TAG, cluster, document

# The simulator's price of a node of Standard_DS2_v2 for a month; Standard_DS3_v2 is twice as large.
MONTH = 106.58
SIZE = {
    "field": "size",
    "before": "STANDARD_DS2_V2",
    "after": "Standard_DS3_v2",
    "mutability": "create_only",
    "reason": "the virtual machine size cannot be changed after creation",
}
UPDATED = {"field": "max_instances", "before": 2, "after": 3, "mutability": "updatable", "reason": None}
IMMUTABLE = (
    "The compute cluster 'cpu-c0' cannot be updated: size is immutable (current 'STANDARD_DS2_V2', requested 'Standard_DS3_v2'): "
    "the virtual machine size cannot be changed after creation."
)


def home(name: str) -> str:
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/{name}"


def created(field: str, after: t.Any, mutability: str = "updatable") -> dict[str, t.Any]:
    return {"field": field, "before": None, "after": after, "mutability": mutability, "reason": None}


def row(workspace: str, name: str, action: str = "none", **more: t.Any) -> dict[str, t.Any]:
    cost = more.pop("cost", None)
    shown = {
        "workspace": workspace,
        "resource_group": GROUP,
        "subscription_id": SUBSCRIPTION,
        "name": name,
        "type": "amlcompute",
        "id": f"{home(workspace)}/computes/{name}",
        "action": action,
        "changed": action != "none",
        "changes": [],
        "reason": None,
        "attempts": int(action != "none"),
        "failure": None,
        "warnings": [],
        "retirements": [],
        **more,
    }
    difference = more.pop("difference", None)
    shown.pop("difference", None)
    if cost is None and difference is None:
        return shown
    return {**shown, "cost": cost and usd(cost), "cost_difference": difference and usd(difference)}


def usd(maximum: float) -> dict[str, t.Any]:
    return {"currency": "USD", "monthly_minimum": 0.0, "monthly_maximum": maximum}


def place(name: str) -> dict[str, str]:
    return {"id": home(name), "name": name, "resource_group": GROUP, "subscription_id": SUBSCRIPTION}


def test_the_whole_result(azure: Azure) -> None:
    wanted = document(azure, workspaces=2, computes=2)
    azure.run(FLEET, name="prod", workspaces=wanted)
    wanted[0]["computes"] = [cluster("cpu-c0", size="Standard_DS3_v2"), cluster("new")]
    wanted[1]["computes"][1]["max_instances"] = 3
    result = azure.run(
        FLEET, name="prod", workspaces=wanted, prune="delete", estimate_cost=True, full_result=True, ok=False
    )

    failure = result["failure"]
    (failed,) = failure.pop("details")
    assert failed == {"workspace": "ws-0", "name": "cpu-c0", "code": "ImmutableChange"}
    for target in (*result["targets"], *result["undeclared"]):
        assert (target.pop("seconds") > 0) is (target["attempts"] > 0)
    refused = result["targets"][0]["failure"]
    shown = {key: result[key] for key in ("changed", "targets", "undeclared", "totals", "workspaces", "document")}
    expected = {
        "changed": True,
        "targets": [
            row(
                "ws-0", "cpu-c0", "replace", changed=False, changes=[SIZE], attempts=0, failure=refused,
                reason="cannot change after creation: size", cost=427.78, difference=214.62,
            ),
            row(
                "ws-0", "new", "create", reason="it does not exist", cost=2 * MONTH, difference=2 * MONTH,
                changes=[
                    created("tags", {TAG: "prod"}), created("size", "Standard_DS2_v2", "create_only"), created("max_instances", 2),
                ],
            ),
            row("ws-1", "cpu-c0", cost=2 * MONTH),
            row("ws-1", "cpu-c1", "update", changes=[UPDATED], cost=3 * MONTH, difference=MONTH),
        ],
        "undeclared": [
            row("ws-0", "cpu-c1", "delete", reason="the fleet created it and no longer declares it", difference=-2 * MONTH),
        ],
        "totals": {
            "targets": 4, "failed": 1, "undeclared": 1, "create": 1, "none": 1, "update": 1, "delete": 1,
            "cost": {"currency": "USD", "monthly_minimum": 0.0, "monthly_maximum": 1173.84, "unknown": []},
        },
        "workspaces": [place("ws-0"), place("ws-1")],
        "document": [home("ws-0"), home("ws-1")],
    }  # fmt: skip
    assert shown == expected
    assert json.dumps(shown) == json.dumps(expected), "the order of the keys too"
    assert (refused["code"], refused["message"]) == ("ImmutableChange", IMMUTABLE)
    assert result["msg"].startswith(
        f"1 of 5 compute targets failed:\nImmutableChange (1):\n  ws-0/cpu-c0: {IMMUTABLE}\n  -> {refused['hint']}\n"
    )
    assert failure == {
        "code": "FleetFailed",
        "message": "1 of 5 compute targets failed.",
        "status": None,
        "request_id": None,
        "target": None,
        "hint": "The other 4 targets have no errors. Fix the errors and run the same task again.",
        "url": failure["url"],
    }


# --- what people see ---


def test_the_diff_and_the_table_begin_with_deletions(azure: Azure) -> None:
    wanted = document(azure, workspaces=1, computes=5)
    azure.run(FLEET, name="prod", workspaces=wanted)
    computes = wanted[0]["computes"]
    computes[0]["max_instances"] = 3
    computes[1]["tags"] = {"team": "speech\x1b[31m\nred"}
    computes[2]["state"] = "absent"
    changed = [{**wanted[0], "computes": [*computes[:4], cluster("new")]}]
    for check in (True, False):
        result = azure.run(
            FLEET, check=check, diff=True, name="prod", workspaces=changed, prune="delete", estimate_cost=True
        )
        *diffs, prepared = result["diff"]
        assert [diff["before_header"] for diff in diffs] == [
            "ws-0/cpu-c2 (delete)", "ws-0/cpu-c4 (delete)", "ws-0/cpu-c0 (update)", "ws-0/cpu-c1 (update)", "ws-0/new (create)",
        ]  # fmt: skip
        assert (diffs[2]["before"]["max_instances"], diffs[2]["after"]["max_instances"]) == (2, 3)
        assert prepared == {"prepared": "\n".join([*result["table"], ""])}
        header, *rows = result["table"]
        assert header.split("  ")[0] == "TARGET" and [row.split()[:2] for row in rows[:5]] == [
            ["ws-0/cpu-c2", "delete"], ["ws-0/cpu-c4", "delete"], ["ws-0/cpu-c0", "update"], ["ws-0/cpu-c1", "update"], ["ws-0/new", "create"],
        ]  # fmt: skip
        assert "max_instances: 2 -> 3" in rows[2] and rows[2].endswith("+0.00 to +106.58 USD")
        assert rows[5] == f"6 targets: 2 delete, 2 update, 1 create {'planned' if check else 'done'}, 1 unchanged."
        assert rows[6] == "Cost per month: 0.00 to 959.22 USD (+0.00 to -106.58 by these changes)."
        assert [target["name"] for target in result["targets"]] == ["cpu-c0", "cpu-c1", "cpu-c2", "new"], (
            "not the unchanged one"
        )
    assert azure.run(FLEET, name="prod", workspaces=changed)["table"] == ["5 targets: no changes, 5 unchanged."]


def test_undeclared_targets_that_stay_are_listed(azure: Azure, tmp_path: Path) -> None:
    wanted = document(azure, workspaces=1, computes=14)
    azure.run(FLEET, name="prod", workspaces=wanted)
    fewer = [{**wanted[0], "computes": wanted[0]["computes"][:1]}]
    file = tmp_path / "changes.txt"
    for prune, reason in (
        ("report", "prune is report"),
        ("detach", "prune is detach, and it cannot be detached, only deleted"),
    ):
        result = azure.run(FLEET, name="prod", workspaces=fewer, prune=prune, table_file=str(file))
        totals, header, *rows, more = result["table"]
        assert totals == "14 targets: no changes, 14 unchanged." and header.split() == ["UNDECLARED", "TYPE", "REASON"]
        assert [row.split(maxsplit=2) for row in rows][:1] == [["ws-0/cpu-c1", "amlcompute", reason]]
        assert len(rows) == 10 and more == "and 3 more" and len(file.read_text().splitlines()) == 15
    unchanged = azure.run(FLEET, name="prod", workspaces=wanted, prune="report")
    assert unchanged["table"] == ["14 targets: no changes, 14 unchanged."]


def test_a_pruned_target_has_the_reason_of_its_plan(azure: Azure) -> None:
    wanted = document(azure, workspaces=1, computes=2)
    azure.run(FLEET, name="prod", workspaces=wanted)
    fewer = [{**wanted[0], "computes": wanted[0]["computes"][:1]}]
    lines = [
        azure.run(FLEET, check=check, name="prod", workspaces=fewer, prune="delete")["table"] for check in (True, False)
    ]
    assert lines[0][:2] == lines[1][:2] and lines[0][1].endswith("the fleet created it and no longer declares it")


def test_workspaces_of_the_same_name_are_named_with_their_resource_groups(azure: Azure) -> None:
    """Only these: the others keep their short names. In the table of an approved plan too."""
    places = [("ws-a", "rg-1"), ("ws-a", "rg-2"), ("ws-b", "rg-1")]
    wanted = [
        {
            "name": name,
            "resource_group": group,
            "created_earlier": True,
            "location": "eastus",
            "computes": [cluster("cpu-c0")],
        }
        for name, group in places
    ]
    result = azure.run(FLEET, check=True, diff=True, workspaces=wanted)
    targets = ["rg-1/ws-a/cpu-c0", "rg-2/ws-a/cpu-c0", "ws-b/cpu-c0"]
    assert [row.split()[0] for row in result["table"][1:4]] == targets
    assert [diff["before_header"] for diff in result["diff"][:3]] == [f"{target} (create)" for target in targets]


def test_many_changes_are_capped_and_two_failures_of_600_are_short(azure: Azure) -> None:
    wanted = [
        *document(azure, workspaces=2, computes=299),
        {"name": "ws-none", "resource_group": GROUP, "computes": [cluster("cpu-a"), cluster("cpu-b")]},
    ]
    result = azure.run(FLEET, check=True, workspaces=wanted, preflight=False, ok=False)
    assert result["totals"] == {"targets": 600, "failed": 2, "create": 598}
    assert (
        result["table"][-2:] == ["and 568 more", "600 targets: 598 create planned, 2 failed."]
        and len(result["table"]) == 33
    )
    assert [target["name"] for target in result["targets"]] == ["cpu-a", "cpu-b"]
    printed = {
        key: value for key, value in result.items() if key not in ("invocation", "exception", "warnings", "diff")
    }
    assert len(json.dumps(printed).encode()) < 20_000


def test_failures_are_grouped_and_ten_of_each_are_shown(azure: Azure) -> None:
    wanted = document(azure, workspaces=1, computes=2)
    azure.run(FLEET, workspaces=wanted)
    wanted[0]["computes"] = [cluster(f"cpu-c{number}", size="Standard_DS3_v2") for number in range(2)]
    wanted.append(
        {"name": "ws-none", "resource_group": GROUP, "computes": [cluster(f"cpu-c{number}") for number in range(25)]}
    )
    result = azure.run(FLEET, check=True, workspaces=wanted, ok=False)
    lines = result["msg"].splitlines()
    assert lines[:2] == ["27 of 27 compute targets failed:", "ResourceNotFound (25):"]
    assert lines[2].endswith(f": The workspace 'ws-none' does not exist in the resource group {GROUP!r}.")
    assert lines[12] == "  and 15 more" and "ImmutableChange (2):" in lines
    assert lines[-1] == "Fix the errors and run the same task again."
    assert len(result["targets"]) == len(result["failure"]["details"]) == 12


def test_many_findings_are_grouped(azure: Azure) -> None:
    wanted = [
        {"name": WORKSPACE, "resource_group": GROUP, "computes": [cluster(f"-bad-{number}") for number in range(540)]}
    ]
    wanted[0]["computes"].append(cluster("good", max_instances=-1))
    result = azure.run(FLEET, workspaces=wanted, ok=False)
    assert (
        result["msg"].startswith("541 problems:\n") and "And 530 more about name (InvalidComputeName)." in result["msg"]
    )
    assert len([detail for detail in result["failure"]["details"] if detail["code"] == "InvalidComputeName"]) == 11
    assert "max_instances" in result["msg"] and len(result["msg"]) < 4000 and azure.sent == []
