# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datastores of a fleet: declared, planned, pruned, approved and reported beside compute targets, with one LIST for each workspace that has them."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core import redact
from ansible_collections.azureml.compute.plugins.module_utils._kinds.datastore import OWN
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, WORKSPACE_ID, Azure

from .test_fleet import FLEET, TAG, cluster

BLOB = {"type": "azure_blob", "account_name": "stdata", "container_name": "training"}
KEY = "planted-account-key-1=="
STORES = f"{WORKSPACE_ID}/datastores"


def store(name: str, **more: t.Any) -> dict[str, t.Any]:
    return {"name": name, **BLOB, **more}


def keyed(name: str, **more: t.Any) -> dict[str, t.Any]:
    return store(name, credentials={"account_key": KEY}, **more)


def workspace(*datastores: dict[str, t.Any], name: str = WORKSPACE, **more: t.Any) -> dict[str, t.Any]:
    return {"name": name, "resource_group": GROUP, "datastores": list(datastores), **more}


def lists(azure: Azure) -> list[str]:
    """What was read, as WORKSPACE/COLLECTION."""
    paths = [request.path for request in azure.sent if request.method == "GET" and "/workspaces/" in request.path]
    return sorted(path.split("/workspaces/")[1] for path in paths)


def stored(azure: Azure) -> dict[str, dict[str, t.Any]]:
    """The datastores of the workspace that the service did not make."""
    return {row["name"]: row for row in azure.run("aml_datastore_info")["datastores"] if row["name"] not in OWN}


def test_they_are_made_once_and_a_second_run_only_lists(azure: Azure) -> None:
    for name in ("ws-0", "ws-1"):
        azure.make_workspace(name)
    wanted = [
        workspace(store("plain"), keyed("locked"), name="ws-0", computes=[cluster("cpu-c")]),
        {"name": "ws-1", "resource_group": GROUP, "computes": [cluster("cpu-c")]},
    ]
    planned = azure.run(FLEET, check=True, workspaces=wanted)
    assert azure.writes == [] and planned["totals"]["create"] == 4 and KEY not in azure.text
    done = azure.run(FLEET, workspaces=wanted)
    assert done["totals"] == {"targets": 4, "failed": 0, "create": 4} and KEY not in azure.text
    assert [target["changes"] for target in done["targets"]] == [target["changes"] for target in planned["targets"]]
    assert [(row["type"], row["name"]) for row in done["targets"]] == [
        ("amlcompute", "cpu-c"),
        ("datastore", "plain"),
        ("datastore", "locked"),
        ("amlcompute", "cpu-c"),
    ]
    again = azure.run(FLEET, workspaces=wanted)
    assert not again["changed"] and again["totals"] == {"targets": 4, "failed": 0, "none": 4}
    assert lists(azure) == ["ws-0/computes", "ws-0/datastores", "ws-1/computes"] and azure.writes == []


def test_what_differs_is_changed_with_its_secret(azure: Azure) -> None:
    azure.run(FLEET, workspaces=[workspace(keyed("locked"), store("plain"))])
    wanted = [workspace(keyed("locked", description="For tests"), store("plain"))]
    done = azure.run(FLEET, workspaces=wanted)
    assert done["totals"] == {"targets": 2, "failed": 0, "update": 1, "none": 1} and KEY not in azure.text
    assert [change["field"] for change in done["targets"][0]["changes"]] == ["description", "credentials.account_key"]
    assert azure.app.store.private(f"{STORES}/locked")["secret"] == KEY
    assert not azure.run(FLEET, workspaces=wanted)["changed"]
    wanted[0]["datastores"][0]["update_password"] = "always"
    assert azure.run(FLEET, check=True, workspaces=wanted)["totals"]["update"] == 1


