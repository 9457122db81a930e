# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of ``aml_fleet`` over shares of one document, as the result that one run over all of it would have. Pure: no Ansible, no HTTP.

A merged result can be merged again.
"""

from __future__ import annotations

import typing as t

from .._core.arm_id import ArmId
from . import cost

Row = dict[str, t.Any]


def totals(targets: t.Sequence[Row], undeclared: t.Sequence[Row]) -> Row:
    """How many targets, how many failed, and how many of each action of those that did not."""
    every = [*targets, *undeclared]
    counted: Row = {"targets": len(targets), "failed": sum(bool(one["failure"]) for one in every)}
    for one in every:
        if one["failure"] is None:
            counted[one["action"]] = counted.get(one["action"], 0) + 1
    return counted


def merge(results: t.Sequence[Row]) -> Row:
    """One result of many; of two that have worked on the same workspace, the later in the list counts.

    Beside what a result has: ``missing`` are the workspaces of the document that no run has worked on, ``failures`` is why runs ended before they had
    worked on anything, and ``complete`` is whether every workspace was worked on and nothing failed.
    """
    document = {one.casefold(): one for result in results for one in result.get("document") or []}
    places = {one["id"].casefold(): one for result in results for one in result.get("workspaces") or []}
    by_workspace = {
        one["id"].casefold(): result
        for result in results
        if not _ended_early(result)
        for one in result.get("workspaces") or []
    }
    seen = [key for key in document if key in by_workspace]
    targets, undeclared = (
        [row for key in seen for row in by_workspace[key][rows] if _home(row) == key]
        for rows in ("targets", "undeclared")
    )
    summed = totals(targets, undeclared)
    costs = _costs(targets, results)
    if costs is not None:
        summed["cost"] = cost.total(costs)
    missing = [document[key] for key in document if key not in by_workspace]
    failures = [failure for result in results for failure in _failures(result)]
    return {
        "changed": any(one["changed"] for one in (*targets, *undeclared)),
        "targets": targets,
        "undeclared": undeclared,
        "totals": summed,
        "workspaces": [places[key] for key in seen],
        "document": list(document.values()),
        "missing": missing,
        "failures": list({str(one): one for one in failures}.values()),
        "complete": bool(seen) and not missing and not failures and not summed["failed"],
    }


def _home(target: Row) -> str:
    return ArmId(target["id"].casefold()).workspace


def _ended_early(result: Row) -> bool:
    """Whether the run worked on nothing, by its pre-flight or before that. What became of single targets is in their rows."""
    return bool(result.get("failure")) and result["failure"]["code"] != "FleetFailed"


def _failures(result: Row) -> list[Row]:
    return [result["failure"]] if _ended_early(result) else list(result.get("failures") or [])


def _costs(targets: t.Sequence[Row], results: t.Sequence[Row]) -> dict[str, t.Any] | None:
    """What each target that is paid for costs, None where that is not known; no mapping at all where nothing was estimated."""
    estimates = [result["totals"]["cost"] for result in results if "cost" in (result.get("totals") or {})]
    unknown = {identifier for one in estimates for identifier in one["unknown"]}
    paid = {one["id"]: one.get("cost") for one in targets if one.get("cost") or one["id"] in unknown}
    return paid if estimates else None
