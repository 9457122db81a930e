# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the options of modules into the roles that pass them on: their argument specs, and the tasks that name each option.

    python -m scripts.role_options            write the generated parts of the roles' files
    python -m scripts.role_options --check    change nothing; fail if a file is not current

Which options there are, and their types, says the argument spec of the module, which follows from the rows of the kind; the text is the first paragraph of
the module's documentation. Options that the role handles in its own way are written by hand, before or after the generated part.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

import yaml

from .command import ROOT

BEGIN, END = "# BEGIN: written by make options", "# END: written by make options"
PACKAGE = "ansible_collections.azureml.compute.plugins"
# How a task is done is the role's own matter, or that of module_defaults.
NOT_PASSED_ON = {
    "resource_group", "workspace", "definition", "api_version", "wait", "wait_interval", "preflight", "show_variables", "name", "state", "type",
    "preflight_fail_on",
    "resources_created_earlier",
    "endpoint_name", "log_lines",
    # of the workspace: the role does not delete
    "permanently_delete", "delete_dependent_resources", "expected_computes",
}  # fmt: skip

Spec = dict[str, dict[str, t.Any]]


@dataclass(frozen=True)
class Role:
    """A role that passes options of modules on.

    variable   the role's variable with the options, or with a list of them
    modules    the modules whose options it has
    tasks      the file of tasks with the options of its one module, if it does not pass them on as a whole
    by_hand    options that stand in its files by hand, each for a reason that is said there
    """

    name: str
    variable: str
    modules: tuple[str, ...]
    tasks: str | None = None
    by_hand: frozenset[str] = frozenset()

    @property
    def specs(self) -> Path:
        return ROOT / "roles" / self.name / "meta" / "argument_specs.yml"


ROLES = (
    Role(
        "aml_compute",
        "aml_computes",
        ("aml_compute_cluster", "aml_compute_instance", "aml_inference_cluster", "aml_attached_compute"),
        by_hand=frozenset({"tags"}),
    ),
    Role(
        "aml_workspace",
        "aml_workspace",
        ("aml_workspace",),
        "workspace.yml",
        frozenset({"tags", "location", "append_tags", "force", "on_immutable_change", "wait_timeout"}),
    ),
    Role("aml_batch_deployment", "aml_batch_deployments[item]", ("aml_batch_deployment",), "manage.yml"),
    Role(
        "aml_batch_endpoint",
        "aml_batch_endpoints[item]",
        ("aml_batch_endpoint",),
        "manage.yml",
        frozenset({"defaults"}),
    ),
    Role("aml_connection", "aml_connections[item]", ("aml_connection",), "manage.yml"),
    Role("aml_datastore", "aml_datastores[item]", ("aml_datastore",), "manage.yml"),
    Role("aml_online_deployment", "aml_online_deployments[item]", ("aml_online_deployment",), "manage.yml"),
    Role(
        "aml_online_endpoint",
        "aml_online_endpoints[item]",
        ("aml_online_endpoint",),
        "manage.yml",
        frozenset({"traffic", "mirror_traffic"}),
    ),
    Role(
        "aml_kubernetes",
        "aml_kubernetes_extension",
        ("aml_kubernetes_extension",),
        "extension.yml",
        frozenset({"cluster_id"}),
    ),
    Role("aml_registry", "item", ("aml_registry",), "manage.yml", frozenset({"tags"})),
    Role("aml_diagnostic_setting", "item", ("aml_diagnostic_setting",), "manage.yml"),
    Role("aml_role_assignment", "item", ("aml_role_assignment",), "manage.yml"),
)


# --- what the modules have ---


def options_of(module: str) -> Spec:
    """The module's argument spec with the texts of its documentation."""
    imported = importlib.import_module(f"{PACKAGE}.modules.{module}")
    return _described(imported.SPEC, documentation(module))


def documentation(module: str) -> Spec:
    """The documented options of a module, with those of its fragments."""
    return with_fragments(yaml.safe_load(importlib.import_module(f"{PACKAGE}.modules.{module}").DOCUMENTATION))


def with_fragments(document: dict[str, t.Any]) -> Spec:
    """The options of a document and of its fragments that are the collection's.

    As Ansible merges them: what a document says of an option precedes what a fragment says, and an earlier fragment precedes a later one.
    """
    names = [name for name in document["extends_documentation_fragment"] if name.startswith("azureml.compute.")]
    merged: Spec = {}
    for part in (document, *map(_fragment, names)):
        for name, row in part.get("options", {}).items():
            merged[name] = {**row, **merged.get(name, {})}
    return merged


