# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter plugin to_vars_file as a template finds it, and its files as Ansible loads variables: nothing that could be a template is trusted.

Not collected by itself: test_on_a_controller.py runs it in a process of its own. What is written is tested in ../module_utils/test_vars_file.py.
"""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import filter_loader, init_plugin_loader
from ansible.template import Templar, is_trusted_as_template, trust_as_template

init_plugin_loader()

ROOT = Path(__file__).resolve().parents[3]
VALUE = "{{ lookup('ansible.builtin.pipe', 'touch %s') }}"


@pytest.fixture
def to_vars_file() -> t.Callable[..., str]:
    found: t.Callable[..., str] = filter_loader.get("azureml.compute.to_vars_file").j2_function
    return found


def test_nothing_of_the_service_is_evaluated_when_the_file_is_loaded(
    tmp_path: Path, to_vars_file: t.Callable[..., str]
) -> None:
    evil = VALUE % (tmp_path / "marker")
    rows = [evil, {"name": "1_000", "when": "lookup('pipe', 'id')|int", "day": "2026-01-01"}]
    value = {"aml_tags": {evil: evil, "team": "vision"}, "rows": rows, "many": "a\u2028\n" + evil}
    path = tmp_path / "vars.yml"
    # As a playbook does it: the file's text is itself what a template made.
    rendered = Templar(DataLoader(), variables={"value": value}).template(
        trust_as_template("{{ value | azureml.compute.to_vars_file }}")
    )
    assert rendered == to_vars_file(value)
    path.write_text(rendered)
    loaded = DataLoader().load_from_file(str(path), trusted_as_template=True)
    assert loaded == value
    assert Templar(DataLoader(), variables=loaded).template(trust_as_template("{{ [aml_tags, rows, many] }}")) == list(
        value.values()
    )
    assert Templar(DataLoader(), variables=loaded).template(loaded) == value
    assert not (tmp_path / "marker").exists()
    assert not any(
        is_trusted_as_template(text)
        for text in (loaded["aml_tags"][evil], loaded["rows"][0], loaded["rows"][1]["when"], loaded["many"])
    )
    assert is_trusted_as_template(loaded["aml_tags"]["team"]), "plain words stay readable"


def test_a_comment_stays_one(to_vars_file: t.Callable[..., str]) -> None:
    hostile = ["cpu: it failed\naml_evil: 1", "a\u0085aml_evil: 1", "b\u2028aml_evil: 1", "c\raml_evil: 1\x1b[2J"]
    text = to_vars_file({"aml_location": "eastus"}, hostile)
    assert yaml.safe_load(text) == {"aml_location": "eastus"}
    assert [line.startswith("# ") for line in text.splitlines()] == [True] * 4 + [False] * 2


def test_what_cannot_be_written_is_an_error_of_the_filter(to_vars_file: t.Callable[..., str]) -> None:
    with pytest.raises(AnsibleFilterError, match=r"to_vars_file: Cannot write aml_tags\.a as YAML"):
        to_vars_file({"aml_tags": {"a": "\ud800"}})


def test_no_playbook_or_role_writes_variables_with_a_filter_that_makes_templates() -> None:
    """The only way from values to YAML, in what users run."""
    files = [
        path
        for folder in ("playbooks", "roles")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".yml", ".j2", ".yaml")
    ]
    assert len(files) > 50
    assert [
        str(path) for path in files if re.search(r"\|\s*(ansible\.builtin\.)?to_(nice_)?yaml", path.read_text())
    ] == []
