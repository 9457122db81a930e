# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure Resource Manager over azure-core's pipeline: requests, pages, retries and long-running operations.

The package ``_arm`` speaks to Azure Resource Manager: requests, retries, operations, tokens, clouds, limits. It knows no kind of resource.
It may import ``_core``.

It knows no kind of resource and no Ansible. Wire facts: docs/facts.md a (statuses, headers, pages), b (errors). One
client may be used by many threads at once.
"""

from __future__ import annotations

import random
import re
import time
import typing as t
from urllib.parse import quote, urlencode, urlsplit

from .._core import redact, shape
from .._core.answers import CONFLICT_STEP, is_absent, is_busy, is_gone
from .._core.client import Bodies, Operation, Params, Probe, Reply, Sent, T, WriteOptions
from .._core.errors import ArmError
from . import limits
from .cloud import Cloud
from .operations import Wait, operation_at, operation_of
from .retry import Answer, Attempts, ConnectionLost, error_of, etag_of, try_again, unreadable
from .tokens import TokenSource, claims_challenge
from .transport import TLS_HINT, limit_of, missing_library, transport_for

CONNECT_TIMEOUT = 20.0
READ_TIMEOUT = 120.0
# Of one request and its answer as a whole. Less when retry_timeout or wait_timeout is over earlier, but no less than a slow answer of Azure takes.
LONGEST_EXCHANGE, SHORTEST_EXCHANGE = 120.0, 15.0
# Of a list with all its pages: so many times retry_timeout, but no less than SHORTEST_LIST seconds.
LIST_FACTOR, SHORTEST_LIST = 3, 45.0
MOST_PAGES, MOST_EMPTY_PAGES = 1000, 10
_SAFE_IN_PATH = "/:@!$&'()*+,;=~-._"

_RAISE = {True: "Raise retry_timeout, or wait_timeout for an operation.", False: "This limit cannot be raised."}

Headers: t.TypeAlias = "t.Mapping[str, str] | None"
# Called before a write is sent again, with whether an earlier attempt may have been taken; it may raise to prevent that.
BeforeRetry: t.TypeAlias = "t.Callable[[bool], None] | None"
OnEvent = t.Callable[[str, dict[str, t.Any]], None]


class ArmClient:
    """``credential`` is a TokenSource or any azure-identity credential; ``transport`` any azure-core transport."""

    def __init__(
        self,
        cloud: Cloud,
        credential: t.Any,
        *,
        retries: int = 10,
        retry_timeout: float = 120.0,
        user_agent: str,
        verify: bool | str = True,
        transport: t.Any = None,
        sleep: t.Callable[[float], None] = time.sleep,
        clock: t.Callable[[], float] = time.monotonic,
        rand: t.Callable[[], float] = random.random,
        on_event: OnEvent | None = None,
    ) -> None:
        self.cloud = cloud
        own = isinstance(credential, TokenSource)
        self._tokens = credential if own else TokenSource(lambda: credential, cloud.scope)
        self._retries = retries
        self._retry_timeout = retry_timeout
        self._sleep = sleep
        self._clock = clock
        self._rand = rand
        self._on_event = on_event
        self._pipeline, self._new_request = _build_pipeline(user_agent, verify, transport)

    def get(self, path: str, api_version: str, *, params: Params = None) -> dict[str, t.Any]:
        """The document. ArmError on any failure."""
        document = self._read("GET", self._address(path, api_version, params)).document()
        return t.cast("dict[str, t.Any]", shape.check(document, shape.of_resource(path, document), path))

    def find(self, path: str, api_version: str, *, params: Params = None) -> dict[str, t.Any] | None:
        """The document, or None when the resource, its parent or its resource group is not there."""
        try:
            return self.get(path, api_version, params=params)
        except ArmError as error:
            if is_absent(error):
                return None
            raise

    def read(self, path: str, api_version: str) -> tuple[dict[str, t.Any] | None, str | None]:
        """The document as ``find`` returns it, and its ETag: None where the service has none for it."""
        try:
            answer = self._read("GET", self._address(path, api_version, None))
        except ArmError as error:
            if is_absent(error):
                return None, None
            raise
        document = answer.document()
        body = t.cast("dict[str, t.Any]", shape.check(document, shape.of_resource(path, document), path))
        return body, etag_of(answer.headers, body)

    def list(
        self, path: str, api_version: str, *, params: Params = None, malformed: shape.Malformed | None = None
    ) -> Bodies:
        """All items of all pages. An item of another shape than documented goes to ``malformed`` as an error, and is raised without it."""
        return self._pages("GET", self._address(path, api_version, params), "value", path, malformed)

    def post_list(
        self,
        path: str,
        api_version: str,
        items: str = "nodes",
        *,
        params: Params = None,
        malformed: shape.Malformed | None = None,
    ) -> Bodies:
        """All items of a list that is asked for by POST and changes nothing (listNodes). Later pages are GETs."""
        return self._pages("POST", self._address(path, api_version, params), items, path, malformed)

    def put(self, path: str, api_version: str, body: Sent = None, **options: t.Unpack[WriteOptions]) -> Reply:
        """Create or replace."""
        return self._write("PUT", self._address(path, api_version, options.get("params")), body, options)

    def patch(self, path: str, api_version: str, body: Sent = None, **options: t.Unpack[WriteOptions]) -> Reply:
        """Change what the body holds."""
        return self._write("PATCH", self._address(path, api_version, options.get("params")), body, options)

    def post(self, path: str, api_version: str, body: Sent = None, **options: t.Unpack[WriteOptions]) -> Reply:
        """An action. Repeated only when the service surely did not take it."""
        return self._write("POST", self._address(path, api_version, options.get("params")), body, options)

    def delete(self, path: str, api_version: str, body: Sent = None, **options: t.Unpack[WriteOptions]) -> Reply:
        """Remove. What is not there gives a Reply with status 404: a repeated DELETE may meet its own success."""
        try:
            return self._write("DELETE", self._address(path, api_version, options.get("params")), body, options)
        except ArmError as error:
            if is_absent(error) or is_gone(error):
                return Reply(404, None, None, error.request_id)
            raise

    def wait(
        self,
        operation: Operation,
        *,
        timeout: float,
        interval: float | None = None,
        what: str = "The operation",
        probe: Probe | None = None,
    ) -> dict[str, t.Any]:
        """Until the operation ends: its last status document, ArmError when it failed, WaitTimeout when time ran out.

        ``probe`` tells the resource's provisioningState; it is asked only where the operation's address cannot be read.
        """

        def poll(url: str, deadline: float) -> Answer:
            return self._send("GET", self._trusted(url), deadline=deadline, retries=None)

        def tell(status: str) -> None:
            self._tell("operation", status=status)

        return Wait(operation, poll, timeout, interval, what, probe, self._clock, self._sleep, tell).run()

    def result_of(self, operation: Operation) -> dict[str, t.Any] | None:
        """What an action that is done returns, where it said that it returns something (diagnose)."""
        return (
            None if operation.result_url is None else self._read("GET", self._trusted(operation.result_url)).document()
        )

    def resume(self, url: str) -> Operation:
        """The operation of an earlier run, from the address in its result."""
        return operation_at(self._trusted(url))

    def retry_conflict(self, call: t.Callable[[], T], timeout: float) -> T:
        """Repeat a call while another operation on the resource is active, at most for ``timeout`` seconds."""
        deadline = self._clock() + timeout
        while True:
            try:
                return call()
            except ArmError as error:
                if not is_busy(error) or self._clock() >= deadline:
                    raise
                self._tell("conflict", code=error.code, target=error.target)
            self._sleep(min(CONFLICT_STEP, deadline - self._clock()))

    @property
    def secrets(self) -> list[str]:
        """The values to hide wherever text leaves the task."""
        return self._tokens.secrets

    def _address(self, path: str, api_version: str, params: Params) -> str:
        if not path.startswith("/"):
            # Behind the host's name it would make another host of it.
            raise ArmError(
                f"{path!r} is not a resource id: it must begin with a slash.", code="UntrustedAddress", target=path
            )
        query = {"api-version": api_version, **{key: _text(value) for key, value in (params or {}).items()}}
        return f"{self.cloud.resource_manager}{quote(path, safe=_SAFE_IN_PATH)}?{urlencode(query, quote_via=quote)}"

    def _trusted(self, url: str) -> str:
        if self.cloud.trusts(url):
            return url
        raise ArmError(
            f"The service pointed to an address outside {self.cloud.resource_manager}: {_without_query(url)}.",
            code="UntrustedAddress",
            target=_without_query(url),
            hint="The token is only sent to the cloud's own Resource Manager.",
        )

    def _read(self, method: str, url: str, deadline: float | None = None) -> Answer:
        answer = self._send(method, url, None, repeatable=True, deadline=deadline)
        if not 200 <= answer.status < 300:
            raise error_of(answer)
        return answer

    def _pages(self, method: str, url: str, key: str, path: str, malformed: shape.Malformed | None = None) -> Bodies:
        items: Bodies = []
        seen: set[str] = set()
        empty = 0
        seconds = max(SHORTEST_LIST, LIST_FACTOR * self._retry_timeout)
        end = self._clock() + seconds
        while True:
            seen.add(url)
            answer = self._read(method, url, deadline=min(end, self._clock() + self._retry_timeout))
            page = answer.document()
            more = shape.items(page, key, path, malformed)
            items.extend(more)
            empty = 0 if more else empty + 1
            link = page.get("nextLink")
            if not link:
                return items
            method, url = "GET", self._trusted(link)
            if url in seen:
                raise ArmError(
                    "The service's list leads back to a page already read.",
                    code="PagingLoop",
                    target=answer.target,
                    status=answer.status,
                    request_id=answer.request_id,
                )
            if empty > MOST_EMPTY_PAGES:
                raise _endless(answer, f"{empty} pages in succession held nothing and led to another one")
            if len(seen) >= MOST_PAGES:
                raise _endless(answer, f"it has more than {MOST_PAGES} pages")
            if self._clock() >= end:
                raise _endless(
                    answer,
                    f"it had not ended after {seconds:g} s and {len(seen)} pages",
                    "Raise retry_timeout: a list has 3 times as long.",
                )

    def _write(self, method: str, url: str, body: Sent, options: WriteOptions) -> Reply:
        before_retry = options.get("before_retry")
        unclear = again = False

        def once() -> Reply:
            nonlocal unclear, again
            if again and before_retry is not None:
                before_retry(unclear)
            again = True
            answer = self._send(
                method,
                url,
                body,
                repeatable=method != "POST",
                headers=options.get("headers"),
                before_retry=before_retry,
            )
            answer.unclear = unclear = unclear or answer.unclear
            if not 200 <= answer.status < 300:
                raise error_of(answer)
            if answer.web_page:
                # Whether the service behind it got the request, no one knows.
                answer.unclear = True
                raise unreadable(answer)
            found = answer.body if isinstance(answer.body, dict) else None
            return Reply(answer.status, found, operation_of(answer), answer.request_id)

        return self.retry_conflict(once, options.get("wait_conflict", 0.0))

    def _send(
        self,
        method: str,
        url: str,
        body: Sent = None,
        *,
        repeatable: bool = True,
        deadline: float | None = None,
        retries: int | None = -1,
        headers: Headers = None,
        before_retry: BeforeRetry = None,
    ) -> Answer:
        """The last answer within the budget, of whatever status; ConnectionLost when none came."""
        end = self._clock() + self._retry_timeout if deadline is None else deadline
        attempts = Attempts(self._retries if retries == -1 else retries, end, self._clock, self._rand)
        renewed = unclear = False
        while True:
            lost: ConnectionLost | None = None
            answer: Answer | None = None
            token = self._tokens.token()
            try:
                answer = self._exchange(method, url, body, token, end - self._clock(), headers)
            except ConnectionLost as error:
                lost = error
            if answer is not None:
                answer.unclear = unclear = unclear or answer.status >= 500 or answer.status == 408
                if answer.status == 401 and not renewed:
                    renewed = True
                    self._tokens.renew(token, claims_challenge(answer.headers.get("www-authenticate", "")))
                    continue
                if not try_again(answer, repeatable):
                    return answer
            elif lost is not None:
                lost.unclear = unclear = unclear or not lost.unsent
                if lost.code in ("CertificateNotTrusted", limits.TOO_LARGE) or not (repeatable or lost.unsent):
                    raise lost
            pause = attempts.pause(answer.retry_after if answer is not None else None)
            if pause is None:
                if answer is None:
                    raise t.cast(ConnectionLost, lost)
                return answer
            self._tell(
                "retry",
                method=method,
                path=urlsplit(url).path,
                pause=round(pause, 2),
                attempt=attempts.made,
                status=answer.status if answer is not None else None,
            )
            self._sleep(pause)
            if before_retry is not None:
                before_retry(unclear)

    def _exchange(
        self, method: str, url: str, body: Sent, token: str, seconds: float, headers: Headers = None
    ) -> Answer:
        """One request, one answer. Redirects are answers too: azure-core's transport does not follow them."""
        from azure.core import exceptions

        request = self._new_request(method, url, json=body) if body is not None else self._new_request(method, url)
        request.headers.update(headers or {})
        request.headers["Accept"] = "application/json"
        request.headers["Authorization"] = f"Bearer {token}"
        seconds = exchange_seconds(seconds)
        try:
            with limits.exchange(seconds):
                response = self._pipeline.run(
                    request, connection_timeout=min(CONNECT_TIMEOUT, seconds), read_timeout=READ_TIMEOUT
                ).http_response
                return Answer(method, url, response.status_code, response.headers, response.content)
        except exceptions.AzureError as error:
            raise lost(
                method, url, error, isinstance(error, exceptions.ServiceRequestError) and not was_sent(error)
            ) from error

    def _tell(self, event: str, **facts: t.Any) -> None:
        if self._on_event is not None:
            self._on_event(event, facts)


