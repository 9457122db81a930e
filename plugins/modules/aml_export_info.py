#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_export_info
short_description: Export an Azure Machine Learning workspace and its resources as declarations
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Reads a workspace, its compute targets, connections, datastores, diagnostic settings and role assignments, and returns them as declarations. As vars with
    the options of this collection's modules, and as YAML files of the Azure ML CLI v2, which has none for diagnostic settings and role assignments.
  - Applying the export changes nothing. Resources are in the order of their names, or as the task names them, so that two exports differ only where a
    resource changed.
  - Values that only the service writes are omitted, and so are the datastores that the service created with the workspace, such as
    C(workspaceblobstore), the connections that other workspaces share with it, and role assignments that it inherits from a wider scope.
options:
  computes:
    description:
      - Names of the compute targets to export. Defaults to all of them, or to none if another of these lists is set. An empty list exports the workspace
        alone.
    type: list
    elements: str
  connections:
    description:
      - Names of the connections to export. Defaults to all of them, or to none if another of these lists is set.
    type: list
    elements: str
  datastores:
    description:
      - Names of the datastores to export. Defaults to all of them, or to none if another of these lists is set.
    type: list
    elements: str
  diagnostic_settings:
    description:
      - Names of the diagnostic settings to export. Defaults to all of them, or to none if another of these lists is set.
    type: list
    elements: str
  role_assignments:
    description:
      - Names of the role assignments to export, which are GUIDs. Defaults to all of them, or to none if another of these lists is set.
    type: list
    elements: str
  online_endpoints:
    description:
      - Names of the online endpoints to export. Defaults to all of them, or to none if another of these lists is set.
      - The traffic of an endpoint is exported with it if all deployments that get some are exported too.
    type: list
    elements: str
  online_deployments:
    description:
      - Names of the online deployments to export, as C(ENDPOINT/NAME). Defaults to all of them, or to none if another of these lists is set.
    type: list
    elements: str
  batch_endpoints:
    description:
      - Names of the batch endpoints to export. Defaults to all of them, or to none if another of these lists is set.
      - The default deployment of an endpoint is exported with it if that deployment is exported too.
    type: list
    elements: str
  batch_deployments:
    description:
      - Names of the batch deployments to export, as C(ENDPOINT/NAME). Defaults to all of them, or to none if another of these lists is set.
    type: list
    elements: str
  export_folder:
    description:
      - A directory to which the export is written, in files that only their owner can read, as F(workspace.yml), a vars file of the playbook
        C(azureml.compute.provision_workspace), and in F(cli) the files of RV(cli_yaml). Directories that do not exist are created for their owner
        alone. Existing files of these names are overwritten where they differ; other files stay. Check mode writes nothing.
      - A relative path is relative to the directory in which the module runs.
    type: path
  write_cli_yaml:
    description: Whether O(export_folder) also gets the files of RV(cli_yaml).
    type: bool
    default: true
  registries:
    description:
      - Registries to export with the workspace, by their names in O(resource_group) or by their resource ids. Defaults to none, because a registry serves
        several workspaces.
    type: list
    elements: str
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.show_variables
  - azureml.compute.scope
  - azureml.compute.api_version
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.aml_workspace
  - module: azureml.compute.aml_compute_cluster
  - module: azureml.compute.aml_connection
  - module: azureml.compute.aml_datastore
"""

EXAMPLES = r"""
- name: Read what someone made by hand
  azureml.compute.aml_export_info:
    resource_group: ml-prod
    workspace: ws-prod
  register: exported

- name: Keep it as a vars file of the playbook azureml.compute.provision_workspace, and as files for 'az ml workspace create -f' and 'az ml compute create -f'
  azureml.compute.aml_export_info:
    resource_group: ml-prod
    workspace: ws-prod
    export_folder: ./ws-prod

- name: Show the values to add
  ansible.builtin.debug:
    var: exported.missing
