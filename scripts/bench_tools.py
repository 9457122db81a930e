# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks share: processes with their costs, plays, and simulators of their own."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import ssl
import statistics
import subprocess
import time
import typing as t
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from .command import BIN
from .environment import own_environment

# How our modules run: in a fork of Ansible's process, or each in a process of its own.
IN_PROCESS, AS_MODULE = "in process", "as module"
_SWITCH = {IN_PROCESS: "true", AS_MODULE: "false"}
PROVIDER = "Microsoft.MachineLearningServices"
ML = "2025-12-01"


class Cost(t.NamedTuple):
    """Seconds of CPU time (user and system, children included), seconds of wall time, and MB of the largest process."""

    cpu: float
    wall: float
    megabytes: float = 0.0

    def minus(self, other: Cost, shared: float = 1) -> Cost:
        return Cost((self.cpu - other.cpu) / shared, (self.wall - other.wall) / shared, self.megabytes)


def median(costs: t.Sequence[Cost]) -> Cost:
    return Cost(*(statistics.median(column) for column in zip(*costs, strict=True)))


class NotMeasured(Exception):
    """Why a figure is missing."""


def spent(command: t.Sequence[str | Path], environment: t.Mapping[str, str], **options: t.Any) -> tuple[Cost, str]:
    """The cost and the output of a command; NotMeasured with the end of its output if it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _pid, status, usage = os.wait4(process.pid, 0)
    cost = Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - started, usage.ru_maxrss / 1024)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise NotMeasured(f"{Path(command[0]).name} failed: {' '.join(output.split())[-600:]}")
    return cost, output


@dataclass
class Bench:
    """A running simulator, and a folder for files."""

    folder: Path
    environment: dict[str, str]
    rounds: int = 3

    def play(
        self, tasks: str, way: str = IN_PROCESS, *, items: int = 1, interpreter: str | None = None, place: Path = BIN
    ) -> Cost:
        """The cost of one play; its tasks may loop over ``range(n)``, with so many ``items``. ``place``: the folder of another ansible-playbook."""
        path = self._written(tasks, items, interpreter or str(place / "python"))
        return spent([place / "ansible-playbook", path], self._environment(way))[0]

    def begin(self, tasks: str, way: str, *, items: int) -> subprocess.Popen[str]:
        """The process of one play, which the caller waits for."""
        command = [BIN / "ansible-playbook", self._written(tasks, items, str(BIN / "python"))]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.Popen(command, env=self._environment(way), text=True, **pipes)

    def _written(self, tasks: str, items: int, interpreter: str) -> Path:
        path = self.folder / "play.yml"
        variables = f"{{n: {items}, ansible_python_interpreter: {interpreter}}}"
        path.write_text(
            f"- hosts: localhost\n  connection: local\n  gather_facts: false\n  vars: {variables}\n  tasks:\n{tasks}"
        )
        return path

    def _environment(self, way: str) -> dict[str, str]:
        return {**self.environment, "AML_IN_PROCESS": _SWITCH[way]}

    def playbook(self, name: str, *arguments: str, way: str = IN_PROCESS) -> tuple[Cost, str]:
        """The cost and the output of a playbook of the collection."""
        command = [str(BIN / "ansible-playbook"), f"azureml.compute.{name}", *arguments]
        interpreter = f"ansible_python_interpreter={BIN / 'python'}"
        return spent([*command, "-e", interpreter], self._environment(way))

    def control(self, method: str, path: str, body: t.Any = None) -> t.Any:
        """The simulator's control API."""
        return self._send(method, f"/_simulator/{path}", self.environment["AML_SIMULATOR_CONTROL_TOKEN"], body)

    def put(self, path: str, version: str, body: t.Any) -> None:
        self._send("PUT", f"{path}?api-version={version}", self.environment["BENCH_TOKEN"], body)

    def _send(self, method: str, path: str, token: str, body: t.Any) -> t.Any:
        context = ssl.create_default_context(cafile=self.environment["SSL_CERT_FILE"])
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        url = self.environment["AML_SIMULATOR_URL"] + path
        request = urllib.request.Request(url, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, context=context) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise NotMeasured(f"{method} {path}: {error.read().decode()}") from error

    @property
    def subscription(self) -> str:
        return self.environment["AZURE_SUBSCRIPTION_ID"]


@contextlib.contextmanager
def running(folder: Path, rounds: int, home: Path | None = None) -> t.Iterator[Bench]:
    """A simulator with its state in ``home``, which is stopped at the end."""
    own = own_environment()
    own.pop("PYTHONDONTWRITEBYTECODE", None)
    own |= {"AML_SIMULATOR_HOME": str(home or folder / "simulator"), "PATH": f"{BIN}:{own['PATH']}"}
    own |= {"ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false", "HOME": str(folder)}
    folder.mkdir(parents=True, exist_ok=True)
    try:
        exports = simulator("start", own)
        pairs = (line.removeprefix("export ").partition("=") for line in exports.splitlines())
        environment = own | {name: shlex.split(value)[0] for name, _equals, value in pairs}
        yield Bench(folder, environment | {"BENCH_TOKEN": bearer(environment)}, rounds)
    finally:
        simulator("stop", own)


def simulator(command: str, environment: t.Mapping[str, str]) -> str:
    return subprocess.run(
        [BIN / "azureml-simulator", command], env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def bearer(environment: t.Mapping[str, str]) -> str:
    """A token for the simulator."""
    code = (
        "import os; from azure.identity import ClientSecretCredential as C; e = os.environ;"
        "c = C(*[e['AZURE_' + n] for n in ('TENANT', 'CLIENT_ID', 'SECRET')], authority=e['AZURE_AUTHORITY_HOST'], disable_instance_discovery=True);"
        "print(c.get_token(e['AML_SIMULATOR_URL'] + '/.default').token)"
    )
    return spent([BIN / "python", "-c", code], environment)[1].strip()


def looped(module: str, arguments: str, *, unchanged: bool = False) -> str:
    """A task that loops over so many items as the play is given. ``unchanged``: it fails where it changes something, which would be another figure."""
    check = "      failed_when: result.changed\n" if unchanged else ""
    return f'    - {module}:{arguments}      loop: "{{{{ range(n) | list }}}}"\n      register: result\n{check}'
