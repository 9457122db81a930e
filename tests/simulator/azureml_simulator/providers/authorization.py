# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft.Authorization: role assignments and locks at any scope, and role definitions.

RoleAssignmentExists, RoleDefinitionDoesNotExist, InvalidRoleAssignmentId, RoleDefinitionWithSameNameExists, RoleDefinitionHasAssignments and
ScopeLocked are the service's documented error codes. Whether a principal exists is not checked: the directory of a subscription holds more than the simulator.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from azureml_simulator.arm import filters
from azureml_simulator.arm.rbac import ASSIGNMENT_TYPE, BUILT_IN, BY_GUID, BY_NAME, DEFINITION_TYPE, Role
from azureml_simulator.arm.rules import entries, mapping
from azureml_simulator.entra.directory import TENANT
from azureml_simulator.http import ArmError, Request, Response, not_simulated
from azureml_simulator.routing import Route
from azureml_simulator.store import subscription_of, type_of

if TYPE_CHECKING:
    from azureml_simulator.app import App

LOCK_TYPE = "Microsoft.Authorization/locks"


class Authorization:
    """The handlers."""

    def __init__(self, app: App) -> None:
        self.app = app

    @staticmethod
    def _scope(p: dict[str, str]) -> str:
        return "/" + p["scope"].strip("/")

    def _check_scope(self, scope: str) -> None:
        parts = scope.strip("/").split("/")
        if len(parts) > 3 and parts[2].lower() == "resourcegroups":
            self.app.resource_group(parts[1], parts[3])

    # -- role assignments ----------------------------------------------------------------------------------------

    def put_assignment(self, request: Request, p: dict[str, str]) -> Response:
        scope, body = self._scope(p), request.json_object
        self._check_scope(scope)
        sent = mapping(body.get("properties"), "properties")
        properties = {key.lower(): value for key, value in sent.items()}
        role_id, principal = str(properties.get("roledefinitionid", "")), str(properties.get("principalid", ""))
        try:
            uuid.UUID(p["name"])
        except ValueError as error:
            raise ArmError(
                400,
                "InvalidRoleAssignmentId",
                f"The role assignment ID '{p['name']}' is not valid. The role assignment ID must be a GUID.",
            ) from error
        role = self.app.rbac.role(role_id)
        if role is None or not principal:
            raise ArmError(
                400,
                "RoleDefinitionDoesNotExist",
                f"The specified role definition with ID '{role_id.rsplit('/', 1)[-1]}' does not exist.",
            )
        if not any(held == "/" or _covers(held, scope) for held in role.scopes):
            raise not_simulated(
                f"The simulator does not know how '{scope}', which is not among the role's assignableScopes, is refused.",
            )
        resource_id = f"{scope}/providers/{ASSIGNMENT_TYPE}/{p['name']}"
        existing = self.app.store.get(resource_id)
        self._check_duplicate(existing, resource_id, scope, role, principal)
        now = self.app.clock.iso()
        kept = existing["properties"] if existing else {}
        doc = {
            "id": resource_id,
            "name": p["name"],
            "type": ASSIGNMENT_TYPE,
            "properties": {
                "roleDefinitionId": f"/subscriptions/{subscription_of(scope)}/providers/{DEFINITION_TYPE}/{role.guid}",
                "principalId": principal,
                "principalType": properties.get("principaltype", "ServicePrincipal"),
                "scope": scope,
                "condition": properties.get("condition"),
                "conditionVersion": properties.get("conditionversion"),
                "description": properties.get("description"),
                "createdOn": kept.get("createdOn", now),
                "updatedOn": kept.get("updatedOn", now),
                "delegatedManagedIdentityResourceId": properties.get("delegatedmanagedidentityresourceid"),
            },
        }
        self.app.store.put(resource_id, doc)
        return Response(200 if existing else 201, doc)

    def _check_duplicate(
        self, existing: dict[str, Any] | None, resource_id: str, scope: str, role: Role, principal: str
    ) -> None:
        wanted = (scope.lower(), role.guid, principal.lower())
        if existing and _content(existing) != wanted:
            raise ArmError(
                409,
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
            )
        for doc in self.app.store.children(scope, ASSIGNMENT_TYPE):
            if doc["id"].lower() != resource_id.lower() and _content(doc) == wanted:
                raise ArmError(
                    409,
                    "RoleAssignmentExists",
                    "The role assignment already exists. The ID of the conflicting role assignment is "
                    f"{doc['name'].replace('-', '')}.",
                )

    def get_assignment(self, request: Request, p: dict[str, str]) -> Response:
        doc = self.app.store.get(f"{self._scope(p)}/providers/{ASSIGNMENT_TYPE}/{p['name']}")
        if doc is None:
            raise ArmError(404, "RoleAssignmentNotFound", f"The role assignment '{p['name']}' is not found.")
        return Response(200, doc)

    def list_assignments(self, request: Request, p: dict[str, str]) -> Response:
        scope = self._scope(p)
        self._check_scope(scope)
        docs = [doc for doc in self.app.store.by_type(None, ASSIGNMENT_TYPE) if _relates(doc, scope)]
        wanted = filters.of_request(request, ("atscope", "principalid", "assignedto"))
        return Response(200, {"value": [doc for doc in docs if wanted is None or wanted([_row(doc, scope)])]})

    def delete_assignment(self, request: Request, p: dict[str, str]) -> Response:
        resource_id = f"{self._scope(p)}/providers/{ASSIGNMENT_TYPE}/{p['name']}"
        doc = self.app.store.get(resource_id)
        if doc is None:
            return Response(204)
        self.app.store.delete(resource_id)
        return Response(200, doc)

    # -- role definitions ----------------------------------------------------------------------------------------

    def get_definition(self, request: Request, p: dict[str, str]) -> Response:
        role = self.app.rbac.role(p["name"])
        if role is None:
            raise ArmError(
                404,
                "RoleDefinitionDoesNotExist",
                f"The specified role definition with ID '{p['name']}' does not exist.",
            )
        return Response(200, _definition(self._scope(p), role))

    def list_definitions(self, request: Request, p: dict[str, str]) -> Response:
        scope = self._scope(p)
        roles = [
            *BUILT_IN,
            *(role for role in self.app.rbac.custom() if any(_covers(held, scope) for held in role.scopes)),
        ]
        wanted = filters.of_request(request, ("rolename", "type", "atscopeandbelow"))
        found = [_definition(scope, role) for role in roles]
        return Response(200, {"value": [doc for doc in found if wanted is None or wanted([_definition_row(doc)])]})

    def put_definition(self, request: Request, p: dict[str, str]) -> Response:
        """A custom role: who writes it needs the right at each scope where it may be assigned. Whether the actions exist is not checked."""
        role = _role_of(p["name"], request.json_object.get("properties"))
        for scope in role.scopes:
            self._check_scope(scope)
            if request.principal is not None:
                self.app.rbac.require(request.principal, f"{DEFINITION_TYPE}/write", scope)
        others = [*BY_NAME, *(item.name.lower() for item in self.app.rbac.custom() if item.guid != role.guid)]
        if role.name.lower() in others:
            raise ArmError(
                409,
                "RoleDefinitionWithSameNameExists",
                f"A custom role with the same name '{role.name}' already exists in this directory. Use a different name.",
            )
        doc = _definition(role.scopes[0], role)
        existed = self.app.store.get(doc["id"]) is not None
        self.app.store.put(doc["id"], doc)
        return Response(200 if existed else 201, doc)

    def delete_definition(self, request: Request, p: dict[str, str]) -> Response:
        role = next((role for role in self.app.rbac.custom() if role.guid == p["name"].lower()), None)
        if role is None:
            return Response(204)
        if any(_content(doc)[1] == role.guid for doc in self.app.store.by_type(None, ASSIGNMENT_TYPE)):
            raise ArmError(
                400,
                "RoleDefinitionHasAssignments",
                f"There are existing role assignments referencing role (code: {role.guid}).",
            )
        doc = _definition(role.scopes[0], role)
        self.app.store.delete(doc["id"])
        return Response(200, doc)

    def check_linked(self, request: Request) -> None:
        """What a body names beside its own resource, the caller must be allowed to use."""
        if request.method not in ("PUT", "PATCH") or request.principal is None or not request.body:
            return
        action = f"{type_of(request.path)}/write"
        for linked_action, linked in _linked(request):
            self.app.rbac.require_linked(request.principal, action, request.path, linked_action, linked)

    # -- locks ---------------------------------------------------------------------------------------------------

    def put_lock(self, request: Request, p: dict[str, str]) -> Response:
        scope, properties = self._scope(p), mapping(request.json_object.get("properties"), "properties")
        self._check_scope(scope)
        if properties.get("level") not in ("CanNotDelete", "ReadOnly"):
            level = properties.get("level")
            raise ArmError(400, "LockLevelNotSupported", f"The lock level '{level}' is not supported.")
        resource_id = f"{scope}/providers/{LOCK_TYPE}/{p['name']}"
        existed = self.app.store.get(resource_id) is not None
        shown = {"level": properties["level"], "notes": properties.get("notes")}
        doc = {"id": resource_id, "name": p["name"], "type": LOCK_TYPE, "properties": shown}
        self.app.store.put(resource_id, doc)
        return Response(200 if existed else 201, doc)

    def get_lock(self, request: Request, p: dict[str, str]) -> Response:
        doc = self.app.store.get(f"{self._scope(p)}/providers/{LOCK_TYPE}/{p['name']}")
        if doc is None:
            raise ArmError(404, "LockNotFound", f"The lock '{p['name']}' could not be found.")
        return Response(200, doc)

    def list_locks(self, request: Request, p: dict[str, str]) -> Response:
        self._check_scope(self._scope(p))
        return Response(200, {"value": self.app.store.children(self._scope(p), LOCK_TYPE)})

    def delete_lock(self, request: Request, p: dict[str, str]) -> Response:
        gone = self.app.store.delete(f"{self._scope(p)}/providers/{LOCK_TYPE}/{p['name']}")
        return Response(200 if gone else 204)

    def check_locks(self, request: Request) -> None:
        """A lock at, above or (for a deletion) below the path stops the write."""
        if request.method in ("GET", "HEAD") or "/providers/microsoft.authorization/" in request.path.lower():
            return
        deletes = request.method == "DELETE"
        for doc in self.app.store.by_type(None, LOCK_TYPE):
            scope = doc["id"].rsplit(f"/providers/{LOCK_TYPE}/", 1)[0]
            hit = _covers(scope, request.path) or (deletes and _covers(request.path, scope))
            if hit and (deletes or doc["properties"]["level"] == "ReadOnly"):
                what = "delete" if deletes else "write"
                raise ArmError(
                    409,
                    "ScopeLocked",
                    f"The scope '{request.path}' cannot perform {what} operation because following scope(s) are "
                    f"locked: '{scope}'. Please remove the lock and try again.",
                )


