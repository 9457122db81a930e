# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``limit``: only the targets that its patterns match are read, changed, pruned and counted."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.azure import GROUP, Azure

from .test_fleet import FLEET, document


@pytest.fixture
def wanted(azure: Azure) -> list[dict[str, t.Any]]:
    declared = document(azure, computes=2)
    declared[0]["computes"].append({"type": "computeinstance", "name": "ci-ada", "size": "Standard_DS2_v2"})
    return declared


ALL = {"ws-0/cpu-c0", "ws-0/cpu-c1", "ws-0/ci-ada", "ws-1/cpu-c0", "ws-1/cpu-c1"}
PATTERNS = [
    (["cpu-c0"], {"ws-0/cpu-c0", "ws-1/cpu-c0"}),
    (["CPU-*:!ws-1"], {"ws-0/cpu-c0", "ws-0/cpu-c1"}),
    (["ws-1/*", "computeinstance"], {"ws-1/cpu-c0", "ws-1/cpu-c1", "ws-0/ci-ada"}),
    (["ws-0", "&amlcompute"], {"ws-0/cpu-c0", "ws-0/cpu-c1"}),
    (["!amlcompute"], {"ws-0/ci-ada"}),
    (["!cpu-c0,!ci-*"], {"ws-0/cpu-c1", "ws-1/cpu-c1"}),
    ([f"{GROUP}/ws-1"], {"ws-1/cpu-c0", "ws-1/cpu-c1"}),
    (["~.*-c[1-9]$"], {"ws-0/cpu-c1", "ws-1/cpu-c1"}),
    (["all", "!*/cpu-c0"], ALL - {"ws-0/cpu-c0", "ws-1/cpu-c0"}),
]


@pytest.mark.parametrize(("limit", "expected"), PATTERNS, ids=[" ".join(row[0]) for row in PATTERNS])
def test_patterns(azure: Azure, wanted: list[dict[str, t.Any]], limit: list[str], expected: set[str]) -> None:
    planned = azure.run(FLEET, check=True, workspaces=wanted, limit=limit, preflight=False)
    assert {f"{target['workspace']}/{target['name']}" for target in planned["targets"]} == expected
    assert planned["totals"]["targets"] == len(expected)
    homes = {item.partition("/")[0] for item in expected}
    lists = [request.path for request in azure.sent if request.path.endswith("/computes")]
    assert {path.split("/")[-2] for path in lists} == homes and len(lists) == len(homes), "no other workspace is read"


def test_only_matching_targets_are_pruned(azure: Azure, wanted: list[dict[str, t.Any]]) -> None:
    azure.run(FLEET, name="prod", workspaces=wanted)
    fewer = [{**workspace, "computes": workspace["computes"][:1]} for workspace in wanted]
    done = azure.run(FLEET, name="prod", workspaces=fewer, prune="delete", limit=["ws-0/cpu-*"])
    assert [(row["name"], row["action"]) for row in done["undeclared"]] == [("cpu-c1", "delete")]
    assert {compute["name"] for compute in azure.run("aml_compute_info", workspace="ws-0")["computes"]} == {
        "cpu-c0",
        "ci-ada",
    }
    none = azure.run(FLEET, name="prod", workspaces=wanted, prune="delete", limit=["ws-1/cpu-c0"])
    assert not none["changed"] and none["undeclared"] == [], "a declared target outside of the limit is not undeclared"


def test_a_limit_that_matches_nothing_is_refused_although_the_run_prunes(
    azure: Azure, wanted: list[dict[str, t.Any]]
) -> None:
    azure.run(FLEET, name="prod", workspaces=wanted)
    failed = azure.run(FLEET, name="prod", workspaces=wanted, prune="delete", limit=["ws-2"], ok=False)
    assert failed["failure"]["code"] == "NoTargetMatches" and azure.writes == []
    share = {"name": "prod", "workspaces": wanted, "prune": "delete", "limit": ["ws-0"], "share": ["ws-1"]}
    assert not azure.run(FLEET, **share)["changed"], "another share has the targets of the limit"


