# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user really gave: unset, null and empty are three things. Source: DESIGN.md, "Unset is not null"."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._options import specs

SPEC: specs.Spec = {
    "plain": {"type": "str", "aliases": ["other", "third"]},
    "number": {"type": "int", "default": 4},
    "tags": {"type": "dict"},
    "deep": {
        "type": "dict",
        "options": {
            "name": {"type": "str", "aliases": ["title"]},
            "note": {"type": "str"},
            "count": {"type": "int", "default": 1},
            "deeper": {"type": "dict", "options": {"x": {"type": "str"}}},
        },
    },
    "items": {"type": "list", "elements": "dict", "options": {"name": {"type": "str"}, "note": {"type": "str"}}},
    "names": {"type": "list", "elements": "str"},
}
UNSET = {"plain": None, "number": 4, "tags": None, "deep": None, "items": None, "names": None}


def given(raw: dict[str, t.Any], **checked: t.Any) -> dict[str, t.Any]:
    return specs.given(SPEC, raw, {**UNSET, **checked})


@pytest.mark.parametrize(
    ("raw", "checked", "expected"),
    [
        ({}, {}, {}),
        ({"plain": "a"}, {"plain": "a"}, {"plain": "a"}),
        ({"other": "a"}, {"plain": "a"}, {"plain": "a"}),
        ({"third": None}, {}, {"plain": None}),
        ({"plain": ""}, {"plain": ""}, {"plain": ""}),
        ({"number": "5"}, {"number": 5}, {"number": 5}),
        ({"number": 0}, {"number": 0}, {"number": 0}),
        ({"tags": {}}, {"tags": {}}, {"tags": {}}),
        ({"tags": {"a": None}}, {"tags": {"a": None}}, {"tags": {"a": None}}),
        ({"tags": None}, {}, {"tags": None}),
        ({"names": "a,b"}, {"names": ["a", "b"]}, {"names": ["a", "b"]}),
        ({"names": []}, {"names": []}, {"names": []}),
        ({"foreign": 1}, {}, {}),
    ],
)
def test_given(raw: dict[str, t.Any], checked: dict[str, t.Any], expected: dict[str, t.Any]) -> None:
    assert given(raw, **checked) == expected


def test_a_default_is_not_given() -> None:
    assert "number" not in given({})


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, None),
        ({}, {}),
        ({"name": "a"}, {"name": "a"}),
        ({"title": "a"}, {"name": "a"}),
        ({"note": None}, {"note": None}),
        ({"name": "a", "note": None}, {"name": "a", "note": None}),
        ({"deeper": None}, {"deeper": None}),
        ({"deeper": {}}, {"deeper": {}}),
        ({"deeper": {"x": None}}, {"deeper": {"x": None}}),
    ],
)
def test_nested(raw: t.Any, expected: t.Any) -> None:
    checked = (
        None if raw is None else {"name": "a", "note": None, "count": 1, "deeper": raw.get("deeper") and {"x": None}}
    )
    if raw and raw.get("deeper") == {}:
        checked["deeper"] = {"x": None}
    assert given({"deep": raw}, deep=checked) == {"deep": expected}


def test_nested_from_text_knows_no_nulls() -> None:
    assert given({"deep": "name=a"}, deep={"name": "a", "note": None, "count": 1, "deeper": None}) == {
        "deep": {"name": "a", "count": 1}
    }


def test_items_of_a_list() -> None:
    raw = [{"name": "a"}, {"name": "b", "note": None}]
    checked = [{"name": "a", "note": None}, {"name": "b", "note": None}]
    assert given({"items": raw}, items=checked) == {"items": [{"name": "a"}, {"name": "b", "note": None}]}
