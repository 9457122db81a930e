# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ``_options.specs.PREFLIGHT_SPEC``."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  preflight:
    description:
      - Whether to check, before a creation, a replacement, or a change of the number of nodes or of identities, and also in check
        mode, whether the service would refuse the change later, or jobs could never run.
      - It checks the size for the region, the type and the tier; quotas; the subnet, its region, delegation and free addresses;
        identities and locks; and the private endpoint if nodes have no public IP address.
      - An error fails the task with the code V(PreflightFailed), with all findings in the failure's C(details) and nothing written, unless
        O(preflight_fail_on) is V(never). Warnings become warnings of the task. It needs about six requests, and none if nothing changes.
      - For several targets, M(azureml.compute.aml_preflight_info) adds up their requirements.
    type: bool
    default: false
  preflight_fail_on:
    description:
      - Which findings of O(preflight) fail the task. The others become warnings of the task.
    type: str
    choices: [error, warning, never]
    default: error
seealso:
  - module: azureml.compute.aml_preflight_info
"""
