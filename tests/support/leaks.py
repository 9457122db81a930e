# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random secrets, each in every encoding between marks of its own, and what of them is left between these marks in an output.

The marks are of characters that no encoding of the channels changes (JSON, YAML, XML, HTML) and that are not base64.
"""

from __future__ import annotations

import base64
import html
import json
import os
import random
import re
import typing as t
import unicodedata
from collections import Counter
from pathlib import Path
from urllib.parse import quote, quote_plus

import yaml

EXAMPLES = int(os.environ.get("SECRETS_EXAMPLES") or 4)
FIGURES = os.environ.get("SECRETS_FIGURES")
SEED = os.environ.get("SECRETS_SEED") or "every day"

Encoded = tuple[int, str]


def _units(text: str) -> list[int]:
    data = text.encode("utf-16-be")
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


def _base64(text: str, encoding: str = "utf-8") -> str:
    return base64.b64encode(text.encode(encoding)).decode()


def _mixed(text: str) -> str:
    return "".join(f"%{byte:02x}" if at % 2 else f"%{byte:02X}" for at, byte in enumerate(text.encode()))


def _lower(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda found: found.group().lower(), quote(text, safe=""))


ENCODINGS: dict[str, t.Callable[[str], str]] = {
    "as it is": str,
    "JSON": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON, ASCII only": lambda text: json.dumps(text)[1:-1],
    "JSON, all as \\uXXXX": lambda text: "".join(f"\\u{unit:04X}" for unit in _units(text)),
    "JSON, all as \\uxxxx": lambda text: "".join(f"\\u{unit:04x}" for unit in _units(text)),
    "JSON with \\/": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON in JSON in JSON": lambda text: json.dumps(json.dumps(json.dumps(text)[1:-1])[1:-1])[1:-1],
    "percent, upper case": lambda text: quote(text, safe=""),
    "percent, lower case": _lower,
    "percent, all letters, both cases": _mixed,
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "form": quote_plus,
    "HTML, named": html.escape,
    "HTML, decimal": lambda text: "".join(f"&#{ord(item)};" for item in text),
    "HTML, hexadecimal": lambda text: "".join(f"&#x{ord(item):X};" for item in text),
    "HTML in JSON": lambda text: json.dumps(html.escape(text))[1:-1],
    "YAML, folded": lambda text: yaml.safe_dump(text, default_style='"', width=20).strip()[1:-1],
    "Python's repr": lambda text: repr(text)[1:-1],
    "Python's ascii": lambda text: ascii(text)[1:-1],
    "UTF-16 LE as letters": lambda text: text.encode("utf-16-le").decode("latin-1"),
    "UTF-16 BE as letters": lambda text: text.encode("utf-16-be").decode("latin-1"),
    "UTF-8 read as Latin-1": lambda text: text.encode().decode("latin-1"),
    "NFC": lambda text: unicodedata.normalize("NFC", text),
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "base64": _base64,
    "base64 of user:value": lambda text: _base64(f"user:{text}"),
    "base64 of u:value": lambda text: _base64(f"u:{text}"),
    "base64 of me:value": lambda text: _base64(f"me:{text}"),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 of JSON": lambda text: _base64(json.dumps({"value": text})),
    "base64 of UTF-16 LE": lambda text: _base64(text, "utf-16-le"),
    "base64 of UTF-16 BE": lambda text: _base64(text, "utf-16-be"),
}
NAMES = list(ENCODINGS)
# What may stand beside the secret in the same base64: the user's name, the rest of the document.
BESIDE = {
    "base64 of user:value": "user:",
    "base64 of u:value": "u:",
    "base64 of me:value": "me:",
    "base64 of JSON": '{"value": ""}',
}
# Those of texts, which may stand within each other in any order.
OUTER = NAMES[: NAMES.index("Python's ascii") + 1]

# What encodings escape, and letters of all scripts. The first and the last letter need no escape.
_ESCAPED = "\"'`&<>+/\\%=;#{}$?!:,|@~^ aZ9"
_SCRIPTS = (
    (0x21, 0x7E),
    (0xA1, 0xFF),
    (0x100, 0x7FF),
    (0x800, 0x2FFF),
    (0x3000, 0xD7FF),
    (0xE000, 0xFFFD),
    (0x10000, 0x2FFFF),
)
_MARKED = re.compile(r"\(\((\d+)\.(\d+):(.*?):\1\.\2\)\)", re.DOTALL)
# What masking does not count: NUL, as it is or spelled out by a channel, and the fold of a line beside it.
_NOTHING = re.compile(r"\*|\s|\\*(?:\x00|x00|u0000)|\\0|%(?:25)*00|&#x?0;|\\")


def draw(number: int, of: str) -> list[str]:
    """So many secrets; of a text that is the seed, with another for each run of `make secrets`."""
    chance = random.Random(f"{SEED} {of}")
    return [f"K{''.join(_letter(chance) for _at in range(chance.randint(8, 24)))}{at}z" for at in range(number)]


def _letter(chance: random.Random) -> str:
    if chance.random() < 0.5:
        return chance.choice(_ESCAPED)
    letter = chr(chance.randint(*chance.choice(_SCRIPTS)))
    # A character that Unicode does not have yet is one that no password has.
    return letter if unicodedata.category(letter) != "Cn" else "\U0001f600"


def marked(secrets: t.Sequence[str], outer: str = NAMES[0]) -> list[str]:
    """Each secret in each encoding within the outer one, a text of its own."""
    encode, rows = ENCODINGS[outer], list(enumerate(ENCODINGS.values()))
    return [
        f"(({at}.{number}:{encode(inner(secret))}:{at}.{number}))"
        for at, secret in enumerate(secrets)
        for number, inner in rows
    ]


def echo(secrets: t.Sequence[str]) -> str:
    """A text of a service that holds all secrets in every encoding."""
    return "Echo: " + " ".join(marked(secrets))


def leaks(texts: t.Iterable[str], outer: str = NAMES[0]) -> tuple[set[Encoded], dict[Encoded, str]]:
    """The secrets and encodings that came through these texts, and what was shown of them."""
    seen: set[Encoded] = set()
    shown: dict[Encoded, str] = {}
    for text in texts:
        for found in _MARKED.finditer(text):
            key = int(found.group(1)), NAMES[int(found.group(2))]
            seen.add(key)
            left = _NOTHING.sub("", found.group(3))
            if len(left) > len(ENCODINGS[outer](_base64(BESIDE.get(key[1], "")))):
                shown[key] = left
    return seen, shown


def texts_of(tree: t.Any) -> t.Iterator[str]:
    """All texts of a tree, keys too."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from texts_of(key)
            yield from texts_of(value)
    elif isinstance(tree, (list, tuple)):
        for value in tree:
            yield from texts_of(value)


def count(channel: str, seen: t.Iterable[Encoded], shown: t.Iterable[Encoded]) -> None:
    """A line for the table of `make secrets`."""
    if FIGURES:
        with Path(FIGURES).open("a", encoding="utf-8") as stream:
            stream.write(
                json.dumps([channel, Counter(name for _at, name in seen), Counter(name for _at, name in shown)]) + "\n"
            )


def check(channel: str, secrets: t.Sequence[str], texts: t.Iterable[str]) -> None:
    """All of them came through the channel, and nothing of any can be read there."""
    seen, shown = leaks(texts)
    count(channel, seen, shown)
    missing = {(at, name) for at in range(len(secrets)) for name in ENCODINGS} - seen
    assert not missing, f"not in the channel, so that nothing is shown by it: {sorted(missing)[:5]}"
    assert not shown, {key: (secrets[key[0]], left) for key, left in list(shown.items())[:5]}
