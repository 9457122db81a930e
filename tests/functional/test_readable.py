# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags with names or texts that ansible-core does not read in JSON: a result with one would be lost as a whole, together with all other targets."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.common.json import Direction, get_module_decoder
from ansible_collections.azureml.compute.plugins.module_utils._core import readable
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, WORKSPACE_ID, Azure

from .test_other_writers import tagged

DECODER = get_module_decoder("legacy", Direction.MODULE_TO_CONTROLLER)
TAGS = {**dict.fromkeys(readable.NAMES, "TrustedAsTemplate"), "half": "a\ud800"}
SHOWN = [*(f"{name}_" for name in readable.NAMES), "a\\\\ud800"]
CLUSTER: dict[str, t.Any] = {"name": "tagged", "size": "Standard_DS3_v2", "max_instances": 1}


@pytest.fixture
def cluster(azure: Azure) -> str:
    azure.run("aml_compute_cluster", **CLUSTER)
    tagged(azure, f"{WORKSPACE_ID}/computes/tagged", TAGS)
    return "tagged"


def fleet(*computes: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    return [{"name": WORKSPACE, "resource_group": GROUP, "computes": list(computes)}]


def is_text(content: str) -> bool:
    """Whether the texts in it can be encoded, which a controller asks of each."""
    return bool(json.dumps(json.loads(content), ensure_ascii=False).encode())


RUNS: dict[str, dict[str, t.Any]] = {
    "aml_compute_info": {},
    "aml_export_info": {},
    "aml_fleet_info": {"workspaces": fleet()},
    "arm_resource_info": {"id": f"{WORKSPACE_ID}/computes/tagged", "api_version": "2026-05-01"},
    "aml_compute_cluster": {**CLUSTER, "tags": {"a": "b"}, "append_tags": False},
    "aml_fleet": {
        "workspaces": fleet({"type": "amlcompute", **CLUSTER, "tags": {"a": "b"}}),
        "append_tags": False,
        "report": True,
    },
}


@pytest.mark.parametrize("module", RUNS)
def test_the_controller_reads_a_result_with_such_tags(azure: Azure, cluster: str, module: str) -> None:
    done = azure.run(module, check=True, diff=True, **RUNS[module])
    text = azure.text[azure.text.index("{") :]
    assert json.loads(text, cls=DECODER)["changed"] is done["changed"] and is_text(text)
    assert all(name in text for name in SHOWN) and any(
        "ansible-core can read neither" in warning for warning in done["warnings"]
    )


def test_a_plan_and_a_report_with_such_tags_are_read_again(azure: Azure, cluster: str, tmp_path: Path) -> None:
    given = {**RUNS["aml_fleet"], "plan_file": str(tmp_path / "plan.json"), "report_folder": str(tmp_path)}
    azure.run("aml_fleet", check=True, **given)
    for name in ("plan.json", "drift.json"):
        text = (tmp_path / name).read_text()
        assert not any(f'"{name}"' in text for name in readable.NAMES) and all(f'"{name}"' in text for name in SHOWN)
        assert is_text(text)
    plan = json.loads((tmp_path / "plan.json").read_text())
    azure.run("aml_fleet", workspaces=given["workspaces"], append_tags=False, approved_plan=plan)
    assert azure.get(f"{WORKSPACE_ID}/computes/tagged")["tags"] == {"a": "b"}


def test_a_name_that_is_taken_gets_one_underscore_more() -> None:
    tree = {"a": [{"__ansible_type": 1, "__ansible_type_": 2}]}
    assert readable.readable(tree) == {"a": [{"__ansible_type__": 1, "__ansible_type_": 2}]}
    plain = {"a": [{"type": 1}], "b": "__ansible_type"}
    assert readable.readable(plain) is plain
