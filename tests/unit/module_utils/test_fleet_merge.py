# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole merged result of runs over shares of one document. tests/functional/test_fleet_share.py has real runs."""

from __future__ import annotations

import typing as t

from ansible_collections.azureml.compute.plugins.module_utils._fleet.merge import merge

Row = dict[str, t.Any]
RG = "/subscriptions/11111111-0000-4000-8000-000000000001/resourceGroups/rg"


def home(name: str) -> str:
    return f"{RG}/providers/Microsoft.MachineLearningServices/workspaces/{name}"


DOCUMENT = [home(name) for name in ("ws-0", "ws-1", "ws-2", "ws-3")]


def place(name: str) -> Row:
    return {"id": home(name), "name": name, "resource_group": "rg"}


def row(workspace: str, name: str, action: str = "none", **more: t.Any) -> Row:
    return {
        "id": f"{home(workspace)}/computes/{name}",
        "name": name,
        "action": action,
        "changed": action != "none",
        "failure": None,
        **more,
    }


def cost(most: float) -> Row:
    return {"currency": "USD", "monthly_minimum": 1.0, "monthly_maximum": most}


FAILED = row("WS-1", "b", "update", changed=False, failure={"code": "Broken"}, cost=None)
EARLIER = {
    "changed": True,
    "targets": [row("ws-0", "a", "create", cost=cost(9.0))],
    "undeclared": [],
    "totals": {"cost": {**cost(9.0), "unknown": []}},
    "workspaces": [place("ws-0")],
    "document": DOCUMENT,
}
LATER = {
    "changed": False,
    "targets": [FAILED, row("ws-0", "a", cost=cost(2.0)), row("ws-0", "free", cost=None)],
    "undeclared": [row("ws-0", "old", "delete", operation={"url": "u"})],
    "totals": {"cost": {**cost(2.0), "unknown": [FAILED["id"]]}},
    "workspaces": [place("WS-1"), place("ws-0")],
    "document": DOCUMENT,
    "failure": {"code": "FleetFailed"},
}
REFUSED = {"code": "PreflightFailed", "message": "no quota"}
ENDED_EARLY = {
    "changed": False,
    "targets": [row("ws-2", "c", "create")],
    "undeclared": [],
    "workspaces": [place("ws-2")],
    "document": DOCUMENT,
    "failure": REFUSED,
}


def test_the_whole_merged_result() -> None:
    merged = merge([EARLIER, LATER, ENDED_EARLY, ENDED_EARLY, {"failure": {"code": "Offline"}}])
    assert merged == {
        "changed": True,
        "targets": [LATER["targets"][1], LATER["targets"][2], FAILED],
        "undeclared": LATER["undeclared"],
        "totals": {
            "targets": 3,
            "failed": 1,
            "undeclared": 1,
            "none": 2,
            "delete": 1,
            "cost": {**cost(2.0), "unknown": [FAILED["id"]]},
        },
        "workspaces": [place("ws-0"), place("WS-1")],
        "document": DOCUMENT,
        "missing": [home("ws-2"), home("ws-3")],
        "failures": [REFUSED, {"code": "Offline"}],
        "complete": False,
    }
    assert list(merged) == [
        "changed", "targets", "undeclared", "totals", "workspaces", "document", "missing", "failures", "complete",
    ]  # fmt: skip
    assert merge([merged]) == merged


def test_nothing_was_estimated_and_all_went_well() -> None:
    shares = [
        {
            "targets": [row(name, "a")],
            "undeclared": [],
            "workspaces": [place(name)],
            "document": [home("ws-0"), home("ws-1")],
        }
        for name in ("ws-1", "ws-0")
    ]
    merged = merge(shares)
    assert merged["totals"] == {"targets": 2, "failed": 0, "none": 2}
    assert merged["targets"] == [row("ws-0", "a"), row("ws-1", "a")], "in the order of the document"
    assert merged["complete"] and not merged["changed"]
    assert merge([])["complete"] is False
