# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_online_endpoint``."""

from __future__ import annotations

from .._core.errors import AmlError
from .._engine.planning import ABSENT
from .._kinds.online_endpoint import ONLINE_ENDPOINT
from .._module.result import Result
from .._module.task import Task
from .._reconcilers.online_endpoint import OnlineEndpointExtension
from .compute_targets import manage, target_of, with_api_version


def endpoint(task: Task) -> Result:
    """The job of ``aml_online_endpoint``: the endpoint, then the keys that the task asks to regenerate."""
    result = manage(task, ONLINE_ENDPOINT, OnlineEndpointExtension, key="endpoint")
    names = list(dict.fromkeys(task.params["regenerate_keys"] or ()))
    if not names or task.params["state"] == ABSENT:
        return result
    result["regenerated_keys"] = []
    for name in names:
        try:
            if not task.check_mode:
                _regenerate(task, name)
        except AmlError as error:
            # What the task did before is as true as the failure: clients that use a regenerated key are refused.
            error.changed = error.changed or error.may_be_accepted or result["changed"]
            error.result = {"regenerated_keys": result["regenerated_keys"]}
            raise
        result["changed"] = True
        result["regenerated_keys"].append(name)
    return result


def _regenerate(task: Task, name: str) -> None:
    """One key at a time, and each to its end: the service takes no other operation on the endpoint before."""
    kind, target = with_api_version(ONLINE_ENDPOINT, task), target_of(task, ONLINE_ENDPOINT.collection)
    timeout = float(task.params["wait_timeout"])
    reply = task.client.post(
        f"{target.id}/regenerateKeys", kind.api_version, {"keyType": name.capitalize()}, wait_conflict=timeout
    )
    if reply.operation is not None:
        task.client.wait(
            reply.operation,
            timeout=timeout,
            interval=task.params["wait_interval"],
            what=f"The regeneration of the {name} key of the online endpoint {target.name!r}",
        )
