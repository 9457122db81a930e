# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute instances of the simulator: bodies, states and rules (docs/facts.md a.1 to a.6, b.2, c.1 to c.3)."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import PUBLIC_KEY, WORKSPACE, World, message, refusal
from azureml_simulator.http import Response


@pytest.fixture
def world() -> World:
    return World()


def put(world: World, name: str = "ci-one", version: str = "2023-08-01-preview", **inner: Any) -> Response:
    top = inner.pop("top", {})
    properties = {"computeType": "ComputeInstance", "properties": {"vmSize": "Standard_DS3_v2", **inner}}
    return world.put(name, properties, version, **top)


def running(world: World, name: str = "ci-one", **inner: Any) -> None:
    assert put(world, name, **inner).status == 201
    world.wait(160)
    assert world.inner(name)["state"] == "Running"


# -- bodies ----------------------------------------------------------------------------------------------------------


def test_the_201_has_the_recorded_body(world: World) -> None:
    """a.6 [REC R3]: upper-case size, nulls, createdBy, defaults of the switches."""
    answer = put(world, top={"identity": {"type": "SystemAssigned"}})
    inner = answer.body["properties"]["properties"]
    assert answer.status == 201 and answer.body["properties"]["provisioningState"] == "Creating"
    assert inner["vmSize"] == "STANDARD_DS3_V2"
    nulls = "imageVersion imageSku subnet sshSettings autologgerSettings errors connectivityEndpoints applications"
    nulls += " state lastOperation applicationSharingPolicy dataMounts dataDisks containers updateStatus versions"
    nulls += " customServices osImageMetadata"
    assert {name: inner[name] for name in nulls.split()} == dict.fromkeys(nulls.split())
    assert set(inner["createdBy"]) == {"userOrgId", "userId"}
    switches = ("enableRootAccess", "enableNodePublicIp", "enableSSO", "releaseQuotaOnStop", "enableOSPatching")
    assert [inner[name] for name in switches] == [True, True, True, False, False]
    assert inner["computeInstanceAuthorizationType"] == "personal" and inner["enableBatchPrivateLink"] is False
    assert answer.body["identity"]["principalId"] and answer.body["identity"]["tenantId"]
    assert answer.body["tags"] is None and "computeLocation" not in answer.body["properties"]


def test_a_get_shows_what_the_service_adds(world: World) -> None:
    """a.6 [REC R3]: SSH settings, addresses, applications, last operation, empty schedules."""
    running(world)
    document = world.get("ci-one")
    inner = document["properties"]["properties"]
    wanted = {"sshPublicAccess": "Disabled", "adminUserName": "azureuser", "sshPort": 50000, "adminPublicKey": None}
    assert inner["sshSettings"] == wanted
    assert set(inner["connectivityEndpoints"]) == {"publicIpAddress", "privateIpAddress"}
    assert [entry["endpointUri"] for entry in inner["applications"]] == [
        "https://ci-one.eastus.instances.azureml.ms/tree/",
        "https://ci-one.eastus.instances.azureml.ms/lab",
    ]
    last = inner["lastOperation"]
    assert (last["operationName"], last["operationStatus"], last["operationTrigger"]) == ("Create", "Succeeded", "User")
    assert inner["applicationSharingPolicy"] == "Shared" and inner["schedules"] == {"computeStartStop": []}
    assert inner["errors"] == [] and inner["customServices"] == [] and inner["versions"]["runtime"]
    assert document["properties"]["provisioningState"] == "Succeeded" and document["tags"] == {}


def test_what_is_logged_by_itself_is_kept(world: World) -> None:
    """autologgerSettings of preview types and the official example; null where it was not sent [REC R3]."""
    running(world, autologgerSettings={"mlflowAutologger": "Enabled"})
    assert world.inner("ci-one")["autologgerSettings"] == {"mlflowAutologger": "Enabled"}


