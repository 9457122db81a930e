# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How YAML of the Azure ML CLI v2 has a kind of resource, where that differs from the options (azure-ai-ml 1.35, ``_schema``).

A kind has one of these as ``cli``. What is in a file in its option's place follows from the rows.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._core.findings import Findings

Tree = dict[str, t.Any]

_SCHEMAS = "https://azuremlschemas.azureedge.net/latest/"
_IDENTITIES = "identity.user_assigned_identities"
# What ``az ml ... show`` prints and only the service writes (azure-ai-ml: fields that are dump_only).
HEAD = ("$schema", "id", "resourceGroup")
READ_ONLY = (
    *HEAD,
    "created_on",
    "provisioning_state",
    "provisioning_errors",
    "identity.principal_id",
    "identity.tenant_id",
    f"{_IDENTITIES}.principal_id",
    f"{_IDENTITIES}.client_id",
    f"{_IDENTITIES}.tenant_id",
    "network_settings.public_ip_address",
    "network_settings.private_ip_address",
)


def as_declared(tree: Tree) -> Tree | None:
    """The conversion of a kind whose files have the options as they are."""
    return tree


@dataclass(frozen=True)
class CliSchema:
    """The schema of the CLI that a kind has.

    types         the types of its files; for a schema without a type, or with another one, the name of the kind
    file          the schema; empty where there are several
    file_of       the schema of a resource with these options, where there are several
    loader        the function of azure.ai.ml that reads them
    is_typed      whether ``type`` in a file is one of ``types``
    other_types   other values of ``type`` that its files have, for who gave one to another module
    shows         whether a file without such a type is of this kind. No file is of two kinds
    variants      the names of other schemas that the module takes, of files that show it
    read_only     what the CLI prints and only the service writes
    cleaned       removes what the CLI prints and no one declared
    needs         the options without which the loader reads nothing, and which the task may have
    complete      what else the loader needs, from the task and the file
    assets        options whose value the CLI registers, in whose place the task may name one that is registered
    check         what the collection does not take of a file
    for_loader    the file in the form that the loader reads
    regroup       puts options into their groups, before their names are compared with those of the module
    respell       what the file spells otherwise, in place
    secrets       fields with secrets that no option has
    write         the file of an export, from the options by their names in the schema. None where the schema has no such resource
    group         puts options of an export where the schema has them, in place, before others are removed
    omit          removes values that the schema does not have, and returns their options
    groups_need   by the name of a group, the option of it without which the schema does not have the group
    """

    types: tuple[str, ...]
    file: str = ""
    file_of: t.Callable[[Tree], str] = field(default=lambda _options: "", kw_only=True)
    loader: str = field(default="load_compute", kw_only=True)
    is_typed: bool = field(default=True, kw_only=True)
    other_types: tuple[str, ...] = field(default=(), kw_only=True)
    shows: t.Callable[[Tree], bool] = field(default=lambda _declared: False, kw_only=True)
    variants: tuple[str, ...] = field(default=(), kw_only=True)
    read_only: tuple[str, ...] = field(default=READ_ONLY, kw_only=True)
    cleaned: t.Callable[[Tree], t.Any] = field(default=as_declared, kw_only=True)
    needs: tuple[str, ...] = field(default=(), kw_only=True)
    complete: t.Callable[[Tree, Tree], Tree] = field(default=lambda _given, _declared: {}, kw_only=True)
    assets: tuple[str, ...] = field(default=(), kw_only=True)
    check: t.Callable[[Tree], Findings] = field(default=lambda _declared: iter(()), kw_only=True)
    for_loader: t.Callable[[Tree], Tree] = field(default=dict, kw_only=True)
    regroup: t.Callable[[Tree], t.Any] = field(default=as_declared, kw_only=True)
    respell: t.Callable[[Tree], t.Any] = field(default=as_declared, kw_only=True)
    secrets: tuple[str, ...] = field(default=(), kw_only=True)
    write: t.Callable[[Tree], Tree | None] = field(default=as_declared, kw_only=True)
    group: t.Callable[[Tree], t.Any] = field(default=as_declared, kw_only=True)
    omit: t.Callable[[Tree], list[str]] = field(default=lambda _options: [], kw_only=True)
    groups_need: t.Mapping[str, str] = field(default_factory=dict, kw_only=True)

    def address(self, options: Tree) -> str:
        """The address of the schema of a resource with these options."""
        file = self.file or self.file_of(options)
        return file if "://" in file else _SCHEMAS + file


def plain_schema(declared: Tree) -> str:
    """The address of the schema that a file names."""
    return str(declared.get("$schema")).casefold()


def one_subnet(tree: Tree) -> None:
    """The CLI ignores the network's name if there is a full id; the option accepts only one of them."""
    network = tree.get("network_settings")
    if isinstance(network, dict) and str(network.get("subnet") or "").startswith("/"):
        network.pop("vnet_name", None)
