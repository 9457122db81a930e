# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokenizer and parser of ARM's template expressions, `[function(args).property[index]]`.

Source: Microsoft's "Syntax and expressions in ARM templates": a string that starts with `[` and ends with `]` is an
expression, `[[` escapes the bracket, a quote inside a string literal is doubled, function names ignore case, and the
only literals are strings and integers (true, false and null are functions).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<int>-?\d+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<op>[()\[\],.]))"
)


_REMARKS = ("metadata", "comments")


class TemplateError(Exception):
    """A template that Azure refuses; `code` and `message` are what Azure's error body carries."""

    def __init__(self, message: str, code: str = "InvalidTemplate") -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class NotSimulatedError(Exception):
    """The template needs something of the language that the simulator lacks; `what` names it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not simulated")
        self.what = what


@dataclass(frozen=True)
class Literal:
    value: str | int


@dataclass(frozen=True)
class Call:
    name: str
    args: tuple[Node, ...]


@dataclass(frozen=True)
class Access:
    """`target.name` and `target[key]`, which differ only in how the key is written."""

    target: Node
    key: Node


Node = Literal | Call | Access


def is_expression(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("[") and value.endswith("]") and not value.startswith("[[")


def unescape(value: str) -> str:
    return value[1:] if value.startswith("[[") else value


def escape(value: str) -> str:
    """The literal's spelling inside a template, the inverse of `unescape`."""
    return f"[{value}" if value.startswith("[") else value


@lru_cache(maxsize=4096)
def parse(expression: str) -> Node:
    """The tree of one expression, given with its outer brackets."""
    parser = _Parser(expression)
    node = parser.node()
    if parser.peek() is not None:
        raise _syntax(expression)
    return node


def calls(value: Any) -> Iterator[Call]:
    """Every function call in the expressions of a JSON value."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in _REMARKS:
                yield from calls(key)
                yield from calls(item)
    elif isinstance(value, list):
        for item in value:
            yield from calls(item)
    elif is_expression(value):
        yield from _calls_of(parse(value))


def _calls_of(node: Node) -> Iterator[Call]:
    if isinstance(node, Call):
        yield node
        for argument in node.args:
            yield from _calls_of(argument)
    elif isinstance(node, Access):
        yield from _calls_of(node.target)
        yield from _calls_of(node.key)


class _Parser:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = _tokens(expression)
        self._at = 0

    def peek(self) -> tuple[str, str] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def node(self) -> Node:
        kind, text = self._take()
        if kind == "string":
            result: Node = Literal(text[1:-1].replace("''", "'"))
        elif kind == "int":
            result = Literal(int(text))
        elif kind == "name":
            result = Call(self._qualified(text), self._arguments())
        else:
            raise _syntax(self._expression)
        return self._accesses(result)

    def _qualified(self, name: str) -> str:
        """The name of a user-defined function has its namespace before it."""
        if self.peek() == ("op", "."):
            self._take()
            kind, text = self._take()
            if kind != "name":
                raise _syntax(self._expression)
            return f"{name}.{text}"
        return name

    def _accesses(self, node: Node) -> Node:
        while self.peek() in (("op", "."), ("op", "[")):
            _kind, text = self._take()
            if text == ".":
                kind, name = self._take()
                if kind != "name":
                    raise _syntax(self._expression)
                node = Access(node, Literal(name))
            else:
                node = Access(node, self.node())
                self._expect("]")
        return node

    def _arguments(self) -> tuple[Node, ...]:
        self._expect("(")
        arguments: list[Node] = []
        if self.peek() == ("op", ")"):
            self._take()
            return ()
        while True:
            arguments.append(self.node())
            if self.peek() != ("op", ","):
                break
            self._take()
        self._expect(")")
        return tuple(arguments)

    def _take(self) -> tuple[str, str]:
        token = self.peek()
        if token is None:
            raise _syntax(self._expression)
        self._at += 1
        return token

    def _expect(self, operator: str) -> None:
        if self._take() != ("op", operator):
            raise _syntax(self._expression)


def _tokens(expression: str) -> list[tuple[str, str]]:
    body = expression[1:-1].rstrip()
    found: list[tuple[str, str]] = []
    position = 0
    while position < len(body):
        match = _TOKEN.match(body, position)
        if match is None or match.lastgroup is None:
            raise _syntax(expression)
        found.append((match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return found


def _syntax(expression: str) -> TemplateError:
    return TemplateError(
        f"The language expression '{expression[1:-1]}' is not valid: the string character could not be parsed. "
        "Please see https://aka.ms/arm-template-expressions for usage details."
    )
