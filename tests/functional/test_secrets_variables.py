# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of variables: hidden by each module, shown where ``show_variables`` names them, and kept where the declaration has a placeholder."""

from __future__ import annotations

import copy
import json
import typing as t

import pytest
import yaml
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, WORKSPACE_ID, Azure

HIDDEN, SHOWN, KEPT = "postgres://me:zQ7Hidden@db/x", "zQ7Shown-9", "zQ7Kept-word-8"
Options = dict[str, t.Any]


def instance(**variables: t.Any) -> Options:
    application = {
        "name": "app",
        "image": {"reference": "a/b"},
        "endpoints": [{"target": 8787, "published": 8787}],
        "environment_variables": variables,
    }
    return {"name": "target-a", "size": "Standard_DS3_v2", "custom_applications": [application]}


def fleet(options: Options) -> Options:
    return {
        "workspaces": [
            {"name": WORKSPACE, "resource_group": GROUP, "computes": [{"type": "computeinstance", **options}]}
        ]
    }


RESOURCE = {"type": "Microsoft.DataFactory/factories", "name": "factory", "api_version": "2018-06-01"}
SETTINGS = [{"name": "DATABASE", "value": HIDDEN}, {"name": "MODE", "value": SHOWN}]
BODY = {"location": "eastus", "properties": {"siteConfig": {"appSettings": SETTINGS}}}
DECLARED = instance(DATABASE=HIDDEN, MODE=SHOWN, SAME=HIDDEN)

# Every module that takes the option, with what it must be asked for to show variables.
ASKED: dict[str, Options] = {
    "aml_compute_instance": {**DECLARED, "description": "Planned", "on_immutable_change": "ignore"},
    "aml_compute_info": {},
    # Shows what it plans, and not what it was given.
    "aml_fleet": fleet({**DECLARED, "name": "ci-planned"}),
    "aml_fleet_info": {"workspaces": [{"name": WORKSPACE, "resource_group": GROUP}]},
    "aml_export_info": {},
    "arm_resource": {**RESOURCE, "body": BODY},
    "arm_resource_info": {**RESOURCE, "resource_group": GROUP},
}


@pytest.fixture
def declared(azure: Azure) -> Azure:
    """An instance and a resource of another provider with variables, as others have declared them."""
    azure.run("aml_compute_instance", **DECLARED)
    azure.resource(RESOURCE["type"], RESOURCE["name"], BODY, RESOURCE["api_version"])
    return azure


def variables(done: Options) -> Options:
    return t.cast(Options, done["compute"]["custom_applications"][0]["environment_variables"])


@pytest.mark.parametrize("module", ASKED)
def test_only_the_values_that_are_named_are_shown(declared: Azure, module: str) -> None:
    declared.run(module, check=True, _ansible_diff=True, _ansible_verbosity=4, **ASKED[module])
    assert HIDDEN not in declared.text and SHOWN not in declared.text and "VALUE_NOT_SHOWN" in declared.text
    declared.run(module, check=True, _ansible_diff=True, _ansible_verbosity=4, show_variables=["MODE"], **ASKED[module])
    assert HIDDEN not in declared.text and SHOWN in declared.text
    declared.run(module, check=True, show_variables=["mode"], **ASKED[module])
    assert SHOWN not in declared.text, "upper and lower case differ"


def test_a_diff_tells_that_a_value_differs_and_not_what_it_is(declared: Azure) -> None:
    wanted = instance(DATABASE=KEPT, MODE=SHOWN, SAME=HIDDEN)
    done = declared.run(
        "aml_compute_instance", check=True, _ansible_diff=True, on_immutable_change="recreate", **wanted
    )
    before, after = (
        item["custom_applications"][0]["environment_variables"]
        for item in (done["diff"]["before"], done["diff"]["after"])
    )
    assert before["DATABASE"] == before["SAME"] == after["SAME"] != after["DATABASE"]
    assert before["MODE"] == after["MODE"] and all(
        value.startswith("VALUE_NOT_SHOWN (") for value in [*before.values(), *after.values()]
    )
    assert KEPT not in declared.text


def test_an_export_has_a_placeholder_or_the_values_that_are_named(declared: Azure) -> None:
    done = declared.run("aml_export_info", show_variables=["MODE"])
    [row], [target] = done["vars"]["aml_instances"], done["fleet"]["computes"]
    file = yaml.safe_load(done["cli_yaml"]["target-a.yml"])
    found = [item["custom_applications"][0]["environment_variables"] for item in (row, target, file)]
    assert found == [{"DATABASE": "VALUE_NOT_SHOWN", "MODE": SHOWN, "SAME": "VALUE_NOT_SHOWN"}] * 3
    named = {row["option"].rpartition(".")[2] for row in done["missing"] if "VALUE_NOT_SHOWN" in row["reason"]}
    assert named == {"DATABASE", "SAME"}
    assert declared.run("aml_compute_instance", **row)["changed"] is False
    assert declared.run("aml_fleet", workspaces=[done["fleet"]])["changed"] is False


@pytest.mark.parametrize("in_fleet", [False, True])
def test_a_placeholder_keeps_the_value_when_the_application_is_written(declared: Azure, in_fleet: bool) -> None:
    wanted = instance(DATABASE="VALUE_NOT_SHOWN", MODE="VALUE_NOT_SHOWN (0123456789ab)", SAME=KEPT)
    declared.run("aml_fleet" if in_fleet else "aml_compute_instance", **(fleet(wanted) if in_fleet else wanted))
    [sent] = declared.writes
    [application] = sent.body
    assert {name: row["value"] for name, row in application["environmentVariables"].items()} == {
        "DATABASE": HIDDEN,
        "MODE": SHOWN,
        "SAME": KEPT,
    }
    assert "VALUE_NOT_SHOWN" not in json.dumps(declared.compute("target-a"))


