# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as a whole: documentation against argument specs, action group, versions, imports, requirements.

Sources: DESIGN.md (names that others rely on, dependencies, figures to hold); the documentation of each module.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
import textwrap
import typing as t
from collections import Counter
from pathlib import Path
from unittest import mock

import pytest
import yaml
from ansible_collections.azureml.compute.plugins.module_utils._engine.fields import CREATE_ONLY
from ansible_collections.azureml.compute.plugins.module_utils._module import entry
from ansible_collections.azureml.compute.plugins.module_utils._module import task as _task
from ansible_collections.azureml.compute.scripts import role_options
from ansible_collections.azureml.compute.tests.support.rows import KINDS

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
GUIDES = sorted((ROOT / "docs" / "docsite" / "rst").glob("*.rst"))
PACKAGE = "ansible_collections.azureml.compute.plugins.modules."
SECRETS = {
    "secret",
    "password",
    "oidc_token",
    "admin_password",
    "secret_body",
    "ssh_private_key",
    "access_token",
    "key",
    "account_key",
    "sas_token",
    "client_secret",
    "certificate",
    "pat",
    "security_token",
    "secret_access_key",
    "keys",
    "refresh_token",
    "developer_token",
    "configuration_protected_settings",
}

Rows = dict[str, dict[str, t.Any]]


_READ_DOCS = """
import json, sys
from ansible.plugins.loader import fragment_loader, init_plugin_loader
from ansible.utils.plugin_docs import get_docstring
init_plugin_loader()
docs = {path: get_docstring(path, fragment_loader, collection_name="azureml.compute", plugin_type="module")[:3] for path in sys.argv[1:]}
print(json.dumps(docs, default=str))
"""


@pytest.fixture(scope="module")
def documented() -> dict[str, t.Any]:
    """Each module's documentation with its fragments, as ansible-doc reads it: (options and more, examples, return values).

    In a process of its own: Ansible's collection loader would change how every later test imports.
    """
    paths = [str(ROOT / "plugins" / "modules" / f"{name}.py") for name in MODULES]
    done = subprocess.run(
        [sys.executable, "-c", _READ_DOCS, *paths], capture_output=True, text=True, check=True, timeout=300
    )
    return {Path(path).stem: doc for path, doc in json.loads(done.stdout.splitlines()[-1]).items()}


def spec_of(name: str) -> Rows:
    """What the module gives to AnsibleModule."""
    module = importlib.import_module(PACKAGE + name)
    with mock.patch.object(entry, "RawModule", side_effect=SystemExit) as made, pytest.raises(SystemExit):
        module.main()
    return t.cast(Rows, made.call_args.kwargs["argument_spec"])


def flat(rows: Rows, below: str, prefix: str = "") -> Rows:
    """All options with their dotted names; ``below`` is the key under which suboptions stand."""
    found: Rows = {}
    for name, row in rows.items():
        found[prefix + name] = row
        if row.get(below):
            found.update(flat(row[below], below, f"{prefix}{name}."))
    return found


def choices(row: dict[str, t.Any]) -> list[t.Any] | None:
    return sorted(row["choices"]) if row.get("choices") else None


def test_each_module_has_its_action_plugin() -> None:
    """Without one, its tasks work, and cost a process each."""
    plugins = {path.stem: path.read_text() for path in (ROOT / "plugins" / "action").glob("*.py")}
    assert sorted(plugins) == MODULES
    assert len(set(plugins.values())) == 1


def test_there_are_modules() -> None:
    assert {
        "aml_compute_cluster",
        "aml_compute_info",
        "aml_workspace",
        "aml_workspace_info",
        "arm_resource",
        "arm_resource_info",
    } <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_the_documentation_says_what_the_module_takes(name: str, documented: dict[str, t.Any]) -> None:
    told, taken = flat(documented[name][0]["options"], "suboptions"), flat(spec_of(name), "options")
    assert set(told) == set(taken)
    for option, row in taken.items():
        about = told[option]
        shown = (
            about.get("type", "str"),
            about.get("elements"),
            about.get("default"),
            bool(about.get("required")),
            choices(about),
        )
        assert shown == (
            row.get("type", "str"),
            row.get("elements"),
            row.get("default"),
            bool(row.get("required")),
            choices(row),
        ), option
        assert sorted(about.get("aliases") or []) == sorted(row.get("aliases") or []), option
        assert about.get("description"), option


