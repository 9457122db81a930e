# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""aml_registry and aml_registry_info against the simulator. Facts: docs/facts.md k."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._kinds import ml_registry
from ansible_collections.azureml.compute.tests.support.azure import GROUP_ID, Azure

REGISTRY, INFO = "aml_registry", "aml_registry_info"
PATH = f"{GROUP_ID}/providers/Microsoft.MachineLearningServices/registries/shared"
SAMPLES = sorted((Path(__file__).resolve().parents[1] / "support/official/samples/registry").glob("*.yml"))
NEW = {"storage_account_hns": False, "storage_account_type": "standard_lrs", "replication_count": 1}


def run(azure: Azure, **options: t.Any) -> dict[str, t.Any]:
    return azure.run(REGISTRY, name="shared", **options)


def planned_then_done(azure: Azure, action: str, **options: t.Any) -> dict[str, t.Any]:
    """Check mode plans what the run does, and writes nothing; a second run changes nothing, with one GET."""
    planned = run(azure, check=True, **options)
    assert azure.writes == []
    done = run(azure, **options)
    for key in ("plan", "diff", "changed"):
        assert planned[key] == done[key]
    assert done["plan"]["action"] == action
    again = run(azure, **options)
    assert (again["changed"], again["registry"]) == (False, done["registry"])
    assert [request.method for request in azure.sent] == ["GET"] and azure.tokens <= 1
    return done


def test_a_registry_in_the_region_of_its_group(azure: Azure) -> None:
    done = planned_then_done(azure, "create", tags={"team": "vision"})["registry"]
    [region] = done["replication_locations"]
    assert (done["location"], done["public_network_access"]) == ("eastus", "enabled")
    assert (region["location"], region["storage_config"]) == ("eastus", NEW)
    assert len(region["storage_accounts"]) == len(region["container_registries"]) == 1
    assert region["storage_accounts"][0].startswith(done["managed_resource_group"])
    assert (done["container_registry"], done["tags"]) == ({"acr_account_sku": "premium"}, {"team": "vision"})
    assert done["identity"]["type"] == "SystemAssigned" and done["identity"]["principal_id"]


def test_regions_are_added_and_never_removed(azure: Azure) -> None:
    config = {"storage_account_type": "Standard_ZRS", "replication_count": 2}
    two = [{"location": "East US"}, {"location": "westeurope", "storage_config": config}]
    run(azure, location="eastus")
    first = azure.get(PATH)["properties"]["regionDetails"][0]
    done = planned_then_done(azure, "update", replication_locations=two)["registry"]
    assert azure.get(PATH)["properties"]["regionDetails"][0] == first
    added = done["replication_locations"][1]
    assert added["storage_config"] == {**NEW, "storage_account_type": "standard_zrs", "replication_count": 2}
    assert len(added["storage_accounts"]) == 2
    for mode in (True, False):
        refused = azure.run(
            REGISTRY, ok=False, check=mode, name="shared", replication_locations=[{"location": "eastus"}]
        )
        assert refused["failure"]["code"] == "RegionNotRemovable" and "westeurope" in refused["msg"]
        assert azure.writes == []
    other = [{"location": "eastus", "storage_config": {"storage_account_hns": True}}, {"location": "westeurope"}]
    refused = azure.run(REGISTRY, ok=False, name="shared", replication_locations=other)
    assert refused["failure"]["code"] == "RegionStorageFixed" and "eastus" in refused["msg"]


def test_public_access_and_tags(azure: Azure) -> None:
    run(azure, tags={"team": "vision"})
    planned_then_done(azure, "update", public_network_access="disabled", tags={"a": "b"})
    assert azure.get(PATH)["tags"] == {"team": "vision", "a": "b"}
    planned_then_done(azure, "update", tags={"a": "c"})


