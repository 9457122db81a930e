# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ``_argspec.DEFINITION_SPEC``."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  definition:
    description:
      - YAML of the Azure ML CLI v2, as text or as a mapping; what C(az ml compute create -f) or C(az ml workspace create -f) takes.
        It is checked by azure-ai-ml's own loader.
      - It says the same as the options of the same names. Required options may come from it, and what it omits is not declared.
      - An option that is given beside it, also by C(module_defaults), takes the place of the whole value in it.
      - C($schema), and what only the service writes (as in the output of C(az ml compute show -o yaml)), is ignored. What the CLI
        takes and the module has no option for is refused.
      - A key that is set twice is refused, as are dates without quotes, numbers of more than 64 bits, and values that JSON does not have.
        The text has at most 262144 characters, 100 aliases, 50 levels, and 5000 values (aliases counted as often as they are used).
    type: raw
notes:
  - O(definition) needs azure-ai-ml >= 1.31.0.
"""
