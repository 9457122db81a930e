# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan for each target of a fleet, and their order: from the declaration and the current state. No requests."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._core import canon, paths
from .._core.errors import AmlError, all_foreseen
from .._engine.behaviour import Behaviour
from .._engine.kind import BUSY, READY
from .._engine.plan import CREATE, DELETE, DETACH, REPLACE, Declared, Plan
from .._engine.planning import ABSENT, PRESENT, plan_target
from .._engine.refusals import check_plan, title
from .._reconcilers.compute_reference import check_type, missing
from .entry import Entry
from .limit import Limit
from .nested import Nested, names_children
from .observer import Current, Observed
from .prune import OWNER_TAG, Pruning
from .result import Fleet


class Planner:
    """Plans the targets of a fleet as the task's ``behaviour`` asks, except for the settings of single targets."""

    def __init__(self, behaviour: Behaviour, pruning: Pruning, limit: Limit | None = None) -> None:
        self._limit = limit or Limit()
        self._behaviour = behaviour
        self._pruning = pruning

    def plan(self, fleet: Fleet, observed: Observed) -> None:
        """Put its plan into each declared target, and find the targets to prune. ``observed`` may have more workspaces than the fleet."""
        observed = observed.of(fleet.workspaces)
        nested = Nested(fleet.entries, observed)
        for entry in nested.others:
            self._plan_entry(entry, observed.targets[entry.target.id])
        for entry in nested.children:
            self._plan_entry(entry, nested.current(entry))
        _check_computes(fleet.entries)
        _wait_for_computes(fleet.entries)
        undeclared = self._pruning.undeclared(observed, fleet.declared)
        fleet.undeclared = [entry for entry in undeclared if self._limit.has(entry)]
        fleet.unknown = self._pruning.unknown(observed, fleet.entries, fleet.declared)
        for entry in fleet.undeclared:
            entry.behaviour = self._behaviour_of(entry)
        nested.check(fleet.undeclared, fleet.declared, fleet.used)

    def _plan_entry(self, entry: Entry, current: Current) -> None:
        """An entry that needs nothing is done by its plan."""
        if entry.failed:
            return
        if current.error is not None:
            return entry.fail(current.error)
        entry.existing = current.body
        if current.body is not None:
            entry.target = entry.kind.found(entry.target, current.body)
        try:
            with all_foreseen():
                entry.desired, entry.behaviour = self._desired(entry), self._behaviour_of(entry)
                entry.plan = _planned(entry)
                _check(entry)
        except AmlError as error:
            return entry.fail(error)
        busy = entry.existing is not None and entry.kind.status(entry.existing).state != READY
        entry.done = not entry.plan.changed and not busy

    def _behaviour_of(self, entry: Entry) -> Behaviour:
        """The behaviour of the task, with the settings that the target overrides."""
        own = {name: value for name, value in entry.own.items() if name != "attempts"}
        always = "always" in (
            entry.declared_options.get("update_password"),
            entry.declared_options.get("update_certificate"),
        )
        if entry.declaration is not None and "tags" not in entry.declaration.declared:
            # The fleet's own tag is then the only declared one, and no other tag is managed.
            own["append_tags"] = True
        return replace(self._behaviour, update_secrets=always, **own)

    def _desired(self, entry: Entry) -> Declared:
        """What was declared, and the fleet's own tag where a tag can still be put on."""
        declared = dict(entry.declaration.declared) if entry.declaration else {}
        taken = entry.kind.takes_tags(entry.existing, declared)
        if self._pruning.owner and taken and entry.state != "absent":
            return entry.kind.marked(declared, entry.existing, OWNER_TAG, self._pruning.owner)
        return declared


def _planned(entry: Entry) -> Plan:
    body = entry.existing
    if body is not None:
        entry.kind.guard(body, entry.target)
    return plan_target(entry.kind, entry.desired, body, entry.behaviour, entry.state)


def _check(entry: Entry) -> None:
    """Raise for what the run would refuse. What is busy changes before the run comes to it."""
    body = entry.existing
    if body is not None and entry.state == ABSENT:
        return entry.kind.check_removal(body)
    if body is None or entry.kind.status(body).state == BUSY:
        return
    # Without what a power state adds, which comes after the rest.
    plan = entry.plan if entry.state == PRESENT else plan_target(entry.kind, entry.desired, body, entry.behaviour)
    check_plan(entry.kind, entry.target.name, plan, entry.desired, body, entry.behaviour)


def _check_computes(entries: t.Sequence[Entry]) -> None:
    """Fail what would run on a compute target of another type, or on one that is declared absent. Those that the run writes come before it."""
    computes = {_resource(entry.target.id): entry for entry in entries if entry.is_compute}
    written = frozenset(key for key, entry in computes.items() if key and _writes(entry))
    for entry in entries:
        compute = entry.new_compute
        if compute is None or entry.failed:
            continue
        entry.behaviour = replace(entry.behaviour, created_earlier=entry.behaviour.created_earlier | written)
        declared = computes.get(_resource(compute))
        if declared is not None:
            _check_compute(entry, compute, declared)


