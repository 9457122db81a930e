# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_usage_info``. Path: docs/facts.md a.6 (locations/{l}/usages)."""

from __future__ import annotations

from .._capacity import usages
from .._capacity.lists import location_path
from .._module.result import Result
from .._module.task import Task
from .regions import region_of_task


def list_usages(task: Task) -> Result:
    """The job of ``aml_usage_info``."""
    location = region_of_task(task)
    entries = task.client.list(
        location_path(task.subscription_id, location, "usages"), task.api_version, malformed=task.malformed.append
    )
    rows = usages.usages(entries, task.params["family"], task.params["only_exceeded_percent"])
    return {"changed": False, "location": location, "usages": rows}
