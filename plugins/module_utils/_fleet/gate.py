# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for the whole document before the first write: the pre-flight checks, and the limit of the monthly cost.

Both count what other runs over the document create too: quotas and budgets are shared. A run that is limited to some targets creates only these, so that only
these need quota; the monthly cost is that of the document, whatever a run is limited to.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._core.arm_id import Target
from .._core.client import ReadClient
from .._core.errors import AmlError
from .._core.findings import ERROR, Finding, Findings, refuse
from .._engine import planning
from .._engine.kind import Body, Kind
from .._engine.plan import CREATE, REPLACE, Declared
from .._engine.planning import PRESENT
from .._engine.refusals import require_creatable
from .._kinds import compute
from .._kinds.instance_power import STOPPED, power_state
from .._kinds.online_deployment import type_of_endpoint
from .._kinds.registry import INFO_KINDS
from .._options.declarations import Declaration
from .._preflight import run
from .._preflight.checks import PreflightFailed, offline
from .._preflight.facts import DesiredTarget, Facts
from .._preflight.gather import Gatherer
from . import cost
from .entry import Entry
from .prices import Prices
from .result import Fleet

_NEW = (CREATE, REPLACE)
# What an earlier task creates, and is therefore missing in check mode.
_CREATED_EARLIER = ("WorkspaceNotFound", "SubnetNotFound")


