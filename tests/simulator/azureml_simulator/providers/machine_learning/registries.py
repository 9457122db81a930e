# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries of assets: regions with a container registry and storage accounts in each (docs/facts.md k).

Statuses, headers and the document: a recording of azure-ai-ml (2022-11, api 2022-10-01-preview); PATCH: the specification. The resources in the managed
resource group are named in the document, and do not exist otherwise.
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from azureml_simulator.arm.locations import normalise
from azureml_simulator.entra.directory import stable_guid
from azureml_simulator.http import ArmError, Request, Response, not_simulated, refuse_unknown
from azureml_simulator.operations import Operation
from azureml_simulator.providers.machine_learning import common
from azureml_simulator.providers.machine_learning import identity as identities
from azureml_simulator.providers.machine_learning.common import API_VERSIONS, PROVIDER, SUBSCRIPTION, Document
from azureml_simulator.providers.machine_learning.operation_status import status_of
from azureml_simulator.providers.machine_learning.workspace_body import system_data, touch
from azureml_simulator.providers.private_links import STATE, links_to
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

REGISTRY_TYPE = f"{PROVIDER}/registries"
REGISTRIES = f"{SUBSCRIPTION}/resourceGroups/{{rg}}/providers/{REGISTRY_TYPE}"
REGISTRY = f"{REGISTRIES}/{{name}}"
_SINCE = "2022-10-01"
# The service took about 45 and 30 seconds.
DEFAULTS: dict[str, Any] = {
    "seconds": {"registry.write": 10.0, "registry.delete": 5.0},
    "page_sizes": {"registries": 100},
}

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}\Z")
_SENT = {"regionDetails", "publicNetworkAccess", "intellectualPropertyPublisher", "managedResourceGroupTags"}
# What a client sends back of what it read.
_READ_ONLY = {
    "discoveryUrl",
    "managedResourceGroup",
    "managedResourceGroupSettings",
    "mlFlowRegistryUri",
    "registryPrivateEndpointConnections",
}
_STORAGE_TYPES = (
    *("standard_lrs", "standard_grs", "standard_ragrs", "standard_zrs", "standard_gzrs", "standard_ragzrs"),
    *("premium_lrs", "premium_zrs"),
)
_ACCOUNTS = {
    "acrDetails": ("AcrAccount", "Microsoft.ContainerRegistry/registries"),
    "storageAccountDetails": ("StorageAccount", "Microsoft.Storage/storageAccounts"),
}


