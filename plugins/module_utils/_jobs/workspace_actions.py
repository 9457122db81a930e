# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the jobs for actions of a workspace share. Headers of its operations: docs/facts.md d.2."""

from __future__ import annotations

import typing as t

from .._core.arm_id import Target
from .._core.errors import AmlError, all_foreseen
from .._engine.outcome import workspace_missing
from .._module.result import Result
from .._module.task import Task
from .._options import specs

ACTION_SPEC: specs.Spec = {
    **specs.SCOPE_SPEC,
    "wait_timeout": {"type": "int", "default": 600},
    "wait_interval": {"type": "float"},
    **specs.API_VERSION_SPEC,
}


def act(
    task: Task, target: Target, action: str, body: Result | None, what: str, *, changes: bool
) -> dict[str, t.Any] | None:
    """Do it and wait for it; what it returns. ``changes``: whether it is a change, which a failure must then report."""
    client = task.client
    sent = False
    try:
        with all_foreseen():
            reply = client.post(
                f"{target.id}/{action}", task.api_version, body, wait_conflict=task.params["wait_timeout"]
            )
            sent = True
            if reply.operation is None:
                answer: dict[str, t.Any] | None = reply.body
                return answer
            task.events.about(target.id, action)
            timing = {"timeout": task.params["wait_timeout"], "interval": task.params["wait_interval"]}
            client.wait(reply.operation, what=f"The workspace {target.name!r}: {what}", **timing)
            outcome: dict[str, t.Any] | None = client.result_of(reply.operation) if body is not None else None
            return outcome
    except AmlError as error:
        if error.status == 404 and not sent:
            raise workspace_missing(target.id) from error
        error.changed = changes and (sent or error.may_be_accepted)
        raise
