# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer of Resource Manager means: a document, or a typed error. Envelopes of errors: docs/facts.md b.1 (E1 to E3); codes: b.2."""

from __future__ import annotations

import re
import typing as t
from urllib.parse import urlsplit

from .._core.answers import says_busy
from .._core.errors import ArmError
from . import limits

_CODE_OF_STATUS = {
    400: "BadRequest",
    401: "AuthenticationFailed",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    412: "PreconditionFailed",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
}
_ACTION = re.compile(r"perform action '([^']+)'(?: over scope '([^']+)')?")
_HINTS = {
    "SubscriptionNotFound": "Check subscription_id, and that it belongs to the tenant and cloud of the sign-in.",
    "ResourceGroupNotFound": "Check resource_group, or create it first (azureml.compute.arm_resource does).",
    "ParentResourceNotFound": "Create the parent first, or check its name.",
    "ResourceNotFound": "Create it first, or check its name, its resource group and subscription_id.",
    "InvalidAuthenticationTokenTenant": "The subscription belongs to another tenant: check tenant and subscription_id.",
    "ScopeLocked": "A management lock forbids it: remove the lock, or leave the resource as it is.",
    "RequestDisallowedByPolicy": "An Azure Policy assignment forbids it; the details name it.",
    "MissingSubscriptionRegistration": "Register the resource provider in the subscription: az provider register.",
    "SubscriptionRequestsThrottled": "Too many requests: run fewer at a time, or raise retry_timeout.",
    "ClusterMinNodesExceedCoreQuota": "Request more quota of this VM family, or choose another size or region.",
    "QuotaExceeded": "Request more quota in this region, or choose another size or region.",
    "AlreadyExists": "The name is taken; names of compute targets count in the whole region, and not only in the workspace. Choose another one.",
    "NoRegisteredProviderFound": "The api-version, the type or the region is not offered; the message lists what is.",
}
_UNKNOWN_SIZE = "Choose a size that the region offers: aml_vm_size_info lists them. With preflight: true a wrong size is found before the first write."
_BROKEN = "The service failed for longer than retries and retry_timeout allow. Run the same task again: it continues from the current state."
_HINT_OF_STATUS: dict[int | None, str] = {
    **dict.fromkeys((408, 500, 502, 503, 504), _BROKEN),
    401: "The token was refused twice: check the tenant, the cloud and the clock of this host.",
    429: "The service asked to slow down for longer than retry_timeout allows: raise it, or run fewer tasks at a time.",
}


class ConnectionLost(ArmError):
    """No answer came. ``unsent`` is true when the service surely did not get the request."""

    default_code = "ConnectionFailed"
    unsent = False


class Answer:
    """One HTTP answer: read once, never an exception."""

    def __init__(self, method: str, url: str, status: int, headers: t.Mapping[str, str], content: bytes) -> None:
        self.method = method
        self.url = url
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.content = content
        self.readable = True
        # Why a complete document is not read: readers may disagree about it or break on it.
        self.refused: str | None = None
        # Whether this or an earlier attempt of the same request may have been taken although it was not answered with success.
        self.unclear = False
        self.body: t.Any = None
        if content.strip():
            try:
                self.body = limits.parse_json(content)
            except ValueError as error:
                self.readable = False
                self.refused = str(error) if isinstance(error, limits.BadJson) else None

    @property
    def target(self) -> str:
        """Method and path: what an error was about. The query may hold signatures and stays out."""
        return f"{self.method} {urlsplit(self.url).path}"

    @property
    def request_id(self) -> str | None:
        return self.headers.get("x-ms-request-id") or self.headers.get("x-ms-correlation-request-id")

    @property
    def web_page(self) -> bool:
        return not self.readable and self.content.lstrip()[:1] == b"<"

    def document(self) -> dict[str, t.Any]:
        """The body as an object; empty for no body. Raises ArmError if it is not a JSON object."""
        if not self.content.strip():
            return {}
        if isinstance(self.body, dict):
            return self.body
        raise unreadable(self)


def error_of(answer: Answer) -> ArmError:
    """The typed error of an answer with a status of 400 or more."""
    if not answer.readable:
        return unreadable(answer)
    code, message, details = read_error(answer.body)
    code = code or _CODE_OF_STATUS.get(answer.status, f"Http{answer.status}")
    error = ArmError(
        message or f"{answer.target} was answered with HTTP status {answer.status} and no explanation.",
        code=code,
        details=details,
        status=answer.status,
        request_id=answer.request_id,
        target=answer.target,
        hint=hint_for(code, message or "", answer.status),
    )
    error.unclear = answer.unclear
    return error


def unreadable(answer: Answer) -> ArmError:
    what = "a web page" if answer.web_page else "something that is not a JSON object"
    if answer.refused is not None:
        what = f"JSON that is not accepted ({answer.refused})"
    error = ArmError(
        f"{answer.target} was answered with HTTP status {answer.status} and {what}, not by Azure Resource Manager.",
        code="UnexpectedAnswer",
        status=answer.status,
        request_id=answer.request_id,
        target=answer.target,
        hint="A proxy or a wrong cloud_environment may have answered in its place.",
    )
    error.unclear = answer.unclear
    return error


def read_error(body: t.Any) -> tuple[str | None, str | None, t.Any]:
    """Code, message and details of any envelope: flat, under ``error``, or nested twice (docs/facts.md a.4, b.1)."""
    error = body if isinstance(body, dict) else {}
    while isinstance(error.get("error"), dict):
        error = error["error"]
    if isinstance(error.get("error"), str):
        return error["error"], error.get("error_description"), None
    details = error.get("details") or _policy_details(error.get("additionalInfo")) or None
    message = error.get("message")
    if not message and isinstance(details, list) and isinstance(details[0], dict):
        message = details[0].get("message")
    code = error.get("code")
    return (str(code) if code else None), (str(message) if message else None), details


def _policy_details(info: t.Any) -> list[t.Any]:
    return [
        entry
        for entry in (info if isinstance(info, list) else [])
        if isinstance(entry, dict) and entry.get("type") == "PolicyViolation"
    ]


def hint_for(code: str | None, message: str, status: int | None) -> str | None:
    """What to do about a code that is known, or None."""
    refused = _ACTION.search(message)
    if refused:
        scope = f" at {refused.group(2)}" if refused.group(2) else ""
        return (
            f"Assign a role that permits {refused.group(1)}{scope} to the identity. "
            "A new role assignment can take ten minutes to take effect."
        )
    if says_busy(message):
        return "Another operation on this resource is still running: wait for it and run the task again."
    for known, hint in _HINTS.items():
        if code and known.lower() == code.lower():
            return hint
    if "not a supported vm size" in message.lower():
        return _UNKNOWN_SIZE
    if "quota" in message.lower():
        return _HINTS["QuotaExceeded"]
    return _HINT_OF_STATUS.get(status)


def etag_of(headers: t.Mapping[str, str], body: t.Mapping[str, t.Any]) -> str | None:
    """The ETag of a document, from the header or the document itself; a service that has none answers null or nothing."""
    properties = body.get("properties")
    inner = properties.get("etag") if isinstance(properties, dict) else None
    for value in (headers.get("etag"), body.get("etag"), inner):
        if isinstance(value, str) and value:
            return value
    return None
