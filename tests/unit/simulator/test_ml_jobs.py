# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of the simulator: docs/facts.md j."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import WORKSPACE, World, cluster_body

CPU = f"{WORKSPACE}/computes/cpu"
JOB = f"{WORKSPACE}/jobs/smoke"
BODY = {
    "jobType": "Command",
    "command": "echo ok",
    "environmentId": "azureml://registries/azureml/environments/sklearn-1.5/versions/41",
    "computeId": CPU,
}


@pytest.fixture
def world() -> World:
    made = World()
    made.require_success(made.call("PUT", CPU, cluster_body(most=1)))
    made.wait(300)
    return made


def put(world: World, path: str = JOB, **changes: Any) -> Any:
    return world.call("PUT", path, {"properties": {**BODY, **changes}})


def status(world: World, path: str = JOB) -> str:
    return str(world.get(path)["properties"]["status"])


def nodes(world: World) -> int:
    return int(world.get("cpu")["properties"]["properties"]["currentNodeCount"])


def test_a_put_answers_at_once(world: World) -> None:
    answer = put(world)
    shown = answer.body["properties"]
    assert answer.status == 201 and "Azure-AsyncOperation" not in answer.headers
    assert (shown["status"], shown["displayName"], shown["experimentName"]) == ("Starting", "smoke", "Default")
    assert shown["services"]["Studio"]["endpoint"].startswith("https://ml.azure.com/runs/smoke?wsid=/subscriptions/")
    assert world.get(JOB) == answer.body


def test_a_cluster_allocates_a_node_for_a_job(world: World) -> None:
    put(world)
    seen = []
    for _second in range(60):
        seen.append((status(world), nodes(world)))
        world.wait(1)
    assert list(dict.fromkeys(state for state, _nodes in seen)) == [
        "Starting",
        "Queued",
        "Running",
        "Finalizing",
        "Completed",
    ]
    # None before the job is queued, one from then on until its idle time is over.
    assert (seen[0][1], seen[-1][1]) == (0, 1)
    facts = world.get(JOB)["properties"]["properties"]
    assert facts["_azureml.ClusterName"] == "cpu" and facts["StartTimeUtc"] < facts["EndTimeUtc"]
    world.wait(300)
    assert nodes(world) == 1 or nodes(world) == 0
    world.wait(10)
    assert nodes(world) == 0


def test_a_second_job_waits_for_the_only_node(world: World) -> None:
    put(world)
    put(world, f"{WORKSPACE}/jobs/second")
    world.wait(15)
    assert (status(world), status(world, f"{WORKSPACE}/jobs/second")) == ("Running", "Queued")
    for _step in range(12):
        world.wait(5)
        status(world)
    assert status(world, f"{WORKSPACE}/jobs/second") == "Completed"


def test_time_that_passes_at_once_is_lived_through(world: World) -> None:
    put(world)
    world.wait(3600)
    facts = world.get(JOB)["properties"]
    assert facts["status"] == "Completed" and facts["properties"]["EndTimeUtc"] > facts["properties"]["StartTimeUtc"]


def test_a_job_over_its_limit_is_cancelled(world: World) -> None:
    put(world, limits={"jobLimitsType": "Command", "timeout": "PT2S"})
    world.wait(60)
    assert status(world) == "Canceled"


def test_a_job_fails_with_its_compute_target_and_by_order(world: World) -> None:
    put(world)
    world.app.faults.put([{"kind": "failed_operation", "match": {"path": "jobs/ordered"}}])
    put(world, f"{WORKSPACE}/jobs/ordered")
    world.wait(1)
    world.call("DELETE", f"{CPU}?underlyingResourceAction=Delete&api-version=2026-05-01")
    world.wait(60)
    assert (status(world), status(world, f"{WORKSPACE}/jobs/ordered")) == ("Failed", "Failed")


def test_a_list_is_filtered(world: World) -> None:
    put(world, tags={"team": "vision"})
    put(world, f"{WORKSPACE}/jobs/second", isArchived=True)

    def names(query: str = "") -> list[str]:
        return [doc["name"] for doc in world.call("GET", f"{WORKSPACE}/jobs{query}").body["value"]]

    assert (names(), names("?listViewType=All")) == (["smoke"], ["smoke", "second"])
    assert (names("?tag=team"), names("?tag=vision"), names("?jobType=Sweep")) == (["smoke"], [], [])
    assert names("?listViewType=ArchivedOnly") == ["second"]
    assert world.call("GET", f"{WORKSPACE}/jobs?computeId={CPU}").status == 501


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"jobType": "Sweep"}, 501, "jobs of the type Sweep"),
        ({"jobType": "Other"}, 400, "'Other' is not supported"),
        ({"command": ""}, 400, "'command'"),
        ({"environmentId": None}, 400, "'environmentId'"),
        ({"environmentId": "azureml:mine:1"}, 501, "curated environments only"),
        ({"environmentId": "azureml://registries/azureml/environments/none/versions/1"}, 400, "was not found"),
        ({"computeId": None}, 501, "serverless"),
        ({"inputs": {"a": {}}}, 501, "'inputs'"),
        ({"resources": {"instanceCount": 0}}, 400, "instanceCount"),
        ({"limits": {"timeout": "soon"}}, 400, "ISO 8601"),
    ],
)
def test_what_is_not_simulated_or_not_valid(world: World, changes: dict[str, Any], status: int, words: str) -> None:
    answer = put(world, **changes)
    assert answer.status == status and words in answer.body["error"]["message"]
    assert put(world, f"{WORKSPACE}/jobs/a.b").status == 400


def test_compute_targets_without_jobs_are_refused(world: World) -> None:
    for wrong in (f"{WORKSPACE}/computes/none", "none", "/subscriptions/x/other"):
        refused = put(world, computeId=wrong)
        assert (refused.status, refused.body["error"]["code"]) == (400, "UserError")
        assert "was not found" in refused.body["error"]["message"]
    assert world.call("GET", JOB).status == 404
    assert [put(world).status for _time in range(2)] == [201, 200]
    assert put(world, command="other").status == 501
