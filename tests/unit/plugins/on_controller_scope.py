# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workspace of a playbook: from its variables or the host's, and what to set if there is none.

Not collected by itself: test_on_a_controller.py runs it in a process of its own.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar

init_plugin_loader()

SCOPE = Path(__file__).resolve().parents[3] / "playbooks" / "tasks" / "scope.yml"


def scope(**variables: t.Any) -> tuple[str, str]:
    """The resource group and the name of the workspace."""
    loader = DataLoader()
    tasks = loader.load_from_file(str(SCOPE), trusted_as_template=True)
    (task,) = [task for task in tasks if "aml_workspace" in task["ansible.builtin.set_fact"]]
    templar = Templar(loader, variables={**task["vars"], "inventory_hostname": "localhost", **variables})
    facts = templar.template(task["ansible.builtin.set_fact"])
    return facts["aml_resource_group"], facts["aml_workspace"]["name"]


def test_the_workspace_is_that_of_the_variables_or_of_the_host() -> None:
    assert scope(aml_resource_group="ml-prod", workspace="ws-prod") == ("ml-prod", "ws-prod")
    assert scope(aml_resource_group="ml-prod", aml_workspace={"name": "ws-prod"}, workspace="other") == (
        "ml-prod",
        "ws-prod",
    )
    assert scope(resource_group="ml-prod", inventory_hostname="ws-prod") == ("ml-prod", "ws-prod")


@pytest.mark.parametrize(
    ("variables", "hint"),
    [
        ({"workspace": "ws-prod"}, "Set aml_resource_group, for example"),
        ({"aml_resource_group": "ml-prod"}, "Set workspace, for example"),
    ],
)
def test_an_error_names_the_variable_to_set(variables: dict[str, str], hint: str) -> None:
    with pytest.raises(AnsibleError, match=hint):
        scope(**variables)
