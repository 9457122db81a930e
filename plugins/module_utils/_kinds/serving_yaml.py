# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints and their deployments in YAML of the Azure ML CLI v2 (azure-ai-ml, ``_schema/_endpoint`` and ``_schema/_deployment``)."""

from __future__ import annotations

import typing as t

from .._core import paths
from .._core.findings import Finding, Findings
from .._engine.cli_schema import READ_ONLY, CliSchema, plain_schema

Tree = dict[str, t.Any]


# --- which files are of which kind: no schema has a type ---


def _is_online_endpoint(declared: Tree) -> bool:
    schema = plain_schema(declared)
    return "onlineendpoint" in schema or (
        "auth_mode" in declared and "defaults" not in declared and "batchendpoint" not in schema
    )


def _is_batch_endpoint(declared: Tree) -> bool:
    schema = plain_schema(declared)
    return "batchendpoint" in schema or ("defaults" in declared and "onlineendpoint" not in schema)


def _is_online_deployment(declared: Tree) -> bool:
    """The type of its schema is that of its endpoint."""
    schema = plain_schema(declared)
    return "onlinedeployment" in schema or (
        "endpoint_name" in declared and "compute" not in declared and "batchdeployment" not in schema
    )


def _is_batch_deployment(declared: Tree) -> bool:
    """It names its compute target, which of an online one is the endpoint's."""
    schema = plain_schema(declared)
    return "batchdeployment" in schema or (
        {"endpoint_name", "compute"} <= declared.keys() and "onlinedeployment" not in schema
    )


# --- from a file ---


def _own_properties(tree: Tree) -> None:
    """Of the properties that ``az ml online-endpoint show`` prints, only others than the service's can be declared."""
    properties = tree.get("properties")
    if isinstance(properties, dict):
        tree["properties"] = {
            name: value for name, value in properties.items() if not str(name).lower().startswith("azure")
        }
        if not tree["properties"]:
            del tree["properties"]


def _online_deployment(tree: Tree) -> None:
    """The name of the resource in Kubernetes is the field's name in the CLI."""
    _own_properties(tree)
    resources = tree.get("resources")
    for part in resources.values() if isinstance(resources, dict) else ():
        if isinstance(part, dict) and "nvidia.com/gpu" in part:
            part["gpu"] = part.pop("nvidia.com/gpu")


# Of files without a type, in which they are not below settings.
_MODEL_SETTINGS = (
    "error_threshold", "retry_settings", "mini_batch_size", "logging_level", "output_action", "output_file_name",
    "max_concurrency_per_instance", "environment_variables",
)  # fmt: skip


def _model_settings(tree: Tree) -> None:
    """A batch deployment of the type model; one without a type is the same, in another form. Other types have no options."""
    if str(tree.get("type", "model")).casefold() != "model":
        return
    tree.pop("type", None)
    moved = {name: tree.pop(name) for name in _MODEL_SETTINGS if name in tree}
    settings = {**moved, **(tree.get("settings") or {})}
    if "instance_count" in settings:
        tree["resources"] = {"instance_count": settings.pop("instance_count"), **(tree.get("resources") or {})}
    if settings:
        tree["settings"] = settings


def _without_settings(declared: Tree) -> Tree:
    """A batch deployment in the form that the public loader of azure-ai-ml takes: without the mapping ``settings`` of the type model."""
    settings = declared.get("settings")
    if not isinstance(settings, dict):
        return declared
    plain = {name: value for name, value in declared.items() if name != "settings"}
    # That of the settings is the one of resources.
    return {**plain, **{name: value for name, value in settings.items() if name != "instance_count"}}


# What the CLI also takes as local files or writes out in the file of a deployment, and registers before it creates the deployment.
_ASSETS = ("model", "environment", "code_configuration")


