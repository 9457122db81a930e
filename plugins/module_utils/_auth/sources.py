# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who signs in: options and environment to one credential, and the name of the place that it came from.

The package ``_auth`` finds out who signs in: the options, the sources in their order, the credential. It may import ``_arm`` and ``_core``.

Option names, environment variables and their order are azure.azcollection's (``AzureRMAuth`` in its
azure_rm_common.py, 3.12; ``oidc_token`` and ``oidc_token_file_path`` from its pull request 2200, ``AZURE_TENANT_ID``
from 2276). They are also what AWX's built-in Azure credential sets. azure-identity's own variables are read after
them. Nothing here needs the network or an Azure library before ``SignIn.credential``.

Three differences from azure.azcollection, on purpose: instance discovery is off unless asked for; a variable that is
not part of an identity (AZURE_SUBSCRIPTION_ID) does not keep the file and the Azure CLI from being tried; and parts of
one credential are never taken from two places, so that no secret goes to a tenant it was not meant for. What is set
must be used: a part without the others, or an option that the chosen source does not read, is an error, so that no
task runs as another identity than the one that was named.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import shutil
import stat
import typing as t
from dataclasses import dataclass

from .._core.errors import CredentialError
from .credentials import SignIn, Values
from .options import ENVIRONMENT, SOURCES

# The Azure CLI's public client, which azure.azcollection uses for ad_user and password too.
PUBLIC_CLIENT_ID = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
_IDENTITY = (
    "client_id",
    "secret",
    "tenant",
    "ad_user",
    "password",
    "x509_certificate_path",
    "x509_certificate_password",
    "thumbprint",
    "oidc_token",
    "oidc_token_file_path",
)


@dataclass(frozen=True)
class _Method:
    """A way to prove an identity: its name for people, the value that shows that it is meant, and all that make it complete."""

    name: str
    label: str
    proof: str
    needed: tuple[str, ...]
    # Where none is given.
    tenant: str | None = None
    client_id: str | None = None

    def missing(self, given: Values) -> list[str]:
        return [name for name in self.needed if not given.get(name)]


# The first whose proof is given is meant.
_METHODS = (
    _Method("client_secret", "client secret", "secret", ("client_id", "secret", "tenant")),
    _Method("certificate", "certificate", "x509_certificate_path", ("client_id", "x509_certificate_path", "tenant")),
    _Method("federated_token", "federated token", "oidc_token", ("client_id", "oidc_token", "tenant")),
    _Method(
        "federated_token",
        "federated token file",
        "oidc_token_file_path",
        ("client_id", "oidc_token_file_path", "tenant"),
    ),
    _Method(
        "user_password", "user and password", "password", ("ad_user", "password"), "organizations", PUBLIC_CLIENT_ID
    ),
)

# What each method reads.
_PARTS: dict[str, tuple[str, ...]] = {
    "client_secret": ("client_id", "secret", "tenant"),
    "certificate": ("client_id", "x509_certificate_path", "x509_certificate_password", "thumbprint", "tenant"),
    "federated_token": ("client_id", "oidc_token", "oidc_token_file_path", "tenant"),
    "user_password": ("client_id", "ad_user", "password", "tenant"),
    "managed_identity": ("client_id", "tenant"),
    "azure_cli": ("tenant",),
}


@dataclass(frozen=True)
class _Given:
    """What is known without the network: the task's options, the environment, and the values of options in it."""

    options: t.Mapping[str, t.Any]
    environ: t.Mapping[str, str]
    env: Values

    @property
    def subscription_id(self) -> str | None:
        return self.options.get("subscription_id") or self.env["subscription_id"]

    @property
    def home(self) -> str:
        return self.environ.get("HOME") or os.path.expanduser("~")


def sign_in(options: t.Mapping[str, t.Any], environ: t.Mapping[str, str] | None = None) -> SignIn:
    """Pick the source as azure.azcollection does and check that it is complete. Without the network."""
    environ = os.environ if environ is None else environ
    given = _Given(options, environ, _from_environment(environ))
    source = options.get("auth_source") or given.env["auth_source"] or "auto"
    if source not in SOURCES:
        raise CredentialError(
            f"auth_source is {source!r}; it must be one of {', '.join(SOURCES)}.", code="CredentialIncomplete"
        )
    profile = options.get("profile") or given.env["profile"] or "default"
    finders: dict[str, t.Callable[[], SignIn]] = {
        "msi": lambda: _managed_identity(given),
        "cli": lambda: _azure_cli(given),
        "env": lambda: _environment(given),
        "credential_file": lambda: _profile(profile, given),
        "auto": lambda: _auto(given),
    }
    chosen = finders[source]()
    _refuse_unused(chosen, source, options)
    return _with_settings(chosen, given)


