#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_connection_info
short_description: Gather information about the connections of an Azure Machine Learning workspace
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Reads one connection by name, or all connections of a workspace, those that its hub shares with it included.
  - If the name does not exist, the list is empty, and the task does not fail.
  - The result never contains credentials, and no credentials are read.
options:
  name:
    description: Name of one connection. Defaults to all connections.
    type: str
  type:
    description:
      - Types to return, spelled as in M(azureml.compute.aml_connection). Defaults to all.
    type: list
    elements: str
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.scope
  - azureml.compute.api_version
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.aml_connection
"""

EXAMPLES = r"""
- name: Gather information about all connections
  azureml.compute.aml_connection_info:
    resource_group: ml-prod
    workspace: ws-prod
  register: result

- name: List the connections of the workspace itself that sign in with something other than identities
  ansible.builtin.debug:
    msg: "{{ result.connections | rejectattr('is_inherited') | rejectattr('credentials.type', 'in', ['none', 'aad']) | map(attribute='name') }}"
"""

RETURN = r"""
connections:
  description:
    - The matching connections, each with the keys that M(azureml.compute.aml_connection) returns, and C(is_inherited), which is whether it belongs to
      another workspace, such as the hub, that shares it with this one.
  returned: success
  type: list
  elements: dict
  sample:
    - name: sales
      type: azure_sql_db
      target: Server=tcp:sql-prod.database.windows.net,1433;Database=sales
      credentials: {type: username_password}
      is_inherited: false
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

from ..module_utils._jobs.aml_connection_info import gather
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **specs.SCOPE_SPEC,
    **specs.API_VERSION_SPEC,
    "name": {"type": "str"},
    "type": {"type": "list", "elements": "str"},
}


def main() -> None:
    run(gather, SPEC)


if __name__ == "__main__":
    main()
