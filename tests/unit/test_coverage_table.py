# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/coverage.md and docs/facts.md keep their word: what they name exists, and what cites them finds it.

Rows of the table name modules' options, return values, message codes and tests; code cites rows and sections of both documents.
"""

from __future__ import annotations

import ast
import importlib
import re
import typing as t
from pathlib import Path
from unittest import mock

import pytest
import yaml
from ansible_collections.azureml.compute.plugins.module_utils._module import entry

ROOT = Path(__file__).resolve().parents[2]
COVERAGE, FACTS = ROOT / "docs" / "coverage.md", ROOT / "docs" / "facts.md"
# What 'make mutants' and ansible-test write is no part of the repository.
OUTPUT = ROOT / "tests" / "output"
CITING = sorted(
    path for folder in ("plugins", "tests") for path in (ROOT / folder).rglob("*.py")
    if path != Path(__file__).resolve() and not path.is_relative_to(OUTPUT)
)  # fmt: skip
PACKAGE = "ansible_collections.azureml.compute.plugins.modules."
SECTIONS = tuple(f"1.{number}" for number in range(1, 11))
SECTION = re.compile(r"^#+ (?:(\d\.\d+|[a-f])\.? )")
# A row of either document, as one cites it.
COVERAGE_ITEM = r"K8-\d+|CI\d+|CC\d+|[A-Z]\d+|[13]\.\d+|pains? \d+"
FACTS_ITEM = r"[a-f]\.\d+|\b[a-f](?=[ ,;:.)\]]|$)"


class Row(t.NamedTuple):
    id: str
    section: str
    cells: list[str]

    @property
    def here(self) -> str:
        return self.cells[2]

    @property
    def tests(self) -> list[str]:
        return re.findall(r"`(tests/[^`]+)`", self.cells[3])


def tables(path: Path) -> tuple[list[Row], set[str]]:
    """All rows of a document's tables, each with its section; and the sections."""
    rows, sections, section = [], set(), ""
    for line in path.read_text().splitlines():
        heading = SECTION.match(line)
        if heading:
            section = heading.group(1)
            sections.add(section)
        elif line.startswith("| ") and not line.startswith(("| row |", "| no. |", "| mark |")):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            rows.append(Row(cells[0].strip("| "), section, cells))
    return rows, sections


ROWS, COVERAGE_SECTIONS = tables(COVERAGE)
STUDIO = [row for row in ROWS if row.section in SECTIONS]
FACT_ROWS, FACT_SECTIONS = tables(FACTS)


def spec_of(name: str) -> dict[str, t.Any]:
    """What the module gives to AnsibleModule."""
    module = importlib.import_module(PACKAGE + name)
    with mock.patch.object(entry, "RawModule", side_effect=SystemExit) as made, pytest.raises(SystemExit):
        module.main()
    spec: dict[str, t.Any] = made.call_args.kwargs["argument_spec"]
    return spec


def test_rows_are_whole_and_named_once() -> None:
    assert len(STUDIO) > 100 and {row.section for row in STUDIO} == set(SECTIONS)
    assert [row.id for row in STUDIO if len(row.cells) != 4 or not all(row.cells)] == []
    for rows in (ROWS, FACT_ROWS):
        names = [row.id for row in rows]
        assert sorted(name for name in set(names) if names.count(name) > 1) == []


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


def test_every_row_names_tests_that_exist_or_says_why_there_is_none() -> None:
    wrong, known = [], {}
    for row in STUDIO:
        if not row.tests and not row.cells[3].startswith("none: "):
            wrong.append(f"{row.id}: neither a test nor a reason")
        for test in row.tests:
            file, _colons, name = test.partition("::")
            path = ROOT / file
            if path not in known:
                known[path] = functions(path) if path.is_file() else set()
            if not name.startswith("test_") or name.split("[")[0] not in known[path]:
                wrong.append(f"{row.id}: {test}")
    assert wrong == []


def option_exists(name: str) -> bool:
    """``module.option.suboption``, with ``=value`` where a choice is meant."""
    path, _equals, value = name.partition("=")
    module, *parts = path.split(".")
    rows: dict[str, t.Any] = spec_of(module)
    row: dict[str, t.Any] = {}
    for part in parts:
        if part not in rows:
            return False
        row = rows[part]
        rows = row.get("options") or {}
    return not value or value in row.get("choices", [value])


