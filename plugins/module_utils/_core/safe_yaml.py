# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML that users give: the one place where it is loaded, with limits.

A text of half a kilobyte can expand to hundreds of millions of values (aliases of aliases), nest deeper than Python's stack, or name a key twice, of which
only the last counts. The limits are checked on PyYAML's nodes: before any value is built, so before anything copies or walks the result as a tree.
"""

from __future__ import annotations

import functools
import math
import typing as t

from .errors import RuleError

# A definition of a compute target has a few hundred bytes, 30 values and 5 levels; none has aliases.
LARGEST_TEXT = 256 * 1024
MOST_VALUES = 5_000
MOST_ALIASES = 100
DEEPEST = 50
# Of the options of a task as a whole: a workspace's document in ``arm_resource`` has 10 levels.
DEEPEST_OPTIONS = 100
# What JSON's readers agree on, the service's among them.
_LARGEST_NUMBER = 2**63
_LONGEST_NUMBER = 40

_TAG = "tag:yaml.org,2002:"
_REFUSED_TAGS = {
    "timestamp": "a date; write it in quotes",
    "binary": "binary data, which a definition cannot hold",
    "set": "a set; write a list",
    "omap": "an ordered mapping; write a mapping",
    "pairs": "a list of pairs; write a mapping",
}


def load(text: str, what: str = "definition") -> t.Any:
    """The value of a YAML text. RuleError (InvalidDefinition) for text that is not valid, or beyond a limit; it quotes no values."""
    import yaml

    if len(text) > LARGEST_TEXT:
        raise _invalid(what, f"it has {len(text)} characters; at most {LARGEST_TEXT} are allowed")
    try:
        return _loader()(text, what).get_single_data()
    except RecursionError:
        raise _invalid(what, f"it is nested deeper than {DEEPEST} levels") from None
    except yaml.YAMLError as error:
        # PyYAML's own text quotes the line, which may hold a password.
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise RuleError(f"{what} is not valid YAML: {_problem(error)}{where}.", code="InvalidDefinition") from None
    except (ValueError, TypeError, OverflowError):
        # Of a number or a tag that PyYAML cannot make a value of.
        raise _invalid(what, "it holds a value that its type does not allow") from None


def _problem(error: t.Any) -> str:
    context = f"{error.context}: " if getattr(error, "context", None) else ""
    return f"{context}{error.problem}" if getattr(error, "problem", None) else "it cannot be read"


def check(value: t.Any, what: str = "definition") -> None:
    """The same limits for a value that came as a mapping: depth, number of values, numbers and types. It never recurses."""
    count = 0
    stack: list[tuple[t.Any, int]] = [(value, 1)]
    while stack:
        item, depth = stack.pop()
        count += 1
        if count > MOST_VALUES:
            raise _invalid(what, f"it holds more than {MOST_VALUES} values")
        if isinstance(item, (dict, list, tuple)):
            if depth > DEEPEST:
                raise _invalid(what, f"it is nested deeper than {DEEPEST} levels")
            below = item.values() if isinstance(item, dict) else item
            stack += [(child, depth + 1) for child in below]
        elif foreign := _foreign_to_json(item):
            raise _invalid(what, f"it holds {foreign}")


def _foreign_to_json(item: t.Any) -> str | None:
    """What a single value is that JSON, as the service reads it, does not have."""
    if item is None or isinstance(item, str):
        return None
    if isinstance(item, float):
        return None if math.isfinite(item) else f"{item}, which is not a number that JSON has"
    if isinstance(item, int):
        bits = item.bit_length()
        return f"a number of {bits} bits; numbers have at most 64" if abs(item) >= _LARGEST_NUMBER else None
    return f"a {type(item).__name__}, which JSON does not have"


def check_depth(value: t.Any, what: str) -> None:
    """That the options of a task can be walked at all. It never recurses."""
    stack: list[tuple[t.Any, int]] = [(value, 1)]
    while stack:
        item, depth = stack.pop()
        if isinstance(item, (dict, list, tuple)):
            if depth > DEEPEST_OPTIONS:
                raise RuleError(
                    f"{what} are nested deeper than {DEEPEST_OPTIONS} levels.",
                    code="InvalidDeclaration",
                    hint="Nothing was sent.",
                )
            stack += [(child, depth + 1) for child in (item.values() if isinstance(item, dict) else item)]


def _invalid(what: str, why: str, line: int | None = None) -> RuleError:
    where = f" (line {line})" if line is not None else ""
    return RuleError(
        f"{what} is not valid: {why}{where}.", code="InvalidDefinition", hint=f"Nothing was sent. Correct {what}."
    )


if t.TYPE_CHECKING:
    from yaml import SafeLoader as _SafeLoader
else:
    # The base of the class that _loader() makes.
    _SafeLoader = object


class _Limits(_SafeLoader):
    """What PyYAML's safe loader is given below its own methods. Not the one in C: that one composes nested nodes on the C stack, without a limit."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__(text)
        self.what = what
        self.depth = self.aliases = 0
        # The number of values of a node, aliases counted as often as they are used.
        self.sizes: dict[int, int] = {}

    def fetch_flow_collection_start(self, TokenClass: t.Any) -> None:  # PyYAML's spelling
        # The scanner reads ahead, and its time grows with the square of the depth.
        if self.flow_level >= DEEPEST:
            raise _invalid(self.what, f"it is nested deeper than {DEEPEST} levels", self.line + 1)
        super().fetch_flow_collection_start(TokenClass)

    def compose_node(self, parent: t.Any, index: t.Any) -> t.Any:
        parser: t.Any = self  # whose methods have no types in types-PyYAML
        event = parser.peek_event()
        line = event.start_mark.line + 1
        alias = type(event).__name__ == "AliasEvent"
        self.aliases += alias
        if self.aliases > MOST_ALIASES:
            raise _invalid(self.what, f"it has more than {MOST_ALIASES} aliases", line)
        self.depth += 1
        if self.depth > DEEPEST:
            raise _invalid(self.what, f"it is nested deeper than {DEEPEST} levels", line)
        node = super().compose_node(parent, index)
        self.depth -= 1
        if alias and id(node) not in self.sizes:
            raise _invalid(self.what, "it has an alias inside the value to which the alias refers", line)
        if not alias:
            self._check(node, line)
        return node

    def _check(self, node: t.Any, line: int) -> None:
        kind = node.tag.removeprefix(_TAG)
        if kind in _REFUSED_TAGS:
            raise _invalid(self.what, f"it holds {_REFUSED_TAGS[kind]}", line)
        size = 1
        if node.id == "mapping":
            self._check_keys(node)
            size += sum(1 + self.sizes[id(below)] for _key, below in node.value)
        elif node.id == "sequence":
            size += sum(self.sizes[id(below)] for below in node.value)
        elif kind in ("int", "float"):
            self._check_number(node, line)
        if size > MOST_VALUES or len(self.sizes) >= MOST_VALUES:
            raise _invalid(self.what, f"it holds more than {MOST_VALUES} values", line)
        self.sizes[id(node)] = size

    def _check_keys(self, node: t.Any) -> None:
        lines: dict[t.Any, int] = {}
        for key, _value in node.value:
            line = key.start_mark.line + 1
            if key.id != "scalar":
                raise _invalid(self.what, "it has a key that is not plain text", line)
            # A merge (<<) is not a key of the mapping, but is refused as well if it occurs twice.
            plain = key.value if key.tag == _TAG + "merge" else self.construct_object(key)
            if plain in lines:
                raise _invalid(
                    self.what, f"the key {str(plain)[:60]!r} is set twice, in line {lines[plain]} and in line {line}"
                )
            lines[plain] = line

    def _check_number(self, node: t.Any, line: int) -> None:
        number = self.construct_object(node) if len(node.value) <= _LONGEST_NUMBER else math.inf
        if not math.isfinite(number) or abs(number) >= _LARGEST_NUMBER and isinstance(number, int):
            raise _invalid(self.what, "it holds a number of more than 64 bits, or one that JSON does not have", line)


@functools.cache
def _loader() -> t.Any:
    """The class, made when it is first needed: few tasks read YAML."""
    import yaml

    return type("Loader", (_Limits, yaml.SafeLoader), {})
