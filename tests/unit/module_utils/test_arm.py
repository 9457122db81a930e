# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ARM client on a scripted wire: requests, pages, trust, tokens, absence, conflicts (docs/facts.md a, b)."""

from __future__ import annotations

import base64
import threading

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._arm.cloud import PUBLIC, Cloud
from ansible_collections.azureml.compute.plugins.module_utils._core import redact
from ansible_collections.azureml.compute.plugins.module_utils._core.answers import conflict_pause, says_busy
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import ArmError, CredentialError
from ansible_collections.azureml.compute.plugins.module_utils._core.mask import Masker
from ansible_collections.azureml.compute.tests.support.wire import Call, Wire

GROUP = "/subscriptions/s/resourceGroups/g"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/w"
COMPUTE = f"{WORKSPACE}/computes/c"
VERSION = "2025-12-01"


def error_body(code: str, message: str = "no") -> dict:
    return {"error": {"code": code, "message": message}}


def test_get_sends_token_version_and_names() -> None:
    wire = Wire([Call("GET", COMPUTE, json={"id": COMPUTE}, query={"api-version": VERSION, "full": "true"})])
    assert wire.client().get(COMPUTE, VERSION, params={"full": True}) == {"id": COMPUTE}
    wire.done()
    headers = {name.lower(): value for name, value in wire.sent[0].headers.items()}
    assert headers["authorization"] == "Bearer credential-1-1"
    assert headers["user-agent"].startswith("tests/1.0")
    assert headers["x-ms-client-request-id"]


def test_path_is_quoted_once() -> None:
    wire = Wire([Call("GET", "/subscriptions/s/resourceGroups/my group (1)")])
    assert wire.client().get("/subscriptions/s/resourceGroups/my group (1)", VERSION) == {}
    assert "/my%20group%20(1)?" in wire.sent[0].url


def test_one_token_for_many_requests() -> None:
    wire = Wire([Call("GET", GROUP)] * 3)
    client = wire.client()
    for _time in range(3):
        client.get(GROUP, VERSION)
    assert [len(credential.asked) for credential in wire.credentials] == [1]
    assert wire.credentials[0].asked[0]["scopes"] == ("https://management.azure.com/.default",)


@pytest.mark.parametrize(
    "code", ["ResourceNotFound", "ParentResourceNotFound", "ResourceGroupNotFound", "NotFound", None]
)
def test_find_gives_none_for_what_is_not_there(code: str | None) -> None:
    body = error_body(code) if code else None
    wire = Wire([Call("GET", COMPUTE, 404, body)])
    assert wire.client().find(COMPUTE, VERSION) is None
    wire.done()


@pytest.mark.parametrize(
    "call, code",
    [
        (Call("GET", COMPUTE, 404, error_body("SubscriptionNotFound")), "SubscriptionNotFound"),
        (Call("GET", COMPUTE, 404, error_body("InvalidResourceType")), "InvalidResourceType"),
        (Call("GET", COMPUTE, 404, content=b"<html>proxy</html>"), "UnexpectedAnswer"),
        (Call("GET", COMPUTE, 403, error_body("AuthorizationFailed")), "AuthorizationFailed"),
    ],
)
def test_find_does_not_take_other_errors_for_absence(call: Call, code: str) -> None:
    wire = Wire([call])
    with pytest.raises(ArmError) as caught:
        wire.client().find(COMPUTE, VERSION)
    assert caught.value.code == code
    wire.done()


def test_list_follows_next_link_verbatim() -> None:
    link = f"https://management.azure.com{WORKSPACE}/computes?api-version=2099-01-01&$skip=abc%3D"
    wire = Wire(
        [
            Call("GET", f"{WORKSPACE}/computes", json={"value": [{"id": COMPUTE, "name": "a"}], "nextLink": link}),
            Call(
                "GET",
                f"{WORKSPACE}/computes",
                json={"value": None},
                query={"$skip": "abc=", "api-version": "2099-01-01"},
            ),
        ]
    )
    assert wire.client().list(f"{WORKSPACE}/computes", VERSION) == [{"id": COMPUTE, "name": "a"}]
    wire.done()
    assert wire.sent[1].url == link


