# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of plain resource types: how each is provisioned and what the service adds to its document.

Derived properties are those that the public REST references of the services list as read-only. Types and
api-versions are what azure-ai-ml's templates and clients use (docs/facts.md a.2, d.4). Only existence and provisioning
are simulated.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azureml_simulator.arm import rules as arm_rules
from azureml_simulator.entra.directory import TENANT, stable_guid
from azureml_simulator.http import ArmError

if TYPE_CHECKING:
    from azureml_simulator.app import App

Document = dict[str, Any]
Derive = Callable[["App", Document], None]


@dataclass(frozen=True)
class Kind:
    """How a type behaves.

    `style`: sync (201/200), async (201 with Azure-AsyncOperation), location (202 with Location).
    """

    type: str
    style: str = "sync"
    created: int = 201
    delete_style: str = "sync"
    located: bool = True
    global_only: bool = False
    name: re.Pattern[str] | None = None
    name_error: tuple[str, str] = ("InvalidResourceName", "Resource name {name} is invalid.")
    taken: tuple[str, str] | None = None
    busy_state: str = "Creating"
    write_only: tuple[str, ...] = ()
    derive: Derive | None = None
    children: tuple[str, ...] = ()

    @property
    def provisions(self) -> bool:
        return self.type not in _WITHOUT_STATE


def _default(properties: Document, **values: Any) -> None:
    for key, value in values.items():
        properties.setdefault(key, value)


def _storage(app: App, doc: Document) -> None:
    name, properties = doc["name"], doc["properties"]
    hosts = ("blob", "dfs", "file", "queue", "table")
    properties["primaryEndpoints"] = {host: f"https://{name}.{host}.core.windows.net/" for host in hosts}
    _default(
        properties,
        creationTime=app.clock.iso(),
        supportsHttpsTrafficOnly=True,
        accessTier="Hot",
        networkAcls={"bypass": "AzureServices", "defaultAction": "Allow", "virtualNetworkRules": [], "ipRules": []},
    )
    properties |= {"primaryLocation": doc["location"], "statusOfPrimary": "available"}
    doc.setdefault("kind", "StorageV2")
    sku = doc.setdefault("sku", {"name": "Standard_LRS"})
    sku["tier"] = "Premium" if str(sku.get("name", "")).startswith("Premium") else "Standard"


def _vault(app: App, doc: Document) -> None:
    properties = doc["properties"]
    if not properties.get("tenantId") or not properties.get("sku"):
        raise ArmError(400, "BadRequest", "The parameters tenantId and sku of a vault are required.")
    arm_rules.entries(properties.get("accessPolicies"), "accessPolicies")
    properties["vaultUri"] = f"https://{doc['name']}.vault.azure.net/"
    _default(
        properties,
        accessPolicies=[],
        enableSoftDelete=True,
        softDeleteRetentionInDays=90,
        publicNetworkAccess="Enabled",
        enabledForDeployment=False,
    )


def _insights(app: App, doc: Document) -> None:
    key, app_id = stable_guid("instrumentation", doc["id"]), stable_guid("insights", doc["id"])
    linked = doc["properties"].get("WorkspaceResourceId")
    if linked and app.store.get(linked) is None:
        raise ArmError(400, "BadRequest", f"The workspace '{linked}' of the component was not found.")
    doc["properties"] |= {
        "AppId": app_id,
        "ApplicationId": doc["name"],
        "InstrumentationKey": key,
        "TenantId": TENANT,
        "ConnectionString": f"InstrumentationKey={key};IngestionEndpoint=https://{doc['location']}-0.in."
        f"applicationinsights.azure.com/;ApplicationId={app_id}",
        "IngestionMode": "LogAnalytics" if linked else "ApplicationInsights",
    }
    _default(doc["properties"], Application_Type="web", CreationDate=app.clock.iso(), RetentionInDays=90)
    doc.setdefault("kind", "web")


def _log_analytics(app: App, doc: Document) -> None:
    doc["properties"]["customerId"] = stable_guid("log analytics", doc["id"])
    _default(
        doc["properties"],
        sku={"name": "pergb2018"},
        retentionInDays=30,
        createdDate=app.clock.iso(),
        publicNetworkAccessForIngestion="Enabled",
        publicNetworkAccessForQuery="Enabled",
    )


