# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""get -> plan -> apply -> read back, for one resource of any kind.

The package ``_engine`` brings one resource of any kind to its declared state: fields, offline rules, the plan, what every kind answers, and
the reconciler. It may import ``_core``.

Knows the ARM client and the kinds, and no Ansible. One task makes one :class:`Reconciler` and calls ``present`` or ``absent``.
"""

from __future__ import annotations

import contextlib
import time
import typing as t
from dataclasses import dataclass, field, replace

from .._core import paths
from .._core.answers import CONFLICT_STEP, is_busy
from .._core.arm_id import Target
from .._core.client import Client
from .._core.errors import AmlError, ArmError, ChangedMeanwhile, WaitTimeout, add_way_on, all_foreseen
from .._core.events import WAIT
from .._core.findings import refuse
from . import incarnation, planning
from . import plan as _plan
from .behaviour import Behaviour
from .fields import READ_ONLY, WRITE_ONLY
from .kind import BUSY, FAILED, Body, Kind, Request
from .plan import CREATE, NONE, REPLACE, UPDATE, Change, Declared, Plan
from .planning import plan_target

# Seconds between two looks at a resource while it changes: grows to the last one and stays there.
_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)

# How often a change is planned again because another writer was faster, before the task fails.
_ROUNDS = 5

# Microsoft.Resources/tags, and the answers that say that a resource's tags cannot be changed there.
_TAGS_SUFFIX, _TAGS_VERSION = "/providers/Microsoft.Resources/tags/default", "2021-04-01"
_NO_TAGS_API = (400, 403, 405)

# How long a GET may show the old values after the service said that a write is done, in seconds.
_STALE_GRACE = 30.0


class NotApplied(AmlError):
    """The service said that a write was done, but a fresh GET shows other values."""

    default_code = "NotApplied"


class InUse(AmlError):
    """A replacement would interrupt running work."""

    default_code = "InUse"


class ParentMissing(AmlError):
    """What the resource lives in does not exist."""

    default_code = "ParentResourceNotFound"


class _Overtaken(Exception):
    """The document that a write was made from is no longer the newest one. ``again``: without another writer's doing."""

    def __init__(self, again: bool = False) -> None:
        super().__init__()
        self.again = again


@dataclass
class Outcome:
    """What was planned for what, what is there now (as ARM's document), and what is still under way."""

    title: str
    plan: Plan
    body: Body | None = None
    operation: dict[str, t.Any] | None = None
    warnings: list[str] = field(default_factory=list)


class Deadline:
    """One time budget for all waits of a task, on a clock that only goes forward."""

    def __init__(self, seconds: float, clock: t.Callable[[], float]) -> None:
        self._clock = clock
        self._start = clock()
        self.seconds = seconds

    @property
    def elapsed(self) -> float:
        return self._clock() - self._start

    @property
    def remaining(self) -> float:
        return max(0.0, self.seconds - self.elapsed)


