# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the API version of a request has what its body sends: checked for every request of every test that uses the fixture ``azure``."""

from __future__ import annotations

import re
import typing as t

from .official_types import READ_ONLY, types_of

# What is sent in spite of the types: in a document that was read, which goes back with what it had.
ALLOWED = {
    # The service answers with it (docs/facts.md a.6 [REC R5]).
    "properties.properties.enableBatchPrivateLink",
    # azure-ai-ml sends them too (docs/facts.md k.4), and the service returns the tags that it was sent.
    "properties.regionDetails[].acrDetails[].userCreatedAcrAccount",
    "properties.regionDetails[].storageAccountDetails[].userCreatedStorageAccount",
    "properties.managedResourceGroupTags",
}
_RESOURCES = (
    (re.compile(r"/workspaces/[^/]+$", re.IGNORECASE), "workspaces"),
    (re.compile(r"/workspaces/[^/]+/computes/[^/]+$", re.IGNORECASE), "workspaces/computes"),
    (re.compile(r"/workspaces/[^/]+/connections/[^/]+$", re.IGNORECASE), "workspaces/connections"),
    (re.compile(r"/workspaces/[^/]+/datastores/[^/]+$", re.IGNORECASE), "workspaces/datastores"),
    (re.compile(r"^/registries/[^/]+$", re.IGNORECASE), "registries"),
    (re.compile(r"/workspaces/[^/]+/outboundRules/[^/]+$", re.IGNORECASE), "workspaces/outboundRules"),
)


def resource_of(path: str) -> str | None:
    """The type of the provider's resource at a path; None for other paths."""
    provider, _slash, rest = path.partition("/providers/Microsoft.MachineLearningServices/")
    names = (name for pattern, name in _RESOURCES if pattern.search(f"/{rest}"))
    return next(names, None) if provider and rest and "/providers/" not in rest else None


def not_in_version(method: str, path: str, body: t.Any, api_version: str, kind: str | None) -> set[str]:
    """The properties of a request's body that its API version cannot write.

    kind  the computeType of a compute target that exists, for bodies that do not name it
    """
    resource = resource_of(path)
    types = types_of(api_version)
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
