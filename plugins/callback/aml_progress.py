# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: aml_progress
type: notification
short_description: Show the progress of each compute target while tasks wait
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - While a task of this collection waits, shows the progress of each of its targets. On a terminal, there is one line for each target in progress,
    updated in place, with the action, the state that the service reported last, and the duration; and a line that remains when the action ends.
  - In AWX, in files and in pipes, there are plain lines, for each target when it starts and when it ends, and at intervals one for each target that
    is still in progress.
  - M(azureml.compute.aml_fleet) reports each target that it processes, with the number of completed targets. The other modules report the operations
    that they wait for; a task that does not wait reports nothing.
  - Requires a local connection. Tasks with other connections, and tasks in check mode, report nothing.
  - When C(ansible-playbook) is interrupted (SIGINT, SIGTERM), one line says how many targets are done, in progress and not started, and how to continue.
  - With O(display_ok_hosts=false), Ansible does not show tasks that change nothing, nor their messages and warnings. This plugin shows the messages of
    this collection's playbooks and roles nevertheless, such as the summary at the end, and the warnings of its modules. C(examples/ansible.cfg) of the
    collection has the settings for a short output.
  - Colours are those of ansible-core, and are disabled by E(NO_COLOR) or E(ANSIBLE_NOCOLOR).
  - Shows nothing unless it is enabled, with C(callbacks_enabled) in C(ansible.cfg) or E(ANSIBLE_CALLBACKS_ENABLED).
options:
  style:
    description:
      - V(live) updates lines in place, V(plain) does not. V(auto) is V(live) if standard output is a terminal that supports it, and Ansible was not
        started by ansible-runner, as in AWX.
    type: str
    choices: [auto, live, plain]
    default: auto
    ini:
      - section: callback_aml_progress
        key: style
    env:
      - name: AML_PROGRESS_STYLE
  interval:
    description: Seconds after which plain lines show again what is still in progress. V(0) never does.
    type: float
    default: 30
    ini:
      - section: callback_aml_progress
        key: interval
    env:
      - name: AML_PROGRESS_INTERVAL
  display_ok_hosts:
    description: The option of Ansible's default output with the same name.
    type: bool
    default: true
    ini:
      - section: defaults
        key: display_ok_hosts
    env:
      - name: ANSIBLE_DISPLAY_OK_HOSTS
requirements:
  - enabled in the configuration
