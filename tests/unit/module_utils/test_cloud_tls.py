# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shared connections against a real TLS server on the loopback: who is trusted, who is not, and that they are
shared.
"""

from __future__ import annotations

import http.server
import os
import ssl
import threading
import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._arm import cloud as _cloud
from ansible_collections.azureml.compute.plugins.module_utils._arm import connections
from ansible_collections.azureml.compute.plugins.module_utils._arm.cloud import Cloud
from ansible_collections.azureml.compute.plugins.module_utils._arm.retry import RetryPolicy
from ansible_collections.azureml.compute.plugins.module_utils._arm.tokens import TokenSource
from ansible_collections.azureml.compute.plugins.module_utils._arm.transport import Transport
from ansible_collections.azureml.compute.plugins.module_utils._auth import sources
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import ArmError, CredentialError
from ansible_collections.azureml.compute.tests.support.certificates import certificate
from ansible_collections.azureml.compute.tests.support.wire import ArmClient, FakeCredential
from requests import sessions


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections: set[t.Any] = set()
    seen: list[tuple[str, str | None]] = []

    def do_GET(self) -> None:
        self.connections.add(self.client_address)
        self.seen.append((self.path.split("?")[0], self.headers.get("Authorization")))
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        moved = self.path.startswith("/moved")
        self.send_response(307 if moved else 200)
        if moved:
            self.send_header("Location", f"https://{self.headers['Host']}/elsewhere")
        self.send_header("Content-Length", "10")
        self.end_headers()
        self.wfile.write(b'{"ok": 1 }')

    do_POST = do_GET

    def log_message(self, format: str, *args: t.Any) -> None:
        """Tests keep quiet."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[tuple[int, str]]:
    ca, key = certificate(tmp_path_factory.mktemp("tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca, key)
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield listener.server_port, str(ca)
    listener.shutdown()
    thread.join()
    listener.server_close()


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(connections, "_sessions", {})
    monkeypatch.setattr(_cloud, "_fetched", {})
    Handler.connections.clear()
    Handler.seen.clear()


def client(host: str, port: int, verify: bool | str) -> ArmClient:
    cloud = Cloud("test", f"https://{host}:{port}", f"https://{host}:{port}", "")
    tokens = TokenSource(FakeCredential, cloud.scope)
    return ArmClient(cloud, tokens, Transport("tests/1.0", verify), RetryPolicy(retries=0))


def test_a_named_authority_is_trusted_and_connections_are_shared(server: tuple[int, str]) -> None:
    port, ca = server
    for _time in range(3):
        assert client("127.0.0.1", port, ca).get("/x", "1") == {"ok": 1}
    assert len(Handler.connections) == 1


def test_the_bundle_of_the_environment_is_trusted(server: tuple[int, str], monkeypatch: pytest.MonkeyPatch) -> None:
    port, ca = server
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ca)
    assert client("127.0.0.1", port, True).get("/x", "1") == {"ok": 1}


def test_the_proxies_of_the_environment_are_read_once_for_each_host_and_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in connections._NAMES:
        monkeypatch.delenv(name, raising=False)
    session, reads = connections.session_for(False), []
    read = sessions.get_environ_proxies
    monkeypatch.setattr(
        sessions, "get_environ_proxies", lambda *args, **more: reads.append(args) or read(*args, **more)
    )

    def proxies(url: str) -> dict[str, str]:
        return dict(session.merge_environment_settings(url, {}, None, None, None)["proxies"])

    one, other = "https://one.example.org/a", "https://other.example.org/b"
    assert [proxies(one), proxies(one), proxies(other)] == [{}, {}, {}] and len(reads) == 2
    # As the next item of a loop may have it.
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "other.example.org")
    for _time in range(2):
        assert (proxies(one), proxies(other)) == ({"https": "http://proxy:3128", "no": "other.example.org"}, {})
    assert len(reads) == 4
    proxies(one).clear()
    given = session.merge_environment_settings(one, {"https": "http://another:1"}, None, None, None)["proxies"]
    assert given["https"] == "http://another:1" and proxies(one)["https"] == "http://proxy:3128"
    monkeypatch.delenv("HTTPS_PROXY")
    assert "https" not in proxies(one)


def test_an_unknown_authority_is_refused_and_gets_no_token(server: tuple[int, str]) -> None:
    port, _ca = server
    with pytest.raises(ArmError) as caught:
        client("127.0.0.1", port, True).get("/x", "1")
    assert caught.value.code == "CertificateNotTrusted"
    assert not Handler.connections


def test_another_host_name_is_refused(server: tuple[int, str]) -> None:
    port, ca = server
    with pytest.raises(ArmError) as caught:
        client("localhost", port, ca).get("/x", "1")
    assert caught.value.code == "CertificateNotTrusted"


