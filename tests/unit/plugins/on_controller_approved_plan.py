# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that users name: the plan that the role aml_fleet applies, and the JSON files that playbooks read.

A variable that refers to an artifact that does not exist must not pass for no variable.

Not collected by itself: test_on_a_controller.py runs it in a process of its own.
"""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import filter_loader, init_plugin_loader
from ansible.template import Templar, trust_as_template

init_plugin_loader()

VARS = Path(__file__).resolve().parents[3] / "roles" / "aml_fleet" / "vars" / "main.yml"
OMIT = "the task omits it"


def approved(**variables: t.Any) -> t.Any:
    loader = DataLoader()
    known = {**loader.load_from_file(str(VARS), trusted_as_template=True), "omit": OMIT, **variables}
    return Templar(loader, variables=known).template(known["aml_fleet_approved"])


def test_the_plan_is_taken_as_it_is() -> None:
    assert approved(aml_fleet_approved_plan=trust_as_template("{{ plan }}"), plan={"version": 1}) == {"version": 1}
    assert approved() == OMIT


def test_a_plan_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(AnsibleUndefinedVariable):
        approved(aml_fleet_approved_plan=trust_as_template("{{ plan }}"))


@pytest.mark.parametrize("given", [None, "", " ", [], 7, '{"version": 1}'], ids=repr)
def test_what_is_no_path_reaches_the_module_as_it_is(given: t.Any) -> None:
    """The module refuses it, or reads a plan that is JSON text."""
    assert approved(aml_fleet_approved_plan=given) == given


def test_a_path_is_of_the_directory_of_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert approved(aml_fleet_approved_plan="plans/one.json") == str(tmp_path / "plans" / "one.json")


WRONG = {
    "it is not valid JSON": "{",
    "it is not valid JSON (maximum recursion": "[" * 100_000,
    "it is not text": b"\xff",
}
# By form, a content that fits, and others with what is said about them.
FORMS: dict[str, tuple[t.Any, dict[str, t.Any]]] = {
    "object": ({"version": 1}, {"the file must be a mapping, and is a list": []}),
    "fleet_result": (
        {"failure": {"code": "NotStarted"}},
        {
            "the file must be a mapping, and is a list": [],
            "the file is not a result of aml_fleet": {},
            "targets must be a list, and is text": {"document": [], "targets": "text"},
            "the file is not of the documented form (KeyError: 'targets')": {
                "document": [],
                "workspaces": [{"id": "a"}],
            },
        },
    ),
    "drift_report": (
        {
            **dict.fromkeys(("generated", "fleet", "previous", "currency", "priced"), ""),
            **{name: [] for name in ("document", "workspaces", "targets", "usages", "usages_unread")},
        },
        {
            "the file must be a mapping, and is text": "text",
            "the file is not of the documented form": {},
            "workspaces[0] must be a mapping, and is a number": {"workspaces": [7]},
        },
    ),
    "previous_report": ({}, {"targets[0] must be a mapping, and is null": {"targets": [None]}}),
    "declarations": (
        [{"name": "cpu", "type": "amlcompute"}],
        {"the file must be a list, and is a mapping": {}, "[0].type must be text, and is missing": [{"name": "cpu"}]},
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, form: str) -> None:
    json_file = filter_loader.get("azureml.compute.json_file").j2_function
    path = tmp_path / "report.json"
    fits, others = FORMS[form]
    path.write_text(json.dumps(fits))
    assert json_file(str(path), form) == fits and json_file(str(path), form, problem=True) == ""
    cases = {**WRONG, **{problem: json.dumps(content) for problem, content in others.items()}}
    for problem, text in cases.items():
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        assert json_file(str(path), form, problem=True).startswith(f"Cannot use {path}: {problem}"), problem
        with pytest.raises(AnsibleError) as refused:
            json_file(str(path), form)
        assert f"Cannot use {path}: {problem}" in str(refused.value)
    path.unlink()
    assert json_file(str(path), form, problem=True) == f"Cannot use {path}: No such file or directory."
    os.mkfifo(path)
    assert json_file(str(path), form, problem=True) == f"Cannot use {path}: it is not a regular file."