class Reconciler:
    """Brings one resource to its declared state.

    ``sleep`` and ``clock`` are its own unless a test gives others.
    """

    def __init__(
        self,
        client: Client,
        kind: Kind,
        target: Target,
        behaviour: Behaviour,
        *,
        sleep: t.Callable[[float], None] = time.sleep,
        clock: t.Callable[[], float] = time.monotonic,
    ) -> None:
        self.client = client
        self.kind = kind
        self.target = target
        self.behaviour = behaviour
        self.warnings: list[str] = []
        # What looks at a write before it is carried out, also in check mode (plan, what the resource will have, what is there, its parent where
        # that was read): an AmlError, or warnings.
        self.before_write: t.Callable[[Plan, Declared, Body | None, Body | None], list[str]] | None = None
        # What checks a removal directly before it, also in check mode, by the resource as it was read for it; it raises an AmlError.
        self.before_removal: t.Callable[[Body], None] | None = None
        # What looks at the resource as it shows once its removal was accepted (None: it is gone already); it raises an AmlError.
        self.after_removal: t.Callable[[Body | None], None] | None = None
        # Whether a write was sent: a task that fails after it did not leave things as they were.
        self.wrote = False
        # What a replacement deleted, as the user knows it, until the new one is there.
        self.replaced: dict[str, t.Any] | None = None
        # The errors that the service reported before a change: they are none of the change's.
        self._old_errors: t.Any = None
        # The ETag of the document that was read last; None where the service has none.
        self._etag: str | None = None
        self._tags_api = kind.tags_api
        # Checks, before a write is sent again, that nothing that it carries was changed.
        self._check_newest: t.Callable[[bool], None] | None = None
        self._creating = False
        # The writes of the running update that were accepted.
        self._done: set[tuple[str, str, str]] = set()
        self.deadline = Deadline(behaviour.wait_timeout, clock)
        self._sleep = sleep
        self._what = f"The {kind.label} {target.name!r}"
        self._events = behaviour.events
        self._events.about(target.id)

    # --- the two states that every kind has ---

    def present(self, declared: Declared) -> Outcome:
        """Make the resource as declared, which the kind's offline rules have passed. An AmlError has ``plan`` where there was one."""
        body = self._joined()
        plan = self._plan(declared, body)
        self._tell_action(plan)
        try:
            with all_foreseen():
                return self._carry_out(plan, declared, body)
        except AmlError as error:
            self._annotate(error, plan)
            raise

    def absent(self, options: t.Mapping[str, t.Any]) -> Outcome:
        """Remove the resource, in the way that the kind removes."""
        body = self.find()
        if body is not None:
            self.kind.guard(body, self.target)
            # What is already being deleted is waited for, and not asked for again.
            if _is_deleting(body) and not self.behaviour.check_mode:
                other = self._wait_gone(body) if self.behaviour.wait else body
                if self.behaviour.wait and other is not None:
                    self._warn_of_another(other)
                return self._outcome(Plan(NONE), other)
        plan = _plan.plan_absent(None if body is None else self.kind.project(body), action=self.kind.remove_action)
        if plan.changed and body is not None and self.before_removal is not None:
            self.before_removal(body)
        if not plan.changed or self.behaviour.check_mode:
            return self._outcome(plan, None)
        self._tell_action(plan)
        try:
            with all_foreseen():
                return self._remove(self.kind.removal(options), plan, body)
        except AmlError as error:
            self._annotate(error, plan)
            raise

    def _annotate(self, error: AmlError, plan: Plan) -> None:
        """What the user must know beside the error: what was planned, what was sent, and what a replacement has taken away."""
        error.plan, error.changed, error.warnings = plan, self.wrote, self.warnings
        if self.replaced is not None:
            error.details = {"cause": error.details, "replaced": self.replaced}
            error.hint = f"{error.hint or ''} The old one is gone; failure.details.replaced has its declaration, to create it again.".strip()
        add_way_on(error)

    def _tell_action(self, plan: Plan) -> None:
        """What the states are of that are told from now on."""
        self._events.about(self.target.id, plan.action if plan.changed else WAIT)

    # --- reading ---

    def find(self) -> Body | None:
        """The resource as ARM has it now, or None."""
        found: Body | None
        found, self._etag = self.client.read(self.target.id, self.kind.api_version)
        return found

    def _joined(self) -> Body | None:
        """The resource after whatever an earlier run, or someone else, has under way: running a task again continues it."""
        body = self.find()
        if body is None:
            return None
        self.kind.guard(body, self.target)
        if not self.behaviour.wait or self.behaviour.check_mode or self.kind.status(body).state != BUSY:
            return body
        if _is_deleting(body):
            body = self._wait_gone(body)
            if body is None:
                return None
            self.kind.guard(body, self.target)
        return self._settle(body, settling=False, fail=False)

    def _settle(self, body: Body | None, *, settling: bool, fail: bool = True) -> Body | None:
        """Look until the resource is no longer busy. ``fail``: a failed state is an error, and not the caller's to judge."""
        pauses = iter(_PAUSES)
        pause = _PAUSES[0]
        while True:
            status = None if body is None else self.kind.status(body, settling=settling)
            if status is None or status.state != BUSY:
                break
            if not self.deadline.remaining:
                raise self._timeout(f"{self._what} to settle", status.text)
            self._events.state(status.text)
            pause = self.behaviour.wait_interval or next(pauses, pause)
            self._sleep(min(pause, self.deadline.remaining))
            body = self.find()
        if (
            fail
            and status is not None
            and status.state == FAILED
            and not (status.details and status.details == self._old_errors)
        ):
            raise ArmError(
                f"{self._what} is in the state {status.text}: {status.message or 'the service gives no reason.'}",
                code=status.code or "ProvisioningFailed",
                details=status.details,
                target=self.target.id,
                hint="The service refused it after it had accepted the request. Fix the cause and run the same task again.",
            )
        return body

    def _wait_gone(self, before: Body) -> Body | None:
        """Wait until the resource that ``before`` shows is gone: None, or the other resource that has its name by then."""
        pauses = iter(_PAUSES)
        pause = _PAUSES[0]
        deleting = False
        while (body := self.find()) is not None:
            if incarnation.difference(before, body) or (deleting and _is_being_created(body)):
                return body
            deleting = deleting or _is_deleting(body)
            state = self.kind.status(body).text
            if not self.deadline.remaining:
                raise self._timeout(f"{self._what} to be gone", state)
            self._events.state(state)
            pause = self.behaviour.wait_interval or next(pauses, pause)
            self._sleep(min(pause, self.deadline.remaining))
        return None

    def _warn_of_another(self, other: Body) -> None:
        """Of a deletion that is done, when another writer has already used the name again."""
        self.warnings.append(
            f"RecreatedMeanwhile: {self._what} was deleted, and another writer has created another {self.kind.label} of that name"
            f"{_when_created(other)}. That one was not deleted. Run the same task again if it is to be deleted too."
        )

    def _timeout(self, what: str, state: str) -> WaitTimeout:
        return WaitTimeout(
            f"Waited {self.deadline.elapsed:.0f} s for {what}; the last state was {state}.",
            details={"what": what, "state": state, "elapsed": round(self.deadline.elapsed, 1), "operation": None},
            target=self.target.id,
            hint="Nothing was lost: run the same task again to continue waiting, or raise wait_timeout.",
        )

    # --- deciding ---

    def _plan(self, declared: Declared, body: Body | None) -> Plan:
        return plan_target(self.kind, declared, body, self.behaviour)

    def _carry_out(self, plan: Plan, declared: Declared, body: Body | None) -> Outcome:
        if plan.ignored:
            names = ", ".join(change.field for change in plan.ignored)
            self.warnings.append(
                f"ImmutableChangeIgnored: {names} differ from the declaration and were left as they are."
            )
        if plan.action == NONE:
            return self._already_there(plan, body)
        if plan.action == REPLACE:
            self._allow_replacement(plan, declared, body)
        parent = self._parent() if plan.action in (CREATE, REPLACE) else None
        if plan.action in (CREATE, REPLACE):
            complete = self._complete(plan, declared, body)
            refuse(self.kind.check_create(complete, parent))
            self._inspect(complete, parent)
        else:
            refuse(self.kind.check_update(declared, self.kind.read(body or {})))
        if self.before_write is not None:
            self.warnings += self.before_write(plan, self._complete(plan, declared, body), body, parent)
        self.warnings += self.kind.advice(plan, declared, parent)
        if self.behaviour.check_mode:
            return self._outcome(plan, self._planned(plan, declared, body, parent))
        if plan.action == REPLACE:
            new = self.kind.recreate_body(t.cast(Body, body), plan, self._wanted(declared, body), self.target, parent)
            self._clear_away(t.cast(Body, body))
            outcome = self._create(plan, declared, self._complete(plan, declared, body), new)
            self.replaced = None
            return outcome
        if plan.action == CREATE:
            wanted = self._wanted(declared, None)
            return self._create(plan, declared, wanted, self.kind.create_body(self.target, wanted, parent))
        self._old_errors = self.kind.status(t.cast(Body, body), settling=True).details
        return self._update(plan, declared, t.cast(Body, body))

    def _inspect(self, complete: Declared, parent: Body | None) -> None:
        """What only the service can tell, looked at before a creation; reads alone. For the kinds that need it."""

    def _wanted(self, declared: Declared, body: Body | None) -> Declared:
        """What was declared, with the tags in full."""
        return planning.wanted(self.kind, declared, body, self.behaviour)

    def _complete(self, plan: Plan, declared: Declared, body: Body | None) -> Declared:
        """What a new resource will have: for a replacement, what was there counts as given."""
        if body is None:
            return self._wanted(declared, None)
        return self.kind.completed(body, self._wanted(declared, body))

    def _already_there(self, plan: Plan, body: Body | None) -> Outcome:
        """Nothing differs; what the service itself reports as failed is still not a success."""
        status = self.kind.status(t.cast(Body, body))
        if status.state == FAILED:
            self._settle(body, settling=False)
        return self._outcome(plan, body)

    def _parent(self) -> Body | None:
        if not self.kind.parent_api_version:
            return None
        parent: Body | None = self.client.find(self.target.parent_id, self.kind.parent_api_version)
        if parent is None and not self.behaviour.check_mode:
            raise ParentMissing(
                f"{self._what} cannot be created, because {self.target.parent_id} does not exist.",
                target=self.target.parent_id,
                hint=f"Create the {self.kind.parent_label} first, or correct its name, the resource group or the subscription.",
            )
        return parent

    def _allow_replacement(self, plan: Plan, declared: Declared, body: Body | None) -> None:
        body = t.cast(Body, body)
        broken = self.kind.broken(body)
        if planning.is_refused(self.kind, plan, body, self.behaviour):
            raise _plan.refuse_fixed(plan, self._what)
        reason = self.kind.in_use(body)
        if reason and not self.behaviour.force:
            raise InUse(
                f"{self._what} was not replaced, because {reason}.",
                details={"plan": plan.to_dict()},
                hint="Let the work end and scale it to zero, or set force=true to interrupt it.",
            )
        lost = [] if broken else self.kind.lost_on_recreate(body, declared)
        if lost:
            raise AmlError(
                f"{self._what} was not replaced, because the service does not return {', '.join(lost)}, which the new one would lack.",
                code="SecretNeeded",
                hint=f"Declare {', '.join(lost)} as well.",
            )

    def _planned(self, plan: Plan, declared: Declared, body: Body | None, parent: Body | None) -> Body:
        """The document that apply would lead to, for check mode."""
        if body is None:
            planned = self.kind.create_body(self.target, self._wanted(declared, None), parent)
            return {"id": self.target.id, "name": self.target.name, **planned}
        if plan.action == REPLACE:
            new = self.kind.recreate_body(body, plan, self._wanted(declared, body), self.target, parent)
            return {"id": self.target.id, "name": self.target.name, **new}
        return self.kind.with_values(body, plan.values())

    # --- applying ---

    def _update(self, plan: Plan, declared: Declared, body: Body) -> Outcome:
        """Make the changes in place. What carries undeclared values is made from the newest document, and sent on the condition that it still is.

        Without an ETag, the document is read directly before such a write; the service refuses a write during another writer's operation, and the
        change is planned again after it.
        """
        shown, newest, rounds = plan, False, 0
        self._done = set()
        try:
            while True:
                requests = self._requests(body, plan)
                if newest or self._etag or not (requests and requests[0].carries):
                    self._check_newest = self._checker(requests, declared)
                    try:
                        return self._write(requests, shown, declared, created=False)
                    except _Overtaken as overtaken:
                        rounds += not overtaken.again
                    if rounds >= _ROUNDS:
                        raise self._changed_meanwhile(f"it was changed {rounds} times between the read and the write")
                body, plan = self._plan_again(declared)
                newest, shown = True, shown if self.wrote else plan
                if plan.action == NONE:
                    return self._outcome(shown, body)
        finally:
            self._check_newest = None

    def _plan_again(self, declared: Declared) -> tuple[Body, Plan]:
        """The newest document and the plan for it."""
        body = self.find()
        if body is not None and self.behaviour.wait:
            body = self._settle(body, settling=False, fail=False)
        if body is None or _is_deleting(body):
            raise self._changed_meanwhile("it was deleted")
        self.kind.guard(body, self.target)
        plan = self._plan(declared, body)
        if plan.action not in (NONE, UPDATE):
            raise self._changed_meanwhile(plan.reason or f"it now needs the action {plan.action}", plan)
        refuse(self.kind.check_update(declared, self.kind.read(body)))
        return body, plan

    def _requests(self, body: Body, plan: Plan) -> list[Request]:
        """The writes of the plan that were not sent yet; tags without the rest of the document, where that can be."""
        tags = next((change for change in plan.changes if change.field == "tags"), None)
        others = replace(plan, changes=tuple(change for change in plan.changes if change is not tags))
        alone = not others.changes
        if (
            tags is None
            or self._etag
            or self._tags_api == "never"
            or not (alone or self._tags_api == "always")
            or plan.reason
        ):
            requests = self.kind.updates(body, plan)
        else:
            requests = [*([] if alone else self.kind.updates(body, others)), *_tag_requests(tags)]
        return [request for request in requests if request.key not in self._done]

    def _checker(self, requests: list[Request], declared: Declared) -> t.Callable[[bool], None]:
        def check(unclear: bool) -> None:
            self.wrote = self.wrote or unclear
            body = self.find()
            plan = None if body is None else self._plan(declared, body)
            if body is None or plan is None or plan.action != UPDATE or self._requests(body, plan) != requests:
                raise _Overtaken

        return check

    def _check_absent(self, unclear: bool) -> None:
        """Directly before a creation: what another writer created meanwhile is not overwritten. Where ours may have been taken, it may be ours.

        The service takes no condition for compute targets and workspaces, so that the time of one request remains.
        """
        if not unclear and self.find() is not None:
            raise _Overtaken

    def _changed_meanwhile(self, what: str, plan: Plan | None = None) -> ChangedMeanwhile:
        return ChangedMeanwhile(
            f"{self._what} was changed by another writer while this task ran: {what}.",
            details=None if plan is None else [change.to_dict() for change in plan.changes],
            target=self.target.id,
            hint="Nothing of the other change was overwritten. Run the same task again; if it fails again, find out what else manages this resource.",
        )

    def _write(self, requests: list[Request], plan: Plan, declared: Declared, *, created: bool) -> Outcome:
        operation = whole = None
        for index, request in enumerate(requests):
            if index and request.carries and self._check_newest is not None:
                # The write before it took time, in which others may have written.
                raise _Overtaken(again=True)
            if request.method == "PUT" and request.carries and not request.suffix and not self._conditions(request):
                whole = request.body
            reply = self._send(request)
            self._done.add(request.key)
            operation = reply.operation
            # The next one needs its end.
            if operation is not None and (self.behaviour.wait or request is not requests[-1]):
                self._await(operation, "created" if created else "updated")
        if not self.behaviour.wait:
            return self._outcome(plan, self.find(), operation)
        body = self._read_back(plan, declared, created=created)
        if whole is not None:
            self._warn_of_differing(self.kind.differing(whole, body, declared))
        return self._outcome(plan, body)

    def _warn_of_differing(self, names: list[str]) -> None:
        """Of undeclared values that went along with a whole document, and are others after the write."""
        if names:
            self.warnings.append(
                f"ChangedMeanwhile: {self._what} was updated as a whole, and values that were not declared are others afterwards: {', '.join(names)}. "
                "Another writer or the service changed them after the write. Check that they are as intended."
            )

    def _send(self, request: Request) -> t.Any:
        send = getattr(self.client, request.method.lower())
        options: dict[str, t.Any] = {}
        headers = self._conditions(request)
        # What carries undeclared values without a condition is not sent again as it is.
        unconditional = request.carries and not headers and self._check_newest is not None
        if headers:
            options["headers"] = headers
        if unconditional:
            options["before_retry"] = self._check_newest
        elif self._creating and not headers and request.method == "PUT" and not request.suffix:
            options["before_retry"] = self._check_absent
        try:
            reply = send(
                self.target.id + request.suffix,
                request.api_version or self.kind.api_version,
                request.body,
                params=request.params or None,
                # Someone else's operation on the same resource is waited for: it is the state after it that counts.
                wait_conflict=self.deadline.remaining if self.behaviour.wait and not unconditional else 0.0,
                **options,
            )
        except ArmError as error:
            self.wrote = self.wrote or error.may_be_taken
            self._raise_overtaken(request, error, bool(headers), unconditional)
            raise
        self.wrote = True
        return reply

    def _conditions(self, request: Request) -> dict[str, str]:
        """The headers with which the service refuses a write that was made from an older document."""
        if request.suffix:
            return {}
        if self._etag:
            return {"If-Match": self._etag}
        creates = self.kind.has_etags and request.method == "PUT" and self._check_newest is None
        return {"If-None-Match": "*"} if creates else {}

    def _raise_overtaken(self, request: Request, error: ArmError, conditional: bool, unconditional: bool) -> None:
        """Raise _Overtaken for a refusal after which the change is planned again."""
        if conditional and error.status == 412:
            raise _Overtaken from error
        if unconditional and is_busy(error) and self.behaviour.wait and self.deadline.remaining:
            self._sleep(min(CONFLICT_STEP, self.deadline.remaining))
            raise _Overtaken(again=True) from error
        if request.suffix == _TAGS_SUFFIX and error.status in _NO_TAGS_API and not error.may_be_taken:
            # Not there, or not for this principal: the resource itself is written, with the same care.
            self._tags_api = "never"
            raise _Overtaken(again=True) from error

    def _read_back(self, plan: Plan, declared: Declared, *, created: bool) -> Body:
        """A fresh GET must show what was declared; anything else is a failure that says so."""
        grace = self._grace()
        while True:
            body = self._settle(self.find(), settling=created or "min_instances" in plan.values())
            # Whether a secret was taken shows nowhere.
            shown = replace(self.behaviour, update_secrets=False)
            left = None if body is None else plan_target(self.kind, declared, body, shown)
            if left is not None and left.action == NONE:
                return t.cast(Body, body)
            if not grace.remaining:
                raise self._not_applied(left)
            self._sleep(min(2.0, grace.remaining))

    def _grace(self) -> Deadline:
        """How long reads may show what was before a write."""
        return Deadline(min(_STALE_GRACE, self.deadline.remaining), self.deadline._clock)

    def _not_applied(self, left: Plan | None) -> NotApplied:
        if left is None:
            problem = "the service said that it was done, but the resource is not there"
            details: t.Any = None
        else:
            shown = "; ".join(f"{c.field} is {c.before!r} instead of {c.after!r}" for c in left.changes)
            problem = f"the service said that it was done, but a fresh GET shows other values: {shown or left.reason}"
            details = [change.to_dict() for change in left.changes]
        return NotApplied(
            f"{self._what} is not as declared: {problem}.",
            details=details,
            target=self.target.id,
            hint="Run the same task again; if the old values stay after a replacement, use another name "
            "(azure-rest-api-specs#18889).",
        )

    def _create(self, plan: Plan, declared: Declared, complete: Declared, body: Body) -> Outcome:
        """Make the resource. ``complete`` is all that it is to have; for a replacement that is more than what was declared."""
        with self._only_if_absent():
            # A replacement has just seen the old one go; another read is as old as the checks after it.
            if plan.action == CREATE and not self.kind.has_etags:
                self._check_absent(False)
            return self._write([Request("PUT", body)], plan, declared, created=True)

    @contextlib.contextmanager
    def _only_if_absent(self) -> t.Iterator[None]:
        """Fail where another writer creates the resource before this task does."""
        self._creating = True
        try:
            yield
        except _Overtaken as overtaken:
            raise self._changed_meanwhile(
                "it did not exist at the read, and was created before the write"
            ) from overtaken

    def _clear_away(self, body: Body) -> None:
        """Delete what is to be replaced; waited for in any case, since nothing can be created in its place before it is gone."""
        self._require_as_planned(body)
        try:
            operation = self._send(self.kind.removal({"permanently_delete": True})).operation
        except _Overtaken as overtaken:
            raise self._changed_meanwhile(
                "it was changed before it could be deleted for its replacement"
            ) from overtaken
        # Most services take no condition for a deletion: what was changed since the last read shows while it is under way.
        going = self.find()
        reason = None if going is None else self._changed_since(body, going, deleting=True)
        if operation is not None:
            self._await(operation, "deleted for its replacement")
        other = self._wait_gone(going if reason and going else body)
        if reason is not None:
            self.replaced = self.kind.project(t.cast(Body, going))
            raise ChangedMeanwhile(
                f"{self._what} was deleted for its replacement, but another writer had changed it directly before: {reason}.",
                target=self.target.id,
                hint="Nothing was created in its place. Check who uses it, then run the same task again with all options of the new one.",
            )
        self.replaced = self.kind.project(body)
        if other is not None:
            raise ChangedMeanwhile(
                f"{self._what} was deleted for its replacement, and another writer has created another {self.kind.label} of that name"
                f"{_when_created(other)}, which was not changed.",
                target=self.target.id,
                hint="Run the same task again: it compares the new one with the declaration.",
            )

    def _require_as_planned(self, body: Body) -> None:
        """Directly before the deletion that a replacement begins with: what is deleted must be what the plan was made for."""
        now = self.find()
        reason = self._changed_since(body, now)
        if reason is not None:
            raise ChangedMeanwhile(
                f"{self._what} was not replaced, because another writer changed it after this task had read it: {reason}.",
                target=self.target.id,
                hint="Nothing was deleted. Run the same task again: it plans with the resource as it is now.",
            )
        why = self.kind.in_use(t.cast(Body, now))
        if why and not self.behaviour.force and not self.kind.in_use(body):
            raise InUse(
                f"{self._what} was not replaced, because {why}.",
                hint="Nothing was deleted. Wait for the work to end and scale it to zero, or set force=true to interrupt it.",
            )

    def _changed_since(self, body: Body, now: Body | None, *, deleting: bool = False) -> str | None:
        """What another writer did to the resource since it was read as ``body``, in words; None for nothing that a plan depends on.

        ``deleting``: this task's own deletion of it is under way.
        """
        if now is None:
            return "it was deleted"
        other = incarnation.difference(body, now)
        if other is not None:
            return f"it is another resource of that name ({other})"
        if _is_deleting(now) and not deleting:
            return "it is being deleted"
        if not deleting and self.kind.broken(body) and not self.kind.broken(now):
            return "it is no longer in a failed state"
        before, after = self.kind.read(body), self.kind.read(now)
        rows = [row.option for row in self.kind.fields if row.mutability not in (READ_ONLY, WRITE_ONLY)]
        changed = [option for option in rows if paths.get_path(before, option) != paths.get_path(after, option)]
        return f"{', '.join(changed)} changed" if changed else None

    def _await(self, operation: t.Any, done: str) -> None:
        self.client.wait(
            operation,
            timeout=self.deadline.remaining,
            interval=self.behaviour.wait_interval,
            what=f"{self._what} to be {done}",
        )

    def _remove(self, request: Request, plan: Plan, body: Body | None) -> Outcome:
        operation = self._send_removal(request).operation
        if self.after_removal is not None:
            self.after_removal(self.find())
        if not self.behaviour.wait:
            return self._outcome(plan, body, operation)
        if operation is not None:
            self._await(operation, "removed")
        other = self._wait_gone(t.cast(Body, body))
        if other is not None:
            self._warn_of_another(other)
        return self._outcome(plan, other)

    def _send_removal(self, request: Request) -> t.Any:
        """Delete what is still what the kind may delete."""
        for _round in range(_ROUNDS):
            try:
                return self._send(request)
            except _Overtaken:
                body = self.find()
                if body is not None:
                    self.kind.guard(body, self.target)
                    if self.before_removal is not None:
                        self.before_removal(body)
        raise self._changed_meanwhile(f"it was changed {_ROUNDS} times between the read and the deletion")

    def _outcome(self, plan: Plan, body: Body | None, operation: t.Any = None) -> Outcome:
        return Outcome(
            f"{self.kind.label} {self.target.name}",
            plan,
            body,
            None if operation is None else operation.to_dict(),
            self.warnings,
        )


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


def _is_deleting(body: Body) -> bool:
    return str((body.get("properties") or {}).get("provisioningState")).casefold() == "deleting"


def _is_being_created(body: Body) -> bool:
    return str((body.get("properties") or {}).get("provisioningState")).casefold() in ("creating", "accepted")


def _when_created(body: Body) -> str:
    created = incarnation.created_at(body)
    return f" at {created}" if created else ""
