# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML of the Azure ML CLI v2 as a module's options: the ``definition`` option.

azure-ai-ml's own loader says whether ``az ml compute create -f`` would take the YAML, or the same command for a workspace, registry, datastore,
connection, online endpoint or deployment. What was declared is read from the YAML itself: the loaded object fills in sizes, node counts and the
like that no one declared (docs/facts.md f.7, f.8).
"""

from __future__ import annotations

import contextlib
import copy
import io
import re
import typing as t

from .._core import redact, safe_yaml
from .._core.errors import RuleError
from .._core.findings import Finding, Findings, refuse
from .._engine import fields
from .._kinds import datastore
from .._kinds.kubernetes import instance_types_from_arm
from . import connection_yaml

Tree = dict[str, t.Any]
Spec = t.Mapping[str, dict[str, t.Any]]

WORKSPACE, CONNECTION = "workspace", connection_yaml.KIND
# A workspace of its kind, for which the CLI has a separate schema.
FEATURE_STORE = "featurestore"
REGISTRY = "registry"
ENDPOINT, DEPLOYMENT = "online_endpoint", "online_deployment"
BATCH_ENDPOINT, BATCH_DEPLOYMENT = "batch_endpoint", "batch_deployment"
_SERVING = (ENDPOINT, DEPLOYMENT, BATCH_ENDPOINT, BATCH_DEPLOYMENT)
# Their schemas have no type, or another one.
_ALONE = (WORKSPACE, FEATURE_STORE, CONNECTION, REGISTRY, *_SERVING)

# The module that keeps each kind of the CLI's schema, for who gave a definition to the wrong one.
_MODULES = {
    "amlcompute": "aml_compute_cluster",
    "computeinstance": "aml_compute_instance",
    "kubernetes": "aml_attached_compute",
    "synapsespark": "aml_attached_compute",
    "virtualmachine": "aml_attached_compute",
    **dict.fromkeys(connection_yaml.TYPES, "aml_connection"),
    **dict.fromkeys(datastore.TYPES, "aml_datastore"),
}

# What ``az ml ... show`` prints and only the service writes (azure-ai-ml: fields that are dump_only), by kind; "" is all but workspaces.
_IDENTITIES = "identity.user_assigned_identities"
_OF_WORKSPACES = (
    "$schema",
    "id",
    "resourceGroup",
    "discovery_url",
    "mlflow_tracking_uri",
    "associated_workspaces",
    "identity.principal_id",
    "identity.tenant_id",
    "managed_network.network_id",
    "managed_network.status",
    "managed_network.outbound_rules.parent_rule_names",
    "managed_network.outbound_rules.status",
)
_READ_ONLY: dict[str, tuple[str, ...]] = {
    "": (
        "$schema",
        "id",
        "resourceGroup",
        "created_on",
        "provisioning_state",
        "provisioning_errors",
        "identity.principal_id",
        "identity.tenant_id",
        "network_settings.public_ip_address",
        "network_settings.private_ip_address",
    ),
    "computeinstance": (
        "state",
        "last_operation",
        "services",
        "os_image_metadata",
        "ssh_settings.admin_username",
        "ssh_settings.ssh_port",
        "schedules.compute_start_stop.schedule_id",
        "schedules.compute_start_stop.provisioning_state",
    ),
    "synapsespark": (
        "node_family",
        "node_size",
        "node_count",
        "spark_version",
        "scale_settings",
        "auto_pause_settings",
    ),
    "virtualmachine": ("compute_location",),
    CONNECTION: ("creation_context",),
    ENDPOINT: ("scoring_uri", "openapi_uri", "kind", "creation_context", "provisioning_state"),
    DEPLOYMENT: ("kind", "creation_context", "private_network_connection"),
    BATCH_ENDPOINT: ("scoring_uri", "openapi_uri", "kind", "creation_context", "provisioning_state"),
    BATCH_DEPLOYMENT: ("kind", "creation_context"),
    REGISTRY: (
        "$schema",
        "id",
        "resourceGroup",
        "identity",
        "kind",
        "sku",
        "managed_resource_group",
        "mlflow_registry_uri",
        "discovery_url",
        "container_registry.arm_resource_id",
        "replication_locations.storage_config.arm_resource_id",
        "replication_locations.storage_config.replicated_ids",
    ),
    WORKSPACE: _OF_WORKSPACES,
    FEATURE_STORE: _OF_WORKSPACES,
}

# In addition to options with choices, values whose spelling the CLI ignores (azure-ai-ml: StringTransformedEnum).
_WEEK_DAYS = "schedules.compute_start_stop.trigger.schedule.week_days"

_HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def merge(given: Tree, spec: Spec, kinds: t.Sequence[str]) -> Tree:
    """The task's arguments with those of its definition below them: an option of the task replaces the complete value.

    given   the task's arguments as they came in, ``definition`` among them
    spec    the module's argument spec
    kinds   the CLI's types that the module keeps; ``workspace`` for the workspace, ``connection`` for all types of connections
    Raises RuleError for what azure-ai-ml or the module would not take.
    """
    declared = parse(given["definition"])
    kind = _kind(declared, given, kinds)
    _drop_read_only(declared, kind)
    if kind in _NEEDED:
        declared = {name: value for name, value in declared.items() if name not in _ASSETS or given.get(name) is None}
        refuse(_not_registered(declared))
    _validate(_complete(declared, given, kind), kind)
    options = to_options(declared, kind, spec, with_type="type" in spec)
    refuse(_unknown(options, spec, "definition"))
    named = {
        name: row for name, row in spec.items() if not any(key in given for key in (name, *row.get("aliases", ())))
    }
    merged = {**given, **{name: value for name, value in options.items() if name in named}}
    merged["definition"] = _without_secrets(declared, {"api_key", *_secret_names(spec)})
    return merged


def read_target(definition: t.Any, specs: t.Mapping[str, Spec]) -> tuple[str, Tree]:
    """A resource of any of the kinds of ``specs``, as an entry of a list of several kinds: its kind, and its options, with ``type`` and ``name``.

    specs   the options of each kind
    Raises RuleError for what azure-ai-ml would not take, or the kind has no option for.
    """
    declared = parse(definition)
    kind = _kind(declared, {}, list(specs))
    _drop_read_only(declared, kind)
    if kind in _NEEDED:
        refuse(_not_registered(declared))
    _validate(declared, kind)
    options = to_options(declared, kind, specs[kind], with_type=True)
    refuse(_unknown(options, {"type": {}, "name": {}, "tags": {}, **specs[kind]}, "definition"))
    return kind, options


def parse(definition: t.Any) -> Tree:
    """The definition as a separate mapping."""
    definition = safe_yaml.load(definition) if isinstance(definition, str) else definition
    if not isinstance(definition, dict):
        raise RuleError(
            f"definition must be a mapping, or YAML text that holds one, and not a {type(definition).__name__}.",
            code="InvalidDefinition",
            hint="Give the file's content: definition: \"{{ lookup('ansible.builtin.file', 'cluster.yml') }}\".",
        )
    safe_yaml.check(definition)
    return copy.deepcopy(definition)


def _is_endpoint(declared: Tree) -> bool:
    """Whether a file of the CLI is of an online endpoint, whose schema has no type."""
    schema = str(declared.get("$schema")).casefold()
    return "onlineendpoint" in schema or "auth_mode" in declared


def _is_deployment(declared: Tree) -> bool:
    """Whether a file of the CLI is of an online deployment, whose type is that of its endpoint."""
    return "onlinedeployment" in str(declared.get("$schema")).casefold() or "endpoint_name" in declared


def _is_batch_endpoint(declared: Tree) -> bool:
    """Whether a file of the CLI is of a batch endpoint, whose schema has no type."""
    schema = str(declared.get("$schema")).casefold()
    return "batchendpoint" in schema or ("defaults" in declared and "onlineendpoint" not in schema)


def _is_batch_deployment(declared: Tree) -> bool:
    """Whether a file of the CLI is of a batch deployment: it names its compute target, which of an online one is the endpoint's."""
    schema = str(declared.get("$schema")).casefold()
    return "batchdeployment" in schema or {"endpoint_name", "compute"} <= declared.keys()


