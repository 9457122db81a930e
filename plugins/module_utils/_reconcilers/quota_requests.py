# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas of a subscription: a higher limit is requested from Microsoft.Quota, and its decision awaited for a limited time (docs/facts.md m)."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass, replace

from .._capacity import quota_requests as _requests
from .._capacity.lists import Item, limit_of
from .._capacity.quota_requests import API_VERSION, GRANTED, PENDING, REFUSED, REQUESTED, SubscriptionQuota
from .._core.arm_id import Target
from .._core.client import Client, Reply
from .._core.errors import AmlError, ArmError, WaitTimeout, all_foreseen
from .._core.findings import refuse
from .._engine import refusals
from .._engine.behaviour import Behaviour
from .._engine.kind import FAILED, Body, Request
from .._engine.plan import NONE, Plan
from .._engine.planning import plan_target
from .._engine.reconciler import Reconciler
from .._engine.remote import RemoteResource


class QuotaRequestExtension:
    """Reads a quota together with the request for more. ``listed``: the quota as the lists have it, which is the first read."""

    def __init__(self, remote: RemoteResource, *, listed: Body) -> None:
        self._remote, self._kind = remote, t.cast(SubscriptionQuota, remote.kind)
        self._listed: Body | None = listed
        self._last = listed

    def read(self) -> Body | None:
        """The quota. Once a request for it is known by name, only that one changes."""
        body, self._listed = self._listed, None
        if body is None:
            body = self._with_request()
        if body is not None:
            self._last = body
        return body

    def _with_request(self) -> Body | None:
        client, request = self._remote.client, self._last.get("request")
        if request is not None and request["name"] is not None:
            path = f"{_scope(self._remote)}/quotaRequests/{request['name']}"
            return {**self._last, "request": client.find(path, API_VERSION) or request}
        body: Body | None = client.find(self._remote.target.id, API_VERSION)
        return None if body is None else {**body, "request": self._pending() or request}

    def after_write(self, request: Request, reply: Reply) -> None:
        """Know the request that an answer announces: in its body, at its address, or in the list of all requests."""
        self._last = {**self._last, "request": self._announced(reply)}

    def _announced(self, reply: Reply) -> Item:
        if reply.status == 200 and reply.operation is None:
            return {"name": None, "properties": {"provisioningState": "Succeeded"}}
        operation = reply.operation
        addresses = (None, None) if operation is None else (operation.result_url, operation.url)
        name = _requests.name_of((reply.body or {}).get("id"), *addresses)
        return {"name": name, "properties": {"provisioningState": "Accepted"}}

    def _pending(self) -> Item | None:
        listed = self._remote.client.list(f"{_scope(self._remote)}/quotaRequests", API_VERSION)
        return _requests.pending(listed, self._kind)


def _scope(remote: RemoteResource) -> str:
    return _requests.path(remote.target.subscription_id, t.cast(SubscriptionQuota, remote.kind).location)


@dataclass
class _Quota:
    """One declared quota in one run. ``refused``: what was answered, if it cannot be raised."""

    kind: SubscriptionQuota
    reconciler: Reconciler
    plan: Plan
    body: Body
    refused: Item | None = None

    @property
    def before(self) -> int | None:
        return limit_of(self.body["properties"]["limit"].get("value"))

    @property
    def status(self) -> str | None:
        """The state of the request; None where none is needed."""
        if self.refused is not None:
            return REFUSED
        if self.body.get("request") is None:
            return REQUESTED if self.plan.changed else None
        return self.kind.status(self.body).text

    def shown(self) -> Item:
        message = None if self.refused is None else self.refused["message"]
        return self.kind.shown(str(self.status), message, self.body.get("request"))


