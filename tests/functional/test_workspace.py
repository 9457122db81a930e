# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A workspace after its creation: each field changes alone by PATCH, fixed ones say why, rules of the managed network, projects, deletion.

Creation through azure-ai-ml needs a socket: tests/integration has it.
"""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._engine.versions import PREVIEW, STABLE
from ansible_collections.azureml.compute.plugins.module_utils._kinds.workspace import FIELDS, NOT_DEPLOYED
from ansible_collections.azureml.compute.plugins.module_utils._reconcilers import workspace_sdk
from ansible_collections.azureml.compute.tests.support.azure import (
    GROUP_ID,
    SUBSCRIPTION,
    WORKSPACE,
    WORKSPACE_ID,
    Azure,
)

MODULE = "aml_workspace"
TARGET = {"name": WORKSPACE}
RANGES = [{"value": "203.0.113.0/24"}, {"value": "198.51.100.7"}]
PROVIDER = "/providers/Microsoft.MachineLearningServices/workspaces/"


def current(azure: Azure) -> dict[str, t.Any]:
    found: dict[str, t.Any] = azure.run("aml_workspace_info", **TARGET)["workspaces"][0]
    return found


def test_each_updatable_field_alone(azure: Azure) -> None:
    azure.run(MODULE, **TARGET, tags={"owner": "others"})
    registry = azure.resource(
        "Microsoft.ContainerRegistry/registries", "acrtest", {"sku": {"name": "Premium"}}, "2023-07-01"
    )
    insights = azure.resource("Microsoft.Insights/components", "ai-two", {"kind": "web"}, "2020-02-02")
    one, two = azure.identity("id-one"), azure.identity("id-two")
    both = "system_assigned,user_assigned"
    cases: list[tuple[dict[str, t.Any], str, t.Any]] = [
        ({"display_name": "Production"}, "display_name", {"properties": {"friendlyName": "Production"}}),
        ({"description": "Text"}, "description", {"properties": {"description": "Text"}}),
        ({"description": None}, "description", {"properties": {"description": None}}),
        ({"tags": {"team": "vision"}}, "tags", {"operation": "Merge", "properties": {"tags": {"team": "vision"}}}),
        ({"tags": {"team": None}}, "tags", {"operation": "Delete", "properties": {"tags": {"team": "vision"}}}),
        ({"container_registry": registry}, "container_registry", {"properties": {"containerRegistry": registry}}),
        ({"application_insights": insights}, "application_insights", {"properties": {"applicationInsights": insights}}),
        (
            {"public_network_access": "disabled"},
            "public_network_access",
            {"properties": {"publicNetworkAccess": "Disabled"}},
        ),
        (
            {"image_build_compute": "cpu-cluster"},
            "image_build_compute",
            {"properties": {"imageBuildCompute": "cpu-cluster"}},
        ),
        (
            {"system_datastores_auth_mode": "identity"},
            "system_datastores_auth_mode",
            {"properties": {"systemDatastoresAuthMode": "Identity"}},
        ),
        ({"v1_legacy_mode": True}, "v1_legacy_mode", {"properties": {"v1LegacyMode": True}}),
        (
            {"identity": {"type": both, "user_assigned_identities": [one, two]}},
            "identity",
            {"identity": {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {one: {}, two: {}}}},
        ),
        (
            {"primary_user_assigned_identity": one},
            "primary_user_assigned_identity",
            {"properties": {"primaryUserAssignedIdentity": one}},
        ),
        (
            {"identity": {"type": both, "user_assigned_identities": [one]}},
            "identity",
            {"identity": {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {one: {}, two: None}}},
        ),
        (
            {"managed_network": {"isolation_mode": "allow_internet_outbound"}},
            "managed_network",
            {"properties": {"managedNetwork": {"isolationMode": "AllowInternetOutbound"}}},
        ),
        (
            {"managed_network": {"enable_network_monitor": True, "managed_network_kind": "v2"}},
            "managed_network",
            {"properties": {"managedNetwork": {"enableNetworkMonitor": True, "managedNetworkKind": "V2"}}},
        ),
        (
            {"soft_delete_retention_in_days": 7},
            "soft_delete_retention_in_days",
            {"properties": {"softDeleteRetentionInDays": 7}},
        ),
        (
            {"managed_network": {"enable_firewall_log": True}},
            "managed_network",
            {"properties": {"managedNetwork": {"enableFirewallLog": True}}},
        ),
        (
            {"network_acls": {"ip_rules": RANGES}},
            "network_acls",
            {"properties": {"networkAcls": {"ipRules": RANGES}}},
        ),
        (
            {"network_acls": {"default_action": "deny"}},
            "network_acls",
            {"properties": {"networkAcls": {"defaultAction": "Deny", "ipRules": RANGES}}},
        ),
        (
            {"network_acls": None},
            "network_acls",
            {"properties": {"networkAcls": {"defaultAction": "Allow", "ipRules": []}}},
        ),
    ]
    before = current(azure)
    for options, name, body in cases:
        planned = azure.run(MODULE, check=True, **TARGET, **options)
        assert azure.writes == []
        done = azure.run(MODULE, **TARGET, **options)
        assert done["changed"] and planned["plan"] == done["plan"] and planned["diff"] == done["diff"]
        assert [(write.method, write.body) for write in azure.writes] == [("PATCH", body)]
        after = current(azure)
        assert {key for key in before if before[key] != after[key]} == {name}, options
        assert azure.run(MODULE, **TARGET, **options)["changed"] is False
        assert [request.method for request in azure.sent] == ["GET"]
        before = after


def test_what_another_version_alone_has_is_sent_in_it_by_a_request_of_its_own(azure: Azure) -> None:
    network = {"isolation_mode": "allow_internet_outbound", "enable_firewall_log": True}
    options = {"managed_network": network, "soft_delete_retention_in_days": 7}
    azure.run(MODULE, **TARGET, **options)
    sent = [(write.api_version, write.body["properties"]) for write in azure.writes]
    mode = {"isolationMode": "AllowInternetOutbound"}
    assert sent == [
        (PREVIEW, {"managedNetwork": mode, "softDeleteRetentionInDays": 7}),
        ("2025-09-01", {"managedNetwork": {"enableFirewallLog": True}}),
    ]
    assert not azure.run(MODULE, **TARGET, **options)["changed"] and [get.api_version for get in azure.sent] == [
        PREVIEW
    ]
    failed = azure.run(MODULE, **TARGET, managed_network=network, api_version=STABLE, ok=False)
    assert failed["failure"]["code"] == "ApiVersionLacksOption" and azure.sent == []
    assert "it needs 2025-09-01. Remove api_version, or set it to 2025-09-01." in failed["msg"]
    off = {"enable_firewall_log": False}
    azure.run(MODULE, **TARGET, managed_network=off, api_version="2025-09-01")
    assert {request.api_version for request in azure.sent if "/workspaces/" in request.path} == {"2025-09-01"}


def test_what_only_a_creation_sets_is_read_compared_and_exported(azure: Azure) -> None:
    storage = f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/{{}}"
    document = azure.app.store.get(WORKSPACE_ID)
    link = {
        "groupId": "blob",
        "privateLinkResourceId": storage.format("far"),
        "requestMessage": None,
        "status": "Pending",
    }
    document["properties"] |= {
        "workspaceHubConfig": {
            "defaultWorkspaceResourceGroup": GROUP_ID,
            "additionalWorkspaceStorageAccounts": [storage.format("one"), storage.format("two")],
        },
        "sharedPrivateLinkResources": [{"name": "far", "properties": link}],
    }
    azure.app.store.put(WORKSPACE_ID, document)
    exported = azure.run("aml_export_info")
    declared = {name: exported["vars"]["aml_workspace"][name] for name in CREATED_WITH}
    assert declared["default_resource_group"] == GROUP_ID
    [shown] = declared["shared_private_link_resources"]
    assert shown["private_link_resource_id"] == storage.format("far") and "status" not in shown
    assert not [row for row in exported["missing"] if row["name"] == "ws-test" and "no option" in row["reason"]]
    other = {
        "default_resource_group": f"{GROUP_ID.upper()}/",
        "additional_workspace_storage_accounts": [storage.format("two"), storage.format("ONE")],
        "shared_private_link_resources": [
            {
                "name": "Far",
                "group_id": "Blob",
                "private_link_resource_id": storage.format("far"),
                "request_message": "please",
            }
        ],
    }
    for options in (declared, other):
        assert not azure.run(MODULE, **TARGET, **options)["changed"], options
    more = [*other["shared_private_link_resources"], {**shown, "name": "more"}]
    failed = azure.run(MODULE, **TARGET, shared_private_link_resources=more, ok=False)
    assert failed["failure"]["code"] == "ImmutableChange" and "a PATCH does not take it" in failed["msg"]


CREATED_WITH = ("default_resource_group", "additional_workspace_storage_accounts", "shared_private_link_resources")


def test_ranges_compare_as_a_set_of_addresses(azure: Azure) -> None:
    azure.run(MODULE, **TARGET, network_acls={"ip_rules": RANGES})
    same = [{"value": "198.51.100.7/32"}, {"value": "203.0.113.9/24"}]
    assert not azure.run(MODULE, **TARGET, network_acls={"default_action": "allow", "ip_rules": same})["changed"]


def test_a_key_of_ones_own_and_who_reads_it_are_in_the_export_as_they_are(azure: Azure) -> None:
    document = azure.app.store.get(WORKSPACE_ID)
    key = {"keyVaultArmId": KEY["key_vault"], "keyIdentifier": KEY["key_uri"]}
    document["properties"]["encryption"] = {
        "status": "Enabled",
        "keyVaultProperties": key,
        "identity": {"userAssignedIdentity": READER},
    }
    document["properties"]["networkAcls"] = {"defaultAction": "Deny", "ipRules": RANGES}
    azure.app.store.put(WORKSPACE_ID, document)
    exported = azure.run("aml_export_info")
    declared = exported["vars"]["aml_workspace"]
    assert declared["customer_managed_key"] == {**KEY, "user_assigned_identity": READER}
    assert declared["network_acls"] == {"default_action": "deny", "ip_rules": RANGES}
    assert "default_action: Deny" in exported["cli_yaml"]["workspace.yml"]
    assert READER not in exported["cli_yaml"]["workspace.yml"], "the CLI's schema has no place for it"
    assert "customer_managed_key.user_assigned_identity" in {row["option"] for row in exported["missing"]}
    options = {name: declared[name] for name in ("customer_managed_key", "network_acls")}
    assert not azure.run(MODULE, **TARGET, **options)["changed"]


VAULT = f"{GROUP_ID}/providers/Microsoft.KeyVault/vaults/kv-key"
KEY = {"key_vault": VAULT, "key_uri": "https://kv-key.vault.azure.net/keys/one/0123456789abcdef0123456789abcdef"}
READER = f"{GROUP_ID}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"
FIXED = [
    ({"location": "westus2"}, "location", "stays in its region"),
    ({"kind": "hub"}, "kind", "cannot become another kind"),
    ({"hbi_workspace": True}, "hbi_workspace", "decided at creation"),
    (
        {"storage_account": f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/other"},
        "storage_account",
        "cannot be changed",
    ),
    ({"key_vault": f"{GROUP_ID}/providers/Microsoft.KeyVault/vaults/other"}, "key_vault", "cannot be changed"),
    ({"enable_data_isolation": True}, "enable_data_isolation", "decided at creation"),
    (
        {"customer_managed_key": {**KEY, "user_assigned_identity": READER}},
        "customer_managed_key.user_assigned_identity",
        "decided at creation",
    ),
]


@pytest.mark.parametrize(("options", "name", "reason"), FIXED, ids=[row[1] for row in FIXED])
def test_a_fixed_field_says_why(azure: Azure, options: dict[str, t.Any], name: str, reason: str) -> None:
    failed = azure.run(MODULE, **TARGET, **options, ok=False)
    assert failed["failure"]["code"] == "ImmutableChange" and azure.writes == []
    assert reason in {detail["field"]: detail["reason"] for detail in failed["failure"]["details"]}[name]


def test_a_workspace_with_compute_targets_is_not_replaced_unasked(azure: Azure) -> None:
    azure.run("aml_compute_cluster", name="cpu-cluster", size="Standard_DS3_v2", max_instances=1)
    failed = azure.run(MODULE, **TARGET, hbi_workspace=True, on_immutable_change="recreate", ok=False)
    assert failed["failure"]["code"] == "InUse" and "cpu-cluster" in failed["msg"] and azure.writes == []


def test_a_replacement_keeps_what_the_template_does_not_take(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in for azure-ai-ml's deployment sets no more than its template does (tests/integration has the real one)."""

    def submit(_cloud: t.Any, _credential: t.Any, target: t.Any, complete: dict[str, t.Any], **_more: t.Any) -> None:
        stores = {"storageAccount": complete["storage_account"], "keyVault": complete["key_vault"]}
        network = {"isolationMode": "AllowOnlyApprovedOutbound"}
        properties = {**stores, "hbiWorkspace": True, "managedNetwork": network}
        azure.arm(
            "PUT",
            target.id,
            {"location": "eastus", "identity": {"type": "SystemAssigned"}, "properties": properties},
            wait=60,
        )

    monkeypatch.setattr(workspace_sdk, "submit_workspace", submit)
    rules = [{"name": name, "type": "fqdn", "destination": f"{name}.org"} for name in ("kept", "changed", "gone")]
    network = {"isolation_mode": "allow_only_approved_outbound", "outbound_rules": rules}
    subnet = azure.subnet()
    azure.run(
        MODULE, **TARGET, managed_network=network, v1_legacy_mode=True, serverless_compute={"custom_subnet": subnet}
    )
    declared = [{**rules[1], "destination": "conda.org"}, {"name": "GONE", "state": "absent"}]
    options = {
        "hbi_workspace": True,
        "on_immutable_change": "recreate",
        "managed_network": {"outbound_rules": declared},
    }
    done = azure.run(MODULE, **TARGET, **options)
    assert done["plan"]["action"] == "replace"
    shown = current(azure)
    assert shown["hbi_workspace"] and shown["v1_legacy_mode"] and shown["serverless_compute"]["custom_subnet"] == subnet
    own = {
        rule["name"]: rule["destination"]
        for rule in shown["managed_network"]["outbound_rules"]
        if rule["type"] == "fqdn"
    }
    assert own == {"kept": "kept.org", "changed": "conda.org"}
    assert not azure.run(MODULE, **TARGET, **options)["changed"]


