# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A compute instance's life: creation, the service's own actions for what can change, and whether it runs."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.azure import Azure
from ansible_collections.azureml.compute.tests.support.declarations import KEY

INSTANCE = "aml_compute_instance"
TARGET = {"name": "ci-alice"}
EVENING = {"action": "stop", "trigger": {"type": "cron", "expression": "0 18 * * *", "time_zone": "UTC"}}
WEEKLY = {
    "action": "start",
    "state": "disabled",
    "trigger": {
        "type": "recurrence",
        "frequency": "week",
        "interval": 1,
        "schedule": {"hours": [8], "minutes": [0], "week_days": ["monday"]},
    },
}
FULL = {
    **TARGET,
    "size": "Standard_DS3_v2",
    "description": "Alice's",
    "ssh_public_access_enabled": True,
    "ssh_settings": {"ssh_key_value": KEY},
    "create_on_behalf_of": {
        "user_object_id": "00000000-0000-0000-0000-0000000000a1",
        "user_tenant_id": "aaaaaaaa-0000-4000-8000-00000000000a",
    },
    "application_sharing_policy": "personal",
    "enable_root_access": False,
    "idle_time_before_shutdown_minutes": 60,
    "schedules": {"compute_start_stop": [EVENING]},
    "setup_scripts": {"startup_script": {"path": "Users/alice/start.sh", "command": "--fast", "timeout_minutes": 5}},
    "custom_applications": [
        {
            "name": "rstudio",
            "image": {"reference": "rocker/rstudio:latest"},
            "endpoints": [{"target": 8787, "published": 8787}],
            "environment_variables": {"ROOT": "true"},
            "bind_mounts": [{"source": "/home/azureuser/cloudfiles", "target": "/home/rstudio"}],
        }
    ],
    "tags": {"team": "vision"},
}


@pytest.fixture
def instance(azure: Azure) -> dict[str, t.Any]:
    made: dict[str, t.Any] = azure.run(INSTANCE, **FULL)["compute"]
    assert azure.run(INSTANCE, **FULL)["changed"] is False
    assert [(request.method, request.status) for request in azure.sent] == [("GET", 200)]
    return made


def current(azure: Azure) -> dict[str, t.Any]:
    found: dict[str, t.Any] = azure.run("aml_compute_info", **TARGET)["computes"][0]
    return found


def test_everything_that_was_declared_is_there(azure: Azure, instance: dict[str, t.Any]) -> None:
    assert instance["state"] == "Running" and instance["size"] == "STANDARD_DS3_V2"
    assert instance["idle_time_before_shutdown_minutes"] == 60
    assert instance["schedules"]["compute_start_stop"][0]["trigger"]["expression"] == "0 18 * * *"
    assert instance["custom_applications"][0]["endpoints"] == [{"target": 8787, "published": 8787}]
    assert instance["setup_scripts"]["startup_script"]["timeout_minutes"] == 5
    assert instance["ssh_settings"]["admin_username"] == "azureuser"


UPDATES = [
    (
        {"idle_time_before_shutdown_minutes": 30},
        "idle_time_before_shutdown_minutes",
        "updateIdleShutdownSetting",
        {"idleTimeBeforeShutdown": "PT30M"},
    ),
    (
        {"idle_time_before_shutdown_minutes": None},
        "idle_time_before_shutdown_minutes",
        "updateIdleShutdownSetting",
        {"idleTimeBeforeShutdown": None},
    ),
    ({"schedules": {"compute_start_stop": [EVENING, WEEKLY]}}, "schedules", "updateSchedules", None),
    ({"schedules": {"compute_start_stop": []}}, "schedules", "updateSchedules", {"computeStartStop": []}),
    ({"custom_applications": []}, "custom_applications", "customServices", []),
    (
        {
            "data_mounts": [
                {"mount_name": "images", "source": "azureml://datastores/x/paths/y", "mount_path": "/mnt/images"}
            ]
        },
        "data_mounts",
        "updateDataMounts",
        None,
    ),
]


