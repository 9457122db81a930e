# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which API versions have an option, as the rows of the kinds and the simulator say it, against Azure's types."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._capacity import quota_requests
from ansible_collections.azureml.compute.plugins.module_utils._engine.fields import READ_ONLY, Field
from ansible_collections.azureml.compute.plugins.module_utils._engine.kind import Kind
from ansible_collections.azureml.compute.plugins.module_utils._engine.versions import PREVIEW, STABLE
from ansible_collections.azureml.compute.plugins.module_utils._kinds.connection import CONNECTION
from ansible_collections.azureml.compute.plugins.module_utils._kinds.datastore import DATASTORE
from ansible_collections.azureml.compute.plugins.module_utils._kinds.diagnostic_setting import DIAGNOSTIC_SETTING
from ansible_collections.azureml.compute.plugins.module_utils._kinds.kubernetes_extension import KUBERNETES_EXTENSION
from ansible_collections.azureml.compute.plugins.module_utils._kinds.ml_registry import REGISTRY
from ansible_collections.azureml.compute.plugins.module_utils._kinds.online_deployment import ONLINE_DEPLOYMENT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.online_endpoint import ONLINE_ENDPOINT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.registry import INFO_KINDS
from ansible_collections.azureml.compute.plugins.module_utils._kinds.role_assignment import ROLE_ASSIGNMENT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.workspace import Workspace
from ansible_collections.azureml.compute.tests.support import official_types
from ansible_collections.azureml.compute.tests.support.bodies_by_version import not_in_version
from ansible_collections.azureml.compute.tests.support.official_types import Types, types_of
from azureml_simulator.providers.machine_learning import versions as simulated

OTHER_KINDS: list[tuple[Kind, str]] = [
    (CONNECTION, "workspaces/connections"),
    (DATASTORE, "workspaces/datastores"),
    (ONLINE_ENDPOINT, "workspaces/onlineEndpoints"),
    (ONLINE_DEPLOYMENT, "workspaces/onlineEndpoints/deployments"),
    (REGISTRY, "registries"),
    (DIAGNOSTIC_SETTING, "Microsoft.Insights/diagnosticSettings"),
    (KUBERNETES_EXTENSION, "Microsoft.KubernetesConfiguration/extensions"),
    (ROLE_ASSIGNMENT, "Microsoft.Authorization/roleAssignments"),
]
ALL_KINDS: list[Kind] = [Workspace(), *INFO_KINDS.values()]
# Read-only in all types; an action sets it.
BY_ACTION = {"properties.properties.dataMounts"}
# The version of one option, and the one before those properties of instances that became stable with 2025-12-01.
OWN = "2025-09-01"
VERSIONS = (STABLE, PREVIEW, OWN)


def types(version: str) -> Types:
    types_of_version = types_of(version)
    assert types_of_version is not None
    return types_of_version


def writable(version: str, resource: str, path: str, kind: str = "") -> bool:
    """Whether the types of a version have a writable property of a resource."""
    *above, last = path.split(".")
    # A text, a number or an object does not matter: only unknown and read-only properties are looked for.
    body: dict[str, object] = {last: {}}
    for name in reversed(above):
        body = {name: body}
    if resource == "workspaces/computes":
        body = {**body, "properties": {"computeType": kind, **dict(body.get("properties") or {})}}
    return not any(path.startswith(item.path) for item in types(version).not_writable(resource, body))


@pytest.mark.parametrize(
    ("kind", "row"), [(kind, row) for kind in ALL_KINDS for row in kind.fields], ids=lambda one: getattr(one, "option", getattr(one, "label", None))
)  # fmt: skip
def test_the_versions_of_an_option_are_those_of_the_types(kind: Kind, row: Field) -> None:
    if row.mutability == READ_ONLY or row.path in BY_ACTION:
        assert row.versions.has(STABLE)
        return
    resource, name = ("workspaces", "") if isinstance(kind, Workspace) else ("workspaces/computes", kind.compute_type)
    for version in VERSIONS:
        assert writable(version, resource, row.path, name) is row.versions.has(version), version


# Sent when a datastore is created (docs/facts.md g.5), and read-only in the types.
AT_CREATION = "is_default"


