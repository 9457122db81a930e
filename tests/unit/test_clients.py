# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make clients` (scripts/clients.py) succeeds only where clients ran, and did what is expected of them."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from ansible_collections.azureml.compute.scripts import clients
from ansible_collections.azureml.compute.scripts.clients import Row


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([Row("c", "one")], 0),
        ([Row("c", "one"), Row("c", "two", "no such size", known="such size")], 0),
        ([Row("c", "one"), Row("c", "two", "no such size", known="other")], 1),
        ([Row("c", "one"), Row("d", "(installation)", skipped="no network")], 0),
        ([Row("d", "(installation)", skipped="no network")], 1),
        ([], 1),
    ],
)
def test_the_exit_status(rows: list[Row], status: int) -> None:
    assert clients.summary(rows)[1] == status


class _Simulator:
    environment: dict[str, str] = {}
    directory = Path("/")

    def __init__(self, **_options: Any) -> None:
        pass

    def __enter__(self) -> _Simulator:
        return self

    def __exit__(self, *_details: object) -> None:
        pass

    def config(self, _changes: Any) -> None:
        pass


def test_a_client_that_cannot_be_installed_is_named_and_an_error_of_another_is_none_of_that(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(clients, "Simulator", _Simulator)
    monkeypatch.setattr(clients, "BUILD", tmp_path)

    def missing(_self: clients.Clients) -> Iterator[Row]:
        clients.install("none", [str(tmp_path / "no-such-program")])
        yield Row("none", "never")

    def broken(_self: clients.Clients) -> Iterator[Row]:
        raise ConnectionRefusedError("the simulator does not answer")

    monkeypatch.setattr(clients.Clients, "python", missing)
    monkeypatch.setattr(clients.Clients, "javascript", broken)
    monkeypatch.setattr(clients, "ROOT", tmp_path)
    [row] = clients.run(["python"])
    assert "no-such-program" in row.skipped
    with pytest.raises(ConnectionRefusedError):
        list(clients.run(["javascript"]))


def test_a_client_that_does_not_end_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(command: list[str], **_options: Any) -> None:
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(subprocess, "run", endless)
    done = clients.Clients(_Simulator())._run(["az"])  # type: ignore[arg-type]
    assert done.returncode == 124 and "did not end" in clients._first_error(done.stderr)


def test_a_template_that_is_not_the_one_that_is_meant_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(clients, "BUILD", tmp_path)
    pages = iter((b"<html>sign in</html>", b"{}", b"{}"))
    monkeypatch.setattr(clients.urllib.request, "urlopen", lambda url, timeout: io.BytesIO(next(pages)))
    url = "https://example.org/main.json"
    for checksum in (None, "0" * 64):
        with pytest.raises(ValueError):
            clients.fetch(url, checksum)
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert clients.fetch(url, None) == {} and clients.fetch(url, None) == {}


def test_a_template_that_cannot_be_fetched_is_named_with_the_variable_of_a_copy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def unreachable(_url: str, timeout: float) -> None:
        raise OSError("no network")

    monkeypatch.setattr(clients, "BUILD", tmp_path)
    monkeypatch.setattr(clients.urllib.request, "urlopen", unreachable)
    monkeypatch.delenv("A_TEMPLATE", raising=False)
    entry = {"url": "https://example.org/main.json", "variable": "A_TEMPLATE"}
    with pytest.raises(clients.NotInstalledError, match="cannot be fetched here .no network.; A_TEMPLATE=FILE uses"):
        clients.published(entry)
    copy = tmp_path / "main.json"
    copy.write_text('\ufeff{"resources": []}')
    monkeypatch.setenv("A_TEMPLATE", str(copy))
    assert clients.published(entry) == {"resources": []}


def applying(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, output: str, *sent: str) -> str:
    """What is said of a workspace whose files are applied with this output, and with these requests."""
    log = [{"method": "POST", "path": "/tenant/oauth2/v2.0/token"}]
    ran: list[list[str]] = []

    class Simulated(_Simulator):
        def requests(self) -> list[dict[str, str]]:
            return list(log)

    def run(_self: Any, command: list[str], _folder: Path, **_variables: str) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        if "azureml.compute.export_workspace" not in command:
            log.extend({"method": method, "path": "/subscriptions/s/workspaces/ws"} for method in sent)
        return subprocess.CompletedProcess(command, 0, output, "")

    monkeypatch.setattr(clients, "BUILD", tmp_path)
    monkeypatch.setattr(clients.Clients, "_run", run)
    said = clients.Clients(cast("Any", Simulated()))._unchanged("avm", "ws")
    assert json.loads(ran[0][-1])["aml_resource_group"] == "rg-avm" and ran[1][-1].endswith(
        "/exported/ws/workspace.yml"
    )
    return said


def test_a_template_whose_workspace_is_changed_by_its_export_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    recap = "localhost : ok=9 changed=%s unreachable=0 failed=0"
    assert applying(monkeypatch, tmp_path, recap % 0, "GET") == ""
    assert applying(monkeypatch, tmp_path, recap % 10, "GET").startswith("provision_workspace: ")
    assert applying(monkeypatch, tmp_path, recap % 0, "GET", "PUT") == (
        "provision_workspace sent ['PUT /subscriptions/s/workspaces/ws']"
    )
    assert applying(monkeypatch, tmp_path, recap % 0) == "provision_workspace sent nothing"
