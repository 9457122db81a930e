# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second writer as a fault: between a run's read of a resource and its write to it, another writer changes, deletes, replaces or creates that resource.

A cell is one run with one act of the second writer directly before one request of the run: every request between the first read of a resource and the last
write to it. What must hold whatever happens: the second writer's change is there at the end, or the run fails with a code (a fleet: keeps it, with a
warning) and says so. A change that is gone without a word is lost. Two kinds of cells are counted apart:

- "overridden as declared": the task removes the resource by its name or its owner's tag, creates again what a read after the deletion did not find, or
  declares the list as a whole in which the change lies;
- "in the last round trip": the act comes between a read of the resource and the write that directly follows, and the service takes no condition (ETag)
  for that write. No client can notice it there. Most such reads are repeated ones; the only read of a run is one where nothing else was sent between.
"""

from __future__ import annotations

import json
import re
import typing as t
from collections import Counter
from dataclasses import dataclass, field

from ansible_collections.azureml.compute.tests.support.azure import GROUP_ID, ML, WORKSPACE_ID, Azure, Sent

from ._cases import (
    ASSIGNMENTS,
    ATTACHED,
    BATCH,
    BATCH_DEPLOYMENT,
    CLUSTER,
    CONNECTION,
    DATASTORE,
    DEPLOYMENT,
    DIAGNOSTICS,
    ENDPOINT,
    EXTENSION,
    FLEET,
    INSTANCE,
    LAPTOP,
    OF_SERVICES,
    RESOURCE,
    SERVED,
    SMALL,
    UNSERVED,
    WORKSPACES,
    Case,
    Options,
    connected,
    served,
)
from ._cases import CASES as FAULT_CASES
from ._matrix import World
from ._shared import in_the_middle, is_write, request_name, short, table, without_code, writes

SURVIVED, FAILED, DECLARED, LAST, LOST, VOID = (
    "survived",
    "failed clearly",
    "overridden as declared",
    "in the last round trip",
    "lost",
    "void",
)
# Why a change counts as overridden as declared, or as made in the last round trip.
REMOVED = "removed by its name or by its owner's tag"
CREATED_AGAIN = "created again, because a read after its deletion did not find it"
WHOLE = "in a list that the task declares as a whole"
READ_AGAIN, FIRST_READ = "after a repeated read", "after the only read"
# What the service writes into documents.
_OWN = ("etag", "provisioningState", "createdOn", "modifiedOn", "resourceGuid", "status", "parentRuleNames")
# What every act leaves behind, so that it is recognised at the end.
MARK = {"second": "writer"}
MORE_QUOTA = 400
HOST, FAMILY, ML_PROVIDER = "theirs.example.org", "standardFSv2Family", "Microsoft.MachineLearningServices"
# A destination of diagnostic settings that no case declares.
HUB = f"{GROUP_ID}/providers/Microsoft.EventHub/namespaces/theirs/authorizationRules/send"
# What another writer adds to a role assignment.
THEIR_IDENTITY = f"{GROUP_ID}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/theirs"
# Simulated seconds after which everything that the second writer starts is done.
_DONE = 30.0
_TYPES = (
    ("compute", re.compile(r"/workspaces/[^/]+/computes/[^/]+$", re.IGNORECASE)),
    ("connection", re.compile(r"/workspaces/[^/]+/connections/[^/]+$", re.IGNORECASE)),
    ("datastore", re.compile(r"/workspaces/[^/]+/datastores/[^/]+$", re.IGNORECASE)),
    ("rule", re.compile(r"/workspaces/[^/]+/outboundrules/[^/]+$", re.IGNORECASE)),
    ("quotas", re.compile(r"/locations/[^/]+/quotas$", re.IGNORECASE)),
    ("workspace", re.compile(r"/microsoft\.machinelearningservices/workspaces/[^/]+$", re.IGNORECASE)),
    ("registry", re.compile(r"/microsoft\.machinelearningservices/registries/[^/]+$", re.IGNORECASE)),
    ("setting", re.compile(r"/diagnosticsettings/[^/]+$", re.IGNORECASE)),
    ("deployment", re.compile(r"/(?:batch|online)endpoints/[^/]+/deployments/[^/]+$", re.IGNORECASE)),
    ("endpoint", re.compile(r"/workspaces/[^/]+/(?:batch|online)endpoints/[^/]+$", re.IGNORECASE)),
    ("extension", re.compile(r"/microsoft\.kubernetesconfiguration/extensions/[^/]+$", re.IGNORECASE)),
    ("assignment", re.compile(r"/roleassignments/[^/]+$", re.IGNORECASE)),
    ("link", re.compile(r"/privateendpointconnections/[^/]+$", re.IGNORECASE)),
    ("quota", re.compile(r"/microsoft\.quota/quotas/[^/]+$", re.IGNORECASE)),
    ("network", re.compile(r"/virtualnetworks/[^/]+$", re.IGNORECASE)),
    (
        "resource",
        re.compile(
            r"/(?:storageaccounts|vaults|components|registries|securitygroups|networksecuritygroups)/[^/]+$",
            re.IGNORECASE,
        ),
    ),
)
# Types whose service takes If-Match and If-None-Match.
_CONDITIONAL = ("network",)
_VERSIONS = {
    "network": "2024-05-01",
    "storageaccounts": "2023-01-01",
    "vaults": "2023-07-01",
    "components": "2020-02-02",
    "registries": "2023-07-01",
    "registry": ML,
    "setting": "2021-05-01-preview",
    "extension": "2025-03-01",
    "assignment": "2022-04-01",
    "quota": "2025-09-01",
}
# Types that modules read in a list, which shows each in full.
_LISTED = ("assignment", "link", "quota")


def type_of(path: str) -> str | None:
    return next((name for name, pattern in _TYPES if pattern.search(path)), None)


def sources(target: str) -> tuple[str, ...]:
    """The paths whose document shows the resource in full: its own, and what modules read in its place: of an outbound rule the workspace, or a list."""
    own = target.casefold()
    if type_of(target) in _LISTED:
        return (own, own.rpartition("/")[0])
    return (own, own.rpartition("/outboundrules/")[0]) if type_of(target) == "rule" else (own,)


def version_of(path: str) -> str:
    what = type_of(path)
    return _VERSIONS.get(path.lower().split("/")[-2] if what == "resource" else str(what), ML)


@dataclass(frozen=True)
class Act:
    """What the second writer does. ``do`` gives False where the service refused it; ``there`` says whether it can still be seen; ``words`` name it."""

    name: str
    do: t.Callable[[Rivalry, str], bool]
    there: t.Callable[[dict[str, t.Any] | None], bool]
    types: tuple[str, ...]
    words: tuple[str, ...]
    # Whether it needs the resource to be there.
    exists: bool = True
    # The option that it changes, where the run may declare it: what was declared is the run's to set.
    option: str = ""


@dataclass(frozen=True)
class Gap:
    """Directly before the request of that number, of a run that read ``target`` before and writes to it then or later."""

    at: int
    target: str
    what: str

    def __str__(self) -> str:
        return f"{short(self.target)} before {self.what}"


@dataclass
class Outcome:
    """What became of one cell."""

    case: Case
    act: Act
    gap: Gap
    became: str = VOID
    why: str = ""

    @property
    def name(self) -> str:
        return f"{self.case.name} | {self.act.name} | {self.gap}"


# --- what the second writer does ---


class Rivalry:
    """A case's world, in which another writer acts."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.world = World(case)
        self.azure = self.world.azure
        self.sent: list[Sent] = list(self.world.sent)
        self._acted: bool | None = None
        # Whether the run read the resource after the act and before its next write to it, and whether that write was sent.
        self._read_again = self._written = False
        # The resource before the act, and directly after it.
        self._before: dict[str, t.Any] | None = None
        self.theirs: dict[str, t.Any] | None = None

    def close(self) -> None:
        self.world.close()

    def call(self, method: str, path: str, body: t.Any = None, *, query: str = "", wait: float = _DONE) -> t.Any:
        """The answer to a request of the second writer; then time passes for what it started."""
        answer = self.azure.app.call(method, f"{path}?api-version={version_of(path)}{query}", body)
        if method != "GET" and answer.status < 400 and wait:
            self.azure.app.clock.advance(wait)
        return answer

    def read(self, path: str) -> dict[str, t.Any] | None:
        answer = self.call("GET", path)
        return answer.body if answer.status == 200 else None

    # --- the gaps ---

    def gaps(self) -> list[Gap]:
        gaps_found = []
        for target in dict.fromkeys(filter(None, map(self.target_of, writes(self.sent)))):
            last = max(
                number
                for number, request in enumerate(self.sent)
                if request in writes(self.sent) and self.target_of(request) == target
            )
            first = next(
                (number for number, request in enumerate(self.sent[:last]) if self._reads(request, target)), None
            )
            for number in range(last + 1 if first is None else first + 1, last + 1):
                if not in_the_middle(self.sent, number):
                    gaps_found.append(Gap(number, target, request_name(number, self.sent[number])))
        return gaps_found

    def target_of(self, sent: Sent) -> str | None:
        """The resource that a write changes: the one with the path, the one whose action it is, or the workspace that azure-ai-ml deploys."""
        path = sent.path
        if "/microsoft.resources/deployments/" in path.lower():
            return f"{GROUP_ID}/providers/Microsoft.MachineLearningServices/workspaces/{self.world.options['name']}"
        if path.lower().endswith("/updatequotas"):
            return f"{path.rpartition('/')[0]}/quotas"
        path = path if type_of(path) else path.rpartition("/")[0]
        return path if type_of(path) else None

    @staticmethod
    def _reads(sent: Sent, target: str) -> bool:
        return sent.method == "GET" and sent.path.casefold() in (*sources(target), target.casefold().rpartition("/")[0])

    # --- a cell ---

    def strike(self, act: Act, gap: Gap) -> Outcome:
        outcome = Outcome(self.case, act, gap)
        world, azure = self.world, self.azure
        world.put_back()
        number, self._acted, self._read_again, self._written = 0, None, False, False

        def meanwhile(method: str, path: str) -> None:
            nonlocal number
            if number == gap.at and self._acted is None:
                self._acted = False
                self._acted = self._do(act, gap.target)
            number += 1
            if self._acted and not self._written:
                self._written = method != "GET" and self.target_of(Sent(method, path, None, 0)) == gap.target
                self._read_again = self._read_again or (method == "GET" and path.casefold() in sources(gap.target))

        azure.meanwhile = meanwhile
        try:
            result = world.run(ok=None)
        finally:
            azure.meanwhile = lambda method, path: None
        if self._acted:
            sent = list(azure.sent)
            self._judge(outcome, result)
            if outcome.became == LOST and self._in_the_last_round_trip(sent, gap):
                first = not any(self._shows(item, gap.target) for item in sent[: gap.at - 1])
                outcome.became, outcome.why = LAST, FIRST_READ if first else READ_AGAIN
        return outcome

    def _in_the_last_round_trip(self, sent: list[Sent], gap: Gap) -> bool:
        """Whether the request before the act is a read of the resource, and the one after it is its write."""
        read, written = sent[gap.at - 1], sent[gap.at]
        return (
            self._shows(read, gap.target)
            and type_of(gap.target) not in _CONDITIONAL
            and self.target_of(written) == gap.target
            and is_write(written.method, written.path)
        )

    @staticmethod
    def _shows(sent: Sent, target: str) -> bool:
        return sent.method == "GET" and sent.path.casefold() in sources(target)

    def _do(self, act: Act, target: str) -> bool:
        # What is created later has another time of creation.
        self.azure.app.clock.advance(2)
        there = self._before = self.read(target)
        if act.exists != (there is not None) or (act.option and f'"{act.option}"' in json.dumps(self.world.options)):
            return False
        self.theirs = None
        if not act.do(self, target):
            return False
        self.theirs = self.read(target)
        return act.there(self.theirs)

    def _judge(self, outcome: Outcome, result: dict[str, t.Any]) -> None:
        now = self.read(outcome.gap.target)
        # A resource of theirs must still be that one; a change of theirs may be in what a replacement has created.
        same = self.theirs is None or _created(self.theirs) in (_created(now), _created(self._before))
        theirs = outcome.act.there(now) and same
        failed = bool(result.get("failed"))
        said = json.dumps(
            {key: result.get(key) for key in ("msg", "failure", "warnings", "undeclared", "targets")}, default=str
        )
        if failed and (unclear := without_code(result)):
            outcome.became, outcome.why = LOST, unclear[0]
        elif failed and (theirs or any(word in said for word in outcome.act.words)):
            outcome.became, outcome.why = FAILED, result["failure"]["code"]
        elif theirs and "ChangedMeanwhile" in str(result["warnings"]):
            outcome.became, outcome.why = FAILED, "kept, with a warning"
        elif theirs and not failed:
            outcome.became = SURVIVED
            again = self.azure.run(self.case.module, ok=None, check=True, **self.world.options)
            if not self.case.always and (again.get("failed") or again["changed"]):
                outcome.became, outcome.why = (
                    LOST,
                    f"this run's own change is not there, and it said nothing: {again.get('msg') or again.get('plan')}",
                )
        elif now is None and self._declared_gone(outcome.gap.target, result):
            outcome.became, outcome.why = DECLARED, REMOVED
        elif now is not None and outcome.act.name == "deletes it" and self._read_again:
            outcome.became, outcome.why = DECLARED, CREATED_AGAIN
        elif now is not None and self._declared_as_a_whole(now):
            outcome.became, outcome.why = DECLARED, WHOLE
        else:
            outcome.became = LOST
            outcome.why = f"changed={result['changed']}, failed={failed} ({result.get('msg')}), and it is {'gone' if now is None else 'not there'}"

    def _declared_gone(self, target: str, result: dict[str, t.Any]) -> bool:
        """Whether the task removes it by its name, as a dependent of what it removes so, or by its owner's tag, which the second writer left."""
        still_owned = self.theirs is None or _created(self.theirs) == _created(self._before)
        pruned = still_owned and any(
            row["id"].casefold() == target.casefold() for row in result.get("undeclared") or []
        )
        rules = (self.world.options.get("managed_network") or {}).get("outbound_rules") or []
        by_name = (
            self.world.options
            if type_of(target) != "rule"
            else next((rule for rule in rules if target.endswith(f"/{rule['name']}")), {})
        )
        absent = by_name.get("state") == "absent" or pruned
        return absent and any(
            request.method == "DELETE" and request.path.casefold() == target.casefold() for request in self.sent
        )

    def _declared_as_a_whole(self, now: dict[str, t.Any]) -> bool:
        """Whether all that is not there of the second writer's change lies in lists that the task declares, and that are compared as one value."""
        changed = [
            path for path, value in _leaves(self.theirs) if _at(self._before, path) != value and not {*path} & {*_OWN}
        ]
        missing = [path for path in changed if _at(now, path) != _at(self.theirs, path)]
        return bool(missing) and all(_is_whole_list(_at(self.world.options.get("body"), path)) for path in missing)


