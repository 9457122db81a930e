# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workspace, of the kinds default, hub, project and featurestore.

Sources: ARM types of 2025-12-01 (WorkspaceProperties; WorkspacePropertiesUpdateParameters lists what a PATCH takes), docs/facts.md d,
docs/coverage.md 1.11.
"""

from __future__ import annotations

import copy
import functools
import typing as t
from dataclasses import replace

from .._core import canon, paths, shape
from .._core.arm_id import Target
from .._core.canon import arm_id, boolean_text, caseless, full_id, region, text
from .._core.findings import Finding, Findings
from .._engine import kind_version, versions
from .._engine import rules as _rules
from .._engine.cli_schema import CliSchema
from .._engine.exported import SEPARATE, Exported, private_endpoints
from .._engine.fields import Field, Option, choice
from .._engine.kind import FAILED, Body, Kind, Request, Status, fixed, provisioning_status
from .._engine.plan import CREATE, REPLACE, Declared, Plan
from .._engine.versions import Versions
from . import compute, retirements, rows, rule_destinations, workspace_rules, workspace_yaml
from .outbound_rules import (
    RULE_TYPES,
    RULES,
    check_rules,
    existing_name,
    own_rules,
    rule_field,
    rule_from_arm,
    rule_request,
)
from .retirements import Notice

_NETWORK = "properties.managedNetwork."
_SERVERLESS = "properties.serverlessComputeSettings."
_ISOLATION = choice(
    disabled="Disabled",
    allow_internet_outbound="AllowInternetOutbound",
    allow_only_approved_outbound="AllowOnlyApprovedOutbound",
)
isolation_mode_to_arm = _ISOLATION["to_arm"]
_TYPES = "ARM types of workspaces: 'This cannot be changed once the workspace has been created'"


def _build_compute(value: str, option: str) -> Findings:
    if value:
        yield from _rules.segment(value, option)


def kind_name(value: t.Any) -> str:
    """The kind in lower case; a workspace without one is a default one."""
    return str(value or "default").casefold()


def _default_action(value: t.Any) -> t.Any:
    """A workspace without rules of access takes all addresses."""
    return caseless(value) or "allow"


def _ranges(rules: t.Any) -> list[str]:
    """Ranges of addresses: their order has no meaning, and one address is a range of one."""
    return sorted(str(_rules.ip_range(rule.get("value")) or rule.get("value")) for rule in rules or [])


def _id(type_: str, **more: t.Any) -> dict[str, t.Any]:
    """What rows for the id of a resource have in common."""
    return {
        "spec": {"type": "str", **more},
        "rule": functools.partial(_rules.resource_id, type_=type_),
        "canon": arm_id,
        "to_arm": full_id,
    }


class _Provisioned(Field):
    """Whether the managed network is provisioned, which it stays: a declared false asks for nothing, and one that is not provisioned has no value."""

    def same(self, left: t.Any, right: t.Any) -> bool:
        return bool(left) or not right


_NETWORK_VERSIONS = Versions("2023-10-01", "2023-04-01-preview")
_SERVERLESS_VERSIONS = Versions("2023-10-01", "2023-08-01-preview")
_FEATURE_STORE = "properties.featureStoreSettings."
_FEATURE_STORE_VERSIONS = Versions("2023-10-01", "2022-12-01-preview")
_ENCRYPTION = "properties.encryption."
_OWN_STORES = Versions("2025-12-01", "2023-06-01-preview")
_ACLS = "properties.networkAcls."
_ACLS_VERSIONS = Versions(preview="2024-10-01-preview")
_FIXED_KEY = "how data is encrypted is decided at creation; a PATCH takes another key_uri alone (ARM types, EncryptionUpdateProperties)"


_HUB = "properties.workspaceHubConfig."
_HUB_VERSIONS = Versions("2024-04-01", "2023-06-01-preview")
_NO_UPDATE = "a PATCH does not take it (ARM types, WorkspacePropertiesUpdateParameters)"
# The options of a shared private link, and their places in ARM.
_LINK = {
    "name": "name",
    "group_id": "properties.groupId",
    "private_link_resource_id": "properties.privateLinkResourceId",
    "request_message": "properties.requestMessage",
}


def _storage_ids(ids: list[str], option: str) -> Findings:
    for identifier in ids:
        yield from _rules.resource_id(identifier, option, "Microsoft.Storage/storageAccounts")


def _set_of_ids(ids: t.Any) -> list[str]:
    """The order of ids has no meaning."""
    return sorted(map(arm_id, ids or []))


def _check_links(links: list[dict[str, t.Any]], option: str) -> Findings:
    yield from _rules.once([link.get("name") for link in links], option, "ARM types, SharedPrivateLinkResource")
    for link in links:
        yield from _rules.resource_id(link.get("private_link_resource_id"), f"{option}.private_link_resource_id")


def _links_to_arm(links: list[dict[str, t.Any]]) -> list[Body]:
    made: list[Body] = []
    for link in links:
        body: Body = {}
        for option, path in _LINK.items():
            if link.get(option) is not None:
                paths.set_path(body, path, link[option])
        made.append(body)
    return made


def _links_from_arm(links: list[Body]) -> list[dict[str, t.Any]]:
    """Without their status, which is the service's."""
    read = [{option: paths.get_path(link, path) for option, path in _LINK.items()} for link in links]
    return [{option: None if value is paths.MISSING else value for option, value in link.items()} for link in read]


