# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_quota``. Paths: docs/facts.md a.1, a.6 (locations/{l}/quotas, updateQuotas) and m (Microsoft.Quota)."""

from __future__ import annotations

import functools

from .._capacity import quota_requests, quotas
from .._capacity.lists import Item
from .._capacity.quota_requests import PENDING
from .._core.arm_id import Target
from .._core.errors import AmlError
from .._core.findings import refuse
from .._engine.behaviour import Behaviour
from .._engine.plan import UPDATE
from .._engine.reconciler import Reconciler
from .._module.result import Result, outcome_result
from .._module.task import Task
from .._reconcilers.quota_requests import QuotaRequests
from .._reconcilers.quotas import QuotaExtension
from .regions import region_of_task


def manage_quotas(task: Task) -> Result:
    """Bring the quotas of the subscription, and then those of the workspace, to their declared limits."""
    own, whole = task.params["quotas"], task.params["subscription_quotas"] or []
    refuse([*quotas.check_quotas(own or []), *quota_requests.check(whole)])
    workspace, location = task.workspace, region_of_task(task)
    requests = QuotaRequests(task.client, workspace.subscription_id, location, task.behaviour())
    if whole:
        requests.bring(whole)
    result: Result = {
        "changed": False,
        "plan": {"action": "none", "changes": [], "reason": None},
        "diff": {"before": {}, "after": {}},
    }
    if own is not None:
        try:
            result = _of_workspace(task, own, workspace, location, requests)
        except AmlError as error:
            error.changed = error.changed or (bool(requests.plans) and not task.check_mode)
            error.result = {"requests": requests.shown()}
            raise
    result["warnings"] = [*result.get("warnings", []), *_still_pending(requests)]
    return {**_with_requests(result, requests), "requests": requests.shown(), "location": location}


def _of_workspace(
    task: Task, declared: list[Item], workspace: Target, location: str, requests: QuotaRequests
) -> Result:
    now = [item for item in declared if not requests.is_pending_above(str(item["family"]), item.get("limit"))]
    to_come = requests.limits_to_come()
    kind = quotas.Quotas(workspace, location, task.api_version, to_come)
    # The service answers when it is done: there is nothing to wait for.
    behaviour = Behaviour(check_mode=task.check_mode, wait_timeout=0.0, events=task.events)
    extend = functools.partial(QuotaExtension, malformed=task.malformed)
    reconciler = Reconciler(task.client, kind, workspace, behaviour, extend)
    outcome = reconciler.present(kind.declare({"quotas": now}, workspace))
    shown = [] if outcome.body is None else quotas.shown_quotas(outcome.body)
    for row in shown:
        row["subscription_limit"] = to_come.get(row["family"].casefold(), row["subscription_limit"])
    result = outcome_result(outcome, "quotas", shown)
    later = [str(item["family"]) for item in declared if item not in now]
    if later:
        result["warnings"] = [
            *result["warnings"],
            f"The limits of the workspace for {', '.join(later)} were not set, because they are above the subscription's, and its quota request is pending. "
            "Run the task again when it is granted.",
        ]
    return result


def _still_pending(requests: QuotaRequests) -> list[str]:
    rows = [row for row in requests.shown() if row["status"] == PENDING]
    return [
        f"The quota request for {row['limit']} vCPUs of {row['family']} is pending. Run the task again to see its result."
        for row in rows
    ]


def _with_requests(result: Result, requests: QuotaRequests) -> Result:
    """The result with what was requested in its plan and diff."""
    if not requests.plans:
        return result
    rows = [change.to_dict() for plan in requests.plans for change in plan.changes]
    plan = {**result["plan"], "action": UPDATE, "changes": [*rows, *result["plan"]["changes"]]}
    diff = dict(result["diff"])
    for side in ("before", "after"):
        limits = [plan.diff()[side]["subscription_quotas"] for plan in requests.plans]
        diff[side] = {**diff[side], "subscription_quotas": {key: value for row in limits for key, value in row.items()}}
    return {**result, "changed": True, "plan": plan, "diff": diff}
