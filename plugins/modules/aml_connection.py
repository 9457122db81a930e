#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_connection
short_description: Manage a connection of an Azure Machine Learning workspace
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Creates, updates and deletes connections of a workspace, a hub or a project. A connection is a name under which jobs, environments and applications
    use a service outside of the workspace, such as a Git repository, a package feed, a database or an AI service, and the credentials for it.
  - Only declared options are managed. Omitted options keep their current values.
  - The service does not return credentials, not even the parts that are not secret. Declared credentials are sent when the connection is created or
    changed, and in each run with O(update_password=always).
options:
  name:
    description:
      - Name of the connection, unique in the workspace. 3 to 255 letters, digits, dashes and underscores, starting with a letter or digit.
    type: str
    required: true
  state:
    description:
      - V(present) creates the connection or updates it as declared.
      - V(absent) deletes it, and not the service that it leads to.
      - A connection that another workspace shares with this one, such as one of the hub in a project, is refused in both states. Manage it in the
        workspace that it belongs to.
    type: str
    choices: [present, absent]
    default: present
  type:
    description:
      - Type of the service, as the Azure ML CLI spells it, such as V(git), V(python_feed), V(container_registry), V(s3), V(snowflake), V(azure_sql_db),
        V(azure_synapse_analytics), V(azure_my_sql_db), V(azure_postgres_db), V(azure_blob), V(azure_data_lake_gen2), V(azure_one_lake), V(azure_open_ai),
        V(azure_ai_services), V(azure_ai_search), V(cognitive_service), V(api_key), V(custom), V(open_ai), V(serp) or V(serverless).
      - All categories of Azure Resource Manager are known, as C(SharePointOnlineList) or C(share_point_online_list). Another one that begins with a capital
        letter is sent as it is, because the service adds categories.
      - Required to create a connection. Immutable.
    type: str
  target:
    description:
      - Address, connection string or resource id of the service. Required to create a connection, except of the types V(open_ai) and V(serp).
      - The service does not check it.
    type: str
  metadata:
    description:
      - Names and values that belong to the type, such as C(ApiType), C(ApiVersion) and C(ResourceId) of V(azure_open_ai), C(AccountName) and
        C(ContainerName) of V(azure_blob), C(ResourceId) of V(azure_ai_services) or C(Kind) of V(cognitive_service), and own ones.
      - Only the declared names are managed. A null value removes one of them, and null instead of the mapping all.
      - Everyone who can read the workspace can read them. Secrets belong into O(credentials).
    type: dict
  is_shared:
    description:
      - Whether all projects of the hub can use the connection. Defaults to V(true) when the connection is created, as with the Azure ML CLI.
    type: bool
  shared_user_list:
    description: Ids of the users that the connection is shared with, if it is not shared with all. Null removes all.
    type: list
    elements: str
  expiry_time:
    description: Time at which the connection expires, as the service keeps it. Null removes it.
    type: str
  use_workspace_managed_identity:
    description: Whether the managed identity of the workspace is used.
    type: bool
  pe_requirement:
    description: Whether the service must be reached through a private endpoint.
    type: str
    choices: [not_applicable, not_required, required]
  credentials:
    description:
      - How the connection signs in. Null is the same as O(credentials.type=none).
      - If the option is not set, a new connection has V(aad) for the types V(azure_blob), V(azure_data_lake_gen2), V(azure_one_lake), V(azure_open_ai),
        V(azure_ai_services) and V(azure_ai_search), and V(none) for all others.
      - With each change of a connection, the credentials are sent again, because an update without them would remove them. A change is refused if they
        are not declared.
    type: dict
    suboptions:
      type:
        description:
          - Type of the credentials. V(none), V(aad) (Microsoft Entra ID of the user), V(access_key), V(account_key), V(api_key), V(custom_keys),
            V(managed_identity), V(oauth2), V(pat) (personal access token), V(sas), V(service_principal) or V(username_password).
          - Types without credentials, such as V(project_managed_identity) and V(user_entra_token), are known too. Another one that begins with a capital
            letter is sent as it is.
          - Required to declare credentials for a new connection.
        type: str
      pat:
        description: Personal access token of V(pat).
        type: str
      sas_token:
        description: Shared access signature of V(sas).
        type: str
      username:
        description: User name of V(username_password), or of V(oauth2) if the service needs one.
        type: str
      password:
        description: Password of V(username_password), or of V(oauth2) if the service needs one.
        type: str
      security_token:
        description: Security token of V(username_password), which services such as Salesforce need.
        type: str
      client_id:
        description: Application (client) id of V(service_principal), V(oauth2) or V(managed_identity).
        type: str
      resource_id:
        description: Resource id of V(managed_identity).
        type: str
      client_secret:
        description: Client secret of V(service_principal) or V(oauth2).
        type: str
      tenant_id:
        description: Tenant of V(service_principal), or of V(oauth2) if the service needs one.
        type: str
      access_key_id:
        description: Id of the key of V(access_key).
        type: str
      secret_access_key:
        description: Secret of the key of V(access_key).
        type: str
      key:
        description: Key of V(api_key).
        type: str
      account_key:
        description: Key of V(account_key).
        type: str
      keys:
        description: Names and secret values of V(custom_keys).
        type: dict
      auth_url:
        description: Address at which V(oauth2) signs in, if the service needs one.
        type: str
      refresh_token:
        description: Refresh token of V(oauth2), if the service needs one.
        type: str
      developer_token:
        description: Developer token of V(oauth2), if the service needs one.
        type: str
  update_password:
    description:
      - When O(credentials) are sent. The service never returns them, so they cannot be compared.
      - V(on_create) sends them when the connection is created or recreated, and with each change of it. If nothing else differs, other credentials of the
        same type are not sent.
      - V(always) sends them in every run, which is reported as a change.
    type: str
    choices: [on_create, always]
    default: on_create
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.scope
  - azureml.compute.api_version
  - azureml.compute.wait
  - azureml.compute.state
  - azureml.compute.definition
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
notes:
  - The module never reads credentials from the service. O(credentials) that are not declared are removed by no task.
  - The service checks neither the target nor the credentials.
