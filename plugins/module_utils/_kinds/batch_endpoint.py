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
from .._engine import versions
from .._engine.fields import Field, choice
from .._engine.kind import Body, Kind, fixed
from .._engine.plan import Declared, Plan
from . import online_endpoint, serving_yaml
from .online_endpoint import NAME, check_name, check_properties, without_service_properties, writable

_SOURCE = "ARM types of 2026-05-01, BatchEndpointProperties"
_READ_ONLY = ("provisioningState", "scoringUri", "swaggerUri", "keys")
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
    fixed(
        "location",
        "location",
        "an endpoint stays in the region that it was created in",
        spec={"type": "str"},
        canon=canon.region,
    ),
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


class BatchEndpoint(Kind):
    """A batch endpoint of a workspace. A PUT replaces it as a whole."""

    label = "batch endpoint"
    cli = serving_yaml.BATCH_ENDPOINT
    collection = "batch_endpoints"
    api_version = versions.STABLE
    parent_label = "workspace"
    parent_api_version = versions.STABLE
    parent_is_of_provider = True
    rewrite_fixes_failed = name_is_enough = True
    uses_computes = True
    child_collection = "batch_deployments"
    naming_children = (DEFAULT,)
    absent_statuses = (204, 404)
    fields = FIELDS

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        yield from super().check(target, declared, tree)
        yield from check_name(target.name, "name", self.label)

    def check_create(self, declared: Declared, parent: Body | None) -> Findings:
        yield from super().check_create(declared, parent)
        if declared.get(DEFAULT):
            message = f"{DEFAULT}: the endpoint does not exist, so it has no deployment {declared[DEFAULT]}. Create it without {DEFAULT}, then its deployments."
            yield Finding("DeploymentMissing", DEFAULT, message, _SOURCE)

    def check_update(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        yield from check_properties(declared, current)

    # --- documents ---

    def skeleton(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        return {"location": (parent or {}).get("location"), "properties": {"authMode": "AADToken"}}

    def writable(self, body: Body) -> Body:
        return writable(body, _READ_ONLY)

    def recreate_body(self, body: Body, plan: Plan, declared: Declared, target: Target, parent: Body | None) -> Body:
        new = super().recreate_body(body, plan, declared, target, parent)
        # Its deployments go with the old one, and what the service keeps about it.
        new["properties"].pop("defaults", None)
        return without_service_properties(new)

    def as_declared(self, body: Body) -> tuple[tuple[Field, ...], Body]:
        return self.fields, without_service_properties(body)

    def named_children(self, values: t.Mapping[str, t.Any]) -> set[str]:
        return {values[DEFAULT]} if values.get(DEFAULT) else set()

    def kept(self, body: Body) -> Declared:
        return {option: value for option, value in super().kept(body).items() if option != DEFAULT}

    # --- what the user sees ---

    def project(self, body: Body) -> dict[str, t.Any]:
        values = self.read(body)
        properties = body.get("properties") or {}
        return {
            "id": body.get("id"),
            "name": body.get("name"),
            **values,
            "tags": values["tags"] or {},
            "properties": values["properties"] or {},
            "scoring_uri": properties.get("scoringUri"),
            "openapi_uri": properties.get("swaggerUri"),
            "provisioning_state": properties.get("provisioningState"),
        }


shape.learn_child(BatchEndpoint.collection, FIELDS, required=("authMode",))
BATCH_ENDPOINT = BatchEndpoint()
