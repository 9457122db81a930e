# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ARM template expressions against the examples of Microsoft's function reference.

Each table names the page whose example, with its printed output, it holds ("... functions for ARM templates").
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from azureml_simulator.templates.context import Context, Scope
from azureml_simulator.templates.expression import NotSimulatedError, TemplateError
from azureml_simulator.templates.hashes import guid, unique_string

OBJECT = {"one": "a", "two": "b", "three": "c"}
WORDS = ["one", "two", "three"]
VALUES: dict[str, Any] = {
    "words": WORDS,
    "object": OBJECT,
    "other": {"four": "d", "five": "e", "three": "c2"},
    "twoThree": ["two", "three", "four"],
    "phone": "123-123-1234",
    "text": "One Two Three",
    "mixed": {"valueA": 10, "valueB": "Example Text"},
    "nothing": None,
}

STRINGS = [
    ("base64('one, two, three')", "b25lLCB0d28sIHRocmVl"),
    ("base64ToString('b25lLCB0d28sIHRocmVl')", "one, two, three"),
    ("concat('prefix', '-', 5)", "prefix-5"),
    ("concat(parameters('words'), createArray('four'))", [*WORDS, "four"]),
    ("contains('OneTwoThree', 'e')", True),
    ("contains('OneTwoThree', 'z')", False),
    ("contains(parameters('object'), 'TWO')", True),
    ("contains(parameters('words'), 'four')", False),
    ("empty('')", True),
    ("empty(parameters('words'))", False),
    ("endsWith('abcdef', 'F')", True),
    ("endsWith('abcdef', 'e')", False),
    ("first(parameters('text'))", "O"),
    ("last(parameters('words'))", "three"),
    (
        "format('{0}, {1}. Formatted number: {2:N0}', 'Hello', 'User', 8175133)",
        "Hello, User. Formatted number: 8,175,133",
    ),
    ("indexOf('abcdef', 'CD')", 2),
    ("indexOf('abcdef', 'z')", -1),
    ("lastIndexOf('test', 't')", 3),
    ("join(parameters('words'), ',')", "one,two,three"),
    ("length(parameters('text'))", 13),
    ("length(parameters('object'))", 3),
    ("padLeft('123', 10, '0')", "0000000123"),
    ("replace(parameters('phone'), '-', '')", "1231231234"),
    ("replace(parameters('phone'), '1234', 'xxxx')", "123-123-xxxx"),
    ("skip(parameters('words'), 2)", ["three"]),
    ("skip('one two three', 4)", "two three"),
    ("split('one,two,three', ',')", WORDS),
    ("split('one;two,three', createArray(',', ';'))", WORDS),
    ("startsWith('abcdef', 'A')", True),
    ("string(parameters('words'))", '["one","two","three"]'),
    ("string(parameters('mixed'))", '{"valueA":10,"valueB":"Example Text"}'),
    ("string(5)", "5"),
    ("substring('one two three', 4, 3)", "two"),
    ("take('one two three', 2)", "on"),
    ("toLower('One Two Three')", "one two three"),
    ("toUpper('One Two Three')", "ONE TWO THREE"),
    ("trim('    one two three   ')", "one two three"),
    ("uri('http://contoso.org/firstpath', 'myscript.sh')", "http://contoso.org/myscript.sh"),
    ("uriComponent('http://contoso.com/a.json')", "http%3A%2F%2Fcontoso.com%2Fa.json"),
]
COMPARISONS = [
    ("coalesce(null(), 'default')", "default"),
    ("equals(1, 1)", True),
    ("equals('a', 'A')", False),
    ("equals(parameters('object'), parameters('object'))", True),
    ("equals(1, true())", False),
    ("greater(1, 2)", False),
    ("greater('A', 'a')", True),
    ("less('A', 'a')", False),
    ("lessOrEquals(1, 2)", True),
    ("greaterOrEquals('A', 'a')", True),
]
LOGICAL = [
    ("and(bool('true'), bool('false'))", False),
    ("or(bool('true'), bool('false'))", True),
    ("and(false(), first(1))", False),
    ("or(true(), first(1))", True),
    ("not(bool('true'))", False),
    ("not(equals('1', '2'))", True),
    ("bool(1)", True),
    ("if(equals('a', 'a'), 'yes', 'no')", "yes"),
    ("if(true(), 'lazy', first(1))", "lazy"),
]
NUMBERS = [
    ("add(5, 3)", 8),
    ("div(8, 3)", 2),
    ("div(-8, 3)", -2),
    ("mod(7, 3)", 1),
    ("mul(5, 3)", 15),
    ("sub(7, 3)", 4),
    ("int('4')", 4),
    ("max(0, 3, 2, 5, 4)", 5),
    ("min(createArray(0, 3, 2, 5, 4))", 0),
]
ARRAYS_AND_OBJECTS = [
    ("array('a')", ["a"]),
    ("array(parameters('words'))", WORDS),
    ("createArray(1, 2, 3)", [1, 2, 3]),
    ("createObject('intProp', 1, 'nullProp', null())", {"intProp": 1, "nullProp": None}),
    ("intersection(parameters('words'), parameters('twoThree'))", ["two", "three"]),
    ("json('{\"a\": [1, true]}').a[1]", True),
    ("json('null')", None),
    ("json('{''a'': 1}').a", 1),
    ("range(5, 3)", [5, 6, 7]),
    (
        "union(parameters('object'), parameters('other'))",
        {"one": "a", "two": "b", "three": "c2", "four": "d", "five": "e"},
    ),
    ("union(parameters('words'), parameters('twoThree'))", ["one", "two", "three", "four"]),
    ("tryGet(parameters('object'), 'four')", None),
]
GROUP = "/subscriptions/s/resourceGroups/rg"
SCOPES = [
    ("resourceId('Microsoft.X/a', 'n')", f"{GROUP}/providers/Microsoft.X/a/n"),
    ("resourceId('Microsoft.X/a/b', 'n', 'm')", f"{GROUP}/providers/Microsoft.X/a/n/b/m"),
    ("resourceId('other', 'Microsoft.X/a', 'n')", "/subscriptions/s/resourceGroups/other/providers/Microsoft.X/a/n"),
    (
        "resourceId('s2', 'other', 'Microsoft.X/a', 'n')",
        "/subscriptions/s2/resourceGroups/other/providers/Microsoft.X/a/n",
    ),
    (
        "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'g')",
        "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/g",
    ),
    (
        "extensionResourceId(resourceGroup().id, 'Microsoft.Authorization/locks', 'l')",
        f"{GROUP}/providers/Microsoft.Authorization/locks/l",
    ),
    ("tenantResourceId('Microsoft.X/a', 'n')", "/providers/Microsoft.X/a/n"),
    ("subscription().tenantId", "t"),
    ("RESOURCEGROUP().Location", "eastus"),
    ("resourceGroup()['name']", "rg"),
    ("parameters('WORDS')[1]", "two"),
    ("'it''s'", "it's"),
]


