#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_attached_compute
short_description: Manage attached compute of an Azure Machine Learning workspace
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Attaches machines and services that were created outside the workspace, and detaches them. Detaching does not delete the target.
  - Only declared options are managed. Omitted options keep their current values.
  - Before an attachment, the module reads the target and the other attachments of the workspace.
  - AKS as an inference cluster of the first version of Azure Machine Learning is managed by M(azureml.compute.aml_inference_cluster).
options:
  name:
    description:
      - Name of the compute target, unique in the workspace.
      - 2 to 24 letters, digits and dashes. It starts with a letter, ends with a letter or digit, and does not end in a dash and
        digits only. Most documents of the service require 3 characters.
    type: str
    required: true
  state:
    description:
      - V(present) attaches the target or updates the attachment as declared.
      - V(absent) detaches it. The target is not changed.
    type: str
    choices: [present, absent]
    default: present
  type:
    description:
      - Type of the attached resource. Required for O(state=present). With O(state=absent) and no type, any attached compute of this name is detached.
      - An option that the type does not have is refused before the first request.
      - V(datalakeanalytics) was retired in February 2024. The service may refuse it, and the task warns.
    type: str
    choices: [kubernetes, virtualmachine, databricks, datalakeanalytics, hdinsight, synapsespark, datafactory]
  resource_id:
    description:
      - Full id of the resource to attach. Required to attach, except for V(virtualmachine) and V(hdinsight) with O(address), and V(datafactory).
      - For V(kubernetes), the id of an AKS cluster or of an Arc cluster (C(Microsoft.Kubernetes/connectedClusters)); for V(synapsespark), the id
        of the Spark pool (C(Microsoft.Synapse/workspaces/.../bigDataPools/...)).
      - Immutable while it is attached. O(on_immutable_change=recreate) detaches it and attaches the other resource.
    type: str
  location:
    description:
      - Region of the target. If not set, the service determines it. Immutable while it is attached.
    type: str
  description:
    description:
      - Description. The service accepts it only when the target is attached. Immutable.
    type: str
  address:
    description:
      - Address or host name at which V(virtualmachine) or V(hdinsight) is reached by SSH.
    type: str
  ssh_settings:
    description:
      - How the workspace logs in to V(virtualmachine) or V(hdinsight). A key is safer than a password; the task warns about a password.
    type: dict
    suboptions:
      admin_username:
        description: Name of the account.
        type: str
      ssh_port:
        description: SSH port. Defaults to 22 in the service.
        type: int
      ssh_private_key_file:
        description: File with the private key, on the host that runs the task.
        type: path
      ssh_private_key:
        description:
          - The private key itself, as text.
          - The service accepts no passphrase, so the key must not be encrypted.
        type: str
      admin_password:
        description: Password, if no key is used.
        type: str
  access_token:
    description:
      - Access token of V(databricks). Required to attach. The service never returns it.
    type: str
  namespace:
    description:
      - Namespace of V(kubernetes). It must exist in the cluster; the service does not create it. Defaults to V(default) in the service.
      - Immutable while it is attached. The same cluster may be attached again under another name with another namespace; the task then warns.
    type: str
  instance_types:
    description:
      - Instance types of V(kubernetes), by name, each with C(node_selector) (labels), and C(resources) with C(requests) and C(limits)
        (C(cpu), C(memory), C(nvidia.com/gpu)).
      - The mapping is complete; a type that is not in it is removed.
    type: dict
  default_instance_type:
    description:
      - Instance type that V(kubernetes) uses for jobs without one.
    type: str
  update_password:
    description:
      - When O(ssh_settings.ssh_private_key), O(ssh_settings.admin_password) and O(access_token) are sent. The service never returns them, so
        they cannot be compared.
      - V(on_create) sends them when the target is attached, and with a change of O(ssh_settings.admin_username).
      - V(always) sends them in every run, which is reported as a change.
    type: str
    choices: [on_create, always]
    default: on_create
  delete_underlying:
    description:
      - Whether O(state=absent) deletes the target too. The service supports this only for a virtual machine that it created itself; for
        other targets the option is refused.
    type: bool
    default: false
  check_other_workspaces:
    description:
      - Whether all other workspaces of the subscription are searched for an attachment of the same resource too, before it is attached.
        This needs one additional request for each workspace.
    type: bool
    default: false
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.resources_created_earlier
  - azureml.compute.scope
  - azureml.compute.api_version
  - azureml.compute.identity
  - azureml.compute.tags
  - azureml.compute.wait
  - azureml.compute.state
  - azureml.compute.definition
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
notes:
  - O(identity) is an option of V(kubernetes) and V(synapsespark). Of several user-assigned identities, V(kubernetes) uses the first.
  - Batch and container instances are not part of the service's compute types, so they cannot be attached.
