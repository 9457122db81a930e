# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_fleet``: the document from the options, a pre-flight over all of it, then the fleet."""

from __future__ import annotations

import typing as t

from .._core.arm_id import ArmId, Target, workspace_target
from .._core.errors import AmlError
from .._core.findings import Finding, Findings, refuse
from .._core.interrupt import Interruption
from .._engine.plan import CREATE, REPLACE
from .._fleet import cost as _cost
from .._fleet import prices as _prices
from .._fleet.document import check_place, place_of, read_document
from .._fleet.entry import Entry
from .._fleet.executor import Executor, Limits
from .._fleet.observer import Observer
from .._fleet.planner import Planner, in_order
from .._fleet.prune import PRUNE, Pruning
from .._fleet.result import Fleet
from .._kinds import compute
from .._kinds.registry import INFO_KINDS
from .._module import validation
from .._module.result import Result
from .._module.task import Task
from .._options import specs
from .._preflight import run
from .._preflight.facts import Wish
from .._preflight.gather import Gatherer

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
        },
    },
    "folder": {"type": "path"},
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
    "estimate_cost": {"type": "bool", "default": False},
    "max_monthly_cost": {"type": "float"},
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
            "name is kept in a tag, whose value has 256 characters at the most.",
            "ARM, tag-resources#limitations",
        )
    if params["prune"] != "none" and not params.get("name"):
        message = f"prune: {params['prune']} needs name: only what the fleet of that name has made is ever pruned."
        yield Finding("FleetNameMissing", "name", message, "this collection")


def keep_fleet(task: Task) -> Result:
    """The job of ``aml_fleet``."""
    params = task.params
    refuse(_findings(task))
    scope = _scope(task)
    document = _document(task)
    entries = read_document(
        document, params.get("defaults") or {}, scope, INFO_KINDS, task.module.hide, validation.validate
    )
    with Interruption() as interruption:
        task.sleep = interruption.pause
        fleet, rest = _split(params["share"], entries, _workspaces(document, scope))
        pruning = Pruning(params["name"], params["prune"])
        planner = Planner(task.behaviour(), pruning, INFO_KINDS)
        observer = Observer(task.client, params["parallelism"])
        planner.plan(fleet, observer.observe(fleet.workspaces, fleet.entries))
        try:
            if params["preflight"] or params["max_monthly_cost"] is not None:
                planner.plan(rest, observer.observe(rest.workspaces, rest.entries))
            _gate(task, fleet, rest)
            interruption.check()
        except AmlError as error:
            error.result = fleet.to_dict()
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


def _gate(task: Task, fleet: Fleet, rest: Fleet) -> None:
    """What holds for the whole document, before the first write."""
    params = task.params
    if params["estimate_cost"] or params["max_monthly_cost"] is not None:
        _estimate(task, fleet, rest)
    if params["preflight"]:
        _run_preflight(task, fleet, rest)


def _split(share: list[str] | None, entries: list[Entry], workspaces: list[str]) -> tuple[Fleet, Fleet]:
    """What this run works on, and the rest of the document, which only counts for quotas and cost. RuleError for a share that the document has not."""
    wanted = None if share is None else {one.casefold() for one in share}
    refuse(_unknown(wanted or set(), workspaces))
    mine = {one.casefold() for one in workspaces if wanted is None or wanted & _names(one)}

    def part(inside: bool) -> Fleet:
        return Fleet(
            [entry for entry in entries if (entry.workspace.casefold() in mine) is inside],
            [one for one in workspaces if (one.casefold() in mine) is inside],
            workspaces,
        )

    return part(inside=True), part(inside=False)


def _names(workspace: str) -> set[str]:
    """What a share may call a workspace: its id, its resource group and name, its name."""
    place = ArmId(workspace.casefold())
    return {place, f"{place.resource_group}/{place.name}", place.name}


def _unknown(wanted: set[str], workspaces: t.Iterable[str]) -> Findings:
    known = set().union(*(_names(one) for one in workspaces))
    for one in sorted(wanted - known):
        yield Finding(
            "WorkspaceNotDeclared",
            "share",
            f"share names {one}, which is not a workspace of the document.",
            "this collection",
        )


def _document(task: Task) -> list[dict[str, t.Any]]:
    """The workspaces of the options, and those of the folder behind them."""
    found = list(task.params["workspaces"] or [])
    if task.params.get("folder"):
        # Few fleets have one: the others need not pay for azure-ai-ml.
        from .._fleet.folder import read_folder

        found += read_folder(task.params["folder"], task.module.hide)
    return found


def _workspaces(document: t.Sequence[dict[str, t.Any]], scope: Target) -> list[str]:
    """Every workspace of the document once, also one that declares nothing (any more). RuleError for names that are none."""
    places = [place_of(one, scope) for one in document]
    refuse(finding for place in places for finding in check_place(place))
    return list({place.id.casefold(): place.id for place in places}.values())


def _run_preflight(task: Task, fleet: Fleet, rest: Fleet) -> None:
    """Quotas and all else, over everything that is about to be made by this run or another's share, before the first write."""
    wishes = [
        _wish(entry)
        for entry in (*fleet.entries, *rest.entries)
        if entry.plan.action in (CREATE, REPLACE) and entry.error is None
    ]
    for subscription in {wish.target.subscription_id for wish in wishes}:
        own = [wish for wish in wishes if wish.target.subscription_id == subscription]
        gatherer = Gatherer(task.client, subscription, compute.ComputeKind.api_version)
        gatherer.workspaces(own, computes=True)
        findings = run.check(own, gatherer.gather(own))
        task.warnings += [f"{one.code}: {one.message} {one.hint}" for one in findings if one.severity != "error"]
        run.refuse(findings, f"{len(own)} compute target(s) of the fleet")


def _estimate(task: Task, fleet: Fleet, rest: Fleet) -> None:
    """What is there when the task is done, in money, and the gate before the first write, which is over the whole document."""
    for entry in fleet.entries:
        entry.estimated = True
    gated = [] if task.params["max_monthly_cost"] is None else rest.entries
    wishes = {entry.target.id: (entry, _wish(entry)) for entry in (*fleet.entries, *gated) if entry.state != "absent"}
    paid = {identifier: pair for identifier, pair in wishes.items() if _cost.pays(pair[1])}
    prices = _prices.Prices(task.client, compute.ComputeKind.api_version)
    prices.read([wish for _entry, wish in paid.values()])
    for entry, wish in paid.values():
        entry.cost = _cost.estimate(wish, entry.state, prices.of(wish))
    costs = {identifier: entry.cost for identifier, (entry, _wish) in paid.items()}
    fleet.cost = _cost.total({identifier: cost for identifier, cost in costs.items() if paid[identifier][0].estimated})
    task.warnings += dict.fromkeys(prices.problems)
    _cost.refuse(_cost.total(costs), task.params["max_monthly_cost"])


def _wish(entry: Entry) -> Wish:
    if entry.declaration is None:
        raise AmlError(f"{entry.target.name} is not declared.", code="InternalError")
    return run.wish_of(entry.declaration, entry.existing)


def _ended(fleet: Fleet, task: Task) -> Result:
    result = fleet.to_dict()
    failure = fleet.failure()
    warnings = [f"{entry.target.name}: {text}" for entry in fleet.every for text in entry.warnings]
    if failure is not None:
        failure.warnings = warnings
        failure.changed = bool(result["changed"]) and not task.check_mode
        failure.result = result
        raise failure
    return {**result, "warnings": warnings}
