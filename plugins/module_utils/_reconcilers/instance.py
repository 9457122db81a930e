# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute instances: as declared, and then started, stopped or restarted.

Start, stop and restart are operations of the service (docs/facts.md a.1, b.2); what is under way already is waited for, and never
asked for again.
"""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import replace

from .._core.errors import AmlError, all_foreseen
from .._engine.kind import Body, Request
from .._engine.plan import Declared, Plan
from .._engine.reconciler import InUse, NotApplied, Outcome, Reconciler
from .._kinds.instance_power import RESTART, RUNNING, START, STOP, STOPPED, after_action, power_state, with_power

_DONE = {START: "started", STOP: "stopped", RESTART: "restarted"}


class NotThere(AmlError):
    """An instance that does not exist cannot be started, stopped or restarted."""

    default_code = "ComputeNotFound"


class InstanceReconciler(Reconciler):
    """Adds the power state, and what only follows a creation."""

    def power(self, declared: Declared, wanted: str) -> Outcome:
        """The instance as declared, and ``started``, ``stopped`` or ``restarted``."""
        body = self.find()
        if body is None and not declared.get("size"):
            raise NotThere(
                f"{self._what} does not exist, so it cannot be {wanted}.",
                target=self.target.id,
                hint="Create it with state=present, or give its size and other options here too.",
            )
        outcome = self.present(declared)
        plan, action = with_power(outcome.plan, outcome.body, wanted)
        if action is None:
            return outcome
        try:
            if outcome.operation is not None:
                # It is under way, and the action needs its end.
                with self._waiting():
                    self.present(declared)
            self._tell_action(plan)
            if self.behaviour.check_mode:
                planned = None if outcome.body is None else after_action(outcome.body, action)
                return replace(outcome, plan=plan, body=planned)
            return self._act(plan, action)
        except AmlError as error:
            if error.plan is None:
                self._annotate(error, plan)
            error.plan = plan
            raise

    @contextlib.contextmanager
    def _waiting(self) -> t.Iterator[None]:
        """Wait, whatever was asked for: of several operations each needs the end of the one before, and only the last need not be waited for."""
        asked = self.behaviour
        self.behaviour = replace(asked, wait=True)
        try:
            yield
        finally:
            self.behaviour = asked

    @all_foreseen()
    def _act(self, plan: Plan, action: str) -> Outcome:
        if self.behaviour.wait:
            return self._outcome(plan, self._brought(action))
        operation = self._send(Request("POST", None, suffix=f"/{action}")).operation
        return self._outcome(plan, self.find(), operation)

    def _brought(self, action: str) -> Body:
        """Take the action, and wait until the instance is in the state to which it leads; any other state is a failure that says so."""
        operation = self._send(Request("POST", None, suffix=f"/{action}")).operation
        if operation is not None:
            self._await(operation, _DONE[action])
        grace = self._grace()
        while True:
            body = self._settle(self.find(), settling=True)
            state = power_state(body) if body else None
            if state in (STOPPED if action == STOP else RUNNING):
                return t.cast(Body, body)
            if not grace.remaining:
                raise NotApplied(
                    f"{self._what} is {state or 'not there'}, though the service said that it was {_DONE[action]}.",
                    target=self.target.id,
                    hint="Run the same task again.",
                )
            self._sleep(min(2.0, grace.remaining))

    def _create(self, plan: Plan, declared: Declared, complete: Declared, body: Body) -> Outcome:
        if not complete.get("data_mounts") or not self.behaviour.wait:
            return super()._create(plan, declared, complete, body)
        without = {option: value for option, value in declared.items() if option != "data_mounts"}
        made = super()._create(plan, without, complete, body)
        # After a replacement, those that others had made too.
        left = self._plan({**declared, "data_mounts": complete["data_mounts"]}, made.body)
        return self._write(self.kind.updates(t.cast(Body, made.body), left), plan, declared, created=False)

    def _planned(self, plan: Plan, declared: Declared, body: Body | None, parent: Body | None) -> Body:
        planned = super()._planned(plan, declared, body, parent)
        mounts = self._complete(plan, declared, body).get("data_mounts")
        # Not part of the body of a creation: they follow by their action.
        return (
            planned
            if not mounts
            else self.kind.with_values(
                planned, {"data_mounts": [one for one in mounts if one.get("state") != "absent"]}
            )
        )

    def _write(self, requests: list[Request], plan: Plan, declared: Declared, *, created: bool) -> Outcome:
        """A resize is for a stopped instance: a running one is stopped for it, and started again, only if that was allowed."""
        if not any(request.suffix == "/resize" for request in requests):
            return super()._write(requests, plan, declared, created=created)
        running = self.kind.in_use(t.cast(Body, self.find()))
        if running and not self.behaviour.force:
            raise InUse(
                f"{self._what} was not resized, because {running}, and a resize needs it stopped.",
                details={"plan": plan.to_dict()},
                hint="Stop it first (state=stopped), or set force=true to have it stopped, resized and started again.",
            )
        if not running:
            return super()._write(requests, plan, declared, created=created)
        try:
            with self._waiting():
                self._brought(STOP)
                super()._write(requests, plan, declared, created=created)
            return self._act(plan, START)
        except AmlError as error:
            if self.wrote:
                # Whether it runs is nothing that was declared: a later run does not start it.
                error.hint = f"{error.hint or ''} It was stopped for the resize and may be stopped still: start it with state=started.".strip()
            raise