def _leaves(value: t.Any, path: tuple[str, ...] = ()) -> t.Iterator[tuple[tuple[str, ...], t.Any]]:
    """Each value that is no mapping, with its place; a list is one value."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _leaves(below, (*path, key))
    else:
        yield path, value


def _at(value: t.Any, path: tuple[str, ...]) -> t.Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _is_whole_list(value: t.Any) -> bool:
    """Items with a name are matched by it, and those of others stay."""
    return isinstance(value, list) and not all(isinstance(item, dict) and "name" in item for item in value)


def _created(body: dict[str, t.Any] | None) -> t.Any:
    """When it was created, as its type says that; rules of a managed network do not say it."""
    body = body or {}
    properties = body.get("properties") or {}
    times = (properties.get(key) for key in ("createdOn", "creationTime", "resourceGuid"))
    return next(filter(None, times), (body.get("systemData") or {}).get("createdAt"))


def _writable(body: dict[str, t.Any]) -> dict[str, t.Any]:
    kept = {
        key: value
        for key, value in body.items()
        if key in ("location", "tags", "identity", "sku", "kind", "properties")
    }
    kept["properties"] = {key: value for key, value in kept["properties"].items() if key not in _OWN}
    return kept


def _tagged(rivalry: Rivalry, path: str, wait: float = _DONE) -> bool:
    body = rivalry.read(path) or {}
    tags = {**(body.get("tags") or {}), **MARK}
    if type_of(path) in ("assignment", "connection", "datastore", "deployment", "endpoint", "extension", "setting"):
        return _put_with_mark(rivalry, path)
    if type_of(path) == "compute":
        return bool(rivalry.call("PUT", path, {**_writable(body), "tags": tags}, wait=wait).status < 400)
    return bool(rivalry.call("PATCH", path, {"tags": tags}, wait=wait).status < 400)


def _has_mark(body: dict[str, t.Any] | None) -> bool:
    if body is None:
        return False
    properties = body["properties"] if isinstance(body.get("properties"), dict) else {}
    tags = {**(body.get("tags") or {}), **(properties.get("tags") or {}), **(properties.get("metadata") or {})}
    others = (
        properties.get("eventHubAuthorizationRuleId") == HUB,
        properties.get("delegatedManagedIdentityResourceId") == THEIR_IDENTITY,
        MARK.items() <= (properties.get("configurationSettings") or {}).items(),
    )
    return MARK.items() <= tags.items() or _has_host(body) or any(others)


def _marked(path: str, body: dict[str, t.Any]) -> dict[str, t.Any]:
    if type_of(path) == "connection":
        return {
            "properties": {**body["properties"], "metadata": {**(body["properties"].get("metadata") or {}), **MARK}}
        }
    if type_of(path) == "datastore":
        properties = body["properties"]
        # No read shows the key, and no PUT is taken without it.
        key = {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "their-key=="}}
        return {"properties": {**properties, "credentials": key, "tags": {**(properties.get("tags") or {}), **MARK}}}
    if type_of(path) == "setting":
        return {"properties": {**body["properties"], "eventHubAuthorizationRuleId": HUB}}
    if type_of(path) == "assignment":
        return {"properties": {**body["properties"], "delegatedManagedIdentityResourceId": THEIR_IDENTITY}}
    if type_of(path) == "extension":
        settings = {**(body["properties"].get("configurationSettings") or {}), **MARK}
        return {**body, "properties": {**body["properties"], "configurationSettings": settings}}
    if type_of(path) == "rule":
        return {"properties": {**body["properties"], "fqdns": [*(body["properties"].get("fqdns") or []), HOST]}}
    return {**body, "tags": {**(body.get("tags") or {}), **MARK}}


def _put_with_mark(rivalry: Rivalry, path: str) -> bool:
    body = rivalry.read(path)
    return body is not None and _put(rivalry, path, _marked(path, _writable(body)))


def _put(rivalry: Rivalry, path: str, body: dict[str, t.Any]) -> bool:
    query = "&skipValidation=true" if type_of(path) == "datastore" else ""
    return bool(rivalry.call("PUT", path, body, query=query).status < 400)


def _has_host(body: dict[str, t.Any] | None) -> bool:
    return body is not None and HOST in (
        body["properties"].get("fqdns") or [] if isinstance(body.get("properties"), dict) else []
    )


def _quota_set(rivalry: Rivalry, path: str) -> bool:
    entry = {
        "id": f"{WORKSPACE_ID}/quotas/{FAMILY}",
        "type": f"{ML_PROVIDER}/workspaces/dedicatedCores/quotas",
        "limit": 7,
        "unit": "Count",
    }
    answer = rivalry.call(
        "POST", f"{path.rpartition('/')[0]}/updateQuotas", {"location": path.split("/")[-2], "value": [entry]}
    )
    return bool(answer.status < 400)


def _has_quota(body: dict[str, t.Any] | None) -> bool:
    return body is not None and any(
        document["id"] == f"{WORKSPACE_ID}/quotas/{FAMILY}" and document["limit"] == 7 for document in body["value"]
    )


def _patched(path_in: str, value: t.Any) -> t.Callable[[Rivalry, str], bool]:
    """A PATCH of one property."""

    def do(rivalry: Rivalry, path: str) -> bool:
        body: t.Any = value
        for key in reversed(path_in.split(".")):
            body = {key: body}
        return bool(rivalry.call("PATCH", path, body).status < 400)

    return do


def _shows(path_in: str, value: t.Any) -> t.Callable[[dict[str, t.Any] | None], bool]:
    def there(body: dict[str, t.Any] | None) -> bool:
        found: t.Any = body
        for key in path_in.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        return bool(found == value)

    return there


def _changed(path_in: str, value: t.Any) -> t.Callable[[Rivalry, str], bool]:
    """A PUT of the whole document with one other value."""

    def do(rivalry: Rivalry, path: str) -> bool:
        body = _writable(rivalry.read(path) or {})
        *above, name = path_in.split(".")
        inside = body
        for key in above:
            inside[key] = inside = dict(inside.get(key) or {})
        inside[name] = {**(inside.get(name) or {}), **value} if isinstance(value, dict) else value
        return _put(rivalry, path, body)

    return do


def _granted(rivalry: Rivalry, path: str) -> bool:
    """More quota than the task requests."""
    limit = {"limitObjectType": "LimitValue", "value": MORE_QUOTA}
    return bool(rivalry.call("PUT", path, {"properties": {"limit": limit}}).status < 400)


_LINK_STATE = "properties.privateLinkServiceConnectionState"
_SHARES = {"blue": 40, "green": 60}
_SCALE = "properties.properties.scaleSettings"


def _scaled(name: str, value: t.Any, wait: float = _DONE) -> t.Callable[[Rivalry, str], bool]:
    def do(rivalry: Rivalry, path: str) -> bool:
        body = rivalry.read(path) or {}
        scale = ((body["properties"].get("properties") or {}).get("scaleSettings")) or {}
        if not scale:
            return False
        settings = {
            key: scale[key] for key in ("minNodeCount", "maxNodeCount", "nodeIdleTimeBeforeScaleDown") if key in scale
        }
        return bool(
            rivalry.call(
                "PATCH", path, {"properties": {"properties": {"scaleSettings": {**settings, name: value}}}}, wait=wait
            ).status
            < 400
        )

    return do


def _idle(rivalry: Rivalry, path: str) -> bool:
    return bool(
        rivalry.call("POST", f"{path}/updateIdleShutdownSetting", {"idleTimeBeforeShutdown": "PT77M"}).status < 400
    )


def _prefix_added(rivalry: Rivalry, path: str) -> bool:
    body = _writable(rivalry.read(path) or {})
    prefixes = body["properties"]["addressSpace"]["addressPrefixes"]
    body["properties"]["addressSpace"] = {"addressPrefixes": [*prefixes, "10.77.0.0/16"]}
    return bool(rivalry.call("PUT", path, body).status < 400)


def _has_prefix(body: dict[str, t.Any] | None) -> bool:
    return body is not None and "10.77.0.0/16" in body["properties"]["addressSpace"]["addressPrefixes"]


def _subnet_added(rivalry: Rivalry, path: str) -> bool:
    answer = rivalry.azure.app.call(
        "PUT", f"{path}/subnets/theirs?api-version=2024-05-01", {"properties": {"addressPrefix": "10.0.77.0/24"}}
    )
    rivalry.azure.app.clock.advance(_DONE)
    return bool(answer.status < 400)


def _has_subnet(body: dict[str, t.Any] | None) -> bool:
    return body is not None and any(subnet["name"] == "theirs" for subnet in body["properties"].get("subnets") or [])


def _deleted(rivalry: Rivalry, path: str) -> bool:
    query = ""
    if type_of(path) == "compute":
        attached = ((rivalry.read(path) or {}).get("properties") or {}).get("isAttachedCompute")
        query = f"&underlyingResourceAction={'Detach' if attached else 'Delete'}"
    elif type_of(path) == "workspace":
        query = "&forceToPurge=true"
    return bool(rivalry.call("DELETE", path, query=query).status < 400) and rivalry.read(path) is None


def _replaced(rivalry: Rivalry, path: str) -> bool:
    body = _writable(rivalry.read(path) or {})
    if not _deleted(rivalry, path):
        return False
    return _put(rivalry, path, _marked(path, body))


def _created_first(rivalry: Rivalry, path: str) -> bool:
    """As this run will create it, but for a tag; a workspace that azure-ai-ml deploys, on resources of its own."""
    body = next(
        (request.body for request in rivalry.sent if request.method == "PUT" and request.path == path and request.body),
        None,
    )
    if body is None and type_of(path) == "workspace":
        body = {"location": "eastus", "identity": {"type": "SystemAssigned"}, "properties": _dependents(rivalry)}
    if body is None:
        return False
    return _put(rivalry, path, _marked(path, body))


def _dependents(rivalry: Rivalry) -> dict[str, str]:
    rows = {
        "storageAccount": (
            "Microsoft.Storage/storageAccounts/sttheirs",
            {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2"},
        ),
        "keyVault": (
            "Microsoft.KeyVault/vaults/kvtheirs",
            {
                "properties": {
                    "tenantId": "aaaaaaaa-0000-4000-8000-00000000000a",
                    "sku": {"family": "A", "name": "standard"},
                    "accessPolicies": [],
                }
            },
        ),
        "applicationInsights": ("Microsoft.Insights/components/aitheirs", {"kind": "web"}),
    }
    for path, body in rows.values():
        rivalry.call("PUT", f"{GROUP_ID}/providers/{path}", {"location": "eastus", **body})
    return {name: f"{GROUP_ID}/providers/{path}" for name, (path, _body) in rows.items()}


ALL = (
    "assignment", "compute", "connection", "datastore", "deployment", "endpoint", "extension", "registry", "setting", "workspace", "network", "resource",
)  # fmt: skip
ACTS = [
    Act(
        "adds a tag", _tagged, _has_mark, ALL, ("tags", "metadata", "event_hub", "delegated", "configuration_settings")
    ),
    Act(
        "adds a tag, still running",
        lambda rivalry, path: _tagged(rivalry, path, wait=0),
        _has_mark,
        ("compute", "workspace"),
        ("tags",),
    ),
    Act(
        "raises max_instances",
        _scaled("maxNodeCount", 77),
        _shows(f"{_SCALE}.maxNodeCount", 77),
        ("compute",),
        ("max_instances", "maxNodeCount"),
        option="max_instances",
    ),
    Act(
        "raises max_instances, still running",
        _scaled("maxNodeCount", 77, wait=0),
        _shows(f"{_SCALE}.maxNodeCount", 77),
        ("compute",),
        ("max_instances", "maxNodeCount"),
        option="max_instances",
    ),
    Act(
        "changes the idle time of a cluster",
        _scaled("nodeIdleTimeBeforeScaleDown", "PT777S"),
        _shows(f"{_SCALE}.nodeIdleTimeBeforeScaleDown", "PT777S"),
        ("compute",),
        ("idle_time", "nodeIdleTime"),
        option="idle_time_before_scale_down",
    ),
    Act(
        "changes the idle time of an instance",
        _idle,
        _shows("properties.properties.idleTimeBeforeShutdown", "PT77M"),
        ("compute",),
        ("idle_time",),
        option="idle_time_before_shutdown_minutes",
    ),
    Act(
        "changes the description",
        _patched("properties.description", "theirs"),
        _shows("properties.description", "theirs"),
        ("workspace",),
        ("description",),
        option="description",
    ),
    Act(
        "changes the display name",
        _patched("properties.friendlyName", "theirs"),
        _shows("properties.friendlyName", "theirs"),
        ("workspace",),
        ("display_name", "friendlyName"),
        option="display_name",
    ),
    *(
        Act(
            "changes the description",
            _changed(f"{place}.description", "theirs"),
            _shows(f"{place}.description", "theirs"),
            types,
            ("description",),
            option="description",
        )
        for place, types in (("properties", ("assignment", "deployment", "endpoint")), (_LINK_STATE, ("link",)))
    ),
    Act(
        "moves the traffic",
        _changed("properties.traffic", _SHARES),
        _shows("properties.traffic", _SHARES),
        ("endpoint",),
        ("traffic",),
        option="traffic",
    ),
    Act(
        "scales it",
        _changed("sku.capacity", 7),
        _shows("sku.capacity", 7),
        ("deployment",),
        ("instance_count",),
        option="instance_count",
    ),
    Act(
        "adds a variable",
        _changed("properties.environmentVariables", {"THEIRS": "yes"}),
        _shows("properties.environmentVariables.THEIRS", "yes"),
        ("deployment",),
        ("environment_variables",),
    ),
    Act("is granted more", _granted, _shows("properties.limit.value", MORE_QUOTA), ("quota",), ("limit",)),
    Act("adds an address prefix", _prefix_added, _has_prefix, ("network",), ("addressPrefixes", "address")),
    Act("adds a subnet", _subnet_added, _has_subnet, ("network",), ("subnets",)),
    Act("adds a host name to a rule", _put_with_mark, _has_host, ("rule",), ("fqdns", "outbound_rules")),
    Act("sets another quota", _quota_set, _has_quota, ("quotas",), ("quotas",)),
    Act(
        "deletes it",
        _deleted,
        lambda body: body is None,
        (*ALL, "link", "rule"),
        ("delete", "does not exist", "not found", "NotFound"),
    ),
    Act("deletes it and creates another", _replaced, _has_mark, (*ALL, "rule"), ("another", "created")),
    Act("creates it first", _created_first, _has_mark, (*ALL, "rule"), ("another", "created"), exists=False),
]


# --- further ways to write, of which other faults say nothing ---


def _then(module: str, first: Options, then: Options) -> t.Callable[[Azure], Options]:
    def make(azure: Azure) -> Options:
        azure.run(module, **first)
        return {**first, **then}

    return make


def _later(then: Options) -> t.Callable[[Azure], Options]:
    def make(azure: Azure) -> Options:
        azure.run(CLUSTER, **SMALL)
        return {"name": SMALL["name"], **then}

    return make


def _network(then: Options, **more: t.Any) -> t.Callable[[Azure], Options]:
    def make(azure: Azure) -> Options:
        body = {"location": "eastus", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
        options = {"type": "Microsoft.Network/virtualNetworks", "name": "net", "api_version": "2024-05-01", **more}
        azure.run(RESOURCE, **options, body=body)
        return {**options, **then}

    return make


def _rule(azure: Azure, there: bool, **declared: t.Any) -> Options:
    """One outbound rule of the managed network, which is there with another destination, or not yet."""
    azure.arm("PATCH", WORKSPACE_ID, {"properties": {"managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"}}})
    gateway = f"{GROUP_ID}/providers/Microsoft.Network/applicationGateways/gateway"
    if there:
        destination = {"serviceResourceId": gateway, "subresourceTarget": "public", "sparkEnabled": False}
        body = {"properties": {"type": "PrivateEndpoint", "category": "UserDefined", "destination": destination}}
        azure.arm("PUT", f"{WORKSPACE_ID}/outboundRules/ours", body)
    wanted = {
        "type": "private_endpoint",
        "destination": {"service_resource_id": gateway, "subresource_target": "private"},
    }
    return {"name": "ws-test", "managed_network": {"outbound_rules": [{"name": "ours", **(declared or wanted)}]}}


def _undeclared(azure: Azure) -> Options:
    """A fleet that prunes two compute targets, one after the other."""
    computes = [{"type": "amlcompute", **SMALL, "name": name} for name in ("cpu-a", "cpu-b")]
    place = {"name": "ws-test", "resource_group": GROUP_ID.rpartition("/")[2]}
    azure.run(FLEET, name="fleet", workspaces=[{**place, "computes": computes}])
    return {"name": "fleet", "workspaces": [{**place, "computes": []}], "prune": "delete", "parallelism": 1}


def _rejected(azure: Azure) -> Options:
    """Of a connection that is approved, only the state is declared."""
    options = connected(azure)
    azure.run(CONNECTION, **options)
    return {"private_endpoint": options["private_endpoint"], "state": "rejected"}


SUBNETS = {"properties": {"subnets": [{"name": "ours", "properties": {"addressPrefix": "10.0.1.0/24"}}]}}
MORE_CASES = [
    # Only one option is declared: of the others, each may be changed by someone else.
    Case("cluster: tags", CLUSTER, _later({"tags": {"a": "b"}})),
    Case("cluster: max_instances", CLUSTER, _later({"max_instances": 3})),
    Case("cluster: idle time", CLUSTER, _later({"idle_time_before_scale_down": 600})),
    Case("cluster: identity", CLUSTER, _later({"identity": {"type": "system_assigned"}})),
    Case(
        "cluster: replace by its description",
        CLUSTER,
        _later({"description": "new", "on_immutable_change": "recreate"}),
    ),
    Case(
        "instance: replace",
        INSTANCE,
        _then(INSTANCE, LAPTOP, {"description": "new", "on_immutable_change": "recreate", "force": True}),
    ),
    Case("workspace: tags", WORKSPACES, lambda azure: {"name": "ws-test", "tags": {"a": "b"}}),
    Case("workspace: description", WORKSPACES, lambda azure: {"name": "ws-test", "description": "ours"}),
    Case("workspace: outbound rule added", WORKSPACES, lambda azure: _rule(azure, there=False)),
    Case("workspace: outbound rule changed", WORKSPACES, lambda azure: _rule(azure, there=True)),
    Case("workspace: outbound rule removed", WORKSPACES, lambda azure: _rule(azure, there=True, state="absent")),
    Case("resource: properties", RESOURCE, _network({"body": SUBNETS})),
    Case("resource: properties by PATCH", RESOURCE, _network({"tags": {"a": "b"}, "update_method": "patch"})),
    Case("fleet: prune", FLEET, _undeclared),
    Case("online endpoint: tags", ENDPOINT, _then(ENDPOINT, SERVED, {"tags": {"a": "b"}})),
    Case("online endpoint: description", ENDPOINT, served({**SERVED, "description": "ours"}, "blue", "green")),
    Case("online deployment: tags", DEPLOYMENT, served({**UNSERVED, "tags": {"a": "b"}}, "blue")),
    Case(
        "online deployment: a variable",
        DEPLOYMENT,
        served({**UNSERVED, "environment_variables": {"LEVEL": "info"}}, "blue"),
    ),
    Case("online deployment: scale", DEPLOYMENT, served({**UNSERVED, "instance_count": 2}, "blue")),
    Case("private endpoint connection: reject", CONNECTION, _rejected),
]
_WRITERS = (
    BATCH,
    BATCH_DEPLOYMENT,
    ASSIGNMENTS,
    CONNECTION,
    DEPLOYMENT,
    ENDPOINT,
    EXTENSION,
    CLUSTER,
    INSTANCE,
    "aml_inference_cluster",
    ATTACHED,
    DATASTORE,
    OF_SERVICES,
    "aml_registry",
    DIAGNOSTICS,
    WORKSPACES,
    "aml_quota",
    RESOURCE,
    FLEET,
)
CASES = [case for case in (*FAULT_CASES, *MORE_CASES) if case.module in _WRITERS and not case.refused]


def cells(rivalry: Rivalry) -> t.Iterator[tuple[Act, Gap]]:
    for gap in rivalry.gaps():
        for act in ACTS:
            if type_of(gap.target) in act.types:
                yield act, gap


def work(number: int, every: int = 1) -> list[Row]:
    """The cells of one case, without those in which the second writer could not do it."""
    rivalry = Rivalry(CASES[number])
    try:
        found = [rivalry.strike(act, gap) for act, gap in list(cells(rivalry))[number % every :: every]]
    finally:
        rivalry.close()
    return [
        Row(item.case.module, item.act.name, item.name, item.became, item.why) for item in found if item.became != VOID
    ]


class Row(t.NamedTuple):
    """One cell as a figure."""

    module: str
    act: str
    name: str
    became: str
    why: str


COLUMNS = ("tried", SURVIVED, FAILED, DECLARED, LAST, LOST)


def figures(rows: t.Sequence[Row]) -> list[int]:
    return [len(rows), *(sum(row.became == what for row in rows) for what in COLUMNS[1:])]


@dataclass
class Table:
    """The figures of all cells, by what the second writer does and by module."""

    rows: list[Row] = field(default_factory=list)

    @property
    def lost(self) -> list[Row]:
        return [row for row in self.rows if row.became == LOST]

    def text(self) -> str:
        modules = list(dict.fromkeys(case.module for case in CASES))
        return "\n\n".join(
            [
                "### Second writer",
                f"{len(self.rows)} runs in which another writer acts between a run's read of a resource and its write to it. Survived: both changes are there. "
                "Failed clearly: the run failed with a code (a fleet: kept the target, with a warning), and the other writer's change is there or the message "
                f"names what was lost. Overridden as declared: {self._reasons(DECLARED)}. In the last round trip: the request before the change was a read of "
                f"the resource, the one after it the write, and the service takes no condition for that write, so that no client can notice "
                f"({self._reasons(LAST)}). Lost: none of these.",
                table(
                    "the second writer", COLUMNS, self.rows, lambda row: row.act, [act.name for act in ACTS], figures
                ),
                table("module", COLUMNS, self.rows, lambda row: row.module, modules, figures),
            ]
        )

    def _reasons(self, became: str) -> str:
        counts = Counter(row.why for row in self.rows if row.became == became)
        return ", ".join(f"{count} {why}" for why, count in sorted(counts.items())) or "none"
