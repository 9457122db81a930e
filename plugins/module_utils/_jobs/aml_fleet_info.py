# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``aml_fleet_info`` does: the workspaces of a fleet's document and all that is in them, many at a time. Compares nothing."""

from __future__ import annotations

import contextlib
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from .._capacity.lists import location_path
from .._capacity.usages import usages
from .._core import canon
from .._core.arm_id import ArmId
from .._core.client import ReadClient
from .._core.errors import AmlError, all_foreseen, each
from .._engine import versions
from .._kinds.registry import kind_of
from .._kinds.workspace import Workspace
from .._module.result import Result
from .._module.task import Task
from .._options import specs
from .aml_fleet import FLEET_SPEC, read_places

FLEET_INFO_SPEC: specs.Spec = {
    **{name: FLEET_SPEC[name] for name in ("workspaces", "folder", "resource_group", "workspace")},
    **specs.SHOW_VARIABLES_SPEC,
    "usages": {"type": "bool", "default": False},
    "parallelism": {"type": "int", "default": 16},
    "fail_on": {"type": "str", "default": "error", "choices": ["error", "never"]},
}


class NotRead(AmlError):
    """Something of the fleet could not be read; all else was."""

    default_code = "NotRead"


@dataclass
class _Row:
    """What was read of one place, or why it could not be."""

    failure: AmlError | None = None

    @contextlib.contextmanager
    def reading(self) -> t.Iterator[list[AmlError]]:
        """Takes the failure, so that it hides no other place; what is put into the list are items that cannot be read, while the others can."""
        malformed: list[AmlError] = []
        try:
            with all_foreseen():
                yield malformed
                if malformed:
                    raise _unread(malformed)
        except AmlError as error:
            self.failure = error

    @property
    def shown_failure(self) -> dict[str, t.Any] | None:
        return None if self.failure is None else self.failure.failure()


@dataclass
class _WorkspaceRow(_Row):
    id: str = ""
    workspace: dict[str, t.Any] | None = None
    computes: list[dict[str, t.Any]] = field(default_factory=list)

    @property
    def label(self) -> str:
        return ArmId(self.id).name

    @property
    def region(self) -> tuple[str, str] | None:
        """Its subscription and location, where they are known."""
        if self.workspace is None:
            return None
        return ArmId(self.id).subscription_id, str(canon.region(self.workspace["location"]))

    def to_dict(self) -> Result:
        place = ArmId(self.id)
        return {
            "name": place.name,
            "resource_group": place.resource_group,
            "subscription_id": place.subscription_id,
            "id": self.id,
            "workspace": self.workspace,
            "computes": self.computes,
            "failure": self.shown_failure,
        }


@dataclass
class _UsagesRow(_Row):
    subscription_id: str = ""
    location: str = ""
    usages: list[dict[str, t.Any]] = field(default_factory=list)

    @property
    def label(self) -> str:
        return self.location

    def to_dict(self) -> Result:
        return {
            "subscription_id": self.subscription_id,
            "location": self.location,
            "usages": self.usages,
            "failure": self.shown_failure,
        }


def _unread(bad: list[AmlError]) -> AmlError:
    """One error for all items of a list that cannot be read; those that can are in the result."""
    failures = [row.failure() for row in bad]
    return AmlError(
        bad[0].message,
        code=bad[0].code,
        target=bad[0].target,
        hint=bad[0].hint,
        details=failures[0]["details"] if len(bad) == 1 else failures,
    )


class _Reader:
    """Reads each place on its own: a failure of one hides no other."""

    def __init__(self, client: ReadClient) -> None:
        self._client = client

    def workspace(self, identifier: str) -> _WorkspaceRow:
        row = _WorkspaceRow(id=identifier)
        with row.reading() as malformed:
            kind = Workspace()
            body = self._client.find(identifier, kind.api_version)
            if body is None:
                raise AmlError(
                    f"The workspace {row.label!r} does not exist.", code="WorkspaceNotFound", target=identifier
                )
            row.workspace = kind.project(body)
            bodies = self._client.list(f"{identifier}/computes", versions.PREVIEW, malformed=malformed.append)
            row.computes = list(each(bodies, lambda body: kind_of(body).listed(body), malformed.append))
        return row

    def usages(self, region: tuple[str, str]) -> _UsagesRow:
        row = _UsagesRow(subscription_id=region[0], location=region[1])
        with row.reading() as malformed:
            path = location_path(*region, "usages")
            row.usages = usages(self._client.list(path, versions.STABLE, malformed=malformed.append))
        return row


def read_fleet(task: Task) -> Result:
    """The job of ``aml_fleet_info``."""
    params = task.params
    identifiers = read_places(task)
    reader = _Reader(task.client)
    with ThreadPoolExecutor(params["parallelism"], thread_name_prefix="read") as pool:
        workspaces = list(pool.map(reader.workspace, identifiers))
        regions = sorted({row.region for row in workspaces if row.region}) if params["usages"] else []
        used = list(pool.map(reader.usages, regions))
    rows: list[_WorkspaceRow | _UsagesRow] = [*workspaces, *used]
    result: Result = {
        "changed": False,
        "workspaces": [row.to_dict() for row in workspaces],
        "usages": [row.to_dict() for row in used],
    }
    unread = [row for row in rows if row.failure]
    if unread and params["fail_on"] == "error":
        failure = _not_read(unread, len(rows))
        failure.result = result
        raise failure
    return result


def _not_read(unread: t.Sequence[_WorkspaceRow | _UsagesRow], count: int) -> NotRead:
    rows_text = "; ".join(f"{row.label}: {row.failure.message.rstrip('.')}" for row in unread[:5] if row.failure)
    return NotRead(
        f"{len(unread)} of {count} could not be read: {rows_text}.",
        details=[{"name": row.label, "failure": row.shown_failure} for row in unread],
        hint="The result has all the others. Set fail_on=never to only report these failures.",
    )
