# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The targets of a fleet that are in other targets, as deployments are in endpoints: what connects their plans. No requests.

Each rule is one that the service, or the last check before a write, has as well: here it is known before the first write, and in check mode.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._core import canon, paths
from .._core.arm_id import ArmId
from .._core.errors import AmlError
from .._engine.kind import READY, Body, Status
from .._engine.outcome import InUse, ParentMissing
from .._engine.plan import CREATE, DELETE, DETACH, NONE, REPLACE, UPDATE, Declared, Plan
from .._engine.planning import ABSENT
from .._engine.refusals import title
from .._kinds.registry import COLLECTIONS
from .._reconcilers.batch_endpoint import BATCH_LINKS
from .._reconcilers.online_endpoint import ONLINE_LINKS, check_unused
from .entry import Entry, NotStarted
from .observer import Current, Observed

_NEW, _REMOVED = (CREATE, REPLACE), (DELETE, DETACH)
# By the collection of the endpoints.
_LINKS = {links.endpoint.collection: links for links in (BATCH_LINKS, ONLINE_LINKS)}


def names_children(parent: Entry) -> bool:
    """Whether an endpoint names deployments that it has, such as a default or those that get traffic: they cannot be deleted before it, and go with it."""
    body = parent.existing
    return body is not None and bool(parent.kind.named_children(parent.kind.values_of(body)))


class Nested:
    """The declared targets of a fleet: those that are in others, and all ``others``, which are planned first."""

    def __init__(self, entries: t.Sequence[Entry], observed: Observed) -> None:
        self.others = [entry for entry in entries if not entry.kind.parent_collection]
        self.children = [entry for entry in entries if entry.kind.parent_collection]
        self._parents = {entry.target.id.casefold(): entry for entry in self.others if entry.kind.child_collection}
        self._observed = observed
        self._listings = observed.by_key

    def current(self, child: Entry) -> Current:
        """A declared target as it exists; nothing is left of it where what it is in is replaced."""
        parent = self._parents.get(child.target.parent_id.casefold())
        child.parent, child.parent_entry = self._parent_body(child), parent
        if parent is not None and parent.action in _NEW and not parent.failed:
            child.parent = parent.kind.create_body(parent.target, _all_of(parent), None)
            return Current()
        return self._observed.targets[child.target.id]

    def check(self, undeclared: t.Sequence[Entry], declared: t.Collection[str], used: t.Mapping[str, str]) -> None:
        """Fail the targets that the run would refuse, and keep those that are ``undeclared`` as long as they are used.

        declared, used  as in Fleet
        """
        for child in self.children:
            _check(child, self._check_parent)
        self._keep_parents(undeclared, declared)
        self._parents |= {entry.target.id.casefold(): entry for entry in undeclared if entry.kind.child_collection}
        for parent in self._parents.values():
            _check(parent, _check_removal)
        of_parent: dict[str, list[Entry]] = {}
        for child in (*self.children, *(entry for entry in undeclared if entry.kind.parent_collection)):
            if child.action in (DELETE, REPLACE):
                _check(child, self._check_not_used)
            of_parent.setdefault(child.target.parent_id.casefold(), []).append(child)
        for key, parent in self._parents.items():
            self._connect(parent, of_parent.get(key, []))
        self._keep_computes(undeclared, used)

    # --- what declared targets need of undeclared ones ---

    def _keep_parents(self, undeclared: t.Sequence[Entry], declared: t.Collection[str]) -> None:
        parents = [entry for entry in undeclared if entry.kind.child_collection]
        staying = self._staying(declared) if parents else {}
        for parent in parents:
            _check(parent, lambda entry: _check_empty(entry, staying))

    def _keep_computes(self, undeclared: t.Sequence[Entry], used: t.Mapping[str, str]) -> None:
        computes = [entry for entry in (*self.others, *undeclared) if entry.is_compute and entry.action in _REMOVED]
        users = {**used, **self._users(undeclared)} if computes else {}
        for compute in computes:
            _check(compute, lambda entry: _check_free(entry, users))

    def _staying(self, declared: t.Collection[str]) -> dict[str, list[str]]:
        """By the ids of endpoints in lower case, their deployments that are declared present, also of those that this run does not process."""
        staying: dict[str, list[str]] = {}
        absent = {child.target.id.casefold() for child in self.children if child.state == ABSENT}
        for identifier in {*declared} - absent:
            parent, inside, name = identifier.rpartition("/deployments/")
            if inside:
                staying.setdefault(parent, []).append(name)
        return staying

    def _users(self, undeclared: t.Sequence[Entry]) -> dict[str, str]:
        """By the ids of compute targets in lower case, the title of something that will run on it."""
        staying = [entry for entry in (*self.others, *self.children) if entry.state != ABSENT]
        staying += [entry for entry in undeclared if entry.action != DELETE]
        users = {}
        for entry in staying:
            compute = paths.get_path(entry.existing, "properties.compute")
            # What has failed stays as it is.
            compute = compute if entry.failed else entry.desired.get("compute", compute)
            if entry.kind.uses_computes and isinstance(compute, str):
                users[str(canon.arm_id(compute))] = title(entry.kind, entry.target.name)
        return users

    # --- what a target is in ---

    def _parent_body(self, child: Entry) -> Body | None:
        listing = self._listings.get((child.workspace.casefold(), child.kind.parent_collection))
        return None if listing is None else listing.bodies.get(ArmId(child.target.parent_id).name.casefold())

    def _check_parent(self, child: Entry) -> None:
        if child.state == ABSENT:
            return
        parent = child.parent_entry
        if child.lacks_parent:
            raise NotStarted(f"its {child.kind.parent_label} failed", interrupted=False)
        if parent is not None and parent.state == ABSENT:
            reason, hint = f"its {child.kind.parent_label} is declared absent", "Declare both absent, or both present."
        elif child.parent is None:
            reason = f"{child.target.parent_id} neither exists nor is declared among the targets of this run"
            hint = f"Declare the {child.kind.parent_label} too, or correct endpoint_name."
        else:
            return
        name = title(child.kind, child.target.name)
        raise ParentMissing(f"{name} cannot be created, because {reason}.", target=child.target.parent_id, hint=hint)

    def _connect(self, parent: Entry, children: t.Sequence[Entry]) -> None:
        if parent.failed:
            return
        if parent.action == DELETE:
            parent.remaining = self._remaining(parent, children)
        elif parent.state != ABSENT:
            self._prepare(parent, children)

    def _remaining(self, parent: Entry, children: t.Sequence[Entry]) -> tuple[str, ...] | None:
        """What is deleted with a target. No child of one whose children were not listed is deleted before it: the service can be asked."""
        listing = self._listings.get((parent.target.id.casefold(), parent.kind.child_collection))
        if listing is None or listing.error is not None or listing.malformed:
            return None
        # Those of one that names some go with it: planner.in_order.
        first = () if names_children(parent) else children
        gone = {child.target.name.casefold() for child in first if child.action == DELETE and not child.failed}
        return tuple(sorted(body["name"] for name, body in listing.bodies.items() if name not in gone))

    # --- deployments that an endpoint names ---

    def _prepare(self, parent: Entry, children: t.Sequence[Entry]) -> None:
        """Check what is written after the children of a target, and wait for what that needs."""
        new = parent.action in _NEW
        if new:
            parent.later = parent.kind.written_later(parent.desired, None)
        if new and (parent.later or children):
            parent.behaviour = replace(parent.behaviour, wait=True)
        wanted = parent.kind.named_children(parent.desired if new else parent.plan.values())
        if not wanted:
            return
        _check(parent, lambda entry: self._check_named(entry, wanted, children))
        names = {name.casefold() for name in wanted}
        for child in (child for child in children if child.target.name.casefold() in names):
            child.behaviour = replace(child.behaviour, wait=True)

    def _check_named(self, parent: Entry, wanted: t.Collection[str], children: t.Sequence[Entry]) -> None:
        states: dict[str, Status] = {}
        listing = self._listings.get((parent.target.id.casefold(), parent.kind.child_collection))
        if listing is not None and parent.action == UPDATE:
            if listing.error is not None:
                raise listing.error
            kind = COLLECTIONS[listing.collection].fallback
            states = {name: kind.status(body) for name, body in listing.bodies.items()}
        for child in children:
            name = child.target.name.casefold()
            if child.action == DELETE and not child.failed:
                states.pop(name, None)
            elif child.state != ABSENT and not child.failed and child.plan.changed:
                states[name] = Status(READY, "planned")
        _LINKS[parent.kind.collection].named(title(parent.kind, parent.target.name), parent.target.id, wanted, states)

    def _check_not_used(self, child: Entry) -> None:
        """Before a deletion the endpoint is changed as planned; before a replacement it is as it was."""
        parent, body = self._parents.get(child.target.parent_id.casefold()), self._parent_body(child)
        links = _LINKS[child.kind.parent_collection]
        values = {} if body is None else links.endpoint.values_of(body)
        if parent is not None and not parent.failed:
            if parent.action in (DELETE, REPLACE):
                return
            values |= parent.plan.values() if child.action == DELETE else {}
        done = "deleted" if child.action == DELETE else "replaced"
        links.removed(child.kind, child.target.name, child.target.id, values, done)


