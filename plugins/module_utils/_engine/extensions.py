# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension points of the engine: what a kind needs of the service in addition to reading and writing one document.

What a kind decides without a request are methods of :class:`~.kind.Kind`. What needs requests is a class in ``_reconcilers/``, made with
the :class:`~.remote.RemoteResource` of a task, that has one or more of these methods; ``_reconcilers/registry.py`` says which kind has which. Each is
named as in the extensions of Azure Service Operator, where that has it.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .kind import Body, Request
from .outcome import Outcome
from .plan import Declared, Plan

if t.TYPE_CHECKING:
    from .remote import RemoteResource


@t.runtime_checkable
class Read(t.Protocol):
    def read(self) -> Body | None:
        """Read the resource in another way than by a GET of its id."""


@t.runtime_checkable
class BeforeCreate(t.Protocol):
    def before_create(self, complete: Declared, parent: Body | None) -> None:
        """Check, by reads alone, what only the service knows about a resource that will be created; also in check mode.

        complete  all that it will have, with what a replacement keeps
        parent    what it lives in; None in check mode where that is still to come
        """


@t.runtime_checkable
class BeforeUpdate(t.Protocol):
    def before_update(self, plan: Plan, body: Body) -> None:
        """Check, by reads alone, what only the service knows about a change of a resource that was read as ``body``; also in check mode."""


@t.runtime_checkable
class BeforeReplace(t.Protocol):
    def before_replace(self) -> None:
        """Raise where the resource must not be deleted for its replacement; when that is planned, and directly before the deletion."""


@t.runtime_checkable
class Create(t.Protocol):
    def create(self, complete: Declared) -> t.Any:
        """Create the resource in another way than by a PUT of its document. Return the operation where that is not waited for.

        Raise CreatedMeanwhile where another writer has created the same.
        """


@t.runtime_checkable
class AroundUpdate(t.Protocol):
    def update(self, requests: list[Request], plan: Plan, write: t.Callable[[], Outcome]) -> Outcome:
        """Call ``write``, which sends the requests of an update and reads back, with what must be done before and after it."""


@t.runtime_checkable
class AfterWrite(t.Protocol):
    def after_write(self, request: Request, reply: t.Any) -> None:
        """Take what a successful answer to an update says: raise where its body says that the update was refused, in whole or in part."""


@t.runtime_checkable
class PowerState(t.Protocol):
    def power(self, plan: Plan, body: Body | None, state: str) -> Outcome:
        """Bring a resource that is otherwise as declared to a power state. ``plan`` includes it, ``body`` is the resource now."""


@t.runtime_checkable
class BeforeRemove(t.Protocol):
    def before_remove(self, body: Body) -> None:
        """Raise where the resource, which was read as ``body``, must not be removed; also in check mode."""


@t.runtime_checkable
class AfterRemove(t.Protocol):
    def after_remove(self, body: Body) -> None:
        """Remove what belongs to a resource that is gone. ``body`` is the resource as it was read last."""


# Makes the extension of a kind for one task.
Extend = t.Callable[["RemoteResource"], object]


def no_extension(remote: RemoteResource) -> object:
    """The extension of a kind that needs none."""
    return None


def _pass(*values: t.Any) -> None:
    return None


@dataclass(frozen=True)
class Checks:
    """The checks of a task in addition to those of the engine, each directly before or after a write. Each raises an AmlError to stop the run.

    of_plan         called with each plan before it is applied
    before_write    called with the plan, what the resource will have, the resource and its parent where they were read; returns warnings.
                    Also in check mode
    before_removal  called with the resource as it was read for its removal, also in check mode
    after_removal   called when a removal was accepted, with the resource as it is read then: being deleted, gone, or another one
    """

    of_plan: t.Callable[[Plan], None] = _pass
    before_write: t.Callable[[Plan, Declared, Body | None, Body | None], list[str] | None] = _pass
    before_removal: t.Callable[[Body], None] = _pass
    after_removal: t.Callable[[Body | None], None] | None = None
