# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the types of the plugins and of the simulator with mypy, as mypy.ini sets it.

    python -m scripts.types                             # all
    python -m scripts.types plugins/module_utils/_arm   # these files and directories

Plugins import each other as ansible_collections.azureml.compute, and a checkout may have any name: mypy reads them through a link in build/types/.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from .command import ROOT

CHECKED = ("plugins", "tests/simulator/azureml_simulator")
# Where mypy finds the collection.
COLLECTION = Path("build", "types", "ansible_collections", "azureml", "compute")


def lay_out() -> None:
    """Link to the plugins alone: a link to the checkout would have itself inside."""
    link = ROOT / COLLECTION / "plugins"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(ROOT / "plugins")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="*", default=CHECKED, metavar="FILE", help="files or directories")
    places = [Path(place).resolve().relative_to(ROOT) for place in parser.parse_args().places]
    lay_out()
    checked = [str(COLLECTION / place if place.parts[0] == "plugins" else place) for place in places]
    command = [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", *checked]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout.replace(f"{COLLECTION}/", ""), end="")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
