# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries of assets, which several workspaces share: regions, and in each a container registry and storage accounts.

Sources: docs/facts.md k (a recording, and what azure-ai-ml sends); ARM types of 2026-05-01, RegistryProperties. Options are named as in the CLI's schema
(azure-ai-ml, ``_schema/registry``).
"""

from __future__ import annotations

import copy
import re
import typing as t

from .._core import canon
from .._core.arm_id import Target
from .._core.canon import caseless, region
from .._core.findings import Finding, Findings
from .._core.paths import get_path, without_nulls
from .._engine import rules, versions
from .._engine.cli_schema import HEAD, CliSchema, Tree
from .._engine.exported import SEPARATE, Exported, private_endpoints
from .._engine.fields import Field, choice
from .._engine.kind import Body, Kind, Request, fixed
from .._engine.plan import Declared, Plan
from . import rows

_SOURCE = "ARM types of 2026-05-01, RegistryProperties; azure-ai-ml, schema of registries"
_DETAILS = "properties.regionDetails"
_MANAGED_GROUP = "properties.managedResourceGroup.resourceId"
ACR, STORAGE = "Microsoft.ContainerRegistry/registries", "Microsoft.Storage/storageAccounts"
STORAGE_TYPES = (
    *("standard_lrs", "standard_grs", "standard_ragrs", "standard_zrs", "standard_gzrs", "standard_ragzrs"),
    *("premium_lrs", "premium_zrs"),
)
# What the service creates where nothing is declared (azure-ai-ml: load_default).
_NEW_STORAGE = {"storage_account_hns": False, "storage_account_type": "standard_lrs", "replication_count": 1}
_NEW_ACR = {"acr_account_sku": "premium"}
_WHY_ACR = "a registry keeps the container registries that it was created with, because its environments are in them"
_MOST_ACCOUNTS = 100


# --- rules of single values ---


def _check_acr(value: t.Any, option: str) -> Findings:
    if isinstance(value, dict):
        if set(value) != set(_NEW_ACR) or caseless(value["acr_account_sku"]) != "premium":
            message = f"{option} must be a resource id or have acr_account_sku premium, the only one for registries; {value!r} is not."
            yield Finding("InvalidContainerRegistry", option, message, _SOURCE)
    else:
        yield from rules.resource_id(value, option, ACR)


def _check_storage(value: t.Any, option: str) -> Findings:
    """One setting for accounts that the service creates, or the ids of existing ones."""
    if isinstance(value, list):
        if not value:
            yield Finding("InvalidStorageConfig", option, f"{option} must name at least one storage account.", _SOURCE)
        for number, item in enumerate(value):
            yield from rules.resource_id(item, f"{option}[{number}]", STORAGE)
        return
    if not isinstance(value, dict) or set(value) - set(_NEW_STORAGE):
        message = (
            f"{option} must be a list of resource ids, or a mapping with {', '.join(_NEW_STORAGE)}; {value!r} is not."
        )
        yield Finding("InvalidStorageConfig", option, message, _SOURCE)
        return
    wrong = []
    if not isinstance(value.get("storage_account_hns", False), bool):
        wrong.append("storage_account_hns must be true or false")
    if caseless(value.get("storage_account_type", STORAGE_TYPES[0])) not in STORAGE_TYPES:
        wrong.append(f"storage_account_type must be one of {', '.join(STORAGE_TYPES)}")
    count = value.get("replication_count", 1)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= _MOST_ACCOUNTS:
        wrong.append(f"replication_count must be from 1 to {_MOST_ACCOUNTS}")
    if wrong:
        yield Finding("InvalidStorageConfig", option, f"{option}: {'; '.join(wrong)}.", _SOURCE)


def _check_regions(value: list[dict[str, t.Any]], option: str) -> Findings:
    if not value:
        yield Finding("InvalidRegions", option, f"{option} must have at least the region of the registry.", _SOURCE)
    names = []
    for number, item in enumerate(value):
        place = f"{option}[{number}]"
        yield from rules.location(item["location"], f"{place}.location")
        names.append(region(item["location"]))
        if item.get("storage_config") is not None:
            yield from _check_storage(item["storage_config"], f"{place}.storage_config")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        yield Finding("InvalidRegions", option, f"{option} names {', '.join(twice)} more than once.", _SOURCE)


def _check_name(name: str) -> Findings:
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}", name):
        message = f"name {name!r} is not a valid name of a registry: 3 to 33 letters, digits, '-' and '_', starting with a letter or digit."
        yield Finding("InvalidRegistryName", "name", message, "ARM types of registries")


# --- regions between the options and ARM ---


def _storage_from_arm(accounts: t.Any) -> t.Any:
    """The setting of accounts that the service created, with their number, or the ids of given ones; None where there are none."""
    made = [row["systemCreatedStorageAccount"] for row in accounts or [] if row.get("systemCreatedStorageAccount")]
    if made:
        return {
            "storage_account_hns": bool(canon.boolean_text(made[0].get("storageAccountHnsEnabled"))),
            "storage_account_type": caseless(made[0].get("storageAccountType")),
            "replication_count": len(made),
        }
    ids = [get_path(row, "userCreatedStorageAccount.armResourceId.resourceId") for row in accounts or []]
    return [identifier for identifier in ids if isinstance(identifier, str)] or None


def _storage_to_arm(config: t.Any) -> list[Body]:
    if isinstance(config, list):
        return [{"userCreatedStorageAccount": {"armResourceId": {"resourceId": canon.full_id(one)}}} for one in config]
    full = {**_NEW_STORAGE, **(config or {})}
    own = {
        "storageAccountHnsEnabled": full["storage_account_hns"],
        "storageAccountType": caseless(full["storage_account_type"]),
    }
    return [{"systemCreatedStorageAccount": dict(own)} for _number in range(full["replication_count"])]


def _regions_from_arm(details: t.Any) -> list[dict[str, t.Any]]:
    return [
        {"location": row.get("location"), "storage_config": _storage_from_arm(row.get("storageAccountDetails"))}
        for row in details
    ]


def _regions_to_arm(regions: t.Any) -> list[Body]:
    return [
        {"location": row["location"], "storageAccountDetails": _storage_to_arm(row.get("storage_config"))}
        for row in regions
    ]


def _acr_from_arm(details: t.Any) -> t.Any:
    """That of the first region: the CLI and this collection declare one for all."""
    for account in (details[0].get("acrDetails") or []) if details else []:
        made = account.get("systemCreatedAcrAccount")
        given = get_path(account, "userCreatedAcrAccount.armResourceId.resourceId")
        if made:
            return {"acr_account_sku": caseless(made.get("acrAccountSku"))}
        if isinstance(given, str):
            return given
    return None


def _acr_to_arm(acr: t.Any) -> list[Body]:
    if isinstance(acr, str):
        return [{"userCreatedAcrAccount": {"armResourceId": {"resourceId": canon.full_id(acr)}}}]
    return [{"systemCreatedAcrAccount": {"acrAccountSku": "Premium"}}]


def _same_storage(value: t.Any) -> t.Any:
    if isinstance(value, list):
        return sorted(canon.arm_id(one) for one in value)
    full = {**_NEW_STORAGE, **(value or {})}
    return sorted((name, caseless(full[name])) for name in _NEW_STORAGE)


def _same_regions(value: t.Any) -> t.Any:
    """The order of regions has no meaning: the location of the registry says which is the first."""
    return sorted((region(row["location"]), _same_storage(row.get("storage_config"))) for row in value or [])


def _same_acr(value: t.Any) -> t.Any:
    return canon.arm_id(value) if isinstance(value, str) else value and caseless(value.get("acr_account_sku"))


class RegionsField(Field):
    """The regions. What is not declared of the storage of an existing one stays."""

    def filled(self, before: t.Any, declared: t.Any) -> t.Any:
        existing = {region(row["location"]): row.get("storage_config") for row in before or []}
        full = []
        for row in declared or []:
            config, own = row.get("storage_config"), existing.get(region(row["location"]))
            if config is None:
                config = own if own is not None else dict(_NEW_STORAGE)
            elif isinstance(config, dict):
                config = {**_NEW_STORAGE, **(own if isinstance(own, dict) else {}), **config}
            full.append({"location": region(row["location"]), "storage_config": config})
        return full


# --- the table ---

FIELDS = (
    fixed(
        "location",
        "location",
        "the location is that of the registry's first region",
        spec={"type": "str"},
        rule=rules.location,
        canon=region,
        examples=("eastus",),
    ),
    rows.TAGS,
    Field(
        "public_network_access",
        "properties.publicNetworkAccess",
        spec={"type": "str", "choices": ["enabled", "disabled"]},
        canon=caseless,
        **choice(enabled="Enabled", disabled="Disabled"),
    ),
    RegionsField(
        "replication_locations",
        _DETAILS,
        spec={
            "type": "list",
            "elements": "dict",
            "options": {"location": {"type": "str", "required": True}, "storage_config": {"type": "raw"}},
        },
        rule=_check_regions,
        canon=_same_regions,
        to_arm=_regions_to_arm,
        from_arm=_regions_from_arm,
    ),
    fixed(
        "container_registry",
        _DETAILS,
        _WHY_ACR,
        spec={"type": "raw"},
        rule=_check_acr,
        canon=_same_acr,
        from_arm=_acr_from_arm,
    ),
    fixed(
        "managed_resource_group",
        _MANAGED_GROUP,
        "what the registry keeps is in it",
        spec={"type": "str"},
        rule=rules.group_id,
        canon=canon.arm_id,
        cli_name=None,
        examples=("/subscriptions/11111111-0000-4000-8000-000000000001/resourceGroups/rg-of-registry",),
        wrong=("", "rg-of-registry", "/subscriptions/x/resourceGroups/"),
    ),
    Field(
        "sku.name",
        "sku.name",
        optional=True,
        spec={"type": "str", "required": True},
        canon=caseless,
        cli_name=None,
        examples=("S1",),
        wrong=("", "a\nb"),
    ),
    Field(
        "sku.tier",
        "sku.tier",
        optional=True,
        spec={"type": "str", "choices": ["basic", "free", "premium", "standard"]},
        canon=caseless,
        cli_name=None,
        **choice(basic="Basic", free="Free", premium="Premium", standard="Standard"),
    ),
    fixed(
        "intellectual_property.publisher",
        "properties.intellectualPropertyPublisher",
        "the publisher is decided at creation",
        clearable=True,
        spec={"type": "str"},
        canon=canon.text,
        examples=("contoso",),
        wrong=("", "a\nb"),
    ),
)
_BY_OPTION = {row.option: row for row in FIELDS}


def _storage_types(tree: Tree) -> None:
    """Choices in values that have several forms, whose case the CLI ignores."""
    tree.pop("type", None)
    for row in tree.get("replication_locations") or []:
        config = row.get("storage_config") if isinstance(row, dict) else None
        if isinstance(config, dict) and isinstance(config.get("storage_account_type"), str):
            config["storage_account_type"] = config["storage_account_type"].lower()


def _for_the_loader(given: Tree, declared: Tree) -> Tree:
    """The loader of azure-ai-ml requires what the service has a default for."""
    location = given.get("location") or declared.get("location") or "unnamed"
    return {"location": location, "replication_locations": [{"location": location}]}


class ExportedRegistry(Exported):
    tables = ("registries",)

    @property
    def other_uncovered(self) -> list[str]:
        """The identities that it is given, in addition to its own."""
        given = get_path(self.body, "identity.userAssignedIdentities")
        return ["identity.userAssignedIdentities"] if isinstance(given, dict) and given else []

    def complete(self) -> None:
        for endpoint in private_endpoints(self.body, "properties.registryPrivateEndpointConnections"):
            self.miss("", f"the private endpoint {endpoint} exists separately", SEPARATE)


class Registry(Kind):
    """A registry of assets. Regions can be added; what the service does about one that a PUT does not have is not documented."""

    label = "registry"
    module = "aml_registry"
    cli = CliSchema(
        ("registry",),
        "registry.schema.json",
        loader="load_registry",
        is_typed=False,
        read_only=(
            *HEAD,
            "identity",
            "kind",
            "sku",
            "managed_resource_group",
            "mlflow_registry_uri",
            "discovery_url",
            "container_registry.arm_resource_id",
            "replication_locations.storage_config.arm_resource_id",
            "replication_locations.storage_config.replicated_ids",
        ),
        complete=_for_the_loader,
        respell=_storage_types,
    )
    exported_as = ExportedRegistry
    api_version = versions.STABLE
    rewrite_fixes_failed = True
    release = "Set on_immutable_change=ignore to keep its current values"
    tags_api = "always"
    fields = FIELDS
    # Where it is found, and what the service has created for it.
    filled_by_service = (
        "properties.discoveryUrl",
        "properties.mlFlowRegistryUri",
        "properties.registryPrivateEndpointConnections",
        "properties.regionDetails[].acrDetails[].systemCreatedAcrAccount.acrAccountName",
        "properties.regionDetails[].acrDetails[].systemCreatedAcrAccount.armResourceId",
        "properties.regionDetails[].storageAccountDetails[].systemCreatedStorageAccount.armResourceId",
        "properties.regionDetails[].storageAccountDetails[].systemCreatedStorageAccount.storageAccountName",
    )

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        yield from super().check(target, declared, tree)
        yield from _check_name(target.name)
        regions = [region(row["location"]) for row in declared.get("replication_locations") or []]
        location = declared.get("location")
        if regions and location and region(location) not in regions:
            message = f"replication_locations must have the location of the registry, {location}; they are {', '.join(regions)}."
            yield Finding("InvalidRegions", "replication_locations", message, _SOURCE)

    def check_create(self, declared: Declared, parent: Body | None) -> Findings:
        yield from super().check_create(declared, parent)
        regions = [region(row["location"]) for row in declared.get("replication_locations") or []]
        location = (parent or {}).get("location")
        if regions and not declared.get("location") and location and region(location) not in regions:
            message = (
                f"Without location, the registry is created in {location}, the region of its resource group, which replication_locations does not have. "
                "Set location to its first region."
            )
            yield Finding("InvalidRegions", "location", message, _SOURCE)

    def check_update(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        if declared.get("replication_locations") is None:
            return
        row = _BY_OPTION["replication_locations"]
        wanted = {one["location"]: one for one in row.filled(current["replication_locations"], declared[row.option])}
        for one in current["replication_locations"] or []:
            name = region(one["location"])
            if name not in wanted:
                message = (
                    f"replication_locations does not have {name}, a region of the registry. An update cannot remove a region, because its assets would "
                    "be lost. Add it to the list."
                )
                yield Finding("RegionNotRemovable", row.option, message, _SOURCE)
            elif _same_storage(wanted[name]["storage_config"]) != _same_storage(one["storage_config"]):
                message = (
                    f"The storage of region {name} cannot change, because the assets of the registry are in it: "
                    f"current {one['storage_config']!r}, requested {wanted[name]['storage_config']!r}."
                )
                yield Finding("RegionStorageFixed", row.option, message, _SOURCE)

    # --- documents ---

    def with_values(self, body: Body, values: Declared) -> Body:
        """Existing regions stay as they were read; new ones get the container registry that is declared, or one as the others have."""
        before = (
            {region(row.get("location")): row for row in get_path(body, _DETAILS) or []} if _has_regions(body) else {}
        )
        acr = values.get("container_registry", _BY_OPTION["container_registry"].read(body))
        changed = super().with_values(
            body, {key: value for key, value in values.items() if key != "container_registry"}
        )
        if _has_regions(changed):
            changed["properties"]["regionDetails"] = [
                before.get(region(row["location"])) or {"acrDetails": _acr_to_arm(acr), **row}
                for row in changed["properties"]["regionDetails"]
            ]
        return changed

    def skeleton(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        return {
            "location": declared.get("location") or (parent or {}).get("location"),
            "identity": {"type": "SystemAssigned"},
            "properties": {},
        }

    def create_body(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        if not declared.get("replication_locations"):
            location = declared.get("location") or (parent or {}).get("location")
            declared = {**declared, "replication_locations": [{"location": location}]}
        return super().create_body(target, declared, parent)

    def writable(self, body: Body) -> Body:
        """What was read, without nulls and what only the service writes."""
        kept = {name: body[name] for name in ("location", "tags", "sku", "kind") if body.get(name) is not None}
        identity = body.get("identity")
        if identity:
            kept["identity"] = {"type": identity.get("type")}
            if identity.get("userAssignedIdentities"):
                # Without them, the service would remove them. Their values are its own.
                kept["identity"]["userAssignedIdentities"] = {name: {} for name in identity["userAssignedIdentities"]}
        skipped = ("registryPrivateEndpointConnections", "provisioningState")
        properties = {name: value for name, value in (body.get("properties") or {}).items() if name not in skipped}
        return {**copy.deepcopy(kept), "properties": without_nulls(properties)}

    def kept(self, body: Body) -> Declared:
        """Without the managed resource group that the service named: the next one has another name."""
        values = super().kept(body)
        group = str(values.get("managed_resource_group", "")).rpartition("/")[2]
        if group.casefold().startswith(f"azureml-rg-{body.get('name')}_".casefold()):
            del values["managed_resource_group"]
        return values

    def recreate_body(self, body: Body, plan: Plan, declared: Declared, target: Target, parent: Body | None) -> Body:
        values = {**self.kept(body), **declared, **plan.values()}
        return self.create_body(target, values, parent)

    def updates(self, body: Body, plan: Plan) -> list[Request]:
        return [Request("PUT", self.with_values(self.writable(body), plan.values()), carries=True)]

    # --- replacement ---

    def in_use(self, body: Body) -> str | None:
        """Which assets it has, only its own service of data knows."""
        return "all models, environments, components and data assets in it would be deleted with it"

    # --- what the user sees ---

    def project(self, body: Body) -> dict[str, t.Any]:
        properties, identity = body.get("properties") or {}, body.get("identity") or {}
        values = self.read(body)
        details = properties.get("regionDetails") or []
        return {
            "id": body.get("id"),
            "name": body.get("name"),
            **values,
            "tags": values["tags"] or {},
            "replication_locations": [
                {**row, "storage_accounts": _ids(detail, "StorageAccount"), "container_registries": _ids(detail, "Acr")}
                for row, detail in zip(values["replication_locations"] or [], details)
            ],
            "identity": {
                "type": identity.get("type"),
                "principal_id": identity.get("principalId"),
                "tenant_id": identity.get("tenantId"),
            },
            "discovery_url": properties.get("discoveryUrl"),
            "mlflow_registry_uri": properties.get("mlFlowRegistryUri"),
        }


def _has_regions(body: Body) -> bool:
    return isinstance(get_path(body, _DETAILS), list)


def _ids(detail: Body, what: str) -> list[str]:
    """The ids of the accounts of a region, whoever created them."""
    rows = detail.get("storageAccountDetails" if what == "StorageAccount" else "acrDetails") or []
    name = what if what == "StorageAccount" else "AcrAccount"
    ids = [
        get_path(row, f"{way}{name}.armResourceId.resourceId")
        for row in rows
        for way in ("systemCreated", "userCreated")
    ]
    return [identifier for identifier in ids if isinstance(identifier, str)]


REGISTRY = Registry()
