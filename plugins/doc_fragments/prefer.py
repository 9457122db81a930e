# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ``_machines.nodes.PREFERENCES``."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  prefer:
    description:
      - Which address to use.
      - V(auto) uses the public address, or the private address of a machine that has no public address or, in a cluster, whose public SSH
        port is closed.
      - V(public) and V(private) use only that address. A private address is reachable on port 22, and only inside the virtual network.
    type: str
    choices: [auto, public, private]
    default: auto
"""