def _all_of(parent: Entry) -> Declared:
    """What a parent will have once it is created."""
    complete = (
        parent.kind.completed(parent.existing, parent.plan, parent.desired) if parent.existing else parent.desired
    )
    later = parent.kind.written_later(complete, None)
    return {option: value for option, value in complete.items() if option not in later}


def _check(entry: Entry, rule: t.Callable[[Entry], None]) -> None:
    """What is not declared stays as long as it is used: this is not a failure."""
    if entry.failed:
        return
    try:
        rule(entry)
    except AmlError as error:
        if entry.declaration is not None:
            return entry.fail(error)
        entry.done, entry.plan = True, Plan(NONE, reason=error.message)
        entry.warnings = [f"{error.code}: {error.message}"]


def _check_empty(parent: Entry, staying: t.Mapping[str, list[str]]) -> None:
    """An endpoint is deleted with its deployments, of which none may be declared."""
    names = sorted(staying.get(parent.target.id.casefold(), ()))
    if parent.action == DELETE and names:
        raise InUse(
            f"{title(parent.kind, parent.target.name)} was not deleted, because the document declares deployments of it: {', '.join(names)}.",
            target=parent.target.id,
            hint="Nothing was deleted. Declare the endpoint too, or its deployments absent.",
        )


def _check_free(compute: Entry, users: t.Mapping[str, str]) -> None:
    """What stays needs the compute target that it runs on."""
    user = users.get(str(canon.arm_id(compute.target.id)))
    if user is not None:
        name = title(compute.kind, compute.target.name)
        raise InUse(
            f"{name} was not removed, because it is used: {user[0].lower()}{user[1:]} runs on it.",
            target=compute.target.id,
            hint="Nothing was removed. Declare the compute target present, or move what runs on it.",
        )


def _check_removal(parent: Entry) -> None:
    if parent.action == DELETE and parent.existing is not None:
        name = title(parent.kind, parent.target.name)
        check_unused(parent.kind, name, parent.target.id, parent.existing, force=parent.behaviour.force)
