#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_fleet
short_description: Manage the compute targets and other resources of many Azure Machine Learning workspaces
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Manages any number of compute targets, of all types and in any number of workspaces and subscriptions, and the connections, datastores,
    diagnostic settings, role assignments, and endpoints with their deployments of these workspaces, from one document.
  - It reads each workspace once, plans all targets, and processes those that differ in parallel. A target that matches its declaration needs no request.
    Connections, datastores, diagnostic settings, role assignments and endpoints are further lists, each of which is read only of workspaces that have it in
    the document.
  - If one target fails, the others are still processed. The task fails at the end. Its message lists the failures by their code, at most 10 of each.
  - With C(--diff), also in check mode, it shows the difference of each changed target, deletions and detachments first, and RV(table) at the end.
  - The next run continues an interrupted run. It waits for running operations, and creates nothing twice. On SIGTERM and SIGINT
    it starts no further operation and ends immediately, with the failure C(Interrupted) for targets in progress and C(NotStarted) for the others.
  - A target whose removal releases a resource that another target attaches is removed first. Pruning comes last. All other targets are independent.
options:
  name:
    description:
      - Name of the fleet. It is stored in the tag C(azureml-compute-fleet) of the targets that the fleet creates, and of existing declared targets if
        the service accepts new tags.
      - Required for O(prune).
    type: str
  workspaces:
    description:
      - The workspaces, which must exist, each with its compute targets, connections and datastores.
      - One of O(workspaces) and O(folder) is required; with both, the fleet contains the targets of both.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the workspace.
        type: str
        required: true
      resource_group:
        description: Its resource group. Defaults to the task's O(resource_group).
        type: str
      subscription_id:
        description: Its subscription. Defaults to the subscription of the credential.
        type: str
      defaults:
        description: Options for the targets of this workspace, as in O(defaults), over which they take precedence.
        type: dict
      computes:
        description:
          - The compute targets. Each has C(name), C(type) as the Azure ML CLI spells it, C(state), and the options of the module for that type
            (M(azureml.compute.aml_compute_cluster), M(azureml.compute.aml_compute_instance), M(azureml.compute.aml_inference_cluster) and
            M(azureml.compute.aml_attached_compute)).
          - C(wait), C(wait_timeout), C(wait_interval), C(attempts), C(on_immutable_change), C(force) and C(append_tags) of a target take precedence
            over those of the task. C(preflight) and C(api_version) can be set only for the task.
          - With O(prune=detach) and O(prune=delete), null is refused, so that a variable without a value does not prune all of them. An empty list does.
        type: list
        elements: dict
      connections:
        description:
          - The connections. Each has C(name), C(state), and the options of the module M(azureml.compute.aml_connection), C(type) included.
          - A connection is processed and reported as a target of the type C(connection). In messages and patterns it is C(WORKSPACE/connections/NAME).
          - The tag of the fleet is one of its C(metadata). A connection with credentials, if it exists and they are not declared, does not get it.
          - What another workspace shares with this one, such as a hub with its projects, is neither pruned nor taken for one of this workspace. Declaring
            it here is refused.
        type: list
        elements: dict
      datastores:
        description:
          - The datastores. Each has C(name), C(state), and the options of the module M(azureml.compute.aml_datastore), C(type) included.
          - A datastore is processed and reported as a target of the type C(datastore). In messages and patterns it is C(WORKSPACE/datastores/NAME).
          - As in the module, a secret is sent only when the datastore is created or changed, or with C(update_password=always), and a datastore with
            credentials cannot be changed without its declared secret. Such a datastore, if it exists and its secret is not declared, does not get the tag
            of the fleet either.
        type: list
        elements: dict
      diagnostic_settings:
        description:
          - The diagnostic settings. Each has C(name), C(state), and the options of the module M(azureml.compute.aml_diagnostic_setting).
          - A diagnostic setting is processed and reported as a target of the type C(diagnostic_setting). In messages and patterns it is
            C(WORKSPACE/diagnostic_settings/NAME).
          - Diagnostic settings have no tags. They are never pruned; declare O(workspaces[].diagnostic_settings) with C(state=absent) to delete one.
        type: list
        elements: dict
      role_assignments:
        description:
          - The roles that are assigned on the workspace. Each has C(role), C(principal_id), C(state), and the other options of the module
            M(azureml.compute.aml_role_assignment) except C(scope). The name follows from these.
          - The name of a custom role is looked up once for all workspaces of a resource group. A name that no role has is refused before the first write.
          - A role assignment is processed and reported as a target of the type C(role_assignment). Its reason in plans is C(ROLE for PRINCIPAL_ID), and
            patterns can match C(WORKSPACE/role_assignments/ROLE for PRINCIPAL_ID). An existing one counts under any name, whoever made it. One that is
            inherited from the resource group or the subscription does not count.
          - Role assignments are never pruned. They have no tags, so that those of the fleet cannot be distinguished from those of others, and the removal
            of a role can exclude people, jobs or the identity of the run itself. Declare one with C(state=absent) to remove it, whoever made it.
        type: list
        elements: dict
      online_endpoints:
        description:
          - The online endpoints. Each has C(name), C(state), and the options of the module M(azureml.compute.aml_online_endpoint) except C(regenerate_keys).
          - An online endpoint is processed and reported as a target of the type C(online_endpoint). In messages and patterns it is
            C(WORKSPACE/online_endpoints/NAME). It is written after the compute targets. It is deleted and pruned before the compute target that it runs on.
          - An endpoint that is created with C(traffic) is created without it first; the traffic follows when its deployments in C(online_deployments) exist.
            Also with O(wait=false), the run waits for a new endpoint that has declared deployments, for deployments that get traffic or become the default,
            and for compute targets that these endpoints and deployments run on.
          - An endpoint whose deployments get traffic is neither deleted nor pruned, unless C(force) is set.
        type: list
        elements: dict
      online_deployments:
        description:
          - The deployments of online endpoints. Each has C(endpoint_name), C(name), C(state), and the options of the module
            M(azureml.compute.aml_online_deployment) except C(log_lines). The endpoint exists, or is declared in C(online_endpoints).
          - An online deployment is processed and reported as a target of the type C(online_deployment). In messages and patterns it is
            C(WORKSPACE/online_deployments/ENDPOINT/NAME). It is written after its endpoint is created, and before the endpoint's traffic is changed; it is
            deleted after that, and before the endpoint.
          - A deployment that gets traffic is neither deleted, replaced nor pruned.
        type: list
        elements: dict
      batch_endpoints:
        description:
          - The batch endpoints. Each has C(name), C(state), and the options of the module M(azureml.compute.aml_batch_endpoint).
          - They are processed as C(online_endpoints), as targets of the type C(batch_endpoint), in patterns C(WORKSPACE/batch_endpoints/NAME). The default
            deployment of a new endpoint is set when that deployment exists.
        type: list
        elements: dict
      batch_deployments:
        description:
          - The deployments of batch endpoints. Each has C(endpoint_name), C(name), C(state), and the options of the module
            M(azureml.compute.aml_batch_deployment). The endpoint exists, or is declared in C(batch_endpoints).
          - They are processed as C(online_deployments), as targets of the type C(batch_deployment), in patterns
            C(WORKSPACE/batch_deployments/ENDPOINT/NAME). The default deployment of an endpoint is neither deleted, replaced nor pruned.
        type: list
        elements: dict
      created_earlier:
        description:
          - Whether earlier tasks of the play create the workspace, its subnets and the compute targets of its endpoints and deployments. In check mode they
            may then be missing, and the targets of a missing workspace are planned as new ones.
          - In a run that is not in check mode, a missing workspace is always an error.
        type: bool
        default: false
      location:
        description: Region that a missing workspace with O(workspaces[].created_earlier) will have, for the pre-flight checks.
        type: str
  folder:
    description:
      - A folder on the host that runs the module, with a subfolder for each resource group, in it a subfolder for each workspace, and in it a file of
        YAML of the Azure ML CLI v2 for each compute target, connection or datastore, as in F(ml-prod/ws-prod/small.yml). Only files that end in C(.yml) or
        C(.yaml) are read.
      - Each file must be valid for C(az ml compute create --file), C(az ml connection create --file) or C(az ml datastore create --file). Its C(type)
        says which. With C(azure_blob) and C(azure_data_lake_gen2), a file that has a target (or C(url)) is one of a connection. Requires C(azure-ai-ml).
      - The files take precedence over O(defaults).
    type: path
  limit:
    description:
      - Patterns for the targets that this run processes, as Ansible's C(--limit) for hosts. A pattern matches the name of a target, C(WORKSPACE/TARGET),
        a workspace, C(RESOURCE_GROUP/WORKSPACE), or a type, as V(gpu-*), V(ws-prod/*), V(computeinstance), V(connection) or V(all). V(!gpu-*) excludes targets,
        V(&computeinstance) requires a further match, and V(~ci-[0-9]+) is a regular expression. One text may have several patterns, separated by colons
        or commas. A pattern that matches no target of the document is named in a warning.
      - Defaults to all targets. Null, an empty list and an empty pattern are refused, so that a variable without a value does not select all targets.
      - The other targets are neither read nor changed nor pruned, and need no quota. With O(max_monthly_cost) they are read, because that is for the
        whole document.
    type: list
    elements: str
  share:
    description:
      - The workspaces of the document that this run processes, each by its id, its name, or C(RESOURCE_GROUP/NAME). Defaults to all workspaces.
      - With O(preflight) and O(max_monthly_cost) the module still reads all workspaces, and fails when the whole document exceeds a quota or the
        cost, so that parallel runs together do not exceed a limit that each of them alone respects.
      - The result contains only the targets of these workspaces. The filter P(azureml.compute.merge_fleet_results#filter) merges several results.
    type: list
    elements: str
  defaults:
    description:
      - Options for all targets, under C(all), and for the targets of one type, under the type (C(amlcompute), C(computeinstance), ..., C(connection),
        C(datastore), C(diagnostic_setting), C(online_endpoint), C(online_deployment),
        C(batch_endpoint), C(batch_deployment), C(role_assignment)). Options under C(all) that only
        compute targets have, do not apply to the others.
      - The order of precedence is the target's own option, the defaults of its workspace for the type and for C(all), then these defaults for the
        type and for C(all). A mapping is used as a whole from the first source that has it.
    type: dict
  resource_group:
    description: Resource group of the workspaces without one.
    type: str
  parallelism:
    description: Number of targets that are processed in parallel.
    type: int
    default: 16
  parallelism_per_workspace:
    description: Number of targets that are processed in parallel in one workspace.
    type: int
    default: 8
  attempts:
    description:
      - Maximum number of attempts for a target. It is tried again, after 15 seconds, when an operation failed or the service could not respond, but
        not when the service or a rule refuses it. A target whose creation failed is replaced.
    type: int
    default: 1
  on_error:
    description:
      - V(continue) processes the remaining targets when one fails. V(stop) starts no new target and waits for running operations. It starts none at all
        if a target fails before the first write.
    type: str
    choices: [continue, stop]
    default: continue
  prune:
    description:
      - What to do with a target in one of the O(workspaces) that the fleet created (according to its tag) and that is no longer declared.
      - V(report) lists it in RV(undeclared). V(detach) detaches attached targets. V(delete) also deletes clusters, instances, connections and datastores.
      - Targets that the fleet did not create are never changed, and the underlying resource of a target and the data of a datastore are never deleted.
      - Connections and datastores are pruned in workspaces that have O(workspaces[].connections) or O(workspaces[].datastores), which may be an empty list,
        and in those of O(folder).
      - An endpoint of which a deployment is declared, and a compute target on which a declared endpoint or deployment runs, stay, with a warning.
      - The datastores that the service created with a workspace, such as C(workspaceblobstore), are never pruned, whatever their tags. The default datastore
        stays, with a warning, as long as it is the default one.
    type: str
    choices: [none, report, detach, delete]
    default: none
  preflight:
    description:
      - Whether to check sizes, quotas, subnets, identities and locks for all targets that are created or grow, before the first write.
      - Quota that the targets need at once (the minimum nodes of clusters, and instances) is required. Quota that clusters need only to grow to their
        maximum number of nodes is a warning.
    type: bool
    default: true
  preflight_fail_on:
    description:
      - Which findings of O(preflight) fail the task. The others are warnings.
      - Options that are wrong in themselves always fail it.
    type: str
    choices: [error, warning, never]
    default: error
  estimate_cost:
    description:
      - Whether to estimate the cost of the declared targets for a month of 730 hours, with their minimum and maximum number of nodes, from the
        service's price estimates. This reads each workspace with a new target, and the sizes of each region.
      - These are list prices of the virtual machines of clusters, instances and managed online deployments, without disks, network and discounts.
        Attached compute, deployments on Kubernetes, batch deployments, connections and datastores are not included.
      - A managed online deployment is estimated by its instance type and instance count. Instances that autoscale settings of Azure Monitor add are not
        known to the deployment, and not included.
      - The minimum of a cluster of low priority is by the service's price for it, and its maximum by that of dedicated nodes, because the price varies
        between the two.
    type: bool
    default: false
  max_monthly_cost:
    description:
      - Fail before the first write, and in check mode, if the total maximum cost of all declared targets is greater than this value, in the currency
        of the estimates.
      - It is for the whole document, also if O(limit) or O(share) selects some of the targets. RV(totals) and RV(table) then contain what was counted.
      - A target without a known price is listed in RV(totals), and not included in the total.
      - It implies O(estimate_cost).
    type: float
  plan_file:
    description:
      - A file to which check mode writes the plan, as JSON, for O(approved_plan). Only its owner can read it. It contains no secrets.
      - C(table) in it has a line for each changed target, C(targets) the changes of each, and C(digest) identifies the plan. The same plan, with the
        same costs if they are estimated, has the same digest.
      - A relative path is relative to the directory in which the module runs. It is ignored outside of check mode.
      - The file of an earlier run is removed at the start. If the task fails, there is no file, so that no earlier plan can be approved by mistake. A file
        that no run of a fleet has written is not overwritten.
    type: path
  table_file:
    description:
      - A file to which the whole RV(table) is written, as text, in check mode and otherwise, also if targets failed. Only its owner can read it.
      - Relative paths and existing files are handled as for O(plan_file). If nothing could be planned, or a check of the whole document fails, there is no
        file.
    type: path
  approved_plan:
    description:
      - The plan to apply, which check mode wrote to O(plan_file), as the path of the file or as its content. Use the same document and options.
      - A relative path is relative to the directory in which the module runs.
      - The task applies exactly this plan. It fails before the first write (C(PlanChanged)), with the differences, if its own plan is another one, because
        the declaration or the state of a target has changed since then. A target that changes after that check is not processed (C(ChangedMeanwhile)).
      - It also fails if the plan is null, cannot be read or was edited (C(PlanNotReadable)), or if C(table) in it is not the table of its C(targets). The
        digest has no key, so it is not a signature. It protects from accidents. Who may approve a plan, and which file is applied, is up to the pipeline.
    type: raw
  full_result:
    description:
      - Whether the result contains every target, also unchanged ones, with RV(workspaces) and RV(document).
      - By default, it contains the changed targets; if the task fails, only those failures that RV(failure) shows, because Ansible prints the result
        of a failed task.
      - Required for P(azureml.compute.merge_fleet_results#filter) and P(azureml.compute.drift_report#filter).
    type: bool
    default: false
  report:
    description:
      - Whether check mode returns the drift RV(report), for the filter P(azureml.compute.drift_report#filter), which merges reports of several hosts.
      - A report also reads each workspace and the usages of each region. The compute targets are not listed again. Datastores are part of it where the run
        reads them. Ignored outside of check mode.
      - Use O(on_immutable_change=recreate) and O(force=true), so that a change that would be refused is reported as a difference, and O(prune=report).
    type: bool
    default: false
  report_folder:
    description:
      - A folder to which check mode writes the drift report, as F(drift.json), F(drift.md), F(drift.html), F(drift.xml) (JUnit) and F(drift.csv), also if
        targets failed. It is created if it does not exist. An existing F(drift.json) shows since when a difference has existed.
      - A relative path is relative to the directory in which the module runs.
    type: path
  append_tags:
    description: Whether undeclared tags are preserved.
    type: bool
    default: true
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.resources_created_earlier
  - azureml.compute.ignored
  - azureml.compute.show_variables
  - azureml.compute.wait
  - azureml.compute.state
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.aml_compute_cluster
  - module: azureml.compute.aml_connection
  - module: azureml.compute.aml_datastore
  - plugin: azureml.compute.merge_fleet_results
    plugin_type: filter
  - module: azureml.compute.aml_preflight_info
"""

EXAMPLES = r"""
- name: Manage similar clusters in two workspaces
  azureml.compute.aml_fleet:
    name: production
    defaults:
      all:
        tags:
          team: vision
      amlcompute:
        size: Standard_D4s_v3
        min_instances: 0
        idle_time_before_scale_down: 120
    workspaces:
      - name: ws-prod
        resource_group: ml-prod
        computes:
          - {type: amlcompute, name: small, max_instances: 2}
          - {type: amlcompute, name: large, max_instances: 8}
      - name: ws-far
        resource_group: ml-far
        computes:
          - {type: amlcompute, name: small, max_instances: 2}
  register: fleet

- name: Manage clusters, connections and datastores of a workspace
  azureml.compute.aml_fleet:
    workspaces:
      - name: ws-prod
        resource_group: ml-prod
        computes:
          - {type: amlcompute, name: small, size: Standard_D4s_v3, max_instances: 2}
        connections:
          - {name: models, type: azure_open_ai, target: "https://oai-prod.openai.azure.com/"}
        datastores:
          - name: training_data
            type: azure_blob
            account_name: stmlprod
            container_name: training
          - name: shared_files
            type: azure_file
            account_name: stmlprod
            file_share_name: shared
            credentials:
              account_key: "{{ storage_key }}"

- name: Manage the fleet from files of the Azure ML CLI, in folders by resource group and workspace
  azureml.compute.aml_fleet:
    folder: "{{ playbook_dir }}/fleet"

- name: Write the plan to a file, for a review
  azureml.compute.aml_fleet:
    workspaces: "{{ aml_fleet_workspaces }}"
    plan_file: "{{ playbook_dir }}/production.json"
  check_mode: true

- name: Apply the plan that was approved, and nothing else
  azureml.compute.aml_fleet:
    workspaces: "{{ aml_fleet_workspaces }}"
    approved_plan: "{{ playbook_dir }}/production.json"

- name: Show what was changed, or in check mode what would be
  ansible.builtin.debug:
    msg: "{{ fleet.table }}"
"""

RETURN = r"""
table:
  description:
    - Lines of text. One for each changed target, deletions and detachments first, with its action, the changed fields, the reason, and with
      O(estimate_cost) or O(max_monthly_cost) the difference of its monthly cost; then the totals.
    - With O(prune), behind the totals one line for each target that the fleet created, that is no longer declared and that stays, with the reason.
    - It contains at most 30 changed and 10 undeclared targets, and C(and N more) for the others. O(table_file) contains all of them.
  returned: always, except if nothing could be planned
  type: list
  elements: str
  sample:
    - TARGET         ACTION  FIELDS                 REASON
    - ws-prod/old    delete                         the fleet created it and no longer declares it
    - "ws-prod/small  update  max_instances: 2 -> 4"
    - "600 targets: 1 delete, 1 update done, 598 unchanged."
plan_digest:
  description: Identifies the plan. Two plans with the same digest do the same.
  returned: in check mode, with O(plan_file), if no target failed
  type: str
  sample: sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
plan_file:
  description: Absolute path of the file with the plan.
  returned: in check mode, with O(plan_file), if no target failed
  type: str
table_file:
  description: Absolute path of the file with the whole table.
  returned: with O(table_file)
  type: str
diff:
  description:
    - For each changed target C(before), C(after), C(before_header) and C(after_header), in the order of RV(table), which is the last entry, as C(prepared).
    - Ansible prints it unless the task fails; RV(table) is printed in either case if the role P(azureml.compute.aml_fleet#role) runs the module.
  returned: in diff mode
  type: list
  elements: dict
targets:
  description:
    - One entry for each declared target that was changed or, in check mode, would be, in the order of the document; with O(full_result), for each
      declared target.
    - If the task fails, and without O(full_result), one entry for each of the failed targets that RV(failure) shows, at most 10 of each code.
      C(details) there have only C(workspace), C(name) and C(code) of them.
  returned: always
  type: list
  elements: dict
  contains:
    workspace:
      description: Name of the workspace.
      type: str
      returned: always
      sample: ws-prod
    resource_group:
      description: Its resource group.
      type: str
      returned: always
      sample: ml-prod
    subscription_id:
      description: Its subscription.
      type: str
      returned: always
      sample: 00000000-0000-0000-0000-000000000000
    name:
      description: Name of the target.
      type: str
      returned: always
      sample: small
    type:
      description: Type of the compute target, as the Azure ML CLI spells it, V(connection) or V(datastore).
      type: str
      returned: always
      sample: amlcompute
    id:
      description: Resource id.
      type: str
      returned: always
    action:
      description:
        - The action, or in check mode the planned action. V(none), V(create), V(update), V(replace), V(delete), V(detach), V(start), V(stop) or V(restart).
      type: str
      returned: always
      sample: update
    changed:
      description: Whether it was changed, or would be changed.
      type: bool
      returned: always
    changes:
      description: For each field C(field), C(before), C(after), C(mutability) and C(reason).
      type: list
      elements: dict
      returned: always
    reason:
      description: Why it is created, replaced or removed.
      type: str
      returned: always
    attempts:
      description: Number of attempts; 0 if nothing had to be done.
      type: int
      returned: always
      sample: 1
    seconds:
      description: Duration of the processing.
      type: float
      returned: always
      sample: 12.5
    failure:
      description: Why it failed, with C(code), C(message), C(hint) and so on, or null.
      type: dict
      returned: always
    warnings:
      description: Warnings about the target.
      type: list
      elements: str
      returned: always
    retirements:
      description: What it uses that Microsoft has retired or will retire within a year, as in M(azureml.compute.aml_compute_info).
      type: list
      elements: dict
      returned: always
    operation:
      description: With O(wait=false), the C(url) of the running operation.
      type: dict
      returned: with O(wait=false)
    cost:
      description:
        - The monthly cost, as C(currency), C(monthly_minimum) and C(monthly_maximum). Null when the price is not known, for attached compute,
          deployments on Kubernetes, connections and datastores, and for a target that is removed.
        - An instance that is stopped, or that has idle shutdown, has a minimum of 0.
      type: dict
      returned: with O(estimate_cost) or O(max_monthly_cost)
      sample: {currency: USD, monthly_minimum: 0.0, monthly_maximum: 334.34}
    cost_difference:
      description: How the change affects the monthly cost, with the same keys. Null when a price is not known, and for an unchanged target.
      type: dict
      returned: with O(estimate_cost) or O(max_monthly_cost)
      sample: {currency: USD, monthly_minimum: 0.0, monthly_maximum: -334.34}
undeclared:
  description: Targets that the fleet created and that are no longer declared, as in RV(targets). Empty with O(prune=none).
  returned: always
  type: list
  elements: dict
workspaces:
  description: The workspaces that this run processed, each with C(id), C(name), C(resource_group) and C(subscription_id).
  returned: with O(full_result)
  type: list
  elements: dict
document:
  description: Ids of all workspaces of the document, in its order. With O(share), it contains more workspaces than RV(workspaces).
  returned: with O(full_result)
  type: list
  elements: str
totals:
  description:
    - C(targets) is the number of declared targets, C(undeclared) of those that the fleet created and no longer declares. Of both, C(failed) is the
      number that failed, C(interrupted) of those in progress when the run was interrupted, C(not_started) of those that were not processed because
      the run ended before, and each action, as V(none) or V(update), the number of the others with that action. Numbers that are 0 are not returned,
      except for C(targets) and C(failed).
    - With O(estimate_cost) or O(max_monthly_cost) also C(cost), the total of the known prices, with the ids of the targets whose price is C(unknown).
    - With O(max_monthly_cost) also C(document_cost), the same total for all targets of the document, the number C(targets) of them, and
      C(max_monthly_cost).
  returned: always
  type: dict
  sample: {targets: 1000, failed: 0, none: 998, update: 2}
drift:
  description:
    - The drift report for people. C(drifted) is whether a target differs from its declaration or could not be read, C(totals) the numbers, C(text) the report
      as lines for a terminal, and C(folder) the absolute path of O(report_folder), or null.
  returned: in check mode, with O(report) or O(report_folder)
  type: dict
report:
  description: The drift report as data, as P(azureml.compute.drift_report#filter) returns it.
  returned: in check mode, with O(report)
  type: dict
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

from ..module_utils._jobs.aml_fleet import FLEET_SPEC, manage_fleet
from ..module_utils._module.entry import run

SPEC = FLEET_SPEC


def main() -> None:
    run(manage_fleet, SPEC, free_form=("workspaces", "defaults"), long=("workspaces", "approved_plan"))


if __name__ == "__main__":
    main()
