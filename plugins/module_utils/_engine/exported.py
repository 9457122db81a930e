# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A resource as an export declares it: the options of a task, its name in lists, files and messages, and what a user has to know about it.

A kind has the class of its resources as ``exported_as``. A subclass of it is in the file of the kind, in ``_kinds/``.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._core import paths, redact
from .cli_schema import CliSchema
from .fields import CREATE_ONLY, UPDATABLE, Field

if t.TYPE_CHECKING:
    from .kind import Kind

Tree = dict[str, t.Any]

# Fields that are never compared, because it is not established that the service returns them, but that are not secrets.
_PUBLIC = ("ssh_settings.ssh_key_value",)

# What a row of ``missing`` is about: a value that a user has to fill in to create the target again; a value that a file or the collection has no place
# for; a target whose declaration is not its state; a resource that exists separately, and that other roles create.
FILL_IN, NO_COUNTERPART, NOT_SUCCEEDED, SEPARATE = "fill_in", "no_counterpart", "not_succeeded", "separate"


def private_endpoints(body: Tree, path: str) -> t.Iterator[str]:
    """The ids of the private endpoints that the connections at a place of a document name."""
    connections = paths.get_path(body, path)
    for connection in connections if isinstance(connections, list) else ():
        endpoint = paths.get_path(connection, "properties.privateEndpoint.id")
        if isinstance(endpoint, str):
            yield endpoint


@dataclass
class Exported:
    """What an export has of a resource.

    body         the resource's document
    shown        the names of variables whose values are exported
    options      what a task declares
    hidden       options that the file for the CLI must not have, although the declaration has something in their place
    without_file why there is no file for the CLI
    """

    kind: Kind
    body: Tree
    shown: t.Collection[str] = ()
    options: Tree = field(init=False)
    hidden: tuple[str, ...] = field(default=(), init=False)
    without_file: str = field(default="", init=False)
    missing: list[dict[str, str]] = field(default_factory=list, init=False)
    # Whether several kinds share its list, in which each declaration then has its type.
    shares_list: t.ClassVar[bool] = False

    def __post_init__(self) -> None:
        self.options = _declaration(self.kind, self.body)

    # --- what kinds differ in ---

    def complete(self) -> None:
        """Complete what is declared of the resource, and say what it lacks."""

    @property
    def names(self) -> dict[str, str]:
        """The options that name it in a list of its kind, if the kind's table does not have them."""
        return {"name": self.body["name"]}

    @property
    def name(self) -> str:
        """How messages and the rows of ``missing`` name it."""
        return "/".join(self.names.values())

    @property
    def list_variable(self) -> str:
        """The variable that lists the resources of its kind."""
        return f"aml_{self.kind.collection}"

    @property
    def file_name(self) -> str:
        """The name of its file for the CLI, without the ending."""
        return ".".join(self.names.values())

    @property
    def file_suffix(self) -> str:
        """What the name of its file has in addition if a file of its name exists."""
        return self.kind.label

    @property
    def cli(self) -> CliSchema | None:
        """How YAML of the CLI has a resource with its options."""
        return self.kind.cli

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables of ``_options/writable.py`` that have the properties of its document which a request can set."""
        return (self.kind.collection,)

    @property
    def rows(self) -> tuple[Field, ...]:
        """The rows that its document can have."""
        return self.kind.fields

    @property
    def declarable(self) -> Tree:
        """Its document without what the service added that no one can declare."""
        return self.body

    @property
    def other_uncovered(self) -> list[str]:
        """Places of its document that no option covers, and that are in no table."""
        return []

    # --- what they do with it ---

    def miss(self, option: str, reason: str, kind: str) -> None:
        self.missing.append({"name": self.name, "option": option, "reason": reason, "kind": kind})

    def fill_in(self, option: str) -> None:
        """A placeholder in place of a secret, which the service never returns."""
        keys = option.endswith(".keys")
        paths.set_path(self.options, option, {"NAME": redact.PLACEHOLDER} if keys else redact.PLACEHOLDER)
        reason = f"the service never returns this secret: replace {redact.PLACEHOLDER} by it to create or change the {self.kind.label}"
        self.miss(option, reason, FILL_IN)

    def miss_variables(self, option: str, variables: t.Mapping[str, t.Any], needed_by: str) -> None:
        """The variables that have a placeholder in place of their values, by which our own modules keep the current value."""
        reason = f"not exported: {redact.PLACEHOLDER} keeps the current value; replace it to create the {needed_by}"
        for variable in variables:
            if variable not in self.shown:
                self.miss(f"{option}.{variable}", reason, FILL_IN)

    def drop(self, option: str) -> None:
        """Without an option, and without a group that has nothing else."""
        group, _dot, name = option.rpartition(".")
        holder = self.options.get(group, {}) if group else self.options
        holder.pop(name, None)
        if group and not holder:
            self.options.pop(group, None)

    def drop_if(self, option: str, value: t.Any) -> None:
        """Without an option whose value means the same as none."""
        if option in self.options and self.options[option] == value:
            del self.options[option]


def _declaration(kind: Kind, body: Tree) -> Tree:
    """What a task would have to declare to find the resource as it is: no nulls, nothing that only the service writes, no secrets."""
    kept = kind.kept(body)
    if kept.get("resource_id"):
        # Attached targets have these automatically.
        kept = {option: value for option, value in kept.items() if option not in kind.of_target}
    options: Tree = {}
    for row in kind.fields:
        value = kept.get(row.option)
        # A row without an option follows from others.
        declarable = row.spec is not None and (row.mutability in (UPDATABLE, CREATE_ONLY) or row.option in _PUBLIC)
        if declarable and value not in (None, "", [], {}):
            paths.set_path(options, row.option, paths.without_nulls(value))
    identity = options.get("identity")
    if identity and not identity.get("user_assigned_identities"):
        identity.pop("user_assigned_identities", None)
    return options
