# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: modernised
short_description: Declare the successors of compute targets that use what is retired
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Returns declarations for M(azureml.compute.aml_fleet) in which retired sizes and low priority are replaced, as the playbook
    C(azureml.compute.modernise) uses them.
  - A retired size is replaced by the cheapest size of the region that no retirement is announced for, with at least as many vCPUs and as much
    memory, as many GPUs, and of a related series. Clusters are declared completely, instances with their new size only.
  - Reads only its input, and sends no request.
positional: sizes, tier, force, extension
options:
  _input:
    description:
      - C(computes) of M(azureml.compute.aml_compute_info), C(exported), the result of M(azureml.compute.aml_export_info) for the clusters and instances
        among those, and C(regions), a list of results of M(azureml.compute.aml_vm_size_info).
      - C(online_deployments) of M(azureml.compute.aml_fleet_info). None of them is replaced.
      - C(earlier), the declarations that an interrupted run was to create. Those of them that do not exist are declared again.
    type: dict
    required: true
  sizes:
    description: New sizes by old ones, in place of those that are proposed.
    type: dict
    default: {}
  tier:
    description: The tier of clusters with low priority. V(low_priority) keeps it.
    type: str
    choices: [dedicated, low_priority]
    default: dedicated
  force:
    description: Whether clusters with nodes and running instances are declared too.
    type: bool
    default: false
  extension:
    description:
      - Options of M(azureml.compute.aml_kubernetes_extension) for the clusters that take the place of inference clusters, such as C(ssl).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show what would replace the retired targets of a workspace
  ansible.builtin.debug:
    msg: "{{ readings | azureml.compute.modernised({'Standard_NC6s_v3': 'Standard_NC16as_T4_v3'}) }}"
  vars:
    readings:
      computes: "{{ info.computes }}"
      exported: "{{ exported }}"
      regions: ["{{ sizes }}"]
"""

RETURN = r"""
_value:
  description:
    - C(retired) has a line for each target and each online deployment that uses what is retired, and C(computes) the declarations of those that can be
      replaced or resized.
    - C(kubernetes) has C(name) of each inference cluster that another AKS cluster can take the place of, C(compute), the name of that cluster and of its
      attachment, and C(location), C(node_pools) and C(extension) for the role P(azureml.compute.aml_kubernetes#role).
    - C(blocked) has C(name) and C(reason) of all others, C(lost) the names of declarations of an interrupted run, and C(notes) what to do after a
      replacement. C(attached) has C(name) and C(reason) of inference clusters whose successor is attached.
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._core import canon, shape
from ..module_utils._core.errors import AmlError
from ..module_utils._fleet import modernise

_TIERS = ("dedicated", "low_priority")


def modernised(
    given: dict[str, t.Any],
    sizes: t.Any = None,
    tier: t.Any = "dedicated",
    force: bool = False,
    extension: t.Any = None,
) -> dict[str, t.Any]:
    choices = _choices(sizes or {}, tier, force, extension or {})
    try:
        with shape.reading(given, shape.MODERNISED):
            return modernise.document(_reading(given), choices)
    except AmlError as error:
        raise AnsibleFilterError(f"azureml.compute.modernised: {error.message}") from error


def _choices(sizes: t.Any, tier: t.Any, force: bool, extension: t.Any) -> modernise.Choices:
    if not isinstance(sizes, dict) or not all(isinstance(new, str) for new in sizes.values()):
        raise AnsibleFilterError("azureml.compute.modernised: sizes is a mapping of old names of sizes to new ones.")
    if tier not in _TIERS:
        raise AnsibleFilterError(f"azureml.compute.modernised: tier is {' or '.join(_TIERS)}, not {tier!r}.")
    if not isinstance(extension, dict):
        raise AnsibleFilterError("azureml.compute.modernised: extension is a mapping of options of the extension.")
    new_sizes = {str(old).casefold(): str(new) for old, new in sizes.items()}
    return modernise.Choices(new_sizes, str(tier), bool(force), extension)


def _reading(given: dict[str, t.Any]) -> modernise.Reading:
    # A task that was skipped has no result.
    exported = {"fleet": {"computes": []}, "missing": [], **(given.get("exported") or {})}
    regions = given.get("regions") or []
    return modernise.Reading(
        given["computes"],
        exported["fleet"]["computes"],
        exported["missing"],
        {str(canon.region(region["location"])): region["sizes"] for region in regions},
        given.get("earlier") or [],
        given.get("online_deployments") or [],
    )


class FilterModule:
    """Successors of what is retired."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"modernised": modernised}
