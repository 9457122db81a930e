# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole drift report as data and as Markdown, of two shares of one document: every key, in its order. Other programs read the data."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._report import document, wording
from ansible_collections.azureml.compute.plugins.module_utils._report.markdown import markdown
from ansible_collections.azureml.compute.plugins.module_utils._report.page import page
from ansible_collections.azureml.compute.plugins.module_utils._report.rows import Report
from ansible_collections.azureml.compute.plugins.module_utils._report.text import text

Row = dict[str, t.Any]
SUBSCRIPTION = "11111111-0000-4000-8000-000000000001"
PLACE = {"resource_group": "rg", "subscription_id": SUBSCRIPTION}
RG = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"


def home(name: str) -> str:
    return f"{RG}/providers/Microsoft.MachineLearningServices/workspaces/{name}"


DOCUMENT = [home(name) for name in ("one", "two", "three")]


def planned(workspace: str, name: str, action: str, **more: t.Any) -> Row:
    row = {**PLACE, "workspace": workspace, "id": f"{home(workspace)}/computes/{name}", "name": name}
    return {**row, "type": "amlcompute", "action": action, "changes": [], "reason": None, "failure": None, **more}


def found(workspace: str, name: str, kind: str = "amlcompute", **more: t.Any) -> Row:
    return {"id": f"{home(workspace)}/computes/{name}", "name": name, "type": kind, "location": "eastus", **more}


def cost(least: float, most: float, currency: str = "USD") -> Row:
    return {"currency": currency, "monthly_minimum": least, "monthly_maximum": most}


CHANGE = {"field": "max_instances", "before": 2, "after": 4, "mutability": "updatable", "reason": None}
OLD = {"option": "size", "value": "STANDARD_DS2_V2", "status": "retiring", "date": "2026-03-31", "successor": "Dsv5"}
ONE = {
    "generated": "2026-01-02T00:00:00Z",
    "name": "demo",
    "fleet": {
        "document": DOCUMENT,
        "targets": [
            planned("one", "cpu", "update", changes=[CHANGE], cost=cost(0.0, 1000.5)),
            planned("one", "new", "create", reason="it does not exist", cost=None),
            planned("one", "same", "none", type="computeinstance", cost=cost(10.0, 10.0)),
        ],
        "undeclared": [planned("one", "old", "none")],
        "totals": {"cost": {**cost(10.0, 1010.5), "unknown": [f"{home('one')}/computes/new"]}},
    },
    "found": {
        "workspaces": [
            {
                **PLACE,
                "id": home("one"),
                "name": "one",
                "failure": None,
                "workspace": {
                    "location": "eastus",
                    "public_network_access": "enabled",
                    "managed_network": {"isolation_mode": "allow_internet_outbound"},
                    "private_link_count": 2,
                    "identity": {"type": "system_assigned,user_assigned", "user_assigned_identities": ["/a/b/id-1"]},
                },
                "computes": [
                    found(
                        "one", "cpu", retirements=[OLD], size="STANDARD_DS2_V2", allocation_state="Steady", current_node_count=1,
                        max_instances=2, ssh_public_access_enabled=True, public_ip_address="20.0.0.1",
                        ssh_settings={"admin_username": "ada", "ssh_port": 50000},
                        network_settings={"subnet": f"{RG}/providers/Microsoft.Network/virtualNetworks/net/subnets/s"},
                    ),
                    found("one", "same", "computeinstance", state="Running", identity={"type": "system_assigned"}),
                    found("one", "old", ssh_public_access_enabled=True, ssh_settings={}, max_instances=1),
                    found("one", "stray", "databricks", provisioning_state="Succeeded"),
                ],
            }
        ],
        "usages": [
            {
                "subscription_id": SUBSCRIPTION,
                "location": "eastus",
                "usages": [
                    {
                        "name": "standardDSv2Family", "localized_name": "Standard DSv2 Family", "tier": "dedicated",
                        "current": 4, "limit": 10, "remaining": 6, "percent": 40.0, "unit": "Count", "workspace": None,
                    }
                ],
                "failure": None,
            },
            {"subscription_id": SUBSCRIPTION, "location": "westus", "usages": [], "failure": {"message": "Forbidden"}},
        ],
    },
}  # fmt: skip
TWO = {
    "generated": "2026-01-02T00:00:01Z",
    "name": "demo",
    "fleet": {
        "document": DOCUMENT,
        "targets": [planned("two", "gpu", "none", failure={"code": "Forbidden", "message": "No | access"})],
        "undeclared": [],
        "totals": {"cost": {**cost(1.0, 1.0, "EUR"), "unknown": []}},
    },
    "found": {
        "workspaces": [
            {
                **PLACE, "id": home("two"), "name": "two", "workspace": None, "computes": [],
                "failure": {"code": "Forbidden", "message": "No access"},
            }
        ],
        "usages": [],
    },
}  # fmt: skip
BEFORE = {
    "generated": "2026-01-01T00:00:00Z",
    "targets": [{"id": f"{home('ONE')}/computes/CPU", "status": "differs", "since": "2025-12-24T00:00:00Z"}],
}
NOT_PROCESSED = "Not processed: no host is responsible for it, or the job of its host ended before."


