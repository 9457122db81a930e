# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A diagnostic setting's life: each field changes alone, what the service adds is no difference, and its refusals say what to do."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.azure import GROUP_ID, WORKSPACE_ID, Azure

MODULE, INFO = "aml_diagnostic_setting", "aml_diagnostic_setting_info"
SETTINGS = f"{WORKSPACE_ID}/providers/Microsoft.Insights/diagnosticSettings"
DOCUMENT, VERSION = f"{SETTINGS}/to-logs", "2021-05-01-preview"
ANALYTICS = f"{GROUP_ID}/providers/Microsoft.OperationalInsights/workspaces/log-test"
STORAGE = f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/stwstest"
RULE = f"{GROUP_ID}/providers/Microsoft.EventHub/namespaces/hubs/authorizationRules/Send"
NAMED = {"name": "to-logs"}
JOBS: dict[str, t.Any] = {
    **NAMED,
    "log_analytics_workspace_id": ANALYTICS,
    "log_categories": ["AmlComputeJobEvent", "RunEvent"],
}


@pytest.fixture(autouse=True)
def destinations(azure: Azure) -> None:
    for type_, name in (
        ("Microsoft.OperationalInsights/workspaces", "log-test"),
        ("Microsoft.Storage/storageAccounts", "stwstest"),
    ):
        azure.resource(type_, name)


def current(azure: Azure) -> dict[str, t.Any]:
    (found,) = azure.run(INFO, name="to-logs")["diagnostic_settings"]
    return t.cast("dict[str, t.Any]", found)


def enabled(azure: Azure) -> list[str]:
    properties = azure.get(DOCUMENT, VERSION)["properties"]
    items = [*properties["logs"], *properties["metrics"]]
    return [item.get("category") or item["categoryGroup"] for item in items if item["enabled"]]


def test_the_twelve_steps(azure: Azure) -> None:
    """Create, again, modify, again, delete, again: each in check mode and for real."""
    more = {**JOBS, "metric_categories": ["AllMetrics"]}
    absent = {**NAMED, "state": "absent"}
    for options, action in [
        (JOBS, "create"),
        (JOBS, "none"),
        (more, "update"),
        (more, "none"),
        (absent, "delete"),
        (absent, "none"),
    ]:
        document = azure.get(DOCUMENT, VERSION)
        planned = azure.run(MODULE, check=True, **options)
        assert azure.writes == [] and azure.get(DOCUMENT, VERSION) == document
        done = azure.run(MODULE, **options)
        assert {key: planned[key] for key in ("plan", "diff", "changed", "diagnostic_setting")} == {
            key: done[key] for key in ("plan", "diff", "changed", "diagnostic_setting")
        }
        assert done["plan"]["action"] == action and done["changed"] is (action != "none")
        if action == "none":
            assert [request.method for request in azure.sent] == ["GET"] and azure.tokens == 1
    assert azure.app.call("GET", f"{DOCUMENT}?api-version={VERSION}").status == 404


UPDATES: list[tuple[dict[str, t.Any], set[str]]] = [
    ({"log_categories": ["runevent", "AmlComputeClusterEvent"]}, {"log_categories"}),
    ({"metric_categories": ["AllMetrics"]}, {"metric_categories"}),
    ({"storage_account_id": STORAGE}, {"storage_account_id"}),
    ({"event_hub_authorization_rule_id": RULE}, {"event_hub_authorization_rule_id"}),
    ({"event_hub_name": "ml-logs"}, {"event_hub_name"}),
    ({"event_hub_name": None}, {"event_hub_name"}),
    ({"log_analytics_workspace_id": None}, {"log_analytics_workspace_id"}),
    ({"event_hub_authorization_rule_id": None}, {"event_hub_authorization_rule_id"}),
    ({"log_categories": [], "log_category_groups": ["allLogs"]}, {"log_categories", "log_category_groups"}),
    ({"log_category_groups": []}, {"log_category_groups"}),
]


def test_each_field_alone(azure: Azure) -> None:
    """Of what was not declared, nothing changes; a null removes a destination."""
    azure.run(MODULE, **JOBS)
    before = current(azure)
    for options, names in UPDATES:
        planned = azure.run(MODULE, check=True, **NAMED, **options)
        done = azure.run(MODULE, **NAMED, **options)
        assert planned["plan"] == done["plan"]
        assert {change["field"] for change in done["plan"]["changes"]} == names
        assert [write.method for write in azure.writes] == ["PUT"] and done["warnings"] == []
        after = current(azure)
        assert {key for key in before if before[key] != after[key]} == names
        assert azure.run(MODULE, **NAMED, **options)["changed"] is False
        before = after
    assert enabled(azure) == ["AllMetrics"]


