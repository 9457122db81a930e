# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/security.md states only what tests show: every row names its tests, and each of them exists.

A test is `path::function` of a Python file, or `path::task` of a playbook (the scenarios of molecule). Statements outside of tables are allowed only in
the sections that say what no test shows.
"""

from __future__ import annotations

import ast
import re
import typing as t
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "security.md"
# What is protected, from whom, and what no test shows.
WITHOUT_TESTS = {"Assets", "Trust", "Threats", "Remaining risks", "Your responsibilities"}
HEADER = "| attack | protection | tests |"
# The threats that the page must answer, by their headings.
REQUIRED = {
    "Hostile service values",
    "Hostile colleague with contributor permissions on the workspace",
    "Second writer",
    "Secrets in output",
    "Connections and sign-in",
    "Files that a run reads",
    "Releases",
    "Local user on the host of the simulator",
}


class Row(t.NamedTuple):
    section: str
    cells: list[str]

    @property
    def tests(self) -> list[str]:
        return re.findall(r"`([^`]+)`", self.cells[-1])


def sections(text: str) -> dict[str, list[str]]:
    """The lines of each section, without blank ones."""
    by_title: dict[str, list[str]] = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, *lines = part.splitlines()
        by_title[heading] = [line for line in lines if line.strip()]
    return by_title


def rows(text: str) -> list[Row]:
    """The rows of all sections whose statements need a test."""
    return [
        Row(section, [cell.strip() for cell in line.strip().strip("|").split(" | ")])
        for section, lines in sections(text).items() if section not in WITHOUT_TESTS
        for line in lines if line.startswith("| ") and line != HEADER
    ]  # fmt: skip


def task_names(node: t.Any) -> t.Iterator[str]:
    """The names of all tasks of a playbook or a file of tasks."""
    if isinstance(node, list):
        for item in node:
            yield from task_names(item)
    elif isinstance(node, dict):
        if isinstance(node.get("name"), str):
            yield node["name"]
        for key in ("tasks", "pre_tasks", "post_tasks", "block", "rescue", "always", "handlers"):
            yield from task_names(node.get(key))


def exists(test: str) -> bool:
    file, colons, name = test.partition("::")
    path = ROOT / file
    if not colons or not name or not path.is_file():
        return False
    if path.suffix == ".py":
        tree = ast.parse(path.read_text())
        return name.startswith("test_") and name in {
            node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        }
    return path.suffix == ".yml" and name in task_names(yaml.safe_load(path.read_text()))


def complaints(text: str) -> list[str]:
    """What is wrong with the page."""
    wrong = [f"no section: {name}" for name in sorted(REQUIRED - set(sections(text)))]
    for section, lines in sections(text).items():
        if section not in WITHOUT_TESTS and (
            HEADER not in lines or not [row for row in rows(text) if row.section == section]
        ):
            wrong.append(f"{section}: no table of attacks")
        # An introduction is for the table that follows it; nothing may stand after the first row.
        after = lines[lines.index(HEADER) :] if HEADER in lines else []
        wrong += [f"{section}: outside of the table: {line}" for line in after if not line.startswith("|")]
    for row in rows(text):
        if len(row.cells) != 3 or not all(row.cells):
            wrong.append(f"{row.section}: not three cells: {' | '.join(row.cells)[:80]}")
        elif not row.tests:
            wrong.append(f"{row.section}: no test: {row.cells[0]}")
        wrong += [f"{row.section}: no such test: {test}" for test in row.tests if not exists(test)]
    return wrong


def test_every_statement_has_a_test_that_exists() -> None:
    text = PAGE.read_text()
    assert complaints(text) == []
    assert len(rows(text)) > 25 and len({test for row in rows(text) for test in row.tests}) > 50


PLAYBOOK = "extensions/molecule/aml_nodes/verify.yml"
GOOD = (
    "| An attack | It is refused. | `tests/unit/test_security_page.py::test_every_statement_has_a_test_that_exists` |"
)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (GOOD, []),
        (f"| An attack | It is refused. | `{PLAYBOOK}::Is refused by ssh` |", []),
        ("| An attack | It is refused. | none |", ["S: no test: An attack"]),
        ("| An attack | It is refused. |", ["S: not three cells: An attack | It is refused."]),
        (
            "| An attack | It is refused. | `tests/unit/test_security_page.py` |",
            ["S: no such test: tests/unit/test_security_page.py"],
        ),
        (
            "| An attack | It is refused. | `tests/unit/gone.py::test_a` |",
            ["S: no such test: tests/unit/gone.py::test_a"],
        ),
        (
            "| An attack | It is refused. | `tests/unit/test_security_page.py::rows` |",
            ["S: no such test: tests/unit/test_security_page.py::rows"],
        ),
        (f"| An attack | It is refused. | `{PLAYBOOK}::Gone` |", [f"S: no such test: {PLAYBOOK}::Gone"]),
        (f"{GOOD}\nIt is always so.", ["S: outside of the table: It is always so."]),
    ],
)
def test_a_statement_without_a_test_is_found(row: str, complaint: list[str]) -> None:
    page = f"# Page\n\n## S\n\n{HEADER}\n|---|---|---|\n{row}\n"
    assert [line for line in complaints(page) if not line.startswith("no section: ")] == complaint
    assert [line for line in complaints("# Page\n\n## S\n\nIt is always so.\n") if line.startswith("S")] == [
        "S: no table of attacks"
    ]


def test_every_threat_leads_to_its_rows() -> None:
    found = sections(PAGE.read_text())
    anchors = {re.sub(r"[^a-z0-9 -]", "", name.lower()).replace(" ", "-"): name for name in found}
    named = {anchors.get(anchor, anchor) for line in found["Threats"] for anchor in re.findall(r"\(#([^)]+)\)", line)}
    assert named == set(found) - WITHOUT_TESTS
    assert "(docs/security.md)" in (ROOT / "README.md").read_text()
