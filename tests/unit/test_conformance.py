# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make conformance` (scripts/conformance.py) succeeds only where each test of a fact ran."""

from __future__ import annotations

from collections import Counter

import pytest
from ansible_collections.azureml.compute.scripts import conformance

FACTS = conformance.facts()
TESTS = sorted({test for fact in FACTS for test in fact.tests})


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ({test: Counter(passed=1) for test in TESTS}, 0),
        ({test: Counter(passed=1) for test in TESTS[1:]}, 1),
        ({test: Counter(passed=1) for test in TESTS[1:]} | {TESTS[0]: Counter(failed=1)}, 1),
        ({}, 1),
    ],
)
def test_the_exit_status(monkeypatch: pytest.MonkeyPatch, outcomes: conformance.Outcomes, status: int) -> None:
    monkeypatch.setattr(conformance, "run", lambda tests, sdks: outcomes)
    monkeypatch.setattr(conformance, "facts", lambda: FACTS)
    monkeypatch.setattr(conformance, "outside", list)
    monkeypatch.setattr("sys.argv", ["conformance"])
    assert conformance.main() == status


def test_an_error_of_pytest_itself_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformance, "run_pytest", lambda tests, *options, **more: 2)
    with pytest.raises(SystemExit, match="status 2"):
        conformance.run(["tests/x.py::test_y"], [])
