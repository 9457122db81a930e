# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_quota``. Paths: docs/facts.md a.1, a.6 (locations/{l}/quotas, updateQuotas)."""

from __future__ import annotations

import functools

from .._capacity import quotas
from .._core.findings import refuse
from .._engine.behaviour import Behaviour
from .._engine.reconciler import Reconciler
from .._module.result import Result, outcome_result
from .._module.task import Task
from .._reconcilers.quotas import QuotaExtension
from .regions import region_of_task, version_of, workspace_of_task


def manage_quotas(task: Task) -> Result:
    """Bring the workspace's quotas to their declared limits."""
    refuse(quotas.check_quotas(task.params["quotas"]))
    workspace, location = workspace_of_task(task), region_of_task(task)
    kind = quotas.Quotas(workspace, location, version_of(task))
    declared = kind.declare({"quotas": task.params["quotas"]}, workspace)
    # The service answers when it is done: there is nothing to wait for.
    behaviour = Behaviour(check_mode=task.check_mode, wait_timeout=0.0, events=task.events)
    extend = functools.partial(QuotaExtension, malformed=task.malformed)
    outcome = Reconciler(task.client, kind, workspace, behaviour, extend).present(declared)
    result = outcome_result(outcome, "quotas", [] if outcome.body is None else quotas.shown_quotas(outcome.body))
    return {**result, "location": location}
