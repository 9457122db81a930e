# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter plugin unknown_variables: misspelt names are found, documented ones and those of users are not.

Not collected by itself: test_on_a_controller.py runs it in a process of its own.
"""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.loader import filter_loader, init_plugin_loader
from ansible.utils.display import Display

init_plugin_loader()

ROOT = Path(__file__).resolve().parents[3]
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
ROLES = sorted((ROOT / "roles").glob("aml_*"))


@pytest.fixture
def unknown() -> t.Callable[..., t.Any]:
    found: t.Callable[..., t.Any] = filter_loader.get("azureml.compute.unknown_variables").j2_function
    return found


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    shown: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, msg, **_more: shown.append(msg))
    return shown


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("aml_network_subnet", "aml_network_subnets"),
        ("aml_fleet_paralelism", "aml_fleet_parallelism"),
        ("aml_ssh_keys_rotat", "aml_ssh_keys_rotate"),
        ("aml_compute_clusters", "aml_clusters"),
        ("aml_drift_foldr", "aml_drift_folder"),
        ("aml_teardown_keep_workspce", "aml_teardown_keep_workspace"),
    ],
)
def test_a_misspelt_name_is_found_with_the_one_it_resembles(
    unknown: t.Callable[..., t.Any], name: str, meant: str
) -> None:
    assert unknown([name, meant]) == [f"{name} is not a variable of this collection. Did you mean {meant}?"]


def test_a_name_that_resembles_nothing_names_the_role_that_it_would_belong_to(unknown: t.Callable[..., t.Any]) -> None:
    (message,) = unknown(["aml_workspace_xyz"])
    assert "Names that start with aml_workspace_ belong to it: give" in message and "Did you mean" not in message


def test_names_of_users_are_theirs(unknown: t.Callable[..., t.Any], warnings: list[str]) -> None:
    assert unknown(["aml_team", "aml_networking", "network_subnet", "aml_document", "ansible_host"]) == []
    assert warnings == []


@pytest.mark.parametrize(("name", "meant"), [("aml_tag", "aml_tags"), ("aml_locaton", "aml_location")])
def test_a_name_that_is_nearly_one_of_the_collection_is_a_warning(
    unknown: t.Callable[..., t.Any], warnings: list[str], name: str, meant: str
) -> None:
    assert unknown([name, meant]) == []
    (warning,) = warnings
    assert warning.startswith(f"{name} is not a variable") and warning.endswith(f"Did you mean {meant}?")


def test_documented_names_are_known(unknown: t.Callable[..., t.Any]) -> None:
    specs = [yaml.safe_load(path.read_text()) for path in ROOT.glob("roles/*/meta/argument_specs.yml")]
    arguments = {name for spec in specs for entry in spec["argument_specs"].values() for name in entry["options"]}
    assert len(arguments) > 60 and unknown(arguments) == []
    vars_files = [*ROOT.glob("examples/*.yml"), *ROOT.glob("examples/awx/**/*.yml"), *PLAYBOOKS]
    names = {name for path in vars_files for name in re.findall(r"^ *-? *(aml_\w+):", path.read_text(), re.MULTILINE)}
    assert len(names) > 50 and unknown(names) == []
    # Names of facts and of artifacts, which end in a value.
    assert (
        unknown(["aml_workspace_tags", "aml_fleet_result_0123abcd", "aml_drift_part_0123abcd", "aml_network_id"]) == []
    )


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_every_playbook_checks_the_names_first(path: Path) -> None:
    first = yaml.safe_load(path.read_text())[0]["tasks"]
    imports = [task.get("ansible.builtin.import_tasks") for task in first]
    if "tasks/provision.yml" in imports:
        provision = yaml.safe_load((ROOT / "playbooks" / "tasks" / "provision.yml").read_text())
        assert provision[0]["ansible.builtin.import_tasks"] == "validate.yml"
    elif path.stem == "fleet":
        assert (
            imports[1] == "tasks/arguments.yml"
            and first[2]["ansible.builtin.import_role"]["rolespec_validate"] is False
        )
        assert set(first[0]) == {"name", "ansible.builtin.assert", "when"}
    else:
        assert imports[0] == "tasks/variables.yml"


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_role_that_is_used_alone_checks_the_names_first(role: Path) -> None:
    tasks = yaml.safe_load((role / "tasks" / "main.yml").read_text())
    checks = role / "tasks" / tasks[0]["ansible.builtin.import_tasks"]
    assert checks.resolve() == ROOT / "playbooks" / "tasks" / "variables.yml"


def test_the_variables_of_every_role_are_checked_before_the_first_write() -> None:
    tasks = yaml.safe_load((ROOT / "playbooks" / "tasks" / "provision.yml").read_text())
    roles = set()
    for task in tasks:
        if include := task.get("ansible.builtin.include_role") or task.get("ansible.builtin.import_role"):
            roles |= set(re.findall(r"\baml_(\w+)", include["name"]) + re.findall(r"'aml_(\w+)'", task.get("loop", "")))
    (block,) = yaml.safe_load((ROOT / "playbooks" / "tasks" / "validate.yml").read_text())
    first = block["block"][0]
    assert first["ansible.builtin.import_tasks"] == "arguments.yml"
    assert len(roles) > 10 and {role for role in roles if f"'{role}'" not in first["vars"]["__aml_roles"]} == set()


def test_arguments_of_roles_and_names_of_variables_are_reported_together() -> None:
    check, report = yaml.safe_load((ROOT / "playbooks" / "tasks" / "arguments.yml").read_text())
    assert check["loop"] == "{{ __aml_roles }}" and check["failed_when"] is False
    assert "azureml.compute.unknown_variables" in report["vars"]["__aml_unknown"]
    assert "__aml_unknown" in report["when"] and "__aml_invalid" in report["when"]


def test_an_error_about_an_unknown_option_has_the_one_that_it_resembles() -> None:
    reworded = filter_loader.get("azureml.compute.with_similar_options").j2_function
    spec = {"aml_computes": {"type": "list", "elements": "dict", "options": {"size": {"type": "str"}, "zone": {}}}}
    errors = ArgumentSpecValidator(spec).validate({"aml_computes": [{"sise": 1}]}).error_messages
    assert [reworded(error, spec) for error in errors] == [
        "Unsupported parameters: aml_computes.sise. Did you mean aml_computes.size?"
    ]
    (other,) = ArgumentSpecValidator(spec).validate({"aml_computes": [{"xxx": 1}]}).error_messages
    assert reworded(other, spec) == "Unsupported parameters: aml_computes.xxx. Supported are: size, zone."
    assert reworded("missing required arguments: name", spec) == "missing required arguments: name"
