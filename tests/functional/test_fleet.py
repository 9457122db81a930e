# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets: one LIST for each workspace, everything planned from memory, failures beside each other, pruning of its own, runs that go on."""

from __future__ import annotations

import random
import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._engine.versions import PREVIEW, STABLE
from ansible_collections.azureml.compute.tests.support.azure import GROUP, SUBSCRIPTION, WORKSPACE, Azure

FLEET = "aml_fleet"
TAG = "azureml-compute-fleet"


def cluster(name: str, **more: t.Any) -> dict[str, t.Any]:
    return {"type": "amlcompute", "name": name, "size": "Standard_DS2_v2", "max_instances": 2, **more}


def document(azure: Azure, workspaces: int = 2, computes: int = 3) -> list[dict[str, t.Any]]:
    names = [f"ws-{number}" for number in range(workspaces)]
    for name in names:
        azure.make_workspace(name)
    return [
        {"name": name, "resource_group": GROUP, "computes": [cluster(f"cpu-c{number}") for number in range(computes)]}
        for name in names
    ]


def ids(result: dict[str, t.Any], action: str) -> list[str]:
    return sorted(target["id"].split("/workspaces/")[1] for target in result["targets"] if target["action"] == action)


def test_everything_is_made_once_and_a_second_run_only_lists(azure: Azure) -> None:
    wanted = document(azure)
    planned = azure.run(FLEET, check=True, workspaces=wanted)
    assert azure.writes == [] and planned["totals"]["create"] == 6
    done = azure.run(FLEET, workspaces=wanted)
    assert done["changed"] and done["totals"] == {"targets": 6, "failed": 0, "create": 6}
    assert [target["changes"] for target in done["targets"]] == [target["changes"] for target in planned["targets"]]
    assert len([write for write in azure.writes if write.method == "PUT"]) == 6
    again = azure.run(FLEET, workspaces=wanted)
    assert not again["changed"] and again["totals"] == {"targets": 6, "failed": 0, "none": 6}
    assert again["invocation"]["module_args"]["workspaces"] == "2 items"
    assert sorted(request.path.split("/workspaces/")[1] for request in azure.sent) == ["ws-0/computes", "ws-1/computes"]


def test_what_is_checked_once_for_equal_options_keeps_unequal_ones_apart(azure: Azure) -> None:
    azure.make_workspace()
    values: list[t.Any] = [1, True, "1", "True", 1.0]
    wanted = [cluster(f"cpu-c{number}", tags={"mark": value}) for number, value in enumerate(values)]
    done = azure.run(FLEET, check=True, workspaces=[{"name": WORKSPACE, "resource_group": GROUP, "computes": wanted}])
    tags = [change["after"] for target in done["targets"] for change in target["changes"] if change["field"] == "tags"]
    assert [tag["mark"] for tag in tags] == [str(value) for value in values]


def test_a_workspace_is_listed_at_a_version_that_has_all_that_is_declared(azure: Azure) -> None:
    """The stable version does not show the option, which is no difference; and no target needs a request of its own."""
    azure.make_workspace("ws-0")
    plain = {"type": "computeinstance", "name": "plain", "size": "Standard_DS2_v2"}
    preview = {**plain, "name": "preview", "autologger": True}
    wanted = [{"name": "ws-0", "resource_group": GROUP, "computes": [plain, preview]}]
    azure.run(FLEET, workspaces=wanted)
    assert {write.path.rpartition("/")[2]: write.api_version for write in azure.writes} == {
        "plain": STABLE,
        "preview": PREVIEW,
    }
    assert not azure.run(FLEET, workspaces=wanted)["changed"]
    assert [(request.path.rpartition("/")[2], request.api_version) for request in azure.sent] == [("computes", PREVIEW)]
    wanted[0]["computes"] = [plain, {**preview, "autologger": False}]
    changed = azure.run(FLEET, check=True, ok=False, workspaces=wanted)
    assert [target["changes"][0]["field"] for target in changed["targets"] if target["failure"]] == ["autologger"]


def test_only_what_differs_is_worked_on(azure: Azure) -> None:
    wanted = document(azure)
    azure.run(FLEET, workspaces=wanted)
    wanted[1]["computes"][2]["max_instances"] = 5
    done = azure.run(FLEET, workspaces=wanted)
    assert done["totals"] == {"targets": 6, "failed": 0, "none": 5, "update": 1} and ids(done, "update") == [
        "ws-1/computes/cpu-c2"
    ]
    assert [(write.method, write.body) for write in azure.writes] == [
        ("PATCH", {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 5}}}})
    ]