@pytest.mark.parametrize("name", KINDS)
def test_the_documentation_names_what_is_immutable(name: str) -> None:
    """An option that a row calls fixed after creation is documented as such, itself or its group, and no other is."""
    told = flat(role_options.documentation(name), "suboptions")
    ways: dict[str, set[str]] = {}
    for row in (row for kind in KINDS[name] for row in kind.fields if row.spec is not None):
        ways.setdefault(row.option, set()).add(row.mutability)
    assert len(ways) > 4
    for option, mutability in ways.items():
        parts = option.split(".")
        about = [str(told[".".join(parts[:length])]["description"]) for length in range(1, len(parts) + 1)]
        if CREATE_ONLY in mutability:
            assert any("Immutable" in text for text in about), option
        else:
            assert "Immutable" not in about[-1], option


@pytest.mark.parametrize("fragment", ["identity", "tags"])
def test_the_text_of_an_immutable_option_is_that_of_the_other_but_for_its_first_sentences(fragment: str) -> None:
    """A fragment takes the place of a whole description, so that the two texts cannot be made from each other."""
    texts = importlib.import_module(f"ansible_collections.azureml.compute.plugins.doc_fragments.{fragment}")
    parts = [getattr(texts.ModuleDocFragment, part) for part in ("DOCUMENTATION", "IMMUTABLE")]
    changeable, immutable = (yaml.safe_load(part)["options"][fragment]["description"] for part in parts)
    assert yaml.safe_load(parts[1])["options"] == {fragment: {"description": immutable}}
    assert changeable[1:] == immutable[1:]
    assert "Immutable." not in changeable[0]
    assert "Immutable." in immutable[0]


@pytest.mark.parametrize("name", MODULES)
def test_the_documentation_is_whole(name: str, documented: dict[str, t.Any]) -> None:
    doc, examples, returned = documented[name]
    assert doc["module"] == name
    assert doc["version_added"] and doc["short_description"] and doc["author"]
    assert {"check_mode", "diff_mode", "idempotent", "action_group"} <= set(doc["attributes"])
    assert yaml.safe_load(examples), "examples are tasks"
    rows = returned if isinstance(returned, dict) else yaml.safe_load(returned)
    assert all(row.get("description") and row.get("type") and row.get("returned") for row in rows.values())


@pytest.mark.parametrize("name", MODULES)
def test_examples_use_options_that_exist(name: str, documented: dict[str, t.Any]) -> None:
    tasks = [task for item in yaml.safe_load(documented[name][1]) for task in (item.get("block") or [item])]
    mine = [task[f"azureml.compute.{name}"] for task in tasks if f"azureml.compute.{name}" in task]
    assert mine, "an example of the module itself"
    spec = spec_of(name)
    names = {*spec, *(alias for row in spec.values() for alias in row.get("aliases", ()))}
    for arguments in mine:
        assert set(arguments or {}) <= names


def yaml_of(guide: Path) -> list[t.Any]:
    """The YAML blocks of a guide."""
    blocks = re.findall(r"\.\. code-block:: yaml\n\n((?:(?: {3}.*)?\n)+)", guide.read_text(encoding="utf-8"))
    return [yaml.safe_load(textwrap.dedent(block)) for block in blocks]


