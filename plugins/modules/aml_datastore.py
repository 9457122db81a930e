#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_datastore
short_description: Manage a datastore of an Azure Machine Learning workspace
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Creates, updates and deletes datastores. A datastore is a name under which jobs and data assets of a workspace use a blob container, a file share,
    a data lake or a OneLake item. Deleting it does not delete the data.
  - Only declared options are managed. Omitted options keep their current values.
  - The service does not return secrets. A declared secret is sent when the datastore is created or changed, and in each run with O(update_password=always).
options:
  name:
    description:
      - Name of the datastore, unique in the workspace. 1 to 255 letters, digits, dashes and underscores, starting with a letter or digit.
    type: str
    required: true
  state:
    description:
      - V(present) creates the datastore or updates it as declared.
      - V(absent) deletes it, and not its data. The datastores that the service created with the workspace, such as C(workspaceblobstore), and the
        default datastore are refused.
    type: str
    choices: [present, absent]
    default: present
  type:
    description:
      - Type of the storage. Required to create a datastore. Immutable.
      - An option that the type does not have is refused.
      - V(azure_data_lake_gen1) was retired in February 2024. The service may refuse it, and the task warns.
    type: str
    choices: [azure_blob, azure_file, azure_data_lake_gen2, azure_data_lake_gen1, one_lake]
  description:
    description: Description.
    type: str
  account_name:
    description: Storage account of V(azure_blob), V(azure_file) and V(azure_data_lake_gen2). Required to create one. Immutable.
    type: str
  container_name:
    description: Container of V(azure_blob). Required to create one. Immutable.
    type: str
  file_share_name:
    description: File share of V(azure_file). Required to create one. Immutable.
    type: str
  filesystem:
    description: File system of V(azure_data_lake_gen2). Required to create one. Immutable.
    type: str
  store_name:
    description: Account of V(azure_data_lake_gen1). Required to create one. Immutable.
    type: str
  one_lake_workspace_name:
    description: Name or GUID of the Fabric workspace of V(one_lake). Required to create one. Immutable.
    type: str
  artifact:
    description: Item of V(one_lake).
    type: dict
    suboptions:
      name:
        description: Name or GUID of the item. Required to create a datastore. Immutable.
        type: str
      type:
        description: Type of the item. Immutable.
        type: str
        choices: [lake_house]
  endpoint:
    description:
      - Suffix of the storage's addresses, or address of V(one_lake). Defaults to C(core.windows.net) in the service, which is not the suffix of other
        clouds. Immutable.
    type: str
  protocol:
    description: Protocol, such as V(https), V(wasbs) or V(abfss). Defaults to V(https) in the service. Immutable.
    type: str
  storage_subscription_id:
    description: Subscription of the storage account, if the service must find it by its resource id. Immutable.
    type: str
  storage_resource_group:
    description: Resource group of the storage account, if the service must find it by its resource id. Immutable.
    type: str
  service_data_access_auth_identity:
    description:
      - Identity of the workspace with which the service itself reads the data, for example for previews in the studio. V(none) uses the identity of the
        user or the credentials of the datastore.
    type: str
    choices: [none, workspace_system_assigned_identity, workspace_user_assigned_identity]
  is_default:
    description:
      - Whether it is the default datastore of the workspace. Azure Resource Manager reports this and cannot set it, so another value than the current one
        is refused. Immutable.
    type: bool
  credentials:
    description:
      - Credentials of one type, which follows from the declared options. Null means no credentials, so that the identities of users and compute targets are
        used; this is also what a datastore is created with if the option is not set.
      - With other credentials than the datastore has, all options of the new ones are required.
      - Everyone with the role Reader in the workspace can read credentials of datastores. Datastores without credentials are safer.
    type: dict
    suboptions:
      account_key:
        description: Account key of the storage account.
        type: str
      sas_token:
        description: Shared access signature.
        type: str
      tenant_id:
        description: Tenant of the service principal.
        type: str
      client_id:
        description: Application (client) id of the service principal.
        type: str
      client_secret:
        description: Client secret of the service principal.
        type: str
      certificate:
        description: Certificate of the service principal, instead of a client secret.
        type: str
      thumbprint:
        description: Thumbprint of the certificate.
        type: str
      authority_url:
        description: Address of the authority that signs the service principal in.
        type: str
      resource_url:
        description: Address of the resource that the service principal has access to.
        type: str
  update_password:
    description:
      - When the secrets in O(credentials) are sent. The service never returns them, so they cannot be compared.
      - V(on_create) sends them when the datastore is created or recreated, and with each change of it, because the service has no partial update. If nothing
        else differs, another secret is not sent.
      - V(always) sends them in every run, which is reported as a change.
    type: str
    choices: [on_create, always]
    default: on_create
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.scope
  - azureml.compute.api_version
  - azureml.compute.tags
  - azureml.compute.wait
  - azureml.compute.state
  - azureml.compute.definition
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
notes:
  - The service has no partial update of a datastore, and no update without the secret. A change of a datastore with credentials therefore needs the
    declared secret, and is refused without it. The module never reads secrets from the service.
  - The service does not check that the storage exists or that the credentials are valid. Storage, identities and role assignments are made elsewhere.
seealso:
  - module: azureml.compute.aml_datastore_info
  - module: azureml.compute.aml_fleet
  - module: azureml.compute.aml_workspace
  - name: Use datastores
    description: Datastores, and access with and without credentials.
    link: https://learn.microsoft.com/azure/machine-learning/how-to-datastore
