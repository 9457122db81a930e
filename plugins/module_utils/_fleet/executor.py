# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work on the targets of a fleet: how many at once, how often one is tried, and what a failure or an interruption means for the others.

The package ``_fleet`` brings many compute targets in many workspaces to their declared states: document, observer, planner, executor, result,
cost. It may import ``_reconcilers``, ``_preflight``, ``_options``, ``_capacity``, ``_kinds``, ``_engine`` and ``_core``.

A failure of one target does not stop the others; running operations of earlier runs are waited for.
"""

from __future__ import annotations

import threading
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from .._core.client import Client
from .._core.errors import AmlError, ArmError, ChangedMeanwhile, all_foreseen
from .._core.events import WAIT
from .._core.interrupt import Interrupted, Interruption
from .._engine.extensions import Checks
from .._engine.kind import Body
from .._engine.outcome import NotApplied, Outcome
from .._engine.plan import CREATE, DELETE, NONE, REPLACE, Plan
from .._engine.reconciler import Reconciler
from .._reconcilers.online_endpoint import warn_of_deployments
from .._reconcilers.registry import extension_of
from .approval import check_step
from .entry import Entry, NotStarted
from .prune import Pruning

# Seconds before a target is tried again.
_BETWEEN_ATTEMPTS = 15.0


@dataclass(frozen=True)
class Limits:
    """How many targets at once, in all and in one workspace, how often one is tried, and what a failure means for the others."""

    parallelism: int = 16
    per_workspace: int = 8
    attempts: int = 1
    on_error: str = "continue"


class Executor:
    """Brings planned targets to their states, through ``client``. ``clock`` is the engine's own unless a test sets another."""

    def __init__(
        self,
        client: Client,
        limits: Limits,
        pruning: Pruning,
        interruption: Interruption,
        *,
        clock: t.Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._limits = limits
        self._pruning = pruning
        self._interruption = interruption
        self._clock = clock
        self._gates: dict[str, threading.BoundedSemaphore] = {}
        self._stop = threading.Event()

    def rehearse(self, entries: t.Iterable[Entry]) -> None:
        """In check mode, ask the service what a run would ask it before a creation or a removal; all else is known from the plan."""
        planned = [entry for entry in entries if not entry.failed]
        for entry in planned:
            entry.warnings += warn_of_deployments(entry.remaining or ())
        asking = [entry for entry in planned if _asks_service(entry)]
        with ThreadPoolExecutor(max(1, min(self._limits.parallelism, len(asking))), "fleet") as pool:
            list(pool.map(self._rehearse, asking))

    def _rehearse(self, entry: Entry) -> None:
        try:
            with all_foreseen():
                entry.warnings = self._reconciler(entry, Checks()).reconcile(entry.desired_now, entry.state).warnings
        except AmlError as error:
            entry.fail(error)

    def carry_out(self, batches: t.Sequence[t.Sequence[Entry]], *, failed: bool = False) -> None:
        """Do what is planned, one batch after the other. ``failed``: a target has failed before, which may stop the others."""
        if failed and self._limits.on_error == "stop":
            self._stop.set()
        workspaces = {entry.workspace.casefold() for batch in batches for entry in batch}
        self._gates = {workspace: threading.BoundedSemaphore(self._limits.per_workspace) for workspace in workspaces}
        for batch in batches:
            with ThreadPoolExecutor(max(1, min(self._limits.parallelism, len(batch))), "fleet") as pool:
                list(pool.map(self._process, _interleaved(batch)))

    def _process(self, entry: Entry) -> None:
        """One target, whose error becomes part of its result."""
        with self._gates[entry.workspace.casefold()]:
            if entry.failed:
                # In the first of two steps.
                return
            entry.error = self._reason_not_to_start(entry)
            if entry.error is not None:
                return
            events = entry.behaviour.events
            # A plan without a change means that another operation is running on the target.
            events.start(entry.target.id, entry.action if entry.plan.changed else WAIT)
            started = self._clock()
            try:
                with all_foreseen():
                    self._with_retries(entry)
            except AmlError as error:
                if isinstance(error, Interrupted):
                    when = "while its operation was running" if error.changed else "before anything was sent for it"
                    error.message = f"The run was interrupted {when}."
                entry.error = error
                if self._limits.on_error == "stop":
                    self._stop.set()
            entry.seconds += self._clock() - started
            if entry.failed or not entry.later or entry.finished:
                events.done(entry.target.id, failure=None if entry.error is None else entry.error.message)

    def _reason_not_to_start(self, entry: Entry) -> NotStarted | None:
        what = f"It was created without {' and '.join(entry.later)}" if entry.begun else "It was not started"
        if self._interruption.asked:
            error = NotStarted("the run was interrupted", interrupted=True, what=what)
        elif self._stop.is_set():
            error = NotStarted("another target failed and on_error is stop", interrupted=False, what=what)
        elif entry.lacks_parent:
            error = NotStarted(f"its {entry.kind.parent_label} failed", interrupted=False)
        else:
            return None
        error.changed = entry.begun
        return error

    def _with_retries(self, entry: Entry) -> None:
        """Try again after what trying again may fix, as running the task again would."""
        allowed = entry.attempts + entry.own.get("attempts", self._limits.attempts)
        changed = entry.begun
        while True:
            entry.attempts += 1
            try:
                return self._reconcile(entry)
            except AmlError as error:
                # What an earlier attempt has changed stays changed.
                changed = error.changed = error.changed or changed
                if entry.attempts >= allowed or not _is_transient(error):
                    raise
                entry.behaviour.events.state(f"failed, again in {_BETWEEN_ATTEMPTS:.0f} s")
                self._interruption.pause(_BETWEEN_ATTEMPTS)

    def _reconcile(self, entry: Entry) -> None:
        if entry.declaration is None:
            return self._prune(entry)
        planned = entry.plan
        reconciler = self._reconciler(entry, Checks(of_plan=partial(check_step, entry)))
        _keep(entry, reconciler.reconcile(entry.desired_now, entry.state))
        if entry.later:
            # Both steps together are what was planned.
            entry.plan, entry.begun, entry.finished = planned, True, entry.begun

    def _reconciler(self, entry: Entry, checks: Checks) -> Reconciler:
        return Reconciler(
            self._client,
            entry.kind,
            entry.target,
            entry.behaviour,
            extension_of(entry.kind),
            checks,
            sleep=self._interruption.pause,
            clock=self._clock,
        )

    def _prune(self, entry: Entry) -> None:
        """Remove what is not declared, if a new read shows that it is still this fleet's: pruning comes last, long after the LIST that it is planned by."""

        def check(body: Body | None) -> None:
            if body is not None:
                self._pruning.check_owned(entry, body)

        planned = entry.plan
        reconciler = self._reconciler(entry, Checks(before_removal=check, after_removal=check))
        try:
            _keep(entry, reconciler.absent({}))
            # No one declared it absent.
            entry.plan = replace(entry.plan, reason=planned.reason if entry.changed else "it no longer exists")
        except ChangedMeanwhile as error:
            if reconciler.remote.wrote:
                error.message = error.message.replace(
                    "was not pruned, because", "was pruned, but another writer was faster:"
                )
                error.hint = "It changed between the last read and the deletion, which takes no condition. Check who uses it, and create it again."
                raise
            # It no longer belongs to this fleet, so this is not a failure.
            entry.plan = Plan(NONE, reason=error.message)
            entry.warnings = [f"{error.code}: {error.message}"]


def _keep(entry: Entry, outcome: Outcome) -> None:
    entry.plan, entry.operation = outcome.plan, outcome.operation
    entry.warnings = list(dict.fromkeys([*(entry.warnings if entry.begun else []), *outcome.warnings]))


def _asks_service(entry: Entry) -> bool:
    """Whether a run would ask the service something before it creates, replaces or deletes the target, which the plan does not know."""
    extension = extension_of(entry.kind)
    if entry.action == DELETE:
        # What is in it is not changed by the run: all other rules of a removal are those of the plan.
        return bool(entry.kind.child_collection) and entry.remaining is None
    if entry.action == REPLACE and hasattr(extension, "before_replace"):
        return True
    if entry.kind.runs_on:
        return entry.new_compute is not None
    return entry.action in (CREATE, REPLACE) and hasattr(extension, "before_create")


def _is_transient(error: AmlError) -> bool:
    """Whether it is worth another attempt: an operation or a server that failed, not what the service or a rule refuses."""
    refused = 400 <= (error.status or 0) < 500 and error.status not in (408, 429)
    return isinstance(error, NotApplied) or (isinstance(error, ArmError) and not refused)


def _interleaved(entries: t.Sequence[Entry]) -> list[Entry]:
    """Workspace by workspace in turn, so that one full workspace does not hold up the others."""
    by_workspace: dict[str, list[Entry]] = {}
    for entry in entries:
        by_workspace.setdefault(entry.workspace.casefold(), []).append(entry)
    rows = list(by_workspace.values())
    longest = max((len(row) for row in rows), default=0)
    return [row[number] for number in range(longest) for row in rows if number < len(row)]
