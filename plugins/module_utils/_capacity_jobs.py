# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``aml_vm_size_info``, ``aml_usage_info`` and ``aml_quota`` do: a region, one list of it, and for quotas one write.

Paths: docs/facts.md a.1, a.6 (locations/{l}/vmSizes, usages, quotas, updateQuotas).
"""
from __future__ import annotations

import typing as t

from . import _argspec, _capacity, _fields, _rules, _shape
from ._errors import AmlError, RuleError, all_foreseen
from ._kinds._base import Target, workspace_target
from ._module import Result, Task
from ._reconcile import NotApplied, ParentMissing

API_VERSION = "2025-12-01"

# A region: said outright, or a workspace's.
PLACE_SPEC: _argspec.Spec = {
    "location": {"type": "str"},
    "resource_group": {"type": "str"},
    "workspace": {"type": "str", "aliases": _argspec.WORKSPACE_ALIASES},
    **_argspec.API_VERSION_SPEC,
}


def _version(task: Task) -> str:
    return task.params.get("api_version") or API_VERSION


def _workspace(task: Task) -> Target:
    return workspace_target(task.subscription_id, task.params["resource_group"], task.params["workspace"])


def _place(task: Task) -> str:
    """The region in the service's spelling; the workspace is only read where the region was not said."""
    if task.params.get("location"):
        return str(_fields.region(task.params["location"]))
    if not task.params.get("workspace") or not task.params.get("resource_group"):
        # Not left to AnsibleModule's required_one_of: to that, a null is as good as a value.
        raise RuleError("Set location, or workspace and resource_group to use the workspace's region.", code="LocationMissing", hint="Nothing was sent.")
    target = _workspace(task)
    body = task.client.find(target.id, _version(task))
    if body is None:
        raise ParentMissing(
            f"The workspace {target.name!r} does not exist, so its region is not known.",
            target=target.id,
            hint="Correct workspace and resource_group, or give location.",
        )
    return str(_fields.region(body.get("location")))


def look_at_sizes(task: Task) -> Result:
    """The job of ``aml_vm_size_info``."""
    options = ("family", "name", "min_vcpus", "max_vcpus", "min_memory_gb", "gpus", "compute_type", "low_priority")
    wanted = _capacity.SizeFilter(**{option: task.params[option] for option in options})
    if wanted.min_vcpus is not None and wanted.max_vcpus is not None and wanted.min_vcpus > wanted.max_vcpus:
        message = f"min_vcpus ({wanted.min_vcpus}) must not be above max_vcpus ({wanted.max_vcpus}): no size has both."
        raise RuleError(message, code="MinimumAboveMaximum", hint="Nothing was sent.")
    location = _place(task)
    found = task.client.list(_capacity.location_path(task.subscription_id, location, "vmSizes"), _version(task), malformed=task.malformed.append)
    return {"changed": False, "location": location, "sizes": _capacity.sizes(found, wanted)}


def look_at_usages(task: Task) -> Result:
    """The job of ``aml_usage_info``."""
    location = _place(task)
    found = task.client.list(_capacity.location_path(task.subscription_id, location, "usages"), _version(task), malformed=task.malformed.append)
    shown = _capacity.usages(found, task.params["family"], task.params["only_exceeded_percent"])
    return {"changed": False, "location": location, "usages": shown}


def keep_quotas(task: Task) -> Result:
    """The job of ``aml_quota``: read, post what differs, read again."""
    declared = task.params["quotas"]
    _rules.refuse(_capacity.check_quotas(declared))
    target, location = _workspace(task), _place(task)
    path = _capacity.location_path(task.subscription_id, location, "quotas")
    before = _capacity.quotas(task.client.list(path, _version(task), malformed=task.malformed.append), target.id)
    plan = _capacity.plan_quotas(declared, before)
    result: Result = {"changed": plan.changed, "plan": plan.to_dict(), "location": location}
    header = f"quotas of workspace {target.name}"
    result["diff"] = {**plan.diff(), "before_header": header, "after_header": header}
    try:
        if refused := _capacity.foreseen(plan, before):
            raise _capacity.quota_error(refused, target.name, "Nothing was sent.")
        if plan.changed and not task.check_mode:
            before = _apply(task, plan, target, location)
    except AmlError as error:
        error.plan = plan
        raise
    return {**result, "quotas": _shown(before, plan)}


def _apply(task: Task, plan: t.Any, target: Target, location: str) -> _capacity.Quotas:
    """One POST for all that differs, then the proof that it holds."""
    path = _capacity.location_path(task.subscription_id, location, "updateQuotas")
    try:
        reply = task.client.post(path, _version(task), _capacity.quota_body(plan, target.id, location))
    except AmlError as error:
        error.changed = error.may_be_taken
        raise
    try:
        with all_foreseen():
            refused = _capacity.refused_quotas(_shape.check(reply.body or {}, _capacity.UPDATED, path))
    except AmlError as error:
        error.changed = True
        raise
    if refused:
        others = len(plan.changes) - len(refused)
        error = _capacity.quota_error(refused, target.name, "The other families were set." if others else "Nothing was set.")
        error.changed = others > 0
        raise error
    try:
        with all_foreseen():
            # An item that cannot be read is a failure where it is one of those that were set: its limit is then not the one that was declared.
            path = _capacity.location_path(task.subscription_id, location, "quotas")
            task.malformed.clear()
            after = _capacity.quotas(task.client.list(path, _version(task), malformed=task.malformed.append), target.id)
    except AmlError as error:
        error.changed = True
        raise
    left = [
        f"{change.field} is {_capacity.limit_of(after.workspace.get(change.field.partition('.')[2].casefold()))} instead of {change.after}"
        for change in plan.changes
        if _capacity.limit_of(after.workspace.get(change.field.partition(".")[2].casefold())) != change.after
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


def _shown(found: _capacity.Quotas, plan: t.Any) -> list[_capacity.Item]:
    """All families with their limits; in check mode with those that the plan would set."""
    planned = {change.field.partition(".")[2].casefold(): change.after for change in plan.changes}
    return [{**item, "limit": planned.get(item["family"].casefold(), item["limit"])} for item in _capacity.shown_quotas(found)]
