# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input: each wrong value of each option is refused before the first request, for a token too, with a message that names the option.

``make properties`` tries every value at every module; the tests of each day try every value at the first module that has the option, and one at the others.
"""

from __future__ import annotations

import os
import re
import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._arm import cloud
from ansible_collections.azureml.compute.tests.support import figures
from ansible_collections.azureml.compute.tests.support.azure import SUBSCRIPTION, Azure
from ansible_collections.azureml.compute.tests.support.bad_input import (
    BASES,
    CONTRADICTIONS,
    MODULES,
    NAMES,
    Case,
    cases,
    full_spec,
    options_of,
    rule_values,
)

Options = dict[str, t.Any]


class Strict(Azure):
    """An Azure whose modules also look for their cloud, as they do outside the tests; the look at an address would be a request."""

    def _client(self, task: t.Any) -> t.Any:
        assert task.cloud is not None
        return super()._client(task)


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Strict]:
    def fetch(url: str, verify: t.Any) -> t.Any:
        raise AssertionError(f"a request to {url}")

    monkeypatch.setattr(cloud, "_fetch", fetch)
    made = Strict()
    made.make_workspace()
    try:
        yield made
    finally:
        made.app.close()


def refused(azure: Azure, module: str, options: Options, names: str) -> str | None:
    """None, or what became of a declaration that ought to have been refused."""
    done = azure.run(module, ok=None, **options)
    if azure.sent or azure.tokens:
        return f"sent {len(azure.sent)} request(s)"
    if not done.get("failed"):
        return "was taken"
    if names not in done["msg"]:
        return f"message without the option: {done['msg'][:200]}"
    # Later checks run without the wrong option; they must not report others, which are right.
    details = [detail for detail in (done.get("failure") or {}).get("details") or [] if isinstance(detail, dict)]
    others = {
        re.split(r"[.\[]", detail["option"])[0]
        for detail in details
        if "option" in detail and names not in detail["message"]
    } - {re.split(r"[.\[]", names)[0]}
    return f"also reported: {done['msg'][:300]}" if others and len(details) > 1 else None


def _reaches_a_module(value: object) -> bool:
    """A controller, in whose process the tests are with AML_TEST_ACTIONS, gives half of a surrogate pair to no module."""
    return not os.environ.get("AML_TEST_ACTIONS") or "\\ud" not in repr(value)


def tried(module: str) -> list[Case]:
    every = [case for case in cases(module) if _reaches_a_module(case.options)]
    if figures.THOROUGH:
        return every
    before = {
        (option, str(rule_values(module, option)))
        for module in MODULES[: MODULES.index(module)]
        for option, _row in options_of(full_spec(module))
    }
    chosen, seen = [], set()
    for case in every:
        known = (case.option, str(rule_values(module, case.option))) in before
        if not known or case.option not in seen:
            chosen.append(case)
        seen.add(case.option)
    return chosen


@pytest.mark.parametrize("module", MODULES)
def test_every_option_has_its_wrong_values(module: str) -> None:
    """A new option needs a row in ``bad_input.RULES``, be it an empty one, unless its type and choices say all."""
    plain = ("bool",)
    missing = [
        option
        for option, row in options_of(full_spec(module))
        if rule_values(module, option) is None and row.get("type", "str") not in plain and not row.get("choices")
    ]
    assert missing == []


@pytest.mark.parametrize("module", MODULES)
def test_the_declarations_are_right_without_the_wrong_value(azure: Azure, module: str) -> None:
    """Or a refusal would prove nothing: each gets as far as a request. What the service then says of it is not of interest here."""
    for base in BASES[module]:
        azure.run(module, check=True, ok=None, **base)
        assert azure.sent, base


@pytest.mark.parametrize("module", MODULES)
def test_a_wrong_value_is_refused_before_the_first_request(strict: Strict, module: str) -> None:
    every = tried(module)
    wrong = {}
    for case in every:
        if problem := refused(strict, module, case.options, case.option.rpartition(".")[2]):
            wrong[str(case)] = problem
    figures.add("bad input", module, {
        "options": len({case.option for case in every}), "wrong values": len(every), "refused before the first request": len(every) - len(wrong),
    })  # fmt: skip
    assert wrong == {}


@pytest.mark.parametrize(("module", "options", "names"), CONTRADICTIONS)
def test_a_contradiction_is_refused(strict: Strict, module: str, options: Options, names: str) -> None:
    assert refused(strict, module, options, names) is None


@pytest.mark.parametrize(
    "module", [module for module in MODULES if {"state", "name"} <= set(full_spec(module)) and module != "aml_fleet"]
)
def test_a_name_that_leads_elsewhere_is_not_removed(strict: Strict, module: str) -> None:
    """A removal knows no rules of a kind; its name must still be one name."""
    place = ("resource_group", "type", "api_version", "cluster_id")
    base = {name: value for name, value in BASES[module][0].items() if name in place}
    for name in filter(_reaches_a_module, NAMES):
        assert refused(strict, module, {**base, "name": name, "state": "absent"}, "name") is None, name


def test_a_subscription_of_the_environment_is_held_to_the_same_rule(
    strict: Strict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It becomes part of every address, wherever it comes from."""
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", f"{SUBSCRIPTION}/../x")
    for module in ("aml_compute_cluster", "arm_resource", "aml_workspace_info", "aml_usage_info"):
        assert refused(strict, module, {**BASES[module][0], "subscription_id": ""}, "subscription_id") is None, module
