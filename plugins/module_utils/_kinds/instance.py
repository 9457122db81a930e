# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The compute instance: rows I1 to I4 and CI1 to CI18 of docs/coverage.md.

A PUT changes nothing on an instance that exists. What can change changes by the service's own actions, all but one of them preview:
enableSso, updateIdleShutdownSetting, updateSchedules, resize, customServices, updateDataMounts (a.1; docs/coverage.md 1.12).
"""

from __future__ import annotations

import typing as t

from .._core import canon, paths, shape
from .._core.arm_id import Target
from .._core.canon import arm_id, caseless, region
from .._core.findings import Finding, Findings
from .._engine import kind_version, rules
from .._engine.fields import WRITE_ONLY, Field, choice, switch
from .._engine.kind import BUSY, FAILED, READY, Body, Request, Status, fixed, frozen, service_errors
from .._engine.plan import CREATE, REPLACE, UPDATE, Declared, Plan
from .._engine.versions import ALL, Versions
from . import compute, instance_actions, instance_yaml, rows
from . import instance_schedules as schedules
from . import instance_values as values
from .compute import ComputeKind
from .instance_power import RUNNING, STATE, TRANSITIONS, in_power_state, power_state, with_power

_INNER = "properties.properties."
_FOREVER = "an instance keeps what it was created with"
_WHY_SSH = "SSH access cannot be changed after creation"

_BROKEN = ("CreateFailed", "SetupFailed", "UserSetupFailed", "Unusable")


def _boolean(option: str, name: str, versions: Versions = ALL) -> Field:
    """A switch that is set at creation."""
    return fixed(option, _INNER + name, _FOREVER, spec={"type": "bool"}, canon=canon.boolean_text, versions=versions)


# No stable version has them.
_IN_PREVIEW = Versions(preview="2023-08-01-preview")


FIELDS = (
    compute.LOCATION,
    frozen(rows.TAGS, "the service has no way to change the tags of an instance (terraform-provider-azurerm#31747)"),
    fixed(
        "identity",
        "identity",
        "the identity of an instance is decided at creation",
        spec=compute.IDENTITY_SPEC,
        rule=compute.one_identity,
        canon=canon.identity,
        to_arm=compute.identity_to_arm,
        from_arm=compute.identity_from_arm,
        clearable=True,
    ),
    frozen(rows.DESCRIPTION, _FOREVER),
    Field("size", _INNER + "vmSize", spec={"type": "str", "aliases": ["vm_size"]}, canon=caseless),
    fixed(
        "ssh_public_access_enabled",
        _INNER + "sshSettings.sshPublicAccess",
        _WHY_SSH,
        spec={"type": "bool"},
        **switch(),
    ),
    # Whether the service returns the key is not established (docs/facts.md a.6, f.13), so it is never compared.
    Field(
        "ssh_settings.ssh_key_value",
        _INNER + "sshSettings.adminPublicKey",
        WRITE_ONLY,
        spec={"type": "str", "no_log": False},
        to_arm=rules.openssh_public_key,
        clearable=True,
    ),
    _boolean("enable_node_public_ip", "enableNodePublicIp"),
    fixed(
        "network_settings.subnet",
        _INNER + "subnet",
        _FOREVER,
        spec={"type": "str"},
        canon=arm_id,
        to_arm=compute.subnet_to_arm,
        from_arm=compute.subnet_from_arm,
        shape=shape.REFERENCE,
        clearable=True,
    ),
    fixed(
        "create_on_behalf_of.user_object_id",
        _INNER + "personalComputeInstanceSettings.assignedUser.objectId",
        _FOREVER,
        clearable=True,
        spec={"type": "str", "required": True},
        rule=rules.guid,
        canon=caseless,
    ),
    fixed(
        "create_on_behalf_of.user_tenant_id",
        _INNER + "personalComputeInstanceSettings.assignedUser.tenantId",
        _FOREVER,
        clearable=True,
        spec={"type": "str", "required": True},
        rule=rules.guid,
        canon=caseless,
    ),
    fixed(
        "application_sharing_policy",
        _INNER + "applicationSharingPolicy",
        _FOREVER,
        spec={"type": "str", "choices": ["personal", "shared"]},
        cli_name=None,
        implied="shared",
        canon=caseless,
        **choice(personal="Personal", shared="Shared"),
    ),
    _boolean("enable_root_access", "enableRootAccess", _IN_PREVIEW),
    _boolean("enable_os_patching", "enableOSPatching", _IN_PREVIEW),
    _boolean("release_quota_on_stop", "releaseQuotaOnStop", _IN_PREVIEW),
    # No client of the service has a name for it.
    fixed(
        "autologger",
        _INNER + "autologgerSettings.mlflowAutologger",
        _FOREVER,
        clearable=True,
        spec={"type": "bool"},
        cli_name=None,
        versions=Versions(preview="2022-10-01-preview"),
        **switch(),
    ),
    Field(
        "enable_sso",
        _INNER + "enableSSO",
        spec={"type": "bool"},
        canon=canon.boolean_text,
        versions=Versions("2025-12-01", "2023-08-01-preview"),
    ),
    Field(
        "idle_time_before_shutdown_minutes",
        _INNER + "idleTimeBeforeShutdown",
        spec={"type": "int"},
        rule=rules.between(15, 3 * 24 * 60, " (3 days)", "docs/coverage.md CI10; ARM types"),
        versions=Versions("2025-12-01", "2022-10-01-preview"),
        to_arm=lambda minutes: f"PT{minutes}M",
        from_arm=values.minutes_from_service,
        shape=shape.TEXT,
        clearable=True,
    ),
    schedules.ScheduleField(
        "schedules.compute_start_stop",
        _INNER + "schedules.computeStartStop",
        spec={"type": "list", "elements": "dict", "options": schedules.SCHEDULE_SPEC},
        rule=schedules.check_schedules,
        to_arm=schedules.schedules_to_arm,
        from_arm=schedules.schedules_from_arm,
        shape=schedules.SCHEDULES,
        clearable=True,
    ),
    fixed(
        "setup_scripts.creation_script",
        _INNER + "setupScripts.scripts.creationScript",
        "a creation script runs once, at creation",
        spec={"type": "dict", "options": values.SCRIPT_SPEC},
        rule=values.check_script,
        canon=values.canon_script,
        to_arm=values.script_to_arm,
        from_arm=values.script_from_arm,
        shape=values.SCRIPT,
        clearable=True,
    ),
    fixed(
        "setup_scripts.startup_script",
        _INNER + "setupScripts.scripts.startupScript",
        _FOREVER,
        spec={"type": "dict", "options": values.SCRIPT_SPEC},
        rule=values.check_script,
        canon=values.canon_script,
        to_arm=values.script_to_arm,
        from_arm=values.script_from_arm,
        shape=values.SCRIPT,
        clearable=True,
    ),
    values.ApplicationField(
        "custom_applications",
        _INNER + "customServices",
        spec={"type": "list", "elements": "dict", "options": values.APPLICATION_SPEC},
        versions=Versions("2023-04-01", "2022-10-01-preview"),
        rule=values.check_applications,
        canon=values.canon_applications,
        to_arm=values.applications_to_arm,
        from_arm=values.applications_from_arm,
        shape=values.APPLICATIONS,
        clearable=True,
    ),
    values.MountField(
        "data_mounts",
        _INNER + "dataMounts",
        spec={"type": "list", "elements": "dict", "options": values.MOUNT_SPEC},
        rule=values.check_mounts,
        cli_name=None,
        to_arm=values.mounts_to_arm,
        from_arm=values.mounts_from_arm,
        shape=values.MOUNTS,
        clearable=True,
    ),
)


class InstanceBilling(compute.ComputeBilling):
    def nodes(self, declared: Declared, state: str) -> tuple[int, int]:
        """It is billed while it runs: one that is stopped, or has idle shutdown or schedules, may run between no and all hours of the month."""
        # Flat where they are declared, and nested where they are read.
        option = "schedules.compute_start_stop"
        timers = declared.get(option) or paths.get_path(declared, option)
        rests = state == "stopped" or declared.get("idle_time_before_shutdown_minutes") or timers
        return (0 if rests else 1), 1


class ExportedInstance(compute.ExportedCompute):
    def complete(self) -> None:
        super().complete()
        for application in self.options.get("custom_applications") or []:
            variables = application.get("environment_variables") or {}
            declared = {name: value for name, value in variables.items() if value not in (None, "")}
            place = f"custom_applications[{application.get('name')}].environment_variables"
            self.miss_variables(place, declared, "instance")


class Instance(ComputeKind):
    label = "compute instance"
    release = "Let the work end and stop the instance (state=stopped)"
    compute_type = "ComputeInstance"
    tab, module = "instances", "aml_compute_instance"
    is_managed = True
    billing = InstanceBilling()
    runs_jobs = True
    successor = compute.Successor(compute.RESIZE)
    ssh = compute.SshAccess(states=("running", "job_running"), user="azureuser")
    cli = instance_yaml.CLI
    exported_as = ExportedInstance
    fields = FIELDS
    options = compute.NETWORK_NAMES
    required_on_create = ("size",)
    filled_by_service = (*compute.ComputeKind.filled_by_service, _INNER + "schedules.computeStartStop[].schedule")
    defaults_of_service: t.ClassVar[dict[str, str]] = {_INNER + "computeInstanceAuthorizationType": "personal"}
    also: t.ClassVar[dict[str, shape.Shape]] = {
        STATE: shape.TEXT,
        _INNER + "errors": shape.ERRORS,
        _INNER + "sshSettings": shape.mapping({"adminUserName": shape.TEXT, "sshPort": shape.NUMBER}),
        _INNER + "connectivityEndpoints": shape.mapping(
            {"publicIpAddress": shape.TEXT, "privateIpAddress": shape.TEXT}
        ),
        _INNER + "osImageMetadata": shape.mapping(
            dict.fromkeys(("currentImageVersion", "latestImageVersion", "isLatestOsImageVersion"), shape.SCALAR)
        ),
        _INNER + "lastOperation": shape.mapping(
            {f"operation{name}": shape.SCALAR for name in ("Name", "Status", "Time", "Trigger")}
        ),
        _INNER + "applications": shape.list_of(shape.mapping({"displayName": shape.TEXT, "endpointUri": shape.TEXT})),
    }
    read_only_inner = (
        "applications",
        "connectivityEndpoints",
        "containers",
        "createdBy",
        "dataDisks",
        "dataMounts",
        "errors",
        # These two and updateStatus are in no version's types (docs/facts.md a.6 [REC R3]).
        "imageSku",
        "imageVersion",
        "lastOperation",
        "osImageMetadata",
        "state",
        "updateStatus",
        "versions",
    )

    def cannot_run_jobs(self, body: Body) -> tuple[str, str]:
        state = str(paths.get_path(body, "properties.properties.state"))
        problem = super().cannot_run_jobs(body)
        if not any(problem) and state.casefold() in ("stopped", "stopping", "deleting"):
            return f"the compute instance is {state}", "Start it with aml_compute_instance and state=started."
        return problem

    def nodes_now(self, body: Body) -> int:
        """It holds its cores and its address while it is stopped, too (docs/coverage.md CI1)."""
        return 1

    def nodes_wanted(self, declared: Declared, *, creates: bool) -> tuple[int, int]:
        return 1, 1

    def declare(self, tree: dict[str, t.Any], target: Target) -> Declared:
        flat = super().declare(tree, target)
        if tree.get("network_settings"):
            flat["network_settings.subnet"] = compute.subnet_id(tree["network_settings"], target)
        return flat

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        yield from super().check(target, declared, tree)
        yield from compute.check_network(tree.get("network_settings"))
        yield from rules.compute_name(target.name)
        key = declared.get("ssh_settings.ssh_key_value")
        if key:
            yield from rules.ssh_settings(self.ssh.user, key, None)
        if not key and (
            tree.get("ssh_settings") == {} or (declared.get("ssh_public_access_enabled") and "ssh_settings" in tree)
        ):
            message = "ssh_settings, and ssh_public_access_enabled, need ssh_settings.ssh_key_value: an instance takes no password."
            yield Finding("SshKeyMissing", "ssh_settings.ssh_key_value", message, "docs/coverage.md CI4, K6")
        user = [declared.get(f"create_on_behalf_of.{part}") for part in ("user_object_id", "user_tenant_id")]
        if any(user) and not all(user):
            message = "create_on_behalf_of needs user_object_id and user_tenant_id."
            yield Finding("UserIncomplete", "create_on_behalf_of", message, "docs/coverage.md CI7")

    def check_create(self, declared: Declared, parent: Body | None) -> Findings:
        yield from super().check_create(declared, parent)
        if declared.get("ssh_public_access_enabled") and not declared.get("ssh_settings.ssh_key_value"):
            message = "ssh_public_access_enabled needs ssh_settings.ssh_key_value to create the instance."
            yield Finding("SshKeyMissing", "ssh_settings.ssh_key_value", message, "docs/coverage.md CI4, K6")
        yield from self._check_mounts(declared)
        yield from _check_single_sign_on(declared)
        if parent is None:
            return
        if declared.get("location") and region(declared["location"]) != region(parent.get("location")):
            message = (
                f"location must be the workspace's ({parent.get('location')}): another region is for clusters only."
            )
            yield Finding("CrossRegionInstance", "location", message, "docs/coverage.md I3")
        else:
            # Another region has just been refused.
            yield from compute.check_managed_network(declared, parent)
        managed = compute.has_managed_network(parent)
        if (
            declared.get("enable_node_public_ip") is False
            and not declared.get("network_settings.subnet")
            and not managed
        ):
            message = "enable_node_public_ip: false needs network_settings.subnet, because the workspace has no managed network."
            yield Finding(
                "SubnetMissing", "network_settings.subnet", message, "docs/coverage.md CI6; docs/facts.md c.3"
            )

    def _check_mounts(self, declared: Declared) -> Findings:
        """They follow the creation; what a replacement deletes first would be gone by then."""
        if self.version_is_given and any(item.get("state") != "absent" for item in declared.get("data_mounts") or []):
            yield from instance_actions.check_version(["data_mounts"], self.api_version)

    def check_update(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        if self.version_is_given:
            rows = [row for row in self.fields if row.option in declared and row.option in instance_actions.ACTIONS]
            changed = [
                row.option for row in rows if not row.same(paths.get_path(current, row.option), declared[row.option])
            ]
            yield from instance_actions.check_version(changed, self.api_version)

    def advice(self, plan: Plan, declared: Declared, parent: Body | None) -> list[str]:
        warnings = kind_version.preview_notice(self, declared) if plan.action in (CREATE, REPLACE) else []
        actions = sorted(set(plan.values()) & set(instance_actions.ACTIONS)) if plan.action == "update" else []
        preview = [option for option in actions if option != "enable_sso"]
        if preview:
            warnings.append(
                f"PreviewFeature: the service changes {', '.join(preview)} of an existing instance by a preview action, without an SLA."
            )
        user = (declared.get("identity") or {}).get("type")
        if declared.get("idle_time_before_shutdown_minutes") and user in ("user_assigned", "system_assigned"):
            warnings.append(
                "IdleShutdownNeedsPermission: an instance with a managed identity shuts down when idle only if that identity is a Contributor."
            )
        return [*warnings, *_advice_on_idle_shutdown(declared), *_advice_on_hub(plan, declared, parent)]

    def refine_plan(self, plan: Plan, body: Body | None, state: str) -> Plan:
        return with_power(plan, body, state)

    def with_state(self, body: Body, plan: Plan) -> Body:
        return in_power_state(body, plan.after["state"])

    def skeleton(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        # SSH is off unless it is asked for (docs/coverage.md CI4); azure-ai-ml sends the same switch (docs/facts.md a.7, f.13).
        ssh = bool(declared.get("ssh_settings.ssh_key_value"))
        inner: Body = {"computeInstanceAuthorizationType": "personal"}
        if ssh:
            inner["sshSettings"] = {
                "sshPublicAccess": "Enabled" if declared.get("ssh_public_access_enabled", True) else "Disabled"
            }
        body: Body = {
            "properties": {"computeType": self.compute_type, "disableLocalAuth": not ssh, "properties": inner}
        }
        if parent is not None:
            body["location"] = parent.get("location")
        return body

    def create_body(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        # Mounts are not part of a creation (ARM types: read-only there); they follow by their action.
        return super().create_body(
            target, {key: value for key, value in declared.items() if key != "data_mounts"}, parent
        )

    def recreate_body(self, body: Body, plan: Plan, declared: Declared, target: Target, parent: Body | None) -> Body:
        new = super().recreate_body(body, plan, declared, target, parent)
        inner = new["properties"]["properties"]
        inner.pop("dataMounts", None)
        settings = inner.get("sshSettings") or {}
        if _drops_login(declared):
            inner.pop("sshSettings", None)
        elif settings.get("adminPublicKey"):
            # As in a creation: who gives a key wants to log in.
            settings.setdefault("sshPublicAccess", "Enabled")
        new["properties"]["disableLocalAuth"] = not (inner.get("sshSettings") or {}).get("adminPublicKey")
        return new

    def completed(self, body: Body, plan: Plan, wanted: Declared) -> Declared:
        complete = super().completed(body, plan, wanted)
        if _drops_login(wanted):
            complete.pop("ssh_public_access_enabled", None)
        if wanted.get("data_mounts") is not None:
            # Mounts that were not declared are other people's.
            named = {item["mount_name"] for item in wanted["data_mounts"]}
            others = [item for item in self.kept(body).get("data_mounts") or [] if item["mount_name"] not in named]
            complete["data_mounts"] = [*others, *wanted["data_mounts"]]
        return complete

    def planned(self, body: Body, complete: Declared) -> Body:
        mounts = [item for item in complete.get("data_mounts") or [] if item.get("state") != "absent"]
        # Not part of the body of a creation: they follow by their action.
        return self.with_values(body, {"data_mounts": mounts}) if complete.get("data_mounts") else body

    def set_after_creation(self, plan: Plan, declared: Declared, complete: Declared) -> Declared:
        # After a replacement, the mounts that others had made too.
        return {"data_mounts": complete["data_mounts"]} if complete.get("data_mounts") else {}

    def writable(self, body: Body) -> Body:
        writable = super().writable(body)
        settings = paths.get_path(writable, _INNER + "sshSettings")
        for name in ("adminUserName", "sshPort"):
            if isinstance(settings, dict):
                settings.pop(name, None)
        timers = paths.get_path(writable, _INNER + "schedules.computeStartStop")
        for item in timers if isinstance(timers, list) else ():
            for name in ("id", "provisioningStatus"):
                item.pop(name, None)
        return writable

    def updates(self, body: Body, plan: Plan) -> list[Request]:
        changed = plan.values()
        if changed.get("data_mounts"):
            # Those that are as declared are not mounted a second time, and those that are gone not removed.
            current = paths.get_path(self.read(body), "data_mounts")
            items = [item for item in changed["data_mounts"] if not values.same_mounts(current, [item])]
            changed = {**changed, "data_mounts": items}
        return instance_actions.requests(changed, self.api_version if self.version_is_given else "")

    def removal(self, options: t.Mapping[str, t.Any]) -> Request:
        return Request("DELETE", None, {"underlyingResourceAction": "Delete"})

    def status(self, body: Body, *, settling: bool = False) -> Status:
        status = super().status(body)
        if status.state != READY:
            return status
        state = power_state(body)
        if state in TRANSITIONS:
            return Status(BUSY, state)
        if state in _BROKEN:
            errors = service_errors(paths.get_path(body, _INNER + "errors") or None)
            first = errors[0] if errors else {}
            return Status(
                FAILED,
                state,
                first.get("code") or state,
                first.get("message") or f"The service gives no reason for {state}.",
                errors,
            )
        return status

    def broken(self, body: Body) -> str | None:
        status = self.status(body)
        if status.state == FAILED and (power_state(body) in (None, "CreateFailed") or status.text == "Failed"):
            return f"its creation failed ({status.code}: {status.message}), and such an instance can only be deleted"
        return None

    def in_use(self, body: Body) -> str | None:
        return (
            "it is running a job"
            if power_state(body) == "JobRunning"
            else "it is running"
            if power_state(body) == "Running"
            else None
        )

    def needs_stop(self, plan: Plan) -> bool:
        return plan.action == UPDATE and "size" in plan.values()

    def lost_on_recreate(self, body: Body, declared: Declared) -> list[str]:
        settings = paths.get_path(body, _INNER + "sshSettings") or {}
        ssh = str(settings.get("sshPublicAccess")).casefold() == "enabled" and not settings.get("adminPublicKey")
        off = declared.get("ssh_public_access_enabled") is False or _drops_login(declared)
        return (
            ["ssh_settings.ssh_key_value"] if ssh and not off and not declared.get("ssh_settings.ssh_key_value") else []
        )

    def project(self, body: Body) -> dict[str, t.Any]:
        inner = (body.get("properties") or {}).get("properties") or {}
        ssh, ends, image = (inner.get(key) or {} for key in ("sshSettings", "connectivityEndpoints", "osImageMetadata"))
        last = inner.get("lastOperation") or {}
        projected = super().project(body)
        projected["ssh_settings"] = {"admin_username": ssh.get("adminUserName"), "ssh_port": ssh.get("sshPort")}
        projected.update(
            state=power_state(body),
            last_operation={
                "name": last.get("operationName"),
                "status": last.get("operationStatus"),
                "time": last.get("operationTime"),
                "trigger": last.get("operationTrigger"),
            },
            public_ip_address=ends.get("publicIpAddress"),
            private_ip_address=ends.get("privateIpAddress"),
            applications=[
                {"name": application.get("displayName"), "url": application.get("endpointUri")}
                for application in inner.get("applications") or []
            ],
            os_image={
                "current": image.get("currentImageVersion"),
                "latest": image.get("latestImageVersion"),
                "is_latest": image.get("isLatestOsImageVersion"),
            },
            errors=service_errors(inner.get("errors")),
        )
        return projected

    def machines(self, result: t.Mapping[str, t.Any]) -> tuple[int | None, int | None]:
        return int(result.get("state") in RUNNING), 1


def _drops_login(declared: Declared) -> bool:
    """Whether SSH access is removed: the port that was open for it goes too, unless it was declared."""
    key = "ssh_settings.ssh_key_value"
    return key in declared and declared[key] is None and "ssh_public_access_enabled" not in declared


def _check_single_sign_on(declared: Declared) -> Findings:
    """The service disables it for what scripts and applications of another one could use; only the user of the instance enables it then."""
    prepared = sorted(
        {option.partition(".")[0] for option, value in declared.items() if value}
        & {"setup_scripts", "custom_applications"}
    )
    if declared.get("enable_sso") and declared.get("create_on_behalf_of.user_object_id") and prepared:
        message = (
            f"enable_sso: true is not possible for an instance that is created on behalf of another user with {' and '.join(prepared)}: the service "
            "creates it without single sign-on, and only that user can enable it."
        )
        yield Finding(
            "SsoOfAssignedInstance", "enable_sso", message, "how-to-create-compute-instance, create on behalf of"
        )


def _advice_on_idle_shutdown(declared: Declared) -> list[str]:
    if not (declared.get("idle_time_before_shutdown_minutes") and declared.get("custom_applications")):
        return []
    return [
        "IdleShutdownWithApplications: an instance is not idle while a custom application runs, so idle_time_before_shutdown_minutes does not stop it: "
        "declare a schedule that does (how-to-create-compute-instance, idle shutdown)."
    ]


def _advice_on_hub(plan: Plan, declared: Declared, parent: Body | None) -> list[str]:
    hub = compute.hub_kind(parent)
    if plan.action not in (CREATE, REPLACE) or not hub or not declared.get("network_settings.subnet"):
        return []
    return [
        f"NotForHubs: a workspace of kind {hub} does not support instances in a separate virtual network (concept-hub-workspace): "
        "use the managed network of the hub."
    ]


INSTANCE = Instance()
