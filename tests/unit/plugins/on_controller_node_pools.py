# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role aml_kubernetes: the node pools that it sends, and how many nodes those have that scale by themselves.

Not collected by itself: test_on_a_controller.py runs it in a process of its own.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar

init_plugin_loader()

LOADER = DataLoader()
VARS = Path(__file__).resolve().parents[3] / "roles" / "aml_kubernetes" / "vars" / "main.yml"
POOL = {"name": "models", "size": "Standard_D8s_v5", "min_count": 1, "max_count": 4}
FIXED = {"name": "system", "size": "Standard_D4s_v5", "count": 3}


def evaluated(name: str, pools: list[dict[str, t.Any]], **variables: t.Any) -> t.Any:
    known = LOADER.load_from_file(str(VARS), trusted_as_template=True)
    given = {"aml_kubernetes_name": "aks", "aml_location": "eastus", "aml_kubernetes_node_pools": pools, **variables}
    return Templar(LOADER, variables={**known, **given}).template(known[name])


def read(*pools: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"resources": [{"name": "aks", "properties": {"agentPoolProfiles": list(pools)}}]}


@pytest.mark.parametrize(
    ("existing", "declared", "sent"),
    [
        # A new cluster, or a new pool of one, needs a number.
        ({"resources": []}, {}, 1),
        ({"skipped": True}, {}, 1),
        (read({"name": "other", "count": 3}), {}, 1),
        (read({"name": "other", "count": 3}), {"count": 2}, 2),
        # What the autoscaler decides stays.
        (read({"name": "models", "count": 3}), {}, None),
        (read({"name": "models", "count": 3}), {"count": 2}, None),
        (read({"name": "models", "count": 1}), {}, None),
        (read({"name": "models", "count": 4}), {}, None),
        (read({"name": "models"}), {}, None),
        # The service takes no number beyond the bounds.
        (read({"name": "models", "count": 9}), {}, 4),
        (read({"name": "models", "count": 0}), {}, 1),
    ],
)
def test_a_pool_that_scales_by_itself_keeps_its_nodes(
    existing: dict[str, t.Any], declared: dict[str, t.Any], sent: int | None
) -> None:
    rows = evaluated("__aml_kubernetes_pools", [FIXED, {**POOL, **declared}], aml_kubernetes_existing=existing)
    assert rows[0]["count"] == 3 and "enableAutoScaling" not in rows[0]
    assert (rows[1]["minCount"], rows[1]["maxCount"], rows[1]["enableAutoScaling"]) == (1, 4, True)
    assert rows[1].get("count") == sent


@pytest.mark.parametrize(
    ("pool", "refused"),
    [
        ({"count": 1}, False),
        ({"min_count": 0, "max_count": 2}, False),
        ({"count": 1, "min_count": 0, "max_count": 2}, False),
        ({}, True),
        ({"min_count": 1}, True),
        ({"max_count": 2}, True),
        ({"count": 1, "max_count": 2}, True),
        ({"count": 1, "min_count": 1}, True),
    ],
)
def test_a_pool_needs_a_number_or_both_bounds(pool: dict[str, t.Any], refused: bool) -> None:
    problems = evaluated("__aml_kubernetes_problems", [{"name": "models", "size": "Standard_D8s_v5", **pool}])
    assert problems == (["The node pool models needs count, or min_count and max_count."] if refused else [])
