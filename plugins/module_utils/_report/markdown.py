# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift report as Markdown."""

from __future__ import annotations

import re
import typing as t

from .._core import redact
from .rows import Report
from .sections import Section, Table, Title, sections

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def markdown(report: Report) -> str:
    return "\n".join(line for section in sections(report) for line in (*_lines(section), ""))


def _lines(section: Section) -> t.Iterator[str]:
    if isinstance(section, str):
        yield escape(section)
    elif isinstance(section, Title):
        yield f"{'#' * section.level} {escape(section.text)}"
    else:
        yield from _table(section)


def _table(table: Table) -> t.Iterator[str]:
    yield "| " + " | ".join(table.heads) + " |"
    yield "|" + " --- |" * len(table.heads)
    for row in table.rows:
        yield "| " + " | ".join(escape(cell) for cell in row) + " |"


def escape(value: t.Any) -> str:
    """A text of someone else's in a cell: it stays wording."""
    line = redact.printable(" ".join(("" if value is None else str(value)).split()))
    # An entity would be decoded, into whatever character it names.
    entities = _SPECIAL.sub(r"\\\1", line.replace("&", "&amp;"))
    return entities.replace("\\<", "&lt;").replace("\\>", "&gt;")
