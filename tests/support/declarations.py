# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declarations of every kind, as full and as small as they come: what is exported, and whose bodies are held to the schema.

A row is a name, the module, its options, and changes that are made in place afterwards. A kind is added here when its module is.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.azureml.compute.plugins.module_utils._kinds.instance import INSTANCE
from ansible_collections.azureml.compute.tests.support.azure import Azure
from ansible_collections.azureml.compute.tests.support.rows import completed
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

Options = dict[str, t.Any]

KEY = (
    rsa.generate_private_key(65537, 2048)
    .public_key()
    .public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    .decode()
)
MOUNT = {
    "mount_name": "data",
    "source": "azureml://datastores/data",
    "source_type": "uri",
    "mount_path": "/mnt/data",
    "mount_mode": "read_only",
}


@dataclass(frozen=True)
class Declaration:
    """What a module is told of one compute target, and what is changed of it later, one after the other."""

    module: str
    options: Options
    changes: list[Options] = field(default_factory=list)


def declarations(azure: Azure) -> dict[str, Declaration]:
    """The matrix, by kind and case; it makes what the declarations name."""
    return {**clusters(azure), **instances(azure), **inference_clusters(azure), **attached(azure)}


def clusters(azure: Azure) -> dict[str, Declaration]:
    module = "aml_compute_cluster"
    subnet, one, two = azure.subnet(), azure.identity("id-one"), azure.identity("id-two")
    users = {"type": "user_assigned", "user_assigned_identities": [one, two]}
    full = {
        "name": "full-cluster",
        "location": "eastus",
        "size": "Standard_D4s_v3",
        "tier": "dedicated",
        "min_instances": 0,
        "max_instances": 4,
        "idle_time_before_scale_down": 0,
        "ssh_public_access_enabled": True,
        "ssh_settings": {"admin_username": "azureuser", "ssh_key_value": KEY},
        "network_settings": {"subnet": subnet},
        "enable_node_public_ip": True,
        "identity": users,
        "tags": {"team": "vision", "stage": "test"},
        "description": "For tests",
    }
    changes: list[Options] = [
        {"max_instances": 6},
        {"min_instances": 1, "idle_time_before_scale_down": 300},
        {"min_instances": 0},
        {"tags": {"team": None, "other": "new"}},
        {"identity": {"type": "user_assigned", "user_assigned_identities": [two]}},
        {"identity": {"type": "system_assigned"}},
        {"identity": None},
        {"identity": users, "max_instances": 3, "tags": {"all": "at once"}},
    ]
    password = {"admin_username": "azureuser", "admin_password": "planted-cluster-password"}
    return {
        "cluster-small": Declaration(module, {"name": "small-cluster", "size": "Standard_D2s_v3", "max_instances": 1}),
        "cluster-low-priority": Declaration(
            module, {"name": "low-cluster", "size": "Standard_D2s_v3", "tier": "low_priority", "max_instances": 1}
        ),
        "cluster-elsewhere": Declaration(
            module, {"name": "west-cluster", "size": "Standard_D2s_v3", "location": "westus", "max_instances": 1}
        ),
        "cluster-password": Declaration(
            module,
            {"name": "pass-cluster", "size": "Standard_D2s_v3", "max_instances": 1, "ssh_settings": password},
            [{"tags": {"a": "b"}}],
        ),
        "cluster-full": Declaration(module, full, changes),
    }


def instances(azure: Azure) -> dict[str, Declaration]:
    module = "aml_compute_instance"
    evening = {
        "action": "stop",
        "trigger": {
            "type": "cron",
            "expression": "0 18 * * *",
            "time_zone": "UTC",
            "start_time": "2026-01-01T00:00:00",
        },
    }
    pattern = {"hours": [8], "minutes": [0], "week_days": ["monday", "friday"]}
    weekly = {
        "action": "start",
        "state": "disabled",
        "trigger": {"type": "recurrence", "frequency": "week", "interval": 1, "schedule": pattern},
    }
    application = {
        "name": "rstudio",
        "type": "docker",
        "image": {"reference": "rocker/rstudio:latest"},
        "endpoints": [{"target": 8787, "published": 8788}],
        "environment_variables": {"ROOT": "true"},
        "bind_mounts": [{"source": "/home/azureuser/cloudfiles", "target": "/home/rstudio"}],
    }
    full = {
        "name": "full-instance",
        "location": "eastus",
        "size": "Standard_D4s_v3",
        "description": "For tests",
        "ssh_public_access_enabled": True,
        "ssh_settings": {"ssh_key_value": KEY},
        "network_settings": {"subnet": azure.subnet()},
        "enable_node_public_ip": True,
        "identity": {"type": "user_assigned", "user_assigned_identities": [azure.identity("id-one")]},
        "create_on_behalf_of": {
            "user_object_id": "00000000-0000-0000-0000-0000000000a1",
            "user_tenant_id": "aaaaaaaa-0000-4000-8000-00000000000a",
        },
        "enable_root_access": False,
        # With scripts and applications, only that user enables it.
        "enable_sso": False,
        "idle_time_before_shutdown_minutes": 60,
        "schedules": {"compute_start_stop": [evening, weekly]},
        "setup_scripts": {
            "creation_script": {"path": "Users/alice/create.sh", "timeout_minutes": 20},
            "startup_script": {"path": "Users/alice/start.sh", "command": "--fast", "timeout_minutes": 5},
        },
        "custom_applications": [application],
        "data_mounts": [MOUNT],
        "tags": {"team": "vision"},
    }
    changes: list[Options] = [
        {"idle_time_before_shutdown_minutes": 30},
        {"schedules": {"compute_start_stop": [weekly]}, "custom_applications": None},
        {"state": "stopped"},
        {"state": "started"},
    ]
    small = {"name": "small-instance", "size": "Standard_D2s_v3"}
    preview = completed(INSTANCE, {**small, "name": "preview-instance"}, of_other_versions=True)
    return {
        "instance-small": Declaration(module, small, [{"enable_sso": False}]),
        "instance-full": Declaration(module, completed(INSTANCE, full), changes),
        "instance-preview": Declaration(module, preview),
    }


