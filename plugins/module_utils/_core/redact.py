# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which texts of a task are secret, and what is shown in their place.

ansible-core replaces the values of ``no_log`` options in results, letter by letter as they were given. It does not know a mapping that came as
JSON text, a value in an address or inside another JSON text, a key without its line ends; and it leaves warnings as they are
(``remove_values`` in ansible.module_utils.common.parameters, 2.19). All that leaves a module goes through ``KNOWN`` before (see ``mask``). Values of
less than four letters are replaced by ansible-core alone, in their one spelling.

The values of variables are secret whatever their names: each is hidden at its place (``without_values``). What is long or odd enough to be a secret is
hidden in texts too; a switch, a region or a size is not, since it would take the rest of the result along.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import os
import re
import typing as t
import urllib.parse

from . import paths, text_mapping
from .errors import RuleError
from .mask import Masker

Spec = t.Mapping[str, t.Mapping[str, t.Any]]

# What all texts of this process are searched for; a module's own run begins with none.
KNOWN = Masker()
# The names of variables that the user of this run wants to see.
SHOWN: set[str] = set()

# Names that people give to variables with secrets, and the shortest value that is not rather a switch or a number.
_VARIABLE = re.compile(
    r"pass(word|wd|phrase)|secret|(^|_)token$|(api|access|account|private|license)_?key|licen[cs]e$|connection_?string",
    re.IGNORECASE,
)
_SHORTEST_VARIABLE = 6
# Mappings (or lists of name and value) of variables and settings: in our options, in the service's bodies, in those of other resources.
_MAPPINGS = frozenset(
    ("environment_variables", "environmentvariables", "env", "envvars", "application_settings", "applicationsettings", "app_settings", "appsettings",
     "connection_strings", "connectionstrings", "secrets", "protected_settings", "protectedsettings")
)  # fmt: skip
_MAPPING_NAME = re.compile("|".join(_MAPPINGS), re.IGNORECASE)
PLACEHOLDER = "VALUE_NOT_SHOWN"
_KEY = os.urandom(32)

# Words, numbers, versions, sizes and ids: what is worth no search. A long chain of words may be a pass phrase.
_ORDINARY = re.compile(
    r"[A-Za-z]+(?:[ ._-][A-Za-z]+)*|[\d .,:-]+|v?\d+(?:\.\d+)*[A-Za-z]*|[A-Za-z]+\d{1,2}|(?:standard|basic)_\w+|/subscriptions/.*|(?:/[\w.-]+)+/?",
    re.IGNORECASE,
)
_SHORTEST_TEXT, _LONGEST_WORDS = 8, 16
# Where a result says openly what a variable may say too.
_OPEN = re.compile(r"(^|_)(id|name|type|location|region|size|url|uri|endpoint)$|^(workspace|resource_group|state|version|reference|image)$|Id$|Name$",
                   re.IGNORECASE)  # fmt: skip

# Of an operation's or a list's address: what proves that the caller may read it (docs/facts.md a.4), and a storage signature.
_SIGNATURE = re.compile(r"([?&](?:c|s|h|sig)=)[^&\s'\"<>)]+", re.IGNORECASE)

# Of any address, wherever it is: a storage signature, a function's key, a token.
_QUERY = re.compile(
    r"[?&](sig|signature|sas|code|key|(?:\w*[_-])?(?:token|secret|password|pwd|api[_-]?key|access[_-]?key))=([^&\s'\"<>#]+)",
    re.IGNORECASE,
)
# Of a connection string, as of a database or a storage account.
_IN_CONNECTION_STRING = re.compile(
    r"(?:^|;)\s*(?:password|pwd|(?:shared ?)?access ?key|account ?key|client ?secret|access ?token)\s*=\s*(\"[^\"]*\"|'[^']*'|[^;]+)",
    re.IGNORECASE,
)
# These may as well be of any page: only what is odd enough to be a secret counts.
_OFTEN_OPEN = ("code", "key")
# The options in which an address is refused, whatever its query is.
_SCRIPTS = frozenset({"creation_script", "startup_script"})