def _content(doc: dict[str, Any]) -> tuple[str, str, str]:
    properties = doc["properties"]
    role = properties["roleDefinitionId"].rsplit("/", 1)[-1].lower()
    return properties["scope"].rstrip("/").lower(), role, properties["principalId"].lower()


def _row(doc: dict[str, Any], scope: str) -> dict[str, Any]:
    """What a filter sees of an assignment. Groups are not simulated, so who it is assigned to is its principal."""
    principal = doc["properties"]["principalId"]
    return {"atscope": _covers(doc["properties"]["scope"], scope), "principalid": principal, "assignedto": principal}


def _definition_row(doc: dict[str, Any]) -> dict[str, Any]:
    return {"rolename": doc["properties"]["roleName"], "type": doc["properties"]["type"], "atscopeandbelow": True}


def _covers(scope: str, path: str) -> bool:
    held, wanted = scope.rstrip("/").lower(), path.rstrip("/").lower()
    return wanted == held or wanted.startswith(held + "/")


def _relates(doc: dict[str, Any], scope: str) -> bool:
    held = doc["properties"]["scope"]
    return _covers(held, scope) or _covers(scope, held)


def _linked(request: Request) -> Iterator[tuple[str, str]]:
    """Subnets that a compute target or a private endpoint joins, and identities that are given to a resource.

    Documented for both: how-to-secure-training-vnet and private-endpoint (join), how-to-assign-managed-identity (assign) of the service's guides.
    """
    body = request.json
    properties = _mapping(_mapping(body).get("properties"))
    identities = _mapping(_mapping(_mapping(body).get("identity")).get("userAssignedIdentities"))
    for identity in (key for key, value in identities.items() if value is not None):
        yield "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", identity
    nested = {
        "microsoft.machinelearningservices/workspaces/computes": _mapping(properties.get("properties")),
        "microsoft.network/privateendpoints": properties,
    }
    subnet = _mapping(nested.get(type_of(request.path).lower(), {}).get("subnet")).get("id")
    if subnet:
        yield "Microsoft.Network/virtualNetworks/subnets/join/action", str(subnet)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _role_of(name: str, properties: Any) -> Role:
    """A role from the body of its definition, or the reason why it is none."""
    given = properties if isinstance(properties, dict) else {}
    try:
        guid = str(uuid.UUID(name))
    except ValueError as error:
        raise ArmError(
            400, "InvalidRoleDefinitionId", f"The role definition ID '{name}' is not valid. It must be a GUID."
        ) from error
    permissions = entries(given.get("permissions"), "permissions")
    scopes, role_name = _texts(given.get("assignableScopes"), "assignableScopes"), given.get("roleName")
    _check_simulated(guid, role_name, permissions, scopes)
    actions, without = (tuple(_texts(permissions[0].get(key), key)) for key in ("actions", "notActions"))
    return Role(guid, str(role_name), actions, without, tuple(scope.rstrip("/") for scope in scopes))