def rows(keys: t.Sequence[str], *values: t.Sequence[t.Any]) -> list[Row]:
    return [dict(zip(keys, row, strict=True)) for row in values]


MERGED = {
    "generated": "2026-01-02T00:00:01Z",
    "fleet": "demo",
    "previous": "2026-01-01T00:00:00Z",
    "document": DOCUMENT,
    "currency": "EUR",
    "priced": True,
    "totals": {"workspaces": 3, "unreadable": 2, "targets": 4, "as declared": 1, "differs": 2, "failed": 1, "undeclared": 2, "nodes": 2,
               "max_nodes": 4, "public_ssh": 1, "monthly_minimum": None, "monthly_maximum": None, "price_unknown": 3},
    "workspaces": rows(
        ["id", "name", "resource_group", "subscription_id", "location", "public_network_access", "isolation_mode", "private_link_count", "identity",
         "error", "targets", "as declared", "differs", "failed", "undeclared", "nodes", "max_nodes", "public_ssh", "monthly_minimum",
         "monthly_maximum", "price_unknown"],
        (home("one"), "one", "rg", SUBSCRIPTION, "eastus", "enabled", "allow_internet_outbound", 2, "system-assigned + id-1", None, 3, 1, 2, 0, 2, 2,
         4, 1, None, None, 3),
        (home("two"), "two", "rg", SUBSCRIPTION, None, None, None, None, "no identity", "No access", 1, 0, 0, 1, 0, 0, 0, 0, None, None, 0),
        (home("three"), "three", "rg", SUBSCRIPTION, None, None, None, None, "no identity", NOT_PROCESSED, 0, 0, 0, 0, 0, 0, 0, 0, None, None, 0),
    ),
    "kinds": rows(
        ["kind", "targets", "as declared", "differs", "failed", "undeclared", "nodes", "max_nodes", "public_ssh", "monthly_minimum",
         "monthly_maximum", "price_unknown"],
        ("amlcompute", 3, 0, 2, 1, 1, 1, 3, 1, None, None, 2),
        ("computeinstance", 1, 1, 0, 0, 0, 1, 1, 0, None, None, 1),
        ("databricks", 0, 0, 0, 0, 1, 0, 0, 0, None, None, 0),
    ),
    "targets": rows(
        ["id", "name", "type", "workspace", "resource_group", "subscription_id", "location", "exists", "state", "size", "nodes", "max_nodes",
         "open_port", "public_ssh", "ssh", "network", "identity", "status", "owned", "action", "changes", "reason", "cost", "since", "price_unknown",
         "retirements"],
        (f"{home('one')}/computes/cpu", "cpu", "amlcompute", "one", "rg", SUBSCRIPTION, "eastus", True, "Steady", "STANDARD_DS2_V2", 1, 2, True, True,
         {"user": "ada", "address": "20.0.0.1", "port": 50000}, "net/s", "no identity", "differs", False, "update",
         [{"field": "max_instances", "before": 2, "after": 4, "reason": None}], None, {"currency": "USD", "monthly_minimum": 0.0, "monthly_maximum": 1000.5},
         "2025-12-24T00:00:00Z", True, [OLD]),
        (f"{home('one')}/computes/new", "new", "amlcompute", "one", "rg", SUBSCRIPTION, None, False, None, None, None, None, False, False, None,
         "not there", "", "differs", False, "create", [], "it does not exist", None, "2026-01-02T00:00:00Z", True, []),
        (f"{home('one')}/computes/same", "same", "computeinstance", "one", "rg", SUBSCRIPTION, "eastus", True, "Running", None, 1, 1, False, False,
         None, "managed network (allow internet outbound)", "system-assigned", "as declared", False, "none", [], None,
         {"currency": "USD", "monthly_minimum": 10.0, "monthly_maximum": 10.0}, None, True, []),
        (f"{home('two')}/computes/gpu", "gpu", "amlcompute", "two", "rg", SUBSCRIPTION, None, False, None, None, None, None, False, False, None,
         "not there", "", "failed", False, "none", [], "No | access", None, "2026-01-02T00:00:01Z", False, []),
        (f"{home('one')}/computes/old", "old", "amlcompute", "one", "rg", SUBSCRIPTION, "eastus", True, None, None, None, 1, True, False, None,
         "managed network (allow internet outbound)", "no identity", "undeclared", True, "none", [],
         "The fleet created it and no longer declares it.", None, "2026-01-02T00:00:00Z", False, []),
        (f"{home('one')}/computes/stray", "stray", "databricks", "one", "rg", SUBSCRIPTION, "eastus", True, "Succeeded", None, None, None, False,
         False, None, "attached resource", "no identity", "undeclared", False, "none", [], "Someone else created it; the fleet never changes it.",
         None, "2026-01-02T00:00:00Z", False, []),
    ),
    "usages": rows(
        ["subscription_id", "location", "name", "localized_name", "tier", "current", "limit", "remaining", "percent", "unit", "workspace"],
        (SUBSCRIPTION, "eastus", "standardDSv2Family", "Standard DSv2 Family", "dedicated", 4, 10, 6, 40.0, "Count", None),
    ),
    "usages_unread": rows(
        ["subscription_id", "location", "error"],
        (SUBSCRIPTION, "westus", "Forbidden"),
    ),
    "drifted": True,
}  # fmt: skip

