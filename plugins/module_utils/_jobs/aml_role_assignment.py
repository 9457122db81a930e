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
from .._kinds.role_assignment import (
    ROLE_ASSIGNMENT,
    definitions_path,
    guids_named,
    may_be_custom,
    meant,
    named_filter,
    target_of,
)
from .._module.result import Result, outcome_result
from .._module.task import Task
from .._reconcilers.role_assignment import RoleAssignmentExtension

# In place of the role in checks that it does not matter for.
_ANY_ROLE = "00000000-0000-0000-0000-000000000000"


def role_assignment(task: Task) -> Result:
    """The job of ``aml_role_assignment``."""
    params = task.params
    scope, name = scope_of(task), params["role"]
    custom = may_be_custom(name)
    # All that needs no request is checked first.
    role = _ANY_ROLE if custom else name
    refuse([*resource.check_id(scope, "scope"), *_check(task, scope, role)])
    if custom:
        role = _guid_of_custom(task, scope, name)
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


def _check(task: Task, scope: str, role: str) -> Findings:
    target = target_of(scope, role, task.params["principal_id"])
    given = {**task.given, "role": role}
    yield from ROLE_ASSIGNMENT.check(target, ROLE_ASSIGNMENT.declare(given, target), given)


def _guid_of_custom(task: Task, scope: str, name: str) -> str:
    """The GUID of a role by the name of its definition, which has to be assignable at the scope."""
    definitions = task.client.list(
        definitions_path(scope), ROLE_ASSIGNMENT.api_version, params=named_filter(name), malformed=task.malformed.append
    )
    guids = guids_named(name, definitions)
    if len(guids) != 1:
        problem = (
            f"{len(guids)} roles have the name {name!r}: {', '.join(guids)}."
            if guids
            else f"The role {name!r} is neither built in nor a custom role that can be assigned at {scope}.{meant(name)}"
        )
        raise RuleError(
            problem,
            code="UnknownRole",
            target=scope,
            hint="Nothing was changed. Correct role, or declare the GUID of the role or the id of its definition.",
        )
    return guids[0]


def scope_of(task: Task) -> str:
    """The id of the scope: the option, or the workspace."""
    params = task.params
    if task.module.raw.get("scope", "") is None:
        # A variable without a value must not make it the workspace.
        raise RuleError(
            "scope is null. Omit it for the workspace, or set it.", code="ScopeMissing", hint="Nothing was sent."
        )
    if params.get("scope"):
        return str(params["scope"]).rstrip("/")
    if not params.get("resource_group") or not params.get("workspace"):
        raise RuleError("Give scope, or resource_group and workspace.", code="ScopeMissing", hint="Nothing was sent.")
    return workspace_target(task.subscription_id, params["resource_group"], params["workspace"]).id