def inference_clusters(azure: Azure) -> dict[str, Declaration]:
    module = "aml_inference_cluster"
    subnet = azure.subnet()
    network = {
        "subnet": subnet,
        "service_cidr": "10.8.0.0/16",
        "dns_service_ip": "10.8.0.10",
        "docker_bridge_cidr": "172.17.0.1/16",
    }
    made = {"name": "made-aks", "cluster_purpose": "fast_prod", "size": "Standard_D4s_v3", "agent_count": 3}
    certificate = {
        "status": "enabled",
        "cert": "planted-cert",
        "key": "planted-tls-key",
        "cname": "scoring.example.org",
    }
    return {
        "aks-made": Declaration(
            module, {**made, "network_settings": network, "ssl": {"status": "auto", "leaf_domain_label": "scoring"}}
        ),
        "aks-certificate": Declaration(
            module,
            {
                "name": "cert-aks",
                "resource_id": aks(azure, "aks-one"),
                "cluster_purpose": "dev_test",
                "ssl": certificate,
            },
            [{"load_balancer_type": "internal_load_balancer", "load_balancer_subnet": "inner"}, {"tags": {"a": "b"}}],
        ),
    }


def aks(azure: Azure, name: str) -> str:
    pools = [{"name": "pool", "count": 3, "vmSize": "Standard_D4s_v3"}]
    return azure.resource(
        "Microsoft.ContainerService/managedClusters", name, {"properties": {"agentPoolProfiles": pools}}, "2024-09-01"
    )


def attached(azure: Azure) -> dict[str, Declaration]:
    module = "aml_attached_compute"
    machine = {"properties": {"hardwareProfile": {"vmSize": "Standard_D4s_v3"}}}
    azure.resource("Microsoft.Synapse/workspaces", "syn", {"properties": {"defaultDataLakeStorage": {}}}, "2021-06-01")
    spark = {
        "properties": {"sparkVersion": "3.5", "nodeCount": 3, "nodeSize": "Small", "nodeSizeFamily": "MemoryOptimized"}
    }
    login = {"admin_username": "someone", "ssh_port": 2222, "admin_password": "planted-host-password"}
    types = {
        "gpu": {
            "node_selector": {"accelerator": "nvidia"},
            "resources": {"requests": {"cpu": "2"}, "limits": {"nvidia.com/gpu": "1"}},
        }
    }
    rows: list[Options] = [
        {
            "name": "machine",
            "type": "virtualmachine",
            "resource_id": azure.resource("Microsoft.Compute/virtualMachines", "vm", machine, "2024-07-01"),
            "ssh_settings": login,
            "description": "A machine",
            "tags": {"team": "vision"},
        },
        {
            "name": "hdi",
            "type": "hdinsight",
            "resource_id": azure.resource("Microsoft.HDInsight/clusters", "hdi", machine, "2021-06-01"),
            "ssh_settings": login,
        },
        {
            "name": "bricks",
            "type": "databricks",
            "resource_id": azure.resource("Microsoft.Databricks/workspaces", "dbx", {}, "2024-05-01"),
            "access_token": "planted-token",
        },
        {
            "name": "adf",
            "type": "datafactory",
            "resource_id": azure.resource("Microsoft.DataFactory/factories", "adf", {}, "2018-06-01"),
        },
        {
            "name": "adla",
            "type": "datalakeanalytics",
            "resource_id": azure.resource("Microsoft.DataLakeAnalytics/accounts", "adla", {}, "2016-11-01"),
        },
        {
            "name": "spark",
            "type": "synapsespark",
            "resource_id": azure.resource("Microsoft.Synapse/workspaces/syn/bigDataPools", "pool", spark, "2021-06-01"),
        },
        {
            "name": "k8s",
            "type": "kubernetes",
            "resource_id": aks(azure, "aks-two"),
            "namespace": "training",
            "instance_types": types,
            "default_instance_type": "gpu",
            "identity": {"type": "system_assigned"},
        },
    ]
    return {
        f"attached-{row['type']}": Declaration(module, row, [{"type": row["type"], "tags": {"all": "kinds"}}])
        for row in rows
    }
