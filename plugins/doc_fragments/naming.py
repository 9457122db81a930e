# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ``_jobs.resources.NAMING_SPEC``."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  id:
    description:
      - Full resource id. Mutually exclusive with O(scope), O(type) and O(name).
    type: str
  scope:
    description:
      - Id of the scope that contains the resource or that the resource extends, such as a subscription, a resource group or a resource (for role
        assignments and locks).
      - Defaults to O(resource_group), or without it to the subscription.
    type: str
  resource_group:
    description:
      - Resource group of the resource, if neither O(id) nor O(scope) contains it.
    type: str
  workspace:
    description:
      - Name of the workspace, for types that begin with C(Microsoft.MachineLearningServices/workspaces/).
    type: str
    aliases: [workspace_name, ml_workspace]
  type:
    description:
      - Resource type, such as V(Microsoft.Network/virtualNetworks). V(Microsoft.Resources/resourceGroups) is a resource group.
    type: str
  name:
    description:
      - Name of the resource. For a nested type, the names of the parents come first, separated by slashes (V(my-vnet/my-subnet)).
    type: str
  api_version:
    description:
      - API version of the type, such as V(2024-05-01).
    type: str
    required: true
"""
