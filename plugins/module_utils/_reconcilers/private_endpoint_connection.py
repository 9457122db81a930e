# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of private endpoints: found in the list of a resource's connections, because their names follow from nothing that a user knows."""

from __future__ import annotations

from .._core import shape
from .._engine.kind import Body
from .._engine.remote import RemoteResource
from .._kinds.private_endpoint_connection import SHAPE


class ConnectionExtension:
    """``listed``: the connection as the list has it, which is the first read."""

    def __init__(self, remote: RemoteResource, *, listed: Body) -> None:
        self._remote = remote
        self._listed: Body | None = listed

    def read(self) -> Body | None:
        body, self._listed = self._listed, None
        if body is None:
            body = self._remote.client.find(self._remote.target.id, self._remote.kind.api_version)
        if body is not None:
            shape.check(body, SHAPE, self._remote.target.id)
        return body
