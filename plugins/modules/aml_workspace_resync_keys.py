#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_workspace_resync_keys
short_description: Resynchronize the keys that a workspace caches
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - A workspace caches the keys of its storage account and of its other resources. After a key was rotated there, the cached key is
    stale until the service reads it again, which this module requests.
  - The service does not return whether the copy is stale. The action is executed in every run, and always reports a change.
options:
  wait_timeout:
    description:
      - Maximum number of seconds to wait.
    type: int
    default: 600
  wait_interval:
    description:
      - Seconds between two reads. Defaults to the service's C(Retry-After), or grows from 1 to 15 seconds.
    type: float
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.scope
  - azureml.compute.api_version
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
attributes:
  diff_mode:
    description: The service does not return which key was stale.
    support: none
  idempotent:
    description: The action is executed in every run.
    support: none
seealso:
  - module: azureml.compute.aml_workspace
"""

EXAMPLES = r"""
- name: Resynchronize the keys after a key of the storage account was rotated
  azureml.compute.aml_workspace_resync_keys:
    resource_group: ml-prod
    workspace: ws-prod
"""

RETURN = r"""
changed:
  description: Always true. The service does not return whether a key was stale.
  returned: success
  type: bool
  sample: true
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

from ..module_utils._jobs.aml_workspace_resync_keys import resync_keys
from ..module_utils._jobs.workspace_actions import ACTION_SPEC
from ..module_utils._module.entry import run

SPEC = ACTION_SPEC


def main() -> None:
    run(resync_keys, SPEC)


if __name__ == "__main__":
    main()
