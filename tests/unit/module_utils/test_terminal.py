# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that are painted over, as a terminal shows them (pyte is one)."""

from __future__ import annotations

import io
import os
import typing as t

import pyte
import pytest
from ansible_collections.azureml.compute.plugins.module_utils._console import terminal as _terminal
from wcwidth import wcswidth


class Terminal(io.StringIO):
    """A stream into a terminal of that size; ``writes`` is what came at once."""

    def __init__(self, columns: int, lines: int, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.screen = pyte.Screen(columns, lines)
        self.screen.set_mode(pyte.modes.LNM)
        self.stream = pyte.Stream(self.screen)
        self.writes: list[str] = []
        monkeypatch.setattr(
            _terminal.os, "get_terminal_size", lambda handle: os.terminal_size((self.screen.columns, self.screen.lines))
        )

    def fileno(self) -> int:
        return 1

    def write(self, text: str) -> int:
        self.writes.append(text)
        self.stream.feed(text)
        return len(text)

    @property
    def shown(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display if line.strip()]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    made = Terminal(40, 8, monkeypatch)
    made.write("TASK [fleet] ***\n")
    return made


def rows(*names: str, state: str = "Creating") -> list[list[tuple[str, str | None]]]:
    return [[(name, None), ("create", "yellow"), (state, None)] for name in names]


def test_lines_are_painted_over_in_place(terminal: Terminal) -> None:
    screen = _terminal.Screen(terminal)
    screen.paint(rows("ws/a", "ws/long"), "0 of 2 done")
    assert terminal.shown == [
        "TASK [fleet] ***",
        "  ws/a     create  Creating",
        "  ws/long  create  Creating",
        "  0 of 2 done",
    ]
    screen.paint(rows("ws/a", state="Resizing"), "1 of 2 done")
    assert terminal.shown == ["TASK [fleet] ***", "  ws/a  create  Resizing", "  1 of 2 done"]
    screen.erase()
    assert terminal.shown == ["TASK [fleet] ***"] and (terminal.screen.cursor.x, terminal.screen.cursor.y) == (0, 1)


def test_what_is_the_same_is_not_painted_again(terminal: Terminal) -> None:
    screen = _terminal.Screen(terminal)
    for _time in range(3):
        screen.paint(rows("ws/a"))
    assert len(terminal.writes) == 2
    screen.paint(rows("ws/b"))
    assert len(terminal.writes) == 3 and "\x1b[2J" not in terminal.writes[-1], "one write for each painting"
    screen.erase()
    screen.erase()
    assert len(terminal.writes) == 4


def test_no_more_lines_than_the_terminal_has(terminal: Terminal) -> None:
    screen = _terminal.Screen(terminal)
    for count in (20, 21, 22):
        screen.paint(rows(*(f"ws/{number}" for number in range(count))), f"{count} under way")
    assert terminal.shown == [
        "TASK [fleet] ***",
        *(f"  ws/{number}  create  Creating" for number in range(4)),
        "  ... and 18 more",
        "  22 under way",
    ]
    screen.erase()
    assert terminal.shown == ["TASK [fleet] ***"]


@pytest.mark.parametrize("width", [7, 12, 39, 40])
def test_lines_are_cut_to_the_width(terminal: Terminal, width: int) -> None:
    terminal.screen.resize(8, width)
    screen = _terminal.Screen(terminal, wcswidth)
    for count in range(3):
        screen.paint([[("ws/工作区" * 5, None), ("create", None)]] * 2, str(count))
    lines = terminal.shown[-3:]
    assert lines[-1] == "  2" and lines[0].startswith("  ws/工"[: width - 2]), lines
    assert sum("ws/" in line for line in terminal.shown) == 2, "no line was broken"


def test_a_terminal_that_was_made_narrower_is_cleared_of_the_broken_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = Terminal(20, 10, monkeypatch)
    narrow.write("TASK\n")
    screen = _terminal.Screen(narrow)
    with monkeypatch.context() as wide:
        wide.setattr(_terminal.os, "get_terminal_size", lambda handle: os.terminal_size((40, 10)))
        # 30 columns, which the terminal of 20 shows in two rows.
        screen.paint([[("x" * 28, None)]])
    screen.paint([[("short", None)]])
    assert narrow.shown == ["TASK", "  short"]


def test_colours_take_no_room(terminal: Terminal) -> None:
    def colour(text: str, name: str) -> str:
        return f"\x1b[33m{text}\x1b[0m" if name == "yellow" else text

    screen = _terminal.Screen(terminal, colour=colour)
    screen.paint(rows("ws/a", "ws/" + "b" * 40))
    assert [len(line) for line in terminal.shown[1:]] == [5 + 1, 39], "the columns of the long name leave no room"
    cells: t.Any = terminal.screen.buffer
    screen.paint(rows("ws/a"))
    assert cells[1][8].fg == "brown" and cells[1][2].fg == "default"


@pytest.mark.parametrize("answer", [OSError(), os.terminal_size((0, 0))])
def test_a_terminal_without_a_size(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, answer: t.Any) -> None:
    def asked(handle: int) -> os.terminal_size:
        if isinstance(answer, OSError):
            raise answer
        return t.cast(os.terminal_size, answer)

    monkeypatch.setattr(_terminal.os, "get_terminal_size", asked)
    _terminal.Screen(terminal).paint(rows("ws/a"))
    assert terminal.shown[-1] == "  ws/a  create  Creating"
