#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: arm_resource_info
short_description: Gather information about any Azure resource, or all of a type
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Reads one resource by O(id) or by O(type) and O(name), or only with O(type), all resources of the type in the scope.
  - If the resource does not exist, the list is empty, and the task does not fail.
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.show_variables
  - azureml.compute.naming
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.arm_resource
"""

EXAMPLES = r"""
- name: Read one resource
  azureml.compute.arm_resource_info:
    id: /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/ml-prod/providers/Microsoft.Network/virtualNetworks/ml-vnet
    api_version: "2024-05-01"
  register: network

- name: List all networks of a resource group
  azureml.compute.arm_resource_info:
    resource_group: ml-prod
    type: Microsoft.Network/virtualNetworks
    api_version: "2024-05-01"
  register: networks
"""

RETURN = r"""
resources:
  description:
    - The matching resources. The outer keys are in snake case, the keys in C(properties) are spelled as in the service.
  returned: success
  type: list
  elements: dict
  sample:
    - id: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.Network/virtualNetworks/ml-vnet
      name: ml-vnet
      type: Microsoft.Network/virtualNetworks
      location: eastus
      tags: {}
      properties: {provisioningState: Succeeded}
failures:
  description:
    - One entry for each item of a list that does not have the documented structure. The result contains all other items, and a warning names each.
    - An entry has the keys of RV(failure). Its C(details) name the C(place), and the C(expected) and the C(found) type.
  returned: when an item cannot be read
  type: list
  elements: dict
  sample:
    - code: UnexpectedAnswer
      message: "The answer about .../computes/cpu-cluster cannot be read: properties must be a mapping, and is a list."
      details: {place: properties, expected: mapping, found: list}
      status: null
      request_id: null
      target: .../computes/cpu-cluster
      hint: ...
      url: https://github.com/azureml-compute/azureml.compute/blob/main/docs/errors.md#unexpectedanswer
failure:
  description:
    - Why the task failed. C(code) is the service's own code or one of the collection, C(message) the cause, C(hint) what to do and C(url) the
      section about the code in the L(reference of error codes,https://github.com/azureml-compute/azureml.compute/blob/main/docs/errors.md).
    - C(details) lists the single problems, if there are several; C(message) is only the first line of a message with several lines then.
    - C(status) and C(request_id) are those of the service's answer.
  returned: failure
  type: dict
  sample:
    code: InvalidComputeName
    message: ...
    details: []
    status: null
    request_id: null
    target: null
    hint: Nothing was sent. Correct name.
    url: https://github.com/azureml-compute/azureml.compute/blob/main/docs/errors.md#invalidcomputename
"""

from ..module_utils._jobs.arm_resource_info import gather
from ..module_utils._jobs.resources import NAMING_SPEC
from ..module_utils._module.entry import run
from ..module_utils._options import specs


def main() -> None:
    run(gather, {**NAMING_SPEC, **specs.SHOW_VARIABLES_SPEC})


if __name__ == "__main__":
    main()
