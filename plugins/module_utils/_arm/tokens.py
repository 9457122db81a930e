# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign-in as an object: azure-identity's credentials, one token shared by all threads, and their errors in our words.

azure-identity is imported in the functions, after all checks: it costs 0.1 s on top of azure-core.
"""

from __future__ import annotations

import base64
import re
import threading
import time
import typing as t

from .._core import redact
from .._core.errors import CredentialError
from .connections import TLS_HINT, limit_of

# A token that ends within this time is replaced before use; azure-core's own window.
REFRESH_BEFORE = 300.0
_AADSTS = re.compile(r"AADSTS\d+")
_HINTS = {
    "AADSTS7000215": "The client secret is wrong. Give the secret's value, not its id.",
    "AADSTS7000222": "The client secret has expired: make a new one for the application.",
    "AADSTS700016": "The application (client_id) is not known in the tenant: check client_id and tenant.",
    "AADSTS90002": "The tenant is not known in this cloud: check tenant and cloud_environment.",
    "AADSTS900023": "The tenant is neither a domain name nor an id: check tenant.",
    "AADSTS700027": "The certificate is not registered with the application.",
    "AADSTS70021": "No federated credential of the application fits the token's issuer, subject and audience.",
    "AADSTS700024": "The federated token is outside its time of validity.",
    "AADSTS50126": "The user name or the password is wrong.",
    "AADSTS50076": "The account demands multi-factor authentication: use a service principal or a managed identity.",
}


class TokenSource:
    """One token for all threads of a task, asked for once and renewed once when the service refuses it.

    It is a TokenCredential too (``get_token``, ``get_token_info``), for Azure libraries that request their own scopes.
    ``make`` builds a credential; a new one has an empty cache, which is how a refused token is got rid of.
    """

    def __init__(
        self,
        make: t.Callable[[], t.Any],
        scope: str,
        *,
        source: str = "credential",
        secrets: t.Sequence[str] = (),
        now: t.Callable[[], float] = time.time,
    ) -> None:
        self.source = source
        self._make = make
        self._scope = scope
        self._given = secrets
        self._now = now
        self._lock = threading.RLock()
        self._credential: t.Any = None
        self._token: t.Any = None

    @property
    def secrets(self) -> list[str]:
        """What must be in no message: what was given to sign in with, and the token."""
        return [*self._given, *([self._token.token] if self._token is not None else [])]

    def token(self) -> str:
        """A token that is good for some minutes."""
        with self._lock:
            if self._token is None or self._token.expires_on - self._now() < REFRESH_BEFORE:
                self._ask()
            return t.cast(str, self._token.token)

    def renew(self, refused_token: str, claims: str | None = None) -> None:
        """Replace a token that the service refused, unless another thread already has."""
        with self._lock:
            if self._token is None or self._token.token != refused_token:
                return
            if claims is None:
                self._credential = None
            self._ask(claims)

    def get_token(self, *scopes: str, **options: t.Any) -> t.Any:
        """As azure-core's TokenCredential demands."""
        return self._call("get_token", *scopes, **options)

    def get_token_info(self, *scopes: str, **options: t.Any) -> t.Any:
        """As azure-core's SupportsTokenInfo demands."""
        return self._call("get_token_info", *scopes, **options)

    def _ask(self, claims: str | None = None) -> None:
        options: dict[str, t.Any] = {"claims": claims, "enable_cae": True} if claims else {"enable_cae": True}
        self._token = self._call("get_token_info", self._scope, options=options)
        redact.KNOWN.add(self._token.token)

    def _call(self, method: str, *scopes: str, **options: t.Any) -> t.Any:
        with self._lock:
            if self._credential is None:
                self._credential = self._make()
            credential = self._credential
        try:
            return getattr(credential, method)(*scopes, **options)
        except Exception as error:
            raise refused(error, self.source, self.secrets) from error


def refused(error: BaseException, source: str, secrets: t.Sequence[str] = ()) -> CredentialError:
    """azure-identity's exception as CredentialError: the source, Entra ID's code, a hint, and no secret."""
    # azure-core adds the whole answer as it came, which says the same.
    text = str(error).partition("\nContent: ")[0]
    for secret in secrets:
        redact.KNOWN.add(secret)
    text = " ".join(redact.KNOWN.mask(text).split())
    codes = _AADSTS.findall(text)
    chain = [type(cause).__name__ for cause in _causes(error)]
    code, hint = (codes[0] if codes else None), None
    ended = limit_of(error)
    if code:
        hint = _HINTS.get(code, f"See https://login.microsoftonline.com/error?code={code[6:]} for this code.")
    elif ended is not None:
        code, hint = (
            ended.code,
            "Check the network, the proxy settings and cloud_environment. The limits of time and size of a sign-in cannot be raised.",
        )
    elif "CERTIFICATE_VERIFY_FAILED" in text or "SSLError" in chain:
        code, hint = "SignInUnreachable", TLS_HINT
    elif {"ServiceRequestError", "ServiceResponseError", "ConnectionError", "ServiceRequestTimeoutError"} & set(chain):
        code, hint = "SignInUnreachable", "Check the network, the proxy settings and cloud_environment."
    elif "CredentialUnavailableError" in chain:
        code, hint = "CredentialUnavailable", _unavailable_hint(source)
    text = re.sub(r"^(Authentication failed: )+", "", text)
    return CredentialError(
        f"Sign-in with the {source} failed: {redact.cut(text, 600)}", code=code or "AuthenticationFailed", hint=hint
    )


def _unavailable_hint(source: str) -> str:
    if source.startswith("managed identity"):
        return "No managed identity answers on this machine: assign one to it, or choose another auth_source."
    return "Run `az login` on the host that runs the task, as the user that runs it."


def claims_challenge(header: str) -> str | None:
    """The claims that continuous access evaluation demands in a WWW-Authenticate header, or None."""
    match = re.search(r'claims="([^"]+)"', header) if "insufficient_claims" in header else None
    if match is None:
        return None
    try:
        return base64.urlsafe_b64decode(match.group(1) + "=" * (-len(match.group(1)) % 4)).decode("utf-8") or None
    except ValueError:
        return None


def _causes(error: BaseException | None) -> t.Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