def test_the_order_of_the_document_does_not_matter(azure: Azure) -> None:
    wanted = document(azure)
    azure.run(FLEET, workspaces=wanted)
    wanted[0]["computes"][0]["max_instances"] = 7
    first = azure.run(FLEET, check=True, workspaces=wanted, full_result=True)
    shuffled = [dict(item, computes=random.Random(3).sample(item["computes"], 3)) for item in reversed(wanted)]
    second = azure.run(FLEET, check=True, workspaces=shuffled, full_result=True)
    plan = [
        {target["id"]: (target["action"], target["changes"]) for target in result["targets"]}
        for result in (first, second)
    ]
    assert plan[0] == plan[1]


def test_defaults_and_what_goes_before_them(azure: Azure) -> None:
    azure.make_workspace("ws-0")
    small = {"type": "amlcompute", "name": "small"}
    workspaces = [
        {
            "name": "ws-0",
            "resource_group": GROUP,
            "defaults": {"amlcompute": {"max_instances": 3}},
            "computes": [small, {**small, "name": "own", "max_instances": 9, "tags": {"mine": "yes"}}],
        }
    ]
    defaults = {"all": {"tags": {"team": "vision"}}, "amlcompute": {"size": "Standard_DS2_v2", "max_instances": 1}}
    done = azure.run(FLEET, workspaces=workspaces, defaults=defaults)
    assert done["totals"]["create"] == 2
    found = {compute["name"]: compute for compute in azure.run("aml_compute_info", workspace="ws-0")["computes"]}
    assert (found["small"]["max_instances"], found["small"]["size"], found["small"]["tags"]) == (
        3,
        "STANDARD_DS2_V2",
        {"team": "vision"},
    )
    assert (found["own"]["max_instances"], found["own"]["tags"]) == (9, {"mine": "yes"})


def test_all_kinds_and_states(azure: Azure) -> None:
    computes = [
        cluster("cpu-c"),
        {"type": "computeinstance", "name": "ci-one", "size": "Standard_DS2_v2", "state": "stopped"},
    ]
    wanted = [{"name": WORKSPACE, "resource_group": GROUP, "computes": computes}]
    done = azure.run(FLEET, workspaces=wanted)
    assert done["totals"]["create"] == 2
    assert azure.compute("ci-one")["properties"]["properties"]["state"] == "Stopped"
    assert azure.run(FLEET, workspaces=wanted)["changed"] is False
    computes[1]["state"] = "started"
    started = azure.run(FLEET, workspaces=wanted)
    assert started["totals"]["start"] == 1 and azure.compute("ci-one")["properties"]["properties"]["state"] == "Running"
    computes[0]["state"] = "absent"
    gone = azure.run(FLEET, workspaces=wanted)
    assert ids(gone, "delete") == [f"{WORKSPACE}/computes/cpu-c"]
    assert azure.run(FLEET, workspaces=wanted)["changed"] is False


def test_a_failure_hides_no_other_and_the_task_fails_at_the_end(azure: Azure) -> None:
    wanted = document(azure)
    azure.run(FLEET, workspaces=[wanted[0]])
    wanted[0]["computes"][0]["size"] = "Standard_DS3_v2"
    wanted.append({"name": "ws-none", "resource_group": GROUP, "computes": [cluster("cpu-c")]})
    failed = azure.run(FLEET, workspaces=wanted, full_result=True, ok=False)
    assert failed["failure"]["code"] == "FleetFailed" and failed["changed"] is True
    codes = {
        target["id"].split("/workspaces/")[1]: (target["failure"] or {}).get("code") for target in failed["targets"]
    }
    assert codes["ws-0/computes/cpu-c0"] == "ImmutableChange" and codes["ws-none/computes/cpu-c"] == "ResourceNotFound"
    assert [codes[f"ws-1/computes/cpu-c{number}"] for number in range(3)] == [None] * 3
    assert failed["totals"]["create"] == 3 and failed["totals"]["failed"] == 2
    assert len(azure.run("aml_compute_info", workspace="ws-1")["computes"]) == 3


