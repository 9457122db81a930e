# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find idioms in what people read, and name the word of the field for each.

    python -m scripts.plain_english                     # all that is checked
    python -m scripts.plain_english README.md docs/     # these files and directories

Checked are the documentation, the plugins, the roles, the playbooks and the examples: in Python files the documentation blocks, messages, docstrings and
comments, but not identifiers; in all other files every line. Task names must start with a verb in the imperative.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import sys
import tokenize
import typing as t
from pathlib import Path

import yaml

from . import texts
from .command import ROOT

CHECKED = ("README.md", "CONTRIBUTING.md", "Makefile", "docs", "examples", "playbooks", "plugins", "roles")
SUFFIXES = {".md", ".rst", ".py", ".yml", ".yaml", ".j2", ""}
# The documentation blocks of a module.
DOCUMENTATION = {"DOCUMENTATION", "EXAMPLES", "RETURN"}
# What must not be written, and what to write instead.
IDIOMS: dict[str, str] = {
    r"anew": "again",
    r"nobody": "no one, or name the actor",
    r"somebody": "someone, or name the actor",
    r"mend(?:s|ed|ing)?": "fix",
    r"told|tells?|telling": "report, show, return, describe",
    r"no more(?! than)": "no longer, at most",
    r"left out|le(?:ave|aves|aving) (?:\w+ ){0,2}out": "not set, omit, defaults to",
    r"what (?:there is|is there)|that (?:there are|are there)": "existing resources, current state",
    r"what is to be known": "information",
    r"rights|(?:a|an|the|no|new|further|which|has|needs?) right(?! (?:order|side|place|one))|right to": "permissions, role assignment",
    r"wish(?:es|ed)?": "desired",
    r"look(?:s|ed|ing)? (?:ahead|at|for|whether|in(?!to))": "read, list, check, search, pre-flight checks",
    r"(?<!there )(?<!there's )(?:is|are|was|were) no (?!longer\b|one\b|matter\b|more\b)\w+": "is not a, is not valid",
    r"painted": "updated in place, drawn",
    r"joins? it|is joined|are joined": "continues, waits for",
    r"go(?:es)? on|going on|went on": "continue",
    r"sees to(?! it)|(?:is|are) seen to": "process, wait for",
    r"bec(?:ame|omes?) of": "result of",
    r"had (?:better|rather)": "should",
    r"whatever (?:name|else) (?:it|they)": "under any name",
    r"gets? (?:it|them) back": "recover, restore",
    r"make[sd]? (?:one|it) of": "create, build",
    r"st(?:ands?|ood|anding) (?:for|in|there|at|before|after|behind|beside|on|with|under|outside|alone|here|still|as)": "is, is in, is based on, represents",
    r"under way": "running, in progress",
    r"has a say|have a say|tak(?:es?|en|ing) along": "decide, include",
    r"ours|theirs": "those of the collection, of the user, of the service",
    r"any more": "no longer",
    r"(?:every|any)body": "everyone, anyone",
    r"for good": "permanently",
    r"all the same|none the less": "also, still",
    r"at the (?:most|least)": "at most, at least",
    r"(?:is|are|was|were) (?:still )?to be (?!\w+ing)\w+": "must be, will be, is not ... yet",
    r"of (?:its|their|your|his|our|one's) own": "its own, separate",
    r"beside": "in addition to, next to, together with",
    r"l(?:ies|ie|ay|ain|ying) (?:in|beside|at|on|there|below|under|within|between|outside)": "is, is in",
    r"go(?:es)? (?:first|before|last)": "take precedence, come first",
    r"brought about|brings? about": "manage, create or update",
    r"comes? and go|comes? or go": "be added and removed",
    r"judg(?:e|es|ed|ing)": "check, evaluate",
    r"tak(?:es?|en|ing) (?:it |them |one )?away": "remove",
    r"who looks|what looks": "the reader, what resembles",
    r"(?:by|for|in|of) itself(?! )": "automatically",
    r"hands? (?:it|them|on|over|out)": "pass, return",
}


def _over_lines(idiom: str) -> str:
    """The idiom with several blanks between its words too: a line break and the indent after it count as blanks."""
    return re.sub(r"(\(\?<[=!][^)]*\))| ", lambda part: part[1] or " +", idiom)


PATTERN = re.compile(
    "|".join(rf"(?P<i{number}>\b(?:{_over_lines(idiom)})\b)" for number, idiom in enumerate(IDIOMS)), re.IGNORECASE
)
BETTER = list(IDIOMS.values())

# A task's first word: an imperative verb of this list. A new verb is added here once, with thought.
VERBS = frozenset("""
    Add Allow Apply Assert Assign Attach Bring Build Change Check Clean Collect Configure Copy Create Decide Delete Derive Detach Determine Diagnose
    Download Ensure Export Fail Find Gather Generate Get Include Install Link List Load Manage Merge Move Normalize Plan Prepare Provision Publish Read
    Recover Recreate Register Remove Rename Replace Report Restart Restrict Resynchronize Rotate Run Scale Set Show Start Stop Store Tear Update Use
    Validate Verify Wait Write Compare Limit Make Keep
""".split())  # fmt: skip

