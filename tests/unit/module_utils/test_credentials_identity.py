# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign-in through the real azure-identity on a scripted token endpoint: what goes over the wire, and how refusals
read.
"""

from __future__ import annotations

import json
import sys
import typing as t
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._arm import connections
from ansible_collections.azureml.compute.plugins.module_utils._arm.cloud import PUBLIC, US_GOVERNMENT, Cloud
from ansible_collections.azureml.compute.plugins.module_utils._arm.tokens import TokenSource, claims_challenge, refused
from ansible_collections.azureml.compute.plugins.module_utils._auth.credentials import SignIn, build
from ansible_collections.azureml.compute.plugins.module_utils._auth.sources import sign_in
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import CredentialError
from ansible_collections.azureml.compute.tests.support.wire import FakeCredential, Token
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.core.pipeline.transport import HttpTransport
from azure.identity import CredentialUnavailableError

SECRET = "s3cret-value"
SP = {"AZURE_CLIENT_ID": "id", "AZURE_SECRET": SECRET, "AZURE_TENANT": "tenant"}


class _Answer:
    """As much of azure-core's older response as MSAL's client reads."""

    def __init__(self, request: t.Any, status: int, body: dict[str, t.Any]) -> None:
        self.request = request
        self.status_code = status
        self.headers = {"Content-Type": "application/json"}
        self.content_type = "application/json"
        self.reason = ""
        self._body = json.dumps(body)

    def text(self, encoding: str | None = None) -> str:
        return self._body

    def body(self) -> bytes:
        return self._body.encode()


class EntraId(HttpTransport):
    """The sign-in service: tenant discovery for any authority, and one answer for every token request."""

    def __init__(
        self, status: int = 200, answer: dict[str, t.Any] | None = None, error: BaseException | None = None
    ) -> None:
        self.status = status
        self.answer = answer or {"access_token": "token", "expires_in": 3600, "token_type": "Bearer"}
        self.error = error
        self.asked: list[str] = []
        self.forms: list[dict[str, str]] = []

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    def __exit__(self, *exc: object) -> None:
        self.close()

    def sleep(self, duration: float) -> None:
        """azure-identity's own retries take no time here."""

    def send(self, request: t.Any, **kwargs: t.Any) -> t.Any:
        self.asked.append(f"{request.method} {request.url}")
        if self.error is not None:
            raise self.error
        if request.method == "GET":
            base = request.url.split("/.well-known", 1)[0]
            return _Answer(
                request,
                200,
                {"issuer": base, "authorization_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/token"},
            )
        body = request.body if isinstance(request.body, dict) else parse_qs(request.body)
        self.forms.append({key: value[0] if isinstance(value, list) else value for key, value in body.items()})
        return _Answer(request, self.status, self.answer)


def tokens(environ: dict[str, str], server: EntraId, cloud: Cloud = PUBLIC, **options: t.Any) -> TokenSource:
    return sign_in(options, {"HOME": "/nowhere", **environ}).credential(cloud, transport=server)


def test_a_secret_costs_one_discovery_and_one_token_request() -> None:
    server = EntraId()
    source = tokens(SP, server)
    assert source.token() == source.token() == "token"
    login = "https://login.microsoftonline.com/tenant"
    assert server.asked == [f"GET {login}/v2.0/.well-known/openid-configuration", f"POST {login}/v2.0/token"]
    assert (server.forms[0]["client_id"], server.forms[0]["scope"]) == ("id", "https://management.azure.com/.default")


