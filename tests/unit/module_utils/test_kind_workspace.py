# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workspace without a wire: patches, outbound rules, projection. Sources: docs/facts.md d.2; the module's RETURN documentation."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible_collections.azureml.compute.plugins.module_utils._core.arm_id import Target
from ansible_collections.azureml.compute.plugins.module_utils._engine.fields import UPDATABLE
from ansible_collections.azureml.compute.plugins.module_utils._engine.kind import BUSY, FAILED, READY
from ansible_collections.azureml.compute.plugins.module_utils._engine.plan import UPDATE, Change, Plan, plan_present
from ansible_collections.azureml.compute.plugins.module_utils._kinds import outbound_rules
from ansible_collections.azureml.compute.plugins.module_utils._kinds import workspace as kind
from ansible_collections.azureml.compute.plugins.module_utils._options import uncovered
from ansible_collections.azureml.compute.plugins.modules import aml_workspace
from ansible_collections.azureml.compute.tests.support.bodies import FIRST, SECOND, workspace
from ansible_collections.azureml.compute.tests.support.module_run import WORKSPACE_ID

TARGET = Target("ws-one", "/w", "/subscriptions/s/resourceGroups/rg", "s", "rg")
RULE = {"name": "packages", "type": "fqdn", "destination": "pypi.org"}


def requests(tree: dict[str, t.Any], body: dict[str, t.Any] | None = None) -> list[tuple[str, str, t.Any]]:
    one, body = kind.Workspace(), body or workspace()
    declared = one.declare(tree, TARGET)
    plan = plan_present(one.fields, declared, one.read(body))
    return [(request.method, request.suffix, request.body) for request in one.updates(body, plan)]


def test_one_patch_for_all_fields_and_one_request_for_each_rule() -> None:
    tree = {
        "display_name": "Other",
        "managed_network": {"isolation_mode": "allow_only_approved_outbound", "outbound_rules": [RULE]},
    }
    assert requests(tree) == [
        (
            "PATCH",
            "",
            {"properties": {"friendlyName": "Other", "managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"}}},
        ),
        (
            "PUT",
            "/outboundRules/packages",
            {"properties": {"type": "FQDN", "destination": "pypi.org", "category": "UserDefined"}},
        ),
    ]


@pytest.mark.parametrize(
    ("rule", "arm"),
    [
        (RULE, {"type": "FQDN", "destination": "pypi.org", "category": "UserDefined"}),
        (
            {
                "name": "x",
                "type": "private_endpoint",
                "destination": {"service_resource_id": "/s", "subresource_target": "blob", "spark_enabled": None},
            },
            {
                "type": "PrivateEndpoint",
                "destination": {"serviceResourceId": "/s", "subresourceTarget": "blob"},
                "category": "UserDefined",
            },
        ),
        (
            {
                "name": "x",
                "type": "service_tag",
                "destination": {"service_tag": "A", "protocol": "TCP", "port_ranges": "80"},
            },
            {
                "type": "ServiceTag",
                "destination": {"serviceTag": "A", "protocol": "TCP", "portRanges": "80"},
                "category": "UserDefined",
            },
        ),
    ],
)
def test_rules_to_arm_and_back(rule: dict[str, t.Any], arm: dict[str, t.Any]) -> None:
    assert outbound_rules.rule_to_arm(rule) == arm
    back = outbound_rules.rule_from_arm("x", arm)
    assert back["type"] == rule["type"]
    declared = rule["destination"]
    assert back["destination"] == (
        {key: value for key, value in declared.items() if value is not None} if isinstance(declared, dict) else declared
    )


def test_a_rule_of_an_unknown_type_is_shown_as_it_is() -> None:
    assert (
        outbound_rules.rule_from_arm("x", {"type": "Quantum", "destination": {"serviceTag": "A", "odd": 1}})["type"]
        == "Quantum"
    )


