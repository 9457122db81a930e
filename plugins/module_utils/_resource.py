# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``arm_resource`` and ``arm_resource_info`` do: an id from the options, then the engine."""
from __future__ import annotations

import re
import typing as t

from . import _argspec, _module, _rules
from ._errors import RuleError
from ._kinds import resource as _kind
from ._kinds._base import Target, group_id
from ._module import Result, Task
from ._reconcile import Reconciler

# How a resource is named: by id, or by scope, type and name.
NAMING_SPEC: _argspec.Spec = {
    "id": {"type": "str"},
    "scope": {"type": "str"},
    "resource_group": {"type": "str"},
    "workspace": {"type": "str", "aliases": _argspec.WORKSPACE_ALIASES},
    "type": {"type": "str"},
    "name": {"type": "str"},
    "api_version": {"type": "str", "required": True},
}
_GROUP_TYPE = "microsoft.resources/resourcegroups"
_WORKSPACE_TYPE = "microsoft.machinelearningservices/workspaces/"


def resource_id(task: Task) -> str | None:
    """The id that the options name; None where a type without a name asks for a list. RuleError for a contradiction."""
    params = task.params
    _rules.refuse(_check_naming(params))
    if params.get("id"):
        if params.get("type") or params.get("name") or params.get("scope"):
            raise RuleError("id already names the resource: remove scope, type and name.", code="NamedTwice")
        return str(params["id"]).rstrip("/")
    if not params.get("type"):
        raise RuleError("Give id, or type and name (with scope or resource_group).", code="NotNamed", hint="Nothing was sent.")
    if not params.get("name"):
        return None
    if params["type"].casefold() == _GROUP_TYPE:
        return group_id(task.subscription_id, params["name"])
    return f"{collection_id(task, params['name'])}/{params['name'].split('/')[-1]}"


def _check_naming(params: t.Mapping[str, t.Any]) -> _rules.Findings:
    for option in ("id", "scope"):
        if params.get(option):
            yield from _kind.check_id(params[option].rstrip("/"), option)
    if params.get("type") and not re.match(r"^[A-Za-z0-9.]+(/[A-Za-z0-9.]+)+\Z", params["type"]):
        message = f"type must be a provider and a type such as Microsoft.Network/virtualNetworks; {params['type']!r} is not."
        yield _rules.Finding("InvalidResourceType", "type", message, "Azure Resource Manager")
    for part in params["name"].split("/") if params.get("name") else ():
        yield from _rules.segment(part, "name")


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
        scope = group_id(task.subscription_id, params["resource_group"]) if params.get("resource_group") else f"/subscriptions/{task.subscription_id}"
    if len(parents) != len(types) - 1:
        raise RuleError(
            f"name must have one part for each part of the type {params['type']!r}, separated by slashes: {'/'.join('NAME' for _one in types)}.",
            code="NameDoesNotFitType",
            hint="Nothing was sent.",
        )
    path = "".join(f"/{kind}/{parent}" for kind, parent in zip(types, parents))
    return f"{scope}/providers/{provider}{path}/{types[-1]}"


def keep_resource(task: Task) -> Result:
    """The job of ``arm_resource``."""
    params = task.params
    identifier = resource_id(task)
    if identifier is None:
        raise RuleError("name is required to manage a resource.", code="NotNamed", hint="Nothing was sent.")
    _rules.refuse(_kind.check_id(identifier))
    parts = identifier.split("/")
    target = Target(parts[-1], identifier, "/".join(parts[:-2]), *_scope_of(parts))
    body = task.given.get("body") or {}
    if "tags" in body:
        if "tags" in task.given:
            raise RuleError("The tags are given twice, in body.tags and in tags: remove one of them.", code="TagsGivenTwice", hint="Nothing was sent.")
        task.given["tags"] = body["tags"]
    kind = _kind.Resource(params["api_version"], body, params.get("secret_body"), params["update_method"].upper())
    kind.place(identifier)
    kind.label = "/".join(parts[parts.index("providers") + 1 :][:2]) if "providers" in parts else "resource group"
    declared = kind.declare(task.given, target)
    if params["state"] == "absent":
        outcome = Reconciler(task.client, kind, target, task.behaviour()).absent(params)
    else:
        _rules.refuse(kind.check(target, declared, task.given))
        outcome = Reconciler(task.client, kind, target, task.behaviour()).present(declared)
    return _module.outcome_result(outcome, "resource", None if outcome.body is None else kind.project(outcome.body))


def _scope_of(parts: list[str]) -> tuple[str, str]:
    folded = [part.casefold() for part in parts]
    return tuple(parts[folded.index(key) + 1] if key in folded else "" for key in ("subscriptions", "resourcegroups"))  # type: ignore[return-value]


def look(task: Task) -> Result:
    """The job of ``arm_resource_info``."""
    identifier, version = resource_id(task), task.params["api_version"]
    if identifier is None:
        found: list[t.Any] = task.client.list(collection_id(task), version, malformed=task.malformed.append)
    else:
        _rules.refuse(_kind.check_id(identifier))
        body = task.client.find(identifier, version)
        found = [] if body is None else [body]
    return {"changed": False, "resources": [_kind.project(body) for body in found]}
