# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of private endpoints, as the resource has them to which the endpoints lead: its owner approves, rejects or removes them.

Sources: ARM types of 2026-05-01, PrivateEndpointConnection; REST references of Storage, Key Vault and Container Registry, "Private Endpoint Connections".
"""

from __future__ import annotations

import re
import typing as t

from .._core import paths, shape
from .._core.arm_id import ArmId
from .._core.canon import arm_id, caseless, text
from .._core.errors import ArmError
from .._engine import versions
from .._engine.fields import Field, choice
from .._engine.kind import Body, Kind, Request
from .._engine.plan import Plan

COLLECTION = "privateEndpointConnections"
_STATE = "properties.privateLinkServiceConnectionState"
_ENDPOINT = "properties.privateEndpoint.id"

# What an approval of a connection that is no longer pending meets: azure-docs#115121, #86823 and #71740; "What is a private endpoint?".
_DECIDED = {
    "rejected": "some services do not approve one that was rejected",
    "disconnected": "its private endpoint does not use it any longer",
}
_AGAIN = "To connect, remove it with state=absent, and create the private endpoint again."

# By the type of the resource, a version that has the operations of its connections.
VERSIONS = {
    "microsoft.machinelearningservices/workspaces": versions.STABLE,
    "microsoft.machinelearningservices/registries": versions.STABLE,
    "microsoft.storage/storageaccounts": "2023-04-01",
    "microsoft.keyvault/vaults": "2023-07-01",
    "microsoft.containerregistry/registries": "2023-07-01",
    "microsoft.cognitiveservices/accounts": "2024-10-01",
    "microsoft.search/searchservices": "2023-11-01",
    "microsoft.documentdb/databaseaccounts": "2023-04-15",
    "microsoft.synapse/workspaces": "2021-06-01",
}

FIELDS = (
    # What is declared as a state of the task.
    Field(
        "status",
        f"{_STATE}.status",
        canon=caseless,
        **choice(approved="Approved", rejected="Rejected", pending="Pending", disconnected="Disconnected"),
    ),
    Field("description", f"{_STATE}.description", spec={"type": "str"}, canon=text),
)

SHAPE = shape.document(
    FIELDS,
    {
        "id": shape.TEXT,
        "name": shape.TEXT,
        _ENDPOINT: shape.TEXT,
        "properties.provisioningState": shape.TEXT,
    },
    ("id", "name"),
)


class PrivateEndpointConnection(Kind):
    """One connection. It is created with its private endpoint, and never by a write to it."""

    label = "private endpoint connection"
    parent_api_version = ""
    rewrite_fixes_failed = True
    fields = FIELDS

    def updates(self, body: Body, plan: Plan) -> list[Request]:
        """Only the state: the rest of the document is the private endpoint's."""
        state = paths.get_path(self.with_values(body, plan.values()), _STATE)
        sent = {key: state[key] for key in ("status", "description") if state.get(key) is not None}
        return [Request("PUT", {"properties": {"privateLinkServiceConnectionState": sent}}, carries=True)]

    def advice_on_update(self, plan: Plan, body: Body) -> list[str]:
        status = self.read(body)["status"]
        if plan.values().get("status") != "approved" or status not in _DECIDED:
            return []
        return [f"ConnectionDecided: the connection is {status}, and {_DECIDED[status]}. {_AGAIN}"]

    def explain_refusal(self, error: ArmError, *, created: bool) -> None:
        # Microsoft.DocumentDB says the first, Microsoft.Sql the second.
        if re.search(r"reject|not pending|disconnected", error.message, re.IGNORECASE):
            error.hint = f"Some services decide about a connection once. {_AGAIN}"

    def project(self, body: Body) -> dict[str, t.Any]:
        endpoint = paths.get_path(body, _ENDPOINT)
        return {
            "id": body.get("id"),
            "name": body.get("name"),
            "resource_id": str(ArmId(body["id"]).parent) if body.get("id") else None,
            "private_endpoint": None if endpoint is paths.MISSING else endpoint,
            **self.read(body),
            "provisioning_state": (body.get("properties") or {}).get("provisioningState"),
        }


def is_of(body: Body, endpoint: str) -> bool:
    """Whether a connection is of the private endpoint with this id or name."""
    identifier = paths.get_path(body, _ENDPOINT)
    if not isinstance(identifier, str):
        return False
    if endpoint.startswith("/"):
        return bool(arm_id(identifier) == arm_id(endpoint))
    return ArmId(identifier).name.casefold() == endpoint.casefold()


def is_disconnected(body: Body) -> bool:
    return bool(caseless(paths.get_path(body, f"{_STATE}.status")) == "disconnected")
