# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How classes of plugins/ extend each other: by public methods and by the protocols of _engine/extensions.py, and never by asking which kind it is."""

from __future__ import annotations

import ast
import re
import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._engine import extensions
from ansible_collections.azureml.compute.plugins.module_utils._engine.kind import Kind
from ansible_collections.azureml.compute.plugins.module_utils._kinds.registry import INFO_KINDS
from ansible_collections.azureml.compute.plugins.module_utils._reconcilers.quotas import QuotaExtension
from ansible_collections.azureml.compute.plugins.module_utils._reconcilers.registry import extension_of
from ansible_collections.azureml.compute.plugins.module_utils._reconcilers.workspace import WorkspaceExtension

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"

# Where kinds are told apart: by their type in the CLI's spelling, as the keys of a mapping.
REGISTRIES = ("_kinds/registry.py", "_reconcilers/registry.py")
# What tells one kind from another, beside its class.
NAMES = {"name", "label", "compute_type", "type_name"}


class Class(t.NamedTuple):
    place: str
    bases: list[str]
    methods: set[str]


def sources(root: Path) -> t.Iterator[tuple[str, ast.Module]]:
    for path in sorted(root.rglob("*.py")):
        yield str(path.relative_to(root)), ast.parse(path.read_text())


def last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def classes(root: Path) -> dict[str, Class]:
    """All classes by their names, which are unique enough for this."""
    return {
        node.name: Class(
            f"{file}:{node.lineno}",
            [last_name(base) for base in node.bases],
            {
                statement.name
                for statement in node.body
                if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef))
            },
        )
        for file, tree in sources(root)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }


def ancestors(name: str, by_name: dict[str, Class], below: tuple[str, ...] = ()) -> t.Iterator[str]:
    """The names of all bases. A class called like one of ansible-core's above it, as ActionModule, is not its own ancestor."""
    for base in by_name[name].bases if name in by_name else ():
        if base not in (name, *below):
            yield base
            yield from ancestors(base, by_name, (name, *below))


def overridden_privates(root: Path) -> list[str]:
    """Private methods that a class and one of its bases both define."""
    by_name = classes(root)
    return [
        f"{by_name[name].place}: {name}.{method} overrides {base}.{method}"
        for name in by_name
        for base in ancestors(name, by_name)
        if base in by_name
        for method in sorted(by_name[name].methods & by_name[base].methods)
        if method.startswith("_") and not method.startswith("__")
    ]


def kind_switches(root: Path) -> list[str]:
    """Places outside the registries that ask which kind they have: isinstance of a kind's class, or a comparison of a kind's name."""
    by_name = classes(root)
    kinds = {name for name in by_name if name == "Kind" or "Kind" in ancestors(name, by_name)}
    return [
        f"{file}:{node.lineno}"
        for file, tree in sources(root)
        if not file.endswith(REGISTRIES)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Call) and asks_class(node, kinds))
        or (isinstance(node, ast.Compare) and any(map(is_name_of_kind, (node.left, *node.comparators))))
        or (isinstance(node, ast.Match) and is_name_of_kind(node.subject))
    ]


def asks_class(node: ast.Call, kinds: set[str]) -> bool:
    if last_name(node.func) not in ("isinstance", "issubclass") or len(node.args) != 2:
        return False
    second = node.args[1]
    return any(last_name(elt) in kinds for elt in (second.elts if isinstance(second, ast.Tuple) else (second,)))


def is_name_of_kind(node: ast.AST) -> bool:
    """``kind.label``, ``self._kind.name``, ``type(kind)`` and the like, in whatever call or subscript."""
    return any(
        (isinstance(node, ast.Attribute) and node.attr in NAMES and last_name(node.value).strip("_") == "kind")
        or (
            isinstance(node, ast.Call)
            and last_name(node.func) == "type"
            and any(last_name(given).strip("_") == "kind" for given in node.args)
        )
        for node in ast.walk(node)
    )


