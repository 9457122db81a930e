# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a page of the documentation for each playbook and each role: docs/docsite/rst/playbook_NAME.rst and role_NAME.rst.

    python -m scripts.docs_pages            write the pages
    python -m scripts.docs_pages --check    change nothing; fail if a page is not current

The text of a playbook is the comment at its top, that of a role its argument spec. The pages are never edited by hand.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
import typing as t
from pathlib import Path

import yaml

from .command import ROOT

TARGET = ROOT / "docs" / "docsite" / "rst"
SOURCE = "https://github.com/azureml-compute/azureml.compute/blob/main"
HEADER = """..
  Copyright (c) 2026, the azureml.compute authors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later
  Written by make options.

.. _ansible_collections.azureml.compute.docsite.{label}:

{title}
{line}

"""
# A term with its description behind at least two blanks, and the lines that continue it.
TERM = re.compile(r"^(?P<term>\w[\w' ,]*?) {2,}(?P<text>\S.*)$")
# Settings on the command line, names of variables, playbooks, options and files.
LITERAL = re.compile(
    r"(?<![\w`/.=])"
    r"(-e [\w.]+=[\w./]+|(?:aml|awx)_\w+(?:\[\])?(?:\.\w+)*|azureml\.compute\.\w+|--?[a-z][\w-]+|[\w/-]+\.(?:yml|json|md|html|rst)|[A-Z]+_[A-Z_]+)"
    r"(?![\w`/=])"
)
MARKUP = re.compile(r"\b[A-Z]\(([^)]*)\)")
Options = dict[str, dict[str, t.Any]]


def literal(text: str) -> str:
    """Text with names of options, variables and files as literals, and guides as references."""
    marked = LITERAL.sub(r"``\1``", text.replace("*", r"\*"))
    return re.sub(
        r"``docs/docsite/rst/(guide_\w+)\.rst``", r":ref:`ansible_collections.azureml.compute.docsite.\1`", marked
    )


def comment_of(playbook: Path) -> list[list[str]]:
    """The paragraphs of the comment at the top of a playbook, without the mark of the comment."""
    lines = []
    for line in playbook.read_text(encoding="utf-8").splitlines()[1:]:
        if not line.startswith("#"):
            break
        lines.append(line[2:])
    return [block.splitlines() for block in re.split(r"\n\s*\n", "\n".join(lines))]


def definition(match: re.Match[str]) -> str:
    """A term and the first line of its description."""
    names = ", ".join(f"``{name}``" if "_" in name else name for name in match["term"].split(", "))
    return f"{names}\n  {literal(match['text'])}"


def terms(lines: list[str]) -> str:
    """Terms with their descriptions as a definition list; lines before and after them as text."""
    text, before = "", ""
    for line in lines:
        match = TERM.match(line)
        kind = "term" if match or (before == "term" and line.startswith("  ")) else "text"
        rendered = definition(match) if match else ("  " if kind == "term" else "") + literal(line.strip())
        text += ("\n\n" if before and kind != before else "\n") + rendered
        before = kind
    return text.lstrip("\n")


def paragraph(lines: list[str]) -> str:
    """A paragraph of a comment in reStructuredText: commands, terms or text."""
    if all(line.startswith("  ") for line in lines):
        return ".. code-block:: bash\n\n" + "\n".join(f"   {line.strip()}" for line in lines)
    return terms(lines)


def playbook_page(playbook: Path) -> str:
    """The page of a playbook."""
    name = playbook.stem
    title = f"Playbook {name}"
    body = "\n\n".join(paragraph(lines) for lines in comment_of(playbook))
    source = f"`The playbook on GitHub <{SOURCE}/playbooks/{name}.yml>`__"
    return HEADER.format(label=f"playbook_{name}", title=title, line="=" * len(title)) + f"{body}\n\n{source}\n"


def plain(text: str | list[str]) -> str:
    """A description without the markup of Ansible's documentation."""
    return literal(MARKUP.sub(r"\1", " ".join([text] if isinstance(text, str) else text)))


def option_lines(options: Options, indent: str = "") -> t.Iterator[str]:
    """A definition for each option, and a nested list for the options inside it."""
    for name, row in options.items():
        about = [row.get("type", "str") + (f" of {row['elements']}" if "elements" in row else "")]
        about += ["required"] if row.get("required") else []
        about += (
            [f"default: ``{yaml.safe_dump(row['default'], default_flow_style=True).splitlines()[0]}``"]
            if "default" in row
            else []
        )
        about += [f"one of {', '.join(f'``{choice}``' for choice in row['choices'])}"] if "choices" in row else []
        yield f"{indent}``{name}`` ({'; '.join(about)})"
        yield from textwrap.wrap(
            plain(row["description"]), 150, initial_indent=f"{indent}  ", subsequent_indent=f"{indent}  "
        )
        if row.get("options"):
            yield ""
            yield from option_lines(row["options"], indent + "  ")
        yield ""


def role_page(role: Path) -> str:
    """The page of a role: each of its entry points."""
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    title = f"Role {role.name}"
    parts = [HEADER.format(label=f"role_{role.name}", title=title, line="=" * len(title)).rstrip("\n") + "\n"]
    for name, entry in specs.items():
        if name != "main":
            heading = f"Entry point {name}"
            parts.append(f"{heading}\n{'-' * len(heading)}\n\n``tasks_from: {name}``\n")
        about = entry.get("description", [])
        lines = [plain(entry["short_description"]) + ".", *map(plain, [about] if isinstance(about, str) else about)]
        parts.append("\n\n".join(lines) + "\n")
        if name == "main" or entry.get("options") != specs["main"].get("options"):
            parts.append("\n".join(option_lines(entry.get("options", {}))).rstrip("\n") + "\n")
        else:
            parts.append("The options are those of the main entry point.\n")
    if (role / "README.md").exists():
        parts.append(f"`Examples and facts <{SOURCE}/roles/{role.name}/README.md>`__\n")
    return "\n".join(parts)


def pages() -> dict[Path, str]:
    """The text of each page."""
    playbooks, roles = sorted((ROOT / "playbooks").glob("*.yml")), sorted((ROOT / "roles").iterdir())
    found = {TARGET / f"playbook_{playbook.stem}.rst": playbook_page(playbook) for playbook in playbooks}
    return found | {TARGET / f"role_{role.name}.rst": role_page(role) for role in roles}


def stale() -> dict[Path, str | None]:
    """The pages that are not current, with their text; None for a page without a playbook or role."""
    current = pages()
    old = {path: None for path in [*TARGET.glob("playbook_*.rst"), *TARGET.glob("role_*.rst")] if path not in current}
    return old | {
        path: text for path, text in current.items() if not path.exists() or path.read_text(encoding="utf-8") != text
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the pages about playbooks and roles.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if a page is not current")
    check = parser.parse_args().check
    outdated = stale()
    for path, text in outdated.items():
        print(path.relative_to(ROOT), "is not current: run 'make options'." if check else "written")
        if not check:
            path.unlink() if text is None else path.write_text(text, encoding="utf-8")
    return 1 if check and outdated else 0


if __name__ == "__main__":
    sys.exit(main())
