# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Online endpoints and their deployments: which deployments and compute targets exist before they are used, and what goes with a removal."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._core.errors import AmlError
from .._engine.fields import WRITE_ONLY
from .._engine.kind import FAILED, Body, Kind, Request, Status
from .._engine.outcome import InUse, Outcome
from .._engine.plan import SECRET, UPDATE, Change, Declared, Plan
from .._engine.refusals import title as title_of
from .._engine.remote import RemoteResource
from .._kinds.online_deployment import ONLINE_DEPLOYMENT
from .._kinds.online_endpoint import CHANNELS, ONLINE_ENDPOINT, receivers, shares_of
from .asset_reference import require_assets
from .compute_reference import require_compute


class DeploymentMissing(AmlError):
    """A deployment that traffic cannot be sent to, because it does not exist or has failed."""

    default_code = "DeploymentMissing"


# --- rules of the service, for single targets and for fleets ---


def check_receivers(title: str, endpoint: str, wanted: t.Collection[str], states: t.Mapping[str, Status]) -> None:
    """Traffic goes only to deployments that exist and work: the service would lose the requests that it sends to another one.

    states   of the deployments by their names in lower case
    """
    missing = sorted(name for name in wanted if name.casefold() not in states)
    if missing:
        raise DeploymentMissing(
            f"{title} cannot send traffic to {', '.join(missing)}, because it has no such deployment. "
            f"It has {', '.join(sorted(states)) or 'none'}.",
            target=endpoint,
            hint="Nothing was sent. Create the deployment first, or correct its name.",
        )
    failed = sorted(name for name in wanted if states[name.casefold()].state == FAILED)
    if failed:
        raise DeploymentMissing(
            f"{title} was not changed, because the deployment {', '.join(failed)}, which is to get traffic, has failed.",
            target=endpoint,
            hint="Nothing was sent. Fix the deployment first: a task for it has its logs in failure.details.",
        )


def check_unused(kind: Kind, title: str, endpoint: str, body: Body, *, force: bool) -> None:
    """An endpoint is deleted with its deployments, which must not get traffic."""
    use = kind.in_use(body)
    if use and not force:
        raise InUse(
            f"{title} was not deleted, because {use}.",
            target=endpoint,
            hint="Nothing was deleted. Set traffic to {} first, or set force=true to delete it with its deployments.",
        )


def check_no_traffic(kind: Kind, name: str, target: str, channels: t.Mapping[str, t.Any], done: str) -> None:
    """A deployment that gets traffic is not deleted. ``channels`` are the shares of traffic and of mirrored traffic."""
    for option, what in CHANNELS.items():
        shares = {key.casefold(): share for key, share in shares_of(channels.get(option)).items()}
        share = shares.get(name.casefold())
        if share:
            raise InUse(
                f"{title_of(kind, name)} was not {done}, because it gets {share} % of the {what} of its endpoint.",
                target=target,
                hint="Nothing was deleted. Move the traffic to another deployment first, with aml_online_endpoint.",
            )


def warn_of_deployments(names: t.Sequence[str]) -> list[str]:
    """The warning of an endpoint's removal, where deployments of these names still exist."""
    return [f"DeploymentsDeleted: the deployments {', '.join(names)} are deleted with the endpoint."] if names else []


@dataclass(frozen=True)
class Links:
    """What connects endpoints and their deployments, for the plans of fleets: the checks of both extensions without requests.

    named    of an endpoint that names deployments: its title and id, the names, and the states of all deployments by their names in lower case
    removed  of a deployment: its kind, name and id, the endpoint's values by options, and what is done to it
    """

    endpoint: Kind
    named: t.Callable[[str, str, t.Collection[str], t.Mapping[str, Status]], None]
    removed: t.Callable[[Kind, str, str, t.Mapping[str, t.Any], str], None]


ONLINE_LINKS = Links(ONLINE_ENDPOINT, check_receivers, check_no_traffic)


class EndpointExtension:
    """What goes with an endpoint: its deployments."""

    def __init__(self, remote: RemoteResource) -> None:
        self._remote = remote

    def before_replace(self) -> None:
        names = [] if self._remote.behaviour.force else self._names()
        if names:
            raise InUse(
                f"{self._remote.title} was not replaced, because its deployments would be deleted with it: {', '.join(names)}.",
                details={"deployments": names},
                hint="Remove them first, or set force=true.",
            )

    def before_remove(self, body: Body) -> None:
        # It is called again before another attempt.
        warnings = warn_of_deployments(self._names())
        self._remote.warnings += [text for text in warnings if text not in self._remote.warnings]

    def _names(self) -> list[str]:
        return sorted(one["name"] for one in deployments_of(self._remote))


