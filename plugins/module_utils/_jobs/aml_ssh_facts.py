# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_ssh_facts``."""

from __future__ import annotations

import typing as t

from .._core.arm_id import workspace_target
from .._core.findings import Finding, Findings, refuse
from .._engine import rules
from .._kinds.compute import ComputeKind
from .._machines import nodes as _nodes
from .._module.result import Result
from .._module.task import Task


def check_prefix(prefix: str | None) -> Findings:
    if _nodes.bad_prefix(prefix):
        message = f"host_prefix {prefix!r} must start with a letter or digit and hold only letters, digits, dots, dashes and underscores."
        yield Finding(
            "InvalidHostPrefix", "host_prefix", message, "ssh_config(5): Host takes patterns, separated by blanks"
        )


def gather(task: Task) -> Result:
    """The job: machines, filtered, as facts."""
    options = task.params
    refuse(check_prefix(options["host_prefix"]))
    if options.get("name"):
        refuse(rules.segment(options["name"], "name"))
    workspace = workspace_target(task.subscription_id, options["resource_group"], options["workspace"])
    machines, warnings = _nodes.collect(
        task.client,
        workspace.id,
        options.get("api_version") or ComputeKind.api_version,
        name=options.get("name"),
        types=options.get("type") or _nodes.TYPES,
        malformed=task.malformed.append,
    )
    states = options.get("node_state")
    preferences = _nodes.SshPreferences(
        options["prefer"], options.get("private_key_file"), options["scp_file"], options["host_prefix"]
    )
    machines = [machine for machine in machines if not states or machine.state in states]
    nodes = [_nodes.connection(machine, preferences, workspace.id) for machine in machines]
    facts = {
        "workspace": options["workspace"],
        "resource_group": options["resource_group"],
        "nodes": nodes,
        "ssh_config": _nodes.config(nodes),
    }
    return {
        "changed": False,
        "ansible_facts": {"aml_ssh": facts},
        "warnings": [*warnings, *_reserved(machines, preferences)],
    }


def _reserved(machines: list[_nodes.Machine], preferences: _nodes.SshPreferences) -> t.Iterator[str]:
    """A warning for each machine that cannot have the name with the prefix."""
    for machine in machines if preferences.host_prefix is not None else ():
        name = f"{preferences.host_prefix}{machine.name}"
        if _nodes.is_reserved(name):
            yield f"A machine has the workspace's name before its own instead of host_prefix, because {name!r} is a reserved name."
