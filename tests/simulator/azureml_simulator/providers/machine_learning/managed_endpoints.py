# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The private endpoints of a managed network, which are in a subscription of the service that its users cannot read.

Each is named as its outbound rule (notes of users about the connections of their storage accounts, with ids such as
``.../resourceGroups/commonHoboRG28/providers/Microsoft.Network/privateEndpoints/__SYS_PE_st_blob_64f9f871``). It is approved where the workspace's identity
may approve connections of the target, as the role "Azure AI Enterprise Network Connection Approver" allows (how-to-managed-network); otherwise it stays
pending. That the identity may do so in the workspace's own resource group, where the service assigns its role, is a guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from azureml_simulator.entra.directory import TENANT, stable_guid
from azureml_simulator.http import Principal
from azureml_simulator.providers.machine_learning.common import Document
from azureml_simulator.providers.private_links import ENDPOINT, STATE

if TYPE_CHECKING:
    from azureml_simulator.app import App


def _place(workspace: Document) -> str:
    return f"/subscriptions/{stable_guid('managed network', workspace['id'])}/resourceGroups/commonHoboRG1/providers/{ENDPOINT}/"


def connect(app: App, workspace: Document, rule: Document) -> None:
    """Create the private endpoint of a rule that is active; one that exists keeps its state."""
    identifier, inner = _place(workspace) + rule["name"], rule["properties"]
    if inner["type"] != "PrivateEndpoint" or app.store.get(identifier) is not None:
        return
    target = str(inner["destination"].get("serviceResourceId"))
    if app.store.get(target) is None:
        return
    approved = _may_approve(app, workspace, target)
    text = "Auto-Approved" if approved else "Awaiting Approval"
    state = {"status": "Approved" if approved else "Pending", "description": text, "actionsRequired": "None"}
    connection = {
        "id": f"{identifier}/privateLinkServiceConnections/{rule['name']}",
        "name": rule["name"],
        "properties": {
            "privateLinkServiceId": target,
            "groupIds": [inner["destination"].get("subresourceTarget")],
            STATE: state,
        },
    }
    app.store.put(
        identifier,
        {
            "id": identifier,
            "name": rule["name"],
            "type": ENDPOINT,
            "location": workspace["location"],
            "properties": {"provisioningState": "Succeeded", "privateLinkServiceConnections": [connection]},
        },
    )


def disconnect(app: App, workspace: Document, name: str = "") -> None:
    """Delete the private endpoint of a rule, or all of them with their workspace."""
    wanted = (_place(workspace) + name).lower()
    for endpoint in app.store.by_type(None, ENDPOINT):
        identifier = endpoint["id"].lower()
        if identifier == wanted or (not name and identifier.startswith(wanted)):
            app.store.delete(endpoint["id"])


def _may_approve(app: App, workspace: Document, target: str) -> bool:
    if target.lower().startswith(workspace["id"].lower().partition("/providers/")[0] + "/providers/"):
        return True
    identity = (workspace.get("identity") or {}).get("principalId")
    provider, type_ = target.split("/")[6:8]
    principal = Principal(str(identity), "", TENANT, workspace["name"])
    return bool(identity) and app.rbac.allowed(
        principal, f"{provider}/{type_}/privateEndpointConnectionsApproval/action", target
    )
