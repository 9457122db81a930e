# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same tasks as modules of their own and in Ansible's process: the same results, and the requests of a loop share a token."""

from __future__ import annotations

import re
import typing as t

from .conftest import Player, Run, module

CLUSTER = {"name": "cpu", "size": "Standard_DS3_v2", "min_instances": 0, "max_instances": 1}
# Of one run alone.
_OWN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[0-9:.+Z-]+")


def tasks() -> list[dict[str, t.Any]]:
    """Tasks that write nothing, each with another way to end or to be run."""
    scope = {"workspace": "ws"}
    info = {"azureml.compute.aml_compute_info": scope}
    cluster = {**scope, **CLUSTER}
    rows = [
        module("aml_compute_info", "found", **scope),
        module("aml_compute_info", "of another type", **scope, type=["amlcompute"]),
        module("aml_compute_info", "wrong value", **scope, type=["nonsense"], retries="many"),
        module("aml_compute_info", "unknown option", **scope, nonsense=1),
        module("aml_compute_info", "not found", workspace="no-such-workspace"),
        module("aml_compute_cluster", "unchanged", **cluster),
        {
            **module("aml_compute_cluster", "check and diff", **{**cluster, "max_instances": 3}),
            "check_mode": True,
            "diff": True,
        },
        {**module("aml_compute_cluster", "refused offline", **{**cluster, "name": "not a name", "max_instances": -1})},
        {**module("aml_compute_cluster", "no_log", **cluster), "no_log": True},
        {**info, "name": "loop", "loop": [1, 2, 3]},
        {**info, "name": "until", "register": "r", "until": "r.computes | length > 7", "retries": 1, "delay": 0},
        {**info, "name": "delegated", "delegate_to": "127.0.0.1", "vars": {"ansible_connection": "local"}},
        {
            **info,
            "name": "an environment for each item",
            "loop": ["AzureCloud", "nonsense"],
            "environment": {
                "AZURE_CLOUD_ENVIRONMENT": "{{ lookup('env', 'AZURE_CLOUD_ENVIRONMENT') if item == 'AzureCloud' else item }}"
            },
        },
        {**info, "name": "null", "args": {"name": None}},
    ]
    return [{"ignore_errors": True, **row} for row in rows]


def comparable(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {key: comparable(below) for key, below in value.items() if key not in ("start", "end", "delta")}
    if isinstance(value, list):
        return [comparable(below) for below in value]
    return _OWN.sub("X", value) if isinstance(value, str) else value


def test_both_ways_have_the_same_results(player: Player) -> None:
    player.make_workspace("ws")
    player.play(module("aml_compute_cluster", workspace="ws", **CLUSTER))
    runs: dict[str, Run] = {}
    tokens: dict[str, int] = {}
    for way in ("false", "true"):
        mark = player.simulator.mark()
        runs[way] = player.play(*tasks(), env={"AML_IN_PROCESS": way, "ANSIBLE_VERBOSITY": "3"})
        tokens[way] = sum(row["path"].endswith("/token") for row in player.simulator.requests(mark))
    text = runs["true"].text
    assert "runs in Ansible's process" in text and "runs in a process of its own" not in text
    assert "neither aml_in_process nor AML_IN_PROCESS is true" in runs["false"].text
    assert [name for name, _result in runs["true"].tasks] == [name for name, _result in runs["false"].tasks] != []
    for (name, ours), (_name, theirs) in zip(runs["true"].tasks, runs["false"].tasks):
        assert comparable(ours) == comparable(theirs), name
    # The items of the loop, and the attempts of until, ask for one token.
    assert tokens["false"] - tokens["true"] == 3
