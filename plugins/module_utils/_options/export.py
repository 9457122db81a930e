# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What exists, as declarations: a workspace and what is in it as our own options and as YAML of the Azure ML CLI v2.

The declarations are the kinds' own tables read backwards, so that applying what was exported finds nothing to change. What the CLI's schema
has of each option, its row says (azure-ai-ml 1.35, ``_schema``).
"""

from __future__ import annotations

import copy
import re
import typing as t

from .._core import paths, redact
from .._core.arm_id import ArmId
from .._core.errors import AmlError
from .._engine.cli_schema import CliSchema
from .._engine.exported import FILL_IN, NO_COUNTERPART, SEPARATE, Exported
from .._engine.fields import ANY_VALUE
from .._engine.kind import Body, Kind
from .._kinds.registry import Collection
from . import uncovered

Tree = dict[str, t.Any]

_NO_OPTION = "this collection has no option for it: the declaration does not contain it"


class Export:
    """Collects the vars, the CLI's files and what neither can hold."""

    def __init__(self, shown: t.Collection[str] = ()) -> None:
        # Names of variables whose values are exported.
        self.shown = shown
        self.vars: Tree = {}
        self.files: dict[str, str] = {}
        # The resources of the workspace as a fleet declares them, by their collections.
        self.lists: dict[str, list[Tree]] = {"computes": []}
        self.missing: list[dict[str, str]] = []
        # What of the exported resources is retired.
        self.warnings: list[str] = []

    def add_workspace(self, kind: Kind, body: Body) -> None:
        exported = self._exported(kind, body, "workspace")
        self.vars["aml_workspace"] = {**exported.names, **exported.options}

    def add_registry(self, kind: Kind, body: Body, resource_group: str | None = None) -> None:
        """A registry, which workspaces share. ``resource_group``: its own, where it is another one."""
        exported = self._exported(kind, body, "registry")
        elsewhere = {} if resource_group is None else {"resource_group": resource_group}
        self.vars.setdefault("aml_registries", []).append({**exported.names, **elsewhere, **exported.options})

    def add(self, collection: Collection, body: Body, children: t.Collection[str] = ()) -> None:
        """A resource of the workspace, unless the service made it: that is no one's declaration.

        What it says of ``children``, such as the traffic of deployments, is exported if these are too: their ids in lower case.
        """
        kind, type_ = collection.kind_of(body), collection.type_of(body)
        if kind.is_of_service(body):
            return
        if not kind.fields:
            reason = f"no module of this collection keeps a {type_}"
            self.missing.append({"name": body["name"], "option": "", "reason": reason, "kind": NO_COUNTERPART})
            return
        exported = self._exported(kind, body, type_, children)
        # The file comes first: where that fails, the target is nowhere.
        typed = {"type": type_} if collection.typed else {}
        own = {**exported.names, **exported.options}
        row = {**typed, **own}
        self.lists.setdefault(collection.name, []).append(row)
        self.vars.setdefault(exported.list_variable, []).append(row if exported.shares_list else own)

    def _exported(self, kind: Kind, body: Body, type_: str, children: t.Collection[str] = ()) -> Exported:
        """A resource, whose file is written."""
        # The export does not have the values, by which the end of the task would know them in other texts.
        redact.hide_variables(body)
        exported = kind.exported_as(kind, body, self.shown)
        if kind.cli is not None:
            for name in exported.names.values():
                _check_file_name(name)
        exported.complete()
        exported.options = redact.without_values(exported.options, self.shown, lambda _value: redact.PLACEHOLDER)
        for place in uncovered.of(exported):
            exported.miss(place, _NO_OPTION, NO_COUNTERPART)
        _add_naming_children(exported, children)
        _miss_separate(exported)
        self._add_file(exported, type_)
        self.missing += exported.missing
        self.warnings += [f"{exported.name}: {text}" for text in kind.notices({}, body)]
        return exported

    def _add_file(self, exported: Exported, type_: str) -> None:
        kind, cli = exported.kind, exported.cli
        if cli is None or exported.without_file:
            why = exported.without_file or f"the CLI's schema has no type {type_}"
            exported.miss("", f"{why}: there is no file for it", NO_COUNTERPART)
            return
        secrets = [row["option"] for row in exported.missing if row["kind"] == FILL_IN]
        public = {option: value for option, value in exported.options.items() if option not in exported.hidden}
        written, omitted = _for_the_cli(kind, cli, public)
        tree = cli.write(written)
        if tree is None:
            exported.miss("", f"the CLI's schema has no such {kind.label}: there is no file for it", NO_COUNTERPART)
            return
        for option, reason in omitted.items():
            exported.miss(option, reason, NO_COUNTERPART)
        head = {
            "$schema": cli.address(exported.options),
            "name": exported.names["name"],
            **exported.names,
            **({"type": type_} if cli.is_typed else {}),
        }
        self._write(self._free_file(exported), {**head, **tree}, [*secrets, *omitted])

    def _free_file(self, exported: Exported) -> str:
        """The file of a resource; one of another kind may have the same name."""
        name = exported.file_name
        taken = {file.casefold() for file in self.files}
        return f"{name}.yml" if f"{name}.yml".casefold() not in taken else f"{name}.{exported.file_suffix}.yml"

    def _write(self, file: str, tree: Tree, not_exported: t.Iterable[str]) -> None:
        import yaml

        # A name from the service can contain line ends: the text after them would not be a comment.
        comments = "".join(f"# {' '.join(redact.printable(option).split())}: not exported\n" for option in not_exported)
        self.files[file] = comments + yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)


