# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ``_options.specs.WAIT_SPEC``."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait until the operation has ended, and then to read the resource again to verify the declared values.
      - With V(false) the task ends when the service has accepted the request; C(operation) in the result then describes the running operation. Of
        several operations that follow one another, all but the last are waited for.
      - If another operation, of an earlier run or of another writer, is running on the same resource, the task waits for it.
    type: bool
    default: true
  wait_timeout:
    description:
      - Maximum number of seconds that the task waits in total. After that, the task fails with the operation that it waited for and the last
        state. The operation continues in Azure. Run the same task again to wait for it.
      - A response to a request may take at least 15 seconds, as with O(retry_timeout). Therefore the task can last that much longer.
    type: int
    default: 1800
  wait_interval:
    description:
      - Seconds between two polls. If not set, it follows the service's C(Retry-After), or grows from 1 to 15 seconds. The first
        poll is always immediate.
      - The interval is at least 1 second, and at most 300 seconds because of C(Retry-After).
    type: float
"""
