# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find functions and methods that are too complex to read, and print each with its figure.

    python -m scripts.complexity                        # all that is checked
    python -m scripts.complexity scripts plugins/filter # these files and directories

radon counts what ruff does not: boolean operators, conditional expressions and comprehensions. A function inside another counts by itself.
The exit status is 1 when a figure is above the limit.
"""

from __future__ import annotations

import argparse
import sys
import typing as t
from pathlib import Path

from radon.complexity import add_inner_blocks, cc_visit
from radon.visitors import Function

from .command import ROOT

LIMIT = 12
CHECKED = ("plugins", "roles", "scripts", "tests/simulator")


class Measured(t.NamedTuple):
    """One function or method with its cyclomatic complexity."""

    path: str
    line: int
    name: str
    complexity: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.name} has complexity {self.complexity}; at most {LIMIT} is allowed"


def functions(source: str, path: str) -> t.Iterator[Measured]:
    """All functions and methods of a file, also those inside others; a class's own figure is the mean of its methods."""
    for block in add_inner_blocks(cc_visit(source)):
        if isinstance(block, Function):
            yield Measured(path, block.lineno, block.fullname, block.complexity)


def files(places: t.Iterable[str]) -> t.Iterator[Path]:
    for place in places:
        path = ROOT / place
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="*", default=CHECKED, metavar="FILE", help="files or directories")
    places = parser.parse_args().places
    measured = [
        function
        for path in files(places)
        for function in functions(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    ]
    bad = sorted(
        (function for function in measured if function.complexity > LIMIT), key=lambda function: -function.complexity
    )
    print("\n".join(map(str, bad)) or f"{len(measured)} functions, none above complexity {LIMIT}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