def _links(links: t.Any) -> list[tuple[t.Any, ...]]:
    """Links in any order, without the messages: they are for who approves them."""
    return sorted(
        (
            str(link.get("name")).casefold(),
            str(link.get("group_id")).casefold(),
            str(arm_id(link.get("private_link_resource_id"))),
        )
        for link in links or []
    )


def _own_store(option: str, path: str, type_: str) -> Field:
    """A store of the user's own, in which the service keeps the encrypted data in place of one that it creates."""
    return fixed(
        f"customer_managed_key.{option}",
        _ENCRYPTION + path,
        _FIXED_KEY,
        clearable=True,
        versions=_OWN_STORES,
        **_id(type_),
    )


FIELDS: tuple[Field, ...] = (
    fixed(
        "location",
        "location",
        "a workspace stays in its region (Azure Resource Manager)",
        spec={"type": "str"},
        canon=region,
    ),
    fixed(
        "kind",
        "kind",
        "a workspace cannot become another kind",
        spec={"type": "str", "choices": ["default", "hub", "project", "featurestore"]},
        canon=kind_name,
        from_arm=str.lower,
        shape=shape.TEXT,
    ),
    fixed(
        "hub_id",
        "properties.hubResourceId",
        "a project stays in its hub",
        clearable=True,
        versions=Versions("2024-04-01", "2023-04-01-preview"),
        **_id("Microsoft.MachineLearningServices/workspaces", aliases=["workspace_hub"]),
    ),
    # azure-ai-ml has the option and does not send it.
    fixed(
        "default_resource_group",
        _HUB + "defaultWorkspaceResourceGroup",
        _NO_UPDATE,
        clearable=True,
        versions=_HUB_VERSIONS,
        spec={"type": "str"},
        rule=_rules.group_id,
        canon=arm_id,
        to_arm=full_id,
    ),
    # The CLI's schema has neither this nor the next two options.
    fixed(
        "additional_workspace_storage_accounts",
        _HUB + "additionalWorkspaceStorageAccounts",
        _NO_UPDATE,
        clearable=True,
        versions=_HUB_VERSIONS,
        spec={"type": "list", "elements": "str"},
        rule=_storage_ids,
        cli_name=None,
        canon=_set_of_ids,
        to_arm=lambda ids: [full_id(item) for item in ids],
        shape=shape.list_of(shape.TEXT),
    ),
    fixed(
        "shared_private_link_resources",
        "properties.sharedPrivateLinkResources",
        _NO_UPDATE,
        clearable=True,
        spec={
            "type": "list",
            "elements": "dict",
            "options": {
                "name": {"type": "str", "required": True},
                "group_id": {"type": "str", "required": True},
                "private_link_resource_id": {"type": "str", "required": True},
                "request_message": {"type": "str"},
            },
        },
        rule=_check_links,
        cli_name=None,
        canon=_links,
        to_arm=_links_to_arm,
        from_arm=_links_from_arm,
        shape=shape.list_of(
            shape.mapping(
                {
                    "name": shape.TEXT,
                    "properties": shape.mapping({"groupId": shape.TEXT, "privateLinkResourceId": shape.TEXT}),
                }
            )
        ),
    ),
    Field(
        "soft_delete_retention_in_days",
        "properties.softDeleteRetentionInDays",
        optional=True,
        versions=Versions(preview="2023-02-01-preview"),
        spec={"type": "int"},
        rule=_rules.at_least(1, "ARM types, WorkspaceProperties.softDeleteRetentionInDays"),
        cli_name=None,
    ),
    Field("display_name", "properties.friendlyName", spec={"type": "str", "aliases": ["friendly_name"]}, canon=text),
    rows.DESCRIPTION,
    rows.TAGS,
    fixed("storage_account", "properties.storageAccount", _TYPES, **_id("Microsoft.Storage/storageAccounts")),
    # A null agrees with a workspace that has none (see workspace_rules.check_vault).
    fixed(
        "key_vault",
        "properties.keyVault",
        _TYPES,
        clearable=True,
        **_id("Microsoft.KeyVault/vaults", no_log=False),
    ),
    Field(
        "application_insights",
        "properties.applicationInsights",
        optional=True,
        **_id("Microsoft.Insights/components"),
    ),
    Field(
        "container_registry",
        "properties.containerRegistry",
        optional=True,
        **_id("Microsoft.ContainerRegistry/registries"),
    ),
    fixed(
        "hbi_workspace",
        "properties.hbiWorkspace",
        "high business impact is decided at creation",
        spec={"type": "bool"},
        canon=boolean_text,
    ),
    Field(
        "public_network_access",
        "properties.publicNetworkAccess",
        spec={"type": "str", "choices": ["enabled", "disabled"]},
        canon=caseless,
        **choice(enabled="Enabled", disabled="Disabled"),
    ),
    Field(
        "image_build_compute",
        "properties.imageBuildCompute",
        spec={"type": "str"},
        rule=_build_compute,
        examples=("builder", "cpu-cluster"),
        wrong=("a\nb", "../x", "a/b", "\ud800"),
        canon=text,
        clearable=True,
    ),
    Field(
        "identity",
        "identity",
        spec=compute.identity_spec("system_assigned", "user_assigned", "system_assigned,user_assigned"),
        rule=functools.partial(_rules.identity, both=True),
        canon=canon.identity,
        to_arm=compute.identity_to_arm,
        from_arm=compute.identity_from_arm,
    ),
    Field(
        "primary_user_assigned_identity",
        "properties.primaryUserAssignedIdentity",
        optional=True,
        **_id("Microsoft.ManagedIdentity/userAssignedIdentities"),
    ),
    Field(
        "system_datastores_auth_mode",
        "properties.systemDatastoresAuthMode",
        spec={"type": "str", "choices": ["accesskey", "identity", "user_delegation_sas"]},
        versions=Versions("2025-06-01", "2022-12-01-preview"),
        canon=caseless,
        **choice(accesskey="AccessKey", identity="Identity", user_delegation_sas="UserDelegationSAS"),
    ),
    fixed(
        "enable_data_isolation",
        "properties.enableDataIsolation",
        "data isolation is decided at creation (azure-ai-ml, Workspace.enable_data_isolation)",
        versions=Versions("2024-04-01", "2023-04-01-preview"),
        spec={"type": "bool"},
        canon=boolean_text,
    ),
    Field(
        "allow_roleassignment_on_rg",
        "properties.allowRoleAssignmentOnRG",
        versions=Versions(preview="2024-07-01-preview"),
        spec={"type": "bool"},
        canon=boolean_text,
    ),
    # The CLI's schema has no such field.
    Field(
        "v1_legacy_mode",
        "properties.v1LegacyMode",
        spec={"type": "bool"},
        cli_name=None,
        implied=False,
        canon=boolean_text,
    ),
    fixed(
        "customer_managed_key.key_vault",
        "properties.encryption.keyVaultProperties.keyVaultArmId",
        "the key vault of a customer-managed key cannot be changed",
        clearable=True,
        **_id("Microsoft.KeyVault/vaults", required=True, no_log=False),
    ),
    Field(
        "customer_managed_key.key_uri",
        "properties.encryption.keyVaultProperties.keyIdentifier",
        optional=True,
        spec={"type": "str", "required": True, "no_log": False},
        rule=_rules.https_address,
    ),
    # The CLI's schema has neither this nor the next option but two.
    fixed(
        "customer_managed_key.user_assigned_identity",
        _ENCRYPTION + "identity.userAssignedIdentity",
        _FIXED_KEY,
        clearable=True,
        cli_name=None,
        **_id("Microsoft.ManagedIdentity/userAssignedIdentities"),
    ),
    _own_store("cosmosdb_id", "cosmosDbResourceId", "Microsoft.DocumentDB/databaseAccounts"),
    _own_store("search_id", "searchAccountResourceId", "Microsoft.Search/searchServices"),
    _own_store("storage_id", "storageAccountResourceId", "Microsoft.Storage/storageAccounts"),
    fixed(
        "enable_service_side_cmk_encryption",
        "properties.enableServiceSideCMKEncryption",
        _FIXED_KEY,
        versions=Versions("2025-06-01", "2024-07-01-preview"),
        spec={"type": "bool"},
        cli_name=None,
        implied=False,
        canon=boolean_text,
    ),
    Field(
        "network_acls.default_action",
        _ACLS + "defaultAction",
        versions=_ACLS_VERSIONS,
        spec={"type": "str", "choices": ["allow", "deny"]},
        canon=_default_action,
        clearable=True,
        cleared="Allow",
        **choice(allow="Allow", deny="Deny"),
    ),
    Field(
        "network_acls.ip_rules",
        _ACLS + "ipRules",
        versions=_ACLS_VERSIONS,
        spec={"type": "list", "elements": "dict", "options": {"value": {"type": "str", "required": True}}},
        rule=_rules.ip_rules,
        examples=([{"value": "203.0.113.0/24"}, {"value": "198.51.100.7"}], []),
        wrong=(
            [{"value": "example.org"}],
            [{"value": "2001:db8::/32"}],
            [{"value": "203.0.113.0/33"}],
            [{"value": "10.1.0.0/16"}],
        ),
        canon=_ranges,
        clearable=True,
        cleared=[],
        shape=shape.list_of(shape.mapping({"value": shape.TEXT})),
    ),
    _Provisioned(
        "provision_network",
        _NETWORK + "status.status",
        optional=True,
        versions=_NETWORK_VERSIONS,
        spec={"type": "bool", "aliases": ["provision_network_now"]},
        cli_name="provision_network_now",
        to_arm=lambda provisioned: "Active" if provisioned else "Inactive",
        from_arm=lambda status: status.casefold() == "active" or None,
        shape=shape.TEXT,
    ),
    _Provisioned(
        "include_spark",
        _NETWORK + "status.sparkReady",
        optional=True,
        versions=_NETWORK_VERSIONS,
        spec={"type": "bool"},
        cli_name=None,
        implied=False,
        canon=boolean_text,
        from_arm=lambda ready: boolean_text(ready) is True or None,
    ),
    Field(
        "serverless_compute.custom_subnet",
        _SERVERLESS + "serverlessComputeCustomSubnet",
        clearable=True,
        versions=_SERVERLESS_VERSIONS,
        **_id("Microsoft.Network/virtualNetworks/subnets"),
    ),
    Field(
        "serverless_compute.no_public_ip",
        _SERVERLESS + "serverlessComputeNoPublicIP",
        optional=True,
        versions=_SERVERLESS_VERSIONS,
        spec={"type": "bool"},
        canon=boolean_text,
    ),
    # The CLI has a separate schema for feature stores.
    Field(
        "feature_store_settings.spark_runtime_version",
        _FEATURE_STORE + "computeRuntime.sparkRuntimeVersion",
        optional=True,
        versions=_FEATURE_STORE_VERSIONS,
        spec={"type": "str"},
        cli_name=None,
    ),
    Field(
        "feature_store_settings.offline_store_connection_name",
        _FEATURE_STORE + "offlineStoreConnectionName",
        optional=True,
        versions=_FEATURE_STORE_VERSIONS,
        spec={"type": "str"},
        cli_name=None,
    ),
    Field(
        "feature_store_settings.online_store_connection_name",
        _FEATURE_STORE + "onlineStoreConnectionName",
        versions=_FEATURE_STORE_VERSIONS,
        spec={"type": "str"},
        cli_name=None,
        clearable=True,
    ),
    Field(
        "managed_network.isolation_mode",
        _NETWORK + "isolationMode",
        versions=_NETWORK_VERSIONS,
        spec={"type": "str", "choices": ["disabled", "allow_internet_outbound", "allow_only_approved_outbound"]},
        canon=caseless,
        **_ISOLATION,
    ),
    Field(
        "managed_network.firewall_sku",
        _NETWORK + "firewallSku",
        optional=True,
        versions=Versions("2024-10-01", "2024-10-01-preview"),
        spec={"type": "str", "choices": ["basic", "standard"]},
        canon=caseless,
        **choice(basic="Basic", standard="Standard"),
    ),
    Field(
        "managed_network.enable_network_monitor",
        _NETWORK + "enableNetworkMonitor",
        versions=Versions("2025-09-01", "2024-10-01-preview"),
        spec={"type": "bool"},
        cli_name=None,
        implied=False,
        canon=boolean_text,
    ),
    # Of this version alone, which sends it in a separate PATCH; every version returns it (docs/facts.md d.2).
    Field(
        "managed_network.enable_firewall_log",
        _NETWORK + "enableFirewallLog",
        versions=Versions("2025-09-01", stable_until="2025-09-01"),
        spec={"type": "bool"},
        cli_name=None,
        implied=False,
        canon=boolean_text,
    ),
    Field(
        "managed_network.managed_network_kind",
        _NETWORK + "managedNetworkKind",
        optional=True,
        versions=Versions("2025-04-01", "2024-10-01-preview"),
        spec={"type": "str", "choices": ["v1", "v2"]},
        cli_name=None,
        implied="v1",
        canon=caseless,
        **choice(v1="V1", v2="V2"),
    ),
)


