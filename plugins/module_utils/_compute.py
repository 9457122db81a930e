# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules for compute targets do: the scope from the options, then present or absent, or a look."""
from __future__ import annotations

import typing as t

from . import _argspec, _module, _rules
from ._kinds import _compute
from ._kinds._base import Body, Kind, Target, compute_target, workspace_target
from ._kinds.aks import AKS
from ._kinds.attached_types import ATTACHED
from ._kinds.cluster import CLUSTER
from ._kinds.instance import INSTANCE
from ._module import Result, Task
from ._reconcile import Reconciler

R = t.TypeVar("R", bound=Reconciler)

# Every kind that a workspace lists, in the CLI's spelling.
INFO_KINDS: dict[str, Kind] = {
    "amlcompute": CLUSTER,
    "computeinstance": INSTANCE,
    "aks": AKS,
    **ATTACHED,
}

# The options of a module that keeps one compute target in its state, beside the kind's own.
COMPUTE_SPEC: _argspec.Spec = {
    **_argspec.SCOPE_SPEC,
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
    **_argspec.TAGS_SPEC,
    **_argspec.identity_spec(),
    **_argspec.WAIT_SPEC,
    **_argspec.STATE_SPEC,
    **_argspec.API_VERSION_SPEC,
}


def check_scope(task: Task, workspace_option: str = "workspace") -> None:
    """The names of the scope, before any request."""

    def findings() -> _rules.Findings:
        yield from _rules.subscription_id(task.subscription_id)
        yield from _rules.resource_group(task.params["resource_group"])
        if task.params.get(workspace_option) is not None:
            yield from _rules.workspace_name(task.params[workspace_option], workspace_option)

    _rules.refuse(findings())


def target_of(task: Task) -> Target:
    return compute_target(task.subscription_id, task.params["resource_group"], task.params["workspace"], task.params["name"])


def with_api_version(kind: Kind, task: Task) -> Kind:
    """The kind as the task asked to speak to the service."""
    if task.params.get("api_version"):
        kind = type(kind)()
        kind.api_version = task.params["api_version"]
    return kind


def keep_compute(kind: Kind) -> t.Callable[[Task], Result]:
    """The job of a module for one kind of compute target."""
    return lambda task: keep(task, kind)


def keep(task: Task, kind: Kind, reconciler: type[Reconciler] = Reconciler) -> Result:
    """Bring one compute target to the state that the task declares."""
    check_scope(task)
    target, spoken = target_of(task), with_api_version(kind, task).configured(task.params)
    if task.params["state"] == "absent":
        outcome = reconciler(task.client, spoken, target, task.behaviour()).absent(task.params)
    else:
        declared = spoken.declare(task.given, target)
        _rules.refuse(spoken.check(target, declared, task.given))
        engine = guarded(reconciler(task.client, spoken, target, task.behaviour()), task)
        outcome = engine.present(declared)
    shown = None if outcome.body is None else spoken.project(outcome.body)
    return _module.outcome_result(outcome, "compute", shown)


def guarded(engine: R, task: Task) -> R:
    """The reconciler, with the pre-flight before what it writes, where the task asks for it."""
    if task.params.get("preflight"):
        # Few tasks ask: the others need not pay for its imports.
        from . import _preflight_job

        engine.before_write = _preflight_job.guard(engine.client, engine.kind, engine.target)
    return engine


def look(task: Task) -> Result:
    """The job of ``aml_compute_info``: one target or all, filtered, flat and by the studio's tabs."""
    check_scope(task)
    api_version = task.params.get("api_version") or _compute.ComputeKind.api_version
    if task.params.get("name"):
        body = task.client.find(target_of(task).id, api_version)
        bodies = [] if body is None else [body]
    else:
        workspace = workspace_target(task.subscription_id, task.params["resource_group"], task.params["workspace"])
        bodies = task.client.list(f"{workspace.id}/computes", api_version)
    wanted = task.params.get("type")
    computes = []
    by_tab: dict[str, list[Result]] = {name: [] for name in _compute.TAB_NAMES}
    for body in bodies:
        if not wanted or _compute.kind_name(body) in wanted:
            shown = kind_of(body).project(body)
            computes.append(shown)
            by_tab[_compute.tab(body)].append(shown)
    return {"changed": False, "computes": computes, "by_kind": by_tab}


def kind_of(body: Body) -> Kind:
    """The kind of a compute target that was read; one without a table of its own shows what all have."""
    return INFO_KINDS.get(_compute.kind_name(body), _compute.ANY)


def look_ahead(task: Task) -> Result:
    """The job of ``aml_preflight_info``."""
    from . import _preflight_job

    check_scope(task)
    workspace = workspace_target(task.subscription_id, task.params["resource_group"], task.params["workspace"])
    entries = task.params["computes"]
    findings = _preflight_job.examine(task.client, entries, workspace, INFO_KINDS, task.params.get("api_version"))
    return _preflight_job.summary(findings, task.params["fail_on"], len(entries))
