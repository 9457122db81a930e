# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API: faults, throttling, clock, log and reset."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from azureml_simulator.app import App
from azureml_simulator.clock import Clock
from azureml_simulator.entra.directory import DEFAULT_SUBSCRIPTION
from azureml_simulator.request_log import MASK, mask

GROUP = f"/subscriptions/{DEFAULT_SUBSCRIPTION}/resourceGroups/rg?api-version=2021-04-01"
PLACE = {"location": "eastus"}


@pytest.fixture
def app() -> App:
    return App()


def order(app: App, **fault: Any) -> None:
    assert app.call("PUT", "/_simulator/faults", [fault]).status == 200


def test_throttling_for_a_count(app: App) -> None:
    app.call("PUT", GROUP, PLACE)
    order(app, kind="status", status=429, retry_after=3, count=2, match={"method": "get", "path": "resourceGroups/rg$"})
    answers = [app.call("GET", GROUP) for _time in range(3)]
    assert [answer.status for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "3"
    assert answers[0].body["error"]["code"] == "SubscriptionRequestsThrottled"
    assert DEFAULT_SUBSCRIPTION in answers[0].body["error"]["message"]
    listed = app.call("GET", "/_simulator/faults").body
    assert (listed[0]["remaining"], listed[0]["hits"]) == (0, 2)


def test_throttling_by_the_limits_themselves(app: App) -> None:
    app.configure({"ratelimit": {"enforce": True, "reads": {"capacity": 2, "per_second": 0}}})
    app.call("PUT", GROUP, PLACE)
    assert [app.call("GET", GROUP).status for _time in range(3)] == [200, 200, 429]


def test_a_status_with_its_own_words(app: App) -> None:
    order(app, kind="status", status=503, code="Busy", message="later")
    answer = app.call("GET", GROUP)
    assert (answer.status, answer.body["error"]) == (503, {"code": "Busy", "message": "later"})


def test_resets_before_and_after_the_work(app: App) -> None:
    order(app, kind="reset_before", match={"method": "PUT"})
    dropped = app.call("PUT", GROUP, PLACE)
    assert dropped.effect is not None and dropped.effect.kind == "reset"
    assert app.call("GET", GROUP).status == 404
    order(app, kind="reset_after", match={"method": "PUT"})
    dropped = app.call("PUT", GROUP, PLACE)
    assert dropped.effect is not None and dropped.effect.kind == "reset"
    assert app.call("GET", GROUP).status == 200


@pytest.mark.parametrize("kind", ["delay", "slow_body", "truncate", "hang"])
def test_what_happens_to_the_socket(app: App, kind: str) -> None:
    order(app, kind=kind, seconds=7)
    answer = app.call("GET", GROUP)
    assert answer.effect is not None and answer.effect.kind == kind
    assert answer.effect.seconds == (0 if kind == "truncate" else 7)


def test_a_page_in_place_of_json(app: App) -> None:
    order(app, kind="page", match={"method": "PUT"})
    assert app.call("PUT", GROUP, PLACE).payload().startswith(b"<!DOCTYPE")
    assert app.call("GET", GROUP).status == 404
    assert [entry.get("taken", True) for entry in app.log.entries()] == [False, True]
    order(app, kind="content_type")
    answer = app.call("GET", GROUP)
    assert answer.headers["Content-Type"].startswith("text/html") and answer.payload().startswith(b"<!DOCTYPE")


def test_stale_reads_after_a_write(app: App) -> None:
    app.call("PUT", GROUP, {**PLACE, "tags": {"v": "old"}})
    order(app, kind="stale_read", count=2, match={"path": "resourceGroups/rg"})
    assert app.call("PUT", GROUP, {**PLACE, "tags": {"v": "new"}}).status == 200
    assert [app.call("GET", GROUP).body["tags"]["v"] for _time in range(3)] == ["old", "old", "new"]


@pytest.mark.parametrize("body", [{"kind": "status"}, [{"kind": "magic"}], [{"kind": "delay", "match": {"host": "x"}}]])
def test_a_fault_that_cannot_be_understood(app: App, body: Any) -> None:
    assert app.call("PUT", "/_simulator/faults", body).status == 400


def test_an_unknown_control_address(app: App) -> None:
    assert app.call("GET", "/_simulator/nothing").status == 404


def test_the_clock_runs_at_the_speed_that_is_set_and_never_back(app: App) -> None:
    before = app.clock.now()
    app.call("PUT", "/_simulator/config", {"clock": {"speed": 0}})
    stopped = app.clock.now()
    assert stopped >= before and app.clock.now() == stopped
    app.call("PUT", "/_simulator/clock", {"advance": 100})
    assert app.clock.now() == pytest.approx(stopped + 100)
    assert app.clock.iso(0.5) == "1970-01-01T00:00:00.5000000+00:00"
    assert app.clock.iso(0, digits=3) == "1970-01-01T00:00:00.000+00:00"


@pytest.mark.parametrize("hour", [0, 2.99, 3, 3.01, 23.5])
def test_time_passes_until_an_hour_of_the_day(hour: float) -> None:
    with mock.patch("time.time", return_value=1_800_000_000 // 86400 * 86400 + hour * 3600):
        clock = Clock()
        before = clock.now()
        clock.advance_to(3)
        assert clock.now() % 86400 == pytest.approx(3 * 3600) and 0 <= clock.now() - before < 86400


def test_reset_is_the_first_start_again(app: App) -> None:
    first = app.call("GET", "/_simulator/state").body["resources"]
    config = app.call("GET", "/_simulator/config").body
    app.call("PUT", GROUP, PLACE)
    app.configure({"seconds": {"default": 99}})
    order(app, kind="status", count=5)
    app.call("PUT", "/_simulator/principals", {"name": "x"})
    assert app.call("POST", "/_simulator/reset").status == 200
    assert app.call("GET", "/_simulator/state").body["resources"] == first
    assert app.call("GET", "/_simulator/config").body == config
    assert len(app.call("GET", "/_simulator/principals").body) == 2
    assert app.call("GET", GROUP).status == 404


def test_state_and_settings_last_over_a_restart(tmp_path: Path) -> None:
    first = App(tmp_path / "s.sqlite")
    first.call("PUT", GROUP, PLACE)
    first.configure({"seconds": {"default": 7}, "clock": {"speed": 3}})
    order(first, kind="status", status=500, match={"method": "DELETE"})
    first.close()
    second = App(tmp_path / "s.sqlite")
    assert second.call("GET", GROUP).status == 200
    assert second.config["seconds"]["default"] == 7 and second.clock.speed == 3
    assert second.call("DELETE", GROUP).status == 500


def test_a_request_that_fails_leaves_nothing(app: App) -> None:
    app.call("PUT", GROUP, PLACE)
    base = GROUP.replace("?", "/providers/Microsoft.Network/virtualNetworks/v?")
    subnets = [{"name": name, "properties": {"addressPrefix": "10.0.0.0/24"}} for name in "ab"]
    body = {**PLACE, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}}
    assert app.call("PUT", base, body).status == 400
    assert app.call("GET", base).status == 404


def test_the_log_has_every_request_but_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    app = App(log_path=path, secret="HUSH")
    form = b"grant_type=client_credentials&client_id=x&client_secret=HUSH&client_assertion=HUSH"
    app.call("POST", "/t/oauth2/v2.0/token", form, headers={"Content-Type": "application/x-www-form-urlencoded"})
    app.call("GET", "/metadata/endpoints?api-version=2019-05-01")
    template = {"parameters": {"hidden": {"type": "secureString"}, "shown": {"type": "string"}}}
    values = {"hidden": {"value": "HUSH"}, "shown": {"value": "plain"}}
    properties = {"template": template, "parameters": values, "n": [{"privateKey": "HUSH"}]}
    app.call("PUT", GROUP, {"adminUserPassword": "HUSH", "properties": properties})
    app.call("GET", "/_simulator/health")
    text = path.read_text()
    entries = [json.loads(line) for line in text.splitlines()]
    assert "HUSH" not in text
    assert [entry["path"].rsplit("/", 1)[-1] for entry in entries] == ["token", "endpoints", "rg"]
    assert set(entries[0]) == {"time", "method", "path", "query", "status", "duration_ms", "user_agent", "body"}
    assert entries[0]["body"]["client_id"] == "x" and entries[0]["body"]["client_secret"] == MASK
    assert entries[2]["body"]["properties"]["parameters"] == {"hidden": {"value": MASK}, "shown": {"value": "plain"}}
    listed = app.call("GET", "/_simulator/requests?since=1&path=RESOURCEGROUPS").body
    assert [entry["index"] for entry in listed] == [2]
    app.call("DELETE", "/_simulator/requests")
    assert app.call("GET", "/_simulator/requests").body == [] and path.read_text() == ""


def test_the_log_has_no_secret_of_a_vault_in_a_template_and_takes_any_body(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    app = App(log_path=path)
    secret = {"type": "secrets", "name": "s", "properties": {"value": "HUSH"}}
    vault = {"type": "Microsoft.KeyVault/vaults", "name": "v", "resources": [secret]}
    inner = {"type": "Microsoft.Resources/deployments", "properties": {"template": {"resources": {"vault": vault}}}}
    app.call("PUT", GROUP, {"properties": {"template": {"resources": [inner, 7, "x"]}}})
    (sent,) = [json.loads(line)["body"] for line in path.read_text().splitlines()]
    assert "HUSH" not in str(sent) and sent["properties"]["template"]["resources"][1:] == [7, "x"]
    # Deeper than Python reads, in all versions.
    deep = b"[" * 100_000 + b"]" * 100_000
    for body, logged in (
        (b'{"properties": {"template": {"resources": 7}}}', {"properties": {"template": {"resources": 7}}}),
        (deep, "<200000 bytes>"),
    ):
        assert app.call("PUT", GROUP, body).status < 500
        assert json.loads(path.read_text().splitlines()[-1])["body"] == logged


def test_masking_keeps_what_is_no_secret() -> None:
    value = {"ssh_key_value": "ssh-rsa", "disableLocalAuth": True, "adminUserPassword": None, "key": "K", "n": {"a": 1}}
    assert mask(value) == {**value, "key": MASK}


def test_a_defect_of_the_simulator_says_so(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr(app.store, "by_type", broken)
    answer = app.call("GET", GROUP)
    assert (answer.status, answer.body["error"]["code"]) == (500, "SimulatorDefect")
    assert "RuntimeError: oops" in answer.body["error"]["message"]


def test_a_defect_in_an_operation_fails_that_one_alone(app: App) -> None:
    def broken(_operation: Any) -> None:
        raise RuntimeError("oops")

    app.operations.on_done("broken", broken)
    started = app.operations.start(
        "broken", provider="P", target="/x", location=None, seconds=0, subscription=DEFAULT_SUBSCRIPTION
    )
    assert app.call("PUT", GROUP, PLACE).status == 201
    ended = app.operations.get(started.id)
    assert ended is not None and ended.status == "Failed"
    assert ended.error == {"code": "SimulatorDefect", "message": "RuntimeError: oops"}


def vnet(app: App) -> tuple[str, Any]:
    """A network whose writing is a long operation; its path and the address of the operation."""
    app.call("PUT", GROUP, PLACE)
    path = GROUP.replace("?", "/providers/Microsoft.Network/virtualNetworks/v?").replace("2021-04-01", "2024-05-01")
    answer = app.call("PUT", path, {**PLACE, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}})
    return path, answer.headers["Azure-AsyncOperation"]


ENDS = {
    "failed_operation": (200, "Failed", "Failed"),
    "canceled_operation": (200, "Canceled", "Failed"),
    "endless_operation": (200, "InProgress", "Updating"),
    "lost_operation": (404, None, "Succeeded"),
    "failed_resource": (200, "Succeeded", "Failed"),
}


@pytest.mark.parametrize("kind", ENDS)
def test_what_becomes_of_an_operation(app: App, kind: str) -> None:
    order(app, kind=kind, match={"path": "virtualNetworks"})
    path, address = vnet(app)
    app.clock.advance(3600)
    status, said, state = ENDS[kind]
    answer = app.call("GET", address)
    assert (answer.status, answer.body.get("status")) == (status, said)
    assert app.call("GET", path).body["properties"]["provisioningState"] == state


def test_an_endless_operation_can_be_released(app: App) -> None:
    order(app, kind="endless_operation", match={"path": "virtualNetworks"})
    _path, address = vnet(app)
    app.operations.release()
    assert app.call("GET", address).body["status"] == "Succeeded"


def test_the_first_requests_pass(app: App) -> None:
    order(app, kind="status", status=500, skip=2)
    assert [app.call("GET", GROUP).status for _each in range(4)] == [404, 404, 500, 404]


def test_a_time_to_come_back_as_a_date_of_a_wrong_clock(app: App) -> None:
    order(app, kind="status", status=429, retry_after=20, clock=-7200)
    headers = app.call("GET", GROUP).headers
    until, now = (parsedate_to_datetime(headers[name]) for name in ("Retry-After", "Date"))
    assert (until - now).total_seconds() == 20 and time.time() - now.timestamp() > 7100
    order(app, kind="status", status=429, retry_after=None)
    assert "Retry-After" not in app.call("GET", GROUP).headers


def test_a_refused_token(app: App) -> None:
    order(app, kind="status", status=401)
    answer = app.call("GET", GROUP)
    assert (
        answer.body["error"]["code"] == "ExpiredAuthenticationToken"
        and "invalid_token" in answer.headers["WWW-Authenticate"]
    )


def test_half_a_body_that_says_that_it_is_whole(app: App) -> None:
    app.call("PUT", GROUP, PLACE)
    whole = app.call("GET", GROUP).payload()
    order(app, kind="truncate", whole=True)
    answer = app.call("GET", GROUP)
    assert answer.effect is None and whole.startswith(answer.payload()) and len(answer.payload()) == len(whole) // 2
