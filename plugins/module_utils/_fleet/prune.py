# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet does with a target that is no longer declared: whether it is the fleet's own, and what ``prune`` makes of it.

Only a target with the tag OWNER_TAG, whose value is the name of the fleet, is ever removed. The tag is read again directly before the removal.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._core.arm_id import Target
from .._core.errors import AmlError, ChangedMeanwhile
from .._engine import incarnation
from .._engine.kind import Body, Kind
from .._engine.plan import DELETE, DETACH, NONE, Plan, plan_absent
from .._kinds.registry import COLLECTIONS, Collection
from .entry import Entry
from .observer import Key, Observed, key_of

# The tag by which a fleet knows what it made.
OWNER_TAG = "azureml-compute-fleet"

# The actions that each value of ``prune`` allows; with ``none``, what is not declared is not even listed.
_ALLOWED: dict[str, tuple[str, ...]] = {"none": (), "report": (), "detach": (DETACH,), "delete": (DELETE, DETACH)}
PRUNE = tuple(_ALLOWED)
# Why an undeclared target that ``prune`` does not allow to remove stays.
_STAYS = {"report": "prune is report", "detach": "prune is detach, and it cannot be detached, only deleted"}


@dataclass(frozen=True)
class Pruning:
    """The name of the fleet, and one of PRUNE."""

    owner: str | None = None
    prune: str = "none"

    def undeclared(self, observed: Observed, declared: t.Collection[str]) -> list[Entry]:
        """The fleet's targets that are no longer declared, each with the plan for its removal if that is allowed.

        declared  the ids of all targets of the document, in lower case
        """
        if self.prune == "none":
            return []
        return [
            self._entry(target, body, collection)
            for listing in observed.listings
            if listing.asked
            for collection in [COLLECTIONS[listing.collection]]
            for body in listing.bodies.values()
            if self._owns(kind := collection.kind_of(body), body)
            and kind.belongs(body, listing.workspace)
            and (target := listing.target(body)).id.casefold() not in declared
        ]

    def unknown(
        self, observed: Observed, entries: t.Sequence[Entry], declared: t.Collection[str]
    ) -> dict[str, AmlError]:
        """The ids of the workspaces that may have something to prune which could not be read, and why. ``declared`` as in ``undeclared``."""
        if self.prune == "none":
            return {}
        # The entries of a collection that could not be listed have failed with the same error.
        declaring: set[Key] = {key_of(entry) for entry in entries}
        unlisted = {
            listing.workspace: listing.error
            for listing in observed.listings
            if listing.error and listing.error.status != 404 and listing.key not in declaring
        }
        malformed = {
            listing.workspace: error
            for listing in observed.listings
            for error in listing.malformed
            if (error.target or "").casefold() not in declared
        }
        return {**unlisted, **malformed}

    def check_owned(self, entry: Entry, body: Body) -> None:
        """Raise ChangedMeanwhile where a new read shows another resource than the one to be pruned, or another owner."""
        other = incarnation.difference(entry.existing or {}, body)
        if other is not None:
            reason = f"it is another {entry.kind.label} of that name than the one that the plan prunes ({other})"
        elif not self._owns(entry.kind, body):
            owner = entry.kind.tags_of(body).get(OWNER_TAG)
            now = "was removed" if owner is None else f"names another owner now: {owner!r}"
            reason = f"its tag {OWNER_TAG} {now}"
        else:
            return
        raise ChangedMeanwhile(
            f"The {entry.kind.label} {entry.target.name!r} was not pruned, because {reason}.", target=entry.target.id
        )

    def _owns(self, kind: Kind, body: Body) -> bool:
        """Whether the fleet made it. Of what the service made, a tag says nothing."""
        return kind.tags_of(body).get(OWNER_TAG) == self.owner and not kind.is_of_service(body)

    def _entry(self, target: Target, body: Body, collection: Collection) -> Entry:
        # Only a kind that has heard of its options knows that it detaches.
        kind = collection.kind_of(body).configured({"name": target.name})
        entry = Entry(target, kind, collection.type_of(body), "absent", existing=body)
        if kind.remove_action not in _ALLOWED[self.prune]:
            entry.done, entry.plan = True, Plan(NONE, reason=_STAYS[self.prune])
            return entry
        try:
            kind.check_removal(body)
        except AmlError as error:
            # It stays as long as it is used: this is not a failure.
            entry.done, entry.plan = True, Plan(NONE, reason=error.message)
            entry.warnings = [f"{error.code}: {error.message}"]
            return entry
        entry.plan = replace(
            plan_absent(kind.project(body), action=kind.remove_action),
            reason="the fleet created it and no longer declares it",
        )
        return entry