MARKDOWN = r"""# Drift report: demo

1 of 4 compute targets in 3 workspaces matches its declaration; 2 differ, 1 failed, 2 are not declared, 2 of the workspaces could not be read. 2026-01-02 00:00 UTC

## What differs (2)

| Workspace | Target | Type | Action | Difference | For |
| --- | --- | --- | --- | --- | --- |
| one | cpu | amlcompute | update | max\_instances: 2 → 4 | 9 days |
| one | new | amlcompute | create | it does not exist | new |

## Failed (1)

| Workspace | Target | Type | Action | Difference | For |
| --- | --- | --- | --- | --- | --- |
| two | gpu | amlcompute |  | No \| access | new |

## Not declared (2)

| Workspace | Target | Type | Action | Difference | For |
| --- | --- | --- | --- | --- | --- |
| one | old | amlcompute |  | The fleet created it and no longer declares it. | new |
| one | stray | databricks |  | Someone else created it; the fleet never changes it. | new |

## Retirements (1)

| Date | Retirement | Targets | Used by | Successor |
| --- | --- | --- | --- | --- |
| 2026-03-31 | retiring: size STANDARD\_DS2\_V2 | 1 | one/cpu | Dsv5 |

## Workspaces

| Workspace | Targets | As declared | Differs | Failed | Undeclared | Nodes | Most nodes | Public SSH | Monthly cost | Error |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
| one | 3 | 1 | 2 | 0 | 2 | 2 | 4 | 1 | unknown |  |
| two | 1 | 0 | 0 | 1 | 0 | 0 | 0 | 0 |  | No access |
| three | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |  | Not processed: no host is responsible for it, or the job of its host ended before. |

## Types

| Type | Targets | As declared | Differs | Failed | Undeclared | Nodes | Most nodes | Public SSH | Monthly cost |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
| amlcompute | 3 | 0 | 2 | 1 | 1 | 1 | 3 | 1 | unknown |
| computeinstance | 1 | 1 | 0 | 0 | 0 | 1 | 1 | 0 | unknown |
| databricks | 0 | 0 | 0 | 0 | 1 | 0 | 0 | 0 |  |

Cost of the declared targets for 730 hours, with their minimum and maximum number of nodes: list prices of the virtual machines only.

## SSH open on a public address (1)

| Workspace | Target | Type | Network |
| --- | --- | --- | --- |
| one | cpu | amlcompute | net/s |

On 1 more cluster the SSH port is open, but no user can log in.

## Quota in use

| Region | Quota | Used | Limit | Share |
| --- | --- | --- | --- | --- |
| eastus | Standard DSv2 Family | 4 | 10 | 40 % |

The quotas of westus could not be read: Forbidden
"""  # noqa: E501


