# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet as files: RESOURCE_GROUP/WORKSPACE/*.yml, each a compute target, or another resource of a workspace, in YAML of the Azure ML CLI v2."""

from __future__ import annotations

import os
import re
import typing as t
from pathlib import Path

from .._core import files, redact, safe_yaml, shape
from .._core.errors import RuleError
from .._core.findings import Finding, Findings, refuse
from .._options import definition
from .._options import specs as _specs
from .._options.kind_specs import FILE_COLLECTIONS, FILE_SPECS
from .document import FILES

ENDINGS = (".yml", ".yaml")

Document = list[dict[str, t.Any]]

# Where a target is, in its file: the folders say it already.
_PLACE = ("resource_group", "workspace")


# What a fleet has no targets of: by the schema of a file of the Azure ML CLI, or by what only such files have.
_SCHEMA_OF_OTHERS = re.compile(r"/(workspace|hub|project|featureStore|registry)\.schema\.json$", re.IGNORECASE)
_ONLY_WORKSPACES = {"storage_account", "key_vault", "application_insights", "hub_id", "managed_network"}
_ONLY_REGISTRIES = {"replication_locations"}


def read_folder(folder: str, hide: files.Hide) -> Document:
    """The workspaces of a folder with what is declared in them. Raises RuleError that lists every problem of all files.

    hide   called with the secrets of each file before anything of it can be shown
    """
    root = Path(folder)
    if not root.is_dir():
        raise RuleError(
            f"folder {folder!r} is not a directory.", code="FolderMissing", hint="Nothing was sent. Correct folder."
        )
    document: Document = []
    problems: list[Finding] = []
    for place in sorted(folder for group in _folders(root) for folder in _folders(group)):
        targets: dict[str, Document] = {collection.name: [] for collection in FILE_COLLECTIONS.values()}
        sources: dict[str, list[str]] = {}
        for path in sorted(
            path for path in place.iterdir() if path.suffix in ENDINGS and not path.name.startswith(".")
        ):
            name = path.relative_to(root).as_posix()
            try:
                _stay_below(path, root)
                kind, declared = _read(path, hide)
                collection = FILE_COLLECTIONS[kind].name
                targets[collection].append(declared)
                sources.setdefault(collection, []).append(name)
            except RuleError as error:
                message = f"{name}: {_without_option(error.message)}"
                problems.append(Finding(error.code, name, message, "YAML of the Azure ML CLI v2"))
        document.append({"name": place.name, "resource_group": place.parent.name, **targets, FILES: sources})
    problems += _stray(root, hide)
    refuse(problems)
    return document


def _folders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]


def _stay_below(path: Path, root: Path) -> None:
    """A link to elsewhere would show, line by line in messages about it, what only the job may read."""
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
        raise RuleError("it is a link that leads outside the folder.", code="LinkOutOfFolder")


def _read(path: Path, hide: files.Hide) -> tuple[str, dict[str, t.Any]]:
    """The kind of a file, and what it declares."""
    try:
        text = files.read_text(path)
    except OSError as error:
        raise RuleError(f"it cannot be read: {error.strerror}.", code="FileNotReadable") from error
    declared = _content(text, hide)
    specs = {kind: {**_specs.API_VERSION_SPEC, **spec} for kind, spec in FILE_SPECS.items()}
    other = _of_others(declared)
    if other:
        raise RuleError(f"{other}.", code="FileWithoutTarget")
    for spec in FILE_SPECS.values():
        hide(redact.in_options(spec, declared))
    return definition.read_target({key: value for key, value in declared.items() if key not in _PLACE}, specs)


def _content(text: str, hide: files.Hide) -> dict[str, t.Any]:
    hide(redact.in_definition(text))
    redact.hide_variables(redact.parsed({"file": text}))
    declared = safe_yaml.load(text)
    if not isinstance(declared, dict):
        problem = "is empty" if declared is None else f"has {shape.with_article(shape.type_of(declared))}"
        raise RuleError(f"the file must have a mapping of options, and {problem}.", code="InvalidDefinition")
    return declared


def _of_others(declared: t.Mapping[str, t.Any]) -> str | None:
    """Why a file declares no target of a fleet, as the other files of an export, and what to do with it."""
    if declared and all(str(key).startswith("aml_") for key in declared):
        return (
            "it has variables of playbooks, and not YAML of the Azure ML CLI. Remove it from the folder: "
            "give it to ansible-playbook, with -e @FILE"
        )
    schema = _SCHEMA_OF_OTHERS.search(str(declared.get("$schema")))
    name = schema[1].casefold() if schema else None
    if name == "registry" or _ONLY_REGISTRIES & declared.keys():
        return (
            "it declares a registry, and a fleet manages what is in workspaces. Remove it from the folder: "
            "the module aml_registry takes it (option definition)"
        )
    if name or _ONLY_WORKSPACES & declared.keys():
        return (
            "it declares a workspace, and a fleet manages what is in existing workspaces. Remove it from the folder: "
            "the module aml_workspace takes it (option definition)"
        )
    return None


def _without_option(message: str) -> str:
    """A message about a definition, for who wrote a file and no option of that name."""
    texts = {
        "definition.": "",
        "definition: ": "",
        "definition is": "the file is",
        "this module takes": "a file of a fleet has one of",
    }
    for text, other in texts.items():
        message = message.replace(text, other)
    return message


def _stray(root: Path, hide: files.Hide) -> Findings:
    """A file above the level of workspaces belongs to no workspace; it is not skipped silently."""
    for folder in (root, *_folders(root)):
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.suffix in ENDINGS and not path.name.startswith("."):
                yield _problem_of_stray(path, root, hide)


def _problem_of_stray(path: Path, root: Path, hide: files.Hide) -> Finding:
    name = path.relative_to(root).as_posix()
    try:
        _stay_below(path, root)
        other = _of_others(_content(files.read_text(path), hide))
    except (OSError, RuleError):
        other = None
    if other:
        return Finding("FileWithoutTarget", name, f"{name}: {other}.", "this collection")
    message = f"{name} is in no workspace's folder; its place is RESOURCE_GROUP/WORKSPACE/{path.name}."
    return Finding("FileInNoWorkspace", name, message, "this collection")
