#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_batch_endpoint_info
short_description: Gather information about the batch endpoints of an Azure Machine Learning workspace
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Reads one batch endpoint by name, or all batch endpoints of a workspace, on request with their deployments.
  - If the name does not exist, the list is empty, and the task does not fail.
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.endpoint.info
  - azureml.compute.scope
  - azureml.compute.api_version
  - azureml.compute.show_variables
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.aml_batch_endpoint
  - module: azureml.compute.aml_batch_deployment
"""

EXAMPLES = r"""
- name: Find the deployments that use a compute cluster
  azureml.compute.aml_batch_endpoint_info:
    resource_group: ml-prod
    workspace: ws-prod
    deployments: true
  register: result

- name: Show them
  ansible.builtin.debug:
    msg: "{{ result.endpoints | map(attribute='deployments') | flatten | selectattr('compute', 'search', '/cpu-cluster$') | map(attribute='id') }}"
"""

RETURN = r"""
endpoints:
  description:
    - The matching batch endpoints, each with the keys that M(azureml.compute.aml_batch_endpoint) returns.
    - With O(deployments=true), C(deployments) has those of the endpoint, each with the keys that M(azureml.compute.aml_batch_deployment) returns.
  returned: success
  type: list
  elements: dict
  sample:
    - name: iris-batch
      auth_mode: aad_token
      defaults: {deployment_name: blue}
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

from ..module_utils._jobs.aml_batch_endpoint_info import gather
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **specs.SCOPE_SPEC,
    **specs.API_VERSION_SPEC,
    **specs.SHOW_VARIABLES_SPEC,
    "name": {"type": "str"},
    "deployments": {"type": "bool", "default": False},
}


def main() -> None:
    run(gather, SPEC)


if __name__ == "__main__":
    main()