def test_creation_takes_160_simulated_seconds(world: World) -> None:
    """a.4: 05:56:08 to 05:58:48 [REC R3]."""
    answer = put(world)
    world.wait(159)
    assert world.status(answer) == {"status": "InProgress"} and world.inner("ci-one")["state"] == "Creating"
    world.wait(1)
    assert world.status(answer) == {"status": "Succeeded", "percentComplete": 100.0}


def test_setup_scripts_run_while_setting_up_and_may_fail(world: World) -> None:
    """a.5 SettingUp, SetupFailed; b.2 StorageMountError [ISS]."""
    script = {"scriptSource": "inline", "scriptData": "ZWNobyAx"}
    scripts = {"scripts": {"creationScript": script}}
    put(world, setupScripts=scripts)
    world.wait(161)
    assert world.inner("ci-one")["state"] == "SettingUp"
    world.wait(30)
    assert world.inner("ci-one")["state"] == "Running"
    error = {"code": "StorageMountError", "message": "Failed to mount storage."}
    world.app.faults.put([{"kind": "failed_operation", "match": {"path": "computes/ci-two"}, **error}])
    answer = put(world, "ci-two", setupScripts=scripts)
    world.wait(200)
    document = world.get("ci-two")["properties"]
    assert world.status(answer)["error"]["code"] == "StorageMountError"
    assert document["provisioningState"] == "Failed" and document["properties"]["state"] == "SetupFailed"
    assert document["provisioningErrors"][0]["error"]["code"] == "StorageMountError"


def test_ssh_settings_and_a_port_of_its_own(world: World) -> None:
    """c.2 sshSettings; CI4: the key is given at creation."""
    refused = put(world, sshSettings={"sshPublicAccess": "Enabled"})
    assert refused.status == 400 and "adminPublicKey" in message(refused)
    running(world, sshSettings={"sshPublicAccess": "Enabled", "adminPublicKey": PUBLIC_KEY})
    running(world, "ci-two")
    first, second = (world.inner(name)["sshSettings"] for name in ("ci-one", "ci-two"))
    assert (first["sshPublicAccess"], first["adminPublicKey"], first["sshPort"]) == ("Enabled", PUBLIC_KEY, 50000)
    assert (second["sshPublicAccess"], second["sshPort"]) == ("Disabled", 50001)


# -- rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ab", "1abc", "a_b_c", "run-1", "a" * 25])
def test_names_that_the_rule_refuses(world: World, name: str) -> None:
    """c.1, with the text of b.2 [ISS pipelines-azureml#19]."""
    answer = put(world, name)
    assert refusal(answer) == (400, "InvalidResourceName")
    assert message(answer).startswith("A name for an Azure ML Compute Instance must be between 3 and 24 characters")


def test_names_are_unique_in_the_region(world: World) -> None:
    """b.2 AlreadyExists [ISS]; a.1 checkComputeNameAvailability [v1 SDK]."""
    other = WORKSPACE + "2"
    properties = world.call("GET", WORKSPACE).body["properties"]
    dependents = {key: properties[key] for key in ("storageAccount", "keyVault", "applicationInsights")}
    body = {"location": "eastus", "identity": {"type": "SystemAssigned"}, "properties": dependents}
    assert world.call("PUT", other, body).status == 202
    world.wait()
    running(world)
    check = {"Name": "CI-ONE", "Type": "Microsoft.BatchAI/DataScienceInstance"}
    taken = world.call("POST", f"{other}/checkComputeNameAvailability", check).body
    assert (taken["nameAvailable"], taken["reason"]) == (False, "AlreadyExists")
    assert taken["message"] == "The specified name CI-ONE is already in use and is therefore unavailable"
    free = world.call("POST", f"{other}/checkComputeNameAvailability", {**check, "Name": "free"}).body
    assert free["nameAvailable"] is True
    instance = {"location": "eastus", "properties": {"computeType": "ComputeInstance", "properties": {}}}
    assert refusal(world.call("PUT", f"{other}/computes/ci-one", instance)) == (400, "AlreadyExists")