def context(**values: Any) -> Context:
    known = {name.lower(): value for name, value in {**VALUES, **values}.items()}
    scope = Scope({"subscriptionId": "s", "tenantId": "t"}, {"id": GROUP, "name": "rg", "location": "eastus"})
    return Context(
        scope,
        parameter=lambda name: known[name.lower()],
        variable=lambda name: known[name.lower()],
        resolve_name=lambda name: name,
        now=lambda: datetime(2019, 3, 5, 17, 53, 18, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("expression", "expected"), STRINGS + COMPARISONS + LOGICAL + NUMBERS + ARRAYS_AND_OBJECTS + SCOPES
)
def test_function_gives_the_documented_value(expression: str, expected: Any) -> None:
    value = context().value(f"[{expression}]")
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("[[escaped]", "[escaped]"),
        ("plain", "plain"),
        ("[open", "[open"),
        ({"[concat('a', 'b')]": ["[add(1, 1)]", 3, None, True]}, {"ab": [2, 3, None, True]}),
    ],
)
def test_values_outside_of_expressions(raw: Any, expected: Any) -> None:
    assert context().value(raw) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "concat('a'",
        "concat('a',)",
        "'a' 'b'",
        "add(1, 2",
        "1 + 2",
        "parameters('object').",
        "name",
        "",
    ],
)
def test_bad_syntax_is_an_invalid_template(expression: str) -> None:
    with pytest.raises(TemplateError) as caught:
        context().value(f"[{expression}]")
    assert caught.value.code == "InvalidTemplate"
    assert f"'{expression}'" in caught.value.message


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("managementGroup()", "managementGroup"),
        ("dateTimeAdd('2020-04-07T14:53:14Z', 'P3Y')", "years"),
        ("format('{0:X}', 3)", "X"),
    ],
)
def test_what_is_unknown_is_named_and_not_guessed(expression: str, name: str) -> None:
    with pytest.raises(NotSimulatedError) as caught:
        context().value(f"[{expression}]")
    assert name in caught.value.what


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("parameters('object').four", "'four' doesn't exist, available properties are 'one, two, three'"),
        ("parameters('words')[7]", "index '7' is out of bounds"),
        ("resourceId('Microsoft.X/a/b', 'n')", "requires '2' resource name argument(s)"),
        ("newGuid()", "'newGuid' is not expected at this location"),
        ("reference('x')", "'reference' is not expected at this location"),
        ("copyIndex()", "'copyIndex' is not expected at this location"),
        ("substring('abc', 2, 5)", "must refer to a location within the string"),
        ("length(5)", "Unable to evaluate template language function 'length'"),
        ("toLower(5)", "Unable to evaluate template language function 'toLower'"),
        ("add('a', 'b')", "function 'add': both arguments must be integers"),
        ("mul('a', 3)", "function 'mul': both arguments must be integers"),
        ("sub(true(), 1)", "function 'sub': both arguments must be integers"),
        ("int('1_000')", "function 'int': the value '1_000' cannot be converted"),
        ("range(0, 10001)", "function 'range': the count must be between 0 and 10000"),
        ("range(0, -1)", "function 'range': the count must be between 0 and 10000"),
    ],
)
def test_evaluation_errors_say_what_azure_says(expression: str, text: str) -> None:
    with pytest.raises(TemplateError) as caught:
        context().value(f"[{expression}]")
    assert text in caught.value.message


