# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet as files: RESOURCE_GROUP/WORKSPACE/*.yml, each a compute target, or another resource of a workspace, in YAML of the Azure ML CLI v2."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

from .._core import files, redact, safe_yaml, shape
from .._core.errors import RuleError
from .._core.findings import Finding, Findings, refuse
from .._kinds.datastore import TYPES
from .._kinds.registry import (
    BATCH_DEPLOYMENTS,
    BATCH_ENDPOINTS,
    COMPUTES,
    CONNECTIONS,
    DATASTORES,
    ONLINE_DEPLOYMENTS,
    ONLINE_ENDPOINTS,
    Collection,
)
from .._options import definition
from .._options import specs as _specs
from .._options.kind_specs import FILE_SPECS
from .document import FILES

ENDINGS = (".yml", ".yaml")

Document = list[dict[str, t.Any]]

# Where a target is, in its file: the folders say it already.
_PLACE = ("resource_group", "workspace")
# By the kind of a file; those of all others are compute targets.
_COLLECTIONS: dict[str, Collection] = {
    definition.CONNECTION: CONNECTIONS,
    definition.BATCH_ENDPOINT: BATCH_ENDPOINTS,
    definition.BATCH_DEPLOYMENT: BATCH_DEPLOYMENTS,
    definition.ENDPOINT: ONLINE_ENDPOINTS,
    definition.DEPLOYMENT: ONLINE_DEPLOYMENTS,
    **dict.fromkeys(TYPES, DATASTORES),
}


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
        targets: dict[str, Document] = {collection.name: [] for collection in (COMPUTES, *_COLLECTIONS.values())}
        sources: dict[str, list[str]] = {}
        for path in sorted(
            path for path in place.iterdir() if path.suffix in ENDINGS and not path.name.startswith(".")
        ):
            name = path.relative_to(root).as_posix()
            try:
                _stay_below(path, root)
                kind, declared = _read(path, hide)
                collection = _COLLECTIONS.get(kind, COMPUTES).name
                targets[collection].append(declared)
                sources.setdefault(collection, []).append(name)
            except RuleError as error:
                message = f"{name}: {_without_option(error.message)}"
                problems.append(Finding(error.code, name, message, "YAML of the Azure ML CLI v2"))
        document.append({"name": place.name, "resource_group": place.parent.name, **targets, FILES: sources})
    problems += _stray(root)
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
    hide(redact.in_definition(text))
    redact.hide_variables(redact.parsed({"file": text}))
    specs = {kind: {**_specs.API_VERSION_SPEC, **spec} for kind, spec in FILE_SPECS.items()}
    declared = safe_yaml.load(text)
    if not isinstance(declared, dict):
        problem = "is empty" if declared is None else f"has {shape.with_article(shape.type_of(declared))}"
        raise RuleError(f"the file must have a mapping of options, and {problem}.", code="InvalidDefinition")
    for spec in FILE_SPECS.values():
        hide(redact.in_options(spec, declared))
    return definition.read_target({key: value for key, value in declared.items() if key not in _PLACE}, specs)


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


def _stray(root: Path) -> Findings:
    """A file above the level of workspaces belongs to no workspace; it is not skipped silently."""
    for folder in (root, *_folders(root)):
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.suffix in ENDINGS and not path.name.startswith("."):
                name = path.relative_to(root).as_posix()
                message = f"{name} is in no workspace's folder; its place is RESOURCE_GROUP/WORKSPACE/{path.name}."
                yield Finding("FileInNoWorkspace", name, message, "this collection")