def _add_naming_children(exported: Exported, children: t.Collection[str]) -> None:
    """The options that name resources below this one, if those are exported too."""
    kind, body = exported.kind, exported.body
    if not kind.child_collection:
        return
    current = kind.values_of(body)
    known = {ArmId(identifier).name for identifier in children if ArmId(identifier).parent == body["id"].casefold()}
    missing = sorted(each for each in kind.named_children(current) if each.casefold() not in known)
    for option in kind.naming_children:
        if current[option] and missing:
            reason = f"it needs the deployment {', '.join(missing)}, which is not exported"
            exported.miss(option, reason, NO_COUNTERPART)
        elif current[option]:
            paths.set_path(exported.options, option, current[option])


def _miss_separate(exported: Exported) -> None:
    """The networks and identities that the declaration refers to by their ids."""
    subnet = paths.get_path(exported.options, "network_settings.subnet")
    if isinstance(subnet, str):
        reason = f"the subnet {subnet} exists separately; the role aml_network creates it from aml_network_name and aml_network_subnets"
        exported.miss("network_settings.subnet", reason, SEPARATE)
    for identity in _listed(paths.get_path(exported.options, "identity.user_assigned_identities")):
        reason = (
            f"the identity {identity} exists separately; the role aml_identity creates it from aml_identity_identities"
        )
        exported.miss("identity.user_assigned_identities", reason, SEPARATE)


def _listed(value: t.Any) -> list[t.Any]:
    return value if isinstance(value, list) else []


_NO_FIELD = "the CLI's schema has no such field, or refuses its value: only the file for the CLI is without it"


_NO_PART = "the CLI's schema needs {}, which the service does not return: only the file for the CLI is without it"


def _for_the_cli(kind: Kind, schema: CliSchema, options: Tree) -> tuple[Tree, dict[str, str]]:
    """The options that the CLI's schema has, by their names there, and why the others are not in the file."""
    names = {row.option.partition(".")[0]: row.cli_name for row in kind.fields if row.cli_name is not None}
    known = copy.deepcopy(options)
    schema.group(known)
    omitted = dict.fromkeys([*_omit_unknown(kind, known), *schema.omit(known)], _NO_FIELD)
    for group, needed in schema.groups_need.items():
        if known.get(group) and not known[group].get(needed):
            omitted[group] = _NO_PART.format(needed)
            del known[group]
    tree = {names.get(option) or option: value for option, value in known.items() if value not in (None, {})}
    identities = (tree.get("identity") or {}).get("user_assigned_identities")
    if identities:
        rows = [{"resource_id": identity} for identity in identities]
        tree["identity"] = {**tree["identity"], "user_assigned_identities": rows}
    return tree, omitted


def _omit_unknown(kind: Kind, options: Tree) -> list[str]:
    """Remove the options that the CLI's schema does not have; return those that do not follow from the others."""
    differing = []
    for row in kind.fields:
        value = paths.get_path(options, row.option)
        if row.cli_name is None and value is not paths.MISSING:
            paths.remove_path(options, row.option)
            if row.implied is not ANY_VALUE and row.implied != value:
                differing.append(row.option)
    return differing


def _check_file_name(name: t.Any) -> None:
    """The name of a target becomes that of a file."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", str(name)) is None:
        raise AmlError(
            f"The service listed a resource {str(name)!r}, which cannot be the name of a file.",
            code="UnexpectedAnswer",
        )
