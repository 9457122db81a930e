# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retries within their budget, and what errors keep of the answer (docs/facts.md b.1, b.2)."""

from __future__ import annotations

import json
import math

import pytest
import requests
from ansible_collections.azureml.compute.plugins.module_utils._arm.answers import (
    _HINTS,
    Answer,
    ConnectionLost,
    error_of,
    etag_of,
    hint_for,
    unreadable,
)
from ansible_collections.azureml.compute.plugins.module_utils._arm.retry import (
    Attempts,
    Clock,
    RetryPolicy,
    retry_after,
    try_again,
)
from ansible_collections.azureml.compute.plugins.module_utils._core.answers import is_absent, is_busy, is_gone
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import ArmError
from ansible_collections.azureml.compute.tests.support.wire import Call, FakeClock, Wire
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from urllib3.exceptions import MaxRetryError, NewConnectionError, ReadTimeoutError

PATH = "/subscriptions/s/resourceGroups/g"
VERSION = "2025-12-01"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("verb", ["get", "put", "patch", "delete"])
def test_passing_failures_are_retried(verb: str, status: int) -> None:
    wire = Wire([Call(verb.upper(), PATH, status), Call(verb.upper(), PATH, 200, {})])
    getattr(wire.client(), verb)(PATH, VERSION)
    wire.done()
    assert wire.clock.slept == [0.5]
    assert wire.events[0][1]["status"] == status


@pytest.mark.parametrize(
    "status, headers, again",
    [
        (429, {}, True),
        (503, {"Retry-After": "1"}, True),
        (503, {}, False),
        (500, {}, False),
        (502, {}, False),
        (504, {}, False),
        (408, {}, False),
        (500, {"Retry-After": "1"}, False),
    ],
)
def test_an_action_is_repeated_only_when_surely_not_taken(status: int, headers: dict[str, str], again: bool) -> None:
    calls = [Call("POST", PATH, status, headers=headers)] + ([Call("POST", PATH, 202)] if again else [])
    wire = Wire(calls)
    if again:
        assert wire.client().post(PATH, VERSION).status == 202
    else:
        with pytest.raises(ArmError) as caught:
            wire.client().post(PATH, VERSION)
        assert caught.value.status == status
    wire.done()


def test_a_reading_post_is_repeated() -> None:
    wire = Wire([Call("POST", PATH, 500), Call("POST", PATH, json={"nodes": []})])
    assert wire.client().post_list(PATH, VERSION) == []


@pytest.mark.parametrize("verb", ["get", "put", "patch", "delete", "post"])
def test_a_connection_that_never_was_is_tried_again(verb: str) -> None:
    wire = Wire([Call(verb.upper(), PATH, raises=ServiceRequestError("refused")), Call(verb.upper(), PATH, 200, {})])
    getattr(wire.client(), verb)(PATH, VERSION)
    wire.done()


def test_an_action_with_a_lost_answer_is_not_repeated() -> None:
    wire = Wire([Call("POST", PATH, raises=ServiceResponseError("reset"))])
    with pytest.raises(ArmError) as caught:
        wire.client().post(PATH, VERSION)
    assert caught.value.code == "ConnectionFailed"
    wire.done()


def test_a_read_with_a_lost_answer_is_repeated() -> None:
    wire = Wire([Call("PUT", PATH, raises=ServiceResponseError("reset")), Call("PUT", PATH, 201, {})])
    assert wire.client().put(PATH, VERSION, {}).status == 201


def test_an_untrusted_certificate_is_final() -> None:
    wire = Wire([Call("GET", PATH, raises=ServiceRequestError("SSLError: CERTIFICATE_VERIFY_FAILED"))])
    with pytest.raises(ArmError) as caught:
        wire.client().get(PATH, VERSION)
    assert caught.value.code == "CertificateNotTrusted"
    assert "REQUESTS_CA_BUNDLE" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "headers, slept",
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0"}, 1.0),
        ({"Retry-After": "-7"}, 1.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:09 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 9.0),
        ({"Retry-After": "soon"}, 0.5),
    ],
)
def test_retry_after_is_honoured(headers: dict[str, str], slept: float) -> None:
    wire = Wire([Call("GET", PATH, 429, headers=headers), Call("GET", PATH)])
    wire.client().get(PATH, VERSION)
    assert wire.clock.slept == [slept]


