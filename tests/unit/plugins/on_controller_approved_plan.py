# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan that the role aml_fleet applies: a variable that refers to an artifact that does not exist must not pass for no variable.

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
from ansible.plugins.loader import init_plugin_loader
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
    for nothing in (None, ""):
        with pytest.raises(AnsibleError):
            approved(aml_fleet_approved_plan=nothing)


def test_a_file_with_the_plan_is_read_and_never_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({"version": 1}))
    assert approved(aml_fleet_approved_plan=str(path)) == {"version": 1}
    texts = {
        "is not valid JSON": "{",
        "is not valid JSON (maximum recursion": "[" * 100_000,
        "is not a JSON object": "[]",
        "is not text": b"\xff",
    }
    for problem, text in texts.items():
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(AnsibleError) as refused:
            approved(aml_fleet_approved_plan=str(path))
        assert f"Cannot read {path}: it {problem}" in str(refused.value)
    path.unlink()
    with pytest.raises(AnsibleError, match=f"Cannot read {path}: No such file or directory"):
        approved(aml_fleet_approved_plan=str(path))
    os.mkfifo(path)
    with pytest.raises(AnsibleError, match=f"Cannot read {path}: it is not a regular file"):
        approved(aml_fleet_approved_plan=str(path))