def test_on_error_stop_starts_no_further_one(azure: Azure) -> None:
    wanted = document(azure, workspaces=1, computes=6)
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
    failed = azure.run(FLEET, workspaces=wanted, on_error="stop", parallelism=1, full_result=True, ok=False)
    codes = [target["failure"] and target["failure"]["code"] for target in failed["targets"]]
    assert codes[0] == "Broken" and set(codes[1:]) == {"NotStarted"}
    assert failed["totals"] == {"targets": 6, "failed": 1, "not_started": 5}
    assert failed["msg"].startswith(
        "1 of 6 compute targets failed, 5 of 6 compute targets were not started:\nBroken (1):"
    )
    assert len([write for write in azure.writes if write.method == "PUT"]) == 1


def test_a_workspace_that_an_earlier_task_creates_may_be_missing_in_check_mode(azure: Azure) -> None:
    wanted = [{"name": "ws-new", "resource_group": GROUP, "computes": [cluster("cpu-c")], "created_earlier": True}]
    planned = azure.run(FLEET, check=True, workspaces=wanted)
    assert planned["totals"] == {"targets": 1, "failed": 0, "create": 1} and planned["warnings"] == []
    refused = azure.run(FLEET, workspaces=wanted, ok=False)
    assert refused["targets"][0]["failure"]["status"] == 404 and azure.writes == []
    # What depends on the region can be checked if that is declared.
    wanted[0] |= {"location": "eastus", "computes": [cluster("cpu-c", size="Standard_Nothing")]}
    refused = azure.run(FLEET, check=True, workspaces=wanted, ok=False)
    assert "SizeNotOffered" in refused["msg"]


def test_an_identity_that_an_earlier_task_creates_may_be_missing_in_check_mode(azure: Azure) -> None:
    wanted = document(azure, workspaces=1, computes=1)
    there = azure.identity("id-one")
    coming, unknown = (there.replace("id-one", name) for name in ("id-coming", "id-unknown"))
    options: dict[str, t.Any] = {"workspaces": wanted, "resources_created_earlier": [coming.upper(), there]}

    def identities(*ids: str) -> None:
        wanted[0]["computes"][0]["identity"] = {"type": "user_assigned", "user_assigned_identities": list(ids)}

    identities(there, coming)
    planned = azure.run(FLEET, check=True, **options)
    assert planned["totals"]["create"] == 1 and planned["warnings"] == []
    refused = azure.run(FLEET, **options, ok=False)
    assert "id-coming does not exist" in refused["msg"] and azure.writes == []
    identities(coming, unknown)
    refused = azure.run(FLEET, check=True, **options, ok=False)
    assert "id-unknown does not exist" in refused["msg"] and "id-coming" not in refused["msg"]


def test_which_findings_fail_it(azure: Azure) -> None:
    wanted = document(azure, workspaces=1, computes=1)
    wanted[0]["computes"].append(cluster("cpu-none", size="Standard_Nothing"))
    refused = azure.run(FLEET, check=True, workspaces=wanted, ok=False)
    assert refused["failure"]["code"] == "PreflightFailed" and "Standard_Nothing" in refused["msg"]
    planned = azure.run(FLEET, check=True, workspaces=wanted, preflight_fail_on="never")
    assert planned["totals"]["create"] == 2 and "Standard_Nothing" in " ".join(planned["warnings"])


def test_what_cannot_be_created_is_refused_before_the_first_write(azure: Azure) -> None:
    """Also where the findings of the pre-flight are only warnings: such a target would fail while the others are created."""
    wanted = document(azure, workspaces=1, computes=1)
    wanted[0]["computes"].append({"type": "amlcompute", "name": "cpu-none", "max_instances": 1})
    refused = azure.run(FLEET, workspaces=wanted, preflight_fail_on="never", ok=False)
    assert "without size" in refused["msg"] and azure.writes == []


def test_a_preflight_over_the_whole_fleet_before_the_first_write(azure: Azure) -> None:
    azure.app.configure({"quotas": {"*": {"standardDSv2Family": 7}}})
    wanted = document(azure, workspaces=2, computes=2)
    possible = azure.run(FLEET, check=True, workspaces=wanted)
    assert possible["warnings"][0].startswith("QuotaBelowMaximum: "), "what could be needed is a warning"
    for workspace in wanted:
        workspace["computes"] = [{**compute, "min_instances": 1} for compute in workspace["computes"]]
    failed = azure.run(FLEET, workspaces=wanted, ok=False)
    assert (
        failed["failure"]["code"] == "PreflightFailed"
        and azure.writes == []
        and "preflight_fail_on=never" in failed["msg"]
    )
    warned = azure.run(FLEET, check=True, workspaces=wanted, preflight_fail_on="never")
    assert warned["totals"]["create"] == 4 and warned["warnings"][0].startswith("FamilyQuotaExceeded: ")
    assert azure.run(FLEET, check=True, workspaces=wanted, preflight=False)["warnings"] == []
    assert "standardDSv2Family" in failed["msg"] and "ws-0/cpu-c1: 2, ws-1/cpu-c0: 2" in failed["msg"]


