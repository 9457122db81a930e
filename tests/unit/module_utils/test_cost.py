# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What targets cost in a month, and the gate before the first write, as pure functions and with a client that answers from a table.

Source: the documentation of aml_fleet (estimate_cost, max_monthly_cost). tests/functional/test_fleet_cost.py has it in tasks.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from unittest import mock

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core.arm_id import Target
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import ArmError
from ansible_collections.azureml.compute.plugins.module_utils._fleet import cost, overview
from ansible_collections.azureml.compute.plugins.module_utils._fleet import prices as _prices
from ansible_collections.azureml.compute.plugins.module_utils._fleet.cost import Cost, Difference
from ansible_collections.azureml.compute.plugins.module_utils._kinds.batch_deployment import BATCH_DEPLOYMENT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.online_deployment import ONLINE_DEPLOYMENT
from ansible_collections.azureml.compute.plugins.module_utils._preflight.facts import DesiredTarget

HOME = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"


def desired(type_: str = "amlcompute", *, home: str = HOME, existing: t.Any = None, **wanted: t.Any) -> DesiredTarget:
    return DesiredTarget(type_, Target("x", f"{home}/computes/x", home, "s", "rg"), wanted, existing)


@dataclass(frozen=True)
class Deployed:
    """A deployment of an online endpoint, whose target is not directly in the workspace."""

    wanted: dict[str, t.Any]
    existing: t.Any = None
    kind: t.Any = ONLINE_DEPLOYMENT
    workspace_id: str = HOME
    target: Target = Target("x", f"{HOME}/onlineEndpoints/e/deployments/x", f"{HOME}/onlineEndpoints/e", "s", "rg")


def deployed(**wanted: t.Any) -> Deployed:
    return Deployed({"instance_type": "standard_A", **wanted})


def price(value: float, tier: str = "Standard", **more: t.Any) -> dict[str, t.Any]:
    return {"os_type": "Linux", "tier": tier, "price": value, "currency": "USD", "unit": "OneHour", **more}


def sizes(*prices: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"standard_a": {"prices": list(prices)}}


# --- one target ---


def test_the_price_is_that_of_the_tier_on_linux_by_the_hour() -> None:
    size = {
        "prices": [
            price(9.0, os_type="Windows"),
            price(8.0, unit="OneMonth"),
            price(7.0, "Spot"),
            price(0.5, "LOWPRIORITY"),
            price(2.0, "STANDARD"),
        ]
    }
    assert cost.hourly(size, "dedicated") == (2.0, 2.0, "USD")
    assert cost.hourly(size, "another") is None
    assert (
        cost.hourly(
            {"prices": [price(1.0, os_type=None), price(1.0, unit=None), {**price(1.0), "tier": None}]}, "dedicated"
        )
        is None
    )


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        # Low-priority nodes are Spot virtual machines: their price varies, up to that of dedicated ones.
        ([price(2.0), price(0.4, "LowPriority"), price(0.7, "Spot")], (0.7, 2.0, "USD")),
        # Never cheaper than what is known, whichever price is the higher one.
        ([price(2.0), price(0.7, "LowPriority"), price(0.4, "Spot")], (0.7, 2.0, "USD")),
        ([price(2.0), price(0.4, "LowPriority")], (0.4, 2.0, "USD")),
        ([price(2.0), price(3.0, "Spot")], (3.0, 3.0, "USD")),
        ([price(0.4, "Spot")], (0.4, 0.4, "USD")),
        ([price(2.0, currency="EUR"), price(0.4, "Spot")], (0.4, 0.4, "USD")),
        ([price(2.0)], None),
    ],
)
def test_low_priority_costs_up_to_dedicated(prices: list[dict[str, t.Any]], expected: t.Any) -> None:
    assert cost.hourly({"prices": prices}, "low_priority") == expected


