# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_workspace_resync_keys``. Source: ARM types of 2025-12-01 (resyncKeys)."""

from __future__ import annotations

from .._engine.outcome import workspace_missing
from .._module.result import Result
from .._module.task import Task
from .workspace_actions import act


def resync_keys(task: Task) -> Result:
    """The job of ``aml_workspace_resync_keys``: there is no state to compare, so that it is due at every run."""
    target = task.workspace
    if task.check_mode:
        if task.client.find(target.id, task.api_version) is None:
            raise workspace_missing(target.id)
        return {"changed": True}
    act(task, target, "resyncKeys", None, "its keys to be read again", changes=True)
    return {"changed": True}
