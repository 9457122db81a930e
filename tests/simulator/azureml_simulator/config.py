# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be turned at run time: seconds per kind of operation, clock speed, quotas, guesses.

Each provider module brings its own `DEFAULTS`; `PUT /_simulator/config` merges into them.
"""

from __future__ import annotations

import copy
from typing import Any

DEFAULTS: dict[str, Any] = {
    "clock": {"speed": 1.0},
    "seconds": {"default": 1.0, "resource_group.delete": 2.0},
    "token": {"lifetime_seconds": 3599},
    "managed_identity": {"enabled": True},
    "ratelimit": {
        "enforce": False,
        "retry_after": 10,
        "reads": {"capacity": 250, "per_second": 25},
        "writes": {"capacity": 200, "per_second": 10},
        "deletes": {"capacity": 200, "per_second": 10},
        "global_factor": 15,
    },
    "guesses": {"unknown_api_version": "NoRegisteredProviderFound"},
}


def deep_merge(target: dict[str, Any], patch: dict[str, Any]) -> None:
    """Objects merge, everything else replaces."""
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            deep_merge(target[key], value)
        else:
            target[key] = copy.deepcopy(value)


class Config(dict[str, Any]):
    """A plain dict; `changes` is what was put over the defaults."""

    def __init__(self) -> None:
        super().__init__(copy.deepcopy(DEFAULTS))
        self._defaults = copy.deepcopy(DEFAULTS)
        self.changes: dict[str, Any] = {}

    def add_defaults(self, defaults: dict[str, Any]) -> None:
        for tree in (self._defaults, self):
            deep_merge(tree, defaults)
        deep_merge(self, self.changes)

    def merge(self, patch: dict[str, Any]) -> None:
        deep_merge(self.changes, patch)
        self._rebuild()

    def reset(self) -> None:
        self.changes = {}
        self._rebuild()

    def seconds(self, kind: str) -> float:
        """How long an operation of that kind takes, in simulated seconds."""
        table = self["seconds"]
        return float(table.get(kind, table["default"]))

    def _rebuild(self) -> None:
        self.clear()
        self.update(copy.deepcopy(self._defaults))
        deep_merge(self, self.changes)
