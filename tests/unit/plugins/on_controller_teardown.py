# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook teardown: which of the declared resources it lists to delete, in which order, and what it says is left.

Not collected by itself: test_on_a_controller.py runs it in a process of its own.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template

init_plugin_loader()

ROOT = Path(__file__).resolve().parents[3]
LOADER = DataLoader()
EXAMPLE = LOADER.load_from_file(str(ROOT / "examples" / "team-workspace.yml"), trusted_as_template=True)
WORKSPACE = "/subscriptions/s/resourceGroups/ml-team/providers/Microsoft.MachineLearningServices/workspaces/ws-research"
VAULT = "/subscriptions/s/resourceGroups/ml-team/providers/Microsoft.KeyVault/vaults/kv"


def task(name: str) -> dict[str, t.Any]:
    plays = LOADER.load_from_file(str(ROOT / "playbooks" / "teardown.yml"), trusted_as_template=True)
    (found,) = [task for play in plays for task in play["tasks"] if task["name"] == name]
    return t.cast("dict[str, t.Any]", found)


def listed(**more: t.Any) -> list[str]:
    found = task("List declared resources")
    rows = Templar(LOADER, variables={**found["vars"], **EXAMPLE, **more}).template(found["loop"])
    return [f"{row['type']}/{row['name']}/{row['api_version']}" for row in rows]


def test_declared_resources_in_the_order_of_their_deletion() -> None:
    """A container is deleted with its account, and an identity that existed before is kept."""
    more = {
        "aml_networks": [{"name": "vnet", "address_prefixes": ["10.0.0.0/16"], "subnets": [{"name": "nodes"}]}],
        "aml_identity_identities": [*EXAMPLE["aml_identity_identities"], {"name": "id-old", "existing_id": "/x"}],
    }
    assert listed(aml_teardown_declared=True, **more) == [
        "Microsoft.MachineLearningServices/registries/research-models/2025-12-01",
        "Microsoft.OperationalInsights/workspaces/log-research/2023-09-01",
        "Microsoft.Storage/storageAccounts/stresearchdata/2024-01-01",
        "Microsoft.Network/virtualNetworks/vnet/2024-05-01",
        "Microsoft.ManagedIdentity/userAssignedIdentities/id-training/2023-01-31",
    ]


NETWORK = {
    "aml_network_name": "team-vnet",
    "aml_network_resource_group": "networks",
    "aml_network_nat_gateway_name": "out",
    "aml_network_private_endpoints": [{"name": "pe", "resource_id": "{{ set_later }}", "group_id": "blob"}],
}


def test_what_the_role_of_networks_made_is_deleted_in_the_order_of_use() -> None:
    """The address of the gateway goes after the gateway, and that after the network; a security group that existed stays."""
    names = ["privateEndpoints/pe", "virtualNetworks/team-vnet", "natGateways/out", "publicIPAddresses/out-ip"]
    rows = listed(aml_teardown_declared=True, **NETWORK)[3:-1]
    assert rows == [f"Microsoft.Network/{name}/2024-05-01" for name in [*names, "networkSecurityGroups/team-vnet-nsg"]]
    existing = listed(aml_teardown_declared=True, aml_network_existing_security_group_id="/x", **NETWORK)[3:-1]
    assert existing == rows[:-1]
    assert listed(**NETWORK) == []


@pytest.mark.parametrize(
    "options",
    [{}, {"aml_teardown_declared": False}, {"aml_teardown_declared": True, "aml_teardown_keep_workspace": True}],
)
def test_nothing_else_is_deleted_without_the_option_or_with_a_workspace_that_is_kept(options: dict[str, t.Any]) -> None:
    assert listed(**options) == []


@pytest.mark.parametrize(("permanently", "allowed"), [(True, True), (False, False)])
def test_what_a_workspace_uses_is_deleted_only_with_one_that_cannot_be_recovered(
    permanently: bool, allowed: bool
) -> None:
    variables = {"aml_teardown_declared": True, "aml_teardown_permanently": permanently}
    that = task("Check the options of the deletion")["ansible.builtin.assert"]["that"]
    assert Templar(LOADER, variables=variables).evaluate_conditional(that) is allowed


def remaining(**more: t.Any) -> list[str]:
    workspace = {"name": "ws-research", "key_vault": VAULT, "storage_account": None, "application_insights": None}
    variables = {
        **EXAMPLE,
        "aml_teardown_attached": [],
        "aml_teardown_settings": {},
        "aml_teardown_workspace": {"workspaces": [{**workspace, "container_registry": None}]},
        "aml_teardown_deleted": {},
        "aml_teardown_outside": [],
        **more,
    }
    text = trust_as_template((ROOT / "playbooks" / "templates" / "remaining.j2").read_text())
    lines = Templar(LOADER, variables=variables).template(text).splitlines()
    return [line.strip() for line in lines if line.strip()]


