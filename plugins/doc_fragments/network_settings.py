# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the subnet of clusters and instances."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  network_settings:  # each module describes where the subnet can be
    type: dict
    suboptions:
      subnet:
        description: The subnet's full resource id; or its name, together with O(network_settings.vnet_name).
        type: str
      vnet_name:
        description: Name of the virtual network, if O(network_settings.subnet) is a name.
        type: str
      resource_group:
        description: Resource group of the virtual network. Defaults to O(resource_group).
        type: str
"""
