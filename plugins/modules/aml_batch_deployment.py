#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_batch_deployment
short_description: Manage a deployment of a batch endpoint of Azure Machine Learning
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Creates, updates and deletes deployments of a batch endpoint, which run a registered model on the nodes of a compute target of the workspace.
  - Only declared options are managed. Omitted options keep their current values.
  - Deployments of pipeline components are not managed, and are left as they are.
options:
  state:
    description:
      - V(present) creates the deployment or updates it as declared. One whose last operation has failed is written again.
      - V(absent) deletes it. The default deployment of its endpoint is refused; set another default first. The compute target stays.
    type: str
    choices: [present, absent]
    default: present
  model:
    description:
      - Registered model, by version. C(azureml:NAME:VERSION) is one of the workspace, C(azureml://registries/REGISTRY/models/NAME/versions/VERSION) one of
        a registry, and the id of a version is permitted too. Labels such as C(@latest) are refused, because the same declaration would mean different
        models. Required to create a deployment.
    type: str
  code_configuration:
    description: Code that runs the model. Null removes it. Not needed for models of MLflow.
  compute:
    description:
      - Compute target that runs the jobs, a compute cluster or a Kubernetes cluster of the workspace, as its name, C(azureml:NAME) or its resource id. It
        must exist. Required to create a deployment.
    type: str
  resources:
    description: Resources of a job.
    type: dict
    suboptions:
      instance_count:
        description: Number of nodes of a job. Must be 1 or greater. Defaults to 1 in the service. More than the cluster can have are never all used.
        type: int
  settings:
    description: How jobs run the model.
    type: dict
    suboptions:
      mini_batch_size:
        description: Number of files of a mini-batch, or size of its records in bytes for tables. Must be 1 or greater. Defaults to 10 in the service.
        type: int
      max_concurrency_per_instance:
        description: Number of processes on a node. Must be 1 or greater. Defaults to 1 in the service.
        type: int
      error_threshold:
        description: Number of failures after which a job is ended. V(-1), the default of the service, ignores all failures.
        type: int
      retry_settings:
        description: How a failed mini-batch is repeated.
        type: dict
        suboptions:
          max_retries:
            description: Most repetitions. Must be 0 or greater. Defaults to 3 in the service.
            type: int
          timeout:
            description: Seconds after which a mini-batch has failed. Must be 1 or greater. Defaults to 30 in the service.
            type: int
      logging_level:
        description: How much is logged. Defaults to V(info) in the service.
        type: str
        choices: [warning, info, debug]
      output_action:
        description: V(append_row), the default of the service, puts all outputs into one file. V(summary_only) leaves outputs to the script.
        type: str
        choices: [append_row, summary_only]
      output_file_name:
        description: Name of the file of V(append_row). Defaults to V(predictions.csv) in the service.
        type: str
      environment_variables:
        description:
          - Environment variables of the jobs. Only the declared names are managed. A null value removes one, and null instead of the mapping all. Values
            are masked in results, unless O(show_variables) names them.
        type: dict
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.resources_created_earlier
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
  - A deployment costs nothing. Its jobs cost the nodes of the compute target on which they run.
  - The region is decided when a deployment is created. All other options change in place, for jobs that start afterwards.
seealso:
  - module: azureml.compute.aml_batch_endpoint
  - module: azureml.compute.aml_batch_endpoint_info
  - module: azureml.compute.aml_compute_cluster
  - name: Deploy models to batch endpoints
    description: Deployments of models.
    link: https://learn.microsoft.com/azure/machine-learning/how-to-use-batch-model-deployments
"""

EXAMPLES = r"""
- name: Deploy a registered model of MLflow to a compute cluster
  azureml.compute.aml_batch_deployment:
    resource_group: ml-prod
    workspace: ws-prod
    endpoint_name: iris-batch
    name: blue
    model: azureml:iris:3
    compute: cpu-cluster
    resources:
      instance_count: 2

- name: Use more processes on each node
  azureml.compute.aml_batch_deployment:
    resource_group: ml-prod
    workspace: ws-prod
    endpoint_name: iris-batch
    name: blue
    settings:
      max_concurrency_per_instance: 4
      retry_settings:
        timeout: 120

- name: Delete a deployment that is not the default
  azureml.compute.aml_batch_deployment:
    resource_group: ml-prod
    workspace: ws-prod
    endpoint_name: iris-batch
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
      sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.MachineLearningServices/workspaces/ws/batchEndpoints/iris/deployments/blue
    name:
      description: Name in the endpoint.
      type: str
      returned: always
      sample: blue
    endpoint_name:
      description: Name of the endpoint.
      type: str
      returned: always
      sample: iris-batch
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
    environment:
      description: Id of the environment.
      type: str
      returned: always
      sample: null
    code_configuration:
      description: The C(code) and its C(scoring_script).
      type: dict
      returned: always
      sample: {code: null, scoring_script: null}
    compute:
      description: Id of the compute target.
      type: str
      returned: always
      sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.MachineLearningServices/workspaces/ws/computes/cpu-cluster
    resources:
      description: The C(instance_count), the number of nodes of a job.
      type: dict
      returned: always
      sample: {instance_count: 2}
    settings:
      description: How jobs run the model. Values of C(environment_variables) are masked unless O(show_variables) names them.
      type: dict
      returned: always
      sample: {mini_batch_size: 10, max_concurrency_per_instance: 1, error_threshold: -1, output_action: append_row}
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

from ..module_utils._jobs.aml_batch_deployment import deployment
from ..module_utils._jobs.workspace_resources import RESOURCE_SPEC
from ..module_utils._kinds.batch_deployment import BATCH_DEPLOYMENT
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **RESOURCE_SPEC,
    **specs.SHOW_VARIABLES_SPEC,
    **specs.of_kind(BATCH_DEPLOYMENT),
    "endpoint_name": {"type": "str", "required": True},
    **specs.CREATED_EARLIER_SPEC,
}


def main() -> None:
    run(deployment, SPEC, definition=("batch_deployment",))


if __name__ == "__main__":
    main()
