# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that several modules share, and what a user really gave: unset, null and empty are three things.

The package ``_options`` knows the options of modules and how they are written elsewhere: argument specs, values, declarations of many
targets, YAML of the CLI, exports. It may import ``_kinds``, ``_engine`` and ``_core``.

Each spec here has its documentation in the fragment of the same name in plugins/doc_fragments/.
"""

from __future__ import annotations

import typing as t

from .._engine.kind import Kind

Spec = dict[str, dict[str, t.Any]]

WORKSPACE_ALIASES = ["workspace_name", "ml_workspace"]

# The name of what is a workspace itself. Not an alias: AnsibleModule warns when an option and its alias are both set, as a default for all modules and a
# task's own name would be.
WORKSPACE_NAME_SPEC: Spec = {
    "name": {"type": "str"},
    "workspace": {"type": "str", "aliases": WORKSPACE_ALIASES},
}

# Where a compute target lives.
SCOPE_SPEC: Spec = {
    "resource_group": {"type": "str", "required": True},
    "workspace": {"type": "str", "required": True, "aliases": WORKSPACE_ALIASES},
}

# What a module has no use for, and takes so that a default of the action group can set it for all modules.
IGNORED_GROUP_SPEC: Spec = {"resource_group": {"type": "str"}}
IGNORED_WORKSPACE_SPEC: Spec = {"workspace": {"type": "str", "aliases": WORKSPACE_ALIASES}}

API_VERSION_SPEC: Spec = {"api_version": {"type": "str"}}

# The options of a task as YAML of the Azure ML CLI v2 (see ``_options.definition``).
DEFINITION_SPEC: Spec = {"definition": {"type": "raw"}}

WAIT_SPEC: Spec = {
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 1800},
    "wait_interval": {"type": "float"},
}

# In check mode, what earlier tasks of the play create does not exist.
CREATED_EARLIER_SPEC: Spec = {"resources_created_earlier": {"type": "list", "elements": "str"}}

# How a declared state is reached.
STATE_SPEC: Spec = {
    "on_immutable_change": {"type": "str", "default": "fail", "choices": ["fail", "recreate", "ignore"]},
    "force": {"type": "bool", "default": False},
}

TAGS_SPEC: Spec = {
    "tags": {"type": "dict"},
    "append_tags": {"type": "bool", "default": True},
}

# Names of variables that are shown.
SHOW_VARIABLES_SPEC: Spec = {"show_variables": {"type": "list", "elements": "str"}}

# Online checks before a creation.
PREFLIGHT_SPEC: Spec = {
    "preflight": {"type": "bool", "default": False},
    "preflight_fail_on": {"type": "str", "default": "error", "choices": ["error", "warning", "never"]},
}


def of_kind(*kinds: Kind) -> Spec:
    """The argument spec that follows from the tables of kinds: of several, whatever one of them has."""
    spec: Spec = {}
    for row in (row for kind in kinds for row in (*kind.fields, *kind.options)):
        if row.spec is None:
            continue
        *groups, last = row.option.split(".")
        level = spec
        for group in groups:
            level = level.setdefault(group, {"type": "dict"}).setdefault("options", {})
        level[last] = {**level.get(last, {}), **row.spec}
    return spec


def given(spec: Spec, raw: t.Mapping[str, t.Any], checked: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The part of the checked options that the user gave: a key is there if the option was, and is None if it was null.

    spec     the argument spec that ``checked`` came from
    raw      the task's arguments before defaults, under names or aliases
    checked  the arguments after AnsibleModule's own validation
    """
    tree: dict[str, t.Any] = {}
    for name, row in spec.items():
        spelled = next((key for key in (name, *row.get("aliases", ())) if key in raw), None)
        if spelled is None:
            continue
        tree[name] = None if raw[spelled] is None else _given_value(row, raw[spelled], checked.get(name))
    return tree


def _given_value(row: dict[str, t.Any], raw: t.Any, checked: t.Any) -> t.Any:
    options = row.get("options")
    if not options or checked is None:
        return checked
    if isinstance(checked, dict):
        # Ansible also takes a dict as JSON or as key=value text; nulls cannot be distinguished from unset there.
        return given(options, raw, checked) if isinstance(raw, dict) else _without_unset(checked)
    if isinstance(checked, list) and isinstance(raw, list):
        return [_given_value({"options": options}, item, other) for item, other in zip(raw, checked)]
    return checked


def _without_unset(checked: dict[str, t.Any]) -> dict[str, t.Any]:
    return {key: value for key, value in checked.items() if value is not None}
