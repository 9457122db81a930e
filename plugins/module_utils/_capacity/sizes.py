# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sizes of a region: projection and filter. Pure. Shapes: docs/facts.md a.6 [REC R9]."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._core import canon
from .lists import Item, like


def size(entry: Item) -> Item:
    """One size as the user sees it."""
    return {
        "name": entry.get("name"),
        "family": entry.get("family"),
        "vcpus": entry.get("vCPUs"),
        "gpus": entry.get("gpus"),
        "memory_gb": entry.get("memoryGB"),
        "low_priority_capable": canon.boolean_text(entry.get("lowPriorityCapable")),
        "premium_io": canon.boolean_text(entry.get("premiumIO")),
        "supported_compute_types": [str(name).casefold() for name in entry.get("supportedComputeTypes") or []],
        "prices": _prices(entry.get("estimatedVMPrices")),
    }


def _prices(estimate: t.Any) -> list[Item] | None:
    """Null if the service returns no price: unknown does not mean free."""
    values = (estimate or {}).get("values")
    if not values:
        return None
    common = {"currency": estimate.get("billingCurrency"), "unit": estimate.get("unitOfMeasure")}
    return [
        {"os_type": value.get("osType"), "tier": value.get("vmTier"), "price": value.get("retailPrice"), **common}
        for value in values
    ]


# What each option of a filter asks of a size.
_ASKED: dict[str, t.Callable[[Item, t.Any], bool]] = {
    "family": lambda row, family: like(row["family"], family),
    "name": lambda row, name: like(row["name"], name),
    "min_vcpus": lambda row, least: (row["vcpus"] or 0) >= least,
    "max_vcpus": lambda row, most: (row["vcpus"] or 0) <= most,
    "min_memory_gb": lambda row, least: (row["memory_gb"] or 0) >= least,
    "gpus": lambda row, count: (row["gpus"] or 0) == count,
    "compute_type": lambda row, name: name in row["supported_compute_types"],
    "low_priority": lambda row, capable: bool(row["low_priority_capable"]) is capable,
}


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

    def takes(self, row: Item) -> bool:
        asked = ((test, getattr(self, option)) for option, test in _ASKED.items())
        return all(value is None or test(row, value) for test, value in asked)


def sizes(entries: t.Iterable[Item], size_filter: SizeFilter) -> list[Item]:
    """The sizes that were asked for, in an order that does not hang on the service's: family, vCPUs, memory, name."""
    matching = [entry for entry in map(size, entries) if size_filter.takes(entry)]
    return sorted(
        matching,
        key=lambda row: (
            str(row["family"]).casefold(),
            row["vcpus"] or 0,
            row["memory_gb"] or 0,
            str(row["name"]).casefold(),
        ),
    )


def by_name(entries: t.Iterable[Item]) -> dict[str, Item]:
    """The sizes of a region by their name, case ignored."""
    return {str(entry.get("name")).casefold(): size(entry) for entry in entries}