seealso:
  - module: azureml.compute.aml_inference_cluster
  - module: azureml.compute.aml_compute_info
  - name: Create compute targets in the studio
    description: The types that can be attached.
    link: https://learn.microsoft.com/azure/machine-learning/how-to-create-attach-compute-studio
"""

EXAMPLES = r"""
- name: Attach a virtual machine with an SSH key
  azureml.compute.aml_attached_compute:
    resource_group: ml-prod
    workspace: ws-prod
    name: dsvm
    type: virtualmachine
    resource_id: "{{ vm_id }}"
    ssh_settings:
      admin_username: azureuser
      ssh_private_key_file: ~/.ssh/id_rsa

- name: Attach a Kubernetes cluster in a separate namespace
  azureml.compute.aml_attached_compute:
    resource_group: ml-prod
    workspace: ws-prod
    name: k8s-training
    type: kubernetes
    resource_id: "{{ aks_id }}"
    namespace: training
    instance_types:
      gpu:
        node_selector:
          accelerator: nvidia
        resources:
          requests: {cpu: "2", memory: 8Gi}
          limits: {cpu: "4", memory: 16Gi, nvidia.com/gpu: "1"}
    default_instance_type: gpu
    identity:
      type: system_assigned

- name: Attach Databricks with a new token
  azureml.compute.aml_attached_compute:
    resource_group: ml-prod
    workspace: ws-prod
    name: bricks
    type: databricks
    resource_id: "{{ databricks_id }}"
    access_token: "{{ databricks_token }}"
    update_password: always

- name: Attach a Spark pool from YAML of the Azure ML CLI
  azureml.compute.aml_attached_compute:
    resource_group: ml-prod
    workspace: ws-prod
    definition:
      name: spark
      type: synapsespark
      resource_id: "{{ pool_id }}"

- name: Detach the virtual machine, which keeps running
  azureml.compute.aml_attached_compute:
    resource_group: ml-prod
    workspace: ws-prod
    name: dsvm
    state: absent
