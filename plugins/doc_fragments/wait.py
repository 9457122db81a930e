# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ``_argspec.WAIT_SPEC``."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait until the service is done, and to check with a fresh read that it did what was declared.
      - With V(false) the task ends when the service has accepted the request; C(operation) in the result then says what is under way. Of
        several operations that follow one another, all but the last are waited for.
      - If an operation of an earlier run or of someone else is under way for the same resource, the task waits for it.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds for all waits of the task together. When they run out, the task fails and says what it waited for and the last
        state. Nothing is lost by that. The same task, run again, continues waiting.
      - A request that was sent gets at least 15 seconds for its answer, as with O(retry_timeout). So the task can last that much longer.
    type: int
    default: 1800
  wait_interval:
    description:
      - Seconds between two looks. If not set, it follows the service's C(Retry-After), or grows from 1 to 15 seconds. The first
        look is always at once.
      - Two looks are never less than 1 second apart, nor more than 300 because of C(Retry-After).
    type: float
"""
