#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_compute_info
short_description: Gather information about the compute targets of an Azure Machine Learning workspace
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Reads one compute target by name, or all compute targets of a workspace, of all types, with their states, errors and node counts.
  - Returns them as one list, and by the four tabs of the studio's Compute page.
  - If the name does not exist, the list is empty, and the task does not fail.
options:
  name:
    description: Name of one compute target. Defaults to all compute targets.
    type: str
  type:
    description: Types to return. Defaults to all.
    type: list
    elements: str
    choices:
      - amlcompute
      - computeinstance
      - aks
      - kubernetes
      - virtualmachine
      - databricks
      - datalakeanalytics
      - hdinsight
      - synapsespark
      - datafactory
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.show_variables
  - azureml.compute.scope
  - azureml.compute.api_version
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.aml_compute_cluster
"""

EXAMPLES = r"""
- name: Gather information about all compute targets
  azureml.compute.aml_compute_info:
    resource_group: ml-prod
    workspace: ws-prod
  register: found

- name: Show the compute targets as a table
  ansible.builtin.debug:
    msg: "{{ table.splitlines() }}"
  vars:
    columns: "%-24s %-16s %-12s %s"
    table: |-
      {{ columns | format('NAME', 'TYPE', 'STATE', 'SIZE') }}
      {% for one in found.computes %}
      {{ columns | format(one.name, one.type, one.state | default(one.provisioning_state, true), one.size | default('', true)) }}
      {% endfor %}

- name: Show clusters with errors
  ansible.builtin.debug:
    msg: "{{ found.by_kind.clusters | selectattr('errors') | map(attribute='name') }}"

- name: Wait until a cluster has given its nodes back
  azureml.compute.aml_compute_info:
    resource_group: ml-prod
    workspace: ws-prod
    name: cpu-cluster
  register: cluster
  until: cluster.computes[0].current_node_count == 0
  retries: 20
  delay: 15
"""

RETURN = r"""
computes:
  description:
    - The matching compute targets. All have C(id), C(name), C(type), C(location), C(description), C(provisioning_state),
      C(provisioning_errors), C(created_on), C(modified_on), C(is_attached), C(resource_id), C(tags) and C(identity).
    - Clusters have the keys that M(azureml.compute.aml_compute_cluster) returns.
    - C(retirements) lists what the target uses that Microsoft has retired or will retire within a year, with C(option), C(value), C(status) (V(retired)
      or V(retiring)), C(date) and C(successor).
  returned: success
  type: list
  elements: dict
  sample:
    - name: cpu-cluster
      type: amlcompute
      location: eastus
      provisioning_state: Succeeded
      size: STANDARD_D4S_V3
      min_instances: 0
      max_instances: 4
      current_node_count: 0
by_kind:
  description: The compute targets by the tabs of the studio. C(instances), C(clusters), C(inference_clusters) and C(attached) always exist.
  returned: success
  type: dict
  sample: {instances: [], clusters: [], inference_clusters: [], attached: []}
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

from ..module_utils._jobs.aml_compute_info import gather
from ..module_utils._kinds.registry import INFO_KINDS
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **specs.SCOPE_SPEC,
    **specs.API_VERSION_SPEC,
    **specs.SHOW_VARIABLES_SPEC,
    "name": {"type": "str"},
    "type": {
        "type": "list",
        "elements": "str",
        "choices": list(INFO_KINDS),
    },
}


def main() -> None:
    run(gather, SPEC)


if __name__ == "__main__":
    main()