@pytest.mark.parametrize(
    ("options", "name", "action", "body"), UPDATES, ids=[f"{row[2]}-{number}" for number, row in enumerate(UPDATES)]
)
def test_what_can_change_changes_by_the_services_own_action(
    azure: Azure, instance: dict[str, t.Any], options: dict[str, t.Any], name: str, action: str, body: t.Any
) -> None:
    before = current(azure)
    planned = azure.run(INSTANCE, check=True, **TARGET, **options)
    assert azure.writes == []
    done = azure.run(INSTANCE, **TARGET, **options)
    assert done["changed"] and planned["plan"] == done["plan"] and planned["diff"] == done["diff"]
    (write,) = azure.writes
    assert write.method == "POST" and write.path.endswith("/" + action) and (body is None or write.body == body)
    after = current(azure)
    assert {key for key in before if before[key] != after[key]} - {"modified_on"} == {name}
    assert azure.run(INSTANCE, **TARGET, **options)["changed"] is False
    assert [text for text in done["warnings"] if "PreviewFeature" in text]


def test_single_sign_on_changes_by_its_own_action(azure: Azure) -> None:
    """Of an instance of one's own: for another user it is off from the beginning, where scripts or applications come with it."""
    azure.run(INSTANCE, **TARGET, size="Standard_DS3_v2")
    for wanted in (False, True):
        planned = azure.run(INSTANCE, check=True, **TARGET, enable_sso=wanted)
        done = azure.run(INSTANCE, **TARGET, enable_sso=wanted)
        assert planned["plan"] == done["plan"] and [(write.method, write.body) for write in azure.writes] == [
            ("POST", {"enableSSO": wanted})
        ]
        assert azure.run(INSTANCE, **TARGET, enable_sso=wanted)["changed"] is False


def test_the_order_of_ports_and_mounts_has_no_meaning(azure: Azure) -> None:
    endpoints = [{"target": 2000, "published": 2001}, {"target": 3000, "published": 3001}]
    mounts = [{"source": "/a", "target": "/b"}, {"source": "/c", "target": "/d", "read_only": True}]
    app = {"name": "app", "image": {"reference": "app:1"}, "endpoints": endpoints, "bind_mounts": mounts}
    azure.run(INSTANCE, **TARGET, size="Standard_D4s_v3", custom_applications=[app])
    other = {**app, "endpoints": endpoints[::-1], "bind_mounts": mounts[::-1]}
    assert not azure.run(INSTANCE, **TARGET, custom_applications=[other])["changed"]
    crossed = [{"target": 2000, "published": 3001}, {"target": 3000, "published": 2001}]
    assert azure.run(INSTANCE, **TARGET, custom_applications=[{**app, "endpoints": crossed}], check=True)["changed"]


def test_privileges_of_applications_stay_unless_they_are_declared(azure: Azure) -> None:
    mount = {"source": "/home/azureuser/cloudfiles", "target": "/data"}
    plain = {"name": "app", "image": {"reference": "app:1"}, "bind_mounts": [mount]}
    closed = {**plain, "privileged": False, "bind_mounts": [{**mount, "read_only": True}]}
    azure.run(INSTANCE, **TARGET, size="Standard_DS3_v2", custom_applications=[closed])
    body = azure.writes[0].body["properties"]["properties"]["customServices"][0]
    assert body["docker"] == {"privileged": False} and body["volumes"][0]["readOnly"] is True
    for same in (closed, plain):
        assert not azure.run(INSTANCE, **TARGET, custom_applications=[same])["changed"]
    missing = azure.run("aml_export_info", computes=[TARGET["name"]])["missing"]
    assert {row["option"] for row in missing if row["option"].startswith("custom_applications")} == {
        "custom_applications[app].privileged",
        "custom_applications[app].bind_mounts.read_only",
    }
    azure.run(INSTANCE, **TARGET, custom_applications=[{**plain, "image": {"reference": "app:2"}}])
    assert (
        azure.writes[0].body[0]["docker"] == {"privileged": False} and azure.writes[0].body[0]["volumes"][0]["readOnly"]
    )
    azure.run(INSTANCE, **TARGET, custom_applications=[{**plain, "privileged": True}])
    assert azure.writes[0].body[0]["docker"] == {"privileged": True}


