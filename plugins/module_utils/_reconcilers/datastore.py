# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datastores: which of them cannot be deleted."""

from __future__ import annotations

import typing as t

from .._engine.kind import Body
from .._engine.remote import RemoteResource
from .._kinds.datastore import Datastore


class DatastoreExtension:
    """What a datastore needs in addition to its document."""

    def __init__(self, remote: RemoteResource) -> None:
        self._kind = t.cast(Datastore, remote.kind)

    def before_remove(self, body: Body) -> None:
        self._kind.check_replacement(body)
