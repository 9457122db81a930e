# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas of a subscription, which are raised by requests: plan, body, states and refusals. Pure.

Shapes: types of Microsoft.Quota 2025-09-01; docs/facts.md m. Names come in mixed case and are compared without it.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import replace

from .._core.arm_id import Target
from .._core.errors import ArmError
from .._core.findings import Findings
from .._core.paths import get_path
from .._engine.fields import Field
from .._engine.kind import BUSY, FAILED, READY, Body, Kind, Request, Status
from .._engine.plan import NONE, Declared, Plan
from .lists import Item, check_families, limit_of, location_path

API_VERSION = "2025-09-01"
REQUESTED, PENDING, GRANTED, REFUSED = "requested", "pending", "granted", "refused"
_STATES = {"succeeded": GRANTED, "failed": REFUSED, "invalid": REFUSED}
_REQUEST = re.compile(r"/quotaRequests/(?P<name>[A-Za-z0-9-]+)(?:\?|\Z)", re.IGNORECASE)
# No repetition helps against these (docs/facts.md m.4).
_HINTS = {
    "ContactSupport": "More than this is decided by people: open a support request in the Azure portal.",
    "QuotaNotAvailableForResource": "The region has no capacity of this family for the subscription, also not for a smaller limit: use another size or region.",
    "DeprecatedQuotaType": "The family is being retired, and its quota is not raised: use a size of a newer one.",
    "QuotaNotRequestable": "Use another size or region, or open a support request in the Azure portal.",
}
_HINT = "Correct the families or limits, or open a support request in the Azure portal."


