# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign-in as an object: azure-identity's credentials, one token shared by all threads, and their errors in our words.

azure-identity is imported in the functions, after all checks: it costs 0.1 s on top of azure-core.
"""
from __future__ import annotations

import base64
import logging
import re
import threading
import time
import typing as t
from urllib.parse import urlsplit

from . import _redact
from ._cloud import Cloud
from ._errors import CredentialError
from ._http import TLS_HINT, limit_of, missing_library, transport_for

if t.TYPE_CHECKING:
    from ._credentials import SignIn

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


def build(sign_in: SignIn, cloud: Cloud, transport: t.Any = None) -> t.Any:
    """The azure-identity credential, on the process's shared connections unless a test gives another transport."""
    try:
        from azure import identity
    except ImportError as error:
        raise missing_library("azure-identity") from error
    _silence()
    values = sign_in.values
    pipeline: dict[str, t.Any] = {}
    try:
        if sign_in.method == "azure_cli":
            return identity.AzureCliCredential(tenant_id=sign_in.tenant or "", process_timeout=60)
        pipeline["transport"] = transport or transport_for(sign_in.verify)
        if sign_in.method == "managed_identity":
            return identity.ManagedIdentityCredential(client_id=sign_in.client_id, **pipeline)
        authority, tenant, discovery = _authority(sign_in, cloud)
        if sign_in.method == "federated_token":
            return identity.ClientAssertionCredential(
                tenant, sign_in.client_id, _assertion(values), authority=authority, **pipeline
            )
        pipeline.update(authority=authority, disable_instance_discovery=discovery)
        if sign_in.method == "client_secret":
            return identity.ClientSecretCredential(tenant, sign_in.client_id, values["secret"], **pipeline)
        if sign_in.method == "certificate":
            return identity.CertificateCredential(
                tenant, sign_in.client_id, values["x509_certificate_path"],
                password=values.get("x509_certificate_password"), **pipeline,
            )
        return _user_password(identity, sign_in, tenant, pipeline)
    except (ValueError, OSError) as error:
        raise refused(error, sign_in.source, sign_in.secrets) from error


def _silence() -> None:
    """What azure-identity and MSAL log of a refused sign-in is in our own error, without secrets; Python would print it to stderr as it is."""
    for name in ("azure", "msal"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def _user_password(identity: t.Any, sign_in: SignIn, tenant: str, pipeline: dict[str, t.Any]) -> t.Any:
    """azure-identity calls it deprecated, since it cannot do multi-factor authentication; AWX still offers it."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return identity.UsernamePasswordCredential(
            sign_in.client_id, sign_in.values["ad_user"], sign_in.values["password"], tenant_id=tenant, **pipeline
        )


def _authority(sign_in: SignIn, cloud: Cloud) -> tuple[str, str, bool]:
    """Authority, tenant, and whether to skip instance discovery.

    Discovery asks login.microsoftonline.com whether an authority is genuine. The built-in ones are, and it can only say
    no to one that the user gave; MSAL asks it after a refused sign-in too. So it is skipped unless asked for.
    AZURE_AUTHORITY_HOST counts where nobody named a cloud.
    """
    tenant = sign_in.tenant or "organizations"
    given = sign_in.authority or (sign_in.authority_host if cloud.origin == "default" else None)
    authority = (given or cloud.login_endpoint).rstrip("/")
    skip = True if sign_in.disable_instance_discovery is None else sign_in.disable_instance_discovery
    if urlsplit(authority).path.lower().endswith("/adfs"):
        return authority[: -len("/adfs")], "adfs", skip
    return authority, tenant, skip


def _assertion(values: t.Mapping[str, str | None]) -> t.Callable[[], str]:
    """The token file is read at each use: its writer renews it."""
    path = values.get("oidc_token_file_path")
    if values.get("oidc_token") or not path:
        return lambda: str(values.get("oidc_token") or "")

    def read() -> str:
        with open(path, encoding="utf-8") as stream:
            return stream.read().strip()

    return read


class TokenSource:
    """One token for all threads of a task, asked for once and renewed once when the service refuses it.

    It is a TokenCredential too (``get_token``, ``get_token_info``), for Azure libraries with scopes of their own.
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
        _redact.KNOWN.add(self._token.token)

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
    """azure-identity's exception as ours: the source, Entra ID's code, a hint, and no secret."""
    # azure-core adds the whole answer as it came, which says the same.
    text = str(error).partition("\nContent: ")[0]
    for secret in secrets:
        _redact.KNOWN.add(secret)
    text = " ".join(_redact.KNOWN.mask(text).split())
    codes = _AADSTS.findall(text)
    chain = [type(one).__name__ for one in _causes(error)]
    code, hint = (codes[0] if codes else None), None
    ended = limit_of(error)
    if code:
        hint = _HINTS.get(code, f"See https://login.microsoftonline.com/error?code={code[6:]} for this code.")
    elif ended is not None:
        code, hint = ended.code, "Check the network, the proxy settings and cloud_environment. The limits of time and size of a sign-in cannot be raised."
    elif "CERTIFICATE_VERIFY_FAILED" in text or "SSLError" in chain:
        code, hint = "SignInUnreachable", TLS_HINT
    elif {"ServiceRequestError", "ServiceResponseError", "ConnectionError", "ServiceRequestTimeoutError"} & set(chain):
        code, hint = "SignInUnreachable", "Check the network, the proxy settings and cloud_environment."
    elif "CredentialUnavailableError" in chain:
        code, hint = "CredentialUnavailable", _unavailable_hint(source)
    text = re.sub(r"^(Authentication failed: )+", "", text)
    return CredentialError(
        f"Sign-in with the {source} failed: {_redact.cut(text, 600)}", code=code or "AuthenticationFailed", hint=hint
    )


def _unavailable_hint(source: str) -> str:
    if source.startswith("managed identity"):
        return "No managed identity answers on this machine: assign one to it, or choose another auth_source."
    return "Run `az login` on the host that runs the task, as the user that runs it."


def claims_challenge(header: str) -> str | None:
    """The claims that continuous access evaluation demands in a WWW-Authenticate header, or None."""
    found = re.search(r'claims="([^"]+)"', header) if "insufficient_claims" in header else None
    if found is None:
        return None
    try:
        return base64.urlsafe_b64decode(found.group(1) + "=" * (-len(found.group(1)) % 4)).decode("utf-8") or None
    except ValueError:
        return None


def _causes(error: BaseException | None) -> t.Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
