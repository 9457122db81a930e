# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""aml_workspace_diagnose_info and aml_workspace_resync_keys against the simulator.

Sources: ARM types of 2025-12-01 (diagnose, resyncKeys); docs/facts.md d.2 (Location in addition to Azure-AsyncOperation).
"""

from __future__ import annotations

import pytest
from ansible_collections.azureml.compute.tests.support.azure import GROUP_ID, WORKSPACE_ID, Azure

DIAGNOSE = "aml_workspace_diagnose_info"
RESYNC = "aml_workspace_resync_keys"


def lose_storage(azure: Azure) -> None:
    storage = azure.get(WORKSPACE_ID)["properties"]["storageAccount"]
    azure.arm("DELETE", storage, None, "2023-01-01")


def lock(azure: Azure) -> None:
    azure.arm(
        "PUT",
        f"{GROUP_ID}/providers/Microsoft.Authorization/locks/keep",
        {"properties": {"level": "CanNotDelete"}},
        "2020-05-01",
    )


def test_a_sound_workspace(azure: Azure) -> None:
    found = azure.run(DIAGNOSE)
    assert (found["changed"], found["passed"], found["findings"]) == (False, True, [])
    assert len(found["by_category"]) == 9 and not any(found["by_category"].values())
    assert [request.method for request in azure.sent].count("POST") == 1
    assert azure.sent[0].path == f"{WORKSPACE_ID}/diagnose" and azure.sent[0].body == {"value": {}}


@pytest.mark.parametrize("check", [False, True])
def test_findings_by_category_also_in_check_mode(azure: Azure, check: bool) -> None:
    lose_storage(azure)
    lock(azure)
    found = azure.run(DIAGNOSE, check=check)
    assert [(finding["category"], finding["level"]) for finding in found["findings"]] == [
        ("storage_account", "error"),
        ("resource_locks", "warning"),
    ]
    assert found["counts"] == {"error": 1, "warning": 1, "information": 0} and not found["passed"]
    assert found["by_category"]["storage_account"][0]["code"] == "ResourceNotFound"
    assert found["by_category"]["resource_locks"] == [found["findings"][1]]


def test_fail_on(azure: Azure) -> None:
    lock(azure)
    azure.run(DIAGNOSE, fail_on="error")
    refused = azure.run(DIAGNOSE, ok=False, fail_on="warning")
    assert refused["failure"]["code"] == "DiagnosisFailed" and "ResourceLock" in refused["msg"]
    seen = azure.run(DIAGNOSE, fail_on="never")
    assert seen["counts"]["warning"] == 1


def test_an_error_stops_at_fail_on_error(azure: Azure) -> None:
    lose_storage(azure)
    refused = azure.run(DIAGNOSE, ok=False, fail_on="error")
    assert refused["failure"]["details"][0]["category"] == "storage_account"


@pytest.mark.parametrize("name", [DIAGNOSE, RESYNC])
def test_a_workspace_that_is_not_there(azure: Azure, name: str) -> None:
    for check in (False, True):
        refused = azure.run(name, ok=False, check=check, workspace="ws-none")
        assert "'ws-none' does not exist" in refused["msg"]


def test_an_action_that_fails_says_why(azure: Azure) -> None:
    azure.app.faults.put(
        [{"kind": "failed_operation", "match": {"path": "diagnose"}, "code": "Conflict", "message": "Not now."}]
    )
    refused = azure.run(DIAGNOSE, ok=False)
    assert (refused["failure"]["code"], "Not now." in refused["msg"]) == ("Conflict", True)


def test_resync_keys_is_done_at_every_run(azure: Azure) -> None:
    for _round in range(2):
        assert azure.run(RESYNC)["changed"]
        assert [request.path for request in azure.sent if request.method == "POST"] == [f"{WORKSPACE_ID}/resyncKeys"]
    assert azure.run(RESYNC, check=True)["changed"]
    assert {request.method for request in azure.sent} == {"GET"}


@pytest.mark.parametrize("name", [DIAGNOSE, RESYNC])
def test_a_missing_right_is_told_with_what_is_missing(azure: Azure, name: str) -> None:
    action = "Microsoft.MachineLearningServices/workspaces/x/action"
    message = f"The client 'c' does not have authorization to perform action '{action}' over scope '{WORKSPACE_ID}'."
    azure.app.faults.put(
        [
            {
                "kind": "status",
                "status": 403,
                "code": "AuthorizationFailed",
                "message": message,
                "match": {"method": "POST"},
            }
        ]
    )
    failure = azure.run(name, ok=False)["failure"]
    assert (failure["code"], failure["status"]) == ("AuthorizationFailed", 403)
    assert action in failure["hint"]
