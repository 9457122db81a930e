# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datastores of a workspace (docs/facts.md g): read, written and deleted in one request, with secrets that only `listSecrets` shows.

Shape and statuses: recordings of azure-ai-ml and of azure-powershell; required properties: types-2026-05-01.md, DatastoreProperties. The four datastores of a
new workspace are not stored until someone writes them: they follow from the workspace.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from azureml_simulator.entra.directory import stable_guid
from azureml_simulator.http import ArmError, Request, Response, not_simulated, refuse_unknown
from azureml_simulator.providers.machine_learning import common
from azureml_simulator.providers.machine_learning.common import API_VERSIONS, WORKSPACE, WORKSPACE_TYPE, Document
from azureml_simulator.providers.machine_learning.versions import Since, has
from azureml_simulator.providers.machine_learning.workspace_body import system_data
from azureml_simulator.providers.names_and_keys import account_keys
from azureml_simulator.routing import Route, routes_below

if TYPE_CHECKING:
    from azureml_simulator.app import App

DATASTORE_TYPE = f"{WORKSPACE_TYPE}/datastores"
# The operations of this component have the types of 2022-05-01 and later; older versions had another body.
_SINCE = "2022-05-01"

_BASE = ("description", "tags", "properties", "credentials", "datastoreType")
_PLACE = ("subscriptionId", "resourceGroup")
_IDENTITY = "serviceDataAccessAuthIdentity"
# By datastoreType, the properties of its storage; the required ones first, and how many these are.
_STORAGE: dict[str, tuple[tuple[str, ...], int]] = {
    "AzureBlob": (("accountName", "containerName", "endpoint", "protocol", *_PLACE), 0),
    "AzureFile": (("accountName", "fileShareName", "endpoint", "protocol", *_PLACE), 2),
    "AzureDataLakeGen1": (("storeName", *_PLACE), 1),
    "AzureDataLakeGen2": (("accountName", "filesystem", "endpoint", "protocol", *_PLACE), 2),
    "OneLake": (("oneLakeWorkspaceName", "artifact", "endpoint"), 2),
}
# The oldest versions that are known to have it.
_ONE_LAKE: Since = ("2024-04-01", "2024-10-01")
# By credentialsType, the name of its secret, and its other properties; the required ones first, and how many these are.
_PRINCIPAL = ("clientId", "tenantId")
_CREDENTIALS: dict[str, tuple[str, tuple[str, ...], int]] = {
    "None": ("", (), 0),
    "AccountKey": ("key", (), 0),
    "Sas": ("sasToken", (), 0),
    "ServicePrincipal": ("clientSecret", (*_PRINCIPAL, "authorityUrl", "resourceUrl"), 2),
    "Certificate": ("certificate", (*_PRINCIPAL, "thumbprint", "authorityUrl", "resourceUrl"), 3),
}
_IDENTITIES = ("None", "WorkspaceSystemAssignedIdentity", "WorkspaceUserAssignedIdentity")
# What the service adds to the storage of a datastore that names none (azure-quickstart-templates#7783).
_ADDED = {"endpoint": "core.windows.net", "protocol": "https"}
# azure-ai-ml sends a count and orderByAsc=false, which alone has shown no effect [REC R21].
_LIST_PARAMETERS = {"api-version", "$skip", "count", "isdefault", "orderbyasc"}


