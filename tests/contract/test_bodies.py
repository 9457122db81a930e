# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every body that the modules send is one that Azure's schema of 2025-12-01 takes, where that version has the property."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._engine.versions import STABLE
from ansible_collections.azureml.compute.tests.support.azure import WORKSPACE, Azure, azure  # noqa: F401  # pylint: disable=unused-import
from ansible_collections.azureml.compute.tests.support.declarations import declarations

from ._schema import Contract

# The schema of 2025-12-01 is the newest one that is published, and the types of the stable versions since are the same. What preview versions have in
# addition, the fixture compares with their types; and these go back with a document that was read:
ALLOWED = {
    # The service answers with it (docs/facts.md a.6 [REC R5]), and a PUT of the read document keeps what it does not understand.
    "properties.properties.enableBatchPrivateLink",
}

_PATHS = {
    r"/workspaces/[^/]+$": "workspaces",
    r"/workspaces/[^/]+/computes/[^/]+$": "workspaces_computes",
    r"/workspaces/[^/]+/outboundRules/[^/]+$": "workspaces_outboundRules",
}


@pytest.fixture
def contract() -> Contract:
    return Contract()


class Checked:
    """Runs modules, and holds each body they send to the schema."""

    def __init__(self, world: Azure, contract: Contract) -> None:
        self.world, self.contract = world, contract
        self.seen: set[tuple[str, str]] = set()

    def run(self, module: str, **options: t.Any) -> None:
        self.world.run(module, **options)
        for write in self.world.writes:
            resource = next((name for pattern, name in _PATHS.items() if re.search(pattern, write.path)), None)
            if resource is None or write.method not in ("PUT", "PATCH"):
                continue
            kind = None
            if resource == "workspaces_computes" and write.method == "PATCH":
                kind = self.world.get(write.path)["properties"]["computeType"]
            contract = self.contract if write.api_version == STABLE else Contract()
            errors = contract.errors(resource, write.body, partial=write.method == "PATCH", kind=kind)
            assert not errors, (errors, write.body)
            self.seen.add((resource, write.method))


def test_bodies_of_compute_targets(azure: Azure, contract: Contract) -> None:  # noqa: F811
    checked = Checked(azure, contract)
    for row in declarations(azure).values():
        checked.run(row.module, **row.options)
        for change in row.changes:
            checked.run(row.module, name=row.options["name"], **change)
        assert (
            azure.run(row.module, name=row.options["name"], **(row.changes[-1] if row.changes else {}))["changed"]
            is False
        )
    assert {("workspaces_computes", "PUT"), ("workspaces_computes", "PATCH")} <= checked.seen
    assert contract.unknown == ALLOWED, contract.unknown ^ ALLOWED


def test_bodies_of_a_workspace(azure: Azure, contract: Contract) -> None:  # noqa: F811
    """Its creation is azure-ai-ml's template; what we send ourselves are updates and outbound rules."""
    checked = Checked(azure, contract)
    users = [azure.identity("id-one"), azure.identity("id-two")]
    storage = azure.resource(
        "Microsoft.Storage/storageAccounts", "stpeblob", {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    )
    registry = azure.resource(
        "Microsoft.ContainerRegistry/registries", "crone", {"sku": {"name": "Premium"}}, "2023-07-01"
    )
    insights = azure.resource("Microsoft.Insights/components", "aitwo", {"kind": "web"}, "2020-02-02")
    rules: list[dict[str, t.Any]] = [
        {"name": "packages", "type": "fqdn", "destination": "pypi.org"},
        {
            "name": "factory",
            "type": "service_tag",
            "destination": {
                "service_tag": "DataFactory",
                "protocol": "TCP",
                "port_ranges": "80, 8080",
                "address_prefixes": ["10.0.0.0/24"],
            },
        },
        {
            "name": "storage",
            "type": "private_endpoint",
            "destination": {"service_resource_id": storage, "subresource_target": "blob", "spark_enabled": True},
        },
    ]
    both = {"type": "system_assigned,user_assigned", "user_assigned_identities": users}
    for change in [
        {"display_name": "Shown", "description": "Text", "tags": {"team": "vision"}, "image_build_compute": "builder"},
        {"image_build_compute": None, "description": None, "tags": {"team": None}},
        {"public_network_access": "disabled", "v1_legacy_mode": True, "system_datastores_auth_mode": "identity"},
        {"serverless_compute": {"no_public_ip": False}},
        {"serverless_compute": {"custom_subnet": azure.subnet()}},
        {"container_registry": registry, "application_insights": insights},
        {"identity": both, "primary_user_assigned_identity": users[0]},
        {"identity": {**both, "user_assigned_identities": users[:1]}},
        {
            "managed_network": {
                "isolation_mode": "allow_only_approved_outbound",
                "firewall_sku": "basic",
                "outbound_rules": rules,
            }
        },
        {"managed_network": {"outbound_rules": [{"name": "packages", "state": "absent"}]}},
    ]:
        checked.run("aml_workspace", name=WORKSPACE, **change)
    assert checked.seen == {("workspaces", "PATCH"), ("workspaces_outboundRules", "PUT")}
    assert not contract.unknown, contract.unknown


def test_the_schema_is_not_blind(contract: Contract) -> None:
    """What is wrong is found: a type, an enum, a missing property, and a property that nobody knows."""
    body = {
        "properties": {
            "computeType": "AmlCompute",
            "properties": {"vmPriority": "Cheap", "scaleSettings": {"minNodeCount": "none"}, "vmsize": "x"},
        },
        "identity": {"userAssignedIdentities": {"/id": {}}},
    }
    errors = " ".join(contract.errors("workspaces_computes", body))
    for part in (
        "'Cheap' is not one of",
        "'none' is not of type 'integer'",
        "'maxNodeCount' is a required",
        "'type' is a required",
    ):
        assert part in errors, part
    assert contract.unknown == {"properties.properties.vmsize"}
