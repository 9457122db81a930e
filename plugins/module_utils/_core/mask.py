# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find secrets in a text in any encoding, and replace them.

A list of spellings is never complete: a service may escape any letter, in any case, in JSON in an address in a page. So the text is decoded step by
step (JSON and Python escapes, percent-encoding, HTML entities, all at once in each step) until nothing is left to decode, and each step is searched. An
index of each decoded byte leads back to the bytes of the source, which are replaced. What cannot be decoded in place (base64, UTF-16, a text read in the
wrong encoding, another Unicode normal form) is a further pattern of the secret.

Whitespace, control characters and the plus sign count for nothing in the comparison: messages join lines, and forms spell a space as a plus.
"""

from __future__ import annotations

import base64
import html
import itertools
import json
import re
import threading
import typing as t
import unicodedata

MASK = "***"
# As ansible-core shows a value that is a secret and nothing else.
WHOLE = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
SHORTEST = 4

_STEPS = 8
_FEW = 256
_PREFIX = 4
_SHORTEST_BASE64 = 5
_PEM = "-----BEGIN "
_SHORTEST_LINE = 16
_IGNORED = bytes(range(0x21)) + b"\x7f+"
# Between the texts of a result that are searched as one; it is in no text, and ends no escape sequence.
_BETWEEN = b"\xff\xc0\xff\xc1\xff"
# What HTML and Windows make of the control characters above ASCII; five of them stay.
_WESTERN = {code: html.unescape(f"&#{code};") for code in range(0x80, 0xA0)}
_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")

_FAMILIES = (
    # JSON, JavaScript, Python, YAML (whose lines are folded anywhere, also within an escape): a pair of surrogates is one character.
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\x[0-9a-fA-F]{2}|\\\n[ \t]*|\\[ -~]",
    rb"%u[0-9a-fA-F]{4}|%[0-9a-fA-F]{2}",
    rb"&#[0-9]{1,7};|&#[xX][0-9a-fA-F]{1,6};|&[A-Za-z][A-Za-z0-9]{1,31};",
)
# Of YAML too. A folded line break represents no character.
_NAMED = {
    **dict.fromkeys((b"r", b"t", b"b", b"f", b"0", b"a", b"v", b"e"), b" "),
    b"n": b"\n",
    b"\n": b"",
    b"N": b"\xc2\x85",
    b"L": b"\xe2\x80\xa8",
}
_NAMED[b"P"] = b"\xe2\x80\xa9"
_TOKENS = {
    families: re.compile(b"|".join(families))
    for size in (1, 2, 3)
    for families in itertools.combinations(_FAMILIES, size)
}
_ALL = _TOKENS[_FAMILIES]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _plain(token: bytes) -> bytes:
    """The text that an escape sequence represents."""
    start, name = token[:1], token[1:2]
    if start == b"%":
        return bytes([int(token[1:], 16)]) if name != b"u" else _bytes(chr(int(token[2:], 16)))
    if start == b"&":
        if not token.strip(b"&#xX0;"):
            # HTML makes a replacement character of a NUL, which counts for nothing here.
            return b""
        return _bytes(html.unescape(token.decode("ascii")))
    if name in _NAMED:
        return _NAMED[name]
    if len(token) == 12:
        return str(json.loads(b'"' + token.lower() + b'"')).encode()
    if len(token) > 2:
        point = int(token[2:], 16)
        return _bytes(chr(point)) if point <= 0x10FFFF else token
    return name


def _decoded(data: bytes, tokens: re.Pattern[bytes] = _ALL) -> bytes:
    return tokens.sub(lambda found: _plain(found.group()), data)


class _Step(t.NamedTuple):
    """A text after some steps of decoding; ``begin`` and ``end`` are where each of its bytes comes from in the source."""

    data: bytes
    begin: list[int]
    end: list[int]

    def decoded(self) -> _Step:
        data, begin, end, last = bytearray(), [], [], 0
        for match in _ALL.finditer(self.data):
            start, stop = match.span()
            plain = _plain(match.group())
            data += self.data[last:start] + plain
            begin += self.begin[last:start] + [self.begin[start]] * len(plain)
            end += self.end[last:start] + [self.end[stop - 1]] * len(plain)
            last = stop
        return _Step(bytes(data + self.data[last:]), begin + self.begin[last:], end + self.end[last:])


def _texts(secret: str) -> set[str]:
    """The secret as a text may quote it, before any encoding."""
    texts = {secret, secret.replace("'", "''")}
    if secret.lstrip().startswith(_PEM):
        # A message may quote one line of a key.
        texts |= {
            line.strip()
            for line in secret.splitlines()
            if len(line.strip()) >= _SHORTEST_LINE and not line.startswith("-----")
        }
    return {unicodedata.normalize(form, text) for text in texts for form in ("NFC", "NFD")} | texts


def _in_base64(text: str) -> t.Iterator[bytes]:
    """The part of a text in base64 that does not depend on what precedes and follows it."""
    contents = {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    for data in {
        content.encode(encoding, "surrogatepass")
        for content in contents
        for encoding in ("utf-8", "utf-16-le", "utf-16-be")
    }:
        for before in range(3):
            first, last = -(-8 * before // 6), 8 * (before + len(data)) // 6
            for alphabet in (None, b"-_"):
                yield base64.b64encode(bytes(before) + data, alphabet)[first:last]


def _misread(text: str) -> t.Iterator[bytes]:
    """The text in UTF-16 whose bytes are shown as letters, and in UTF-8 that was read as Latin-1."""
    for encoding in ("utf-16-le", "utf-16-be", "utf-8"):
        data = text.encode(encoding, "surrogatepass")
        yield data
        yield data.decode("latin-1").encode()
        yield data.decode("cp1252", "replace").encode()
        yield data.decode("latin-1").translate(_WESTERN).encode()
        yield data.decode("utf-8", "replace").encode()


def _patterns(secret: str) -> tuple[set[bytes], set[bytes]]:
    """What is searched for: the secret at each step of decoding, since it may itself contain text that looks encoded; and its forms in base64."""
    texts = _texts(secret)
    plain = {data for text in texts for data in _misread(text)}
    # YAML spells a no-break space as \_, which is an underscore elsewhere.
    plain |= {data.replace(b"\xc2\xa0", b"_") for data in plain}
    added = plain
    for _depth in range(3):
        added = {_decoded(data, tokens) for data in added for tokens in _TOKENS.values() if tokens.search(data)} - plain
        plain |= added
    encoded = {data for text in texts for data in _in_base64(text)}
    return _long_enough(plain, SHORTEST), _long_enough(encoded, _SHORTEST_BASE64)


def _long_enough(patterns: set[bytes], shortest: int) -> set[bytes]:
    return {data for pattern in patterns if len(data := pattern.translate(None, _IGNORED)) >= shortest}


def _by_prefix(patterns: t.Iterable[bytes]) -> dict[bytes, set[bytes]]:
    found: dict[bytes, set[bytes]] = {}
    for pattern in patterns:
        found.setdefault(pattern[:_PREFIX], set()).add(pattern)
    return found


class Masker:
    """Secrets, and what replaces them in texts and in trees of texts. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        with self._lock:
            self._secrets: set[str] = set()
            self._new: list[str] = []
            # By its first bytes, each pattern.
            self._patterns: dict[bytes, set[bytes]] = {}
            self._encoded: set[bytes] = set()

    def add(self, secret: str) -> None:
        """Anything shorter than four letters is left to ansible-core, which replaces the one spelling."""
        secret = secret.strip()
        if len(secret) >= SHORTEST and secret not in self._secrets:
            with self._lock:
                self._secrets.add(secret)
                self._new.append(secret)

    def mask(self, text: str) -> str:
        return self._replaced(text, self._compiled())

    def _replaced(self, text: str, candidates: dict[bytes, set[bytes]]) -> str:
        source = _bytes(text)
        patterns = self._present(source, candidates)
        if not patterns:
            return text
        masked, last = bytearray(), 0
        for start, stop in self._ranges(source, patterns):
            masked += source[last:start] + MASK.encode()
            last = stop
        return (bytes(masked) + source[last:]).decode("utf-8", "surrogatepass")

    def mask_tree(self, tree: t.Any) -> t.Any:
        """All texts of a tree, keys too. Only where there is a secret at all is the tree walked a second time."""
        patterns = self._compiled()
        present = self._present(_BETWEEN.join(map(_bytes, _leaves(tree))), patterns) if patterns else set()
        # What is in none of the texts together is in none of them.
        return self._masked(tree, _by_prefix(present)) if present else tree

    def _masked(self, tree: t.Any, patterns: dict[bytes, set[bytes]]) -> t.Any:
        if isinstance(tree, str):
            masked = self._replaced(tree, patterns)
            return WHOLE if masked == MASK != tree else masked
        if isinstance(tree, dict):
            return {self._masked(key, patterns): self._masked(value, patterns) for key, value in tree.items()}
        if isinstance(tree, (list, tuple, set, frozenset)):
            return [self._masked(value, patterns) for value in tree]
        return tree

    def _compiled(self) -> dict[bytes, set[bytes]]:
        with self._lock:
            if self._new:
                # A new dictionary: another thread may be reading the old one.
                patterns = {prefix: set(some) for prefix, some in self._patterns.items()}
                for secret in self._new:
                    plain, encoded = _patterns(secret)
                    self._encoded |= encoded
                    for prefix, some in _by_prefix(plain | encoded).items():
                        patterns.setdefault(prefix, set()).update(some)
                self._new, self._patterns = [], patterns
            return self._patterns

    @staticmethod
    def _present(data: bytes, patterns: dict[bytes, set[bytes]]) -> set[bytes]:
        """The patterns that are in the text, at any step of its decoding."""
        present: set[bytes] = set()
        for _step in range(_STEPS if patterns else 0):
            bare = data.translate(None, _IGNORED)
            prefixes: t.Iterable[bytes] = patterns
            if len(patterns) > _FEW and len(bare) > _FEW:
                # Searching for each of many would take their number times the text's length.
                prefixes = {
                    prefix for at in range(len(bare) - _PREFIX + 1) if (prefix := bare[at : at + _PREFIX]) in patterns
                }
            present.update(pattern for prefix in prefixes for pattern in patterns[prefix] if pattern in bare)
            further = _decoded(data)
            if further == data:
                break
            data = further
        return present

    def _ranges(self, source: bytes, patterns: set[bytes]) -> list[tuple[int, int]]:
        """The parts of the source that hold one of the patterns, whole characters each, in order and apart."""
        step = _Step(source, list(range(len(source))), list(range(1, len(source) + 1)))
        ranges: list[tuple[int, int]] = []
        for _step in range(_STEPS):
            kept = [at for at, byte in enumerate(step.data) if byte not in _IGNORED]
            bare = bytes(step.data[at] for at in kept)
            for pattern in patterns:
                ranges += [
                    (step.begin[kept[start]], step.end[kept[stop - 1]]) for start, stop in self._places(bare, pattern)
                ]
            further = step.decoded()
            if further.data == step.data:
                break
            step = further
        return _merged(source, ranges)

    def _places(self, bare: bytes, pattern: bytes) -> t.Iterator[tuple[int, int]]:
        start = bare.find(pattern)
        while start >= 0:
            first, stop = start, start + len(pattern)
            if pattern in self._encoded:
                # The letters at both ends hold some bits of the secret too.
                first -= first > 0 and bare[first - 1] in _BASE64
                while stop < len(bare) and stop < start + len(pattern) + 3 and bare[stop] in _BASE64:
                    stop += 1
            yield first, stop
            start = bare.find(pattern, start + 1)


def _merged(source: bytes, ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(ranges):
        while start > 0 and source[start] & 0xC0 == 0x80:
            start -= 1
        while stop < len(source) and source[stop] & 0xC0 == 0x80:
            stop += 1
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def _leaves(tree: t.Any) -> set[str]:
    """All texts of a tree, keys too, each once: the rows of a long result have most texts in common."""
    leaves: set[str] = set()
    stack = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            leaves.add(item)
        elif isinstance(item, dict):
            stack += item
            stack += item.values()
        elif isinstance(item, (list, tuple, set, frozenset)):
            stack += item
    return leaves
