# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules and comparisons of single kinds, as pure functions. The lives of all kinds are in tests/functional.

Sources: docs/coverage.md 1.10, K6, CC9; docs/facts.md c.2, f.10; ARM types of 2025-12-01 (ManagedNetworkSettings).
"""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core.arm_id import compute_target
from ansible_collections.azureml.compute.plugins.module_utils._core.findings import Finding
from ansible_collections.azureml.compute.plugins.module_utils._engine import kind_version, versions
from ansible_collections.azureml.compute.plugins.module_utils._engine import plan as _plan
from ansible_collections.azureml.compute.plugins.module_utils._engine.fields import Field
from ansible_collections.azureml.compute.plugins.module_utils._engine.versions import ALL, PREVIEW, STABLE, Versions
from ansible_collections.azureml.compute.plugins.module_utils._kinds import (
    attached,
    compute,
    kubernetes,
    outbound_rules,
)
from ansible_collections.azureml.compute.plugins.module_utils._kinds.cluster import CLUSTER
from ansible_collections.azureml.compute.plugins.module_utils._kinds.compute import identity_ids

Values = dict[str, t.Any]
GROUP = "/subscriptions/s/resourceGroups/rg"
PARENT: Values = {"location": "eastus", "properties": {}}


def found(findings: t.Iterable[Finding]) -> list[tuple[str, str]]:
    return [(finding.code, finding.option) for finding in findings]


def test_a_port_that_nobody_can_log_in_to_is_not_opened() -> None:
    declared = {"size": "s", "max_instances": 1, "ssh_public_access_enabled": True}
    assert found(CLUSTER.check_create(declared, None)) == [("SshUserMissing", "ssh_settings")]
    assert found(CLUSTER.check_create({**declared, "ssh_settings.admin_username": "me"}, None)) == []


def test_an_account_on_a_machine_needs_a_secret_also_when_it_changes() -> None:
    machine = attached.VirtualMachine()
    there = {"ssh_settings": {"admin_username": "me"}}
    assert found(machine.check_update({"ssh_settings.admin_username": "me"}, there)) == []
    assert found(machine.check_update({"tags": {}}, there)) == []
    assert found(machine.check_update({"ssh_settings.admin_username": "you"}, there)) == [
        ("SshKeyMissing", "ssh_settings.ssh_private_key")
    ]
    assert (
        found(machine.check_update({"ssh_settings.admin_username": "you", "ssh_settings.admin_password": "p"}, there))
        == []
    )


def test_a_machine_without_an_account_is_attached_with_a_warning() -> None:
    machine = attached.VirtualMachine()
    declared = {"address": "10.0.0.4"}
    plan = _plan.plan_present(machine.fields, declared, None)
    assert [item.partition(":")[0] for item in machine.advice(plan, declared, PARENT)] == ["NoLogin"]
    assert machine.advice(plan, {**declared, "ssh_settings.admin_username": "me"}, PARENT) == []


@pytest.mark.parametrize(
    "kind", [attached.VirtualMachine(), attached.Databricks()], ids=["virtualmachine", "databricks"]
)
def test_a_document_without_properties_can_be_written(kind: t.Any) -> None:
    """What failed early has none (docs/facts.md a.5)."""
    body = {"properties": {"computeType": kind.compute_type, "provisioningState": "Failed"}}
    assert kind.writable(body)["properties"] == {"computeType": kind.compute_type}


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        ("small", "must be a mapping with node_selector and resources"),
        ({"cpu": 1}, "unknown keys: cpu"),
        ({"resources": {"limit": {}}}, "unknown keys: limit"),
    ],
)
def test_wrong_instance_types(entry: t.Any, rule: str) -> None:
    row = next(row for row in kubernetes.Kubernetes.fields if row.option == "instance_types")
    assert row.rule is not None
    [finding] = row.rule({"gpu": entry}, row.option)
    assert (finding.code, finding.option) == ("InvalidInstanceType", "instance_types.gpu")
    assert rule in finding.message


def test_ids_of_identities_in_every_form_of_the_cli() -> None:
    assert identity_ids(None) == []
    assert identity_ids([f"{GROUP}/a", {"resource_id": f"{GROUP}/b"}]) == [f"{GROUP}/a", f"{GROUP}/b"]


# --- outbound rules of a managed network ---

RULE: t.Any = outbound_rules.RuleField("rule", "rule")
ENDPOINT = {
    "type": "private_endpoint",
    "destination": {"service_resource_id": f"{GROUP}/x", "subresource_target": "blob", "spark_enabled": False},
}


def with_prefixes(*prefixes: str) -> dict[str, t.Any]:
    return {"type": "service_tag", "destination": {"address_prefixes": list(prefixes)}}


@pytest.mark.parametrize(
    ("there", "declared"),
    [
        (None, None),
        (None, {}),
        ({"type": "fqdn", "destination": "pypi.org"}, {"type": "fqdn", "destination": "PyPI.org"}),
        # The service adds keys of its own.
        (
            ENDPOINT,
            {
                "type": "private_endpoint",
                "destination": {"service_resource_id": f"{GROUP}/X", "subresource_target": "blob"},
            },
        ),
        (
            with_prefixes("10.0.0.0/8", "2001:db8::/32", "10.1.0.1"),
            with_prefixes("10.1.0.1/32", "10.0.0.1/8", "2001:DB8:0::/32"),
        ),
    ],
)
def test_the_same_rule(there: t.Any, declared: t.Any) -> None:
    assert RULE.same(there, declared)


@pytest.mark.parametrize(
    ("there", "declared"),
    [
        (ENDPOINT, None),
        (None, ENDPOINT),
        (with_prefixes("10.0.0.0/8"), with_prefixes("10.0.0.0/9")),
        (ENDPOINT, {"type": "fqdn", "destination": "pypi.org"}),
        ({"type": "fqdn", "destination": "pypi.org"}, {"type": "fqdn", "destination": "other.org"}),
        ({"type": "private_endpoint", "destination": f"{GROUP}/x"}, ENDPOINT),
        (
            ENDPOINT,
            {
                "type": "private_endpoint",
                "destination": {"service_resource_id": f"{GROUP}/x", "subresource_target": "file"},
            },
        ),
    ],
)
def test_another_rule(there: t.Any, declared: t.Any) -> None:
    assert not RULE.same(there, declared)


class _OfTwoVersions(compute.ComputeKind):
    fields = (
        Field("plain", "properties.plain"),
        Field("stable", "properties.stable", versions=Versions("2025-12-01", "2024-10-01-preview")),
        Field("group.preview", "properties.preview", versions=Versions(preview="2023-08-01-preview")),
    )


@pytest.mark.parametrize(
    ("tree", "version"),
    [
        ({"plain": 1}, STABLE),
        ({"stable": None}, STABLE),
        ({"stable": 1, "group": {"preview": 2}}, PREVIEW),
        ({"group": {"other": 2}}, STABLE),
    ],
)
def test_requests_use_a_version_that_has_all_that_is_declared(tree: dict[str, t.Any], version: str) -> None:
    kind = _OfTwoVersions()
    assert kind_version.for_options(kind, tree).api_version == version and kind.api_version == STABLE
    assert kind_version.of_all_options(kind) == PREVIEW
    asked = kind_version.asked_for(kind, "2024-04-01")
    assert kind_version.for_options(asked, tree).api_version == kind_version.of_all_options(asked) == "2024-04-01"
    assert asked.parent_api_version == "2024-04-01"


@pytest.mark.parametrize(
    ("version", "lacking"),
    [
        ("2024-04-01", ["stable", "group.preview"]),
        ("2025-12-01", ["group.preview"]),
        ("2027-01-01", ["group.preview"]),
        ("2023-08-01-preview", ["stable"]),
        ("2027-01-01-Preview", []),
    ],
)
def test_options_that_the_version_of_the_task_lacks(version: str, lacking: list[str]) -> None:
    tree = {"plain": 1, "stable": 2, "group": {"preview": 3}}
    target = compute_target("s", "rg", "ws", "name")
    found = list(kind_version.asked_for(_OfTwoVersions(), version).check(target, {}, tree))
    assert [item.option for item in found if item.code == "ApiVersionLacksOption"] == lacking
    assert not lacking or f"API version {version}" in found[0].message


def test_versions() -> None:
    withdrawn = Versions(preview="2024-04-01-preview", preview_until="2024-04-01-preview")
    assert withdrawn.best == "2024-04-01-preview" and withdrawn.is_preview and not withdrawn.has(PREVIEW)
    assert withdrawn.is_withdrawn and str(withdrawn) == "2024-04-01-preview"
    once = Versions("2025-09-01", stable_until="2025-09-01")
    assert once.best == str(once) == "2025-09-01" and once.is_withdrawn and not once.is_preview and not once.has(STABLE)
    assert str(Versions("2025-12-01", "2023-08-01-preview")) == "2025-12-01 or 2023-08-01-preview or newer"
    assert ALL.best == STABLE and ALL.has("2015-01-01-preview") and ALL.has("2018-11-19")
    assert versions.of_list([STABLE, PREVIEW, STABLE]) == PREVIEW and versions.of_list([]) == STABLE
