# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real ansible-playbook against a running simulator: one simulator for each test process, one resource group for each test."""

from __future__ import annotations

import json
import os
import ssl
import sys
import typing as t
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import azureml_simulator
import pytest
import yaml
from ansible_collections.azureml.compute.scripts.environment import own_environment
from ansible_collections.azureml.compute.tests.support.ansible_commands import Commands

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

# Simulated seconds in a real one: a cluster takes ten simulated seconds, a workspace ninety.
SPEED = 60

ML = "2025-12-01"

# Of Ansible, for each command.
SETTINGS = {
    "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "tests" / "support" / "callback"),
    "ANSIBLE_CALLBACKS_ENABLED": "report",
    "ANSIBLE_LOCALHOST_WARNING": "false",
    "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
    # A module on a node takes one command instead of five; test_secrets.py looks at the files that there are without it.
    "ANSIBLE_PIPELINING": "true",
}

# What a workspace stands on: its property, the type, the API version and the properties that the type demands.
DEPENDENTS = {
    "storageAccount": ("Microsoft.Storage/storageAccounts", "st", "2023-05-01"),
    "keyVault": ("Microsoft.KeyVault/vaults", "kv", "2023-07-01"),
    "applicationInsights": ("Microsoft.Insights/components", "ai", "2020-02-02"),
}


@dataclass
class Simulator:
    """A running simulator, and what a client needs in its environment to reach it."""

    environment: dict[str, str]
    running: azureml_simulator.Simulator
    commands: Commands

    def control(self, method: str, path: str, body: t.Any = None) -> t.Any:
        return self.running.control(method, path, body)

    def _send(self, method: str, path: str, data: bytes | None, **headers: str) -> t.Any:
        context = ssl.create_default_context(cafile=self.environment["SSL_CERT_FILE"])
        request = urllib.request.Request(
            f"{self.environment['AML_SIMULATOR_URL']}{path}", data=data, method=method, headers=headers
        )
        with urllib.request.urlopen(request, context=context) as answer:
            return json.loads(answer.read() or b"null")

    def token(self) -> str:
        told = self.environment
        form = {
            "grant_type": "client_credentials",
            "client_id": told["AZURE_CLIENT_ID"],
            "client_secret": told["AZURE_SECRET"],
        }
        data = urllib.parse.urlencode({**form, "scope": f"{told['AML_SIMULATOR_URL']}/.default"}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer: dict[str, str] = self._send("POST", f"/{told['AZURE_TENANT']}/oauth2/v2.0/token", data, **headers)
        return answer["access_token"]

    def arm(self, method: str, path: str, version: str = ML, body: t.Any = None) -> t.Any:
        """A request of somebody else's. What it starts is done when it returns: simulated time is put forward."""
        headers = {"Authorization": f"Bearer {self.token()}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        answer = self._send(method, f"{urllib.parse.quote(path)}?api-version={version}", data, **headers)
        if method != "GET":
            self.control("PUT", "clock", {"advance": 600})
        return answer

    def score(self, path: str, key: str) -> t.Any:
        """The answer of a model, at the address of its endpoint."""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        return self._send("POST", path, b"{}", **headers)

    def group_id(self, name: str) -> str:
        return f"/subscriptions/{self.environment['AZURE_SUBSCRIPTION_ID']}/resourceGroups/{name}"

    def make_group(self, name: str) -> None:
        self.arm("PUT", self.group_id(name), "2021-04-01", {"location": "eastus"})

    def make_workspace(self, group: str, name: str, **body: t.Any) -> str:
        """A workspace with its group and what it stands on, without the seconds that azure-ai-ml takes; its id."""
        self.make_group(group)
        common = {"tenantId": self.environment["AZURE_TENANT"], "sku": {"family": "A", "name": "standard"}}
        properties = {}
        for option, (kind, prefix, version) in DEPENDENTS.items():
            # Names of storage accounts and key vaults count everywhere.
            unique = f"{prefix}{uuid.uuid5(uuid.NAMESPACE_URL, f'{group}/{name}').hex[:20]}"
            properties[option] = f"{self.group_id(group)}/providers/{kind}/{unique}"
            self.arm("PUT", properties[option], version, {"location": "eastus", "properties": common})
        identifier = f"{self.group_id(group)}/providers/Microsoft.MachineLearningServices/workspaces/{name}"
        self.arm(
            "PUT",
            identifier,
            ML,
            {"location": "eastus", "identity": {"type": "SystemAssigned"}, "properties": properties, **body},
        )
        return identifier

    def mark(self) -> int:
        """A point in the request log, for ``requests``."""
        log = self.control("GET", "requests")
        return log[-1]["index"] + 1 if log else 0

    def requests(self, since: int = 0) -> list[dict[str, t.Any]]:
        rows: list[dict[str, t.Any]] = self.control("GET", f"requests?since={since}")
        return rows

    def writes(self, since: int = 0) -> list[dict[str, t.Any]]:
        """The requests that change something: not reads, and not the token request."""
        return [
            row
            for row in self.requests(since)
            if row["method"] not in ("GET", "HEAD") and not row["path"].endswith("/token")
        ]


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Simulator]:
    home = tmp_path_factory.mktemp("simulator")
    base = tmp_path_factory.getbasetemp()
    # Modules that callback/archives.py has packed are for all test processes; pytest-xdist gives each a folder below the common one.
    archives = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "archives"
    archives.mkdir(exist_ok=True)
    own = own_environment()
    own |= {"AML_TEST_ARCHIVES": str(archives), "AML_SIMULATOR_HOME": str(home), "PATH": f"{BIN}:{own['PATH']}"}
    # The simulator's own authority alone: a client takes 70 ms to read the many others, each time. tests/unit/simulator has the whole file.
    authority = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(home / "ca.pem"))
    with azureml_simulator.Simulator(home) as running:
        running.config({"clock": {"speed": SPEED}})
        environment = {**own, **running.environment, **authority}
        commands = Commands({**environment, **SETTINGS})
        yield Simulator(environment, running, commands)
        commands.end()


