# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request, an answer and an ARM error are inside the simulator, without a socket.

Error envelopes: E1 (gateway) and E2 (compute resource provider) of docs/facts.md b.1 [REC R11, ISS].
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from azureml_simulator import relaxed_json


class Headers(dict[str, str]):
    """Header names compare without case; they are kept in lower case."""

    def __init__(self, items: Mapping[str, str] | None = None) -> None:
        super().__init__({name.lower(): value for name, value in (items or {}).items()})

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())


@dataclass(frozen=True)
class Principal:
    """Who asks: the object that role assignments name."""

    object_id: str
    app_id: str
    tenant: str
    name: str = ""
    kind: str = "ServicePrincipal"


# A slow body comes in so many pieces, each after the effect's seconds.
SLOW_PIECES = 4


@dataclass
class Effect:
    """What the socket has to suffer beside, or in place of, the answer (see `faults`)."""

    kind: str
    seconds: float = 0.0


@dataclass
class Response:
    """Status, a JSON-able body (None = empty) and headers."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    effect: Effect | None = None
    gateway: bool = False
    raw: bytes | None = None

    def payload(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass
class Request:
    """One request, as it was sent; `principal` is set once the token was checked."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    principal: Principal | None = None

    def __post_init__(self) -> None:
        self.method = self.method.upper()
        # Resource Manager takes empty segments; azure-cli makes them where a type has no parent.
        self.path = "/" + re.sub("//+", "/", self.path).strip("/")
        if not isinstance(self.headers, Headers):
            self.headers = Headers(self.headers)

    @property
    def api_version(self) -> str:
        return next((value for name, value in self.query.items() if name.lower() == "api-version"), "")

    @property
    def base_url(self) -> str:
        return f"https://{self.headers.get('host', '127.0.0.1')}"

    @property
    def json(self) -> Any:
        """The body as JSON, with the liberties that Resource Manager takes; an empty body is an empty object."""
        if not self.body.strip():
            return {}
        try:
            return relaxed_json.loads(self.body)
        except ValueError as error:
            raise ArmError(
                400,
                "InvalidRequestContent",
                f"The request content was invalid and could not be deserialized: '{error}'.",
            ) from error

    @property
    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object; anything else is refused as ARM does."""
        body = self.json
        if not isinstance(body, dict):
            raise ArmError(400, "InvalidRequestContent", "The request content was invalid: an object was expected.")
        return body


class ArmError(Exception):
    """An error that the simulated service answers with."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
        envelope: str = "gateway",
        location: str | None = None,
        inner: str | None = None,
    ) -> None:
        """`envelope`: `gateway` (E1 of docs/facts.md b.1), `compute` or `account` (E2), `mfe` (E3), or `none`; the middle two have an `inner` code."""
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.inner = status, code, message, inner
        self.details, self.headers, self.envelope, self.location = details, headers or {}, envelope, location

    def to_response(self, request: Request | None = None) -> Response:
        if self.envelope == "compute":
            return Response(self.status, self._compute_body(), dict(self.headers))
        if self.envelope == "account":
            return Response(self.status, self._account_body(), dict(self.headers))
        if self.envelope == "mfe":
            return Response(self.status, {"error": self._mfe_error()}, dict(self.headers))
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.envelope == "none":
            return Response(self.status, error, dict(self.headers))
        if self.details is not None:
            error["details"] = self.details
        headers = {"x-ms-failure-cause": "gateway", **self.headers}
        return Response(self.status, {"error": error}, headers, gateway=True)

    def _mfe_error(self) -> dict[str, Any]:
        correlation = {"operation": uuid.uuid4().hex, "request": uuid.uuid4().hex[:16]}
        rows = {
            "ComponentName": "managementfrontend",
            "Correlation": correlation,
            "Environment": self.location,
            "Location": self.location,
            "Time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}0+00:00",
            "InnerError": {"code": self.inner, "innerError": None},
            "MessageFormat": None,
            "MessageParameters": None,
        }
        more = [{"type": name, "info": {"value": value}} for name, value in rows.items()]
        return {"code": self.code, "message": self.message, "details": self.details or [], "additionalInfo": more}

    def _account_body(self) -> dict[str, Any]:
        body = self._compute_body()
        body["error"]["innerError"] = self.inner and {"code": self.inner, "innerError": None}
        return {**body, "componentName": "account-rp", "statusCode": self.status}

    def _compute_body(self) -> dict[str, Any]:
        empty = ("severity", "messageFormat", "messageParameters", "referenceCode", "detailsUri", "target")
        error: dict[str, Any] = {"code": self.code, "message": self.message, **dict.fromkeys(empty)}
        error |= {"details": self.details or [], "innerError": None, "debugInfo": None, "additionalInfo": None}
        return {
            "error": error,
            "correlation": {"operation": uuid.uuid4().hex, "request": uuid.uuid4().hex[:16]},
            "environment": self.location,
            "location": self.location,
            "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}0+00:00",
            "componentName": "machinelearningcompute",
        }


def not_simulated(message: str) -> ArmError:
    """The refusal of what the simulator does not know, in place of an answer that the service may not give."""
    return ArmError(501, "NotSimulated", message)


def not_known(what: str) -> ArmError:
    return not_simulated(f"The simulator does not know {what}.")


def refuse_unknown(names: Collection[str], what: str) -> None:
    """Refuse names that ``what`` does not have in the simulator."""
    if names:
        raise not_known(f"'{min(names)}' of {what}")
