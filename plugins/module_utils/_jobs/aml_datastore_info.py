# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_datastore_info``."""

from __future__ import annotations

from .._core.arm_id import workspace_target
from .._core.errors import each
from .._kinds.datastore import DATASTORE
from .._module.result import Result
from .._module.task import Task
from .compute_targets import target_of


def gather(task: Task) -> Result:
    """One datastore by name, or all of a workspace, of the types that are asked for."""
    api_version = task.params.get("api_version") or DATASTORE.complete_version
    if task.params.get("name"):
        body = task.client.find(target_of(task, DATASTORE.collection).id, api_version)
        bodies = [] if body is None else [body]
    else:
        workspace = workspace_target(task.subscription_id, task.params["resource_group"], task.params["workspace"])
        bodies = task.client.list(
            f"{workspace.id}/{DATASTORE.collection}", api_version, malformed=task.malformed.append
        )
    type_ = task.params.get("type")
    projected = each(bodies, DATASTORE.project, task.malformed.append)
    return {"changed": False, "datastores": [row for row in projected if not type_ or row["type"] in type_]}
