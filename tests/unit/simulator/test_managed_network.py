# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The managed network of a workspace: docs/facts.md l. Its settings and rules are tested with the workspaces."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import GROUP, STORAGE, SUB, WORKSPACE, World

OTHER = STORAGE.replace("/rg/", "/rg2/")
PROVISION = f"{WORKSPACE}/provisionManagedNetwork"
STORAGE_API, ROLES = "2023-04-01", "2022-04-01"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"


@pytest.fixture
def world() -> World:
    """A workspace with a managed network that is not provisioned, and a storage account in another resource group."""
    made = World()
    assert made.call("PUT", GROUP + "2", {"location": "eastus"}, "2021-04-01").status == 201
    made.keep(OTHER)
    network = {"managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"}}
    made.require_success(made.call("PATCH", WORKSPACE, {"properties": network}))
    return made


def rule(world: World, name: str, target: str = OTHER) -> None:
    destination = {"serviceResourceId": target, "subresourceTarget": "blob"}
    body = {"properties": {"type": "PrivateEndpoint", "destination": destination}}
    world.require_success(world.call("PUT", f"{WORKSPACE}/outboundRules/{name}", body))


def states(world: World, resource: str) -> dict[str, str]:
    """The status of each connection of a storage account, by the name of its private endpoint."""
    answer = world.call("GET", f"{resource}/privateEndpointConnections", version=STORAGE_API)
    shown: dict[str, str] = {}
    for one in answer.body["value"]:
        properties: dict[str, Any] = one["properties"]
        name = properties["privateEndpoint"]["id"].rpartition("/")[2]
        shown[name] = properties["privateLinkServiceConnectionState"]["status"]
    return shown


def test_one_provisioning_at_a_time(world: World) -> None:
    first = world.call("POST", PROVISION, {"includeSpark": False})
    second = world.call("POST", PROVISION, {"includeSpark": False})
    assert second.status == 409 and "already an active operation" in second.body["error"]["message"]
    assert world.get(WORKSPACE)["properties"]["managedNetwork"]["status"]["status"] == "Inactive"
    world.require_success(first)
    assert world.get(WORKSPACE)["properties"]["managedNetwork"]["status"] == {"status": "Active", "sparkReady": False}
    # Spark can be added, and stays.
    for spark in (True, False):
        world.require_success(world.call("POST", PROVISION, {"includeSpark": spark}))
        assert world.get(WORKSPACE)["properties"]["managedNetwork"]["status"]["sparkReady"] is True


def test_private_endpoints_have_the_names_of_their_rules(world: World) -> None:
    rule(world, "shared")
    assert states(world, STORAGE) == {} == states(world, OTHER)
    world.require_success(world.call("POST", PROVISION, {"includeSpark": False}))
    own = states(world, STORAGE)
    assert len(own) == 2 and all(name.startswith("__SYS_PE_sa_") for name in own) and set(own.values()) == {"Approved"}
    assert states(world, OTHER) == {"shared": "Pending"}
    world.require_success(world.call("DELETE", f"{WORKSPACE}/outboundRules/shared"))
    assert states(world, OTHER) == {}


def test_the_identity_of_the_workspace_approves_what_it_may(world: World) -> None:
    world.require_success(world.call("POST", PROVISION, {"includeSpark": False}))
    properties = {
        "roleDefinitionId": f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{CONTRIBUTOR}",
        "principalId": world.get(WORKSPACE)["identity"]["principalId"],
        "principalType": "ServicePrincipal",
    }
    assignment = f"{OTHER}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    assert world.call("PUT", assignment, {"properties": properties}, ROLES).status == 201
    rule(world, "shared")
    assert states(world, OTHER) == {"shared": "Approved"}
    answer = world.call("DELETE", f"{WORKSPACE}?forceToPurge=true")
    assert answer.status == 202
    world.wait()
    assert states(world, OTHER) == {}