def test_given_storage_and_container_registry(azure: Azure) -> None:
    storage = azure.resource(
        "Microsoft.Storage/storageAccounts", "stgiven", {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    )
    acr = azure.resource(
        "Microsoft.ContainerRegistry/registries", "acrgiven", {"sku": {"name": "Premium"}}, "2023-07-01"
    )
    regions = [{"location": "eastus", "storage_config": [storage]}]
    done = planned_then_done(azure, "create", replication_locations=regions, container_registry=acr)["registry"]
    assert done["replication_locations"][0]["storage_accounts"] == [storage]
    assert done["container_registry"] == acr


def test_what_is_immutable_says_why(azure: Azure) -> None:
    run(azure)
    acr = f"{GROUP_ID}/providers/Microsoft.ContainerRegistry/registries/other"
    for options, words in (
        ({"location": "westus"}, "first region"),
        ({"container_registry": acr}, "environments are in them"),
        ({"intellectual_property": {"publisher": "contoso"}}, "decided at creation"),
    ):
        for mode in (True, False):
            refused = azure.run(REGISTRY, ok=False, check=mode, name="shared", **options)
            assert refused["failure"]["code"] == "ImmutableChange" and words in refused["msg"]
            assert azure.writes == []


def test_a_write_that_failed_is_made_again(azure: Azure) -> None:
    azure.app.faults.put(
        [{"kind": "failed_operation", "match": {"path": "registries"}, "code": "Broken", "message": "No."}]
    )
    failed = azure.run(REGISTRY, ok=False, name="shared", location="eastus")
    assert (failed["failure"]["code"], failed["changed"]) == ("Broken", True)
    again = planned_then_done(azure, "update", location="eastus")
    assert again["plan"]["reason"] == "it is as declared, but its last write failed"


def test_recreate_keeps_what_was_not_declared(azure: Azure) -> None:
    two = [{"location": "eastus"}, {"location": "westus", "storage_config": {"replication_count": 2}}]
    run(azure, replication_locations=two, public_network_access="disabled", tags={"a": "b"})
    publisher = {"publisher": "contoso"}
    done = run(azure, intellectual_property=publisher, on_immutable_change="recreate", force=True)["registry"]
    assert (done["intellectual_property"], done["public_network_access"], done["tags"]) == (
        publisher,
        "disabled",
        {"a": "b"},
    )
    assert [row["storage_config"]["replication_count"] for row in done["replication_locations"]] == [1, 2]


def test_a_replacement_that_deletes_the_assets_is_asked_for_twice(azure: Azure) -> None:
    """A default for all modules of a play must not delete what is in a registry."""
    run(azure)
    before = azure.get(f"{GROUP_ID}/providers/Microsoft.MachineLearningServices/registries/shared")
    for check in (True, False):
        failed = azure.run(
            REGISTRY,
            name="shared",
            intellectual_property={"publisher": "contoso"},
            on_immutable_change="recreate",
            check=check,
            ok=False,
        )
        assert failed["failure"]["code"] == "InUse" and azure.writes == []
        assert "models" in failed["msg"] and "force=true" in failed["failure"]["hint"]
    assert azure.get(f"{GROUP_ID}/providers/Microsoft.MachineLearningServices/registries/shared") == before


def test_deletion(azure: Azure) -> None:
    run(azure)
    done = run(azure, state="absent")
    assert done["changed"] and done["registry"] is None
    assert not run(azure, state="absent")["changed"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"name": "a.b"}, "InvalidRegistryName"),
        ({"location": "westus", "replication_locations": [{"location": "eastus"}]}, "InvalidRegions"),
        ({"replication_locations": []}, "InvalidRegions"),
        ({"replication_locations": [{"location": "eastus"}, {"location": "East US"}]}, "InvalidRegions"),
        ({"replication_locations": [{"location": "eastus", "storage_config": {"hns": True}}]}, "InvalidStorageConfig"),
        (
            {"replication_locations": [{"location": "eastus", "storage_config": {"replication_count": 0}}]},
            "InvalidStorageConfig",
        ),
        ({"replication_locations": [{"location": "eastus", "storage_config": []}]}, "InvalidStorageConfig"),
        ({"replication_locations": [{"location": "eastus", "storage_config": ["x"]}]}, "InvalidResourceId"),
        ({"container_registry": {"acr_account_sku": "basic"}}, "InvalidContainerRegistry"),
        ({"container_registry": "x"}, "InvalidResourceId"),
    ],
)
def test_wrong_values_are_refused_before_the_first_request(azure: Azure, options: dict[str, t.Any], code: str) -> None:
    refused = azure.run(REGISTRY, ok=False, **{"name": "shared", **options})
    assert refused["failure"]["code"] == code and azure.sent == []


def test_a_region_of_the_group_that_is_not_declared_is_refused(azure: Azure) -> None:
    refused = azure.run(REGISTRY, ok=False, name="shared", replication_locations=[{"location": "westus"}])
    assert refused["failure"]["code"] == "InvalidRegions" and azure.writes == []


def test_yaml_of_the_cli(azure: Azure) -> None:
    """docs: how-to-manage-registries, registry.yml."""
    text = """
    $schema: https://azuremlschemas.azureedge.net/latest/registry.schema.json
    name: shared
    description: Basic registry
    location: eastus
    replication_locations:
      - location: eastus
      - location: eastus2
        storage_config: {storage_account_type: Standard_GRS, storage_account_hns: true}
    """
    refused = azure.run(REGISTRY, ok=False, definition=text)
    assert refused["failure"]["code"] == "NotManaged" and "description" in refused["msg"]
    done = azure.run(REGISTRY, definition=text.replace("    description: Basic registry\n", ""))["registry"]
    assert done["replication_locations"][1]["storage_config"]["storage_account_type"] == "standard_grs"
    assert done["replication_locations"][1]["storage_config"]["storage_account_hns"] is True


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_of_the_cli_applies_and_applies_again_without_a_change(azure: Azure, sample: Path) -> None:
    assert azure.run(REGISTRY, definition=sample.read_text())["changed"]
    again = azure.run(REGISTRY, definition=sample.read_text())
    assert not again["changed"] and [request.method for request in azure.sent] == ["GET"]


