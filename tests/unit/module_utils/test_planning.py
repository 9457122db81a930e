# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of one target: what plan_target adds to the comparison (tests/unit/module_utils/test_plan.py) from the kind, the state and the behaviour."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._engine.behaviour import Behaviour
from ansible_collections.azureml.compute.plugins.module_utils._engine.planning import is_refused, plan_target
from ansible_collections.azureml.compute.plugins.module_utils._kinds.aks import AKS
from ansible_collections.azureml.compute.plugins.module_utils._kinds.batch_endpoint import BatchEndpoint
from ansible_collections.azureml.compute.plugins.module_utils._kinds.cluster import CLUSTER
from ansible_collections.azureml.compute.plugins.module_utils._kinds.instance import INSTANCE
from ansible_collections.azureml.compute.plugins.module_utils._kinds.workspace import Workspace

RECREATE, IGNORE = Behaviour(on_immutable_change="recreate"), Behaviour(on_immutable_change="ignore")


def cluster(size: str = "STANDARD_DS3_V2", state: str = "Succeeded", nodes: int = 1) -> dict[str, t.Any]:
    inner = {"vmSize": size, "currentNodeCount": nodes, "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 4}}
    return {"properties": {"computeType": "AmlCompute", "provisioningState": state, "properties": inner}}


def instance(state: str) -> dict[str, t.Any]:
    inner = {"vmSize": "STANDARD_DS3_V2", "state": state}
    return {"properties": {"computeType": "ComputeInstance", "provisioningState": "Succeeded", "properties": inner}}


@pytest.mark.parametrize(
    ("behaviour", "document", "action", "refused"),
    [
        (Behaviour(), cluster("Standard_NC6"), "replace", True),
        (IGNORE, cluster("Standard_NC6"), "none", False),
        (RECREATE, cluster("Standard_NC6"), "replace", False),
        # What is broken can only be replaced: no one has to ask for it.
        (Behaviour(), cluster("Standard_NC6", "Failed", nodes=0), "replace", False),
        (Behaviour(), cluster(state="Failed", nodes=0), "replace", False),
        (Behaviour(), cluster(), "none", False),
    ],
)
def test_a_replacement_that_no_one_asked_for_is_planned_and_refused(
    behaviour: Behaviour, document: dict[str, t.Any], action: str, refused: bool
) -> None:
    plan = plan_target(CLUSTER, {"size": "Standard_DS3_v2"}, document, behaviour)
    assert (plan.action, is_refused(CLUSTER, plan, document, behaviour)) == (action, refused)


@pytest.mark.parametrize(
    ("state", "document", "action", "change"),
    [
        ("present", instance("Running"), "none", None),
        ("stopped", instance("Running"), "stop", ("Running", "Stopped")),
        ("stopped", instance("Stopping"), "none", None),
        ("started", instance("Stopped"), "start", ("Stopped", "Running")),
        ("started", instance("Starting"), "none", None),
        ("restarted", instance("Running"), "restart", ("Running", "Running")),
        ("restarted", instance("Stopped"), "start", ("Stopped", "Running")),
        # What is created runs.
        ("started", None, "create", None),
        ("restarted", None, "create", None),
        ("stopped", None, "create", (None, "Stopped")),
    ],
)
def test_a_power_state_is_part_of_the_plan(
    state: str, document: dict[str, t.Any] | None, action: str, change: tuple[str | None, str] | None
) -> None:
    plan = plan_target(INSTANCE, {"size": "Standard_DS3_v2"}, document, Behaviour(), state)
    changes = [(change.before, change.after) for change in plan.changes if change.field == "state"]
    assert (plan.action, changes) == (action, [change] if change else [])


def test_no_state_follows_a_replacement_that_is_refused() -> None:
    declared = {"size": "Standard_DS3_v2", "location": "westus"}
    document = {**instance("Running"), "location": "eastus"}
    document["properties"]["computeLocation"] = "eastus"
    asked, unasked = (
        plan_target(INSTANCE, declared, document, behaviour, "stopped") for behaviour in (RECREATE, Behaviour())
    )
    assert (asked.action, unasked.action) == ("replace", "replace")
    assert [change.field for change in asked.changes] == ["location", "state"]
    assert [change.field for change in unasked.changes] == ["location"]


@pytest.mark.parametrize(("kind", "action"), [(CLUSTER, "delete"), (AKS.configured({"state": "absent"}), "detach")])
def test_absent_takes_the_action_of_the_kind(kind: t.Any, action: str) -> None:
    assert plan_target(kind, {}, cluster(), Behaviour(), "absent").action == action
    assert plan_target(kind, {}, None, Behaviour(), "absent").action == "none"


@pytest.mark.parametrize(
    ("declared", "state", "rewritten"),
    [
        ({"description": "a"}, "Failed", ["description"]),
        # Nothing that was declared can be written: the tags can.
        ({"location": "eastus"}, "Failed", ["tags"]),
        ({}, "Failed", []),
        ({"description": "a"}, "Succeeded", []),
    ],
)
def test_a_failed_write_is_repeated_where_that_fixes_it(
    declared: dict[str, t.Any], state: str, rewritten: list[str]
) -> None:
    document = {"location": "eastus", "properties": {"provisioningState": state, "description": "a"}}
    plan = plan_target(Workspace(), declared, document, Behaviour())
    assert [change.field for change in plan.changes] == rewritten
    assert plan.action == ("update" if rewritten else "none")
    assert plan.reason == ("it is as declared, but its last write failed" if rewritten else None)


def test_what_its_name_alone_declares_is_written_again_after_a_failure() -> None:
    document = {"location": "eastus", "properties": {"provisioningState": "Failed", "authMode": "AADToken"}}
    plan = plan_target(BatchEndpoint(), {}, document, Behaviour())
    assert plan.action == "update" and [change.field for change in plan.changes] == ["tags"]


def test_secrets_are_sent_where_they_are_asked_for() -> None:
    declared = {"ssh_settings.admin_password": "secret"}
    assert plan_target(CLUSTER, declared, cluster(), Behaviour()).action == "none"
    plan = plan_target(CLUSTER, declared, cluster(), Behaviour(update_secrets=True))
    assert plan.action == "update" and plan.secrets == declared
