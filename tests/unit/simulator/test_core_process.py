# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as a process: start, the exported lines, TLS, restart, stop."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import stat
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import azureml_simulator
import pytest
from azureml_simulator.state_directory import StateDirectory

ROOT = Path(azureml_simulator.__file__).resolve().parents[1]


class Process:
    """The command line of the simulator with a directory of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "AML_SIMULATOR_HOME": str(self.home)}
        return subprocess.run(
            [sys.executable, "-m", "azureml_simulator", *command],
            env=environment,
            text=True,
            capture_output=True,
            timeout=120,
            check=False,
        )

    def start(self) -> tuple[str, dict[str, str]]:
        done = self.run("start")
        assert done.returncode == 0, done.stderr
        lines = [line.removeprefix("export ") for line in done.stdout.splitlines()]
        assert all(line.startswith("export ") for line in done.stdout.splitlines())
        return done.stdout, {name: value.strip("'") for name, _equals, value in (line.partition("=") for line in lines)}


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    made = Process(tmp_path / "home")
    yield made
    made.run("stop")


def fetch(env: dict[str, str], path: str, data: bytes | None = None, **headers: str) -> Any:
    context = ssl.create_default_context(cafile=env["SSL_CERT_FILE"])
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    method = headers.pop("method", None)
    if path.startswith("/_simulator/"):
        headers.setdefault("Authorization", f"Bearer {env['AML_SIMULATOR_CONTROL_TOKEN']}")
    request = urllib.request.Request(env["AML_SIMULATOR_URL"] + path, data, headers, method=method)
    with opener.open(request, timeout=30) as answer:
        return json.loads(answer.read())


def sign_in(env: dict[str, str]) -> dict[str, str]:
    form = {
        "grant_type": "client_credentials",
        "client_id": env["AZURE_CLIENT_ID"],
        "client_secret": env["AZURE_CLIENT_SECRET"],
        "scope": env["AML_SIMULATOR_URL"] + "/.default",
    }
    data = urllib.parse.urlencode(form).encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    token = fetch(env, f"/{env['AZURE_TENANT_ID']}/oauth2/v2.0/token", data, **kind)["access_token"]
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def listening(pid: int) -> set[str]:
    """The addresses on which a process takes connections, as the kernel tells them."""
    own = {
        link.readlink().name
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if link.is_symlink() and str(link.readlink()).startswith("socket:")
    }
    found = set()
    for family, table in ((socket.AF_INET, "tcp"), (socket.AF_INET6, "tcp6")):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and f"socket:[{columns[9]}]" in own:
                words = bytes.fromhex(columns[1].split(":")[0])
                address = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
                found.add(socket.inet_ntop(family, address))
    return found


def test_start_restart_and_stop(process: Process) -> None:
    first, env = process.start()
    group = f"/subscriptions/{env['AZURE_SUBSCRIPTION_ID']}/resourceGroups/rg?api-version=2021-04-01"
    made = fetch(env, group, b'{"location":"eastus"}', method="PUT", **sign_in(env))
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert len(env["AZURE_SECRET"]) >= 43 and listening(int((process.home / "serve.pid").read_text())) == {"127.0.0.1"}
    assert process.run("start", "--speed", "7").stdout == process.start()[0] == first
    assert json.loads(process.run("config").stdout)["clock"]["speed"] == 7
    assert process.run("stop").returncode == 0
    assert process.run("env").returncode == 1
    with pytest.raises(urllib.error.URLError, match="refused"):
        fetch(env, "/_simulator/health")
    assert process.start()[0] == first
    assert fetch(env, group, **sign_in(env)) == made
    for name in ("ca-key.pem", "server-key.pem", "token-key.pem", "client-secret", "control-token"):
        assert stat.S_IMODE((process.home / name).stat().st_mode) == 0o600
    again = process.run("stop"), process.run("stop")
    assert [done.returncode for done in again] == [0, 0] and "No simulator" in again[1].stderr


def test_faults_happen_to_the_socket(process: Process) -> None:
    _text, env = process.start()
    headers = sign_in(env)
    path = "/subscriptions?api-version=2021-04-01"
    kind = {"Content-Type": "application/json"}

    def order(**fault: Any) -> None:
        fetch(env, "/_simulator/faults", json.dumps([fault]).encode(), method="PUT", **kind)

    order(kind="truncate")
    with pytest.raises(http.client.IncompleteRead):
        fetch(env, path, **headers)
    order(kind="reset_before")
    with pytest.raises(OSError) as dropped:
        fetch(env, path, **headers)
    assert not isinstance(dropped.value, urllib.error.HTTPError)
    order(kind="status", status=503)
    with pytest.raises(urllib.error.HTTPError, match="503"):
        fetch(env, path, **headers)
    assert len(fetch(env, path, **headers)["value"]) == 2


def test_a_taken_port_is_changed_for_a_free_one(process: Process) -> None:
    remembered = process.home / "azure-cli" / "cloudEndpoints.json"
    remembered.parent.mkdir(parents=True)
    remembered.write_text("{}")
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        (process.home / "port").write_text(str(taken))
        _text, env = process.start()
        assert env["AML_SIMULATOR_URL"] != f"https://127.0.0.1:{taken}"
        assert not remembered.exists(), "azure-cli-core would go on to the old port"
        assert fetch(env, "/_simulator/health")["status"] == "ok"


def test_two_starts_at_once_make_one_simulator(process: Process) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _n: process.start(), range(2))
    assert first == second
    assert fetch(first[1], "/_simulator/health")["pid"] == int((process.home / "serve.pid").read_text())


def test_a_directory_of_everybodys_is_refused_and_two_have_two_secrets(process: Process, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o777)
    done = Process(tmp_path / "shared").run("start")
    assert done.returncode == 1 and "AML_SIMULATOR_HOME" in done.stderr and list((tmp_path / "shared").iterdir()) == []
    made = [StateDirectory(tmp_path / name) for name in ("a", "b")]
    for home in made:
        home.prepare()
    assert (
        made[0].secret() != made[1].secret()
        and (made[0].path / "token-key.pem").read_bytes() != (made[1].path / "token-key.pem").read_bytes()
    )
    assert {stat.S_IMODE(os.stat(home.path).st_mode) for home in made} == {0o700}