# All but the tab and the line end.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Secrets(set[str]):
    """Texts to be replaced by ansible-core, the longest first: where one is a part of another, nothing of the longer one may stay.

    ansible-core sorts them itself, but not in 2.19.0 to 2.19.9, 2.20.0 and 2.21.0.
    """

    def __iter__(self) -> t.Iterator[str]:
        return iter(sorted(super().__iter__(), key=len, reverse=True))


def printed(secret: str) -> str:
    """An incomplete character cannot be printed: it is shown as '?', and refused by the module's rules."""
    return secret.encode(errors="replace").decode()


def cut(text: str, size: int) -> str:
    """The beginning of a text. Secrets are hidden before: what the cut leaves of one would no longer be found."""
    return KNOWN.mask(text)[:size]


def in_options(spec: Spec, params: t.Mapping[str, t.Any]) -> set[str]:
    """The values of the options that are ``no_log``, at any depth."""
    secrets: set[str] = set()
    for name, row in spec.items():
        for value in [params[key] for key in (name, *row.get("aliases", ())) if params.get(key) is not None]:
            if row.get("no_log"):
                secrets |= _texts(value) | (_texts(_mapping(value)) if row.get("type") == "dict" else set())
            elif row.get("options"):
                for below in value if isinstance(value, list) else [value]:
                    secrets |= in_options(row["options"], _mapping(below))
    return secrets


def in_definition(definition: t.Any) -> set[str]:
    """The secrets of YAML of the CLI, which is shown to no one where it cannot be read."""
    return in_free_form(_loaded(definition))


def _loaded(value: t.Any) -> t.Any:
    """A text as the YAML that it is, which JSON is too; None for what cannot be read, or goes beyond the limits."""
    if value is None:
        return None
    from . import safe_yaml

    try:
        loaded = safe_yaml.load(value) if isinstance(value, str) else value
        safe_yaml.check(loaded)
    except RuleError:
        return None
    return loaded


def parsed(params: dict[str, t.Any]) -> dict[str, t.Any]:
    """Arguments in which a text that is a mapping with variables is that mapping, so that these can be hidden at their places."""
    parsed_params = dict(params)
    for name, value in params.items():
        loaded = _loaded(value) if isinstance(value, str) and _MAPPING_NAME.search(value) else None
        if any(True for _variable in _variables(loaded)):
            parsed_params[name] = loaded
    return parsed_params


def hide_variables(tree: t.Any, shown: t.Collection[str] = ()) -> None:
    """Search all texts from now on for the values of variables in this tree, and for the secrets of its addresses."""
    secrets = in_addresses(tree)
    # Who writes an address into a tag must not thereby hide a name or a region from the result.
    public = public_texts(tree) if any(not _is_odd(secret) for secret in secrets) else set()
    for secret in secrets:
        if secret.casefold() not in public:
            KNOWN.add(printed(secret))
    if not any(True for _variable in _variables(tree)):
        # Most trees have none, and what the tree says openly need not be known then.
        return
    for value in in_variables(tree, {*SHOWN, *shown}, public_texts(tree)):
        KNOWN.add(printed(value))


def in_addresses(tree: t.Any) -> set[str]:
    """The secrets in the queries of addresses, as they are written and decoded, and in connection strings; of an address in place of a setup script's
    path, the whole query."""
    secrets: set[str] = set()
    stack = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if not _SCRIPTS.isdisjoint(item):
                secrets.update(_script_queries(item))
            stack += item.values()
        elif isinstance(item, (list, tuple)):
            stack += item
        elif isinstance(item, str) and ("?" in item or ";" in item):
            secrets.update(_secrets_in_text(item))
    return {form for secret in secrets for form in (secret, urllib.parse.unquote_plus(secret))}


