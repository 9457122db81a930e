# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions of plain resource types that clients need before or after they create one.

Whether a name is available (Storage, Key Vault, Container Registry), keys of storage accounts, access policies of vaults. Shapes:
REST references of the services, of the operations that are named here. Keys are made up; what they would open is not simulated.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from azureml_simulator.arm import rules as arm_rules
from azureml_simulator.arm.resource_types import KINDS, Document, Kind
from azureml_simulator.http import ArmError, Request, Response
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

_GROUP = "/subscriptions/{sub}/resourceGroups/{rg}/providers"
_ACCOUNT = "Microsoft.Storage/storageAccounts"
_VAULT = "Microsoft.KeyVault/vaults"
_GENERATIONS = "storage.key.generations"
_KEYS = ("key1", "key2")
_INVALID_NAME = {
    "Microsoft.Storage": "AccountNameInvalid",
    "Microsoft.KeyVault": "AccountNameInvalid",
    "Microsoft.ContainerRegistry": "Invalid",
}


def account_keys(app: App, account: Document) -> list[dict[str, Any]]:
    """The keys of a storage account, which are the same wherever a client reads them. Each regeneration makes another one."""
    turns = app.store.kv_get(_GENERATIONS, account["id"]) or {}
    created = account["properties"].get("creationTime", "")
    keys = []
    for name in _KEYS:
        text = "|".join((account["id"].lower(), created, name, str(turns.get(name, 0))))
        value = base64.b64encode(hashlib.sha512(text.encode()).digest()).decode()
        keys.append({"creationTime": created, "keyName": name, "value": value, "permissions": "FULL"})
    return keys


class Actions:
    """The handlers."""

    def __init__(self, app: App) -> None:
        self.app = app

    def name_available(self, request: Request, kind: Kind) -> Response:
        name = str(request.json_object.get("name") or "")
        reason = text = ""
        if kind.name is not None and not kind.name.match(name):
            reason, text = _INVALID_NAME[kind.type.partition("/")[0]], kind.name_error[1]
        elif any(doc["name"].lower() == name.lower() for doc in self.app.store.by_type(None, kind.type)):
            assert kind.taken is not None
            reason, text = "AlreadyExists", kind.taken[1]
        if not reason:
            return Response(200, {"nameAvailable": True})
        return Response(200, {"nameAvailable": False, "reason": reason, "message": text.format(name=name)})

    def _find(self, p: dict[str, str], kind: str) -> Document:
        self.app.resource_group(p["sub"], p["rg"])
        resource_id = f"/subscriptions/{p['sub']}/resourceGroups/{p['rg']}/providers/{kind}/{p['name']}"
        doc = self.app.store.get(resource_id)
        if doc is None:
            raise arm_rules.not_found(resource_id)
        return doc

    def list_keys(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, {"keys": account_keys(self.app, self._find(p, _ACCOUNT))})

    def regenerate_key(self, request: Request, p: dict[str, str]) -> Response:
        doc, name = self._find(p, _ACCOUNT), request.json_object.get("keyName")
        if name not in _KEYS:
            raise ArmError(400, "InvalidArgument", f"The key name '{name}' is not valid: {' or '.join(_KEYS)}.")
        turns = self.app.store.kv_get(_GENERATIONS, doc["id"]) or {}
        self.app.store.kv_put(_GENERATIONS, doc["id"], {**turns, name: turns.get(name, 0) + 1})
        return Response(200, {"keys": account_keys(self.app, doc)})

    def access_policies(self, request: Request, p: dict[str, str]) -> Response:
        """Add, replace or remove access policies; each is of one object."""
        doc, verb = self._find(p, _VAULT), p["verb"].lower()
        properties = arm_rules.mapping(request.json_object.get("properties"), "properties")
        sent = arm_rules.entries(properties.get("accessPolicies"), "properties.accessPolicies")
        if verb not in ("add", "replace", "remove") or "accessPolicies" not in properties:
            raise ArmError(
                400, "BadRequest", "The operation must be add, replace or remove, with properties.accessPolicies."
            )
        objects = {str(policy.get("objectId")).lower() for policy in sent}
        held = doc["properties"]["accessPolicies"]
        others = [policy for policy in held if str(policy.get("objectId")).lower() not in objects]
        doc["properties"]["accessPolicies"] = {"add": [*others, *sent], "replace": sent, "remove": others}[verb]
        self.app.store.put(doc["id"], doc)
        body = {"id": f"{doc['id']}/accessPolicies/", "type": f"{_VAULT}/accessPolicies", "location": doc["location"]}
        return Response(200, {**body, "properties": {"accessPolicies": doc["properties"]["accessPolicies"]}})


def routes(app: App) -> list[Route]:
    actions = Actions(app)
    account, vault = f"{_GROUP}/{_ACCOUNT}/{{name}}", f"{_GROUP}/{_VAULT}/{{name}}"
    found = [
        Route("POST", f"{account}/listKeys", actions.list_keys, action=f"{_ACCOUNT}/listKeys/action"),
        Route("POST", f"{account}/regenerateKey", actions.regenerate_key, action=f"{_ACCOUNT}/regenerateKey/action"),
        Route(
            "PUT", f"{vault}/accessPolicies/{{verb}}", actions.access_policies, action=f"{_VAULT}/accessPolicies/write"
        ),
    ]
    for kind in KINDS:
        namespace = kind.type.partition("/")[0]
        if kind.taken is not None and namespace in _INVALID_NAME:

            def available(request: Request, p: dict[str, str], kind: Kind = kind) -> Response:
                return actions.name_available(request, kind)

            path = f"/subscriptions/{{sub}}/providers/{namespace}/checkNameAvailability"
            found.append(Route("POST", path, available, action=f"{namespace}/checkNameAvailability/read"))
    return found
