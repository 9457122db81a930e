# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML from users: each limit, the value just below it, and that refusing takes no time."""

from __future__ import annotations

import time
import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core import redact, safe_yaml
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import RuleError
from ansible_collections.azureml.compute.plugins.module_utils._options import definition


def laughs(levels: int, width: int, one: str = "[{}]") -> str:
    """Aliases of aliases: ``width`` to the power of ``levels`` values."""
    text = f"a0: &a0 {one.format(', '.join(['x'] * width))}\n"
    return text + "".join(
        f"a{level}: &a{level} {one.format(', '.join([f'*a{level - 1}'] * width))}\n" for level in range(1, levels)
    )


def nested(depth: int) -> t.Any:
    value: t.Any = "x"
    for _level in range(depth):
        value = [value]
    return {"a": value}


HOSTILE = {
    "aliases of aliases": (laughs(9, 9), "more than 5000 values"),
    "merges of merges": (
        "a0: &a0 {x: y}\n" + "".join(f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)),
        "more than 5000 values",
    ),
    "many aliases": ("a: &a x\nb: [" + "*a, " * 101 + "]\n", "more than 100 aliases (line 2)"),
    "an alias of itself": ("a: &a [*a]\n", "alias inside the value"),
    "flow lists": ("a: " + "[" * 5_000, "deeper than 50 levels (line 1)"),
    "flow mappings": ("a: " + "{a: " * 5_000, "deeper than 50 levels"),
    "block lists": ("a:\n  " + "- " * 5_000 + "x\n", "deeper than 50 levels"),
    "many values": ("a: [" + "x," * 60_000 + "]\n", "more than 5000 values"),
    "a large text": ("a: " + "x" * (256 * 1024), "at most 262144 are allowed"),
    "a key twice": ("name: a\nsize: b\nname: c\n", "the key 'name' is set twice, in line 1 and in line 3"),
    "a key twice, below": (
        "a:\n  - {x: 1}\n  - x: 1\n    y: 2\n    'x': 3\n",
        "the key 'x' is set twice, in line 3 and in line 5",
    ),
    "a key twice, of one value": ("yes: a\ntrue: b\n", "set twice"),
    "a merge twice": ("a: &a {x: y}\nb:\n  <<: *a\n  <<: *a\n", "'<<' is set twice, in line 3 and in line 4"),
    "a key that is a list": ("? [a]\n: b\n", "a key that is not plain text (line 1)"),
    "a date": ("a: b\ncreated_on: 2026-01-01\n", "a date; write it in quotes (line 2)"),
    "a time": ("a: 2026-01-01T10:00:00Z\n", "a date; write it in quotes (line 1)"),
    "a date that is none": ("a: 2026-13-45\n", "a date; write it in quotes (line 1)"),
    "binary data": ("a: !!binary aGVsbG8=\n", "binary data"),
    "a set": ("a: !!set {x, y}\n", "a set; write a list"),
    "an ordered mapping": ("a: !!omap [x: y]\n", "an ordered mapping"),
    "a number of 5,000 digits": (f"a: {'9' * 5_000}\n", "a number of more than 64 bits"),
    "a number of 70 bits": (f"a: {2**70}\n", "a number of more than 64 bits"),
    "a number of 5,000 parts": (f"a: {'1:' * 5_000}1\n", "a number of more than 64 bits"),
    "no number": ("a: .nan\n", "or one that JSON does not have (line 1)"),
    "infinity": ("a: -.inf\n", "or one that JSON does not have (line 1)"),
    "a number without digits": ("a: !!int x\n", "its type does not allow"),
    "a Python object": ("a: !!python/object/apply:os.getcwd []\n", "could not determine a constructor"),
    "two documents": ("a: b\n---\nc: d\n", "expected a single document"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_at_once(name: str) -> None:
    text, why = HOSTILE[name]
    started = time.process_time()
    with pytest.raises(RuleError) as refused:
        definition.parse(text)
    assert refused.value.code == "InvalidDefinition" and why in refused.value.message
    # The search for secrets, which comes first, meets the same limits.
    assert redact.in_definition(text) == set()
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (nested(60), "deeper than 50 levels"),
        (nested(100_000), "deeper than 50 levels"),
        ({"a": ["x"] * 5_001}, "more than 5000 values"),
        ({"a": 10**5_000}, "numbers have at most 64"),
        ({"a": float("inf")}, "which is not a number that JSON has"),
        ({"a": b"x"}, "holds a bytes"),
    ],
)
def test_a_mapping_has_the_same_limits(value: t.Any, why: str) -> None:
    with pytest.raises(RuleError) as refused:
        definition.parse(value)
    assert refused.value.code == "InvalidDefinition" and why in refused.value.message


def test_what_people_write_is_taken() -> None:
    text = "a: &a {x: 1, y: [true, null, 2.5]}\nb: {<<: *a, x: 2}\nc: *a\nd: '2026-01-01'\n? e\n: |\n  text\n"
    declared = definition.parse(text)
    assert declared["b"] == {"x": 2, "y": [True, None, 2.5]} and declared["c"] == declared["a"]
    assert declared["d"] == "2026-01-01" and declared["e"] == "text\n"
    assert definition.parse("a: &a x\nb: [" + "*a, " * 100 + "]\n")["b"] == ["x"] * 100
    assert safe_yaml.load("a: " + "[" * 48 + "]" * 48)["a"]
    assert safe_yaml.load(f"a: {2**63 - 1}") == {"a": 2**63 - 1}


def test_options_that_cannot_be_walked_are_refused() -> None:
    safe_yaml.check_depth(nested(90), "The options")
    with pytest.raises(RuleError, match="deeper than 100 levels"):
        safe_yaml.check_depth(nested(100_000), "The options")
