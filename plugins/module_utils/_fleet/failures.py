# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The failures of a fleet's targets, grouped by what they have in common: the code, and what to do. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._core.arm_id import ArmId
from .._core.errors import AmlError
from .._core.findings import EACH
from .entry import Entry


@dataclass(frozen=True)
class Failed:
    """One failure: where it is, as WORKSPACE/TARGET (of a datastore WORKSPACE/datastores/NAME) or WORKSPACE, why, the workspace's id, and the target, if it
    is one's.
    """

    location: str
    error: AmlError
    workspace: str
    entry: Entry | None = None

    def to_dict(self) -> dict[str, t.Any]:
        """The failure as ``details`` of the task's failure list it; that of a target is whole in its entry of ``targets``."""
        row = {
            "workspace": ArmId(self.workspace).name,
            "name": self.entry and self.entry.target.name,
            "code": self.error.code,
        }
        return row if self.entry else {**row, "failure": self.error.failure()}


def grouped(failures: t.Iterable[Failed]) -> list[list[Failed]]:
    """The failures of each code and hint, the largest group first."""
    groups: dict[tuple[str, str | None], list[Failed]] = {}
    for failure in failures:
        groups.setdefault((failure.error.code, failure.error.hint), []).append(failure)
    return sorted(groups.values(), key=len, reverse=True)


def lines(failures: t.Iterable[Failed]) -> t.Iterator[str]:
    """Each group with its first failures, then what to do."""
    for group in grouped(failures):
        first = group[0].error
        yield f"{first.code} ({len(group)}):"
        yield from (f"  {failure.location}: {failure.error.message}" for failure in group[:EACH])
        if len(group) > EACH:
            yield f"  and {len(group) - EACH} more"
        if first.hint:
            yield f"  -> {first.hint}"


def first_of_each(failures: t.Iterable[Failed]) -> list[Failed]:
    """The failures that are shown."""
    return [failure for group in grouped(failures) for failure in group[:EACH]]
