# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture of a terminal: what a command printed, with its colours, as SVG.

    scripts/quickstart | python scripts/picture.py docs/images/quickstart.svg "make quickstart"
"""
from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 118


def main() -> None:
    target, title = Path(sys.argv[1]), sys.argv[2]
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for line in sys.stdin:
        if line.startswith("Next:"):
            break
        if not line.strip():
            continue
        # A run of asterisks fills Ansible's headings to its own idea of the width.
        console.print(Text.from_ansi(re.sub(r"\*{10,}", "*" * 10, line.rstrip("\n"))), soft_wrap=False)
    svg = console.export_svg(title=title)
    # No fonts from elsewhere: a picture loads nothing.
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n")


if __name__ == "__main__":
    main()