def test_each_updatable_field_is_set_at_a_creation_or_after_it() -> None:
    """So that a replacement keeps it. Connections of a feature store are gone with it."""
    deployed = {*workspace_sdk._PLAIN, *workspace_sdk._IN_TEMPLATE, "identity", "public_network_access"}
    deployed |= {"customer_managed_key.key_uri", "managed_network.isolation_mode", "managed_network.firewall_sku"}
    deployed |= {
        f"feature_store_settings.{name}"
        for name in ("spark_runtime_version", "offline_store_connection_name", "online_store_connection_name")
    }
    updatable = {row.option for row in FIELDS if row.mutability == "updatable"}
    assert updatable - deployed == set(NOT_DEPLOYED)


def test_outbound_rules_by_name(azure: Azure) -> None:
    network = {"isolation_mode": "allow_only_approved_outbound"}
    azure.run(
        MODULE,
        **TARGET,
        managed_network={
            **network,
            "outbound_rules": [{"name": "others", "type": "fqdn", "destination": "example.org"}],
        },
    )
    tag = {"service_tag": "DataFactory", "protocol": "TCP", "port_ranges": "80, 8080"}
    storage = current(azure)["storage_account"]
    endpoint = {"service_resource_id": storage, "subresource_target": "blob", "spark_enabled": False}
    rules = [
        {"name": "packages", "type": "fqdn", "destination": "pypi.org"},
        {"name": "tag", "type": "service_tag", "destination": tag},
        {"name": "endpoint", "type": "private_endpoint", "destination": endpoint},
    ]
    options = {"managed_network": {"outbound_rules": rules}}
    done = azure.run(MODULE, **TARGET, **options)
    assert [write.path.rpartition("/")[2] for write in azure.writes] == ["packages", "tag", "endpoint"]
    names = {rule["name"] for rule in done["workspace"]["managed_network"]["outbound_rules"]}
    assert {"others", "packages", "tag", "endpoint"} <= names
    assert azure.run(MODULE, **TARGET, **options)["changed"] is False
    planned = azure.run(
        MODULE, **TARGET, managed_network={"outbound_rules": [{"name": "tag", "state": "absent"}]}, check=True
    )
    both = [{"name": name, "type": "fqdn", "destination": f"{name}.org"} for name in ("one", "two")]
    azure.run(MODULE, **TARGET, managed_network={"outbound_rules": both}, display_name="Shown", wait=False)
    assert [write.method for write in azure.writes] == ["PATCH", "PUT", "PUT"], "each but the last is waited for"
    azure.app.clock.advance(3600)
    gone = azure.run(MODULE, **TARGET, managed_network={"outbound_rules": [{"name": "tag", "state": "absent"}]})
    assert planned["plan"] == gone["plan"] and planned["diff"] == gone["diff"]
    assert "tag" not in {rule["name"] for rule in planned["workspace"]["managed_network"]["outbound_rules"]}
    assert [(write.method, write.path.rpartition("/")[2]) for write in azure.writes] == [("DELETE", "tag")]
    assert "tag" not in {rule["name"] for rule in gone["workspace"]["managed_network"]["outbound_rules"]}
    failed = azure.run(MODULE, **TARGET, managed_network={"isolation_mode": "disabled"}, ok=False)
    assert failed["failure"]["code"] == "ManagedNetworkStaysOn" and azure.writes == []


