# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""aml_job_check against the simulator. Facts: docs/facts.md j."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._reconcilers import job_check
from ansible_collections.azureml.compute.tests.support.azure import WORKSPACE_ID, Azure

CHECK = "aml_job_check"
FIRST = f"{WORKSPACE_ID}/jobs/check-cpu-cluster-1"


@pytest.fixture
def cluster(azure: Azure) -> Azure:
    azure.run("aml_compute_cluster", name="cpu-cluster", size="Standard_D4s_v3", max_instances=2)
    return azure


def check(azure: Azure, **options: t.Any) -> dict[str, t.Any]:
    return azure.run(CHECK, compute="cpu-cluster", **options)


def end(azure: Azure, path: str = FIRST, status: str = "Failed") -> None:
    """The job is over, in another way than by its command."""
    doc = azure.get(path)
    doc["properties"]["status"] = status
    azure.app.store.put(path, doc)


def test_a_job_runs_and_counts_for_a_day(cluster: Azure) -> None:
    done = check(cluster)
    job = done["job"]
    assert (done["changed"], job["status"], job["name"]) == (True, "Completed", "check-cpu-cluster-1")
    # The preparation of the job and of its node, and the run.
    assert job["queue_seconds"] in range(9, 13) and job["duration_seconds"] == 20
    assert job["started_at"] < job["ended_at"] and job["studio_url"].startswith("https://ml.azure.com/runs/check-")
    sent = cluster.writes[0].body["properties"]
    assert (sent["computeId"], sent["command"]) == (f"{WORKSPACE_ID}/computes/cpu-cluster", "echo ok")
    assert sent["limits"] == {"jobLimitsType": "Command", "timeout": "PT600S"}
    again = check(cluster)
    assert (again["changed"], again["job"], again["diff"]["after"]) == (False, job, {})
    assert [request.method for request in cluster.sent] == ["GET", "GET"]
    cluster.app.clock.advance(86400)
    assert check(cluster)["job"]["name"] == "check-cpu-cluster-2"


def test_a_command_of_another_case_is_another_check(cluster: Azure) -> None:
    assert check(cluster, command="python Check.py")["changed"]
    assert check(cluster, command="python check.py")["changed"]
    assert not check(cluster, command="python Check.py")["changed"]


def test_a_cluster_that_can_have_no_nodes_is_refused_and_the_hint_names_the_module(cluster: Azure) -> None:
    """Another tool has set it so: the module of clusters refuses it."""
    path = f"{WORKSPACE_ID}/computes/cpu-cluster"
    document = cluster.get(path)
    document["properties"]["properties"]["scaleSettings"]["maxNodeCount"] = 0
    cluster.app.store.put(path, document)
    refused = cluster.run(CHECK, compute="cpu-cluster", ok=False)
    assert refused["failure"]["code"] == "ComputeCannotRunJobs" and "it can have no nodes" in refused["msg"]
    assert "aml_compute_cluster" in refused["failure"]["hint"] and cluster.writes == []


def test_check_mode_returns_the_job_and_creates_none(cluster: Azure) -> None:
    planned = cluster.run(CHECK, check=True, compute="cpu-cluster", limits={"timeout": 60})
    assert planned["changed"] and cluster.writes == []
    done = check(cluster, limits={"timeout": 60})
    for key in ("id", "name", "command", "environment", "experiment_name"):
        assert planned["job"][key] == done["job"][key]
    assert (planned["job"]["status"], planned["diff"]) == (None, done["diff"])
    assert not cluster.run(CHECK, check=True, compute="cpu-cluster")["changed"]


def test_a_wait_that_ends_is_continued_with_the_same_job(cluster: Azure) -> None:
    """No node is free: the job stays queued."""
    cluster.app.configure({"load": {"cpu-cluster": {"running_nodes": 2}}})
    late = cluster.run(CHECK, ok=False, compute="cpu-cluster", wait_timeout=30)
    assert (late["failure"]["code"], late["changed"], late["job"]["status"]) == ("WaitTimeout", True, "Queued")
    assert "Waited 30 s for the job 'check-cpu-cluster-1'" in late["msg"] and "The cluster has 2 nodes" in late["msg"]
    assert "run the same task again" in late["failure"]["hint"]
    assert late["failure"]["details"]["nodes"] == {"allocation_state": "Steady", "current": 2, "target": 2}
    cluster.app.configure({"load": {"cpu-cluster": {"running_nodes": 0}}})
    done = check(cluster, max_age=0)
    assert (done["changed"], done["job"]["name"], done["job"]["status"]) == (False, "check-cpu-cluster-1", "Completed")
    assert [request.path for request in cluster.writes] == []


def test_without_wait_the_job_is_started_alone(cluster: Azure) -> None:
    begun = check(cluster, wait=False)
    assert (begun["changed"], begun["job"]["status"]) == (True, "Starting")
    assert not check(cluster, wait=False)["changed"]


@pytest.mark.parametrize("status", ["Failed", "Canceled"])
def test_a_job_that_did_not_complete_fails_the_task_and_the_next_run_starts_another(
    cluster: Azure, status: str
) -> None:
    check(cluster, wait=False)
    cluster.meanwhile = lambda method, path: end(cluster, status=status) if method == "GET" and path == FIRST else None
    failed = cluster.run(CHECK, ok=False, compute="cpu-cluster")
    assert failed["failure"]["code"] == "JobCheckFailed" and f"ended as {status}" in failed["msg"]
    assert (failed["changed"], failed["job"]["status"]) == (False, status)
    assert failed["job"]["studio_url"] in failed["failure"]["hint"]
    cluster.meanwhile = lambda method, path: None
    assert check(cluster)["job"]["name"] == "check-cpu-cluster-2"


