#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_ssh_facts
short_description: Gather SSH connection facts for compute instances and cluster nodes
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Returns the addresses, ports and users of a compute instance, of the nodes of a compute cluster, or of all machines of a workspace, as the
    I(Connect) button and the I(Nodes) tab of the studio show them.
  - Returns them as C(aml_ssh) in C(ansible_facts) for the next tasks, with complete C(ssh) and C(scp) commands and a block for
    F(~/.ssh/config). Use M(ansible.builtin.add_host) to add them as hosts.
  - A machine without SSH access is also returned, with the reason.
  - A cluster has nodes only while it needs them. A cluster that has scaled down to zero has no entry.
options:
  name:
    description: Name of one compute instance or cluster. Defaults to all of them in the workspace.
    type: str
  type:
    description: Types to return. Defaults to both.
    type: list
    elements: str
    choices: [amlcompute, computeinstance]
  node_state:
    description:
      - States of the nodes and instances to return. Defaults to all.
      - SSH access is possible to cluster nodes that are V(idle) or V(running), and to instances that are V(running) or V(job_running).
    type: list
    elements: str
    choices:
      [create_failed, creating, deleting, idle, job_running, leaving, preempted, preparing, resizing, restarting, running, setting_up,
       setup_failed, starting, stopped, stopping, unknown, unusable, user_setting_up, user_setup_failed]
  private_key_file:
    description:
      - Path of the private key on the machine where the commands are used. It is inserted into the commands without change, and the file is not read.
      - If not set, ssh uses its own defaults and agent.
    type: str
  scp_file:
    description: The file in the C(scp) command. It is copied to the home directory of the remote user.
    type: str
    default: FILE
  host_prefix:
    description:
      - Prefix of the compute target's name in each C(name). Defaults to the workspace's name and a dash, so that machines of several workspaces have
        different names, and no compute target has the name of one of your hosts.
      - With an empty string the names are those of the compute targets, which other people may choose. C(localhost), its aliases, C(all) and
        C(ungrouped) then get the default name, with a warning.
    type: str
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.prefer
  - azureml.compute.scope
  - azureml.compute.api_version
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
notes:
  - SSH access is off unless it was enabled when the cluster or instance was created, and cannot be changed afterwards.
  - In a virtual network, a public address is reachable only if the network security group allows the port. From outside, use a
    jump host in the network (C(ProxyJump)) and O(prefer=private).
seealso:
  - module: azureml.compute.aml_compute_cluster
  - module: azureml.compute.aml_compute_info
"""

EXAMPLES = r"""
- name: Gather the SSH connections of the nodes of a cluster
  azureml.compute.aml_ssh_facts:
    resource_group: ml-prod
    workspace: ws-prod
    name: cpu-cluster
    private_key_file: ~/.ssh/id_rsa_ml

- name: Show the lines to paste into a shell
  ansible.builtin.debug:
    msg: "{{ aml_ssh.nodes | selectattr('reachable') | map(attribute='ssh') }}"

- name: Make hosts of the nodes
  ansible.builtin.add_host:
    name: "{{ item.name }}"
    groups: aml_nodes
    ansible_host: "{{ item.address }}"
    ansible_port: "{{ item.port }}"
    ansible_user: "{{ item.user }}"
    ansible_ssh_private_key_file: ~/.ssh/id_rsa_ml
  loop: "{{ aml_ssh.nodes | selectattr('reachable') }}"
  loop_control:
    label: "{{ item.name }}"

- name: Gather the private SSH connections of all running machines
  azureml.compute.aml_ssh_facts:
    resource_group: ml-prod
    workspace: ws-prod
    prefer: private
    node_state: [idle, running, job_running]
