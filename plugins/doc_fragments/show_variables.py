# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ``_options.specs.SHOW_VARIABLES_SPEC``."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  show_variables:
    description:
      - Names of environment variables and application settings whose values are shown. Names are case-sensitive.
      - If not set, all values are masked, independent of their names. A masked value is shown as C(VALUE_NOT_SHOWN) with a hash. Within one task, equal
        values have equal hashes; each task has a new random key.
      - The comparison with the current state always uses the real values.
    type: list
    elements: str
"""
