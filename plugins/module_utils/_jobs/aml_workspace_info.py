# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_workspace_info``."""

from __future__ import annotations

from .._core.arm_id import group_id, workspace_target
from .._core.errors import AmlError, each
from .._core.findings import refuse
from .._engine import kind_version, rules
from .._kinds import workspace as _kind
from .._module.result import Result
from .._module.task import Task
from .workspaces import workspace_name


def gather(task: Task) -> Result:
    """The job of ``aml_workspace_info``: one by name, all of a group, or all of a subscription."""
    kind = _kind.Workspace()
    version = task.params.get("api_version") or kind_version.of_all_options(kind)
    group, name = task.params.get("resource_group"), workspace_name(task)
    if name:
        if not group:
            message = "name needs resource_group: names of workspaces are unique in a group only."
            raise AmlError(message, code="NotNamed")
        refuse(rules.segment(name, "name"))
        body = task.client.find(workspace_target(task.subscription_id, group, name).id, version)
        bodies = [] if body is None else [body]
    else:
        scope = group_id(task.subscription_id, group) if group else f"/subscriptions/{task.subscription_id}"
        bodies = task.client.list(
            f"{scope}/providers/Microsoft.MachineLearningServices/workspaces", version, malformed=task.malformed.append
        )
    kind_ = task.params.get("kind")
    bodies = [body for body in bodies if not kind_ or _kind.kind_name(body.get("kind")) in kind_]
    projected = list(each(bodies, kind.project, task.malformed.append))
    return {"changed": False, "workspaces": projected}
