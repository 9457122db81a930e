# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_workspace``."""

from __future__ import annotations

import functools

from .._core.arm_id import Target, workspace_target
from .._core.errors import AmlError, RuleError
from .._core.findings import refuse
from .._engine import rules
from .._engine.extensions import Extend
from .._engine.outcome import Outcome
from .._engine.plan import Declared
from .._engine.reconciler import Reconciler
from .._kinds import workspace as _kind
from .._module.result import Result, outcome_result
from .._module.task import Task
from .._options import specs
from .._reconcilers.dependents import Dependents
from .._reconcilers.workspace import WorkspaceExtension
from .workspace_resources import with_api_version
from .workspaces import workspace_name

WORKSPACE_SPEC: specs.Spec = {
    "resource_group": {"type": "str", "required": True},
    **specs.WORKSPACE_NAME_SPEC,
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
    **specs.TAGS_SPEC,
    **specs.WAIT_SPEC,
    **specs.STATE_SPEC,
    **specs.API_VERSION_SPEC,
}


def manage_workspace(task: Task) -> Result:
    """The job of ``aml_workspace``."""
    name = workspace_name(task)
    if not name:
        raise RuleError(
            "missing required arguments: name", code="NotNamed", hint="Nothing was sent. Give name, or workspace."
        )
    refuse(rules.workspace_name(name, "name" if task.params.get("name") else "workspace"))
    target = workspace_target(task.subscription_id, task.params["resource_group"], name)
    kind = with_api_version(_kind.Workspace(), task)
    if task.params["state"] == "absent":
        return _absent(task, kind, target)
    declared = kind.declare(task.given, target)
    refuse(kind.check(target, declared, task.given))
    reconciler = Reconciler(task.client, kind, target, task.behaviour(), _extend(task))
    return _result(kind, reconciler.present(declared))


def _extend(task: Task, dependents: Dependents | None = None) -> Extend:
    def submit(where: Target, complete: Declared) -> None:
        # azure-ai-ml is imported only where a workspace is created.
        from .._reconcilers.workspace_sdk import FeatureStore, submit_workspace

        stores = FeatureStore(
            materialization_identity=task.params["materialization_identity"],
            grant_permissions=task.params["grant_materialization_permissions"] is not False,
            offline_store=(task.params["offline_store"] or {}).get("target"),
            online_store=(task.params["online_store"] or {}).get("target"),
        )
        submit_workspace(
            task.cloud, task.credential, where, complete,
            verify=task.sign_in.verify, retry_timeout=task.params["retry_timeout"], stores=stores,
        )  # fmt: skip

    return functools.partial(
        WorkspaceExtension,
        soft_deleted=task.params["soft_deleted"],
        submit=submit,
        expected_computes=task.params["expected_computes"],
        dependents=dependents,
    )


def _absent(task: Task, kind: _kind.Workspace, target: Target) -> Result:
    if task.params["delete_dependent_resources"] and not task.params["permanently_delete"]:
        raise RuleError(
            "delete_dependent_resources needs permanently_delete: a workspace without its dependent resources could not be recovered.",
            code="DependentsNeedPermanentDelete",
            hint="Nothing was sent. Set permanently_delete=true as well, or keep the dependent resources.",
        )
    dependents = Dependents() if task.params["delete_dependent_resources"] else None
    reconciler = Reconciler(task.client, kind, target, task.behaviour(), _extend(task, dependents))
    try:
        result = _result(kind, reconciler.absent(task.params))
    except AmlError as error:
        if dependents is not None and reconciler.remote.wrote:
            dependents.report_remaining(error, reconciler.remote)
        raise
    result["deleted_resources"] = [] if dependents is None else dependents.removed
    result["changed"] = result["changed"] or bool(result["deleted_resources"])
    return result


def _result(kind: _kind.Workspace, outcome: Outcome) -> Result:
    return outcome_result(outcome, "workspace", None if outcome.body is None else kind.project(outcome.body))