def _from_environment(environ: t.Mapping[str, str]) -> Values:
    return {
        option: next((environ[name] for name in names if environ.get(name)), None)
        for option, names in ENVIRONMENT.items()
    }


def _auto(given: _Given) -> SignIn:
    """Task options, environment, the default profile, the Azure CLI; the first that has anything to prove with."""
    options = {name: given.options.get(name) or None for name in _IDENTITY}
    if given.options.get("profile"):
        return _profile(given.options["profile"], given)
    # A tenant alone identifies no one.
    if any({**options, "tenant": None}.values()):
        return _complete("task options", options, given)
    if given.env["profile"] or any(map(given.env.get, _IDENTITY)):
        return _environment(given)
    looked = ["task options: no part of an identity", "environment: no part of an identity"]
    finders: tuple[t.Callable[[], SignIn], ...] = (lambda: _profile("default", given), lambda: _azure_cli(given))
    for find in finders:
        try:
            return find()
        except CredentialError as error:
            if error.code != "CredentialNotFound":
                raise
            looked.append(error.message.rstrip("."))
    raise CredentialError(
        "No way to sign in to Azure was found.",
        code="CredentialNotFound",
        details={"looked_for": looked},
        hint="Set AZURE_CLIENT_ID, AZURE_SECRET and AZURE_TENANT, run `az login`, or set auth_source to msi on a "
        "machine in Azure. Checked: " + "; ".join(looked) + ".",
    )


def _refuse_unused(chosen: SignIn, wanted: str, options: t.Mapping[str, t.Any]) -> None:
    """An option of the task that this way to sign in does not read. The same value as the one used does no harm."""
    used = _used(chosen, options)
    unused = [
        name
        for name in (*_IDENTITY, "profile", "adfs_authority_url")
        if options.get(name) and not _same(name, options[name], used.get(name))
    ]
    unused += [name for name in _superfluous(options, chosen.method) if name not in unused]
    if unused:
        names, single = " and ".join(unused), len(unused) == 1
        raise CredentialError(
            f"{names} {'is' if single else 'are'} set in the task, but the sign-in by {chosen.source} does not use "
            f"{'it' if single else 'them'}.",
            code="CredentialUnused",
            details={"source": chosen.source, "auth_source": wanted, "unused": unused},
            hint=f"Remove {names}, or give the whole credential in the task. All parts of a credential come from one place.",
        )


def _used(chosen: SignIn, options: t.Mapping[str, t.Any]) -> Values:
    """The values that this way to sign in reads, by the names of their options."""
    used: Values = {name: chosen.values.get(name) for name in (*_IDENTITY, "profile")}
    used |= {"tenant": chosen.tenant, "client_id": chosen.client_id}
    if chosen.method == "managed_identity":
        # An identity lives in one tenant; the option only says which in results.
        used["tenant"] = options.get("tenant")
    elif chosen.method != "azure_cli":
        used["adfs_authority_url"] = options.get("adfs_authority_url")
    return used


def _same(name: str, given: t.Any, used: t.Any) -> bool:
    """Names of tenants, clients and users compare without case."""
    if name in ("tenant", "client_id", "ad_user"):
        return str(given).lower() == str(used or "").lower()
    return bool(given == used)


def _superfluous(options: t.Mapping[str, t.Any], method: str) -> list[str]:
    """Parts of another method than the one that is used, given in the task."""
    parts = _PARTS.get(method, ())
    twice = ["oidc_token_file_path"] if options.get("oidc_token") and options.get("oidc_token_file_path") else []
    return [name for name in _IDENTITY if name not in parts and options.get(name)] + twice


def _unused_variables(method: str, env: Values) -> list[str]:
    parts = _PARTS[method]
    return [ENVIRONMENT[name][0] for name in _IDENTITY if name not in parts and env[name]]


