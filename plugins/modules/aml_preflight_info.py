#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_preflight_info
short_description: Validate compute targets against quotas, sizes, networks and identities
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Compares a list of declared compute targets with the current state, and reports what the service would refuse, and targets that could never run jobs.
  - The offline rules of each kind; the size in the region, for the kind and the tier; quotas of families, of the region, of low-priority
    vCPUs, of the workspace and of the number of computes, summed over all that is about to be created; subnets (existence, region,
    subscription, delegation, free addresses); identities; locks that stop scaling; and a private endpoint where nodes have no public address.
  - For an existing target, only the increase is counted.
  - It only reads. Each workspace, region, network, resource group and identity is read once, independent of the number of targets.
  - Sizes, quotas, delegations and free addresses are checked for clusters and instances. For AKS it is whether the subnet exists and where.
    Other kinds get their offline rules, identities and read-only locks. What AKS needs of the subscription's quotas for virtual machines,
    and whether the resource to attach exists, is not checked.
options:
  computes:
    description:
      - The compute targets, each with the options of its module, and with V(type) and V(name).
      - V(type) is one of V(amlcompute), V(computeinstance), V(aks), V(kubernetes), V(virtualmachine), V(databricks), V(datalakeanalytics),
        V(hdinsight), V(synapsespark) and V(datafactory).
      - An entry may have its own V(workspace) and V(resource_group).
      - Secrets are not needed. If an entry has secrets, they are masked in all output.
    type: list
    elements: dict
    required: true
  fail_on:
    description:
      - V(never) returns the findings, so that the playbook decides.
      - V(error) fails with the code V(PreflightFailed) if there is an error, and V(warning) if there is any finding.
    type: str
    choices: [error, warning, never]
    default: never
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.scope
  - azureml.compute.api_version
  - azureml.compute.attributes.info
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.aml_usage_info
  - module: azureml.compute.aml_vm_size_info
  - module: azureml.compute.aml_quota
  - module: azureml.compute.aml_compute_cluster
"""

EXAMPLES = r"""
- name: Validate the compute targets before they are created
  azureml.compute.aml_preflight_info:
    resource_group: ml-prod
    workspace: ws-prod
    computes:
      - type: amlcompute
        name: cpu-cluster
        size: Standard_D4s_v3
        max_instances: 4
      - type: computeinstance
        name: ci-ada
        size: Standard_D4s_v3
  register: look

- name: Show what was found
  ansible.builtin.debug:
    msg: "{{ item.severity }} {{ item.code }} {{ item.target }}: {{ item.message }} {{ item.hint }}"
  loop: "{{ look.findings }}"

- name: Stop a pipeline on the first error
  azureml.compute.aml_preflight_info:
    resource_group: ml-prod
    workspace: ws-prod
    fail_on: error
    computes:
      - type: amlcompute
        name: cpu-cluster
        size: Standard_D4s_v3
        max_instances: 4
"""

RETURN = r"""
passed:
  description: Whether the findings contain no error. Warnings are ignored.
  returned: success
  type: bool
  sample: false
counts:
  description: The number of findings, as C(error) and C(warning).
  returned: success
  type: dict
  sample: {error: 1, warning: 0}
findings:
  description: The findings, errors first. On failure, RV(ignore:failure.details) has the same.
  returned: success
  type: list
  elements: dict
  contains:
    code:
      description:
        - Stable code. V(SizeNotOffered), V(SizeNotForKind), V(SizeNotLowPriorityCapable), V(LocationNotOffered), V(FamilyQuotaExceeded),
          V(RegionalQuotaExceeded), V(LowPriorityQuotaExceeded), V(WorkspaceQuotaExceeded), V(ComputeCountExceeded), V(QuotaBelowMaximum),
          V(QuotaUnknown), V(ManyNodes), V(SubnetNotFound), V(SubnetDelegated), V(SubnetTooSmall), V(NetworkInOtherRegion),
          V(NetworkInOtherSubscription), V(IdentityNotFound), V(ScopeLocked), V(PrivateEndpointMissing), V(WorkspaceNotFound),
          V(KindMismatch), V(NeedsReplacement), V(DuplicateCompute), V(InvalidEntry), V(InvalidOption), V(NotChecked), and the codes of the
          kinds' offline rules.
      type: str
      returned: always
      sample: FamilyQuotaExceeded
    severity:
      description: V(error) for a target that will fail, V(warning) for one that may fail or could not be checked.
      type: str
      returned: always
      sample: error
    target:
      description: Name of the compute target; several names if a total exceeds a limit; empty if the finding concerns no target.
      type: str
      returned: always
      sample: cpu-cluster
    option:
      description: The option that the finding concerns.
      type: str
      returned: always
      sample: size
    message:
      description: The finding.
      type: str
      returned: always
      sample: "2 of 100 dedicated vCPUs of standardDSv3Family in eastus are left (98 are in use), and 4 are needed at once (cpu-cluster: 4)."
    hint:
      description: What to do.
      type: str
      returned: always
      sample: Request more quota, choose another size or region, or declare fewer nodes; aml_usage_info shows what is left.
    url:
      description: The section about the code in the reference of error codes, which names the official source.
      type: str
      returned: always
      sample: https://github.com/azureml-compute/azureml.compute/blob/main/docs/errors.md#familyquotaexceeded
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

from ..module_utils._jobs.aml_preflight_info import validate_computes
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **specs.SCOPE_SPEC,
    **specs.API_VERSION_SPEC,
    "computes": {"type": "list", "elements": "dict", "required": True},
    "fail_on": {"type": "str", "default": "never", "choices": ["error", "warning", "never"]},
}


def main() -> None:
    run(validate_computes, SPEC, free_form=("computes",))


if __name__ == "__main__":
    main()