@dataclass(frozen=True)
class Gate:
    """The options of the task. ``max_monthly_cost`` is in the currency of the prices. ``planned`` has the workspaces that may be missing because
    an earlier task creates them: their ids in lower case, with their regions where they are known. ``rehearses``: in check mode.
    """

    preflight: bool = True
    estimate_cost: bool = False
    max_monthly_cost: float | None = None
    fail_on: str = ERROR
    planned: t.Mapping[str, str | None] = field(default_factory=dict)
    rehearses: bool = False

    def also_read(self, rest: Fleet, beyond: Fleet) -> list[Fleet]:
        """Which of the parts that the run does not process have to be planned too."""
        limits_cost = self.max_monthly_cost is not None
        return [*([rest] if self.preflight or limits_cost else []), *([beyond] if limits_cost else [])]

    def check(self, client: ReadClient, fleet: Fleet, rest: Fleet, beyond: Fleet, warnings: list[str]) -> None:
        """Raise TooExpensive or PreflightFailed; other findings are added to ``warnings``. The fleet's targets get their costs.

        rest    what other runs process
        beyond  what the run is not limited to
        """
        rehearses = self.rehearses and not self.preflight
        regions = self._check_creations(client, fleet.entries) if rehearses else {}
        if self.estimate_cost or self.max_monthly_cost is not None:
            self._estimate(client, fleet, [*rest.entries, *beyond.entries], regions, warnings)
        if self.preflight:
            self._check_preflight(client, [*fleet.entries, *rest.entries], warnings)

    def _check_creations(self, client: ReadClient, entries: t.Iterable[Entry]) -> dict[str, str | None]:
        """The kinds' own rules for what is created hold in any case. As in a run, a target that breaks one fails alone.

        Return the regions of the workspaces that were read, by their ids in lower case.
        """
        regions: dict[str, str | None] = {}
        new, others = _by_collection(entries)
        for entry in others:
            _refuse_creation(entry, _check_other(entry))
        for subscription in {entry.target.subscription_id for entry in new}:
            own = [entry for entry in new if entry.target.subscription_id == subscription]
            gatherer = Gatherer(client, subscription, compute.ComputeKind.api_version)
            desired_targets = [_desired(entry) for entry in own]
            gatherer.workspaces(desired_targets)
            self._expect_regions(gatherer.facts)
            for entry, desired in zip(own, desired_targets, strict=True):
                _check_creation(entry, desired, gatherer.facts)
                regions[desired.workspace_id.casefold()] = gatherer.facts.region_of_workspace(desired)
        return regions

    def _estimate(
        self,
        client: ReadClient,
        fleet: Fleet,
        others: list[Entry],
        regions: dict[str, str | None],
        warnings: list[str],
    ) -> None:
        """The cost after the task, and what the fleet's own changes add to it.

        others   the other targets of the document
        regions  the regions of workspaces that were read before, by their ids in lower case
        """
        counted = fleet.entries if self.max_monthly_cost is None else [*fleet.entries, *others]
        targets, rest = _count_machines(counted), _count_machines(others)
        paid = _billed(counted)
        changing = [entry for entry in fleet.every if entry.plan.changed]
        prices = Prices(client, compute.ComputeKind.api_version, regions)
        prices.read([*(target for _entry, target in paid), *filter(None, map(_current, changing))])
        for entry, target in paid:
            entry.cost = cost.estimate(target, _state_after(entry), prices.of(target))
        _set_differences(fleet, prices, {entry.target.id for entry, _target in paid})
        fleet.cost = cost.total({entry.target.id: entry.cost for entry, _target in paid if entry.estimated})
        warnings += dict.fromkeys(prices.problems)
        if self.max_monthly_cost is not None:
            whole = cost.total({entry.target.id: entry.cost for entry, _target in paid})
            fleet.document_cost = cost.DocumentCost(whole, targets, self.max_monthly_cost, others=rest)
            fleet.document_cost.refuse()

    def _check_preflight(self, client: ReadClient, entries: list[Entry], warnings: list[str]) -> None:
        """Quotas and all other checks, for all targets that any run over the document will create or let grow."""
        _check_others(_by_collection(entries)[1])
        new = [entry for entry in entries if entry.is_compute and _takes_more(entry)]
        for subscription in {entry.target.subscription_id for entry in new}:
            own = [entry for entry in new if entry.target.subscription_id == subscription]
            rules, findings = self._findings(client, subscription, own)
            what = f"{len(own)} compute target(s) of the fleet"
            # What is wrong in itself is never only a warning.
            run.refuse(rules, what)
            try:
                run.refuse(findings, what, self.fail_on)
            except PreflightFailed as error:
                error.hint = f"{error.hint} To continue in spite of the findings, set preflight_fail_on=never."
                raise
            others = [finding for finding in findings if finding.code not in run.RETIREMENTS]
            warnings += [f"{other.code}: {other.message} {other.hint}" for other in others]

    def _findings(self, client: ReadClient, subscription: str, own: list[Entry]) -> tuple[list[Finding], list[Finding]]:
        """What breaks the kinds' own rules for creations, and what the service would refuse."""
        desired = [_desired(entry) for entry in own]
        gatherer = Gatherer(client, subscription, compute.ComputeKind.api_version)
        gatherer.workspaces(desired, computes=compute.ComputeKind.api_version)
        self._expect_regions(gatherer.facts)
        facts = gatherer.gather(desired)
        self._expect_identities(facts, own)
        pairs = zip(own, desired, strict=True)
        rules = [finding for entry, pair in pairs for finding in run.rules_of(_declaration(entry), pair, facts)]
        expected = {target.name for target in desired if target.workspace_id.casefold() in self.planned}
        findings = run.check(desired, facts)
        return rules, [item for item in findings if item.code not in _CREATED_EARLIER or item.target not in expected]

    def _expect_identities(self, facts: Facts, entries: t.Iterable[Entry]) -> None:
        """In check mode, an identity that an earlier task creates may be missing: nothing is known of it."""
        for identity in {identity for entry in entries for identity in entry.behaviour.created_earlier}:
            key = ("identity", identity)
            if self.rehearses and facts.known(*key) and facts.get(*key) is None:
                del facts.read[key]

    def _expect_regions(self, facts: Facts) -> None:
        """A workspace that is missing in check mode will be in the region that was declared for it."""
        for workspace, location in self.planned.items():
            key = ("workspace", workspace)
            if location and facts.known(*key) and facts.get(*key) is None:
                facts.read[key] = {"location": location}