def refuse_readable(path: str, what: str) -> None:
    """A file with a secret that every user of this machine can read or write. Whether it is there is not asked here."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return
    if stat.S_ISREG(mode) and mode & (stat.S_IROTH | stat.S_IWOTH):
        raise CredentialError(
            f"The {what} {path} has mode {stat.S_IMODE(mode):04o}: every user of this machine can {'read' if mode & stat.S_IROTH else 'write'} it.",
            code="CredentialFileReadable",
            details={"path": path, "mode": f"{stat.S_IMODE(mode):04o}"},
            hint=f"Run `chmod 600 {shlex.quote(path)}`. If others could read the secret, replace it.",
        )


def _environment(given: _Given) -> SignIn:
    if given.env["profile"]:
        return _profile(given.env["profile"], given)
    chosen = _complete("environment", {name: given.env[name] for name in _IDENTITY}, given)
    unused = _unused_variables(chosen.method, given.env)
    if unused:
        chosen.warnings.append(
            f"{' and '.join(unused)} set in the environment, but the sign-in by {chosen.source} does not use it."
        )
    return chosen


def _profile(name: str, given: _Given) -> SignIn:
    """One section of ~/.azure/credentials."""
    path = os.path.join(given.home, ".azure", "credentials")
    refuse_readable(path, "credential file")
    parser = configparser.ConfigParser(interpolation=None)
    try:
        files_read = parser.read(path, encoding="utf-8")
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise CredentialError(
            f"The credential file {path} cannot be read ({type(error).__name__}).", code="CredentialIncomplete"
        ) from error
    if not files_read:
        raise CredentialError(f"The credential file {path} is not there.", code="CredentialNotFound")
    if not parser.has_section(name):
        raise CredentialError(
            f"The credential file {path} has no profile [{name}].",
            code="CredentialNotFound",
            hint="Its profiles: " + (", ".join(parser.sections()) or "none") + ".",
        )
    section: Values = {key: parser.get(name, key, fallback=None) or None for key in ENVIRONMENT}
    chosen = _complete(f"credential file (profile {name})", section, given)
    if not given.options.get("subscription_id") and section["subscription_id"]:
        chosen.subscription_id = section["subscription_id"]
    chosen.values.update({key: section[key] for key in _SETTINGS})
    chosen.values["profile"] = name
    return chosen


def _complete(source: str, values: Values, given: _Given) -> SignIn:
    """The method that the values are meant for, or what they lack."""
    meant = [method for method in _METHODS if values.get(method.proof)]
    missing = next(filter(None, (method.missing(values) for method in meant)), []) if meant else _missing_proof(values)
    if missing:
        raise _incomplete(source, values, missing)
    method = meant[0]
    if method.name == "certificate":
        refuse_readable(str(values["x509_certificate_path"]), "certificate file, which has a private key,")
    return SignIn(
        source=f"{source} ({method.label})",
        method=method.name,
        subscription_id=given.subscription_id,
        tenant=values.get("tenant") or method.tenant,
        client_id=values.get("client_id") or method.client_id,
        values={name: values.get(name) for name in _IDENTITY},
    )


def _incomplete(source: str, values: Values, missing: list[str]) -> CredentialError:
    present = [name for name in _IDENTITY if values.get(name)]
    hint = "All parts of a credential come from one place: task options, environment, or one profile."
    if source == "environment" and missing[0] in ENVIRONMENT:
        variables = ", ".join("/".join(ENVIRONMENT[name]) for name in missing if name in ENVIRONMENT)
        hint = f"All parts of a credential come from one place. In the environment they are {variables}."
    return CredentialError(
        f"The credential from the {source} is not complete: {_spelled(source, present)} set, but {_spelled(source, missing)} missing or empty.",
        code="CredentialIncomplete",
        details={"source": source, "missing": missing, "set": present},
        hint=hint,
    )


def _missing_proof(given: Values) -> list[str]:
    """What an identity without a proof lacks."""
    if given.get("ad_user"):
        return ["password"]
    if given.get("thumbprint") or given.get("x509_certificate_password"):
        return ["x509_certificate_path", *(name for name in ("client_id", "tenant") if not given.get(name))]
    absent = [name for name in ("client_id", "tenant") if not given.get(name)]
    return [*absent, "secret, x509_certificate_path, oidc_token, oidc_token_file_path, or ad_user with password"]


def _spelled(source: str, names: list[str]) -> str:
    """Options as their source writes them."""
    spelled = names
    if source == "environment":
        spelled = []
        for name in names:
            for option, (first, *_more) in ENVIRONMENT.items():
                name = re.sub(rf"\b{option}\b", first, name)
            spelled.append(name)
    return " and ".join(spelled) or "nothing"


def _managed_identity(given: _Given) -> SignIn:
    client_id = given.options.get("client_id") or given.env["client_id"]
    return SignIn(
        source="managed identity of this machine" + (f" ({client_id})" if client_id else ""),
        method="managed_identity",
        subscription_id=given.subscription_id,
        client_id=client_id,
    )


def _subscriptions(path: str) -> list[dict[str, t.Any]]:
    """The subscriptions of the Azure CLI's profile; none where it cannot be read."""
    try:
        with open(path, encoding="utf-8-sig") as stream:
            rows = json.load(stream).get("subscriptions") or []
            return [row for row in rows if isinstance(row, dict)]
    except (OSError, ValueError, AttributeError, TypeError):
        return []


