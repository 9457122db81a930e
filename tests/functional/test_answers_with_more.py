# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of a newer service: properties that are not known yet, of any type, and ids that end with a slash. Both change nothing."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.azure import Azure
from ansible_collections.azureml.compute.tests.support.permissions import SCENARIOS, without_sockets

# What names its values itself: names of tags, of variables, of rules and the like are no properties.
MAPPINGS = (
    "collections", "configurationProtectedSettings", "configurationSettings", "environmentVariables", "instanceTypes", "limits", "metadata",
    "mirrorTraffic", "nodeLabels", "nodeSelector", "outboundRules", "outputs", "parameters", "requests", "services", "tags", "traffic",
    "userAssignedIdentities",
)  # fmt: skip
NEW = {"mapping": {"of": {"lists": [1]}}, "list": [{"of": "mappings"}, None], "null": None, "text": "new"}
# Where no document that was read is sent again: the simulator refuses what it does not know, and the service ignores it.
READS = (
    "a workspace with all that is in it", "any", "delete", "detach", "everything it checks", "instances", "nodes of clusters", "of the subscription",
    "one", "state: started", "state: stopped", "usages: true",
)  # fmt: skip
# There is none.
EMPTY = ("aml_diagnostic_setting_info", "one")
ROWS = [
    row
    for row in SCENARIOS
    if row != EMPTY
    and (row[1] in READS or row[1].startswith(("all of ", "with ", "workspaces ")) or "no change" in row[1])
]
Change = t.Callable[[t.Any, str], t.Any]


def with_more(value: t.Any, name: str = "") -> t.Any:
    """Every mapping with further properties."""
    if isinstance(value, list):
        return [with_more(item) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {key: with_more(below, key) for key, below in value.items()}
    # Properties of endpoints and data, in the properties, are mappings of texts.
    texts = name == "properties" and all(isinstance(below, str) for below in value.values())
    return changed if texts or name in MAPPINGS else {**changed, "brandNew": NEW}


def with_slashes(value: t.Any, name: str = "") -> t.Any:
    """Every id with a slash at its end."""
    if isinstance(value, list):
        return [with_slashes(item) for item in value]
    if isinstance(value, dict):
        return {key: with_slashes(below, key) for key, below in value.items()}
    return f"{value}/" if isinstance(value, str) and value.startswith("/subscriptions/") else value


@pytest.mark.parametrize("change", [with_more, with_slashes])
@pytest.mark.parametrize(("module", "what"), ROWS, ids=[" ".join(row) for row in ROWS])
def test_more_in_an_answer_changes_nothing(
    module: str, what: str, change: Change, azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_sockets(azure, monkeypatch)
    name, options = SCENARIOS[module, what](azure)
    handle, changed = azure.app.handle, []

    def newer(request: t.Any) -> t.Any:
        answer = handle(request)
        if answer.status < 300 and isinstance(answer.body, dict) and "/providers/" in request.path:
            answer.body = change(copy.deepcopy(answer.body), "")
            changed.append(request.path)
        return answer

    monkeypatch.setattr(azure.app, "handle", newer)
    planned = azure.run(name, check=True, **options)
    done = azure.run(name, **options)
    assert changed and planned["changed"] == done["changed"]
    if "no change" in what:
        assert done["changed"] is False and azure.writes == []