def test_no_class_overrides_a_private_method() -> None:
    assert overridden_privates(PLUGINS) == []


def test_no_one_asks_which_kind_it_is() -> None:
    assert kind_switches(PLUGINS) == []


@pytest.mark.parametrize(
    ("find", "text", "count"),
    [
        (overridden_privates, "class A:\n def _a(self): ...\nclass B(A): ...\nclass C(B):\n def _a(self): ...\n", 1),
        (
            overridden_privates,
            "class A:\n def a(self): ...\n def __len__(self): ...\nclass B(A):\n def a(self): ...\n def __len__(self): ...\n",
            0,
        ),
        (kind_switches, "class Kind: ...\nclass Aks(Kind): ...\nx = isinstance(self.kind, Aks)\n", 1),
        (kind_switches, "class Kind: ...\nx = isinstance(value, (str, kind.Kind))\n", 1),
        (kind_switches, "x = self._kind.compute_type.casefold() == 'aks'\n", 1),
        (kind_switches, "x = kind.label in ('a', 'b')\n", 1),
        (kind_switches, "x = type(kind) is Aks\n", 1),
        (kind_switches, "match kind.name:\n case 'a': pass\n", 1),
        (kind_switches, "x = kind.remove_action == 'detach' or other.name == 'a' or isinstance(kind, str)\n", 0),
    ],
)
def test_what_breaks_the_rules_is_found(
    tmp_path: Path, find: t.Callable[[Path], list[str]], text: str, count: int
) -> None:
    (tmp_path / "broken.py").write_text(text)
    assert len(find(tmp_path)) == count


def points_of(extension: object) -> set[str]:
    """The protocols that a class has, by their names."""
    protocols = {name: var for name, var in vars(extensions).items() if getattr(var, "_is_protocol", False)}
    return {name for name, protocol in protocols.items() if name != "Protocol" and isinstance(extension, protocol)}


def test_each_extension_point_is_used() -> None:
    extended = [WorkspaceExtension, QuotaExtension, *(extension_of(type_) for type_ in INFO_KINDS)]
    used = set().union(*(points_of(item) for item in extended))
    assert used == {
        "AfterRemove",
        "AfterWrite",
        "AroundUpdate",
        "BeforeCreate",
        "BeforeRemove",
        "BeforeReplace",
        "BeforeUpdate",
        "Create",
        "PowerState",
        "Read",
    }
    assert used == {name for name, var in vars(extensions).items() if getattr(var, "_is_protocol", False)}


@pytest.mark.parametrize(
    ("type_", "points"),
    [
        ("amlcompute", set()),
        ("computeinstance", {"AroundUpdate", "PowerState"}),
        ("aks", {"BeforeCreate"}),
        ("kubernetes", {"BeforeCreate"}),
        ("datafactory", {"BeforeCreate"}),
    ],
)
def test_the_registry_maps_each_type_to_its_extension(type_: str, points: set[str]) -> None:
    assert points_of(extension_of(type_)) == points


def test_the_guide_names_what_exists() -> None:
    text = (ROOT / "docs" / "development" / "new-kind.md").read_text()
    named = set(re.findall(r"`([\w./]+\.(?:py|yml))`", text))
    missing = [name for name in named if not any((root / name).exists() for root in (ROOT, PLUGINS / "module_utils"))]
    assert [item for item in missing if "NAME" not in item] == []
    rows = {line.split("`")[1]: line.split("`")[3] for line in text.splitlines() if re.match(r"\| `[A-Z]\w+` \|", line)}
    protocols = {name: var for name, var in vars(extensions).items() if getattr(var, "_is_protocol", False)}
    assert {
        name: [method for method in vars(protocol) if method[0] != "_"] for name, protocol in protocols.items()
    } == {name: [method] for name, method in rows.items()}
    methods = set(re.findall(r"`([a-z_]+)`", text.split("## Decisions of a kind")[1].split("## What needs")[0]))
    assert [method for method in methods if not hasattr(Kind, method)] == []
