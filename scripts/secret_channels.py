# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random secrets in every encoding through every channel: how many values were planted, and how many could be read.

    python -m scripts.secret_channels                  the table; exit code 1 where one could be read, or did not come through its channel
    python -m scripts.secret_channels --examples 200   more secrets for each channel (16 unless set)
    python -m scripts.secret_channels --write FILE     also as Markdown

The tests of each day plant a few secrets that are always the same. Here they are others every time; SECRETS_SEED repeats those of an earlier run.
Each secret is planted twice: the tasks run as modules, and in process, through their action plugins.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from .command import add_write, publish
from .environment import run_pytest

# Of modules, and of playbooks, whose tests share one run; and how each is spread over the workers.
TESTS = {"tests/functional/test_secrets_encodings.py": "load", "tests/integration/test_secrets_channels.py": "loadfile"}
# For each way in which tasks run, the variables for each of these.
WAYS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "as modules": ({"AML_TEST_ACTIONS": ""}, {"AML_IN_PROCESS": "false"}),
    "in process": ({"AML_TEST_ACTIONS": "1"}, {"AML_IN_PROCESS": "true"}),
}
# So many secrets stand in one text. More of them take longer together than one after the other.
AT_ONCE = 8

Row = tuple[str, dict[str, int], dict[str, int]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=16, help="secrets for each channel")
    add_write(parser)
    options = parser.parse_args()
    started, seed = time.monotonic(), os.environ.get("SECRETS_SEED") or os.urandom(4).hex()
    rows: dict[str, list[Row]] = {}
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        rounds = [min(AT_ONCE, options.examples - done) for done in range(0, options.examples, AT_ONCE)]
        for way in WAYS:
            figures = Path(folder, f"{way}.jsonl")
            figures.touch()
            for number, size in enumerate(rounds):
                # Each round runs, also after one that failed.
                failed = tests(figures, way, size, f"{seed} {number}" if number else seed) or failed
            rows[way] = [json.loads(line) for line in figures.read_text(encoding="utf-8").splitlines()]
    table = tabulated([row for found in rows.values() for row in found]) + by_way(rows)
    table += [
        "",
        f"{time.monotonic() - started:.0f} s on {os.cpu_count()} cores, SECRETS_SEED={seed}."
        + (" Not all held: see above." if failed else ""),
    ]
    print()
    publish(table, options.write)
    return int(failed)


def tests(figures: Path, way: str, examples: int, seed: str) -> bool:
    """Whether a test failed."""
    planted = {"SECRETS_FIGURES": str(figures), "SECRETS_EXAMPLES": str(examples), "SECRETS_SEED": seed}
    runs = zip(TESTS.items(), WAYS[way], strict=True)
    # All of them run, also after one that failed.
    codes = [run_pytest([test], "--dist", spread, **planted, **own) for (test, spread), own in runs]
    return any(codes)


def by_way(rows: dict[str, list[Row]]) -> list[str]:
    """A line for each way in which tasks run."""
    lines = ["", "| tasks run | values planted | could be read |", "|---|---:|---:|"]
    for way, found in rows.items():
        planted = sum(sum(seen.values()) for _channel, seen, _shown in found)
        shown = sum(sum(leaked.values()) for _channel, _seen, leaked in found)
        lines.append(f"| {way} | {planted:,} | {shown:,} |")
    return lines


def tabulated(rows: list[Row]) -> list[str]:
    """A line for each encoding and a column for each channel: how many values could be read there; then how many were planted."""
    planted: dict[str, Counter[str]] = {}
    leaks: dict[str, Counter[str]] = {}
    for channel, seen, shown in rows:
        planted.setdefault(channel, Counter()).update(seen)
        leaks.setdefault(channel, Counter()).update(shown)
    channels = sorted(planted)
    encodings = list(dict.fromkeys(name for counts in planted.values() for name in sorted(counts)))
    lines = ["| encoding | " + " | ".join(channels) + " | planted |", "|---|" + "---:|" * (len(channels) + 1)]
    for encoding in encodings:
        found = [str(leaks[channel][encoding]) for channel in channels]
        lines.append(f"| {encoding} | {' | '.join(found)} | {sum(counts[encoding] for counts in planted.values()):,} |")
    totals = [planted[channel].total() for channel in channels]
    lines.append("| planted | " + " | ".join(f"{total:,}" for total in totals) + f" | {sum(totals):,} |")
    shown = sum(counts.total() for counts in leaks.values())
    size = f"{len(encodings)} encodings, {len(channels)} channels, {sum(totals):,} values planted"
    return [*lines, "", f"Each cell: values that could be read. {size}, {shown:,} leaks."]


if __name__ == "__main__":
    sys.exit(main())