def _texts(value: Any, what: str) -> list[str]:
    if not isinstance(value or [], list) or not all(isinstance(item, str) for item in value or []):
        raise ArmError(
            400, "InvalidRequestContent", f"The request content was invalid: '{what}' must be a list of texts."
        )
    return value or []


def _check_simulated(guid: str, name: Any, permissions: list[Any], scopes: list[Any]) -> None:
    if guid in BY_GUID or not name or not scopes or "/" in scopes or len(permissions) != 1:
        raise not_simulated(
            "The simulator takes custom roles with a roleName, one entry of permissions, and assignableScopes below '/'.",
        )
    if any(permissions[0].get(key) for key in ("dataActions", "notDataActions", "condition")):
        raise not_simulated("The simulator has no data plane: a role's dataActions mean nothing to it.")


def _definition(scope: str, role: Role) -> dict[str, Any]:
    permissions = [
        {
            "actions": list(role.actions),
            "notActions": list(role.not_actions),
            "dataActions": [],
            "notDataActions": [],
        }
    ]
    prefix = f"/subscriptions/{subscription_of(scope)}" if subscription_of(scope) else ""
    kind = "BuiltInRole" if role.guid in BY_GUID else "CustomRole"
    return {
        "id": f"{prefix}/providers/{DEFINITION_TYPE}/{role.guid}",
        "name": role.guid,
        "type": DEFINITION_TYPE,
        "properties": {
            "roleName": role.name,
            "type": kind,
            "description": "",
            "assignableScopes": list(role.scopes),
            "permissions": permissions,
            "tenantId": TENANT,
        },
    }


