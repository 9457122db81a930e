# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ``_options.specs.TAGS_SPEC``."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  tags:
    description:
      - Tags of the resource. If not set, tags are not managed.
      - A tag whose value is C(null) is removed.
    type: dict
  append_tags:
    description:
      - Whether tags that are not in O(tags) are preserved. With V(false) the resource has only the declared tags.
      - Has no effect without O(tags).
    type: bool
    default: true
"""

    # Of a kind whose tags are set at creation. It takes the place of the description, so that it comes before the fragment.
    IMMUTABLE = r"""
options:
  tags:
    description:
      - Tags of the resource. Immutable. If not set, tags are not managed.
      - A tag whose value is C(null) is removed.
"""
