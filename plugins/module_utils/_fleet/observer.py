# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What exists in the workspaces of a fleet: one LIST for each, in which every item is checked for its shape."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from .._core import shape
from .._core.client import ReadClient
from .._core.errors import AmlError, ArmError, CredentialError, all_foreseen
from .._engine import versions
from .._engine.kind import Body
from .entry import Entry


@dataclass
class Listing:
    """The compute targets of one workspace by their names in lower case, and the items of its list that cannot be read.

    ``error``: why the list could not be read.
    """

    workspace: str
    computes: dict[str, Body] = field(default_factory=dict)
    malformed: list[ArmError] = field(default_factory=list)
    error: AmlError | None = None


@dataclass(frozen=True)
class Current:
    """A declared target as it exists, or None; ``error``: why that is not known."""

    body: Body | None = None
    error: AmlError | None = None


@dataclass(frozen=True)
class Observed:
    """Every workspace's list, and each declared target by its id."""

    listings: list[Listing]
    targets: dict[str, Current]

    def of(self, workspaces: t.Iterable[str]) -> Observed:
        """The same for some of the workspaces, by their ids."""
        ids = {workspace.casefold() for workspace in workspaces}
        return replace(self, listings=[listing for listing in self.listings if listing.workspace.casefold() in ids])


def _list_versions(workspaces: t.Iterable[str], entries: t.Iterable[Entry]) -> list[str]:
    """For each workspace the API version in whose list all that is declared in it shows."""
    spoken: dict[str, list[str]] = {}
    for entry in entries:
        spoken.setdefault(entry.workspace.casefold(), []).append(entry.kind.api_version)
    return [versions.of_list(spoken.get(workspace.casefold(), ())) for workspace in workspaces]


class Observer:
    """Reads workspaces, ``parallelism`` at a time, through ``client``. ``planned`` are the ids, in lower case, of workspaces that may be missing."""

    def __init__(self, client: ReadClient, parallelism: int, planned: t.Collection[str] = ()) -> None:
        self._client = client
        self._parallelism = parallelism
        self._planned = planned

    def observe(self, workspaces: t.Sequence[str], entries: t.Iterable[Entry]) -> Observed:
        """What exists in the workspaces of these ids, in which the entries are."""
        entries = list(entries)
        with ThreadPoolExecutor(max(1, min(self._parallelism, len(workspaces))), "fleet") as pool:
            listings = list(pool.map(self._list, workspaces, _list_versions(workspaces, entries)))
        by_workspace = {listing.workspace.casefold(): listing for listing in listings}
        targets = {entry.target.id: self._current(entry, by_workspace[entry.workspace.casefold()]) for entry in entries}
        return Observed(listings, targets)

    def _list(self, workspace: str, api_version: str) -> Listing:
        malformed: list[ArmError] = []
        try:
            with all_foreseen():
                bodies = self._client.list(f"{workspace}/computes", api_version, malformed=malformed.append)
                return Listing(workspace, {str(body["name"]).casefold(): body for body in bodies}, malformed)
        except CredentialError:
            # All workspaces are read with one credential: this is not a failure of a single one.
            raise
        except AmlError as error:
            if error.status == 404 and workspace.casefold() in self._planned:
                return Listing(workspace)
            if error.status == 404:
                error.hint = "Create the workspace first, or correct its name, resource group or subscription."
            return Listing(workspace, error=error)

    def _current(self, entry: Entry, listing: Listing) -> Current:
        """A target that the list does not have may be one of the items that cannot be read: it must not pass for one to be created."""
        name = entry.target.name.casefold()
        body = listing.computes.get(name)
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
