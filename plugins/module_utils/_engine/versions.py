# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API versions of Microsoft.MachineLearningServices: the two that requests use, and which versions have a property or an action.

Sources: the types of 28 versions (Azure/bicep-types-az) and the operations of the official clients; docs/api-versions.md has the table.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

# The newest stable version whose types the tests compare requests with.
STABLE = "2026-05-01"
# The version of requests with something that no stable version has: the newest one whose actions an official client lists.
PREVIEW = "2026-03-15-preview"
_SUFFIX = "-preview"


@dataclass(frozen=True)
class Versions:
    """The API versions that have something: stable ones and preview ones, each from a date on; "" where there are none.

    ``preview_until`` and ``stable_until``: the last version of each, of what was withdrawn.
    """

    stable: str = ""
    preview: str = ""
    preview_until: str = ""
    stable_until: str = ""
    # What ``has`` answered: a fleet asks the same of each target.
    _answers: dict[str, bool] = field(default_factory=dict, init=False, repr=False, compare=False)

    def has(self, version: str) -> bool:
        """Whether an API version has it. Versions that are newer than all known ones have what the newest has."""
        answer = self._answers.get(version)
        if answer is None:
            answer = self._answers[version] = self._has(version)
        return answer

    def _has(self, version: str) -> bool:
        # Versions start with a date, so that their texts have the order of time.
        day = version.casefold()
        if not day.endswith(_SUFFIX):
            return bool(self.stable) and day >= self.stable and (not self.stable_until or day <= self.stable_until)
        return bool(self.preview) and day >= self.preview and (not self.preview_until or day <= self.preview_until)

    @property
    def best(self) -> str:
        """The version that a request with it uses."""
        withdrawn = self.stable_until or self.preview_until or self.preview
        return next((version for version in (STABLE, PREVIEW) if self.has(version)), withdrawn)

    @property
    def is_preview(self) -> bool:
        """Whether only preview versions have it today."""
        return bool(self.preview) and not self.has(STABLE)

    @property
    def is_withdrawn(self) -> bool:
        """Whether neither of the two versions that requests use has it: it is then sent alone, in the version that has it."""
        return self.best not in (STABLE, PREVIEW)

    def __str__(self) -> str:
        first = " or ".join(version for version in (self.stable, self.preview_until or self.preview) if version)
        return first if self.is_withdrawn else f"{first} or newer"


# What every version has.
ALL = Versions("2000-01-01", "2000-01-01-preview")


def common(needed: t.Iterable[Versions]) -> str:
    """The version that has all of these: the stable one where it has them."""
    return PREVIEW if any(versions.is_preview for versions in needed) else STABLE


def of_list(versions: t.Iterable[str], own: str = STABLE) -> str:
    """The version of one LIST that has all that reads of its items at these versions have. ``own``: that of the items without any special option."""
    return next((version for version in versions if version != own), own)