def test_a_change_without_the_secret_fails_alone_and_in_check_mode(azure: Azure) -> None:
    azure.run(FLEET, workspaces=[workspace(keyed("locked"), store("plain"))])
    wanted = [workspace(store("locked", description="x"), store("plain", description="x"))]
    for check in (True, False):
        failed = azure.run(FLEET, check=check, workspaces=wanted, ok=False)
        assert [row["code"] for row in failed["failure"]["details"]] == ["SecretNeeded"]
        assert failed["failure"]["details"][0]["name"] == "locked" and "1 of 2 targets failed" in failed["msg"]
        assert failed["totals"] == {"targets": 2, "failed": 1, "update": 1}
    assert stored(azure)["plain"]["description"] == "x"


WRONG: list[tuple[dict[str, t.Any], str]] = [
    (
        store("bad", container="x"),
        "ws-test/datastores/bad: Unsupported parameters: container. Did you mean container_name?",
    ),
    (store("bad", type="azure_blobs"), "value of type must be one of: azure_blob"),
    (store("_bad"), "ws-test/datastores/_bad: name '_bad' is not a valid name of a datastore"),
    (store("bad", filesystem="x1y"), "filesystem is not an option of type azure_blob"),
    ({"type": "azure_blob"}, "datastores[0] needs name."),
    (keyed("bad", account_name="UPPER"), "account_name must be 3 to 24 lower-case letters and digits"),
]


@pytest.mark.parametrize(("wrong", "text"), WRONG, ids=["option", "type", "name", "other", "nameless", "value"])
def test_wrong_ones_are_refused_before_the_first_request(azure: Azure, wrong: dict[str, t.Any], text: str) -> None:
    failed = azure.run(FLEET, workspaces=[workspace(wrong)], ok=False)
    assert text in failed["msg"] and azure.sent == [] and KEY not in azure.text


@pytest.mark.parametrize("preflight", [True, False])
def test_what_cannot_be_created_is_refused_before_the_first_write(azure: Azure, preflight: bool) -> None:
    wanted = [workspace({"name": "half", "type": "azure_blob"}, store("plain"))]
    failed = azure.run(FLEET, check=True, workspaces=wanted, preflight=preflight, ok=False)
    assert "cannot be created without account_name, container_name" in failed["msg"] and azure.writes == []


def test_defaults_for_all_are_for_datastores_where_they_have_the_option(azure: Azure) -> None:
    defaults = {"all": {"tags": {"team": "vision"}, "location": "westus"}, "datastore": {"account_name": "stother"}}
    bare = {"name": "one", "type": "azure_blob", "container_name": "training"}
    wanted = workspace(bare, computes=[cluster("cpu-c")])
    azure.run(FLEET, workspaces=[wanted], defaults=defaults, preflight=False)
    made = stored(azure)["one"]
    assert (made["tags"], made["account_name"]) == ({"team": "vision"}, "stother")
    failed = azure.run(FLEET, workspaces=[workspace(store("one"))], defaults={"all": {"tagz": {}}}, ok=False)
    assert "Unsupported parameters: tagz. Did you mean tags?" in failed["msg"]


def test_a_compute_target_of_the_same_name_is_another_target(azure: Azure) -> None:
    wanted = [workspace(store("twin"), computes=[cluster("twin")])]
    assert azure.run(FLEET, workspaces=wanted)["totals"]["create"] == 2
    wanted = [workspace(store("twin", description="other"), computes=[cluster("twin", max_instances=5)])]
    table = azure.run(FLEET, check=True, workspaces=wanted)["table"]
    assert [line.split()[0] for line in table[1:3]] == ["ws-test/twin", "ws-test/datastores/twin"]


@pytest.mark.parametrize(
    ("limit", "names"),
    [
        ("datastore", ["one", "two"]),
        ("datastores", ["one", "two"]),
        ("ws-test/datastores/one", ["one"]),
        ("ws-test/*", ["cpu-c", "one", "two"]),
        ("!datastore", ["cpu-c"]),
    ],
)
def test_a_limit(azure: Azure, limit: str, names: list[str]) -> None:
    wanted = [workspace(store("one"), store("two"), computes=[cluster("cpu-c")])]
    done = azure.run(FLEET, check=True, workspaces=wanted, limit=[limit], preflight=False)
    assert [row["name"] for row in done["targets"]] == names


# --- pruning ---