"""

RETURN = r"""
ansible_facts:
  description: Facts for the tasks that follow.
  returned: success
  type: dict
  contains:
    aml_ssh:
      description: The machines with their SSH connection data.
      type: dict
      contains:
        workspace:
          description: Name of the workspace.
          type: str
          sample: ws-prod
        resource_group:
          description: Its resource group.
          type: str
          sample: ml-prod
        ssh_config:
          description: The blocks of all machines with SSH access, for F(~/.ssh/config). Empty if there is none.
          type: str
          sample: |
            Host ws-prod-cpu-cluster-tvm-1
                HostName 20.1.2.3
                Port 50000
                User azureuser
        nodes:
          description: One entry for each node and each instance.
          type: list
          elements: dict
          contains:
            name:
              description: Name for a host, from the workspace, the compute target and, for a node, the node's id. See O(host_prefix).
              type: str
              sample: ws-prod-cpu-cluster-tvm-1
            id:
              description: Resource id of the compute target; for a node, C(/nodes/) and the node's id are appended. Globally unique.
              type: str
              sample: /subscriptions/.../workspaces/ws-prod/computes/cpu-cluster/nodes/tvm-1
            compute:
              description: Name of the compute target.
              type: str
              sample: cpu-cluster
            type:
              description: V(amlcompute) or V(computeinstance).
              type: str
              sample: amlcompute
            node_id:
              description: The service's name of the node. Null for an instance.
              type: str
              sample: tvm-1
            state:
              description: State of the node or of the instance, as in O(node_state).
              type: str
              sample: idle
            run_id:
              description: The job that runs on the node, or null.
              type: str
              sample: null
            address:
              description: The address to connect to, by O(prefer), or null.
              type: str
              sample: 20.1.2.3
            port:
              description: The port at that address, or null.
              type: int
              sample: 50000
            user:
              description: The user to log in as, or null if the cluster has none.
              type: str
              sample: azureuser
            public_ip_address:
              description: The public address, or null.
              type: str
              sample: 20.1.2.3
            private_ip_address:
              description: The address inside the network, or null.
              type: str
              sample: 10.0.0.4
            reachable:
              description: Whether the service's settings allow a login at C(address) now. No connection is attempted.
              type: bool
              sample: true
            reason:
              description: Why C(reachable) is false, or null.
              type: str
              sample: null
            note:
              description: A note about this address, or null.
              type: str
              sample: null
            ssh:
              description: A command that logs in. Null if C(reachable) is false.
              type: str
              sample: ssh -p 50000 azureuser@20.1.2.3
            scp:
              description: A command that copies O(scp_file) to the home directory. Null if C(reachable) is false.
              type: str
              sample: scp -P 50000 FILE azureuser@20.1.2.3:~/
            ssh_config:
              description: The machine's block for F(~/.ssh/config). Null if C(reachable) is false.
              type: str
              sample: null
failures:
  description:
    - One entry for each item of a list that does not have the documented structure. The result contains all other items, and a warning names each.
    - An entry has the keys of RV(failure). Its C(details) name the C(place), and the C(expected) and the C(found) type.
  returned: when an item cannot be read
  type: list
  elements: dict
  sample:
    - code: UnexpectedAnswer
      message: "The answer about .../computes/cpu-cluster cannot be read: properties must be a mapping, and is a list."
      details: {place: properties, expected: mapping, found: list}
      status: null
      request_id: null
      target: .../computes/cpu-cluster
      hint: ...
      url: https://github.com/azureml-compute/azureml.compute/blob/main/docs/errors.md#unexpectedanswer
failure:
  description:
    - Why the task failed. C(code) is the service's own code or one of the collection, C(message) the cause, C(hint) what to do and C(url) the
      section about the code in the L(reference of error codes,https://github.com/azureml-compute/azureml.compute/blob/main/docs/errors.md).
    - C(details) lists the single problems, if there are several; C(message) is only the first line of a message with several lines then.
    - C(status) and C(request_id) are those of the service's answer.
  returned: failure
  type: dict
  sample:
    code: InvalidComputeName
    message: ...
    details: []
    status: null
    request_id: null
    target: null
    hint: Nothing was sent. Correct name.
    url: https://github.com/azureml-compute/azureml.compute/blob/main/docs/errors.md#invalidcomputename
"""

from ..module_utils._jobs.aml_ssh_facts import gather
from ..module_utils._machines import nodes
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **specs.SCOPE_SPEC,
    **specs.API_VERSION_SPEC,
    "name": {"type": "str"},
    "type": {"type": "list", "elements": "str", "choices": list(nodes.TYPES)},
    "node_state": {"type": "list", "elements": "str", "choices": list(nodes.STATES)},
    "prefer": {"type": "str", "default": "auto", "choices": list(nodes.PREFERENCES)},
    "private_key_file": {"type": "str"},
    "scp_file": {"type": "str", "default": "FILE"},
    "host_prefix": {"type": "str"},
}


def main() -> None:
    run(gather, SPEC)


if __name__ == "__main__":
    main()
