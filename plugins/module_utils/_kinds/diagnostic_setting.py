# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagnostic settings of a workspace: which of its logs and metrics Azure Monitor sends where.

Sources: docs/facts.md i; types of Microsoft.Insights 2021-05-01-preview, DiagnosticSettings. The Azure ML CLI has no schema for them: options are named as in
Terraform's azurerm and in Azure Verified Modules.
"""

from __future__ import annotations

import functools
import re
import typing as t

from .._core import canon, paths, shape
from .._core.arm_id import ArmId, Target
from .._core.canon import caseless
from .._core.errors import ArmError
from .._core.findings import Finding, Findings
from .._engine import rules, versions
from .._engine.fields import Field, choice
from .._engine.kind import Body, Kind, Request
from .._engine.plan import Declared, Plan

_SOURCE = "Azure Monitor, diagnostic settings"
_P = "properties."
_LOGS, _METRICS = "properties.logs", "properties.metrics"
# azure-monitor/reference/supported-logs, Microsoft.MachineLearningServices/workspaces. Others are the service's to refuse: it adds some from time to time.
LOG_CATEGORIES = """AmlComputeClusterEvent AmlComputeClusterNodeEvent AmlComputeJobEvent AmlComputeCpuGpuUtilization AmlRunStatusChangedEvent
ModelsChangeEvent ModelsReadEvent ModelsActionEvent DeploymentReadEvent DeploymentEventACI DeploymentEventAKS InferencingOperationAKS
InferencingOperationACI DataLabelChangeEvent DataLabelReadEvent ComputeInstanceEvent DataStoreChangeEvent DataStoreReadEvent DataSetChangeEvent
DataSetReadEvent PipelineChangeEvent PipelineReadEvent RunEvent RunReadEvent EnvironmentChangeEvent EnvironmentReadEvent""".split()


# --- rules of single values ---


def _check_names(names: list[str], option: str) -> Findings:
    yield from rules.once(names, option, "this collection: a category is enabled once")
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9]+", str(name)):
            message = f"{option} must have names of letters and digits such as AmlComputeJobEvent; {name!r} is not one."
            yield Finding("InvalidName", option, message, _SOURCE)


def _check_name(name: str) -> Findings:
    if not re.fullmatch(r"[^*<>%:&\\?+/\x00-\x1f]{1,260}", name):
        message = f"name {name!r} is not a valid name of a diagnostic setting: 1 to 260 characters, and none of < > * % & : \\ ? + /."
        yield Finding("InvalidName", "name", message, _SOURCE)


# --- the table ---


def _names(value: t.Any) -> t.Any:
    return frozenset(caseless(name) for name in value or ())


_ITEMS = shape.list_of(shape.mapping({"category": shape.TEXT, "categoryGroup": shape.TEXT, "enabled": shape.FLAG}))


class _Enabled(Field):
    """The names of what is enabled in a list: the service adds the others to it, disabled."""

    def read(self, body: Body) -> t.Any:
        items = paths.get_path(body, self.path)
        found = items if isinstance(items, list) else []
        key = _KEYS[self.option]
        return [item[key] for item in found if canon.boolean_text(item.get("enabled")) and item.get(key)]


class _DestinationType(Field):
    """For some types of resources, the service answers null whatever was set, which says nothing (azure-rest-api-specs#22400)."""

    def read(self, body: Body) -> t.Any:
        return super().read(body) or ""

    def same(self, left: t.Any, right: t.Any) -> bool:
        return "" in (left, right) or super().same(left, right)


# By the option, what an item is named by, and the list that it is in.
_KEYS = {"log_categories": "category", "log_category_groups": "categoryGroup", "metric_categories": "category"}
_LISTS = {_LOGS: ("log_categories", "log_category_groups"), _METRICS: ("metric_categories",)}


def _names_of(option: str, path: str, *examples: list[str]) -> Field:
    return _Enabled(
        option,
        path,
        spec={"type": "list", "elements": "str"},
        canon=_names,
        shape=_ITEMS,
        rule=_check_names,
        examples=examples,
        wrong=([""], ["a b"], ["RunEvent", "runevent"], ["a/b"], [None], [["x"]]),
    )


def _destination(option: str, path: str, type_: str) -> Field:
    example = f"/subscriptions/11111111-0000-4000-8000-000000000001/resourceGroups/rg-logs/providers/{type_}/one"
    return Field(
        option,
        _P + path,
        spec={"type": "str"},
        canon=canon.arm_id,
        to_arm=canon.full_id,
        rule=functools.partial(rules.resource_id, type_=type_),
        clearable=True,
        examples=(example.replace("/authorizationRules/", "/hubs/authorizationRules/"),),
    )


FIELDS = (
    _destination("log_analytics_workspace_id", "workspaceId", "Microsoft.OperationalInsights/workspaces"),
    _DestinationType(
        "log_analytics_destination_type",
        _P + "logAnalyticsDestinationType",
        spec={"type": "str", "choices": ["azure_diagnostics", "dedicated"]},
        canon=caseless,
        **choice(azure_diagnostics="AzureDiagnostics", dedicated="Dedicated"),
    ),
    _destination("storage_account_id", "storageAccountId", "Microsoft.Storage/storageAccounts"),
    _destination(
        "event_hub_authorization_rule_id",
        "eventHubAuthorizationRuleId",
        "Microsoft.EventHub/namespaces/authorizationRules",
    ),
    Field(
        "event_hub_name",
        _P + "eventHubName",
        spec={"type": "str"},
        canon=canon.text,
        rule=rules.segment,
        clearable=True,
        examples=("ml-logs",),
        wrong=("", "a/b", "a b", ".."),
    ),
    _names_of("log_categories", _LOGS, ["AmlComputeClusterEvent", "AmlComputeJobEvent"], ["ComputeInstanceEvent"]),
    _names_of("log_category_groups", _LOGS, ["allLogs"]),
    _names_of("metric_categories", _METRICS, ["AllMetrics"]),
)
_BY_OPTION = {row.option: row for row in FIELDS}
# What is nothing without its destination.
_PART_OF = {
    "event_hub_name": "event_hub_authorization_rule_id",
    "log_analytics_destination_type": "log_analytics_workspace_id",
}
DESTINATIONS = ("log_analytics_workspace_id", "storage_account_id", "event_hub_authorization_rule_id")


class DiagnosticSetting(Kind):
    """A diagnostic setting of a workspace. A PUT replaces it as a whole, and takes effect at once."""

    label = "diagnostic setting"
    module = "aml_diagnostic_setting"
    collection = "diagnostic_settings"
    api_version = "2021-05-01-preview"
    parent_label = "workspace"
    parent_api_version = versions.STABLE
    fields = FIELDS
    # What options name, in any order.
    filled_by_service = (
        "properties.logs[].category",
        "properties.logs[].categoryGroup",
        "properties.logs[].enabled",
        "properties.metrics[].category",
        "properties.metrics[].enabled",
    )

    # --- what was declared ---

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        yield from super().check(target, declared, tree)
        yield from _check_name(target.name)
        yield from _check_mix(declared)

    def check_create(self, declared: Declared, parent: Body | None) -> Findings:
        yield from super().check_create(declared, parent)
        yield from _check_destination(declared)
        yield from _check_whole(declared, declared)

    def check_update(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        values = {**current, **declared}
        if any(option in declared for option in DESTINATIONS):
            # Otherwise it keeps what it has, be it a destination that no option covers.
            yield from _check_destination(values)
        yield from _check_whole(values, declared)

    def explain_refusal(self, error: ArmError, *, created: bool) -> None:
        if error.code == "BadRequest" and "is not supported" in error.message:
            error.hint = f"Categories of logs that workspaces are known to have: {', '.join(LOG_CATEGORIES)}."
        elif error.code == "Conflict" and "already used in diagnostic setting" in error.message:
            error.hint = (
                "Declare another destination or other categories, or delete the other diagnostic setting first."
            )

    # --- documents ---

    def with_values(self, body: Body, values: Declared) -> Body:
        changed = super().with_values(body, {name: value for name, value in values.items() if name not in _KEYS})
        for option, destination in _PART_OF.items():
            if destination in values and values[destination] is None and option not in values:
                paths.set_path(changed, _BY_OPTION[option].path, None)
        for path, options in _LISTS.items():
            if any(option in values for option in options):
                paths.set_path(changed, path, _items(body, path, values))
        return changed

    def create_body(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        return _sendable(super().create_body(target, declared, parent))

    def updates(self, body: Body, plan: Plan) -> list[Request]:
        return [Request("PUT", _sendable(self.with_values(body, plan.values())), carries=True)]

    def planned(self, body: Body, complete: Declared) -> Body:
        # The service answers ids in lower case but for the end [ISS azure-rest-api-specs#22400].
        place = str(body["id"]).casefold().rpartition("/providers/")[0]
        return {**body, "id": f"{place}/providers/microsoft.insights/diagnosticSettings/{body['name']}"}

    # --- what the user sees ---

    def project(self, body: Body) -> dict[str, t.Any]:
        shown = super().project(body)
        return {**shown, "log_analytics_destination_type": shown["log_analytics_destination_type"] or None}

    def summary(self, result: t.Mapping[str, t.Any]) -> str | None:
        """Where it sends to, by the names of the resources."""
        names = ("log_analytics_workspace_id", "storage_account_id", "event_hub_authorization_rule_id")
        return f"to {' + '.join(ArmId(result[name]).name for name in names if result.get(name))}".rstrip()


def _check_mix(values: t.Mapping[str, t.Any]) -> Findings:
    if values.get("log_categories") and values.get("log_category_groups"):
        message = (
            "A diagnostic setting has log_categories or log_category_groups, and not both: declare the other one as an empty list, "
            "or use a second diagnostic setting."
        )
        yield Finding("CategoriesMixed", "log_categories", message, "azure-rest-api-specs#22719")


def _check_destination(values: t.Mapping[str, t.Any]) -> Findings:
    if not any(values.get(option) for option in DESTINATIONS):
        message = f"A diagnostic setting needs a destination: declare one of {', '.join(DESTINATIONS)}."
        yield Finding("DestinationMissing", DESTINATIONS[0], message, _SOURCE)


def _check_whole(values: t.Mapping[str, t.Any], declared: Declared) -> Findings:
    """The rules for all that the setting will have. What it has of a destination that is removed goes with that, unless it is declared."""
    yield from _check_mix(values)
    if not any(values.get(option) for option in _KEYS):
        message = f"A diagnostic setting needs something to send: declare one of {', '.join(_KEYS)}."
        yield Finding("CategoriesMissing", "log_categories", message, _SOURCE)
    for option, needed in _PART_OF.items():
        if declared.get(option) and not values.get(needed):
            message = f"{option} is part of a destination that is not declared: declare {needed} too, or omit {option}."
            yield Finding("DestinationMissing", option, message, _SOURCE)


def _items(body: Body, path: str, values: Declared) -> list[Body]:
    """The list of a document with the declared names enabled and no others; of an option that is not declared, those that are enabled."""
    existing = paths.get_path(body, path)
    items: list[Body] = []
    for option in _LISTS[path]:
        key = _KEYS[option]
        wanted = values[option] or [] if option in values else _BY_OPTION[option].read(body)
        known = {caseless(item.get(key)): item for item in (existing if isinstance(existing, list) else ())}
        items += [{**known.get(caseless(name), {key: name}), "enabled": True} for name in wanted]
    return items


def _sendable(body: Body) -> Body:
    """A document as it can be sent: what is enabled, because the service refuses a mix of categories and groups, even of disabled ones."""
    properties = {name: value for name, value in body["properties"].items() if value is not None}
    for path in _LISTS:
        name = path.removeprefix(_P)
        kept = [item for item in properties.get(name) or [] if canon.boolean_text(item.get("enabled"))]
        properties[name] = [{key: value for key, value in item.items() if value is not None} for item in kept]
    return {"properties": properties}


shape.learn_child(DiagnosticSetting.collection, FIELDS)
DIAGNOSTIC_SETTING = DiagnosticSetting()
