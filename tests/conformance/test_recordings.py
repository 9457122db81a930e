# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recordings of Azure in `recordings/`: each fact in them holds on the simulator."""

from __future__ import annotations

from pathlib import Path

from azureml_simulator.acceptance import compare

RECORDINGS = Path(__file__).parent / "recordings"


def differences(folder: Path) -> dict[str, list[str]]:
    """The facts of each recording that the simulator does not show."""
    found = {path.name: compare.compare(compare.read(path), only=()) for path in sorted(folder.glob("*.json"))}
    return {name: [entry.fact for entry in one.differences] for name, one in found.items() if one.differences}


def test_each_recorded_fact_holds() -> None:
    assert differences(RECORDINGS) == {}
