# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers without end, of any size and depth, from a real server: each ends within its limit, with a code that says which."""

from __future__ import annotations

import threading
import time
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.azureml.compute.plugins.module_utils._arm import client as _client
from ansible_collections.azureml.compute.plugins.module_utils._arm import cloud, connections, limits, tokens
from ansible_collections.azureml.compute.plugins.module_utils._arm import transport as _transport
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import AmlError, CredentialError
from ansible_collections.azureml.compute.tests.support import hostile
from ansible_collections.azureml.compute.tests.support.certificates import certificate

SECOND = 1.0
# As they are, before a test makes them short.
DOCUMENTED = {
    "shortest": _transport.SHORTEST_EXCHANGE, "longest": _transport.LONGEST_EXCHANGE, "factor": _client.LIST_FACTOR, "list": _client.SHORTEST_LIST,
    "pages": _client.MOST_PAGES,
}  # fmt: skip


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(connections, "_sessions", {})
    monkeypatch.setattr(_transport, "SHORTEST_EXCHANGE", 0.5)
    monkeypatch.setattr(_client, "MOST_PAGES", 30)


@pytest.mark.parametrize("name", hostile.FORMS)
def test_what_does_not_end_is_ended(tls: tuple[Path, Path], name: str) -> None:
    form, what, code = hostile.FORMS[name]
    with hostile.Server(form, tls) as server:
        started = time.monotonic()
        with pytest.raises(AmlError) as ended:
            # 64 MiB take longer than a second where the machine is busy.
            hostile.ask(
                server, what, retries=0 if what == "document" else 1, retry_timeout=15.0 if "TooLarge" in code else 1.0
            )
        took = time.monotonic() - started
    assert ended.value.code in code.split(" or ")
    assert ended.value.hint or code == "PagingLoop"
    # Each lasts a second by its own limits; the rest is for a machine that is busy.
    assert took < 20 * SECOND
    # No more often than once a second, where the service says when to come back.
    assert what != "operation" or server.requests <= took / SECOND + 2


def test_a_write_that_ends_so_may_have_been_taken(tls: tuple[Path, Path]) -> None:
    for name in ("a body, byte by byte", "a flood of 100 Continue"):
        with hostile.Server(hostile.FORMS[name][0], tls) as server, pytest.raises(AmlError) as ended:
            server.client(retries=0).put(hostile.PATH, hostile.VERSION, {"location": "eastus"})
        assert ended.value.may_be_accepted and ended.value.code in ("AnswerTooSlow", "AnswerTooLarge")
        assert ended.value.target == f"PUT {hostile.PATH}"


def test_a_slow_answer_says_what_was_waited_for_and_what_to_raise(tls: tuple[Path, Path]) -> None:
    with hostile.Server(hostile.FORMS["a body, byte by byte"][0], tls) as server, pytest.raises(AmlError) as ended:
        server.client(retries=0).get(hostile.PATH, hostile.VERSION)
    assert f"GET {hostile.PATH}" in ended.value.message and "not complete after 1 s" in ended.value.message
    assert "retry_timeout" in (ended.value.hint or "")


def test_a_list_as_a_whole_has_a_time(tls: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client, "SHORTEST_LIST", 0.2)
    monkeypatch.setattr(_client, "LIST_FACTOR", 0.1)
    monkeypatch.setattr(_client, "MOST_PAGES", 10**9)
    with (
        hostile.Server(hostile.FORMS["pages with items, each with a new link"][0], tls) as server,
        pytest.raises(AmlError) as ended,
    ):
        server.client().list(hostile.PATH, hostile.VERSION)
    assert (
        ended.value.code == "EndlessList"
        and "0.2 s" in ended.value.message
        and "retry_timeout" in (ended.value.hint or "")
    )


