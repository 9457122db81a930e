# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_fleet``: the document from the options, a pre-flight over all of it, then the fleet."""

from __future__ import annotations

import json
import os
import typing as t
from dataclasses import dataclass, replace

from .._core.arm_id import Target, workspace_target
from .._core.errors import AmlError
from .._core.findings import Finding, Findings, refuse
from .._core.interrupt import Interruption
from .._fleet import approval, custom_roles
from .._fleet.document import check_place, place_of, read_document
from .._fleet.entry import Entry
from .._fleet.executor import Executor, Limits
from .._fleet.gate import Gate
from .._fleet.limit import Limit, check_matches
from .._fleet.limit import read as read_limit
from .._fleet.observer import Key, Observed, Observer
from .._fleet.overview import diffs
from .._fleet.planner import Planner, in_order
from .._fleet.prune import PRUNE, Pruning
from .._fleet.result import Fleet
from .._fleet.share import limited, outside, split
from .._fleet.written import PLAN, TABLE, OutputFile
from .._kinds.registry import COLLECTIONS, COMPUTES, INFO_KINDS, OTHERS
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
            **{name: {"type": "list", "elements": "dict"} for name in OTHERS},
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
    "table_file": {"type": "path"},
    "approved_plan": {"type": "raw"},
    "full_result": {"type": "bool", "default": False},
    "report": {"type": "bool", "default": False},
    "report_folder": {"type": "path"},
    **specs.SHOW_VARIABLES_SPEC,
    **specs.CREATED_EARLIER_SPEC,
    **specs.WAIT_SPEC,
    **specs.STATE_SPEC,
}


def _place_findings(task: Task) -> Findings:
    params = task.params
    if params["workspaces"] is None and not params.get("folder"):
        # Not left to AnsibleModule's required_one_of: to that, a null is as good as a value.
        yield Finding(
            "WorkspacesMissing",
            "workspaces",
            "Set workspaces, or folder (for the roles and playbooks: aml_fleet_workspaces, or aml_fleet_folder).",
            "this collection",
        )


def _null_findings(task: Task) -> Findings:
    """A variable without a value must not mean all targets, or that no approval is needed."""
    for option, code, meaning in (
        ("limit", "EmptySelection", "all targets"),
        ("approved_plan", "PlanNotReadable", "a run without approval"),
    ):
        if task.is_null(option):
            yield Finding(code, option, f"{option} is null. Omit it for {meaning}, or set it.", "this collection")
    if task.params["prune"] in ("detach", "delete"):
        for number, workspace in enumerate(task.raw.get("workspaces") or []):
            yield from _null_computes(workspace, f"workspaces[{number}].{COMPUTES.name}")


def _null_computes(workspace: t.Any, place: str) -> Findings:
    """Nor that a workspace is to have no compute targets, so that all that the fleet created in it would be pruned."""
    if isinstance(workspace, dict) and workspace.get(COMPUTES.name, ()) is None:
        message = (
            f"{place} is null, and prune would remove all compute targets of the workspace that the fleet created. "
            "Declare the compute targets, or an empty list if the workspace is to have none."
        )
        yield Finding("NullNotAllowed", place, message, "this collection")


def _findings(task: Task) -> Findings:
    params = task.params
    yield from _place_findings(task)
    yield from _null_findings(task)
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


def _not_writable(task: Task, outputs: dict[str, OutputFile]) -> Findings:
    """Files that cannot be written. Of two files at one path, the later one would take the place of the other."""
    given = [task.params[option] for option in ("table_file", "plan_file") if task.params[option]]
    paths = [os.path.realpath(path) for path in given]
    if len(set(paths)) < len(paths):
        message = "table_file and plan_file are the same file. Give each another path."
        yield Finding("InvalidOption", "table_file", message, "this collection")
        return
    for output in outputs.values():
        yield from output.prepare()


def _outputs(task: Task) -> dict[str, OutputFile]:
    """The files that the task writes, by their options. A plan is what check mode makes."""
    beginnings = {"table_file": TABLE, **({"plan_file": PLAN} if task.check_mode else {})}
    return {
        option: OutputFile(option, os.path.abspath(task.params[option]), beginning)
        for option, beginning in beginnings.items()
        if task.params[option]
    }


