# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML of the Azure ML CLI v2 as a module's options: the ``definition`` option.

azure-ai-ml's own loader says whether ``az ml compute create -f`` would take the YAML, or the same command for a workspace, registry, datastore,
connection, online endpoint or deployment. What was declared is read from the YAML itself: the loaded object fills in sizes, node counts and the
like that no one declared (docs/facts.md f.7, f.8).
"""

from __future__ import annotations

import contextlib
import copy
import difflib
import io
import typing as t

from .._core import redact, safe_yaml
from .._core.errors import RuleError
from .._core.findings import Finding, Findings, refuse
from .._core.words import letters
from .._kinds.registry import CLI_SCHEMAS, cli_fields, module_of_type

Tree = dict[str, t.Any]
Spec = t.Mapping[str, dict[str, t.Any]]

# marshmallow's message about a field that a schema does not have.
_UNKNOWN_FIELD = "Unknown field."
_HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def merge(given: Tree, spec: Spec, kinds: t.Sequence[str]) -> Tree:
    """The task's arguments with those of its definition below them: an option of the task replaces the complete value.

    given   the task's arguments as they came in, ``definition`` among them
    spec    the module's argument spec
    kinds   the CLI's types that the module keeps; ``workspace`` for the workspace, ``connection`` for all types of connections
    Raises RuleError for what azure-ai-ml or the module would not take.
    """
    declared = parse(given["definition"])
    kind = _kind(declared, given, kinds)
    _drop_read_only(declared, kind)
    schema = CLI_SCHEMAS[kind]
    replaced = [name for name in schema.assets if given.get(name) is not None]
    declared = {name: value for name, value in declared.items() if name not in replaced}
    refuse(schema.check(declared))
    _validate(_complete(declared, given, kind), kind)
    options = to_options(declared, kind, spec, with_type="type" in spec)
    refuse(_unknown(options, spec, "definition"))
    named = {
        name: row for name, row in spec.items() if not any(key in given for key in (name, *row.get("aliases", ())))
    }
    merged = {**given, **{name: value for name, value in options.items() if name in named}}
    merged["definition"] = _without_secrets(declared, {*schema.secrets, *_secret_names(spec)})
    return merged


def read_target(definition: t.Any, specs: t.Mapping[str, Spec]) -> tuple[str, Tree]:
    """A resource of any of the kinds of ``specs``, as an entry of a list of several kinds: its kind, and its options, with ``type`` and ``name``.

    specs   the options of each kind
    Raises RuleError for what azure-ai-ml would not take, or the kind has no option for.
    """
    declared = parse(definition)
    kind = _kind(declared, {}, list(specs))
    _drop_read_only(declared, kind)
    refuse(CLI_SCHEMAS[kind].check(declared))
    _validate(declared, kind)
    options = to_options(declared, kind, specs[kind], with_type=True)
    refuse(_unknown(options, {"type": {}, "name": {}, "tags": {}, **specs[kind]}, "definition"))
    return kind, options


def parse(definition: t.Any) -> Tree:
    """The definition as a separate mapping."""
    definition = safe_yaml.load(definition) if isinstance(definition, str) else definition
    if not isinstance(definition, dict):
        raise RuleError(
            f"definition must be a mapping, or YAML text that holds one, and not a {type(definition).__name__}.",
            code="InvalidDefinition",
            hint="Give the file's content: definition: \"{{ lookup('ansible.builtin.file', 'cluster.yml') }}\".",
        )
    safe_yaml.check(definition)
    return copy.deepcopy(definition)


def _shown_kind(declared: Tree, kinds: t.Sequence[str]) -> str | None:
    """The kind that a file shows by other fields than its type, or that the module takes alone."""
    only = kinds[0] if len(kinds) == 1 else None
    candidates = kinds if only is None else CLI_SCHEMAS[only].variants
    default = only if only is not None and not CLI_SCHEMAS[only].is_typed else None
    return next((kind for kind in candidates if CLI_SCHEMAS[kind].shows(declared)), default)


def _kind(declared: Tree, given: Tree, kinds: t.Sequence[str]) -> str:
    only = kinds[0] if len(kinds) == 1 else None
    shown = _shown_kind(declared, kinds)
    if shown is not None:
        return shown
    named = declared.get("type") or given.get("type") or only
    kind = str(named).casefold()
    if kind in kinds and CLI_SCHEMAS[kind].is_typed:
        return kind
    raise _wrong_type(named, kinds, declared)


def _wrong_type(named: t.Any, kinds: t.Sequence[str], declared: Tree) -> RuleError:
    module = module_of_type(str(named).casefold())
    better = f" Use azureml.compute.{module}." if module else ""
    if named is None:
        misspelt = difflib.get_close_matches("type", map(str, declared), n=1)
        problem = f"definition.type is missing{f' (misspelt as {misspelt[0]!r})' if misspelt else ''}:"
    else:
        problem = f"definition.type is {named!r}, but"
    return RuleError(
        f"{problem} this module takes {', '.join(kinds)}.{better}",
        code="WrongDefinitionType",
        hint="Nothing was sent. Correct definition.type.",
    )


def _complete(declared: Tree, given: Tree, kind: str) -> Tree:
    """The definition with what the loader cannot do without, where that comes from an option; what is missing then is Ansible's to say."""
    schema = CLI_SCHEMAS[kind]
    needed: Tree = {"name": given.get("name") or "unnamed", **({"type": kind} if schema.is_typed else {})}
    needed |= {option: given.get(option) or "unnamed" for option in schema.needs}
    needed |= {option: given[option] for option in ("resource_id", "namespace") if given.get(option)}
    return {**needed, **schema.complete(given, declared), **declared}