# What the schema of feature stores has and that of workspaces has not.
_OF_STORES = ("compute_runtime", "materialization_identity", "offline_store", "online_store")


def _is_feature_store(declared: Tree) -> bool:
    """Whether a file of the CLI is of a feature store, whose schema has neither a type nor a kind."""
    return "featurestore" in str(declared.get("$schema")).casefold() or any(name in declared for name in _OF_STORES)


# What a file shows by other fields than its type.
_SHOWN: tuple[tuple[str, t.Callable[[Tree], bool]], ...] = (
    (CONNECTION, connection_yaml.is_connection),
    (BATCH_DEPLOYMENT, _is_batch_deployment),
    (BATCH_ENDPOINT, _is_batch_endpoint),
    (DEPLOYMENT, _is_deployment),
    (ENDPOINT, _is_endpoint),
)


def _shown_kind(declared: Tree, kinds: t.Sequence[str]) -> str | None:
    return next((kind for kind, shows in _SHOWN if kind in kinds and shows(declared)), None)


def _kind(declared: Tree, given: Tree, kinds: t.Sequence[str]) -> str:
    if len(kinds) == 1 and kinds[0] in _ALONE:
        return FEATURE_STORE if kinds[0] == WORKSPACE and _is_feature_store(declared) else kinds[0]
    shown = _shown_kind(declared, kinds)
    if shown is not None:
        return shown
    named = declared.get("type") or given.get("type") or (kinds[0] if len(kinds) == 1 else None)
    kind = str(named).casefold()
    if kind in kinds:
        return kind
    better = f" Use azureml.compute.{_MODULES[kind]}." if kind in _MODULES else ""
    problem = "definition.type is missing" if named is None else f"definition.type is {named!r}"
    raise RuleError(
        f"{problem}, but this module takes {', '.join(kinds)}.{better}",
        code="WrongDefinitionType",
        hint="Nothing was sent. Correct definition.type.",
    )


