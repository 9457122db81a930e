# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The usages of a region, against their limits. Pure. Shapes: docs/facts.md a.6 [REC R9]."""

from __future__ import annotations

import typing as t

from .lists import Item, like, limit_of, workspace_of

TOTAL_CLUSTERS = "TotalClusters"
TOTAL_DEDICATED = "TotalDedicatedCores"
TOTAL_LOW_PRIORITY = "TotalLowPriorityCores"


def usage(entry: Item) -> Item:
    """One usage as the user sees it. ``percent`` and ``remaining`` are null where there is no cap."""
    name = entry.get("name") or {}
    limit, current = limit_of(entry.get("limit")), entry.get("currentValue") or 0
    return {
        "name": name.get("value"),
        "localized_name": name.get("localizedValue"),
        "tier": "low_priority"
        if is_low_priority(entry)
        else "dedicated"
        if "cores" in str(entry.get("type")).casefold()
        else None,
        "current": current,
        "limit": limit,
        "remaining": None if limit is None else max(0, limit - current),
        "percent": _percent(current, limit),
        "unit": entry.get("unit"),
        "workspace": workspace_of(entry.get("id")),
    }


def is_low_priority(entry: Item) -> bool:
    """A family is listed twice, under one name; the type, or otherwise the text, distinguishes the two."""
    text = str((entry.get("name") or {}).get("localizedValue"))
    return (
        "lowpriority" in str(entry.get("type")).casefold()
        or "low priority" in text.casefold()
        or "lowpriority" in text.casefold()
    )


def _percent(current: int, limit: int | None) -> float | None:
    if limit is None:
        return None
    return round(100.0 * current / limit, 1) if limit else 100.0 if current else 0.0


def usages(
    entries: t.Iterable[Item], families: t.Collection[str] | None = None, at_least_percent: float | None = None
) -> list[Item]:
    """Usages by name, case ignored (``*`` and ``?`` as in file names), and only those of which so much is used; sorted by name."""
    matching = []
    for entry in map(usage, entries):
        if families and not any(like(entry["name"], family) for family in families):
            continue
        if at_least_percent is not None and (entry["percent"] is None or entry["percent"] < at_least_percent):
            continue
        matching.append(entry)
    return sorted(
        matching,
        key=lambda one: (str(one["workspace"] or "").casefold(), str(one["name"]).casefold(), one["tier"] or ""),
    )


class Usages:
    """What is left in a region of the subscription, for sums."""

    def __init__(self, entries: t.Iterable[Item]) -> None:
        self._by_key: dict[tuple[str, bool], Item] = {}
        for entry in entries:
            if workspace_of(entry.get("id")) is None:
                row = usage(entry)
                self._by_key[(str(row["name"]).casefold(), row["tier"] == "low_priority")] = row

    def find(self, name: str, *, low_priority: bool = False) -> Item | None:
        """The usage of a total, or of a family in one of its two tiers; None where the service does not list it."""
        return self._by_key.get((name.casefold(), low_priority))
