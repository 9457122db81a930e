# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference of error codes: complete, current, and what ``failure.url`` leads to."""

from __future__ import annotations

import ast
import re
import types
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import AmlError, ArmError, RuleError
from ansible_collections.azureml.compute.plugins.module_utils._core.findings import Finding
from ansible_collections.azureml.compute.scripts import error_reference

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def reference() -> types.ModuleType:
    return error_reference


def test_every_code_has_an_entry_every_entry_is_used_and_the_page_is_current(reference: types.ModuleType) -> None:
    assert reference.problems() == []


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ('raise AmlError("x", code="SomethingWrong")', {"SomethingWrong"}),
        ('raise AmlError("x", code="OneCode" if a else "OtherCode")', {"OneCode", "OtherCode"}),
        ('class A(AmlError):\n    default_code = "SomethingWrong"', {"SomethingWrong"}),
        ('yield _rules.Finding("SomethingWrong", option, message, source)', {"SomethingWrong"}),
        ('code, hint = "SomethingWrong", "Do it."', {"SomethingWrong"}),
        ('raise ArmError("x", code=f"Operation{status}")', {"Operation*"}),
        ('self.warnings.append(f"SomethingOdd: {name} is odd.")', {"SomethingOdd"}),
        ('def f():\n    return [f"SomethingOdd: {name} is odd." for name in names]', {"SomethingOdd"}),
        ('def f():\n    """Something: a docstring."""', set()),
        ('x = f"{a} Something: {b}"', set()),
    ],
)
def test_codes_are_found_in_all_forms(reference: types.ModuleType, source: str, codes: set[str]) -> None:
    assert reference.codes_of(source) == codes


def test_a_code_without_entry_and_an_entry_without_use_are_reported(reference: types.ModuleType) -> None:
    entry = reference.Entry("Listed", "options", "m", "r", "s")
    assert reference.differences({"Listed"}, [entry]) == []
    assert len(reference.differences({"Listed", "Missing"}, [entry])) == 1
    assert len(reference.differences(set(), [entry])) == 1
    assert len(reference.differences({"Listed", "Missing*"}, [entry])) == 1


def test_entries_are_sentences_with_an_official_source(reference: types.ModuleType) -> None:
    _groups, entries = reference.catalogue()
    assert len(entries) > 180
    assert [entry.code for entry in entries if not (entry.meaning.endswith(".") and entry.remedy.endswith("."))] == []
    assert [entry.code for entry in entries if not entry.source.startswith("https://")] == []
    document = yaml.safe_load(reference.CATALOGUE.read_text())
    assert set(document["groups"]) == set(document["codes"])
    assert set(document["sources"]) == {row[2] for rows in document["codes"].values() for row in rows.values()}


def test_links_within_the_repository_lead_to_files(reference: types.ModuleType) -> None:
    repository = yaml.safe_load((ROOT / "galaxy.yml").read_text())["repository"]
    _groups, entries = reference.catalogue()
    ours = {
        entry.source.removeprefix(f"{repository}/blob/main/")
        for entry in entries
        if entry.source.startswith(f"{repository}/blob/main/")
    }
    assert ours and [path for path in ours if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize(
    ("error", "anchor"),
    [
        (RuleError("x"), "invaliddeclaration"),
        (AmlError("x", code="SshKeyMissing"), "sshkeymissing"),
        (ArmError("x", code="SomethingOfAzure", status=400), "codes-of-azure"),
    ],
)
def test_the_url_of_a_failure_leads_to_a_section_of_the_page(error: AmlError, anchor: str) -> None:
    address, _hash, fragment = error.failure()["url"].partition("#")
    repository = yaml.safe_load((ROOT / "galaxy.yml").read_text())["repository"]
    assert (address, fragment) == (f"{repository}/blob/main/docs/errors.md", anchor)
    # As GitHub makes anchors of headings.
    headings = re.findall(r"^#+ (.+)$", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


OF_REPOSITORY = re.compile(
    r"(?<![\w/.-])(?:docs|plugins|roles|playbooks|tests|scripts|examples)/[\w./-]+|\b(?:README|CONTRIBUTING|CHANGELOG)\b|\b[a-z]+\.md\b"
)
# Where a rule is written stands in the code for those who read it; results have the page of its code instead.
PROVENANCE = {"Finding": 3, "at_least": -1, "between": -1}


def messages(tree: ast.Module) -> t.Iterator[tuple[int, str]]:
    """The strings of a file that a user can see: neither docstrings and documentation nor what names the origin of a rule."""
    hidden = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        for part in ast.walk(node)
        if isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            names = [
                part.id.casefold() for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)
            ]
            if any(name.endswith(("source", "documentation", "examples", "return")) for name in names):
                hidden |= {id(part) for part in ast.walk(node.value)}
        elif (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and node.target.id.endswith("source")
            and node.value
        ):
            hidden |= {id(part) for part in ast.walk(node.value)}
        elif (
            isinstance(node, ast.Call)
            and (place := PROVENANCE.get(ast.unparse(node.func).rsplit(".", 1)[-1])) is not None
            and node.args
        ):
            hidden |= {id(part) for argument in node.args[place:][:1] for part in ast.walk(argument)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in hidden:
            yield node.lineno, node.value


def test_no_message_names_a_file_of_the_repository() -> None:
    found, seen = [], 0
    for path in sorted((ROOT / "plugins").rglob("*.py")):
        for line, text in messages(ast.parse(path.read_text())):
            seen += 1
            without_urls = re.sub(r"https?://\S+", "", text)
            if match := OF_REPOSITORY.search(without_urls):
                found.append(f"{path.relative_to(ROOT)}:{line}: {match[0]}")
    assert seen > 2000 and found == []


def test_findings_show_a_page_and_no_file() -> None:
    from ansible_collections.azureml.compute.plugins.module_utils._core import findings

    rule = Finding("SubnetMissing", "o", "m", "docs/coverage.md C16").to_dict()
    check = findings.Finding("SubnetNotFound", "error", "t", "o", "m", "h", "docs/coverage.md CI5").to_dict()
    assert (
        "source" not in {**rule, **check}
        and rule["url"].endswith("#subnetmissing")
        and check["url"].endswith("#subnetnotfound")
    )
