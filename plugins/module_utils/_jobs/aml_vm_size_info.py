# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_vm_size_info``. Path: docs/facts.md a.6 (locations/{l}/vmSizes)."""

from __future__ import annotations

from .._capacity import sizes
from .._capacity.lists import location_path
from .._core.errors import RuleError
from .._module.result import Result
from .._module.task import Task
from .regions import region_of_task


def list_sizes(task: Task) -> Result:
    """The job of ``aml_vm_size_info``."""
    options = ("family", "name", "min_vcpus", "max_vcpus", "min_memory_gb", "gpus", "compute_type", "low_priority")
    size_filter = sizes.SizeFilter(**{option: task.params[option] for option in options})
    if (
        size_filter.min_vcpus is not None
        and size_filter.max_vcpus is not None
        and size_filter.min_vcpus > size_filter.max_vcpus
    ):
        message = f"min_vcpus ({size_filter.min_vcpus}) must not be above max_vcpus ({size_filter.max_vcpus}): no size has both."
        raise RuleError(message, code="MinimumAboveMaximum", hint="Nothing was sent.")
    location = region_of_task(task)
    entries = task.client.list(
        location_path(task.subscription_id, location, "vmSizes"), task.api_version, malformed=task.malformed.append
    )
    return {"changed": False, "location": location, "sizes": sizes.sizes(entries, size_filter)}
