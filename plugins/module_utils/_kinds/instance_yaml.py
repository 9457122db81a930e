# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute instances in YAML of the Azure ML CLI v2 (azure-ai-ml, ``_schema/compute/compute_instance.py``)."""

from __future__ import annotations

import re
import typing as t

from .._engine import fields
from .._engine.cli_schema import READ_ONLY, CliSchema, one_subnet

Tree = dict[str, t.Any]

# Values whose spelling the CLI ignores, as it does of options with choices (azure-ai-ml: StringTransformedEnum).
_WEEK_DAYS = "schedules.compute_start_stop.trigger.schedule.week_days"


def _respell(tree: Tree) -> None:
    one_subnet(tree)
    _idle_minutes(tree)
    _each(tree, _WEEK_DAYS, _plain_word)


def _idle_minutes(tree: Tree) -> None:
    """The instance's deprecated ``idle_time_before_shutdown: PT30M``; the newer field wins, as in azure-ai-ml."""
    duration = tree.pop("idle_time_before_shutdown", None)
    if duration is not None:
        tree.setdefault("idle_time_before_shutdown_minutes", int(fields.seconds_from_duration(duration) // 60))


def _plain_word(value: t.Any) -> t.Any:
    if not isinstance(value, str):
        return value
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", value).replace(" ", "").lower()


def _each(tree: t.Any, path: str, change: t.Callable[[t.Any], t.Any]) -> None:
    """Change the value at a dotted path in place, in each item of a list on the way."""
    name, _dot, rest = path.partition(".")
    if isinstance(tree, list):
        for item in tree:
            _each(item, path, change)
    elif isinstance(tree, dict) and name in tree:
        if rest:
            _each(tree[name], rest, change)
        elif isinstance(tree[name], list):
            tree[name] = [change(item) for item in tree[name]]
        else:
            tree[name] = change(tree[name])


def _omit(options: Tree) -> list[str]:
    return [*_take_scripts(options), *_take_privileges(options)]


def _take_scripts(options: Tree) -> list[str]:
    """Remove the scripts that the CLI's schema does not have: those that are not in the file share."""
    scripts = options.get("setup_scripts") or {}
    inline = [part for part, script in scripts.items() if script.get("inline")]
    for part in inline:
        del scripts[part]
    return [f"setup_scripts.{part}" for part in inline]


def _take_privileges(options: Tree) -> list[str]:
    """Remove privileges, which the CLI's schema does not have; return those that differ from the CLI's: privileged, with writable mounts."""
    differing = []
    for application in options.get("custom_applications") or []:
        place = f"custom_applications[{application.get('name')}]"
        if application.pop("privileged", None) is False:
            differing.append(f"{place}.privileged")
        read_only = [mount.pop("read_only", False) for mount in application.get("bind_mounts") or []]
        if any(read_only):
            differing.append(f"{place}.bind_mounts.read_only")
    return differing


CLI = CliSchema(
    ("computeinstance",),
    "computeInstance.schema.json",
    read_only=(
        *READ_ONLY,
        "state",
        "last_operation",
        "services",
        "os_image_metadata",
        "ssh_settings.admin_username",
        "ssh_settings.ssh_port",
        "schedules.compute_start_stop.schedule_id",
        "schedules.compute_start_stop.provisioning_state",
    ),
    respell=_respell,
    omit=_omit,
)
