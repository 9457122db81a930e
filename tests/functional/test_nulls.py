# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Null means that a resource has no such value: where it has none, null is no change; what cannot be taken from it is refused with its value."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core import paths
from ansible_collections.azureml.compute.plugins.module_utils._engine import kind_version
from ansible_collections.azureml.compute.plugins.module_utils._engine.fields import READ_ONLY, WRITE_ONLY
from ansible_collections.azureml.compute.plugins.module_utils._engine.kind import Kind
from ansible_collections.azureml.compute.plugins.module_utils._kinds.registry import INFO_KINDS
from ansible_collections.azureml.compute.tests.support import declarations
from ansible_collections.azureml.compute.tests.support.azure import GROUP_ID, WORKSPACE, WORKSPACE_ID, Azure
from ansible_collections.azureml.compute.tests.support.rows import KINDS

Options = dict[str, t.Any]
MODEL = {"endpoint_name": "iris", "model": "azureml:iris:3"}
BLUE = {**MODEL, "name": "blue", "instance_type": "Standard_D4s_v3", "instance_count": 1}


def on_cluster(azure: Azure) -> Options:
    return {"resource_id": declarations.aks(azure, "aks")}


def endpoint(azure: Azure) -> Options:
    azure.run("aml_online_endpoint", name="iris")
    return {}


def batch_endpoint(azure: Azure) -> Options:
    azure.run("aml_compute_cluster", name="cpu", size="Standard_D4s_v3", max_instances=1)
    azure.run("aml_batch_endpoint", name="iris")
    return {"compute": "cpu"}


def nothing(azure: Azure) -> Options:
    return {}


# The least that makes one, and where it then is: the module's documentation says that all else is optional.
LEAST: list[tuple[str, Options, str, t.Callable[[Azure], Options]]] = [
    ("aml_workspace", {"name": WORKSPACE}, WORKSPACE_ID, nothing),
    ("aml_compute_cluster", {"name": "cpu", "size": "Standard_D4s_v3", "max_instances": 1}, "computes/cpu", nothing),
    ("aml_compute_instance", {"name": "one-more", "size": "Standard_D4s_v3"}, "computes/one-more", nothing),
    ("aml_inference_cluster", {"name": "attached"}, "computes/attached", on_cluster),
    ("aml_attached_compute", {"name": "k8s", "type": "kubernetes"}, "computes/k8s", on_cluster),
    ("aml_datastore", {"name": "one", "type": "azure_blob", "account_name": "stone", "container_name": "data"}, "datastores/one", nothing),
    ("aml_connection", {"name": "feed", "type": "python_feed", "target": "https://example.org"}, "connections/feed", nothing),
    ("aml_online_endpoint", {"name": "iris"}, "onlineEndpoints/iris", nothing),
    ("aml_online_deployment", BLUE, "onlineEndpoints/iris/deployments/blue", endpoint),
    ("aml_batch_endpoint", {"name": "iris"}, "batchEndpoints/iris", nothing),
    ("aml_batch_deployment", {**MODEL, "name": "blue"}, "batchEndpoints/iris/deployments/blue", batch_endpoint),
    ("aml_registry", {"name": "reg-one", "location": "eastus"}, f"{GROUP_ID}/providers/Microsoft.MachineLearningServices/registries/reg-one", nothing),
]  # fmt: skip


def nulls(kind: Kind, body: t.Any) -> Options:
    """All that the resource has none of, declared so: an option that groups others as null where it has none of them."""
    tree: Options = {}
    rows = [row for row in kind.fields if row.spec is not None and row.mutability not in (READ_ONLY, WRITE_ONLY)]
    empty = {row.option for row in rows if row.read(body) is None}
    for option in empty:
        group = option.partition(".")[0]
        whole = all(row.option in empty for row in rows if row.option.partition(".")[0] == group)
        paths.set_path(tree, group if whole else option, None)
    return tree


@pytest.mark.parametrize(("module", "named", "place", "prepare"), LEAST, ids=[row[0] for row in LEAST])
def test_null_agrees_with_what_a_resource_has_none_of(
    azure: Azure, module: str, named: Options, place: str, prepare: t.Callable[[Azure], Options]
) -> None:
    least = {**named, **prepare(azure)}
    azure.run(module, **least)
    kind = INFO_KINDS.get(named.get("type", "")) or KINDS[module][0]
    none = nulls(
        kind,
        azure.get(place if place.startswith("/") else f"{WORKSPACE_ID}/{place}", kind_version.of_all_options(kind)),
    )
    assert none
    done = azure.run(module, **{**none, **least})
    assert not done["changed"] and done["plan"]["action"] == "none"
    if module != "aml_workspace":
        # Nor is there anything to remove from what does not exist yet.
        azure.run(module, **named, state="absent")
        assert azure.run(module, check=True, **{**none, **least})["plan"]["action"] == "create"


REGISTRY = f"{GROUP_ID}/providers/Microsoft.ContainerRegistry/registries/crone"


def registry(azure: Azure) -> None:
    azure.resource("Microsoft.ContainerRegistry/registries", "crone", {"sku": {"name": "Premium"}}, "2023-07-01")
    azure.run("aml_workspace", name=WORKSPACE, container_registry=REGISTRY)


def kept_days(azure: Azure) -> None:
    azure.run("aml_workspace", name=WORKSPACE, soft_delete_retention_in_days=30)


def no_public_ip(azure: Azure) -> None:
    azure.run("aml_workspace", name=WORKSPACE, serverless_compute={"no_public_ip": True})


@pytest.mark.parametrize(
    ("exists", "options", "named"),
    [
        (registry, {"container_registry": None}, "container_registry is /subscriptions/"),
        (kept_days, {"soft_delete_retention_in_days": None}, "soft_delete_retention_in_days is 30 "),
        (no_public_ip, {"serverless_compute": None}, "serverless_compute.no_public_ip is True "),
    ],
)
def test_what_cannot_be_taken_away_is_refused_with_its_value(
    azure: Azure, exists: t.Callable[[Azure], None], options: Options, named: str
) -> None:
    exists(azure)
    for check in (True, False):
        failed = azure.run("aml_workspace", name=WORKSPACE, check=check, ok=False, **options)
        assert failed["failure"]["code"] == "CannotBeRemoved" and azure.writes == []
        assert failed["msg"].startswith(named) and "this workspace" in failed["msg"]


def test_what_cannot_change_after_creation_is_refused_as_any_other_value(azure: Azure) -> None:
    azure.run("aml_datastore", name="one", type="azure_blob", account_name="stone", container_name="data")
    failed = azure.run("aml_datastore", name="one", container_name=None, check=True, ok=False)
    assert failed["failure"]["code"] == "ImmutableChange" and "requested not set" in failed["msg"]
