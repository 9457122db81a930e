# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of Azure Resource Manager as the rest of the collection sees it: two protocols, and the plain data that they speak in.

What only reads takes a ``ReadClient``, what changes something a ``Client``. ``_arm/client.py`` is the one that speaks HTTP; a test gives another.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .shape import Malformed

SUCCEEDED, FAILED, CANCELED, RUNNING = "Succeeded", "Failed", "Canceled", "InProgress"

Body: t.TypeAlias = dict[str, t.Any]
Bodies: t.TypeAlias = list[Body]
Sent: t.TypeAlias = "t.Mapping[str, t.Any] | None"
Params: t.TypeAlias = "t.Mapping[str, t.Any] | None"
# Called before a write is sent again, with whether an earlier attempt may have been taken; it may raise to prevent that.
BeforeRetry: t.TypeAlias = "t.Callable[[bool], None] | None"
# Returns the provisioningState of the resource of an operation, or None.
Probe: t.TypeAlias = t.Callable[[], "str | None"]
T = t.TypeVar("T")


@dataclass
class Operation:
    """A piece of work that the service does after it answered. ``url`` is used as it is, signature and all."""

    url: str
    style: str = "async"
    method: str = ""
    target: str = ""
    status: str = RUNNING
    retry_after: float | None = None
    # Where the answer itself is found once the work is done (docs/facts.md d.2: Location in addition to Azure-AsyncOperation).
    result_url: str | None = None

    @property
    def location(self) -> str | None:
        """The URL, if HTTP statuses report its state (the Location header)."""
        return self.url if self.style == "location" else None

    def to_dict(self) -> dict[str, str]:
        """For results: what a later run needs to continue."""
        return {"url": self.url, "status": self.status}


@dataclass(frozen=True)
class Reply:
    """The answer to a write. ``operation`` is there while the service is still at work on it."""

    status: int
    body: Body | None
    operation: Operation | None
    request_id: str | None


class WriteOptions(t.TypedDict, total=False):
    """The optional arguments of a write in addition to its body."""

    params: Params
    # Seconds for which it is repeated while another operation on the resource is active.
    wait_conflict: float
    headers: t.Mapping[str, str] | None
    before_retry: BeforeRetry


class ReadClient(t.Protocol):
    """What reads. Paths begin with a slash; many threads may use one at once. ArmError on any failure that is not named."""

    def get(self, path: str, api_version: str, *, params: Params = None) -> Body:
        """The document."""

    def find(self, path: str, api_version: str, *, params: Params = None) -> Body | None:
        """The document, or None when the resource, its parent or its resource group is not there."""

    def list(self, path: str, api_version: str, *, params: Params = None, malformed: Malformed | None = None) -> Bodies:
        """All items of all pages. An item of another shape than documented goes to ``malformed`` as an error, and is raised without it."""

    def post_list(
        self,
        path: str,
        api_version: str,
        items: str = "nodes",
        *,
        params: Params = None,
        malformed: Malformed | None = None,
    ) -> Bodies:
        """All items of a list that is asked for by POST and changes nothing (listNodes). Later pages are GETs."""


class Client(ReadClient, t.Protocol):
    """What reads and writes."""

    @property
    def secrets(self) -> t.Sequence[str]:
        """The values to hide wherever text leaves the task."""

    def read(self, path: str, api_version: str) -> tuple[Body | None, str | None]:
        """The document as ``find`` returns it, and its ETag: None where the service has none for it."""

    def put(self, path: str, api_version: str, body: Sent = None, **options: t.Unpack[WriteOptions]) -> Reply:
        """Create or replace."""

    def patch(self, path: str, api_version: str, body: Sent = None, **options: t.Unpack[WriteOptions]) -> Reply:
        """Change what the body holds."""

    def post(self, path: str, api_version: str, body: Sent = None, **options: t.Unpack[WriteOptions]) -> Reply:
        """An action. Repeated only when the service surely did not take it."""

    def delete(self, path: str, api_version: str, body: Sent = None, **options: t.Unpack[WriteOptions]) -> Reply:
        """Remove. What is not there gives a Reply with status 404: a repeated DELETE may meet its own success."""

    def wait(
        self,
        operation: Operation,
        *,
        timeout: float,
        interval: float | None = None,
        what: str = "The operation",
        probe: Probe | None = None,
    ) -> Body:
        """Until the operation ends, at most ``timeout`` seconds, with a look each ``interval`` seconds: its last status document.

        ArmError when it failed, WaitTimeout when time ran out. ``probe`` is asked only where the operation's address cannot be read.
        """

    def result_of(self, operation: Operation) -> Body | None:
        """What an action that is done returns, where it said that it returns something (diagnose)."""

    def resume(self, url: str) -> Operation:
        """The operation of an earlier run, from the address in its result."""

    def retry_conflict(self, call: t.Callable[[], T], timeout: float) -> T:
        """Repeat a call while another operation on the resource is active, at most for ``timeout`` seconds."""