def test_a_federated_token_file_is_read_and_costs_one_request(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("assertion\n", encoding="utf-8")
    server = EntraId()
    environ = {"AZURE_CLIENT_ID": "id", "AZURE_TENANT_ID": "tenant", "AZURE_FEDERATED_TOKEN_FILE": str(path)}
    assert tokens(environ, server).token() == "token"
    assert len(server.asked) == 1
    assert server.forms[0]["client_assertion"] == "assertion"


def test_a_missing_token_file_is_our_error() -> None:
    environ = {"AZURE_CLIENT_ID": "id", "AZURE_TENANT_ID": "tenant", "AZURE_FEDERATED_TOKEN_FILE": "/not/there"}
    with pytest.raises(CredentialError) as caught:
        tokens(environ, EntraId()).token()
    assert "/not/there" in caught.value.message


def test_a_missing_certificate_is_our_error() -> None:
    environ = {"AZURE_CLIENT_ID": "id", "AZURE_TENANT": "tenant", "AZURE_CLIENT_CERTIFICATE_PATH": "/not/there.pem"}
    with pytest.raises(CredentialError) as caught:
        tokens(environ, EntraId()).token()
    assert "/not/there.pem" in caught.value.message


METADATA_CLOUD = Cloud("Sim", "https://127.0.0.1:1", "https://127.0.0.1:2", "", origin="metadata")


@pytest.mark.parametrize(
    "cloud, environ, host",
    [
        (METADATA_CLOUD, {}, "https://127.0.0.1:2/tenant"),
        (METADATA_CLOUD, {"AZURE_AUTHORITY_HOST": "https://login.microsoftonline.us"}, "https://127.0.0.1:2/tenant"),
        (
            PUBLIC,
            {"AZURE_AUTHORITY_HOST": "https://login.microsoftonline.us/"},
            "https://login.microsoftonline.us/tenant",
        ),
        (Cloud(**{**US_GOVERNMENT.__dict__, "origin": "name"}), {}, "https://login.microsoftonline.us/tenant"),
        (PUBLIC, {"AZURE_ADFS_AUTHORITY_URL": "https://sts.contoso.example/adfs/"}, "https://sts.contoso.example/adfs"),
        (PUBLIC, {"AZURE_ADFS_AUTHORITY_URL": "https://login.contoso.example"}, "https://login.contoso.example/tenant"),
    ],
)
def test_the_authority(cloud: Cloud, environ: dict[str, str], host: str) -> None:
    server = EntraId()
    tokens({**SP, **environ}, server, cloud).token()
    assert len(server.asked) == 2
    assert all(host + "/" in asked for asked in server.asked)


def test_instance_discovery_can_be_asked_for() -> None:
    server = EntraId(error=ServiceRequestError("stop"))
    with pytest.raises(CredentialError):
        tokens(SP, server, METADATA_CLOUD, disable_instance_discovery=False).token()
    assert "/common/discovery/instance" in server.asked[0]


def test_a_wrong_secret_keeps_the_code_and_hides_the_secret() -> None:
    text = f"AADSTS7000215: Invalid client secret provided: {SECRET}. Trace ID: x"
    server = EntraId(401, {"error": "invalid_client", "error_description": text})
    with pytest.raises(CredentialError) as caught:
        tokens(SP, server).token()
    error = caught.value
    assert error.code == "AADSTS7000215"
    assert error.message.startswith("Sign-in with the environment (client secret) failed: AADSTS7000215")
    assert SECRET not in str(error.failure())
    assert "secret is wrong" in (error.hint or "")


def test_an_unreachable_sign_in_address() -> None:
    with pytest.raises(CredentialError) as caught:
        tokens(SP, EntraId(error=ServiceRequestError("Failed to resolve 'login'"))).token()
    assert caught.value.code == "SignInUnreachable"


@pytest.mark.parametrize(
    "error, code",
    [
        (ClientAuthenticationError("AADSTS90002: Tenant 'x' not found."), "AADSTS90002"),
        (ClientAuthenticationError("AADSTS99999: new"), "AADSTS99999"),
        (CredentialUnavailableError("Azure CLI not found on path"), "CredentialUnavailable"),
        (ServiceRequestError("CERTIFICATE_VERIFY_FAILED"), "SignInUnreachable"),
        (RuntimeError("what"), "AuthenticationFailed"),
    ],
)
def test_refusals(error: BaseException, code: str) -> None:
    refusal = refused(error, "Azure CLI (az login)")
    assert refusal.code == code
    assert "Azure CLI (az login)" in refusal.message


def test_a_managed_identity_asks_with_its_client_id() -> None:
    signed_in = sign_in({"auth_source": "msi", "client_id": "mine"}, {"HOME": "/nowhere"})
    with pytest.raises(CredentialError) as caught:
        signed_in.credential(PUBLIC, transport=EntraId(error=ServiceRequestError("no endpoint"))).token()
    assert "managed identity of this machine (mine)" in caught.value.message


class Ageing(FakeCredential):
    def get_token_info(self, *scopes: str, options: dict[str, t.Any] | None = None) -> Token:
        super().get_token_info(*scopes, options=options)
        return Token(f"token-{len(self.asked)}", expires_on=1000.0 * len(self.asked))


def test_a_token_is_replaced_before_it_ends() -> None:
    now = [0.0]
    source = TokenSource(lambda: credential, "scope", now=lambda: now[0])
    credential = Ageing()
    assert [source.token(), source.token()] == ["token-1", "token-1"]
    now[0] = 701.0
    assert [source.token(), source.token()] == ["token-2", "token-2"]


def test_a_token_that_another_thread_replaced_is_kept() -> None:
    credential = FakeCredential()
    source = TokenSource(lambda: credential, "scope")
    first = source.token()
    source.renew(first)
    source.renew(first)
    assert len(credential.asked) == 2


def test_it_serves_azure_libraries_too() -> None:
    source = tokens(SP, EntraId())
    assert source.get_token("https://storage.azure.com/.default").token == "token"
    assert source.get_token_info("https://storage.azure.com/.default", options={"enable_cae": True}).token == "token"


@pytest.mark.parametrize(
    "header",
    [
        "",
        'Bearer error="invalid_token", claims="e30"',
        'Bearer error="insufficient_claims"',
        'Bearer error="insufficient_claims", claims="*"',
        'Bearer error="insufficient_claims", claims="_w"',
    ],
)
def test_no_claims(header: str) -> None:
    assert claims_challenge(header) is None


def test_the_claims_that_are_asked_for() -> None:
    assert claims_challenge('Bearer error="insufficient_claims", claims="eyJhIjoxfQ"') == '{"a":1}'


@pytest.mark.parametrize(
    ("source", "what_to_do"), [("managed identity", "assign one to it"), ("Azure CLI (az login)", "Run `az login`")]
)
def test_a_source_that_is_not_there_says_what_to_do(source: str, what_to_do: str) -> None:
    assert what_to_do in (refused(CredentialUnavailableError("none"), source).hint or "")


def test_the_cli_is_asked_for_the_tenant_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    from azure import identity

    asked: list[dict[str, t.Any]] = []
    monkeypatch.setattr(identity, "AzureCliCredential", lambda **options: asked.append(options))
    for tenant in ("t", None):
        build(SignIn(source="Azure CLI (az login)", method="azure_cli", tenant=tenant), PUBLIC)
    assert [request["tenant_id"] for request in asked] == ["t", ""]


def test_a_library_that_is_missing_is_named_with_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    import azure

    monkeypatch.delattr(azure, "identity", raising=False)
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    monkeypatch.setitem(sys.modules, "azure.core.pipeline.transport", None)
    monkeypatch.setitem(sys.modules, "requests", None)
    for package, use in (
        ("azure-identity", lambda: tokens(SP, EntraId()).token()),
        ("azure-core", lambda: connections.transport_for(True)),
        ("requests", lambda: connections._new_session(True)),
    ):
        with pytest.raises(CredentialError) as caught:
            use()
        assert caught.value.code == "LibraryMissing"
        assert caught.value.message == f"The Python package {package} is not installed for {sys.executable}."
        assert f"{sys.executable} -m pip install {package}" in (caught.value.hint or "")