@pytest.mark.filterwarnings("ignore:Unverified HTTPS")
def test_only_false_checks_nothing(server: tuple[int, str]) -> None:
    port, _ca = server
    assert client("localhost", port, False).get("/x", "1") == {"ok": 1}
    with pytest.raises(ArmError):
        client("localhost", port, True).get("/x", "1")


def test_authorities_that_are_not_there_are_named() -> None:
    with pytest.raises(CredentialError) as caught:
        client("127.0.0.1", 1, "/not/there.pem")
    assert caught.value.code == "AuthoritiesUnreadable"
    assert "/not/there.pem" in caught.value.message


@pytest.mark.parametrize(
    "content", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n"]
)
def test_broken_authorities_are_an_error_and_never_none_at_all(
    server: tuple[int, str], content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, _ca = server
    (tmp_path / "ca.pem").write_text(content)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        with monkeypatch.context() as context:
            context.setenv(name, str(tmp_path / "ca.pem"))
            context.setattr(connections, "_sessions", {})
            with pytest.raises(CredentialError) as caught:
                client("127.0.0.1", port, sources._authorities(os.environ)).get("/x", "1")
            assert caught.value.code == "AuthoritiesUnreadable"
    assert not Handler.seen


def test_nothing_but_cert_validation_mode_stops_the_checking(
    server: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, _ca = server
    for name in (
        "PYTHONHTTPSVERIFY",
        "CURL_CA_BUNDLE",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_FILE",
        "AZURE_CLI_DISABLE_CONNECTION_VERIFICATION",
    ):
        for value in ("", "0", "false", "1"):
            with monkeypatch.context() as context:
                context.setenv(name, value)
                context.setattr(connections, "_sessions", {})
                with pytest.raises((ArmError, CredentialError)) as caught:
                    client("127.0.0.1", port, sources._authorities(os.environ)).get("/x", "1")
                assert caught.value.code in ("CertificateNotTrusted", "AuthoritiesUnreadable"), (name, value)
    assert not Handler.seen


@pytest.mark.parametrize("method", ["get", "put", "post", "delete", "patch"])
def test_a_redirect_is_not_followed(server: tuple[int, str], method: str) -> None:
    port, ca = server
    with pytest.raises(ArmError):
        getattr(client("127.0.0.1", port, ca), method)("/moved", "1")
    assert {path for path, _token in Handler.seen} <= {"/moved"}


def test_a_redirect_of_the_metadata_is_not_followed(server: tuple[int, str]) -> None:
    port, ca = server
    with pytest.raises(CredentialError) as caught:
        _cloud.find_cloud({"cloud_environment": f"https://127.0.0.1:{port}/moved/metadata/endpoints"}, {}, verify=ca)
    assert "307" in caught.value.message
    assert [path for path, _token in Handler.seen] == ["/moved/metadata/endpoints"]


def test_a_redirect_of_the_sign_in_is_not_followed(server: tuple[int, str]) -> None:
    """azure-identity's own business; the secret stands in the body, which 307 would send again."""
    port, ca = server
    cloud = Cloud("test", f"https://127.0.0.1:{port}", f"https://127.0.0.1:{port}", "", origin="metadata")
    sign_in = sources.sign_in({"client_id": "id", "secret": "word", "tenant": "moved"}, {"SSL_CERT_FILE": ca})
    with pytest.raises(CredentialError):
        sign_in.credential(cloud).token()
    assert Handler.seen and all(path.startswith("/moved") for path, _token in Handler.seen)


@pytest.mark.parametrize(
    "options", [{"adfs_authority_url": "http://sts.example/adfs"}, {"adfs_authority_url": "http://login.example"}]
)
def test_a_secret_is_not_sent_without_tls(options: dict[str, str]) -> None:
    sign_in = sources.sign_in({"client_id": "id", "secret": "word", "tenant": "tenant", **options}, {})
    with pytest.raises(CredentialError) as caught:
        sign_in.credential(_cloud.PUBLIC).token()
    assert "https" in caught.value.message and "word" not in caught.value.message


def test_the_netrc_file_replaces_no_token_and_is_sent_nowhere(
    server: tuple[int, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, ca = server
    (tmp_path / "netrc").write_text("default login me password word\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert client("127.0.0.1", port, ca).get("/x", "1") == {"ok": 1}
    with pytest.raises(CredentialError):
        _cloud.find_cloud({"cloud_environment": f"https://127.0.0.1:{port}/metadata/endpoints"}, {}, verify=ca)
    assert [token for _path, token in Handler.seen] == ["Bearer token-1", None]
