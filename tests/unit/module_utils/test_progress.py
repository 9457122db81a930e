# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress: events go to the file that the environment names, or nowhere; and what is said of them."""

from __future__ import annotations

import json
import os
import threading
import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._console.board import Board, parse, span
from ansible_collections.azureml.compute.plugins.module_utils._core.events import VARIABLE, Events

HOME = "/subscriptions/1/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "events").touch()
    return tmp_path / "events"


def told(path: Path) -> list[tuple[t.Any, ...]]:
    """The events, without the process."""
    events = [parse(line) for line in path.read_text().splitlines()]
    assert all(event is not None and event["run"] == os.getpid() for event in events)
    return [tuple(value for key, value in event.items() if key != "run") for event in events if event]


def test_nothing_is_written_unless_a_file_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    Events().all(1)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    Events().start("a", "create")
    assert list(tmp_path.iterdir()) == []


def test_events_of_many_threads_stay_whole_and_apart(path: Path) -> None:
    events = Events(str(path))

    def work(name: str) -> None:
        for number in range(50):
            events.about(f"{HOME}/computes/{name}", "create")
            events.state(f"{name}{number}" * 100)

    threads = [threading.Thread(target=work, args=(letter,)) for letter in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events.close()
    rows = told(path)
    assert len(rows) == 8 * (1 + 50 + 1)
    assert all(row[3].startswith(row[1][-1]) for row in rows if row[0] == "state"), (
        "a state is of the target that its thread is at"
    )


def test_what_needs_no_wait_tells_nothing(path: Path) -> None:
    events = Events(str(path))
    events.on_event("retry", {"status": 429, "pause": 3.0})
    events.about("a", "update")
    events.close()
    assert told(path) == []


def test_a_state_is_told_when_it_is_news(path: Path) -> None:
    events = Events(str(path), hide=lambda text: text.replace("secret", "****"))
    events.about("a")
    for state in ("Updating", "Updating"):
        events.state(state)
    events.about("a", "create")
    events.on_event("operation", {"status": "InProgress"})
    events.on_event("retry", {"status": 429, "pause": 12.4})
    events.on_event("retry", {"status": None, "pause": 1.0})
    events.on_event("conflict", {"code": "Conflict"})
    events.close("a secret reason")
    assert told(path) == [
        ("start", "a", "wait"),
        ("state", "a", "wait", "Updating"),
        ("state", "a", "create", "InProgress"),
        ("state", "a", "create", "throttled, again in 12 s"),
        ("state", "a", "create", "no answer, again in 1 s"),
        ("state", "a", "create", "another operation is running"),
        ("done", "a", "create", "a **** reason"),
    ]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '"event"', '{"event": "all"}', '{"run": 1, "event": "all", "total": "x"}', '{"run": 1, "event": "start", "target": "a"}',
     '{"run": 1, "event": "other"}', '{"run": "1", "event": "all", "total": 1}'],
)  # fmt: skip
def test_what_is_no_event_is_passed_over(text: str) -> None:
    assert parse(text) is None


def test_what_is_said() -> None:
    board = Board()
    a, b = (f"{HOME}/computes/{name}" for name in "ab")
    rows = [
        ({"event": "all", "total": 2}, 0.0, None),
        ({"event": "start", "target": a, "action": "create"}, 1.0, "ws/a: create ..."),
        ({"event": "start", "target": b, "action": "update"}, 2.0, "ws/b: update ..."),
        ({"event": "state", "target": a, "action": "create", "state": "Creating"}, 2.0, None),
        (
            {"event": "done", "target": b, "action": "update", "failure": "No\n\x1b[2Jquota."},
            5.0,
            "ws/b: failed after 3 s: No [2Jquota. (1 of 2 done)",
        ),
    ]
    for event, now, line in rows:
        assert board.take(json.loads(json.dumps({"run": 7, **event})), now) == line
    assert board.still(31.0) == ["ws/a: create, Creating, 30 s (1 of 2 done)"]
    assert board.total() == "1 of 2 done, 1 failed, 1 in progress"
    assert (
        board.take({"run": 7, "event": "done", "target": a, "action": "create"}, 41.0)
        == "ws/a: create done after 40 s (2 of 2 done)"
    )
    assert board.still(50.0) == []


def test_two_tasks_at_once_are_counted_apart() -> None:
    board = Board()
    for run in (1, 2):
        board.take({"run": run, "event": "all", "total": run}, 0.0)
        board.take({"run": run, "event": "start", "target": "/x/a", "action": "create"}, 0.0)
    assert (
        board.take({"run": 1, "event": "done", "target": "/x/a", "action": "create"}, 1.0)
        == "a: create done after 1 s (1 of 1 done)"
    )
    assert board.still(1.0) == ["a: create, 1 s (0 of 2 done)"]


def test_workspaces_of_one_name_are_told_apart() -> None:
    board = Board()
    for group in ("rg", "other"):
        board.take(
            {
                "run": 1,
                "event": "start",
                "target": f"{HOME.replace('/rg/', f'/{group}/')}/computes/a",
                "action": "create",
            },
            0.0,
        )
    assert [row.name for row in board.rows] == ["ws/a", "ws/a"]


def test_a_task_for_one_target_counts_nothing() -> None:
    board = Board()
    board.take({"run": 1, "event": "start", "target": HOME, "action": "create"}, 0.0)
    assert board.still(150.0) == ["ws: create, 2 min 30 s"] and board.total() is None
    board.take({"run": 2, "event": "start", "target": f"{HOME}2", "action": "create"}, 0.0)
    assert board.total() == "2 in progress"


def test_what_was_under_way_in_a_killed_task_is_forgotten() -> None:
    board = Board()
    for run in (1, 2):
        board.take({"run": run, "event": "start", "target": "/x/a", "action": "create"}, 0.0)
    board.forget(lambda run: run == 2)
    assert [row.run for row in board.rows] == [2]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0 s"), (119.4, "119 s"), (119.6, "2 min 00 s"), (3725, "62 min 05 s")]
)
def test_spans(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_an_interruption_in_one_line() -> None:
    board = Board()
    assert board.interrupted() is None
    for event in (
        {"run": 1, "event": "all", "total": 5},
        {"run": 1, "event": "start", "target": "/workspaces/ws/computes/a", "action": "create"},
        {"run": 1, "event": "start", "target": "/workspaces/ws/computes/b", "action": "create"},
        {"run": 1, "event": "done", "target": "/workspaces/ws/computes/a", "action": "create", "failure": None},
        {"run": 2, "event": "start", "target": "/workspaces/ws", "action": "create"},
    ):
        board.take(event, 0.0)
    line = board.interrupted()
    assert line is not None and line.startswith("Interrupted: 1 done, 2 in progress, 3 not started. ")


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (f"{HOME}/computes/cpu", "ws/cpu"),
        (f"{HOME}/datastores/data", "ws/datastores/data"),
        (f"{HOME}/onlineEndpoints/iris", "ws/online_endpoints/iris"),
        (f"{HOME}/onlineEndpoints/iris/deployments/blue", "ws/online_deployments/iris/blue"),
        (f"{HOME}/jobs/check-cpu-1", "ws/jobs/check-cpu-1"),
        (HOME, "ws"),
        ("/subscriptions/1/resourceGroups/rg", "rg"),
    ],
)
def test_a_target_is_named_as_in_tables_and_limits(target: str, name: str) -> None:
    event = {"event": "start", "run": 1, "target": target, "action": "create"}
    assert Board().take(event, 0) == f"{name}: create ..."
