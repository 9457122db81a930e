# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shapes of the documents that the service sends, and the one check of them, made where a document enters.

After the check, the code behind it may take a mapping for a mapping and text for text. A null passes everywhere: the service sends it for what is
not there. Unknown fields pass too. Only a value of another type is a fault, and only where the code reads the field.

Pure: no HTTP, no Ansible. The shape of a kind is derived from its table of fields (``document``), with what else the kind reads.
"""

from __future__ import annotations

import contextlib
import math
import typing as t
from dataclasses import dataclass, field

from . import canon as _canon
from .arm_id import OTHER_TYPES, ArmId, collection_type
from .errors import AmlError, ArmError

Malformed = t.Callable[[ArmError], None]

_HINT = "The service, or a proxy before it, sent a document of another form than documented. Run the task again; if it stays, report it."


@dataclass(frozen=True)
class Shape:
    """What a value must be: ``types`` (none: anything), the shapes of the ``fields`` of a mapping, and of ``items`` (of a list, or of all other values of
    a mapping). ``required`` fields must be there and not be null."""

    types: tuple[str, ...] = ()
    fields: t.Mapping[str, Shape] = field(default_factory=dict)
    items: Shape | None = None
    required: tuple[str, ...] = ()


ANY = Shape()
TEXT = Shape(("text",))
NUMBER = Shape(("number",))
FLAG = Shape(("boolean", "text"))
SCALAR = Shape(("text", "number", "boolean"))


def mapping(
    fields: t.Mapping[str, Shape] | None = None, *, values: Shape | None = None, required: tuple[str, ...] = ()
) -> Shape:
    return Shape(("mapping",), fields or {}, values, required)


def list_of(items: Shape) -> Shape:
    return Shape(("list",), {}, items)


def type_of(value: t.Any) -> str:
    """The name of a value's type, as in messages."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number" if math.isfinite(value) else "number without end"
    # Ansible's own texts, lists and mappings are of classes below these.
    names = ((str, "text"), (list, "list"), (dict, "mapping"), (type(None), "null"))
    return next((name for kind, name in names if isinstance(value, kind)), type(value).__name__)


# The types that JSON has in Python; of a subclass, ``type_of`` knows more.
_NAMES: dict[type, str] = {str: "text", dict: "mapping", list: "list", bool: "boolean", int: "number"}


def fits(value: t.Any, shape: Shape) -> bool:
    """Whether ``fault`` finds nothing: the quick question about documents of which nearly all are right."""
    if value is None:
        return True
    name = _NAMES.get(type(value)) or type_of(value)
    if shape.types and name not in shape.types:
        return False
    if name == "mapping":
        return _mapping_fits(value, shape)
    if name == "list" and (below := shape.items) is not None:
        nullable = below.types != ("mapping",)
        return all(fits(item, below) and (nullable or item is not None) for item in value)
    return True


def _mapping_fits(value: dict[str, t.Any], shape: Shape) -> bool:
    for name in shape.required:
        if value.get(name) is None:
            return False
    fields, others = shape.fields, shape.items
    for name, below in value.items():
        rule = fields.get(name, others)
        if rule is not None and below is not None and not fits(below, rule):
            return False
    return True


def fault(value: t.Any, shape: Shape, place: str = "") -> tuple[str, str, str] | None:
    """The first place with a value of another type: (place, expected, found). No value is part of it."""
    if value is None:
        return None
    actual = type_of(value)
    if shape.types and actual not in shape.types:
        return place or "the document", " or ".join(shape.types), actual
    wrong: t.Iterable[tuple[str, str, str] | None] = ()
    if isinstance(value, dict):
        missing = _missing(value, shape, place)
        if missing is not None:
            return missing
        wrong = (fault(below, rule, _below(place, name)) for name, below, rule in _entries(value, shape))
    elif isinstance(value, list) and shape.items is not None:
        rule_of_items = shape.items
        wrong = (_item_fault(item, rule_of_items, f"{place}[{number}]") for number, item in enumerate(value))
    return next(filter(None, wrong), None)


def _missing(value: dict[str, t.Any], shape: Shape, place: str) -> tuple[str, str, str] | None:
    """The first required field that is not there, or null."""
    for name in shape.required:
        if value.get(name) is None:
            return _below(place, name), " or ".join(shape.fields.get(name, ANY).types) or "a value", "missing"
    return None