def test_post_list_goes_on_with_get() -> None:
    path = f"{COMPUTE}/listNodes"
    link = f"https://management.azure.com{path}?$skip=1"
    wire = Wire(
        [
            Call("POST", path, json={"computeType": "AmlCompute", "nodes": [{"nodeId": "1"}], "nextLink": link}),
            Call("GET", path, json={"nodes": [{"nodeId": "2"}]}),
        ]
    )
    assert wire.client().post_list(path, VERSION) == [{"nodeId": "1"}, {"nodeId": "2"}]
    wire.done()


def test_list_that_leads_back_ends() -> None:
    link = f"https://management.azure.com{WORKSPACE}/computes?$skip=1"
    page = {"value": [], "nextLink": link}
    wire = Wire([Call("GET", f"{WORKSPACE}/computes", json=page), Call("GET", f"{WORKSPACE}/computes", json=page)])
    with pytest.raises(ArmError) as caught:
        wire.client().list(f"{WORKSPACE}/computes", VERSION)
    assert caught.value.code == "PagingLoop"
    wire.done()


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/x",
        "http://management.azure.com/x",
        "https://management.azure.com:444/x",
        "https://management.azure.com.evil.example/x",
        "https://management.azure.com@evil.example/x",
        "/relative",
        "https://[bad",
        "https://evil.example\\@management.azure.com/x",
    ],
)
def test_next_link_elsewhere_is_refused_before_a_request(link: str) -> None:
    wire = Wire([Call("GET", f"{WORKSPACE}/computes", json={"value": [], "nextLink": link})])
    with pytest.raises(ArmError) as caught:
        wire.client().list(f"{WORKSPACE}/computes", VERSION)
    assert caught.value.code == "UntrustedAddress"
    wire.done()


@pytest.mark.parametrize(
    "path",
    [
        "@evil.example/x",
        ".evil.example/x",
        ":8443/x",
        "",
        "evil.example",
        # As names of what a list has; a DELETE of the first would be one of the workspace.
        f"{WORKSPACE}/computes/..",
        f"{WORKSPACE}/computes/./x",
        f"{WORKSPACE}/computes/../../other/computes/x",
    ],
)
def test_a_path_that_would_change_the_host_or_lead_elsewhere_is_refused(path: str) -> None:
    wire = Wire([])
    for method in ("get", "list", "put", "delete", "post", "post_list"):
        with pytest.raises(ArmError) as caught:
            getattr(wire.client(), method)(path, VERSION)
        assert caught.value.code == "UntrustedAddress"
    wire.done()


def test_extra_host_of_the_cloud_is_trusted() -> None:
    cloud = Cloud(**{**PUBLIC.__dict__, "extra_hosts": ("https://eastus.management.azure.com",)})
    other = "https://eastus.management.azure.com"
    wire = Wire(
        [
            Call("GET", GROUP, json={"value": [], "nextLink": f"{other}{GROUP}?p=2"}),
            Call("GET", GROUP, json={"value": [{"a": 1}]}, host=other),
        ],
        cloud,
    )
    assert wire.client().list(GROUP, VERSION) == [{"a": 1}]
    wire.done()


def test_redirect_is_not_followed() -> None:
    wire = Wire([Call("GET", GROUP, 302, headers={"Location": "https://evil.example/"})])
    with pytest.raises(ArmError) as caught:
        wire.client().get(GROUP, VERSION)
    assert caught.value.status == 302
    wire.done()


@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize("verb", ["put", "patch", "post", "delete"])
def test_every_verb_takes_every_success(verb: str, status: int) -> None:
    body = None if status == 204 else {"id": COMPUTE}
    wire = Wire([Call(verb.upper(), COMPUTE, status, body, {"x-ms-request-id": "r-1"}, body={"a": 1})])
    reply = getattr(wire.client(), verb)(COMPUTE, VERSION, {"a": 1})
    assert (reply.status, reply.body, reply.operation, reply.request_id) == (status, body, None, "r-1")
    wire.done()


def test_empty_post_has_no_body() -> None:
    wire = Wire([Call("POST", f"{COMPUTE}/start", 202, body=None)])
    assert wire.client().post(f"{COMPUTE}/start", VERSION).status == 202


def test_delete_of_what_is_gone_is_no_error() -> None:
    wire = Wire([Call("DELETE", COMPUTE, 404, error_body("ResourceNotFound"))])
    assert wire.client().delete(COMPUTE, VERSION, params={"underlyingResourceAction": "Delete"}).status == 404
    assert wire.sent[0].query["underlyingResourceAction"] == "Delete"


