# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""aml_compute_info and aml_workspace_info on a scripted wire.

Sources: the modules' documentation; docs/coverage.md G5 (the studio's tabs); docs/facts.md f.9 (one bad item must not break the list).
"""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._engine.versions import PREVIEW
from ansible_collections.azureml.compute.tests.support.bodies import cluster, workspace
from ansible_collections.azureml.compute.tests.support.module_run import (
    GROUP_ID,
    PROVIDER,
    SUBSCRIPTION,
    WORKSPACE_ID,
    failed,
    succeeded,
)
from ansible_collections.azureml.compute.tests.support.wire import HOST, Call

SCOPE = {"resource_group": "rg", "workspace": "ws-one"}
COMPUTES = f"{WORKSPACE_ID}/computes"
NOT_FOUND = {"error": {"code": "ResourceNotFound", "message": "not found"}}
KINDS = [
    "AmlCompute",
    "ComputeInstance",
    "AKS",
    "Kubernetes",
    "VirtualMachine",
    "Databricks",
    "DataLakeAnalytics",
    "HDInsight",
    "SynapseSpark",
    "DataFactory",
]


def compute(kind: str, **properties: t.Any) -> dict[str, t.Any]:
    """As little as the service may answer: null where others have a mapping."""
    return {
        "id": f"{COMPUTES}/{kind}",
        "name": kind.lower(),
        "properties": {"computeType": kind, "properties": None, **properties},
    }


def listed(*bodies: dict[str, t.Any]) -> Call:
    return Call("GET", COMPUTES, query={"api-version": PREVIEW}, json={"value": list(bodies)})


def test_all_kinds_by_tab() -> None:
    result = succeeded("aml_compute_info", SCOPE, [listed(*[compute(kind) for kind in KINDS])])
    assert [compute["type"] for compute in result["computes"]] == [kind.lower() for kind in KINDS]
    tabs = {tab: [item["type"] for item in found] for tab, found in result["by_kind"].items()}
    assert tabs == {
        "instances": ["computeinstance"],
        "clusters": ["amlcompute"],
        "inference_clusters": ["aks"],
        "attached": [
            "kubernetes",
            "virtualmachine",
            "databricks",
            "datalakeanalytics",
            "hdinsight",
            "synapsespark",
            "datafactory",
        ],
    }
    assert result["changed"] is False


def test_a_kind_that_nobody_knows_is_shown_when_nothing_is_filtered() -> None:
    result = succeeded("aml_compute_info", SCOPE, [listed(compute("Quantum"))])
    assert [compute["type"] for compute in result["computes"]] == ["quantum"]


def test_filter_by_type() -> None:
    result = succeeded("aml_compute_info", {**SCOPE, "type": ["aks"]}, [listed(*[compute(kind) for kind in KINDS])])
    assert [compute["type"] for compute in result["computes"]] == ["aks"]
    assert result["by_kind"]["clusters"] == []


def test_one_by_name_with_errors_and_counts() -> None:
    errors = [{"error": {"code": "OutOfCapacity", "message": "none left"}}]
    body = cluster(inner={"errors": errors, "currentNodeCount": 1})
    result = succeeded("aml_compute_info", {**SCOPE, "name": "cpu"}, [Call("GET", f"{COMPUTES}/cpu", json=body)])
    [found] = result["computes"]
    assert found["errors"] == [{"code": "OutOfCapacity", "message": "none left", "details": None}]
    assert found["current_node_count"] == 1
    assert result["by_kind"]["clusters"] == [found]


def test_a_name_that_is_not_there() -> None:
    call = Call("GET", f"{COMPUTES}/cpu", status=404, json=NOT_FOUND)
    result = succeeded("aml_compute_info", {**SCOPE, "name": "cpu"}, [call], check=True)
    assert result["computes"] == []


def test_all_pages_are_read() -> None:
    pages = [
        Call(
            "GET",
            COMPUTES,
            json={"value": [compute("AKS")], "nextLink": f"{HOST}{COMPUTES}?api-version={PREVIEW}&$skip=1"},
        ),
        Call("GET", COMPUTES, query={"$skip": "1"}, json={"value": [compute("Kubernetes")]}),
    ]
    assert len(succeeded("aml_compute_info", SCOPE, pages)["computes"]) == 2


def test_a_workspace_that_is_not_there() -> None:
    failed("ResourceNotFound", "aml_compute_info", SCOPE, [Call("GET", COMPUTES, status=404, json=NOT_FOUND)])


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({}, f"/subscriptions/{SUBSCRIPTION}{PROVIDER}/workspaces"),
        ({"resource_group": "rg"}, f"{GROUP_ID}{PROVIDER}/workspaces"),
    ],
)
def test_workspaces_of_a_scope(options: dict[str, t.Any], path: str) -> None:
    hub = workspace(outer={"kind": "Hub", "name": "hub"})
    old = workspace(outer={"kind": None, "name": "old"})
    result = succeeded("aml_workspace_info", options, [Call("GET", path, json={"value": [workspace(), hub, old]})])
    assert [workspace["name"] for workspace in result["workspaces"]] == ["ws-one", "hub", "old"]
    result = succeeded(
        "aml_workspace_info", {**options, "kind": ["hub"]}, [Call("GET", path, json={"value": [workspace(), hub, old]})]
    )
    assert [workspace["kind"] for workspace in result["workspaces"]] == ["hub"]
    result = succeeded(
        "aml_workspace_info",
        {**options, "kind": ["default"]},
        [Call("GET", path, json={"value": [workspace(), hub, old]})],
    )
    assert [workspace["name"] for workspace in result["workspaces"]] == ["ws-one", "old"]


def test_one_workspace() -> None:
    options = {"resource_group": "rg", "name": "ws-one"}
    assert (
        succeeded("aml_workspace_info", options, [Call("GET", WORKSPACE_ID, json=workspace())])["workspaces"][0][
            "workspace_id"
        ]
        == "workspace-guid"
    )
    assert (
        succeeded("aml_workspace_info", options, [Call("GET", WORKSPACE_ID, status=404, json=NOT_FOUND)])["workspaces"]
        == []
    )


def test_a_workspace_needs_its_group() -> None:
    assert "resource_group" in failed("NotNamed", "aml_workspace_info", {"name": "ws-one"})["msg"]


def test_the_api_version_can_be_chosen() -> None:
    call = Call("GET", COMPUTES, query={"api-version": "2026-05-01"}, json={"value": []})
    assert succeeded("aml_compute_info", {**SCOPE, "api_version": "2026-05-01"}, [call])["computes"] == []