@pytest.mark.parametrize(
    ("given", "state", "expected"),
    [
        (desired(max_instances=4), "present", (0, 4)),
        (desired(max_instances=4, min_instances=2), "present", (2, 4)),
        (desired(min_instances=2), "present", None),
        (desired(max_instances=0), "present", (0, 0)),
        (desired("computeinstance"), "present", (1, 1)),
        (desired("computeinstance"), "stopped", (0, 1)),
        (desired("computeinstance", idle_time_before_shutdown_minutes=30), "present", (0, 1)),
        (desired("computeinstance", schedules={"compute_start_stop": [{"action": "stop"}]}), "started", (0, 1)),
        (desired("computeinstance", **{"schedules.compute_start_stop": [{"action": "stop"}]}), "started", (0, 1)),
        # As an instance without schedules is read.
        (desired("computeinstance", schedules={"compute_start_stop": None}), "started", (1, 1)),
        # What would stop an instance stops no cluster.
        (desired(max_instances=1, min_instances=1, idle_time_before_shutdown_minutes=30), "stopped", (1, 1)),
    ],
)
def test_the_fewest_and_the_most_nodes(given: DesiredTarget, state: str, expected: t.Any) -> None:
    assert given.kind.billing.nodes(given.wanted, state) == expected


def test_one_targets_month() -> None:
    found = cost.estimate(
        desired(size="STANDARD_A", min_instances=1, max_instances=3),
        "present",
        sizes(price(0.1234), price(0.01, "LowPriority")),
    )
    assert found == cost.Cost("USD", 90.08, 270.25)
    cheap = cost.estimate(
        desired(size="Standard_A", tier="low_priority", min_instances=1, max_instances=1),
        "present",
        sizes(price(0.1234), price(0.01, "LowPriority")),
    )
    assert cheap == cost.Cost("USD", 7.3, 90.08)
    rests = cost.estimate(desired("computeinstance", size="Standard_A"), "stopped", sizes(price(1.0)))
    assert rests == cost.Cost("USD", 0.0, 730.0)


@pytest.mark.parametrize("known", [None, {}, sizes()])
def test_what_has_no_price_has_no_cost(known: t.Any) -> None:
    assert cost.estimate(desired(size="Standard_A", max_instances=1), "present", known) is None
    assert cost.estimate(desired(size="Standard_A"), "present", sizes(price(1.0))) is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (desired(), True),
        (desired("computeinstance"), True),
        (desired("aks"), True),
        (desired("aks", resource_id="/x"), False),
        (desired("kubernetes"), False),
        (desired("databricks", resource_id="/x"), False),
    ],
)
def test_who_pays(given: DesiredTarget, expected: bool) -> None:
    assert given.kind.billing.includes(given.wanted) is expected


@pytest.mark.parametrize(
    ("wanted", "billed", "expected"),
    [
        ({"type": "managed", "instance_count": 3}, True, Cost("USD", 2190.0, 2190.0)),
        # One that does not say is counted.
        ({"instance_count": 1}, True, Cost("USD", 730.0, 730.0)),
        ({"type": None, "instance_count": 1}, True, Cost("USD", 730.0, 730.0)),
        ({"type": "managed"}, True, None),
        ({"instance_count": 1, "instance_type": None}, True, None),
        ({"instance_count": 1, "instance_type": "Standard_B"}, True, None),
        # What a cluster calls its size is no option of a deployment.
        ({"instance_count": 1, "instance_type": None, "size": "Standard_A"}, True, None),
        ({"type": "kubernetes", "instance_count": 3}, False, Cost("USD", 2190.0, 2190.0)),
    ],
)
def test_an_online_deployment_costs_its_instances_at_all_hours(
    wanted: dict[str, t.Any], billed: bool, expected: Cost | None
) -> None:
    given = deployed(**wanted)
    assert given.kind.billing.includes(given.wanted) is billed
    for state in ("present", "stopped"):
        assert cost.estimate(given, state, sizes(price(1.0), price(0.1, "Spot"))) == expected


def test_a_kind_without_machines_costs_nothing() -> None:
    assert BATCH_DEPLOYMENT.billing.includes({"instance_count": 1}) is False
    assert BATCH_DEPLOYMENT.billing.nodes({"instance_count": 1}, "present") is None


# --- all of them, and the gate ---

ONE = cost.Cost("USD", 1.111, 2.222)