@pytest.fixture
def fresh(simulator: Simulator) -> t.Iterator[Simulator]:
    """The running simulator without what other tests made, and without what this one sets. Nobody's time is measured here, so it goes fast."""
    for moment, speed in (("before", 5 * SPEED), ("after", SPEED)):
        simulator.control("POST", "reset")
        simulator.control("PUT", "config", {"clock": {"speed": speed}})
        if moment == "before":
            yield simulator


@dataclass
class Run:
    """What one ansible-playbook run did: its exit status, its text, and each task's result."""

    code: int
    text: str
    tasks: list[tuple[str, dict[str, t.Any]]] = field(default_factory=list)

    @property
    def changed(self) -> int:
        return sum(bool(result.get("changed")) for _name, result in self.tasks)

    def __getitem__(self, name: str) -> dict[str, t.Any]:
        found: dict[str, t.Any] = dict(self.tasks)[name]
        return found


def local_play(group: str, tasks: t.Iterable[dict[str, t.Any]]) -> dict[str, t.Any]:
    """A play on the controller, whose modules work in a resource group."""
    return {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "module_defaults": {"group/azureml.compute.all": {"resource_group": group}},
        "tasks": list(tasks),
    }


@dataclass
class Player:
    """Runs tasks, or a playbook, in a resource group of the test's own."""

    simulator: Simulator
    folder: Path
    group: str

    def make_workspace(self, name: str, **body: t.Any) -> str:
        return self.simulator.make_workspace(self.group, name, **body)

    def play(
        self, *tasks: dict[str, t.Any], check: bool = False, ok: bool = True, env: dict[str, str] | None = None
    ) -> Run:
        path = self.folder / "play.yml"
        path.write_text(yaml.safe_dump([local_play(self.group, tasks)], sort_keys=False))
        return self.playbook(str(path), check=check, ok=ok, env=env)

    def playbook(
        self, name: str, *arguments: str, check: bool = False, ok: bool = True, env: dict[str, str] | None = None
    ) -> Run:
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        command = [str(BIN / "ansible-playbook"), name, *(["--check"] if check else []), *arguments]
        variables = {"AML_TEST_REPORT": str(report), **(env or {})}
        done = self.simulator.commands.run(command, variables, self.folder, timeout=300)
        text = done.stdout + done.stderr
        assert not ok or done.returncode == 0, text
        tasks = [tuple(row) for row in json.loads(report.read_text())] if report.exists() else []
        return Run(done.returncode, text, tasks)


@pytest.fixture
def player(simulator: Simulator, tmp_path: Path) -> Player:
    return Player(simulator, tmp_path, f"rg-{uuid.uuid4().hex[:8]}")


def module(module_name: str, title: str | None = None, /, **arguments: t.Any) -> dict[str, t.Any]:
    """A task of one of our modules."""
    return {"name": title or module_name, f"azureml.compute.{module_name}": arguments}


@pytest.fixture
def group_task(player: Player) -> dict[str, t.Any]:
    return module(
        "arm_resource",
        type="Microsoft.Resources/resourceGroups",
        name=player.group,
        api_version="2021-04-01",
        body={"location": "eastus"},
    )
