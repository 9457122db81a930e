# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long-running operations on a scripted wire and a fake clock (docs/facts.md a.4, d.2, b.3)."""

from __future__ import annotations

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core.client import Operation
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import ArmError, WaitTimeout
from ansible_collections.azureml.compute.tests.support.wire import Call, Wire
from azure.core.exceptions import ServiceRequestError

HOST = "https://management.azure.com"
COMPUTE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c"
STATUS = "/subscriptions/s/providers/Microsoft.MachineLearningServices/locations/eastus/computeOperationsStatus/1"
STATUS_URL = f"{HOST}{STATUS}?api-version=2025-12-01&service=new&t=1&c=MII_-&s=x%2By&h=z"
VERSION = "2025-12-01"
RUNNING = {"status": "InProgress"}
DONE = {"status": "Succeeded", "percentComplete": 100.0}


def poll(status: int = 200, json: object = None, **headers: str) -> Call:
    return Call("GET", STATUS, status, json, {name.replace("_", "-"): value for name, value in headers.items()})


def started(style: str = "async", method: str = "PUT") -> Operation:
    return Operation(STATUS_URL, style, method, COMPUTE)


def test_a_put_tells_its_operation_and_the_address_is_used_verbatim() -> None:
    wire = Wire(
        [
            Call("PUT", COMPUTE, 201, {"id": COMPUTE}, {"Azure-AsyncOperation": STATUS_URL}),
            poll(json=RUNNING),
            poll(json=DONE),
        ]
    )
    client = wire.client()
    reply = client.put(COMPUTE, VERSION, {})
    assert reply.operation is not None
    assert reply.operation.to_dict() == {"url": STATUS_URL, "status": "InProgress"}
    assert client.wait(reply.operation, timeout=60) == DONE
    assert reply.operation.to_dict()["status"] == "Succeeded"
    assert [sent.url for sent in wire.sent[1:]] == [STATUS_URL, STATUS_URL]
    wire.done()


def test_the_first_check_is_at_once_and_steps_grow_to_fifteen_seconds() -> None:
    wire = Wire([poll(json=RUNNING)] * 32 + [poll(json=DONE)])
    wire.client().wait(started(), timeout=600)
    slept = wire.clock.slept
    assert slept[:7] == [1] * 7 and slept == sorted(slept) and slept[-3:] == [15, 15, 15]
    # Whenever the operation ends, that is seen at most a second, or 15 % of its time, later.
    assert all(step <= max(1, 0.15 * sum(slept[:number]) + 0.001) for number, step in enumerate(slept))


def test_operations_of_a_kind_are_polled_around_their_usual_end() -> None:
    wire = Wire([*[poll(json=RUNNING)] * 3, poll(json=DONE)] * 3)
    client = wire.client()
    client.wait(started(), timeout=600)
    assert wire.clock.slept == [1, 1, 1]
    # Not before a second before the time that the shortest took; from then on more often than once a second.
    client.wait(started(), timeout=600)
    assert wire.clock.slept[3:] == [2, 0.5, 0.5, 0.5]
    # An operation of another kind has another usual time.
    client.wait(started(method="DELETE"), timeout=600)
    assert wire.clock.slept[7:] == [1, 1, 1]


def test_the_usual_end_changes_nothing_about_what_the_service_or_the_user_asks_for() -> None:
    wire = Wire(
        [poll(json=RUNNING), poll(json=DONE), poll(json=RUNNING, Retry_After="20"), poll(json=RUNNING), poll(json=DONE)]
    )
    client = wire.client()
    client.wait(started(), timeout=600)
    client.wait(started(), timeout=600, interval=3)
    assert wire.clock.slept == [1, 20, 3]


def test_interval_and_retry_after() -> None:
    wire = Wire([poll(json=RUNNING), poll(json=RUNNING, Retry_After="20"), poll(json=DONE)])
    wire.client().wait(started(), timeout=600, interval=3)
    assert wire.clock.slept == [3, 20]


def test_both_headers_mean_the_status_document() -> None:
    headers = {"Location": f"{HOST}/other?type=location", "Azure-AsyncOperation": STATUS_URL}
    wire = Wire([Call("PUT", COMPUTE, 202, headers=headers)])
    operation = wire.client().put(COMPUTE, VERSION, {}).operation
    assert operation is not None and (operation.url, operation.style, operation.location) == (STATUS_URL, "async", None)


