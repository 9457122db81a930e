# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_online_deployment``."""

from __future__ import annotations

import typing as t

from .._core import redact
from .._core.arm_id import Target
from .._core.errors import AmlError
from .._engine.planning import ABSENT
from .._kinds.online_deployment import ONLINE_DEPLOYMENT
from .._kinds.online_endpoint import ONLINE_ENDPOINT
from .._module.result import Result
from .._module.task import Task
from .workspace_resources import deployment_of, manage, with_api_version

# In characters: the end of a log says why a container did not start.
_LONGEST_LOG = 20_000


def deployment(task: Task) -> Result:
    """The job of ``aml_online_deployment``: an error of one that failed has the end of its log."""
    target = deployment_of(task, ONLINE_ENDPOINT.collection)
    try:
        return manage(task, ONLINE_DEPLOYMENT, key="deployment", target=target)
    except AmlError as error:
        if error.changed and task.params["state"] != ABSENT and task.params["log_lines"]:
            _add_logs(task, target, error)
        raise


def _add_logs(task: Task, target: Target, error: AmlError) -> None:
    """The end of the log of the container. Where it cannot be read, the error itself counts."""
    version = with_api_version(ONLINE_DEPLOYMENT, task).api_version
    try:
        answer: t.Any = task.client.post(f"{target.id}/getLogs", version, {"tail": task.params["log_lines"]}).body
    except AmlError:
        return
    content = answer.get("content") if isinstance(answer, dict) else None
    if isinstance(content, str) and content.strip():
        shown = redact.KNOWN.mask(content)[-_LONGEST_LOG:]
        details = error.details if isinstance(error.details, dict) else {"details": error.details}
        error.details = {**details, "logs": shown.splitlines()}
        error.hint = f"{error.hint or ''} failure.details.logs has the end of the container's log.".strip()
