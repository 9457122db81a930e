#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_vm_size_info
short_description: Gather information about the virtual machine sizes of a region
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Lists the sizes that clusters and instances can have in a region, with their properties and their hourly prices.
  - A size is returned only if all filters match. Names are compared ignoring case.
  - To check whether there is quota for a size, use M(azureml.compute.aml_usage_info).
options:
  family:
    description:
      - Family, as the service names it, such as V(standardDSv3Family). C(*) and C(?) match any text and any character.
    type: str
  name:
    description:
      - Name of the size, such as V(Standard_D4s_v3) or V(Standard_NC*). C(*) and C(?) match any text and any character.
    type: str
  min_vcpus:
    description: Minimum number of vCPUs.
    type: int
  max_vcpus:
    description: Maximum number of vCPUs.
    type: int
  min_memory_gb:
    description: Minimum memory, in GB.
    type: float
  gpus:
    description: The number of GPUs; V(0) for sizes without GPUs.
    type: int
  compute_type:
    description: The type of compute target for which the size must be offered.
    type: str
    choices: [amlcompute, computeinstance]
  low_priority:
    description: V(true) for sizes that support low-priority nodes, V(false) for sizes that do not.
    type: bool
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.place
  - azureml.compute.api_version
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.aml_usage_info
  - module: azureml.compute.aml_compute_cluster
"""

EXAMPLES = r"""
- name: List sizes with one GPU for a cluster, in the region of the workspace
  azureml.compute.aml_vm_size_info:
    resource_group: ml-prod
    workspace: ws-prod
    gpus: 1
    compute_type: amlcompute
  register: gpu

- name: Show the names of the sizes
  ansible.builtin.debug:
    msg: "{{ gpu.sizes | map(attribute='name') }}"

- name: List the DSv3 sizes with at least 4 vCPUs in a region
  azureml.compute.aml_vm_size_info:
    location: eastus
    family: standardDSv3Family
    min_vcpus: 4
"""

RETURN = r"""
location:
  description: The region that was read.
  returned: success
  type: str
  sample: eastus
sizes:
  description: The matching sizes, sorted by family, vCPUs, memory and name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name, as for O(azureml.compute.aml_compute_cluster#module:size).
      type: str
      returned: always
      sample: Standard_D4s_v3
    family:
      description: Family, by which quotas are counted.
      type: str
      returned: always
      sample: standardDSv3Family
    vcpus:
      description: Number of vCPUs, which quotas count.
      type: int
      returned: always
      sample: 4
    gpus:
      description: Number of GPUs.
      type: int
      returned: always
      sample: 0
    memory_gb:
      description: Memory in GB.
      type: float
      returned: always
      sample: 14.0
    low_priority_capable:
      description: Whether it supports low-priority nodes.
      type: bool
      returned: always
      sample: true
    premium_io:
      description: Whether it supports premium disks.
      type: bool
      returned: always
      sample: true
    supported_compute_types:
      description: The compute types that support it, in lower case; C(mir) are managed online endpoints.
      type: list
      elements: str
      returned: always
      sample: [amlcompute, computeinstance, mir]
    prices:
      description:
        - Estimates of the service, for one hour. Null means that the price is unknown, not that the size is free.
      type: list
      elements: dict
      returned: always
      contains:
        os_type:
          description: Operating system; Azure Machine Learning's nodes run Linux.
          type: str
          returned: always
          sample: Linux
        tier:
          description: V(Standard), V(LowPriority) or V(Spot).
          type: str
          returned: always
          sample: Standard
        price:
          description: Retail price.
          type: float
          returned: always
          sample: 0.293
        currency:
          description: Currency.
          type: str
          returned: always
          sample: USD
        unit:
          description: The unit of the price.
          type: str
          returned: always
          sample: OneHour
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

from ..module_utils._jobs.aml_vm_size_info import list_sizes
from ..module_utils._jobs.regions import PLACE_SPEC
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **PLACE_SPEC,
    "family": {"type": "str"},
    "name": {"type": "str"},
    "min_vcpus": {"type": "int"},
    "max_vcpus": {"type": "int"},
    "min_memory_gb": {"type": "float"},
    "gpus": {"type": "int"},
    "compute_type": {"type": "str", "choices": ["amlcompute", "computeinstance"]},
    "low_priority": {"type": "bool"},
}


def main() -> None:
    run(list_sizes, SPEC)


if __name__ == "__main__":
    main()
