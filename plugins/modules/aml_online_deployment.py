#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_online_deployment
short_description: Manage a deployment of an online endpoint of Azure Machine Learning
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Creates, updates and deletes deployments of an online endpoint, which run a registered model on virtual machines of the service or on Kubernetes.
  - Only declared options are managed. Omitted options keep their current values.
  - A deployment gets no traffic until M(azureml.compute.aml_online_endpoint) sends it some.
options:
  state:
    description:
      - V(present) creates the deployment or updates it as declared. One whose last operation has failed is written again.
      - V(absent) deletes it. A deployment that gets traffic, or mirrored traffic, is refused; move the traffic first.
    type: str
    choices: [present, absent]
    default: present
  type:
    description: Type of the deployment. Defaults to that of the endpoint, which it must be. Immutable.
    type: str
    choices: [managed, kubernetes]
  model:
    description:
      - Registered model, by version. C(azureml:NAME:VERSION) is one of the workspace, C(azureml://registries/REGISTRY/models/NAME/versions/VERSION) one of
        a registry, and the id of a version is permitted too. Labels such as C(@latest) are refused, because the same declaration would mean different
        models. Null removes it, for an environment that contains the model.
    type: str
  model_mount_path:
    description: Path at which the model is mounted in a custom container. Null removes it.
    type: str
  code_configuration:
    description: Code that answers the requests. Null removes it. Not needed for models of MLflow and for custom containers.
  instance_type:
    description:
      - Size of the virtual machines, such as V(Standard_D4s_v3); on Kubernetes the name of an instance type of the compute target.
      - Required to create a managed deployment.
    type: str
  instance_count:
    description:
      - Number of instances. Must be 1 or greater. Three or more are recommended in production. Required to create a deployment.
      - Where autoscale settings of Azure Monitor change the number, omit it once the deployment exists. Each task with it sets the declared number again.
    type: int
  app_insights_enabled:
    description: Whether Application Insights gets logs of the requests.
    type: bool
  scale_settings:
    description: How the deployment is scaled.
    type: dict
    suboptions:
      type:
        description: V(default) keeps O(instance_count). V(target_utilization) scales by the load, on Kubernetes only.
        type: str
        choices: [default, target_utilization]
      min_instances:
        description: Fewest instances. Must be 0 or greater. On Kubernetes only.
        type: int
      max_instances:
        description: Most instances. Must be 1 or greater. On Kubernetes only.
        type: int
      polling_interval:
        description: Seconds between two decisions. Must be 1 or greater. On Kubernetes only.
        type: int
      target_utilization_percentage:
        description: Load of the processors to reach, from 1 to 100. On Kubernetes only.
        type: int
  request_settings:
    description: How requests are handled.
    type: dict
    suboptions:
      request_timeout_ms:
        description: Milliseconds after which a request has failed. Must be 1 or greater. The service limits it to 180000 for managed deployments.
        type: int
      max_concurrent_requests_per_instance:
        description: Requests that an instance answers at the same time. Must be 1 or greater.
        type: int
      max_queue_wait_ms:
        description: Milliseconds that a request waits for an instance. Must be 0 or greater. Deprecated by the service for managed deployments.
        type: int
  liveness_probe:
    description: Probe that restarts an unhealthy container.
    type: dict
    suboptions: &probe
      failure_threshold:
        description: Failures after which the container counts as unhealthy. Must be 1 or greater.
        type: int
      success_threshold:
        description: Successes after which the container counts as healthy. Must be 1 or greater.
        type: int
      timeout:
        description: Seconds after which a probe has failed. Must be 1 or greater.
        type: int
      period:
        description: Seconds between two probes. Must be 1 or greater.
        type: int
      initial_delay:
        description: Seconds before the first probe. Must be 0 or greater.
        type: int
  readiness_probe:
    description: Probe that decides whether a container gets requests.
    type: dict
    suboptions: *probe
  startup_probe:
    description:
      - Probe that decides whether the container has started. The other probes begin after it. The Azure ML CLI has no such field.
    type: dict
    suboptions: *probe
  data_collector:
    description: Which requests and answers are collected in the storage account of the workspace, for monitoring.
    type: dict
    suboptions:
      collections:
        description:
          - What is collected, by name. C(request) and C(response) are the payloads; the scoring script logs collections of other names itself.
          - Each has C(enabled), and optionally C(data), the registered data asset to collect in, as C(azureml:NAME:VERSION) or its id, and C(client_id), the
            client id of the managed identity that writes. If that is not set, the service uses an identity of the endpoint.
          - The mapping is the complete list. Null collects nothing. Required for the other options of O(data_collector).
        type: dict
      rolling_rate:
        description: How often a new folder is begun.
        type: str
        choices: [minute, hour, day]
      sampling_rate:
        description: Share of the requests that is collected, from 0 to 1, of each collection.
        type: float
      request_logging:
        description: What is collected with the payloads.
        type: dict
        suboptions:
          capture_headers:
            description: Headers of the requests. Null or an empty list collects none.
            type: list
            elements: str
  environment_variables:
    description:
      - Environment variables of the container. Only the declared names are managed. A null value removes one, and null instead of the mapping all but
        those that the service adds. Values are masked in results, unless O(show_variables) names them.
    type: dict
  egress_public_network_access:
    description:
      - Whether a managed deployment can reach public addresses. V(disabled) belongs to the older network isolation by private endpoints of the workspace;
        in a workspace with a managed network, that network decides. Immutable.
    type: str
    choices: [enabled, disabled]
  resources:
    description: Resources of the container, on Kubernetes only.
    type: dict
    suboptions:
      requests:
        description: Requests of the container.
        type: dict
        suboptions: &quantities
          cpu:
            description: Number of cores, as Kubernetes writes it.
            type: str
          memory:
            description: Memory, as Kubernetes writes it, such as V(2Gi).
            type: str
          gpu:
            description: Number of Nvidia GPUs.
            type: str
      limits:
        description: Limits of the container.
        type: dict
        suboptions: *quantities
  log_lines:
    description:
      - Number of lines from the end of the container's log that are part of RV(failure) when the deployment fails. V(0) reads none.
    type: int
    default: 50
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.deployment
  - azureml.compute.show_variables
  - azureml.compute.scope
  - azureml.compute.api_version
  - azureml.compute.tags
  - azureml.compute.wait
  - azureml.compute.state
  - azureml.compute.definition
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
notes:
  - Type, region and egress are decided when a deployment is created. All other options change in place. The service rolls a change out instance by
    instance, so that an O(instance_count) of 1 can interrupt the answers for a moment. For a new model, a second deployment next to the old one is safer.
  - A deployment that has failed keeps its virtual machines and their cost until it is deleted or works. It is deleted only by a task with its name.
seealso:
  - module: azureml.compute.aml_online_endpoint
  - module: azureml.compute.aml_online_endpoint_info
  - name: Deploy a model to an online endpoint
    description: Managed and Kubernetes deployments.
    link: https://learn.microsoft.com/azure/machine-learning/how-to-deploy-online-endpoints
"""

EXAMPLES = r"""
- name: Deploy a registered model of MLflow
  azureml.compute.aml_online_deployment:
    resource_group: ml-prod
    workspace: ws-prod
    endpoint_name: iris-prod
    name: blue
    model: azureml:iris:3
    instance_type: Standard_D4s_v3
    instance_count: 3

- name: Deploy a model with its own script and environment
  azureml.compute.aml_online_deployment:
    resource_group: ml-prod
    workspace: ws-prod
    endpoint_name: iris-prod
    name: green
    model: azureml:iris:4
    environment: azureml:sklearn:1
    code_configuration:
      code: azureml:scoring:1
      scoring_script: score.py
    environment_variables:
      LOG_LEVEL: info
    instance_type: Standard_D4s_v3
    instance_count: 3
    request_settings:
      request_timeout_ms: 10000

- name: Scale out
  azureml.compute.aml_online_deployment:
    resource_group: ml-prod
    workspace: ws-prod
    endpoint_name: iris-prod
    name: blue
    instance_count: 5

- name: Delete a deployment without traffic
  azureml.compute.aml_online_deployment:
    resource_group: ml-prod
    workspace: ws-prod
    endpoint_name: iris-prod
    name: blue
    state: absent
"""

RETURN = r"""
deployment:
  description: The deployment after the task, or in check mode as it would be. Null when it is deleted.
  returned: success
  type: dict
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
    startup_probe:
      description: The startup probe.
      type: dict
      returned: always
      sample: {failure_threshold: null, success_threshold: null, timeout: null, period: null, initial_delay: null}
    data_collector:
      description: What is collected of requests and answers. C(sampling_rate) is null if the collections have different ones.
      type: dict
      returned: always
      sample: {collections: {request: {enabled: true}}, rolling_rate: hour, sampling_rate: 1.0, request_logging: {capture_headers: null}}
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

from ..module_utils._jobs.aml_online_deployment import deployment
from ..module_utils._jobs.workspace_resources import RESOURCE_SPEC
from ..module_utils._kinds.online_deployment import ONLINE_DEPLOYMENT
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **RESOURCE_SPEC,
    **specs.SHOW_VARIABLES_SPEC,
    **specs.of_kind(ONLINE_DEPLOYMENT),
    "endpoint_name": {"type": "str", "required": True},
    "log_lines": {"type": "int", "default": 50},
}


def main() -> None:
    run(deployment, SPEC, definition=("online_deployment",))


if __name__ == "__main__":
    main()
