# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module through its action plugin, as Ansible's worker does, but without the fork: a test sees what the module sent.

It makes the test's process a controller for good (see tests/unit/plugins/test_on_a_controller.py), so that all modules of a process must run
through it, or none. AML_TEST_ACTIONS=1 chooses it for the fixture ``azure``.
"""

from __future__ import annotations

import json
import os
import sys
import typing as t
from unittest import mock

from ansible.module_utils import _internal
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import action_loader, connection_loader
from ansible.template import Templar
from ansible_collections.azureml.compute.plugins.plugin_utils.fork import Fork, Printed, printed

_VARIABLES = {
    "ansible_connection": "local",
    "ansible_python_interpreter": sys.executable,
    "aml_in_process": True,
    # Since ansible-core 2.21, results have the invocation only on request.
    "ansible_inject_invocation": True,
}


class _NoFork(Fork):
    """What a fork does, in this process."""

    text = errors = ""

    def run(self, arguments: bytes, environment: t.Mapping[str, str], folder: str) -> Printed:
        here = os.getcwd()
        try:
            with mock.patch.object(_internal, "is_controller", False):
                done = printed(self._main, arguments, folder)
        finally:
            os.chdir(here)
        self.text, self.errors = done.stdout, done.stderr
        return done


def run(module: str, options: dict[str, t.Any], *, check: bool, diff: bool) -> tuple[dict[str, t.Any], str]:
    """The result as Ansible's worker has it, as plain JSON; and what the module printed."""
    name = f"azureml.compute.{module}"
    task = Task()
    # The action says itself what is a property of the task.
    given = {key: value for key, value in options.items() if key != "_ansible_no_log"}
    task.action, task.args, task.check_mode, task.diff = name, given, check, diff
    task.no_log = options.get("_ansible_no_log", False)
    loader, context = DataLoader(), PlayContext()
    connection = connection_loader.get("local", context)
    action = action_loader.get(
        name,
        task=task,
        connection=connection,
        play_context=context,
        loader=loader,
        templar=Templar(loader=loader, variables=_VARIABLES),
        shared_loader_obj=None,
    )
    fork = _NoFork(action._fork._main)
    with mock.patch.object(type(action), "_fork", fork), mock.patch.object(_internal, "is_controller", True):
        result = action._execute_module(task_vars=_VARIABLES)
    assert fork.text, fork.errors or "it did not run through the action"
    plain = json.loads(json.dumps(result, default=_plain))
    if "exception" in plain:
        # A module prints it as text; the worker has made an event of it.
        plain["exception"] = plain["exception"]["event"]["msg"]
    return plain, fork.text


def _plain(value: t.Any) -> t.Any:
    """ansible-core's own types, of warnings and errors."""
    return {"event": {"msg": value.event.msg}} if hasattr(value, "event") else str(value)
