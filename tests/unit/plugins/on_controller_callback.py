# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback plugins as Ansible loads them: aml_progress tells what modules write, and leaves nothing behind; aml_short hides what is included.

Not collected by itself: test_on_a_controller.py runs it in a process of its own. tests/integration/test_progress.py has it in a real playbook.
"""

from __future__ import annotations

import json
import os
import signal
import stat
import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible.inventory.host import Host
from ansible.playbook.task_include import TaskInclude
from ansible.plugins.loader import callback_loader, init_plugin_loader
from ansible.utils.display import Display

init_plugin_loader()

from ansible_collections.azureml.compute.plugins.module_utils._core.events import VARIABLE, Events

NAME = "azureml.compute.aml_progress"
ROOT = Path(__file__).resolve().parents[3]


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


class Task:
    """A task whose result the plugin is given; its path is one of a playbook or a role."""

    _uuid = "1"

    def __init__(self, path: Path, action: str | None = "ansible.builtin.debug", loop: t.Any = None) -> None:
        self.path, self.resolved_action, self.loop = path, action, loop

    def get_name(self) -> str:
        return "Show it"

    def get_path(self) -> str:
        return f"{self.path}:3"


def shown(callback: t.Any, task: Task, host: str = "localhost", **result: t.Any) -> None:
    given = SimpleNamespace(task=task, result=result, host=SimpleNamespace(get_name=lambda: host))
    (callback.v2_runner_item_on_ok if "ansible_loop_var" in result else callback.v2_runner_on_ok)(given)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> t.Any:
    monkeypatch.setenv("ANSIBLE_DISPLAY_OK_HOSTS", "false")
    return plugin()


OWN = Task(ROOT / "playbooks" / "tasks" / "summary.yml")


def test_messages_of_the_collection_are_shown_where_ansible_hides_them(lines: list[str], short: t.Any) -> None:
    shown(short, OWN, msg=["NAME   STATE", "cpu\x1b[31m    Running"])
    assert lines[0].startswith("\nTASK [Show it] ***") and lines[1:] == ["NAME   STATE", "cpu[31m    Running"]
    lines.clear()
    loop = Task(OWN.path, loop=[1, 2])
    loop._uuid = "2"
    for item in ("a", "b"):
        shown(short, loop, "ws-one", msg=f"{item}1\n{item}2", ansible_loop_var="item", item=item)
    shown(short, loop, "ws-one", results=[{"msg": "a1"}], msg="All items completed")
    assert lines[1:] == ["[ws-one] a:", "a1", "a2", "[ws-one] b:", "b1", "b2"]
    lines.clear()
    shown(short, OWN, msg={"failed": 0})
    assert [line.strip() for line in lines[1:]] == ["{", '"failed": 0', "}"]


def test_what_ansible_shows_is_not_shown_twice_and_other_messages_stay_hidden(lines: list[str], short: t.Any) -> None:
    shown(short, OWN, msg="it", changed=True)
    shown(short, Task(Path("/somewhere/else.yml")), msg="it")
    shown(short, Task(OWN.path, "ansible.builtin.set_fact"), msg="it")
    shown(short, Task(OWN.path, None), msg="it")
    shown(short, OWN, censored="no_log")
    short.set_option("display_ok_hosts", True)
    shown(short, OWN, msg="it")
    assert lines == []


def test_warnings_of_the_modules_are_shown_where_ansible_hides_them(monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, message, *_more, **_named: warned.append(message))
    callback = plugin()
    module = Task(Path("/somewhere/else.yml"), "azureml.compute.aml_fleet")
    shown(callback, module, warnings=["It retires."])
    assert warned == [], "Ansible shows it"
    callback.set_option("display_ok_hosts", False)
    shown(callback, module, warnings=["It retires."])
    shown(callback, Task(module.path, "ansible.builtin.command"), warnings=["Not ours."])
    assert warned == ["It retires."]


def test_the_short_output_is_the_default_one_without_includes(lines: list[str]) -> None:
    included = SimpleNamespace(
        _filename="azureml.compute.aml_network", _hosts=[SimpleNamespace(name="localhost")], _vars={}
    )
    shown = {}
    for name in ("ansible.builtin.default", "azureml.compute.aml_short"):
        callback = callback_loader.get(name)
        callback.set_options()
        callback.v2_playbook_on_include(included)
        callback.v2_playbook_on_no_hosts_matched()
        shown[name] = [*lines]
        lines.clear()
    assert shown["ansible.builtin.default"] == [
        "included: azureml.compute.aml_network for localhost",
        *shown["azureml.compute.aml_short"],
    ]
    assert shown["azureml.compute.aml_short"] == ["skipping: no hosts matched"]


@pytest.mark.parametrize("details", [{"logs": "the end"}, [{"code": "Conflict", "name": "cpu"}], None])
def test_a_failure_in_the_short_output_does_not_repeat_what_the_message_said(details: t.Any) -> None:
    """The result of four failed targets is 6 KB, in one line. The log of a deployment is only in the details."""
    failure = {
        "code": "FleetFailed",
        "message": "All failed.",
        "hint": "Run it again.",
        "url": "https://x",
        "status": None,
    }
    result = {"msg": "All failed. Run it again.", "targets": [{"name": "cpu"}] * 1000}
    callback = callback_loader.get("azureml.compute.aml_short")
    callback.set_options()
    callback._display = SimpleNamespace(verbosity=0)
    shown = json.loads(callback._dump_results({**result, "failure": {**failure, "details": details}}))
    logs = {"details": details} if isinstance(details, dict) else {}
    assert shown == {"failure": {"code": "FleetFailed", "url": "https://x", **logs}}
    assert json.loads(callback._dump_results(result)) == result, "not of this collection"
    asserted = {"msg": "Correct it.", "assertion": "a == b", "evaluated_to": False, "changed": False}
    assert json.loads(callback._dump_results(asserted)) == {"msg": "Correct it."}
    callback._display = SimpleNamespace(verbosity=1)
    assert len(json.loads(callback._dump_results({**result, "failure": failure}))["targets"]) == 1000


def test_a_failure_by_failed_when_keeps_the_message_that_ansible_hides() -> None:
    """Since ansible-core 2.19 the displayed message is: A 'failed_when' expression evaluated to 'True'."""
    failure = {
        "code": "InvalidComputeName",
        "message": "name 'a-1' is not valid.",
        "hint": "Correct name.",
        "status": None,
    }
    callback = callback_loader.get("azureml.compute.aml_short")
    callback.set_options()
    callback._display = SimpleNamespace(verbosity=0)
    result = {"msg": "name 'a-1' is not valid. Correct name.", "failure": failure, "failed_when_result": True}
    assert json.loads(callback._dump_results(result)) == {
        "failure": {"code": "InvalidComputeName", "message": "name 'a-1' is not valid.", "hint": "Correct name."}
    }
    assert json.loads(callback._dump_results({**result, "failed_when_result": False})) == {
        "failure": {"code": "InvalidComputeName"}
    }


def test_a_failure_in_the_short_output_has_no_null_values() -> None:
    details = {"cause": None, "replaced": {"size": "S", "tier": None, "errors": [{"code": "A", "details": None}]}}
    callback = callback_loader.get("azureml.compute.aml_short")
    callback.set_options()
    callback._display = SimpleNamespace(verbosity=0)
    shown = json.loads(callback._dump_results({"msg": "it", "failure": {"code": "A", "details": details}}))
    assert shown == {"failure": {"code": "A", "details": {"replaced": {"size": "S", "errors": [{"code": "A"}]}}}}


def rules(port: int) -> dict[str, t.Any]:
    return {
        "rules": [
            {"name": f"Rule{number}", "properties": {"access": "Allow", "port": str(port) if number == 2 else "443"}}
            for number in range(1, 6)
        ]
    }


def test_each_item_of_a_long_list_has_one_line_in_a_short_diff() -> None:
    callback = callback_loader.get("azureml.compute.aml_short")
    callback.set_options()
    callback.set_option("result_format", "yaml")
    callback._display = SimpleNamespace(verbosity=0)

    def shown(before: t.Any, after: t.Any) -> list[str]:
        text = callback._get_diff({"before": before, "after": after, "before_header": "it", "after_header": "it"})
        return [line for line in text.splitlines() if line.startswith(("+ ", "- "))]

    created = shown({}, rules(80))
    assert created[2:4] == [
        '+    - {name: Rule1, properties: {access: Allow, port: "443"}}',
        '+    - {name: Rule2, properties: {access: Allow, port: "80"}}',
    ]
    assert created[:2] == ["-    {}", "+    rules:"]
    assert len(created) == 2 + 5
    assert shown(rules(80), rules(81)) == ["-            port: '80'", "+            port: '81'"], (
        "of an item that differs, the line that differs"
    )
    callback._display = SimpleNamespace(verbosity=1)
    assert len(shown({}, rules(80))) == 2 + 4 * 5
    callback._display = SimpleNamespace(verbosity=0)
    callback.set_option("result_format", "json")
    assert len(shown({}, rules(80))) > 20


def test_the_short_output_has_no_title_of_an_include(lines: list[str]) -> None:
    task = TaskInclude()
    task.name, task.action = "Manage the network", "ansible.builtin.include_tasks"
    result = SimpleNamespace(task=task, result={}, host=Host("localhost"), task_fields={}, _return_data={})
    for name, shown, titles in (
        ("ansible.builtin.default", False, 1),
        ("azureml.compute.aml_short", True, 1),
        ("azureml.compute.aml_short", False, 0),
    ):
        callback = callback_loader.get(name)
        callback.set_options()
        callback.set_option("display_ok_hosts", shown)
        callback._play = None
        callback.v2_runner_on_ok(result)
        assert len([line for line in lines if "Manage the network" in line]) == titles, (name, shown)
        lines.clear()
