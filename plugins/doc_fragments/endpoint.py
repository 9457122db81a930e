# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of what online and batch endpoints share."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  name:
    description:
      - Name of the endpoint, unique in the region. 3 to 32 letters, digits and dashes, starting with a letter and not ending with a dash.
    type: str
    required: true
  location:
    description: Region. Defaults to the region of the workspace. Immutable.
    type: str
  description:
    description: Description. Null removes it.
    type: str
  properties:
    description:
      - Properties of the endpoint, names with texts. Only the declared names are managed. The service takes further ones, and neither changes nor removes one.
      - Names that begin with C(azure) are the service's own, and are not in results.
    type: dict
"""

    INFO = r"""
options:
  name:
    description: Name of one endpoint. Defaults to all endpoints.
    type: str
  deployments:
    description: Whether the deployments of each endpoint are read too, with one more request for each endpoint.
    type: bool
    default: false
"""
