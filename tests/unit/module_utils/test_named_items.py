# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long lists of named items in a diff: one line for each item that is not changed in part."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._console.named_items import shortened


def items(*names: str, **more: t.Any) -> list[dict[str, t.Any]]:
    return [{"name": name, **more} for name in names]


def test_items_that_are_equal_have_the_same_line_in_any_order_of_their_keys() -> None:
    one = [*items("a", "b", "c"), {"name": "d", "x": {"p": 1, "q": 2}}]
    other = [*items("a", "b", "c"), {"x": {"q": 2, "p": 1}, "name": "d"}]
    assert shortened(one, other, str) == shortened(other, one, str)
    assert shortened(one, other, str)[-1] == "{name: d, x: {p: 1, q: 2}}"


def test_an_item_that_differs_stays_as_it_is() -> None:
    before, after = items(*"abcd", x=1), [*items(*"abc", x=1), {"name": "d", "x": 2}]
    assert shortened(after, before, str)[2:] == ["{name: c, x: 1}", {"name": "d", "x": 2}]
    assert shortened(before, None, str)[3] == "{name: d, x: 1}", "an item that only one side has"


@pytest.mark.parametrize(
    "value",
    [
        items(*"abc"),
        items(*"aabcd"),
        [*items(*"abcd"), {"id": 1}],
        ["a", "b", "c", "d"],
        [*items(*"abcd"), "e"],
        items(*"abcd", "")[:3],
        [{"name": number} for number in range(5)],
        None,
        7,
    ],
)
def test_other_values_stay_as_they_are(value: t.Any) -> None:
    assert shortened({"list": value}, {}, str) == {"list": value}


def test_text_that_yaml_would_read_as_another_value_keeps_its_quotes() -> None:
    values = ["443", "no", "True", "*", "a b", "Storage.eastus", "a\x1b[31m\x9b", 5, None]
    [line, *_rest] = shortened(items(*"abcd", x=values), [], str)
    assert line.startswith('{name: a, x: ["443", "no", "True", "*", "a b", Storage.eastus, "a')
    assert line.endswith(", 5, null]}")
    assert line.isprintable()