@pytest.mark.parametrize("type_", ["Quantum", None, 5, [], {}])
@pytest.mark.parametrize("destination", ["a", {"serviceTag": 5}, None, [1], 5])
def test_an_export_takes_rules_of_any_form(type_: t.Any, destination: t.Any) -> None:
    rules = {"odd": {"type": type_, "destination": destination, "category": "UserDefined"}}
    body = workspace(properties={"managedNetwork": {"isolationMode": "AllowInternetOutbound", "outboundRules": rules}})
    assert uncovered.of(kind.ExportedWorkspace(kind.Workspace(), body)) == []


def test_rules_of_one_task_are_no_rows_of_another() -> None:
    first, second = kind.Workspace(), kind.Workspace()
    first.declare({"managed_network": {"outbound_rules": [RULE]}}, TARGET)
    assert len(first.fields) == len(second.fields) + 1
    assert "outbound_rules" not in str(second.read(workspace()))


@pytest.mark.parametrize(
    ("declared", "before", "after"),
    [
        (
            {"type": "user_assigned", "user_assigned_identities": [SECOND]},
            {"type": "UserAssigned", "userAssignedIdentities": {FIRST: {}}},
            {"type": "UserAssigned", "userAssignedIdentities": {SECOND: {}, FIRST: None}},
        ),
        (
            {
                "type": "user_assigned",
                "user_assigned_identities": [FIRST.upper().replace("/SUBSCRIPTIONS", "/subscriptions")],
            },
            {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {FIRST: {}}},
            {
                "type": "UserAssigned",
                "userAssignedIdentities": {FIRST.upper().replace("/SUBSCRIPTIONS", "/subscriptions"): {}},
            },
        ),
        (
            {"type": "system_assigned"},
            {"type": "UserAssigned", "userAssignedIdentities": {FIRST: {}}},
            {"type": "SystemAssigned"},
        ),
    ],
)
def test_identities_are_taken_away_by_null(declared: dict[str, t.Any], before: t.Any, after: t.Any) -> None:
    assert requests({"identity": declared}, workspace(outer={"identity": before})) == [
        ("PATCH", "", {"identity": after})
    ]


@pytest.mark.parametrize(
    "body",
    [
        workspace(),
        workspace(outer={"identity": ..., "tags": None, "kind": None}, properties={"managedNetwork": None}),
        workspace(outer={"properties": {}}),
        workspace(
            properties={
                "managedNetwork": {
                    "isolationMode": "Disabled",
                    "outboundRules": {"a": {"type": "FQDN", "destination": "a.b"}},
                }
            }
        ),
    ],
)
def test_the_result_has_exactly_the_documented_keys(body: dict[str, t.Any]) -> None:
    projected = kind.Workspace().project(body)
    assert set(projected) == set(yaml.safe_load(aml_workspace.RETURN)["workspace"]["contains"])
    network = {
        "isolation_mode",
        "firewall_sku",
        "enable_network_monitor",
        "enable_firewall_log",
        "managed_network_kind",
    }
    assert set(projected["managed_network"]) == {*network, "status", "spark_ready", "outbound_rules"}


def test_declared_rules_do_not_change_the_shape_of_the_result() -> None:
    one = kind.Workspace()
    one.declare({"managed_network": {"outbound_rules": [RULE]}}, TARGET)
    network = {
        "isolationMode": "AllowOnlyApprovedOutbound",
        "outboundRules": {"packages": outbound_rules.rule_to_arm(RULE)},
    }
    projected = one.project(workspace(properties={"managedNetwork": network}))
    assert projected["managed_network"]["outbound_rules"] == [{**RULE, "category": "UserDefined", "status": None}]


