# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ``_argspec.PREFLIGHT_SPEC``."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  preflight:
    description:
      - Whether to look, before a creation, a replacement, or a change of node numbers or identities is carried out, and also in check
        mode, for what the service would refuse later or what could never run.
      - It checks the size in the region, for the kind and the tier; at quotas; at the subnet, its region, delegation and free addresses; at
        identities and locks; and for a private endpoint where nodes have no public address.
      - An error fails the task with the code V(PreflightFailed), with all findings in the failure's C(details) and nothing written. Warnings
        become warnings of the task. It costs about six reads, and none where nothing changes.
      - For many targets at once, M(azureml.compute.aml_preflight_info) sums up what they need together.
    type: bool
    default: false
seealso:
  - module: azureml.compute.aml_preflight_info
"""