def test_a_destination_is_removed_with_what_belongs_to_it(azure: Azure) -> None:
    azure.run(MODULE, **JOBS, storage_account_id=STORAGE, log_analytics_destination_type="dedicated")
    azure.run(MODULE, **NAMED, event_hub_authorization_rule_id=RULE, event_hub_name="ml-logs")
    removed = {"log_analytics_workspace_id": None, "event_hub_authorization_rule_id": None}
    planned, done = (azure.run(MODULE, check=check, **NAMED, **removed) for check in (True, False))
    assert planned["plan"] == done["plan"] and planned["diagnostic_setting"] == done["diagnostic_setting"]
    assert (done["diagnostic_setting"]["event_hub_name"], current(azure)["storage_account_id"]) == (None, STORAGE)
    assert azure.run(MODULE, **NAMED, **removed)["changed"] is False
    failed = azure.run(MODULE, **NAMED, event_hub_name="ml-logs", ok=False)
    assert failed["failure"]["code"] == "DestinationMissing" and azure.writes == []


def test_other_spellings_are_no_difference(azure: Azure) -> None:
    azure.run(MODULE, **JOBS)
    same = {
        **NAMED,
        "log_categories": ["RUNEVENT", "AmlComputeJobEvent"],
        "log_analytics_workspace_id": f"{ANALYTICS.lower()}/",
    }
    assert azure.run(MODULE, **same)["changed"] is False


@pytest.mark.parametrize("kept", [True, False])
def test_the_tables_are_compared_where_the_service_reports_them(azure: Azure, kept: bool) -> None:
    """azure-rest-api-specs#22400: for some types of resources, the service answers null whatever was set."""
    if not kept:
        azure.app.configure({"guesses": {"diagnostic_setting": {"destination_type": "null"}}})
    done = azure.run(MODULE, **JOBS, log_analytics_destination_type="dedicated")
    assert azure.writes[0].body["properties"]["logAnalyticsDestinationType"] == "Dedicated"
    assert done["diagnostic_setting"]["log_analytics_destination_type"] == ("dedicated" if kept else None)
    assert azure.run(MODULE, **JOBS, log_analytics_destination_type="dedicated")["changed"] is False
    assert azure.run(MODULE, **JOBS, log_analytics_destination_type="azure_diagnostics")["changed"] is kept


def test_what_others_change_meanwhile_is_kept(azure: Azure) -> None:
    azure.run(MODULE, **JOBS)

    def change(method: str, path: str) -> None:
        if method == "GET" and path == DOCUMENT:
            azure.meanwhile = lambda method, path: None
            properties = azure.get(DOCUMENT, VERSION)["properties"]
            theirs = {"properties": {**properties, "storageAccountId": STORAGE}}
            azure.arm("PUT", f"{DOCUMENT}?api-version={VERSION}", theirs)

    azure.meanwhile = change
    assert azure.run(MODULE, **NAMED, metric_categories=["AllMetrics"])["changed"]
    assert current(azure)["storage_account_id"] == STORAGE
    assert sorted(enabled(azure)) == ["AllMetrics", "AmlComputeJobEvent", "RunEvent"]


def test_a_setting_that_another_writer_creates_first_is_not_overwritten(azure: Azure) -> None:
    def create(method: str, path: str) -> None:
        # The read of the workspace precedes the second read of the setting.
        if method == "GET" and path == WORKSPACE_ID:
            azure.meanwhile = lambda method, path: None
            theirs = {"workspaceId": ANALYTICS, "metrics": [{"category": "AllMetrics", "enabled": True}]}
            azure.arm("PUT", f"{DOCUMENT}?api-version={VERSION}", {"properties": theirs})

    azure.meanwhile = create
    failed = azure.run(MODULE, **JOBS, ok=False)
    assert failed["failure"]["code"] == "ChangedMeanwhile" and enabled(azure) == ["AllMetrics"]


def test_all_of_a_workspace(azure: Azure) -> None:
    azure.run(MODULE, **JOBS)
    azure.run(MODULE, name="archive", storage_account_id=STORAGE, log_category_groups=["allLogs"])
    found = azure.run(INFO)["diagnostic_settings"]
    assert [row["name"] for row in found] == ["to-logs", "archive"]
    assert found[1]["log_category_groups"] == ["allLogs"] and found[1]["log_categories"] == []
    assert azure.run(INFO, name="nothing")["diagnostic_settings"] == []
    assert [request.method for request in azure.sent] == ["GET"]


# --- refusals ---

