# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A compute instance's schedules, scripts and applications: what is refused, and which spellings are the same.

Sources: docs/coverage.md CI4 to CI12; ARM types of 2025-12-01 (ComputeSchedules, ScriptsToExecute). tests/functional/test_instance.py has the life.
"""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._engine.kind import BUSY, FAILED, READY
from ansible_collections.azureml.compute.plugins.module_utils._kinds import instance_schedules as schedules
from ansible_collections.azureml.compute.plugins.module_utils._kinds import instance_values as values
from ansible_collections.azureml.compute.plugins.module_utils._kinds.instance import INSTANCE

Values = dict[str, t.Any]
SCHEDULES = "schedules.compute_start_stop"
CRON: Values = {"type": "cron", "expression": "0 18 * * 1-5"}
WEEKLY: Values = {
    "type": "recurrence",
    "frequency": "week",
    "interval": 2,
    "schedule": {"hours": [8, 9], "week_days": ["monday", "friday"]},
}


def stop(**trigger: t.Any) -> Values:
    return {"action": "stop", "trigger": trigger}


# --- schedules ---


@pytest.mark.parametrize(
    ("trigger", "rule"),
    [
        ({"type": "cron"}, "expression must be a cron expression of five fields"),
        ({"type": "cron", "expression": "19:00"}, "such as '0 19 * * *' for every day at 19:00; '19:00' is not."),
        ({"type": "recurrence", "frequency": "yearly"}, "frequency must be one of minute, hour, day, week, month"),
        ({"type": "recurrence", "frequency": "day", "interval": 0}, "interval must be at least 1"),
        (
            {"type": "recurrence", "frequency": "day", "schedule": {"hours": [8, 24]}},
            "schedule.hours must be from 0 to 23",
        ),
        (
            {"type": "recurrence", "frequency": "day", "schedule": {"minutes": [-1]}},
            "schedule.minutes must be from 0 to 59",
        ),
        ({}, "type must be cron or recurrence"),
    ],
)
def test_wrong_schedules(trigger: Values, rule: str) -> None:
    [finding] = schedules.check_schedules([stop(**CRON), stop(**trigger)], SCHEDULES)
    assert finding.code == "InvalidSchedule"
    assert finding.message.startswith("schedules.compute_start_stop[1].trigger")
    assert rule in finding.message


def test_right_schedules() -> None:
    edge = {"type": "Recurrence", "frequency": "Day", "interval": 1, "schedule": {"hours": [0, 23], "minutes": [0, 59]}}
    assert list(schedules.check_schedules([stop(**CRON), stop(**WEEKLY), stop(**edge)], SCHEDULES)) == []


def as_shown(*items: Values) -> list[Values]:
    """What the service has, in the options' names."""
    return schedules.schedules_from_arm(schedules.schedules_to_arm(list(items)))


@pytest.mark.parametrize(
    ("there", "declared"),
    [
        (CRON, {**CRON, "expression": "0  18 *  * 1-5"}),
        (CRON, {**CRON, "time_zone": "utc"}),
        ({**CRON, "time_zone": "W. Europe Standard Time"}, {**CRON, "time_zone": "w. europe standard time"}),
        ({**CRON, "start_time": "2026-11-25T18:00:00Z"}, {**CRON, "start_time": "2026-11-25T18:00:00"}),
        ({**CRON, "start_time": "2026-11-25T18:00:00.000+00:00"}, {**CRON, "start_time": "2026-11-25T18:00:00Z"}),
        # One that was not declared is the service's own.
        ({**CRON, "start_time": "2026-11-25T18:00:00Z"}, CRON),
        (
            WEEKLY,
            {
                **WEEKLY,
                "frequency": "Week",
                "schedule": {"hours": [9, 8], "minutes": None, "week_days": ["Friday", "monday"]},
            },
        ),
        ({**WEEKLY, "interval": 1}, {**WEEKLY, "interval": None}),
    ],
)
def test_the_same_schedule(there: Values, declared: Values) -> None:
    assert schedules.same_schedules(as_shown(stop(**there)), [stop(**declared)])


@pytest.mark.parametrize(
    ("there", "declared"),
    [
        (CRON, {**CRON, "expression": "0 19 * * 1-5"}),
        (CRON, {**CRON, "time_zone": "Eastern Standard Time"}),
        (CRON, {**CRON, "start_time": "2026-11-25T18:00:00"}),
        (CRON, WEEKLY),
        (WEEKLY, {**WEEKLY, "interval": 1}),
        (WEEKLY, {**WEEKLY, "schedule": {"hours": [8], "week_days": ["monday", "friday"]}}),
    ],
)
def test_another_schedule(there: Values, declared: Values) -> None:
    assert not schedules.same_schedules(as_shown(stop(**there)), [stop(**declared)])