def _store(option: str, target_type: str, store_type: str) -> Option:
    """A store that exists, to which a new feature store writes the features that it computes."""

    def check_target(store: dict[str, t.Any], named: str) -> Findings:
        yield from _rules.resource_id(store.get("target"), f"{named}.target", target_type)

    options = {
        "type": {"type": "str", "choices": [store_type], "default": store_type},
        "target": {"type": "str", "required": True},
    }
    return Option(option, spec={"type": "dict", "options": options}, rule=check_target, cli_name=None)


# How a feature store is created. The CLI has a separate schema for feature stores.
OF_FEATURE_STORES = (
    Option(
        "materialization_identity",
        spec={"type": "str"},
        rule=functools.partial(_rules.resource_id, type_="Microsoft.ManagedIdentity/userAssignedIdentities"),
        cli_name=None,
    ),
    Option("grant_materialization_permissions", spec={"type": "bool"}, cli_name=None),
    _store("offline_store", "Microsoft.Storage/storageAccounts/blobServices/containers", "azure_data_lake_gen2"),
    _store("online_store", "Microsoft.Cache/redis", "redis"),
)
OPTIONS = (
    Option("customer_managed_key", spec={"type": "dict", "no_log": False}),
    *OF_FEATURE_STORES,
    # Each declared rule is a separate row.
    Option(
        RULES,
        spec={
            "type": "list",
            "elements": "dict",
            "options": {
                "name": {"type": "str", "required": True},
                "type": {"type": "str", "choices": list(RULE_TYPES)},
                "destination": {"type": "raw"},
                "fqdns": {"type": "list", "elements": "str"},
                "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
            },
        },
        rule=check_rules,
    ),
)


