# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions: where their condition is read, and what they answer."""

from __future__ import annotations

import typing as t

from .._core.answers import is_absent
from .._core.errors import AmlError, ArmError
from .._engine.kind import Body, Request
from .._engine.remote import RemoteResource
from .._kinds.action import Action


class ResourceMissing(AmlError):
    """The resource of the action does not exist."""

    default_code = "ResourceNotFound"


class ActionExtension:
    """Reads the condition, and keeps the answer.

    resource  the id of the resource whose action it is
    place     the id of the resource or of the list with the condition; None without a condition
    is_list   whether it is a list, one item of which is the condition
    version   the API version of these reads
    """

    def __init__(
        self, remote: RemoteResource, *, resource: str, place: str | None, is_list: bool, version: str
    ) -> None:
        self._remote = remote
        self._kind = t.cast(Action, remote.kind)
        self._resource, self._place, self._is_list, self._version = resource, place, is_list, version
        self.reply: t.Any = None

    def read(self) -> Body:
        """The document that the condition is compared with; empty where it is not there, so that the action is due."""
        if self._place is None:
            return {}
        if self._is_list:
            return self._item(self._place)
        body: Body | None = self._remote.client.find(self._place, self._version)
        if body is None and self._place == self._resource:
            raise ResourceMissing(
                f"{self._remote.title} cannot be taken, because {self._resource} does not exist.",
                target=self._resource,
                hint="Create the resource first, or correct its id.",
            )
        return body or {}

    def _item(self, place: str) -> Body:
        try:
            items: list[Body] = self._remote.client.list(place, self._version)
        except ArmError as error:
            if is_absent(error):
                return {}
            raise
        return next((item for item in items if self._kind.shows(item)), {})

    def after_write(self, request: Request, reply: t.Any) -> None:
        self._kind.taken = True
        self.reply = reply
