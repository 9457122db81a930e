# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource of one task at the service: reads it, writes to it, and remembers what both showed."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import replace

from .._core.arm_id import Target, with_id
from .._core.errors import AmlError, ArmError
from . import incarnation, kind_version, refusals
from .behaviour import Behaviour
from .kind import Body, Kind, Request
from .other_writers import Overtaken
from .outcome import Outcome
from .plan import Plan
from .waiting import Deadline, Waiter


class RemoteResource:
    """One resource. The reconciler, and what extends it for a kind, reach the service through this.

    ``client`` is an ArmClient; ``sleep`` and ``clock`` are in seconds.
    """

    def __init__(
        self,
        client: t.Any,
        kind: Kind,
        target: Target,
        behaviour: Behaviour,
        *,
        sleep: t.Callable[[float], None],
        clock: t.Callable[[], float],
    ) -> None:
        self.client = client
        self.kind = kind
        self.target = target
        self.behaviour = behaviour
        # The API version of reads.
        self._version = kind.api_version
        self.title = refusals.title(kind, target.name)
        self.warnings: list[str] = []
        # Whether a write was sent: a task that fails after it did not leave things as they were.
        self.wrote = False
        # The ETag of the document that was read last; None where the service has none.
        self.etag: str | None = None
        # The resource as it was found last: what it used is known from it when it is gone.
        self.seen: Body | None = None
        self.wait = Waiter(self, Deadline(behaviour.wait_timeout, clock), sleep)
        self._read: t.Callable[[], tuple[Body | None, str | None]] = self._get

    def read_by(self, read: t.Callable[[], Body | None]) -> None:
        """From now on, read the resource in another way than by a GET of its id."""
        self._read = lambda: (read(), None)

    def _get(self) -> tuple[Body | None, str | None]:
        body: tuple[Body | None, str | None] = self.client.read(self.target.id, self._version)
        return body

    def read(self) -> Body | None:
        """The resource as ARM has it now, or None."""
        body: Body | None
        body, self.etag = self._read()
        # Another one that has the name by now uses other resources.
        if body is not None and (self.seen is None or incarnation.difference(self.seen, body) is None):
            self.seen = body
        return body

    def warn_of_malformed(self, error: AmlError) -> None:
        """Of an item of a list that cannot be read, and that the task can do without."""
        warning = f"{error.code}: {error.message} It was not read."
        if warning not in self.warnings:
            self.warnings.append(warning)

    def send(
        self,
        request: Request,
        *,
        headers: t.Mapping[str, str] | None = None,
        before_retry: t.Callable[[bool], None] | None = None,
        wait_conflict: bool = True,
    ) -> t.Any:
        """Send one write and return the client's reply. Overtaken where the service refuses it by its condition.

        headers        the condition; None takes the ETag that was read last, where there is one
        before_retry   called before the write is sent again, with whether an earlier attempt may have been taken
        wait_conflict  whether another operation on the resource is waited for: it is the state after it that counts
        """
        condition = self.if_match(request) if headers is None else headers
        options: dict[str, t.Any] = {}
        if condition:
            options["headers"] = condition
        if before_retry is not None:
            options["before_retry"] = before_retry
        try:
            reply = getattr(self.client, request.method.lower())(
                request.address(self.target.id),
                request.api_version or self.kind.api_version,
                request.body,
                params=request.params or None,
                wait_conflict=self.wait.deadline.remaining if self.behaviour.wait and wait_conflict else 0.0,
                **options,
            )
        except ArmError as error:
            self.wrote = self.wrote or error.may_be_accepted
            if condition and error.status == 412:
                raise Overtaken from error
            raise
        self.wrote = True
        return reply

    def if_match(self, request: Request) -> dict[str, str]:
        """The header with which the service refuses a write that was made from an older document."""
        return {"If-Match": self.etag} if self.etag and request.is_on_resource else {}

    def read_all(self, body: Body) -> Body:
        """``body`` as an API version has it that has all options of the resource; later reads are at that version too, up to that of the result."""
        if self._version == kind_version.of_all_options(self.kind):
            return body
        self._version = kind_version.of_all_options(self.kind)
        # What was deleted meanwhile shows at the read before the deletion.
        return self.read() or body

    @contextlib.contextmanager
    def always_waiting(self) -> t.Iterator[None]:
        """Wait, whatever was asked for: of several operations each needs the end of the one before, and only the last need not be waited for."""
        asked = self.behaviour
        self.behaviour = replace(asked, wait=True)
        try:
            yield
        finally:
            self.behaviour = asked

    def outcome(self, plan: Plan, body: Body | None, operation: t.Any = None) -> Outcome:
        return Outcome(
            f"{self.kind.label} {self.target.name}",
            plan,
            # An answer to a write, and an item of a list, can name another one too.
            None if body is None else with_id(body, self.target.id),
            None if operation is None else operation.to_dict(),
            self.warnings,
        )