def test_location_style() -> None:
    wire = Wire(
        [
            Call("POST", f"{COMPUTE}/resize", 202, headers={"Location": STATUS_URL, "Retry-After": "5"}),
            poll(202),
            poll(202, Retry_After="9"),
            poll(200, {"id": COMPUTE, "properties": {"provisioningState": "Updating"}}),
        ]
    )
    client = wire.client()
    operation = client.post(f"{COMPUTE}/resize", VERSION, {}).operation
    assert operation is not None and operation.location == STATUS_URL
    assert client.wait(operation, timeout=60)["id"] == COMPUTE
    assert wire.clock.slept == [5, 1, 9]


def test_location_of_a_201_is_no_operation() -> None:
    wire = Wire([Call("PUT", COMPUTE, 201, {}, {"Location": f"{HOST}{COMPUTE}"})])
    assert wire.client().put(COMPUTE, VERSION, {}).operation is None


def test_location_style_ends_with_204_and_on_delete_with_404() -> None:
    wire = Wire([poll(204), poll(404)])
    assert wire.client().wait(started("location"), timeout=60) == {"status": "Succeeded"}
    assert wire.client().wait(started("location", "DELETE"), timeout=60) == {"status": "Succeeded"}
    wire.done()


@pytest.mark.parametrize("style, method", [("async", "DELETE"), ("async", "PUT"), ("location", "PUT"), ("unknown", "")])
def test_a_status_address_that_is_unknown_is_not_an_absent_resource(style: str, method: str) -> None:
    wire = Wire([poll(404, {"error": {"code": "ResourceNotFound", "message": "m"}})])
    with pytest.raises(ArmError) as caught:
        wire.client().wait(started(style, method), timeout=60)
    assert (caught.value.code, caught.value.status) == ("OperationNotFound", 404)


@pytest.mark.parametrize("spelling", ["Succeeded", "succeeded", "SUCCEEDED"])
def test_case_of_success(spelling: str) -> None:
    assert Wire([poll(json={"status": spelling})]).client().wait(started(), timeout=1) == {"status": spelling}


@pytest.mark.parametrize(
    "document, code, message",
    [
        (
            {
                "status": "Failed",
                "error": {"code": "Quota", "message": "m", "details": [{"code": "x"}], "statusCode": 409},
            },
            "Quota",
            "m",
        ),
        (
            {"status": "failed", "error": {"error": {"code": "Nested", "message": "m", "details": [{"code": "x"}]}}},
            "Nested",
            "m",
        ),
        ({"status": "Canceled"}, "OperationCanceled", None),
        (
            {"status": "Cancelled", "error": {"code": "ByUser", "message": "m", "details": [{"code": "x"}]}},
            "ByUser",
            "m",
        ),
        ({"status": "Failed", "error": None}, "OperationFailed", None),
    ],
)
def test_failed_operations(document: dict, code: str, message: str | None) -> None:
    wire = Wire([poll(json=document, x_ms_request_id="r")])
    with pytest.raises(ArmError) as caught:
        wire.client().wait(started(), timeout=60, what="Creating c")
    error = caught.value
    assert (error.code, error.request_id, error.target) == (code, "r", f"PUT {COMPUTE}")
    assert error.message == message if message else "Creating c" in error.message
    assert error.details == ([{"code": "x"}] if message else None)


def test_unknown_states_are_running() -> None:
    states = ("Accepted", "Running", "Creating", "Whatever")
    wire = Wire([poll(json={"status": state}) for state in states] + [poll(json=DONE)])
    assert wire.client().wait(started(), timeout=60) == DONE


def test_a_resource_in_place_of_a_status_document() -> None:
    wire = Wire(
        [
            poll(json={"properties": {"provisioningState": "Creating"}}),
            poll(json={"properties": {"provisioningState": "Succeeded"}}),
        ]
    )
    assert wire.client().wait(started(), timeout=60)["properties"]["provisioningState"] == "Succeeded"


def test_time_out_tells_all_and_keeps_to_its_time() -> None:
    wire = Wire([poll(json=RUNNING)] * 11)
    with pytest.raises(WaitTimeout) as caught:
        wire.client().wait(started(), timeout=10, what="Creating c")
    assert len(wire.clock.slept) == 10 and sum(wire.clock.slept) == pytest.approx(10)
    assert caught.value.details == {
        "what": "Creating c",
        "state": "InProgress",
        "elapsed": 10.0,
        "operation": {"url": STATUS_URL, "status": "InProgress"},
        "cause": None,
    }
    assert "same task again" in (caught.value.hint or "")
    wire.done()