@pytest.mark.parametrize("what", ["document", "operation"])
def test_an_answer_has_the_least_time_and_no_more(tls: tuple[Path, Path], what: str) -> None:
    """retry_timeout and wait_timeout below the least time of an exchange: an answer within that is read, one that lasts longer ends with it."""

    def late(server: hostile.Server, connection: t.Any, _number: int) -> None:
        server.ended.wait(0.2)
        hostile.answering("200 OK", body=b'{"status": "Succeeded"}')(server, connection, 1)

    timeouts: dict[str, t.Any] = {"retries": 0, "retry_timeout": 0.01, "wait_timeout": 0.01}
    with hostile.Server(late, tls) as server:
        assert hostile.ask(server, what, **timeouts) == {"status": "Succeeded"}
    with hostile.Server(hostile.FORMS["a body, byte by byte"][0], tls) as server:
        started = time.monotonic()
        with pytest.raises(AmlError):
            hostile.ask(server, what, **timeouts)
        assert 0.5 <= time.monotonic() - started < 0.5 + 5 * SECOND and server.requests == 1


def test_the_options_say_what_the_limits_are() -> None:
    from ansible_collections.azureml.compute.plugins.doc_fragments import auth, wait

    retry, waits = (
        " ".join(t.cast(str, line) for line in yaml.safe_load(fragment.DOCUMENTATION)["options"][name]["description"])
        for fragment, name in ((auth.ModuleDocFragment, "retry_timeout"), (wait.ModuleDocFragment, "wait_timeout"))
    )
    shortest = f"at least {DOCUMENTED['shortest']:g}"
    assert (
        f"{shortest} and at most {DOCUMENTED['longest']:g} seconds" in retry
        and f"A value below {DOCUMENTED['shortest']:g}" in retry
    )
    assert (
        f"{DOCUMENTED['factor']} times as long, at least {DOCUMENTED['list']:g} seconds, and at most {DOCUMENTED['pages']} pages"
        in retry
    )
    assert (
        f"at most {limits.LARGEST_ANSWER // 2**20} MiB" in retry
        and f"{limits.EXCHANGE_TIMEOUT:g} seconds, independent" in retry
    )
    assert f"{shortest} seconds" in waits


def test_metadata_and_sign_in_have_the_same_limits(tls: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXCHANGE_TIMEOUT", 0.5)
    monkeypatch.setattr(cloud, "_fetched", {})
    with hostile.Server(hostile.FORMS["a header, byte by byte"][0], tls) as server:
        with pytest.raises(CredentialError, match=r"not complete after 0\.5 s") as ended:
            cloud.find_cloud({"cloud_environment": server.base}, {}, verify=server.ca)
        assert ended.value.code == "CloudMetadataUnavailable"

        def token(*_scopes: str, **_options: t.Any) -> t.NoReturn:
            from azure.core.rest import HttpRequest

            with connections.transport_for(server.ca) as transport:
                transport.send(HttpRequest("POST", f"{server.base}/t/oauth2/v2.0/token"))
            raise AssertionError("it was answered")

        credential = type("Credential", (), {"get_token_info": staticmethod(token)})
        with pytest.raises(CredentialError) as refused:
            tokens.TokenSource(credential, "scope").token()
        assert refused.value.code == "AnswerTooSlow" and "not complete after 0.5 s" in refused.value.message


def test_good_answers_share_connections_and_threads_have_their_own_limits(tls: tuple[Path, Path]) -> None:
    """One thread's slow answer takes no time from another's; a compressed answer in several members is read whole."""
    import gzip

    body = gzip.compress(b'{"name": ') + gzip.compress(b'"x"}')
    connections: set[int] = set()

    def form(server: hostile.Server, connection: t.Any, number: int) -> None:
        connections.add(id(connection))
        connection.sendall(
            hostile.OK + f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )

    found: list[t.Any] = []
    with hostile.Server(hostile.FORMS["a body, byte by byte"][0], tls) as slow, hostile.Server(form, tls) as good:

        def wait() -> None:
            try:
                slow.client(retries=0).get(hostile.PATH, hostile.VERSION)
            except AmlError as error:
                found.append(error.code)

        threads = [threading.Thread(target=wait) for _number in range(4)]
        for thread in threads:
            thread.start()
        client = good.client()
        assert [client.get(hostile.PATH, hostile.VERSION) for _number in range(5)] == [{"name": "x"}] * 5
        for thread in threads:
            thread.join()
    assert found == ["AnswerTooSlow"] * 4 and len(connections) == 1 and good.requests == 5