def test_new_guid_and_utc_now_hold_in_defaults_only() -> None:
    at = context()
    with at.default_value():
        assert at.value("[utcNow()]") == "20190305T175318Z"
        assert at.value("[utcNow('d')]") == "03/05/2019"
        assert at.value("[newGuid()]") != at.value("[newGuid()]")
    with pytest.raises(TemplateError):
        at.value("[utcNow()]")


def test_property_copy_makes_arrays() -> None:
    raw = {"copy": [{"name": "disks", "count": 3, "input": {"lun": "[copyIndex('disks', 1)]"}}], "size": 1}
    assert context().value(raw) == {"disks": [{"lun": 1}, {"lun": 2}, {"lun": 3}], "size": 1}


VM = (
    "/subscriptions/31e9f9a0-9fd2-4294-a0a3-0101246d9700/resourceGroups/rg-modm201-20230913120256"
    "/providers/Microsoft.Compute/virtualMachines/bobjacmodm201"
)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("name",), "q2xi2ah3t47py"),
        (("test",), "rbgf3xv4ufgzg"),
        (("hello", "world"), "a7wkljktk6wne"),
        (("abc",), "cgtzqvhu4i23s"),
        (("foo", "bar", "baz"), "xzi4ioaxtmth4"),
        (("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/my-rg",), "bmg7c6xu4tw46"),
        ((VM,), "yvjxno3je5on2"),
    ],
)
def test_unique_string_is_azures(values: tuple[str, ...], expected: str) -> None:
    assert unique_string(*values) == expected


def test_guid_is_version_5_over_the_joined_arguments() -> None:
    assert guid("a", "b") == guid("a-b")
    assert guid("a", "b")[14] == "5"
    assert guid("a") != guid("b")
