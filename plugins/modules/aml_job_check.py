#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_job_check
short_description: Manage the check that a job runs on a compute target
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Runs one small command job on a compute target, waits until it has completed, and returns how long it was queued and how long it ran. If the job fails,
    the task fails.
  - A workspace that has been created is not yet a workspace that works. A job also needs a node, the image of its environment, the network and the identities.
  - A check that is not over is continued, and one that completed recently counts. See O(max_age). In other cases, a new job is created.
  - The task cancels and deletes no job, also if its own wait ends.
options:
  compute:
    description:
      - Name of the compute target. It must be a compute cluster, a compute instance that is not stopped, or an attached Kubernetes cluster. The service runs
        no command jobs on other types.
    type: str
    required: true
  command:
    description:
      - Command line that the job executes. It must end with the exit code 0.
      - It is visible to everyone who can read the jobs of the workspace, so it must not contain secrets.
    type: str
    default: echo ok
  environment:
    description:
      - Environment of the job, in one of the forms C(azureml://registries/REGISTRY/environments/NAME/versions/VERSION), for example one of the curated
        environments in the registry C(azureml), and C(azureml:NAME:VERSION) for an environment of the workspace.
      - A version is required. Azure Resource Manager does not resolve labels such as C(latest).
      - In a workspace without access to the internet, set an environment whose image the compute target can pull.
    type: str
    default: azureml://registries/azureml/environments/sklearn-1.5/versions/41
  experiment_name:
    description: Experiment in which Azure Machine Learning studio lists the job.
    type: str
    default: aml_job_check
  limits:
    description: Limits of the job.
    type: dict
    suboptions:
      timeout:
        description: Seconds that the job may run. After that, the service cancels it. The time in the queue does not count. Defaults to V(600).
        type: int
  max_age:
    description:
      - Seconds after its end for which a completed job counts as the check. It is returned, and no other job is started. It must have the same command and
        environment, and must have been created after the compute target.
      - V(0) starts a job in each run, unless an earlier one is not over.
    type: int
    default: 86400
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.scope
  - azureml.compute.api_version
  - azureml.compute.wait
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
attributes:
  check_mode:
    description: Returns the job that a run would create, and creates none. Does not wait for a job that is not over.
    support: full
  idempotent:
    description: A second run within O(max_age) creates no job.
    support: full
notes:
  - A check allocates a node if the cluster has none that is free. The node costs money until the cluster releases it after its idle time.
  - The jobs are named C(check-COMPUTE-NUMBER) and have the tag C(aml_job_check). Deleting or archiving them is up to you.
seealso:
  - module: azureml.compute.aml_compute_cluster
  - module: azureml.compute.aml_workspace_diagnose_info
  - name: Train models with Azure Machine Learning
    description: Jobs, their states and their logs.
    link: https://learn.microsoft.com/azure/machine-learning/how-to-train-model
"""

EXAMPLES = r"""
- name: Check that jobs run on a cluster
  azureml.compute.aml_job_check:
    resource_group: ml-prod
    workspace: ws-prod
    compute: cpu-cluster
  register: result

- name: Show how long the job waited for a node
  ansible.builtin.debug:
    msg: "{{ result.job.queue_seconds }} s in the queue, {{ result.job.duration_seconds }} s for the job"

- name: Check in each run that the GPUs are visible, and wait up to an hour for a node
  azureml.compute.aml_job_check:
    resource_group: ml-prod
    workspace: ws-prod
    compute: gpu-cluster
    command: nvidia-smi
    environment: azureml://registries/azureml/environments/acpt-pytorch-2.2-cuda12.1/versions/1
    max_age: 0
    wait_timeout: 3600

- name: Start the checks of several clusters, which then run at the same time
  azureml.compute.aml_job_check:
    resource_group: ml-prod
    workspace: ws-prod
    compute: "{{ item }}"
    wait: false
  loop: [cpu-cluster, gpu-cluster]
"""

RETURN = r"""
job:
  description: The job that is the check, or in check mode the one that would be created.
  returned: success, and when the job fails or the wait for it ends
  type: dict
  contains:
    id:
      description: Resource id of the job.
      type: str
      returned: always
      sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.MachineLearningServices/workspaces/ws-prod/jobs/check-cpu-cluster-1
    name:
      description: Name of the job.
      type: str
      returned: always
      sample: check-cpu-cluster-1
    compute:
      description: Compute target that it runs on.
      type: str
      returned: always
      sample: cpu-cluster
    command:
      description: Command line of the job.
      type: str
      returned: always
      sample: echo ok
    environment:
      description: Environment of the job, as the service names it.
      type: str
      returned: always
      sample: azureml://registries/azureml/environments/sklearn-1.5/versions/41
    experiment_name:
      description: Experiment in which the studio lists it.
      type: str
      returned: always
      sample: aml_job_check
    status:
      description: The service's status, such as V(Queued), V(Running), V(Completed), V(Failed) or V(Canceled). Null for a job that is only planned.
      type: str
      returned: always
      sample: Completed
    created_at:
      description: When the job was created, as the service writes it.
      type: str
      returned: always
      sample: "2026-11-29T10:00:00.1234567+00:00"
    started_at:
      description: When the command was started, in UTC. Null if the service has not reported it.
      type: str
      returned: always
      sample: "2026-11-29T10:03:20Z"
    ended_at:
      description: When the command ended, in UTC. Null if the service has not reported it.
      type: str
      returned: always
      sample: "2026-11-29T10:03:42Z"
    queue_seconds:
      description: Seconds from the creation to the start, in which the service prepares the image and a node. Null if the start is not known.
      type: int
      returned: always
      sample: 200
    duration_seconds:
      description: Seconds from the start to the end. Null if one of them is not known.
      type: int
      returned: always
      sample: 22
    studio_url:
      description: Page of the job in Azure Machine Learning studio, with its logs.
      type: str
      returned: always
      sample: https://ml.azure.com/runs/check-cpu-cluster-1?wsid=/subscriptions/0000/resourcegroups/ml-prod/workspaces/ws-prod
failures:
  description:
    - One entry for each item of a list that does not have the documented structure. The result contains all other items, and a warning names each.
    - An entry has the keys of RV(failure). Its C(details) name the C(place), and the C(expected) and the C(found) type.
  returned: when an item cannot be read
  type: list
  elements: dict
  sample:
    - code: UnexpectedAnswer
      message: "The answer about .../computes/cpu-cluster cannot be read: properties must be a mapping, and is a list."
      details: {place: properties, expected: mapping, found: list}
      status: null
      request_id: null
      target: .../computes/cpu-cluster
      hint: ...
      url: https://github.com/azureml-compute/azureml.compute/blob/main/docs/errors.md#unexpectedanswer
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

from ..module_utils._jobs.aml_job_check import check
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **specs.SCOPE_SPEC,
    "compute": {"type": "str", "required": True},
    "command": {"type": "str", "default": "echo ok"},
    "environment": {"type": "str", "default": "azureml://registries/azureml/environments/sklearn-1.5/versions/41"},
    "experiment_name": {"type": "str", "default": "aml_job_check"},
    "limits": {"type": "dict", "options": {"timeout": {"type": "int"}}},
    "max_age": {"type": "int", "default": 86400},
    **specs.WAIT_SPEC,
    **specs.API_VERSION_SPEC,
}


def main() -> None:
    run(check, SPEC)


if __name__ == "__main__":
    main()
