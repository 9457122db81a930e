# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that the control API orders: by path pattern and count, used up as they happen."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from azureml_simulator.http import Effect, Request, Response
from azureml_simulator.operations import OperationPlan
from azureml_simulator.store import Store

BEFORE = {"status", "page", "reset_before", "hang"}
AFTER = {"reset_after", "delay", "slow_body", "truncate", "content_type"}
OPERATION = {"failed_operation", "canceled_operation", "endless_operation", "lost_operation", "failed_resource"}
KINDS = BEFORE | AFTER | OPERATION | {"stale_read"}
_CODES = {
    400: ("BadRequest", "The request is not valid."),
    401: ("ExpiredAuthenticationToken", "The access token has expired."),
    403: ("RequestDisallowedByPolicy", "The request was disallowed by policy."),
    408: ("RequestTimeout", "The request timed out."),
    409: ("Conflict", "The request conflicts with the state of the resource."),
    500: ("InternalServerError", "The server encountered an internal error. Please retry the request."),
    502: ("BadGateway", "The gateway did not receive a valid answer."),
    503: ("ServiceUnavailable", "The service is temporarily unavailable. Please retry the request."),
    504: ("GatewayTimeout", "The gateway did not receive a response within the specified time period."),
}
_PAGE = b"<!DOCTYPE html><html><head><title>Proxy</title></head><body>Sign in to continue</body></html>"


class FaultError(ValueError):
    """A fault order that cannot be understood."""


@dataclass
class Stale:
    """What the next `left` reads of a path still show."""

    response: Response
    left: int


def throttled(subscription: str, kind: str, principal: str, retry_after: int) -> Response:
    """429 as docs/facts.md b.2."""
    message = (
        f"Number of '{kind}' requests for subscription '{subscription}' actor '{principal}' exceeded. "
        f"Please try again after '{retry_after}' seconds."
    )
    body = {"error": {"code": "SubscriptionRequestsThrottled", "message": message}}
    return Response(429, body, {"Retry-After": str(retry_after), "x-ms-failure-cause": "gateway"}, gateway=True)


