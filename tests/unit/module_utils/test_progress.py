# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress of a fleet: events go to the file that the environment names, or nowhere; and what is said of them."""
from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._progress import VARIABLE, Board, Events, parse


def test_nothing_is_written_unless_a_file_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    Events().tell({"event": "all", "total": 1})
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    Events().tell({"event": "all", "total": 1})
    assert list(tmp_path.iterdir()) == []


def test_events_of_many_threads_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.touch()
    events = Events(str(path))
    threads = [threading.Thread(target=lambda: [events.tell({"event": "start", "target": "x" * 500}) for _time in range(50)]) for _time in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events.close()
    lines = path.read_text().splitlines()
    assert len(lines) == 400 and all(parse(line) for line in lines)


@pytest.mark.parametrize("text", ["", "{", "[]", '"event"', '{"event": "all"}'])
def test_what_is_no_event_is_passed_over(text: str) -> None:
    assert parse(text) is None


def test_what_is_said() -> None:
    board = Board()
    rows = [
        ({"event": "all", "total": 2}, 0.0, None),
        ({"event": "start", "target": "ws/a", "action": "create"}, 1.0, "ws/a: create ..."),
        ({"event": "start", "target": "ws/b", "action": "update"}, 2.0, "ws/b: update ..."),
        ({"event": "done", "target": "ws/b", "action": "update", "failure": "No quota."}, 5.0, "ws/b: failed after 3 s: No quota. (1 of 2 done)"),
    ]
    for event, now, line in rows:
        assert board.take(json.loads(json.dumps({"run": 7, **event})), now) == line
    assert board.still(31.0) == ["ws/a: create, 30 s (1 of 2 done)"]
    assert board.take({"run": 7, "event": "done", "target": "ws/a", "action": "create"}, 41.0) == "ws/a: create done after 40 s (2 of 2 done)"
    assert board.still(50.0) == []


def test_two_tasks_at_once_are_counted_apart() -> None:
    board = Board()
    for run in (1, 2):
        board.take({"run": run, "event": "all", "total": run}, 0.0)
        board.take({"run": run, "event": "start", "target": "ws/a", "action": "create"}, 0.0)
    assert board.take({"run": 1, "event": "done", "target": "ws/a", "action": "create"}, 1.0) == "ws/a: create done after 1 s (1 of 1 done)"
    assert board.still(1.0) == ["ws/a: create, 1 s (0 of 2 done)"]