class Registries:
    """The handlers of registries."""

    def __init__(self, app: App) -> None:
        self.app, self.status = app, status_of(app)
        app.operations.on_done("registry.delete", self._deleted)
        self.status.on_result("registry.write", self._result)

    # -- reading -----------------------------------------------------------------------------------------------------

    def _find(self, p: dict[str, str]) -> Document:
        group = self.app.resource_group(p["sub"], p["rg"])
        doc = self.app.store.get(REGISTRY.format(**p))
        if doc is None:
            raise common.not_found(f"registries/{p['name']}", group["name"])
        return doc

    def get(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, self._shown(self._find(p)))

    def _result(self, operation: Operation, request: Request) -> Document | None:
        """What the synchronous answer would have been (Resource Manager, asynchronous operations: Location)."""
        doc = self.app.store.get(operation.target)
        return None if doc is None else self._shown(doc)

    def _shown(self, doc: Document) -> Document:
        """With the private endpoints that lead to it [SPEC]; that it is absent without one is a guess, as of a workspace."""
        connections = [_connection(doc, *link) for link in links_to(self.app, doc["id"])]
        more = {"registryPrivateEndpointConnections": connections} if connections else {}
        return {**doc, "properties": {**doc["properties"], **more}}

    def list_group(self, request: Request, p: dict[str, str]) -> Response:
        group = self.app.resource_group(p["sub"], p["rg"])
        return self._page(request, self.app.store.children(group["id"], REGISTRY_TYPE))

    def list_subscription(self, request: Request, p: dict[str, str]) -> Response:
        return self._page(request, self.app.store.by_type(p["sub"], REGISTRY_TYPE))

    def _page(self, request: Request, docs: list[Document]) -> Response:
        return Response(200, common.page(self.app, request, [self._shown(doc) for doc in docs], "registries"))

    # -- writing -----------------------------------------------------------------------------------------------------

    def put(self, request: Request, p: dict[str, str]) -> Response:
        self.app.resource_group(p["sub"], p["rg"])
        body, resource_id = request.json_object, REGISTRY.format(**p)
        if not _NAME.match(p["name"]):
            raise _bad(f"The name '{p['name']}' of the registry is not valid.")
        if not body.get("location"):
            raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
        sent = common.mapping(body.get("properties"), "properties")
        refuse_unknown({*sent} - _SENT - _READ_ONLY, "a registry")
        location = normalise(body["location"])
        regions = self._regions(sent.get("regionDetails"), location)
        before = self.app.store.get(resource_id)
        common.need_idle(self.app, resource_id, location)
        doc = self._fresh(request, p, resource_id, location) if before is None else before
        self._choose_group(doc, sent, new=before is None)
        if before is not None:
            _need_same_place(before, location)
            regions = _grown(before["properties"]["regionDetails"], regions)
            touch(self.app, doc, request.principal)
        doc["tags"] = common.tags_of(body) or {}
        doc["sku"] = _sku(body, doc["sku"])
        doc["identity"] = identities.resolve(self.app, doc["id"], body.get("identity") or {"type": "SystemAssigned"})
        self._take(doc, sent, regions)
        self.app.store.put(doc["id"], doc)
        return self._begin(request, "registry.write", doc, str(body["location"]))

    @staticmethod
    def _choose_group(doc: Document, sent: Document, *, new: bool) -> None:
        """The managed resource group can be named at the creation [SPEC]."""
        named = common.mapping(sent.get("managedResourceGroup"), "managedResourceGroup").get("resourceId")
        own = doc["properties"]["managedResourceGroup"]
        if named and new:
            own["resourceId"] = named
        elif named and named.lower() != own["resourceId"].lower():
            raise not_simulated("The simulator does not know what a PUT with another managed resource group does.")

    def _take(self, doc: Document, sent: Document, regions: list[Document]) -> None:
        """Lay over the properties what was sent; what was not sent stays."""
        properties = doc["properties"]
        # Of an operation that failed before.
        properties.pop("provisioningState", None)
        for name in ("publicNetworkAccess", "managedResourceGroupTags", "intellectualPropertyPublisher"):
            properties[name] = sent.get(name) or properties[name]
        if properties["publicNetworkAccess"] not in ("Enabled", "Disabled"):
            raise _bad(f"The publicNetworkAccess '{properties['publicNetworkAccess']}' is not valid.")
        properties["regionDetails"] = [self._provided(doc, region) for region in regions]

    def _fresh(self, request: Request, p: dict[str, str], resource_id: str, location: str) -> Document:
        """A new registry; its name is unique in all of Azure [SDK], which are the subscriptions of this simulator."""
        taken = [doc for doc in self.app.store.by_type(None, REGISTRY_TYPE) if doc["name"].lower() == p["name"].lower()]
        if taken:
            # A guess.
            message = f"The registry name '{p['name']}' is already in use."
            raise common.refuse(message, location, status=409, code="Conflict")
        group = f"/subscriptions/{p['sub']}/resourceGroups/azureml-rg-{p['name']}_{stable_guid(resource_id, self.app.clock.iso())}"
        address = f"https://{location}.api.azureml.ms/registrymanagement/v1.0/registries/{p['name']}/discovery"
        return {
            "id": resource_id,
            "name": p["name"],
            "type": REGISTRY_TYPE,
            "location": location,
            "tags": {},
            "kind": None,
            "sku": None,
            "systemData": system_data(self.app, request.principal),
            "properties": {
                "regionDetails": [],
                "intellectualPropertyPublisher": None,
                "publicNetworkAccess": "Enabled",
                "discoveryUrl": address,
                "managedResourceGroup": {"resourceId": group},
                "managedResourceGroupTags": None,
                "mlFlowRegistryUri": f"azureml://{location}.api.azureml.ms/mlflow/v1.0{resource_id}",
            },
        }

    def _regions(self, sent: Any, location: str) -> list[Document]:
        """The regions of a PUT's body. The location must be one of them [DOC]; the texts are guesses."""
        if not isinstance(sent, list) or not sent or not all(isinstance(region, dict) for region in sent):
            raise _bad("The registry needs regionDetails.")
        regions = [{**copy.deepcopy(region), "location": normalise(region.get("location") or "")} for region in sent]
        names = [region["location"] for region in regions]
        if location not in names or len({*names}) < len(names):
            raise _bad(f"The regions {', '.join(names)} must be different, and the location '{location}' one of them.")
        for region in regions:
            self._check_region(region)
        return regions

    def _check_region(self, region: Document) -> None:
        refuse_unknown({*region} - {"location", *_ACCOUNTS}, "a region")
        for part in _ACCOUNTS:
            self._check_accounts(region, part)

    def _check_accounts(self, region: Document, part: str) -> None:
        name, type_ = _ACCOUNTS[part]
        accounts = region.get(part)
        if not isinstance(accounts, list) or not accounts:
            raise _bad(f"The region '{region['location']}' needs {part}.")
        for account in (common.mapping(one, part) for one in accounts):
            system = common.mapping(account.get(f"systemCreated{name}"), f"systemCreated{name}")
            given = common.mapping(account.get(f"userCreated{name}"), f"userCreated{name}")
            if bool(system) is bool(given):
                raise _bad(f"Each of {part} needs systemCreated{name} or userCreated{name}.")
            if given:
                self._check_given(given, type_)
            elif part == "acrDetails" and system.get("acrAccountSku") != "Premium":
                raise _bad(f"The acrAccountSku '{system.get('acrAccountSku')}' is not Premium.")
            elif (
                part == "storageAccountDetails" and str(system.get("storageAccountType")).lower() not in _STORAGE_TYPES
            ):
                raise _bad(f"The storageAccountType '{system.get('storageAccountType')}' is not valid.")

    def _check_given(self, given: Document, type_: str) -> None:
        where = common.mapping(given.get("armResourceId"), "armResourceId").get("resourceId")
        doc = self.app.store.get(str(where))
        if doc is None or doc["type"].lower() != type_.lower():
            raise _bad(f"The resource '{where}' is not an existing resource of the type {type_}.")

    @staticmethod
    def _provided(doc: Document, region: Document) -> Document:
        """A region as a GET shows it: with the names and the ids of what was created for it."""
        group = doc["properties"]["managedResourceGroup"]["resourceId"]
        shown: Document = {"location": region["location"]}
        for part, (name, type_) in _ACCOUNTS.items():
            rows = []
            for number, account in enumerate(region[part]):
                system, given = account.get(f"systemCreated{name}"), account.get(f"userCreated{name}")
                if system:
                    suffix = stable_guid(doc["id"], region["location"], part, str(number)).replace("-", "")
                    own = (system.get("armResourceId") or {}).get("resourceId")
                    own = own or f"{group}/providers/{type_}/{doc['name'][:5].lower()}{suffix[:12]}"
                    key = f"{name[0].lower()}{name[1:]}Name"
                    system = {**system, key: own.rsplit("/", 1)[-1], "armResourceId": {"resourceId": own}}
                rows.append({f"userCreated{name}": given, f"systemCreated{name}": system or None})
            shown[part] = rows
        return shown

    def patch(self, request: Request, p: dict[str, str]) -> Response:
        """Tags, sku and identity alone [SPEC]; at once."""
        doc, body = self._find(p), request.json_object
        common.need_idle(self.app, doc["id"], doc["location"])
        unknown = sorted({*body} - {"tags", "identity", "sku"})
        if unknown:
            raise not_simulated(f"The simulator does not have '{unknown[0]}' of a PATCH of a registry.")
        if common.tags_of(body) is not None:
            doc["tags"] = body["tags"]
        doc["sku"] = _sku(body, doc["sku"])
        if body.get("identity"):
            doc["identity"] = identities.resolve(self.app, doc["id"], body["identity"], merge_into=doc["identity"])
        touch(self.app, doc, request.principal)
        self.app.store.put(doc["id"], doc)
        return Response(200, self._shown(doc))

    def delete(self, request: Request, p: dict[str, str]) -> Response:
        self.app.resource_group(p["sub"], p["rg"])
        doc = self.app.store.get(REGISTRY.format(**p))
        if doc is None:
            # A guess, as of other resources.
            return Response(204)
        common.need_idle(self.app, doc["id"], doc["location"])
        return self._begin(request, "registry.delete", doc, doc["location"])

    def _begin(self, request: Request, kind: str, doc: Document, location: str) -> Response:
        """202 without a body; the addresses have the location as it was sent [REC R25]."""
        operation = self.app.operations.start(
            kind, provider=PROVIDER, target=doc["id"], location=location, subscription=doc["id"].split("/")[2]
        )
        return Response(202, headers=self.status.registry_headers(request, operation))

    def _deleted(self, operation: Operation) -> None:
        self.app.store.delete(operation.target)

    def routes(self) -> list[Route]:
        everywhere, read, write = f"{SUBSCRIPTION}/providers/{REGISTRY_TYPE}", f"{REGISTRY_TYPE}/read", "write"
        return [
            Route("GET", everywhere, self.list_subscription, API_VERSIONS, read, since=_SINCE),
            Route("GET", REGISTRIES, self.list_group, API_VERSIONS, read, since=_SINCE),
            Route("GET", REGISTRY, self.get, API_VERSIONS, read, since=_SINCE),
            Route("PUT", REGISTRY, self.put, API_VERSIONS, f"{REGISTRY_TYPE}/{write}", since=_SINCE),
            Route("PATCH", REGISTRY, self.patch, API_VERSIONS, f"{REGISTRY_TYPE}/{write}", since=_SINCE),
            Route("DELETE", REGISTRY, self.delete, API_VERSIONS, f"{REGISTRY_TYPE}/delete", since=_SINCE),
        ]


