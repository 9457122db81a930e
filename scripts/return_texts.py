# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes return values that many modules have into the documentation of each: ansible-core takes no RETURN from fragments.

python -m scripts.return_texts            write them from scripts/return_texts.yml
python -m scripts.return_texts --check    change nothing; fail if a module has another text
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from .command import ROOT

TEXTS = ROOT / "scripts" / "return_texts.yml"
MODULES = ROOT / "plugins" / "modules"
# A key at the beginning of a line with all that is below it.
_VALUE = re.compile(r"^(\w+):\n(?:[ ].*\n)+", re.MULTILINE)
_RETURN = re.compile(r'(?<=^RETURN = r"""\n).*?(?=^""")', re.MULTILINE | re.DOTALL)


def replaced(module: str, texts: dict[str, str]) -> str:
    """The source of a module with the texts in place of the return values of the same names."""
    return _RETURN.sub(
        lambda found: _VALUE.sub(lambda value: texts.get(value[1], value[0]), found[0]),
        module,
    )


def files() -> dict[Path, str]:
    """Each module with its source as it should be."""
    texts = {found[1]: found[0] for found in _VALUE.finditer(TEXTS.read_text(encoding="utf-8"))}
    return {path: replaced(path.read_text(encoding="utf-8"), texts) for path in sorted(MODULES.glob("*.py"))}


def stale() -> list[str]:
    """The modules that are not current."""
    return [str(path.relative_to(ROOT)) for path, text in files().items() if path.read_text(encoding="utf-8") != text]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, and fail if a module is not current")
    if not parser.parse_args().check:
        for path, text in files().items():
            path.write_text(text, encoding="utf-8")
    wrong = stale()
    print("\n".join(f"{path} is not current. Run make options." for path in wrong) or "The modules are current.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
