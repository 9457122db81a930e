#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_workspace_diagnose_info
short_description: Gather information about problems of an Azure Machine Learning workspace
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Requests a diagnosis of a workspace from the service, waits for it, and returns the findings by category.
  - It checks routes, network security rules, locks, name resolution, and the storage account, key vault, container registry and
    application insights of the workspace.
  - It is a C(POST) request that changes nothing, and is also sent in check mode.
options:
  fail_on:
    description:
      - V(never) returns the findings, so that the playbook decides.
      - V(error) fails with the code V(DiagnosisFailed) if there is an error, and V(warning) if there is an error or a warning.
    type: str
    choices: [never, warning, error]
    default: never
  wait_timeout:
    description:
      - Maximum number of seconds to wait for the diagnosis.
    type: int
    default: 600
  wait_interval:
    description:
      - Seconds between two reads. Defaults to the service's C(Retry-After), or grows from 1 to 15 seconds.
    type: float
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.scope
  - azureml.compute.api_version
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.aml_workspace
  - module: azureml.compute.aml_preflight_info
"""

EXAMPLES = r"""
- name: Diagnose the workspace
  azureml.compute.aml_workspace_diagnose_info:
    resource_group: ml-prod
    workspace: ws-prod
  register: diagnosis

- name: Show what it found
  ansible.builtin.debug:
    msg: "{{ diagnosis.findings | map(attribute='message') }}"

- name: Fail if the workspace has errors
  azureml.compute.aml_workspace_diagnose_info:
    resource_group: ml-prod
    workspace: ws-prod
    fail_on: error
"""

RETURN = r"""
passed:
  description: Whether the findings contain no error.
  returned: success
  type: bool
  sample: false
counts:
  description: The number of findings of each level, V(error), V(warning) and V(information).
  returned: success
  type: dict
  sample: {error: 1, warning: 0, information: 0}
findings:
  description: All findings, the most severe first.
  returned: success
  type: list
  elements: dict
  contains:
    category:
      description: A key of RV(by_category).
      type: str
      returned: always
      sample: storage_account
    level:
      description: V(error), V(warning) or V(information).
      type: str
      returned: always
      sample: error
    code:
      description: The service's code.
      type: str
      returned: always
      sample: ResourceNotFound
    message:
      description: The service's text.
      type: str
      returned: always
      sample: The storage account does not exist.
by_category:
  description:
    - The same findings under V(user_defined_routes), V(network_security_rules), V(resource_locks), V(dns_resolution), V(storage_account),
      V(key_vault), V(container_registry), V(application_insights) and V(other). A list without a finding is empty.
  returned: success
  type: dict
  sample:
    storage_account:
      - category: storage_account
        level: error
        code: ResourceNotFound
        message: The storage account does not exist.
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

from ..module_utils._jobs.aml_workspace_diagnose_info import diagnose
from ..module_utils._jobs.workspace_actions import ACTION_SPEC
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **ACTION_SPEC,
    "fail_on": {"type": "str", "default": "never", "choices": ["never", "warning", "error"]},
}


def main() -> None:
    run(diagnose, SPEC)


if __name__ == "__main__":
    main()
