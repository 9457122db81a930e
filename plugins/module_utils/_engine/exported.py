# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A resource as an export declares it, which its kind completes: what of it is not declared, and what a user has to know about it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._core import paths, redact

Tree = dict[str, t.Any]

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

    name         how rows of ``missing`` name it
    options      what a task declares
    shown        the names of variables whose values are exported
    hidden       options that the file for the CLI must not have, although the declaration has something in their place
    without_file why there is no file for the CLI
    """

    name: str
    options: Tree
    shown: t.Collection[str] = ()
    hidden: tuple[str, ...] = ()
    without_file: str = ""
    missing: list[dict[str, str]] = field(default_factory=list)

    def miss(self, option: str, reason: str, kind: str) -> None:
        self.missing.append({"name": self.name, "option": option, "reason": reason, "kind": kind})

    def fill_in(self, option: str, label: str) -> None:
        """A placeholder in place of a secret, which the service never returns."""
        keys = option.endswith(".keys")
        paths.set_path(self.options, option, {"NAME": redact.PLACEHOLDER} if keys else redact.PLACEHOLDER)
        reason = (
            f"the service never returns this secret: replace {redact.PLACEHOLDER} by it to create or change the {label}"
        )
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
