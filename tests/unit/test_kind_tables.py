# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module that changes something has rows in every table-driven test, or a reason why it has none (scripts/kind_tables.py)."""

from __future__ import annotations

import pytest
from ansible_collections.azureml.compute.scripts import kind_tables


def test_each_module_has_rows_in_each_table_or_a_reason() -> None:
    assert kind_tables.complaints() == []


def test_a_missing_row_and_a_stale_reason_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    stale = {("aml_datastore", "faults"): "none", ("aml_none", "faults"): "none"}
    monkeypatch.setattr(kind_tables, "REASONS", {**kind_tables.REASONS, **stale})
    monkeypatch.setitem(kind_tables.TABLES, "faults", lambda: {"aml_datastore": 1})
    found = kind_tables.complaints()
    assert "aml_datastore, faults: rows and a reason" in found and "aml_none, faults: a reason for no cell" in found
    assert "aml_workspace, faults: neither a row nor a reason" in found


def test_the_table_has_a_line_for_each_module() -> None:
    lines = kind_tables.lines()
    assert [line.split("|")[1].strip() for line in lines[2 : 2 + len(kind_tables.modules())]] == kind_tables.modules()
