# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a field is: the comparisons that answer to what ARM does with values.

Sources: docs/facts.md a.6 (sizes in capitals, durations), d.2 (empty text); the issue's list: regions, durations, null against empty.
"""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core import canon as _canon
from ansible_collections.azureml.compute.plugins.module_utils._core import paths
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import RuleError
from ansible_collections.azureml.compute.plugins.module_utils._core.paths import MISSING
from ansible_collections.azureml.compute.plugins.module_utils._core.shape import TEXT
from ansible_collections.azureml.compute.plugins.module_utils._engine import fields
from ansible_collections.azureml.compute.plugins.module_utils._engine.fields import Field
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("canon", "left", "right"),
    [
        (_canon.caseless, "STANDARD_DS3_V2", "Standard_DS3_v2"),
        (_canon.caseless, None, None),
        (_canon.region, "East US", "eastus"),
        (_canon.region, "EastUS2", "east us 2"),
        (_canon.arm_id, "/subscriptions/A/resourceGroups/B/", "/subscriptions/a/resourcegroups/b"),
        (_canon.text, "", None),
        (_canon.boolean_text, "True", True),
        (_canon.boolean_text, "false", False),
        (_canon.public_key, "ssh-rsa AAAA me@here", "ssh-rsa  AAAA you"),
        (_canon.mapping, None, {}),
        (_canon.mapping, {"a": 1}, {"a": "1"}),
        (_canon.mapping, {"b": "2", "a": "1"}, {"a": "1", "b": "2"}),
        (_canon.identity, None, {"type": "none"}),
        (_canon.identity, None, {"type": "None", "user_assigned_identities": []}),
        (
            _canon.identity,
            {"type": "user_assigned", "user_assigned_identities": ["/A", "/b"]},
            {"type": "USER_ASSIGNED", "user_assigned_identities": ["/B", "/a"]},
        ),
        (_canon.identity, {"type": "system_assigned"}, {"type": "system_assigned", "user_assigned_identities": None}),
    ],
)
def test_the_same(canon: t.Callable[[t.Any], t.Any], left: t.Any, right: t.Any) -> None:
    assert Field("x", "x", canon=canon).same(left, right)


@pytest.mark.parametrize(
    ("canon", "left", "right"),
    [
        (_canon.exact, 0, None),
        (_canon.exact, 0, 1),
        (_canon.boolean_text, False, None),
        (_canon.boolean_text, "yes", True),
        (_canon.text, "a", "A"),
        (_canon.region, "eastus", "eastus2"),
        (_canon.arm_id, "/a/b", "/a/c"),
        (_canon.caseless, "a", None),
        (_canon.mapping, {"a": "x"}, {"a": "X"}),
        (_canon.mapping, {"a": "x"}, {"A": "x"}),
        (_canon.public_key, "ssh-rsa AAAA", "ssh-rsa AAAB"),
        (_canon.identity, {"type": "system_assigned"}, None),
        (
            _canon.identity,
            {"type": "system_assigned", "user_assigned_identities": ["/a"]},
            {"type": "user_assigned", "user_assigned_identities": ["/a"]},
        ),
        (_canon.arm_id, "/a/X", "/a/"),
        (_canon.mapping, {"a": None}, {"a": "None"}),
        (
            _canon.identity,
            {"type": "user_assigned", "user_assigned_identities": ["/a"]},
            {"type": "user_assigned", "user_assigned_identities": ["/b"]},
        ),
    ],
)
def test_not_the_same(canon: t.Callable[[t.Any], t.Any], left: t.Any, right: t.Any) -> None:
    assert not Field("x", "x", canon=canon).same(left, right)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT0S", 0),
        ("PT120S", 120),
        ("PT2M", 120),
        ("pt2m".upper(), 120),
        ("PT1M40S", 100),
        ("PT1H", 3600),
        ("P1D", 86400),
        ("P1DT1S", 86401),
        ("P1W", 604800),
        ("PT0.5S", 0.5),
        ("PT0,5S", 0.5),
        ("PT120.0S", 120),
        (" PT2M ", 120),
        (None, None),
        (120, 120),
    ],
)
def test_durations(text: t.Any, seconds: t.Any) -> None:
    found = fields.seconds_from_duration(text)
    assert found == seconds
    assert type(found) is type(seconds)


@pytest.mark.parametrize("text", ["", "P", "PT", "P1M", "P1Y", "120", "2 minutes", "PT-1S", "P1DT"])
def test_no_durations(text: str) -> None:
    with pytest.raises(RuleError, match="ISO 8601"):
        fields.seconds_from_duration(text)


@given(st.integers(min_value=0, max_value=10**7))
def test_seconds_survive_the_way_to_arm_and_back(seconds: int) -> None:
    assert fields.seconds_from_duration(fields.duration_from_seconds(seconds)) == seconds


@given(st.integers(0, 50), st.integers(0, 30), st.integers(0, 70), st.integers(0, 70))
def test_any_spelling_of_a_duration_is_the_same(days: int, hours: int, minutes: int, seconds: int) -> None:
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    assert fields.seconds_from_duration(f"P{days}DT{hours}H{minutes}M{seconds}S") == total


KEYS = st.text("abc", min_size=1, max_size=2)


@given(st.lists(KEYS, min_size=1, max_size=4), st.one_of(st.none(), st.integers()))
def test_what_was_put_at_a_path_is_found_there(keys: list[str], value: t.Any) -> None:
    tree: dict[str, t.Any] = {keys[0]: None}
    paths.set_path(tree, ".".join(keys), value)
    assert paths.get_path(tree, ".".join(keys)) == value


@pytest.mark.parametrize(
    ("tree", "path"), [({}, "a"), ({"a": None}, "a.b"), ({"a": 1}, "a.b"), (None, "a"), ({"a": {}}, "a.b")]
)
def test_what_is_not_there_is_missing_and_not_null(tree: t.Any, path: str) -> None:
    assert paths.get_path(tree, path) is MISSING
    assert not MISSING


@pytest.mark.parametrize(
    ("tree", "path", "value"),
    [
        ({"a": {"b": 1}}, "a.b", 1),
        ({"a": {"b": None}}, "a.b", None),
        ({"a": None}, "a.b.c", None),
        ({"a": {"b": None}}, "a.b.c", None),
        ({"a": {"c": 1}}, "a.b", MISSING),
        ({"a": 1}, "a.b", MISSING),
        ({"a": "b"}, "a.b", MISSING),
        ({}, "a", MISSING),
    ],
)
def test_a_group_that_is_declared_null_declares_all_that_is_in_it(tree: t.Any, path: str, value: t.Any) -> None:
    assert paths.declared(tree, path) is value
    assert paths.is_declared(tree, path) == (value is not MISSING)


@pytest.mark.parametrize(
    ("words", "on", "off"), [((), "Enabled", "Disabled"), (("Personal", "Shared"), "Personal", "Shared")]
)
def test_a_switch_is_one_of_two_words_of_arm(words: tuple[str, ...], on: str, off: str) -> None:
    row = Field("the_option", "place", **fields.switch(*words))
    assert [row.write(value) for value in (True, False)] == [on, off]
    assert [row.read({"place": word}) for word in (on, off, on.upper(), off.lower(), "other")] == [
        True,
        False,
        True,
        False,
        None,
    ]
    assert row.shape == TEXT


def test_choice_passes_unknown_values_and_forgets_case() -> None:
    convert = fields.choice(low_priority="LowPriority")
    assert convert["to_arm"]("low_priority") == "LowPriority"
    assert convert["from_arm"]("LOWPRIORITY") == "low_priority"
    assert convert["from_arm"]("Spot") == "Spot"
    assert convert["to_arm"]("Spot") == "Spot"
    assert convert["from_arm"](None) is None
    assert convert["from_arm"](7) == 7


@pytest.mark.parametrize(
    ("sent", "shown"), [("False", False), ("true", True), (False, False), (None, None), ("maybe", "maybe")]
)
def test_a_boolean_that_arm_writes_as_text_is_one(sent: t.Any, shown: t.Any) -> None:
    assert Field("on", "p.on", spec={"type": "bool"}).read({"p": {"on": sent}}) is shown
    assert Field("on", "p.on", spec={"type": "str"}).read({"p": {"on": sent}}) is sent
    assert Field("on", "p.on").read({"p": {"on": sent}}) is sent


def test_what_is_no_text_is_compared_as_it_is() -> None:
    """A service may answer a number or an object where a text was promised."""
    for canon in (_canon.caseless, _canon.region, _canon.arm_id, _canon.public_key, _canon.boolean_text):
        assert Field("x", "x", canon=canon).same(7, 7)
        assert not Field("x", "x", canon=canon).same({"a": 1}, None)


def test_a_duration_as_it_is_sent() -> None:
    assert fields.duration_from_seconds(0) == "PT0S"
    assert fields.duration_from_seconds(None) is None


def test_a_duration_that_the_service_itself_spells_wrong_is_shown_as_it_is() -> None:
    assert fields.seconds_from_service("soon") == "soon"
    assert fields.seconds_from_service("PT2M") == 120


def test_a_declared_null_is_written_as_the_field_says() -> None:
    assert Field("x", "x", to_arm=str).write(None) is None
    assert Field("x", "x", cleared={"type": "None"}).write(None) == {"type": "None"}
    assert Field("x", "x", to_arm=str).write(0) == "0"


def test_what_is_made_of_a_cleared_field_is_nobody_elses() -> None:
    row = Field("x", "x", cleared={"inner": {}})
    row.write(None)["inner"]["key"] = "value"
    assert row.write(None) == {"inner": {}}


@pytest.mark.parametrize(
    ("value", "sent"),
    [("/a/b/", "/a/b"), ("/a/boX/", "/a/boX"), ("/a/B//", "/a/B"), ("/a/b", "/a/b"), (None, None), (["/a/"], ["/a/"])],
)
def test_an_id_is_sent_without_a_slash_at_its_end(value: t.Any, sent: t.Any) -> None:
    assert _canon.full_id(value) == sent


@pytest.mark.parametrize(
    ("tree", "path", "left"),
    [
        ({"a": 1}, "a", {}),
        ({"a": 1, "b": 2}, "a", {"b": 2}),
        ({"a": {"x": 1}}, "a", {}),
        ({"a": {"b": {"c": 1}}}, "a.b.c", {}),
        ({"a": {"b": {"c": 1}, "d": 2}}, "a.b.c", {"a": {"d": 2}}),
        ({"a": {"b": {"c": 1, "d": 2}}}, "a.b.c", {"a": {"b": {"d": 2}}}),
        ({"a": {"b": {}}}, "a.b.c", {}),
        ({"a": 1}, "a.b", {"a": 1}),
        ({"a": None}, "a.b", {"a": None}),
        ({"a": {"b": 1}}, "a.x", {"a": {"b": 1}}),
        ({"b": 1}, "a", {"b": 1}),
        ({"b": 1}, "a.b", {"b": 1}),
    ],
)
def test_what_is_taken_away_leaves_no_empty_dicts_on_its_way(
    tree: dict[str, t.Any], path: str, left: dict[str, t.Any]
) -> None:
    # The parameters stay as they are for whoever runs this again in the same process (make mutants).
    own = copy.deepcopy(tree)
    paths.remove_path(own, path)
    assert own == left


def test_keys_without_a_value_are_left_out_at_any_depth() -> None:
    value = {"a": None, "b": {"c": None, "d": 0}, "e": [{"f": None, "g": ""}, None], "h": {"i": None}}
    assert paths.without_nulls(value) == {"b": {"d": 0}, "e": [{"g": ""}, None], "h": {}}
