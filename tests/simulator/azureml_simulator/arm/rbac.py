# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rights by role assignment: built-in roles as Azure publishes them and custom ones, checked at the scope of the request.

The refusal's text is docs/facts.md b.2 [ISS]; that of a refusal for a linked scope is Resource Manager's own [ARM].
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any

from azureml_simulator.http import ArmError, Principal
from azureml_simulator.store import Store

ASSIGNMENT_TYPE = "Microsoft.Authorization/roleAssignments"
DEFINITION_TYPE = "Microsoft.Authorization/roleDefinitions"
_ML = "Microsoft.MachineLearningServices"
_COGNITIVE = "Microsoft.CognitiveServices"
_ROLES_READ = ("Microsoft.Authorization/roleAssignments/read", "Microsoft.Authorization/roleDefinitions/read")


@dataclass(frozen=True)
class Role:
    """The control-plane part of a role's definition. A custom one may be assigned at or below its scopes only."""

    guid: str
    name: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("/",)

    def allows(self, action: str) -> bool:
        return _any_match(self.actions, action) and not _any_match(self.not_actions, action)


@functools.lru_cache(maxsize=4096)
def _matcher(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")) + "$", re.IGNORECASE)


def _any_match(patterns: tuple[str, ...], action: str) -> bool:
    return any(_matcher(pattern).match(action) for pattern in patterns)


_DATA_SCIENTIST_NOT = (
    f"{_ML}/workspaces/delete",
    f"{_ML}/workspaces/write",
    f"{_ML}/workspaces/computes/*/write",
    f"{_ML}/workspaces/computes/*/delete",
    f"{_ML}/workspaces/computes/listKeys/action",
    f"{_ML}/workspaces/computes/write",
    f"{_ML}/workspaces/computes/delete",
    f"{_ML}/workspaces/listKeys/action",
    f"{_ML}/workspaces/hubs/write",
    f"{_ML}/workspaces/hubs/delete",
    f"{_ML}/workspaces/featurestores/write",
    f"{_ML}/workspaces/featurestores/delete",
)
BUILT_IN = [
    Role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ("*",)),
    Role(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
        ),
    ),
    Role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ("*/read",)),
    Role("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator", ("*/read", "Microsoft.Authorization/*")),
    Role(
        "f6c7c914-8db3-469d-8ca1-694a8f32e121",
        "AzureML Data Scientist",
        (
            f"{_ML}/workspaces/*/read",
            f"{_ML}/workspaces/*/action",
            f"{_ML}/workspaces/*/delete",
            f"{_ML}/workspaces/*/write",
            f"{_ML}/workspaces/read",
        ),
        _DATA_SCIENTIST_NOT,
    ),
    Role(
        "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
        "AzureML Compute Operator",
        (
            f"{_ML}/workspaces/computes/*",
            f"{_ML}/workspaces/notebooks/vm/action",
        ),
    ),
    Role(
        "85cb6faf-e071-4c9b-8136-154b5a04f717",
        "Kubernetes Extension Contributor",
        (
            "Microsoft.Authorization/*/read",
            "Microsoft.KubernetesConfiguration/extensions/*",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ),
    ),
    Role(
        "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8",
        "Azure Kubernetes Service Cluster Admin Role",
        (
            "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
            "Microsoft.ContainerService/managedClusters/accessProfiles/listCredential/action",
            "Microsoft.ContainerService/managedClusters/read",
            "Microsoft.ContainerService/managedClusters/runcommand/action",
        ),
    ),
    Role(
        "64702f94-c441-49e6-a78b-ef80e0188fee",
        "Azure AI Developer",
        (
            f"{_ML}/workspaces/*/read",
            f"{_ML}/workspaces/*/action",
            f"{_ML}/workspaces/*/delete",
            f"{_ML}/workspaces/*/write",
            f"{_ML}/workspaces/read",
            f"{_ML}/locations/*/read",
            "Microsoft.Authorization/*/read",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ),
        _DATA_SCIENTIST_NOT,
    ),
    Role(
        "4d97b98b-1d4f-4787-a291-c67834d212e7",
        "Network Contributor",
        (
            "Microsoft.Authorization/*/read",
            "Microsoft.Network/*",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ),
    ),
    Role(
        "f1a07417-d97a-45cb-824c-7a7467783830",
        "Managed Identity Operator",
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
            "Microsoft.Authorization/*/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ),
    ),
    Role(
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "Storage Blob Data Contributor",
        ("Microsoft.Storage/storageAccounts/blobServices/containers/*",),
    ),
    Role(
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "Storage Blob Data Reader",
        ("Microsoft.Storage/storageAccounts/blobServices/containers/read",),
    ),
    Role("69566ab7-960f-475b-8e7c-b3118f30c6bd", "Storage File Data Privileged Contributor"),
    Role(
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Key Vault Administrator",
        (
            "Microsoft.Authorization/*/read",
            "Microsoft.KeyVault/vaults/*/read",
            "Microsoft.KeyVault/vaults/read",
        ),
    ),
    Role("4633458b-17de-408a-b874-0445c86b69e6", "Key Vault Secrets User"),
    Role("7f951dda-4ed3-4680-a7ca-43fe172d538d", "AcrPull", ("Microsoft.ContainerRegistry/registries/pull/read",)),
    Role(
        "8311e382-0749-4cb8-b61a-304f252e45ec",
        "AcrPush",
        (
            "Microsoft.ContainerRegistry/registries/pull/read",
            "Microsoft.ContainerRegistry/registries/push/write",
        ),
    ),
    Role(
        "b556d68e-0be0-4f35-a333-ad7ee1ce17ea",
        "Azure AI Enterprise Network Connection Approver",
        (
            "Microsoft.Network/privateEndpoints/*/read",
            f"{_ML}/workspaces/privateEndpointConnections/*",
        ),
    ),
    Role(
        "1823dd4f-9b8c-4ab6-ab4e-7397a3684615",
        "AzureML Registry User",
        (f"{_ML}/registries/read", f"{_ML}/registries/assets/*"),
    ),
    Role(
        "ea01e6af-a1c1-4350-9563-ad00f8c72ec5",
        "Azure Machine Learning Workspace Connection Secrets Reader",
        (f"{_ML}/workspaces/connections/listsecrets/action", f"{_ML}/workspaces/metadata/secrets/read"),
    ),
    Role(
        "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
        "Cognitive Services OpenAI User",
        (*_ROLES_READ, f"{_COGNITIVE}/*/read"),
    ),
    Role(
        "a001fd3d-188f-4b5d-821b-7da978bf7442",
        "Cognitive Services OpenAI Contributor",
        (
            *_ROLES_READ,
            f"{_COGNITIVE}/*/read",
            f"{_COGNITIVE}/accounts/deployments/write",
            f"{_COGNITIVE}/accounts/deployments/delete",
            f"{_COGNITIVE}/accounts/raiPolicies/read",
            f"{_COGNITIVE}/accounts/raiPolicies/write",
            f"{_COGNITIVE}/accounts/raiPolicies/delete",
            f"{_COGNITIVE}/accounts/commitmentplans/read",
            f"{_COGNITIVE}/accounts/commitmentplans/write",
            f"{_COGNITIVE}/accounts/commitmentplans/delete",
        ),
    ),
    Role(
        "85cb6faf-e071-4c9b-8136-154b5a04f717",
        "Kubernetes Extension Contributor",
        (
            "Microsoft.Authorization/*/read",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.KubernetesConfiguration/extensions/write",
            "Microsoft.KubernetesConfiguration/extensions/read",
            "Microsoft.KubernetesConfiguration/extensions/delete",
            "Microsoft.KubernetesConfiguration/extensions/operations/read",
        ),
    ),
]
BY_GUID = {role.guid: role for role in BUILT_IN}
BY_NAME = {role.name.lower(): role for role in BUILT_IN}


