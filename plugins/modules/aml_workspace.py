#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_workspace
short_description: Manage an Azure Machine Learning workspace
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Creates, updates and deletes workspaces of the kinds default, hub, project and featurestore.
  - A new workspace is created with its dependent resources. Storage account, key vault and Application Insights (with Log Analytics)
    are created, unless their ids are set. The service creates a container registry when it first builds an image, unless the id of a registry is
    set.
  - Only declared options are managed. An update is a C(PATCH) of the declared fields that differ.
options:
  name:
    description:
      - Name of the workspace. 3 to 33 letters, digits, dashes and underscores.
    type: str
  workspace:
    description:
      - Used as O(name) if that is not set, so that C(module_defaults) of the action group can set it. One of the two is required.
    type: str
    aliases: [workspace_name, ml_workspace]
  resource_group:
    description:
      - Resource group of the workspace. It must exist.
    type: str
    required: true
  state:
    description:
      - V(present) creates the workspace or updates it as declared.
      - V(absent) deletes it, with its compute targets. See O(permanently_delete) and O(delete_dependent_resources).
    type: str
    choices: [present, absent]
    default: present
  kind:
    description:
      - Kind of the workspace. Defaults to V(default) in the service. Immutable.
      - A new feature store (V(featurestore)) is created as by azure-ai-ml, with a storage account that has a hierarchical namespace, a container for the
        offline store, unless O(offline_store) is set, and, without O(materialization_identity), a user-assigned identity for materialization, which is
        not deleted with O(delete_dependent_resources).
    type: str
    choices: [default, hub, project, featurestore]
  hub_id:
    description:
      - Resource id of the hub. Required to create a workspace of O(kind=project). Immutable.
    type: str
    aliases: [workspace_hub]
  location:
    description:
      - Region. If not set, a new workspace is created in the region of its resource group, and a project in that of its hub.
        Immutable.
    type: str
  default_resource_group:
    description:
      - Of a workspace of O(kind=hub), full resource id of the resource group for projects that are created without one. Immutable.
    type: str
  additional_workspace_storage_accounts:
    description:
      - Of a workspace of O(kind=hub), resource ids of further storage accounts for its projects. The order is not significant. Immutable.
    type: list
    elements: str
  shared_private_link_resources:
    description:
      - The complete list of private links from the workspace to other resources. Whoever owns such a resource approves the link there. Immutable.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the link.
        type: str
        required: true
      group_id:
        description: What of the resource the link is for, such as V(blob) or V(vault).
        type: str
        required: true
      private_link_resource_id:
        description: Resource id of the resource.
        type: str
        required: true
      request_message:
        description: Text for who approves the link. It is not compared.
        type: str
  soft_delete_retention_in_days:
    description:
      - Number of days for which a deleted workspace can be recovered. Must be 1 or greater. Only preview versions of the API have it.
    type: int
  display_name:
    description:
      - Display name. Defaults to O(name) for a new workspace.
    type: str
    aliases: [friendly_name]
  description:
    description:
      - Description. A new workspace without one gets its O(name) as description, as with azure-ai-ml.
    type: str
  storage_account:
    description:
      - Resource id of an existing storage account, without hierarchical namespace. Immutable.
    type: str
  key_vault:
    description:
      - Resource id of an existing key vault. Immutable. A hub can be created without one (null); other workspaces get a new one, if it is not set.
    type: str
  application_insights:
    description:
      - Resource id of an existing Application Insights component. A new hub or project has none, unless it is set.
    type: str
  container_registry:
    description:
      - Resource id of an existing container registry. Changing it may break the lineage of earlier jobs.
    type: str
  hbi_workspace:
    description:
      - Whether the data is of high business impact, so that the service collects less diagnostic data. Immutable.
    type: bool
  public_network_access:
    description:
      - Whether the workspace can be reached from public networks. For a new workspace it also applies to the resources that are created with it.
    type: str
    choices: [enabled, disabled]
  image_build_compute:
    description:
      - Name of the compute cluster that builds images if the container registry is behind a virtual network.
    type: str
  primary_user_assigned_identity:
    description:
      - Resource id of the user-assigned identity that represents the workspace.
    type: str
  system_datastores_auth_mode:
    description:
      - How the workspace authenticates to its own datastores.
    type: str
    choices: [accesskey, identity, user_delegation_sas]
  enable_data_isolation:
    description:
      - Whether the projects of a hub are isolated from each other in the storage account. Immutable.
    type: bool
  allow_roleassignment_on_rg:
    description:
      - Whether the service may assign roles to the workspace's identity for the whole resource group, and not only for the resources that it uses. The
        default of azure-ai-ml is V(true). Only preview versions of the API have it.
    type: bool
  v1_legacy_mode:
    description:
      - Whether the v2 API is disabled for the workspace.
    type: bool
  customer_managed_key:
    description:
      - Key that encrypts the data. Immutable, except for O(customer_managed_key.key_uri).
    type: dict
    suboptions:
      key_vault:
        description: Resource id of the key vault that holds the key.
        type: str
        required: true
      key_uri:
        description: URL of the key, with its version.
        type: str
        required: true
      user_assigned_identity:
        description:
          - Resource id of the user-assigned identity that reads the key. If not set, the identity of the workspace reads it.
        type: str
      cosmosdb_id:
        description: Resource id of an existing Cosmos DB account, which keeps the data in place of one that the service creates.
        type: str
      search_id:
        description: Resource id of an existing Azure AI Search service, which keeps the indexes in place of one that the service creates.
        type: str
      storage_id:
        description: Resource id of an existing storage account, which keeps the data in place of one that the service creates.
        type: str
  enable_service_side_cmk_encryption:
    description:
      - Whether the service keeps the data that it encrypts with the customer-managed key in its own subscription, and creates no resources for it in
        yours. Requires O(customer_managed_key). Immutable.
    type: bool
  network_acls:
    description:
      - The public addresses from which the workspace can be reached, if O(public_network_access=enabled). Only preview versions of the API have it.
    type: dict
    suboptions:
      default_action:
        description: What happens to requests from all other addresses. V(allow) is the default of the service.
        type: str
        choices: [allow, deny]
      ip_rules:
        description: The complete list of addresses that are allowed, at most 200. The order is not significant.
        type: list
        elements: dict
        suboptions:
          value:
            description: An IPv4 address of the public internet, or a range such as V(203.0.113.0/24).
            type: str
            required: true
  provision_network:
    description:
      - Whether to provision the managed network now, and not with the first compute target, of a new workspace and of one that exists. This can take
        30 minutes. The task waits for it up to O(wait_timeout); running the same task again continues.
      - A network stays provisioned. V(false) changes nothing, and is the same as not setting the option.
      - With O(wait=false), the network of a new workspace is provisioned by the next run.
    type: bool
    aliases: [provision_network_now]
  include_spark:
    description:
      - With O(provision_network=true), whether to provision the managed network for serverless Spark jobs too. It can be added to a network that is
        provisioned already, and stays; V(false) changes nothing.
    type: bool
  serverless_compute:
    description:
      - The network in which serverless compute runs jobs.
    type: dict
    suboptions:
      custom_subnet:
        description: Resource id of the subnet of its nodes; null for none.
        type: str
      no_public_ip:
        description: Whether its nodes have no public addresses.
        type: bool
  feature_store_settings:
    description:
      - Settings of a workspace of O(kind=featurestore).
    type: dict
    suboptions:
      spark_runtime_version:
        description: Version of Spark for the computation of features, such as V(3.5).
        type: str
      offline_store_connection_name:
        description: Name of the connection of the workspace to its offline store.
        type: str
      online_store_connection_name:
        description: Name of the connection of the workspace to its online store; null for none.
        type: str
  materialization_identity:
    description:
      - Resource id of the user-assigned identity that runs the materialization jobs of a feature store that is created. If not set, an identity is
        created. Has no effect on a workspace that exists; O(identity) changes its identities.
    type: str
  grant_materialization_permissions:
    description:
      - Whether the materialization identity of a feature store that is created gets its roles, as with azure-ai-ml V(AzureML Data Scientist) on the
        workspace and V(Storage Blob Data Contributor) on its storage account and on the container of the offline store. Defaults to V(true), which
        needs the permission to assign roles. Has no effect on a workspace that exists.
    type: bool
  offline_store:
    description:
      - Existing container to which the materialization jobs of a feature store that is created write features. If not set, a container is created in a
        separate storage account or, without O(storage_account), in the one of the workspace. Has no effect on a workspace that exists;
        M(azureml.compute.aml_connection) manages its connections.
    type: dict
    suboptions:
      type:
        description: Type of the store.
        type: str
        choices: [azure_data_lake_gen2]
        default: azure_data_lake_gen2
      target:
        description: Resource id of the container.
        type: str
        required: true
  online_store:
    description:
      - Existing cache from which a feature store that is created serves features. If not set, it has none. Has no effect on a workspace that exists;
        M(azureml.compute.aml_connection) manages its connections.
    type: dict
    suboptions:
      type:
        description: Type of the store.
        type: str
        choices: [redis]
        default: redis
      target:
        description: Resource id of the cache.
        type: str
        required: true
  managed_network:
    description:
      - The network that the service manages for the compute targets of the workspace.
    type: dict
    suboptions:
      isolation_mode:
        description:
          - Isolation cannot be disabled after it was enabled. To enable it for an existing workspace, first delete all of its compute targets.
        type: str
        choices: [disabled, allow_internet_outbound, allow_only_approved_outbound]
      firewall_sku:
        description: Firewall for rules of type V(fqdn).
        type: str
        choices: [basic, standard]
      enable_network_monitor:
        description: Whether the managed network is monitored.
        type: bool
      enable_firewall_log:
        description:
          - Whether the firewall of the managed network writes logs. Only API version 2025-09-01 takes it, so that it is sent in a separate request.
        type: bool
      managed_network_kind:
        description: Kind of the managed network. V(v2) has more detailed access controls, and cannot become V(v1) again.
        type: str
        choices: [v1, v2]
      outbound_rules:
        description:
          - Rules for outbound traffic, by name. Rules that are not listed are preserved.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the rule. 3 to 33 letters, digits, dashes and underscores.
            type: str
            required: true
          type:
            description: Type of the rule. Required, except to remove the rule.
            type: str
            choices: [fqdn, private_endpoint, service_tag]
          destination:
            description:
              - For V(fqdn), a host name, or several with commas between them.
              - For V(private_endpoint), a mapping with C(service_resource_id) (the full id), C(subresource_target) (such as V(blob) or V(vault)) and
                C(spark_enabled) (a boolean).
              - For V(service_tag), a mapping with C(service_tag) or C(address_prefixes) (a list of addresses and ranges, which takes the place of the tag),
                C(protocol) (V(TCP), V(UDP), V(ICMP) or V(*)), C(port_ranges) (such as V(80, 8080-8089) or V(*)) and C(action) (V(allow) or V(deny)).
            type: raw
          fqdns:
            description:
              - Host names of a V(private_endpoint) rule, which an application gateway needs. The order is not significant. If not set, the rule keeps
                the names that it has.
            type: list
            elements: str
          state:
            description: V(absent) removes the rule.
            type: str
            choices: [present, absent]
            default: present
  soft_deleted:
    description:
      - What to do when a soft-deleted workspace, which can still be recovered, reserves the name.
      - V(fail) fails the task. V(recover) restores that workspace, with its history and without compute targets. V(purge) deletes it permanently and
        creates a new one.
    type: str
    choices: [fail, recover, purge]
    default: fail
  permanently_delete:
    description:
      - With O(state=absent), whether to delete permanently. Otherwise the service keeps the workspace for some days, so that it can be recovered, and its
        name is reserved for that time.
    type: bool
    default: false
  delete_dependent_resources:
    description:
      - With O(state=absent), whether to delete the storage account, key vault, container registry and application insights (with log
        analytics) of the workspace too. A resource that another workspace of the subscription uses is not deleted, with a warning.
      - Requires O(permanently_delete=true), because a workspace cannot be recovered without its dependent resources.
      - After the workspace is deleted, a later run cannot determine its dependent resources. A task that fails before all are deleted lists the
        remaining ones in its message and in C(failure.details.left). A task that is killed cannot list them.
    type: bool
    default: false
  expected_computes:
    description:
      - With O(state=absent), names of the compute targets that may be deleted with the workspace. They are listed directly before the deletion. Any other
        compute target fails the task with V(UnexpectedComputes), and the workspace is not deleted. Compute targets that are being deleted are ignored.
      - If not set, all compute targets are deleted with the workspace. With an empty list, the workspace is deleted only if it has none.
    type: list
    elements: str
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.api_version
  - azureml.compute.identity.workspace
  - azureml.compute.tags
  - azureml.compute.wait
  - azureml.compute.state
  - azureml.compute.definition
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
requirements:
  - azure-ai-ml >= 1.31.0, to create a workspace
