# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many operations of an earlier run waited for at once: each one's end, and no token to a stranger."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, Azure

INFO = "aml_operation_info"


def begun(azure: Azure, count: int = 4) -> list[str]:
    """The addresses of so many creations that are under way."""
    computes = [
        {"type": "amlcompute", "name": f"cpu-c{number}", "size": "Standard_DS2_v2", "max_instances": 1}
        for number in range(count)
    ]
    done = azure.run(
        "aml_fleet", workspaces=[{"name": WORKSPACE, "resource_group": GROUP, "computes": computes}], wait=False
    )
    return [target["operation"]["url"] for target in done["targets"]]


def statuses(result: dict[str, t.Any]) -> list[str]:
    return [operation["status"] for operation in result["operations"]]


def test_all_are_waited_for_at_once(azure: Azure) -> None:
    urls = begun(azure)
    done = azure.run(INFO, operations=urls)
    assert not done["changed"] and [operation["url"] for operation in done["operations"]] == urls
    assert done["totals"] == {"operations": 4, "failed": 0, "Succeeded": 4} and all(
        operation["finished"] for operation in done["operations"]
    )
    assert azure.writes == [] and len(azure.run("aml_compute_info")["computes"]) == 4
    assert {compute["provisioning_state"] for compute in azure.run("aml_compute_info")["computes"]} == {"Succeeded"}


def test_one_look_is_no_wait(azure: Azure) -> None:
    urls = begun(azure, 2)
    found = azure.run(INFO, operations=urls, wait=False)
    assert found["totals"]["failed"] == 0 and "Succeeded" not in statuses(found) and len(azure.sent) == 2
    assert [operation["finished"] for operation in found["operations"]] == [False, False]


def test_a_failure_hides_no_other(azure: Azure) -> None:
    azure.app.faults.put(
        [
            {
                "kind": "failed_operation",
                "match": {"path": "cpu-c1"},
                "count": 1,
                "code": "Broken",
                "message": "It broke.",
            }
        ]
    )
    urls = begun(azure, 3)
    failed = azure.run(INFO, operations=urls, ok=False)
    assert failed["failure"]["code"] == "OperationsFailed" and "It broke." in failed["msg"]
    assert statuses(failed) == ["Succeeded", "Failed", "Succeeded"]
    assert [operation["failure"] and operation["failure"]["code"] for operation in failed["operations"]] == [
        None,
        "Broken",
        None,
    ]
    told = azure.run(INFO, operations=urls, fail_on="never")
    assert statuses(told) == statuses(failed) and told["totals"]["failed"] == 1


def test_time_runs_out(azure: Azure) -> None:
    azure.app.configure({"seconds": {"cluster.create": 500}})
    urls = begun(azure, 2)
    failed = azure.run(INFO, operations=urls, wait_timeout=20, ok=False)
    assert {operation["failure"]["code"] for operation in failed["operations"]} == {"WaitTimeout"}
    assert not any(operation["finished"] for operation in failed["operations"])
    assert azure.run(INFO, operations=urls)["totals"]["Succeeded"] == 2


def test_an_address_that_the_service_has_forgotten(azure: Azure) -> None:
    (url,) = begun(azure, 1)
    path, _question, query = url.partition("?")
    failed = azure.run(INFO, operations=[f"{path[:-4]}ffff?{query}"], ok=False)
    (one,) = failed["operations"]
    assert one["failure"]["status"] in (401, 404) and one["status"] != "Succeeded"


@pytest.mark.parametrize(
    "url", ["https://example.invalid/subscriptions/1", "http://management.azure.com/x", "no address"]
)
def test_the_token_goes_to_no_stranger(azure: Azure, url: str) -> None:
    urls = begun(azure, 1)
    failed = azure.run(INFO, operations=[*urls, url], ok=False)
    assert failed["failure"]["code"] == "UntrustedAddress" and azure.sent == []


def test_the_same_address_twice_is_asked_once(azure: Azure) -> None:
    (url,) = begun(azure, 1)
    found = azure.run(INFO, operations=[url, url], wait=False)
    assert len(found["operations"]) == 2 and len(azure.sent) == 1


def test_nothing_to_wait_for(azure: Azure) -> None:
    assert azure.run(INFO, operations=[])["operations"] == [] and azure.sent == []


def test_parallelism_is_at_least_one(azure: Azure) -> None:
    failed = azure.run(INFO, operations=[], parallelism=0, ok=False)
    assert "parallelism" in failed["msg"] and azure.sent == []
