# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ARM's check of the bearer token; the refusals are those of ARM's gateway (docs/facts.md b.2 [ARM])."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from azureml_simulator.entra.directory import TENANT
from azureml_simulator.entra.tokens import Issuer, TokenError
from azureml_simulator.http import ArmError, Principal, Request

PUBLIC_AUDIENCES = ("https://management.core.windows.net/", "https://management.azure.com/")


def allowed_audiences(base_url: str) -> list[str]:
    return [f"{base_url}/", *PUBLIC_AUDIENCES]


def _challenge(request: Request, text: str) -> dict[str, str]:
    value = f'Bearer authorization_uri="{request.base_url}/{TENANT}", error="invalid_token", error_description="{text}"'
    return {"WWW-Authenticate": value}


def _refuse(request: Request, code: str, message: str) -> ArmError:
    return ArmError(401, code, message, headers=_challenge(request, message))


def _moment(stamp: float) -> str:
    return datetime.fromtimestamp(stamp, UTC).strftime("%m/%d/%Y %H:%M:%S")


def authenticate(request: Request, issuer: Issuer) -> Principal:
    """The principal of the request's token, or ARM's 401."""
    kind, _space, token = str(request.headers.get("authorization", "")).partition(" ")
    if not token or kind.lower() != "bearer":
        raise ArmError(
            401,
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
            headers=_challenge(request, "The authentication failed because of missing 'Authorization' header."),
        )
    try:
        claims = issuer.read(token.strip())
    except TokenError as error:
        raise _refuse(request, "InvalidAuthenticationToken", "The access token is invalid.") from error
    now = time.time()
    if claims["exp"] <= now:
        raise _refuse(
            request,
            "ExpiredAuthenticationToken",
            f"The access token expiry UTC time '{_moment(claims['exp'])}' is earlier than current UTC time "
            f"'{_moment(now)}'.",
        )
    allowed = allowed_audiences(request.base_url)
    if claims["aud"].rstrip("/").lower() not in {entry.rstrip("/").lower() for entry in allowed}:
        raise _refuse(
            request,
            "InvalidAuthenticationTokenAudience",
            f"The access token has been obtained for wrong audience or resource '{claims['aud']}'. It should exactly "
            f"match with one of the allowed audiences '{','.join(allowed)}'.",
        )
    if claims["tid"].lower() != TENANT:
        raise _refuse(
            request,
            "InvalidAuthenticationTokenTenant",
            f"The access token is from the wrong issuer '{claims['iss']}'. It must match the tenant "
            f"'https://sts.windows.net/{TENANT}/' associated with this subscription. Please use the authority (URL) "
            f"'{request.base_url}/{TENANT}' to get the token.",
        )
    kind_of = "User" if claims["idtyp"] == "user" else "ServicePrincipal"
    return Principal(claims["oid"], claims["appid"], claims["tid"], claims.get("upn", claims["appid"]), kind_of)
