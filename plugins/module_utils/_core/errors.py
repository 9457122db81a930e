# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of the engine: one family, one shape, one place that turns them into a task's ``failure`` block.

The package ``_core`` holds the base of all other packages: errors, findings, ids, paths, shapes of documents, secrets, events. It may
import nothing else of the collection.
"""

from __future__ import annotations

import contextlib
import json
import typing as t

from .error_codes import url_of

T = t.TypeVar("T")

# In characters: no explanation is longer. Resource Manager's own lists of regions and API versions have a few thousand.
_LONGEST_MESSAGE, _LONGEST_CODE, _LONGEST_DETAILS = 20_000, 200, 200_000


class AmlError(Exception):
    """Whatever stops a task in a way that the user can understand.

    ``message`` is one clear sentence with the rule or the cause. ``hint`` says what to do. ``code`` is the service's own
    code, or one of the collection. ``details`` are lists or dicts that a playbook can branch on. ``status`` and ``request_id`` are
    the HTTP status and the service's request id, where there was a response.
    """

    default_code = "Error"
    # Whether the message is a list. In any other one, only the service could have begun a line, which would pass for one of Ansible's.
    has_lines = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        details: t.Any = None,
        status: int | None = None,
        request_id: str | None = None,
        target: str | None = None,
    ) -> None:
        self.message = message if self.has_lines else in_one_line(message)
        super().__init__(self.message)
        self.code = in_one_line(code or self.default_code)
        self.hint = hint
        self.details = details
        self.status = status
        self.request_id = request_id
        self.target = target
        # Set where the error is raised in the course of a plan: the plan, whether a write had been sent by then, and the warnings so far.
        self.plan: t.Any = None
        self.changed = False
        self.warnings: list[str] = []
        # Of a write that was sent more than once: whether one of the attempts may have been taken. None if the status alone decides that.
        self.unclear: bool | None = None
        # Further keys of the task's result: a fleet returns a result for each target, also if others failed.
        self.result: dict[str, t.Any] = {}

    @property
    def may_be_accepted(self) -> bool:
        """Of a write: a refusal (4xx) changed nothing; of what broke on the way, no one knows whether it was taken."""
        return not 400 <= (self.status or 0) < 500 if self.unclear is None else self.unclear

    def failure(self) -> dict[str, t.Any]:
        """The ``failure`` block of a result. All keys are always there, so that a playbook need not test for them."""
        return {
            "code": self.code,
            "message": self.message,
            "details": self.details,
            "status": self.status,
            "request_id": self.request_id,
            "target": self.target,
            "hint": self.hint,
            "url": url_of(self.code),
        }


def in_one_line(text: str) -> str:
    return " ".join(filter(None, map(str.strip, text.split("\n"))))


class RuleError(AmlError):
    """What was declared breaks a documented rule; found without a request. ``details`` lists every finding."""

    default_code = "InvalidDeclaration"
    has_lines = True


class CredentialError(AmlError):
    """No way to sign in, or sign-in was refused."""

    default_code = "AuthenticationFailed"


class ArmError(AmlError):
    """The service refused a request or an operation failed. ``code``, ``status`` and ``request_id`` are the service's.

    An answer may have up to 64 MiB: of a longer explanation, the beginning is shown with the number of bytes that it has.
    """

    default_code = "ServiceError"
    # Seconds after which the service wants to be asked again, if it said so.
    retry_after: float | None = None

    def __init__(self, message: str, *, code: str | None = None, details: t.Any = None, **more: t.Any) -> None:
        super().__init__(
            _shortened(message, _LONGEST_MESSAGE),
            code=_shortened(code, _LONGEST_CODE) if code else None,
            details=_short_details(details) if details else details,
            **more,
        )


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    # It needs this module.
    from . import redact

    return f"{redact.cut(text, longest)}... ({len(text.encode(errors='replace'))} bytes)"


def _short_details(details: t.Any) -> t.Any:
    """Details of the length that is shown; in place of longer ones, a list with the beginning of their text."""
    text = json.dumps(details, default=str)
    return details if len(text) <= _LONGEST_DETAILS else [{"message": _shortened(text, _LONGEST_MESSAGE)}]


class ChangedMeanwhile(AmlError):
    """Another writer changed, deleted, replaced or created the resource between this task's read and its write."""

    default_code = "ChangedMeanwhile"


class WaitTimeout(AmlError):
    """A wait ran out. ``details`` holds what was waited for, the last state, the seconds and the operation's address."""

    default_code = "WaitTimeout"

    @classmethod
    def after(
        cls,
        seconds: float,
        what: str,
        state: str,
        *,
        because: str = "",
        note: str = "",
        details: dict[str, t.Any] | None = None,
        **more: t.Any,
    ) -> WaitTimeout:
        """The error of a wait for ``what`` ("The cluster 'a' to settle"). ``because`` belongs to the state, ``note`` is a sentence after it."""
        subject = f"the {what[4:]}" if what.startswith("The ") else what
        return cls(
            f"Waited {seconds:.0f} s for {subject}; the last state was {state}{because}.{note}",
            details={"what": what, "state": state, "elapsed": round(seconds, 1), **(details or {})},
            **more,
        )


_RUN_AGAIN = "The service had already accepted a change of this task: run the same task again, which continues from the current state."


def unforeseen(error: Exception) -> AmlError:
    """What no one foresaw, as an error that can carry the plan and what was changed."""
    return AmlError(
        f"Unexpected {type(error).__name__}: {error}",
        code="InternalError",
        hint="This is a bug of azureml.compute: please report it with the traceback (run with -vvv).",
    )


@contextlib.contextmanager
def all_foreseen() -> t.Iterator[None]:
    """Inside it, whatever no one foresaw becomes an AmlError, so that it takes the same ways: with the plan, ``changed`` and the other targets."""
    try:
        yield
    except (AmlError, ImportError):
        # A missing library has a separate error.
        raise
    except Exception as error:
        raise unforeseen(error) from error


def each(items: t.Iterable[t.Any], call: t.Callable[[t.Any], T], failed: t.Callable[[AmlError], None]) -> t.Iterator[T]:
    """What ``call`` makes of each item. An error, foreseen or not, costs that item alone and goes to ``failed``."""
    for item in items:
        try:
            with all_foreseen():
                made = call(item)
        except AmlError as error:
            error.target = error.target or _id_of(item)
            failed(error)
        else:
            yield made


def _id_of(item: t.Any) -> str | None:
    identifier = item.get("id") if isinstance(item, dict) else None
    return identifier if isinstance(identifier, str) else None


def add_next_step(error: AmlError) -> None:
    """After a change, an answer that cannot be read, or an error that no one foresaw, says how to continue."""
    if error.changed and error.code in ("InternalError", "UnexpectedAnswer") and _RUN_AGAIN not in (error.hint or ""):
        error.hint = f"{error.hint or ''} {_RUN_AGAIN}".strip()
