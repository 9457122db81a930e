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
  - Creates an AKS cluster through Azure Machine Learning, or attaches one that exists (with O(resource_id)), for real-time inference.
  - This is the inference cluster of the studio's form. To run training jobs or online endpoints of the second version on AKS, attach it as
    V(kubernetes) with M(azureml.compute.aml_attached_compute).
  - Only what is declared is managed. TLS, the load balancer and the tags change in place. All else is fixed.
  - Making a cluster that exists again changes nothing, which the studio, the SDK and templates do not promise.
options:
  name:
    description:
      - Name of the inference cluster, unique in the workspace. Letters, digits and dashes; it starts with a letter, ends with a letter or
        digit, and does not end in a dash and digits alone.
      - 2 to 16 characters for a cluster that is created, and 2 to 24 for one that is attached; see O(validate_name).
    type: str
    required: true
  validate_name:
    description:
      - The documents of the service do not agree on the length of the name.
      - V(strict) allows 2 to 16 characters. V(lenient) allows up to 24 for an AKS that is attached, with a warning above 16. V(off) leaves
        the name to the service.
    type: str
    choices: [strict, lenient, "off"]
    default: lenient
  state:
    description:
      - V(present) creates or attaches the cluster, and keeps it as declared.
      - V(absent) detaches it. The AKS cluster continues running, and is billed, unless O(delete_underlying=true).
    type: str
    choices: [present, absent]
    default: present
  resource_id:
    description:
      - Full id of an AKS cluster (C(Microsoft.ContainerService/managedClusters)) to attach. If not set, a new one is created.
      - An AKS cluster that is already attached in this workspace is refused, with the place where it is, because a second attachment
        breaks the first.
    type: str
  check_other_workspaces:
    description:
      - Whether all other workspaces of the subscription are searched for an attachment of the same AKS too, before it is attached. That is
        one more request for each workspace.
    type: bool
    default: false
  cluster_purpose:
    description:
      - V(fast_prod) and V(dense_prod), for production, need nodes with 12 vCPUs together; V(dev_test) needs 2. V(production) is another word
        for V(fast_prod), which is also the service's own default.
      - Fewer than three nodes for production give a warning. Fixed after creation.
    type: str
    choices: [fast_prod, dense_prod, dev_test, production]
  agent_count:
    description:
      - Number of nodes. Needed to create a cluster. The service does not change it later.
    type: int
    aliases: [node_count]
  size:
    description:
      - Virtual machine size of the nodes, such as V(Standard_DS3_v2). Needed to create a cluster. Fixed after that.
    type: str
    aliases: [vm_size, agent_vm_size]
  location:
    description:
      - Region of a cluster that is created, which may be another than the workspace's. Defaults to the workspace's. Fixed after creation.
    type: str
  network_settings:
    description:
      - The network of a cluster that is created. O(network_settings.subnet) and the three addresses are given together, or none of
        them. Fixed after creation.
    type: dict
    suboptions:
      subnet:
        description: The subnet's full resource id; or its name, together with O(network_settings.vnet_name).
        type: str
      vnet_name:
        description: Name of the virtual network, where O(network_settings.subnet) is a name.
        type: str
      resource_group:
        description: Resource group of the virtual network. Defaults to O(resource_group).
        type: str
      service_cidr:
        description: Range of the services' addresses, such as V(10.0.0.0/16). It overlaps no subnet.
        type: str
      dns_service_ip:
        description: Address of the DNS service, within O(network_settings.service_cidr).
        type: str
      docker_bridge_cidr:
        description: Range of the Docker bridge, such as V(172.17.0.1/16).
        type: str
  load_balancer_type:
    description:
      - Whether endpoints have a public address or one in the network. V(internal_load_balancer) with TLS needs a certificate of your own.
        Changeable later.
    type: str
    choices: [public_ip, internal_load_balancer]
  load_balancer_subnet:
    description:
      - Name of the subnet of the internal load balancer. Changeable later.
    type: str
  ssl:
    description:
      - TLS of the endpoints, changeable later. A certificate of your own takes O(ssl.cert) (or O(ssl.cert_file)), O(ssl.key) (or
        O(ssl.key_file)) and O(ssl.cname). A certificate from Microsoft takes O(ssl.leaf_domain_label) alone.
      - C(null), like O(ssl.status=disabled), means that there is no TLS.
    type: dict
    suboptions:
      status:
        description: V(enabled) is a certificate of your own, V(auto) one from Microsoft. If not set, it follows from what else is given.
        type: str
        choices: [disabled, enabled, auto]
      cert:
        description: The certificate, as PEM. It is sent with a change of TLS and never read back.
        type: str
      cert_file:
        description: File with the certificate, on the host that runs the task.
        type: path
      key:
        description: The certificate's private key, as PEM. It is sent with a change of TLS and never read back.
        type: str
      key_file:
        description: File with the private key, on the host that runs the task.
        type: path
      cname:
        description: Host name that the certificate is for.
        type: str
      leaf_domain_label:
        description: Label of the domain name that Microsoft gives (C(LABEL######.REGION.cloudapp.azure.com)).
        type: str
      overwrite_existing_domain:
        description: Whether a label that is in use may be taken over.
        type: bool
  update_certificate:
    description:
      - When O(ssl.cert) and O(ssl.key) are sent. The service never returns them, so they cannot be compared.
      - V(on_change) sends them when the cluster is created or attached, and with a change of O(ssl.status) or O(ssl.cname).
      - V(always) sends them in every run, which then is a change; it is the way to renew a certificate.
    type: str
    choices: [on_change, always]
    default: on_change
  description:
    description:
      - Text that people see. The service takes it only when the cluster is created or attached.
    type: str
  delete_underlying:
    description:
      - Whether a cluster that the service created is deleted with its nodes, by O(state=absent) and by O(on_immutable_change=recreate).
      - One that is Failed once it was created runs and is billed all the same; without this option it is not replaced either.
      - An AKS cluster that was attached is never deleted. The service refuses it, and so does this module.
    type: bool
    default: false
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.scope
  - azureml.compute.tags
  - azureml.compute.wait
  - azureml.compute.state
  - azureml.compute.preflight
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
notes:
  - Creating AKS through Azure Machine Learning is a feature of the service's first version. Creating AKS by Resource Manager and attaching it
    is the way that Microsoft maintains.
seealso:
  - module: azureml.compute.aml_attached_compute
  - module: azureml.compute.aml_compute_info
  - name: Create and attach an Azure Kubernetes Service cluster
    description: The page whose rules these are.
    link: https://learn.microsoft.com/azure/machine-learning/v1/how-to-create-attach-kubernetes
"""

EXAMPLES = r"""
- name: A new cluster for production, with a certificate from Microsoft
  azureml.compute.aml_inference_cluster:
    resource_group: ml-prod
    workspace: ws-prod
    name: scoring
    cluster_purpose: fast_prod
    size: Standard_DS3_v2
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

- name: Renew the certificate
  azureml.compute.aml_inference_cluster:
    resource_group: ml-prod
    workspace: ws-prod
    name: scoring
    ssl:
      cert_file: ~/tls/scoring.pem
      key_file: ~/tls/scoring.key
      cname: scoring.example.org
    update_certificate: always

- name: Detach; the AKS cluster continues running
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
    - The inference cluster as it is after the task; in check mode as it would be. Null when it is absent. It never holds certificate or key.
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
      description: Kind, in the CLI's spelling.
      type: str
      returned: always
      sample: aks
    location:
      description: Region of the AKS.
      type: str
      returned: always
      sample: eastus
    description:
      description: Text that people see.
      type: str
      returned: always
      sample: null
    provisioning_state:
      description: What the service is doing with it.
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
      description: Whether it was brought from outside the workspace.
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
          that jobs use. Null where there is none.
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
      sample: Standard_DS3_v2
    agent_count:
      description: Number of nodes.
      type: int
      returned: always
      sample: 3
    network_settings:
      description: C(subnet) (full id), C(service_cidr), C(dns_service_ip) and C(docker_bridge_cidr); null each without a network.
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
  description: What is under way; M(azureml.compute.aml_operation_info) waits for many of them.
  returned: with O(wait=false), when something was started
  type: dict
  contains:
    url:
      description: URL that returns its state.
      type: str
      returned: always
      sample: https://management.azure.com/subscriptions/0000/providers/Microsoft.MachineLearningServices/locations/eastus/computeOperationsStatus/0000
    status:
      description: Its state at the last look.
      type: str
      returned: always
      sample: InProgress
failure:
  description:
    - Why the task failed. C(code) is the service's own code or one of the collection, C(message) the cause, C(hint) what to do and C(url) the
      section about the code in the L(reference of error codes,https://github.com/azureml-compute/azureml.compute/blob/main/docs/errors.md).
    - C(details) lists the single problems, if there are several. C(status) and C(request_id) are those of the service's answer.
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
from ..module_utils._jobs.compute_targets import COMPUTE_SPEC
from ..module_utils._kinds.aks import AKS
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {**COMPUTE_SPEC, **specs.PREFLIGHT_SPEC, **specs.of_kind(AKS)}


def main() -> None:
    run(inference_cluster, SPEC)


if __name__ == "__main__":
    main()
