#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_usage_info
short_description: Gather information about the Azure Machine Learning quota that a region uses
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Lists the usage and the limits of a subscription in a region. They cover the number of computes, all dedicated and all low-priority
    vCPUs, and the vCPUs of each family.
  - Usage and limits apply only to Azure Machine Learning; virtual machines and AKS have separate ones.
options:
  family:
    description:
      - Names to return, such as V(standardDSv3Family) or V(TotalClusters), ignoring case. C(*) and C(?) match any
        text and any character. Defaults to all.
    type: list
    elements: str
  only_exceeded_percent:
    description:
      - Return only entries whose usage is at least this percentage of the limit. Entries without a limit are then omitted.
    type: float
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.place
  - azureml.compute.api_version
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.aml_quota
  - module: azureml.compute.aml_vm_size_info
  - module: azureml.compute.aml_preflight_info
"""

EXAMPLES = r"""
- name: List the quotas that are nearly exhausted
  azureml.compute.aml_usage_info:
    location: eastus
    only_exceeded_percent: 80
  register: tight

- name: Send a notification
  ansible.builtin.debug:
    msg: "{{ item.localized_name }}: {{ item.current }} of {{ item.limit }}"
  loop: "{{ tight.usages }}"

- name: Read the remaining quota of a family in the region of the workspace
  azureml.compute.aml_usage_info:
    resource_group: ml-prod
    workspace: ws-prod
    family: [standardDSv3Family]
"""

RETURN = r"""
location:
  description: The region that was read.
  returned: success
  type: str
  sample: eastus
usages:
  description: The usages, by workspace and name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: V(TotalClusters), V(TotalDedicatedCores), V(TotalLowPriorityCores) or a family.
      type: str
      returned: always
      sample: standardDSv3Family
    localized_name:
      description: The name for people.
      type: str
      returned: always
      sample: Standard DSv3 Family Cluster Dedicated vCPUs
    tier:
      description: V(dedicated) or V(low_priority), because a family is listed once for each; null if the entry is not a number of vCPUs.
      type: str
      returned: always
      sample: dedicated
    current:
      description: The current usage.
      type: int
      returned: always
      sample: 24
    limit:
      description: The limit; null if there is none.
      type: int
      returned: always
      sample: 100
    remaining:
      description: The remaining amount; null if there is no limit.
      type: int
      returned: always
      sample: 76
    percent:
      description: Percentage of the limit that is used; null if there is no limit.
      type: float
      returned: always
      sample: 24.0
    unit:
      description: The unit.
      type: str
      returned: always
      sample: Count
    workspace:
      description: The workspace, if the usage is that of one workspace; null if it is that of the subscription.
      type: str
      returned: always
      sample: null
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

from ..module_utils._jobs.aml_usage_info import list_usages
from ..module_utils._jobs.regions import PLACE_SPEC
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **PLACE_SPEC,
    "family": {"type": "list", "elements": "str"},
    "only_exceeded_percent": {"type": "float"},
}


def main() -> None:
    run(list_usages, SPEC)


if __name__ == "__main__":
    main()
