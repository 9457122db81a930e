# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong values for every option of every module.

Each module has declarations that are right (``BASES``); a case takes one and makes one option wrong. Wrong by its type, choices or items is worked out from
the argument spec. What a rule forbids stands in ``RULES``, by the option's dotted path or by a module's own one (``module:path``); an option without a row
there fails the test, so that nobody adds one without having thought of it.
"""

from __future__ import annotations

import copy
import importlib
import typing as t
from dataclasses import dataclass

from ansible_collections.azureml.compute.plugins.module_utils._auth import options as _options
from ansible_collections.azureml.compute.plugins.module_utils._options import specs
from ansible_collections.azureml.compute.plugins.module_utils._options.values import SELECTIONS
from ansible_collections.azureml.compute.tests.support.declarations import KEY
from ansible_collections.azureml.compute.tests.support.rows import (
    GROUP,
    GUIDS,
    IDS,
    NEGATIVE,
    TAGS,
    VM,
    row_of,
    wrong_values,
)

Options = dict[str, t.Any]

MODULES = (
    "aml_attached_compute",
    "aml_compute_cluster",
    "aml_compute_info",
    "aml_compute_instance",
    "aml_batch_deployment",
    "aml_batch_endpoint",
    "aml_batch_endpoint_info",
    "aml_connection",
    "aml_connection_info",
    "aml_datastore",
    "aml_datastore_info",
    "aml_diagnostic_setting",
    "aml_diagnostic_setting_info",
    "aml_export_info",
    "aml_fleet",
    "aml_fleet_info",
    "aml_inference_cluster",
    "aml_job_check",
    "aml_kubernetes_extension",
    "aml_kubernetes_extension_info",
    "aml_online_deployment",
    "aml_online_endpoint",
    "aml_online_endpoint_info",
    "aml_operation_info",
    "aml_preflight_info",
    "aml_private_endpoint_connection",
    "aml_quota",
    "aml_registry",
    "aml_registry_info",
    "aml_role_assignment",
    "aml_role_assignment_info",
    "aml_ssh_facts",
    "aml_usage_info",
    "aml_vm_size_info",
    "aml_workspace",
    "aml_workspace_diagnose_info",
    "aml_workspace_info",
    "aml_workspace_resync_keys",
    "arm_action",
    "arm_resource",
    "arm_resource_info",
)
# The modules that take YAML of the CLI.
DEFINITIONS = (
    "aml_attached_compute",
    "aml_batch_deployment",
    "aml_batch_endpoint",
    "aml_compute_cluster",
    "aml_compute_instance",
    "aml_connection",
    "aml_datastore",
    "aml_online_deployment",
    "aml_online_endpoint",
    "aml_registry",
    "aml_workspace",
)

AKS = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks"
SUBNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/training"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-one"
USERS = {"type": "user_assigned", "user_assigned_identities": [IDENTITY]}
_PROBE = {"failure_threshold": 3, "success_threshold": 1, "timeout": 2, "period": 10, "initial_delay": 10}
# The stores of a feature store.
_CONTAINER = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stlake/blobServices/default/containers/features"
_CACHE = f"{GROUP}/providers/Microsoft.Cache/redis/cache"
_LINK = {
    "name": "blob",
    "group_id": "blob",
    "private_link_resource_id": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/st",
}
PRIVATE_KEY = "-----BEGIN RSA PRIVATE KEY-----\nplanted\n-----END RSA PRIVATE KEY-----\n"
_CRON = {
    "action": "stop",
    "trigger": {"type": "cron", "expression": "0 18 * * *", "time_zone": "UTC", "start_time": "2026-01-01T00:00:00"},
}
_PATTERN = {"hours": [8], "minutes": [0], "week_days": ["monday"], "month_days": [1]}
_WEEKLY = {
    "action": "start",
    "trigger": {"type": "recurrence", "frequency": "week", "interval": 1, "schedule": _PATTERN},
}

# Declarations that are right. Options that exclude each other take several; a case uses the first that has its option, else the first of all.
BASES: dict[str, list[Options]] = {
    "aml_compute_cluster": [
        {
            "name": "cpu-cluster",
            "location": "eastus",
            "size": "Standard_D4s_v3",
            "tier": "dedicated",
            "min_instances": 0,
            "max_instances": 4,
            "idle_time_before_scale_down": 120,
            "ssh_public_access_enabled": True,
            "enable_node_public_ip": True,
            "description": "For tests",
            "ssh_settings": {"admin_username": "azureuser", "ssh_key_value": KEY, "admin_password": "planted-Passw0rd"},
            "network_settings": {"subnet": "training", "vnet_name": "vnet", "resource_group": "rg-test"},
            "identity": USERS,
            "tags": {"team": "vision"},
        },
    ],
    "aml_compute_instance": [
        {
            "name": "an-instance",
            "location": "eastus",
            "size": "Standard_D4s_v3",
            "description": "For tests",
            "network_settings": {"subnet": "training", "vnet_name": "vnet", "resource_group": "rg-test"},
            "ssh_settings": {"ssh_key_value": KEY},
            "identity": USERS,
            "tags": {"team": "vision"},
            "create_on_behalf_of": {
                "user_object_id": "00000000-0000-0000-0000-0000000000a1",
                "user_tenant_id": "aaaaaaaa-0000-4000-8000-00000000000a",
            },
            "idle_time_before_shutdown_minutes": 60,
            "schedules": {"compute_start_stop": [_CRON]},
            "setup_scripts": {
                "creation_script": {"path": "a.sh", "command": "--fast", "timeout_minutes": 20},
                "startup_script": {"inline": "true"},
            },
            "custom_applications": [
                {
                    "name": "rstudio",
                    "type": "docker",
                    "image": {"reference": "rocker/rstudio:latest"},
                    "endpoints": [{"target": 8787, "published": 8788}],
                    "environment_variables": {"ROOT": "true"},
                    "bind_mounts": [{"source": "/home/azureuser", "target": "/home/rstudio"}],
                }
            ],
            "data_mounts": [
                {
                    "mount_name": "data",
                    "source": "azureml://datastores/data",
                    "source_type": "uri",
                    "mount_path": "/mnt/data",
                }
            ],
        },
        {"name": "an-instance", "size": "Standard_D4s_v3", "schedules": {"compute_start_stop": [_WEEKLY]}},
        {
            "name": "an-instance",
            "size": "Standard_D4s_v3",
            "setup_scripts": {"creation_script": {"inline": "true"}, "startup_script": {"path": "a.sh"}},
        },
    ],
    "aml_inference_cluster": [
        {
            "name": "made-aks",
            "cluster_purpose": "fast_prod",
            "size": "Standard_D4s_v3",
            "agent_count": 3,
            "location": "eastus",
            "description": "For tests",
            "network_settings": {
                "subnet": "training",
                "vnet_name": "vnet",
                "resource_group": "rg-test",
                "service_cidr": "10.8.0.0/16",
                "dns_service_ip": "10.8.0.10",
                "docker_bridge_cidr": "172.17.0.1/16",
            },
            "ssl": {"status": "auto", "leaf_domain_label": "scoring", "overwrite_existing_domain": True},
            "tags": {"team": "vision"},
        },
        {
            "name": "cert-aks",
            "resource_id": AKS,
            "load_balancer_type": "internal_load_balancer",
            "load_balancer_subnet": "inner",
            "ssl": {"status": "enabled", "cert": "planted-cert", "key": "planted-key", "cname": "scoring.example.org"},
        },
    ],
    "aml_attached_compute": [
        {
            "name": "machine",
            "type": "virtualmachine",
            "resource_id": VM,
            "description": "A machine",
            "tags": {"team": "vision"},
            "location": "eastus",
            "ssh_settings": {"admin_username": "someone", "ssh_port": 2222, "admin_password": "planted-Passw0rd"},
        },
        {
            "name": "machine",
            "type": "virtualmachine",
            "address": "203.0.113.4",
            "ssh_settings": {"admin_username": "someone", "ssh_private_key": PRIVATE_KEY},
        },
        {
            "name": "bricks",
            "type": "databricks",
            "resource_id": f"{GROUP}/providers/Microsoft.Databricks/workspaces/dbx",
            "access_token": "planted-token",
        },
        {
            "name": "k8s",
            "type": "kubernetes",
            "resource_id": AKS,
            "namespace": "training",
            "default_instance_type": "gpu",
            "identity": USERS,
            "instance_types": {
                "gpu": {
                    "node_selector": {"accelerator": "nvidia"},
                    "resources": {"requests": {"cpu": "2"}, "limits": {"memory": "8Gi"}},
                }
            },
        },
    ],
    "aml_connection": [
        {
            "name": "packages",
            "type": "python_feed",
            "target": "https://pkgs.example.org/simple",
            "metadata": {"team": "vision"},
            "is_shared": True,
            "shared_user_list": ["11111111-0000-4000-8000-000000000001"],
            "expiry_time": "2030-01-01T00:00:00Z",
            "use_workspace_managed_identity": False,
            "pe_requirement": "not_required",
            "credentials": {
                "type": "username_password",
                "username": "me",
                "password": "planted",
                "security_token": "planted",
            },
        },
        *(
            {
                "name": "packages",
                "type": "git",
                "target": "https://git.example.org",
                "credentials": {"type": type_, **parts},
            }
            for type_, parts in {
                "pat": {"pat": "planted"},
                "sas": {"sas_token": "planted"},
                "api_key": {"key": "planted"},
                "account_key": {"account_key": "planted"},
                "custom_keys": {"keys": {"one": "planted"}},
                "access_key": {"access_key_id": "id", "secret_access_key": "planted"},
                "managed_identity": {"client_id": "client", "resource_id": "resource"},
                "service_principal": {"tenant_id": "tenant", "client_id": "client", "client_secret": "planted"},
                "oauth2": {
                    "client_id": "client",
                    "client_secret": "planted",
                    "auth_url": "https://login.example.org",
                    "refresh_token": "planted",
                    "developer_token": "planted",
                },
            }.items()
        ),
    ],
    "aml_connection_info": [{"name": "packages", "type": ["git"]}],
    "aml_datastore": [
        {
            "name": "training_data",
            "type": "azure_blob",
            "description": "For tests",
            "tags": {"team": "vision"},
            "account_name": "stdata",
            "container_name": "training",
            "endpoint": "core.windows.net",
            "protocol": "https",
            "storage_subscription_id": "11111111-0000-4000-8000-000000000001",
            "storage_resource_group": "rg-data",
            "service_data_access_auth_identity": "none",
            "is_default": False,
            "credentials": {"account_key": "planted-key"},
        },
        {
            "name": "files",
            "type": "azure_file",
            "account_name": "stdata",
            "file_share_name": "share",
            "credentials": {"sas_token": "?sig=planted"},
        },
        {
            "name": "lake",
            "type": "azure_data_lake_gen2",
            "account_name": "stdata",
            "filesystem": "raw",
            "credentials": {
                "tenant_id": "11111111-0000-4000-8000-000000000001",
                "client_id": "11111111-0000-4000-8000-000000000002",
                "certificate": "planted-certificate",
                "thumbprint": "AB12",
                "authority_url": "https://login.microsoftonline.com",
                "resource_url": "https://storage.azure.com/",
            },
        },
        {"name": "old_lake", "type": "azure_data_lake_gen1", "store_name": "lakestore"},
        {
            "name": "house",
            "type": "one_lake",
            "one_lake_workspace_name": "fabric",
            "artifact": {"name": "house", "type": "lake_house"},
            "credentials": {
                "tenant_id": "11111111-0000-4000-8000-000000000001",
                "client_id": "11111111-0000-4000-8000-000000000002",
                "client_secret": "planted-secret",
            },
        },
    ],
    "aml_datastore_info": [{"name": "training_data", "type": ["azure_blob"]}],
    "aml_batch_deployment": [
        {
            "endpoint_name": "iris-batch",
            "name": "blue",
            "location": "eastus",
            "description": "For tests",
            "tags": {"team": "vision"},
            "model": "azureml:iris:3",
            "environment": "azureml:sklearn:1",
            "code_configuration": {"code": "azureml:scoring:1", "scoring_script": "score.py"},
            "compute": "cpu-cluster",
            "resources": {"instance_count": 2},
            "settings": {
                "mini_batch_size": 5,
                "max_concurrency_per_instance": 2,
                "error_threshold": -1,
                "retry_settings": {"max_retries": 1, "timeout": 60},
                "logging_level": "info",
                "output_action": "append_row",
                "output_file_name": "scores.csv",
                "environment_variables": {"LOG_LEVEL": "info"},
            },
        }
    ],
    "aml_batch_endpoint": [
        {
            "name": "iris-batch",
            "auth_mode": "aad_token",
            "location": "eastus",
            "description": "For tests",
            "tags": {"team": "vision"},
            "defaults": {"deployment_name": "blue"},
        }
    ],
    "aml_batch_endpoint_info": [{"name": "iris-batch", "deployments": True}],
    "aml_online_deployment": [
        {
            "endpoint_name": "iris-prod",
            "name": "blue",
            "type": "managed",
            "location": "eastus",
            "description": "For tests",
            "tags": {"team": "vision"},
            "model": "azureml:iris:3",
            "model_mount_path": "/var/models",
            "environment": "azureml:sklearn:1",
            "code_configuration": {"code": "azureml:scoring:1", "scoring_script": "score.py"},
            "instance_type": "Standard_DS3_v2",
            "instance_count": 3,
            "app_insights_enabled": True,
            "scale_settings": {"type": "default"},
            "request_settings": {
                "request_timeout_ms": 3000,
                "max_concurrent_requests_per_instance": 2,
                "max_queue_wait_ms": 500,
            },
            "liveness_probe": _PROBE,
            "readiness_probe": _PROBE,
            "startup_probe": _PROBE,
            "data_collector": {
                "collections": {"request": {"enabled": True}},
                "rolling_rate": "hour",
                "sampling_rate": 0.5,
                "request_logging": {"capture_headers": ["x-request-id"]},
            },
            "environment_variables": {"LOG_LEVEL": "info"},
            "egress_public_network_access": "enabled",
            "log_lines": 20,
        },
        {
            "endpoint_name": "iris-k8s",
            "name": "blue",
            "type": "kubernetes",
            "instance_count": 1,
            "scale_settings": {
                "type": "target_utilization",
                "min_instances": 1,
                "max_instances": 3,
                "polling_interval": 10,
                "target_utilization_percentage": 70,
            },
            "resources": {
                "requests": {"cpu": "1", "memory": "1Gi", "gpu": "1"},
                "limits": {"cpu": "2", "memory": "2Gi", "gpu": "1"},
            },
        },
    ],
    "aml_online_endpoint": [
        {
            "name": "iris-prod",
            "auth_mode": "key",
            "location": "eastus",
            "identity": USERS,
            "description": "For tests",
            "tags": {"team": "vision"},
            "public_network_access": "enabled",
            "traffic": {"blue": 100},
            "expected_traffic": {"green": 100},
            "mirror_traffic": {"green": 10},
            "regenerate_keys": ["primary"],
        },
        {"name": "iris-k8s", "compute": "k8s"},
    ],
    "aml_online_endpoint_info": [{"name": "iris-prod", "deployments": True, "show_keys": False}],
    "aml_diagnostic_setting": [
        {
            "name": "to-logs",
            "log_analytics_workspace_id": f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-test",
            "log_analytics_destination_type": "dedicated",
            "storage_account_id": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stlogs",
            "event_hub_authorization_rule_id": f"{GROUP}/providers/Microsoft.EventHub/namespaces/hubs/authorizationRules/Send",
            "event_hub_name": "ml-logs",
            "log_categories": ["AmlComputeJobEvent"],
            "metric_categories": ["AllMetrics"],
        },
        {
            "name": "to-logs",
            "storage_account_id": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stlogs",
            "log_category_groups": ["allLogs"],
        },
    ],
    "aml_diagnostic_setting_info": [{"name": "to-logs"}],
    "aml_role_assignment": [
        {
            "scope": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stlogs",
            "role": "Storage Blob Data Reader",
            "principal_id": "11111111-0000-4000-8000-00000000000f",
            "principal_type": "service_principal",
            "description": "For jobs",
            "condition": "@Resource[a] StringEquals 'b'",
            "propagation_timeout": 60,
        }
    ],
    "aml_role_assignment_info": [
        {"scope": GROUP, "principal_id": "11111111-0000-4000-8000-00000000000f"},
    ],
    "aml_compute_info": [{"name": "cpu-cluster", "type": ["amlcompute"]}],
    "aml_export_info": [{}],
    "aml_fleet": [
        {
            "name": "a-fleet",
            "resource_group": "rg-test",
            "defaults": {"amlcompute": {"size": "Standard_D4s_v3"}},
            "max_monthly_cost": 100.5,
            "workspaces": [
                {
                    "name": "ws-test",
                    "resource_group": "rg-test",
                    "subscription_id": "11111111-0000-4000-8000-000000000001",
                    "defaults": {"all": {"tags": {"team": "vision"}}},
                    "computes": [{"name": "cpu-cluster", "type": "amlcompute", "max_instances": 2}],
                }
            ],
        },
    ],
    "aml_fleet_info": [{"resource_group": "rg-test", "workspaces": [{"name": "ws-test", "resource_group": "rg-test"}]}],
    "aml_job_check": [
        {
            "compute": "cpu-cluster",
            "command": "echo ok",
            "environment": "azureml:mine:1",
            "experiment_name": "smoke",
            "limits": {"timeout": 60},
            "max_age": 0,
        }
    ],
    "aml_operation_info": [
        {
            "operations": [
                "https://management.azure.com/subscriptions/x/providers/Microsoft.MachineLearningServices/operations/o"
            ]
        }
    ],
    "aml_preflight_info": [
        {"computes": [{"name": "cpu-cluster", "type": "amlcompute", "size": "Standard_D4s_v3", "max_instances": 2}]}
    ],
    "aml_quota": [
        {"location": "eastus", "quotas": [{"family": "standardDSv2Family", "limit": 24}]},
        {"location": "eastus", "subscription_quotas": [{"family": "standardDSv2Family", "limit": 300}]},
    ],
    "aml_registry": [
        {
            "name": "shared",
            "location": "eastus",
            "public_network_access": "enabled",
            "replication_locations": [
                {"location": "eastus", "storage_config": {"storage_account_type": "standard_lrs"}}
            ],
            "container_registry": {"acr_account_sku": "premium"},
            "intellectual_property": {"publisher": "contoso"},
            "managed_resource_group": f"{GROUP}-of-registry",
            "sku": {"name": "S1", "tier": "standard"},
            "tags": {"team": "vision"},
        }
    ],
    "aml_kubernetes_extension": [
        {
            "cluster_id": AKS,
            "name": "azureml",
            "release_train": "stable",
            "release_namespace": "azureml",
            "auto_upgrade_minor_version": True,
            "enable_training": True,
            "enable_inference": True,
            "inference_router_service_type": "load_balancer",
            "inference_router_ha": True,
            "ssl": {"cname": "scoring.example.org", "cert": PRIVATE_KEY, "key": PRIVATE_KEY},
            "node_selector": {"agentpool": "ml"},
            "configuration_settings": {"logAnalyticsWS": "false"},
            "configuration_protected_settings": {"other": "planted"},
        },
        {
            "cluster_id": AKS,
            "name": "azureml",
            "enable_training": True,
            "auto_upgrade_minor_version": False,
            "version": "1.1.73",
        },
        {
            "cluster_id": AKS,
            "name": "azureml",
            "enable_training": True,
            "ssl": {"secret_name": "tls", "cname": "a.example.org"},
        },
    ],
    "aml_kubernetes_extension_info": [{"cluster_id": AKS, "name": "azureml"}],
    "aml_registry_info": [{"name": "shared", "resource_group": "rg-test"}],
    "aml_ssh_facts": [
        {"name": "cpu-cluster", "type": ["amlcompute"], "private_key_file": "~/.ssh/id_rsa", "host_prefix": "ws-"}
    ],
    "aml_usage_info": [{"location": "eastus", "family": ["standard*"], "only_exceeded_percent": 50.0}],
    "aml_vm_size_info": [
        {
            "location": "eastus",
            "family": "standard*",
            "name": "*_v2",
            "min_vcpus": 1,
            "max_vcpus": 8,
            "min_memory_gb": 1.5,
            "gpus": 0,
            "low_priority": True,
        }
    ],
    "aml_workspace": [
        {
            "name": "ws-test",
            "location": "eastus",
            "kind": "default",
            "display_name": "Shown",
            "description": "For tests",
            "tags": {"team": "vision"},
            "public_network_access": "enabled",
            "image_build_compute": "builder",
            "v1_legacy_mode": False,
            "identity": {"type": "system_assigned,user_assigned", "user_assigned_identities": [IDENTITY]},
            "primary_user_assigned_identity": IDENTITY,
            "serverless_compute": {"custom_subnet": SUBNET, "no_public_ip": True},
            "customer_managed_key": {
                "key_vault": f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv",
                "key_uri": "https://kv.vault.azure.net/keys/a/b",
            },
            "managed_network": {
                "isolation_mode": "allow_only_approved_outbound",
                "firewall_sku": "standard",
                "outbound_rules": [{"name": "packages", "type": "fqdn", "destination": "pypi.org"}],
            },
            "network_acls": {"default_action": "deny", "ip_rules": [{"value": "203.0.113.0/24"}]},
            "default_resource_group": GROUP,
            "additional_workspace_storage_accounts": [_LINK["private_link_resource_id"]],
            "shared_private_link_resources": [_LINK],
        },
        {
            "name": "ws-test",
            "kind": "project",
            "hub_id": f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/hub",
        },
        {
            "name": "ws-test",
            "kind": "featurestore",
            "offline_store": {"type": "azure_data_lake_gen2", "target": _CONTAINER},
            "online_store": {"type": "redis", "target": _CACHE},
        },
    ],
    "aml_private_endpoint_connection": [
        {"private_endpoint": "pe", "description": "For tests", "state": "rejected"},
        {"outbound_rule": "shared-data"},
        {"private_endpoint": "pe", "resource_id": f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"},
    ],
    "aml_workspace_diagnose_info": [{}],
    "aml_workspace_info": [{"name": "ws-test", "resource_group": "rg-test", "kind": ["default"]}],
    "aml_workspace_resync_keys": [{}],
    "arm_action": [
        {
            "resource_group": "rg-test",
            "type": "Microsoft.Storage/storageAccounts",
            "name": "account",
            "api_version": "2023-01-01",
            "action": "regenerateKey",
            "body": {"keyName": "key1"},
            "secret_body": {"properties": {"flow": 1}},
            "unless": {"contains": {"kind": "StorageV2"}, "list": "keys", "api_version": "2023-01-01"},
        },
        {
            "id": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/account",
            "api_version": "2023-01-01",
            "action": "regenerateKey",
            "unless": {"contains": {"kind": "StorageV2"}, "id": GROUP},
        },
        {
            "scope": GROUP,
            "type": "Microsoft.Network/virtualNetworks",
            "name": "v",
            "api_version": "2024-05-01",
            "action": "a",
            "unless": {"contains": {"location": "eastus"}},
        },
        {
            "workspace": "ws-test",
            "resource_group": "rg-test",
            "type": "Microsoft.MachineLearningServices/workspaces/computes",
            "name": "cpu-cluster",
            "api_version": "2025-12-01",
            "action": "stop",
            "unless": {"contains": {"location": "eastus"}},
        },
    ],
    "arm_resource": [
        {
            "resource_group": "rg-test",
            "type": "Microsoft.Network/virtualNetworks",
            "name": "vnet-new",
            "api_version": "2024-05-01",
            "tags": {"team": "vision"},
            "body": {"location": "eastus", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}},
            "secret_body": {"properties": {"flow": 1}},
        },
        {"id": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet-new", "api_version": "2024-05-01"},
        {"scope": GROUP, "type": "Microsoft.Network/virtualNetworks", "name": "vnet-new", "api_version": "2024-05-01"},
        {
            "workspace": "ws-test",
            "resource_group": "rg-test",
            "type": "Microsoft.MachineLearningServices/workspaces/computes",
            "name": "cpu-cluster",
            "api_version": "2025-12-01",
        },
    ],
    "arm_resource_info": [
        {
            "resource_group": "rg-test",
            "type": "Microsoft.Network/virtualNetworks",
            "name": "vnet",
            "api_version": "2024-05-01",
        },
        {"id": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet", "api_version": "2024-05-01"},
        {"scope": GROUP, "type": "Microsoft.Network/virtualNetworks", "name": "vnet", "api_version": "2024-05-01"},
        {
            "workspace": "ws-test",
            "resource_group": "rg-test",
            "type": "Microsoft.MachineLearningServices/workspaces/computes",
            "name": "cpu-cluster",
            "api_version": "2025-12-01",
        },
    ],
}

# --- rules, by hand ---

_MANY = [f"item-{number}" for number in range(10_000)]
_SEGMENT = [
    "",
    "../other",
    "a/b",
    "a?b=c",
    "a#b",
    "a\nb",
    " padded",
    "padded ",
    "a b",
    "%2e%2e",
    "..",
    "a\u0000b",
    "\ud800",
    None,
]
_COMPUTE = [*_SEGMENT, "-cpu", "1cpu", "cpu-", "cpu-1", "cpu_1", "c" * 25, "größe", "名前"]
_PLACE = ["", "east-us", " eastus", "east/us", "../x", "east\nus", "eastus?x", "no!", "ос", "1"]
_DATES = [
    "",
    "latest",
    "2025",
    "2025-13",
    "2025-12-01&x=y",
    "2025-12-01\n",
    " 2025-12-01",
    "20251201",
    "2025-12-01/../x",
]
_WORD = ["", "a\nb", " a", "a ", "a\u0000b", "\ud800"]
_TEXT = ["a\u0000b", "\ud800", "planted-\ud800-text"]
_SECRET = [*_TEXT]
_SSH_KEY = [
    "ssh-rsa",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ",
    KEY[:60],
    PRIVATE_KEY,
    "no",
    f"{KEY.strip()}\n{KEY}",
    "ssh-rsa\u0000 A",
]
_PATH = ["", "/no/such/file", "a\u0000b"]

# What a rule of the option refuses. The empty list: nothing but what the type refuses is wrong, and the comment says why.
RULES: dict[str, list[t.Any]] = {
    # scope and names
    "resource_group": ["", "a/b", "../x", "a?b", "a#b", "a\nb", " rg", "rg.", "r" * 91, "a b", "%2e", "\ud800"],
    "workspace": [*[segment for segment in _SEGMENT if segment is not None], "ws", "w" * 34, "-ws", "wörk"],
    "name": _COMPUTE,
    "api_version": _DATES,
    "location": _PLACE,
    "subscription_id": [guid for guid in GUIDS if guid],
    # how, not what
    "wait_timeout": NEGATIVE,
    "wait_interval": [*NEGATIVE, 0, "nan", "inf"],
    "arm_resource:tags": TAGS,
    "identity": [
        {"type": "user_assigned"},
        {"type": "system_assigned", "user_assigned_identities": [IDENTITY]},
        {"type": "user_assigned", "ids": []},
    ],
    "identity.user_assigned_identities": [
        ["id-one"],
        [VM],
        [f"{IDENTITY}/../x"],
        [None],
        [7],
        [""],
        [{"resource": IDENTITY}],
        _MANY[:50],
    ],
    "definition": [
        "",
        "[",
        "- a",
        "a: [",
        7,
        [],
        "a: b: c",
        {"name": "x", "type": "nothing"},
        "type: nothing\nname: x",
        {"nothing": 1},
    ],
    # sign-in and client
    "profile": ["a\nb", "\ud800"],
    "tenant": ["a b", "a/b", "../x", "a\nb", " a", "\ud800"],
    "client_id": ["a b", "a\nb", " a", "\ud800"],
    "secret": _SECRET,
    "x509_certificate_path": [],  # the client's secret goes first; tests/unit/module_utils/test_credentials.py has the certificate
    "thumbprint": ["a\nb", "a b", "\ud800"],
    "oidc_token": _SECRET,
    "oidc_token_file_path": [],  # as x509_certificate_path
    "ad_user": ["a\nb", " a", "\ud800"],
    "password": _SECRET,
    "cloud_environment": [
        "Mars",
        "http://management.local",
        "ftp://x",
        "Azure\nCloud",
        " AzureCloud",
        "https://",
        "\ud800",
    ],
    "adfs_authority_url": ["login", "http://x", "https://", "a\nb", " https://x", "\ud800"],
    "retries": NEGATIVE,
    "retry_timeout": NEGATIVE,
    # cluster
    "size": ["", "Standard DS3", "Standard_D4s_v3\n", " Standard_D4s_v3", "../x", "Größe", "4", "\ud800"],
    "min_instances": [*NEGATIVE, 5, "0o17"],
    "max_instances": [*NEGATIVE, 0, "0o17"],
    "description": _TEXT,
    "ssh_settings": [{}, {"user": "a"}],
    "ssh_settings.admin_username": ["", "a b", "a\nb", " a", "\ud800", "root:x", None],
    "ssh_settings.ssh_key_value": _SSH_KEY,
    "ssh_settings.admin_password": _SECRET,
    "network_settings": [{"vnet_name": "vnet"}, {"subnet": "training"}, {"subnets": []}],
    "network_settings.subnet": ["", "a/b", "../x", "a\nb", SUBNET, f"{SUBNET}/x", VM, "a b", "\ud800"],
    "network_settings.vnet_name": ["", "a/b", "../x", "a\nb", "a b", "\ud800"],
    "network_settings.resource_group": ["a/b", "../x", "a\nb", "rg.", "\ud800"],
    # instance
    "create_on_behalf_of": [{"user_object_id": "x"}, {}],
    "schedules": [{"start_stop": []}],
    "schedules.compute_start_stop": [
        [_CRON] * 5,
        [None],
        ["0 18 * * *"],
        [{}],
        [{**_CRON, "trigger": None}],
        [_CRON] * 1000,
    ],
    "schedules.compute_start_stop.trigger": [{"type": "cron"}, {"type": "recurrence"}, {"type": "cron", "cron": "x"}],
    "schedules.compute_start_stop.trigger.expression": [
        "",
        "0 18 * *",
        "0 18 * * * *",
        "a b c d e",
        "99 18 * * *",
        "0 25 * * *",
        "0 18 * * 9",
        "* *\n* * *",
    ],
    "schedules.compute_start_stop.trigger.interval": [0, -1],
    "schedules.compute_start_stop.trigger.schedule": [{"days": [1]}],
    "schedules.compute_start_stop.trigger.schedule.hours": [[24], [-1], ["no"], [None], [True]],
    "schedules.compute_start_stop.trigger.schedule.minutes": [[60], [-1], ["0o17"], [None], [True]],
    "schedules.compute_start_stop.trigger.schedule.week_days": [["someday"], [""], [None], ["mon\nday"], [1]],
    "schedules.compute_start_stop.trigger.schedule.month_days": [[0], [32], ["first"], [None]],
    "schedules.compute_start_stop.trigger.start_time": [
        "",
        "tomorrow",
        "2026-13-01T00:00:00",
        "2026-01-01T25:00:00",
        "18:00",
        "2026-01-01T00:00:00\n",
    ],
    "schedules.compute_start_stop.trigger.time_zone": [*_WORD, "Europe/Berlin", "CEST"],
    "setup_scripts": [{"scripts": {}}],
    "setup_scripts.creation_script": [{}, {"path": "a", "inline": "b"}, {"command": "x"}, {"file": "x"}],
    "setup_scripts.startup_script": [{}, {"path": "a", "inline": "b"}, {"command": "x"}, {"file": "x"}],
    "setup_scripts.creation_script.path": [*_WORD],
    "setup_scripts.startup_script.path": [*_WORD],
    "setup_scripts.creation_script.inline": ["", *_TEXT],
    "setup_scripts.startup_script.inline": ["", *_TEXT],
    "setup_scripts.creation_script.command": _TEXT,
    "setup_scripts.startup_script.command": _TEXT,
    "setup_scripts.creation_script.timeout_minutes": [0, -1, "20m"],
    "setup_scripts.startup_script.timeout_minutes": [0, -1, "20m"],
    "custom_applications": [
        [None],
        ["rstudio"],
        [{"name": "x"}],
        [{"image": {"reference": "x"}}],
        [{"name": "a", "image": {"reference": "x"}}] * 2,
    ],
    "custom_applications.name": _WORD,
    "custom_applications.image": [{}, None],
    "custom_applications.image.reference": [*_WORD, None],
    "custom_applications.endpoints": [[None], [{}], ["8787"]],
    "custom_applications.endpoints.target": [0, 80, 70000, -1, "http"],
    "custom_applications.endpoints.published": [0, 80, 70000, -1, "http"],
    "custom_applications.environment_variables": [{"a": {"b": 1}}, {"a": [1]}, {"": "x"}, {"a=b": "x"}],
    "custom_applications.bind_mounts": [[None], [{}], ["a:b"]],
    "custom_applications.bind_mounts.source": _WORD,
    "custom_applications.bind_mounts.target": _WORD,
    "data_mounts": [[None], ["data"], [{}], [{"mount_name": "a", "source": "x"}] * 2],
    "data_mounts.mount_name": _WORD,
    "data_mounts.source": _WORD,
    "data_mounts.mount_path": _WORD,
    # inference cluster
    "resource_id": IDS,
    "cluster_id": IDS,
    "network_settings.service_cidr": [
        "",
        "10.8.0.0",
        "10.8.0.0/33",
        "no",
        "fd00::/8",
        "10.8.0.0/16\n",
        "172.17.0.0/16",
    ],
    "network_settings.dns_service_ip": ["", "10.9.0.10", "10.8.0", "no", "::1", "10.8.0.10\n"],
    "network_settings.docker_bridge_cidr": ["", "172.17", "172.17.0.1/40", "no", "10.8.0.1/16", "172.17.0.1/16\n"],
    "load_balancer_subnet": ["a/b", "a\nb", " a", "a b", "\ud800"],
    "ssl": [
        {"cert": "a"},
        {"status": "enabled", "leaf_domain_label": "x"},
        {"status": "auto"},
        {"certificate": "x"},
        {"status": "disabled", "cname": "a.b"},
    ],
    "ssl.cert": _SECRET,
    "ssl.cert_file": _PATH,
    "ssl.key": _SECRET,
    "ssl.key_file": _PATH,
    # attached compute
    "ssh_settings.ssh_port": [0, -1, 65536, "ssh"],
    "ssh_settings.ssh_private_key_file": _PATH,
    "ssh_settings.ssh_private_key": [KEY, "no", *_TEXT],
    "access_token": ["", "a\nb", " a", "\ud800"],
    "instance_types": [
        {"gpu": "x"},
        {"gpu": {"selector": {}}},
        {"gpu": {"resources": {"cpu": "2"}}},
        {"gpu": {"resources": ["cpu"]}},
        {"": {}},
        {"g p": {}},
        {"gpu": {"node_selector": ["x"]}},
        {"gpu": {"resources": {"limits": "2"}}},
        {"gpu": {"node_selector": {"a": {"b": 1}}}},
        {"gpu": {"resources": {"limits": {"cpu": "two"}}}},
        {"gpu": {"resources": {"limits": {"cpu": [1]}}}},
    ],
    "default_instance_type": [*_WORD, "cpu"],
    # connection
    "aml_connection:name": [*_SEGMENT, "-data", "_data", "größe", "d" * 256, "a.b", "ab"],
    "aml_connection_info:name": [segment for segment in _SEGMENT if segment is not None],
    "aml_connection:credentials": [{"type": "pat", "key": "planted"}, {"secret": "x"}],
    "aml_connection_info:type": [[None], [{"name": "x"}], [[]], {"name": "x"}],
    # datastore
    "aml_datastore:name": [*_SEGMENT, "-data", "_data", "größe", "d" * 256, "a.b"],
    "aml_datastore_info:name": [segment for segment in _SEGMENT if segment is not None],
    # online endpoint
    "aml_online_endpoint:name": [*_SEGMENT, "1st", "a-", "ab", "e" * 33, "a_b"],
    "aml_online_endpoint_info:name": [segment for segment in _SEGMENT if segment is not None],
    "aml_online_endpoint:compute": ["", "a b", "/subscriptions/x", "a/b"],
    "aml_online_deployment:name": [*_SEGMENT, "1st", "a-", "ab", "e" * 33, "a_b"],
    "aml_batch_endpoint:name": [*_SEGMENT, "1st", "a-", "ab", "e" * 33, "a_b"],
    "aml_batch_endpoint:defaults": [{"nothing": 1}],
    "aml_batch_endpoint_info:name": [segment for segment in _SEGMENT if segment is not None],
    "aml_batch_deployment:name": [*_SEGMENT, "1st", "a-", "ab", "e" * 33, "a_b"],
    "aml_batch_deployment:compute": ["", "a b", "/subscriptions/x", "a/b"],
    "aml_batch_deployment:settings": [{"nothing": 1}],
    "settings.retry_settings": [{"nothing": 1}],
    "endpoint_name": [*_SEGMENT, "1st", "a-", "ab", "e" * 33, "a_b"],
    "log_lines": [-1, "all"],
    "model_mount_path": [],
    "data_collector.request_logging.capture_headers": [[None], [{"name": "x"}]],
    "code_configuration": [{"code": "azureml:scoring:1"}, {"path": "x"}],
    **dict.fromkeys(
        (
            "scale_settings",
            "request_settings",
            "liveness_probe",
            "readiness_probe",
            "startup_probe",
            "data_collector",
            "data_collector.request_logging",
            "resources",
            "resources.requests",
            "resources.limits",
        ),
        [{"nothing": 1}],
    ),
    "aml_diagnostic_setting:name": [*_SEGMENT, "a:b", "a*b", "d" * 261, "a&b", "a<b"],
    "aml_role_assignment:scope": ["storage", f"{GROUP}/../x", f"{GROUP}?a=b", "a\nb", "/tenants/x"],
    "aml_role_assignment_info:scope": ["storage", f"{GROUP}/../x", f"{GROUP}?a=b", "a\nb", "/tenants/x"],
    "aml_role_assignment_info:principal_id": [guid for guid in GUIDS if guid],
    "aml_role_assignment_info:workspace": [],  # stands for scope
    "aml_role_assignment_info:resource_group": [],  # stands for scope
    "aml_role_assignment:workspace": [],  # stands for scope
    "aml_role_assignment:resource_group": [],  # stands for scope
    "propagation_timeout": [-1, "soon"],
    "aml_diagnostic_setting_info:name": [segment for segment in _SEGMENT if segment is not None],
    "credentials": [{"account_key": "planted-a", "sas_token": "planted-b"}, {"secret": "x"}],
    "artifact": [{"id": "x"}],
    # check by a job
    "compute": _SEGMENT,
    "command": ["", "--", *_TEXT],
    "environment": [
        *_WORD,
        "sklearn-1.5",
        "azureml:mine",
        "azureml:mine@latest",
        "azureml:a/b:1",
        "azureml://registries/azureml/environments/sklearn-1.5/labels/latest",
        "azureml://registries/azureml/environments/../versions/1",
    ],
    "experiment_name": [*_WORD, "a/b", "a b", "e" * 256],
    "limits": [{"time": 1}],
    "limits.timeout": [*NEGATIVE, 0],
    "max_age": NEGATIVE,
    # registry
    "aml_registry:name": [*_SEGMENT, "ab", "a.b", "-ab", "größe", "r" * 34],
    "aml_kubernetes_extension:name": _SEGMENT,
    "aml_kubernetes_extension_info:name": [segment for segment in _SEGMENT if segment is not None],
    "aml_registry_info:name": [segment for segment in _SEGMENT if segment is not None],
    "replication_locations": [[], [None], ["eastus"], [{}], [{"location": "eastus"}] * 2, [{"location": "westus"}]],
    "replication_locations.location": [*_PLACE, None],
    "replication_locations.storage_config": [
        "x",
        [],
        ["x"],
        {"hns": True},
        {"replication_count": 0},
        {"storage_account_type": "x"},
    ],
    "container_registry": ["x", {}, {"acr_account_sku": "basic"}, [], VM],
    "aml_registry:tags": TAGS,
    "intellectual_property": [{"name": "x"}],
    "sku": [{}, {"tier": "standard"}, {"size": "x"}],
    "registries": [[""], [".."], ["a/b"], [VM], [None]],
    "intellectual_property.publisher": _WORD,
    # looking
    "aml_compute_info:name": [segment for segment in _SEGMENT if segment is not None],
    "aml_ssh_facts:name": [segment for segment in _SEGMENT if segment is not None],
    "computes": [],  # by module below
    "show_variables": [[None], [{"name": "x"}], [[]], {"name": "x"}],
    "expected_computes": [[None], [{"name": "x"}], [[]], {"name": "x"}],
    "aml_export_info:computes": [["../x"], [""], ["a/b"], [None], ["a b"], [{"name": "x"}], ["a\nb"]],
    "aml_export_info:diagnostic_settings": [["../x"], [""], ["a/b"], [None], ["a b"], [{"name": "x"}], ["a\nb"]],
    "aml_export_info:connections": [["../x"], [""], ["a/b"], [None], ["a b"], [{"name": "x"}], ["a\nb"]],
    "aml_export_info:role_assignments": [["../x"], [""], ["a/b"], [None], ["a b"], [{"name": "x"}], ["a\nb"]],
    "aml_export_info:datastores": [["../x"], [""], ["a/b"], [None], ["a b"], [{"name": "x"}], ["a\nb"]],
    "aml_preflight_info:computes": [[None], ["cpu"], [[]]],  # what is wrong in an entry is a finding, and its job
    "operations": [
        ["nothing"],
        [""],
        ["http://management.azure.com/x"],
        ["https://evil.example/x"],
        ["https://management.azure.com.evil.example/x"],
        [None],
        ["https://management.azure.com@evil.example/x"],
        ["https://management.azure.com/a\nb"],
        [{}],
        ["https://management.azure.com:444/x"],
        ["https://["],
    ],
    "parallelism": [*NEGATIVE, 0],
    "parallelism_per_workspace": [*NEGATIVE, 0],
    "attempts": [*NEGATIVE, 0],
    "private_key_file": ["a\nb", "a\u0000b", "\ud800"],
    "scp_file": ["", "a\nb", "\ud800"],
    "host_prefix": ["-a", "a b", "a*", "a\nb", "ä", "\ud800"],
    "family": [],  # by module below
    "aml_usage_info:family": [[""], [None], [{}], ["a\nb"]],
    "aml_vm_size_info:family": ["", "a\nb", " a", "\ud800"],
    "aml_vm_size_info:name": ["", "a\nb", " a", "\ud800"],
    "only_exceeded_percent": [-1, "nan", "inf", "50%", "half"],
    "min_vcpus": [*NEGATIVE, 16],
    "max_vcpus": [*NEGATIVE, 0, "0o17"],
    "min_memory_gb": [*NEGATIVE, "nan", "inf", "8GB"],
    "gpus": [*NEGATIVE, "one"],
    "quotas": [[None], ["standard"], [{}], [{"family": "a"}] * 2, [{"family": "a", "count": 1}]],
    "quotas.family": ["", " ", "a/b", "../x", "a\nb", " a", "a ", "\ud800", None],
    "quotas.limit": [-1, "many"],
    "subscription_quotas": [
        [None],
        ["standard"],
        [{}],
        [{"family": "a", "limit": 1}] * 2,
        [{"family": "a", "limit": 1, "count": 1}],
    ],
    "subscription_quotas.family": ["", " ", "a/b", "../x", "a\nb", " a", "a ", "\ud800", None],
    "subscription_quotas.limit": [-1, "many", None],
    # fleet
    "aml_fleet:name": ["", "a\nb", " a", "a" * 257, "\ud800"],
    "aml_fleet:defaults": [{"all": "x"}, {"amlcompute": []}, {"cluster": {"size": "x"}}],
    "aml_fleet:workspace": _WORD,
    "aml_fleet_info:workspace": _WORD,
    "aml_fleet_info:workspaces.defaults": [],  # of a fleet's document it looks at the workspaces alone
    "aml_fleet_info:workspaces.computes": [[None], ["cpu"]],
    "aml_fleet_info:workspaces.connections": [[None], ["models"]],
    "aml_fleet_info:workspaces.datastores": [[None], ["blob"]],
    "aml_export_info:online_endpoints": [["../x"], [""], ["a/b"], [None], ["a b"], [{"name": "x"}], ["a\nb"]],
    "aml_export_info:online_deployments": [
        ["../x"],
        [""],
        ["blue"],
        ["a/b/c"],
        [None],
        ["a b/c"],
        [{"name": "x"}],
        ["a/b\nc"],
    ],
    "aml_fleet_info:workspaces.online_endpoints": [[None], ["iris"]],
    "aml_fleet_info:workspaces.online_deployments": [[None], ["iris/blue"]],
    "workspaces.online_deployments": [
        [None],
        ["blue"],
        [{}],
        [{"name": "blue"}],
        [{"endpoint_name": "iris"}],
        [{"endpoint_name": "a b", "name": "blue"}],
        [{"endpoint_name": "iris", "name": "a/b"}],
        [{"endpoint_name": "iris", "name": "blue", "instance_count": 0}],
    ],
    "workspaces.online_endpoints": [[None], ["iris"], [{}], [{"name": "iris", "auth_mode": "none"}], [{"name": "a b"}]],
    "aml_export_info:batch_endpoints": [["../x"], [""], ["a/b"], [None], ["a b"]],
    "aml_export_info:batch_deployments": [["../x"], [""], ["blue"], ["a/b/c"], [None], ["a b/c"]],
    "aml_fleet_info:workspaces.batch_endpoints": [[None], ["iris"]],
    "aml_fleet_info:workspaces.batch_deployments": [[None], ["iris/blue"]],
    "workspaces.batch_deployments": [
        [None],
        ["blue"],
        [{}],
        [{"name": "blue"}],
        [{"endpoint_name": "iris"}],
        [{"endpoint_name": "iris", "name": "a/b"}],
        [{"endpoint_name": "iris", "name": "blue", "settings": {"mini_batch_size": 0}}],
    ],
    "workspaces.batch_endpoints": [[None], ["iris"], [{}], [{"name": "iris", "auth_mode": "key"}], [{"name": "a b"}]],
    "aml_fleet_info:workspaces.diagnostic_settings": [[None], ["logs"]],
    "aml_fleet_info:workspaces.role_assignments": [[None], ["Reader"]],
    "limit": [
        None,
        ["~("],
        ["no-such-target"],
        ["!cpu-cluster"],
        ["cpu-cluster:&computeinstance"],
        [{}],
        "",
        " ",
        [],
        [""],
        ["cpu-cluster", " "],
        ["!"],
        ["cpu-cluster", "&"],
        ["~"],
        ["!~"],
        [":!other"],
        ["cpu-cluster::other"],
    ],
    # Only check mode looks at its directory; tests/functional/test_fleet_approval.py
    "plan_file": ["a\u0000b"],
    "table_file": ["a\u0000b", "/", "/no/such/folder/table.txt"],
    "approved_plan": [
        None,
        {},
        {"version": 1},
        {"version": 1, "digest": "sha256:0", "targets": "text"},
        {"targets": [None]},
    ],
    "report_folder": ["a\u0000b"],
    "resources_created_earlier": [[None], [""], [{}], ["a\u0000b"]],
    "export_folder": ["a\u0000b"],
    "share": [["no-such-workspace"], [None], [""], [{}], ["../x"]],
    "folder": ["/no/such/folder", "a\u0000b"],
    "max_monthly_cost": [-1, -0.01, "nan", "inf", "cheap", "1.000,00"],
    "workspaces": [[None], ["ws"], [{}], [{"workspace": "x"}]],
    "workspaces.name": [*_SEGMENT, "ws", "w" * 34],
    "workspaces.resource_group": ["a/b", "../x", "a\nb", "rg.", "\ud800"],
    "workspaces.subscription_id": [guid for guid in GUIDS if guid],
    "workspaces.location": _PLACE,
    "workspaces.defaults": [{"all": "x"}, {"amlcompute": []}, {"cluster": {"size": "x"}}],
    "workspaces.computes": [[None], ["cpu"], [{}], [{"name": "a-cluster", "type": "nothing"}]],
    "workspaces.diagnostic_settings": [[None], ["logs"], [{}], [{"name": "logs", "type": "x"}], [{"name": "a/b"}]],
    "workspaces.role_assignments": [
        [None],
        ["Reader"],
        [{}],
        [{"role": "Reader"}],
        [{"name": "a", "principal_id": "x"}],
    ],
    "workspaces.connections": [[None], ["models"], [{}], [{"name": "models", "type": "nothing"}], [{"name": "a b"}]],
    "workspaces.datastores": [[None], ["blob"], [{}], [{"name": "blob", "type": "nothing"}], [{"name": "a b"}]],
    # workspace
    "aml_workspace:name": [segment for segment in _SEGMENT if segment is not None] + ["ws", "w" * 34],
    "aml_workspace:workspace": [],  # stands for name
    "aml_workspace_info:name": [segment for segment in _SEGMENT if segment],
    "aml_workspace_info:workspace": [],  # stands for name
    "display_name": _TEXT,
    "customer_managed_key": [{}, {"key_vault": f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"}],
    "offline_store": [{}, {"type": "azure_data_lake_gen2"}],
    "offline_store.target": ["", "stlake", SUBNET, _CACHE, _CONTAINER.rpartition("/containers")[0], "\ud800"],
    "online_store": [{}, {"type": "redis"}],
    "online_store.target": ["", "cache", SUBNET, _CONTAINER, "\ud800"],
    "default_resource_group": ["", "rg", "/subscriptions/a", SUBNET, "\ud800"],
    "additional_workspace_storage_accounts": [[None], ["st"], [SUBNET], [{}]],
    "shared_private_link_resources": [
        [None],
        ["link"],
        [{}],
        [{**_LINK, "private_link_resource_id": "st"}],
        [_LINK, _LINK],
    ],
    "shared_private_link_resources.name": [*_TEXT, None],
    "shared_private_link_resources.group_id": [*_TEXT, None],
    "shared_private_link_resources.private_link_resource_id": ["", "st", "/subscriptions/a", "../x", None],
    "shared_private_link_resources.request_message": _TEXT,
    "serverless_compute": [{"subnet": SUBNET}],
    "network_acls": [{"action": "x"}],
    "network_acls.ip_rules.value": ["", "a", "2001:db8::/32", None],
    "feature_store_settings": [{"runtime": "x"}],
    "feature_store_settings.spark_runtime_version": _TEXT,
    "feature_store_settings.offline_store_connection_name": _TEXT,
    "feature_store_settings.online_store_connection_name": _TEXT,
    "managed_network": [{"mode": "x"}],
    "managed_network.outbound_rules": [
        [None],
        ["pypi.org"],
        [{}],
        [{"name": "rule-a", "type": "fqdn"}],
        [{"name": "rule-a", "type": "fqdn", "destination": "a.b"}] * 2,
    ],
    "managed_network.outbound_rules.name": ["", "a b", "a/b", "../x", "a\nb", "a.b", "\ud800", None],
    "managed_network.outbound_rules.fqdns": [[None], [""], ["a b"], ["a\nb"], ["https://a.b/c"], [{}], ["pypi.org"]],
    "managed_network.outbound_rules.destination": [
        "",
        None,
        7,
        [],
        {},
        {"service_tag": "x"},
        "a b",
        "a\nb",
        "https://a.b/c",
    ],
    # private endpoints
    "private_endpoint": [*[segment for segment in _SEGMENT if segment is not None], VM],
    "outbound_rule": [segment for segment in _SEGMENT if segment is not None],
    # any resource
    "id": [
        "",
        "x",
        "/subscriptions/a b/x",
        f"{GROUP}/../x",
        f"{GROUP}?a=b",
        f"{GROUP}#a",
        f"{GROUP}\n",
        "/providers/",
        "//",
        "\ud800",
    ],
    "scope": ["x", "/subscriptions/a b/x", f"{GROUP}/../x", f"{GROUP}?a=b", f"{GROUP}\n", "\ud800"],
    "type": [
        "",
        "virtualNetworks",
        "Microsoft.Network/",
        "/x",
        "Microsoft.Network/a b",
        "Microsoft.Network/../x",
        "Microsoft.Network/a?b",
        "a/b\n",
        "\ud800",
    ],
    "action": ["", "..", "../delete", "a//b", "a?b", "a#b", "a\nb", "a b", "\ud800"],
    "unless": [{}, {"contains": {}}, {"id": GROUP}],
    "unless.contains": [{}, {"a": "\ud800"}],
    "unless.id": ["x", f"{GROUP}/../x", f"{GROUP}?a=b", "\ud800"],
    "unless.list": ["../x", "a?b", "/x", f"{GROUP}/../x", "\ud800"],
    "unless.api_version": [date for date in _DATES if date],
    "arm_action:body": [{"a": "\ud800"}],
    "arm_action:name": ["", "..", "a/b", "../x", "a?b", "a#b", "a\nb", " a", "\ud800"],
    "arm_action:workspace": _WORD,
    "arm_resource:name": ["", "..", "a/b", "../x", "a?b", "a#b", "a\nb", " a", "\ud800"],
    "arm_resource_info:name": ["", "..", "a/b", "../x", "a?b", "a#b", "a\nb", " a", "\ud800"],
    "arm_resource_info:workspace": _WORD,
    "body": [{"id": "x"}, {"name": "x"}, {"type": "x"}, {"tags": {"a<": "b"}}, {"a": "\ud800"}],
    "secret_body": [{"a": "\ud800"}],
}

# Types, choices and items are the argument spec's.
_BY_TYPE: dict[str, list[t.Any]] = {
    "bool": ["maybe", 2, "", [True], {"a": True}],
    "int": ["five", "0o17", 1.5, "", True, False, [1], {"a": 1}],
    "float": ["five", "", True, "nan", [1.0], {"a": 1.0}],
    "str": [True, False, ["an-item"], {"a": "an-item"}],
    "path": [True, ["an-item"], {"a": "an-item"}],
    "list": [True, {"a": "b"}],
    "dict": ["text", True, 7, ["an item"]],
    "raw": [],
}


@dataclass(frozen=True)
class Case:
    """One option of one module with one wrong value, on a declaration that is right without it."""

    module: str
    option: str
    value: t.Any
    base: Options

    @property
    def options(self) -> Options:
        return with_value(self.base, self.option, self.value)

    def __str__(self) -> str:
        shown = repr(self.value)
        return f"{self.module}.{self.option}={shown if len(shown) < 40 else shown[:37] + '...'}"


def full_spec(module: str) -> specs.Spec:
    """All options of a module, with those that ``run`` adds."""
    found = importlib.import_module(f"ansible_collections.azureml.compute.plugins.modules.{module}")
    own = getattr(found, "SPEC", None) or found.NAMING_SPEC
    shared = {**_options.AUTH_SPEC, **_options.CLIENT_SPEC, **(specs.DEFINITION_SPEC if module in DEFINITIONS else {})}
    return {**shared, **own}


def options_of(spec: specs.Spec, prefix: str = "") -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    """Every option with its dotted path, those of options too."""
    for name, row in spec.items():
        yield f"{prefix}{name}", row
        yield from options_of(row.get("options") or {}, f"{prefix}{name}.")


def rule_values(module: str, option: str) -> list[t.Any] | None:
    """What the rule of an option refuses: by the module's own row here, by the one for all modules, or by the row of the kind. None where no one says."""
    found = RULES.get(f"{module}:{option}", RULES.get(option))
    row = row_of(module, option)
    return wrong_values(row) if found is None and row is not None else found


