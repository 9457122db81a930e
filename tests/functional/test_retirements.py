# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is retired: warnings at three dates, in modules, fleets, the pre-flight and exports; and no example uses any of it."""

from __future__ import annotations

import datetime
import re
import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._kinds import retirements
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, Azure

ROOT = Path(__file__).resolve().parents[2]
CLUSTER = {"name": "cpu-c", "max_instances": 1}
BEFORE, SOON, AFTER = (datetime.date(year, 4, 1) for year in (2026, 2028, 2029))
# What people copy, and what runs without a choice of theirs.
SHOWN = (
    "README.md",
    "docs/docsite",
    "examples",
    "roles",
    "playbooks",
    "plugins/modules",
    "plugins/inventory",
    "plugins/filter",
    "scripts/quickstart",
)


def retired(texts: t.Iterable[str]) -> list[str]:
    return [text.partition(": ")[0] for text in texts if "etir" in text.partition(": ")[0]]


@pytest.mark.parametrize(("today", "codes"), [(BEFORE, []), (SOON, ["Retiring"]), (AFTER, ["Retired"])])
def test_a_size_at_three_dates(azure: Azure, today: datetime.date, codes: list[str]) -> None:
    azure.today = today
    declared = {**CLUSTER, "size": "Standard_DS3_v2"}
    for options in ({"check": True}, {}, {}):
        # Also of a run that changes nothing.
        warnings = azure.run("aml_compute_cluster", **declared, **options)["warnings"]
        assert retired(warnings) == codes
        assert not codes or ("Standard_DS3_v2" in warnings[0] and "2028-05-01" in warnings[0] and "Dsv5" in warnings[0])
    fleet = [{"name": WORKSPACE, "resource_group": GROUP, "computes": [{"type": "amlcompute", **declared}]}]
    done = azure.run("aml_fleet", workspaces=fleet, full_result=True)
    assert [retired(done["warnings"]), retired(done["targets"][0]["warnings"])] == [codes, codes]
    found = azure.run("aml_preflight_info", computes=[{"type": "amlcompute", **declared}])["findings"]
    assert [(item["code"], item["option"], item["severity"]) for item in found] == [
        (code, "size", "warning") for code in codes
    ]
    exported = azure.run("aml_export_info")
    assert [text.partition(": ")[2].partition(":")[0] for text in exported["warnings"]] == codes


@pytest.mark.parametrize(
    ("today", "codes"),
    [
        (datetime.date(2025, 3, 1), []),
        (datetime.date(2025, 6, 1), ["Retiring"]),
        (datetime.date(2026, 3, 31), ["Retired"]),
    ],
)
def test_low_priority_at_three_dates(azure: Azure, today: datetime.date, codes: list[str]) -> None:
    azure.today = today
    declared = {**CLUSTER, "size": "Standard_DS3_v2", "tier": "low_priority"}
    assert retired(azure.run("aml_compute_cluster", **declared)["warnings"]) == codes
    # The existing target has it, whether it is declared or not.
    assert retired(azure.run("aml_compute_cluster", name="cpu-c", max_instances=2)["warnings"]) == codes
    assert retired(azure.run("aml_compute_cluster", name="cpu-c", state="absent")["warnings"]) == []


def test_a_fleet_warns_once_of_what_many_targets_use(azure: Azure) -> None:
    computes = [
        {"type": "amlcompute", "name": f"c-{n}x", "size": "Standard_DS3_v2", "tier": "low_priority", "max_instances": 1}
        for n in range(7)
    ]
    done = azure.run("aml_fleet", workspaces=[{"name": WORKSPACE, "resource_group": GROUP, "computes": computes}])
    (text,) = [warning for warning in done["warnings"] if "Retired" in warning]
    assert "7 compute target(s): ws-test/c-0x" in text and text.endswith("and 2 more.")
    assert [len(retired(target["warnings"])) for target in done["targets"]] == [1] * 7


@pytest.mark.parametrize(
    ("size", "date"),
    [
        ("STANDARD_NC6S_V3", "2025-09-30"),
        ("Standard_NC24rs_v3", "2025-03-31"),
        ("Standard_NC6", "2023-08-31"),
        ("Standard_A4", "2024-08-31"),
        ("Standard_DC2s_v2", "2026-06-30"),
        ("Standard_NV8as_v4", "2026-09-30"),
        ("Standard_NV12s_v3", "2026-09-30"),
        ("Standard_D3_v2", "2028-05-01"),
        ("Standard_DS13-4_v2", "2028-05-01"),
        ("Standard_F4s_v2", "2028-11-15"),
        ("Standard_A4m_v2", "2028-11-15"),
        ("Standard_B2ms", "2028-11-15"),
        ("Standard_D4s_v3", None),
        ("Standard_D4s_v5", None),
        ("Standard_E8ds_v5", None),
        ("Standard_NC4as_T4_v3", None),
        ("Standard_NC24ads_A100_v4", None),
        ("Standard_NV6ads_A10_v5", None),
        ("Standard_B2s_v2", None),
        ("Standard_HB120rs_v3", None),
        ("Standard_L8s_v3", None),
    ],
)
def test_sizes(size: str, date: str | None) -> None:
    row = retirements.of(retirements.SIZE, size)
    assert (row and row.date.isoformat()) == date


def test_no_example_and_no_default_uses_a_size_that_is_retired_or_will_be() -> None:
    files = [
        path
        for place in SHOWN
        for path in ([ROOT / place] if (ROOT / place).is_file() else sorted((ROOT / place).rglob("*")))
    ]
    used = {
        (path.relative_to(ROOT).as_posix(), size)
        for path in files
        if path.is_file() and path.suffix in (".md", ".rst", ".yml", ".yaml", ".py", ".j2", ".sh", "")
        for size in re.findall(r"(?i)\bstandard_[a-z]+\d[a-z0-9_-]*", path.read_text(errors="replace"))
    }
    assert used and [item for item in sorted(used) if retirements.of(retirements.SIZE, item[1])] == []