def _secrets_in_text(text: str) -> t.Iterator[str]:
    if "?" in text:
        yield from (
            name[1] for name in _QUERY.findall(text) if name[0].casefold() not in _OFTEN_OPEN or _is_odd(name[1])
        )
    if ";" in text:
        yield from (secret.strip().strip("\"'") for secret in _IN_CONNECTION_STRING.findall(text))


def _script_queries(item: dict[t.Any, t.Any]) -> t.Iterator[str]:
    for script in (item[name] for name in _SCRIPTS if isinstance(item.get(name), dict)):
        query = str(script.get("path")).partition("?")[2]
        if query:
            yield query


def in_free_form(value: t.Any) -> set[str]:
    """The secrets of mappings without a spec, recognized by their names."""
    return secrets_in(value)


def in_variables(value: t.Any, shown: t.Collection[str] = (), public: t.Collection[str] = ()) -> set[str]:
    """The values of variables that are searched for in texts.

    shown   names of variables that the user wants to see
    public  what the task says openly elsewhere
    """
    secrets = {(name, text) for name, text in _variables(value) if name not in shown}
    named = {text for name, text in secrets if is_secret_name(name) and len(text) >= _SHORTEST_VARIABLE}
    return named | {text for _name, text in secrets if _is_odd(text) and text.casefold() not in public}


def is_secret_name(name: str) -> bool:
    """Whether a variable's name says that it is secret; such a value is searched for even where it is a plain word."""
    return bool(_VARIABLE.search(name)) and not is_place(name)


def _is_odd(text: str) -> bool:
    """Whether a value is none that a result may hold for other reasons."""
    words = "/" not in text and not text[-1:].isdigit()
    return len(text) >= _SHORTEST_TEXT and (
        _ORDINARY.fullmatch(text) is None or (words and len(text) >= _LONGEST_WORDS)
    )


