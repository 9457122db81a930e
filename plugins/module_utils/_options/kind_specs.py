# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that can be declared of each kind that a workspace lists: what a list of several kinds is checked by."""

from __future__ import annotations

from .._core.arm_id import OTHER_TYPES
from .._engine.kind import Kind
from .._kinds.attached_types import ATTACHED
from .._kinds.registry import COLLECTIONS, INFO_KINDS, OTHERS, Collection
from . import specs

# The module for attached compute takes the options of all its types; that one is of another type is the kind's own rule.
ATTACHED_SPEC = specs.of_kind(*ATTACHED.values())

# Of compute targets, by the CLI's spelling.
KIND_SPECS: dict[str, specs.Spec] = {
    name: {**specs.TAGS_SPEC, **(ATTACHED_SPEC if name in ATTACHED else specs.of_kind(kind))}
    for name, kind in INFO_KINDS.items()
}
_OTHER_SPECS: dict[str, specs.Spec] = {
    type_: {**(specs.TAGS_SPEC if any(row.option == "tags" for row in kind.fields) else {}), **specs.of_kind(kind)}
    for collection in OTHERS.values()
    for type_, kind in collection.kinds.items()
}


def _named_in_file(kind: Kind) -> specs.Spec:
    """The options that name a resource in its file, in addition to its name."""
    return {option: {"type": "str"} for option in kind.named_by if option != "name"}


# Of every type that a document of a fleet has, and of every type of the CLI's files.
FLEET_SPECS: dict[str, specs.Spec] = {**KIND_SPECS, **_OTHER_SPECS}
# The collection that the resources of each type of file are in.
FILE_COLLECTIONS: dict[str, Collection] = {
    type_: collection
    for collection in COLLECTIONS.values()
    for kind in collection.kinds.values()
    if kind.cli is not None
    for type_ in kind.cli.types
}
FILE_SPECS: dict[str, specs.Spec] = {
    type_: {
        **_named_in_file(collection.fallback),
        **FLEET_SPECS[type_ if collection.typed else OTHER_TYPES[collection.name]],
    }
    for type_, collection in FILE_COLLECTIONS.items()
}
