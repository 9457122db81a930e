# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan, by tables and by hypothesis.

Source: DESIGN.md (Spec, current, plan): what is not declared is not managed; unset is not null; one plan for check mode, diff and apply.
"""

from __future__ import annotations

import random
import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core import canon, paths
from ansible_collections.azureml.compute.plugins.module_utils._core.arm_id import Target
from ansible_collections.azureml.compute.plugins.module_utils._engine import plan as _plan
from ansible_collections.azureml.compute.plugins.module_utils._engine.fields import (
    CREATE_ONLY,
    READ_ONLY,
    WRITE_ONLY,
    Field,
)
from ansible_collections.azureml.compute.plugins.module_utils._kinds.cluster import CLUSTER
from hypothesis import given, settings
from hypothesis import strategies as st

TABLE = (
    Field("size", "p.vmSize", CREATE_ONLY, canon=canon.caseless, why_fixed="sizes are fixed"),
    Field("lowest", "p.min"),
    Field("deep.er", "p.deep"),
    Field("tags", "tags", canon=canon.mapping),
    Field("password", "p.password", WRITE_ONLY),
    Field("state", "p.state", READ_ONLY),
    Field("note", "p.note", canon=canon.text, clearable=True),
)
CURRENT = {
    "size": "STANDARD_A",
    "lowest": 0,
    "deep": {"er": None},
    "tags": {"a": "1", "b": "2"},
    "password": None,
    "state": "Steady",
    "note": None,
}


AS_IT_IS: t.Any = object()


def plan(declared: dict[str, t.Any], current: t.Any = AS_IT_IS, **more: t.Any) -> _plan.Plan:
    return _plan.plan_present(TABLE, declared, CURRENT if current is AS_IT_IS else current, **more)


@pytest.mark.parametrize(
    "declared",
    [
        {},
        {"size": "standard_a"},
        {"lowest": 0},
        {"note": None},
        {"note": ""},
        {"tags": {"a": "1"}},
        {"tags": {"a": 1}},
        {"tags": {}},
        {"tags": None},
        {"tags": {"absent": None}},
        {"tags": {"A": "1"}},
        {"deep.er": None},
        {"password": "given"},
        {"state": "Resizing"},
    ],
)
def test_nothing_to_do(declared: dict[str, t.Any]) -> None:
    planned = plan(declared)
    assert planned.action == "none"
    assert not planned.changed
    assert planned.changes == ()
    assert planned.before == planned.after


@pytest.mark.parametrize(
    ("declared", "changes"),
    [
        ({"lowest": 1}, {"lowest": (0, 1)}),
        ({"lowest": None}, {"lowest": (0, None)}),
        ({"note": "x"}, {"note": (None, "x")}),
        ({"deep.er": 0}, {"deep.er": (None, 0)}),
        ({"tags": {"c": "3"}}, {"tags": ({"a": "1", "b": "2"}, {"a": "1", "b": "2", "c": "3"})}),
        ({"tags": {"a": None}}, {"tags": ({"a": "1", "b": "2"}, {"b": "2"})}),
        ({"tags": {"a": ""}}, {"tags": ({"a": "1", "b": "2"}, {"a": "", "b": "2"})}),
        ({"tags": {"A": "9"}}, {"tags": ({"a": "1", "b": "2"}, {"a": "9", "b": "2"})}),
        ({"tags": {"A": None}}, {"tags": ({"a": "1", "b": "2"}, {"b": "2"})}),
    ],
)
def test_updates(declared: dict[str, t.Any], changes: dict[str, tuple[t.Any, t.Any]]) -> None:
    planned = plan(declared)
    assert planned.action == "update"
    assert {change.field: (change.before, change.after) for change in planned.changes} == changes
    assert planned.values() == {field: after for field, (_before, after) in changes.items()}


@pytest.mark.parametrize(
    ("declared", "after"),
    [({"a": "1"}, {"a": "1"}), ({}, {}), (None, {}), ({"a": None, "c": 3}, {"c": "3"}), ({"A": "1"}, {"a": "1"})],
)
def test_tags_replace(declared: t.Any, after: dict[str, str]) -> None:
    planned = plan({"tags": declared}, append_tags=False)
    assert planned.values() == {"tags": after}


@pytest.mark.parametrize("append", [True, False])
def test_names_of_tags_have_no_case(append: bool) -> None:
    """A service that shows a name in another case than it was declared in would make every run a change."""
    assert plan({"tags": {"A": "1", "B": "2"}}, append_tags=append).action == "none"
    both = {**CURRENT, "tags": {"a": "1", "A": "2"}}
    assert plan({"tags": {"A": "3", "a": "1"}}, both, append_tags=append).values() == {"tags": {"a": "1", "A": "3"}}
    own = (Field("tags", "properties.tags", canon=canon.mapping),)
    planned = _plan.plan_present(own, {"tags": {"A": "1"}}, {"tags": {"a": "1"}}, append_tags=append)
    assert planned.values() == {"tags": {"a": "1", "A": "1"} if append else {"A": "1"}}, "those are no tags of ARM"


def test_tags_in_full() -> None:
    assert _plan.wanted(TABLE, {"tags": {"c": 3}, "lowest": 1}, CURRENT) == {
        "tags": {"a": "1", "b": "2", "c": "3"},
        "lowest": 1,
    }
    assert _plan.wanted(TABLE, {"tags": {"c": 3}}, CURRENT, append_tags=False) == {"tags": {"c": "3"}}
    assert _plan.wanted(TABLE, {"tags": {"c": None}}, None) == {"tags": {}}
    assert _plan.wanted(TABLE, {"lowest": 1}, CURRENT) == {"lowest": 1}


def test_creation_shows_no_secret() -> None:
    planned = plan({"size": "a", "password": "top secret", "lowest": 0}, None)
    assert planned.action == "create"
    assert planned.before == {}
    assert "top secret" not in str(planned)
    assert {change.field for change in planned.changes} == {"size", "password", "lowest"}
    assert all(change.reason is None for change in planned.changes), "nothing is fixed before it exists"


@pytest.mark.parametrize("policy", ["fail", "recreate"])
def test_fixed_fields_take_a_replacement_with_their_reason(policy: str) -> None:
    planned = plan({"size": "other", "lowest": 1}, on_immutable_change=policy)
    assert planned.action == "replace"
    assert [item.reason for item in planned.fixed] == ["sizes are fixed"]
    error = _plan.refuse_fixed(planned, "The thing")
    assert error.code == "ImmutableChange"
    assert "size" in error.message and "sizes are fixed" in error.message
    assert error.hint and "recreate" in error.hint and "ignore" in error.hint


def test_a_module_that_cannot_replace_does_not_say_that_it_can() -> None:
    hint = _plan.refuse_fixed(plan({"size": "other"}), "The thing", can_replace=False).hint
    assert hint == (
        "Set these fields to their current values, or remove the resource by a task with state=absent and create it again."
    )


def test_ignored_fields_are_told_and_left() -> None:
    planned = plan({"size": "other", "lowest": 1}, on_immutable_change="ignore")
    assert planned.action == "update"
    assert planned.values() == {"lowest": 1}
    assert planned.after == {"size": "STANDARD_A", "lowest": 1}
    assert planned.to_dict()["ignored"][0]["field"] == "size"
    assert plan({"size": "other"}, on_immutable_change="ignore").action == "none"


def test_what_is_broken_is_replaced() -> None:
    planned = plan({"lowest": 1, "password": "top secret"}, broken="its creation failed", update_secrets=True)
    assert (planned.action, planned.reason) == ("replace", "its creation failed")
    assert planned.diff() == {"before": {"lowest": 0}, "after": {"lowest": 1}}
    assert planned.values() == {"lowest": 1, "password": "top secret"}


def test_absent() -> None:
    assert _plan.plan_absent(None).action == "none"
    assert _plan.plan_absent(CURRENT).action == "delete"
    assert _plan.plan_absent(CURRENT, action=_plan.DETACH).action == "detach"
    assert _plan.plan_absent(CURRENT).diff() == {"before": CURRENT, "after": {}}
    assert _plan.plan_absent(CURRENT).reason == "it exists and is declared absent"


# --- what the result shows: the names that playbooks rely on ---


def test_a_plan_as_the_result_shows_it() -> None:
    planned = plan({"size": "other", "lowest": 1}, on_immutable_change="ignore")
    kept = {
        "field": "size",
        "before": "STANDARD_A",
        "after": "other",
        "mutability": "create_only",
        "reason": "sizes are fixed",
    }
    changed = {"field": "lowest", "before": 0, "after": 1, "mutability": "updatable", "reason": None}
    assert planned.to_dict() == {"action": "update", "changes": [changed], "reason": None, "ignored": [kept]}
    assert plan({}).to_dict() == {"action": "none", "changes": [], "reason": None}


def test_a_replacement_in_the_error_of_who_did_not_ask_for_it() -> None:
    table = (*TABLE, Field("tier", "p.tier", CREATE_ONLY, why_fixed="tiers are fixed"))
    planned = _plan.plan_present(table, {"size": "other", "tier": "low"}, CURRENT)
    assert planned.reason == "cannot change after creation: size, tier"
    error = _plan.refuse_fixed(planned, "The cluster cpu")
    assert error.message == (
        "The cluster cpu cannot be updated: size is immutable (current 'STANDARD_A', requested 'other'): sizes are fixed; "
        "tier is immutable (current not set, requested 'low'): tiers are fixed."
    )
    assert error.details == [change.to_dict() for change in planned.changes]
    assert error.hint == (
        "Set these fields to their current values, or set on_immutable_change=recreate to delete and recreate the resource, "
        "or on_immutable_change=ignore to keep them as they are."
    )


def test_what_the_resource_does_not_have_is_shown_as_null() -> None:
    planned = plan({"lowest": 1}, {})
    assert planned.diff() == {"before": {"lowest": None}, "after": {"lowest": 1}}
    assert [change.before for change in planned.changes] == [None]


# --- write-only values ---


def test_a_creation_sends_its_secrets_and_shows_none() -> None:
    planned = plan({"password": "top secret", "lowest": 0}, None)
    assert planned.reason == "it does not exist"
    assert planned.diff() == {"before": {}, "after": {"lowest": 0}}
    assert planned.values() == {"password": "top secret", "lowest": 0}
    [shown] = [change for change in planned.changes if change.field == "password"]
    assert shown == _plan.Change("password", None, "VALUE_NOT_SHOWN", "write_only")


def test_secrets_go_to_an_existing_resource_only_when_asked_for_or_due() -> None:
    """update_secrets sends them all; a changed field takes those that belong to it (a certificate's key with its host name)."""
    table = (*TABLE, Field("key", "p.key", WRITE_ONLY, goes_with=("lowest", "note")))
    declared = {"password": "p", "key": "k", "lowest": 1}
    assert _plan.plan_present(table, declared, CURRENT).secrets == {"key": "k"}
    assert _plan.plan_present(table, {**declared, "lowest": 0}, CURRENT).secrets == {}
    asked = _plan.plan_present(table, {**declared, "lowest": 0}, CURRENT, update_secrets=True)
    assert asked.action == "update"
    assert asked.values() == asked.secrets == {"password": "p", "key": "k"}
    assert _plan.plan_present(table, {"password": None}, CURRENT, update_secrets=True).action == "none"


# --- what holds for every declaration of a cluster ---

TARGET = Target("cpu", "/w/computes/cpu", "/w", "s", "rg")
IDS = st.sampled_from(
    [
        f"/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
        for name in "abc"
    ]
)
DECLARED = st.fixed_dictionaries(
    {},
    optional={
        "location": st.sampled_from(["eastus", "East US", "westus2"]),
        "size": st.sampled_from(["Standard_DS3_v2", "STANDARD_DS3_V2", "Standard_NC6"]),
        "tier": st.sampled_from(["dedicated", "low_priority"]),
        "min_instances": st.integers(0, 3),
        "max_instances": st.integers(3, 9),
        "idle_time_before_scale_down": st.integers(0, 10000),
        "ssh_public_access_enabled": st.booleans(),
        "enable_node_public_ip": st.booleans(),
        "description": st.sampled_from(["", "text", None]),
        "tags": st.dictionaries(
            st.sampled_from("abcd"), st.one_of(st.none(), st.integers(), st.text("xyz", max_size=3))
        ),
        "identity": st.one_of(
            st.none(),
            st.just({"type": "system_assigned", "user_assigned_identities": []}),
            st.lists(IDS, min_size=1, max_size=3, unique=True).map(
                lambda ids: {"type": "user_assigned", "user_assigned_identities": ids}
            ),
        ),
        "network_settings.subnet": st.one_of(st.none(), st.just("/subscriptions/s/subnets/x")),
    },
)
SETTINGS = settings(max_examples=120, deadline=None)


def shouted(value: t.Any) -> t.Any:
    """What ARM may do to the values of a document: case of enums, sizes and ids."""
    inner = value["properties"]["properties"]
    for key in ("vmSize", "vmPriority"):
        if isinstance(inner.get(key), str):
            inner[key] = inner[key].upper()
    if value.get("identity"):
        users = value["identity"].get("userAssignedIdentities")
        value["identity"]["type"] = value["identity"]["type"].upper()
        if users:
            value["identity"]["userAssignedIdentities"] = {key.upper(): {} for key in reversed(users)}
    return value


@SETTINGS
@given(DECLARED, st.booleans())
def test_the_plan_of_what_was_just_created_is_none(declared: dict[str, t.Any], append: bool) -> None:
    full = _plan.wanted(CLUSTER.fields, declared, None, append)
    body = shouted(CLUSTER.create_body(TARGET, full, {"location": "eastus"}))
    planned = _plan.plan_present(CLUSTER.fields, declared, CLUSTER.read(body), append_tags=append)
    # The location is not compared with the workspace's, which the document has where none was declared.
    assert planned.action == "none", planned.changes


@SETTINGS
@given(DECLARED, DECLARED, st.booleans())
def test_the_plan_of_what_was_just_applied_is_none(
    first: dict[str, t.Any], second: dict[str, t.Any], append: bool
) -> None:
    body = CLUSTER.create_body(TARGET, _plan.wanted(CLUSTER.fields, first, None), {"location": "eastus"})
    change = _plan.plan_present(
        CLUSTER.fields, second, CLUSTER.read(body), append_tags=append, on_immutable_change="recreate"
    )
    after = shouted(CLUSTER.with_values(body, change.values()))
    again = _plan.plan_present(CLUSTER.fields, second, CLUSTER.read(after), append_tags=append)
    assert again.action == "none", again.changes


@SETTINGS
@given(DECLARED, DECLARED, st.randoms())
def test_the_order_of_the_declaration_has_no_meaning(
    first: dict[str, t.Any], second: dict[str, t.Any], dice: random.Random
) -> None:
    current = CLUSTER.read(CLUSTER.create_body(TARGET, _plan.wanted(CLUSTER.fields, first, None), None))
    items = list(second.items())
    dice.shuffle(items)
    assert _plan.plan_present(CLUSTER.fields, dict(items), current) == _plan.plan_present(
        CLUSTER.fields, second, current
    )


@SETTINGS
@given(DECLARED, DECLARED, st.sampled_from(["fail", "recreate", "ignore"]))
def test_what_is_not_declared_is_in_no_change_and_no_body(
    first: dict[str, t.Any], second: dict[str, t.Any], policy: str
) -> None:
    body = CLUSTER.create_body(TARGET, _plan.wanted(CLUSTER.fields, first, None), {"location": "eastus"})
    planned = _plan.plan_present(CLUSTER.fields, second, CLUSTER.read(body), on_immutable_change=policy)
    assert {change.field for change in (*planned.changes, *planned.ignored)} <= set(second)
    after = CLUSTER.with_values(body, planned.values())
    for row in CLUSTER.fields:
        if row.option not in second:
            assert paths.get_path(after, row.path) == paths.get_path(body, row.path)
    if planned.action == "update":
        [request] = CLUSTER.updates(body, planned)
        scale = {"min_instances", "max_instances", "idle_time_before_scale_down"}
        assert (request.method == "PATCH") == (set(planned.values()) <= scale)


@SETTINGS
@given(DECLARED)
def test_the_diff_shows_the_declared_fields_alone(declared: dict[str, t.Any]) -> None:
    planned = _plan.plan_present(CLUSTER.fields, declared, CLUSTER.read({"properties": {"properties": {}}}))
    assert set(planned.before) == set(planned.after) == {option.split(".")[0] for option in declared}


class Completed(Field):
    """A field whose declared value leaves a part to the resource as it is."""

    def filled(self, before: t.Any, declared: t.Any) -> t.Any:
        return [before, declared]


def test_what_a_declaration_leaves_to_the_resource_is_taken_from_it() -> None:
    table = (Completed("lowest", "p.min"),)
    assert _plan.wanted(table, {"lowest": 5}, {"lowest": 1}) == {"lowest": [1, 5]}
    assert _plan.wanted(table, {"lowest": 5}, None) == {"lowest": [None, 5]}
    (change,) = _plan.plan_present(table, {"lowest": 5}, {"lowest": 1}).changes
    assert (change.before, change.after) == (1, [1, 5])