class Datastores:
    """The handlers of datastores."""

    def __init__(self, app: App) -> None:
        self.app = app

    # -- reading -----------------------------------------------------------------------------------------------------

    def _of_workspace(self, workspace: Document) -> dict[str, Document]:
        """All datastores of the workspace by their names in lower case, its own four first [REC R21, R22]."""
        own = {doc["name"]: doc for doc in _own(self.app, workspace)}
        stored = self.app.store.children(workspace["id"], DATASTORE_TYPE)
        return {**own, **{doc["name"].lower(): doc for doc in stored}}

    def _find(self, p: dict[str, str]) -> Document:
        workspace = common.find_workspace(self.app, p, f"datastores/{p['name']}")
        doc = self._of_workspace(workspace).get(p["name"].lower())
        if doc is None:
            # The code and the text are a guess; that of a connection is recorded.
            message = f"Datastore {p['name']} can't be found in this workspace"
            raise _refuse(message, workspace["location"], status=404, inner="NotFoundError")
        return doc

    def get(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, self._find(p))

    def list_all(self, request: Request, p: dict[str, str]) -> Response:
        query = {name.lower(): value for name, value in request.query.items()}
        unknown = sorted(set(query) - _LIST_PARAMETERS)
        if unknown:
            raise not_simulated(f"The simulator does not have '{unknown[0]}' of a list of datastores.")
        docs = list(self._of_workspace(common.find_workspace(self.app, p)).values())
        if "isdefault" in query:
            docs = [doc for doc in docs if doc["properties"]["isDefault"] is common.flag(query["isdefault"])]
        return Response(200, common.page(self.app, request, docs, "datastores", most=query.get("count")))

    def secrets(self, request: Request, p: dict[str, str]) -> Response:
        doc = self._find(p)
        kind = doc["properties"]["credentials"]["credentialsType"]
        name = _CREDENTIALS[kind][0]
        if not name:
            raise not_simulated("The simulator does not know the secrets of a datastore without any.")
        value = self.app.store.private(doc["id"]).get("secret") or self._own_key(p)
        if common.flag(request.json_object.get("expirableSecret")) and kind == "AccountKey":
            # A signature that was made with the key [REC R21].
            token = f"?sv=2024-11-04&se=2030-01-01T00%3A00%3A00Z&srt=co&ss=bf&sp=rcuwdl&sig={stable_guid('sas', value)}"
            return Response(200, {"secretsType": "Sas", "sasToken": token})
        return Response(200, {"secretsType": kind, name: value})

    def _own_key(self, p: dict[str, str]) -> str:
        """The key of the workspace's storage account: that of a datastore which no one has written."""
        storage = common.find_workspace(self.app, p)["properties"]["storageAccount"]
        account = self.app.store.get(storage)
        if account is None:
            raise not_simulated(f"The storage account '{storage}' is gone, and its key with it.")
        return str(account_keys(self.app, account)[0]["value"])

    # -- writing -----------------------------------------------------------------------------------------------------

    def put(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.parent_workspace(self.app, p)
        common.need_succeeded(workspace)
        if not common.flag(request.query.get("skipValidation")):
            raise not_simulated("The simulator cannot validate the storage of a datastore: skipValidation.")
        sent = common.mapping(request.json_object.get("properties"), "properties")
        properties, secret = _checked(sent, request.api_version, workspace["location"])
        before = self._of_workspace(workspace).get(p["name"].lower())
        resource_id = f"{workspace['id']}/datastores/{p['name']}"
        changed = system_data(self.app, request.principal)
        if before is not None:
            resource_id = before["id"]
            changed |= {key: value for key, value in before["systemData"].items() if key.startswith("created")}
        doc: Document = {
            "id": resource_id,
            "name": resource_id.rsplit("/", 1)[-1],
            "type": DATASTORE_TYPE,
            "properties": {**properties, "isDefault": before is not None and before["properties"]["isDefault"]},
            "systemData": changed,
        }
        self.app.store.put(resource_id, doc, private={"secret": secret})
        location = f"{self.app.base_url(request)}{resource_id}?api-version={request.api_version}&skipValidation=true"
        status = self.app.config["guesses"]["datastore"]["replaced_status"] if before is not None else 201
        return Response(status, doc, headers={"Location": location})

    def delete(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.find_workspace(self.app, p)
        if p["name"].lower() in {doc["name"] for doc in _own(self.app, workspace)}:
            raise not_simulated(f"No one has recorded what a DELETE of the datastore '{p['name']}' does.")
        gone = self.app.store.delete(f"{workspace['id']}/datastores/{p['name']}")
        return Response(200 if gone else 204)

    def routes(self) -> list[Route]:
        rows = (
            ("GET", "", self.list_all, "read"),
            ("GET", "/{name}", self.get, "read"),
            ("PUT", "/{name}", self.put, "write"),
            ("DELETE", "/{name}", self.delete, "delete"),
            ("POST", "/{name}/listSecrets", self.secrets, "listSecrets/action"),
        )
        return routes_below(WORKSPACE + "/datastores", rows, API_VERSIONS, DATASTORE_TYPE, since=_SINCE)


def _own(app: App, workspace: Document) -> list[Document]:
    """The datastores that the service makes with a workspace [REC R21, R22]; those of a hub, a project or a feature store are a guess."""
    if workspace["kind"] != "Default" and app.config["guesses"]["datastore"]["other_kinds"] == "none":
        return []
    properties = workspace["properties"]
    guid, storage = properties["workspaceId"], str(properties["storageAccount"])
    account = storage.rsplit("/", 1)[-1]
    # With an identity, the four have no key (a guess).
    kind = "AccountKey" if str(properties.get("systemDatastoresAuthMode")).lower() == "accesskey" else "None"
    created = properties["creationTime"]
    rows: list[tuple[str, str, Document]] = [
        ("workspaceblobstore", "AzureBlob", {"containerName": f"azureml-blobstore-{guid}"}),
        ("workspacefilestore", "AzureFile", {"fileShareName": f"azureml-filestore-{guid}"}),
        ("workspaceworkingdirectory", "AzureFile", {"fileShareName": f"code-{stable_guid('code', guid)}"}),
        ("workspaceartifactstore", "AzureBlob", {"containerName": "azureml"}),
    ]
    docs = []
    for name, type_, target in rows:
        first = name == "workspaceblobstore"
        place = dict(zip(_PLACE, (storage.split("/")[2], storage.split("/")[4]), strict=True)) if first else {}
        own = {
            "accountName": account,
            **_ADDED,
            **target,
            _IDENTITY: _IDENTITIES[1] if first else _IDENTITIES[0],
            "credentials": {"credentialsType": kind},
            **place,
        }
        docs.append(
            {
                "id": f"{workspace['id']}/datastores/{name}",
                "name": name,
                "type": DATASTORE_TYPE,
                "properties": {**_shown(type_, own), "isDefault": first},
                "systemData": {
                    "createdAt": created,
                    "lastModifiedAt": created,
                    "lastModifiedByType": "Application",
                },
            }
        )
    return docs


def _shown(type_: str, sent: Mapping[str, Any]) -> Document:
    """The properties as a GET shows them: null for what was not sent [REC R21]."""
    names = (*_BASE, *_STORAGE[type_][0], _IDENTITY)
    return {**dict.fromkeys(names), **{name: sent[name] for name in names if name in sent}, "datastoreType": type_}


def _checked(sent: Document, version: str, location: str) -> tuple[Document, str | None]:
    """The properties of a PUT's body as they are kept, and the secret in it."""
    type_ = _type_of(sent, version, location)
    storage, needed = _STORAGE[type_]
    refuse_unknown({*sent} - {*_BASE, *storage, _IDENTITY, "isDefault"}, f"a datastore of type {type_}")
    _require(sent, storage[:needed], location)
    if sent.get(_IDENTITY) not in (None, *_IDENTITIES):
        raise _invalid(_IDENTITY, f"'{sent[_IDENTITY]}' is none of {', '.join(_IDENTITIES)}", location)
    credentials, secret = _credentials(common.mapping(sent.get("credentials"), "credentials"), location)
    added = {name: value for name, value in _ADDED.items() if name in storage and type_ != "OneLake"}
    kept = {name: value for name, value in copy.deepcopy(sent).items() if value is not None and name != "isDefault"}
    common.tags_of(kept)
    return _shown(type_, {**added, _IDENTITY: "None", **kept, "credentials": credentials}), secret


def _type_of(sent: Document, version: str, location: str) -> str:
    type_ = str(sent.get("datastoreType"))
    if type_ not in _STORAGE:
        raise _invalid("datastoreType", f"'{type_}' is not a type of datastores", location)
    if type_ == "OneLake" and not has(_ONE_LAKE, version):
        raise not_simulated(f"The simulator does not know whether api-version {version} has OneLake.")
    return type_


def _require(sent: Document, names: tuple[str, ...], location: str) -> None:
    for name in names:
        if not sent.get(name):
            raise _invalid(name, "it is required", location)


def _credentials(sent: Document, location: str) -> tuple[Document, str | None]:
    kind = sent.get("credentialsType")
    if not isinstance(kind, str) or kind not in _CREDENTIALS:
        raise _invalid("credentials.credentialsType", f"'{kind}' is not a type of credentials", location)
    name, parts, needed = _CREDENTIALS[kind]
    _require(sent, parts[:needed], location)
    secrets = common.mapping(sent.get("secrets"), "credentials.secrets")
    if name and (not secrets.get(name) or secrets.get("secretsType") != kind):
        # Required in the types; what the service does without is not recorded.
        raise _invalid("credentials.secrets", "it is required", location)
    return {"credentialsType": kind, **{part: sent[part] for part in parts if sent.get(part)}}, secrets.get(name)


def _invalid(name: str, problem: str, location: str) -> ArmError:
    return _refuse(f"The property '{name}' of the datastore is not valid: {problem}.", location)


def _refuse(message: str, location: str, *, status: int = 400, inner: str = "BadArgument") -> ArmError:
    """A refusal of the component that has the datastores: envelope E3 (docs/facts.md b.1)."""
    return ArmError(status, "UserError", message, envelope="mfe", location=location, inner=inner)
