# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet's run shows to people, of names that others chose."""

from __future__ import annotations

from ansible_collections.azureml.compute.plugins.module_utils._core.arm_id import compute_target
from ansible_collections.azureml.compute.plugins.module_utils._engine.plan import DELETE, Plan
from ansible_collections.azureml.compute.plugins.module_utils._fleet import overview
from ansible_collections.azureml.compute.plugins.module_utils._fleet.entry import Entry
from ansible_collections.azureml.compute.plugins.module_utils._kinds.registry import INFO_KINDS


def test_no_name_in_a_table_or_a_diff_steers_a_terminal() -> None:
    target = compute_target("s", "g", "ws", "cpu\x1b[2J\x9b2J\u202e\nok: [localhost]")
    entry = Entry(target, INFO_KINDS["amlcompute"], "amlcompute", "absent", plan=Plan(DELETE))
    lines = overview.table([entry], {"targets": 1, "failed": 0}, check_mode=False, cost=None)
    (changed, _table) = overview.diffs([entry], lines)
    for text in (*lines, changed["before_header"], changed["after_header"]):
        assert not set(text) & set("\x1b\x9b\u202e\n")
    assert "cpu\\x1b[2J\\x9b2J" in lines[1] and "cpu\\x1b[2J" in changed["before_header"]