def test_data_mounts_follow_a_creation_and_go_when_declared_absent(azure: Azure) -> None:
    mount = {
        "mount_name": "images",
        "source": "azureml://datastores/x/paths/y",
        "source_type": "uri",
        "mount_path": "/mnt/images",
    }
    made = azure.run(INSTANCE, **TARGET, size="Standard_DS3_v2", data_mounts=[mount])
    assert made["compute"]["data_mounts"][0]["mount_name"] == "images"
    assert [write.path.rpartition("/")[2] for write in azure.writes] == ["ci-alice", "updateDataMounts"]
    more = [mount, {"mount_name": "never", "state": "absent"}, {**mount, "mount_name": "texts"}]
    assert len(azure.run(INSTANCE, **TARGET, data_mounts=more)["compute"]["data_mounts"]) == 2
    # Only what differs is sent.
    assert [[sent["mountName"] for sent in write.body] for write in azure.writes] == [["texts"]]
    azure.run(INSTANCE, **TARGET, data_mounts=[{"mount_name": "texts", "state": "absent"}])
    gone = azure.run(INSTANCE, **TARGET, data_mounts=[{"mount_name": "images", "state": "absent"}])
    assert gone["changed"] and gone["compute"]["data_mounts"] == []
    assert azure.run(INSTANCE, **TARGET, data_mounts=[{"mount_name": "images", "state": "absent"}])["changed"] is False


FIXED = [
    ({"description": "Bob's"}, "description", "created with"),
    ({"tags": {"stage": "test"}}, "tags", "no way to change the tags"),
    ({"identity": {"type": "system_assigned"}}, "identity", "decided at creation"),
    ({"ssh_public_access_enabled": False}, "ssh_public_access_enabled", "SSH access cannot be changed"),
    ({"application_sharing_policy": "shared"}, "application_sharing_policy", "created with"),
    ({"enable_root_access": True}, "enable_root_access", "created with"),
    ({"setup_scripts": {"startup_script": {"path": "other.sh"}}}, "setup_scripts.startup_script", "created with"),
    (
        {
            "create_on_behalf_of": {
                "user_object_id": "00000000-0000-0000-0000-0000000000a2",
                "user_tenant_id": "aaaaaaaa-0000-4000-8000-00000000000a",
            }
        },
        "create_on_behalf_of.user_object_id",
        "created with",
    ),
]


@pytest.mark.parametrize(("options", "name", "reason"), FIXED, ids=[row[1] for row in FIXED])
def test_what_cannot_change_says_why_and_is_recreated_when_asked(
    azure: Azure, instance: dict[str, t.Any], options: dict[str, t.Any], name: str, reason: str
) -> None:
    failed = azure.run(INSTANCE, **TARGET, **options, ok=False)
    assert failed["failure"]["code"] == "ImmutableChange" and azure.writes == []
    (detail,) = failed["failure"]["details"]
    assert detail["field"] == name and reason in detail["reason"]
    azure.run(INSTANCE, **TARGET, state="stopped")
    done = azure.run(INSTANCE, **TARGET, **options, on_immutable_change="recreate")
    assert done["plan"]["action"] == "replace"
    after = current(azure)
    same = {
        "size",
        "description",
        "tags",
        "application_sharing_policy",
        "enable_root_access",
        "schedules",
        "custom_applications",
        "setup_scripts",
    }
    assert {key: after[key] for key in same - {name.split(".")[0]}} == {
        key: instance[key] for key in same - {name.split(".")[0]}
    }