@pytest.mark.parametrize(
    ("kind", "row", "resource"),
    [(kind, row, resource) for kind, resource in OTHER_KINDS for row in kind.fields if row.mutability != READ_ONLY],
    ids=lambda one: getattr(one, "option", getattr(one, "label", "")),
)
def test_the_versions_of_an_option_of_other_kinds_are_those_of_the_types(kind: Kind, row: Field, resource: str) -> None:
    versions = (STABLE, PREVIEW) if kind.api_version == STABLE else (kind.api_version,)
    for version in versions:
        places = official_types.writable_paths(version, resource)
        # A place of the types may be a whole map, and that of a row a whole object.
        known = any(
            place == row.path or place.startswith((f"{row.path}.", f"{row.path}["))
            or (place.endswith("*") and row.path.startswith(place[:-1]))
            for place in places
        )  # fmt: skip
        assert (known or row.option == AT_CREATION) is row.versions.has(version), version


def test_the_types_of_other_providers_are_of_the_versions_that_are_sent() -> None:
    sent = {(resource, kind.api_version) for kind, resource in OTHER_KINDS if resource.startswith("Microsoft.")}
    assert {*official_types.OTHERS} == {*sent, ("Microsoft.Quota/quotas", quota_requests.API_VERSION)}


P = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices"


@pytest.mark.parametrize(
    ("path", "version", "body"),
    [
        (f"{P}/workspaces/w", STABLE, {"networkAcls": {}}),
        (f"{P}/workspaces/w/computes/c", STABLE, {"computeType": "AmlCompute", "properties": {"vmSizes": 1}}),
        (f"{P}/workspaces/w/connections/c", STABLE, {"authType": "PAT", "targets": "t"}),
        (f"{P}/workspaces/w/datastores/d", STABLE, {"datastoreType": "AzureBlob", "filesystem": "f"}),
        (f"{P}/workspaces/w/onlineEndpoints/e", STABLE, {"scoringUri": "https://x"}),
        (f"{P}/workspaces/w/onlineEndpoints/e/deployments/d", STABLE, {"endpointComputeType": "Managed", "cpu": 1}),
        (f"{P}/workspaces/w/batchEndpoints/e", STABLE, {"scoringUri": "https://x"}),
        (f"{P}/workspaces/w/batchEndpoints/e/deployments/d", STABLE, {"instanceType": "Standard_D4s_v3"}),
        (f"{P}/workspaces/w/outboundRules/r", STABLE, {"type": "FQDN", "destinations": "d"}),
        (f"{P}/workspaces/w/privateEndpointConnections/c", STABLE, {"state": "Approved"}),
        (f"{P}/registries/r", PREVIEW, {"regions": []}),
        (f"{P}/workspaces/w/providers/Microsoft.Insights/diagnosticSettings/d", "2021-05-01-preview", {"log": []}),
        (f"{P}/workspaces/w/providers/Microsoft.Authorization/roleAssignments/r", "2022-04-01", {"createdBy": "me"}),
        (f"{P}/workspaces/w/providers/Microsoft.KubernetesConfiguration/extensions/e", "2025-03-01", {"version2": 1}),
        ("/subscriptions/s/providers/Microsoft.ML/locations/l/providers/Microsoft.Quota/quotas/q", "2025-09-01", {"unit": "Count"}),
    ],
)  # fmt: skip
def test_a_property_that_a_version_cannot_write_is_noticed(path: str, version: str, body: dict[str, t.Any]) -> None:
    (name,) = not_in_version("PUT", path, {"properties": body}, version, None)
    assert name.startswith("properties.")
    assert not_in_version("POST", f"{path}/listKeys", {"properties": body}, version, None) == set()


def test_the_simulators_table_is_that_of_the_types() -> None:
    rows = [
        ("workspaces/computes", kind, f"properties.properties.{path}", since)
        for kind, paths in simulated.COMPUTE.items()
        for path, since in paths.items()
        if path != "osImageMetadata"
    ]
    rows += [("workspaces", "", f"properties.{path}", since) for path, since in simulated.WORKSPACE.items()]
    for resource, kind, path, since in rows:
        for version in VERSIONS:
            assert writable(version, resource, path, kind) is simulated.has(since, version), (path, version)


def test_the_types_are_not_blind() -> None:
    assert writable(STABLE, "workspaces", "properties.description")
    assert not writable(STABLE, "workspaces", "properties.networkAcls") and writable(
        PREVIEW, "workspaces", "properties.networkAcls"
    )
    assert not writable(PREVIEW, "workspaces", "properties.provisioningState")
    assert writable(OWN, "workspaces", "properties.managedNetwork.enableFirewallLog")
    assert not writable(STABLE, "workspaces", "properties.managedNetwork.enableFirewallLog")
    assert not writable(PREVIEW, "workspaces/computes", "properties.properties.dataMounts", "ComputeInstance")
