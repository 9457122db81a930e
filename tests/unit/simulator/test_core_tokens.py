# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets a token from the simulated Entra ID, and what ARM says to the others (docs/facts.md b.2)."""

from __future__ import annotations

import datetime
import time
import uuid
from typing import Any
from urllib.parse import urlencode

import pytest
from azureml_simulator.app import App
from azureml_simulator.entra.directory import CLIENT, DEFAULT_SUBSCRIPTION, MACHINE, TENANT
from azureml_simulator.entra.tokens import Issuer, split_token
from azureml_simulator.http import Response
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

BASE = "https://127.0.0.1:443"
ARM = "https://management.azure.com/.default"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GROUPS = f"/subscriptions/{DEFAULT_SUBSCRIPTION}/resourceGroups?api-version=2021-04-01"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
def app() -> App:
    return App(secret="right")


def ask(app: App, tenant: str = TENANT, version: str = "v2.0/", **form: str) -> Response:
    fields = {"grant_type": "client_credentials", "client_id": CLIENT, "scope": ARM, **form}
    url = f"/{tenant}/oauth2/{version}token"
    return app.call("POST", url, urlencode(fields).encode(), headers=FORM)


def test_a_right_secret_gives_a_token_that_arm_takes(app: App) -> None:
    answer = ask(app, client_secret="right")
    assert answer.status == 200
    claims = split_token(answer.body["access_token"])[1]
    assert (claims["aud"], claims["tid"], claims["appid"]) == ("https://management.azure.com", TENANT, CLIENT)
    assert claims["exp"] - claims["iat"] == answer.body["expires_in"] == 3599
    assert app.call("GET", GROUPS, token=answer.body["access_token"]).status == 200


def test_the_v1_endpoint_takes_a_resource(app: App) -> None:
    answer = ask(app, version="", client_secret="right", resource="https://management.core.windows.net/")
    assert answer.status == 200 and answer.body["resource"] == "https://management.core.windows.net/"
    assert answer.body["expires_in"] == "3599"
    assert app.call("GET", GROUPS, token=answer.body["access_token"]).status == 200


@pytest.mark.parametrize(
    ("changes", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({}, 401, "invalid_client", 7000218),
        ({"client_id": str(uuid.uuid4()), "client_secret": "right"}, 400, "unauthorized_client", 700016),
        ({"tenant": str(uuid.uuid4()), "client_secret": "right"}, 400, "invalid_request", 90002),
        ({"scope": "https://management.azure.com", "client_secret": "right"}, 400, "invalid_scope", 1002012),
        ({"scope": "https://nowhere.test/.default", "client_secret": "right"}, 400, "invalid_resource", 500011),
        ({"scope": "", "client_secret": "right"}, 400, "invalid_request", 900144),
        ({"grant_type": "magic", "client_secret": "right"}, 400, "unsupported_grant_type", 70003),
        ({"grant_type": "password", "username": "a@b.test", "password": "x"}, 400, "invalid_grant", 50034),
    ],
)
def test_refusals(app: App, changes: dict[str, str], status: int, error: str, number: int) -> None:
    answer = ask(app, **changes)
    assert (answer.status, answer.body["error"], answer.body["error_codes"]) == (status, error, [number])
    assert answer.body["error_description"].startswith(f"AADSTS{number}: ")
    assert {"timestamp", "trace_id", "correlation_id"} <= set(answer.body)


def _certificate() -> tuple[rsa.RSAPrivateKey, str]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return key, made.public_bytes(serialization.Encoding.PEM).decode()


def _claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    audience = f"{BASE}/{TENANT}/oauth2/v2.0/token"
    return {"iss": CLIENT, "sub": CLIENT, "aud": audience, "iat": now, "exp": now + 300, **changes}


def _assert(app: App, token: str) -> Response:
    return ask(app, client_assertion=token, client_assertion_type=ASSERTION_TYPE)


def test_a_registered_certificate_signs_in_and_another_does_not(app: App) -> None:
    key, pem = _certificate()
    assert app.call("PUT", "/_simulator/principals", {"app_id": CLIENT, "certificates": [pem]}).status == 200
    assert ask(app, client_secret="right").status == 200
    assert _assert(app, Issuer(key).sign(_claims())).status == 200
    other = _assert(app, Issuer(_certificate()[0]).sign(_claims()))
    assert (other.status, other.body["error_codes"]) == (401, [700027])
    late = _assert(app, Issuer(key).sign(_claims(exp=1)))
    assert (late.status, late.body["error_codes"]) == (401, [700024])
    elsewhere = _assert(app, Issuer(key).sign(_claims(aud="https://elsewhere.test/token")))
    assert (elsewhere.status, elsewhere.body["error_codes"]) == (401, [700023])


