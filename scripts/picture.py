# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture of a terminal: what the quickstart printed, with its colours, as SVG.

    scripts/quickstart | python -m scripts.picture docs/images/quickstart.svg "make quickstart"

Tasks that changed nothing are counted and left out, and so are what a task said before and the lines of a diff that are the same; lines are cut to the
width. Nothing else is.
"""

from __future__ import annotations

import io
import re
import sys
import typing as t
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 108

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def main() -> None:
    write(Path(sys.argv[1]), sys.argv[2], [Text.from_ansi(line) for line in shortened(sys.stdin.read().splitlines())])


def write(target: Path, title: str, lines: t.Iterable[Text], width: int = WIDTH) -> None:
    """``target``: the file; ``width``: of the terminal, in columns."""
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in lines:
        console.print(line, no_wrap=True, overflow="ellipsis", crop=True)
    # No fonts from elsewhere: a picture loads nothing.
    svg = re.sub(r"@font-face \{.*?\}", "", console.export_svg(title=title), flags=re.DOTALL)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n")


def shortened(lines: t.Sequence[str]) -> t.Iterator[str]:
    said: set[str] = set()
    quiet = 0
    for block in _blocks(lines):
        head = _plain(block[0])
        if head.startswith("Next:"):
            return
        if head.startswith("TASK"):
            if not _changed(block) and (head in said or not _has_message(block)):
                quiet += 1
                continue
            said.add(head)
        if head.startswith("PLAY RECAP"):
            yield f"\x1b[2m({quiet} more tasks, which changed nothing)\x1b[0m"
            quiet = 0
        if head.startswith("==") and said:
            yield ""
        yield from (_tidy(line) for line in block if not _same(block, _plain(line)))


def _blocks(lines: t.Iterable[str]) -> t.Iterator[list[str]]:
    """What stands between empty lines, from the first heading on; what follows a task up to the next heading is the task's."""
    block: list[str] = []
    for line in lines:
        plain = _plain(line)
        starts = plain.startswith(("== ", "TASK [", "PLAY", "Next:")) or re.match(r"\d+ requests", plain)
        if starts and block:
            yield block
            block = []
        if plain and (starts or block):
            block.append(line)
    if block:
        yield block


def _plain(line: str) -> str:
    return _COLOURS.sub("", line)


def _changed(block: t.Sequence[str]) -> bool:
    return any(_plain(line).startswith("changed:") for line in block)


def _has_message(block: t.Sequence[str]) -> bool:
    return any(_plain(line).strip() == "msg:" for line in block)


def _same(block: t.Sequence[str], line: str) -> bool:
    """A line of a diff that has not changed, or its place in the file."""
    in_diff = any(_plain(line).startswith("--- before") for line in block)
    return in_diff and line.startswith((" ", "@@"))


def _tidy(line: str) -> str:
    # A run of asterisks fills Ansible's headings to its own idea of the width.
    line = re.sub(r" \*{3,}", " ***", line)
    # Where this checkout is tells a reader nothing.
    return re.sub(r"/\S*/(\.simulator/)", r"\1", line)


if __name__ == "__main__":
    main()
