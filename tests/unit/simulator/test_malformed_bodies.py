# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A body of another shape is refused as the sender's mistake, and never ends in a defect of the simulator's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import (
    GROUP,
    IDENTITY,
    LOCATION,
    ML,
    PREVIEW,
    STORAGE,
    SUB,
    SUBNET,
    VAULT,
    VNET,
    WORKSPACE,
    World,
    cluster_body,
    workspace_body,
)

NETWORK, MINE = f"{GROUP}/providers/Microsoft.Network", "properties"
SECURITY_GROUP = f"{NETWORK}/networkSecurityGroups/nsg"
KUBERNETES = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/k8s"
MACHINE = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm1"
CONTRIBUTOR = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c"
ISOLATED, ENCRYPTED = f"{WORKSPACE}-isolated", f"{WORKSPACE}-encrypted"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
LINK = {"name": "p", MINE: {"privateLinkServiceId": WORKSPACE, "groupIds": ["amlworkspace"]}}
KEY = {"keyVaultArmId": VAULT, "keyIdentifier": "https://kv.vault.azure.net/keys/k/1"}
OWN_WORKSPACE = workspace_body(
    primaryUserAssignedIdentity=IDENTITY,
    networkAcls={"defaultAction": "Deny", "ipRules": [{"value": "1.2.3.4"}]},
    encryption={"status": "Enabled", "keyVaultProperties": KEY, "identity": {"userAssignedIdentity": IDENTITY}},
    managedNetwork={"isolationMode": "AllowOnlyApprovedOutbound", "outboundRules": {"one": {"type": "FQDN", "destination": "a.org"}}},
) | {
    "tags": {"a": "b"},
    "sku": {"name": "Basic"},
    "identity": {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {IDENTITY: {}}},
}  # fmt: skip
DATASTORE = {
    "datastoreType": "AzureBlob",
    "accountName": "sa",
    "containerName": "c",
    "tags": {"a": "b"},
    "credentials": {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "k"}},
}
JOB = {
    "jobType": "Command",
    "command": "echo ok",
    "environmentId": "azureml://registries/azureml/environments/sklearn-1.5/versions/41",
    "computeId": f"{WORKSPACE}/computes/cpu",
    "resources": {"instanceCount": 1},
    "limits": {"jobLimitsType": "Command", "timeout": "PT10M"},
    "tags": {"a": "b"},
}
SHARED = {
    "location": "eastus",
    "tags": {"a": "b"},
    "identity": {"type": "SystemAssigned"},
    MINE: {
        "regionDetails": [
            {
                "location": "eastus",
                "acrDetails": [{"systemCreatedAcrAccount": {"acrAccountSku": "Premium"}}],
                "storageAccountDetails": [{"userCreatedStorageAccount": {"armResourceId": {"resourceId": STORAGE}}}],
            }
        ]
    },
}
INSTANCE = {
    "vmSize": "Standard_D4s_v3",
    "sshSettings": {"sshPublicAccess": "Enabled", "adminPublicKey": "ssh-rsa A"},
    "schedules": {"computeStartStop": [{"action": "Stop", "triggerType": "Cron", "cron": {"expression": "0 1 * * *"}}]},
    "setupScripts": {"scripts": {"creationScript": {"scriptSource": "inline", "scriptData": "YQ==", "timeout": "10m"}}},
    "customServices": [{"name": "c", "image": {"reference": "r"}, "endpoints": [{"target": 1, "published": 2}]}],
    "personalComputeInstanceSettings": {"assignedUser": {"objectId": "o", "tenantId": "t"}},
}
CASES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "group": ("PUT", f"{SUB}/resourceGroups/rg2", {"location": "eastus", "tags": {"a": "b"}}, "2021-04-01"),
    "storage": (
        "PUT",
        f"{STORAGE}2",
        {"location": "eastus", "sku": {"name": "Standard_LRS"}, MINE: {"isHnsEnabled": True}},
        "2023-01-01",
    ),
    "vault": (
        "PUT",
        f"{VAULT}2",
        {"location": "eastus", MINE: {"tenantId": "t", "sku": {"name": "standard"}, "accessPolicies": [{}]}},
        "2023-07-01",
    ),
    "policies": ("PUT", f"{VAULT}/accessPolicies/add", {MINE: {"accessPolicies": [{"objectId": "o"}]}}, "2023-07-01"),
    "secret": ("PUT", f"{VAULT}/secrets/s", {MINE: {"value": "v", "attributes": {"enabled": True}}}, "2023-07-01"),
    "security group": (
        "PUT",
        f"{NETWORK}/networkSecurityGroups/g",
        {"location": "eastus", MINE: {"securityRules": [{"name": "r", MINE: {"priority": 100}}]}},
        "2024-05-01",
    ),
    "network": (
        "PUT",
        f"{VNET}2",
        {
            "location": "eastus",
            MINE: {
                "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                "subnets": [
                    {
                        "name": "s",
                        MINE: {"addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {"id": SECURITY_GROUP}},
                    }
                ],
            },
        },
        "2024-05-01",
    ),
    "interface": (
        "PUT",
        f"{NETWORK}/networkInterfaces/n",
        {"location": "eastus", MINE: {"ipConfigurations": [{"name": "i", MINE: {"subnet": {"id": SUBNET}}}]}},
        "2024-05-01",
    ),
    "endpoint": (
        "PUT",
        f"{NETWORK}/privateEndpoints/p",
        {
            "location": "eastus",
            MINE: {
                "subnet": {"id": SUBNET},
                "privateLinkServiceConnections": [LINK],
                "manualPrivateLinkServiceConnections": [LINK],
            },
        },
        "2024-05-01",
    ),
    "assignment": (
        "PUT",
        f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/11111111-0000-4000-8000-00000000000f",
        {MINE: {"roleDefinitionId": CONTRIBUTOR, "principalId": "11111111-0000-4000-8000-00000000000a"}},
        "2022-04-01",
    ),
    "role": (
        "PUT",
        f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/11111111-0000-4000-8000-00000000000f",
        {MINE: {"roleName": "r", "assignableScopes": [SUB], "permissions": [{"actions": ["*"], "notActions": ["x"]}]}},
        "2022-04-01",
    ),
    "lock": ("PUT", f"{VAULT}/providers/Microsoft.Authorization/locks/l", {MINE: {"level": "ReadOnly"}}, "2020-05-01"),
    "deployment": (
        "PUT",
        f"{GROUP}/providers/Microsoft.Resources/deployments/d",
        {
            MINE: {
                "mode": "Incremental",
                "parameters": {"a": {"value": "b"}},
                "template": {
                    "$schema": SCHEMA,
                    "contentVersion": "1.0.0.0",
                    "parameters": {"a": {"type": "string", "defaultValue": "x", "allowedValues": ["b"]}},
                    "variables": {"v": "[parameters('a')]"},
                    "resources": [
                        {
                            "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
                            "apiVersion": "2023-01-31",
                            "name": "u",
                            "location": "eastus",
                            "dependsOn": [],
                            "copy": {"name": "c", "count": 1},
                        }
                    ],
                    "outputs": {"o": {"type": "string", "value": "[variables('v')]"}},
                },
            }
        },
        "2021-04-01",
    ),
    "workspace": ("PUT", f"{WORKSPACE}x", OWN_WORKSPACE, "2026-05-15-preview"),
    "workspace update": ("PATCH", ENCRYPTED, OWN_WORKSPACE, "2026-05-15-preview"),
    "diagnose": ("POST", f"{WORKSPACE}/diagnose", {"value": {"storageAccount": {}, "udr": {}}}, ML),
    "datastore": ("PUT", f"{WORKSPACE}/datastores/d?skipValidation=true", {MINE: DATASTORE}, ML),
    "extension": (
        "PUT",
        f"{KUBERNETES}/providers/Microsoft.KubernetesConfiguration/extensions/aml",
        {
            "identity": {"type": "SystemAssigned"},
            MINE: {
                "extensionType": "Microsoft.AzureML.Kubernetes",
                "autoUpgradeMinorVersion": True,
                "releaseTrain": "stable",
                "scope": {"cluster": {"releaseNamespace": "azureml"}},
                "configurationSettings": {"enableTraining": "True"},
                "configurationProtectedSettings": {"a": "b"},
            },
        },
        "2025-03-01",
    ),
    "registry": ("PUT", f"{GROUP}/providers/Microsoft.MachineLearningServices/registries/shared", SHARED, ML),
    "connection": (
        "PUT",
        f"{WORKSPACE}/connections/c",
        {
            MINE: {
                "category": "CustomKeys",
                "authType": "CustomKeys",
                "target": "t",
                "credentials": {"keys": {"a": "b"}},
                "metadata": {"a": "b"},
            }
        },
        ML,
    ),
    "outbound rule": (
        "PUT",
        f"{ISOLATED}/outboundRules/one",
        {
            MINE: {
                "type": "PrivateEndpoint",
                "destination": {"serviceResourceId": STORAGE, "subresourceTarget": "blob"},
                "fqdns": ["a"],
            }
        },
        ML,
    ),
    "cluster": (
        "PUT",
        f"{WORKSPACE}/computes/cpu",
        cluster_body(subnet={"id": SUBNET}, userAccountCredentials={"adminUserName": "a"})
        | {"tags": {"a": "b"}, "identity": {"type": "SystemAssigned"}},
        PREVIEW,
    ),
    "instance": (
        "PUT",
        f"{WORKSPACE}/computes/ci1",
        {"location": "eastus", MINE: {"computeType": "ComputeInstance", MINE: INSTANCE}},
        PREVIEW,
    ),
    "kubernetes": (
        "PUT",
        f"{WORKSPACE}/computes/k8s",
        {
            "location": "eastus",
            MINE: {
                "computeType": "Kubernetes",
                "resourceId": KUBERNETES,
                MINE: {
                    "namespace": "n",
                    "instanceTypes": {"a": {"nodeSelector": {}, "resources": {"requests": {}, "limits": {}}}},
                },
            },
        },
        ML,
    ),
    "inference cluster": (
        "PUT",
        f"{WORKSPACE}/computes/aks",
        {
            "location": "eastus",
            MINE: {
                "computeType": "AKS",
                MINE: {
                    "agentCount": 3,
                    "agentVmSize": "Standard_D4s_v3",
                    "sslConfiguration": {"status": "Disabled"},
                    "aksNetworkingConfiguration": {
                        "subnetId": SUBNET,
                        "serviceCidr": "10.0.0.0/16",
                        "dnsServiceIP": "10.0.0.10",
                        "dockerBridgeCidr": "172.17.0.1/16",
                    },
                },
            },
        },
        ML,
    ),
    "machine": (
        "PUT",
        f"{WORKSPACE}/computes/vmx",
        {
            "location": "eastus",
            MINE: {
                "computeType": "VirtualMachine",
                "resourceId": MACHINE,
                MINE: {"sshPort": 22, "administratorAccount": {"username": "u", "password": "p"}},
            },
        },
        ML,
    ),
    "quotas": (
        "POST",
        f"{LOCATION}/updateQuotas",
        {"value": [{"id": f"{WORKSPACE}/quotas/f", "limit": 1, "unit": "Count", "type": "t"}]},
        ML,
    ),
    "job": ("PUT", f"{WORKSPACE}/jobs/j", {MINE: JOB}, ML),
}
WRONG: tuple[Any, ...] = ("x", [None], {"id": 1})


