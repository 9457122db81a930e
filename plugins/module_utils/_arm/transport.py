# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request and its answer, or how the connection was lost. What is done about either is in ``retry.py`` and ``client.py``."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .._core import redact
from .._core.client import Sent
from . import limits
from .answers import Answer, ConnectionLost
from .connections import TLS_HINT, limit_of, missing_library, transport_for

CONNECT_TIMEOUT = 20.0
READ_TIMEOUT = 120.0
# Of one request and its answer as a whole. Less when retry_timeout or wait_timeout is over earlier, but no less than a slow answer of Azure takes.
LONGEST_EXCHANGE, SHORTEST_EXCHANGE = 120.0, 15.0

_RAISE = {True: "Raise retry_timeout, or wait_timeout for an operation.", False: "This limit cannot be raised."}


@dataclass(frozen=True)
class ArmRequest:
    """A request. ``repeatable`` means that sending it twice does no harm: of all but the POST of an action."""

    method: str
    url: str
    body: Sent = None
    headers: t.Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True


class Transport:
    """azure-core's pipeline with its request id, user agent and redacting log; retries and token stand around it.

    ``wire`` is any azure-core transport; without it, requests go over the process's shared connections.
    """

    def __init__(self, user_agent: str, verify: bool | str = True, wire: t.Any = None) -> None:
        try:
            from azure.core.pipeline import Pipeline, policies
            from azure.core.rest import HttpRequest
        except ImportError as error:
            raise missing_library("azure-core") from error
        chain = [
            policies.RequestIdPolicy(),
            policies.UserAgentPolicy(base_user_agent=user_agent),
            policies.HttpLoggingPolicy(),
        ]
        self._pipeline: t.Any = Pipeline(wire or transport_for(verify), chain)
        self._new_request: t.Any = HttpRequest

    def send(self, request: ArmRequest, token: str, seconds: float) -> Answer | ConnectionLost:
        """One exchange, where ``seconds`` are left for it and its retries. Redirects are answers too: they are not followed."""
        from azure.core import exceptions

        body = {} if request.body is None else {"json": request.body}
        sent = self._new_request(request.method, request.url, **body)
        sent.headers.update({**request.headers, "Accept": "application/json", "Authorization": f"Bearer {token}"})
        seconds = exchange_seconds(seconds)
        with limits.exchange(seconds) as exchange:
            try:
                response = self._pipeline.run(
                    sent, connection_timeout=min(CONNECT_TIMEOUT, seconds), read_timeout=READ_TIMEOUT
                ).http_response
                return Answer(request.method, request.url, response.status_code, response.headers, response.content)
            except exceptions.AzureError as error:
                # Older versions of azure-core call it an error of the request too if the body stops coming.
                before = isinstance(error, exceptions.ServiceRequestError) and not exchange.answered
                return lost(request.method, request.url, error, before and not was_sent(error))


def exchange_seconds(left: float) -> float:
    """How long one request and its answer may take, where so many seconds are left for it and its retries."""
    return min(LONGEST_EXCHANGE, max(SHORTEST_EXCHANGE, left))


def was_sent(error: BaseException | None) -> bool:
    """Whether a "request error" of azure-core's may come from the answer: of a body that stops coming, requests makes the error of a connection
    that was never made (``Response.iter_content``, ReadTimeoutError and SSLError)."""
    seen = 0
    while isinstance(error, BaseException) and seen < 6:
        if type(error).__name__ in ("ReadTimeoutError", "SSLError"):
            return True
        below = (
            getattr(error, "inner_exception", None)
            or getattr(error, "reason", None)
            or (error.args[0] if error.args else None)
        )
        error, seen = below, seen + 1
    return False


def lost(method: str, url: str, error: BaseException, unsent: bool) -> ConnectionLost:
    """The error of a request without a response, with the reason from azure-core or requests."""
    where = f"{method} {urlsplit(url).path}"
    ended = limit_of(error)
    if ended is not None:
        broken = ConnectionLost(
            f"The answer to {where} from {urlsplit(url).netloc} was not read to its end: {ended}.",
            code=ended.code,
            target=where,
            hint=f"Check the network and the proxy settings. {_RAISE[ended.code == limits.TOO_SLOW]}",
        )
    else:
        reason = _reason(error)
        tls = "CERTIFICATE_VERIFY_FAILED" in reason or "SSLCertVerificationError" in reason
        broken = ConnectionLost(
            f"No answer to {where} from {urlsplit(url).netloc}: {reason}",
            code="CertificateNotTrusted" if tls else None,
            target=where,
            hint=TLS_HINT if tls else "Check the network, the proxy settings and cloud_environment.",
        )
    broken.unsent = unsent
    broken.__cause__ = error
    return broken


def _reason(error: BaseException) -> str:
    # urllib3 quotes the address with its query, which of an operation holds a signature.
    text = re.sub(r"\?[^\s'\")]*", "", " ".join(str(error).split()))
    # Before the reason, urllib3 says the address again.
    _address, caused, reason = text.rpartition("(Caused by ")
    return redact.cut(reason.removesuffix(")") if caused else reason, 300)
