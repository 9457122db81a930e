# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes, usages and quotas of a region: projections, filters, sums, and the plan of a workspace's quotas. Pure.

Shapes: docs/facts.md a.6 [REC R9] (usages, quotas, vmSizes); a limit of -1 means that there is no cap [ISS]. The statuses of
updateQuotas: ARM types of 2025-12-01, UpdateWorkspaceQuotas. Names come in mixed case and are compared without it.
"""
from __future__ import annotations

import fnmatch
import re
import typing as t
from dataclasses import dataclass

from . import _fields, _rules, _shape
from ._errors import ArmError
from ._plan import NONE, UPDATE, Change, Plan

Item = dict[str, t.Any]

TOTAL_CLUSTERS = "TotalClusters"
TOTAL_DEDICATED = "TotalDedicatedCores"
TOTAL_LOW_PRIORITY = "TotalLowPriorityCores"

# What sizes say in supportedComputeTypes, by the CLI's spelling of the kind.
COMPUTE_TYPES = {"amlcompute": "AmlCompute", "computeinstance": "ComputeInstance"}

_WORKSPACE = re.compile(r"/workspaces/(?P<name>[^/]+)/", re.IGNORECASE)
NO_CAP = -1


def limit_of(value: t.Any) -> int | None:
    """A limit, or None where there is none: the service writes -1 for that."""
    return None if value is None or value < 0 else int(value)


def workspace_of(identifier: t.Any) -> str | None:
    """The workspace whose usage or quota an id names, or None for the subscription's."""
    found = _WORKSPACE.search(str(identifier or ""))
    return found["name"] if found else None


def location_path(subscription_id: str, location: str, what: str) -> str:
    """Where a list of a region is; ``East US`` and ``eastus`` are one region."""
    return f"/subscriptions/{subscription_id}/providers/Microsoft.MachineLearningServices/locations/{_fields.region(location)}/{what}"


# --- sizes ---


def size(entry: Item) -> Item:
    """One size as the user sees it."""
    return {
        "name": entry.get("name"),
        "family": entry.get("family"),
        "vcpus": entry.get("vCPUs"),
        "gpus": entry.get("gpus"),
        "memory_gb": entry.get("memoryGB"),
        "low_priority_capable": entry.get("lowPriorityCapable"),
        "premium_io": entry.get("premiumIO"),
        "supported_compute_types": [str(name).casefold() for name in entry.get("supportedComputeTypes") or []],
        "prices": _prices(entry.get("estimatedVMPrices")),
    }


def _prices(estimate: t.Any) -> list[Item] | None:
    """Null where the service tells none: unknown is not free."""
    values = (estimate or {}).get("values")
    if not values:
        return None
    common = {"currency": estimate.get("billingCurrency"), "unit": estimate.get("unitOfMeasure")}
    return [
        {"os_type": value.get("osType"), "tier": value.get("vmTier"), "price": value.get("retailPrice"), **common} for value in values
    ]


@dataclass(frozen=True)
class SizeFilter:
    """What is asked of a size; what is None is not asked."""

    family: str | None = None
    name: str | None = None
    min_vcpus: int | None = None
    max_vcpus: int | None = None
    min_memory_gb: float | None = None
    gpus: int | None = None
    compute_type: str | None = None
    low_priority: bool | None = None

    def takes(self, found: Item) -> bool:
        return (
            (self.family is None or _like(found["family"], self.family))
            and (self.name is None or _like(found["name"], self.name))
            and (self.min_vcpus is None or (found["vcpus"] or 0) >= self.min_vcpus)
            and (self.max_vcpus is None or (found["vcpus"] or 0) <= self.max_vcpus)
            and (self.min_memory_gb is None or (found["memory_gb"] or 0) >= self.min_memory_gb)
            and (self.gpus is None or (found["gpus"] or 0) == self.gpus)
            and (self.compute_type is None or self.compute_type in found["supported_compute_types"])
            and (self.low_priority is None or bool(found["low_priority_capable"]) is self.low_priority)
        )


def _like(value: t.Any, pattern: str) -> bool:
    return fnmatch.fnmatchcase(str(value or "").casefold(), pattern.casefold())


