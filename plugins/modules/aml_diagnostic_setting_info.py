#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_diagnostic_setting_info
short_description: Gather information about the diagnostic settings of an Azure Machine Learning workspace
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Reads one diagnostic setting by name, or all diagnostic settings of a workspace.
  - If the name does not exist, the list is empty, and the task does not fail.
options:
  name:
    description: Name of one diagnostic setting. Defaults to all diagnostic settings.
    type: str
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.scope
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.aml_diagnostic_setting
"""

EXAMPLES = r"""
- name: Gather information about all diagnostic settings
  azureml.compute.aml_diagnostic_setting_info:
    resource_group: ml-prod
    workspace: ws-prod
  register: result

- name: Fail if the events of compute instances are sent nowhere
  ansible.builtin.assert:
    that: >-
      'ComputeInstanceEvent' in result.diagnostic_settings | map(attribute='log_categories') | flatten
      or 'allLogs' in result.diagnostic_settings | map(attribute='log_category_groups') | flatten
"""

RETURN = r"""
diagnostic_settings:
  description: The matching diagnostic settings, each with the keys that M(azureml.compute.aml_diagnostic_setting) returns.
  returned: success
  type: list
  elements: dict
  sample:
    - name: to-logs
      log_analytics_workspace_id: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.OperationalInsights/workspaces/log-prod
      log_analytics_destination_type: dedicated
      log_categories: [AmlComputeClusterEvent, AmlComputeJobEvent]
      log_category_groups: []
      metric_categories: [AllMetrics]
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

from ..module_utils._jobs.aml_diagnostic_setting_info import gather
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {**specs.SCOPE_SPEC, "name": {"type": "str"}}


def main() -> None:
    run(gather, SPEC)


if __name__ == "__main__":
    main()
