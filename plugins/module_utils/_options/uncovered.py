# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The properties of a document that a request could set and that no option covers.

The table of writable properties is that of Azure's types. What the options cover is found by writing the document again from what they say of it.
"""

from __future__ import annotations

import copy
import typing as t

from .._core import paths
from .._engine.fields import READ_ONLY
from .._engine.kind import Body, Kind
from .._kinds import compute, outbound_rules, workspace
from .writable import (
    BATCH_DEPLOYMENT,
    BATCH_ENDPOINT,
    COMPUTE,
    DATASTORE,
    DIAGNOSTIC_SETTING,
    EVERY_COMPUTE,
    ONLINE_DEPLOYMENT,
    ONLINE_ENDPOINT,
    REGISTRY,
    ROLE_ASSIGNMENT,
    WORKSPACE,
)

Table = dict[str, t.Any]

# What the service fills in by itself although the types let a request set it, by its place.
_OF_THE_SERVICE = {
    "kind",
    "location",
    "tags",
    "identity",
    "properties.associatedWorkspaces",
    "properties.computeType",
    "properties.discoveryUrl",
    "properties.encryption.status",
    "properties.sharedPrivateLinkResources[].properties.status",
    "properties.managedNetwork.status",
    # What a request asks for once: the status of the managed network says whether it is done.
    "properties.provisionNetworkNow",
    "properties.managedNetwork.outboundRules.*.category",
    "properties.managedNetwork.outboundRules.*.status",
    "properties.managedNetwork.outboundRules.*.destination.sparkStatus",
    # What its SSH settings say.
    "properties.disableLocalAuth",
    "properties.properties.schedules.computeStartStop[].schedule",
    # Of resources that are attached: what they are. A certificate of Microsoft's has a name that the service makes.
    "properties.properties.autoPauseProperties",
    "properties.properties.autoScaleProperties",
    "properties.properties.clusterFqdn",
    "properties.properties.dataLakeStoreAccountName",
    "properties.properties.extensionInstanceReleaseTrain",
    "properties.properties.extensionPrincipalId",
    "properties.properties.nodeCount",
    "properties.properties.nodeSize",
    "properties.properties.nodeSizeFamily",
    "properties.properties.poolName",
    "properties.properties.resourceGroup",
    "properties.properties.sparkVersion",
    "properties.properties.sslConfiguration.cname",
    "properties.properties.subscriptionId",
    "properties.properties.virtualMachineSize",
    "properties.properties.workspaceName",
    "properties.properties.workspaceUrl",
    # Of registries: where they are found, and what the service has created for them.
    "properties.mlFlowRegistryUri",
    "properties.registryPrivateEndpointConnections",
    "properties.regionDetails[].acrDetails[].systemCreatedAcrAccount.acrAccountName",
    "properties.regionDetails[].acrDetails[].systemCreatedAcrAccount.armResourceId",
    "properties.regionDetails[].storageAccountDetails[].systemCreatedStorageAccount.armResourceId",
    "properties.regionDetails[].storageAccountDetails[].systemCreatedStorageAccount.storageAccountName",
    # Of datastores: what they are. The type of their credentials is in the names of the options.
    "properties.datastoreType",
    "properties.credentials.credentialsType",
    "properties.credentials.secrets.secretsType",
    # Of diagnostic settings: what options name, in any order.
    "properties.logs[].category",
    "properties.logs[].categoryGroup",
    "properties.logs[].enabled",
    "properties.metrics[].category",
    "properties.metrics[].enabled",
    # Of role assignments: there is one version.
    "properties.conditionVersion",
}
_RULES = "properties.managedNetwork.outboundRules"
# Values that say nothing: what the service puts where no one has set anything.
_DEFAULTS = {
    "sku.name": "basic",
    "sku.tier": "basic",
    "properties.properties.osType": "linux",
    "properties.properties.computeInstanceAuthorizationType": "personal",
}


def of_workspace(body: Body) -> list[str]:
    """The places of a workspace's document that no option covers, without the ``properties`` that they begin with."""
    kind, own = workspace.Workspace(), outbound_rules.own_rules(body)
    kind.fields = (*kind.fields, *(outbound_rules.rule_field(name) for name in own))
    document = copy.deepcopy(body)
    if paths.get_path(document, _RULES):
        # The service makes the others.
        paths.set_path(document, _RULES, own)
    return _uncovered(kind, document, WORKSPACE)


