# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook drift_report over a fleet that somebody changed by hand. tests/unit/module_utils/test_report_page.py opens its page."""

from __future__ import annotations

import html
import json
import re
import typing as t
from pathlib import Path

import pytest
import yaml

from .conftest import Player, Run, Simulator, module

GROUP = "rg-drift"
EVIL = "<script>document.title='owned'</script>{{ 6 * 7 }}"
# A play that writes it has to make the braces itself, else they would be its own template.
WRITTEN = EVIL.replace("{{ 6 * 7 }}", "{{ '{' ~ '{ 6 * 7 }' ~ '}' }}")


def cluster(name: str, **more: t.Any) -> dict[str, t.Any]:
    return {
        "type": "amlcompute",
        "name": name,
        "size": "Standard_DS2_v2",
        "max_instances": 4,
        "tags": {"team": "vision"},
        **more,
    }


class World:
    """A fleet of two workspaces, made as declared and then changed by others; and a third workspace, which nobody made."""

    def __init__(self, simulator: Simulator, folder: Path) -> None:
        self.player, self.folder, self.out = Player(simulator, folder, GROUP), folder, folder / "drift"
        declared = [
            {
                "name": "ws-one",
                "computes": [cluster("changed"), cluster("kept", min_instances=1), cluster("too-small")],
            },
            {
                "name": "ws-two",
                "computes": [
                    cluster("kept"),
                    {"type": "computeinstance", "name": "ci-drift-ada", "size": "Standard_DS2_v2"},
                ],
            },
        ]
        for desired in declared:
            self.player.make_workspace(desired["name"])
        self.player.play(*self._made(declared))
        missing = {"name": "ws-none", "computes": [cluster("wanted")]}
        self.vars = {
            "aml_resource_group": GROUP,
            "aml_fleet_name": "demo",
            "aml_fleet_workspaces": [*declared, missing],
        }
        declared[0]["computes"].pop()
        declared[0]["computes"].append({**cluster("new"), "size": "Standard_NC6s_v3"})

    def _made(self, declared: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
        by_hand = {"resource_group": GROUP, "workspace": "ws-one"}
        return [
            module("aml_fleet", name="demo", workspaces=declared),
            module("aml_compute_cluster", **by_hand, name="changed", max_instances=7, tags={"team": WRITTEN}),
            module(
                "aml_compute_cluster", **by_hand, name="stranger", size="Standard_DS2_v2", max_instances=1, ssh_public_access_enabled=True,
                ssh_settings={"admin_username": "azureuser", "admin_password": "Pass-word-1234"}, location="eastus",
            ),
        ]  # fmt: skip

    def report(self, ok: bool = True, **more: t.Any) -> Run:
        (self.folder / "fleet.yml").write_text(yaml.safe_dump(self.vars))
        more = {"aml_drift_folder": str(self.out), **more}
        return self.player.playbook(
            "azureml.compute.drift_report", "-e", f"@{self.folder / 'fleet.yml'}", "-e", json.dumps(more), ok=ok
        )


@pytest.fixture(scope="module")
def world(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(simulator, tmp_path_factory.mktemp("drift"))
    mark = simulator.mark()
    made.report()
    assert simulator.writes(mark) == [], "a report changes nothing"
    return made


@pytest.fixture(scope="module")
def page(world: World) -> str:
    return (world.out / "drift.html").read_text()


def test_the_report_says_what_differs(world: World) -> None:
    report = json.loads((world.out / "drift.json").read_text())
    status = {(target["workspace"], target["name"]): target["status"] for target in report["targets"]}
    assert status == {
        ("ws-one", "changed"): "differs",
        ("ws-one", "kept"): "as declared",
        ("ws-one", "new"): "differs",
        ("ws-two", "kept"): "as declared",
        ("ws-two", "ci-drift-ada"): "as declared",
        ("ws-none", "wanted"): "failed",
        ("ws-one", "too-small"): "undeclared",
        ("ws-one", "stranger"): "undeclared",
    }
    rows = {target["name"]: target for target in report["targets"]}
    assert {
        (change["field"], change["before"], change["after"])
        for change in rows["changed"]["changes"]
        if change["field"] == "max_instances"
    } == {("max_instances", 7, 4)}
    assert rows["too-small"]["owned"] and not rows["stranger"]["owned"]
    assert [target["name"] for target in report["targets"] if target["public_ssh"]] == ["stranger"]
    assert report["workspaces"][0]["nodes"] == 1 and report["totals"]["unreadable"] == 1
    assert {usage["location"] for usage in report["usages"]} == {"eastus"}
    assert report["currency"] == "USD" and report["workspaces"][1]["monthly_minimum"] > 0
    assert [target["name"] for target in report["targets"] if target["price_unknown"]] == ["wanted"], (
        "nobody knows the region of a workspace that is not there"
    )
    text = (world.out / "drift.md").read_text()
    assert "max\\_instances: 7 → 4" in text and "<script" not in text


def test_hosts_with_a_share_each_make_the_same_report_which_knows_since_when(world: World) -> None:
    """ws-none does not exist, and is a host all the same. The report before is of another time, since a
    fast machine makes both in one second.
    """
    made = json.loads((world.out / "drift.json").read_text())
    before = {**made, "generated": made["generated"].replace("20", "19", 1)}
    (world.out / "drift.json").write_text(json.dumps(before))
    inventory = {
        "aml_workspaces": {"hosts": {name: {"resource_group": GROUP} for name in ("ws-one", "ws-two", "ws-none")}}
    }
    (world.folder / "inventory.yml").write_text(yaml.safe_dump(inventory))
    shared = [
        "-i",
        str(world.folder / "inventory.yml"),
        "-e",
        "aml_hosts=aml_workspaces",
        "-e",
        "aml_fleet_reports=parts",
    ]
    world.player.playbook("azureml.compute.drift_report", *shared, "-e", f"@{world.folder / 'fleet.yml'}")
    assert len(list((world.folder / "parts").iterdir())) == 3
    world.player.playbook(
        "azureml.compute.merge_reports", "-e", "aml_reports=parts", "-e", f"aml_reports_to={world.out}"
    )
    after = json.loads((world.out / "drift.json").read_text())
    assert after["previous"] == before["generated"] and after["generated"] >= made["generated"]
    assert {**after, "previous": None, "generated": None} == {**before, "previous": None, "generated": None}
    assert len(after["targets"]) == 8 and after["totals"]["unreadable"] == 1


def test_a_schedule_fails_when_something_differs(world: World) -> None:
    refused = world.report(ok=False, aml_drift_fail=True)
    assert refused.code != 0 and "drift.html" in refused.text
    folder = world.folder / "fleet" / GROUP / "ws-two"
    folder.mkdir(parents=True)
    (folder / "kept.yml").write_text(yaml.safe_dump(cluster("kept")))
    clean = {
        "aml_fleet_name": None,
        "aml_fleet_workspaces": [],
        "aml_fleet_folder": str(folder.parents[1]),
        "aml_drift_folder": str(world.folder / "clean"),
    }
    assert world.report(aml_drift_fail=True, aml_drift_cost=False, **clean).code == 0
    report = json.loads((world.folder / "clean" / "drift.json").read_text())
    assert [(target["name"], target["status"]) for target in report["targets"]] == [
        ("kept", "as declared"),
        ("ci-drift-ada", "undeclared"),
    ]
    assert not report["drifted"] and not report["priced"]


def test_values_of_the_service_stay_text(page: str) -> None:
    assert page.count("<script>") == 1 and html.escape(EVIL) in page


def test_nothing_is_loaded_from_elsewhere(page: str) -> None:
    assert "default-src 'none'" in page
    assert re.findall(r"\b(?:src|href|srcset|action|data)=|url\(|@import", page) == []
