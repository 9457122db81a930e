# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ``_options.specs.DEFINITION_SPEC``."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  definition:
    description:
      - YAML of the Azure ML CLI v2, as text or as a mapping, as C(az ml compute create -f), C(az ml workspace create -f),
        C(az ml feature-store create -f), C(az ml datastore create -f), C(az ml connection create -f), C(az ml online-endpoint create -f) or
        C(az ml online-deployment create -f) accept it. It is checked by azure-ai-ml's own loader.
      - Its fields have the meaning of the options of the same names. It may contain the required options. Fields that it omits are not declared.
      - An option of the task, also from C(module_defaults), replaces the complete value of the same field.
      - C($schema), and fields that only the service writes (as in the output of C(az ml compute show -o yaml)), are ignored. A field that the CLI
        accepts, but for which the module has no option, is refused. So are local files and assets of deployments that are not registered.
      - A key that is set twice is refused, as are dates without quotes, numbers of more than 64 bits, and values that JSON does not have.
        The text is limited to 262144 characters, 100 aliases, 50 levels, and 5000 values (an alias counts each time that it is used).
    type: raw
notes:
  - O(definition) needs azure-ai-ml >= 1.31.0.
"""