def type_values(row: dict[str, t.Any]) -> list[t.Any]:
    """What is wrong by the spec alone."""
    found = list(_BY_TYPE[row.get("type", "str")])
    if row.get("choices"):
        wrong = ["no-such-choice", "", f" {row['choices'][0]}", f"{row['choices'][0]}\n"]
        found += [[finding] for finding in wrong] if row.get("type") == "list" else wrong
    if row.get("elements") in ("str", "path"):
        # Text that AnsibleModule splits at its commas.
        found += ["", "an-item, another", "an-item,"]
    if row.get("required"):
        found.append(None)
    return found


def has(tree: t.Any, path: str) -> bool:
    name, _dot, rest = path.partition(".")
    tree = tree[0] if isinstance(tree, list) and tree else tree
    return isinstance(tree, dict) and name in tree and (not rest or has(tree[name], rest))


def with_value(base: Options, path: str, value: t.Any) -> Options:
    """A copy of the declaration with one option set; in lists, in their first item."""
    made = copy.deepcopy(base)
    tree: t.Any = made
    *parents, last = path.split(".")
    for name in parents:
        tree = tree.setdefault(name, {})
        tree = tree[0] if isinstance(tree, list) else tree
    tree[last] = value
    return made


def base_of(module: str, option: str) -> Options:
    bases = BASES[module]
    parent = option.rpartition(".")[0]
    return (
        next((base for base in bases if has(base, option)), None)
        or next((base for base in bases if parent and has(base, parent)), None)
        or bases[0]
    )


