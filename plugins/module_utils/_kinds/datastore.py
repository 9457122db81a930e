# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datastores: storage that a workspace knows by a name, and the credentials with which it is used.

Sources: docs/facts.md g (recordings, and what Terraform's azurerm treats as fixed); ARM types of 2026-05-01, DatastoreProperties. Options are named as in
the CLI's schemas (azure-ai-ml, ``_schema/_datastore``); what these lack is named as in ARM.
"""

from __future__ import annotations

import functools
import re
import typing as t
from dataclasses import replace

from .._core import redact, shape
from .._core.arm_id import Target
from .._core.canon import caseless
from .._core.errors import AmlError
from .._core.findings import Finding, Findings
from .._core.paths import get_path, remove_path, set_path
from .._engine import rules, versions
from .._engine.cli_schema import CliSchema, Tree
from .._engine.exported import NO_COUNTERPART, Exported
from .._engine.fields import WRITE_ONLY, Field, choice
from .._engine.kind import Body, Kind, Request, fixed
from .._engine.plan import Declared, Plan
from .._engine.versions import Versions
from . import retirements, rows
from .retirements import Notice

_SOURCE = "ARM types of 2026-05-01, DatastoreProperties"
_P = "properties."
_C = "properties.credentials."
_WHY = "a datastore keeps the storage that it was created with, because data assets and jobs refer to it by name"
_WHY_DEFAULT = "Azure Resource Manager reports the default datastore and does not set it; the studio does"

# What the service makes with each workspace (docs/facts.md g.4).
OWN = ("workspaceblobstore", "workspacefilestore", "workspaceworkingdirectory", "workspaceartifactstore")

# By type, the options of its storage: those without which it cannot be created, and the others.
_PLACE = ("storage_subscription_id", "storage_resource_group")
STORAGE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "azure_blob": (("account_name", "container_name"), ("endpoint", "protocol", *_PLACE)),
    "azure_file": (("account_name", "file_share_name"), ("endpoint", "protocol", *_PLACE)),
    "azure_data_lake_gen2": (("account_name", "filesystem"), ("endpoint", "protocol", *_PLACE)),
    "azure_data_lake_gen1": (("store_name",), _PLACE),
    "one_lake": (("one_lake_workspace_name", "artifact.name"), ("artifact.type", "endpoint")),
}
TYPES = tuple(STORAGE)
_SCHEMAS = {
    "azure_blob": "azureBlob.schema.json",
    "azure_file": "azureFile.schema.json",
    "azure_data_lake_gen1": "azureDataLakeGen1.schema.json",
    "azure_data_lake_gen2": "azureDataLakeGen2.schema.json",
    "one_lake": "oneLake.schema.json",
}

OF_STORAGE = frozenset(option for needed, others in STORAGE.values() for option in (*needed, *others))

# By the type of credentials, the option of the secret, ARM's name for it, and the other options that are needed.
_PRINCIPAL = ("tenant_id", "client_id")
_SECRETS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "account_key": ("account_key", "key", ()),
    "sas": ("sas_token", "sasToken", ()),
    "service_principal": ("client_secret", "clientSecret", _PRINCIPAL),
    "certificate": ("certificate", "certificate", (*_PRINCIPAL, "thumbprint")),
}
_URLS = ("authority_url", "resource_url")
_CREDENTIALS = {
    "account_key": "AccountKey",
    "sas": "Sas",
    "service_principal": "ServicePrincipal",
    "certificate": "Certificate",
}
_ARM_NAMES = {
    "tenant_id": "tenantId",
    "client_id": "clientId",
    "thumbprint": "thumbprint",
    "authority_url": "authorityUrl",
    "resource_url": "resourceUrl",
}
_TYPE_OF_CREDENTIALS = choice(**_CREDENTIALS)


def _parts(type_: str) -> tuple[str, ...]:
    """The options of a type of credentials that the service shows."""
    needed = _SECRETS[type_][2]
    return (*needed, *_URLS) if needed else ()


# --- rules of single values ---


def _matches(pattern: str, what: str, value: t.Any, option: str) -> Findings:
    if not re.fullmatch(pattern, str(value)):
        yield Finding(
            "InvalidStorageName",
            option,
            f"{option} must be {what}; {value!r} is not.",
            "Azure naming rules, Microsoft.Storage",
        )


_ACCOUNT = functools.partial(_matches, r"[a-z0-9]{3,24}", "3 to 24 lower-case letters and digits")
_CONTAINER = functools.partial(
    _matches,
    r"\$(root|web|logs)|(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    "3 to 63 lower-case letters, digits and single dashes, starting and ending with a letter or digit",
)
_BAD_TEXT = ("", "a\nb", " a")
_BAD_CONTAINER = ("", "ab", "A-container", "a_b", "a--b", "-abc", "abc-", "a" * 64, "a/b", "abc\n")


def _check_name(name: str) -> Findings:
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}", name):
        message = f"name {name!r} is not a valid name of a datastore: 1 to 255 letters, digits, '-' and '_', starting with a letter or digit."
        yield Finding("InvalidDatastoreName", "name", message, "docs/facts.md g.5")


# --- the table ---


def _storage(option: str, path: str, **more: t.Any) -> Field:
    """A part of where the data is."""
    return fixed(option, _P + path, _WHY, **{"spec": {"type": "str"}, "wrong": _BAD_TEXT, "clearable": True, **more})


def _credential(name: str, **more: t.Any) -> Field:
    """A part of the credentials that the service shows."""
    return Field(f"credentials.{name}", _C + _ARM_NAMES[name], spec={"type": "str"}, canon=caseless, **more)


# What can change in place: the secret goes with each of them.
_UPDATABLE = (
    "description",
    "tags",
    "service_data_access_auth_identity",
    *(f"credentials.{name}" for name in ("type", *_ARM_NAMES)),
)


def _secret(type_: str) -> Field:
    name, arm, _needed = _SECRETS[type_]
    spec = {"type": "str", "no_log": True}
    return Field(
        f"credentials.{name}",
        f"{_C}secrets.{arm}",
        WRITE_ONLY,
        spec=spec,
        goes_with=_UPDATABLE,
        rule=rules.not_empty,
        wrong=("", " "),
    )


def _identity(value: t.Any) -> t.Any:
    return caseless(value) or "none"


_GUID = {"rule": rules.guid, "examples": ("11111111-0000-4000-8000-000000000001",)}
_ONE_LAKE = Versions("2024-04-01", "2024-10-01-preview")

FIELDS = (
    fixed(
        "type",
        _P + "datastoreType",
        "the type of a datastore is decided at creation",
        spec={"type": "str", "choices": list(TYPES)},
        canon=caseless,
        **choice(
            azure_blob="AzureBlob",
            azure_file="AzureFile",
            azure_data_lake_gen1="AzureDataLakeGen1",
            azure_data_lake_gen2="AzureDataLakeGen2",
            one_lake="OneLake",
        ),
    ),
    rows.DESCRIPTION,
    replace(rows.TAGS, path=_P + "tags"),
    # The CLI has no such field.
    fixed(
        "is_default",
        _P + "isDefault",
        _WHY_DEFAULT,
        spec={"type": "bool"},
        canon=bool,
        shape=shape.FLAG,
        cli_name=None,
        implied=False,
    ),
    _storage(
        "account_name",
        "accountName",
        rule=_ACCOUNT,
        examples=("stdata",),
        wrong=("", "ab", "St_Data", "a" * 25, "st/data"),
    ),
    _storage("container_name", "containerName", rule=_CONTAINER, examples=("training",), wrong=_BAD_CONTAINER),
    _storage("file_share_name", "fileShareName", rule=_CONTAINER, examples=("share",), wrong=_BAD_CONTAINER),
    _storage("filesystem", "filesystem", rule=_CONTAINER, examples=("lake",), wrong=_BAD_CONTAINER),
    _storage("store_name", "storeName", examples=("lakestore",)),
    _storage("one_lake_workspace_name", "oneLakeWorkspaceName", examples=("fabric",), versions=_ONE_LAKE),
    _storage("artifact.name", "artifact.artifactName", examples=("house",), versions=_ONE_LAKE),
    _storage(
        "artifact.type",
        "artifact.artifactType",
        clearable=False,
        optional=True,
        spec={"type": "str", "choices": ["lake_house"]},
        canon=caseless,
        wrong=(),
        versions=_ONE_LAKE,
        **choice(lake_house="LakeHouse"),
    ),
    # The service fills in these where the type has them.
    _storage("endpoint", "endpoint", clearable=False, optional=True, canon=caseless, examples=("core.windows.net",)),
    _storage("protocol", "protocol", clearable=False, optional=True, canon=caseless, examples=("https",)),
    _storage("storage_subscription_id", "subscriptionId", canon=caseless, cli_name=None, wrong=(), **_GUID),
    _storage(
        "storage_resource_group",
        "resourceGroup",
        rule=rules.resource_group,
        canon=caseless,
        cli_name=None,
        examples=("rg-data",),
        wrong=("", "a/b", "rg."),
    ),
    Field(
        "service_data_access_auth_identity",
        _P + "serviceDataAccessAuthIdentity",
        spec={
            "type": "str",
            "choices": ["none", "workspace_system_assigned_identity", "workspace_user_assigned_identity"],
        },
        canon=_identity,
        shape=shape.TEXT,
        cli_name=None,
        implied="none",
        **choice(
            none="None",
            workspace_system_assigned_identity="WorkspaceSystemAssignedIdentity",
            workspace_user_assigned_identity="WorkspaceUserAssignedIdentity",
        ),
    ),
    # No option: it follows from which credentials are declared. Null are none.
    Field(
        "credentials.type",
        _C + "credentialsType",
        canon=caseless,
        clearable=True,
        cleared="None",
        to_arm=_TYPE_OF_CREDENTIALS["to_arm"],
        from_arm=lambda word: None if caseless(word) == "none" else _TYPE_OF_CREDENTIALS["from_arm"](word),
    ),
    _credential("tenant_id", **_GUID),
    _credential("client_id", **_GUID),
    _credential("thumbprint", examples=("AB12CD34",), wrong=_BAD_TEXT),
    _credential("authority_url", rule=rules.https_address, examples=("https://login.microsoftonline.com",)),
    _credential("resource_url", rule=rules.https_address, examples=("https://storage.azure.com/",)),
    *(_secret(type_) for type_ in _SECRETS),
)
_BY_OPTION = {row.option: row for row in FIELDS}


class DatastoreNotRemovable(AmlError):
    """A datastore that the workspace itself needs."""

    default_code = "DatastoreNotRemovable"


def _schema_of(options: t.Mapping[str, t.Any]) -> str:
    return _SCHEMAS.get(str(options.get("type")), "")


def _credentials_of_cli(tree: Tree) -> None:
    """``az ml datastore show`` prints empty credentials whatever the datastore has; ``authority_uri`` is the older name of ``authority_url``."""
    credentials = tree.get("credentials")
    if credentials == {}:
        del tree["credentials"]
    elif isinstance(credentials, dict) and "authority_uri" in credentials:
        credentials.setdefault("authority_url", credentials.pop("authority_uri"))


class ExportedDatastore(Exported):
    def complete(self) -> None:
        if self.options.pop("is_default", False):
            reason = "the default datastore of a workspace is set in the studio"
            self.miss("is_default", reason, NO_COUNTERPART)
        self.drop_if("service_data_access_auth_identity", "none")
        for secret in self.kind.lost_on_recreate(self.body, {}):
            self.fill_in(secret)
            # To the CLI, a placeholder would be the secret.
            self.hidden = ("credentials",)


class Datastore(Kind):
    """A datastore of a workspace.

    A PUT replaces it as a whole, and its types demand the secrets, which no GET shows: a declared secret goes with each update, and an update of a datastore
    with credentials is refused without it. The service would return the secret on request (``listSecrets``), but no module asks for secrets.
    """

    label = "datastore"
    module = "aml_datastore"
    cli = CliSchema(TYPES, file_of=_schema_of, loader="load_datastore", respell=_credentials_of_cli)
    exported_as = ExportedDatastore
    collection = "datastores"
    api_version = versions.STABLE
    parent_label = "workspace"
    parent_api_version = versions.STABLE
    parent_is_of_provider = True
    fields = FIELDS
    # The types of the storage and of the credentials are in the names of the options.
    filled_by_service = (
        "properties.datastoreType",
        "properties.credentials.credentialsType",
        "properties.credentials.secrets.secretsType",
    )
    options = (rows.UPDATE_PASSWORD,)
    required_on_create = ("type",)
    # As azure-ai-ml and Terraform's azurerm do: what the validation does is not documented (docs/facts.md g.1).
    write_params: t.Mapping[str, str] = {"skipValidation": "true"}

    # --- what was declared ---

    def declare(self, tree: dict[str, t.Any], target: Target) -> Declared:
        flat = super().declare(tree, target)
        credentials = tree.get("credentials", {})
        if credentials is None:
            return {
                **{option: value for option, value in flat.items() if not option.startswith("credentials.")},
                "credentials.type": None,
            }
        types = _declared_types(credentials)
        return {**flat, "credentials.type": types[0]} if len(types) == 1 else flat

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        yield from super().check(target, declared, tree)
        yield from _check_name(target.name)
        if declared.get("type"):
            yield from _check_storage(declared, declared["type"])
        types = _declared_types(tree.get("credentials") or {})
        if len(types) > 1:
            names = " and ".join(_SECRETS[type_][0] for type_ in types)
            message = f"credentials has {names}, which are different credentials: declare those of one type."
            yield Finding("CredentialsAmbiguous", "credentials", message, _SOURCE)
        elif types:
            yield from _check_parts(declared, types[0])

    def required_of(self, declared: Declared) -> tuple[str, ...]:
        needed = STORAGE.get(declared.get("type") or "", ((), ()))[0]
        return (*self.required_on_create, *needed, *_required_credentials(declared.get("credentials.type")))

    def check_create(self, declared: Declared, parent: Body | None) -> Findings:
        yield from super().check_create(declared, parent)
        if "type" in declared:
            # Once more, because a replacement keeps the type that was not declared.
            yield from _check_storage(declared, declared["type"])
        if "credentials.type" not in declared and _declares_credentials(declared):
            message = "credentials has no secret: declare client_secret or certificate too, or omit credentials to use identities."
            yield Finding("CredentialsIncomplete", "credentials", message, _SOURCE)
        yield from _check_filled_in(declared)
        if declared.get("is_default"):
            message = (
                f"is_default: a new datastore is not the default one. {_WHY_DEFAULT[0].upper()}{_WHY_DEFAULT[1:]}."
            )
            yield Finding("DefaultNotSettable", "is_default", message, _SOURCE)

    def check_update(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        before = current["credentials"]["type"]
        wanted = declared.get("credentials.type", before)
        if wanted not in _SECRETS:
            if wanted is None and _declares_credentials(declared):
                message = "The datastore has no credentials: declare client_secret or certificate too."
                yield Finding("CredentialsIncomplete", "credentials", message, _SOURCE)
            return
        foreign = list(_check_parts(declared, wanted))
        if foreign:
            yield from foreign
            return
        needed = _required_credentials(wanted)
        if wanted == before:
            if _is_missing(declared.get(needed[-1])):
                message = (
                    f"The datastore has credentials of type {wanted}, which the service never returns, and it takes no update without them: "
                    f"declare {needed[-1]} too."
                )
                yield Finding("SecretNeeded", needed[-1], message, _SOURCE)
            return
        missing = [option for option in needed if _is_missing(declared.get(option))]
        if missing:
            message = f"Other credentials than the datastore has need {', '.join(missing)} too."
            yield Finding("CredentialsIncomplete", missing[0], message, _SOURCE)

    def retirement_notices(self, declared: Declared, body: Body | None) -> list[Notice]:
        type_ = declared.get("type") or (_BY_OPTION["type"].read(body) if body else None)
        return retirements.notices({retirements.TYPE: type_})

    # --- documents ---

    def with_values(self, body: Body, values: Declared) -> Body:
        changed = super().with_values(body, values)
        credentials = get_path(changed, "properties.credentials")
        if isinstance(credentials, dict):
            set_path(changed, "properties.credentials", _fitting(credentials))
        return changed

    def create_body(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        return _sendable(super().create_body(target, declared, parent))

    def recreate_body(self, body: Body, plan: Plan, declared: Declared, target: Target, parent: Body | None) -> Body:
        return _sendable(super().recreate_body(_movable(body, declared), plan, declared, target, parent))

    def writable(self, body: Body) -> Body:
        return {
            "properties": {
                name: value for name, value in super().writable(body)["properties"].items() if value is not None
            }
        }

    def updates(self, body: Body, plan: Plan) -> list[Request]:
        changed = _sendable(self.with_values(self.writable(body), plan.values()))
        return [Request("PUT", changed, params=dict(self.write_params), carries=True)]

    # --- replacement and removal ---

    def completed(self, body: Body, plan: Plan, wanted: Declared) -> Declared:
        complete = super().completed(_movable(body, wanted), plan, wanted)
        needed, others = STORAGE.get(complete["type"], ((), ()))
        # Where the data of another type is, does not go over to this one.
        return {
            option: value
            for option, value in complete.items()
            if option in wanted or option not in OF_STORAGE or option in (*needed, *others)
        }

    def check_replacement(self, body: Body) -> None:
        """Raise for what the workspace itself needs."""
        self.check_removal(body)

    def check_removal(self, body: Body) -> None:
        name = str(body.get("name"))
        if self.is_of_service(body):
            why = "the service created it with the workspace, which keeps its own files in it"
        elif _BY_OPTION["is_default"].read(body):
            why = "it is the default datastore of the workspace, which jobs without another one use"
        else:
            return
        raise DatastoreNotRemovable(
            f"The datastore {name!r} cannot be deleted: {why}.",
            target=body.get("id"),
            hint="Nothing was sent. Keep it, or make another datastore the default one in the studio first.",
        )

    def is_of_service(self, body: Body) -> bool:
        return str(body.get("name")).casefold() in OWN

    def tags_of(self, body: Body) -> dict[str, t.Any]:
        return _BY_OPTION["tags"].read(body) or {}

    def takes_tags(self, body: Body | None, declared: Declared) -> bool:
        # No update is taken without the secret, not even of a tag.
        return body is None or not (self.is_of_service(body) or self.lost_on_recreate(body, declared))

    def lost_on_recreate(self, body: Body, declared: Declared) -> list[str]:
        type_ = declared.get("credentials.type", _BY_OPTION["credentials.type"].read(body))
        secret = _required_credentials(type_)[-1:]
        return [option for option in secret if _is_missing(declared.get(option))]

    # --- what the user sees ---

    def project(self, body: Body) -> dict[str, t.Any]:
        values = self.read(body)
        needed, others = STORAGE.get(values["type"], ((), ()))
        hidden = {option.partition(".")[0] for option in OF_STORAGE} - {
            option.partition(".")[0] for option in (*needed, *others)
        }
        shown = {name: value for name, value in values.items() if name not in hidden}
        type_ = values["credentials"]["type"]
        names = ("type", *(_parts(type_) if type_ in _SECRETS else ()))
        credentials = None if type_ is None else {name: values["credentials"][name] for name in names}
        return {
            "id": body.get("id"),
            "name": body.get("name"),
            **shown,
            "is_default": bool(values["is_default"]),
            "tags": values["tags"] or {},
            "service_data_access_auth_identity": _identity(values["service_data_access_auth_identity"]),
            "credentials": credentials,
        }

    def summary(self, result: t.Mapping[str, t.Any]) -> str | None:
        names = ("account_name", "store_name", "one_lake_workspace_name")
        return f"storage {next((result[name] for name in names if result.get(name)), '')}".rstrip()


def _declared_types(credentials: t.Mapping[str, t.Any]) -> list[str]:
    """The types of credentials whose secret, or a part that no other type has, is declared."""
    return [
        type_
        for type_, (secret, _arm, needed) in _SECRETS.items()
        if credentials.get(secret) is not None
        or any(credentials.get(name) is not None for name in needed if name not in _PRINCIPAL)
    ]


def _declares_credentials(declared: Declared) -> bool:
    return any(declared.get(f"credentials.{name}") is not None for name in _ARM_NAMES)


def _required_credentials(type_: t.Any) -> tuple[str, ...]:
    """The options without which there are no credentials of this type; the secret is the last."""
    if type_ not in _SECRETS:
        return ()
    secret, _arm, needed = _SECRETS[type_]
    return tuple(f"credentials.{name}" for name in (*needed, secret))


def _is_missing(value: t.Any) -> bool:
    """Whether a secret is not declared, or only by what an export has in its place."""
    return value is None or value == redact.PLACEHOLDER


def _check_filled_in(declared: Declared) -> Findings:
    """The secrets that an export does not have, and that a creation sends."""
    for option, value in declared.items():
        if value == redact.PLACEHOLDER and _BY_OPTION[option].mutability == WRITE_ONLY:
            message = f"{option} has the placeholder of an export: replace it by the secret to create the datastore."
            yield Finding("SecretNeeded", option, message, "this collection")


def _check_storage(declared: Declared, type_: str) -> Findings:
    """Options that describe another type of storage."""
    needed, others = STORAGE.get(type_, (tuple(OF_STORAGE), ()))
    for option in declared:
        if option in OF_STORAGE and option not in (*needed, *others) and declared[option] is not None:
            message = f"{option} is not an option of type {type_}; it has {', '.join((*needed, *others))}."
            yield Finding("OptionOfAnotherType", option, message, _SOURCE)


def _check_parts(declared: Declared, type_: str) -> Findings:
    """Parts of other credentials than those that are declared, or that the datastore has."""
    own = (_SECRETS[type_][0], *_parts(type_))
    for option, value in declared.items():
        group, _dot, name = option.partition(".")
        if group == "credentials" and name not in (*own, "type") and value is not None:
            message = f"{option} is not part of credentials of type {type_}; they have {', '.join(own)}."
            yield Finding("OptionOfAnotherType", option, message, _SOURCE)


def _fitting(credentials: Body) -> Body:
    """Only what the type of the credentials has, with the type of the secret where there is one."""
    arm = credentials.get("credentialsType")
    type_ = _TYPE_OF_CREDENTIALS["from_arm"](arm)
    if type_ not in _SECRETS:
        return {"credentialsType": arm} if caseless(arm) == "none" else credentials
    name = _SECRETS[type_][1]
    kept = {key: credentials[key] for key in (_ARM_NAMES[part] for part in _parts(type_)) if credentials.get(key)}
    secret = (credentials.get("secrets") or {}).get(name)
    return {
        "credentialsType": arm,
        **kept,
        **({} if secret is None else {"secrets": {"secretsType": arm, name: secret}}),
    }


def _movable(body: Body, wanted: Declared) -> Body:
    """The document whose values a replacement takes over: OneLake and storage accounts have different endpoints."""
    types = {_BY_OPTION["type"].read(body), wanted.get("type") or _BY_OPTION["type"].read(body)}
    if len(types) == 1 or "one_lake" not in types:
        return body
    return {
        **body,
        "properties": {name: value for name, value in body["properties"].items() if name != "endpoint"},
    }


def _sendable(body: Body) -> Body:
    """A document as it can be sent: with credentials, which are required, and without what another type has or only the service writes."""
    properties = body["properties"]
    properties.pop("isDefault", None)
    type_ = _BY_OPTION["type"].read(body)
    if type_ in STORAGE:
        needed, others = STORAGE[type_]
        for option in OF_STORAGE.difference(needed, others):
            remove_path(body, _BY_OPTION[option].path)
    if type_ == "one_lake" and isinstance(properties.get("artifact"), dict):
        properties["artifact"].setdefault("artifactType", "LakeHouse")
    properties["credentials"] = _fitting({"credentialsType": "None", **(properties.get("credentials") or {})})
    return body


shape.learn_child(Datastore.collection, FIELDS, required=("datastoreType",))
DATASTORE = Datastore()
