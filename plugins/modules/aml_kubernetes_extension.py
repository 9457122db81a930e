#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_kubernetes_extension
short_description: Manage the Azure Machine Learning extension of a Kubernetes cluster
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Installs, changes and removes the extension C(Microsoft.AzureML.Kubernetes) of an AKS cluster or of a cluster that is connected by Azure Arc. A workspace
    can use the cluster for jobs and online endpoints when the extension is installed and the cluster is attached with
    M(azureml.compute.aml_attached_compute).
  - Only declared options are managed. Omitted options keep their current values. Settings that a new extension needs and that are omitted are those of the
    Azure CLI.
  - The service does not return protected settings. They are sent when the extension is installed, and in each run with O(update_password=always).
options:
  cluster_id:
    description:
      - Resource id of the cluster, C(Microsoft.ContainerService/managedClusters) or C(Microsoft.Kubernetes/connectedClusters).
    type: str
    required: true
  name:
    description: Name of the extension, unique in the cluster.
    type: str
    required: true
  state:
    description:
      - V(present) installs the extension or changes it as declared, and waits until it is installed.
      - V(absent) removes it. Detach the compute targets that use the cluster first, because their jobs and endpoints stop.
    type: str
    choices: [present, absent]
    default: present
  release_train:
    description: Releases that the extension is upgraded to. Defaults to V(stable) when it is installed.
    type: str
  auto_upgrade_minor_version:
    description: Whether the service upgrades the extension to new minor versions. Defaults to V(true) when it is installed.
    type: bool
  auto_upgrade_mode:
    description: To which versions the service upgrades the extension. Defaults to V(compatible) in the service.
    type: str
    choices: [compatible, none, patch]
  version:
    description: Version of the extension. Needs O(auto_upgrade_minor_version=false). Null lets the service choose it again.
    type: str
  release_namespace:
    description:
      - Namespace of the cluster in which the extension is installed, and which is created. Defaults to V(azureml). Immutable.
      - Compute targets use other namespaces.
    type: str
  enable_training:
    description: Whether the cluster runs jobs. This or O(enable_inference) must be V(true). The setting C(enableTraining).
    type: bool
  enable_inference:
    description:
      - Whether the cluster serves online endpoints. Needs O(inference_router_service_type), and O(ssl) or O(allow_insecure_connections). The setting
        C(enableInference).
    type: bool
  allow_insecure_connections:
    description: Whether online endpoints use HTTP. The setting C(allowInsecureConnections).
    type: bool
  inference_router_service_type:
    description: Service of Kubernetes through which the inference router is reached. The setting C(inferenceRouterServiceType).
    type: str
    choices: [load_balancer, node_port, cluster_ip]
  inference_router_ha:
    description:
      - Whether the inference router runs three times, which needs three nodes. Defaults to V(true), and to V(false) for a cluster that has fewer nodes when
        the extension is installed. The setting C(inferenceRouterHA).
    type: bool
  internal_load_balancer_provider:
    description: The load balancer is in the network of the cluster. For AKS only. The setting C(internalLoadBalancerProvider).
    type: str
    choices: [azure]
  ssl:
    description: Certificate for HTTPS of online endpoints.
    type: dict
    suboptions:
      cname:
        description: Host name that the certificate is for. The setting C(sslCname).
        type: str
      secret_name:
        description: Name of the secret of Kubernetes, in O(release_namespace), with the certificate and its key. The setting C(sslSecret).
        type: str
      cert:
        description: The certificate as PEM text. The file C(sslCertPemFile) of the Azure CLI. Mutually exclusive with O(ssl.cert_file).
        type: str
      key:
        description: Its key as PEM text without a passphrase. The file C(sslKeyPemFile) of the Azure CLI. Mutually exclusive with O(ssl.key_file).
        type: str
      cert_file:
        description: A file of the controller, or of the host that runs the task, with the certificate.
        type: path
      key_file:
        description: A file with the key.
        type: path
  cluster_purpose:
    description: Size and number of the extension's components. The setting C(clusterPurpose).
    type: str
    choices: [dev_test, fast_prod, dense_prod]
  install_nvidia_device_plugin:
    description: Whether the extension installs the device plugin for NVIDIA GPUs. Defaults to V(false). The setting C(installNvidiaDevicePlugin).
    type: bool
  install_dcgm_exporter:
    description: Whether the extension installs the exporter of GPU metrics. Defaults to V(false). The setting C(installDcgmExporter).
    type: bool
  install_prom_op:
    description:
      - Whether the extension installs the Prometheus operator. Set V(false) if the cluster has its own. Defaults to V(true). The setting C(installPromOp).
    type: bool
  install_volcano:
    description:
      - Whether the extension installs the scheduler Volcano. Set V(false) if the cluster has its own. Defaults to V(true). The setting C(installVolcano).
    type: bool
  node_selector:
    description:
      - Labels of the nodes on which the extension's components run. The settings C(nodeSelector.LABEL).
      - Only the declared labels are managed. An update cannot remove a label.
    type: dict
  configuration_settings:
    description:
      - Other settings by their names, such as C(logAnalyticsWS) or C(workLoadToleration[0].key). Values are sent as text.
      - Only the declared settings are managed. An update cannot remove a setting. A setting that another option sets is refused.
    type: dict
  configuration_protected_settings:
    description:
      - Protected settings by their names, such as C(relayserver.relayConnectionString) for a cluster of Azure Arc.
      - The service keeps only the protected settings of the last request that has some. Declare all of them.
    type: dict
  update_password:
    description:
      - When O(ssl.cert), O(ssl.key) and O(configuration_protected_settings) are sent. The service never returns them, so they cannot be compared.
      - V(on_create) sends them when the extension is installed, and when O(ssl.cname) changes.
      - V(always) sends them in every run, which is reported as a change.
    type: str
    choices: [on_create, always]
    default: on_create
  api_version:
    description:
      - API version for requests to the service. Defaults to V(2025-03-01).
    type: str
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.ignored
  - azureml.compute.ignored.resource_group
  - azureml.compute.wait
  - azureml.compute.state
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
notes:
  - The Azure CLI creates a relay and a service bus for a cluster of Azure Arc. This module does not. Declare an existing relay in
    O(configuration_protected_settings).
  - The subscription is that of O(cluster_id).
