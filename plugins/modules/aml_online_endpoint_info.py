#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_online_endpoint_info
short_description: Gather information about the online endpoints of an Azure Machine Learning workspace
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Reads one online endpoint by name, or all online endpoints of a workspace, on request with their deployments and keys.
  - If the name does not exist, the list is empty, and the task does not fail.
options:
  show_keys:
    description:
      - Whether the keys of endpoints with V(key), and a token for endpoints with V(aml_token), are read and returned.
      - Refused unless the task has C(no_log=true), so that they are not printed.
    type: bool
    default: false
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.endpoint.info
  - azureml.compute.scope
  - azureml.compute.api_version
  - azureml.compute.show_variables
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.aml_online_endpoint
  - module: azureml.compute.aml_online_deployment
"""

EXAMPLES = r"""
- name: Find deployments that have failed and still cost money
  azureml.compute.aml_online_endpoint_info:
    resource_group: ml-prod
    workspace: ws-prod
    deployments: true
  register: result

- name: Show them
  ansible.builtin.debug:
    msg: >-
      {{ result.endpoints | map(attribute='deployments') | flatten
      | selectattr('provisioning_state', 'equalto', 'Failed') | map(attribute='id') }}

- name: Read the keys of an endpoint
  azureml.compute.aml_online_endpoint_info:
    resource_group: ml-prod
    workspace: ws-prod
    name: iris-prod
    show_keys: true
  no_log: true
  register: scoring
"""

RETURN = r"""
endpoints:
  description:
    - The matching online endpoints, each with the keys that M(azureml.compute.aml_online_endpoint) returns.
    - With O(deployments=true), C(deployments) has those of the endpoint, each with the keys that M(azureml.compute.aml_online_deployment) returns.
    - With O(show_keys=true), C(primary_key) and C(secondary_key) are the keys of an endpoint with V(key), and C(token) is a token for one with
      V(aml_token). What an endpoint does not have is null.
  returned: success
  type: list
  elements: dict
  sample:
    - name: iris-prod
      type: managed
      auth_mode: key
      traffic: {blue: 90, green: 10}
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

from ..module_utils._jobs.aml_online_endpoint_info import gather
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **specs.SCOPE_SPEC,
    **specs.API_VERSION_SPEC,
    **specs.SHOW_VARIABLES_SPEC,
    "name": {"type": "str"},
    "deployments": {"type": "bool", "default": False},
    "show_keys": {"type": "bool", "default": False, "no_log": False},
}


def main() -> None:
    run(gather, SPEC)


if __name__ == "__main__":
    main()
