# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback aml_progress: lines while a fleet is worked on, and nothing where it is not enabled."""
from __future__ import annotations

import tempfile
import typing as t
from pathlib import Path

import pytest

from .conftest import Player, module


def left_behind() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("aml-progress-*"))


@pytest.fixture
def fleet(player: Player, group_task: dict[str, t.Any]) -> dict[str, t.Any]:
    name = f"ws-{player.group}"
    player.play(group_task, module("aml_workspace", name=name, location="eastus"))
    computes = [{"type": "amlcompute", "name": f"cpu-{letter}", "size": "Standard_DS2_v2", "max_instances": 1} for letter in "ab"]
    return module("aml_fleet", workspaces=[{"name": name, "computes": computes}])


def test_lines_while_a_fleet_is_worked_on(player: Player, fleet: dict[str, t.Any]) -> None:
    before = left_behind()
    on = {"ANSIBLE_CALLBACKS_ENABLED": "report,azureml.compute.aml_progress", "AML_PROGRESS_INTERVAL": "0.1"}
    assert "done" not in player.play(fleet, check=True, env=on).text, "check mode works on nothing"
    text = player.play(fleet, env=on).text
    name = f"ws-{player.group}"
    for letter in "ab":
        started, ended = text.index(f"  {name}/cpu-{letter}: create ..."), text.index(f"  {name}/cpu-{letter}: create done after ")
        assert started < ended < text.index("changed: [localhost]"), "while the task works, not at its end"
    assert "(2 of 2 done)" in text and "(0 of 2 done)" in text
    assert "cpu-a:" not in player.play(fleet, env=on).text, "what is as declared is not worked on"
    assert left_behind() == before


def test_nothing_where_it_is_not_enabled(player: Player, fleet: dict[str, t.Any]) -> None:
    assert "cpu-a:" not in player.play(fleet).text
