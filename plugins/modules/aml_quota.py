#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_quota
short_description: Manage the quotas of an Azure Machine Learning workspace
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Sets how many dedicated vCPUs of a family a workspace may use, so that the workspaces of a subscription do not compete for them.
  - Families that are not declared are not managed. Only differences are sent, and the quotas are read again to verify the result.
  - A subscription's own limits are not set, but requested from the service Microsoft.Quota (O(subscription_quotas)), which grants or refuses the
    request, or leaves the decision to people.
  - It needs the permission C(Microsoft.MachineLearningServices/locations/updateQuotas/action) in the subscription for O(quotas), and
    C(Microsoft.Quota/quotas/write), C(Microsoft.Quota/quotas/read) and C(Microsoft.Quota/quotaRequests/read) for O(subscription_quotas).
options:
  location:
    description:
      - Region of the workspace. If not set, it is read from the workspace.
    type: str
  quotas:
    description:
      - The limits of the workspace to set. Required if O(subscription_quotas) is not set.
    type: list
    elements: dict
    suboptions:
      family:
        description:
          - Family, as the service names it, ignoring case. M(azureml.compute.aml_vm_size_info) returns the family of a size.
        type: str
        required: true
      limit:
        description:
          - Dedicated vCPUs that the workspace may use of the family, 0 or more.
          - Null, or not set, removes the limit of the workspace, so that only the limit of the subscription applies. It is sent as -1, which is how
            the service represents that there is no limit.
        type: int
  subscription_quotas:
    description:
      - The limits that the subscription needs at least in the region. A higher one is requested for each family whose limit is lower. A limit is never
        lowered.
      - A request that is already pending for at least as much is not sent again. One that was refused is sent again by the next run.
      - They are requested before O(quotas) are set. A limit of the workspace that needs a request which is still pending is not set, with a warning.
    type: list
    elements: dict
    suboptions:
      family:
        description:
          - Family, as the service names it, ignoring case, or V(TotalLowPriorityCores) for the low-priority vCPUs of all families.
        type: str
        required: true
      limit:
        description:
          - vCPUs that all workspaces of the subscription can use together in the region, 0 or more.
        type: int
        required: true
  wait:
    description:
      - Whether to wait until the requests for O(subscription_quotas) are decided.
    type: bool
    default: true
  wait_timeout:
    description:
      - Maximum number of seconds to wait for the decisions. A request that is not decided by then is V(pending) in RV(requests), with a warning, and
        the task does not fail. Run it again to see the result.
    type: int
    default: 300
  wait_interval:
    description:
      - Seconds between two reads of a request. Defaults to a series that grows from 1 to 15.
    type: float
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.scope
  - azureml.compute.api_version
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
notes:
  - The service checks each family separately, and refuses it with a code that becomes RV(ignore:failure.code); RV(ignore:failure.details) has each
    refused C(family) with C(limit), C(code) and C(message). The codes are V(InvalidQuotaBelowClusterMinimum),
    V(InvalidQuotaExceedsSubscriptionLimit), V(InvalidVMFamilyName), V(OperationNotSupportedForSku), V(OperationNotEnabledForRegion),
    V(Failure) and V(Undefined). What the current limits already exclude is refused before a write, also in check mode.
  - A refused request for more quota of the subscription is a failure with the service's code, after all others were sent. V(ContactSupport) leaves the
    decision to a support request, V(QuotaNotAvailableForResource) means that the region has no capacity for the subscription, and V(DeprecatedQuotaType)
    that the family is being retired. V(QuotaNotRequestable) is found before the first request, also in check mode.
seealso:
  - module: azureml.compute.aml_usage_info
  - module: azureml.compute.aml_vm_size_info
"""

EXAMPLES = r"""
- name: Limit the development workspace to 24 vCPUs of DSv3 and no GPUs
  azureml.compute.aml_quota:
    resource_group: ml-dev
    workspace: ws-dev
    quotas:
      - family: standardDSv3Family
        limit: 24
      - family: Standard NCASv3_T4 Family
        limit: 0

- name: Remove the limit of the family
  azureml.compute.aml_quota:
    resource_group: ml-dev
    workspace: ws-dev
    quotas:
      - family: standardDSv3Family
        limit: null

- name: Request 200 vCPUs of DSv3 for the subscription, of which the workspace may use 120
  azureml.compute.aml_quota:
    resource_group: ml-dev
    workspace: ws-dev
    subscription_quotas:
      - family: standardDSv3Family
        limit: 200
    quotas:
      - family: standardDSv3Family
        limit: 120
"""

RETURN = r"""
quotas:
  description: All families of the region after the task, in check mode as they would be.
  returned: success, if O(quotas) is set
  type: list
  elements: dict
  contains:
    family:
      description: Family, in the service's spelling.
      type: str
      returned: always
      sample: standardDSv3Family
    limit:
      description: The limit of the workspace in vCPUs; null if it has none.
      type: int
      returned: always
      sample: 24
    subscription_limit:
      description: The limit of the subscription in the region; null if there is none.
      type: int
      returned: always
      sample: 200
requests:
  description: One entry for each of O(subscription_quotas) that is above the current limit. Empty if there is none.
  returned: success, and failure after a request
  type: list
  elements: dict
  contains:
    family:
      description: Family, in the service's spelling.
      type: str
      returned: always
      sample: standardDSv3Family
    limit:
      description: The limit that is requested in vCPUs.
      type: int
      returned: always
      sample: 200
    status:
      description: V(granted), V(pending), V(refused), or V(requested) in check mode for what would be requested.
      type: str
      returned: always
      sample: granted
    request:
      description: Name of the request; null if there is none yet, or it is not known.
      type: str
      returned: always
      sample: 2b5c8515-37d8-4b6a-879b-cd641a2cf605
    message:
      description: What the service says about the request.
      type: str
      returned: always
      sample: The request was granted.
    submitted:
      description: Time of the request.
      type: str
      returned: always
      sample: "2026-05-01T10:00:00Z"
location:
  description: The region.
  returned: success
  type: str
  sample: eastus
plan:
  description:
    - What was done, or in check mode would be done. C(action) is V(none) or V(update); C(changes) has for each family C(field), C(before),
      C(after), C(mutability) and C(reason).
  returned: success
  type: dict
  sample: {action: update, changes: [{field: quotas.standardDSv3Family, before: null, after: 24, mutability: updatable, reason: null}], reason: null}
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

from ..module_utils._jobs.aml_quota import manage_quotas
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **specs.SCOPE_SPEC,
    **specs.API_VERSION_SPEC,
    "location": {"type": "str"},
    "quotas": {
        "type": "list",
        "elements": "dict",
        "options": {"family": {"type": "str", "required": True}, "limit": {"type": "int"}},
    },
    "subscription_quotas": {
        "type": "list",
        "elements": "dict",
        "options": {"family": {"type": "str", "required": True}, "limit": {"type": "int", "required": True}},
    },
    **specs.WAIT_SPEC,
    "wait_timeout": {"type": "int", "default": 300},
}


def main() -> None:
    run(manage_quotas, SPEC, required_one_of=[["quotas", "subscription_quotas"]])


if __name__ == "__main__":
    main()
