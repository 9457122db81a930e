# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that can be declared of each kind that a workspace lists: what a list of several kinds is checked by."""

from __future__ import annotations

from .._kinds.attached_types import ATTACHED
from .._kinds.datastore import TYPES
from .._kinds.registry import INFO_KINDS, OTHERS
from . import connection_yaml, specs

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
# Of every type that a document of a fleet has, and of every type of the CLI's files.
FLEET_SPECS: dict[str, specs.Spec] = {**KIND_SPECS, **_OTHER_SPECS}
FILE_SPECS: dict[str, specs.Spec] = {
    **KIND_SPECS,
    connection_yaml.KIND: _OTHER_SPECS["connection"],
    "batch_endpoint": _OTHER_SPECS["batch_endpoint"],
    "batch_deployment": {"endpoint_name": {"type": "str"}, **_OTHER_SPECS["batch_deployment"]},
    "online_endpoint": _OTHER_SPECS["online_endpoint"],
    "online_deployment": {"endpoint_name": {"type": "str"}, **_OTHER_SPECS["online_deployment"]},
    **dict.fromkeys(TYPES, _OTHER_SPECS["datastore"]),
}
