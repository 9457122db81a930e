# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of a fleet and in an export: declared, planned, pruned, approved and reported beside compute targets and datastores."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.azureml.compute.plugins.module_utils._core import redact
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, WORKSPACE_ID, Azure

from .test_connection import CREDENTIALS, with_hub
from .test_fleet import FLEET, TAG, cluster

FEED = {"type": "python_feed", "target": "https://pkgs.example.org"}
PAT = {"type": "pat", "pat": "planted-pat"}
CONNECTIONS = f"{WORKSPACE_ID}/connections"


def feed(name: str, **more: t.Any) -> dict[str, t.Any]:
    return {"name": name, **FEED, **more}


def workspace(*connections: dict[str, t.Any], name: str = WORKSPACE, **more: t.Any) -> dict[str, t.Any]:
    return {"name": name, "resource_group": GROUP, "connections": list(connections), **more}


def existing(azure: Azure, **more: t.Any) -> dict[str, dict[str, t.Any]]:
    return {row["name"]: row for row in azure.run("aml_connection_info", **more)["connections"]}


def test_they_are_made_once_and_a_second_run_only_lists(azure: Azure) -> None:
    wanted = [workspace(feed("plain"), feed("locked", credentials=PAT), computes=[cluster("cpu-c")])]
    planned = azure.run(FLEET, check=True, workspaces=wanted)
    assert azure.writes == [] and planned["totals"]["create"] == 3 and "planted" not in azure.text
    done = azure.run(FLEET, workspaces=wanted)
    assert done["totals"] == {"targets": 3, "failed": 0, "create": 3} and "planted" not in azure.text
    assert [target["changes"] for target in done["targets"]] == [target["changes"] for target in planned["targets"]]
    assert azure.app.store.private(f"{CONNECTIONS}/locked")["credentials"] == {"pat": "planted-pat"}
    again = azure.run(FLEET, workspaces=wanted)
    assert not again["changed"] and [request.method for request in azure.sent] == ["GET", "GET"]
    wanted[0]["connections"][1]["target"] = "https://other.example.org"
    table = azure.run(FLEET, check=True, workspaces=wanted)["table"]
    assert [line.split()[0] for line in table[1:2]] == ["ws-test/connections/locked"]
    del wanted[0]["connections"][1]["credentials"]
    failed = azure.run(FLEET, check=True, workspaces=wanted, ok=False)
    assert [row["code"] for row in failed["failure"]["details"]] == ["SecretNeeded"]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (feed("bad", tags={}), "ws-test/connections/bad: Unsupported parameters: tags."),
        (feed("bad", type="python_fed"), "Did you mean 'python_feed'?"),
        (feed("-bad"), "is not a valid name of a connection"),
        ({"type": "git"}, "connections[0] needs name."),
        ({"name": "half", "type": "git"}, "cannot be created without target"),
    ],
    ids=["option", "type", "name", "nameless", "half"],
)
def test_wrong_ones_are_refused_before_the_first_write(azure: Azure, wrong: dict[str, t.Any], text: str) -> None:
    failed = azure.run(FLEET, workspaces=[workspace(wrong)], ok=False)
    assert text in failed["msg"] and azure.writes == []


def test_what_the_fleet_made_is_pruned(azure: Azure) -> None:
    """It is known by its metadata, which a declared null does not remove."""
    azure.run("aml_connection", **feed("theirs", metadata={"a": "b"}))
    wanted = [workspace(feed("kept", metadata={"team": "vision"}), feed("gone"), feed("theirs", metadata=None))]
    azure.run(FLEET, name="fleet", workspaces=wanted)
    made = existing(azure)
    assert made["kept"]["metadata"] == {"team": "vision", TAG: "fleet"} and made["theirs"]["metadata"] == {TAG: "fleet"}
    assert not azure.run(FLEET, name="fleet", workspaces=wanted)["changed"]
    azure.run("aml_connection", **feed("unmarked"))
    left = [workspace(feed("kept"))]
    assert azure.run(FLEET, name="other", workspaces=left, prune="delete")["totals"].get("delete") is None
    planned = azure.run(FLEET, check=True, name="fleet", workspaces=left, prune="report")
    assert azure.writes == [] and {row["name"] for row in planned["undeclared"]} == {"gone", "theirs"}
    azure.run(FLEET, name="other", workspaces=left, limit=["kept"], prune="none")
    azure.run("aml_connection", name="kept", metadata={TAG: "fleet"})
    done = azure.run(FLEET, name="fleet", workspaces=left, prune="delete", limit=["gone"])
    assert set(existing(azure)) == {"kept", "theirs", "unmarked"} and done["changed"]


def test_what_a_hub_shares_is_not_the_projects(azure: Azure) -> None:
    hub = with_hub(azure)
    """Neither pruned, nor reported, nor exported; declaring it is refused, in check mode too."""
    hub.run(FLEET, name="fleet", workspaces=[workspace({**feed("shared"), "is_shared": True}, name="hub")])
    hub.run("aml_connection", workspace="hub", name="shared", metadata={TAG: "fleet"})
    empty = [workspace(name="project")]
    done = hub.run(FLEET, name="fleet", workspaces=empty, prune="delete")
    assert (
        not done["changed"] and done["undeclared"] == [] and set(existing(hub, workspace="hub")) == {"shared", "hidden"}
    )
    found = hub.run("aml_fleet_info", workspaces=empty, connections=True)
    assert found["workspaces"][0]["connections"] == []
    for check in (True, False):
        failed = hub.run(FLEET, check=check, workspaces=[workspace(feed("shared"), name="project")], ok=False)
        assert failed["failure"]["details"][0]["code"] == "ConnectionInherited" and hub.writes == []
    assert "aml_connections" not in hub.run("aml_export_info", workspace="project")["vars"]
    assert hub.run("aml_export_info", workspace="project", connections=["shared"], ok=False)["failure"]["details"] == [
        "shared"
    ]


