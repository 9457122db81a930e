# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_role_assignment``."""

from __future__ import annotations

import functools

from .._core.arm_id import workspace_target
from .._core.errors import RuleError
from .._core.findings import Findings, refuse
from .._engine.reconciler import Reconciler
from .._kinds import resource
from .._kinds.role_assignment import ROLE_ASSIGNMENT, may_be_custom, target_of
from .._module.result import Result, outcome_result
from .._module.task import Task
from .._reconcilers import custom_roles
from .._reconcilers.role_assignment import RoleAssignmentExtension


def role_assignment(task: Task) -> Result:
    """The job of ``aml_role_assignment``."""
    params = task.params
    scope, name = scope_of(task), params["role"]
    custom = may_be_custom(name)
    # All that needs no request is checked first.
    refuse([*resource.check_id(scope, "scope"), *_check(task, scope)])
    role = custom_roles.guid_of(task.client, scope, name, task.malformed.append) if custom else name
    kind = ROLE_ASSIGNMENT.configured({**params, "role": role})
    target = target_of(scope, role, params["principal_id"])
    declared = kind.declare({**task.given, "role": role}, target)
    extend = functools.partial(RoleAssignmentExtension, keep_others=bool(params["keep_others"]))
    reconciler = Reconciler(task.client, kind, target, task.behaviour(), extend)
    outcome = reconciler.reconcile(declared, params["state"], params)
    shown = None if outcome.body is None else kind.project(outcome.body)
    if shown is not None and custom:
        shown["role"] = name
    return outcome_result(outcome, "role_assignment", shown)


def _check(task: Task, scope: str) -> Findings:
    target = target_of(scope, task.params["role"], task.params["principal_id"])
    yield from ROLE_ASSIGNMENT.check(target, ROLE_ASSIGNMENT.declare(task.given, target), task.given)


def scope_of(task: Task) -> str:
    """The id of the scope: the option, or the workspace."""
    params = task.params
    if task.is_null("scope"):
        # A variable without a value must not make it the workspace.
        raise RuleError(
            "scope is null. Omit it for the workspace, or set it.", code="ScopeMissing", hint="Nothing was sent."
        )
    if params.get("scope"):
        return str(params["scope"]).rstrip("/")
    if not params.get("resource_group") or not params.get("workspace"):
        raise RuleError("Give scope, or resource_group and workspace.", code="ScopeMissing", hint="Nothing was sent.")
    return workspace_target(task.subscription_id, params["resource_group"], params["workspace"]).id
