# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ``_options.specs.IGNORED_WORKSPACE_SPEC`` and ``IGNORED_GROUP_SPEC``."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  workspace:
    description: Ignored. Accepted so that C(module_defaults) of the action group can set it.
    type: str
    aliases: [workspace_name, ml_workspace]
"""

    RESOURCE_GROUP = r"""
options:
  resource_group:
    description: Ignored. Accepted so that C(module_defaults) of the action group can set it.
    type: str
"""
