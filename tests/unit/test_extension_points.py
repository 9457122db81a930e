# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How classes of plugins/ extend each other: by public methods and by the protocols of _engine/extensions.py, and never by asking which kind it is."""

from __future__ import annotations

import ast
import re
import typing as t
from collections import Counter
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core.arm_id import OTHER_TYPES
from ansible_collections.azureml.compute.plugins.module_utils._engine import extensions
from ansible_collections.azureml.compute.plugins.module_utils._engine.exported import Exported
from ansible_collections.azureml.compute.plugins.module_utils._engine.kind import Kind
from ansible_collections.azureml.compute.plugins.module_utils._kinds.compute import TAB_NAMES
from ansible_collections.azureml.compute.plugins.module_utils._kinds.registry import INFO_KINDS
from ansible_collections.azureml.compute.plugins.module_utils._reconcilers.quotas import QuotaExtension
from ansible_collections.azureml.compute.plugins.module_utils._reconcilers.registry import EXTENSIONS, extension_of
from ansible_collections.azureml.compute.plugins.module_utils._reconcilers.workspace import WorkspaceExtension

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"

# Where kinds are told apart: by their type in the CLI's spelling, as the keys of a mapping.
REGISTRIES = ("_kinds/registry.py", "_reconcilers/registry.py")
# What tells one kind from another, beside its class.
NAMES = {"name", "label", "compute_type", "type_name"}
# The names of kinds in declarations and documents.
KINDS = {*INFO_KINDS, *OTHER_TYPES.values()}
# How often files compare with such a text. None of them asks which kind it is: the texts have another meaning there.
TYPE_SWITCHES = {
    # An option of a deployment, type, with a value of the same name.
    "_kinds/online_deployment.py": 1,
    # A word in the address of a schema.
    "_kinds/connection_yaml.py": 1,
}


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


def texts(node: ast.expr) -> set[str]:
    """The texts of a literal: one, or several in a tuple, list or set."""
    items = node.elts if isinstance(node, (ast.Tuple, ast.List, ast.Set)) else [node]
    return {str(item.value) for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)}


def constants(root: Path) -> dict[str, set[str]]:
    """The texts of constants of all files, by their names: ``CLUSTER, INSTANCE = "a", "b"`` too."""
    found: dict[str, set[str]] = {}
    for _file, tree in sources(root):
        for node in tree.body:
            if not isinstance(node, ast.Assign) or len(node.targets) != 1:
                continue
            target, value = node.targets[0], node.value
            pairs = [(target, value)]
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = list(zip(target.elts, value.elts, strict=True))
            for name, item in pairs:
                found.setdefault(last_name(name), set()).update(texts(item))
    return found


def type_switches(root: Path, names: t.Collection[str]) -> list[str]:
    """Places outside the registries that compare something with the name of a kind, as a literal or a constant, or ask a kind for an attribute by name."""
    by_constant = constants(root)

    def named(node: ast.expr) -> bool:
        return bool({text.casefold() for text in texts(node) | by_constant.get(last_name(node), set())} & set(names))

    return [
        file
        for file, tree in sources(root)
        if not file.endswith(REGISTRIES)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Compare) and any(map(named, (node.left, *node.comparators))))
        or (isinstance(node, ast.MatchValue) and named(node.value))
        or (
            isinstance(node, ast.Call)
            and last_name(node.func) in ("getattr", "hasattr")
            and last_name(node.args[0]).strip("_") == "kind"
        )
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


def test_no_further_place_compares_names_of_kinds() -> None:
    """A file may leave this list, and no file may come into it: what a kind does differently is a method of it."""
    found = {
        file.removeprefix("module_utils/"): count for file, count in Counter(type_switches(PLUGINS, KINDS)).items()
    }
    assert found == TYPE_SWITCHES


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("x = kind_name(body) == 'aks'\n", 1),
        ("x = type_ in ('other', 'AmlCompute')\n", 1),
        ("CLUSTER, OTHER = 'amlcompute', 'b'\nx = type_ != CLUSTER\ny = type_ == OTHER\n", 1),
        ("match type_:\n case 'aks': pass\n", 1),
        ("x = getattr(self._kind, 'size', None)\n", 1),
        ("x = getattr(reply, 'size') or type_ in KINDS or type_ == 'b' or {'aks': 1}\n", 0),
    ],
)
def test_a_comparison_with_a_kind_is_found(tmp_path: Path, text: str, count: int) -> None:
    (tmp_path / "broken.py").write_text(text)
    assert len(type_switches(tmp_path, KINDS)) == count


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
    extended = [WorkspaceExtension, QuotaExtension, *(load() for load in EXTENSIONS.values())]
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
    assert points_of(extension_of(INFO_KINDS[type_])) == points


@pytest.mark.parametrize("type_", INFO_KINDS)
def test_each_compute_target_has_a_module_and_a_tab(type_: str) -> None:
    """Without its module, ``aml_attached_compute`` could not name it, where it refuses a target of that type."""
    kind = INFO_KINDS[type_]
    assert (PLUGINS / "modules" / f"{kind.module}.py").exists()
    assert kind.tab in TAB_NAMES


@pytest.mark.parametrize("type_", INFO_KINDS)
def test_the_workspace_pays_for_the_machines_that_the_service_creates(type_: str) -> None:
    kind = INFO_KINDS[type_]
    assert kind.billing.has_machines
    assert kind.billing.includes({}) or not kind.is_managed


def test_the_registry_names_classes_of_kinds() -> None:
    """By name, so that it need not import them: each is a class that is or extends a kind, in _kinds/."""
    by_name = classes(PLUGINS)
    for name in EXTENSIONS:
        assert "/_kinds/" in by_name[name].place and "Kind" in ancestors(name, by_name)


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
    decisions, in_exports = text.split("## Decisions of a kind")[1].split("## What needs")[0].split("### In an export")
    methods = set(re.findall(r"`([a-z_]+)`", decisions))
    assert [method for method in methods if not hasattr(Kind, method)] == []
    members = set(re.findall(r"`([a-z_]+)`", in_exports))
    assert [member for member in members if not (hasattr(Exported, member) or hasattr(Kind, member))] == []


def test_jobs_know_the_task_and_not_its_module() -> None:
    """What a job needs of the module is a method of ``Task``, with a name that says what for."""
    found = [
        f"{file}:{node.lineno}"
        for file, tree in sources(PLUGINS / "module_utils" / "_jobs")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "module" and last_name(node.value) == "task"
    ]
    assert found == []
