# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The monthly cost of declared compute targets and online deployments by the service's own price estimates. Pure. What is not known is null, never 0.

Prices: docs/facts.md a.6 (vmSizes, estimatedVMPrices: per hour, by operating system and vmTier). They are list prices of the
virtual machines alone, without disks, network or the user's discounts.
"""

from __future__ import annotations

import typing as t
from dataclasses import asdict, dataclass

from .._core.arm_id import Target
from .._core.errors import AmlError
from .._engine.kind import Body, Kind
from .._engine.plan import Declared

# The convention of Azure's price calculator.
HOURS = 730

_UNIT = "onehour"
# Low-priority nodes are Spot virtual machines since 2026-03-31. Their price varies, up to that of dedicated ones (MicrosoftDocs/azure-ai-docs#791, #806).
_TIERS = {"dedicated": ("standard",), "low_priority": ("spot", "lowpriority")}
_CAP = "standard"

Sizes = t.Mapping[str, t.Mapping[str, t.Any]]


class Priced(t.Protocol):
    """What the cost of a target depends on. ``wanted`` has all of its values by option, including current ones."""

    @property
    def kind(self) -> Kind: ...

    @property
    def target(self) -> Target: ...

    @property
    def workspace_id(self) -> str: ...

    @property
    def wanted(self) -> Declared: ...

    @property
    def existing(self) -> Body | None: ...


@dataclass(frozen=True)
class Cost:
    """What one target costs in a month, at its fewest and at its most nodes."""

    currency: str
    monthly_minimum: float
    monthly_maximum: float

    @classmethod
    def from_dict(cls, cost: t.Mapping[str, t.Any]) -> Cost:
        return cls(cost["currency"], cost["monthly_minimum"], cost["monthly_maximum"])

    def to_dict(self) -> dict[str, t.Any]:
        return asdict(self)


@dataclass(frozen=True)
class Difference:
    """What a change adds to the cost of a month, negative where it saves. ``currency`` is None where nothing is billed before or after."""

    currency: str | None
    monthly_minimum: float
    monthly_maximum: float

    def to_dict(self) -> dict[str, t.Any]:
        return asdict(self)

    def text(self) -> str:
        return (
            f"{self.monthly_minimum:+.2f} to {self.monthly_maximum:+.2f} {self.currency}" if self.currency else "none"
        )


@dataclass(frozen=True)
class Total:
    """The sum of several costs; None where none is known. ``unknown`` are the ids of the targets that it does not include."""

    currency: str | None
    monthly_minimum: float | None
    monthly_maximum: float | None
    unknown: list[str]

    def to_dict(self) -> dict[str, t.Any]:
        return asdict(self)


# What does not exist, or is billed elsewhere.
NOTHING = Cost("", 0.0, 0.0)


class TooExpensive(AmlError):
    """The declared targets may cost more than ``max_monthly_cost`` allows. Nothing was written."""

    default_code = "TooExpensive"


def hourly(size: t.Mapping[str, t.Any] | None, tier: str) -> tuple[float, float, str] | None:
    """The lowest and the highest price of one node for an hour, with their currency; None if the service returns no price for that tier.

    Of several prices for a tier, the lowest is the highest that the service names: a cost is never estimated lower than what is known.
    """
    prices = _prices(size)
    known = [prices[name] for name in _TIERS.get(tier, ()) if name in prices]
    if not known:
        return None
    least, currency = max(known)
    cap = prices.get(_CAP)
    most = max(least, cap[0]) if cap and cap[1] == currency else least
    return least, most, currency


def _prices(size: t.Mapping[str, t.Any] | None) -> dict[str, tuple[float, str]]:
    """The prices of an hour on Linux, by the service's names of tiers in lower case; the first one of each."""
    found: dict[str, tuple[float, str]] = {}
    for price in (size or {}).get("prices") or []:
        hour = str(price["unit"]).casefold() == _UNIT and str(price["os_type"]).casefold() == "linux"
        if hour and price["price"] is not None and price["currency"]:
            found.setdefault(str(price["tier"]).casefold(), (float(price["price"]), str(price["currency"])))
    return found


def estimate(desired: Priced, state: str, sizes: Sizes | None) -> Cost | None:
    """One target's cost in a month, or None."""
    size = str(desired.kind.billing.size(desired.wanted)).casefold()
    price = hourly((sizes or {}).get(size), str(desired.wanted.get("tier") or "dedicated"))
    count = desired.kind.billing.nodes(desired.wanted, state)
    if price is None or count is None:
        return None
    (low, high, currency), (fewest, most) = price, count
    return Cost(currency, round(low * fewest * HOURS, 2), round(high * most * HOURS, 2))


def difference(before: Cost | None, after: Cost | None) -> Difference | None:
    """``after`` less ``before``; None if one of them is not known, or is in another currency."""
    if before is None or after is None:
        return None
    # What costs nothing is of any currency.
    currency = before.currency or after.currency
    if after.currency not in ("", currency):
        return None
    least, most = after.monthly_minimum - before.monthly_minimum, after.monthly_maximum - before.monthly_maximum
    return Difference(currency or None, round(least, 2), round(most, 2))


def total(costs: t.Mapping[str, Cost | None]) -> Total:
    """The sum over what is known, by id, and what is not. Sums are of one currency: what has another counts as unknown."""
    currency = min((cost.currency for cost in costs.values() if cost), default=None)
    known = [cost for cost in costs.values() if cost and cost.currency == currency]
    unknown = sorted(identifier for identifier, cost in costs.items() if not cost or cost.currency != currency)
    if not known:
        return Total(None, None, None, unknown)
    least, most = sum(item.monthly_minimum for item in known), sum(item.monthly_maximum for item in known)
    return Total(currency, round(least, 2), round(most, 2), unknown)


@dataclass(frozen=True)
class DocumentCost:
    """The total of all targets of the document, which ``most`` limits. ``others``: so many of the targets are not processed by the run."""

    total: Total
    targets: int
    most: float
    others: int

    def to_dict(self) -> dict[str, t.Any]:
        return {**self.total.to_dict(), "targets": self.targets, "max_monthly_cost": self.most}

    def text(self) -> str | None:
        """What was compared with the limit, where that is more than the run's own targets."""
        if not self.others or self.total.monthly_maximum is None:
            return None
        return (
            f"Cost per month of all {self.targets} targets of the document: {self.total.monthly_minimum:.2f} to "
            f"{self.total.monthly_maximum:.2f} {self.total.currency} (max_monthly_cost: {self.most:.2f})."
        )

    def refuse(self) -> None:
        """Raise TooExpensive. Unknown prices are listed in the error, but do not cause it."""
        most = self.total.monthly_maximum
        if most is None or most <= self.most:
            return
        unknown = f" The prices of {len(self.total.unknown)} more are not known." if self.total.unknown else ""
        outside = f", also the {self.others} that this run does not process," if self.others else ""
        raise TooExpensive(
            f"The {self.targets} declared compute targets and deployments of the document{outside} may cost {most:.2f} {self.total.currency} in a month, "
            f"more than max_monthly_cost {self.most:.2f}.{unknown}",
            details=self.to_dict(),
            hint="Nothing was written. Lower max_instances or take smaller sizes, or raise max_monthly_cost.",
        )