class SubscriptionQuota(Kind):
    """The limit of one family in a region, which always exists, and for which ``wanted`` vCPUs are requested if it is lower.

    A document is the service's, with the newest request for at least as much in ``request``.
    """

    label = "quota"
    api_version = API_VERSION
    fields = (Field("limit", "properties.limit.value", from_arm=limit_of),)

    def __init__(self, location: str, family: str, wanted: int) -> None:
        self.location, self.family, self.wanted = location, family, wanted

    @property
    def key(self) -> str:
        return self.family.casefold()

    def declare(self, tree: dict[str, t.Any], target: Target) -> Declared:
        return {"limit": self.wanted}

    def refine_plan(self, plan: Plan, body: Body | None, state: str) -> Plan:
        """A limit is never lowered, and what is requested already is not requested again."""
        if body is None or not plan.changed:
            return plan
        if self._is_enough(body) or body.get("request") is not None:
            return replace(plan, action=NONE, changes=(), before={}, after={})
        changes = tuple(replace(change, field=f"subscription_quotas.{self.family}") for change in plan.changes)
        before, after = ({"subscription_quotas": {self.family: side["limit"]}} for side in (plan.before, plan.after))
        return replace(plan, changes=changes, before=before, after=after)

    def check_create(self, declared: Declared, parent: Body | None) -> Findings:
        """Raise: only the service makes quotas."""
        why = "the service lists no such quota in this region"
        raise error([self.refusal("InvalidVMFamilyName", why)], self.location, "Nothing was requested.")

    def check_update(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        """Raise for a quota of which the service says that a higher limit cannot be requested."""
        if current["is_applicable"] is False:
            why = f"a limit above the current {current['limit']} cannot be requested"
            raise error([self.refusal("QuotaNotRequestable", why)], self.location, "Nothing was requested.")
        return iter(())

    def read(self, body: Body) -> dict[str, t.Any]:
        return {**super().read(body), "is_applicable": body["properties"].get("isQuotaApplicable")}

    def updates(self, body: Body, plan: Plan) -> list[Request]:
        """One request. A second one for the same limit would be another one, which people would decide too."""
        resource_type = body["properties"].get("resourceType")
        own = {} if resource_type is None else {"resourceType": resource_type}
        limit = {"limitObjectType": "LimitValue", "value": self.wanted}
        properties = {"limit": limit, "name": {"value": self.family}, **own}
        return [Request("PUT", {"properties": properties}, carries=True)]

    def status(self, body: Body, *, settling: bool = False) -> Status:
        """That of the request."""
        request = body.get("request")
        if request is None or self._is_enough(body):
            return Status(READY, GRANTED)
        state = status_of(request)
        if state == REFUSED:
            code, message = _reason(request)
            why = message or "the service gives no reason"
            return Status(FAILED, REFUSED, code=code or "QuotaRequestRefused", message=why)
        return Status(BUSY if state == PENDING else READY, state)

    def _is_enough(self, body: Body) -> bool:
        limit = limit_of(get_path(body, "properties.limit.value"))
        return limit is None or limit >= self.wanted

    def shown(self, status: str, message: str | None, request: Item | None) -> Item:
        """The row of the result. ``request`` is the document of the request, where there is one."""
        properties = (request or {}).get("properties") or {}
        return {
            "family": self.family,
            "limit": self.wanted,
            "status": status,
            "request": (request or {}).get("name"),
            "message": message or (_reason(request)[1] if request else None),
            "submitted": properties.get("requestSubmitTime"),
        }

    def refusal(self, code: str, message: str) -> Item:
        return {"family": self.family, "limit": self.wanted, "code": code, "message": message}


def path(subscription_id: str, location: str, *parts: str) -> str:
    return location_path(subscription_id, location, "/".join(("providers/Microsoft.Quota", *parts)))


def check(declared: t.Sequence[Item]) -> Findings:
    """A limit of 0 or more, each family once."""
    yield from check_families(declared, "subscription_quotas")


def find(
    declared: t.Iterable[Item], listed: t.Iterable[Item], location: str
) -> list[tuple[SubscriptionQuota, Body | None]]:
    """The declared quotas in the service's spelling, with their documents; None for families that it does not list."""
    by_name = {str(item["name"]).casefold(): item for item in listed}
    found = []
    for item in declared:
        document = by_name.get(str(item["family"]).casefold())
        family = str(item["family"] if document is None else document["name"])
        found.append((SubscriptionQuota(location, family, int(item["limit"])), document))
    return found


def status_of(request: Item) -> str:
    """Whatever is not an end is pending: requests that people decide may have further states."""
    return _STATES.get(str((request.get("properties") or {}).get("provisioningState")).casefold(), PENDING)


def pending(requests: t.Iterable[Item], kind: SubscriptionQuota) -> Item | None:
    """The newest request for that family that is not decided yet, and asks for at least as much."""
    own = [item for item in requests if status_of(item) == PENDING and _asks(item, kind)]
    return max(own, key=lambda item: str(item["properties"].get("requestSubmitTime") or ""), default=None)


def _asks(request: Item, kind: SubscriptionQuota) -> bool:
    parts = request["properties"].get("value") or []
    return any(
        str(get_path(part, "name.value")).casefold() == kind.key and (get_path(part, "limit.value") or 0) >= kind.wanted
        for part in parts
    )


def name_of(*texts: t.Any) -> str | None:
    """The name of a request, from the first of these ids and addresses that has one."""
    matches = (_REQUEST.search(text) for text in texts if isinstance(text, str))
    return next((match["name"] for match in matches if match), None)


def _reason(request: Item) -> tuple[str | None, str | None]:
    """Code and message of a request, or of its first part that has one."""
    properties = request.get("properties") or {}
    own = properties.get("error") or {}
    parts = [part.get("message") for part in properties.get("value") or []]
    return own.get("code"), own.get("message") or next(filter(None, [*parts, properties.get("message")]), None)


def error(refused: list[Item], location: str, rest: str) -> ArmError:
    """One failure for all families that were refused; ``details`` has each with its code. ``rest`` describes the result of the others."""
    lines = "; ".join(f"{item['family']} ({item['code']}): {item['message'].rstrip('.')}" for item in refused)
    return ArmError(
        f"Quotas of the subscription in {location} cannot be raised as declared: {lines}. {rest}",
        code=refused[0]["code"],
        details=refused,
        hint=_HINTS.get(refused[0]["code"], _HINT),
    )