# --- azure-ai-ml's loader ---


def _validate(declared: Tree, kind: str) -> None:
    import azure.ai.ml
    import yaml
    from azure.ai.ml.exceptions import MlException
    from marshmallow import ValidationError

    schema = CLI_SCHEMAS[kind]
    load = getattr(azure.ai.ml, schema.loader)
    source = io.StringIO(yaml.safe_dump(schema.for_loader(declared), sort_keys=False))
    # Output of azure-ai-ml would precede the module's JSON.
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            load(source)
        except ValidationError as error:
            refuse(_findings(error, cli_fields(kind)))
        except MlException as error:
            raise RuleError(
                f"definition: {error.message}", code="InvalidDefinition", hint="Nothing was sent. Correct definition."
            ) from error
        except Exception as error:  # what its schema lets pass, its classes may break on (a virtual machine's ssh_settings without admin_username)
            message = f"definition: azure-ai-ml does not take it: {redact.cut(' '.join(str(error).split()), 300)}."
            raise RuleError(message, code="InvalidDefinition", hint="Nothing was sent. Correct definition.") from error


def _findings(error: t.Any, known: t.Sequence[str]) -> Findings:
    """marshmallow's messages by field; azure-ai-ml wraps them in prose."""
    while not isinstance(error.messages, dict) and isinstance(error.__context__, type(error)):
        error = error.__context__
    source = "azure-ai-ml, schema of the CLI v2"
    for field, message in _flat(error.messages, "definition"):
        hint = _resembled(field.partition(".")[2], known) if message == _UNKNOWN_FIELD else ""
        yield Finding("InvalidDefinition", field, f"{field}: {message}{hint}", source)


def _resembled(field: str, known: t.Iterable[str]) -> str:
    """Advice for an unknown field: the one of the schema that it resembles, in the same place."""
    place = field.rpartition(".")[0]
    others = [name for name in known if name.rpartition(".")[0] == place]
    return "".join(f" Did you mean {name}?" for name in difflib.get_close_matches(field, others, n=1))


