# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift report of a fleet's check: what it reads, what it writes, and that it is the report of the filter."""

from __future__ import annotations

import json
import os
import typing as t
from collections import Counter
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._report import document as reports
from ansible_collections.azureml.compute.tests.support.azure import GROUP, Azure

from .test_fleet import FLEET, cluster, document

NAMES = ["drift.csv", "drift.html", "drift.json", "drift.md", "drift.xml"]
Workspaces = list[dict[str, t.Any]]


@pytest.fixture
def drifted(azure: Azure) -> Workspaces:
    """One target changed, one in use with another immutable option, one missing, one undeclared, one in a workspace that cannot be read."""
    declared = document(azure, workspaces=2, computes=2)
    azure.run(FLEET, name="prod", workspaces=declared)
    azure.run("aml_compute_cluster", workspace="ws-1", name="of-others", size="Standard_DS2_v2", max_instances=1)
    azure.run("aml_compute_cluster", workspace="ws-0", name="cpu-c1", min_instances=1)
    declared[0]["computes"] = [cluster("cpu-c0", max_instances=3), cluster("cpu-c1", size="Standard_DS3_v2")]
    declared[1]["computes"][1] = cluster("missing")
    return [*declared, {"name": "ws-none", "resource_group": GROUP, "computes": [cluster("cpu-c0")]}]


def reported(azure: Azure, workspaces: Workspaces, **options: t.Any) -> dict[str, t.Any]:
    shared = {"name": "prod", "prune": "report", "on_immutable_change": "recreate", "force": True, "preflight": False}
    return azure.run(FLEET, check=True, workspaces=workspaces, ok=None, **{**shared, **options})


def test_the_report_is_that_of_the_filter_and_reads_each_workspace_once(
    azure: Azure, drifted: Workspaces, tmp_path: Path
) -> None:
    done = reported(azure, drifted, report=True, report_folder=str(tmp_path / "out"), estimate_cost=True)
    asked = Counter(request.path.rpartition("/")[2] for request in azure.sent)
    # The workspaces of new targets are also read for the rules about creations, or for prices.
    assert asked == {"computes": 3, "ws-0": 2, "ws-1": 2, "ws-none": 2, "vmSizes": 1, "usages": 1}
    assert azure.writes == [] and done["failure"]["code"] == "FleetFailed"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == NAMES
    data = json.loads((tmp_path / "out" / "drift.json").read_text())
    assert data == done["report"] and done["drift"]["folder"] == str(tmp_path / "out")
    assert done["drift"]["drifted"] and "What differs (3):" in done["drift"]["text"]
    assert "max\\_instances" in (tmp_path / "out" / "drift.md").read_text()
    assert not any("\\" in line or "|" in line for line in done["drift"]["text"])
    assert {(target["workspace"], target["name"]): target["status"] for target in data["targets"]} == {
        ("ws-0", "cpu-c0"): "differs", ("ws-0", "cpu-c1"): "differs", ("ws-1", "cpu-c0"): "as declared", ("ws-1", "missing"): "differs",
        ("ws-none", "cpu-c0"): "failed", ("ws-1", "cpu-c1"): "undeclared", ("ws-1", "of-others"): "undeclared",
    }  # fmt: skip
    whole = reported(azure, drifted, full_result=True, estimate_cost=True)
    found = azure.run("aml_fleet_info", workspaces=drifted, usages=True, fail_on="never")
    facts = {"generated": data["generated"], "name": "prod", "fleet": whole, "found": found}
    assert reports.merge([reports.build(facts)]).to_dict() == data


def test_an_earlier_report_says_since_when(azure: Azure, drifted: Workspaces, tmp_path: Path) -> None:
    reported(azure, drifted, report_folder=str(tmp_path))
    path = tmp_path / "drift.json"
    before = json.loads(path.read_text())
    path.write_text(path.read_text().replace(before["generated"], "2020-01-01T00:00:00Z"))
    done = reported(azure, drifted, report_folder=str(tmp_path))
    after = json.loads(path.read_text())
    assert after["previous"] == "2020-01-01T00:00:00Z" and "report" not in done
    assert {target["since"] for target in after["targets"]} == {None, "2020-01-01T00:00:00Z"}
    for text in ("no JSON", '{"targets": "text"}', "[" * 100_000, '{"targets": [{}]}', '{"generated": 7}', None):
        path.unlink()
        # A pipe without a writer would be waited for.
        os.mkfifo(path) if text is None else path.write_text(text)
        again = reported(azure, drifted, report_folder=str(tmp_path))
        assert any("is not used as the previous report" in warning for warning in again["warnings"])
        assert json.loads(path.read_text())["previous"] is None


def test_a_link_in_the_place_of_a_report_is_replaced(azure: Azure, drifted: Workspaces, tmp_path: Path) -> None:
    others = tmp_path / "of-others"
    others.write_text("precious")
    folder = tmp_path / "out"
    folder.mkdir()
    for name in NAMES:
        (folder / name).symlink_to(others)
    reported(azure, drifted, report_folder=str(folder))
    assert others.read_text() == "precious"
    assert not any((folder / name).is_symlink() for name in NAMES)


def test_a_report_that_cannot_be_written_fails_the_task(azure: Azure, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    failed = reported(azure, document(azure, workspaces=1), report_folder=str(tmp_path / "file" / "out"))
    assert failed["failure"]["code"] == "FileNotWritable" and str(tmp_path / "file" / "out") in failed["msg"]
