# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_connection_info``."""

from __future__ import annotations

import typing as t

from .._core.errors import each
from .._engine.kind import Body
from .._kinds.connection import CONNECTION
from .._kinds.connection_types import CATEGORIES
from .._module.result import Result
from .._module.task import Task
from .workspace_resources import read_all


def gather(task: Task) -> Result:
    """One connection by name, or all of a workspace, of the types that are asked for."""
    place = task.workspace
    types = {CATEGORIES.canon(type_) for type_ in task.params.get("type") or ()}

    def project(body: Body) -> dict[str, t.Any]:
        return {**CONNECTION.project(body), "is_inherited": not CONNECTION.belongs(body, place.id)}

    projected = each(read_all(task, CONNECTION), project, task.malformed.append)
    return {
        "changed": False,
        "connections": [row for row in projected if not types or CATEGORIES.canon(row["type"]) in types],
    }
