# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another user of the simulator's machine: what answers without a credential, and that nothing of it leads to a command as the owner."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import azureml_simulator
import pytest
from azureml_simulator import control
from azureml_simulator.app import App
from azureml_simulator.entra.directory import TENANT
from azureml_simulator.http import Headers, Request, Response
from azureml_simulator.ssh.peer import peer_user
from azureml_simulator.state_directory import StateDirectory

ROOT = Path(azureml_simulator.__file__).resolve().parents[1]
TOKEN = "the-owners-token"
# Answers without a token of Azure's: discovery of the cloud and of the sign-in, and the endpoints that give tokens for a proof.
OPEN = {
    "GET /metadata/endpoints",
    "GET /{tenant}/v2.0/.well-known/openid-configuration",
    "GET /{tenant}/.well-known/openid-configuration",
    "GET /{tenant}/discovery/v2.0/keys",
    "GET /common/discovery/instance",
    "GET /common/userrealm/{user}",
    "POST /{tenant}/oauth2/v2.0/token",
    "POST /{tenant}/oauth2/token",
    "GET /metadata/identity/oauth2/token",
    "POST /inference/{location}/{endpoint}/score",
    "GET /inference/{location}/{endpoint}/swagger.json",
}
ARM_TOKEN = App().token()
# What somebody may send in place of the owner's token.
INSTEAD = {
    "nothing": {},
    "an empty token": {"Authorization": "Bearer "},
    "another token": {"Authorization": "Bearer wrong"},
    "the token and more": {"Authorization": f"Bearer {TOKEN}x"},
    "a part of the token": {"Authorization": f"Bearer {TOKEN[:-1]}"},
    "another scheme": {"Authorization": f"Basic {TOKEN}"},
    "not ASCII": {"Authorization": "Bearer t\u00f6ken"},
    "a token of Resource Manager": {"Authorization": f"Bearer {ARM_TOKEN}"},
}


@pytest.fixture(scope="module")
def app() -> App:
    """As a server has it."""
    made = App(control_token=TOKEN)
    made.config.add_defaults({"managed_identity": {"enabled": False}})
    return made


def ask(
    app: App, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"", **query: str
) -> Response:
    return app.handle(Request(method, path, query, Headers({"Host": "127.0.0.1:1", **(headers or {})}), body))


@pytest.mark.parametrize("headers", INSTEAD.values(), ids=INSTEAD)
@pytest.mark.parametrize(("method", "name"), sorted(control._ACTIONS))
def test_the_control_api_asks_for_the_owners_token(app: App, method: str, name: str, headers: dict[str, str]) -> None:
    before = len(app.directory.all()), dict(app.config)
    body = json.dumps({"name": "another", "secrets": ["x"], "roles": [], "clock": {"speed": 2}, "advance": 1}).encode()
    answer = ask(app, method, f"/_simulator/{name}", headers, body, access_token=TOKEN)
    if (method, name) == ("GET", "health"):
        assert (answer.status, answer.body) == (200, {"status": "ok"})
    else:
        assert answer.status == 401 and answer.body["error"]["code"] == "ControlTokenMissing"
    assert (len(app.directory.all()), dict(app.config)) == before and TOKEN not in json.dumps(answer.body)


SPELLINGS = [
    "//_simulator/state",
    "/_SIMULATOR/state",
    "/_simulator/state/",
    "/x/../_simulator/state",
    "/_simulator/./state",
    "/_simulator",
]


@pytest.mark.parametrize("path", SPELLINGS)
def test_no_other_spelling_of_the_path_answers(app: App, path: str) -> None:
    assert ask(app, "GET", path).status in (401, 404)


def test_the_owner_may(app: App) -> None:
    for scheme in ("Bearer", "bearer"):
        answer = ask(app, "GET", "/_simulator/health", {"Authorization": f"{scheme} {TOKEN}"})
        assert answer.status == 200 and answer.body["pid"] == os.getpid()
    assert App().call("GET", "/_simulator/state").status == 200, "in process nothing is asked for"


def test_every_route_asks_for_a_credential_except_those_that_are_documented(app: App) -> None:
    table = [route for _pattern, _rank, route in app._router._table]
    assert {f"{route.method} {route.pattern}" for route in table if route.open} == OPEN and len(table) > 50
    readme = (ROOT / "README.md").read_text()
    for route in table:
        path = re.sub(r"\{[^}]*\}", lambda found: TENANT if found[0] == "{tenant}" else "x", route.pattern)
        answer = ask(
            app,
            route.method,
            path,
            {"Metadata": "true"},
            resource="https://management.azure.com/",
            **{"api-version": "2025-12-01"},
        )
        if route.open:
            assert f"`{route.method} {route.pattern}`" in readme, "not documented"
            assert "access_token" not in json.dumps(answer.body)
        else:
            assert answer.status == 401, f"{route.method} {route.pattern}"


