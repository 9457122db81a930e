#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_registry_info
short_description: Gather information about registries of Azure Machine Learning
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Reads one registry by name, all registries of a resource group, or all of a subscription.
  - If the name does not exist, the list is empty, and the task does not fail.
options:
  resource_group:
    description: Resource group. Defaults to all resource groups of the subscription. Required together with O(name).
    type: str
  name:
    description: Name of one registry. Defaults to all registries.
    type: str
  api_version:
    description:
      - API version for requests to the service. Defaults to V(2026-05-01).
    type: str
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.ignored
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.aml_registry
"""

EXAMPLES = r"""
- name: Gather information about all registries of the subscription
  azureml.compute.aml_registry_info:
  register: result

- name: Show in which regions they are
  ansible.builtin.debug:
    msg: "{{ item.name }} {{ item.replication_locations | map(attribute='location') | join(', ') }}"
  loop: "{{ result.registries }}"
"""

RETURN = r"""
registries:
  description: The matching registries, each with the keys that M(azureml.compute.aml_registry) returns.
  returned: success
  type: list
  elements: dict
  sample:
    - name: vision-models
      location: eastus
      public_network_access: enabled
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

from ..module_utils._jobs.aml_registry_info import gather
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    "resource_group": {"type": "str"},
    **specs.IGNORED_WORKSPACE_SPEC,
    "name": {"type": "str"},
    **specs.API_VERSION_SPEC,
}


def main() -> None:
    run(gather, SPEC)


if __name__ == "__main__":
    main()
