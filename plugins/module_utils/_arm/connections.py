# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One set of connections for a process: cloud metadata, sign-in and Resource Manager share sockets and authorities.

requests reads the certificate authorities again for every connection, 0.04 s each with the public ones, which is a
tenth of what a no-change task may cost. Here they are read once. ``verify`` is what it is for requests: True (then
REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or certifi count), a path, or False.
"""

from __future__ import annotations

import os
import socket
import threading
import typing as t
from urllib.parse import urlsplit

from .._core.errors import CredentialError
from . import limits as _limits

TLS_HINT = "Set REQUESTS_CA_BUNDLE to a PEM file that holds the authority which signed the server's certificate."
# Wide enough for a fleet's threads.
POOL_SIZE = 64
# What requests makes of its environment depends on these (and of a system's own settings, which stay as they are).
_OF_ENVIRONMENT = (
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "request_method",
    "requests_ca_bundle",
    "curl_ca_bundle",
)
_NAMES = tuple(spelled for name in _OF_ENVIRONMENT for spelled in (name, name.upper()))


class LimitError(Exception):
    """An exchange was ended by one of our limits; ``code`` says by which, its text why."""

    code = _limits.TOO_SLOW


def limit_of(error: BaseException | None) -> LimitError | None:
    """The limit of the collection that ended the exchange, if any; azure-core's errors hold their cause in ``inner_exception``."""
    for _level in range(10):
        if error is None or isinstance(error, LimitError):
            return error
        error = getattr(error, "inner_exception", None) or error.__cause__ or error.__context__
    return None


_sessions: dict[bool | str, t.Any] = {}
_lock = threading.Lock()


def session_for(verify: bool | str) -> t.Any:
    """The process's requests session for this way of checking certificates."""
    # The items of a loop that share a process may have different environments.
    authorities = authorities_of(verify)
    key = os.path.abspath(authorities) if isinstance(authorities, str) else authorities
    with _lock:
        if key not in _sessions:
            _sessions[key] = _new_session(verify)
        return _sessions[key]


def authorities_of(verify: bool | str) -> bool | str:
    """What certificates are checked against: a path, True for certifi's, or False for no check."""
    return _bundle() or True if verify is True else verify


def transport_for(verify: bool | str) -> t.Any:
    """An azure-core transport on the shared session. It follows no redirects."""
    try:
        from azure.core.pipeline.transport import RequestsTransport
    except ImportError as error:
        raise missing_library("azure-core") from error
    return RequestsTransport(session=session_for(verify), session_owner=False)


def missing_library(package: str) -> CredentialError:
    """What to install, and where."""
    import sys

    return CredentialError(
        f"The Python package {package} is not installed for {sys.executable}.",
        code="LibraryMissing",
        hint=f"Install it on the host that runs the task: {sys.executable} -m pip install {package}",
    )


def _new_session(verify: bool | str) -> t.Any:
    try:
        import requests  # noqa: F401
    except ImportError as error:
        raise missing_library("requests") from error
    context = _tls_context(verify)
    checked = verify is not False

    class Adapter(_limited_adapter()):  # type: ignore[misc]
        """The context decides about certificates; what requests would load into each connection is kept out."""

        def init_poolmanager(self, *args: t.Any, **options: t.Any) -> t.Any:
            return super().init_poolmanager(*args, **options, ssl_context=context)

        def proxy_manager_for(self, proxy: str, **options: t.Any) -> t.Any:
            return super().proxy_manager_for(proxy, **options, ssl_context=context)

        def build_connection_pool_key_attributes(self, request: t.Any, verify: t.Any, cert: t.Any = None) -> t.Any:
            return super().build_connection_pool_key_attributes(request, checked, cert)

        def cert_verify(self, conn: t.Any, url: str, verify: t.Any, cert: t.Any) -> None:
            conn.cert_reqs = "CERT_REQUIRED" if checked else "CERT_NONE"

    session = _limited_session()
    # Else an entry of ~/.netrc would replace the token, and its password go to any host that it names or to all ("default").
    session.auth = lambda request: request
    # What the limits on decompression know.
    session.headers["Accept-Encoding"] = "gzip, deflate"
    session.mount("https://", Adapter(pool_connections=8, pool_maxsize=POOL_SIZE))
    session.mount("http://", _limited_adapter()())
    return session