def test_another_region_is_refused(world: World) -> None:
    """I3 [D]: an instance has no location of its own."""
    answer = world.put("ci-one", {"computeType": "ComputeInstance", "properties": {}}, location="westus")
    assert answer.status == 400 and "location" in message(answer)


def test_no_public_address_needs_a_private_way(world: World) -> None:
    """b.2 [ISS data-product-analytics#70]."""
    answer = put(world, enableNodePublicIp=False)
    assert message(answer) == "Provided EnableNodePublicIp 'False' requires workspace private endpoint."


@pytest.mark.parametrize("duration", ["PT14M", "P4D"])
def test_idle_time_is_15_minutes_to_3_days(world: World, duration: str) -> None:
    """c.2, CI10."""
    assert put(world, idleTimeBeforeShutdown=duration).status == 400
    running(world, idleTimeBeforeShutdown="P3D")
    answer = world.post(
        "ci-one", "updateIdleShutdownSetting", {"idleTimeBeforeShutdown": duration}, "2023-08-01-preview"
    )
    assert answer.status == 400


def test_quota_is_shared_with_clusters_and_a_stopped_instance_keeps_it(world: World) -> None:
    """b.2 quota, CI [ISS feast-azure#69]; CI1 [D]; the release: types releaseQuotaOnStop."""
    world.app.configure({"quotas": {"*": {"standardDSv2Family": 6}}})
    running(world)
    answer = put(world, "ci-two")
    world.wait(160)
    failed = world.status(answer)
    assert failed["status"] == "Failed"
    assert "is less than the requested compute instance's which maps to 4 vCPUs" in failed["error"]["message"]
    assert world.get("ci-two")["properties"]["provisioningState"] == "Failed"
    world.post("ci-one", "stop")
    world.wait(60)
    answer = put(world, "ci-three")
    world.wait(160)
    assert world.status(answer)["status"] == "Failed"
    world.delete("ci-one", "Delete")
    world.wait()
    running(world, "ci-four", releaseQuotaOnStop=True)
    world.post("ci-four", "stop")
    world.wait(60)
    running(world, "ci-five")


def test_list_nodes_is_refused(world: World) -> None:
    """b.2 [ISS azure-docs#85756]."""
    running(world)
    answer = world.post("ci-one", "listNodes")
    assert refusal(answer) == (400, "UserError")
    assert message(answer) == "ComputeListNodes with computeType ComputeInstance is not supported."


def test_assigned_user(world: World) -> None:
    """CI7, CI8: personalComputeInstanceSettings.assignedUser."""
    settings = {"assignedUser": {"objectId": "o", "tenantId": "t"}}
    running(world, personalComputeInstanceSettings=settings)
    assert world.inner("ci-one")["personalComputeInstanceSettings"] == settings
    assert put(world, "ci-two", personalComputeInstanceSettings={"assignedUser": {"objectId": "o"}}).status == 400


# -- states ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "during", "seconds", "after"),
    [("stop", "Stopping", 45, "Stopped"), ("restart", "Restarting", 60, "Running")],
)
def test_actions_move_the_state(world: World, action: str, during: str, seconds: int, after: str) -> None:
    """a.1 [REC R2, R4]: 202, empty, only Azure-AsyncOperation; a.5: provisioningState stays."""
    running(world)
    answer = world.post("ci-one", action)
    assert answer.status == 202 and answer.body is None
    assert "Azure-AsyncOperation" in answer.headers and "Location" not in answer.headers
    document = world.get("ci-one")["properties"]
    assert (document["provisioningState"], document["properties"]["state"]) == ("Succeeded", during)
    assert document["properties"]["lastOperation"]["operationStatus"] == "InProgress"
    world.wait(seconds)
    inner = world.inner("ci-one")
    assert (inner["state"], inner["lastOperation"]["operationName"]) == (after, action.capitalize())
    assert world.status(answer)["status"] == "Succeeded"


