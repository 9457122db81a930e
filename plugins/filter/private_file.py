# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: private_file
short_description: Read a file and whether only its owner can read it
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Reads a file of the controller. A file that exists and cannot be read is an error.
options:
  _input:
    description: The path.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show whether only the owner can read the known hosts file
  ansible.builtin.debug:
    msg: "{{ ('~/.ssh/known_hosts_azureml' | azureml.compute.home_path | azureml.compute.private_file).private }}"
"""

RETURN = r"""
_value:
  description:
    - C(text), empty for a file that does not exist.
    - C(private), whether it exists with the mode 0600, in a directory to which only the owner can write.
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._machines import ssh_keys


def private_file(path: str) -> dict[str, t.Any]:
    try:
        return ssh_keys.read_private(str(path))._asdict()
    except OSError as error:
        raise AnsibleFilterError(f"azureml.compute.private_file: Cannot read {path}: {error.strerror}.") from error


class FilterModule:
    """Files of the controller."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"private_file": private_file}
