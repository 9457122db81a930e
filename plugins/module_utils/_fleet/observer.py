# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What exists in the workspaces of a fleet: one LIST for each of their collections, in which every item is checked for its shape."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from .._core import shape
from .._core.arm_id import NESTED, ArmId, Target, collection_id, target_in
from .._core.client import ReadClient
from .._core.errors import AmlError, ArmError, CredentialError, all_foreseen
from .._engine import versions
from .._engine.kind import Body
from .._engine.planning import ABSENT
from .._kinds.registry import COLLECTIONS, COMPUTES
from .entry import Entry

# The id of a workspace, or of what a collection is nested in, in lower case, and the collection.
Key = tuple[str, str]


@dataclass
class Listing:
    """The resources of one collection of a workspace by what they are declared by (``Kind.key_of``), and the items of its list that cannot be read.

    parent   the id of what a nested collection is in
    error    why the list could not be read
    asked    whether it was asked for; it is else read only because others are nested in what it shows
    """

    workspace: str
    collection: str = COMPUTES.name
    bodies: dict[str, Body] = field(default_factory=dict)
    malformed: list[ArmError] = field(default_factory=list)
    error: AmlError | None = None
    parent: str = ""
    asked: bool = True

    @property
    def key(self) -> Key:
        return (self.parent or self.workspace).casefold(), self.collection

    def target(self, body: Body) -> Target:
        """Where an item of it is."""
        home = f"{ArmId(self.parent).name}/" if self.parent else ""
        return target_in(self.workspace, self.collection, f"{home}{body['name']}")

    def may_have(self, name: str) -> bool:
        """Whether it has something of this name in lower case, as far as can be known: an item that cannot be read may be it."""
        return name in self.bodies or any(shape.name_in(error) in (name, None) for error in self.malformed)


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

    @property
    def by_key(self) -> dict[Key, Listing]:
        return {listing.key: listing for listing in self.listings}

    def of(self, workspaces: t.Iterable[str]) -> Observed:
        """The same for some of the workspaces, by their ids."""
        ids = {workspace.casefold() for workspace in workspaces}
        return replace(self, listings=[listing for listing in self.listings if listing.workspace.casefold() in ids])


def key_of(entry: Entry) -> Key:
    """The list that has a target."""
    return entry.target.parent_id.casefold(), entry.kind.collection


class _Row(t.NamedTuple):
    """One list to read; the other fields are those of ``Listing``."""

    workspace: str
    collection: str
    api_version: str
    parent: str = ""
    asked: bool = True


def _versions(entries: t.Iterable[Entry]) -> dict[Key, list[str]]:
    """The API versions in which all that is declared in each list shows."""
    spoken: dict[Key, list[str]] = {}
    for entry in entries:
        spoken.setdefault(key_of(entry), []).append(entry.kind.api_version)
    return spoken


def _keys_of_parents(entries: t.Iterable[Entry], pruned: t.Iterable[Key]) -> set[Key]:
    """The lists of what targets are nested in, where some are declared or may be pruned."""
    nested = [entry for entry in entries if entry.kind.parent_collection]
    declared = {(entry.workspace.casefold(), entry.kind.parent_collection) for entry in nested}
    return declared | {(place, NESTED[name][1]) for place, name in pruned if name in NESTED}


