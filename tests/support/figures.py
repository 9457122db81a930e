# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the thorough run counts: one JSON line for each test, in the file that ``scripts/properties`` names and makes tables of."""

from __future__ import annotations

import contextlib
import json
import os
import typing as t
from pathlib import Path

_FILE = os.environ.get("PROPERTIES_FIGURES")

# Whether everything is to be tried, however long it takes.
THOROUGH = bool(_FILE)

# Random examples for each property.
EXAMPLES = int(os.environ.get("PROPERTIES_EXAMPLES") or (60 if THOROUGH else 2))


@contextlib.contextmanager
def counted(kind: str, options: int) -> t.Iterator[dict[str, int]]:
    """The counts of a kind's random examples; what fails ends the test, and is counted as one."""
    counts = {"options drawn": options, "examples": 0, "applied": 0, "refused unchanged": 0, "failed": 0}
    try:
        yield counts
    except BaseException:
        counts["failed"] += 1
        raise
    finally:
        add("properties", kind, counts)


def add(table: str, row: str, counts: dict[str, int]) -> None:
    """Counts of one row of a table; several of a row are added up."""
    if _FILE:
        with Path(_FILE).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps([table, row, counts]) + "\n")
