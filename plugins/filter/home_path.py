# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: home_path
short_description: Make a path of a user absolute
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Replaces a leading C(~) by the home directory that the controller's user database has for the user who runs Ansible.
  - The environment variable E(HOME) is not read, and neither does OpenSSH read it. P(ansible.builtin.expanduser#filter) does, and therefore returns
    another directory under C(sudo), in containers and in jobs that set it.
  - A relative path is relative to the directory in which Ansible was started, whatever the directory of the playbook or of the task. An empty path
    stays empty.
options:
  _input:
    description: A path.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Create the directory of the keys
  ansible.builtin.debug:
    msg: "{{ '~/.ssh/azureml' | azureml.compute.home_path }}"
"""

RETURN = r"""
_value:
  description: The absolute path.
  type: str
"""

import os
import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._machines import ssh_config


def home_path(path: str) -> str:
    try:
        expanded = ssh_config.home_path(str(path))
    except KeyError:
        raise AnsibleFilterError(
            f"azureml.compute.home_path: Cannot expand {str(path)!r}, because the user database has no entry for this user. Use an absolute path."
        ) from None
    # The controller never leaves the directory in which it was started. PWD is that of the shell: a program that starts Ansible elsewhere passes it on.
    return os.path.abspath(expanded) if expanded else expanded


class FilterModule:
    """Paths."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"home_path": home_path}
