# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure's types of the resource providers (bicep-types-az, as Markdown), and whether an answer or a request's body fits them.

The documents say of each property its type, the values of an enum, bounds and patterns, and whether it is required, read-only, write-only or
sensitive. Enums are open (``'A' | 'B' | string``): a value beside them is told all the same. A null stands for a property that is not there.
"""

from __future__ import annotations

import functools
import re
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

SPEC = Path(__file__).resolve().parent / "official"
STABLE, PREVIEW = SPEC / "types-2026-05-01.md", SPEC / "types-2026-05-15-preview.md"
# API versions by their types: those of one line are the same.
FILES = {
    **dict.fromkeys(("2025-12-01", "2026-03-01", "2026-05-01"), STABLE),
    **dict.fromkeys(("2026-03-15-preview", "2026-05-15-preview"), PREVIEW),
    # But for the differences that are named below.
    "2025-09-01": STABLE,
}
# Of the resources of other providers that this collection writes.
OTHERS = {
    ("Microsoft.Authorization/roleAssignments", "2022-04-01"): SPEC / "types-authorization-2022-04-01.md",
    ("Microsoft.Insights/diagnosticSettings", "2021-05-01-preview"): SPEC / "types-insights-2021-05-01-preview.md",
    ("Microsoft.KubernetesConfiguration/extensions", "2025-03-01"): SPEC
    / "types-kubernetesconfiguration-2025-03-01.md",
    ("Microsoft.Quota/quotas", "2025-09-01"): SPEC / "types-quota-2025-09-01.md",
}

_PROPERTY = re.compile(r"^\* \*\*(?P<name>[^*]+)\*\*: (?P<rest>.*)$")
_FLAGS = re.compile(r" \((?P<flags>(?:Required|ReadOnly|WriteOnly|DeployTimeConstant|Identifier)(?:, \w+)*)\)(?=:|$)")
_BOUNDS = re.compile(r"(\w+): (\"(?:[^\"\\]|\\.)*\"|-?\d+|\w+)")
_REFERENCE = re.compile(r"^\[(?P<name>\w+)\]\(#")
_WORDS = re.compile(r"'([^']*)'")
SECRET = "a secret is shown"
READ_ONLY = "read-only, and sent"
_SCALARS = {"string": str, "int": int, "bool": bool}


@dataclass
class Property:
    """One line of a type: what the value is, and what is said of it."""

    type: str
    flags: frozenset[str] = frozenset()

    @property
    def secret(self) -> bool:
        return "{sensitive}" in self.type or "WriteOnly" in self.flags


# What the types of a version lack, and have in addition to those of their file, of the resources that this collection writes: compared with bicep-types-az
# (generated/machinelearningservices/microsoft.machinelearningservices/2025-09-01/types.md), which is not kept here for a version with one option of its own.
LACKS = {
    "2025-09-01": {
        "ComputeInstanceProperties": ("enableSSO", "idleTimeBeforeShutdown"),
        "ComputeInstanceDataMount": ("mountMode",),
        "CustomService": ("kernel",),
        "EncryptionProperty": ("cosmosDbResourceId", "searchAccountResourceId", "storageAccountResourceId"),
        "OutboundRule": ("fqdns",),
    }
}
ADDS = {"2025-09-01": {"ManagedNetworkSettings": {"enableFirewallLog": Property("bool")}}}


@dataclass
class Type:
    """A type: its properties; the kinds of it, by the value of a discriminator; or a map."""

    properties: dict[str, Property] = field(default_factory=dict)
    discriminator: str | None = None
    kinds: dict[str, dict[str, Property]] = field(default_factory=dict)
    additional: str | None = None


@dataclass(frozen=True, order=True)
class Deviation:
    """Where an answer and the types differ. ``path`` is that of a property, with ``[]`` for the items of a list and ``*`` for the keys of a map."""

    path: str
    what: str


class Types:
    """One version of the document."""

    def __init__(self, *files: Path) -> None:
        """A type that the first file lacks, or a property that it lacks there, is looked for in the next."""
        self.documents = [_parsed(file.read_text()) for file in files]

    def change(self, lacks: t.Mapping[str, t.Iterable[str]], adds: t.Mapping[str, dict[str, Property]]) -> Types:
        """Apply the differences of a version that has the types of another one otherwise. A type, or a property to remove, that is not there is a KeyError."""
        [document] = self.documents
        for name, gone in lacks.items():
            for key in gone:
                holders = [rows for rows in (document[name].properties, *document[name].kinds.values()) if key in rows]
                for rows in holders:
                    del rows[key]
                if not holders:
                    raise KeyError(f"{name}.{key}")
        for name, rows in adds.items():
            document[name].properties |= rows
        return self

    def deviations(self, name: str, value: t.Any, *, secrets: bool = False) -> set[Deviation]:
        """How an answer's body differs from the type, or from the resource (``workspaces/computes``) of that name.

        secrets  the answer is there to show secrets
        """
        deviations: set[Deviation] = set()
        self._object(name, value, "", deviations)
        return {item for item in deviations if item.what != READ_ONLY and not (secrets and item.what == SECRET)}

    def not_writable(self, name: str, body: t.Any) -> set[Deviation]:
        """The properties of a request's body that the types do not have, or have for answers alone."""
        deviations: set[Deviation] = set()
        self._object(name, body, "", deviations)
        return {item for item in deviations if item.what in ("unknown", READ_ONLY)}

    def _find(self, name: str) -> list[Type]:
        versions = [document[name] for document in self.documents if name in document]
        if not versions:
            raise KeyError(name)
        return versions

    def _object(self, name: str, value: t.Any, path: str, deviations: set[Deviation]) -> None:
        versions = self._find(name)
        if not isinstance(value, dict):
            deviations.add(Deviation(path, f"{type(value).__name__} in place of {name}"))
            return
        rows, additional = self._rows(versions, value, path, deviations)
        for key, below in value.items():
            if key in rows:
                if below is not None:
                    self._property(rows[key], below, f"{path}.{key}".lstrip("."), deviations)
            elif additional:
                if below is not None:
                    self._value(additional, below, f"{path}.*".lstrip("."), deviations)
            else:
                deviations.add(Deviation(f"{path}.{key}".lstrip("."), "unknown"))
        for key, row in rows.items():
            if "Required" in row.flags and "DeployTimeConstant" not in row.flags and value.get(key) is None:
                deviations.add(Deviation(f"{path}.{key}".lstrip("."), "required and not there"))

    @staticmethod
    def _rows(
        versions: list[Type], value: dict[str, t.Any], path: str, deviations: set[Deviation]
    ) -> tuple[dict[str, Property], str | None]:
        rows: dict[str, Property] = {}
        for version in reversed(versions):
            rows |= version.properties
            if version.discriminator is None:
                continue
            kind = value.get(version.discriminator)
            if kind in version.kinds:
                rows |= version.kinds[kind]
            elif version is versions[0]:
                deviations.add(Deviation(f"{path}.{version.discriminator}".lstrip("."), f"{kind!r} is no kind"))
        return rows, versions[0].additional

    def _property(self, row: Property, value: t.Any, path: str, deviations: set[Deviation]) -> None:
        if row.secret:
            deviations.add(Deviation(path, SECRET))
        if "ReadOnly" in row.flags:
            deviations.add(Deviation(path, READ_ONLY))
        self._value(row.type, value, path, deviations)

    def _value(self, kind: str, value: t.Any, path: str, deviations: set[Deviation]) -> None:
        if kind.endswith("[]"):
            if not isinstance(value, list):
                deviations.add(Deviation(path, f"{type(value).__name__} in place of a list"))
                return
            for item in value:
                self._value(kind[:-2].removeprefix("(").removesuffix(")"), item, f"{path}[]", deviations)
            return
        reference = _REFERENCE.match(kind)
        if reference:
            self._object(reference["name"], value, path, deviations)
        elif kind.startswith("'"):
            if value not in _WORDS.findall(kind):
                deviations.add(Deviation(path, f"{value!r} is none of the values"))
        elif kind != "any":
            self._scalar(kind, value, path, deviations)

    @staticmethod
    def _scalar(kind: str, value: t.Any, path: str, deviations: set[Deviation]) -> None:
        name = kind.partition(" ")[0]
        python_types = _SCALARS[name]
        if not isinstance(value, python_types) or (isinstance(value, bool) and python_types is not bool):
            deviations.add(Deviation(path, f"{type(value).__name__} in place of {name}"))
            return
        for bound, text in _BOUNDS.findall(kind.partition("{")[2]):
            wrong = (
                (bound == "minValue" and value < int(text))
                or (bound == "maxValue" and value > int(text))
                or (bound == "minLength" and len(value) < int(text))
                or (bound == "maxLength" and len(value) > int(text))
                or (bound == "pattern" and not re.search(text[1:-1], value))
            )
            if wrong:
                deviations.add(Deviation(path, f"{bound} {text}"))


