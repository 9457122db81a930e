# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole simulator behind one call: faults, log, token, permissions, api-version, route, headers, transaction.

Order of ARM's refusals: token (401), subscription (404), route (501/405), api-version (400), permissions (403), then
whatever the resource provider says (docs/facts.md b.2).
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa

from azureml_simulator import control
from azureml_simulator.arm import metadata
from azureml_simulator.arm.authentication import authenticate
from azureml_simulator.arm.headers import RateLimits, add_common
from azureml_simulator.arm.rbac import ASSIGNMENT_TYPE, Rbac, scope_of
from azureml_simulator.clock import Clock
from azureml_simulator.config import Config
from azureml_simulator.entra import endpoints as entra_endpoints
from azureml_simulator.entra.directory import (
    CLIENT_OBJECT,
    DEFAULT_SUBSCRIPTION,
    MACHINE_OBJECT,
    SUBSCRIPTIONS,
    Directory,
    stable_guid,
)
from azureml_simulator.entra.tokens import Issuer, process_key
from azureml_simulator.faults import Faults
from azureml_simulator.http import ArmError, Headers, Principal, Request, Response, not_simulated
from azureml_simulator.operations import Operations
from azureml_simulator.request_log import RequestLog
from azureml_simulator.routing import Route, Router
from azureml_simulator.store import Store, subscription_of, type_of

_LOG = logging.getLogger("azureml_simulator")
DEFAULT_HOST = "127.0.0.1:443"
_VERSION = re.compile(r"^20\d\d-[01]\d-[0-3]\d(-[a-z][a-z0-9.]*)?$", re.IGNORECASE)


