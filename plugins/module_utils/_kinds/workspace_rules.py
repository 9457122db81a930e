# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of a workspace that join several options, or options and the current state. Pure; docs/restrictions.md lists them with their sources.

``declared`` has dotted options, ``current`` is what ``Workspace.read`` returns, or empty for a workspace that will be created.
"""

from __future__ import annotations

import re
import typing as t
from urllib.parse import urlsplit

from .._core import paths
from .._core.canon import arm_id, caseless
from .._core.findings import Finding, Findings
from .._core.paths import MISSING
from .._engine.plan import Declared
from .outbound_rules import RULES

Current = t.Mapping[str, t.Any]

_DOCS = "how-to-managed-network"
_MODE = "managed_network.isolation_mode"
_STORAGE_HOST = re.compile(r"\.(blob|dfs|file|queue|table)\.core\.\w+", re.IGNORECASE)
_DISABLED, _INTERNET, _APPROVED = "disabled", "allow_internet_outbound", "allow_only_approved_outbound"
# What a project takes from its hub, each by the first part of its options.
FROM_HUB = (
    "storage_account",
    "key_vault",
    "container_registry",
    "managed_network",
    "provision_network",
    "include_spark",
    "customer_managed_key",
    "enable_service_side_cmk_encryption",
)


def _now(current: Current, option: str) -> t.Any:
    value = paths.get_path(dict(current), option)
    return None if value is MISSING else value


def effective(declared: Declared, current: Current, option: str) -> t.Any:
    """What the workspace will have: what was declared, else what it has."""
    return declared[option] if option in declared else _now(current, option)


def check(declared: Declared, current: Current) -> Findings:
    """All rules; each says nothing where what it needs is not known."""
    yield from _check_mode(declared.get(_MODE), _now(current, _MODE))
    mode = caseless(effective(declared, current, _MODE)) or _DISABLED
    yield from _check_firewall(declared.get("managed_network.firewall_sku"), mode)
    yield from _check_rule_types(declared, mode)
    yield from _check_provisioning(declared, mode)
    yield from _check_network_kind(declared, current)
    yield from _check_primary(declared, current)
    yield from _check_identity_type(declared, current)
    yield from _check_vault(declared, current)
    yield from _check_key(declared, current)
    yield from _check_service_side(declared, current)
    yield from check_feature_store(_of_feature_store(declared), effective(declared, current, "kind"))
    if effective(declared, current, "kind") == "project":
        yield from check_project(declared)


def check_declared(declared: Declared) -> Findings:
    """The rules for which the declaration alone is enough, whatever exists."""
    if declared.get(_MODE):
        mode = caseless(declared[_MODE])
        yield from _check_firewall(declared.get("managed_network.firewall_sku"), mode)
        yield from _check_rule_types(declared, mode)
    yield from _check_provisioning(declared, caseless(declared.get(_MODE)))
    if declared.get("kind"):
        yield from check_feature_store(_of_feature_store(declared), declared["kind"])
    if declared.get("identity") and "primary_user_assigned_identity" in declared:
        yield from _check_primary(declared, {})
    # With a hub and another kind, one of these two is wrong, and which options remain depends on which.
    if declared.get("kind", "project" if declared.get("hub_id") else None) == "project":
        yield from check_project(declared)


def _of_feature_store(declared: Declared) -> list[str]:
    return [option for option in declared if option.startswith("feature_store_settings.")]


def check_feature_store(options: t.Iterable[str], kind: t.Any) -> Findings:
    """Options that only a feature store has."""
    for option in options:
        if caseless(kind) != "featurestore":
            message = f"{option} is for a workspace of kind featurestore alone; it is {kind or 'default'}. Remove the option, or set kind."
            yield Finding(
                "NotAFeatureStore",
                option,
                message,
                "ARM types, FeatureStoreSettings; terraform-provider-azurerm, feature_store",
            )


def check_project(declared: Declared) -> Findings:
    for option in declared:
        if option.partition(".")[0] in FROM_HUB and declared[option] is not None:
            message = f"A project inherits {option} from its hub: remove the option."
            yield Finding("TakenFromHub", option, message, "docs/facts.md d.1; Azure/azure-sdk-for-python#38404")


def _check_mode(wanted: t.Any, before: t.Any) -> Findings:
    """The mode only becomes stricter (``managedNetwork.changeableIsolationModes``)."""
    if wanted is None or caseless(before) in (None, _DISABLED, wanted):
        return
    if wanted == _DISABLED:
        message = f"{_MODE} is {before} and cannot be turned off again; recreate the workspace without it."
        yield Finding("ManagedNetworkStaysOn", _MODE, message, "docs/coverage.md 1.11")
    elif caseless(before) == _APPROVED:
        message = f"{_MODE} is {before} and cannot become {wanted}: keep it, or recreate the workspace with {wanted}."
        yield Finding("IsolationModeIsFinal", _MODE, message, _DOCS)


def _check_network_kind(declared: Declared, current: Current) -> Findings:
    """A managed network of kind V2 does not become one of kind V1."""
    option = "managed_network.managed_network_kind"
    if declared.get(option) == "v1" and caseless(_now(current, option)) == "v2":
        message = f"{option} is v2 and cannot become v1 again: keep v2, or recreate the workspace with v1."
        yield Finding("NetworkKindIsFinal", option, message, "ARM types, ManagedNetworkSettings.managedNetworkKind")


def _check_firewall(sku: t.Any, mode: t.Any) -> Findings:
    if sku and mode != _APPROVED:
        option = "managed_network.firewall_sku"
        message = f"{option} is for isolation_mode {_APPROVED} alone: the firewall is there for its rules by host name."
        yield Finding("FirewallWithoutRules", option, message, f"ARM types, ManagedNetworkSettings; {_DOCS}")


def _check_rule_types(declared: Declared, mode: t.Any) -> Findings:
    """Rules need a managed network; those by host name or service tag need the stricter mode."""
    for option, rule in declared.items():
        if not option.startswith(f"{RULES}.") or rule is None:
            continue
        name, type_ = option[len(RULES) + 1 :], rule.get("type")
        place = f"{RULES}[{name}]"
        if mode == _DISABLED:
            message = f"The outbound rule {name!r} needs a managed network: set {_MODE}."
            yield Finding("RuleWithoutNetwork", place, message, _DOCS)
        elif mode == _INTERNET and type_ in ("fqdn", "service_tag"):
            message = (
                f"The outbound rule {name!r} of type {type_} needs {_MODE} {_APPROVED}; it is {mode}, which allows all "
                "outbound traffic. Remove the rule, or set that mode."
            )
            yield Finding("RuleNeedsApprovedMode", place, message, f"{_DOCS}; microsoft-foundry/foundry-samples#961")


def _check_provisioning(declared: Declared, mode: t.Any) -> Findings:
    """Only a managed network can be provisioned. ``mode``: None where it is not known yet."""
    provision = declared.get("provision_network")
    if declared.get("include_spark") and not provision:
        message = "include_spark says for what the managed network is provisioned: set provision_network=true as well, or remove include_spark."
        yield Finding("SparkWithoutProvisioning", "include_spark", message, _DOCS)
    if provision and mode == _DISABLED:
        message = f"provision_network needs a managed network: set {_MODE}, or remove provision_network."
        yield Finding("ProvisioningWithoutNetwork", "provision_network", message, _DOCS)


def _check_primary(declared: Declared, current: Current) -> Findings:
    """The primary identity is one of the assigned ones, and without a system-assigned identity there is one."""
    option, identity = "primary_user_assigned_identity", effective(declared, current, "identity") or {}
    if not {option, "identity"} & set(declared):
        return
    primary, source = effective(declared, current, option), "how-to-identity-based-service-authentication"
    assigned = {arm_id(identity) for identity in identity.get("user_assigned_identities") or []}
    if primary is not None and arm_id(primary) not in assigned:
        message = f"{option} {primary} is not one of identity.user_assigned_identities: add it there, or set {option} to one of them."
        yield Finding("PrimaryIdentityNotAssigned", option, message, source)
    elif primary is None and identity.get("type") == "user_assigned":
        message = f"A workspace whose identity has type user_assigned needs {option}: one of identity.user_assigned_identities."
        yield Finding(
            "PrimaryIdentityMissing", option, message, f"{source}; hashicorp/terraform-provider-azurerm#29197"
        )


def _check_identity_type(declared: Declared, current: Current) -> Findings:
    """A workspace with both kinds of identities does not go back to the system-assigned one alone."""
    before, after = (_now(current, "identity") or {}).get("type"), (declared.get("identity") or {}).get("type")
    if before == "system_assigned,user_assigned" and after == "system_assigned":
        message = f"identity.type is {before} and cannot become system_assigned again: keep the type, or recreate the workspace with it."
        yield Finding(
            "IdentityTypeIsFinal",
            "identity",
            message,
            "how-to-identity-based-service-authentication, workspace identity types",
        )


def advice_on_rules(rules: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """Rules that the service takes and that do not do what they seem to do."""
    hosts = [str(rule.get("destination")) for rule in rules if rule.get("type") == "fqdn"]
    names = [host for host in hosts if _STORAGE_HOST.search(host)]
    return (
        [
            f"StorageByHostName: a rule of type fqdn does not give access to a storage account ({', '.join(names)}): use one of type private_endpoint "
            "(how-to-managed-network, limitations)."
        ]
        if names
        else []
    )


def advice_on_key(changed: Declared, current: Current) -> list[str]:
    """What is documented as not supported, without a word on whether the service refuses it."""
    if "customer_managed_key.key_uri" not in changed or not _now(current, "enable_service_side_cmk_encryption"):
        return []
    return [
        "KeyRotationNotSupported: a workspace with enable_service_side_cmk_encryption does not support another key "
        "(concept-customer-managed-keys, service-side encryption)."
    ]


def _check_vault(declared: Declared, current: Current) -> Findings:
    """Of a workspace that will be created, only a hub or what takes its hub's can be without a key vault."""
    if "key_vault" not in declared or declared["key_vault"] is not None or current:
        return
    if caseless(declared.get("kind")) not in ("hub", "project"):
        message = "key_vault is declared null, but only a hub can be created without a key vault. Omit the option to create one, or name one."
        yield Finding("KeyVaultRequired", "key_vault", message, "Azure/bicep-registry-modules#3849")


def _check_key(declared: Declared, current: Current) -> Findings:
    """The key can only become another one of the same key vault."""
    option = "customer_managed_key.key_uri"
    before, after = _now(current, option), declared.get(option)
    if before and after and urlsplit(before).hostname != urlsplit(after).hostname:
        message = f"{option} {after} is of another key vault than the workspace's key {before}. Name a key of the same vault, or recreate the workspace."
        yield Finding("KeyOfAnotherVault", option, message, "concept-customer-managed-keys, limitations")


def _check_service_side(declared: Declared, current: Current) -> Findings:
    option, key = "enable_service_side_cmk_encryption", "customer_managed_key.key_vault"
    if declared.get(option) and not effective(declared, current, key):
        message = f"{option} needs customer_managed_key: it encrypts with that key what the service keeps. Set the key, or remove the option."
        yield Finding(
            "EncryptionWithoutKey",
            option,
            message,
            "ARM types, WorkspaceProperties; terraform-provider-azurerm, service_side_encryption_enabled",
        )
