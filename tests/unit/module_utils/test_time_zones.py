# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time zones of schedules: the names that azure-ai-ml knows, and the name to write for a name of the tz database."""

from __future__ import annotations

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._kinds.time_zones import wrong_time_zone
from azureml_simulator.providers.machine_learning.time_zones import _WINDOWS


def test_what_azure_ai_ml_knows_is_accepted() -> None:
    from azure.ai.ml.constants import TimeZone

    names = [zone.value for zone in TimeZone]
    assert len(names) > 100
    assert [name for name in names if wrong_time_zone(name)] == []
    assert wrong_time_zone("w. europe STANDARD TIME") is None, "the service ignores case"


@pytest.mark.parametrize(("windows", "place"), [(name, place) for name, place in _WINDOWS.items() if name != "UTC"])
def test_a_name_of_the_tz_database_leads_to_the_windows_name(windows: str, place: str) -> None:
    assert str(wrong_time_zone(place)).endswith(f"; {place!r} is not. Use {windows!r}.")


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("berlin", "Use 'W. Europe Standard Time'."),
        ("W Europe Standard Time", "Use 'W. Europe Standard Time'."),
        ("America/Vancouver", "Use 'Pacific Standard Time'."),
        ("New York", "Use 'Eastern Standard Time'."),
        ("Mars/Base", "Omit it for UTC."),
        (5, "Omit it for UTC."),
    ],
)
def test_the_advice(written: object, advice: str) -> None:
    assert str(wrong_time_zone(written)).endswith(f"{written!r} is not. {advice}")
