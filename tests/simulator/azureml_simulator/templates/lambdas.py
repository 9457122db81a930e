# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The functions of ARM's template language that take a lambda.

Source: Microsoft's "Lambda functions for ARM templates"; the page's examples are the tests. A lambda may take the index as its last parameter.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from azureml_simulator.templates.functions import invalid

Lambda = Callable[..., Any]


def _array(name: str, values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise invalid(name, "the first argument must be an array.")
    return values


def _each(name: str, values: Any, function: Lambda) -> list[Any]:
    indexed = function.__dict__["parameters"] == 2
    return [function(value, index) if indexed else function(value) for index, value in enumerate(_array(name, values))]


def _filter(values: Any, function: Lambda) -> list[Any]:
    return [value for value, keep in zip(values, _each("filter", values, function)) if keep is True]


def _reduce(values: Any, start: Any, function: Lambda) -> Any:
    indexed = function.__dict__["parameters"] == 3
    for index, value in enumerate(_array("reduce", values)):
        start = function(start, value, index) if indexed else function(start, value)
    return start


def _sort(values: Any, before: Lambda) -> list[Any]:
    def order(left: Any, right: Any) -> int:
        return -1 if before(left, right) is True else 1 if before(right, left) is True else 0

    return sorted(_array("sort", values), key=cmp_to_key(order))


def _to_object(values: Any, key: Lambda, value: Lambda | None = None) -> dict[str, Any]:
    return {key(item): item if value is None else value(item) for item in _array("toObject", values)}


def _group_by(values: Any, key: Lambda) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for value, name in zip(values, _each("groupBy", values, key)):
        groups.setdefault(name, []).append(value)
    return groups


HIGHER_ORDER: dict[str, Callable[..., Any]] = {
    "filter": _filter,
    "groupby": _group_by,
    "map": lambda values, function: _each("map", values, function),
    "mapvalues": lambda mapping, function: {key: function(value) for key, value in mapping.items()},
    "reduce": _reduce,
    "sort": _sort,
    "toobject": _to_object,
}