def test_an_export_applies_without_a_change(azure: Azure) -> None:
    two = [{"location": "eastus"}, {"location": "westus", "storage_config": {"replication_count": 2}}]
    run(azure, replication_locations=two, public_network_access="disabled", tags={"a": "b"}, sku={"name": "S1"})
    exported = azure.run("aml_export_info", computes=[], registries=["shared"])
    assert azure.writes == []
    [row] = exported["vars"]["aml_registries"]
    assert (row["location"], row["sku"], "managed_resource_group" in row) == ("eastus", {"name": "S1"}, False)
    assert not azure.run(REGISTRY, **row)["changed"]
    # The CLI has no option for the SKU.
    assert [miss["option"] for miss in exported["missing"] if miss["name"] == "shared"] == ["sku.name"]
    again = azure.run(REGISTRY, definition=exported["cli_yaml"]["shared.yml"])
    assert not again["changed"] and [request.method for request in azure.sent] == ["GET"]


def test_an_export_names_what_no_option_covers(azure: Azure) -> None:
    made = run(azure)["registry"]
    document = azure.get(PATH)
    account = document["properties"]["regionDetails"][0]["storageAccountDetails"][0]["systemCreatedStorageAccount"]
    account["allowBlobPublicAccess"] = True
    document["properties"] |= {
        "managedResourceGroupTags": {"team": "vision"},
        "managedResourceGroupSettings": {"assignedIdentities": [{"principalId": made["identity"]["principal_id"]}]},
        "registryPrivateEndpointConnections": [{"properties": {"privateEndpoint": {"id": "/pe"}}}],
    }
    document["sku"] = {"name": "S1", "capacity": 2}
    document["identity"]["userAssignedIdentities"] = {"/one": {}}
    azure.app.store.put(PATH, document)
    other = PATH.replace("rg-test", "RG-TEST")
    missing = azure.run("aml_export_info", computes=[], registries=[other])["missing"]
    places = [row["option"] for row in missing if row["name"] == "shared" and "no option" in row["reason"]]
    assert sorted(places) == [
        "identity.userAssignedIdentities",
        "managedResourceGroupSettings",
        "managedResourceGroupTags",
        "regionDetails[].storageAccountDetails[].systemCreatedStorageAccount.allowBlobPublicAccess",
        "sku.capacity",
    ]
    assert [row["reason"] for row in missing if row["kind"] == "separate"] == [
        "the private endpoint /pe exists separately"
    ]


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ("a/b", "InvalidResourceId"),
        ("..", "InvalidName"),
        (f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/st", "WrongResourceType"),
        (PATH.replace(PATH.split("/")[2], "other"), "RegistryOfOtherSubscription"),
        ("none", "ResourceNotFound"),
    ],
)
def test_registries_that_cannot_be_exported(azure: Azure, named: str, code: str) -> None:
    failed = azure.run("aml_export_info", ok=False, computes=[], registries=[named])
    assert failed["failure"]["code"] == code and (code == "ResourceNotFound" or azure.sent == [])


def test_a_managed_resource_group_and_a_sku(azure: Azure) -> None:
    group = f"{GROUP_ID}-of-registry"
    done = planned_then_done(azure, "create", managed_resource_group=group, sku={"name": "S1", "tier": "standard"})
    registry = done["registry"]
    assert (registry["managed_resource_group"], registry["sku"]) == (group, {"name": "S1", "tier": "standard"})
    assert registry["replication_locations"][0]["storage_accounts"][0].startswith(group)
    planned_then_done(azure, "update", sku={"name": "s1", "tier": "premium"})
    refused = azure.run(REGISTRY, ok=False, name="shared", managed_resource_group=f"{GROUP_ID}-other")
    assert refused["failure"]["code"] == "ImmutableChange" and azure.writes == []
    # What was declared is kept, and what the service has named is not.
    publisher = {"publisher": "contoso"}
    again = run(azure, intellectual_property=publisher, on_immutable_change="recreate", force=True)["registry"]
    assert again["managed_resource_group"] == group


def test_information(azure: Azure) -> None:
    made = run(azure)["registry"]
    for options in ({}, {"resource_group": None}, {"name": "shared"}):
        assert azure.run(INFO, **options)["registries"] == [made]
    assert azure.run(INFO, name="none")["registries"] == []
    assert azure.run(INFO, ok=False, name="shared", resource_group=None)["failure"]["code"] == "NotNamed"


def test_an_update_keeps_the_identities_that_others_assigned() -> None:
    body = {
        "location": "eastus",
        "identity": {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {"/one": {"clientId": "c"}}},
    }
    identity = {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {"/one": {}}}
    assert ml_registry.REGISTRY.writable(body)["identity"] == identity
