# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: ssh_key_pair
short_description: Find the newest SSH key pair in a directory
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Reads the newest of the key pairs that the role P(azureml.compute.aml_ssh_keys#role) creates in a directory of the controller, and derives its public key.
  - Changes nothing. Requires C(ssh-keygen) on the controller.
options:
  _input:
    description: The directory.
    type: str
    required: true
  name:
    description: The file name of the first private key. Later ones have C(-2), C(-3) and so on after it.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the fingerprint
  ansible.builtin.debug:
    msg: "{{ ('~/.ssh/azureml' | azureml.compute.home_path | azureml.compute.ssh_key_pair('aml_rsa')).fingerprint }}"
"""

RETURN = r"""
_value:
  description:
    - C(private_key_file), C(public_key) and C(fingerprint).
    - Empty if there is no pair, or if the newest one is not RSA, has a passphrase, or can be read by others than its owner.
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._machines import ssh_keys


def ssh_key_pair(directory: str, name: str) -> dict[str, str]:
    try:
        pair = ssh_keys.newest_pair(str(directory), str(name))
    except OSError as error:
        raise AnsibleFilterError(
            f"azureml.compute.ssh_key_pair: Cannot read the key pairs in {directory}: {error.strerror}."
        ) from error
    return {} if pair is None else pair._asdict()


class FilterModule:
    """Key pairs."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"ssh_key_pair": ssh_key_pair}
