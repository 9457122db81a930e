# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The properties that a request can set, by Azure's types: each is covered by an option, is the service's, or is named by an export."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._engine.kind import Kind
from ansible_collections.azureml.compute.plugins.module_utils._kinds.batch_deployment import BATCH_DEPLOYMENT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.batch_endpoint import BATCH_ENDPOINT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.connection import CONNECTION
from ansible_collections.azureml.compute.plugins.module_utils._kinds.datastore import DATASTORE
from ansible_collections.azureml.compute.plugins.module_utils._kinds.diagnostic_setting import DIAGNOSTIC_SETTING
from ansible_collections.azureml.compute.plugins.module_utils._kinds.online_deployment import ONLINE_DEPLOYMENT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.online_endpoint import ONLINE_ENDPOINT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.registry import INFO_KINDS, OTHERS
from ansible_collections.azureml.compute.plugins.module_utils._kinds.role_assignment import ROLE_ASSIGNMENT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.workspace import Workspace
from ansible_collections.azureml.compute.plugins.module_utils._options import uncovered, writable
from ansible_collections.azureml.compute.scripts import writable_properties

KINDS: dict[str, Kind] = {"workspace": Workspace(), **INFO_KINDS}


def test_the_table_is_that_of_the_types() -> None:
    assert writable_properties.FILE.read_text(encoding="utf-8") == writable_properties.text()


DIAGNOSTICS = [
    "logs[].retentionPolicy.days",
    "logs[].retentionPolicy.enabled",
    "marketplacePartnerId",
    "metrics[].retentionPolicy.days",
    "metrics[].retentionPolicy.enabled",
    "metrics[].timeGrain",
    "serviceBusRuleId",
]
ENDPOINTS = [
    "keys.primaryKey",
    "keys.secondaryKey",
    "sku.capacity",
    "sku.family",
    "sku.name",
    "sku.size",
    "sku.tier",
]
DEPLOYMENTS = [
    "codeConfiguration.codeId",
    "properties.*",
]
BATCH_DEPLOYMENTS = [
    "codeConfiguration.codeId",
    "deploymentConfiguration.componentId.assetId",
    "deploymentConfiguration.componentId.referenceType",
    "deploymentConfiguration.deploymentConfigurationType",
    "deploymentConfiguration.description",
    "deploymentConfiguration.settings.*",
    "deploymentConfiguration.tags.*",
    "model.datastoreId",
    "model.jobId",
    "model.path",
    "model.referenceType",
    "properties.*",
    "resources.instanceType",
    "resources.properties.*",
]
SECRETS = tuple(f"properties.credentials.secrets.{name}" for name in ("certificate", "clientSecret", "key", "sasToken"))


def document(place: str, value: t.Any) -> t.Any:
    """A document with a value at a place of the table."""
    for part in reversed(place.replace("[]", ".[]").split(".")):
        value = [value] if part == "[]" else {"any" if part == "*" else part: value}
    return value


def is_below(place: str, above: str) -> bool:
    return place == above or place.startswith((f"{above}.", f"{above}["))


@pytest.mark.parametrize("name", KINDS)
def test_every_property_is_covered_or_is_the_services_or_is_named(name: str) -> None:
    kind = KINDS[name]
    tables = ("workspaces",) if name == "workspace" else ("computes", name)
    covered = [*(row.path for row in kind.fields), *uncovered.FILLED, *kind.filled_by_service]
    # Each declared rule is a row of its own.
    covered.append("properties.managedNetwork.outboundRules")
    named = []
    for place in (place for table in tables for place in writable.PROPERTIES.get(table, ())):
        if any(is_below(place, above) for above in covered):
            continue
        body = {"id": "id", "name": "name", **document(place, "value")}
        body.setdefault("properties", {}).setdefault("computeType", name)
        found = uncovered.of(kind.exported_as(kind, body))
        assert len(found) == 1 and is_below(place.removeprefix("properties.").removeprefix("properties."), found[0]), (
            place
        )
        named.append(place)
    assert "sku.capacity" in named


def test_every_property_of_a_datastore_is_covered_or_is_the_services_or_is_named() -> None:
    table = writable.PROPERTIES["datastores"]
    covered = [*(row.path for row in DATASTORE.fields), *uncovered.FILLED, *DATASTORE.filled_by_service, *SECRETS]
    named = [place for place in table if not any(is_below(place, above) for above in covered)]
    assert named == ["properties.properties.*"]
    # What its credentials have depends on their type.
    for place in (place for place in table if not is_below(place, "properties.credentials")):
        body = {"id": "id", "name": "name", **document(place, "value")}
        found = uncovered.of(DATASTORE.exported_as(DATASTORE, body))
        assert found == (["properties"] if place in named else []), place


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        (CONNECTION, []),
        (DIAGNOSTIC_SETTING, DIAGNOSTICS),
        (ROLE_ASSIGNMENT, ["delegatedManagedIdentityResourceId"]),
        (ONLINE_ENDPOINT, ENDPOINTS),
        (ONLINE_DEPLOYMENT, DEPLOYMENTS),
        (BATCH_ENDPOINT, ENDPOINTS),
        (BATCH_DEPLOYMENT, BATCH_DEPLOYMENTS),
    ],
    ids=lambda one: getattr(one, "label", ""),
)
def test_every_property_of_other_resources_is_covered_or_is_the_services_or_is_named(
    kind: Kind, named: list[str]
) -> None:
    found = {}
    for place in writable.PROPERTIES[kind.collection]:
        # Percents of traffic are numbers.
        body = {"id": "id", "name": "name", **document(place, 1 if "raffic" in place else "value")}
        body.setdefault("properties", {})
        found[place.removeprefix("properties.")] = uncovered.of(kind.exported_as(kind, body))
    assert [place for place, names in found.items() if names] == named
    assert all(len(found[place]) == 1 and is_below(place, found[place][0]) for place in named if place[-1] != "*")


def test_each_collection_has_a_table() -> None:
    assert {"workspaces", "registries", "computes", *OTHERS} <= set(writable.PROPERTIES)
