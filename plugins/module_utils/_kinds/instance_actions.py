# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service's own actions that change a compute instance, one for each option that can change: a PUT changes nothing on one that exists."""

from __future__ import annotations

import typing as t

from .._core.findings import Finding, Findings
from .._engine.kind import Request
from .._engine.plan import Declared
from .._engine.versions import Versions
from . import instance_schedules as schedules
from . import instance_values as values

# By option: the action's address, the API versions that list it, and its body. Sources: docs/facts.md a.1; docs/coverage.md 1.12. No client and none of
# the stored specifications lists updateSchedules; official examples of it exist for four versions (Azure/azure-rest-api-specs, .../preview/VERSION/examples/
# Compute/updateSchedules.json), of which 2022-10-01-preview is the newest.
ACTIONS: dict[str, tuple[str, Versions, t.Callable[[t.Any], t.Any]]] = {
    "size": ("/resize", Versions(preview="2023-08-01-preview"), lambda size: {"targetVMSize": size}),
    "idle_time_before_shutdown_minutes": (
        "/updateIdleShutdownSetting",
        Versions(preview="2022-10-01-preview"),
        lambda minutes: {"idleTimeBeforeShutdown": None if minutes is None else f"PT{minutes}M"},
    ),
    "enable_sso": (
        "/enableSso",
        Versions(preview="2024-04-01-preview", preview_until="2024-04-01-preview"),
        lambda wanted: {"enableSSO": wanted},
    ),
    "schedules.compute_start_stop": (
        "/updateSchedules",
        Versions(preview="2022-10-01-preview", preview_until="2022-10-01-preview"),
        lambda items: {"computeStartStop": schedules.schedules_to_arm(items or [])},
    ),
    "custom_applications": (
        "/customServices",
        Versions(preview="2022-10-01-preview"),
        lambda items: values.applications_to_arm(items or []),
    ),
    "data_mounts": (
        "/updateDataMounts",
        Versions(preview="2024-01-01-preview"),
        lambda items: values.mounts_to_arm(items or []),
    ),
}


def requests(changed: Declared, version: str) -> list[Request]:
    """The actions that give the changed options their values, in the order of the table.

    ``version``: the API version that the task asks for; "" takes for each action one that has it.
    """
    return [
        Request("POST", make(changed[option]), suffix=suffix, api_version=version or versions.best)
        for option, (suffix, versions, make) in ACTIONS.items()
        if option in changed
    ]


def check_version(changed: t.Iterable[str], version: str) -> Findings:
    """The options that are set by an action, and the API version of the task does not have it."""
    for option in changed:
        suffix, versions, _make = ACTIONS[option]
        if not versions.has(version):
            message = (
                f"{option} of an existing instance is set by the service's action {suffix[1:]}, which API version {version} does not have. "
                f"Remove api_version, or set it to {versions.best}."
            )
            yield Finding("ApiVersionLacksAction", option, message, "docs/api-versions.md")
