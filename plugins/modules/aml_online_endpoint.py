#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_online_endpoint
short_description: Manage an online endpoint of an Azure Machine Learning workspace
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Creates, updates and deletes online endpoints, managed by the service or on a Kubernetes compute target, and shares their traffic among their deployments.
  - Only declared options are managed. Omitted options keep their current values. In particular, O(traffic) that others have set stays as it is if it is
    not declared.
options:
  state:
    description:
      - V(present) creates the endpoint or updates it as declared.
      - V(absent) deletes it, and its deployments with it. An endpoint whose deployments get traffic is only deleted with O(force=true).
    type: str
    choices: [present, absent]
    default: present
  compute:
    description:
      - Kubernetes compute target that runs the deployments, as its name, C(azureml:NAME) or its resource id. If the option is not set, a new endpoint is
        managed by the service.
      - The older AKS compute target (inference cluster) is not supported by the service. Immutable.
    type: str
  auth_mode:
    description:
      - How requests are authenticated. V(key) by keys that do not expire, V(aml_token) by tokens of Azure Machine Learning, V(aad_token) by tokens of
        Microsoft Entra ID.
      - If the option is not set, a new endpoint has V(key), as with the Azure ML CLI.
    type: str
    choices: [key, aml_token, aad_token]
  identity:
    description:
      - Managed identity of the endpoint, with which its deployments read the model and the image. If the option is not set, a new endpoint has a
        system-assigned identity, which the service gives the needed permissions. Immutable.
    type: dict
    suboptions:
      type:
        description: Type of the identity.
        type: str
        required: true
        choices: [system_assigned, user_assigned]
      user_assigned_identities:
        description:
          - Resource ids of user-assigned identities, or mappings with C(resource_id). Required for V(user_assigned).
          - They need the roles C(AcrPull) on the container registry and C(Storage Blob Data Reader) on the storage account of the workspace.
        type: list
        elements: raw
  public_network_access:
    description:
      - Whether the endpoint can be reached from public networks. V(disabled) needs a private endpoint of the workspace.
    type: str
    choices: [enabled, disabled]
  traffic:
    description:
      - Percentage of the live traffic of each deployment. Deployments that the mapping does not name get none.
      - The values must sum to 100, or to 0 for an endpoint without traffic. Only deployments that exist can be named, so that it cannot be set when the
        endpoint is created. Null is the same as an empty mapping.
    type: dict
  expected_traffic:
    description:
      - Traffic that the endpoint must have, in the form of O(traffic), when the task changes it. If it has another one, because someone else has moved it,
        the task changes nothing and fails with the code C(ChangedMeanwhile).
      - A task that has nothing to change does not fail. An empty mapping is an endpoint without traffic. By default, any traffic is changed.
    type: dict
  mirror_traffic:
    description:
      - Percentage of the live traffic that is also sent to a deployment, whose answers are discarded. At most 50, to one deployment that gets no live
        traffic. Not supported on Kubernetes. Null is the same as an empty mapping.
    type: dict
  regenerate_keys:
    description:
      - Keys to regenerate, in every run and reported as a change, also in the plan. Clients that use the old key are refused from then on.
    type: list
    elements: str
    choices: [primary, secondary]
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.resources_created_earlier
  - azureml.compute.endpoint
  - azureml.compute.scope
  - azureml.compute.api_version
  - azureml.compute.tags
  - azureml.compute.wait
  - azureml.compute.state
  - azureml.compute.definition
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
notes:
  - The module never returns keys. M(azureml.compute.aml_online_endpoint_info) does on request.
  - An endpoint without deployments costs nothing. O(force=true) also lets O(state=absent) delete an endpoint that gets traffic.
seealso:
  - module: azureml.compute.aml_online_deployment
  - module: azureml.compute.aml_online_endpoint_info
  - name: Online endpoints
    description: Endpoints, deployments and traffic.
    link: https://learn.microsoft.com/azure/machine-learning/concept-endpoints-online
"""

EXAMPLES = r"""
- name: Create a managed endpoint with Microsoft Entra ID
  azureml.compute.aml_online_endpoint:
    resource_group: ml-prod
    workspace: ws-prod
    name: iris-prod
    auth_mode: aad_token
    tags:
      team: vision

- name: Create an endpoint on Kubernetes
  azureml.compute.aml_online_endpoint:
    resource_group: ml-prod
    workspace: ws-prod
    name: iris-k8s
    compute: inference

