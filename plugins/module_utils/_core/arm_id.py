# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where resources are: ids of resource groups, workspaces and what is in workspaces."""

from __future__ import annotations

import re
import typing as t
from collections import Counter
from dataclasses import dataclass

# The collections of a workspace by their names in documents and results, with the place that their resources have in an id.
COLLECTION_PATHS = {
    "batch_endpoints": "batchEndpoints",
    "computes": "computes",
    "connections": "connections",
    "datastores": "datastores",
    "diagnostic_settings": "providers/Microsoft.Insights/diagnosticSettings",
    "online_endpoints": "onlineEndpoints",
    "role_assignments": "providers/Microsoft.Authorization/roleAssignments",
}
# Collections below the resources of one of these: the place below such a resource, and its collection. What is in one is named PARENT/NAME.
NESTED = {
    "batch_deployments": ("deployments", "batch_endpoints"),
    "online_deployments": ("deployments", "online_endpoints"),
}
COLLECTIONS = (*COLLECTION_PATHS, *NESTED)
# The types of the resources of all others than compute targets, as documents of fleets and results name them.
OTHER_TYPES = {name: name.removesuffix("s") for name in COLLECTIONS if name != "computes"}
_BELOW = "|".join(f"{re.escape(COLLECTION_PATHS[parent])}/[^/]+/{path}" for path, parent in NESTED.values())
_OF_WORKSPACE = re.compile(
    rf"(.*/workspaces/[^/]+)/({'|'.join(map(re.escape, COLLECTION_PATHS.values()))}|{_BELOW})/([^/]*)\Z",
    re.IGNORECASE | re.DOTALL,
)
_COLLECTION_OF_PATH = {path.casefold(): name for name, path in COLLECTION_PATHS.items()}


class ArmId(str):
    """An ARM id with its parts. It is the text itself, so that it goes wherever a text goes; a part that it does not have is an empty text."""

    __slots__ = ()

    def named(self, type_: str) -> str:
        """The name that follows a type: ``named("workspaces")``."""
        parts = self.split("/")
        return next(
            (
                parts[number + 1]
                for number in range(1, len(parts) - 1, 2)
                if parts[number].casefold() == type_.casefold()
            ),
            "",
        )

    @property
    def name(self) -> str:
        return self.rstrip("/").rsplit("/", 1)[-1]

    @property
    def type(self) -> str:
        """PROVIDER/TYPE/TYPE in lower case: the type of the resource, or of those that a list at this address has."""
        place = self._last("/providers/")
        parts = self[max(place, 0) :].casefold().strip("/").split("/")
        return "/".join(parts[::2] if place < 0 else (parts[1], *parts[2::2]))

    @property
    def is_of_one(self) -> bool:
        """Whether it is the address of one resource, and not of a list."""
        return len(self.strip("/").split("/")) % 2 == 0

    @property
    def subscription_id(self) -> str:
        return self.named("subscriptions")

    @property
    def resource_group(self) -> str:
        return self.named("resourceGroups")

    @property
    def parent(self) -> ArmId:
        """The id without its last type and name."""
        return ArmId("/".join(self.rstrip("/").split("/")[:-2]))

    @property
    def scope(self) -> ArmId:
        """The id before the resource's provider: a resource group, or for an extension such as a lock the resource that it extends."""
        place = self._last("/providers/")
        return ArmId(self if place < 0 else self[:place])

    @property
    def workspace(self) -> ArmId:
        """The id of the workspace that a compute target, or another resource of a workspace, is in; of anything else the id itself."""
        match = _OF_WORKSPACE.match(self)
        return ArmId(self if match is None else match[1])

    @property
    def label(self) -> str:
        """A resource of a workspace as messages name it: WORKSPACE/TARGET for a compute target, WORKSPACE/COLLECTION/NAME for another one, whose name
        is PARENT/NAME where it is in another one."""
        return self.labelled(self.workspace.name)

    def labelled(self, workspace: str) -> str:
        """The same with another text for the workspace."""
        match = _OF_WORKSPACE.match(self)
        if match is None:
            return f"{workspace}/"
        collection = _COLLECTION_OF_PATH.get(match[2].casefold())
        if collection is None:
            place, parent, path = match[2].split("/")
            home = (path.casefold(), _COLLECTION_OF_PATH[place.casefold()])
            nested = next(name for name, below in NESTED.items() if below == home)
            return f"{workspace}/{nested}/{parent}/{match[3]}"
        return f"{workspace}/{match[3]}" if collection == "computes" else f"{workspace}/{collection}/{match[3]}"

    def _last(self, part: str) -> int:
        """Where a part stands last, whatever its case; -1 where it does not."""
        return max((match.start() for match in re.finditer(part, self, re.IGNORECASE)), default=-1)