def _entries(value: dict[str, t.Any], shape: Shape) -> t.Iterator[tuple[str, t.Any, Shape]]:
    """The values of a mapping that have a shape, those with a specific shape first."""
    for name, rule in shape.fields.items():
        if name in value:
            yield name, value[name], rule
    if shape.items is not None:
        for name, below in value.items():
            if name not in shape.fields:
                yield name, below, shape.items


def _item_fault(value: t.Any, shape: Shape, place: str) -> tuple[str, str, str] | None:
    """As ``fault``; the service sends no null in place of an item that is a mapping."""
    if value is None and shape.types == ("mapping",):
        return place, "mapping", "null"
    return fault(value, shape, place)


def _below(place: str, name: t.Any) -> str:
    return f"{place}.{name}" if place else str(name)


def check(document: t.Any, shape: Shape, where: str) -> t.Any:
    """The document. ArmError with the code UnexpectedAnswer for one of another shape; ``where`` is the id or the address that it came from."""
    if document is not None and fits(document, shape):
        return document
    wrong = _item_fault(document, shape, "")
    if wrong is not None:
        raise unexpected(where, *wrong)
    return document


def unexpected(where: str, place: str, expected: str, found: str) -> ArmError:
    return ArmError(
        f"The answer about {where} cannot be read: {place or 'the document'} must be {with_article(expected)}, and is {with_article(found)}.",
        code="UnexpectedAnswer",
        details={"place": place or "the document", "expected": expected, "found": found},
        target=where,
        hint=_HINT,
    )


def listed(value: t.Any) -> t.Any:
    """A list of what Jinja's ``map`` and ``select`` give; all else as it is."""
    return list(value) if hasattr(value, "__next__") else value


@contextlib.contextmanager
def reading(given: t.Any, shape: Shape) -> t.Iterator[None]:
    """For the input of a filter, which may be a file that anyone wrote: of another form, it is one error, also where ``shape`` does not go so far."""
    wrong = _item_fault(given, shape, "")
    if wrong is not None:
        place, expected, problem = wrong
        whole = "the document"
        raise AmlError(
            f"{'the input' if place in ('', whole) else place} must be {with_article(expected)}, and is {with_article(problem)}."
        )
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise AmlError(f"the input is not of the documented form ({type(error).__name__}: {error}).") from error


def with_article(kind: str) -> str:
    return kind if kind.startswith(("a ", "text", "null", "missing", "number without")) else f"a {kind}"


def items(page: dict[str, t.Any], key: str, where: str, malformed: Malformed | None = None) -> list[t.Any]:
    """The items of one page of the list at ``where``. One of another shape goes to ``malformed``, and the others stay; without it, it is an error."""
    check(page, mapping({key: list_of(ANY), "nextLink": TEXT}), where)
    good = []
    shape_of = of_items(where)
    for number, item in enumerate(page.get(key) or []):
        try:
            good.append(check(item, shape_of(item), _name_of(item) or f"{where}, {key}[{number}]"))
        except ArmError as error:
            if malformed is None:
                raise
            malformed(error)
    return good


def _name_of(item: t.Any) -> str | None:
    """The id of an item that is otherwise of no use."""
    identifier = item.get("id") if isinstance(item, dict) else None
    return identifier if isinstance(identifier, str) and identifier.startswith("/") else None


def name_in(error: ArmError) -> str | None:
    """The name of the resource that a malformed item was about, in lower case; None if the item does not contain it."""
    target = error.target or ""
    return ArmId(target).name.casefold() if target.startswith("/") else None


# --- shapes from tables of fields ---


class Row(t.Protocol):
    """What a row of a kind's table says about the shape."""

    @property
    def path(self) -> str: ...

    @property
    def shape(self) -> Shape | None: ...

    @property
    def canon(self) -> t.Callable[[t.Any], t.Any]: ...


def document(rows: t.Iterable[Row], also: t.Mapping[str, Shape], required: tuple[str, ...] = ()) -> Shape:
    """The shape of a kind's document: by its table of fields, and ``also`` by dotted places."""
    places = {row.path: row.shape or by_canon(row.canon) for row in rows}
    return _tree({**places, **also}, required)


