# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``arm_resource_info``."""

from __future__ import annotations

import typing as t

from .._core.findings import refuse
from .._kinds import resource as _kind
from .._module.result import Result
from .._module.task import Task
from .resources import collection_id, resource_id


def gather(task: Task) -> Result:
    """The job of ``arm_resource_info``."""
    identifier, version = resource_id(task), task.params["api_version"]
    if identifier is None:
        bodies: list[t.Any] = task.client.list(collection_id(task), version, malformed=task.malformed.append)
    else:
        refuse(_kind.check_id(identifier))
        body = task.client.find(identifier, version)
        bodies = [] if body is None else [body]
    return {"changed": False, "resources": [_kind.project(body) for body in bodies]}
