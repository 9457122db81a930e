# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections in YAML of the Azure ML CLI v2: some types have other fields (azure-ai-ml, ``_schema/workspace/connections``, ``connection_subtypes``)."""

from __future__ import annotations

import re
import typing as t

from .._engine.cli_schema import READ_ONLY, CliSchema
from . import datastore
from .connection_types import CATEGORIES

Tree = dict[str, t.Any]

# By the type, how it names the target.
_TARGETS = {
    "azure_blob": "url",
    "azure_open_ai": "azure_endpoint",
    "azure_ai_services": "endpoint",
    "azure_ai_search": "endpoint",
    "azure_content_safety": "endpoint",
    "azure_speech_services": "endpoint",
    "serverless": "endpoint",
    "api_key": "api_base",
}
# The CLI's types that are kinds of another one, and the Kind in its metadata.
_OF_COGNITIVE_SERVICE = {"azure_content_safety": "Content Safety", "azure_speech_services": "speech"}
TYPES = (
    "git", "python_feed", "container_registry", "s3", "snowflake", "azure_sql_db", "azure_synapse_analytics", "azure_my_sql_db", "azure_postgres_db",
    "azure_data_lake_gen2", "custom", "azure_one_lake", "open_ai", "serp", *_TARGETS,
)  # fmt: skip
# Fields of single types whose values are metadata.
_METADATA = {
    "account_name": "AccountName",
    "container_name": "ContainerName",
    "api_version": "ApiVersion",
    "open_ai_resource_id": "ResourceId",
    "ai_services_resource_id": "ResourceId",
}


def _is_connection(declared: t.Mapping[str, t.Any]) -> bool:
    """Whether a file of the CLI is of a connection. Two types are those of datastores too, which have no target."""
    type_ = _cli_type(declared.get("type"))
    if type_ in datastore.TYPES:
        return "connection" in str(declared.get("$schema")).casefold() or any(
            name in declared for name in ("target", "url", "api_base", "azure_endpoint")
        )
    return type_ in TYPES


def _drop_unread(tree: Tree) -> None:
    """``az ml connection show`` prints null for each part of the credentials: they are not declared then."""
    credentials = tree.get("credentials")
    parts = [value for name, value in credentials.items() if name != "type"] if isinstance(credentials, dict) else []
    if parts and all(value is None for value in parts):
        del tree["credentials"]


def _to_options(tree: Tree) -> None:
    """The options that say what the CLI's fields say, in place."""
    type_ = _cli_type(tree.get("type"))
    metadata = _take_metadata(tree, type_)
    if metadata:
        tree["metadata"] = metadata
    if type_ is not None:
        tree["type"] = "cognitive_service" if type_ in _OF_COGNITIVE_SERVICE else type_
    target = _take_target(tree, type_)
    if target is not None:
        tree["target"] = target
    key = tree.pop("api_key", None)
    if key is not None:
        tree["credentials"] = {"type": "api_key", "key": key}


def _take_metadata(tree: Tree, type_: t.Any) -> Tree:
    """``tags`` is the older name; azure-ai-ml sends some values that no one declares."""
    metadata = {**(tree.pop("tags", None) or {}), **(tree.pop("metadata", None) or {})}
    metadata |= {key: value for name, key in _METADATA.items() if (value := tree.pop(name, None)) is not None}
    if type_ == "azure_open_ai":
        metadata.setdefault("ApiType", "Azure")
    if type_ in _OF_COGNITIVE_SERVICE:
        metadata["Kind"] = _OF_COGNITIVE_SERVICE[type_]
    return metadata


def _take_target(tree: Tree, type_: t.Any) -> t.Any:
    targets = [tree.pop(name, None) for name in ("target", *dict.fromkeys(_TARGETS.values()))]
    artifact, workspace = (tree.pop(name, None) for name in ("artifact", "one_lake_workspace_name"))
    target = next((value for value in targets if value is not None), None)
    return _lake_house(target, workspace, str(artifact.get("name"))) if isinstance(artifact, dict) else target


def _from_options(options: Tree) -> Tree | None:
    """The CLI's fields of a connection that was exported; None where the CLI's schemas have no such connection.

    The schemas of all types with credentials demand the parts that the service never returns: there is no file of those.
    """
    tree = dict(options)
    if (tree.get("credentials") or {}).get("type") == "none":
        # Not each of the schemas has it.
        del tree["credentials"]
    metadata = dict(tree.pop("metadata", None) or {})
    type_ = _exported_type(tree["type"], metadata)
    fields = _take_fields(type_, metadata)
    if fields is None:
        return None
    tree |= {"type": type_, **fields}
    if "target" in tree and type_ in _TARGETS:
        tree[_TARGETS[type_]] = tree.pop("target")
    if metadata:
        tree["metadata"] = metadata
    if type_ == "azure_one_lake":
        # The class demands it, and does not use it next to the target.
        tree["endpoint"] = "".join(str(tree["target"]).split("/")[2:3])
    return tree


def _take_fields(type_: str, metadata: Tree) -> Tree | None:
    """The fields of the CLI's schema that have values of the metadata; None where it lacks one that is needed, or there is no such schema."""
    needed = {"azure_blob": ("account_name", "container_name"), "azure_ai_services": ("ai_services_resource_id",)}
    names = (*needed.get(type_, ()), *(("api_version", "open_ai_resource_id") if type_ == "azure_open_ai" else ()))
    fields = {name: metadata.pop(_METADATA[name], None) for name in names}
    if type_ not in TYPES or any(fields[name] is None for name in needed.get(type_, ())):
        return None
    return {name: value for name, value in fields.items() if value is not None}


def _cli_type(value: t.Any) -> t.Any:
    return CATEGORIES.from_arm(value)


def _exported_type(type_: str, metadata: Tree) -> str:
    kind = str(metadata.get("Kind")).casefold()
    named = (name for name, value in _OF_COGNITIVE_SERVICE.items() if value.casefold() == kind)
    found = next(named, type_) if type_ == "cognitive_service" else type_
    if found != type_:
        del metadata["Kind"]
    return found


def _lake_house(endpoint: t.Any, workspace: t.Any, name: str) -> str:
    """As ``MicrosoftOneLakeConnection`` composes it: with the ending for a name, without it for an id."""
    ending = "" if re.match(".{7}-.{4}-.{4}-.{4}.{12}", name) else ".Lakehouse"
    return f"https://{endpoint}/{workspace}/{name}{ending}"


CLI = CliSchema(
    ("connection",),
    # As the samples of azureml-examples have it.
    "http://azureml/sdk-2-0/Connection.json",
    loader="load_connection",
    is_typed=False,
    other_types=TYPES,
    shows=_is_connection,
    read_only=(*READ_ONLY, "creation_context"),
    cleaned=_drop_unread,
    # Its type is that of the connection.
    complete=lambda given, _declared: {"type": given["type"]} if given.get("type") else {},
    respell=_to_options,
    secrets=("api_key",),
    write=_from_options,
)
