# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AnsibleModule's own check of values by an argument spec, for values that are not arguments of a module."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from .._options import similar, specs

_VALIDATORS: dict[int, ArgumentSpecValidator] = {}


def validate(spec: specs.Spec, values: dict[str, t.Any]) -> tuple[dict[str, t.Any], list[str]]:
    """The values with their types and defaults, and what is wrong with them, in sentences."""
    checked = _validator(spec).validate(values)
    texts = [
        similar.short(str(error.msg), spec) if isinstance(error, UnsupportedError) else f"{str(error.msg).rstrip('.')}."
        for error in checked.errors
    ]
    return checked.validated_parameters, texts


def _validator(spec: specs.Spec) -> ArgumentSpecValidator:
    """One for each spec, which many targets have in common. It keeps its spec, so that the id stays that of this one."""
    if id(spec) not in _VALIDATORS:
        _VALIDATORS[id(spec)] = ArgumentSpecValidator(spec)
    return _VALIDATORS[id(spec)]