def sizes(entries: t.Iterable[Item], wanted: SizeFilter) -> list[Item]:
    """The sizes that were asked for, in an order that does not hang on the service's: family, vCPUs, memory, name."""
    found = [one for one in map(size, entries) if wanted.takes(one)]
    return sorted(
        found, key=lambda one: (str(one["family"]).casefold(), one["vcpus"] or 0, one["memory_gb"] or 0, str(one["name"]).casefold())
    )


def by_name(entries: t.Iterable[Item]) -> dict[str, Item]:
    """The sizes of a region by their name, case ignored."""
    return {str(entry.get("name")).casefold(): size(entry) for entry in entries}


# --- usages ---


def usage(entry: Item) -> Item:
    """One usage as the user sees it. ``percent`` and ``remaining`` are null where there is no cap."""
    name = entry.get("name") or {}
    limit, current = limit_of(entry.get("limit")), entry.get("currentValue") or 0
    return {
        "name": name.get("value"),
        "localized_name": name.get("localizedValue"),
        "tier": "low_priority" if is_low_priority(entry) else "dedicated" if "cores" in str(entry.get("type")).casefold() else None,
        "current": current,
        "limit": limit,
        "remaining": None if limit is None else max(0, limit - current),
        "percent": _percent(current, limit),
        "unit": entry.get("unit"),
        "workspace": workspace_of(entry.get("id")),
    }


def is_low_priority(entry: Item) -> bool:
    """A family is listed twice, under one name; the type, or failing that the text, tells which is which."""
    text = str((entry.get("name") or {}).get("localizedValue"))
    return "lowpriority" in str(entry.get("type")).casefold() or "low priority" in text.casefold() or "lowpriority" in text.casefold()


def _percent(current: int, limit: int | None) -> float | None:
    if limit is None:
        return None
    return round(100.0 * current / limit, 1) if limit else 100.0 if current else 0.0


def usages(entries: t.Iterable[Item], families: t.Collection[str] | None = None, at_least_percent: float | None = None) -> list[Item]:
    """Usages by name, case ignored (``*`` and ``?`` as in file names), and only those of which so much is used; sorted by name."""
    found = []
    for one in map(usage, entries):
        if families and not any(_like(one["name"], family) for family in families):
            continue
        if at_least_percent is not None and (one["percent"] is None or one["percent"] < at_least_percent):
            continue
        found.append(one)
    return sorted(found, key=lambda one: (str(one["workspace"] or "").casefold(), str(one["name"]).casefold(), one["tier"] or ""))


class Usages:
    """What is left in a region of the subscription, for sums."""

    def __init__(self, entries: t.Iterable[Item]) -> None:
        self._by_key: dict[tuple[str, bool], Item] = {}
        for entry in entries:
            if workspace_of(entry.get("id")) is None:
                found = usage(entry)
                self._by_key[(str(found["name"]).casefold(), found["tier"] == "low_priority")] = found

    def find(self, name: str, *, low_priority: bool = False) -> Item | None:
        """The usage of a total, or of a family in one of its two tiers; None where the service does not list it."""
        return self._by_key.get((name.casefold(), low_priority))


# --- quotas ---


@dataclass(frozen=True)
class Quotas:
    """A region's limits by family, case ignored: the subscription's, and one workspace's own; -1 for no cap."""

    subscription: dict[str, int]
    workspace: dict[str, int]
    # The service's spelling of each family.
    spelling: dict[str, str]


def quotas(entries: t.Iterable[Item], workspace_id: str) -> Quotas:
    found = Quotas({}, {}, {})
    prefix = workspace_id.rstrip("/").casefold() + "/"
    for entry in entries:
        family = str((entry.get("name") or {}).get("value") or str(entry.get("id")).rsplit("/", 1)[-1])
        limit = NO_CAP if entry.get("limit") is None else int(entry["limit"])
        key = family.casefold()
        if workspace_of(entry.get("id")) is None:
            found.subscription[key] = limit
            found.spelling[key] = family
        elif str(entry.get("id")).casefold().startswith(prefix):
            found.workspace[key] = limit
            found.spelling.setdefault(key, family)
    return found


def shown_quotas(found: Quotas) -> list[Item]:
    """Every family with its two limits, sorted; null where there is none."""
    return [
        {
            "family": found.spelling[key],
            "limit": limit_of(found.workspace.get(key)),
            "subscription_limit": limit_of(found.subscription.get(key)),
        }
        for key in sorted(found.spelling)
    ]


