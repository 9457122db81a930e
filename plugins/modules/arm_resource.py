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
  - What O(body) declares is compared with the current state. Properties that it does not declare stay as they are. The update is a
    C(PUT) of the document that was read, with the declared properties changed.
  - Use it for what the workspace needs around it, such as resource groups, networks, identities, role assignments and locks.
options:
  state:
    description:
      - V(present) makes the resource as declared.
      - V(absent) deletes it, with all that is in it.
    type: str
    choices: [present, absent]
    default: present
  body:
    description:
      - The resource's document as in the REST reference, without C(id), C(name) and C(type). Only what is declared here is managed.
      - Items of a list that have a C(name) are matched by it, and items that are not declared stay. Any other list is one value.
    type: dict
  secret_body:
    description:
      - Parts of the document that are secret or that the service never returns, such as passwords. They are sent with each create
        and with each update that is due for another reason, and are neither compared nor shown.
    type: dict
  update_method:
    description:
      - How a resource that exists is changed. V(put) sends the whole document that was read with the declared properties changed;
        V(patch) sends the changed properties alone, for types that take it.
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
  - RV(ignore:plan), RV(ignore:auth), RV(ignore:operation) and RV(ignore:failure) are as in M(azureml.compute.aml_compute_cluster).
seealso:
  - module: azureml.compute.arm_resource_info
"""

EXAMPLES = r"""
- name: A resource group
  azureml.compute.arm_resource:
    type: Microsoft.Resources/resourceGroups
    name: ml-prod
    api_version: "2021-04-01"
    body:
      location: eastus
    tags:
      team: vision

- name: A network with a subnet; subnets that others made stay
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
    - The resource as it is after the task; in check mode as it would be. Null when it is absent.
    - The outer keys are in snake case. What is inside C(properties) has the service's own spelling.
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
    - C(details) lists the single problems, if there are several. C(status) and C(request_id) are those of the service's answer.
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

from ..module_utils._jobs.arm_resource import keep_resource
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
    run(keep_resource, SPEC)


if __name__ == "__main__":
    main()
