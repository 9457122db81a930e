#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_batch_endpoint
short_description: Manage a batch endpoint of an Azure Machine Learning workspace
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Creates, updates and deletes batch endpoints, whose requests start jobs of inference on the compute targets of their deployments.
  - Only declared options are managed. Omitted options keep their current values.
options:
  state:
    description:
      - V(present) creates the endpoint or updates it as declared.
      - V(absent) deletes it, and its deployments with it. Their compute targets stay.
    type: str
    choices: [present, absent]
    default: present
  auth_mode:
    description: How requests are authenticated. V(aad_token), by tokens of Microsoft Entra ID, is the only mode of the service and the default.
    type: str
    choices: [aad_token]
  defaults:
    description: What a request gets that names nothing else.
    type: dict
    suboptions:
      deployment_name:
        description:
          - Name of the deployment that runs the jobs of requests without one. It must exist, so that it cannot be set when the endpoint is created. Null
            removes it.
        type: str
extends_documentation_fragment:
  - azureml.compute.auth
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
  - A batch endpoint costs nothing. Its jobs cost the nodes of the compute targets on which they run.
seealso:
  - module: azureml.compute.aml_batch_deployment
  - module: azureml.compute.aml_batch_endpoint_info
  - name: Batch endpoints
    description: Endpoints, deployments and jobs.
    link: https://learn.microsoft.com/azure/machine-learning/concept-endpoints-batch
"""

EXAMPLES = r"""
- name: Create a batch endpoint
  azureml.compute.aml_batch_endpoint:
    resource_group: ml-prod
    workspace: ws-prod
    name: iris-batch
    tags:
      team: vision

- name: Let a deployment run the jobs of requests that name none
  azureml.compute.aml_batch_endpoint:
    resource_group: ml-prod
    workspace: ws-prod
    name: iris-batch
    defaults:
      deployment_name: blue

- name: Delete an endpoint with its deployments
  azureml.compute.aml_batch_endpoint:
    resource_group: ml-prod
    workspace: ws-prod
    name: iris-batch
    state: absent
"""

RETURN = r"""
endpoint:
  description: The endpoint after the task, or in check mode as it would be. Null when it is deleted.
  returned: success
  type: dict
  contains:
    id:
      description: Resource id of the endpoint.
      type: str
      returned: when it exists
      sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.MachineLearningServices/workspaces/ws-prod/batchEndpoints/iris-batch
    name:
      description: Name in the workspace.
      type: str
      returned: always
      sample: iris-batch
    auth_mode:
      description: How requests are authenticated.
      type: str
      returned: always
      sample: aad_token
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
    properties:
      description: Properties, without those of the service.
      type: dict
      returned: always
      sample: {}
    defaults:
      description: The C(deployment_name) of the default deployment.
      type: dict
      returned: always
      sample: {deployment_name: blue}
    scoring_uri:
      description: Address of the requests that start jobs.
      type: str
      returned: always
      sample: https://iris-batch.westeurope.inference.ml.azure.com/jobs
    openapi_uri:
      description: Address of the description of the interface.
      type: str
      returned: always
      sample: null
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

from ..module_utils._jobs.aml_batch_endpoint import endpoint
from ..module_utils._jobs.workspace_resources import RESOURCE_SPEC
from ..module_utils._kinds.batch_endpoint import BATCH_ENDPOINT
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {**RESOURCE_SPEC, **specs.of_kind(BATCH_ENDPOINT)}


def main() -> None:
    run(endpoint, SPEC, definition=("batch_endpoint",))


if __name__ == "__main__":
    main()
