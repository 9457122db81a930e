# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_attached_compute``."""

from __future__ import annotations

from .._kinds.attached import AnyAttached
from .._kinds.attached_types import ATTACHED
from .._kinds.registry import INFO_KINDS
from .._module.result import Result
from .._module.task import Task
from .workspace_resources import manage, read_files


def attached(task: Task) -> Result:
    """The job of ``aml_attached_compute``."""
    read_files(task, "ssh_settings", "ssh_private_key_file")
    type_ = task.params.get("type")
    kind = ATTACHED[type_] if type_ else AnyAttached(INFO_KINDS)
    return manage(task, kind)