def tasks_in(value: t.Any) -> t.Iterator[tuple[str, t.Any]]:
    """Each of our modules that a document calls, with its arguments."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(key, str) and key.rpartition(".")[2] in MODULES and key.startswith("azureml.compute."):
            yield key.rpartition(".")[2], inner
        yield from tasks_in(inner)


def test_guides_use_options_that_exist() -> None:
    called = [item for guide in GUIDES for block in yaml_of(guide) for item in tasks_in(block)]
    assert len(called) >= 5
    for name, arguments in called:
        spec = spec_of(name)
        assert set(arguments) <= {*spec, *(alias for row in spec.values() for alias in row.get("aliases", ()))}, name


def test_every_guide_is_in_the_table_of_contents() -> None:
    contents = yaml.safe_load((ROOT / "docs" / "docsite" / "extra-docs.yml").read_text(encoding="utf-8"))
    assert sorted(name for section in contents["sections"] for name in section["toctree"]) == [
        guide.stem for guide in GUIDES
    ]


@pytest.mark.parametrize("name", MODULES)
def test_secrets_are_hidden_and_nothing_else_is(name: str) -> None:
    """A tenant or a client id in no_log would blank every output that holds the same text."""
    for option, row in flat(spec_of(name), "options").items():
        secret = option.split(".")[-1] in SECRETS
        assert bool(row.get("no_log")) is secret, option


@pytest.mark.parametrize("name", MODULES)
def test_names_that_look_secret_are_declared_not_to_be(name: str) -> None:
    """Ansible and its sanity tests (no-log-needed) warn about such names unless the option says that it is none."""
    for option, row in flat(spec_of(name), "options").items():
        last = option.split(".")[-1]
        if (
            re.search("pass(?!ive)|secret|token|cryptkey", last)
            and row.get("type") not in ("bool", "int")
            and last not in SECRETS
        ):
            assert row.get("no_log") is False, option


def test_every_module_that_signs_in_is_in_the_action_group() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    signing_in = [name for name in MODULES if "subscription_id" in spec_of(name)]
    assert sorted(runtime["action_groups"]["all"]) == signing_in
    assert runtime["requires_ansible"] == ">=2.19.0"


@pytest.mark.parametrize("name", MODULES)
def test_a_default_of_the_action_group_can_set_the_workspace(name: str) -> None:
    """ansible-core gives the defaults of a group to each of its modules, and a module refuses what it does not know."""
    spec = spec_of(name)
    assert {"resource_group", "workspace"} <= set(spec)
    assert spec["workspace"]["aliases"] == ["workspace_name", "ml_workspace"]


class _AnyTag(yaml.CSafeLoader):
    """YAML with the tags of Ansible and of others, whose values do not matter here."""


_AnyTag.add_multi_constructor("!", lambda loader, suffix, node: suffix)


def test_every_yaml_file_can_be_read() -> None:
    """Playbooks of molecule and examples are read by no other test."""
    folders = (
        "changelogs",
        "examples",
        "extensions",
        "meta",
        "playbooks",
        "roles",
        "tests/clients",
        "tests/conformance",
    )
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.yml")]
    assert len(paths) > 100
    problems = []
    for path in paths:
        try:
            list(yaml.load_all(path.read_bytes(), _AnyTag))
        except yaml.YAMLError as error:
            problems.append(f"{path.relative_to(ROOT)}: {error}")
    assert problems == []


def test_one_version() -> None:
    assert yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"] == _task.VERSION


def test_no_module_imports_azure_before_its_arguments_are_checked(python_of_its_own: t.Callable[[str], str]) -> None:
    """DESIGN.md: what a no-change task may cost leaves no room for azure-ai-ml, and a wrong option should not wait for a sign-in library."""
    script = (
        "import importlib, json, sys\n"
        f"for name in {MODULES!r}: importlib.import_module({PACKAGE!r} + name)\n"
        "heavy = sorted(name for name in sys.modules if name.split('.')[0] in ('azure', 'msal', 'requests', 'cryptography', 'azureml_simulator'))\n"
        "print(json.dumps(heavy))\n"
    )
    assert json.loads(python_of_its_own(script)) == []


def test_what_ships_never_imports_the_simulator() -> None:
    for folder in ("plugins", "roles", "playbooks"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".yml"):
                assert not re.search(
                    r"^\s*(from|import) (tests|azureml_simulator)\b", path.read_text(encoding="utf-8"), re.MULTILINE
                ), path


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "tests/unit/requirements.txt"])
def test_requirements_have_lower_bounds_only(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    wanted = [line.split("#")[0].strip() for line in lines]
    for line in wanted:
        if line and not line.startswith("-r ") and line != "-e tests/simulator":
            assert re.fullmatch(r"[A-Za-z0-9._-]+>=[0-9][0-9.]*", line), line


def test_the_documented_requirements_are_the_required_ones(documented: dict[str, t.Any]) -> None:
    required = set((ROOT / "requirements.txt").read_text(encoding="utf-8").split("\n"))
    for name in MODULES:
        for line in documented[name][0].get("requirements", []):
            assert line.split(",")[0].replace(" ", "") in required, (name, line)


def test_what_is_required_is_imported() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "plugins").rglob("*.py"))
    imported = {
        ".".join(found)
        for found in re.findall(r"^ *(?:from|import) (azure)(?:\.| import )(ai\.\w+|mgmt\.\w+|\w+)", code, re.MULTILINE)
    }
    required = {
        line.partition(">=")[0]
        for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    }
    assert {name.replace(".", "-") for name in imported} == required - {"ansible-core"}


def test_every_name_of_a_module_is_used() -> None:
    """A function, class or constant that occurs only where it is defined is left from something else."""
    files = [
        path
        for folder in ("plugins", "scripts", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if "output" not in path.parts
    ]
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    words = Counter(word for text in texts.values() for word in re.findall(r"\w+", text))
    unused = []
    for path, text in texts.items():
        names = [node for node in ast.parse(text).body if not getattr(node, "decorator_list", [])]
        assigned = [target for node in names if isinstance(node, ast.Assign) for target in node.targets]
        assigned += [node.target for node in names if isinstance(node, ast.AnnAssign)]
        found = [node.name for node in names if isinstance(node, (ast.FunctionDef, ast.ClassDef))] + [
            item.id for item in assigned if isinstance(item, ast.Name)
        ]
        unused += [
            f"{path.relative_to(ROOT)}: {name}"
            for name in found
            if words[name] == 1 and not name.startswith(("test_", "Test"))
        ]
    assert unused == []


def test_nothing_reads_files_outside_the_repository() -> None:
    """A public clone has nothing beside it: what a test needs is vendored in tests/support/official or made by the test."""
    above = []
    for folder in ("tests", "scripts"):
        for path in (ROOT / folder).rglob("*.py"):
            depth = len(path.relative_to(ROOT).parts) - 1
            text = path.read_text(encoding="utf-8")
            above += [
                f"{path}: {found[0]}"
                for found in re.finditer(r"__file__\)(?:\.resolve\(\))?\.parents\[(\d+)\]", text)
                if int(found[1]) > depth
            ]
            above += [f"{path}: {found}" for found in re.findall(r"\bROOT\.parent\b.*", text)]
    assert above == []


def test_templates_do_not_select_by_what_is_defined() -> None:
    """ansible-core 2.19.0 fails on what is not defined there, if a lookup renders the template."""
    templates = [path for folder in ("playbooks", "roles") for path in (ROOT / folder).rglob("*.j2")]
    pattern = re.compile(r"attr\(['\"][\w.]+['\"],\s*['\"](?:un)?defined")
    assert templates and not [path.name for path in templates if pattern.search(path.read_text())]


def test_the_examples_replace_no_key_of_a_yaml_anchor() -> None:
    """ansible-core warns of each such key as a duplicate, at each run."""
    files = sorted((ROOT / "examples").rglob("*.yml"))
    assert files and [str(path.relative_to(ROOT)) for path in files if "<<:" in path.read_text()] == []
