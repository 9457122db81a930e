# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON as Resource Manager reads it, with the liberties of Newtonsoft.Json.

Comments, single quotes, names without quotes, line breaks within strings and a comma after the last entry are accepted. azure-cli sends the text of a
template as it is in the file, below an unquoted name (azure-cli 2.91.0, `resource/custom.py: JsonCTemplatePolicy`). Newtonsoft.Json: JsonTextReader.
"""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(
    r"""
    (?P<skip>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w$]))
    |(?P<word>[\w$]+)
    |(?P<mark>[{}\[\]:,])
    """,
    re.VERBOSE | re.DOTALL,
)
_WORDS = {"true": True, "false": False, "null": None}
_ESCAPED = re.compile(r'\\(.)|"', re.DOTALL)


def loads(text: str | bytes) -> Any:
    """Return the value of a text; ValueError says where the text is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        return _Reader(decoded).document()


class _Reader:
    """Reads one value from the front of its tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split())
        self._at = 0

    def _split(self) -> list[tuple[str, str, int]]:
        tokens, position = [], 0
        while position < len(self._text):
            match = _TOKEN.match(self._text, position)
            if match is None or match.lastgroup is None:
                raise self._error(
                    f"Unexpected character encountered while parsing value: {self._text[position]}", position
                )
            if match.lastgroup != "skip":
                tokens.append((match.lastgroup, match.group(), position))
            position = match.end()
        return tokens

    def _error(self, problem: str, position: int) -> ValueError:
        lines = self._text[:position].split("\n")
        return ValueError(f"{problem}. Line {len(lines)}, position {len(lines[-1])}.")

    def _take(self) -> tuple[str, str, int]:
        if self._at == len(self._tokens):
            raise self._error("Unexpected end when reading JSON", len(self._text))
        self._at += 1
        return self._tokens[self._at - 1]

    def _follows(self, mark: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][:2] == ("mark", mark):
            self._at += 1
            return True
        return False

    def document(self) -> Any:
        try:
            value = self._value()
        except RecursionError as error:
            raise ValueError("The JSON is nested too deeply.") from error
        if self._at < len(self._tokens):
            raise self._error(
                "Additional text encountered after finished reading JSON content", self._tokens[self._at][2]
            )
        return value

    def _value(self) -> Any:
        kind, text, position = self._take()
        if kind == "text":
            return _unquoted(text)
        if kind == "number":
            return json.loads(text)
        if kind == "word" and text in _WORDS:
            return _WORDS[text]
        if text == "{":
            return self._object()
        if text == "[":
            return self._array()
        raise self._error(f"Unexpected character encountered while parsing value: {text[0]}", position)

    def _object(self) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while not self._follows("}"):
            kind, text, position = self._take()
            if kind == "mark" or not self._follows(":"):
                raise self._error(f"Invalid character after parsing property name: {text[0]}", position)
            result[_unquoted(text) if kind == "text" else text] = self._value()
            self._separator("}")
        return result

    def _array(self) -> list[Any]:
        result: list[Any] = []
        while not self._follows("]"):
            result.append(self._value())
            self._separator("]")
        return result

    def _separator(self, end: str) -> None:
        if self._follows(","):
            return
        _kind, text, position = self._take()
        if text != end:
            raise self._error(f"After parsing a value an unexpected character was encountered: {text[0]}", position)
        self._at -= 1


def _unquoted(text: str) -> str:
    if text.startswith("'"):
        inner = _ESCAPED.sub(
            lambda match: "'" if match.group(1) == "'" else r"\"" if not match.group(1) else match.group(), text[1:-1]
        )
        text = f'"{inner}"'
    return str(json.loads(text, strict=False))
