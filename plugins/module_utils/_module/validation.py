# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AnsibleModule's own check of values by an argument spec, for values that are not arguments of a module."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._options import specs


def validate(spec: specs.Spec, values: dict[str, t.Any]) -> tuple[dict[str, t.Any], list[str]]:
    """The values with their types and defaults, and what is wrong with them."""
    checked = ArgumentSpecValidator(spec).validate(values)
    return checked.validated_parameters, list(checked.error_messages)
