# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a kind of compute target, beside those that all have: one spec for its module and for lists of several kinds.

Names are those of the Azure ML CLI v2 YAML schema (docs/coverage.md CC9). Each option is documented in the kind's module.
"""

from __future__ import annotations

from .specs import TAGS_SPEC, Spec, identity_spec

_NETWORK: Spec = {
    "network_settings": {
        "type": "dict",
        "options": {"subnet": {"type": "str"}, "vnet_name": {"type": "str"}, "resource_group": {"type": "str"}},
    },
}

CLUSTER_SPEC: Spec = {
    "location": {"type": "str"},
    "size": {"type": "str", "aliases": ["vm_size"]},
    "tier": {"type": "str", "choices": ["dedicated", "low_priority"], "aliases": ["vm_priority"]},
    "min_instances": {"type": "int", "aliases": ["min_nodes"]},
    "max_instances": {"type": "int", "aliases": ["max_nodes"]},
    "idle_time_before_scale_down": {"type": "int"},
    "ssh_public_access_enabled": {"type": "bool"},
    "ssh_settings": {
        "type": "dict",
        "options": {
            "admin_username": {"type": "str", "required": True},
            "ssh_key_value": {"type": "str", "no_log": False},
            "admin_password": {"type": "str", "no_log": True},
        },
    },
    "enable_node_public_ip": {"type": "bool"},
    **_NETWORK,
    "description": {"type": "str"},
}

_SCRIPT: Spec = {
    "path": {"type": "str"},
    "inline": {"type": "str"},
    "command": {"type": "str"},
    "timeout_minutes": {"type": "int"},
}
_TRIGGER: Spec = {
    "type": {"type": "str", "required": True, "choices": ["cron", "recurrence"]},
    "expression": {"type": "str"},
    "frequency": {"type": "str", "choices": ["minute", "hour", "day", "week", "month"]},
    "interval": {"type": "int"},
    "schedule": {
        "type": "dict",
        "options": {
            "hours": {"type": "list", "elements": "int"},
            "minutes": {"type": "list", "elements": "int"},
            "week_days": {"type": "list", "elements": "str"},
            "month_days": {"type": "list", "elements": "int"},
        },
    },
    "start_time": {"type": "str"},
    "time_zone": {"type": "str"},
}

INSTANCE_SPEC: Spec = {
    "location": {"type": "str"},
    "size": {"type": "str", "aliases": ["vm_size"]},
    "description": {"type": "str"},
    "ssh_public_access_enabled": {"type": "bool"},
    "ssh_settings": {"type": "dict", "options": {"ssh_key_value": {"type": "str", "no_log": False}}},
    "enable_node_public_ip": {"type": "bool"},
    **_NETWORK,
    "create_on_behalf_of": {
        "type": "dict",
        "options": {
            "user_object_id": {"type": "str", "required": True},
            "user_tenant_id": {"type": "str", "required": True},
        },
    },
    "application_sharing_policy": {"type": "str", "choices": ["personal", "shared"]},
    "enable_root_access": {"type": "bool"},
    "enable_os_patching": {"type": "bool"},
    "release_quota_on_stop": {"type": "bool"},
    "enable_sso": {"type": "bool"},
    "idle_time_before_shutdown_minutes": {"type": "int"},
    "schedules": {
        "type": "dict",
        "options": {
            "compute_start_stop": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "action": {"type": "str", "required": True, "choices": ["start", "stop"]},
                    "state": {"type": "str", "choices": ["enabled", "disabled"]},
                    "trigger": {"type": "dict", "required": True, "options": _TRIGGER},
                },
            }
        },
    },
    "setup_scripts": {
        "type": "dict",
        "options": {
            "creation_script": {"type": "dict", "options": _SCRIPT},
            "startup_script": {"type": "dict", "options": _SCRIPT},
        },
    },
    "custom_applications": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "type": {"type": "str", "choices": ["docker"]},
            "image": {"type": "dict", "required": True, "options": {"reference": {"type": "str", "required": True}}},
            "endpoints": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "target": {"type": "int", "required": True},
                    "published": {"type": "int", "required": True},
                },
            },
            "environment_variables": {"type": "dict"},
            "bind_mounts": {
                "type": "list",
                "elements": "dict",
                "options": {"source": {"type": "str", "required": True}, "target": {"type": "str", "required": True}},
            },
        },
    },
    "data_mounts": {
        "type": "list",
        "elements": "dict",
        "options": {
            "mount_name": {"type": "str", "required": True},
            "source": {"type": "str"},
            "source_type": {"type": "str", "choices": ["datastore", "dataset", "uri"]},
            "mount_path": {"type": "str"},
            "mount_mode": {"type": "str", "choices": ["read_only", "read_write"]},
            "state": {"type": "str", "choices": ["present", "absent"]},
        },
    },
}

INFERENCE_SPEC: Spec = {
    "validate_name": {"type": "str", "default": "lenient", "choices": ["strict", "lenient", "off"]},
    "resource_id": {"type": "str"},
    "check_other_workspaces": {"type": "bool", "default": False},
    "cluster_purpose": {"type": "str", "choices": ["fast_prod", "dense_prod", "dev_test", "production"]},
    "agent_count": {"type": "int", "aliases": ["node_count"]},
    "size": {"type": "str", "aliases": ["vm_size", "agent_vm_size"]},
    "location": {"type": "str"},
    "network_settings": {
        "type": "dict",
        "options": {
            "subnet": {"type": "str"},
            "vnet_name": {"type": "str"},
            "resource_group": {"type": "str"},
            "service_cidr": {"type": "str"},
            "dns_service_ip": {"type": "str"},
            "docker_bridge_cidr": {"type": "str"},
        },
    },
    "load_balancer_type": {"type": "str", "choices": ["public_ip", "internal_load_balancer"]},
    "load_balancer_subnet": {"type": "str"},
    "ssl": {
        "type": "dict",
        "options": {
            "status": {"type": "str", "choices": ["disabled", "enabled", "auto"]},
            "cert": {"type": "str"},
            "cert_file": {"type": "path"},
            "key": {"type": "str", "no_log": True},
            "key_file": {"type": "path", "no_log": False},
            "cname": {"type": "str"},
            "leaf_domain_label": {"type": "str"},
            "overwrite_existing_domain": {"type": "bool"},
        },
        "mutually_exclusive": [("cert", "cert_file"), ("key", "key_file")],
    },
    "update_certificate": {"type": "str", "default": "on_change", "choices": ["on_change", "always"]},
    "description": {"type": "str"},
    "delete_underlying": {"type": "bool", "default": False},
}

ATTACHED_SPEC: Spec = {
    "resource_id": {"type": "str"},
    "location": {"type": "str"},
    "description": {"type": "str"},
    "address": {"type": "str"},
    "ssh_settings": {
        "type": "dict",
        "options": {
            "admin_username": {"type": "str"},
            "ssh_port": {"type": "int"},
            "ssh_private_key_file": {"type": "path", "no_log": False},
            "ssh_private_key": {"type": "str", "no_log": True},
            "admin_password": {"type": "str", "no_log": True},
        },
        "mutually_exclusive": [("ssh_private_key_file", "ssh_private_key")],
    },
    "access_token": {"type": "str", "no_log": True},
    "namespace": {"type": "str"},
    "instance_types": {"type": "dict"},
    "default_instance_type": {"type": "str"},
    "update_password": {"type": "str", "default": "on_create", "choices": ["on_create", "always"], "no_log": False},
    "delete_underlying": {"type": "bool", "default": False},
    "check_other_workspaces": {"type": "bool", "default": False},
}

_COMMON: Spec = {**TAGS_SPEC, **identity_spec()}

# All that can be declared of a kind, by the CLI's spelling: what a list of several kinds is held against.
KIND_SPECS: dict[str, Spec] = {
    "amlcompute": {**_COMMON, **CLUSTER_SPEC},
    "computeinstance": {**_COMMON, **INSTANCE_SPEC},
    "aks": {**TAGS_SPEC, **INFERENCE_SPEC},
    **dict.fromkeys(
        ("kubernetes", "virtualmachine", "databricks", "datalakeanalytics", "hdinsight", "synapsespark", "datafactory"),
        {**_COMMON, **ATTACHED_SPEC},
    ),
}