"""

EXAMPLES = r"""
- name: Create a datastore without credentials
  azureml.compute.aml_datastore:
    resource_group: ml-prod
    workspace: ws-prod
    name: training_data
    type: azure_blob
    account_name: stmlprod
    container_name: training
    tags:
      team: vision

- name: Create a datastore with an account key
  azureml.compute.aml_datastore:
    resource_group: ml-prod
    workspace: ws-prod
    name: shared_files
    type: azure_file
    account_name: stmlprod
    file_share_name: shared
    credentials:
      account_key: "{{ storage_key }}"

- name: Use a data lake with a service principal
  azureml.compute.aml_datastore:
    resource_group: ml-prod
    workspace: ws-prod
    name: lake
    type: azure_data_lake_gen2
    account_name: stlake
    filesystem: raw
    credentials:
      tenant_id: "{{ tenant_id }}"
      client_id: "{{ client_id }}"
      client_secret: "{{ client_secret }}"

- name: Rotate the account key
  azureml.compute.aml_datastore:
    resource_group: ml-prod
    workspace: ws-prod
    name: shared_files
    credentials:
      account_key: "{{ new_storage_key }}"
    update_password: always

- name: Create a datastore from YAML of the Azure ML CLI
  azureml.compute.aml_datastore:
    resource_group: ml-prod
    workspace: ws-prod
    definition: "{{ lookup('ansible.builtin.file', 'blob.yml') }}"

- name: Delete a datastore, and keep its data
  azureml.compute.aml_datastore:
    resource_group: ml-prod
    workspace: ws-prod
    name: lake
    state: absent
"""

RETURN = r"""
datastore:
  description:
    - The datastore after the task, or in check mode as it would be. Null when it is deleted. It never contains a secret.
  returned: success
  type: dict
  contains:
    id:
      description: Resource id of the datastore.
      type: str
      returned: when it exists
      sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.MachineLearningServices/workspaces/ws-prod/datastores/lake
    name:
      description: Name in the workspace.
      type: str
      returned: always
      sample: lake
    type:
      description: Type of the storage.
      type: str
      returned: always
      sample: azure_data_lake_gen2
    description:
      description: Description.
      type: str
      returned: always
      sample: null
    tags:
      description: Tags.
      type: dict
      returned: always
      sample: {team: vision}
    is_default:
      description: Whether it is the default datastore of the workspace.
      type: bool
      returned: always
      sample: false
    account_name:
      description: Storage account.
      type: str
      returned: when RV(datastore.type) is V(azure_blob), V(azure_file) or V(azure_data_lake_gen2)
      sample: stlake
    container_name:
      description: Container.
      type: str
      returned: when RV(datastore.type) is V(azure_blob)
      sample: training
    file_share_name:
      description: File share.
      type: str
      returned: when RV(datastore.type) is V(azure_file)
      sample: shared
    filesystem:
      description: File system.
      type: str
      returned: when RV(datastore.type) is V(azure_data_lake_gen2)
      sample: raw
    store_name:
      description: Data Lake Storage Gen1 account.
      type: str
      returned: when RV(datastore.type) is V(azure_data_lake_gen1)
      sample: lakestore
    one_lake_workspace_name:
      description: Fabric workspace.
      type: str
      returned: when RV(datastore.type) is V(one_lake)
      sample: fabric
    artifact:
      description: C(name) and C(type) of the OneLake item.
      type: dict
      returned: when RV(datastore.type) is V(one_lake)
      sample: {name: house, type: lake_house}
    endpoint:
      description: Suffix of the storage's addresses.
      type: str
      returned: unless RV(datastore.type) is V(azure_data_lake_gen1)
      sample: core.windows.net
    protocol:
      description: Protocol.
      type: str
      returned: when RV(datastore.type) is V(azure_blob), V(azure_file) or V(azure_data_lake_gen2)
      sample: https
    storage_subscription_id:
      description: Subscription of the storage account, if the datastore has it.
      type: str
      returned: unless RV(datastore.type) is V(one_lake)
      sample: null
    storage_resource_group:
      description: Resource group of the storage account, if the datastore has it.
      type: str
      returned: unless RV(datastore.type) is V(one_lake)
      sample: null
    service_data_access_auth_identity:
      description: Identity of the workspace with which the service reads the data.
      type: str
      returned: always
      sample: none
    credentials:
      description:
        - C(type), which is V(account_key), V(sas), V(service_principal) or V(certificate). The last two also have C(tenant_id), C(client_id),
          C(authority_url) and C(resource_url), and V(certificate) the C(thumbprint). Null if there are none.
      type: dict
      returned: always
      sample:
        type: service_principal
        tenant_id: 11111111-0000-4000-8000-000000000001
        client_id: 11111111-0000-4000-8000-000000000002
        authority_url: null
        resource_url: null
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

from ..module_utils._jobs.aml_datastore import datastore
from ..module_utils._jobs.workspace_resources import RESOURCE_SPEC
from ..module_utils._kinds.datastore import DATASTORE, TYPES
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {**RESOURCE_SPEC, **specs.of_kind(DATASTORE)}


def main() -> None:
    run(datastore, SPEC, definition=TYPES)


if __name__ == "__main__":
    main()
