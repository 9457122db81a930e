# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each module tells while it waits, and that it tells nothing when it need not wait."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._console import board
from ansible_collections.azureml.compute.plugins.module_utils._core import events as _events
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, Azure

Told = list[tuple[str, str, str | None]]
CLUSTER = {"name": "cpu-c", "size": "Standard_DS2_v2", "max_instances": 2}
HERE = f"{WORKSPACE}/cpu-c"


class Listener:
    """Runs modules, and what was told of targets meanwhile: event, name and action, and the state or failure."""

    def __init__(self, azure: Azure, path: Path) -> None:
        self.azure, self.path = azure, path

    def run(self, name: str, /, **options: t.Any) -> Told:
        self.path.write_text("")
        self.azure.run(name, **options)
        events = [json.loads(line) for line in self.path.read_text().splitlines()]
        assert all(board.parse(json.dumps(event)) == event for event in events)
        return [
            (
                event["event"],
                f"{board.short(event['target'])} {event['action']}",
                event.get("state", event.get("failure")),
            )
            for event in events
            if "target" in event
        ]


@pytest.fixture
def listener(azure: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Listener:
    made = Listener(azure, tmp_path / "events")
    made.path.touch()
    monkeypatch.setenv(_events.VARIABLE, str(made.path))
    return made


def test_a_cluster_from_its_creation_to_its_end(listener: Listener) -> None:
    create = f"{HERE} create"
    made = listener.run("aml_compute_cluster", **CLUSTER, min_instances=1)
    assert made[0] == ("start", create, None) and made[-1] == ("done", create, None)
    assert ("state", create, "InProgress") in made, "of the operation"
    assert ("state", create, "Resizing, 1 of 1 nodes") in made, "of the resource, once the operation is done"
    assert listener.run("aml_compute_cluster", **CLUSTER, min_instances=1) == [], "as declared"
    assert listener.run("aml_compute_cluster", **CLUSTER, min_instances=0, check=True) == [], "check mode"
    gone = listener.run("aml_compute_cluster", name="cpu-c", state="absent")
    assert gone[0] == ("start", f"{HERE} delete", None) and gone[-1] == ("done", f"{HERE} delete", None)


def test_what_somebody_else_has_under_way(listener: Listener) -> None:
    listener.azure.run("aml_compute_cluster", **CLUSTER, wait=False)
    told = listener.run("aml_compute_cluster", **CLUSTER)
    assert told[0] == ("start", f"{HERE} wait", None) and told[-1] == ("done", f"{HERE} wait", None)
    assert {state for event, _target, state in told if event == "state"} <= {
        "Creating",
        "Updating",
        "Resizing",
        "InProgress",
    } and len(told) > 2


def test_why_it_failed(listener: Listener) -> None:
    listener.azure.app.faults.put(
        [{"kind": "failed_operation", "match": {"path": "cpu-c"}, "count": 1, "code": "Broken", "message": "It broke."}]
    )
    told = listener.run("aml_compute_cluster", **CLUSTER, ok=False)
    assert told[-1] == ("done", f"{HERE} create", "It broke.")


def test_throttling_is_told_of_what_is_under_way(listener: Listener) -> None:
    listener.azure.app.faults.put(
        [{"kind": "status", "status": 429, "retry_after": 7, "match": {"path": "cpu-c"}, "count": 1}]
    )
    assert "throttled, again in 7 s" in [
        state for _event, _target, state in listener.run("aml_compute_cluster", **CLUSTER)
    ]


def test_an_instance_that_is_started(listener: Listener) -> None:
    instance = {"name": "ci-see-ada", "size": "Standard_DS2_v2"}
    made = listener.run("aml_compute_instance", **instance, state="stopped")
    assert [target for event, target, _state in made if event != "state"] == [f"{WORKSPACE}/ci-see-ada create"] * 2
    started = listener.run("aml_compute_instance", **instance, state="started")
    assert started[0] == ("start", f"{WORKSPACE}/ci-see-ada start", None) and started[-1][0] == "done"


def test_a_workspace_that_is_deleted(listener: Listener) -> None:
    told = listener.run("aml_workspace", name=WORKSPACE, state="absent")
    assert told[0] == ("start", f"{WORKSPACE} delete", None) and told[-1] == ("done", f"{WORKSPACE} delete", None)


def test_a_diagnosis(listener: Listener) -> None:
    told = listener.run("aml_workspace_diagnose_info")
    assert told[0] == ("start", f"{WORKSPACE} diagnose", None) and told[-1] == ("done", f"{WORKSPACE} diagnose", None)


def test_a_fleet_counts_and_each_state_is_of_its_own_target(listener: Listener) -> None:
    computes = [{**CLUSTER, "type": "amlcompute", "name": f"cpu-{letter}"} for letter in "abc"]
    listener.azure.app.faults.put(
        [{"kind": "failed_operation", "match": {"path": "cpu-b"}, "count": 1, "code": "Broken", "message": "It broke."}]
    )
    told = listener.run(
        "aml_fleet", workspaces=[{"name": WORKSPACE, "resource_group": GROUP, "computes": computes}], ok=False
    )
    assert json.loads(listener.path.read_text().splitlines()[0])["total"] == 3
    for letter in "abc":
        own = [(event, state) for event, target, state in told if target == f"{WORKSPACE}/cpu-{letter} create"]
        assert own[0] == ("start", None) and own[-1] == ("done", "It broke." if letter == "b" else None)
    # The time is simulated, and one target's wait is everybody's: the others may have ended by it.
    assert "InProgress" in [state for event, _target, state in told if event == "state"]


def test_operations_of_an_earlier_run(listener: Listener) -> None:
    begun = listener.azure.run("aml_compute_cluster", **CLUSTER, wait=False)["operation"]["url"]
    told = listener.run("aml_operation_info", operations=[begun])
    assert [event for event, _target, _state in told] == ["start", "state", "done"] and told[1][2] == "InProgress"
    assert listener.run("aml_operation_info", operations=[begun]) == [], "it is over"
    assert GROUP not in listener.path.read_text()
