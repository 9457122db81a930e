# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run on one resource ends with: its outcome, or one of the engine's own errors."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._core.arm_id import ArmId
from .._core.errors import AmlError
from .kind import Body
from .plan import Plan


class NotApplied(AmlError):
    """The service said that a write was done, but a fresh GET shows other values."""

    default_code = "NotApplied"


class InUse(AmlError):
    """A replacement would interrupt running work."""

    default_code = "InUse"


class ParentMissing(AmlError):
    """What the resource lives in does not exist."""

    default_code = "ParentResourceNotFound"


def workspace_missing(workspace_id: str) -> ParentMissing:
    """The error of a task for something in a workspace that does not exist."""
    return ParentMissing(
        f"The workspace {ArmId(workspace_id).name!r} does not exist.",
        target=workspace_id,
        hint="Create it first, or correct workspace and resource_group.",
    )


class NotThere(AmlError):
    """A resource that does not exist cannot be started, stopped or restarted."""

    default_code = "ComputeNotFound"


@dataclass
class Outcome:
    """What was planned for what, the current document of the resource, and the operation that is still running."""

    title: str
    plan: Plan
    body: Body | None = None
    operation: dict[str, t.Any] | None = None
    warnings: list[str] = field(default_factory=list)