@functools.cache
def types_of(version: str, resource: str = "") -> Types | None:
    """The types of an API version, of this provider or of a resource that names another one; None where they are not here."""
    if (resource, version) in OTHERS:
        return Types(OTHERS[resource, version])
    if version not in FILES or resource.startswith("Microsoft."):
        return None
    return Types(FILES[version]).change(LACKS.get(version, {}), ADDS.get(version, {}))


def _parsed(text: str) -> dict[str, Type]:
    """Types by their names; resources by what stands after this provider, those of others whole; functions as ``Function NAME RESOURCE``."""
    types: dict[str, Type] = {}
    now, rows = Type(), dict[str, Property]()
    for line in text.splitlines():
        if line.startswith("## "):
            now = types.setdefault(_name(line[3:]), Type())
            rows = now.properties
        elif line.startswith("### "):
            title = line[4:]
            if title not in ("Properties", "Base Properties", "Additional Properties"):
                rows = now.kinds.setdefault(title, {})
        elif line.startswith("* **Discriminator**"):
            now.discriminator = line.rpartition(" ")[2]
        elif line.startswith("* **Additional Properties Type**"):
            now.additional = line.partition("**: ")[2]
        elif not line.startswith(("* **Readable Scope", "* **Writable Scope", "* **Resource**", "* **ApiVersion**")):
            match = _PROPERTY.match(line)
            if match:
                rows[match["name"]] = _property(match["rest"])
    for row in types.values():
        # A kind stands under its type's name, and is told by the constant of the discriminator.
        row.kinds = {
            _WORDS.findall(kind[row.discriminator].type)[0]: kind
            for kind in row.kinds.values()
            if row.discriminator in kind
        }
    return types


