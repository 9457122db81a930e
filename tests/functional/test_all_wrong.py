# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that is wrong with a task's options is reported at once, whichever stage of the checks finds it."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.azureml.compute.tests.support.azure import Azure
from ansible_collections.azureml.compute.tests.support.bad_input import BASES

Options = dict[str, t.Any]

CLUSTER: Options = BASES["aml_compute_cluster"][0]
# Options that are wrong together, each by another stage: the value's form, AnsibleModule's own checks, the rules of a kind, the rules of a job.
TOGETHER: list[tuple[str, Options, set[str]]] = [
    ("aml_compute_cluster", {**CLUSTER, "size": "no size!", "tier": "cheap", "min_instances": 5, "max_instances": 2}, {"size", "tier", "min_instances"}),
    ("aml_compute_cluster", {**CLUSTER, "min_instances": "many", "tier": "cheap", "wait_timeout": -1}, {"min_instances", "tier", "wait_timeout"}),
    ("aml_compute_cluster", {**CLUSTER, "name": "a/b", "idle_time_before_scale_down": -1}, {"name", "idle_time_before_scale_down"}),
    ("aml_compute_cluster", {**CLUSTER, "siez": "x", "wait": "perhaps", "location": "no region!"}, {"siez", "wait", "location"}),
    (
        "aml_compute_cluster",
        {**CLUSTER, "size": True, "identity": {"type": "user_assigned"}, "tags": {"a" * 600: "x"}},
        {"size", "identity.user_assigned_identities", "tags"},
    ),
    (
        "aml_compute_instance",
        {**BASES["aml_compute_instance"][0], "location": "no region!", "idle_time_before_shutdown_minutes": 1, "enable_root_access": "perhaps"},
        {"location", "idle_time_before_shutdown_minutes", "enable_root_access"},
    ),
    ("aml_workspace", {**BASES["aml_workspace"][0], "name": "-", "location": "no region!", "wait_interval": 0}, {"name", "location", "wait_interval"}),
    ("aml_vm_size_info", {"location": "no region!", "min_vcpus": 8, "max_vcpus": 4}, {"location", "min_vcpus"}),
]  # fmt: skip


def options_of(failure: dict[str, t.Any]) -> set[str]:
    return {detail["option"] for detail in failure["details"]}


@pytest.mark.parametrize(("module", "options", "wrong"), TOGETHER)
def test_what_different_stages_find_is_one_failure(
    azure: Azure, module: str, options: Options, wrong: set[str]
) -> None:
    done = azure.run(module, ok=None, **options)
    assert done["failed"] and not azure.sent and not azure.tokens
    assert options_of(done["failure"]) == wrong, done["msg"]
    assert all(finding.rpartition(".")[2] in done["msg"] for finding in wrong), done["msg"]
    assert done["failure"]["code"] == "InvalidDeclaration" and done["failure"]["url"].endswith("#invaliddeclaration")


def test_each_of_many_mistakes_has_a_line(azure: Azure) -> None:
    wrong = {"size": "no size!", "tier": "cheap", "min_instances": 5, "max_instances": 2}
    done = azure.run("aml_compute_cluster", ok=None, **{**CLUSTER, **wrong})
    first, *lines = done["msg"].split("\n")
    assert first == "3 problems:" and len(lines) == 4, lines
    assert [line.strip() for line in lines[:-1]] == [detail["message"] for detail in done["failure"]["details"]]
    assert lines[-1] == "Nothing was sent. Correct size, tier, min_instances."
    assert done["failure"]["message"] == " ".join(line.strip() for line in lines[:-1])
    done = azure.run("aml_compute_cluster", ok=None, **{**CLUSTER, "size": "no size!", "tier": "cheap"})
    assert "\n" not in done["msg"], "two are one paragraph"


def test_the_message_of_one_mistake_is_that_of_its_rule(azure: Azure) -> None:
    done = azure.run("aml_compute_cluster", ok=None, **{**CLUSTER, "size": "no size!"})
    assert done["failure"]["code"] == "InvalidSize" and len(done["failure"]["details"]) == 1


