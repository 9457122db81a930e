# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Updating a resource in place: the writes of a plan, made again from the newest document until none of them overwrites another writer's change."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import replace

from .._core.answers import conflict_pause, is_busy
from .._core.errors import ArmError
from .._core.findings import refuse
from .extensions import AfterWrite, AroundUpdate
from .kind import Body, Request
from .other_writers import Overtaken, changed_meanwhile, warn_of_differing
from .outcome import Outcome
from .plan import NONE, UPDATE, Change, Declared, Plan
from .planning import plan_target
from .read_back import explained, read_back
from .remote import RemoteResource
from .waiting import is_deleting

# How often a change is planned again because another writer was faster, before the task fails.
_ROUNDS = 5

# Microsoft.Resources/tags, and the answers that say that a resource's tags cannot be changed there.
_TAGS_SUFFIX, _TAGS_VERSION = "/providers/Microsoft.Resources/tags/default", "2021-04-01"
_NO_TAGS_API = (400, 403, 405)


class Update:
    """One update. What carries undeclared values is made from the newest document, and sent on the condition that it still is.

    Without an ETag, the document is read directly before such a write; the service refuses a write during another writer's operation, and the
    change is planned again after it.
    """

    def __init__(self, remote: RemoteResource, extension: object, declared: Declared) -> None:
        self._remote = remote
        self._kind = remote.kind
        self._extension = extension
        self._declared = declared
        self._tags_api = remote.kind.tags_api
        # When another operation blocked a write first, in seconds of the task.
        self._blocked_since: float | None = None
        # The writes that were accepted.
        self._done: set[tuple[str, str, str, str]] = set()

    def run(self, plan: Plan, body: Body) -> Outcome:
        """Make the changes of the plan, which was made for ``body``."""
        plan_after, newest, rounds = plan, False, 0
        while True:
            requests = self._requests(body, plan)
            if newest or self._remote.etag or not (requests and requests[0].carries):
                try:
                    return self._carry_out(requests, plan_after)
                except Overtaken as overtaken:
                    rounds += not overtaken.again
                if rounds >= _ROUNDS:
                    what = f"it was changed {rounds} times between the read and the write"
                    raise changed_meanwhile(self._remote, what)
            body, plan = self._plan_again()
            newest, plan_after = True, plan_after if self._remote.wrote else plan
            if plan.action == NONE:
                return self._remote.outcome(plan_after, body)

    def _plan(self, body: Body) -> Plan:
        return plan_target(self._kind, self._declared, body, self._remote.behaviour)

    def _plan_again(self) -> tuple[Body, Plan]:
        """The newest document and the plan for it."""
        body = self._remote.read()
        if body is not None and self._remote.behaviour.wait:
            body = self._remote.wait.until_settled(body, fail=False)
        if body is None or is_deleting(body):
            raise changed_meanwhile(self._remote, "it was deleted")
        self._kind.guard(body, self._remote.target)
        plan = self._plan(body)
        if plan.action not in (NONE, UPDATE):
            raise changed_meanwhile(self._remote, plan.reason or f"it now needs the action {plan.action}", plan)
        if plan.action == UPDATE:
            # Where nothing is left to change, what differs from the expected state is the work of this task.
            refuse(self._kind.check_existing(self._declared, self._kind.read(body)))
        return body, plan

    # --- the writes ---

    def _requests(self, body: Body, plan: Plan) -> list[Request]:
        """The writes of the plan that were not sent yet; tags without the rest of the document, where that can be."""
        tags = next((change for change in plan.changes if change.field == "tags"), None)
        others = replace(plan, changes=tuple(change for change in plan.changes if change is not tags))
        if tags is None or plan.reason or not self._has_tags_api(alone=not others.changes):
            requests = self._kind.updates(body, plan)
        else:
            requests = [*(self._kind.updates(body, others) if others.changes else []), *_tag_requests(tags)]
        return [request for request in requests if request.key not in self._done]

    def _has_tags_api(self, *, alone: bool) -> bool:
        """Whether Microsoft.Resources/tags changes the tags: with an ETag, the resource itself is as safe. ``alone``: nothing else changes."""
        return not self._remote.etag and (self._tags_api == "always" or (self._tags_api == "alone" and alone))

    def _carry_out(self, requests: list[Request], plan: Plan) -> Outcome:
        write = functools.partial(self._write, requests, plan)
        if isinstance(self._extension, AroundUpdate):
            return self._extension.update(requests, plan, write)
        return write()

    def _write(self, requests: list[Request], plan: Plan) -> Outcome:
        with explained(self._kind, created=False):
            operation, whole = self._send_all(requests)
            if not self._remote.behaviour.wait:
                return self._remote.outcome(plan, self._remote.read(), operation)
            body = read_back(self._remote, self._declared, settling=self._kind.settles_after(plan))
        if whole is not None:
            warn_of_differing(self._remote, self._kind.differing(whole, body, self._declared))
        return self._remote.outcome(plan, body)

    def _send_all(self, requests: list[Request]) -> tuple[t.Any, Body | None]:
        """The operation of the last write, and the document that was sent as a whole without a condition."""
        operation = whole = None
        for index, request in enumerate(requests):
            if index and request.carries:
                # The write before it took time, in which others may have written.
                raise Overtaken(again=True)
            if request.is_whole and not self._remote.if_match(request):
                whole = request.body
            operation = self._send(request, requests).operation
            self._done.add(request.key)
            # The next one needs its end.
            if operation is not None and (self._remote.behaviour.wait or request is not requests[-1]):
                self._remote.wait.for_operation(operation, "updated")
        return operation, whole

    def _send(self, request: Request, requests: list[Request]) -> t.Any:
        # What carries undeclared values without a condition is not sent again as it is.
        unconditional = request.carries and not self._remote.if_match(request)
        check = functools.partial(self._check_newest, requests) if unconditional else None
        try:
            reply = self._remote.send(request, before_retry=check, wait_conflict=not unconditional)
        except ArmError as error:
            if unconditional and self._waits_for(error):
                raise Overtaken(again=True) from error
            if request.suffix == _TAGS_SUFFIX and error.status in _NO_TAGS_API and not error.may_be_accepted:
                # Not there, or not for this principal: the resource itself is written, with the same care.
                self._tags_api = "never"
                raise Overtaken(again=True) from error
            raise
        if isinstance(self._extension, AfterWrite):
            self._extension.after_write(request, reply)
        return reply

    def _waits_for(self, error: ArmError) -> bool:
        """Wait a moment where the service refused the write because of a running operation, and there is time left."""
        if not is_busy(error) or not self._remote.behaviour.wait or not self._remote.wait.deadline.remaining:
            return False
        now = self._remote.wait.deadline.elapsed
        self._blocked_since = now if self._blocked_since is None else self._blocked_since
        self._remote.wait.sleep(conflict_pause(error, now - self._blocked_since))
        return True

    def _check_newest(self, requests: list[Request], unclear: bool) -> None:
        """Before a write is sent again: Overtaken where anything that the requests carry was changed."""
        self._remote.wrote = self._remote.wrote or unclear
        body = self._remote.read()
        plan = None if body is None else self._plan(body)
        if body is None or plan is None or plan.action != UPDATE or self._requests(body, plan) != requests:
            raise Overtaken
        # What was declared about the current state, such as the expected traffic of an endpoint, holds for the state at this write.
        refuse(self._kind.check_update(self._declared, self._kind.read(body)))


def _tag_requests(change: Change) -> list[Request]:
    """The writes that set and remove the tags that differ, and touch no other."""
    before, after = change.before or {}, change.after or {}
    differing = {name: value for name, value in after.items() if before.get(name) != value}
    gone = {name: value for name, value in before.items() if name not in after}
    return [
        Request(
            "PATCH",
            {"operation": operation, "properties": {"tags": tags}},
            suffix=_TAGS_SUFFIX,
            api_version=_TAGS_VERSION,
        )
        for operation, tags in (("Delete", gone), ("Merge", differing))
        if tags
    ]