def _build_pipeline(user_agent: str, verify: bool | str, transport: t.Any) -> tuple[t.Any, t.Callable[..., t.Any]]:
    """azure-core's pipeline with its request id, user agent and redacting log; retries and token stand around it."""
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
    return Pipeline(transport or transport_for(verify), chain), HttpRequest


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
    """The error of a request that azure-core got no answer to."""
    # urllib3 quotes the address with its query, which of an operation holds a signature.
    text = re.sub(r"\?[^\s'\")]*", "", " ".join(str(error).split()))
    # Before the reason, urllib3 says the address again.
    _address, caused, reason = text.rpartition("(Caused by ")
    reason = redact.cut(reason.removesuffix(")") if caused else reason, 300)
    ended = limit_of(error)
    if ended is not None:
        too_slow = ended.code == limits.TOO_SLOW
        broken = ConnectionLost(
            f"The answer to {method} {urlsplit(url).path} from {urlsplit(url).netloc} was not read to its end: {ended}.",
            code=ended.code,
            target=f"{method} {urlsplit(url).path}",
            hint=f"Check the network and the proxy settings. {_RAISE[too_slow]}",
        )
        broken.unsent = unsent
        return broken
    tls = "CERTIFICATE_VERIFY_FAILED" in reason or "SSLCertVerificationError" in reason
    broken = ConnectionLost(
        f"No answer to {method} {urlsplit(url).path} from {urlsplit(url).netloc}: {reason}",
        code="CertificateNotTrusted" if tls else None,
        target=f"{method} {urlsplit(url).path}",
        hint=TLS_HINT if tls else "Check the network, the proxy settings and cloud_environment.",
    )
    broken.unsent = unsent
    return broken


def _endless(
    answer: Answer,
    why: str,
    hint: str = "Run the same task again; if it fails again, report it to Azure, or check the proxy settings.",
) -> ArmError:
    return ArmError(
        f"The list of {answer.target} does not end: {why}.",
        code="EndlessList",
        target=answer.target,
        status=answer.status,
        request_id=answer.request_id,
        hint=hint,
    )


def _text(value: t.Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _without_query(url: str) -> str:
    return re.sub(r"//[^/?#]*@", "//***@", url.split("?", 1)[0])