def _tree(places: t.Mapping[str, Shape], required: tuple[str, ...] = ()) -> Shape:
    heads: dict[str, dict[str, Shape]] = {}
    leaves: dict[str, Shape] = {}
    for place, shape in places.items():
        head, _dot, rest = place.partition(".")
        if rest:
            heads.setdefault(head, {})[rest] = shape
        else:
            leaves[head] = shape
    fields = {**leaves, **{head: _merged(leaves.get(head), _tree(below)) for head, below in heads.items()}}
    return mapping(fields, required=required)


def _merged(own: Shape | None, below: Shape) -> Shape:
    """A place with its own shape and places below it."""
    return (
        below
        if own is None
        else Shape(own.types or below.types, {**own.fields, **below.fields}, own.items, own.required)
    )


def by_canon(canon: t.Callable[[t.Any], t.Any]) -> Shape:
    """What a comparison takes: text is compared without regard to case, an id without its last slash, ..."""
    if canon in (_canon.caseless, _canon.region, _canon.arm_id, _canon.text, _canon.public_key):
        return TEXT
    others: dict[t.Any, Shape] = {
        _canon.boolean_text: FLAG,
        _canon.mapping: mapping(values=SCALAR),
        _canon.identity: IDENTITY,
    }
    return others.get(canon, SCALAR)


# --- what documents of several kinds have ---

