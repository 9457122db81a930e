# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure how many bytes ansible-playbook prints for fleets, at normal verbosity. Prints a table.

    .venv/bin/python -m scripts.output_bytes [--keep FOLDER]

A run must print less than ``MOST`` bytes, however many targets it has. ``--keep`` stores the output of each case in a folder.
The fleet of 600 clusters is in a simulator of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import tempfile
import typing as t
from pathlib import Path

from . import bench_fleet
from .bench_tools import running
from .command import BIN

TARGETS = 600
INVALID = 540
# Bytes.
MOST = 20_000
Document = list[dict[str, t.Any]]


class Case(t.NamedTuple):
    """One run: its document, further arguments of ansible-playbook, and whether it fails."""

    title: str
    workspaces: Document
    arguments: tuple[str, ...] = ()
    fails: bool = False


def _existing() -> Document:
    return t.cast(Document, json.loads(json.dumps(bench_fleet.document(TARGETS))))


def _two_fail() -> Document:
    workspaces = _existing()
    for workspace in workspaces[:2]:
        workspace["computes"][0]["size"] = "Standard_D2s_v3"
    return workspaces


def _all_new_two_fail() -> Document:
    """None of them exists, and the workspace of two of them does not."""
    workspaces = _existing()
    for workspace in workspaces:
        for compute in workspace["computes"]:
            compute["name"] = f"n{compute['name']}"
    moved, workspaces[0]["computes"] = workspaces[0]["computes"][:2], workspaces[0]["computes"][2:]
    return [*workspaces, {**workspaces[0], "name": "ws-missing", "computes": moved}]


def _invalid_names() -> Document:
    workspaces = _existing()
    names = [compute for workspace in workspaces for compute in workspace["computes"]][:INVALID]
    for compute in names:
        compute["name"] = f"-{compute['name']}"
    return workspaces


def _four_changes_and_a_deletion() -> Document:
    workspaces = _existing()
    computes = workspaces[0]["computes"]
    computes[0]["max_instances"] = 6
    computes[1]["min_instances"] = 1
    computes[2]["tags"] = {"team": "speech"}
    computes[3]["name"] = "new-cluster"
    computes[4]["state"] = "absent"
    return workspaces


def cases() -> list[Case]:
    return [
        Case("600 targets, 2 failing, 598 unchanged", _two_fail(), fails=True),
        Case("600 targets, 2 failing, 598 to create (--check)", _all_new_two_fail(), ("--check",), fails=True),
        Case("540 invalid names", _invalid_names(), fails=True),
        Case(
            "--check --diff with four changes and one deletion", _four_changes_and_a_deletion(), ("--check", "--diff")
        ),
    ]


def printed(case: Case, play: str, folder: Path, environment: dict[str, str]) -> str:
    """What ansible-playbook prints; a run that ends in another way than the case foresees ends the measurement."""
    variables = folder / "fleet.json"
    variables.write_text(json.dumps({"aml_fleet_workspaces": case.workspaces, "aml_fleet_preflight": False}))
    done = subprocess.run(
        [BIN / "ansible-playbook", play, "-e", f"@{variables}", *case.arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if bool(done.returncode) is not case.fails:
        raise SystemExit(done.stdout)
    return done.stdout


MODULE_PLAY = f"""- hosts: localhost
  connection: local
  gather_facts: false
  vars: {{ansible_python_interpreter: {BIN / "python"}}}
  tasks:
    - azureml.compute.aml_fleet:
        workspaces: "{{{{ aml_fleet_workspaces }}}}"
        preflight: false
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    lines = ["| case | module aml_fleet, bytes | playbook fleet, bytes |", "|---|---:|---:|"]
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        home, folder = Path(name) / "simulator", Path(name)
        home.mkdir()
        bench_fleet.fill(home, TARGETS, bench_fleet.CREATED)
        environment = stack.enter_context(running(folder, 1, home)).environment
        play = folder / "play.yml"
        play.write_text(MODULE_PLAY)
        for number, case in enumerate(cases()):
            sizes = []
            for way in (str(play), "azureml.compute.fleet"):
                text = printed(case, way, folder, environment)
                sizes.append(len(text.encode()))
                if sizes[-1] > MOST:
                    raise SystemExit(f"{case.title}: {sizes[-1]:,} bytes are more than {MOST:,}.\n{text}")
                if options.keep:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    (options.keep / f"{number}-{Path(way).stem}.txt").write_text(text)
            lines.append(f"| {case.title} | {sizes[0]:,} | {sizes[1]:,} |")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