@dataclass(frozen=True)
class _Parts:
    """The targets of the document: those of this run, those of other runs, and those that the limit excludes."""

    fleet: Fleet
    rest: Fleet
    beyond: Fleet


def manage_fleet(task: Task) -> Result:
    """The job of ``aml_fleet``."""
    params = task.params
    outputs = _outputs(task)
    approved = _check_options(task, outputs)
    limit = read_limit(params["limit"])
    scope = _scope(task)
    document = _document(task)
    entries = read_document(document, params.get("defaults") or {}, scope, task.hide, validation.validate)
    planned = _created_earlier(document, scope) if task.check_mode else {}
    gate = _gate(task, planned)
    pruning = Pruning(params["name"], params["prune"])
    planner = _planner(task, planned, pruning, limit)
    pruned = _pruned(document, scope, params["prune"])
    with Interruption() as interruption:
        task.sleep = interruption.pause
        parts = _divide(task, entries, _workspaces(document, scope), limit)
        observer = Observer(task.client, params["parallelism"], planned, pruned)
        planned_parts = [parts.fleet, *gate.also_read(parts.rest, parts.beyond)]
        observed = _observe_and_plan(task, planned_parts, planner, observer)
        # Now undeclared targets are known too; those of the other shares are not.
        known = [*parts.fleet.every, *parts.rest.entries]
        refuse(check_matches(params["limit"], known, prunes=bool(params["share"])))
        _check_plan(task, gate, parts, approved, interruption)
        _carry_out(task, Executor(task.client, _limits(params), pruning, interruption), parts.fleet)
    return _ended(parts.fleet, task, outputs, observed)


def _check_options(task: Task, outputs: dict[str, OutputFile]) -> approval.Json | None:
    """Raise RuleError for all that is wrong with the options; return the approved plan, if there is one."""
    # Whatever else is wrong: what an earlier run has written is not this run's.
    not_writable = list(_not_writable(task, outputs))
    approved, not_readable = approval.read(task.params["approved_plan"])
    refuse([*_findings(task), *not_readable, *not_writable])
    return approved


def _gate(task: Task, planned: dict[str, str | None]) -> Gate:
    params = task.params
    return Gate(
        params["preflight"],
        params["estimate_cost"],
        params["max_monthly_cost"],
        params["preflight_fail_on"],
        planned,
        task.check_mode,
    )


def _planner(task: Task, planned: dict[str, str | None], pruning: Pruning, limit: Limit) -> Planner:
    behaviour = task.behaviour()
    behaviour = replace(behaviour, created_earlier=behaviour.created_earlier | frozenset(planned))
    return Planner(behaviour, pruning, limit)


def _divide(task: Task, entries: list[Entry], workspaces: list[str], limit: Limit) -> _Parts:
    """The parts of the document by the share and the limit of the task. RuleError for a limit that matches nothing."""
    params = task.params
    fleet, rest = split(params["share"], entries, workspaces)
    beyond = outside(limit, fleet, rest)
    if params["limit"]:
        prunes = params["prune"] != "none"
        fleet, rest = (limited(part, limit, prunes=prunes) for part in (fleet, rest))
        refuse(check_matches(params["limit"], [*fleet.entries, *rest.entries], prunes=prunes))
        task.warnings += limit.without_match(entries, prunes=prunes)
    return _Parts(fleet, rest, beyond)


def _check_plan(
    task: Task, gate: Gate, parts: _Parts, approved: approval.Json | None, interruption: Interruption
) -> None:
    """Raise AmlError, with the plan as its result, for what must not be carried out."""
    try:
        gate.check(task.client, parts.fleet, parts.rest, parts.beyond, task.warnings)
        if approved is not None:
            approval.check(approved, parts.fleet.every, task.params["name"], task.masked)
        interruption.check()
    except AmlError as error:
        error.result = parts.fleet.to_dict() if task.params["full_result"] else parts.fleet.short(fails=True)
        raise


def _carry_out(task: Task, executor: Executor, fleet: Fleet) -> None:
    if task.check_mode:
        executor.rehearse(fleet.every)
        return
    batches = in_order(fleet)
    task.events.all(len({entry.target.id for batch in batches for entry in batch}))
    executor.carry_out(batches, failed=any(entry.failed for entry in fleet.every))


