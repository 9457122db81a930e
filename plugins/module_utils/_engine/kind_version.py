# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API version of a kind's requests: the one that the task asks for, or else one that has all that the request is about."""

from __future__ import annotations

import copy
import typing as t

from .._core import paths
from .._core.findings import Finding, Findings
from . import versions
from .plan import Declared
from .versions import Versions

if t.TYPE_CHECKING:
    from .kind import Body, Kind

AnyKind = t.TypeVar("AnyKind", bound="Kind")


def asked_for(kind: AnyKind, version: str) -> AnyKind:
    """The kind with the API version that a task asks for."""
    changed = copy.copy(kind)
    changed.api_version, changed.version_is_given = version, True
    if kind.parent_is_of_provider:
        changed.parent_api_version = version
    return changed


def for_options(kind: AnyKind, tree: dict[str, t.Any]) -> AnyKind:
    """The kind with an API version that has all options that were given; the same kind if its own version does."""
    version = _with(
        kind,
        (
            row.versions
            for row in (*kind.fields, *kind.options)
            if not row.versions.has(kind.api_version) and paths.is_declared(tree, row.option)
        ),
    )
    if version == kind.api_version:
        return kind
    changed = copy.copy(kind)
    changed.api_version = version
    return changed


def of_all_options(kind: Kind) -> str:
    """The API version that has all of the kind's options."""
    return _with(kind, (row.versions for row in kind.fields))


def of_document(kind: Kind, body: Body) -> str:
    """The API version that has all values of a document."""
    lacking = [row for row in kind.fields if not row.versions.has(kind.api_version)]
    return _with(kind, (row.versions for row in lacking if row.read(body) is not None))


def preview_notice(kind: Kind, values: Declared) -> list[str]:
    """The warning of options that get a value and that no stable API version has."""
    rows = [row for row in kind.fields if row.versions.is_preview and values.get(row.option) is not None]
    options = ", ".join(row.option for row in rows)
    return [f"PreviewFeature: only preview API versions have {options}, without an SLA."] if options else []


def _with(kind: Kind, needed: t.Iterable[Versions]) -> str:
    """The kind's own API version where it has all of these, or where the task asks for it."""
    lacking = [] if kind.version_is_given else [row for row in needed if not row.has(kind.api_version)]
    return versions.common(lacking) if lacking else kind.api_version


def check(kind: Kind, tree: dict[str, t.Any]) -> Findings:
    """The given options that the API version of the task lacks; where the task asks for none, there are no such options."""
    for row in (*kind.fields, *kind.options):
        # Without a version that the task asks for, what was withdrawn is sent alone.
        lacks = not row.versions.has(kind.api_version) and (kind.version_is_given or not row.versions.is_withdrawn)
        if lacks and paths.is_declared(tree, row.option):
            message = (
                f"{row.option} is not part of API version {kind.api_version}, which api_version asks for: "
                f"it needs {row.versions}. Remove api_version, or set it to {row.versions.best}."
            )
            yield Finding("ApiVersionLacksOption", row.option, message, "docs/api-versions.md")
