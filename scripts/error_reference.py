# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the reference of error codes from the catalogue.

    python -m scripts.error_reference                   # write docs/errors.md and the list of codes that the modules know
    python -m scripts.error_reference --check           # change nothing; fail if a file is not current, or a code has no entry

The catalogue is scripts/error_codes.yml. Modules import only the names of the codes: the texts are for the page.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

import yaml

from . import texts
from .command import ROOT

CATALOGUE = ROOT / "scripts" / "error_codes.yml"
PAGE = ROOT / "docs" / "errors.md"
PLUGINS = ROOT / "plugins"
LIST_NAME = "error_codes.py"
CODE = re.compile(r"[A-Z][A-Za-z]+\d*\Z")
# A warning begins with its code.
WARNING = re.compile(r"([A-Z][a-z]+(?:[A-Z][a-z]+)*): ")
# Names of tables and constants whose values, or keys, are codes.
CODES_AS_VALUES = {"_CODE_OF_STATUS", "TOO_SLOW", "TOO_LARGE", "code"}
CODES_AS_KEYS = {"_HINTS", "_WHY"}
# Codes of Microsoft Entra ID stand in messages, never in failure.code.
NOT_OURS = ("AADSTS",)


@dataclass(frozen=True)
class Entry:
    """One code of the catalogue."""

    code: str
    group: str
    meaning: str
    remedy: str
    source: str


class CatalogueError(Exception):
    """The catalogue and the code differ."""


# --- what the code uses ---


def _texts(node: ast.AST | None) -> t.Iterator[str]:
    """The strings that an expression can be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
        # Only the head is known: "Operation" of f"Operation{status}".
        yield f"{node.values[0].value}*"
    for part in _alternatives(node):
        yield from _texts(part)


def _alternatives(node: ast.AST | None) -> list[ast.expr]:
    """The expressions of which an expression gives one."""
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, (ast.BoolOp, ast.Dict)):
        return node.values
    if isinstance(node, ast.Tuple):
        return node.elts
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("str", "dict.fromkeys"):
        return node.args
    return []


def _head(node: ast.AST) -> str:
    """The beginning of a string or an f-string."""
    if isinstance(node, ast.JoinedStr):
        return _head(node.values[0]) if node.values else ""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _of_call(node: ast.Call) -> t.Iterator[str]:
    name = ast.unparse(node.func).rsplit(".", 1)[-1]
    for keyword in node.keywords:
        if keyword.arg == "code":
            yield from _texts(keyword.value)
    if name in ("Finding", "_exceeds", "_refusal", "problem", "warning") and node.args:
        for argument in node.args[:1] if name != "_refusal" else node.args[2:3]:
            yield from _texts(argument)


def _of_assignment(node: ast.Assign | ast.AnnAssign) -> t.Iterator[str]:
    for target, value in _assigned(node):
        name = ast.unparse(target).rsplit(".", 1)[-1]
        if name in CODES_AS_VALUES or name == "default_code":
            yield from _texts(value)
        elif name in CODES_AS_KEYS and isinstance(value, ast.Dict):
            yield from (text for key in value.keys for text in _texts(key))


def _assigned(node: ast.Assign | ast.AnnAssign) -> t.Iterator[tuple[ast.expr, ast.expr | None]]:
    """Each target of an assignment with its value; those of a tuple one by one."""
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        if not isinstance(target, ast.Tuple):
            yield target, node.value
        elif isinstance(node.value, ast.Tuple):
            yield from zip(target.elts, node.value.elts)
        else:
            yield from ((elt, node.value) for elt in target.elts)


def codes_of(source: str) -> set[str]:
    """The codes that one file can return; a name that ends in ``*`` stands for all codes that begin so."""
    tree = ast.parse(source)
    codes = {match[1] for node in texts.messages(tree) if (match := WARNING.match(_head(node)))}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            codes.update(_of_call(node))
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            codes.update(_of_assignment(node))
    return {code for code in codes if CODE.match(code.rstrip("*")) and not code.startswith(NOT_OURS)}


def used() -> set[str]:
    """The codes that the collection can return."""
    return {
        code
        for path in sorted(PLUGINS.rglob("*.py"))
        if path.name != LIST_NAME
        for code in codes_of(path.read_text(encoding="utf-8"))
    }


# --- the catalogue ---


def catalogue() -> tuple[dict[str, str], list[Entry]]:
    """The groups with their titles, and all entries in alphabetical order."""
    document = yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))
    entries = []
    for group, rows in document["codes"].items():
        for code, (meaning, remedy, source) in rows.items():
            entries.append(Entry(code, group, meaning, remedy, document["sources"][source]))
    codes = [entry.code for entry in entries]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise CatalogueError(f"{', '.join(twice)} is in more than one group of {CATALOGUE.name}.")
    return document["groups"], sorted(entries, key=lambda entry: entry.code.casefold())


def differences(in_code: set[str], entries: t.Sequence[Entry]) -> list[str]:
    """What the code uses and the catalogue lacks, and the other way round."""
    listed = {entry.code for entry in entries}
    exact = {code for code in in_code if not code.endswith("*")}
    heads = tuple(code[:-1] for code in in_code - exact)
    missing = [f"{code} is used in plugins/ and has" for code in sorted(exact - listed)]
    missing += [
        f"Codes that begin with {head} are used in plugins/ and have" for head in heads if not _begins(listed, head)
    ]
    unused = [code for code in sorted(listed - exact) if not code.startswith(heads)]
    return [
        *(f"{which} no entry in {CATALOGUE.name}." for which in missing),
        *(f"{code} has an entry in {CATALOGUE.name} and is not used in plugins/." for code in unused),
    ]


def _begins(codes: set[str], head: str) -> bool:
    return any(code.startswith(head) for code in codes)


# --- what is written ---


def page(groups: t.Mapping[str, str], entries: t.Sequence[Entry]) -> str:
    lines = [
        "# Error codes",
        "",
        "A task that fails returns `failure.code`, and `failure.url` leads to the code's section on this page. Warnings begin with their code. Codes",
        "that are not listed here are passed on from Azure: see [Codes of Azure](#codes-of-azure).",
        "",
        "`make errors` writes this page from `scripts/error_codes.yml`.",
        "",
        "## By subject",
        "",
        "| subject | codes |",
        "|---|---|",
    ]
    for group, title in groups.items():
        codes = ", ".join(f"[{entry.code}](#{entry.code.lower()})" for entry in entries if entry.group == group)
        lines.append(f"| {title} | {codes} |")
    lines += [
        "",
        "## Codes of Azure",
        "",
        "When Azure refuses a request, `failure.code`, `failure.message` and `failure.details` are those of the service, and `failure.request_id` is what",
        "Microsoft's support asks for. Microsoft describes the codes of Azure Resource Manager in",
        "[common deployment errors](https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors), and those of",
        "Azure Machine Learning in [known issues](https://learn.microsoft.com/azure/machine-learning/known-issues/azure-machine-learning-known-issues).",
        "",
        "## All codes",
    ]
    for entry in entries:
        lines += [
            "",
            f"### {entry.code}",
            "",
            entry.meaning,
            "",
            f"**What to do:** {entry.remedy}",
            "",
            f"**Source:** <{entry.source}>",
        ]
    return "\n".join(lines) + "\n"


def list_path() -> Path:
    """Where the modules' list of codes lies."""
    return next(iter(sorted((PLUGINS / "module_utils").rglob(LIST_NAME))), PLUGINS / "module_utils" / LIST_NAME)


