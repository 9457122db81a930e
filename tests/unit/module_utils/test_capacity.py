# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Projections, filters and the plan of quotas, on entries as the service writes them (docs/facts.md a.6 [REC R9])."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._capacity import quotas, sizes, usages
from ansible_collections.azureml.compute.plugins.module_utils._core.arm_id import workspace_target
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import ArmError
from ansible_collections.azureml.compute.plugins.module_utils._engine.behaviour import Behaviour
from ansible_collections.azureml.compute.plugins.module_utils._engine.planning import plan_target
from hypothesis import given
from hypothesis import strategies as st

SUBSCRIPTION = "/subscriptions/11111111-0000-4000-8000-000000000001"
WORKSPACE = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"
SIZE = {
    "name": "Standard_A1_v2",
    "family": "standardAv2Family",
    "vCPUs": 1,
    "gpus": 0,
    "osVhdSizeMB": 1047552,
    "maxResourceVolumeMB": 10240,
    "memoryGB": 2.0,
    "lowPriorityCapable": True,
    "premiumIO": False,
    "supportedComputeTypes": ["AmlCompute", "ComputeInstance", "MIR"],
}


def usage(
    name: str = "standardDSv2Family",
    current: int = 2,
    limit: int = 10,
    kind: str = "vmFamily/dedicatedCores",
    **more: t.Any,
) -> dict[str, t.Any]:
    return {
        "unit": "Count",
        "currentValue": current,
        "limit": limit,
        "name": {"value": name, "localizedValue": f"The {name}"},
        "type": f"Microsoft.MachineLearningServices/{kind}/usages",
        "id": SUBSCRIPTION,
        **more,
    }


def quota(family: str, limit: int, workspace: str | None = None) -> dict[str, t.Any]:
    prefix = workspace or f"{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/locations/eastus"
    return {
        "unit": "Count",
        "limit": limit,
        "name": {"value": family},
        "id": f"{prefix}/quotas/{family}",
        "location": None,
    }


# --- sizes ---


@pytest.mark.parametrize("estimate", [None, {}, {"billingCurrency": "USD", "values": []}, {"values": None}])
def test_an_unknown_price_is_null_and_not_free(estimate: t.Any) -> None:
    assert sizes.size({**SIZE, "estimatedVMPrices": estimate})["prices"] is None


def test_prices_have_their_currency_and_unit() -> None:
    values = [
        {"retailPrice": 0.07, "osType": "Linux", "vmTier": "Standard"},
        {"retailPrice": 0, "osType": "Linux", "vmTier": "Spot"},
    ]
    prices = sizes.size(
        {**SIZE, "estimatedVMPrices": {"billingCurrency": "USD", "unitOfMeasure": "OneHour", "values": values}}
    )["prices"]
    assert prices == [
        {"os_type": "Linux", "tier": "Standard", "price": 0.07, "currency": "USD", "unit": "OneHour"},
        {"os_type": "Linux", "tier": "Spot", "price": 0, "currency": "USD", "unit": "OneHour"},
    ]


def test_a_size_without_details_is_no_crash() -> None:
    bare = sizes.size({"name": "Standard_X"})
    assert bare["vcpus"] is None and bare["supported_compute_types"] == []
    assert sizes.sizes([{"name": "Standard_X"}], sizes.SizeFilter(min_vcpus=1)) == []
    # Booleans that come as text.
    spelled = [{"name": "Standard_X", "lowPriorityCapable": "False", "premiumIO": "True"}]
    [row] = sizes.sizes(spelled, sizes.SizeFilter(low_priority=False))
    assert (row["low_priority_capable"], row["premium_io"]) == (False, True)


@given(st.permutations([{**SIZE, "name": f"Standard_A{n}_v2", "vCPUs": n % 3, "memoryGB": n % 2} for n in range(6)]))
def test_the_order_does_not_hang_on_the_services(entries: list[dict[str, t.Any]]) -> None:
    everything = sizes.SizeFilter()
    assert sizes.sizes(entries, everything) == sizes.sizes(sorted(entries, key=str), everything)


# --- usages ---


