# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests of the pre-flight: each thing is read once, however many targets need it, and all of a round at the same time.

Only reads. Paths: docs/facts.md a.1; Microsoft.Network virtualNetworks, Microsoft.ManagedIdentity, Microsoft.Authorization locks.
"""

from __future__ import annotations

import functools
import typing as t
from concurrent.futures import ThreadPoolExecutor

from .._capacity import sizes, usages
from .._capacity.lists import location_path
from .._core.arm_id import ArmId, group_id
from .._core.client import ReadClient
from .._core.errors import ArmError
from .._engine import versions
from .capacity import demands, own_limit
from .facts import DesiredTarget, Facts, Key

ML_VERSION = versions.STABLE
_NETWORK_VERSION = "2024-05-01"
_IDENTITY_VERSION = "2023-01-31"
_LOCK_VERSION = "2020-05-01"
_AT_ONCE = 8

Reader = t.Callable[[], t.Any]


class Gatherer:
    """Fills ``facts``. ``known`` are facts that the caller has already, such as the workspace."""

    def __init__(
        self,
        client: ReadClient,
        subscription_id: str,
        api_version: str = ML_VERSION,
        known: dict[Key, t.Any] | None = None,
    ) -> None:
        self.client = client
        self.subscription_id = subscription_id
        self.api_version = api_version
        self.facts = Facts(dict(known or {}))

    def gather(self, desired_targets: t.Sequence[DesiredTarget]) -> Facts:
        """What the checks of these targets need, in as few rounds as the answers allow."""
        self.workspaces(desired_targets)
        self._read(self._details(desired_targets))
        self._read(self._shares(desired_targets))
        return self.facts

    def workspaces(self, desired_targets: t.Sequence[DesiredTarget], *, computes: str = "") -> None:
        """The workspaces, which contain the regions; with ``computes``, an API version, also what is in them."""
        reads: dict[Key, Reader] = {}
        for identifier in {
            desired.workspace_id.casefold(): desired.workspace_id for desired in desired_targets
        }.values():
            reads["workspace", identifier.casefold()] = functools.partial(
                self.client.find, identifier, self.api_version
            )
            if computes:
                reads["computes", identifier.casefold()] = self._computes(identifier, computes)
        self._read(reads)

    def _computes(self, workspace_id: str, api_version: str) -> Reader:
        return lambda: self.client.list(f"{workspace_id}/computes", api_version)

    def _details(self, desired_targets: t.Sequence[DesiredTarget]) -> dict[Key, Reader]:
        reads: dict[Key, Reader] = {}
        for region in {self.facts.region(desired) for desired in desired_targets if desired.managed} - {None}:
            for what, shape in (("sizes", sizes.by_name), ("usages", usages.Usages), ("quotas", list)):
                reads[what, str(region)] = self._listed(str(region), "vmSizes" if what == "sizes" else what, shape)
        for desired in desired_targets:
            groups = [group_id(desired.target.subscription_id, desired.target.resource_group)]
            if desired.network:
                reads["network", desired.network.casefold()] = self._found(desired.network, _NETWORK_VERSION)
                groups.append(ArmId(desired.network).scope)
            for identity in desired.identities:
                reads["identity", identity.casefold()] = self._found(identity, _IDENTITY_VERSION)
            for group in groups:
                reads["locks", group.casefold()] = self._locks(group)
        return reads

    def _shares(self, desired_targets: t.Sequence[DesiredTarget]) -> dict[Key, Reader]:
        """The content of a workspace that has its own limit for a desired family."""
        reads: dict[Key, Reader] = {}
        for workspace_id, region, family in {
            (demand.desired.workspace_id, demand.region, demand.family)
            for demand in demands(desired_targets, self.facts)
        }:
            if own_limit(self.facts.get("quotas", region), workspace_id, family) is not None:
                reads["computes", workspace_id.casefold()] = self._computes(workspace_id, self.api_version)
        return reads

    def _listed(self, region: str, what: str, shape: t.Callable[[t.Any], t.Any]) -> Reader:
        path = location_path(self.subscription_id, region, what)
        return lambda: shape(self.client.list(path, self.api_version))

    def _found(self, identifier: str, version: str) -> Reader:
        return lambda: self.client.find(identifier, version)

    def _locks(self, group: str) -> Reader:
        return lambda: self.client.list(f"{group}/providers/Microsoft.Authorization/locks", _LOCK_VERSION)

    def _read(self, wanted: dict[Key, Reader]) -> None:
        """All that is not known yet, at most eight requests at a time."""
        missing = {
            key: reader for key, reader in wanted.items() if key not in self.facts.read and key not in self.facts.unread
        }
        if not missing:
            return
        with ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(missing))) as pool:
            for key, answer in zip(missing, pool.map(_tried, missing.values()), strict=True):
                if not isinstance(answer, ArmError):
                    self.facts.read[key] = answer
                elif answer.status == 404 and key[0] in ("computes", "locks"):
                    # The parent does not exist, which another check reports.
                    self.facts.read[key] = None
                else:
                    self.facts.unread[key] = answer


def _tried(reader: Reader) -> t.Any:
    """The value, or why it could not be read; what would stop the creation itself as well stops the task."""
    try:
        return reader()
    except ArmError as error:
        if leaves_unknown(error):
            return error
        raise


def leaves_unknown(error: ArmError) -> bool:
    """Whether an error is about what was read alone. Any other one stops the creation itself too."""
    return error.status in (400, 403, 404) or (error.status is None and error.code == "UnexpectedAnswer")
