#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_kubernetes_extension_info
short_description: Gather information about the Azure Machine Learning extension of a Kubernetes cluster
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Returns the extensions of the type C(Microsoft.AzureML.Kubernetes) of an AKS cluster or of a cluster that is connected by Azure Arc, with their health.
  - Changes nothing. Protected settings are not returned.
options:
  cluster_id:
    description: Resource id of the cluster.
    type: str
    required: true
  name:
    description: Name of one extension. If not set, all of the type are returned. If there is none, the list is empty.
    type: str
  api_version:
    description:
      - API version for requests to the service. Defaults to V(2025-03-01).
    type: str
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.ignored
  - azureml.compute.ignored.resource_group
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.aml_kubernetes_extension
"""

EXAMPLES = r"""
- name: Read the extension of a cluster
  azureml.compute.aml_kubernetes_extension_info:
    cluster_id: "{{ aks_id }}"
  register: result

- name: Require a healthy extension
  ansible.builtin.assert:
    that: result.extensions | selectattr('health', 'eq', 'healthy') | length > 0
    fail_msg: "The extension is not healthy: {{ result.extensions | map(attribute='statuses') | flatten | map(attribute='message') | join(' ') }}"
"""

RETURN = r"""
extensions:
  description: The extensions, each with the keys that M(azureml.compute.aml_kubernetes_extension) returns.
  returned: success
  type: list
  elements: dict
  sample:
    - name: azureml
      health: healthy
      enable_training: true
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

from ..module_utils._jobs.aml_kubernetes_extension import IGNORED_SPEC
from ..module_utils._jobs.aml_kubernetes_extension_info import gather
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **IGNORED_SPEC,
    "cluster_id": {"type": "str", "required": True},
    "name": {"type": "str"},
    **specs.API_VERSION_SPEC,
}


def main() -> None:
    run(gather, SPEC)


if __name__ == "__main__":
    main()
