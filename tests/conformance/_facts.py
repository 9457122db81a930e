# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of the wire, one by one (`facts/*.yml`), each with the tests that check it on the simulator, or the reason why none does.

A group stands for a line of the research that the facts were found in, and says how that line begins. A fact has an ``id`` (its section and a
name), a ``mark`` (the kinds of evidence of docs/facts.md, and where from), the ``fact``, and ``by``, its tests, or ``elsewhere``, why it is no
concern of the simulator's.
"""

from __future__ import annotations

import ast
import typing as t
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "facts"
MARKS = ("REC", "ISS", "SDK", "HAR", "SPEC", "ARM", "GUESS")
# Where the tests stand, by the short names of the facts.
TESTS = {
    "aks": "tests/unit/simulator/test_ml_aks.py",
    "actions": "tests/unit/simulator/test_ml_instance_actions.py",
    "answers": "tests/contract/test_answers.py",
    "arm": "tests/unit/simulator/test_core_arm.py",
    "attached": "tests/unit/simulator/test_ml_attached.py",
    "client": "tests/conformance/test_client.py",
    "clusters": "tests/unit/simulator/test_ml_clusters.py",
    "connections": "tests/unit/simulator/test_ml_connections.py",
    "control": "tests/unit/simulator/test_core_control.py",
    "datastores": "tests/unit/simulator/test_ml_datastores.py",
    "jobs": "tests/unit/simulator/test_ml_jobs.py",
    "registries": "tests/unit/simulator/test_ml_registries.py",
    "deployments": "tests/unit/simulator/test_deployments.py",
    "extensions": "tests/unit/simulator/test_kubernetes_extensions.py",
    "facts": "tests/conformance/test_facts.py",
    "diagnostics": "tests/unit/simulator/test_diagnostic_settings.py",
    "functions": "tests/unit/simulator/test_template_functions.py",
    "instance": "tests/unit/simulator/test_ml_instance.py",
    "kinds": "tests/unit/simulator/test_ml_kinds_sdk.py",
    "liberties": "tests/unit/simulator/test_arm_liberties.py",
    "network": "tests/unit/simulator/test_managed_network.py",
    "workspaceactions": "tests/unit/simulator/test_actions.py",
    "batch": "tests/unit/simulator/test_ml_batch_endpoints.py",
    "online": "tests/unit/simulator/test_ml_online_endpoints.py",
    "process": "tests/unit/simulator/test_core_process.py",
    "quota_requests": "tests/unit/simulator/test_quota_requests.py",
    "refusals": "tests/unit/simulator/test_ml_refusals.py",
    "surface": "tests/integration/test_sdk.py",
    "template": "tests/unit/simulator/test_template.py",
    "template_sdk": "tests/unit/simulator/test_template_sdk.py",
    "tokens": "tests/unit/simulator/test_core_tokens.py",
    "wire": "tests/conformance/test_wire.py",
    "workspaces": "tests/unit/simulator/test_ml_workspaces.py",
}


@dataclass(frozen=True)
class Fact:
    """One fact; ``line`` is how the line of the research begins."""

    id: str
    mark: str
    fact: str
    line: str
    by: tuple[str, ...] = ()
    elsewhere: str = ""

    @property
    def section(self) -> str:
        return self.id.partition("/")[0]

    @property
    def kinds(self) -> list[str]:
        """The kinds of evidence, the strongest first."""
        words = self.mark.split()
        return [kind for kind in MARKS if kind in words]

    @property
    def tests(self) -> list[str]:
        """Its tests as pytest names them: file::function."""
        return [f"{TESTS[short]}::{name}" for short, name in (test.split("::") for test in self.by)]


@dataclass(frozen=True)
class Guesses:
    """What nobody knows: by its setting below ``guesses``, or by the file of the simulator that has decided it."""

    settings: dict[str, str]
    fixed: list[tuple[str, str]]


def facts() -> list[Fact]:
    """All of them, in the order of the research."""
    found = []
    for path in sorted(FOLDER.glob("?.yml")):
        for group in yaml.safe_load(path.read_text()):
            for row in group["facts"]:
                found.append(
                    Fact(line=group["line"], **{**row, "mark": str(row["mark"]), "by": tuple(row.get("by", ()))})
                )
    return found


def guesses() -> Guesses:
    document: dict[str, t.Any] = yaml.safe_load((FOLDER / "guesses.yml").read_text())
    return Guesses(document["settings"], [(row["guess"], row["where"]) for row in document["fixed"]])


def outside() -> list[str]:
    """The groups of azure-ai-ml's operations that the simulator refuses with 501: what its surface is tried with (``OUTSIDE``)."""
    tree = ast.parse((Path(__file__).parent / "sdk_surface.py").read_text())
    (value,) = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "OUTSIDE"
    ]
    return list(ast.literal_eval(value))
