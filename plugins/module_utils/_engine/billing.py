# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machines of a resource that its workspace is billed for. A kind has one of these as ``billing``; ``_fleet/cost.py`` has the prices."""

from __future__ import annotations

from .plan import Declared


class Billing:
    """That of a kind without machines. ``declared`` has the values of the resource by their options."""

    # Whether the kind may have virtual machines that the workspace is billed for.
    has_machines = False

    def includes(self, declared: Declared) -> bool:
        """Whether the workspace is billed for the machines of such a resource."""
        return self.has_machines

    def size(self, declared: Declared) -> str | None:
        """The size of each machine."""
        return declared.get("size")

    def nodes(self, declared: Declared, state: str) -> tuple[int, int] | None:
        """The fewest and the most machines that are billed at any time; None where that is not declared. ``state`` is the declared one."""
        return None
