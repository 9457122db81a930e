# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One compute target of a fleet and its result."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._core.arm_id import ArmId, Target
from .._core.errors import AmlError
from .._engine.kind import Body, Kind
from .._engine.plan import NONE, Plan
from .._options.declarations import Declaration

# The tag by which a fleet knows what it made; nothing without it is ever pruned.
OWNER_TAG = "azureml-compute-fleet"

PRUNE = ("none", "report", "detach", "delete")


class FleetFailed(AmlError):
    """At least one target failed; every other was still seen to, unless ``on_error`` is ``stop``."""

    default_code = "FleetFailed"


@dataclass(frozen=True)
class Limits:
    """How many at once, how often one is tried, and what a failure means for the others."""

    parallelism: int = 16
    per_workspace: int = 8
    on_error: str = "continue"
    prune: str = "none"
    owner: str | None = None
    attempts: int = 1


@dataclass
class Entry:
    """One target and what became of it. ``seconds`` is what its own work took, in ``attempts`` (0: it needed none)."""

    target: Target
    kind: Kind
    type: str
    state: str = "present"
    declaration: Declaration | None = None
    # Its own words on how it is brought about: the options of OWN_SPEC that were given for it.
    own: dict[str, t.Any] = field(default_factory=dict)
    existing: Body | None = None
    plan: Plan = field(default_factory=lambda: Plan(NONE))
    done: bool = False
    seconds: float = 0.0
    attempts: int = 0
    error: AmlError | None = None
    operation: dict[str, t.Any] | None = None
    warnings: list[str] = field(default_factory=list)
    # What ``cost`` says, once it was asked; None is then unknown.
    cost: dict[str, t.Any] | None = None
    estimated: bool = False

    @property
    def workspace(self) -> str:
        return self.target.parent_id

    @property
    def declared_options(self) -> dict[str, t.Any]:
        return self.declaration.tree if self.declaration else {}

    def to_dict(self) -> dict[str, t.Any]:
        shown = {
            "workspace": ArmId(self.workspace).name,
            "resource_group": self.target.resource_group,
            "subscription_id": self.target.subscription_id,
            "name": self.target.name,
            "type": self.type,
            "id": self.target.id,
            "action": self.plan.action,
            "changed": self.plan.changed if self.error is None else self.error.changed,
            "changes": [change.to_dict() for change in self.plan.changes],
            "reason": self.plan.reason,
            "seconds": round(self.seconds, 3),
            "attempts": self.attempts,
            "failure": None if self.error is None else self.error.failure(),
            "warnings": self.warnings,
        }
        if self.operation is not None:
            shown["operation"] = self.operation
        if self.estimated:
            shown["cost"] = self.cost
        return shown
