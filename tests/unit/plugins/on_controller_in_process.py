# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules in Ansible's own process: when they run there, and what one that breaks can break.

Not collected by itself: test_on_a_controller.py runs it in a process of its own. tests/integration/test_in_process.py has it in real playbooks.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible import constants
from ansible.module_utils import basic
from ansible.module_utils.common.warnings import get_warning_messages, warn
from ansible.plugins.loader import init_plugin_loader

init_plugin_loader()

from ansible_collections.azureml.compute.plugins.plugin_utils import in_process
from ansible_collections.azureml.compute.plugins.plugin_utils.fork import Fork, Printed

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"


def test_each_module_has_an_action_of_its_name() -> None:
    modules, actions = ({path.name for path in (PLUGINS / folder).glob("*.py")} for folder in ("modules", "action"))
    assert modules - {"__init__.py"} == actions - {"__init__.py"} != set()


class Action(in_process.InProcess):
    """The class without a task: its module is not one of the collection's."""

    def __init__(self, environment: dict[str, str] | None = None, **task: t.Any) -> None:
        shell = SimpleNamespace(SHELL_FAMILY=task.pop("shell", "sh"))
        self._unusable = task.pop("unusable", None)
        self._connection = SimpleNamespace(
            transport=task.pop("transport", "local"), become=task.pop("become", None), _shell=shell
        )
        self._task = SimpleNamespace(**{"async_val": 0, "delegate_to": None, **task})
        self._templar = SimpleNamespace(template=lambda value: value)
        self._environment = environment or {}

    def _compute_environment_string(self, raw_environment_out: dict[str, str]) -> str:
        raw_environment_out.update(self._environment)
        return ""

    def obstacle(self, *, wrap_async: bool = False, **variables: t.Any) -> str | None:
        return self._obstacle({"aml_in_process": True, **variables}, wrap_async, {})


def test_what_has_no_obstacle_runs_in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AML_IN_PROCESS", raising=False)
    assert Action().obstacle() is None
    assert Action().obstacle(ansible_python_interpreter=sys.executable) is None
    assert Action().obstacle(ansible_python_interpreter="auto_silent") is None
    assert Action({"HTTPS_PROXY": "http://proxy"}).obstacle() is None
    assert Action()._obstacle({}, False, {}) is None
    monkeypatch.setenv("AML_IN_PROCESS", "false")
    assert Action()._obstacle({}, False, {}) == "aml_in_process or AML_IN_PROCESS is false"
    assert Action().obstacle() is None, "the variable has precedence"


@pytest.mark.parametrize(
    ("action", "variables", "reason"),
    [
        ({}, {"aml_in_process": "no"}, "aml_in_process or AML_IN_PROCESS is false"),
        ({"transport": "ssh"}, {}, "its connection is ssh"),
        ({"become": object()}, {}, "it becomes another user"),
        ({"async_val": 30}, {}, "it is asynchronous"),
        ({}, {"wrap_async": True}, "it is asynchronous"),
        ({"shell": "powershell"}, {}, "its shell is not sh"),
        ({}, {"ansible_python_interpreter": "/usr/bin/another"}, "its interpreter is /usr/bin/another"),
        ({"environment": {"PYTHONPATH": "/x"}}, {}, "only a new process reads PYTHONPATH"),
        ({"environment": {"LC_ALL": "C"}}, {}, "only a new process reads LC_ALL"),
        ({"unusable": "ImportError when it was imported: azure"}, {}, "ImportError"),
        (
            {"delegate_to": "other"},
            {"ansible_delegated_vars": {"other": {"ansible_python_interpreter": "/opt/python"}}},
            "its interpreter is /opt/python",
        ),
    ],
)
def test_what_needs_a_process_of_its_own(action: dict[str, t.Any], variables: dict[str, t.Any], reason: str) -> None:
    assert reason in str(Action(**action).obstacle(**variables))


def test_remote_files_are_kept_only_by_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DEFAULT_KEEP_REMOTE_FILES", True)
    assert Action().obstacle() == "ANSIBLE_KEEP_REMOTE_FILES is set"


def test_an_ansible_core_without_one_of_the_names_runs_modules_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_process, "_OF_CORE", ("_no_such_name",))
    assert Action().obstacle() == "this ansible-core has no _no_such_name"


def test_a_library_that_is_missing_ends_no_playbook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_process, "_LIBRARIES", ("azure.nothing_of_that_name",))
    module, reason = in_process._preloaded("aml_compute_info")
    assert module is None and "ModuleNotFoundError" in str(reason)


# --- the fork: each main() below runs in a child of this process ---


def ended(fork: Fork) -> bool:
    """End the fork as the end of the worker does; whether it was there."""
    was = fork.process is not None
    if was:
        fork.end()
    return was


@pytest.fixture
def forked() -> t.Iterator[t.Callable[..., tuple[Fork, t.Callable[..., Printed]]]]:
    """A function that makes a fork for a ``main``, and a function that runs it."""
    made: list[Fork] = []

    def make(main: t.Callable[[], None]) -> tuple[Fork, t.Callable[..., Printed]]:
        made.append(Fork(main))

        def run(arguments: dict[str, t.Any] | None = None, folder: str = "/", **environment: str) -> Printed:
            given = json.dumps({"ANSIBLE_MODULE_ARGS": arguments or {}}).encode()
            return made[-1].run(given, environment, folder)

        return made[-1], run

    yield make
    for fork in made:
        ended(fork)


