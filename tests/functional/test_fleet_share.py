# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A document that several runs share: each works on its own workspaces, quota and cost are judged over all of them, and the results merge into one."""

from __future__ import annotations

import typing as t

from ansible_collections.azureml.compute.plugins.module_utils._fleet.merge import merge
from ansible_collections.azureml.compute.tests.support.azure import GROUP, Azure

from .test_fleet import FLEET, cluster, document

# What only a run has that did something.
WORK = ("seconds", "attempts")


def shares(azure: Azure, wanted: list[dict[str, t.Any]], **options: t.Any) -> list[dict[str, t.Any]]:
    return [
        azure.run(FLEET, workspaces=wanted, share=[workspace["name"]], ok=None, full_result=True, **options)
        for workspace in wanted
    ]


def without_work(result: dict[str, t.Any]) -> dict[str, t.Any]:
    rows = {
        name: [{key: value for key, value in row.items() if key not in WORK} for row in result[name]]
        for name in ("targets", "undeclared")
    }
    return {
        "changed": result["changed"],
        "totals": result["totals"],
        "workspaces": result["workspaces"],
        "document": result["document"],
        **rows,
    }


def test_shares_do_what_one_run_does(azure: Azure) -> None:
    wanted = document(azure, workspaces=4, computes=2)
    planned = azure.run(FLEET, check=True, workspaces=wanted, estimate_cost=True, full_result=True)
    results = shares(azure, wanted, estimate_cost=True)
    assert [[target["workspace"] for target in result["targets"]] for result in results] == [
        [f"ws-{number}"] * 2 for number in range(4)
    ]
    merged = merge(list(reversed(results)))
    assert merged["complete"] and (merged["missing"], merged["failures"]) == ([], [])
    assert without_work(merged) == without_work(planned)
    assert without_work(merge([merge(results[:2]), merge(results[2:])])) == without_work(planned)
    again = azure.run(FLEET, workspaces=wanted)
    assert again["totals"] == {"targets": 8, "failed": 0, "none": 8}


def test_a_share_reads_no_more_than_its_own_without_a_gate(azure: Azure) -> None:
    wanted = document(azure)
    azure.run(FLEET, workspaces=wanted, share=[f"{GROUP}/WS-1"], check=True, preflight=False)
    assert [request.path.split("/workspaces/")[1] for request in azure.sent] == ["ws-1/computes", "ws-1"]


def test_a_quota_that_only_the_sum_exceeds_stops_every_share(azure: Azure) -> None:
    wanted = document(azure, workspaces=4, computes=1)
    for workspace in wanted:
        workspace["computes"][0]["min_instances"] = 1
    azure.app.configure({"quotas": {"*": {"standardDSv2Family": 7}}})
    results = []
    for workspace in wanted:
        alone = azure.run(FLEET, check=True, workspaces=[workspace])
        assert alone["totals"]["create"] == 1, "each by itself would pass"
        results.append(azure.run(FLEET, workspaces=wanted, share=[workspace["name"]], ok=False, full_result=True))
        assert results[-1]["failure"]["code"] == "PreflightFailed" and azure.writes == []
    merged = merge(results)
    assert (
        not merged["complete"]
        and len(merged["missing"]) == 4
        and {failure["code"] for failure in merged["failures"]} == {"PreflightFailed"}
    )


def test_the_cost_gate_is_over_the_whole_document(azure: Azure) -> None:
    wanted = document(azure, workspaces=2, computes=1)
    whole = azure.run(FLEET, check=True, workspaces=wanted, estimate_cost=True)["totals"]["cost"]["monthly_maximum"]
    for workspace in wanted:
        failed = azure.run(FLEET, workspaces=wanted, share=[workspace["name"]], max_monthly_cost=whole - 1, ok=False)
        assert failed["failure"]["code"] == "TooExpensive" and azure.writes == []
    done = shares(azure, wanted, max_monthly_cost=whole)
    assert [row["totals"]["cost"]["monthly_maximum"] for row in done] == [whole / 2] * 2
    assert merge(done)["totals"]["cost"]["monthly_maximum"] == whole


def test_a_share_prunes_its_own_and_nothing_that_another_declares(azure: Azure) -> None:
    wanted = document(azure, workspaces=2, computes=2)
    azure.run(FLEET, name="prod", workspaces=wanted)
    fewer = [{**workspace, "computes": workspace["computes"][:1]} for workspace in wanted]
    first = azure.run(FLEET, name="prod", workspaces=fewer, share=["ws-0"], prune="delete", full_result=True)
    assert [item["id"].split("/workspaces/")[1] for item in first["undeclared"]] == ["ws-0/computes/cpu-c1"]
    assert len(azure.run("aml_compute_info", workspace="ws-1")["computes"]) == 2
    second = azure.run(FLEET, name="prod", workspaces=fewer, share=["ws-1"], prune="delete", full_result=True)
    assert merge([first, second])["totals"] == {"targets": 2, "failed": 0, "undeclared": 2, "none": 2, "delete": 2}


def test_a_workspace_in_two_places_of_the_document_is_one_share(azure: Azure) -> None:
    (wanted,) = document(azure, workspaces=1, computes=2)
    halves = [
        {**wanted, "computes": wanted["computes"][:1]},
        {**wanted, "name": "WS-0", "computes": wanted["computes"][1:]},
    ]
    azure.run(FLEET, name="prod", workspaces=halves)
    done = azure.run(FLEET, name="prod", workspaces=halves, share=["ws-0"], prune="delete", full_result=True)
    assert done["totals"] == {"targets": 2, "failed": 0, "none": 2} and len(done["document"]) == 1


def test_what_no_share_has_done_is_told(azure: Azure) -> None:
    wanted = document(azure, workspaces=3, computes=1)
    results = shares(azure, wanted[:2])
    assert merge(results)["complete"], "two of two"
    results = [azure.run(FLEET, workspaces=wanted, share=[name], full_result=True) for name in ("ws-0", "ws-2")]
    merged = merge(results)
    assert not merged["complete"] and [row.rsplit("/", 1)[1] for row in merged["missing"]] == ["ws-1"]


def test_the_later_of_two_results_counts(azure: Azure) -> None:
    wanted = document(azure, workspaces=1, computes=1)
    azure.app.faults.put(
        [
            {
                "kind": "failed_operation",
                "match": {"path": "cpu-c0"},
                "count": 1,
                "code": "Broken",
                "message": "It broke.",
            }
        ]
    )
    results = shares(azure, wanted) + shares(azure, wanted)
    assert [merge(results[:1])["complete"], merge(results)["complete"]] == [False, True]
    assert merge([])["complete"] is False


def test_a_share_that_the_document_does_not_name(azure: Azure) -> None:
    failed = azure.run(
        FLEET,
        workspaces=[{"name": "ws-0", "resource_group": GROUP, "computes": [cluster("cpu-c")]}],
        share=["ws-1"],
        ok=False,
    )
    assert failed["failure"]["code"] == "WorkspaceNotDeclared" and "ws-1" in failed["msg"] and azure.sent == []
