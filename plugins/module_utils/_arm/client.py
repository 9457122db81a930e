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

import re
import typing as t
from urllib.parse import quote, urlencode, urlsplit

from .._core import shape
from .._core.answers import conflict_pause, is_absent, is_busy, is_gone
from .._core.arm_id import with_id
from .._core.client import BeforeRetry, Bodies, Body, Operation, Params, Probe, Reply, Sent, T, WriteOptions
from .._core.errors import ArmError
from .answers import Answer, ConnectionLost, error_of, etag_of, unreadable
from .cloud import Cloud
from .operations import Durations, Patience, Wait, operation_at, operation_of
from .retry import Attempts, RetryPolicy, retry_after
from .tokens import TokenSource, claims_challenge
from .transport import ArmRequest, Transport

# Of a list with all its pages: so many times retry_timeout, but no less than SHORTEST_LIST seconds.
LIST_FACTOR, SHORTEST_LIST = 3, 45.0
MOST_PAGES, MOST_EMPTY_PAGES = 1000, 10
_SAFE_IN_PATH = "/:@!$&'()*+,;=~-._"

OnEvent: t.TypeAlias = t.Callable[[str, dict[str, t.Any]], None]


class ArmClient:
    """The client that speaks HTTP (``_core/client.py`` says what each method is for). ``on_event`` receives retries and the states of operations."""

    def __init__(
        self,
        cloud: Cloud,
        tokens: TokenSource,
        transport: Transport,
        policy: RetryPolicy | None = None,
        on_event: OnEvent | None = None,
    ) -> None:
        self.cloud = cloud
        self._tokens = tokens
        self._transport = transport
        self._policy = policy or RetryPolicy()
        self._clock = self._policy.clock
        self._on_event = on_event
        self._durations = Durations()

    def get(self, path: str, api_version: str, *, params: Params = None) -> Body:
        return self._document(path, api_version, params)[0]

    def find(self, path: str, api_version: str, *, params: Params = None) -> Body | None:
        try:
            return self.get(path, api_version, params=params)
        except ArmError as error:
            if is_absent(error):
                return None
            raise

    def read(self, path: str, api_version: str) -> tuple[Body | None, str | None]:
        try:
            return self._document(path, api_version, None)
        except ArmError as error:
            if is_absent(error):
                return None, None
            raise

    def list(
        self, path: str, api_version: str, *, params: Params = None, malformed: shape.Malformed | None = None
    ) -> Bodies:
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
        return self._pages("POST", self._address(path, api_version, params), items, path, malformed)

    def put(self, path: str, api_version: str, body: Sent = None, **options: t.Unpack[WriteOptions]) -> Reply:
        return self._write("PUT", path, api_version, body, options)

    def patch(self, path: str, api_version: str, body: Sent = None, **options: t.Unpack[WriteOptions]) -> Reply:
        return self._write("PATCH", path, api_version, body, options)

    def post(self, path: str, api_version: str, body: Sent = None, **options: t.Unpack[WriteOptions]) -> Reply:
        return self._write("POST", path, api_version, body, options)

    def delete(self, path: str, api_version: str, body: Sent = None, **options: t.Unpack[WriteOptions]) -> Reply:
        try:
            return self._write("DELETE", path, api_version, body, options)
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
    ) -> Body:
        def poll(url: str, deadline: float) -> Answer:
            return self._send(ArmRequest("GET", self._trusted(url)), self._policy.polls(deadline))

        def on_state(status: str) -> None:
            self._on_state("operation", status=status)

        patience = Patience(timeout, interval, what, probe)
        return Wait(operation, patience, poll, on_state, self._clock, self._durations).run()

    def result_of(self, operation: Operation) -> Body | None:
        return (
            None if operation.result_url is None else self._read("GET", self._trusted(operation.result_url)).document()
        )

    def resume(self, url: str) -> Operation:
        return operation_at(self._trusted(url))

    def retry_conflict(self, call: t.Callable[[], T], timeout: float) -> T:
        began = self._clock.now()
        while True:
            try:
                return call()
            except ArmError as error:
                waited = self._clock.now() - began
                if not is_busy(error) or waited >= timeout:
                    raise
                self._on_state("conflict", code=error.code, target=error.target)
                pause = conflict_pause(error, waited)
            self._clock.sleep(min(pause, timeout - waited))

    @property
    def secrets(self) -> t.Sequence[str]:
        return self._tokens.secrets

    def _address(self, path: str, api_version: str, params: Params) -> str:
        if not path.startswith("/") or not {".", ".."}.isdisjoint(path.split("/")):
            # Behind the host's name it would make another host of it; and what is sent for W/computes/.. is W.
            raise ArmError(
                f"{path!r} is not a resource id: it must begin with a slash, and have no part '.' or '..'.",
                code="UntrustedAddress",
                target=path,
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

    def _document(self, path: str, api_version: str, params: Params) -> tuple[Body, str | None]:
        answer = self._read("GET", self._address(path, api_version, params))
        document = answer.document()
        body: Body = shape.check(document, shape.of_resource(path, document), path)
        return with_id(body, path) if "id" in body else body, etag_of(answer.headers, body)

    def _read(self, method: str, url: str, attempts: Attempts | None = None) -> Answer:
        answer = self._send(ArmRequest(method, url), attempts)
        if not 200 <= answer.status < 300:
            raise error_of(answer)
        return answer

    def _pages(self, method: str, url: str, key: str, path: str, malformed: shape.Malformed | None = None) -> Bodies:
        items: Bodies = []
        seen: set[str] = set()
        empty = 0
        seconds = max(SHORTEST_LIST, LIST_FACTOR * self._policy.seconds)
        end = self._clock.now() + seconds
        while True:
            seen.add(url)
            answer = self._read(method, url, self._policy.attempts(until=end))
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
            if self._clock.now() >= end:
                raise _endless(
                    answer,
                    f"it had not ended after {seconds:g} s and {len(seen)} pages",
                    "Raise retry_timeout: a list has 3 times as long.",
                )

    def _write(self, method: str, path: str, api_version: str, body: Sent, options: WriteOptions) -> Reply:
        url = self._address(path, api_version, options.get("params"))
        request = ArmRequest(method, url, body, options.get("headers") or {}, repeatable=method != "POST")
        before_retry = options.get("before_retry")
        unclear = again = False

        def once() -> Reply:
            nonlocal unclear, again
            if again and before_retry is not None:
                before_retry(unclear)
            again = True
            answer = self._send(request, before_retry=before_retry)
            answer.unclear = unclear = unclear or answer.unclear
            if not 200 <= answer.status < 300:
                error = error_of(answer)
                error.retry_after = retry_after(answer.headers)
                raise error
            if answer.web_page:
                # Whether the service behind it got the request, no one knows.
                answer.unclear = True
                raise unreadable(answer)
            body = answer.body if isinstance(answer.body, dict) else None
            return Reply(answer.status, body, operation_of(answer), answer.request_id)

        return self.retry_conflict(once, options.get("wait_conflict", 0.0))

    def _send(self, request: ArmRequest, attempts: Attempts | None = None, before_retry: BeforeRetry = None) -> Answer:
        """The last answer within the budget, of whatever status; ConnectionLost when none came. ``retry.py`` decides about each attempt."""
        attempts = attempts or self._policy.attempts()
        renewed = False
        while True:
            token = self._tokens.token()
            outcome = self._transport.send(request, token, attempts.remaining_seconds)
            if _refuses_token(outcome) and not renewed:
                # Once for a request: a service that refuses the new token too would cost a sign-in at every retry.
                renewed = True
                self._tokens.renew(token, claims_challenge(outcome.headers.get("www-authenticate", "")))
                continue
            pause = attempts.pause_after(outcome, request.repeatable)
            if pause is None:
                if isinstance(outcome, ConnectionLost):
                    raise outcome
                return outcome
            self._on_state(
                "retry",
                method=request.method,
                path=urlsplit(request.url).path,
                pause=round(pause, 2),
                attempt=attempts.made,
                status=outcome.status,
            )
            self._clock.sleep(pause)
            if before_retry is not None:
                before_retry(attempts.unclear)

    def _on_state(self, event: str, **facts: t.Any) -> None:
        if self._on_event is not None:
            self._on_event(event, facts)


def _refuses_token(outcome: Answer | ConnectionLost) -> t.TypeGuard[Answer]:
    return isinstance(outcome, Answer) and outcome.status == 401


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