TEXT = """Drift report: demo
1 of 4 compute targets in 3 workspaces matches its declaration; 2 differ, 1 failed, 2 are not declared, 2 of the workspaces could not be read. 2026-01-02 00:00 UTC

What differs (2):
  WORKSPACE  TARGET  TYPE        ACTION  DIFFERENCE            FOR
  one        cpu     amlcompute  update  max_instances: 2 → 4  9 days
  one        new     amlcompute  create  it does not exist     new

Failed (1):
  WORKSPACE  TARGET  TYPE        ACTION  DIFFERENCE   FOR
  two        gpu     amlcompute          No | access  new
"""  # noqa: E501


def merge(reports: t.Sequence[Row], previous: Row | None = None) -> Row:
    return document.merge([Report.from_dict(report) for report in reports], previous).to_dict()


def test_a_whole_report() -> None:
    """JSON is compared as text, so that the order of the keys counts too."""
    merged = merge([document.build(share).to_dict() for share in (ONE, TWO)], BEFORE)
    assert merged == MERGED
    assert json.dumps(merged) == json.dumps(MERGED)
    assert markdown(Report.from_dict(merged)) == MARKDOWN
    assert text(Report.from_dict(merged)).startswith(TEXT)
    assert merge([merged]) == {**merged, "previous": None}


def test_workspaces_of_the_same_name_are_told_apart() -> None:
    """In what people read; the data has the ids."""
    merged = merge([document.build(share).to_dict() for share in (ONE, TWO)], BEFORE)
    twin = home("one").replace("/rg/", "/other-rg/")
    workspaces = [*merged["workspaces"], {**merged["workspaces"][0], "id": twin}]
    targets = [
        {**row, "id": f"{twin}/computes/{row['name']}"} for row in merged["targets"] if row["workspace"] == "one"
    ]
    both = {**merged, "workspaces": workspaces, "targets": [*merged["targets"], *targets]}
    for shown in (text(Report.from_dict(both)), markdown(Report.from_dict(both)), page(Report.from_dict(both))):
        assert "rg/one" in shown and "other-rg/one" in shown and "rg/two" not in shown


@pytest.mark.parametrize(("number", "words"), [(1, "1 differs"), (2, "2 differ"), (0, "0 differ")])
def test_numbers_agree_with_their_verbs(number: int, words: str) -> None:
    targets = [{**MERGED["targets"][0], "status": "differs"}] * number
    assert words in wording.headline(Report.from_dict({**MERGED, "targets": targets}))