def short_names(ids: t.Iterable[str]) -> dict[str, str]:
    """For each id, in lower case, its name; where several ids have the same name, with its resource group, or its subscription too, in front."""
    same: dict[str, ArmId] = {}
    for identifier in ids:
        same.setdefault(identifier.casefold(), ArmId(identifier))
    names: dict[str, str] = {}
    for parts in (("name",), ("resource_group", "name"), ("subscription_id", "resource_group", "name")):
        texts = {key: "/".join(getattr(place, part) for part in parts) for key, place in same.items()}
        names |= texts
        counts = Counter(text.casefold() for text in texts.values())
        same = {key: place for key, place in same.items() if counts[texts[key].casefold()] > 1}
    return names


@dataclass(frozen=True)
class Target:
    """Where one resource is, or will be: ``id`` is its ARM id, ``parent_id`` the id of what it lives in."""

    name: str
    id: str
    parent_id: str
    subscription_id: str
    resource_group: str


def with_id(document: dict[str, t.Any], identifier: str) -> dict[str, t.Any]:
    """A resource's document with the id by which it was read. What comes later, such as a role assignment, must not follow an answer to another resource.

    Another spelling of the same id stays as the service has it.
    """
    found = document.get("id")
    same = isinstance(found, str) and found.rstrip("/").casefold() == identifier.rstrip("/").casefold()
    return document if same else {**document, "id": identifier}


def group_id(subscription_id: str, resource_group: str) -> str:
    return f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}"


def workspace_target(subscription_id: str, resource_group: str, name: str) -> Target:
    parent = group_id(subscription_id, resource_group)
    return Target(
        name,
        f"{parent}/providers/Microsoft.MachineLearningServices/workspaces/{name}",
        parent,
        subscription_id,
        resource_group,
    )


def collection_id(parent: str, collection: str) -> str:
    """Where all resources of a collection are listed, in the workspace of an id, or in what they are nested in."""
    return f"{parent}/{NESTED[collection][0] if collection in NESTED else COLLECTION_PATHS[collection]}"


def collection_type(collection: str) -> str:
    """The type of the resources of a collection, as ``ArmId.type`` has it."""
    parents = [NESTED[collection][1]] if collection in NESTED else []
    place = workspace_target("", "", "").id
    for name in (*parents, collection):
        place = f"{collection_id(place, name)}/-"
    return ArmId(place).type


def registry_target(subscription_id: str, resource_group: str, name: str) -> Target:
    parent = group_id(subscription_id, resource_group)
    path = f"{parent}/providers/Microsoft.MachineLearningServices/registries/{name}"
    return Target(name, path, parent, subscription_id, resource_group)


def extension_target(cluster_id: str, name: str) -> Target:
    """An extension of a Kubernetes cluster, by the id of the cluster."""
    place = ArmId(cluster_id.rstrip("/"))
    path = f"{place}/providers/Microsoft.KubernetesConfiguration/extensions/{name}"
    return Target(name, path, str(place), place.subscription_id, place.resource_group)


def child_target(subscription_id: str, resource_group: str, workspace: str, collection: str, name: str) -> Target:
    """A resource of a workspace, by the collection that it is in; the name of a nested one is PARENT/NAME."""
    parent = workspace_target(subscription_id, resource_group, workspace).id
    if collection in NESTED:
        home, _slash, name = name.partition("/")
        parent = f"{collection_id(parent, NESTED[collection][1])}/{home}"
    return Target(name, f"{collection_id(parent, collection)}/{name}", parent, subscription_id, resource_group)


def deployment_target(
    subscription_id: str, resource_group: str, workspace: str, endpoints: str, endpoint: str, name: str
) -> Target:
    """A deployment of an endpoint, in which it is; ``endpoints`` is the collection of the endpoint."""
    parent = child_target(subscription_id, resource_group, workspace, endpoints, endpoint).id
    return Target(name, f"{parent}/deployments/{name}", parent, subscription_id, resource_group)


def target_in(workspace: str, collection: str, name: str) -> Target:
    """A resource of a collection, in the workspace that has this id."""
    place = ArmId(workspace)
    return child_target(place.subscription_id, place.resource_group, place.name, collection, name)


def compute_target(subscription_id: str, resource_group: str, workspace: str, name: str) -> Target:
    return child_target(subscription_id, resource_group, workspace, "computes", name)
