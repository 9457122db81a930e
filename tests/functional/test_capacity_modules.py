# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes, usages and quotas against the simulator: filters that keep and filters that drop, quotas that the service takes and refuses.

Shapes: docs/facts.md a.6 [REC R9]; statuses of updateQuotas: ARM types of 2025-12-01, UpdateWorkspaceQuotas.
"""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.azure import WORKSPACE, WORKSPACE_ID, Azure

DSV2, DSV3 = "standardDSv2Family", "standardDSv3Family"
NO_WORKSPACE: dict[str, t.Any] = {"workspace": None, "resource_group": None}


def names(azure: Azure, **options: t.Any) -> list[str]:
    return [size["name"] for size in azure.run("aml_vm_size_info", **options)["sizes"]]


# --- sizes ---


def test_sizes_of_the_workspaces_region(azure: Azure) -> None:
    found = azure.run("aml_vm_size_info", name="standard_ds3_v2")
    assert [request.path.rsplit("/", 1)[-1] for request in azure.sent] == [WORKSPACE, "vmSizes"]
    assert found["location"] == "eastus" and not found["changed"]
    (size,) = found["sizes"]
    prices = size.pop("prices")
    assert size == {
        "name": "Standard_DS3_v2",
        "family": DSV2,
        "vcpus": 4,
        "gpus": 0,
        "memory_gb": 14.0,
        "low_priority_capable": True,
        "premium_io": True,
        "supported_compute_types": ["amlcompute", "computeinstance", "mir"],
    }
    assert {"os_type": "Linux", "tier": "Standard", "price": 0.293, "currency": "USD", "unit": "OneHour"} in prices


def test_sizes_of_a_region_need_no_workspace(azure: Azure) -> None:
    assert "Standard_NC6s_v3" in names(azure, location="East US", **NO_WORKSPACE)
    assert [request.path.rsplit("/", 1)[-1] for request in azure.sent] == ["vmSizes"]
    assert "Standard_NC6s_v3" not in names(azure, location="norwayeast", **NO_WORKSPACE)


@pytest.mark.parametrize(
    ("options", "kept", "dropped"),
    [
        ({"family": DSV2.upper()}, "Standard_DS3_v2", "Standard_D4s_v3"),
        ({"family": "*dsv?family"}, "Standard_D4s_v3", "Standard_F4s_v2"),
        ({"name": "*_nc*"}, "Standard_NC6s_v3", "Standard_DS3_v2"),
        ({"min_vcpus": 4}, "Standard_DS3_v2", "Standard_DS2_v2"),
        ({"max_vcpus": 4}, "Standard_DS3_v2", "Standard_DS4_v2"),
        ({"min_memory_gb": 14}, "Standard_DS3_v2", "Standard_F4s_v2"),
        ({"gpus": 0}, "Standard_DS3_v2", "Standard_NC6s_v3"),
        ({"gpus": 1}, "Standard_NC6s_v3", "Standard_NC12s_v3"),
        ({"compute_type": "amlcompute"}, "Standard_DS3_v2", None),
        ({"low_priority": True}, "Standard_DS3_v2", "Standard_ND96isr_H100_v5"),
        ({"low_priority": False}, "Standard_ND96isr_H100_v5", "Standard_DS3_v2"),
    ],
)
def test_each_filter(azure: Azure, options: dict[str, t.Any], kept: str, dropped: str | None) -> None:
    found = names(azure, **options)
    assert kept in found and dropped not in found


def test_sizes_come_in_one_order(azure: Azure) -> None:
    found = azure.run("aml_vm_size_info")["sizes"]
    key = [(size["family"].casefold(), size["vcpus"], size["memory_gb"], size["name"].casefold()) for size in found]
    assert key == sorted(key) and len(found) > 50


@pytest.mark.parametrize("module", ["aml_vm_size_info", "aml_usage_info"])
def test_neither_region_nor_workspace(azure: Azure, module: str) -> None:
    failed = azure.run(module, ok=False, **NO_WORKSPACE)
    assert failed["failure"]["code"] == "LocationMissing" and azure.sent == []


@pytest.mark.parametrize("module", ["aml_vm_size_info", "aml_usage_info"])
def test_an_unknown_workspace_has_no_region(azure: Azure, module: str) -> None:
    failed = azure.run(module, ok=False, workspace="nowhere")
    assert failed["failure"]["code"] == "ParentResourceNotFound" and "nowhere" in failed["msg"]


# --- usages ---


def usages(azure: Azure, **options: t.Any) -> dict[tuple[str, t.Any], dict[str, t.Any]]:
    return {(usage["name"], usage["tier"]): usage for usage in azure.run("aml_usage_info", **options)["usages"]}


def test_usages(azure: Azure) -> None:
    azure.run("aml_compute_cluster", name="busy", size="Standard_DS3_v2", min_instances=2, max_instances=2)
    azure.app.clock.advance(600)
    found = usages(azure)
    assert found[DSV2, "dedicated"] == {
        "name": DSV2,
        "localized_name": "Standard DSv2 Family Cluster Dedicated vCPUs",
        "tier": "dedicated",
        "current": 8,
        "limit": 200,
        "remaining": 192,
        "percent": 4.0,
        "unit": "Count",
        "workspace": None,
    }
    # -1 is the service's way to write that there is no cap.
    capless = found[DSV2, "low_priority"]
    assert (capless["limit"], capless["remaining"], capless["percent"]) == (None, None, None)
    assert found["TotalClusters", None]["current"] == 1


def test_usages_by_family_and_by_percent(azure: Azure) -> None:
    azure.app.configure({"quotas": {"*": {DSV2: 10}}})
    azure.run("aml_compute_cluster", name="busy", size="Standard_DS3_v2", min_instances=2, max_instances=2)
    azure.app.clock.advance(600)
    assert set(usages(azure, family=[DSV2.upper(), "total*"])) == {
        (DSV2, "dedicated"),
        (DSV2, "low_priority"),
        ("TotalClusters", None),
        ("TotalDedicatedCores", "dedicated"),
        ("TotalLowPriorityCores", "low_priority"),
    }
    assert set(usages(azure, only_exceeded_percent=80)) == {(DSV2, "dedicated")}
    assert usages(azure, only_exceeded_percent=81) == {}


# --- quotas ---


def keep(azure: Azure, *quotas: tuple[str, int | None], **more: t.Any) -> dict[str, t.Any]:
    return azure.run("aml_quota", quotas=[{"family": family, "limit": limit} for family, limit in quotas], **more)


def limits(result: dict[str, t.Any]) -> dict[str, t.Any]:
    return {quota["family"]: quota["limit"] for quota in result["quotas"] if quota["limit"] is not None}


def test_quotas_come_to_their_declared_state(azure: Azure) -> None:
    """Set, again, change one of two, take away, again: each in check mode and for real."""
    steps: list[tuple[list[tuple[str, int | None]], list[str], dict[str, int]]] = [
        ([(DSV2, 24), (DSV3, 0)], [DSV2, DSV3], {DSV2: 24, DSV3: 0}),
        ([(DSV2.upper(), 24), (DSV3, 0)], [], {DSV2: 24, DSV3: 0}),
        ([(DSV2, 12), (DSV3, 0)], [DSV2], {DSV2: 12, DSV3: 0}),
        ([(DSV3, None)], [DSV3], {DSV2: 12}),
        ([(DSV3, None)], [], {DSV2: 12}),
    ]
    for quotas, changed, after in steps:
        planned = keep(azure, *quotas, check=True)
        assert azure.writes == []
        done = keep(azure, *quotas)
        assert (
            planned["plan"] == done["plan"]
            and planned["diff"] == done["diff"]
            and limits(planned) == limits(done) == after
        )
        assert [change["field"] for change in done["plan"]["changes"]] == [f"quotas.{family}" for family in changed]
        assert done["changed"] is bool(changed) and len(azure.writes) == bool(changed)
        if changed:
            (write,) = azure.writes
            assert write.path.endswith("/locations/eastus/updateQuotas") and write.body["location"] == "eastus"
            assert [entry["id"] for entry in write.body["value"]] == [
                f"{WORKSPACE_ID}/quotas/{family}" for family in changed
            ]
            assert done["diff"]["before"] != done["diff"]["after"]
    assert {quota["family"]: quota["subscription_limit"] for quota in done["quotas"]}[DSV2] == 200


def test_a_quota_counts_for_its_workspace_alone(azure: Azure) -> None:
    azure.make_workspace("ws-other")
    keep(azure, (DSV2, 24))
    assert limits(keep(azure, (DSV3, None), workspace="ws-other", check=True)) == {}


def test_below_the_clusters_minimum_is_refused_by_the_service_and_the_others_are_set(azure: Azure) -> None:
    azure.run("aml_compute_cluster", name="busy", size="Standard_DS3_v2", min_instances=2, max_instances=2)
    failed = keep(azure, (DSV2, 7), (DSV3, 8), ok=False)
    assert failed["failure"]["code"] == "InvalidQuotaBelowClusterMinimum" and failed["changed"] is True
    (detail,) = failed["failure"]["details"]
    assert (detail["family"], detail["limit"], detail["code"]) == (DSV2, 7, "InvalidQuotaBelowClusterMinimum")
    assert "other families were set" in failed["msg"]
    assert limits(keep(azure, (DSV2, 8), (DSV3, 8))) == {DSV2: 8, DSV3: 8}


@pytest.mark.parametrize(
    ("family", "limit", "code"),
    [(DSV2, 201, "InvalidQuotaExceedsSubscriptionLimit"), ("standardNoSuchFamily", 1, "InvalidVMFamilyName")],
)
def test_what_the_limits_foretell_is_refused_before_anything_is_sent(
    azure: Azure, family: str, limit: int, code: str
) -> None:
    for check in (True, False):
        failed = keep(azure, (DSV3, 8), (family, limit), ok=False, check=check)
        assert failed["failure"]["code"] == code and failed["changed"] is False and azure.writes == []
        assert [detail["family"] for detail in failed["failure"]["details"]] == [family]
        assert failed["plan"]["action"] == "update"
    assert keep(azure, (DSV2, 200))["changed"]


def test_another_region_than_the_workspaces_is_refused_by_the_service(azure: Azure) -> None:
    failed = keep(azure, (DSV2, 8), location="westeurope", ok=False)
    assert failed["failure"]["code"] == "OperationNotEnabledForRegion" and failed["changed"] is False
    assert keep(azure, (DSV2, 8), location="East US")["changed"]


@pytest.mark.parametrize(
    ("quotas", "code"),
    [
        ([(DSV2, -1)], "OutOfRange"),
        ([(DSV2, 4), (DSV2.upper(), 8)], "DuplicateFamily"),
        ([(" ", 4)], "InvalidText"),
        ([("a/b", 4)], "InvalidVMFamilyName"),
    ],
)
def test_refused_offline(azure: Azure, quotas: list[tuple[str, int]], code: str) -> None:
    failed = keep(azure, *quotas, ok=False)
    assert failed["failure"]["code"] == code and azure.sent == []


# --- quotas of the subscription ---


def raised(azure: Azure, *wanted: tuple[str, int], **more: t.Any) -> dict[str, t.Any]:
    rows = [{"family": family, "limit": limit} for family, limit in wanted]
    return azure.run("aml_quota", **{"location": "eastus", "subscription_quotas": rows, **more})


def told(result: dict[str, t.Any]) -> dict[str, str]:
    return {row["family"]: row["status"] for row in result["requests"]}


def test_a_higher_limit_is_requested_and_the_workspace_gets_its_part(azure: Azure) -> None:
    """Only what is too low is requested; a second run reads, and a lower limit is no request."""
    wanted = {"quotas": [{"family": DSV2, "limit": 250}]}
    planned = raised(azure, (DSV2.upper(), 300), (DSV3, 100), check=True, **wanted)
    assert azure.writes == [] and told(planned) == {DSV2: "requested"}
    done = raised(azure, (DSV2.upper(), 300), (DSV3, 100), **wanted)
    assert [request.path.rsplit("/", 1)[-1] for request in azure.writes] == [DSV2, "updateQuotas"]
    assert [planned[key] for key in ("changed", "plan", "diff")] == [done[key] for key in ("changed", "plan", "diff")]
    assert [(change["field"], change["before"], change["after"]) for change in done["plan"]["changes"]] == [
        (f"subscription_quotas.{DSV2}", 200, 300),
        (f"quotas.{DSV2}", None, 250),
    ]
    assert told(done) == {DSV2: "granted"} and done["requests"][0]["request"]
    limits = {row["family"]: row["subscription_limit"] for row in done["quotas"]}
    assert limits[DSV2] == 300
    again = raised(azure, (DSV2, 300), (DSV3, 50), ("TotalLowPriorityCores", 100))
    assert (again["changed"], again["requests"], again["plan"]["action"]) == (False, [], "none")
    assert [(request.method, request.path.rsplit("/", 1)[-1]) for request in azure.sent] == [("GET", "quotas")]


def test_a_request_that_people_decide_is_pending_and_is_sent_once(azure: Azure) -> None:
    azure.app.configure({"quota_requests": {DSV2: "pending"}})
    first = raised(azure, (DSV2, 300), quotas=[{"family": DSV2, "limit": 250}, {"family": DSV3, "limit": 8}])
    assert first["changed"] is True and told(first) == {DSV2: "pending"}
    assert "is pending" in str(first["warnings"]) and "were not set" in str(first["warnings"])
    assert {row["family"]: row["limit"] for row in first["quotas"] if row["limit"] is not None} == {DSV3: 8}
    for check in (True, False):
        again = raised(azure, (DSV2, 280), wait_timeout=20, check=check)
        assert (again["changed"], told(again)) == (False, {DSV2: "pending"}) and azure.writes == []
    assert again["requests"][0]["request"] == first["requests"][0]["request"]
    raised(azure, (DSV2, 400), wait=False)
    assert [request.path.rsplit("/", 1)[-1] for request in azure.writes] == [DSV2], "another limit is another request"


def test_refusals_come_with_their_code_after_all_others_were_sent(azure: Azure) -> None:
    error = {"code": "QuotaNotAvailableForResource", "message": "No capacity."}
    azure.app.configure({"quota_requests": {DSV2: error}})
    failed = raised(azure, (DSV2, 300), (DSV3, 200), ok=False)
    assert failed["failure"]["code"] == "QuotaNotAvailableForResource" and failed["changed"] is True
    assert failed["failure"]["details"] == [{"family": DSV2, "limit": 300, **error}]
    assert "another size or region" in failed["msg"] and told(failed) == {DSV2: "refused", DSV3: "granted"}


@pytest.mark.parametrize("check", [True, False])
def test_what_cannot_be_requested_is_refused_before_a_write(azure: Azure, check: bool) -> None:
    azure.app.configure({"quota_requests": {DSV2: "not applicable"}})
    failed = raised(azure, (DSV2, 300), ("standardNothing", 1), ok=False, check=check)
    assert [row["code"] for row in failed["failure"]["details"]] == ["QuotaNotRequestable", "InvalidVMFamilyName"]
    assert azure.writes == [] and failed["changed"] is False
    assert raised(azure, (DSV2, 200), check=check)["changed"] is False, "what is not too low need not be requestable"


def test_an_answer_without_a_body_is_found_by_its_address(azure: Azure) -> None:
    azure.app.configure({"guesses": {"quota_request": {"body": False}}})
    assert told(raised(azure, (DSV2, 300))) == {DSV2: "granted"}