def test_number_of_retries_is_a_limit() -> None:
    wire = Wire([Call("GET", PATH, 503)] * 3)
    with pytest.raises(ArmError) as caught:
        wire.client(retries=2).get(PATH, VERSION)
    assert caught.value.status == 503
    wire.done()


def test_time_is_a_limit_and_never_overslept() -> None:
    wire = Wire([Call("GET", PATH, 500)] * 50)
    start = wire.clock.now
    with pytest.raises(ArmError):
        wire.client(retries=1000, retry_timeout=60).get(PATH, VERSION)
    assert 30 < wire.clock.now - start <= 60
    assert max(wire.clock.slept) <= 15


def test_a_retry_after_beyond_the_budget_ends_at_once() -> None:
    wire = Wire(
        [
            Call(
                "GET",
                PATH,
                429,
                {"error": {"code": "SubscriptionRequestsThrottled", "message": "m"}},
                {"Retry-After": "600"},
            )
        ]
    )
    with pytest.raises(ArmError) as caught:
        wire.client(retry_timeout=120).get(PATH, VERSION)
    assert wire.clock.slept == []
    assert "retry_timeout" in (caught.value.hint or "")


def test_no_retries() -> None:
    wire = Wire([Call("GET", PATH, 500)])
    with pytest.raises(ArmError):
        wire.client(retries=0).get(PATH, VERSION)
    wire.done()


def test_pauses_grow_and_scatter() -> None:
    clock = FakeClock()
    low, high = (Attempts(None, 1e9, Clock(clock, clock.sleep, lambda value=value: value)) for value in (0.0, 1.0))
    assert [low.pause(None) for _time in range(6)] == [0.5, 1, 2, 4, 7.5, 7.5]
    assert [high.pause(None) for _time in range(6)] == [1, 2, 4, 8, 15, 15]
    assert high.pause(10.0) == 11.0


def test_cut_off_json_is_read_again() -> None:
    wire = Wire([Call("GET", PATH, content=b'{"id": "/subscr'), Call("GET", PATH, json={"id": "x"})])
    assert wire.client().get(PATH, VERSION) == {"id": PATH}


@pytest.mark.parametrize("content", [b"<html>portal of a hotel</html>", b"[1]"])
def test_an_answer_that_is_not_arms_is_named(content: bytes) -> None:
    wire = Wire([Call("GET", PATH, content=content)])
    with pytest.raises(ArmError) as caught:
        wire.client().get(PATH, VERSION)
    assert caught.value.code == "UnexpectedAnswer"
    wire.done()


def answer(status: int, body: bytes, headers: dict[str, str] | None = None) -> Answer:
    return Answer("GET", f"https://management.azure.com{PATH}?sig=x", status, headers or {}, body)


@pytest.mark.parametrize(
    "body, code, message",
    [
        (b'{"error":{"code":"ResourceNotFound","message":"m"}}', "ResourceNotFound", "m"),
        (
            b'{"error":{"code":"UserError","severity":null,"message":"m","details":[],"innerError":null},'
            b'"correlation":{"operation":"x","request":"y"},"componentName":"machinelearningcompute"}',
            "UserError",
            "m",
        ),
        (
            b'{"error":{"code":"UserError","message":"m","details":[],"additionalInfo":[{"type":"ComponentName",'
            b'"info":{"value":"managementfrontend"}}]}}',
            "UserError",
            "m",
        ),
        (b'{"error":{"error":{"code":"Inner","message":"m"}}}', "Inner", "m"),
        (b'{"code":"Flat","message":"m"}', "Flat", "m"),
        (b'{"error":"invalid_request","error_description":"m"}', "invalid_request", "m"),
        (b'{"error":{"code":"X","details":[{"code":"Y","message":"m"}]}}', "X", "m"),
    ],
)
def test_envelopes(body: bytes, code: str, message: str) -> None:
    error = error_of(answer(400, body, {"X-Ms-Request-Id": "r", "x-ms-correlation-request-id": "c"}))
    assert (error.code, error.message, error.status, error.request_id) == (code, message, 400, "r")
    assert error.target == f"GET {PATH}"


