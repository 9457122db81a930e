#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_role_assignment
short_description: Manage a role assignment on an Azure Machine Learning workspace or any other scope
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Assigns a role to a user, a group, a service principal or a managed identity, on a workspace, its storage account, a registry or any other scope.
  - Azure considers two assignments of one role to one principal at one scope as equal. An existing assignment is therefore recognized under any name, and not
    created again. The name of a new one is derived from the three.
  - Other assignments are not changed. An assignment that is inherited from a wider scope is not one of this scope.
options:
  scope:
    description:
      - Id of the resource, resource group or subscription on which the role is assigned. Defaults to the workspace of O(resource_group) and O(workspace).
    type: str
  role:
    description:
      - The role, by its name such as V(AzureML Data Scientist), V(AzureML Compute Operator), V(Reader) or V(Storage Blob Data Contributor), by its GUID, or by
        the id of its definition. Any other name is that of a custom role, or of a built-in one that is not in the list, whose definition is looked up
        with one more request. Immutable, because another role is another role assignment.
      - The names that are known are V(AcrPull), V(AcrPush), V(Azure AI Developer), V(Azure AI Enterprise Network Connection Approver), V(Azure Kubernetes
        Service Cluster Admin Role), V(Azure Machine Learning Workspace Connection Secrets Reader), V(AzureML Compute Operator), V(AzureML Data
        Scientist), V(AzureML Registry User), V(Cognitive Services OpenAI Contributor), V(Cognitive Services OpenAI User), V(Contributor), V(Key Vault
        Administrator), V(Key Vault Secrets User), V(Kubernetes Extension Contributor), V(Managed Identity Operator), V(Network Contributor), V(Owner),
        V(Reader), V(Storage Blob Data Contributor), V(Storage Blob Data Reader), V(Storage File Data Privileged Contributor) and V(User Access
        Administrator).
    type: str
    required: true
  principal_id:
    description:
      - Object id of the user, the group, the service principal or the managed identity. It is not the id of an application.
      - Immutable.
    type: str
    required: true
  principal_type:
    description:
      - Type of the principal. Set it if the principal was just created, so that the service does not search it in a directory that does not have it yet.
      - Immutable, because it is a fact of the directory.
    type: str
    choices: [user, group, service_principal, foreign_group, device]
  description:
    description: Description of the role assignment.
    type: str
  condition:
    description: Condition that restricts the role assignment, in the language of version 2.0.
    type: str
  propagation_timeout:
    description:
      - Maximum number of seconds in which a principal that the directory does not know yet is tried again. The service then answers C(PrincipalNotFound).
    type: int
    default: 300
  state:
    description:
      - V(present) assigns the role.
      - V(absent) removes the assignment of this role to this principal at this scope, whoever made it.
    type: str
    choices: [present, absent]
    default: present
  keep_others:
    description:
      - With O(state=absent), whether to keep an assignment that has another name than the one that this module derives, because it was made in another way.
        The task then warns and reports no change.
    type: bool
    default: false
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.scope.optional
  - azureml.compute.wait
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
notes:
  - The identity that runs the task needs permission to assign roles, such as Role Based Access Control Administrator.
  - The task waits until the assignment is listed. It can take some minutes until all services observe it.
seealso:
  - module: azureml.compute.aml_role_assignment_info
  - module: azureml.compute.aml_workspace
  - name: Manage access to Azure Machine Learning workspaces
    description: Roles for workspaces, and what they permit.
    link: https://learn.microsoft.com/azure/machine-learning/how-to-assign-roles
"""

EXAMPLES = r"""
- name: Let a group work in a workspace
  azureml.compute.aml_role_assignment:
    resource_group: ml-prod
    workspace: ws-prod
    role: AzureML Data Scientist
    principal_id: "{{ team_object_id }}"
    principal_type: group

- name: Let an identity read data
  azureml.compute.aml_role_assignment:
    scope: "{{ storage_account_id }}"
    role: Storage Blob Data Reader
    principal_id: "{{ aml_identity_ids.trainer.principal_id }}"
    principal_type: service_principal

- name: Remove a person from a workspace
  azureml.compute.aml_role_assignment:
    resource_group: ml-prod
    workspace: ws-prod
    role: AzureML Data Scientist
    principal_id: "{{ person_object_id }}"
    state: absent
"""

RETURN = r"""
role_assignment:
  description: The role assignment after the task, or in check mode as it would be. Null when it is removed.
  returned: success
  type: dict
  contains:
    id:
      description: Resource id of the role assignment.
      type: str
      returned: always
      sample: .../workspaces/ws-prod/providers/Microsoft.Authorization/roleAssignments/11111111-0000-4000-8000-000000000001
    name:
      description: Name, a GUID.
      type: str
      returned: always
      sample: 11111111-0000-4000-8000-000000000001
    scope:
      description: Id of the scope.
      type: str
      returned: always
      sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.MachineLearningServices/workspaces/ws-prod
    role:
      description: Name of the role, or the id of its definition if it is not one of the names that the module knows.
      type: str
      returned: always
      sample: AzureML Data Scientist
    principal_id:
      description: Object id of the principal.
      type: str
      returned: always
      sample: 11111111-0000-4000-8000-00000000000f
    principal_type:
      description: Type of the principal.
      type: str
      returned: always
      sample: group
    description:
      description: Description.
      type: str
      returned: always
      sample: null
    condition:
      description: Condition.
      type: str
      returned: always
      sample: null
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

from ..module_utils._jobs.aml_role_assignment import role_assignment
from ..module_utils._kinds.role_assignment import ROLE_ASSIGNMENT
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    "scope": {"type": "str"},
    "resource_group": {"type": "str"},
    "workspace": {"type": "str", "aliases": specs.WORKSPACE_ALIASES},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
    "keep_others": {"type": "bool", "default": False},
    **specs.WAIT_SPEC,
    **specs.of_kind(ROLE_ASSIGNMENT),
}


def main() -> None:
    run(role_assignment, SPEC)


if __name__ == "__main__":
    main()
