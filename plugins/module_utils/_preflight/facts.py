# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The compute targets that are about to be created, and the facts that were gathered for them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._capacity.lists import Item
from .._core import canon, paths
from .._core.arm_id import ArmId, Target
from .._core.errors import ArmError
from .._engine.kind import Body
from .._engine.plan import Declared
from .._kinds.compute import ComputeKind
from .._kinds.registry import INFO_KINDS

# A thing that a check needs: what it is and whose, as ("sizes", "eastus") or ("network", "/subscriptions/...").
Key = tuple[str, str]


@dataclass(frozen=True)
class DesiredTarget:
    """One desired compute target. ``wanted`` has all of its values by option, including current ones."""

    type: str
    target: Target
    wanted: Declared
    existing: Body | None = None
    # Whether the existing resource will be deleted and created again.
    replaces: bool = False

    @property
    def kind(self) -> ComputeKind:
        return INFO_KINDS[self.type]

    @property
    def name(self) -> str:
        return self.target.name

    @property
    def workspace_id(self) -> str:
        return self.target.parent_id

    @property
    def new(self) -> bool:
        return self.existing is None

    @property
    def managed(self) -> bool:
        return self.kind.is_managed

    @property
    def subnet(self) -> str | None:
        return self.kind.subnet_of(self.wanted)

    @property
    def network(self) -> str | None:
        return ArmId(self.subnet).parent if self.subnet else None

    @property
    def identities(self) -> list[str]:
        return list((self.wanted.get("identity") or {}).get("user_assigned_identities") or [])

    @property
    def existing_nodes(self) -> int:
        """Nodes that already have an address in the subnet that is wanted."""
        subnet = paths.get_path(self.existing or {}, "properties.properties.subnet")
        same = isinstance(subnet, dict) and canon.arm_id(subnet.get("id")) == canon.arm_id(self.subnet)
        return self.nodes_now if same else 0

    @property
    def nodes_now(self) -> int:
        """Nodes that it holds now."""
        return 0 if self.existing is None else self.kind.nodes_now(self.existing)

    @property
    def least(self) -> int:
        """Nodes that the service asks quota for."""
        return self._nodes_wanted[0]

    @property
    def kept(self) -> int:
        """Nodes that it has as long as it exists: the minimum of a cluster, and an instance's own."""
        return self.kind.nodes_wanted(self.wanted, creates=False)[0]

    @property
    def most(self) -> int:
        return self._nodes_wanted[1]

    @property
    def _nodes_wanted(self) -> tuple[int, int]:
        return self.kind.nodes_wanted(self.wanted, creates=self.new or self.replaces)


@dataclass
class Facts:
    """What was read. A value of None was not there; what is in ``unread`` could not be read, and why."""

    read: dict[Key, t.Any] = field(default_factory=dict)
    unread: dict[Key, ArmError] = field(default_factory=dict)

    def get(self, what: str, key: str) -> t.Any:
        return self.read.get((what, key))

    def known(self, what: str, key: str) -> bool:
        return (what, key) in self.read

    def workspace(self, desired: DesiredTarget) -> Body | None:
        body: Body | None = self.get("workspace", desired.workspace_id.casefold())
        return body

    def region(self, desired: DesiredTarget) -> str | None:
        """Where it is to be: as declared, or where its workspace is."""
        location = desired.wanted.get("location")
        return str(canon.region(location)) if location else self.region_of_workspace(desired)

    def region_of_workspace(self, desired: DesiredTarget) -> str | None:
        location = (self.workspace(desired) or {}).get("location")
        return str(canon.region(location)) if location else None

    def size(self, desired: DesiredTarget) -> Item | None:
        body: Item | None = (self.get("sizes", self.region(desired) or "") or {}).get(
            canon.caseless(desired.wanted.get("size"))
        )
        return body
