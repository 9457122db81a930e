# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests for prices: each workspace's region and each region's sizes, read once."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from .._capacity import sizes as capacity_sizes
from .._capacity.lists import location_path
from .._core import canon, paths
from .._core.client import ReadClient
from .._core.errors import ArmError
from .._preflight.gather import leaves_unknown
from .cost import Priced, Sizes

_AT_ONCE = 8


@dataclass
class Prices:
    """Reads each workspace whose region is not known, and each region's sizes, once. What cannot be read makes its targets' prices unknown."""

    client: ReadClient
    api_version: str
    regions: dict[str, str | None] = field(default_factory=dict)
    sizes: dict[tuple[str, str], Sizes | None] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def read(self, desired_targets: t.Sequence[Priced]) -> None:
        unknown = {
            desired.workspace_id.casefold(): desired.workspace_id
            for desired in desired_targets
            if self.region(desired) is None and desired.workspace_id.casefold() not in self.regions
        }
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            self.regions.update(zip(unknown, pool.map(self._region, unknown.values())))
            wanted = {
                (desired.target.subscription_id, str(self.region(desired)))
                for desired in desired_targets
                if self.region(desired)
            }
            self.sizes.update(zip(wanted, pool.map(self._sizes, wanted)))

    def region(self, desired: Priced) -> str | None:
        return self._told(desired) or self.regions.get(desired.workspace_id.casefold())

    def of(self, desired: Priced) -> Sizes | None:
        return self.sizes.get((desired.target.subscription_id, str(self.region(desired))))

    @staticmethod
    def _told(desired: Priced) -> str | None:
        """Where the target is, or is declared to be; a new one is where its workspace is."""
        region = (
            paths.get_path(desired.existing or {}, "properties.computeLocation")
            or (desired.existing or {}).get("location")
            or desired.wanted.get("location")
        )
        return str(canon.region(region)) if region else None

    def _region(self, workspace_id: str) -> str | None:
        workspace = self._tried(lambda: self.client.find(workspace_id, self.api_version))
        return str(canon.region(workspace["location"])) if workspace and workspace.get("location") else None

    def _sizes(self, place: tuple[str, str]) -> Sizes | None:
        path = location_path(*place, "vmSizes")
        listed = self._tried(lambda: self.client.list(path, self.api_version, malformed=self._add_problem))
        return None if listed is None else capacity_sizes.by_name(listed)

    def _tried(self, reader: t.Callable[[], t.Any]) -> t.Any:
        try:
            return reader()
        except ArmError as error:
            if not leaves_unknown(error):
                raise
            self._add_problem(error)
            return None

    def _add_problem(self, error: ArmError) -> None:
        self.problems.append(f"Prices are not known where they could not be read: {error.message}")