def changed(value: Any) -> Iterator[Any]:
    """The value with each of its parts in turn missing, or of another shape."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield {other: held for other, held in value.items() if other != key}
            yield from ({**value, key: part} for part in (*WRONG, *changed(item)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from ([*value[:index], part, *value[index + 1 :]] for part in (*WRONG, *changed(item)))


@pytest.fixture(scope="module")
def used() -> World:
    return made()


def made() -> World:
    world = World()
    world.resource(VAULT)
    for resource_id in (SECURITY_GROUP, KUBERNETES, MACHINE):
        world.keep(resource_id)
    network = {"isolationMode": "AllowOnlyApprovedOutbound"}
    world.require_success(world.call("PUT", ISOLATED, workspace_body(managedNetwork=network)))
    world.require_success(world.call("PUT", ENCRYPTED, OWN_WORKSPACE, "2026-05-15-preview"))
    return world


def test_the_bodies_are_taken_as_they_are() -> None:
    """Or each of the others would be refused for the same reason, before its shape is read."""
    world, refused = made(), {}
    for name, (method, path, body, version) in CASES.items():
        answer = world.call(method, path, body, version)
        world.wait(1000)
        if answer.status >= 300:
            refused[name] = answer.body["error"]["message"]
    assert refused == {}


@pytest.mark.parametrize("name", CASES)
def test_a_malformed_body_is_the_senders_mistake(used: World, name: str) -> None:
    method, path, body, version = CASES[name]
    defects = {}
    for sent in [*WRONG, *changed(body)]:
        answer = used.call(method, path, sent, version)
        used.wait(1000)
        if answer.status == 500:
            defects[answer.body["error"]["message"]] = sent
    assert defects == {}
