# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of ansible-core in forks of Ansible's worker, in the commands that tests run: `command` and `copy` in a new Python each take a third of a second.

What stands before and after a module's process stays ansible-core's own; the module gets the same arguments and prints the same JSON. It happens where
the collection's own modules would run in process too, and not where a test switches that off. The collection's modules are not concerned.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import typing as t
from unittest import mock

from ansible.executor.module_common import _BuiltModule
from ansible.module_utils import basic
from ansible.module_utils.common import json as common_json
from ansible.plugins.action import ActionBase
from ansible_collections.azureml.compute.plugins.plugin_utils.fork import PROFILE, Fork
from ansible_collections.azureml.compute.plugins.plugin_utils.in_process import InProcess

_MODULES = ("blockinfile", "command", "copy", "file", "find", "lineinfile", "ping", "slurp", "stat", "tempfile", "uri")
_PREFIXES = ("", "ansible.builtin.", "ansible.legacy.")


class _Arguments(bytes):
    """What a module reads, in place of the archive that would be sent to its Python."""

    fork: Fork
    environment: dict[str, str]


def install() -> None:
    """Import the modules, and change where ansible-core runs them in this process and its forks."""
    forks = {f"{prefix}{name}": _fork(name) for name in _MODULES for prefix in _PREFIXES}
    configure, execute = ActionBase._configure_module, ActionBase._low_level_execute_command

    @functools.wraps(configure)
    def configured(self: t.Any, module_name: str, module_args: t.Any, task_vars: t.Any) -> t.Any:
        environment: dict[str, t.Any] = {}
        if module_name not in forks or not _same(self, task_vars, environment):
            return configure(self, module_name, module_args, task_vars)
        encoder = common_json.get_module_encoder(PROFILE, common_json.Direction.CONTROLLER_TO_MODULE)
        data = _Arguments(json.dumps({"ANSIBLE_MODULE_ARGS": module_args}, cls=encoder).encode())
        data.fork, data.environment = forks[module_name], {name: str(value) for name, value in environment.items()}
        return _BuiltModule(b_module_data=data, module_style="new", shebang="#!", serialization_profile=PROFILE), ""

    @functools.wraps(execute)
    def executed(self: t.Any, cmd: str, *args: t.Any, in_data: t.Any = None, **options: t.Any) -> t.Any:
        if not isinstance(in_data, _Arguments):
            return execute(self, cmd, *args, in_data=in_data, **options)
        printed = in_data.fork.run(bytes(in_data), {**os.environ, **in_data.environment}, self._loader.get_basedir())
        lines = {f"{name}_lines": text.splitlines() for name, text in (("stdout", printed[1]), ("stderr", printed[2]))}
        return {**printed._asdict(), **lines}

    ActionBase._configure_module, ActionBase._low_level_execute_command = configured, executed


def _same(action: t.Any, task_vars: t.Mapping[str, t.Any], environment: dict[str, t.Any]) -> bool:
    """Whether a fork is the same as a module's own process."""
    # Without a path, ansible-core searches for a Python; without pipelining, it writes the module to a file.
    if "ansible_python_interpreter" not in task_vars or not action._is_pipelining_enabled("new"):
        return False
    ours = object.__new__(InProcess)
    vars(ours).update(vars(action))
    return ours._obstacle(task_vars, False, environment) is None


def _fork(name: str) -> Fork:
    main = importlib.import_module(f"ansible.modules.{name}").main

    def cleaned() -> None:
        """A process removes its temporary files when it ends, and a fork goes on to the next item of a loop."""
        at_exit: list[t.Callable[[], t.Any]] = []

        class AtExit:
            @staticmethod
            def register(call: t.Callable[..., t.Any], *args: t.Any, **options: t.Any) -> None:
                at_exit.append(functools.partial(call, *args, **options))

        with mock.patch.object(basic, "atexit", AtExit):
            try:
                main()
            finally:
                for call in at_exit:
                    call()

    return Fork(cleaned)
