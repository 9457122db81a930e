# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ``_options.specs.CREATED_EARLIER_SPEC``."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  resources_created_earlier:
    description:
      - Ids of resources that earlier tasks of the play create, such as an AKS cluster to attach, the identity of a compute target, or the compute
        target of an endpoint. In check mode they may be missing, with a warning for what is attached.
      - In a run that is not in check mode, a missing resource is always an error.
    type: list
    elements: str
"""
