# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which API versions have an option, as the rows of the kinds and the simulator say it, against Azure's types."""

from __future__ import annotations

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._engine.fields import READ_ONLY, Field
from ansible_collections.azureml.compute.plugins.module_utils._engine.kind import Kind
from ansible_collections.azureml.compute.plugins.module_utils._engine.versions import PREVIEW, STABLE
from ansible_collections.azureml.compute.plugins.module_utils._kinds.registry import INFO_KINDS
from ansible_collections.azureml.compute.plugins.module_utils._kinds.workspace import Workspace
from ansible_collections.azureml.compute.tests.support.official_types import Types, types_of
from azureml_simulator.providers.machine_learning import versions as simulated

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
