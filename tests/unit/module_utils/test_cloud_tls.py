# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shared connections against a real TLS server on the loopback: who is trusted, who is not, and that they are
shared.
"""
from __future__ import annotations

import datetime
import http.server
import ipaddress
import ssl
import threading
import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils import _http
from ansible_collections.azureml.compute.plugins.module_utils._cloud import Cloud
from ansible_collections.azureml.compute.plugins.module_utils._errors import ArmError, CredentialError
from ansible_collections.azureml.compute.tests.unit.wire import ArmClient, FakeCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections: set[t.Any] = set()

    def do_GET(self) -> None:
        self.connections.add(self.client_address)
        self.send_response(200)
        self.send_header("Content-Length", "10")
        self.end_headers()
        self.wfile.write(b'{"ok": 1 }')

    def log_message(self, format: str, *args: t.Any) -> None:
        """Tests keep quiet."""


def certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return folder / "ca.pem", folder / "key.pem"


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
    monkeypatch.setattr(_http, "_sessions", {})
    Handler.connections.clear()


def client(host: str, port: int, verify: bool | str) -> ArmClient:
    cloud = Cloud("test", f"https://{host}:{port}", f"https://{host}:{port}", "")
    return ArmClient(cloud, FakeCredential(), user_agent="tests/1.0", verify=verify, retries=0)


def test_a_named_authority_is_trusted_and_connections_are_shared(server: tuple[int, str]) -> None:
    port, ca = server
    for _ in range(3):
        assert client("127.0.0.1", port, ca).get("/x", "1") == {"ok": 1}
    assert len(Handler.connections) == 1


def test_the_bundle_of_the_environment_is_trusted(server: tuple[int, str], monkeypatch: pytest.MonkeyPatch) -> None:
    port, ca = server
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ca)
    assert client("127.0.0.1", port, True).get("/x", "1") == {"ok": 1}


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