def _flat(messages: t.Any, field: str) -> t.Iterator[tuple[str, str]]:
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from _flat(below, field if key in ("_schema", "value") else f"{field}.{key}")
    elif isinstance(messages, list) and any(isinstance(message, (dict, list)) for message in messages):
        # A field that may have several forms: each form says the same or its own.
        yield from dict.fromkeys(row for message in messages for row in _flat(message, field))
    elif isinstance(messages, list):
        yield field, " ".join(str(message) for message in messages)
    else:
        yield field, str(messages)


# --- the CLI's tree and that of the collection ---


def to_options(declared: Tree, kind: str, spec: Spec, *, with_type: bool) -> Tree:
    """The options that say what the CLI's mapping says. Their names are the CLI's, or have it for an alias; what differs is spelled here."""
    tree, schema = copy.deepcopy(declared), CLI_SCHEMAS[kind]
    schema.regroup(tree)
    for name, row in spec.items():
        for alias in row.get("aliases", ()):
            if alias in tree:
                tree[name] = tree.pop(alias)
    _respell(tree, spec)
    if schema.is_typed and with_type:
        tree["type"] = kind
    elif schema.is_typed:
        tree.pop("type", None)
    _plain_identities(tree.get("identity"))
    schema.respell(tree)
    return tree


def _respell(tree: t.Any, spec: Spec) -> None:
    """Choices in our spelling, at any depth: the CLI takes LowPriority, lowpriority and low_priority."""
    for name, row in spec.items() if isinstance(tree, dict) else ():
        if name in tree and "choices" in row:
            tree[name] = _choice(tree[name], row["choices"])
        elif name in tree and row.get("options"):
            for below in tree[name] if isinstance(tree[name], list) else [tree[name]]:
                _respell(below, row["options"])


def _choice(value: t.Any, choices: t.Iterable[str]) -> t.Any:
    """The choice that has the same letters; a value that is none stays, for the module to refuse."""
    if not isinstance(value, str):
        return value
    return next((choice for choice in choices if letters(choice) == letters(value)), value)


def _plain_identities(identity: t.Any) -> None:
    """Ids in place of mappings with ``resource_id``."""
    if isinstance(identity, dict) and identity.get("user_assigned_identities") is not None:
        identity["user_assigned_identities"] = [
            identity.get("resource_id") if isinstance(identity, dict) else identity
            for identity in identity["user_assigned_identities"]
        ]


def _drop_read_only(tree: Tree, kind: str) -> None:
    schema = CLI_SCHEMAS[kind]
    schema.cleaned(tree)
    for path in schema.read_only:
        _drop(tree, path)


def _drop(tree: t.Any, path: str) -> None:
    name, _dot, rest = path.partition(".")
    if isinstance(tree, list):
        for item in tree:
            _drop(item, path)
    elif isinstance(tree, dict) and name in tree:
        if rest:
            _drop(tree[name], rest)
        else:
            del tree[name]


def _unknown(options: Tree, spec: Spec, where: str) -> Findings:
    """What the CLI takes and the module has no option for: never dropped in silence."""
    for name, value in options.items():
        row = spec.get(name)
        if row is None:
            message = f"{where}.{name} is known to the CLI, but this module has no option for it; remove it from the definition."
            yield Finding("NotManaged", f"{where}.{name}", message, "this collection")
        elif row.get("options"):
            for below in value if isinstance(value, list) else [value]:
                if isinstance(below, dict):
                    yield from _unknown(below, row["options"], f"{where}.{name}")


def _secret_names(spec: Spec) -> t.Iterator[str]:
    """The options that AnsibleModule hides, at any depth."""
    for name, row in spec.items():
        if row.get("no_log"):
            yield name
        yield from _secret_names(row.get("options") or {})


def _without_secrets(tree: t.Any, names: t.Collection[str]) -> t.Any:
    """The definition as it may be shown in a task's invocation."""
    if isinstance(tree, list):
        return [_without_secrets(item, names) for item in tree]
    if isinstance(tree, dict):
        return {key: _HIDDEN if key in names else _without_secrets(value, names) for key, value in tree.items()}
    return tree
