# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_fleet``: the document from the options, a pre-flight over all of it, then the fleet."""

from __future__ import annotations

import json
import os
import typing as t

from .._core import files
from .._core.arm_id import Target, workspace_target
from .._core.errors import AmlError
from .._core.findings import Finding, Findings, refuse
from .._core.interrupt import Interruption
from .._fleet import approval
from .._fleet.document import check_place, place_of, read_document
from .._fleet.executor import Executor, Limits
from .._fleet.gate import Gate
from .._fleet.limit import check_matches
from .._fleet.limit import read as read_limit
from .._fleet.observer import Observer
from .._fleet.overview import diffs
from .._fleet.planner import Planner, in_order
from .._fleet.prune import PRUNE, Pruning
from .._fleet.result import Fleet
from .._fleet.share import limited, split
from .._kinds.registry import INFO_KINDS
from .._module import validation
from .._module.result import Result
from .._module.task import Task
from .._options import specs

FLEET_SPEC: specs.Spec = {
    "name": {"type": "str"},
    "workspaces": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "resource_group": {"type": "str"},
            "subscription_id": {"type": "str"},
            "defaults": {"type": "dict"},
            "computes": {"type": "list", "elements": "dict"},
            "created_earlier": {"type": "bool", "default": False},
            "location": {"type": "str"},
        },
    },
    "folder": {"type": "path"},
    "limit": {"type": "list", "elements": "str"},
    "share": {"type": "list", "elements": "str"},
    "defaults": {"type": "dict"},
    "resource_group": {"type": "str"},
    "workspace": {"type": "str", "aliases": specs.WORKSPACE_ALIASES},
    "parallelism": {"type": "int", "default": 16},
    "parallelism_per_workspace": {"type": "int", "default": 8},
    "attempts": {"type": "int", "default": 1},
    "on_error": {"type": "str", "default": "continue", "choices": ["continue", "stop"]},
    "prune": {"type": "str", "default": "none", "choices": list(PRUNE)},
    "append_tags": {"type": "bool", "default": True},
    "preflight": {"type": "bool", "default": True},
    "preflight_fail_on": {"type": "str", "default": "error", "choices": ["error", "warning", "never"]},
    "estimate_cost": {"type": "bool", "default": False},
    "max_monthly_cost": {"type": "float"},
    "plan_file": {"type": "path"},
    "approved_plan": {"type": "dict"},
    "full_result": {"type": "bool", "default": False},
    **specs.SHOW_VARIABLES_SPEC,
    **specs.WAIT_SPEC,
    **specs.STATE_SPEC,
}


def _place_findings(task: Task) -> Findings:
    params = task.params
    if params["workspaces"] is None and not params.get("folder"):
        # Not left to AnsibleModule's required_one_of: to that, a null is as good as a value.
        yield Finding("WorkspacesMissing", "workspaces", "Give workspaces, or folder.", "this collection")


def _findings(task: Task) -> Findings:
    params = task.params
    yield from _place_findings(task)
    if len(params.get("name") or "") > 256:
        yield Finding(
            "InvalidFleetName",
            "name",
            "name is stored in a tag, whose value can have at most 256 characters.",
            "ARM, tag-resources#limitations",
        )
    if params["prune"] != "none" and not params.get("name"):
        message = f"prune: {params['prune']} needs name: only what the fleet of that name has made is ever pruned."
        yield Finding("FleetNameMissing", "name", message, "this collection")
    if params["approved_plan"] is not None:
        yield from approval.check_readable(params["approved_plan"])
    if task.check_mode and params["plan_file"]:
        yield from _plan_file_findings(os.path.abspath(params["plan_file"]))


def _plan_file_findings(path: str) -> Findings:
    """What can be known before the plan is made, which takes long for many workspaces."""
    folder, problem = os.path.dirname(path), ""
    if os.path.isdir(path):
        problem = "it is a directory"
    elif not os.path.isdir(folder):
        problem = f"there is no directory {folder}"
    elif not os.access(folder, os.W_OK | os.X_OK):
        problem = f"no permission to write to the directory {folder}"
    if problem:
        message = f"plan_file: the plan cannot be written to {path}: {problem}."
        yield Finding("FileNotWritable", "plan_file", message, "this collection")


