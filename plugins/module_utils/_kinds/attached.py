# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attached compute targets but AKS: one class per type, of tables and few rules (docs/coverage.md 1.6, 1.10).

Property names: ARM types of 2025-12-01; what clients send: docs/facts.md a.7, c.4. Tags change by a PUT of the document that was read, and so do
the identities of Kubernetes and Synapse (1.10). No document says what else can change in place. Where a PUT may do it (the way to a host, instance
types), a fresh read has to prove it; the rest takes detaching and attaching again, which leaves the target alone.
"""

from __future__ import annotations

import typing as t

from .._core import paths, shape
from .._core.arm_id import Target
from .._core.findings import Finding, Findings
from .._engine import rules
from .._engine.cli_schema import READ_ONLY, CliSchema
from .._engine.fields import Field, Option
from .._engine.kind import Body
from .._engine.plan import Declared, Plan
from . import attachment, compute, retirements, rows
from .attachment import RESOURCE_ID, AttachedKind, inner, secret
from .compute import kind_name
from .retirements import Notice

_OUTER = (compute.LOCATION, rows.TAGS, compute.DESCRIPTION, RESOURCE_ID)

_HOW = (
    rows.UPDATE_PASSWORD,
    attachment.DELETE_UNDERLYING,
    attachment.CHECK_OTHER_WORKSPACES,
)


class ExportedAttached(compute.ExportedCompute):
    shares_list = True


class Attached(AttachedKind):
    """A type of ``aml_attached_compute``."""

    exported_as = ExportedAttached
    fields: tuple[Field, ...] = _OUTER
    options: tuple[Option, ...] = _HOW
    required_on_create: tuple[str, ...] = ("resource_id",)
    # The types that have each option: one of another type is refused offline.
    types_of: t.ClassVar[dict[str, list[str]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        names = {row.option.partition(".")[0] for row in (*cls.fields, *cls.options)} if cls.compute_type else ()
        for name in names:
            cls.types_of[name] = sorted([*cls.types_of.get(name, ()), cls.compute_type.casefold()])

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        for option, types in self.types_of.items():
            if option in tree and self.type_name not in types:
                message = f"{option} is an option of the type {' and '.join(types)}, and not of {self.type_name}."
                yield Finding("OptionOfAnotherType", option, message, "ARM types of 2025-12-01; docs/facts.md c.2")
        yield from super().check(target, declared, tree)
        yield from rules.compute_name(target.name, shortest=2)


# --- by SSH ---

_ACCOUNT = "administratorAccount"


def _port(value: int, option: str) -> Findings:
    if not 1 <= value <= 65535:
        yield Finding("OutOfRange", option, f"{option} must be 1 to 65535; {value} is not.", "TCP")


_SSH = (
    # The CLI's schema of a virtual machine has no such field.
    inner(
        "address",
        "address",
        spec={"type": "str"},
        rule=rules.host,
        cli_name=None,
        examples=("203.0.113.4", "host.example.org"),
    ),
    inner("ssh_settings.admin_username", f"{_ACCOUNT}.username", spec={"type": "str"}),
    inner(
        "ssh_settings.ssh_port",
        "sshPort",
        spec={"type": "int"},
        rule=_port,
        canon=lambda value: value or 22,
        shape=shape.NUMBER,
    ),
    secret("ssh_settings.ssh_private_key", f"{_ACCOUNT}.privateKeyData", "ssh_settings.admin_username"),
    secret("ssh_settings.admin_password", f"{_ACCOUNT}.password", "ssh_settings.admin_username"),
)
_SECRETS = ("ssh_settings.ssh_private_key", "ssh_settings.admin_password")


class _Host(Attached):
    """A machine that the workspace logs in to by SSH."""

    fields = (*_OUTER, *_SSH)
    options = (
        *_HOW,
        Option(
            "ssh_settings", spec={"type": "dict", "mutually_exclusive": [("ssh_private_key_file", "ssh_private_key")]}
        ),
        Option("ssh_settings.ssh_private_key_file", spec={"type": "path", "no_log": False}),
    )
    of_target = ("location", "address")
    required_on_create = ()

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        yield from super().check(target, declared, tree)
        if tree.get("ssh_settings") == {}:
            message = "ssh_settings needs admin_username, and ssh_private_key or admin_password; omit it to not manage how to log in."
            yield Finding("SshUserMissing", "ssh_settings", message, "docs/coverage.md 1.10")
        if any(declared.get(option) for option in _SECRETS) and not declared.get("ssh_settings.admin_username"):
            message = "ssh_settings needs admin_username together with a key or a password."
            yield Finding("SshUserMissing", "ssh_settings.admin_username", message, "docs/coverage.md 1.10")
        key = declared.get("ssh_settings.ssh_private_key")
        if key and "PRIVATE KEY" not in key:
            message = "ssh_settings.ssh_private_key is not a private key: it must hold the text that begins with -----BEGIN ... PRIVATE KEY-----."
            yield Finding("InvalidSshKey", "ssh_settings.ssh_private_key", message, "docs/facts.md f.10")

    def check_create(self, declared: Declared, parent: Body | None) -> Findings:
        yield from super().check_create(declared, parent)
        if not declared.get("resource_id") and not declared.get("address"):
            message = f"A {self.label} is attached by resource_id or by address; neither was given."
            yield Finding("RequiredForCreation", "resource_id", message, "docs/coverage.md 1.10")
        yield from self._check_login(declared)

    def check_update(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        if declared.get("ssh_settings.admin_username") not in (
            None,
            paths.get_path(current, "ssh_settings.admin_username"),
        ):
            yield from self._check_login(declared)

    @staticmethod
    def _check_login(declared: Declared) -> Findings:
        if declared.get("ssh_settings.admin_username") and not any(declared.get(option) for option in _SECRETS):
            yield Finding(
                "SshKeyMissing",
                "ssh_settings.ssh_private_key",
                "ssh_settings needs ssh_private_key or ssh_private_key_file (preferred), or admin_password, to log in as admin_username.",
                "docs/coverage.md 1.10, T6",
            )

    def advice(self, plan: Plan, declared: Declared, parent: Body | None) -> list[str]:
        warnings = super().advice(plan, declared, parent)
        if parent is not None and not declared.get("ssh_settings.admin_username"):
            warnings.append("NoLogin: attached without ssh_settings, so that nothing can be run on it by SSH.")
        return warnings

    def held_secrets(self, body: Body) -> list[str]:
        user = paths.get_path(body, f"properties.properties.{_ACCOUNT}.username")
        return ["ssh_settings.ssh_private_key or ssh_settings.admin_password"] if user else []

    def writable(self, body: Body) -> Body:
        writable = super().writable(body)
        # An account without its secret would be another account: it goes along only with one.
        if isinstance(paths.get_path(writable, "properties.properties"), dict):
            writable["properties"]["properties"].pop(_ACCOUNT, None)
        return writable

    def with_values(self, body: Body, values: Declared) -> Body:
        changed = super().with_values(body, values)
        account = paths.get_path(changed, f"properties.properties.{_ACCOUNT}")
        if isinstance(account, dict):
            changed["properties"]["properties"][_ACCOUNT] = {
                key: value for key, value in account.items() if value is not None
            }
        return changed

    def updates(self, body: Body, plan: Plan) -> list[t.Any]:
        requests = super().updates(body, plan)
        if plan.secrets:
            user = plan.values().get("ssh_settings.admin_username") or paths.get_path(
                body, f"properties.properties.{_ACCOUNT}.username"
            )
            paths.set_path(requests[0].body or {}, f"properties.properties.{_ACCOUNT}.username", user)
        return requests

    def recreate_body(self, body: Body, plan: Plan, declared: Declared, target: Target, parent: Body | None) -> Body:
        new = super().recreate_body(body, plan, declared, target, parent)
        user = declared.get("ssh_settings.admin_username") or paths.get_path(
            body, f"properties.properties.{_ACCOUNT}.username"
        )
        if user:
            paths.set_path(new, f"properties.properties.{_ACCOUNT}.username", user)
        return new


class VirtualMachine(_Host):
    label = "virtual machine"
    is_in_managed_network = False
    compute_type = "VirtualMachine"
    cli = CliSchema(
        ("virtualmachine",),
        "vmCompute.schema.json",
        read_only=(*READ_ONLY, "compute_location"),
        groups_need={"ssh_settings": "admin_username"},
    )
    target_types: t.ClassVar[dict[str, str]] = {"Microsoft.Compute/virtualMachines": "2024-07-01"}
    # Data science virtual machines that the service made in its first version (docs/facts.md c.2).
    creates_underlying = True
    needs = "The service must reach the machine's SSH port (in a network: inbound from the tag AzureMachineLearning), and the system must be Ubuntu."

    def project(self, body: Body) -> dict[str, t.Any]:
        size = paths.get_path(body, "properties.properties.virtualMachineSize")
        return {**super().project(body), "size": size or None}


class HDInsight(_Host):
    label = "HDInsight cluster"
    compute_type = "HDInsight"
    target_types: t.ClassVar[dict[str, str]] = {"Microsoft.HDInsight/clusters": "2021-06-01"}
    needs = "The service must reach SSH on the head node (NAME-ssh.azurehdinsight.net), which needs a public address."


# --- by id, with the additional properties that the service needs ---


class Databricks(Attached):
    label = "Databricks workspace"
    compute_type = "Databricks"
    target_types: t.ClassVar[dict[str, str]] = {"Microsoft.Databricks/workspaces": "2024-05-01"}
    fields = (*_OUTER, secret("access_token", "databricksAccessToken"))
    required_on_create = ("resource_id", "access_token")
    permissions = "Contributor on the Databricks workspace"

    def target_facts(self, target: Body) -> dict[str, t.Any]:
        return {retirements.DATABRICKS: paths.get_path(target, "sku.name")}

    def held_secrets(self, body: Body) -> list[str]:
        return ["access_token"]

    def writable(self, body: Body) -> Body:
        writable = super().writable(body)
        if isinstance(paths.get_path(writable, "properties.properties"), dict):
            writable["properties"]["properties"].pop("databricksAccessToken", None)
        return writable

    def project(self, body: Body) -> dict[str, t.Any]:
        return {**super().project(body), "workspace_url": _inner(body).get("workspaceUrl")}


class DataLakeAnalytics(Attached):
    label = "Data Lake Analytics account"
    successor = compute.Successor(
        compute.BY_HAND,
        "Attach a Synapse Spark pool or a Kubernetes cluster for the pipelines, and detach this one with aml_attached_compute (state absent).",
    )
    compute_type = "DataLakeAnalytics"
    target_types: t.ClassVar[dict[str, str]] = {"Microsoft.DataLakeAnalytics/accounts": "2016-11-01"}

    def project(self, body: Body) -> dict[str, t.Any]:
        return {**super().project(body), "data_lake_store_account_name": _inner(body).get("dataLakeStoreAccountName")}


class DataFactory(Attached):
    label = "data factory"
    compute_type = "DataFactory"
    target_types: t.ClassVar[dict[str, str]] = {"Microsoft.DataFactory/factories": "2018-06-01"}
    # The official example attaches one without an id (docs/facts.md c.2).
    required_on_create = ()


class SynapseSpark(Attached):
    label = "Synapse Spark pool"
    successor = compute.Successor(
        compute.BY_HAND,
        "Create a pool with a current runtime in the Synapse workspace, attach it under a new name, and detach this one.",
    )
    compute_type = "SynapseSpark"
    cli = CliSchema(
        ("synapsespark",),
        "synapseSparkCompute.schema.json",
        read_only=(
            *READ_ONLY,
            "node_family",
            "node_size",
            "node_count",
            "spark_version",
            "scale_settings",
            "auto_pause_settings",
        ),
    )
    target_types: t.ClassVar[dict[str, str]] = {"Microsoft.Synapse/workspaces/bigDataPools": "2021-06-01"}
    fields = (*_OUTER, compute.IDENTITY)
    also: t.ClassVar[dict[str, shape.Shape]] = {
        "properties.properties.autoScaleProperties": shape.mapping(
            dict.fromkeys(("enabled", "minNodeCount", "maxNodeCount"), shape.SCALAR)
        ),
        "properties.properties.autoPauseProperties": shape.mapping(
            dict.fromkeys(("enabled", "delayInMinutes"), shape.SCALAR)
        ),
    }
    permissions = "Owner of the Synapse workspace, which links the two"
    needs = "The identity needs the role Synapse Spark Administrator in the Synapse workspace."

    def target_facts(self, target: Body) -> dict[str, t.Any]:
        return {retirements.SPARK: paths.get_path(target, "properties.sparkVersion")}

    def retirement_notices(self, declared: Declared, body: Body | None) -> list[Notice]:
        runtime = {retirements.SPARK: _inner(body or {}).get("sparkVersion")}
        return [*super().retirement_notices(declared, body), *retirements.notices(runtime)]

    def project(self, body: Body) -> dict[str, t.Any]:
        pool = _inner(body)
        scale, pause = pool.get("autoScaleProperties") or {}, pool.get("autoPauseProperties") or {}
        return {
            **super().project(body),
            "node_family": pool.get("nodeSizeFamily"),
            "node_size": pool.get("nodeSize"),
            "node_count": pool.get("nodeCount"),
            "spark_version": pool.get("sparkVersion"),
            "scale_settings": {
                "auto_scale_enabled": scale.get("enabled"),
                "min_node_count": scale.get("minNodeCount"),
                "max_node_count": scale.get("maxNodeCount"),
            },
            "auto_pause_settings": {
                "auto_pause_enabled": pause.get("enabled"),
                "delay_in_minutes": pause.get("delayInMinutes"),
            },
        }


def _inner(body: Body) -> dict[str, t.Any]:
    inner = (body.get("properties") or {}).get("properties")
    return inner if isinstance(inner, dict) else {}


# --- what is attached, whatever it is ---


class AnyAttached(Attached):
    """For a removal that does not say which type. ``kinds`` are those of all compute targets by their types."""

    label = "attached compute target"
    creates_underlying = True

    def __init__(self, kinds: t.Mapping[str, compute.ComputeKind]) -> None:
        self._kinds = kinds

    def guard(self, body: Body, target: Target) -> None:
        type_ = kind_name(body)
        found = self._kinds.get(type_, self)
        if found.module != self.module:
            raise compute.KindMismatch(
                f"{target.name!r} exists in this workspace, but as {type_}, which is not attached compute.",
                hint=f"Use {found.module} for it, or correct the name.",
                details={"found": type_, "asked": None, "id": body.get("id")},
            )
        creates = type_ in self._kinds and found.creates_underlying
        if self.removing and self.delete_underlying and (attachment.is_attached(body) or not creates):
            raise attachment.NotDeletable(
                f"delete_underlying: {target.name!r} was attached, and the service deletes only what it made itself.",
                hint="Omit delete_underlying to detach it, and delete the resource where it was created.",
                details={"id": body.get("id"), "resource_id": body["properties"].get("resourceId")},
            )

    def project(self, body: Body) -> dict[str, t.Any]:
        return compute.common_projection(body)
