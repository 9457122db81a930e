# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the workspaces of a fleet, as results show it: each workspace, its compute targets and other resources, and the usages of the regions."""

from __future__ import annotations

import contextlib
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from .._capacity.lists import location_path
from .._capacity.usages import usages
from .._core import canon
from .._core.arm_id import ArmId, collection_id, target_in
from .._core.client import ReadClient
from .._core.errors import AmlError, all_foreseen, each
from .._engine import versions
from .._engine.kind import Body
from .._kinds.registry import COLLECTIONS, COMPUTES, OTHERS, kind_of
from .._kinds.workspace import Workspace
from .observer import Key, Listing

Json = dict[str, t.Any]


@dataclass
class Contents:
    """All that was read, in the order of the document."""

    workspaces: list[WorkspaceRow]
    usages: list[UsagesRow]

    @property
    def rows(self) -> list[WorkspaceRow | UsagesRow]:
        return [*self.workspaces, *self.usages]

    def unread(self) -> Contents:
        """Only what could not be read."""
        return Contents([row for row in self.workspaces if row.failure], [row for row in self.usages if row.failure])

    def to_dict(self) -> Json:
        return {
            "workspaces": [row.to_dict() for row in self.workspaces],
            "usages": [row.to_dict() for row in self.usages],
        }


def read_contents(
    client: ReadClient,
    identifiers: t.Sequence[str],
    parallelism: int,
    *,
    with_usages: bool,
    others: t.Collection[str] = (),
    listings: t.Iterable[Listing] = (),
) -> Contents:
    """Read the workspaces of these ids, ``parallelism`` at a time. What the ``listings`` have is not listed again, and is in the result in any case.

    others   the collections that are read in addition to compute targets
    """
    reader = Reader(client, {listing.key: listing for listing in listings}, others)
    with ThreadPoolExecutor(max(1, min(parallelism, len(identifiers))), thread_name_prefix="read") as pool:
        workspaces = list(pool.map(reader.workspace, identifiers))
        regions = sorted({row.region for row in workspaces if row.region}) if with_usages else []
        return Contents(workspaces, list(pool.map(reader.usages, regions)))


@dataclass
class _Row:
    """What was read of one place, or why it could not be."""

    failure: AmlError | None = None

    @contextlib.contextmanager
    def reading(self) -> t.Iterator[list[AmlError]]:
        """Takes the failure, so that it hides no other place; what is put into the list are items that cannot be read, while the others can."""
        malformed: list[AmlError] = []
        try:
            with all_foreseen():
                yield malformed
                if malformed:
                    raise _unread(malformed)
        except AmlError as error:
            self.failure = error

    @property
    def shown_failure(self) -> dict[str, t.Any] | None:
        return None if self.failure is None else self.failure.failure()


@dataclass
class WorkspaceRow(_Row):
    id: str = ""
    workspace: dict[str, t.Any] | None = None
    computes: list[dict[str, t.Any]] = field(default_factory=list)
    # By the collections that were read. What the service made with the workspace is not part of it.
    others: dict[str, list[dict[str, t.Any]]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return ArmId(self.id).name

    @property
    def region(self) -> tuple[str, str] | None:
        """Its subscription and location, where they are known."""
        if self.workspace is None:
            return None
        return ArmId(self.id).subscription_id, str(canon.region(self.workspace["location"]))

    def to_dict(self) -> Json:
        place = ArmId(self.id)
        return {
            "name": place.name,
            "resource_group": place.resource_group,
            "subscription_id": place.subscription_id,
            "id": self.id,
            "workspace": self.workspace,
            "computes": self.computes,
            **self.others,
            "failure": self.shown_failure,
        }


@dataclass
class UsagesRow(_Row):
    subscription_id: str = ""
    location: str = ""
    usages: list[dict[str, t.Any]] = field(default_factory=list)

    @property
    def label(self) -> str:
        return self.location

    def to_dict(self) -> Json:
        return {
            "subscription_id": self.subscription_id,
            "location": self.location,
            "usages": self.usages,
            "failure": self.shown_failure,
        }


def _unread(bad: list[AmlError]) -> AmlError:
    """One error for all items of a list that cannot be read; those that can are in the result."""
    failures = [row.failure() for row in bad]
    return AmlError(
        bad[0].message,
        code=bad[0].code,
        target=bad[0].target,
        hint=bad[0].hint,
        details=failures[0]["details"] if len(bad) == 1 else failures,
    )


class Reader:
    """Reads each place on its own: a failure of one hides no other. ``known`` are lists that were read before."""

    def __init__(
        self, client: ReadClient, known: t.Mapping[Key, Listing] | None = None, others: t.Collection[str] = ()
    ) -> None:
        self._client = client
        self._known = {key: listing for key, listing in (known or {}).items() if listing.asked}
        self._nested = {(listing.workspace.casefold(), listing.collection) for listing in self._known.values()}
        self._others = others

    def workspace(self, identifier: str) -> WorkspaceRow:
        """The workspace with what is in it."""
        row = WorkspaceRow(id=identifier)
        with row.reading() as malformed:
            home = Workspace()
            body = self._client.find(identifier, home.api_version)
            if body is None:
                raise AmlError(
                    f"The workspace {row.label!r} does not exist.", code="WorkspaceNotFound", target=identifier
                )
            row.workspace = home.project(body)
            bodies = self._listed(identifier, COMPUTES.name, versions.PREVIEW, malformed)
            row.computes = list(each(bodies, lambda body: kind_of(body).listed(body), malformed.append))
            for name, collection in OTHERS.items():
                if name in self._others or (identifier.casefold(), name) in self._nested:
                    kind = collection.fallback
                    bodies = self._bodies(identifier, name, malformed)
                    own = [body for body in bodies if kind.belongs(body, identifier) and not kind.is_of_service(body)]
                    row.others[name] = list(each(own, kind.listed, malformed.append))
        return row

    def _bodies(self, identifier: str, name: str, malformed: list[AmlError]) -> list[Body]:
        """The resources of a collection in the workspace. Of a nested one, all in the resources that exist, or those that were read before."""
        kind = OTHERS[name].fallback
        if not kind.parent_collection:
            return self._listed(identifier, name, kind.api_version, malformed)
        if name in self._others:
            owners = self._bodies(identifier, kind.parent_collection, malformed)
            parents = [target_in(identifier, kind.parent_collection, owner["name"]).id for owner in owners]
        else:
            known = (listing for listing in self._known.values() if listing.collection == name)
            parents = [listing.parent for listing in known if listing.workspace.casefold() == identifier.casefold()]
        return [body for parent in parents for body in self._listed(parent, name, kind.api_version, malformed)]

    def _listed(self, identifier: str, collection: str, api_version: str, malformed: list[AmlError]) -> list[Body]:
        """The list of a collection in the workspace, or the resource, of an id."""
        listing = self._known.get((identifier.casefold(), collection))
        if listing is not None:
            return _of_listing(listing, malformed)
        path, query = collection_id(identifier, collection), COLLECTIONS[collection].fallback.list_params
        bodies: list[Body] = self._client.list(path, api_version, params=query or None, malformed=malformed.append)
        return bodies

    def usages(self, region: tuple[str, str]) -> UsagesRow:
        row = UsagesRow(subscription_id=region[0], location=region[1])
        with row.reading() as malformed:
            path = location_path(*region, "usages")
            row.usages = usages(self._client.list(path, versions.STABLE, malformed=malformed.append))
        return row


def _of_listing(listing: Listing, malformed: list[AmlError]) -> list[Body]:
    if listing.error is not None:
        raise listing.error
    malformed += listing.malformed
    return list(listing.bodies.values())
