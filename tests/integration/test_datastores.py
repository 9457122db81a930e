# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role of datastores, as a playbook runs it: in the order of the list, again without a change, and without a secret in what it prints."""

from __future__ import annotations

import typing as t

from .conftest import Player

SECRET = "planted-account-key-of-the-role"
ROLE = {"name": "azureml.compute.aml_datastore"}
DATASTORES: list[dict[str, t.Any]] = [
    {"name": "training_data", "type": "azure_blob", "account_name": "stdata", "container_name": "training"},
    {
        "name": "files",
        "type": "azure_file",
        "account_name": "stdata",
        "file_share_name": "share",
        "credentials": {"account_key": SECRET},
        "tags": {"team": "vision"},
    },
    {"name": "old", "state": "absent"},
]


def test_a_list_of_datastores(player: Player) -> None:
    player.make_workspace("ws-data")
    variables = {"aml_resource_group": player.group, "aml_workspace": {"name": "ws-data"}, "aml_datastores": DATASTORES}
    task = {"name": "Datastores", "ansible.builtin.include_role": ROLE, "vars": variables}
    listed = {
        "name": "The list",
        "ansible.builtin.assert": {
            "that": ["aml_datastore_list | map(attribute='name') == ['training_data', 'files']"]
        },
    }
    first = player.play(task, listed, env={"ANSIBLE_VERBOSITY": "3", "ANSIBLE_DIFF_ALWAYS": "1"})
    assert "training_data" in first.text and SECRET not in first.text
    assert first.changed == 2
    mark = player.simulator.mark()
    again = player.play(task)
    assert again.changed == 0 and player.simulator.writes(mark) == []
