# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagnostic settings of the simulator: docs/facts.md i."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import GROUP, STORAGE, WORKSPACE, World
from azureml_simulator.entra.directory import TENANT
from azureml_simulator.http import Principal
from azureml_simulator.providers.diagnostic_settings import LOGS

VERSION = "2021-05-01-preview"
SETTINGS = f"{WORKSPACE}/providers/Microsoft.Insights/diagnosticSettings"
PATH = f"{SETTINGS}/to-logs"
ANALYTICS = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
HUB = f"{GROUP}/providers/Microsoft.EventHub/namespaces/hubs/authorizationRules/Send"
ONE = {"category": "AmlComputeJobEvent", "enabled": True}
ALL = {"categoryGroup": "allLogs", "enabled": True}
METRICS = [{"category": "AllMetrics", "enabled": True}]
KEPT = {"enabled": False, "days": 0}


@pytest.fixture
def world() -> World:
    world = World()
    world.keep(ANALYTICS)
    return world


def put(world: World, path: str = PATH, **properties: Any) -> Any:
    return world.call("PUT", path, {"properties": {"workspaceId": ANALYTICS, **properties}}, VERSION)


def test_a_setting_shows_all_categories(world: World) -> None:
    """i.1, i.2 [ISS azure-rest-api-specs#22400]."""
    answer = put(world, logs=[ONE])
    assert answer.status == 200 and "Azure-AsyncOperation" not in answer.headers
    shown = world.call("GET", PATH, version=VERSION).body
    place, _slash, name = shown["id"].rpartition("/")
    assert (place.rpartition("/")[0], name) == (SETTINGS.rpartition("/")[0].lower(), "to-logs")
    nothing = {name: shown[name] for name in ("location", "kind", "tags", "identity")}
    assert set(nothing.values()) == {None} and shown["type"] == "Microsoft.Insights/diagnosticSettings"
    properties = shown["properties"]
    assert properties["workspaceId"] == ANALYTICS and properties["storageAccountId"] is None
    assert properties["logs"][0] == {**ONE, "categoryGroup": None, "retentionPolicy": KEPT}
    assert {item["category"] for item in properties["logs"] if not item["enabled"]} == set(LOGS) - {ONE["category"]}
    assert properties["metrics"] == [{"category": "AllMetrics", "enabled": False, "retentionPolicy": KEPT}]
    assert world.call("GET", SETTINGS, version=VERSION).body == {"value": [shown]}


def test_a_group_and_the_metrics(world: World) -> None:
    put(world, logs=[ALL], metrics=METRICS, logAnalyticsDestinationType="Dedicated")
    properties = world.call("GET", PATH, version=VERSION).body["properties"]
    assert properties["logs"] == [{**ALL, "category": None, "retentionPolicy": KEPT}]
    assert properties["metrics"][0]["enabled"] is True and properties["logAnalyticsDestinationType"] == "Dedicated"
    world.app.configure({"guesses": {"diagnostic_setting": {"destination_type": "null"}}})
    put(world, logs=[ALL], logAnalyticsDestinationType="Dedicated")
    assert world.call("GET", PATH, version=VERSION).body["properties"]["logAnalyticsDestinationType"] is None


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"logs": [ONE, ALL]}, "Diagnostic setting does not support mix of log category and log category group."),
        ({"logs": [{"category": "AuditEvent", "enabled": True}]}, "Category 'AuditEvent' is not supported."),
        ({"logs": [ONE], "workspaceId": None}, "At least one data sink needs to be specified."),
    ],
)
def test_what_is_refused(world: World, properties: dict[str, Any], message: str) -> None:
    """i.3 [ISS azure-rest-api-specs#22719, terraform#20534]."""
    answer = put(world, **properties)
    assert (answer.status, answer.body) == (400, {"code": "BadRequest", "message": message})