# What the loaders of deployments require, and an option may have.
_NEEDED = {DEPLOYMENT: ("endpoint_name", "instance_type"), BATCH_DEPLOYMENT: ("endpoint_name", "compute")}


def _complete(declared: Tree, given: Tree, kind: str) -> Tree:
    """The definition with what the loader cannot do without, where that comes from an option; what is missing then is Ansible's to say."""
    needed: Tree = {"name": "unnamed"}
    if kind == REGISTRY:
        # Its loader requires what the service has a default for.
        location = given.get("location") or declared.get("location") or "unnamed"
        needed |= {"location": location, "replication_locations": [{"location": location}]}
    elif kind in _NEEDED:
        needed |= {option: given.get(option) or "unnamed" for option in _NEEDED[kind]}
    elif kind not in _ALONE:
        needed["type"] = kind
    for name in ("resource_id", "namespace", *(("type",) if kind == CONNECTION else ())):
        if given.get(name):
            needed[name] = given[name]
    if given.get("name"):
        needed["name"] = given["name"]
    return {**needed, **declared}


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


# --- azure-ai-ml's loader ---


def _validate(declared: Tree, kind: str) -> None:
    import yaml
    from azure.ai.ml import (
        load_batch_deployment,
        load_batch_endpoint,
        load_compute,
        load_connection,
        load_datastore,
        load_feature_store,
        load_online_deployment,
        load_online_endpoint,
        load_registry,
        load_workspace,
    )
    from azure.ai.ml.exceptions import MlException
    from marshmallow import ValidationError

    loaders = {
        WORKSPACE: load_workspace,
        FEATURE_STORE: load_feature_store,
        CONNECTION: load_connection,
        REGISTRY: load_registry,
        ENDPOINT: load_online_endpoint,
        DEPLOYMENT: load_online_deployment,
        BATCH_ENDPOINT: load_batch_endpoint,
        BATCH_DEPLOYMENT: load_batch_deployment,
    }
    load = {**loaders, **dict.fromkeys(datastore.TYPES, load_datastore)}.get(kind, load_compute)
    source = io.StringIO(yaml.safe_dump(_FOR_THE_LOADER.get(kind, dict)(declared), sort_keys=False))
    # Output of azure-ai-ml would precede the module's JSON.
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            load(source)
        except ValidationError as error:
            refuse(_findings(error))
        except MlException as error:
            raise RuleError(
                f"definition: {error.message}", code="InvalidDefinition", hint="Nothing was sent. Correct definition."
            ) from error
        except Exception as error:  # what its schema lets pass, its classes may break on (a virtual machine's ssh_settings without admin_username)
            message = f"definition: azure-ai-ml does not take it: {redact.cut(' '.join(str(error).split()), 300)}."
            raise RuleError(message, code="InvalidDefinition", hint="Nothing was sent. Correct definition.") from error


