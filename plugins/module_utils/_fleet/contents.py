# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the workspaces of a fleet, as results show it: each workspace, its compute targets, and the usages of the regions."""

from __future__ import annotations

import contextlib
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from .._capacity.lists import location_path
from .._capacity.usages import usages
from .._core import canon
from .._core.arm_id import ArmId
from .._core.client import ReadClient
from .._core.errors import AmlError, all_foreseen, each
from .._engine import versions
from .._engine.kind import Body
from .._kinds.registry import kind_of
from .._kinds.workspace import Workspace
from .observer import Listing

Json = dict[str, t.Any]


@dataclass
class Contents:
    """All that was read, in the order of the document."""

    workspaces: list[WorkspaceRow]
    usages: list[UsagesRow]

    @property
    def rows(self) -> list[WorkspaceRow | UsagesRow]:
        return [*self.workspaces, *self.usages]

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
    listings: t.Iterable[Listing] = (),
) -> Contents:
    """Read the workspaces of these ids, ``parallelism`` at a time. Those of the ``listings`` are not listed again."""
    reader = Reader(client)
    known = {listing.workspace.casefold(): listing for listing in listings}
    with ThreadPoolExecutor(max(1, min(parallelism, len(identifiers))), thread_name_prefix="read") as pool:
        workspaces = list(pool.map(lambda one: reader.workspace(one, known.get(one.casefold())), identifiers))
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
    """Reads each place on its own: a failure of one hides no other."""

    def __init__(self, client: ReadClient) -> None:
        self._client = client

    def workspace(self, identifier: str, listing: Listing | None = None) -> WorkspaceRow:
        """The workspace and its compute targets. ``listing``: these, where they were read before."""
        row = WorkspaceRow(id=identifier)
        with row.reading() as malformed:
            kind = Workspace()
            body = self._client.find(identifier, kind.api_version)
            if body is None:
                raise AmlError(
                    f"The workspace {row.label!r} does not exist.", code="WorkspaceNotFound", target=identifier
                )
            row.workspace = kind.project(body)
            bodies = self._computes(identifier, malformed) if listing is None else _listed(listing, malformed)
            row.computes = list(each(bodies, lambda body: kind_of(body).listed(body), malformed.append))
        return row

    def _computes(self, identifier: str, malformed: list[AmlError]) -> list[Body]:
        bodies: list[Body] = self._client.list(f"{identifier}/computes", versions.PREVIEW, malformed=malformed.append)
        return bodies

    def usages(self, region: tuple[str, str]) -> UsagesRow:
        row = UsagesRow(subscription_id=region[0], location=region[1])
        with row.reading() as malformed:
            path = location_path(*region, "usages")
            row.usages = usages(self._client.list(path, versions.STABLE, malformed=malformed.append))
        return row


def _listed(listing: Listing, malformed: list[AmlError]) -> list[Body]:
    if listing.error is not None:
        raise listing.error
    malformed += listing.malformed
    return list(listing.computes.values())
