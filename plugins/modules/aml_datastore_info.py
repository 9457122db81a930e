#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_datastore_info
short_description: Gather information about the datastores of an Azure Machine Learning workspace
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Reads one datastore by name, or all datastores of a workspace, those that the service created with it included.
  - If the name does not exist, the list is empty, and the task does not fail.
  - The result never contains a secret, and no secret is read.
options:
  name:
    description: Name of one datastore. Defaults to all datastores.
    type: str
  type:
    description: Types to return. Defaults to all.
    type: list
    elements: str
    choices: [azure_blob, azure_file, azure_data_lake_gen2, azure_data_lake_gen1, one_lake]
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.scope
  - azureml.compute.api_version
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.aml_datastore
"""

EXAMPLES = r"""
- name: Gather information about all datastores
  azureml.compute.aml_datastore_info:
    resource_group: ml-prod
    workspace: ws-prod
  register: result

- name: Show which storage accounts the workspace uses with keys
  ansible.builtin.debug:
    msg: "{{ result.datastores | selectattr('credentials.type', 'defined') | map(attribute='account_name') | unique }}"

- name: Find the default datastore
  ansible.builtin.debug:
    msg: "{{ (result.datastores | selectattr('is_default') | first).name }}"
"""

RETURN = r"""
datastores:
  description: The matching datastores, each with the keys that M(azureml.compute.aml_datastore) returns.
  returned: success
  type: list
  elements: dict
  sample:
    - name: workspaceblobstore
      type: azure_blob
      account_name: stmlprod
      container_name: azureml-blobstore-11111111-0000-4000-8000-000000000001
      is_default: true
      credentials: {type: account_key}
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

from ..module_utils._jobs.aml_datastore_info import gather
from ..module_utils._kinds.datastore import TYPES
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **specs.SCOPE_SPEC,
    **specs.API_VERSION_SPEC,
    "name": {"type": "str"},
    "type": {"type": "list", "elements": "str", "choices": list(TYPES)},
}


def main() -> None:
    run(gather, SPEC)


if __name__ == "__main__":
    main()