def test_zero_time_is_one_look() -> None:
    wire = Wire([poll(json=RUNNING)])
    with pytest.raises(WaitTimeout):
        wire.client().wait(started(), timeout=0)
    wire.done()


def test_passing_failures_while_waiting_are_retried_beyond_the_clients_number() -> None:
    wire = Wire(
        [
            poll(500),
            poll(503),
            poll(429, Retry_After="3"),
            Call("GET", STATUS, raises=ServiceRequestError("no route")),
            poll(json=DONE),
        ]
    )
    assert wire.client(retries=1).wait(started(), timeout=600) == DONE
    wire.done()


def test_failures_until_the_end_are_a_time_out_with_their_cause() -> None:
    wire = Wire([poll(503)] * 50)
    with pytest.raises(WaitTimeout) as caught:
        wire.client().wait(started(), timeout=30)
    assert caught.value.status == 503
    assert sum(wire.clock.slept) <= 30


def test_no_connection_until_the_end_is_a_time_out() -> None:
    wire = Wire([Call("GET", STATUS, raises=ServiceRequestError("no route"))] * 50)
    with pytest.raises(WaitTimeout) as caught:
        wire.client().wait(started(), timeout=30)
    assert "no route" in caught.value.message


def test_a_refused_status_is_an_error() -> None:
    wire = Wire([poll(403, {"error": {"code": "AuthorizationFailed", "message": "m"}})])
    with pytest.raises(ArmError) as caught:
        wire.client().wait(started(), timeout=60)
    assert caught.value.code == "AuthorizationFailed"
    assert "subscription's location" in (caught.value.hint or "")


def test_the_probe_answers_where_the_address_does_not() -> None:
    states = iter(["Creating", "Succeeded"])
    wire = Wire([poll(403), poll(403)])
    assert wire.client().wait(started(), timeout=60, probe=lambda: next(states)) == {"status": "Succeeded"}
    assert wire.clock.slept == [1]


def test_the_probe_tells_a_failure() -> None:
    wire = Wire([poll(404)])
    with pytest.raises(ArmError) as caught:
        wire.client().wait(started(), timeout=60, probe=lambda: "Failed")
    assert caught.value.code == "OperationFailed"
    assert caught.value.details["operation_error"]["code"] == "OperationNotFound"


def test_the_probe_may_not_know_either() -> None:
    wire = Wire([poll(404)])
    with pytest.raises(ArmError) as caught:
        wire.client().wait(started(), timeout=60, probe=lambda: None)
    assert caught.value.code == "OperationNotFound"


def test_an_operation_elsewhere_is_refused_before_a_request() -> None:
    wire = Wire([Call("PUT", COMPUTE, 201, {}, {"Azure-AsyncOperation": "https://evil.example/x?sig=secret"})])
    client = wire.client()
    operation = client.put(COMPUTE, VERSION, {}).operation
    assert operation is not None
    with pytest.raises(ArmError) as caught:
        client.wait(operation, timeout=60)
    assert caught.value.code == "UntrustedAddress"
    assert "secret" not in str(caught.value.failure())
    wire.done()
    with pytest.raises(ArmError):
        client.resume("https://evil.example/x")


@pytest.mark.parametrize("first", [poll(json=RUNNING), poll(202)])
def test_an_operation_of_an_earlier_run_goes_on(first: Call) -> None:
    wire = Wire([first, poll(json=DONE)])
    client = wire.client()
    assert client.wait(client.resume(STATUS_URL), timeout=60) == DONE


@pytest.mark.parametrize("content", [b"<html>Sign in</html>", b'{"status": "Succ'])
def test_what_cannot_be_read_is_no_success(content: bytes) -> None:
    strange = Call("GET", STATUS, 201, content=content)
    wire = Wire([strange, poll(json=RUNNING), poll(json=DONE)])
    assert wire.client().wait(started(), timeout=60) == DONE
    wire = Wire([strange] * 3)
    with pytest.raises(WaitTimeout) as caught:
        wire.client().wait(started(), timeout=2)
    assert caught.value.details["cause"]["code"] == "UnexpectedAnswer" and "proxy" in (caught.value.hint or "")
    wire.done()


def test_the_cause_of_a_wait_that_could_not_look_is_told() -> None:
    wire = Wire([poll(503)] * 30)
    with pytest.raises(WaitTimeout) as caught:
        wire.client().wait(started(), timeout=20)
    assert caught.value.details["cause"]["code"] == "ServiceUnavailable" and "wait_timeout" not in (
        caught.value.hint or ""
    )
