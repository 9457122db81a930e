# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quotas of a workspace: projection, plan, body and refusals. Pure.

Shapes: docs/facts.md a.6 [REC R9]; a limit of -1 means that there is no cap [ISS]. The statuses of updateQuotas: ARM types of
2025-12-01, UpdateWorkspaceQuotas. Names come in mixed case and are compared without it.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._core import paths, shape
from .._core.arm_id import ArmId, Target
from .._core.errors import ArmError
from .._core.findings import Findings
from .._engine.fields import Field
from .._engine.kind import Body, Kind, Request
from .._engine.plan import Declared, Plan
from .lists import NO_CAP, Item, check_families, limit_of, location_path, workspace_of


def document(entries: t.Iterable[Item], workspace_id: str) -> Body:
    """A region's list of quotas as one document: limits by family in lower case, -1 for no cap.

    ``subscription`` and ``workspace`` are the limits of the subscription and of one workspace, ``spelling`` is the service's of each family.
    """
    limits: Body = {"subscription": {}, "workspace": {}, "spelling": {}}
    prefix = workspace_id.rstrip("/").casefold() + "/"
    for entry in entries:
        family = str((entry.get("name") or {}).get("value") or ArmId(entry.get("id")).name)
        limit = NO_CAP if entry.get("limit") is None else int(entry["limit"])
        key = _key(family)
        if workspace_of(entry.get("id")) is None:
            limits["subscription"][key] = limit
            limits["spelling"][key] = family
        elif str(entry.get("id")).casefold().startswith(prefix):
            limits["workspace"][key] = limit
            limits["spelling"].setdefault(key, family)
    return limits


# A dot in the name of a family would be a step of a path, and "/" is in no such name.
def _option(family: str) -> str:
    return f"quotas.{family.replace('.', '/')}"


def _family(option: str) -> str:
    return option.partition(".")[2].replace("/", ".")


def _key(family: str) -> str:
    return family.casefold().replace(".", "/")


def own_limit(body: Body, family: str) -> int | None:
    """The workspace's own limit of a family, or None where it has none."""
    return limit_of(body["workspace"].get(_key(family)))


def shown_quotas(body: Body) -> list[Item]:
    """Every family with its two limits, sorted; null where there is none."""
    return [
        {
            "family": family,
            "limit": limit_of(body["workspace"].get(key)),
            "subscription_limit": limit_of(body["subscription"].get(key)),
        }
        for key, family in sorted(body["spelling"].items())
    ]


def check_quotas(declared: t.Sequence[Item]) -> Findings:
    """A limit of 0 or more (null: no limit of the workspace), each family once."""
    yield from check_families(declared, "quotas", advice=" Set null to remove the limit of the workspace.")