def _fragment(name: str) -> dict[str, t.Any]:
    """azureml.compute.FILE, or azureml.compute.FILE.PART."""
    file, _dot, part = name.removeprefix("azureml.compute.").partition(".")
    fragment = importlib.import_module(f"{PACKAGE}.doc_fragments.{file}").ModuleDocFragment
    return t.cast("dict[str, t.Any]", yaml.safe_load(getattr(fragment, (part or "documentation").upper())))


def _described(spec: Spec, documented: Spec) -> Spec:
    described = {}
    for name, row in spec.items():
        about = documented[name]
        described[name] = {"description": plain(about["description"]), **row}
        if row.get("options"):
            described[name]["options"] = _described(row["options"], about["suboptions"])
    return described


def plain(description: str | list[str]) -> str:
    """The first paragraph without the markup of Ansible's documentation: roles' argument specs have none."""
    first = description if isinstance(description, str) else description[0]
    first = re.sub(r"\bL\(([^,]*),[^)]*\)", r"\1", first)
    return " ".join(re.sub(r"\b(?:O|V|C|M|RV|E|I|B)\(([^)]*)\)", r"\1", first).split())


# --- the generated parts ---


def union(specs: t.Iterable[Spec]) -> Spec:
    """The options of several modules. What one of them does not need is not required."""
    merged: Spec = {}
    for spec in specs:
        for name, row in spec.items():
            merged[name] = _both(merged[name], row) if name in merged else row
    return merged


def _both(one: dict[str, t.Any], other: dict[str, t.Any]) -> dict[str, t.Any]:
    both = dict(one)
    if "options" in one and "options" in other:
        both["options"] = union([one["options"], other["options"]])
        for name, row in both["options"].items():
            needed = all(side["options"].get(name, {}).get("required") for side in (one, other))
            both["options"][name] = {**row, "required": needed}
    return both


def role_spec(spec: Spec) -> Spec:
    """As a role's argument spec has it: defaults and other constraints are the module's own."""
    rows = {}
    for name, row in sorted(spec.items()):
        kept = {key: row[key] for key in ("description", "type", "elements", "choices") if key in row}
        if row.get("required"):
            kept["required"] = True
        if row.get("options"):
            kept["options"] = role_spec(row["options"])
        rows[name] = kept
    return rows


class _Dumper(yaml.SafeDumper):
    """Items of lists stand below their key's name, not below the key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _dump(value: t.Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def _replaced(path: Path, generated: str) -> str:
    """The file with another generated part, indented as the line that begins it."""
    text = path.read_text(encoding="utf-8")
    match = re.search(rf"^( *){BEGIN}\n(?:.*\n)*? *{END}\n", text, re.MULTILINE)
    if match is None:
        raise SystemExit(f"{path.relative_to(ROOT)} has no lines {BEGIN!r} and {END!r}.")
    indent = match[1]
    lines = [f"{indent}{line}" if line else "" for line in [BEGIN, *generated.splitlines(), END]]
    return text[: match.start()] + "\n".join(lines) + "\n" + text[match.end() :]


def files() -> dict[Path, str]:
    """Each file with its text as it should be."""
    by_path = {}
    for role in ROLES:
        omitted = NOT_PASSED_ON | role.by_hand
        passed = [
            {name: row for name, row in options_of(module).items() if name not in omitted} for module in role.modules
        ]
        if role.tasks:
            path = ROOT / "roles" / role.name / "tasks" / role.tasks
            lines = [f'{name}: "{{{{ {role.variable}.{name} | default(omit) }}}}"' for name in sorted(passed[0])]
            by_path[path] = _replaced(path, "\n".join(lines))
        by_path[role.specs] = _replaced(role.specs, _dump(role_spec(union(passed))))
    return by_path


def stale() -> list[str]:
    """The files that are not current."""
    return [str(path.relative_to(ROOT)) for path, text in files().items() if path.read_text(encoding="utf-8") != text]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, and fail if a file is not current")
    if not parser.parse_args().check:
        for path, text in files().items():
            path.write_text(text, encoding="utf-8")
    wrong = stale()
    print("\n".join(f"{path} is not current. Run make options." for path in wrong) or "The roles are current.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
