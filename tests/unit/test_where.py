# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/development/where.md and new-kind.md name exists, and is defined in the file that they say."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "development" / "where.md"
GUIDE = ROOT / "docs" / "development" / "new-kind.md"
BASE = ROOT / "plugins" / "module_utils"
# A path, and the names that follow it in parentheses.
PLACE = re.compile(r"`([\w./-]*/[\w./-]*)`(?: \(((?:`\w+`(?:, )?)+)\))?")
# Names before the file that defines them: "`ONE`, `OTHER` in `FILE`", "`ONE` (`FILE`)", "`ONE` of `FILE`".
BEFORE = re.compile(r"(?<!call of )((?:`\w+`(?:, | and )?)+)(?: in | of | \()`([\w./]+\.py)`")
# A row of a table with a file and the names in it.
ROW = re.compile(r"^\| `([\w./]+\.py)` \| ((?:`\w+`(?:, )?)+) \|", re.MULTILINE)
# A name that only code has: a constant, a class, or two words.
NAME = re.compile(r"`(?:\w+\.)?(_?[A-Z]\w+|_?[a-z]+(?:_[a-z]+)+)`")
DEFINITION = re.compile(r"^\s*(?:class |def )?(\w+(?:, \w+)*)\s*[:=(]", re.MULTILINE)


def definitions(path: Path) -> set[str]:
    """The functions, classes and constants that a file defines at its top level."""
    names = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))
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


def as_places(text: str) -> str:
    """The names of a text that are before their file, and those of tables, as a text that names the file first."""
    rows = ROW.findall(text) + [(path, names) for names, path in BEFORE.findall(text)]
    rows = [(path, re.findall(r"`\w+`", names)) for path, names in rows if "NAME" not in path]
    return "\n".join(f"`{path}` ({', '.join(names)})" for path, names in rows)


def undefined_names(text: str) -> list[str]:
    """Names of code in a text that no Python file of the repository defines, nor has as a quoted key."""
    sources = [
        path.read_text() for top in ("plugins", "tests/support", "scripts") for path in (ROOT / top).rglob("*.py")
    ]
    sources += [path.read_text() for path in (ROOT / "tests").rglob("test_*.py") if path.name != "test_where.py"]
    known = {name for source in sources for names in DEFINITION.findall(source) for name in names.split(", ")}
    names = set(NAME.findall(text)) - {"NAME", "TYPE", "KIND"} - known
    return sorted(name for name in names if not any(f'"{name}"' in source for source in sources))


def test_the_guide_names_what_is_there() -> None:
    text = GUIDE.read_text()
    assert wrong_places(as_places(text)) == []
    assert len(PLACE.findall(as_places(text))) > 15
    assert undefined_names(text) == []
    assert undefined_names("`_OTHER_MODULES_THAT_ARE_GONE` or `a_word_of_no_code`") == [
        "_OTHER_MODULES_THAT_ARE_GONE", "a_word_of_no_code",
    ]  # fmt: skip


def test_the_guide_says_which_extension_has_which_point() -> None:
    """As the classes of _reconcilers/ have the methods."""
    methods = {}
    for path in sorted((BASE / "_reconcilers").glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and node.name.endswith("Extension"):
                methods[node.name] = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
    rows = re.findall(r"^\| `[A-Z]\w+` \| `(\w+)` \| (.*) \|$", GUIDE.read_text(), re.MULTILINE)
    assert len(rows) == 10
    for method, who in rows:
        assert set(re.findall(r"`(\w+Extension)`", who)) == {name for name, own in methods.items() if method in own}


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
