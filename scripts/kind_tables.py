# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which modules have rows in which table-driven tests, read from the tables themselves.

    python -m scripts.kind_tables                 each module that changes something, and its number of rows in each table; exit code 1 where one is missing
    python -m scripts.kind_tables --write FILE    also as Markdown

``REASONS`` says why a module has no row in a table. tests/unit/test_kind_tables.py fails where a module has neither a row nor a reason, or both.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import sys
import typing as t
from collections import Counter

from ansible_collections.azureml.compute.plugins.module_utils._kinds.registry import COLLECTIONS
from ansible_collections.azureml.compute.tests.support import bad_input, permissions, rows, strategies

from .command import ROOT, add_write, publish

sys.path.insert(0, str(ROOT / "tests"))

from faults import _cases, _second_writer

FUNCTIONAL = ROOT / "tests" / "functional"
_IN_TESTS = "ansible_collections.azureml.compute.tests."
Rows = t.Mapping[str, int]


def modules() -> list[str]:
    """The modules that change something."""
    names = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("a*.py"))
    return [name for name in names if not name.endswith(("_info", "_facts"))]


# --- the tables ---


def _of_faults() -> Rows:
    return Counter(case.module for case in _cases.CASES)


def _of_second_writer() -> Rows:
    return Counter(case.module for case in _second_writer.CASES)


def _of_shapes() -> Rows:
    from shapes import test_shapes

    return Counter(test_shapes.case_of(name).module for name in test_shapes.NAMES)


def _of_properties() -> Rows:
    return Counter([*(subject.module for subject in strategies.SUBJECTS.values()), *strategies.OF_THEIR_OWN])


def _of_twelve_steps() -> Rows:
    """The table of its own, and the modules whose file in tests/functional has the steps."""
    steps = importlib.import_module(f"{_IN_TESTS}functional.test_twelve_steps")
    counted = Counter(list(steps.LIVES))
    for name in modules():
        for prefix in ("aml_", "aml_compute_"):
            path = FUNCTIONAL / f"test_{name.removeprefix(prefix)}.py"
            if name.startswith(prefix) and path.is_file() and "test_the_twelve_steps" in _functions(path):
                counted[name] += 1
    return counted


def _functions(path: t.Any) -> set[str]:
    return {node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)}


def _of_secrets() -> Rows:
    secrets = importlib.import_module(f"{_IN_TESTS}functional.test_secrets_table")
    return Counter(module for module, _option in (*secrets.PLACES, *secrets.PUBLIC))


def _of_permissions() -> Rows:
    return Counter(module for module, _row in permissions.SCENARIOS)


def _of_bad_input() -> Rows:
    return {module: len(bases) for module, bases in bad_input.BASES.items()}


def _of_fleets() -> Rows:
    in_fleets = {type(kind) for collection in COLLECTIONS.values() for kind in collection.kinds.values()}
    own = {module: sum(type(kind) in in_fleets for kind in kinds) for module, kinds in rows.KINDS.items()}
    return {module: count for module, count in own.items() if count}


def _of_export() -> Rows:
    export = importlib.import_module(f"{_IN_TESTS}functional.test_export")
    others = (module for module, _options in export.OTHER_LISTS.values())
    return Counter([*export.MODULES.values(), *others, "aml_workspace"])


TABLES: dict[str, t.Callable[[], Rows]] = {
    "faults": _of_faults,
    "second writer": _of_second_writer,
    "shapes": _of_shapes,
    "properties": _of_properties,
    "twelve steps": _of_twelve_steps,
    "secrets": _of_secrets,
    "permissions": _of_permissions,
    "bad input": _of_bad_input,
    "export, then apply": _of_export,
    "fleets": _of_fleets,
}

