# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""azure-ai-ml's own calls on instances and attached computes, answered in process (docs/facts.md a.1, a.7, f)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import DEFAULT_SUBSCRIPTION, GROUP, PUBLIC_KEY, World

pytest.importorskip("azure.ai.ml")

from ansible_collections.azureml.compute.tests.support.sdk import Credential, Transport, client
from azure.ai.ml import entities as ml
from azure.core.exceptions import HttpResponseError

MACHINE = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm1"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks1"
SYNAPSE = f"{GROUP}/providers/Microsoft.Synapse/workspaces/syn1"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def computes(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AZUREML_CURRENT_CLOUD", "AzureCloud")
    return client(DEFAULT_SUBSCRIPTION, "ws1", Credential(world), transport=Transport(world)).compute


def test_an_instance_from_the_sdk(world: World, computes: Any) -> None:
    trigger = ml.CronTrigger(expression="0 18 * * *", time_zone="Pacific Standard Time")
    schedules = ml.ComputeSchedules(compute_start_stop=[ml.ComputeStartStopSchedule(trigger=trigger, action="stop")])
    instance = ml.ComputeInstance(
        name="ci-sdk",
        size="Standard_DS3_v2",
        idle_time_before_shutdown_minutes=30,
        schedules=schedules,
        ssh_public_access_enabled=True,
        ssh_settings=ml.ComputeInstanceSshSettings(ssh_key_value=PUBLIC_KEY),
    )
    made = computes.begin_create_or_update(instance).result()
    assert (made.provisioning_state, made.state, made.size) == ("Succeeded", "Running", "STANDARD_DS3_V2")
    assert made.idle_time_before_shutdown_minutes == 30
    assert made.schedules.compute_start_stop[0].trigger.expression == "0 18 * * *"
    for action, state in (("stop", "Stopped"), ("start", "Running"), ("restart", "Running")):
        getattr(computes, f"begin_{action}")("ci-sdk").result()
        assert computes.get("ci-sdk").state == state
    computes.enable_sso(name="ci-sdk", enable_sso=False)
    assert world.inner("ci-sdk")["enableSSO"] is False
    with pytest.raises(HttpResponseError) as refused:
        computes.begin_start("ci-sdk").result()
    assert refused.value.error.code == "StartComputeInstanceOnlyAllowedInStoppedState"
    computes.begin_delete("ci-sdk").result()
    assert list(computes.list()) == []


def test_attached_computes_from_the_sdk(world: World, computes: Any) -> None:
    pools = [{"name": "np", "count": 3, "vmSize": "Standard_DS3_v2"}]
    world.resource(MACHINE)
    world.resource(CLUSTER, {"agentPoolProfiles": pools})
    world.resource(SYNAPSE)
    world.resource(f"{SYNAPSE}/bigDataPools/pool1", {"nodeCount": 3, "autoScale": {"enabled": False}})
    settings = ml.VirtualMachineSshSettings(admin_username="me", admin_password="planted-password")
    computes.begin_create_or_update(
        ml.VirtualMachineCompute(name="vm-sdk", resource_id=MACHINE, ssh_settings=settings)
    ).result()
    computes.begin_create_or_update(ml.KubernetesCompute(name="k8s-sdk", resource_id=CLUSTER, namespace="ns")).result()
    spark = ml.SynapseSparkCompute(name="spark-sdk", resource_id=f"{SYNAPSE}/bigDataPools/pool1")
    computes.begin_create_or_update(spark).result()
    # The SDK cannot make these, but has to survive them in a list (f.14).
    for name, kind in (("aks-raw", "AKS"), ("factory", "DataFactory")):
        body = {"computeType": kind, **({"resourceId": CLUSTER} if kind == "AKS" else {})}
        assert world.put(name, body).status == 201
    world.wait(600)
    listed = {compute.name: compute for compute in computes.list()}
    assert set(listed) == {"vm-sdk", "k8s-sdk", "spark-sdk", "aks-raw", "factory"}
    assert listed["k8s-sdk"].namespace == "ns" and listed["vm-sdk"].ssh_settings.admin_username == "me"
    assert "planted" not in json.dumps({name: compute._to_dict() for name, compute in listed.items()}, default=str)
    for name in listed:
        computes.begin_delete(name, action="Detach").result()
    assert list(computes.list()) == [] and world.app.store.get(MACHINE) is not None
