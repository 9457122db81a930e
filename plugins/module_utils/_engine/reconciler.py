# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""get -> plan -> apply -> read back, for one resource of any kind.

The package ``_engine`` brings one resource of any kind to its declared state: fields, offline rules, the plan, what every kind answers, and
the reconciler. It may import ``_core``.

Knows the ARM client and the kinds, and no Ansible. One task makes one :class:`Reconciler` and calls ``reconcile``. There is one method for each
action of a plan; the other parts are separate files: ``remote`` (requests), ``waiting``, ``creation``, ``update``, ``removal``,
``read_back``, ``context`` (errors) and ``other_writers``. Kinds extend it at the points of ``extensions``, and in no other way.
"""

from __future__ import annotations

import time
import typing as t
from dataclasses import replace

from .._core.arm_id import Target
from .._core.events import WAIT
from .._core.findings import refuse
from . import planning, refusals
from .behaviour import Behaviour
from .context import ErrorContext
from .creation import Creation, require_parent
from .extensions import (
    AfterRemove,
    BeforeCreate,
    BeforeRemove,
    BeforeReplace,
    BeforeUpdate,
    Checks,
    Extend,
    PowerState,
    Read,
    no_extension,
)
from .kind import BUSY, Body, Kind
from .outcome import Outcome
from .plan import NONE, REPLACE, UPDATE, Declared, Plan
from .planning import ABSENT, PRESENT, plan_target
from .remote import RemoteResource
from .removal import (
    delete_for_replacement,
    remove,
    require_as_planned,
    require_same,
    wait_until_removed,
)
from .update import Update
from .waiting import is_deleting


def warn_of_ignored(remote: RemoteResource, plan: Plan) -> None:
    """Of immutable fields that differ and that the user asked to leave alone."""
    if plan.ignored:
        names = ", ".join(change.field for change in plan.ignored)
        remote.warnings.append(
            f"ImmutableChangeIgnored: {names} differ from the declaration and were left as they are."
        )


class Reconciler:
    """Brings one resource to its declared state.

    ``client`` is an ArmClient; ``extend`` creates the extensions of the kind; ``checks`` are the task's own. ``sleep`` and ``clock`` are in
    seconds.
    """

    def __init__(
        self,
        client: t.Any,
        kind: Kind,
        target: Target,
        behaviour: Behaviour,
        extend: Extend = no_extension,
        checks: Checks | None = None,
        *,
        sleep: t.Callable[[float], None] = time.sleep,
        clock: t.Callable[[], float] = time.monotonic,
    ) -> None:
        self.kind = kind
        self.remote = RemoteResource(client, kind, target, behaviour, sleep=sleep, clock=clock)
        self._extension = extend(self.remote)
        if isinstance(self._extension, Read):
            self.remote.read_by(self._extension.read)
        self._checks = checks or Checks()
        self._context = ErrorContext(self.remote)
        behaviour.events.about(target.id)

    # --- the states ---

    def reconcile(
        self, declared: Declared, state: str = PRESENT, options: t.Mapping[str, t.Any] | None = None
    ) -> Outcome:
        """Bring the resource to the state. The kind's offline rules have passed ``declared``; ``options`` say how to remove.

        An AmlError has ``plan`` where there was one.
        """
        if state == ABSENT:
            return self.absent(options or {})
        if state != PRESENT and isinstance(self._extension, PowerState):
            return self._power(declared, state, self._extension)
        return self.present(declared)

    def present(self, declared: Declared) -> Outcome:
        """Make the resource as declared."""
        body = self._read_for_plan()
        plan = plan_target(self.kind, declared, body, self.remote.behaviour)
        self._announce(plan)
        notices = self.kind.notices(declared, body)
        self.remote.warnings += [text for text in notices if text not in self.remote.warnings]
        with self._context.of(plan):
            warn_of_ignored(self.remote, plan)
            if body is None:
                return self._create(plan, declared)
            if plan.action == REPLACE:
                return self._replace(plan, declared, body)
            if plan.action == UPDATE:
                return self._update(plan, declared, body)
            return self._unchanged(plan, body)

    def absent(self, options: t.Mapping[str, t.Any]) -> Outcome:
        """Remove the resource, in the way that the kind removes, and what belongs to it."""
        outcome = self._absent(options)
        if (
            isinstance(self._extension, AfterRemove)
            and self.remote.seen is not None
            and not self.remote.behaviour.check_mode
        ):
            with self._context.of(outcome.plan):
                self._extension.after_remove(self.remote.seen)
        return outcome

    def _absent(self, options: t.Mapping[str, t.Any]) -> Outcome:
        body = self.remote.read()
        if body is None:
            return self.remote.outcome(Plan(NONE), None)
        self.kind.guard(body, self.remote.target)
        check_mode = self.remote.behaviour.check_mode
        if is_deleting(body) and not check_mode:
            # It is waited for, and not asked for again.
            other = wait_until_removed(self.remote, body) if self.remote.behaviour.wait else body
            return self.remote.outcome(Plan(NONE), other)
        plan = plan_target(self.kind, {}, body, self.remote.behaviour, ABSENT)
        self._before_removal(body)
        if check_mode:
            return self.remote.outcome(plan, None)
        self._announce(plan)
        with self._context.of(plan):
            return self._remove(plan, body, options)

    # --- one method for each action ---

    def _unchanged(self, plan: Plan, body: Body) -> Outcome:
        """Nothing differs; what the service itself reports as failed is still not a success."""
        self.remote.wait.check_success(self.kind.status(body))
        return self.remote.outcome(plan, body)

    def _create(self, plan: Plan, declared: Declared) -> Outcome:
        parent = require_parent(self.remote)
        desired = planning.wanted(self.kind, declared, None, self.remote.behaviour)
        self._check_before_create(plan, declared, desired, None, parent)
        body = self.kind.create_body(self.remote.target, desired, parent)
        if self.remote.behaviour.check_mode:
            return self._planned(plan, body, desired)
        return Creation(self.remote, self._extension, declared).run(plan, desired, body)

    def _replace(self, plan: Plan, declared: Declared, body: Body) -> Outcome:
        self._check_plan(plan, declared, body)
        if isinstance(self._extension, BeforeReplace):
            self._extension.before_replace()
        # Options that the version of the plan lacks are kept too.
        complete = self.remote.read_all(body)
        require_same(self.remote, body, complete)
        return self._replace_with_all(plan, declared, complete)

    def _replace_with_all(self, plan: Plan, declared: Declared, body: Body) -> Outcome:
        parent = require_parent(self.remote)
        desired = planning.wanted(self.kind, declared, body, self.remote.behaviour)
        complete = self.kind.completed(body, plan, desired)
        self._check_before_create(plan, declared, complete, body, parent)
        new = self.kind.recreate_body(body, plan, desired, self.remote.target, parent)
        if self.remote.behaviour.check_mode:
            return self._planned(plan, new, complete)
        require_as_planned(self.remote, self._extension, body)
        with self._context.replacing() as deleted:
            delete_for_replacement(self.remote, body, deleted)
            return Creation(self.remote, self._extension, declared).run(plan, complete, new)

    def _update(self, plan: Plan, declared: Declared, body: Body) -> Outcome:
        self._check_plan(plan, declared, body)
        if isinstance(self._extension, BeforeUpdate):
            self._extension.before_update(plan, body)
        self.remote.warnings += self.kind.advice_on_update(plan, body)
        desired = planning.wanted(self.kind, declared, body, self.remote.behaviour)
        complete = self.kind.completed(body, plan, desired)
        self._check_write(plan, declared, complete, body, None)
        if self.remote.behaviour.check_mode:
            return self._planned(plan, self.kind.with_values(body, plan.values()), complete)
        self.remote.wait.known_errors = self.kind.status(body, settling=True).details
        return Update(self.remote, self._extension, declared).run(plan, body)

    def _remove(self, plan: Plan, body: Body, options: t.Mapping[str, t.Any]) -> Outcome:
        """Delete or detach, as the kind does."""
        checks = replace(self._checks, before_removal=self._before_removal)
        other, operation = remove(self.remote, self.kind.removal(options), body, checks)
        return self.remote.outcome(plan, other, operation)

    def _power(self, declared: Declared, state: str, extension: PowerState) -> Outcome:
        """The resource as declared, and then in one of the kind's power states."""
        if self.remote.read() is None:
            refusals.require_creatable(self.kind, self.remote.target, declared, state)
        outcome = self.present(declared)
        plan = self.kind.refine_plan(outcome.plan, outcome.body, state)
        if plan is outcome.plan:
            return outcome
        with self._context.of(plan):
            if outcome.operation is not None:
                # It is running, and the power state must wait for its end.
                with self.remote.always_waiting():
                    self.present(declared)
            self._announce(plan)
            if self.remote.behaviour.check_mode:
                planned = None if outcome.body is None else self.kind.with_state(outcome.body, plan)
                return replace(outcome, plan=plan, body=planned)
            return extension.power(plan, outcome.body, state)

    # --- checks before a write ---

    def _check_plan(self, plan: Plan, declared: Declared, body: Body) -> None:
        refusals.check_plan(self.kind, self.remote.target.name, plan, declared, body, self.remote.behaviour)

    def _check_before_create(
        self, plan: Plan, declared: Declared, complete: Declared, body: Body | None, parent: Body | None
    ) -> None:
        refuse(self.kind.check_create(complete, parent))
        if isinstance(self._extension, BeforeCreate):
            self._extension.before_create(complete, parent)
        self._check_write(plan, declared, complete, body, parent)

    def _check_write(
        self, plan: Plan, declared: Declared, complete: Declared, body: Body | None, parent: Body | None
    ) -> None:
        self.remote.warnings += self._checks.before_write(plan, complete, body, parent) or []
        self.remote.warnings += self.kind.advice(plan, declared, parent)

    def _before_removal(self, body: Body) -> None:
        self._checks.before_removal(body)
        self.kind.check_removal(body)
        if isinstance(self._extension, BeforeRemove):
            self._extension.before_remove(body)

    # --- reading and reporting ---

    def _read_for_plan(self) -> Body | None:
        """The resource after the running operations of earlier runs or other writers: running a task again continues them."""
        body = self.remote.read()
        if body is not None:
            self.kind.guard(body, self.remote.target)
        if body is None or not self.remote.behaviour.wait or self.remote.behaviour.check_mode:
            return body
        if self.kind.status(body).state == BUSY and is_deleting(body):
            body = self.remote.wait.wait_until_deleted(body)
            if body is not None:
                self.kind.guard(body, self.remote.target)
        return self.remote.wait.until_settled(body, fail=False)

    def _planned(self, plan: Plan, body: Body, complete: Declared) -> Outcome:
        """The outcome in check mode, with the document that apply would lead to."""
        named = {"id": self.remote.target.id, "name": self.remote.target.name, **body}
        return self.remote.outcome(plan, self.kind.planned(named, complete))

    def _announce(self, plan: Plan) -> None:
        """Check a plan before it is applied, and say to what the states belong that are reported from now on."""
        self._checks.of_plan(plan)
        self.remote.behaviour.events.about(self.remote.target.id, plan.action if plan.changed else WAIT)