seealso:
  - module: azureml.compute.aml_kubernetes_extension_info
  - module: azureml.compute.aml_attached_compute
  - name: Deploy the Azure Machine Learning extension
    description: Settings of the extension and their meaning.
    link: https://learn.microsoft.com/azure/machine-learning/how-to-deploy-kubernetes-extension
  - name: Troubleshoot the extension
    description: Codes of its health check.
    link: https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-kubernetes-extension
"""

EXAMPLES = r"""
- name: Install the extension for jobs and online endpoints over HTTPS
  azureml.compute.aml_kubernetes_extension:
    cluster_id: "{{ aks_id }}"
    name: azureml
    enable_training: true
    enable_inference: true
    inference_router_service_type: load_balancer
    ssl:
      cname: scoring.example.org
      cert_file: ~/tls/scoring.pem
      key_file: ~/tls/scoring.key

- name: Install the extension on a test cluster, with HTTP in its own network
  azureml.compute.aml_kubernetes_extension:
    cluster_id: "{{ aks_id }}"
    name: azureml
    enable_training: true
    enable_inference: true
    allow_insecure_connections: true
    inference_router_service_type: load_balancer
    internal_load_balancer_provider: azure
    node_selector: {agentpool: ml}

- name: Change the certificate
  azureml.compute.aml_kubernetes_extension:
    cluster_id: "{{ aks_id }}"
    name: azureml
    ssl:
      cert_file: ~/tls/scoring.pem
      key_file: ~/tls/scoring.key
    update_password: always

- name: Remove the extension
  azureml.compute.aml_kubernetes_extension:
    cluster_id: "{{ aks_id }}"
    name: azureml
    state: absent
