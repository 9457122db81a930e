# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workflows of GitHub: pinned actions, least permissions, and commands that exist."""

from __future__ import annotations

import itertools
import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.azureml.compute.scripts.gates import ORDER

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github" / "workflows"
NAMES = sorted(path.name for path in FOLDER.glob("*"))
# Jobs that may do more than read the repository, and why: a draft of a release is a change of it.
MORE = {("release.yml", "draft"): {"contents": "write"}}
PINNED = re.compile(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")

Workflow = dict[str, t.Any]


def workflow(name: str) -> Workflow:
    document: Workflow = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return document


def steps(document: Workflow) -> list[dict[str, t.Any]]:
    return [step for job in document["jobs"].values() for step in job.get("steps", [])]


def commands(document: Workflow) -> list[str]:
    """The commands of all jobs, once for each row of a job's matrix."""
    found = []
    for job in document["jobs"].values():
        matrix = dict(job.get("strategy", {}).get("matrix", {}))
        rows = matrix.pop("include", None) or [
            dict(zip(matrix, values, strict=True)) for values in itertools.product(*matrix.values())
        ]
        for row, step in itertools.product(rows, job.get("steps", [])):
            found.append(re.sub(r"\$\{\{ matrix\.(\w+) \}\}", lambda name, row=row: row[name[1]], step.get("run", "")))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_actions_are_pinned(name: str) -> None:
    """To a commit, which no one can move, with its version for who reads it; and to the official ones."""
    used = re.findall(r"uses: (.+)", (FOLDER / name).read_text(encoding="utf-8"))
    assert used and [action for action in used if not action.startswith("./") and not PINNED.fullmatch(action)] == []


@pytest.mark.parametrize("name", NAMES)
def test_permissions_are_the_least(name: str) -> None:
    document = workflow(name)
    assert document["permissions"] == {"contents": "read"}
    for title, job in document["jobs"].items():
        assert job.get("permissions", {}) == MORE.get((name, title), {}), title
    assert all(
        step["with"]["persist-credentials"] is False
        for step in steps(document)
        if step.get("uses", "").startswith("actions/checkout@")
    )
    assert "pull_request_target" not in document["on"] and "secrets." not in (FOLDER / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_no_text_of_others_is_run(name: str) -> None:
    """An expression in a command is replaced before the shell reads it: only those of the matrix are ours."""
    assert [
        step["run"] for step in steps(workflow(name)) if re.search(r"\$\{\{(?! matrix\.\w+ \}\})", step.get("run", ""))
    ] == []


def test_every_gate_runs_in_ci() -> None:
    run = [
        command.removeprefix("nox -s ").split()
        for command in commands(workflow("ci.yml"))
        if command.startswith("nox ")
    ]
    assert sorted(itertools.chain(*run)) == sorted(ORDER)


@pytest.mark.parametrize("name", NAMES)
def test_targets_of_make_exist(name: str) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    called = [command.split()[1] for command in commands(workflow(name)) if command.startswith("make ")]
    assert called and set(called) <= set(targets)


def test_every_supported_python_runs_all_tests() -> None:
    jobs = workflow("ci.yml")["jobs"]
    supported = {row["python"] for row in jobs["versions"]["strategy"]["matrix"]["include"]}
    assert set(jobs["test"]["strategy"]["matrix"]["python"]) == supported == {"3.11", "3.12", "3.13"}


def test_all_jobs_are_required() -> None:
    jobs = workflow("ci.yml")["jobs"]
    assert set(jobs["all"]["needs"]) == jobs.keys() - {"all"} and jobs["all"]["if"] == "always()"
    assert all("timeout-minutes" in job for job in jobs.values())