def cases(module: str) -> t.Iterator[Case]:
    """Every wrong value of every option of a module."""
    for option, row in options_of(full_spec(module)):
        base = base_of(module, option)
        empty = ["", [], [" "]] if row.get("type") == "list" and option in SELECTIONS else []
        for value in [*type_values(row), *empty, *(rule_values(module, option) or [])]:
            yield Case(module, option, value, base)


# --- beside the options one by one ---

# Names that are no part of an address, or another one than it seems.
NAMES = ["", "../other", "..", "a/..", "a?b=c", "a#b", "a%2fb", "a\nb", " a", "a\u0000b", "\ud800", None, True, ["a"]]

# What cannot be meant together: the module, its options, and what the message has to name.
CONTRADICTIONS: list[tuple[str, Options, str]] = [
    ("aml_compute_cluster", {"name": "cpu-cluster", "min_instances": 3, "max_instances": 2}, "max_instances"),
    (
        "aml_compute_cluster",
        {"name": "cpu-cluster", "network_settings": {"subnet": SUBNET, "vnet_name": "vnet"}},
        "vnet_name",
    ),
    (
        "aml_compute_cluster",
        {"name": "cpu-cluster", "network_settings": {"subnet": SUBNET, "resource_group": "rg-test"}},
        "resource_group",
    ),
    ("aml_compute_cluster", {"name": "cpu-cluster", "max_instances": None}, "max_instances"),
    ("aml_compute_cluster", {"name": "cpu-cluster", "size": None}, "size"),
    ("aml_compute_cluster", {"name": "cpu-cluster", "ssh_settings": {"admin_username": "azureuser"}}, "ssh_key_value"),
    (
        "aml_compute_instance",
        {"name": "an-instance", "ssh_public_access_enabled": True, "ssh_settings": {"ssh_key_value": None}},
        "ssh_key_value",
    ),
    ("aml_compute_instance", {"name": "an-instance", "size": None}, "size"),
    (
        "aml_compute_instance",
        {"name": "an-instance", "setup_scripts": {"creation_script": {"path": "a.sh", "inline": "true"}}},
        "inline",
    ),
    (
        "aml_inference_cluster",
        {"name": "an-aks", "ssl": {"leaf_domain_label": "a", "cert": "b", "key": "c", "cname": "a.b"}},
        "leaf_domain_label",
    ),
    ("aml_inference_cluster", {"name": "an-aks", "ssl": {"cert": "a", "cert_file": "/a"}}, "cert_file"),
    (
        "aml_inference_cluster",
        {"name": "an-aks", "load_balancer_type": "public_ip", "load_balancer_subnet": "inner"},
        "load_balancer_subnet",
    ),
    (
        "aml_inference_cluster",
        {"name": "an-aks", "load_balancer_type": "internal_load_balancer", "ssl": {"leaf_domain_label": "a"}},
        "leaf_domain_label",
    ),
    (
        "aml_inference_cluster",
        {"name": "an-aks", "cluster_purpose": "fast_prod", "size": "Standard_D4s_v3", "agent_count": 1},
        "agent_count",
    ),
    ("aml_attached_compute", {"name": "machine"}, "type"),
    ("aml_attached_compute", {"name": "machine", "type": "databricks", "resource_id": VM}, "resource_id"),
    ("aml_attached_compute", {"name": "machine", "type": "virtualmachine", "namespace": "a"}, "namespace"),
    (
        "aml_attached_compute",
        {"name": "bricks", "type": "databricks", "ssh_settings": {"admin_username": "a"}},
        "ssh_settings",
    ),
    (
        "aml_attached_compute",
        {"name": "adf", "type": "datafactory", "state": "absent", "delete_underlying": True},
        "delete_underlying",
    ),
    (
        "aml_attached_compute",
        {"name": "k8s", "type": "kubernetes", "default_instance_type": "cpu", "instance_types": {"gpu": {}}},
        "default_instance_type",
    ),
    (
        "aml_attached_compute",
        {
            "name": "machine",
            "type": "virtualmachine",
            "ssh_settings": {"ssh_private_key": PRIVATE_KEY, "ssh_private_key_file": "/a"},
        },
        "ssh_private_key_file",
    ),
    (
        "aml_workspace",
        {
            "name": "ws-test",
            "kind": "project",
            "hub_id": f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/hub",
            "storage_account": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/st",
        },
        "storage_account",
    ),
    (
        "aml_workspace",
        {
            "name": "ws-test",
            "kind": "default",
            "hub_id": f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/hub",
        },
        "hub_id",
    ),
    ("aml_workspace", {"name": "ws-test", "state": "absent", "delete_dependent_resources": True}, "permanently_delete"),
    ("aml_workspace", {}, "name"),
    ("aml_workspace_info", {"name": "ws-test", "resource_group": None}, "resource_group"),
    ("aml_fleet", {}, "workspaces"),
    ("aml_fleet", {"workspaces": [], "prune": "delete"}, "name"),
    (
        "aml_fleet",
        {
            "workspaces": [
                {"name": "ws-test", "computes": [{"name": "a-cluster", "type": "amlcompute", "max_instances": -1}]}
            ]
        },
        "max_instances",
    ),
    (
        "aml_fleet",
        {"workspaces": [{"name": "ws-test", "computes": [{"name": "../x", "type": "amlcompute", "state": "absent"}]}]},
        "name",
    ),
    (
        "aml_fleet",
        {"workspaces": [{"name": "ws-test", "computes": [{"name": "a-cluster", "type": "amlcompute", "size": False}]}]},
        "size",
    ),
    ("aml_usage_info", {"workspace": None, "resource_group": None}, "location"),
    ("aml_vm_size_info", {"location": "eastus", "min_vcpus": 8, "max_vcpus": 4}, "min_vcpus"),
    ("aml_private_endpoint_connection", {"private_endpoint": "pe", "workspace": None}, "resource_id"),
    ("aml_private_endpoint_connection", {"private_endpoint": "pe", "resource_id": VM}, "api_version"),
    ("arm_resource", {"api_version": "2024-05-01"}, "type"),
    ("arm_resource", {"api_version": "2024-05-01", "type": "Microsoft.Network/virtualNetworks"}, "name"),
    ("arm_resource", {"api_version": "2024-05-01", "id": VM, "name": "vm"}, "id"),
    (
        "arm_resource",
        {"api_version": "2024-05-01", "type": "Microsoft.Network/virtualNetworks/subnets", "name": "vnet"},
        "name",
    ),
    ("arm_resource", {"api_version": "2024-05-01", "id": VM, "tags": {"a": "b"}, "body": {"tags": {"c": "d"}}}, "tags"),
    ("arm_resource_info", {"api_version": "2024-05-01"}, "type"),
]
