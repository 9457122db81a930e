# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of a drift report, and the report that they make. As JSON, a row has the names of its fields, in their order."""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from functools import cached_property

from .._core.arm_id import OTHER_TYPES, ArmId, short_names

AS_DECLARED, DIFFERS, FAILED, UNDECLARED = STATUSES = ("as declared", "differs", "failed", "undeclared")

NOT_PROCESSED = "Not processed: no host is responsible for it, or the job of its host ended before."

Json = dict[str, t.Any]


@dataclass(frozen=True)
class Row:
    """What all rows share: the way from JSON and to it."""

    @classmethod
    def from_dict(cls, row: Json) -> t.Self:
        return cls(**{field.name: row[field.name] for field in fields(cls) if field.name in row})

    def to_dict(self) -> Json:
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class Cost(Row):
    """What a target costs in a month, at its fewest and at its most nodes."""

    currency: str
    monthly_minimum: float
    monthly_maximum: float


@dataclass(frozen=True)
class Change(Row):
    """A field that differs."""

    field: str
    before: t.Any = None
    after: t.Any = None
    reason: str | None = None


@dataclass(frozen=True)
class Ssh(Row):
    """Where a user can log in."""

    user: str | None
    address: str | None
    port: int | None


@dataclass(frozen=True)
class Retirement(Row):
    """What a target uses that is retired, or will be. ``status``: retired, retiring."""

    option: str
    value: str
    status: str
    date: str
    successor: str

    @property
    def key(self) -> tuple[str, str]:
        """What it is about; the service spells sizes in capitals."""
        return self.option, self.value.casefold()


@dataclass(frozen=True)
class Target(Row):
    """A compute target or another resource of a workspace, declared or not. ``open_port`` without ``public_ssh``: there is no user to log in as."""

    id: str
    name: str
    type: str
    workspace: str
    resource_group: str
    subscription_id: str
    location: str | None
    exists: bool
    state: str | None
    size: str | None
    nodes: int | None
    max_nodes: int | None
    open_port: bool
    public_ssh: bool
    ssh: Ssh | None
    network: str
    identity: str
    status: str
    # Undeclared, and of the fleet's making.
    owned: bool
    action: str
    changes: list[Change]
    reason: str | None
    cost: Cost | None
    # Since when it is not as declared.
    since: str | None = None
    price_unknown: bool = False
    retirements: list[Retirement] = field(default_factory=list)

    @classmethod
    def from_dict(cls, row: Json) -> t.Self:
        return super().from_dict(
            {
                **row,
                "ssh": Ssh.from_dict(row["ssh"]) if row["ssh"] else None,
                "changes": [Change.from_dict(change) for change in row["changes"]],
                "cost": Cost.from_dict(row["cost"]) if row["cost"] else None,
                "retirements": retirements(row),
            }
        )

    def to_dict(self) -> Json:
        return {
            **super().to_dict(),
            "ssh": self.ssh and self.ssh.to_dict(),
            "changes": [change.to_dict() for change in self.changes],
            "cost": self.cost and self.cost.to_dict(),
            "retirements": [retirement.to_dict() for retirement in self.retirements],
        }

    @property
    def key(self) -> str:
        return self.id.casefold()

    @property
    def label(self) -> str:
        """Its name in its workspace: NAME of a compute target, COLLECTION/NAME of another resource."""
        return ArmId(self.id).label.partition("/")[2]

    @property
    def home(self) -> str:
        """The key of its workspace."""
        return ArmId(self.id).workspace.casefold()

    @property
    def monthly_minimum(self) -> float | None:
        return self.cost.monthly_minimum if self.cost else None

    @property
    def monthly_maximum(self) -> float | None:
        return self.cost.monthly_maximum if self.cost else None


def retirements(*rows: Json) -> list[Retirement]:
    """Those of all rows about one target, each once. Reports of the past have none."""
    items = [Retirement.from_dict(item) for row in rows for item in row.get("retirements") or []]
    return list({item.key: item for item in items}.values())


@dataclass(frozen=True)
class Workspace(Row):
    """A workspace; ``error``: why it could not be read."""

    id: str
    name: str
    resource_group: str
    subscription_id: str
    location: str | None
    public_network_access: str | None
    isolation_mode: str | None
    private_link_count: int | None
    identity: str
    error: str | None

    @property
    def key(self) -> str:
        return self.id.casefold()


@dataclass(frozen=True)
class Counts:
    """What is counted of some targets. ``price_unknown`` is the number of targets without a price, which are not included in the sums."""

    targets: int
    by_status: dict[str, int]
    nodes: int
    max_nodes: int
    public_ssh: int
    monthly_minimum: float | None
    monthly_maximum: float | None
    price_unknown: int

    @classmethod
    def of(cls, targets: t.Sequence[Target]) -> Counts:
        statuses = Counter(target.status for target in targets)
        costs = [target.cost for target in targets if target.cost and not target.price_unknown]
        return cls(
            len(targets) - statuses[UNDECLARED],
            {status: statuses[status] for status in STATUSES},
            _sum(target.nodes for target in targets),
            _sum(target.max_nodes for target in targets),
            sum(target.public_ssh for target in targets),
            _amount([cost.monthly_minimum for cost in costs]),
            _amount([cost.monthly_maximum for cost in costs]),
            sum(target.price_unknown for target in targets),
        )

    def to_dict(self) -> Json:
        return {
            "targets": self.targets,
            **self.by_status,
            "nodes": self.nodes,
            "max_nodes": self.max_nodes,
            "public_ssh": self.public_ssh,
            "monthly_minimum": self.monthly_minimum,
            "monthly_maximum": self.monthly_maximum,
            "price_unknown": self.price_unknown,
        }


