# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`$filter` of Resource Manager's lists: the part of OData that its references name for each list.

Sources: REST reference, "Resources - List", "Resource Groups - List", "Deployments - List By Resource Group", "Role Assignments - List For Scope" and
"Role Definitions - List". Names, operators and, except for values of tags, values compare without case (seen with azure-cli 2.91.0, which sends `tagname`
and `tagvalue`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from azureml_simulator.http import ArmError, Request, not_simulated

Row = Mapping[str, Any]
Test = Callable[[Row], bool]
_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<word>[A-Za-z][\w./]*)|(?P<mark>[(),]))")
_WITH_CASE = ("tagvalue",)


def of_request(request: Request, names: Collection[str]) -> Callable[[Iterable[Row]], bool] | None:
    """Return the filter of a request, or None. It is true of what has a row for which the expression holds.

    A row has a value for each of `names` (lower case). A function without arguments is a row's own boolean; one with a text compares the row's value with it.
    """
    text = next((value for name, value in request.query.items() if name.lower() == "$filter"), "")
    if not text.strip():
        return None
    test = _Parser(text, names).expression()
    return lambda rows: any(test(row) for row in rows)


class _Parser:
    def __init__(self, text: str, names: Collection[str]) -> None:
        self._text, self._names = text, names
        self._tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise self._unknown()
            self._tokens.append((match.lastgroup, match.group(match.lastgroup)))
            position = match.end()

    def _unknown(self) -> ArmError:
        return not_simulated(f"The simulator does not have the filter {self._text!r}.")

    def expression(self) -> Test:
        test = self._any()
        if self._tokens:
            raise self._unknown()
        return test

    def _take(self, kind: str, *values: str) -> str:
        if not self._tokens or self._tokens[0][0] != kind or (values and self._tokens[0][1].lower() not in values):
            raise self._unknown()
        return self._tokens.pop(0)[1]

    def _follows(self, kind: str, value: str) -> bool:
        if self._tokens and self._tokens[0][0] == kind and self._tokens[0][1].lower() == value:
            self._tokens.pop(0)
            return True
        return False

    def _any(self) -> Test:
        tests = [self._all()]
        while self._follows("word", "or"):
            tests.append(self._all())
        return lambda row: any(test(row) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._follows("word", "and"):
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._follows("mark", "("):
            test = self._any()
            self._take("mark", ")")
            return test
        word = self._take("word")
        if self._follows("mark", "("):
            return self._function(word.lower())
        name = self._name(word)
        operator = self._take("word", "eq", "ne").lower()
        value = self._value()
        return lambda row: (_text(row, name) == _folded(name, value)) == (operator == "eq")

    def _name(self, word: str) -> str:
        if word.lower() not in self._names:
            raise self._unknown()
        return word.lower()

    def _value(self) -> str:
        return self._take("text")[1:-1].replace("''", "'")

    def _function(self, function: str) -> Test:
        if function in ("substringof", "startswith"):
            return self._part(function)
        name = self._name(function)
        if self._follows("mark", ")"):
            return lambda row: row[name] is True
        value = self._value()
        self._take("mark", ")")
        return lambda row: _text(row, name) == _folded(name, value)

    def _part(self, function: str) -> Test:
        """substringof('text', name) and startswith(name, 'text')."""
        text = self._value() if function == "substringof" else ""
        if text:
            self._take("mark", ",")
        name = self._name(self._take("word"))
        if function == "startswith":
            self._take("mark", ",")
            text = self._value()
        self._take("mark", ")")
        part = _folded(name, text)
        return lambda row: _text(row, name).startswith(part) if function == "startswith" else part in _text(row, name)


def _folded(name: str, value: Any) -> str:
    return str(value) if name in _WITH_CASE else str(value).lower()


def _text(row: Row, name: str) -> str:
    return _folded(name, "" if row[name] is None else row[name])
