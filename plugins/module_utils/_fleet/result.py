# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a fleet's run: the rows of all targets, their counts, and one error for all that failed."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._core.arm_id import ArmId
from .._core.errors import AmlError
from .cost import Total
from .entry import Entry
from .merge import totals

# So many targets are named in the message of the error; its details have all.
_NAMED = 5


class FleetFailed(AmlError):
    """At least one target failed; every other was still worked on, unless ``on_error`` is ``stop``."""

    default_code = "FleetFailed"


@dataclass
class Fleet:
    """The targets of some workspaces.

    workspaces  the ids of the workspaces, which may have no target
    document    the ids of all workspaces of the document, of which ``workspaces`` may be a share
    undeclared  the fleet's own targets that are no longer declared
    unknown     the workspaces whose targets to prune are unknown, by name, and why
    cost        the sum of the targets' costs, where they were estimated
    """

    entries: list[Entry]
    workspaces: list[str]
    document: list[str]
    undeclared: list[Entry] = field(default_factory=list)
    unknown: dict[str, AmlError] = field(default_factory=dict)
    cost: Total | None = None

    @property
    def every(self) -> list[Entry]:
        return [*self.entries, *self.undeclared]

    def to_dict(self) -> dict[str, t.Any]:
        """The result of ``aml_fleet``."""
        counted: dict[str, t.Any] = totals(self.entries, self.undeclared)
        if self.cost is not None:
            counted["cost"] = self.cost.to_dict()
        return {
            "changed": any(one.changed for one in self.every),
            "targets": [one.to_dict() for one in self.entries],
            "undeclared": [one.to_dict() for one in self.undeclared],
            "totals": counted,
            "workspaces": [_place(one) for one in self.workspaces],
            "document": self.document,
        }

    def failure(self) -> FleetFailed | None:
        """One error for every target that failed and every workspace whose targets to prune are unknown; None if there is no failure."""
        failed = [one for one in self.every if one.failed]
        if not failed and not self.unknown:
            return None
        unknown = [
            {"workspace": name, "name": None, "failure": error.failure()} for name, error in self.unknown.items()
        ]
        count = len(self.every)
        others = f"{count - len(failed)} of {count} targets match their declaration. " if count > len(failed) else ""
        return FleetFailed(
            " ".join(self._messages(failed)),
            details=[*(one.to_dict() for one in failed), *unknown],
            hint=f"{others}Fix the errors and run the same task again.",
        )

    def _messages(self, failed: t.Sequence[Entry]) -> t.Iterator[str]:
        if failed:
            shown = "; ".join(
                f"{one.location}: {one.error.message.rstrip('.')}" for one in failed[:_NAMED] if one.error
            )
            more = f"; and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
            yield f"{len(failed)} of {len(self.every)} compute targets failed: {shown}{more}."
        for name, error in self.unknown.items():
            yield f"Could not determine which targets to prune in {name}: {error.message}"


def _place(workspace: str) -> dict[str, str]:
    place = ArmId(workspace)
    return {
        "id": workspace,
        "name": place.name,
        "resource_group": place.resource_group,
        "subscription_id": place.subscription_id,
    }