REFERENCE = mapping({"id": TEXT})
IDENTITY = mapping(
    {
        "type": TEXT,
        "principalId": TEXT,
        "tenantId": TEXT,
        "userAssignedIdentities": mapping(values=mapping({"clientId": TEXT, "principalId": TEXT})),
    }
)
# ``errors`` and ``provisioningErrors``: texts, or mappings in one of the envelopes.
ERRORS = list_of(Shape(("text", "mapping"), {"code": SCALAR, "message": SCALAR}))
_ENVELOPE = {
    "id": TEXT,
    "type": TEXT,
    "location": TEXT,
    "tags": mapping(values=SCALAR),
    "properties": mapping({"provisioningState": TEXT}),
}
COMPUTE = {
    **_ENVELOPE,
    "name": TEXT,
    "identity": IDENTITY,
    "properties.computeType": TEXT,
    "properties.computeLocation": TEXT,
    "properties.description": TEXT,
    "properties.provisioningState": TEXT,
    "properties.provisioningErrors": ERRORS,
    "properties.createdOn": TEXT,
    "properties.modifiedOn": TEXT,
    "properties.isAttachedCompute": FLAG,
    "properties.resourceId": TEXT,
    "properties.properties": mapping(
        {
            "vmSize": TEXT,
            "state": TEXT,
            "currentNodeCount": NUMBER,
            "sshSettings": mapping(),
            "connectivityEndpoints": mapping(),
            "userAccountCredentials": mapping(),
        }
    ),
}
RULE = mapping(
    {
        "type": TEXT,
        "destination": Shape(("text", "mapping")),
        "fqdns": list_of(TEXT),
        "category": TEXT,
        "status": TEXT,
    }
)
WORKSPACE = {
    **_ENVELOPE,
    "name": TEXT,
    "kind": TEXT,
    "identity": IDENTITY,
    "properties.provisioningState": TEXT,
    "properties.workspaceId": TEXT,
    "properties.discoveryUrl": TEXT,
    "properties.mlFlowTrackingUri": TEXT,
    "properties.privateLinkCount": NUMBER,
    "properties.privateEndpointConnections": list_of(ANY),
    "properties.storageAccount": TEXT,
    "properties.keyVault": TEXT,
    "properties.applicationInsights": TEXT,
    "properties.containerRegistry": TEXT,
    "properties.imageBuildCompute": TEXT,
    "properties.hubResourceId": TEXT,
    "properties.managedNetwork": mapping(),
    "properties.managedNetwork.isolationMode": TEXT,
    "properties.managedNetwork.firewallSku": TEXT,
    "properties.managedNetwork.status": mapping({"status": TEXT}),
    "properties.managedNetwork.outboundRules": mapping(values=RULE),
    "properties.serverlessComputeSettings": mapping(),
}
RESOURCE = mapping(_ENVELOPE)
NODE = mapping(
    {
        "nodeId": TEXT,
        "privateIpAddress": TEXT,
        "publicIpAddress": TEXT,
        "port": Shape(("number", "text")),
        "nodeState": TEXT,
        "runId": TEXT,
    },
    required=("nodeId",),
)
USAGE_NAME = mapping({"value": TEXT, "localizedValue": TEXT})
USAGE = mapping({"id": TEXT, "type": TEXT, "unit": TEXT, "name": USAGE_NAME, "currentValue": NUMBER, "limit": NUMBER})
QUOTA = mapping({"id": TEXT, "type": TEXT, "unit": TEXT, "name": USAGE_NAME, "limit": NUMBER})
# Of Microsoft.Quota: the limit of a subscription, and a request for a higher one.
_LIMIT = mapping({"value": NUMBER})
SUBSCRIPTION_QUOTA = mapping(
    {
        "name": TEXT,
        "properties": mapping(
            {
                "provisioningState": TEXT,
                "limit": _LIMIT,
                "isQuotaApplicable": Shape(("boolean",)),
                "resourceType": TEXT,
            },
            required=("limit",),
        ),
    },
    required=("name", "properties"),
)
_ASKED = mapping({"name": USAGE_NAME, "limit": _LIMIT, "message": TEXT})
QUOTA_REQUEST = mapping(
    {
        "name": TEXT,
        "properties": mapping({
            "provisioningState": TEXT, "message": TEXT, "requestSubmitTime": TEXT, "error": mapping({"code": TEXT, "message": TEXT}),
            "value": list_of(_ASKED),
        }),
    },
    required=("name", "properties"),
)  # fmt: skip
SIZE = mapping({
    "name": TEXT, "family": TEXT, "vCPUs": NUMBER, "gpus": NUMBER, "osVhdSizeMB": NUMBER, "maxResourceVolumeMB": NUMBER, "memoryGB": NUMBER,
    "lowPriorityCapable": FLAG, "premiumIO": FLAG, "supportedComputeTypes": list_of(TEXT),
    "estimatedVMPrices": mapping({
        "billingCurrency": TEXT, "unitOfMeasure": TEXT, "values": list_of(mapping({"retailPrice": NUMBER, "osType": TEXT, "vmTier": TEXT})),
    }),
}, required=("name",))  # fmt: skip
# What the pre-flight reads of networks and locks.
_SUBNET = {
    "addressPrefix": TEXT,
    "addressPrefixes": list_of(TEXT),
    "ipConfigurations": list_of(ANY),
    "delegations": list_of(mapping({"properties": mapping({"serviceName": TEXT})})),
    "defaultOutboundAccess": FLAG,
}
NETWORK = _tree({**_ENVELOPE, "properties.subnets": list_of(mapping({"name": TEXT, "properties": mapping(_SUBNET)}))})
ROLE_ASSIGNMENT = mapping(
    {
        "id": TEXT,
        "name": TEXT,
        "properties": mapping(
            dict.fromkeys(
                ("scope", "roleDefinitionId", "principalId", "principalType", "description", "condition"), TEXT
            ),
            required=("scope", "roleDefinitionId", "principalId"),
        ),
    },
    required=("id", "name", "properties"),
)
LOCK = mapping({"id": TEXT, "name": TEXT, "properties": mapping({"level": TEXT})}, required=("id",))
SUBSCRIPTION = mapping(
    {"id": TEXT, "subscriptionId": TEXT, "displayName": TEXT, "state": TEXT}, required=("subscriptionId",)
)
# Inputs of the filters: results of modules, and reports that were kept as files.
_ROWS = list_of(mapping())
RESULT = mapping(
    {"targets": _ROWS, "undeclared": _ROWS, "workspaces": list_of(mapping({"id": TEXT})), "failure": mapping()}
)
RESULTS = list_of(RESULT)
REPORT = mapping(
    {"generated": TEXT, "targets": _ROWS, "workspaces": _ROWS, "kinds": _ROWS, "usages": _ROWS, "totals": mapping()}
)
PREVIOUS = mapping({"generated": TEXT, "targets": _ROWS})
REPORTS = mapping({"reports": list_of(REPORT), "previous": REPORT})
MACHINES = list_of(mapping({"id": TEXT, "name": TEXT}, required=("id", "name")))
MODERNISED = mapping(
    {
        "computes": _ROWS,
        "online_deployments": _ROWS,
        "regions": _ROWS,
        "earlier": list_of(mapping({"name": TEXT}, required=("name",))),
    }
)
REPORTED = mapping(
    {
        "generated": TEXT,
        "name": TEXT,
        "fleet": mapping({"targets": _ROWS, "undeclared": _ROWS, "totals": mapping()}),
        "found": mapping(
            {
                "workspaces": list_of(mapping({"computes": _ROWS, **dict.fromkeys(OTHER_TYPES, _ROWS)})),
                "usages": list_of(mapping({"usages": _ROWS})),
            }
        ),
    }
)
DEPLOYMENT = mapping({
    "id": TEXT, "name": TEXT, "tags": mapping(values=SCALAR), "properties": mapping({
        "provisioningState": TEXT, "timestamp": TEXT, "error": mapping(), "outputResources": list_of(mapping({"id": TEXT})),
        "parameters": mapping(values=mapping()),
    }),
}, required=("id", "name"))  # fmt: skip
_ACCOUNT = mapping({"armResourceId": mapping({"resourceId": TEXT})})
_ACCOUNTS = {"systemCreatedAcrAccount": _ACCOUNT, "userCreatedAcrAccount": _ACCOUNT}
_ACCOUNTS |= {"systemCreatedStorageAccount": _ACCOUNT, "userCreatedStorageAccount": _ACCOUNT}
_REGION = {"location": TEXT, **dict.fromkeys(("acrDetails", "storageAccountDetails"), list_of(mapping(_ACCOUNTS)))}
REGISTRY = _tree({
    **_ENVELOPE, "name": TEXT, "identity": IDENTITY, "properties.regionDetails": list_of(mapping(_REGION, required=("location",))),
    "properties.publicNetworkAccess": TEXT, "properties.intellectualPropertyPublisher": TEXT, "properties.discoveryUrl": TEXT,
    "properties.mlFlowRegistryUri": TEXT, "properties.managedResourceGroup": mapping({"resourceId": TEXT}),
})  # fmt: skip
_SETTINGS = mapping(values=SCALAR)
_STATUSES = list_of(mapping(dict.fromkeys(("code", "displayStatus", "level", "message", "time"), TEXT)))
EXTENSION = _tree({
    **_ENVELOPE, "name": TEXT, "identity": IDENTITY, "properties.extensionType": TEXT, "properties.autoUpgradeMinorVersion": FLAG,
    "properties.autoUpgradeMode": TEXT, "properties.releaseTrain": TEXT, "properties.version": TEXT, "properties.currentVersion": TEXT,
    "properties.scope": mapping({"cluster": mapping({"releaseNamespace": TEXT})}), "properties.configurationSettings": _SETTINGS,
    "properties.configurationProtectedSettings": _SETTINGS, "properties.statuses": _STATUSES,
    "properties.errorInfo": mapping({"code": TEXT, "message": TEXT}), "properties.aksAssignedIdentity": mapping({"principalId": TEXT}),
})  # fmt: skip
_POOL = mapping({
    **dict.fromkeys(("name", "vmSize", "mode"), TEXT), **dict.fromkeys(("count", "maxCount"), NUMBER), "enableAutoScaling": FLAG,
    "nodeLabels": mapping(values=SCALAR),
})  # fmt: skip
KUBERNETES = _tree({**_ENVELOPE, "properties.agentPoolProfiles": list_of(_POOL), "properties.totalNodeCount": NUMBER})
# In a list only the fields that identify the owner matter: most items belong to others, and have any form.
LISTED_DEPLOYMENT = mapping({"id": TEXT}, required=("id",))