def _without_settings(declared: Tree) -> Tree:
    """A batch deployment in the form that the public loader of azure-ai-ml takes: without the mapping ``settings`` of the type model."""
    settings = declared.get("settings")
    if not isinstance(settings, dict):
        return declared
    plain = {name: value for name, value in declared.items() if name != "settings"}
    # That of the settings is the one of resources.
    return {**plain, **{name: value for name, value in settings.items() if name != "instance_count"}}


_FOR_THE_LOADER: dict[str, t.Callable[[Tree], Tree]] = {BATCH_DEPLOYMENT: _without_settings}


def _findings(error: t.Any) -> Findings:
    """marshmallow's messages by field; azure-ai-ml wraps them in prose."""
    while not isinstance(error.messages, dict) and isinstance(error.__context__, type(error)):
        error = error.__context__
    source = "azure-ai-ml, schema of the CLI v2"
    for field, message in _flat(error.messages, "definition"):
        yield Finding("InvalidDefinition", field, f"{field}: {message}", source)


def _flat(messages: t.Any, field: str) -> t.Iterator[tuple[str, str]]:
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from _flat(below, field if key in ("_schema", "value") else f"{field}.{key}")
    elif isinstance(messages, list) and any(isinstance(message, (dict, list)) for message in messages):
        # A field that may have several forms: each form says the same or its own.
        yield from dict.fromkeys(row for message in messages for row in _flat(message, field))
    elif isinstance(messages, list):
        yield field, " ".join(str(message) for message in messages)
    else:
        yield field, str(messages)


# --- the CLI's tree and that of the collection ---


def to_options(declared: Tree, kind: str, spec: Spec, *, with_type: bool) -> Tree:
    """The options that say what the CLI's mapping says. Their names are the CLI's, or have it for an alias; what differs is spelled here."""
    tree = copy.deepcopy(declared)
    for regroup in _REGROUPED.get(kind, ()):
        regroup(tree)
    for name, row in spec.items():
        for alias in row.get("aliases", ()):
            if alias in tree:
                tree[name] = tree.pop(alias)
    _respell(tree, spec)
    _each(tree, _WEEK_DAYS, _snake)
    if kind == CONNECTION:
        connection_yaml.to_options(tree)
    elif kind in _SERVING:
        # An endpoint has none, and that of a deployment is a separate option.
        pass
    elif with_type:
        tree["type"] = kind
    else:
        tree.pop("type", None)
    _plain_identities(tree.get("identity"))
    for respell in _OF_KIND.get(kind, (_one_subnet,)):
        respell(tree)
    return tree


def _respell(tree: t.Any, spec: Spec) -> None:
    """Choices in our spelling, at any depth: the CLI takes LowPriority, lowpriority and low_priority."""
    for name, row in spec.items() if isinstance(tree, dict) else ():
        if name in tree and "choices" in row:
            tree[name] = _choice(tree[name], row["choices"])
        elif name in tree and row.get("options"):
            for below in tree[name] if isinstance(tree[name], list) else [tree[name]]:
                _respell(below, row["options"])


