# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Batch endpoints: an address that starts jobs of inference, and the deployment that runs them where a request names none.

Sources: ARM types of 2026-05-01, BatchEndpointProperties; docs/facts.md o.6. Options are named as in the CLI's schema (azure-ai-ml,
``_schema/_endpoint/batch``).
"""

from __future__ import annotations

import re
import typing as t

from .._core import canon, shape
from .._core.arm_id import Target
from .._core.findings import Finding, Findings
from .._engine.fields import Field, choice
from .._engine.kind import Body
from .._engine.plan import Declared
from . import online_endpoint, serving_yaml
from .online_endpoint import NAME, ServingEndpoint

_SOURCE = "ARM types of 2026-05-01, BatchEndpointProperties"
DEFAULT = "defaults.deployment_name"
_SHARED = {row.option: row for row in online_endpoint.FIELDS}


def _deployment(value: t.Any, option: str) -> Findings:
    if not re.fullmatch(NAME, str(value)):
        yield Finding(
            "InvalidEndpointName",
            option,
            f"{option} {value!r} is not a valid name of a deployment.",
            "docs/facts.md o.2",
        )


FIELDS = (
    Field(
        "auth_mode",
        "properties.authMode",
        spec={"type": "str", "choices": ["aad_token"]},
        canon=canon.caseless,
        **choice(aad_token="AADToken"),
    ),
    _SHARED["location"],
    _SHARED["description"],
    _SHARED["tags"],
    _SHARED["properties"],
    Field(
        DEFAULT,
        "properties.defaults.deploymentName",
        spec={"type": "str"},
        rule=_deployment,
        canon=canon.caseless,
        clearable=True,
        examples=("blue",),
        wrong=("", "b", "a b"),
    ),
)


class BatchEndpoint(ServingEndpoint):
    """A batch endpoint of a workspace."""

    label = "batch endpoint"
    module = "aml_batch_endpoint"
    cli = serving_yaml.BATCH_ENDPOINT
    collection = "batch_endpoints"
    child_collection = "batch_deployments"
    naming_children = (DEFAULT,)
    fields = FIELDS

    def check_create(self, declared: Declared, parent: Body | None) -> Findings:
        yield from super().check_create(declared, parent)
        if declared.get(DEFAULT):
            message = f"{DEFAULT}: the endpoint does not exist, so it has no deployment {declared[DEFAULT]}. Create it without {DEFAULT}, then its deployments."
            yield Finding("DeploymentMissing", DEFAULT, message, _SOURCE)

    # --- documents ---

    def skeleton(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        return {"location": (parent or {}).get("location"), "properties": {"authMode": "AADToken"}}

    def named_children(self, values: t.Mapping[str, t.Any]) -> set[str]:
        return {values[DEFAULT]} if values.get(DEFAULT) else set()


shape.learn_child(BatchEndpoint.collection, FIELDS, required=("authMode",))
BATCH_ENDPOINT = BatchEndpoint()
