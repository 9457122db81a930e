# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests for a higher quota of a subscription: projection, what has to be requested, body, states and refusals. Pure.

Shapes: types of Microsoft.Quota 2025-09-01; docs/facts.md m. Names come in mixed case and are compared without it.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .._core.errors import ArmError
from .._core.findings import Finding, Findings
from .._core.paths import get_path
from .lists import Item, limit_of, location_path

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


@dataclass(frozen=True)
class Increase:
    """A limit that must be raised, in the service's spelling. ``before`` and ``after`` in vCPUs."""

    family: str
    before: int
    after: int
    resource_type: str | None

    @property
    def key(self) -> str:
        return self.family.casefold()

    def body(self) -> Item:
        own = {} if self.resource_type is None else {"resourceType": self.resource_type}
        limit = {"limitObjectType": "LimitValue", "value": self.after}
        return {"properties": {"limit": limit, "name": {"value": self.family}, **own}}

    def shown(self, status: str, request: Item | None = None) -> Item:
        """The row of the result. ``request`` is the document of the request, where there is one."""
        properties = (request or {}).get("properties") or {}
        return {
            "family": self.family,
            "limit": self.after,
            "status": status,
            "request": (request or {}).get("name"),
            "message": _reason(request)[1] if request else None,
            "submitted": properties.get("requestSubmitTime"),
        }


def path(subscription_id: str, location: str, *parts: str) -> str:
    return location_path(subscription_id, location, "/".join(("providers/Microsoft.Quota", *parts)))


def check(declared: t.Sequence[Item]) -> Findings:
    """A limit of 0 or more, each family once."""
    seen: set[str] = set()
    source = "this collection: one limit for each family"
    for item in declared:
        family = str(item["family"])
        if family.casefold() in seen:
            message = f"subscription_quotas names the family {family!r} twice (case is ignored)."
            yield Finding("DuplicateFamily", "subscription_quotas.family", message, source)
        seen.add(family.casefold())
        if item["limit"] < 0:
            message = f"subscription_quotas.limit of {family!r} must be at least 0; {item['limit']} is not."
            yield Finding("OutOfRange", "subscription_quotas.limit", message, source)


def increases(declared: t.Iterable[Item], current: t.Iterable[Item], location: str) -> list[Increase]:
    """What has to be requested: the families whose limit is lower than declared. ArmError for those that cannot be requested."""
    by_name = {str(item["name"]).casefold(): item for item in current}
    found, refused = [], []
    for item in declared:
        family, wanted = str(item["family"]), int(item["limit"])
        document = by_name.get(family.casefold())
        if document is None:
            refused.append(
                _refusal(family, wanted, "InvalidVMFamilyName", "the service lists no such quota in this region")
            )
            continue
        properties = document["properties"]
        limit = limit_of(get_path(properties, "limit.value"))
        if limit is None or limit >= wanted:
            continue
        if properties.get("isQuotaApplicable") is False:
            why = f"a limit above the current {limit} cannot be requested"
            refused.append(_refusal(family, wanted, "QuotaNotRequestable", why))
            continue
        found.append(Increase(str(document["name"]), limit, wanted, properties.get("resourceType")))
    if refused:
        raise error(refused, location, "Nothing was requested.")
    return found


def status_of(request: Item) -> str:
    """Whatever is not an end is pending: requests that people decide may have further states."""
    return _STATES.get(str((request.get("properties") or {}).get("provisioningState")).casefold(), PENDING)


def pending(requests: t.Iterable[Item], increase: Increase) -> Item | None:
    """The newest request for that family that is not decided yet, and asks for at least as much."""
    own = [item for item in requests if status_of(item) == PENDING and _asks(item, increase)]
    return max(own, key=lambda item: str(item["properties"].get("requestSubmitTime") or ""), default=None)


def _asks(request: Item, increase: Increase) -> bool:
    parts = request["properties"].get("value") or []
    return any(
        str(get_path(part, "name.value")).casefold() == increase.key
        and (get_path(part, "limit.value") or 0) >= increase.after
        for part in parts
    )


def name_of(*texts: t.Any) -> str | None:
    """The name of a request, from the first of these ids and addresses that has one."""
    matches = (_REQUEST.search(text) for text in texts if isinstance(text, str))
    return next((match["name"] for match in matches if match), None)


def refused_request(increase: Increase, request: Item) -> Item:
    code, message = _reason(request)
    return _refusal(
        increase.family, increase.after, code or "QuotaRequestRefused", message or "the service gives no reason"
    )


def refused_answer(increase: Increase, answer: ArmError) -> Item:
    return _refusal(increase.family, increase.after, answer.code, answer.message)


def _reason(request: Item) -> tuple[str | None, str | None]:
    """Code and message of a request, or of its first part that has one."""
    properties = request.get("properties") or {}
    own = properties.get("error") or {}
    parts = [part.get("message") for part in properties.get("value") or []]
    return own.get("code"), own.get("message") or next(filter(None, [*parts, properties.get("message")]), None)


def _refusal(family: str, limit: int, code: str, message: str) -> Item:
    return {"family": family, "limit": limit, "code": code, "message": message}


def error(refused: list[Item], location: str, rest: str) -> ArmError:
    """One failure for all families that were refused; ``details`` has each with its code. ``rest`` describes the result of the others."""
    lines = "; ".join(f"{item['family']} ({item['code']}): {item['message'].rstrip('.')}" for item in refused)
    return ArmError(
        f"Quotas of the subscription in {location} cannot be raised as declared: {lines}. {rest}",
        code=refused[0]["code"],
        details=refused,
        hint=_HINTS.get(refused[0]["code"], _HINT),
    )
