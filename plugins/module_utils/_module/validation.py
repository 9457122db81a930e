# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AnsibleModule's own check of values by an argument spec, for values that are not arguments of a module."""

from __future__ import annotations

import difflib
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from .._options import specs

_VALIDATORS: dict[int, ArgumentSpecValidator] = {}


def validate(spec: specs.Spec, values: dict[str, t.Any]) -> tuple[dict[str, t.Any], list[str]]:
    """The values with their types and defaults, and what is wrong with them."""
    checked = _validator(spec).validate(values)
    texts = [
        f"Unsupported parameters: {with_hint(str(error.msg), spec)}"
        if isinstance(error, UnsupportedError)
        else str(error.msg)
        for error in checked.errors
    ]
    return checked.validated_parameters, texts


def _validator(spec: specs.Spec) -> ArgumentSpecValidator:
    """One for each spec, which many targets have in common. It keeps its spec, so that the id stays that of this one."""
    if id(spec) not in _VALIDATORS:
        _VALIDATORS[id(spec)] = ArgumentSpecValidator(spec)
    return _VALIDATORS[id(spec)]


def with_hint(text: str, spec: specs.Spec) -> str:
    """AnsibleModule's message about unknown options, with the options of ``spec`` that they resemble."""
    unknown, listed, supported = text.partition(". Supported parameters include")
    close = dict.fromkeys(option for name in unknown.split(", ") for option in _similar(name, spec))
    hint = f". Did you mean {', '.join(close)}?{listed[1:]}" if close else listed
    return f"{unknown}{hint}{supported}"


def _similar(name: str, spec: specs.Spec) -> list[str]:
    """The option that an unknown one, as a dotted name, resembles most, in the place where that is written; aliases count as their options."""
    *path, last = name.split(".")
    for part in path:
        spec = spec.get(part, {}).get("options") or {}
    known = {alias: option for option, row in spec.items() for alias in (option, *row.get("aliases", ()))}
    return [".".join([*path, known[match]]) for match in difflib.get_close_matches(last, known, n=1)]
