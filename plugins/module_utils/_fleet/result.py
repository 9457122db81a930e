# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a fleet's run: the rows of all targets, their counts, and one error for all that failed."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._core.arm_id import ArmId
from .._core.errors import AmlError
from . import overview
from .cost import DocumentCost, Total
from .entry import Entry
from .failures import Failed, first_of_each
from .failures import lines as failures_lines
from .merge import NOT_ACTIONS, totals


class FleetFailed(AmlError):
    """At least one target failed; every other was still worked on, unless ``on_error`` is ``stop``."""

    default_code = "FleetFailed"
    has_lines = True


@dataclass
class Fleet:
    """The targets of some workspaces.

    workspaces  the ids of the workspaces, which may have no target
    document    the ids of all workspaces of the document, of which ``workspaces`` may be a share
    declared    the ids of all targets of the document in lower case, of which ``entries`` may be a part
    used        by the ids of compute targets in lower case, the title of something declared that runs on it, and that the limit excludes
    undeclared  the fleet's own targets that are no longer declared
    unknown     the workspaces whose targets to prune are unknown, by id, and why
    cost        the sum of the targets' costs, where they were estimated
    document_cost  the same of all targets of the document, where it is limited
    """

    entries: list[Entry]
    workspaces: list[str]
    document: list[str]
    declared: frozenset[str] = frozenset()
    used: t.Mapping[str, str] = field(default_factory=dict)
    undeclared: list[Entry] = field(default_factory=list)
    unknown: dict[str, AmlError] = field(default_factory=dict)
    cost: Total | None = None
    document_cost: DocumentCost | None = None

    @property
    def every(self) -> list[Entry]:
        return [*self.entries, *self.undeclared]

    @property
    def counts(self) -> dict[str, t.Any]:
        """The totals of the result."""
        counted = totals(self.entries, self.undeclared)
        if self.cost is not None:
            counted["cost"] = self.cost.to_dict()
        if self.document_cost is not None:
            counted["document_cost"] = self.document_cost.to_dict()
        return counted

    def table(self, *, check_mode: bool, whole: bool = False) -> list[str]:
        """The lines that people read. ``whole``: with all targets."""
        most, most_undeclared = (None, None) if whole else (overview.LINES, overview.LINES_UNDECLARED)
        rows = overview.table(self.every, self.counts, check_mode=check_mode, cost=self.cost, lines=most)
        document_cost = self.document_cost and self.document_cost.text()
        names = overview.workspace_names(self.every)
        undeclared = overview.undeclared_lines(self.undeclared, names, most_undeclared)
        return [*rows, *([document_cost] if document_cost else []), *undeclared]

    def to_dict(self) -> dict[str, t.Any]:
        """The full result of ``aml_fleet``: every target, and what the merging of results needs."""
        return {
            "changed": any(row.changed for row in self.every),
            "targets": [entry.to_dict() for entry in self.entries],
            "undeclared": [row.to_dict() for row in self.undeclared],
            "totals": self.counts,
            "workspaces": [_place(workspace) for workspace in self.workspaces],
            "document": self.document,
        }

    def short(self, *, fails: bool) -> dict[str, t.Any]:
        """The result without unchanged targets.

        ansible-core prints the result of a task that fails: it then has only the failures that the message shows.
        """
        listed_ids = {failure.entry.target.id for failure in first_of_each(self._failures) if failure.entry}

        def kept(entry: Entry) -> bool:
            return entry.target.id in listed_ids if fails else entry.changed or entry.declaration is None

        return {
            "changed": any(row.changed for row in self.every),
            "targets": [entry.to_dict() for entry in self.entries if kept(entry)],
            "undeclared": [row.to_dict() for row in self.undeclared if kept(row)],
            "totals": self.counts,
        }

    @property
    def _failures(self) -> list[Failed]:
        """The failed targets, and the workspaces whose targets to prune are unknown. Those that were not started follow from the others."""
        names = overview.workspace_names(self.every, self.unknown)
        targets = [
            Failed(overview.location(row, names), row.error, row.workspace, row)
            for row in self.every
            if row.error and not row.interrupted and not row.not_started
        ]
        unknown = [Failed(names[place.casefold()], error, place) for place, error in self.unknown.items()]
        return [*targets, *unknown]

    def failure(self) -> FleetFailed | None:
        """One error for every target that failed and every workspace whose targets to prune are unknown; None if there is no failure."""
        counted = self.counts
        failures = self._failures
        if not failures and not any(row.failed for row in self.every):
            return None
        return FleetFailed(
            "\n".join([self._first_line(counted), *failures_lines(failures)]),
            details=[failure.to_dict() for failure in first_of_each(failures)],
            hint=f"{_others(counted)}{self._next_step(counted, failures)}",
        )

    @property
    def _interrupted(self) -> bool:
        return any(row.of_interrupted_run for row in self.every)

    def _next_step(self, counted: t.Mapping[str, t.Any], failures: t.Sequence[Failed]) -> str:
        if not self._interrupted:
            return "Fix the errors and run the same task again."
        errors = "Fix the errors, and run" if failures else "Run"
        if "interrupted" in counted:
            return f"Operations in progress continue in Azure. {errors} the same task again: it waits for them, and continues."
        return f"{errors} the same task again: it continues."

    def _first_line(self, counted: t.Mapping[str, t.Any]) -> str:
        every = len(self.every)
        numbers = {
            "failed": counted["failed"],
            "were in progress when the run was interrupted": counted.get("interrupted", 0),
            f"were not started{' because the run was interrupted' if self._interrupted else ''}": counted.get(
                "not_started", 0
            ),
        }
        noun = "compute targets" if all(row.is_compute for row in self.every) else "targets"
        parts = [f"{number} of {every} {noun} {what}" for what, number in numbers.items() if number]
        if self.unknown:
            parts.append(f"could not determine which targets to prune in {len(self.unknown)} workspaces")
        text = ", ".join(parts)
        return f"{text[0].upper()}{text[1:]}{':' if self._failures else '.'}"


def _others(counted: t.Mapping[str, t.Any]) -> str:
    """How many targets have no error."""
    others = sum(number for name, number in counted.items() if name not in NOT_ACTIONS)
    if others == 1:
        return "The other target has no errors. "
    return f"The other {others} targets have no errors. " if others else ""


def _place(workspace: str) -> dict[str, str]:
    place = ArmId(workspace)
    return {
        "id": workspace,
        "name": place.name,
        "resource_group": place.resource_group,
        "subscription_id": place.subscription_id,
    }
