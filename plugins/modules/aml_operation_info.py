#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_operation_info
short_description: Wait for many operations that earlier tasks started
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Waits for all operations of a list in parallel, and returns the result of each. The URLs are those that tasks with C(wait=false) returned.
  - If an operation fails, the others are still returned. The task fails at the end and has an entry for each.
options:
  operations:
    description:
      - URLs of the operations, from C(operation.url) of a result.
      - URLs of other hosts than the cloud's own are refused before the first request.
    type: list
    elements: str
    required: true
  parallelism:
    description: Number of operations that are read in parallel.
    type: int
    default: 32
  fail_on:
    description:
      - V(error) fails when an operation failed, was cancelled, is no longer known to the service, or did not end within O(wait_timeout).
      - V(never) only returns the failures.
    type: str
    choices: [error, never]
    default: error
  wait:
    description: Whether to wait. With V(false), each operation is read once, and one that is still running is not a failure.
    type: bool
    default: true
  wait_timeout:
    description: Maximum number of seconds for all operations in total.
    type: int
    default: 1800
  wait_interval:
    description: Seconds between two polls. If not set, it follows the service's C(Retry-After), or grows from 1 to 15 seconds.
    type: float
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.ignored
  - azureml.compute.ignored.resource_group
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
notes:
  - The service deletes operations after some time. The resource itself then shows their result.
seealso:
  - module: azureml.compute.aml_fleet
  - module: azureml.compute.aml_compute_info
"""

EXAMPLES = r"""
- name: Start everything
  azureml.compute.aml_fleet:
    workspaces: "{{ workspaces }}"
    wait: false
  register: fleet

- name: Wait for all of it
  azureml.compute.aml_operation_info:
    operations: "{{ fleet.targets | selectattr('operation', 'defined') | map(attribute='operation.url') }}"
    wait_timeout: 3600
"""

RETURN = r"""
operations:
  description: One entry for each URL, in the order of O(operations). It is also returned when the task fails.
  returned: always
  type: list
  elements: dict
  contains:
    url:
      description: The URL.
      type: str
      returned: always
    status:
      description: V(Succeeded), V(Failed), V(Canceled), another status of the service for a running operation, or V(Unknown) if the service no
        longer knows the URL.
      type: str
      returned: always
      sample: Succeeded
    finished:
      description: Whether the operation has ended.
      type: bool
      returned: always
    failure:
      description: Why it failed or could not be read, with C(code), C(message), C(hint) and so on, or null.
      type: dict
      returned: always
totals:
  description: The number of operations, of failures, and of each status.
  returned: always
  type: dict
  sample: {operations: 200, failed: 0, Succeeded: 200}
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

from ..module_utils._jobs.aml_operation_info import OPERATION_SPEC, wait_for_operations
from ..module_utils._module.entry import run

SPEC = OPERATION_SPEC


def main() -> None:
    run(wait_for_operations, SPEC)


if __name__ == "__main__":
    main()