def check_quotas(declared: t.Sequence[Item]) -> _rules.Findings:
    """A limit of 0 or more (null: none of its own), each family once."""
    seen: set[str] = set()
    source = "this collection: one limit for each family"
    for item in declared:
        family = str(item["family"])
        if family.casefold() in seen:
            yield _rules.Finding("DuplicateFamily", "quotas.family", f"quotas names the family {family!r} twice (case is ignored).", source)
        seen.add(family.casefold())
        if item.get("limit") is not None and item["limit"] < 0:
            message = f"quotas.limit of {family!r} must be at least 0; {item['limit']} is not. For no limit of its own, give null."
            yield _rules.Finding("OutOfRange", "quotas.limit", message, source)


def plan_quotas(declared: t.Sequence[Item], found: Quotas) -> Plan:
    """The families whose limit differs. A family that is not declared is not managed."""
    changes, before, after = [], {}, {}
    for item in declared:
        key = str(item["family"]).casefold()
        name = found.spelling.get(key, str(item["family"]))
        old, new = limit_of(found.workspace.get(key)), item.get("limit")
        before[name], after[name] = old, new
        if old != new:
            changes.append(Change(f"quotas.{name}", old, new, "updatable"))
    return Plan(UPDATE if changes else NONE, tuple(changes), before={"quotas": before}, after={"quotas": after})


def foreseen(plan: Plan, found: Quotas) -> list[Item]:
    """What the service will surely refuse of a plan, by what it has just told, with the codes that it would give."""
    refused = []
    for change in plan.changes:
        family = change.field.partition(".")[2]
        most = limit_of(found.subscription.get(family.casefold()))
        if found.subscription and family.casefold() not in found.subscription:
            refused.append(_refusal(family, change.after, "InvalidVMFamilyName", "the service lists no such family in this region"))
        elif change.after is not None and most is not None and change.after > most:
            why = f"{change.after} is above the subscription's limit of {most}"
            refused.append(_refusal(family, change.after, "InvalidQuotaExceedsSubscriptionLimit", why))
    return refused


def quota_body(plan: Plan, workspace_id: str, location: str) -> Item:
    """What updateQuotas takes (ARM types of 2025-12-01, QuotaUpdateParameters). A limit of -1 takes the workspace's own away."""
    return {
        "location": location,
        "value": [
            {
                "id": f"{workspace_id}/quotas/{change.field.partition('.')[2]}",
                "type": "Microsoft.MachineLearningServices/workspaces/dedicatedCores/quotas",
                "limit": NO_CAP if change.after is None else change.after,
                "unit": "Count",
            }
            for change in plan.changes
        ],
    }


_WHY = {
    "InvalidQuotaBelowClusterMinimum": "it is below what the minimum nodes of the workspace's clusters take",
    "InvalidQuotaExceedsSubscriptionLimit": "it is above the subscription's limit",
    "InvalidVMFamilyName": "the service knows no such family",
    "OperationNotSupportedForSku": "the workspace's SKU has no quotas of its own",
    "OperationNotEnabledForRegion": "quotas of workspaces cannot be set in this region",
}


def _refusal(family: str, limit: t.Any, code: str, why: str | None = None) -> Item:
    return {"family": family, "limit": limit, "code": code, "message": why or _WHY.get(code, "the service gives no reason")}


# The answer of updateQuotas.
UPDATED = _shape.mapping({"value": _shape.list_of(_shape.mapping({"id": _shape.TEXT, "limit": _shape.NUMBER, "status": _shape.TEXT}))})


def refused_quotas(answer: Item) -> list[Item]:
    """The entries of an answer of updateQuotas that were not taken: the request succeeds as a whole, and each has its status."""
    return [
        _refusal(str(entry.get("id")).rsplit("/", 1)[-1], limit_of(entry.get("limit")), str(entry.get("status")))
        for entry in answer.get("value") or []
        if str(entry.get("status") or "Success").casefold() != "success"
    ]


def quota_error(refused: list[Item], workspace: str, rest: str) -> ArmError:
    """One failure for all families that were refused; ``details`` has each with its code. ``rest`` says what became of the others."""
    lines = "; ".join(f"{item['family']} ({item['code']}): {item['message']}" for item in refused)
    return ArmError(
        f"Quotas of the workspace {workspace!r} cannot be set as declared: {lines}. {rest}",
        code=refused[0]["code"],
        details=refused,
        hint="Correct the families or limits; the subscription's own limits are raised by a support request.",
    )
