# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: unknown_variables
short_description: Find misspelt variables of the roles and playbooks of this collection
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Ansible ignores a variable that no role knows, for example C(aml_network_subnet) in place of C(aml_network_subnets).
  - Names that start with the name of a role or of a playbook of this collection (C(aml_network_), C(aml_drift_)) belong to that role or playbook. This
    filter finds those that neither it nor another part of the collection knows. All other names belong to the user; one that is nearly that of a documented
    variable, as C(aml_tag), is only a warning.
options:
  _input:
    description: Names of variables, as P(ansible.builtin.varnames#lookup) returns them.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Check the names of the variables before the roles run
  ansible.builtin.assert:
    that: unknown | length == 0
    fail_msg: "{{ unknown | join(' ') }}"
  vars:
    unknown: "{{ query('ansible.builtin.varnames', '^aml_') | azureml.compute.unknown_variables }}"
"""

RETURN = r"""
_value:
  description: One sentence for each unknown variable, with the variable that it resembles. Empty if there is none.
  type: list
  elements: str
"""

import difflib
import functools
import re
import typing as t
from pathlib import Path

from ansible.module_utils.common.warnings import warn

_ROOT = Path(__file__).resolve().parents[2]
# Where names are found.
_ROLES_SOURCE = "roles/aml_*"
_SPECS_SOURCE = ("roles/*/meta/argument_specs.yml",)
_PLAYBOOKS_SOURCE = ("playbooks/*.yml",)
_OTHERS_SOURCE = ("roles/*/[dtv]*/*.yml", "playbooks/tasks/*.yml", "plugins/inventory/aml_compute.py")
_NAME = re.compile(r"\baml_\w+")
_PLAYBOOKS = (
    "aml_acceptance",
    "aml_deploy",
    "aml_drift",
    "aml_export",
    "aml_modernise",
    "aml_rotate",
    "aml_stop",
    "aml_teardown",
)


class _Names(t.NamedTuple):
    """The names of the collection.

    owners     the roles and playbooks, whose names begin those of their variables
    arguments  the documented variables
    known      every name that roles, playbooks and the inventory plugin use, also for facts and results
    beginnings  of known names that end in a value
    """

    owners: tuple[str, ...]
    arguments: list[str]
    known: frozenset[str]
    beginnings: tuple[str, ...]


@functools.cache
def _names() -> _Names:
    specs, playbooks, others = map(_texts, (_SPECS_SOURCE, _PLAYBOOKS_SOURCE, _OTHERS_SOURCE))
    owners = (*(path.name for path in sorted(_ROOT.glob(_ROLES_SOURCE))), *_PLAYBOOKS)
    beginnings = tuple(f"{owner}_" for owner in owners)
    documented = re.findall(r"^ {6}(aml_\w+):", specs, re.MULTILINE)
    comments = "".join(re.findall(r"^#.*\n", playbooks, re.MULTILINE))
    documented += [name for name in _NAME.findall(comments) if name.startswith(beginnings)]
    known = frozenset(_NAME.findall("\n".join([specs, playbooks, others])))
    parts = {name for name in known if name.endswith("_")}.difference(beginnings)
    return _Names(owners, list(dict.fromkeys(documented)), known, tuple(parts))


def _texts(patterns: t.Iterable[str]) -> str:
    paths = [path for pattern in patterns for path in sorted(_ROOT.glob(pattern))]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def unknown_variables(names: t.Iterable[str]) -> list[str]:
    for name, meant in ((name, _nearly(name)) for name in sorted(names)):
        if meant is not None:
            warn(f"{name} is not a variable of this collection, and is ignored. Did you mean {meant}?")
    return [_sentence(name, owner) for name in sorted(names) if (owner := _owner(name)) is not None]


def _nearly(name: str) -> str | None:
    """The documented variable that a name of the user's own nearly is."""
    if name in _names().known or _owner(name) is not None:
        return None
    return next(iter(difflib.get_close_matches(name, _names().arguments, n=1, cutoff=0.9)), None)


def _owner(name: str) -> str | None:
    """The role or playbook whose variable an unknown name would be; None for a known name, and for those of users."""
    own = _names()
    if name in own.known or name.startswith(own.beginnings):
        return None
    return max((owner for owner in own.owners if name.startswith(f"{owner}_")), key=len, default=None)


def _sentence(name: str, owner: str) -> str:
    close = _similar(name, owner)
    if close is not None:
        return f"{name} is not a variable of this collection. Did you mean {close}?"
    return f"{name} is not a variable of this collection. Names that start with {owner}_ belong to it: give your variable another name."


def _similar(name: str, owner: str) -> str | None:
    """The documented variable that a name resembles: one of the same owner, whose common beginning does not count, or the same without the owner."""
    arguments, rest = _names().arguments, name.removeprefix(f"{owner}_")
    own = {argument.removeprefix(f"{owner}_"): argument for argument in arguments if argument.startswith(f"{owner}_")}
    match = next(iter(difflib.get_close_matches(rest, own, n=1)), None)
    if match is not None:
        return own[match]
    return next(iter(difflib.get_close_matches(f"aml_{rest}", arguments, n=1, cutoff=0.9)), None)


class FilterModule:
    """Names of variables."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"unknown_variables": unknown_variables}
