# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of ``aml_fleet`` over shares of one document, as the result that one run over all of it would have. Pure: no Ansible, no HTTP.

A merged result can be merged again.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._core.arm_id import ArmId
from .cost import Cost, total

Row = dict[str, t.Any]


class Counted(t.Protocol):
    """What is counted of a target."""

    @property
    def action(self) -> str: ...

    @property
    def failed(self) -> bool: ...

    @property
    def not_started(self) -> bool: ...

    @property
    def interrupted(self) -> bool: ...


# The keys of totals that are not actions.
NOT_ACTIONS = ("targets", "undeclared", "failed", "interrupted", "not_started", "cost", "document_cost")


def totals(targets: t.Sequence[Counted], undeclared: t.Sequence[Counted]) -> Row:
    """The number of declared and of undeclared targets; of both, how many failed, were interrupted or not started, and the actions of the others."""
    every = [*targets, *undeclared]
    failed = sum(row.failed and not row.interrupted and not row.not_started for row in every)
    counted: Row = {"targets": len(targets), "failed": failed}
    numbers = {
        "undeclared": len(undeclared),
        "interrupted": sum(row.interrupted for row in every),
        "not_started": sum(row.not_started for row in every),
    }
    counted.update({name: number for name, number in numbers.items() if number})
    for row in every:
        if not row.failed:
            counted[row.action] = counted.get(row.action, 0) + 1
    return counted


@dataclass(frozen=True)
class TargetResult:
    """The result of one target; ``shown`` is all of it."""

    id: str
    action: str
    changed: bool
    failed: bool
    interrupted: bool
    not_started: bool
    cost: Cost | None
    shown: Row

    @classmethod
    def read(cls, row: Row) -> TargetResult:
        cost = Cost.from_dict(row["cost"]) if row.get("cost") else None
        failure = row["failure"]
        code = failure["code"] if failure is not None else None
        return cls(
            row["id"],
            row["action"],
            row["changed"],
            failure is not None,
            code == "Interrupted",
            code == "NotStarted",
            cost,
            row,
        )

    @classmethod
    def by_workspace(cls, rows: t.Iterable[Row]) -> Rows:
        grouped: Rows = {}
        for row in map(cls.read, rows):
            grouped.setdefault(ArmId(row.id.casefold()).workspace, []).append(row)
        return grouped


# Results by the id of their workspace in lower case.
Rows = dict[str, list[TargetResult]]


@dataclass(frozen=True)
class ShareResult:
    """The result of one run. One that ended early, by its pre-flight or before that, worked on nothing, and so has no targets."""

    document: list[str]
    workspaces: dict[str, Row]
    failures: list[Row]
    # The ids of the targets with unknown prices; None where no cost was estimated.
    unpriced: list[str] | None
    ended_early: bool
    targets: Rows
    undeclared: Rows


def _share(result: Row) -> ShareResult:
    failure: Row = result.get("failure") or {}
    # The results of single targets are in their rows.
    ended_early = bool(failure) and failure["code"] != "FleetFailed"
    workspaces = {workspace["id"].casefold(): workspace for workspace in result.get("workspaces") or []}
    targets, undeclared = (
        TargetResult.by_workspace(result[rows] if workspaces and not ended_early else [])
        for rows in ("targets", "undeclared")
    )
    return ShareResult(
        document=result.get("document") or [],
        workspaces=workspaces,
        failures=[failure] if ended_early else result.get("failures") or [],
        unpriced=_unpriced(result.get("totals") or {}),
        ended_early=ended_early,
        targets=targets,
        undeclared=undeclared,
    )


def _unpriced(counted: Row) -> list[str] | None:
    return counted["cost"]["unknown"] if "cost" in counted else None


def merge(results: t.Sequence[Row]) -> Row:
    """One result of many; of two that have worked on the same workspace, the later in the list counts.

    In addition to the keys of a result: ``missing`` are the workspaces of the document that no run has processed, ``failures`` is why runs ended
    before they had processed anything, and ``complete`` is whether every workspace was processed and nothing failed.
    """
    shares = [_share(result) for result in results]
    document = _whole_document(shares)
    done = _last_on_each_workspace(shares)
    order = [key for key in document if key in done]
    targets = [row for key in order for row in done[key].targets.get(key, ())]
    return Merged(
        targets,
        [row for key in order for row in done[key].undeclared.get(key, ())],
        workspaces=[done[key].workspaces[key] for key in order],
        document=list(document.values()),
        missing=[identifier for key, identifier in document.items() if key not in done],
        failures=_distinct_failures(shares),
        costs=_costs(targets, shares),
    ).to_dict()


def _whole_document(shares: t.Iterable[ShareResult]) -> dict[str, str]:
    """The ids of all workspaces, by themselves in lower case."""
    return {workspace.casefold(): workspace for share in shares for workspace in share.document}


def _last_on_each_workspace(shares: t.Iterable[ShareResult]) -> dict[str, ShareResult]:
    return {key: share for share in shares if not share.ended_early for key in share.workspaces}


def _distinct_failures(shares: t.Iterable[ShareResult]) -> list[Row]:
    """Why runs ended early; what several runs failed with counts once."""
    return list({str(failure): failure for share in shares for failure in share.failures}.values())


def _costs(targets: t.Sequence[TargetResult], shares: t.Sequence[ShareResult]) -> dict[str, Cost | None] | None:
    """What each target that is paid for costs, None where that is not known; no mapping at all where nothing was estimated."""
    estimates = [share.unpriced for share in shares if share.unpriced is not None]
    unknown = {identifier for unpriced in estimates for identifier in unpriced}
    paid = {target.id: target.cost for target in targets if target.cost or target.id in unknown}
    return paid if estimates else None


@dataclass(frozen=True)
class Merged:
    """The merged result; ``costs`` by the ids of targets, None where nothing was estimated."""

    targets: list[TargetResult]
    undeclared: list[TargetResult]
    workspaces: list[Row]
    document: list[str]
    missing: list[str]
    failures: list[Row]
    costs: dict[str, Cost | None] | None

    def to_dict(self) -> Row:
        summed = totals(self.targets, self.undeclared)
        if self.costs is not None:
            summed["cost"] = total(self.costs).to_dict()
        return {
            "changed": any(target.changed for target in (*self.targets, *self.undeclared)),
            "targets": [target.shown for target in self.targets],
            "undeclared": [row.shown for row in self.undeclared],
            "totals": summed,
            "workspaces": self.workspaces,
            "document": self.document,
            "missing": self.missing,
            "failures": self.failures,
            "complete": bool(self.workspaces)
            and not self.missing
            and not self.failures
            and not any(target.failed for target in (*self.targets, *self.undeclared)),
        }