_ML = "microsoft.machinelearningservices"
_COMPUTE_TYPE, _WORKSPACE_TYPE, _REGISTRY_TYPE = collection_type("computes"), f"{_ML}/workspaces", f"{_ML}/registries"
_ANY_COMPUTE, _ANY_WORKSPACE = _tree(COMPUTE), _tree(WORKSPACE)
# Of single resources, by their types (``ArmId.type``). Each kind adds its own when it is loaded (``learn``).
_RESOURCES = {
    _WORKSPACE_TYPE: _ANY_WORKSPACE,
    _REGISTRY_TYPE: REGISTRY,
    "microsoft.containerservice/managedclusters": KUBERNETES,
    "microsoft.kubernetes/connectedclusters": KUBERNETES,
    "microsoft.kubernetesconfiguration/extensions": EXTENSION,
    "microsoft.network/virtualnetworks": NETWORK,
    "microsoft.quota/quotarequests": QUOTA_REQUEST,
    "microsoft.quota/quotas": SUBSCRIPTION_QUOTA,
    "microsoft.resources/deployments": DEPLOYMENT,
}
# Of the items of lists, by what is listed. Of other lists, ``of_items`` decides.
_ITEMS = {
    f"{_ML}/locations/quotas": QUOTA,
    f"{_ML}/locations/usages": USAGE,
    f"{_ML}/locations/vmsizes": SIZE,
    f"{_COMPUTE_TYPE}/listnodes": NODE,
    "microsoft.authorization/locks": LOCK,
    "microsoft.authorization/roleassignments": ROLE_ASSIGNMENT,
    "microsoft.kubernetesconfiguration/extensions": EXTENSION,
    "microsoft.quota/quotarequests": QUOTA_REQUEST,
    "microsoft.quota/quotas": SUBSCRIPTION_QUOTA,
    "microsoft.resources/deployments": LISTED_DEPLOYMENT,
    "subscriptions": SUBSCRIPTION,
}
_LISTED_RESOURCE = mapping({"id": TEXT, "tags": mapping(values=SCALAR)})
# What kinds have added: by the types of compute targets in lower case, and by the types of other resources.
_COMPUTES: dict[str, t.Callable[[], Shape]] = {}
_KINDS: dict[str, t.Callable[[], Shape]] = {}
_MADE: dict[t.Any, Shape] = {}


