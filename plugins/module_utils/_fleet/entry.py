# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One target of a fleet: the declaration, the current state, the plan, and the result."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._core.arm_id import ArmId, Target
from .._core.errors import AmlError
from .._core.interrupt import Interrupted
from .._engine.behaviour import Behaviour
from .._engine.kind import Body, Kind
from .._engine.plan import CREATE, NONE, REPLACE, Declared, Plan
from .._engine.planning import ABSENT
from .._kinds.registry import COMPUTES
from .._options.declarations import Declaration
from .cost import Cost, Difference


class NotStarted(AmlError):
    """A target was not worked on, because the run ended before. ``interrupted``: from outside, not by another target's failure."""

    default_code = "NotStarted"

    def __init__(self, reason: str, *, interrupted: bool, what: str = "It was not started") -> None:
        super().__init__(f"{what}, because {reason}.")
        self.interrupted = interrupted


def in_file(location: str, source: str) -> str:
    return f"{location} ({source})" if source else location


@dataclass
class Entry:
    """One target. The document gives the first fields, the planner the next, the executor the result.

    parent       what it is in, where that is not the workspace itself, as it exists or will be created
    parent_entry the entry of the parent, where that is declared as well
    later        the options that are written in a second step, after what is in it: traffic needs deployments
    remaining    of what is deleted, the names of what is in it then; None: they are not known
    """

    target: Target
    kind: Kind
    type: str
    state: str = "present"
    # None: it exists, and the document does not declare it.
    declaration: Declaration | None = None
    # The options of OWN_SPEC that were given for it, in place of the task's.
    own: dict[str, t.Any] = field(default_factory=dict)
    # The files that declare it, of those in a folder.
    source: str = ""

    existing: Body | None = None
    # The desired state for the engine, and the behaviour.
    desired: Declared = field(default_factory=dict)
    behaviour: Behaviour = Behaviour()
    plan: Plan = field(default_factory=lambda: Plan(NONE))
    parent: Body | None = None
    parent_entry: Entry | None = None
    later: tuple[str, ...] = ()
    remaining: tuple[str, ...] | None = None
    # Of two steps, whether the first and the second are done.
    begun: bool = False
    finished: bool = False
    # The plan that was approved; None: nothing was asked to be.
    approved: Plan | None = None
    # Whether nothing is left to be done.
    done: bool = False

    # Seconds that the work on it took, in so many attempts (0: it needed none).
    seconds: float = 0.0
    attempts: int = 0
    error: AmlError | None = None
    operation: dict[str, t.Any] | None = None
    warnings: list[str] = field(default_factory=list)
    # What it uses that is retired, or will be.
    retirements: list[dict[str, t.Any]] = field(default_factory=list)

    # What ``cost`` says, once it was asked; None is then unknown.
    cost: Cost | None = None
    estimated: bool = False
    # What the plan adds to the cost; None is unknown.
    difference: Difference | None = None

    @property
    def workspace(self) -> str:
        """The id of the workspace that it is in."""
        parent = self.target.parent_id
        return ArmId(parent).workspace if self.kind.parent_collection else parent

    @property
    def desired_now(self) -> Declared:
        """What the next step writes."""
        if self.begun:
            return self.desired
        return {option: value for option, value in self.desired.items() if option not in self.later}

    @property
    def lacks_parent(self) -> bool:
        """Whether it cannot be created, because that of what it would be in failed."""
        parent = self.parent_entry
        return parent is not None and parent.failed and not parent.begun and parent.action in (CREATE, REPLACE)

    @property
    def location(self) -> str:
        """Its place in the document, as messages name it: WORKSPACE/TARGET, or of a datastore WORKSPACE/datastores/NAME."""
        if self.kind.about:
            return f"{ArmId(self.workspace).name}/{self.kind.collection}/{self.kind.about}"
        return ArmId(self.target.id).label

    @property
    def declared_at(self) -> str:
        """Its place with the files that declare it, for messages about its declaration."""
        return in_file(self.location, self.source)

    @property
    def is_compute(self) -> bool:
        """Whether it is a compute target, which needs sizes, quotas and a network."""
        return self.kind.collection == COMPUTES.name

    @property
    def new_compute(self) -> str | None:
        """The compute target that a creation, a replacement or a change will name."""
        if not self.kind.runs_on:
            return None
        values = self.desired if self.action in (CREATE, REPLACE) else self.plan.values()
        return values.get("compute")

    @property
    def declared_compute(self) -> str | None:
        """The compute target on which it is declared to run."""
        if self.declaration is None or self.state == ABSENT:
            return None
        return self.declaration.declared.get("compute")

    @property
    def declared_options(self) -> dict[str, t.Any]:
        return self.declaration.tree if self.declaration else {}

    @property
    def action(self) -> str:
        return self.plan.action

    @property
    def changed(self) -> bool:
        return self.plan.changed if self.error is None else self.error.changed

    @property
    def failed(self) -> bool:
        return self.error is not None

    @property
    def not_started(self) -> bool:
        return isinstance(self.error, NotStarted)

    @property
    def interrupted(self) -> bool:
        """Whether the run ended while it was in progress."""
        return isinstance(self.error, Interrupted)

    @property
    def of_interrupted_run(self) -> bool:
        """Whether an interruption of the run is the cause of its failure."""
        return self.interrupted or (isinstance(self.error, NotStarted) and self.error.interrupted)

    def fail(self, error: AmlError) -> None:
        """Nothing more is done with it."""
        self.error, self.done = error, True

    def to_dict(self) -> dict[str, t.Any]:
        row = {
            "workspace": ArmId(self.workspace).name,
            "resource_group": self.target.resource_group,
            "subscription_id": self.target.subscription_id,
            "name": self.target.name,
            "type": self.type,
            "id": self.target.id,
            "action": self.action,
            "changed": self.changed,
            "changes": [change.to_dict() for change in self.plan.changes],
            "reason": self.plan.reason,
            "seconds": round(self.seconds, 3),
            "attempts": self.attempts,
            "failure": None if self.error is None else self.error.failure(),
            "warnings": self.warnings,
            "retirements": self.retirements,
        }
        if self.operation is not None:
            row["operation"] = self.operation
        if self.estimated:
            row["cost"] = self.cost and self.cost.to_dict()
            row["cost_difference"] = self.difference and self.difference.to_dict()
        return row