def test_a_plan_is_approved(azure: Azure, tmp_path: Path) -> None:
    wanted = [workspace(feed("locked", credentials=PAT))]
    path = tmp_path / "plan.json"
    azure.run(FLEET, check=True, workspaces=wanted, plan_file=str(path))
    plan = json.loads(path.read_text())
    assert "planted" not in path.read_text()
    other = [workspace(feed("locked", credentials=PAT, is_shared=False))]
    failed = azure.run(FLEET, workspaces=other, approved_plan=plan, ok=False)
    assert failed["failure"]["code"] == "PlanChanged" and azure.writes == []
    assert azure.run(FLEET, workspaces=wanted, approved_plan=plan)["changed"]


def test_a_folder_has_files_of_the_cli(azure: Azure, tmp_path: Path) -> None:
    """Two types are those of datastores too."""
    place = tmp_path / "fleet" / GROUP / WORKSPACE
    place.mkdir(parents=True)
    blob = {"type": "azure_blob", "account_name": "stdata", "container_name": "training"}
    files = {
        "feed": {"name": "feed", **FEED, "credentials": PAT},
        "blob": {"name": "blob", **blob, "url": "https://stdata.blob.core.windows.net/training"},
        "data": {"name": "data", **blob},
    }
    for name, tree in files.items():
        (place / f"{name}.yml").write_text(yaml.safe_dump(tree))
    done = azure.run(FLEET, folder=str(tmp_path / "fleet"))
    assert "planted" not in azure.text
    assert {(row["type"], row["name"]) for row in done["targets"]} == {
        ("connection", "feed"),
        ("connection", "blob"),
        ("datastore", "data"),
    }
    assert not azure.run(FLEET, folder=str(tmp_path / "fleet"))["changed"]


# --- exports ---


@pytest.fixture
def exported(azure: Azure) -> dict[str, t.Any]:
    """What is exported of a workspace with a connection of each type of credentials, and some of the types with fields of the CLI."""
    for type_, (parts, _held) in CREDENTIALS.items():
        azure.run("aml_connection", **feed(f"with_{type_}", credentials={"type": type_, **parts}))
    rows = [
        {"name": "blob", "type": "azure_blob", "metadata": {"AccountName": "st", "ContainerName": "c", "own": "x"}},
        {"name": "models", "type": "azure_open_ai", "metadata": {"ApiType": "Azure", "ApiVersion": "1"}},
        {
            "name": "safety",
            "type": "cognitive_service",
            "metadata": {"Kind": "Content Safety"},
            "credentials": {"type": "aad"},
        },
        {"name": "lake", "type": "azure_one_lake", "expiry_time": "2030-01-01"},
        {"name": "tickets", "type": "jira"},
        {"name": "future", "type": "QuantumFeed", "is_shared": False},
    ]
    for row in rows:
        azure.run("aml_connection", target="https://x.example.org/w/house.Lakehouse", **row)
    found = azure.run("aml_export_info")
    assert azure.writes == [] and "planted" not in azure.text
    return found


def test_an_export_is_applied_without_a_change(azure: Azure, exported: dict[str, t.Any]) -> None:
    rows = exported["vars"]["aml_connections"]
    assert len(rows) == len(CREDENTIALS) + 6 and exported["fleet"]["connections"] == rows
    for row in rows:
        assert azure.run("aml_connection", **row)["changed"] is False
    assert azure.run(FLEET, workspaces=[exported["fleet"]])["totals"]["none"] == len(rows)


def test_files_of_connections_are_the_clis(azure: Azure, exported: dict[str, t.Any]) -> None:
    """None of those whose credentials the CLI's schema demands, or whose type it does not have."""
    files = {name: text for name, text in exported["cli_yaml"].items() if name != "workspace.yml"}
    assert set(files) == {"with_none.yml", "with_aad.yml", "blob.yml", "models.yml", "safety.yml", "lake.yml"}
    for text in files.values():
        assert azure.run("aml_connection", definition=text)["changed"] is False
    without = {row["name"] for row in exported["missing"] if row["option"] == "" and row["kind"] == "no_counterpart"}
    assert {"tickets", "future", "with_pat", "with_managed_identity"} <= without and "blob" not in without


def test_credentials_have_placeholders_that_are_never_sent(azure: Azure, exported: dict[str, t.Any]) -> None:
    rows = {row["name"]: row for row in exported["vars"]["aml_connections"]}
    assert rows["with_pat"]["credentials"] == {"type": "pat", "pat": redact.PLACEHOLDER}
    assert rows["with_custom_keys"]["credentials"]["keys"] == {"NAME": redact.PLACEHOLDER}
    for name in ("with_pat", "with_custom_keys", "with_username_password", "with_managed_identity"):
        changed = azure.run("aml_connection", **{**rows[name], "target": "https://other"}, ok=False)
        assert changed["failure"]["code"] == "SecretNeeded" and azure.writes == []
        azure.run("aml_connection", name=name, state="absent")
        failed = azure.run("aml_connection", **rows[name], ok=False)
        assert "SecretNeeded" in str(failed["failure"]) and azure.writes == []


def test_who_may_not_read_connections_gets_an_export_without_them(azure: Azure) -> None:
    azure.run("aml_connection", **feed("plain"))
    match = {"method": "GET", "path": "/connections"}
    azure.app.faults.put([{"kind": "status", "status": 403, "code": "AuthorizationFailed", "match": match}])
    found = azure.run("aml_export_info")
    assert "aml_connections" not in found["vars"] and "without connections" in str(found["warnings"])
