# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""get -> plan -> apply -> read back, for one resource of any kind.

The package ``_engine`` brings one resource of any kind to its declared state: fields, offline rules, the plan, what every kind answers, and
the reconciler. It may import ``_core``.

Knows the ARM client and the kinds, and no Ansible. One task makes one :class:`Reconciler` and calls ``reconcile``. There is one method for each
action of a plan; the other parts are separate files: ``remote`` (requests), ``waiting``, ``creation``, ``update``, ``removal``,
``read_back`` and ``other_writers``. Kinds extend it at the points of ``extensions``, and in no other way.
"""

from __future__ import annotations

import contextlib
import time
import typing as t
from dataclasses import replace

from .._core.arm_id import Target
from .._core.errors import AmlError, add_next_step, all_foreseen
from .._core.events import WAIT
from .._core.findings import refuse
from . import plan as _plan
from . import planning
from .behaviour import Behaviour
from .creation import only_if_absent, require_absent, send_creation
from .extensions import (
    AfterRemove,
    BeforeCreate,
    BeforeRemove,
    BeforeReplace,
    Checks,
    Create,
    Extend,
    PowerState,
    Read,
    no_extension,
)
from .kind import BUSY, Body, Kind, Request
from .outcome import InUse, NotThere, Outcome, ParentMissing
from .plan import CREATE, NONE, REPLACE, UPDATE, Declared, Plan
from .planning import ABSENT, PRESENT, plan_target
from .read_back import explained, read_back
from .remote import RemoteResource
from .removal import delete_for_replacement, remove, require_as_planned, wait_until_removed
from .update import Update
from .waiting import is_deleting


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
        # What a replacement deleted, as the user knows it, until the new one is there.
        self._replaced: dict[str, t.Any] | None = None
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
        with self._in_context(plan):
            self._warn_of_ignored(plan)
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
            with self._in_context(outcome.plan):
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
            return self.remote.outcome(Plan(NONE), self._wait_for_deletion(body))
        plan = plan_target(self.kind, {}, body, self.remote.behaviour, ABSENT)
        self._before_removal(body)
        if check_mode:
            return self.remote.outcome(plan, None)
        self._announce(plan)
        with self._in_context(plan):
            return self._remove(plan, body, options)

    def _wait_for_deletion(self, body: Body) -> Body | None:
        return wait_until_removed(self.remote, body) if self.remote.behaviour.wait else body

    # --- one method for each action ---

    def _unchanged(self, plan: Plan, body: Body) -> Outcome:
        """Nothing differs; what the service itself reports as failed is still not a success."""
        self.remote.wait.check_success(self.kind.status(body))
        return self.remote.outcome(plan, body)

    def _create(self, plan: Plan, declared: Declared) -> Outcome:
        parent = self._require_parent()
        wanted = planning.wanted(self.kind, declared, None, self.remote.behaviour)
        self._check_before_create(plan, declared, wanted, None, parent)
        body = self.kind.create_body(self.remote.target, wanted, parent)
        if self.remote.behaviour.check_mode:
            return self._planned(plan, self._as_new(body), wanted)
        return self._make(plan, declared, wanted, body)

    def _replace(self, plan: Plan, declared: Declared, body: Body) -> Outcome:
        self._check_replacement_allowed(plan, declared, body)
        parent = self._require_parent()
        wanted = planning.wanted(self.kind, declared, body, self.remote.behaviour)
        complete = self.kind.completed(body, plan, wanted)
        self._check_before_create(plan, declared, complete, body, parent)
        new = self.kind.recreate_body(body, plan, wanted, self.remote.target, parent)
        if self.remote.behaviour.check_mode:
            return self._planned(plan, self._as_new(new), complete)
        require_as_planned(self.remote, body)
        self._before_replace()
        delete_for_replacement(self.remote, body, self._note_deleted)
        outcome = self._make(plan, declared, complete, new)
        self._replaced = None
        return outcome

    def _update(self, plan: Plan, declared: Declared, body: Body) -> Outcome:
        refuse(self.kind.check_update(declared, self.kind.read(body)))
        self.remote.warnings += self.kind.advice_on_update(plan, body)
        wanted = planning.wanted(self.kind, declared, body, self.remote.behaviour)
        complete = self.kind.completed(body, plan, wanted)
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
            self._require_creatable(declared, state)
        outcome = self.present(declared)
        plan = self.kind.refine_plan(outcome.plan, outcome.body, state)
        if plan is outcome.plan:
            return outcome
        with self._in_context(plan):
            if outcome.operation is not None:
                # It is running, and the power state must wait for its end.
                with self.remote.always_waiting():
                    self.present(declared)
            self._announce(plan)
            if self.remote.behaviour.check_mode:
                planned = None if outcome.body is None else self.kind.with_state(outcome.body, plan)
                return replace(outcome, plan=plan, body=planned)
            return extension.power(plan, outcome.body, state)

    # --- creating ---

    def _make(self, plan: Plan, declared: Declared, complete: Declared, body: Body) -> Outcome:
        """Create the resource. ``complete`` is all that it is to have; for a replacement that is more than what was declared."""
        with only_if_absent(self.remote):
            if isinstance(self._extension, Create):
                operation = self._extension.create(complete)
            else:
                # A replacement has just seen the old one go; another read is as old as the checks after it.
                operation = self._put(body, check=plan.action == CREATE and not self.kind.has_etags)
        with explained(self.kind, created=True):
            if not self.remote.behaviour.wait:
                return self.remote.outcome(plan, self.remote.read(), operation)
            return self._finish(plan, declared, complete)

    def _put(self, body: Body, *, check: bool) -> t.Any:
        if check:
            require_absent(self.remote)
        with explained(self.kind, created=True):
            operation = send_creation(self.remote, Request("PUT", body)).operation
            if operation is not None and self.remote.behaviour.wait:
                self.remote.wait.for_operation(operation, "created")
        return operation

    def _finish(self, plan: Plan, declared: Declared, complete: Declared) -> Outcome:
        """Read back, after the update that sets what a creation cannot."""
        later = self.kind.set_after_creation(plan, declared, complete)
        if later:
            self._set_later({option: value for option, value in declared.items() if option not in later}, later)
        return self.remote.outcome(plan, read_back(self.remote, declared, settling=True))

    def _set_later(self, declared: Declared, later: Declared) -> None:
        """Update a resource that was just created. ``declared`` is what its creation has set."""
        body = read_back(self.remote, declared, settling=True)
        everything = {**declared, **later}
        left = plan_target(self.kind, everything, body, self.remote.behaviour)
        if left.action == UPDATE:
            Update(self.remote, self._extension, everything).run(left, body)

    def _require_parent(self) -> Body | None:
        if not self.kind.parent_api_version:
            return None
        target = self.remote.target
        parent: Body | None = self.remote.client.find(target.parent_id, self.kind.parent_api_version)
        if parent is None and not self.remote.behaviour.check_mode:
            raise ParentMissing(
                f"{self.remote.title} cannot be created, because {target.parent_id} does not exist.",
                target=target.parent_id,
                hint=f"Create the {self.kind.parent_label} first, or correct its name, the resource group or the subscription.",
            )
        return parent

    def _require_creatable(self, declared: Declared, state: str) -> None:
        missing = [option for option in self.kind.required_on_create if not declared.get(option)]
        if missing:
            raise NotThere(
                f"{self.remote.title} does not exist, so it cannot be {state}.",
                target=self.remote.target.id,
                hint=f"Create it with state=present, or give its {' and '.join(missing)} and other options here too.",
            )

    # --- checks before a write ---

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

    def _check_replacement_allowed(self, plan: Plan, declared: Declared, body: Body) -> None:
        if planning.is_refused(self.kind, plan, body, self.remote.behaviour):
            raise _plan.refuse_fixed(plan, self.remote.title)
        reason = self.kind.in_use(body)
        if reason and not self.remote.behaviour.force:
            raise InUse(
                f"{self.remote.title} was not replaced, because {reason}.",
                details={"plan": plan.to_dict()},
                hint="Let the work end and scale it to zero, or set force=true to interrupt it.",
            )
        lost = [] if self.kind.broken(body) else self.kind.lost_on_recreate(body, declared)
        if lost:
            raise AmlError(
                f"{self.remote.title} was not replaced, because the service does not return {', '.join(lost)}, which the new one would lack.",
                code="SecretNeeded",
                hint=f"Declare {', '.join(lost)} as well.",
            )
        self.kind.check_replacement(body)
        self._before_replace()

    def _before_replace(self) -> None:
        if isinstance(self._extension, BeforeReplace):
            self._extension.before_replace()

    def _before_removal(self, body: Body) -> None:
        self._checks.before_removal(body)
        if isinstance(self._extension, BeforeRemove):
            self._extension.before_remove(body)

    # --- reading and reporting ---

    def _read_for_plan(self) -> Body | None:
        """The resource after the running operations of earlier runs or other writers: running a task again continues them."""
        body = self._read_guarded(self.remote.read())
        if body is None or not self.remote.behaviour.wait or self.remote.behaviour.check_mode:
            return body
        if self.kind.status(body).state == BUSY and is_deleting(body):
            body = self._read_guarded(self.remote.wait.wait_until_deleted(body))
        return self.remote.wait.until_settled(body, fail=False)

    def _read_guarded(self, body: Body | None) -> Body | None:
        if body is not None:
            self.kind.guard(body, self.remote.target)
        return body

    def _as_new(self, body: Body) -> Body:
        return {"id": self.remote.target.id, "name": self.remote.target.name, **body}

    def _planned(self, plan: Plan, body: Body, complete: Declared) -> Outcome:
        """The outcome in check mode, with the document that apply would lead to."""
        return self.remote.outcome(plan, self.kind.planned(body, complete))

    def _announce(self, plan: Plan) -> None:
        """Say to what the states belong that are reported from now on."""
        self.remote.behaviour.events.about(self.remote.target.id, plan.action if plan.changed else WAIT)

    def _warn_of_ignored(self, plan: Plan) -> None:
        if plan.ignored:
            names = ", ".join(change.field for change in plan.ignored)
            self.remote.warnings.append(
                f"ImmutableChangeIgnored: {names} differ from the declaration and were left as they are."
            )

    def _note_deleted(self, body: Body) -> None:
        self._replaced = self.kind.project(body)

    @contextlib.contextmanager
    def _in_context(self, plan: Plan) -> t.Iterator[None]:
        """Inside it, an error is completed with the plan, what was sent, and what a replacement has deleted."""
        try:
            with all_foreseen():
                yield
        except AmlError as error:
            if error.plan is None:
                self._attach_context(error)
            error.plan = plan
            raise

    def _attach_context(self, error: AmlError) -> None:
        error.changed, error.warnings = self.remote.wrote, self.remote.warnings
        if self._replaced is not None:
            error.details = {"cause": error.details, "replaced": self._replaced}
            error.hint = f"{error.hint or ''} The old one is gone; failure.details.replaced has its declaration, to create it again.".strip()
        add_next_step(error)
