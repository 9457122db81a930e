# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas of a workspace: read by the list of a region, and set by a request whose answer has a status for each family (docs/facts.md a.6)."""

from __future__ import annotations

import typing as t

from .._capacity.lists import location_path
from .._capacity.quotas import UPDATED, Quotas, document, quota_error, refused_quotas
from .._core import shape
from .._core.errors import AmlError
from .._engine.kind import Body, Request
from .._engine.remote import RemoteResource


class QuotaExtension:
    """``malformed`` gets an error for each item of the last list that cannot be read."""

    def __init__(self, remote: RemoteResource, *, malformed: list[AmlError]) -> None:
        self._remote = remote
        self._kind = t.cast(Quotas, remote.kind)
        self._malformed = malformed

    def read(self) -> Body:
        # An item that cannot be read is a failure only where it is one of those that were set: it shows another limit than was declared.
        self._malformed.clear()
        path = location_path(self._remote.target.subscription_id, self._kind.location, "quotas")
        entries = self._remote.client.list(path, self._kind.api_version, malformed=self._malformed.append)
        return document(entries, self._remote.target.id)

    def after_write(self, request: Request, reply: t.Any) -> None:
        refused = refused_quotas(shape.check(reply.body or {}, UPDATED, request.path))
        if not refused:
            return
        others = len(request.body["value"]) - len(refused)
        self._remote.wrote = others > 0
        rest = "The other families were set." if others else "Nothing was set."
        raise quota_error(refused, self._remote.target.name, rest)