TASK_LISTS = ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks", "handlers")
# A module's short description begins so.
MODULE_VERBS = ("Manage ", "Gather ", "Validate ", "Export ", "Wait ", "Resynchronize ", "Take ")


class Hit(t.NamedTuple):
    """One idiom, or one task name, with what to write instead."""

    path: str
    line: int
    words: str
    better: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.words} -> {self.better}"


def in_text(text: str, path: str, first_line: int = 1) -> t.Iterator[Hit]:
    """The idioms of a text; a line break counts as a blank."""
    joined = re.sub(r"\s*\n[ \t#*]*", lambda gap: "\n" + " " * (len(gap[0]) - 1), text)
    for match in PATTERN.finditer(joined.replace("\n", " ")):
        number = int(match.lastgroup[1:]) if match.lastgroup else 0
        yield Hit(path, first_line + text.count("\n", 0, match.start()), " ".join(match[0].split()), BETTER[number])


def _is_documentation(node: ast.AST) -> t.TypeGuard[ast.Assign]:
    return (
        isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in DOCUMENTATION
    )


def _texts(tree: ast.Module) -> t.Iterator[tuple[str, int]]:
    """Documentation blocks, docstrings and messages of a Python file, each with the line where it begins."""
    blocks = [node for node in ast.walk(tree) if _is_documentation(node)]
    docstrings = [node for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    for value in (node.value for node in (*blocks, *docstrings)):
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value, value.lineno
    yield from _messages(tree, blocks)


def _messages(tree: ast.Module, blocks: list[ast.Assign]) -> t.Iterator[tuple[str, int]]:
    """The messages outside the documentation blocks."""
    inside = {id(part) for block in blocks for part in ast.walk(block)}
    for node in texts.messages(tree):
        text = None if id(node) in inside else _message(node)
        if text is not None:
            yield text, node.lineno


def _message(node: ast.Constant | ast.JoinedStr) -> str | None:
    """The text of a string of several words, or of any f-string, with X for its values."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
    return node.value if isinstance(node.value, str) and node.value.count(" ") > 1 else None


def _comments(source: str) -> t.Iterator[tuple[str, int]]:
    """The comments of a Python file. Comments on consecutive lines are one text."""
    lines: list[str] = []
    last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        if lines and token.start[0] != last + 1:
            yield "\n".join(lines), last - len(lines) + 1
            lines = []
        lines.append(token.string)
        last = token.start[0]
    if lines:
        yield "\n".join(lines), last - len(lines) + 1


def in_python(source: str, path: str) -> t.Iterator[Hit]:
    """The idioms of documentation blocks, docstrings, messages and comments, in the order of the lines."""
    texts = sorted((*_texts(ast.parse(source)), *_comments(source)), key=lambda text: text[1])
    for text, line in texts:
        yield from in_text(text, path, line)


def _names(node: yaml.Node) -> t.Iterator[yaml.ScalarNode]:
    """The names of tasks and blocks in a YAML document: of mappings in a list that have a module, a block or an include beside it."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _names(item)
    elif isinstance(node, yaml.MappingNode):
        keys = {key.value: value for key, value in node.value}
        if "name" in keys and any(key.count(".") == 2 or key in ("block", "hosts") for key in keys):
            yield keys["name"]
        for key in TASK_LISTS:
            if isinstance(keys.get(key), yaml.SequenceNode):
                yield from _names(keys[key])


def task_names(source: str, path: str) -> t.Iterator[Hit]:
    """Task and play names that do not start with a verb."""
    for document in yaml.compose_all(source, yaml.SafeLoader):
        for name in _names(document) if document is not None else ():
            if name.value.split(" ", 1)[0] not in VERBS:
                yield Hit(
                    path,
                    name.start_mark.line + 1,
                    name.value,
                    "start the name with a verb in the imperative (VERBS in scripts/plain_english.py)",
                )


def in_file(path: Path) -> t.Iterator[Hit]:
    name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from in_python(text, name)
        return
    yield from in_text(text, name)
    if path.suffix == ".yml" and name.startswith(("roles/", "playbooks/", "examples/")) and "/meta/" not in name:
        yield from task_names(text, name)


def files(places: t.Iterable[str]) -> t.Iterator[Path]:
    for place in places:
        path = ROOT / place
        paths = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (
            item for item in paths if item.is_file() and item.suffix in SUFFIXES and "__pycache__" not in item.parts
        )


def hits(places: t.Iterable[str] = CHECKED) -> list[Hit]:
    return [hit for path in files(places) for hit in in_file(path)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "places",
        nargs="*",
        default=CHECKED,
        metavar="FILE",
        help="files or directories; all that is checked, unless given",
    )
    places = parser.parse_args().places
    idioms = hits(places)
    print("\n".join(map(str, idioms)) or f"{len(list(files(places)))} files without idioms")
    sys.exit(bool(idioms))


if __name__ == "__main__":
    main()
