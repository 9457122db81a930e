# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as a package that other projects install: its public API, its console script and its fixtures for pytest."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import ssl
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import azureml_simulator
import pytest
from azureml_simulator import App, ControlError, Simulator, StartError, cli
from azureml_simulator.state_directory import StateDirectory

PROJECT = Path(azureml_simulator.__file__).resolve().parents[1]
SUBSCRIPTION = "/subscriptions/11111111-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with Simulator(tmp_path_factory.mktemp("running"), in_thread=True) as simulator:
        yield simulator


# --- public API ---


def test_a_simulator_in_a_thread(running: Simulator) -> None:
    running.reset()
    mark = running.requests()[-1]["index"] + 1 if running.requests() else 0
    assert running.url == running.environment["AML_SIMULATOR_URL"] and running.directory.is_dir()
    assert running.config({"clock": {"speed": 60}})["clock"]["speed"] == running.config()["clock"]["speed"] == 60
    before = running.state()["time"]
    running.advance(3600)
    assert running.state()["time"] > before
    running.set_faults({"kind": "status", "status": 503, "match": {"path": "/subscriptions"}})
    context = ssl.create_default_context(cafile=running.environment["SSL_CERT_FILE"])
    with pytest.raises(urllib.error.HTTPError, match="503"):
        urllib.request.urlopen(f"{running.url}/subscriptions?api-version=2021-04-01", context=context)
    assert [(row["method"], row["path"], row["status"]) for row in running.requests(mark, "/subscriptions")] == [
        ("GET", "/subscriptions", 503)
    ]
    assert running.requests(path="/no/such/path") == []
    running.clear_requests()
    assert running.requests() == []
    with pytest.raises(ControlError, match="400"):
        running.set_faults({"kind": "no such kind"})


def test_a_thread_leaves_no_server_and_a_temporary_directory_no_file() -> None:
    simulator = Simulator(in_thread=True)
    with simulator:
        assert StateDirectory(simulator.directory).is_served()
        assert (simulator.directory / ".gitignore").read_text().splitlines()[-1] == "*", (
            "its secrets could be committed"
        )
        assert StateDirectory(simulator.directory).running_pid() is None, "a command would end this very process"
        second = Simulator(simulator.directory, in_thread=True)
        with pytest.raises(StartError, match="already running"):
            second.start()
    assert not simulator.directory.exists()


def test_a_directory_that_others_can_read_is_refused_for_a_thread(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    with pytest.raises(StartError, match="can be read by other users"):
        Simulator(tmp_path / "open", in_thread=True).start()
    assert list((tmp_path / "open").iterdir()) == []


def test_what_cannot_be_served_is_an_error(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path / "state")
    directory.prepare()
    directory.database.mkdir()
    with pytest.raises(StartError, match="unable to open database file"):
        Simulator(directory.path, in_thread=True).start()
    assert not directory.is_served()


def test_the_public_names() -> None:
    assert all(getattr(azureml_simulator, name) for name in azureml_simulator.__all__)
    with App().exclusive():
        pass
    with pytest.raises(AttributeError, match="no attribute 'Door'"):
        azureml_simulator.Door  # noqa: B018
    done = subprocess.run(
        [sys.executable, "-c", HEAVY],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout) == []


# pytest imports the fixtures in every run of a project that has the simulator installed.
HEAVY = """
import json, sys
before = set(sys.modules)  # coverage.py, where it watches, has some already
import azureml_simulator, azureml_simulator.pytest_plugin
print(json.dumps([name for name in ("aiohttp", "asyncssh", "cryptography", "sqlite3") if name in sys.modules and name not in before]))
"""


# --- console script ---


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = cli.main([*arguments])
    text = capsys.readouterr()
    return status, text.out, text.err


def test_the_commands_of_a_running_simulator(
    running: Simulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "umask", lambda mask: 0)
    monkeypatch.setenv("AML_SIMULATOR_HOME", str(running.directory))
    running.reset()
    running.clear_requests()
    _status, shell, _text = run(capsys, "env")
    assert shell.splitlines()[0] == f"export AZURE_SUBSCRIPTION_ID={SUBSCRIPTION.rpartition('/')[2]}"
    assert [shlex.split(line)[1] for line in shell.splitlines()] == run(capsys, "env", "--format", "dotenv")[
        1
    ].splitlines()
    assert json.loads(run(capsys, "env", "--format", "json")[1]) == running.environment
    changes = ["clock.speed=30", "managed_identity.enabled=true", '{"seconds": {"resource_group.delete": 7}}']
    assert run(capsys, "config", *changes) == (0, "", "")
    shown = json.loads(run(capsys, "config")[1])
    assert shown == running.config()
    assert (
        shown["clock"]["speed"],
        shown["managed_identity"]["enabled"],
        shown["seconds"]["resource_group.delete"],
    ) == (30, True, 7)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        context = ssl.create_default_context(cafile=running.environment["SSL_CERT_FILE"])
        urllib.request.urlopen(f"{running.url}{SUBSCRIPTION}/resourceGroups?api-version=2021-04-01", context=context)
    _status, lines, _text = run(capsys, "requests", "--path", "resourceGroups", "--clear")
    assert [json.loads(line)["status"] for line in lines.splitlines()] == [401]
    assert run(capsys, "requests", "--since", "0") == (0, "", "")
    assert run(capsys, "reset") == (0, "", "") and running.config()["clock"]["speed"] != 30
    status, _out, text = run(capsys, "stop")
    assert status == 0 and "No simulator is running" in text and StateDirectory(running.directory).is_served()


@pytest.mark.parametrize("command", ["env", "config", "requests", "reset"])
def test_a_command_without_a_simulator_says_how_to_start_one(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, text = run(capsys, command, "--directory", str(tmp_path / "none"))
    assert (status, out) == (1, "") and f"{tmp_path / 'none'}. Start one with: azureml-simulator start" in text
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("clock.speed=60", {"clock": {"speed": 60}}),
        ("a.b.c=text=more", {"a": {"b": {"c": "text=more"}}}),
        ('{"a": {"b.c": [1]}}', {"a": {"b.c": [1]}}),
    ],
)
def test_a_change_of_the_configuration(text: str, change: dict[str, Any]) -> None:
    assert cli.parse_change(text) == change


