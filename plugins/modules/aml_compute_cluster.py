#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_compute_cluster
short_description: Manage an Azure Machine Learning compute cluster
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Creates, updates and deletes an autoscaling compute cluster (C(AmlCompute)) of an Azure Machine Learning workspace.
  - Only declared options are managed. Omitted options keep their current values.
  - The number of nodes, the idle time, the identity and the tags change in place. All other fields are immutable.
    O(on_immutable_change) sets what happens when one of them differs.
options:
  name:
    description:
      - Name of the compute target, unique in the workspace.
      - 3 to 24 letters, digits and dashes. It starts with a letter, ends with a letter or digit, and does not end in a dash
        and digits only (C(gpu-a1) is valid, C(gpu-1) is not).
    type: str
    required: true
  state:
    description:
      - V(present) creates the cluster or updates it as declared.
      - V(absent) deletes it with its nodes.
    type: str
    choices: [present, absent]
    default: present
  location:
    description:
      - Region of the nodes. If not set, a new cluster is created in the workspace's region. Immutable.
      - A region other than that of the workspace may add latency and data transfer costs (the task warns), and is refused for a workspace with
        a private endpoint.
    type: str
  size:
    description:
      - Virtual machine size of the nodes, such as V(Standard_D4s_v3). Required to create a cluster. Immutable.
    type: str
    aliases: [vm_size]
  tier:
    description:
      - V(dedicated) nodes are kept until the cluster scales down.
      - V(low_priority) was retired on 31 March 2026. The service still accepts it, and allocates Spot virtual machines, whose price varies, up to that
        of dedicated ones, and which can be evicted at any time. The task warns.
      - Defaults to V(dedicated) in the service. Immutable.
    type: str
    choices: [dedicated, low_priority]
    aliases: [vm_priority]
  min_instances:
    description:
      - Minimum number of nodes, which are allocated and billed even if no job runs. Defaults to 0 for a new cluster in the service.
    type: int
    aliases: [min_nodes]
  max_instances:
    description:
      - Maximum number of nodes. Required to create a cluster.
    type: int
    aliases: [max_nodes]
  idle_time_before_scale_down:
    description:
      - Seconds that a node stays idle before it is removed. Must be 0 or greater. V(0) removes idle nodes immediately. Defaults to 120 in the service.
    type: int
  ssh_public_access_enabled:
    description:
      - Whether the SSH port of the nodes is open on their public IP addresses. Immutable.
    type: bool
  ssh_settings:
    description:
      - The administrator account on each node. Without it, SSH access is not possible. Immutable.
    type: dict
    suboptions:
      admin_username:
        description: Name of the account.
        type: str
        required: true
      ssh_key_value:
        description:
          - RSA public key, in one line (C(ssh-rsa AAAA...)), as RFC 4716 or as PEM. The service accepts no other type of key.
        type: str
      admin_password:
        description:
          - Password, if no key is used; a key is safer. It is sent when the cluster is created. The service never returns it.
        type: str
  enable_node_public_ip:
    description:
      - Whether the nodes have public addresses. V(false) needs O(network_settings) or a managed network, and the service
        requires a private endpoint of the workspace. Immutable.
    type: bool
  network_settings:
    description:
      - The subnet of the nodes, in the workspace's subscription. Immutable.
  description:
    description:
      - Description. The service accepts it only when the cluster is created. Immutable.
    type: str
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.scope
  - azureml.compute.network_settings
  - azureml.compute.api_version
  - azureml.compute.identity
  - azureml.compute.tags
  - azureml.compute.wait
  - azureml.compute.state
  - azureml.compute.preflight
  - azureml.compute.definition
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.aml_compute_info
  - module: azureml.compute.aml_workspace
  - name: Create compute targets in the studio
    description: The form with the same fields.
    link: https://learn.microsoft.com/azure/machine-learning/how-to-create-attach-compute-studio
"""

EXAMPLES = r"""
- name: Create a cluster that scales to zero when no job runs
  azureml.compute.aml_compute_cluster:
    resource_group: ml-prod
    workspace: ws-prod
    name: cpu-cluster
    size: Standard_D4s_v3
    min_instances: 0
    max_instances: 4
    idle_time_before_scale_down: 120

- name: Change only the maximum number of nodes
  azureml.compute.aml_compute_cluster:
    resource_group: ml-prod
    workspace: ws-prod
    name: cpu-cluster
    max_instances: 8

- name: Show the changes without applying them
  azureml.compute.aml_compute_cluster:
    resource_group: ml-prod
    workspace: ws-prod
    name: cpu-cluster
    size: Standard_NC4as_T4_v3
    on_immutable_change: recreate
  check_mode: true
  diff: true

- name: Create a cluster with GPU nodes in a private subnet, with SSH and an identity
  azureml.compute.aml_compute_cluster:
    resource_group: ml-prod
    workspace: ws-prod
    name: gpu-cluster
    size: Standard_NC4as_T4_v3
    max_instances: 2
    ssh_settings:
      admin_username: azureuser
      ssh_key_value: "{{ lookup('ansible.builtin.file', '~/.ssh/id_rsa.pub') }}"
    network_settings:
      resource_group: network-prod
      vnet_name: ml-vnet
      subnet: training
    identity:
      type: user_assigned
      user_assigned_identities:
        - "{{ training_identity_id }}"

