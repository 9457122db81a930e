# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API versions of requests: each option in a version that has it, nothing lost in a replacement, and ``api_version`` for all requests of a task.

That each body of each test fits the types of its version, the fixture checks (tests/support/bodies_by_version.py).
"""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._engine.versions import PREVIEW, STABLE
from ansible_collections.azureml.compute.plugins.module_utils._kinds.instance import FIELDS
from ansible_collections.azureml.compute.plugins.module_utils._kinds.instance_actions import ACTIONS
from ansible_collections.azureml.compute.tests.support.azure import WORKSPACE, WORKSPACE_ID, Azure

INSTANCE = "aml_compute_instance"
NAMED = {"name": "ci-one"}
SMALL = {**NAMED, "size": "Standard_DS2_v2"}
IN_PREVIEW = [row.option for row in FIELDS if row.versions.is_preview]


def versions(azure: Azure, method: str) -> list[str]:
    """The API versions of the last run's requests for the instance."""
    return [
        request.api_version for request in azure.sent if request.method == method and "/computes/ci-one" in request.path
    ]


@pytest.mark.parametrize("option", IN_PREVIEW)
def test_an_option_of_preview_versions_is_sent_read_and_kept(azure: Azure, option: str) -> None:
    done = azure.run(INSTANCE, **SMALL, **{option: True})
    assert set(versions(azure, "PUT") + versions(azure, "GET")) == {PREVIEW}
    assert done["compute"][option] is True and any(
        "PreviewFeature" in warning and option in warning for warning in done["warnings"]
    )
    again = azure.run(INSTANCE, **SMALL, **{option: True})
    assert not again["changed"] and versions(azure, "GET") == [PREVIEW] and not again["warnings"]


def test_without_such_options_all_requests_are_stable(azure: Azure) -> None:
    done = azure.run(INSTANCE, **SMALL, enable_sso=False, idle_time_before_shutdown_minutes=30)
    assert {request.api_version for request in azure.sent if "/computes/" in request.path} == {STABLE}
    assert done["compute"]["enable_sso"] is False and not done["warnings"]


def test_a_replacement_keeps_options_of_preview_versions_that_were_not_declared(azure: Azure) -> None:
    values = dict.fromkeys(IN_PREVIEW, True) | {"enable_root_access": False}
    azure.run(INSTANCE, **SMALL, **values)
    planned = azure.run(INSTANCE, check=True, **NAMED, description="new", on_immutable_change="recreate", force=True)
    assert {option: planned["compute"][option] for option in values} == values
    azure.run(INSTANCE, **NAMED, description="new", on_immutable_change="recreate", force=True)
    assert [write.api_version for write in azure.writes] == [STABLE, PREVIEW]
    shown = azure.run("aml_compute_info", **NAMED)["computes"][0]
    assert {option: shown[option] for option in values} == values and shown["description"] == "new"


@pytest.mark.parametrize(("meanwhile", "code"), [("started", "InUse"), ("replaced", "ChangedMeanwhile")])
def test_what_another_writer_does_before_the_read_of_all_options_is_noticed(
    azure: Azure, meanwhile: str, code: str
) -> None:
    """A replacement reads the instance for its plan, then once more with the options of preview versions."""
    azure.run(INSTANCE, **SMALL, state="stopped")

    def act(method: str, path: str) -> None:
        if azure.sent and method == "GET" and path.endswith(f"/computes/{NAMED['name']}"):
            azure.meanwhile = lambda method, path: None
            sent = list(azure.sent)
            if meanwhile == "replaced":
                azure.run(INSTANCE, **NAMED, state="absent")
            azure.run(INSTANCE, **SMALL, state="started")
            azure.sent[:] = sent

    azure.meanwhile = act
    failed = azure.run(INSTANCE, ok=False, **NAMED, description="new", on_immutable_change="recreate")
    assert failed["failure"]["code"] == code and azure.writes == []


@pytest.mark.parametrize("check", [True, False])
def test_an_option_that_the_version_of_the_task_lacks_is_refused_before_a_request(azure: Azure, check: bool) -> None:
    failed = azure.run(INSTANCE, check=check, ok=False, **SMALL, enable_root_access=True, api_version="2025-12-01")
    assert failed["failure"]["code"] == "ApiVersionLacksOption" and azure.sent == [] and azure.tokens == 0
    assert failed["msg"].startswith("enable_root_access is not part of API version 2025-12-01")
    assert PREVIEW in failed["msg"]


def test_the_version_of_the_task_is_that_of_actions_too(azure: Azure) -> None:
    version = "2024-04-01-preview"
    azure.run(INSTANCE, **SMALL, api_version=version)
    azure.run(INSTANCE, **NAMED, idle_time_before_shutdown_minutes=60, enable_sso=False, api_version=version)
    assert [write.path.rpartition("/")[2] for write in azure.writes] == ["updateIdleShutdownSetting", "enableSso"]
    azure.run(INSTANCE, **NAMED, state="stopped", api_version=version)
    azure.run("aml_compute_instance", **NAMED, state="absent", api_version=version)
    spoken = {entry["query"]["api-version"] for entry in azure.app.log.entries() if "/computes/ci-one" in entry["path"]}
    assert spoken == {version}


@pytest.mark.parametrize("check", [True, False])
def test_an_action_that_the_version_of_the_task_lacks_is_refused(azure: Azure, check: bool) -> None:
    azure.run(INSTANCE, **SMALL)
    changed: dict[str, t.Any] = {**NAMED, "idle_time_before_shutdown_minutes": 60, "api_version": STABLE}
    failed = azure.run(INSTANCE, check=check, ok=False, **changed)
    assert failed["failure"]["code"] == "ApiVersionLacksAction" and azure.writes == []
    assert "updateIdleShutdownSetting" in failed["msg"]


