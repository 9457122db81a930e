# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, again, modify, again, delete, again: each in check mode and for real, for the modules whose own tests do not have these steps."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

import pytest
from ansible_collections.azureml.compute.tests.support import declarations
from ansible_collections.azureml.compute.tests.support.azure import GROUP, GROUP_ID, WORKSPACE, WORKSPACE_ID, Azure

Options = dict[str, t.Any]
NETWORKS = "2024-05-01"


@dataclass(frozen=True)
class Life:
    """What the steps of one module are.

    named     the options of every step, as ``prepare`` returns them in addition
    steps     the further options of each step, with the action of its plan; each is run twice, and the second time changes nothing
    result    the result's key of the resource
    """

    named: Options
    steps: tuple[tuple[Options, str], ...]
    result: str
    prepare: t.Callable[[Azure], Options] = lambda azure: {}


def _life(named: Options, new: Options, other: Options, result: str, **more: t.Any) -> Life:
    """The whole life of what is created, updated and deleted."""
    return Life(named, ((new, "create"), (other, "update"), ({"state": "absent"}, "delete")), result, **more)


def _on_cluster(azure: Azure) -> Options:
    return {"cluster_id": declarations.aks(azure, "aks")}


def _endpoint(azure: Azure) -> Options:
    azure.run("aml_online_endpoint", name="iris-prod")
    return {}


def _batch_endpoint(azure: Azure) -> Options:
    azure.run("aml_compute_cluster", name="cpu", size="Standard_DS3_v2", max_instances=1)
    azure.run("aml_batch_endpoint", name="iris-batch")
    return {}


def _link(azure: Azure) -> Options:
    """A private endpoint whose connection waits for its approval."""
    link = {"name": "pe", "properties": {"privateLinkServiceId": WORKSPACE_ID, "groupIds": ["amlworkspace"]}}
    properties = {"subnet": {"id": azure.subnet()}, "manualPrivateLinkServiceConnections": [link]}
    identifier = f"{GROUP_ID}/providers/Microsoft.Network/privateEndpoints/pe"
    azure.arm("PUT", identifier, {"location": "eastus", "properties": properties}, NETWORKS)
    return {"private_endpoint": identifier}


def _network(azure: Azure) -> Options:
    azure.arm("PATCH", WORKSPACE_ID, {"properties": {"managedNetwork": {"isolationMode": "AllowInternetOutbound"}}})
    condition = {"properties": {"managedNetwork": {"status": {"status": "Active"}}}}
    return {"unless": {"contains": condition}}


_PREFIXES = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
_SUBNETS = [{"name": "training", "properties": {"addressPrefix": "10.0.1.0/24"}}]
_PLACE = {"name": WORKSPACE, "resource_group": GROUP}
LIVES: dict[str, Life] = {
    "aml_kubernetes_extension": _life(
        {"name": "azureml"},
        {"enable_training": True},
        {"enable_training": True, "install_volcano": False},
        "extension",
        prepare=_on_cluster,
    ),
    "aml_online_endpoint": _life({"name": "iris-prod"}, {}, {"description": "Iris"}, "endpoint"),
    "aml_online_deployment": _life(
        {"endpoint_name": "iris-prod", "name": "blue"},
        {"model": "azureml:iris:3", "instance_type": "Standard_DS3_v2", "instance_count": 1},
        {"instance_count": 2},
        "deployment",
        prepare=_endpoint,
    ),
    "aml_batch_endpoint": _life({"name": "iris-batch"}, {}, {"description": "Iris"}, "endpoint"),
    "aml_batch_deployment": _life(
        {"endpoint_name": "iris-batch", "name": "blue"},
        {"model": "azureml:iris:3", "compute": "cpu"},
        {"description": "Iris"},
        "deployment",
        prepare=_batch_endpoint,
    ),
    "aml_registry": _life(
        {"name": "shared"}, {"location": "eastus"}, {"public_network_access": "disabled"}, "registry"
    ),
    "aml_private_endpoint_connection": Life(
        {},
        (({}, "update"), ({"state": "rejected", "description": "not ours"}, "update"), ({"state": "absent"}, "delete")),
        "private_endpoint_connection",
        prepare=_link,
    ),
    "aml_workspace": Life(
        {"name": WORKSPACE},
        (
            ({"display_name": "Shown"}, "update"),
            ({"managed_network": {"isolation_mode": "allow_internet_outbound"}}, "update"),
            ({"provision_network": True}, "update"),
            ({"state": "absent", "permanently_delete": True}, "delete"),
        ),
        "workspace",
    ),
    "aml_quota": Life(
        {"location": "eastus"},
        (
            ({"quotas": [{"family": "standardDSv2Family", "limit": 20}]}, "update"),
            ({"quotas": [{"family": "standardDSv2Family", "limit": None}]}, "update"),
            ({"subscription_quotas": [{"family": "standardDSv2Family", "limit": 300}]}, "update"),
        ),
        "quotas",
    ),
    "arm_resource": _life(
        {"type": "Microsoft.Network/virtualNetworks", "name": "net", "api_version": NETWORKS},
        {"body": {"location": "eastus", "properties": _PREFIXES}},
        {"body": {"properties": {"subnets": _SUBNETS}}},
        "resource",
    ),
    "arm_action": Life(
        {"id": WORKSPACE_ID, "api_version": "2025-12-01", "action": "provisionManagedNetwork"},
        (({"body": {"includeSpark": False}}, "update"),),
        "response",
        prepare=_network,
    ),
    "aml_fleet": Life(
        {"name": "prod", "prune": "delete"},
        tuple(
            ({"workspaces": [{**_PLACE, "computes": computes}]}, "")
            for computes in (
                [{"type": "amlcompute", "name": "cpu", "size": "Standard_DS2_v2", "max_instances": 1}],
                [{"type": "amlcompute", "name": "cpu", "max_instances": 2}],
                [],
            )
        ),
        "targets",
    ),
}


# What every write changes, or what only the run has.
OF_THE_SERVICE = ("etag", "status", "seconds", "attempts")


def disagreements(known: t.Any, real: t.Any, place: str) -> list[str]:
    """Where a result of check mode says something else than that of the run; what it could not know is null or empty in it."""
    if known in (None, {}, [], ""):
        return []
    if isinstance(known, dict) and isinstance(real, dict):
        kept = {key: value for key, value in known.items() if key not in OF_THE_SERVICE}
        return [text for key, value in kept.items() for text in disagreements(value, real.get(key), f"{place}.{key}")]
    if isinstance(known, list) and isinstance(real, list) and len(known) == len(real):
        return [text for both in zip(known, real, strict=True) for text in disagreements(*both, place)]
    return [] if known == real else [f"{place}: {known!r}, and after the run {real!r}"]


@pytest.mark.parametrize("module", LIVES)
def test_the_twelve_steps(azure: Azure, module: str) -> None:
    life = LIVES[module]
    named = {**life.named, **life.prepare(azure)}
    keys = ("plan", "diff", "changed")
    for more, action in life.steps:
        for expected in (action, "none"):
            options = {**named, **more}
            planned = azure.run(module, check=True, **options)
            assert azure.writes == [], (more, "check mode wrote")
            done = azure.run(module, **options)
            assert [planned.get(key) for key in keys] == [done.get(key) for key in keys], more
            assert disagreements(planned.get(life.result), done.get(life.result), life.result) == []
            assert done["changed"] is (expected != "none") is bool(azure.writes), more
            if action:
                assert done["plan"]["action"] == expected, more
            if expected == "none":
                assert {request.method for request in azure.sent} == {"GET"} and azure.tokens == 1