def _check_compute(entry: Entry, compute: str, declared: Entry) -> None:
    name = title(entry.kind, entry.target.name)
    try:
        if declared.state == ABSENT:
            raise missing(name, entry.target.id, compute, "it is declared absent")
        check_type(entry.kind, name, entry.target.id, compute, declared.type)
    except AmlError as error:
        entry.fail(error)


def _writes(entry: Entry) -> bool:
    return entry.plan.changed and entry.action not in (DELETE, DETACH) and not entry.failed


def _wait_for_computes(entries: t.Sequence[Entry]) -> None:
    """What runs on a compute target that the run changes needs the end of that."""
    serving = [entry for entry in entries if entry.kind.uses_computes and entry.plan.changed]
    needed = {_resource(entry.desired.get("compute")) for entry in serving if entry.action != DELETE} - {None}
    for entry in entries if needed else ():
        if entry.is_compute and _resource(entry.target.id) in needed:
            entry.behaviour = replace(entry.behaviour, wait=True)


def in_order(fleet: Fleet) -> list[list[Entry]]:
    """The remaining work, in batches; each batch needs the end of the previous one.

    First the removals that release a resource for an attachment under another name, then the declared targets, finally the targets to prune. A resource
    cannot be attached to a workspace twice (docs/coverage.md 1.10). What runs on compute targets is written after them. Those that it ran on are removed after
    it, with the targets to prune. A deployment needs its endpoint, and must exist before it gets traffic; it is deleted when it no longer gets any, and before
    its endpoint. Other targets do not depend on each other.
    """
    declared, pruned = ([entry for entry in batch if not entry.done] for batch in (fleet.entries, fleet.undeclared))
    freeing = _freeing(declared, pruned)
    first = {entry.target.id for entry in freeing}
    (declared, serving), (pruned, unused) = (
        _parted([entry for entry in batch if entry.target.id not in first]) for batch in (declared, pruned)
    )
    released = _released(declared, [*serving, *unused])
    declared = [entry for entry in declared if entry not in released]
    return [freeing, declared, *_in_steps([*serving, *unused]), [*released, *pruned]]


def _released(declared: t.Sequence[Entry], serving: t.Sequence[Entry]) -> list[Entry]:
    """The removals of compute targets that endpoints and deployments run on before they are changed or removed."""
    used = {_resource(paths.get_path(entry.existing, "properties.compute")) for entry in serving}
    return [entry for entry in declared if entry.action in (DELETE, DETACH) and _resource(entry.target.id) in used]


def _parted(entries: t.Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Those that others may run on, and the others."""
    return [entry for entry in entries if not entry.kind.uses_computes], [
        entry for entry in entries if entry.kind.uses_computes
    ]


def _in_steps(entries: t.Sequence[Entry]) -> list[list[Entry]]:
    """Endpoints and their deployments: new endpoints, deployments, other changes of endpoints, deletions of deployments, then of endpoints."""
    naming = {
        entry.target.id.casefold()
        for entry in entries
        if entry.kind.child_collection and entry.action == DELETE and names_children(entry)
    }
    steps: list[list[Entry]] = [[] for _step in range(6)]
    for entry in entries:
        for step in _steps_of_parent(entry) if entry.kind.child_collection else (_step_of_child(entry, naming),):
            steps[step].append(entry)
    return steps


def _steps_of_parent(entry: Entry) -> tuple[int, ...]:
    """One that is created with traffic to deployments has two steps."""
    if entry.action in (CREATE, REPLACE):
        return (0, 2) if entry.later else (0,)
    return (4,) if entry.action == DELETE else (2,)


def _step_of_child(entry: Entry, naming: t.Collection[str]) -> int:
    """``naming``: endpoints that are deleted, and until then name deployments, which go with them."""
    if entry.action != DELETE:
        return 1
    return 5 if entry.target.parent_id.casefold() in naming else 3


def _freeing(declared: t.Sequence[Entry], pruned: t.Sequence[Entry]) -> list[Entry]:
    """The targets whose removal releases a resource that will be attached."""
    attached = {
        _resource(entry.declared_options.get("resource_id")) for entry in declared if entry.action in (CREATE, REPLACE)
    }
    return [
        entry
        for entry in (*declared, *pruned)
        if entry.action in (DELETE, DETACH)
        and _resource(paths.get_path(entry.existing, "properties.resourceId")) in attached - {None}
    ]


def _resource(identifier: t.Any) -> str | None:
    """A resource id in the form in which ids are compared; None for what is none."""
    return str(canon.arm_id(identifier)) if isinstance(identifier, str) else None