def _choice(value: t.Any, choices: t.Iterable[str]) -> t.Any:
    """The choice that has the same letters; a value that is none stays, for the module to refuse."""
    if not isinstance(value, str):
        return value
    return next((choice for choice in choices if _letters(choice) == _letters(value)), value)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _plain_identities(identity: t.Any) -> None:
    """Ids in place of mappings with ``resource_id``."""
    if isinstance(identity, dict) and identity.get("user_assigned_identities") is not None:
        identity["user_assigned_identities"] = [
            identity.get("resource_id") if isinstance(identity, dict) else identity
            for identity in identity["user_assigned_identities"]
        ]


def _one_subnet(tree: Tree) -> None:
    """The CLI ignores the network's name if there is a full id; the option accepts only one of them."""
    network = tree.get("network_settings")
    if isinstance(network, dict) and str(network.get("subnet") or "").startswith("/"):
        network.pop("vnet_name", None)


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


# What comes before all other spellings: options in other groups.
_REGROUPED: dict[str, tuple[t.Callable[[Tree], None], ...]] = {BATCH_DEPLOYMENT: (_model_settings,)}


def _no_subnet(tree: Tree) -> None:
    """``None`` is the CLI's word for taking the subnet of serverless compute away (azure-ai-ml, ServerlessComputeSettingsSchema)."""
    serverless = tree.get("serverless_compute")
    if isinstance(serverless, dict) and serverless.get("custom_subnet") == "None":
        serverless["custom_subnet"] = None


