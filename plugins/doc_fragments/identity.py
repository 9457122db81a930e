# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ``_kinds.compute.identity_spec``."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  identity:
    description:
      - Managed identity of the resource, can be changed later.
      - A compute target can have one system-assigned identity or several user-assigned ones, but not both.
      - C(null), like O(identity.type=none), removes the identity.
    type: dict
    suboptions:
      type:
        description: Type of the identity.
        type: str
        required: true
        choices: [system_assigned, user_assigned, none]
      user_assigned_identities:
        description:
          - Resource ids of user-assigned identities; mappings with C(resource_id), as in CLI YAML, are accepted too.
          - The list is complete; an identity that is not in it is removed.
        type: list
        elements: raw
"""

    # Of a kind whose identity is set at creation. It takes the place of the description, so that it comes before the fragment.
    IMMUTABLE = r"""
options:
  identity:
    description:
      - Managed identity of the resource. Immutable.
      - A compute target can have one system-assigned identity or several user-assigned ones, but not both.
      - C(null), like O(identity.type=none), removes the identity.
"""

    WORKSPACE = r"""
options:
  identity:
    description:
      - Managed identity of the workspace, changeable later. A new workspace without it has a system-assigned one.
    type: dict
    suboptions:
      type:
        description: Kind of the identity; a workspace takes both at once.
        type: str
        required: true
        choices: [system_assigned, user_assigned, "system_assigned,user_assigned"]
      user_assigned_identities:
        description:
          - Resource ids of user-assigned identities; mappings with C(resource_id), or a mapping of ids as in CLI YAML, are taken too.
          - The list is complete; an identity that is not in it is removed.
        type: list
        elements: raw
"""
