# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One chosen way to sign in, and the credential of azure-identity that it makes.

azure-identity is imported in the functions, after all checks: it costs 0.1 s on top of azure-core.
"""

from __future__ import annotations

import hashlib
import logging
import os
import typing as t
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .._arm.cloud import Cloud, find_cloud
from .._arm.connections import missing_library, transport_for
from .._arm.tokens import TokenSource, refused
from .._core import redact
from .._core.errors import CredentialError


def build(sign_in: SignIn, cloud: Cloud, transport: t.Any = None) -> t.Any:
    """The azure-identity credential, on the process's shared connections unless a test gives another transport."""
    try:
        from azure import identity
    except ImportError as error:
        raise missing_library("azure-identity") from error
    _silence()
    # A method has all that it needs: sources.py makes sure of it.
    values = t.cast("dict[str, str]", sign_in.values)
    client_id = t.cast(str, sign_in.client_id)
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
                tenant, client_id, _assertion(sign_in.values), authority=authority, **pipeline
            )
        pipeline.update(authority=authority, disable_instance_discovery=discovery)
        if sign_in.method == "client_secret":
            return identity.ClientSecretCredential(tenant, client_id, values["secret"], **pipeline)
        if sign_in.method == "certificate":
            return identity.CertificateCredential(
                tenant,
                client_id,
                values["x509_certificate_path"],
                password=values.get("x509_certificate_password"),
                **pipeline,
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
    AZURE_AUTHORITY_HOST counts where no one named a cloud.
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


# Of one process. The items of a loop may each have another environment.
_TOKENS: dict[bytes, TokenSource] = {}
_MOST_TOKENS = 16

_SECRETS = ("secret", "password", "oidc_token", "x509_certificate_password")

Values = dict[str, "str | None"]


@dataclass
class SignIn:
    """One chosen way to sign in. ``values`` hold the secrets and stay inside; ``facts`` are for results."""

    source: str
    method: str
    subscription_id: str | None = None
    tenant: str | None = None
    client_id: str | None = None
    cloud_environment: str | None = None
    authority: str | None = None
    authority_host: str | None = None
    disable_instance_discovery: bool | None = None
    verify: bool | str = True
    warnings: list[str] = field(default_factory=list)
    values: Values = field(default_factory=dict, repr=False)

    def facts(self) -> dict[str, t.Any]:
        """What a result says about the credential: never a secret."""
        return {"source": self.source, "method": self.method, "tenant": self.tenant, "client_id": self.client_id}

    @property
    def secrets(self) -> list[str]:
        """The values to hide wherever text leaves the task, and the token in a token file."""
        values = [value for name, value in self.values.items() if name in _SECRETS and value]
        try:
            with open(self.values.get("oidc_token_file_path") or os.devnull, encoding="utf-8") as stream:
                return [*values, *filter(None, [stream.read().strip()])]
        except (OSError, UnicodeDecodeError):
            # The sign-in says so itself.
            return values

    def require_subscription(self) -> str:
        """The subscription, or what to set."""
        if not self.subscription_id:
            raise CredentialError(
                f"No subscription_id: neither the task nor the {self.source} gives one.",
                code="SubscriptionMissing",
                hint="Set subscription_id, AZURE_SUBSCRIPTION_ID, or subscription_id in the credential file's profile.",
            )
        return self.subscription_id

    def cloud(self, options: t.Mapping[str, t.Any], environ: t.Mapping[str, str] | None = None) -> Cloud:
        """The cloud that the task, or else this credential's source, means."""
        return find_cloud(options, environ, fallback=self.cloud_environment, verify=self.verify)

    def credential(self, cloud: Cloud, transport: t.Any = None) -> TokenSource:
        """The way to tokens: for an ArmClient, and for any Azure library that takes a TokenCredential.

        azure-identity is imported when the first token is asked for; errors name the source and hide the secrets.
        The same sign-in in the same environment gives the same object, so that the items of a loop, which share a process
        when they run in a fork of Ansible's, ask for one token.
        """
        if transport is not None:
            return self._new_source(cloud, transport)
        asked = (self, sorted(self.values.items()), cloud, sorted(os.environ.items()))
        key = hashlib.sha256(repr(asked).encode()).digest()
        if key not in _TOKENS:
            if len(_TOKENS) >= _MOST_TOKENS:
                _TOKENS.clear()
            _TOKENS[key] = self._new_source(cloud)
        for secret in _TOKENS[key].secrets:
            redact.KNOWN.add(secret)
        return _TOKENS[key]

    def _new_source(self, cloud: Cloud, transport: t.Any = None) -> TokenSource:
        return TokenSource(lambda: build(self, cloud, transport), cloud.scope, source=self.source, secrets=self.secrets)
