# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployments of online endpoints: a model with its code and environment, on a number of instances.

Sources: docs/facts.md o (recordings); ARM types of 2026-05-01, OnlineDeploymentProperties. Options are named as in the CLI's schemas (azure-ai-ml,
``_schema/_deployment/online``). Models, environments and code are references to what is registered: nothing is uploaded.
"""

from __future__ import annotations

import copy
import re
import typing as t

from .._core import canon, redact, shape
from .._core.arm_id import ArmId, Target
from .._core.errors import RuleError
from .._core.findings import Finding, Findings
from .._core.paths import get_path, set_path, without_nulls
from .._engine import rules, versions
from .._engine.billing import Billing
from .._engine.exported import Exported
from .._engine.fields import ANY_VALUE, Field, choice, duration_from_seconds, seconds_from_service
from .._engine.kind import Body, Kind, fixed
from .._engine.plan import Declared, Plan
from . import retirements, rows, serving_yaml
from .online_endpoint import check_name, without_service_properties, writable
from .retirements import Notice

_SOURCE = "ARM types of 2026-05-01, OnlineDeploymentProperties"
_P = "properties."
_READ_ONLY = ("provisioningState",)
MANAGED, KUBERNETES = "managed", "kubernetes"
# The nodes of the other type are billed with the cluster.
_IS_BILLED = {MANAGED: True, KUBERNETES: False}
# Characters of the names of an endpoint and its deployment together.
_LONGEST_NAMES = {KUBERNETES: 62}
# The service adds these, and they follow from the model and the code (docs/facts.md o.3).
ADDED_VARIABLES = ("AZUREML_MODEL_DIR", "AZUREML_ENTRY_SCRIPT", "AML_APP_ROOT")

# --- references ---

_NAME = r"[a-zA-Z0-9][a-zA-Z0-9_.-]*"
_REFERENCE = re.compile(rf"(?:azureml:)?(?!azureml:)({_NAME}):({_NAME})")
_REGISTRY = r"azureml://registries/{name}/{collection}/{name}/versions/{name}"


def asset_id(value: t.Any, workspace: str, collection: str) -> t.Any:
    """The id of a registered asset of the workspace: ``azureml:NAME:VERSION`` as in the CLI, or an id; others stay as they are."""
    if not isinstance(value, str):
        return value
    match = _REFERENCE.fullmatch(value)
    if match and not value.startswith("azureml://"):
        return f"{workspace}/{collection}/{match[1]}/versions/{match[2]}"
    return value.removeprefix("azureml:") if value.startswith("azureml:/subscriptions/") else value


def _same_asset(value: t.Any) -> t.Any:
    return canon.arm_id(value.removeprefix("azureml:")) if isinstance(value, str) and "://" not in value else value


class _Asset:
    """The rule of a reference to a registered asset."""

    def __init__(self, collection: str, *, in_registry: bool = True) -> None:
        self.collection, self._in_registry = collection, in_registry

    def __call__(self, value: t.Any, option: str) -> Findings:
        text = str(value)
        if text.startswith("/"):
            type_ = f"Microsoft.MachineLearningServices/workspaces/{self.collection}/versions"
            yield from rules.resource_id(text, option, type_)
        elif not (self._in_registry and re.fullmatch(_REGISTRY.format(name=_NAME, collection=self.collection), text)):
            label = " A label such as @latest is not a version." if "@" in text else ""
            message = (
                f"{option} must be azureml:NAME:VERSION or the id of something registered; {text!r} is not.{label}"
            )
            yield Finding("InvalidAsset", option, message, "reference-yaml-core-syntax")


# The options that refer to something registered.
ASSETS = {
    "model": _Asset("models"),
    "environment": _Asset("environments"),
    "code_configuration.code": _Asset("codes", in_registry=False),
}


def _reference(option: str, path: str, *examples: str) -> Field:
    return Field(
        option,
        _P + path,
        spec={"type": "str"},
        rule=ASSETS[option],
        canon=_same_asset,
        shape=shape.TEXT,
        clearable=True,
        examples=examples,
        wrong=("", "iris", "azureml:iris@latest", "./model", "/subscriptions/x/models/iris"),
    )


# --- numbers and durations ---


def _milliseconds(value: t.Any) -> t.Any:
    # What the service answers need not be a duration; an export writes it again.
    return f"PT{value / 1000:.3f}".rstrip("0").rstrip(".") + "S" if isinstance(value, (int, float)) else value


def _from_duration_ms(value: t.Any) -> t.Any:
    seconds = seconds_from_service(value)
    return round(seconds * 1000) if isinstance(seconds, (int, float)) else seconds


def _number(option: str, path: str, lowest: int, **more: t.Any) -> Field:
    return Field(option, _P + path, optional=True, spec={"type": "int"}, rule=rules.at_least(lowest, _SOURCE), **more)


# As far as types of versions are stored here.
_WITH_STARTUP = versions.Versions("2025-12-01", "2024-10-01-preview")
_SECONDS: dict[str, t.Any] = {"to_arm": duration_from_seconds, "from_arm": seconds_from_service, "shape": shape.TEXT}
_MS: dict[str, t.Any] = {"to_arm": _milliseconds, "from_arm": _from_duration_ms, "shape": shape.TEXT}
_NUMBER: dict[str, t.Any] = {"shape": shape.NUMBER}


def _probe(option: str, path: str, **more: t.Any) -> tuple[Field, ...]:
    return (
        _number(f"{option}.failure_threshold", f"{path}.failureThreshold", 1, **_NUMBER, **more),
        _number(f"{option}.success_threshold", f"{path}.successThreshold", 1, **_NUMBER, **more),
        _number(f"{option}.timeout", f"{path}.timeout", 1, **_SECONDS, **more),
        _number(f"{option}.period", f"{path}.period", 1, **_SECONDS, **more),
        _number(f"{option}.initial_delay", f"{path}.initialDelay", 0, **_SECONDS, **more),
    )


# --- the data collector ---

COLLECTIONS, SAMPLING = "data_collector.collections", "data_collector.sampling_rate"
_COLLECTIONS = _P + "dataCollector.collections"
_KEYS = {"enabled", "data", "client_id"}
_DATA = _Asset("data", in_registry=False)


def _collections(value: t.Any, option: str) -> Findings:
    for name, content in value.items():
        problem = _problem_of_collection(content)
        if problem:
            yield Finding(
                "InvalidCollection", option, f"{option}.{name} {problem}.", "azure-ai-ml, DeploymentCollectionSchema"
            )
        elif content.get("data") is not None:
            yield from _DATA(content["data"], f"{option}.{name}.data")


def _problem_of_collection(content: t.Any) -> str | None:
    if not isinstance(content, dict):
        return "must be a mapping with enabled"
    unknown = sorted({str(key) for key in content} - _KEYS)
    if unknown:
        return f"has {unknown[0]}, and can have {', '.join(sorted(_KEYS))}"
    if not isinstance(canon.boolean_text(content.get("enabled")), bool):
        return "needs enabled, which is true or false"
    return None


def _collections_to_arm(value: t.Any) -> dict[str, t.Any]:
    rows = {
        str(name): {
            "dataCollectionMode": "Enabled" if canon.boolean_text(content["enabled"]) else "Disabled",
            "dataId": content.get("data"),
            "clientId": content.get("client_id"),
        }
        for name, content in value.items()
    }
    return dict(without_nulls(rows))


def _collections_from_arm(value: t.Any) -> dict[str, t.Any]:
    rows = {
        name: {
            "enabled": str((content or {}).get("dataCollectionMode")).casefold() == "enabled",
            "data": (content or {}).get("dataId"),
            "client_id": (content or {}).get("clientId"),
        }
        for name, content in value.items()
    }
    return dict(without_nulls(rows))


def _same_collections(value: t.Any) -> t.Any:
    return {
        str(name): (
            canon.boolean_text(content["enabled"]),
            _same_asset(content.get("data")),
            canon.caseless(content.get("client_id")),
        )
        for name, content in (value or {}).items()
    }


def _same_headers(value: t.Any) -> t.Any:
    return sorted(str(name).casefold() for name in value or ())


class SamplingField(Field):
    """The share of the requests that is collected: one for all collections, of which each has it in ARM."""

    def read(self, body: Body) -> t.Any:
        rates = list(_rates(body).values())
        return rates[0] if rates and all(rate == rates[0] for rate in rates) else None


def _rows(body: Body) -> dict[str, t.Any]:
    collections = get_path(body, _COLLECTIONS)
    return collections if isinstance(collections, dict) else {}


def _rates(body: Body) -> dict[str, t.Any]:
    """The share of each collection that has one."""
    rows = _rows(body).items()
    return {
        name: row["samplingRate"] for name, row in rows if isinstance(row, dict) and row.get("samplingRate") is not None
    }


def _finish_collector(changed: Body, before: Body, rate: t.Any) -> None:
    """Give each collection its share: the declared one, or that which it had. Without collections, nothing is collected."""
    collector = changed["properties"].get("dataCollector")
    if collector is None:
        return
    logging = collector.get("requestLogging")
    if logging is not None and not logging.get("captureHeaders"):
        collector["requestLogging"] = None
    collections = collector.get("collections") or {}
    collections.pop("*", None)
    if not collections and _had_collections(before, collector):
        changed["properties"]["dataCollector"] = None
        return
    held, common = _rates(before), _RATE.read(before)
    for name, row in collections.items():
        share = rate if rate is not None else held.get(name, common)
        if share is not None:
            row["samplingRate"] = share


def _had_collections(before: Body, collector: dict[str, t.Any]) -> bool:
    """Whether a collector without collections was one with some, or has nothing else either."""
    others = (value for name, value in collector.items() if name != "collections")
    return bool(_rows(before)) or not any(others)


def _check_collector(declared: Declared, current: t.Any) -> Findings:
    """What is collected must be known: ARM requires collections."""
    collections = declared[COLLECTIONS] if COLLECTIONS in declared else current
    others = [option for option in declared if option.startswith("data_collector.") and declared[option] is not None]
    others = [option for option in others if option != COLLECTIONS]
    if others and not collections:
        message = f"{others[0]} needs {COLLECTIONS}, which names what is collected."
        yield Finding("CollectionsMissing", others[0], message, _SOURCE)


_RATE = SamplingField(
    SAMPLING,
    f"{_COLLECTIONS}.*.samplingRate",
    optional=True,
    spec={"type": "float"},
    rule=rules.between(0, 1, "", _SOURCE),
    shape=shape.NUMBER,
    examples=(0.5, 1),
)
_COLLECTOR = (
    Field(
        COLLECTIONS,
        _COLLECTIONS,
        spec={"type": "dict"},
        rule=_collections,
        canon=_same_collections,
        to_arm=_collections_to_arm,
        from_arm=_collections_from_arm,
        shape=shape.mapping(
            values=shape.mapping(
                {
                    "dataCollectionMode": shape.TEXT,
                    "dataId": shape.TEXT,
                    "clientId": shape.TEXT,
                    "samplingRate": shape.NUMBER,
                }
            )
        ),
        clearable=True,
        cleared={},
        examples=({"request": {"enabled": True}, "response": {"enabled": False, "data": "azureml:answers:1"}},),
        wrong=(
            {"request": True},
            {"request": {}},
            {"request": {"enabled": "maybe"}},
            {"request": {"enabled": True, "data": "./answers"}},
            {"request": {"enabled": True, "rate": 1}},
        ),
    ),
    Field(
        "data_collector.rolling_rate",
        _P + "dataCollector.rollingRate",
        optional=True,
        spec={"type": "str", "choices": ["minute", "hour", "day"]},
        canon=canon.caseless,
        **choice(minute="Minute", hour="Hour", day="Day"),
    ),
    _RATE,
    Field(
        "data_collector.request_logging.capture_headers",
        _P + "dataCollector.requestLogging.captureHeaders",
        spec={"type": "list", "elements": "str"},
        canon=_same_headers,
        shape=shape.list_of(shape.TEXT),
        clearable=True,
        cleared=[],
        examples=(["x-request-id"],),
    ),
)


class VariablesField(Field):
    """Variables of which only the declared ones are managed: a null removes one, and a declared null all but those of the service."""

    def filled(self, before: t.Any, declared: t.Any) -> t.Any:
        kept = before or {}
        if declared is None:
            return {name: value for name, value in kept.items() if name in ADDED_VARIABLES}
        _check_placeholders(declared, kept)
        values = {**kept, **{name: value for name, value in declared.items() if not redact.is_placeholder(value)}}
        return {str(name): str(value) for name, value in values.items() if value is not None}


def _check_placeholders(declared: dict[str, t.Any], kept: dict[str, t.Any]) -> None:
    """A placeholder never becomes the value itself."""
    unknown = [name for name, value in declared.items() if redact.is_placeholder(value) and name not in kept]
    if unknown:
        raise RuleError(
            f"Cannot set the environment variables {', '.join(unknown)}: the declared value is a placeholder ({redact.PLACEHOLDER}), "
            "and the deployment has no current value to keep.",
            code="PlaceholderNotReplaced",
            hint="Replace the placeholder in environment_variables with the value.",
        )


def _variables(value: t.Any, option: str) -> Findings:
    for name, content in value.items():
        if isinstance(content, (dict, list)):
            message = f"The value of {option}.{name} must be text, not a {type(content).__name__}."
            yield Finding("InvalidVariable", option, message, _SOURCE)


def _script(value: t.Any, option: str) -> Findings:
    if not re.search(r"[a-zA-Z0-9_]", str(value)):
        yield Finding("EmptyText", option, f"{option} must name a script.", _SOURCE)


def _resource(option: str, path: str) -> Field:
    return Field(
        option,
        f"{_P}containerResourceRequirements.{path}",
        of_type=KUBERNETES,
        optional=True,
        spec={"type": "str"},
        rule=rules.without_blanks,
        canon=canon.text,
        examples=("2",),
        wrong=(" ", "a b"),
    )


FIELDS = (
    fixed(
        "type",
        _P + "endpointComputeType",
        "a deployment is of the type of its endpoint",
        spec={"type": "str", "choices": [MANAGED, KUBERNETES]},
        canon=canon.caseless,
        **choice(managed="Managed", kubernetes="Kubernetes"),
    ),
    fixed(
        "location",
        "location",
        "a deployment is in the region of its endpoint",
        spec={"type": "str"},
        cli_name=None,
        implied=ANY_VALUE,
        canon=canon.region,
    ),
    rows.DESCRIPTION,
    rows.TAGS,
    _reference("model", "model", "azureml:iris:3", "azureml://registries/shared/models/iris/versions/1"),
    Field(
        "model_mount_path",
        _P + "modelMountPath",
        spec={"type": "str"},
        canon=canon.text,
        clearable=True,
        examples=("/var/models",),
    ),
    _reference("environment", "environmentId", "azureml:sklearn:1"),
    _reference("code_configuration.code", "codeConfiguration.codeId", "azureml:scoring:1"),
    Field(
        "code_configuration.scoring_script",
        _P + "codeConfiguration.scoringScript",
        spec={"type": "str"},
        rule=_script,
        canon=canon.text,
        clearable=True,
        examples=("score.py",),
        wrong=("", "."),
    ),
    Field(
        "instance_type",
        _P + "instanceType",
        spec={"type": "str"},
        rule=rules.without_blanks,
        canon=canon.caseless,
        examples=("Standard_D4s_v3",),
        wrong=("", "Standard D4s"),
    ),
    Field(
        "instance_count",
        "sku.capacity",
        spec={"type": "int"},
        rule=rules.at_least(1, _SOURCE),
        shape=shape.NUMBER,
    ),
    Field("app_insights_enabled", _P + "appInsightsEnabled", spec={"type": "bool"}, canon=bool, shape=shape.FLAG),
    Field(
        "scale_settings.type",
        _P + "scaleSettings.scaleType",
        spec={"type": "str", "choices": ["default", "target_utilization"]},
        canon=canon.caseless,
        **choice(default="Default", target_utilization="TargetUtilization"),
    ),
    _number("scale_settings.min_instances", "scaleSettings.minInstances", 0, **_NUMBER, of_type=KUBERNETES),
    _number("scale_settings.max_instances", "scaleSettings.maxInstances", 1, **_NUMBER, of_type=KUBERNETES),
    _number("scale_settings.polling_interval", "scaleSettings.pollingInterval", 1, **_SECONDS, of_type=KUBERNETES),
    Field(
        "scale_settings.target_utilization_percentage",
        _P + "scaleSettings.targetUtilizationPercentage",
        optional=True,
        spec={"type": "int"},
        rule=rules.between(1, 100, "", _SOURCE),
        shape=shape.NUMBER,
        of_type=KUBERNETES,
    ),
    _number("request_settings.request_timeout_ms", "requestSettings.requestTimeout", 1, **_MS),
    _number(
        "request_settings.max_concurrent_requests_per_instance",
        "requestSettings.maxConcurrentRequestsPerInstance",
        1,
        **_NUMBER,
    ),
    _number("request_settings.max_queue_wait_ms", "requestSettings.maxQueueWait", 0, **_MS),
    *_probe("liveness_probe", "livenessProbe"),
    *_probe("readiness_probe", "readinessProbe"),
    *_probe("startup_probe", "startupProbe", cli_name=None, versions=_WITH_STARTUP),
    *_COLLECTOR,
    VariablesField(
        "environment_variables",
        _P + "environmentVariables",
        spec={"type": "dict"},
        rule=_variables,
        canon=canon.mapping,
        clearable=True,
        examples=({"LOG_LEVEL": "info"},),
        wrong=({"a": ["b"]}, {"a": {"b": "c"}}),
    ),
    fixed(
        "egress_public_network_access",
        _P + "egressPublicNetworkAccess",
        "the network of a deployment is made with it",
        of_type=MANAGED,
        spec={"type": "str", "choices": ["enabled", "disabled"]},
        canon=canon.caseless,
        **choice(enabled="Enabled", disabled="Disabled"),
    ),
    _resource("resources.requests.cpu", "containerResourceRequests.cpu"),
    _resource("resources.requests.memory", "containerResourceRequests.memory"),
    _resource("resources.requests.gpu", "containerResourceRequests.gpu"),
    _resource("resources.limits.cpu", "containerResourceLimits.cpu"),
    _resource("resources.limits.memory", "containerResourceLimits.memory"),
    _resource("resources.limits.gpu", "containerResourceLimits.gpu"),
)


class ExportedDeployment(Exported):
    kind: Deployment

    @property
    def names(self) -> dict[str, str]:
        return {"endpoint_name": ArmId(self.body["id"]).parent.name, "name": self.body["name"]}

    def complete(self) -> None:
        place = self.kind.variables
        variables = get_path(self.options, place) or {}
        for variable in ADDED_VARIABLES:
            variables.pop(variable, None)
        if not variables:
            self.drop(place)
        self.miss_variables(place, variables, "deployment")

    @property
    def declarable(self) -> Body:
        return without_service_properties(self.body)


class Deployment(Kind):
    """What deployments of online and of batch endpoints share. A PUT replaces one as a whole."""

    api_version = versions.STABLE
    parent_api_version = versions.STABLE
    parent_is_of_provider = True
    rewrite_fixes_failed = True
    # Recorded of online endpoints: docs/facts.md o.1.
    absent_statuses = (204, 404)
    named_by = ("endpoint_name", "name")
    uses_computes = True
    # Of the SKU, the service uses the capacity, which is an option of online deployments.
    filled_by_service = ("sku",)
    exported_as = ExportedDeployment
    # The option with the environment variables.
    variables = "environment_variables"

    def name_of(self, options: t.Mapping[str, t.Any], parent_id: str) -> str:
        return f"{options['endpoint_name']}/{options['name']}"

    def declare(self, tree: dict[str, t.Any], target: Target) -> Declared:
        flat = super().declare(tree, target)
        workspace = ArmId(target.parent_id).workspace
        for option, asset in ASSETS.items():
            if flat.get(option):
                flat[option] = asset_id(flat[option], workspace, asset.collection)
        return flat

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        yield from super().check(target, declared, tree)
        yield from check_name(ArmId(target.parent_id).name, "endpoint_name", self.parent_label)
        yield from check_name(target.name, "name", self.label)
        if declared.get("code_configuration.code") and not declared.get("code_configuration.scoring_script"):
            message = "code_configuration needs scoring_script, the script of the code that answers requests."
            yield Finding("ScriptMissing", "code_configuration.scoring_script", message, _SOURCE)

    def with_values(self, body: Body, values: Declared) -> Body:
        changed = super().with_values(body, values)
        code = changed["properties"].get("codeConfiguration")
        if code is not None and not code.get("scoringScript"):
            changed["properties"]["codeConfiguration"] = None
        return changed

    def writable(self, body: Body) -> Body:
        return writable(body, _READ_ONLY)

    def recreate_body(self, body: Body, plan: Plan, declared: Declared, target: Target, parent: Body | None) -> Body:
        new = super().recreate_body(body, plan, declared, target, parent)
        new.pop("kind", None)
        new["properties"].pop("properties", None)
        return new

    def project(self, body: Body) -> dict[str, t.Any]:
        values = self.read(body)
        set_path(values, self.variables, get_path(values, self.variables) or {})
        return {
            "id": body.get("id"),
            "name": body.get("name"),
            "endpoint_name": ArmId(body.get("id") or "").parent.name,
            **values,
            "tags": values["tags"] or {},
            "provisioning_state": (body.get("properties") or {}).get("provisioningState"),
        }


class DeploymentBilling(Billing):
    has_machines = True

    def includes(self, declared: Declared) -> bool:
        return _IS_BILLED.get(str(declared.get("type")), True)

    def size(self, declared: Declared) -> str | None:
        return declared.get("instance_type")

    def nodes(self, declared: Declared, state: str) -> tuple[int, int] | None:
        """The instances run at all hours. What autoscale settings of Azure Monitor make of their number is not a part of the deployment."""
        count = declared.get("instance_count")
        return None if count is None else (int(count), int(count))


class OnlineDeployment(Deployment):
    """A deployment of an online endpoint. A PUT rolls the change out on its instances."""

    label = "online deployment"
    module = "aml_online_deployment"
    cli = serving_yaml.ONLINE_DEPLOYMENT
    collection = "online_deployments"
    parent_label = "online endpoint"
    parent_collection = "online_endpoints"
    billing = DeploymentBilling()
    release = "Move the traffic to another deployment"
    fields = FIELDS
    required_on_create = ("instance_count",)
    # Of the endpoint and of the deployment: only together they can be too long.
    names: tuple[str, ...] = ()

    def configured(self, options: t.Mapping[str, t.Any]) -> OnlineDeployment:
        kind = copy.copy(self)
        kind.names = tuple(str(options[name]) for name in self.named_by if options.get(name))
        return kind

    # --- what was declared ---

    def declare(self, tree: dict[str, t.Any], target: Target) -> Declared:
        flat = super().declare(tree, target)
        if flat.get(COLLECTIONS):
            workspace = ArmId(target.parent_id).workspace
            # The rule refuses other values than mappings.
            flat[COLLECTIONS] = {
                name: {**row, "data": asset_id(row["data"], workspace, "data")}
                if isinstance(row, dict) and row.get("data")
                else row
                for name, row in flat[COLLECTIONS].items()
            }
        return flat

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        yield from super().check(target, declared, tree)
        least, most = (declared.get(f"scale_settings.{name}_instances") for name in ("min", "max"))
        if least is not None and most is not None and least > most:
            message = f"scale_settings.min_instances must not be above max_instances ({most}); {least} is."
            yield Finding("OutOfRange", "scale_settings.min_instances", message, _SOURCE)
        yield from _check_type(declared, declared.get("type"))
        yield from _check_names(declared.get("type"), (ArmId(target.parent_id).name, target.name))

    def required_of(self, declared: Declared) -> tuple[str, ...]:
        return (*self.required_on_create, *(("instance_type",) if declared.get("type") == MANAGED else ()))

    def check_create(self, declared: Declared, parent: Body | None) -> Findings:
        own = type_of_endpoint(parent)
        yield from super().check_create({"type": own, **declared}, parent)
        yield from _check_collector(declared, None)
        if own and declared.get("type", own) != own:
            message = f"type is {declared['type']}, but the endpoint is of type {own}."
            yield Finding("EndpointOfAnotherType", "type", message, _SOURCE)
        elif own and "type" not in declared:
            yield from _check_type(declared, own)
            yield from _check_names(own, self.names)

    def check_update(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        yield from _check_collector(declared, current["data_collector"]["collections"])
        if "type" not in declared:
            yield from _check_type(declared, current["type"])

    def retirement_notices(self, declared: Declared, body: Body | None) -> list[Notice]:
        # On Kubernetes, an instance type is one of the cluster's own, and no size.
        if not self.billing.includes({"type": declared.get("type") or (self.read(body)["type"] if body else None)}):
            return []
        return retirements.notices(retirements.of_options(self.fields, declared, body))

    # --- the cost ---

    # --- documents ---

    def skeleton(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        type_ = type_of_endpoint(parent) or MANAGED
        return {
            "location": (parent or {}).get("location"),
            "sku": {"name": "Default", "tier": "Standard"},
            "properties": {"endpointComputeType": "Kubernetes" if type_ == KUBERNETES else "Managed"},
        }

    def with_values(self, body: Body, values: Declared) -> Body:
        changed = super().with_values(body, values)
        scale = changed["properties"].get("scaleSettings")
        if scale and str(scale.setdefault("scaleType", "TargetUtilization")).casefold() == "default":
            # Those of the other type do not stay.
            changed["properties"]["scaleSettings"] = {"scaleType": scale["scaleType"]}
        _finish_collector(changed, body, values.get(SAMPLING))
        return changed

    def kept(self, body: Body) -> Declared:
        """Without what the service shows of deployments of the other type."""
        kept = super().kept(body)
        others = _of_other_type(kept.get("type"))
        return {option: value for option, value in kept.items() if option not in others}

    def completed(self, body: Body, plan: Plan, wanted: Declared) -> Declared:
        """Without what else a data collector had that is to collect nothing: ARM has no collector without collections."""
        complete = super().completed(body, plan, wanted)
        if complete.get(COLLECTIONS):
            return complete
        return {
            name: value for name, value in complete.items() if name in wanted or not name.startswith("data_collector.")
        }

    def recreate_body(self, body: Body, plan: Plan, declared: Declared, target: Target, parent: Body | None) -> Body:
        new = super().recreate_body(body, plan, declared, target, parent)
        if not (new["properties"].get("dataCollector") or {}).get("collections"):
            new["properties"].pop("dataCollector", None)
        return new

    # --- what the user sees ---

    def summary(self, result: t.Mapping[str, t.Any]) -> str | None:
        return f"{result.get('instance_count') or '?'} x {result.get('instance_type') or 'instances'}"


def type_of_endpoint(endpoint: Body | None) -> str | None:
    """The type of the deployments of an endpoint; None where it is not known yet."""
    if endpoint is None:
        return None
    return KUBERNETES if (endpoint.get("properties") or {}).get("compute") else MANAGED


def _check_names(type_: t.Any, names: t.Sequence[str]) -> Findings:
    length, longest = sum(map(len, names)), _LONGEST_NAMES.get(type_)
    if longest is not None and length > longest:
        message = (
            f"The names of an endpoint of type {type_} and of its deployment have at most {longest} characters together; "
            f"{' and '.join(map(repr, names))} have {length}."
        )
        yield Finding("InvalidEndpointName", "name", message, "how-to-manage-quotas")


def _of_other_type(type_: t.Any) -> set[str]:
    """The options that only deployments of the other type have (azure-ai-ml, ManagedOnlineDeployment and KubernetesOnlineDeployment)."""
    if type_ not in (MANAGED, KUBERNETES):
        return set()
    return {row.option for row in FIELDS if row.of_type not in (None, type_)}


def _check_type(declared: Declared, type_: t.Any) -> Findings:
    """Options that deployments of the other type have."""
    others = _of_other_type(type_)
    for option in declared:
        if declared[option] is not None and option in others:
            yield Finding(
                "OptionOfAnotherType", option, f"{option} is not an option of deployments of type {type_}.", _SOURCE
            )
    if type_ == MANAGED and declared.get("scale_settings.type") == "target_utilization":
        message = (
            "scale_settings.type target_utilization is for Kubernetes. Managed deployments are scaled by autoscale settings of Azure Monitor; "
            "declare type default, or omit it."
        )
        yield Finding("OptionOfAnotherType", "scale_settings.type", message, "azure-ai-ml, ManagedOnlineDeployment")


shape.learn_child(OnlineDeployment.collection, FIELDS, required=("endpointComputeType",))
ONLINE_DEPLOYMENT = OnlineDeployment()
