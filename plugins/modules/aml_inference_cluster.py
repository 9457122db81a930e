#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_inference_cluster
short_description: Manage an inference cluster (AKS) of an Azure Machine Learning workspace
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Creates an AKS cluster through Azure Machine Learning, or attaches an existing one (with O(resource_id)), for real-time inference.
  - This is the inference cluster of the studio's form, the compute type C(AksCompute), which is legacy. Only SDK v1 and CLI v1, whose support has ended, deploy
    to it. Online endpoints and jobs of version 2 refuse it.
  - For them, the role P(azureml.compute.aml_kubernetes#role) installs the Azure Machine Learning extension on another AKS cluster and attaches it as
    V(kubernetes). The playbook C(azureml.compute.modernise) plans such a cluster for each inference cluster of a workspace, and creates it.
  - Only declared options are managed. TLS, the load balancer and the tags change in place. All other fields are immutable.
  - The module is idempotent, unlike the studio, the SDK and templates.
options:
  name:
    description:
      - Name of the inference cluster, unique in the workspace. Letters, digits and dashes; it starts with a letter, ends with a letter or
        digit, and does not end in a dash and digits only.
      - 2 to 16 characters for a cluster that is created, and 2 to 24 for one that is attached; see O(validate_name).
    type: str
    required: true
  validate_name:
    description:
      - The documents of the service contradict each other about the length of the name.
      - V(strict) allows 2 to 16 characters. V(lenient) allows up to 24 for an AKS that is attached, with a warning above 16. V(off) leaves the check
        of the name to the service.
    type: str
    choices: [strict, lenient, "off"]
    default: lenient
  state:
    description:
      - V(present) creates, attaches or updates the cluster as declared.
      - V(absent) detaches it. The AKS cluster continues running, and is billed, unless O(delete_underlying=true).
    type: str
    choices: [present, absent]
    default: present
  resource_id:
    description:
      - Full id of an AKS cluster (C(Microsoft.ContainerService/managedClusters)) to attach. If not set, a new one is created. Immutable.
      - An AKS cluster that is already attached to this workspace is refused, with the name of the attachment, because a second attachment
        breaks the first.
    type: str
  check_other_workspaces:
    description:
      - Whether all other workspaces of the subscription are searched for an attachment of the same AKS too, before it is attached. That is
        one additional request for each workspace.
    type: bool
    default: false
  cluster_purpose:
    description:
      - V(fast_prod) and V(dense_prod), for production, need nodes with 12 vCPUs in total; V(dev_test) needs 2. V(production) is a synonym
        for V(fast_prod), which is the default of the service.
      - Fewer than three nodes for production give a warning. Immutable.
    type: str
    choices: [fast_prod, dense_prod, dev_test, production]
  agent_count:
    description:
      - Number of nodes. Required to create a cluster. Immutable in the service.
    type: int
    aliases: [node_count]
  size:
    description:
      - Virtual machine size of the nodes, such as V(Standard_D4s_v3). Required to create a cluster. Immutable.
    type: str
    aliases: [vm_size, agent_vm_size]
  location:
    description:
      - Region of a cluster that is created. It may differ from the region of the workspace, which is the default. Immutable.
    type: str
  network_settings:
    description:
      - The network of a cluster that is created. Set O(network_settings.subnet) and the three addresses together, or none of
        them. Immutable.
    type: dict
    suboptions:
      subnet:
        description: The subnet's full resource id; or its name, together with O(network_settings.vnet_name).
        type: str
      vnet_name:
        description: Name of the virtual network, if O(network_settings.subnet) is a name.
        type: str
      resource_group:
        description: Resource group of the virtual network. Defaults to O(resource_group).
        type: str
      service_cidr:
        description: Range of the services' addresses, such as V(10.0.0.0/16). It must not overlap a subnet.
        type: str
      dns_service_ip:
        description: IP address of the DNS service, within O(network_settings.service_cidr).
        type: str
      docker_bridge_cidr:
        description: Range of the Docker bridge, such as V(172.17.0.1/16).
        type: str
  load_balancer_type:
    description:
      - Whether endpoints have a public address or one in the network. V(internal_load_balancer) with TLS requires your own certificate.
        Can be changed later.
    type: str
    choices: [public_ip, internal_load_balancer]
  load_balancer_subnet:
    description:
      - Name of the subnet of the internal load balancer. Can be changed later.
    type: str
  ssl:
    description:
      - TLS of the endpoints, can be changed later. Your own certificate requires O(ssl.cert) (or O(ssl.cert_file)), O(ssl.key) (or
        O(ssl.key_file)) and O(ssl.cname). A certificate from Microsoft requires only O(ssl.leaf_domain_label).
      - C(null), like O(ssl.status=disabled), disables TLS.
    type: dict
    suboptions:
      status:
        description: V(enabled) uses your own certificate, V(auto) a certificate from Microsoft. If not set, it is derived from the other options.
        type: str
        choices: [disabled, enabled, auto]
      cert:
        description: The certificate, as PEM. It is sent with a change of TLS. The service never returns it.
        type: str
      cert_file:
        description: File with the certificate, on the host that runs the task.
        type: path
      key:
        description: The certificate's private key, as PEM. It is sent with a change of TLS. The service never returns it.
        type: str
      key_file:
        description: File with the private key, on the host that runs the task.
        type: path
      cname:
        description: Host name of the certificate.
        type: str
      leaf_domain_label:
        description: Label of the domain name that Microsoft assigns (C(LABEL######.REGION.cloudapp.azure.com)).
        type: str
      overwrite_existing_domain:
        description: Whether a label that is in use may be reused.
        type: bool
  update_certificate:
    description:
      - When O(ssl.cert) and O(ssl.key) are sent. The service never returns them, so they cannot be compared.
      - V(on_change) sends them when the cluster is created or attached, and with a change of O(ssl.status) or O(ssl.cname).
      - V(always) sends them in every run, which is reported as a change. Use it to renew a certificate.
    type: str
    choices: [on_change, always]
    default: on_change
  description:
    description:
      - Description. The service accepts it only when the cluster is created or attached. Immutable.
    type: str
  delete_underlying:
    description:
      - Whether a cluster that the service created is deleted with its nodes, by O(state=absent) and by O(on_immutable_change=recreate).
      - A cluster that failed after its creation is still running and billed; without this option it is not replaced either.
      - An attached AKS cluster is never deleted. Both the service and this module refuse it.
    type: bool
    default: false
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.scope
  - azureml.compute.api_version
  - azureml.compute.tags
  - azureml.compute.wait
  - azureml.compute.state
  - azureml.compute.preflight
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
notes:
  - Creating AKS through Azure Machine Learning is a feature of the service's first version. Microsoft maintains another method, which is to create
    AKS with Azure Resource Manager and to attach it.
seealso:
  - module: azureml.compute.aml_attached_compute
  - module: azureml.compute.aml_compute_info
  - name: Create and attach an Azure Kubernetes Service cluster
    description: The page that documents the rules.
    link: https://learn.microsoft.com/azure/machine-learning/v1/how-to-create-attach-kubernetes
"""

EXAMPLES = r"""
- name: Create a cluster for production, with a certificate from Microsoft
  azureml.compute.aml_inference_cluster:
    resource_group: ml-prod
    workspace: ws-prod
    name: scoring
    cluster_purpose: fast_prod
    size: Standard_D4s_v3
    agent_count: 3
    ssl:
      leaf_domain_label: scoring-prod

- name: Attach an AKS cluster that was made elsewhere, if no other workspace has it
  azureml.compute.aml_inference_cluster:
    resource_group: ml-prod
    workspace: ws-prod
    name: shared-aks
    resource_id: "{{ aks_id }}"
    cluster_purpose: dev_test
    check_other_workspaces: true

- name: Update the certificate
  azureml.compute.aml_inference_cluster:
    resource_group: ml-prod
    workspace: ws-prod
    name: scoring
    ssl:
      cert_file: ~/tls/scoring.pem
      key_file: ~/tls/scoring.key
      cname: scoring.example.org
    update_certificate: always

- name: Detach the AKS cluster, which keeps running
  azureml.compute.aml_inference_cluster:
    resource_group: ml-prod
    workspace: ws-prod
    name: shared-aks
    state: absent

- name: Delete a cluster that the service created, with its nodes
  azureml.compute.aml_inference_cluster:
    resource_group: ml-prod
    workspace: ws-prod
    name: scoring
    state: absent
    delete_underlying: true
"""

RETURN = r"""
compute:
  description:
    - The inference cluster after the task, or in check mode as it would be. Null when it is absent. It never contains the certificate or the key.
  returned: success
  type: dict
  contains:
    id:
      description: Resource id of the compute target.
      type: str
      returned: when it exists
      sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.MachineLearningServices/workspaces/ws-prod/computes/scoring
    name:
      description: Name in the workspace.
      type: str
      returned: always
      sample: scoring
    type:
      description: Type, as the Azure ML CLI spells it.
      type: str
      returned: always
      sample: aks
    location:
      description: Region of the AKS.
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
      sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.ContainerService/managedClusters/aks-prod
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
    cluster_purpose:
      description: V(fast_prod), V(dense_prod) or V(dev_test).
      type: str
      returned: always
      sample: fast_prod
    size:
      description: Virtual machine size of the nodes.
      type: str
      returned: always
      sample: Standard_D4s_v3
    agent_count:
      description: Number of nodes.
      type: int
      returned: always
      sample: 3
    network_settings:
      description: C(subnet) (full id), C(service_cidr), C(dns_service_ip) and C(docker_bridge_cidr); each is null without a network.
      type: dict
      returned: always
      sample: {subnet: null, service_cidr: null, dns_service_ip: null, docker_bridge_cidr: null}
    load_balancer_type:
      description: V(public_ip) or V(internal_load_balancer).
      type: str
      returned: always
      sample: public_ip
    load_balancer_subnet:
      description: Name of the subnet of the internal load balancer.
      type: str
      returned: always
      sample: null
    ssl:
      description: C(status), C(cname), C(leaf_domain_label) and C(overwrite_existing_domain).
      type: dict
      returned: always
      sample: {status: auto, cname: null, leaf_domain_label: scoring-prod, overwrite_existing_domain: false}
    cluster_fqdn:
      description: Domain name of the cluster.
      type: str
      returned: when it exists
      sample: scoring-0000.hcp.eastus.azmk8s.io
    system_services:
      description: Services of Azure Machine Learning in the cluster, each with C(type), C(public_ip_address) and C(version).
      type: list
      elements: dict
      returned: when it exists
      sample: []
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

from ..module_utils._jobs.aml_inference_cluster import inference_cluster
from ..module_utils._jobs.workspace_resources import RESOURCE_SPEC
from ..module_utils._kinds.aks import AKS
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {**RESOURCE_SPEC, **specs.PREFLIGHT_SPEC, **specs.of_kind(AKS)}


def main() -> None:
    run(inference_cluster, SPEC)


if __name__ == "__main__":
    main()
