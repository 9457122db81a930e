#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_private_endpoint_connection
short_description: Manage the approval of a private endpoint's connection
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Approves, rejects and removes the connection of a private endpoint to a workspace, or to any other resource such as a storage account, a key vault or
    a container registry. Other connections of the resource are not changed.
  - A managed network creates a private endpoint for each of its outbound rules of type V(private_endpoint). Its connection stays pending if the identity of
    the workspace may not approve it.
options:
  private_endpoint:
    description:
      - Private endpoint whose connection is managed, by its resource id or its name. A name must be unique among the connections of the resource.
      - Everyone who knows the resource id can request a connection to the resource, also from another tenant and under any name. Use the id of the private
        endpoint.
      - Either this or O(outbound_rule) is required.
    type: str
  outbound_rule:
    description:
      - Outbound rule of the managed network of O(workspace), the connection of whose private endpoint is managed. Use it in place of O(private_endpoint).
      - The rule must be of type V(private_endpoint), and says to which resource the connection belongs.
      - The service creates the private endpoint when it provisions the managed network. It is in a subscription of Microsoft and has the name of the rule, so
        that a connection from the subscription of the workspace or of the resource is not taken for it. If connections of several others have the name,
        none is changed, and the task fails.
    type: str
  state:
    description:
      - V(approved) and V(rejected) set the state of the connection, which must exist.
      - V(absent) removes the connection. The private endpoint still exists then, without a connection; it must be created again to connect again.
    type: str
    choices: [approved, rejected, absent]
    default: approved
  description:
    description: Reason for the approval or rejection, which the owner of the private endpoint can read. If not set, the current text is kept.
    type: str
  resource_id:
    description:
      - Resource id of the resource whose connection is managed. Defaults to the workspace of O(resource_group) and O(workspace), or with O(outbound_rule) to
        the resource to which the rule leads, which must be the same.
    type: str
  resource_group:
    description: Resource group of the workspace. Ignored if O(private_endpoint) and O(resource_id) are set.
    type: str
  workspace:
    description: Name of the workspace. Ignored if O(private_endpoint) and O(resource_id) are set.
    type: str
    aliases: [workspace_name, ml_workspace]
  api_version:
    description:
      - API version for requests to the resource's provider. Defaults to a version that the collection knows for workspaces and registries of Azure Machine
        Learning, storage accounts, key vaults, container registries, Azure AI services, search services, Cosmos DB accounts and Synapse workspaces. Required
        for other types.
    type: str
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.wait
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
notes:
  - RV(ignore:plan), RV(ignore:auth), RV(ignore:operation) and RV(ignore:failure) are described in M(azureml.compute.aml_compute_cluster).
  - In check mode, a connection that does not exist is reported as a change with a warning, because an earlier task may create it.
seealso:
  - module: azureml.compute.aml_workspace
"""

EXAMPLES = r"""
- name: Approve the connection of a private endpoint to a workspace
  azureml.compute.aml_private_endpoint_connection:
    resource_group: ml-prod
    workspace: ws-prod
    private_endpoint: /subscriptions/{{ hub_subscription }}/resourceGroups/hub/providers/Microsoft.Network/privateEndpoints/pe-ws-prod
    description: Approved for the hub network

- name: Provision the managed network of a workspace
  azureml.compute.aml_workspace:
    resource_group: ml-prod
    name: ws-prod
    provision_network: true
  register: provisioned

- name: Approve the connections of its outbound rules
  azureml.compute.aml_private_endpoint_connection:
    resource_group: ml-prod
    workspace: ws-prod
    outbound_rule: "{{ item.name }}"
  loop: "{{ provisioned.workspace.managed_network.outbound_rules | selectattr('type', 'eq', 'private_endpoint') }}"

- name: Remove a connection of a storage account
  azureml.compute.aml_private_endpoint_connection:
    resource_id: "{{ storage_account_id }}"
    private_endpoint: pe-old
    state: absent
"""

RETURN = r"""
private_endpoint_connection:
  description: The connection after the task, or in check mode as it would be. Null when it is absent.
  returned: success
  type: dict
  contains:
    id:
      description: Resource id of the connection. Null in check mode if it does not exist yet.
      type: str
      returned: always
    name:
      description: Name of the connection, which the service makes.
      type: str
      returned: always
      sample: stprod.0b1c2d3e-0000-4000-8000-000000000000
    resource_id:
      description: Resource id of the resource that the private endpoint leads to.
      type: str
      returned: always
    private_endpoint:
      description: Resource id of the private endpoint.
      type: str
      returned: always
    status:
      description: V(approved), V(rejected), V(pending) or V(disconnected).
      type: str
      returned: always
      sample: approved
    description:
      description: Reason for the approval or rejection.
      type: str
      returned: always
      sample: Auto-Approved
    provisioning_state:
      description: Provisioning state of the connection.
      type: str
      returned: always
      sample: Succeeded
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

from ..module_utils._jobs.aml_private_endpoint_connection import CONNECTION_SPEC, CONSTRAINTS, manage_connection
from ..module_utils._kinds.private_endpoint_connection import PrivateEndpointConnection
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {**CONNECTION_SPEC, **specs.of_kind(PrivateEndpointConnection())}


def main() -> None:
    run(manage_connection, SPEC, **CONSTRAINTS)


if __name__ == "__main__":
    main()
