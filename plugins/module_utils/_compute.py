# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that keep a compute target do: the scope from the options, then present or absent.

Imports no kind: each module brings its own, and no other one costs it anything.
"""
from __future__ import annotations

import typing as t

from . import _argspec, _module, _rules
from ._kinds._base import Kind, Target, compute_target
from ._module import Result, Task
from ._reconcile import Reconciler

R = t.TypeVar("R", bound=Reconciler)

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


def target_of(task: Task) -> Target:
    """The compute target that the options name. RuleError for a name that would lead elsewhere; the kind's own rules are for what it makes."""
    _rules.refuse(_rules.segment(task.params["name"], "name"))
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