def _registry(app: App, doc: Document) -> None:
    doc["properties"]["loginServer"] = f"{doc['name'].lower()}.azurecr.io"
    _default(doc["properties"], creationDate=app.clock.iso(), adminUserEnabled=False, publicNetworkAccess="Enabled")
    sku = doc.setdefault("sku", {"name": "Basic"})
    sku["tier"] = sku.get("name", "Basic")


def _identity(app: App, doc: Document) -> None:
    doc["properties"] |= {
        "principalId": stable_guid("identity", doc["id"]),
        "clientId": stable_guid("identity client", doc["id"]),
        "tenantId": TENANT,
    }


def _public_ip(app: App, doc: Document) -> None:
    _default(
        doc["properties"],
        publicIPAllocationMethod="Dynamic",
        publicIPAddressVersion="IPv4",
        idleTimeoutInMinutes=4,
        resourceGuid=stable_guid("guid", doc["id"]),
    )
    if doc["properties"]["publicIPAllocationMethod"] == "Static":
        octets = stable_guid("address", doc["id"])
        doc["properties"]["ipAddress"] = f"203.0.113.{int(octets[:2], 16) % 254 + 1}"


def _network_interface(app: App, doc: Document) -> None:
    _default(doc["properties"], enableIPForwarding=False, resourceGuid=stable_guid("guid", doc["id"]))
    for configuration in arm_rules.named_entries(doc["properties"].get("ipConfigurations"), "ipConfigurations"):
        configuration["id"] = f"{doc['id']}/ipConfigurations/{configuration['name']}"


def _vault_key(app: App, doc: Document) -> None:
    vault, name = doc["id"].split("/")[8], doc["name"]
    address = f"https://{vault}.vault.azure.net/keys/{name}"
    version = stable_guid("key version", doc["id"]).replace("-", "")
    doc["properties"] |= {"keyUri": address, "keyUriWithVersion": f"{address}/{version}"}
    _default(doc["properties"], kty="RSA", keySize=2048)


def _vault_secret(app: App, doc: Document) -> None:
    vault, name = doc["id"].split("/")[8], doc["name"]
    address = f"https://{vault}.vault.azure.net/secrets/{name}"
    version = stable_guid("secret version", doc["id"], app.clock.iso()).replace("-", "")
    doc["properties"] |= {"secretUri": address, "secretUriWithVersion": f"{address}/{version}"}


def _dns_zone(app: App, doc: Document) -> None:
    doc["properties"] |= {"numberOfRecordSets": 1, "numberOfVirtualNetworkLinks": 0, "maxNumberOfRecordSets": 25000}


def _machine(app: App, doc: Document) -> None:
    doc["properties"]["vmId"] = stable_guid("vm", doc["id"])
    _default(doc["properties"], timeCreated=app.clock.iso())


def _managed_cluster(app: App, doc: Document) -> None:
    properties, group = doc["properties"], doc["id"].split("/")[4]
    prefix = properties.setdefault("dnsPrefix", doc["name"])
    host = f"{prefix}-{stable_guid('aks', doc['id'])[:8]}.hcp.{doc['location']}.azmk8s.io"
    properties |= {"fqdn": host, "powerState": {"code": "Running"}, "maxAgentPools": 100}
    _default(
        properties,
        nodeResourceGroup=f"MC_{group}_{doc['name']}_{doc['location']}",
        enableRBAC=True,
        agentPoolProfiles=[],
    )


def _databricks(app: App, doc: Document) -> None:
    number = str(int(stable_guid("databricks", doc["id"]).replace("-", ""), 16))[:16]
    doc["properties"] |= {"workspaceId": number, "workspaceUrl": f"adb-{number}.{number[-1]}.azuredatabricks.net"}


