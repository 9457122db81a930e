# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas of a subscription: a higher limit is requested from Microsoft.Quota, and its decision awaited for a limited time (docs/facts.md m)."""

from __future__ import annotations

import itertools
import time
import typing as t

from .._capacity import quota_requests as _requests
from .._capacity.lists import Item
from .._capacity.quota_requests import API_VERSION, GRANTED, PENDING, REFUSED, REQUESTED, Increase
from .._core.client import Client, Reply
from .._core.errors import AmlError, ArmError, all_foreseen
from .._engine.behaviour import Behaviour
from .._engine.waiting import Deadline

_PAUSES = (5.0, 10.0, 15.0, 30.0)


class _AlreadyRequestedError(Exception):
    """An attempt whose answer was lost has been accepted."""


class QuotaRequests:
    """Raises limits of a subscription in one region. ``rows`` are those of the result, one for each limit that is too low."""

    def __init__(
        self,
        client: Client,
        subscription_id: str,
        location: str,
        behaviour: Behaviour,
        *,
        sleep: t.Callable[[float], None] = time.sleep,
        clock: t.Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._subscription, self._location = client, subscription_id, location
        self._behaviour, self._sleep, self._clock = behaviour, sleep, clock
        self.rows: dict[str, Item] = {}
        # The increases that this run has requested, or would request in check mode.
        self.sent: list[Increase] = []
        self.increases: list[Increase] = []
        self._refused: list[Item] = []

    def bring(self, declared: t.Sequence[Item]) -> None:
        """Request what is too low and not requested yet, and wait for the decisions. ArmError for what is refused."""
        self.increases = _requests.increases(declared, self._list("quotas"), self._location)
        try:
            with all_foreseen():
                self._request_all()
        except AmlError as error:
            error.changed = error.changed or (bool(self.sent) and not self._behaviour.check_mode)
            error.result = {"requests": self.shown()}
            raise

    def shown(self) -> list[Item]:
        return [self.rows[increase.key] for increase in self.increases if increase.key in self.rows]

    def _request_all(self) -> None:
        existing = self._list("quotaRequests") if self.increases else []
        for increase in self.increases:
            earlier = _requests.pending(existing, increase)
            if earlier is not None:
                self._keep(increase, earlier)
            elif self._behaviour.check_mode:
                self.sent.append(increase)
                self.rows[increase.key] = increase.shown(REQUESTED)
            else:
                self._request(increase)
        if self._behaviour.wait and not self._behaviour.check_mode:
            self._wait()
        if self._refused:
            others = len(self.increases) - len(self._refused)
            raise _requests.error(
                self._refused, self._location, "The other requests were accepted." if others else "Nothing was granted."
            )

    # --- requests ---

    def _path(self, *parts: str) -> str:
        return _requests.path(self._subscription, self._location, *parts)

    def _list(self, what: str) -> list[Item]:
        return self._client.list(self._path(what), API_VERSION)

    def _request(self, increase: Increase) -> None:
        target = self._path("quotas", increase.family)
        self._behaviour.events.start(target, "update")
        found: Item | None = None

        def check_not_requested(unclear: bool) -> None:
            """A second request for the same limit is another one, which people would decide too."""
            nonlocal found
            found = _requests.pending(self._list("quotaRequests"), increase) if unclear else None
            if found is not None:
                raise _AlreadyRequestedError

        try:
            reply = self._client.put(target, API_VERSION, increase.body(), before_retry=check_not_requested)
        except _AlreadyRequestedError:
            self.sent.append(increase)
            self._keep(increase, found or {})
        except ArmError as error:
            if error.may_be_accepted or error.status in (401, 403, 429):
                error.changed, error.target = error.may_be_accepted, error.target or target
                raise
            self._refuse(increase, _requests.refused_answer(increase, error), None)
        else:
            self.sent.append(increase)
            self._keep(increase, self._accepted(increase, reply))

    def _accepted(self, increase: Increase, reply: Reply) -> Item:
        """The request that an answer announces: in its body, at its address, or in the list of all requests."""
        if reply.status == 200 and reply.operation is None:
            return {"name": None, "properties": {"provisioningState": "Succeeded"}}
        operation = reply.operation
        addresses = (None, None) if operation is None else (operation.result_url, operation.url)
        name = _requests.name_of((reply.body or {}).get("id"), *addresses)
        if name is not None:
            return {"name": name, "properties": {"provisioningState": "Accepted"}}
        return _requests.pending(self._list("quotaRequests"), increase) or {"name": None, "properties": {}}

    def _keep(self, increase: Increase, request: Item) -> None:
        status = _requests.status_of(request)
        if status == REFUSED:
            self._refuse(increase, _requests.refused_request(increase, request), request)
        else:
            self.rows[increase.key] = increase.shown(status, request)

    def _refuse(self, increase: Increase, refusal: Item, request: Item | None) -> None:
        self._refused.append(refusal)
        self.rows[increase.key] = {**increase.shown(REFUSED, request), "message": refusal["message"]}

    # --- waiting ---

    def _wait(self) -> None:
        """Read the requests that are not decided until all are, or the time is over."""
        deadline = Deadline(self._behaviour.wait_timeout, self._clock)
        interval = self._behaviour.wait_interval
        pauses = itertools.repeat(interval) if interval else itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1]))
        while undecided := [item for item in self.increases if self._undecided(item)]:
            for increase in undecided:
                self._behaviour.events.about(self._path("quotas", increase.family))
                request = self._client.find(
                    self._path("quotaRequests", self.rows[increase.key]["request"]), API_VERSION
                )
                if request is not None:
                    self._behaviour.events.state(str(request["properties"].get("provisioningState")))
                    self._keep(increase, request)
            if not deadline.remaining or not any(map(self._undecided, undecided)):
                return
            self._sleep(min(next(pauses), deadline.remaining))

    def _undecided(self, increase: Increase) -> bool:
        row = self.rows.get(increase.key, {})
        return row.get("status") == PENDING and row.get("request") is not None


def limits_to_come(requests: QuotaRequests) -> dict[str, int]:
    """The limits of the subscription, by family in lower case, that are granted, or that check mode takes for granted."""
    by_key = {increase.key: increase.after for increase in requests.increases}
    return {key: by_key[key] for key, row in requests.rows.items() if row["status"] in (GRANTED, REQUESTED)}
