# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployments of batch endpoints: a model with its code and environment, and the compute target whose nodes run its jobs.

Sources: ARM types of 2026-05-01, BatchDeploymentProperties; docs/facts.md o.6. Options are named as in the CLI's schema of the type model (azure-ai-ml,
``_schema/_deployment/batch``). Deployments of pipeline components are read, and not changed.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._core import canon, shape
from .._core.arm_id import ArmId, Target
from .._core.errors import RuleError
from .._core.paths import get_path
from .._engine import rules
from .._engine.fields import Field, choice, duration_from_seconds, seconds_from_service
from .._engine.kind import Body, fixed
from .._engine.plan import Declared
from . import online_deployment, serving_yaml
from .online_deployment import Deployment
from .online_endpoint import check_compute, compute_id

_SOURCE = "ARM types of 2026-05-01, BatchDeploymentProperties"
_P = "properties."
_SHARED = {row.option: row for row in online_deployment.FIELDS}


def _model_to_arm(value: t.Any) -> t.Any:
    return {"referenceType": "Id", "assetId": value}


def _model_from_arm(value: t.Any) -> t.Any:
    """The id of a registered model, or the path of another one."""
    return (value.get("assetId") or value.get("path")) if isinstance(value, dict) else value


def _number(option: str, path: str, lowest: int, **more: t.Any) -> Field:
    rule = rules.at_least(lowest, _SOURCE)
    return Field(option, _P + path, spec={"type": "int"}, rule=rule, shape=shape.NUMBER, **more)


FIELDS = (
    fixed(
        "location",
        "location",
        "a deployment is in the region of its endpoint",
        spec={"type": "str"},
        canon=canon.region,
    ),
    _SHARED["description"],
    _SHARED["tags"],
    replace(
        _SHARED["model"],
        to_arm=_model_to_arm,
        from_arm=_model_from_arm,
        shape=shape.mapping({"referenceType": shape.TEXT, "assetId": shape.TEXT, "path": shape.TEXT}),
        clearable=False,
    ),
    _SHARED["environment"],
    _SHARED["code_configuration.code"],
    _SHARED["code_configuration.scoring_script"],
    Field(
        "compute",
        _P + "compute",
        spec={"type": "str"},
        rule=check_compute,
        canon=canon.arm_id,
        examples=(
            "/subscriptions/11111111-0000-4000-8000-000000000001/resourceGroups/rg/providers/"
            "Microsoft.MachineLearningServices/workspaces/ws/computes/cpu-cluster",
        ),
        wrong=("/subscriptions/x/computes/cpu", "a b"),
    ),
    _number("resources.instance_count", "resources.instanceCount", 1),
    _number("settings.mini_batch_size", "miniBatchSize", 1),
    _number("settings.max_concurrency_per_instance", "maxConcurrencyPerInstance", 1),
    _number("settings.error_threshold", "errorThreshold", -1, wrong=(-2,)),
    _number("settings.retry_settings.max_retries", "retrySettings.maxRetries", 0),
    Field(
        "settings.retry_settings.timeout",
        _P + "retrySettings.timeout",
        spec={"type": "int"},
        rule=rules.at_least(1, _SOURCE),
        to_arm=duration_from_seconds,
        from_arm=seconds_from_service,
        shape=shape.TEXT,
    ),
    Field(
        "settings.logging_level",
        _P + "loggingLevel",
        spec={"type": "str", "choices": ["warning", "info", "debug"]},
        canon=canon.caseless,
        **choice(warning="Warning", info="Info", debug="Debug"),
    ),
    Field(
        "settings.output_action",
        _P + "outputAction",
        spec={"type": "str", "choices": ["append_row", "summary_only"]},
        canon=canon.caseless,
        **choice(append_row="AppendRow", summary_only="SummaryOnly"),
    ),
    Field(
        "settings.output_file_name",
        _P + "outputFileName",
        spec={"type": "str"},
        rule=rules.segment,
        canon=canon.text,
        examples=("predictions.csv",),
        wrong=("", "a/b"),
    ),
    replace(_SHARED["environment_variables"], option="settings.environment_variables"),
)


class BatchDeployment(Deployment):
    """A deployment of a batch endpoint."""

    label = "batch deployment"
    module = "aml_batch_deployment"
    cli = serving_yaml.BATCH_DEPLOYMENT
    collection = "batch_deployments"
    parent_label = "batch endpoint"
    parent_collection = "batch_endpoints"
    runs_on = ("amlcompute", "kubernetes")
    variables = "settings.environment_variables"
    release = "Set another default deployment of the endpoint"
    fields = FIELDS
    required_on_create = ("model", "compute")

    def declare(self, tree: dict[str, t.Any], target: Target) -> Declared:
        flat = super().declare(tree, target)
        if flat.get("compute"):
            flat["compute"] = compute_id(flat["compute"], ArmId(target.parent_id).workspace)
        return flat

    def guard(self, body: Body, target: Target) -> None:
        type_ = get_path(body, "properties.deploymentConfiguration.deploymentConfigurationType")
        if isinstance(type_, str):
            raise RuleError(
                f"The batch deployment {target.name!r} runs a component of the type {type_}, which this module does not manage.",
                code="OptionOfAnotherType",
                hint="Nothing was sent. Choose another name.",
            )

    def skeleton(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        return {"location": (parent or {}).get("location"), "properties": {}}

    def summary(self, result: t.Mapping[str, t.Any]) -> str | None:
        return f"on {ArmId(str(result.get('compute'))).name}"


shape.learn_child(BatchDeployment.collection, FIELDS)
BATCH_DEPLOYMENT = BatchDeployment()
