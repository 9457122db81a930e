# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declarations of every kind, as full and as small as they come: what is exported, and whose bodies are held to the schema.

A row is a name, the module, its options, and changes that are made in place afterwards. A kind is added here when its module is.
"""
from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from .conftest import Azure

Options = dict[str, t.Any]

KEY = (
    rsa.generate_private_key(65537, 2048)
    .public_key()
    .public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    .decode()
)


@dataclass(frozen=True)
class Declaration:
    """What a module is told of one compute target, and what is changed of it later, one after the other."""

    module: str
    options: Options
    changes: list[Options] = field(default_factory=list)


def declarations(azure: Azure) -> dict[str, Declaration]:
    """The matrix, by kind and case; it makes what the declarations name."""
    return {**clusters(azure)}


def clusters(azure: Azure) -> dict[str, Declaration]:
    module = "aml_compute_cluster"
    subnet, one, two = azure.subnet(), azure.identity("id-one"), azure.identity("id-two")
    users = {"type": "user_assigned", "user_assigned_identities": [one, two]}
    full = {
        "name": "full-cluster",
        "location": "eastus",
        "size": "Standard_DS3_v2",
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
        "cluster-small": Declaration(module, {"name": "small-cluster", "size": "Standard_DS2_v2", "max_instances": 1}),
        "cluster-low-priority": Declaration(module, {"name": "low-cluster", "size": "Standard_DS2_v2", "tier": "low_priority", "max_instances": 1}),
        "cluster-elsewhere": Declaration(module, {"name": "west-cluster", "size": "Standard_DS2_v2", "location": "westus", "max_instances": 1}),
        "cluster-password": Declaration(
            module, {"name": "pass-cluster", "size": "Standard_DS2_v2", "max_instances": 1, "ssh_settings": password}, [{"tags": {"a": "b"}}]
        ),
        "cluster-full": Declaration(module, full, changes),
    }
