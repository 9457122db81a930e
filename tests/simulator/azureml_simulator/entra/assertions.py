# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client assertions: by a registered certificate (RFC 7523), or by a trusted issuer (workload identity federation).

"Microsoft identity platform application authentication certificate credentials" and "Workload identity federation".
The HTTP status of the federation refusals is a guess.
"""

from __future__ import annotations

import time
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from azureml_simulator.entra.tokens import TokenError, split_token, verify_signature

FEDERATION_AUDIENCE = "api://AzureADTokenExchange"


class AssertionRefusedError(Exception):
    """Why an assertion is refused."""

    def __init__(self, number: int, text: str, status: int = 401, error: str = "invalid_client") -> None:
        super().__init__(text)
        self.number, self.status, self.error = number, status, error


def check_assertion(entry: dict[str, Any], assertion: str, base_url: str, tenant: str) -> None:
    """Refuse an assertion that is not by this application or by an issuer that it trusts."""
    try:
        _header, claims, _signed, _signature = split_token(assertion)
    except TokenError as error:
        raise AssertionRefusedError(50027, "JWT token is invalid or malformed.", 400, "invalid_request") from error
    if float(claims.get("exp", 0)) <= time.time():
        raise AssertionRefusedError(700024, "Client assertion is not within its valid time range.")
    if str(claims.get("iss", "")).lower() == entry["app_id"].lower():
        _check_certificate(entry, assertion, claims, base_url, tenant)
    else:
        _check_federation(entry, assertion, claims)


def _public_key(pem: str) -> rsa.RSAPublicKey:
    data = pem.encode()
    key: object
    if "BEGIN CERTIFICATE" in pem:
        key = x509.load_pem_x509_certificate(data).public_key()
    else:
        key = serialization.load_pem_public_key(data)
    if not isinstance(key, rsa.RSAPublicKey):
        raise AssertionRefusedError(50027, "Only RSA keys are accepted.", 400, "invalid_request")
    return key


def _signed_by(assertion: str, pem: str) -> bool:
    try:
        verify_signature(assertion, _public_key(pem))
    except TokenError:
        return False
    return True


def _check_certificate(
    entry: dict[str, Any], assertion: str, claims: dict[str, Any], base_url: str, tenant: str
) -> None:
    if not str(claims.get("aud", "")).lower().startswith(f"{base_url}/{tenant}/".lower()):
        raise AssertionRefusedError(
            700023, f"Client assertion audience claim does not match Realm issuer. Audience: {claims.get('aud')}."
        )
    if not any(_signed_by(assertion, pem) for pem in entry["certificates"]):
        raise AssertionRefusedError(
            700027,
            "The certificate with identifier used to sign the client assertion is not registered on application.",
        )


def _check_federation(entry: dict[str, Any], assertion: str, claims: dict[str, Any]) -> None:
    presented = (str(claims.get("iss")), str(claims.get("sub")))
    for trust in entry["federated"]:
        if (trust["issuer"], trust["subject"]) != presented:
            continue
        audience = trust.get("audience", FEDERATION_AUDIENCE)
        given = claims.get("aud")
        if audience not in (given if isinstance(given, list) else [given]):
            raise AssertionRefusedError(
                700212, f"No matching federated identity record found for presented assertion audience '{given}'."
            )
        if not _signed_by(assertion, trust["public_key"]):
            raise AssertionRefusedError(5000223, "The signature of the federated token is not valid.")
        return
    raise AssertionRefusedError(
        70021,
        "No matching federated identity record found for presented assertion. Assertion Issuer: "
        f"'{presented[0]}'. Assertion Subject: '{presented[1]}'. Assertion Audience: '{claims.get('aud')}'.",
    )
