# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes on an instance after its creation, by actions, schedules and idle time (docs/facts.md a.1, a.5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import (
    GROUP,
    PREVIEW,
    STABLE,
    WORKSPACE,
    World,
    message,
    refusal,
)
from azureml_simulator.providers.machine_learning import schedules as schedule_rules


@pytest.fixture
def world() -> World:
    return World()


def running(world: World, name: str = "ci-one", top: dict[str, Any] | None = None, **inner: Any) -> None:
    properties = {"computeType": "ComputeInstance", "properties": {"vmSize": "Standard_DS3_v2", **inner}}
    assert world.put(name, properties, "2023-08-01-preview", **(top or {})).status == 201
    world.wait(160)
    assert world.inner(name)["state"] == "Running"


def cron(expression: str, action: str = "Stop", **more: Any) -> dict[str, Any]:
    return {"action": action, "triggerType": "Cron", "cron": {"expression": expression}, **more}


def at(world: World, seconds: float) -> str:
    """The cron expression of one moment from now, every day."""
    moment = datetime.fromtimestamp(world.app.clock.now() + seconds, UTC)
    return f"{moment.minute} {moment.hour} * * *"


# -- actions ---------------------------------------------------------------------------------------------------------


def test_enable_sso(world: World) -> None:
    """a.1: 200; a.2: 2024-04-01-preview, or 2024-01-01-preview as azure-ai-ml 1.31 calls it; not a stable version."""
    running(world)
    for version, wanted in ((PREVIEW, False), ("2024-01-01-preview", True)):
        assert world.post("ci-one", "enableSso", {"enableSSO": wanted}, version).status == 200
        assert world.inner("ci-one")["enableSSO"] is wanted
    assert refusal(world.post("ci-one", "enableSso", {"enableSSO": True}, STABLE)) == (400, "NoRegisteredProviderFound")


def test_idle_shutdown_setting_answers_empty(world: World) -> None:
    """a.1 [SPEC]: 200 without a body."""
    running(world)
    answer = world.post("ci-one", "updateIdleShutdownSetting", {"idleTimeBeforeShutdown": "PT120M"}, PREVIEW)
    assert (answer.status, answer.body) == (200, None)
    assert world.inner("ci-one")["idleTimeBeforeShutdown"] == "PT120M"


def test_data_mounts_and_custom_services_take_bare_lists(world: World) -> None:
    """a.1 [SPEC]."""
    running(world)
    mount = {"source": "azureml://x", "sourceType": "URI", "mountName": "hello", "mountAction": "Mount"}
    assert world.post("ci-one", "updateDataMounts", [mount], PREVIEW).status == 200
    assert [entry["mountState"] for entry in world.inner("ci-one")["dataMounts"]] == ["Mounted"]
    world.post("ci-one", "updateDataMounts", [{**mount, "mountAction": "Unmount"}], PREVIEW)
    assert world.inner("ci-one")["dataMounts"] == []
    service = {"name": "rstudio", "image": {"type": "docker", "reference": "r"}}
    assert world.post("ci-one", "customServices", [service], PREVIEW).status == 200
    assert world.inner("ci-one")["customServices"] == [service]
    assert world.post("ci-one", "customServices", {"customServices": []}, PREVIEW).status == 400


def test_resize_answers_202_with_location(world: World) -> None:
    """a.1 [SPEC]: 202 + Location; only when stopped (a guess, configurable)."""
    running(world)
    sizes = world.post("ci-one", "getAllowedVmSizesForResize", None, PREVIEW).body["value"]
    assert "Standard_DS11_v2" in [size["name"] for size in sizes]
    assert world.post("ci-one", "resize", {"targetVMSize": "Standard_DS11_v2"}, PREVIEW).status == 400
    world.post("ci-one", "stop")
    world.wait(60)
    assert world.post("ci-one", "resize", {"targetVMSize": "Standard_None"}, PREVIEW).status == 400
    answer = world.post("ci-one", "resize", {"targetVMSize": "Standard_DS11_v2"}, PREVIEW)
    assert answer.status == 202 and "Azure-AsyncOperation" not in answer.headers
    assert world.inner("ci-one")["state"] == "Resizing"
    running_still = world.call("GET", answer.headers["Location"])
    assert running_still.status == 202 and running_still.headers["Location"] == answer.headers["Location"]
    world.wait(60)
    assert world.call("GET", answer.headers["Location"]).status == 200
    inner = world.inner("ci-one")
    assert (inner["vmSize"], inner["state"]) == ("STANDARD_DS11_V2", "Stopped")
    assert inner["lastOperation"]["operationName"] == "Resize"