def manage_fleet(task: Task) -> Result:
    """The job of ``aml_fleet``."""
    params = task.params
    refuse(_findings(task))
    limit, prunes = read_limit(params["limit"]), params["prune"] != "none"
    scope = _scope(task)
    document = _document(task)
    entries = read_document(
        document, params.get("defaults") or {}, scope, INFO_KINDS, task.module.hide, validation.validate
    )
    planned = _created_earlier(document, scope) if task.check_mode else {}
    gate = Gate(
        params["preflight"],
        params["estimate_cost"],
        params["max_monthly_cost"],
        params["preflight_fail_on"],
        planned,
    )
    with Interruption() as interruption:
        task.sleep = interruption.pause
        fleet, rest = split(params["share"], entries, _workspaces(document, scope))
        if params["limit"]:
            # Only what the run itself creates counts for quotas and cost.
            fleet, rest = (limited(part, limit, prunes=prunes) for part in (fleet, rest))
            refuse(check_matches(params["limit"], [*fleet.entries, *rest.entries], prunes=prunes))
        pruning = Pruning(params["name"], params["prune"])
        planner = Planner(task.behaviour(), pruning, INFO_KINDS, limit)
        observer = Observer(task.client, params["parallelism"], planned)
        planner.plan(fleet, observer.observe(fleet.workspaces, fleet.entries))
        try:
            if gate.counts_rest:
                planner.plan(rest, observer.observe(rest.workspaces, rest.entries))
            gate.check(task.client, fleet, rest, task.warnings)
            if params["approved_plan"] is not None:
                approval.check(params["approved_plan"], fleet.every, params["name"], task.masked)
            interruption.check()
        except AmlError as error:
            error.result = fleet.to_dict() if params["full_result"] else fleet.short(fails=True)
            raise
        if not task.check_mode:
            batches = in_order(fleet)
            task.events.all(sum(map(len, batches)))
            Executor(task.client, _limits(params), pruning, interruption).carry_out(batches)
    return _ended(fleet, task)


def _limits(params: dict[str, t.Any]) -> Limits:
    return Limits(params["parallelism"], params["parallelism_per_workspace"], params["attempts"], params["on_error"])


def read_places(task: Task) -> list[str]:
    """Ids of all workspaces of the document."""
    refuse(_place_findings(task))
    return _workspaces(_document(task), _scope(task))


def _scope(task: Task) -> Target:
    """Where a workspace is that does not say."""
    return workspace_target(task.subscription_id, task.params.get("resource_group") or "", "")


def _document(task: Task) -> list[dict[str, t.Any]]:
    """The workspaces of the options, and those of the folder behind them."""
    workspaces = list(task.params["workspaces"] or [])
    if task.params.get("folder"):
        # Few fleets have one: the others need not pay for azure-ai-ml.
        from .._fleet.folder import read_folder

        workspaces += read_folder(task.params["folder"], task.module.hide)
    return workspaces


def _created_earlier(document: t.Sequence[dict[str, t.Any]], scope: Target) -> dict[str, str | None]:
    """The workspaces that in check mode may be missing: ids in lower case, with their regions where they are declared."""
    return {
        place_of(workspace, scope).id.casefold(): workspace.get("location")
        for workspace in document
        if workspace.get("created_earlier")
    }


def _workspaces(document: t.Sequence[dict[str, t.Any]], scope: Target) -> list[str]:
    """Every workspace of the document once, also one that declares nothing. RuleError for names that are none."""
    refuse(finding for workspace in document for finding in check_place(workspace, scope))
    places = [place_of(workspace, scope) for workspace in document]
    return list({place.id.casefold(): place.id for place in places}.values())


def _retired(fleet: Fleet) -> dict[str, list[str]]:
    """What is retired, and where it is used: added to the targets' warnings, of which a task shows each once."""
    retired: dict[str, list[str]] = {}
    for entry in fleet.entries:
        for text in entry.kind.notices(entry.desired, entry.existing) if entry.state != "absent" else ():
            retired.setdefault(text, []).append(entry.location)
            entry.warnings = list(dict.fromkeys([*entry.warnings, text]))
    return retired


def _some(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _written_plan(fleet: Fleet, task: Task) -> Result:
    """The plan's digest, and where it was written."""
    plan = approval.document(fleet.every, task.params["name"], fleet.table(check_mode=True, lines=None), task.masked)
    path = os.path.abspath(task.params["plan_file"])
    try:
        files.write_private(path, json.dumps(plan, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise AmlError(
            f"The plan cannot be written to {path}: {error.strerror}.",
            code="FileNotWritable",
            hint="Nothing was changed. Correct plan_file, or create its directory.",
        ) from error
    return {"plan_digest": plan["digest"], "plan_file": path}


def _ended(fleet: Fleet, task: Task) -> Result:
    retired = _retired(fleet)
    failure = fleet.failure()
    result = fleet.to_dict() if task.params["full_result"] else fleet.short(fails=failure is not None)
    result["table"] = fleet.table(check_mode=task.check_mode)
    if task.check_mode and task.params["plan_file"] and failure is None:
        result.update(_written_plan(fleet, task))
    if task.diff_mode:
        result["diff"] = diffs(fleet.every, result["table"])
    warnings = [f"{entry.location}: {text}" for entry in fleet.every for text in entry.warnings if text not in retired]
    warnings += [f"{text} {len(places)} compute target(s): {_some(places)}." for text, places in retired.items()]
    if failure is not None:
        failure.warnings = warnings
        failure.changed = bool(result["changed"]) and not task.check_mode
        failure.result = result
        raise failure
    return {**result, "warnings": warnings}
