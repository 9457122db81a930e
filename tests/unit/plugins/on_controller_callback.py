# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback plugin aml_progress as Ansible loads it: it tells what modules write, and leaves nothing behind.

Not collected by itself: test_on_a_controller.py runs it in a process of its own. tests/integration/test_progress.py has it in a real playbook.
"""

from __future__ import annotations

import os
import signal
import stat
import typing as t
from pathlib import Path

import pytest
from ansible.plugins.loader import callback_loader, init_plugin_loader
from ansible.utils.display import Display

init_plugin_loader()

from ansible_collections.azureml.compute.plugins.module_utils._core.events import VARIABLE, Events

NAME = "azureml.compute.aml_progress"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(Display, "display", lambda _self, message, *_more, **_named: said.append(message))
    return said


def plugin(interval: float = 0) -> t.Any:
    made = callback_loader.get(NAME)
    made.set_options()
    made.set_option("interval", interval)
    return made


def test_what_modules_write_is_told_in_their_order(lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    callback = plugin()
    callback.v2_playbook_on_start(None)
    assert stat.S_IMODE(os.stat(os.environ[VARIABLE]).st_mode) == 0o600, (
        "it has what targets are called, and why they failed"
    )
    events = Events()
    events.all(2)
    for target, failure in (("ws/cpu", None), ("ws/gpu", "QuotaExceeded")):
        events.start(target, "create")
        events.done(target, failure)
    events.close()
    path = Path(os.environ[VARIABLE])
    with path.open("a") as file:
        file.write("no event\n")
    Display().display("what Ansible says next")
    assert [line.strip() for line in lines] == [
        "cpu: create ...", "cpu: create done after 0 s (1 of 2 done)", "gpu: create ...", "gpu: failed after 0 s: QuotaExceeded (2 of 2 done)",
        "what Ansible says next",
    ]  # fmt: skip
    callback.v2_playbook_on_stats(None)
    assert not path.exists()
    assert VARIABLE not in os.environ
    Display().display("what Ansible says afterwards")
    assert lines[-1] == "what Ansible says afterwards"


def test_what_is_under_way_is_told_again_after_the_interval(lines: list[str]) -> None:
    callback = plugin(interval=0.01)
    callback.v2_playbook_on_start(None)
    events = Events()
    events.start("ws/cpu", "create")
    while not any("cpu: create, " in line for line in lines):
        callback.reader.join(0.05)
        assert callback.reader.is_alive()
    events.close()
    callback.v2_playbook_on_stats(None)


def test_a_file_that_somebody_else_named_is_named_again_afterwards(
    lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "/somewhere/else")
    callback = plugin()
    callback.v2_playbook_on_start(None)
    assert os.environ[VARIABLE] != "/somewhere/else"
    callback.v2_playbook_on_stats(None)
    assert os.environ[VARIABLE] == "/somewhere/else"
    assert lines == []


@pytest.mark.parametrize("error", [BrokenPipeError(32, "Broken pipe"), OSError(5, "Input/output error"), RuntimeError])
def test_a_closed_terminal_does_not_keep_a_signal_from_its_handler(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def closed(*_texts: t.Any, **_options: t.Any) -> None:
        raise error

    handled: list[int] = []
    monkeypatch.setattr(signal, "signal", lambda number, handler: lambda *caught: handled.append(caught[0]))
    callback = plugin()
    callback.v2_playbook_on_start(None)
    # Its thread would show the event first.
    callback.ended.set()
    callback.reader.join()
    events = Events()
    events.start("ws/cpu", "create")
    monkeypatch.setattr(callback, "display", closed)
    callback._interrupted(signal.SIGTERM, None)
    assert handled == [signal.SIGTERM]
    monkeypatch.undo()
    events.close()
    callback.v2_playbook_on_stats(None)
