# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the gates and print one table: what the ecosystem asks of a collection, and whether this one has it.

    make gates                                   # all
    make gates GATES="docsite lowest"            # some
    make gates WRITE=gates.md                    # the table as a file, too

Each gate is a session of noxfile.py, and can be run alone as 'nox -s NAME'. What it printed is in build/gates/NAME.log.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import time
import typing as t
from dataclasses import dataclass

from .command import BIN, ROOT, add_write, publish

LOGS = ROOT / "build" / "gates"

# What a session's output says of what was looked at: what is searched, and what is told of it. A number found several times is added up.
PATTERNS = (
    (r"^Versions: (.+)$", "{}"),
    (r"^Running sanity test ", "{count} tests of ansible-test sanity"),
    (r"(?:^| )(\d+) passed", "{sum} tests"),
    (r"(\d+) skipped", "{sum} skipped"),
    (r"(\d+) files processed", "{sum} files"),
    (r"^\* Files with license information: (.+)$", "{} files with a licence"),
    (r"Built (\d+) pages", "{} pages"),
    (r"(\d+ fragments, \d+ generated files)", "{}"),
    (r"^(\d+ files without idioms)", "{}"),
    (r"^Success: no issues found in (\d+) source files", "{} files, mypy --strict"),
    (r"^(\d+ functions, none above complexity \d+)", "{}"),
    (r"A context of (\d+) files", "a build context of {} files"),
    (r"^Created collection for \S+ at .*/(\S+\.tar\.gz)$", "{}, as Galaxy takes it"),
    (r"Molecule executed (\d+) scenarios?", "{} scenarios"),
)
# antsibull-nox only warns of what Galaxy's importer has found.
FINDING = "Galaxy importer emitted the following non-fatal error"
# What the others look at, whose output does not say it.
TOLD = {
    "antsibull-nox-config": lambda: "antsibull-nox.toml",
    "extra-checks": lambda: f"{found('plugins')} files in plugins/, action group",
    "docs-check": lambda: (
        f"{found('plugins/modules')} modules, {found('roles/*/meta')} roles, {found('docs/docsite/rst')} guides"
    ),
    "changelog": lambda: "changelogs/",
}
ORDER = (
    "plain-english", "types", "complexity", "antsibull-nox-config", "extra-checks", "license-check", "changelog", "docs-check", "docsite", "build-import-check",
    "execution-environment", "ansible-lint", "ansible-test-sanity-2.19", "ansible-test-sanity-2.20", "ansible-test-sanity-2.21", "ansible-test-units-2.21",
    "core-2.19-python-3.11", "core-2.20-python-3.12", "core-2.21-python-3.13", "lowest", "molecule",
)  # fmt: skip


@dataclass
class Row:
    """What became of a gate; ``seconds`` is real time."""

    gate: str
    result: str
    seconds: float
    looked_at: str


def found(folder: str) -> int:
    """How many files lie in a folder of the checkout, or in several."""
    return sum(
        path.is_file() and "__pycache__" not in path.parts for place in ROOT.glob(folder) for path in place.rglob("*")
    )


def looked_at(gate: str, output: str) -> str:
    """What a session's output tells of its work."""
    told = []
    for pattern, text in PATTERNS:
        hits = re.findall(pattern, output, re.MULTILINE)
        if hits:
            total = sum(int(hit) for hit in hits if hit.isdigit())
            told.append(text.format(hits[-1], count=len(hits), sum=total))
    return ", ".join(told) or TOLD.get(gate, lambda: "")()


def run(gate: str) -> Row:
    started = time.monotonic()
    command = [str(BIN / "nox"), "-s", gate]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False
    )
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / f"{gate}.log").write_text(done.stdout)
    seconds = time.monotonic() - started
    missing = re.search(r"^nox > .*Python interpreter (\S+) not found", done.stdout, re.MULTILINE)
    if missing:
        return Row(gate, "not run", seconds, f"needs python{missing[1]} on the PATH, or in pyenv")
    if done.returncode or FINDING in done.stdout:
        return Row(gate, "**failed**", seconds, f"see build/gates/{gate}.log")
    return Row(gate, "passed", seconds, looked_at(gate, done.stdout))


def table(rows: t.Sequence[Row]) -> list[str]:
    return [
        "| gate | result | s | what was checked |",
        "|---|---|---:|---|",
        *(f"| `{row.gate}` | {row.result} | {row.seconds:.0f} | {row.looked_at} |" for row in rows),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gates", nargs="*", metavar="GATE", help="which; all, unless given")
    add_write(parser)
    options = parser.parse_args()
    unknown = sorted(set(options.gates) - set(ORDER))
    if unknown:
        parser.error(f"There is no gate {', '.join(unknown)}. There are: {', '.join(ORDER)}.")
    rows = []
    for gate in options.gates or ORDER:
        print(f"{gate} ...", file=sys.stderr, flush=True)
        rows.append(run(gate))
        print(f"{gate}: {rows[-1].result}, {rows[-1].seconds:.0f} s", file=sys.stderr, flush=True)
    lines = table(rows)
    about = f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {platform.system()}; `make gates WRITE=FILE` made this page."
    publish(lines, options.write, ["# Gates", "", about, ""])
    raise SystemExit(any(row.result != "passed" for row in rows))


if __name__ == "__main__":
    main()
