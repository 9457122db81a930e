# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated Entra ID: discovery, keys, token endpoints (v2.0 and v1) and the managed identity endpoint.

Error codes and their HTTP status: "Microsoft Entra authentication and authorization error codes" (AADSTS numbers);
managed identity errors: "How to use managed identities on a VM to acquire an access token".
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from azureml_simulator.arm.authentication import allowed_audiences
from azureml_simulator.entra.assertions import AssertionRefusedError, check_assertion
from azureml_simulator.entra.directory import MACHINE_OBJECT, TENANT
from azureml_simulator.http import Principal, Request, Response
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

OTHER_RESOURCES = (
    "https://graph.microsoft.com",
    "https://graph.windows.net",
    "https://vault.azure.net",
    "https://storage.azure.com",
    "https://ml.azure.com",
    "https://ml.azure.localhost",
)
IDENTITY_TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities"
_ANY_TENANT = {"common", "organizations"}


class EntraError(Exception):
    """A refusal of the token endpoint."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status, self.error, self.number, self.text = status, error, number, text

    def to_response(self) -> Response:
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        body = {
            "error": self.error,
            "error_description": f"AADSTS{self.number}: {self.text} Trace ID: {trace} Correlation ID: {correlation} "
            f"Timestamp: {stamp}",
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }
        return Response(self.status, body)


class Entra:
    """The handlers."""

    def __init__(self, app: App) -> None:
        self.app = app

    # -- discovery -----------------------------------------------------------------------------------------------

    def configuration(self, request: Request, p: dict[str, str]) -> Response:
        try:
            self._check_tenant(p["tenant"])
        except EntraError as error:
            return error.to_response()
        base = f"{request.base_url}/{p['tenant']}"
        return Response(
            200,
            {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "issuer": f"{base}/v2.0",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "response_types_supported": ["code", "id_token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "tenant_region_scope": None,
                "cloud_instance_name": request.base_url.removeprefix("https://"),
            },
        )

    def keys(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, self.app.issuer.jwks())

    def instance(self, request: Request, p: dict[str, str]) -> Response:
        host = request.base_url.removeprefix("https://")
        alias = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
        endpoint = f"{request.base_url}/{TENANT}/v2.0/.well-known/openid-configuration"
        return Response(200, {"tenant_discovery_endpoint": endpoint, "api-version": "1.1", "metadata": [alias]})

    def user_realm(self, request: Request, p: dict[str, str]) -> Response:
        domain = p["user"].rpartition("@")[2]
        host = request.base_url.removeprefix("https://")
        known = self.app.directory.by_username(p["user"]) is not None
        kind = "Managed" if known else "Unknown"
        return Response(200, {"ver": "1.0", "account_type": kind, "domain_name": domain, "cloud_instance_name": host})

    # -- tokens --------------------------------------------------------------------------------------------------

    def token_v2(self, request: Request, p: dict[str, str]) -> Response:
        return self._token(request, p["tenant"], "scope")

    def token_v1(self, request: Request, p: dict[str, str]) -> Response:
        return self._token(request, p["tenant"], "resource")

    def _token(self, request: Request, tenant: str, target: str) -> Response:
        form = dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))
        try:
            self._check_tenant(tenant)
            for name in ("grant_type", "client_id", target):
                if not form.get(name):
                    raise EntraError(
                        400,
                        "invalid_request",
                        900144,
                        f"The request body must contain the following parameter: '{name}'.",
                    )
            if form["grant_type"] == "client_credentials":
                principal = self._client(request, tenant, form)
                audience = self._audience(request, form, target, application=True)
                return self._answer(principal, audience, form, target)
            if form["grant_type"] == "password":
                principal = self._user(form)
                audience = self._audience(request, form, target, application=False)
                return self._answer(principal, audience, form, target, request)
            raise EntraError(
                400,
                "unsupported_grant_type",
                70003,
                f"The app requested an unsupported grant type '{form['grant_type']}'.",
            )
        except EntraError as error:
            return error.to_response()

    def _check_tenant(self, tenant: str) -> None:
        if tenant.lower() not in self.app.directory.tenants() | _ANY_TENANT:
            raise EntraError(
                400,
                "invalid_request",
                90002,
                f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into "
                "the correct cloud. Check with your subscription administrator, this may happen if there are no active "
                "subscriptions for the tenant.",
            )

    def _client(self, request: Request, tenant: str, form: dict[str, str]) -> Principal:
        entry = self.app.directory.by_app(form["client_id"])
        if entry is None or entry["tenant"].lower() != tenant.lower():
            raise EntraError(
                400,
                "unauthorized_client",
                700016,
                f"Application with identifier '{form['client_id']}' was not found in the directory '{tenant}'. "
                "This can happen if the application has not been installed by the administrator of the tenant or "
                "consented to by any user in the tenant. You may have sent your authentication request to the wrong "
                "tenant.",
            )
        if form.get("client_assertion"):
            try:
                check_assertion(entry, form["client_assertion"], request.base_url, tenant)
            except AssertionRefusedError as problem:
                raise EntraError(problem.status, problem.error, problem.number, str(problem)) from problem
        elif "client_secret" not in form:
            raise EntraError(
                401,
                "invalid_client",
                7000218,
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            )
        elif form["client_secret"] not in entry["secrets"]:
            raise EntraError(
                401,
                "invalid_client",
                7000215,
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
                f"value, not the client secret ID, for a secret added to app '{form['client_id']}'.",
            )
        return self.app.directory.principal(entry)

    def _user(self, form: dict[str, str]) -> Principal:
        entry = self.app.directory.by_username(form.get("username", ""))
        if entry is None:
            raise EntraError(
                400,
                "invalid_grant",
                50034,
                f"The user account {form.get('username')} does not exist in the directory. To sign into this "
                "application, the account must be added to the directory.",
            )
        if not entry.get("password") or form.get("password") != entry["password"]:
            raise EntraError(
                400, "invalid_grant", 50126, "Error validating credentials due to invalid username or password."
            )
        return self.app.directory.principal(entry)

    def _audience(self, request: Request, form: dict[str, str], target: str, *, application: bool) -> str:
        asked = form[target].split()
        scope = next((item for item in asked if "://" in item), asked[0])
        if target == "scope":
            if application and not scope.endswith("/.default"):
                raise EntraError(
                    400,
                    "invalid_scope",
                    1002012,
                    f"The provided value for scope {form[target]} is not valid. Client credential flows must have a "
                    "scope value with /.default suffixed to the resource identifier (application ID URI).",
                )
            scope = scope.removesuffix("/.default").removesuffix("/user_impersonation")
        known = [*allowed_audiences(request.base_url), *OTHER_RESOURCES]
        if scope.rstrip("/").lower() not in {entry.rstrip("/").lower() for entry in known}:
            raise EntraError(
                400,
                "invalid_resource",
                500011,
                f"The resource principal named {scope} was not found in the tenant named {TENANT}. This can happen if "
                "the application has not been installed by the administrator of the tenant or consented to by any user "
                "in the tenant. You might have sent your authentication request to the wrong tenant.",
            )
        return scope

    def _answer(
        self, principal: Principal, audience: str, form: dict[str, str], target: str, user: Request | None = None
    ) -> Response:
        lifetime = int(self.app.config["token"]["lifetime_seconds"])
        token = self.app.issuer.issue(principal, audience, lifetime)
        body: dict[str, Any] = {"token_type": "Bearer", "access_token": token}
        if target == "resource":
            now = int(time.time())
            numbers = {"expires_in": lifetime, "ext_expires_in": lifetime}
            numbers |= {"expires_on": now + lifetime, "not_before": now}
            body |= {key: str(value) for key, value in numbers.items()} | {"resource": audience}
        else:
            body |= {"expires_in": lifetime, "ext_expires_in": lifetime}
        if user is not None:
            body |= self._user_part(principal, form, user, lifetime)
        return Response(200, body)

    def _user_part(self, principal: Principal, form: dict[str, str], request: Request, lifetime: int) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": f"{request.base_url}/{principal.tenant}/v2.0",
            "aud": form["client_id"],
            "iat": now,
            "exp": now + max(lifetime, 60),
            "sub": principal.object_id,
            "oid": principal.object_id,
            "tid": principal.tenant,
            "preferred_username": principal.name,
            "ver": "2.0",
        }
        info = json.dumps({"uid": principal.object_id, "utid": principal.tenant}).encode()
        return {
            "scope": form.get("scope", ""),
            "id_token": self.app.issuer.sign(claims),
            "client_info": base64.urlsafe_b64encode(info).rstrip(b"=").decode(),
        }

    # -- managed identity ----------------------------------------------------------------------------------------

    def managed_identity(self, request: Request, p: dict[str, str]) -> Response:
        if self.app.config["managed_identity"]["enabled"] is not True:
            # As on a machine without an identity; what to do is for people.
            text = 'This machine has no identity. The simulator has one after PUT /_simulator/config {"managed_identity": {"enabled": true}}.'
            return Response(404, {"error": "not_found", "error_description": text})
        if str(request.headers.get("metadata", "")).lower() != "true":
            return _imds_error("invalid_request", "Required metadata header not specified")
        resource = request.query.get("resource", "")
        if not resource:
            return _imds_error("invalid_resource", "Required query variable 'resource' is missing")
        principal = self._machine_identity(request.query)
        if principal is None:
            return _imds_error("invalid_request", "Identity not found")
        lifetime, now = int(self.app.config["token"]["lifetime_seconds"]), int(time.time())
        return Response(
            200,
            {
                "access_token": self.app.issuer.issue(principal, resource, lifetime),
                "client_id": principal.app_id,
                "expires_in": str(lifetime),
                "expires_on": str(now + lifetime),
                "ext_expires_in": str(lifetime),
                "not_before": str(now),
                "resource": resource,
                "token_type": "Bearer",
            },
        )

    def _machine_identity(self, query: dict[str, str]) -> Principal | None:
        """The identity of this machine, or the user-assigned one that is asked for."""
        names = ("client_id", "object_id", "msi_res_id", "mi_res_id")
        wanted = {query[name].lower() for name in names if name in query}
        entries = [entry for entry in self.app.directory.all() if entry["type"] == "ManagedIdentity"]
        for entry in entries:
            own = {entry["app_id"].lower(), entry["object_id"].lower()}
            if own & wanted if wanted else entry["object_id"] == MACHINE_OBJECT:
                return self.app.directory.principal(entry)
        for doc in self.app.store.by_type(None, IDENTITY_TYPE):
            ids = doc["properties"]
            if {ids["clientId"].lower(), ids["principalId"].lower(), doc["id"].lower()} & wanted:
                return Principal(ids["principalId"], ids["clientId"], TENANT, doc["name"], "ManagedIdentity")
        return None


def _imds_error(code: str, text: str) -> Response:
    return Response(400, {"error": code, "error_description": text})


def routes(app: App) -> list[Route]:
    entra = Entra(app)
    table = [
        ("GET", "/{tenant}/v2.0/.well-known/openid-configuration", entra.configuration),
        ("GET", "/{tenant}/.well-known/openid-configuration", entra.configuration),
        ("GET", "/{tenant}/discovery/v2.0/keys", entra.keys),
        ("GET", "/common/discovery/instance", entra.instance),
        ("GET", "/common/userrealm/{user}", entra.user_realm),
        ("POST", "/{tenant}/oauth2/v2.0/token", entra.token_v2),
        ("POST", "/{tenant}/oauth2/token", entra.token_v1),
        ("GET", "/metadata/identity/oauth2/token", entra.managed_identity),
    ]
    return [Route(method, pattern, handler, open=True) for method, pattern, handler in table]
