# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_batch_endpoint_info``."""

from __future__ import annotations

from .._kinds.batch_deployment import BATCH_DEPLOYMENT
from .._kinds.batch_endpoint import BATCH_ENDPOINT
from .._module.result import Result
from .._module.task import Task
from .workspace_resources import read_deployments, read_endpoints


def gather(task: Task) -> Result:
    """One endpoint by name, or all of a workspace; on request with their deployments."""
    rows = read_endpoints(task, BATCH_ENDPOINT)
    if task.params["deployments"]:
        for row in rows:
            row["deployments"] = read_deployments(task, BATCH_DEPLOYMENT, row["id"])
    return {"changed": False, "endpoints": rows}
