# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the packages of plugins/module_utils, what each says it may import and what it does import, and writes that into docs/development/architecture.md.

    python -m scripts.architecture            write the generated part of the page
    python -m scripts.architecture --check    only say whether the page is current and the order is kept; exit code 1 if not

Each package has one main file, whose docstring has a paragraph "The package ``_name`` ...". It ends with a sentence "It may import ``_a`` and ``_b``." (and
"Ansible", if so), which is the rule; tests/unit/test_layout.py holds the code to it.
"""

from __future__ import annotations

import argparse
import ast
import functools
import re
import sys
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

from .command import ROOT

PAGE = Path("docs/development/architecture.md")
BEGIN, END = "<!-- BEGIN: written by make architecture -->", "<!-- END: written by make architecture -->"
COLLECTION = "ansible_collections.azureml.compute.plugins"

# What uses the packages and is used by none of them.
ENTRIES = ("modules", "action", "plugin_utils", "inventory", "filter", "callback")
MOST_FLOORS, MOST_FLAT_FILES = 9, 2


@dataclass
class Package:
    """One package, or one folder of plugins."""

    name: str
    purpose: str = ""
    allowed: set[str] | None = None
    may_import_ansible: bool = False
    # The file's name and the first sentence of its docstring.
    files: dict[str, str] = field(default_factory=dict)
    # What is imported, and a place where.
    imports: dict[str, str] = field(default_factory=dict)
    ansible: list[str] = field(default_factory=list)


def packages(root: Path = ROOT) -> dict[str, Package]:
    """All packages by their names, and the folders of plugins that use them."""
    plugins = root / "plugins"
    by_name: dict[str, Package] = {}
    for path in sorted(plugins.rglob("*.py")):
        parts = path.relative_to(plugins).with_suffix("").parts
        below = parts[0] == "module_utils"
        name = parts[1] if below else parts[0]
        if not below and name not in ENTRIES:
            continue
        _read(by_name.setdefault(name, Package(name)), path, parts, root)
    return by_name


def _read(package: Package, path: Path, parts: tuple[str, ...], root: Path) -> None:
    docstring, statements = _parsed(path.read_text())
    if path.name != "__init__.py":
        package.files[path.stem] = _sentence(docstring)
    paragraph = next(
        (part for part in docstring.split("\n\n") if part.startswith(f"The package ``{package.name}``")), None
    )
    if paragraph is not None:
        text = " ".join(paragraph.split())
        package.purpose, _dot, rule = text.removeprefix(f"The package ``{package.name}`` ").partition(
            ". It may import "
        )
        package.allowed = set(re.findall(r"``(_\w+)``", rule))
        package.may_import_ansible = "Ansible" in rule
    for node in statements:
        place = f"{path.relative_to(root)}:{node.lineno}"
        for module in _imported(node, parts):
            if module.split(".")[0] == "ansible":
                package.ansible.append(place)
            elif module.startswith("module_utils."):
                other = module.split(".")[1]
                if other != package.name:
                    package.imports.setdefault(other, place)


@functools.cache
def _parsed(source: str) -> tuple[str, list[ast.Import | ast.ImportFrom]]:
    """A file's docstring and its imports, wherever they stand in it."""
    tree = ast.parse(source)
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    return ast.get_docstring(tree) or "", imports


def _imported(node: ast.Import | ast.ImportFrom, parts: tuple[str, ...]) -> t.Iterator[str]:
    """The modules that a statement imports; those of the collection from plugins/ on."""
    if isinstance(node, ast.Import):
        yield from (alias.name.removeprefix(f"{COLLECTION}.") for alias in node.names)
    else:
        base = ".".join(parts[: len(parts) - node.level]) if node.level else ""
        module = ".".join(filter(None, (base, node.module or "")))
        module = module.removeprefix(f"{COLLECTION}.")
        # ``from .. import _package`` names the package only behind the import.
        yield from (f"{module}.{alias.name}" for alias in node.names)


def _sentence(docstring: str) -> str:
    first = " ".join(docstring.split("\n\n")[0].split())
    return first if len(first) <= 180 else re.split(r"(?<=[.:;]) ", first)[0].rstrip(":;")


def floors(by_name: t.Mapping[str, Package]) -> dict[str, int]:
    """How high each package stands: 1 for what imports no other, else one above the highest that it imports. ValueError for a circle."""
    heights: dict[str, int] = {}

    def height(name: str, above: tuple[str, ...]) -> int:
        if name in above:
            raise ValueError(f"a circle of imports: {' -> '.join([*above[above.index(name) :], name])}")
        if name not in heights:
            heights[name] = 1 + max(
                (height(other, (*above, name)) for other in by_name[name].imports if other in by_name), default=0
            )
        return heights[name]

    for name in by_name:
        height(name, ())
    return heights