class Rbac:
    """Answers whether a principal may do an action at a scope; role assignments are read when they changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen = -1
        self._grants: dict[str, list[tuple[str, Role]]] = {}

    def custom(self) -> list[Role]:
        """Return the custom roles."""
        return [_of_document(doc) for doc in self._store.by_type(None, DEFINITION_TYPE)]

    def role(self, name_or_id: str) -> Role | None:
        """A role by its name, its guid or its full id."""
        wanted = name_or_id.rsplit("/", 1)[-1].lower()
        built_in = BY_NAME.get(name_or_id.lower()) or BY_GUID.get(wanted)
        return built_in or next(
            (role for role in self.custom() if wanted == role.guid or name_or_id.lower() == role.name.lower()), None
        )

    def grants(self, principal: Principal) -> list[tuple[str, Role]]:
        """(scope in lower case, role) of each assignment of the principal."""
        if self._seen != self._store.generation:
            self._grants = {}
            for doc in self._store.by_type(None, ASSIGNMENT_TYPE):
                self._add(doc["properties"])
            self._seen = self._store.generation
        return self._grants.get(principal.object_id.lower(), [])

    def _add(self, properties: dict[str, Any]) -> None:
        role = self.role(properties["roleDefinitionId"])
        if role is not None:
            scope = properties["scope"].rstrip("/").lower()
            self._grants.setdefault(properties["principalId"].lower(), []).append((scope, role))

    def allowed(self, principal: Principal, action: str, scope: str) -> bool:
        wanted = scope.rstrip("/").lower()
        return any(
            (wanted == held or wanted.startswith(held + "/")) and role.allows(action)
            for held, role in self.grants(principal)
        )

    def sees(self, principal: Principal, scope: str) -> bool:
        """Whether any assignment lies at, above or below the scope."""
        wanted = scope.rstrip("/").lower()
        return any(
            wanted == held or wanted.startswith(held + "/") or held.startswith(wanted + "/")
            for held, _role in self.grants(principal)
        )

    def require(self, principal: Principal, action: str, scope: str) -> None:
        if self.allowed(principal, action, scope):
            return
        raise ArmError(
            403,
            "AuthorizationFailed",
            f"The client '{_client(principal)}' with object id '{principal.object_id}' does not have authorization to perform action "
            f"'{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh "
            "your credentials.",
        )

    def require_linked(
        self, principal: Principal, action: str, scope: str, linked_action: str, linked_scope: str
    ) -> None:
        """A right on what a request names beside its own resource."""
        if self.allowed(principal, linked_action, linked_scope):
            return
        raise ArmError(
            403,
            "LinkedAuthorizationFailed",
            f"The client '{_client(principal)}' with object id '{principal.object_id}' has permission to perform action "
            f"'{action}' on scope '{scope}'; however, it does not have permission to perform action(s) "
            f"'{linked_action}' on the linked scope(s) '{linked_scope}' (respectively) or the linked scope(s) are invalid.",
        )


def _client(principal: Principal) -> str:
    return principal.app_id if principal.kind != "User" else principal.name


def _of_document(doc: dict[str, Any]) -> Role:
    properties = doc["properties"]
    permission = properties["permissions"][0]
    scopes = tuple(scope.rstrip("/").lower() for scope in properties["assignableScopes"])
    return Role(
        doc["name"].lower(),
        properties["roleName"],
        tuple(permission["actions"]),
        tuple(permission["notActions"]),
        scopes,
    )


def scope_of(method: str, path: str) -> str:
    """The resource or the collection's parent that a request is about: the path without a trailing type or action."""
    parts = path.strip("/").split("/")
    lowered = [part.lower() for part in parts]
    if "providers" not in lowered:
        keep = len(parts) - (len(parts) % 2)
        return "/" + "/".join(parts[:keep])
    at = len(lowered) - 1 - lowered[::-1].index("providers")
    rest = len(parts) - at - 2
    if rest <= 1:
        return "/" + "/".join(parts[:at])
    return "/" + "/".join(parts[: len(parts) - rest % 2])