seealso:
  - module: azureml.compute.aml_workspace_info
  - module: azureml.compute.aml_compute_cluster
"""

EXAMPLES = r"""
- name: Create a workspace with its dependent resources
  azureml.compute.aml_workspace:
    resource_group: ml-prod
    name: ws-prod
    location: eastus
    display_name: Production
    tags:
      team: vision

- name: Disable access from public networks
  azureml.compute.aml_workspace:
    resource_group: ml-prod
    name: ws-prod
    public_network_access: disabled

- name: Allow only approved outbound traffic
  azureml.compute.aml_workspace:
    resource_group: ml-prod
    name: ws-closed
    managed_network:
      isolation_mode: allow_only_approved_outbound
      outbound_rules:
        - name: packages
          type: fqdn
          destination: pypi.org
        - name: old-rule
          state: absent

- name: Provision the managed network before compute targets are created, also for serverless Spark jobs
  azureml.compute.aml_workspace:
    resource_group: ml-prod
    name: ws-closed
    managed_network:
      isolation_mode: allow_only_approved_outbound
    provision_network: true
    include_spark: true

- name: Create a hub
  azureml.compute.aml_workspace:
    resource_group: ml-prod
    name: hub-prod
    kind: hub
  register: hub

- name: Create a project of the hub
  azureml.compute.aml_workspace:
    resource_group: ml-prod
    name: project-a
    kind: project
    hub_id: "{{ hub.workspace.id }}"