class Quotas(Kind):
    """The quotas of one workspace in one region: a row for each declared family. They always exist, and are changed by one POST.

    to_come  limits of the subscription, by family in lower case, that are granted and may not show yet
    """

    label = "quota of workspace"

    def __init__(
        self, workspace: Target, location: str, api_version: str, to_come: t.Mapping[str, int] | None = None
    ) -> None:
        self.workspace = workspace
        self.to_come = {_key(family): limit for family, limit in (to_come or {}).items()}
        self.location = location
        self.api_version = api_version

    def declare(self, tree: dict[str, t.Any], target: Target) -> Declared:
        families = [str(item["family"]) for item in tree["quotas"]]
        self.fields = tuple(
            Field(_option(family), f"workspace.{_key(family)}", from_arm=limit_of, clearable=True, cleared=NO_CAP)
            for family in families
        )
        return {_option(str(item["family"])): item.get("limit") for item in tree["quotas"]}

    def check_update(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        """Raise for what the service will surely refuse, by what it has just answered, with the codes that it would give."""
        refused = list(self._foreseen(declared, current))
        if refused:
            raise quota_error(refused, self.workspace.name, "Nothing was sent.")
        return iter(())

    def _foreseen(self, declared: Declared, current: dict[str, t.Any]) -> t.Iterator[Item]:
        limits = current["subscription"]
        for option, limit in declared.items():
            key = _key(_family(option))
            family, most = current["spelling"].get(key, _family(option)), limit_of(limits.get(key))
            if paths.get_path(current, option) == limit:
                continue
            # If the service lists nothing, it checks the family itself.
            if limits and key not in limits:
                yield _refusal(family, limit, "InvalidVMFamilyName", "the service lists no such family in this region")
            elif limit is not None and most is not None and limit > max(most, self.to_come.get(key, 0)):
                why = f"{limit} is above the subscription's limit of {most}"
                yield _refusal(family, limit, "InvalidQuotaExceedsSubscriptionLimit", why)

    def read(self, body: Body) -> dict[str, t.Any]:
        return {**super().read(body), "subscription": body["subscription"], "spelling": body["spelling"]}

    def refine_plan(self, plan: Plan, body: Body | None, state: str) -> Plan:
        """The plan with the service's spelling of the families."""
        spelling = (body or {}).get("spelling") or {}

        def spelled(option: str) -> str:
            family = _family(option)
            return str(spelling.get(_key(family), family))

        changes = (replace(change, field=f"quotas.{spelled(change.field)}") for change in plan.changes)
        before, after = (
            {"quotas": {spelled(f"quotas.{name}"): limit for name, limit in (side.get("quotas") or {}).items()}}
            for side in (plan.before, plan.after)
        )
        return replace(plan, changes=tuple(changes), before=before, after=after)

    def with_values(self, body: Body, values: Declared) -> Body:
        limits = {_key(_family(option)): NO_CAP if value is None else value for option, value in values.items()}
        return {**body, "workspace": {**body["workspace"], **limits}}

    def updates(self, body: Body, plan: Plan) -> list[Request]:
        """One POST for all that differs (ARM types of 2025-12-01, QuotaUpdateParameters). A limit of -1 takes the workspace's own away."""
        sent = [
            {
                "id": f"{self.workspace.id}/quotas/{_family(change.field)}",
                "type": "Microsoft.MachineLearningServices/workspaces/dedicatedCores/quotas",
                "limit": NO_CAP if change.after is None else change.after,
                "unit": "Count",
            }
            for change in plan.changes
        ]
        path = location_path(self.workspace.subscription_id, self.location, "updateQuotas")
        return [Request("POST", {"location": self.location, "value": sent}, path=path)]


_WHY = {
    "InvalidQuotaBelowClusterMinimum": "it is below what the minimum nodes of the workspace's clusters take",
    "InvalidQuotaExceedsSubscriptionLimit": "it is above the subscription's limit",
    "InvalidVMFamilyName": "the service knows no such family",
    "OperationNotSupportedForSku": "the workspace's SKU does not support quotas of the workspace",
    "OperationNotEnabledForRegion": "quotas of workspaces cannot be set in this region",
}


def _refusal(family: str, limit: t.Any, code: str, why: str | None = None) -> Item:
    return {
        "family": family,
        "limit": limit,
        "code": code,
        "message": why or _WHY.get(code, "the service gives no reason"),
    }


# The answer of updateQuotas.
UPDATED = shape.mapping(
    {"value": shape.list_of(shape.mapping({"id": shape.TEXT, "limit": shape.NUMBER, "status": shape.TEXT}))}
)


def refused_quotas(answer: Item) -> list[Item]:
    """The entries of an answer of updateQuotas that were not taken: the request succeeds as a whole, and each has its status."""
    return [
        _refusal(ArmId(entry.get("id")).name, limit_of(entry.get("limit")), str(entry.get("status")))
        for entry in answer.get("value") or []
        if str(entry.get("status") or "Success").casefold() != "success"
    ]


def quota_error(refused: list[Item], workspace: str, rest: str) -> ArmError:
    """One failure for all families that were refused; ``details`` has each with its code. ``rest`` describes the result of the others."""
    lines = "; ".join(f"{item['family']} ({item['code']}): {item['message']}" for item in refused)
    return ArmError(
        f"Quotas of the workspace {workspace!r} cannot be set as declared: {lines}. {rest}",
        code=refused[0]["code"],
        details=refused,
        hint="Correct the families or limits; subscription_quotas requests a higher limit of the subscription.",
    )
