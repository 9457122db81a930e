# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind that a workspace lists, and the collections that have them.

The package ``_kinds`` has one file for each kind of resource: its table of fields, its rules, its bodies, its states. It knows no HTTP. It
may import ``_engine`` and ``_core``.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._core.arm_id import OTHER_TYPES
from .._engine.cli_schema import CliSchema
from .._engine.kind import Body, Kind
from . import compute
from .aks import AKS
from .attached_types import ATTACHED
from .batch_deployment import BATCH_DEPLOYMENT
from .batch_endpoint import BATCH_ENDPOINT
from .cluster import CLUSTER
from .connection import CONNECTION
from .datastore import DATASTORE
from .diagnostic_setting import DIAGNOSTIC_SETTING
from .instance import INSTANCE
from .ml_registry import REGISTRY
from .online_deployment import ONLINE_DEPLOYMENT
from .online_endpoint import ONLINE_ENDPOINT
from .role_assignment import ROLE_ASSIGNMENT
from .workspace import Workspace
from .workspace_yaml import FEATURE_STORE

# Every kind of compute target, in the CLI's spelling.
INFO_KINDS: dict[str, compute.ComputeKind] = {
    "amlcompute": CLUSTER,
    "computeinstance": INSTANCE,
    "aks": AKS,
    **ATTACHED,
}


def kind_of(body: Body) -> compute.ComputeKind:
    """The kind of a compute target that was read; one without a specific table shows the fields that all kinds have."""
    return compute_kind(compute.kind_name(body))


def compute_kind(type_: str) -> compute.ComputeKind:
    """The kind of a type of compute targets."""
    return INFO_KINDS.get(type_, compute.ANY)


@dataclass(frozen=True)
class Collection:
    """The resources of one collection in a workspace: one LIST shows all of them, and a document declares them under the same name.

    kinds     by the types that declarations and results name
    type_of   the type of a resource that was read
    fallback  the kind of a type that has none
    typed     whether ``type`` of a declaration is the type of ``kinds``; where not, there is one kind, whose own option it may be
    """

    name: str
    kinds: t.Mapping[str, Kind]
    type_of: t.Callable[[Body], str]
    fallback: Kind
    typed: bool = True

    def kind_of(self, body: Body) -> Kind:
        return self.kinds.get(self.type_of(body), self.fallback)

    def declared_type(self, entry: t.Mapping[str, t.Any]) -> str:
        """The type of a declaration, which need not be one that there is."""
        return str(entry.get("type") or "").casefold() if self.typed else next(iter(self.kinds))


COMPUTES = Collection("computes", INFO_KINDS, compute.kind_name, compute.ANY)


def _of_one_kind(kind: Kind) -> Collection:
    type_ = OTHER_TYPES[kind.collection]
    return Collection(kind.collection, {type_: kind}, lambda _body: type_, kind, typed=False)


BATCH_ENDPOINTS = _of_one_kind(BATCH_ENDPOINT)
BATCH_DEPLOYMENTS = _of_one_kind(BATCH_DEPLOYMENT)
CONNECTIONS = _of_one_kind(CONNECTION)
DATASTORES = _of_one_kind(DATASTORE)
DIAGNOSTIC_SETTINGS = _of_one_kind(DIAGNOSTIC_SETTING)
ONLINE_ENDPOINTS = _of_one_kind(ONLINE_ENDPOINT)
ONLINE_DEPLOYMENTS = _of_one_kind(ONLINE_DEPLOYMENT)
ROLE_ASSIGNMENTS = _of_one_kind(ROLE_ASSIGNMENT)
# All but the compute targets, each of one kind.
OTHERS = {
    collection.name: collection
    for collection in (
        CONNECTIONS,
        DATASTORES,
        DIAGNOSTIC_SETTINGS,
        ONLINE_ENDPOINTS,
        ONLINE_DEPLOYMENTS,
        BATCH_ENDPOINTS,
        BATCH_DEPLOYMENTS,
        ROLE_ASSIGNMENTS,
    )
}
COLLECTIONS = {COMPUTES.name: COMPUTES, **OTHERS}
_BY_TYPE = {type_: kind for collection in COLLECTIONS.values() for type_, kind in collection.kinds.items()}


def kind_of_type(type_: str) -> Kind:
    """The kind of a type that results name; that of any compute target for one without a specific table."""
    return _BY_TYPE.get(type_, compute.ANY)


_WORKSPACE = Workspace()
_KINDS: tuple[Kind, ...] = (
    *INFO_KINDS.values(),
    *(kind for collection in OTHERS.values() for kind in collection.kinds.values()),
    _WORKSPACE,
    REGISTRY,
)
_SCHEMAS: tuple[tuple[CliSchema, str], ...] = (
    *((kind.cli, kind.module) for kind in _KINDS if kind.cli is not None),
    (FEATURE_STORE, _WORKSPACE.module),
)
# The schemas of the CLI, by the types of their files, or by the name of a kind whose schema has none.
CLI_SCHEMAS = {type_: schema for schema, _module in _SCHEMAS for type_ in schema.types}
_CLI_KINDS = {type_: kind for kind in _KINDS if kind.cli is not None for type_ in kind.cli.types}


def cli_fields(type_: str) -> list[str]:
    """The fields that files of a type have, by their dotted names there."""
    kind = _CLI_KINDS.get(type_)
    if kind is None or kind.cli is None:
        return []
    rows = [row.cli_name or row.option for row in kind.fields if row.cli_name is not None]
    return ["name", *(["type"] if kind.cli.is_typed else []), *rows]


def module_of_type(type_: str) -> str:
    """The module that takes files of a type, for who gave one to another module. Two types are those of datastores and of connections."""
    typed = (module for schema, module in _SCHEMAS if schema.is_typed and type_ in schema.types)
    return next(typed, next((module for schema, module in _SCHEMAS if type_ in schema.other_types), ""))
