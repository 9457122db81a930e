# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Batch endpoints and their deployments: which deployments and compute targets exist before something is sent to them, and what goes with a removal."""

from __future__ import annotations

import typing as t

from .._engine.kind import Body, Kind, Status
from .._engine.outcome import InUse
from .._engine.plan import Declared, Plan
from .._engine.refusals import title as title_of
from .._engine.remote import RemoteResource
from .._kinds.batch_deployment import BATCH_DEPLOYMENT
from .._kinds.batch_endpoint import BATCH_ENDPOINT, DEFAULT
from .asset_reference import require_assets
from .compute_reference import require_compute
from .online_endpoint import DeploymentMissing, EndpointExtension, Links, deployments_of


def check_default(title: str, endpoint: str, wanted: t.Collection[str], states: t.Mapping[str, Status]) -> None:
    """The default of an endpoint is one of its deployments. ``states`` are by their names in lower case."""
    for name in wanted:
        if name.casefold() not in states:
            raise DeploymentMissing(
                f"{title} cannot have {name} as its default, because it has no such deployment. It has {', '.join(sorted(states)) or 'none'}.",
                target=endpoint,
                hint="Nothing was sent. Create the deployment first, or correct its name.",
            )


def check_no_default(kind: Kind, name: str, target: str, values: t.Mapping[str, t.Any], done: str) -> None:
    """The default of an endpoint is not deleted. ``values`` are those of the endpoint, by options."""
    if str(values.get(DEFAULT) or "").casefold() == name.casefold():
        raise InUse(
            f"{title_of(kind, name)} was not {done}, because it is the default of its endpoint: requests that name no deployment would fail.",
            target=target,
            hint="Nothing was deleted. Set defaults.deployment_name of the endpoint to another deployment, or to null, first, with aml_batch_endpoint.",
        )


BATCH_LINKS = Links(BATCH_ENDPOINT, check_default, check_no_default)


class BatchEndpointExtension(EndpointExtension):
    """Checks of an endpoint's default deployment against its deployments."""

    def before_update(self, plan: Plan, body: Body) -> None:
        wanted = BATCH_ENDPOINT.named_children(plan.values())
        if wanted:
            states = {one["name"].casefold(): BATCH_DEPLOYMENT.status(one) for one in deployments_of(self._remote)}
            check_default(self._remote.title, self._remote.target.id, wanted, states)


class BatchDeploymentExtension:
    """Checks of a deployment's compute target and of what else it refers to, and of its removal against the default of its endpoint."""

    def __init__(self, remote: RemoteResource) -> None:
        self._remote = remote

    def before_create(self, complete: Declared, parent: Body | None) -> None:
        self._require(complete)

    def before_update(self, plan: Plan, body: Body) -> None:
        self._require(plan.values())

    def _require(self, values: t.Mapping[str, t.Any]) -> None:
        require_compute(self._remote, values.get("compute"))
        require_assets(self._remote, values)

    def before_replace(self) -> None:
        self._require_no_default("replaced")

    def before_remove(self, body: Body) -> None:
        self._require_no_default("deleted")

    def _require_no_default(self, done: str) -> None:
        remote = self._remote
        endpoint: Body | None = remote.client.find(remote.target.parent_id, remote.kind.parent_api_version)
        if endpoint is not None:
            check_no_default(
                remote.kind, remote.target.name, remote.target.id, BATCH_ENDPOINT.values_of(endpoint), done
            )