def faults(root: Path = ROOT) -> list[str]:
    """What breaks the rules of the layout."""
    by_name = packages(root)
    wrong = [
        *_flat_files(root),
        *(
            fault
            for package in by_name.values()
            if package.name not in ENTRIES
            for fault in _forbidden(package, by_name)
        ),
    ]
    try:
        highest = max(floors(by_name).values())
    except ValueError as circle:
        return [*wrong, str(circle)]
    if highest > MOST_FLOORS:
        wrong.append(f"the packages stand on {highest} floors, more than {MOST_FLOORS}")
    return wrong


def _flat_files(root: Path) -> t.Iterator[str]:
    flat = sorted(path.name for path in (root / "plugins" / "module_utils").glob("*.py"))
    if len(flat) > MOST_FLAT_FILES:
        yield f"module_utils has {len(flat)} files outside packages, more than {MOST_FLAT_FILES}: {', '.join(flat)}"


def _forbidden(package: Package, by_name: t.Mapping[str, Package]) -> t.Iterator[str]:
    """What a package imports and may not, or may import and cannot."""
    if package.allowed is None:
        yield f"no file of {package.name} says in its docstring what the package is for and what it may import"
        return
    for other, place in package.imports.items():
        if other not in package.allowed:
            yield f"{place}: {package.name} may not import {other}"
    if not package.may_import_ansible:
        yield from (f"{place}: {package.name} may not import Ansible" for place in package.ansible)
    for other in sorted(package.allowed - set(by_name)):
        yield f"{package.name} says that it may import {other}, which does not exist"


def direct(by_name: t.Mapping[str, Package]) -> list[tuple[str, str]]:
    """The imports between packages without those that follow from others, for a picture that can be read."""

    def below(name: str) -> set[str]:
        return {deeper for other in by_name[name].imports for deeper in (other, *below(other))}

    return [
        (name, other)
        for name in sorted(by_name)
        for other in sorted(by_name[name].imports)
        if not any(other in below(between) for between in by_name[name].imports)
    ]


def picture(by_name: t.Mapping[str, Package]) -> str:
    """The packages by floors, as Mermaid."""
    heights = floors(by_name)
    lines = ["```mermaid", "flowchart TB"]
    for floor in sorted(set(heights.values()), reverse=True):
        names = sorted(name for name, height in heights.items() if height == floor)
        lines += [
            f"  subgraph floor{floor}[floor {floor}]",
            "    direction LR",
            *(f'    {_node(name)}["{name}"]' for name in names),
            "  end",
        ]
    lines += [f"  {_node(name)} --> {_node(other)}" for name, other in direct(by_name)]
    return "\n".join([*lines, "```"])


def _node(name: str) -> str:
    return "p" + name if name.startswith("_") else "e_" + name


def generated(root: Path = ROOT) -> str:
    """The generated part of the page."""
    by_name = packages(root)
    heights = floors(by_name)
    order = sorted((name for name in by_name if name not in ENTRIES), key=lambda name: (-heights[name], name))
    rows = [f"| `{name}` | {heights[name]} | {by_name[name].purpose} | {_listed(by_name[name])} |" for name in order]
    lines = [picture(by_name), "", "| package | floor | holds | imports |", "|---|---:|---|---|", *rows]
    for name in order:
        files = [f"| `{file}.py` | {text} |" for file, text in by_name[name].files.items()]
        lines += [
            "",
            f"### `{name}`",
            "",
            "| file | content |",
            "|---|---|",
            *(line.replace("``", "`") for line in files),
        ]
    return "\n".join(lines)


def _listed(package: Package) -> str:
    names = [f"`{name}`" for name in sorted(package.imports)] + (["Ansible"] if package.ansible else [])
    return ", ".join(names) or "nothing"


def page(root: Path = ROOT) -> str:
    """The page with its generated part as the code has it now."""
    text = (root / PAGE).read_text()
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    return f"{head}{BEGIN}\n\n{generated(root)}\n\n{END}{tail}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args()
    wrong = faults()
    if not wrong and page() != (ROOT / PAGE).read_text():
        if options.check:
            wrong.append(f"{PAGE} is not current: run 'make architecture'")
        else:
            (ROOT / PAGE).write_text(page())
    print("\n".join(wrong), end="\n" if wrong else "", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
