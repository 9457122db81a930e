# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module of the collection supports; modules that only read use ``INFO``, and those that sign in ``ACTIONGROUP_ALL`` as well."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in check mode and return the changes without writing.
    support: full
  diff_mode:
    description: Returns the changes, or in check mode the planned changes.
    support: full
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
"""

    INFO = r"""
attributes:
  check_mode:
    description: Reads only, so it does the same in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so there is nothing to show.
    support: N/A
  idempotent:
    description: Changes nothing.
    support: full
"""

    ACTIONGROUP_ALL = r"""
attributes:
  action_group:
    description:
      - Use C(group/azureml.compute.all) in C(module_defaults) to set options for all modules of the collection. All modules have the options of sign-in,
        C(resource_group) and C(workspace).
    support: full
    membership:
      - azureml.compute.all
"""
