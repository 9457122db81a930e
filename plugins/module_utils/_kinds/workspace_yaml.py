# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workspaces in YAML of the Azure ML CLI v2 (azure-ai-ml, ``_schema/workspace``)."""

from __future__ import annotations

import typing as t

from .._core.words import letters
from .._engine.cli_schema import HEAD, CliSchema, plain_schema

Tree = dict[str, t.Any]


def _own_rules(tree: Tree) -> None:
    """Of the rules that ``az ml workspace show`` prints, only the user's own can be declared."""
    network = tree.get("managed_network")
    if not isinstance(network, dict) or not isinstance(network.get("outbound_rules"), list):
        return
    kept = [
        rule
        for rule in network["outbound_rules"]
        if letters(str(rule.get("category") or "userdefined")) == "userdefined"
    ]
    network["outbound_rules"] = [{key: value for key, value in rule.items() if key != "category"} for rule in kept]


def _no_subnet(tree: Tree) -> None:
    """``None`` is the CLI's word for taking the subnet of serverless compute away (azure-ai-ml, ServerlessComputeSettingsSchema)."""
    serverless = tree.get("serverless_compute")
    if isinstance(serverless, dict) and serverless.get("custom_subnet") == "None":
        serverless["custom_subnet"] = None


# What the schema of feature stores has and that of workspaces has not.
_OF_STORES = ("compute_runtime", "materialization_identity", "offline_store", "online_store")


def _is_feature_store(declared: Tree) -> bool:
    """Whether a file of the CLI is of a feature store, whose schema has neither a type nor a kind."""
    return "featurestore" in plain_schema(declared) or any(name in declared for name in _OF_STORES)


def _respell_feature_store(tree: Tree) -> None:
    """The kind is in the schema alone, and what the service calls settings of a feature store is its compute runtime; an identity is its id."""
    _own_rules(tree)
    tree.setdefault("kind", "featurestore")
    runtime = tree.pop("compute_runtime", None)
    if runtime:
        tree["feature_store_settings"] = runtime
    identity = tree.get("materialization_identity")
    if isinstance(identity, dict):
        tree["materialization_identity"] = identity.get("resource_id")


def _respell(tree: Tree) -> None:
    tree.pop("type", None)
    _own_rules(tree)
    _no_subnet(tree)


def _omit(options: Tree) -> list[str]:
    """Remove an allow list without addresses, which the schema refuses where others are denied (azure-ai-ml, NetworkAclsSchema)."""
    acls = options.get("network_acls") or {}
    if acls.get("default_action") != "deny" or acls.get("ip_rules"):
        return []
    del options["network_acls"]
    return ["network_acls"]


def _write(tree: Tree) -> Tree:
    if "network_acls" in tree:
        # The schema takes Allow and Deny in this spelling alone.
        action = tree["network_acls"].get("default_action") or "allow"
        tree["network_acls"] = {**tree["network_acls"], "default_action": action.capitalize()}
    if tree.get("kind") == "default":
        # The schema of default workspaces has no kind.
        del tree["kind"]
    identities = (tree.get("identity") or {}).get("user_assigned_identities")
    if identities:
        tree["identity"]["user_assigned_identities"] = {row["resource_id"]: {} for row in identities}
    return tree


# Of a workspace's options, those that the schema of feature stores has (azure-ai-ml, FeatureStoreSchema).
_OF_FEATURE_STORES = (
    "location", "display_name", "description", "tags", "storage_account", "key_vault", "application_insights", "container_registry", "hbi_workspace",
    "public_network_access", "image_build_compute", "identity", "primary_user_assigned_identity", "customer_managed_key", "managed_network",
    "compute_runtime",
)  # fmt: skip
# What a feature store has in the other fields when azure-ai-ml created it.
_OF_EACH_FEATURE_STORE: Tree = {
    "kind": "featurestore",
    "enable_data_isolation": False,
    "system_datastores_auth_mode": "identity",
}


def _group_of_feature_store(options: Tree) -> None:
    settings = options.get("feature_store_settings") or {}
    runtime = settings.pop("spark_runtime_version", None)
    if runtime is not None:
        options["compute_runtime"] = {"spark_runtime_version": runtime}
    if not settings:
        options.pop("feature_store_settings", None)


def _omit_of_feature_store(options: Tree) -> list[str]:
    """Remove what the schema of workspaces has and that of feature stores has not; return what each store has otherwise."""
    others = {option: options.pop(option) for option in [*options] if option not in _OF_FEATURE_STORES}
    others = {option: value for option, value in others.items() if value not in (None, {})}
    return [option for option, value in others.items() if _OF_EACH_FEATURE_STORE.get(option) != value]


_READ_ONLY = (
    *HEAD,
    "discovery_url",
    "mlflow_tracking_uri",
    "associated_workspaces",
    "identity.principal_id",
    "identity.tenant_id",
    "managed_network.network_id",
    "managed_network.status",
    "managed_network.outbound_rules.parent_rule_names",
    "managed_network.outbound_rules.status",
)
CLI = CliSchema(
    ("workspace",),
    "workspace.schema.json",
    loader="load_workspace",
    is_typed=False,
    variants=("featurestore",),
    read_only=_READ_ONLY,
    respell=_respell,
    write=_write,
    omit=_omit,
)
# A workspace of its kind, for which the CLI has a separate schema.
FEATURE_STORE = CliSchema(
    ("featurestore",),
    "http://azureml/sdk-2-0/FeatureStore.json",
    loader="load_feature_store",
    is_typed=False,
    shows=_is_feature_store,
    read_only=_READ_ONLY,
    respell=_respell_feature_store,
    write=_write,
    group=_group_of_feature_store,
    omit=_omit_of_feature_store,
)