@pytest.mark.parametrize("text", ["clock", "=1", "clock..speed=1", "{no", ""])
def test_what_is_no_change_is_refused_before_a_request(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["config", text])
    assert ended.value.code == 2 and ("for example clock.speed=60" in capsys.readouterr().err) == (text != "{no")


def test_the_directory_is_that_of_the_variable_or_below_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AML_SIMULATOR_HOME", "")
    assert cli.default_directory() == tmp_path / ".simulator"
    monkeypatch.setenv("AML_SIMULATOR_HOME", str(tmp_path / "chosen"))
    assert cli.default_directory() == tmp_path / "chosen"


# --- as a project that has it installed sees it ---


def test_the_entry_points_are_those_that_exist() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"azureml-simulator": "azureml_simulator.cli:main"}
    (plugin,) = project["entry-points"]["pytest11"].values()
    assert {"azureml_simulator", "azureml_environment"} <= vars(importlib.import_module(plugin)).keys()


def test_the_requirements_are_those_of_the_tests() -> None:
    """ansible-test installs requirements.txt of the unit tests alone, which therefore has to name them as well, with the same bounds."""
    declared = set(tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["dependencies"])
    known = (PROJECT.parents[0] / "unit" / "requirements.txt").read_text().splitlines()
    assert declared - {"tzdata>=2024.1"} <= set(known)


PROJECT_OF_A_USER = """
import os, ssl, urllib.request


def test_first(azureml_simulator, azureml_environment):
    assert os.environ["AML_SIMULATOR_URL"] == azureml_simulator.url and "ARM_CLIENT_SECRET" not in os.environ
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    with urllib.request.urlopen(f"{azureml_simulator.url}/metadata/endpoints?api-version=2019-05-01", context=context) as answer:
        assert answer.status == 200
    assert [row["path"] for row in azureml_simulator.requests()] == ["/metadata/endpoints"]


def test_second(azureml_simulator):
    assert "AML_SIMULATOR_URL" not in os.environ and os.environ["ARM_CLIENT_SECRET"] == "real"
    assert azureml_simulator.requests(), "the same simulator"
    print("directory:", azureml_simulator.directory)
"""


def test_the_fixtures_in_another_project(tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text(PROJECT_OF_A_USER)
    # Neither the plugins nor the options of the run that this test is a part of.
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment = {
        **own,
        "PYTHONPATH": str(PROJECT),
        "ARM_CLIENT_SECRET": "real",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-s",
        "-p",
        "azureml_simulator.pytest_plugin",
        f"--basetemp={tmp_path / 'base'}",
        "test_user.py",
    ]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout + done.stderr
    directory = re.search(r"directory: (\S+)", done.stdout)
    assert directory and not StateDirectory(Path(directory[1])).is_served()