# What one action of the service sets, when everything else is as declared.
PROVISIONING = ("provision_network", "include_spark")

# What the deployment of a new workspace does not set (azure-ai-ml's template), and a replacement keeps.
NOT_DEPLOYED = (
    "v1_legacy_mode",
    "serverless_compute.custom_subnet",
    "serverless_compute.no_public_ip",
    "managed_network.enable_network_monitor",
    "managed_network.enable_firewall_log",
    "managed_network.managed_network_kind",
    *PROVISIONING,
)

# No document says that a PATCH merges inside these objects: each goes as a whole.
_WHOLE = ("serverless_compute.", "network_acls.", "feature_store_settings.")


shape.learn_workspace(FIELDS)


class ExportedWorkspace(Exported):
    file_name = "workspace"
    tables = ("workspaces",)

    def complete(self) -> None:
        # A project has the rules of its hub.
        own = {} if self.options.get("kind") == "project" else own_rules(self.body)
        rules = [rule_from_arm(name, rule) for name, rule in own.items()]
        if rules:
            self.options.setdefault("managed_network", {})["outbound_rules"] = rules
        for endpoint in private_endpoints(self.body, "properties.privateEndpointConnections"):
            reason = f"the private endpoint {endpoint} exists separately; the role aml_workspace creates it from aml_workspace_private_endpoints"
            self.miss("aml_workspace_private_endpoints", reason, SEPARATE)

    @property
    def cli(self) -> CliSchema:
        return workspace_yaml.FEATURE_STORE if self.options.get("kind") == "featurestore" else workspace_yaml.CLI

    @property
    def rows(self) -> tuple[Field, ...]:
        return (*self.kind.fields, *map(rule_field, own_rules(self.body)))

    @property
    def declarable(self) -> Body:
        document = copy.deepcopy(self.body)
        if paths.get_path(document, f"{_NETWORK}outboundRules"):
            # The service makes the others.
            paths.set_path(document, f"{_NETWORK}outboundRules", own_rules(self.body))
        return document


