# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML that users have: the CLI v2 files of Azure/azureml-examples apply as they lie, and apply again with 0 changes.

They run against the simulator in process; workspaces are deployed by azure-ai-ml (test_workspace.py has that over the real server).
"""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.azureml.compute.tests.faults._network import FaultyAzure
from ansible_collections.azureml.compute.tests.support.azure import GROUP, SUBSCRIPTION, Azure, azure  # noqa: F401  # pylint: disable=unused-import

from .conftest import ROOT

TENANT = "aaaaaaaa-0000-4000-8000-00000000000a"
SAMPLES = ROOT / "tests" / "support" / "official" / "samples"
COMPUTES = sorted(SAMPLES.glob("compute/*.yml"))
WORKSPACES = sorted(SAMPLES.glob("workspace/*.yml"))

MODULES = {
    "amlcompute": "aml_compute_cluster",
    "computeinstance": "aml_compute_instance",
    "virtualmachine": "aml_attached_compute",
    "synapsespark": "aml_attached_compute",
}

# What the CLI would ask for on its command line, or in the file: no machine is reached without a way to log in.
BESIDE = {"vm-attach.yml": {"ssh_settings": {"admin_username": "azureuser", "admin_password": "example-password"}}}


def filled(path: Path, values: dict[str, str]) -> str:
    """The file's text with its placeholders replaced; each must have a value. Some are written with quotes around them."""
    text = path.read_text().replace('identity_resource_id"', f'{values.get("IDENTITY", "")}"')
    return re.sub(r'"<([^>]+)>"|<([^>]+)>', lambda found: values[found.group(1) or found.group(2)], text)


@pytest.mark.parametrize("path", COMPUTES, ids=[path.name for path in COMPUTES])
def test_a_compute_target(azure: Azure, path: Path) -> None:  # noqa: F811
    values = {
        "SUBSCRIPTION_ID": SUBSCRIPTION,
        "RESOURCE_GROUP": GROUP,
        "IDENTITY": azure.identity("id-one"),
        "VM_NAME": "vm-one",
        "ATTACHED_SPARK_POOL_NAME": "spark-example",
        "SYNAPSE_WORKSPACE_NAME": "synapse-one",
        "SPARK_POOL_NAME": "pool",
    }
    azure.resource("Microsoft.Compute/virtualMachines", "vm-one", {"properties": {}}, "2024-07-01")
    azure.resource("Microsoft.Synapse/workspaces", "synapse-one", {"properties": {}}, "2021-06-01")
    azure.resource("Microsoft.Synapse/workspaces/synapse-one/bigDataPools", "pool", {"properties": {}}, "2021-06-01")
    text = filled(path, values)
    name = MODULES[yaml.safe_load(text)["type"]]
    if not (ROOT / "plugins" / "modules" / f"{name}.py").exists():
        pytest.skip(f"there is no module {name} yet")
    beside: dict[str, t.Any] = BESIDE.get(path.name, {})
    assert azure.run(name, definition=text, check=True, **beside)["changed"] and azure.writes == []
    done = azure.run(name, definition=text, **beside)
    assert done["changed"] and done["compute"]["name"] == yaml.safe_load(text)["name"]
    again = azure.run(name, definition=text, **beside)
    assert again["changed"] is False and azure.writes == [], again["plan"]


def test_workspaces(faulty: FaultyAzure) -> None:
    values = {
        f"YOUR_{name}": value
        for name, value in {
            "SUBSCRIPTION_ID": SUBSCRIPTION,
            "RESOURCE_GROUP": GROUP,
            "STORAGE_ACCOUNT": "stexisting",
            "CONTAINER_REGISTRY": "crexisting",
            "KEY_VAULT": "kvexisting",
            "APP_INSIGHTS": "aiexisting",
        }.items()
    }
    values |= {"KEY_VAULT": "kvexisting", "KEY_NAME": "key-one", "KEY_VERSION": "0123456789abcdef0123456789abcdef"}
    values |= {"SUBSCRIPTION_ID": SUBSCRIPTION, "RESOURCE_GROUP": GROUP, "TENANT_ID": TENANT}
    for number in ("1", "2"):
        values |= {
            f"UAI NAME {number}": f"id-{number}",
            f"PRINCIPAL_ID{number}": f"p{number}",
            f"CLIENT_ID{number}": f"c{number}",
        }
    for path in WORKSPACES:
        text = filled(path, values)
        done = faulty.run("aml_workspace", definition=text)
        assert done["changed"] is True, path.name
        assert done["workspace"]["name"] == yaml.safe_load(text)["name"]
    # When all are there.
    for path in WORKSPACES:
        again = faulty.run("aml_workspace", definition=filled(path, values))
        assert again["changed"] is False, (path.name, again["plan"])


@pytest.fixture
def faulty() -> t.Iterator[FaultyAzure]:
    """What with-existing-resources.yml and uai.yml say that the user has."""
    made = FaultyAzure()
    made.make_workspace()
    vault = {
        "tenantId": TENANT,
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [],
        "enableSoftDelete": True,
        "enablePurgeProtection": True,
    }
    storage = {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}
    insights = {"kind": "web", "properties": {"Application_Type": "web"}}
    rows: list[tuple[str, str, str, dict[str, t.Any]]] = [
        ("Microsoft.Storage/storageAccounts", "stexisting", "2023-01-01", storage),
        ("Microsoft.ContainerRegistry/registries", "crexisting", "2023-07-01", {"sku": {"name": "Standard"}}),
        ("Microsoft.KeyVault/vaults", "kvexisting", "2023-07-01", {"properties": vault}),
        ("Microsoft.Insights/components", "aiexisting", "2020-02-02", insights),
        ("Microsoft.ManagedIdentity/userAssignedIdentities", "id-1", "2023-01-31", {}),
        ("Microsoft.ManagedIdentity/userAssignedIdentities", "id-2", "2023-01-31", {}),
    ]
    for type_, name, version, body in rows:
        made.resource(type_, name, body, version)
    yield made
    made.app.close()