def _idle_minutes(tree: Tree) -> None:
    """The instance's deprecated ``idle_time_before_shutdown: PT30M``; the newer field wins, as in azure-ai-ml."""
    duration = tree.pop("idle_time_before_shutdown", None)
    if duration is not None:
        tree.setdefault("idle_time_before_shutdown_minutes", int(fields.seconds_from_duration(duration) // 60))


def _kubernetes(tree: Tree) -> None:
    """``properties`` is ARM's own object there (azure-ai-ml, KubernetesCompute); the namespace next to it is the one that is sent."""
    properties = tree.pop("properties", None) or {}
    for name, option in (
        ("instanceTypes", "instance_types"),
        ("defaultInstanceType", "default_instance_type"),
        ("namespace", "namespace"),
    ):
        value = properties.pop(name, None)
        if value is not None:
            tree.setdefault(option, instance_types_from_arm(value) if option == "instance_types" else value)
    if properties:
        tree["properties"] = properties


def _credentials(tree: Tree) -> None:
    """``az ml datastore show`` prints empty credentials whatever the datastore has; ``authority_uri`` is the older name of ``authority_url``."""
    credentials = tree.get("credentials")
    if credentials == {}:
        del tree["credentials"]
    elif isinstance(credentials, dict) and "authority_uri" in credentials:
        credentials.setdefault("authority_url", credentials.pop("authority_uri"))


def _own_rules(tree: Tree) -> None:
    """Of the rules that ``az ml workspace show`` prints, only the user's own can be declared."""
    network = tree.get("managed_network")
    if not isinstance(network, dict) or not isinstance(network.get("outbound_rules"), list):
        return
    kept = [
        rule
        for rule in network["outbound_rules"]
        if _letters(str(rule.get("category") or "userdefined")) == "userdefined"
    ]
    network["outbound_rules"] = [{key: value for key, value in rule.items() if key != "category"} for rule in kept]


def _feature_store(tree: Tree) -> None:
    """The kind is in the schema alone, and what the service calls settings of a feature store is its compute runtime; an identity is its id."""
    tree.setdefault("kind", "featurestore")
    runtime = tree.pop("compute_runtime", None)
    if runtime:
        tree["feature_store_settings"] = runtime
    identity = tree.get("materialization_identity")
    if isinstance(identity, dict):
        tree["materialization_identity"] = identity.get("resource_id")


def _own_properties(tree: Tree) -> None:
    """Of the properties that ``az ml online-endpoint show`` prints, only others than the service's can be declared."""
    properties = tree.get("properties")
    if isinstance(properties, dict):
        tree["properties"] = {
            name: value for name, value in properties.items() if not str(name).lower().startswith("azure")
        }
        if not tree["properties"]:
            del tree["properties"]


def _gpus(tree: Tree) -> None:
    """The name of the resource in Kubernetes is the field's name in the CLI."""
    resources = tree.get("resources")
    for part in resources.values() if isinstance(resources, dict) else ():
        if isinstance(part, dict) and "nvidia.com/gpu" in part:
            part["gpu"] = part.pop("nvidia.com/gpu")


def _one_registry(tree: Tree) -> None:
    """Choices in values that have several forms, whose case the CLI ignores."""
    for row in tree.get("replication_locations") or []:
        config = row.get("storage_config") if isinstance(row, dict) else None
        if isinstance(config, dict) and isinstance(config.get("storage_account_type"), str):
            config["storage_account_type"] = config["storage_account_type"].lower()


# What is spelled otherwise in one kind alone.
_OF_KIND: dict[str, tuple[t.Callable[[Tree], None], ...]] = {
    "computeinstance": (_one_subnet, _idle_minutes),
    "kubernetes": (_kubernetes,),
    WORKSPACE: (_own_rules, _no_subnet),
    FEATURE_STORE: (_own_rules, _feature_store),
    REGISTRY: (_one_registry,),
    ENDPOINT: (_own_properties,),
    DEPLOYMENT: (_own_properties, _gpus),
    BATCH_ENDPOINT: (_own_properties,),
    BATCH_DEPLOYMENT: (_own_properties,),
    **dict.fromkeys(datastore.TYPES, (_credentials,)),
}


def _snake(value: t.Any) -> t.Any:
    if not isinstance(value, str):
        return value
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", value).replace(" ", "").lower()


def _each(tree: t.Any, path: str, change: t.Callable[[t.Any], t.Any]) -> None:
    """Change the value at a dotted path in place, in each item of a list on the way."""
    name, _dot, rest = path.partition(".")
    if isinstance(tree, list):
        for item in tree:
            _each(item, path, change)
    elif isinstance(tree, dict) and name in tree:
        if rest:
            _each(tree[name], rest, change)
        elif isinstance(tree[name], list):
            tree[name] = [change(item) for item in tree[name]]
        else:
            tree[name] = change(tree[name])


def _drop_read_only(tree: Tree, kind: str) -> None:
    if kind == CONNECTION:
        connection_yaml.drop_unread(tree)
    alone = kind in (WORKSPACE, FEATURE_STORE, REGISTRY)
    paths = _READ_ONLY[kind] if alone else _READ_ONLY[""] + _READ_ONLY.get(kind, ())
    for path in paths:
        _drop(tree, path)
    if kind not in (WORKSPACE, FEATURE_STORE):
        for name in ("principal_id", "client_id", "tenant_id"):
            _drop(tree, f"{_IDENTITIES}.{name}")


def _drop(tree: t.Any, path: str) -> None:
    name, _dot, rest = path.partition(".")
    if isinstance(tree, list):
        for item in tree:
            _drop(item, path)
    elif isinstance(tree, dict) and name in tree:
        if rest:
            _drop(tree[name], rest)
        else:
            del tree[name]


def _unknown(options: Tree, spec: Spec, where: str) -> Findings:
    """What the CLI takes and the module has no option for: never dropped in silence."""
    for name, value in options.items():
        row = spec.get(name)
        if row is None:
            message = f"{where}.{name} is known to the CLI, but this module has no option for it; remove it from the definition."
            yield Finding("NotManaged", f"{where}.{name}", message, "this collection")
        elif row.get("options"):
            for below in value if isinstance(value, list) else [value]:
                if isinstance(below, dict):
                    yield from _unknown(below, row["options"], f"{where}.{name}")


def _secret_names(spec: Spec) -> t.Iterator[str]:
    """The options that AnsibleModule hides, at any depth."""
    for name, row in spec.items():
        if row.get("no_log"):
            yield name
        yield from _secret_names(row.get("options") or {})


def _without_secrets(tree: t.Any, names: t.Collection[str]) -> t.Any:
    """The definition as it may be shown in a task's invocation."""
    if isinstance(tree, list):
        return [_without_secrets(item, names) for item in tree]
    if isinstance(tree, dict):
        return {key: _HIDDEN if key in names else _without_secrets(value, names) for key, value in tree.items()}
    return tree
