#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: arm_resource
short_description: Manage any Azure resource
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Creates, updates and deletes a resource of any type through Azure Resource Manager, idempotently.
  - O(body) is compared with the current state. Undeclared properties are preserved. The update is a
    C(PUT) of the document that was read, with the declared properties changed.
  - Use it for other resources that a workspace needs, such as resource groups, networks, identities, role assignments and locks.
options:
  state:
    description:
      - V(present) creates the resource or updates it as declared.
      - V(absent) deletes it with everything that it contains.
    type: str
    choices: [present, absent]
    default: present
  body:
    description:
      - The resource's document as in the REST reference, without C(id), C(name) and C(type). Only declared properties are managed.
      - List items with a C(name) are matched by the name, and undeclared items are preserved. Any other list is compared as one value.
    type: dict
  secret_body:
    description:
      - Parts of the document that are secret or that the service never returns, such as passwords. They are sent with each create
        and with each update that has another cause, and are neither compared nor shown.
    type: dict
  update_method:
    description:
      - How an existing resource is updated. V(put) sends the whole document that was read, with the declared properties changed;
        V(patch) sends only the changed properties, for types that support it.
    type: str
    choices: [put, patch]
    default: put
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.show_variables
  - azureml.compute.naming
  - azureml.compute.tags
  - azureml.compute.wait
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
notes:
  - RV(ignore:plan), RV(ignore:auth), RV(ignore:operation) and RV(ignore:failure) are described in M(azureml.compute.aml_compute_cluster).
seealso:
  - module: azureml.compute.arm_resource_info
"""

EXAMPLES = r"""
- name: Create a resource group
  azureml.compute.arm_resource:
    type: Microsoft.Resources/resourceGroups
    name: ml-prod
    api_version: "2021-04-01"
    body:
      location: eastus
    tags:
      team: vision

- name: Create a network with a subnet, and preserve other subnets
  azureml.compute.arm_resource:
    resource_group: ml-prod
    type: Microsoft.Network/virtualNetworks
    name: ml-vnet
    api_version: "2024-05-01"
    body:
      location: eastus
      properties:
        addressSpace:
          addressPrefixes: [10.0.0.0/16]
        subnets:
          - name: training
            properties:
              addressPrefix: 10.0.1.0/24

- name: Assign a role on one storage account to an identity
  azureml.compute.arm_resource:
    scope: "{{ storage_account_id }}"
    type: Microsoft.Authorization/roleAssignments
    name: "{{ (storage_account_id ~ principal_id) | ansible.builtin.to_uuid }}"
    api_version: "2022-04-01"
    body:
      properties:
        principalId: "{{ principal_id }}"
        principalType: ServicePrincipal
        roleDefinitionId: "/subscriptions/{{ subscription }}/providers/Microsoft.Authorization/roleDefinitions/ba92f5b4-2d11-453d-a403-e96b0029c9fe"
"""

RETURN = r"""
resource:
  description:
    - The resource after the task, or in check mode as it would be. Null when it is absent.
    - The outer keys are in snake case. The keys in C(properties) are spelled as in the service.
  returned: success
  type: dict
  sample:
    id: /subscriptions/0000/resourceGroups/ml-prod
    name: ml-prod
    type: Microsoft.Resources/resourceGroups
    location: eastus
    tags: {team: vision}
    properties: {provisioningState: Succeeded}
operation:
  description: The running operation. M(azureml.compute.aml_operation_info) waits for several operations.
  returned: with O(wait=false), when something was started
  type: dict
  contains:
    url:
      description: URL that returns its state.
      type: str
      returned: always
      sample: https://management.azure.com/subscriptions/0000/providers/Microsoft.MachineLearningServices/locations/eastus/computeOperationsStatus/0000
    status:
      description: The state that the service reported last.
      type: str
      returned: always
      sample: InProgress
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

from ..module_utils._jobs.arm_resource import manage_resource
from ..module_utils._jobs.resources import NAMING_SPEC
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **NAMING_SPEC,
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
    "body": {"type": "dict"},
    "secret_body": {"type": "dict", "no_log": True},
    "update_method": {"type": "str", "default": "put", "choices": ["put", "patch"]},
    **specs.TAGS_SPEC,
    **specs.SHOW_VARIABLES_SPEC,
    **specs.WAIT_SPEC,
}


def main() -> None:
    run(manage_resource, SPEC)


if __name__ == "__main__":
    main()
