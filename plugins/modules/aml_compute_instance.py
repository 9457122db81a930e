#!/usr/bin/python
# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: aml_compute_instance
short_description: Manage an Azure Machine Learning compute instance
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Creates, deletes, starts, stops and restarts a compute instance of an Azure Machine Learning workspace, and changes its mutable fields.
  - Only declared options are managed. Omitted options keep their current values.
  - After creation, the service can change schedules, idle shutdown, single sign-on, size, applications and data mounts, each with a separate action
    (all except single sign-on are preview features; the task warns). All other fields are immutable; see O(on_immutable_change).
options:
  name:
    description:
      - Name of the instance, unique in the region. 3 to 24 letters, digits and dashes, as for M(azureml.compute.aml_compute_cluster).
    type: str
    required: true
  state:
    description:
      - V(present) creates the instance or updates it as declared. An existing instance keeps running or stays stopped. A new one runs.
      - V(started) and V(stopped) do the same, and then start or stop it. If the instance is already starting or stopping, the task waits for that.
      - V(restarted) restarts it in every run; a stopped instance is started.
      - V(absent) deletes it with its disk.
    type: str
    choices: [present, absent, started, stopped, restarted]
    default: present
  location:
    description:
      - Region. It must be the region of the workspace, which is the default. Immutable.
    type: str
  size:
    description:
      - Virtual machine size, such as V(Standard_D4s_v3). Required to create an instance.
      - A resize (preview) requires a stopped instance. With O(force=true) a running instance is stopped, resized and started again; with
        O(wait=false) the task waits for all steps except the start. If the task is killed between the steps, the instance remains stopped, and a later
        run does not start it, unless O(state=started) is declared.
    type: str
    aliases: [vm_size]
  description:
    description:
      - Description. Immutable.
    type: str
  ssh_public_access_enabled:
    description:
      - Whether the SSH port is open. Disabled by default, unless O(ssh_settings.ssh_key_value) is set. Immutable.
    type: bool
  ssh_settings:
    description:
      - SSH access of the user C(azureuser). Immutable.
    type: dict
    suboptions:
      ssh_key_value:
        description:
          - RSA public key, in one line (C(ssh-rsa AAAA...)), as RFC 4716 or as PEM. The service accepts no other type of key, and never returns it.
        type: str
  enable_node_public_ip:
    description:
      - Whether the instance has a public IP address. V(false) requires O(network_settings) or a managed network, and the service requires a private
        endpoint of the workspace. Immutable.
    type: bool
  network_settings:
    description:
      - The subnet of the instance, in the region and the subscription of the workspace. Immutable.
  create_on_behalf_of:
    description:
      - The user of the instance, if it is not the user who creates it. Immutable.
    type: dict
    suboptions:
      user_object_id:
        description: Object id of the user in Entra ID.
        type: str
        required: true
      user_tenant_id:
        description: Tenant of the user.
        type: str
        required: true
  application_sharing_policy:
    description:
      - Whether only the user of the instance (V(personal)) or all users of the workspace (V(shared)) can access its applications. Immutable.
    type: str
    choices: [personal, shared]
  enable_root_access:
    description:
      - Whether the user has root access. Immutable.
      - Only preview versions of the API have it, which then all requests for this instance use, unless O(api_version) is set.
    type: bool
  enable_os_patching:
    description:
      - Whether the operating system is patched. Immutable.
      - Only preview versions of the API have it, see O(enable_root_access).
    type: bool
  release_quota_on_stop:
    description:
      - Whether a stopped instance releases its quota. Otherwise its cores still count against the quota. Immutable.
      - Only preview versions of the API have it, see O(enable_root_access).
    type: bool
  autologger:
    description:
      - Whether MLflow logs the runs of notebooks automatically. Immutable.
      - Only preview versions of the API have it, see O(enable_root_access).
    type: bool
  enable_sso:
    description:
      - Whether the user is signed in to Azure on the instance.
    type: bool
  idle_time_before_shutdown_minutes:
    description:
      - Minutes that the instance stays idle before it is shut down, from 15 to 4320 (3 days). C(null) disables idle shutdown.
      - An instance with a managed identity is shut down only if that identity is a Contributor of the workspace.
    type: int
  schedules:
    description:
      - Schedules that start and stop the instance.
    type: dict
    suboptions:
      compute_start_stop:
        description:
          - The complete list, of at most four schedules. An empty list removes all schedules.
        type: list
        elements: dict
        suboptions:
          action:
            description: The action of the schedule.
            type: str
            required: true
            choices: [start, stop]
          state:
            description: Whether the schedule is enabled. Defaults to V(enabled).
            type: str
            choices: [enabled, disabled]
          trigger:
            description: The time of the action.
            type: dict
            required: true
            suboptions:
              type:
                description: V(cron) requires O(schedules.compute_start_stop[].trigger.expression), V(recurrence) uses the other options.
                type: str
                required: true
                choices: [cron, recurrence]
              expression:
                description: Cron expression of five fields, minute to weekday.
                type: str
              frequency:
                description: Unit of the recurrence.
                type: str
                choices: [minute, hour, day, week, month]
              interval:
                description: Number of units between two runs.
                type: int
              schedule:
                description: The times within the unit.
                type: dict
                suboptions:
                  hours:
                    description: Hours, 0 to 23.
                    type: list
                    elements: int
                  minutes:
                    description: Minutes, 0 to 59.
                    type: list
                    elements: int
                  week_days:
                    description: Names of days, such as V(monday).
                    type: list
                    elements: str
                  month_days:
                    description: Days of the month.
                    type: list
                    elements: int
              start_time:
                description: First run, as C(2026-11-23T18:00:00). If not set, the service sets it.
                type: str
              time_zone:
                description: Time zone by its Windows name, such as V(W. Europe Standard Time). Defaults to UTC. Daylight saving time is not applied.
                type: str
  setup_scripts:
    description:
      - Scripts that run as root, from the workspace's Notebooks file share or inline. Immutable.
    type: dict
    suboptions:
      creation_script:
        description: Runs once, when the instance is created.
        type: dict
        suboptions: &script
          path:
            description: Path of the script in the file share.
            type: str
          inline:
            description: The text of the script, instead of a path. It must not contain secrets, because the service returns it.
            type: str
          command:
            description: Arguments for the script.
            type: str
          timeout_minutes:
            description: Maximum duration in minutes. Limited to 15 in the service.
            type: int
      startup_script:
        description: Runs at every start.
        type: dict
        suboptions: *script
  custom_applications:
    description:
      - Containers that run on the instance. The list is complete.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the application.
        type: str
        required: true
      type:
        description: Type of the application.
        type: str
        choices: [docker]
      image:
        description: The image, as C(reference).
        type: dict
        required: true
        suboptions:
          reference:
            description: Name of the image, with its registry and tag.
            type: str
            required: true
      endpoints:
        description: Ports.
        type: list
        elements: dict
        suboptions:
          target:
            description: Port in the container, from 1026 to 65534.
            type: int
            required: true
          published:
            description: Port that clients use, from 1026 to 65534.
            type: int
            required: true
      environment_variables:
        description:
          - Environment of the container. Everyone who can read the compute instance can read it.
          - The values are masked in the output of the task.
        type: dict
      privileged:
        description: Whether the container runs in privileged mode. If not set, a new application does, as with azure-ai-ml, and an existing one keeps its mode.
        type: bool
      bind_mounts:
        description: Folders of the instance in the container.
        type: list
        elements: dict
        suboptions:
          source:
            description: Folder of the instance.
            type: str
            required: true
          target:
            description: Folder in the container.
            type: str
            required: true
          read_only:
            description: Whether the container can only read it. If not set, a new mount is writable, and an existing one stays as it is.
            type: bool
  data_mounts:
    description:
      - Data that is mounted on the instance. Mounts that are not listed are preserved.
    type: list
    elements: dict
    suboptions:
      mount_name:
        description: Name of the mount.
        type: str
        required: true
      source:
        description: The data to mount, such as the URI of a data asset.
        type: str
      source_type:
        description: Type of the source. Defaults to V(uri).
        type: str
        choices: [datastore, dataset, uri]
      mount_path:
        description: Folder of the instance.
        type: str
      mount_mode:
        description: Whether the mount is writable. Defaults to V(read_only).
        type: str
        choices: [read_only, read_write]
      state:
        description: V(absent) removes the mount.
        type: str
        choices: [present, absent]
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.show_variables
  - azureml.compute.scope
  - azureml.compute.network_settings
  - azureml.compute.api_version
  - azureml.compute.identity.immutable
  - azureml.compute.identity
  - azureml.compute.tags.immutable
  - azureml.compute.tags
  - azureml.compute.wait
  - azureml.compute.state
  - azureml.compute.preflight
  - azureml.compute.definition
  - azureml.compute.attributes
  - azureml.compute.attributes.actiongroup_all