def test_only_the_fleets_own_are_pruned(azure: Azure) -> None:
    azure.run("aml_datastore", **store("foreign"))
    azure.run("aml_datastore", **store("others", tags={TAG: "another"}))
    # What the service made stays, whatever its tags are.
    azure.run("aml_datastore", name=OWN[0], tags={TAG: "mine"}, credentials={"account_key": KEY})
    azure.run(FLEET, name="mine", workspaces=[workspace(store("kept"), keyed("gone"))])
    assert {name: row["tags"].get(TAG) for name, row in stored(azure).items()} == {
        "foreign": None,
        "others": "another",
        "kept": "mine",
        "gone": "mine",
    }
    wanted = [workspace(store("kept"))]
    for prune in ("report", "detach"):
        told = azure.run(FLEET, name="mine", prune=prune, workspaces=wanted)
        assert [(row["name"], row["action"]) for row in told["undeclared"]] == [("gone", "none")] and azure.writes == []
    # Also where the document has no datastore at all.
    planned = azure.run(FLEET, check=True, name="mine", prune="delete", workspaces=[workspace()])
    assert sorted(row["name"] for row in planned["undeclared"]) == ["gone", "kept"]
    # Without a list of datastores, they are not even read.
    unread = azure.run(FLEET, name="mine", prune="delete", workspaces=[{"name": WORKSPACE, "resource_group": GROUP}])
    assert not unread["undeclared"] and lists(azure) == [f"{WORKSPACE}/computes"]
    done = azure.run(FLEET, name="mine", prune="delete", workspaces=wanted)
    assert [(row["name"], row["type"], row["action"]) for row in done["undeclared"]] == [
        ("gone", "datastore", "delete")
    ]
    assert [(write.method, write.path) for write in azure.writes] == [("DELETE", f"{STORES}/gone")]
    assert set(stored(azure)) == {"foreign", "others", "kept"}
    assert not azure.run(FLEET, name="mine", prune="delete", workspaces=wanted)["changed"]


def test_the_default_datastore_stays(azure: Azure) -> None:
    azure.run(FLEET, name="mine", workspaces=[workspace(store("main"))])
    document = azure.app.store.get(f"{STORES}/main")
    document["properties"]["isDefault"] = True
    azure.app.store.put(f"{STORES}/main", document)
    done = azure.run(FLEET, name="mine", prune="delete", workspaces=[workspace()])
    assert not done["changed"] and azure.writes == []
    assert "default datastore of the workspace" in str(done["undeclared"][0]["warnings"])


@pytest.mark.parametrize("name", [OWN[0], OWN[0].upper()])
def test_the_services_own_cannot_be_declared_absent(azure: Azure, name: str) -> None:
    for check in (True, False):
        failed = azure.run(FLEET, check=check, workspaces=[workspace({"name": name, "state": "absent"})], ok=False)
        assert failed["failure"]["details"][0]["code"] == "DatastoreNotRemovable" and azure.writes == []


def test_an_existing_one_whose_secret_is_not_declared_gets_no_tag(azure: Azure) -> None:
    azure.run("aml_datastore", **keyed("locked"))
    azure.run("aml_datastore", **store("plain"))
    done = azure.run(FLEET, name="mine", workspaces=[workspace(store("locked"), store("plain"))])
    assert done["totals"] == {"targets": 2, "failed": 0, "none": 1, "update": 1}
    assert {name: row["tags"] for name, row in stored(azure).items()} == {"locked": {}, "plain": {TAG: "mine"}}


# --- plans, reports and files ---