def test_the_errors_of_the_cluster_are_shown(cluster: Azure) -> None:
    check(cluster, wait=False)
    doc = cluster.compute("cpu-cluster")
    doc["properties"]["properties"]["errors"] = [{"error": {"code": "ClusterCoreQuotaReached", "message": "No cores."}}]
    cluster.app.store.put(doc["id"], doc)
    late = cluster.run(CHECK, ok=False, compute="cpu-cluster", wait_timeout=0)
    assert "It reports: ClusterCoreQuotaReached: No cores." in late["msg"]


def test_what_was_archived_or_made_by_others_is_never_sent_again(cluster: Azure) -> None:
    """A name that a list does not show is read before a job is sent under it."""
    check(cluster)
    doc = cluster.get(FIRST)
    doc["properties"] |= {"isArchived": True, "command": "other"}
    cluster.app.store.put(FIRST, doc)
    assert check(cluster)["job"]["name"] == "check-cpu-cluster-2"
    assert len(cluster.writes) == 1


def test_names_that_are_taken_end_the_search(cluster: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that has a job of any name would be asked without end."""
    monkeypatch.setattr(job_check, "_MOST_NAMES", 3)
    check(cluster)
    taken = cluster.app.store.get(FIRST)
    for number in (2, 3, 4):
        path = FIRST.replace("-1", f"-{number}")
        other = {**taken["properties"], "tags": {}, "command": "other"}
        cluster.app.store.put(path, {**taken, "id": path, "name": path.rpartition("/")[2], "properties": other})
    failed = check(cluster, command="echo another", ok=False)
    assert (
        failed["failure"]["code"] == "JobCheckFailed" and "check-cpu-cluster-2 to check-cpu-cluster-4" in failed["msg"]
    )
    assert cluster.writes == [] and not failed["changed"]


def test_a_check_of_a_target_that_was_made_again_does_not_count(cluster: Azure) -> None:
    check(cluster)
    cluster.run("aml_compute_cluster", name="cpu-cluster", state="absent")
    cluster.run("aml_compute_cluster", name="cpu-cluster", size="Standard_D4s_v3", max_instances=1)
    assert check(cluster)["changed"]


def test_another_command_is_another_check(cluster: Azure) -> None:
    check(cluster)
    other = check(cluster, command="true")
    assert (other["changed"], other["job"]["name"]) == (True, "check-cpu-cluster-2")


@pytest.mark.parametrize("mode", [False, True])
def test_compute_targets_that_run_no_jobs_are_refused(azure: Azure, mode: bool) -> None:
    refused = azure.run(CHECK, ok=False, check=mode, compute="none")
    assert refused["failure"]["code"] == "ComputeMissing" and "'none' does not exist" in refused["msg"]
    gone = azure.run(CHECK, ok=False, check=mode, compute="none", workspace="ws-none")
    assert "workspace 'ws-none' does not exist" in gone["msg"]
    azure.run("aml_compute_instance", name="box", size="Standard_D4s_v3", state="stopped")
    stopped = azure.run(CHECK, ok=False, check=mode, compute="box")
    assert "the compute instance is Stopped" in stopped["msg"] and "state=started" in stopped["failure"]["hint"]
    bricks = azure.resource("Microsoft.Databricks/workspaces", "dbx")
    azure.run("aml_attached_compute", name="bricks", type="databricks", resource_id=bricks, access_token="planted")
    assert "type Databricks does not run" in azure.run(CHECK, ok=False, check=mode, compute="bricks")["msg"]


def test_an_instance_runs_a_job_at_once(azure: Azure) -> None:
    azure.run("aml_compute_instance", name="box", size="Standard_D4s_v3")
    # 5 between times in whole seconds, and the clock runs on meanwhile. The node of a cluster takes longer.
    assert 4 <= azure.run(CHECK, compute="box")["job"]["queue_seconds"] < 9


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"environment": "azureml://registries/azureml/environments/sklearn-1.5/labels/latest"}, "InvalidEnvironment"),
        ({"environment": "azureml:mine@latest"}, "InvalidEnvironment"),
        ({"command": "--"}, "InvalidCommand"),
        ({"limits": {"timeout": 0}}, "OutOfRange"),
        ({"max_age": -1}, "OutOfRange"),
    ],
)
def test_wrong_values_are_refused_before_the_first_request(azure: Azure, options: dict[str, t.Any], code: str) -> None:
    refused = azure.run(CHECK, ok=False, compute="cpu-cluster", **options)
    assert refused["failure"]["code"] == code and azure.sent == []


def test_an_environment_of_the_workspace_is_named_by_its_id(cluster: Azure) -> None:
    refused = cluster.run(CHECK, ok=False, compute="cpu-cluster", environment="azureml:mine:3")
    sent = cluster.writes[0].body["properties"]["environmentId"]
    assert sent == f"{WORKSPACE_ID}/environments/mine/versions/3" and refused["failure"]["code"] == "NotSimulated"