@pytest.mark.parametrize(
    ("text", "state"), [("Succeeded", READY), ("Updating", BUSY), ("Failed", FAILED), (None, READY)]
)
def test_states(text: t.Any, state: str) -> None:
    assert kind.Workspace().status(workspace(properties={"provisioningState": text})).state == state


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_rule_is_the_same_in_any_case(state: str) -> None:
    """A name in another case is no second rule, as for all resources."""
    network = {
        "isolationMode": "AllowOnlyApprovedOutbound",
        "outboundRules": {"Packages": outbound_rules.rule_to_arm(RULE)},
    }
    body = workspace(properties={"managedNetwork": network})
    assert requests({"managed_network": {"outbound_rules": [RULE]}}, body) == []
    changed = {**RULE, "destination": "conda.org", "state": state}
    [(method, suffix, _sent)] = requests({"managed_network": {"outbound_rules": [changed]}}, body)
    assert (method, suffix) == ("PUT" if state == "present" else "DELETE", "/outboundRules/Packages")
    one = kind.Workspace()
    declared = one.declare({"managed_network": {"outbound_rules": [changed]}}, TARGET)
    planned = one.project(one.with_values(body, declared))["managed_network"]["outbound_rules"]
    assert [(rule["name"], rule["destination"]) for rule in planned] == (
        [("Packages", "conda.org")] if state == "present" else []
    )


def test_a_replaced_project_takes_what_is_the_hubs_from_it_again() -> None:
    one, hub = kind.Workspace(), f"{WORKSPACE_ID}-hub"
    body = workspace(outer={"kind": "Project"}, properties={"hubResourceId": hub})
    declared = one.declare({"hub_id": hub, "hbi_workspace": True}, TARGET)
    plan = plan_present(one.fields, declared, one.read(body), on_immutable_change="recreate")
    complete = one.completed(body, plan, declared)
    assert plan.action == "replace" and not list(one.check_create(complete, None))
    assert "storage_account" in one.read(body) and "storage_account" not in complete


def test_a_replacement_without_a_managed_network_takes_nothing_of_the_old_one() -> None:
    one = kind.Workspace()
    rules = {"packages": {"type": "FQDN", "destination": "pypi.org", "category": "UserDefined"}}
    network = {
        "isolationMode": "AllowOnlyApprovedOutbound",
        "firewallSku": "Basic",
        "status": {"status": "Active", "sparkReady": True},
    }
    body = workspace(properties={"managedNetwork": {**network, "outboundRules": rules}})
    declared = one.declare({"hbi_workspace": True, "managed_network": {"isolation_mode": "disabled"}}, TARGET)
    plan = plan_present(one.fields, declared, one.read(body), on_immutable_change="recreate")
    complete = one.completed(body, plan, declared)
    assert plan.action == "replace" and not list(one.check_create(complete, None))
    assert {option for option in complete if kind._is_of_network(option)} == {"managed_network.isolation_mode"}


def test_rules_of_the_service_lack_no_option() -> None:
    rule = {
        "type": "PrivateEndpoint",
        "destination": {"serviceResourceId": "/s", "subresourceTarget": "blob"},
        "category": "Required",
    }
    network = {"isolationMode": "AllowInternetOutbound", "outboundRules": {"__SYS_PE": rule}}
    with_rules = kind.ExportedWorkspace(kind.Workspace(), workspace(properties={"managedNetwork": network}))
    assert uncovered.of(with_rules) == uncovered.of(kind.ExportedWorkspace(kind.Workspace(), workspace()))


@pytest.mark.parametrize(
    ("status", "declared", "sent"),
    [
        (None, {"provision_network": True}, {"includeSpark": False}),
        (
            {"status": "Inactive", "sparkReady": False},
            {"provision_network": True, "include_spark": True},
            {"includeSpark": True},
        ),
        ({"status": "Active", "sparkReady": False}, {"include_spark": True}, {"includeSpark": True}),
        # As when a write is made again because it failed.
        ({"status": "Active", "sparkReady": "true"}, {"provision_network": True, "include_spark": True}, None),
        ({"status": "Active", "sparkReady": False}, {"provision_network": False}, None),
    ],
)
def test_the_network_is_provisioned_only_where_that_is_due(
    status: t.Any, declared: dict[str, t.Any], sent: t.Any
) -> None:
    body = workspace(properties={"managedNetwork": {"isolationMode": "AllowInternetOutbound", "status": status}})
    changes = tuple(Change(option, None, value, UPDATABLE) for option, value in declared.items())
    writes = kind.Workspace().updates(body, Plan(UPDATE, changes))
    assert [write.body for write in writes] == ([] if sent is None else [sent])