def test_every_option_that_a_row_names_is_the_modules() -> None:
    named = {
        (row.id, name)
        for row in ROWS
        for name in re.findall(r"`((?:aml|arm)_\w+\.[\w.]+(?:=\w+)?)`", " ".join(row.cells))
    }
    assert len(named) > 80
    assert sorted(name for name in named if not option_exists(name[1])) == []
    modules = {name for row in ROWS for name in re.findall(r"`((?:aml|arm)_\w+)", row.here)}
    assert sorted(name for name in modules if not (ROOT / "plugins" / "modules" / f"{name}.py").is_file()) == []


def test_every_value_that_a_row_names_is_returned() -> None:
    named = {name for row in STUDIO for name in re.findall(r"`(aml_\w+ > [\w.]+)`", row.here)}
    missing = []
    for name in named:
        module, _mark, path = name.partition(" > ")
        returned = yaml.safe_load(importlib.import_module(PACKAGE + module).RETURN)
        for part in path.split("."):
            if part not in returned:
                missing.append(name)
                break
            returned = returned[part].get("contains") or {}
    assert named and missing == []


def test_every_message_code_that_a_row_names_is_in_the_code() -> None:
    text = "\n".join(path.read_text() for path in CITING if path.is_relative_to(ROOT / "plugins" / "module_utils"))
    named = {
        (row.id, code) for row in STUDIO for code in re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+|Retired)`", row.here)
    }
    # The service's own word, passed on as it comes.
    named -= {("CI2", "StorageMountError"), ("N5", "IdentityFile")}
    assert len(named) > 30
    assert sorted((row, code) for row, code in named if not re.search(rf"[\"'f]{code}[\":]", text)) == []


def cited(text: str, document: str, item: str) -> set[str]:
    """The items after each mention of a document: several, with commas, words and remarks in brackets between them."""
    flat = re.sub(r"\s*\n[\s#]*", " ", text)
    between = r"(?:\s*(?:\([^()]*\)|\[[^\]]*\]))?(?:[,;]? (?:and |to |rows? )?|[,;/])"
    citations: set[str] = set()
    for match in re.finditer(rf"docs/{document}\.md (?:section )?((?:{item})(?:{between}(?:{item}))*)", flat):
        citations |= set(re.findall(item, re.sub(r"\([^()]*\)|\[[^\]]*\]", "", match.group(1))))
    return citations


def test_citations_are_read() -> None:
    text = "see docs/coverage.md N1 to\n    # N6, K8-1 [D], 1.11 (a, b); pains 31; docs/facts.md a.6 [REC R1], f.13 and b (errors), c.3)"
    assert cited(text, "coverage", COVERAGE_ITEM) == {"N1", "N6", "K8-1", "1.11", "pains 31"}
    assert cited(text, "facts", FACTS_ITEM) == {"a.6", "f.13", "b", "c.3"}


def test_every_citation_finds_its_row_or_section() -> None:
    rules = {row.id for row in ROWS} | COVERAGE_SECTIONS
    facts = {row.id for row in FACT_ROWS} | FACT_SECTIONS
    dangling, count = [], 0
    for path in CITING:
        text = path.read_text()
        for document, item, known in (("coverage", COVERAGE_ITEM, rules), ("facts", FACTS_ITEM, facts)):
            names = {re.sub(r"^pains ", "pain ", name) for name in cited(text, document, item)}
            count += len(names)
            dangling += [f"{path.relative_to(ROOT)}: docs/{document}.md {name}" for name in sorted(names - known)]
    assert dangling == [] and count > 150


def test_nothing_cites_what_is_not_in_the_repository() -> None:
    gone = re.compile(r"(?:features-and-pains|azure-wire)")
    # It holds the facts to the research, where that is there.
    holding = ROOT / "tests" / "conformance" / "test_facts.py"
    assert [str(path.relative_to(ROOT)) for path in CITING if path != holding and gone.search(path.read_text())] == []
