# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift report's page in a real browser, as wide as a phone and as a desktop: a fleet of 50 workspaces and 1,000 targets."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._report import document
from ansible_collections.azureml.compute.plugins.module_utils._report import page as _page
from ansible_collections.azureml.compute.tests.support.browser import CHROMIUM, browse

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="missing: chromium (as root on Debian or Ubuntu, make page-test installs it)"
)

ROOT = "/subscriptions/11111111-0000-4000-8000-000000000001/resourceGroups/a-resource-group-with-a-long-name"
PROVIDER = "providers/Microsoft.MachineLearningServices/workspaces"
EVIL = "<script>document.title='owned'</script><img src=https://example.com/x.png onerror=document.title='owned'>"

Row = dict[str, t.Any]


def workspace(number: int) -> tuple[Row, list[Row]]:
    """What aml_fleet_info and aml_fleet say of a workspace with 20 compute targets."""
    home = f"{ROOT}/{PROVIDER}/ws-{number:02}"
    network = (
        {"subnet": f"{ROOT}/providers/Microsoft.Network/virtualNetworks/a-virtual-network/subnets/training"}
        if number % 3
        else None
    )
    place = {
        "name": f"ws-{number:02}",
        "resource_group": ROOT.rsplit("/", 1)[-1],
        "subscription_id": ROOT.split("/")[2],
        "id": home,
    }
    bodies, planned = [], []
    for index in range(20):
        name = f"cpu-{index:02}"
        size = {
            "size": "STANDARD_DS3_V2",
            "current_node_count": number + index,
            "max_instances": 100,
            "tags": {"team": EVIL},
        }
        ssh = {
            "ssh_public_access_enabled": index == 3,
            "ssh_settings": {"admin_username": "azureuser"},
            "network_settings": network,
        }
        retirement = {
            "option": "size",
            "value": f"STANDARD_OLD{index}_V2{EVIL if index == 1 else ''}",
            "status": "retired" if index < 5 else "retiring",
            "date": f"2026-01-{index + 1:02}",
            "successor": "NC A100 v4, NCasT4 v3 or NC H100 v5",
        }
        size["retirements"] = [retirement] if number < 9 else []
        bodies.append(
            {"id": f"{home}/computes/{name}", "name": name, "type": "amlcompute", "location": "eastus", **size, **ssh}
        )
        differs = number % 7 == 0 and index < 2
        changes = (
            [{"field": "tags", "before": {"team": EVIL}, "after": {"team": "vision"}, "reason": None}]
            if differs
            else []
        )
        cost = {"currency": "USD", "monthly_minimum": 0.0, "monthly_maximum": 100.5 * number}
        entry = {
            "id": f"{home}/computes/{name}",
            "name": name,
            "type": "amlcompute",
            "action": "update" if differs else "none",
            "cost": cost,
        }
        failure = {"message": f"The service said {EVIL}"} if number == 9 and index == 5 else None
        planned.append(
            {**place, **entry, "workspace": place["name"], "changes": changes, "reason": None, "failure": failure}
        )
    shown = {
        "id": home,
        "name": place["name"],
        "location": "eastus",
        "public_network_access": "disabled" if number == 4 else "enabled",
    }
    return {**place, "workspace": shown, "computes": bodies, "failure": None}, planned


@pytest.fixture(scope="module")
def page() -> str:
    made = [workspace(number) for number in range(50)]
    usage = {
        "name": "standardDSv2Family",
        "localized_name": "Standard DSv2 Family Cluster Dedicated vCPUs",
        "current": 90,
        "limit": 100,
        "percent": 90.0,
    }
    places = [{"subscription_id": ROOT.split("/")[2], "location": "eastus", "usages": [usage], "failure": None}]
    fleet = {
        "targets": [item for _found, planned in made for item in planned[1:]],
        "totals": {"cost": {"currency": "USD", "unknown": []}},
    }
    found = {"workspaces": [item for item, _planned in made], "usages": places}
    return _page.page(
        document.build({"generated": "2026-01-02T00:00:00Z", "name": "production", "fleet": fleet, "found": found})
    )


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_says_nothing_on_the_console_and_asks_nobody(page: str, tmp_path: Path, width: int) -> None:
    probe = """
      document.querySelectorAll("details").forEach(one => one.open = true);
      const wide = [...document.querySelectorAll("main *")].filter(one => !one.closest("svg, .scroll") && one.getBoundingClientRect().right > innerWidth);
      const tables = [...document.querySelectorAll("table")].filter(one => one.scrollWidth > one.parentNode.clientWidth + 1);
      const small = [...document.querySelectorAll("th button")].filter(one => one.offsetParent && one.getBoundingClientRect().height < 18);
      return {inner: innerWidth, page: document.documentElement.scrollWidth, wide: wide.map(one => one.outerHTML.slice(0, 80)), tables: tables.length,
              title: document.title, loaded: performance.getEntriesByType("resource").map(one => one.name), images: document.images.length,
              graph: document.querySelector("svg.graph").getBoundingClientRect().height, small: small.length};"""
    told, console = browse(page, probe, tmp_path, width)
    assert told.pop("graph") < 4000 and told.pop("page") <= width
    assert told == {
        "inner": width,
        "wide": [],
        "tables": 0,
        "title": "Drift report: production",
        "loaded": [],
        "images": 0,
        "small": 0,
    }
    assert console == []


def test_the_console_is_heard(page: str, tmp_path: Path) -> None:
    probe = "const one = new Image(); one.src = 'https://example.com/x.png'; console.log('heard'); return {};"
    _told, console = browse(page, probe, tmp_path, 1400)
    assert "heard" in console and any("Content Security Policy" in line for line in console), (
        "what the test above hears nothing of, it could hear"
    )


def test_tables_sort_numbers_as_numbers(page: str, tmp_path: Path) -> None:
    probe = """
      const table = [...document.querySelectorAll("section")].find(one => one.querySelector("h2")?.textContent === "Workspaces").querySelector("table");
      const column = name => [...table.tHead.rows[0].cells].findIndex(one => one.textContent === name);
      const read = name => [...table.tBodies[0].rows].map(one => one.cells[column(name)].textContent);
      const click = name => table.tHead.rows[0].cells[column(name)].querySelector("button").click();
      click("Nodes"); const up = read("Nodes"); click("Nodes"); const down = read("Nodes");
      const sort = table.tHead.rows[0].cells[column("Nodes")].getAttribute("aria-sort");
      click("Monthly cost"); const costs = read("Monthly cost");
      click("Workspace"); return {up, down, sort, costs, names: read("Workspace")};"""
    told, _console = browse(page, probe, tmp_path, 1400)
    numbers = [int(item) for item in told["up"]]
    assert len(set(numbers)) == 50 and numbers == sorted(numbers) and numbers[0] < 1000 < numbers[-1], (
        "as text, 1170 comes before 190"
    )
    assert told["down"] == told["up"][::-1] and told["sort"] == "descending"
    most = [float(cost.split(" ")[-2].replace(",", "")) for cost in told["costs"]]
    assert most == sorted(most) and most[-1] > 10000
    assert told["names"] == [f"ws-{number:02}" for number in range(50)]
