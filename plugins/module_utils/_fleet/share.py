# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a document one run works on, where several runs share it."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._core import canon
from .._core.arm_id import ArmId
from .._core.findings import Finding, Findings, refuse
from .._engine.refusals import title
from .entry import Entry
from .limit import Limit
from .result import Fleet


def split(share: t.Sequence[str] | None, entries: t.Sequence[Entry], workspaces: list[str]) -> tuple[Fleet, Fleet]:
    """What this run works on, and the rest of the document, which only counts for quotas and cost.

    share       names of workspaces in any of their forms; None is all of them. RuleError for one that the document does not have.
    workspaces  the ids of all workspaces of the document
    """
    names = None if share is None else {name.casefold() for name in share}
    refuse(_unknown(names or set(), workspaces))
    declared = frozenset(entry.target.id.casefold() for entry in entries)
    mine = {workspace.casefold() for workspace in workspaces if names is None or names & _names(workspace)}

    def part(inside: bool) -> Fleet:
        return Fleet(
            [entry for entry in entries if (entry.workspace.casefold() in mine) is inside],
            [workspace for workspace in workspaces if (workspace.casefold() in mine) is inside],
            workspaces,
            declared,
        )

    return part(inside=True), part(inside=False)


def limited(fleet: Fleet, limit: Limit, *, prunes: bool) -> Fleet:
    """The fleet with only the targets of the limit; without ``prunes``, only with the workspaces of these targets."""
    entries = [entry for entry in fleet.entries if limit.has(entry)]
    needed = {entry.workspace.casefold() for entry in entries}
    workspaces = [workspace for workspace in fleet.workspaces if prunes or workspace.casefold() in needed]
    return replace(fleet, entries=entries, workspaces=workspaces, used=_used(fleet, limit))


def _used(fleet: Fleet, limit: Limit) -> dict[str, str]:
    """The compute targets that what the limit excludes is declared to run on."""
    excluded = (entry for entry in fleet.entries if entry.kind.uses_computes and not limit.has(entry))
    declared = ((entry, entry.declared_compute) for entry in excluded)
    return {str(canon.arm_id(compute)): title(entry.kind, entry.target.name) for entry, compute in declared if compute}


def outside(limit: Limit, *fleets: Fleet) -> Fleet:
    """The targets that the limit excludes, with their workspaces."""
    entries = [entry for fleet in fleets for entry in fleet.entries if not limit.has(entry)]
    workspaces = {entry.workspace.casefold(): entry.workspace for entry in entries}
    return Fleet(entries, list(workspaces.values()), fleets[0].document, fleets[0].declared)


def _names(workspace: str) -> set[str]:
    """What a share may call a workspace: its id, its resource group and name, its name."""
    place = ArmId(workspace.casefold())
    return {place, f"{place.resource_group}/{place.name}", place.name}


def _unknown(wanted: set[str], workspaces: t.Iterable[str]) -> Findings:
    known = set().union(*(_names(workspace) for workspace in workspaces))
    for name in sorted(wanted - known):
        message = f"share names {name}, which is not a workspace of the document."
        yield Finding("WorkspaceNotDeclared", "share", message, "this collection")