"""

import atexit
import contextlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
import typing as t
from pathlib import Path

from ansible import constants as C
from ansible.plugins.callback import CallbackBase
from ansible.utils.color import stringc
from ansible.utils.display import get_text_width

from ..module_utils._console.board import Board, parse, span
from ..module_utils._console.terminal import Line, Screen
from ..module_utils._core.events import VARIABLE

# The interval between two reads of events, in seconds.
_LOOK = 0.2
# The collection's own playbooks, roles and modules.
_OWN_FILES = str(Path(__file__).resolve().parents[2]) + os.sep
_OWN_NAMES = "azureml.compute."
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core has no types
    """Reads the events of modules in a thread, and shows them before the next output of Ansible.

    All output goes through ``Display.display`` of the main process: that of the forks arrives there through a queue. It is wrapped, so that lines
    that are updated in place are removed before it and written again after it. The lock is Display's own, under which Ansible also forks: no fork
    inherits it taken.
    """

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "azureml.compute.aml_progress"
    CALLBACK_NEEDS_ENABLED = True

    running = False
    # The task whose name stands above the last message.
    titled = ""

    def v2_playbook_on_start(self, playbook: t.Any) -> None:
        handle, self.path = tempfile.mkstemp(prefix="aml-progress-")
        self.events = os.fdopen(handle, encoding="utf-8")
        self.before = os.environ.get(VARIABLE)
        os.environ[VARIABLE] = self.path
        self.interval = float(self.get_option("interval"))
        self.board, self.rest, self.told = Board(), "", time.monotonic()
        self.screen = Screen(sys.stdout, get_text_width, stringc) if self._live() else None
        # Whether the last line that Ansible wrote is complete: nothing is written after a question.
        self.whole = True
        self.process, self.running, self.ended = os.getpid(), True, threading.Event()
        self.lock = getattr(self._display, "_lock", None) or threading.RLock()
        self.display, self._display.display = self._display.display, self._between
        self.reader = threading.Thread(target=self._watch, name="aml_progress", daemon=True)
        self.reader.start()
        # An interrupted run reports no end.
        atexit.register(self._end)
        # Python gives signals to the main thread alone. ansible-core ends the process in its own handlers, which come after.
        main = threading.current_thread() is threading.main_thread()
        self.handlers = {number: signal.signal(number, self._interrupted) for number in _SIGNALS} if main else {}

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        self._end()

    def v2_runner_on_ok(self, result: t.Any) -> None:
        # Items have been shown one by one.
        if not result.task.loop:
            self._show_hidden(result, "")

    def v2_runner_item_on_ok(self, result: t.Any) -> None:
        self._show_hidden(result, str(self._get_item_label(result.result)))

    def _show_hidden(self, result: t.Any, label: str) -> None:
        """Show the message of a task, or of an item of its loop, and its warnings, if they are of this collection and Ansible does not show them."""
        task, shown = result.task, result.result
        if self.get_option("display_ok_hosts") or shown.get("changed"):
            return
        # An action from a variable is not resolved.
        action = task.resolved_action or ""
        if action.startswith(_OWN_NAMES):
            for warning in shown.get("warnings") or ():
                self._display.warning(str(warning))
        elif action == "ansible.builtin.debug" and "msg" in shown and _is_own(task):
            # The usual host of the playbooks is not worth a line.
            host = "" if result.host.get_name() == "localhost" else f"[{result.host.get_name()}]"
            place = " ".join(filter(None, (host, label)))
            self._show_message(task, ([f"{place}:"] if place else []) + _lines(shown["msg"]))

    def _show_message(self, task: t.Any, lines: list[str]) -> None:
        if self.titled != task._uuid:
            self.titled = task._uuid
            self._display.banner(f"TASK [{task.get_name()}]")
        for line in lines:
            # Names and messages of the service are in it: nothing of them may steer a terminal.
            self._display.display("".join(filter(str.isprintable, line)))

    def _interrupted(self, number: int, frame: t.Any) -> None:
        if self.running and os.getpid() == self.process and self.lock.acquire(timeout=1):
            try:
                # The signal may have come while Python wrote to the same stream, which then refuses another write (RuntimeError).
                with contextlib.suppress(RuntimeError):
                    self._news()
                    line = self.board.interrupted()
                    if line:
                        self._say([(line, line)])
            finally:
                self.lock.release()
        handler = self.handlers[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    def _live(self) -> bool:
        style = self.get_option("style")
        # ansible-runner gives Ansible a terminal, but keeps what is written there as text.
        able = (
            sys.stdout.isatty()
            and os.environ.get("TERM", "dumb") != "dumb"
            and "AWX_ISOLATED_DATA_DIR" not in os.environ
        )
        return able if style == "auto" else bool(style == "live")

    def _end(self) -> None:
        atexit.unregister(self._end)
        if not self.running or os.getpid() != self.process:
            return
        self.ended.set()
        self.reader.join()
        for number, handler in self.handlers.items():
            if signal.getsignal(number) == self._interrupted:
                signal.signal(number, handler)
        with self.lock:
            self.running = False
            self._news()
            self._erase()
            # Another wrapper may still call this function, which then only calls the original.
            if self._display.display == self._between:
                del self._display.display
        self.events.close()
        os.unlink(self.path)
        if self.before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = self.before

    def _watch(self) -> None:
        while not self.ended.wait(_LOOK):
            with self.lock:
                news = self._news()
                self.board.forget(_alive)
                if self.screen:
                    self._paint()
                elif news:
                    self.told = time.monotonic()
                elif self.interval and time.monotonic() - self.told >= self.interval:
                    self.told = time.monotonic()
                    self._say((line, None) for line in self.board.still(self.told))

    def _between(self, msg: t.Any, *args: t.Any, **kwargs: t.Any) -> None:
        """In the place of ``Display.display``."""
        if not self.running or os.getpid() != self.process:
            self.display(msg, *args, **kwargs)
            return
        with self.lock:
            self._news()
            self._erase()
            self.display(msg, *args, **kwargs)
            self.whole = str(msg).endswith("\n") or kwargs.get("newline", True)
            if self.screen:
                self._paint()

    def _news(self) -> bool:
        """Show the events since the last read. Return whether there were any."""
        *lines, self.rest = (self.rest + self.events.read()).split("\n")
        events = [event for event in map(parse, lines) if event is not None]
        messages = [(self.board.take(event, time.monotonic()), event) for event in events]
        # On a terminal a start is seen without a line that stays.
        self._say(
            (line, event.get("failure"))
            for line, event in messages
            if line and (event["event"] == "done" or not self.screen)
        )
        return bool(events)

    def _say(self, news: t.Iterable[tuple[str, t.Any]]) -> None:
        lines = list(news)
        if lines:
            self._erase()
        with self._open():
            for line, failure in lines:
                self.display(f"  {line}", color=C.COLOR_ERROR if failure else None)
            if lines:
                # Into a file or a pipe, Python would keep them until there are enough.
                sys.stdout.flush()

    @contextlib.contextmanager
    def _open(self) -> t.Iterator[None]:
        """Output that is lost where the terminal or the pipe was closed: the run continues, and its end is handled as without this plugin."""
        try:
            yield
        except (OSError, ValueError):
            self.screen = None

    def _erase(self) -> None:
        if self.screen:
            with self._open():
                self.screen.erase()

    def _paint(self) -> None:
        if not self.whole:
            return
        with self._open():
            now = time.monotonic()
            lines: list[Line] = [
                [
                    (row.name, None),
                    (row.action, C.COLOR_CHANGED),
                    (span(now - row.began), None),
                    (row.state, C.COLOR_SKIP),
                ]
                for row in self.board.rows
            ]
            t.cast(Screen, self.screen).paint(lines, self.board.total())


def _is_own(task: t.Any) -> bool:
    return os.path.realpath(str(task.get_path() or "")).startswith(_OWN_FILES)


def _lines(message: t.Any) -> list[str]:
    if isinstance(message, list) and all(isinstance(line, str) for line in message):
        return message
    if isinstance(message, str):
        return message.splitlines()
    return json.dumps(message, indent=4, ensure_ascii=False, default=str).splitlines()


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True