REFUSED: list[tuple[dict[str, t.Any], str, str]] = [
    ({**JOBS, "name": "a:b"}, "InvalidName", "name"),
    ({**JOBS, "log_categories": ["a b"]}, "InvalidName", "log_categories"),
    ({**JOBS, "log_categories": ["RunEvent", "runevent"]}, "DeclaredTwice", "log_categories"),
    ({**JOBS, "log_category_groups": ["allLogs"]}, "CategoriesMixed", "log_category_groups"),
    ({**JOBS, "storage_account_id": ANALYTICS}, "WrongResourceType", "storage_account_id"),
    ({**JOBS, "log_categories": None}, "NullNotAllowed", "log_categories"),
]


@pytest.mark.parametrize(("options", "code", "option"), REFUSED, ids=[f"{row[1]}-{row[2]}" for row in REFUSED])
def test_refused_offline(azure: Azure, options: dict[str, t.Any], code: str, option: str) -> None:
    failed = azure.run(MODULE, **options, ok=False)
    assert failed["failure"]["code"] == code and option in failed["msg"] and azure.sent == []


NOT_CREATABLE: list[tuple[dict[str, t.Any], str]] = [
    (NAMED, "InvalidDeclaration"),
    ({**NAMED, "log_categories": ["RunEvent"]}, "DestinationMissing"),
    ({**NAMED, "storage_account_id": STORAGE, "log_categories": []}, "CategoriesMissing"),
    ({**JOBS, "event_hub_name": "ml-logs"}, "DestinationMissing"),
    ({**NAMED, "storage_account_id": STORAGE, "log_analytics_destination_type": "dedicated", "log_categories": ["RunEvent"]}, "DestinationMissing"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "code"), NOT_CREATABLE)
def test_what_a_creation_needs(azure: Azure, options: dict[str, t.Any], code: str) -> None:
    for check in (True, False):
        failed = azure.run(MODULE, check=check, **options, ok=False)
        assert failed["failure"]["code"] == code and azure.writes == []


NOT_UPDATABLE: list[tuple[dict[str, t.Any], str]] = [
    ({"log_analytics_workspace_id": None}, "DestinationMissing"),
    ({"log_categories": []}, "CategoriesMissing"),
    ({"log_category_groups": ["allLogs"]}, "CategoriesMixed"),
    ({"event_hub_name": "ml-logs"}, "DestinationMissing"),
]


@pytest.mark.parametrize(("options", "code"), NOT_UPDATABLE)
def test_what_an_update_needs(azure: Azure, options: dict[str, t.Any], code: str) -> None:
    azure.run(MODULE, **JOBS)
    for check in (True, False):
        failed = azure.run(MODULE, check=check, **NAMED, **options, ok=False)
        assert failed["failure"]["code"] == code and azure.writes == []


def test_the_services_refusals_say_what_to_do(azure: Azure) -> None:
    failed = azure.run(MODULE, **{**JOBS, "log_categories": ["AuditEvent"]}, ok=False)
    assert failed["failure"]["code"] == "BadRequest" and "AmlComputeJobEvent" in failed["failure"]["hint"]
    azure.run(MODULE, **JOBS)
    failed = azure.run(MODULE, **{**JOBS, "name": "again"}, ok=False)
    assert failed["failure"]["code"] == "Conflict" and "another destination" in failed["failure"]["hint"]
    failed = azure.run(MODULE, **JOBS, workspace="ws-none", ok=False)
    assert failed["failure"]["code"] == "ParentResourceNotFound" and azure.writes == []


def test_a_destination_that_no_option_covers_is_one(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """Solutions of partners are destinations too: a task that declares none leaves them, and only they are there."""
    azure.run(MODULE, **JOBS)
    partner = f"{GROUP_ID}/providers/Microsoft.Datadog/monitors/one"
    handle = azure.app.handle

    def of_partner(request: t.Any) -> t.Any:
        answer = handle(request)
        if request.method == "GET" and request.path == DOCUMENT:
            own = {**answer.body["properties"], "workspaceId": None, "marketplacePartnerId": partner}
            answer.body = {**answer.body, "properties": own}
        return answer

    monkeypatch.setattr(azure.app, "handle", of_partner)
    assert azure.run(MODULE, **NAMED, log_categories=["RunEvent"], check=True)["plan"]["action"] == "update"
    # The simulator knows none, and refuses it.
    azure.run(MODULE, **NAMED, log_categories=["RunEvent"], ok=False)
    (sent,) = azure.writes
    assert sent.body["properties"]["marketplacePartnerId"] == partner and "workspaceId" not in sent.body["properties"]
