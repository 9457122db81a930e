# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_compute_instance``."""

from __future__ import annotations

from .._kinds.instance import INSTANCE
from .._module.result import Result
from .._module.task import Task
from .workspace_resources import manage


def manage_instance(task: Task) -> Result:
    """Bring the instance to the declared state, its power state included."""
    return manage(task, INSTANCE)
