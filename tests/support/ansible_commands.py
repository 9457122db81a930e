# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's commands in forks of a process that has imported Ansible: what each costs before its first task, all of them cost once.

The process has read Ansible's configuration from its environment, has imported Ansible, the collection's action plugins and what these import, and
has started nothing. A fork goes on from there as the command does, with the arguments, folder and variables of its run. A run with another
configuration of Ansible or of Python needs a process of its own: ``Commands.run`` gives it one.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

# Variables that are read by a run itself; others may have a say in what is imported or configured.
_OF_A_RUN = ("AML_", "HOME")
# What Ansible imports by name when a play starts.
_OF_PLAYS = (
    "ansible.executor.playbook_executor",
    "ansible.plugins.action.normal",
    "ansible.plugins.callback.default",
    "ansible.plugins.connection.local",
    "ansible.plugins.filter.core",
    "ansible.plugins.filter.mathstuff",
    "ansible.plugins.shell.sh",
    "ansible.plugins.strategy.free",
    "ansible.plugins.strategy.linear",
    "ansible.plugins.test.core",
    "ansible.plugins.test.mathstuff",
)
_CLIS = {
    "ansible": "adhoc.AdHocCLI",
    "ansible-inventory": "inventory.InventoryCLI",
    "ansible-playbook": "playbook.PlaybookCLI",
}
_ACTIONS = "ansible_collections.azureml.compute.plugins.action"


class Commands:
    """Runs Ansible's commands in an environment; the process is started at the first run."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._process: subprocess.Popen[str] | None = None

    def run(
        self, command: list[str], variables: dict[str, str], folder: Path, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a command with additional variables in a folder; what it printed, and its exit code."""
        environment = {**self._environment, **variables}
        if not all(name.startswith(_OF_A_RUN) for name in variables):
            return subprocess.run(
                command, env=environment, cwd=folder, capture_output=True, text=True, timeout=timeout, check=False
            )
        with tempfile.TemporaryDirectory() as printed:
            request = {"command": command, "environment": environment, "folder": str(folder), "printed": printed}
            code = self._ask(json.dumps(request), command, timeout)
            out, errors = (Path(printed, name).read_text() for name in ("1", "2"))
        return subprocess.CompletedProcess(command, code, out, errors)

    def _ask(self, request: str, command: list[str], timeout: float) -> int:
        if self._process is None:
            self._process = subprocess.Popen(
                # Without this folder on the path of imports: a file in it is called as a library.
                [sys.executable, "-P", __file__],
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{request}\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], timeout)[0]:
            os.killpg(self._process.pid, signal.SIGKILL)
            self.end()
            raise subprocess.TimeoutExpired(command, timeout)
        return int(self._process.stdout.readline())

    def end(self) -> None:
        """End the process, as the end of its input does."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()
            process.wait(timeout=60)


def serve() -> None:
    """Run what standard input asks for, a line for each run, and answer with its exit code."""
    # Standard output is what Ansible sees when it is imported, and not the runs': each has files.
    answers = os.fdopen(os.dup(1), "w")
    sys.argv = ["ansible-playbook"]
    cli = importlib.import_module("ansible.cli")
    importlib.import_module("ansible.cli.playbook")
    loader = importlib.import_module("ansible.plugins.loader")
    cli.init_plugin_loader()
    # Once is enough, and a second time is a warning.
    cli.init_plugin_loader = lambda _paths: None
    actions = sorted(path.stem for path in Path(__file__).parents[2].glob("plugins/action/*.py"))
    for name in (*_OF_PLAYS, *(f"{_ACTIONS}.{name}" for name in actions)):
        importlib.import_module(name)
    # Their documentation has their options.
    for kind in ("become", "callback", "connection", "inventory", "shell", "vars"):
        list(getattr(loader, f"{kind}_loader").all(class_only=True))
    importlib.import_module("ansible_collections.azureml.compute.tests.support.builtin_modules").install()
    # What is imported is not searched again for garbage in each fork, which would copy it.
    gc.collect()
    gc.freeze()
    while line := sys.stdin.readline():
        child = os.fork()
        if child == 0:
            command = _become(json.loads(line))
            module, _dot, name = _CLIS[Path(command[0]).name].partition(".")
            getattr(importlib.import_module(f"ansible.cli.{module}"), name).cli_executor(command)
        answers.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        answers.flush()


def _become(request: dict[str, t.Any]) -> list[str]:
    """Make the fork what a process of its own would be; the command."""
    opened = [os.open(os.devnull, os.O_RDONLY)]
    opened += [os.open(Path(request["printed"], name), os.O_WRONLY | os.O_CREAT) for name in ("1", "2")]
    for number, file in enumerate(opened):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    # The folder for temporary files that was made at the import is the parent's, which removes it at its own end.
    constants = importlib.import_module("ansible.constants")
    atexit.unregister(importlib.import_module("ansible.utils.path").cleanup_tmp_file)
    constants.DEFAULT_LOCAL_TMP = constants.config.get_config_value("DEFAULT_LOCAL_TMP", variables=vars(constants))
    sys.argv = request["command"]
    return sys.argv


if __name__ == "__main__":
    serve()
