# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is wrong in a fleet's document is reported at once, each problem with its location, in the order of the document."""

from __future__ import annotations

from ansible_collections.azureml.compute.tests.support.azure import GROUP, Azure

from .test_fleet import FLEET, cluster


def test_all_problems_of_a_document_with_their_locations(azure: Azure) -> None:
    workspaces = [
        {"name": "x", "resource_group": "bad group.", "defaults": {"abacus": {"size": "a"}}, "computes": [cluster("lost")]},
        {
            "name": "ws-one",
            "resource_group": GROUP,
            "defaults": {"amlcompute": {"min_instances": 5}},
            "computes": [
                {"type": "abacus", "name": "beads"},
                cluster("red", colour="red", min_instances=0),
                cluster("unbalanced", attempts=0, wait_timeout=1),
                cluster("gone-1", state="absent", attempts="many"),
                cluster("twice", min_instances=1),
            ],
        },
        {"name": "WS-ONE", "resource_group": GROUP, "computes": [cluster("Twice")]},
    ]  # fmt: skip
    failed = azure.run(FLEET, workspaces=workspaces, ok=False)["failure"]
    assert azure.sent == [] and failed["code"] == "InvalidDeclaration"
    assert [
        (detail["code"], detail["option"], detail["message"].partition(": ")[0]) for detail in failed["details"]
    ] == [
        ("InvalidResourceGroupName", "resource_group", "workspaces[0]"),
        ("InvalidWorkspaceName", "name", "workspaces[0]"),
        ("InvalidDefaults", "workspaces[0].defaults", "workspaces[0]"),
        ("InvalidEntry", "ws-one: beads", "ws-one/beads"),
        ("InvalidOption", "ws-one: red", "ws-one/red"),
        ("MinimumAboveMaximum", "min_instances", "ws-one/unbalanced"),
        ("InvalidOption", "ws-one/unbalanced", "ws-one/unbalanced"),
        ("InvalidOption", "ws-one/gone-1", "ws-one/gone-1"),
        ("DeclaredTwice", "WS-ONE/Twice", "WS-ONE/Twice is declared twice."),
    ]
    assert failed["message"] == " ".join(detail["message"] for detail in failed["details"])
    assert failed["hint"] == (
        "Nothing was sent. Correct resource_group, name, workspaces[0].defaults, ws-one: beads, ws-one: red, min_instances, "
        "ws-one/unbalanced, ws-one/gone-1, WS-ONE/Twice."
    )


def test_a_target_that_names_a_workspace_outside_of_the_document(azure: Azure) -> None:
    """Within the document it may name any: that workspace is read."""
    lost, found = cluster("lost", workspace="ws-other"), cluster("found", workspace="WS-TWO")
    workspaces = [{"name": "ws-one", "computes": [lost, found]}, {"name": "ws-two", "computes": []}]
    failed = azure.run(FLEET, workspaces=workspaces, resource_group=GROUP, ok=False)["failure"]
    assert azure.sent == [] and failed["code"] == "WorkspaceNotDeclared"
    assert [detail["option"] for detail in failed["details"]] == ["ws-other/lost"]
