# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Batch endpoints and deployments of the simulator: docs/facts.md o.6 and o.7."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import WORKSPACE, World, message, refusal

ENDPOINT = f"{WORKSPACE}/batchEndpoints/iris-batch"
BLUE = f"{ENDPOINT}/deployments/blue"
MODEL = {"referenceType": "Id", "assetId": f"{WORKSPACE}/models/iris/versions/3"}


@pytest.fixture
def world() -> World:
    made = World()
    made.cluster()
    return made


def endpoint(**properties: Any) -> dict[str, Any]:
    return {"location": "eastus", "properties": {"authMode": "AADToken", **properties}}


def deployment(**properties: Any) -> dict[str, Any]:
    named = {"model": MODEL, "compute": f"{WORKSPACE}/computes/cpu", **properties}
    return {"location": "eastus", "properties": named}


def put(world: World, path: str, body: dict[str, Any], status: int = 201) -> Any:
    answer = world.call("PUT", path, body)
    assert answer.status == status, answer.body
    world.wait()
    return answer


def test_an_endpoint_and_a_deployment_are_written_and_deleted(world: World) -> None:
    """o.6 [SDK, SPEC]."""
    answer = put(world, ENDPOINT, endpoint())
    assert answer.headers["Retry-After"] == "5" and "Azure-AsyncOperation" in answer.headers
    assert world.get(ENDPOINT)["properties"]["defaults"] == {"deploymentName": None}
    put(world, BLUE, deployment(resources={"instanceCount": 2}))
    shown = world.get(BLUE)["properties"]
    assert (shown["miniBatchSize"], shown["errorThreshold"], shown["outputFileName"]) == (10, -1, "predictions.csv")
    assert shown["resources"]["instanceCount"] == 2 and shown["retrySettings"] == {"maxRetries": 3, "timeout": "PT30S"}
    put(world, ENDPOINT, endpoint(defaults={"deploymentName": "blue"}), 200)
    listed = world.call("GET", f"{ENDPOINT}/deployments").body["value"]
    assert [one["name"] for one in listed] == ["blue"]
    assert world.call("DELETE", BLUE).status == 202
    world.wait()
    assert world.call("DELETE", BLUE).status == 204
    assert world.get(ENDPOINT)["properties"]["defaults"] == {"deploymentName": None}
    put(world, BLUE, deployment())
    assert world.call("DELETE", ENDPOINT).status == 202
    world.wait()
    assert world.call("GET", f"{WORKSPACE}/batchEndpoints").body["value"] == []
    assert world.call("GET", BLUE).status == 404


@pytest.mark.parametrize("retry_after", [None, 7])
@pytest.mark.parametrize(
    ("form", "collection"), [("as_online", "/mfeOperationsStatus/"), ("as_compute", "/computeOperationsStatus/")]
)
def test_operations_have_the_form_that_is_configured(
    world: World, form: str, collection: str, retry_after: int | None
) -> None:
    """o.7 [GUESS]."""
    world.app.configure({"guesses": {"batch_endpoint": {"operations": form, "retry_after": retry_after}}})
    answer = put(world, ENDPOINT, endpoint())
    assert collection in answer.headers["Azure-AsyncOperation"]
    assert answer.headers.get("Retry-After") == (None if retry_after is None else "7")
    gone = world.call("DELETE", ENDPOINT)
    assert gone.status == 202 and collection in gone.headers["Azure-AsyncOperation"]


def test_refusals(world: World) -> None:
    """o.7 [GUESS]."""
    put(world, ENDPOINT, endpoint())
    for path, body, text in (
        (ENDPOINT, endpoint(authMode="Key"), "'Key' is not AADToken"),
        (ENDPOINT, endpoint(defaults={"deploymentName": "blue"}), "no deployment 'blue'"),
        (ENDPOINT, {**endpoint(), "location": "westeurope"}, "it cannot change"),
        (f"{WORKSPACE}/batchEndpoints/1st", endpoint(), "does not start with a letter"),
        (BLUE, deployment(compute=f"{WORKSPACE}/computes/none"), "is none of the workspace's"),
        (BLUE, deployment(codeConfiguration={"codeId": "x"}), "it is required"),
    ):
        answer = world.call("PUT", path, body)
        assert refusal(answer) == (400, "UserError") and text in message(answer), answer.body
    for unknown in ({"deploymentConfiguration": {}}, {"model": {"referenceType": "DataPath"}}):
        assert world.call("PUT", BLUE, deployment(**unknown)).status == 501
    assert world.call("PUT", f"{WORKSPACE}/batchEndpoints/none/deployments/blue", deployment()).status == 404


def test_a_name_is_taken_in_its_region(world: World) -> None:
    put(world, ENDPOINT, endpoint())
    other = WORKSPACE.rpartition("/")[0] + "/ws-other"
    world.keep(other, workspaceId="11111111-0000-4000-8000-0000000000aa", provisioningState="Succeeded")
    answer = world.call("PUT", f"{other}/batchEndpoints/IRIS-batch", endpoint())
    assert refusal(answer)[0] == 400 and "taken in the region" in message(answer)
