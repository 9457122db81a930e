# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_diagnostic_setting_info``."""

from __future__ import annotations

from .._core.errors import each
from .._kinds.diagnostic_setting import DIAGNOSTIC_SETTING
from .._module.result import Result
from .._module.task import Task
from .workspace_resources import read_all


def gather(task: Task) -> Result:
    """One diagnostic setting by name, or all of a workspace."""
    bodies = read_all(task, DIAGNOSTIC_SETTING)
    return {
        "changed": False,
        "diagnostic_settings": list(each(bodies, DIAGNOSTIC_SETTING.project, task.malformed.append)),
    }
