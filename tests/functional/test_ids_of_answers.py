# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that name another resource than the one that was asked for: results keep the id of the request.

Roles and playbooks use the ids of results as scopes of role assignments, as targets and in names.
"""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.azure import Azure
from ansible_collections.azureml.compute.tests.support.permissions import SCENARIOS, without_sockets

OTHER = "someone-elses"
# In lists, that something has the id which it shows can only be checked where the list is one of a known place.
FROM_LISTS = ("aml_online_endpoint_info", "aml_private_endpoint_connection", "aml_role_assignment")
ONE = ("approve", "change", "create", "install", "no change", "one", "with keys")
# These read lists only, or name what they make by what the service says.
NOT_ONE = ("aml_diagnostic_setting_info", "aml_fleet", "aml_job_check", "aml_quota")
ROWS = [row for row in SCENARIOS if row[1] in ONE and row[0] not in NOT_ONE]


class Liar:
    """The simulator, whose answers have the id of another resource of the same type."""

    def __init__(self, azure: Azure, lists: bool) -> None:
        self._handle, self._lists = azure.app.handle, lists
        self.lies = 0

    def handle(self, request: t.Any) -> t.Any:
        answer = self._handle(request)
        if isinstance(answer.body, dict):
            rows = answer.body.get("value")
            if isinstance(rows, list) and self._lists:
                answer.body = {**answer.body, "value": [self._lie(row) for row in rows]}
            else:
                answer.body = self._lie(answer.body)
        return answer

    def _lie(self, body: dict[str, t.Any]) -> dict[str, t.Any]:
        if "/providers/" not in str(body.get("id")) or "type" not in body:
            return body
        self.lies += 1
        return {**body, "id": f"{body['id'].rpartition('/')[0]}/{OTHER}"}


@pytest.mark.parametrize(("module", "what"), ROWS, ids=[" ".join(row) for row in ROWS])
def test_results_have_the_id_of_the_request(module: str, what: str, azure: Azure, monkeypatch: t.Any) -> None:
    without_sockets(azure, monkeypatch)
    name, options = SCENARIOS[module, what](azure)
    liar = Liar(azure, module in FROM_LISTS)
    monkeypatch.setattr(azure.app, "handle", liar.handle)
    done = azure.run(name, **options)
    assert liar.lies
    assert [key for key, value in done.items() if OTHER in json.dumps(value)] == []
