# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fact of the wire has a test that exists or a reason why it has none, every guess its setting, and no line of the research is left out."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from azureml_simulator.app import App

from ._facts import ROOT, TESTS, facts, guesses

SIMULATOR = ROOT / "tests" / "simulator" / "azureml_simulator"
FACTS = facts()


def functions(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def test_facts_are_whole_and_named_once() -> None:
    names = [fact.id for fact in FACTS]
    assert len(names) > 200 and sorted(name for name in set(names) if names.count(name) > 1) == []
    assert [fact.id for fact in FACTS if not re.fullmatch(r"([a-dgi-o]\.\d|e|f|gaps)/[a-z0-9-]+", fact.id)] == []
    assert [fact.id for fact in FACTS if not fact.fact or not fact.kinds or bool(fact.by) == bool(fact.elsewhere)] == []


def test_every_test_that_a_fact_names_is_there() -> None:
    known = {short: functions(ROOT / path) for short, path in TESTS.items()}
    named = {(fact.id, test) for fact in FACTS for test in fact.by}
    assert [(fact, test) for fact, test in sorted(named) if test.split("::")[1] not in known[test.split("::")[0]]] == []
    # A test that is named in a reason, too.
    reasons = {(fact.id, item) for fact in FACTS for item in re.findall(r"\b(\w+)::(\w+)", fact.elsewhere)}
    assert [(fact, reason) for fact, reason in sorted(reasons) if f"test_{reason[1]}" not in known[reason[0]]] == []


def test_no_test_of_the_wire_is_without_a_fact() -> None:
    for short in ("wire", "client"):
        own = {name for name in functions(ROOT / TESTS[short]) if name.startswith("test_")}
        assert (
            sorted(own - {test.split("::")[1] for fact in FACTS for test in fact.by if test.startswith(f"{short}::")})
            == []
        )


def leaves(settings: dict[str, Any], whole: set[str], path: str = "") -> set[str]:
    """The settings by their dotted paths; an object that is one setting is not gone into."""
    paths = set()
    for name, value in settings.items():
        here = f"{path}.{name}".lstrip(".")
        paths |= leaves(value, whole, here) if isinstance(value, dict) and here not in whole else {here}
    return paths


def test_every_guess_has_its_setting() -> None:
    known = guesses()
    assert leaves(App().config["guesses"], set(known.settings)) == set(known.settings), (
        "facts/guesses.yml has each setting, and no other"
    )


def test_every_file_that_tells_of_a_guess_is_listed() -> None:
    """By its words: in docstrings and comments, not where a setting is read."""
    fixed = {where for _guess, where in guesses().fixed}
    assert sorted(where for where in fixed if not (SIMULATOR / where).is_file()) == []
    telling = {
        path.relative_to(SIMULATOR).as_posix()
        for path in SIMULATOR.rglob("*.py")
        if re.search(r"\b(?:a guess|are guesses|guesses?[:.,)])", path.read_text())
    }
    # They handle guesses, and make none.
    about = {"config.py", "acceptance/compare.py", "acceptance/guesses.py"}
    assert sorted(telling - fixed - about) == [], "facts/guesses.yml says under `fixed` what these files guess"


def test_every_fact_that_is_a_guess_says_so() -> None:
    """A guess is never told as something else, so that no test takes it for a fact."""
    assert [fact.id for fact in FACTS if "GUESS" in fact.kinds and fact.kinds != ["GUESS"]] == []