def of_compute(kind: Kind, body: Body) -> list[str]:
    """The places of a compute target's document that no option of its kind covers, without the ``properties`` that they begin with."""
    return _uncovered(kind, body, (*EVERY_COMPUTE, *COMPUTE.get(compute.kind_name(body), ())))


def of_datastore(kind: Kind, body: Body) -> list[str]:
    """The same of a datastore."""
    return _uncovered(kind, body, DATASTORE)


def of_registry(kind: Kind, body: Body) -> list[str]:
    """The same of a registry; the identities that it is given, in addition to its own, have no option either."""
    given = paths.get_path(body, "identity.userAssignedIdentities")
    identities = ["identity.userAssignedIdentities"] if isinstance(given, dict) and given else []
    return _uncovered(kind, body, REGISTRY) + identities


def of_diagnostic_setting(kind: Kind, body: Body) -> list[str]:
    """The same of a diagnostic setting: destinations of other kinds, and days and grains that Azure Monitor no longer takes."""
    return _uncovered(kind, body, DIAGNOSTIC_SETTING)


def of_role_assignment(kind: Kind, body: Body) -> list[str]:
    """The same of a role assignment: of one for the identity of another tenant."""
    return _uncovered(kind, body, ROLE_ASSIGNMENT)


# Of the SKU of a deployment, the service uses the capacity, which is an option of online ones.
_SERVING = {
    "batch_deployments": tuple(place for place in BATCH_DEPLOYMENT if not place.startswith("sku.")),
    "batch_endpoints": BATCH_ENDPOINT,
    "online_deployments": tuple(place for place in ONLINE_DEPLOYMENT if not place.startswith("sku.")),
    "online_endpoints": ONLINE_ENDPOINT,
}


def of_serving(kind: Kind, body: Body) -> list[str]:
    """The same of an endpoint or a deployment."""
    return _uncovered(kind, _without_own_properties(body), _SERVING[kind.collection])


def _without_own_properties(body: Body) -> Body:
    """Of the properties of endpoints and deployments, the service writes some (docs/facts.md o.2)."""
    own = copy.deepcopy(body)
    written = own["properties"].get("properties") or {}
    own["properties"]["properties"] = {
        name: value for name, value in written.items() if not name.casefold().startswith("azure")
    }
    return own


def _uncovered(kind: Kind, body: Body, table: tuple[str, ...]) -> list[str]:
    rebuilt = kind.with_values({}, {row.option: row.read(body) for row in kind.fields})
    for row in kind.fields:
        if row.mutability == READ_ONLY:
            paths.set_path(rebuilt, row.path, paths.get_path(body, row.path) or None)
    return [_short(place) for place in _places(_tree(table), body, rebuilt, "")]


def _tree(rows: t.Iterable[str]) -> Table:
    tree: Table = {}
    for row in rows:
        below = tree
        for part in row.replace("[]", ".[]").split("."):
            below = below.setdefault(part, {})
    return tree


def _places(tree: Table, value: t.Any, rebuilt: t.Any, place: str) -> t.Iterator[str]:
    """The places below one, the highest of each that the rebuilt document lacks."""
    for key, below, part, other in _parts(tree, value, rebuilt):
        here = f"{place}{key}" if key == "[]" else f"{place}.{key}".lstrip(".")
        if here in _OF_THE_SERVICE or not _says_something(part) or _is_default(here, part):
            continue
        if other is None and (not below or next(_places(below, part, None, here), None)):
            yield here
        elif other is not None and below:
            yield from _places(below, part, other, here)


def _parts(tree: Table, value: t.Any, rebuilt: t.Any) -> t.Iterator[tuple[str, Table, t.Any, t.Any]]:
    """The name, the table, the value and the rebuilt value of each part that the table has."""
    if isinstance(value, list) and "[]" in tree:
        items = rebuilt if isinstance(rebuilt, list) else []
        for number, part in enumerate(value):
            yield "[]", tree["[]"], part, items[number] if number < len(items) else None
    elif isinstance(value, dict):
        others = rebuilt if isinstance(rebuilt, dict) else {}
        for name, part in value.items():
            key = name if name in tree else "*"
            if key in tree:
                yield key, tree[key], part, others.get(name)


def _says_something(value: t.Any) -> bool:
    if isinstance(value, (dict, list)):
        return any(_says_something(part) for part in (value.values() if isinstance(value, dict) else value))
    return value not in (None, "", False)


def _is_default(place: str, value: t.Any) -> bool:
    return place in _DEFAULTS and str(value).casefold() == _DEFAULTS[place]


def _short(place: str) -> str:
    return place.removeprefix("properties.").removeprefix("properties.")