NEW: dict[str, Options] = {
    "a new instance": {"name": "target-b"},
    "a new variable": {},
    "a new application": {"application": "other"},
}


@pytest.mark.parametrize("case", NEW)
@pytest.mark.parametrize("check", [False, True])
def test_a_placeholder_without_a_value_to_keep_is_refused(declared: Azure, case: str, check: bool) -> None:
    wanted = {
        **instance(DATABASE="VALUE_NOT_SHOWN", FRESH="VALUE_NOT_SHOWN"),
        "name": NEW[case].get("name", "target-a"),
        "on_immutable_change": "recreate",
    }
    wanted["custom_applications"][0]["name"] = NEW[case].get("application", "app")
    refused = declared.run("aml_compute_instance", ok=False, check=check, **wanted)["failure"]
    assert refused["code"] == "PlaceholderNotReplaced" and "FRESH" in refused["message"] and declared.writes == []
    assert ("DATABASE" in refused["message"]) is (case != "a new variable")
    other = {"type": "amlcompute", "name": "cpu", "size": "Standard_DS3_v2", "max_instances": 1}
    document = fleet(wanted)
    document["workspaces"][0]["computes"].append(other)
    done = declared.run("aml_fleet", ok=False, check=check, full_result=True, **document)
    failures = {target["name"]: (target["failure"] or {}).get("code") for target in done["targets"]}
    assert failures == {wanted["name"]: "PlaceholderNotReplaced", "cpu": None}
    assert not [write for write in declared.writes if write.path.endswith(wanted["name"])]


def test_an_info_module_and_the_one_that_declares_hide_the_same(declared: Azure) -> None:
    """Within one task equal values have equal hashes; those of two tasks cannot be compared."""
    shown = variables(declared.run("aml_compute_instance", **DECLARED))
    [info] = declared.run("aml_compute_info", name="target-a")["computes"]
    found = info["custom_applications"][0]["environment_variables"]
    for one in (shown, found):
        assert one["DATABASE"] == one["SAME"] != one["MODE"] and all(
            value.startswith("VALUE_NOT_SHOWN (") for value in one.values()
        )
    assert WORKSPACE_ID in info["id"]


# Words that a result may hold for other reasons: they are hidden at their places alone.
BEFORE, AFTER = "sesame", "poppyseed"
ONLINE = {
    "endpoint_name": "iris",
    "name": "blue",
    "model": "azureml:iris:3",
    "instance_type": "Standard_DS3_v2",
    "instance_count": 1,
}
BATCH = {"endpoint_name": "iris", "name": "blue", "model": "azureml:iris:3", "compute": "cpu"}
CHANGED: dict[str, t.Callable[[str], tuple[str, Options]]] = {
    "online": lambda word: ("aml_online_deployment", {**ONLINE, "environment_variables": {"MODE": word}}),
    "batch": lambda word: ("aml_batch_deployment", {**BATCH, "settings": {"environment_variables": {"MODE": word}}}),
    "list of a resource": lambda word: (
        "arm_resource", {**RESOURCE, "body": {"location": "eastus", "properties": {"siteConfig": {"appSettings": [{"name": "MODE", "value": word}]}}}},
    ),
    "mapping of a resource": lambda word: (
        "arm_resource", {**RESOURCE, "body": {"location": "eastus", "properties": {"appSettings": {"MODE": word}}}},
    ),
}  # fmt: skip


def prepare(azure: Azure) -> None:
    azure.run("aml_compute_cluster", name="cpu", size="Standard_DS3_v2", max_instances=1)
    azure.run("aml_online_endpoint", name="iris")
    azure.run("aml_batch_endpoint", name="iris")


@pytest.mark.parametrize("case", CHANGED)
def test_the_changes_of_a_plan_have_no_values(azure: Azure, case: str) -> None:
    prepare(azure)
    for word in (BEFORE, AFTER):
        module, options = CHANGED[case](word)
        for check in (True, False):
            done = azure.run(module, check=check, diff=True, **options)
            assert done["changed"] and BEFORE not in azure.text and AFTER not in azure.text
        assert "VALUE_NOT_SHOWN" in json.dumps(done["plan"])
    assert azure.run(module, **options)["plan"]["action"] == "none"


@pytest.mark.parametrize("case", ["online", "batch"])
def test_a_change_that_the_service_does_not_make_is_reported_without_values(azure: Azure, case: str) -> None:
    prepare(azure)
    module, options = CHANGED[case](BEFORE)
    azure.run(module, **options)
    handle = azure.app.handle

    def keep(request: t.Any) -> t.Any:
        answer = handle(request)
        if request.method == "GET" and request.path.endswith("/deployments/blue"):
            answer = copy.copy(answer)
            answer.body = copy.deepcopy(answer.body)
            answer.body["properties"]["environmentVariables"]["MODE"] = BEFORE
        return answer

    azure.app.handle = keep  # type: ignore[method-assign]
    module, options = CHANGED[case](AFTER)
    failed = azure.run(module, **options, ok=False)
    assert failed["failure"]["code"] == "NotApplied" and "environment_variables" in failed["msg"]
    assert BEFORE not in azure.text and AFTER not in azure.text