def _variables(value: t.Any) -> t.Iterator[tuple[str, str]]:
    """Name and value of all variables in a tree, at any depth. A loop: each level of generators would pass on each value."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            for key, below in item.items():
                if _holds_variables(key):
                    yield from _named(below)
            stack += item.values()
        elif isinstance(item, (list, tuple)):
            stack += item


@functools.lru_cache(1024)
def _holds_variables(key: t.Any) -> bool:
    return str(key).casefold() in _MAPPINGS


def _named(below: t.Any) -> t.Iterator[tuple[str, str]]:
    rows: t.Iterable[tuple[t.Any, t.Any]] = _mapping(below).items()
    if isinstance(below, (list, tuple)):
        rows = [(child.get("name"), child) for child in below if isinstance(child, dict)]
    for name, row in rows:
        for text in _texts(
            [row[part] for part in ("value", "secureValue") if part in row] if isinstance(row, dict) else row
        ):
            yield str(name), text


def public_texts(value: t.Any, open_here: bool = False) -> set[str]:
    """What a tree says openly: names, ids and their parts, places, sizes; in lower case."""
    if isinstance(value, dict):
        rows = [(key, below) for key, below in value.items() if str(key).casefold() not in _MAPPINGS]
        return {secret_text for key, below in rows for secret_text in public_texts(below, bool(_OPEN.search(str(key))))}
    if isinstance(value, (list, tuple)):
        return {secret_text for item in value for secret_text in public_texts(item, open_here)}
    text = str(value).casefold()
    return {text, *text.split("/")} if open_here and isinstance(value, str) else set()


def placeholder(value: t.Any) -> str:
    """What is shown for a value: the same text for the same value, within one process."""
    return f"{PLACEHOLDER} ({hmac.new(_KEY, str(value).encode('utf-8', 'surrogatepass'), hashlib.sha256).hexdigest()[:12]})"


def is_placeholder(value: t.Any) -> bool:
    """Whether a declaration has what an export has in place of the value of a variable."""
    return isinstance(value, str) and value.startswith(PLACEHOLDER)


def without_values(
    value: t.Any, shown: t.Collection[str] = (), hide: t.Callable[[t.Any], t.Any] = placeholder
) -> t.Any:
    """A copy of a tree that has something else in place of the values of variables, but for those with the names ``shown``."""
    if isinstance(value, (list, tuple)):
        return [without_values(item, shown, hide) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: (_hidden_mapping if _holds_variables(key) else without_values)(below, shown, hide)
        for key, below in value.items()
    }


def without_values_of(
    field: str, value: t.Any, shown: t.Collection[str] = (), hide: t.Callable[[t.Any], t.Any] = placeholder
) -> t.Any:
    """The value of a field, whose dotted name can say that it holds variables, or is one of them, as ``without_values`` has it."""
    tree: dict[str, t.Any] = {}
    paths.set_path(tree, field, value)
    return paths.get_path(without_values(tree, shown, hide), field)


def _hidden_mapping(below: t.Any, shown: t.Collection[str], hide: t.Callable[[t.Any], t.Any]) -> t.Any:
    if isinstance(below, str):
        # As JSON or as key=value, which AnsibleModule takes for a mapping.
        return _hidden_mapping(_mapping(below), shown, hide) if _mapping(below) else _hidden(below, hide)
    if isinstance(below, dict):
        return {name: child if str(name) in shown else _hidden(child, hide) for name, child in below.items()}
    if isinstance(below, (list, tuple)):
        return [
            child if isinstance(child, dict) and str(child.get("name")) in shown else _hidden(child, hide)
            for child in below
        ]
    return below


def _hidden(value: t.Any, hide: t.Callable[[t.Any], t.Any]) -> t.Any:
    if isinstance(value, dict):
        kept = ("name", "type") if {"value", "secureValue"} & set(value) else ()
        return {key: below if key in kept else _hidden(below, hide) for key, below in value.items()}
    if isinstance(value, (list, tuple)):
        return [_hidden(item, hide) for item in value]
    return (
        value
        if value is None or (isinstance(value, str) and (not value or value.startswith(PLACEHOLDER)))
        else hide(value)
    )


def without_signatures(text: str) -> str:
    """A message about a URL, without the parts that allow others to use the URL."""
    return _SIGNATURE.sub(r"\1***", text)


def printable(text: str) -> str:
    """A text of someone else's as it may go to a terminal: what would move the cursor or begin an escape sequence, and half
    of a surrogate pair, is spelled out."""
    return _CONTROL.sub(lambda found: ascii(found.group())[1:-1], text)


def _texts(value: t.Any) -> set[str]:
    """The texts in a tree that may be secrets."""
    if isinstance(value, dict):
        return {secret_text for item in value.values() for secret_text in _texts(item)}
    if isinstance(value, (list, tuple)):
        return {secret_text for item in value for secret_text in _texts(item)}
    if value is None or isinstance(value, bool) or value == "" or str(value).startswith(PLACEHOLDER):
        return set()
    return {str(value)}


def _mapping(value: t.Any) -> dict[str, t.Any]:
    """A mapping as AnsibleModule would read it; an empty one where it could not."""
    if isinstance(value, str):
        value = text_mapping.mapping_of(value)
    return value if isinstance(value, dict) else {}


_SECRET_NAME = re.compile(
    r"(?<!update_)password|passphrase|secret|token|(private|account)_?key|^(keys?|api_?key|pat|certificate)$",
    re.IGNORECASE,
)
_PLACE_NAME = re.compile(r"_(file|path)$", re.IGNORECASE)


def is_place(name: str) -> bool:
    """Whether an option says where a secret is: that is none itself."""
    return bool(_PLACE_NAME.search(name))


def secrets_in(value: t.Any, secret: bool = False) -> set[str]:
    """The texts in a mapping without a spec whose names are those of secrets."""
    if isinstance(value, dict):
        return {
            secret_text
            for key, item in value.items()
            for secret_text in secrets_in(item, secret or _is_secret(str(key)))
        }
    if isinstance(value, (list, tuple)):
        return {secret_text for item in value for secret_text in secrets_in(item, secret)}
    return _texts(value) if secret else set()


@functools.lru_cache(1024)
def _is_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(name)) and not is_place(name)