- name: Delete a workspace and its dependent resources permanently
  azureml.compute.aml_workspace:
    resource_group: ml-test
    name: ws-test
    state: absent
    permanently_delete: true
    delete_dependent_resources: true

- name: Delete a workspace only if no one has created a compute target in it
  azureml.compute.aml_workspace:
    resource_group: ml-test
    name: ws-test
    state: absent
    expected_computes: []
"""

RETURN = r"""
workspace:
  description:
    - The workspace after the task, or in check mode as it would be. Null when it is absent.
  returned: success
  type: dict
  contains:
    id:
      description: Resource id.
      type: str
      returned: always
      sample: /subscriptions/0000/resourceGroups/ml-prod/providers/Microsoft.MachineLearningServices/workspaces/ws-prod
    name:
      description: Name.
      type: str
      returned: always
      sample: ws-prod
    kind:
      description: V(default), V(hub), V(project) or V(featurestore).
      type: str
      returned: always
      sample: default
    hub_id:
      description: Hub of a project.
      type: str
      returned: always
      sample: null
    location:
      description: Region.
      type: str
      returned: always
      sample: eastus
    display_name:
      description: Display name.
      type: str
      returned: always
      sample: Production
    description:
      description: Description.
      type: str
      returned: always
      sample: null
    storage_account:
      description: Resource id.
      type: str
      returned: always
    key_vault:
      description: Resource id.
      type: str
      returned: always
    application_insights:
      description: Resource id.
      type: str
      returned: always
    container_registry:
      description: Resource id; null if no registry was set and no image was built.
      type: str
      returned: always
    hbi_workspace:
      description: Whether the data is of high business impact.
      type: bool
      returned: always
      sample: false
    public_network_access:
      description: V(enabled) or V(disabled).
      type: str
      returned: always
      sample: enabled
    image_build_compute:
      description: Name of the compute cluster that builds images.
      type: str
      returned: always
      sample: null
    primary_user_assigned_identity:
      description: Resource id of the user-assigned identity that represents the workspace.
      type: str
      returned: always
      sample: null
    system_datastores_auth_mode:
      description: How the workspace authenticates to its own datastores.
      type: str
      returned: always
      sample: accesskey
    enable_data_isolation:
      description: Whether the projects of a hub are isolated from each other in the storage account.
      type: bool
      returned: always
      sample: false
    allow_roleassignment_on_rg:
      description: Whether the service may assign roles to the workspace's identity for the whole resource group.
      type: bool
      returned: always
      sample: true
    v1_legacy_mode:
      description: Whether the v2 API is disabled for the workspace.
      type: bool
      returned: always
      sample: false
    customer_managed_key:
      description:
        - C(key_vault), C(key_uri), C(user_assigned_identity), C(cosmosdb_id), C(search_id) and C(storage_id); each is null if the service's own key is used.
      type: dict
      returned: always
      sample: {key_vault: null, key_uri: null, user_assigned_identity: null, cosmosdb_id: null, search_id: null, storage_id: null}
    enable_service_side_cmk_encryption:
      description: Whether the service keeps the data that it encrypts with the customer-managed key.
      type: bool
      returned: always
      sample: false
    network_acls:
      description: C(default_action) and C(ip_rules) for requests from public addresses; each is null if the API version does not return it.
      type: dict
      returned: always
      sample: {default_action: deny, ip_rules: [{value: 203.0.113.0/24}]}
    serverless_compute:
      description: C(custom_subnet) and C(no_public_ip) of serverless compute.
      type: dict
      returned: always
      sample: {custom_subnet: null, no_public_ip: null}
    default_resource_group:
      description: Resource id of the resource group for projects of a hub; null if it has none.
      type: str
      returned: always
      sample: null
    additional_workspace_storage_accounts:
      description: Resource ids of further storage accounts for the projects of a hub; null if it has none.
      type: list
      elements: str
      returned: always
      sample: null
    shared_private_link_resources:
      description: C(name), C(group_id), C(private_link_resource_id) and C(request_message) of each private link to another resource; null if there are none.
      type: list
      elements: dict
      returned: always
      sample: null
    soft_delete_retention_in_days:
      description: Number of days for which it can be recovered after its deletion; null if the API version does not return it.
      type: int
      returned: always
      sample: null
    feature_store_settings:
      description: C(spark_runtime_version), C(offline_store_connection_name) and C(online_store_connection_name); each is null for other kinds.
      type: dict
      returned: always
      sample: {spark_runtime_version: null, offline_store_connection_name: null, online_store_connection_name: null}
    managed_network:
      description:
        - C(isolation_mode), C(firewall_sku), C(enable_network_monitor), C(enable_firewall_log), C(managed_network_kind), C(status) (V(Active) when it
          is provisioned), C(spark_ready) (whether it is provisioned for serverless Spark jobs) and C(outbound_rules) including the service's own rules
          (see C(category)).
      type: dict
      returned: always
    identity:
      description: C(type), C(user_assigned_identities), C(principal_id), C(tenant_id) and C(default).
      type: dict
      returned: always
    tags:
      description: Tags.
      type: dict
      returned: always
      sample: {team: vision}
    provisioning_state:
      description: Provisioning state of the workspace.
      type: str
      returned: when it exists
      sample: Succeeded
    workspace_id:
      description: The service's own id of the workspace.
      type: str
      returned: when it exists
    discovery_url:
      description: URL of the discovery service.
      type: str
      returned: when it exists
      sample: https://eastus.api.azureml.ms/discovery
    mlflow_tracking_uri:
      description: MLflow tracking URI.
      type: str
      returned: when it exists
    private_link_count:
      description: Number of private connections.
      type: int
      returned: when it exists
      sample: 0
deleted_resources:
  description: Ids of the dependent resources that were deleted.
  returned: with O(state=absent)
  type: list
  elements: str
  sample: []
operation:
  description: The running operation. M(azureml.compute.aml_operation_info) waits for several operations.
  returned: with O(wait=false), when something was started
  type: dict
  contains:
    url:
      description: URL that returns its state.
      type: str
      returned: always
      sample: https://management.azure.com/subscriptions/0000/providers/Microsoft.MachineLearningServices/locations/eastus/computeOperationsStatus/0000
    status:
      description: The state that the service reported last.
      type: str
      returned: always
      sample: InProgress
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

from ..module_utils._jobs.aml_workspace import WORKSPACE_SPEC, manage_workspace
from ..module_utils._kinds.workspace import Workspace
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **WORKSPACE_SPEC,
    **specs.of_kind(Workspace()),
    "soft_deleted": {"type": "str", "default": "fail", "choices": ["fail", "recover", "purge"]},
    "permanently_delete": {"type": "bool", "default": False},
    "delete_dependent_resources": {"type": "bool", "default": False},
    "expected_computes": {"type": "list", "elements": "str"},
}


def main() -> None:
    run(manage_workspace, SPEC, definition=("workspace",))


if __name__ == "__main__":
    main()
