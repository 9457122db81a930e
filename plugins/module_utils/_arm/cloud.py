# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Azure to talk to: its Resource Manager, its sign-in address, and the hosts that may see a token.

The names are those of azure.azcollection (msrestazure's ``azure_cloud``) and of the Azure CLI. A metadata address is
read as Resource Manager serves it at ``/metadata/endpoints``: a list at api-version 2019-05-01 (docs/facts.md section
e). One document without ``resourceManager`` at 2015-01-01, for Azure Stack Hub, is taken too; not recorded [GUESS].
"""

from __future__ import annotations

import os
import re
import typing as t
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .._core.errors import CredentialError
from .connections import TLS_HINT, LimitError, authorities_of, session_for
from .limits import parse_json

METADATA_PATH = "/metadata/endpoints"
METADATA_VERSIONS = ("2019-05-01", "2015-01-01")
METADATA_TIMEOUT = 30.0

# A URL that every parser reads in the same way: no name or password before the host, no backslash (urllib3 ends the host there, urllib does not), no
# percent sign or foreign letter in the host, no control character anywhere.
_PLAIN = re.compile(
    r"https://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?([/?#][^\\\x00-\x1f\x7f]*)?", re.IGNORECASE | re.ASCII
)

Fetch = t.Callable[[str, "bool | str"], "tuple[int, t.Any]"]


def is_plain(url: str) -> bool:
    """Whether the collection and the HTTP library read the same server from an https URL."""
    return _PLAIN.fullmatch(url) is not None


def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an address: what two addresses must share to be the same server."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or {"https": 443, "http": 80}.get(scheme, 0)


@dataclass(frozen=True)
class Cloud:
    """The addresses of one Azure. ``origin`` says who chose it: ``default``, ``name`` or ``metadata``."""

    name: str
    resource_manager: str
    login_endpoint: str
    portal: str
    audience: str = ""
    suffixes: t.Mapping[str, str] = field(default_factory=dict)
    extra_hosts: tuple[str, ...] = ()
    origin: str = "default"

    @property
    def scope(self) -> str:
        """The token scope; an audience that ends in a slash keeps it, as Entra ID demands."""
        return (self.audience or self.resource_manager) + "/.default"

    def trusts(self, url: str) -> bool:
        """True when a token for this cloud may be sent to the address."""
        try:
            return is_plain(url) and origin_of(url) in {
                origin_of(known) for known in (self.resource_manager, *self.extra_hosts)
            }
        except ValueError:
            return False


PUBLIC = Cloud(
    name="AzureCloud",
    resource_manager="https://management.azure.com",
    login_endpoint="https://login.microsoftonline.com",
    portal="https://portal.azure.com",
    suffixes={"storage": "core.windows.net", "keyVaultDns": "vault.azure.net", "acrLoginServer": "azurecr.io"},
)
US_GOVERNMENT = Cloud(
    name="AzureUSGovernment",
    resource_manager="https://management.usgovcloudapi.net",
    login_endpoint="https://login.microsoftonline.us",
    portal="https://portal.azure.us",
    suffixes={
        "storage": "core.usgovcloudapi.net",
        "keyVaultDns": "vault.usgovcloudapi.net",
        "acrLoginServer": "azurecr.us",
    },
)
CHINA = Cloud(
    name="AzureChinaCloud",
    resource_manager="https://management.chinacloudapi.cn",
    login_endpoint="https://login.chinacloudapi.cn",
    portal="https://portal.azure.cn",
    suffixes={"storage": "core.chinacloudapi.cn", "keyVaultDns": "vault.azure.cn", "acrLoginServer": "azurecr.cn"},
)
_BY_NAME = {
    "azurecloud": PUBLIC,
    "azurepubliccloud": PUBLIC,
    "azureusgovernment": US_GOVERNMENT,
    "azureusgovernmentcloud": US_GOVERNMENT,
    "azurechinacloud": CHINA,
}
_fetched: dict[tuple[str, bool | str], Cloud] = {}


def find_cloud(
    options: t.Mapping[str, t.Any],
    environ: t.Mapping[str, str] | None = None,
    *,
    fallback: str | None = None,
    verify: bool | str = True,
    fetch: Fetch | None = None,
) -> Cloud:
    """The cloud that is meant: the option, ``fallback``, AZURE_CLOUD_ENVIRONMENT, ARM_CLOUD_METADATA_URL, else public.

    ``fallback`` is ``SignIn.cloud_environment``: what the source of the credential says. Only an address costs a
    request, once per process.
    """
    environ = os.environ if environ is None else environ
    name = (
        options.get("cloud_environment")
        or fallback
        or environ.get("AZURE_CLOUD_ENVIRONMENT")
        or environ.get("ARM_CLOUD_METADATA_URL")
    )
    if not name:
        return PUBLIC
    known = _BY_NAME.get(name.strip().lower())
    if known is not None:
        return Cloud(**{**known.__dict__, "origin": "name"})
    if "://" not in name:
        raise CredentialError(
            f"cloud_environment is {name!r}, which is not a known cloud.",
            code="UnknownCloud",
            hint="Give AzureCloud, AzureUSGovernment, AzureChinaCloud, or the cloud's metadata address.",
        )
    return _from_metadata(name.strip(), verify, fetch or _fetch)


def _from_metadata(url: str, verify: bool | str, fetch: Fetch) -> Cloud:
    key = (url, authorities_of(verify))
    if key not in _fetched:
        if not is_plain(url):
            raise _bad_metadata(url, "it is not a plain https address (no name or password in it)")
        _fetched[key] = _read_metadata(url, _metadata_document(url, verify, fetch))
    return _fetched[key]


def _metadata_document(url: str, verify: bool | str, fetch: Fetch) -> t.Any:
    """One GET for a full address. A bare Resource Manager address (Azure Stack Hub) may need the older version too."""
    if METADATA_PATH in urlsplit(url).path:
        addresses = [url if urlsplit(url).query else f"{url}?api-version={METADATA_VERSIONS[0]}"]
    else:
        addresses = [f"{url.rstrip('/')}{METADATA_PATH}?api-version={version}" for version in METADATA_VERSIONS]
    status: int = 0
    for address in addresses:
        status, document = fetch(address, verify)
        if status == 200 and document:
            return document
    raise _bad_metadata(url, f"it answered with HTTP status {status} and no metadata document")


def _read_metadata(url: str, document: t.Any) -> Cloud:
    entry = _entry_for(url, document)
    scheme, host, port = origin_of(url)
    manager = (entry.get("resourceManager") or f"{scheme}://{host}:{port}").rstrip("/")
    login = str(entry["authentication"]["loginEndpoint"]).rstrip("/")
    for what, address in (("Resource Manager", manager), ("sign-in address", login)):
        if not is_plain(address):
            raise _bad_metadata(url, f"its {what} is not a plain https address")
    return Cloud(
        name=str(entry.get("name") or host),
        resource_manager=manager,
        audience=_audience(entry["authentication"], manager),
        login_endpoint=login,
        portal=str(entry.get("portal") or entry.get("portalEndpoint") or "").rstrip("/"),
        suffixes=dict(entry.get("suffixes") or {}),
        origin="metadata",
    )


def _entry_for(url: str, document: t.Any) -> dict[str, t.Any]:
    """The cloud of the document that is at this address, or its only one."""
    entries = document if isinstance(document, list) else [document]
    entries = [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("authentication"), dict)]
    here = [entry for entry in entries if origin_of(entry.get("resourceManager") or url) == origin_of(url)]
    chosen = here or (entries if len(entries) == 1 else [])
    if not chosen or not chosen[0]["authentication"].get("loginEndpoint"):
        raise _bad_metadata(url, "its answer describes no cloud at this address")
    return t.cast("dict[str, t.Any]", chosen[0])


def _audience(authentication: dict[str, t.Any], manager: str) -> str:
    """The audience of tokens, empty where it is Resource Manager's own address."""
    audiences = [str(audience) for audience in authentication.get("audiences") or []]
    return "" if not audiences or manager in [audience.rstrip("/") for audience in audiences] else audiences[0]


def _fetch(url: str, verify: bool | str) -> tuple[int, t.Any]:
    """GET without a token."""
    session = session_for(verify)
    import requests

    try:
        answer = session.get(url, timeout=METADATA_TIMEOUT, allow_redirects=False)
    except requests.exceptions.SSLError as error:
        raise _bad_metadata(url, "its certificate is not trusted", TLS_HINT) from error
    except requests.exceptions.RequestException as error:
        why = str(error) if isinstance(error, LimitError) else f"it cannot be reached ({type(error).__name__})"
        raise _bad_metadata(url, why) from error
    try:
        return answer.status_code, parse_json(answer.content)
    except ValueError:
        return answer.status_code, None


def _bad_metadata(url: str, why: str, hint: str | None = None) -> CredentialError:
    address = re.sub(r"//[^/?#]*@", "//***@", url)
    return CredentialError(
        f"The cloud's metadata at {address} cannot be used: {why}.",
        code="CloudMetadataUnavailable",
        hint=hint or "Check cloud_environment, AZURE_CLOUD_ENVIRONMENT, ARM_CLOUD_METADATA_URL and the network.",
    )
