# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold the simulator to each fact of the wire that is known, and print how many there are and how many of them hold.

    python -m scripts.conformance [--write FILE] [--sdk NAME=PYTHON]

runs the tests that the facts name (tests/conformance/facts) and prints the tables as Markdown; --write writes them to a file, too. --sdk names
another version of azure-ai-ml and the Python that has it. The exit status is 1 when a fact does not hold.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import typing as t
from collections import Counter
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

from .command import ROOT, add_write, publish
from .environment import run_pytest

sys.path.insert(0, str(ROOT / "tests"))

from conformance._facts import MARKS, Fact, facts, guesses, outside

Outcomes = dict[str, Counter[str]]
NAMES = {
    "a.1": "operations",
    "a.2": "API versions",
    "a.3": "headers",
    "a.4": "long operations",
    "a.5": "states",
    "a.6": "bodies",
    "a.7": "what azure-ai-ml sends",
    "b.1": "envelopes",
    "b.2": "refusals",
    "b.3": "azure-ai-ml's exceptions",
    "c.1": "names",
    "c.2": "properties",
    "c.3": "what can change",
    "c.4": "the first client",
    "d.1": "creation by template",
    "d.2": "workspaces directly",
    "d.3": "deletion",
    "d.4": "templates",
    "e": "other clouds",
    "f": "surprises",
    "g.1": "datastores",
    "g.2": "datastores in answers",
    "g.3": "secrets of datastores",
    "g.4": "datastores of a workspace",
    "g.6": "what was not seen of datastores",
    "g.7": "connections",
    "g.8": "connections in answers, and their secrets",
    "g.9": "what was not seen of connections",
    "i.1": "diagnostic settings",
    "i.2": "their categories",
    "i.3": "their refusals",
    "i.4": "their destinations",
    "i.5": "missing ones",
    "i.6": "their life",
    "i.7": "keys of destinations",
    "i.8": "tables of Log Analytics",
    "j.1": "jobs",
    "j.2": "states of jobs",
    "j.3": "lists of jobs",
    "j.4": "times of jobs",
    "j.5": "limits of jobs",
    "j.6": "what was not seen of jobs",
    "k.1": "registries",
    "k.2": "registries in answers",
    "k.3": "regions and names of registries",
    "k.4": "given accounts of registries",
    "k.5": "what was not seen of registries",
    "m.1": "quotas of a subscription",
    "m.2": "requests for more",
    "m.3": "states of requests",
    "m.4": "refusals of requests",
    "m.5": "what was not seen of requests",
    "n.1": "extensions of Kubernetes clusters",
    "n.2": "operations of extensions",
    "n.3": "settings of extensions",
    "n.4": "what azure-cli sends to install an extension",
    "n.5": "changes of extensions",
    "n.6": "health checks of extensions",
    "n.7": "what was not seen of extensions",
    "gaps": "",
}


