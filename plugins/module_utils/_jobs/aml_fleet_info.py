# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``aml_fleet_info`` does: the workspaces of a fleet's document and all that is in them, many at a time. Compares nothing."""

from __future__ import annotations

import typing as t

from .._core.errors import AmlError
from .._fleet.contents import UsagesRow, WorkspaceRow, read_contents
from .._kinds.registry import OTHERS
from .._module.result import Result
from .._module.task import Task
from .._options import specs
from .aml_fleet import FLEET_SPEC, read_places

FLEET_INFO_SPEC: specs.Spec = {
    **{name: FLEET_SPEC[name] for name in ("workspaces", "folder", "resource_group", "workspace")},
    **specs.SHOW_VARIABLES_SPEC,
    "usages": {"type": "bool", "default": False},
    **{name: {"type": "bool", "default": False} for name in OTHERS},
    "parallelism": {"type": "int", "default": 16},
    "fail_on": {"type": "str", "default": "error", "choices": ["error", "never"]},
}


class NotRead(AmlError):
    """Something of the fleet could not be read."""

    default_code = "NotRead"


def read_fleet(task: Task) -> Result:
    """The job of ``aml_fleet_info``."""
    params = task.params
    identifiers = read_places(task)
    contents = read_contents(
        task.client,
        identifiers,
        params["parallelism"],
        with_usages=params["usages"],
        others=[name for name in OTHERS if params[name]],
    )
    result: Result = {"changed": False, **contents.to_dict()}
    unread = [row for row in contents.rows if row.failure]
    if unread and params["fail_on"] == "error":
        failure = _not_read(unread, len(contents.rows))
        # Ansible shows the whole result of a failed task, and all workspaces are megabytes.
        failure.result = {"changed": False, **contents.unread().to_dict()}
        raise failure
    return result


def _not_read(unread: t.Sequence[WorkspaceRow | UsagesRow], count: int) -> NotRead:
    rows_text = "; ".join(f"{row.label}: {row.failure.message.rstrip('.')}" for row in unread[:5] if row.failure)
    return NotRead(
        f"{len(unread)} of {count} could not be read: {rows_text}.",
        details=[{"name": row.label, "failure": row.shown_failure} for row in unread],
        hint="Fix the errors, or set fail_on=never: the result then has all the others, and these failures.",
    )
