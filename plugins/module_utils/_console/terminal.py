# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines at the foot of a terminal that are updated in place. Knows nothing of what they say.

The package ``_console`` shows the progress of a run in a terminal. It may import ``_core``.

Control sequences: ECMA-48 (CUU, EL, ED). Every painting is one write, and nothing is cleared that is not at once written again: no flicker.
"""

from __future__ import annotations

import os
import typing as t

_UP, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[{}A", "\x1b[K", "\x1b[J"
_USUAL = os.terminal_size((80, 24))
_GAP = "  "

# The cells of a line, each with its colour (None: the terminal's own).
Line = t.Sequence[tuple[str, "str | None"]]


class Screen:
    """``width`` counts the columns that a text takes, ``colour`` puts a text into a colour."""

    def __init__(
        self,
        stream: t.TextIO,
        width: t.Callable[[str], int] = len,
        colour: t.Callable[[str, str], str] = lambda text, name: text,
    ) -> None:
        self._stream = stream
        self._width = width
        self._colour = colour
        # The lines that are displayed now, and the columns of each of them.
        self._shown = ""
        self._widths: list[int] = []

    def paint(self, lines: t.Sequence[Line], last: str | None = None) -> None:
        """Show these lines, in columns, and ``last`` below them; as many as there is room for."""
        size = self._size()
        room = max(1, size.lines - 2 - (last is not None))
        visible = list(lines[:room])
        if len(lines) > room:
            visible = list(lines[: max(0, room - 1)])
            visible.append([(f"... and {len(lines) - len(visible)} more", None)])
        columns = self._columns(visible)
        drawn = [self._draw(line, columns, size.columns - 1) for line in visible]
        drawn += [self._draw([(last, None)], [], size.columns - 1)] if last else []
        text = "".join(f"{line}{_CLEAR_LINE}\n" for line, _used in drawn)
        widths = [used for _line, used in drawn]
        if (text, widths) != (self._shown, self._widths) or self._moved(size):
            self._write(self._back(size) + text + _CLEAR_BELOW)
            self._shown, self._widths, self._painted_for = text, widths, size

    def erase(self) -> None:
        """Remove the displayed lines; the cursor returns to its previous position."""
        if self._widths:
            self._write(self._back(self._size()) + _CLEAR_BELOW)
            self._shown, self._widths = "", []

    _painted_for = _USUAL

    def _moved(self, size: os.terminal_size) -> bool:
        return bool(self._widths) and size != self._painted_for

    def _back(self, size: os.terminal_size) -> str:
        """To the first of the lines: a terminal that was made narrower has broken them again."""
        rows = sum(max(1, -(-columns // size.columns)) for columns in self._widths)
        return "\r" + _UP.format(rows) if rows else ""

    def _columns(self, lines: t.Sequence[Line]) -> list[int]:
        """How wide each column is; the last one is as it comes."""
        cells = [[self._width(text) for text, _colour in line] for line in lines if len(line) > 1]
        return [
            max(row[column] for row in cells if len(row) > column)
            for column in range(max(map(len, cells), default=1) - 1)
        ]

    def _draw(self, line: Line, columns: t.Sequence[int], room: int) -> tuple[str, int]:
        """A line with its colours, cut to the room there is; and the columns that it takes."""
        drawn, used = "", 0
        for number, (text, colour) in enumerate(line):
            padded = (
                text + " " * (columns[number] - self._width(text))
                if number < len(columns) and number < len(line) - 1
                else text
            )
            cut = self._cut(_GAP + padded, room - used)
            used += self._width(cut)
            drawn += self._colour(cut, colour) if colour and cut.strip() else cut
        return drawn, used

    def _cut(self, text: str, room: int) -> str:
        while text and self._width(text) > room:
            text = text[:-1]
        return text

    def _size(self) -> os.terminal_size:
        try:
            size = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            return _USUAL
        # A terminal that no one gave a size says 0.
        return os.terminal_size((size.columns or _USUAL.columns, size.lines or _USUAL.lines))

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