def learn(compute_type: str, rows: t.Iterable[Row], also: t.Mapping[str, Shape]) -> None:
    """A kind of compute target, by its table. Its shape is made at the first document of it."""
    _COMPUTES[compute_type.casefold()] = lambda: document(rows, {**COMPUTE, **also})


def learn_workspace(rows: t.Iterable[Row]) -> None:
    _KINDS[_WORKSPACE_TYPE] = lambda: document(rows, WORKSPACE)


def learn_child(collection: str, rows: t.Iterable[Row], *, required: tuple[str, ...] = ()) -> None:
    """A kind of resource in a workspace other than compute targets, by its collection, or below another one of these. ``required`` are properties."""
    properties = mapping({"provisioningState": TEXT}, required=required)
    also = {**_ENVELOPE, "name": TEXT, "properties": properties}
    _KINDS[collection_type(collection)] = lambda: document(rows, also, ("properties",))


def _made(key: t.Any, make: t.Callable[[], Shape]) -> Shape:
    if key not in _MADE:
        _MADE[key] = make()
    return _MADE[key]


def of_resource(path: str, body: t.Any) -> Shape:
    """The shape of the document at an address: by the type of the resource, and for compute targets by their own type."""
    place = ArmId(path)
    if not place.is_of_one:
        return RESOURCE
    return _compute_shape(body) if place.type == _COMPUTE_TYPE else _resource_shape(place.type)


def of_items(path: str) -> t.Callable[[t.Any], Shape]:
    """The shape of each item of the list at an address. Resources of other providers are mappings, and nothing else is known of them."""
    type_ = ArmId(path).type
    if type_ in _ITEMS:
        return _always(_ITEMS[type_])
    if type_ == _COMPUTE_TYPE:
        return lambda item: _identified(_compute_shape(item))
    if type_ in _KINDS or type_ in (_WORKSPACE_TYPE, _REGISTRY_TYPE):
        return _always(_identified(_resource_shape(type_)))
    return _always(mapping() if type_.startswith(_ML) else _LISTED_RESOURCE)


def _always(shape: Shape) -> t.Callable[[t.Any], Shape]:
    return lambda _item: shape


def _identified(shape: Shape) -> Shape:
    """The same in a list, where an item without id and name is of no use."""
    return _made(id(shape), lambda: Shape(shape.types, shape.fields, shape.items, (*shape.required, "id", "name")))


def _compute_shape(body: t.Any) -> Shape:
    properties = body.get("properties") if isinstance(body, dict) else None
    kind = properties.get("computeType") if isinstance(properties, dict) else None
    name = kind.casefold() if isinstance(kind, str) else ""
    return _made(name, _COMPUTES[name]) if name in _COMPUTES else _ANY_COMPUTE


def _resource_shape(type_: str) -> Shape:
    return _made(type_, _KINDS[type_]) if type_ in _KINDS else _RESOURCES.get(type_, RESOURCE)
