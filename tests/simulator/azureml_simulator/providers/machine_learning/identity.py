# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed identities of workspaces and computes: what is filled in, and what is refused.

ManagedServiceIdentity: types-2025-12-01.md. Both kinds at once: allowed for workspaces, refused for clusters
(docs/coverage.md M5). Texts of the refusals are guesses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azureml_simulator.entra.directory import TENANT, stable_guid
from azureml_simulator.http import ArmError
from azureml_simulator.providers.machine_learning.common import mapping

if TYPE_CHECKING:
    from azureml_simulator.app import App

SYSTEM, USER = "SystemAssigned", "UserAssigned"
BOTH = f"{SYSTEM},{USER}"
_NAMES = {SYSTEM.lower(): SYSTEM, USER.lower(): USER, BOTH.lower(): BOTH, "none": "None"}


def _bad(message: str) -> ArmError:
    return ArmError(400, "InvalidIdentityValues", message)


def kind_of(identity: dict[str, Any]) -> str:
    """The identity's type in its canonical spelling (the templates write `systemAssigned`)."""
    kind = _NAMES.get(str(identity.get("type", "")).replace(" ", "").lower())
    if kind is None:
        raise _bad(f"Invalid value for the identity type: '{identity.get('type')}'.")
    return kind


def resolve(app: App, owner_id: str, sent: Any, *, merge_into: dict[str, Any] | None = None) -> dict[str, Any] | None:
    """The identity as a GET shows it, or None when there is none.

    `merge_into` is the present identity for a PATCH: ids that are not named stay, an id with null goes
    (docs/facts.md c.4, v1 `amlcompute.py:723-840`).
    """
    identity = mapping(sent, "identity")
    if not identity or kind_of(identity) == "None":
        return None
    kind = kind_of(identity)
    shown: dict[str, Any] = {"type": kind}
    if SYSTEM in kind:
        shown |= {"principalId": stable_guid(owner_id, "principal"), "tenantId": TENANT}
    ids = _user_ids(identity, merge_into or {})
    if USER in kind:
        if not ids:
            raise _bad("The list of user assigned identities is empty; type 'UserAssigned' needs at least one.")
        shown["userAssignedIdentities"] = {name: _user(app, name) for name in ids}
    elif ids and not merge_into:
        raise _bad("User assigned identities were given, but the identity type does not include 'UserAssigned'.")
    return shown


def _user_ids(identity: dict[str, Any], before: dict[str, Any]) -> list[str]:
    sent = mapping(identity.get("userAssignedIdentities"), "userAssignedIdentities")
    ids = {**(before.get("userAssignedIdentities") or {}), **sent}
    return [name for name, value in ids.items() if value is not None]


def _user(app: App, identity_id: str) -> dict[str, str]:
    doc = app.store.get(identity_id)
    if doc is None or not doc["type"].lower().endswith("/userassignedidentities"):
        raise ArmError(
            400,
            "FailedIdentityOperation",
            f"Identity operation failed: the user assigned identity '{identity_id}' was not found.",
        )
    properties = doc.get("properties") or {}
    return {
        "principalId": properties.get("principalId") or stable_guid(identity_id, "principal"),
        "clientId": properties.get("clientId") or stable_guid(identity_id, "client"),
    }
