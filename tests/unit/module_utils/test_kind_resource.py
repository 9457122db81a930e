# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any resource: what contains what, and what becomes of a document. Source: arm_resource's documentation of ``body``."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core.arm_id import Target
from ansible_collections.azureml.compute.plugins.module_utils._engine.plan import plan_present
from ansible_collections.azureml.compute.plugins.module_utils._kinds.resource import Resource, contains, merged, project
from hypothesis import given
from hypothesis import strategies as st

TARGET = Target("x", "/subscriptions/s/x", "/subscriptions/s", "s", "")


@pytest.mark.parametrize(
    ("current", "declared"),
    [
        ({"a": 1, "b": 2}, {"a": 1}),
        ({"a": 1}, {}),
        (None, {}),
        (None, {"a": None}),
        ({}, None),
        ([], None),
        (None, []),
        ("", None),
        (None, ""),
        ([{"name": "A", "x": 1}, {"name": "b"}], [{"name": "a"}]),
        ([1, 2], [1, 2]),
        ("true", True),
        (False, "False"),
        (0, 0),
        ("/subscriptions/S/x", "/subscriptions/s/X/"),
    ],
)
def test_contains(current: t.Any, declared: t.Any) -> None:
    assert contains(current, declared)


@pytest.mark.parametrize(
    ("current", "declared"),
    [
        ({"a": 1}, {"a": 2}),
        ({}, {"a": 1}),
        (None, {"a": 1}),
        ([1], [1, 2]),
        ([1, 2], [2, 1]),
        ([{"name": "b"}], [{"name": "a"}]),
        ([], [{"name": "a"}]),
        (0, None),
        (False, None),
        (None, 0),
        (None, False),
        ("a", "A"),
        ("text", {"a": 1}),
        ({"a": 1}, None),
        ({"a": 1}, "text"),
        (1, True),
        ([{"name": "a"}, 7], [{"name": "a", "x": 1}]),
    ],
)
def test_does_not_contain(current: t.Any, declared: t.Any) -> None:
    assert not contains(current, declared)


def test_a_location_is_compared_as_a_region() -> None:
    assert contains({"location": "eastus", "locations": ["eastus"]}, {"location": "East US"})
    assert not contains({"locations": ["eastus"]}, {"locations": ["East US"]})


NAMES = st.sampled_from(["name", "a", "b", "location", "id.x"])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from(["", "x", "X", "/subscriptions/s"]))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)
BODIES = st.dictionaries(st.sampled_from(["location", "properties", "sku", "tags"]), VALUES, max_size=3)


def unique(value: t.Any) -> bool:
    """No list with two items of one name: such a list cannot be matched by name."""
    if isinstance(value, dict):
        return all(unique(item) for item in value.values())
    if not isinstance(value, list):
        return True
    names = [
        str(item["name"]).casefold() for item in value if isinstance(item, dict) and isinstance(item.get("name"), str)
    ]
    return len(names) == len(set(names)) and all(unique(item) for item in value)


@given(VALUES.filter(unique), VALUES.filter(unique))
def test_what_was_merged_in_is_contained(current: t.Any, declared: t.Any) -> None:
    assert contains(merged(current, declared), declared)


@given(BODIES.filter(unique), BODIES.filter(unique))
def test_the_plan_of_what_was_just_applied_is_none(current: dict[str, t.Any], declared: dict[str, t.Any]) -> None:
    declared.pop("tags", None)
    kind = Resource("1", declared)
    flat = kind.declare({}, TARGET)
    plan = plan_present(kind.fields, flat, kind.read(current))
    after = kind.with_values(current, plan.values())
    assert plan_present(kind.fields, flat, kind.read(after)).action == "none"
    assert {key: value for key, value in after.items() if key not in declared} == {
        key: value for key, value in current.items() if key not in declared
    }


def test_rows_go_as_deep_as_was_declared() -> None:
    kind = Resource("1", {"location": "x", "properties": {"a": {"b": 1}, "c": {}, "d": [1]}, "tags": {"t": 1}})
    assert [row.option for row in kind.fields] == ["location", "properties.a.b", "properties.c", "properties.d", "tags"]


def test_a_map_of_ids_is_one_value() -> None:
    identity = {
        "type": "UserAssigned",
        "userAssignedIdentities": {"/subscriptions/s/providers/Microsoft.ManagedIdentity/x": {}},
    }
    kind = Resource("1", {"identity": identity})
    assert [row.option for row in kind.fields] == ["identity.type", "identity.userAssignedIdentities", "tags"]
    there = {
        "identity": {
            "type": "UserAssigned",
            "userAssignedIdentities": {"/subscriptions/s/providers/Microsoft.ManagedIdentity/x": {"clientId": "c"}},
        }
    }
    assert plan_present(kind.fields, kind.declare({}, TARGET), kind.read(there)).action == "none"


def test_a_put_drops_what_the_service_writes() -> None:
    kind = Resource("1", {"properties": {"a": 2}}, {"properties": {"secret": "s"}})
    read_only = {"id": "/x", "name": "x", "type": "T", "etag": "e", "systemData": {}}
    body = {**read_only, "location": "l", "properties": {"a": 1, "b": 1, "provisioningState": "Succeeded"}}
    plan = plan_present(kind.fields, kind.declare({}, TARGET), kind.read(body))
    [request] = kind.updates(body, plan)
    assert request.body == {"location": "l", "properties": {"a": 2, "b": 1, "secret": "s"}}
    assert "secret" not in str(plan)


def test_projection() -> None:
    assert project({"id": 1, "systemData": {"createdAt": 1}, "extendedLocation": {}, "managedBy": None}) == {
        "id": 1,
        "system_data": {"createdAt": 1},
        "extended_location": {},
        "managed_by": None,
    }
