# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: json_file
short_description: Read a JSON object from a file
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Reads a file of the controller, such as a plan or a report of this collection. The error about a file that cannot be read names the file.
  - A pipe, a device and a file of more than 64 MiB are not read. P(ansible.builtin.file#lookup) waits for a pipe without end.
options:
  _input:
    description: The path.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the table of a plan
  ansible.builtin.debug:
    msg: "{{ ('plan.json' | azureml.compute.home_path | azureml.compute.json_file).table }}"
"""

RETURN = r"""
_value:
  description: The object.
  type: dict
"""

import json
import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._core import files

_LARGEST = 64 * 1024 * 1024


def json_file(path: str) -> dict[str, t.Any]:
    try:
        content = json.loads(files.read_text(str(path), _LARGEST))
        problem = None if isinstance(content, dict) else "it is not a JSON object"
    except OSError as error:
        problem = str(error.strerror)
    except (ValueError, RecursionError) as error:
        problem = f"it is not valid JSON ({error})"
    if problem:
        raise AnsibleFilterError(f"azureml.compute.json_file: Cannot read {path}: {problem}.")
    return t.cast(dict[str, t.Any], content)


class FilterModule:
    """Files of this collection."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"json_file": json_file}
