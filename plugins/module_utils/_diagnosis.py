# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``aml_workspace_diagnose_info`` and ``aml_workspace_resync_keys`` do: two actions of a workspace.

Sources: ARM types of 2025-12-01 (DiagnoseResponseResultValue, DiagnoseResult, resyncKeys); docs/facts.md d.2 for the headers of a workspace's
operations. diagnose tells its findings at the Location; resyncKeys tells nothing.
"""
from __future__ import annotations

import typing as t

from . import _argspec, _shape
from ._errors import AmlError, all_foreseen
from ._kinds._base import Target, workspace_target
from ._kinds.workspace import Workspace
from ._module import Result, Task
from ._reconcile import ParentMissing

ERROR, WARNING, INFORMATION = "error", "warning", "information"

# The service's lists, and what they are called here.
CATEGORIES = {
    "userDefinedRouteResults": "user_defined_routes",
    "networkSecurityRuleResults": "network_security_rules",
    "resourceLockResults": "resource_locks",
    "dnsResolutionResults": "dns_resolution",
    "storageAccountResults": "storage_account",
    "keyVaultResults": "key_vault",
    "containerRegistryResults": "container_registry",
    "applicationInsightsResults": "application_insights",
    "otherResults": "other",
}
_FATAL = {"never": (), "error": (ERROR,), "warning": (ERROR, WARNING)}

ACTION_SPEC: _argspec.Spec = {
    **_argspec.SCOPE_SPEC,
    "wait_timeout": {"type": "int", "default": 600},
    "wait_interval": {"type": "float"},
    **_argspec.API_VERSION_SPEC,
}


class DiagnosisFailed(AmlError):
    """The diagnosis found what ``fail_on`` does not let pass."""

    default_code = "DiagnosisFailed"


def diagnose(task: Task) -> Result:
    """The job of ``aml_workspace_diagnose_info``."""
    target = _target(task)
    # An empty value asks for all categories.
    answer = _act(task, target, "diagnose", {"value": {}}, "its diagnosis", changes=False)
    findings = read_findings(answer)
    counts = {level: sum(one["level"] == level for one in findings) for level in (ERROR, WARNING, INFORMATION)}
    fatal = [one for one in findings if one["level"] in _FATAL[task.params["fail_on"]]]
    if fatal:
        told = "; ".join(f"{one['category']} {one['code']}: {one['message']}" for one in fatal)
        raise DiagnosisFailed(
            f"The diagnosis of workspace {target.name!r} found {len(fatal)} problem(s): {told}",
            details=findings,
            target=target.id,
            hint="Fix these problems, or set fail_on=never to only report them.",
        )
    by_category: dict[str, list[Result]] = {name: [] for name in CATEGORIES.values()}
    for one in findings:
        by_category.setdefault(one["category"], []).append(one)
    return {"changed": False, "passed": not counts[ERROR], "findings": findings, "by_category": by_category, "counts": counts}


# The findings by category.
_FINDING = _shape.mapping({"level": _shape.TEXT, "code": _shape.TEXT, "message": _shape.TEXT})
_FINDINGS = _shape.mapping({"value": _shape.mapping(values=_shape.list_of(_FINDING))})


def read_findings(answer: dict[str, t.Any] | None) -> list[Result]:
    """The findings of all categories, the gravest first; a category that is not known here keeps the service's name."""
    value = _shape.check(answer or {}, _FINDINGS, "the diagnosis").get("value") or {}
    order = (ERROR, WARNING, INFORMATION)
    found = [
        {
            "category": CATEGORIES.get(name, name),
            "level": str(row.get("level") or INFORMATION).casefold(),
            "code": row.get("code"),
            "message": row.get("message"),
        }
        for name, rows in value.items()
        for row in rows or []
    ]
    return sorted(found, key=lambda one: order.index(one["level"]) if one["level"] in order else len(order))


def resync_keys(task: Task) -> Result:
    """The job of ``aml_workspace_resync_keys``: there is no state to compare, so that it is due at every run."""
    target = _target(task)
    if task.check_mode:
        if task.client.find(target.id, _version(task)) is None:
            raise _missing(target)
        return {"changed": True}
    _act(task, target, "resyncKeys", None, "its keys to be read again", changes=True)
    return {"changed": True}


def _act(task: Task, target: Target, action: str, body: Result | None, what: str, *, changes: bool) -> dict[str, t.Any] | None:
    """Do it and wait for it; what it returns. ``changes``: whether it is a change, which a failure then has to tell of."""
    client = task.client
    sent = False
    try:
        with all_foreseen():
            reply = client.post(f"{target.id}/{action}", _version(task), body, wait_conflict=task.params["wait_timeout"])
            sent = True
            if reply.operation is None:
                found: dict[str, t.Any] | None = reply.body
                return found
            task.events.about(target.id, action)
            timing = {"timeout": task.params["wait_timeout"], "interval": task.params["wait_interval"]}
            client.wait(reply.operation, what=f"The workspace {target.name!r}: {what}", **timing)
            told: dict[str, t.Any] | None = client.result_of(reply.operation) if body is not None else None
            return told
    except AmlError as error:
        if error.status == 404 and not sent:
            raise _missing(target) from error
        error.changed = changes and (sent or error.may_be_taken)
        raise


def _target(task: Task) -> Target:
    return workspace_target(task.subscription_id, task.params["resource_group"], task.params["workspace"])


def _version(task: Task) -> str:
    return str(task.params.get("api_version") or Workspace.api_version)


def _missing(target: Target) -> ParentMissing:
    return ParentMissing(f"The workspace {target.name!r} does not exist.", target=target.id, hint="Create it first, or correct workspace and resource_group.")
