# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests for more quota in the simulator: docs/facts.md m."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import GROUP, World

VERSION = "2025-09-01"
SUBSCRIPTION = GROUP.partition("/resourceGroups/")[0]
LOCATION = f"{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/locations/eastus"
SCOPE = f"{LOCATION}/providers/Microsoft.Quota"
DSV2, LOW = "standardDSv2Family", "TotalLowPriorityCores"


@pytest.fixture
def world() -> World:
    return World()


def ask(world: World, name: str = DSV2, limit: Any = 300, method: str = "PUT", **more: Any) -> Any:
    body = {"properties": {"limit": {"limitObjectType": "LimitValue", "value": limit}, "name": {"value": name}, **more}}
    return world.call(method, f"{SCOPE}/quotas/{name}", body, VERSION)


def get(world: World, what: str) -> Any:
    return world.call("GET", f"{SCOPE}/{what}", version=VERSION)


def limit(world: World, name: str = DSV2) -> int:
    return int(get(world, f"quotas/{name}").body["properties"]["limit"]["value"])


def test_a_quota(world: World) -> None:
    """m.1 [SPEC]."""
    shown = get(world, f"quotas/{DSV2.upper()}").body
    assert (shown["name"], shown["type"]) == (DSV2, "Microsoft.Quota/quotas")
    properties = shown["properties"]
    assert properties["limit"] == {"limitObjectType": "LimitValue", "limitType": "Independent", "value": 200}
    assert (properties["resourceType"], properties["isQuotaApplicable"]) == ("dedicated", True)
    listed = {item["name"]: item for item in get(world, "quotas").body["value"]}
    assert listed[DSV2] == shown and listed[LOW]["properties"]["resourceType"] == "lowPriority"
    assert get(world, "quotas/nothing").body["error"]["code"] == "InvalidResourceName"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_request_is_granted_and_counts(world: World, method: str) -> None:
    """m.2, m.3 [FIELD, SPEC]."""
    answer = ask(world, method=method)
    assert answer.status == 202 and answer.body["properties"]["provisioningState"] == "Accepted"
    name = answer.body["name"]
    assert f"/quotaRequests/{name}?" in answer.headers["Location"]
    assert get(world, f"operationsStatus/{name}").body["status"] == "InProgress" and limit(world) == 200
    world.app.clock.advance(60)
    request = get(world, f"quotaRequests/{name}").body
    assert request["properties"]["provisioningState"] == "Succeeded" and limit(world) == 300
    part = request["properties"]["value"][0]
    assert (part["name"]["value"], part["limit"]["value"], part["resourceType"]) == (DSV2, 300, "dedicated")
    assert get(world, "quotaRequests").body == {"value": [request]}
    assert get(world, f"operationsStatus/{name}").body["status"] == "Succeeded"
    quotas = world.call("GET", f"{LOCATION}/quotas", version="2025-12-01").body["value"]
    assert {item["name"]["value"]: item["limit"] for item in quotas}[DSV2] == 300
    west = world.call("GET", f"{SCOPE.replace('eastus', 'westus')}/quotas/{DSV2}", version=VERSION).body
    assert west["properties"]["limit"]["value"] == 200, "a limit is that of one region"


def test_a_refusal_and_a_request_that_people_decide(world: World) -> None:
    """m.4 [FIELD]."""
    error = {"code": "ContactSupport", "message": "Please contact support."}
    world.app.configure({"quota_requests": {DSV2: error, LOW: "pending"}})
    refused, pending = ask(world).body["name"], ask(world, LOW, 500, resourceType="lowPriority").body["name"]
    world.app.clock.advance(600)
    shown = get(world, f"quotaRequests/{refused}").body["properties"]
    assert (shown["provisioningState"], shown["error"], limit(world)) == ("Failed", error, 200)
    assert get(world, f"operationsStatus/{refused}").body["error"]["code"] == "ContactSupport"
    assert get(world, f"quotaRequests/{pending}").body["properties"]["provisioningState"] == "Accepted"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"limit": "many"}, 400),
        ({"limit": 200}, 501),
        ({"resourceType": "lowPriority"}, 501),
        ({"quotaPeriod": "P1D"}, 501),
    ],
)
def test_what_is_not_known_is_not_simulated(world: World, body: dict[str, Any], status: int) -> None:
    assert ask(world, **body).status == status
    world.app.configure({"quota_requests": {DSV2: "not applicable"}})
    assert ask(world).status == 501 and get(world, f"quotas/{DSV2}").body["properties"]["isQuotaApplicable"] is False
