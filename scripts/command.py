# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands of this package share: where the checkout and its tools are, and the option --write."""

from __future__ import annotations

import argparse
import sys
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The tools of the environment that runs the command.
BIN = Path(sys.executable).parent


def add_write(parser: argparse.ArgumentParser) -> None:
    """Add the option that writes what is printed to a file too, wherever the command changes to meanwhile."""
    parser.add_argument(
        "--write",
        type=lambda name: Path(name).resolve(),
        metavar="FILE",
        help="also write the tables to this file, as Markdown",
    )


def publish(lines: t.Iterable[str], file: Path | None, head: t.Iterable[str] = ()) -> None:
    """Print lines of Markdown, and write them to the file of --write, below ``head``."""
    lines = list(lines)
    print("\n".join(lines), flush=True)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join([*head, *lines]).rstrip("\n") + "\n", encoding="utf-8")