def _needing(listings: t.Sequence[Listing], entries: t.Iterable[Entry]) -> t.Iterator[Key]:
    """The lists that what is declared of existing resources needs: traffic that will change goes to deployments that must exist."""
    by_key = {listing.key: listing for listing in listings}
    for entry in entries:
        if entry.kind.child_collection and entry.declaration is not None and entry.state != ABSENT:
            body = by_key[key_of(entry)].bodies.get(entry.target.name.casefold())
            if body is not None and entry.kind.written_later(entry.declaration.declared, body):
                yield entry.target.id.casefold(), entry.kind.child_collection


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
            listings = list(pool.map(self._list, lists))
        nested = list(self._nested(listings, entries))
        if nested:
            with ThreadPoolExecutor(max(1, min(self._parallelism, len(nested))), "fleet") as pool:
                listings += pool.map(self._list, nested)
        by_key = {listing.key: listing for listing in listings}
        targets = {entry.target.id: self._current(entry, _listing_of(entry, by_key)) for entry in entries}
        return Observed(listings, targets)

    def _lists(self, workspaces: t.Iterable[str], entries: t.Sequence[Entry]) -> t.Iterator[_Row]:
        """Each list of a workspace: what is declared in it or may be pruned, and what others are nested in."""
        spoken = _versions(entries)
        parents = _keys_of_parents(entries, self._pruned)
        for workspace in workspaces:
            keys = [(workspace.casefold(), name) for name in COLLECTIONS if name not in NESTED]
            asked = [key for key in keys if key in spoken or key in self._pruned] or [
                (workspace.casefold(), COMPUTES.name)
            ]
            for key in [key for key in keys if key in asked or key in parents]:
                version = versions.of_list(spoken.get(key, ()), COLLECTIONS[key[1]].fallback.api_version)
                yield _Row(workspace, key[1], version, asked=key in asked)

    def _nested(self, listings: t.Sequence[Listing], entries: t.Sequence[Entry]) -> t.Iterator[_Row]:
        """Each list of what is in other resources: where something in one is declared or may be pruned, or what is declared of it needs some."""
        spoken, needing = _versions(entries), set(_needing(listings, entries))
        for listing in listings:
            child = COLLECTIONS[listing.collection].fallback.child_collection
            pruned = (listing.workspace.casefold(), child) in self._pruned
            for parent in (listing.target(body).id for body in listing.bodies.values()) if child else ():
                key = (parent.casefold(), child)
                if pruned or key in needing or key in spoken:
                    version = versions.of_list(spoken.get(key, ()), COLLECTIONS[child].fallback.api_version)
                    yield _Row(listing.workspace, child, version, parent, pruned or key in spoken)

    def _list(self, row: _Row) -> Listing:
        workspace, collection, api_version, parent, asked = row
        malformed: list[ArmError] = []
        try:
            with all_foreseen():
                path, kind = collection_id(parent or workspace, collection), COLLECTIONS[collection].fallback
                bodies = self._client.list(
                    path, api_version, params=kind.list_params or None, malformed=malformed.append
                )
                # Of two with the same name, one that another workspace shares with this one is not what is declared here.
                ordered = sorted(bodies, key=lambda body: kind.belongs(body, workspace))
                by_name = {kind.key_of(body): body for body in ordered}
                return Listing(workspace, collection, by_name, malformed, parent=parent, asked=asked)
        except CredentialError:
            # All workspaces are read with one credential: this is not a failure of a single one.
            raise
        except AmlError as error:
            if error.status == 404 and (parent or workspace.casefold() in self._planned):
                # What it would be in was deleted after it was listed, or is still to come.
                return Listing(workspace, collection, parent=parent, asked=asked)
            if error.status == 404:
                place = ArmId(workspace)
                if error.code == "ResourceNotFound":
                    error.message = (
                        f"The workspace {place.name!r} does not exist in the resource group {place.resource_group!r}."
                    )
                error.hint = "Create the workspace first, or correct its name, resource group or subscription."
            return Listing(workspace, collection, error=error, parent=parent, asked=asked)

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
        """One that no list shows for certain."""
        try:
            with all_foreseen():
                return Current(self._client.find(entry.target.id, entry.kind.api_version))
        except AmlError as error:
            return Current(error=error)


def _listing_of(entry: Entry, by_key: t.Mapping[Key, Listing]) -> Listing:
    """The list that would show a target. One in what does not exist is in no list, and of what could not be listed, it is not known."""
    listing = by_key.get(key_of(entry))
    if listing is not None:
        return listing
    parents = by_key[(entry.workspace.casefold(), entry.kind.parent_collection)]
    error = parents.error
    if error is None and parents.malformed and parents.may_have(ArmId(entry.target.parent_id).name.casefold()):
        error = parents.malformed[0]
    return Listing(entry.workspace, entry.kind.collection, error=error, parent=entry.target.parent_id)