_EACH_RUN = "the action is taken in every run, and no declared state follows from it"
_WITHOUT_STATE = "it declares no resource, so that there is nothing to list or to export"
_ITSELF = "it is what the column is about"
_OF_REGISTRIES = "a registry is in no workspace"
_OF_CLUSTERS = "an extension belongs to a cluster, which no workspace lists"
_OF_OWNERS = (
    "the connection belongs to the owner of a private endpoint, who may be someone else; a workspace's export names it"
)
# Why a module has no row in a table.
REASONS: dict[tuple[str, str], str] = {
    ("aml_fleet", "fleets"): _ITSELF,
    (
        "aml_fleet",
        "export, then apply",
    ): "the document of a fleet is part of each export: tests/functional/test_export.py applies it",
    ("aml_job_check", "second writer"): "it creates jobs under names that are not taken, and changes none",
    ("aml_job_check", "properties"): "its options are texts of one job; tests/functional/test_job_check.py",
    (
        "aml_job_check",
        "twelve steps",
    ): "it creates jobs and changes or deletes none; tests/functional/test_job_check.py",
    ("aml_job_check", "export, then apply"): _WITHOUT_STATE,
    ("aml_job_check", "fleets"): _WITHOUT_STATE,
    ("aml_kubernetes_extension", "export, then apply"): _OF_CLUSTERS,
    ("aml_kubernetes_extension", "fleets"): _OF_CLUSTERS,
    ("aml_private_endpoint_connection", "properties"): "it has a state and a text, and the twelve steps try each",
    ("aml_private_endpoint_connection", "export, then apply"): _OF_OWNERS,
    ("aml_private_endpoint_connection", "fleets"): _OF_OWNERS,
    ("aml_quota", "export, then apply"): "quotas are the subscription's, and not a part of a workspace",
    ("aml_quota", "fleets"): "quotas are the subscription's, and not a part of a workspace",
    ("aml_registry", "export, then apply"): _OF_REGISTRIES,
    ("aml_registry", "fleets"): _OF_REGISTRIES,
    ("aml_workspace", "fleets"): "a fleet manages what is in workspaces that exist",
    ("aml_workspace_resync_keys", "second writer"): _EACH_RUN,
    ("aml_workspace_resync_keys", "properties"): _EACH_RUN,
    ("aml_workspace_resync_keys", "twelve steps"): _EACH_RUN,
    ("aml_workspace_resync_keys", "export, then apply"): _WITHOUT_STATE,
    ("aml_workspace_resync_keys", "fleets"): _WITHOUT_STATE,
    ("arm_action", "second writer"): "it writes no document, so that it overwrites none",
    (
        "arm_action",
        "properties",
    ): "what an action does follows from its name alone; tests/functional/test_arm_action.py",
    ("arm_action", "export, then apply"): _WITHOUT_STATE,
    ("arm_action", "fleets"): _WITHOUT_STATE,
    ("arm_resource", "export, then apply"): "it is used by nothing that an export contains",
    ("arm_resource", "fleets"): "a fleet manages what is in workspaces",
}


def reasons() -> dict[tuple[str, str], str]:
    """``REASONS``, and the modules of which no option can hold a secret."""
    secrets = importlib.import_module(f"{_IN_TESTS}functional.test_secrets_table")
    with_secrets = {module for module, _option in secrets.places()}
    public = {(name, "secrets"): "no option can hold a secret" for name in modules() if name not in with_secrets}
    return {**REASONS, **public}


def complaints() -> list[str]:
    """The cells without a row and without a reason, and those with both."""
    known, found = reasons(), table()
    return [
        f"{module}, {name}: {'rows and a reason' if count else 'neither a row nor a reason'}"
        for module, counts in found.items()
        for name, count in counts.items()
        if bool(count) == ((module, name) in known)
    ] + [f"{module}, {name}: a reason for no cell" for module, name in known if name not in found.get(module, {})]


def table() -> dict[str, dict[str, int]]:
    """The number of rows of each module in each table."""
    found = {name: rows_of() for name, rows_of in TABLES.items()}
    return {module: {name: counts.get(module, 0) for name, counts in found.items()} for module in modules()}


def lines() -> list[str]:
    """The table as Markdown, and the reasons below it."""
    head, known = ["module", *TABLES], reasons()
    made = [f"| {' | '.join(head)} |", f"|---|{'---:|' * len(TABLES)}"]
    for module, counts in table().items():
        cells = [str(counts[name]) if counts[name] else "-" if (module, name) in known else "no" for name in TABLES]
        made.append(f"| {module} | {' | '.join(cells)} |")
    shown = [f"- {module}, {name}: {why}." for (module, name), why in sorted(known.items())]
    return [*made, "", "Without a row, for a reason:", "", *shown]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_write(parser)
    publish(lines(), parser.parse_args().write)
    found = complaints()
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
