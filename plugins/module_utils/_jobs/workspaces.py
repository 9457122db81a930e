# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the jobs for workspaces share."""

from __future__ import annotations

from .._module.task import Task


def workspace_name(task: Task) -> str | None:
    """The workspace's name; ``workspace`` is an alternative, so that module_defaults of the action group work for these two modules."""
    return task.params.get("name") or task.params.get("workspace")
