# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a workspace's PUT and PATCH are refused for.

Name: docs/facts.md c.1. Hierarchical namespace: b.2 [ISS AzureTRE#1920]. Unchangeable properties: those that
types-2025-12-01.md and docs/coverage.md 1.11 call so; how the service refuses is not established, so the answer
is configuration (`guesses.workspace_immutable`: `error` or `ignore`) and the texts are guesses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from azureml_simulator.arm.locations import LOCATIONS, normalise
from azureml_simulator.http import ArmError, Request
from azureml_simulator.providers.machine_learning import identity as identities
from azureml_simulator.providers.machine_learning import versions
from azureml_simulator.providers.machine_learning.common import (
    WORKSPACE_TYPE,
    Document,
    flag,
    mapping,
    refuse_workspace,
)
from azureml_simulator.providers.machine_learning.workspace_body import DEPENDENTS, KINDS

if TYPE_CHECKING:
    from azureml_simulator.app import App

_NAME = re.compile(r"^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$")
_PROVIDERS = {
    "storageAccount": "microsoft.storage/storageaccounts",
    "keyVault": "microsoft.keyvault/vaults",
    "applicationInsights": "microsoft.insights/components",
    "containerRegistry": "microsoft.containerregistry/registries",
}
_FIXED_IDS = ("storageAccount", "keyVault")


def check_name(name: str) -> None:
    if not _NAME.match(name):
        raise ArmError(
            400,
            "ValidationError",
            f"The workspace name '{name}' is not valid. It must be between 3 and 33 characters long, start with a "
            "letter or digit, and only include letters, digits, '-' and '_'.",
        )


def body_of(app: App, request: Request) -> Document:
    """The body of a PUT or PATCH as its version reads it, with parts of the right shape."""
    body = versions.taken_workspace(app, request.json_object, request.api_version)
    mapping(body.get("sku"), "sku")
    sent = mapping(body.get("properties"), "properties")
    encryption = mapping(sent.get("encryption"), "encryption")
    for name in ("keyVaultProperties", "identity"):
        mapping(encryption.get(name), f"encryption.{name}")
    for name in (*DEPENDENTS, "hubResourceId", "primaryUserAssignedIdentity"):
        if sent.get(name) is not None and not isinstance(sent[name], str):
            raise ArmError(400, "InvalidRequestContent", f"The request content was invalid: '{name}' must be a text.")
    return body


def location_of(body: Document, name: str) -> str:
    if not body.get("location"):
        raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
    location = normalise(body["location"])
    if location not in LOCATIONS:
        raise ArmError(
            400,
            "LocationNotAvailableForResourceType",
            f"The provided location '{body['location']}' is not available for resource type '{WORKSPACE_TYPE}'. List "
            f"of available regions for the resource type is '{','.join(sorted(LOCATIONS))}'.",
        )
    return location


def kind_of(body: Document) -> str:
    sent = str(body.get("kind") or "Default")
    kind = KINDS.get(sent.lower())
    if kind is None:
        raise ArmError(400, "ValidationError", f"The workspace kind '{sent}' is not valid.")
    return kind


def failure(message: str, code: str = "BadRequest") -> Document:
    """The error of an operation."""
    return {"code": code, "message": message, "statusCode": 400}


def dependents(app: App, properties: Document, kind: str) -> Document | None:
    """The error of dependents that are missing or unfit, or None. A project has those of its hub.

    azure-ai-ml's template gives a feature store a storage account with a hierarchical namespace. A hub needs no key vault of its own [ISS
    bicep-registry-modules#3849].
    """
    if kind == "Project":
        return None
    for name in ("storageAccount",) if kind == "Hub" else ("storageAccount", "keyVault"):
        if not properties.get(name):
            return failure(f"Missing dependent resources in workspace json: {name}.", "ValidationError")
    for name in DEPENDENTS:
        resource_id = properties.get(name)
        if not resource_id:
            continue
        doc = app.store.get(resource_id)
        if doc is None or doc["type"].lower() != _PROVIDERS[name]:
            return failure(f"The dependent resource '{resource_id}' ({name}) does not exist.")
        if name == "storageAccount" and kind != "FeatureStore" and has_hns(doc):
            return failure("Cannot use storage with HNS enabled.")
    return None


def has_hns(storage: Document | None) -> bool:
    """Whether a storage account has a hierarchical namespace."""
    return flag(((storage or {}).get("properties") or {}).get("isHnsEnabled"))


def hub_of(app: App, sent: Document) -> Document:
    """The hub of a project."""
    hub_id = sent.get("hubResourceId")
    hub = app.store.get(hub_id) if hub_id else None
    if hub is None or hub.get("kind") != "Hub":
        raise ArmError(400, "ValidationError", f"The hub '{hub_id}' of the project does not exist or is not a hub.")
    if hub["properties"]["provisioningState"] != "Succeeded":
        raise ArmError(409, "Conflict", f"The hub '{hub_id}' is not ready: {hub['properties']['provisioningState']}.")
    return hub


def projects_of(app: App, hub: Document) -> list[str]:
    """The ids of a hub's projects."""
    if hub.get("kind") != "Hub":
        return []
    wanted = hub["id"].lower()
    return [
        doc["id"]
        for doc in app.store.by_type(None, WORKSPACE_TYPE)
        if str(doc["properties"].get("hubResourceId") or "").lower() == wanted
    ]


def _differs(before: Any, after: Any) -> bool:
    return str(before or "").lower() != str(after or "").lower()


def unchangeable(app: App, doc: Document, body: Document, sent: Document) -> None:
    """Refuse, or drop from what was sent, a change of what cannot change."""
    _check_location(doc, body)
    wrong = list(_fixed_changes(doc, body, sent))
    if wrong and app.config["guesses"]["workspace_immutable"] == "error":
        raise refuse_workspace(
            f"The following properties of the workspace '{doc['name']}' cannot be changed: {', '.join(wrong)}.",
            doc["location"],
            code="BadRequest",
        )
    for name in wrong:
        sent.pop(name, None)


def _check_location(doc: Document, body: Document) -> None:
    if body.get("location") and normalise(body["location"]) != doc["location"]:
        raise ArmError(
            409,
            "InvalidResourceLocation",
            f"The resource '{doc['name']}' already exists in location '{doc['location']}' in resource group "
            f"'{doc['id'].split('/')[4]}'. A resource with the same name cannot be created in location "
            f"'{normalise(body['location'])}'. Please select a new resource name.",
        )


def _fixed_changes(doc: Document, body: Document, sent: Document) -> Iterator[str]:
    """The properties that are fixed at the creation and were sent with another value."""
    now = doc["properties"]
    if body.get("kind") and kind_of(body) != doc["kind"]:
        yield "kind"
    # No PATCH takes the last two (types, WorkspacePropertiesUpdateParameters).
    fixed = (*_FIXED_IDS, "hubResourceId", "workspaceHubConfig", "sharedPrivateLinkResources")
    yield from (name for name in fixed if sent.get(name) and _differs(now.get(name), sent[name]))
    for name in ("hbiWorkspace", "enableServiceSideCMKEncryption"):
        if sent.get(name) not in (None, "") and flag(sent[name]) != now[name]:
            yield name
    if isinstance(sent.get("encryption"), dict) and _other_encryption(now.get("encryption") or {}, sent["encryption"]):
        yield "encryption"


def _other_encryption(now: Document, sent: Document) -> bool:
    """Whether more than the key's identifier would change (types, EncryptionUpdateProperties)."""
    status = sent.get("status")
    if status and _differs(now.get("status", "Disabled"), status):
        return True
    stores = ("cosmosDbResourceId", "searchAccountResourceId", "storageAccountResourceId")
    pairs = [(now.get(name), sent[name]) for name in stores if name in sent]
    for group, name in (("identity", "userAssignedIdentity"), ("keyVaultProperties", "keyVaultArmId")):
        if name in (sent.get(group) or {}):
            pairs.append(((now.get(group) or {}).get(name), sent[group][name]))
    return any(_differs(before, after) for before, after in pairs) or _of_another_vault(now, sent)


def _of_another_vault(now: Document, sent: Document) -> bool:
    """Whether the new key is not of the key vault of the old one (concept-customer-managed-keys, limitations)."""
    before, after = (str((one.get("keyVaultProperties") or {}).get("keyIdentifier") or "") for one in (now, sent))
    return bool(before and after) and urlsplit(before).hostname != urlsplit(after).hostname


def check_identity_type(doc: Document, sent: Document) -> None:
    """System- and user-assigned identities do not become the system-assigned one alone again (how-to-identity-based-service-authentication)."""
    before, after = ((doc["identity"] or {}).get("type"), identities.kind_of(sent))
    if before == identities.BOTH and after == identities.SYSTEM:
        raise refuse_workspace(f"The identity type cannot be changed from '{before}' to '{after}'.", doc["location"])


def check_primary(doc: Document) -> None:
    """The primary identity is an assigned one, and an identity of type UserAssigned needs one (terraform-provider-azurerm#29197); the texts are guesses."""
    identity, primary = doc["identity"] or {}, doc["properties"].get("primaryUserAssignedIdentity")
    assigned = {name.lower() for name in identity.get("userAssignedIdentities") or {}}
    if primary and primary.lower() not in assigned:
        message = f"The primary user assigned identity '{primary}' is not among the identities of the workspace."
        raise refuse_workspace(message, doc["location"])
    if not primary and identity.get("type") == identities.USER:
        message = "A workspace whose identity has the type 'UserAssigned' needs primaryUserAssignedIdentity."
        raise refuse_workspace(message, doc["location"])
