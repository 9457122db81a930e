#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: arm_action
short_description: Take an action of any Azure resource
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Sends a C(POST) to an action of a resource, such as C(restart) or C(regenerateKey), through Azure Resource Manager, and waits for its end.
  - With O(unless), the action is taken only if its result is not there yet, and the task waits until it is there. Without it, the action is taken in every
    run, which always reports a change.
  - Use the other modules for what they manage, such as the power state of a compute instance (M(azureml.compute.aml_compute_instance)), the managed network
    of a workspace (M(azureml.compute.aml_workspace)) or its keys (M(azureml.compute.aml_workspace_resync_keys)).
options:
  action:
    description:
      - Name of the action as in the REST reference, such as V(restart). It is the part of the address after the id of the resource, and may have slashes.
    type: str
    required: true
  body:
    description:
      - Body of the request as in the REST reference.
    type: dict
  secret_body:
    description:
      - Parts of the body that are secret, such as passwords. They are added to O(body), and are not shown.
    type: dict
  unless:
    description:
      - Condition under which the action is not due. It is read from the resource itself, from another resource, or from a list.
      - A running operation on what is read is waited for first. So running a task again that ended early continues, instead of taking the action twice.
    type: dict
    suboptions:
      contains:
        description:
          - Part of the document that is there when the action is not due, spelled as in the service. It is compared as
            O(azureml.compute.arm_resource#module:body) is.
        type: dict
        required: true
      id:
        description: Id of the resource to read. Defaults to the resource whose action is taken. A resource that does not exist means that the action is due.
        type: str
      list:
        description:
          - List to read, by its address or by the part of it that follows the id of the resource, such as V(privateEndpointConnections). The action is not
            due if one item contains O(unless.contains). Mutually exclusive with O(unless.id).
        type: str
      api_version:
        description: API version of the read. Defaults to O(api_version).
        type: str
  returns:
    description:
      - What the service's answer is. V(secret) hides it. V(harmless) returns it; use it for answers without secrets, or with C(no_log).
    type: str
    choices: [secret, harmless]
    default: secret
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.naming
  - azureml.compute.wait
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
attributes:
  idempotent:
    description: With O(unless). Without it, the action is taken in every run.
    support: partial
notes:
  - RV(ignore:plan), RV(ignore:auth), RV(ignore:operation) and RV(ignore:failure) are described in M(azureml.compute.aml_compute_cluster).
seealso:
  - module: azureml.compute.arm_resource
  - module: azureml.compute.arm_resource_info
"""

EXAMPLES = r"""
- name: Register a resource provider
  azureml.compute.arm_action:
    id: "/subscriptions/{{ subscription }}/providers/Microsoft.MachineLearningServices"
    api_version: "2021-04-01"
    action: register
    unless:
      contains:
        registrationState: Registered

- name: Create a new key of a storage account
  azureml.compute.arm_action:
    id: "{{ storage_account_id }}"
    api_version: "2023-04-01"
    action: regenerateKey
    body:
      keyName: key1

- name: Check whether the name of a storage account is free
  azureml.compute.arm_action:
    id: "/subscriptions/{{ subscription }}/providers/Microsoft.Storage"
    api_version: "2023-04-01"
    action: checkNameAvailability
    body:
      name: stmlprod
      type: Microsoft.Storage/storageAccounts
    returns: harmless
  changed_when: false
  register: free
"""

RETURN = r"""
response:
  description:
    - What the service answered. Null if it answered nothing, in check mode, if the action was not due, and with O(wait=false) while it is running.
    - C(VALUE_NOT_SHOWN) with O(returns=secret). The result of a long-running operation is then not read.
  returned: success
  type: raw
  sample: {nameAvailable: true}
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

from ..module_utils._jobs.arm_action import ACTION_SPEC, take_action
from ..module_utils._module.entry import run

SPEC = ACTION_SPEC


def main() -> None:
    run(take_action, SPEC)


if __name__ == "__main__":
    main()