def test_details_are_kept() -> None:
    body = b'{"error":{"code":"A","message":"m","details":[{"code":"B","message":"n"}]}}'
    assert error_of(answer(400, body)).details == [{"code": "B", "message": "n"}]


@pytest.mark.parametrize("status, code", [(404, "NotFound"), (403, "Forbidden"), (418, "Http418")])
def test_an_empty_body_still_gives_a_code(status: int, code: str) -> None:
    error = error_of(answer(status, b"", {"x-ms-correlation-request-id": "c"}))
    assert (error.code, error.request_id) == (code, "c")
    assert str(status) in error.message and "sig" not in error.message


def test_missing_role_is_named() -> None:
    text = (
        "The client 'a' with object id 'a' does not have authorization to perform action "
        "'Microsoft.MachineLearningServices/workspaces/computes/read' over scope '/subscriptions/s' "
        "or the scope is invalid."
    )
    body = ('{"error":{"code":"AuthorizationFailed","message":"' + text + '"}}').encode()
    hint = error_of(answer(403, body)).hint or ""
    assert "Microsoft.MachineLearningServices/workspaces/computes/read at /subscriptions/s" in hint


def test_absence_needs_a_404() -> None:
    assert is_absent(error_of(answer(404, b"")))
    assert not is_absent(error_of(answer(400, b'{"error":{"code":"ResourceNotFound","message":"m"}}')))


# --- hints ---


@pytest.mark.parametrize("code", sorted(_HINTS))
def test_a_known_code_has_its_hint_in_any_case(code: str) -> None:
    assert hint_for(code.upper(), "m", 400) == hint_for(code.lower(), "m", None) == _HINTS[code]


@pytest.mark.parametrize(
    "code, message, status, hint",
    [
        ("Anything", "The request exceeds the Quota of the family.", 400, "Request more quota"),
        (
            "InvalidPropertyValue",
            "STANDARD_X for VMSize is not a supported VM size.",
            None,
            "aml_vm_size_info lists them",
        ),
        (None, "", 401, "check the tenant, the cloud and the clock of this host"),
        (None, "", 429, "longer than retry_timeout allows"),
        (
            "ScopeLocked",
            "does not have authorization to perform action 'A/b/write'",
            403,
            "Assign a role that permits A/b/write to the identity. A new role",
        ),
        (
            "Conflict",
            "There is Already An Active Operation on it.",
            409,
            "Another operation on this resource is still running",
        ),
    ],
)
def test_what_is_told_without_a_known_code(code: str | None, message: str, status: int, hint: str) -> None:
    assert hint in (hint_for(code, message, status) or "")


def test_nothing_is_told_of_what_is_not_known() -> None:
    assert hint_for("Whatever", "m", 400) is None
    assert hint_for(None, "m", None) is None


@pytest.mark.parametrize(
    "body, what",
    [
        (b" <html>", "a web page"),
        (b"text", "something that is not a JSON object"),
        (b"[1]", "something that is not a JSON object"),
    ],
)
def test_what_is_no_answer_of_arms_in_full(body: bytes, what: str) -> None:
    error = unreadable(answer(502, body, {"x-ms-request-id": "r"}))
    assert error.message == f"GET {PATH} was answered with HTTP status 502 and {what}, not by Azure Resource Manager."
    assert (error.code, error.status, error.request_id, error.target) == ("UnexpectedAnswer", 502, "r", f"GET {PATH}")
    assert error.hint == "A proxy or a wrong cloud_environment may have answered in its place."


def test_no_explanation_is_told_in_full() -> None:
    assert error_of(answer(418, b"")).message == f"GET {PATH} was answered with HTTP status 418 and no explanation."


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 429, 503])
def test_a_status_alone_is_a_code(status: int) -> None:
    assert error_of(answer(status, b"{}")).code != f"Http{status}"


