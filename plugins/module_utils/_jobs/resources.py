# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the jobs for any resource share: an id from the options."""

from __future__ import annotations

import re
import typing as t

from .._core.arm_id import group_id
from .._core.errors import RuleError
from .._core.findings import Finding, Findings, refuse
from .._engine import rules
from .._kinds import resource as _kind
from .._module.task import Task
from .._options import specs

# How a resource is named: by id, or by scope, type and name.
NAMING_SPEC: specs.Spec = {
    "id": {"type": "str"},
    "scope": {"type": "str"},
    "resource_group": {"type": "str"},
    "workspace": {"type": "str", "aliases": specs.WORKSPACE_ALIASES},
    "type": {"type": "str"},
    "name": {"type": "str"},
    "api_version": {"type": "str", "required": True},
}
_GROUP_TYPE = "microsoft.resources/resourcegroups"
_WORKSPACE_TYPE = "microsoft.machinelearningservices/workspaces/"


def resource_id(task: Task) -> str | None:
    """The id that the options name; None where a type without a name asks for a list. RuleError for a contradiction."""
    params = task.params
    refuse(_check_naming(params))
    if params.get("id"):
        if params.get("type") or params.get("name") or params.get("scope"):
            raise RuleError("id already names the resource: remove scope, type and name.", code="NamedTwice")
        return str(params["id"]).rstrip("/")
    if not params.get("type"):
        raise RuleError(
            "Give id, or type and name (with scope or resource_group).", code="NotNamed", hint="Nothing was sent."
        )
    if not params.get("name"):
        return None
    if params["type"].casefold() == _GROUP_TYPE:
        return group_id(task.subscription_id, params["name"])
    return f"{collection_id(task, params['name'])}/{params['name'].split('/')[-1]}"


def _check_naming(params: t.Mapping[str, t.Any]) -> Findings:
    for option in ("id", "scope"):
        if params.get(option):
            yield from _kind.check_id(params[option].rstrip("/"), option)
    if params.get("type") and not re.match(r"^[A-Za-z0-9.]+(/[A-Za-z0-9.]+)+\Z", params["type"]):
        message = (
            f"type must be a provider and a type such as Microsoft.Network/virtualNetworks; {params['type']!r} is not."
        )
        yield Finding("InvalidResourceType", "type", message, "Azure Resource Manager")
    for part in params["name"].split("/") if params.get("name") else ():
        yield from rules.segment(part, "name")


def collection_id(task: Task, name: str = "") -> str:
    """Where all resources of the type live. For a nested type, ``name`` has the parents' names before the last slash."""
    params = task.params
    if params["type"].casefold() == _GROUP_TYPE:
        return f"/subscriptions/{task.subscription_id}/resourceGroups"
    provider, *types = params["type"].split("/")
    parents = name.split("/")[:-1]
    scope = (params.get("scope") or "").rstrip("/")
    if not scope and params.get("workspace") and params["type"].casefold().startswith(_WORKSPACE_TYPE) and not parents:
        parents = [params["workspace"]]
    if not scope:
        scope = (
            group_id(task.subscription_id, params["resource_group"])
            if params.get("resource_group")
            else f"/subscriptions/{task.subscription_id}"
        )
    if len(parents) != len(types) - 1:
        raise RuleError(
            f"name must have one part for each part of the type {params['type']!r}, separated by slashes: {'/'.join('NAME' for _one in types)}.",
            code="NameDoesNotFitType",
            hint="Nothing was sent.",
        )
    path = "".join(f"/{kind}/{parent}" for kind, parent in zip(types, parents))
    return f"{scope}/providers/{provider}{path}/{types[-1]}"
