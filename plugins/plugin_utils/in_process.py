# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module of this collection in a fork of Ansible's own process, where that gives the same result as a separate process.

The usual process of a module packs a zip, starts a Python, imports Azure's libraries and signs in, for one GET. Here the same ``main()`` gets the same JSON
and prints the same JSON, so that arguments, redaction, warnings and results are those of the module; what is imported is imported once, before Ansible
forks; and the items of a loop share the token and the connections.

The variable ``aml_in_process`` and ``AML_IN_PROCESS`` in the environment switch it off.

Of ansible-core it uses what its own action plugin for modules uses. If a name is missing, modules run as they do without this file.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import sys
import typing as t

from ansible import constants as C
from ansible.module_utils.common import json as common_json
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import normal
from ansible.utils.display import Display

try:
    from ansible.vars.clean import remove_internal_keys
except ImportError:  # ansible-core 2.21 has it as a method of the result
    remove_internal_keys = None

from . import bytecode

try:
    from .fork import PROFILE, Fork
except ImportError as error:
    _NO_FORK: str | None = f"this ansible-core is not known: {error}"
else:
    _NO_FORK = None

display = Display()

VARIABLE, ENVIRONMENT = "aml_in_process", "AML_IN_PROCESS"
# Private names of ansible-core.
_OF_CORE = ("_update_module_args", "_parse_returned_data", "_compute_environment_string")
_AUTO = ("", "auto", "auto_silent", "auto_legacy", "auto_legacy_silent")
# Variables that only a new process reads.
_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "TZ", "MALLOC_", "OPENSSL_")

# What a usual run of a module imports.
_LIBRARIES = (
    "azure.core.pipeline.policies",
    "azure.core.pipeline.transport",
    "azure.core.rest",
    "azure.identity",
    "requests",
)
_COLLECTION = "ansible_collections.azureml.compute.plugins"
_UTILS = f"{_COLLECTION}.module_utils"


def _preloaded(name: str) -> tuple[t.Any, str | None]:
    """The module's file, imported with all that a usual run of it imports; or why it cannot be."""
    if _NO_FORK is not None:
        return None, _NO_FORK
    try:
        with _without_garbage_collection():
            return _imported(name), None
    except Exception as error:
        return None, f"{type(error).__name__} when it was imported: {error}"


def _imported(name: str) -> t.Any:
    bytecode.use()
    # What is missing here may be there for another Python, and an error here would end the whole playbook.
    for library in _LIBRARIES:
        importlib.import_module(library)
    # With Azure's libraries there, these can be imported too.
    importlib.import_module(f"{_UTILS}._arm.client")
    connections = importlib.import_module(f"{_UTILS}._arm.connections")
    module = importlib.import_module(f"{_COLLECTION}.modules.{name}")
    # Reading the authorities is most of what a first request costs; it opens no connection.
    with contextlib.suppress(Exception):
        connections.session_for(True)
    return module


@contextlib.contextmanager
def _without_garbage_collection() -> t.Iterator[None]:
    """Imports make no garbage, and each search for it goes through all that Ansible has in memory."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class InProcess(normal.ActionModule):  # type: ignore[misc]  # ansible-core has no types
    """ansible-core's action for modules; what differs is where ``main()`` runs."""

    _fork: t.Any = None
    _unusable: str | None = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        module, cls._unusable = _preloaded(cls.__module__.rpartition(".")[2])
        # One for all items of a loop, each of which makes an action. Nothing is started before the first of them, in Ansible's worker.
        cls._fork = None if module is None else Fork(module.main)

    def _execute_module(
        self, *args: t.Any, task_vars: t.Any = None, wrap_async: bool = False, **options: t.Any
    ) -> t.Any:
        task_vars = task_vars or {}
        environment: dict[str, t.Any] = {}
        obstacle = "unusual call" if args or options else self._obstacle(task_vars, wrap_async, environment)
        host = task_vars.get("inventory_hostname")
        if obstacle is not None:
            display.vvv(f"{self._task.action} runs as a module, because {obstacle}.", host=host)
            return super()._execute_module(*args, task_vars=task_vars, wrap_async=wrap_async, **options)
        display.vvv(f"{self._task.action} runs in a fork of Ansible's process.", host=host)
        arguments = dict(self._task.args)
        self._update_module_args(self._task.action, arguments, task_vars)
        encoder = common_json.get_module_encoder(PROFILE, common_json.Direction.CONTROLLER_TO_MODULE)
        given = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}, cls=encoder).encode()
        changed = {str(name): str(value) for name, value in environment.items()}
        printed = self._fork.run(given, {**os.environ, **changed}, self._loader.get_basedir())
        return self._result(printed._asdict())

    def _result(self, printed: dict[str, t.Any]) -> t.Any:
        """What was printed, as ansible-core's own action gives it."""
        lines = {f"{name}_lines": printed[name].splitlines() for name in ("stdout", "stderr")}
        answer = self._parse_returned_data({**printed, **lines}, PROFILE)
        if hasattr(answer, "as_result_dict"):
            answer.remove_internal_keys()
            return answer.as_result_dict(for_round_trip=True)
        remove_internal_keys(answer)
        return answer

    def _obstacle(
        self, task_vars: t.Mapping[str, t.Any], wrap_async: bool, environment: dict[str, t.Any]
    ) -> str | None:
        """Why the task runs as a module; ``environment`` receives the task's variables."""
        missing = [name for name in _OF_CORE if not hasattr(self, name)]
        if missing:
            return f"this ansible-core has no {missing[0]}"
        if self._unusable:
            return self._unusable
        wanted = self._templar.template(task_vars.get(VARIABLE, os.environ.get(ENVIRONMENT, True)))
        if not boolean(wanted, strict=False):
            return f"{VARIABLE} or {ENVIRONMENT} is false"
        if wrap_async or self._task.async_val:
            return "it is asynchronous"
        return self._of_connection() or self._of_interpreter(task_vars) or self._of_environment(environment)

    def _of_connection(self) -> str | None:
        if self._connection.transport != "local":
            return f"its connection is {self._connection.transport}"
        if self._connection.become is not None:
            return "it becomes another user"
        if getattr(self._connection._shell, "SHELL_FAMILY", None) != "sh":
            return "its shell is not sh"
        return "ANSIBLE_KEEP_REMOTE_FILES is set" if C.DEFAULT_KEEP_REMOTE_FILES else None

    def _of_interpreter(self, task_vars: t.Mapping[str, t.Any]) -> str | None:
        delegated = self._task.delegate_to
        variables = task_vars.get("ansible_delegated_vars", {}).get(delegated, {}) if delegated else task_vars
        given = C.config.get_config_value("INTERPRETER_PYTHON", variables=variables)
        # As text: the Python of a virtual environment is a link to the system's.
        path = str(self._templar.template(given) or "").strip()
        if path in (*_AUTO, sys.executable):
            return None
        return f"its interpreter is {path}, and Ansible's is {sys.executable}"

    def _of_environment(self, environment: dict[str, t.Any]) -> str | None:
        self._compute_environment_string(environment)
        at_start = [name for name in environment if str(name).startswith(_AT_START)]
        return f"only a new process reads {at_start[0]} of its environment" if at_start else None