def test_a_destination_takes_a_category_from_one_setting(world: World) -> None:
    """i.4 [ISS terraform-azurerm-avm-ptn-aiml-landing-zone#19]."""
    put(world, logs=[ONE], metrics=METRICS)
    answer = put(world, f"{SETTINGS}/again", logs=[{**ONE, "category": "RunEvent"}], metrics=METRICS)
    assert (answer.status, answer.body["code"]) == (409, "Conflict")
    assert answer.body["message"].startswith(
        f"Data sink '{ANALYTICS}' is already used in diagnostic setting 'to-logs' for category 'AllMetrics'."
    )
    assert put(world, f"{SETTINGS}/again", logs=[{**ONE, "category": "RunEvent"}]).status == 200
    assert put(world, f"{SETTINGS}/other", workspaceId=None, storageAccountId=STORAGE, logs=[ONE]).status == 200
    assert put(world, logs=[ONE], metrics=METRICS).status == 200
    hub = {"workspaceId": None, "eventHubAuthorizationRuleId": HUB, "logs": [ONE]}
    assert put(world, f"{SETTINGS}/hub", **hub, eventHubName="one").status == 200
    assert put(world, f"{SETTINGS}/hub2", **hub, eventHubName="two").status == 200
    assert put(world, f"{SETTINGS}/sixth", workspaceId=None, storageAccountId=STORAGE, metrics=METRICS).status == 501


def test_a_setting_that_does_not_exist(world: World) -> None:
    """i.5 [ISS terraform-provider-azurerm#27087]."""
    answer = world.call("GET", PATH, version=VERSION)
    message = "The diagnostic setting 'to-logs' doesn't exist."
    assert (answer.status, answer.body) == (404, {"code": "ResourceNotFound", "message": message})
    put(world, logs=[ONE])
    assert [world.call("DELETE", PATH, version=VERSION).status for _time in range(2)] == [200, 204]
    other = world.call("GET", f"{WORKSPACE}x/providers/Microsoft.Insights/diagnosticSettings/a", version=VERSION)
    assert (other.status, other.body["error"]["code"]) == (404, "ResourceNotFound")


def test_settings_outlive_their_workspace(world: World) -> None:
    """i.6 [DOC diagnostic-settings; ISS azure-docs#100347]."""
    put(world, logs=[ONE])
    body = {name: value for name, value in world.get(WORKSPACE).items() if name in ("location", "identity")}
    properties = world.get(WORKSPACE)["properties"]
    body["properties"] = {name: properties[name] for name in ("storageAccount", "keyVault")}
    world.call("DELETE", f"{WORKSPACE}?forceToPurge=true&api-version=2026-05-01")
    world.wait(600)
    assert world.call("GET", PATH, version=VERSION).status == 404
    world.call("PUT", WORKSPACE, body)
    world.wait(600)
    assert world.call("GET", PATH, version=VERSION).status == 200


def test_the_keys_of_the_destination_are_needed(world: World) -> None:
    """i.7 [ISS prime-reportstream#7678, AzurePolicy#17]."""
    writer = Principal("11111111-0000-4000-8000-00000000000f", "app", TENANT)
    world.app.grant(writer.object_id, "Contributor", WORKSPACE)
    body = {"properties": {"workspaceId": ANALYTICS, "logs": [ONE]}}
    answer = world.call("PUT", PATH, body, VERSION, token=world.app.token(writer))
    assert answer.status == 403 and answer.body["error"]["code"] == "LinkedAuthorizationFailed"
    assert "Microsoft.OperationalInsights/workspaces/sharedKeys/action" in answer.body["error"]["message"]
    world.app.grant(writer.object_id, "Contributor", ANALYTICS)
    assert world.call("PUT", PATH, body, VERSION, token=world.app.token(writer)).status == 200


def test_null_is_not_set(world: World) -> None:
    """Templates of Azure Verified Modules send null for what they do not set, and the grain of metrics."""
    metric = {"category": "AllMetrics", "enabled": True, "timeGrain": None}
    log = {"category": None, "categoryGroup": "allLogs", "enabled": True}
    assert put(world, logs=[log], metrics=[metric]).status == 200


@pytest.mark.parametrize(
    "properties",
    [
        {"logs": [ONE], "marketplacePartnerId": "/subscriptions/x"},
        {"logs": [ONE], "workspaceId": f"{ANALYTICS}x"},
        {"logs": [{**ONE, "enabled": False}]},
        {"logs": [{"categoryGroup": "audit", "enabled": True}]},
        {"logs": [{"enabled": True}]},
        {"logs": [{**ONE, "timeGrain": "PT1M"}]},
        {"logs": [ONE], "somethingElse": True},
    ],
)
def test_what_is_not_known_is_not_answered(world: World, properties: dict[str, Any]) -> None:
    assert put(world, **properties).status == 501
    assert world.call("GET", SETTINGS, version="2017-05-01-preview").status == 501
