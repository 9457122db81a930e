# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What exists in the workspaces of a fleet: one LIST for each of their collections, in which every item is checked for its shape."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from .._core import shape
from .._core.arm_id import ArmId, collection_id
from .._core.client import ReadClient
from .._core.errors import AmlError, ArmError, CredentialError, all_foreseen
from .._engine import versions
from .._engine.kind import Body
from .._kinds.registry import COLLECTIONS, COMPUTES
from .entry import Entry

# The id of a workspace in lower case, and a collection in it.
Key = tuple[str, str]


@dataclass
class Listing:
    """The resources of one collection of a workspace by what they are declared by (``Kind.key_of``), and the items of its list that cannot be read.

    ``error``: why the list could not be read.
    """

    workspace: str
    collection: str = COMPUTES.name
    bodies: dict[str, Body] = field(default_factory=dict)
    malformed: list[ArmError] = field(default_factory=list)
    error: AmlError | None = None

    @property
    def key(self) -> Key:
        return self.workspace.casefold(), self.collection


@dataclass(frozen=True)
class Current:
    """A declared target as it exists, or None; ``error``: why that is not known."""

    body: Body | None = None
    error: AmlError | None = None


@dataclass(frozen=True)
class Observed:
    """The lists of every workspace, and each declared target by its id."""

    listings: list[Listing]
    targets: dict[str, Current]

    def of(self, workspaces: t.Iterable[str]) -> Observed:
        """The same for some of the workspaces, by their ids."""
        ids = {workspace.casefold() for workspace in workspaces}
        return replace(self, listings=[listing for listing in self.listings if listing.workspace.casefold() in ids])


def key_of(entry: Entry) -> Key:
    """The list that has a target."""
    return entry.workspace.casefold(), entry.kind.collection


class Observer:
    """Reads workspaces, ``parallelism`` lists at a time, through ``client``.

    planned  the ids, in lower case, of workspaces that may be missing
    pruned   the lists that may have what is no longer declared. Others are read where they have a declared target, and of a workspace without any, the
             compute targets, so that it is known whether it exists
    """

    def __init__(
        self, client: ReadClient, parallelism: int, planned: t.Collection[str] = (), pruned: t.Collection[Key] = ()
    ) -> None:
        self._client = client
        self._parallelism = parallelism
        self._planned = planned
        self._pruned = pruned

    def observe(self, workspaces: t.Sequence[str], entries: t.Iterable[Entry]) -> Observed:
        """What exists in the workspaces of these ids, in which the entries are."""
        entries = list(entries)
        lists = list(self._lists(workspaces, entries))
        with ThreadPoolExecutor(max(1, min(self._parallelism, len(lists))), "fleet") as pool:
            listings = list(pool.map(lambda row: self._list(*row), lists))
        by_key = {listing.key: listing for listing in listings}
        targets = {entry.target.id: self._current(entry, by_key[key_of(entry)]) for entry in entries}
        return Observed(listings, targets)

    def _lists(self, workspaces: t.Iterable[str], entries: t.Iterable[Entry]) -> t.Iterator[tuple[str, str, str]]:
        """Each list: the workspace, the collection, and the API version in which all that is declared in it shows."""
        spoken: dict[Key, list[str]] = {}
        for entry in entries:
            spoken.setdefault(key_of(entry), []).append(entry.kind.api_version)
        for workspace in workspaces:
            keys = {name: (workspace.casefold(), name) for name in COLLECTIONS}
            needed = [name for name, key in keys.items() if key in spoken or key in self._pruned]
            for name in needed or [COMPUTES.name]:
                own = COLLECTIONS[name].fallback.api_version
                yield workspace, name, versions.of_list(spoken.get(keys[name], ()), own)

    def _list(self, workspace: str, collection: str, api_version: str) -> Listing:
        malformed: list[ArmError] = []
        try:
            with all_foreseen():
                path, kind = collection_id(workspace, collection), COLLECTIONS[collection].fallback
                bodies = self._client.list(
                    path, api_version, params=kind.list_params or None, malformed=malformed.append
                )
                # Of two with the same name, one that another workspace shares with this one is not what is declared here.
                ordered = sorted(bodies, key=lambda body: kind.belongs(body, workspace))
                return Listing(workspace, collection, {kind.key_of(body): body for body in ordered}, malformed)
        except CredentialError:
            # All workspaces are read with one credential: this is not a failure of a single one.
            raise
        except AmlError as error:
            if error.status == 404 and workspace.casefold() in self._planned:
                return Listing(workspace, collection)
            if error.status == 404:
                place = ArmId(workspace)
                if error.code == "ResourceNotFound":
                    error.message = (
                        f"The workspace {place.name!r} does not exist in the resource group {place.resource_group!r}."
                    )
                error.hint = "Create the workspace first, or correct its name, resource group or subscription."
            return Listing(workspace, collection, error=error)

    def _current(self, entry: Entry, listing: Listing) -> Current:
        """A target that the list does not have may be one of the items that cannot be read: it must not pass for one to be created."""
        name = entry.target.name.casefold()
        body = listing.bodies.get(name)
        if body is not None or listing.error is not None:
            return Current(body, listing.error)
        names = [shape.name_in(error) for error in listing.malformed]
        if name in names:
            return Current(error=listing.malformed[names.index(name)])
        return self._read(entry) if None in names else Current()

    def _read(self, entry: Entry) -> Current:
        try:
            with all_foreseen():
                return Current(self._client.find(entry.target.id, entry.kind.api_version))
        except AmlError as error:
            return Current(error=error)