def test_sums_are_of_what_is_known() -> None:
    assert cost.total({"b": ONE, "a": None, "c": ONE}) == cost.Total("USD", 2.22, 4.44, ["a"])
    assert cost.total({"b": None}).to_dict() == {
        "currency": None,
        "monthly_minimum": None,
        "monthly_maximum": None,
        "unknown": ["b"],
    }
    assert cost.total({}) == cost.Total(None, None, None, [])


def test_a_cost_of_a_result_is_read_again() -> None:
    given = cost.Cost("USD", 1.0, 2.0)
    assert cost.Cost.from_dict({**given.to_dict(), "more": 1}) == given


@pytest.mark.parametrize(("most", "limit"), [(10.0, 10.0), (9.99, 10.0), (None, 1.0), (0.0, 0.0)])
def test_the_gate_is_open(most: float | None, limit: float) -> None:
    cost.DocumentCost(cost.Total("USD", 0.0, most, ["a"]), 2, limit, others=0).refuse()


@pytest.mark.parametrize(("unknown", "more"), [([], ""), (["a", "b"], " The prices of 2 more are not known.")])
@pytest.mark.parametrize(("others", "outside"), [(0, ""), (3, ", also the 3 that this run does not process,")])
def test_the_gate_is_shut(unknown: list[str], more: str, others: int, outside: str) -> None:
    whole = cost.DocumentCost(cost.Total("USD", 0.0, 10.004, unknown), 5, 10.0, others)
    with pytest.raises(cost.TooExpensive) as caught:
        whole.refuse()
    error = caught.value
    assert (
        error.message
        == f"The 5 declared compute targets and deployments of the document{outside} may cost 10.00 USD in a month, more than max_monthly_cost 10.00.{more}"
    )
    assert (error.code, error.details) == ("TooExpensive", whole.to_dict())
    assert error.hint == "Nothing was written. Lower max_instances or take smaller sizes, or raise max_monthly_cost."
    assert (whole.text() is None) == (others == 0)
    sums = {"currency": "USD", "monthly_minimum": 0.0, "monthly_maximum": 10.004, "unknown": unknown}
    assert whole.to_dict() == {**sums, "targets": 5, "max_monthly_cost": 10.0}


# --- where prices are read ---


class Client:
    def __init__(self, **answers: t.Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str]] = []

    def _answer(self, path: str, version: str, *, malformed: t.Any = None) -> t.Any:
        self.asked.append((path, version))
        found = self.answers[path.rsplit("/", 1)[-1] if "/locations/" not in path else path.split("/")[-2]]
        if isinstance(found, Exception):
            raise found
        return found

    find = list = _answer


def listed(value: float) -> list[dict[str, t.Any]]:
    prices = [{"osType": "Linux", "vmTier": "Standard", "retailPrice": value}]
    return [
        {
            "name": "Standard_A",
            "estimatedVMPrices": {"billingCurrency": "USD", "unitOfMeasure": "OneHour", "values": prices},
        }
    ]


def test_each_workspace_and_each_region_is_read_once() -> None:
    client = Client(ws={"location": "East US"}, eastus=listed(1.0), westus2=listed(2.0))
    prices = _prices.Prices(client, "v")
    new, again, west = (
        desired(size="Standard_A", max_instances=1),
        desired(home=HOME.upper()),
        # Its own region is known, so that its workspace is not read.
        desired(home=f"{HOME}-2", location="West US 2"),
    )
    served = deployed(instance_count=1)
    assert served.workspace_id == HOME
    there = desired(existing={"location": "eastus", "properties": {"computeLocation": "westus2"}})
    prices.read([again, new, west, there, served])
    assert prices.region(served) == "eastus" and prices.of(served) == prices.of(new)
    regions = [
        f"/subscriptions/s/providers/Microsoft.MachineLearningServices/locations/{name}/vmSizes"
        for name in ("eastus", "westus2")
    ]
    assert sorted(client.asked) == sorted((path, "v") for path in (HOME, *regions))
    assert [prices.region(item) for item in (new, again, west, there)] == ["eastus", "eastus", "westus2", "westus2"]
    assert prices.region(desired(existing={"location": "North Europe"})) == "northeurope"
    estimated = cost.estimate(new, "present", prices.of(new))
    assert estimated and estimated.to_dict() == {"currency": "USD", "monthly_minimum": 0.0, "monthly_maximum": 730.0}
    assert cost.hourly((prices.of(west) or {})["standard_a"], "dedicated") == (2.0, 2.0, "USD")
    assert prices.problems == []


