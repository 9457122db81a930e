# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quotas of a workspace: projection, plan, body and refusals. Pure.

Shapes: docs/facts.md a.6 [REC R9]; a limit of -1 means that there is no cap [ISS]. The statuses of updateQuotas: ARM types of
2025-12-01, UpdateWorkspaceQuotas. Names come in mixed case and are compared without it.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._core import shape
from .._core.arm_id import ArmId
from .._core.errors import ArmError
from .._core.findings import Finding, Findings
from .._engine.plan import NONE, UPDATE, Change, Plan
from .lists import NO_CAP, Item, limit_of, workspace_of


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
        family = str((entry.get("name") or {}).get("value") or ArmId(entry.get("id")).name)
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


def check_quotas(declared: t.Sequence[Item]) -> Findings:
    """A limit of 0 or more (null: none of its own), each family once."""
    seen: set[str] = set()
    source = "this collection: one limit for each family"
    for item in declared:
        family = str(item["family"])
        if family.casefold() in seen:
            yield Finding(
                "DuplicateFamily",
                "quotas.family",
                f"quotas names the family {family!r} twice (case is ignored).",
                source,
            )
        seen.add(family.casefold())
        if item.get("limit") is not None and item["limit"] < 0:
            message = f"quotas.limit of {family!r} must be at least 0; {item['limit']} is not. For no limit of its own, give null."
            yield Finding("OutOfRange", "quotas.limit", message, source)


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
            refused.append(
                _refusal(family, change.after, "InvalidVMFamilyName", "the service lists no such family in this region")
            )
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
    return {
        "family": family,
        "limit": limit,
        "code": code,
        "message": why or _WHY.get(code, "the service gives no reason"),
    }


# The answer of updateQuotas.
UPDATED = shape.mapping(
    {"value": shape.list_of(shape.mapping({"id": shape.TEXT, "limit": shape.NUMBER, "status": shape.TEXT}))}
)


def refused_quotas(answer: Item) -> list[Item]:
    """The entries of an answer of updateQuotas that were not taken: the request succeeds as a whole, and each has its status."""
    return [
        _refusal(ArmId(entry.get("id")).name, limit_of(entry.get("limit")), str(entry.get("status")))
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