@pytest.mark.parametrize("prune", ["detach", "delete"])
def test_a_variable_without_a_value_prunes_nothing(azure: Azure, prune: str) -> None:
    """Null is no empty list: the compute targets of a workspace are not its undeclared ones because a variable is empty."""
    place = {"name": WORKSPACE, "resource_group": GROUP}
    cluster = {"type": "amlcompute", "name": "cpu", "size": "Standard_DS3_v2", "max_instances": 1}
    azure.run(FLEET, name="prod", workspaces=[{**place, "computes": [cluster]}])
    for check in (True, False):
        failed = azure.run(
            FLEET, name="prod", workspaces=[{**place, "computes": None}], prune=prune, check=check, ok=False
        )
        assert failed["failure"]["code"] == "NullNotAllowed" and azure.sent == []
        assert "workspaces[0].computes is null" in failed["msg"] and "an empty list" in failed["msg"]
    reported = azure.run(FLEET, name="prod", workspaces=[{**place, "computes": None}], prune="report")
    assert [row["name"] for row in reported["undeclared"]] == ["cpu"]
    azure.run(FLEET, name="prod", workspaces=[{**place, "computes": []}], prune="delete")
    assert "error" in azure.compute("cpu")


def test_only_its_own_is_pruned(azure: Azure) -> None:
    wanted = document(azure, workspaces=1, computes=2)
    azure.run("aml_compute_cluster", workspace="ws-0", name="others", size="Standard_DS2_v2", max_instances=1)
    azure.run(FLEET, name="prod", workspaces=wanted)
    fewer = [{**wanted[0], "computes": wanted[0]["computes"][:1]}]
    assert azure.run(FLEET, name="prod", workspaces=fewer)["undeclared"] == []
    reported = azure.run(FLEET, name="prod", workspaces=fewer, prune="report")
    assert (
        [row["name"] for row in reported["undeclared"]] == ["cpu-c1"] and not reported["changed"] and azure.writes == []
    )
    assert azure.run(FLEET, name="prod", workspaces=fewer, prune="detach")["changed"] is False
    assert (
        azure.run(FLEET, name="elsewhere", workspaces=[{**fewer[0], "computes": []}], prune="delete")["changed"]
        is False
    )
    planned = azure.run(FLEET, check=True, name="prod", workspaces=fewer, prune="delete")
    assert [row["action"] for row in planned["undeclared"]] == ["delete"] and azure.writes == []
    pruned = azure.run(FLEET, name="prod", workspaces=fewer, prune="delete")
    assert [row["action"] for row in pruned["undeclared"]] == ["delete"]
    assert sorted(compute["name"] for compute in azure.run("aml_compute_info", workspace="ws-0")["computes"]) == [
        "cpu-c0",
        "others",
    ]


def test_what_it_finds_as_declared_becomes_its_own(azure: Azure) -> None:
    azure.run("aml_compute_cluster", name="found", size="Standard_DS2_v2", max_instances=2)
    wanted = [{"name": WORKSPACE, "resource_group": GROUP, "computes": [cluster("found", tags={"team": "vision"})]}]
    done = azure.run(FLEET, name="prod", workspaces=wanted)
    assert ids(done, "update") == [f"{WORKSPACE}/computes/found"]
    assert azure.compute("found")["tags"] == {"team": "vision", TAG: "prod"}
    assert azure.run(FLEET, name="prod", workspaces=wanted)["changed"] is False


def test_a_run_that_did_not_wait_is_joined(azure: Azure) -> None:
    wanted = document(azure)
    begun = azure.run(FLEET, workspaces=wanted, wait=False)
    assert all(target["operation"]["url"] for target in begun["targets"])
    again = azure.run(FLEET, workspaces=wanted)
    assert azure.writes == [] and again["totals"] == {"targets": 6, "failed": 0, "none": 6}


