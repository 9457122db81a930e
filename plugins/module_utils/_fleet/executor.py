# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many compute targets at once: one LIST for each workspace, the plan for all from memory, then bounded concurrency.

The package ``_fleet`` brings many compute targets in many workspaces to their declared states: document, entries, executor, result, cost.
It may import ``_reconcilers``, ``_preflight``, ``_options``, ``_capacity``, ``_kinds``, ``_engine``, ``_arm`` and ``_core``.

What is as declared costs no request of its own. A failure of one target hides no other; what an earlier run has under way is joined.
"""

from __future__ import annotations

import threading
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from .._core import canon, paths, shape
from .._core.arm_id import ArmId, Target, compute_target
from .._core.client import Client
from .._core.errors import AmlError, ArmError, ChangedMeanwhile, all_foreseen
from .._core.events import WAIT
from .._core.interrupt import Interrupted, Interruption
from .._engine import incarnation
from .._engine import plan as _plan
from .._engine.behaviour import Behaviour
from .._engine.kind import READY, Body
from .._engine.plan import DELETE, DETACH, NONE, Plan
from .._engine.planning import is_refused, plan_target
from .._engine.reconciler import NotApplied, Reconciler
from .._kinds import compute
from .._options.declarations import Registry
from .._reconcilers.instance import InstanceReconciler
from .._reconcilers.registry import reconciler_of
from . import result as _result
from .entry import OWNER_TAG, Entry, FleetFailed, Limits

# Seconds before a target is tried again.
_BETWEEN_ATTEMPTS = 15.0


class Fleet:
    """Brings every entry to its state. ``clock`` and ``sleep`` are the engine's own unless a test gives others."""

    def __init__(
        self,
        client: Client,
        entries: list[Entry],
        behaviour: Behaviour,
        limits: Limits,
        kinds: Registry,
        *,
        workspaces: t.Iterable[str] = (),
        document: t.Sequence[str] = (),
        interruption: Interruption | None = None,
        sleep: t.Callable[[float], None] | None = None,
        clock: t.Callable[[], float] = time.monotonic,
    ) -> None:
        self.client = client
        self.entries = entries
        self.behaviour = behaviour
        self.limits = limits
        self.kinds = kinds
        # Ids of all workspaces of the document, of which ``workspaces`` may be a share.
        self.document = document
        self.interruption = interruption or Interruption()
        self.sleep = sleep or self.interruption.pause
        self.clock = clock
        self.undeclared: list[Entry] = []
        # Workspaces where there may be something to prune, which no one could look for.
        self.unread: dict[str, AmlError] = {}
        # Items of a workspace's list that cannot be read.
        self._malformed: dict[str, list[ArmError]] = {}
        # The sum of the entries' costs, where they were estimated.
        self.cost: dict[str, t.Any] | None = None
        self._workspaces = {one.casefold(): one for one in (*workspaces, *(entry.workspace for entry in entries))}
        self._gates = {one: threading.BoundedSemaphore(limits.per_workspace) for one in self._workspaces}
        self._stop = threading.Event()

    # --- looking ---

    def look(self) -> None:
        """One LIST for each workspace, and the plan of every entry."""
        with self._pool(len(self._workspaces)) as pool:
            listed = dict(zip(self._workspaces, pool.map(self._list, self._workspaces.values())))
        there = {
            key: {str(body["name"]).casefold(): body for body in found}
            for key, found in listed.items()
            if isinstance(found, list)
        }
        declaring = {entry.workspace.casefold() for entry in self.entries}
        for key, found in listed.items():
            if (
                isinstance(found, AmlError)
                and found.status != 404
                and self.limits.prune != "none"
                and key not in declaring
            ):
                self.unread[ArmId(self._workspaces[key]).name] = found
        for entry in self.entries:
            key = entry.workspace.casefold()
            found = listed[key]
            if isinstance(found, AmlError):
                entry.error, entry.done = found, True
                continue
            entry.existing = there[key].get(entry.target.name.casefold())
            if entry.existing is None and key in self._malformed:
                self._look_for_malformed(entry)
            if not entry.done:
                self._decide(entry)
        self._find_undeclared(there)
        self._malformed_undeclared()

    def _list(self, workspace: str) -> list[Body] | AmlError:
        try:
            with all_foreseen():
                bad: list[ArmError] = []
                found: list[Body] = self.client.list(
                    f"{workspace}/computes", compute.ComputeKind.api_version, malformed=bad.append
                )
                if bad:
                    self._malformed[workspace.casefold()] = bad
                return found
        except AmlError as error:
            if error.status == 404:
                error.hint = "Create the workspace first, or correct its name, resource group or subscription."
            return error

    def _look_for_malformed(self, entry: Entry) -> None:
        """A target that the list does not have may be one of the items that cannot be read: it must not pass for one to be created."""
        bad = self._malformed[entry.workspace.casefold()]
        entry.error = next((error for error in bad if shape.name_in(error) == entry.target.name.casefold()), None)
        if entry.error is None and any(shape.name_in(error) is None for error in bad):
            try:
                with all_foreseen():
                    entry.existing = self.client.find(entry.target.id, entry.kind.api_version)
            except AmlError as error:
                entry.error = error
        entry.done = entry.error is not None

    def _malformed_undeclared(self) -> None:
        """Whether the fleet made what cannot be read, and would prune it, is not known."""
        declared = {entry.target.id.casefold() for entry in self.entries}
        for workspace, bad in self._malformed.items() if self.limits.prune != "none" else ():
            for error in bad:
                if (error.target or "").casefold() not in declared:
                    self.unread[ArmId(self._workspaces[workspace]).name] = error

    def _decide(self, entry: Entry) -> None:
        """The plan from memory. An entry that needs nothing is done by it."""
        try:
            with all_foreseen():
                entry.plan = self._plan(entry)
        except AmlError as error:
            entry.error, entry.done = error, True
            return
        busy = entry.existing is not None and entry.kind.status(entry.existing).state != READY
        entry.done = not entry.plan.changed and not busy

    def _plan(self, entry: Entry) -> Plan:
        body, behaviour = entry.existing, self._behaviour(entry)
        if body is not None:
            entry.kind.guard(body, entry.target)
        plan = plan_target(entry.kind, self._declared(entry), body, behaviour, entry.state)
        if body is not None and is_refused(entry.kind, plan, body, behaviour):
            entry.plan = plan
            raise _plan.refuse_fixed(plan, f"The {entry.kind.label} {entry.target.name!r}")
        return plan

    def _behaviour(self, entry: Entry) -> Behaviour:
        """The task's, but for what the target says for itself."""
        own = {name: value for name, value in entry.own.items() if name != "attempts"}
        always = "always" in (
            entry.declared_options.get("update_password"),
            entry.declared_options.get("update_certificate"),
        )
        return replace(self.behaviour, update_secrets=always, **own)

    def _declared(self, entry: Entry) -> _plan.Declared:
        """What was declared, and the fleet's own tag where a tag can still be put on."""
        declared = dict(entry.declaration.declared) if entry.declaration else {}
        tags = next((row for row in entry.kind.fields if row.option == "tags"), None)
        fixed = tags is None or (tags.mutability == _plan.CREATE_ONLY and entry.existing is not None)
        if self.limits.owner and not fixed and entry.state != "absent":
            declared["tags"] = {**(declared.get("tags") or {}), OWNER_TAG: self.limits.owner}
        return declared

    def _find_undeclared(self, there: dict[str, dict[str, Body]]) -> None:
        """What the fleet made and does not declare any more; what others made is not looked at."""
        if self.limits.prune == "none":
            return
        declared = {entry.target.id.casefold() for entry in self.entries}
        for key, computes in there.items():
            for body in computes.values():
                target = self._target_of(self._workspaces[key], body)
                owned = (body.get("tags") or {}).get(OWNER_TAG) == self.limits.owner
                if owned and target.id.casefold() not in declared:
                    self.undeclared.append(self._pruned(target, body))

    @staticmethod
    def _target_of(workspace: str, body: Body) -> Target:
        place = ArmId(workspace)
        return compute_target(place.subscription_id, place.resource_group, place.name, body["name"])

    def _pruned(self, target: Target, body: Body) -> Entry:
        type_ = compute.kind_name(body)
        # Only a kind that has heard of its options knows that it detaches.
        kind = self.kinds.get(type_, compute.ANY).configured({"name": target.name})
        entry = Entry(target, kind, type_, "absent", existing=body)
        wanted = {"detach": (DETACH,), "delete": (DELETE, DETACH)}.get(self.limits.prune, ())
        if kind.remove_action in wanted:
            entry.plan = replace(
                _plan.plan_absent(kind.project(body), action=kind.remove_action),
                reason="the fleet made it and does not declare it any more",
            )
        else:
            entry.done = True
        return entry

    # --- doing ---

    def carry_out(self) -> None:
        """Do what is planned, in the order in which one depends on the other."""
        batches = self._batches()
        self.behaviour.events.all(sum(len(batch) for batch in batches))
        for batch in batches:
            with self._pool(len(batch)) as pool:
                list(pool.map(self._one, _interleaved(batch)))

    def _batches(self) -> list[list[Entry]]:
        """First the removals that free a resource which is to be attached under another name, then the declared targets, at last what is to be pruned.

        A resource cannot be attached to a workspace twice (docs/coverage.md 1.10). Other targets do not depend on each other.
        """
        declared, pruned = ([entry for entry in batch if not entry.done] for batch in (self.entries, self.undeclared))
        wanted = {
            canon.arm_id(entry.declared_options.get("resource_id"))
            for entry in declared
            if entry.plan.action in (_plan.CREATE, _plan.REPLACE)
        }
        freeing = [
            entry
            for entry in (*declared, *pruned)
            if entry.plan.action in (DELETE, DETACH) and _resource(entry) in wanted - {None}
        ]
        first = {entry.target.id for entry in freeing}
        return [freeing, *([entry for entry in batch if entry.target.id not in first] for batch in (declared, pruned))]

    def _pool(self, work: int) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max(1, min(self.limits.parallelism, work)), thread_name_prefix="fleet")

    def _one(self, entry: Entry) -> None:
        with self._gates[entry.workspace.casefold()]:
            if self._stop.is_set() or self.interruption.asked:
                why = (
                    "the run was interrupted"
                    if self.interruption.asked
                    else "another target failed and on_error is stop"
                )
                entry.error = FleetFailed(f"It was not started, because {why}.", code="NotStarted")
                return
            # A plan without a change is of a target that someone's operation is under way on.
            self.behaviour.events.start(entry.target.id, entry.plan.action if entry.plan.changed else WAIT)
            started = self.clock()
            try:
                with all_foreseen():
                    self._try(entry)
            except AmlError as error:
                if isinstance(error, Interrupted):
                    error.message = f"The run was interrupted {'while it was under way' if error.changed else 'before anything was sent for it'}."
                entry.error = error
                if self.limits.on_error == "stop":
                    self._stop.set()
            entry.seconds = self.clock() - started
            self.behaviour.events.done(entry.target.id, failure=None if entry.error is None else entry.error.message)

    def _try(self, entry: Entry) -> None:
        """Again after what trying again may fix, as running the task again would."""
        allowed = entry.own.get("attempts", self.limits.attempts)
        while True:
            entry.attempts += 1
            try:
                return self._reconcile(entry)
            except AmlError as error:
                if entry.attempts >= allowed or not _passing(error):
                    raise
                self.behaviour.events.state(f"failed, again in {_BETWEEN_ATTEMPTS:.0f} s")
                self.sleep(_BETWEEN_ATTEMPTS)

    def _reconcile(self, entry: Entry) -> None:
        engine = self._engine(entry)
        if entry.declaration is None:
            return self._prune(entry, engine)
        if entry.state == "absent":
            outcome = engine.absent({})
        elif isinstance(engine, InstanceReconciler) and entry.state != "present":
            outcome = engine.power(self._declared(entry), entry.state)
        else:
            outcome = engine.present(self._declared(entry))
        entry.plan, entry.operation, entry.warnings = outcome.plan, outcome.operation, outcome.warnings

    def _prune(self, entry: Entry, engine: Reconciler) -> None:
        """Remove what is not declared, if a fresh read shows that it is still this fleet's: pruning comes last, long after the LIST that it is planned by."""
        engine.before_removal = lambda body: self._require_owned(entry, body)
        engine.after_removal = lambda body: self._require_owned(entry, body) if body is not None else None
        try:
            outcome = engine.absent({})
        except ChangedMeanwhile as error:
            if engine.wrote:
                error.message = (
                    f"{error.message.replace('was not pruned, because', 'was pruned, but another writer was faster:')}"
                )
                error.hint = "It changed between the last read and the deletion, which takes no condition. Check who uses it, and create it again."
                raise
            # It is not this fleet's to prune any more, so that this is no failure.
            entry.plan = Plan(NONE, reason=error.message)
            entry.warnings = [f"{error.code}: {error.message}"]
            return
        entry.plan, entry.operation, entry.warnings = outcome.plan, outcome.operation, outcome.warnings

    def _require_owned(self, entry: Entry, body: Body) -> None:
        owner = (body.get("tags") or {}).get(OWNER_TAG)
        other = incarnation.difference(entry.existing or {}, body)
        if other is not None:
            reason = f"it is another compute target of that name than the one that was to be pruned ({other})"
        elif owner != self.limits.owner:
            reason = (
                f"its tag {OWNER_TAG} {f'names another owner now: {owner!r}' if owner is not None else 'was removed'}"
            )
        else:
            return
        raise ChangedMeanwhile(
            f"The {entry.kind.label} {entry.target.name!r} was not pruned, because {reason}.", target=entry.target.id
        )

    def _engine(self, entry: Entry) -> Reconciler:
        return reconciler_of(entry.type)(
            self.client, entry.kind, entry.target, self._behaviour(entry), sleep=self.sleep, clock=self.clock
        )

    # --- what it comes to ---

    def result(self) -> dict[str, t.Any]:
        targets = [entry.to_dict() for entry in self.entries]
        undeclared = [entry.to_dict() for entry in self.undeclared]
        totals = _result.totals(targets, undeclared)
        if self.cost is not None:
            totals["cost"] = self.cost
        return {
            "changed": any(one["changed"] for one in (*targets, *undeclared)),
            "targets": targets,
            "undeclared": undeclared,
            "totals": totals,
            "workspaces": [_place(one) for one in self._workspaces.values()],
            "document": list(self.document),
        }

    def failure(self) -> FleetFailed | None:
        bad = [entry for entry in (*self.entries, *self.undeclared) if entry.error is not None]
        if not bad and not self.unread:
            return None
        parts = []
        if bad:
            named = [(f"{ArmId(entry.workspace).name}/{entry.target.name}", entry.error) for entry in bad[:5]]
            shown = "; ".join(f"{name}: {error.message.rstrip('.')}" for name, error in named if error)
            more = f"; and {len(bad) - 5} more" if len(bad) > 5 else ""
            parts.append(
                f"{len(bad)} of {len(self.entries) + len(self.undeclared)} compute targets failed: {shown}{more}."
            )
        parts += [
            f"Could not determine which targets to prune in {name}: {error.message}"
            for name, error in self.unread.items()
        ]
        unread = [{"workspace": name, "name": None, "failure": error.failure()} for name, error in self.unread.items()]
        right = len(self.entries) + len(self.undeclared) - len(bad)
        others = f"{right} of {right + len(bad)} targets match their declaration. " if right else ""
        return FleetFailed(
            " ".join(parts),
            details=[*(entry.to_dict() for entry in bad), *unread],
            hint=f"{others}Fix the errors and run the same task again.",
        )


def _resource(entry: Entry) -> t.Any:
    """Id of the resource that the target which is there has attached, for comparison; None where it has none."""
    return canon.arm_id(paths.get_path(entry.existing or {}, "properties.resourceId"))


def _passing(error: AmlError) -> bool:
    """Whether it is worth another attempt: an operation or a server that failed, not what the service or a rule refuses."""
    refused = 400 <= (error.status or 0) < 500 and error.status not in (408, 429)
    return isinstance(error, NotApplied) or (isinstance(error, ArmError) and not refused)


def _place(workspace: str) -> dict[str, str]:
    place = ArmId(workspace)
    return {
        "id": workspace,
        "name": place.name,
        "resource_group": place.resource_group,
        "subscription_id": place.subscription_id,
    }


def _interleaved(entries: list[Entry]) -> list[Entry]:
    """Workspace by workspace in turn, so that one full workspace does not hold up the others."""
    by_workspace: dict[str, list[Entry]] = {}
    for entry in entries:
        by_workspace.setdefault(entry.workspace.casefold(), []).append(entry)
    rows = list(by_workspace.values())
    longest = max((len(row) for row in rows), default=0)
    return [row[number] for number in range(longest) for row in rows if number < len(row)]