def test_an_approved_plan(azure: Azure, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    wanted = [workspace(keyed("locked"), store("plain"))]
    azure.run(FLEET, check=True, workspaces=wanted, plan_file=str(file))
    text = file.read_text()
    assert KEY not in text and "ws-test/datastores/locked" in text
    other = [workspace({**keyed("locked"), "credentials": {"account_key": "another-key=="}}, store("plain"))]
    failed = azure.run(FLEET, workspaces=other, approved_plan=json.loads(text), ok=False)
    assert failed["failure"]["code"] == "PlanChanged" and "values that the plan does not show" in failed["msg"]
    done = azure.run(FLEET, workspaces=wanted, approved_plan=json.loads(text))
    assert done["totals"]["create"] == 2


def test_they_cost_nothing(azure: Azure) -> None:
    done = azure.run(FLEET, check=True, workspaces=[workspace(store("one"))], estimate_cost=True, max_monthly_cost=1)
    assert [(row["cost"], row["cost_difference"]["currency"]) for row in done["targets"]] == [(None, None)]
    both = [workspace(store("one"), computes=[cluster("cpu-c")])]
    failed = azure.run(FLEET, check=True, workspaces=both, max_monthly_cost=0.01, preflight=False, ok=False)
    assert "The 1 declared compute targets and deployments" in failed["msg"]


def test_the_report_has_them(azure: Azure) -> None:
    azure.run("aml_datastore", **store("foreign"))
    azure.run(FLEET, name="mine", workspaces=[workspace(store("same"), store("changed"), store("gone"))])
    wanted = [workspace(store("same"), store("changed", description="x"), store("new"))]
    made = azure.run(FLEET, check=True, name="mine", workspaces=wanted, prune="report", report=True)["report"]
    assert {row["name"]: (row["type"], row["status"], row["owned"]) for row in made["targets"]} == {
        "same": ("datastore", "as declared", False),
        "changed": ("datastore", "differs", False),
        "new": ("datastore", "differs", False),
        "gone": ("datastore", "undeclared", True),
        "foreign": ("datastore", "undeclared", False),
    }
    assert lists(azure).count("ws-test/datastores") == 1
    assert {row["network"] for row in made["targets"]} == {"storage stdata", "not there"}
    without = azure.run(FLEET, check=True, workspaces=[workspace(computes=[cluster("cpu-c")])], report=True)
    assert [row["name"] for row in without["report"]["targets"]] == ["cpu-c"]
    assert "ws-test/datastores" not in lists(azure)


def test_the_information_module_reads_them_if_asked(azure: Azure) -> None:
    azure.run("aml_datastore", **store("one"))
    (row,) = azure.run("aml_fleet_info", workspaces=[workspace()], datastores=True)["workspaces"]
    assert [found["name"] for found in row["datastores"]] == ["one"]
    (row,) = azure.run("aml_fleet_info", workspaces=[workspace()])["workspaces"]
    assert "datastores" not in row and lists(azure) == [WORKSPACE, f"{WORKSPACE}/computes"]


FILE = """$schema: https://azuremlschemas.azureedge.net/latest/azureBlob.schema.json
name: from_file
type: azure_blob
account_name: stdata
container_name: training
credentials:
  account_key: planted-account-key-1==
"""


def test_a_file_of_the_cli(azure: Azure, tmp_path: Path) -> None:
    place = tmp_path / GROUP / WORKSPACE
    place.mkdir(parents=True)
    (place / "blob.yml").write_text(FILE)
    assert azure.run(FLEET, folder=str(tmp_path))["totals"]["create"] == 1 and KEY not in azure.text
    assert azure.app.store.private(f"{STORES}/from_file")["secret"] == KEY
    assert not azure.run(FLEET, folder=str(tmp_path))["changed"]
    (place / "blob.yml").write_text(FILE.replace("container_name", "container"))
    failed = azure.run(FLEET, folder=str(tmp_path), ok=False)
    assert "ws-test/blob.yml" in failed["msg"] and KEY not in azure.text and azure.sent == []


def test_the_placeholder_of_an_export_is_no_secret(azure: Azure) -> None:
    azure.run("aml_datastore", **keyed("locked"))
    hidden = {"credentials": {"account_key": redact.PLACEHOLDER}}
    assert not azure.run(FLEET, workspaces=[workspace(store("locked", **hidden))])["changed"]
    for wanted in (store("locked", description="x", **hidden), store("new", **hidden)):
        failed = azure.run(FLEET, check=True, workspaces=[workspace(wanted)], ok=False)
        assert "SecretNeeded" in str(failed["failure"]) and azure.writes == []
