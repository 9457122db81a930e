# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections: services outside of a workspace that it knows by a name, and the credentials with which they are used.

Sources: docs/facts.md g.7 to g.9 (recordings); ARM types of 2026-05-01, WorkspaceConnectionPropertiesV2. Options are named as in the CLI's schemas
(azure-ai-ml, ``_schema/workspace/connections``); what these lack is named as in ARM.
"""

from __future__ import annotations

import datetime
import re
import typing as t

from .._core import canon, redact, shape
from .._core.arm_id import ArmId, Target
from .._core.errors import AmlError
from .._core.findings import Finding, Findings
from .._core.paths import get_path, set_path
from .._engine import rules, versions
from .._engine.exported import Exported
from .._engine.fields import WRITE_ONLY, Field, choice
from .._engine.kind import Body, Kind, Request, fixed
from .._engine.plan import Declared, Plan
from . import rows
from .connection_types import AUTH_TYPES, CATEGORIES
from .connection_yaml import CLI

_SOURCE = "ARM types of 2026-05-01, WorkspaceConnectionPropertiesV2"
_P = "properties."
_C = "properties.credentials."
_WHY_TYPE = "the target, the metadata and the credentials of a connection belong to its type"

# Types for which azure-ai-ml declares Microsoft Entra ID where there are no credentials, and those that need no target.
_ENTRA = {
    "azure_blob", "azure_data_lake_gen2", "azure_one_lake", "azure_open_ai", "azure_ai_services", "azure_ai_search",
}  # fmt: skip
_NO_TARGET = {"open_ai", "serp"}

# By the type of credentials, the options of its parts: those without which there are none, and the others. No GET shows any of them.
_PARTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "none": ((), ()),
    "aad": ((), ()),
    "access_key": (("access_key_id", "secret_access_key"), ()),
    "account_key": (("account_key",), ()),
    "api_key": (("key",), ()),
    "custom_keys": (("keys",), ()),
    "managed_identity": ((), ("client_id", "resource_id")),
    "oauth2": (
        ("client_id", "client_secret"),
        ("auth_url", "tenant_id", "username", "password", "refresh_token", "developer_token"),
    ),
    "pat": (("pat",), ()),
    "sas": (("sas_token",), ()),
    "service_principal": (("tenant_id", "client_id", "client_secret"), ()),
    "username_password": (("username", "password"), ("security_token",)),
}
_ARM_NAMES = {
    "pat": "pat",
    "sas_token": "sas",
    "username": "username",
    "password": "password",
    "security_token": "securityToken",
    "client_id": "clientId",
    "resource_id": "resourceId",
    "client_secret": "clientSecret",
    "tenant_id": "tenantId",
    "access_key_id": "accessKeyId",
    "secret_access_key": "secretAccessKey",
    "key": "key",
    "account_key": "key",
    "keys": "keys",
    "auth_url": "authUrl",
    "refresh_token": "refreshToken",
    "developer_token": "developerToken",
}
_OPEN = ("username", "client_id", "resource_id", "tenant_id", "access_key_id", "auth_url")


# --- the table ---


class MetadataField(Field):
    """Names and values of which only the declared ones are managed: a null removes one, and a declared null all of them."""

    def filled(self, before: t.Any, declared: t.Any) -> t.Any:
        if declared is None:
            return None
        values = {**(before or {}), **declared}
        return {name: str(value) for name, value in values.items() if value is not None}


def _category(value: t.Any, option: str) -> Findings:
    problem = CATEGORIES.problem(value, option)
    if problem:
        yield Finding("InvalidConnectionType", option, problem, _SOURCE)


def _auth_type(value: t.Any, option: str) -> Findings:
    problem = AUTH_TYPES.problem(value, option)
    if problem:
        yield Finding("InvalidCredentialsType", option, problem, _SOURCE)


def _metadata(value: t.Any, option: str) -> Findings:
    for name, content in value.items():
        if isinstance(content, (dict, list)):
            message = f"The value of {option}.{name} must be text, not a {type(content).__name__}."
            yield Finding("InvalidMetadata", option, message, _SOURCE)


def _keys(value: t.Any, option: str) -> Findings:
    if not value or any(content is None or isinstance(content, (dict, list)) for content in value.values()):
        message = f"{option} must be a mapping of names and texts with at least one entry."
        yield Finding("InvalidMetadata", option, message, _SOURCE)


def _texts(value: t.Any) -> t.Any:
    return {str(name): str(content) for name, content in value.items()} if isinstance(value, dict) else value


def _time(value: t.Any) -> t.Any:
    """A time in any spelling of ISO 8601, in UTC unless it says otherwise; any other text is that text."""
    try:
        time = datetime.datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", str(value)).replace("Z", "+00:00"))
    except ValueError:
        return canon.text(value)
    return time if time.tzinfo else time.replace(tzinfo=datetime.UTC)


def _same_users(value: t.Any) -> t.Any:
    """Object ids, whose order and case have no meaning."""
    return frozenset(map(canon.caseless, value or ()))


# What can change in place: the credentials go with each of them.
_UPDATABLE = (
    "target",
    "is_shared",
    "shared_user_list",
    "metadata",
    "expiry_time",
    "use_workspace_managed_identity",
    "pe_requirement",
    "credentials.type",
)


def _credential(name: str) -> Field:
    """A part of the credentials: no GET shows it."""
    more: dict[str, t.Any] = {"rule": rules.not_empty, "examples": ("planted-text",), "wrong": ("", " ")}
    spec: dict[str, t.Any] = {"type": "str", "no_log": name not in _OPEN}
    if name == "keys":
        spec["type"] = "dict"
        more = {
            "rule": _keys,
            "examples": ({"token": "planted-text"},),
            "wrong": ({}, {"a": ["b"]}),
            "to_arm": _texts,
            "shape": shape.mapping(),
        }
    return Field(f"credentials.{name}", _C + _ARM_NAMES[name], WRITE_ONLY, spec=spec, goes_with=_UPDATABLE, **more)


FIELDS = (
    fixed(
        "type",
        _P + "category",
        _WHY_TYPE,
        spec={"type": "str"},
        rule=_category,
        canon=CATEGORIES.canon,
        to_arm=CATEGORIES.to_arm,
        from_arm=CATEGORIES.from_arm,
        shape=shape.TEXT,
        examples=("git", "azure_sql_db", "AzureOpenAI"),
        wrong=("", "azure_sql", "a b"),
    ),
    Field(
        "target",
        _P + "target",
        spec={"type": "str"},
        rule=rules.not_empty,
        canon=canon.text,
        examples=("https://example.org/", "Server=tcp:a,1433"),
        wrong=("", " "),
    ),
    MetadataField(
        "metadata",
        _P + "metadata",
        spec={"type": "dict"},
        rule=_metadata,
        canon=canon.mapping,
        clearable=True,
        examples=({"team": "vision"},),
        wrong=({"a": ["b"]}, {"a": {"b": "c"}}),
    ),
    # False is not the same as nothing: what a new connection has by default is true.
    Field("is_shared", _P + "isSharedToAll", spec={"type": "bool"}, canon=canon.boolean_text),
    # What follows has no field in the CLI's schemas.
    Field(
        "shared_user_list",
        _P + "sharedUserList",
        spec={"type": "list", "elements": "str"},
        canon=_same_users,
        shape=shape.list_of(shape.TEXT),
        clearable=True,
        cleared=[],
        cli_name=None,
        examples=(["11111111-0000-4000-8000-000000000001"],),
        wrong=([{"a": "b"}],),
    ),
    Field(
        "expiry_time",
        _P + "expiryTime",
        spec={"type": "str"},
        rule=rules.not_empty,
        canon=_time,
        clearable=True,
        cli_name=None,
        examples=("2030-01-01T00:00:00Z",),
        wrong=("", " "),
    ),
    Field(
        "use_workspace_managed_identity",
        _P + "useWorkspaceManagedIdentity",
        spec={"type": "bool"},
        canon=bool,
        shape=shape.FLAG,
        cli_name=None,
        implied=False,
    ),
    Field(
        "pe_requirement",
        _P + "peRequirement",
        optional=True,
        spec={"type": "str", "choices": ["not_applicable", "not_required", "required"]},
        canon=canon.caseless,
        cli_name=None,
        **choice(not_applicable="NotApplicable", not_required="NotRequired", required="Required"),
    ),
    Field(
        "credentials.type",
        _P + "authType",
        spec={"type": "str"},
        rule=_auth_type,
        canon=AUTH_TYPES.canon,
        to_arm=AUTH_TYPES.to_arm,
        from_arm=AUTH_TYPES.from_arm,
        shape=shape.TEXT,
        examples=("none", "aad"),
        wrong=("", "api-keys", "a b"),
    ),
    *(_credential(name) for name in _ARM_NAMES),
)
_BY_OPTION = {row.option: row for row in FIELDS}
# The properties that a PUT sends, apart from the credentials.
_SENT = {row.path.removeprefix(_P) for row in FIELDS if not row.path.startswith(_C)}


class ConnectionInherited(AmlError):
    """A connection of another workspace, which shares it with this one."""

    default_code = "ConnectionInherited"


class ExportedConnection(Exported):
    def complete(self) -> None:
        self.drop_if("use_workspace_managed_identity", False)
        # What credentials of a type that is not known have, is not known either.
        for secret in self.kind.lost_on_recreate(self.body, {}):
            if secret != "credentials.type":
                self.fill_in(secret)
                self.without_file = "the CLI's schema demands the credentials, which are not exported"


class Connection(Kind):
    """A connection of a workspace.

    A PUT replaces it as a whole, and no GET shows the credentials: they go with each update, and an update of a connection that has some is refused without
    them. The service would return them on request (``listsecrets``), but no module asks for secrets.
    """

    label = "connection"
    module = "aml_connection"
    cli = CLI
    exported_as = ExportedConnection
    collection = "connections"
    api_version = versions.STABLE
    parent_label = "workspace"
    parent_api_version = versions.STABLE
    parent_is_of_provider = True
    fields = FIELDS
    # The state of its private endpoint, and why it has none. What the credentials are is in the names of the options.
    filled_by_service = ("properties.credentials", "properties.error", "properties.peStatus")
    options = (rows.UPDATE_PASSWORD,)
    required_on_create = ("type",)

    # --- what was declared ---

    def declare(self, tree: dict[str, t.Any], target: Target) -> Declared:
        flat = super().declare(tree, target)
        if "credentials" in tree and tree["credentials"] is None:
            public = {option: value for option, value in flat.items() if not option.startswith("credentials.")}
            return {**public, "credentials.type": "none"}
        return flat

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        yield from super().check(target, declared, tree)
        if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,254}", target.name):
            message = f"name {target.name!r} is not a valid name of a connection: 3 to 255 letters, digits, '-' and '_', starting with a letter or digit."
            yield Finding("InvalidConnectionName", "name", message, "docs/facts.md g.8")
        yield from _check_parts(declared, declared.get("credentials.type"))

    def required_of(self, declared: Declared) -> tuple[str, ...]:
        target = () if CATEGORIES.from_arm(declared.get("type")) in _NO_TARGET else ("target",)
        return (*self.required_on_create, *target, *_required(_type_of(declared)))

    def check_create(self, declared: Declared, parent: Body | None) -> Findings:
        yield from super().check_create(declared, parent)
        if "credentials.type" not in declared and _declared_parts(declared):
            yield Finding("CredentialsIncomplete", "credentials.type", "Declare credentials.type too.", _SOURCE)
        for option in _placeholders(declared):
            message = f"{option} has the placeholder of an export: replace it by its value to create the connection."
            yield Finding("SecretNeeded", option, message, "this collection")

    def check_update(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        before = AUTH_TYPES.from_arm(current["credentials"]["type"] or "none")
        wanted = AUTH_TYPES.from_arm(declared.get("credentials.type", before))
        foreign = list(_check_parts(declared, wanted))
        if foreign:
            yield from foreign
            return
        missing = _missing(declared, before, wanted)
        if missing and wanted != before:
            message = f"Other credentials than the connection has need {', '.join(missing)} too."
            yield Finding("CredentialsIncomplete", missing[0], message, _SOURCE)
        elif missing:
            message = (
                f"The connection has credentials of type {wanted}, which the service never returns, and an update without them would remove them: "
                f"declare {', '.join(missing)} too."
            )
            yield Finding("SecretNeeded", missing[0], message, _SOURCE)

    # --- documents ---

    def with_values(self, body: Body, values: Declared) -> Body:
        changed = super().with_values(body, values)
        if "credentials.type" in values and not _declared_parts(values):
            # Those of another type do not stay.
            set_path(changed, "properties.credentials", None)
        return changed

    def create_body(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        return _sendable(super().create_body(target, _with_defaults(declared), parent))

    def recreate_body(self, body: Body, plan: Plan, declared: Declared, target: Target, parent: Body | None) -> Body:
        return _sendable(super().recreate_body(body, plan, declared, target, parent))

    def writable(self, body: Body) -> Body:
        properties = super().writable(body)["properties"]
        return {
            "properties": {name: value for name, value in properties.items() if name in _SENT and value is not None}
        }

    def updates(self, body: Body, plan: Plan) -> list[Request]:
        changed = _sendable(self.with_values(self.writable(body), plan.values()))
        return [Request("PUT", changed, params=dict(self.write_params), carries=True)]

    # --- whose it is ---

    def guard(self, body: Body, target: Target) -> None:
        owner = owner_of(body, target.parent_id)
        if owner is None:
            return
        raise ConnectionInherited(
            f"The connection {target.name!r} belongs to the workspace {owner.name!r}, which shares it with {ArmId(target.parent_id).name!r}.",
            target=body.get("id"),
            hint=f"Nothing was sent. Manage it in the workspace {owner.name!r}, or use another name.",
        )

    def belongs(self, body: Body, workspace_id: str) -> bool:
        return owner_of(body, workspace_id) is None

    def tags_of(self, body: Body) -> dict[str, t.Any]:
        return _BY_OPTION["metadata"].read(body) or {}

    def takes_tags(self, body: Body | None, declared: Declared) -> bool:
        # Its tags are in its metadata. No update is taken without the credentials.
        return body is None or not self.lost_on_recreate(body, declared)

    def marked(self, declared: Declared, body: Body | None, name: str, value: str) -> Declared:
        own = declared.get("metadata", {})
        # A declared null removes all others.
        others = dict.fromkeys(self.tags_of(body or {})) if own is None else own
        return {**declared, "metadata": {**others, name: value}}

    # --- replacement ---

    def lost_on_recreate(self, body: Body, declared: Declared) -> list[str]:
        before = AUTH_TYPES.from_arm(_BY_OPTION["credentials.type"].read(body) or "none")
        return _missing(declared, before, AUTH_TYPES.from_arm(declared.get("credentials.type", before)))

    # --- what the user sees ---

    def project(self, body: Body) -> dict[str, t.Any]:
        values = self.read(body)
        return {
            "id": body.get("id"),
            "name": body.get("name"),
            **values,
            "metadata": values["metadata"] or {},
            "is_shared": bool(values["is_shared"]),
            "shared_user_list": values["shared_user_list"] or [],
            "use_workspace_managed_identity": bool(values["use_workspace_managed_identity"]),
            "credentials": {"type": values["credentials"]["type"] or "none"},
            "group": get_path(body, "properties.group") or None,
            "created_by_workspace_id": get_path(body, "properties.createdByWorkspaceArmId") or None,
        }


def owner_of(body: Body, workspace_id: str) -> ArmId | None:
    """The workspace that shares a connection with this one, in whose list it is too; None for one that no other workspace shares."""
    own = ArmId(canon.full_id(body.get("id") or ""))
    named = (get_path(body, "properties.createdByWorkspaceArmId"), own.workspace)
    owners = (ArmId(owner) for owner in named if isinstance(owner, str) and "/workspaces/" in owner.casefold())
    return next((owner for owner in owners if canon.arm_id(owner) != canon.arm_id(workspace_id)), None)


def _type_of(declared: Declared) -> str:
    """The type of credentials that a creation sends."""
    entra = CATEGORIES.from_arm(declared.get("type")) in _ENTRA
    return str(AUTH_TYPES.from_arm(declared.get("credentials.type") or ("aad" if entra else "none")))


def _with_defaults(declared: Declared) -> Declared:
    """What the CLI sends where nothing is declared: a connection is shared, and used with Microsoft Entra ID where its type has that."""
    return {"is_shared": True, "credentials.type": _type_of(declared), **declared}


def _required(type_: str) -> tuple[str, ...]:
    return tuple(f"credentials.{name}" for name in _PARTS.get(type_, ((), ()))[0])


def _declared_parts(declared: Declared) -> list[str]:
    return [option for option in declared if option.startswith("credentials.") and option != "credentials.type"]


def _placeholders(declared: Declared) -> list[str]:
    """The parts of which a declaration has what an export has in their place."""
    return [option for option in _declared_parts(declared) if _is_placeholder(declared[option])]


def _is_placeholder(value: t.Any) -> bool:
    return value == redact.PLACEHOLDER or (isinstance(value, dict) and redact.PLACEHOLDER in value.values())


def _missing(declared: Declared, before: str, wanted: str) -> list[str]:
    """What a PUT of a connection with credentials of type ``before`` needs for those of type ``wanted``, and the declaration does not have."""
    lacking = [option for option in _required(wanted) if declared.get(option) is None]
    if wanted == before and not _declared_parts(declared) and "credentials.type" not in declared:
        # Whether it has the parts that it can be without, no GET shows.
        lacking = lacking or [f"credentials.{name}" for name in _PARTS.get(wanted, ((), ("type",)))[1]]
    return [*lacking, *(option for option in _placeholders(declared) if option not in lacking)]


def _check_parts(declared: Declared, type_: t.Any) -> Findings:
    """Parts of other credentials than those that are declared, or that the connection has."""
    name = AUTH_TYPES.from_arm(type_)
    if name is None:
        return
    needed, others = _PARTS.get(name, ((), ()))
    own = (*needed, *others)
    for option in _declared_parts(declared):
        if option.partition(".")[2] not in own and declared[option] is not None:
            has = f"they have {', '.join(own)}" if own else "they have no other options"
            message = f"{option} is not part of credentials of type {name}; {has}."
            yield Finding("OptionOfAnotherType", option, message, _SOURCE)


def _sendable(body: Body) -> Body:
    """A document as it can be sent: ``credentials`` only where there are some."""
    if not body["properties"].get("credentials"):
        body["properties"].pop("credentials", None)
    return body


shape.learn_child(Connection.collection, FIELDS, required=("category",))
CONNECTION = Connection()
