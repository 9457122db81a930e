# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_batch_deployment``."""

from __future__ import annotations

from .._kinds.batch_deployment import BATCH_DEPLOYMENT
from .._kinds.batch_endpoint import BATCH_ENDPOINT
from .._module.result import Result
from .._module.task import Task
from .workspace_resources import deployment_of, manage


def deployment(task: Task) -> Result:
    """The job of ``aml_batch_deployment``."""
    target = deployment_of(task, BATCH_ENDPOINT.collection)
    return manage(task, BATCH_DEPLOYMENT, key="deployment", target=target)
