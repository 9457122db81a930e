# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which texts of a task are secret, and all the ways in which a service may spell them when it says them back.

ansible-core replaces the values of ``no_log`` options in results, letter by letter as they were given. It does not know a mapping that came as
JSON text, a value in an address or inside another JSON text, a key without its line ends; and it leaves warnings as they are
(``remove_values`` in ansible.module_utils.common.parameters, 2.19). Values as short as three letters are replaced as ansible-core does it,
in their one spelling.
"""
from __future__ import annotations

import base64
import html
import json
import re
import typing as t
from urllib.parse import quote, quote_plus

from ansible.module_utils.common.validation import check_type_dict

from . import _argspec
from ._errors import RuleError

Spec = t.Mapping[str, t.Mapping[str, t.Any]]

_SHORTEST = 4
_PEM = "-----BEGIN "
_SHORTEST_LINE = 16

# Names that people give to variables with secrets, and the shortest value that is not rather a switch or a number.
_VARIABLE = re.compile(r"pass(word|wd|phrase)|secret|(^|_)token$|(api|access|account|private|license)_?key|licen[cs]e$|connection_?string", re.IGNORECASE)
_SHORTEST_VARIABLE = 6
# In our options, and in the service's bodies.
_ENVIRONMENTS = ("environment_variables", "environmentVariables")

# Of an operation's or a list's address: what proves that the caller may read it (docs/facts.md a.4), and a storage signature.
_SIGNATURE = re.compile(r"([?&](?:c|s|h|sig)=)[^&\s'\"<>)]+", re.IGNORECASE)

# All but the tab and the line end.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Secrets(set[str]):
    """Texts to be replaced, the longest first: where one is a part of another, nothing of the longer one may stay.

    ansible-core sorts them itself, but not in 2.19.0 to 2.19.9, 2.20.0 and 2.21.0.
    """

    def __iter__(self) -> t.Iterator[str]:
        return iter(sorted(super().__iter__(), key=len, reverse=True))


def spellings(secret: str) -> set[str]:
    """The secret as it may stand in a text."""
    # Half a character is no text that can be printed: it is shown as '?', and refused by the module's rules.
    secret = secret.encode(errors="replace").decode()
    found = {secret}
    if len(secret) < _SHORTEST:
        return found
    plain = {secret, secret.strip(), " ".join(secret.split())}
    if secret.lstrip().startswith(_PEM):
        # A message may quote one line of a key.
        plain |= {line.strip() for line in secret.splitlines() if len(line.strip()) >= _SHORTEST_LINE and not line.startswith("-----")}
    for text in plain:
        address = {quote(text), quote(text, safe=""), quote_plus(text)}
        other = {html.escape(text), html.escape(text, quote=False), repr(text)[1:-1], ascii(text)[1:-1], base64.b64encode(text.encode()).decode()}
        # JSON in JSON in JSON: a service quotes a request in whatever spelling, azure-core quotes the service's answer.
        nested = {text} | address | other
        for _depth in range(3):
            nested |= {json.dumps(one, ensure_ascii=escaped)[1:-1] for one in nested for escaped in (True, False)}
        found |= nested
    return {one for one in found if len(one) >= _SHORTEST}


def in_options(spec: Spec, params: t.Mapping[str, t.Any]) -> set[str]:
    """The values of the options that are ``no_log``, at any depth."""
    found: set[str] = set()
    for name, row in spec.items():
        for value in [params[key] for key in (name, *row.get("aliases", ())) if params.get(key) is not None]:
            if row.get("no_log"):
                found |= _texts(value) | (_texts(_mapping(value)) if row.get("type") == "dict" else set())
            elif row.get("options"):
                for below in value if isinstance(value, list) else [value]:
                    found |= in_options(row["options"], _mapping(below))
    return found


def in_definition(definition: t.Any) -> set[str]:
    """The secrets of YAML of the CLI, which is shown to nobody where it cannot be read."""
    if definition is None:
        return set()
    from . import _yaml

    try:
        definition = _yaml.load(definition) if isinstance(definition, str) else definition
        _yaml.check(definition)
    except RuleError:
        return set()
    return in_free_form(definition)


def in_free_form(value: t.Any) -> set[str]:
    """The secrets of mappings without a spec, told by the names that they stand under."""
    return _argspec.secrets_in(value) | in_variables(value)


def in_variables(value: t.Any) -> set[str]:
    """What the environments of custom applications hold under names that say so, at any depth; also where the service tells them."""
    if isinstance(value, (list, tuple)):
        return {found for item in value for found in in_variables(item)}
    if not isinstance(value, dict):
        return set()
    found = {text for item in value.values() for text in in_variables(item)}
    for name, below in value.items():
        if str(name) in _ENVIRONMENTS:
            named = [_mapping(below)[one] for one in secret_variables(_mapping(below))]
            plain = [one.get("value") if isinstance(one, dict) else one for one in named]
            found |= {text for text in _texts(plain) if len(text) >= _SHORTEST_VARIABLE}
    return found


def secret_variables(environment: t.Mapping[str, t.Any]) -> list[str]:
    """The variables whose names say that they are secret."""
    return [name for name, value in environment.items() if value is not None and _VARIABLE.search(str(name)) and not _argspec.is_place(str(name))]


def without_signatures(text: str) -> str:
    """A message about an address, without what lets anybody use the address."""
    return _SIGNATURE.sub(r"\1***", text)


def printable(text: str) -> str:
    """A text of somebody else's as it may go to a terminal: what would move the cursor or begin an escape sequence is spelled out."""
    return _CONTROL.sub(lambda found: ascii(found.group())[1:-1], text)


def _texts(value: t.Any) -> set[str]:
    if isinstance(value, dict):
        return {found for item in value.values() for found in _texts(item)}
    if isinstance(value, (list, tuple)):
        return {found for item in value for found in _texts(item)}
    return set() if value is None or isinstance(value, bool) or value == "" else {str(value)}


def _mapping(value: t.Any) -> dict[str, t.Any]:
    """A mapping as AnsibleModule would read it; an empty one where it could not."""
    if isinstance(value, str):
        try:
            value = check_type_dict(value)
        except TypeError:
            return {}
    return value if isinstance(value, dict) else {}