"""

RETURN = r"""
vars:
  description:
    - The workspace as C(aml_workspace), and its compute targets by the studio's tabs in C(aml_clusters), C(aml_instances),
      C(aml_inference_clusters) and C(aml_attached_computes), each with the options of the module for that kind, its connections as C(aml_connections),
      its datastores as C(aml_datastores), its diagnostic settings as C(aml_diagnostic_settings), its role assignments as C(aml_role_assignments), its
      online endpoints as C(aml_online_endpoints), and their deployments as C(aml_online_deployments), and those of batch endpoints as
      C(aml_batch_endpoints) and C(aml_batch_deployments).
    - The registries that O(registries) names as C(aml_registries).
    - A secret of a datastore, and each part of the credentials of a connection, which the service never returns, is C(VALUE_NOT_SHOWN). A task that uses it
      keeps the value that the resource has. It fails if it would have to send the value, to create or change the resource.
    - Also C(aml_subscription_id), C(aml_resource_group) and C(aml_location), the region of the resource group.
    - Lists without an item are omitted.
  returned: success
  type: dict
  sample:
    aml_subscription_id: 00000000-0000-0000-0000-000000000000
    aml_resource_group: ml-prod
    aml_location: eastus
    aml_workspace:
      name: ws-prod
      location: eastus
    aml_clusters:
      - name: cpu-cluster
        location: eastus
        size: STANDARD_D4S_V3
        max_instances: 4
fleet:
  description:
    - The workspace with its compute targets, and C(connections), C(datastores), C(diagnostic_settings), C(online_endpoints), C(online_deployments),
      C(batch_endpoints), C(batch_deployments) and
      C(role_assignments) if there are some, as one of the
      O(azureml.compute.aml_fleet#module:workspaces) of a fleet.
  returned: success
  type: dict
  sample:
    name: ws-prod
    resource_group: ml-prod
    subscription_id: 00000000-0000-0000-0000-000000000000
    computes:
      - type: amlcompute
        name: cpu-cluster
        size: STANDARD_D4S_V3
        max_instances: 4
cli_yaml:
  description:
    - The text of the CLI's YAML files by file name, V(workspace.yml) and one for each compute target that the CLI's schema has a type for, and for each
      datastore, endpoint and deployment. Credentials with a secret are not part of a file, and there is no file of a connection with credentials,
      which the CLI's schema demands.
    - Each can be used as O(azureml.compute.aml_compute_cluster#module:definition) and the same option of other modules.
  returned: success
  type: dict
  sample:
    cpu-cluster.yml: |
      $schema: https://azuremlschemas.azureedge.net/latest/amlCompute.schema.json
      name: cpu-cluster
      type: amlcompute
      size: STANDARD_D4S_V3
missing:
  description:
    - Values that could not be exported. C(name) of the workspace or of what is in it, C(option) (empty for all of it), C(reason) and C(kind).
    - With the C(kind) V(fill_in) a value has to be filled in to create the target again, as a secret, which the service never returns. V(no_counterpart) is a
      value for which the CLI's schema or this collection has no field. V(separate) is a network, an identity or a private endpoint, which exists
      separately and which other roles create. V(not_succeeded) is a target whose creation or last change failed.
  returned: success
  type: list
  elements: dict
  sample:
    - name: old-cluster
      option: ssh_settings.admin_password
      reason: the service never returns this secret; declare it to create the target again
      kind: fill_in
written:
  description: The paths of the files that differed and were written, or in check mode would be. C(changed) says whether there are any.
  returned: with O(export_folder)
  type: list
  elements: str
  sample:
    - /home/ansible/ws-prod/workspace.yml
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

from ..module_utils._jobs.aml_export_info import export
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **specs.SCOPE_SPEC,
    **specs.API_VERSION_SPEC,
    **specs.SHOW_VARIABLES_SPEC,
    "computes": {"type": "list", "elements": "str"},
    "connections": {"type": "list", "elements": "str"},
    "datastores": {"type": "list", "elements": "str"},
    "diagnostic_settings": {"type": "list", "elements": "str"},
    "online_endpoints": {"type": "list", "elements": "str"},
    "online_deployments": {"type": "list", "elements": "str"},
    "batch_endpoints": {"type": "list", "elements": "str"},
    "batch_deployments": {"type": "list", "elements": "str"},
    "role_assignments": {"type": "list", "elements": "str"},
    "export_folder": {"type": "path"},
    "write_cli_yaml": {"type": "bool", "default": True},
    "registries": {"type": "list", "elements": "str"},
}


def main() -> None:
    run(export, SPEC)


if __name__ == "__main__":
    main()