def _connection(doc: Document, endpoint: Document, link: Document) -> Document:
    """RegistryPrivateEndpointConnection: "while not approved", its provisioning state is null."""
    name, inner = f"{doc['name']}.{stable_guid('connection', link['id'])}", link["properties"]
    subnet = (endpoint["properties"].get("subnet") or {}).get("id")
    return {
        "id": f"{doc['id']}/registryPrivateEndpointConnections/{name}",
        "location": doc["location"],
        "properties": {
            "groupIds": inner.get("groupIds") or [],
            "privateEndpoint": {"id": endpoint["id"], "subnetArmId": subnet},
            "provisioningState": "Succeeded" if inner[STATE]["status"] == "Approved" else None,
            "registryPrivateLinkServiceConnectionState": inner[STATE],
        },
    }


def _need_same_place(before: Document, location: str) -> None:
    if before["location"] != location:
        message = f"The resource '{before['name']}' already exists in location '{before['location']}'. A resource with the same name cannot be created in "
        raise ArmError(
            409, "InvalidResourceLocation", f"{message}location '{location}'. Please select a new resource name."
        )


def _grown(before: list[Document], regions: list[Document]) -> list[Document]:
    """The regions of a registry after a PUT: more than before. What else the service takes is not known."""
    wanted = {region["location"]: region for region in regions}
    for region in before:
        sent = wanted.get(region["location"])
        if sent is None:
            raise not_simulated("The simulator does not know what a PUT without an existing region does.")
        if any(_plain(sent[part]) != _plain(region[part]) for part in _ACCOUNTS):
            raise not_simulated("The simulator does not know what a PUT with other accounts in a region does.")
    old = {region["location"]: region for region in before}
    return [old.get(region["location"], region) for region in regions]


def _plain(accounts: list[Document]) -> list[Any]:
    """What a client decides of accounts."""
    rows = []
    for account in accounts:
        for key, value in account.items():
            if value:
                names = ("acrAccountSku", "storageAccountHnsEnabled", "storageAccountType")
                own = {name: str(value[name]).lower() for name in names if name in value}
                rows.append((key, own or str(value.get("armResourceId")).lower()))
    return rows


def _sku(body: Document, before: Any) -> Any:
    """The types let a client name any; which of them the service offers is not documented."""
    sku = common.mapping(body.get("sku"), "sku")
    if sku and not sku.get("name"):
        raise _bad("The sku needs a name.")
    return {**(before or {}), **sku} or None


def _bad(message: str) -> ArmError:
    return ArmError(400, "BadRequest", message)


def routes(app: App) -> list[Route]:
    return Registries(app).routes()
