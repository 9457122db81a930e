# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_online_endpoint``."""

from __future__ import annotations

from dataclasses import replace

from .._engine.planning import ABSENT
from .._kinds.online_endpoint import ONLINE_ENDPOINT
from .._module.result import Result
from .._module.task import Task
from .._reconcilers.online_endpoint import KeyRegeneration
from .workspace_resources import manage, prepare, result_of


def endpoint(task: Task) -> Result:
    """The job of ``aml_online_endpoint``: the endpoint, then the keys that the task asks to regenerate."""
    keys = list(dict.fromkeys(task.params["regenerate_keys"] or ()))
    if not keys or task.params["state"] == ABSENT:
        return manage(task, ONLINE_ENDPOINT, key="endpoint")
    reconciler, declared = prepare(task, ONLINE_ENDPOINT)
    regeneration = KeyRegeneration(reconciler.remote, keys)
    with reconciler.remote.always_waiting():
        outcome = regeneration.planned(reconciler.reconcile(declared))
    operation = regeneration.run(outcome.plan)
    result = result_of(replace(outcome, operation=operation), reconciler.kind, "endpoint")
    return {**result, "regenerated_keys": keys}