- name: Create a cluster from a file of the Azure ML CLI, with another maximum number of nodes
  azureml.compute.aml_compute_cluster:
    resource_group: ml-prod
    workspace: ws-prod
    definition: "{{ lookup('ansible.builtin.file', 'cluster.yml') }}"
    max_instances: 8

- name: Set common options for all tasks
  module_defaults:
    group/azureml.compute.all:
      subscription_id: 00000000-0000-0000-0000-000000000000
      resource_group: ml-prod
      workspace: ws-prod
  block:
    - name: Remove a cluster
      azureml.compute.aml_compute_cluster:
        name: old-cluster
        state: absent
"""

RETURN = r"""
compute:
  description:
    - The cluster after the task, or in check mode as it would be. Null when it is absent.
  returned: success
  type: dict
  contains:
    id:
      description: Resource id.
      type: str
      returned: when it exists
      sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.MachineLearningServices/workspaces/ws-prod/computes/cpu-cluster
    name:
      description: Name. Use it in job YAML as C(compute), C(azureml:NAME).
      type: str
      returned: always
      sample: cpu-cluster
    type:
      description: Type, as the Azure ML CLI spells it.
      type: str
      returned: always
      sample: amlcompute
    location:
      description: Region of the nodes.
      type: str
      returned: always
      sample: eastus
    provisioning_state:
      description: Provisioning state of the resource.
      type: str
      returned: when it exists
      sample: Succeeded
    provisioning_errors:
      description: Why provisioning failed, each with C(code), C(message) and C(details).
      type: list
      elements: dict
      returned: when it exists
      sample: []
    allocation_state:
      description:
        - V(Steady), or V(Resizing) while nodes are added or removed, and for a while after the creation of a cluster.
        - A task waits for the nodes of O(min_instances), and for nothing where there are none to come.
      type: str
      returned: when it exists
      sample: Steady
    allocation_state_transition_time:
      description: Time of the last change of C(allocation_state), in ISO 8601.
      type: str
      returned: when it exists
      sample: "2026-11-23T12:00:00.000Z"
    current_node_count:
      description: Number of currently allocated nodes.
      type: int
      returned: when it exists
      sample: 0
    target_node_count:
      description: Number of nodes that the cluster scales to, or last scaled to.
      type: int
      returned: when it exists
      sample: 0
    node_state_counts:
      description: Number of nodes by state.
      type: dict
      returned: when it exists
      sample: {idle: 0, running: 0, preparing: 0, unusable: 0, leaving: 0, preempted: 0}
    errors:
      description: Problems with nodes (capacity, quota), each with C(code), C(message) and C(details).
      type: list
      elements: dict
      returned: when it exists
      sample: []
    size:
      description: Virtual machine size, in the service's spelling.
      type: str
      returned: always
      sample: STANDARD_D4S_V3
    tier:
      description: V(dedicated) or V(low_priority).
      type: str
      returned: always
      sample: dedicated
    min_instances:
      description: Minimum number of nodes.
      type: int
      returned: always
      sample: 0
    max_instances:
      description: Maximum number of nodes.
      type: int
      returned: always
      sample: 4
    idle_time_before_scale_down:
      description: Seconds that a node stays idle before it is removed.
      type: int
      returned: always
      sample: 120
    ssh_public_access_enabled:
      description: Whether the SSH port is open on public IP addresses; null if the service has not decided.
      type: bool
      returned: always
      sample: false
    ssh_settings:
      description: C(admin_username) and C(ssh_key_value); each is null if SSH is disabled.
      type: dict
      returned: always
      sample: {admin_username: azureuser, ssh_key_value: ssh-rsa AAAA...}
    enable_node_public_ip:
      description: Whether nodes have public IP addresses.
      type: bool
      returned: always
      sample: true
    network_settings:
      description: C(subnet), the full id of the subnet, or null.
      type: dict
      returned: always
      sample: {subnet: null}
    identity:
      description:
        - C(type), C(user_assigned_identities), C(principal_id) and C(tenant_id) of the system-assigned one, and C(default), the identity
          that code on the nodes uses (C(resource_id), C(client_id), C(principal_id)). Null if there is none.
      type: dict
      returned: always
      sample: null
    tags:
      description: Tags.
      type: dict
      returned: always
      sample: {team: vision}
    description:
      description: Description.
      type: str
      returned: always
      sample: null
    created_on:
      description: When it was created, in ISO 8601.
      type: str
      returned: when it exists
      sample: "2026-11-23T12:00:00.0000000+00:00"
    modified_on:
      description: When it was last changed, in ISO 8601.
      type: str
      returned: when it exists
      sample: "2026-11-23T12:00:00.0000000+00:00"
    is_attached:
      description: Whether it was created outside the workspace; V(false) for a cluster.
      type: bool
      returned: always
      sample: false
    resource_id:
      description: The underlying resource, if there is one; null for a cluster.
      type: str
      returned: always
      sample: null
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

from ..module_utils._jobs.aml_compute_cluster import manage_cluster
from ..module_utils._jobs.workspace_resources import RESOURCE_SPEC
from ..module_utils._kinds.cluster import CLUSTER
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {**RESOURCE_SPEC, **specs.PREFLIGHT_SPEC, **specs.of_kind(CLUSTER)}


def main() -> None:
    run(manage_cluster, SPEC, definition=("amlcompute",))


if __name__ == "__main__":
    main()
