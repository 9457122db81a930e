#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_fleet_info
short_description: Gather information about many workspaces, their compute targets and quotas
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Reads each workspace of a fleet's document with all of its compute targets, declared or not, many workspaces in parallel, and compares nothing.
    M(azureml.compute.aml_fleet) in check mode returns the differences from the declaration.
  - All workspaces are read, also after one that cannot be read. The task fails at the end then, with an entry for each of these;
    with O(fail_on=never) it returns the others too.
options:
  workspaces:
    description:
      - The workspaces. The list can be that of M(azureml.compute.aml_fleet), whose other options are ignored.
      - One of O(workspaces) and O(folder) is required; with both, all workspaces of both are read.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the workspace.
        type: str
        required: true
      resource_group:
        description: Its resource group. Defaults to the task's O(resource_group).
        type: str
      subscription_id:
        description: Its subscription. Defaults to the subscription of the credential.
        type: str
      defaults:
        description: Ignored.
        type: dict
      computes:
        description: Ignored.
        type: list
        elements: dict
      connections:
        description: Ignored.
        type: list
        elements: dict
      datastores:
        description: Ignored.
        type: list
        elements: dict
      diagnostic_settings:
        description: Ignored.
        type: list
        elements: dict
      role_assignments:
        description: Ignored.
        type: list
        elements: dict
      online_endpoints:
        description: Ignored.
        type: list
        elements: dict
      online_deployments:
        description: Ignored.
        type: list
        elements: dict
      batch_endpoints:
        description: Ignored.
        type: list
        elements: dict
      batch_deployments:
        description: Ignored.
        type: list
        elements: dict
      created_earlier:
        description: Ignored.
        type: bool
        default: false
      location:
        description: Ignored.
        type: str
  folder:
    description:
      - A folder of YAML of the Azure ML CLI v2, as in M(azureml.compute.aml_fleet). It needs C(azure-ai-ml).
    type: path
  resource_group:
    description: Resource group of the workspaces without one.
    type: str
  usages:
    description: Whether to read the usage and the quotas of the region of each workspace.
    type: bool
    default: false
  connections:
    description: Whether to read the connections of each workspace.
    type: bool
    default: false
  datastores:
    description: Whether to read the datastores of each workspace.
    type: bool
    default: false
  diagnostic_settings:
    description: Whether to read the diagnostic settings of each workspace.
    type: bool
    default: false
  role_assignments:
    description: Whether to read the role assignments of each workspace.
    type: bool
    default: false
  online_endpoints:
    description: Whether to read the online endpoints of each workspace.
    type: bool
    default: false
  online_deployments:
    description: Whether to read the deployments of all online endpoints of each workspace, which takes one more request for each endpoint.
    type: bool
    default: false
  batch_endpoints:
    description: Whether to read the batch endpoints of each workspace.
    type: bool
    default: false
  batch_deployments:
    description: Whether to read the deployments of all batch endpoints of each workspace, which takes one more request for each endpoint.
    type: bool
    default: false
  parallelism:
    description: Number of workspaces that are read in parallel.
    type: int
    default: 16
  fail_on:
    description:
      - V(error) fails when a resource could not be read, or a workspace does not exist. V(never) returns the failures with all that was read.
    type: str
    choices: [error, never]
    default: error
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.ignored
  - azureml.compute.show_variables
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.aml_fleet
  - module: azureml.compute.aml_compute_info
  - module: azureml.compute.aml_usage_info
"""

EXAMPLES = r"""
- name: Read two workspaces with their compute targets
  azureml.compute.aml_fleet_info:
    resource_group: ml-prod
    workspaces:
      - name: ws-vision
      - name: ws-text
    usages: true
  register: fleet

- name: Show the running instances
  ansible.builtin.debug:
    msg: "{{ fleet.workspaces | map(attribute='computes') | flatten | selectattr('state', 'defined') | selectattr('state', 'eq', 'Running') | list }}"
"""

RETURN = r"""
workspaces:
  description: One entry for each workspace, in the order of the document. When the task fails, only those that could not be read.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
      returned: always
    resource_group:
      description: Its resource group.
      type: str
      returned: always
    subscription_id:
      description: Its subscription.
      type: str
      returned: always
    id:
      description: Its resource id.
      type: str
      returned: always
    workspace:
      description: The workspace, as M(azureml.compute.aml_workspace_info) shows it, or null.
      type: dict
      returned: always
    computes:
      description: Its compute targets, as M(azureml.compute.aml_compute_info) shows them.
      type: list
      elements: dict
      returned: always
    connections:
      description:
        - Its connections, as M(azureml.compute.aml_connection) returns them, without those that other workspaces share with it.
      type: list
      elements: dict
      returned: with O(connections)
    datastores:
      description:
        - Its datastores, as M(azureml.compute.aml_datastore_info) shows them, without those that the service created with the workspace.
      type: list
      elements: dict
      returned: with O(datastores)
    diagnostic_settings:
      description:
        - Its diagnostic settings, as M(azureml.compute.aml_diagnostic_setting_info) shows them.
      type: list
      elements: dict
      returned: with O(diagnostic_settings)
    online_endpoints:
      description:
        - Its online endpoints, as M(azureml.compute.aml_online_endpoint_info) shows them without keys and deployments.
      type: list
      elements: dict
      returned: with O(online_endpoints)
    online_deployments:
      description:
        - The deployments of its online endpoints, as M(azureml.compute.aml_online_deployment) returns them, and C(retirements) as compute targets have it
          where the instance type has been or will be retired.
      type: list
      elements: dict
      returned: with O(online_deployments)
    batch_endpoints:
      description:
        - Its batch endpoints, as M(azureml.compute.aml_batch_endpoint_info) shows them without deployments.
      type: list
      elements: dict
      returned: with O(batch_endpoints)
    batch_deployments:
      description:
        - The deployments of its batch endpoints, as M(azureml.compute.aml_batch_deployment) returns them.
      type: list
      elements: dict
      returned: with O(batch_deployments)
    role_assignments:
      description:
        - Its role assignments, as M(azureml.compute.aml_role_assignment) returns them, without those that are inherited from a wider scope.
      type: list
      elements: dict
      returned: with O(role_assignments)
    failure:
      description: Why it could not be read, or null.
      type: dict
      returned: always
usages:
  description: With O(usages), one entry for each region of each subscription.
  returned: always
  type: list
  elements: dict
  contains:
    subscription_id:
      description: The subscription.
      type: str
      returned: always
    location:
      description: The region.
      type: str
      returned: always
    usages:
      description: The usages, as M(azureml.compute.aml_usage_info) shows them.
      type: list
      elements: dict
      returned: always
    failure:
      description: Why they could not be read, or null.
      type: dict
      returned: always
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

from ..module_utils._jobs.aml_fleet_info import FLEET_INFO_SPEC, read_fleet
from ..module_utils._module.entry import run

SPEC = FLEET_INFO_SPEC


def main() -> None:
    run(read_fleet, SPEC, free_form=("workspaces",))


if __name__ == "__main__":
    main()