def _sum(numbers: t.Iterable[int | None]) -> int:
    return sum(number or 0 for number in numbers)


def _amount(costs: t.Sequence[float]) -> float | None:
    """The sum of known costs; that of none is not known."""
    return round(sum(costs), 2) if costs else None


@dataclass(frozen=True)
class Usage(Row):
    """A quota of a region, and how much of it is used."""

    subscription_id: str
    location: str
    name: str
    localized_name: str | None = None
    tier: str | None = None
    current: int | None = None
    limit: int | None = None
    remaining: int | None = None
    percent: float | None = None
    unit: str | None = None
    workspace: str | None = None


@dataclass(frozen=True)
class UnreadUsages(Row):
    """A region whose quotas could not be read."""

    subscription_id: str
    location: str
    error: str


@dataclass(frozen=True)
class Report:
    """A drift report. Its counts follow from its targets."""

    generated: str
    fleet: str | None
    # When the report before this one was made.
    previous: str | None
    document: list[str]
    currency: str | None
    priced: bool
    workspaces: list[Workspace]
    targets: list[Target]
    usages: list[Usage]
    usages_unread: list[UnreadUsages]

    @classmethod
    def from_dict(cls, report: Json) -> Report:
        return cls(
            report["generated"],
            report["fleet"],
            report["previous"],
            report["document"],
            report["currency"],
            report["priced"],
            [Workspace.from_dict(workspace) for workspace in report["workspaces"]],
            [Target.from_dict(target) for target in report["targets"]],
            [Usage.from_dict(usage) for usage in report["usages"]],
            [UnreadUsages.from_dict(unread) for unread in report["usages_unread"]],
        )

    def to_dict(self) -> Json:
        return {
            "generated": self.generated,
            "fleet": self.fleet,
            "previous": self.previous,
            "document": self.document,
            "currency": self.currency,
            "priced": self.priced,
            "totals": {"workspaces": len(self.workspaces), "unreadable": self.unreadable, **self.totals.to_dict()},
            "workspaces": [
                {**workspace.to_dict(), **counts.to_dict()} for workspace, counts in self.counted_workspaces
            ],
            "kinds": [{"kind": kind, **counts.to_dict()} for kind, counts in self.counted_kinds],
            "targets": [target.to_dict() for target in self.targets],
            "usages": [usage.to_dict() for usage in self.usages],
            "usages_unread": [unread.to_dict() for unread in self.usages_unread],
            "drifted": self.drifted,
        }

    def with_distinct_names(self) -> Report:
        """The same for people: workspaces of the same name are named with as much of their path as distinguishes them."""
        names = short_names(
            [workspace.id for workspace in self.workspaces] + [ArmId(row.id).workspace for row in self.targets]
        )
        workspaces = [replace(row, name=names[row.key]) for row in self.workspaces]
        targets = [replace(row, workspace=names[row.home]) for row in self.targets]
        return replace(self, workspaces=workspaces, targets=targets)

    @cached_property
    def by_workspace(self) -> dict[str, list[Target]]:
        """The targets by the keys of their workspaces."""
        grouped: dict[str, list[Target]] = {}
        for target in self.targets:
            grouped.setdefault(target.home, []).append(target)
        return grouped

    @cached_property
    def totals(self) -> Counts:
        return Counts.of(self.targets)

    @cached_property
    def counted_workspaces(self) -> list[tuple[Workspace, Counts]]:
        return [(workspace, Counts.of(self.by_workspace.get(workspace.key, []))) for workspace in self.workspaces]

    @cached_property
    def counted_kinds(self) -> list[tuple[str, Counts]]:
        by_kind: dict[str, list[Target]] = {}
        for target in self.targets:
            by_kind.setdefault(target.type, []).append(target)
        return [(kind, Counts.of(by_kind[kind])) for kind in sorted(by_kind)]

    @property
    def unreadable(self) -> int:
        """How many workspaces could not be read."""
        return sum(bool(workspace.error) for workspace in self.workspaces)

    @property
    def drifted(self) -> bool:
        """Whether something is not as declared, or could not be read. What the fleet never made does not count."""
        statuses = self.totals.by_status
        return bool(
            statuses[DIFFERS] or statuses[FAILED] or self.unreadable or any(target.owned for target in self.targets)
        )

    @property
    def noun(self) -> str:
        """The word before "targets": "compute ", unless there are others."""
        return "" if any(target.type in OTHER_TYPES.values() for target in self.targets) else "compute "

    def having(self, status: str) -> list[Target]:
        return [target for target in self.targets if target.status == status]

    @cached_property
    def retirements(self) -> list[tuple[Retirement, list[Target]]]:
        """What is retired or will be, with the targets that use it; the earliest date first."""
        users: dict[tuple[str, str], tuple[Retirement, list[Target]]] = {}
        for target in self.targets:
            for retirement in target.retirements:
                users.setdefault(retirement.key, (retirement, []))[1].append(target)
        return sorted(users.values(), key=lambda row: (row[0].date, row[0].key))

    @property
    def exposed(self) -> list[Target]:
        """Those that a user can log in to from anywhere."""
        return [target for target in self.targets if target.public_ssh]
