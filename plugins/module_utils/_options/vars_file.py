# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML that Ansible may load as variables without evaluating any of its text as a template.

Ansible trusts files that are loaded with ``-e @file``, ``vars_files`` or ``include_vars``: text with ``{{ }}`` in them is evaluated. What the service
returned is text that others wrote, so every string is tagged ``!unsafe`` unless it consists only of characters that cannot form a template or expression.
Source: "Unsafe or raw strings" in Ansible's playbook guide.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

from .._core import redact
from .._core.errors import AmlError

# No braces, brackets, bars, quotation marks or backslashes: these make templates, calls, filters and texts. No control characters, no blank at either
# end, and nothing but ASCII. The dumper quotes what would be read as a number, a date or a boolean.
_HARMLESS = re.compile(r"(?:[A-Za-z0-9_./@+-](?:[A-Za-z0-9_./:@+, =-]*[A-Za-z0-9_./@+=-])?)?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNSAFE_TAG = "!unsafe"


class _Unsafe(str):
    """Text that the dumper tags."""

    __slots__ = ()


def dump(value: t.Any) -> str:
    """Return the value as a YAML document. Loading it gives the same value, in which no text is a template."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes tagged text in double quotes, and no anchors: a value that occurs twice is written twice."""

        def ignore_aliases(self, data: t.Any) -> bool:
            return True

    Dumper.add_representer(_Unsafe, lambda dumper, text: dumper.represent_scalar(_UNSAFE_TAG, str(text), style='"'))
    text: str = yaml.dump(
        _marked(value, ""),
        Dumper=Dumper,
        sort_keys=False,
        allow_unicode=False,
        width=1 << 30,
        explicit_start=True,
        indent=4,
    )
    return text


def comments(texts: t.Iterable[str]) -> str:
    """The texts as comments, a line each: what a service returned cannot end one, so that the rest of it would be a variable."""
    return "".join(f"# {' '.join(redact.printable(str(text)).split())}\n" for text in texts)


def _marked(value: t.Any, path: str) -> t.Any:
    """Copy the value with plain types, and its texts marked; Ansible's own types are subclasses that no dumper knows."""
    if isinstance(value, Mapping):
        return {
            _marked(key, path): _marked(below, f"{path}.{key}" if path else str(key)) for key, below in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_marked(below, f"{path}[{index}]") for index, below in enumerate(value)]
    if isinstance(value, str):
        return _text(str(value), path)
    if value is None or isinstance(value, bool):
        return value
    for plain in (int, float):
        if isinstance(value, plain):
            return plain(value)
    raise AmlError(
        f"Cannot write {path or 'the value'} as YAML: it is of type {type(value).__name__}. Use text, numbers, booleans, lists and mappings."
    )


def _text(text: str, path: str) -> str:
    if _SURROGATE.search(text):
        raise AmlError(
            f"Cannot write {path or 'the value'} as YAML: its text has half of a surrogate pair, which is not a character. Change the text at the service."
        )
    return text if _HARMLESS.fullmatch(text) else _Unsafe(text)