seealso:
  - module: azureml.compute.aml_compute_info
  - module: azureml.compute.aml_compute_cluster
  - name: Create a compute instance
    description: The form with the same fields.
    link: https://learn.microsoft.com/azure/machine-learning/how-to-create-compute-instance
"""

EXAMPLES = r"""
- name: Create an instance for a user, with idle shutdown and a schedule
  azureml.compute.aml_compute_instance:
    resource_group: ml-prod
    workspace: ws-prod
    name: ci-alice
    size: Standard_D4s_v3
    create_on_behalf_of:
      user_object_id: 00000000-0000-0000-0000-0000000000a1
      user_tenant_id: 00000000-0000-0000-0000-0000000000b1
    idle_time_before_shutdown_minutes: 30
    schedules:
      compute_start_stop:
        - action: stop
          trigger:
            type: cron
            expression: 0 18 * * *
            time_zone: W. Europe Standard Time

- name: Create an instance with SSH access
  azureml.compute.aml_compute_instance:
    resource_group: ml-prod
    workspace: ws-prod
    name: ci-ssh
    size: Standard_D4s_v3
    ssh_public_access_enabled: true
    ssh_settings:
      ssh_key_value: "{{ lookup('ansible.builtin.file', '~/.ssh/id_rsa.pub') }}"

