# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML that users have: the CLI v2 files of Azure/azureml-examples apply as they lie, and apply again with 0 changes.

They run against the simulator in process; workspaces are deployed by azure-ai-ml (test_workspace.py has that over the real server). Those of
connections, datastores and registries are in the functional tests of their modules. What is refused on purpose is in REFUSED, with the reason.
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
DEPLOYMENTS = sorted(SAMPLES.glob("online/*deployment*.yml"))
ENDPOINTS = sorted(SAMPLES.glob("online/*endpoint.yml"))
FEATURE_STORES = sorted(SAMPLES.glob("featurestore/*.yml"))
# Their tests are elsewhere, and take every file of the directory.
ELSEWHERE = ("connection", "datastore", "registry")

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
    return re.sub(r'"<([^>]+)>"|<([^>]+)>|{([a-z-]+)}', lambda found: values[next(filter(None, found.groups()))], text)


def test_every_sample_has_a_test() -> None:
    tested = {*COMPUTES, *WORKSPACES, *DEPLOYMENTS, *ENDPOINTS, *FEATURE_STORES}
    others = set(SAMPLES.rglob("*.*")) - tested
    assert len(tested) == 21 and {path.parent.name for path in others} == set(ELSEWHERE)


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
    beside: dict[str, t.Any] = BESIDE.get(path.name, {})
    assert azure.run(name, definition=text, check=True, **beside)["changed"] and azure.writes == []
    done = azure.run(name, definition=text, **beside)
    assert done["changed"] and done["compute"]["name"] == yaml.safe_load(text)["name"]
    # Four of the published files have lines that end so.
    again = azure.run(name, definition=text.replace("\n", "\r\n"), **beside)
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
        again = faulty.run("aml_workspace", definition=filled(path, values).replace("\n", "\r\n"))
        assert again["changed"] is False, (path.name, again["plan"])


def put_kubernetes(azure: Azure) -> None:  # noqa: F811
    """A Kubernetes cluster that is attached as inferencecompute."""
    agents = [{"name": "a", "count": 3, "vmSize": "Standard_D4s_v3", "mode": "System"}]
    cluster = azure.resource(
        "Microsoft.ContainerService/managedClusters", "aks", {"properties": {"agentPoolProfiles": agents}}, "2024-09-01"
    )
    azure.run("aml_attached_compute", name="inferencecompute", type="kubernetes", resource_id=cluster, namespace="ml")


@pytest.mark.parametrize("path", ENDPOINTS, ids=[path.name for path in ENDPOINTS])
def test_an_online_endpoint(azure: Azure, path: Path) -> None:  # noqa: F811
    put_kubernetes(azure)
    text = filled(path, {}).replace("user_identity_ARM_id_place_holder", azure.identity("id-one"))
    declared = yaml.safe_load(text)
    made = azure.run("aml_online_endpoint", definition=text)["endpoint"]
    assert (made["name"], made["auth_mode"], made["tags"]) == (declared["name"], "key", declared.get("tags", {}))
    if "compute" in declared:
        assert (made["type"], made["compute"].endswith("/computes/inferencecompute")) == ("kubernetes", True)
    else:
        assert made["identity"]["type"] == "user_assigned"
    again = azure.run("aml_online_endpoint", definition=text)
    assert not again["changed"] and [request.method for request in azure.sent] == ["GET"]


# azure-ai-ml uploads local files and registers what is written out before it creates a deployment. A deployment here names what is registered, because
# models, code and environments have versions of their own. For each sample: the fields that are refused for that.
REFUSED = {
    "blue-deployment-vnet.yml": ["model", "environment", "code_configuration.code"],
    "blue-deployment-with-registered-assets.yml": ["code_configuration.code"],
    "kubernetes-blue-deployment.yml": ["model", "environment", "code_configuration.code"],
}
# What takes the place of those fields.
REGISTERED = {
    "model": "azureml:my-model:1",
    "environment": "azureml:my-env:1",
    "code_configuration": {"code": "azureml:scoring:1", "scoring_script": "score.py"},
}


@pytest.mark.parametrize("path", DEPLOYMENTS, ids=[path.name for path in DEPLOYMENTS])
def test_an_online_deployment(azure: Azure, path: Path) -> None:  # noqa: F811
    text = filled(path, {})
    declared = yaml.safe_load(text)
    endpoint = {"name": declared["endpoint_name"]}
    if declared.get("type") == "kubernetes":
        put_kubernetes(azure)
        endpoint["compute"] = "inferencecompute"
    azure.run("aml_online_endpoint", **endpoint)
    failed = azure.run("aml_online_deployment", definition=text, ok=False)
    assert azure.sent == [] and "InvalidAsset" in str(failed["failure"])
    for field in REFUSED[path.name]:
        assert (
            f"definition.{field} must be azureml:NAME:VERSION or the id of something registered; it is" in failed["msg"]
        )
    assert failed["msg"].count("register it first") == len(REFUSED[path.name])
    # Of the fields that are refused, the task says what is registered.
    beside = {option: REGISTERED[option] for option in (field.partition(".")[0] for field in REFUSED[path.name])}
    made = azure.run("aml_online_deployment", definition=text, **beside)
    assert made["changed"] and made["deployment"]["model"].endswith("/models/my-model/versions/1")
    again = azure.run("aml_online_deployment", definition=text, **beside)
    assert not again["changed"] and {request.method for request in azure.sent} == {"GET"}, again["plan"]


def test_feature_stores(faulty: FaultyAzure) -> None:
    """One with its own offline store and identity, and what ``az ml feature-store provision-network`` takes for it."""
    values = {
        "sub-id": SUBSCRIPTION,
        "rg": GROUP,
        "storage-account": "stlake",
        "container-name": "features",
        "uai-name": "id-1",
        "SUBSCRIPTION_ID": SUBSCRIPTION,
        "RESOURCE_GROUP": GROUP,
        "STORAGE_ACCOUNT_NAME": "stexisting",
        "KEY_VAULT_NAME": "kvexisting",
    }
    whole, network = (filled(path, values) for path in reversed(FEATURE_STORES))
    made = faulty.run("aml_workspace", definition=whole)["workspace"]
    settings = made["feature_store_settings"]
    [identity] = made["identity"]["user_assigned_identities"]
    assert (made["kind"], settings["spark_runtime_version"]) == ("featurestore", "3.3")
    assert identity.endswith("/id-1") and settings["online_store_connection_name"] is None
    offline = faulty.get(f"{made['id']}/connections/{settings['offline_store_connection_name']}")["properties"]
    assert offline["target"].endswith("/storageAccounts/stlake/blobServices/default/containers/features")
    assert not faulty.run("aml_workspace", definition=whole)["changed"]
    assert faulty.run("aml_workspace", name="my-featurestore", definition=network)["changed"]
    for definition in (whole, network):
        again = faulty.run("aml_workspace", name="my-featurestore", definition=definition)
        assert not again["changed"] and faulty.writes == [], again["plan"]


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