def _limited_adapter() -> t.Any:
    """An adapter whose sockets keep to the limits of the exchange."""
    from requests.adapters import HTTPAdapter
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.connection import HTTPConnection, HTTPSConnection

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _limits.limited(super()._new_conn())

    class Tls(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _limits.limited(super()._new_conn())

    pools = {
        "http": type("HttpPool", (HTTPConnectionPool,), {"ConnectionCls": Plain}),
        "https": type("HttpsPool", (HTTPSConnectionPool,), {"ConnectionCls": Tls}),
    }

    class LimitedAdapter(HTTPAdapter):
        def init_poolmanager(self, *args: t.Any, **options: t.Any) -> t.Any:
            super().init_poolmanager(*args, **options)
            self.poolmanager.pool_classes_by_scheme = pools

        def proxy_manager_for(self, proxy: str, **options: t.Any) -> t.Any:
            manager = super().proxy_manager_for(proxy, **options)
            manager.pool_classes_by_scheme = pools
            return manager

    return LimitedAdapter


def _limited_session() -> t.Any:
    """A session that reads each response completely, within the limits, for every caller."""

    from requests import Session
    from requests.exceptions import RequestException

    class AnswerLimitError(RequestException, LimitError):
        pass

    class LimitedSession(Session):
        def __init__(self) -> None:
            super().__init__()
            self._settings: dict[tuple[t.Any, ...], dict[str, t.Any]] = {}

        def merge_environment_settings(
            self, url: str, proxies: t.Any, stream: t.Any, verify: t.Any, cert: t.Any
        ) -> dict[str, t.Any]:
            """As requests does it, whose look through all variables of the environment is a third of the CPU time of a request."""
            if proxies or cert:
                return dict(super().merge_environment_settings(url, proxies, stream, verify, cert))
            # Which proxy it is depends on the host and its port.
            key = (*urlsplit(url)[:2], stream, verify, *map(os.environ.get, _NAMES))
            if key not in self._settings:
                self._settings[key] = super().merge_environment_settings(url, proxies, stream, verify, cert)
            found = self._settings[key]
            return {**found, "proxies": dict(found["proxies"])}

        def send(self, request: t.Any, **options: t.Any) -> t.Any:
            options["stream"] = True
            with _limits.exchange(_limits.EXCHANGE_TIMEOUT) as limits:
                response = None
                try:
                    response = super().send(request, **options)
                    limits.body_begins()
                    response._content = _body(response, limits)
                    response._content_consumed = True
                    return response
                except Exception as error:
                    if response is not None:
                        response.close()
                    if limits.code is None:
                        raise
                    ended = AnswerLimitError(limits.why, request=request)
                    ended.code = limits.code
                    raise ended from error

    return LimitedSession()


def _body(response: t.Any, limits: _limits.Exchange) -> bytes:
    """The body; a broken one gives the errors that requests itself has for it."""
    import zlib

    from requests import exceptions
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    try:
        return _limits.read_body(
            response.raw.stream(64 * 1024, decode_content=False), response.headers.get("Content-Encoding") or "", limits
        )
    except ReadTimeoutError as error:
        raise exceptions.ReadTimeout(error, request=response.request) from error
    except HTTPError as error:
        raise exceptions.ChunkedEncodingError(error, request=response.request) from error
    except (zlib.error, ValueError) as error:
        raise exceptions.ContentDecodingError(error, request=response.request) from error


def _tls_context(verify: bool | str) -> t.Any:
    import ssl

    from requests.utils import DEFAULT_CA_BUNDLE_PATH
    from urllib3.util.ssl_ import create_urllib3_context

    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED if verify is not False else ssl.CERT_NONE)
    context.sslsocket_class = _limits.LimitedTlsSocket
    if verify is False:
        return context
    authorities = authorities_of(verify)
    path = authorities if isinstance(authorities, str) else DEFAULT_CA_BUNDLE_PATH
    try:
        context.load_verify_locations(**{"capath" if os.path.isdir(path) else "cafile": path})
    except (OSError, ssl.SSLError) as error:
        raise CredentialError(
            f"The certificate authorities in {path} cannot be read ({type(error).__name__}).",
            code="AuthoritiesUnreadable",
            hint="Check REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE and SSL_CERT_FILE.",
        ) from error
    return context


def _bundle() -> str | None:
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
