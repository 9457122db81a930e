# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute instances: what needs requests in addition to creating and updating them.

Start, stop and restart are operations of the service (docs/facts.md a.1, b.2); a running operation is waited for, and never
asked for again.
"""

from __future__ import annotations

import typing as t

from .._core.errors import AmlError
from .._engine import refusals
from .._engine.kind import Body, Request
from .._engine.outcome import NotApplied, Outcome
from .._engine.plan import Plan
from .._engine.remote import RemoteResource
from .._kinds.instance_power import RUNNING, START, STOP, STOPPED, is_created, power_action, power_state

_DONE = {"start": "started", "stop": "stopped", "restart": "restarted"}


class InstanceExtension:
    """The power state, and the stop that a resize needs."""

    def __init__(self, remote: RemoteResource) -> None:
        self._remote = remote

    def power(self, plan: Plan, body: Body | None, state: str) -> Outcome:
        action = power_action(body, state, created=is_created(plan))
        return self._remote.outcome(plan, body) if action is None else self._take(plan, action)

    def update(self, requests: list[Request], plan: Plan, write: t.Callable[[], Outcome]) -> Outcome:
        """A resize is for a stopped instance: a running one is stopped for it, and started again, only if that was allowed."""
        if not any(request.suffix == "/resize" for request in requests):
            return write()
        remote = self._remote
        if not refusals.check_stopped(remote.kind, remote.target.name, plan, remote.read(), remote.behaviour):
            return write()
        try:
            with self._remote.always_waiting():
                self._bring(STOP)
                write()
            return self._take(plan, START)
        except AmlError as error:
            if self._remote.wrote:
                # Whether it runs is nothing that was declared: a later run does not start it.
                error.hint = f"{error.hint or ''} It was stopped for the resize and may be stopped still: start it with state=started.".strip()
            raise

    def _take(self, plan: Plan, action: str) -> Outcome:
        if self._remote.behaviour.wait:
            return self._remote.outcome(plan, self._bring(action))
        operation = self._send(action)
        return self._remote.outcome(plan, self._remote.read(), operation)

    def _send(self, action: str) -> t.Any:
        return self._remote.send(Request("POST", None, suffix=f"/{action}")).operation

    def _bring(self, action: str) -> Body:
        """Take the action, and wait until the instance is in the state to which it leads; any other state is a failure that says so."""
        operation = self._send(action)
        wait = self._remote.wait
        if operation is not None:
            wait.for_operation(operation, _DONE[action])
        deadline = wait.stale_read_deadline()
        while True:
            body = wait.until_settled(self._remote.read(), settling=True)
            state = power_state(body) if body else None
            if body is not None and state in (STOPPED if action == STOP else RUNNING):
                return body
            if not deadline.remaining:
                raise NotApplied(
                    f"{self._remote.title} is {state or 'not there'}, though the service said that it was {_DONE[action]}.",
                    target=self._remote.target.id,
                    hint="Run the same task again.",
                )
            wait.sleep(min(2.0, deadline.remaining))
