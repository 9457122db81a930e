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

Spec = t.Mapping[str, t.Mapping[str, t.Any]]

_SHORTEST = 4
_PEM = "-----BEGIN "
_SHORTEST_LINE = 16

# Names that people give to variables with secrets, and the shortest value that is not rather a switch or a number.
_VARIABLE = re.compile(r"pass(word|wd|phrase)|secret|(^|_)token$|(api|access|account|private|license)_?key|licen[cs]e$|connection_?string", re.IGNORECASE)
_SHORTEST_VARIABLE = 6

# Of an operation's or a list's address: what proves that the caller may read it (docs/facts.md a.4), and a storage signature.
_SIGNATURE = re.compile(r"([?&](?:c|s|h|sig)=)[^&\s'\"<>)]+", re.IGNORECASE)


def spellings(secret: str) -> set[str]:
    """The secret as it may stand in a text."""
    found = {secret}
    if len(secret) < _SHORTEST:
        return found
    plain = {secret, secret.strip(), " ".join(secret.split())}
    if secret.lstrip().startswith(_PEM):
        # A message may quote one line of a key.
        plain |= {line.strip() for line in secret.splitlines() if len(line.strip()) >= _SHORTEST_LINE and not line.startswith("-----")}
    for text in plain:
        # JSON in JSON in JSON: a service quotes a request, azure-core quotes the service's answer.
        nested = {text}
        for _depth in range(3):
            nested |= {json.dumps(one, ensure_ascii=escaped)[1:-1] for one in nested for escaped in (True, False)}
        address = {quote(text), quote(text, safe=""), quote_plus(text)}
        other = {html.escape(text), html.escape(text, quote=False), repr(text)[1:-1], ascii(text)[1:-1], base64.b64encode(text.encode()).decode()}
        found |= nested | address | other
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
    if isinstance(definition, str):
        import yaml

        try:
            definition = yaml.safe_load(definition)
        except (yaml.YAMLError, ValueError):
            return set()
    return in_free_form(definition)


def in_free_form(value: t.Any) -> set[str]:
    """The secrets of a mapping without a spec, or of a list of such: by their names, and in the environments of custom applications at any depth."""
    return _argspec.secrets_in(value) | _in_applications(value)


def _in_applications(value: t.Any) -> set[str]:
    if isinstance(value, (list, tuple)):
        return {found for item in value for found in _in_applications(item)}
    if not isinstance(value, dict):
        return set()
    return in_variables(value.get("custom_applications")) | _in_applications(list(value.values()))


def in_variables(applications: t.Any) -> set[str]:
    """What the environment of custom applications holds under names that say so."""
    found: set[str] = set()
    for one in applications if isinstance(applications, list) else []:
        variables = _mapping(_mapping(one).get("environment_variables"))
        named = [value for name, value in variables.items() if _VARIABLE.search(str(name)) and not _argspec.is_place(str(name))]
        found |= {text for text in _texts(named) if len(text) >= _SHORTEST_VARIABLE}
    return found


def without_signatures(text: str) -> str:
    """A message about an address, without what lets anybody use the address."""
    return _SIGNATURE.sub(r"\1***", text)


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
