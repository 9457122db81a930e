# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: with_similar_options
short_description: Add the options that unknown ones resemble to an error of an argument spec
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - An error of M(ansible.builtin.validate_argument_spec) about unknown options lists all options, which are more than 100 for a list of compute targets.
    This filter names those that are meant, where one resembles an unknown option.
  - Other errors stay as they are.
options:
  _input:
    description: An error, as in the list C(argument_errors) of the result.
    type: str
    required: true
  spec:
    description: The argument spec, as C(argument_spec_data) of the result.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what is wrong with the variables
  ansible.builtin.debug:
    msg: "{{ item | azureml.compute.with_similar_options(validated.argument_spec_data) }}"
  loop: "{{ validated.argument_errors }}"
"""

RETURN = r"""
_value:
  description: The error in a sentence.
  type: str
"""

import typing as t

from ..module_utils._options import similar


def with_similar_options(error: str, spec: dict[str, t.Any]) -> str:
    if similar.LISTED not in error:
        return error
    text = similar.short(error, spec)
    return text if text.endswith("?") else f"{text} Supported are{error.partition(similar.LISTED)[2]}"


class FilterModule:
    """Errors of argument specs."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"with_similar_options": with_similar_options}
