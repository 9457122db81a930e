# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_export_info``."""

from __future__ import annotations

import typing as t
from functools import partial

from .._core import redact, shape
from .._core.arm_id import NESTED, ArmId, child_target, collection_id, registry_target, target_in, workspace_target
from .._core.errors import AmlError, ArmError, RuleError, each
from .._core.findings import Finding, Findings, refuse
from .._engine import kind_version, rules, versions
from .._engine.kind import Body
from .._kinds import workspace as _workspace
from .._kinds.ml_registry import REGISTRY
from .._kinds.registry import (
    BATCH_DEPLOYMENTS,
    BATCH_ENDPOINTS,
    COLLECTIONS,
    COMPUTES,
    CONNECTIONS,
    DATASTORES,
    DIAGNOSTIC_SETTINGS,
    ONLINE_DEPLOYMENTS,
    ONLINE_ENDPOINTS,
    ROLE_ASSIGNMENTS,
    Collection,
)
from .._module.result import Result
from .._module.task import Task
from .._options.export import Export
from . import export_files

# --- the module's job ---

# A document of one resource that says whose it is, as items of lists must.
_NAMED = shape.mapping({"id": shape.TEXT, "name": shape.TEXT}, required=("id", "name"))


def export(task: Task) -> Result:
    """The job of ``aml_export_info``."""
    refuse([found for name in NESTED for found in _nested_findings(name, task.params.get(name))])
    group, name = task.params["resource_group"], task.params["workspace"]
    target = workspace_target(task.subscription_id, group, name)
    # What is wrong with their names is refused before the first request.
    registries = [ArmId(place) for place in dict.fromkeys(_registries(task, group))]
    kind = _workspace.Workspace()
    body = task.client.find(target.id, task.params.get("api_version") or kind_version.of_all_options(kind))
    if body is None:
        raise AmlError(
            f"The workspace {name!r} does not exist in the resource group {group!r}.",
            code="ResourceNotFound",
            target=target.id,
            hint="Correct its name, resource group or subscription.",
        )
    shape.check(body, _NAMED, target.id)
    made = Export(task.params.get("show_variables") or ())
    made.vars = {
        "aml_subscription_id": task.subscription_id,
        "aml_resource_group": group,
        "aml_location": _group_location(task, target.parent_id, body),
    }
    made.add_workspace(kind, body)
    list(each(_bodies(task, COMPUTES, versions.PREVIEW), partial(made.add, COMPUTES), task.malformed.append))
    list(each(_others(task, CONNECTIONS), partial(made.add, CONNECTIONS), task.malformed.append))
    list(each(_others(task, DATASTORES), partial(made.add, DATASTORES), task.malformed.append))
    list(each(_others(task, DIAGNOSTIC_SETTINGS), partial(made.add, DIAGNOSTIC_SETTINGS), task.malformed.append))
    _add_serving(task, made)
    list(each(_others(task, ROLE_ASSIGNMENTS), partial(made.add, ROLE_ASSIGNMENTS), task.malformed.append))
    for place in registries:
        own = place.resource_group
        made.add_registry(REGISTRY, _registry(task, place), own if own.casefold() != group.casefold() else None)
    task.warnings += made.warnings
    fleet = {
        "name": body["name"],
        "resource_group": group,
        "subscription_id": task.subscription_id,
        **made.lists,
    }
    exported = {"vars": made.vars, "fleet": fleet, "cli_yaml": made.files, "missing": made.missing}
    return {"changed": False, **exported, **_written(task, exported)}


def _written(task: Task, exported: Result) -> Result:
    """The part of the result about files, which have what the result shows."""
    folder = task.params["export_folder"]
    if not folder:
        return {}
    redact.hide_variables([exported, task.params])
    shown = task.masked(exported)
    about = export_files.write(folder, shown, cli_yaml=task.params["write_cli_yaml"], check_mode=task.check_mode)
    diff = about.pop("diff")
    return {**about, "diff": diff} if task.diff_mode else about


def _registries(task: Task, group: str) -> t.Iterator[str]:
    """The ids of the registries that the task names: a registry serves several workspaces, and says of none of them that it does."""
    for named in task.params["registries"] or ():
        subscription = task.subscription_id
        if "/" not in named:
            refuse(rules.segment(named, "registries"))
            yield registry_target(subscription, group, named).id
            continue
        refuse(rules.resource_id(named, "registries", "Microsoft.MachineLearningServices/registries"))
        if ArmId(named).subscription_id.casefold() != subscription.casefold():
            raise RuleError(
                f"The registry {named} is in another subscription than the workspace.",
                code="RegistryOfOtherSubscription",
                hint="Remove it from registries: the role aml_registry manages those of one subscription.",
            )
        yield named


def _registry(task: Task, place: ArmId) -> Body:
    body = task.client.find(place, task.params.get("api_version") or REGISTRY.api_version)
    if body is None:
        raise AmlError(
            f"The registry {place.name!r} does not exist in the resource group {place.resource_group!r}.",
            code="ResourceNotFound",
            target=place,
            hint="Correct registries.",
        )
    return t.cast(Body, shape.check(body, _NAMED, place))