def test_a_project_in_a_hub(azure: Azure) -> None:
    azure.arm("PATCH", GROUP_ID, {}, "2021-04-01")
    body = azure.get(WORKSPACE_ID)
    dependents = {key: body["properties"][key] for key in ("storageAccount", "keyVault")}
    hub = f"{GROUP_ID}{PROVIDER}hub-test"
    azure.arm(
        "PUT",
        hub,
        {"location": "eastus", "kind": "Hub", "identity": {"type": "SystemAssigned"}, "properties": dependents},
    )
    options = {"name": "project-a", "kind": "project", "hub_id": hub, "display_name": "A"}
    planned = azure.run(MODULE, check=True, **options)
    done = azure.run(MODULE, **options)
    assert planned["plan"] == done["plan"] and [write.method for write in azure.writes] == ["PUT"]
    made = done["workspace"]
    assert (made["kind"], made["hub_id"], made["location"], made["display_name"]) == ("project", hub, "eastus", "A")
    assert azure.run(MODULE, **options)["changed"] is False
    # What is its hub's is shown, and is not the project's to declare.
    exported = azure.run("aml_export_info", workspace="project-a", computes=[])["vars"]["aml_workspace"]
    assert exported["hub_id"] == hub and not {"storage_account", "key_vault", "container_registry"} & set(exported)
    assert azure.run(MODULE, **exported)["changed"] is False
    failed = azure.run(MODULE, name="project-b", kind="project", hub_id=hub, location="westus2", ok=False)
    assert failed["failure"]["code"] == "ProjectRegion" and azure.writes == []
    failed = azure.run(MODULE, name="project-c", kind="project", hub_id=f"{hub}-none", ok=False)
    assert failed["failure"]["code"] == "ParentResourceNotFound" and azure.writes == []
    exported = azure.run("aml_export_info", workspace="project-a")
    assert exported["vars"]["aml_workspace"]["kind"] == "project" and "aml_datastores" not in exported["vars"]
    kinds = azure.run("aml_workspace_info", kind=["project"])["workspaces"]
    assert [kind["name"] for kind in kinds] == ["project-a"]


