# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error of Resource Manager says about the resource: that it is absent, gone or busy. The codes: docs/facts.md b.2."""

from __future__ import annotations

from .errors import ArmError

# Seconds between two attempts while another operation is running: at first, after a while, and at most of what the service asks for.
CONFLICT_STEP, _LONGEST_STEP, _LONGEST_ASKED = 5.0, 15.0, 300.0
# Of the time waited so far: what has run for long will run for a while.
_PATIENCE = 0.15
# 404 answers that say something else than "this resource is not there".
_NOT_ABSENCE = frozenset(
    {
        "SUBSCRIPTIONNOTFOUND",
        "INVALIDRESOURCETYPE",
        "INVALIDRESOURCENAMESPACE",
        "NOREGISTEREDPROVIDERFOUND",
        "INVALIDAPIVERSIONPARAMETER",
        "MISSINGAPIVERSIONPARAMETER",
        "OPERATIONNOTFOUND",
        "UNEXPECTEDANSWER",
    }
)
_BUSY_CODES = frozenset({"ANOTHEROPERATIONINPROGRESS", "CONFLICTINGCONCURRENTWRITENOTALLOWED"})
# Machine Learning, and other resource providers, whose code for it is often no more than Conflict: parts of the text, in this order.
_BUSY_TEXTS = (("already an active operation",), ("another operation", "in progress"))


def is_absent(error: ArmError) -> bool:
    """True when the error says that the resource, its parent or its resource group is not there."""
    return error.status == 404 and error.code.upper() not in _NOT_ABSENCE


def is_gone(error: ArmError) -> bool:
    """True when a DELETE of a workspace finds none: the resource provider has no 404 for that (docs/facts.md d.2)."""
    return error.status == 400 and "unable to find workspace" in error.message.lower()


def is_busy(error: ArmError) -> bool:
    """True when another operation on the same resource has to end first (docs/facts.md b.2, conflicting operation)."""
    busy = error.code.upper() in _BUSY_CODES or says_busy(error.message)
    return error.status in (409, 429) and busy


def says_busy(message: str) -> bool:
    """True when a refusal's text says that another operation on the same resource has to end first."""
    text = message.lower()
    return any(_in_order(text, parts) for parts in _BUSY_TEXTS)


def _in_order(text: str, parts: tuple[str, ...]) -> bool:
    # No pattern: with a wildcard, a long text of the first part alone would take minutes.
    for part in parts:
        _before, found, text = text.partition(part)
        if not found:
            return False
    return True


def conflict_pause(error: ArmError, waited: float) -> float:
    """Seconds to the next attempt of a write that another operation has blocked for ``waited`` seconds."""
    if error.retry_after is not None:
        return max(1.0, min(error.retry_after, _LONGEST_ASKED))
    return min(_LONGEST_STEP, max(CONFLICT_STEP, _PATIENCE * waited))
