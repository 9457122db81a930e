# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a resource is brought to its declared state: the options that all modules share."""

from __future__ import annotations

from dataclasses import dataclass

from .._core.events import SILENT, Events


@dataclass(frozen=True)
class Behaviour:
    """How, not what: the common options of all modules. Times are in seconds."""

    check_mode: bool = False
    wait: bool = True
    wait_timeout: float = 1800.0
    wait_interval: float | None = None
    on_immutable_change: str = "fail"
    # Whether the module has that option, so that a message may name it.
    can_replace: bool = True
    append_tags: bool = True
    force: bool = False
    update_secrets: bool = False
    # Ids of resources that in check mode may be missing, because earlier tasks create them, as ``canon.arm_id`` makes them.
    created_earlier: frozenset[str] = frozenset()
    # Receives the operations that are waited for.
    events: Events = SILENT