def test_actions_of_an_instance_on_a_cluster(world: World) -> None:
    scale = {"maxNodeCount": 1, "minNodeCount": 0}
    world.put("cluster", {"computeType": "AmlCompute", "properties": {"scaleSettings": scale}})
    world.wait()
    answer = world.post("cluster", "updateSchedules", {"computeStartStop": []})
    assert message(answer) == "ComputeUpdateSchedules with computeType AmlCompute is not supported."


def test_update_schedules_replaces_or_adds(world: World) -> None:
    """Example updateSchedules.json of 2022-10-01-preview: 200 and no body; replacing is a guess."""
    running(world)
    answer = world.post("ci-one", "updateSchedules", {"computeStartStop": [cron("0 18 * * *")]})
    assert (answer.status, answer.body) == (200, None)
    (entry,) = world.inner("ci-one")["schedules"]["computeStartStop"]
    assert (entry["status"], entry["provisioningStatus"], entry["action"]) == ("Enabled", "Completed", "Stop")
    assert entry["id"] and entry["recurrence"] is None
    world.post("ci-one", "updateSchedules", {"computeStartStop": [cron("0 8 * * 1-5", "Start")]})
    assert len(world.inner("ci-one")["schedules"]["computeStartStop"]) == 1
    world.app.configure({"guesses": {"instance": {"update_schedules": "add"}}})
    world.post("ci-one", "updateSchedules", {"computeStartStop": [cron("0 18 * * *")]})
    assert len(world.inner("ci-one")["schedules"]["computeStartStop"]) == 2


@pytest.mark.parametrize(
    "entry",
    [
        {"action": "Stop", "triggerType": "Cron"},
        cron("0 18 * *"),
        cron("61 18 * * *"),
        cron("0 18 * * *", "Reboot"),
        {"action": "Stop", "triggerType": "Cron", "cron": {"expression": "0 18 * * *", "timeZone": "Mars/Base"}},
        {"action": "Stop", "triggerType": "Recurrence", "recurrence": {"frequency": "Year", "interval": 1}},
        {"action": "Stop", "triggerType": "Recurrence", "recurrence": {"frequency": "Day", "interval": 0}},
    ],
)
def test_schedules_that_are_refused(world: World, entry: dict[str, Any]) -> None:
    """types-2025-12-01.md ComputeStartStopSchedule, Cron, Recurrence."""
    running(world)
    assert world.post("ci-one", "updateSchedules", {"computeStartStop": [entry]}).status == 400


def test_at_most_four_schedules(world: World) -> None:
    """CI9 [D]."""
    running(world)
    assert world.post("ci-one", "updateSchedules", {"computeStartStop": [cron("0 18 * * *")] * 5}).status == 400
    assert world.post("ci-one", "updateSchedules", {"computeStartStop": [cron("0 18 * * *")] * 4}).status == 200


# -- by itself -------------------------------------------------------------------------------------------------------


def test_schedules_stop_and_start_the_instance(world: World) -> None:
    """CI9; a.5 operationTrigger Schedule; a disabled schedule does nothing."""
    running(world)
    entries = [cron(at(world, 600)), cron(at(world, 1800), "Start"), cron(at(world, 120), status="Disabled")]
    assert world.post("ci-one", "updateSchedules", {"computeStartStop": entries}).status == 200
    world.wait(400)
    assert world.inner("ci-one")["state"] == "Running"
    world.wait(260)
    inner = world.inner("ci-one")
    assert inner["state"] == "Stopped"
    last = inner["lastOperation"]
    assert (last["operationName"], last["operationTrigger"]) == ("Stop", "Schedule")
    world.wait(1400)
    inner = world.inner("ci-one")
    assert (inner["state"], inner["lastOperation"]["operationTrigger"]) == ("Running", "Schedule")
    world.wait(24 * 3600 - 1400)
    assert world.inner("ci-one")["lastOperation"]["operationName"] == "Stop"


def test_an_idle_instance_stops(world: World) -> None:
    """CI10; a.5 operationTrigger IdleShutdown; `load` of the configuration keeps it busy."""
    running(world, idleTimeBeforeShutdown="PT30M")
    world.app.configure({"load": {"ci-one": {"running_nodes": 1}}})
    world.wait(3 * 3600)
    assert world.inner("ci-one")["state"] == "Running"
    world.app.configure({"load": {"ci-one": {"running_nodes": 0}}})
    world.wait(3600)
    inner = world.inner("ci-one")
    assert (inner["state"], inner["lastOperation"]["operationTrigger"]) == ("Stopped", "IdleShutdown")
    world.post("ci-one", "start")
    world.wait(100)
    assert world.inner("ci-one")["state"] == "Running"