def test_what_a_policy_refused_is_in_the_details() -> None:
    violation = {"type": "PolicyViolation", "info": {"policyDefinitionDisplayName": "No public addresses"}}
    envelope = {
        "error": {
            "code": "RequestDisallowedByPolicy",
            "message": "m",
            "additionalInfo": [{"type": "Other"}, "odd", violation],
        }
    }
    assert error_of(answer(403, json.dumps(envelope).encode())).details == [violation]


@pytest.mark.parametrize(
    "status, code, message, busy",
    [
        (409, "AnotherOperationInProgress", "m", True),
        (409, "ConflictingConcurrentWriteNotAllowed", "m", True),
        (429, "anotheroperationinprogress", "m", True),
        (409, "Conflict", "There is already an active operation on it.", True),
        (409, "Conflict", "It exists.", False),
        (400, "AnotherOperationInProgress", "m", False),
        (429, "TooManyRequests", "m", False),
    ],
)
def test_what_has_to_wait_for_another_operation(status: int, code: str, message: str, busy: bool) -> None:
    assert is_busy(error_of(answer(status, json.dumps({"error": {"code": code, "message": message}}).encode()))) is busy


@pytest.mark.parametrize(
    "code", ["SubscriptionNotFound", "InvalidResourceType", "OperationNotFound", "UnexpectedAnswer"]
)
def test_a_404_that_is_about_something_else_is_no_absence(code: str) -> None:
    assert not is_absent(error_of(answer(404, json.dumps({"error": {"code": code, "message": "m"}}).encode())))


@pytest.mark.parametrize("body, again", [(b'{"id": "/subscr', True), (b"<html>", False), (b"{}", False)])
def test_only_what_was_cut_off_is_read_again(body: bytes, again: bool) -> None:
    assert try_again(answer(200, body), True) is again
    assert try_again(Answer("PUT", "https://x", 200, {}, body), True) is False
    assert try_again(answer(201, body), True) is False


