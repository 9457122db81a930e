# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creating a resource without overwriting what another writer created meanwhile."""

from __future__ import annotations

import contextlib
import functools
import typing as t

from .kind import Request
from .other_writers import Overtaken, changed_meanwhile
from .remote import RemoteResource


@contextlib.contextmanager
def only_if_absent(remote: RemoteResource) -> t.Iterator[None]:
    """Fail where another writer creates the resource before this task does."""
    try:
        yield
    except Overtaken as overtaken:
        raise changed_meanwhile(remote, "it did not exist at the read, and was created before the write") from overtaken


def require_absent(remote: RemoteResource) -> None:
    """Directly before a creation: Overtaken for what another writer created meanwhile.

    The service takes no condition for compute targets and workspaces, so that the time of one request remains.
    """
    if remote.read() is not None:
        raise Overtaken


def send_creation(remote: RemoteResource, request: Request) -> t.Any:
    """Send the PUT of a new resource and return the client's reply; it is not sent again over what another writer created."""
    if remote.kind.has_etags:
        return remote.send(request, headers={"If-None-Match": "*"})
    return remote.send(request, headers={}, before_retry=functools.partial(_check_absent, remote))


def _check_absent(remote: RemoteResource, unclear: bool) -> None:
    # If this task's request may have been accepted, the resource may be this task's.
    if not unclear:
        require_absent(remote)
