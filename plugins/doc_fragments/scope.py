# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ``_options.specs.SCOPE_SPEC``."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  resource_group:
    description:
      - Resource group of the workspace.
    type: str
    required: true
  workspace:
    description:
      - Name of the workspace.
    type: str
    required: true
    aliases: [workspace_name, ml_workspace]
"""

    # Of a module with another scope than the workspace.
    OPTIONAL = r"""
options:
  resource_group:
    description: Resource group of the workspace. Not used with O(scope).
    type: str
  workspace:
    description: Name of the workspace. Not used with O(scope).
    type: str
    aliases: [workspace_name, ml_workspace]
"""