def test_a_server_has_no_identity_until_it_is_asked_for(app: App) -> None:
    """The endpoint of a managed identity takes no secret, here as in Azure: whoever can reach it may do what the identity may."""
    asked: dict[str, Any] = {"headers": {"Metadata": "true"}, "resource": "https://management.azure.com/"}
    path = "/metadata/identity/oauth2/token"
    assert ask(app, "GET", path, **asked).status == 404
    own = {"Authorization": f"Bearer {TOKEN}"}
    assert ask(app, "PUT", "/_simulator/config", own, b'{"managed_identity": {"enabled": true}}').status == 200
    try:
        assert ask(app, "GET", path, **asked).body["access_token"]
    finally:
        app.configure({"managed_identity": {"enabled": False}})


# As another user where there is one to become, else as the same one; it knows the address and nothing else.
STRANGER = """
import http.client, json, os, socket, ssl, sys
"".encode("idna")
port, file = int(sys.argv[1]), sys.argv[2]
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
context = ssl._create_unverified_context()
def ask(method, path, body=None, **headers):
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=30)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()
told = {
    "health": ask("GET", "/_simulator/health"),
    "state": ask("GET", "/_simulator/state"),
    "slashes": ask("GET", "//_simulator//state"),
    "encoded": ask("GET", "/%5fsimulator/state"),
    "principals": ask("PUT", "/_simulator/principals", json.dumps({"name": "another", "secrets": ["x"]})),
    "identity": ask("GET", "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/", Metadata="true"),
    "groups": ask("GET", "/subscriptions?api-version=2021-04-01"),
    "host": ask("GET", "/metadata/endpoints?api-version=2019-05-01", Host="attacker.example"),
    "host with a port": ask("GET", "/_simulator/health", Host="127.0.0.1.attacker.example:443"),
}
try:
    told["file"] = (200, open(file).read()) if os.getuid() == 65534 else (403, "not tried: the same user")
except OSError:
    told["file"] = (403, "")
print(json.dumps(told))
"""
REFUSED = {
    "health": 200,
    "state": 401,
    "slashes": 401,
    "encoded": 401,
    "principals": 401,
    "identity": 404,
    "groups": 401,
    "host": 421,
    "host with a port": 421,
    "file": 403,
}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[tuple[StateDirectory, dict[str, str]]]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "AML_SIMULATOR_HOME": str(tmp_path / "home")}
    subprocess.run(
        [sys.executable, "-m", "azureml_simulator", "start"],
        env=environment,
        capture_output=True,
        timeout=120,
        check=True,
    )
    yield StateDirectory(tmp_path / "home"), environment
    subprocess.run(
        [sys.executable, "-m", "azureml_simulator", "stop"],
        env=environment,
        capture_output=True,
        timeout=60,
        check=True,
    )


def test_another_user_of_the_machine_is_refused(home: tuple[StateDirectory, dict[str, str]]) -> None:
    """Over the real server: no way of one who knows the address ends with a principal, a token or a document."""
    made, environment = home
    command = [sys.executable, "-c", STRANGER, made.port_file.read_text(), str(made.path / "control-token")]
    told = json.loads(
        subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout
    )
    assert {name: status for name, (status, _text) in told.items()} == REFUSED
    assert json.loads(told["health"][1]) == {"status": "ok"}
    assert not any(made.control_token() in text or "access_token" in text for _status, text in told.values())


def test_whose_connection_it_is(tmp_path: Path) -> None:
    """As the kernel writes it; the spelling of addresses is the machine's, so it is read back from a connection of our own as well."""
    with socket.socket() as listener, socket.socket() as client:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client.connect(listener.getsockname())
        served, peer = listener.accept()
        with served:
            own = served.getsockname()
            assert peer_user(peer, own) == os.getuid()
            assert peer_user((peer[0], 1), own) is None and peer_user(own, (peer[0], 1)) is None
            line = next(
                text
                for text in Path("/proc/self/net/tcp").read_text().splitlines()
                if text.split()[1].endswith(f":{peer[1]:04X}")
            )
    columns = line.split()

    def table(state: str, user: str, name: str = "tcp") -> int | None:
        for old in tmp_path.iterdir():
            old.unlink()
        row = [*columns[:3], state, *columns[4:7], user, *columns[8:]]
        (tmp_path / name).write_text(f"header\n{' '.join(row)}\n")
        return peer_user(peer, own, tmp_path)

    assert table("01", "1000") == 1000
    assert table("01", "1000", "tcp6") == 1000
    # A connection that its process has closed is shown as root's.
    for state in ("04", "05", "06", "08"):
        assert table(state, "0") is None
    (tmp_path / "tcp").unlink(missing_ok=True)
    assert peer_user(peer, own, tmp_path) is None, "a system without these tables lets in no one"
