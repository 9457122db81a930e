# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of a fleet's targets in no output, and of what others declared, whoever looks at it."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._engine import remote
from ansible_collections.azureml.compute.tests.support import azure as harness
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, Azure
from ansible_collections.azureml.compute.tests.support.planted import CASES, FLEETS, MARK, Case, Watched, echo, watch


@pytest.fixture
def watched(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Watched:
    return watch(azure, monkeypatch, capsys, tmp_path)


@pytest.fixture(params=FLEETS)
def case(request: pytest.FixtureRequest, azure: Azure, tmp_path: Path) -> Case:
    return FLEETS[request.param](azure, tmp_path)


def test_success_check_mode_and_no_change(watched: Watched, case: Case) -> None:
    assert watched.run(case, check=True)["changed"]
    assert watched.plan.exists() == ("plan_file" in case.options)
    written = [*watched.plan.parent.glob("report/drift.*"), *watched.plan.parent.glob("report.txt")]
    assert len(written) == (6 if "report_folder" in case.options else 0)
    assert not [path.name for path in written if MARK in path.read_text()]
    assert watched.run(case)["changed"] and any(
        write.body and MARK in json.dumps(write.body) for write in watched.azure.writes
    ), "it was sent"
    assert watched.run(case)["changed"] is False
    assert watched.run(case, ok=False, **case.broken)["failure"]["code"] == "OutOfRange"


def test_a_refusal_that_says_the_secret_back(watched: Watched, case: Case) -> None:
    order = {
        "kind": "status",
        "status": 400,
        "message": echo(case.secrets),
        "code": "Refused",
        "match": {"method": "PUT", "path": case.path},
        "count": 9,
    }
    watched.azure.app.faults.put([order])
    failed = watched.run(case, ok=False)
    assert failed["targets"][0]["failure"]["message"].startswith("Refused: ***")
    assert "Refused: ***" in watched.progress.read_text()


def test_a_failed_operation_that_says_the_secret_back(watched: Watched, case: Case) -> None:
    order = {"kind": "failed_operation", "message": echo(case.secrets), "match": {"path": case.path}, "count": 9}
    watched.azure.app.faults.put([order])
    # A connection or a datastore is created at once, without an operation that could fail.
    fails = not case.path.startswith(("connections/", "datastores/"))
    result = watched.run(case, ok=not fails)
    assert result.get("failure", {}).get("code") == ("FleetFailed" if fails else None)


def test_what_nobody_foresaw(watched: Watched, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_ignored: t.Any) -> t.NoReturn:
        raise RuntimeError(echo(case.secrets))

    monkeypatch.setattr(remote.RemoteResource, "read", broken)
    result = watched.run(case, ok=False)
    assert result["failure"]["code"] == "FleetFailed"
    assert {target["failure"]["code"] for target in result["targets"]} == {"InternalError"}
    assert "Refused: ***" in watched.azure.text


def test_a_token_that_the_service_says_back_is_in_no_line_of_progress(
    watched: Watched, azure: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = harness._InProcess.send
    tokens: list[str] = []

    def echoing(self: t.Any, request: t.Any, **kwargs: t.Any) -> t.Any:
        answer = send(self, request, **kwargs)
        if request.method == "PUT":
            tokens.append(request.headers["Authorization"].removeprefix("Bearer "))
            answer.status_code, answer.content = (
                400,
                json.dumps({"error": {"code": "Bad", "message": f"Not understood: {tokens[0]}"}}).encode(),
            )
        return answer

    monkeypatch.setattr(harness._InProcess, "send", echoing)
    watched.run(FLEETS["cluster"](azure, tmp_path), ok=False)
    told = watched.progress.read_text()
    assert "Not understood: ***" in told and tokens[0] not in told and tokens[0] not in azure.text


def test_a_fleet_that_is_only_looked_at(watched: Watched, case: Case) -> None:
    """It takes the document of a fleet as it is, with what is no business of its own."""
    options = {key: value for key, value in case.options.items() if key in ("workspaces", "folder")}
    assert watched.run(Case("aml_fleet_info", options, "", [], {}))["workspaces"][0]["name"] == WORKSPACE
    # A file that a target names is not read here, and what is in it was never sent.
    if MARK in json.dumps(options):
        order = {
            "kind": "status",
            "status": 400,
            "message": echo(case.secrets),
            "code": "Refused",
            "match": {"path": "computes"},
            "count": 9,
        }
        watched.azure.app.faults.put([order])
        assert "Refused: ***" in watched.run(Case("aml_fleet_info", options, "", [], {}), ok=False)["msg"]


LOOKS: list[tuple[str, dict[str, t.Any], bool]] = [
    ("aml_compute_info", {}, False),
    ("aml_compute_info", {"name": "target-a"}, False),
    ("aml_export_info", {}, False),
    ("aml_fleet_info", {"workspaces": [{"name": WORKSPACE, "resource_group": GROUP}]}, False),
    ("aml_ssh_facts", {}, False),
    ("aml_preflight_info", {"computes": [{"type": "computeinstance", "name": "target-a", "size": "Standard_DS3_v2"}]}, False),
    ("aml_compute_instance", {"name": "target-a", "tags": {"a": "b"}}, True),
    ("aml_compute_instance", {"name": "target-a", "custom_applications": []}, True),
    ("aml_compute_instance", {"name": "target-a", "size": "Standard_DS2_v2"}, True),
    ("aml_compute_instance", {"name": "target-a", "state": "absent"}, True),
    ("aml_fleet", {"workspaces": [{"name": WORKSPACE, "resource_group": GROUP, "computes": [
        {"type": "computeinstance", "name": "target-a", "custom_applications": []}]}]}, True),
]  # fmt: skip


def test_what_others_declared_is_shown_by_no_module(watched: Watched, azure: Azure, tmp_path: Path) -> None:
    """The service tells the variables of custom applications to whoever may read the instance; a log has more readers."""
    made = CASES["environment-variables"](azure, tmp_path)
    azure.run(made.module, **made.options)
    assert MARK in json.dumps(azure.compute("target-a")), "the service tells it"
    for module, options, check in LOOKS:
        done = watched.run(Case(module, options, "", [], {}), ok=None, check=check)
        if module == "aml_export_info":
            missing = {row["option"]: row["reason"] for row in done["missing"] if row["name"] == "target-a"}
            assert "VALUE_NOT_SHOWN" in missing["custom_applications[app].environment_variables.APP_PASSWORD"]
            assert "environment_variables.APP_PASSWORD: not exported\n" in done["cli_yaml"]["target-a.yml"]
    exported = azure.run("aml_export_info")["vars"]["aml_instances"][0]
    assert azure.run("aml_compute_instance", **exported)["changed"] is False
