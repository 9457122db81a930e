#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_diagnostic_setting
short_description: Manage a diagnostic setting of an Azure Machine Learning workspace
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Creates, updates and deletes diagnostic settings of a workspace. A diagnostic setting sends logs and metrics of the workspace and its compute targets to a
    Log Analytics workspace, a storage account or an event hub, or to several of these.
  - Only declared options are managed. Omitted options keep their current values.
options:
  name:
    description:
      - Name of the diagnostic setting, unique in the workspace. 1 to 260 characters, and none of C(<>*%&:\?+/).
    type: str
    required: true
  state:
    description:
      - V(present) creates the diagnostic setting or updates it as declared.
      - V(absent) deletes it. What was sent stays at its destination.
    type: str
    choices: [present, absent]
    default: present
  log_analytics_workspace_id:
    description: Id of the Log Analytics workspace to send to. Null removes this destination.
    type: str
  log_analytics_destination_type:
    description:
      - V(dedicated) writes each category of logs to its own table, and V(azure_diagnostics) all of them to the table C(AzureDiagnostics). Requires
        O(log_analytics_workspace_id).
      - The service ignores it for some types of resources, and does not report it then. A value that the service does not report is not compared.
    type: str
    choices: [azure_diagnostics, dedicated]
  storage_account_id:
    description: Id of the storage account to send to. Null removes this destination.
    type: str
  event_hub_authorization_rule_id:
    description:
      - Id of an authorization rule of the Event Hubs namespace to send to, such as C(.../namespaces/NAMESPACE/authorizationRules/NAME). It is not a secret.
      - Null removes this destination.
    type: str
  event_hub_name:
    description:
      - Name of the event hub in the namespace of O(event_hub_authorization_rule_id). Null lets the service create an event hub for each category.
    type: str
  log_categories:
    description:
      - Categories of logs to send, such as V(AmlComputeClusterEvent), V(AmlComputeJobEvent) or V(ComputeInstanceEvent). All others are disabled. An empty list
        disables all. The service refuses names that it does not know.
      - The service does not accept it together with O(log_category_groups). To change from one to the other, declare the first one as an empty list.
    type: list
    elements: str
  log_category_groups:
    description: Groups of categories of logs to send. V(allLogs) has all categories, also those that the service adds later.
    type: list
    elements: str
  metric_categories:
    description: Categories of metrics to send. Workspaces have V(AllMetrics). An empty list disables all.
    type: list
    elements: str
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.scope
  - azureml.compute.wait
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
notes:
  - To create a diagnostic setting, declare at least one destination and one category or group. A workspace can have up to 5 diagnostic settings.
  - The service does not accept two diagnostic settings of a workspace that send the same category to the same destination.
  - The service keeps the diagnostic settings of a deleted workspace, and a new workspace of that name has them again. Delete them before the workspace, as
    the playbook C(azureml.compute.teardown) does.
  - The identity that runs the task needs permission to read the keys of the destination.
seealso:
  - module: azureml.compute.aml_diagnostic_setting_info
  - module: azureml.compute.aml_fleet
  - module: azureml.compute.aml_workspace
  - name: Monitor Azure Machine Learning
    description: Logs and metrics of a workspace, and their categories.
    link: https://learn.microsoft.com/azure/machine-learning/monitor-azure-machine-learning
"""

EXAMPLES = r"""
- name: Send the logs of jobs and clusters to Log Analytics
  azureml.compute.aml_diagnostic_setting:
    resource_group: ml-prod
    workspace: ws-prod
    name: to-logs
    log_analytics_workspace_id: "{{ log_analytics_id }}"
    log_analytics_destination_type: dedicated
    log_categories: [AmlComputeClusterEvent, AmlComputeJobEvent]

- name: Archive all logs and metrics in a storage account
  azureml.compute.aml_diagnostic_setting:
    resource_group: ml-prod
    workspace: ws-prod
    name: archive
    storage_account_id: "{{ storage_id }}"
    log_category_groups: [allLogs]
    metric_categories: [AllMetrics]

- name: Send the events of compute instances to an event hub
  azureml.compute.aml_diagnostic_setting:
    resource_group: ml-prod
    workspace: ws-prod
    name: to-siem
    event_hub_authorization_rule_id: "{{ event_hubs_id }}/authorizationRules/Send"
    event_hub_name: ml-logs
    log_categories: [ComputeInstanceEvent]

- name: Delete a diagnostic setting
  azureml.compute.aml_diagnostic_setting:
    resource_group: ml-prod
    workspace: ws-prod
    name: to-siem
    state: absent
"""

RETURN = r"""
diagnostic_setting:
  description: The diagnostic setting after the task, or in check mode as it would be. Null when it is deleted.
  returned: success
  type: dict
  contains:
    id:
      description: Resource id of the diagnostic setting, in the case that the service gives it.
      type: str
      returned: when it exists
      sample: .../workspaces/ws-prod/providers/microsoft.insights/diagnosticSettings/to-logs
    name:
      description: Name.
      type: str
      returned: always
      sample: to-logs
    log_analytics_workspace_id:
      description: Log Analytics workspace that it sends to, or null.
      type: str
      returned: always
      sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.OperationalInsights/workspaces/log-prod
    log_analytics_destination_type:
      description: Tables that the logs are written to, or null if the service does not report it.
      type: str
      returned: always
      sample: dedicated
    storage_account_id:
      description: Storage account that it sends to, or null.
      type: str
      returned: always
      sample: null
    event_hub_authorization_rule_id:
      description: Authorization rule of the Event Hubs namespace that it sends to, or null. It contains no key.
      type: str
      returned: always
      sample: null
    event_hub_name:
      description: Event hub that it sends to, or null.
      type: str
      returned: always
      sample: null
    log_categories:
      description: Enabled categories of logs.
      type: list
      elements: str
      returned: always
      sample: [AmlComputeClusterEvent, AmlComputeJobEvent]
    log_category_groups:
      description: Enabled groups of categories of logs.
      type: list
      elements: str
      returned: always
      sample: []
    metric_categories:
      description: Enabled categories of metrics.
      type: list
      elements: str
      returned: always
      sample: [AllMetrics]
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

from ..module_utils._jobs.aml_diagnostic_setting import diagnostic_setting
from ..module_utils._kinds.diagnostic_setting import DIAGNOSTIC_SETTING
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **specs.SCOPE_SPEC,
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
    **specs.WAIT_SPEC,
    **specs.of_kind(DIAGNOSTIC_SETTING),
}


def main() -> None:
    run(diagnostic_setting, SPEC)


if __name__ == "__main__":
    main()
