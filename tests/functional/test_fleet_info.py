# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many workspaces looked at in one task: what is there, and what could not be read."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._kinds.cluster import CLUSTER as CLUSTER_KIND
from ansible_collections.azureml.compute.plugins.module_utils._kinds.workspace import Workspace
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, Azure

INFO = "aml_fleet_info"
CLUSTER = {"name": "cpu-c", "size": "Standard_DS2_v2", "max_instances": 2}
HERE = {"name": WORKSPACE, "resource_group": GROUP}


def test_what_is_there_is_what_the_modules_for_one_show(azure: Azure) -> None:
    azure.run("aml_compute_cluster", **CLUSTER)
    azure.run("aml_compute_instance", name="ci-ada-info", size="Standard_DS2_v2")
    found = azure.run(INFO, workspaces=[{**HERE, "computes": [{"name": "never-made", "type": "amlcompute"}]}])
    # The workspace and the list of what is in it.
    assert len(azure.sent) == 2 and azure.writes == [] and not found["changed"] and found["usages"] == []
    one = found["workspaces"][0]
    assert one["computes"] == azure.run("aml_compute_info")["computes"] and len(one["computes"]) == 2
    assert (
        one["workspace"] == azure.run("aml_workspace_info", name=WORKSPACE)["workspaces"][0] and one["failure"] is None
    )
    assert (one["name"], one["resource_group"], one["id"]) == (WORKSPACE, GROUP, one["workspace"]["id"])


def test_each_region_is_asked_for_its_usages_once(azure: Azure) -> None:
    azure.run("aml_compute_cluster", **CLUSTER, min_instances=1)
    found = azure.run(INFO, workspaces=[HERE, {**HERE, "name": WORKSPACE.upper()}], usages=True)
    assert len(found["workspaces"]) == 1, "one workspace in two spellings"
    assert [usage["location"] for usage in found["usages"]] == ["eastus"] and len(azure.sent) == 3
    assert found["usages"][0]["usages"] == azure.run("aml_usage_info")["usages"] != []


def test_a_workspace_that_cannot_be_read_hides_no_other(azure: Azure) -> None:
    azure.run("aml_compute_cluster", **CLUSTER)
    azure.app.faults.put([{"kind": "status", "status": 403, "match": {"path": "usages"}, "count": 2}])
    workspaces = [{**HERE, "name": "ws-none"}, HERE]
    failed = azure.run(INFO, workspaces=workspaces, usages=True, ok=False)
    assert (
        failed["failure"]["code"] == "NotRead"
        and "The workspace 'ws-none' does not exist" in failed["msg"]
        and "2 of 3" in failed["msg"]
    )
    assert [workspace["name"] for workspace in failed["workspaces"]] == ["ws-none"], "Ansible prints all of it"
    found = azure.run(INFO, workspaces=workspaces, usages=True, fail_on="never")
    assert [(workspace["name"], len(workspace["computes"])) for workspace in found["workspaces"]] == [
        ("ws-none", 0),
        (WORKSPACE, 1),
    ]
    assert failed["workspaces"] == found["workspaces"][:1] and found["usages"][0]["failure"]["status"] == 403


def test_an_unforeseen_error_about_one_target_or_workspace_hides_no_other(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure.run("aml_compute_cluster", **CLUSTER)
    azure.run("aml_compute_cluster", **{**CLUSTER, "name": "cpu-odd"})
    azure.make_workspace("ws-odd")
    for kind, odd in ((type(CLUSTER_KIND), "cpu-odd"), (Workspace, "ws-odd")):
        monkeypatch.setattr(kind, "project", unforeseen(kind.project, odd))
    found = azure.run(INFO, workspaces=[HERE, {**HERE, "name": "ws-odd"}], fail_on="never")["workspaces"]
    assert [compute["name"] for compute in found[0]["computes"]] == ["cpu-c"] and found[0]["workspace"][
        "name"
    ] == WORKSPACE
    assert [item["failure"]["code"] for item in found] == ["InternalError"] * 2
    assert found[0]["failure"]["target"].endswith("/computes/cpu-odd")
    lists = azure.run("aml_compute_info")
    assert [compute["name"] for compute in lists["computes"]] == ["cpu-c"] and [
        failure["code"] for failure in lists["failures"]
    ] == ["InternalError"]
    assert [workspace["name"] for workspace in azure.run("aml_workspace_info")["workspaces"]] == [WORKSPACE]


def unforeseen(project: t.Callable[..., t.Any], name: str) -> t.Callable[..., t.Any]:
    """The projection, with a mistake in it that shows in one resource."""

    def mistaken(self: t.Any, body: dict[str, t.Any]) -> t.Any:
        if body["name"] == name:
            raise KeyError("not foreseen")
        return project(self, body)

    return mistaken


def test_the_folder_of_a_fleet(azure: Azure, tmp_path: Path) -> None:
    folder = tmp_path / GROUP / WORKSPACE
    folder.mkdir(parents=True)
    (folder / "cpu.yml").write_text("name: cpu-c\ntype: amlcompute\nsize: Standard_DS2_v2\n")
    found = azure.run(INFO, folder=str(tmp_path))
    assert [workspace["name"] for workspace in found["workspaces"]] == [WORKSPACE] and found["workspaces"][0][
        "workspace"
    ]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, "WorkspacesMissing"),
        ({"workspaces": [HERE], "parallelism": 0}, "OutOfRange"),
        ({"workspaces": [{**HERE, "resource_group": "a?"}]}, "InvalidResourceGroup"),
    ],
)
def test_nothing_is_asked_for_what_breaks_a_rule(azure: Azure, options: dict[str, object], code: str) -> None:
    failed = azure.run(INFO, ok=False, **options)
    assert code in str(failed["failure"]) and azure.sent == []