def test_a_change_of_the_idle_time_counts_from_then(world: World) -> None:
    """CI10: lowering it resets the clock."""
    running(world, idleTimeBeforeShutdown="PT60M")
    world.wait(50 * 60)
    world.post("ci-one", "updateIdleShutdownSetting", {"idleTimeBeforeShutdown": "PT30M"}, PREVIEW)
    world.wait(29 * 60)
    assert world.inner("ci-one")["state"] == "Running"
    world.wait(120)
    assert world.inner("ci-one")["state"] == "Stopped"


def test_with_an_identity_only_a_contributor_shuts_down(world: World) -> None:
    """CI10: the managed identity needs Contributor on the workspace."""
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/uai"
    world.resource(identity, version="2023-01-31")
    top = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}}
    running(world, top=top, idleTimeBeforeShutdown="PT30M")
    world.wait(7200)
    assert world.inner("ci-one")["state"] == "Running"
    who = world.get("ci-one")["identity"]["userAssignedIdentities"][identity]["principalId"]
    world.app.grant(who, "Contributor", WORKSPACE)
    world.wait(3600)
    assert world.inner("ci-one")["state"] == "Stopped"


# -- when a schedule is due ------------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # A Monday.


def due(**trigger: Any) -> str | None:
    kind = next(iter(trigger))
    sent = {"computeStartStop": [{"action": "Stop", "triggerType": kind.capitalize(), kind: trigger[kind]}]}
    (entry,) = schedule_rules.accept(sent, "/x", "eastus")["computeStartStop"]
    moment = schedule_rules.next_due(entry, NOW.timestamp())
    return None if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%a %Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("0 18 * * *", "Mon 2026-11-23 18:00"),
        ("0 12 * * *", "Tue 2026-11-24 12:00"),
        ("*/15 * * * *", "Mon 2026-11-23 12:15"),
        ("30 6,7 * * 6-7", "Sat 2026-11-28 06:30"),
        ("0 0 * * sun", "Sun 2026-11-29 00:00"),
        ("0 9 1 jan *", "Fri 2027-01-01 09:00"),
    ],
)
def test_cron(expression: str, wanted: str) -> None:
    assert due(cron={"expression": expression}) == wanted


def test_cron_in_a_windows_time_zone_from_a_start_on() -> None:
    """types-2025-12-01.md Cron: Windows zones, startTime without an offset."""
    assert due(cron={"expression": "0 18 * * *", "timeZone": "Pacific Standard Time"}) == "Tue 2026-11-24 02:00"
    late = {"expression": "0 18 * * *", "startTime": "2026-12-24T18:00:00"}
    assert due(cron=late) == "Thu 2026-12-24 18:00"


@pytest.mark.parametrize(
    ("recurrence", "wanted"),
    [
        ({"frequency": "Day", "interval": 1, "schedule": {"hours": [18], "minutes": [30]}}, "Mon 2026-11-23 18:30"),
        ({"frequency": "Day", "interval": 1, "schedule": {"hours": [8], "minutes": [0]}}, "Tue 2026-11-24 08:00"),
        (
            {"frequency": "Week", "interval": 1, "schedule": {"hours": [8], "minutes": [0], "weekDays": ["Friday"]}},
            "Fri 2026-11-27 08:00",
        ),
        (
            {"frequency": "Month", "interval": 1, "schedule": {"hours": [8], "minutes": [0], "monthDays": [15]}},
            "Tue 2026-12-15 08:00",
        ),
        ({"frequency": "Hour", "interval": 5, "startTime": "2026-11-23T09:30:00"}, "Mon 2026-11-23 14:30"),
        ({"frequency": "Day", "interval": 3, "startTime": "2026-11-22T07:15:00"}, "Wed 2026-11-25 07:15"),
    ],
)
def test_recurrence(recurrence: dict[str, Any], wanted: str) -> None:
    assert due(recurrence=recurrence) == wanted


def test_time_after_time() -> None:
    """The moment after one is a later one, or a schedule would act twice."""
    (entry,) = schedule_rules.accept({"computeStartStop": [cron("0 18 * * *")]}, "/x", "eastus")["computeStartStop"]
    first = schedule_rules.next_due(entry, NOW.timestamp())
    assert first is not None
    assert schedule_rules.next_due(entry, first) == first + timedelta(days=1).total_seconds()