@pytest.mark.parametrize(
    "headers, seconds",
    [
        ({}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": " 2.5 "}, 2.5),
        ({"x-ms-retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "soon", "Retry-After": "4"}, 4.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT", "Date": "Wed, 21 Oct 2026 07:28:09 GMT"}, 0.0),
    ],
)
def test_how_long_the_service_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(answer(429, b"", headers).headers) == seconds


@pytest.mark.parametrize("date", [{}, {"Date": "yesterday"}])
def test_a_date_counts_from_now_where_the_service_does_not_say_its_own(
    monkeypatch: pytest.MonkeyPatch, date: dict[str, str]
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_792_567_671.0)
    headers = answer(429, b"", {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT", **date}).headers
    assert retry_after(headers) == 9.0


def test_the_pause_ends_with_the_budget() -> None:
    clock = FakeClock()
    attempts = Attempts(2, clock.now + 10.0, Clock(clock, clock.sleep, lambda: 0.0))
    assert [attempts.pause(10.0), attempts.pause(10.5), attempts.pause(1.0)] == [10.0, None, None]
    assert attempts.made == 2


def policy(clock: FakeClock) -> RetryPolicy:
    return RetryPolicy(0, 60.0, Clock(clock, clock.sleep, lambda: 0.0))


@pytest.mark.parametrize("until, seconds", [(math.inf, 60.0), (1010.0, 10.0), (1100.0, 60.0)])
def test_the_attempts_of_a_request_end_with_whatever_ends_first(until: float, seconds: float) -> None:
    assert policy(FakeClock(1000.0)).attempts(until).remaining_seconds == seconds


def test_before_the_first_attempt_nothing_is_unclear() -> None:
    assert policy(FakeClock()).attempts().unclear is False


def test_a_look_at_an_operation_is_repeated_for_as_long_as_there_is_time() -> None:
    polls = policy(FakeClock(1000.0)).polls(1100.0)
    assert [polls.pause(10.0), polls.pause(100.0), polls.pause(101.0)] == [10.0, 100.0, None]


def lost(code: str | None = None, unsent: bool = False) -> ConnectionLost:
    error = ConnectionLost("No answer.", code=code)
    error.unsent = unsent
    return error


@pytest.mark.parametrize(
    "error, repeatable, again",
    [
        (lost(), True, True),
        (lost(), False, False),
        (lost(unsent=True), False, True),
        (lost("AnswerTooSlow"), True, True),
        (lost("AnswerTooLarge"), True, False),
        (lost("CertificateNotTrusted", unsent=True), True, False),
    ],
)
def test_whether_a_request_without_an_answer_is_sent_again(
    error: ConnectionLost, repeatable: bool, again: bool
) -> None:
    assert try_again(error, repeatable) is again


@pytest.mark.parametrize(
    "outcome, unclear",
    [
        (answer(409, b""), False),
        (answer(408, b""), True),
        (answer(499, b""), False),
        (answer(500, b""), True),
        (lost(unsent=True), False),
        (lost(), True),
    ],
)
def test_what_one_attempt_leaves_unclear_the_next_ones_keep(outcome: Answer | ConnectionLost, unclear: bool) -> None:
    attempts = policy(FakeClock()).attempts()
    last = answer(409, b"")
    assert attempts.pause_after(outcome, False) is None and attempts.pause_after(last, False) is None
    assert outcome.unclear is last.unclear is attempts.unclear is unclear


def test_a_body_that_is_none_is_an_empty_object() -> None:
    assert answer(202, b" ").document() == {}
    with pytest.raises(ArmError, match="not a JSON object"):
        answer(200, b'"text"').document()


def test_an_action_whose_answer_stops_coming_is_not_repeated() -> None:
    """requests makes a ConnectionError of it, and azure-core an error of a request that was not sent."""
    late = requests.exceptions.ConnectionError(ReadTimeoutError(None, None, "Read timed out."))  # type: ignore[arg-type]
    wire = Wire([Call("POST", PATH, raises=ServiceRequestError(late, error=late))])
    with pytest.raises(ArmError) as caught:
        wire.client().post(PATH, VERSION)
    assert caught.value.code == "ConnectionFailed" and caught.value.may_be_accepted
    wire.done()


def test_the_reason_of_a_lost_connection_is_told_and_not_its_address_twice() -> None:
    refused = NewConnectionError(None, "Failed to establish a new connection: [Errno 111] Connection refused")  # type: ignore[arg-type]
    error = requests.exceptions.ConnectionError(MaxRetryError(None, "/subscriptions/" + "x" * 400, refused))  # type: ignore[arg-type]
    wire = Wire([Call("GET", PATH, raises=ServiceRequestError(error, error=error))])
    with pytest.raises(ArmError) as caught:
        wire.client(retries=0).get(PATH, VERSION)
    assert "Connection refused" in caught.value.message and "xxx" not in caught.value.message


@pytest.mark.parametrize(
    "first, then, unclear",
    [
        ({"raises": ServiceResponseError("reset")}, {"status": 429}, True),
        ({"status": 500}, {"status": 409}, True),
        ({"raises": ServiceRequestError("refused")}, {"status": 403}, False),
        ({"status": 429}, {"status": 409}, False),
    ],
)
def test_an_attempt_that_may_have_been_taken_is_not_forgotten(
    first: dict[str, object], then: dict[str, object], unclear: bool
) -> None:
    wire = Wire([Call("PUT", PATH, **first), Call("PUT", PATH, **then)])
    with pytest.raises(ArmError) as caught:
        wire.client(retries=1).put(PATH, VERSION, {})
    assert caught.value.may_be_accepted is unclear


def test_a_proxys_page_is_no_success_of_a_write() -> None:
    page = {"content": b"<html>Sign in</html>", "headers": {"Content-Type": "text/html"}}
    wire = Wire([Call("PUT", PATH, 200, **page)])
    with pytest.raises(ArmError) as caught:
        wire.client().put(PATH, VERSION, {})
    assert caught.value.code == "UnexpectedAnswer" and caught.value.may_be_accepted


def test_a_workspace_that_a_repeated_delete_does_not_find_is_gone() -> None:
    answer = {"error": {"code": "UserError", "message": f"Unable to find workspace: {PATH}"}}
    wire = Wire([Call("DELETE", PATH, raises=ServiceResponseError("reset")), Call("DELETE", PATH, 400, json=answer)])
    assert wire.client().delete(PATH, VERSION).status == 404


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_what_to_do_about_a_service_that_stays_broken(status: int) -> None:
    error = error_of(Answer("GET", "https://h/x", status, {}, b"{}"))
    assert error.hint and "Run the same task again" in error.hint


@pytest.mark.parametrize("body", [b"<html>", b"{}"])
@pytest.mark.parametrize("unclear", [True, False])
def test_whether_an_attempt_may_have_been_taken_goes_before_the_last_status(body: bytes, unclear: bool) -> None:
    for status in (400, 502):
        found = answer(status, body)
        found.unclear = unclear
        assert error_of(found).may_be_accepted is unclear


@pytest.mark.parametrize("status, body", [(400, b"{}"), (502, b"{}"), (502, b"<html>")])
def test_an_answer_by_itself_says_nothing_of_what_may_have_been_taken(status: int, body: bytes) -> None:
    """Only who sent the request knows whether it could change anything, and what became of the attempts before."""
    assert error_of(answer(status, body)).may_be_accepted is False


@pytest.mark.parametrize(
    "status, message, gone",
    [
        (400, "Unable to find workspace: ws", True),
        (400, "unable to find workspace", True),
        (400, "Unable to find subnet", False),
        (404, "Unable to find workspace: ws", False),
        (500, "Unable to find workspace: ws", False),
    ],
)
def test_a_workspace_that_is_gone_is_told_by_status_and_words(status: int, message: str, gone: bool) -> None:
    assert is_gone(ArmError(message, status=status)) is gone


def test_another_operation_is_waited_for() -> None:
    hint = hint_for("Conflict", "There is already an active operation on it.", 409)
    assert hint == "Another operation on this resource is still running: wait for it and run the task again."


def test_an_error_has_the_hint_of_its_code_or_of_its_status() -> None:
    locked = error_of(answer(409, b'{"error":{"code":"ScopeLocked","message":"m"}}'))
    assert locked.hint == _HINTS["ScopeLocked"]
    assert "the clock of this host" in (error_of(answer(401, b"")).hint or "")


def test_an_error_that_is_no_json_is_told_as_such() -> None:
    error = error_of(answer(502, b"<html>"))
    assert (error.code, error.status, error.target) == ("UnexpectedAnswer", 502, f"GET {PATH}")


@pytest.mark.parametrize(
    ("headers", "body", "etag"),
    [
        ({"etag": 'W/"1"'}, {"etag": "2", "properties": {"etag": "3"}}, 'W/"1"'),
        ({}, {"etag": "2", "properties": {"etag": "3"}}, "2"),
        ({}, {"properties": {"etag": "3"}}, "3"),
        ({"etag": ""}, {"etag": None, "properties": {"etag": "3"}}, "3"),
        ({}, {"etag": None, "properties": None}, None),
        ({}, {"etag": "", "properties": {"etag": 4}}, None),
        ({}, {}, None),
    ],
)
def test_the_etag_of_a_document_is_in_the_header_or_in_one_of_two_places(
    headers: dict[str, str], body: dict[str, object], etag: str | None
) -> None:
    assert etag_of(headers, body) == etag


@pytest.mark.parametrize(
    ("content", "refused", "words"),
    [
        (
            b'{"a": 1, "a": 2}',
            "an object in it has the same name twice",
            "JSON that is not accepted (an object in it has the same name twice)",
        ),
        (b'{"a": ', None, "something that is not a JSON object"),
    ],
)
def test_an_answer_that_is_not_read_says_why(content: bytes, refused: str | None, words: str) -> None:
    answer = Answer("GET", "https://management.azure.com/x", 200, {}, content)
    assert (answer.readable, answer.body, answer.refused) == (False, None, refused)
    assert words in unreadable(answer).message


def test_an_answer_without_content_is_read_and_has_no_body() -> None:
    answer = Answer("DELETE", "https://management.azure.com/x", 204, {}, b"")
    assert (answer.readable, answer.body, answer.refused) == (True, None, None)