def test_schedules_are_the_same_in_any_order_and_none_is_left_over() -> None:
    one, two = stop(**CRON), {**stop(**WEEKLY), "state": "disabled"}
    assert schedules.same_schedules(as_shown(one, two), [two, one])
    assert schedules.same_schedules(None, []) and schedules.same_schedules([], None)
    assert not schedules.same_schedules(as_shown(one, two), [one])
    assert not schedules.same_schedules(as_shown(one), [one, one])
    assert not schedules.same_schedules(as_shown(one), [{**one, "action": "start"}])
    assert not schedules.same_schedules(as_shown(one), [{**one, "state": "disabled"}])
    assert schedules.same_schedules([{**as_shown(one)[0], "state": None}], [{**one, "state": "enabled"}])


# --- setup scripts, applications ---


@pytest.mark.parametrize(
    "script", [{"path": "a.sh"}, {"inline": "echo hélló", "command": "--fast", "timeout_minutes": 5}]
)
def test_a_script_comes_back_as_it_was_declared(script: Values) -> None:
    assert {
        key: value for key, value in values.script_from_arm(values.script_to_arm(script)).items() if value is not None
    } == script


def test_an_inline_script_that_is_no_base64_is_shown_as_it_is() -> None:
    assert (
        values.script_from_arm({"scriptSource": "inline", "scriptData": "echo one & two"})["inline"] == "echo one & two"
    )


@pytest.mark.parametrize("script", [{}, {"path": "a.sh", "inline": "echo"}])
def test_a_script_is_a_path_or_a_text(script: Values) -> None:
    [finding] = values.check_script(script, "setup_scripts.creation_script")
    assert (finding.code, finding.option) == ("InvalidScript", "setup_scripts.creation_script")


@pytest.mark.parametrize(
    ("application", "rule"),
    [
        ({"image": {}}, "custom_applications[rstudio] needs image.reference"),
        # It would be the text None.
        (
            {"image": {"reference": "x"}, "environment_variables": {"TOKEN": None}},
            "environment_variables 'TOKEN' must have a name without '=', and text for its value",
        ),
        ({"image": {"reference": "x"}, "endpoints": [{"target": 8787, "published": 1024}]}, "published"),
        ({"image": {"reference": "x"}, "endpoints": [{"target": 65535, "published": 8787}]}, "target"),
    ],
)
def test_wrong_applications(application: Values, rule: str) -> None:
    [finding] = values.check_applications([{"name": "rstudio", **application}], "custom_applications")
    assert finding.code == "InvalidApplication"
    assert rule in finding.message


# --- SSH, on behalf of, state ---


def test_ssh_needs_a_key_when_the_instance_is_created() -> None:
    [finding] = [
        item
        for item in INSTANCE.check_create({"size": "s", "ssh_public_access_enabled": True}, None)
        if item.option.startswith("ssh")
    ]
    assert (finding.code, finding.option) == ("SshKeyMissing", "ssh_settings.ssh_key_value")


def body(state: str, provisioning: str = "Succeeded", **inner: t.Any) -> Values:
    return {
        "properties": {
            "computeType": "ComputeInstance",
            "provisioningState": provisioning,
            "properties": {"state": state, **inner},
        }
    }


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (body("Running"), READY),
        (body("Stopped"), READY),
        (body("Starting"), BUSY),
        (body("Unusable"), FAILED),
        (body("Running", "Failed"), FAILED),
    ],
)
def test_whether_it_can_be_used(found: Values, state: str) -> None:
    assert INSTANCE.status(found).state == state


def test_why_it_is_broken() -> None:
    told = INSTANCE.status(body("CreateFailed", errors=[{"error": {"code": "NoRoom", "message": "No room left."}}]))
    assert (told.state, told.code, told.message) == (FAILED, "NoRoom", "No room left.")
    silent = INSTANCE.status(body("CreateFailed"))
    assert (silent.code, silent.message) == ("CreateFailed", "The service gives no reason for CreateFailed.")
    assert INSTANCE.broken(body("CreateFailed")) == (
        "its creation failed (CreateFailed: The service gives no reason for CreateFailed.), and such an instance can only be deleted"
    )
    assert INSTANCE.broken(body("Unusable")) is None, "it may come back: nothing is deleted"


def test_a_mount_is_the_same_in_the_services_spelling() -> None:
    row = {
        "mountName": "data",
        "source": "azureml:d",
        "sourceType": "Uri",
        "mountMode": "readOnly",
        "mountState": "Mounted",
    }
    declared = {"mount_name": "data", "source": "azureml:d", "source_type": "uri", "mount_mode": "read_only"}
    assert values.same_mounts(values.mounts_from_arm([row]), [declared])
    assert values.mounts_from_arm([{**row, "mountState": "unmounted"}]) == []