def code_list(entries: t.Sequence[Entry]) -> str:
    repository = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["repository"]
    rows, line = [], "   "
    for entry in entries:
        if len(line) + len(entry.code) > 118:
            rows.append(line)
            line = "   "
        line += f" {entry.code}"
    return "\n".join([
        "# Copyright (c) 2026, the azureml.compute authors",
        "# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)",
        # Apart, so that 'reuse lint' does not read it as this file's own.
        "# SPDX-License-" + "Identifier: GPL-3.0-or-later",
        '"""The codes that the reference of error codes describes. Generated by scripts/error_reference.py: edit scripts/error_codes.yml instead."""',
        "",
        "from __future__ import annotations",
        "",
        f'PAGE = "{repository}/blob/main/docs/errors.md"',
        "CODES = frozenset(",
        '    """',
        *rows,
        line,
        '""".split()',
        ")",
        "",
        "",
        "def url_of(code: str) -> str:",
        '    """The section about a code; of a code of Azure, the section about those codes."""',
        '    return f"{PAGE}#{code.lower() if code in CODES else \'codes-of-azure\'}"',
        "",
    ])  # fmt: skip


def files() -> dict[Path, str]:
    """Each generated file with its text."""
    groups, entries = catalogue()
    return {PAGE: page(groups, entries), list_path(): code_list(entries)}


def problems() -> list[str]:
    """Why --check fails."""
    _groups, entries = catalogue()
    stale = [path for path, text in files().items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    return differences(used(), entries) + [
        f"{path.relative_to(ROOT)} is not current. Run make errors." for path in stale
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, and fail if a file is not current")
    if not parser.parse_args().check:
        for path, text in files().items():
            path.write_text(text, encoding="utf-8")
    wrong = problems()
    print("\n".join(wrong) or f"{len(catalogue()[1])} codes in {PAGE.relative_to(ROOT)}.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