def test_delete_in_an_unknown_subscription_is_an_error() -> None:
    wire = Wire([Call("DELETE", COMPUTE, 404, error_body("SubscriptionNotFound"))])
    with pytest.raises(ArmError):
        wire.client().delete(COMPUTE, VERSION)


def test_plain_401_renews_once_with_a_new_credential() -> None:
    wire = Wire([Call("GET", GROUP, 401, error_body("ExpiredAuthenticationToken")), Call("GET", GROUP, json={"ok": 1})])
    assert wire.client().get(GROUP, VERSION) == {"ok": 1}
    assert [sent.headers["Authorization"] for sent in wire.sent] == ["Bearer credential-1-1", "Bearer credential-2-1"]


def test_second_401_is_final() -> None:
    wire = Wire([Call("GET", GROUP, 401, error_body("InvalidAuthenticationToken"))] * 2)
    with pytest.raises(ArmError) as caught:
        wire.client().get(GROUP, VERSION)
    assert (caught.value.code, caught.value.status) == ("InvalidAuthenticationToken", 401)
    assert caught.value.hint
    wire.done()


def test_a_request_renews_the_token_once_also_between_retries() -> None:
    """A service that answers 401 and 503 in turn must not cost a sign-in at each retry."""
    refused, failed = Call("GET", GROUP, 401, error_body("ExpiredAuthenticationToken")), Call("GET", GROUP, 503)
    wire = Wire([refused, failed, refused])
    with pytest.raises(ArmError) as caught:
        wire.client().get(GROUP, VERSION)
    assert caught.value.status == 401 and len(wire.credentials) == 2
    wire.done()


def test_claims_challenge_is_answered_with_the_claims() -> None:
    claims = base64.urlsafe_b64encode(b'{"access_token":{"nbf":{"value":"1"}}}').decode().rstrip("=")
    challenge = f'Bearer realm="", error="insufficient_claims", claims="{claims}"'
    wire = Wire([Call("GET", GROUP, 401, headers={"WWW-Authenticate": challenge}), Call("GET", GROUP)])
    wire.client().get(GROUP, VERSION)
    assert len(wire.credentials) == 1
    assert wire.credentials[0].asked[1]["claims"] == '{"access_token":{"nbf":{"value":"1"}}}'


def test_sign_in_failure_passes_through() -> None:
    wire = Wire([])
    client = wire.client()

    def refuse() -> None:
        raise CredentialError("no", code="AADSTS7000215")

    client._tokens._make = refuse
    with pytest.raises(CredentialError) as caught:
        client.get(GROUP, VERSION)
    assert caught.value.code == "AADSTS7000215"


BUSY = error_body("Conflict", "There is already an active operation submitted on this compute.")


@pytest.mark.parametrize(
    ("message", "waited"),
    [
        ("Operation is not allowed: Another operation (Updating) is in progress.", True),
        ("Another operation on the extension 'x' is in progress. Try again later.", True),
        ("Another operation wants this name.", False),
        ("The deletion is in progress: another operation is not allowed.", False),
        ("The name is in use.", False),
    ],
)
def test_which_conflicts_are_waited_for(message: str, waited: bool) -> None:
    refused = Call("PUT", COMPUTE, 409, error_body("Conflict", message))
    wire = Wire([refused, Call("PUT", COMPUTE, 201, {})] if waited else [refused])
    if waited:
        assert wire.client().put(COMPUTE, VERSION, {}, wait_conflict=60).status == 201
        return
    with pytest.raises(ArmError) as caught:
        wire.client().put(COMPUTE, VERSION, {}, wait_conflict=60)
    assert caught.value.message == message


def test_a_long_refusal_is_read_once() -> None:
    """Its length is the service's; a pattern took time that grows with its square."""
    assert not says_busy("another operation " * 100_000)


def test_conflict_is_waited_for_when_asked() -> None:
    wire = Wire([Call("PUT", COMPUTE, 409, BUSY), Call("PUT", COMPUTE, 409, BUSY), Call("PUT", COMPUTE, 201, {})])
    assert wire.client().put(COMPUTE, VERSION, {}, wait_conflict=60).status == 201
    assert wire.clock.slept == [5.0, 5.0]
    assert [event for event, _facts in wire.events] == ["conflict", "conflict"]