def test_what_is_outside_needs_no_quota_but_is_part_of_the_cost_of_the_document(
    azure: Azure, wanted: list[dict[str, t.Any]]
) -> None:
    """Quota is for what the run creates; a budget is for the document, and the result says what was counted."""
    azure.app.configure({"quotas": {"*": {"standardDSv2Family": 3}}})
    wanted[0]["computes"][0]["min_instances"] = wanted[1]["computes"][0]["min_instances"] = 1
    assert azure.run(FLEET, check=True, workspaces=wanted, ok=False)["failure"]["code"] == "PreflightFailed"
    limited = {"check": True, "workspaces": wanted, "limit": ["ws-1/cpu-c0"]}
    refused = azure.run(FLEET, **limited, max_monthly_cost=300, ok=False)
    assert refused["failure"]["code"] == "TooExpensive" and "the 4 that this run does not process" in refused["msg"]
    assert refused["failure"]["details"]["targets"] == 5
    done = azure.run(FLEET, **limited, max_monthly_cost=2000)
    assert {one.path.split("/")[-2] for one in azure.sent if one.path.endswith("/computes")} == {"ws-1", "ws-0"}
    assert done["totals"]["cost"]["monthly_maximum"] == 213.16
    assert (
        done["totals"]["document_cost"]["targets"] == 5 and done["totals"]["document_cost"]["max_monthly_cost"] == 2000
    )
    assert done["table"][-1].startswith("Cost per month of all 5 targets of the document: ")


@pytest.mark.parametrize(("limit", "code"), [("nothing-*", "NoTargetMatches"), ("~[", "InvalidOption")])
def test_a_limit_without_a_target_is_refused(
    azure: Azure, wanted: list[dict[str, t.Any]], limit: str, code: str
) -> None:
    failed = azure.run(FLEET, workspaces=wanted, limit=[limit], ok=False)
    assert failed["failure"]["code"] == code and limit in failed["msg"] and azure.sent == []


def test_an_exclusion_that_excludes_nothing_is_named(azure: Azure, wanted: list[dict[str, t.Any]]) -> None:
    done = azure.run(FLEET, check=True, workspaces=wanted, limit=["all", "!ws-O"], preflight=False)
    assert "limit has '!ws-O', which matches no target of the document." in done["warnings"]
    named = azure.run(FLEET, check=True, workspaces=wanted, limit=["all", "!ws-0"], preflight=False)
    assert not any("limit" in warning for warning in named["warnings"])


def test_a_share_without_a_target_of_the_limit_has_nothing_to_do(azure: Azure, wanted: list[dict[str, t.Any]]) -> None:
    """Of many hosts with one workspace each, not all have a target that the limit matches."""
    done = azure.run(FLEET, workspaces=wanted, share=["ws-1"], limit=["computeinstance"])
    assert not done["changed"] and done["totals"] == {"targets": 0, "failed": 0} and azure.writes == []


def test_a_declared_target_outside_of_the_limit_that_cannot_be_read_does_not_matter(
    azure: Azure, wanted: list[dict[str, t.Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    azure.run(FLEET, name="prod", workspaces=wanted)
    handle = azure.app.handle

    def strange(request: t.Any) -> t.Any:
        answer = handle(request)
        if request.method == "GET" and request.path.endswith("/ws-0/computes"):
            answer.body["value"] = [
                {**document, "properties": "text"} if document["name"] == "cpu-c1" else document
                for document in answer.body["value"]
            ]
        return answer

    monkeypatch.setattr(azure.app, "handle", strange)
    done = azure.run(FLEET, name="prod", workspaces=wanted, prune="delete", limit=["ws-0/cpu-c0"])
    assert not done["changed"] and done["totals"] == {"targets": 1, "failed": 0, "none": 1}
    failed = azure.run(FLEET, name="prod", workspaces=wanted, prune="delete", ok=False)
    assert [detail["name"] for detail in failed["failure"]["details"]] == ["cpu-c1"]