class OnlineEndpointExtension(EndpointExtension):
    """Checks of an endpoint's compute target, and of its traffic and removal against its deployments."""

    def before_create(self, complete: Declared, parent: Body | None) -> None:
        require_compute(self._remote, complete.get("compute"), working=True)

    def before_update(self, plan: Plan, body: Body) -> None:
        wanted = receivers(plan.values())
        if wanted:
            states = {one["name"].casefold(): ONLINE_DEPLOYMENT.status(one) for one in deployments_of(self._remote)}
            check_receivers(self._remote.title, self._remote.target.id, wanted, states)

    def before_remove(self, body: Body) -> None:
        remote = self._remote
        check_unused(remote.kind, remote.title, remote.target.id, body, force=remote.behaviour.force)
        super().before_remove(body)


def deployments_of(endpoint: RemoteResource) -> list[Body]:
    path = f"{endpoint.target.id}/deployments"
    bodies: list[Body] = endpoint.client.list(path, endpoint.kind.api_version, malformed=endpoint.warn_of_malformed)
    return bodies


class KeyRegeneration:
    """Regenerates keys of an endpoint that is otherwise as declared, in the time that this left of the task's."""

    def __init__(self, remote: RemoteResource, keys: list[str]) -> None:
        self._remote = remote
        self._keys = keys

    def planned(self, outcome: Outcome) -> Outcome:
        """The outcome with the keys in its plan, without their values."""
        plan = outcome.plan
        names = [f"{key}_key" for key in self._keys]
        changes = tuple(Change(name, None, SECRET, WRITE_ONLY, "regenerate_keys names it") for name in names)
        shown = replace(
            plan,
            action=plan.action if plan.changed else UPDATE,
            changes=(*plan.changes, *changes),
            after={**plan.after, **dict.fromkeys(names, SECRET)},
        )
        return replace(outcome, plan=shown)

    def run(self, plan: Plan) -> dict[str, t.Any] | None:
        """Regenerate one key after the other: the service takes no other operation on the endpoint before one has ended.

        Return the operation of the last one if the task does not wait for it.
        """
        done: list[str] = []
        if self._remote.behaviour.check_mode:
            return None
        try:
            for key in self._keys:
                operation = self._send(key)
                if operation is not None and not self._remote.behaviour.wait and key == self._keys[-1]:
                    running: dict[str, t.Any] = operation.to_dict()
                    return running
                if operation is not None:
                    self._wait(operation, key)
                done.append(key)
        except AmlError as error:
            # What the task did before is as true as the failure: clients that use a regenerated key are refused.
            error.changed, error.plan = self._remote.wrote, plan
            error.result = {"regenerated_keys": done}
            raise
        return None

    def _send(self, key: str) -> t.Any:
        request = Request("POST", {"keyType": key.capitalize()}, suffix="/regenerateKeys")
        with self._remote.always_waiting():
            return self._remote.send(request).operation

    def _wait(self, operation: t.Any, key: str) -> None:
        self._remote.client.wait(
            operation,
            timeout=self._remote.wait.deadline.remaining,
            interval=self._remote.behaviour.wait_interval,
            what=f"The regeneration of the {key} key of the {self._remote.kind.label} {self._remote.target.name!r}",
        )


class OnlineDeploymentExtension:
    """Checks of what a deployment refers to, and of its removal against the traffic of its endpoint."""

    def __init__(self, remote: RemoteResource) -> None:
        self._remote = remote

    def before_create(self, complete: Declared, parent: Body | None) -> None:
        require_assets(self._remote, complete)

    def before_update(self, plan: Plan, body: Body) -> None:
        require_assets(self._remote, plan.values())

    def before_replace(self) -> None:
        self._require_no_traffic("replaced")

    def before_remove(self, body: Body) -> None:
        self._require_no_traffic("deleted")

    def _require_no_traffic(self, done: str) -> None:
        remote = self._remote
        endpoint: Body | None = remote.client.find(remote.target.parent_id, remote.kind.parent_api_version)
        if endpoint is not None:
            check_no_traffic(remote.kind, remote.target.name, remote.target.id, ONLINE_ENDPOINT.read(endpoint), done)