"""

RETURN = r"""
compute:
  description:
    - The compute target after the task, or in check mode as it would be. Null when it is detached. It never contains a secret.
  returned: success
  type: dict
  contains:
    id:
      description: Resource id of the compute target.
      type: str
      returned: when it exists
      sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.MachineLearningServices/workspaces/ws-prod/computes/dsvm
    name:
      description: Name in the workspace.
      type: str
      returned: always
      sample: dsvm
    type:
      description: Type, as the Azure ML CLI spells it.
      type: str
      returned: always
      sample: virtualmachine
    location:
      description: Region of the target.
      type: str
      returned: always
      sample: eastus
    description:
      description: Description.
      type: str
      returned: always
      sample: null
    provisioning_state:
      description: Provisioning state.
      type: str
      returned: when it exists
      sample: Succeeded
    provisioning_errors:
      description: Why provisioning failed, each with C(code), C(message) and C(details).
      type: list
      elements: dict
      returned: when it exists
      sample: []
    created_on:
      description: When it was created or attached, in ISO 8601.
      type: str
      returned: when it exists
      sample: "2026-11-23T12:00:00.0000000+00:00"
    modified_on:
      description: When it was last changed, in ISO 8601.
      type: str
      returned: when it exists
      sample: "2026-11-23T12:00:00.0000000+00:00"
    is_attached:
      description: Whether it is attached from outside the workspace.
      type: bool
      returned: always
      sample: true
    resource_id:
      description: The underlying resource.
      type: str
      returned: always
      sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.Compute/virtualMachines/dsvm
    tags:
      description: Tags.
      type: dict
      returned: always
      sample: {team: vision}
    identity:
      description:
        - C(type), C(user_assigned_identities), C(principal_id) and C(tenant_id) of the system-assigned one, and C(default), the identity
          that jobs use. Null if there is none.
      type: dict
      returned: always
      sample: null
    address:
      description: Address of the machine.
      type: str
      returned: when RV(compute.type) is V(virtualmachine) or V(hdinsight)
      sample: 203.0.113.10
    ssh_settings:
      description: C(admin_username) and C(ssh_port).
      type: dict
      returned: when RV(compute.type) is V(virtualmachine) or V(hdinsight)
      sample: {admin_username: azureuser, ssh_port: 22}
    size:
      description: Virtual machine size.
      type: str
      returned: when RV(compute.type) is V(virtualmachine)
      sample: Standard_D4s_v3
    workspace_url:
      description: Address of the Databricks workspace.
      type: str
      returned: when RV(compute.type) is V(databricks)
      sample: adb-0000.0.azuredatabricks.net
    data_lake_store_account_name:
      description: Default Data Lake Store.
      type: str
      returned: when RV(compute.type) is V(datalakeanalytics)
      sample: store
    namespace:
      description: Namespace in the cluster.
      type: str
      returned: when RV(compute.type) is V(kubernetes)
      sample: default
    instance_types:
      description: Instance types by name, each with C(node_selector) and C(resources).
      type: dict
      returned: when RV(compute.type) is V(kubernetes)
      sample: {gpu: {node_selector: {}, resources: {requests: {cpu: "2"}, limits: {cpu: "4"}}}}
    default_instance_type:
      description: Instance type for jobs without one.
      type: str
      returned: when RV(compute.type) is V(kubernetes)
      sample: gpu
    extension_principal_id:
      description: Principal of the cluster's extension.
      type: str
      returned: when RV(compute.type) is V(kubernetes)
      sample: null
    extension_instance_release_train:
      description: Release train of the cluster's extension.
      type: str
      returned: when RV(compute.type) is V(kubernetes)
      sample: stable
    vc_name:
      description: Virtual cluster, if there is one.
      type: str
      returned: when RV(compute.type) is V(kubernetes)
      sample: null
    node_family:
      description: Family of the pool's nodes.
      type: str
      returned: when RV(compute.type) is V(synapsespark)
      sample: MemoryOptimized
    node_size:
      description: Size of the pool's nodes.
      type: str
      returned: when RV(compute.type) is V(synapsespark)
      sample: Small
    node_count:
      description: Number of nodes of the pool.
      type: int
      returned: when RV(compute.type) is V(synapsespark)
      sample: 3
    spark_version:
      description: Version of Spark.
      type: str
      returned: when RV(compute.type) is V(synapsespark)
      sample: "3.4"
    scale_settings:
      description: C(auto_scale_enabled), C(min_node_count) and C(max_node_count) of the pool.
      type: dict
      returned: when RV(compute.type) is V(synapsespark)
      sample: {auto_scale_enabled: true, min_node_count: 3, max_node_count: 10}
    auto_pause_settings:
      description: C(auto_pause_enabled) and C(delay_in_minutes) of the pool.
      type: dict
      returned: when RV(compute.type) is V(synapsespark)
      sample: {auto_pause_enabled: true, delay_in_minutes: 15}
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

from ..module_utils._jobs.aml_attached_compute import attached
from ..module_utils._jobs.workspace_resources import RESOURCE_SPEC
from ..module_utils._kinds.attached_types import ATTACHED
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **RESOURCE_SPEC,
    "type": {"type": "str", "choices": list(ATTACHED)},
    **specs.of_kind(*ATTACHED.values()),
    **specs.CREATED_EARLIER_SPEC,
}


def main() -> None:
    run(
        attached,
        SPEC,
        definition=("kubernetes", "virtualmachine", "synapsespark"),
        required_if=[("state", "present", ("type",))],
    )


if __name__ == "__main__":
    main()