@pytest.mark.parametrize(
    ("current", "limit", "shown", "remaining", "percent"),
    [
        (2, 10, 10, 8, 20.0),
        (12, 10, 10, 0, 120.0),
        (5, -1, None, None, None),
        (0, 0, 0, 0, 0.0),
        (1, 0, 0, 0, 100.0),
        (1, 3, 3, 2, 33.3),
    ],
)
def test_usage(current: int, limit: int, shown: t.Any, remaining: t.Any, percent: t.Any) -> None:
    found = usages.usage(usage(current=current, limit=limit))
    assert (found["limit"], found["remaining"], found["percent"]) == (shown, remaining, percent)


@pytest.mark.parametrize(
    ("entry", "tier"),
    [
        (usage(), "dedicated"),
        (usage(kind="vmFamily/lowPriorityCores"), "low_priority"),
        (usage("TotalLowPriorityCores", kind="totalLowPriorityCores"), "low_priority"),
        (usage("TotalDedicatedCores", kind="totalDedicatedCores"), "dedicated"),
        (usage("TotalClusters", kind="totalClusters"), None),
        (usage("x", kind="other"), None),
    ],
)
def test_the_tier_of_a_usage(entry: dict[str, t.Any], tier: str | None) -> None:
    assert usages.usage(entry)["tier"] == tier


def test_a_workspaces_usage_says_whose_it_is_and_is_not_the_subscriptions() -> None:
    own = usage(current=1, id=f"{WORKSPACE}/usages/standardDSv2Family")
    assert usages.usage(own)["workspace"] == "ws" and usages.usage(usage())["workspace"] is None
    assert usages.Usages([own]).find("standardDSv2Family") is None
    found = usages.Usages([own, usage(current=7)]).find("STANDARDDSV2FAMILY")
    assert found is not None and found["current"] == 7


def test_the_two_tiers_of_a_family_are_two_usages() -> None:
    both = usages.Usages([usage(current=1), usage(current=5, limit=-1, kind="vmFamily/lowPriorityCores")])
    dedicated, low = both.find("standardDSv2Family"), both.find("standardDSv2Family", low_priority=True)
    assert dedicated and low and (dedicated["current"], low["current"]) == (1, 5)


def test_only_what_is_used_so_far() -> None:
    entries = [usage("a", 8), usage("b", 7), usage("c", 100, -1)]
    assert [usage["name"] for usage in usages.usages(entries, at_least_percent=80)] == ["a"]
    assert [usage["name"] for usage in usages.usages(entries, ["B", "c"])] == ["b", "c"]


# --- quotas ---


def planned(*declared: tuple[str, int | None], entries: list[dict[str, t.Any]] | None = None) -> tuple[t.Any, t.Any]:
    standing = [
        quota("standardDSv2Family", 100),
        quota("standardDSv3Family", -1),
        quota("standardDSv2Family", 24, WORKSPACE),
        quota("x", 1, WORKSPACE + "2"),
    ]
    body = quotas.document(standing if entries is None else entries, WORKSPACE.upper())
    return plan_target(KIND, declare(*declared), body, Behaviour()), body


KIND = quotas.Quotas(workspace_target(SUBSCRIPTION.rpartition("/")[2], "rg", "ws"), "eastus", "2025-12-01")


def declare(*declared: tuple[str, int | None]) -> dict[str, t.Any]:
    options = {"quotas": [{"family": family, "limit": limit} for family, limit in declared]}
    return KIND.declare(options, KIND.workspace)


@pytest.mark.parametrize(
    ("declared", "changes"),
    [
        (("standardDSv2Family", 24), []),
        (("STANDARDDSV2FAMILY", 24), []),
        (("standardDSv3Family", None), []),
        (("standardDSv2Family", 0), [("quotas.standardDSv2Family", 24, 0)]),
        (("standarddsv3family", 8), [("quotas.standardDSv3Family", None, 8)]),
        (("standardDSv2Family", None), [("quotas.standardDSv2Family", 24, None)]),
    ],
)
def test_the_plan_has_what_differs(declared: tuple[str, int | None], changes: list[t.Any]) -> None:
    plan, _body = planned(declared)
    assert [(change.field, change.before, change.after) for change in plan.changes] == changes
    assert plan.changed is bool(changes) and (plan.before == plan.after) is not bool(changes)