_NETWORK_BUSY = "Updating"
_VAULTS = "Microsoft.KeyVault/vaults"
_WITHOUT_STATE = {
    "Microsoft.ManagedIdentity/userAssignedIdentities",
    "Microsoft.Storage/storageAccounts/blobServices",
    "Microsoft.Storage/storageAccounts/blobServices/containers",
    "Microsoft.Compute/sshPublicKeys",
    f"{_VAULTS}/keys",
    f"{_VAULTS}/secrets",
}
KINDS = [
    Kind(
        "Microsoft.Storage/storageAccounts",
        "location",
        derive=_storage,
        name=re.compile(r"^[a-z0-9]{3,24}$"),
        name_error=(
            "AccountNameInvalid",
            "{name} is not a valid storage account name. Storage account name must be "
            "between 3 and 24 characters in length and use numbers and lower-case letters only.",
        ),
        taken=("StorageAccountAlreadyTaken", "The storage account named {name} is already taken."),
        children=("blobServices/default",),
    ),
    Kind("Microsoft.Storage/storageAccounts/blobServices", created=200, located=False),
    Kind("Microsoft.Storage/storageAccounts/blobServices/containers", located=False),
    Kind(
        "Microsoft.KeyVault/vaults",
        created=200,
        derive=_vault,
        name=re.compile(r"^[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$"),
        name_error=(
            "VaultNameNotValid",
            "The vault name '{name}' is invalid. A vault's name must be between 3-24 "
            "alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not "
            "contain consecutive hyphens. Follow this link for more information: "
            "https://go.microsoft.com/fwlink/?linkid=2147742",
        ),
        taken=(
            "VaultAlreadyExists",
            "The vault name '{name}' is already in use. Vault names are globally unique so it "
            "is possible that the name is already taken. If you are sure that the vault name was not taken then it "
            "is possible that a vault with the same name was recently deleted but not purged after being placed in "
            "a recoverable state. Follow this link for more information: "
            "https://go.microsoft.com/fwlink/?linkid=2147740",
        ),
    ),
    Kind(f"{_VAULTS}/keys", created=200, located=False, derive=_vault_key),
    Kind(f"{_VAULTS}/secrets", created=200, located=False, derive=_vault_secret, write_only=("value",)),
    Kind("Microsoft.Insights/components", created=200, derive=_insights),
    Kind(
        "Microsoft.OperationalInsights/workspaces",
        derive=_log_analytics,
        name=re.compile(r"^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$"),
    ),
    Kind(
        "Microsoft.ContainerRegistry/registries",
        "async",
        derive=_registry,
        name=re.compile(r"^[a-zA-Z0-9]{5,50}$"),
        name_error=(
            "InvalidResourceName",
            "Resource names may contain alpha numeric characters only and must be between 5 and 50 characters.",
        ),
        taken=("AlreadyInUse", "The registry DNS name {name}.azurecr.io is already in use."),
    ),
    Kind(
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        derive=_identity,
        name=re.compile(r"^[a-zA-Z0-9][\w-]{2,127}$"),
    ),
    Kind(
        "Microsoft.Network/networkInterfaces",
        "async",
        delete_style="async",
        busy_state=_NETWORK_BUSY,
        derive=_network_interface,
    ),
    Kind(
        "Microsoft.Network/publicIPAddresses",
        "async",
        delete_style="async",
        busy_state=_NETWORK_BUSY,
        derive=_public_ip,
    ),
    Kind("Microsoft.Network/natGateways", "async", delete_style="async", busy_state=_NETWORK_BUSY),
    Kind("Microsoft.Network/privateDnsZones", "location", delete_style="async", global_only=True, derive=_dns_zone),
    Kind("Microsoft.Network/privateDnsZones/virtualNetworkLinks", "location", delete_style="async", global_only=True),
    Kind(
        "Microsoft.Compute/virtualMachines",
        "async",
        delete_style="async",
        derive=_machine,
        write_only=("osProfile.adminPassword",),
    ),
    Kind("Microsoft.Compute/sshPublicKeys"),
    Kind(
        "Microsoft.ContainerService/managedClusters",
        "async",
        delete_style="async",
        derive=_managed_cluster,
        write_only=("servicePrincipalProfile.secret", "windowsProfile.adminPassword"),
    ),
    # What a workspace attaches besides.
    Kind("Microsoft.Kubernetes/connectedClusters", "async", delete_style="async"),
    Kind("Microsoft.Databricks/workspaces", "async", delete_style="async", derive=_databricks),
    Kind("Microsoft.HDInsight/clusters", "async", created=200, delete_style="async"),
    Kind("Microsoft.DataLakeAnalytics/accounts", "async", delete_style="async"),
    Kind("Microsoft.DataFactory/factories", created=200),
    Kind("Microsoft.Synapse/workspaces", "async", delete_style="async", write_only=("sqlAdministratorLoginPassword",)),
    Kind("Microsoft.Synapse/workspaces/bigDataPools", "async", delete_style="async"),
]
