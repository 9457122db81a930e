# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""aml_quota on a scripted wire: what the simulator never does. tests/functional/test_capacity_modules.py has the rest.

Source: the module's documentation ("read again" after the change); statuses of updateQuotas as in ARM types, UpdateWorkspaceQuotas.
"""

from __future__ import annotations

import typing as t

from ansible_collections.azureml.compute.tests.support.module_run import PROVIDER, SUBSCRIPTION, WORKSPACE_ID, failed
from ansible_collections.azureml.compute.tests.support.wire import Call

LOCATION = f"/subscriptions/{SUBSCRIPTION}{PROVIDER}/locations/eastus"
FAMILY = "standardDSv2Family"


def quotas(limit: int) -> Call:
    entry = {"id": f"{WORKSPACE_ID}/quotas/{FAMILY}", "name": {"value": FAMILY}, "limit": limit, "unit": "count"}
    everywhere = {"id": f"{LOCATION}/quotas/{FAMILY}", "name": {"value": FAMILY}, "limit": 100, "unit": "count"}
    return Call("GET", f"{LOCATION}/quotas", json={"value": [everywhere, entry]})


def test_quotas_that_were_set_and_do_not_show_are_a_failure() -> None:
    answer: dict[str, t.Any] = {"value": [{"id": f"{WORKSPACE_ID}/quotas/{FAMILY}", "limit": 24, "status": "Success"}]}
    options = {
        "resource_group": "rg",
        "workspace": "ws-one",
        "location": "eastus",
        "quotas": [{"family": FAMILY, "limit": 24}],
    }
    done = failed(
        "NotApplied",
        "aml_quota",
        options,
        [quotas(8), Call("POST", f"{LOCATION}/updateQuotas", json=answer), quotas(8)],
    )
    assert f"quotas.{FAMILY} is 8 instead of 24" in done["msg"]
    assert [(detail["field"], detail["before"], detail["after"]) for detail in done["failure"]["details"]] == [
        (f"quotas.{FAMILY}", 8, 24)
    ]
    assert done["changed"] is True, "something was sent, and nobody knows what became of it"


def test_a_request_that_was_taken_is_no_refusal_if_it_cannot_be_read() -> None:
    """The task has changed something, whatever answers the next read."""
    scope = f"{LOCATION}/providers/Microsoft.Quota"
    quota = {"name": FAMILY, "properties": {"limit": {"value": 100}, "isQuotaApplicable": True}}
    request = {"id": f"{scope}/quotaRequests/r1", "name": "r1", "properties": {"provisioningState": "Accepted"}}
    refusal = {"error": {"code": "ProxyRefuses", "message": "No."}}
    done = failed(
        "ProxyRefuses",
        "aml_quota",
        {
            "resource_group": "rg",
            "workspace": "ws-one",
            "location": "eastus",
            "subscription_quotas": [{"family": FAMILY, "limit": 300}],
        },
        [
            Call("GET", f"{scope}/quotas", json={"value": [quota]}),
            Call("GET", f"{scope}/quotaRequests", json={"value": []}),
            Call("GET", f"{scope}/quotas/{FAMILY}", json=quota),
            Call("GET", f"{scope}/quotaRequests", json={"value": []}),
            Call("PUT", f"{scope}/quotas/{FAMILY}", 202, json=request),
            Call("GET", f"{scope}/quotaRequests/r1", 400, json=refusal),
        ],
    )
    assert done["changed"] is True and "cannot be raised" not in done["msg"]
