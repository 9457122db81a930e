# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles of what is in a workspace, as a playbook runs them: in order, again without a change, and without a secret in what they print."""

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
    identifier = player.make_workspace("ws-data")
    storage = player.simulator.arm("GET", identifier)["properties"]["storageAccount"]
    variables = {
        "aml_resource_group": player.group,
        "aml_workspace": {"name": "ws-data"},
        "aml_datastores": DATASTORES,
        "aml_diagnostic_settings": [
            {"name": "archive", "storage_account_id": storage, "log_category_groups": ["allLogs"]},
            {"name": "old", "state": "absent"},
        ],
        "aml_role_assignments": [{"role": "Reader", "principal_id": "11111111-0000-4000-8000-0000000000f1"}],
        "aml_connections": [
            {"name": "packages", "type": "git", "target": "https://x", "credentials": {"type": "pat", "pat": SECRET}},
            {"name": "old", "state": "absent"},
        ],
    }
    task = {"name": "Datastores", "ansible.builtin.include_role": ROLE, "vars": variables}
    logs = {
        "name": "Logs",
        "ansible.builtin.include_role": {"name": f"{ROLE['name'].rpartition('.')[0]}.aml_diagnostic_setting"},
        "vars": variables,
    }
    people = {**logs, "name": "People", "ansible.builtin.include_role": {"name": "azureml.compute.aml_role_assignment"}}
    services = {**logs, "ansible.builtin.include_role": {"name": "azureml.compute.aml_connection"}}
    listed = {
        "name": "The list",
        "ansible.builtin.assert": {
            "that": [
                "aml_datastore_list | map(attribute='name') == ['training_data', 'files']",
                "aml_connection_list | map(attribute='name') == ['packages']",
                "aml_diagnostic_setting_list | map(attribute='name') == ['archive']",
                "aml_role_assignment_list | map(attribute='role') == ['Reader']",
            ]
        },
    }
    first = player.play(
        task, services, logs, people, listed, env={"ANSIBLE_VERBOSITY": "3", "ANSIBLE_DIFF_ALWAYS": "1"}
    )
    assert "training_data" in first.text and SECRET not in first.text
    assert first.changed == 5
    mark = player.simulator.mark()
    again = player.play(task, services, logs, people)
    assert again.changed == 0 and player.simulator.writes(mark) == []