@pytest.mark.parametrize("check", [True, False])
def test_mounts_that_the_version_of_the_task_cannot_set_are_refused_before_a_creation(
    azure: Azure, check: bool
) -> None:
    mounts = [{"mount_name": "images", "source": "azureml://datastores/x/paths/y"}]
    failed = azure.run(INSTANCE, check=check, ok=False, **SMALL, data_mounts=mounts, api_version=STABLE)
    assert failed["failure"]["code"] == "ApiVersionLacksAction" and azure.writes == []
    assert "updateDataMounts" in failed["msg"]
    # What is not to be there needs no action.
    gone = [{"mount_name": "images", "state": "absent"}]
    azure.run(INSTANCE, check=check, **SMALL, data_mounts=gone, api_version=STABLE)


@pytest.mark.parametrize("check", [True, False])
def test_mounts_that_the_version_of_the_task_cannot_set_are_no_price_of_a_replacement(
    azure: Azure, check: bool
) -> None:
    azure.run(INSTANCE, **SMALL, data_mounts=[{"mount_name": "images", "source": "azureml://datastores/x/paths/y"}])
    changed: dict[str, t.Any] = {**NAMED, "description": "new", "on_immutable_change": "recreate", "force": True}
    failed = azure.run(INSTANCE, check=check, ok=False, **changed, api_version=STABLE)
    assert failed["failure"]["code"] == "ApiVersionLacksAction" and azure.writes == []
    assert azure.run(INSTANCE, check=check, **changed)["changed"]


def test_actions_use_the_newest_version_that_lists_them() -> None:
    newest = {suffix: action.best for suffix, action, _body in ACTIONS.values()}
    assert newest.pop("/enableSso") == "2024-04-01-preview" and newest.pop("/updateSchedules") == "2022-10-01-preview"
    assert set(newest.values()) == {PREVIEW}


# --- the simulator ---


@pytest.mark.parametrize(("how", "status"), [("drop", 201), ("refuse", 400), ("store", 201)])
def test_the_simulator_takes_of_a_request_what_its_version_has(azure: Azure, how: str, status: int) -> None:
    azure.app.config.merge({"guesses": {"api_versions": {"write": how}}})
    inner = {"vmSize": "Standard_DS2_v2", "enableRootAccess": False, "idleTimeBeforeShutdown": "PT30M"}
    body = {"location": "eastus", "properties": {"computeType": "ComputeInstance", "properties": inner}}
    answer = azure.app.call("PUT", f"{WORKSPACE_ID}/computes/ci-one?api-version={STABLE}", body)
    assert answer.status == status
    if status == 400:
        assert "enableRootAccess" in answer.body["error"]["message"]
        return
    # The service's default is true.
    shown = azure.compute("ci-one")["properties"]["properties"]
    assert shown["enableRootAccess"] is (how == "drop") and shown["idleTimeBeforeShutdown"] == "PT30M"


def test_the_simulator_shows_what_a_version_has(azure: Azure) -> None:
    azure.run(INSTANCE, **SMALL)
    path = f"{WORKSPACE_ID}/computes/ci-one"

    def lacking(version: str) -> set[str]:
        shown = azure.get(path, version)["properties"]["properties"]
        listed = azure.get(path.rpartition("/")[0], version)["value"][0]["properties"]["properties"]
        assert shown == listed
        names = {"enableRootAccess", "autologgerSettings", "idleTimeBeforeShutdown", "enableSSO", "customServices"}
        return names - set(shown)

    assert lacking("2026-05-15-preview") == lacking("2026-07-15-preview") == set()
    assert lacking("2026-09-01") == lacking("2025-12-01") == {"enableRootAccess", "autologgerSettings"}
    assert lacking("2024-04-01") == lacking("2025-12-01") | {"idleTimeBeforeShutdown", "enableSSO"}
    assert lacking("2022-10-01-preview") == {"enableRootAccess", "enableSSO"}
    azure.app.config.merge({"guesses": {"api_versions": {"read": "show"}}})
    assert lacking("2020-08-01") == set()


def test_the_simulator_shows_of_a_workspace_what_old_versions_showed(azure: Azure) -> None:
    names = {"networkAcls", "ipAllowlist", "systemDatastoresAuthMode"}
    for version, shown in (("2023-04-01", set()), ("2024-04-01", names), (STABLE, names)):
        assert names & set(azure.get(WORKSPACE_ID, version)["properties"]) == shown, version


@pytest.mark.parametrize("exists", ["a managed network", "a deletion"])
def test_the_version_of_the_task_is_that_of_what_a_workspace_is_checked_for(azure: Azure, exists: str) -> None:
    """The compute targets and the endpoints that are listed before a write."""
    version = "2024-04-01"
    changed: dict[str, t.Any] = {"managed_network": {"isolation_mode": "allow_internet_outbound"}}
    gone = {"state": "absent", "expected_computes": []}
    azure.run(
        "aml_workspace", name=WORKSPACE, api_version=version, **(changed if exists == "a managed network" else gone)
    )
    lists = {request.path.rpartition("/")[2] for request in azure.sent if request.method == "GET"}
    assert "computes" in lists
    assert {request.api_version for request in azure.sent if "MachineLearningServices" in request.path} == {version}