def test_what_is_left_is_named() -> None:
    """What was declared, if it is kept; what the service keeps of deleted resources; and what is in a place that no deletion reaches."""
    kept = remaining(aml_teardown_permanently=True)
    assert kept[1:] == [
        VAULT,
        *(f"{name}, which the variables declare: aml_teardown_declared=true deletes it"
          for name in ("research-models", "stresearchdata", "log-research", "id-training")),
    ]  # fmt: skip
    group = "/subscriptions/s/resourceGroups/ml-team/providers"
    types = ["MachineLearningServices/registries/r", "OperationalInsights/workspaces/l", "Storage/storageAccounts/a"]
    ids = [f"{group}/Microsoft.{name}" for name in [*types, "ManagedIdentity/userAssignedIdentities/i"]]
    scope = "/subscriptions/s/resourceGroups/other"
    deleted = remaining(
        aml_teardown_permanently=True,
        aml_teardown_declared=True,
        aml_teardown_deleted={"deleted_resources": [VAULT.upper()]},
        aml_teardown_outside=[{"resources": [{"id": one}]} for one in ids],
        aml_teardown_attached=[{"name": "gone", "resource_id": ids[2].upper()}, {"name": "kept", "resource_id": f"{scope}/vm"}],
        aml_role_assignments=[{"role": "Reader", "principal_id": "p", "scope": scope}, {"role": "Owner", "principal_id": "p"}],
    )  # fmt: skip
    assert deleted[1:] == [
        f"{scope}/vm, which was attached as kept",
        f"{VAULT.upper()}, soft-deleted: its name is reserved until it is recovered, purged, or permanently deleted after some days",
        f"The managed resource group of {ids[0]}, until the service has deleted it",
        f"{ids[1]}, soft-deleted: it can be recovered for some days",
        f"Role assignments of {ids[3]} that its variables do not declare, on resources that were not deleted: they have an unknown principal",
    ]
    network = remaining(aml_teardown_permanently=True, **NETWORK)
    assert [line.split(",")[0] for line in network[-3:]] == ["team-vnet", "pe", "id-training"]
    row = {"role": "Reader", "principal_id": "p", "scope": scope}
    left = remaining(aml_teardown_permanently=True, aml_role_assignments=[row, {"role": "Owner", "principal_id": "p"}])
    assert left[2] == f"The role assignment Reader of p on {scope}: aml_teardown_declared=true removes it"


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({"aml_teardown_dependents": True}, "key vault kv, application insights ai (with its Log Analytics workspace)"),
        ({"aml_teardown_dependents": False}, "nothing"),
        ({"aml_teardown_dependents": True, "aml_teardown_keep_workspace": True}, "nothing"),
        ({"aml_teardown_dependents": True, "aml_teardown_workspace": {"workspaces": []}}, "nothing"),
    ],
)
def test_what_goes_with_the_workspace_is_shown_before_the_confirmation(options: dict[str, t.Any], shown: str) -> None:
    found = task("Show what is deleted")
    workspace = {"key_vault": "/x/vaults/kv", "application_insights": "/x/components/ai", "storage_account": None}
    known = {"aml_teardown_names": [], "aml_teardown_attached": [], "aml_teardown_assignments": []}
    known["aml_teardown_workspace"] = {"workspaces": [{**workspace, "container_registry": None}]}
    lines = Templar(LOADER, variables={**found["vars"], **known, **options}).template(
        found["ansible.builtin.debug"]["msg"]
    )
    assert lines[1] == f"Will be deleted with the workspace, unless another one uses it: {shown}"


def facts_of(name: str, **variables: t.Any) -> t.Any:
    """What a task sets, the first of its facts last."""
    found = task(name)
    templar = Templar(LOADER, variables={"aml_teardown_declared": True, **variables})
    templar.available_variables = {**templar.available_variables, **templar.template(found.get("vars", {}))}
    return templar.template(found["ansible.builtin.set_fact"])


def test_declared_role_assignments_that_have_a_scope_are_removed() -> None:
    """Those without one go with the workspace. Principals and scopes refer to the facts that provision_workspace sets."""
    identity = "Microsoft.ManagedIdentity/userAssignedIdentities"
    place = f"/subscriptions/s/resourceGroups/ml-team/providers/{identity}/"
    facts = facts_of(
        "Set the facts of the identities and of the workspace",
        aml_teardown_workspace={"workspaces": [{"id": WORKSPACE}]},
        aml_teardown_listed={"results": [
            {"item": {"name": "id-new", "type": identity}, "resources": [{"id": f"{place}id-new", "properties": {"principalId": "p1"}}]},
            {"item": {"name": "id-gone", "type": identity}, "resources": []},
            {"item": {"name": "logs", "type": "Microsoft.OperationalInsights/workspaces"}, "resources": [{"id": "/logs", "properties": {}}]},
        ]},
        aml_teardown_existing={"results": [
            {"item": {"name": "id-old", "existing_id": f"{place}id-old"}, "resources": [{"id": f"{place}id-old", "properties": {"principalId": "p2"}}]},
        ]},
    )  # fmt: skip
    assert facts["aml_workspace_id"] == WORKSPACE
    assert {name: row["principal_id"] for name, row in facts["aml_identity_ids"].items()} == {
        "id-new": "p1",
        "id-old": "p2",
    }
    pull = [{"role": "AcrPull", "scope": "/registry"}]
    declared = {
        "aml_role_assignments": [
            {"role": "Reader", "principal_id": facts["aml_identity_ids"]["id-new"]["principal_id"], "scope": "/data"},
            {"role": "Reader", "principal_id": "p3"},
        ],
        "aml_identity_identities": [{"name": name, "assignments": pull} for name in ("id-new", "id-gone", "id-old")],
    }
    rows = facts_of("Determine which role assignments are removed", **facts, **declared)["aml_teardown_assignments"]
    assert [(row["role"], row["principal_id"], row["scope"]) for row in rows] == [
        ("Reader", "p1", "/data"),
        ("AcrPull", "p1", "/registry"),
        ("AcrPull", "p2", "/registry"),
    ]
    kept = facts_of(
        "Determine which role assignments are removed", **facts, **declared, aml_teardown_keep_workspace=True
    )
    assert kept["aml_teardown_assignments"] == []