"""

RETURN = r"""
extension:
  description: The extension after the task, or in check mode as it would be. Null when it is removed.
  returned: success
  type: dict
  contains:
    id:
      description: Resource id of the extension.
      type: str
      returned: when it exists
      sample: /subscriptions/0000/.../managedClusters/aks-ml/providers/Microsoft.KubernetesConfiguration/extensions/azureml
    name:
      description: Name of the extension.
      type: str
      returned: always
      sample: azureml
    cluster_id:
      description: Resource id of the cluster.
      type: str
      returned: always
      sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.ContainerService/managedClusters/aks-ml
    health:
      description:
        - V(healthy), or V(unhealthy) if the extension is installed and reports errors.
        - V(failed) if its installation or its last change failed, and V(pending) while one runs.
      type: str
      returned: always
      sample: healthy
    statuses:
      description: What the extension reports, each with C(code), C(level), C(message) and C(time).
      type: list
      elements: dict
      returned: always
      sample: []
    provisioning_state:
      description: The service's word for the state.
      type: str
      returned: always
      sample: Succeeded
    current_version:
      description: Installed version. Null before it is installed.
      type: str
      returned: always
      sample: 1.1.73
    principal_id:
      description: Object id of the extension's identity.
      type: str
      returned: always
      sample: 11111111-0000-4000-8000-000000000001
    release_train:
      description: Releases that it is upgraded to.
      type: str
      returned: always
      sample: stable
    auto_upgrade_minor_version:
      description: Whether it is upgraded to new minor versions.
      type: bool
      returned: always
      sample: true
    auto_upgrade_mode:
      description: To which versions it is upgraded.
      type: str
      returned: always
      sample: compatible
    version:
      description: Declared version. Null if the service chooses it.
      type: str
      returned: always
      sample: null
    release_namespace:
      description: Namespace in which it is installed.
      type: str
      returned: always
      sample: azureml
    enable_training:
      description: Whether the cluster runs jobs.
      type: bool
      returned: always
      sample: true
    enable_inference:
      description: Whether the cluster serves online endpoints.
      type: bool
      returned: always
      sample: true
    allow_insecure_connections:
      description: Whether online endpoints use HTTP.
      type: bool
      returned: always
      sample: false
    inference_router_service_type:
      description: V(load_balancer), V(node_port) or V(cluster_ip).
      type: str
      returned: always
      sample: load_balancer
    inference_router_ha:
      description: Whether the inference router runs three times. Null if the setting is not there, which is V(true).
      type: bool
      returned: always
      sample: null
    internal_load_balancer_provider:
      description: V(azure) for a load balancer in the network of the cluster.
      type: str
      returned: always
      sample: null
    ssl:
      description: C(cname) and C(secret_name) of the certificate.
      type: dict
      returned: always
      sample: {cname: scoring.example.org, secret_name: null}
    protected_options:
      description: Options of the protected settings that the extension has. Their values are never returned.
      type: list
      elements: str
      returned: always
      sample: [ssl.cert, ssl.key]
    cluster_purpose:
      description: V(dev_test), V(fast_prod) or V(dense_prod).
      type: str
      returned: always
      sample: null
    install_nvidia_device_plugin:
      description: Whether it installs the device plugin for NVIDIA GPUs.
      type: bool
      returned: always
      sample: null
    install_dcgm_exporter:
      description: Whether it installs the exporter of GPU metrics.
      type: bool
      returned: always
      sample: null
    install_prom_op:
      description: Whether it installs the Prometheus operator.
      type: bool
      returned: always
      sample: null
    install_volcano:
      description: Whether it installs the scheduler Volcano.
      type: bool
      returned: always
      sample: null
    node_selector:
      description: Labels of the nodes on which its components run.
      type: dict
      returned: always
      sample: {agentpool: ml}
    configuration_settings:
      description: Other settings by their names, also those that were added when it was installed.
      type: dict
      returned: always
      sample: {cluster_name_friendly: aks-ml, location: eastus}
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

from ..module_utils._jobs.aml_kubernetes_extension import EXTENSION_SPEC, kubernetes_extension
from ..module_utils._kinds.kubernetes_extension import KUBERNETES_EXTENSION
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {**EXTENSION_SPEC, **specs.of_kind(KUBERNETES_EXTENSION)}


def main() -> None:
    run(kubernetes_extension, SPEC)


if __name__ == "__main__":
    main()
