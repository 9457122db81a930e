# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the commands that count something, and puts what they print into docs/quality.md, with the day and the machine.

    .venv/bin/python -m scripts.quality [NAME ...]

A NAME is a target of the Makefile; without one all are run, which takes more than an hour. The sections of the others stay as they are. A command that
fails leaves its old section, and the status is then 1.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .command import ROOT

PAGE = ROOT / "docs" / "quality.md"
# What commands that failed printed.
LOGS = ROOT / "build" / "quality"
SECTIONS = {
    "faults": "Faults",
    "kill-test": "Killed at random moments",
    "properties": "Properties and bad input",
    "limits": "Limits of size and time",
    "shapes": "Answers of another shape",
    "secrets": "Secrets",
    "conformance": "The simulator's word",
    "acceptance-proof": "Recordings compared with the simulator",
    "clients": "Other people's clients",
    "coverage": "Coverage",
    "mutants": "Mutants",
    "gates": "Gates of the ecosystem",
    "bench": "Speed",
    "output": "Output",
}
HEAD = """# What was tried, and what came of it

Each section is what a command printed on the day and the machine that it names; `scripts/quality.py` puts it here. Run the command for your own figures.
Times depend on the machine, ratios less so.
"""


def sections(page: str) -> dict[str, str]:
    """The sections of the page as it is, by their titles."""
    _head, *parts = re.split(r"^## ", page, flags=re.MULTILINE)
    return {title.strip(): text.strip() for title, _newline, text in (part.partition("\n") for part in parts)}


def below(text: str) -> str:
    """A command's own Markdown below a section's title: without its first title, the others two steps lower."""
    text = re.sub(r"\A\s*#{1,2} .*\n", "", text)
    return re.sub(r"^#{1,3} ", "#### ", text, flags=re.MULTILINE).strip()


def run(name: str) -> str | None:
    """The section of a command, or None when it failed."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "table.md"
        started = time.monotonic()
        done = subprocess.run(
            ["make", "-s", name, f"WRITE={written}"], check=False, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        if done.returncode:
            LOGS.mkdir(parents=True, exist_ok=True)
            log = LOGS / f"{name}.log"
            log.write_text(done.stdout)
            print(f"{done.stdout[-5000:]}\nThe whole output: {log.relative_to(ROOT)}", file=sys.stderr)
            return None
        text = below(written.read_text() if written.exists() else done.stdout)
    minutes = (time.monotonic() - started) / 60
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}"
    return f"`make {name}`, {minutes:.0f} minutes. {machine}.\n\n{text}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SECTIONS))
    names = parser.parse_args().names or list(SECTIONS)
    if unknown := set(names) - set(SECTIONS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    failed = []
    for name in names:
        print(f"make {name} ...", file=sys.stderr, flush=True)
        text = run(name)
        if text is None:
            failed.append(name)
            continue
        kept = {**(sections(PAGE.read_text()) if PAGE.exists() else {}), SECTIONS[name]: text}
        PAGE.write_text(
            HEAD + "".join(f"\n## {title}\n\n{kept[title]}\n" for title in SECTIONS.values() if title in kept)
        )
    print(f"Failed: {', '.join(failed)}." if failed else f"Written: {PAGE.relative_to(ROOT)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
