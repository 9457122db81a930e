# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: free_host_names
short_description: Find host names for machines that are not in use
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Compares the names of machines, as M(azureml.compute.aml_ssh_facts) returns them, with the hosts and groups of the inventory and with the C(Host)
    entries of an SSH configuration. The name of a compute target must not refer to another machine.
  - A machine whose name is in use gets a longer one, with eight digits that are derived from its id. If that is in use too, the machine is refused.
  - Names are compared ignoring case. A host that is the same machine is not a conflict.
options:
  _input:
    description: The machines.
    type: list
    elements: dict
    required: true
  hosts:
    description: The hosts of the inventory, with the id of the machine that each is, or an empty text.
    type: dict
    required: true
  groups:
    description: The names of the groups of the inventory.
    type: list
    elements: str
    required: true
  ssh_config:
    description: Path of the SSH configuration. Its C(Host) lines, and those of files that it includes, are considered, except C(Host *).
    type: str
  ssh_block:
    description: Label of the block in it that the role P(azureml.compute.aml_nodes#role) writes for these machines. Its C(Host) lines are ignored.
    type: str
"""

EXAMPLES = r"""
- name: Set unique names of machines
  ansible.builtin.debug:
    msg: "{{ aml_ssh.nodes | azureml.compute.free_host_names(hosts={}, groups=groups.keys() | list) }}"
"""

RETURN = r"""
_value:
  description:
    - C(hosts), the machines with their names, in C(ssh_config) too.
    - C(renamed), a message for each machine that has another name than before, and C(refused), a message for each machine that is not among the hosts.
  type: dict
"""

import collections.abc as c
import typing as t
from collections import Counter

from ansible.errors import AnsibleFilterError

from ..module_utils._core import shape
from ..module_utils._core.errors import AmlError
from ..module_utils._machines import nodes
from ..module_utils._machines import ssh_config as _ssh_config


def free_host_names(
    machines: c.Iterable[c.Mapping[str, t.Any]],
    hosts: c.Mapping[str, t.Any],
    groups: c.Iterable[str],
    ssh_config: str | None = None,
    ssh_block: str | None = None,
) -> dict[str, list[t.Any]]:
    rows = shape.listed(machines)
    try:
        with shape.reading(rows, shape.MACHINES):
            owners = {str(name).casefold(): (str(name), str(machine).casefold()) for name, machine in hosts.items()}
            group_names = {str(group).casefold(): str(group) for group in groups}
            counts = Counter(str(machine["name"]).casefold() for machine in rows)
    except AmlError as error:
        raise AnsibleFilterError(f"azureml.compute.free_host_names: {error.message}") from error
    try:
        entries = _ssh_config.patterns(_ssh_config.home_path(ssh_config), ssh_block) if ssh_config else []
    except OSError as error:
        raise AnsibleFilterError(
            f"azureml.compute.free_host_names: Cannot read the SSH configuration {ssh_config}: {error.strerror}."
        ) from error

    def reason(name: str, machine: c.Mapping[str, t.Any], allowed: int) -> str | None:
        """Why the machine cannot have the name, which ``allowed`` machines have by themselves."""
        host, same = owners.get(name.casefold(), ("", ""))
        if nodes.is_reserved(name):
            return "that name is reserved"
        if host and same != str(machine["id"]).casefold():
            return f"the inventory has a host {host!r}"
        if name.casefold() in group_names:
            return f"the inventory has a group {group_names[name.casefold()]!r}"
        if counts[name.casefold()] > allowed:
            return "another machine of the workspace has that name"
        entry = _ssh_config.entry_of(name, entries)
        return None if entry is None else f"{ssh_config} has an entry 'Host {entry}'"

    free: list[t.Any] = []
    renamed: list[str] = []
    refused: list[str] = []
    for machine in rows:
        name = str(machine["name"])
        longer = nodes.longer_name(name, str(machine["id"]))
        why = reason(name, machine, allowed=1)
        if why is None:
            free.append(machine)
        elif reason(longer, machine, allowed=0) is None:
            free.append(_called(machine, longer))
            renamed.append(f"The machine {name!r} is called {longer!r}, because {why}.")
        else:
            refused.append(f"The machine {name!r} is not a host, because {why}.")
    return {"hosts": free, "renamed": renamed, "refused": refused}


def _called(machine: c.Mapping[str, t.Any], name: str) -> dict[str, t.Any]:
    """The machine under another name, in its lines for the SSH configuration too."""
    _host, newline, rest = str(machine.get("ssh_config") or "").partition("\n")
    return {**machine, "name": name, "ssh_config": f"Host {name}\n{rest}" if newline else None}


class FilterModule:
    """Names of hosts."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"free_host_names": free_host_names}
