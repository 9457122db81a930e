# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_datastore_info``."""

from __future__ import annotations

from .._core.errors import each
from .._kinds.datastore import DATASTORE
from .._module.result import Result
from .._module.task import Task
from .workspace_resources import read_all


def gather(task: Task) -> Result:
    """One datastore by name, or all of a workspace, of the types that are asked for."""
    type_ = task.params.get("type")
    projected = each(read_all(task, DATASTORE), DATASTORE.project, task.malformed.append)
    return {"changed": False, "datastores": [row for row in projected if not type_ or row["type"] in type_]}
