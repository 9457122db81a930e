# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter plugin drift_report as a template finds it: one report in three forms.

Not collected by itself: test_on_a_controller.py runs it in a process of its own. What a report says is tested in ../module_utils/test_report.py.
"""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible.plugins.loader import filter_loader, init_plugin_loader

init_plugin_loader()

GIVEN = {
    "generated": "2026-11-25T12:00:00Z",
    "name": "prod",
    "fleet": {"results": []},
    "workspaces": [],
    "computes": [],
    "usages": [],
}


@pytest.fixture
def drift_report() -> t.Callable[..., t.Any]:
    found: t.Callable[..., t.Any] = filter_loader.get("azureml.compute.drift_report").j2_function
    return found


def test_three_forms_of_one_report(drift_report: t.Callable[..., t.Any]) -> None:
    report = drift_report(GIVEN)
    assert report["drifted"] is False
    assert report["generated"] == GIVEN["generated"]
    assert drift_report(report, "markdown").startswith("#")
    assert drift_report(report, "html").startswith("<!doctype html>")


def test_another_form_says_which_there_are(drift_report: t.Callable[..., t.Any]) -> None:
    with pytest.raises(AnsibleFilterError, match="form is data, merged, text, markdown, html, junit, csv, not 'pdf'"):
        drift_report({}, "pdf")


SUBSCRIPTION = "/subscriptions/11111111-0000-4000-8000-000000000001"
HOME = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"
PLACE = {"resource_group": "rg", "subscription_id": SUBSCRIPTION.rsplit("/", 1)[1]}
COST = {"currency": "USD", "monthly_minimum": 1.0, "monthly_maximum": 2.0}
TARGET = {
    **PLACE, "workspace": "ws", "id": f"{HOME}/computes/cpu", "name": "cpu", "type": "amlcompute", "action": "update", "changed": True, "reason": None,
    "failure": None, "changes": [{"field": "tags", "before": {"a": "b"}, "after": {"a": "c"}, "reason": "updatable"}], "cost": COST,
}  # fmt: skip
BODY = {
    "id": f"{HOME}/computes/cpu", "name": "cpu", "type": "amlcompute", "location": "eastus", "current_node_count": 1, "max_instances": 4,
    "ssh_public_access_enabled": True, "ssh_settings": {"admin_username": "me", "ssh_port": 50000},
    "identity": {"type": "system_assigned", "user_assigned_identities": []},
}  # fmt: skip
WORKSPACE = {
    **PLACE,
    "id": HOME,
    "name": "ws",
    "failure": None,
    "workspace": {"location": "eastus", "managed_network": {"isolation_mode": "disabled"}},
}
USAGE = {
    "name": "cores",
    "localized_name": "Cores",
    "current": 4,
    "limit": 10,
    "percent": 40.0,
    "workspace": None,
    "tier": "dedicated",
}
FLEET = {
    "changed": True, "failure": None, "document": [HOME], "workspaces": [{**PLACE, "id": HOME, "name": "ws"}], "targets": [TARGET], "undeclared": [],
    "totals": {"cost": {**COST, "unknown": []}},
}  # fmt: skip
FOUND = {
    "workspaces": [{**WORKSPACE, "computes": [BODY]}],
    "usages": [{"location": "eastus", "subscription_id": PLACE["subscription_id"], "usages": [USAGE], "failure": None}],
}
MACHINE = {"name": "ws-cpu-1", "id": f"{HOME}/computes/cpu/nodes/1"}
RETIRED = {
    "option": "size",
    "value": "Standard_NC6",
    "status": "retired",
    "date": "2023-08-31",
    "successor": "NCas_T4_v3",
}
READINGS = {
    "computes": [{"name": "cpu", "type": "amlcompute", "location": "eastus", "retirements": [RETIRED]}],
    "exported": {"fleet": {"computes": [{"name": "cpu", "type": "amlcompute"}]}, "missing": []},
    "regions": [{"location": "eastus", "sizes": []}],
    "earlier": [{"name": "deleted", "type": "amlcompute"}],
    "online_deployments": [
        {"name": "blue", "endpoint_name": "iris", "retirements": [{**RETIRED, "option": "instance_type"}]}
    ],
}
REPORTED = {"generated": "2026-11-25T12:00:00Z", "name": "prod", "fleet": FLEET, "found": FOUND}
STRANGE = (None, "text", 7, [1], {"a": 1}, True, -1.5)


def strange(value: t.Any) -> t.Iterator[tuple[str, t.Any]]:
    """The value with each of its places changed to each strange value, and the place."""
    for other in STRANGE:
        yield "", other
    for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        for place, other in strange(below):
            changed = value.copy()
            changed[key] = other
            yield f"{key}.{place}", changed


@pytest.mark.parametrize(
    "name",
    [
        "data",
        "merged",
        "text",
        "markdown",
        "html",
        "junit",
        "csv",
        "merge_fleet_results",
        "free_host_names",
        "modernised",
    ],
)
def test_input_of_any_form_is_read_or_is_one_error_that_names_the_filter(
    name: str, drift_report: t.Callable[..., t.Any]
) -> None:
    report = drift_report(REPORTED)
    good: t.Any = {
        "data": REPORTED,
        "merged": {"reports": [report], "previous": report},
        "merge_fleet_results": [FLEET],
        "free_host_names": [MACHINE],
        "modernised": READINGS,
    }
    others = ("merge_fleet_results", "free_host_names", "modernised")
    plugin = filter_loader.get(f"azureml.compute.{name}") if name in others else None
    more: dict[str, t.Any] = {"hosts": {}, "groups": []} if name == "free_host_names" else {}
    call = plugin.j2_function if plugin else lambda given: drift_report(given, name)
    given = good.get(name, report)
    call(given, **more)
    refused = 0
    for _place, changed in strange(given):
        try:
            call(changed, **more)
        except AnsibleFilterError as error:
            refused += 1
            assert str(error).startswith(f"azureml.compute.{'drift_report' if plugin is None else name}: "), error
    assert refused > 5, "some of these forms cannot be read"


def test_results_that_are_not_full_are_not_merged() -> None:
    short = {name: value for name, value in FLEET.items() if name not in ("workspaces", "document")}
    with pytest.raises(AnsibleFilterError, match="Set full_result: true"):
        filter_loader.get("azureml.compute.merge_fleet_results").j2_function([FLEET, short])


def test_the_place_of_what_cannot_be_read_is_named(drift_report: t.Callable[..., t.Any]) -> None:
    with pytest.raises(AnsibleFilterError, match=r"found\.workspaces\[0\]\.computes must be a list, and is a number"):
        drift_report({**REPORTED, "found": {"workspaces": [{**WORKSPACE, "computes": 7}]}})


@pytest.fixture
def modernised() -> t.Callable[..., t.Any]:
    function: t.Callable[..., t.Any] = filter_loader.get("azureml.compute.modernised").j2_function
    return function


def test_successors_of_nothing(modernised: t.Callable[..., t.Any]) -> None:
    # As a workspace without retirements leaves its skipped tasks.
    result = modernised({"computes": [], "exported": {"skipped": True}, "regions": [], "earlier": []})
    names = ("retired", "computes", "blocked", "lost", "notes", "attached", "kubernetes")
    assert result == {name: [] for name in names}


@pytest.mark.parametrize(
    ("choice", "text"), [((["a"],), "mapping"), (({"a": 1},), "mapping"), (({}, "spot"), "low_priority, not 'spot'")]
)
def test_wrong_choices_are_named(modernised: t.Callable[..., t.Any], choice: tuple[t.Any, ...], text: str) -> None:
    with pytest.raises(AnsibleFilterError, match=text):
        modernised({"computes": []}, *choice)