- name: Stop the instance
  azureml.compute.aml_compute_instance:
    resource_group: ml-prod
    workspace: ws-prod
    name: ci-ssh
    state: stopped

- name: Change the size of the stopped instance
  azureml.compute.aml_compute_instance:
    resource_group: ml-prod
    workspace: ws-prod
    name: ci-ssh
    size: Standard_D8s_v3

- name: Start the instance
  azureml.compute.aml_compute_instance:
    resource_group: ml-prod
    workspace: ws-prod
    name: ci-ssh
    state: started

- name: Remove an instance
  azureml.compute.aml_compute_instance:
    resource_group: ml-prod
    workspace: ws-prod
    name: ci-alice
    state: absent
"""

RETURN = r"""
compute:
  description:
    - The instance after the task, or in check mode as it would be. Null when it is absent.
  returned: success
  type: dict
  contains:
    id:
      description: Resource id.
      type: str
      returned: when it exists
    name:
      description: Name.
      type: str
      returned: always
      sample: ci-alice
    type:
      description: Type, as the Azure ML CLI spells it.
      type: str
      returned: always
      sample: computeinstance
    location:
      description: Region.
      type: str
      returned: always
      sample: eastus
    state:
      description: V(Running), V(Stopped), V(Starting), V(JobRunning) and so on, as the service reports it.
      type: str
      returned: when it exists
      sample: Running
    last_operation:
      description: C(name), C(status), C(time) and C(trigger) of the last operation. A trigger is V(User), V(Schedule) or V(IdleShutdown).
      type: dict
      returned: always
      sample: {name: Create, status: Succeeded, time: "2026-11-23T12:00:00.000Z", trigger: User}
    public_ip_address:
      description: Public address.
      type: str
      returned: when it exists
      sample: 20.1.2.3
    private_ip_address:
      description: Private address.
      type: str
      returned: when it exists
      sample: 10.0.0.4
    applications:
      description: C(name) and C(url) of the applications on the instance.
      type: list
      elements: dict
      returned: always
    os_image:
      description: Versions C(current) and C(latest) of the image, and whether it C(is_latest). The image is updated only by creating the instance again.
      type: dict
      returned: always
    errors:
      description: Problems of the instance, each with C(code), C(message) and C(details).
      type: list
      elements: dict
      returned: always
      sample: []
    ssh_settings:
      description: C(admin_username) and C(ssh_port).
      type: dict
      returned: always
      sample: {admin_username: azureuser, ssh_port: 50000}
    ssh_public_access_enabled:
      description: Whether the SSH port is open.
      type: bool
      returned: always
      sample: false
    size:
      description: Virtual machine size, in the service's spelling.
      type: str
      returned: always
      sample: STANDARD_D4S_V3
    idle_time_before_shutdown_minutes:
      description: Minutes that the instance stays idle before it is shut down; null if idle shutdown is disabled.
      type: int
      returned: always
      sample: 30
    schedules:
      description: C(compute_start_stop), the list of schedules in the form of the option.
      type: dict
      returned: always
    custom_applications:
      description: Applications in the form of the option.
      type: list
      elements: dict
      returned: always
    data_mounts:
      description: Mounts in the form of the option.
      type: list
      elements: dict
      returned: always
    setup_scripts:
      description: C(creation_script) and C(startup_script), in the form of the option.
      type: dict
      returned: always
    create_on_behalf_of:
      description: C(user_object_id) and C(user_tenant_id); each is null for the user who created the instance.
      type: dict
      returned: always
    application_sharing_policy:
      description: V(personal) or V(shared).
      type: str
      returned: always
    enable_node_public_ip:
      description: Whether it has a public address.
      type: bool
      returned: always
    network_settings:
      description: C(subnet), the full id of the subnet, or null.
      type: dict
      returned: always
    autologger:
      description: Whether MLflow logs the runs of notebooks automatically; null where the API version does not return it.
      type: bool
      returned: always
    enable_sso:
      description: Whether single sign-on is on.
      type: bool
      returned: always
    enable_root_access:
      description: Whether the user has root access; null where the API version does not return it.
      type: bool
      returned: always
    enable_os_patching:
      description: Whether the operating system is patched; null where the API version does not return it.
      type: bool
      returned: always
    release_quota_on_stop:
      description: Whether a stopped instance releases its quota; null where the API version does not return it.
      type: bool
      returned: always
    identity:
      description: See M(azureml.compute.aml_compute_cluster).
      type: dict
      returned: always
    tags:
      description: Tags.
      type: dict
      returned: always
    description:
      description: Description.
      type: str
      returned: always
    provisioning_state:
      description: Provisioning state of the resource.
      type: str
      returned: when it exists
      sample: Succeeded
    provisioning_errors:
      description: Why provisioning failed, each with C(code), C(message) and C(details).
      type: list
      elements: dict
      returned: when it exists
    created_on:
      description: When it was created, in ISO 8601.
      type: str
      returned: when it exists
    modified_on:
      description: When it was last changed, in ISO 8601.
      type: str
      returned: when it exists
    is_attached:
      description: Whether it was created outside the workspace; V(false) for an instance.
      type: bool
      returned: always
    resource_id:
      description: The underlying resource, if there is one; null for an instance.
      type: str
      returned: always
operation:
  description: The running operation. M(azureml.compute.aml_operation_info) waits for several operations.
  returned: with O(wait=false), when something was started
  type: dict
  contains:
    url:
      description: URL that returns its state.
      type: str
      returned: always
      sample: https://management.azure.com/subscriptions/0000/providers/Microsoft.MachineLearningServices/locations/eastus/computeOperationsStatus/0000
    status:
      description: The state that the service reported last.
      type: str
      returned: always
      sample: InProgress
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

from ..module_utils._jobs.aml_compute_instance import manage_instance
from ..module_utils._jobs.workspace_resources import RESOURCE_SPEC
from ..module_utils._kinds.instance import INSTANCE
from ..module_utils._module.entry import run
from ..module_utils._options import specs

SPEC: specs.Spec = {
    **RESOURCE_SPEC,
    **specs.PREFLIGHT_SPEC,
    **specs.SHOW_VARIABLES_SPEC,
    **specs.of_kind(INSTANCE),
    "state": {"type": "str", "default": "present", "choices": ["present", "absent", "started", "stopped", "restarted"]},
}


def main() -> None:
    run(manage_instance, SPEC, definition=("computeinstance",))


if __name__ == "__main__":
    main()