def test_a_trusted_issuer_signs_in_and_another_subject_does_not(app: App) -> None:
    key, pem = _certificate()
    trust = {"issuer": "https://ci.test", "subject": "repo:main", "public_key": pem}
    app.call("PUT", "/_simulator/principals", {"app_id": CLIENT, "federated": [trust]})
    claims = _claims(iss="https://ci.test", sub="repo:main", aud="api://AzureADTokenExchange")
    assert _assert(app, Issuer(key).sign(claims)).status == 200
    assert _assert(app, Issuer(key).sign({**claims, "sub": "repo:fork"})).body["error_codes"] == [70021]
    assert _assert(app, Issuer(key).sign({**claims, "aud": "other"})).body["error_codes"] == [700212]
    assert _assert(app, Issuer(_certificate()[0]).sign(claims)).body["error_codes"] == [5000223]


def test_a_user_signs_in_with_a_password(app: App) -> None:
    app.call(
        "PUT",
        "/_simulator/principals",
        {
            "username": "ada@sim.test",
            "password": "pw",
            "roles": [{"role": "Reader", "scope": f"/subscriptions/{DEFAULT_SUBSCRIPTION}"}],
        },
    )
    scope = "https://management.azure.com/.default openid profile offline_access"
    answer = ask(app, grant_type="password", username="ada@sim.test", password="pw", scope=scope)
    assert answer.status == 200 and "id_token" in answer.body
    assert app.call("GET", GROUPS, token=answer.body["access_token"]).status == 200
    wrong = ask(app, grant_type="password", username="ada@sim.test", password="no", scope=scope)
    assert wrong.body["error_codes"] == [50126]


def test_managed_identity(app: App) -> None:
    url = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/"
    answer = app.call("GET", url, headers={"Metadata": "true"})
    assert answer.status == 200 and answer.body["client_id"] == MACHINE
    assert app.call("GET", GROUPS, token=answer.body["access_token"]).status == 200
    assert app.call("GET", url).body["error"] == "invalid_request"
    unknown = app.call("GET", f"{url}&client_id={uuid.uuid4()}", headers={"Metadata": "true"})
    assert (unknown.status, unknown.body["error_description"]) == (400, "Identity not found")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"Authorization": ""}, "AuthenticationFailed"),
        ({"Authorization": "Basic x"}, "AuthenticationFailed"),
        ({"Authorization": "Bearer nonsense"}, "InvalidAuthenticationToken"),
    ],
)
def test_arm_challenges_without_a_token(app: App, header: dict[str, str], code: str) -> None:
    answer = app.call("GET", GROUPS, headers=header)
    assert (answer.status, answer.body["error"]["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"].startswith(f'Bearer authorization_uri="{BASE}/{TENANT}"')
    assert answer.headers["x-ms-failure-cause"] == "gateway" and "x-request-time" not in answer.headers


def test_arm_refuses_expired_foreign_and_forged_tokens(app: App) -> None:
    who = app.default_principal()

    def code(token: str) -> str:
        answer = app.call("GET", GROUPS, token=token)
        assert answer.status == 401
        return str(answer.body["error"]["code"])

    assert code(app.token(lifetime=-5)) == "ExpiredAuthenticationToken"
    assert code(app.token(audience="https://graph.microsoft.com")) == "InvalidAuthenticationTokenAudience"
    claims = split_token(app.token())[1]
    assert code(app.issuer.sign({**claims, "tid": str(uuid.uuid4())})) == "InvalidAuthenticationTokenTenant"
    forger = Issuer(rsa.generate_private_key(65537, 2048))
    assert code(forger.issue(who, "https://management.azure.com/", 3600)) == "InvalidAuthenticationToken"


def test_the_life_of_a_token_can_be_set(app: App) -> None:
    app.configure({"token": {"lifetime_seconds": 120}})
    assert ask(app, client_secret="right").body["expires_in"] == 120