class Workspace(Kind):
    """One per task: the declared outbound rules are rows of the table too."""

    label = "workspace"
    module = "aml_workspace"
    cli = workspace_yaml.CLI
    exported_as = ExportedWorkspace
    rewrite_fixes_failed = True
    api_version = versions.STABLE
    tags_api = "always"
    required_on_create = ()
    fields = FIELDS
    options = OPTIONS
    filled_by_service = (
        "properties.associatedWorkspaces",
        "properties.discoveryUrl",
        "properties.encryption.status",
        "properties.sharedPrivateLinkResources[].properties.status",
        "properties.managedNetwork.status",
        # What a request asks for once: the status of the managed network says whether it is done.
        "properties.provisionNetworkNow",
        "properties.managedNetwork.outboundRules.*.category",
        "properties.managedNetwork.outboundRules.*.status",
        "properties.managedNetwork.outboundRules.*.destination.sparkStatus",
    )

    def declare(self, tree: dict[str, t.Any], target: Target) -> Declared:
        rules = (tree.get("managed_network") or {}).get("outbound_rules") or []
        self.fields = (*FIELDS, *(rule_field(rule["name"]) for rule in rules if rule.get("name")))
        flat = super().declare(tree, target)
        if flat.get("identity"):
            flat["identity"] = compute.plain_identity(flat["identity"])
        for rule in rules:
            desired = {key: rule.get(key) for key in ("name", "type")}
            desired["destination"] = rule_destinations.normal(rule.get("destination"))
            if rule.get("fqdns") is not None:
                desired["fqdns"] = rule["fqdns"]
            flat[f"{RULES}.{rule['name']}"] = None if rule.get("state") == "absent" else desired
        return flat

    def with_values(self, body: Body, values: Declared) -> Body:
        changed = super().with_values(body, values)
        rules = paths.get_path(changed, f"{_NETWORK}outboundRules")
        if isinstance(rules, dict):
            # A rule with state absent needs no destination.
            own = {existing_name(changed, name): rule for name, rule in rules.items()}
            paths.set_path(
                changed, f"{_NETWORK}outboundRules", {name: rule for name, rule in own.items() if rule is not None}
            )
        return changed

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        yield from super().check(target, declared, tree)
        yield from workspace_rules.check_declared(declared)
        given = [row.option for row in OF_FEATURE_STORES if tree.get(row.option) is not None]
        if declared.get("kind"):
            yield from workspace_rules.check_feature_store(given, declared["kind"])
        if declared.get("hub_id") and declared.get("kind", "project") != "project":
            yield Finding("HubOfProject", "hub_id", "Only a workspace of kind project has a hub.", "docs/facts.md d.1")

    def check_create(self, declared: Declared, parent: Body | None) -> Findings:
        yield from super().check_create(declared, parent)
        # What is not declared of a project, its hub decides.
        is_project = declared.get("kind") == "project" or declared.get("hub_id")
        yield from workspace_rules.check({**declared, "kind": "project"} if is_project else declared, {})
        if declared.get("kind") == "project" and not declared.get("hub_id"):
            yield Finding(
                "RequiredForCreation", "hub_id", "A workspace of kind project needs hub_id.", "docs/facts.md d.1"
            )

    def check_update(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        yield from workspace_rules.check(declared, current)

    def advice(self, plan: Plan, declared: Declared, parent: Body | None) -> list[str]:
        notices = kind_version.preview_notice(self, declared if plan.action in (CREATE, REPLACE) else plan.values())
        rules = [value for option, value in plan.values().items() if option.startswith(f"{RULES}.") and value]
        return [*notices, *workspace_rules.advice_on_rules(rules)]

    def retirement_notices(self, declared: Declared, body: Body | None) -> list[Notice]:
        return retirements.notices(retirements.of_options(self.fields, declared, body))

    def advice_on_update(self, plan: Plan, body: Body) -> list[str]:
        return workspace_rules.advice_on_key(plan.values(), self.read(body))

    def updates(self, body: Body, plan: Plan) -> list[Request]:
        """One PATCH for the workspace, one PUT or DELETE for each outbound rule (azure-ai-ml, outbound rule operations), and one action for its network."""
        changed = plan.values()
        # Where a failed write is made again, what is provisioned stays so.
        due = [
            row
            for row in self.fields
            if row.option in PROVISIONING and not row.same(row.read(body), changed.get(row.option))
        ]
        provision = [_provision(body, changed)] if due else []
        values = {
            option: value
            for option, value in changed.items()
            if not option.startswith(RULES) and option not in PROVISIONING
        }
        rules = {option[len(RULES) + 1 :]: rule for option, rule in changed.items() if option.startswith(RULES)}
        requests = [rule_request(body, name, rule) for name, rule in rules.items()]
        return [*self._patches(body, values), *requests, *provision]

    def _patches(self, body: Body, values: Declared) -> list[Request]:
        """One PATCH, and one for each value that only another API version has."""
        alone = [row for row in self.fields if row.option in values and not row.versions.has(self.api_version)]
        apart = {row.option for row in alone}
        together = {option: value for option, value in values.items() if option not in apart}
        return [
            *([self._patch(body, together)] if together else []),
            *(
                replace(self._patch(body, {row.option: values[row.option]}), api_version=row.versions.best)
                for row in alone
            ),
        ]

    def _patch(self, body: Body, values: Declared) -> Request:
        carries = "tags" in values
        for group in _WHOLE:
            current = {row.option: row.read(body) for row in self.fields if row.option.startswith(group)}
            if current.keys() & values.keys():
                others = {option: now for option, now in current.items() if option not in values and now is not None}
                carries, values = carries or bool(others), {**others, **values}
        patch = self.with_values({}, values)
        if patch.get("identity"):
            _take_away(patch["identity"], body.get("identity") or {})
        return Request("PATCH", patch, carries=carries)

    def kept(self, body: Body) -> Declared:
        kept = super().kept(body)
        if kind_name(body.get("kind")) == "project":
            kept = {
                option: value
                for option, value in kept.items()
                if option.partition(".")[0] not in workspace_rules.FROM_HUB
            }
        # The defaults, which most workspaces have, need no preview version.
        if kept.get("network_acls.default_action") == "allow" and not kept.get("network_acls.ip_rules"):
            kept = {option: value for option, value in kept.items() if not option.startswith("network_acls.")}
        if boolean_text(kept.get("allow_roleassignment_on_rg")) is True:
            del kept["allow_roleassignment_on_rg"]
        return kept

    def completed(self, body: Body, plan: Plan, wanted: Declared) -> Declared:
        complete = super().completed(body, plan, wanted)
        if plan.action == REPLACE and caseless(complete.get("kind")) != "project":
            complete = {**self._kept_rules(body, wanted), **complete}
        if caseless(wanted.get("managed_network.isolation_mode")) == "disabled":
            # What the network of the old one has is nothing without a network.
            complete = {
                option: value for option, value in complete.items() if option in wanted or not _is_of_network(option)
            }
        # Without this null, a hub that has no key vault would get one.
        return complete if complete.get("key_vault") else {**complete, "key_vault": None}

    def _kept_rules(self, body: Body, wanted: Declared) -> Declared:
        """The outbound rules of a workspace that is replaced, without those that are declared."""
        declared = {option.casefold() for option in wanted}
        rules = {name: rule for name, rule in own_rules(body).items() if f"{RULES}.{name}".casefold() not in declared}
        self.fields = (*self.fields, *map(rule_field, rules))
        return {f"{RULES}.{name}": rule_from_arm(name, rule) for name, rule in rules.items()}

    def set_after_creation(self, plan: Plan, declared: Declared, complete: Declared) -> Declared:
        # The template does not take all fields, and sets some that were not declared.
        rows = [row for row in self.fields if row.option in NOT_DEPLOYED or row.option.startswith(f"{RULES}.")]
        kept = {
            row.option
            for row in rows
            if (row.versions.has(self.api_version) or row.versions.is_withdrawn)
            and complete.get(row.option) is not None
        }
        return {
            **declared,
            **{option: complete[option] for option in (*kept, *plan.values()) if option in complete},
        }

    def removal(self, options: t.Mapping[str, t.Any]) -> Request:
        purge = "true" if options.get("permanently_delete") else "false"
        return Request("DELETE", None, {"forceToPurge": purge})

    def status(self, body: Body, *, settling: bool = False) -> Status:
        status = provisioning_status(body)
        if status.state != FAILED:
            return status
        message = "its provisioning failed; the service keeps no reason on the workspace"
        return Status(FAILED, status.text, "ProvisioningFailed", message)

    def project(self, body: Body) -> dict[str, t.Any]:
        properties = body.get("properties") or {}
        network = properties.get("managedNetwork") or {}
        projected = self.read(body)
        for option in PROVISIONING:
            del projected[option]
        projected["managed_network"] = {
            "isolation_mode": projected["managed_network"]["isolation_mode"],
            "firewall_sku": projected["managed_network"]["firewall_sku"],
            "enable_network_monitor": projected["managed_network"]["enable_network_monitor"],
            "enable_firewall_log": projected["managed_network"]["enable_firewall_log"],
            "managed_network_kind": projected["managed_network"]["managed_network_kind"],
            "status": (network.get("status") or {}).get("status"),
            "spark_ready": boolean_text((network.get("status") or {}).get("sparkReady")),
            "outbound_rules": [
                {**rule_from_arm(name, rule), "category": rule.get("category"), "status": rule.get("status")}
                for name, rule in (network.get("outboundRules") or {}).items()
                if rule is not None
            ],
        }
        return {
            "id": body.get("id"),
            "name": body.get("name"),
            **projected,
            "tags": body.get("tags") or {},
            "identity": compute.projected_identity(body),
            "provisioning_state": properties.get("provisioningState"),
            "workspace_id": properties.get("workspaceId"),
            "discovery_url": properties.get("discoveryUrl"),
            "mlflow_tracking_uri": properties.get("mlFlowTrackingUri"),
            "private_link_count": properties.get("privateLinkCount"),
        }


def _is_of_network(option: str) -> bool:
    return option.startswith("managed_network.") or option in PROVISIONING


def _provision(body: Body, changed: Declared) -> Request:
    """The action that provisions the managed network (ARM types, ManagedNetworkProvisionOptions).

    It is sent only after a read that shows that it is due, and after the end of a running one: another run may have started it.
    """
    ready = boolean_text(paths.get_path(body, f"{_NETWORK}status.sparkReady")) is True
    return Request(
        "POST",
        {"includeSpark": bool(changed.get("include_spark")) or ready},
        suffix="/provisionManagedNetwork",
        carries=True,
    )


def _take_away(identity: Body, current: Body) -> None:
    """A PATCH takes an identity away only by a null under its id (azure-ai-ml, begin_update)."""
    desired = identity.get("userAssignedIdentities") or {}
    keep = {arm_id(item) for item in desired}
    gone = {item: None for item in current.get("userAssignedIdentities") or {} if arm_id(item) not in keep}
    if gone and "UserAssigned" in identity["type"]:
        identity["userAssignedIdentities"] = {**desired, **gone}
