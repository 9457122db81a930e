# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole result of one run of a fleet: what was created, what is as declared, what failed, what was pruned, what it costs. Every key, in its order."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.azureml.compute.tests.support.azure import GROUP, SUBSCRIPTION, Azure

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
        **more,
    }
    summed = {"currency": "USD", "monthly_minimum": 0.0, "monthly_maximum": cost}
    return shown if cost is None else {**shown, "cost": summed}


def place(name: str) -> dict[str, str]:
    return {"id": home(name), "name": name, "resource_group": GROUP, "subscription_id": SUBSCRIPTION}


def test_the_whole_result(azure: Azure) -> None:
    wanted = document(azure, workspaces=2, computes=2)
    azure.run(FLEET, name="prod", workspaces=wanted)
    wanted[0]["computes"] = [cluster("cpu-c0", size="Standard_DS3_v2"), cluster("new")]
    wanted[1]["computes"][1]["max_instances"] = 3
    result = azure.run(FLEET, name="prod", workspaces=wanted, prune="delete", estimate_cost=True, ok=False)

    failure = result["failure"]
    (failed,) = failure.pop("details")
    assert failed == result["targets"][0]
    for one in (*result["targets"], *result["undeclared"]):
        assert (one.pop("seconds") > 0) is (one["attempts"] > 0)
    refused = result["targets"][0]["failure"]
    shown = {key: result[key] for key in ("changed", "targets", "undeclared", "totals", "workspaces", "document")}
    expected = {
        "changed": True,
        "targets": [
            row(
                "ws-0", "cpu-c0", "replace", changed=False, changes=[SIZE], attempts=0, failure=refused,
                reason="cannot change after creation: size", cost=427.78,
            ),
            row(
                "ws-0", "new", "create", reason="it does not exist", cost=2 * MONTH,
                changes=[
                    created("tags", {TAG: "prod"}), created("size", "Standard_DS2_v2", "create_only"), created("max_instances", 2),
                ],
            ),
            row("ws-1", "cpu-c0", cost=2 * MONTH),
            row("ws-1", "cpu-c1", "update", changes=[UPDATED], cost=3 * MONTH),
        ],
        "undeclared": [row("ws-0", "cpu-c1", "delete", reason="it exists and is declared absent")],
        "totals": {
            "targets": 4, "failed": 1, "create": 1, "none": 1, "update": 1, "delete": 1,
            "cost": {"currency": "USD", "monthly_minimum": 0.0, "monthly_maximum": 1173.84, "unknown": []},
        },
        "workspaces": [place("ws-0"), place("ws-1")],
        "document": [home("ws-0"), home("ws-1")],
    }  # fmt: skip
    assert shown == expected
    assert json.dumps(shown) == json.dumps(expected), "the order of the keys too"
    assert (refused["code"], refused["message"]) == ("ImmutableChange", IMMUTABLE)
    assert failure == {
        "code": "FleetFailed",
        "message": f"1 of 5 compute targets failed: ws-0/cpu-c0: {IMMUTABLE}",
        "status": None,
        "request_id": None,
        "target": None,
        "hint": "4 of 5 targets match their declaration. Fix the errors and run the same task again.",
        "url": failure["url"],
    }