def test_a_replacement_keeps_the_key_that_is_told_and_asks_for_one_that_is_not(
    azure: Azure, instance: dict[str, t.Any]
) -> None:
    """Whether a GET has adminPublicKey is not established (docs/facts.md a.6, f.13): both must work."""
    azure.run(INSTANCE, **TARGET, state="stopped")
    document = azure.compute("ci-alice")
    hidden = {
        **document,
        "properties": {**document["properties"], "properties": {**document["properties"]["properties"]}},
    }
    hidden["properties"]["properties"]["sshSettings"] = {
        **document["properties"]["properties"]["sshSettings"],
        "adminPublicKey": None,
    }
    azure.app.store.put(document["id"], hidden)
    failed = azure.run(INSTANCE, **TARGET, description="other", on_immutable_change="recreate", ok=False)
    assert (
        failed["failure"]["code"] == "SecretNeeded"
        and "ssh_settings.ssh_key_value" in failed["msg"]
        and azure.writes == []
    )
    azure.app.store.put(document["id"], document)
    done = azure.run(INSTANCE, **TARGET, description="other", on_immutable_change="recreate")
    assert (
        done["changed"]
        and azure.compute("ci-alice")["properties"]["properties"]["sshSettings"]["adminPublicKey"] == KEY
    )


def test_stopped_started_restarted(azure: Azure, instance: dict[str, t.Any]) -> None:
    for state, action, after in (
        ("stopped", "stop", "Stopped"),
        ("started", "start", "Running"),
        ("restarted", "restart", "Running"),
    ):
        planned = azure.run(INSTANCE, check=True, **TARGET, state=state)
        assert azure.writes == [] and planned["compute"]["state"] == after
        done = azure.run(INSTANCE, **TARGET, state=state)
        assert done["changed"] and done["plan"] == planned["plan"] and done["plan"]["action"] == action
        assert [write.path.rpartition("/")[2] for write in azure.writes] == [action]
        assert done["compute"]["state"] == after
        again = azure.run(INSTANCE, **TARGET, state=state)
        assert again["changed"] is (state == "restarted")


def test_what_is_under_way_is_waited_for_and_not_asked_for_again(azure: Azure, instance: dict[str, t.Any]) -> None:
    begun = azure.run(INSTANCE, **TARGET, state="stopped", wait=False)
    assert begun["changed"] and begun["compute"]["state"] == "Stopping" and begun["operation"]["url"]
    again = azure.run(INSTANCE, **TARGET, state="stopped", wait=False)
    assert azure.writes == [] and not again["changed"]
    waited = azure.run(INSTANCE, **TARGET, state="stopped")
    assert azure.writes == [] and not waited["changed"] and waited["compute"]["state"] == "Stopped"
    azure.run(INSTANCE, **TARGET, state="started", wait=False)
    # The other way round: first what is under way, then what is asked for.
    turned = azure.run(INSTANCE, **TARGET, state="stopped")
    assert turned["changed"] and [write.path.rpartition("/")[2] for write in azure.writes] == ["stop"]


def test_a_resize_needs_it_stopped_or_force(azure: Azure, instance: dict[str, t.Any]) -> None:
    checked = azure.run(INSTANCE, **TARGET, size="Standard_DS4_v2", ok=False, check=True)
    failed = azure.run(INSTANCE, **TARGET, size="Standard_DS4_v2", ok=False)
    assert checked["msg"] == failed["msg"]
    assert failed["failure"]["code"] == "InUse" and azure.writes == []
    forced = azure.run(INSTANCE, **TARGET, size="Standard_DS4_v2", force=True)
    assert [write.path.rpartition("/")[2] for write in azure.writes] == ["stop", "resize", "start"]
    assert forced["compute"]["size"] == "STANDARD_DS4_V2" and forced["compute"]["state"] == "Running"
    azure.run(INSTANCE, **TARGET, state="stopped")
    smaller = azure.run(INSTANCE, **TARGET, size="Standard_DS3_v2")
    assert [write.path.rpartition("/")[2] for write in azure.writes] == ["resize"] and smaller["compute"][
        "state"
    ] == "Stopped"