def test_a_conflict_is_asked_about_as_the_service_wants_it() -> None:
    asked = Call("PUT", COMPUTE, 409, BUSY, headers={"Retry-After": "40"})
    wire = Wire([Call("PUT", COMPUTE, 409, BUSY), asked, Call("PUT", COMPUTE, 201, {})])
    assert wire.client().put(COMPUTE, VERSION, {}, wait_conflict=600).status == 201
    assert wire.clock.slept == [5.0, 40.0]


def test_a_long_conflict_is_asked_about_less_often() -> None:
    wire = Wire([*[Call("PUT", COMPUTE, 409, BUSY)] * 70, Call("PUT", COMPUTE, 201, {})])
    wire.client().put(COMPUTE, VERSION, {}, wait_conflict=3600)
    pauses = wire.clock.slept
    assert pauses == sorted(pauses) and (pauses[0], pauses[6], pauses[-1]) == (5.0, 5.0, 15.0)


@pytest.mark.parametrize(
    ("asked", "waited", "pause"),
    [
        (None, 0, 5),
        (None, 30, 5),
        (None, 60, 9),
        (None, 100, 15),
        (None, 9000, 15),
        (0, 60, 1),
        (2, 60, 2),
        (900, 0, 300),
    ],
)
def test_the_pause_of_a_conflict(asked: float | None, waited: float, pause: float) -> None:
    error = ArmError("It is busy.")
    error.retry_after = asked
    assert conflict_pause(error, waited) == pytest.approx(pause)


def test_conflict_is_an_error_at_once_by_default() -> None:
    wire = Wire([Call("PUT", COMPUTE, 409, BUSY)])
    with pytest.raises(ArmError) as caught:
        wire.client().put(COMPUTE, VERSION, {})
    assert (caught.value.code, caught.value.status) == ("Conflict", 409)
    assert "wait for it" in (caught.value.hint or "")
    assert wire.clock.slept == []


def test_conflict_wait_ends_at_its_time() -> None:
    wire = Wire([Call("DELETE", COMPUTE, 409, BUSY)] * 4)
    with pytest.raises(ArmError):
        wire.client().delete(COMPUTE, VERSION, wait_conflict=12)
    assert wire.clock.slept == [5.0, 5.0, 2.0]
    wire.done()


def test_other_conflicts_are_not_waited_for() -> None:
    wire = Wire([Call("PUT", COMPUTE, 409, error_body("Conflict", "The name is taken."))])
    with pytest.raises(ArmError):
        wire.client().put(COMPUTE, VERSION, {}, wait_conflict=60)
    assert wire.clock.slept == []


def test_fifty_threads_share_one_token() -> None:
    wire = Wire([Call("GET", GROUP, json={"ok": 1})] * 50)
    client = wire.client()
    found: list[dict] = []
    threads = [threading.Thread(target=lambda: found.append(client.get(GROUP, VERSION))) for _time in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [{"ok": 1}] * 50
    assert [len(credential.asked) for credential in wire.credentials] == [1]
    wire.done()


def test_a_huge_explanation_is_cut_and_says_how_long_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "correct-horse-battery"
    monkeypatch.setattr(redact, "KNOWN", Masker())
    redact.KNOWN.add(secret)
    message = "m" * 19_990 + secret + "n" * 1_000_000
    details = [{"message": "d" * 1_000_000}]
    answer = {"error": {"code": "C" * 1_000_000, "message": message, "details": details}}
    wire = Wire([Call("GET", COMPUTE, status=400, json=answer)])
    with pytest.raises(ArmError) as refused:
        wire.client().get(COMPUTE, VERSION)
    failure = refused.value.failure()
    # The cut is behind the mask of the secret, of which it would otherwise leave the beginning.
    assert failure["message"] == "m" * 19_990 + "***" + "n" * 7 + f"... ({len(message)} bytes)"
    assert failure["code"] == "C" * 200 + "... (1000000 bytes)"
    assert len(failure["details"]) == 1 and failure["details"][0]["message"].endswith("... (1000017 bytes)")
    assert len(str(failure)) < 50_000


def test_an_explanation_of_a_usual_length_is_whole() -> None:
    details = [{"code": "Conflict", "message": "d" * 10_000}] * 10
    error = ArmError("m" * 20_000, details=details)
    assert error.message == "m" * 20_000 and error.details is details