class QuotaRequests:
    """Raises limits of a subscription in one region: each is a separate resource, and all are requested before the first decision is awaited."""

    def __init__(self, client: Client, subscription_id: str, location: str, behaviour: Behaviour) -> None:
        self._client, self._subscription, self._location = client, subscription_id, location
        self._behaviour = behaviour
        self._quotas: list[_Quota] = []

    def bring(self, declared: t.Sequence[Item]) -> None:
        """Request what is too low and not requested yet, and wait for the decisions. ArmError for what is refused."""
        found = _requests.find(declared, self._list("quotas"), self._location)
        self._quotas = self._plan(found)
        try:
            with all_foreseen():
                self._apply()
        except AmlError as error:
            error.changed = error.changed or any(quota.reconciler.remote.wrote for quota in self._quotas)
            error.result = {"requests": self.shown()}
            raise

    @property
    def plans(self) -> list[Plan]:
        """What this run has requested, or would request in check mode."""
        return [quota.plan for quota in self._quotas if quota.plan.changed]

    def shown(self) -> list[Item]:
        """The rows of the result, one for each limit that is too low."""
        return [quota.shown() for quota in self._quotas if quota.status is not None]

    def is_pending_above(self, family: str, limit: int | None) -> bool:
        """Whether a limit is above the subscription's current one, and the request for more is not decided."""
        quota = next((quota for quota in self._quotas if quota.kind.key == family.casefold()), None)
        if quota is None or limit is None or quota.before is None:
            return False
        return limit > quota.before and quota.status == PENDING

    def limits_to_come(self) -> dict[str, int]:
        """The limits of the subscription, by family in lower case, that are granted, or that check mode takes for granted."""
        return {quota.kind.key: quota.kind.wanted for quota in self._quotas if quota.status in (GRANTED, REQUESTED)}

    # --- from the plans to the decisions ---

    def _plan(self, found: list[tuple[SubscriptionQuota, Body | None]]) -> list[_Quota]:
        """The quotas that are too low. ArmError for all that cannot be raised."""
        low, refused = [], []
        for kind, body in found:
            try:
                plan = self._checked_plan(kind, body)
            except ArmError as error:
                refused += error.details
            else:
                low += [(kind, body, plan)] if body is not None and plan.changed else []
        if refused:
            raise _requests.error(refused, self._location, "Nothing was requested.")
        requests = self._list("quotaRequests") if low else []
        return [
            self._quota(kind, {**body, "request": _requests.pending(requests, kind)}, plan) for kind, body, plan in low
        ]

    def _checked_plan(self, kind: SubscriptionQuota, body: Body | None) -> Plan:
        declared = {"limit": kind.wanted}
        plan = plan_target(kind, declared, body, self._behaviour)
        if body is None:
            refuse(kind.check_create(declared, None))
        else:
            refusals.check_plan(kind, kind.family, plan, declared, body, self._behaviour)
        return plan

    def _quota(self, kind: SubscriptionQuota, body: Body, plan: Plan) -> _Quota:
        scope = _requests.path(self._subscription, self._location)
        target = Target(kind.family, f"{scope}/quotas/{kind.family}", scope, self._subscription, "")
        extend = functools.partial(QuotaRequestExtension, listed=body)
        behaviour = replace(self._behaviour, wait=False)
        return _Quota(kind, Reconciler(self._client, kind, target, behaviour, extend), Plan(NONE), body)

    def _apply(self) -> None:
        for quota in self._quotas:
            self._request(quota)
        if self._behaviour.wait and not self._behaviour.check_mode:
            for quota in self._quotas:
                self._wait(quota)
        refused = [quota.refused for quota in self._quotas if quota.refused is not None]
        if refused:
            rest = "The other requests were accepted." if len(refused) < len(self._quotas) else "Nothing was granted."
            raise _requests.error(refused, self._location, rest)

    def _request(self, quota: _Quota) -> None:
        try:
            outcome = quota.reconciler.present({"limit": quota.kind.wanted})
        except ArmError as error:
            # After a request that was taken, it is a read that failed, and no refusal.
            if quota.reconciler.remote.wrote or error.may_be_accepted or error.status in (401, 403, 429):
                raise
            quota.refused = quota.kind.refusal(error.code, error.message)
        else:
            quota.plan, quota.body = outcome.plan, outcome.body or quota.body
            self._decide(quota)

    def _wait(self, quota: _Quota) -> None:
        """Read the request until it is decided, or the time of all of them is over."""
        remote = quota.reconciler.remote
        if quota.status != PENDING:
            return
        self._behaviour.events.about(remote.target.id)
        try:
            quota.body = remote.wait.until_settled(remote.read(), fail=False) or quota.body
        except WaitTimeout:
            quota.body = remote.seen or quota.body
        self._decide(quota)

    def _decide(self, quota: _Quota) -> None:
        status = quota.kind.status(quota.body)
        if status.state == FAILED:
            quota.refused = quota.kind.refusal(str(status.code), str(status.message))

    def _list(self, what: str) -> list[Item]:
        return self._client.list(_requests.path(self._subscription, self._location, what), API_VERSION)
