# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A workspace as GET shows it, made from what a PUT or PATCH sent.

The fields: docs/facts.md d.2 [REC R10, R11], types-2025-12-01.md WorkspaceProperties. Booleans and empty values arrive
as text from azure-ai-ml's templates (d.4).
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from azureml_simulator.entra.directory import TENANT, stable_guid
from azureml_simulator.http import Principal
from azureml_simulator.providers.machine_learning.common import CREATING, Document, flag

if TYPE_CHECKING:
    from azureml_simulator.app import App

KINDS = {"default": "Default", "hub": "Hub", "project": "Project", "featurestore": "FeatureStore"}
DEPENDENTS = ("storageAccount", "keyVault", "applicationInsights", "containerRegistry")
_BOOLEANS = (
    "hbiWorkspace",
    "allowRoleAssignmentOnRG",
    "v1LegacyMode",
    "enableDataIsolation",
    "enableServiceSideCMKEncryption",
)
# Taken as they are; an empty text or object counts as unset.
_PLAIN = (
    "friendlyName",
    "description",
    "imageBuildCompute",
    "publicNetworkAccess",
    "primaryUserAssignedIdentity",
    "systemDatastoresAuthMode",
    "serverlessComputeSettings",
    "featureStoreSettings",
    "workspaceHubConfig",
    "hubResourceId",
    "ipAllowlist",
    "networkAcls",
    "sharedPrivateLinkResources",
    "softDeleteRetentionInDays",
    "allowPublicAccessWhenBehindVnet",
    "serviceManagedResourcesSettings",
)
# The names of the types, whatever case was sent: azure-ai-ml's template sends `offlinestoreconnectionname`, and its entities read what the types name.
_OF_FEATURE_STORES = (
    "computeRuntime",
    "sparkRuntimeVersion",
    "offlineStoreConnectionName",
    "onlineStoreConnectionName",
)
# The rules of access of a workspace that has none [REC R15].
_OPEN = {"defaultAction": "Allow", "bypass": "", "ipRules": [], "resourceAccessRules": []}
# How the service spells the dependents' ids, whatever was sent [REC R10].
_SPELLING = (
    (re.compile(r"/providers/microsoft\.keyvault/", re.IGNORECASE), "/providers/Microsoft.Keyvault/"),
    (re.compile(r"/providers/microsoft\.insights/", re.IGNORECASE), "/providers/Microsoft.insights/"),
)


def spelled(resource_id: str | None) -> str | None:
    """A dependent's id as a GET shows it."""
    for pattern, wanted in _SPELLING:
        resource_id = pattern.sub(wanted, resource_id) if resource_id else None
    return resource_id


def fresh(app: App, resource_id: str, kind: str, location: str, principal: Principal | None) -> Document:
    """A workspace that nothing was said about yet."""
    name = resource_id.rsplit("/", 1)[-1]
    guid = stable_guid(resource_id, app.clock.iso())
    return {
        "id": resource_id,
        "name": name,
        "type": "Microsoft.MachineLearningServices/workspaces",
        "location": location,
        "tags": {},
        "etag": None,
        "kind": kind,
        "sku": {"name": "Basic", "tier": "Basic"},
        "identity": None,
        "systemData": system_data(app, principal),
        "properties": {
            "friendlyName": name,
            "description": "",
            **dict.fromkeys(DEPENDENTS),
            **dict.fromkeys(_BOOLEANS, False),
            # As azure-ai-ml has it by default; what the service does without it is not recorded.
            "allowRoleAssignmentOnRG": True,
            "tenantId": TENANT,
            "imageBuildCompute": None,
            "provisioningState": CREATING,
            "softDeleteEnabled": True,
            "creationTime": app.clock.iso(),
            "notebookInfo": {
                "resourceId": guid.replace("-", ""),
                "fqdn": f"ml-{name[:15]}-{location}-{guid}.notebooks.azure.net",
                "isPrivateLinkEnabled": False,
                "notebookPreparationError": None,
            },
            "storageHnsEnabled": False,
            "workspaceId": guid,
            "linkedModelInventoryArmId": None,
            "privateLinkCount": 0,
            "publicNetworkAccess": "Enabled",
            "ipAllowlist": [],
            "networkAcls": None,
            "discoveryUrl": f"https://{location}.api.azureml.ms/discovery",
            "mlFlowTrackingUri": f"azureml://{location}.api.azureml.ms/mlflow/v1.0{resource_id}",
            "serverlessComputeSettings": None,
            "EnableSoftwareBillOfMaterials": False,
            "sdkTelemetryAppInsightsKey": stable_guid("telemetry", location),
            "systemDatastoresAuthMode": "accesskey",
        },
    }


def system_data(app: App, principal: Principal | None) -> Document:
    who = (principal.name or principal.app_id) if principal else "simulator"
    kind = "User" if principal and principal.kind == "User" else "Application"
    now = app.clock.iso()
    return {
        "createdAt": now,
        "createdBy": who,
        "createdByType": kind,
        "lastModifiedAt": now,
        "lastModifiedBy": who,
        "lastModifiedByType": kind,
    }


def touch(app: App, doc: Document, principal: Principal | None) -> None:
    changed = system_data(app, principal)
    doc["systemData"] |= {key: value for key, value in changed.items() if key.startswith("lastModified")}


def merge(doc: Document, sent: Document) -> None:
    """Lay over the properties what was sent; the managed network has its own rules (see `providers/machine_learning/managed_network`)."""
    properties = doc["properties"]
    for name in _BOOLEANS:
        if name in sent:
            properties[name] = flag(sent[name], properties[name])
    for name in DEPENDENTS:
        if name in sent:
            properties[name] = spelled(sent[name] or None)
    for name in _PLAIN:
        if name in sent:
            _set(doc, properties, name, sent[name])
    if isinstance(properties.get("featureStoreSettings"), dict):
        properties["featureStoreSettings"] = _named(properties["featureStoreSettings"])
    encryption = sent.get("encryption")
    if isinstance(encryption, dict):
        _encrypt(properties, encryption)
    if isinstance(properties["networkAcls"], dict):
        properties["networkAcls"] = {**_OPEN, **properties["networkAcls"]}


def _named(settings: Document) -> Document:
    """The settings of a feature store by the names of the types; an empty text is null."""
    names = {name.lower(): name for name in _OF_FEATURE_STORES}
    return {
        names.get(key.lower(), key): _named(value) if isinstance(value, dict) else value or None
        for key, value in settings.items()
    }


def _encrypt(properties: Document, sent: Document) -> None:
    """A creation sends all of it; an update the identifier of another key alone (types, EncryptionUpdateProperties)."""
    if str(sent.get("status", "")).lower() == "enabled":
        properties["encryption"] = copy.deepcopy(sent)
    elif "encryption" in properties:
        held = properties["encryption"]
        held["keyVaultProperties"] = {
            **(held.get("keyVaultProperties") or {}),
            **copy.deepcopy(sent.get("keyVaultProperties") or {}),
        }


def _set(doc: Document, properties: Document, name: str, value: Any) -> None:
    if value in ("", {}, None):
        unset = {
            "friendlyName": doc["name"],
            "description": "",
            "publicNetworkAccess": "Enabled",
            "systemDatastoresAuthMode": "accesskey",
            "ipAllowlist": [],
        }
        if name in unset or name in properties:
            properties[name] = unset.get(name)
        return
    properties[name] = copy.deepcopy(value)
