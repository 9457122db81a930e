# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents as the service answers them, for tests. Source: docs/facts.md a.6 [REC R1, R5], d.2 [REC R10]."""

from __future__ import annotations

import copy
import typing as t

from ansible_collections.azureml.compute.tests.support.module_run import GROUP_ID, WORKSPACE_ID

SUBNET = f"{GROUP_ID}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/training"
IDENTITIES = f"{GROUP_ID}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
FIRST, SECOND = f"{IDENTITIES}/first", f"{IDENTITIES}/second"
# It has the form of a key; the modulus is far too short for a real one.
KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAADQDIycrLzM3Oz9DR0tM= somebody@somewhere"

_CLUSTER: dict[str, t.Any] = {
    "id": f"{WORKSPACE_ID}/computes/cpu",
    "name": "cpu",
    "type": "Microsoft.MachineLearningServices/workspaces/computes",
    "location": "eastus",
    "tags": {"team": "vision", "other": "tool"},
    "identity": {
        "type": "UserAssigned",
        "userAssignedIdentities": {FIRST: {"clientId": "client-of-first", "principalId": "principal-of-first"}},
    },
    "properties": {
        "computeType": "AmlCompute",
        "computeLocation": "eastus",
        "description": "for people",
        "provisioningState": "Succeeded",
        "provisioningErrors": None,
        "provisioningWarnings": {},
        "createdOn": "2026-08-30T19:56:28.2261097+00:00",
        "modifiedOn": "2026-08-30T19:56:37.9261097+00:00",
        "resourceId": None,
        "isAttachedCompute": False,
        "disableLocalAuth": False,
        "properties": {
            "vmSize": "STANDARD_DS3_V2",
            "vmPriority": "Dedicated",
            "osType": "Linux",
            "scaleSettings": {"maxNodeCount": 4, "minNodeCount": 0, "nodeIdleTimeBeforeScaleDown": "PT2M"},
            "subnet": {"id": SUBNET},
            "remoteLoginPortPublicAccess": "Disabled",
            "enableNodePublicIp": True,
            "isolatedNetwork": False,
            "enableBatchPrivateLink": False,
            "propertyBag": {"unknown": "kept"},
            "virtualMachineImage": None,
            "userAccountCredentials": {
                "adminUserName": "azureuser",
                "adminUserPassword": None,
                "adminUserSshPublicKey": KEY,
            },
            "allocationState": "Steady",
            "allocationStateTransitionTime": "2026-08-30T19:56:40.123+00:00",
            "errors": None,
            "currentNodeCount": 0,
            "targetNodeCount": 0,
            "nodeStateCounts": {
                "preparingNodeCount": 0,
                "runningNodeCount": 0,
                "idleNodeCount": 0,
                "unusableNodeCount": 0,
                "leavingNodeCount": 0,
                "preemptedNodeCount": 0,
            },
        },
    },
}

_WORKSPACE: dict[str, t.Any] = {
    "id": WORKSPACE_ID,
    "name": "ws-one",
    "type": "Microsoft.MachineLearningServices/workspaces",
    "location": "eastus",
    "tags": {"team": "vision"},
    "etag": None,
    "kind": "Default",
    "sku": {"name": "Basic", "tier": "Basic"},
    "identity": {"type": "SystemAssigned", "principalId": "principal-one", "tenantId": "tenant-one"},
    "systemData": {"createdAt": "2026-08-30T19:56:28Z"},
    "properties": {
        "friendlyName": "Production",
        "description": "",
        "storageAccount": f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/wsstorage",
        "keyVault": f"{GROUP_ID}/providers/Microsoft.Keyvault/vaults/wsvault",
        "applicationInsights": f"{GROUP_ID}/providers/Microsoft.insights/components/wsinsights",
        "containerRegistry": None,
        "hbiWorkspace": False,
        "provisioningState": "Succeeded",
        "managedNetwork": {"isolationMode": "Disabled", "changeableIsolationModes": ["AllowInternetOutbound"]},
        "v1LegacyMode": False,
        "softDeleteEnabled": True,
        "workspaceId": "workspace-guid",
        "privateLinkCount": 0,
        "publicNetworkAccess": "Enabled",
        "discoveryUrl": "https://eastus.api.azureml.ms/discovery",
        "mlFlowTrackingUri": f"azureml://eastus.api.azureml.ms/mlflow/v1.0{WORKSPACE_ID}",
        "systemDatastoresAuthMode": "accesskey",
        "enableDataIsolation": False,
        "imageBuildCompute": None,
    },
}


def _changed(base: dict[str, t.Any], changes: dict[str, t.Any]) -> dict[str, t.Any]:
    """A copy in which dotted places have other values; a value of ``...`` takes the key away."""
    body = copy.deepcopy(base)
    for path, value in changes.items():
        *parents, last = path.split(".")
        tree = body
        for key in parents:
            tree = tree[key]
        if value is ...:
            tree.pop(last)
        else:
            tree[last] = value
    return body


def cluster(**changes: t.Any) -> dict[str, t.Any]:
    """A cluster as a GET shows it. Keys: ``outer`` and ``properties`` and ``inner`` levels as mappings, see the functions below."""
    where = {"outer": "", "properties": "properties.", "inner": "properties.properties."}
    flat = {where[level] + path: value for level, values in changes.items() for path, value in values.items()}
    return _changed(_CLUSTER, flat)


def workspace(**changes: t.Any) -> dict[str, t.Any]:
    """A workspace as a GET shows it; ``outer`` and ``properties`` are mappings of what differs."""
    where = {"outer": "", "properties": "properties."}
    flat = {where[level] + path: value for level, values in changes.items() for path, value in values.items()}
    return _changed(_WORKSPACE, flat)