def test_what_fails_between_two_operations_is_told_with_what_was_begun(azure: Azure) -> None:
    refused = {
        "kind": "status",
        "status": 403,
        "code": "AuthorizationFailed",
        "match": {"method": "GET", "path": "computes/ci-alice"},
        "skip": 3,
        "count": 1,
    }
    azure.app.faults.put([refused])
    failed = azure.run(INSTANCE, **TARGET, size="Standard_DS3_v2", state="stopped", wait=False, ok=False)
    assert [write.method for write in azure.writes] == ["PUT"] and failed["failure"]["code"] == "AuthorizationFailed"
    assert failed["changed"] and failed["plan"]["action"] == "create"


SEVERAL = [
    # Before, then what is declared, what is written for it, and the states at the end of the task and of what it began.
    ({}, {"size": "Standard_DS4_v2", "force": True}, ["stop", "resize", "start"], ("Starting", "Running")),
    ({}, {"size": "Standard_DS4_v2", "idle_time_before_shutdown_minutes": 90, "force": True},
     ["stop", "resize", "updateIdleShutdownSetting", "start"], ("Starting", "Running")),
    ({"state": "stopped"}, {"size": "Standard_DS4_v2", "state": "started"}, ["resize", "start"], ("Starting", "Running")),
    ({"state": "absent"}, {"size": "Standard_DS4_v2", "state": "stopped"}, ["ci-alice", "stop"], ("Stopping", "Stopped")),
    ({}, {"description": "another", "on_immutable_change": "recreate", "force": True, "state": "stopped"},
     ["ci-alice", "ci-alice", "stop"], ("Stopping", "Stopped")),
]  # fmt: skip


@pytest.mark.parametrize(("before", "options", "written", "states"), SEVERAL, ids=["-".join(row[2]) for row in SEVERAL])
def test_of_several_operations_only_the_last_is_not_waited_for(
    azure: Azure,
    instance: dict[str, t.Any],
    before: dict[str, t.Any],
    options: dict[str, t.Any],
    written: list[str],
    states: tuple[str, str],
) -> None:
    """Each needs the end of the one before: the service refuses two at once."""
    azure.run(INSTANCE, **TARGET, **before)
    begun = azure.run(INSTANCE, **TARGET, **options, wait=False)
    assert [write.path.rpartition("/")[2] for write in azure.writes] == written
    assert begun["changed"] and begun["compute"]["state"] == states[0] and begun["operation"]["url"]
    done = azure.run(
        INSTANCE, **TARGET, **{"state": {"Running": "started", "Stopped": "stopped"}[states[1]], **options}
    )
    assert not done["changed"] and done["compute"]["state"] == states[1]


def test_a_missing_one_is_not_started_but_may_be_created_so(azure: Azure) -> None:
    failed = azure.run(INSTANCE, **TARGET, state="started", ok=False)
    assert failed["failure"]["code"] == "ComputeNotFound" and azure.writes == []
    planned = azure.run(INSTANCE, **TARGET, size="Standard_DS3_v2", state="stopped", check=True)
    made = azure.run(INSTANCE, **TARGET, size="Standard_DS3_v2", state="stopped")
    assert made["plan"]["action"] == "create" and made["compute"]["state"] == "Stopped"
    # What is made has no state before, whether it is only planned or there already.
    assert planned["plan"] == made["plan"] and planned["diff"] == made["diff"]
    replaced = {
        "size": "Standard_DS3_v2",
        "description": "another",
        "on_immutable_change": "recreate",
        "state": "stopped",
    }
    planned, made = (azure.run(INSTANCE, **TARGET, **replaced, check=check) for check in (True, False))
    assert made["plan"]["action"] == "replace" and planned["plan"] == made["plan"] and planned["diff"] == made["diff"]


