#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_online_endpoint_info
short_description: Gather information about the online endpoints of an Azure Machine Learning workspace
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Reads one online endpoint by name, or all online endpoints of a workspace, on request with their deployments and keys.
  - If the name does not exist, the list is empty, and the task does not fail.
options:
  name:
    description: Name of one endpoint. Defaults to all endpoints.
    type: str
  deployments:
    description: Whether the deployments of each endpoint are read too, with one more request for each endpoint.
    type: bool
    default: false
  show_keys:
    description:
      - Whether the keys of endpoints with V(key), and a token for endpoints with V(aml_token), are read and returned.
      - Refused unless the task has C(no_log=true), so that they are not printed.
    type: bool
    default: false
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.scope
  - azureml.compute.show_variables
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.aml_online_endpoint
  - module: azureml.compute.aml_online_deployment
"""

EXAMPLES = r"""
- name: Find deployments that have failed and still cost money
  azureml.compute.aml_online_endpoint_info:
    resource_group: ml-prod
    workspace: ws-prod
    deployments: true
  register: result

- name: Show them
  ansible.builtin.debug:
    msg: >-
      {{ result.endpoints | map(attribute='deployments') | flatten
      | selectattr('provisioning_state', 'equalto', 'Failed') | map(attribute='id') }}

- name: Read the keys of an endpoint
  azureml.compute.aml_online_endpoint_info:
    resource_group: ml-prod
    workspace: ws-prod
    name: iris-prod
    show_keys: true
  no_log: true
  register: scoring
"""

RETURN = r"""
endpoints:
  description: The endpoints.
  returned: success
  type: list
  elements: dict
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
    primary_key:
      description: First key; null for endpoints without keys.
      type: str
      returned: with O(show_keys=true)
      sample: "..."
    secondary_key:
      description: Second key; null for endpoints without keys.
      type: str
      returned: with O(show_keys=true)
      sample: "..."
    token:
      description: A token of Azure Machine Learning; null for endpoints that take none.
      type: str
      returned: with O(show_keys=true)
      sample: null
    deployments:
      description: The deployments.
      type: list
      elements: dict
      returned: with O(deployments=true)
      contains:
        id:
          description: Resource id of the deployment.
          type: str
          returned: when it exists
          sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.MachineLearningServices/workspaces/ws/onlineEndpoints/iris/deployments/blue
        name:
          description: Name in the endpoint.
          type: str
          returned: always
          sample: blue
        endpoint_name:
          description: Name of the endpoint.
          type: str
          returned: always
          sample: iris-prod
        type:
          description: Whether the service or a Kubernetes cluster runs it.
          type: str
          returned: always
          sample: managed
        location:
          description: Region.
          type: str
          returned: always
          sample: westeurope
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
        model:
          description: Id of the model.
          type: str
          returned: always
          sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.MachineLearningServices/workspaces/ws/models/iris/versions/3
        model_mount_path:
          description: Path of the model in a custom container.
          type: str
          returned: always
          sample: null
        environment:
          description: Id of the environment.
          type: str
          returned: always
          sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.MachineLearningServices/workspaces/ws/environments/sklearn/versions/1
        code_configuration:
          description: The C(code) and its C(scoring_script).
          type: dict
          returned: always
          sample: {code: null, scoring_script: null}
        instance_type:
          description: Size of the virtual machines, or instance type of the Kubernetes compute.
          type: str
          returned: always
          sample: Standard_D4s_v3
        instance_count:
          description: Number of instances.
          type: int
          returned: always
          sample: 3
        app_insights_enabled:
          description: Whether Application Insights gets logs.
          type: bool
          returned: always
          sample: false
        scale_settings:
          description: How it is scaled.
          type: dict
          returned: always
          sample: {type: default}
        request_settings:
          description: How requests are handled.
          type: dict
          returned: always
          sample: {request_timeout_ms: 5000, max_concurrent_requests_per_instance: 1, max_queue_wait_ms: 0}
        liveness_probe:
          description: The liveness probe.
          type: dict
          returned: always
          sample: {failure_threshold: 30, success_threshold: 1, timeout: 2, period: 10, initial_delay: 10}
        readiness_probe:
          description: The readiness probe.
          type: dict
          returned: always
          sample: {failure_threshold: 30, success_threshold: 1, timeout: 2, period: 10, initial_delay: 10}
        environment_variables:
          description: Environment variables, those that the service adds included. Values are masked unless O(show_variables) names them.
          type: dict
          returned: always
          sample: {LOG_LEVEL: info}
        egress_public_network_access:
          description: Whether the deployment can reach public addresses.
          type: str
          returned: always
          sample: enabled
        resources:
          description: Requests and limits of the container on Kubernetes.
          type: dict
          returned: always
          sample: {requests: {cpu: null, memory: null, gpu: null}, limits: {cpu: null, memory: null, gpu: null}}
        provisioning_state:
          description: State of the last operation, such as V(Succeeded), V(Updating) or V(Failed).
          type: str
          returned: when it exists
          sample: Succeeded
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

from ..module_utils._jobs.aml_online_endpoint_info import gather
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **specs.SCOPE_SPEC,
    **specs.API_VERSION_SPEC,
    **specs.SHOW_VARIABLES_SPEC,
    "name": {"type": "str"},
    "deployments": {"type": "bool", "default": False},
    "show_keys": {"type": "bool", "default": False, "no_log": False},
}


def main() -> None:
    run(gather, SPEC)


if __name__ == "__main__":
    main()
