# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error says in addition to its cause: the plan, whether something was changed, the warnings, and what a replacement has deleted."""

from __future__ import annotations

import contextlib
import typing as t

from .._core.errors import AmlError, add_next_step, all_foreseen
from .kind import Body
from .plan import Plan
from .remote import RemoteResource


class ErrorContext:
    """The context of one task's errors."""

    def __init__(self, remote: RemoteResource) -> None:
        self._remote = remote
        # What a replacement deleted, as the user knows it, until the new one is there.
        self._replaced: dict[str, t.Any] | None = None

    @contextlib.contextmanager
    def of(self, plan: Plan) -> t.Iterator[None]:
        """Inside it, an error is completed with the plan and what was changed."""
        try:
            with all_foreseen():
                yield
        except AmlError as error:
            if error.plan is None:
                self._attach(error)
            error.plan = plan
            raise

    @contextlib.contextmanager
    def replacing(self) -> t.Iterator[t.Callable[[Body], None]]:
        """Inside it, an error has what was deleted: it yields the function to call with that."""

        def deleted(body: Body) -> None:
            self._replaced = self._remote.kind.project(body)

        yield deleted
        self._replaced = None

    def _attach(self, error: AmlError) -> None:
        error.changed, error.warnings = self._remote.wrote, self._remote.warnings
        if self._replaced is not None:
            error.details = {"cause": error.details, "replaced": self._replaced}
            error.hint = f"{error.hint or ''} The old one is gone; failure.details.replaced has its declaration, to create it again.".strip()
        add_next_step(error)