def routes(app: App) -> list[Route]:
    handlers = Authorization(app)
    app.guards += [handlers.check_linked, handlers.check_locks]
    prefix = "/{scope...}/providers/"
    assignments, locks = prefix + ASSIGNMENT_TYPE, prefix + LOCK_TYPE
    return [
        Route("GET", assignments, handlers.list_assignments, action=f"{ASSIGNMENT_TYPE}/read"),
        Route("GET", assignments + "/{name}", handlers.get_assignment, action=f"{ASSIGNMENT_TYPE}/read"),
        Route("PUT", assignments + "/{name}", handlers.put_assignment, action=f"{ASSIGNMENT_TYPE}/write"),
        Route("DELETE", assignments + "/{name}", handlers.delete_assignment, action=f"{ASSIGNMENT_TYPE}/delete"),
        Route("GET", prefix + DEFINITION_TYPE, handlers.list_definitions, action=f"{DEFINITION_TYPE}/read"),
        Route("GET", prefix + DEFINITION_TYPE + "/{name}", handlers.get_definition, action=f"{DEFINITION_TYPE}/read"),
        Route("PUT", prefix + DEFINITION_TYPE + "/{name}", handlers.put_definition, action=f"{DEFINITION_TYPE}/write"),
        Route(
            "DELETE",
            prefix + DEFINITION_TYPE + "/{name}",
            handlers.delete_definition,
            action=f"{DEFINITION_TYPE}/delete",
        ),
        Route("GET", locks, handlers.list_locks, action=f"{LOCK_TYPE}/read"),
        Route("GET", locks + "/{name}", handlers.get_lock, action=f"{LOCK_TYPE}/read"),
        Route("PUT", locks + "/{name}", handlers.put_lock, action=f"{LOCK_TYPE}/write"),
        Route("DELETE", locks + "/{name}", handlers.delete_lock, action=f"{LOCK_TYPE}/delete"),
    ]
