# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift report as lines for a terminal."""

from __future__ import annotations

import typing as t

from .._core import redact
from .rows import Report
from .sections import Section, Table, Title, sections

# Characters of a cell. The files of the report have the whole text.
_WIDEST = 80


def text(report: Report) -> str:
    lines = [line for section in sections(report) for line in _lines(section)]
    return "\n".join([*lines, ""])


def _lines(section: Section) -> t.Iterator[str]:
    if isinstance(section, Title):
        # Only titles begin a paragraph.
        yield from ((_plain(section.text),) if section.level == 1 else ("", f"{_plain(section.text)}:"))
    elif isinstance(section, Table):
        yield from (f"  {line}" for line in _table(section))
    else:
        yield _plain(section)


def _table(table: Table) -> t.Iterator[str]:
    rows = [[head.upper() for head in table.heads], *([_cell(cell) for cell in row] for row in table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cell(value: t.Any) -> str:
    line = _plain("" if value is None else str(value))
    return line if len(line) <= _WIDEST else f"{redact.cut(line, _WIDEST - 3)}..."


def _plain(value: str) -> str:
    """One line; nothing in it can steer a terminal."""
    return redact.printable(" ".join(value.split()))
