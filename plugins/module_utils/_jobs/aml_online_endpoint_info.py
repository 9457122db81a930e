# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_online_endpoint_info``."""

from __future__ import annotations

import typing as t

from .._core.errors import AmlError, RuleError
from .._engine import kind_version
from .._engine.kind import Body
from .._kinds.online_deployment import ONLINE_DEPLOYMENT
from .._kinds.online_endpoint import ONLINE_ENDPOINT
from .._module.result import Result
from .._module.task import Task
from .workspace_resources import read_deployments, read_endpoints


def gather(task: Task) -> Result:
    """One endpoint by name, or all of a workspace; on request with their deployments, and with what signs their requests."""
    if task.params["show_keys"] and not task.is_hidden:
        raise RuleError(
            "show_keys returns secrets, which would be shown with the task's result.",
            code="NoLogNeeded",
            hint="Nothing was read. Set no_log: true on the task.",
        )
    version = task.params.get("api_version") or kind_version.of_all_options(ONLINE_ENDPOINT)
    rows = read_endpoints(task, ONLINE_ENDPOINT)
    for row in rows:
        if task.params["deployments"]:
            row["deployments"] = read_deployments(task, ONLINE_DEPLOYMENT, row["id"])
        if task.params["show_keys"]:
            row |= _secrets(task, row, version)
    return {"changed": False, "endpoints": rows}


def _secrets(task: Task, row: dict[str, t.Any], version: str) -> dict[str, t.Any]:
    """The keys, or the token, of an endpoint: null where its mode has none."""
    found: dict[str, t.Any] = {"primary_key": None, "secondary_key": None, "token": None}
    if row["auth_mode"] == "key":
        body = task.client.post(f"{row['id']}/listKeys", version).body or {}
        found |= {"primary_key": _text(body, "primaryKey"), "secondary_key": _text(body, "secondaryKey")}
    elif row["auth_mode"] == "aml_token":
        found["token"] = _text(task.client.post(f"{row['id']}/token", version).body or {}, "accessToken")
    return found


def _text(body: Body, name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise AmlError(f"The answer of the service has no text as {name}.", code="UnexpectedAnswer")
    return value