def test_what_ansible_core_finds_has_a_failure_block_too(azure: Azure) -> None:
    done = azure.run("aml_compute_cluster", ok=None, resource_group="rg", wrokspace="x")
    assert done["failure"]["code"] == "InvalidDeclaration" and azure.sent == []
    assert (
        "missing required arguments: name" in done["msg"]
        and "Unsupported parameters for" in done["msg"]
        and "wrokspace. Did you mean workspace?" in done["msg"]
    )


def test_an_unknown_option_comes_with_the_one_that_it_resembles(azure: Azure) -> None:
    """Aliases and options inside of others count; an option that resembles none comes without advice."""
    wrong = {"max_node": 2, "ssh_settings": {"admin_username": "a", "admin_pasword": "b"}, "zzz": 1}
    done = azure.run("aml_compute_cluster", ok=None, **{**CLUSTER, **wrong})
    assert "Did you mean max_instances, ssh_settings.admin_password? Supported parameters include" in done["msg"]
    assert "Supported parameters include" not in json.dumps(done["failure"]), "the list stands in `msg` alone"
    del wrong["zzz"]
    advice = azure.run("aml_compute_cluster", ok=None, **{**CLUSTER, **wrong})["msg"]
    assert "Did you mean max_instances, ssh_settings.admin_password? Nothing was sent." in advice, (
        "the others say nothing"
    )
    assert "max_node, ssh_settings.admin_pasword" in done["failure"]["message"], done["failure"]
    computes = [{"type": "amlcompute", "name": "cpu", "max_intances": 2}]
    done = azure.run("aml_fleet", ok=None, workspaces=[{"name": "ws-a", "resource_group": "rg", "computes": computes}])
    assert "Unsupported parameters: max_intances. Did you mean max_instances?" in done["msg"] and azure.sent == []
    assert "Supported parameters include" not in done["msg"], "the options are not repeated for each target"
    computes[0] = {"type": "kubernetes", "name": "k8s", "zzz": 2}
    done = azure.run("aml_fleet", ok=None, workspaces=[{"name": "ws-a", "resource_group": "rg", "computes": computes}])
    assert (
        "Unsupported parameters: zzz." in done["msg"]
        and "ansible-doc azureml.compute.aml_attached_compute" in done["msg"]
    )


def test_an_unknown_option_of_a_workspace_hides_nothing_else_in_the_document(azure: Azure) -> None:
    computes = [{"type": "amlcompute", "name": "cpu", "max_intances": 2}, {"type": "amlcompute", "name": "x"}]
    workspace = {"name": "ws-a", "resource_group": "rg", "conections": [], "computes": computes}
    done = azure.run("aml_fleet", ok=None, workspaces=[workspace])
    for part in (
        "Did you mean workspaces.connections?",
        "Did you mean max_instances?",
        "'x' is not a valid compute name",
    ):
        assert part in done["msg"], part
    assert azure.sent == []
    workspace["computes"] = [{"type": "amlcompute", "name": "cpu", "size": "Standard_D4s_v3"}]
    done = azure.run("aml_fleet", ok=None, workspaces=[workspace])
    assert [detail["option"] for detail in done["failure"]["details"]] == ["workspaces.conections"]


def test_findings_are_in_the_order_of_the_options(azure: Azure) -> None:
    """Whichever stage finds them: AnsibleModule's and our own are one list, and an option that does not exist comes last."""
    options = {"siez": "x", "min_instances": 5, "max_instances": 2, "tier": "cheap", "size": "no size!", "retries": -1}
    done = azure.run("aml_compute_cluster", ok=None, **{**CLUSTER, **options})
    assert [detail["option"] for detail in done["failure"]["details"]] == [
        "retries",
        "size",
        "tier",
        "min_instances",
        "siez",
    ]


def test_arguments_are_validated_once(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second time only where the first found something wrong."""
    validate, specs = ArgumentSpecValidator.validate, []

    def counted(self: ArgumentSpecValidator, parameters: Options) -> t.Any:
        specs.append(self.argument_spec)
        return validate(self, parameters)

    monkeypatch.setattr(ArgumentSpecValidator, "validate", counted)
    azure.run("aml_compute_cluster", check=True, **CLUSTER)
    assert len(specs) == 1
