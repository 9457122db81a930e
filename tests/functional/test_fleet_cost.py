# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet costs by the service's own prices, the gate before the first write, and prices that nobody knows."""

from __future__ import annotations

import typing as t
from unittest import mock

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._fleet import cost
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, Azure
from ansible_collections.azureml.compute.tests.support.permissions import kubernetes
from azureml_simulator.providers.machine_learning import catalogue

FLEET = "aml_fleet"
# The simulator's catalogue: Standard_DS2_v2, for an hour.
PRICE = 0.146


def cluster(name: str, **more: t.Any) -> dict[str, t.Any]:
    return {"type": "amlcompute", "name": name, "size": "Standard_DS2_v2", "max_instances": 2, **more}


def fleet(*computes: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    return [{"name": WORKSPACE, "resource_group": GROUP, "computes": list(computes)}]


def month(nodes: int, price: float = PRICE) -> float:
    return round(nodes * price * 730, 2)


def costs(result: dict[str, t.Any]) -> dict[str, tuple[float, float] | None]:
    return {
        target["name"]: target["cost"] and (target["cost"]["monthly_minimum"], target["cost"]["monthly_maximum"])
        for target in result["targets"]
    }


def test_nothing_is_asked_or_told_by_default(azure: Azure) -> None:
    done = azure.run(FLEET, check=True, workspaces=fleet(cluster("cpu-c")), preflight=False)
    assert "cost" not in done["totals"] and "cost" not in done["targets"][0]
    # The list, and the workspace, which the rules for what is created need.
    assert len(azure.sent) == 2


def test_fewest_and_most_nodes_of_each_tier(azure: Azure) -> None:
    computes = [
        cluster("idle"),
        cluster("busy", min_instances=1, max_instances=3),
        cluster("cheap", tier="low_priority"),
    ]
    done = azure.run(FLEET, check=True, workspaces=fleet(*computes), estimate_cost=True, preflight=False)
    assert costs(done) == {
        "idle": (0.0, month(2)),
        "busy": (month(1), month(3)),
        # Its nodes are Spot virtual machines, which may cost as much as dedicated ones.
        "cheap": (0.0, month(2)),
    }
    assert done["targets"][0]["cost"]["currency"] == "USD"
    summed = done["totals"]["cost"]
    assert summed["monthly_maximum"] == pytest.approx(sum(most for _least, most in costs(done).values()), abs=0.01)
    assert (summed["monthly_minimum"], summed["currency"], summed["unknown"]) == (month(1), "USD", [])
    # The list of the workspace, the workspace for its region, the region's sizes: once each.
    assert len(azure.sent) == 3 and azure.writes == []


def test_instances_that_rest_may_cost_nothing(azure: Azure) -> None:
    instance = {"type": "computeinstance", "size": "Standard_DS2_v2"}
    computes = [
        {**instance, "name": "ci-runs"},
        {**instance, "name": "ci-stopped", "state": "stopped"},
        {**instance, "name": "ci-idle", "idle_time_before_shutdown_minutes": 30},
    ]
    done = azure.run(FLEET, check=True, workspaces=fleet(*computes), estimate_cost=True)
    assert costs(done) == {"ci-runs": (month(1), month(1)), "ci-stopped": (0.0, month(1)), "ci-idle": (0.0, month(1))}


def test_what_exists_counts_as_declared_and_what_goes_does_not(azure: Azure) -> None:
    azure.run(FLEET, workspaces=fleet(cluster("cpu-c", max_instances=4), cluster("gone")))
    computes = [
        {"type": "amlcompute", "name": "cpu-c", "tags": {"team": "vision"}},
        {"type": "amlcompute", "name": "gone", "state": "absent"},
    ]
    done = azure.run(FLEET, check=True, workspaces=fleet(*computes), estimate_cost=True)
    assert costs(done) == {"cpu-c": (0.0, month(4)), "gone": None}
    assert done["totals"]["cost"]["monthly_maximum"] == month(4) and done["totals"]["cost"]["unknown"] == []


@pytest.mark.parametrize("check", [True, False])
def test_the_gate_is_before_the_first_write(azure: Azure, check: bool) -> None:
    wanted = fleet(cluster("one"), cluster("two"))
    failed = azure.run(
        FLEET, check=check, workspaces=wanted, max_monthly_cost=month(4) - 0.01, full_result=True, ok=False
    )
    assert failed["failure"]["code"] == "TooExpensive" and azure.writes == [] and failed["changed"] is False
    assert failed["totals"]["cost"]["monthly_maximum"] == month(4) and costs(failed) == {
        "one": (0.0, month(2)),
        "two": (0.0, month(2)),
    }
    assert azure.run(FLEET, check=check, workspaces=wanted, max_monthly_cost=month(4))["totals"]["create"] == 2


def without_prices(self: catalogue.VmSize) -> dict[str, t.Any]:
    found = WIRE(self)
    if self.name == "Standard_DS3_v2":
        found.pop("estimatedVMPrices")
    return found


WIRE = catalogue.VmSize.wire


def test_an_unknown_price_is_listed_and_not_0(azure: Azure) -> None:
    wanted = fleet(cluster("known"), cluster("unknown", size="Standard_DS3_v2"))
    with mock.patch.object(catalogue.VmSize, "wire", without_prices):
        done = azure.run(FLEET, check=True, workspaces=wanted, max_monthly_cost=month(2))
        only = azure.run(FLEET, check=True, workspaces=fleet(wanted[0]["computes"][1]), estimate_cost=True)
    assert costs(done) == {"known": (0.0, month(2)), "unknown": None}
    assert [item.rsplit("/", 1)[-1] for item in done["totals"]["cost"]["unknown"]] == ["unknown"]
    assert only["totals"]["cost"]["monthly_maximum"] is None and only["totals"]["cost"]["currency"] is None


def test_sizes_that_may_not_be_read_are_unknown_prices(azure: Azure) -> None:
    azure.app.faults.put([{"kind": "status", "status": 403, "match": {"path": "/vmSizes"}, "count": 1}])
    done = azure.run(FLEET, check=True, workspaces=fleet(cluster("cpu-c")), estimate_cost=True, preflight=False)
    assert costs(done) == {"cpu-c": None} and any("Prices are not known" in warning for warning in done["warnings"])


def test_the_gate_is_a_number_of_0_or_more(azure: Azure) -> None:
    failed = azure.run(FLEET, workspaces=fleet(cluster("cpu-c")), max_monthly_cost=-1, ok=False)
    assert failed["failure"]["code"] == "OutOfRange" and azure.sent == []


def price(**more: t.Any) -> dict[str, t.Any]:
    return {
        "prices": [{"os_type": "Linux", "tier": "Standard", "price": 1.0, "currency": "USD", "unit": "OneHour", **more}]
    }


OTHERS = [price(tier="Spot"), price(os_type="Windows"), price(unit="OneMonth"), price(price=None), price(currency=None)]


@pytest.mark.parametrize("size", [None, {"prices": None}, *OTHERS])
def test_a_price_of_something_else_is_no_price(size: t.Any) -> None:
    assert cost.hourly(size, "dedicated") is None
    assert cost.hourly(price(), "dedicated") == (1.0, 1.0, "USD")
    assert cost.hourly(price(price=0), "dedicated") == (0.0, 0.0, "USD")


def test_two_currencies_are_not_added() -> None:
    found = cost.total({"b": cost.Cost("USD", 1.0, 2.0), "a": cost.Cost("EUR", 1.0, 2.0), "c": None})
    assert found == cost.Total("EUR", 1.0, 2.0, ["b", "c"])


def test_a_service_that_does_not_answer_is_no_unknown_price(azure: Azure) -> None:
    """A gate on cost that lets everything pass while the service is ill would be none."""
    azure.app.faults.put([{"kind": "status", "status": 500, "match": {"path": "/vmSizes"}, "count": 99}])
    failed = azure.run(FLEET, workspaces=fleet(cluster("cpu-c")), max_monthly_cost=1, preflight=False, ok=False)
    assert failed["failure"]["status"] == 500 and azure.writes == []


def test_a_target_that_fails_by_its_plan_costs_what_it_costs_now(azure: Azure) -> None:
    """The declaration does not fit the existing instance, so that no values after the run are known."""
    application = {"name": "studio", "image": {"reference": "rocker/rstudio"}}
    instance = {"type": "computeinstance", "name": "inst-a", "size": "Standard_DS2_v2"}
    azure.run(FLEET, workspaces=fleet({**instance, "custom_applications": [application]}), preflight=False)
    unknown = {**application, "environment_variables": {"TOKEN": "VALUE_NOT_SHOWN"}}
    wanted = fleet({**instance, "custom_applications": [unknown]}, cluster("cpu-c"))
    failed = azure.run(FLEET, workspaces=wanted, estimate_cost=True, preflight=False, full_result=True, ok=False)
    assert failed["failure"]["code"] == "FleetFailed" and failed["totals"]["create"] == 1
    assert [target["failure"] and target["failure"]["code"] for target in failed["targets"]] == [
        "PlaceholderNotReplaced",
        None,
    ]
    assert costs(failed) == {"inst-a": (month(1), month(1)), "cpu-c": (0.0, month(2))}


# --- online deployments ---

# The simulator's catalogue: Standard_DS3_v2, for an hour.
PRICE_OF_DEPLOYMENT = 0.293


def served(*deployments: dict[str, t.Any], computes: t.Any = (), **endpoint: t.Any) -> list[dict[str, t.Any]]:
    workspace = {"name": WORKSPACE, "resource_group": GROUP, "computes": list(computes)}
    return [{**workspace, "online_endpoints": [{"name": "iris", **endpoint}], "online_deployments": list(deployments)}]


def deployment(name: str, count: int = 1, **more: t.Any) -> dict[str, t.Any]:
    own = {"instance_type": "Standard_DS3_v2", "instance_count": count, "model": "azureml:iris:3"}
    return {"endpoint_name": "iris", "name": name, **own, **more}


def test_a_managed_deployment_costs_its_instances_before_and_after_a_change(azure: Azure) -> None:
    one, two, three = (month(count, PRICE_OF_DEPLOYMENT) for count in (1, 2, 3))
    both = served(deployment("blue", 2), deployment("green"), computes=[cluster("cpu-c")])
    new = azure.run(FLEET, check=True, workspaces=both, estimate_cost=True)
    assert costs(new) == {"cpu-c": (0.0, month(2)), "iris": None, "blue": (two, two), "green": (one, one)}
    assert new["totals"]["cost"]["unknown"] == []
    assert new["totals"]["cost"]["monthly_minimum"] == pytest.approx(three, abs=0.02)
    azure.run(FLEET, workspaces=both, name="prod")
    grown = served(deployment("blue", 3), deployment("green", state="absent"), computes=[cluster("cpu-c")])
    changed = azure.run(FLEET, check=True, workspaces=grown, estimate_cost=True)
    differences = {target["name"]: target["cost_difference"] for target in changed["targets"]}
    assert differences["blue"]["monthly_maximum"] == pytest.approx(one, abs=0.02)
    assert differences["green"]["monthly_minimum"] == differences["green"]["monthly_maximum"] == -one
    pruned = served(deployment("blue", 2))
    gone = azure.run(FLEET, check=True, workspaces=pruned, name="prod", prune="delete", estimate_cost=True)
    (undeclared,) = [row for row in gone["undeclared"] if row["name"] == "green"]
    assert undeclared["cost_difference"]["monthly_maximum"] == -one


def test_what_is_not_declared_of_a_deployment_stays_as_it_is(azure: Azure) -> None:
    azure.run(FLEET, workspaces=served(deployment("blue", 2)))
    rest = {"endpoint_name": "iris", "name": "blue", "tags": {"team": "vision"}}
    done = azure.run(FLEET, check=True, workspaces=served(rest), estimate_cost=True)
    two = month(2, PRICE_OF_DEPLOYMENT)
    assert costs(done)["blue"] == (two, two)
    (blue,) = [target for target in done["targets"] if target["name"] == "blue"]
    assert blue["action"] == "update" and blue["cost_difference"]["monthly_maximum"] == 0.0


def test_the_limit_of_the_cost_counts_deployments(azure: Azure) -> None:
    two = month(2, PRICE_OF_DEPLOYMENT)
    wanted = served(deployment("blue", 2))
    failed = azure.run(FLEET, workspaces=wanted, max_monthly_cost=two - 1, ok=False)
    assert failed["failure"]["code"] == "TooExpensive" and azure.writes == []
    assert "The 1 declared compute targets and deployments" in failed["msg"]
    assert azure.run(FLEET, check=True, workspaces=wanted, max_monthly_cost=two)["changed"]


def test_a_deployment_of_an_unknown_size_has_an_unknown_cost(azure: Azure) -> None:
    wanted = served(deployment("blue", instance_type="Standard_Unknown"))
    done = azure.run(FLEET, check=True, workspaces=wanted, estimate_cost=True)
    assert costs(done)["blue"] is None
    assert [identifier.rpartition("/")[2] for identifier in done["totals"]["cost"]["unknown"]] == ["blue"]


def test_deployments_on_kubernetes_cost_nothing_of_their_own(azure: Azure) -> None:
    wanted = served(deployment("blue", 2, instance_type="small"), compute="k8s")
    wanted[0]["computes"] = [{"type": "kubernetes", "name": "k8s", "resource_id": kubernetes(azure), "namespace": "ml"}]
    done = azure.run(FLEET, check=True, workspaces=wanted, estimate_cost=True)
    assert costs(done) == {"k8s": None, "iris": None, "blue": None} and done["totals"]["cost"]["unknown"] == []
    (blue,) = [target for target in done["targets"] if target["name"] == "blue"]
    assert blue["cost_difference"] == {"currency": None, "monthly_minimum": 0.0, "monthly_maximum": 0.0}