def arguments() -> dict[str, t.Any]:
    return dict(json.loads(t.cast(bytes, basic._ANSIBLE_ARGS))["ANSIBLE_MODULE_ARGS"])


def test_a_module_gets_json_and_what_it_prints_is_the_result(forked: t.Any) -> None:
    def main() -> None:
        print(json.dumps({"got": arguments()}))
        print("an error", file=sys.stderr)
        raise SystemExit(3)

    _fork, run = forked(main)
    done = run({"name": None, "tags": {"a": "ü"}})
    assert json.loads(done.stdout) == {"got": {"name": None, "tags": {"a": "ü"}}}
    assert (done.rc, done.stderr) == (3, "an error\n")
    assert basic._ANSIBLE_ARGS is None


def test_items_share_a_process_but_no_environment_folder_or_warnings(forked: t.Any, tmp_path: Path) -> None:
    kept: list[int] = []

    def main() -> None:
        kept.append(0)
        warn(f"warning {len(kept)}")
        facts = {"environment": dict(os.environ), "folder": os.getcwd(), "warnings": get_warning_messages()}
        print(json.dumps({**facts, "runs": len(kept), "process": os.getpid()}))
        os.environ["OF_THE_MODULE"] = "1"

    _fork, run = forked(main)
    first, second = (json.loads(done.stdout) for done in (run(A="1"), run(folder=str(tmp_path), B="2")))
    assert first["process"] == second["process"] != os.getpid()
    assert (first["runs"], first["environment"], first["folder"]) == (1, {"A": "1"}, "/")
    assert (second["runs"], second["environment"], second["folder"]) == (2, {"B": "2"}, str(tmp_path))
    assert [str(first["warnings"]).count("warning 1"), str(second["warnings"]).count("warning 1")] == [1, 0]
    assert kept == [] and "OF_THE_MODULE" not in os.environ


def test_nothing_is_logged_to_the_log_file_of_ansible(forked: t.Any, tmp_path: Path) -> None:
    handler = logging.FileHandler(tmp_path / "ansible.log")
    logging.getLogger().addHandler(handler)
    try:
        _fork, run = forked(lambda: logging.getLogger("azure").error("secret"))
        assert run().rc == 0
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()
    assert (tmp_path / "ansible.log").read_text() == ""


@pytest.mark.parametrize("how", ["os._exit", "killed", "error"])
def test_a_module_that_breaks_fails_its_own_item_only(forked: t.Any, how: str) -> None:
    def main() -> None:
        if arguments().get("break"):
            if how == "os._exit":
                os._exit(7)
            if how == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            raise MemoryError("too much")
        print("{}")

    _fork, run = forked(main)
    assert run() == Printed(0, "{}\n", "")
    broken = run({"break": True})
    assert (broken.rc, broken.stdout) == ({"os._exit": 7, "killed": -signal.SIGKILL, "error": 1}[how], "")
    assert ("MemoryError: too much" if how == "error" else f"exit code {broken.rc}") in broken.stderr
    assert run() == Printed(0, "{}\n", "")


def test_a_thread_that_never_ends_holds_up_neither_the_next_item_nor_the_end(forked: t.Any) -> None:
    def main() -> None:
        threading.Thread(target=threading.Event().wait).start()
        print("{}")

    fork, run = forked(main)
    assert run() == run() == Printed(0, "{}\n", "")
    assert fork.end() == -signal.SIGTERM


def test_a_module_without_a_result_is_a_failed_task() -> None:
    action = Action()
    action._used_interpreter = None
    result = action._result(Printed(-9, "", "The process of the module ended with exit code -9.")._asdict())
    assert result["failed"] is True and result["rc"] == -9
    assert result["module_stderr"] == "The process of the module ended with exit code -9."


class TimedOut(BaseException):
    """As ansible-core's own: not an Exception."""


@pytest.mark.parametrize("stuck", ["in a thread that cannot be ended", "and deaf to SIGTERM"])
def test_a_timeout_ends_a_module_that_is_stuck(forked: t.Any, monkeypatch: pytest.MonkeyPatch, stuck: str) -> None:
    def main() -> None:
        if arguments().get("stuck"):
            if stuck == "and deaf to SIGTERM":
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.kill(os.getppid(), signal.SIGALRM)
            with ThreadPoolExecutor(1) as pool:
                pool.submit(threading.Event().wait)
        print("{}")

    def alarm(_number: int, _frame: object) -> None:
        raise TimedOut

    monkeypatch.setattr("ansible_collections.azureml.compute.plugins.plugin_utils.fork._GRACE", 0.3)
    before = signal.signal(signal.SIGALRM, alarm)
    try:
        fork, run = forked(main)
        assert run().rc == 0
        process = fork.process
        with pytest.raises(TimedOut):
            run({"stuck": True})
    finally:
        signal.signal(signal.SIGALRM, before)
    assert process.exitcode == -(signal.SIGTERM if "thread" in stuck else signal.SIGKILL)
    assert run() == Printed(0, "{}\n", "")