def run(tests: list[str], sdks: list[str]) -> Outcomes:
    """How the cases of each test ended: passed, failed or skipped, by file::function."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        options = ("-o", "junit_family=xunit1", f"--junitxml={report}")
        status = run_pytest(tests, *options, output=sys.stderr, AML_SDK_PYTHONS=os.pathsep.join(sdks))
        # 0 and 1 are what tests say; the others are pytest's own errors, with which some of them did not run.
        if status > 1 or not report.is_file():
            sys.exit(f"pytest ended with the status {status}; its own words stand above.")
        cases = ElementTree.parse(report).getroot().iter("testcase")
        outcomes: Outcomes = {}
        for case in cases:
            ended = {child.tag for child in case} & {"failure", "error", "skipped"}
            how = "skipped" if ended == {"skipped"} else "failed" if ended else "passed"
            outcomes.setdefault(f"{case.get('file')}::{str(case.get('name')).partition('[')[0]}", Counter())[how] += 1
        return outcomes


def state(fact: Fact, outcomes: Outcomes) -> str:
    """held, broken, elsewhere (no concern of the simulator's), or unseen: a test of it was skipped or not there."""
    if fact.elsewhere:
        return "elsewhere"
    told = [outcomes.get(test, Counter()) for test in fact.tests]
    if any(count["failed"] for count in told):
        return "broken"
    return "held" if all(count["passed"] and not count["skipped"] for count in told) else "unseen"


def table(head: list[str], rows: t.Iterable[list[t.Any]]) -> list[str]:
    return [" | ".join(["", *map(str, row), ""]).strip() for row in [head, ["---"] * len(head), *rows]]


def count(known: list[Fact], states: dict[str, str], title: str) -> list[t.Any]:
    """A row: the facts, each state, and for each kind of evidence how many of the facts that concern the simulator hold."""
    by_state = Counter(states[fact.id] for fact in known)
    kinds = []
    for mark in MARKS:
        of_kind = [fact for fact in known if fact.kinds[0] == mark and states[fact.id] != "elsewhere"]
        held = sum(states[fact.id] == "held" for fact in of_kind)
        kinds.append(f"{held}/{len(of_kind)}" if of_kind else "")
    return [title, len(known), by_state["held"], by_state["elsewhere"], by_state["broken"], by_state["unseen"], *kinds]


def tables(outcomes: Outcomes, sdks: list[str]) -> tuple[str, list[str]]:
    """The report, and the facts that do not hold."""
    known = facts()
    states = {fact.id: state(fact, outcomes) for fact in known}
    lines = [*_counts(known, states, outcomes, sdks), *_not_held(known, states), *_elsewhere(known), *_guessed()]
    return "\n".join(lines), [fact.id for fact in known if states[fact.id] == "broken"]


def _counts(known: list[Fact], states: dict[str, str], outcomes: Outcomes, sdks: list[str]) -> list[str]:
    head = ["section", "facts", "checked", "not the simulator's", "broken", "not run", *MARKS]
    rows = [
        count([fact for fact in known if fact.section == name], states, f"{name} {title}")
        for name, title in NAMES.items()
    ]
    versions = ["the installed one", *(sdk.partition("=")[0] for sdk in sdks)]
    cases = sum(outcomes.get(test, Counter()).total() for test in {test for fact in known for test in fact.tests})
    return [
        "# The simulator and what is known of Azure",
        "",
        f"Made by `make conformance` on {date.today()}, {platform.system()} {platform.machine()}, Python {platform.python_version()}.",
        "",
        "Each fact of [facts.md](facts.md) that concerns the simulator is checked by the tests that `tests/conformance/facts` names. The last columns",
        "have, by kind of evidence, how many of them hold and how many there are; a fact of several kinds counts with the strongest.",
        f"{cases} cases ran, among them every operation of azure-ai-ml on workspaces and compute targets: {', '.join(versions)}. Its other groups are not",
        f"simulated, and refused with 501: {', '.join(outside())}.",
        "",
        *table(head, [*rows, count(known, states, "**all**")]),
        "",
    ]


def _not_held(known: list[Fact], states: dict[str, str]) -> list[str]:
    rows = [[fact.id, fact.fact, states[fact.id]] for fact in known if states[fact.id] in ("broken", "unseen")]
    return ["## What does not hold, or was not run", "", *table(["fact", "what", "state"], rows), ""] if rows else []


def _elsewhere(known: list[Fact]) -> list[str]:
    rows = [[f"`{fact.id}`", fact.mark, fact.fact, fact.elsewhere] for fact in known if fact.elsewhere]
    return ["## What does not concern the simulator", "", *table(["fact", "evidence", "what", "why"], rows), ""]


def _guessed() -> list[str]:
    guessed = guesses()
    settings = [[f"`guesses.{name}`", text] for name, text in guessed.settings.items()]
    fixed = [[text, f"`tests/simulator/azureml_simulator/{where}`"] for text, where in guessed.fixed]
    return [
        "## What no one knows",
        "",
        "Each has a setting of the simulator's configuration:",
        "",
        *table(["setting", "what"], settings),
        "",
        "These are decided where they stand:",
        "",
        *table(["guess", "where"], fixed),
        "",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Hold the simulator to each fact of the wire, and count.")
    add_write(parser)
    parser.add_argument(
        "--sdk",
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help="another azure-ai-ml, by the Python that has it",
    )
    arguments = parser.parse_args()
    outcomes = run(sorted({test for fact in facts() for test in fact.tests}), arguments.sdk)
    text, broken = tables(outcomes, arguments.sdk)
    publish(text.splitlines(), arguments.write)
    missing = sorted({test for fact in facts() for test in fact.tests} - {*outcomes})
    if missing:
        print(f"These tests of facts did not run: {', '.join(missing)}.", file=sys.stderr)
    return 1 if broken or missing else 0


if __name__ == "__main__":
    sys.exit(main())
