# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_diagnostic_setting``."""

from __future__ import annotations

from .._kinds.diagnostic_setting import DIAGNOSTIC_SETTING
from .._module.result import Result
from .._module.task import Task
from .workspace_resources import manage


def diagnostic_setting(task: Task) -> Result:
    """The job of ``aml_diagnostic_setting``."""
    return manage(task, DIAGNOSTIC_SETTING, key="diagnostic_setting")