@pytest.mark.parametrize("status", [400, 403, 404])
def test_what_cannot_be_read_is_unknown_and_told(status: int) -> None:
    prices = _prices.Prices(Client(ws={"location": "eastus"}, eastus=ArmError("No.", status=status)), "v")
    prices.read([desired()])
    assert prices.of(desired()) is None
    assert prices.problems == ["Prices are not known where they could not be read: No."]
    prices = _prices.Prices(Client(ws=ArmError("No.", status=status)), "v")
    prices.read([desired()])
    assert prices.region(desired()) is None and prices.of(desired()) is None and len(prices.problems) == 1


class OneMalformed(Client):
    """A client whose lists have an item of another form."""

    def list(self, path: str, version: str, *, malformed: t.Any) -> t.Any:
        malformed(ArmError("Strange.", code="UnexpectedAnswer"))
        return self._answer(path, version)


def test_a_size_of_another_form_costs_its_own_price_alone() -> None:
    prices = _prices.Prices(OneMalformed(ws={"location": "eastus"}, eastus=listed(1.0)), "v")
    prices.read([desired()])
    assert list(prices.of(desired()) or ()) == ["standard_a"]
    assert prices.problems == ["Prices are not known where they could not be read: Strange."]
    prices = _prices.Prices(Client(ws=ArmError("Strange.", code="UnexpectedAnswer")), "v")
    prices.read([desired()])
    assert prices.of(desired()) is None and len(prices.problems) == 1


@pytest.mark.parametrize("found", [None, {}, {"location": None}])
def test_a_workspace_that_is_nowhere_has_no_prices(found: t.Any) -> None:
    client = Client(ws=found)
    prices = _prices.Prices(client, "v")
    prices.read([desired()])
    assert prices.of(desired()) is None and len(client.asked) == 1


def test_a_service_that_does_not_answer_stops_it() -> None:
    with pytest.raises(ArmError):
        _prices.Prices(Client(ws=ArmError("Ill.", status=500)), "v").read([desired()])


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, Cost("USD", 1.0, 2.0), None),
        (Cost("USD", 1.0, 2.0), None, None),
        (cost.NOTHING, cost.NOTHING, Difference(None, 0.0, 0.0)),
        (cost.NOTHING, Cost("USD", 1.0, 2.0), Difference("USD", 1.0, 2.0)),
        (Cost("USD", 1.0, 2.0), cost.NOTHING, Difference("USD", -1.0, -2.0)),
        (Cost("USD", 1.111, 2.222), Cost("USD", 4.0, 3.0), Difference("USD", 2.89, 0.78)),
        (Cost("USD", 1.0, 2.0), Cost("EUR", 1.0, 2.0), None),
    ],
)
def test_difference(before: Cost | None, after: Cost | None, expected: Difference | None) -> None:
    assert cost.difference(before, after) == expected


def test_a_difference_as_text_and_as_a_result() -> None:
    found = Difference("USD", -1.5, 2.0)
    assert found.text() == "-1.50 to +2.00 USD"
    assert found.to_dict() == {"currency": "USD", "monthly_minimum": -1.5, "monthly_maximum": 2.0}
    assert Difference(None, 0.0, 0.0).text() == "none"


def test_differences_in_another_currency_are_not_added() -> None:
    """The total has one currency, and what changes is said in it."""
    entries = [mock.Mock(difference=cost.Difference(currency, 1.0, 2.0)) for currency in ("EUR", "USD", None)]
    [line] = overview.cost_lines(entries, cost.Total("EUR", 10.0, 20.0, ["b"]))
    assert (
        line
        == "Cost per month: 10.00 to 20.00 EUR (+2.00 to +4.00 by these changes), without 1 target of unknown price."
    )