def _observe_and_plan(task: Task, parts: list[Fleet], planner: Planner, observer: Observer) -> Observed:
    """Read each workspace once, whichever parts have targets in it."""
    workspaces = {workspace.casefold(): workspace for part in parts for workspace in part.workspaces}
    entries = [entry for part in parts for entry in part.entries]
    custom_roles.identify(task.client, entries, task.params["parallelism"], task.malformed.append)
    observed = observer.observe(list(workspaces.values()), entries)
    for part in parts:
        planner.plan(part, observed)
    return observed


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

        workspaces += read_folder(task.params["folder"], task.hide)
    return workspaces


def _created_earlier(document: t.Sequence[dict[str, t.Any]], scope: Target) -> dict[str, str | None]:
    """The workspaces that in check mode may be missing: ids in lower case, with their regions where they are declared."""
    return {
        place_of(workspace, scope).id.casefold(): workspace.get("location")
        for workspace in document
        if workspace.get("created_earlier")
    }


def _pruned(document: t.Sequence[dict[str, t.Any]], scope: Target, prune: str) -> set[Key]:
    """The lists in which targets to prune are searched: compute targets everywhere, others where the document has such a list, which may be empty."""
    return {
        (place_of(workspace, scope).id.casefold(), name)
        for workspace in document
        for name in COLLECTIONS
        if prune != "none" and (name == COMPUTES.name or workspace.get(name) is not None)
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
        if entry.state == "absent":
            continue
        kind = INFO_KINDS[entry.type] if entry.is_compute else entry.kind
        notices = kind.retirement_notices(entry.desired, entry.existing)
        entry.retirements = [notice.to_dict() for notice in notices]
        for notice in notices:
            retired.setdefault(notice.text, []).append(entry.location)
            entry.warnings = list(dict.fromkeys([*entry.warnings, notice.text]))
    return retired


def _warnings(fleet: Fleet, retired: t.Mapping[str, list[str]]) -> list[str]:
    own = [f"{entry.location}: {text}" for entry in fleet.every for text in entry.warnings if text not in retired]
    return [*own, *(f"{text} {len(places)} target(s): {_some(places)}." for text, places in retired.items())]


def _some(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _written(
    fleet: Fleet, task: Task, outputs: t.Mapping[str, OutputFile], observed: Observed, *, failed: bool
) -> t.Iterator[Result]:
    """What the result says about each file: the absolute paths, and the plan's digest. A plan of which a part failed is none."""
    if "table_file" in outputs:
        table = task.masked(fleet.table(check_mode=task.check_mode, whole=True))
        yield {"table_file": outputs["table_file"].write("\n".join([*table, ""]))}
    if "plan_file" in outputs and not failed:
        plan = approval.document(fleet.every, task.params["name"], fleet.cost, task.masked)
        path = outputs["plan_file"].write(json.dumps(plan, indent=2, ensure_ascii=False) + "\n")
        yield {"plan_file": path, "plan_digest": plan["digest"]}
    if task.check_mode and (task.params["report"] or task.params["report_folder"]):
        # Few runs make one: the others need not read the code for it.
        from .fleet_report import report

        yield report(task, fleet, observed.listings)


def _ended(fleet: Fleet, task: Task, outputs: t.Mapping[str, OutputFile], observed: Observed) -> Result:
    retired = _retired(fleet)
    failure: AmlError | None = fleet.failure()
    result = fleet.to_dict() if task.params["full_result"] else fleet.short(fails=failure is not None)
    result["table"] = fleet.table(check_mode=task.check_mode)
    try:
        for about_file in _written(fleet, task, outputs, observed, failed=failure is not None):
            result.update(about_file)
    except AmlError as error:
        # What was done is in the result in any case.
        if failure is not None:
            task.warnings.append(error.message)
        failure = failure or error
    if task.diff_mode:
        result["diff"] = diffs(fleet.every, result["table"])
    warnings = _warnings(fleet, retired)
    if failure is not None:
        failure.warnings = warnings
        failure.changed = bool(result["changed"]) and not task.check_mode
        failure.result = result
        raise failure
    return {**result, "warnings": warnings}
