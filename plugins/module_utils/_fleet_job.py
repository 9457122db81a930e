# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``aml_fleet`` does: the document from the options, a pre-flight over all of it, then the fleet."""
from __future__ import annotations

import typing as t

from . import _argspec, _cost, _preflight_job, _rules
from ._computes import INFO_KINDS
from ._errors import AmlError
from ._fleet import PRUNE, Entry, Fleet, Limits, read_document
from ._kinds import _compute
from ._kinds._base import Target, workspace_target
from ._module import Result, Task
from ._plan import CREATE, REPLACE
from ._preflight import Wish
from ._preflight_facts import Gatherer
from ._progress import Event, Events

FLEET_SPEC: _argspec.Spec = {
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
        },
    },
    "folder": {"type": "path"},
    "defaults": {"type": "dict"},
    "resource_group": {"type": "str"},
    "workspace": {"type": "str", "aliases": _argspec.WORKSPACE_ALIASES},
    "parallelism": {"type": "int", "default": 16},
    "parallelism_per_workspace": {"type": "int", "default": 8},
    "on_error": {"type": "str", "default": "continue", "choices": ["continue", "stop"]},
    "prune": {"type": "str", "default": "none", "choices": list(PRUNE)},
    "append_tags": {"type": "bool", "default": True},
    "preflight": {"type": "bool", "default": True},
    "estimate_cost": {"type": "bool", "default": False},
    "max_monthly_cost": {"type": "float"},
    **_argspec.WAIT_SPEC,
    **_argspec.STATE_SPEC,
}


def _findings(task: Task) -> _rules.Findings:
    params = task.params
    yield from _rules.subscription_id(task.subscription_id)
    if params.get("resource_group"):
        yield from _rules.resource_group(params["resource_group"])
    for option in ("parallelism", "parallelism_per_workspace"):
        yield from _rules.at_least(params[option], 1, option, "this collection")
    if params["workspaces"] is None and not params.get("folder"):
        # Not left to AnsibleModule's required_one_of: to that, a null is as good as a value.
        yield _rules.Finding("WorkspacesMissing", "workspaces", "Give workspaces, or folder.", "this collection")
    if (params["max_monthly_cost"] or 0) < 0:
        yield _rules.Finding("OutOfRange", "max_monthly_cost", "max_monthly_cost must not be below 0.", "this collection")
    if params["prune"] != "none" and not params.get("name"):
        message = f"prune: {params['prune']} needs name: only what the fleet of that name has made is ever pruned."
        yield _rules.Finding("FleetNameMissing", "name", message, "this collection")


def keep_fleet(task: Task) -> Result:
    """The job of ``aml_fleet``."""
    params = task.params
    _rules.refuse(_findings(task))
    scope = workspace_target(task.subscription_id, params.get("resource_group") or "", "")
    document = _document(task)
    entries = read_document(document, params.get("defaults") or {}, scope, INFO_KINDS)
    _rules.refuse(finding for entry in entries for finding in _rules.resource_group(entry.target.resource_group))
    limits = Limits(params["parallelism"], params["parallelism_per_workspace"], params["on_error"], params["prune"], params.get("name"))
    fleet = Fleet(task.client, entries, task.behaviour(), limits, INFO_KINDS, workspaces=_workspaces(document, scope))
    fleet.look()
    if params["estimate_cost"] or params["max_monthly_cost"] is not None:
        _estimate(task, fleet)
    if params["preflight"]:
        _look_ahead(task, fleet)
    if not task.check_mode:
        events = Events()
        fleet.carry_out(lambda event: events.tell(_hidden(task, event)))
        events.close()
    return _ended(fleet, task)


def _document(task: Task) -> list[dict[str, t.Any]]:
    """The workspaces of the options, and those of the folder behind them."""
    found = list(task.params["workspaces"] or [])
    if task.params.get("folder"):
        # Few fleets have one: the others need not pay for azure-ai-ml.
        from ._folder import read_folder

        found += read_folder(task.params["folder"], task.module.hide)
    return found


def _workspaces(document: t.Sequence[dict[str, t.Any]], scope: Target) -> list[str]:
    """Every workspace of the document, also one that declares nothing (any more)."""
    return [
        workspace_target(str(one.get("subscription_id") or scope.subscription_id), str(one.get("resource_group") or scope.resource_group), str(one["name"])).id
        for one in document
    ]


def _hidden(task: Task, event: Event) -> Event:
    """An event goes past what ansible-core does for results."""
    return {**event, "failure": task.module.hidden(event["failure"])} if event.get("failure") else event


def _look_ahead(task: Task, fleet: Fleet) -> None:
    """Quotas and all else, over everything that is about to be made, before the first write."""
    wishes = [_wish(entry) for entry in fleet.entries if entry.plan.action in (CREATE, REPLACE) and entry.error is None]
    for subscription in {wish.target.subscription_id for wish in wishes}:
        own = [wish for wish in wishes if wish.target.subscription_id == subscription]
        gatherer = Gatherer(task.client, subscription, _compute.ComputeKind.api_version)
        gatherer.workspaces(own, computes=True)
        findings = _preflight_job.check(own, gatherer.gather(own))
        task.warnings += [f"{one.code}: {one.message} {one.hint}" for one in findings if one.severity != "error"]
        _preflight_job.refuse(findings, f"{len(own)} compute target(s) of the fleet")


def _estimate(task: Task, fleet: Fleet) -> None:
    """What is there when the task is done, in money, and the gate before the first write."""
    wishes = {entry.target.id: (entry, _wish(entry)) for entry in fleet.entries if entry.state != "absent"}
    paid = [wish for _entry, wish in wishes.values() if _cost.pays(wish)]
    prices = _cost.Prices(task.client, _compute.ComputeKind.api_version)
    prices.read(paid)
    costs: dict[str, _cost.Cost | None] = {}
    for entry in fleet.entries:
        entry.estimated = True
    for entry, wish in wishes.values():
        if _cost.pays(wish):
            entry.cost = costs[entry.target.id] = _cost.estimate(wish, entry.state, prices.of(wish))
    fleet.cost = _cost.total(costs)
    task.warnings += dict.fromkeys(prices.problems)
    try:
        _cost.refuse(fleet.cost, task.params["max_monthly_cost"])
    except _cost.TooExpensive as error:
        error.result = fleet.result()
        raise


def _wish(entry: Entry) -> Wish:
    if entry.declaration is None:
        raise AmlError(f"{entry.target.name} is not declared.", code="InternalError")
    return _preflight_job.wish_of(entry.declaration, entry.existing)


def _ended(fleet: Fleet, task: Task) -> Result:
    result = fleet.result()
    failure = fleet.failure()
    if failure is not None:
        failure.changed = bool(result["changed"]) and not task.check_mode
        failure.result = result
        raise failure
    warnings = [f"{entry.target.name}: {text}" for entry in fleet.entries for text in entry.warnings]
    return {**result, "warnings": warnings}


