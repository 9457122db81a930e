# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/permissions.md is true: each task runs with exactly the permissions of its row, and fails without any one of them.

The simulator refuses by the request's method and path, and by what its body names (docs/facts.md b.2); what it was asked for must be in the row.
"""

from __future__ import annotations

import re
import sqlite3
import typing as t
import uuid
from pathlib import Path

import pytest
import yaml
from ansible_collections.azureml.compute.tests.support.azure import SUBSCRIPTION, Azure, Principal
from ansible_collections.azureml.compute.tests.support.permissions import SCENARIOS, places, within, without_sockets

ROOT = Path(__file__).resolve().parents[2]
WHO = Principal(
    "cccccccc-0000-4000-8000-0000000000c9",
    "cccccccc-0000-4000-8000-0000000000a9",
    "aaaaaaaa-0000-4000-8000-00000000000a",
    "least",
)
ML = "Microsoft.MachineLearningServices"
# A permission as the table has it: the scope of the role assignment, and the action.
Permission = tuple[str, str]


class Row(t.NamedTuple):
    needed: list[Permission]
    used: list[Permission]


def permissions_of(cell: str) -> list[Permission]:
    found = re.findall(r"([a-z]+): ((?:`[^`]+`(?:, )?)+)", cell)
    return [
        (place, action.replace("ML/", f"{ML}/", 1))
        for place, actions in found
        for action in re.findall(r"`([^`]+)`", actions)
    ]


def table() -> dict[tuple[str, str], Row]:
    found = {}
    for line in (ROOT / "docs" / "permissions.md").read_text().splitlines():
        if line.startswith(("| `aml_", "| `arm_")):
            module, what, needed, used = (cell.strip() for cell in line.strip("|").split("|"))
            found[module.strip("` "), what] = Row(permissions_of(needed), permissions_of(used))
    return found


TABLE = table()


class Service:
    """The service as it is before a task, as often as it is wanted; and what it is asked for."""

    def __init__(self, azure: Azure, module: str, options: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch) -> None:
        self.azure, self.module, self.options = azure, module, options
        self.places = places(azure, options)
        # Scope and action of all that the principal was checked for.
        self.asked: list[Permission] = []
        self._before = sqlite3.connect(":memory:")
        azure.app.store.db.backup(self._before)
        allowed = azure.app.rbac.allowed

        def asking(who: Principal, action: str, scope: str) -> bool:
            if who.object_id == WHO.object_id:
                self.asked.append((scope, action))
            return bool(allowed(who, action, scope))

        monkeypatch.setattr(azure.app.rbac, "allowed", asking)

    def run(self, permissions: list[Permission], ok: bool | None = True) -> dict[str, t.Any]:
        """The task, by a principal that has these permissions and no other."""
        self._before.backup(self.azure.app.store.db)
        self.azure.app.store.generation += 1
        self.asked.clear()
        for place in dict.fromkeys(place for place, _action in permissions):
            self._grant(place, [action for held, action in permissions if held == place])
        self.azure.principal = WHO
        try:
            return self.azure.run(self.module, ok=ok, **self.options)
        finally:
            self.azure.principal = None

    def covers(self, permissions: list[Permission], asked: Permission) -> bool:
        scope, action = asked
        return any(held == action and within(scope, self.places[place]) for place, held in permissions)

    def _grant(self, place: str, actions: list[str]) -> None:
        subscription, role = f"/subscriptions/{SUBSCRIPTION}", str(uuid.uuid4())
        properties = {
            "roleName": f"least {place}",
            "assignableScopes": [subscription],
            "permissions": [{"actions": actions}],
        }
        definition = self.azure.arm(
            "PUT",
            f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}",
            {"properties": properties},
            "2022-04-01",
            wait=0,
        )
        assert definition["properties"]["type"] == "CustomRole"
        self.azure.app.grant(WHO.object_id, role, self.places[place])


@pytest.fixture(params=SCENARIOS, ids=" ".join)
def service(request: pytest.FixtureRequest, azure: Azure, monkeypatch: pytest.MonkeyPatch) -> Service:
    without_sockets(azure, monkeypatch)
    return Service(azure, *SCENARIOS[request.param](azure), monkeypatch)


def test_each_task_needs_what_its_row_says_and_no_more(service: Service, request: pytest.FixtureRequest) -> None:
    row = TABLE[request.node.callspec.params["service"]]
    everything = [*row.needed, *row.used]
    service.run(everything)
    assert [asked for asked in service.asked if not service.covers(everything, asked)] == []
    assert [
        permission
        for permission in everything
        if not any(service.covers([permission], asked) for asked in service.asked)
    ] == [], "never asked for"
    service.run(row.needed)
    for missing in row.needed:
        failed = service.run([permission for permission in everything if permission != missing], ok=False)
        # azure-ai-ml has the service's status inside, and a fleet in the results of its targets.
        assert (
            "403" in str([failed["failure"], failed.get("targets"), failed.get("undeclared")])
            or "Authorization failed" in failed["msg"]
        )
        assert missing[1] in failed["msg"], missing


def test_the_table_has_every_module_and_every_row_a_test() -> None:
    assert set(TABLE) == set(SCENARIOS)
    assert {module for module, _what in TABLE} == {path.stem for path in (ROOT / "plugins" / "modules").glob("a*.py")}


def test_the_role_to_begin_with_is_made_by_the_module_and_is_enough(azure: Azure) -> None:
    text = (ROOT / "docs" / "permissions.md").read_text().partition("```yaml")[2].partition("```")[0]
    text = text.replace("{{ subscription_id }}", SUBSCRIPTION).replace(
        "{{ 'keeps compute targets' | to_uuid }}", str(uuid.uuid4())
    )
    (options,) = [task["azureml.compute.arm_resource"] for task in yaml.safe_load(text)]
    assert azure.run("arm_resource", **options)["changed"]
    assert azure.run("arm_resource", **options)["changed"] is False
    (role,) = azure.app.rbac.custom()
    modules = (
        "aml_compute_cluster",
        "aml_compute_instance",
        "aml_inference_cluster",
        "aml_compute_info",
        "aml_ssh_facts",
        "aml_fleet",
        "aml_operation_info",
    )
    needed = {
        action
        for (module, what), row in TABLE.items()
        if module in modules
        and not what.startswith(
            ("batch ", "connections", "datastores", "diagnostic settings", "online ", "role assignments")
        )
        for place, action in row.needed
        if place == "workspace"
    }
    assert needed and all(role.allows(action) for action in needed)
    assert not role.allows(f"{ML}/workspaces/write") and not role.allows(f"{ML}/workspaces/listKeys/action")