def test_deletion_with_and_without_what_it_stood_on(azure: Azure) -> None:
    stood_on = current(azure)
    gone = {**TARGET, "state": "absent"}
    planned = azure.run(MODULE, check=True, **gone)
    assert planned["changed"] and azure.writes == []
    assert azure.run(MODULE, **gone)["changed"]
    assert azure.run(MODULE, **gone)["changed"] is False
    assert azure.get(stood_on["storage_account"], "2023-01-01")["name"].startswith("st")
    azure.make_workspace("ws-two")
    done = azure.run(MODULE, name="ws-two", state="absent", permanently_delete=True, delete_dependent_resources=True)
    assert sorted(deleted_resource.split("/")[-1][:2] for deleted_resource in done["deleted_resources"]) == [
        "ai",
        "kv",
        "st",
    ]
    assert all(
        azure.get(deleted_resource, "2023-07-01").get("error")
        for deleted_resource in done["deleted_resources"]
        if "KeyVault" in deleted_resource
    )


def test_all_workspaces_of_the_subscription(azure: Azure) -> None:
    azure.make_workspace("ws-far", group="rg-far")
    everywhere = azure.run("aml_workspace_info", resource_group=None)["workspaces"]
    assert sorted(text["name"] for text in everywhere) == ["ws-far", WORKSPACE]
    assert {text["id"].split("/")[2] for text in everywhere} == {SUBSCRIPTION}
    assert [workspace["name"] for workspace in azure.run("aml_workspace_info")["workspaces"]] == [WORKSPACE]


def test_a_default_for_all_modules_names_the_workspace_too(azure: Azure) -> None:
    """``module_defaults`` set ``workspace`` for every module; a task's own name goes first, and nothing warns."""
    done = azure.run(MODULE, workspace=WORKSPACE, display_name="By default")
    assert done["changed"] and done["workspace"]["name"] == WORKSPACE
    both = azure.run(MODULE, workspace="ws-default", name=WORKSPACE, display_name="By name")
    assert both["changed"] and both["workspace"]["name"] == WORKSPACE and both["warnings"] == []
    neither = azure.run(MODULE, display_name="By nothing", ok=False)
    assert neither["failure"]["code"] == "NotNamed" and azure.sent == []
