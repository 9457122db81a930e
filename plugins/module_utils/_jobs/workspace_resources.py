# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the jobs for one resource of a workspace share, such as a compute target: the scope from the options, then present or absent.

The package ``_jobs`` has one file for each module, of the same name: from a task to its result. Files of other names hold what several jobs
share. It may import ``_module``, ``_fleet``, ``_reconcilers``, ``_preflight``, ``_machines``, ``_report``, ``_options``, ``_capacity``,
``_kinds``, ``_engine`` and ``_core``.

Imports no kind: each job brings its own, and no other one costs it anything.
"""

from __future__ import annotations

import typing as t

from .._core import files
from .._core.answers import is_absent
from .._core.arm_id import Target, child_target, collection_id, deployment_target, target_in
from .._core.errors import ArmError, each
from .._core.findings import refuse
from .._engine import kind_version, rules
from .._engine.extensions import Checks
from .._engine.kind import Body, Kind
from .._engine.outcome import Outcome
from .._engine.plan import Declared
from .._engine.planning import ABSENT
from .._engine.reconciler import Reconciler
from .._module.result import Result, outcome_result
from .._module.task import Task
from .._options import specs
from .._reconcilers.registry import extension_of

# The options of a module for one resource of a workspace, in addition to those of the kind.
RESOURCE_SPEC: specs.Spec = {
    **specs.SCOPE_SPEC,
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
    **specs.TAGS_SPEC,
    **specs.WAIT_SPEC,
    **specs.STATE_SPEC,
    **specs.API_VERSION_SPEC,
}


def target_of(task: Task, collection: str = "computes") -> Target:
    """The resource of a workspace that the options name. RuleError for a name that would lead elsewhere; the kind's own rules are for what it makes."""
    refuse(rules.segment(task.params["name"], "name"))
    params = task.params
    return child_target(task.subscription_id, params["resource_group"], params["workspace"], collection, params["name"])


def deployment_of(task: Task, endpoints: str) -> Target:
    """The deployment that the options name; ``endpoints`` is the collection of its endpoint."""
    params = task.params
    refuse(finding for option in ("endpoint_name", "name") for finding in rules.segment(params[option], option))
    place = (task.subscription_id, params["resource_group"], params["workspace"])
    return deployment_target(*place, endpoints, params["endpoint_name"], params["name"])


AnyKind = t.TypeVar("AnyKind", bound=Kind)


def with_api_version(kind: AnyKind, task: Task) -> AnyKind:
    """The kind as the task asked to speak to the service, or as its options need it."""
    version = task.params.get("api_version")
    return kind_version.asked_for(kind, version) if version else kind_version.for_options(kind, task.given)


def read_all(task: Task, kind: Kind) -> list[Body]:
    """The resource that the options name, if it exists, or all of the kind's collection in the workspace."""
    version = task.params.get("api_version") or kind_version.of_all_options(kind)
    if task.params.get("name"):
        body = task.client.find(target_of(task, kind.collection).id, version)
        return [] if body is None else [body]
    workspace = task.workspace
    path = collection_id(workspace.id, kind.collection)
    bodies: list[Body] = task.client.list(path, version, malformed=task.malformed.append)
    return bodies


def read_endpoints(task: Task, kind: Kind) -> list[dict[str, t.Any]]:
    """The endpoint that the options name, or all of the workspace, as results show them."""
    workspace = task.workspace.id
    rows = list(each(read_all(task, kind), kind.project, task.malformed.append))
    for row in rows:
        # By its name in this workspace: the id of an item of a list could be that of anything.
        row["id"] = target_in(workspace, kind.collection, row["name"]).id
    return rows


def read_deployments(task: Task, kind: Kind, endpoint: str) -> list[dict[str, t.Any]]:
    """The deployments of an endpoint; none of one that was deleted meanwhile."""
    version = task.params.get("api_version") or kind_version.of_all_options(kind)
    try:
        bodies: list[Body] = task.client.list(f"{endpoint}/deployments", version, malformed=task.malformed.append)
    except ArmError as error:
        if is_absent(error):
            return []
        raise
    return list(each(bodies, kind.project, task.malformed.append))


def manage(task: Task, kind: Kind, *, key: str = "compute", target: Target | None = None) -> Result:
    """Bring one resource of a workspace to the state that the task declares. ``key`` names it in the result; ``target`` is for what is deeper."""
    reconciler, declared = prepare(task, kind, target=target)
    return result_of(reconciler.reconcile(declared, task.params["state"], task.params), reconciler.kind, key)


def prepare(task: Task, kind: Kind, *, target: Target | None = None) -> tuple[Reconciler, Declared]:
    """The reconciler of the task, and what the task declares, which has passed the kind's offline rules."""
    target = target or target_of(task, kind.collection)
    kind = with_api_version(kind, task).configured(task.params)
    declared: Declared = {}
    if task.params["state"] != ABSENT:
        declared = kind.declare(task.given, target)
        refuse(kind.check(target, declared, task.given))
    checks = _checks(task, kind, target)
    return Reconciler(task.client, kind, target, task.behaviour(), extension_of(kind), checks), declared


def result_of(outcome: Outcome, kind: Kind, key: str) -> Result:
    """The result of a task for one resource, with the resource under ``key``."""
    return outcome_result(outcome, key, None if outcome.body is None else kind.project(outcome.body))


def _checks(task: Task, kind: Kind, target: Target) -> Checks:
    """The pre-flight before what is written, where the task asks for it."""
    if not task.params.get("preflight"):
        return Checks()
    # Few tasks ask: the others need not pay for its imports.
    from .._preflight import run

    return Checks(before_write=run.guard(task.client, kind, target, task.params["preflight_fail_on"]))


def read_files(task: Task, group: str, *file_options: str) -> None:
    settings = task.given.get(group)
    for option in file_options:
        if settings and task.params["state"] != "absent":
            files.put_text(settings, option, task.hide, group)
