# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API versions of the provider, and what of a document each of them has.

The dates are those of the types of 28 versions (Azure/bicep-types-az); tests/contract compares them with the vendored ones. What the service does with a
property that the version of a request lacks is not recorded: a setting has the choices. Answers are not cut down to the
types in general [REC R15, R28], but some properties of workspaces are missing at old versions [REC R28].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azureml_simulator.http import ArmError

if TYPE_CHECKING:
    from azureml_simulator.app import App

Document = dict[str, Any]

# First stable and first preview version that has a property, "" where none has it, and the last stable one where it was withdrawn.
Since = tuple[str, ...]
_PREVIEW_ONLY: Since = ("", "2023-08-01")

# By computeType, the properties below `properties.properties`.
COMPUTE: dict[str, dict[str, Since]] = {
    "ComputeInstance": {
        "enableRootAccess": _PREVIEW_ONLY,
        "enableOSPatching": _PREVIEW_ONLY,
        "releaseQuotaOnStop": _PREVIEW_ONLY,
        "autologgerSettings": ("", "2022-10-01"),
        "idleTimeBeforeShutdown": ("2025-12-01", "2022-10-01"),
        "enableSSO": ("2025-12-01", "2023-08-01"),
        "customServices": ("2023-04-01", "2022-10-01"),
        "osImageMetadata": ("2023-04-01", "2022-10-01"),
    },
}
# Below `properties` of a workspace, as a request may have them.
WORKSPACE: dict[str, Since] = {
    "networkAcls": ("", "2024-10-01"),
    "ipAllowlist": ("", "2024-01-01"),
    "allowRoleAssignmentOnRG": ("", "2024-07-01"),
    "softDeleteRetentionInDays": ("", "2023-02-01"),
    "enableSoftwareBillOfMaterials": ("", "2024-01-01"),
    "enableSimplifiedCmk": ("", "2024-07-01"),
    "keyVaults": ("", "2023-04-01"),
    "storageAccounts": ("", "2023-04-01"),
    "containerRegistries": ("", "2023-04-01"),
    "existingWorkspaces": ("", "2023-04-01"),
    "provisionNetworkNow": ("2025-06-01", "2024-10-01"),
    "enableServiceSideCMKEncryption": ("2025-06-01", "2024-07-01"),
    "systemDatastoresAuthMode": ("2025-06-01", "2022-12-01"),
    "encryption.cosmosDbResourceId": ("2025-12-01", "2023-06-01"),
    "encryption.searchAccountResourceId": ("2025-12-01", "2023-06-01"),
    "encryption.storageAccountResourceId": ("2025-12-01", "2023-06-01"),
    "featureStoreSettings": ("2023-10-01", "2022-12-01"),
    "serverlessComputeSettings": ("2023-10-01", "2023-08-01"),
    "hubResourceId": ("2024-04-01", "2023-04-01"),
    "enableDataIsolation": ("2024-04-01", "2023-04-01"),
    "workspaceHubConfig": ("2024-04-01", "2023-06-01"),
    "managedNetwork": ("2023-10-01", "2023-04-01"),
    "managedNetwork.firewallSku": ("2024-10-01", "2024-10-01"),
    "managedNetwork.managedNetworkKind": ("2025-04-01", "2024-10-01"),
    "managedNetwork.enableNetworkMonitor": ("2025-09-01", "2024-10-01"),
    "managedNetwork.enableFirewallLog": ("2025-09-01", "", "2025-09-01"),
}
# What 2023-04-01 did not show and 2024-04-01 did, whatever their types say [REC R10, R28].
_OLD = "2023-10-01"
_NOT_SHOWN_TO_OLD = (
    "ipAllowlist",
    "networkAcls",
    "serverlessComputeSettings",
    "EnableSoftwareBillOfMaterials",
    "systemDatastoresAuthMode",
    "enableServiceSideCMKEncryption",
)

DEFAULTS: dict[str, Any] = {"guesses": {"api_versions": {"write": "drop", "read": "gate"}}}


def has(since: Since, version: str) -> bool:
    """Whether an API version has what exists since then."""
    day, dash, _preview = version.lower().partition("-preview")
    first, last = (since[1], "") if dash else (since[0], "".join(since[2:]))
    return bool(first) and day >= first and (not last or day <= last)


def _taken(app: App, properties: Any, rows: dict[str, Since], version: str, place: str) -> Any:
    """The properties of a request without those that its version lacks, or the refusal of them."""
    how = app.config["guesses"]["api_versions"]["write"]
    if how == "store" or not isinstance(properties, dict):
        return properties
    for path, since in rows.items():
        *above, name = path.split(".")
        owner: Any = properties
        for part in above:
            owner = owner.get(part) if isinstance(owner, dict) else None
        if not isinstance(owner, dict) or name not in owner or has(since, version):
            continue
        if how == "refuse":
            message = f"The request content was invalid: Could not find member '{name}' on object of api-version '{version}'. Path '{place}.{path}'."
            raise ArmError(400, "InvalidRequestContent", message)
        del owner[name]
    return properties


def taken_compute(app: App, body: Document, version: str) -> Document:
    """The body of a compute target's PUT as its version reads it."""
    properties = body.get("properties")
    if isinstance(properties, dict):
        rows = COMPUTE.get(str(properties.get("computeType")), {})
        _taken(app, properties.get("properties"), rows, version, "properties.properties")
    return body


def taken_workspace(app: App, body: Document, version: str) -> Document:
    """The body of a workspace's PUT or PATCH as its version reads it."""
    _taken(app, body.get("properties"), WORKSPACE, version, "properties")
    return body


def shown_compute(app: App, doc: Document, version: str) -> Document:
    """A compute target as an API version shows it."""
    properties = doc["properties"]
    rows = COMPUTE.get(properties["computeType"])
    if not rows or app.config["guesses"]["api_versions"]["read"] == "show":
        return doc
    lacking = {name for name, since in rows.items() if not has(since, version)}
    inner = {name: value for name, value in properties["properties"].items() if name not in lacking}
    return {**doc, "properties": {**properties, "properties": inner}}


def shown_workspace(app: App, doc: Document, version: str) -> Document:
    """A workspace as an API version shows it."""
    if version[:10] >= _OLD or app.config["guesses"]["api_versions"]["read"] == "show":
        return doc
    properties = {name: value for name, value in doc["properties"].items() if name not in _NOT_SHOWN_TO_OLD}
    return {**doc, "properties": properties}
