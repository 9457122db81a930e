# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of what deployments of online and of batch endpoints share."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  endpoint_name:
    description: Name of the endpoint, which must exist.
    type: str
    required: true
  name:
    description:
      - Name of the deployment, unique in the endpoint. 3 to 32 letters, digits and dashes, starting with a letter and not ending with a dash.
    type: str
    required: true
  location:
    description: Region. Defaults to the region of the endpoint. Immutable.
    type: str
  description:
    description: Description. Null removes it.
    type: str
  environment:
    description:
      - Registered environment, written as O(model). Not needed for models of MLflow.
    type: str
  code_configuration:  # each module describes what the code does
    type: dict
    suboptions:
      code:
        description: Registered code, as C(azureml:NAME:VERSION) or as the id of a version. Nothing is uploaded.
        type: str
      scoring_script:
        description: Path of the script in the code. Required with O(code_configuration.code).
        type: str
"""
