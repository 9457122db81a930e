# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch endpoint's life with its deployments: each change alone, compute targets and their refusals, removal in the right order."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.azure import WORKSPACE_ID, Azure

ENDPOINT, DEPLOYMENT, INFO = "aml_batch_endpoint", "aml_batch_deployment", "aml_batch_endpoint_info"
NAMED = {"name": "iris-batch"}
DOCUMENT = f"{WORKSPACE_ID}/batchEndpoints/iris-batch"
BLUE = {"endpoint_name": "iris-batch", "name": "blue", "model": "azureml:iris:3", "compute": "cpu-cluster"}
ENDED = {"endpoint_name": "iris-batch", "name": "blue", "state": "absent"}
# Steps of a life: module, options, action.
STEPS: list[tuple[str, dict[str, t.Any], str]] = [
    (ENDPOINT, NAMED, "create"),
    (ENDPOINT, {**NAMED, "auth_mode": "aad_token"}, "none"),
    (DEPLOYMENT, {**BLUE, "settings": {"environment_variables": {"LEVEL": "info", "MODE": "fast"}}}, "create"),
    (DEPLOYMENT, {**BLUE, "compute": f"{WORKSPACE_ID}/computes/CPU-cluster"}, "none"),
    (DEPLOYMENT, {**BLUE, "resources": {"instance_count": 2}, "settings": {"retry_settings": {"timeout": 120}}}, "update"),
    (DEPLOYMENT, {**BLUE, "compute": "other-cluster"}, "update"),
    (ENDPOINT, {**NAMED, "defaults": {"deployment_name": "blue"}}, "update"),
    (ENDPOINT, {**NAMED, "description": "Iris", "tags": {"team": "vision"}}, "update"),
    (ENDPOINT, {**NAMED, "defaults": {"deployment_name": None}}, "update"),
    (DEPLOYMENT, ENDED, "delete"),
    (DEPLOYMENT, ENDED, "none"),
    (ENDPOINT, {**NAMED, "state": "absent"}, "delete"),
    (ENDPOINT, {**NAMED, "state": "absent"}, "none"),
]  # fmt: skip


@pytest.fixture
def clusters(azure: Azure) -> Azure:
    for name in ("cpu-cluster", "other-cluster"):
        azure.run("aml_compute_cluster", name=name, size="Standard_DS3_v2", max_instances=2)
    return azure


@pytest.mark.parametrize(("form", "retry_after"), [("as_online", 5), ("as_compute", None)])
def test_a_life_in_check_mode_and_for_real(clusters: Azure, form: str, retry_after: int | None) -> None:
    """Whatever form operations have, which no one has seen."""
    clusters.app.configure({"guesses": {"batch_endpoint": {"operations": form, "retry_after": retry_after}}})
    for module, options, action in STEPS:
        planned = clusters.run(module, check=True, **options)
        assert clusters.writes == []
        done = clusters.run(module, **options)
        assert [planned[key] for key in ("plan", "diff", "changed")] == [
            done[key] for key in ("plan", "diff", "changed")
        ]
        assert done["plan"]["action"] == action, (module, options)
        if action == "none":
            assert [request.method for request in clusters.sent] == ["GET"] and clusters.tokens == 1
    assert clusters.run(INFO)["endpoints"] == []


def test_what_is_not_declared_stays(clusters: Azure) -> None:
    variables = {"LEVEL": "planted-value-of-a-variable", "MODE": "fast"}
    clusters.run(ENDPOINT, **NAMED)
    clusters.run(DEPLOYMENT, **BLUE, settings={"mini_batch_size": 5, "environment_variables": variables})
    clusters.run(ENDPOINT, **NAMED, defaults={"deployment_name": "blue"})
    assert clusters.run(ENDPOINT, **NAMED, description="Iris")["endpoint"]["defaults"] == {"deployment_name": "blue"}
    changed = clusters.run(
        DEPLOYMENT,
        endpoint_name="iris-batch",
        name="blue",
        settings={"retry_settings": {"max_retries": 1}, "environment_variables": {"MODE": None}},
    )
    assert "planted-value-of-a-variable" not in clusters.text
    held = clusters.get(f"{DOCUMENT}/deployments/blue")["properties"]
    assert held["environmentVariables"] == {"LEVEL": "planted-value-of-a-variable"} and held["miniBatchSize"] == 5
    assert held["retrySettings"] == {"maxRetries": 1, "timeout": "PT30S"}
    assert held["model"] == {"referenceType": "Id", "assetId": f"{WORKSPACE_ID}/models/iris/versions/3"}
    assert changed["deployment"]["compute"].endswith("/computes/cpu-cluster")
    (row,) = clusters.run(INFO, deployments=True)["endpoints"]
    assert [one["name"] for one in row["deployments"]] == ["blue"] and row["scoring_uri"].endswith("/iris-batch/jobs")