def test_a_family_with_a_dot_is_one_name_and_no_other_family() -> None:
    own = [quota("standard.Ev5Family", 100), quota("standard.Ev5Family", 4, WORKSPACE)]
    plan, body = planned(("STANDARD.ev5family", 8), entries=own)
    assert [(change.field, change.before, change.after) for change in plan.changes] == [
        ("quotas.standard.Ev5Family", 4, 8)
    ]
    assert plan.diff() == {
        "before": {"quotas": {"standard.Ev5Family": 4}},
        "after": {"quotas": {"standard.Ev5Family": 8}},
    }
    (request,) = KIND.updates(body, plan)
    assert request.body["value"][0]["id"] == f"{WORKSPACE}/quotas/standard.Ev5Family"
    declared = ("standard.DSv2Family", 8)
    _plan, body = planned(declared)
    with pytest.raises(ArmError) as caught:
        KIND.check_update(declare(declared), KIND.read(body))
    assert (caught.value.code, caught.value.details[0]["family"]) == ("InvalidVMFamilyName", "standard.DSv2Family")


def test_what_is_sent() -> None:
    plan, body = planned(("standardDSv2Family", None), ("standardDSv3Family", 8))
    (request,) = KIND.updates(body, plan)
    common = {"type": "Microsoft.MachineLearningServices/workspaces/dedicatedCores/quotas", "unit": "Count"}
    assert (request.method, request.path.rpartition("/locations/")[2]) == ("POST", "eastus/updateQuotas")
    assert request.body == {
        "location": "eastus",
        "value": [
            {"id": f"{WORKSPACE}/quotas/{family}", "limit": limit, **common}
            for family, limit in (("standardDSv2Family", -1), ("standardDSv3Family", 8))
        ],
    }


def test_what_is_foreseen() -> None:
    declared = (("STANDARDdsv2Family", 101), ("standardDSv3Family", 1000), ("standardNope", 1))
    _plan, body = planned(*declared)
    with pytest.raises(ArmError) as caught:
        KIND.check_update(declare(*declared), KIND.read(body))
    assert [(detail["family"], detail["code"]) for detail in caught.value.details] == [
        ("standardDSv2Family", "InvalidQuotaExceedsSubscriptionLimit"),
        ("standardNope", "InvalidVMFamilyName"),
    ]
    # Where the service lists nothing, it is the one to judge.
    _plan, body = planned(("standardNope", 1), entries=[])
    assert list(KIND.check_update(declare(("standardNope", 1)), KIND.read(body))) == []


@pytest.mark.parametrize(
    "status",
    [
        "Failure",
        "InvalidQuotaBelowClusterMinimum",
        "InvalidQuotaExceedsSubscriptionLimit",
        "InvalidVMFamilyName",
        "OperationNotEnabledForRegion",
        "OperationNotSupportedForSku",
        "Undefined",
        "SomethingNew",
    ],
)
def test_each_status_that_is_no_success_is_a_refusal(status: str) -> None:
    answer = {
        "value": [
            {"id": f"{WORKSPACE}/quotas/a", "limit": 3, "status": status},
            {"id": f"{WORKSPACE}/quotas/b", "limit": 3, "status": "Success"},
        ]
    }
    (refused,) = quotas.refused_quotas(answer)
    assert (refused["family"], refused["limit"], refused["code"]) == ("a", 3, status) and refused["message"]
    assert quotas.quota_error([refused], "ws", "").code == status


@pytest.mark.parametrize(
    ("declared", "codes"),
    [
        ([("a", 0), ("b", None)], []),
        ([("a", -1)], ["OutOfRange"]),
        ([("a", 1), ("A", 2)], ["DuplicateFamily"]),
    ],
)
def test_offline_rules_of_quotas(declared: list[tuple[str, int | None]], codes: list[str]) -> None:
    assert [
        check_quota.code
        for check_quota in quotas.check_quotas([{"family": family, "limit": limit} for family, limit in declared])
    ] == codes