def _nested_findings(collection: str, names: t.Sequence[str] | None) -> Findings:
    for number, name in enumerate(names or ()):
        place, (endpoint, _slash, own) = f"{collection}[{number}]", str(name).partition("/")
        problems = [finding for part in (endpoint, own) for finding in rules.segment(part, place)]
        if problems:
            message = f"{place} must be ENDPOINT/NAME; {name!r} is not."
            yield Finding("InvalidName", place, message, "this collection")


def _add_serving(task: Task, made: Export) -> None:
    """Endpoints and their deployments. The traffic of an endpoint is part of its declaration if all that get some are exported, as is its default."""
    for homes, below in ((ONLINE_ENDPOINTS, ONLINE_DEPLOYMENTS), (BATCH_ENDPOINTS, BATCH_DEPLOYMENTS)):
        endpoints = _others(task, homes)
        deployments = _others(task, below, endpoints)
        exported = {str(body["id"]).casefold() for body in deployments}
        list(each(endpoints, partial(made.add, homes, children=exported), task.malformed.append))
        list(each(deployments, partial(made.add, below), task.malformed.append))


def _group_location(task: Task, group_id: str, workspace: Body) -> t.Any:
    """The resource group's region; who may not read it gets the workspace's."""
    try:
        return (task.client.find(group_id, _workspace.Workspace.parent_api_version) or workspace).get("location")
    except ArmError as error:
        if error.status != 403:
            raise
        return workspace.get("location")


def _others(task: Task, collection: Collection, owners: t.Sequence[Body] = ()) -> list[Body]:
    """Who may read only compute targets gets an export without the others, unless it asks for some; as does a subscription without their provider."""
    try:
        return _bodies(task, collection, collection.fallback.api_version, owners)
    except ArmError as error:
        unreadable = error.status == 403 or error.code == "MissingSubscriptionRegistration"
        if not unreadable or task.params.get(collection.name) is not None:
            raise
        what = f"{collection.fallback.label}s"
        task.warnings.append(f"{error.code}: the export is without {what}, which cannot be read: {error.message}")
        return []


def _names_some(task: Task) -> bool:
    """Whether the task names what to export, in some collection."""
    return any(task.params.get(name) is not None for name in COLLECTIONS)


def _all(task: Task, collection: Collection, home: str, version: str) -> list[Body]:
    """In the order of their names: the service promises none, and a file under version control should change only where a resource did."""
    path, query = collection_id(home, collection.name), collection.fallback.list_params
    bodies: list[Body] = task.client.list(path, version, params=query or None, malformed=task.malformed.append)
    own = (body for body in bodies if collection.fallback.belongs(body, home))
    return sorted(own, key=lambda body: str(body["name"]).casefold())


def _all_below(task: Task, collection: Collection, home: str, version: str, owners: t.Sequence[Body]) -> list[Body]:
    """The resources of a collection in the workspace, or of a nested one in its ``owners``."""
    parent = collection.fallback.parent_collection
    homes = [target_in(home, parent, owner["name"]).id for owner in owners] if parent else [home]
    return [body for place in homes for body in _all(task, collection, place, version)]


def _bodies(task: Task, collection: Collection, version: str, owners: t.Sequence[Body] = ()) -> list[Body]:
    """The resources of a collection that the task names; all of them where it names none at all. Those of a nested one are in the ``owners``."""
    group, workspace = task.params["resource_group"], task.params["workspace"]
    if task.params.get("api_version") and collection.fallback.parent_is_of_provider:
        version = task.params["api_version"]
    names = task.params.get(collection.name)
    if names is None:
        home = workspace_target(task.subscription_id, group, workspace).id
        return [] if _names_some(task) else _all_below(task, collection, home, version, owners)
    targets = {name: child_target(task.subscription_id, group, workspace, collection.name, name) for name in names}
    bodies = {name: _named(task, target.id, version) for name, target in targets.items()}

    def is_absent(name: str) -> bool:
        body = bodies[name]
        return body is None or not collection.fallback.belongs(body, targets[name].parent_id)

    absent = list(filter(is_absent, names))
    if absent:
        raise AmlError(
            f"The workspace {workspace!r} has no {collection.fallback.label} {', '.join(absent)}.",
            code="ResourceNotFound",
            details=absent,
        )
    return [body for body in bodies.values() if body]


def _named(task: Task, identifier: str, version: str) -> Body | None:
    """A target that the task names; an empty one where its document cannot be read, which costs it alone."""
    try:
        body = task.client.find(identifier, version)
        return None if body is None else t.cast(Body, shape.check(body, _NAMED, identifier))
    except ArmError as error:
        if error.code != "UnexpectedAnswer" or error.status is not None:
            raise
        task.malformed.append(error)
        return {}