REFUSED: list[tuple[str, dict[str, t.Any], str, str]] = [
    (ENDPOINT, {**NAMED, "defaults": {"deployment_name": "pink"}}, "DeploymentMissing", "It has blue"),
    (ENDPOINT, {"name": "other", "defaults": {"deployment_name": "blue"}}, "DeploymentMissing", "does not exist"),
    (ENDPOINT, {**NAMED, "location": "northeurope"}, "ImmutableChange", "stays in the region"),
    (ENDPOINT, {**NAMED, "location": "northeurope", "on_immutable_change": "recreate"}, "InUse", "blue"),
    (DEPLOYMENT, {**BLUE, "compute": "no-cluster"}, "ComputeMissing", "'no-cluster'"),
    (DEPLOYMENT, {**BLUE, "name": "pink", "compute": "no-cluster"}, "ComputeMissing", "'no-cluster'"),
    (DEPLOYMENT, {"endpoint_name": "iris-batch", "name": "pink", "model": "azureml:iris:3"}, "RequiredForCreation", "compute"),
    (DEPLOYMENT, ENDED, "InUse", "the default of its endpoint"),
]  # fmt: skip


def test_refusals_in_check_mode_and_for_real(clusters: Azure) -> None:
    clusters.run(ENDPOINT, **NAMED)
    clusters.run(DEPLOYMENT, **BLUE)
    clusters.run(ENDPOINT, **NAMED, defaults={"deployment_name": "blue"})
    for module, options, code, text in REFUSED:
        for check in (True, False):
            failed = clusters.run(module, check=check, **options, ok=False)
            assert failed["failure"]["code"] == code and text in failed["msg"], (options, failed["failure"])
            assert clusters.writes == []
    done = clusters.run(ENDPOINT, **NAMED, state="absent")
    assert "the deployments blue are deleted" in done["warnings"][0]


def test_a_deployment_of_a_pipeline_is_left_as_it_is(clusters: Azure) -> None:
    clusters.run(ENDPOINT, **NAMED)
    clusters.run(DEPLOYMENT, **BLUE)
    document = clusters.get(f"{DOCUMENT}/deployments/blue")
    document["properties"]["deploymentConfiguration"] = {"deploymentConfigurationType": "PipelineComponent"}
    clusters.app.store.put(document["id"], document)
    for options in ({**BLUE, "description": "other"}, ENDED):
        failed = clusters.run(DEPLOYMENT, **options, ok=False)
        assert "PipelineComponent" in failed["msg"] and clusters.writes == []


def test_yaml_of_the_cli(clusters: Azure) -> None:
    """Both forms of a deployment that azure-ai-ml takes."""
    clusters.run(ENDPOINT, definition={"name": "iris-batch", "auth_mode": "aad_token", "tags": {"team": "vision"}})
    shared = {
        "endpoint_name": "iris-batch",
        "name": "blue",
        "model": "azureml:iris:3",
        "compute": "azureml:cpu-cluster",
    }
    settings = {"mini_batch_size": 7, "logging_level": "INFO", "output_action": "summary_only"}
    old = clusters.run(DEPLOYMENT, definition={**shared, **settings, "resources": {"instance_count": 2}})["deployment"]
    assert (old["settings"]["mini_batch_size"], old["resources"]["instance_count"]) == (7, 2)
    new = {**shared, "type": "model", "settings": settings, "resources": {"instance_count": 2}}
    assert not clusters.run(DEPLOYMENT, definition=new)["changed"]
    failed = clusters.run(DEPLOYMENT, definition={**shared, "type": "pipeline"}, ok=False)
    assert failed["failure"]["code"] in ("InvalidDefinition", "NotManaged") and clusters.sent == []


def test_a_group_inside_another_one_is_not_null(azure: Azure) -> None:
    refused = azure.run(DEPLOYMENT, **BLUE, settings={"retry_settings": None}, ok=False)
    assert "settings.retry_settings.timeout is declared null" in refused["msg"] and azure.sent == []