def _by_collection(entries: t.Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
    """The declared targets that will be created: compute targets, and others."""
    new = [entry for entry in entries if not entry.failed and entry.declaration and entry.action in _NEW]
    return [entry for entry in new if entry.is_compute], [entry for entry in new if not entry.is_compute]


def _check_creation(entry: Entry, desired: DesiredTarget, facts: Facts) -> None:
    _refuse_creation(entry, entry.kind.check_create(desired.wanted, facts.workspace(desired)))


def _refuse_creation(entry: Entry, findings: Findings) -> None:
    try:
        if entry.existing is None and entry.state != PRESENT:
            require_creatable(entry.kind, entry.target, entry.desired, entry.state)
        refuse(findings)
    except AmlError as error:
        entry.fail(error)


def _check_others(entries: list[Entry]) -> None:
    """Raise PreflightFailed for what cannot be created."""
    broken = [item for entry in entries for item in offline(_check_other(entry), entry.target.name)]
    run.refuse(broken, f"{len(entries)} target(s) of the fleet that are not compute targets")


def _check_other(entry: Entry) -> Findings:
    """The rules for a creation of what is not a compute target: they need nothing of its workspace, and only the first of two steps creates."""
    complete = {option: value for option, value in _complete(entry).items() if option not in entry.later}
    return entry.kind.check_create(complete, entry.parent)


def _complete(entry: Entry) -> Declared:
    """All that the new resource will have."""
    wanted = planning.wanted(entry.kind, entry.desired, entry.existing, entry.behaviour)
    return wanted if entry.existing is None else entry.kind.completed(entry.existing, entry.plan, wanted)


def _takes_more(entry: Entry) -> bool:
    """Whether it is created, or updated to more than it has."""
    new = entry.action in _NEW
    return not entry.failed and entry.declaration is not None and (new or bool(run.GROWTH & set(entry.plan.values())))


def _count_machines(entries: t.Iterable[Entry]) -> int:
    return sum(entry.kind.billing.has_machines for entry in entries)


@dataclass(frozen=True)
class _Deployment:
    """A deployment of an online endpoint, as far as its cost depends on it."""

    kind: Kind
    target: Target
    workspace_id: str
    wanted: Declared
    existing: Body | None

    @classmethod
    def of(cls, entry: Entry, values: Declared) -> _Deployment:
        # One that does not say is of the type of its endpoint.
        type_ = values.get("type") or type_of_endpoint(entry.parent)
        return cls(entry.kind, entry.target, entry.workspace, {**values, "type": type_}, entry.existing)


def _billed(entries: t.Iterable[Entry]) -> list[tuple[Entry, cost.Priced]]:
    """The targets that will be billed by the workspace, as they will be."""
    counted = [entry for entry in entries if entry.kind.billing.has_machines and entry.state != "absent"]
    desired = [(entry, _desired_or_current(entry)) for entry in counted]
    return [(entry, target) for entry, target in desired if target.kind.billing.includes(target.wanted)]


def _desired_or_current(entry: Entry) -> cost.Priced:
    """What the target will be. One whose declaration the existing resource cannot take has failed by its plan, and stays as it is."""
    try:
        return _desired(entry) if entry.is_compute else _Deployment.of(entry, _complete(entry))
    except AmlError:
        return _priced(entry, entry.kind.kept(entry.existing or {}))


def _set_differences(fleet: Fleet, prices: Prices, billed: t.Collection[str]) -> None:
    """What each plan adds to the cost. ``billed`` are the ids of the targets that will be billed."""
    for entry in fleet.every:
        entry.estimated = True
        if entry.plan.changed:
            after = entry.cost if entry.target.id in billed else cost.NOTHING
            entry.difference = cost.difference(_cost_now(entry, prices), after)


def _cost_now(entry: Entry, prices: Prices) -> cost.Cost | None:
    """What the target costs before the change."""
    current = _current(entry)
    if current is None:
        return cost.NOTHING
    return cost.estimate(current, "stopped" if _is_stopped(entry) else "present", prices.of(current))


def _state_after(entry: Entry) -> str:
    """A stopped instance that is declared present, and not started, stays stopped."""
    return "stopped" if entry.state == "present" and entry.action != REPLACE and _is_stopped(entry) else entry.state


def _is_stopped(entry: Entry) -> bool:
    return entry.existing is not None and power_state(entry.existing) in STOPPED


def _current(entry: Entry) -> cost.Priced | None:
    """The existing resource, as far as its cost depends on it; None where it costs nothing."""
    if (
        entry.existing is None
        or not entry.kind.billing.has_machines
        or (entry.is_compute and entry.type not in INFO_KINDS)
    ):
        return None
    target = _priced(entry, entry.kind.read(entry.existing))
    return target if target.kind.billing.includes(target.wanted) else None


def _priced(entry: Entry, values: Declared) -> cost.Priced:
    if entry.is_compute:
        return DesiredTarget(entry.type, entry.target, values, entry.existing)
    return _Deployment.of(entry, values)


def _declaration(entry: Entry) -> Declaration:
    if entry.declaration is None:
        raise AmlError(f"{entry.target.name} is not declared.", code="InternalError")
    return entry.declaration


def _desired(entry: Entry) -> DesiredTarget:
    return run.desired_of(_declaration(entry), entry.existing)
