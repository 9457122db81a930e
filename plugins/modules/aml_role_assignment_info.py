#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_role_assignment_info
short_description: Gather information about who has which role on an Azure Machine Learning workspace or any other scope
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Reads the role assignments that are effective at a scope, those that are inherited from a wider scope included. Role assignments at narrower scopes, such as
    single endpoints of a workspace, are not part of the result.
  - Members of groups are not resolved. The directory knows them.
options:
  scope:
    description:
      - Id of the resource, resource group or subscription. Defaults to the workspace of O(resource_group) and O(workspace).
    type: str
  principal_id:
    description: Object id of one user, group, service principal or managed identity. Defaults to all.
    type: str
  role_names:
    description:
      - Whether to read the names of roles that the collection does not know. With V(false), RV(role_assignments[].role) of such a role is the id of its
        definition.
    type: bool
    default: true
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.scope.optional
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
notes:
  - The name of a role that the collection does not know, such as that of a custom role, takes one request for each such role. If its definition cannot be
    read, the role is the id of the definition.
seealso:
  - module: azureml.compute.aml_role_assignment
"""

EXAMPLES = r"""
- name: Gather information about who has which role on a workspace
  azureml.compute.aml_role_assignment_info:
    resource_group: ml-prod
    workspace: ws-prod
  register: result

- name: Show the roles of people and groups that were assigned on the workspace itself
  ansible.builtin.debug:
    msg: "{{ item.role }}: {{ item.principal_type }} {{ item.principal_id }}"
  loop: "{{ result.role_assignments | rejectattr('inherited') | selectattr('principal_type', 'in', ['user', 'group']) }}"
  loop_control:
    label: "{{ item.name }}"

- name: Fail if someone owns the workspace without an inherited role
  ansible.builtin.assert:
    that: result.role_assignments | rejectattr('inherited') | selectattr('role', 'eq', 'Owner') | length == 0
"""

RETURN = r"""
role_assignments:
  description: The role assignments, each with the keys that M(azureml.compute.aml_role_assignment) returns, and two more.
  returned: success
  type: list
  elements: dict
  contains:
    role:
      description: Name of the role, or the id of its definition if that cannot be read.
      type: str
      returned: always
      sample: AzureML Data Scientist
    role_definition_id:
      description: Id of the definition of the role.
      type: str
      returned: always
      sample: /subscriptions/0000/providers/Microsoft.Authorization/roleDefinitions/f6c7c914-8db3-469d-8ca1-694a8f32e121
    inherited:
      description: Whether it is assigned at a wider scope, which is C(scope).
      type: bool
      returned: always
      sample: false
  sample:
    - id: .../workspaces/ws-prod/providers/Microsoft.Authorization/roleAssignments/11111111-0000-4000-8000-000000000001
      name: 11111111-0000-4000-8000-000000000001
      scope: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.MachineLearningServices/workspaces/ws-prod
      role: AzureML Data Scientist
      role_definition_id: /subscriptions/0000/providers/Microsoft.Authorization/roleDefinitions/f6c7c914-8db3-469d-8ca1-694a8f32e121
      principal_id: 11111111-0000-4000-8000-00000000000f
      principal_type: group
      description: The vision team
      condition: null
      inherited: false
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

from ..module_utils._jobs.aml_role_assignment_info import gather
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    "scope": {"type": "str"},
    "resource_group": {"type": "str"},
    "workspace": {"type": "str", "aliases": specs.WORKSPACE_ALIASES},
    "principal_id": {"type": "str"},
    "role_names": {"type": "bool", "default": True},
}


def main() -> None:
    run(gather, SPEC)


if __name__ == "__main__":
    main()
