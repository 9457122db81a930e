#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_registry
short_description: Manage a registry of Azure Machine Learning
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Creates, updates and deletes registries. A registry holds models, environments, components and data assets that several workspaces share. Its assets are not
    managed here.
  - Only declared options are managed. Omitted options keep their current values.
options:
  resource_group:
    description: Resource group of the registry.
    type: str
    required: true
  name:
    description:
      - Name of the registry, unique in all of Azure. 3 to 33 letters, digits, dashes and underscores, starting with a letter or digit.
    type: str
    required: true
  state:
    description:
      - V(present) creates the registry or updates it as declared.
      - V(absent) deletes it with all of its assets, and with the storage accounts and container registries that the service created for it.
    type: str
    choices: [present, absent]
    default: present
  location:
    description:
      - First region of the registry. Defaults to the region of the resource group when the registry is created. Immutable.
    type: str
  public_network_access:
    description: Whether the registry is reachable from the internet. Defaults to V(enabled) in the service.
    type: str
    choices: [enabled, disabled]
  replication_locations:
    description:
      - The regions of the registry, among them O(location). Defaults to that one when the registry is created.
      - A region can be added. A region cannot be removed, so that a list without an existing region is refused.
    type: list
    elements: dict
    suboptions:
      location:
        description: Name of the region.
        type: str
        required: true
      storage_config:
        description:
          - A mapping describes the accounts that the service creates.
          - C(storage_account_type) is V(standard_lrs), V(standard_grs), V(standard_ragrs), V(standard_zrs), V(standard_gzrs), V(standard_ragzrs),
            V(premium_lrs) or V(premium_zrs). Defaults to V(standard_lrs).
          - C(storage_account_hns) sets whether they have a hierarchical namespace. Defaults to V(false).
          - C(replication_count) is the number of accounts. Defaults to V(1).
          - A list has the resource ids of existing storage accounts.
          - Immutable for a region that the registry has.
        type: raw
  container_registry:
    description:
      - Container registry of all regions. Immutable.
      - A mapping with C(acr_account_sku) V(premium), the default, lets the service create one in each region. A text is the id of an existing one.
    type: raw
  managed_resource_group:
    description:
      - Resource id of the resource group that the service creates for storage accounts and container registries. Defaults to one with a name that the service
        makes. Immutable.
    type: str
  sku:
    description: SKU of the registry. Omit it, unless the service requires one.
    type: dict
    suboptions:
      name:
        description: Name of the SKU.
        type: str
        required: true
      tier:
        description: Tier of the SKU.
        type: str
        choices: [basic, free, premium, standard]
  intellectual_property:
    description: Protection of the assets in the registry.
    type: dict
    suboptions:
      publisher:
        description: Publisher of the assets. Immutable.
        type: str
  api_version:
    description:
      - API version for requests to the service. Defaults to V(2026-05-01).
    type: str
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.ignored
  - azureml.compute.tags
  - azureml.compute.wait
  - azureml.compute.state
  - azureml.compute.definition
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
notes:
  - The service creates the identity of the registry, which is system-assigned.
  - With O(on_immutable_change=recreate), all assets of the registry are deleted with it. This is refused unless O(force=true).
  - The current API versions describe only storage accounts and container registries that the service creates. Existing ones are sent as azure-ai-ml
    sends them. The service may refuse them.
seealso:
  - module: azureml.compute.aml_registry_info
  - module: azureml.compute.aml_workspace
  - name: Create and manage registries
    description: Registries, their regions and their permissions.
    link: https://learn.microsoft.com/azure/machine-learning/how-to-manage-registries
"""

EXAMPLES = r"""
- name: Create a registry in one region
  azureml.compute.aml_registry:
    resource_group: ml-shared
    name: vision-models
    location: eastus
    tags:
      team: vision

- name: Add a region
  azureml.compute.aml_registry:
    resource_group: ml-shared
    name: vision-models
    replication_locations:
      - location: eastus
      - location: westeurope
        storage_config: {storage_account_type: standard_zrs}

- name: Create a registry from YAML of the Azure ML CLI
  azureml.compute.aml_registry:
    resource_group: ml-shared
    definition: "{{ lookup('ansible.builtin.file', 'registry.yml') }}"

- name: Delete a registry with all of its assets
  azureml.compute.aml_registry:
    resource_group: ml-shared
    name: vision-models
    state: absent
"""

RETURN = r"""
registry:
  description: The registry after the task, or in check mode as it would be. Null when it is deleted.
  returned: success
  type: dict
  contains:
    id:
      description: Resource id of the registry.
      type: str
      returned: when it exists
      sample: /subscriptions/0000/resourceGroups/ml-shared/providers/Microsoft.MachineLearningServices/registries/vision-models
    name:
      description: Name of the registry.
      type: str
      returned: always
      sample: vision-models
    location:
      description: First region.
      type: str
      returned: always
      sample: eastus
    tags:
      description: Tags.
      type: dict
      returned: always
      sample: {team: vision}
    public_network_access:
      description: V(enabled) or V(disabled).
      type: str
      returned: always
      sample: enabled
    replication_locations:
      description: The regions, each with C(location), C(storage_config), and the resource ids in C(storage_accounts) and C(container_registries).
      type: list
      elements: dict
      returned: always
      sample:
        - location: eastus
          storage_config: {storage_account_hns: false, storage_account_type: standard_lrs, replication_count: 1}
          storage_accounts: [/subscriptions/0000/resourceGroups/azureml-rg-x/providers/Microsoft.Storage/storageAccounts/visio0]
          container_registries: [/subscriptions/0000/resourceGroups/azureml-rg-x/providers/Microsoft.ContainerRegistry/registries/visio0]
    container_registry:
      description: C(acr_account_sku) of container registries that the service created, or the id of a given one.
      type: raw
      returned: always
      sample: {acr_account_sku: premium}
    intellectual_property:
      description: C(publisher) of the assets. Null if there is none.
      type: dict
      returned: always
      sample: {publisher: null}
    identity:
      description: C(type), C(principal_id) and C(tenant_id) of the system-assigned identity.
      type: dict
      returned: always
      sample: {type: SystemAssigned, principal_id: 11111111-0000-4000-8000-000000000001, tenant_id: 11111111-0000-4000-8000-000000000002}
    sku:
      description: C(name) and C(tier) of the SKU, each null if there is none.
      type: dict
      returned: always
      sample: {name: null, tier: null}
    managed_resource_group:
      description: Resource id of the resource group in which the service creates storage accounts and container registries.
      type: str
      returned: always
      sample: /subscriptions/0000/resourceGroups/azureml-rg-vision-models_11111111-0000-4000-8000-000000000003
    discovery_url:
      description: Address at which clients find the registry.
      type: str
      returned: always
      sample: https://eastus.api.azureml.ms/registrymanagement/v1.0/registries/vision-models/discovery
    mlflow_registry_uri:
      description: Address of the registry for MLflow.
      type: str
      returned: always
      sample: azureml://eastus.api.azureml.ms/mlflow/v1.0/subscriptions/0000/resourceGroups/ml-shared/providers/.../registries/vision-models
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

from ..module_utils._jobs.aml_registry import REGISTRY_SPEC, registry
from ..module_utils._kinds.ml_registry import REGISTRY
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {**REGISTRY_SPEC, **specs.of_kind(REGISTRY)}


def main() -> None:
    run(registry, SPEC, definition=("registry",))


if __name__ == "__main__":
    main()
