# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet does with a target that is no longer declared: whether it is the fleet's own, and what ``prune`` makes of it.

Only a target with the tag OWNER_TAG, whose value is the name of the fleet, is ever removed. The tag is read again directly before the removal.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._core.arm_id import ArmId, Target, compute_target
from .._core.errors import AmlError, ChangedMeanwhile
from .._engine import incarnation
from .._engine.kind import Body
from .._engine.plan import DELETE, DETACH, plan_absent
from .._kinds import compute
from .._options.declarations import Registry
from .entry import Entry
from .observer import Observed

# The tag by which a fleet knows what it made.
OWNER_TAG = "azureml-compute-fleet"

# The actions that each value of ``prune`` allows; with ``none``, what is not declared is not even listed.
_ALLOWED: dict[str, tuple[str, ...]] = {"none": (), "report": (), "detach": (DETACH,), "delete": (DELETE, DETACH)}
PRUNE = tuple(_ALLOWED)


@dataclass(frozen=True)
class Pruning:
    """The name of the fleet, and one of PRUNE."""

    owner: str | None = None
    prune: str = "none"

    def undeclared(self, observed: Observed, declared: t.Collection[str], kinds: Registry) -> list[Entry]:
        """The fleet's targets that are no longer declared, each with the plan for its removal if that is allowed.

        declared  the ids of all targets of the document, in lower case
        """
        if self.prune == "none":
            return []
        return [
            self._entry(target, body, kinds)
            for listing in observed.listings
            for body in listing.computes.values()
            if self._owns(body) and (target := _target(listing.workspace, body)).id.casefold() not in declared
        ]

    def unknown(
        self, observed: Observed, entries: t.Sequence[Entry], declared: t.Collection[str]
    ) -> dict[str, AmlError]:
        """The ids of the workspaces that may have something to prune which could not be read, and why. ``declared`` as in ``undeclared``."""
        if self.prune == "none":
            return {}
        # The entries of a workspace that could not be listed have failed with the same error.
        declaring = {entry.workspace.casefold() for entry in entries}
        unlisted = {
            listing.workspace: listing.error
            for listing in observed.listings
            if listing.error and listing.error.status != 404 and listing.workspace.casefold() not in declaring
        }
        malformed = {
            listing.workspace: error
            for listing in observed.listings
            for error in listing.malformed
            if (error.target or "").casefold() not in declared
        }
        return {**unlisted, **malformed}

    def check_owned(self, entry: Entry, body: Body) -> None:
        """Raise ChangedMeanwhile where a new read shows another compute target than the one to be pruned, or another owner."""
        other = incarnation.difference(entry.existing or {}, body)
        if other is not None:
            reason = f"it is another compute target of that name than the one that the plan prunes ({other})"
        elif not self._owns(body):
            owner = (body.get("tags") or {}).get(OWNER_TAG)
            now = "was removed" if owner is None else f"names another owner now: {owner!r}"
            reason = f"its tag {OWNER_TAG} {now}"
        else:
            return
        raise ChangedMeanwhile(
            f"The {entry.kind.label} {entry.target.name!r} was not pruned, because {reason}.", target=entry.target.id
        )

    def _owns(self, body: Body) -> bool:
        return bool((body.get("tags") or {}).get(OWNER_TAG) == self.owner)

    def _entry(self, target: Target, body: Body, kinds: Registry) -> Entry:
        type_ = compute.kind_name(body)
        # Only a kind that has heard of its options knows that it detaches.
        kind = kinds.get(type_, compute.ANY).configured({"name": target.name})
        entry = Entry(target, kind, type_, "absent", existing=body)
        if kind.remove_action in _ALLOWED[self.prune]:
            entry.plan = replace(
                plan_absent(kind.project(body), action=kind.remove_action),
                reason="the fleet created it and no longer declares it",
            )
        else:
            entry.done = True
        return entry


def _target(workspace: str, body: Body) -> Target:
    place = ArmId(workspace)
    return compute_target(place.subscription_id, place.resource_group, place.name, body["name"])