def _azure_cli(given: _Given) -> SignIn:
    """The login of the Azure CLI, from its azureProfile.json; the token itself comes from ``az`` later."""
    if not shutil.which("az", path=given.environ.get("PATH")):
        raise CredentialError(
            "The Azure CLI (az) is not installed on the host that runs the task.",
            code="CredentialNotFound",
            hint="Install it and run `az login`, or choose another auth_source.",
        )
    folder = given.environ.get("AZURE_CONFIG_DIR") or os.path.join(given.home, ".azure")
    subscriptions = _subscriptions(os.path.join(folder, "azureProfile.json"))
    if not subscriptions:
        raise CredentialError(
            "The Azure CLI is installed, but no account is signed in.",
            code="CredentialNotFound",
            hint="Run `az login`.",
        )
    subscription_id = given.subscription_id
    chosen = (
        subscription
        for subscription in subscriptions
        if (subscription.get("id") == subscription_id if subscription_id else subscription.get("isDefault"))
    )
    entry: dict[str, t.Any] = next(chosen, {})
    return SignIn(
        source="Azure CLI (az login)",
        method="azure_cli",
        subscription_id=subscription_id or entry.get("id"),
        tenant=given.options.get("tenant") or entry.get("tenantId"),
        cloud_environment=entry.get("environmentName"),
    )


_SETTINGS = ("cloud_environment", "cert_validation_mode", "adfs_authority_url", "disable_instance_discovery")


def _with_settings(chosen: SignIn, given: _Given) -> SignIn:
    """The settings that are not part of the identity: option, then the profile's, then the environment's."""
    environ = given.environ

    def setting(name: str) -> t.Any:
        option = given.options.get(name)
        return option if option is not None else chosen.values.get(name) or given.env[name]

    chosen.cloud_environment = (
        chosen.values.get("cloud_environment") or environ.get("AZURE_CLOUD_ENVIRONMENT") or chosen.cloud_environment
    )
    chosen.authority = setting("adfs_authority_url")
    chosen.authority_host = environ.get("AZURE_AUTHORITY_HOST")
    discovery = setting("disable_instance_discovery")
    chosen.disable_instance_discovery = None if discovery is None else _truth(discovery)
    mode = setting("cert_validation_mode") or "validate"
    if mode not in ("validate", "ignore"):
        raise CredentialError(
            f"cert_validation_mode is {mode!r}; it must be validate or ignore.", code="CredentialIncomplete"
        )
    chosen.verify = _authorities(environ)
    if mode == "ignore":
        chosen.verify = False
        chosen.warnings.append(
            "Server certificates are not checked (cert_validation_mode=ignore): anyone on the way can read the token."
        )
    if chosen.tenant is None and chosen.method == "managed_identity":
        chosen.tenant = given.options.get("tenant")
    return chosen


def _authorities(environ: t.Mapping[str, str]) -> bool | str:
    """requests reads REQUESTS_CA_BUNDLE by itself but not OpenSSL's SSL_CERT_FILE, which people set as often."""
    if environ.get("REQUESTS_CA_BUNDLE") or environ.get("CURL_CA_BUNDLE"):
        return True
    return environ.get("SSL_CERT_FILE") or True


def _truth(value: t.Any) -> bool:
    return value is True or str(value or "").strip().lower() in ("1", "true", "yes", "on", "y", "t")
