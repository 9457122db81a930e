# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the table of the properties that a request can set, from Azure's types: plugins/module_utils/_options/writable.py.

    python -m scripts.writable_properties             write it
    python -m scripts.writable_properties --check     change nothing; fail if it is not current

A property counts that the newest stable or the newest preview version has.
"""

from __future__ import annotations

import argparse
import functools
import subprocess
import sys

from ansible_collections.azureml.compute.plugins.module_utils._core.arm_id import NESTED, collection_id
from ansible_collections.azureml.compute.plugins.module_utils._engine.kind import Kind
from ansible_collections.azureml.compute.plugins.module_utils._engine.versions import PREVIEW, STABLE
from ansible_collections.azureml.compute.plugins.module_utils._kinds.registry import INFO_KINDS, OTHERS
from ansible_collections.azureml.compute.tests.support.official_types import writable_paths

from .command import ROOT

FILE = ROOT / "plugins" / "module_utils" / "_options" / "writable.py"
_HEAD = f'''# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The properties that a request can set, by Azure's types of {STABLE} and {PREVIEW}. Written by make writable."""

from __future__ import annotations

'''


def _both(resource: str, kind: str = "") -> set[str]:
    return writable_paths(STABLE, resource, kind) | writable_paths(PREVIEW, resource, kind)


def _of_collection(collection: str, kind: Kind) -> set[str]:
    """Of what is in a workspace, by its place in an id."""
    home = collection_id("workspaces", NESTED[collection][1]) if collection in NESTED else "workspaces"
    path = collection_id(home, collection)
    provider = path.partition("/providers/")[2]
    return writable_paths(kind.api_version, provider) if provider else _both(path)


def text() -> str:
    """The file as it should be."""
    computes = {
        kind.compute_type.casefold(): _both("workspaces/computes", kind.compute_type) for kind in INFO_KINDS.values()
    }
    common = functools.reduce(set.intersection, computes.values())
    tables = {
        "workspaces": _both("workspaces"),
        "computes": common,
        **{name: places - common for name, places in computes.items()},
        # With what azure-ai-ml sends, and the types do not have.
        "registries": {*_both("registries"), "properties.managedResourceGroupTags"},
        **{name: _of_collection(name, collection.fallback) for name, collection in OTHERS.items()},
    }
    rows = {name: tuple(sorted(places)) for name, places in sorted(tables.items()) if places}
    lines = [
        "# By the collection; for compute targets, also what single types have, in lower case.",
        f"PROPERTIES: dict[str, tuple[str, ...]] = {rows!r}",
    ]
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(FILE), "-"]
    formatted = subprocess.run(
        command, input=_HEAD + "\n".join(lines) + "\n", capture_output=True, text=True, cwd=ROOT, check=True
    )
    return formatted.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, and fail if the file is not current")
    if not parser.parse_args().check:
        FILE.write_text(text(), encoding="utf-8")
    elif FILE.read_text(encoding="utf-8") != text():
        raise SystemExit(f"{FILE.relative_to(ROOT)} is not current: run make writable.")


if __name__ == "__main__":
    main()