def test_start_takes_95_seconds_and_needs_a_stopped_instance(world: World) -> None:
    """a.4 [REC R4]; b.2 StartComputeInstanceOnlyAllowedInStoppedState [ISS vscode#2096]: the operation fails."""
    running(world)
    refused = world.post("ci-one", "start")
    assert refused.status == 202
    error = world.status(refused)["error"]
    assert error["code"] == "StartComputeInstanceOnlyAllowedInStoppedState"
    assert error["message"] == (
        "Start Azure ML Compute Instance is only allowed when the instance ci-one is in 'stopped' state"
    )
    world.post("ci-one", "stop")
    world.wait(45)
    answer = world.post("ci-one", "start")
    world.wait(94)
    assert world.inner("ci-one")["state"] == "Starting"
    world.wait(1)
    assert world.status(answer)["status"] == "Succeeded" and world.inner("ci-one")["state"] == "Running"


@pytest.mark.parametrize("second", ["start", "stop", "restart"])
def test_a_second_operation_conflicts(world: World, second: str) -> None:
    """b.2: 409 with the text on which the v1 SDK retries; also while Deleting [ISS vscode#2673, #2681]."""
    running(world)
    world.post("ci-one", "stop")
    conflict = world.post("ci-one", second)
    assert conflict.status == 409 and "There is already an active operation submitted" in message(conflict)
    world.wait(60)
    world.delete("ci-one", "Delete")
    assert world.inner("ci-one")["state"] == "Deleting"
    assert world.post("ci-one", second).status == 409
    world.wait()
    assert world.call("GET", f"{WORKSPACE}/computes/ci-one").status == 404


def test_a_failed_start_stands_in_the_last_operation(world: World) -> None:
    """a.5: operationStatus <Op>Failed."""
    running(world)
    world.post("ci-one", "stop")
    world.wait(60)
    world.app.faults.put([{"kind": "failed_operation", "match": {"path": "computes/ci-one"}, "code": "OutOfCapacity"}])
    answer = world.post("ci-one", "start")
    world.wait(100)
    assert world.status(answer)["error"]["code"] == "OutOfCapacity"
    inner = world.inner("ci-one")
    assert (inner["state"], inner["lastOperation"]["operationStatus"]) == ("Stopped", "StartFailed")


# -- PUT on a living instance ----------------------------------------------------------------------------------------


def test_a_second_put_keeps_what_is_fixed(world: World) -> None:
    """c.3: everything but tags and identity is fixed; 201 as for clusters (b.2, immutable change)."""
    running(world)
    answer = put(world, vmSize="Standard_DS2_v2", idleTimeBeforeShutdown="PT30M", top={"tags": {"a": "b"}})
    assert answer.status == 201 and answer.body["properties"]["properties"]["vmSize"] == "STANDARD_DS2_V2"
    world.wait(5)
    document = world.get("ci-one")
    inner = document["properties"]["properties"]
    assert (inner["vmSize"], inner["idleTimeBeforeShutdown"], inner["state"]) == ("STANDARD_DS3_V2", None, "Running")
    assert document["tags"] == {"a": "b"}


def test_a_put_with_schedules_on_a_living_instance(world: World) -> None:
    """[ISS azure-quickstart-templates#11830]: refused, "use UpdateSchedules API instead"; configurable."""
    running(world)
    entry = {"action": "Stop", "triggerType": "Cron", "cron": {"expression": "0 18 * * *"}}
    schedules = {"computeStartStop": [entry]}
    assert put(world, schedules=schedules).status == 400
    world.app.configure({"guesses": {"instance": {"put_schedules": "take"}}})
    assert put(world, schedules=schedules).status == 201
    assert len(world.inner("ci-one")["schedules"]["computeStartStop"]) == 1


def test_patch_is_for_clusters(world: World) -> None:
    running(world)
    answer = world.call("PATCH", f"{WORKSPACE}/computes/ci-one", {"properties": {}})
    assert refusal(answer) == (400, "UserError")