def _not_registered(declared: Tree) -> Findings:
    """What is not registered. azure-ai-ml would search the working directory for the files, and its refusals name that."""
    for name in _ASSETS:
        field, value = f"definition.{name}", declared.get(name)
        if name == "code_configuration" and isinstance(value, dict):
            field, value = f"{field}.code", value.get("code")
        is_named = isinstance(value, str) and value.startswith(("azureml:", "/subscriptions/"))
        if value is not None and not is_named:
            shown = "inline" if isinstance(value, dict) else repr(value)
            message = (
                f"{field} must be azureml:NAME:VERSION or the id of something registered; it is {shown}. This module neither uploads files nor "
                f"registers assets: register it first, and name it here or in the option {name} of the task, which replaces that of the definition."
            )
            yield Finding("InvalidAsset", field, message, "reference-yaml-core-syntax")


# --- to a file ---


def _write_references(tree: Tree) -> None:
    """A reference without its prefix would be the path of a local file."""
    for place in ("model", "environment", "code_configuration.code"):
        reference = paths.get_path(tree, place)
        if isinstance(reference, str) and reference.startswith("/"):
            paths.set_path(tree, place, f"azureml:{reference}")


def _write_online_deployment(tree: Tree) -> Tree:
    """The name of a resource is that of Kubernetes, and whether data is collected is a word."""
    _write_references(tree)
    for row in ((tree.get("data_collector") or {}).get("collections") or {}).values():
        row["enabled"] = str(row["enabled"]).lower()
        if str(row.get("data")).startswith("/"):
            row["data"] = f"azureml:{row['data']}"
    for amounts in (tree.get("resources") or {}).values():
        if "gpu" in amounts:
            amounts["nvidia.com/gpu"] = amounts.pop("gpu")
    return tree


def _write_batch_deployment(tree: Tree) -> Tree:
    """The type says that the settings are those of a model. The CLI takes the region of the endpoint, and has no field for it."""
    _write_references(tree)
    tree.pop("location", None)
    tree["type"] = "model"
    return tree


_ENDPOINT = ("scoring_uri", "openapi_uri", "kind", "creation_context", "provisioning_state")
_DEPLOYMENT = ("kind", "creation_context")


def _schema_of_online_endpoint(options: Tree) -> str:
    return "kubernetesOnlineEndpoint.schema.json" if options.get("compute") else "managedOnlineEndpoint.schema.json"


def _schema_of_online_deployment(options: Tree) -> str:
    return f"{options.get('type', 'managed')}OnlineDeployment.schema.json"


ONLINE_ENDPOINT = CliSchema(
    ("online_endpoint",),
    file_of=_schema_of_online_endpoint,
    loader="load_online_endpoint",
    is_typed=False,
    shows=_is_online_endpoint,
    read_only=(*READ_ONLY, *_ENDPOINT),
    respell=_own_properties,
)
BATCH_ENDPOINT = CliSchema(
    ("batch_endpoint",),
    "batchEndpoint.schema.json",
    loader="load_batch_endpoint",
    is_typed=False,
    shows=_is_batch_endpoint,
    read_only=(*READ_ONLY, *_ENDPOINT),
    respell=_own_properties,
)
ONLINE_DEPLOYMENT = CliSchema(
    ("online_deployment",),
    file_of=_schema_of_online_deployment,
    loader="load_online_deployment",
    is_typed=False,
    shows=_is_online_deployment,
    read_only=(*READ_ONLY, *_DEPLOYMENT, "private_network_connection"),
    needs=("endpoint_name", "instance_type"),
    assets=_ASSETS,
    check=_not_registered,
    respell=_online_deployment,
    write=_write_online_deployment,
)
BATCH_DEPLOYMENT = CliSchema(
    ("batch_deployment",),
    "modelBatchDeployment.schema.json",
    loader="load_batch_deployment",
    is_typed=False,
    shows=_is_batch_deployment,
    read_only=(*READ_ONLY, *_DEPLOYMENT),
    needs=("endpoint_name", "compute"),
    assets=_ASSETS,
    check=_not_registered,
    for_loader=_without_settings,
    regroup=_model_settings,
    respell=_own_properties,
    write=_write_batch_deployment,
)
