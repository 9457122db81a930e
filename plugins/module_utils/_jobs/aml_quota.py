# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_quota``. Paths: docs/facts.md a.1, a.6 (locations/{l}/quotas, updateQuotas)."""

from __future__ import annotations

import typing as t

from .._capacity import quotas
from .._capacity.lists import Item, limit_of, location_path
from .._core import shape
from .._core.arm_id import Target
from .._core.errors import AmlError, all_foreseen
from .._core.findings import refuse
from .._engine.outcome import NotApplied
from .._module.result import Result
from .._module.task import Task
from .regions import region_of_task, version_of, workspace_of_task


def keep_quotas(task: Task) -> Result:
    """The job of ``aml_quota``: read, post what differs, read again."""
    declared = task.params["quotas"]
    refuse(quotas.check_quotas(declared))
    target, location = workspace_of_task(task), region_of_task(task)
    path = location_path(task.subscription_id, location, "quotas")
    before = quotas.quotas(task.client.list(path, version_of(task), malformed=task.malformed.append), target.id)
    plan = quotas.plan_quotas(declared, before)
    result: Result = {"changed": plan.changed, "plan": plan.to_dict(), "location": location}
    header = f"quotas of workspace {target.name}"
    result["diff"] = {**plan.diff(), "before_header": header, "after_header": header}
    try:
        if refused := quotas.foreseen(plan, before):
            raise quotas.quota_error(refused, target.name, "Nothing was sent.")
        if plan.changed and not task.check_mode:
            before = _apply(task, plan, target, location)
    except AmlError as error:
        error.plan = plan
        raise
    return {**result, "quotas": _shown(before, plan)}


def _apply(task: Task, plan: t.Any, target: Target, location: str) -> quotas.Quotas:
    """One POST for all that differs, then the proof that it holds."""
    path = location_path(task.subscription_id, location, "updateQuotas")
    try:
        reply = task.client.post(path, version_of(task), quotas.quota_body(plan, target.id, location))
    except AmlError as error:
        error.changed = error.may_be_taken
        raise
    try:
        with all_foreseen():
            refused = quotas.refused_quotas(shape.check(reply.body or {}, quotas.UPDATED, path))
    except AmlError as error:
        error.changed = True
        raise
    if refused:
        others = len(plan.changes) - len(refused)
        rest = "The other families were set." if others else "Nothing was set."
        not_set = quotas.quota_error(refused, target.name, rest)
        not_set.changed = others > 0
        raise not_set
    try:
        with all_foreseen():
            # An item that cannot be read is a failure where it is one of those that were set: its limit is then not the one that was declared.
            path = location_path(task.subscription_id, location, "quotas")
            task.malformed.clear()
            after = quotas.quotas(task.client.list(path, version_of(task), malformed=task.malformed.append), target.id)
    except AmlError as error:
        error.changed = True
        raise
    left = [
        f"{change.field} is {limit_of(after.workspace.get(change.field.partition('.')[2].casefold()))} instead of {change.after}"
        for change in plan.changes
        if limit_of(after.workspace.get(change.field.partition(".")[2].casefold())) != change.after
    ]
    if left:
        not_applied = NotApplied(
            f"The service said that the quotas of {target.name!r} were set, but returns other values: {'; '.join(left)}.",
            details=left,
            target=target.id,
            hint="Run the same task again; the list may lag behind.",
        )
        not_applied.changed = True
        raise not_applied
    return after


def _shown(found: quotas.Quotas, plan: t.Any) -> list[Item]:
    """All families with their limits; in check mode with those that the plan would set."""
    planned = {change.field.partition(".")[2].casefold(): change.after for change in plan.changes}
    return [
        {**item, "limit": planned.get(item["family"].casefold(), item["limit"])} for item in quotas.shown_quotas(found)
    ]