- name: Send a tenth of the traffic to the new deployment
  azureml.compute.aml_online_endpoint:
    resource_group: ml-prod
    workspace: ws-prod
    name: iris-prod
    traffic:
      blue: 90
      green: 10

- name: Send half of the traffic to it, unless someone else has moved the traffic
  azureml.compute.aml_online_endpoint:
    resource_group: ml-prod
    workspace: ws-prod
    name: iris-prod
    traffic:
      blue: 50
      green: 50
    expected_traffic:
      blue: 90
      green: 10

- name: Create an endpoint from YAML of the Azure ML CLI
  azureml.compute.aml_online_endpoint:
    resource_group: ml-prod
    workspace: ws-prod
    definition: "{{ lookup('ansible.builtin.file', 'endpoint.yml') }}"

- name: Regenerate the secondary key
  azureml.compute.aml_online_endpoint:
    resource_group: ml-prod
    workspace: ws-prod
    name: iris-prod
    regenerate_keys: [secondary]

- name: Stop the traffic
  azureml.compute.aml_online_endpoint:
    resource_group: ml-prod
    workspace: ws-prod
    name: iris-prod
    traffic: {}

- name: Delete an endpoint without traffic, with its deployments
  azureml.compute.aml_online_endpoint:
    resource_group: ml-prod
    workspace: ws-prod
    name: iris-prod
    state: absent
"""

RETURN = r"""
endpoint:
  description: The endpoint after the task, or in check mode as it would be. Null when it is deleted. It never contains keys.
  returned: success
  type: dict
  contains:
    id:
      description: Resource id of the endpoint.
      type: str
      returned: when it exists
      sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.MachineLearningServices/workspaces/ws-prod/onlineEndpoints/iris-prod
    name:
      description: Name in the workspace.
      type: str
      returned: always
      sample: iris-prod
    type:
      description: V(managed), or V(kubernetes) for an endpoint with a compute target.
      type: str
      returned: always
      sample: managed
    compute:
      description: Id of the Kubernetes compute target, if it has one.
      type: str
      returned: always
      sample: null
    auth_mode:
      description: How requests are authenticated.
      type: str
      returned: always
      sample: key
    location:
      description: Region.
      type: str
      returned: always
      sample: westeurope
    identity:
      description: Managed identity, with C(type), C(user_assigned_identities), C(principal_id), C(tenant_id) and the C(default) one.
      type: dict
      returned: always
      sample: {type: system_assigned, user_assigned_identities: [], principal_id: "0000", tenant_id: "0000"}
    description:
      description: Description.
      type: str
      returned: always
      sample: null
    tags:
      description: Tags.
      type: dict
      returned: always
      sample: {}
    properties:
      description: Properties, without those of the service.
      type: dict
      returned: always
      sample: {}
    public_network_access:
      description: Whether the endpoint can be reached from public networks.
      type: str
      returned: always
      sample: enabled
    traffic:
      description: Percentage of the traffic of each deployment.
      type: dict
      returned: always
      sample: {blue: 90, green: 10}
    mirror_traffic:
      description: Percentage of the traffic that is mirrored to a deployment.
      type: dict
      returned: always
      sample: {}
    scoring_uri:
      description: Address of scoring requests.
      type: str
      returned: always
      sample: https://iris-prod.westeurope.inference.ml.azure.com/score
    openapi_uri:
      description: Address of the description of the interface.
      type: str
      returned: always
      sample: https://iris-prod.westeurope.inference.ml.azure.com/swagger.json
    provisioning_state:
      description: State of the last operation, such as V(Succeeded), V(Updating) or V(Failed).
      type: str
      returned: when it exists
      sample: Succeeded
regenerated_keys:
  description: Keys that were regenerated, or in check mode would be. With O(wait=false), the regeneration of the last one may still be running.
  returned: when O(regenerate_keys) is set
  type: list
  elements: str
  sample: [secondary]
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

from ..module_utils._jobs.aml_online_endpoint import endpoint
from ..module_utils._jobs.workspace_resources import RESOURCE_SPEC
from ..module_utils._kinds.online_endpoint import ONLINE_ENDPOINT
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **RESOURCE_SPEC,
    **specs.of_kind(ONLINE_ENDPOINT),
    "regenerate_keys": {"type": "list", "elements": "str", "choices": ["primary", "secondary"], "no_log": False},
    **specs.CREATED_EARLIER_SPEC,
}


def main() -> None:
    run(endpoint, SPEC, definition=("online_endpoint",))


if __name__ == "__main__":
    main()
