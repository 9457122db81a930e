# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in texts, in any encoding; and the placeholders of variables."""

from __future__ import annotations

import time

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core import redact
from ansible_collections.azureml.compute.plugins.module_utils._core.mask import Masker

SECRET = "P&ss<w'rd>+/Z\u00fcrich=9"


def masker(*secrets: str) -> Masker:
    made = Masker()
    for secret in secrets:
        made.add(secret)
    return made


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        "P\\u0026ss\\u003Cw\\u0027rd\\u003E\\u002B\\/Z\\u00FCrich=9",
        "P%26ss%3cw%27rd%3E%2b%2FZ%c3%BCrich%3D9",
        "P%2526ss%253cw'rd%253E%252b/Z%25c3%25bcrich=9",
        "P&amp;ss&lt;w&#39;rd&#x3E;+/Z&uuml;rich=9",
        "P&amp;amp;ss&amp;lt;w&apos;rd&gt;+/Z&#252;rich&#61;9",
        "P&ss<w''rd>+/Zu\u0308rich=9",
        "P\x00&\x00s\x00s\x00<\x00w\x00'\x00r\x00d\x00>\x00+\x00/\x00Z\x00\xfc\x00r\x00i\x00c\x00h\x00=\x009\x00",
        "P&ss<w'rd>+/Z\u00c3\u00bcrich=9",
        "P&ss<w'\n  rd>+/Zürich=9",
    ],
)
def test_whatever_the_encoding(text: str) -> None:
    assert (
        masker(SECRET).mask(f"Value: {text} | not \\u0026 right").replace("\x00", "")
        == "Value: *** | not \\u0026 right"
    )


def test_a_text_without_a_secret_stays_as_it_is() -> None:
    tree = {"a": ["100 %", "C:\\new\\u0041", "&amp;", 7, None, True], "b": {"c": "%41%42"}}
    assert masker(SECRET).mask_tree(tree) is tree


def test_keys_and_values_of_a_tree() -> None:
    tree = {f"key {SECRET}": [{"value": f"<{SECRET}>"}], "other": "100%41"}
    assert masker(SECRET).mask_tree(tree) == {"key ***": [{"value": "<***>"}], "other": "100%41"}


def test_a_secret_at_a_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact, "KNOWN", masker(SECRET))
    assert redact.cut("x" * 5 + SECRET, 10) == "xxxxx***"


def test_the_longest_of_overlapping_secrets() -> None:
    assert masker("hunter", "hunter2", "hunter2-and-the-rest").mask("It was hunter2-and-the-rest.") == "It was ***."


def test_many_secrets_in_a_large_result_take_little_time() -> None:
    """600 targets with a secret of their own each: the time grows with the text and not with the product of both."""
    many = masker(*(f"Secret-of-target-{number}-x9" for number in range(600)))
    tree = [{"name": f"target-{number}", "text": "what the service says of a target " * 20} for number in range(600)]
    many.mask("prepare")
    started = time.process_time()
    assert many.mask_tree(tree) is tree
    few = time.process_time() - started
    assert few < 5, f"{few:.1f} s of processor time for 0.4 MB"


# --- variables ---


@pytest.mark.parametrize(
    "name", ["environment_variables", "environmentVariables", "appSettings", "env", "application_settings"]
)
def test_values_are_hidden_at_their_places_whatever_their_names(name: str) -> None:
    tree = {
        "x": [
            {
                name: {"A": "1", "B": "eastus", "C": {"type": "local", "value": "eastus"}, "D": None, "E": ""},
                "location": "eastus",
                "count": "1",
            }
        ]
    }
    hidden = redact.without_values(tree, shown={"A"})["x"][0]
    values = hidden.pop(name)
    assert (
        hidden == {"location": "eastus", "count": "1"}
        and values["A"] == "1"
        and values["D"] is None
        and values["E"] == ""
    )
    assert values["B"].startswith("VALUE_NOT_SHOWN (") and values["C"] == {"type": "local", "value": values["B"]}
    assert redact.without_values({name: {"B": "westus"}})[name]["B"] != values["B"]


def test_a_list_of_names_and_values() -> None:
    tree = {"siteConfig": {"appSettings": [{"name": "KEY", "value": "abc"}, {"name": "MODE", "value": "b"}]}}
    shown, other = redact.without_values(tree, shown={"MODE"})["siteConfig"]["appSettings"]
    assert (
        shown["name"] == "KEY"
        and shown["value"].startswith("VALUE_NOT_SHOWN")
        and other == {"name": "MODE", "value": "b"}
    )


def test_only_values_that_are_long_or_odd_are_searched_for_in_texts() -> None:
    ordinary = {
        "A": "true",
        "B": "1",
        "C": "eastus",
        "D": "Standard_DS3_v2",
        "E": "production",
        "F": "ml-workspace-prod",
        "G": "/data/models",
    }
    odd = {
        "DB_PASS": "case-value-db-pass",
        "URL": "postgres://me:word@db/x",
        "SAS": "?sv=1&sig=abc",
        "PIN_PASSWORD": "secret",
    }
    tree = {
        "environment_variables": {**ordinary, **odd},
        "name": "ml-workspace-prod",
        "id": "/subscriptions/s/resourceGroups/case-rg-with-long-name-1",
    }
    assert redact.in_variables(tree, public=redact.public_texts(tree)) == set(odd.values())
    assert redact.in_variables(tree, shown={"DB_PASS", "URL", "SAS"}, public=redact.public_texts(tree)) == {"secret"}
