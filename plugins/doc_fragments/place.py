# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ``_jobs.regions.PLACE_SPEC``."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  location:
    description:
      - Region to read, such as V(eastus) or V(East US). Defaults to the region of O(workspace).
    type: str
  resource_group:
    description:
      - Resource group of the workspace.
    type: str
  workspace:
    description:
      - Name of the workspace whose region is read. Required if O(location) is not set.
    type: str
    aliases: [workspace_name, ml_workspace]
"""
