# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: json_file
short_description: Read a JSON file of this collection
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Reads a file of the controller, such as a plan or a report of this collection. The error about a file that cannot be used names the file.
  - A pipe, a device and a file of more than 64 MiB are not read. P(ansible.builtin.file#lookup) waits for a pipe without end.
positional: form
options:
  _input:
    description: The path.
    type: str
    required: true
  form:
    description:
      - What the file must contain. V(object) is any JSON object, V(fleet_result) a result of M(azureml.compute.aml_fleet) with
        O(azureml.compute.aml_fleet#module:full_result=true), V(drift_report) a report of P(azureml.compute.drift_report#filter), V(previous_report) an
        earlier one, and V(declarations) a list of declared compute targets.
    type: str
    choices: [object, fleet_result, drift_report, previous_report, declarations]
    default: object
  problem:
    description: Whether to return why the file cannot be used, as a sentence, in place of its content. Empty text if it can be used.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show the table of a plan
  ansible.builtin.debug:
    msg: "{{ ('plan.json' | azureml.compute.home_path | azureml.compute.json_file).table }}"
"""

RETURN = r"""
_value:
  description: The content of the file, or with O(problem) a sentence.
  type: raw
"""

import json
import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._core import files, shape
from ..module_utils._core.errors import AmlError
from ..module_utils._fleet import merge
from ..module_utils._report.rows import Report

_LARGEST = 64 * 1024 * 1024
_DECLARATIONS = shape.list_of(shape.mapping({"name": shape.TEXT, "type": shape.TEXT}, required=("name", "type")))


def _merged(result: dict[str, t.Any]) -> object:
    if not result.get("failure") and "document" not in result:
        raise AmlError("the file is not a result of aml_fleet with full_result: true")
    return merge.merge([result])


# By form: the shape, and what reads the content, which fails on all that the shape does not know.
_FORMS: dict[str, tuple[shape.Shape, t.Callable[[t.Any], object]]] = {
    "object": (shape.mapping(), dict),
    "fleet_result": (shape.RESULT, _merged),
    "drift_report": (shape.REPORT, Report.from_dict),
    "previous_report": (shape.PREVIOUS, dict),
    "declarations": (_DECLARATIONS, list),
}


def json_file(path: str, form: str = "object", problem: bool = False) -> t.Any:
    if form not in _FORMS:
        raise AnsibleFilterError(f"azureml.compute.json_file: form is {', '.join(_FORMS)}, not {form!r}.")
    content, reason = _read(str(path), form)
    if problem:
        return f"Cannot use {path}: {reason}." if reason else ""
    if reason:
        raise AnsibleFilterError(f"azureml.compute.json_file: Cannot use {path}: {reason}.")
    return content


def _read(path: str, form: str) -> tuple[t.Any, str | None]:
    """The content of a file, and why it cannot be used."""
    expected, read = _FORMS[form]
    try:
        content = json.loads(files.read_text(path, _LARGEST))
    except OSError as error:
        return None, error.strerror
    except (ValueError, RecursionError) as error:
        return None, f"it is not valid JSON ({error})"
    try:
        with shape.reading(content, expected):
            read(content)
    except AmlError as error:
        return None, error.message.removesuffix(".").replace("the input", "the file", 1)
    return content, None


class FilterModule:
    """Files of this collection."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"json_file": json_file}
