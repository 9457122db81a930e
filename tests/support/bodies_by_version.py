# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the API version of a request has what its body sends: checked for every request of every test that uses the fixture ``azure``."""

from __future__ import annotations

import typing as t

from .official_types import OTHERS, READ_ONLY, types_of

# What is sent in spite of the types: in a document that was read, which goes back with what it had.
ALLOWED = {
    # The service answers with it (docs/facts.md a.6 [REC R5]).
    "properties.properties.enableBatchPrivateLink",
    # azure-ai-ml sends them too (docs/facts.md k.4), and the service returns the tags that it was sent.
    "properties.regionDetails[].acrDetails[].userCreatedAcrAccount",
    "properties.regionDetails[].storageAccountDetails[].userCreatedStorageAccount",
    "properties.managedResourceGroupTags",
}
# By their types in lower case: the resources of this provider without it, and those of others.
_RESOURCES = {
    name.casefold(): name
    for name in (
        "registries",
        "workspaces",
        "workspaces/batchEndpoints",
        "workspaces/batchEndpoints/deployments",
        "workspaces/computes",
        "workspaces/connections",
        "workspaces/datastores",
        "workspaces/onlineEndpoints",
        "workspaces/onlineEndpoints/deployments",
        "workspaces/outboundRules",
        "workspaces/privateEndpointConnections",
        *(resource for resource, _version in OTHERS),
    )
}


def resource_of(path: str) -> str | None:
    """The type of the resource at a path, without this provider; None for actions, lists, and types that are not known here."""
    above, _slash, rest = path.rpartition("/providers/")
    words = rest.split("/")
    # Types and names take turns behind the provider.
    type_ = "/".join([words[0], *words[1::2]]).casefold() if above and len(words) % 2 else ""
    return _RESOURCES.get(type_.removeprefix("microsoft.machinelearningservices/"))


def not_in_version(method: str, path: str, body: t.Any, api_version: str, kind: str | None) -> set[str]:
    """The properties of a request's body that its API version cannot write.

    kind  the computeType of a compute target that exists, for bodies that do not name it
    """
    resource = resource_of(path)
    types = types_of(api_version, resource or "")
    if method not in ("PUT", "PATCH") or resource is None or types is None or not isinstance(body, dict):
        return set()
    properties = body.get("properties")
    if resource == "workspaces/computes" and isinstance(properties, dict):
        body = {**body, "properties": {"computeType": kind, **properties}}
    found = types.not_writable(resource, body)
    return {
        f"{item.path} ({item.what})" if item.what == READ_ONLY else item.path
        for item in found
        if item.path not in ALLOWED
    }