def test_a_throttled_service_slows_it_and_loses_nothing(azure: Azure) -> None:
    wanted = document(azure, workspaces=2, computes=5)
    azure.app.faults.put(
        [{"kind": "status", "status": 429, "retry_after": 7, "match": {"path": "/computes/"}, "count": 9}]
    )
    # Every thread's waiting moves the one simulated clock, so that a request's time for retries is soon over on it; and one request may meet all the
    # refusals, of which it takes ten.
    done = azure.run(FLEET, workspaces=wanted, retry_timeout=100000)
    assert done["totals"]["create"] == 10 and azure.slept >= 7
    assert len(azure.run("aml_compute_info", workspace="ws-1")["computes"]) == 5


BAD = [
    ([{"name": WORKSPACE, "computes": [cluster("gpu-1")]}], "InvalidComputeName", "gpu-1"),
    ([{"name": WORKSPACE, "computes": [cluster("one"), cluster("ONE")]}], "DeclaredTwice", "declared twice"),
    ([{"name": WORKSPACE, "computes": [cluster("one", colour="red")]}], "InvalidOption", "colour"),
    ([{"name": WORKSPACE, "computes": [{"type": "abacus", "name": "one"}]}], "InvalidEntry", "type"),
    ([{"name": WORKSPACE, "computes": [cluster("one", min_instances=5)]}], "MinimumAboveMaximum", "min_instances"),
]


@pytest.mark.parametrize(("workspaces", "code", "text"), BAD, ids=[row[1] for row in BAD])
def test_a_wrong_document_is_refused_before_the_first_request(
    azure: Azure, workspaces: list[dict[str, t.Any]], code: str, text: str
) -> None:
    failed = azure.run(FLEET, resource_group=GROUP, workspaces=workspaces, ok=False)
    assert failed["failure"]["code"] == code and text in failed["msg"] and azure.sent == []


def test_workspaces_of_one_name_that_cannot_be_read_are_two(azure: Azure) -> None:
    refused = {"kind": "status", "status": 403, "match": {"path": "/computes", "method": "GET"}, "count": 9}
    azure.app.faults.put([{**refused, "code": "AuthorizationFailed", "message": "No."}])
    places = [{"name": WORKSPACE, "resource_group": group} for group in ("rg-one", "rg-two")]
    failed = azure.run(FLEET, name="prod", workspaces=places, prune="delete", ok=False)
    assert "could not determine which targets to prune in 2 workspaces" in failed["msg"].casefold()
    assert f"rg-one/{WORKSPACE}: " in failed["msg"] and f"rg-two/{WORKSPACE}: " in failed["msg"]
    details = [{**row, "failure": row["failure"]["code"]} for row in failed["failure"]["details"]]
    code = "AuthorizationFailed"
    assert details == [{"workspace": WORKSPACE, "name": None, "code": code, "failure": code}] * 2


def test_pruning_needs_a_name(azure: Azure) -> None:
    failed = azure.run(FLEET, resource_group=GROUP, workspaces=[{"name": WORKSPACE}], prune="delete", ok=False)
    assert failed["failure"]["code"] == "FleetNameMissing" and azure.sent == []


def test_two_subscriptions(azure: Azure) -> None:
    other = "22222222-0000-4000-8000-000000000002"
    known = [
        item["subscriptionId"] for item in azure.app.call("GET", "/subscriptions?api-version=2022-12-01").body["value"]
    ]
    second = next(item for item in known if item != SUBSCRIPTION) if len(known) > 1 else other
    identifier = f"/subscriptions/{second}/resourceGroups/rg-second"
    azure.arm("PUT", identifier, {"location": "eastus"}, "2021-04-01")
    workspaces = [
        {"name": "ws-second", "resource_group": "rg-second", "subscription_id": second, "computes": [cluster("cpu-c")]}
    ]
    failed = azure.run(FLEET, workspaces=workspaces, ok=False)
    (one,) = failed["targets"]
    assert one["subscription_id"] == second and one["failure"]["code"] == "ResourceNotFound"


@pytest.mark.parametrize(
    ("type_", "message"),
    [
        ("AmlComput", "computes[0] has the unknown type 'AmlComput'. Did you mean amlcompute?"),
        ("abacus", "computes[0] has the unknown type 'abacus'. The types are amlcompute, computeinstance, aks,"),
        ("", "computes[0] needs name, and type as one of amlcompute,"),
    ],
)
def test_an_unknown_type_comes_with_the_one_that_it_resembles(azure: Azure, type_: str, message: str) -> None:
    failed = azure.run(FLEET, workspaces=[{"name": WORKSPACE, "computes": [{"type": type_, "name": "one"}]}], ok=False)
    assert message in failed["msg"] and azure.sent == []
