# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: merge_fleet_results
short_description: Merge the results of several runs of aml_fleet over one document
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Merges the results of M(azureml.compute.aml_fleet) for subsets of the same document into the result that one run over the whole document would return.
  - If there are two results for the same workspace, the later one in the list is used. The targets are in the order of the document.
options:
  _input:
    description: The results, with O(azureml.compute.aml_fleet#module:full_result=true), also of tasks that have failed.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Check that no workspace is missing
  ansible.builtin.assert:
    that: merged.complete
    fail_msg: "{{ merged.totals.failed }} failed; no one worked on {{ merged.missing }}. {{ merged.failures }}"
  vars:
    merged: "{{ ansible_play_hosts_all | map('extract', hostvars, 'fleet') | azureml.compute.merge_fleet_results }}"
"""

RETURN = r"""
_value:
  description:
    - C(changed), C(targets), C(undeclared), C(totals), C(workspaces) and C(document) as the module returns them.
    - C(missing) are the ids of the workspaces of the document that no run has processed. C(failures) shows why runs ended before they processed
      anything, as C(failure) of the module does. C(complete) is whether no workspace is missing and nothing has failed.
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._core import shape
from ..module_utils._core.errors import AmlError
from ..module_utils._fleet import merge


def merge_fleet_results(results: t.Any) -> dict[str, t.Any]:
    given = shape.listed(results)
    try:
        with shape.reading(given, shape.RESULTS):
            if any("totals" in result and "workspaces" not in result for result in given):
                raise AmlError("a result lacks the workspaces. Set full_result: true in the tasks of aml_fleet.")
            return merge.merge(given)
    except AmlError as error:
        raise AnsibleFilterError(f"azureml.compute.merge_fleet_results: {error.message}") from error


class FilterModule:
    """Results of shares."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"merge_fleet_results": merge_fleet_results}
