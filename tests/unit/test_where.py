# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each path that docs/development/where.md names exists, and each name in parentheses is defined in that file."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "development" / "where.md"
BASE = ROOT / "plugins" / "module_utils"
# A path, and the names that follow it in parentheses.
PLACE = re.compile(r"`([\w./-]*/[\w./-]*)`(?: \(((?:`\w+`(?:, )?)+)\))?")


def definitions(path: Path) -> set[str]:
    """The functions, classes and constants that a file defines at its top level."""
    names = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(target.id for target in targets if isinstance(target, ast.Name))
    return names


def wrong_places(text: str) -> list[str]:
    wrong = []
    for path, names in PLACE.findall(text):
        place = next((base / path for base in (BASE, ROOT) if (base / path).exists()), None)
        if place is None:
            wrong.append(f"{path} does not exist")
            continue
        missing = set(re.findall(r"\w+", names)) - (definitions(place) if names else set())
        wrong += [f"{path} does not define {name}" for name in sorted(missing)]
    return wrong


def test_every_place_exists() -> None:
    text = PAGE.read_text()
    assert wrong_places(text) == []
    assert len(PLACE.findall(text)) > 40


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("in `_arm/retry.py` (`retry_after`)", []),
        ("in `_arm/gone.py`", ["_arm/gone.py does not exist"]),
        ("in `_arm/retry.py` (`retry_after`, `gone`)", ["_arm/retry.py does not define gone"]),
    ],
)
def test_a_place_that_moved_is_found(text: str, wrong: list[str]) -> None:
    assert wrong_places(text) == wrong


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("SSH setting of a cluster is immutable", "_kinds/cluster.py"),
        ("`Retry-After`", "_arm/retry.py"),
        ("decide which targets to prune", "_fleet/prune.py"),
        ("A kind of compute target", "docs/development/new-kind.md"),
    ],
)
def test_the_first_questions_of_a_new_engineer_are_answered(question: str, place: str) -> None:
    (row,) = [line for line in PAGE.read_text().splitlines() if line.startswith("| ") and question in line]
    assert place in row.split(" | ")[1]
