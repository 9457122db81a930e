# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What azure-ai-ml makes of the simulator's answers is what it was measured to make of Azure's forms (docs/facts.md a.6, b.3, f)."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import World
from ansible_collections.azureml.compute.tests.unit.simulator.test_ml_kinds_sdk import computes, world  # noqa: F401  # pylint: disable=unused-import
from azure.ai.ml import entities as ml
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)

FAULT = {"kind": "status", "match": {"method": "GET", "path": "computes/cpu"}}


def cluster(world: World, name: str = "cpu", size: str = "Standard_DS3_v2", wait: float = 60) -> None:  # noqa: F811
    inner = {"vmSize": size, "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 1}}
    assert world.put(name, {"computeType": "AmlCompute", "properties": inner}).status == 201
    world.wait(wait)


def test_exceptions_by_status(world: World, computes: Any) -> None:  # noqa: F811
    with pytest.raises(ResourceNotFoundError) as missing:
        computes.get("cpu")
    assert str(missing.value).startswith(
        "(ResourceNotFound) The Resource "
    ) and "\nCode: ResourceNotFound\nMessage: " in str(missing.value)
    with pytest.raises(ResourceNotFoundError):
        computes.begin_delete("cpu").result()
    cluster(world, wait=0)
    with pytest.raises(ResourceExistsError, match="There is already an active operation submitted"):
        computes.begin_delete("cpu").result()
    world.wait(60)
    world.app.faults.put(
        [{**FAULT, "status": 401, "code": "AuthenticationFailed"}, {**FAULT, "status": 400, "code": "UserError"}]
    )
    with pytest.raises(ClientAuthenticationError):
        computes.get("cpu")
    with pytest.raises(HttpResponseError, match=r"^\(UserError\) "):
        computes.get("cpu")


def test_a_failed_operation_is_an_error_with_status_200(world: World, computes: Any) -> None:  # noqa: F811
    world.app.configure({"quotas": {"*": {"standardDSv2Family": 0}}})
    with pytest.raises(HttpResponseError) as failed:
        computes.begin_create_or_update(ml.AmlCompute(name="cpu", size="Standard_DS3_v2")).result()
    assert failed.value.status_code == 200 and failed.value.error.code == "ClusterMinNodesExceedCoreQuota"
    assert computes.get("cpu").provisioning_state == "Failed"


def test_an_unknown_operation_looks_like_absence(world: World, computes: Any) -> None:  # noqa: F811
    """By its status; the exception was measured as ResourceNotFoundError, and is a plain HttpResponseError with azure-core 1.41."""
    poller = {
        "kind": "status",
        "match": {"path": "computeOperationsStatus"},
        "status": 404,
        "code": "OperationNotFound",
        "count": 9,
    }
    world.app.faults.put([poller])
    with pytest.raises(HttpResponseError) as unknown:
        computes.begin_create_or_update(ml.AmlCompute(name="cpu", size="Standard_DS3_v2")).result()
    assert unknown.value.status_code == 404


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_failures_are_tried_four_times(world: World, computes: Any, status: int) -> None:  # noqa: F811
    cluster(world)
    world.app.faults.put([{**FAULT, "status": status, "count": 3}])
    assert computes.get("cpu").name == "cpu"
    world.app.faults.put([{**FAULT, "status": status, "count": 4}])
    with pytest.raises(HttpResponseError):
        computes.get("cpu")
    assert world.app.faults.list()[0]["hits"] == 4


def test_pages_of_a_list(world: World, computes: Any) -> None:  # noqa: F811
    """The client keeps what the nextLink says, and puts its own version in its place."""
    for name in ("one", "two", "three"):
        cluster(world, name)
    world.app.configure({"page_sizes": {"computes": 1}})
    assert sorted(compute.name for compute in computes.list()) == ["one", "three", "two"]


def test_the_order_of_requests(world: World, computes: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """The place of the workspace first, no discovery; a GET after a PUT, none after a POST or DELETE; an update is a PUT, of an instance too."""
    sent: list[tuple[str, str]] = []
    handle = world.app.handle

    def watched(request: Any) -> Any:
        name = "status" if "computeOperationsStatus" in request.path else request.path.rpartition("/")[2]
        if sent[-1:] != [(request.method, name)]:
            sent.append((request.method, name))
        return handle(request)

    monkeypatch.setattr(world.app, "handle", watched)

    def order(call: Any, **options: Any) -> list[str]:
        sent.clear()
        call(**options).result()
        return [f"{method} {name}" for method, name in sent]

    instance = ml.ComputeInstance(name="ci-one", size="Standard_DS3_v2")
    assert order(computes.begin_create_or_update, compute=instance) == [
        "GET ws1",
        "PUT ci-one",
        "GET status",
        "GET ci-one",
    ]
    assert order(computes.begin_update, compute=instance) == ["PUT ci-one", "GET status", "GET ci-one"]
    assert order(computes.begin_stop, name="ci-one") == ["POST stop", "GET status"]
    assert order(computes.begin_delete, name="ci-one") == ["DELETE ci-one", "GET status"]
    placed = ml.AmlCompute(name="cpu", size="Standard_DS3_v2", location="eastus")
    assert order(computes.begin_create_or_update, compute=placed) == ["PUT cpu", "GET status", "GET cpu"]


def test_a_success_of_what_failed(world: World, computes: Any) -> None:  # noqa: F811
    """Low priority of a size that has none: the client sees a cluster that is fine."""
    world.app.configure({"quotas": {"*": {"TotalLowPriorityCores": 1000}}})
    made = computes.begin_create_or_update(
        ml.AmlCompute(name="cpu", size="Standard_ND96isr_H100_v5", tier="low_priority")
    ).result()
    assert made.provisioning_state == "Succeeded" and world.inner("cpu")["errors"]


def test_a_failed_target_does_not_break_a_list(world: World, computes: Any) -> None:  # noqa: F811
    """The client reads `error` of every entry of provisioningErrors; that of a failed AKS has it too."""
    assert (
        world.put(
            "small", {"computeType": "AKS", "properties": {"agentCount": 1, "agentVmSize": "Standard_DS2_v2"}}
        ).status
        == 201
    )
    world.wait(700)
    world.app.configure({"quotas": {"*": {"standardDSv2Family": 0}}})
    cluster(world)
    assert {compute.name: compute.provisioning_state for compute in computes.list()} == {
        "cpu": "Failed",
        "small": "Failed",
    }