class App:
    """One simulated Azure."""

    def __init__(
        self,
        path: str | Path = ":memory:",
        *,
        key: rsa.RSAPrivateKey | None = None,
        secret: str = "simulator-secret",
        log_path: Path | None = None,
        control_token: str | None = None,
    ) -> None:
        """`control_token`: what the control API asks for; None, in process only, asks for nothing."""
        self.control_token = control_token
        self.store = Store(path)
        self.config = Config()
        self.clock = Clock(store=self.store)
        self.operations = Operations(self.store, self.clock, self.config)
        self.issuer = Issuer(key or process_key())
        self.directory = Directory(self.store, secret)
        self.rbac = Rbac(self.store)
        self.faults = Faults(self.store)
        self.log = RequestLog(log_path)
        self.limits = RateLimits(self.config)
        self.operations.order_fault = self.faults.operation
        self._lock = threading.RLock()
        self.guards: list[Callable[[Request], None]] = []
        # The port at which a node (compute id, node id; no node id: an instance) really listens; a server sets it.
        self.node_port: Callable[[str, str], int | None] = lambda compute, node: None
        self.routes = self._collect_routes()
        self._router = Router(self.routes)
        self.config.changes = self.store.kv_get("config", "changes") or {}
        self.config.merge({})
        if not self.directory.all():
            self.seed()

    def _collect_routes(self) -> list[Route]:
        from azureml_simulator import providers

        routes = [*metadata.routes(self), *entra_endpoints.routes(self)]
        for module in providers.load():
            self.config.add_defaults(getattr(module, "DEFAULTS", {}))
            routes += module.routes(self)
        return routes

    # -- state ---------------------------------------------------------------------------------------------------

    def seed(self) -> None:
        """The first start's state: two principals and what they may do."""
        self.directory.seed()
        for subscription in SUBSCRIPTIONS:
            self.grant(CLIENT_OBJECT, "Owner", f"/subscriptions/{subscription}")
            self.grant(MACHINE_OBJECT, "Contributor", f"/subscriptions/{subscription}")

    def reset(self) -> None:
        """Back to the first start; keys, secret and request log stay."""
        with self._lock:
            self.store.clear()
            self.config.reset()
            self.faults.clear()
            self.limits.clear()
            self.clock.restart()
            self.seed()

    def grant(self, object_id: str, role: str, scope: str) -> str:
        """Assign a role; the id of the assignment follows from what it says."""
        found = self.rbac.role(role)
        if found is None:
            raise ValueError(f"no role {role!r}")
        name = stable_guid(object_id, found.guid, scope)
        scope = scope.rstrip("/")
        resource_id = f"{scope}/providers/{ASSIGNMENT_TYPE}/{name}"
        definition = f"/subscriptions/{subscription_of(scope)}/providers/Microsoft.Authorization/roleDefinitions/"
        properties = {"roleDefinitionId": definition + found.guid, "principalId": object_id, "scope": scope}
        properties["principalType"] = "ServicePrincipal"
        self.store.put(
            resource_id, {"id": resource_id, "name": name, "type": ASSIGNMENT_TYPE, "properties": properties}
        )
        return resource_id

    def configure(self, patch: dict[str, Any]) -> None:
        """Merge into the configuration, and let it last over a restart."""
        self.config.merge(patch)
        self.store.kv_put("config", "changes", self.config.changes)
        if self.config["clock"]["speed"] != self.clock.speed:
            self.clock.set_speed(self.config["clock"]["speed"])

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Work on the state between two requests."""
        with self._lock, self.store.transaction():
            yield

    def close(self) -> None:
        self.log.close()
        self.store.close()

    # -- what providers use --------------------------------------------------------------------------------------

    @staticmethod
    def base_url(request: Request) -> str:
        return request.base_url

    def resource_group(self, sub: str, rg: str) -> dict[str, Any]:
        """The document of a resource group, or ARM's 404."""
        doc = self.store.get(f"/subscriptions/{sub}/resourceGroups/{rg}")
        if doc is None:
            raise ArmError(404, "ResourceGroupNotFound", f"Resource group '{rg}' could not be found.")
        return doc

    def default_principal(self) -> Principal:
        # Asked for by threads of callers, beside requests.
        with self._lock:
            entry = next(entry for entry in self.directory.all() if entry["object_id"] == CLIENT_OBJECT)
            return self.directory.principal(entry)

    def token(self, principal: Principal | None = None, audience: str = "", lifetime: float = 3599) -> str:
        """A valid access token without the token endpoint."""
        who = principal or self.default_principal()
        return self.issuer.issue(who, audience or "https://management.azure.com/", lifetime)

    def call(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        """One request in process, signed in as the default service principal if no token is given."""
        parts = urlsplit(url)
        sent = Headers({"Host": parts.netloc or DEFAULT_HOST, "Authorization": f"Bearer {token or self.token()}"})
        sent.update(Headers(headers))
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return self.handle(Request(method, parts.path, query, sent, data))

    # -- the call ------------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Response:
        """Answer a request as Azure would."""
        with self._lock:
            if request.path.startswith("/_simulator/"):
                return control.handle(self, request)
            started = time.perf_counter()
            ordered = self.faults.before(request)
            response = ordered or self.faults.after(request, self._answer(request))
            seconds = time.perf_counter() - started
            add_common(request, response, seconds)
            self.log.add(request, response.status, seconds, taken=ordered is None)
            return response

    def _answer(self, request: Request) -> Response:
        try:
            self.operations.settle()
            match = self._router.find(request.method, request.path)
            if match is not None and match[0].open:
                with self.store.transaction():
                    return match[0].handler(request, match[1])
            request.principal = authenticate(request, self.issuer)
            subscription = self._known_subscription(request.path)
            headers, refusal = self.limits.take(request, subscription)
            response = refusal or self.faults.stale(request) or self._with_memory(request)
            response.headers = {**headers, **response.headers}
            return response
        except ArmError as error:
            return error.to_response(request)
        except Exception as error:
            _LOG.exception("%s %s", request.method, request.path)
            fault = ArmError(500, "SimulatorDefect", f"The simulator itself failed: {type(error).__name__}: {error}")
            return fault.to_response(request)

    def _with_memory(self, request: Request) -> Response:
        """Dispatch, keeping what a GET showed before where a stale read was ordered."""
        stale_reads = self.faults.wants_stale(request)
        if stale_reads:
            # An action stands below the resource that it changes.
            path = request.path.rpartition("/")[0] if request.method == "POST" else request.path
            before = self.dispatch(Request("GET", path, request.query, request.headers, b"", request.principal))
            self.faults.remember(path, before, stale_reads)
        return self.dispatch(request)

    def dispatch(self, request: Request) -> Response:
        """An authenticated request through route, api-version, permissions and handler; errors become answers.

        Providers use it for what ARM itself does on behalf of a caller, as the resources of a template deployment.
        """
        try:
            with self.store.transaction():
                return self._dispatch(request)
        except ArmError as error:
            return error.to_response(request)

    def _dispatch(self, request: Request) -> Response:
        match = self._router.find(request.method, request.path)
        if match is None or match[0].open:
            raise self._no_route(request)
        route, values = match
        check_api_version(request, route, self.config["guesses"]["unknown_api_version"])
        if route.action is not None and request.principal is not None:
            self.rbac.require(request.principal, route.action, scope_of(request.method, request.path))
        for guard in self.guards:
            guard(request)
        return route.handler(request, values)

    def _no_route(self, request: Request) -> ArmError:
        methods = self._router.methods(request.path)
        if methods:
            message = f"The requested resource does not support http method '{request.method}'."
            return ArmError(405, "MethodNotAllowed", message, headers={"Allow": ", ".join(methods)})
        operation = f"{request.method} of '{type_of(request.path)}' with api-version '{request.api_version}'"
        return not_simulated(f"The simulator does not have {operation} (path {request.path}).")

    @staticmethod
    def _known_subscription(path: str) -> str:
        subscription = subscription_of(path)
        if subscription and subscription.lower() not in SUBSCRIPTIONS:
            raise ArmError(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")
        return subscription or DEFAULT_SUBSCRIPTION


def check_api_version(request: Request, route: Route, unknown: str) -> None:
    """Refuse a missing, a malformed or an unknown api-version (docs/facts.md b.2); `unknown` is the code of the last, which is a guess."""
    version = request.api_version
    if not version:
        raise ArmError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    if route.api_versions is None:
        known = bool(_VERSION.match(version)) and "2015-01-01" <= version[:10] <= today
    else:
        known = version.lower() in {entry.lower() for entry in route.api_versions}
    if known and version[:10] < route.since:
        raise not_simulated(
            f"The simulator does not have the shape of '{type_of(request.path)}' at api-version '{version}'.",
        )
    if known:
        return
    kind = type_of(request.path).partition("/")[2]
    supported = ",".join(sorted(route.api_versions)) if route.api_versions else f"2015-01-01 to {today}"
    message = f"The api-version '{version}' is invalid. The supported versions are '{supported}'."
    if unknown == "NoRegisteredProviderFound":
        message = (
            f"No registered resource provider found for location '' and API version '{version}' for type '{kind}'. "
            f"The supported api-versions are '{supported}'. The supported locations are ''."
        )
    raise ArmError(400, unknown, message)