BAD = [
    ({"idle_time_before_shutdown_minutes": 10}, "OutOfRange"),
    ({"idle_time_before_shutdown_minutes": 5000}, "OutOfRange"),
    ({"schedules": {"compute_start_stop": [EVENING] * 5}}, "TooManySchedules"),
    (
        {"schedules": {"compute_start_stop": [{"action": "stop", "trigger": {"type": "cron", "expression": "never"}}]}},
        "InvalidSchedule",
    ),
    ({"schedules": {"compute_start_stop": [{"action": "stop", "trigger": {"type": "recurrence"}}]}}, "InvalidSchedule"),
    ({"ssh_public_access_enabled": True, "ssh_settings": {}}, "SshKeyMissing"),
    ({"ssh_settings": {"ssh_key_value": "ssh-ed25519 AAAA"}}, "InvalidSshKey"),
    (
        {
            "custom_applications": [
                {"name": "x", "image": {"reference": "y"}, "endpoints": [{"target": 80, "published": 8080}]}
            ]
        },
        "InvalidApplication",
    ),
    # What azure-ai-ml takes is between 1025 and 65535, without the two.
    (
        {
            "custom_applications": [
                {"name": "x", "image": {"reference": "y"}, "endpoints": [{"target": 8080, "published": 1025}]}
            ]
        },
        "InvalidApplication",
    ),
    ({"name": "ci-1"}, "InvalidComputeName"),
]


@pytest.mark.parametrize(("options", "code"), BAD, ids=[f"{row[1]}-{number}" for number, row in enumerate(BAD)])
def test_bad_input_is_refused_before_the_first_request(azure: Azure, options: dict[str, t.Any], code: str) -> None:
    failed = azure.run(INSTANCE, **{**TARGET, "size": "Standard_DS3_v2", **options}, ok=False)
    assert failed["failure"]["code"] == code, failed["failure"]
    assert azure.sent == []


def test_another_region_is_for_clusters_only(azure: Azure) -> None:
    failed = azure.run(INSTANCE, **TARGET, size="Standard_DS3_v2", location="westus2", ok=False)
    assert failed["failure"]["code"] == "CrossRegionInstance" and azure.writes == []


def test_a_name_of_another_kind(azure: Azure) -> None:
    azure.run("aml_compute_cluster", name="taken", size="Standard_DS3_v2", max_instances=1)
    failed = azure.run(INSTANCE, name="taken", state="started", ok=False)
    assert failed["failure"]["code"] == "KindMismatch"
    failed = azure.run(INSTANCE, name="taken", size="Standard_DS3_v2", ok=False)
    assert failed["failure"]["code"] == "KindMismatch" and "amlcompute" in failed["msg"]


def test_the_twelve_steps(azure: Azure) -> None:
    """Create, again, modify, again, delete, again: each in check mode and for real."""
    first = {**TARGET, "size": "Standard_DS3_v2", "idle_time_before_shutdown_minutes": 60}
    second = {**first, "idle_time_before_shutdown_minutes": 30}
    gone = {**TARGET, "state": "absent"}
    for options, action in [
        (first, "create"),
        (first, "none"),
        (second, "update"),
        (second, "none"),
        (gone, "delete"),
        (gone, "none"),
    ]:
        azure.run_as_planned(INSTANCE, action, **options)
    assert azure.compute("ci-alice")["error"]["code"] == "ResourceNotFound"


def test_a_start_that_fails_shows_what_was_planned(azure: Azure, instance: dict[str, t.Any]) -> None:
    azure.run(INSTANCE, **TARGET, state="stopped")
    azure.app.faults.put(
        [{"kind": "failed_operation", "match": {"path": "ci-alice"}, "code": "AllocationFailed", "message": "No room."}]
    )
    failed = azure.run(INSTANCE, **TARGET, state="started", ok=False)
    assert (failed["failure"]["code"], failed["changed"]) == ("AllocationFailed", True)
    assert failed["plan"]["action"] == "start"
    assert azure.run(INSTANCE, **TARGET, state="started")["compute"]["state"] == "Running"
