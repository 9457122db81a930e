# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of the sign-in, tokens and signatures: in no output, however the service refuses them or says them back."""

from __future__ import annotations

import json
import logging
import os
import typing as t
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._arm.client import ArmClient
from ansible_collections.azureml.compute.plugins.module_utils._arm.cloud import PUBLIC
from ansible_collections.azureml.compute.plugins.module_utils._arm.transport import Transport
from ansible_collections.azureml.compute.plugins.module_utils._auth import credentials, sources
from ansible_collections.azureml.compute.tests.support import azure as harness
from ansible_collections.azureml.compute.tests.support.azure import Azure
from ansible_collections.azureml.compute.tests.support.planted import (
    CLUSTER,
    MARK,
    TENANT,
    Case,
    Options,
    Watched,
    echo,
    secret,
    watch,
)
from azure.core.exceptions import ServiceResponseError
from azureml_simulator.variables import CLIENT_SETTINGS


@pytest.fixture
def watched(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Watched:
    return watch(azure, monkeypatch, capsys, tmp_path)


class _IdentityResponse(harness._Response):
    """With what MSAL's client asks an answer for as well."""

    content_type = "application/json"

    def text(self, encoding: str | None = None) -> str:
        return str(self.content.decode())

    def body(self) -> bytes:
        return bytes(self.content)


class _SignInService(harness._InProcess):
    """The simulator's token endpoint for azure-identity."""

    def send(self, request: t.Any, **kwargs: t.Any) -> t.Any:
        if request.data and not isinstance(request.data, (str, bytes)):
            request.data = urlencode(request.data)
        answer = self.azure.app.call(
            request.method,
            request.url,
            (request.data or "").encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        return _IdentityResponse(request, answer)


NOBODY = {"client_id": None, "secret": None, "tenant": None}
WORD = secret("SignIn")
# A JWT has no characters that need escaping.
ASSERTION = f"{MARK}Header.{MARK}Payload-_.{MARK}Signature"
SIGN_INS: dict[str, tuple[Options, dict[str, str]]] = {
    "secret": ({"secret": WORD}, {}),
    "secret-of-the-environment": (NOBODY, {"AZURE_CLIENT_ID": "client", "AZURE_TENANT": TENANT, "AZURE_SECRET": WORD}),
    "password": ({**NOBODY, "ad_user": "me@example.org", "password": WORD}, {}),
    "password-of-the-environment": (NOBODY, {"AZURE_AD_USER": "me@example.org", "AZURE_PASSWORD": WORD}),
    "token": ({"secret": None, "oidc_token": ASSERTION}, {}),
    "token-of-the-environment": (
        NOBODY,
        {"AZURE_CLIENT_ID": "client", "AZURE_TENANT": TENANT, "AZURE_FEDERATED_TOKEN": ASSERTION},
    ),
    "token-file": ({"secret": None, "oidc_token_file_path": "FOLDER/token"}, {}),
    "certificate-password": (
        {**NOBODY},
        {
            "AZURE_CLIENT_ID": "client",
            "AZURE_TENANT": TENANT,
            "AZURE_CLIENT_CERTIFICATE_PATH": "FOLDER/certificate.pem",
            "AZURE_CLIENT_CERTIFICATE_PASSWORD": WORD,
        },
    ),
    "credential-file": ({**NOBODY, "profile": "vision"}, {}),
}


def without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(CLIENT_SETTINGS)]:
        monkeypatch.delenv(name)


@pytest.fixture(params=SIGN_INS)
def sign_in(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    options, environment = SIGN_INS[request.param]
    without_settings(monkeypatch)
    for name, value in environment.items():
        monkeypatch.setenv(name, value.replace("FOLDER", str(tmp_path)))
    (tmp_path / "token").write_text(ASSERTION + "\n")
    (tmp_path / "certificate.pem").write_text(
        f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{MARK}PrivateKeyOfCertificate\n-----END ENCRYPTED PRIVATE KEY-----\n"
    )
    (tmp_path / ".azure").mkdir()
    profile = f"[vision]\nclient_id=client\ntenant={TENANT}\nsecret={WORD}\nsubscription_id={harness.SUBSCRIPTION}\n"
    (tmp_path / ".azure" / "credentials").write_text(profile)
    for file in ("certificate.pem", ".azure/credentials"):
        (tmp_path / file).chmod(0o600)
    monkeypatch.setattr(sources._Given, "home", str(tmp_path))
    given = {
        name: value.replace("FOLDER", str(tmp_path)) if isinstance(value, str) else value
        for name, value in options.items()
    }
    planted = ASSERTION if "token" in request.param else WORD
    return Case(
        CLUSTER,
        {**given, "name": "target-a", "size": "Standard_DS3_v2", "max_instances": 1},
        "computes/target-a",
        [planted],
        {},
    )


def test_the_way_to_sign_in(watched: Watched, sign_in: Case) -> None:
    done = watched.run(sign_in)
    assert done["auth"]["client_id"] and done["auth"]["tenant"] and done["auth"]["source"]
    message = {
        "kind": "status",
        "status": 400,
        "message": echo(sign_in.secrets),
        "match": {"method": "PATCH"},
        "count": 9,
    }
    watched.azure.app.faults.put([message])
    assert watched.run(sign_in, ok=False, max_instances=2)["failure"]["message"].startswith("Refused: ***")


def test_a_refused_sign_in(watched: Watched, sign_in: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """azure-identity itself, against a token endpoint that says the secret back."""
    azure = watched.azure
    monkeypatch.setattr(credentials, "transport_for", lambda verify: _SignInService(azure))
    # As in a module's own process, where Python prints to stderr what nobody handles.
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.getLogger("azure"), "handlers", [])
    monkeypatch.setattr(
        azure,
        "_client",
        lambda task: ArmClient(PUBLIC, task.credential, Transport("test", wire=harness._InProcess(azure))),
    )
    said = json.dumps(
        {
            "error": "invalid_client",
            "error_description": f"AADSTS7000215: {echo(sign_in.secrets)}",
            "error_codes": [7000215],
        }
    )
    azure.app.faults.put(
        [
            {
                "kind": "content_type",
                "content_type": "application/json",
                "body": said,
                "match": {"path": "/token"},
                "count": 99,
            }
        ]
    )
    failed = watched.run(sign_in, ok=False)
    assert failed["failure"]["code"] in ("AADSTS7000215", "AuthenticationFailed"), failed["failure"]


def test_a_credential_file_that_cannot_be_read(
    watched: Watched, sign_in: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".azure" / "credentials").write_text(f"[vision]\nsecret\n = {WORD}\n{WORD}\n[vision]\n")
    without_settings(monkeypatch)
    options = {
        **NOBODY,
        **{name: None for name in ("ad_user", "password", "oidc_token", "oidc_token_file_path")},
        "profile": "vision",
    }
    assert watched.run(sign_in, ok=False, **options)["failure"]["code"] == "CredentialIncomplete"


# --- what the service gives ---


def test_a_token_that_the_service_says_back(watched: Watched, azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    send = harness._InProcess.send
    tokens: list[str] = []

    def echoing(self: t.Any, request: t.Any, **kwargs: t.Any) -> t.Any:
        answer = send(self, request, **kwargs)
        if request.method == "PUT":
            tokens.append(request.headers["Authorization"])
            answer.status_code, answer.content = (
                400,
                json.dumps({"error": {"code": "Bad", "message": f"Not understood: {tokens[0]}"}}).encode(),
            )
        return answer

    monkeypatch.setattr(harness._InProcess, "send", echoing)
    case = Case(CLUSTER, {"name": "target-a", "size": "Standard_DS3_v2", "max_instances": 1}, "", [], {})
    failed = watched.run(case, ok=False)
    assert failed["failure"]["message"] == "Not understood: Bearer ***"
    assert tokens[0].removeprefix("Bearer ") not in azure.text


def test_signatures_of_addresses(watched: Watched, azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operation's address is in ``operation`` as it is, since who wants to go on needs it; no message has its signature."""
    azure.app.configure({"guesses": {"signed_polls": True}})
    case = Case(CLUSTER, {"name": "target-a", "size": "Standard_DS3_v2", "max_instances": 1}, "", [], {})
    begun = watched.run(case, wait=False)
    (signature,) = [value for name, value in parse_qsl(urlsplit(begun["operation"]["url"]).query) if name == "s"]
    assert len(signature) > 8
    assert signature in begun["operation"]["url"]
    azure.app.clock.advance(600)
    watched.run(case, max_instances=3)
    polled = [entry for entry in azure.app.log.entries() if "s" in entry["query"]]
    assert polled and all(request["query"]["s"] == "***" for request in polled)

    send = harness._InProcess.send

    def failing(self: t.Any, request: t.Any, **kwargs: t.Any) -> t.Any:
        if "s=" in request.url:
            path = request.url.partition(".com")[2]
            raise ServiceResponseError(
                f"HTTPSConnectionPool(host='management.azure.com', port=443): Max retries exceeded with url: {path} (Caused by X('y'))"
            )
        return send(self, request, **kwargs)

    monkeypatch.setattr(harness._InProcess, "send", failing)
    failed = watched.run(case, ok=False, max_instances=2)
    assert failed["failure"]["code"] == "WaitTimeout" and "No answer to GET" in failed["msg"], failed["msg"]
    signed = failed["failure"]["details"]["operation"]["url"]
    (signature,) = [value for name, value in parse_qsl(urlsplit(signed).query) if name == "s"]
    texts = [
        failed["msg"],
        failed["failure"]["message"],
        failed["failure"]["hint"],
        *failed["warnings"],
        failed.get("exception", ""),
    ]
    for text in texts:
        assert (
            signature not in text and quote(signature, safe="") not in text and "&s=" not in text.replace("&s=***", "")
        )