def _name(title: str) -> str:
    match = re.match(
        r"^(Resource|Function (?P<verb>\w+)) \(?(?:Microsoft\.MachineLearningServices/)?(?P<type>[^@]+)@", title
    )
    if match is None:
        return title
    return f"{match['verb']} {match['type']}" if match["verb"] else match["type"]


def _property(rest: str) -> Property:
    flags = _FLAGS.search(rest)
    kind = rest[: flags.start()] if flags else rest
    if "{" in kind and kind.index("{") < (kind.index(": ") if ": " in kind else len(kind)):
        kind = kind[: kind.rindex("}") + 1]
    else:
        kind = re.split(r": (?=\S)", kind)[0]
    return Property(kind.strip(), frozenset(flags["flags"].split(", ")) if flags else frozenset())


def writable_paths(version: str, resource: str, kind: str = "") -> set[str]:
    """The dotted places of a resource that a request can write, down to scalars; ``[]`` are items of a list and ``*`` the keys of a map.

    kind  the value of the discriminator, for compute targets
    """
    types = types_of(version, resource)
    assert types is not None
    paths: set[str] = set()
    _collect(types.documents[0], resource, "", kind, paths)
    return paths


def _collect(
    types: dict[str, Type], name: str, path: str, kind: str, paths: set[str], seen: tuple[str, ...] = ()
) -> None:
    one = types[name]
    # Without a kind, as of a rule or of a schedule: what any of them has.
    kinds = [one.kinds[kind]] if kind in one.kinds else list(one.kinds.values())
    places = [
        (key, row.type)
        for rows in (one.properties, *kinds)
        for key, row in rows.items()
        if not row.flags & {"ReadOnly", "DeployTimeConstant"}
    ]
    if one.additional:
        places.append(("*", one.additional))
    for key, type_ in places:
        _below(types, type_, f"{path}.{key}".lstrip("."), kind, paths, (*seen, name))


def _below(types: dict[str, Type], type_: str, path: str, kind: str, paths: set[str], seen: tuple[str, ...]) -> None:
    if type_.endswith("[]"):
        _below(types, type_[:-2].removeprefix("(").removesuffix(")"), f"{path}[]", kind, paths, seen)
        return
    reference = _REFERENCE.match(type_)
    if reference and reference["name"] in types and reference["name"] not in seen:
        _collect(types, reference["name"], path, kind, paths, seen)
    else:
        paths.add(path)