class Faults:
    """The list of ordered faults; `remaining` falls with each one that happened, `hits` rises."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._list: list[dict[str, Any]] = [fault for _key, fault in store.kv_items("faults")]
        self._stale: dict[str, Stale] = {}

    def put(self, orders: Any) -> list[dict[str, Any]]:
        """Replace the list."""
        if not isinstance(orders, list):
            raise FaultError("a list of faults is expected")
        self.clear()
        self._list = [self._checked(order) for order in orders]
        self._save()
        return self._list

    def list(self) -> list[dict[str, Any]]:
        return self._list

    def clear(self) -> None:
        for key, _fault in self._store.kv_items("faults"):
            self._store.kv_delete("faults", key)
        self._list, self._stale = [], {}

    def take(self, kinds: set[str], method: str, path: str) -> dict[str, Any] | None:
        """The first matching fault that is left, used up by one."""
        if not self._list:
            return None
        for fault in self._list:
            if fault["remaining"] > 0 and fault["kind"] in kinds and _matches(fault["match"], method, path):
                if fault["skip"] > 0:
                    fault["skip"] -= 1
                    continue
                fault["remaining"] -= 1
                fault["hits"] += 1
                self._save()
                return fault
        return None

    def before(self, request: Request) -> Response | None:
        """The answer in place of the service's."""
        fault = self.take(BEFORE, request.method, request.path)
        if fault is None:
            return None
        if fault["kind"] == "reset_before":
            return Response(0, effect=Effect("reset"))
        if fault["kind"] == "page":
            return Response(200, None, {"Content-Type": "text/html; charset=utf-8"}, raw=_PAGE)
        if fault["kind"] == "hang":
            return Response(0, effect=Effect("hang", float(fault.get("seconds", 3600))))
        return _status(fault, request)

    def after(self, request: Request, response: Response) -> Response:
        """What happens to the service's answer on its way."""
        fault = self.take(AFTER, request.method, request.path)
        if fault is None:
            return response
        if fault["kind"] == "reset_after":
            response.effect = Effect("reset")
        elif fault["kind"] == "delay":
            response.effect = Effect("delay", float(fault.get("seconds", 1)))
        elif fault["kind"] == "slow_body":
            response.effect = Effect("slow_body", float(fault.get("seconds", 1)))
        elif fault["kind"] == "truncate" and fault.get("whole"):
            response.raw = response.payload()[: len(response.payload()) // 2]
        elif fault["kind"] == "truncate":
            response.effect = Effect("truncate")
        else:
            response.raw = str(fault["body"]).encode() if "body" in fault else _PAGE
            response.headers["Content-Type"] = str(fault.get("content_type", "text/html; charset=utf-8"))
        return response

    def operation(self, target: str) -> OperationPlan | None:
        """What is to become of an operation on that target."""
        fault = self.take(OPERATION, "*", target)
        if fault is None:
            return None
        canceled = fault["kind"] == "canceled_operation"
        code, message = (
            ("OperationCanceled", "The operation was canceled.")
            if canceled
            else ("InternalServerError", "Ordered failure.")
        )
        error = {"code": fault.get("code", code), "message": fault.get("message", message)}
        return OperationPlan(fault["kind"], {**error, **({"details": fault["details"]} if "details" in fault else {})})

    def wants_stale(self, request: Request) -> int:
        """How many reads after this write are to be stale."""
        if request.method in {"GET", "HEAD"}:
            return 0
        for fault in self._list:
            if fault["kind"] != "stale_read" or fault["remaining"] <= 0:
                continue
            if _matches({"path": fault["match"].get("path", "")}, request.method, request.path):
                if fault["skip"] > 0:
                    fault["skip"] -= 1
                    continue
                count, fault["remaining"] = fault["remaining"], 0
                fault["hits"] += 1
                self._save()
                return int(count)
        return 0

    def remember(self, path: str, response: Response, count: int) -> None:
        self._stale[path.lower()] = Stale(response, count)

    def stale(self, request: Request) -> Response | None:
        entry = self._stale.get(request.path.lower()) if request.method == "GET" else None
        if entry is None or entry.left <= 0:
            return None
        entry.left -= 1
        old = entry.response
        return Response(old.status, old.body, dict(old.headers), gateway=old.gateway)

    def _checked(self, order: Any) -> dict[str, Any]:
        if not isinstance(order, dict) or order.get("kind") not in KINDS:
            raise FaultError(f"kind must be one of {', '.join(sorted(KINDS))}")
        unknown = set(order.get("match") or {}) - {"method", "path"}
        if unknown:
            raise FaultError(f"match takes method and path, not {', '.join(sorted(unknown))}")
        count = int(order.get("count", 1))
        skip = int(order.get("skip", 0))
        return {**order, "match": order.get("match") or {}, "skip": skip, "count": count, "remaining": count, "hits": 0}

    def _save(self) -> None:
        for index, fault in enumerate(self._list):
            self._store.kv_put("faults", str(index), fault)


def _matches(match: dict[str, str], method: str, path: str) -> bool:
    wanted = match.get("method")
    if wanted and method != "*" and method not in wanted.upper().split("|"):
        return False
    pattern = match.get("path", "")
    if pattern.lower() in path.lower():
        return True
    try:
        return re.search(pattern, path, re.IGNORECASE) is not None
    except re.error:
        return False


def _status(fault: dict[str, Any], request: Request) -> Response:
    status = int(fault.get("status", 503))
    retry_after = fault.get("retry_after", 10 if status == 429 else None)
    if status == 429:
        parts = request.path.strip("/").split("/")
        subscription = parts[1] if parts[0].lower() == "subscriptions" and len(parts) > 1 else ""
        kind = {"GET": "read", "HEAD": "read", "DELETE": "delete"}.get(request.method, "write")
        response = throttled(subscription, kind, "", int(retry_after or 0))
    else:
        code, message = _CODES.get(status, ("InternalServerError", "The request failed."))
        response = Response(status, {"error": {"code": code, "message": message}}, gateway=True)
        response.headers["x-ms-failure-cause"] = "gateway"
    if status == 401:
        response.headers["WWW-Authenticate"] = (
            f'Bearer error="invalid_token", error_description="{response.body["error"]["message"]}"'
        )
    _say_when(response, retry_after, fault.get("clock"))
    error = response.body["error"]
    error |= {key: fault[key] for key in ("code", "message") if key in fault}
    return response


def _say_when(response: Response, retry_after: Any, clock: Any) -> None:
    """``Retry-After`` as seconds, or as a date of a server whose clock is so many seconds off (RFC 9110 10.2.3); null leaves it out."""
    response.headers.pop("Retry-After", None)
    if retry_after is None:
        return
    response.headers["Retry-After"] = str(retry_after)
    if clock is not None:
        now = time.time() + float(clock)
        response.headers["Date"] = formatdate(now, usegmt=True)
        response.headers["Retry-After"] = formatdate(now + float(retry_after), usegmt=True)
