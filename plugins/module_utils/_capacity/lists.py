# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lists of sizes, usages and quotas of a region have in common.

The package ``_capacity`` knows the sizes, usages and quotas of a region. It may import ``_engine`` and ``_core``.
"""

from __future__ import annotations

import fnmatch
import typing as t

from .._core import canon
from .._core.arm_id import ArmId
from .._core.findings import Finding, Findings

Item = dict[str, t.Any]

NO_CAP = -1


def limit_of(value: t.Any) -> int | None:
    """A limit, or None where there is none: the service writes -1 for that."""
    return None if value is None or value < 0 else int(value)


def workspace_of(identifier: t.Any) -> str | None:
    """The workspace whose usage or quota an id names, or None for the subscription's."""
    return ArmId(identifier or "").named("workspaces") or None


def location_path(subscription_id: str, location: str, what: str) -> str:
    """Where a list of a region is; ``East US`` and ``eastus`` are one region."""
    return f"/subscriptions/{subscription_id}/providers/Microsoft.MachineLearningServices/locations/{canon.region(location)}/{what}"


def check_families(declared: t.Sequence[Item], group: str, *, advice: str = "") -> Findings:
    """A limit of 0 or more, or null where the option takes it; each family once. ``group`` is the option that lists them."""
    seen: set[str] = set()
    source = "this collection: one limit for each family"
    for item in declared:
        family = str(item["family"])
        if family.casefold() in seen:
            message = f"{group} names the family {family!r} twice (case is ignored)."
            yield Finding("DuplicateFamily", f"{group}.family", message, source)
        seen.add(family.casefold())
        if item.get("limit") is not None and item["limit"] < 0:
            message = f"{group}.limit of {family!r} must be at least 0; {item['limit']} is not.{advice}"
            yield Finding("OutOfRange", f"{group}.limit", message, source)


def like(value: t.Any, pattern: str) -> bool:
    return fnmatch.fnmatchcase(str(value or "").casefold(), pattern.casefold())