seealso:
  - module: azureml.compute.aml_connection_info
  - module: azureml.compute.aml_datastore
  - module: azureml.compute.aml_workspace
  - name: Create connections
    description: Connections to services outside of a workspace.
    link: https://learn.microsoft.com/azure/machine-learning/how-to-connection
"""

EXAMPLES = r"""
- name: Connect a private package feed
  azureml.compute.aml_connection:
    resource_group: ml-prod
    workspace: ws-prod
    name: packages
    type: python_feed
    target: https://pkgs.example.org/simple
    credentials:
      type: pat
      pat: "{{ feed_token }}"

- name: Connect Azure OpenAI to all projects of a hub, with Microsoft Entra ID
  azureml.compute.aml_connection:
    resource_group: ml-prod
    workspace: hub-prod
    name: models
    type: azure_open_ai
    target: https://oai-prod.openai.azure.com/
    metadata:
      ApiType: Azure
      ApiVersion: "2024-10-21"
    is_shared: true

- name: Connect a database
  azureml.compute.aml_connection:
    resource_group: ml-prod
    workspace: ws-prod
    name: sales
    type: azure_sql_db
    target: Server=tcp:sql-prod.database.windows.net,1433;Database=sales
    credentials:
      type: username_password
      username: reader
      password: "{{ sql_password }}"

- name: Rotate the password
  azureml.compute.aml_connection:
    resource_group: ml-prod
    workspace: ws-prod
    name: sales
    credentials:
      username: reader
      password: "{{ new_sql_password }}"
    update_password: always

- name: Create a connection from YAML of the Azure ML CLI
  azureml.compute.aml_connection:
    resource_group: ml-prod
    workspace: ws-prod
    definition: "{{ lookup('ansible.builtin.file', 'connection.yml') }}"

- name: Delete a connection
  azureml.compute.aml_connection:
    resource_group: ml-prod
    workspace: ws-prod
    name: sales
    state: absent
"""

RETURN = r"""
connection:
  description:
    - The connection after the task, or in check mode as it would be. Null when it is deleted. It never contains credentials.
  returned: success
  type: dict
  contains:
    id:
      description: Resource id of the connection.
      type: str
      returned: when it exists
      sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.MachineLearningServices/workspaces/ws-prod/connections/sales
    name:
      description: Name in the workspace.
      type: str
      returned: always
      sample: sales
    type:
      description: Type of the service. One that this collection does not know is returned as Azure Resource Manager spells it.
      type: str
      returned: always
      sample: azure_sql_db
    target:
      description: Address of the service.
      type: str
      returned: always
      sample: Server=tcp:sql-prod.database.windows.net,1433;Database=sales
    metadata:
      description: Names and values that belong to the type, and own ones.
      type: dict
      returned: always
      sample: {}
    is_shared:
      description: Whether all projects of the hub can use it.
      type: bool
      returned: always
      sample: true
    shared_user_list:
      description: Ids of the users that it is shared with.
      type: list
      elements: str
      returned: always
      sample: []
    expiry_time:
      description: Time at which it expires, if there is one.
      type: str
      returned: always
      sample: null
    use_workspace_managed_identity:
      description: Whether the managed identity of the workspace is used.
      type: bool
      returned: always
      sample: false
    pe_requirement:
      description: Whether the service must be reached through a private endpoint, if the service says so.
      type: str
      returned: always
      sample: null
    credentials:
      description: The C(type) of the credentials.
      type: dict
      returned: always
      sample: {type: username_password}
    group:
      description: Group of the type, if the service returns one.
      type: str
      returned: always
      sample: Database
    created_by_workspace_id:
      description: Resource id of the workspace that it belongs to, if the service returns it.
      type: str
      returned: always
      sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.MachineLearningServices/workspaces/ws-prod
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

from ..module_utils._jobs.aml_connection import connection
from ..module_utils._jobs.workspace_resources import RESOURCE_SPEC
from ..module_utils._kinds.connection import CONNECTION
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **{name: row for name, row in RESOURCE_SPEC.items() if name not in specs.TAGS_SPEC},
    **specs.of_kind(CONNECTION),
}


def main() -> None:
    run(connection, SPEC, definition=("connection",))


if __name__ == "__main__":
    main()
