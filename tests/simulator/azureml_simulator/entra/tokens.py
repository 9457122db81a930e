# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed tokens (JWT, RFC 7519; RS256 and PS256 of RFC 7518): the simulated Entra ID's and its clients'."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import time
import uuid
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from azureml_simulator.http import Principal


class TokenError(Exception):
    """A token that cannot be read or whose signature is not right."""


@functools.lru_cache(maxsize=1)
def process_key() -> rsa.RSAPrivateKey:
    """One signing key for all simulators in this process that have no directory to keep one in.

    A short one: with 2048 bits, a signature takes a third of the time of a request in process.
    """
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


def encode_segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_segment(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def split_token(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Header, claims, signed bytes and signature."""
    try:
        head, payload, signature = token.split(".")
        header, claims = json.loads(decode_segment(head)), json.loads(decode_segment(payload))
        return header, claims, f"{head}.{payload}".encode(), decode_segment(signature)
    except (ValueError, UnicodeDecodeError) as error:
        raise TokenError("The token is not a JSON Web Token.") from error


def verify_signature(token: str, key: rsa.RSAPublicKey) -> dict[str, Any]:
    """The claims of a token that this key signed."""
    header, claims, signed, signature = split_token(token)
    paddings: dict[str, padding.AsymmetricPadding] = {
        "RS256": padding.PKCS1v15(),
        "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH),
    }
    scheme = paddings.get(str(header.get("alg")))
    if scheme is None:
        raise TokenError(f"The signature algorithm '{header.get('alg')}' is not accepted.")
    try:
        key.verify(signature, signed, scheme, hashes.SHA256())
    except InvalidSignature as error:
        raise TokenError("The signature of the token is not valid.") from error
    return claims


class Issuer:
    """Signs access tokens and reads them back."""

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.kid = encode_segment(hashlib.sha256(public).digest()[:20])
        self._verified: dict[str, dict[str, Any]] = {}

    def jwks(self) -> dict[str, Any]:
        numbers = self._key.public_key().public_numbers()
        modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
        exponent = numbers.e.to_bytes(3, "big")
        key = {"kty": "RSA", "use": "sig", "kid": self.kid, "alg": "RS256"}
        return {"keys": [{**key, "n": encode_segment(modulus), "e": encode_segment(exponent)}]}

    def sign(self, claims: dict[str, Any]) -> str:
        header = {"typ": "JWT", "alg": "RS256", "kid": self.kid}
        signed = ".".join(encode_segment(json.dumps(part).encode()) for part in (header, claims))
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{encode_segment(signature)}"

    def issue(self, principal: Principal, audience: str, lifetime: float, version: str = "1.0") -> str:
        """An access token as Entra ID gives it to ARM's audiences."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{principal.tenant}/",
            "iat": now,
            "nbf": now - 300 if lifetime > 0 else now + int(lifetime) - 300,
            "exp": now + int(lifetime),
            "appid": principal.app_id,
            "oid": principal.object_id,
            "sub": principal.object_id,
            "tid": principal.tenant,
            "idtyp": "user" if principal.kind == "User" else "app",
            "uti": uuid.uuid4().hex,
            "ver": version,
        }
        if principal.kind == "User":
            claims |= {"upn": principal.name, "unique_name": principal.name, "scp": "user_impersonation"}
        return self.sign(claims)

    def read(self, token: str) -> dict[str, Any]:
        """The claims of a token of this issuer; the check is done once per token."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        claims = self._verified.get(digest)
        if claims is None:
            claims = verify_signature(token, self._key.public_key())
            if len(self._verified) > 5000:
                self._verified.clear()
            self._verified[digest] = claims
        return claims
