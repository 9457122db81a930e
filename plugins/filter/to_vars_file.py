# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: to_vars_file
short_description: Write variables as YAML that Ansible never evaluates as templates
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Writes values that a service returned as the text of a vars file.
  - Ansible evaluates C({{ }}) in files that are loaded with C(-e @file), C(vars_files) or C(include_vars). Tags, descriptions and other strings of a
    service are written by other people, so this filter tags every string with C(!unsafe) that does not consist of plain words. Loading the file returns
    exactly the same values.
  - Use it instead of P(ansible.builtin.to_nice_yaml#filter), which writes such texts as templates.
options:
  _input:
    description: The variables. They consist of text, numbers, booleans, null, lists and mappings.
    type: dict
    required: true
  comments:
    description: Lines of text for comments at the beginning of the file. Line ends and control characters in them are replaced.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Keep the declaration of a workspace
  ansible.builtin.copy:
    content: "{{ exported.vars | azureml.compute.to_vars_file }}"
    dest: workspace.yml
    mode: "0600"
"""

RETURN = r"""
_value:
  description: A YAML document.
  type: str
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._core.errors import AmlError
from ..module_utils._options import vars_file


def to_vars_file(value: t.Any, comments: t.Iterable[str] = ()) -> str:
    try:
        return vars_file.comments(comments) + vars_file.dump(value)
    except AmlError as error:
        raise AnsibleFilterError(f"azureml.compute.to_vars_file: {error.message}") from error


class FilterModule:
    """Files that Ansible loads as variables."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"to_vars_file": to_vars_file}
